--
-- Studies that have seen more runs than they keep: the sample is the same
-- however it came about, what is said of all runs is exact, memory has a limit.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never
SET hpimp.max_runs = 1000;

-- uniform in [0, 1), the same on every machine
CREATE FUNCTION pg_temp.u(run int, what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || substr(md5(run || what), 1, 13))::bit(52)::bigint / 4503599627370496.0 $$;

CREATE TABLE bounded_runs AS
SELECT i, jsonb_strip_nulls(jsonb_build_object(
        'lr', pg_temp.u(i, 'lr') / 1000,
        'batch', 2 ^ (i % 5),
        'text', round(pg_temp.u(i, 'text')::numeric, 2)::text,
        'gap', CASE WHEN i % 3 = 0 THEN 1e15 + i END,
        'flag', i % 2 = 0,
        'word', CASE WHEN i % 4 = 1 THEN 'True' WHEN i % 4 < 3 THEN 'false' END,
        'mixed', CASE WHEN i % 10 = 0 THEN '"auto"'::jsonb WHEN i % 50 = 1 THEN '"nan"' ELSE to_jsonb(i % 40) END,
        'rare', CASE WHEN i % 2000 = 77 THEN i END,
        'same', 7,
        'id', 'run ' || i,
        'nested', jsonb_build_object('optimizer', (ARRAY['adam', 'sgd', 'lion'])[1 + i % 3], 'layers', jsonb_build_array(i % 2, 64)))) AS config,
    CASE WHEN i % 100 = 0 THEN NULL WHEN i % 250 = 3 THEN 'NaN' WHEN i % 500 = 7 THEN '-Infinity'
         ELSE 3 * pg_temp.u(i, 'lr') + (i % 5) + pg_temp.u(i, 'noise') + CASE WHEN i % 2 = 0 THEN 0.5 ELSE 0 END END AS loss
FROM generate_series(1, 6000) i;
CREATE VIEW finite AS SELECT * FROM bounded_runs WHERE loss NOT IN ('NaN', 'Infinity', '-Infinity');
CREATE TABLE whole AS SELECT hp_study_agg(config, loss ORDER BY i) AS study FROM bounded_runs;
SELECT r.*, r.runs = (SELECT count(*) FROM finite) AS all_runs FROM whole, hp_study_runs(study) r;

--
-- The same sample, to the byte, however the runs come
--
CREATE FUNCTION pg_temp.parts(n int) RETURNS SETOF hp_study LANGUAGE sql AS
$$ SELECT hp_study_agg(config, loss) FROM bounded_runs GROUP BY hashint4(i) % n $$;
CREATE TABLE ways (way text, study hp_study);
INSERT INTO ways SELECT 'whole', study FROM whole;
INSERT INTO ways SELECT 'backwards', hp_study_agg(config, loss ORDER BY i DESC) FROM bounded_runs;
INSERT INTO ways SELECT 'shuffled', hp_study_agg(config, loss ORDER BY md5(i::text)) FROM bounded_runs;
-- parts of which all, some or none have been sampled themselves
INSERT INTO ways SELECT n || ' parts', hp_study_agg(s) FROM unnest('{2, 3, 10, 100, 3000}'::int[]) n, pg_temp.parts(n) s GROUP BY n;
INSERT INTO ways SELECT 'parts backwards', hp_study_agg(s ORDER BY s::text DESC) FROM pg_temp.parts(5) s;
INSERT INTO ways SELECT 'a large part and small ones', hp_study_agg(s)
FROM (SELECT hp_study_agg(config, loss) AS s FROM bounded_runs GROUP BY CASE WHEN i > 3500 THEN i % 50 END) q;
INSERT INTO ways SELECT 'a tree of parts', hp_study_agg(s) FROM (SELECT hp_study_agg(s) AS s FROM (SELECT i % 6 AS g, hp_study_agg(config, loss) AS s FROM bounded_runs GROUP BY i % 60, g) q GROUP BY g) r;
INSERT INTO ways SELECT 'as text', hp_study_agg(s::text::hp_study) FROM pg_temp.parts(4) s;
INSERT INTO ways SELECT 'text of the whole', study::text::hp_study FROM whole;
INSERT INTO ways SELECT 'the whole again', hp_study_agg(study) FROM whole;
INSERT INTO ways SELECT 'the last of a window', study FROM (SELECT i, hp_study_agg(config, loss) OVER (ORDER BY i) AS study FROM bounded_runs) w WHERE i = 6000;
INSERT INTO ways SELECT 'in between looked at', study FROM (SELECT i, study, hp_study_runs(study) FROM (SELECT i, hp_study_agg(config, loss) OVER (ORDER BY i) AS study FROM bounded_runs WHERE i <= 6000) w OFFSET 0) w WHERE i = 6000;
CREATE FUNCTION pg_temp.row_by_row() RETURNS hp_study LANGUAGE plpgsql AS $$
DECLARE
    study hp_study;
    run record;
