-- json_lines.sql - loads a file of runs in JSON into one table: an object a line,
-- or one array of objects.
--
--	psql -c 'CREATE EXTENSION IF NOT EXISTS hpimp'
--	psql -v file=runs.jsonl -f examples/json_lines.sql
--	psql -c "SELECT * FROM hp_importance('runs', 'val_loss')"
--
-- What has hyperparameters and results apart is taken as it is: a key config (or
-- rawconfig) and a key summary (or summary_metrics, summaryMetrics), as objects or as
-- texts that hold JSON; so Weights & Biases' interfaces give their runs. What has
-- all keys side by side needs to be told which are results, as in csv.sql. Variables:
--
--	file		what to read
--	metrics		the keys that are results, LIKE patterns with commas between them
--	about		the keys that are neither results nor hyperparameters, likewise
--	table		the table to put the runs in, made if it is not there (runs)
--
-- A run is a row of the table: source, the file's name; line; config; summary;
-- about, the other keys (about->>'state'). Loading a file again replaces its runs.
-- NaN and Infinity, which are no JSON but which programs write, are understood.

\set usage 'psql -v file=runs.jsonl -f examples/json_lines.sql'
\ir include/arguments.sql

\set read_json pg_temp.read_json
\ir include/read_json.sql
\ir include/place.sql

CREATE OR REPLACE FUNCTION pg_temp.json_runs(content text)
RETURNS TABLE (line bigint, run jsonb)
LANGUAGE plpgsql AS
$$
BEGIN
	IF content !~ '\S' THEN
		RAISE EXCEPTION 'the file cannot be read, or is empty';
	END IF;
	IF getdatabaseencoding() = 'UTF8' THEN
		content := ltrim(content, chr(65279));		-- a byte order mark
	END IF;
	IF content ~ '^\s*\[' THEN
		RETURN QUERY SELECT nth, r FROM jsonb_array_elements(pg_temp.read_json(content))
			WITH ORDINALITY AS t (r, nth);
	ELSE
		RETURN QUERY SELECT nth, pg_temp.read_json(l) FROM regexp_split_to_table(content, '\r?\n')
			WITH ORDINALITY AS t (l, nth) WHERE l ~ '\S';
	END IF;
END
$$;

\set content `cat -- :'file'`

BEGIN;
CREATE TEMP TABLE json_run ON COMMIT DROP AS
SELECT * FROM pg_temp.json_runs(:'content');
\unset content

DO $$
DECLARE
	wrong record;
BEGIN
	SELECT * INTO wrong FROM json_run WHERE jsonb_typeof(run) <> 'object' ORDER BY line LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'run % is no object: %', wrong.line, left(wrong.run::text, 200);
	END IF;
END
$$;

-- the keys of the runs; those of whole documents by the part they make
CREATE TEMP TABLE json_key ON COMMIT DROP AS
SELECT name, whole IS NOT NULL AS document, coalesce(whole, place) AS place
FROM (SELECT array_agg(DISTINCT k) AS names FROM json_run, jsonb_object_keys(run) k) keys,
	pg_temp.place(names, :'metrics', :'about'),
	LATERAL (SELECT CASE WHEN name IN ('config', 'rawconfig') THEN 'config'
		WHEN name IN ('summary', 'summary_metrics', 'summaryMetrics') THEN 'summary' END) AS w (whole);
-- beside a config the other keys are about the run, unless they were named
UPDATE json_key SET place = 'about'
WHERE place = 'config' AND NOT document AND EXISTS (SELECT FROM json_key WHERE document AND place = 'config');

CREATE TEMP TABLE json_value ON COMMIT DROP AS
SELECT line, name, place, document,
	CASE WHEN document AND jsonb_typeof(value) = 'string' THEN pg_temp.read_json(value #>> '{}') ELSE value END AS value
FROM json_run, jsonb_each(run) AS e (name, value) JOIN json_key USING (name);

CREATE TABLE IF NOT EXISTS :"table" (
	source text NOT NULL,
	line int NOT NULL,
	config jsonb NOT NULL,
	summary jsonb NOT NULL,
	about jsonb NOT NULL
);
DELETE FROM :"table" WHERE source = :'file';

WITH flat AS (
	SELECT line,
		coalesce(jsonb_object_agg(name, value) FILTER (WHERE place = 'config' AND NOT document), '{}') AS config,
		coalesce(jsonb_object_agg(name, value) FILTER (WHERE place = 'summary' AND NOT document), '{}') AS summary,
		coalesce(jsonb_object_agg(name, value) FILTER (WHERE place = 'about' AND NOT document), '{}') AS about,
		coalesce(jsonb_agg(value ORDER BY name) FILTER (WHERE place = 'config' AND document
			AND jsonb_typeof(value) = 'object')->0, '{}') AS whole_config,
		coalesce(jsonb_agg(value ORDER BY name) FILTER (WHERE place = 'summary' AND document
			AND jsonb_typeof(value) = 'object')->0, '{}') AS whole_summary
	FROM json_run LEFT JOIN json_value USING (line)
	GROUP BY line
)
INSERT INTO :"table" (source, line, config, summary, about)
SELECT :'file', line, config || whole_config, summary || whole_summary, about
FROM flat ORDER BY line;

\echo 'What the runs have, and where it went:'
SELECT k.name AS "key", k.place AS "went to", count(v.value) AS "runs that have it",
	left(min(v.value #>> '{}'), 60) AS "one of them"
FROM json_key k LEFT JOIN json_value v USING (name)
GROUP BY k.name, k.place ORDER BY k.place, k.name COLLATE "C";
SELECT count(*) AS "runs loaded" FROM :"table" WHERE source = :'file';
SELECT pg_temp.unmatched(array_agg(name), :'metrics', :'about') AS unmatched,
	CASE WHEN NOT EXISTS (SELECT FROM json_value WHERE place = 'summary' AND name NOT LIKE '\_%') THEN 'so' END AS no_result
FROM json_key \gset
COMMIT;
ANALYZE :"table";
\if :{?unmatched}
	\warn 'No key is called so:' :unmatched
\endif
\if :{?no_result}
	\warn 'No key was taken for a result. Name those that are, and load the file again: -v metrics=val_loss,val_accuracy'
\endif
\set QUIET :was_quiet
