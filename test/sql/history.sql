--
-- History: fingerprints, panels, snapshots, what changed. Times and what takes
-- time are not shown; where a query looks for what is wrong, no rows are right.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

CREATE TABLE runs (id int, config jsonb, val_loss float8);
INSERT INTO runs
SELECT i, jsonb_build_object('lr', i % 17 / 10.0, 'opt', (ARRAY['adam', 'sgd', 'lion'])[1 + i % 3], 'seed', i % 5),
	(i % 17) * 0.1 + (i % 3) * 0.2 + (i % 5) * 0.001
FROM generate_series(1, 200) i;

--
-- hp_fingerprint: of what the runs say, not of how they came
--
-- kept beside what was learned from the runs for years, so it must never change
SELECT hp_fingerprint(hp_study('runs', 'val_loss'));
SELECT hp_fingerprint(hp_study_agg(c::jsonb, m)) FROM (VALUES ('{"a": {"b": [1, "é"]}, "c": true, "d": "x", "e": 0.5}', 1.5), ('{}', 2), (NULL, 'NaN'), ('{"a": 1}', NULL)) v (c, m);
CREATE TABLE prints AS
SELECT 'as it is' AS what, hp_fingerprint(hp_study('runs', 'val_loss')) AS print
UNION ALL SELECT 'upwards', hp_fingerprint(hp_study_agg(config, val_loss ORDER BY id)) FROM runs
UNION ALL SELECT 'downwards', hp_fingerprint(hp_study_agg(config, val_loss ORDER BY id DESC)) FROM runs
UNION ALL SELECT 'merged', hp_fingerprint(hp_study_agg(s)) FROM (SELECT hp_study_agg(config, val_loss) FROM runs GROUP BY id % 7) q (s)
UNION ALL SELECT 'as text', hp_fingerprint(hp_study('runs', 'val_loss')::text::hp_study);
SELECT what FROM prints WHERE print <> (SELECT print FROM prints WHERE what = 'as it is');
-- whatever changes makes another
CREATE TABLE variants AS
SELECT what, hp_fingerprint(hp_study_agg(c::jsonb, m)) AS print
FROM (VALUES ('a number', '{"x": 1}', 1.0), ('a text', '{"x": "1"}', 1), ('another spelling', '{"x": "1.0"}', 1), ('true', '{"x": true}', 1), ('"true"', '{"x": "true"}', 1),
	('a list', '{"x": [1]}', 1), ('a list as text', '{"x": "[1]"}', 1), ('another name', '{"y": 1}', 1), ('missing', '{}', 1), ('empty', '{"x": {}}', 1),
	('another metric', '{"x": 1}', 2), ('no metric', '{"x": 1}', NULL), ('metric nan', '{"x": 1}', 'NaN'), ('metric infinite', '{"x": 1}', 'inf'),
	('another word', '{"x": "a"}', 1), ('names and values swapped', '{"1": "x"}', 1)) v (what, c, m)
