--
-- Catalog: what the extension declares. Where a query looks for what is wrong,
-- no rows are right.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

-- (the row types of relations are members of their own in some versions)
CREATE TEMP VIEW members AS
SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'hpimp') AND deptype = 'e'
	AND NOT EXISTS (SELECT FROM pg_type WHERE classid = 'pg_type'::regclass AND oid = objid AND typrelid <> 0);
CREATE TEMP VIEW functions AS
SELECT p.* FROM pg_proc p JOIN members ON classid = 'pg_proc'::regclass AND objid = p.oid;
-- those of histories: they do something rather than answer
CREATE TEMP VIEW history AS
SELECT * FROM functions WHERE proname ~ '^hp_history_' OR proname = 'hp_snapshot';
-- those that users call, not the machinery of the types
CREATE TEMP VIEW api AS
SELECT * FROM functions WHERE proname !~ '_(in|out|recv|send)$' AND oid NOT IN (SELECT oid FROM history);

--
-- The functions
--
-- (the settings of hp_forest in short)
\pset format unaligned
\pset tuples_only on
SELECT format('%s(%s)%s    -> %s', proname, regexp_replace(pg_get_function_arguments(oid), 'trees integer.*', 'settings ...'), E'\n', pg_get_function_result(oid))
FROM functions ORDER BY proname COLLATE "C", pg_get_function_arguments(oid) COLLATE "C";
-- they are the same everywhere, but that hp_forest trains parts too, that hp_parameters, hp_report and hp_suggest of a table want uncertainty, and hp_interactions plain trees
SELECT DISTINCT replace(regexp_replace(replace(replace(regexp_replace(pg_get_function_arguments(oid), ', part integer.*', ''), 'uncertainty boolean DEFAULT true', 'uncertainty boolean DEFAULT false'), 'method text DEFAULT ''fanova''', 'method text DEFAULT ''permutation'''), '^.*(trees integer)', '\1'), ', ', E'\n') FROM api WHERE pg_get_function_arguments(oid) LIKE '%trees integer%';
SELECT oid::regproc FROM api WHERE pg_get_function_arguments(oid) LIKE '%uncertainty boolean DEFAULT false, part integer DEFAULT NULL::integer, parts integer DEFAULT NULL::integer';
SELECT oid::regproc FROM api WHERE pg_get_function_arguments(oid) LIKE '%uncertainty boolean DEFAULT true%' ORDER BY proname COLLATE "C";
SELECT oid::regproc FROM api WHERE pg_get_function_arguments(oid) LIKE '%method text DEFAULT ''fanova''%' ORDER BY proname COLLATE "C";
\pset format aligned
\pset tuples_only off
SELECT classid::regclass, count(*) > 0 AS some FROM members GROUP BY 1 ORDER BY classid::regclass::text COLLATE "C";
-- all are in C, but for histories, where a search_path is set or set aside; none runs as its owner, everybody may
SELECT p.oid::regprocedure FROM functions p JOIN pg_language l ON l.oid = prolang
WHERE prokind <> 'a' AND lanname <> 'c' AND p.oid NOT IN (SELECT oid FROM history) OR prosecdef OR proleakproof OR proacl IS NOT NULL OR proconfig IS NOT NULL AND p.oid NOT IN (SELECT oid FROM history);
SELECT p.oid::regproc, lanname, prokind, provolatile, proparallel, prosrc ~ 'safe_path text := pg_catalog.set_config' AS sets_aside, proconfig FROM history p JOIN pg_language l ON l.oid = prolang ORDER BY proname COLLATE "C";
-- what reads a table, or what others do, depends on more than its arguments and cannot run in a worker; what adds runs depends on hpimp.max_runs; the rest does not and can
SELECT oid::regprocedure, provolatile, proparallel FROM functions
WHERE provolatile::text || proparallel::text <> CASE WHEN proargtypes[0] = 'regclass'::regtype OR proname = 'hp_progress' THEN 'sr' WHEN proname IN ('hp_study_add_run', 'hp_study_merge') THEN 'ss' ELSE 'is' END AND oid NOT IN (SELECT oid FROM history);
-- what a NULL among the arguments need not stop
SELECT oid::regprocedure AS not_strict FROM functions WHERE NOT proisstrict AND prokind <> 'a' AND pronargs > 0 AND proargtypes[0] <> 'regclass'::regtype AND oid NOT IN (SELECT oid FROM history) ORDER BY oid::regprocedure::text COLLATE "C";
SELECT oid::regprocedure FROM functions WHERE proisstrict AND proargtypes[0] = 'regclass'::regtype;
-- rows and cost are said: sets are not thought to be of 1,000 rows, nor training to be cheap
SELECT oid::regprocedure, prorows FROM functions WHERE proretset AND prorows NOT BETWEEN 1 AND 100;
SELECT oid::regprocedure, procost FROM api WHERE proargtypes[0] = 'regclass'::regtype AND procost < 10000 OR proname = 'hp_forest' AND procost < 10000;
-- arguments have names
SELECT oid::regprocedure FROM functions WHERE proname !~ '_(in|out|recv|send)$' AND pronargs > 0 AND (proargnames IS NULL OR '' = ANY (proargnames)) AND prokind <> 'a';
SELECT oid::regprocedure FROM api WHERE proargtypes[0] = 'regclass'::regtype AND proargnames[1:2] <> '{runs,metric}';
-- the columns of results are what any tool can show
SELECT p.oid::regprocedure, t.type::regtype
FROM api p, unnest(proallargtypes, proargmodes) t (type, mode)
WHERE mode IN ('o', 't') AND t.type NOT IN ('text'::regtype, 'float8'::regtype, 'int4'::regtype, 'int8'::regtype, 'bool'::regtype);
SELECT oid::regprocedure, prorettype::regtype FROM api
WHERE prorettype NOT IN ('record'::regtype, 'text'::regtype, 'float8'::regtype, 'int4'::regtype, 'int8'::regtype, 'bool'::regtype, 'hp_study'::regtype, 'hp_forest'::regtype);
-- and no argument is of a type that is none, nor a text where a literal should be a table
SELECT p.oid::regprocedure FROM api p, unnest(proargtypes::oid[]) a JOIN pg_type t ON t.oid = a WHERE typtype = 'p';
SELECT oid::regprocedure FROM api WHERE proargtypes[0] IN ('text'::regtype, 'varchar'::regtype, 'name'::regtype, 'cstring'::regtype);
-- literals name a table, whatever else the function can be asked about
CREATE TABLE runs AS SELECT jsonb_build_object('lr', i) AS config, i AS loss FROM generate_series(1, 20) i;
SELECT hp_study('runs', 'loss') IS NOT NULL AS study;
SELECT count(*) AS importance FROM hp_importance('runs', 'loss');
SELECT count(*) AS parameters FROM hp_parameters('runs', 'loss');
SELECT count(*) AS quality FROM hp_quality('runs', 'loss');
SELECT count(*) AS correlation FROM hp_correlation('runs', 'loss');
SELECT count(*) AS levels FROM hp_levels('runs', 'loss');
SELECT hp_predict('runs', 'loss', '{"lr": 3}') IS NOT NULL AS predict;
SELECT count(*) AS interactions FROM hp_interactions('runs', 'loss');
SELECT count(*) AS marginal FROM hp_marginal('runs', 'loss', 'lr');
SELECT count(*) AS suggest FROM hp_suggest('runs', 'loss');
SELECT hp_report('runs', 'loss') IS NOT NULL AS report;
SELECT hp_report('runs', 'loss', '{config}') = hp_report('runs', 'loss', '{config}', 'text') AS report;
SELECT oid::regprocedure AS not_tried FROM api WHERE proargtypes[0] = 'regclass'::regtype AND proname NOT IN ('hp_study', 'hp_importance', 'hp_parameters', 'hp_quality', 'hp_correlation', 'hp_levels', 'hp_predict', 'hp_interactions', 'hp_marginal', 'hp_suggest', 'hp_report');
DROP TABLE runs;