BEGIN
    SELECT hp_study_agg(config, loss) INTO study FROM bounded_runs WHERE i <= 5800;
    FOR run IN SELECT config, loss FROM bounded_runs WHERE i > 5800 LOOP
        study := hp_study_add_run(study, run.config, run.loss);
    END LOOP;
    RETURN study;
END
$$;
INSERT INTO ways SELECT 'row by row', pg_temp.row_by_row();
CREATE TABLE bounded_parts AS SELECT s AS study FROM pg_temp.parts(4) s;
\copy bounded_parts TO 'results/parts.bin' WITH (FORMAT binary)
TRUNCATE bounded_parts;
\copy bounded_parts FROM 'results/parts.bin' WITH (FORMAT binary)
INSERT INTO ways SELECT 'binary', hp_study_agg(study) FROM bounded_parts;
-- parallel workers
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT hp_study_agg(config, loss) FROM bounded_runs;
CREATE TABLE bounded_parallel AS SELECT hp_study_agg(config, loss) AS study FROM bounded_runs;
INSERT INTO ways SELECT 'parallel', study FROM bounded_parallel;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
INSERT INTO ways SELECT 'by the table', hp_study('bounded_runs', 'loss');
SELECT way FROM ways WHERE study::text <> (SELECT study::text FROM whole);
SELECT count(*) FROM ways;
-- another run, another sample: bytes do tell
SELECT hp_study_merge(study, hp_study_add_run(NULL, '{}', 1))::text = study::text AS same FROM whole;

-- up to the limit nothing is left out and nothing is as in a sample
CREATE TABLE edge AS SELECT n, hp_study_agg(config, loss ORDER BY i) AS study FROM generate_series(999, 1001) n, LATERAL (SELECT * FROM finite ORDER BY i LIMIT n) f GROUP BY n;
SET hpimp.max_runs = 2000;
SELECT n, r.runs, r.sampled, e.study::text = hp_study_agg(config, loss ORDER BY i)::text AS as_without_limit
FROM edge e, hp_study_runs(e.study) r, LATERAL (SELECT * FROM finite ORDER BY i LIMIT n) f GROUP BY n, e.study::text, r.runs, r.sampled ORDER BY n;
SET hpimp.max_runs = 1000;

--
-- Of all runs: counts, ranges, the linear correlation
--
CREATE TABLE bounded_forest AS SELECT hp_forest(study, trees => 5) AS forest FROM whole;
CREATE TEMP VIEW of_all AS
SELECT key AS parameter, count(*) AS runs,
       min(x) AS minimum, max(x) AS maximum, count(x) AS n,
       -- corr() itself loses digits where the mean is large
       corr(CASE WHEN key = 'gap' THEN x - 1e15 ELSE x END, loss) AS r
FROM (SELECT key, loss, CASE WHEN key IN ('flag', 'word') THEN lower(value)::boolean::int::float8
                             WHEN key IN ('id', 'nested.optimizer', 'nested.layers') OR value ~ '[a-z]' THEN NULL ELSE value::float8 END AS x
      FROM finite, LATERAL (SELECT * FROM jsonb_each_text(config - 'nested') UNION ALL SELECT 'nested.' || key, value FROM jsonb_each_text(config -> 'nested')) e
      WHERE value <> 'nan') v
GROUP BY 1;
SELECT a.parameter, p.kind, p.runs = a.runs AS runs, p.missing = (SELECT count(*) FROM finite) - a.runs AS missing,
       p.minimum = a.minimum AS minimum, p.maximum = a.maximum AS maximum, p.correlation - a.r BETWEEN -1e-12 AND 1e-12 AS correlation