GROUP BY what
UNION ALL SELECT 'twice', hp_fingerprint(hp_study_agg('{"x": 1}', 1)) FROM generate_series(1, 2)
UNION ALL SELECT 'none', hp_fingerprint(hp_study_agg('{"x": 1}', 1) FILTER (WHERE false))
UNION ALL SELECT 'values shared out', hp_fingerprint(hp_study_agg(c::jsonb, 1)) FROM (VALUES ('{"x": 1, "y": 1}'), ('{"x": 2, "y": 2}')) v (c)
UNION ALL SELECT 'shared out otherwise', hp_fingerprint(hp_study_agg(c::jsonb, 1)) FROM (VALUES ('{"x": 1, "y": 2}'), ('{"x": 2, "y": 1}')) v (c);
SELECT count(*), count(print) AS prints, count(DISTINCT print) AS distinct, min(length(print)), max(length(print)) FROM variants;
-- what says the same has the same
SELECT count(DISTINCT print) FROM (SELECT hp_fingerprint(hp_study_agg(c::jsonb, m)) FROM (VALUES ('{"x": 1, "y": 2}', 0.0, 1), ('{"y": 2.0, "x": 1.00}', -0.0, 2), ('{"x": 1e0, "z": null, "y": {"value": 2}}', 0, 3)) v (c, m, n) GROUP BY n) q (print);
-- of a sample too, and it sees runs that are not kept
SET hpimp.max_runs = 1000;
CREATE TABLE many AS SELECT i, jsonb_build_object('x', i, 'word', 'w' || i % 7, 'on', i % 2 = 0) AS config, i * 0.5 AS loss FROM generate_series(1, 5000) i;
CREATE TABLE many_prints AS
SELECT 'upwards' AS what, hp_fingerprint(hp_study_agg(config, loss ORDER BY i)) AS print FROM many
UNION ALL SELECT 'downwards', hp_fingerprint(hp_study_agg(config, loss ORDER BY i DESC)) FROM many
UNION ALL SELECT 'merged', hp_fingerprint(hp_study_agg(s)) FROM (SELECT hp_study_agg(config, loss) FROM many GROUP BY i % 3) q (s)
UNION ALL SELECT 'stored', hp_fingerprint(hp_study_agg(config, loss)::text::hp_study) FROM many
UNION ALL SELECT 'left out ' || gone, hp_fingerprint(hp_study_agg(config, loss)) FROM many, generate_series(100, 5000, 100) gone WHERE i <> gone GROUP BY gone
UNION ALL SELECT 'changed ' || which, hp_fingerprint(hp_study_agg(CASE WHEN i = which THEN config || '{"on": null}' ELSE config END, loss)) FROM many, generate_series(50, 5000, 500) which GROUP BY which;
RESET hpimp.max_runs;
SELECT count(*), count(DISTINCT print) FROM many_prints;
SELECT what FROM many_prints WHERE what !~ '^(left|changed)' AND print <> (SELECT print FROM many_prints WHERE what = 'upwards');
DROP TABLE prints, variants, many, many_prints;

--
-- Making a history, adding panels
--
CALL hp_snapshot();
SELECT hp_history_add('runs', 'val_loss');
SELECT hp_history_create();
SET client_min_messages = notice;
SELECT hp_history_create();
SET client_min_messages = warning;
CALL hp_snapshot();
SELECT hp_history_add('runs', 'val_loss', settings => '{"trees": 20}', keep_count => 3);
SELECT hp_history_add('runs', 'val_loss', panel => 'no seed', settings => '{"trees": 20, "exclude": "seed", "method": "corrected", "uncertainty": false}');
-- wrong names and settings fail at once
SELECT hp_history_add('nowhere', 'val_loss');
SELECT hp_history_add('runs', 'val_los', panel => 'x');
SELECT hp_history_add('runs', 'val_loss', '{confg}', panel => 'x');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', settings => '{"tres": 20}');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', settings => '{"trees": -1}');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', settings => '{"trees": "many"}');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', settings => '{"method": "corected"}');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', settings => '{"seed": null}');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', settings => '{"exclude": ["lr", null]}');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', settings => '[1]');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', keep_count => 0);
SELECT hp_history_add('runs', 'val_loss', panel => 'x', keep_age => '-1 day');
SELECT hp_history_add('runs', 'val_loss', panel => 'x', keep_age => '300000 years');
SELECT hp_history_add('runs', 'val_loss');
SELECT hp_history_add('runs', 'val_loss', schema => 'none');
CREATE TEMP TABLE fleeting AS SELECT * FROM runs;
SELECT hp_history_add('fleeting', 'val_loss');
DROP TABLE fleeting;
INSERT INTO hp_history.hp_panels (panel, relation, metric) VALUES ('astray', 'public.nowhere', 'val_loss');
SELECT * FROM hp_history.hp_panels ORDER BY panel COLLATE "C";

