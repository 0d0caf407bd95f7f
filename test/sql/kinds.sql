--
-- Kinds: what is made of the values of a hyperparameter. The numbers of the
-- paragraphs are those of the rules for configs.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- what is said of the parameters of some configs, one run each; metric 1, 2, 3 ...
CREATE FUNCTION pg_temp.study(configs text[], metrics float8[] DEFAULT NULL) RETURNS hp_study
LANGUAGE sql AS $$
    SELECT hp_study_agg(c::jsonb, coalesce(metrics[i], i) ORDER BY i)
    FROM unnest(configs) WITH ORDINALITY c (c, i)
$$;
CREATE FUNCTION pg_temp.kinds(VARIADIC configs text[],
    OUT parameter text, OUT kind text, OUT runs bigint, OUT missing bigint,
    OUT "distinct" bigint, OUT minimum float8, OUT maximum float8, OUT note text) RETURNS SETOF record
LANGUAGE sql AS $$
    SELECT p.parameter, p.kind, p.runs, p.missing, p.distinct_values, p.minimum, p.maximum, p.note
    FROM hp_parameters(hp_forest(pg_temp.study(configs), trees => 1)) p
    ORDER BY p.parameter COLLATE "C"
$$;
CREATE FUNCTION pg_temp.levels(VARIADIC configs text[],
    OUT parameter text, OUT level text, OUT runs bigint, OUT mean float8, OUT stddev float8) RETURNS SETOF record
LANGUAGE sql AS $$
    SELECT l.parameter, l.level, l.runs, round(l.mean::numeric, 6), round(l.stddev::numeric, 6)
    FROM hp_levels(pg_temp.study(configs)) l
$$;
-- {"x": value} for each value
CREATE FUNCTION pg_temp.x(VARIADIC "values" text[]) RETURNS text[]
LANGUAGE sql AS $$
    SELECT array_agg(format('{"x": %s}', v) ORDER BY i) FROM unnest("values") WITH ORDINALITY u (v, i)
$$;

--
-- 1. A config is a JSON object; NULL counts as {}
--
SELECT * FROM pg_temp.kinds('{"a": 1}', NULL, '{}', '{"a": 2}');
SELECT * FROM pg_temp.kinds('{"a": 1}', '[1]');
SELECT * FROM pg_temp.kinds('{"a": 1}', '"a"');

--
-- 2. Names are paths; keys may hold any character
--
SELECT parameter, kind, "distinct" FROM pg_temp.kinds(
    '{"net": {"depth": 1, "head": {"dim": 8}}, "a.b": 1, "a:b c": 1, "": 1, "\"q\"\\": 1, "tab\t": 1, "été": {"ключ": 1, "模型": 1}, "😀": 1}',
    '{"net": {"depth": 2, "head": {"dim": 9}}, "a.b": 2, "a:b c": 2, "": 2, "\"q\"\\": 2, "tab\t": 2, "été": {"ключ": 2, "模型": 2}, "😀": 2}');
SELECT parameter, kind, "distinct" FROM pg_temp.kinds(
    '{"lr": {"value": 0.1, "desc": null}, "opt": {"value": "adam"}, "_wandb": {"value": 1}, "value": 1}',
    '{"lr": {"value": 0.2, "desc": "x"}, "opt": {"value": "sgd"}, "_wandb": {"value": 2}, "value": 2}');
-- a sub-object that some runs lack; one that is a scalar elsewhere
SELECT * FROM pg_temp.kinds('{"sched": {"warmup": 5}, "x": {"y": 1}}', '{"sched": null, "x": "off"}', '{"x": "on"}', '{"sched": {"warmup": 10}, "x": {"y": 2}}');
-- names in rows are in the order of their bytes, whatever the collation
SELECT parameter FROM hp_importance(hp_forest(pg_temp.study('{"{\"b\": 1, \"a\": 1, \"B\": 1, \"_\": 1, \"é\": 1, \"a.b\": 1, \"ab\": 1, \"a_b\": 1}"}')));

