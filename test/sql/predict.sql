--
-- Prediction: the metric that a forest expects of a config. The data is such
-- that every tree must come out alike, so that the answers are exact.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- each combination is there often enough to be in every bootstrap sample
CREATE TEMP TABLE runs AS
SELECT i, jsonb_strip_nulls(jsonb_build_object('x', i % 9 + 1, 'on', i / 9 % 2 = 1, 'opt', (ARRAY['adam', 'lion', 'sgd'])[1 + i / 18 % 3],
           'warmup', CASE WHEN i / 54 % 2 = 1 THEN i % 9 * 10 END, 'const', 'c', 'id', 'run' || i, 'net', jsonb_build_object('depth', i / 108 % 2))) AS config,
       CASE WHEN i % 9 + 1 >= 5 THEN 10 ELSE 0 END AS step,
       CASE WHEN i / 9 % 2 = 1 THEN 3.5 ELSE -3.5 END AS flag,
       (ARRAY[1, 2, 4])[1 + i / 18 % 3] AS level,
       CASE WHEN (i % 9 + 1 >= 5) <> (i / 9 % 2 = 1) THEN 1 ELSE 0 END AS either,
       i / 54 % 2 AS warm, i / 108 % 2 AS deep
FROM generate_series(0, 2159) i;
CREATE TEMP TABLE forests AS
SELECT metric, hp_forest(hp_study('runs', metric), trees => 20) AS forest FROM unnest('{step,flag,level,either,warm,deep}'::text[]) metric;
CREATE FUNCTION pg_temp.predict(metric text, config jsonb) RETURNS float8 LANGUAGE sql AS $$
    SELECT hp_predict(forest, config) FROM forests f WHERE f.metric = predict.metric
$$;

-- what was seen comes out as it went in
SELECT metric, count(*), max(abs(hp_predict(forest, config) - CASE metric WHEN 'step' THEN step WHEN 'flag' THEN flag WHEN 'level' THEN level WHEN 'either' THEN either WHEN 'warm' THEN warm ELSE deep END)) < 1e-9 AS exact
FROM forests, runs WHERE i % 7 = 0 GROUP BY 1 ORDER BY 1;
-- numbers between those seen count as the nearest, beyond them as the last
SELECT x, round(pg_temp.predict('step', jsonb_build_object('x', x::float8))::numeric, 6) AS predicted
FROM unnest('{-1e300, 1, 4, 4.4, 4.6, 5, 9, 10, 1e300}'::text[]) x;
SELECT x, round(pg_temp.predict('step', jsonb_build_object('x', x))::numeric, 6) AS predicted FROM unnest('{1, "5 ", 4e0, 9.00, 0.9E1}'::text[]) x;
-- booleans, by word too
SELECT v AS "on", round(pg_temp.predict('flag', jsonb_build_object('on', v))::numeric, 6) AS predicted FROM unnest(ARRAY['true', 'false', '"true"', '"FALSE"']::jsonb[]) v;
-- levels
SELECT v AS opt, round(pg_temp.predict('level', jsonb_build_object('opt', v))::numeric, 6) AS predicted FROM unnest('{adam,lion,sgd}'::text[]) v;
-- what the forest does not know, or found constant or an identifier, is ignored
SELECT round(pg_temp.predict('step', '{"x": 7, "nothing": 1, "const": "d", "id": "run1", "X": 1, "net": "flat", "x.y": 1}')::numeric, 6) AS predicted;
-- names are paths, as in training; wrapped values are unwrapped
SELECT round(pg_temp.predict('deep', '{"net": {"depth": 1}}')::numeric, 6) AS nested, round(pg_temp.predict('deep', '{"net.depth": 1}')::numeric, 6) AS dotted,
       round(pg_temp.predict('deep', '{"net": {"depth": {"desc": null, "value": 1}}}')::numeric, 6) AS wrapped;

-- what is not said is averaged over what it might have been: 4 and 5 of 9, half, a third each
SELECT round(pg_temp.predict('step', '{}')::numeric, 0) AS step, round(pg_temp.predict('flag', '{}')::numeric, 0) AS flag, round(pg_temp.predict('level', '{}')::numeric, 1) AS level,
       round(pg_temp.predict('either', '{"x": 9}')::numeric, 1) AS half_known, round(pg_temp.predict('either', '{"x": 9, "on": false}')::numeric, 6) AS known;
SELECT pg_temp.predict('step', '{"x": null}') = pg_temp.predict('step', '{}') AS "null", pg_temp.predict('step', '{"x": "nan"}') = pg_temp.predict('step', '{}') AS nan,
       pg_temp.predict('step', '{"x": 1e400}') = pg_temp.predict('step', '{}') AS beyond;
