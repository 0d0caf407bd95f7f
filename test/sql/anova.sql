--
-- Functional ANOVA: what parameters explain alone and in pairs, over what is
-- observed or over a space; the data is such that trees must be exact.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- each combination is there often enough to be in every bootstrap sample; of "either" neither parameter
-- shows anything alone, and where others are about, chance decides which is split first
CREATE TEMP TABLE runs AS
SELECT i, jsonb_strip_nulls(jsonb_build_object('x', x, 'on', flag, 'opt', opt, 'warmup', CASE WHEN warm THEN x * 10 END, 'const', 'c', 'id', 'run' || i, 'net', jsonb_build_object('depth', i % 4))) AS config,
       x, flag, opt, warm,
       CASE WHEN x >= 5 THEN 10 ELSE 0 END + CASE WHEN flag THEN 7 ELSE 0 END + CASE opt WHEN 'adam' THEN 1 WHEN 'lion' THEN 2 ELSE 4 END AS sum,
       CASE WHEN (x >= 5) <> flag THEN 1 ELSE 0 END AS either,
       CASE WHEN x >= 7 AND flag AND opt = 'sgd' THEN 1 ELSE 0 END AS all_three,
       CASE WHEN warm THEN 1 ELSE 0 END AS was_set
FROM (SELECT i, i % 9 + 1 AS x, i / 9 % 2 = 1 AS flag, (ARRAY['adam', 'lion', 'sgd'])[1 + i / 18 % 3] AS opt, i / 54 % 2 = 1 AS warm FROM generate_series(0, 2159) i) t;
CREATE TEMP TABLE forests AS
SELECT metric, hp_forest(hp_study('runs', metric), trees => 10, include => CASE metric WHEN 'either' THEN '{x,on}'::text[] END) AS forest FROM unnest('{sum,either,all_three,was_set}'::text[]) metric;
CREATE FUNCTION pg_temp.shares(metric text) RETURNS TABLE (parameter text, with_parameter text, share numeric, stddev numeric) LANGUAGE sql AS $$
    SELECT parameter, with_parameter, round(share::numeric, 6), round(stddev::numeric, 6) FROM forests f, hp_interactions(forest) WHERE f.metric = shares.metric
$$;

--
-- Shares of the variance
--
-- of a sum each has its own, and there are no interactions
SELECT * FROM pg_temp.shares('sum') WHERE with_parameter IS NULL;
SELECT count(*) AS pairs, max(share) AS largest FROM pg_temp.shares('sum') WHERE with_parameter IS NOT NULL;
SELECT round(10 * 10 * 20 / 81.0 / v, 6) AS x, round(7 * 7 / 4.0 / v, 6) AS "on", round(14 / 9.0 / v, 6) AS opt FROM (SELECT var_pop(sum) AS v FROM runs) t;
-- either or: the pair has nearly all of it
SELECT * FROM pg_temp.shares('either') WHERE share > 0;
SELECT round(1 / 81.0, 6) AS "on", round(80 / 81.0, 6) AS pair;
-- of a product the effects of each order, by the definition; what the sum lacks to 1 is that of all three
SELECT s.*, round((v.main / v.total)::numeric, 6) AS wanted
FROM pg_temp.shares('all_three') s JOIN (
    SELECT 'x' AS parameter, var_pop(m) AS main, (SELECT var_pop(all_three) FROM runs) AS total FROM (SELECT avg(all_three) OVER (PARTITION BY x) AS m FROM runs) t
    UNION ALL SELECT 'on', var_pop(m), (SELECT var_pop(all_three) FROM runs) FROM (SELECT avg(all_three) OVER (PARTITION BY flag) AS m FROM runs) t
    UNION ALL SELECT 'opt', var_pop(m), (SELECT var_pop(all_three) FROM runs) FROM (SELECT avg(all_three) OVER (PARTITION BY opt) AS m FROM runs) t) v USING (parameter)
WHERE with_parameter IS NULL ORDER BY parameter;
SELECT s.*, round((v.pair / v.total)::numeric, 6) AS wanted
FROM pg_temp.shares('all_three') s JOIN (
    SELECT 'on' AS parameter, 'x' AS with_parameter, avg((xf - x - f + m) ^ 2) AS pair, (SELECT var_pop(all_three) FROM runs) AS total
    FROM (SELECT avg(all_three) OVER (PARTITION BY x, flag) AS xf, avg(all_three) OVER (PARTITION BY x) AS x, avg(all_three) OVER (PARTITION BY flag) AS f, avg(all_three) OVER () AS m FROM runs) t
    UNION ALL SELECT 'opt', 'x', avg((xo - x - o + m) ^ 2), (SELECT var_pop(all_three) FROM runs)
    FROM (SELECT avg(all_three) OVER (PARTITION BY x, opt) AS xo, avg(all_three) OVER (PARTITION BY x) AS x, avg(all_three) OVER (PARTITION BY opt) AS o, avg(all_three) OVER () AS m FROM runs) t
    UNION ALL SELECT 'on', 'opt', avg((fo - f - o + m) ^ 2), (SELECT var_pop(all_three) FROM runs)
    FROM (SELECT avg(all_three) OVER (PARTITION BY flag, opt) AS fo, avg(all_three) OVER (PARTITION BY flag) AS f, avg(all_three) OVER (PARTITION BY opt) AS o, avg(all_three) OVER () AS m FROM runs) t) v USING (parameter, with_parameter)
