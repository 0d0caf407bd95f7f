-- make_formats.sql - writes formats-N.copy: stored values of format version N, which
-- every later version of hpimp reads and gives the same answers for. Run once, by
-- the release that introduces a format; the file is never written again.
--
--	psql -XAtq -f test/data/make_formats.sql >test/data/formats-N.copy
--
-- Small, and of everything a value can hold: gaps, null, booleans, numbers beside
-- texts, levels that are not ASCII, nested keys, arrays, runs left out, repeated
-- runs; a sample of more runs than are kept.
SET client_min_messages = error;
BEGIN;
CREATE TEMP TABLE runs AS
SELECT i AS id, jsonb_strip_nulls(jsonb_build_object('lr', CASE WHEN i % 9 > 0 THEN i * 0.1 END, 'layers', i % 3, 'amp', i % 2 = 0,
		'optimizer', (ARRAY['sgd', 'adam', 'räms'])[1 + i % 3],
		'mixed', CASE i % 5 WHEN 0 THEN to_jsonb('many'::text) ELSE to_jsonb(i % 5) END,
		'nested', jsonb_build_object('big', CASE i % 3 WHEN 0 THEN 1e300 ELSE -0.25 END, 'sizes', jsonb_build_array(1, i % 2))))
	|| CASE i % 4 WHEN 0 THEN '{"off": null}' WHEN 1 THEN '{"off": 3}' ELSE '{}' END::jsonb AS config,
	CASE i WHEN 5 THEN NULL WHEN 6 THEN 'NaN' WHEN 7 THEN 'Infinity' ELSE (i % 7) * 0.3 + i * 0.01 END::float8 AS loss
FROM generate_series(1, 40) i;
INSERT INTO runs SELECT id, config, loss FROM runs WHERE id % 8 = 0;
CREATE TEMP TABLE many AS SELECT jsonb_build_object('a', i % 5, 'b', CASE WHEN i % 3 > 0 THEN 'level ' || i % 2 END) AS config, i::float8 AS loss FROM generate_series(1, 1200) i;
CREATE TEMP TABLE study AS SELECT hp_study('runs', 'loss') AS study;
CREATE TEMP TABLE formats (name text, study hp_study, forest hp_forest);
INSERT INTO formats (name, study)
SELECT 'empty study', hp_study_agg(config, loss) FROM runs WHERE loss IS NULL
UNION ALL SELECT 'study', study FROM study;
SET LOCAL hpimp.max_runs = 1000;
INSERT INTO formats (name, study) SELECT 'sampled study', hp_study_agg(config, loss) FROM many;
INSERT INTO formats (name, forest)
SELECT 'permutation', hp_forest(study, trees => 2, max_depth => 3) FROM study
UNION ALL SELECT 'uncertainty', hp_forest(study, trees => 1, max_depth => 2, uncertainty => true) FROM study
UNION ALL SELECT 'impurity, onehot', hp_forest(study, trees => 2, max_depth => 3, method => 'impurity', encoding => 'onehot', max_features => 0.5) FROM study
UNION ALL SELECT 'corrected, categorical', hp_forest(study, trees => 2, max_depth => 2, method => 'corrected', categorical => '{layers}', exclude => '{nested.%}') FROM study
UNION ALL SELECT 'fanova', hp_forest(study, trees => 2, max_depth => 3, method => 'fanova') FROM study
UNION ALL SELECT 'fanova, uniform', hp_space(hp_forest(study, trees => 2, max_depth => 3, method => 'fanova', exclude => '{nested.%}'), 'uniform') FROM study
UNION ALL SELECT 'ped_anova', hp_forest(study, trees => 1, max_depth => 1, method => 'ped_anova', goal => 'maximize', quantile => 0.3) FROM study
UNION ALL SELECT 'groups', hp_forest(study, trees => 1, max_depth => 2, depth => 1, missing => 'value') FROM study
UNION ALL SELECT 'untrained', hp_forest(study) FROM formats WHERE name = 'empty study';
COPY formats TO STDOUT;
ROLLBACK;