-- and so is what was never seen: a new level, a word among numbers, a third truth
SELECT pg_temp.predict('level', '{"opt": "rmsprop"}') = pg_temp.predict('level', '{}') AS new_level,
       pg_temp.predict('level', '{"opt": 3}') = pg_temp.predict('level', '{}') AS number_for_level,
       pg_temp.predict('step', '{"x": "auto"}') = pg_temp.predict('step', '{}') AS word_for_number,
       pg_temp.predict('step', '{"x": [5]}') = pg_temp.predict('step', '{}') AS array_for_number,
       pg_temp.predict('flag', '{"on": "maybe"}') = pg_temp.predict('flag', '{}') AS third_truth;
-- but where missing was a value in training, it is one
SELECT round(pg_temp.predict('warm', '{"warmup": 10}')::numeric, 6) AS "set", round(pg_temp.predict('warm', '{"warmup": null}')::numeric, 6) AS "null", round(pg_temp.predict('warm', '{}')::numeric, 6) AS absent;
-- filled gaps are averaged over: what a parameter that only sgd has does, other optimizers do not feel
CREATE TEMP TABLE conditional AS
SELECT jsonb_strip_nulls(jsonb_build_object('opt', CASE i % 2 WHEN 0 THEN 'sgd' ELSE 'adam' END, 'momentum', CASE i % 2 WHEN 0 THEN i / 2 % 2 END)) AS config,
       CASE i % 2 WHEN 0 THEN i / 2 % 2 * 2 ELSE 8 END AS loss FROM generate_series(0, 999) i;
SELECT missing, round(hp_predict(f, '{"opt": "sgd", "momentum": 0}')::numeric, 6) AS low, round(hp_predict(f, '{"opt": "sgd", "momentum": 1}')::numeric, 6) AS high,
       round(hp_predict(f, '{"opt": "adam"}')::numeric, 6) AS other, round(hp_predict(f, '{"opt": "sgd"}')::numeric, 0) AS not_said
FROM unnest('{fill,value}'::text[]) missing, LATERAL (SELECT hp_forest(hp_study('conditional', 'loss'), missing => missing, trees => 20) AS f) t;

-- one row a level, missing one of them
SELECT v AS config, round(hp_predict(f, v)::numeric, 6) AS predicted
FROM (SELECT hp_forest(hp_study_agg(CASE WHEN i % 3 < 2 THEN jsonb_build_object('opt', (ARRAY['adam', 'sgd'])[1 + i % 3]) ELSE '{}' END, (ARRAY[1, 2, 4])[1 + i % 3]), encoding => 'onehot', trees => 20) AS f FROM generate_series(1, 900) i) t,
     unnest(ARRAY['{"opt": "adam"}', '{"opt": "sgd"}', '{"opt": null}', '{}', '{"opt_adam": true}']::jsonb[]) v;
SELECT hp_predict(f, '{"opt": "rmsprop"}') BETWEEN 1 AND 4 AS new_level
FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('opt', (ARRAY['adam', 'sgd', 'lion'])[1 + i % 3]), (ARRAY[1, 2, 4])[1 + i % 3]), encoding => 'onehot', trees => 20) AS f FROM generate_series(1, 900) i) t;
-- numbers that are levels have no neighbours
SELECT v AS task, round(hp_predict(f, jsonb_build_object('task', v))::numeric, 6) AS predicted
FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('task', i % 3 * 5), (ARRAY[1, 9, 4])[1 + i % 3]), categorical => '{task}', trees => 20) AS f FROM generate_series(1, 900) i) t,
     unnest(ARRAY['0', '5', '10', '"5"', '5.0']::jsonb[]) v;
-- a word among many numbers
SELECT v AS x, round(hp_predict(f, jsonb_build_object('x', v))::numeric, 6) AS predicted
FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('x', CASE i % 31 WHEN 0 THEN '"auto"' ELSE to_jsonb(i % 31) END), CASE WHEN i % 31 = 0 THEN 7 WHEN i % 31 > 15 THEN 3 ELSE 0 END), trees => 20) AS f FROM generate_series(1, 3100) i) t,
     unnest(ARRAY['"auto"', '1', '15', '16', '30']::jsonb[]) v;

-- a smooth function is nearly reproduced, and told from its noise
SELECT round(corr(hp_predict(f, config), y)::numeric, 2) AS r, max(abs(hp_predict(f, config) - y)) < 0.15 AS near
FROM (SELECT jsonb_build_object('a', i % 20 / 20.0, 'b', i / 20 % 20 / 20.0) AS config, i % 20 / 20.0 * (i / 20 % 20 / 20.0) AS y FROM generate_series(0, 399) i) r,
     (SELECT hp_forest(hp_study_agg(jsonb_build_object('a', i % 20 / 20.0, 'b', i / 20 % 20 / 20.0), i % 20 / 20.0 * (i / 20 % 20 / 20.0))) AS f FROM generate_series(0, 399) i) t;