ORDER BY parameter, with_parameter;
SELECT 1 - sum(share) AS rest, round(4 / 17.0, 6) AS of_three FROM pg_temp.shares('all_three');
-- every parameter has a row, those that took no part 0; a missing value is one where nothing explains it
SELECT * FROM pg_temp.shares('was_set') WHERE with_parameter IS NULL;
-- sorted
SELECT bool_and(ordered) AS sorted FROM (SELECT share <= lag(share) OVER (ORDER BY n) IS NOT FALSE AS ordered FROM forests, hp_interactions(forest) WITH ORDINALITY AS t (parameter, with_parameter, share, stddev, n) WHERE metric = 'all_three') t;

--
-- The importance of method fanova
--
SELECT parameter, round(importance::numeric, 6) AS importance FROM hp_importance('runs', 'all_three', method => 'fanova', trees => 10) LIMIT 4;
SELECT i.parameter, abs(importance - share / sum(share) OVER ()) < 1e-12 AS same
FROM hp_importance('runs', 'all_three', method => 'fanova', trees => 10) i JOIN hp_interactions('runs', 'all_three', trees => 10) s ON s.parameter = i.parameter AND with_parameter IS NULL ORDER BY 1;
SELECT parameter, round(importance::numeric, 6) AS importance, round(importance_fanova::numeric, 6) AS fanova, importance_permutation AS permutation, importance_impurity > 0.1 AS impurity
FROM hp_parameters('runs', 'sum', method => 'FANOVA', trees => 10, uncertainty => false) LIMIT 4;
-- interactions only: nothing is left to compare
SELECT f.* FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('a', i % 2, 'b', i / 2 % 2), (i % 2 + i / 2 % 2) % 2), method => 'fanova', trees => 5) AS forest FROM generate_series(0, 399) i) t, hp_importance(forest) f;
SELECT f.* FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('a', i % 2, 'b', i / 2 % 2), (i % 2 + i / 2 % 2) % 2), trees => 5) AS forest FROM generate_series(0, 399) i) t, hp_interactions(forest) f;
-- the same by any number of workers
CREATE TEMP TABLE many AS SELECT jsonb_build_object('a', i * 7919 % 997, 'b', i * 31 % 101, 'c', i % 7, 'd', 'd' || i % 5) AS config, i * 7919 % 997 * (i % 5) + i * 31 % 101 AS y FROM generate_series(1, 3000) i;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE alone AS SELECT * FROM hp_importance('many', 'y', method => 'fanova');
CREATE TEMP TABLE alone_pairs AS SELECT * FROM hp_interactions('many', 'y', space => 'log');
SET max_parallel_workers_per_gather = 2;
SELECT count(*) AS different FROM (SELECT * FROM alone EXCEPT SELECT * FROM hp_importance('many', 'y', method => 'fanova')) t;
SELECT count(*) AS different FROM (SELECT * FROM alone_pairs EXCEPT SELECT * FROM hp_interactions('many', 'y', space => 'log')) t;
RESET max_parallel_workers_per_gather;
-- and in any order of runs
SELECT count(*) AS different FROM (SELECT * FROM alone_pairs EXCEPT SELECT f.* FROM (SELECT hp_forest(hp_study_agg(config, y ORDER BY md5(config::text)), method => 'fanova') AS forest FROM many) t, hp_interactions(hp_space(forest, 'log')) f) t;

--
-- Spaces
--
-- a is 1 in a tenth of the runs; c is 1, 10 or 100
CREATE TEMP TABLE skewed AS
SELECT jsonb_build_object('a', CASE WHEN i % 10 = 0 THEN 1 ELSE 0 END, 'b', i / 10 % 2, 'c', (ARRAY[1, 10, 100])[1 + i / 20 % 3], 'opt', CASE i / 60 % 4 WHEN 0 THEN 'sgd' ELSE 'adam' END) AS config,
       CASE WHEN i % 10 = 0 THEN 1 ELSE 0 END + i / 10 % 2 + i / 20 % 3 / 2 + CASE i / 60 % 4 WHEN 0 THEN 1 ELSE 0 END AS y