--
-- 3. An array is one value, and so is an empty object or array
--
SELECT * FROM pg_temp.levels('{"net": [64, 64]}', '{"net": [64,  64]}', '{"net": [128]}', '{"net": []}', '{"net": {}}', '{"net": [{"n": 1}, null, "x"]}');
SELECT * FROM pg_temp.kinds('{"net": [64, 64]}', '{"net": [128]}', '{"net": []}');
-- even if it holds one number
SELECT * FROM pg_temp.kinds('{"net": [1]}', '{"net": [2]}', '{"net": [3]}');
-- an array and its text are one level
SELECT * FROM pg_temp.levels('{"net": [64]}', '{"net": "[64]"}', '{"net": "x"}');

--
-- 4. null and an absent key are missing; words for nothing are words
--
SELECT * FROM pg_temp.kinds('{"a": 1, "b": "x"}', '{"a": null, "b": null}', '{}', '{"a": 2, "b": "y"}');
SELECT * FROM pg_temp.levels('{"b": "None"}', '{"b": "null"}', '{"b": ""}', '{"b": " "}', '{"b": "none"}', '{"b": null}', '{"b": "NaN"}', '{}');
SELECT * FROM pg_temp.kinds('{"b": "None"}', '{"b": ""}', '{"b": "none"}', '{}');

--
-- 5. Numbers, as numbers or as texts
--
SELECT * FROM pg_temp.kinds('{"x": 1}', '{"x": 2.5}', '{"x": -3e2}');
SELECT * FROM pg_temp.kinds('{"x": "0.001"}', '{"x": "16"}', '{"x": " 1e-3 "}', '{"x": 16}', '{"x": "16.0"}');
-- texts that JSON does not know as numbers are words: somebody's names
SELECT v AS x, kind FROM unnest(ARRAY['007', '+1', '.5', '5.', '0x10', '1_000', '1,5', '1e', '1 2', '--1', '٣', 'l', '-']) v,
    pg_temp.kinds(VARIADIC pg_temp.x(to_json(v)::text, '"1"', '2'));
-- nan and inf among numbers are missing ...
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('0.1', '"nan"', '"NaN"', '"inf"', '"-Infinity"', '"+INF"', '0.2', '1e400', '-1e400', '"1e999"'));
SELECT * FROM pg_temp.levels(VARIADIC pg_temp.x('0.1', '"nan"', '"inf"', '0.2', '1e400'));
SELECT parameter, runs, round(pearson::numeric, 6) AS pearson FROM hp_correlation(pg_temp.study(pg_temp.x('0.1', '"nan"', '"inf"', '0.2', '0.3', 'null')));
-- ... among words they are words
SELECT * FROM pg_temp.levels(VARIADIC pg_temp.x('"abc"', '"nan"', '"inf"', '1e400', '-1e400'));
-- ... and alone nothing at all
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('"nan"', '1e400', 'null'));
-- the ends of double: integers beyond 2^53 are the nearest, small numbers 0
SELECT parameter, kind, "distinct", minimum = 9007199254740992 AS minimum, maximum = 9007199254740994 AS maximum
FROM pg_temp.kinds(VARIADIC pg_temp.x('9007199254740992', '9007199254740993', '9007199254740994', '"9007199254740993"'));
SELECT parameter, kind, "distinct", minimum = -1.7976931348623157e308 AS minimum, maximum = 1.7976931348623157e308 AS maximum
FROM pg_temp.kinds(VARIADIC pg_temp.x('-1.7976931348623157e308', '1.7976931348623157e308', '5e-324'));
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('0', '-0', '-0.0', '1e-400', '"-0"', '1'));
SELECT parameter, kind, "distinct", minimum = 123456789012345678901234567890 AS minimum
FROM pg_temp.kinds(VARIADIC pg_temp.x('123456789012345678901234567890', '123456789012345678901234567891', '1e40'));
-- numbers that differ in the last bit differ
SELECT parameter, "distinct" FROM pg_temp.kinds(VARIADIC pg_temp.x('0.1', '0.10000000000000001', '0.10000000000000002'));
-- levels and minima are of runs that count
SELECT parameter, kind, "distinct", minimum, maximum
FROM hp_parameters(hp_forest(pg_temp.study(pg_temp.x('1', '"word"', '100', '2', '3'), '{1, NaN, Infinity, 4, 5}'), trees => 1)) p (parameter, kind, r, m, "distinct", minimum, maximum);