-- on a table, with settings
SELECT round(hp_predict('runs', 'step', '{"x": 7}', trees => 20)::numeric, 6) AS step, round(hp_predict('runs', 'step', '{"x": 7}', '{config}', 20)::numeric, 6) AS by_place,
       hp_predict('runs', 'step', '{"x": 7}', trees => 20) = pg_temp.predict('step', '{"x": 7}') AS same;
SELECT round(hp_predict('runs', 'flag', '{"x": 7}', trees => 20, exclude => '{on}')::numeric, 0) AS blind;
-- columns as hyperparameters, several json columns
CREATE TEMP TABLE columns AS SELECT (config ->> 'x')::int AS x, (config ->> 'opt') AS opt, config, jsonb_build_object('x', i % 2) AS more, step, i % 2 AS odd FROM runs;
SELECT round(hp_predict('columns', 'step', '{"x": 7}', '{x,opt}', trees => 20)::numeric, 6) AS step,
       round(hp_predict('columns', 'odd', '{"config": {"x": 7}, "more": {"x": 1}}', '{config,more}', trees => 20)::numeric, 6) AS odd;

-- a config is an object; NULL asks nothing
SELECT hp_predict(NULL::hp_forest, '{}') IS NULL AS no_forest, pg_temp.predict('step', NULL) IS NULL AS no_config, hp_predict('runs', 'step', NULL) IS NULL AS no_candidate;
SELECT pg_temp.predict('step', '[1]');
-- nothing to predict with
SELECT hp_predict(hp_forest(hp_study_agg(config, 5), trees => 3), '{"x": 1}') FROM runs;

--
-- Stored forests, too large for a row
--
CREATE TEMP TABLE stored (name text, forest hp_forest);
INSERT INTO stored
SELECT 'f' || seed, hp_forest(hp_study_agg(jsonb_build_object('a', i * 7919 % 997, 'b', i * 31 % 101), i * 7919 % 997 + i * 31 % 101), trees => 20, seed => seed) FROM generate_series(1, 1000) i, generate_series(1, 2) seed GROUP BY seed;
SELECT name, pg_column_size(forest) > 20000 AS large FROM stored ORDER BY 1;
-- the same as from memory, for one forest over many rows and two in turn
SELECT count(*), count(*) FILTER (WHERE p = hp_predict(m.forest, c)) AS same
FROM (SELECT name, hp_predict(forest, jsonb_build_object('a', i * 10, 'b', i)) AS p, jsonb_build_object('a', i * 10, 'b', i) AS c FROM stored, generate_series(1, 100) i ORDER BY i, name) s
     JOIN (SELECT name, forest::text::hp_forest AS forest FROM stored) m USING (name);
SELECT count(DISTINCT hp_predict(forest, '{"a": 500, "b": 50}')) AS answers FROM stored;
-- a forest that was replaced
CREATE FUNCTION pg_temp.stored_predictions() RETURNS SETOF boolean LANGUAGE plpgsql AS $$
DECLARE
    p float8;
BEGIN
    FOR k IN 3 .. 5 LOOP
        UPDATE stored SET forest = (SELECT hp_forest(hp_study_agg(jsonb_build_object('a', i * 7919 % 997, 'b', i), k * (i * 7919 % 997)), trees => 20) FROM generate_series(1, 1000) i) WHERE name = 'f1';
        SELECT hp_predict(forest, '{"a": 500}') INTO p FROM stored WHERE name = 'f1';
        RETURN NEXT abs(p - k * 500) < k * 20;
    END LOOP;
END
$$;
SELECT * FROM pg_temp.stored_predictions();
-- not compressed; and in a row
ALTER TABLE stored ALTER forest SET STORAGE EXTERNAL;
INSERT INTO stored SELECT 'copy', forest::text::hp_forest FROM stored WHERE name = 'f2';
INSERT INTO stored SELECT 'small', forest FROM forests WHERE metric = 'flag';
SELECT a.name, b.name, hp_predict(a.forest, '{"a": 500, "b": 50, "on": true}') = hp_predict(b.forest, '{"a": 500, "b": 50, "on": true}') AS same FROM stored a, stored b WHERE a.name < b.name ORDER BY 1, 2;

-- the best of some candidates
SELECT c FROM forests, unnest(ARRAY['{"x": 1}', '{"x": 5}', '{"x": 9, "on": true}']::jsonb[]) c WHERE metric = 'either' ORDER BY hp_predict(forest, c), c LIMIT 1;
