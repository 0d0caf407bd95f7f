--
-- Corrected importance: impurity freed of its bias towards many values.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- a number in [0, 1) that looks random, the same everywhere
CREATE FUNCTION pg_temp.u(i int, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT (hashint4extended(i, k) & 4294967295) / 4294967296.0::float8';
CREATE FUNCTION pg_temp.rounded(forest hp_forest, OUT parameter text, OUT importance numeric, OUT correlation numeric)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT i.parameter, round(i.importance::numeric, 2), round(i.correlation::numeric, 2) FROM hp_importance(forest) i
$$;

CREATE TABLE hand AS
SELECT i, jsonb_build_object('a', i % 2, 'b', i / 2 % 2, 'noise', pg_temp.u(i, 1), 'name', 'n' || (20 * pg_temp.u(i, 5))::int, 'coin', pg_temp.u(i, 2) < 0.5) AS config,
       i % 2 AS driven, 2 * (i % 2) + (i / 2 % 2) AS four_to_one, (i % 2) # (i / 2 % 2) AS "xor", pg_temp.u(i, 3) AS unrelated
FROM generate_series(1, 600) i;

-- known by hand: one parameter says it all; twice the effect is four times the
-- variance, less what other ways to tell the runs apart have cost it
SELECT i.parameter, round(i.importance::numeric, 3) AS importance FROM hp_importance('hand', 'driven', method => 'corrected') i;
SELECT r.* FROM pg_temp.rounded(hp_forest(hp_study('hand', 'four_to_one'), include => '{a,b}', method => 'corrected')) r;
SELECT r.* FROM pg_temp.rounded(hp_forest(hp_study('hand', 'xor'), include => '{a,b}', method => 'corrected')) r;

-- half of the metric is noise: what does nothing earns impurity by the number of its values, and nothing corrected
SELECT method, round(sum(importance) FILTER (WHERE parameter IN ('noise', 'name', 'coin'))::numeric, 2) AS nothing, min(importance) >= 0 AS none_negative, round(sum(importance)::numeric, 10) AS sum
FROM (SELECT hp_study_agg(config, driven + 2 * unrelated) AS study FROM hand) s, unnest('{permutation,corrected,impurity}'::text[]) method,
     hp_importance(hp_forest(study, method => method)) GROUP BY 1 ORDER BY 2;

-- over many sets of noise: the share of the binary and of the continuous one
SELECT method, round(avg(importance) FILTER (WHERE parameter = 'coin')::numeric, 2) AS coin, round(avg(importance) FILTER (WHERE parameter = 'noise')::numeric, 2) AS noise
FROM (SELECT k, hp_study_agg(jsonb_build_object('coin', pg_temp.u(i, 3 * k) < 0.5, 'noise', pg_temp.u(i, 3 * k + 1)), pg_temp.u(i, 3 * k + 2)) AS study
      FROM generate_series(1, 100) i, generate_series(1, 40) k GROUP BY 1) s,
     unnest('{impurity,corrected}'::text[]) method, hp_importance(hp_forest(study, trees => 30, method => method)) GROUP BY 1 ORDER BY 1;

-- momentum under sgd alone: its gaps are filled, as for permutation, and its shadow's with them
CREATE TEMP TABLE gaps AS
SELECT hp_study_agg(jsonb_strip_nulls(jsonb_build_object('optimizer', o, 'momentum', CASE WHEN o = 'sgd' THEN pg_temp.u(i, 7) END, 'lr', pg_temp.u(i, 8))),
                    (o = 'sgd')::int + pg_temp.u(i, 8) + 0.3 * pg_temp.u(i, 9)) AS study
FROM (SELECT i, (ARRAY['sgd', 'adam', 'lion'])[1 + i % 3] AS o FROM generate_series(1, 300) i) r;
SELECT missing, r.* FROM gaps, unnest('{auto,value}'::text[]) missing, pg_temp.rounded(hp_forest(study, method => 'corrected', missing => missing)) r;

-- the forest beside it is that of any other method: the same quality, the same predictions
SELECT count(DISTINCT (q.oob_r2, q.oob_rmse)) AS qualities, count(DISTINCT hp_predict(f, '{"optimizer": "sgd", "lr": 0.3}')) AS predictions
FROM gaps, unnest('{permutation,corrected}'::text[]) method, hp_forest(study, method => method) f, hp_quality(f) q;
-- what is known of each parameter; a forest that was stored as text
SELECT parameter, importance = importance_corrected AS by_method, importance_impurity > 0 AS impurity, importance_permutation
FROM gaps, hp_parameters(hp_forest(study, method => 'corrected')::text::hp_forest) ORDER BY 1;
-- the same, whatever the order of the runs
SELECT count(DISTINCT f::text) FROM (
    SELECT hp_forest(hp_study_agg(config, four_to_one ORDER BY i), method => 'corrected') FROM hand UNION ALL
    SELECT hp_forest(hp_study_agg(config, four_to_one ORDER BY -i), method => 'corrected') FROM hand) AS s(f);

-- nothing earns more than its shadow: all are 0
SELECT i.* FROM (SELECT hp_study_agg(jsonb_build_object('x', i % 2), i / 2 % 2) AS study FROM generate_series(1, 64) i) s, hp_importance(hp_forest(study, method => 'corrected', seed => 3)) i;
-- nothing to say
SELECT i.* FROM (SELECT hp_study_agg(config, 1) AS study FROM hand) s, hp_importance(hp_forest(study, include => '{a,coin}', method => 'corrected')) i;
-- no room for so many shadows
SELECT i.* FROM (SELECT hp_study_agg(config, i) AS study FROM generate_series(1, 3) i, LATERAL (SELECT jsonb_object_agg(k, i) AS config FROM generate_series(1, 32768) k) c) s,
     hp_importance(hp_forest(study, method => 'corrected')) i;
DROP TABLE hand;
