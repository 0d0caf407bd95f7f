--
-- Stored values are read for ever: bytes that were written once, by the release
-- that introduced their format, give the answers they gave then.  What fails here
-- breaks the tables of users: mend the reader, never the file.  (A new format has
-- a new number, and its file stands beside the old: test/data/make_formats.sql.)
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\getenv abs_srcdir PG_ABS_SRCDIR
CREATE TABLE formats (name text PRIMARY KEY, study hp_study, forest hp_forest);
\set file :abs_srcdir '/data/formats-1.copy'
COPY formats FROM :'file';
-- the same bytes, before any type has looked at them
CREATE TABLE bytes (name text PRIMARY KEY, study text, forest text);
COPY bytes FROM :'file';

-- a value of the present format is written as it was, in text and in binary
SELECT name, f.study::text IS NOT DISTINCT FROM b.study AND f.forest::text IS NOT DISTINCT FROM b.forest AS as_it_was,
	get_byte(decode(coalesce(b.study, b.forest), 'base64'), 4) AS format
FROM formats f JOIN bytes b USING (name) ORDER BY name COLLATE "C";
SELECT name FROM formats f JOIN bytes b USING (name)
WHERE coalesce(hp_study_send(f.study), hp_forest_send(f.forest)) <> decode(coalesce(b.study, b.forest), 'base64');

--
-- Studies
--
SELECT name, r.* FROM formats, hp_study_runs(study) r ORDER BY name COLLATE "C";
SELECT v.* FROM formats, hp_values(study) v WHERE name = 'study' ORDER BY v.parameter COLLATE "C", v.value COLLATE "C";
SELECT name, v.parameter, count(*), sum(v.runs) AS runs, min(v.value COLLATE "C"), max(v.value COLLATE "C") FROM formats, hp_values(study) v GROUP BY 1, 2 ORDER BY name COLLATE "C", parameter COLLATE "C";
SELECT name, c.parameter, c.runs, round(c.pearson::numeric, 9) AS pearson, round(c.spearman::numeric, 9) AS spearman FROM formats, hp_correlation(study) c ORDER BY name COLLATE "C", parameter COLLATE "C";
SELECT name, l.parameter, l.level, l.runs, round(l.mean::numeric, 9) AS mean, round(l.stddev::numeric, 9) AS stddev FROM formats, hp_levels(study) l ORDER BY name COLLATE "C", parameter COLLATE "C", level COLLATE "C";
-- they take more runs, and join with what is made today
SELECT name, (hp_study_runs(hp_study_add_run(study, '{"lr": 0.5, "new": true}', 1))).runs AS one_more,
	(hp_study_runs(hp_study_merge(study, study))).runs AS twice
FROM formats WHERE study IS NOT NULL ORDER BY name COLLATE "C";
SELECT (hp_study_runs(hp_study_agg(study))).* FROM formats;

--
-- Forests
--
SELECT name, i.parameter, round(i.importance::numeric, 9) AS importance, round(i.correlation::numeric, 9) AS correlation FROM formats, hp_importance(forest) i ORDER BY name COLLATE "C", parameter COLLATE "C";
SELECT name, p.parameter, p.kind, p.runs, p.missing, p.distinct_values AS distinct, p.minimum, p.maximum, round(p.standard_error::numeric, 9) AS error, round(p.p_value::numeric, 9) AS p_value, round(p.association::numeric, 9) AS association
FROM formats, hp_parameters(forest) p ORDER BY name COLLATE "C", parameter COLLATE "C";
SELECT name, q.runs_used, q.runs_left_out, q.metric_null, q.metric_nan, q.metric_infinite, q.metric_median, q.parameters, q.trees, round(q.oob_r2::numeric, 9) AS oob_r2, round(q.p_value::numeric, 9) AS p_value, q.seed
FROM formats, hp_quality(forest) q ORDER BY name COLLATE "C";
SELECT name, c.n, round(hp_predict(forest, c.config)::numeric, 9) AS predicted
FROM formats, (VALUES (1, '{}'::jsonb), (2, '{"lr": 0.4, "layers": 2, "amp": true, "optimizer": "räms", "mixed": "many", "off": null}'), (3, '{"lr": 3.7, "layers": 0, "nested": {"big": 1e300, "sizes": [1, 0]}, "mixed": 3, "off": 3}')) c (n, config)
WHERE forest IS NOT NULL ORDER BY name COLLATE "C", n;
SELECT name, i.parameter, i.with_parameter, round(i.share::numeric, 9) AS share FROM formats, hp_interactions(forest) i WHERE name LIKE 'fanova%' AND i.share > 1e-6 ORDER BY name COLLATE "C", parameter COLLATE "C", with_parameter COLLATE "C" NULLS FIRST;
SELECT name, count(*), round(sum(m.mean)::numeric, 9) AS means, sum(m.runs) AS runs FROM formats, hp_marginal(forest, 'lr') m WHERE name IN ('permutation', 'fanova', 'fanova, uniform') GROUP BY 1 ORDER BY name COLLATE "C";
SELECT name, hp_report(forest) IS NOT NULL AS report FROM formats WHERE forest IS NOT NULL ORDER BY name COLLATE "C";

