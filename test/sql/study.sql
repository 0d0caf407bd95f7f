--
-- The type hp_study: what is read from configs and metrics, how studies are
-- made, merged, stored and checked.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
RESET client_min_messages;

-- the values found in some configs, one run each
CREATE FUNCTION pg_temp.found(VARIADIC configs text[],
    OUT parameter text, OUT value text, OUT runs bigint) RETURNS SETOF record
LANGUAGE sql AS $$
    SELECT v.*
    FROM (SELECT hp_study_agg(c::jsonb, 1) AS study FROM unnest(configs) c) s,
         hp_values(s.study) v
    ORDER BY v.parameter COLLATE "C", v.value COLLATE "C", v.runs
$$;

--
-- 1. A config is a JSON object, or NULL
--
SELECT * FROM pg_temp.found('{"lr": 0.1}', '{}', NULL, '{"lr": 0.1, "opt": "adam"}');
\set SHOW_CONTEXT never
SELECT * FROM pg_temp.found('[1, 2, 3]');
SELECT * FROM pg_temp.found('{"lr": 1}', '42');
SELECT * FROM pg_temp.found('true');
SELECT * FROM pg_temp.found('null');
SELECT * FROM pg_temp.found('"{\"lr\": 0.1}"');
-- shortened, between characters
SELECT * FROM pg_temp.found(to_jsonb(repeat(U&'\00e9\4e2d', 100))::text);
-- the remedy of the hint
SELECT hp_study_runs(hp_study_agg((c #>> '{}')::jsonb, 1))
FROM to_jsonb('{"lr": 0.1}'::text) c;

--
-- 2. Nested objects are flattened; keys may hold any character
--
SELECT * FROM pg_temp.found('{"model": {"depth": 3, "head": {"kind": "mlp", "dim": {"in": 8}}}, "lr": 1}');
SELECT * FROM pg_temp.found('{"a.b": 1, "a:b c": 2, "": 3, "x": {"": {"": 4}}, "\"q\"\\": 5, "été": {"ключ": 6}}');
-- two leaves with one path: the run has the later one in jsonb order
SELECT * FROM pg_temp.found('{"a.b": "literal", "a": {"b": 2}}', '{"a": {"b": 2}}');
SELECT * FROM pg_temp.found('{"a.b": 2, "a": {"b": 2}}', '{"a.b": null, "a": {"b": 3}}');
-- long paths
SELECT length(parameter), left(parameter, 20) AS begins, value
FROM pg_temp.found('{"' || repeat('k', 300) || '": {"' || repeat('m', 1000) || '": {"x": 1}}}');
-- any depth
SELECT length(parameter), value
FROM pg_temp.found(repeat('{"a":', 500) || '1' || repeat('}', 500));
-- Weights & Biases: {"value": x} and {"desc": ..., "value": x} stand for x
SELECT * FROM pg_temp.found('{"lr": {"desc": null, "value": 0.1}, "opt": {"value": "adam"},
    "net": {"value": {"layers": {"value": 3}, "list": [1]}}, "none": {"value": null},
    "_wandb": {"value": {"cli_version": "0.16"}}, "_wandb_x": 1, "_step": 2}');
-- but not at the top, and not beside other keys
SELECT * FROM pg_temp.found('{"value": 1}', '{"value": {"value": 2}}', '{"a": {"value": 3, "unit": "s"}}');
-- several config columns: _wandb is left out of each, but no deeper
SELECT * FROM pg_temp.found('{"config": {"_wandb": 1, "lr": 2, "deep": {"_wandb": 3}}}');

--
-- 3. Arrays, and empty objects, are one value each
--
SELECT * FROM pg_temp.found('{"layers": [64, 64], "e": {}, "f": []}', '{"layers": [64,64], "e": {}}',
    '{"layers": [{"n": 1}, null, "x"], "w": {"value": {}}}');

--
-- 4. null and an absent key are missing; "", "None" and "null" are values
--
SELECT * FROM pg_temp.found('{"a": null, "b": ""}', '{"a": "None", "b": "null"}', '{}');
SELECT * FROM pg_temp.found('{"a": null, "b": {"c": null}}');

-- values are of a kind: true, "true", 1 and "1" differ; 1.0 and 1 do not
SELECT * FROM pg_temp.found('{"x": true}', '{"x": "true"}', '{"x": 1}', '{"x": "1"}', '{"x": 1.0}', '{"x": 100e-2}', '{"x": "[1]"}', '{"x": [1]}');
-- zero has no sign; numbers beyond double are infinite
SELECT * FROM pg_temp.found('{"x": 0}', '{"x": -0.0}', '{"x": 1e400}', '{"x": -1e400}', '{"x": -1e-400}', '{"x": 1e-5}');

--
-- 7. Runs without a usable metric are left out and counted, unread
--
SELECT hp_study_runs(hp_study_agg(c::jsonb, m)), hp_study_agg(c::jsonb, m) AS study
FROM (VALUES ('{"lr": 0.1}', 1), ('{"lr": 2}', NULL), ('{"lr": 3}', 'NaN'), ('{"lr": 4}', 'Infinity'),
             ('{"lr": 5}', '-Infinity'), ('[]', NULL::float8)) v (c, m);
SELECT hp_study_runs(hp_study_agg(NULL, NULL));
SELECT hp_study_agg('{}', 1) IS NULL AS nothing FROM generate_series(1, 0);
SELECT hp_study_agg('{}', 1) IS NOT NULL AS empty_config;

--
-- 8. Equal runs are as many runs
--
SELECT * FROM pg_temp.found('{"lr": 0.1}', '{"lr": 0.1}', '{"lr": 0.1}');

--
-- Many values, many keys
--
CREATE TEMP TABLE many AS
SELECT i, jsonb_build_object('few', i % 3, 'byte', i % 255, 'word', 'w' || i % 300, 'id', i) ||
          CASE WHEN i % 1000 = 7 THEN jsonb_build_object('rare', i) ELSE '{}' END AS config,
       i::float8 AS metric
FROM generate_series(1, 70000) i;
CREATE TEMP TABLE study_of_many AS SELECT hp_study_agg(config, metric ORDER BY i) AS study FROM many;
SELECT parameter, count(*), min(runs), max(runs), sum(runs)
FROM study_of_many, hp_values(study) GROUP BY 1 ORDER BY 1;
SELECT count(*) AS wrong
FROM (SELECT key, value, count(*) FROM many, jsonb_each_text(config) GROUP BY 1, 2) a
     FULL JOIN (SELECT v.* FROM study_of_many, hp_values(study) v) b ON key = parameter AND a.value = b.value
WHERE a.count IS DISTINCT FROM b.runs;
SELECT study::text::hp_study::text = study::text AS same FROM study_of_many;

SELECT count(DISTINCT parameter), count(*), sum(runs)
FROM (SELECT hp_study_agg(c, 1) AS study
      FROM (SELECT jsonb_object_agg('key' || k, k % 7 * i) AS c
            FROM generate_series(1, 2000) k, generate_series(1, 20) i GROUP BY i) q) s, hp_values(study);
SELECT hp_study_runs(hp_study_agg(c, 1)) FROM (SELECT jsonb_object_agg('key' || k, 1) AS c FROM generate_series(1, 65535) k) q;
SELECT hp_study_runs(hp_study_agg(c, 1)) FROM (SELECT jsonb_object_agg('key' || k, 1) AS c FROM generate_series(1, 65536) k) q;

--
-- Aggregates: groups, frames, parallel plans, merging, all alike
--
CREATE TEMP TABLE runs AS
SELECT i, i % 7 AS g, jsonb_build_object('lr', round(1.0 / i, 5), 'opt', (ARRAY['adam', 'sgd', NULL])[i % 3 + 1]) ||
          CASE WHEN i % 5 = 0 THEN '{"extra": true}'::jsonb ELSE '{}' END AS config,
       nullif(i % 11, 0)::float8 AS metric
FROM generate_series(1, 100) i;
CREATE TEMP TABLE studies AS
SELECT g, hp_study_agg(config, metric ORDER BY i) AS study FROM runs GROUP BY g;

SELECT g, (hp_study_runs(study)).* FROM studies ORDER BY g;
-- a roll-up of stored studies is the study of all runs
SELECT hp_study_agg(study ORDER BY g)::text = (SELECT hp_study_agg(config, metric ORDER BY g, i)::text FROM runs) AS same
FROM studies;
SELECT hp_study_agg(study::text::hp_study ORDER BY g)::text = (SELECT hp_study_agg(config, metric ORDER BY g, i)::text FROM runs) AS same
FROM studies;
SELECT hp_study_runs(hp_study_agg(study)), hp_study_runs(hp_study_agg(study) FILTER (WHERE g < 3)),
       hp_study_agg(NULL::hp_study) IS NULL AS nothing
FROM studies;
-- a hash aggregate and a sorted one, grouping sets, a rescan
SET enable_sort = off;
SELECT count(*) AS wrong
FROM (SELECT g, hp_study_agg(config, metric) AS study FROM (SELECT * FROM runs ORDER BY i) r GROUP BY g) h
     JOIN studies s USING (g) WHERE hp_study_runs(h.study) IS DISTINCT FROM hp_study_runs(s.study);
RESET enable_sort;
SELECT g, i % 2 AS odd, hp_study_runs(hp_study_agg(config, metric)) FROM runs WHERE g < 2
GROUP BY GROUPING SETS ((g), (i % 2), ()) ORDER BY 1, 2;
SELECT g, (SELECT hp_study_runs(hp_study_agg(config, metric)) FROM runs r WHERE r.g = s.g) FROM studies s WHERE g < 3 ORDER BY g;
-- moving frames
SELECT count(*) AS wrong
FROM (SELECT i, hp_study_agg(config, metric) OVER (ORDER BY i) AS so_far,
             hp_study_agg(config, metric) OVER (ORDER BY i ROWS 3 PRECEDING) AS latest,
             hp_study_agg(config, metric) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS rest
      FROM runs) f
WHERE so_far::text <> (SELECT hp_study_agg(config, metric ORDER BY i)::text FROM runs r WHERE r.i <= f.i)
   OR latest::text <> (SELECT hp_study_agg(config, metric ORDER BY i)::text FROM runs r WHERE r.i BETWEEN f.i - 3 AND f.i)
   OR rest::text <> (SELECT hp_study_agg(config, metric ORDER BY i)::text FROM runs r WHERE r.i >= f.i);
CREATE TEMP TABLE frames AS SELECT i, hp_study_agg(config, metric) OVER (ORDER BY i) AS study FROM runs;
SELECT count(*) AS wrong FROM frames f
WHERE study::text <> (SELECT hp_study_agg(config, metric ORDER BY i)::text FROM runs r WHERE r.i <= f.i);

-- parallel workers flatten their studies, the leader merges them
CREATE TABLE shared_runs AS SELECT * FROM many;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT hp_study_agg(config, metric) FROM shared_runs;
CREATE TEMP TABLE parallel_study AS SELECT hp_study_agg(config, metric) AS study FROM shared_runs;
RESET ALL;
SELECT count(*) AS wrong
FROM (SELECT v.* FROM study_of_many, hp_values(study) v) a
     FULL JOIN (SELECT v.* FROM parallel_study, hp_values(study) v) b USING (parameter, value, runs)
WHERE a.parameter IS NULL OR b.parameter IS NULL;
DROP TABLE shared_runs;

-- the functions of the aggregates may be called by themselves and change nothing
SELECT hp_study_merge(NULL, NULL) IS NULL AS nothing,
       hp_study_merge(study, NULL)::text = study::text AS left_same,
       hp_study_merge(NULL, study)::text = study::text AS right_same,
       hp_study_runs(hp_study_merge(study, study)) AS twice,
       hp_study_runs(hp_study_add_run(hp_study_add_run(study, '{"new": 1}', 2), NULL, NULL)) AS two_more,
       hp_study_runs(study) AS unchanged
FROM studies WHERE g = 1;
DO $$
DECLARE
    study hp_study;
    before hp_study;
BEGIN
    FOR i IN 1 .. 20 LOOP
        before := study;
        study := hp_study_add_run(study, jsonb_build_object('i', i), i);
    END LOOP;
    RAISE NOTICE 'before %, after %', hp_study_runs(before), hp_study_runs(study);
END
$$;
-- row by row is as the aggregate, so nothing rests on what a call leaves behind
CREATE FUNCTION pg_temp.row_by_row() RETURNS hp_study LANGUAGE plpgsql AS $$
DECLARE
    study hp_study;
    run record;
BEGIN
    FOR run IN SELECT config, metric FROM runs ORDER BY i LOOP
        EXECUTE 'SELECT hp_study_add_run($1, $2, $3)' INTO study USING study, run.config, run.metric;
    END LOOP;
    RETURN study;
END
$$;
SELECT pg_temp.row_by_row()::text = hp_study_agg(config, metric ORDER BY i)::text AS same FROM runs;

--
-- What Citus and parallel query need of the declarations
--
SELECT a.aggfnoid::regprocedure, a.aggtranstype::regtype, a.aggcombinefn, a.aggserialfn, a.aggfinalextra,
       p.proparallel, t.typtype, t.typreceive, t.typsend
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_type t ON t.oid = a.aggtranstype
WHERE p.proname = 'hp_study_agg' ORDER BY 1;

--
-- Text and binary form
--
SELECT hp_study_agg('{"lr": 0.1}', 1) AS study;
SELECT encode(hp_study_send(hp_study_agg('{"lr": 0.1}', 1)), 'hex') AS study;
\copy studies TO 'results/study.bin' WITH (FORMAT binary)
CREATE TEMP TABLE back (LIKE studies);
\copy back FROM 'results/study.bin' WITH (FORMAT binary)
SELECT count(*) AS same FROM studies s JOIN back b USING (g) WHERE s.study::text = b.study::text;

--
-- Forged values are refused
--
CREATE FUNCTION pg_temp.read(bytes text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    RETURN hp_study_runs(replace(encode(decode(replace(bytes, ' ', ''), 'hex'), 'base64'), E'\n', '')::hp_study)::text;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(': ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
SELECT 'x'::hp_study;
SELECT ''::hp_study;
SELECT 'aHBzdAE='::hp_study;
SELECT what, pg_temp.read(bytes) FROM (VALUES
    ('whole', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 02 6c72 01 01 9a9999999999b93f 01 01'),
    ('magic', '68707375 01 06 01 01 00 00 00 00 000000000000f03f 02 6c72 01 01 9a9999999999b93f 01 01'),
    ('version', '68707374 02 06 01 01 00 00 00 00 000000000000f03f 02 6c72 01 01 9a9999999999b93f 01 01'),
    ('encoding', '68707374 01 ff 01 01 00 00 00 00 000000000000f03f 02 6c72 01 01 9a9999999999b93f 01 01'),
    ('client encoding', '68707374 01 25 01 01 00 00 00 00 000000000000f03f 02 6c72 01 01 9a9999999999b93f 01 01'),
    ('too many runs', '68707374 01 06 ffffffff07 01 00 00 00 00 000000000000f03f 02 6c72 01 01 9a9999999999b93f 01 01'),
    ('more than runs can be', '68707374 01 06 8080808008 01 00 00 00 00 000000000000f03f'),
    ('long form of a count', '68707374 01 06 8100 01 00 00 00 00 000000000000f03f'),
    ('endless count', '68707374 01 06 ffffffffffffffffffffffff'),
    ('left out 2^63-1', '68707374 01 06 00 00 ffffffffffffffff7f ffffffffffffffff7f 00 00'),
    ('left out 2^63', '68707374 01 06 00 00 80808080808080808001 00 00 00'),
    ('metric NaN', '68707374 01 06 01 00 00 00 00 00 000000000000f87f'),
    ('metric infinite', '68707374 01 06 01 00 00 00 00 00 000000000000f07f'),
    ('name not UTF-8', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 02 c328 01 01 9a9999999999b93f 01 01'),
    ('name with NUL', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 02 6c00 01 01 9a9999999999b93f 01 01'),
    ('name too long', '68707374 01 06 01 01 00 00 00 00 000000000000f03f ffffffff03 6c72 01 01 9a9999999999b93f 01 01'),
    ('name twice', '68707374 01 06 01 02 00 00 00 00 000000000000f03f 01 61 01 02 01 01 01 01 61 01 02 01 01 01'),
    ('no values', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 00 01 00'),
    ('value twice', '68707374 01 06 02 01 00 00 00 00 000000000000f03f 000000000000f03f 01 61 02 02 01 02 01 02 01 02'),
    ('unknown tag', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 01 05 01 01 01'),
    ('boolean 2', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 01 02 02 01 01'),
    ('number NaN', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 01 01 000000000000f87f 01 01'),
    ('number -0', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 01 01 0000000000000080 01 01'),
    ('number infinite', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 01 01 000000000000f07f 01 01'),
    ('more values than runs', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 02 02 00 02 01 01 01'),
    ('more codes than runs', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 01 02 01 02 01 01'),
    ('code out of range', '68707374 01 06 01 01 00 00 00 00 000000000000f03f 01 61 01 02 01 01 02'),
    ('ends with missing', '68707374 01 06 02 01 00 00 00 00 000000000000f03f 000000000000f03f 01 61 01 02 01 02 01 00'),
    ('something follows', '68707374 01 06 01 00 00 00 00 00 000000000000f03f 00'),
    ('Latin 1', '68707374 01 08 01 01 00 00 00 00 000000000000f03f 02 e974 01 01 9a9999999999b93f 01 01')) v (what, bytes);
-- texts of another encoding are converted
SELECT v.* FROM (VALUES ('aHBzdAEIAQEAAAAAAAAAAAAA8D8C6XQBAZqZmZmZmbk/AQE='::hp_study)) s (study), hp_values(study) v;

-- each byte changed, each end cut off: an error of the right kind, or a study
DO $$
DECLARE
    whole bytea;
    changed bytea;
    study hp_study;
    mask int;
    refused int := 0;
    accepted int := 0;
BEGIN
    SELECT hp_study_send(hp_study_agg(c::jsonb, m)) INTO whole
    FROM (VALUES ('{"lr": 0.1, "opt": "adam", "nested": {"on": true, "list": [1, "é"]}}', 0.5),
                 ('{"lr": 0.2, "opt": "sgd", "nested": {"on": false}, "e": {}}', 1.5),
                 ('{"lr": 0.3, "opt": "sgd"}', NULL), (NULL, 2)) v (c, m);
    FOR i IN 0 .. length(whole) - 1 LOOP
        FOREACH mask IN ARRAY '{0, 1, 2, 3, 4, 8, 16, 32, 64, 128, 255}'::int[] LOOP
            IF mask > 0 THEN
                changed := set_byte(whole, i, get_byte(whole, i) # mask);
            ELSE
                changed := substr(whole, 1, i);
            END IF;
            BEGIN
                study := replace(encode(changed, 'base64'), E'\n', '')::hp_study;
                IF (SELECT count(*) FROM hp_values(study)) > 100 OR study::text::hp_study::text <> study::text OR
                   (hp_study_runs(hp_study_agg(s))).runs <> 2 * (hp_study_runs(study)).runs
                   FROM (VALUES (study), (study)) v (s) THEN
                    RAISE 'unreadable with % at byte %', mask, i;
                END IF;
                accepted := accepted + 1;
            EXCEPTION WHEN invalid_binary_representation OR character_not_in_repertoire OR
                untranslatable_character OR undefined_function THEN
                refused := refused + 1;
            END;
        END LOOP;
    END LOOP;
    RAISE NOTICE 'refused many: %, read many: %', refused > 500, accepted > 100;
END
$$;

--
-- hp_number: the number at a path
--
SELECT d, hp_number(d::jsonb) FROM unnest(ARRAY['1', '-0.5', '"0.001"', '" 1e3 "', '"1.5E-2"', '"nan"', '"-Inf"', '"+Infinity"',
    '"1e999"', '""', '"abc"', '"0x10"', '"1_000"', '"01"', '".5"', '"5."', '"1e"', '"+1"', '"--1"', '"1 2"', '"-"', 'true', 'null', '[1]', '{"": 1}']) d;
SELECT path, hp_number('{"val": {"loss": 0.25, "acc": "0.9", "no": null}, "val.loss": 0.5, "a": {"b.c": 1, "b": {"c": 2, "d": 3}}, "a.b": {"d": 4}, "": {"x": 5}, "s": [1]}', path)
FROM unnest(ARRAY['val.loss', 'val.acc', 'val.no', 'val', 'val.none', 'a.b.c', 'a.b.d', 'a.b.e', 'a.b', '.x', 's', 's.0', 'val.', 'a..b', '.']) path;
SELECT hp_number(NULL, 'x') IS NULL AS no_document, hp_number('{}', NULL) IS NULL AS no_path;

-- every number as the server's own cast reads it, to the last bit
SELECT setseed(0.5);
SELECT count(*) AS numbers, count(*) FILTER (WHERE float8send(hp_number(to_jsonb(n))) <> float8send(n::float8)) AS wrong
FROM (SELECT (CASE WHEN i % 2 = 0 THEN '-' ELSE '' END || (random() * 1e9)::bigint || lpad((random() * 1e9)::bigint::text, 9, '0') ||
             'e' || (random() * 60 - 40)::int)::numeric AS n FROM generate_series(1, 20000) i
      UNION ALL SELECT random()::text::numeric FROM generate_series(1, 20000)
      UNION ALL SELECT (exp(random() * 400 - 200)::text)::numeric FROM generate_series(1, 10000)
      UNION ALL SELECT round(random()::numeric * 10::numeric ^ (i % 12), i % 7) FROM generate_series(1, 10000) i
      -- halfway between two doubles
      UNION ALL SELECT (9007199254740993 + 2 * i) * 2::numeric ^ (i % 9) FROM generate_series(0, 10000) i
      UNION ALL SELECT trunc((9007199254740993 + 2 * i) / 2::numeric ^ (1 + i % 9), 30) FROM generate_series(0, 10000) i) q;
