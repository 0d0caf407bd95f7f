--
-- Importance: what the forest says matters, where the answer is known by hand,
-- by scikit-learn, or by symmetry; and that nothing but the runs and the
-- settings changes it.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- a number in [0, 1) that looks random, the same everywhere
CREATE FUNCTION pg_temp.u(i int, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT (hashint4extended(i, k) & 4294967295) / 4294967296.0::float8';
CREATE FUNCTION pg_temp.rounded(forest hp_forest, digits int DEFAULT 2, OUT parameter text, OUT importance numeric, OUT correlation numeric)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT i.parameter, round(i.importance::numeric, digits), round(i.correlation::numeric, digits) FROM hp_importance(forest) i
$$;

--
-- Known by hand
--
CREATE TEMP TABLE hand AS
SELECT i, jsonb_build_object('a', i % 2, 'b', i / 2 % 2, 'noise', pg_temp.u(i, 1), 'coin', pg_temp.u(i, 2) < 0.5) AS config,
       i % 2 AS driven, 2 * (i % 2) + (i / 2 % 2) AS four_to_one, (i % 2) # (i / 2 % 2) AS "xor", pg_temp.u(i, 3) AS unrelated,
       pg_temp.u(i, 4) AS x
FROM generate_series(1, 600) i;
-- one parameter says it all: it has all of the importance, to the last bit
SELECT method, i.parameter, i.importance, round(i.correlation::numeric, 6) AS correlation FROM unnest('{permutation,impurity}'::text[]) method, hp_importance('hand', 'driven', method => method) i;
-- twice the effect is four times the variance
SELECT method, r.* FROM unnest('{permutation,impurity}'::text[]) method,
    pg_temp.rounded(hp_forest(hp_study('hand', 'four_to_one'), include => '{a,b}', method => method)) r;
SELECT method, r.* FROM unnest('{permutation,impurity}'::text[]) method,
    pg_temp.rounded(hp_forest(hp_study('hand', 'four_to_one'), method => method), 1) r;
-- exclusive or: no correlation, all of the importance
SELECT r.* FROM pg_temp.rounded(hp_forest(hp_study('hand', 'xor'))) r;
SELECT r.* FROM pg_temp.rounded(hp_forest(hp_study('hand', 'xor'), include => '{a,b}', method => 'impurity')) r;
-- a valley: neither
SELECT method, r.* FROM unnest('{permutation,impurity}'::text[]) method,
     (SELECT hp_study_agg(jsonb_build_object('x', i % 101 - 50, 'noise', pg_temp.u(i, 1)), ((i % 101 - 50) / 50.0) ^ 2) AS study FROM generate_series(0, 606) i) s,
     pg_temp.rounded(hp_forest(study, method => method)) r;
-- a parameter that does nothing: about 0 by permutation, however many values it has; not so by impurity
SELECT method, max(importance) FILTER (WHERE parameter IN ('noise', 'coin')) < 0.05 AS nothing, min(importance) >= 0 AS none_negative
FROM (SELECT hp_study_agg(config, driven + unrelated) AS study FROM hand) s, unnest('{permutation,impurity}'::text[]) method,
     hp_importance(hp_forest(study, method => method)) GROUP BY 1 ORDER BY 1;
-- twins share
SELECT i.parameter, importance BETWEEN 0.3 AND 0.7 AS a_part
FROM (SELECT hp_study_agg(jsonb_build_object('one', x, 'other', x), x) AS study FROM hand) s, hp_importance(hp_forest(study)) i ORDER BY 1;
-- equals are sorted by name, in the order of bytes
SELECT i.parameter, i.importance FROM (SELECT hp_study_agg(config || '{"é": 1, "b2": 1, "B": 1, "_": 1, "Z": 1}', driven) AS study FROM hand) s, hp_importance(hp_forest(study)) i;
-- a tree of one split knows the better of two only
SELECT i.parameter, importance FROM hp_importance('hand', 'four_to_one', max_depth => 1, method => 'impurity', include => '{a,b}') i;
-- halves of 600 runs, of which 380 are drawn at most
SELECT i.* FROM hp_importance('hand', 'driven', min_samples_leaf => 300, include => '{a,b}') i;
SELECT i.parameter, importance FROM hp_importance('hand', 'four_to_one', min_samples_leaf => 120, include => '{a,b}', method => 'impurity') i;
-- with one feature to choose from, the weaker gets its turn before the stronger
SELECT max_features, round(importance::numeric, 1) AS importance
FROM (SELECT hp_study_agg(jsonb_build_object('strong', driven, 'weak', CASE WHEN i % 10 < 2 THEN 1 - driven ELSE driven END), driven) AS study FROM hand) s,
     unnest('{1, 0.5, 0.01}'::float8[]) max_features, hp_importance(hp_forest(study, max_features => max_features, method => 'impurity')) i
WHERE parameter = 'weak' ORDER BY 1 DESC;

-- a category is one parameter, however many levels; levels that do nothing do nothing
SELECT r.* FROM (SELECT hp_study_agg(jsonb_build_object('planet', 'p' || i % 30, 'x', x, 'name', 'n' || i % 200), (i % 30 * 7 % 30) / 30.0 + 0.1 * x) AS study FROM hand) s,
    pg_temp.rounded(hp_forest(study)) r;
-- numbers that are codes: as numbers they need many splits, as levels one
SELECT forced, n.parameter, n.kind, round(n.importance::numeric, 2) AS importance, n.correlation IS NULL AS no_correlation, round(q.oob_r2::numeric, 2) AS r2
FROM (SELECT hp_study_agg(jsonb_build_object('task', i % 40, 'x', x), (hashint4extended(i % 40, 5) & 1) + x) AS study FROM hand) s,
     unnest('{NULL,"{task}"}'::text[]) forced, hp_forest(study, categorical => forced::text[], min_samples_leaf => 5) f, hp_parameters(f) n, hp_quality(f) q
ORDER BY 1 NULLS FIRST, 2;

--
-- Known by scikit-learn: 100 trees, all features, leaves of one run. The means
-- and standard deviations over its seeds; what is more than five of these away
-- is listed. test/fixtures/README.md says how the data and the numbers were made.
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
CREATE TEMP TABLE numeric_known (parameter, impurity, impurity_sd, permutation, permutation_sd, pearson, spearman) AS VALUES
    ('a', 0.276816, 0.003662, 0.239833, 0.004234, 0.39109336963458013, 0.37796636228976427),
    ('b', 0.410132, 0.004174, 0.401764, 0.004656, 0.5948093468454, 0.5888414302589391),
    ('c', 0.115555, 0.002813, 0.140411, 0.001829, 0.008518305888931444, 0.004392964956030975),
    ('d', 0.131488, 0.002584, 0.129151, 0.002468, 0.39626096321526466, 0.40551033380738133),
    ('e', 0.008506, 0.000476, 0.000000, 0.000000, 0.0011139372480312084, -0.004427830743433223),
    ('f', 0.057503, 0.002512, 0.088842, 0.001649, -0.3128665943922348, -0.29601173909199724);
CREATE TEMP TABLE numeric_forest AS
SELECT method, hp_forest(hp_study('numeric_runs', 'metric', '{a,b,c,d,e,f}'), method => method, missing => 'value') AS forest
FROM unnest('{permutation,impurity}'::text[]) method;
SELECT k.parameter, method, importance, impurity, permutation
FROM numeric_forest, hp_importance(forest) FULL JOIN numeric_known k USING (parameter)
WHERE CASE method WHEN 'impurity' THEN abs(importance - impurity) > 5 * impurity_sd ELSE abs(importance - permutation) > 5 * permutation_sd + 0.001 END IS NOT FALSE;
SELECT method, CASE method WHEN 'impurity' THEN abs(oob_r2 - 0.865008) < 5 * 0.003329 ELSE abs(oob_r2 - 0.890656) < 5 * 0.002702 END AS r2 FROM numeric_forest, hp_quality(forest) ORDER BY 1;
SELECT p.parameter, abs(correlation - pearson) < 1e-12 AS pearson, abs(rank_correlation - spearman) < 1e-12 AS spearman
FROM numeric_forest, hp_parameters(forest) p JOIN numeric_known USING (parameter) WHERE method = 'impurity' ORDER BY 1;
-- the order of importance is as it should be
SELECT method, string_agg(parameter, ' ' ORDER BY n) FROM numeric_forest, hp_importance(forest) WITH ORDINALITY i (parameter, i, c, n) GROUP BY 1 ORDER BY 1;

CREATE TEMP TABLE mixed_runs (optimizer text, lr float8, momentum float8, activation text, layers int, dropout float8, amp boolean, metric float8);
\copy mixed_runs FROM 'test/fixtures/mixed.csv' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE mixed_known (parameter, impurity, impurity_sd, permutation, permutation_sd, pearson, spearman) AS VALUES
    ('optimizer_adam', 0.013278, 0.001212, 0.011004, 0.002462, -0.29686851899549516, -0.29861012033694045),
    ('optimizer_rmsprop', 0.003630, 0.000447, 0.001056, 0.001416, -0.13741354837038658, -0.1426087760505152),
    ('optimizer_sgd', 0.011889, 0.001291, 0.028206, 0.004551, -0.062333905743707424, -0.04778272834882931),
    ('optimizer_NAN', 0.260354, 0.004193, 0.378624, 0.010815, 0.5094783568818931, 0.49814523707722397),
    ('lr', 0.294553, 0.004727, 0.214361, 0.007635, -0.01837757151093487, -0.20062756252847253),
    ('momentum', 0.031944, 0.001971, 0.045392, 0.005176, -0.38282437929218255, -0.3667094440734188),
    ('activation_gelu', 0.014594, 0.001483, 0.003501, 0.002217, -0.21576265863836275, -0.22661841968565746),
    ('activation_relu', 0.008886, 0.000836, 0.003748, 0.001983, -0.012756574110411893, -0.00668765720785982),
    ('activation_tanh', 0.051109, 0.002571, 0.075977, 0.005919, 0.23511776486563454, 0.2400577202082466),
    ('layers', 0.118034, 0.003321, 0.113303, 0.006903, -0.36974968608037645, -0.3471620113885077),
    ('dropout', 0.179142, 0.004744, 0.124514, 0.006966, 0.3652390428290752, 0.369834458396163),
    ('amp', 0.012586, 0.000718, 0.000315, 0.000695, 0.008236997469758532, -0.0003466046977142229);
CREATE TEMP TABLE mixed_forest AS
SELECT method, hp_forest(hp_study('mixed_runs', 'metric', '{optimizer,lr,momentum,activation,layers,dropout,amp}'), method => method, encoding => 'onehot', missing => 'value') AS forest
FROM unnest('{permutation,impurity}'::text[]) method;
SELECT k.parameter, method, importance, impurity, permutation
FROM mixed_forest, hp_importance(forest) FULL JOIN mixed_known k USING (parameter)
WHERE CASE method WHEN 'impurity' THEN abs(importance - impurity) > 5 * impurity_sd + 0.001 ELSE abs(importance - permutation) > 5 * permutation_sd + 0.001 END IS NOT FALSE;
SELECT method, CASE method WHEN 'impurity' THEN abs(oob_r2 - 0.719558) < 5 * 0.006289 ELSE abs(oob_r2 - 0.755419) < 5 * 0.003105 END AS r2 FROM mixed_forest, hp_quality(forest) ORDER BY 1;
-- the rows of the levels, and their correlations
SELECT p.parameter, kind, runs, missing, distinct_values, abs(correlation - pearson) < 1e-12 AS pearson, abs(rank_correlation - spearman) < 1e-12 AS spearman
FROM mixed_forest, hp_parameters(forest) p JOIN mixed_known USING (parameter) WHERE method = 'impurity' ORDER BY p.parameter COLLATE "C";

--
-- One row a level: encoding => 'onehot'
--
CREATE TEMP TABLE opt AS
SELECT i, jsonb_strip_nulls(jsonb_build_object('optimizer', (ARRAY['adam', 'sgd', NULL])[1 + i % 3], 'lr', x, 'const', 'c', 'on', i % 5 = 0,
           'batch', CASE WHEN i % 4 > 0 THEN to_jsonb(i % 4 * 16) ELSE '"auto"' END)) AS config,
       (ARRAY[0, 1, 3])[1 + i % 3] + x AS loss
FROM hand;
SELECT r.* FROM pg_temp.rounded(hp_forest(hp_study('opt', 'loss'), encoding => 'onehot')) r;
SELECT parameter, abs(h.correlation - c.correlation) < 1e-12 AS is_corr
FROM hp_importance('opt', 'loss', encoding => 'onehot', trees => 1) h
     JOIN (SELECT 'optimizer_' || level AS parameter, corr((coalesce(config ->> 'optimizer', 'NAN') = level)::int, loss) AS correlation
           FROM opt, unnest('{adam,sgd,NAN}'::text[]) level GROUP BY 1) c USING (parameter) ORDER BY parameter COLLATE "C";
SELECT parameter, kind, runs, missing, distinct_values, minimum, maximum, note FROM hp_parameters('opt', 'loss', encoding => 'onehot', trees => 1) ORDER BY parameter COLLATE "C";
-- missing that is written "NAN" as well
SELECT parameter, round(correlation::numeric, 2) AS correlation
FROM (SELECT hp_study_agg(jsonb_strip_nulls(jsonb_build_object('o', (ARRAY['NAN', 'x', NULL])[1 + i % 3], 'w', 'y')), i % 3) AS study FROM hand) s, hp_importance(hp_forest(study, encoding => 'onehot', trees => 1)) ORDER BY 1, 2;
-- names that come out equal are two rows all the same
SELECT parameter, round(correlation::numeric, 2) AS correlation
FROM (SELECT hp_study_agg(jsonb_build_object('a', CASE i % 2 WHEN 0 THEN 'b_c' ELSE 'z' END, 'a_b', CASE i / 2 % 2 WHEN 0 THEN 'c' ELSE 'y' END), i % 4) AS study FROM hand) s,
     hp_importance(hp_forest(study, encoding => 'onehot', trees => 1)) ORDER BY 1, 2;
-- forced categories become rows too
SELECT r.parameter FROM hp_importance('opt', 'loss', encoding => 'onehot', categorical => '{on,batch}', include => '{on,batch}') r ORDER BY 1;

--
-- Missing values must not steal credit: momentum and nesterov are set under
-- sgd only, and do nothing there
--
CREATE TEMP TABLE conditional AS
SELECT i, jsonb_strip_nulls(jsonb_build_object('optimizer', o, 'lr', round(x::numeric, 3),
           'momentum', CASE o WHEN 'sgd' THEN round(pg_temp.u(i, 6)::numeric, 2) END,
           'nesterov', CASE o WHEN 'sgd' THEN pg_temp.u(i, 7) < 0.5 END)) AS config,
       CASE o WHEN 'sgd' THEN 1 ELSE 0 END + 0.2 * x AS loss
FROM hand, LATERAL (SELECT (ARRAY['adam', 'lion', 'sgd'])[1 + i * 7 % 3]) p (o);
SELECT method, missing, round(max(importance) FILTER (WHERE parameter = 'optimizer')::numeric, 1) AS optimizer,
       round(max(importance) FILTER (WHERE parameter IN ('momentum', 'nesterov'))::numeric, 1) AS momentum_or_nesterov
FROM unnest('{permutation,impurity}'::text[]) method, unnest('{auto,fill,value}'::text[]) missing,
     hp_importance('conditional', 'loss', method => method, missing => missing) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT m AS missing, p.parameter, p.note FROM unnest('{auto,fill,value}'::text[]) m, hp_parameters('conditional', 'loss', trees => 1, missing => m) p ORDER BY 1, 2;
-- where nothing else explains the gap it is information
SELECT m AS missing, r.*, p.note
FROM (SELECT hp_study_agg(jsonb_strip_nulls(jsonb_build_object('warmup', CASE WHEN pg_temp.u(i, 8) < 0.5 THEN 1 + i % 5 END, 'x', x)),
                          (pg_temp.u(i, 8) < 0.5)::int + 0.1 * x) AS study FROM hand) s, unnest('{auto,fill,value}'::text[]) m,
     hp_forest(study, missing => m) forest, pg_temp.rounded(forest, 1) r JOIN hp_parameters(forest) p USING (parameter) ORDER BY 1, 3 DESC;
-- and what a conditional parameter does where it is, is seen
SELECT r.*
FROM (SELECT hp_study_agg(config, loss + 2 * coalesce((config ->> 'momentum')::float8 - 0.5, 0)) AS study FROM conditional) s, hp_forest(study) forest, pg_temp.rounded(forest, 1) r;

--
-- include, exclude, categorical: LIKE patterns on names
--
CREATE TEMP TABLE named AS
SELECT i, jsonb_build_object('optimizer', jsonb_build_object('name', 'o' || i % 2, 'lr', x), 'opt_lr', i % 7, 'optXlr', i % 5, 'lr', i % 3, '100%', i % 4) AS config, x + i % 2 AS loss FROM hand;
SELECT include, exclude, string_agg(parameter, ' ' ORDER BY parameter COLLATE "C")
FROM (VALUES (1, NULL::text[], NULL::text[]), (2, '{%}', NULL), (3, '{optimizer.%}', NULL), (4, '{%lr}', '{lr}'), (5, '{opt_lr}', NULL), (6, '{opt\\_lr}', NULL),
             (7, NULL, '{optimizer.name, opt%}'), (8, '{lr,lr,"100\\%"}', NULL), (9, '{lr}', '{}'), (10, '{%}', '{%}')) v (n, include, exclude)
     LEFT JOIN LATERAL hp_importance('named', 'loss', include => include, exclude => exclude, trees => 1) i ON true
GROUP BY n, include, exclude ORDER BY n;
-- an empty list includes nothing
SELECT * FROM hp_importance('named', 'loss', include => '{}');
-- what matches nothing is said
SELECT parameter FROM hp_importance('named', 'loss', include => '{lr,learning_rate}', exclude => '{Lr}', categorical => '{seed%}', trees => 1);
-- case and accents count; a pattern is of the whole name
SELECT parameter FROM hp_importance('named', 'loss', include => '{optimizer}', trees => 1);
-- LIKE's own complaint
SELECT parameter FROM hp_importance('named', 'loss', include => '{opt\\}', trees => 1);
-- a category or not
SELECT p.parameter, kind FROM hp_parameters('named', 'loss', categorical => '{lr,opt_lr}', trees => 1) p ORDER BY 1;
-- excluded is as if it had not been there
SELECT hp_forest((SELECT hp_study_agg(config, loss) FROM named), exclude => '{lr}', trees => 3)::text = hp_forest((SELECT hp_study_agg(config - 'lr', loss) FROM named), trees => 3)::text AS same;
SELECT h.parameter FROM hp_correlation('named', 'loss', include => '{%lr}', exclude => '{opt_lr}') h ORDER BY 1;
SELECT h.parameter, h.level FROM hp_levels('named', 'loss', include => '{optimizer%}', exclude => '{%lr}') h ORDER BY 1, 2;

--
-- The same answer for the same runs and settings, another for others
--
CREATE TEMP TABLE runs AS
SELECT i, (ARRAY['lr', 'batch', 'net'])[1 + i % 3] AS sweep,
       jsonb_strip_nulls(jsonb_build_object('lr', round(x::numeric, 3), 'batch', 16 * (1 + i * 5 % 4), 'optimizer', (ARRAY['adam', 'sgd', 'lion'])[1 + i / 7 % 3],
           'momentum', CASE i / 7 % 3 WHEN 1 THEN round(pg_temp.u(i, 9)::numeric, 1) END, 'net', jsonb_build_object('depth', i * 13 % 5))) AS config,
       CASE i % 3 WHEN 0 THEN 3 * x WHEN 1 THEN i * 5 % 4 ELSE i * 13 % 5 END + 0.1 * pg_temp.u(i, 10) AS val_loss
FROM hand;
SELECT hp_forest(a, trees => 10)::text = hp_forest(b, trees => 10)::text AS row_order
FROM (SELECT hp_study_agg(config, val_loss ORDER BY i) a, hp_study_agg(config, val_loss ORDER BY i * 7919 % 601) b FROM runs) s;
SELECT hp_forest(a, trees => 10)::text = hp_forest(b, trees => 10)::text AS merged
FROM (SELECT hp_study_agg(config, val_loss) a FROM runs) s, (SELECT hp_study_agg(s ORDER BY g) b FROM (SELECT i % 7 AS g, hp_study_agg(config, val_loss) s FROM runs GROUP BY 1) q) m;
SELECT hp_forest(a, trees => 10)::text = hp_forest(b, trees => 10)::text AS keys_order
FROM (SELECT hp_study_agg(config, val_loss ORDER BY i) a, hp_study_agg((SELECT jsonb_object_agg(key, value ORDER BY key DESC) FROM jsonb_each(config)), val_loss ORDER BY i DESC) b FROM runs) s;
-- 0.5, "0.50" and 5e-1 are one
SELECT hp_forest(a, trees => 10)::text = hp_forest(b, trees => 10)::text AS spelling
FROM (SELECT hp_study_agg(config, val_loss) a, hp_study_agg(config || jsonb_build_object('lr', config ->> 'lr', 'batch', (config ->> 'batch') || 'e0'), val_loss) b FROM runs) s;
-- duplicates are runs: twice the runs is another forest, of the same correlations
SELECT a.parameter, a.importance <> b.importance AS other, abs(a.correlation - b.correlation) < 1e-12 AS same, q.runs_used
FROM (SELECT hp_forest(hp_study_agg(config, val_loss), trees => 10) once FROM runs) x, (SELECT hp_forest(hp_study_agg(config, val_loss), trees => 10) twice FROM runs, generate_series(1, 2)) y,
     hp_quality(twice) q, hp_importance(once) a JOIN hp_importance(twice) b USING (parameter) ORDER BY 1;
-- a value or a table
SELECT count(*) AS "all", count(*) FILTER (WHERE a.* IS NOT DISTINCT FROM b.*) AS same
FROM hp_importance('runs', 'val_loss', trees => 10, max_depth => 4, min_samples_leaf => 3, max_features => 0.6, seed => 5, exclude => '{batch}', categorical => '{net.depth}', encoding => 'onehot', method => 'impurity', missing => 'fill') a
     FULL JOIN hp_importance(hp_forest(hp_study('runs', 'val_loss'), 10, 4, 3, 0.6, 5, NULL, '{batch}', '{net.depth}', 'onehot', 'impurity', 'fill')) b USING (parameter);
SELECT count(*) AS "all", count(*) FILTER (WHERE a.* IS NOT DISTINCT FROM b.*) AS same
FROM hp_importance('runs', 'val_loss', '{config}', 10, 4, 3, 0.6, 5, NULL, '{batch}', '{net.depth}', 'onehot', 'impurity', 'fill') a
     FULL JOIN hp_importance(hp_forest(hp_study('runs', 'val_loss'), trees => 10, max_depth => 4, min_samples_leaf => 3, max_features => 0.6, seed => 5, exclude => '{batch}', categorical => '{net.depth}', encoding => 'onehot', method => 'impurity', missing => 'fill')) b USING (parameter);
-- every setting makes a difference
CREATE TEMP TABLE base AS SELECT hp_study_agg(config, val_loss) AS study FROM runs;
SELECT count(*) AS settings, count(DISTINCT answer) AS answers
FROM base, LATERAL (VALUES (hp_forest(study, trees => 10)), (hp_forest(study, trees => 11)), (hp_forest(study, trees => 10, max_depth => 3)), (hp_forest(study, trees => 10, min_samples_leaf => 4)),
     (hp_forest(study, trees => 10, max_features => 0.4)), (hp_forest(study, trees => 10, seed => 1)), (hp_forest(study, trees => 10, include => '{lr,batch}')), (hp_forest(study, trees => 10, exclude => '{lr}')),
     (hp_forest(study, trees => 10, encoding => 'onehot')), (hp_forest(study, trees => 10, method => 'impurity')), (hp_forest(study, trees => 10, missing => 'value'))) v (forest),
     LATERAL (SELECT string_agg(parameter || ' ' || importance, ',') AS answer FROM hp_importance(forest)) a;
-- words of any case
SELECT hp_forest(study, trees => 2, encoding => 'OneHot', method => 'IMPURITY', missing => 'Value')::text = hp_forest(study, trees => 2, encoding => 'onehot', method => 'impurity', missing => 'value')::text AS same FROM base;
-- any seed
SELECT count(*), count(DISTINCT answer) AS answers, min(seed), max(seed)
FROM base, unnest('{0, 1, -1, 42, 4294967296, 9223372036854775807, -9223372036854775808}'::bigint[]) s, hp_forest(study, trees => 3, seed => s) f, hp_quality(f) q,
     LATERAL (SELECT string_agg(parameter || ' ' || importance, ',') AS answer FROM hp_importance(f)) a WHERE q.seed = s;
-- the first trees of a larger forest are those of the smaller: seeds 0 and 1 share none
SELECT hp_forest(study, trees => 1, seed => 1)::text <> hp_forest(study, trees => 1, seed => 0)::text AS other FROM base;
-- sums of 1, sorted
SELECT count(*) AS answers, bool_and(abs(total - 1) < 1e-12) AS sum_1, bool_and(sorted) AS sorted
FROM base, unnest('{permutation,impurity}'::text[]) method, unnest('{native,onehot}'::text[]) encoding, unnest('{fill,value}'::text[]) missing, generate_series(1, 3) seed,
     LATERAL (SELECT sum(importance) AS total, bool_and(importance <= before IS NOT FALSE) AS sorted
              FROM (SELECT importance, lag(importance) OVER () AS before FROM hp_importance(hp_forest(study, trees => 5, seed => seed, method => method, encoding => encoding, missing => missing))) o) a;
-- what hp_parameters says is the same
SELECT method, count(*) AS "all", count(*) FILTER (WHERE i.importance = p.importance AND p.importance = CASE method WHEN 'impurity' THEN importance_impurity ELSE importance_permutation END
           AND (importance_impurity IS NOT NULL) AND (importance_permutation IS NULL) = (method = 'impurity')) AS same
FROM base, unnest('{permutation,impurity}'::text[]) method, hp_forest(study, trees => 5, method => method) f, hp_importance(f) i FULL JOIN hp_parameters(f) p USING (parameter) GROUP BY 1 ORDER BY 1;
-- permutation or impurity: of few runs the samples are the same, and so the trees on the metric itself
SELECT p.parameter, p.importance_impurity = i.importance AS same
FROM (SELECT hp_study_agg(config, val_loss) AS study FROM runs WHERE i < 150) s, hp_forest(study, trees => 5, missing => 'fill', min_samples_leaf => 1) a, hp_forest(study, trees => 5, missing => 'fill', method => 'impurity') b, hp_parameters(a) p FULL JOIN hp_importance(b) i USING (parameter) ORDER BY 1;
-- 1 and 10,000 trees
SELECT q.trees, round(sum(importance)::numeric, 9) AS total
FROM (SELECT hp_study_agg(config, val_loss) AS study FROM runs WHERE i < 20) s, unnest('{1, 10000}'::int[]) n, hp_forest(study, trees => n, min_samples_leaf => 5) f, hp_quality(f) q, hp_importance(f) i GROUP BY 1 ORDER BY 1;

--
-- All sweeps in one query
--
SELECT sweep, i.parameter, round(i.importance::numeric, 1) AS importance, round(i.correlation::numeric, 1) AS correlation
FROM (SELECT sweep, hp_forest(hp_study_agg(config, val_loss)) AS forest FROM runs GROUP BY sweep) s, hp_importance(s.forest) i
WHERE importance > 0.05 ORDER BY sweep, importance DESC;
SELECT sweep, r2 > 0.9 AS good, used FROM (SELECT sweep, hp_forest(hp_study_agg(config, val_loss), trees => 20) AS forest FROM runs GROUP BY ROLLUP (sweep)) s,
    LATERAL (SELECT oob_r2 AS r2, runs_used AS used FROM hp_quality(forest)) q ORDER BY 1;
SELECT hp_forest(NULL) IS NULL AS nothing, (SELECT count(*) FROM hp_importance(NULL::hp_forest)) AS no_rows;

--
-- A forest is a value: text, binary, tables
--
CREATE TEMP TABLE forests AS
SELECT n, hp_forest(study, trees => 7, method => method, encoding => encoding, categorical => '{net.depth}') AS forest
FROM base, (VALUES (1, 'permutation', 'native'), (2, 'impurity', 'native'), (3, 'permutation', 'onehot')) v (n, method, encoding);
SELECT n, forest::text::hp_forest::text = forest::text AS text, encode(decode(forest::text, 'base64'), 'hex') = encode(hp_forest_send(forest), 'hex') AS binary,
       (SELECT count(*) FROM hp_parameters(forest) a JOIN hp_parameters(forest::text::hp_forest) b ON a.* IS NOT DISTINCT FROM b.*) = (SELECT count(*) FROM hp_parameters(forest)) AS parameters,
       (SELECT a.* IS NOT DISTINCT FROM b.* FROM hp_quality(forest) a, hp_quality(forest::text::hp_forest) b) AS quality
FROM forests ORDER BY 1;
\copy forests TO 'results/forests.bin' WITH (FORMAT binary)
CREATE TEMP TABLE back (LIKE forests);
\copy back FROM 'results/forests.bin' WITH (FORMAT binary)
SELECT count(*) AS same FROM forests a JOIN back b USING (n) WHERE a.forest::text = b.forest::text;
\copy forests TO 'results/forests.csv' WITH (FORMAT csv)
TRUNCATE back;
\copy back FROM 'results/forests.csv' WITH (FORMAT csv)
SELECT count(*) AS same FROM forests a JOIN back b USING (n) WHERE a.forest::text = b.forest::text;
