--
-- Sources: any relation with a metric and hyperparameters, by whatever names,
-- read with the caller's rights and nobody's search_path.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

CREATE TABLE runs (
    id serial PRIMARY KEY, gone int, config jsonb, val_loss float8, summary jsonb,
    "int2" int2, "int4" int4, "int8" int8, "float4" float4, "numeric" numeric, "text" text, "varchar" varchar(20), "char" char(20), state text);
ALTER TABLE runs DROP COLUMN gone;
INSERT INTO runs (config, val_loss, summary, "int2", "int4", "int8", "float4", "numeric", "text", "varchar", "char", state)
SELECT jsonb_build_object('lr', i % 7 * 0.1, 'optimizer', (ARRAY['adam', 'sgd'])[1 + i % 2], 'net', jsonb_build_object('depth', i % 5)),
       v, jsonb_build_object('val_loss', v, 'val', jsonb_build_object('loss', v, 'text', v::text), 'val.acc', v, 'a b', v), v, v, v, v, v, v, v, v, 'finished'
FROM generate_series(1, 60) i, LATERAL (SELECT i % 7 * 3 + i % 2 * 10 + i % 5) m (v);

-- is a study that of all runs?
CREATE FUNCTION pg_temp.is_it(study hp_study) RETURNS boolean LANGUAGE sql AS $$
    SELECT hp_forest(study, trees => 3)::text = (SELECT hp_forest(hp_study_agg(config, val_loss), trees => 3)::text FROM public.runs)
$$;

--
-- The metric: a column of any numeric type, or a text that reads as a number
--
SELECT metric, pg_temp.is_it(hp_study('runs', metric)) AS is_it
FROM unnest('{val_loss,int2,int4,int8,float4,numeric,text,varchar,char}'::text[]) metric;
-- a path that begins with a json column; a key of the summary
SELECT metric, pg_temp.is_it(hp_study('runs', metric)) AS is_it
FROM unnest(ARRAY['summary.val_loss', 'summary.val.loss', 'summary.val.text', 'summary.val.acc', 'summary.a b', 'val.loss', 'val.text', 'val.acc', 'a b']) metric;
CREATE TABLE paths AS
SELECT id, config, val_loss, summary::json AS metrics, to_jsonb(val_loss) AS "number", to_jsonb(val_loss::text) AS "string",
       jsonb_build_object('b', jsonb_build_object('c', -1, 'd', val_loss), 'x', val_loss) AS a, jsonb_build_object('c', val_loss) AS "a.b", val_loss AS "a.b.column", 'x' AS words,
       jsonb_build_object('words', jsonb_build_object('y', val_loss), 'val_loss', -1, 'summary', val_loss) AS summary
FROM runs;
SELECT metric, pg_temp.is_it(hp_study('paths', metric)) AS is_it
FROM unnest(ARRAY['metrics.val.loss', 'number', 'string', 'a.b.c', 'a.b.column', 'a.x', 'words.y', 'val_loss', 'summary.summary']) metric;
-- numbers that are none, a word for one, nothing
CREATE TABLE metrics AS
SELECT * FROM (VALUES (jsonb_build_object('x', 1), 1::numeric, '1', '1e0'::jsonb), ('{"x": 2}', 'NaN', 'nan', '"NaN"'), ('{"x": 3}', 'Infinity', '-inf', '"inf"'),
    ('{"x": 4}', 1e400, '1e400', '1e400'), ('{"x": 5}', NULL, 'diverged', '{"lost": true}'), ('{"x": 6}', 2, ' 2.0 ', '"2"'), ('{"x": 7}', 1e-400, '', 'null')) v (config, n, t, j);
SELECT metric, runs_used, metric_null, metric_nan, metric_infinite FROM unnest('{n,t,j}'::text[]) metric, hp_quality('metrics', metric);