--
-- Snapshots
--
CALL hp_snapshot();
SELECT panel, snapshot, runs, parameters, trees, verdict, error, error_code, fingerprint = hp_fingerprint(hp_study('runs', 'val_loss')) AS of_the_runs, taken_at = confirmed_at AS new FROM hp_history.hp_snapshots ORDER BY snapshot;
-- what is stored is what the one-liner says
SELECT panel, parameter, rank FROM hp_history.hp_latest ORDER BY panel COLLATE "C", rank, parameter COLLATE "C";
SELECT l.parameter FROM hp_history.hp_latest l FULL JOIN hp_parameters('runs', 'val_loss', trees => 20) p USING (parameter)
WHERE panel IS DISTINCT FROM 'no seed' AND (l.kind, l.importance, l.standard_error, l.p_value, l.p_value_adjusted, l.correlation, l.rank_correlation, l.association, l.note)
	IS DISTINCT FROM (p.kind, p.importance, p.standard_error, p.p_value, p.p_value_adjusted, p.correlation, p.rank_correlation, p.association, p.note);
SELECT count(*) AS wrong FROM hp_history.hp_latest l FULL JOIN hp_importance('runs', 'val_loss', trees => 20, exclude => '{seed}', method => 'corrected') p USING (parameter)
WHERE panel IS DISTINCT FROM 'runs val_loss' AND (l.importance, l.correlation) IS DISTINCT FROM (p.importance, p.correlation);
SELECT count(*) AS wrong FROM hp_history.hp_snapshots s, hp_quality('runs', 'val_loss', trees => 20, uncertainty => true) q
WHERE panel = 'runs val_loss' AND (s.runs, s.runs_left_out, s.runs_not_sampled, s.metric_min, s.metric_median, s.metric_max, s.metric_mean, s.parameters, s.trees, s.oob_r2, s.oob_rmse, s.p_value, s.verdict)
	IS DISTINCT FROM (q.runs_used, q.runs_left_out, q.runs_not_sampled, q.metric_min, q.metric_median, q.metric_max, q.metric_mean, q.parameters, q.trees, q.oob_r2, q.oob_rmse, q.p_value, q.verdict);
-- the first has nothing to be held against
SELECT DISTINCT change, comparable, previous_taken_at, importance_change FROM hp_history.hp_changes;
-- again: nothing new, but confirmed
SET client_min_messages = error;
CALL hp_snapshot();
SELECT panel, snapshot, confirmed_at > taken_at AS confirmed FROM hp_history.hp_snapshots ORDER BY snapshot;
SELECT panel, enabled, snapshots, confirmed_at > taken_at AS confirmed, runs, failing, error, failed_at > failing_since AS still FROM hp_history.hp_panel_state ORDER BY panel COLLATE "C";
-- rows in another order are the same runs
CREATE TABLE shuffled AS SELECT * FROM runs ORDER BY md5(id::text);
TRUNCATE runs;
INSERT INTO runs SELECT * FROM shuffled;
CALL hp_snapshot();
-- now learning rate and optimizer change places, the seed is gone, momentum new
UPDATE runs SET config = config - 'seed' || jsonb_build_object('momentum', id % 4), val_loss = (id % 3) + (id % 17) * 0.01 + (id % 4) * 0.02;
CALL hp_snapshot();
SELECT panel, parameter, kind, change, rank, previous_rank, rank_change, comparable, taken_at > previous_taken_at AS later FROM hp_history.hp_changes ORDER BY panel COLLATE "C", parameter COLLATE "C";
SELECT c.parameter FROM hp_history.hp_changes c
	LEFT JOIN hp_history.hp_timeline a ON a.panel = c.panel AND a.taken_at = c.taken_at AND a.parameter = c.parameter
	LEFT JOIN hp_history.hp_timeline b ON b.panel = c.panel AND b.taken_at = c.previous_taken_at AND b.parameter = c.parameter
