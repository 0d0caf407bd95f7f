-- make_runs.sql - made-up runs to measure on: make_runs(runs, parameters).
--
-- Everything follows from hashes of (number of the run, number of the
-- parameter), so the same call makes the same table anywhere and in any plan.
-- Fixed seed: change it and the data are others of the same kind.

-- Uniform in [0, 1): 53 bits of a hash.
CREATE FUNCTION draw(run bigint, number int) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (hashint8extended(run, 20261105 + number) >> 11 & 9007199254740991)::float8 / 9007199254740992;

CREATE FUNCTION choose(levels text[], draw float8) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN levels[1 + floor(draw * cardinality(levels))::int];

-- What a sweep varies. A parameter with a level exists under that level of
-- parameter number `under`, else its key is absent.
CREATE TABLE parameters (
	number int PRIMARY KEY,
	name text,
	kind text,				-- log: log-uniform | rounded: to two decimals | integer | choice: of numbers | boolean | category
	low float8,
	high float8,
	levels text[],
	under int REFERENCES parameters,
	level text
);
INSERT INTO parameters (number, name, kind, low, high) VALUES
	(1, 'lr', 'log', 1e-5, 1e-1),
	(4, 'layers', 'integer', 1, 8),
	(5, 'dropout', 'rounded', 0, 0.6),
	(6, 'augment', 'boolean', NULL, NULL),
	(8, 'seed', 'integer', 1, 30),
	(9, 'weight_decay', 'log', 1e-7, 1e-1),
	(12, 'warmup_steps', 'integer', 0, 2000),
	(15, 'label_smoothing', 'rounded', 0, 0.2),
	(16, 'ema', 'boolean', NULL, NULL),
	(18, 'clip_norm', 'log', 0.1, 10);
INSERT INTO parameters (number, name, kind, levels) VALUES
	(2, 'optimizer', 'category', '{adam,adamw,sgd,rmsprop}'),
	(3, 'batch_size', 'choice', '{8,16,32,64,128,256,512}'),
	(10, 'activation', 'category', '{relu,gelu,silu,tanh,elu,mish}'),
	(11, 'hidden', 'choice', '{64,96,128,192,256,384,512,768,1024}'),
	(13, 'scheduler', 'category', '{constant,cosine,linear,step,plateau}'),
	(17, 'init', 'category', '{xavier,kaiming,orthogonal}'),
	(19, 'tokenizer', 'category', '{bpe-8k,bpe-16k,bpe-32k,bpe-64k,unigram-8k,unigram-16k,unigram-32k,unigram-64k,word,char,byte,wordpiece}'),
	(20, 'gradient_steps', 'choice', '{1,2,4,8}');
INSERT INTO parameters (number, name, kind, low, high, under, level) VALUES
	(7, 'momentum', 'rounded', 0.5, 0.99, 2, 'sgd'),
	(14, 'eta_min', 'log', 1e-8, 1e-4, 13, 'cosine');
-- 30 more, six of each kind; four of them only where augment is true
INSERT INTO parameters
SELECT n, 'model.option_' || n,
	(ARRAY['log', 'rounded', 'integer', 'boolean', 'category'])[1 + n % 5],
	(ARRAY[1e-3, -1, 0])[1 + n % 5], (ARRAY[1, 1, 100])[1 + n % 5],
	CASE WHEN n % 5 = 4 THEN ARRAY(SELECT 'choice ' || l FROM generate_series(1, 2 + n % 11) l) END,
	CASE WHEN n % 6 = 4 AND n % 5 <> 3 THEN 6 END, CASE WHEN n % 6 = 4 AND n % 5 <> 3 THEN 'true' END
FROM generate_series(21, 50) n;

CREATE FUNCTION config_value(kind text, low float8, high float8, levels text[], u float8) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE kind
		WHEN 'log' THEN to_jsonb(low * exp(u * ln(high / low)))
		WHEN 'rounded' THEN to_jsonb(round((low + u * (high - low))::numeric, 2))
		WHEN 'integer' THEN to_jsonb(floor(low + u * (high - low + 1))::int)
		WHEN 'choice' THEN to_jsonb(choose(levels, u)::int)
		WHEN 'boolean' THEN to_jsonb(u < 0.5)
		ELSE to_jsonb(choose(levels, u))
	END;

-- The loss without noise: a valley over the learning rate whose place and depth
-- depend on other parameters, levels of categories, an effect of a parameter
-- that exists under one level only. Uses parameters up to number p.
CREATE FUNCTION signal(run bigint, p int) RETURNS float8
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (SELECT
			4 * (lr - CASE WHEN optimizer = 2 THEN 0.75 ELSE 0.45 END - 0.2 * (batch - 0.5)) ^ 2
			+ (ARRAY[0, -0.05, 0.1, 0.15])[optimizer + 1]
			+ CASE WHEN optimizer = 2 THEN 0.5 * (1 - draw(run, 7)) ^ 2 ELSE 0 END
			+ 0.4 / layers + 0.6 * (draw(run, 5) - 0.05 * layers) ^ 2
			- CASE WHEN draw(run, 6) < 0.5 THEN 0.1 ELSE 0 END
			+ CASE WHEN p < 20 THEN 0 ELSE
				0.8 * (draw(run, 9) - 0.6) ^ 2 * (1.5 - lr)
				+ 0.05 * floor(draw(run, 10) * 6) * (1 - draw(run, 11))
				- 0.3 * sqrt(draw(run, 11))
				+ (ARRAY[0.2, 0, 0.03, 0.1, 0.05])[1 + floor(draw(run, 13) * 5)::int]
				+ 0.2 * (12 - floor(draw(run, 19) * 12)) / 12
			END
			+ CASE WHEN p < 50 THEN 0 ELSE
				0.10 * draw(run, 25) - 0.08 * draw(run, 32) + 0.06 * draw(run, 44)
			END
		FROM (SELECT draw(run, 1), floor(draw(run, 2) * 4)::int, draw(run, 3),
				1 + floor(draw(run, 4) * 8)) d (lr, optimizer, batch, layers));

-- Makes the table runs anew. Nine tenths of the variance of val_loss are signal.
CREATE FUNCTION make_runs(n bigint, p int) RETURNS void
	LANGUAGE plpgsql AS $$
DECLARE
	spread float8 := (SELECT stddev(signal(run, p)) FROM generate_series(1, least(n, 10000)) run);
BEGIN
	DROP TABLE IF EXISTS runs;
	CREATE UNLOGGED TABLE runs AS
	SELECT run AS id,
		(SELECT jsonb_object_agg(a.name, config_value(a.kind, a.low, a.high, a.levels, draw(run, a.number)))
			FROM parameters a LEFT JOIN parameters b ON b.number = a.under
			WHERE a.number <= p AND (a.under IS NULL OR
				config_value(b.kind, b.low, b.high, b.levels, draw(run, b.number)) #>> '{}' = a.level)) AS config,
		0.2 + signal(run, p) + spread / 3 *
			sqrt(-2 * ln(1 - draw(run, 1001))) * cos(2 * pi() * draw(run, 1002)) AS val_loss
	FROM generate_series(1, n) run;
END;
$$;

-- The runs of make_runs(n, p) as plain columns, the metric last; gaps are NULL.
CREATE FUNCTION runs_as_columns(p int) RETURNS text
	LANGUAGE sql STABLE
	RETURN (SELECT format('SELECT %s, val_loss FROM runs',
			string_agg(format('config->>%L AS %I', name, name), ', ' ORDER BY number))
		FROM parameters WHERE number <= p);