--
-- The hyperparameters: json of either kind, columns of any type
--
CREATE TYPE pace AS ENUM ('slow', 'fast');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN loss AS float8 CHECK (VALUE >= 0);
CREATE DOMAIN settings AS jsonb CHECK (jsonb_typeof(VALUE) = 'object');
CREATE TABLE columns AS
SELECT i, i::int2 AS "int2", i::float4 / 4 AS "float4", CASE i WHEN 1 THEN 'NaN'::float8 WHEN 2 THEN 'Infinity' ELSE i END AS "float8", CASE i WHEN 1 THEN 'NaN'::numeric ELSE i / 10.0 END AS "numeric",
       'w' || i AS "text", ('c' || i)::char(4) AS "char", i % 2 = 0 AS "boolean", date '2026-01-01' + i AS "date", timestamp '2026-01-01' + i * interval '1 hour' AS "timestamp",
       i * interval '1 day' AS "interval", (ARRAY['slow', 'fast'])[1 + i % 2]::pace AS "enum", ARRAY[i, 2] AS "array", ('a' || i, i)::text AS "record", (i, 'x')::pair AS "pair",
       ('10.0.0.' || i)::inet AS "inet", ('\x0' || i)::bytea AS "bytea", i::loss AS "loss", jsonb_build_object('k', i)::settings AS settings, ('{"k": ' || i || ', "k": ' || i + 1 || '}')::json AS "json",
       CASE WHEN i > 1 THEN i END AS "gap", i AS metric
FROM generate_series(1, 3) i;
SELECT v.parameter, string_agg(v.value, ' | ' ORDER BY v.value COLLATE "C") AS values
FROM hp_values(hp_study('columns', 'metric', '{int2,float4,float8,numeric,text,char,boolean,date,timestamp,interval,enum,array,record,pair,inet,bytea,loss,settings,gap}')) v
GROUP BY 1 ORDER BY parameter COLLATE "C";
-- several json columns: names begin with the column's
SELECT v.parameter, count(*) FROM hp_values(hp_study('columns', 'metric', '{settings,json}')) v GROUP BY 1 ORDER BY parameter COLLATE "C";
SELECT v.parameter, count(*) FROM hp_values(hp_study('columns', 'metric', '{settings,json,int2}')) v GROUP BY 1 ORDER BY parameter COLLATE "C";
-- of one they do not, beside whatever columns; a column is nearer than a key of its name
SELECT v.* FROM hp_values(hp_study('columns', 'metric', '{json}')) v ORDER BY 1, 2;
CREATE VIEW clash AS SELECT jsonb_build_object('k', i, 'int2', 'key') AS config, "int2", metric FROM columns UNION ALL SELECT NULL, 9, 9;
SELECT v.* FROM hp_values(hp_study('clash', 'metric', '{int2,config}')) v ORDER BY parameter COLLATE "C", 2;
SELECT v.* FROM hp_values(hp_study('clash', 'metric', '{config}')) v ORDER BY parameter COLLATE "C", 2;
-- however few digits the session wants to see
CREATE TABLE digits AS SELECT 1 + i * 7 % 11 / 1e9::float8 AS x, 1 + i * 7 % 13 / 1e9::float8 AS metric FROM generate_series(1, 20) i;
SET extra_float_digits = -11;
SELECT abs(pearson - (SELECT corr(x, metric) FROM digits)) < 1e-6 AS same FROM hp_correlation('digits', 'metric', '{x}');
SELECT distinct_values FROM hp_parameters('digits', 'metric', '{x}', trees => 1);
RESET extra_float_digits;
-- generated columns
CREATE TABLE generated (lr float8, log_lr float8 GENERATED ALWAYS AS (log(lr::numeric)) STORED, metric int, twice int GENERATED ALWAYS AS (2 * metric) STORED);
INSERT INTO generated (lr, metric) VALUES (0.1, 1), (0.01, 2), (0.001, 3);
SELECT parameter, round(pearson::numeric, 6) FROM hp_correlation('generated', 'twice', '{lr,log_lr}');
-- 120 columns, with json and without
DO $$
BEGIN
    EXECUTE (SELECT format('CREATE TABLE wide AS SELECT i, i %% 7 AS metric, jsonb_build_object(''j'', i) AS config, %s FROM generate_series(1, 20) i',
                           string_agg(format('i * %s %% 11 AS c%s', k, k), ', ')) FROM generate_series(1, 120) k);
END
$$;
SELECT count(*), count(DISTINCT parameter), min(runs), max(runs) FROM hp_correlation('wide', 'metric', ARRAY(SELECT 'c' || k FROM generate_series(1, 120) k));
SELECT n, count(*) FROM unnest('{49,50,51,99,100,101}'::int[]) n, hp_correlation('wide', 'metric', ARRAY['config'] || ARRAY(SELECT 'c' || k FROM generate_series(1, n) k)) GROUP BY 1 ORDER BY 1;
SELECT abs(pearson - (SELECT corr(c17, metric) FROM wide)) < 1e-12 AS same FROM hp_correlation('wide', 'metric', ARRAY(SELECT 'c' || k FROM generate_series(1, 120) k)) WHERE parameter = 'c17';