-- booleans, and their words in any case
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('true', 'false', 'null'));
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('"True"', '"False"', 'true', '"FALSE"'));
SELECT * FROM pg_temp.levels(VARIADIC pg_temp.x('"True"', '"False"', 'true', '"FALSE"', 'null'));
SELECT parameter, runs, pearson = (SELECT corr(x, y) FROM (VALUES (1, 1), (0, 2), (1, 3), (0, 4)) v (x, y)) AS as_0_and_1
FROM hp_correlation(pg_temp.study(pg_temp.x('"True"', '"False"', 'true', '"FALSE"', 'null')));
-- yes and no are words; booleans among words or numbers are words too
SELECT kind, "distinct" FROM pg_temp.kinds(VARIADIC pg_temp.x('"yes"', '"no"'));
SELECT * FROM pg_temp.levels(VARIADIC pg_temp.x('true', 'false', '"auto"'));
SELECT * FROM pg_temp.levels(VARIADIC pg_temp.x('true', 'false', '0', '1', '0.50'));
-- nan does not make a boolean a word
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('true', 'false', '"nan"'));

-- numbers and words: few values are one category
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('"auto"', '0.1', '0.2', '"auto"', '"0.10"'));
SELECT * FROM pg_temp.levels(VARIADIC pg_temp.x('"auto"', '0.1', '0.2', '"auto"', '"0.10"', '1e-7', '1000000', '1.0'));
-- 20 values are few
SELECT kind, "distinct", runs FROM pg_temp.kinds(VARIADIC '{"{\"x\": \"auto\"}"}' || ARRAY(SELECT format('{"x": %s}', i) FROM generate_series(1, 19) i));
-- of many values the numbers stay numbers and each word is a level
SELECT * FROM pg_temp.kinds(VARIADIC '{"{\"x\": \"auto\"}", "{\"x\": \"auto\"}", "{\"x\": true}", "{}"}' || ARRAY(SELECT format('{"x": %s}', i / 4.0) FROM generate_series(1, 24) i));
SELECT * FROM pg_temp.levels(VARIADIC '{"{\"x\": \"auto\"}", "{\"x\": \"auto\"}", "{\"x\": true}", "{}"}' || ARRAY(SELECT format('{"x": %s}', i / 4.0) FROM generate_series(1, 24) i));
SELECT note FROM pg_temp.kinds(VARIADIC '{"{\"x\": \"auto\"}", "{\"x\": \"auto\"}"}' || ARRAY(SELECT format('{"x": %s}', i / 4.0) FROM generate_series(1, 24) i));
-- the correlation is that of the numbers
SELECT runs, round(pearson::numeric, 9) AS pearson, round(spearman::numeric, 9) AS spearman
FROM hp_correlation(pg_temp.study('{"{\"x\": \"auto\"}", "{\"x\": \"auto\"}", "{}"}' || ARRAY(SELECT format('{"x": %s}', i / 4.0) FROM generate_series(1, 24) i)));
-- unless there are as many words
SELECT kind, "distinct" FROM pg_temp.kinds(VARIADIC ARRAY(SELECT format('{"x": %s}', CASE i % 2 WHEN 0 THEN i::text ELSE '"w' || i % 20 || '"' END) FROM generate_series(1, 20) i));
SELECT kind, "distinct" FROM pg_temp.kinds(VARIADIC ARRAY(SELECT format('{"x": %s}', CASE i % 2 WHEN 0 THEN i::text ELSE '"w' || i % 60 || '"' END) FROM generate_series(1, 60) i));

