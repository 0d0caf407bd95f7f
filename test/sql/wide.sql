--
-- Wide things: numbers over many powers of ten, hundreds of levels, long words
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;

-- an axis over powers of ten has its ticks there: at each of a few, at some of many
CREATE FUNCTION ticks(spread int) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT DISTINCT m[1] FROM (SELECT hp_report_as(hp_forest(hp_study_agg(jsonb_build_object('lr', 10.0 ^ (-(i % spread)), 'x', i % 4), abs(i % spread - spread / 2) + i % 4), trees => 20), 'html') AS page FROM generate_series(1, 240) i) r,
        regexp_matches(split_part(split_part(page, 'log scale', 2), '</svg>', 1), '>(1e-?[0-9]+|[0-9.]+)</text>', 'g') m
    WHERE m[1]::float8 <= 1
$$;
SELECT array_agg(t ORDER BY t::float8) AS few FROM ticks(4) t;
SELECT array_agg(t ORDER BY t::float8) AS many FROM ticks(16) t;
-- of numbers far apart, and of numbers next to each other
SELECT name, length(hp_report_as(hp_forest(hp_study_agg(jsonb_build_object('x', numbers[1 + i % 4]), i % 4), trees => 5), 'html')) > 5000 AS page
FROM (VALUES ('denormal', '{5e-324,1e-320,1e-310,1e-305}'::float8[]), ('huge', '{1e300,1e305,1e306,1.7e308}'), ('both signs', '{-1.7e308,-1,1,1.7e308}'), ('next', '{1,1.0000000000000002,1.0000000000000004,1.0000000000000007}'), ('tiny steps', '{0.001,0.0012,0.0014,0.0017}')) v (name, numbers),
    generate_series(1, 80) i
GROUP BY name, numbers ORDER BY name;

-- of more levels than there are bits of a list, lists name those that are there:
-- a level of the upper half is predicted to be above one of the lower half
CREATE TABLE many AS
SELECT hp_forest(hp_study_agg(jsonb_build_object('level', 'l' || lpad((i % 600)::text, 3, '0')), (i % 600 >= 300)::int), trees => 20, min_samples_leaf => 1) AS forest FROM generate_series(1, 3000) i;
SELECT kind, distinct_values FROM many, hp_parameters(forest);
SELECT count(*) FILTER (WHERE predicted > 0.9) AS high, count(*) FILTER (WHERE predicted < 0.1) AS low
FROM many, generate_series(0, 598, 26) level, LATERAL (SELECT hp_predict(forest, jsonb_build_object('level', 'l' || lpad(level::text, 3, '0'))) AS predicted) p;
SELECT abs(hp_predict(forest, '{"level": "never seen"}') - 0.5) < 0.1 AS between FROM many;
-- sent and read again they say the same
SELECT forest::text::hp_forest::text = forest::text AS same, hp_predict(forest::text::hp_forest, '{"level": "l599"}') = hp_predict(forest, '{"level": "l599"}') AS predicted FROM many;
-- a list that ends too early is refused
DO $$
DECLARE
    bytes bytea := (SELECT hp_forest_send(forest) FROM many);
    forged hp_forest;
    refused int := 0;
BEGIN
    FOR place IN length(bytes) - 3000 .. length(bytes) - 1 BY 3 LOOP
        BEGIN
            forged := translate(encode(set_byte(bytes, place, 255), 'base64'), E'\n', '')::hp_forest;
            PERFORM hp_predict(forged, '{"level": "l599"}');
        EXCEPTION WHEN invalid_binary_representation OR invalid_text_representation THEN
            refused := refused + 1;
        END;
    END LOOP;
    RAISE INFO 'some are refused: %', refused > 10;
END
$$;

-- a name longer than a line is shortened, so that no line is longer
SELECT max(length(line)) <= 40 AS fits, count(*) > 10 AS lines
FROM (SELECT hp_report_as(hp_forest(hp_study_agg(jsonb_build_object(repeat('word', 30), i % 3, 'b', i % 2), i % 3), trees => 5, include => '{%}'), 'text', 40) AS report FROM generate_series(1, 40) i) r, string_to_table(report, E'\n') line;

-- a code that is no character has no place on a page
SELECT format, strpos(page, '&#65533;') > 0 AS replaced, strpos(page, '&#65534;') > 0 OR strpos(page, U&'\FFFE') > 0 AS kept
FROM (SELECT format, hp_report_as(hp_forest(hp_study_agg(jsonb_build_object(U&'a\FFFEb', i % 3, 'b', i % 2), i % 3), trees => 5), format) AS page FROM generate_series(1, 40) i, unnest('{html,svg}'::text[]) format GROUP BY format) r ORDER BY format;
DROP TABLE many;
DROP FUNCTION ticks;