FROM generate_series(0, 4799) i;
CREATE TEMP TABLE skewed_forest AS SELECT hp_forest(hp_study('skewed', 'y'), method => 'fanova', trees => 5) AS forest;
SELECT space, parameter, round(share::numeric, 4) AS share FROM skewed_forest, unnest('{observed,uniform,log}'::text[]) WITH ORDINALITY AS s (space, n), hp_interactions(hp_space(forest, space)) WHERE with_parameter IS NULL ORDER BY n, parameter;
-- by hand: p (1 - p) of each, c = 100 being 1/3 of the runs, 45 of 99 on the line, a quarter of it in logarithms
SELECT space, round(a / s, 4) AS a, round(b / s, 4) AS b, round(c / s, 4) AS c, round(o / s, 4) AS opt
FROM (SELECT *, a + b + c + o AS s FROM (VALUES ('observed', 0.09, 0.25, 2 / 9.0, 0.1875), ('uniform', 0.25, 0.25, 45 / 99.0 * 54 / 99, 0.25), ('log', 0.25, 0.25, 0.1875, 0.25)) v (space, a, b, c, o)) t;
-- importances follow, and find back
SELECT parameter, round(importance::numeric, 4) AS importance FROM skewed_forest, hp_importance(hp_space(forest, 'uniform')) ORDER BY 1;
SELECT hp_space(hp_space(forest, 'uniform'), 'observed')::text = forest::text AS found_back, hp_space(forest, 'LOG')::text = hp_space(hp_space(forest, 'uniform'), 'log')::text AS same FROM skewed_forest;
SELECT parameter, round(share::numeric, 4) AS share FROM hp_interactions('skewed', 'y', space => 'uniform', trees => 5) WHERE with_parameter IS NULL ORDER BY parameter;
SELECT parameter, round(share::numeric, 4) AS share FROM hp_interactions('skewed', 'y', '{config}', 'log', 5) WHERE with_parameter IS NULL ORDER BY parameter;
SELECT * FROM hp_interactions('skewed', 'y', space => 'linear');
SELECT * FROM hp_marginal('skewed', 'y', 'a', space => NULL);
SELECT hp_space(forest, 'logarithmic') FROM skewed_forest;

--
-- Marginals
--
CREATE FUNCTION pg_temp.marginal(metric text, parameter text) RETURNS TABLE (value float8, level text, mean numeric, stddev numeric, runs bigint) LANGUAGE sql AS $$
    SELECT value, level, round(mean::numeric, 6), round(stddev::numeric, 6), runs FROM forests f, hp_marginal(forest, parameter) WHERE f.metric = marginal.metric
