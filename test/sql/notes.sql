--
-- Notes of hp_parameters: parameters that were moved together, and columns
-- that are no settings.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- a number in [0, 1) that looks random, the same everywhere
CREATE FUNCTION pg_temp.u(i int, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT (hashint4extended(i, k) & 4294967295) / 4294967296.0::float8';
CREATE FUNCTION pg_temp.notes(study hp_study, VARIADIC exclude text[] DEFAULT NULL, OUT parameter text, OUT note text)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT p.parameter, p.note FROM hp_parameters(hp_forest(study, trees => 1, exclude => exclude)) p ORDER BY 1
$$;

--
-- Together, determined, nearly
--
CREATE TEMP TABLE runs AS
SELECT i, jsonb_strip_nulls(jsonb_build_object(
           'variant', 'v' || k, 'arch', (ARRAY['mlp', 'cnn', 'vit'])[1 + k % 3], 'gpu', k % 2 = 0, 'device', CASE WHEN k % 2 = 0 THEN 'cuda' ELSE 'cpu' END,
           'optimizer', jsonb_build_object('name', o.name, 'lr', o.lr, 'lr_log', log(o.lr), 'warmup', o.lr * (1 + 0.2 * pg_temp.u(i, 4)), 'momentum', CASE WHEN o.name = 'sgd' THEN pg_temp.u(i, 5) END,
                                           'nesterov', CASE WHEN o.name = 'sgd' THEN pg_temp.u(i, 6) < 0.5 END, 'eps', CASE WHEN o.name = 'adam' THEN 1e-8 END),
           'width', CASE WHEN i % 150 = 0 THEN 7 ELSE 32 * (k % 3 + 1) END, 'dropout', pg_temp.u(i, 7), 'layers', floor(4 * pg_temp.u(i, 8)))) AS config,
       pg_temp.u(i, 9) AS metric
FROM generate_series(1, 600) i, LATERAL (SELECT floor(12 * pg_temp.u(i, 1))::int AS k) k,
     LATERAL (SELECT CASE WHEN pg_temp.u(i, 2) < 0.4 THEN 'sgd' ELSE 'adam' END AS name, 10 ^ (-5 + 4 * pg_temp.u(i, 3)) AS lr) o;
SELECT n.* FROM (SELECT hp_study_agg(config, metric) AS study FROM runs) s, pg_temp.notes(study) n;
-- those that are kept out are not spoken of
SELECT n.* FROM (SELECT hp_study_agg(config, metric) AS study FROM runs) s, pg_temp.notes(study, 'optimizer.lr_log', 'optimizer.warmup', 'device', 'variant', 'width', 'arch') n WHERE n.parameter IN ('gpu', 'optimizer.lr');
-- the same from a stored forest, and from its text
SELECT bool_and(a.note IS NOT DISTINCT FROM b.note) AS equal, count(a.note) AS notes
FROM (SELECT hp_forest(hp_study_agg(config, metric), trees => 1) AS forest FROM runs) f, hp_parameters(forest) a, hp_parameters(forest::text::hp_forest) b WHERE a.parameter = b.parameter;
-- at most three are named; long names are cut between characters
SELECT n.* FROM (SELECT hp_study_agg(jsonb_build_object('a', i % 5, 'b', i % 5 * 2, 'c', 'c' || i % 5, 'd', i % 5 * 3 % 5, 'e', i % 5), pg_temp.u(i, 1)) AS study FROM generate_series(1, 100) i) s, pg_temp.notes(study) n;
SELECT n.note FROM (SELECT hp_study_agg(jsonb_build_object('a', i % 5, 'xü' || repeat('ü', 200), i % 5 * 2), pg_temp.u(i, 1)) AS study FROM generate_series(1, 100) i) s, pg_temp.notes(study) n WHERE n.parameter = 'a';
-- few runs show nothing: eight may agree by chance
SELECT runs, count(note) AS notes
FROM unnest('{8,40}'::int[]) runs, LATERAL (SELECT hp_study_agg(jsonb_build_object('a', i % 2, 'b', 'b' || i % 2, 'c', pg_temp.u(i, 2)), pg_temp.u(i, 1)) AS study FROM generate_series(1, runs) i) s, pg_temp.notes(study) GROUP BY 1 ORDER BY 1;
-- configurations that were repeated do not tie their continuous settings to each other
SELECT count(n.note) AS notes
FROM (SELECT hp_study_agg(jsonb_build_object('lr', pg_temp.u(i / 5, 1), 'decay', pg_temp.u(i / 5, 2), 'dropout', pg_temp.u(i / 5, 3), 'seed', i % 5), pg_temp.u(i, 4)) AS study FROM generate_series(0, 299) i) s, pg_temp.notes(study) n;
-- levels of one parameter, a row each, are no others
SELECT n.parameter, n.note FROM (SELECT hp_study_agg(jsonb_build_object('opt', 'o' || i % 2, 'same', i % 2 = 0, 'x', pg_temp.u(i, 1)), pg_temp.u(i, 2)) AS study FROM generate_series(1, 60) i) s,
     hp_parameters(hp_forest(study, trees => 1, encoding => 'onehot')) n ORDER BY 1;

--
-- No settings
--
SELECT n.* FROM (SELECT hp_study_agg(jsonb_build_object('final_loss', metric * 0.9 + 0.001 * pg_temp.u(i, 1), 'accuracy', -exp(metric), 'hours', metric + pg_temp.u(i, 2), 'run', i, 'gaps', i * 2 - i % 2,
                                     'started', 1700000000 + i * 97 % 5000 * 60, 'ms', 1700000000000 + pg_temp.u(i, 3) * 1e9, 'seed', floor(1e6 * pg_temp.u(i, 4)), 'bins', floor(metric * 20), 'lr', pg_temp.u(i, 5)), metric) AS study
                 FROM (SELECT i, pg_temp.u(i, 9) AS metric FROM generate_series(1, 200) i) r) s, pg_temp.notes(study) n;
