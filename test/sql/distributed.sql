--
-- What other machines need of the aggregates: Citus, parallel workers, and whoever
-- else calls their functions one by one and carries states between servers
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

--
-- Declarations: where a query looks for what is wrong, no rows are right
--
CREATE TEMP VIEW aggregates AS
SELECT a.*, p.oid, p.proname, p.pronargs, p.proargtypes, p.proparallel, p.pronamespace, t.typtype, t.typsend, t.typreceive FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_type t ON t.oid = a.aggtranstype
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'hpimp');
SELECT count(*) AS aggregates FROM aggregates;
-- a state that is a value of a type, ours, with a text and a binary form
SELECT aggfnoid FROM aggregates WHERE typtype <> 'b' OR typsend = 0 OR typreceive = 0 OR aggtranstype NOT IN ('hp_study'::regtype, 'hp_forest'::regtype);
-- states that can be merged, and go from server to server as they are
SELECT aggfnoid FROM aggregates WHERE aggcombinefn = 0 OR aggserialfn <> 0 OR aggdeserialfn <> 0;
-- at least one argument, each of a type that is one; an aggregate without an order of its own; in any worker
SELECT aggfnoid FROM aggregates WHERE pronargs = 0 OR aggkind <> 'n' OR proparallel <> 's' OR EXISTS (SELECT FROM unnest(proargtypes::oid[]) arg JOIN pg_type ON pg_type.oid = arg WHERE pg_type.typtype = 'p');
-- no final function that wants to know more than the state
SELECT aggfnoid FROM aggregates WHERE aggfinalextra OR aggfinalfn <> 0;
-- their functions in any worker as well; the merging one is of two states
SELECT aggfnoid, f.oid::regprocedure FROM aggregates, pg_proc f WHERE f.oid IN (aggtransfn, aggcombinefn) AND (f.proparallel <> 's' OR f.provolatile = 'v' OR f.prosecdef OR f.proretset);
SELECT aggfnoid FROM aggregates JOIN pg_proc f ON f.oid = aggcombinefn WHERE f.proargtypes::oid[] IS DISTINCT FROM ARRAY[aggtranstype, aggtranstype] OR f.prorettype <> aggtranstype;

--
-- Shards: what is in each, its state, and the forests that are trained of the whole
--
CREATE TABLE runs AS
SELECT i AS id, i % 4 AS shard, jsonb_build_object('lr', i % 17 * 0.1, 'o', 'level ' || i % 3, 'x' || i % 4, i % 5) AS config, (i % 17 - 8) ^ 2 + i % 3 AS loss FROM generate_series(1, 200) i;
CREATE TABLE studies AS SELECT shard, hp_study_agg(config, loss) AS state FROM runs GROUP BY shard;
CREATE TABLE wholes AS SELECT s.study, hp_forest(s.study, trees => 8, uncertainty => true) AS forest FROM (SELECT hp_study_agg(config, loss) AS study FROM runs) s;
CREATE TABLE forests AS SELECT shard, hp_forest(study, trees => 8, uncertainty => true, part => shard + 1, parts => 4) AS state FROM wholes, generate_series(0, 3) shard;
-- a study as what can be asked of it, whatever order its runs came in
CREATE FUNCTION asked(study hp_study) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(p::text, ' ' ORDER BY parameter) FROM hp_forest(study, trees => 2) f, hp_parameters(f) p $$;
CREATE FUNCTION is_whole(study hp_study) RETURNS boolean LANGUAGE sql AS $$ SELECT asked(study) = asked(wholes.study) FROM wholes $$;
CREATE FUNCTION is_whole(forest hp_forest) RETURNS boolean LANGUAGE sql AS $$ SELECT forest::text = wholes.forest::text FROM wholes $$;

-- a state goes as text, which is base64: four bytes for three
SELECT bool_and(state::text ~ '^[A-Za-z0-9+/]+=*$' AND length(state::text) = (length(hp_study_send(state)) + 2) / 3 * 4) AS base64 FROM studies;
SELECT bool_and(state::text ~ '^[A-Za-z0-9+/]+=*$' AND length(state::text) = (length(hp_forest_send(state)) + 2) / 3 * 4) AS base64 FROM forests;
SELECT is_whole(hp_study_agg(state::text::hp_study)) AS studies FROM studies;
SELECT is_whole(hp_forest_agg(state::text::hp_forest)) AS forests FROM forests;
-- or in the binary form
CREATE TABLE carried (LIKE studies);
\copy studies TO 'results/states.bin' WITH (FORMAT binary)
\copy carried FROM 'results/states.bin' WITH (FORMAT binary)
SELECT is_whole(hp_study_agg(state)) AS studies FROM carried;
DROP TABLE carried;
CREATE TABLE carried (LIKE forests);
\copy forests TO 'results/states.bin' WITH (FORMAT binary)
\copy carried FROM 'results/states.bin' WITH (FORMAT binary)
SELECT is_whole(hp_forest_agg(state)) AS forests FROM carried;