--
-- Values of a version to come are refused as such, in words
--
\set VERBOSITY default
SELECT encode(set_byte(decode(study, 'base64'), 4, 200), 'base64') AS study FROM bytes WHERE name = 'study' \gset
SELECT encode(set_byte(decode(forest, 'base64'), 4, 200), 'base64') AS forest FROM bytes WHERE name = 'groups' \gset
SELECT replace(:'study', E'\n', '')::hp_study;
SELECT replace(:'forest', E'\n', '')::hp_forest;

--
-- Parts of a forest are no values for ever: those of format 1, by hpimp 1.0, are
-- refused in words wherever they are read, and never merged with others.  (The
-- forest they are parts of is read.)
--
CREATE TABLE old_bytes (name text PRIMARY KEY, forest text);
\set file :abs_srcdir '/data/parts-1.copy'
COPY old_bytes FROM :'file';
\set SHOW_CONTEXT never
SELECT name, forest::hp_forest FROM old_bytes WHERE name = 'part 1';
\copy (SELECT decode(forest, 'base64') FROM old_bytes WHERE name = 'part 2') TO 'results/part.bin' WITH (FORMAT binary)
CREATE TABLE received (forest hp_forest);
\copy received FROM 'results/part.bin' WITH (FORMAT binary)
\copy (SELECT forest FROM old_bytes WHERE name = 'part 2') TO 'results/part.txt'
\copy received FROM 'results/part.txt'
-- in tables from before the update, where nobody looked at them since
CREATE CAST (bytea AS hp_forest) WITHOUT FUNCTION;
CREATE TABLE stored AS SELECT name, decode(forest, 'base64')::hp_forest AS forest FROM old_bytes;
CREATE TABLE anew AS SELECT 'part ' || part AS name, hp_forest(study, trees => 2, max_depth => 1, part => part, parts => 2) AS forest
FROM (SELECT hp_study_agg(jsonb_build_object('x', i % 3), i) AS study FROM generate_series(1, 4) i) s, generate_series(1, 2) part;
SELECT name, get_byte(hp_forest_send(forest), 4) AS format FROM anew ORDER BY name;
SELECT hp_forest_agg(forest ORDER BY name) FROM stored WHERE name LIKE 'part%';
SELECT hp_forest_agg(forest) FROM (SELECT forest FROM stored WHERE name = 'part 1' UNION ALL SELECT forest FROM anew WHERE name = 'part 2') f;
SELECT hp_forest_agg(forest) FROM (SELECT forest FROM anew WHERE name = 'part 1' UNION ALL SELECT forest FROM stored WHERE name = 'part 2') f;
SELECT hp_forest_merge(s.forest, a.forest) FROM stored s, anew a WHERE s.name = 'part 1' AND a.name = 'part 2';
SELECT i.* FROM stored, hp_importance(forest) i WHERE name = 'part 1';
SELECT hp_predict(forest, '{"x": 1}') FROM stored WHERE name = 'part 1';
SELECT name, s.forest::text = b.forest AS as_it_was FROM stored s JOIN old_bytes b USING (name) ORDER BY name;
-- whole forests of both have one format
SELECT name, i.parameter, round(i.correlation::numeric, 9) AS correlation, round(hp_predict(forest, '{"x": 0}')::numeric, 9) AS predicted, forest::text::hp_forest::text = forest::text AS same
FROM stored, hp_importance(forest) i WHERE name = 'whole';
SELECT get_byte(hp_forest_send(hp_forest_agg(forest)), 4) AS format FROM anew;
DROP CAST (bytea AS hp_forest);
DROP TABLE formats, bytes, old_bytes, received, stored, anew;
