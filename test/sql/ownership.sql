--
-- Studies and forests in the hands of other code: variables, arrays, columns.
-- Whoever holds a study may change its own and dispose of it; no other is
-- touched.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
CREATE TABLE runs (id int, config jsonb, val_loss float8);
INSERT INTO runs SELECT i, jsonb_build_object('lr', i * 0.1, 'seed', i % 3), i % 7 FROM generate_series(1, 40) i;

-- assigned again and again, set to null, kept over a caught error, merged
DO $$
DECLARE
    a hp_study;
    b hp_study;
BEGIN
    a := hp_study('runs', 'val_loss');
    a := hp_study('runs', 'val_loss');
    b := a;
    a := NULL;
    a := hp_study_merge(b, b);
    RAISE INFO 'merged %, b %', (hp_study_runs(a)).runs, (hp_study_runs(b)).runs;
    BEGIN
        b := hp_study('runs', 'val_loss');
        a := hp_study_merge(a, b);
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        RAISE INFO 'after the error %, b %', (hp_study_runs(a)).runs, (hp_study_runs(b)).runs;
    END;
    FOR i IN 1 .. 100 LOOP
        a := hp_study_add_run(hp_study('runs', 'val_loss'), '{"lr": 7}', i);
    END LOOP;
    RAISE INFO 'in a loop %', (hp_study_runs(a)).runs;
END
$$;
-- the transition functions change no value that somebody else holds
WITH s AS MATERIALIZED (SELECT hp_study('runs', 'val_loss') AS study)
SELECT (hp_study_runs(hp_study_add_run(study, '{}', 1))).runs AS one_more, (hp_study_runs(hp_study_merge(study, study))).runs AS twice,
       (hp_study_runs(study)).runs AS as_it_was
FROM s;
-- in arrays, rows and columns
SELECT (hp_study_runs(a[1])).runs, (hp_study_runs(a[2])).runs
FROM (SELECT array_agg(s ORDER BY n) AS a FROM (SELECT id % 2 AS n, hp_study_agg(config, val_loss) AS s FROM runs WHERE id > 10 GROUP BY 1) g) q;
CREATE TABLE kept (n int, study hp_study);
INSERT INTO kept SELECT 1, hp_study('runs', 'val_loss');
UPDATE kept SET study = hp_study_merge(study, study);
SELECT (hp_study_runs(study)).runs FROM kept;

--
-- One number in several spellings: the answer does not depend on which came first
--
CREATE TABLE spelt (id int, config jsonb, loss float8);
INSERT INTO spelt
SELECT i, (CASE WHEN i <= 3 THEN '{"x": 0.1}' WHEN i <= 10 THEN '{"x": "0.1"}' WHEN i <= 12 THEN '{"x": "0.10"}' ELSE '{"x": 0.7}' END)::jsonb, sqrt(i) FROM generate_series(1, 30) i;
SELECT up = down AS same, up
FROM (SELECT (SELECT p::text FROM hp_parameters(hp_forest(a)) p) AS up, (SELECT p::text FROM hp_parameters(hp_forest(d)) p) AS down
      FROM (SELECT hp_study_agg(config, loss ORDER BY id) AS a, hp_study_agg(config, loss ORDER BY id DESC) AS d FROM spelt) s) q \gset
SELECT :'same' AS same, hp_parameters.minimum, hp_parameters.maximum, distinct_values FROM hp_parameters('spelt', 'loss');

--
-- A parameter, copies and mirrored copies of it share the credit evenly
--
CREATE TABLE mirrored AS
SELECT jsonb_build_object('x', x, 'copy', x, 'mirror', -x, 'scaled', 3 * x + 1) AS config, x * x + x AS loss
FROM (SELECT (hashint4(i) % 1000) / 100.0 AS x FROM generate_series(1, 600) i) q;
SELECT count(*), bool_and(i.importance BETWEEN 0.2 AND 0.3) AS even
FROM hp_importance('mirrored', 'loss', method => 'impurity', trees => 200, max_depth => 2) i;

DROP TABLE runs, kept, spelt, mirrored;
