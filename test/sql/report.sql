--
-- Reports: what a forest found, as one text, in several formats.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

CREATE TABLE runs AS
SELECT i, jsonb_strip_nulls(jsonb_build_object('optimizer', jsonb_build_object('type', CASE WHEN i % 2 = 0 THEN 'adam' ELSE 'sgd' END, 'lr', 1 + i % 8, 'momentum', CASE WHEN i % 2 = 1 THEN i % 5 END), 'batch_size', 16 * (1 + i % 3), 'seed', i % 7, 'model', 'cnn', 'name', 'run-' || i)) AS config,
    CASE WHEN i % 97 = 0 THEN NULL WHEN i % 89 = 0 THEN 'NaN'::float8 ELSE (i % 8) * 10 + (i % 2) * 20 - (i % 3) * 4 END AS loss, 1 AS same, (i * 7919) % 997 AS noise
FROM generate_series(1, 400) i;
CREATE TABLE forests AS
SELECT hp_forest(study, trees => 50) AS forest, hp_forest(study, trees => 50, uncertainty => true) AS uncertain FROM (SELECT hp_study('runs', 'loss') AS study) s;
CREATE FUNCTION widest(report text) RETURNS int LANGUAGE sql AS $$
    SELECT max(length(line)) FROM regexp_split_to_table(report, E'\n') line
$$;

\pset format unaligned
\pset tuples_only on
--
-- text
--
SELECT hp_report(forest) FROM forests;
SELECT hp_report('runs', 'loss', trees => 50);
SELECT hp_report_as(uncertain, 'text', 40, true) FROM forests;
SELECT hp_report_as(uncertain, 'text', width => 57) FROM forests;
SELECT hp_report('runs', 'loss', trees => 50, width => 120, depth => 1, method => 'impurity', uncertainty => false);
-- no line is wider than what psql has left; bars and numbers stand below each other
SELECT width, widest(hp_report_as(uncertain, 'text', width)) <= width - 2 AS fits FROM forests, unnest('{40,41,57,80,120,200,1000}'::int[]) width;
-- by each of the other methods: what the importance is of, what there are p-values of
SELECT hp_report('runs', 'loss', trees => 30, exclude => '{name}', method => method) FROM unnest('{corrected,fanova,ped_anova}'::text[]) method;
SELECT method, hp_report('runs', 'loss', trees => 30, method => method, format => 'svg') ~ ('Importance by ' || words || ', in sum 1') AS svg, hp_report('runs', 'loss', trees => 30, method => method, format => 'html') ~ ('Importance by ' || words || ', in sum 1') AS html
FROM (VALUES ('corrected', 'corrected impurity'), ('fanova', 'functional ANOVA'), ('ped_anova', 'PED-ANOVA')) m (method, words);
-- a forest answers as its table does, but for what it is about
SELECT hp_report_as(forest, 'text') = hp_report(forest) AS same, replace(hp_report('runs', 'loss', trees => 50, uncertainty => false), ' for loss in runs', '') = hp_report(forest) AS same_of_table FROM forests;
-- plain ASCII
SELECT hp_report_as(forest, 'text', ascii => true) ~ '^[\x20-\x7e\n]*$' AS text, hp_report_as(forest, 'markdown', ascii => true) ~ '^[\x20-\x7e\n]*$' AS markdown FROM forests;

--
-- markdown
--
SELECT hp_report_as(forest, 'markdown') FROM forests;
SELECT hp_report_as(uncertain, 'Markdown', ascii => true) FROM forests;

--
-- Where there is little to report
--
SELECT hp_report('runs', 'same');
SELECT hp_report('runs', 'same', format => 'markdown');
SELECT hp_report('runs', 'loss', include => '{model}');
SELECT hp_report('runs', 'loss', exclude => '{%}');
SELECT hp_report('runs', 'loss', include => '{optimizer.lr}', trees => 50, uncertainty => false);
SELECT split_part(hp_report('runs', 'noise', exclude => '{optimizer.%}', trees => 50), E'\n', 2);
CREATE TABLE few AS SELECT * FROM runs LIMIT 1;
SELECT hp_report('few', 'loss');
SELECT hp_report(hp_forest(hp_study_agg(NULL::jsonb, 1))) FROM generate_series(1, 3);
CREATE TABLE none AS SELECT * FROM runs LIMIT 0;
SELECT hp_report('none', 'loss') IS NULL, hp_report(NULL) IS NULL, hp_report_as(NULL, 'svg') IS NULL;

