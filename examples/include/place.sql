-- place.sql - which column of an export is what: a hyperparameter (config), a
-- result (summary), or something about the run (about).
--
-- metrics and about are lists of LIKE patterns with commas between them, the
-- backslash makes % and _ plain. What the trackers write about a run is known by
-- name; the names of a tracker count where the export has a column that only it has.
CREATE OR REPLACE FUNCTION pg_temp.place(columns text[], metrics text, about text)
RETURNS TABLE (name text, place text)
LANGUAGE sql AS
$$
	WITH known (sign, pattern) AS (
		-- Weights & Biases, a table of runs; MLflow, "Download CSV"
		VALUES (NULL, 'Name'), (NULL, 'State'), (NULL, 'Notes'), (NULL, 'User'), (NULL, 'Tags'), (NULL, 'Created'),
			(NULL, 'Updated'), (NULL, 'Runtime'), (NULL, 'Sweep'), (NULL, 'ID'), (NULL, 'Group'), (NULL, 'Job Type'),
			(NULL, 'Hostname'), (NULL, 'Host'), (NULL, 'Commit'), (NULL, 'Start Time'), (NULL, 'End Time'),
			(NULL, 'Duration'), (NULL, 'Run ID'), (NULL, 'Source Type'), (NULL, 'Source Name'), (NULL, 'Status'),
			-- the same by Weights & Biases' interface for programs
			('summary', 'name'), ('summary', 'id'), ('summary', 'state'), ('summary', 'tags'), ('summary', 'url'),
			('summary', 'created_at'), ('summary', 'user'), ('summary', 'group'), ('summary', 'job_type'),
			('summary', 'sweep'), ('summary', 'entity'), ('summary', 'project'),
			-- MLflow, search_runs
			('run_id', 'run_id'), ('run_id', 'experiment_id'), ('run_id', 'status'), ('run_id', 'artifact_uri'),
			('run_id', 'start_time'), ('run_id', 'end_time'), ('run_id', 'tags.%'),
			-- Optuna, trials_dataframe
			('datetime_start', 'number'), ('datetime_start', 'state'), ('datetime_start', 'duration'),
			('datetime_start', 'datetime\_%'), ('datetime_start', 'user\_attrs\_%'), ('datetime_start', 'system\_attrs\_%'),
			-- pandas' row numbers
			(NULL, 'column 1'), (NULL, 'Unnamed: 0'))
	SELECT c, CASE
		WHEN EXISTS (SELECT FROM regexp_split_to_table(metrics, ',') m WHERE c LIKE btrim(m)) THEN 'summary'
		WHEN EXISTS (SELECT FROM regexp_split_to_table(about, ',') a WHERE c LIKE btrim(a)) THEN 'about'
		-- what Weights & Biases and MLflow count and log by themselves
		WHEN c LIKE '\_%' OR c LIKE 'metrics.%' OR c LIKE 'system/%' THEN 'summary'
		WHEN EXISTS (SELECT FROM known WHERE c LIKE pattern AND (sign IS NULL OR sign = ANY (columns))) THEN 'about'
		ELSE 'config' END
	FROM unnest(columns) c
$$;

-- The patterns that match no column, NULL if all do.
CREATE OR REPLACE FUNCTION pg_temp.unmatched(columns text[], metrics text, about text) RETURNS text
LANGUAGE sql AS
$$
	SELECT string_agg(btrim(p), ', ') FROM regexp_split_to_table(metrics || ',' || about, ',') p
	WHERE btrim(p) <> '' AND NOT EXISTS (SELECT FROM unnest(columns) c WHERE c LIKE btrim(p))
$$;
