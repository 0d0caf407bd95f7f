--
-- A forest trained in parts, here and there, is the forest trained at once.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never
\set VERBOSITY default

CREATE FUNCTION u(run int, what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || substr(md5(run || what), 1, 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE runs AS
SELECT i AS id, jsonb_strip_nulls(jsonb_build_object('lr', round(u(i, 'lr')::numeric, 3), 'layers', floor(4 * u(i, 'layers')), 'dropout', CASE WHEN u(i, 'has') < 0.6 THEN round(u(i, 'drop')::numeric, 2) END,
        'optimizer', jsonb_build_object('name', o, 'momentum', CASE WHEN o = 'sgd' THEN round(u(i, 'mom')::numeric, 2) END, 'beta', round(u(i, 'beta')::numeric, 1)))) AS config,
    u(i, 'lr') ^ 2 + CASE o WHEN 'sgd' THEN 0.5 ELSE 0.1 END + 0.2 * u(i, 'noise') AS loss
FROM generate_series(1, 240) i, LATERAL (SELECT (ARRAY['sgd', 'adam', 'rmsprop'])[1 + floor(3 * u(i, 'opt'))::int] AS o) d;
CREATE TABLE studies AS SELECT hp_study_agg(config, loss) AS study FROM runs;

--
-- Every bit of every value, by each method, with all there may be to it, in parts
-- that share out the trees evenly or not, or that are more than there are trees
--
CREATE TABLE ways (way text, parts int);
INSERT INTO ways VALUES ('method => ''permutation'', depth => 1, uncertainty => true', 3), ('method => ''permutation''', 2), ('method => ''impurity'', depth => 1, uncertainty => true, encoding => ''onehot''', 5),
    ('method => ''corrected''', 4), ('method => ''fanova'', uncertainty => true, seed => 7', 3), ('method => ''ped_anova'', trees => 20', 2),
    ('trees => 5, max_depth => 2, max_features => 0.5, include => ''{lr,dropout}'', goal => ''maximize'', quantile => 0.3', 9), ('trees => 2, categorical => ''{layers}'', missing => ''value'', min_samples_leaf => 9', 1),
    ('include => ''{}'', uncertainty => true', 3);
CREATE FUNCTION train(way text, parts text DEFAULT '') RETURNS hp_forest LANGUAGE plpgsql AS $$
DECLARE
    forest hp_forest;
BEGIN
    EXECUTE format('SELECT hp_forest(study, %s%s) FROM studies', way, parts) INTO forest;
    RETURN forest;
END $$;
CREATE TABLE parts AS
SELECT way, parts, part, train(way, format(', part => %s, parts => %s', part, parts)) AS forest FROM ways, generate_series(1, parts) part;
CREATE TABLE wholes AS SELECT way, parts, train(way) AS whole FROM ways;
SELECT way, parts, whole::text = up::text AS up, whole::text = down::text AS down, whole::text = shuffled::text AS shuffled
FROM (SELECT way, hp_forest_agg(forest ORDER BY part) AS up, hp_forest_agg(forest ORDER BY part DESC) AS down, hp_forest_agg(forest ORDER BY md5(part::text)) AS shuffled
      FROM parts GROUP BY way) w JOIN wholes USING (way) ORDER BY way COLLATE "C";
-- they answer
SELECT p.parameter, p.importance > 0.1 AS matters, p.standard_error > 0 AS error, p.p_value < 0.05 AS significant, (SELECT kind FROM hp_parameters(w.forest) q WHERE q.parameter = p.parameter) AS kind
FROM (SELECT hp_forest_agg(forest) AS forest FROM parts WHERE way LIKE '%permutation%depth%') w, hp_parameters(w.forest) p WHERE p.importance > 0.1 ORDER BY 1;

--
-- Merged in any grouping, by calls from SQL, from row to row; what is merged stays as it is
--
SELECT hp_forest_agg(merged)::text = (SELECT whole::text FROM wholes WHERE way LIKE '%corrected%') AS grouped
FROM (SELECT part % 2 AS half, hp_forest_agg(forest) AS merged FROM parts WHERE way LIKE '%corrected%' GROUP BY 1) h;
DO $$
DECLARE
    state hp_forest;
    before text;
    one record;
BEGIN
    FOR one IN SELECT forest FROM parts WHERE way LIKE '%corrected%' ORDER BY part DESC LOOP
        IF state IS NOT NULL THEN
            before := state::text || one.forest::text;
            PERFORM hp_forest_merge(state, one.forest);
            IF before <> state::text || one.forest::text THEN RAISE 'a merge has changed what it merged'; END IF;
            state := hp_forest_merge(state, one.forest);
        ELSE
            state := one.forest;
        END IF;
    END LOOP;
    RAISE INFO 'row by row: %', state::text = (SELECT whole::text FROM wholes WHERE way LIKE '%corrected%');
END
$$;
-- no part is nothing, and neither is NULL
SELECT hp_forest_agg(NULL::hp_forest) IS NULL AS nothing, hp_forest_agg(forest) IS NULL AS none FROM parts WHERE part < 0;
SELECT hp_forest(NULL, part => 1, parts => 2) IS NULL AS of_nothing;
SELECT hp_forest_agg(forest)::text = (SELECT whole::text FROM wholes WHERE way LIKE '%permutation''') AS with_nulls
FROM (SELECT forest FROM parts WHERE way = 'method => ''permutation''' UNION ALL SELECT NULL) f;
-- through the text form, stored, through the binary form
SELECT hp_forest_agg(forest::text::hp_forest)::text = (SELECT whole::text FROM wholes WHERE way LIKE '%fanova%') AS by_text FROM parts WHERE way LIKE '%fanova%';
SELECT count(*) AS same FROM parts WHERE forest::text::hp_forest::text = forest::text;
CREATE TABLE carried (LIKE parts);
\copy parts TO 'results/parts.bin' WITH (FORMAT binary)
\copy carried FROM 'results/parts.bin' WITH (FORMAT binary)
SELECT count(*) AS same FROM parts JOIN carried USING (way, part) WHERE parts.forest::text = carried.forest::text;
SELECT hp_forest_agg(forest)::text = (SELECT whole::text FROM wholes WHERE way LIKE '%fanova%') AS by_binary FROM carried WHERE way LIKE '%fanova%';
-- the middle of a window, whose state is looked at again and again
SELECT part, hp_forest_agg(forest) OVER (ORDER BY part)::text = (SELECT whole::text FROM wholes WHERE way LIKE '%corrected%') AS whole FROM parts WHERE way LIKE '%corrected%' ORDER BY part;
-- in parallel workers
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE TABLE many AS SELECT part, train('trees => 20', format(', part => %s, parts => 20', part)) AS forest FROM generate_series(1, 20) part;
ALTER TABLE many SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT hp_forest_agg(forest) FROM many;
SELECT hp_forest_agg(forest)::text = (SELECT train('trees => 20')::text) AS parallel FROM many;
COMMIT;
-- hundreds of them, asked twice
SELECT hp_forest_agg(forest)::text = (SELECT train('trees => 600, max_depth => 2, method => ''impurity''')::text) AS hundreds, hp_forest_agg(forest)::text = hp_forest_agg(forest ORDER BY part DESC)::text AS downwards
FROM (SELECT part, train('trees => 600, max_depth => 2, method => ''impurity''', format(', part => %s, parts => 300', part)) AS forest FROM generate_series(1, 300) part) p;
-- within hpimp.max_memory
CREATE TABLE large AS SELECT hp_forest(study, trees => 40, method => 'impurity', min_samples_leaf => 1, part => part, parts => 4) AS forest FROM (SELECT hp_study_agg(jsonb_build_object('x', u(i, 'x')), u(i, 'y')) AS study FROM generate_series(1, 20000) i) s, generate_series(1, 4) part;
SELECT sum(length(hp_forest_send(forest))) > 16 * 1024 * 1024 AS large FROM large;
SET hpimp.max_memory = '16MB';
DO $$ BEGIN PERFORM hp_forest_agg(forest) FROM large; EXCEPTION WHEN program_limit_exceeded THEN RAISE WARNING '%', SQLERRM; END $$;
RESET hpimp.max_memory;
SELECT hp_forest_agg(forest) IS NOT NULL AS merged FROM large;
DROP TABLE large;
-- of runs that tell nothing: as at once
SET client_min_messages = notice;
SELECT q.runs_used, q.trees, q.oob_r2, q.verdict FROM (SELECT hp_forest_agg(hp_forest(study, part => part, parts => 2)) AS forest FROM (SELECT hp_study_agg('{"lr": 1}', 1) AS study FROM generate_series(1, 3)) s, generate_series(1, 2) part) f, hp_quality(f.forest) q;
-- of a forest that predicts next to nothing: said once, by the whole
SELECT q.trees, q.oob_r2 < 0.1 AS weak
FROM (SELECT hp_forest_agg(hp_forest(study, part => part, parts => 2)) AS forest FROM (SELECT hp_study_agg(jsonb_build_object('x', u(i, 'x')), u(i, 'y')) AS study FROM generate_series(1, 60) i) s, generate_series(1, 2) part) f, hp_quality(f.forest) q;
SET client_min_messages = warning;

--
-- What is not whole has no answer
--
CREATE VIEW unfinished AS SELECT hp_forest_agg(forest) AS forest FROM parts WHERE way LIKE '%impurity%' AND part IN (2, 4);
SELECT * FROM unfinished, hp_importance(forest);
SELECT * FROM unfinished, hp_parameters(forest);
SELECT * FROM unfinished, hp_quality(forest);
SELECT * FROM unfinished, hp_interactions(forest);
SELECT * FROM unfinished, hp_marginal(forest, 'lr');
SELECT * FROM unfinished, hp_suggest(forest);
SELECT hp_space(forest, 'uniform') FROM unfinished;
SELECT hp_report(forest) FROM unfinished;
SELECT hp_report_as(forest, 'html') FROM unfinished;
SELECT hp_predict(forest, '{}') FROM unfinished;
SELECT hp_importance(hp_forest(study, part => 30, parts => 40)) FROM studies;

--
-- What does not belong together is not merged
--
SELECT hp_forest_agg(forest) FROM (SELECT forest FROM parts WHERE way LIKE '%impurity%' AND part < 4 UNION ALL SELECT forest FROM parts WHERE way LIKE '%impurity%' AND part = 2) f;
SELECT hp_forest_agg(hp_forest(study)) FROM studies, generate_series(1, 2);
SELECT hp_forest_agg(forest) FROM (SELECT forest FROM parts WHERE way = 'method => ''permutation''' UNION ALL SELECT forest FROM parts WHERE way = 'method => ''permutation''') f;
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 1 + n)) FROM studies, generate_series(1, 2) n;
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 3, seed => n)) FROM studies, generate_series(1, 2) n;
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 3, uncertainty => n = 1)) FROM studies, generate_series(1, 2) n;
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 3, exclude => CASE n WHEN 1 THEN '{lr}'::text[] END)) FROM studies, generate_series(1, 2) n;
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 3, encoding => CASE n WHEN 1 THEN 'native' ELSE 'onehot' END)) FROM studies, generate_series(1, 2) n;
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 3)) FROM (SELECT n, hp_study_agg(config, loss) AS study FROM runs, generate_series(1, 2) n WHERE id > n GROUP BY n) s;
-- another name, or another constant
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 3)) FROM (SELECT n, hp_study_agg(jsonb_build_object('x' || n, id % 5), loss) AS study FROM runs, generate_series(1, 2) n GROUP BY n) s;
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 3)) FROM (SELECT n, hp_study_agg(jsonb_build_object('x', id % 5, 'code', n), loss) AS study FROM runs, generate_series(1, 2) n GROUP BY n) s;
-- the same values of each parameter, the same metrics, another run with each
SELECT hp_forest_agg(hp_forest(study, part => n, parts => 3))
FROM (SELECT n, hp_study_agg(jsonb_build_object('a', a, 'b', CASE n WHEN 1 THEN b ELSE c END), m) AS study
      FROM (VALUES ('u', 'x', 'y', 1), ('u', 'y', 'x', 2), ('v', 'x', 'x', 2), ('v', 'y', 'y', 1)) v (a, b, c, m), generate_series(1, 2) n GROUP BY n) s;