WHERE (c.importance, c.previous_importance, c.importance_change, c.importance_change_error, c.correlation, c.previous_correlation, c.correlation_change)
	IS DISTINCT FROM (a.importance, b.importance, a.importance - b.importance, sqrt(a.standard_error ^ 2 + b.standard_error ^ 2), a.correlation, b.correlation, a.correlation - b.correlation);
SELECT bool_and(importance_change_error > 0) AS doubt FROM hp_history.hp_changes WHERE panel = 'runs val_loss' AND change IN ('up', 'down');
-- another setting makes a new snapshot of the same runs, but no change of theirs
UPDATE hp_history.hp_panels SET settings = '{"trees": 30}' WHERE panel = 'runs val_loss';
CALL hp_snapshot();
SELECT DISTINCT panel, comparable FROM hp_history.hp_changes ORDER BY 1;
SELECT panel, settings FROM hp_history.hp_snapshots WHERE error IS NULL ORDER BY snapshot;
-- so does another table with the same runs
CREATE VIEW same_runs AS SELECT * FROM runs;
UPDATE hp_history.hp_panels SET relation = 'public.same_runs' WHERE panel = 'no seed';
CALL hp_snapshot('{no seed, runs val_loss}');
SELECT DISTINCT panel, comparable FROM hp_history.hp_changes ORDER BY 1;
UPDATE hp_history.hp_panels SET relation = 'public.runs' WHERE panel = 'no seed';
CALL hp_snapshot('{no seed}');
DROP VIEW same_runs;
-- what fails may come right, and what is right may fail; another error is another row
CREATE TABLE nowhere AS SELECT 'x' AS config;
CALL hp_snapshot('{astray}');
DROP TABLE nowhere;
CREATE VIEW nowhere AS SELECT * FROM runs;
CALL hp_snapshot('{astray}');
SELECT failing, error, snapshots FROM hp_history.hp_panel_state WHERE panel = 'astray';
DROP VIEW nowhere;
CALL hp_snapshot('{astray}');
SELECT failing, error, snapshots FROM hp_history.hp_panel_state WHERE panel = 'astray';
CREATE VIEW nowhere AS SELECT * FROM runs;
CALL hp_snapshot('{astray}');
SELECT failing, error, snapshots FROM hp_history.hp_panel_state WHERE panel = 'astray';
SELECT error IS NULL AS good, error_code, error FROM hp_history.hp_snapshots WHERE panel = 'astray' ORDER BY snapshot;
RESET client_min_messages;
-- an error tells all it knows
UPDATE hp_history.hp_panels SET metric = 'val_los' WHERE panel = 'astray';
SELECT hp_history_take('astray');
SELECT error, error_detail, error_hint FROM hp_history.hp_snapshots ORDER BY snapshot DESC LIMIT 1;
UPDATE hp_history.hp_panels SET metric = 'val_loss', settings = '{"tres": 1}' WHERE panel = 'astray';
SELECT hp_history_take('astray');
SET client_min_messages = warning;
-- only some, by name even if disabled
UPDATE hp_history.hp_panels SET enabled = false WHERE panel = 'astray';
CALL hp_snapshot();
CALL hp_snapshot('{no seed, astray}');
CALL hp_snapshot('{}');
CALL hp_snapshot('{no seed, nobody}');
CALL hp_snapshot(schema => 'none');
CALL hp_snapshot(schema => NULL);
SELECT hp_history_take('seedless', NULL);
SELECT hp_history_take(NULL);
SELECT hp_history_create(NULL);
CALL hp_snapshot('{no seed, NULL}');
SELECT hp_history_take('nobody');
-- renamed and removed with all that belongs to them
UPDATE hp_history.hp_panels SET panel = 'seedless' WHERE panel = 'no seed';
SELECT count(*) FROM hp_history.hp_latest WHERE panel = 'seedless';
DELETE FROM hp_history.hp_panels WHERE panel = 'astray';
SELECT panel, count(*) FROM hp_history.hp_snapshots GROUP BY panel ORDER BY panel;

