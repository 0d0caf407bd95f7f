--
-- Degenerate studies: nothing, nearly nothing, nothing that varies, nothing
-- that can be told. Never an error, never a number without a meaning.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
RESET client_min_messages;
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.u(i int, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT (hashint4extended(i, k) & 4294967295) / 4294967296.0::float8';
-- the forest of some configs and metrics
CREATE FUNCTION pg_temp.forest(configs text[], metrics float8[], method text DEFAULT 'permutation') RETURNS hp_forest
LANGUAGE sql AS $$
    SELECT hp_forest(hp_study_agg(u.c::jsonb, u.m), trees => 20, method => method) FROM unnest(configs, metrics) u (c, m)
$$;
CREATE TABLE runs (config jsonb, val_loss float8);

--
-- No rows: no value, no answer
--
SELECT hp_study('runs', 'val_loss') IS NULL AS no_study;
SELECT * FROM hp_importance('runs', 'val_loss');
SELECT * FROM hp_parameters('runs', 'val_loss');
SELECT * FROM hp_quality('runs', 'val_loss');
SELECT * FROM hp_correlation('runs', 'val_loss');
SELECT * FROM hp_levels('runs', 'val_loss');
SELECT hp_predict('runs', 'val_loss', '{"lr": 1}') IS NULL AS no_prediction;
SELECT hp_forest(hp_study_agg(config, val_loss)) IS NULL AS no_forest FROM runs;

--
-- One run
--
INSERT INTO runs VALUES ('{"lr": 0.1, "optimizer": "adam"}', 0.5);
SELECT * FROM hp_importance('runs', 'val_loss');
SELECT parameter, kind, runs, missing, distinct_values, minimum, maximum, importance, association, note FROM hp_parameters('runs', 'val_loss');
SELECT * FROM hp_quality('runs', 'val_loss');
SELECT * FROM hp_correlation('runs', 'val_loss');
SELECT * FROM hp_levels('runs', 'val_loss');
SELECT hp_predict('runs', 'val_loss', '{"lr": 1}');

--
-- Runs without a metric count as left out
--
INSERT INTO runs VALUES ('{"lr": 0.2}', NULL), ('{"lr": 0.3}', 'NaN'), ('{"lr": 0.4}', 'Infinity'), ('{"lr": 0.5}', '-Infinity'), (NULL, NULL);
SELECT * FROM hp_importance('runs', 'val_loss');
SELECT runs_used, runs_left_out, metric_null, metric_nan, metric_infinite FROM hp_quality('runs', 'val_loss');
-- their configs do not count
SELECT parameter, runs, missing, distinct_values FROM hp_parameters('runs', 'val_loss');
DELETE FROM runs WHERE val_loss = 0.5;
SELECT * FROM hp_importance('runs', 'val_loss');
SELECT * FROM hp_quality('runs', 'val_loss');
SELECT * FROM hp_correlation('runs', 'val_loss');
SELECT * FROM hp_levels('runs', 'val_loss');
SELECT count(*) FROM hp_parameters('runs', 'val_loss');
DROP TABLE runs;

--
-- Two runs, three runs
--
SELECT parameter, importance, round(correlation::numeric, 9) AS correlation
FROM hp_importance(pg_temp.forest('{"{\"x\": 1, \"w\": \"a\"}", "{\"x\": 2, \"w\": \"a\"}"}', '{1, 2}', 'impurity'));
SELECT runs_used, parameters, oob_r2, round(oob_rmse::numeric, 6) AS oob_rmse, verdict FROM hp_quality(pg_temp.forest('{"{\"x\": 1}", "{\"x\": 2}"}', '{1, 2}'));
SELECT i.parameter, round(importance::numeric, 6) AS importance FROM hp_importance(pg_temp.forest('{"{\"x\": 1, \"y\": 5}", "{\"x\": 2, \"y\": 5}", "{\"x\": 2, \"y\": 6}"}', '{1, 2, 2}', 'impurity')) i;

--
-- A constant metric
--
SELECT * FROM hp_importance(pg_temp.forest('{"{\"x\": 1, \"w\": \"a\"}", "{\"x\": 2, \"w\": \"b\"}", "{\"x\": 3}"}', '{7, 7, 7}'));
SELECT * FROM hp_quality(pg_temp.forest('{"{\"x\": 1}", "{\"x\": 2}", "{\"x\": 3}", "{}"}', '{7, 7, 7, NaN}'));
SELECT parameter, runs, minimum, maximum, importance, importance_impurity, importance_permutation, correlation, correlation_p_value, rank_correlation, association, note
FROM hp_parameters(pg_temp.forest('{"{\"x\": 1, \"w\": \"a\"}", "{\"x\": 2, \"w\": \"b\"}", "{\"x\": 3}"}', '{7, 7, 7}'));
SELECT * FROM hp_levels((SELECT hp_study_agg(c::jsonb, 7) FROM unnest('{"{\"w\": \"a\"}", "{\"w\": \"b\"}", "{}"}'::text[]) c));
SELECT hp_predict(pg_temp.forest('{"{\"x\": 1}", "{\"x\": 2}"}', '{7, 7}'), '{"x": 1}');
-- 0 and -0 are one; the smallest difference is one
SELECT verdict FROM hp_quality(pg_temp.forest('{"{\"x\": 1}", "{\"x\": 2}"}', '{0, -0}'));
SELECT i.parameter, i.importance FROM hp_importance(pg_temp.forest('{"{\"x\": 1}", "{\"x\": 2}"}', '{1, 1.0000000000000002}', 'impurity')) i;
SELECT i.parameter, i.importance FROM hp_importance(pg_temp.forest('{"{\"x\": 1}", "{\"x\": 2}"}', '{1e-310, 2e-310}', 'impurity')) i;
-- from end to end of double; what is beyond is not known
SELECT i.parameter, i.importance FROM hp_importance(pg_temp.forest('{"{\"x\": 1}", "{\"x\": 2}"}', '{-1.7976931348623157e308, 1.7976931348623157e308}', 'impurity')) i;
CREATE TEMP TABLE ends AS SELECT x, x * 1.7976931348623157e308 AS metric FROM unnest('{-1, 1}'::float8[]) x;
SELECT oob_r2, oob_rmse FROM hp_quality('ends', 'metric', '{x}');
SELECT hp_predict('ends', 'metric', '{"x": -1}', '{x}', trees => 1000) < 0 AS predicted;

--
-- Nothing that varies
--
SELECT * FROM hp_importance(pg_temp.forest('{"{}", "{}", "{}"}', '{1, 2, 3}'));
SELECT * FROM hp_quality(pg_temp.forest('{"{}", NULL, "{}"}', '{1, 2, 3}'));
SELECT * FROM hp_importance(pg_temp.forest('{"{\"x\": 1, \"w\": \"a\", \"b\": true, \"n\": null, \"nan\": \"nan\"}", "{\"x\": 1.0, \"w\": \"a\", \"b\": true}"}', '{1, 2}'));
SELECT runs_used, parameters, trees, oob_r2, oob_rmse, verdict FROM hp_quality(pg_temp.forest('{"{\"x\": 1}", "{\"x\": 1}"}', '{1, 2}'));
SELECT parameter, kind, runs, missing, distinct_values, note FROM hp_parameters(pg_temp.forest('{"{\"x\": 1, \"w\": \"a\", \"b\": true, \"nan\": \"nan\"}", "{\"x\": 1.0, \"w\": \"a\", \"b\": true, \"nan\": \"inf\"}"}', '{1, 2}'));
-- identifiers alone
SELECT * FROM hp_importance((SELECT hp_forest(hp_study_agg(jsonb_build_object('id', 'run ' || i), i)) FROM generate_series(1, 30) i));

--
-- One level, or missing
--
SELECT parameter, round(importance::numeric, 6) AS importance, correlation
FROM (SELECT hp_forest(hp_study_agg(CASE WHEN i % 2 = 0 THEN '{"dropout": 0.5}' ELSE '{}' END::jsonb, i % 2)) AS forest FROM generate_series(1, 50) i) f, hp_importance(forest);
SELECT l.parameter, level, l.runs, mean, stddev, round(correlation::numeric, 6) AS correlation
FROM (SELECT hp_study_agg(CASE WHEN i % 2 = 0 THEN '{"flag": "set"}' ELSE '{}' END::jsonb, i % 2) AS study FROM generate_series(1, 50) i) s, hp_levels(study) l;
SELECT q.verdict FROM (SELECT hp_forest(hp_study_agg(CASE WHEN i % 2 = 0 THEN '{"flag": "set"}' ELSE '{}' END::jsonb, i % 2)) AS forest FROM generate_series(1, 50) i) f, hp_quality(forest) q;

--
-- Noise: an answer, but with a warning label
--
CREATE TEMP TABLE noise AS
SELECT jsonb_build_object('x', pg_temp.u(i, 1), 'y', i % 5, 'w', 'w' || i % 3) AS config, pg_temp.u(i, 2) AS val_loss FROM generate_series(1, 200) i;
SELECT count(*) AS parameters, round(sum(importance)::numeric, 6) AS total FROM hp_importance('noise', 'val_loss');
SELECT runs_used, parameters, trees, oob_r2 < 0.1 AS next_to_nothing, verdict FROM hp_quality('noise', 'val_loss');
-- also from a value, where it is made
SELECT hp_forest(hp_study_agg(config, val_loss)) IS NOT NULL AS trained FROM noise;
SELECT count(*) FROM (SELECT hp_forest(hp_study_agg(config, val_loss)) AS forest FROM noise OFFSET 0) f, hp_importance(forest), hp_quality(forest);
-- nothing that permuting would harm: all 0, not 1/n for everybody
SELECT DISTINCT importance FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('a', i % 2, 'b', i / 2 % 2), pg_temp.u(i / 4, 3)), seed => 1) AS forest FROM generate_series(0, 199) i) f, hp_importance(forest);

--
-- The verdict goes by R squared out of bag
--
SELECT noise, round(oob_r2::numeric, 1) AS r2, verdict
FROM unnest('{0.1, 2.2, 5}'::float8[]) noise,
     LATERAL (SELECT hp_forest(hp_study_agg(jsonb_build_object('x', i % 2, 'y', i / 2 % 4), 3 * (i % 2) + i / 2 % 4 + noise * (pg_temp.u(i, 4) + pg_temp.u(i, 5) - 1) * 2)) AS forest FROM generate_series(1, 400) i) f, hp_quality(forest)
ORDER BY noise;
SELECT trees, oob_r2 IS NULL AS not_known, verdict FROM unnest('{1, 3}'::int[]) t, LATERAL (SELECT hp_forest(hp_study_agg(jsonb_build_object('x', i), i), trees => t) AS forest FROM generate_series(1, 2) i) f, hp_quality(forest);