-- categories
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('"adam"', '"sgd"', '"Adam"', '"adam "'));
SELECT l.parameter, l.level, l.runs
FROM pg_temp.x('"adam"', '"sgd"', '"Adam"', '"adam "', '"naïve"', '"模型"', '"😀"', '"a\"b\\c"', '"a\nb"', '"{\"a\": 1}"', '"{''lr'': 0.1}"') x,
     pg_temp.levels(VARIADIC x || x) l;
-- many levels, long ones
SELECT kind, "distinct", note FROM pg_temp.kinds(VARIADIC ARRAY(SELECT format('{"x": "level %s"}', i % 300) FROM generate_series(0, 599) i));
SELECT length(level), runs FROM pg_temp.levels(VARIADIC pg_temp.x(to_json(repeat('long', 5000))::text, to_json(repeat('long', 5000) || 'er')::text));

-- an array, a number, a word and a boolean in one parameter
SELECT * FROM pg_temp.levels(VARIADIC pg_temp.x('[1, 2]', '1', '"one"', 'true', '{}', 'null'));

--
-- Forced categories: numbers that are codes
--
CREATE TEMP TABLE tasks AS
SELECT i AS metric, c::jsonb AS config
FROM unnest('{"{\"task_id\": 3, \"lr\": 1, \"on\": true}", "{\"task_id\": 31, \"lr\": 2, \"on\": true}", "{\"task_id\": \"3\", \"lr\": 3, \"on\": false}", "{\"task_id\": 3.0, \"lr\": 4}"}'::text[])
     WITH ORDINALITY c (c, i);
SELECT parameter, kind, runs, distinct_values, minimum, round(association::numeric, 6) AS association
FROM hp_parameters('tasks', 'metric', trees => 1, categorical => '{task%}') ORDER BY 1;
SELECT parameter, level, runs, round(mean::numeric, 6) AS mean FROM hp_levels('tasks', 'metric', categorical => '{task_id}');
SELECT parameter, level, runs, mean FROM hp_levels('tasks', 'metric', categorical => '{%}', include => '{on,lr}');
SELECT parameter, runs, pearson IS NULL AS no_pearson FROM hp_correlation('tasks', 'metric', categorical => '{%}') ORDER BY 1;
-- a forced category is never an identifier
SELECT parameter, kind, note FROM hp_parameters(hp_forest(pg_temp.study(ARRAY(SELECT format('{"seed": "s%s", "id": "i%s", "n": %s}', i, i, i) FROM generate_series(1, 20) i)), trees => 1, categorical => '{seed, n}')) ORDER BY 1;

--
-- 6. Identifiers and constants
--
SELECT * FROM pg_temp.kinds(VARIADIC ARRAY(SELECT format('{"id": "run-%s", "n": %s, "seed": "%s", "const": 7, "word": "w", "yes": true, "arr": [1], "empty": {}, "none": null}', i, i, i) FROM generate_series(1, 20) i));
-- nine in ten different are nearly all; under ten runs nothing is
SELECT d AS "distinct", note FROM generate_series(17, 19) d,
    pg_temp.kinds(VARIADIC ARRAY(SELECT format('{"id": "run-%s"}', least(i, d)) FROM generate_series(1, 20) i));
