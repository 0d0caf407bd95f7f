--
-- Privileges: whoever calls reads what they may read and learns no more, by no
-- message and by no place in a query; whatever is called by whatever name.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never
\set VERBOSITY default
\pset format unaligned
\pset tuples_only on

CREATE ROLE regress_hpimp_owner;
CREATE ROLE regress_hpimp_reader;
CREATE ROLE regress_hpimp_bypass BYPASSRLS;

-- every fifth run is hidden: it has keys, levels and a metric that no other has,
-- and every tenth has no config but a text
CREATE TABLE runs (id int, who name, config jsonb, val_loss float8, summary jsonb, note text);
INSERT INTO runs
SELECT i, CASE WHEN i % 5 = 0 THEN 'somebody' ELSE 'regress_hpimp_reader' END,
	CASE WHEN i % 10 = 0 THEN '"secret text"' WHEN i % 5 = 0 THEN jsonb_build_object('lr', 7654321, 'secret_key', i, 'optimizer', 'secret level')
		ELSE jsonb_build_object('lr', i * 0.1, 'optimizer', 'o' || i % 3) END,
	CASE WHEN i % 5 = 0 THEN 7654321e3 ELSE i % 7 END,
	CASE WHEN i % 5 = 0 THEN jsonb_build_object('secret_metric', i) ELSE jsonb_build_object('loss', i) END, 'secret note'
FROM generate_series(1, 60) i;
ALTER TABLE runs OWNER TO regress_hpimp_owner;
GRANT SELECT ON runs TO regress_hpimp_reader, regress_hpimp_bypass;

