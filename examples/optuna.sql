-- optuna.sql - views over the tables of an Optuna storage in PostgreSQL.
--
--	psql -d optuna -c 'CREATE EXTENSION IF NOT EXISTS hpimp'
--	psql -d optuna -f examples/optuna.sql
--	psql -d optuna -c "CREATE VIEW digits AS SELECT * FROM optuna_runs WHERE study = 'digits'"
--	psql -d optuna -c "SELECT * FROM hp_importance('digits', 'value')"
--
-- Nothing is copied and Optuna's tables are only read. Two views are made:
--
--	optuna_studies	a study's objective a row: its name, goal ('minimize' or
--					'maximize', as hp_suggest and ped_anova want it), trials by state
--	optuna_runs		a trial a row: config has its parameters as the program got
--					them; value is its first objective, summary has all of them, by
--					name ('values_0', 'values_1' where they have none)
--
-- value and summary are of complete trials. A pruned trial keeps what it reported
-- last in last_value, at last_step: numbers of different steps are not for one
-- comparison. attributes are those that the program set (set_user_attr).
--
-- A view stands in the way of a migration that changes the columns it reads: before
-- `optuna storage upgrade`, DROP VIEW optuna_runs, optuna_studies,
-- optuna_objectives, optuna_steps CASCADE; run this file again when it is over. For
-- Optuna 1.3 (2020) and later.

\set ON_ERROR_STOP on
\set was_quiet :QUIET
\set QUIET on
SET client_min_messages = warning;

\set read_json optuna_json
\ir include/read_json.sql

-- A number with all its digits, whatever the session likes to see.
CREATE OR REPLACE FUNCTION optuna_number(value float8) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET extra_float_digits = 1
RETURN to_jsonb(value);

-- A parameter as the program got it: Optuna keeps a double precision number, for a
-- category the place among the choices.
CREATE OR REPLACE FUNCTION optuna_parameter(value float8, distribution text) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT CASE coalesce(d->>'name', d->>'type')
		WHEN 'CategoricalDistribution' THEN d #> '{attributes,choices}' -> trunc(value)::int
		WHEN 'categorical' THEN d->'choices' -> trunc(value)::int
		WHEN 'IntDistribution' THEN optuna_number(trunc(value))
		WHEN 'IntUniformDistribution' THEN optuna_number(trunc(value))
		WHEN 'IntLogUniformDistribution' THEN optuna_number(trunc(value))
		WHEN 'int' THEN optuna_number(trunc(value))
		ELSE optuna_number(value) END
	FROM optuna_json(distribution) d);

-- Three schemas: until 2.4 a trial has one value, and trial_values what it reports
-- on the way; from 3.0 on infinities and NaN are told by a type beside an empty value.
SELECT to_regclass('study_directions') IS NOT NULL AS has_objectives,
	EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('trial_values')
		AND attname = 'value_type' AND NOT attisdropped) AS has_types
\gset

\if :has_types
	CREATE OR REPLACE VIEW optuna_objectives WITH (security_invoker = true) AS
	SELECT trial_id, objective,
		CASE value_type::text WHEN 'INF_POS' THEN 'Infinity' WHEN 'INF_NEG' THEN '-Infinity' ELSE value END AS value
	FROM trial_values;

	CREATE OR REPLACE VIEW optuna_steps WITH (security_invoker = true) AS
	SELECT trial_id, step,
		CASE intermediate_value_type::text WHEN 'INF_POS' THEN 'Infinity' WHEN 'INF_NEG' THEN '-Infinity'
			WHEN 'NAN' THEN 'NaN' ELSE intermediate_value END AS value
	FROM trial_intermediate_values;
\elif :has_objectives
	CREATE OR REPLACE VIEW optuna_objectives WITH (security_invoker = true) AS
	SELECT trial_id, objective, value::float8 AS value FROM trial_values;

	CREATE OR REPLACE VIEW optuna_steps WITH (security_invoker = true) AS
	SELECT trial_id, step, intermediate_value::float8 AS value FROM trial_intermediate_values;
\else
	CREATE OR REPLACE VIEW optuna_objectives WITH (security_invoker = true) AS
	SELECT trial_id, 0 AS objective, value::float8 AS value FROM trials;

	CREATE OR REPLACE VIEW optuna_steps WITH (security_invoker = true) AS
	SELECT trial_id, step, value::float8 AS value FROM trial_values;
\endif

\if :has_objectives
	\set directions 'study_directions'
\else
	\set directions '(SELECT study_id, 0 AS objective, direction FROM studies)'
\endif

CREATE OR REPLACE VIEW optuna_studies WITH (security_invoker = true) AS
SELECT s.study_id, s.study_name AS study, d.objective,
	coalesce(n.names->>d.objective, 'values_' || d.objective) AS name,
	lower(nullif(d.direction::text, 'NOT_SET')) AS goal,
	t.complete, t.pruned, t.failed, t.running
FROM studies s
	JOIN :directions d USING (study_id)
	LEFT JOIN LATERAL (SELECT optuna_json(value_json) AS names FROM study_system_attributes a
		WHERE a.study_id = s.study_id AND key = 'study:metric_names') n ON true
	CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state::text = 'COMPLETE') AS complete,
			count(*) FILTER (WHERE state::text = 'PRUNED') AS pruned,
			count(*) FILTER (WHERE state::text = 'FAIL') AS failed,
			count(*) FILTER (WHERE state::text IN ('RUNNING', 'WAITING')) AS running
		FROM trials WHERE trials.study_id = s.study_id) t;

CREATE OR REPLACE VIEW optuna_runs WITH (security_invoker = true) AS
SELECT s.study_id, s.study_name AS study, t.number AS trial, t.state::text AS state,
	t.datetime_start AS started, t.datetime_complete AS ended,
	coalesce(p.config, '{}') AS config,
	CASE WHEN t.state::text = 'COMPLETE' THEN v.value END AS value,
	CASE WHEN t.state::text = 'COMPLETE' THEN v.summary END AS summary,
	l.value AS last_value, l.step AS last_step,
	coalesce(a.attributes, '{}') AS attributes
FROM trials t
	JOIN studies s USING (study_id)
	LEFT JOIN LATERAL (SELECT optuna_json(value_json) AS names FROM study_system_attributes a
		WHERE a.study_id = s.study_id AND key = 'study:metric_names') n ON true
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(param_name, optuna_parameter(param_value, distribution_json)) AS config
		FROM trial_params WHERE trial_id = t.trial_id) p
	CROSS JOIN LATERAL (SELECT min(o.value) FILTER (WHERE o.objective = 0) AS value,
			jsonb_object_agg(coalesce(n.names->>o.objective, 'values_' || o.objective), optuna_number(o.value)) AS summary
		FROM optuna_objectives o WHERE o.trial_id = t.trial_id) v
	LEFT JOIN LATERAL (SELECT step, value FROM optuna_steps WHERE trial_id = t.trial_id
		ORDER BY step DESC LIMIT 1) l ON true
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(key, optuna_json(value_json)) AS attributes
		FROM trial_user_attributes WHERE trial_id = t.trial_id) a;

COMMENT ON VIEW optuna_studies IS 'Optuna''s studies, an objective a row: goal is what hp_suggest and method ped_anova are to be told';
COMMENT ON VIEW optuna_runs IS 'Optuna''s trials, one a row, for hp_importance(''optuna_runs'', ''value'')';

\echo 'optuna_runs and optuna_studies are there. What they hold:'
SELECT study, objective, name, goal, complete, pruned, failed, running FROM optuna_studies ORDER BY study, objective;
\set QUIET :was_quiet