SELECT n AS runs, note FROM generate_series(9, 10) n, pg_temp.kinds(VARIADIC ARRAY(SELECT format('{"id": "run-%s"}', i) FROM generate_series(1, n) i));
-- one value and gaps is no constant
SELECT * FROM pg_temp.kinds('{"x": 7, "w": "a", "b": true}', '{}', '{"x": 7, "w": "a", "b": true}');
SELECT parameter, importance, correlation FROM hp_importance(hp_forest(pg_temp.study(ARRAY(SELECT format('{"const": 7, "id": "run-%s", "x": %s, "none": null}', i, i) FROM generate_series(1, 20) i))));
-- 1, "1" and 1.0 are one number: a constant
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('1', '"1"', '1.0', '100e-2'));
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('true', '"True"', '"TRUE"'));
SELECT * FROM pg_temp.kinds(VARIADIC pg_temp.x('"a"', '"a"'));
-- minimum and maximum of a constant
SELECT minimum, maximum FROM pg_temp.kinds(VARIADIC pg_temp.x('-2.5', '"-2.5"'));

--
-- 8. Equal runs are as many runs
--
SELECT * FROM pg_temp.levels(VARIADIC pg_temp.x('"a"', '"a"', '"a"', '"b"'));

--
-- 9. Much of everything: 2,000 keys of all kinds
--
SELECT kind, substring(note from '^constant.*') AS note, count(*), min(distinct_values), max(distinct_values), sum(runs) AS runs
FROM (SELECT hp_forest(hp_study_agg(c, i), trees => 2) AS forest
      FROM (SELECT i, jsonb_object_agg('key' || k, CASE k % 5 WHEN 0 THEN to_jsonb(k * i % 17) WHEN 1 THEN to_jsonb(i % 2 = 0)
                          WHEN 2 THEN to_jsonb('w' || i % 3) WHEN 3 THEN to_jsonb('constant'::text) END) AS c
            FROM generate_series(0, 1999) k, generate_series(1, 30) i GROUP BY i) q) f, hp_parameters(forest)
GROUP BY 1, 2 ORDER BY 1, 2;
-- more distinct numbers and levels than are told apart
SELECT parameter, kind, distinct_values, minimum, maximum, note
FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('n', i, 'w', 'w' || i, 'g', i % 7), i % 7), trees => 1, max_depth => 2, categorical => '{w}') AS forest
      FROM generate_series(1, 70000) i) f, hp_parameters(forest) ORDER BY 1;
-- but correlated exactly
CREATE TEMP TABLE numbers AS
SELECT i * 7919 % 70001 / 3.0::float8 AS x, sqrt(i) + i * 7919 % 70001 AS metric FROM generate_series(1, 70000) i;
SELECT abs(pearson - (SELECT corr(metric, x) FROM numbers)) < 1e-12 AS pearson, runs
FROM (SELECT hp_study_agg(jsonb_build_object('n', x), metric) AS study FROM numbers) s, hp_correlation(study);

-- one run more can change a kind, the order of runs cannot
SELECT hp_forest(pg_temp.study(pg_temp.x('1', '2', '"a"', 'null'), '{1, 2, 3, 4}'), trees => 3)::text =
       hp_forest(pg_temp.study(pg_temp.x('null', '"a"', '2', '1'), '{4, 3, 2, 1}'), trees => 3)::text AS same;
SELECT a.kind, b.kind AS with_a_word
FROM pg_temp.kinds(VARIADIC pg_temp.x('1', '2')) a, pg_temp.kinds(VARIADIC pg_temp.x('1', '2', '"a"')) b;
-- nor can a constant: runs whose metric is the same are in an order that does not heed it
SELECT count(*), count(*) FILTER (WHERE i.importance IS DISTINCT FROM j.importance) AS differ
FROM (SELECT hp_study_agg(config || '{"a": "always"}', metric) AS a, hp_study_agg(config, metric) AS b
      FROM (SELECT jsonb_build_object('x', i % 5, 'y', i * 7 % 11, 'z', i * 3 % 13) AS config, i % 4 AS metric FROM generate_series(1, 200) i) r) s,
	LATERAL hp_importance(hp_forest(a, trees => 5)) i JOIN LATERAL hp_importance(hp_forest(b, trees => 5)) j USING (parameter);
