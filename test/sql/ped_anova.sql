--
-- PED-ANOVA: what the best runs have in common, where the answer is known by
-- construction or from Optuna.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- a number in [0, 1) that looks random, the same everywhere
CREATE FUNCTION pg_temp.u(i int, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT (hashint4extended(i, k) & 4294967295) / 4294967296.0::float8';

--
-- Known by Optuna: the data of test/fixtures (README.md there), to 12 digits
--
CREATE TEMP TABLE numeric_runs AS
WITH RECURSIVE lcg(i, state) AS (
    SELECT 1, (20261005::bigint * 1103515245 + 12345) % 2147483648
  UNION ALL
    SELECT i + 1, (state * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 7 * 400
), draw AS (
    SELECT (i - 1) / 7 AS run, (i - 1) % 7 AS k, state / 2147483648::float8 AS u FROM lcg
), parameters AS (
    SELECT run,
           max(u) FILTER (WHERE k = 0) AS a, max(u) FILTER (WHERE k = 1) AS b, max(u) FILTER (WHERE k = 2) AS c,
           max(floor(u * 8)) FILTER (WHERE k = 3) AS d, max(floor(u * 3)) FILTER (WHERE k = 4) AS e,
           max(floor(u * 2)) FILTER (WHERE k = 5) AS f, max(u) FILTER (WHERE k = 6) AS noise
    FROM draw GROUP BY run
)
SELECT a, b, c, d, e, f,
       (3*a)*b + (4*(c - 0.5))*(c - 0.5) + 0.125*d - (0.75*f)*a + 0.5*(noise - 0.5) AS metric
FROM parameters ORDER BY run;
SELECT goal, parameter, round(importance::numeric, 5) AS importance, abs(importance - optuna) < 1e-12 AS equal
FROM (VALUES ('minimize', 'a', 0.020692777380846343), ('minimize', 'b', 0.3760077070577087), ('minimize', 'c', 0.2873458518479645),
             ('minimize', 'd', 0.20876936495618328), ('minimize', 'e', 0.01438362648508036), ('minimize', 'f', 0.09280067227221672),
             ('maximize', 'a', 0.3382271552339263), ('maximize', 'b', 0.42657907021165775), ('maximize', 'c', 0.011368895994354042),
             ('maximize', 'd', 0.1382315844739666), ('maximize', 'e', 0.001761802243794451), ('maximize', 'f', 0.08383149184230072)) o (goal, parameter, optuna)
JOIN LATERAL hp_importance('numeric_runs', 'metric', '{a,b,c,d,e,f}', method => 'ped_anova', goal => goal) i USING (parameter) ORDER BY goal DESC, parameter;

--
-- Another question than permutation's: x makes most of the difference, but the
-- best runs are those of y
--
CREATE TEMP TABLE runs AS
SELECT i, jsonb_strip_nulls(jsonb_build_object('x', pg_temp.u(i, 1), 'y', pg_temp.u(i, 2), 'noise', pg_temp.u(i, 3), 'coin', pg_temp.u(i, 4) < 0.5,
           'kind', 'k' || i % 4, 'rate', 10 ^ (-5 + 4 * pg_temp.u(i, 5)), 'extra', CASE WHEN i % 4 = 0 THEN pg_temp.u(i, 6) END, 'fixed', 7, 'name', 'run' || i)) AS config,
       CASE WHEN pg_temp.u(i, 1) < 0.5 THEN 10 + pg_temp.u(i, 7) WHEN pg_temp.u(i, 2) < 0.2 THEN 0 ELSE 1 + pg_temp.u(i, 7) END AS metric,
       abs(log(10 ^ (-5 + 4 * pg_temp.u(i, 5))) + 3) AS valley,
       CASE WHEN i % 4 = 0 THEN pg_temp.u(i, 6) ELSE 1 + pg_temp.u(i, 7) END AS conditional,
       CASE WHEN i % 4 = 0 THEN pg_temp.u(i, 8) ELSE 1 + pg_temp.u(i, 7) END AS presence
FROM generate_series(1, 800) i;
SELECT method, i.parameter, round(i.importance::numeric, 2) AS importance
FROM unnest('{permutation,ped_anova}'::text[]) method, hp_importance('runs', 'metric', method => method) i WHERE i.parameter IN ('x', 'y') ORDER BY 1 DESC, 2;
-- how good is good enough, is asked by the quantile
SELECT quantile, max(round(i.importance::numeric, 2)) FILTER (WHERE parameter = 'x') AS x, max(round(i.importance::numeric, 2)) FILTER (WHERE parameter = 'y') AS y
FROM unnest('{0.05, 0.1, 0.5}'::float8[]) quantile, hp_importance('runs', 'metric', method => 'ped_anova', quantile => quantile) i GROUP BY 1 ORDER BY 1;
-- what is good for one goal is not for the other
SELECT goal, i.parameter FROM unnest('{minimize,MAXIMIZE}'::text[]) goal, hp_importance('runs', 'metric', method => 'ped_anova', goal => goal) WITH ORDINALITY i (parameter, importance, correlation, n) WHERE n = 1;
-- a rate over four decades: on a logarithmic scale the valley is wide
SELECT i.parameter, importance > 0.9 AS nearly_all FROM hp_importance('runs', 'valley', method => 'ped_anova') i LIMIT 1;
-- the best runs are of the one kind that has an extra: that they have it is the kind's doing, how much of it the extra's own
SELECT metric, i.parameter, round(i.importance::numeric, 2) AS importance
FROM unnest('{conditional,presence}'::text[]) metric, hp_importance('runs', metric, method => 'ped_anova') i WHERE i.parameter IN ('kind', 'extra') ORDER BY 1, 3 DESC;
-- all of it sums to 1; constants and identifiers have none
SELECT round(sum(importance)::numeric, 9) AS sum, min(importance) AS least, max(importance) FILTER (WHERE i.parameter IN ('fixed', 'name')) AS fixed
FROM hp_importance('runs', 'metric', method => 'ped_anova') i;
-- words among numbers
SELECT i.parameter, importance > 0.8 AS nearly_all
FROM (SELECT hp_study_agg(jsonb_build_object('x', CASE WHEN i % 4 = 0 THEN to_jsonb('auto'::text) ELSE to_jsonb(pg_temp.u(i, 1)) END, 'noise', pg_temp.u(i, 3)), (i % 4) + pg_temp.u(i, 2)) AS study
      FROM generate_series(1, 400) i) s, hp_importance(hp_forest(study, method => 'ped_anova', trees => 1)) i LIMIT 1;
-- a row per level
SELECT i.parameter, round(i.importance::numeric, 2) AS importance FROM hp_importance('runs', 'conditional', method => 'ped_anova', encoding => 'onehot', include => '{kind,coin}') i;

--
-- A forest carries it beside its own method, and the other way round
--
SELECT count(*), bool_and(p.importance_ped_anova = r.importance) AS equal, bool_and(p.importance = p.importance_permutation) AS own
FROM hp_parameters('runs', 'metric', trees => 5) p JOIN hp_importance('runs', 'metric', method => 'ped_anova') r USING (parameter);
SELECT bool_and(i.importance = r.importance) AS equal, min(round(oob_r2::numeric, 1)) AS r2, min(round(hp_predict(forest, '{"x": 0.1}')::numeric, 0)) AS predicted
FROM (SELECT hp_forest(hp_study('runs', 'metric'), method => 'ped_anova') AS forest) f, hp_quality(forest),
     hp_importance(forest) i JOIN hp_importance('runs', 'metric', method => 'ped_anova') r USING (parameter);
-- whatever the order of the runs
SELECT count(DISTINCT hp_forest(study, method => 'ped_anova', trees => 1)::text) AS forests
FROM (SELECT hp_study_agg(config, metric ORDER BY i) AS study FROM runs UNION ALL SELECT hp_study_agg(config, metric ORDER BY i DESC) FROM runs
      UNION ALL SELECT hp_study_agg(config, metric ORDER BY pg_temp.u(i, 9)) FROM runs) s;

--
-- What cannot be said
--
SET client_min_messages = notice;
SELECT bool_or(importance IS NOT NULL) AS said FROM hp_importance('runs', 'conditional', method => 'ped_anova', quantile => 0.005);
-- three quarters have the largest metric
CREATE TEMP TABLE tied AS SELECT jsonb_build_object('x', i % 7, 'y', i % 3) AS config, least(i % 4, 1) AS metric FROM generate_series(1, 100) i;
SELECT i.parameter, importance IS NULL AS unknown FROM hp_importance('tied', 'metric', method => 'ped_anova', quantile => 0.3) i;
SELECT i.parameter, importance IS NULL AS unknown FROM hp_importance('tied', 'metric', method => 'ped_anova', goal => 'maximize') i;
SELECT i.parameter, importance IS NULL AS unknown FROM (SELECT hp_study_agg(config, 1) AS study FROM tied) s, hp_importance(hp_forest(study, method => 'ped_anova')) i;
SELECT i.* FROM (SELECT hp_study_agg('{"x": 1}', 1) AS study) s, hp_importance(hp_forest(study, method => 'ped_anova')) i;
SELECT * FROM hp_importance('runs', 'metric', method => 'ped_anova', quantile => 1);
SELECT * FROM hp_importance('runs', 'metric', method => 'ped_anova', quantile => 'NaN');
SELECT * FROM hp_importance('runs', 'metric', method => 'ped_anova', quantile => NULL);
SELECT * FROM hp_importance('runs', 'metric', method => 'ped_anova', goal => 'max');
-- groups have values in many dimensions, which one-dimensional densities do not tell
SELECT * FROM hp_importance('runs', 'metric', method => 'ped_anova', depth => 1);