--
-- Committed panel by panel if it may, else not
--
-- a panel that ends the call rather than fails: what was done before stays
CREATE FUNCTION canceled() RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE query_canceled USING MESSAGE = 'canceled'; END $$;
CREATE VIEW canceling AS SELECT config, canceled() AS val_loss FROM runs;
INSERT INTO hp_history.hp_panels (panel, relation, metric) VALUES ('sad', 'public.canceling', 'val_loss');
UPDATE hp_history.hp_panels SET settings = '{"trees": 2}';
CREATE VIEW done AS SELECT string_agg(panel, ', ' ORDER BY panel) AS done FROM hp_history.hp_snapshots;
TRUNCATE hp_history.hp_snapshots CASCADE;
CALL hp_snapshot();
TABLE done;
TRUNCATE hp_history.hp_snapshots CASCADE;
DO $$ DECLARE n int; BEGIN CALL hp_snapshot(NULL, 'hp_history', n, n, n, n); END $$;
TABLE done;
TRUNCATE hp_history.hp_snapshots CASCADE;
BEGIN;
CALL hp_snapshot();
ROLLBACK;
TABLE done;
CREATE FUNCTION report(panels text[], OUT taken int, OUT unchanged int, OUT failed int, OUT busy int) LANGUAGE plpgsql AS $$ BEGIN CALL hp_snapshot(panels, 'hp_history', taken, unchanged, failed, busy); END $$;
SELECT report(NULL);
TABLE done;
SELECT * FROM report('{runs val_loss}');
BEGIN \; CALL hp_snapshot('{seedless}') \; ROLLBACK;
SELECT 1 AS one \; CALL hp_snapshot('{runs val_loss}');
TABLE done;
DELETE FROM hp_history.hp_panels WHERE panel = 'sad';
DROP VIEW canceling, done;
DROP FUNCTION canceled();
DROP FUNCTION report(text[]);
BEGIN READ ONLY;
CALL hp_snapshot();
ROLLBACK;
BEGIN READ ONLY;
SELECT hp_history_take('seedless');
ROLLBACK;

--
-- Retention
--
TRUNCATE hp_history.hp_snapshots RESTART IDENTITY CASCADE;
UPDATE hp_history.hp_panels SET settings = '{"trees": 2, "uncertainty": false}';
DO $$
BEGIN
	FOR i IN 1 .. 6 LOOP
		INSERT INTO runs VALUES (1000 + i, '{"lr": 1}', i);
		PERFORM hp_history_take('runs val_loss');
	END LOOP;
END
$$;
SELECT snapshot, runs FROM hp_history.hp_snapshots ORDER BY snapshot;
SELECT snapshot, count(*) FROM hp_history.hp_importances GROUP BY snapshot ORDER BY snapshot;
-- errors push out errors, not snapshots
CREATE FUNCTION broken(n int) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken %', n; END $$;
SET client_min_messages = error;
DO $$
BEGIN
	FOR i IN 1 .. 5 LOOP
		EXECUTE format('CREATE OR REPLACE VIEW breaking AS SELECT config, broken(%s) AS val_loss FROM runs', i);
		UPDATE hp_history.hp_panels SET relation = 'breaking' WHERE panel = 'runs val_loss';
		PERFORM hp_history_take('runs val_loss');
	END LOOP;