-- merged in each of the orders there are
CREATE TEMP VIEW orders AS
SELECT a, b, c, d FROM generate_series(0, 3) a, generate_series(0, 3) b, generate_series(0, 3) c, generate_series(0, 3) d WHERE 4 = (SELECT count(DISTINCT x) FROM unnest(ARRAY[a, b, c, d]) x);
SELECT count(*), count(*) FILTER (WHERE is_whole(hp_study_merge(hp_study_merge(hp_study_merge(w.state, x.state), y.state), z.state))) AS one_by_one,
    count(*) FILTER (WHERE is_whole(hp_study_merge(hp_study_merge(w.state, x.state), hp_study_merge(y.state, z.state)))) AS in_pairs
FROM orders JOIN studies w ON w.shard = a JOIN studies x ON x.shard = b JOIN studies y ON y.shard = c JOIN studies z ON z.shard = d;
SELECT count(*), count(*) FILTER (WHERE is_whole(hp_forest_merge(hp_forest_merge(hp_forest_merge(w.state, x.state), y.state), z.state))) AS one_by_one,
    count(*) FILTER (WHERE is_whole(hp_forest_merge(hp_forest_merge(w.state, x.state), hp_forest_merge(y.state, z.state)))) AS in_pairs
FROM orders JOIN forests w ON w.shard = a JOIN forests x ON x.shard = b JOIN forests y ON y.shard = c JOIN forests z ON z.shard = d;

-- each call by itself, as if none had been before: nothing is kept between them but the state
CREATE FUNCTION one_by_one(call text, rows text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    one record;
BEGIN
    FOR one IN EXECUTE rows LOOP
        IF state IS NULL AND one.a IS NOT NULL THEN
            state := one.a;
        ELSE
            EXECUTE format(call, quote_nullable(state), quote_nullable(one.config), quote_nullable(one.b)) INTO state;
        END IF;
    END LOOP;
    RETURN state;
END $$;
SELECT is_whole(one_by_one('SELECT hp_study_add_run(%s, %s, %s)', 'SELECT NULL::text AS a, config::text, loss::text AS b FROM runs ORDER BY id')::hp_study) AS runs,
    is_whole(one_by_one('SELECT hp_study_merge(%1$s, %3$s)', 'SELECT state::text AS a, NULL::text AS config, state::text AS b FROM studies ORDER BY shard DESC')::hp_study) AS studies,
    is_whole(one_by_one('SELECT hp_forest_merge(%1$s, %3$s)', 'SELECT state::text AS a, NULL::text AS config, state::text AS b FROM forests ORDER BY shard DESC')::hp_forest) AS forests;

-- states that are flat, that others hold too (read-only), that are ours alone (read/write): each is taken, none is changed but our own
WITH held AS MATERIALIZED (SELECT hp_study_agg(config, loss) AS state FROM runs WHERE shard < 2),
    other AS MATERIALIZED (SELECT hp_study_agg(config, loss) AS state FROM runs WHERE shard >= 2)
SELECT is_whole(hp_study_merge(h.state, o.state)) AS both_held, is_whole(hp_study_merge(h.state, f.state)) AS flat_to_held, is_whole(hp_study_merge(f.state, h.state)) AS held_to_flat,
    is_whole(hp_study_merge(hp_study_merge(NULL, h.state), o.state)) AS to_our_own, is_whole(hp_study_merge(h.state, hp_study_merge(NULL, o.state))) AS our_own, is_whole(hp_study_merge(h.state, o.state)) AS again
FROM held h, other o, (SELECT hp_study_agg(state)::text::hp_study AS state FROM studies WHERE shard >= 2) f;
-- what is stored compressed, out of line, or not at all
CREATE TABLE kept (how text, study hp_study, forest hp_forest);
INSERT INTO kept SELECT how, hp_study_agg(s.state), hp_forest_agg(f.state) FROM unnest('{plain,main,external,extended}'::text[]) how, studies s JOIN forests f USING (shard) WHERE shard < 3 GROUP BY how;
DO $$
DECLARE
    h text;
BEGIN
    FOREACH h IN ARRAY '{main,external,extended}'::text[] LOOP
        EXECUTE format('ALTER TABLE kept ALTER study SET STORAGE %1$s, ALTER forest SET STORAGE %1$s', h);
        UPDATE kept SET study = study::text::hp_study, forest = forest::text::hp_forest WHERE how = h;
    END LOOP;
END $$;
SELECT how, is_whole(hp_study_merge(study, s.state)) AS study, is_whole(hp_forest_merge(forest, f.state)) AS forest FROM kept, studies s JOIN forests f USING (shard) WHERE shard = 3 ORDER BY how;

-- the state of a group of one run is small: there may be very many
SELECT pg_column_size(hp_study_agg(config, loss)) < 200 AS small FROM runs WHERE id = 1;
-- the shape of a question that is sent to where the runs are
SELECT count(*) > 3 AS asked FROM (SELECT hp_study_agg(config, loss) AS study FROM runs) s, hp_importance(hp_forest(s.study, trees => 2)) i;
SELECT s.shard, count(*) > 2 AS asked FROM (SELECT shard, hp_study_agg(config, loss) AS study FROM runs GROUP BY shard) s, hp_importance(hp_forest(s.study, trees => 2)) i GROUP BY 1 ORDER BY 1;
DROP TABLE kept, carried, forests, wholes, studies, runs CASCADE;
DROP FUNCTION asked, is_whole(hp_study), is_whole(hp_forest), one_by_one;