--
-- Which part
--
SELECT hp_forest(study, part => 1) FROM studies;
SELECT hp_forest(study, parts => 1) FROM studies;
SELECT hp_forest(study, part => 0, parts => 3) FROM studies;
SELECT hp_forest(study, part => 4, parts => 3) FROM studies;
SELECT hp_forest(study, part => -1, parts => -1) FROM studies;
SELECT hp_forest(study, part => 1, parts => 10001) FROM studies;
SELECT hp_forest(study, part => 2147483647, parts => 2147483647) FROM studies;
SELECT hp_forest(study, part => 1, parts => 1)::text = hp_forest(study)::text AS the_only_part FROM studies;
SELECT count(*) AS of_most FROM (SELECT hp_forest(study, trees => 3, part => n, parts => 10000) AS forest FROM studies, unnest('{1,5000,10000}'::int[]) n) f WHERE forest IS NOT NULL;

--
-- Forged parts are refused, or merged and asked without harm
--
CREATE FUNCTION forge(bytes bytea) RETURNS hp_forest LANGUAGE sql AS $$ SELECT translate(encode(bytes, 'base64'), E'\n', '')::hp_forest $$;
CREATE TABLE small AS
SELECT way, part, hp_forest_send(hp_forest(study, trees => 3, method => method, depth => CASE method WHEN 'fanova' THEN NULL ELSE 1 END, uncertainty => uncertainty, part => part, parts => 2)) AS bytes
FROM (VALUES (1, 'permutation', false), (2, 'corrected', false), (3, 'fanova', false), (4, 'impurity', true)) w (way, method, uncertainty),
    (SELECT hp_study_agg(jsonb_build_object('a.x', i % 5, 'a.y', i % 3, 'o', CASE WHEN i % 2 = 0 THEN 'sgd' ELSE 'adam' END), i % 7) AS study FROM generate_series(1, 12) i) s, generate_series(1, 2) part;
