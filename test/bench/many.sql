-- many.sql - what goes between machines: how large it is, how long it takes.
--
--	psql -f test/bench/many.sql		in a database with hpimp; -v runs=100000 for a look
--
-- Makes the table many_runs of 20 parameters, four of them continuous, in one
-- process; prints times (\timing) and sizes in bytes. Tables stay, to be looked at.
\if :{?runs}
\else
\set runs 1000000
\endif
\set QUIET on
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET hpimp.max_parallel_workers = 0;
DROP TABLE IF EXISTS many_runs, many_studies, many_shards, many_parts;

-- numbers from hashes, so that the same call makes the same table anywhere
CREATE UNLOGGED TABLE many_runs AS
SELECT i AS id, i * 10 / :runs AS shard, jsonb_build_object(
	'lr', exp(-11.5 + 9.2 * r[1]), 'weight_decay', exp(-16 + 13.8 * r[2]), 'clip_norm', 0.1 * exp(4.6 * r[3]), 'eta_min', exp(-18 + 9 * r[4]),
	'layers', ceil(8 * r[5]), 'dropout', round(r[6]::numeric * 0.6, 2), 'augment', r[7] < 0.5, 'seed', ceil(30 * r[8]), 'batch_size', 8 * 2 ^ floor(7 * r[9]),
	'hidden', 64 * ceil(9 * r[10]), 'warmup', floor(2000 * r[11]), 'smoothing', round(r[12]::numeric * 0.2, 2), 'ema', r[13] < 0.5, 'steps', 2 ^ floor(4 * r[14]),
	'optimizer', (ARRAY['adam', 'adamw', 'sgd', 'rmsprop'])[ceil(4 * r[15])], 'activation', (ARRAY['relu', 'gelu', 'silu', 'tanh', 'elu', 'mish'])[ceil(6 * r[16])],
	'scheduler', (ARRAY['constant', 'cosine', 'linear', 'step', 'plateau'])[ceil(5 * r[17])], 'init', (ARRAY['xavier', 'kaiming', 'orthogonal'])[ceil(3 * r[18])],
	'tokenizer', 'bpe-' || ceil(12 * r[19]) || 'k', 'momentum', round(r[20]::numeric, 2)) AS config,
	(r[1] - 0.5) ^ 2 + 0.1 * floor(4 * r[15]) * r[9] + 0.4 / ceil(8 * r[5]) + 0.1 * (r[6] - 0.3) ^ 2 + 0.05 * r[21] AS val_loss
FROM generate_series(0, :runs - 1) i,
	LATERAL (SELECT array_agg((hashint8extended(i, k) >> 11 & 9007199254740991)::float8 / 9007199254740992 ORDER BY k) AS r FROM generate_series(1, 21) k) d;
CREATE TABLE many_studies (kept text, study hp_study);
ALTER TABLE many_studies ALTER study SET STORAGE external;

\timing on
\echo
\echo == Read the runs: all, a sample of a tenth, of a hundredth
INSERT INTO many_studies SELECT 'all', hp_study_agg(config, val_loss) FROM many_runs;
SELECT set_config('hpimp.max_runs', (:runs / 10)::text, false) AS sample \gset
INSERT INTO many_studies SELECT 'tenth', hp_study_agg(config, val_loss) FROM many_runs;
SELECT set_config('hpimp.max_runs', (:runs / 100)::text, false) AS sample \gset
INSERT INTO many_studies SELECT 'hundredth', hp_study_agg(config, val_loss) FROM many_runs;
RESET hpimp.max_runs;
\echo == Their sizes: flat, which is the binary form, and as text
SELECT kept, octet_length(hp_study_send(study)) AS binary, octet_length(study::text) AS text FROM many_studies;
\echo == To text and back
SELECT count(study::text::hp_study) FROM many_studies WHERE kept = 'all';
\echo == Ten shards, merged
CREATE TABLE many_shards AS SELECT shard, hp_study_agg(config, val_loss) AS study FROM many_runs GROUP BY shard;
SELECT (hp_study_runs(hp_study_agg(study))).runs FROM many_shards;
\echo == Ten samples of a hundredth each, merged to such a one
SELECT set_config('hpimp.max_runs', (:runs / 100)::text, false) AS sample \gset
UPDATE many_shards SET study = (SELECT hp_study_agg(config, val_loss) FROM many_runs r WHERE r.shard = many_shards.shard);
SELECT (hp_study_runs(hp_study_agg(study))).sampled FROM many_shards;
RESET hpimp.max_runs;

\echo == All trees of the tenth; one part of four
SELECT octet_length(hp_forest_send(hp_forest(study))) AS forest FROM many_studies WHERE kept = 'tenth';
CREATE TABLE many_parts AS SELECT 1 AS part, hp_forest(study, part => 1, parts => 4) AS forest FROM many_studies WHERE kept = 'tenth';
SELECT octet_length(hp_forest_send(forest)) AS binary, octet_length(forest::text) AS text FROM many_parts;
\echo == The other three; the four merged
INSERT INTO many_parts SELECT part, hp_forest(study, part => part, parts => 4) FROM many_studies, generate_series(2, 4) part WHERE kept = 'tenth';
SELECT octet_length(hp_forest_send(hp_forest_agg(forest))) AS forest FROM many_parts;
\echo == All runs: two pairs of trees; six; one of two parts of two
SELECT octet_length(hp_forest_send(hp_forest(study, trees => 2))) AS forest FROM many_studies WHERE kept = 'all';
SELECT octet_length(hp_forest_send(hp_forest(study, trees => 6))) AS forest FROM many_studies WHERE kept = 'all';
SELECT octet_length(hp_forest_send(hp_forest(study, trees => 2, part => 1, parts => 2))) AS part FROM many_studies WHERE kept = 'all';