END
$$;
SET client_min_messages = warning;
UPDATE hp_history.hp_panels SET relation = 'public.runs' WHERE panel = 'runs val_loss';
SELECT snapshot, error FROM hp_history.hp_snapshots ORDER BY snapshot;
DROP VIEW breaking;
DROP FUNCTION broken(int);
-- by age: of confirmation; the latest stays, errors do not
UPDATE hp_history.hp_panels SET keep_age = '1 month', keep_count = NULL WHERE panel = 'runs val_loss';
UPDATE hp_history.hp_snapshots SET taken_at = taken_at - interval '2 months';
UPDATE hp_history.hp_snapshots SET confirmed_at = taken_at WHERE snapshot <> 5;
SELECT hp_history_take('runs val_loss');
SELECT snapshot, error, taken_at < now() - interval '1 month' AS old FROM hp_history.hp_snapshots ORDER BY snapshot;
UPDATE hp_history.hp_snapshots SET confirmed_at = taken_at;
UPDATE runs SET val_loss = val_loss + 1;
SELECT hp_history_take('runs val_loss');
SELECT count(*), min(snapshot) = max(snapshot) AS one FROM hp_history.hp_snapshots;

--
-- Odd tables, odd settings, odd names
--
CREATE TABLE "No Runs" (config jsonb, "Val ""Loss""" float8);
SELECT hp_history_add('"No Runs"', 'Val "Loss"');
CALL hp_snapshot('{"No Runs Val \"Loss\""}');
CALL hp_snapshot('{"No Runs Val \"Loss\""}');
SELECT panel, relation, runs, verdict, fingerprint FROM hp_history.hp_snapshots WHERE relation LIKE '%No%';
INSERT INTO "No Runs" VALUES ('{"x": 1}', 1);
CALL hp_snapshot('{"No Runs Val \"Loss\""}');
SELECT panel, parameter, rank, importance, runs FROM hp_history.hp_latest WHERE relation LIKE '%No%';
DROP TABLE "No Runs";
-- groups have ranks of their own, and names that parameters may have too
CREATE TABLE grouped AS SELECT jsonb_build_object('opt', jsonb_build_object('lr', i % 7, 'name', i % 2), 'opt.lr.x', i % 3, 'size', i % 5) AS config, (i % 7) + (i % 5) * 0.1 AS loss FROM generate_series(1, 105) i;
SELECT hp_history_add('grouped', 'loss', settings => '{"depth": 1, "trees": 10}');
SELECT hp_history_add('grouped', 'loss', panel => 'onehot', settings => '{"encoding": "onehot", "categorical": ["size", "opt.name"], "trees": 10, "max_depth": null}');
CALL hp_snapshot('{grouped loss, onehot}');
UPDATE grouped SET loss = loss + 1;
CALL hp_snapshot('{grouped loss, onehot}');
SELECT panel, parameter, kind, rank, change, rank_change FROM hp_history.hp_changes WHERE panel IN ('grouped loss', 'onehot') ORDER BY panel, kind = 'group', rank, parameter COLLATE "C";
-- a level may have the name of a parameter: each is held against itself
CREATE TABLE namesakes AS SELECT jsonb_build_object('opt', (ARRAY['adam', 'sgd', 'lion'])[1 + i % 3], 'opt_adam', i % 7) AS config, (i % 7) + (i % 3) * 0.1 AS loss FROM generate_series(1, 105) i;
SELECT hp_history_add('namesakes', 'loss', settings => '{"encoding": "onehot", "trees": 10}');
CALL hp_snapshot('{namesakes loss}');
UPDATE namesakes SET loss = loss + (CASE WHEN config ->> 'opt' = 'adam' THEN 100 ELSE 0 END);
CALL hp_snapshot('{namesakes loss}');
SELECT parameter, kind, change, rank, previous_rank FROM hp_history.hp_changes WHERE panel = 'namesakes loss' ORDER BY rank;
DROP TABLE namesakes;
-- any schema, any name
SELECT hp_history_create('Ann''s "own" @schema@ $ddl$');
SELECT hp_history_add('runs', 'val_loss', panel => 'it''s "a" %s panel', settings => '{"trees": 2}', schema => 'Ann''s "own" @schema@ $ddl$');
CALL hp_snapshot(schema => 'Ann''s "own" @schema@ $ddl$');
SELECT panel, snapshots, failing FROM "Ann's ""own"" @schema@ $ddl$".hp_panel_state;
DROP SCHEMA "Ann's ""own"" @schema@ $ddl$" CASCADE;