DO $$
DECLARE
    one record;
    place int;
    value int;
    forged hp_forest;
    whole hp_forest;
    refused int := 0;
    answered int := 0;
BEGIN
    FOR one IN SELECT way, a.bytes AS bytes, forge(b.bytes) AS other FROM small a JOIN small b USING (way) WHERE a.part = 1 AND b.part = 2 ORDER BY way LOOP
        -- an end too early, anywhere
        FOR place IN SELECT p FROM generate_series(0, length(one.bytes) - 1, greatest(1, length(one.bytes) / 400)) p LOOP
            BEGIN
                forged := forge(substr(one.bytes, 1, place));
                RAISE 'the first % bytes are no forest', place;
            EXCEPTION WHEN invalid_binary_representation OR invalid_text_representation THEN
                refused := refused + 1;
            END;
        END LOOP;
        -- another byte, anywhere
        FOR place IN SELECT p FROM generate_series(0, length(one.bytes) - 1, greatest(1, length(one.bytes) / 800)) p LOOP
            FOREACH value IN ARRAY ARRAY[0, 1, 127, 255] LOOP
                BEGIN
                    forged := forge(set_byte(one.bytes, place, value));
                    whole := hp_forest_merge(forged, one.other);
                    IF EXISTS (SELECT FROM hp_parameters(whole) WHERE importance NOT BETWEEN 0 AND 1e100 OR standard_error NOT BETWEEN 0 AND 1e100 OR p_value NOT BETWEEN 0 AND 1)
                        OR whole::text::hp_forest::text <> whole::text OR hp_forest_merge(one.other, forged)::text <> whole::text OR (SELECT count(*) FROM hp_interactions(whole)) > 100 THEN
                        RAISE 'an answer that is none, by % at byte % of %', value, place, one.way;
                    END IF;
                    answered := answered + 1;
                EXCEPTION WHEN invalid_binary_representation OR invalid_text_representation OR invalid_parameter_value OR object_not_in_prerequisite_state OR character_not_in_repertoire OR untranslatable_character OR program_limit_exceeded THEN
                    refused := refused + 1;
                END;
            END LOOP;
        END LOOP;
    END LOOP;
    RAISE INFO 'some are refused: %, some are not: %', refused > 1000, answered > 1000;
END
$$;
SELECT forge(set_byte(bytes, 4, 99)) FROM small LIMIT 1;
SELECT forge(bytes || '\x00') FROM small LIMIT 1;
-- trees where none can be grown: a merge would take one part's for those of both
SELECT forge(substr(bytes, 1, length(bytes) - 1) || '\x0101000000000000000000000000000000000000000000000001000000' || '\x00000000') FROM (SELECT hp_forest_send(hp_forest(hp_study_agg('{"x": 1}', 1), trees => 2, method => 'impurity', part => 1, parts => 2)) AS bytes FROM generate_series(1, 3)) f;
DROP TABLE small, many, carried, parts, wholes, ways, studies, runs CASCADE;
DROP FUNCTION u, train, forge;