FROM bounded_forest, hp_parameters(forest) p FULL JOIN of_all a USING (parameter) ORDER BY a.parameter COLLATE "C";
SELECT a.parameter, c.runs = a.n AS runs, c.pearson - a.r BETWEEN -1e-12 AND 1e-12 AS pearson, c.spearman IS NOT NULL AS spearman, c.pearson_p_value BETWEEN 0 AND 1 AS p_value
FROM whole, hp_correlation(study) c FULL JOIN of_all a USING (parameter) ORDER BY a.parameter COLLATE "C";
-- that of the sample alone would be another one
SELECT parameter, abs(c.pearson - d.pearson) > 1e-4 AS differs
FROM whole, hp_correlation(study) c
     JOIN (SELECT d.* FROM (SELECT hp_study_agg(config, loss) AS study FROM (SELECT * FROM finite ORDER BY md5(i::text) LIMIT 1000) f) s, hp_correlation(study) d) d USING (parameter)
WHERE parameter IN ('lr', 'batch');
-- the same as without a sample, p-value included
SET hpimp.max_runs = 10000;
CREATE TABLE all_kept AS SELECT hp_study_agg(config, loss) AS study FROM bounded_runs;
SET hpimp.max_runs = 1000;
SELECT parameter, a.runs = b.runs AS runs, a.pearson - b.pearson BETWEEN -1e-12 AND 1e-12 AS pearson, abs(a.pearson_p_value - b.pearson_p_value) <= 1e-9 * b.pearson_p_value AS p_value, a.spearman <> b.spearman AS other_ranks
FROM (SELECT c.* FROM whole, hp_correlation(study) c) a FULL JOIN (SELECT c.* FROM all_kept, hp_correlation(study) c) b USING (parameter) ORDER BY parameter COLLATE "C";
SELECT q.runs_used, q.runs_left_out = (SELECT count(*) FROM bounded_runs) - count(*) AS left_out, q.metric_null, q.metric_nan, q.metric_infinite,
       q.runs_used + q.runs_not_sampled = count(*) AS not_sampled,
       q.metric_min = min(loss) AS minimum, q.metric_max = max(loss) AS maximum, q.metric_mean - avg(loss) BETWEEN -1e-12 AND 1e-12 AS mean,
       abs(q.metric_median - percentile_cont(0.5) WITHIN GROUP (ORDER BY loss)) < 0.3 AS median, substring(q.verdict FROM '\(by .*') AS verdict
FROM finite, bounded_forest, hp_quality(forest) q GROUP BY q.*, q.runs_used, q.runs_left_out, q.metric_null, q.metric_nan, q.metric_infinite, q.runs_not_sampled, q.metric_min, q.metric_max, q.metric_mean, q.metric_median, q.verdict;
SELECT (SELECT array_agg(q.* ORDER BY 1) FROM hp_quality(forest) q) = (SELECT array_agg(q.* ORDER BY 1) FROM hp_quality(forest::text::hp_forest) q) AS quality,
       (SELECT string_agg(q::text, ' ' ORDER BY parameter) FROM hp_parameters(forest) q) = (SELECT string_agg(q::text, ' ' ORDER BY parameter) FROM hp_parameters(forest::text::hp_forest) q) AS parameters
FROM bounded_forest;

-- that a sample is used is said
SET client_min_messages = notice;
SELECT count(*) FROM whole, hp_correlation(study);
SELECT count(*) > 0 AS some FROM whole, hp_levels(study);
SELECT hp_forest(study, trees => 1) IS NOT NULL AS trained FROM whole;
SELECT count(*) FROM hp_importance('bounded_runs', 'loss', trees => 1);
SET client_min_messages = warning;

-- a parameter that no run of the sample has is still there
SELECT parameter, kind, runs, missing, distinct_values, minimum, maximum, note
FROM (SELECT hp_forest(hp_study_agg(CASE WHEN i = 4998 THEN '{"only": 3, "w": "x"}' ELSE jsonb_build_object('lr', i) END, 1 + i % 7), trees => 1) AS forest FROM generate_series(1, 5000) i) f, hp_parameters(forest) p
ORDER BY 1;

--
-- The sample is uniform
--
SELECT sum(v.runs) AS runs,
       abs(avg(v.value::float8) - (SELECT avg((config ->> 'lr')::float8) FROM finite)) < 3.5 * 0.001 / sqrt(12 * 1000) AS lr
