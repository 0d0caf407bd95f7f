-- csv.sql - loads any CSV file of runs, whatever its columns, into one table.
--
--	psql -c 'CREATE EXTENSION IF NOT EXISTS hpimp'
--	psql -v file=export.csv -v metrics=val_loss,val_acc -f examples/csv.sql
--	psql -c "SELECT * FROM hp_importance('runs', 'val_loss')"
--
-- For the exports of Weights & Biases (a table of runs; the CSV of their guide,
-- with columns config and summary), MLflow ("Download CSV", search_runs), Optuna
-- (trials_dataframe) and for a CSV that you wrote yourself. Variables:
--
--	file		what to read
--	metrics		the columns that are results, LIKE patterns with commas between them
--	about		the columns that are neither results nor hyperparameters, likewise;
--				names and times that the trackers write are known
--	table		the table to put the runs in, made if it is not there (runs)
--	delimiter	what stands between two cells (a comma; $'\t' for a tab)
--
-- A line of the file is a row of the table: source, the file's name; line; config,
-- all columns that are named nowhere above; summary, the results; about, the rest
-- (about->>'State'). An empty cell is a value that is not there. Loading a file
-- again replaces its runs. What went where is shown at the end.
--
-- Quoting is that of RFC 4180: cells may hold line ends, commas and quotes. What
-- cannot be right is an error, with its line, and nothing is loaded. The file must
-- be in the client's encoding (PGCLIENTENCODING), and psql reads it in one piece:
-- a few hundred megabytes are the end.

\set usage 'psql -v file=export.csv -f examples/csv.sql'
\ir include/arguments.sql
\if :{?delimiter}
\else
\set delimiter ','
\endif

\set read_json pg_temp.read_json
\ir include/read_json.sql
\ir include/place.sql

-- The cells of a CSV text. A cell ends at a delimiter or at the end of a line;
-- what is left where no cell can be is one wrong character.
CREATE OR REPLACE FUNCTION pg_temp.csv_cells(content text, delimiter text)
RETURNS TABLE (line int, cell int, value text)
LANGUAGE plpgsql AS
$$
DECLARE
	apart text := CASE WHEN delimiter ~ '\w' THEN delimiter ELSE '\' || delimiter END;
	wrong int;
BEGIN
	IF length(delimiter) <> 1 OR delimiter IN ('"', E'\n', E'\r') THEN
		RAISE EXCEPTION 'a delimiter is one character and neither a quote nor a line end';
	END IF;
	IF content !~ '\S' THEN
		RAISE EXCEPTION 'the file cannot be read, or is empty';
	END IF;
	IF getdatabaseencoding() = 'UTF8' THEN
		content := ltrim(content, chr(65279));		-- a byte order mark
	END IF;
	CREATE TEMP TABLE csv_part ON COMMIT DROP AS
	SELECT nth, m[1] AS cell, m[2] <> delimiter AS ends_line, m[3] IS NOT NULL AS wrong
	FROM regexp_matches(content || E'\n',
		format('("(?:[^"]|"")*"|[^"%1$s\r\n][^%1$s\r\n]*|)(%1$s|\r\n|\n|\r)|(.)', apart), 'g')
		WITH ORDINALITY AS t (m, nth);

	SELECT 1 + count(*) FILTER (WHERE p.ends_line) INTO wrong
	FROM csv_part p, (SELECT min(nth) AS nth FROM csv_part WHERE csv_part.wrong) w WHERE p.nth < w.nth HAVING min(w.nth) IS NOT NULL;
	IF wrong IS NOT NULL OR (SELECT p.wrong FROM csv_part p WHERE nth = 1) THEN
		RAISE EXCEPTION 'line % is no CSV: text beside a quoted cell, or a quote that nothing closes', coalesce(wrong, 1)
			USING HINT = 'Lines within cells do not count.';
	END IF;

	RETURN QUERY
	SELECT l.line::int, (row_number() OVER (PARTITION BY l.line ORDER BY nth))::int,
		CASE WHEN l.cell LIKE '"%' THEN replace(substr(l.cell, 2, length(l.cell) - 2), '""', '"') ELSE l.cell END
	FROM (SELECT nth, p.cell, 1 + sum((p.ends_line)::int) OVER (ORDER BY nth) - (p.ends_line)::int AS line
		FROM csv_part p) l;
END
$$;

\set content `cat -- :'file'`

BEGIN;
CREATE TEMP TABLE csv_cell ON COMMIT DROP AS
SELECT * FROM pg_temp.csv_cells(:'content', :'delimiter');
\unset content
-- lines with nothing on them
DELETE FROM csv_cell c
WHERE value = '' AND cell = 1 AND NOT EXISTS (SELECT FROM csv_cell o WHERE o.line = c.line AND o.cell > 1);

