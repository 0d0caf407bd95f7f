-- stored.sql - what a database with hpimp may have in it, in every place where a
-- value is kept or a function is named: made on the old server.
CREATE EXTENSION hpimp;
CREATE TABLE runs AS
SELECT i AS id, i % 4 AS part, jsonb_build_object('lr', (i * 7919 % 101) * 0.01, 'layers', i % 5, 'optimizer', (ARRAY['sgd', 'adam', 'räms'])[1 + i % 3], 'seed', i) AS config,
	(i * 7919 % 101) * 0.02 + CASE i % 3 WHEN 0 THEN 0.5 ELSE 0 END + (i * 104729 % 997) * 0.0001 AS val_loss
FROM generate_series(1, 600) i;
CREATE TABLE studies (name text PRIMARY KEY, study hp_study, forest hp_forest);
INSERT INTO studies SELECT 'part ' || part, hp_study_agg(config, val_loss) FROM runs GROUP BY part;
INSERT INTO studies SELECT 'all', hp_study_agg(study) FROM studies;
INSERT INTO studies VALUES ('nothing', NULL), ('empty', (SELECT hp_study_agg(config, val_loss) FROM runs WHERE id < 0));
UPDATE studies SET forest = hp_forest(study, trees => 50);
-- out of line and not compressed; in arrays, composites, domains, partitions
CREATE TABLE external (study hp_study);
ALTER TABLE external ALTER study SET STORAGE EXTERNAL;
INSERT INTO external SELECT study FROM studies WHERE name = 'all';
CREATE TABLE arrays AS SELECT array_agg(study ORDER BY name) AS studies FROM studies WHERE name LIKE 'part%';
CREATE TYPE model AS (study hp_study, forest hp_forest);
CREATE TABLE models AS SELECT name, ROW(study, forest)::model AS model FROM studies;
CREATE DOMAIN some_runs AS hp_study CHECK ((hp_study_runs(VALUE)).runs > 0);
CREATE TABLE domains AS SELECT study::some_runs FROM studies WHERE name = 'all';
CREATE TABLE parts (name text, study hp_study) PARTITION BY LIST (name);
CREATE TABLE parts_default PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT name, study FROM studies;
-- functions of ours in views, indexes, generated columns, defaults
CREATE VIEW answers AS SELECT s.name, i.* FROM studies s, hp_importance(s.forest) i;
CREATE VIEW of_runs AS SELECT * FROM hp_importance('runs', 'val_loss', trees => 20);
CREATE MATERIALIZED VIEW kept_answers AS SELECT * FROM of_runs;
CREATE INDEX ON runs (hp_number(config, 'lr'));
ALTER TABLE runs ADD lr float8 GENERATED ALWAYS AS (hp_number(config, 'lr')) STORED;
ALTER DATABASE postgres SET hpimp.max_memory = '512MB';
