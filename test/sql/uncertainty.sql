--
-- How far importances can be relied on: standard errors, p-values, what the
-- forest itself is worth; what they do not depend on; where there are none.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- a number in [0, 1) that looks random, the same everywhere
CREATE FUNCTION pg_temp.u(i int, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT (hashint4extended(i, k) & 4294967295) / 4294967296.0::float8';
-- what may be printed of it: not the last digits
CREATE FUNCTION pg_temp.doubt(forest hp_forest, OUT parameter text, OUT importance numeric, OUT standard_error numeric,
    OUT significant boolean, OUT after_adjusting boolean)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT p.parameter, round(p.importance::numeric, 1), round(p.standard_error::numeric, 1), p.p_value <= 0.05, p.p_value_adjusted <= 0.05
    FROM hp_parameters(forest) p ORDER BY 1
$$;
CREATE TEMP TABLE runs AS
SELECT i, jsonb_build_object('lr', pg_temp.u(i, 1), 'sgd', pg_temp.u(i, 2) < 0.5, 'batch', 2 ^ (pg_temp.u(i, 3) * 6)::int,
           'seed', pg_temp.u(i, 4), 'opt.a', pg_temp.u(i, 5), 'opt.b', (pg_temp.u(i, 6) * 3)::int) AS config,
       3 * pg_temp.u(i, 1) + (pg_temp.u(i, 2) < 0.5)::int + pg_temp.u(i, 7) AS loss,
       pg_temp.u(i, 20) AS noise
FROM generate_series(1, 200) i;
CREATE TEMP TABLE study AS SELECT hp_study('runs', 'loss') AS loss, hp_study('runs', 'noise') AS noise;

-- what matters, and what does not
SELECT d.* FROM study, pg_temp.doubt(hp_forest(loss, uncertainty => true)) d;
SELECT p_value <= 0.01 AS no_chance, verdict FROM study, hp_quality(hp_forest(loss, uncertainty => true));
SELECT d.* FROM study, pg_temp.doubt(hp_forest(noise, uncertainty => true)) d;
SELECT p_value > 0.05 AS chance, verdict FROM study, hp_quality(hp_forest(noise, uncertainty => true));
-- of 24 metrics of noise about one by chance; and not much more often some parameter
SELECT count(*) FILTER (WHERE forest <= 0.05) <= 4 AS forests, count(*) FILTER (WHERE least <= 0.05) <= 4 AS parameters
FROM (SELECT hp_forest(hp_study_agg(config, pg_temp.u(i, k)), trees => 20, uncertainty => true) AS f FROM runs, generate_series(100, 123) k GROUP BY k) s,
     LATERAL (SELECT q.p_value AS forest FROM hp_quality(f) q) q, LATERAL (SELECT min(p.p_value_adjusted) AS least FROM hp_parameters(f) p) p;
-- each lies within its bounds
SELECT min(p_value) > 0 AND max(p_value_adjusted) <= 1 AND bool_and(p_value <= p_value_adjusted AND standard_error BETWEEN 0 AND 0.5) AS sane
FROM study, unnest(ARRAY[loss, noise]) s, hp_parameters(hp_forest(s, uncertainty => true));

-- only where asked for: the one-liner of hp_parameters asks
SELECT count(standard_error), count(p_value), count(p_value_adjusted) FROM study, hp_parameters(hp_forest(loss));
SELECT p_value FROM study, hp_quality(hp_forest(loss));
SELECT count(standard_error), count(p_value), count(p_value_adjusted) FROM hp_parameters('runs', 'loss');
SELECT count(standard_error), count(p_value), count(p_value_adjusted) FROM hp_parameters('runs', 'loss', uncertainty => false);
SELECT p_value <= 0.05 AS no_chance FROM hp_quality('runs', 'loss', uncertainty => true);
-- the importances are the same with it and without
SELECT count(*) AS differ FROM study, hp_parameters(hp_forest(loss)) a JOIN hp_parameters('runs', 'loss') b USING (parameter)
WHERE a.importance <> b.importance;

-- by other methods: standard errors are of the importance shown, if trees tell it; p-values of the parameter
SELECT method, count(standard_error) AS standard_errors, string_agg(parameter, ' ' ORDER BY parameter) FILTER (WHERE p_value_adjusted <= 0.05) AS significant
FROM study, unnest('{permutation,impurity,corrected,ped_anova}'::text[]) method, hp_parameters(hp_forest(loss, method => method, uncertainty => true))
GROUP BY 1 ORDER BY 1;

-- kept with the forest, and a function of the study and the settings alone
SELECT count(*) AS differ FROM
    (SELECT hp_forest(loss, uncertainty => true, seed => 3) AS one, hp_forest(loss, uncertainty => true, seed => 3)::text::hp_forest AS other FROM study) f,
    hp_parameters(one) a JOIN LATERAL hp_parameters(other) b USING (parameter)
WHERE (a.standard_error, a.p_value, a.p_value_adjusted) IS DISTINCT FROM (b.standard_error, b.p_value, b.p_value_adjusted);
SELECT count(*) AS differ FROM
    (SELECT hp_study_agg(config, loss ORDER BY i DESC) AS back FROM runs) s, study,
    hp_parameters(hp_forest(back, uncertainty => true)) a JOIN LATERAL hp_parameters(hp_forest(loss, uncertainty => true)) b USING (parameter)
WHERE (a.standard_error, a.p_value, a.p_value_adjusted) IS DISTINCT FROM (b.standard_error, b.p_value, b.p_value_adjusted);
SELECT count(*) > 0 AS another_seed_differs FROM study,
    hp_parameters(hp_forest(loss, uncertainty => true)) a JOIN LATERAL hp_parameters(hp_forest(loss, uncertainty => true, seed => 1)) b USING (parameter)
WHERE a.standard_error <> b.standard_error;
-- the scale of the metric is no matter, nor its sign
SELECT count(*) AS differ FROM
    (SELECT hp_study_agg(config, loss) AS one, hp_study_agg(config, loss * 1024) AS other FROM runs) s,
    hp_parameters(hp_forest(one, uncertainty => true)) a JOIN LATERAL hp_parameters(hp_forest(other, uncertainty => true)) b USING (parameter)
WHERE abs(a.standard_error - b.standard_error) > 1e-6 OR abs(a.p_value - b.p_value) > 1e-6;

-- a constant takes no part; a parameter alone has it all, of which there is no doubt
SELECT parameter, round(importance::numeric, 2) AS importance, round(standard_error::numeric, 6) AS standard_error, p_value <= 0.01 AS significant
FROM (SELECT hp_study_agg(jsonb_build_object('x', config -> 'lr', 'one', 1), loss) AS s FROM runs) t, hp_parameters(hp_forest(s, uncertainty => true));
-- next to no runs
SELECT n, p.standard_error > 0 AS standard_error, p.p_value > 0.05 AS not_significant
FROM (VALUES (2), (3), (8), (9)) v(n), LATERAL (SELECT hp_study_agg(jsonb_build_object('x', i % 2), i) AS s FROM generate_series(1, n) i) t,
    LATERAL hp_parameters(hp_forest(s, uncertainty => true)) p ORDER BY 1;
SELECT count(p_value) FROM (SELECT hp_study_agg(config, 1) AS s FROM runs) t, hp_parameters(hp_forest(s, uncertainty => true));
SELECT p_value, verdict FROM (SELECT hp_study_agg('{}', loss) AS s FROM runs) t, hp_quality(hp_forest(s, uncertainty => true));
SELECT hp_forest(loss, uncertainty => NULL) FROM study;

-- with groups the parameters are what they are without
SELECT count(*) AS differ FROM study, hp_parameters(hp_forest(loss, uncertainty => true)) a
    JOIN LATERAL hp_parameters(hp_forest(loss, uncertainty => true, depth => 1)) b USING (parameter)
WHERE (a.standard_error, a.p_value <= 0.05) IS DISTINCT FROM (b.standard_error, b.p_value <= 0.05);