--
-- Nothing in the search_path comes between, and the views of runs see it as it is
--
CREATE SCHEMA evil;
CREATE FUNCTION evil.trap() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT evil.trap()';
CREATE FUNCTION evil.format(text, name) RETURNS text LANGUAGE sql AS 'SELECT evil.trap()';
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS 'SELECT evil.trap()';
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS 'SELECT evil.trap()';
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT evil.trap()::timestamptz';
CREATE FUNCTION evil.hp_history_take(text, text) RETURNS text LANGUAGE sql AS 'SELECT evil.trap()';
CREATE FUNCTION evil.hp_study(regclass, text, text[]) RETURNS hp_study LANGUAGE sql AS 'SELECT evil.trap()::hp_study';
CREATE FUNCTION evil.hp_fingerprint(hp_study) RETURNS text LANGUAGE sql AS 'SELECT evil.trap()';
CREATE FUNCTION evil.equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT evil.trap() IS NULL';
CREATE FUNCTION evil.equal(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT evil.trap() IS NULL';
CREATE OPERATOR evil.= (FUNCTION = evil.equal, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.equal, LEFTARG = name, RIGHTARG = text);
CREATE TABLE evil.pg_extension (extname text, extnamespace oid);
CREATE TABLE evil.runs (config jsonb, val_loss float8);
CREATE FUNCTION evil.scale() RETURNS float8 LANGUAGE sql AS 'SELECT 3.0::float8';
CREATE FUNCTION scaled(x float8) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN RETURN x * scale(); END $$;
CREATE VIEW scaled_runs AS SELECT config, scaled(val_loss) AS val_loss FROM runs;
SET search_path = evil, pg_catalog, public;
SELECT public.hp_history_add('public.scaled_runs', 'val_loss', settings => '{"trees": 2, "uncertainty": false}');
CALL public.hp_snapshot('{scaled_runs val_loss, runs val_loss}');
SHOW search_path;
RESET search_path;
SELECT panel, failing, error FROM hp_history.hp_panel_state WHERE failing;
SELECT a.metric_max / b.metric_max AS scale FROM hp_history.hp_snapshots a, hp_history.hp_snapshots b WHERE a.panel LIKE 'scaled%' AND b.panel = 'runs val_loss' AND a.error IS NULL;
SET client_min_messages = error;
DROP SCHEMA evil CASCADE;
SET client_min_messages = warning;
DELETE FROM hp_history.hp_panels WHERE panel LIKE 'scaled%';
DROP VIEW scaled_runs;
DROP FUNCTION scaled(float8);

--
-- Rights: the owner's own, whoever else has which
--
CREATE ROLE regress_hpimp_owner;
CREATE ROLE regress_hpimp_reader;
CREATE SCHEMA lab AUTHORIZATION regress_hpimp_owner;
GRANT SELECT ON grouped TO regress_hpimp_owner;
SET ROLE regress_hpimp_owner;
SELECT hp_history_create('no_such_right');
SELECT hp_history_create('lab');
SELECT hp_history_add('runs', 'val_loss', schema => 'lab');
SELECT hp_history_add('grouped', 'loss', settings => '{"trees": 2}', schema => 'lab');
INSERT INTO lab.hp_panels (panel, relation, metric) VALUES ('secret', 'public.runs', 'val_loss');
CALL hp_snapshot(schema => 'lab');
-- (who the other is is not the same everywhere)
\set VERBOSITY terse
CALL hp_snapshot();
SELECT hp_history_add('grouped', 'loss', panel => 'intruder');
SELECT hp_history_take('runs val_loss');
\set VERBOSITY default
RESET ROLE;
-- not even a superuser, who would read whatever panels name
CALL hp_snapshot(schema => 'lab');
SELECT hp_history_take('secret', 'lab');
SELECT hp_history_store(NULL, NULL, 'secret', now(), 'lab');
SELECT hp_history_prune('secret', 'lab');
-- nor does it help to put a view in the place of a table
CREATE SCHEMA trick AUTHORIZATION regress_hpimp_owner;
SELECT hp_history_create('trick');
SET ROLE regress_hpimp_owner;
DROP TABLE trick.hp_panels CASCADE;
CREATE VIEW trick.hp_panels AS SELECT * FROM lab.hp_panels;
RESET ROLE;
CALL hp_snapshot(schema => 'trick');
SET client_min_messages = error;
DROP SCHEMA trick CASCADE;
SET client_min_messages = warning;
-- a reader needs the right to read the views, no other
SET ROLE regress_hpimp_owner;
GRANT USAGE ON SCHEMA lab TO regress_hpimp_reader;
GRANT SELECT ON lab.hp_latest, lab.hp_changes, lab.hp_timeline, lab.hp_panel_state TO regress_hpimp_reader;
SET ROLE regress_hpimp_reader;
SELECT count(*) > 0 AS latest, (SELECT count(*) > 0 FROM lab.hp_changes) AS changes, (SELECT count(*) > 0 FROM lab.hp_timeline) AS timeline, (SELECT count(*) FROM lab.hp_panel_state) AS panels FROM lab.hp_latest;
SELECT count(*) FROM lab.hp_panels;
CALL hp_snapshot(schema => 'lab');
RESET ROLE;
DROP SCHEMA lab CASCADE;
REVOKE ALL ON grouped FROM regress_hpimp_owner;
DROP ROLE regress_hpimp_owner, regress_hpimp_reader;

--
-- The objects: documented, of types that any tool can show, members of nothing
--
SELECT c.relname, a.attname FROM pg_class c LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0
WHERE relnamespace = 'hp_history'::regnamespace AND relkind IN ('r', 'v') AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, attnum) IS NULL);
SELECT relname, attname, format_type(atttypid, NULL) FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
WHERE relnamespace = 'hp_history'::regnamespace AND relkind = 'v'
	AND (atttypid NOT IN ('text'::regtype, 'float8'::regtype, 'int4'::regtype, 'int8'::regtype, 'bool'::regtype, 'timestamptz'::regtype) OR attname IN ('time', 'timeend', 'metric'));