FROM whole, hp_values(study) v WHERE parameter = 'lr';
-- 1,000 of 5,914: a category of a third, within 3.5 standard errors
SELECT value, abs(v.runs - 1000 / 3.0) < 3.5 * sqrt(1000 * 2 / 9.0) AS a_third FROM whole, hp_values(study) v WHERE parameter = 'nested.optimizer' ORDER BY 1;
-- over many samples of other runs: each is in one as often as it ought to be
SELECT abs(avg(m) - 0.5) < 4 * sqrt(1.0 / 12 / 1000 / 30) AS mean, stddev(m) BETWEEN 0.5 * sqrt(1.0 / 12 / 1000) AND 1.6 * sqrt(1.0 / 12 / 1000) AS spread
FROM (SELECT s, avg(v.value::float8) AS m
      FROM (SELECT s, hp_study_agg(jsonb_build_object('x', i / 3000.0, 's', s), i % 3) AS study FROM generate_series(1, 30) s, generate_series(1, 3000) i GROUP BY s) q, hp_values(study) v
      WHERE parameter = 'x' GROUP BY s) w;

-- equal runs: 12 different ones, of which there are 1 to 900; each gets its share
CREATE TABLE bounded_copies AS
SELECT jsonb_build_object('x', d) AS config, d % 4 AS loss, (ARRAY[1, 2, 900, 400, 100, 50, 200, 700, 800, 300, 600, 3])[d] AS copies FROM generate_series(1, 12) d;
CREATE TABLE copied AS SELECT hp_study_agg(config, loss) AS study FROM bounded_copies, generate_series(1, copies);
SELECT r.* FROM copied, hp_study_runs(study) r;
SELECT count(*), bool_and(abs(v.runs - 1000.0 * copies / (SELECT sum(copies) FROM bounded_copies)) <= 1) AS in_proportion
FROM copied, hp_values(study) v JOIN bounded_copies ON value = config ->> 'x';
SELECT (SELECT study::text FROM copied) = hp_study_agg(study)::text AS same
FROM (SELECT hp_study_agg(config, loss) AS study FROM bounded_copies, generate_series(1, copies) i GROUP BY i % 7) p;
-- millions of copies, by merging a study with itself
WITH RECURSIVE doubled AS (
    SELECT 0 AS n, study FROM copied
    UNION ALL SELECT n + 1, hp_study_merge(study, study) FROM doubled WHERE n < 59)
SELECT n, r.* FROM doubled, hp_study_runs(study) r WHERE n IN (1, 20, 50, 59);
SELECT c.runs, c.pearson - corr(x, y) BETWEEN -1e-12 AND 1e-12 AS pearson
FROM copied, hp_correlation(study) c, (SELECT (config ->> 'x')::float8 AS x, loss AS y FROM bounded_copies, generate_series(1, copies)) r GROUP BY c.runs, c.pearson;

-- a number is one value however it is written, and the same runs are taken
SELECT count(DISTINCT taken) AS samples
FROM (SELECT way, string_agg(round(v.value::numeric, 4)::text, ' ' ORDER BY v.value::numeric) AS taken
      FROM (SELECT way, hp_study_agg(CASE way WHEN 1 THEN jsonb_build_object('x', i / 8.0) WHEN 2 THEN jsonb_build_object('x', (i / 8.0)::text)
                                              WHEN 3 THEN jsonb_build_object('x', i / 8.0::float8) ELSE jsonb_build_object('x', ' ' || (i * 125) || 'e-3') END, i % 3 ORDER BY i * way % 101) AS study
            FROM generate_series(1, 3000) i, generate_series(1, 4) way GROUP BY way) s, hp_values(study) v GROUP BY way) t;

-- a table of repeats, none of which can be told apart, is its own sample
SELECT r.runs, r.sampled, v.value, v.runs FROM (SELECT hp_study_agg('{"x": 1}', 2) AS study FROM generate_series(1, 5000)) s, hp_study_runs(study) r, hp_values(study) v;

-- nor those that differ only in how a number is spelled: in any order, of any parts, one spelling stands for all
CREATE TABLE spelled AS SELECT i, jsonb_build_object('x', '1.' || repeat('0', 1 + i % 55), 'y', '2.' || repeat('0', 1 + i / 55), 'flag', (ARRAY['true', '"true"', '"True"'])[1 + i % 3]::jsonb,
    'list', (ARRAY['"[1]"', '[1]'])[1 + i % 2]::jsonb) AS config FROM generate_series(1, 3000) i;
SELECT r.runs, r.sampled, v.parameter, v.value, v.runs FROM (SELECT hp_study_agg(config, 2) AS study FROM spelled) s, hp_study_runs(study) r, hp_values(study) v ORDER BY parameter;
SELECT count(DISTINCT study) FROM (SELECT hp_study_agg(config, 2 ORDER BY i)::text AS study FROM spelled UNION ALL SELECT hp_study_agg(config, 2 ORDER BY -i)::text FROM spelled
    UNION ALL SELECT hp_study_agg(s ORDER BY s::text)::text FROM (SELECT hp_study_agg(config, 2) AS s FROM spelled GROUP BY i % 2) p
    UNION ALL SELECT hp_study_agg(s ORDER BY s::text DESC)::text FROM (SELECT hp_study_agg(config, 2) AS s FROM spelled GROUP BY i % 7) p) q;