--
-- Odd names
--
CREATE SCHEMA "O'Reilly ""x""";
CREATE TABLE "O'Reilly ""x"""."Läufe; DROP TABLE runs" AS
SELECT config AS "Config ""1""", val_loss AS "Val Loss", val_loss AS "a.b", val_loss AS "O'Reilly", val_loss AS "模型", val_loss AS "back\slash'", val_loss AS "select", summary AS "$1",
       val_loss AS "a23456789012345678901234567890123456789012345678901234567890123", val_loss AS "éééééééééééééééééééééééééééééééx"
FROM runs;
SELECT metric, pg_temp.is_it(hp_study('"O''Reilly ""x"""."Läufe; DROP TABLE runs"', metric, '{"Config \"1\""}')) AS is_it
FROM unnest(ARRAY['Val Loss', 'a.b', 'O''Reilly', '模型', 'back\slash''', 'select', '$1.val_loss', '$1.val.loss', 'a23456789012345678901234567890123456789012345678901234567890123', 'éééééééééééééééééééééééééééééééx']) metric;
SELECT v.parameter, count(*) FROM hp_values(hp_study('"O''Reilly ""x"""."Läufe; DROP TABLE runs"', 'Val Loss', '{"O''Reilly",模型,"back\\slash''",select,a.b,a23456789012345678901234567890123456789012345678901234567890123,éééééééééééééééééééééééééééééééx}')) v GROUP BY 1 ORDER BY parameter COLLATE "C";
-- in every manner of quoting
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT v.parameter, count(*) FROM hp_values(hp_study('"O''Reilly ""x"""."Läufe; DROP TABLE runs"', 'Val Loss', ARRAY['back\\slash''', 'O''Reilly'])) v GROUP BY 1 ORDER BY parameter COLLATE "C";
RESET standard_conforming_strings;
RESET escape_string_warning;
SET quote_all_identifiers = on;
SELECT pg_temp.is_it(hp_study('runs', 'val.loss')) AS is_it;
RESET quote_all_identifiers;
-- names of columns are as they are, of tables as in SQL
CREATE TABLE "Mixed" ("LR" int, lr int, "Loss" int);
INSERT INTO "Mixed" SELECT i, -i, i FROM generate_series(1, 5) i;
SELECT parameter, round(pearson::numeric, 6) FROM hp_correlation('"Mixed"', 'Loss', '{LR,lr}') ORDER BY parameter COLLATE "C";
DROP SCHEMA "O'Reilly ""x""" CASCADE;

--
-- Relations of every kind
--
CREATE VIEW runs_view AS SELECT config, val_loss FROM runs;
CREATE MATERIALIZED VIEW runs_matview AS SELECT config, val_loss FROM runs;
CREATE MATERIALIZED VIEW runs_later AS SELECT config, val_loss FROM runs WITH NO DATA;
CREATE TABLE runs_partitioned (id int, config jsonb, val_loss float8) PARTITION BY HASH (id);
CREATE TABLE runs_part_0 PARTITION OF runs_partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE runs_part_1 (val_loss float8, config jsonb, id int);
ALTER TABLE runs_partitioned ATTACH PARTITION runs_part_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO runs_partitioned SELECT id, config, val_loss FROM runs;
CREATE TABLE runs_parent (config jsonb, val_loss float8);
CREATE TABLE runs_child (extra int) INHERITS (runs_parent);
INSERT INTO runs_parent SELECT config, val_loss FROM runs WHERE id <= 20;
INSERT INTO runs_child SELECT config, val_loss FROM runs WHERE id > 20;
CREATE TEMP TABLE runs_temp AS SELECT * FROM runs;
CREATE UNLOGGED TABLE runs_unlogged AS SELECT * FROM runs;
CREATE TYPE run AS (config jsonb, val_loss float8);
CREATE TABLE runs_typed OF run;
INSERT INTO runs_typed SELECT config, val_loss FROM runs;
SELECT r AS relation, pg_temp.is_it(hp_study(r, 'val_loss')) AS is_it
FROM unnest('{runs,runs_view,runs_matview,runs_partitioned,runs_parent,runs_temp,runs_unlogged,runs_typed}'::regclass[]) r;
SELECT r AS relation, (hp_study_runs(hp_study(r, 'val_loss'))).runs > 0 AS some
FROM unnest('{runs_part_0,runs_part_1,runs_child}'::regclass[]) r;
SELECT * FROM hp_importance('runs_later', 'val_loss');
-- by OID, by name in a text, by name in the search_path
SELECT pg_temp.is_it(hp_study('runs'::regclass::oid, 'val_loss')) AS oid, pg_temp.is_it(hp_study('runs'::text::regclass, 'val_loss')) AS "text", pg_temp.is_it(hp_study('public.runs', 'val_loss')) AS qualified;