SELECT relname, attname, col_description(attrelid, attnum) FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
WHERE relnamespace = 'hp_history'::regnamespace AND relkind = 'v' ORDER BY relname COLLATE "C", attnum;
SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend WHERE deptype = 'e' AND refclassid = 'pg_extension'::regclass
	AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'hp_history'::regnamespace);
-- so they stay when the extension goes, and go on when it comes back, wherever it is
SELECT count(*) AS before FROM hp_history.hp_snapshots \gset
DROP EXTENSION hpimp CASCADE;
SELECT count(*) = :before AS all_there FROM hp_history.hp_snapshots;
SELECT count(*) > 0 AS answers FROM hp_history.hp_latest;
CREATE SCHEMA "Ext";
CREATE EXTENSION hpimp SCHEMA "Ext";
CALL "Ext".hp_snapshot('{runs val_loss, seedless}');
CALL "Ext".hp_snapshot('{runs val_loss, seedless}');
SELECT "Ext".hp_history_add('runs', 'val_loss', panel => 'elsewhere');
ALTER EXTENSION hpimp SET SCHEMA public;
DROP SCHEMA "Ext";
CALL hp_snapshot('{elsewhere, runs val_loss}');

DROP SCHEMA hp_history CASCADE;
DROP VIEW nowhere;
DROP TABLE runs, shuffled, grouped;
