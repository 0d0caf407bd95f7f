-- mlflow.sql - views over the tables of an MLflow tracking server's database.
--
--	psql -d mlflow -c 'CREATE EXTENSION IF NOT EXISTS hpimp'
--	psql -d mlflow -f examples/mlflow.sql
--	psql -d mlflow -c "CREATE VIEW digits AS SELECT * FROM mlflow_runs WHERE experiment = 'digits'"
--	psql -d mlflow -c "SELECT * FROM hp_importance('digits', 'val_loss')"
--
-- Nothing is copied and MLflow's tables are only read. Two views are made:
--
--	mlflow_runs			a run a row: config has its params, summary its metrics as
--						they were logged last, tags its tags
--	mlflow_best_runs	the same runs; summary has the smallest and the largest value
--						a metric had on the way, and the first: 'min.val_loss'
--
-- Runs and experiments that were deleted in MLflow are left out. Where MLflow has
-- workspaces, a name of an experiment is that of one in each. A view stands
-- in the way of a migration that changes the columns it reads: before
-- `mlflow db upgrade`, DROP VIEW mlflow_runs, mlflow_best_runs CASCADE; run this
-- file again when it is over. For databases that have a table latest_metrics (since
-- 2019).

\set ON_ERROR_STOP on
\set was_quiet :QUIET
\set QUIET on
SET client_min_messages = warning;

-- What stands for NaN and the infinities in MLflow's columns: a flag beside any
-- number, and the largest double precision number.
CREATE OR REPLACE FUNCTION mlflow_metric(value float8, is_nan boolean) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN is_nan THEN 'NaN'
	WHEN value >= 1.7976931348623157e308 THEN 'Infinity'
	WHEN value <= -1.7976931348623157e308 THEN '-Infinity'
	ELSE value END;

-- A number with all its digits, whatever the session likes to see.
CREATE OR REPLACE FUNCTION mlflow_json(value float8) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET extra_float_digits = 1
RETURN to_jsonb(value);

CREATE OR REPLACE VIEW mlflow_runs WITH (security_invoker = true) AS
SELECT coalesce(to_jsonb(e)->>'workspace', 'default') AS workspace, r.experiment_id, e.name AS experiment, r.run_uuid AS run,
	coalesce(nullif(r.name, ''), t.tags->>'mlflow.runName') AS name,
	r.status AS state,
	to_timestamp(r.start_time / 1000.0) AS started,
	(r.end_time - r.start_time) / 1000.0 AS seconds,
	t.tags->>'mlflow.parentRunId' AS parent,
	EXISTS (SELECT FROM tags c WHERE c.key = 'mlflow.parentRunId' AND c.value = r.run_uuid) AS has_children,
	coalesce(p.config, '{}') AS config,
	coalesce(m.summary, '{}') AS summary,
	coalesce(t.tags, '{}') AS tags
FROM runs r
	JOIN experiments e USING (experiment_id)
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(key, value) AS config
		FROM params WHERE run_uuid = r.run_uuid) p
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(key, mlflow_json(mlflow_metric(value, is_nan))) AS summary
		FROM latest_metrics WHERE run_uuid = r.run_uuid) m
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(key, value) AS tags
		FROM tags WHERE run_uuid = r.run_uuid) t
WHERE r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active';

-- NaN would be the largest of all in PostgreSQL's order: it is no candidate.
CREATE OR REPLACE VIEW mlflow_best_runs WITH (security_invoker = true) AS
SELECT r.workspace, r.experiment_id, r.experiment, r.run, r.name, r.state, r.started, r.seconds, r.parent, r.has_children,
	r.config, jsonb_build_object('min', coalesce(m.least, '{}'), 'max', coalesce(m.most, '{}'),
		'first', coalesce(m.first, '{}')) AS summary, r.tags
FROM mlflow_runs r
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(key, mlflow_json(least)) AS least,
			jsonb_object_agg(key, mlflow_json(most)) AS most, jsonb_object_agg(key, mlflow_json(first)) AS first
		FROM (SELECT key, min(number) FILTER (WHERE number <> 'NaN') AS least,
				max(number) FILTER (WHERE number <> 'NaN') AS most,
				(array_agg(number ORDER BY step, "timestamp"))[1] AS first
			FROM metrics, mlflow_metric(value, is_nan) AS number
			WHERE run_uuid = r.run
			GROUP BY key) logged) m;

COMMENT ON VIEW mlflow_runs IS 'MLflow''s runs, one a row, for hp_importance(''mlflow_runs'', ''a metric'')';
COMMENT ON VIEW mlflow_best_runs IS 'MLflow''s runs with the best values their metrics had: for hp_importance(''mlflow_best_runs'', ''min.a metric'')';

\echo 'mlflow_runs and mlflow_best_runs are there. What they hold:'
SELECT experiment, count(*) AS runs, count(*) FILTER (WHERE state = 'FINISHED') AS finished,
	count(*) FILTER (WHERE has_children) AS parents,
	array_to_string(array(SELECT DISTINCT key FROM mlflow_runs m, jsonb_object_keys(summary) key
		WHERE m.experiment_id = r.experiment_id ORDER BY key LIMIT 5), ', ') AS "metrics, the first five"
FROM mlflow_runs r
GROUP BY experiment_id, experiment
ORDER BY runs DESC, experiment;
\set QUIET :was_quiet
