--
-- Groups: the importance of all that stands under one key.
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

-- optimizer: lr and momentum matter together; model.width by itself; data not at all
CREATE TABLE sweep AS
SELECT i, jsonb_build_object(
        'optimizer', jsonb_build_object('lr', a, 'momentum', b, 'name', 'sgd', 'schedule', jsonb_build_object('warm', w, 'decay', v)),
        'model', jsonb_build_object('width', c, 'bias', true),
        'data', jsonb_build_object('shuffle', d < 0.5, 'fold', (10 * d)::int),
        'seed', (1000 * w)::int) AS config,
    ((a < 0.5) = (b < 0.5))::int + c + 0.3 * v AS loss
FROM (SELECT i, pg_temp.u(i, 1) AS a, pg_temp.u(i, 2) AS b, pg_temp.u(i, 3) AS c, pg_temp.u(i, 4) AS d, pg_temp.u(i, 5) AS v, pg_temp.u(i, 6) AS w
      FROM generate_series(1, 500) i) draw;
CREATE TEMP TABLE kept AS
SELECT depth, method, hp_forest(hp_study('sweep', 'loss'), depth => depth, method => method) AS forest
FROM unnest('{NULL,1,2,3}'::int[]) depth, unnest('{permutation,impurity,corrected}'::text[]) method;

-- by top-level keys: a group has no correlation; model varies in one parameter
-- only and is none; constants below the key of a group are of it
SELECT r.* FROM kept, pg_temp.rounded(forest) r WHERE depth = 1 AND method = 'permutation';
-- by two components
SELECT r.* FROM kept, pg_temp.rounded(forest) r WHERE depth = 2 AND method = 'permutation';
-- importances are a whole
SELECT depth, method, round(sum(importance)::numeric, 10) AS sum, min(importance) >= 0 AS none_negative, count(*)
FROM kept, hp_importance(forest) GROUP BY 1, 2 ORDER BY 1 NULLS FIRST, 2;
-- deeper than any parameter: as without
SELECT a.method, bool_and(x = y) AS same
FROM kept a JOIN kept b USING (method), LATERAL (SELECT array_agg(i) AS x FROM hp_importance(a.forest) i) p, LATERAL (SELECT array_agg(i) AS y FROM hp_importance(b.forest) i) q
WHERE a.depth IS NULL AND b.depth = 3 GROUP BY 1 ORDER BY 1;
-- the parameters are all there, and are what they are without groups; so is the forest
SELECT method, count(DISTINCT p) AS answers, count(DISTINCT q) AS qualities
FROM kept, LATERAL (SELECT array_agg(i)::text AS p FROM hp_parameters(forest) i WHERE kind <> 'group') s, hp_quality(forest) q GROUP BY 1 ORDER BY 1;
SELECT parameter, round(importance::numeric, 2) AS importance FROM kept, hp_parameters(forest) WHERE depth = 1 AND method = 'permutation';

-- groups stand among them, with all that is known of them, in the measure of the parameters
SELECT parameter, kind, runs, minimum, round(importance::numeric, 1) AS importance, standard_error BETWEEN 0.001 AND 0.2 AS error, p_value < 0.001 AS matters, p_value_adjusted >= p_value AS adjusted, importance_permutation = importance AS same, correlation, note
FROM hp_parameters('sweep', 'loss', depth => 1) WHERE kind = 'group' OR parameter = 'model.width';
SELECT method, depth, round(sum(p.importance) FILTER (WHERE kind <> 'group')::numeric, 10) AS parameters,
       bool_and(abs(p.importance - i.importance * (SELECT r.importance / s.importance FROM hp_parameters(forest) r, hp_importance(forest) s WHERE r.parameter = 'model.width' AND s.parameter = 'model.width')) < 1e-9) FILTER (WHERE kind = 'group') AS same_measure
FROM kept, hp_parameters(forest) p LEFT JOIN LATERAL (SELECT s.parameter AS name, s.importance FROM hp_importance(forest) s) i ON name = p.parameter WHERE depth < 3 GROUP BY 1, 2 ORDER BY 1, 2;

-- a group has no curve, and to ask for it is no error
SET client_min_messages = notice;
SELECT count(*) FROM kept, hp_marginal(forest, 'optimizer') WHERE depth = 1 AND method = 'permutation';
SELECT count(*) FROM kept, hp_marginal(forest, 'optimizer') WHERE depth = 3 AND method = 'permutation';
SET client_min_messages = warning;