$$;
SELECT * FROM pg_temp.marginal('sum', 'x');
SELECT * FROM pg_temp.marginal('sum', 'on');
SELECT * FROM pg_temp.marginal('sum', 'opt');
SELECT * FROM pg_temp.marginal('was_set', 'warmup');
SELECT m.value, m.mean = round(avg(all_three), 6) AS same FROM pg_temp.marginal('all_three', 'x') m JOIN runs ON x = value GROUP BY m.value, m.mean ORDER BY 1;
-- over another space the others weigh otherwise: b and c are 1/2 and 1/3 on average, opt 1/4 or 1/2
SELECT space, value, round(mean::numeric, 4) AS mean, runs FROM skewed_forest, unnest('{observed,uniform,log}'::text[]) WITH ORDINALITY AS s (space, n), hp_marginal(hp_space(forest, space), 'a') ORDER BY n, value;
SELECT round(1 / 2.0 + 1 / 3.0 + 1 / 4.0, 4) AS observed, round(1 / 2.0 + 45 / 99.0 + 1 / 2.0, 4) AS uniform, round(1 / 2.0 + 1 / 4.0 + 1 / 2.0, 4) AS log;
SELECT level, round(mean::numeric, 4) AS mean, runs FROM hp_marginal('skewed', 'y', 'opt', '{config}', 'observed', 5);
-- numbers first, then words, then missing; none of those that are filled
SELECT value, level, round(mean::numeric, 4) AS mean, runs
FROM (SELECT hp_forest(hp_study_agg(CASE WHEN i % 25 = 24 THEN '{}' ELSE jsonb_build_object('w', CASE i % 25 WHEN 0 THEN '"auto"' WHEN 1 THEN '"none"' ELSE to_jsonb(i % 25) END) END, CASE i % 25 WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 24 THEN 3 ELSE 0 END), trees => 5) AS forest FROM generate_series(0, 999) i) t, hp_marginal(forest, 'w') m
WHERE level IS NOT NULL OR value < 4;
CREATE TEMP TABLE conditional AS
SELECT jsonb_strip_nulls(jsonb_build_object('opt', CASE i % 2 WHEN 0 THEN 'sgd' ELSE 'adam' END, 'momentum', CASE i % 2 WHEN 0 THEN i / 2 % 2 END)) AS config, CASE i % 2 WHEN 0 THEN i / 2 % 2 * 2 ELSE 8 END AS loss FROM generate_series(0, 999) i;
SELECT parameter, with_parameter, round(share::numeric, 4) AS share FROM hp_interactions('conditional', 'loss', trees => 5);
SELECT value, level, round(mean::numeric, 4) AS mean, runs FROM hp_marginal('conditional', 'loss', 'momentum', trees => 5);
SELECT value, level, runs FROM hp_marginal('conditional', 'loss', 'momentum', trees => 5, missing => 'value');
-- one row a level (the two are each other's negation: a split takes one of them by lot)
SELECT value, level, round(mean::numeric, 4) AS mean, runs FROM hp_marginal('conditional', 'loss', 'opt_sgd', trees => 20, encoding => 'onehot');
-- of many numbers the quantiles, the least and the greatest among them
CREATE TEMP TABLE fine AS SELECT jsonb_build_object('x', i, 'y', i % 200) AS config, i AS z FROM generate_series(1, 3000) i;
SELECT count(*), min(value), max(value), max(value - before) AS step, sum(runs) FROM (SELECT *, lag(value) OVER (ORDER BY value) AS before FROM hp_marginal('fine', 'z', 'x', trees => 2)) t;
SELECT count(*), min(runs), max(runs) FROM hp_marginal('fine', 'z', 'y', trees => 2);
-- one tree has no standard deviation
SELECT count(*), count(stddev) FROM hp_marginal('fine', 'z', 'y', trees => 1);
SELECT count(share), count(stddev) FROM hp_interactions('fine', 'z', trees => 1);

-- names
SELECT * FROM forests, hp_marginal(forest, 'ops') WHERE metric = 'sum';
SELECT * FROM hp_marginal('runs', 'sum', 'depth', trees => 1);
SELECT * FROM hp_marginal('runs', 'sum', NULL);
SET client_min_messages = notice;
SELECT * FROM hp_marginal('runs', 'sum', 'const', trees => 1);
SELECT * FROM hp_marginal('runs', 'sum', 'id', trees => 1);

--
-- Nothing to decompose
--
SELECT * FROM hp_interactions(NULL::hp_forest);
SELECT * FROM hp_marginal(NULL::hp_forest, 'x');
SELECT hp_space(NULL, 'log') IS NULL AS no_forest;
CREATE TEMP TABLE same AS SELECT config, 5 AS y FROM runs LIMIT 50;
SELECT * FROM hp_interactions('same', 'y');
SELECT * FROM hp_marginal('same', 'y', 'x');
SELECT * FROM hp_importance('same', 'y', method => 'fanova');
SET client_min_messages = warning;
CREATE TEMP TABLE nobody AS SELECT config, y FROM same WHERE false;
SELECT count(*) FROM hp_interactions('nobody', 'y');
SELECT count(*) FROM hp_marginal('nobody', 'y', 'x');
-- trees that do not split
SELECT * FROM hp_interactions('runs', 'either', min_samples_leaf => 2000, trees => 2, include => '{x,on}');
SELECT value, round(mean::numeric, 1) AS mean FROM hp_marginal('runs', 'either', 'on', min_samples_leaf => 2000, trees => 2);
SELECT parameter, importance FROM hp_importance('runs', 'either', min_samples_leaf => 2000, trees => 2, include => '{x,on}', method => 'fanova');
-- a forest whose trees were too large to keep: one tree of one node, 32 bytes, is taken off
CREATE TEMP TABLE stump AS SELECT decode(hp_forest(hp_study('runs', 'sum'), min_samples_leaf => 2000, trees => 1, method => 'impurity')::text, 'base64') AS bytes;
CREATE FUNCTION pg_temp.without_trees() RETURNS hp_forest LANGUAGE sql AS $$
    SELECT replace(encode(substr(bytes, 1, length(bytes) - 33) || '\x00', 'base64'), E'\n', '')::hp_forest FROM stump
$$;
SELECT * FROM hp_interactions(pg_temp.without_trees());
SELECT * FROM hp_marginal(pg_temp.without_trees(), 'x');
SELECT hp_space(pg_temp.without_trees(), 'log');
-- nor may a tree have a node that nothing leads to
SELECT replace(encode(substr(bytes, 1, length(bytes) - 32) || '\x03' || substr(bytes, length(bytes) - 30, 31) || substr(bytes, length(bytes) - 23, 24) || substr(bytes, length(bytes) - 23, 24), 'base64'), E'\n', '')::hp_forest FROM stump;
