--
-- Limits that take gigabytes to reach: refused with both figures, never by a
-- crash or an error of the server's own. Needs some 4 GB of memory.
--
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET hpimp.max_memory = '4GB';

-- runs of a megabyte each, all different
CREATE FUNCTION pg_temp.ask(function text, megabytes int) RETURNS text LANGUAGE sql AS
$$ SELECT format('(SELECT %s(hp_study_agg(jsonb_build_object(''t'', i || repeat(md5(i::text), 32768)), i)) FROM generate_series(1, %s) i)', function, megabytes) $$;

CREATE FUNCTION pg_temp.must_say(what text, question text, wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    BEGIN
        EXECUTE 'SELECT (' || question || ')::text' INTO answer;
    EXCEPTION WHEN OTHERS THEN
        answer := SQLSTATE || ': ' || SQLERRM;
    END;
    IF answer NOT LIKE wanted THEN
        RAISE EXCEPTION '%: %', what, left(answer, 200);
    END IF;
    RETURN what || ': ' || left(answer, 100);
END
$$;

-- PostgreSQL 15 stores it in any case
SELECT pg_temp.must_say('asked where it is made, a study may be larger than a value', pg_temp.ask('hp_study_runs', 1100),
    CASE WHEN current_setting('server_version_num')::int < 160000 THEN '54000: study of 1100 runs %' ELSE '(1100,%' END);
SELECT pg_temp.must_say('stored it may not', pg_temp.ask('hp_study_send', 1100), '54000: study of 1100 runs and 1 parameters is too large to be stored');
SELECT pg_temp.must_say('nor written as text, which is larger', pg_temp.ask('hp_study_out', 800), '54000: hp_study value is too large for its text form');
SELECT pg_temp.must_say('memory has a limit', pg_temp.ask('hp_study_runs', 400), '54000: the study needs more memory than hpimp.max_memory allows')
FROM set_config('hpimp.max_memory', '200MB', true);
SELECT pg_temp.must_say('a name of a hundred megabytes', 'SELECT length(parameter) FROM hp_values((SELECT hp_study_agg(jsonb_build_object(repeat(''n'', 100000000), i % 2), i) FROM generate_series(1, 2) i)) LIMIT 1', '100000000');
SELECT pg_temp.must_say('and a forest of it', 'octet_length(hp_report(hp_forest((SELECT hp_study_agg(jsonb_build_object(repeat(''n'', 50000000), i % 2, ''b'', i % 3), i % 2) FROM generate_series(1, 20) i), trees => 2))) > 0', 'true');