-- lr and momentum break the same interaction: shuffled together they do not break it twice
SELECT round(max(g.importance / (SELECT importance FROM hp_importance(f.forest) WHERE parameter = 'model.width'))::numeric, 1) AS together,
       round(sum(p.importance / (SELECT importance FROM hp_parameters(f.forest) WHERE parameter = 'model.width'))::numeric, 1) AS summed
FROM kept f, hp_importance(f.forest) g, hp_parameters(f.forest) p
WHERE depth = 1 AND method = 'permutation' AND g.parameter = 'optimizer' AND p.parameter LIKE 'optimizer.%';
-- twins stand in for each other: shuffled together nothing is left to tell
SELECT (g.importance / o.importance > 1.1 * sum(p.importance) / max(q.importance)) AS more_together
FROM (SELECT hp_study_agg(jsonb_build_object('twin', jsonb_build_object('one', pg_temp.u(i, 1), 'other', pg_temp.u(i, 1)), 'x', pg_temp.u(i, 2)), pg_temp.u(i, 1) + pg_temp.u(i, 2)) AS study FROM generate_series(1, 300) i) s,
     hp_forest(study, depth => 1) f, hp_importance(f) g, hp_importance(f) o, hp_parameters(f) p, hp_parameters(f) q
WHERE g.parameter = 'twin' AND o.parameter = 'x' AND p.parameter LIKE 'twin.%' AND q.parameter = 'x' GROUP BY g.importance, o.importance;
-- reductions of impurity are summed
SELECT round(abs(g.importance - sum(p.importance))::numeric, 12) AS difference
FROM kept f, hp_importance(f.forest) g, hp_parameters(f.forest) p
WHERE depth = 1 AND method = 'impurity' AND g.parameter = 'optimizer' AND p.parameter LIKE 'optimizer.%' GROUP BY g.importance;

-- the one-liner, and a forest that was stored as text
SELECT i.parameter FROM hp_importance('sweep', 'loss', depth => 1) i;
SELECT bool_and(x.* = y.*) AS same
FROM kept, LATERAL (SELECT row_number() OVER () AS n, i FROM hp_importance(forest) i) x
JOIN LATERAL (SELECT row_number() OVER () AS n, i FROM hp_importance(forest::text::hp_forest) i) y USING (n) WHERE depth = 1;
-- the members that are left make the group
SELECT r.* FROM pg_temp.rounded(hp_forest(hp_study('sweep', 'loss'), depth => 1, exclude => '{optimizer.momentum,optimizer.schedule.%}')) r;
-- a config that is all one group
SELECT i.* FROM (SELECT hp_study_agg(jsonb_build_object('all', config), loss) AS study FROM sweep) s, hp_importance(hp_forest(study, depth => 1)) i;

-- one-hot columns are of their parameter; a depth that all names have keeps parameters apart and levels together
CREATE TEMP TABLE levels AS
SELECT jsonb_build_object('kind', (ARRAY['a.x', 'a.y', 'b', 'c'])[1 + i % 4], 'x', pg_temp.u(i, 1)) AS config, i % 4 + 0.5 * pg_temp.u(i, 1) AS loss FROM generate_series(1, 200) i;
SELECT depth, i.parameter, round(i.importance::numeric, 1) AS importance
FROM (SELECT hp_study_agg(config, loss) AS study FROM levels) s, unnest('{NULL,9}'::int[]) depth, hp_importance(hp_forest(study, encoding => 'onehot', depth => depth)) i
ORDER BY 1 NULLS FIRST, 3 DESC, 2;

-- names: keys with dots are paths like any; a parameter and what is below it in other runs; letters beyond ASCII
SELECT i.parameter FROM (
    SELECT hp_study_agg(jsonb_build_object('v1.0', pg_temp.u(i, 1), 'v1', jsonb_build_object('5', pg_temp.u(i, 2)), 'größe.x', pg_temp.u(i, 3), 'größe.y', pg_temp.u(i, 4),
        'a', CASE WHEN i % 2 = 0 THEN jsonb_build_object('b', i % 7) ELSE to_jsonb(i % 5) END, 'a-b', i % 3), i % 11) AS study
    FROM generate_series(1, 100) i) s, hp_importance(hp_forest(study, depth => 1)) i ORDER BY 1;

-- nothing to say
SELECT i.* FROM (SELECT hp_study_agg(config, 1) AS study FROM sweep) s, hp_importance(hp_forest(study, depth => 1)) i;
SELECT i.parameter, i.importance FROM hp_importance('sweep', 'loss', depth => 1, min_samples_leaf => 400) i;

-- not a depth
SELECT * FROM hp_importance('sweep', 'loss', depth => 0);
SELECT * FROM hp_importance('sweep', 'loss', depth => -1);
DROP TABLE sweep;