-- A column without a name is known by its number, a name used again by its count.
CREATE TEMP TABLE csv_column ON COMMIT DROP AS
WITH named AS (
	SELECT cell, coalesce(nullif(btrim(value), ''), 'column ' || cell) AS name
	FROM csv_cell WHERE line = (SELECT min(line) FROM csv_cell)
), told AS (
	SELECT cell, name || CASE WHEN nth > 1 THEN format(' (%s)', nth) ELSE '' END AS name
	FROM (SELECT *, row_number() OVER (PARTITION BY name ORDER BY cell) AS nth FROM named) n
)
SELECT cell, name, place FROM told JOIN pg_temp.place(array(SELECT name FROM told), :'metrics', :'about') USING (name);
DELETE FROM csv_cell WHERE line = (SELECT min(line) FROM csv_cell);
ANALYZE csv_cell, csv_column;

DO $$
DECLARE
	long record;
BEGIN
	SELECT line, max(cell) AS cells INTO long FROM csv_cell
	GROUP BY line HAVING max(cell) > (SELECT count(*) FROM csv_column) ORDER BY line LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'line % has % cells, the first line names % columns', long.line, long.cells, (SELECT count(*) FROM csv_column)
			USING HINT = 'Is the delimiter right? Lines within cells do not count.';
	END IF;
END
$$;

CREATE TABLE IF NOT EXISTS :"table" (
	source text NOT NULL,
	line int NOT NULL,
	config jsonb NOT NULL,
	summary jsonb NOT NULL,
	about jsonb NOT NULL
);
DELETE FROM :"table" WHERE source = :'file';

-- Numbers become numbers, a column config or summary of whole documents is read. An
-- apostrophe that MLflow puts before what a spreadsheet would take for a formula, as
-- -0.5, is taken off again.
CREATE TEMP TABLE csv_value ON COMMIT DROP AS
SELECT line, name,
	CASE WHEN document THEN name ELSE place END AS place, document,
	CASE WHEN document THEN pg_temp.read_json(value)
		WHEN plain ~ '^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d{1,3})?$' AND length(plain) < 40 THEN plain::jsonb
		ELSE to_jsonb(plain) END AS value
FROM (SELECT count(*) = 2 AS guarded FROM csv_column WHERE name IN ('Run ID', 'Source Type')) export,
	csv_cell JOIN csv_column USING (cell),
	LATERAL (SELECT name IN ('config', 'summary') AND value ~ '^\s*\{.*\}\s*$',
		CASE WHEN value ~ '^''-\d' OR guarded AND value ~ '^''[-=+@\t\r]' THEN substr(value, 2) ELSE value END) AS d (document, plain)
WHERE value <> '';

WITH flat AS (
	SELECT line,
		coalesce(jsonb_object_agg(name, value) FILTER (WHERE place = 'config' AND NOT document), '{}') AS config,
		coalesce(jsonb_object_agg(name, value) FILTER (WHERE place = 'summary' AND NOT document), '{}') AS summary,
		coalesce(jsonb_object_agg(name, value) FILTER (WHERE place = 'about' AND NOT document), '{}') AS about,
		coalesce(jsonb_agg(value) FILTER (WHERE place = 'config' AND document)->0, '{}') AS whole_config,
		coalesce(jsonb_agg(value) FILTER (WHERE place = 'summary' AND document)->0, '{}') AS whole_summary
	FROM (SELECT line FROM csv_cell WHERE cell = 1) l LEFT JOIN csv_value USING (line)
	GROUP BY line
)
INSERT INTO :"table" (source, line, config, summary, about)
SELECT :'file', line, config || whole_config, summary || whole_summary, about
FROM flat ORDER BY line;

\echo 'What the file has, and where it went:'
SELECT c.name AS "column", coalesce(min(v.place), c.place) AS "went to", count(v.value) AS "runs that have it", count(DISTINCT v.value) AS "different",
	left(min(v.value #>> '{}'), 30) AS "one of them"
FROM csv_column c LEFT JOIN csv_value v USING (name)
GROUP BY c.cell, c.name, c.place ORDER BY c.cell;
SELECT count(*) AS "runs loaded" FROM :"table" WHERE source = :'file';
SELECT pg_temp.unmatched(array_agg(name), :'metrics', :'about') AS unmatched,
	CASE WHEN NOT EXISTS (SELECT FROM csv_value WHERE place = 'summary' AND name NOT LIKE '\_%') THEN 'so' END AS no_result
FROM csv_column \gset
COMMIT;
ANALYZE :"table";
\if :{?unmatched}
	\warn 'No column is called so:' :unmatched
\endif
\if :{?no_result}
	\warn 'No column was taken for a result. Name those that are, and load the file again: -v metrics=val_loss,val_accuracy'
\endif
\set QUIET :was_quiet
