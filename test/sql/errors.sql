--
-- Errors: whatever is wrong in a call is said in the caller's words, with the
-- right SQLSTATE and what to do about it.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on

CREATE TABLE sweep (id int PRIMARY KEY, config jsonb, val_loss float8, "Val Acc" float8, train_loss numeric, summary jsonb, metrics json, state text, started timestamp, done boolean, tags text[]);
INSERT INTO sweep
SELECT i, jsonb_build_object('lr', i * 0.1, 'optimizer', 'o' || i % 2), i, -i, i, jsonb_build_object('val', jsonb_build_object('loss', i, 'best', NULL), 'epoch', i, 'name', 'run' || i),
       json_build_object('f1', i, 'later', NULL), 'finished', timestamp '2026-01-01' + i * interval '1 day', true, '{a}'
FROM generate_series(1, 20) i;
CREATE INDEX sweep_loss ON sweep (val_loss);
CREATE SEQUENCE numbers;
CREATE TYPE composite AS (config jsonb, val_loss float8);

-- what a call says: SQLSTATE, message, detail, hint
CREATE FUNCTION say(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
    answer text;
BEGIN
    EXECUTE 'SELECT format(''%s rows, %s not null'', count(*), count(v::text)) FROM (SELECT ' || call || ' AS v OFFSET 0) q' INTO answer;
    RETURN call || E'\n    ' || answer;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN call || E'\n    ' || state || ': ' || message || coalesce(E'\n    ' || nullif(detail, ''), '') || coalesce(E'\n    ' || nullif(hint, ''), '');
END
$$;

--
-- The relation
--
SELECT say(c) FROM unnest(ARRAY[
    $$ hp_importance('sweeps', 'val_loss') $$,
    $$ hp_importance('sweep_loss', 'val_loss') $$,
    $$ hp_importance('numbers', 'last_value') $$,
    $$ hp_importance('composite', 'val_loss') $$,
    $$ hp_importance(4000000000, 'val_loss') $$,
    $$ hp_importance(0, 'val_loss') $$,
    $$ hp_importance(NULL::regclass, 'val_loss') $$,
    $$ hp_study(NULL, 'val_loss') $$,
    $$ hp_quality(NULL::regclass, 'val_loss') $$,
    $$ hp_parameters(NULL::regclass, 'val_loss') $$,
    $$ hp_correlation(NULL::regclass, 'val_loss') $$,
    $$ hp_levels(NULL::regclass, 'val_loss') $$,
    $$ hp_predict(NULL::regclass, 'val_loss', '{}') $$]) c;
-- the metric forgotten
SELECT say(c) FROM unnest(ARRAY[
    $$ hp_importance('sweep') $$,
    $$ hp_study('sweep') $$,
    $$ hp_quality('sweep') $$,
    $$ hp_correlation('sweep') $$,
    $$ hp_predict('sweep', '{"lr": 1}') $$]) c;

--
-- The metric
--
SELECT say(format(' hp_importance(''sweep'', %L) ', metric)) FROM unnest(ARRAY[
    'val_los', 'vall_oss', 'Val_Loss', 'VAL_LOSS', 'val acc', 'trainloss', 'accuracy', '', ' ', 'val_loss ', '.', 'val_loss.x', 'config', 'summary', 'summary.', 'summary.val', 'summary.val.los', 'summary.val.Loss',
    'val.los', 'valloss', 'loss', 'epochs', 'name', 'summary.name', 'val.best', 'metrics.f2', 'metrics.f1.x', 'config.lr', 'config.optimizer', 'state', 'started', 'done', 'tags',
    'sweep.val_loss', 'val_loss; DROP TABLE sweep', repeat('long', 40)]) metric;
SELECT say($$ hp_importance('sweep', NULL) $$);
-- nulls at the path: the runs have no metric yet
SELECT say($$ hp_quality('sweep', 'metrics.later') $$);
-- without a summary, without anything that could be a metric, without columns
CREATE VIEW bare AS SELECT config, tags FROM sweep;
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
SELECT say(c) FROM unnest(ARRAY[
    $$ hp_importance('bare', 'val_loss') $$,
    $$ hp_importance('nothing', 'val_loss') $$]) c;
-- a table of 100 columns lists some of them
DO $$
BEGIN
    EXECUTE (SELECT format('CREATE TABLE wide (config jsonb, %s)', string_agg(format('metric_%s int', k), ', ')) FROM generate_series(1, 99) k);
END
$$;
SELECT say($$ hp_importance('wide', 'metrik_17') $$);
-- words where others have numbers, first; nothing but words
CREATE VIEW diverged AS SELECT '{"lr": 1}'::jsonb AS config, jsonb_build_object('val_loss', v) AS summary FROM unnest('{"\"NaN\"","0.5"}'::jsonb[]) v;
CREATE VIEW wordy AS SELECT '{"lr": 1}'::jsonb AS config, '{"val_loss": "good"}'::jsonb AS summary;
SELECT say($$ hp_importance('diverged', 'valloss') $$);
SELECT say($$ hp_importance('wordy', 'reward') $$);
DROP VIEW diverged, wordy;

--
-- The config
--
SELECT say(format(' hp_importance(''sweep'', ''val_loss'', %L) ', config)) FROM unnest(ARRAY[
    '{}', '{NULL}', '{config,NULL}', '{confg}', '{Config}', '{config,config}', '{config,lr}', '{val_loss}', '{config,val_loss}', '{config.lr}', '{""}', '{{config,state},{done,started}}', '{tags,started,done}']) config;
SELECT say(c) FROM unnest(ARRAY[
    $$ hp_importance('sweep', 'val_loss', NULL) $$,
    $$ hp_importance('sweep', 'val_loss', 'config') $$,
    $$ hp_importance('sweep', 'config.lr', '{config}', exclude => '{lr}') $$,
    $$ hp_study('nothing', 'val_loss', '{config}') $$]) c;
CREATE VIEW no_config AS SELECT id, config AS params, val_loss FROM sweep;
SELECT say($$ hp_importance('no_config', 'val_loss') $$);
-- configs that are none
CREATE TABLE odd (config jsonb, list jsonb, txt text, j json, val_loss int);
INSERT INTO odd VALUES ('{"lr": 1}', '[1, 2]', '{"lr": 1}', '"{\"lr\": 1}"', 1), ('{"lr": 2}', '7', 'x', '{"lr": 2}', 2);
SELECT say(format(' hp_importance(''odd'', ''val_loss'', %L, trees => 1) ', config)) FROM unnest(ARRAY['{list}', '{j}', '{list,txt}', '{txt,j}', '{config,list}', '{txt}', '{config,j}']) config;
SELECT say($$ hp_study_agg('[1]', 1) $$);
SELECT say($$ hp_study_agg('"x"', NULL) $$);

--
-- The settings
--
SELECT say(format(' hp_importance(''sweep'', ''val_loss'', %s) ', setting)) FROM unnest(ARRAY[
    'trees => 0', 'trees => -1', 'trees => 10001', 'trees => 2147483647', 'trees => NULL',
    'max_depth => 0', 'max_depth => -5', 'max_depth => 1', 'max_depth => 2147483647', 'max_depth => NULL',
    'min_samples_leaf => 0', 'min_samples_leaf => -1', 'min_samples_leaf => 2147483647', 'min_samples_leaf => NULL',
    'max_features => 0', 'max_features => -0.5', 'max_features => 1.5', 'max_features => ''NaN''', 'max_features => ''Infinity''', 'max_features => 5e-324', 'max_features => NULL',
    'seed => NULL', 'seed => 1.5', 'seed => 9223372036854775808',
    'include => ''{NULL}''', 'exclude => ''{lr,NULL}''', 'categorical => ''{NULL}''', 'include => ''lr''', 'include => ''{{lr},{optimizer}}''', 'include => NULL', 'exclude => ''{"\\"}''',
    'encoding => ''one-hot''', 'encoding => ''''', 'encoding => NULL', 'method => ''gini''', 'method => ''shapley''', 'method => NULL', 'missing => ''drop''', 'missing => NULL',
    'tree => 100', 'trees => 10, trees => 11']) setting;
-- of each function, the same
SELECT say(format(' %s, trees => 0) ', f)) FROM unnest(ARRAY[
    'hp_forest(hp_study(''sweep'', ''val_loss'')', 'hp_parameters(''sweep'', ''val_loss''', 'hp_quality(''sweep'', ''val_loss''', 'hp_predict(''sweep'', ''val_loss'', ''{}''', 'hp_interactions(''sweep'', ''val_loss''', 'hp_marginal(''sweep'', ''val_loss'', ''lr''']) f;
SELECT say($$ hp_forest(hp_study('sweep', 'val_loss'), categorical => '{NULL}') $$);
-- a wrong setting is told before the table is read
SELECT say($$ hp_importance('sweep', 'no such metric', trees => 0) $$);
SELECT say($$ hp_forest(NULL, trees => 0) $$);
-- more one-hot columns than there may be
SELECT say($$ hp_forest((SELECT hp_study_agg(jsonb_build_object('a', 'a' || i % 33000, 'b', 'b' || i % 33001), i) FROM generate_series(1, 40000) i), trees => 1, encoding => 'onehot', categorical => '{%}') $$);

--
-- Wrong types
--
SELECT say(c) FROM unnest(ARRAY[
    $$ hp_importance(1.5) $$,
    $$ hp_importance(hp_study('sweep', 'val_loss')) $$,
    $$ hp_correlation(hp_forest(hp_study('sweep', 'val_loss'))) $$,
    $$ hp_predict(hp_forest(hp_study('sweep', 'val_loss')), '[1]') $$,
    $$ hp_predict(hp_forest(hp_study('sweep', 'val_loss')), '3') $$,
    $$ hp_predict('sweep', 'val_loss', '"lr"') $$,
    $$ hp_forest('AAAA'::hp_study) $$]) c;

--
-- Forests from outside
--
CREATE TABLE forests AS
SELECT n, hp_forest(study, trees => 3, method => method, encoding => encoding, categorical => categorical) AS forest
FROM (SELECT hp_study_agg(jsonb_strip_nulls(jsonb_build_object('lr', i * 0.1, 'optimizer', 'o' || i % 3, 'on', i % 2 = 0, 'x', CASE WHEN i % 4 > 0 THEN i % 5 END, 'c', 1)), i) AS study FROM generate_series(1, 12) i) s,
     (VALUES (1, 'permutation', 'native', '{}'::text[]), (2, 'impurity', 'onehot', '{x}'), (3, 'permutation', 'native', '{lr,x}')) v (n, method, encoding, categorical);
SELECT say(format(' %L::hp_forest ', left(f, 60))) FROM unnest(ARRAY['', 'x', '====', 'aGVsbG8=', 'aHBmbwE=', ' ', (SELECT left(forest::text, 40) FROM forests WHERE n = 1), (SELECT hp_study_agg('{"lr": 1}', 1)::text)]) f;
SELECT say($$ (SELECT (forest::text || 'AAAA')::hp_forest FROM forests WHERE n = 1) $$);
SELECT say($$ (SELECT ('AAAA' || forest::text)::hp_forest FROM forests WHERE n = 1) $$);
-- whole, they are read
SELECT n, hp_predict(forest, '{"lr": 0.5, "optimizer": "o1", "on": true, "x": 2, "c": 1}') > 0 FROM forests ORDER BY n;
-- settings that no forest has
CREATE FUNCTION forge(f hp_forest, place int, bytes bytea) RETURNS hp_forest LANGUAGE sql AS $$
    SELECT translate(encode(overlay(hp_forest_send(f) PLACING bytes FROM place + 1), 'base64'), E'\n', '')::hp_forest
$$;
SELECT n AS forest, what, say(format(' forge((SELECT forest FROM forests WHERE n = %s), %s, %L) ', n, place, bytes))
FROM (VALUES (1, 'as it is', 6, '\x03000000'), (1, 'no trees', 6, '\x00000000'), (1, '10,001 trees', 6, '\x11270000'), (1, 'more than there are', 6, '\x04000000'), (1, 'max_depth -1', 10, '\xffffffffffffffff'),
             (1, 'min_samples_leaf 0', 18, '\x0000000000000000'), (1, 'max_features 0', 26, '\x0000000000000000'), (1, 'max_features NaN', 26, '\x000000000000f87f'), (1, 'max_features 2', 26, '\x0000000000000040'),
             (1, 'missing 0', 42, '\x00'), (1, 'missing 3', 42, '\x03'), (1, 'method 0', 43, '\x00'), (1, 'method 9', 43, '\x09'), (2, 'onehot 2', 44, '\x02')) v (n, what, place, bytes);
-- each byte changed, each end cut off, NaN at each place: refused in so many words, or a forest that answers
CREATE FUNCTION read_forest(f hp_forest) RETURNS boolean LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM hp_importance(f)) < 100 AND (SELECT count(*) FROM hp_parameters(f)) < 100 AND (SELECT count(*) FROM hp_quality(f)) = 1
           AND (hp_predict(f, '{"lr": 0.5, "optimizer": "o1", "on": true, "x": 2, "c": 1}') IS DISTINCT FROM hp_predict(f, '{"lr": 7, "optimizer": "?", "on": null}')) IS NOT NULL
           AND hp_predict(f, '{"lr": 0.5, "optimizer": "o1", "on": true, "x": 2, "c": 1}') IS DISTINCT FROM 'NaN'
           AND (SELECT bool_and(share NOT IN ('NaN', 'Infinity', '-Infinity')) IS NOT FALSE FROM hp_interactions(hp_space(f, 'log')))
           AND (SELECT bool_and(mean NOT IN ('NaN', 'Infinity', '-Infinity')) IS NOT FALSE FROM (SELECT parameter FROM hp_parameters(f) LIMIT 3) p, hp_marginal(f, parameter))
           AND f::text::hp_forest::text = f::text
