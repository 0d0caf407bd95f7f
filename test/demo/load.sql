-- Loads test/data/digits_sweep.jsonl.gz into the table runs: one run a row, as
-- a sweep writes it. The file comes on psql's input, unpacked:
--
--	zcat test/data/digits_sweep.jsonl.gz | psql -f test/demo/load.sql
--
-- COPY's csv format with quote and delimiter that JSON text cannot hold takes a
-- line as it is.
BEGIN;
CREATE TEMP TABLE lines (run jsonb) ON COMMIT DROP;
\copy lines FROM pstdin WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')

CREATE TABLE runs (
	id text PRIMARY KEY,
	sweep text,
	state text,
	created timestamptz,
	duration float8,
	val_loss float8,
	val_accuracy float8,
	config jsonb,
	summary jsonb
);

INSERT INTO runs
SELECT run->>'id', run->>'sweep', run->>'state', (run->>'created')::timestamptz,
	(run->>'duration')::float8, (run->>'val_loss')::float8,
	(run->>'val_accuracy')::float8, run->'config', run->'summary'
FROM lines;
COMMIT;
ANALYZE runs;