--
-- The limit belongs to the study
--
SET hpimp.max_runs = 2000;
CREATE TABLE larger AS SELECT hp_study_agg(config, loss) AS study FROM bounded_runs;
SELECT w.way, r.* FROM (SELECT 'whole' AS way, study FROM whole UNION ALL SELECT 'larger', study FROM larger) w, hp_study_runs(study) r;
-- what is asked of a study does not depend on settings
SELECT (SELECT string_agg(i::text, ' ' ORDER BY parameter) FROM hp_importance(forest) i) = (SELECT string_agg(i::text, ' ' ORDER BY parameter) FROM hp_importance(hp_forest(study, trees => 5)) i) AS same
FROM bounded_forest, whole;
-- the sample of a larger sample is that of all runs
SET hpimp.max_runs = 1000;
SELECT hp_study_agg(l.study)::text = (SELECT study::text FROM whole) AS same FROM larger l;
-- merged with others the lower threshold counts, in any order
SET hpimp.max_runs = 3000;
CREATE TABLE several AS
SELECT 1 AS part, hp_study_agg(config, loss) AS study FROM bounded_runs WHERE i > 5000
UNION ALL SELECT 2, study FROM whole UNION ALL SELECT 3, study FROM larger;
SELECT count(DISTINCT merged) FROM (SELECT hp_study_agg(study ORDER BY part)::text AS merged FROM several
    UNION ALL SELECT hp_study_agg(study ORDER BY part DESC)::text FROM several
    UNION ALL SELECT hp_study_agg(study ORDER BY part % 3)::text FROM several
    UNION ALL SELECT hp_study_agg(study ORDER BY part % 2, part)::text FROM several) m;
SELECT r.runs = sum((hp_study_runs(s.study)).runs) AS runs, r.sampled BETWEEN 2000 AND 3000 AS sampled
FROM several s, (SELECT hp_study_agg(study) AS merged FROM several) m, hp_study_runs(merged) r GROUP BY r.runs, r.sampled;
SET hpimp.max_runs = 999;
SET hpimp.max_runs = 1073741824;
-- the server's words for it differ by version
\set VERBOSITY sqlstate
SET hpimp.max_memory = '1MB';
\set VERBOSITY default
RESET hpimp.max_runs;
SHOW hpimp.max_runs;
SHOW hpimp.max_memory;

