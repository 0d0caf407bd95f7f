--
-- Limits: what is more than there may be is refused, or counted as said in the
-- documentation; what is just below works.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on

-- bytes as they stand, in hexadecimal, to a study
CREATE FUNCTION pg_temp.study(bytes text) RETURNS hp_study LANGUAGE sql AS
$$ SELECT replace(encode(decode(replace(bytes, ' ', ''), 'hex'), 'base64'), E'\n', '')::hp_study $$;
-- an answer, or what is wrong
CREATE FUNCTION pg_temp.say(question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE 'SELECT (' || question || ')::text' INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

--
-- Depth of nesting: as deep as the server's stack, and no crash beyond
--
CREATE FUNCTION pg_temp.deep(n int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    config jsonb := '1';
BEGIN
    FOR i IN 1 .. n LOOP
        config := jsonb_build_object('d', config);
    END LOOP;
    RETURN config;
END
$$;
SELECT length(parameter), value FROM hp_values((SELECT hp_study_agg(pg_temp.deep(1000), 1)));
-- wrappers are unwrapped without going deeper
SELECT parameter, value FROM hp_values((SELECT hp_study_agg(('{"lr": ' || repeat('{"value": ', 1000) || '7' || repeat('}', 1000) || '}')::jsonb, 1)));
SET max_stack_depth = '100kB';
SELECT left(pg_temp.say('hp_study_runs((SELECT hp_study_agg(pg_temp.deep(4000), 1)))'), 34);
RESET max_stack_depth;
-- and groups of so many components
SELECT length(parameter), kind FROM hp_parameters(hp_forest((SELECT hp_study_agg(pg_temp.deep(500) || jsonb_build_object('e', i % 3), i % 3) FROM generate_series(1, 20) i), trees => 2, depth => 499)) ORDER BY 1;

--
-- Names and values as long as they come
--
CREATE TEMP TABLE long AS
SELECT hp_study_agg(jsonb_build_object(repeat('n', 100000) || i % 2, i % 3, 'w', repeat(chr(97 + i % 4), 100000)), i % 3) AS study FROM generate_series(1, 40) i;
SELECT length(parameter), length(value), runs FROM long, hp_values(study) ORDER BY 1, value COLLATE "C";
SELECT length(parameter), importance IS NOT NULL FROM long, hp_importance(hp_forest(study, trees => 2)) ORDER BY parameter COLLATE "C";
SELECT format, length(hp_report_as(hp_forest(study, trees => 2), format)) > 1000 FROM long, unnest('{text,markdown,svg,html}'::text[]) format;
SELECT hp_forest(study, trees => 2)::text = (hp_forest(study, trees => 2)::text::hp_forest)::text FROM long;
SELECT count(*) FROM long, hp_suggest(hp_forest(study, trees => 2));
-- a text of more digits than pin down a double is a word
SELECT kind, distinct_values FROM hp_parameters(hp_forest((SELECT hp_study_agg(jsonb_build_object('x', repeat('1', 1099 + i % 2)), i) FROM generate_series(1, 10) i), trees => 1));
SELECT kind, distinct_values FROM hp_parameters(hp_forest((SELECT hp_study_agg(jsonb_build_object('x', repeat('1', 1101 + i % 2)), i) FROM generate_series(1, 10) i), trees => 1));

--
-- Levels: 65,535 are told apart, of more the rarest are one; numbers: likewise, of more quantiles
--
CREATE TEMP TABLE levels AS
SELECT n, hp_study_agg(jsonb_build_object('x', CASE what WHEN 'level' THEN to_jsonb('w' || i % n) ELSE to_jsonb(i % n) END), i % 7) AS study, what
FROM (VALUES (65535, 'level'), (65536, 'level'), (65535, 'number'), (65536, 'number')) v (n, what), generate_series(1, 140000) i GROUP BY n, what;
SELECT what, n, distinct_values, note FROM levels, hp_parameters(hp_forest(study, trees => 1, max_depth => 2, method => 'impurity')) ORDER BY what, n;
DROP TABLE levels;

--
-- Counts: runs left out, of 2^63 - 1 that a value from outside says there are
--
CREATE TEMP TABLE counts AS
SELECT pg_temp.study('68707374 01 06 00 00 ffffffffffffffff7f ffffffffffffffff7f ffffffffffffffff7f 00') AS study;
SELECT hp_study_runs(study) FROM counts;
SELECT hp_study_runs(hp_study_merge(study, study)) FROM counts;
-- one more is none more, and can be read again
SELECT metric, hp_study_runs(hp_study_add_run(study, NULL, metric)::text::hp_study) FROM counts, unnest(ARRAY[NULL, 'NaN', 'Infinity', 'NaN', 1]::float8[]) metric;
SELECT runs_left_out, metric_null, metric_nan, metric_infinite FROM counts, hp_quality(hp_forest(study, trees => 1));
SELECT regexp_replace(hp_report(hp_forest(study, trees => 1)), E'\n.*', '') FROM counts;
-- copies of a sampled run, and runs tallied
CREATE TEMP TABLE copies AS
SELECT pg_temp.study('68707374 01 06 01 01 00 00 00 01 ffffffffffffffff' || '01' || one || one || sum || one || copies ||
    '026c72 01 01' || one || '01 01 00 00 01' || one || one || repeat(sum, 5) || '00') AS study
FROM (VALUES ('000000000000f03f', '02 44 01000000', 'ffffffffffffffff7f')) v (one, sum, copies);
SELECT hp_study_runs(study) FROM copies;
SELECT hp_study_runs(hp_study_merge(study, study)::text::hp_study) FROM copies;
SELECT parameter, runs, pearson FROM copies, hp_correlation(hp_study_merge(study, study));
SELECT parameter, runs, missing, minimum, maximum FROM copies, hp_parameters(hp_forest(hp_study_add_run(study, '{"lr": 1}', 1), trees => 1));
-- a sum whose digits are all there may be, added up: no further than its last limb
SELECT count(*) FROM (SELECT hp_study_agg(study) AS study FROM copies, generate_series(1, 50)) q, hp_correlation(study);

--
-- A forest from outside that says more runs have a parameter than there are
--
DO $$
DECLARE
    forest bytea;
    changed text;
    refused int := 0;
BEGIN
    SELECT hp_forest_send(hp_forest(hp_study_agg(jsonb_build_object('lr', i % 3), i % 3), trees => 1)) INTO forest FROM generate_series(1, 20) i;
    FOR at IN 0 .. length(forest) - 1 LOOP
        CONTINUE WHEN get_byte(forest, at) <> 20;
        changed := replace(encode(set_byte(forest, at, 21), 'base64'), E'\n', '');
        BEGIN
            PERFORM FROM hp_parameters(changed::hp_forest) WHERE missing < 0 OR runs < 0;
            IF FOUND THEN
                RAISE WARNING 'a negative number of runs by byte %', at;
            END IF;
        EXCEPTION WHEN invalid_binary_representation THEN
            refused := refused + 1;
        END;
    END LOOP;
    RAISE WARNING 'refused some: %', refused >= 2;
END
$$;