--
-- The aggregates: pushed to the workers of a parallel plan and of Citus
--
SELECT a.aggfnoid::regprocedure, p.proparallel, t.typtype AS state, a.aggtransfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggfinalfn, a.aggfinalextra, a.aggkind, t.typsend <> 0 AND t.typreceive <> 0 AS "binary", agginitval IS NULL AS no_initial
FROM functions p JOIN pg_aggregate a ON p.oid = a.aggfnoid JOIN pg_type t ON t.oid = a.aggtranstype ORDER BY a.aggfnoid::regprocedure::text COLLATE "C";

--
-- The types
--
SELECT t.oid::regtype AS type, typlen, typbyval, typalign, typstorage, typinput, typoutput, typreceive, typsend, typcollation = 0 AS no_collation, typarray <> 0 AS has_array
FROM pg_type t JOIN members ON classid = 'pg_type'::regclass AND objid = t.oid WHERE typelem = 0 ORDER BY typname;
-- no casts, no operators: a study is not a text by accident
SELECT classid::regclass, objid FROM members WHERE classid NOT IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass);
SELECT castsource::regtype, casttarget::regtype FROM pg_cast WHERE castsource IN ('hp_study'::regtype, 'hp_forest'::regtype) OR casttarget IN ('hp_study'::regtype, 'hp_forest'::regtype);

