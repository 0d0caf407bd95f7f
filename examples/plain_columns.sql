-- plain_columns.sql - a view with a config over a table that has a column for each
-- hyperparameter.
--
-- Nothing is needed for a handful: hp_importance takes columns as they are,
--
--	SELECT * FROM hp_importance('trainings', 'val_loss', '{lr, batch_size, optimizer}');
--
-- Where there are many it is easier to name those that are none:
--
--	psql -v table=trainings -v except=id,started,val_% -f examples/plain_columns.sql
--	psql -c "SELECT * FROM hp_importance('trainings_runs', 'val_loss')"
--
-- Variables:
--
--	table		the table, or a view ("schema.name" where it is not on the search_path)
--	except		its columns that are no hyperparameters, LIKE patterns with commas
--				between them, the backslash makes % and _ plain
--	view		what to call the view (the table's name and _runs)
--
-- The view has all columns of the table, so that WHERE can ask for them, and a config of
-- those that are hyperparameters. Columns that the table gets later are in neither:
-- run this file again.

\set ON_ERROR_STOP on
\set was_quiet :QUIET
\set QUIET on
\if :{?table}
\else
\warn 'Which table?  psql -v table=trainings -v except=id,val_% -f examples/plain_columns.sql'
DO $$ BEGIN RAISE EXCEPTION 'no table was named'; END $$;
\endif
\if :{?except}
\else
\set except ''
\endif
\if :{?view}
\else
SELECT relname || '_runs' AS view FROM pg_class WHERE oid = :'table'::regclass \gset
\endif
SET client_min_messages = warning;

CREATE TEMP TABLE plain_column AS
SELECT attnum, attname AS name,
	EXISTS (SELECT FROM regexp_split_to_table(:'except', ',') p WHERE attname LIKE btrim(p)) AS excepted
FROM pg_attribute
WHERE attrelid = :'table'::regclass AND attnum > 0 AND NOT attisdropped;

-- A row as JSON, its numbers with all their digits, whatever the session likes to see.
CREATE OR REPLACE FUNCTION plain_config(run anyelement, except_columns text[]) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET extra_float_digits = 1
AS $$ SELECT jsonb_strip_nulls(to_jsonb(run) - except_columns) $$;

SELECT format('CREATE OR REPLACE VIEW %I WITH (security_invoker = true) AS SELECT t.*, plain_config(t, %L::text[]) AS config FROM %s t',
	:'view', array(SELECT name FROM plain_column WHERE excepted), :'table'::regclass)
\gexec

SELECT CASE WHEN excepted THEN 'no hyperparameter' ELSE 'config' END AS "taken for", string_agg(name, ', ' ORDER BY attnum) AS columns
FROM plain_column GROUP BY 1 ORDER BY 1;
\echo The view is there: :view
DROP TABLE plain_column;
\set QUIET :was_quiet