$$;
-- what is suggested is JSON, whatever the numbers are
CREATE FUNCTION read_suggestions(f hp_forest) RETURNS boolean LANGUAGE sql AS $$ SELECT count(sweep::jsonb) < 100 FROM hp_suggest(f) $$;
DO $$
DECLARE
    whole bytea;
    changed bytea;
    forged hp_forest;
    mask int;
    which int;
    refused int := 0;
    accepted int := 0;
BEGIN
    FOR which, whole IN SELECT n, hp_forest_send(forest) FROM forests ORDER BY n LOOP
        FOR i IN 0 .. length(whole) - 1 LOOP
            FOREACH mask IN ARRAY CASE WHEN i % 3 = 0 THEN '{0, 1, 4, 255}' WHEN i % 3 = 1 THEN '{0, 2, 127}' ELSE '{0, 16, 128}' END::int[] || -1 LOOP
                changed := CASE WHEN mask > 0 THEN set_byte(whole, i, get_byte(whole, i) # mask)
                                WHEN mask = 0 THEN substr(whole, 1, i)
                                ELSE overlay(whole PLACING '\x000000000000f87f' FROM i + 1) END;
                BEGIN
                    forged := translate(encode(changed, 'base64'), E'\n', '');
                    IF NOT read_forest(forged) OR (which <> 2 AND NOT read_suggestions(forged)) THEN
                        RAISE 'unreadable with % at byte % of %', mask, i, which;
                    END IF;
                    accepted := accepted + 1;
                EXCEPTION WHEN invalid_binary_representation OR character_not_in_repertoire OR untranslatable_character OR object_not_in_prerequisite_state OR feature_not_supported THEN
                    refused := refused + 1;
                END;
            END LOOP;
        END LOOP;
    END LOOP;
    RAISE WARNING 'refused many: %, read many: %', refused > 1000, accepted > 1000;
END
$$;
-- the binary form goes through the same checks (a bytea is sent as it is)
CREATE TABLE forged (forest hp_forest);
\copy (SELECT hp_forest_send(forest) FROM forests) TO 'results/forged.bin' WITH (FORMAT binary)
\copy forged FROM 'results/forged.bin' WITH (FORMAT binary)
SELECT count(*) FROM forged JOIN forests ON forged.forest::text = forests.forest::text;
\copy (SELECT ''::bytea) TO 'results/forged.bin' WITH (FORMAT binary)
\copy forged FROM 'results/forged.bin' WITH (FORMAT binary)
\copy (SELECT substr(hp_forest_send(forest), 1, 100) FROM forests WHERE n = 1) TO 'results/forged.bin' WITH (FORMAT binary)
\copy forged FROM 'results/forged.bin' WITH (FORMAT binary)
\copy (SELECT hp_forest_send(forest) || '\x00' FROM forests WHERE n = 1) TO 'results/forged.bin' WITH (FORMAT binary)
\copy forged FROM 'results/forged.bin' WITH (FORMAT binary)
\copy (SELECT set_byte(hp_forest_send(forest), 4, 99) FROM forests WHERE n = 1) TO 'results/forged.bin' WITH (FORMAT binary)
\copy forged FROM 'results/forged.bin' WITH (FORMAT binary)
DROP FUNCTION forge;
DROP TABLE forged, forests, sweep, wide, odd, nothing CASCADE;
DROP SEQUENCE numbers;
DROP TYPE composite;
DROP FUNCTION say, read_forest, read_suggestions;