-- everything an answer or an error says of a call, as the role that is set; a
-- secret in it is a row
CREATE FUNCTION say(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text; answer text;
BEGIN
    EXECUTE 'SELECT count(*) || '' rows'' || coalesce(max('' SECRET'') FILTER (WHERE v::text ~ ''secret|7654321''), '''') FROM (SELECT ' || call || ' AS v OFFSET 0) q' INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN state || ': ' || message || coalesce(E'\n    ' || nullif(detail, ''), '') || coalesce(E'\n    ' || nullif(hint, ''), '');
END
$$;
-- all that reads a table, asked of a relation
CREATE FUNCTION ask_all(relation text) RETURNS SETOF text LANGUAGE sql AS $$
SELECT call || ': ' || say(format(call, relation)) FROM unnest(ARRAY[
    'hp_study_runs(hp_study(%L, ''val_loss''))',
    'hp_values(hp_study(%L, ''val_loss''))',
    'hp_importance(%L, ''val_loss'', trees => 3)',
    'hp_parameters(%L, ''val_loss'', trees => 3, uncertainty => false)',
    'hp_quality(%L, ''val_loss'', trees => 3)',
    'hp_correlation(%L, ''val_loss'')',
    'hp_levels(%L, ''val_loss'')',
    'hp_interactions(%L, ''val_loss'', trees => 3)',
    'hp_marginal(%L, ''val_loss'', ''lr'', trees => 3)',
    'hp_suggest(%L, ''val_loss'', trees => 3, uncertainty => false)',
    'hp_report(%L, ''val_loss'', format => ''html'', trees => 3, uncertainty => false)',
    'hp_predict(%L, ''val_loss'', ''{"lr": 1}'', trees => 3)']) call
$$;

--
-- Row-level security
--
ALTER TABLE runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON runs USING (who = current_user);
SET ROLE regress_hpimp_reader;
SELECT (hp_study_runs(hp_study('runs', 'val_loss'))).runs AS reader;
SELECT ask_all('runs');
-- names that are wrong, in every manner: hints are drawn from rows that may be seen
SELECT say(c) FROM unnest(ARRAY[
    $$ hp_importance('runs', 'secret_metri') $$,
    $$ hp_importance('runs', 'summary.secret_metric') $$,
    $$ hp_importance('runs', 'summary') $$,
    $$ hp_importance('runs', 'config') $$,
    $$ hp_importance('runs', 'config.secret_key') $$,
    $$ hp_importance('runs', 'note') $$,
    $$ hp_importance('runs', 'val_loss', '{summary.secret_metric}') $$,
    $$ hp_marginal('runs', 'val_loss', 'secret_key', trees => 1) $$,
    $$ hp_importance('runs', 'val_loss', include => '{secret_key}', trees => 1) $$,
    $$ hp_predict('runs', 'val_loss', '{"secret_key": 1}', trees => 1) $$]) c;
-- who asks for all rows is refused rather than given some
SET row_security = off;
SELECT say($$ hp_importance('runs', 'val_loss') $$);
RESET row_security;
-- who is above the policy meets the texts among the configs
SET ROLE regress_hpimp_bypass;
SELECT say($$ hp_study_runs(hp_study('runs', 'val_loss')) $$);
SET ROLE regress_hpimp_owner;
SELECT say($$ hp_study_runs(hp_study('runs', 'val_loss')) $$);
RESET ROLE;
ALTER TABLE runs FORCE ROW LEVEL SECURITY;
SET ROLE regress_hpimp_owner;
SELECT hp_study('runs', 'val_loss') IS NULL AS owner_when_forced;
RESET ROLE;
ALTER TABLE runs NO FORCE ROW LEVEL SECURITY;
-- a policy may call functions, this one included; it is asked before any row is read
CREATE FUNCTION may(who name, config jsonb) RETURNS boolean LANGUAGE plpgsql STABLE COST 1000000 AS
$$ BEGIN RETURN who = current_user AND hp_number(config, 'lr') < 3; END $$;
ALTER POLICY own ON runs USING (may(who, config));
SET ROLE regress_hpimp_reader;
SELECT say($$ hp_study_runs(hp_study('runs', 'val_loss')) $$), (hp_study_runs(hp_study('runs', 'val_loss'))).runs, (SELECT count(*) FROM runs);
RESET ROLE;
ALTER POLICY own ON runs USING (who = current_user);
-- the same in a query with a plan of its own: the state of another role is not kept
PREPARE counted AS SELECT (hp_study_runs(hp_study_agg(config, val_loss))).runs FROM runs WHERE jsonb_typeof(config) = 'object';
SET ROLE regress_hpimp_reader;
EXECUTE counted;
SET ROLE regress_hpimp_bypass;
EXECUTE counted;
SET ROLE regress_hpimp_reader;
EXECUTE counted;
RESET ROLE;
DEALLOCATE counted;

--
-- Our functions in the queries of others: under a policy or a security barrier
-- none is asked about a row that is hidden, whatever it costs
--
CREATE FUNCTION shown(id int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE COST 1000000 AS $$ BEGIN RETURN id % 5 <> 0; END $$;
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, config, val_loss, summary FROM runs WHERE shown(id);
CREATE VIEW sieve AS SELECT id, config, val_loss, summary FROM runs WHERE shown(id);
ALTER VIEW barrier OWNER TO regress_hpimp_owner;
ALTER VIEW sieve OWNER TO regress_hpimp_owner;
GRANT SELECT ON barrier, sieve TO regress_hpimp_reader;
SET ROLE regress_hpimp_reader;
SELECT relation || ': ' || say(format($$ (SELECT count(*) FROM %s WHERE hp_study_add_run(NULL, config, val_loss) IS NOT NULL) $$, relation)) FROM unnest('{runs,barrier,sieve}'::text[]) relation;
EXPLAIN (COSTS OFF) SELECT id FROM barrier WHERE hp_number(config, 'lr') > 1;
EXPLAIN (COSTS OFF) SELECT id FROM sieve WHERE hp_number(config, 'lr') > 1;
EXPLAIN (COSTS OFF) SELECT id FROM runs WHERE hp_number(config, 'lr') > 1;
SELECT ask_all('barrier');
SELECT say($$ hp_importance('barrier', 'secret_metric') $$);
SELECT say($$ hp_importance('barrier', 'summary') $$);
RESET ROLE;

--
-- Columns
--
CREATE TABLE by_column AS SELECT id, config, val_loss, summary, note, val_loss AS hidden FROM runs WHERE id % 5 <> 0;
ALTER TABLE by_column OWNER TO regress_hpimp_owner;
GRANT SELECT (id, config, val_loss) ON by_column TO regress_hpimp_reader;
SET ROLE regress_hpimp_reader;
SELECT ask_all('by_column');
SELECT say(c) FROM unnest(ARRAY[
    $$ hp_study_runs(hp_study('by_column', 'val_loss', '{config,id}')) $$,
    $$ hp_study_runs(hp_study('by_column', 'hidden')) $$,
    $$ hp_study_runs(hp_study('by_column', 'loss')) $$,
    $$ hp_study_runs(hp_study('by_column', 'summary.loss')) $$,
    $$ hp_study_runs(hp_study('by_column', 'secret_metric')) $$,
    $$ hp_study_runs(hp_study('by_column', 'config.lr', '{summary}')) $$,
    $$ hp_study_runs(hp_study('by_column', 'val_loss', '{config,note}')) $$,
    $$ hp_study_runs(hp_study('by_column', 'val_loss', '{summary}')) $$]) c;
RESET ROLE;

--
-- Views, functions and materialized views in between
--
CREATE VIEW lent AS SELECT * FROM by_column;
CREATE VIEW not_lent WITH (security_invoker) AS SELECT * FROM by_column;
CREATE VIEW answers AS SELECT parameter FROM hp_importance('by_column', 'hidden', trees => 3);
CREATE FUNCTION as_definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$ SELECT runs FROM public.hp_study_runs(public.hp_study('public.by_column', 'hidden')) $$;
CREATE FUNCTION as_invoker() RETURNS bigint LANGUAGE sql SET search_path = '' AS $$ SELECT runs FROM public.hp_study_runs(public.hp_study('public.by_column', 'hidden')) $$;
ALTER VIEW lent OWNER TO regress_hpimp_owner;
ALTER VIEW not_lent OWNER TO regress_hpimp_owner;
ALTER VIEW answers OWNER TO regress_hpimp_owner;
ALTER FUNCTION as_definer() OWNER TO regress_hpimp_owner;
ALTER FUNCTION as_invoker() OWNER TO regress_hpimp_owner;
GRANT SELECT ON lent, not_lent, answers TO regress_hpimp_reader;
SET ROLE regress_hpimp_reader;
SELECT c || ': ' || say(c) FROM unnest(ARRAY[
    $$hp_study_runs(hp_study('lent', 'hidden'))$$,
    $$hp_study_runs(hp_study('not_lent', 'hidden'))$$,
    $$hp_study_runs(hp_study('not_lent', 'val_loss'))$$,
    $$(SELECT parameter FROM answers LIMIT 1)$$,
    $$as_definer()$$,
    $$as_invoker()$$]) c;
RESET ROLE;
-- REFRESH by a superuser has the rights of the owner, in a query of ours as well
CREATE MATERIALIZED VIEW taken AS SELECT parameter FROM hp_importance('by_column', 'val_loss', trees => 3) WITH NO DATA;
ALTER MATERIALIZED VIEW taken OWNER TO regress_hpimp_reader;
REFRESH MATERIALIZED VIEW taken;
SELECT count(*) FROM taken;
REVOKE SELECT (val_loss) ON by_column FROM regress_hpimp_reader;
REFRESH MATERIALIZED VIEW taken;
DROP MATERIALIZED VIEW taken;
GRANT SELECT (val_loss) ON by_column TO regress_hpimp_reader;
-- ANALYZE, likewise, of an index of somebody else's expression
GRANT CREATE ON SCHEMA public TO regress_hpimp_reader;
SET ROLE regress_hpimp_reader;
CREATE TABLE bait (x int);
INSERT INTO bait VALUES (1);
CREATE FUNCTION peek(x int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT x::bigint $$;
CREATE INDEX ON bait (peek(x));
CREATE OR REPLACE FUNCTION peek(x int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT runs FROM public.hp_study_runs(public.hp_study('public.by_column', 'hidden')) $$;
RESET ROLE;
ANALYZE bait;
DROP TABLE bait;
DROP FUNCTION peek(int);
REVOKE CREATE ON SCHEMA public FROM regress_hpimp_reader;

--
-- Partitions and children: granted are rights on the relation that is named
--
CREATE TABLE parts (config jsonb, val_loss float8, k int) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2);
INSERT INTO parts SELECT config, val_loss, 1 + id % 2 FROM by_column;
CREATE TABLE child () INHERITS (by_column);
INSERT INTO child (config, val_loss) VALUES ('{"lr": 1}', 1);
GRANT SELECT ON parts TO regress_hpimp_reader;
SET ROLE regress_hpimp_reader;
SELECT c || ': ' || say(format('hp_study_runs(hp_study(%L, ''val_loss''))', c)) FROM unnest('{parts,part_1,part_2,by_column,child}'::text[]) c;
RESET ROLE;
GRANT SELECT ON part_2 TO regress_hpimp_reader;
REVOKE SELECT ON parts FROM regress_hpimp_reader;
-- the policy of a partition does not hold for who reads the whole, but for who reads it
ALTER TABLE part_2 ENABLE ROW LEVEL SECURITY;
SET ROLE regress_hpimp_reader;
SELECT c || ': ' || say(format('hp_study_runs(hp_study(%L, ''val_loss''))', c)) FROM unnest('{parts,part_1,part_2}'::text[]) c;
SELECT hp_study('part_2', 'val_loss') IS NULL AS nothing_to_see;
RESET ROLE;
DROP TABLE child, parts;

--
-- What nobody may read by way of us: the server's own secrets
--
SET ROLE regress_hpimp_reader;
SELECT say($$ hp_study_runs(hp_study('pg_catalog.pg_authid', 'rolconnlimit', '{rolpassword}')) $$);
SELECT say($$ hp_study_runs(hp_study('pg_catalog.pg_statistic', 'stanullfrac', '{starelid}')) $$);
RESET ROLE;

--
-- A table of the caller in the way of another's: each name is what it is for the
-- caller when it is written, and what is read is the table then meant
--
CREATE FUNCTION of_public() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (public.hp_study_runs(public.hp_study('public.by_column', 'val_loss'))).runs; END $$;
CREATE FUNCTION unqualified() RETURNS bigint LANGUAGE plpgsql SET search_path = public, pg_temp AS $$ BEGIN RETURN (hp_study_runs(hp_study('by_column', 'val_loss'))).runs; END $$;
CREATE TEMP TABLE by_column AS SELECT '{"a": 1}'::jsonb AS config, i AS val_loss FROM generate_series(1, 3) i;
SELECT (hp_study_runs(hp_study('by_column', 'val_loss'))).runs AS temporary, (hp_study_runs(hp_study('public.by_column', 'val_loss'))).runs AS of_public, of_public(), unqualified();
DROP TABLE pg_temp.by_column;
DROP FUNCTION of_public(), unqualified();

--
-- Names made to break out of a query: quotes, signs of formats, line ends, 63
-- bytes, invisible characters, the alias of the query, columns of the system
--
CREATE TABLE names (n int, name text);
INSERT INTO names VALUES
	(1, $$a"b$$), (2, $$a'b$$), (3, $$a\b$$), (4, $$a");DROP TABLE names;--$$), (5, $$%s%n%1$s$$), (6, E'line\nend'), (7, E'tab\tcr\r'),
	(8, E'\u202Eright to left'), (9, E'zero\u200Bwidth'), (10, repeat('x', 63)), (11, repeat(E'\u00E9', 31) || 'x'), (12, 'r'), (13, '$1'), (14, '*'),
	(15, 'ctid '), (16, E'\x1B[31mred'), (17, '/* '), (18, '-- '), (19, '{}'), (20, 'select');
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT names.name FROM names ORDER BY n LOOP
        EXECUTE format('CREATE TABLE %I AS SELECT jsonb_build_object(%L, i) AS config, i::float8 AS %I, jsonb_build_object(''k'', i) AS %I FROM generate_series(1, 9) i',
                       name, name, name, left(name, 20) || ' json');
    END LOOP;
END
$$;
SELECT n, say(format('hp_study_runs(hp_study(%L, %L))', quote_ident(name), name)) AS "column",
	say(format('hp_values(hp_study(%L, %L, ARRAY[%L]))', quote_ident(name), left(name, 20) || ' json.k', name)) AS path,
	say(format('hp_importance(%L, %L, ARRAY[''config'', %L], trees => 1)', quote_ident(name), name, left(name, 20) || ' json')) AS several,
	say(format('hp_suggest(%L, %L, trees => 1, uncertainty => false)', quote_ident(name), name)) AS suggest,
	say(format('hp_report(%L, %L, trees => 1, uncertainty => false)', quote_ident(name), name)) AS report
FROM names ORDER BY n;
-- the errors about them
SELECT n, say(format('hp_importance(%L, %L)', quote_ident(name), name || '?')) AS error FROM names WHERE n IN (1, 5, 6, 10) ORDER BY n;
-- what is said to be pasted is JSON, whatever the levels are called
CREATE TABLE levels AS SELECT jsonb_build_object('lr', i % 4, name, name || i % 2) AS config, i % 4 + n AS val_loss FROM names, generate_series(1, 8) i;
SELECT count(*) > 0 AS some, bool_and(sweep::jsonb IS NOT NULL) AS "json" FROM hp_suggest('levels', 'val_loss', trees => 5, uncertainty => false) WHERE sweep IS NOT NULL;
SELECT count(*) FROM names;

--
-- In the very schema of the extension, whoever may create there: no overload is
-- nearer to our calls than our own functions
--
CREATE FUNCTION agg_trap(state int, config jsonb, metric numeric) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION agg_trap(state int, config json, metric float8) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION agg_trap(state int, config anyelement, metric float8) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE AGGREGATE hp_study_agg(config jsonb, metric numeric) (SFUNC = agg_trap, STYPE = int);
CREATE AGGREGATE hp_study_agg(config json, metric float8) (SFUNC = agg_trap, STYPE = int);
CREATE AGGREGATE hp_study_agg(config anyelement, metric float8) (SFUNC = agg_trap, STYPE = int);
CREATE FUNCTION hp_number(document json, path text) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION hp_number(document jsonb, path varchar) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION hp_number(document anyelement, path text) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE FUNCTION hp_progress(every boolean DEFAULT true) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
ALTER TABLE by_column ADD j json, ADD f float4, ADD v varchar, ADD m numeric;
UPDATE by_column SET j = config::json, f = id, v = id::text, m = id;
SELECT metric || ' ' || config::text || ': ' || say(format('hp_study_runs(hp_study(''by_column'', %L, %L))', metric, config))
FROM unnest('{val_loss,f,v,m,id,j.lr,summary.loss}'::text[]) metric, (VALUES ('{config}'::text[]), ('{j}'), ('{id,v}'), ('{config,m}')) c (config)
WHERE NOT metric = ANY (config);
SELECT count(*) FROM hp_progress;
DROP FUNCTION hp_progress(boolean), hp_number(json, text), hp_number(jsonb, varchar), hp_number(anyelement, text);
DROP AGGREGATE hp_study_agg(jsonb, numeric);
DROP AGGREGATE hp_study_agg(json, float8);
DROP AGGREGATE hp_study_agg(anyelement, float8);

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT names.name FROM names LOOP
        EXECUTE format('DROP TABLE %I', name);
    END LOOP;
END
$$;
DROP TABLE names, levels;
DROP FUNCTION agg_trap(int, jsonb, numeric), agg_trap(int, json, float8), agg_trap(int, anyelement, float8), say(text), ask_all(text);
DROP OWNED BY regress_hpimp_owner, regress_hpimp_reader, regress_hpimp_bypass CASCADE;
DROP ROLE regress_hpimp_owner, regress_hpimp_reader, regress_hpimp_bypass;
DROP FUNCTION may(name, jsonb), shown(int);