--
-- Names of all sorts: nothing of them means anything to a format
--
CREATE TABLE names AS
SELECT n, name FROM unnest(ARRAY['<script>alert(1)</script>', 'a"b''c&d;', E'line\nbreak\ttab', 'a|b`c*d_e[f]', 'x\|y', '@you #1 :smile:', '</title></style>]]>-->', '', ' padded ',
    E'\u0001control', E'turn\u202Eed', E'sep\u2028arator', U&'\05E9\05D9\05E2\05D5\05E8', U&'\5B66\7FD2\7387', U&'e\0301\0301', U&'\+01F600 face', repeat('long.', 40) || 'end']) WITH ORDINALITY AS t (name, n);
CREATE TABLE hostile AS
SELECT jsonb_object_agg(name, (i * (2 * n + 3)) % 31) AS config, sum(((i * (2 * n + 3)) % 31) * (30 - n)) AS metric FROM names, generate_series(1, 300) i GROUP BY i;
CREATE TABLE hostile_forest AS
SELECT hp_forest(hp_study('hostile', 'metric'), trees => 20) AS forest;
SELECT hp_report(forest) FROM hostile_forest;
SELECT hp_report_as(forest, 'markdown') FROM hostile_forest;
-- a table by such a name
CREATE TABLE "<b>|`" AS SELECT config, loss AS "*|*" FROM runs;
SELECT split_part(hp_report('"<b>|`"', '*|*', format => f, trees => 5, uncertainty => false), E'\n', 1 + (f = 'svg')::int) FROM unnest('{text,markdown,svg}'::text[]) f;