--
-- The caller's rights
--
CREATE ROLE regress_hpimp_owner;
CREATE ROLE regress_hpimp_reader;
CREATE TABLE shared (config jsonb, lr float8, secret float8, val_loss float8, who name);
INSERT INTO shared SELECT config, (config ->> 'lr')::float8, id, val_loss, CASE WHEN id % 3 = 0 THEN 'regress_hpimp_reader' ELSE 'somebody' END FROM runs;
ALTER TABLE shared OWNER TO regress_hpimp_owner;
SET ROLE regress_hpimp_reader;
SELECT * FROM hp_importance('shared', 'val_loss');
-- names of columns are no secret (of wrong ones in a query PostgreSQL says as much)
SELECT * FROM hp_importance('shared', 'val_los');
SELECT * FROM hp_importance('shared', 'val_loss', '{konfig}');
RESET ROLE;
GRANT SELECT (config, lr, val_loss) ON shared TO regress_hpimp_reader;
SET ROLE regress_hpimp_reader;
SELECT (hp_study_runs(hp_study('shared', 'val_loss'))).runs;
SELECT h.parameter FROM hp_correlation('shared', 'val_loss', '{config,lr}') h ORDER BY 1;
SELECT h.parameter FROM hp_correlation('shared', 'val_loss', '{lr,secret}') h;
SELECT h.parameter FROM hp_correlation('shared', 'secret', '{lr}') h;
RESET ROLE;
-- a view lends the rights of its owner
CREATE VIEW lent AS SELECT config, secret AS val_loss FROM shared;
ALTER VIEW lent OWNER TO regress_hpimp_owner;
GRANT SELECT ON lent TO regress_hpimp_reader;
SET ROLE regress_hpimp_reader;
SELECT (hp_study_runs(hp_study('lent', 'val_loss'))).runs;
RESET ROLE;
-- row-level security filters, for a SECURITY DEFINER function as its owner sees them
ALTER TABLE shared ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shared TO regress_hpimp_reader USING (who = current_user);
CREATE FUNCTION as_owner() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT (hp_study_runs(hp_study('public.shared', 'val_loss'))).runs $$;
ALTER FUNCTION as_owner() OWNER TO regress_hpimp_owner;
SET ROLE regress_hpimp_reader;
SELECT (hp_study_runs(hp_study('shared', 'val_loss'))).runs AS own, as_owner() AS of_owner;
-- the same statement for another role
PREPARE counted AS SELECT runs_used FROM hp_quality('shared', 'val_loss', trees => 1);
EXECUTE counted;
SET ROLE regress_hpimp_owner;
EXECUTE counted;
RESET ROLE;
DEALLOCATE counted;
ALTER POLICY own ON shared USING (false);
SET ROLE regress_hpimp_reader;
SET client_min_messages = notice;
SELECT hp_study('shared', 'val_loss') IS NULL AS nothing;
SET client_min_messages = warning;
-- a relation in a schema without USAGE
RESET ROLE;
CREATE SCHEMA closed CREATE TABLE runs (config jsonb, val_loss float8);
GRANT SELECT ON closed.runs TO regress_hpimp_reader;
SELECT 'closed.runs'::regclass::oid AS closed_runs \gset
SET ROLE regress_hpimp_reader;
SELECT * FROM hp_importance(:closed_runs, 'val_loss');
RESET ROLE;
DROP SCHEMA closed CASCADE;