--
-- Memory: what would take more is refused, with both figures
--
CREATE FUNCTION pg_temp.refusal(query text) RETURNS TABLE (state text, message text, figures text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE query;
    message := 'nothing refused';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, figures = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    figures := CASE WHEN substring(figures FROM 'at least (\d+) kB')::int BETWEEN 16385 AND 40000 THEN regexp_replace(figures, 'at least \d+ kB', 'at least ... kB') ELSE figures END;
    RETURN NEXT;
END
$$;
CREATE TABLE bounded_large AS SELECT hp_study_agg(jsonb_build_object('x', i % 10, 'y', i % 7), i % 1000) AS study FROM generate_series(1, 100000) i;
CREATE TABLE bounded_halves AS SELECT hp_study_agg(jsonb_build_object('name', md5(i::text)), i) AS study FROM generate_series(1, 150000) i GROUP BY i % 2;
SET hpimp.max_memory = '16MB';
SELECT what, (pg_temp.refusal(query)).* FROM (VALUES
    ('reading', $q$ SELECT hp_study_agg(jsonb_build_object('name', md5(i::text)), i) FROM generate_series(1, 300000) i $q$),
    ('merging', $q$ SELECT hp_study_agg(study) FROM bounded_halves $q$),
    ('training', $q$ SELECT hp_forest(study, trees => 1) FROM bounded_large $q$),
    ('little', $q$ SELECT hp_forest(hp_study_agg(jsonb_build_object('x', i), i), trees => 1) FROM generate_series(1, 10000) i $q$)) q (what, query);
-- the remedy of the hint, and the other
SET hpimp.max_runs = 20000;
SELECT what, (pg_temp.refusal(query)).message FROM (VALUES
    ('reading', $q$ SELECT hp_study_agg(jsonb_build_object('name', md5(i::text)), i) FROM generate_series(1, 300000) i $q$),
    ('training', $q$ SELECT hp_forest(hp_study_agg(study), trees => 1) FROM bounded_large $q$)) q (what, query);
RESET hpimp.max_runs;
-- few runs of many parameters with many values: sums over each value count
CREATE TABLE bounded_wide AS
SELECT hp_study_agg(config, i % 97) AS study
FROM (SELECT i, jsonb_object_agg('p' || j, (i * 7 + j * 13 + i * j % 11) % 250) AS config FROM generate_series(1, 1000) i, generate_series(1, 700) j GROUP BY i) r;
SET hpimp.max_memory = '32MB';
SELECT (pg_temp.refusal($q$ SELECT hp_forest(study, trees => 1, method => 'impurity') FROM bounded_wide $q$)).message;
RESET hpimp.max_memory;
SELECT hp_forest(study, trees => 1) IS NOT NULL AS trained FROM bounded_large;

--
-- Forged samples are refused
--
SET hpimp.max_runs = 1000;
CREATE FUNCTION pg_temp.read(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    RETURN hp_study_runs(replace(encode(bytes, 'base64'), E'\n', '')::hp_study)::text;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(': ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
-- 12 runs: 11 bytes, the limit (2), the threshold (8), none that are not kept (1), 12 metrics (96), copies
SELECT what, pg_temp.read(CASE WHEN at = 0 THEN bytes ELSE overlay(bytes PLACING new FROM at FOR n) END)
FROM (SELECT hp_study_send(study) AS bytes FROM copied) s, (VALUES
    ('whole', 0, 0, NULL),
    ('more runs than the limit', 12, 2, '\x0b'::bytea),
    ('a limit beyond all', 12, 2, '\x8080808004'),
    ('no sample, but its parts', 12, 2, '\x00'),
    ('a threshold below the runs', 14, 8, '\x0000000000000000'),
    ('a threshold in between', 14, 8, '\x0000000000000080'),
    ('runs not kept, but no range', 22, 1, '\x01'),
    ('another metric', 23, 8, '\x0000000000001040'),
    ('metric infinite', 23, 8, '\x000000000000f07f'),
    ('no copies', 119, 1, '\x00'),
    ('more copies than can be counted', 119, 1, '\x80808080808080808001')) f (what, at, n, new);
-- tallies: two runs are not kept; each byte of the head and of the last column
DO $$
DECLARE
    whole bytea;
    changed bytea;
    study hp_study;
    mask int;
    refused int := 0;
    accepted int := 0;
BEGIN
    SELECT hp_study_send(hp_study_agg(jsonb_build_object('a', i % 3 = 0, 'z', (i % 5) / 8.0), i)) INTO whole FROM generate_series(1, 1002) i;
    FOR i IN 0 .. length(whole) - 1 LOOP
        CONTINUE WHEN i BETWEEN 80 AND length(whole) - 230;
        FOREACH mask IN ARRAY '{0, 1, 2, 4, 16, 64, 128, 255}'::int[] LOOP
            IF mask > 0 THEN
                changed := set_byte(whole, i, get_byte(whole, i) # mask);
            ELSE
                changed := substr(whole, 1, i);
            END IF;
            BEGIN
                study := replace(encode(changed, 'base64'), E'\n', '')::hp_study;
                IF (SELECT count(*) FROM hp_correlation(study) WHERE abs(pearson) <= 1 IS NOT FALSE AND pearson_p_value BETWEEN 0 AND 1 IS NOT FALSE) > 3 OR study::text::hp_study::text <> study::text OR
                   (hp_study_runs(hp_study_agg(s))).runs < (hp_study_runs(study)).runs FROM (VALUES (study), (study)) v (s) THEN
                    RAISE 'unreadable with % at byte %', mask, i;
                END IF;
                accepted := accepted + 1;
            EXCEPTION WHEN invalid_binary_representation OR character_not_in_repertoire OR
                untranslatable_character OR undefined_function THEN
                refused := refused + 1;
            END;
        END LOOP;
    END LOOP;
    RAISE INFO 'refused many: %, read some: %', refused > 1000, accepted > 100;
END
$$;
DROP VIEW of_all, finite;
DROP TABLE bounded_runs, whole, all_kept, ways, bounded_parts, bounded_parallel, edge, bounded_forest, bounded_copies, copied, spelled, larger, several, bounded_large, bounded_halves, bounded_wide;