--
-- The view of progress: everybody's to read, by columns that any tool can show
--
SELECT c.oid::regclass AS view, relkind, relacl::text ~ '=r/' AS for_all FROM pg_class c JOIN members ON classid = 'pg_class'::regclass AND objid = c.oid;
SELECT attname, format_type(atttypid, atttypmod) AS type, col_description(attrelid, attnum) IS NOT NULL AS commented FROM pg_attribute WHERE attrelid = 'hp_progress'::regclass AND attnum > 0 ORDER BY attnum;
SELECT count(*) FROM hp_progress;

--
-- The settings: of resources only, anybody's to change, no others by the name
--
SELECT hp_number('1') AS loaded;
SELECT name, setting, vartype, context, min_val, max_val, boot_val, short_desc, extra_desc FROM pg_settings WHERE name LIKE 'hpimp.%' ORDER BY 1;
SET hpimp.max_parallel_workers = -2;
SET hpimp.max_parallel_workers = 'many';
SET hpimp.max_paralel_workers = 1;

--
-- Everything has a comment, and so has the extension
--
SELECT pg_describe_object(classid, objid, 0) AS without_comment FROM members
WHERE obj_description(objid, classid::regclass::name) IS NULL AND NOT EXISTS (SELECT FROM pg_type WHERE oid = objid AND typelem <> 0) ORDER BY 1;
SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'hpimp';

--
-- Installing and removing
--
SELECT extrelocatable, extconfig FROM pg_extension WHERE extname = 'hpimp';
CREATE EXTENSION hpimp;
ALTER EXTENSION hpimp UPDATE;
-- what uses it holds it
CREATE TABLE studies (study hp_study, forest hp_forest);
DROP EXTENSION hpimp;
DROP TABLE studies;
DROP VIEW api, history, functions, members;
DROP EXTENSION hpimp;
SELECT proname FROM pg_proc WHERE proname LIKE 'hp\_%' OR prosrc LIKE 'hp\_%' OR probin LIKE '%hpimp%';
SELECT typname FROM pg_type WHERE typname LIKE '%hp\_%';
SELECT count(*) FROM pg_class WHERE relname LIKE '%hp\_%';
-- by one who is no superuser, but may create in the database
CREATE ROLE regress_hpimp_creator;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_hpimp_creator', current_database()); END $$;
SET ROLE regress_hpimp_creator;
CREATE SCHEMA lab;
CREATE EXTENSION hpimp SCHEMA lab;
SELECT rolname FROM pg_extension e JOIN pg_roles r ON r.oid = extowner WHERE extname = 'hpimp';
SELECT count(*) > 0 AS works FROM (SELECT lab.hp_forest(lab.hp_study_agg(jsonb_build_object('x', i), i), trees => 2) AS f FROM generate_series(1, 9) i) s, lab.hp_importance(f);
DROP EXTENSION hpimp;
-- who may not, cannot
RESET ROLE;
CREATE ROLE regress_hpimp_nobody;
SET ROLE regress_hpimp_nobody;
CREATE EXTENSION hpimp SCHEMA lab;
RESET ROLE;
DROP SCHEMA lab;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_hpimp_creator', current_database()); END $$;
DROP ROLE regress_hpimp_creator, regress_hpimp_nobody;
-- anybody may use it
CREATE EXTENSION hpimp;
CREATE ROLE regress_hpimp_user;
SET ROLE regress_hpimp_user;
SELECT parameter, importance FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('x', i), i), trees => 2) AS f FROM generate_series(1, 9) i) s, hp_importance(f);
RESET ROLE;
DROP ROLE regress_hpimp_user;