--
-- svg: one document, well-formed, of ASCII, with nothing that acts or is fetched
--
CREATE TABLE pictures (what text, picture text);
INSERT INTO pictures
SELECT 'runs', hp_report_as(uncertain, 'svg') FROM forests
UNION ALL SELECT 'noise', hp_report('runs', 'noise', format => 'svg', trees => 50)
UNION ALL SELECT 'forest', hp_report_as(forest, 'svg') FROM forests
UNION ALL SELECT 'groups', hp_report('runs', 'loss', format => 'svg', trees => 50, depth => 1, uncertainty => false)
UNION ALL SELECT 'hostile', hp_report_as(forest, 'svg') FROM hostile_forest
UNION ALL SELECT 'constant', hp_report('runs', 'same', format => 'svg')
UNION ALL SELECT 'nothing', hp_report('runs', 'loss', format => 'svg', exclude => '{%}')
UNION ALL SELECT 'table', hp_report('"<b>|`"', '*|*', format => 'svg', trees => 5, uncertainty => false)
UNION ALL SELECT 'wide', hp_report_as(hp_forest(hp_study_agg(config, metric), trees => 5), 'svg') FROM (SELECT jsonb_object_agg('p' || j, i * j % 211) AS config, i AS metric FROM generate_series(1, 200) i, generate_series(1, 200) j GROUP BY i) t;
-- tags match, attributes are quoted, and all else is characters or references
CREATE FUNCTION flaw(document text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    tag text;
    open text[] := '{}';
    rest text;
BEGIN
    FOR tag IN SELECT m[1] FROM regexp_matches(document, '<[^>]*>', 'g') m LOOP
        IF tag ~ '^</[a-z0-9]+>$' THEN
            IF open[1] IS DISTINCT FROM substr(tag, 3, length(tag) - 3) THEN RETURN 'closes what is not open: ' || tag; END IF;
            open := open[2:];
        ELSIF tag !~ '^<[a-z0-9]+( [a-zA-Z-]+="([^"<&]|&[a-z]+;|&#[0-9]+;)*")*/?>$' THEN
            RETURN 'no tag: ' || tag;
        ELSIF tag !~ '/>$' THEN
            open := substring(tag, '^<([a-z0-9]+)') || open;
        END IF;
    END LOOP;
    rest := regexp_replace(document, '<[^>]*>|&(amp|lt|gt|quot|#[0-9]+);', '', 'g');
    RETURN CASE WHEN cardinality(open) > 0 THEN 'not closed: ' || open[1] WHEN rest ~ '[<&]' THEN 'not escaped: ' || substring(rest, '.{0,10}[<&].{0,10}') END;
END $$;
-- the same asked of libxml, where the server has it
CREATE FUNCTION no_xml(document text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM xmlparse(DOCUMENT document);
    RETURN false;
EXCEPTION
    WHEN feature_not_supported THEN RETURN false;
    WHEN invalid_xml_document THEN RETURN true;
END $$;
SELECT flaw('<a><b x="&lt;">&#33;</b><c/></a>') IS NULL, flaw('<a>'), flaw('<a></b>'), flaw('<a x=1/>'), flaw('<a>x & y</a>');
SELECT what, flaw(picture) FROM pictures WHERE flaw(picture) IS NOT NULL OR no_xml(picture);
SELECT what FROM pictures WHERE picture !~ '^[\x20-\x7e\n]*$' OR picture !~ '^<svg xmlns="http://www.w3.org/2000/svg" ' OR picture !~ '</svg>$';
SELECT what FROM pictures WHERE picture ~* '<(script|image|a|use|foreignObject|iframe)\M|\mon[a-z]+="|href|@import|url\(|javascript:' OR replace(picture, 'http://www.w3.org/2000/svg', '') ~ '://';
-- a row a parameter that takes part, its name among them whatever it is
SELECT what, count(*) FROM pictures, regexp_matches(picture, '<svg x=', 'g') GROUP BY what ORDER BY what;
SELECT picture ~ '>&lt;script&gt;alert\(1\)&lt;/script&gt;</text>' AS tag, picture ~ 'direction="rtl" text-anchor="end">&#1513;' AS right_to_left, picture ~ '>line\\nbreak\\ttab</text>' AS control, picture ~ '&#128512; face' AS face FROM pictures WHERE what = 'hostile';
-- numbers and signs stand beside bars and colours; light and dark
SELECT picture ~ '>[+]0\.[0-9]{2}<' AS plus, picture ~ 'class="po"' AS rises, picture ~ '>-0\.[0-9]{2}<' AS minus, picture ~ 'class="ne"' AS falls, picture ~ 'prefers-color-scheme:dark' AS dark FROM pictures WHERE what = 'runs';
SELECT picture ~ 'class="er"' AS errors, picture ~ 'class="im ch"' AS chance FROM pictures WHERE what = 'noise';
-- the height is that of the rows
SELECT what, substring(picture, 'height="([0-9]+)"')::int AS height FROM pictures WHERE what IN ('wide', 'nothing') ORDER BY what;

--
-- html: the same of a page, whose script is the same whatever the names are
--
CREATE TABLE pages (what text, page text);
INSERT INTO pages
SELECT 'runs', hp_report('runs', 'loss', format => 'html', trees => 50, uncertainty => false)
UNION ALL SELECT 'forest', hp_report_as(uncertain, 'html') FROM forests
UNION ALL SELECT 'groups', hp_report('runs', 'loss', format => 'html', trees => 50, depth => 1, uncertainty => false)
UNION ALL SELECT 'hostile', hp_report_as(forest, 'html') FROM hostile_forest
UNION ALL SELECT 'constant', hp_report('runs', 'same', format => 'html')
UNION ALL SELECT 'nothing', hp_report('runs', 'loss', format => 'html', exclude => '{%}')
UNION ALL SELECT 'table', hp_report('"<b>|`"', '*|*', format => 'html', trees => 5, uncertainty => false);
SELECT what, flaw(regexp_replace(page, '^<!DOCTYPE html>', '')) FROM pages WHERE flaw(regexp_replace(page, '^<!DOCTYPE html>', '')) IS NOT NULL OR no_xml(page);
SELECT what FROM pages WHERE page !~ '^[\x20-\x7e\n\t]*$' OR page !~ '^<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>' OR page !~ '</body></html>$';
SELECT count(DISTINCT substring(page, '<script>.*</script>')) AS scripts, count(DISTINCT substring(page, '<style>.*</style>')) AS styles, bool_and(page !~ '<script.*<script') AS one_each FROM pages;
SELECT what FROM pages WHERE page ~* '<(img|a|link|iframe|object|embed|form)\M|\mon[a-z]+="|href|src=|@import|url\(|://' OR page !~ 'Content-Security-Policy" content="default-src ''none'';';
-- rows of the panel, those folded under them, and what stands below
CREATE VIEW parts AS
SELECT what, page, substring(page, '<table id="hpr-panel".*?</tbody>') AS panel, substring(page, '<section id="hpr-curves">.*?</section>') AS curves,
	substring(page, '<table class="map".*?</tbody>') AS map, substring(page, '<section id="hpr-next-sweep">.*?</section>') AS next FROM pages;
SELECT what, cardinality(regexp_split_to_array(panel, '<tr(?! class="lv")')) - 2 AS rows, cardinality(regexp_split_to_array(panel, '<tr class="lv"')) - 1 AS folded,
	cardinality(regexp_split_to_array(curves, '<figure>')) - 1 AS curves, cardinality(regexp_split_to_array(curves, 'class="run"')) > 1 AS runs, cardinality(regexp_split_to_array(map, '<tr>')) - 2 AS mapped,
	cardinality(regexp_split_to_array(next, '<span class="ad')) - 1 AS advice, substring(page, 'class="verdict ([a-z]+)"') AS verdict FROM parts ORDER BY what;
-- what is folded under a parameter: its levels, as hp_levels has them; where the runs are gone, what the forest counted
SELECT what, regexp_replace(m[1], '<[^>]*>', ' ', 'g') AS level FROM parts, regexp_matches(panel, '<tr class="lv">(.*?)</tr>', 'g') m WHERE what IN ('runs', 'forest', 'groups');
SELECT parameter, level, runs, round(mean::numeric, 2) AS mean, round(stddev::numeric, 1) AS stddev, round(correlation::numeric, 2) AS correlation FROM hp_levels('runs', 'loss') WHERE parameter = 'optimizer.type';
-- the sweep is JSON, and means what hp_suggest says
SELECT jsonb_object_agg(parameter, sweep::jsonb) =
	(SELECT replace(regexp_replace(substring(next, '<pre>(.*)</pre>'), '</?bdi>', '', 'g'), '&quot;', '"')::jsonb FROM parts WHERE what = 'forest') AS same
FROM forests, hp_suggest(uncertain) WHERE sweep IS NOT NULL;
-- a script runs if its digest is the one that is named
SELECT bool_and(substring(page, 'script-src ''sha256-([^'']*)''') = encode(sha256(convert_to(substring(page, '<script>(.*)</script>'), 'UTF8')), 'base64')) AS digest FROM pages;
-- the page does not depend on the order of the runs, nor on that of their keys
CREATE TABLE reversed AS SELECT (SELECT jsonb_object_agg(key, value ORDER BY key DESC) FROM jsonb_each(config)) AS config, loss FROM (SELECT config, loss, row_number() OVER () AS i FROM runs) r ORDER BY i DESC;
SELECT replace(hp_report('reversed', 'loss', format => 'html', trees => 50, uncertainty => false), 'in reversed', 'in runs') = page AS same FROM pages WHERE what = 'runs';
-- numbers at the ends of double precision stay in the picture
CREATE TABLE extreme AS SELECT jsonb_build_object('large', (i * 37 % 101 - 50) * 1.7e306::float8, 'small', (i * 53 % 97) * 1e-322::float8, 'near', 1e15 + i % 7) AS config, (i * 37 % 101 - 50) * 3.4e306::float8 + (i * 53 % 97) * 1e305::float8 AS large, (i * 37 % 101) * 1e-322::float8 AS small, 1e17 + i * 37 % 101 * 16 AS near FROM generate_series(1, 300) i;
SELECT metric, flaw(regexp_replace(page, '^<!DOCTYPE html>', '')) AS flaw, page ~* '[^a-z](nan|inf|-?infinity)[^a-z]' AS undefined, cardinality(regexp_split_to_array(page, '<figure>')) > 1 AS curves,
	(SELECT max(abs(c[1]::float8)) <= 320 FROM regexp_matches(page, '[ML](-?[0-9.]+) -?[0-9.]+', 'g') c) AS within
FROM unnest('{large,small,near}'::text[]) metric, LATERAL (SELECT hp_report('extreme', metric, format => 'html', trees => 20, uncertainty => false) AS page OFFSET 0) p;
SELECT page ~ '<bdi>&lt;script&gt;alert\(1\)&lt;/<wbr/>script&gt;</bdi>' AS tag, page ~ '<bdi>&#1513;' AS right_to_left, page ~ 'title="(long\.){40}end"' AS whole_name FROM pages WHERE what = 'hostile';
-- what curves say is what hp_marginal says: the marks of levels stand by their names
SELECT level, page LIKE format('%%<title>%s: %s, %s runs</title>%%', level, rtrim(to_char(mean, 'FM990.99'), '.'), runs) AS said FROM forests, hp_marginal(forest, 'optimizer.type'), pages WHERE what = 'forest';

--
-- What misleads is said in every format: a few runs that are the metric's variance
--
CREATE TABLE outliers AS SELECT config, CASE WHEN i % 150 = 77 THEN 1e9 ELSE loss END AS loss, CASE WHEN i = 77 THEN 1e9 ELSE loss END AS once FROM runs;
SELECT metric, format, substring(hp_report('outliers', metric, format => format, trees => 20, width => 1000, uncertainty => false) FROM '[0-9]+ of the runs[^.]*[.]') FROM unnest('{text,markdown,html}'::text[]) format, unnest('{loss,once}'::text[]) metric;
SELECT hp_report('runs', 'loss', trees => 20, width => 1000, uncertainty => false) ~ 'of the runs' AS of_these_too;
-- and not more names than can be read: those cut short differ where they do
CREATE TABLE alike AS SELECT jsonb_build_object('kind', i % 2) || coalesce((SELECT jsonb_object_agg('model.encoder.layer.' || chr(96 + k) || '.self_dropout', ('x' || substr(md5(i || 'k' || k), 1, 4))::bit(16)::int % 11) FROM generate_series(1, 9) k WHERE i % 2 = 1), '{}') AS config, (i % 11) * (i % 2) AS loss FROM generate_series(1, 400) i;
SELECT count(DISTINCT name) AS names, count(*) FROM regexp_split_to_table(hp_report('alike', 'loss', trees => 20, width => 60, method => 'impurity', missing => 'fill', uncertainty => false), E'\n') line, LATERAL (SELECT substring(line FROM '^(mod\S+)\s+0\.')) s (name) WHERE name IS NOT NULL;
SELECT substring(hp_report('alike', 'loss', trees => 20, width => 1000, method => 'impurity', missing => 'fill', uncertainty => false) FROM '\n(model[^\n]*: conditional[^\n]*)');

--
-- What is wrong
--
SELECT hp_report('runs', 'loss', format => 'pdf');
SELECT hp_report('runs', 'loss', format => NULL);
SELECT hp_report('runs', 'loss', width => 39);
SELECT hp_report('runs', 'loss', width => 1001);
SELECT hp_report('runs', 'loss', width => NULL);
SELECT hp_report('runs', 'loss', ascii => NULL);
SELECT hp_report('runs', NULL);
SELECT hp_report_as(forest, 'words') FROM forests;
SELECT hp_report_as(forest, NULL) IS NULL FROM forests;

DROP VIEW parts;
DROP TABLE runs, forests, few, none, names, hostile, hostile_forest, pictures, pages, reversed, extreme, outliers, alike, "<b>|`";
DROP FUNCTION widest(text), flaw(text), no_xml(text);
