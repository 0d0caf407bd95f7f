--
-- The seeds of the fuzzer: one row for each, its target, its name and its bytes.
--
-- Small, and of every kind: numbers, words, booleans, arrays, gaps, constants,
-- identifiers, samples, all methods and encodings.
--
CREATE TEMP TABLE runs AS
SELECT i, jsonb_strip_nulls(jsonb_build_object(
        'lr', round((0.001 * 3 ^ (i % 6))::numeric, 6),
        'optimizer', jsonb_build_object('name', (ARRAY['adam', 'sgd', 'lion'])[1 + i % 3], 'momentum', CASE WHEN i % 3 = 1 THEN 0.1 * (i % 5) END),
        'on', i % 2 = 0,
        'layers', CASE WHEN i % 5 > 0 THEN to_jsonb(i % 4) ELSE '"auto"' END,
        'shape', CASE WHEN i % 2 = 0 THEN '[1, 2]' ELSE '[3]' END::jsonb,
        'run', 'run' || i,
        'constant', 1,
        'x', jsonb_build_object('value', i % 3))) AS config,
    (i * 7 % 13)::float8 + CASE i % 3 WHEN 0 THEN 5 ELSE 0 END AS metric
FROM generate_series(1, 24) i;

CREATE TEMP TABLE studies (name text, study hp_study);
INSERT INTO studies SELECT 'mixed', hp_study_agg(config, metric) FROM runs;
-- enough for a regression beside the forest
INSERT INTO studies SELECT 'thirty', hp_study_agg(jsonb_build_object('a', i % 7, 'on', i % 2 = 0), i % 5 + i % 7) FROM generate_series(1, 32) i;
INSERT INTO studies SELECT 'few', hp_study_agg(config, metric) FROM runs WHERE i <= 3;
INSERT INTO studies SELECT 'one', hp_study_agg('{"lr": 0.1}', 1);
INSERT INTO studies SELECT 'none', hp_study_agg('{"lr": 0.1}', NULL);
INSERT INTO studies SELECT 'left_out', hp_study_agg(config, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' ELSE metric END) FROM runs;
INSERT INTO studies SELECT 'odd_numbers', hp_study_agg(jsonb_build_object('a', (ARRAY['1e400', '-1e400', '5e-324', '9007199254740993', '0.1', '1e308', '-1e308'])[1 + i % 7]::numeric, 'b', (ARRAY['nan', '1e3', 'inf', ' 7 '])[1 + i % 4]), CASE i % 3 WHEN 0 THEN 1e308 WHEN 1 THEN -1e308 ELSE 5e-324 END) FROM runs;
INSERT INTO studies SELECT 'names', hp_study_agg(jsonb_build_object('', i % 2, '.', i % 3, 'é', i % 4, 'a.b', i % 2, 'a', jsonb_build_object('b', i % 5)), metric) FROM runs;
INSERT INTO studies SELECT 'wide_codes', hp_study_agg(jsonb_build_object('n', i), i % 5) FROM generate_series(1, 300) i;
SET hpimp.max_runs = 1000;
INSERT INTO studies SELECT 'sample', hp_study_agg(jsonb_build_object('a', i % 7, 'on', i % 2 = 0, 'w', 'w' || i % 3), i % 11) FROM generate_series(1, 1200) i;

SELECT 'study', name, encode(hp_study_send(study), 'hex') FROM studies
UNION ALL
-- no server makes samples so small: one run kept, another tallied; all numbers 1
SELECT 'study', 'small_sample', encode('hpst'::bytea, 'hex') || '0106' || '0101' || '000000' || '01' || 'ffffffffffffffff' ||
    '01' || one || one || sum || one || '01' || '026c72' || '01' || '01' || one || '01' || '01' ||
    '0000' || '01' || one || one || repeat(sum, 5) || '00'
FROM (VALUES ('000000000000f03f', '024401000000')) v (one, sum)
UNION ALL
SELECT 'forest', format('%s_%s_%s', method, encoding, study.name),
    encode(hp_forest_send(hp_forest(study, trees => 2, method => method, encoding => encoding, depth => depth, uncertainty => depth IS NOT NULL,
        categorical => CASE WHEN depth = 1 THEN '{lr}'::text[] END)), 'hex')
FROM studies study,
    (VALUES ('permutation', 'native', NULL), ('permutation', 'native', 1), ('impurity', 'onehot', 1), ('corrected', 'native', NULL), ('fanova', 'native', NULL), ('ped_anova', 'onehot', NULL)) v (method, encoding, depth)
WHERE study.name = 'mixed' OR (study.name IN ('few', 'names', 'odd_numbers') AND method = 'fanova') OR (study.name IN ('one', 'sample') AND method = 'permutation' AND depth = 1)
UNION ALL
-- all parts of a forest, each behind its length
SELECT 'parts', format('%s_%s_%s', method, encoding, study.name), string_agg(lpad(to_hex(length(part) % 256), 2, '0') || lpad(to_hex(length(part) / 256), 2, '0') || encode(part, 'hex'), '' ORDER BY number)
FROM studies study,
    (VALUES ('permutation', 'native', NULL, 'mixed', '{%}'::text[], false, 2), ('permutation', 'onehot', 1, 'mixed', '{lr,optimizer.%}', false, 2), ('permutation', 'native', NULL, 'few', '{lr}', true, 3),
        ('impurity', 'native', 1, 'mixed', '{lr,x,on}', false, 3), ('corrected', 'native', NULL, 'names', '{%}', false, 2), ('fanova', 'native', NULL, 'odd_numbers', '{%}', false, 4),
        ('ped_anova', 'native', NULL, 'mixed', '{lr,optimizer.%}', false, 2), ('permutation', 'native', NULL, 'none', '{%}', false, 2), ('permutation', 'native', NULL, 'thirty', '{%}', false, 2)) v (method, encoding, depth, of_study, include, uncertainty, parts),
    generate_series(1, parts) number,
    hp_forest_send(hp_forest(study, trees => parts, method => method, encoding => encoding, depth => depth, include => include, uncertainty => uncertainty, part => number, parts => parts)) part
WHERE study.name = of_study
GROUP BY method, encoding, study.name
UNION ALL
-- configs, one a line
SELECT 'config', name, encode(convert_to(lines, 'UTF8'), 'hex')
FROM (VALUES ('flat', (SELECT string_agg(config::text, E'\n') FROM runs WHERE i <= 6)),
    ('wrapped', E'{"lr": {"value": 1}, "b": {"desc": null, "value": [1, {}]}, "_wandb": {"value": 1}}\n{"lr": {"value": {"a": {}}}}'),
    ('numbers', E'{"a": 1e400, "b": -0, "c": 9007199254740993}\n{"a": "nan", "b": "007", "c": true}\n{"a": 5e-324, "b": 1.00}'),
    ('names', E'{"": 1, ".": 2, "a.b": 3, "a": {"b": 4}, "\\u00e9": null}\n{"a.b": "x", "a": []}'),
    ('deep', repeat('{"d": ', 60) || '"x"' || repeat('}', 60) || E'\n{"d": 1}')) v (name, lines);