--
-- Nobody's search_path: functions, operators, types and tables that lie in wait
--
CREATE SCHEMA evil;
CREATE FUNCTION evil.trap() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught by %', current_setting('search_path'); END $$;
CREATE FUNCTION evil.hp_number(jsonb, text DEFAULT '') RETURNS float8 LANGUAGE sql AS 'SELECT evil.trap(); SELECT 0.0::float8';
CREATE FUNCTION evil.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS 'SELECT evil.trap(); SELECT NULL::jsonb';
CREATE FUNCTION evil.jsonb_build_object(VARIADIC "any") RETURNS jsonb LANGUAGE internal AS 'jsonb_build_object';
CREATE FUNCTION evil.jsonb_build_object(text, jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT evil.trap(); SELECT NULL::jsonb';
CREATE FUNCTION evil.jsonb_build_object(text, float8) RETURNS jsonb LANGUAGE sql AS 'SELECT evil.trap(); SELECT NULL::jsonb';
CREATE FUNCTION evil.concat(jsonb, jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT evil.trap(); SELECT NULL::jsonb';
CREATE OPERATOR evil.|| (FUNCTION = evil.concat, LEFTARG = jsonb, RIGHTARG = jsonb);
CREATE FUNCTION evil.add(hp_study, jsonb, float8) RETURNS hp_study LANGUAGE sql AS 'SELECT evil.trap(); SELECT NULL::public.hp_study';
CREATE AGGREGATE evil.hp_study_agg(jsonb, float8) (SFUNC = evil.add, STYPE = hp_study);
CREATE DOMAIN evil.jsonb AS pg_catalog.jsonb CHECK (evil.trap() IS NULL);
CREATE DOMAIN evil.float8 AS pg_catalog.float8 CHECK (evil.trap() IS NULL);
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.trap() IS NULL);
CREATE TABLE evil.r (x int);
CREATE TABLE evil.runs (config jsonb);
SET search_path = evil, pg_catalog;
-- the traps work
SELECT hp_number('1', '');
SELECT '{}'::pg_catalog.jsonb || '{}';
SELECT public.hp_study_agg(config, val_loss) IS NOT NULL AS well FROM public.runs;
-- and catch nothing
SELECT metric, (SELECT sum(importance) > 0.999 FROM public.hp_importance('public.runs', metric, config, trees => 3)) AS importance
FROM (VALUES ('val_loss'::pg_catalog.text, '{config}'::pg_catalog.text[]), ('summary.val.loss', '{config,id}'), ('text', '{config,state,id}'), ('numeric', '{summary,config,id,state}'), ('val_loss', '{id,state,int4}')) v (metric, config);
SELECT public.hp_predict('public.runs', 'val.loss', '{"lr": 1}', trees => 3) > 0 AS predicted;
SET search_path = '';
SELECT count(*) FROM public.hp_levels('public.runs', 'val.loss');
RESET search_path;
DROP SCHEMA evil CASCADE;
-- the extension somewhere else, under a name to be quoted
CREATE SCHEMA "the ""lab""";
ALTER EXTENSION hpimp SET SCHEMA "the ""lab""";
SELECT count(*) FROM "the ""lab""".hp_importance('runs', 'val_loss', trees => 3);
SELECT count(*) FROM "the ""lab""".hp_correlation('runs', 'summary.val.loss', '{config,text}');
SET search_path = public, "the ""lab""";
SELECT pg_temp.is_it(hp_study('runs', 'val.loss')) AS is_it;
RESET search_path;
ALTER EXTENSION hpimp SET SCHEMA public;
DROP SCHEMA "the ""lab""";
SELECT pg_temp.is_it(hp_study('runs', 'val.loss')) AS is_it;

--
-- Anywhere in a query
--
CREATE TEMP TABLE answer AS SELECT * FROM hp_importance('runs', 'val_loss', trees => 5);
SELECT parameter, round(importance::numeric, 2) AS importance, round(correlation::numeric, 2) AS correlation FROM answer;
BEGIN READ ONLY;
SELECT count(*) AS rows, bool_and(i.* IS NOT DISTINCT FROM a.*) AS same FROM hp_importance('runs', 'val_loss', trees => 5) i FULL JOIN answer a USING (parameter);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM hp_importance('runs', 'val_loss', trees => 5);
COMMIT;
SELECT parameter FROM hp_importance('runs', 'val_loss', trees => 5) LIMIT 1;
SELECT count(*) FROM (SELECT * FROM hp_importance('runs', 'val_loss', trees => 5) LIMIT 2 OFFSET 1) s;
SELECT parameter FROM hp_importance('runs', 'val_loss', trees => 5) WHERE parameter LIKE 'net%';
SELECT n, i.parameter FROM hp_importance('runs', 'val_loss', trees => 5) WITH ORDINALITY i (parameter, importance, correlation, n);
SELECT (hp_importance('runs', 'val_loss', trees => 5)).parameter;
SELECT (hp_quality('runs', 'val_loss', trees => 5)).runs_used;
SELECT relname, i.parameter FROM pg_class, LATERAL hp_importance(oid::regclass, 'val_loss', trees => 5) i WHERE relname IN ('runs_view', 'runs_matview') AND importance > 0.5 ORDER BY 1;
CREATE VIEW answers AS SELECT parameter, round(importance::numeric, 2) AS importance FROM hp_importance('runs', 'val_loss', trees => 5);
SELECT * FROM answers;
-- a view knows its table: renamed, it is still read
ALTER TABLE runs RENAME TO experiments;
SELECT * FROM answers;
ALTER TABLE experiments RENAME TO runs;
SELECT EXISTS (SELECT FROM hp_importance('runs', 'val_loss', trees => 5) WHERE parameter = 'lr') AS is_there;
PREPARE asked (text, text) AS SELECT parameter FROM hp_importance($1::regclass, $2, trees => 5);
EXECUTE asked ('runs', 'val_loss');
EXECUTE asked ('runs_view', 'val_loss');
EXECUTE asked ('nowhere', 'val_loss');
PREPARE untyped AS SELECT parameter FROM hp_importance($1, $2, $3, trees => $4);
EXECUTE untyped ('runs', 'val_loss', '{config,id}', 5);
EXECUTE untyped ('runs', 'val_loss', '{config}', 5);
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT parameter FROM hp_importance('runs', 'val_loss', trees => 5);
FETCH 1 FROM c;
FETCH ALL FROM c;
FETCH FIRST FROM c;
COMMIT;
-- what a transaction has written is read; what it took back is not
CREATE FUNCTION pg_temp.in_plpgsql() RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
    t regclass := 'runs';
BEGIN
    RETURN NEXT (SELECT runs_used FROM hp_quality(t, 'val_loss', trees => 1));
    INSERT INTO runs (config, val_loss) VALUES ('{"lr": 1}', 1);
    RETURN NEXT (SELECT runs_used FROM hp_quality(t, 'val_loss', trees => 1));
    BEGIN
        INSERT INTO runs (config, val_loss) VALUES ('{"lr": 1}', 1), ('[]', 2);
        RETURN NEXT (SELECT runs_used FROM hp_quality(t, 'val_loss', trees => 1));
    EXCEPTION WHEN invalid_parameter_value OR datatype_mismatch THEN
        RETURN NEXT -1;
    END;
    RETURN NEXT (SELECT runs_used FROM hp_quality(t, 'val_loss', trees => 1));
END
$$;
BEGIN;
SELECT * FROM pg_temp.in_plpgsql();
ROLLBACK;
SELECT runs_used FROM hp_quality('runs', 'val_loss', trees => 1);
-- what the statement itself writes is not, as in any query
BEGIN;
WITH written AS (INSERT INTO runs (config, val_loss) VALUES ('{"lr": 1}', 1) RETURNING id)
SELECT (SELECT count(*) FROM written) AS written, (SELECT runs_used FROM hp_quality('runs', 'val_loss', trees => 1)) AS runs_used, (SELECT count(*) FROM runs) AS counted;
ROLLBACK;
-- its answers are text and numbers
SELECT string_agg(format('%s %s%%', parameter, round(100 * importance)), ', ' ORDER BY importance DESC) FROM hp_importance('runs', 'val_loss', trees => 5);
SELECT jsonb_object_agg(parameter, round(importance::numeric, 2)) FROM hp_importance('runs', 'val_loss', trees => 5);

DROP OWNED BY regress_hpimp_owner, regress_hpimp_reader CASCADE;
DROP ROLE regress_hpimp_owner, regress_hpimp_reader;
DROP VIEW answers, clash, runs_view;
DROP MATERIALIZED VIEW runs_matview, runs_later;
DROP TABLE runs, paths, metrics, columns, digits, generated, wide, "Mixed", runs_partitioned, runs_child, runs_parent, runs_unlogged, runs_typed;
DROP TYPE pace, pair, loss, settings, run;
