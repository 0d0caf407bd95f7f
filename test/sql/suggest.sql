--
-- Suggestions for the next sweep: what to keep of each hyperparameter, where
-- the truth is known.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
RESET client_min_messages;
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.u(i int, k bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS 'SELECT (hashint4extended(i, k) & 4294967295) / 4294967296.0::float8';

-- the best lr is 0.01; sgd and three layers are bad; width is best where it ends; momentum, which only sgd has, should be high;
-- bn should be on; seed, note and clip do nothing; host, id and rows cannot
CREATE TABLE runs AS
SELECT jsonb_strip_nulls(jsonb_build_object('lr', lr, 'opt', jsonb_build_object('type', opt, 'momentum', CASE WHEN opt = 'sgd' THEN momentum END), 'layers', layers, 'width', width,
           'bn', bn, 'seed', i % 40, 'note', (ARRAY['a "quoted" one', 'back\slash', 'tab	here', 'plain, with comma'])[1 + i % 4], 'clip', (ARRAY['[0, 1]', '[]', '"none"', '2'])[1 + i / 4 % 4]::jsonb,
           'host', 'h' || i, 'rows', 600, 'name', 'it''s "fixed"', 'gpu', true, 'nothing', NULL)) AS config,
       loss, 1 - loss AS score, 5 AS same
FROM (SELECT i, lr, opt, momentum, layers, width, bn,
             0.3 * (log(lr::numeric)::float8 + 2) ^ 2 + CASE opt WHEN 'sgd' THEN 2 - momentum ELSE 0 END + CASE layers WHEN 3 THEN 1 ELSE 0 END - width / 100.0
             + CASE WHEN bn THEN 0 ELSE 0.8 END + 0.1 * pg_temp.u(i, 9) AS loss
      FROM (SELECT i, 10 ^ (-4 * pg_temp.u(i, 1)) AS lr, (ARRAY['adam', 'lion', 'sgd'])[1 + floor(3 * pg_temp.u(i, 2))::int] AS opt, pg_temp.u(i, 3) AS momentum,
                   1 + floor(3 * pg_temp.u(i, 4))::int AS layers, 10 + floor(90 * pg_temp.u(i, 5))::int AS width, pg_temp.u(i, 6) < 0.5 AS bn
            FROM generate_series(1, 600) i) r) r;

--
-- What is kept
--
SELECT parameter, advice, levels FROM hp_suggest('runs', 'loss', uncertainty => false);
-- numbers: the optimum lies within, and the ends are where they should be
SELECT parameter, low < 0.01 AND low > 0.0001 AS low, high > 0.01 AND high < 1 AS high, sweep::jsonb ->> 'distribution' AS distribution, (sweep::jsonb ->> 'min')::float8 = low AND (sweep::jsonb ->> 'max')::float8 = high AS same
FROM hp_suggest('runs', 'loss', uncertainty => false) WHERE parameter = 'lr';
SELECT parameter, advice, low > 10 AS low, high, sweep::jsonb - 'min' AS sweep FROM hp_suggest('runs', 'loss', uncertainty => false) WHERE parameter = 'width';
SELECT parameter, advice, low > 0 AS low, high > 0.9 AS high, reason ~ 'conditional' AS conditional FROM hp_suggest('runs', 'loss', uncertainty => false) WHERE parameter = 'opt.momentum';
-- reasons
SELECT parameter, reason FROM hp_suggest('runs', 'loss', uncertainty => false) WHERE parameter IN ('bn', 'layers', 'opt.type', 'rows', 'gpu');
SELECT parameter, regexp_replace(reason, '[\d.]+', '*', 'g') AS reason FROM hp_suggest('runs', 'loss', uncertainty => false) WHERE parameter IN ('lr', 'width', 'seed', 'note', 'opt.momentum');
-- the gain: a third of what sgd costs on average, a third of what three layers cost, half of what bn spares
SELECT parameter, round(gain::numeric, 1) AS gain, gain_stddev BETWEEN 0.001 AND 0.2 AS doubt FROM hp_suggest('runs', 'loss', uncertainty => false) WHERE parameter IN ('opt.type', 'layers', 'bn') ORDER BY 1;
-- sorted by importance
SELECT bool_and(s.parameter = i.parameter AND s.importance = i.importance) AS same
FROM (SELECT parameter, importance, row_number() OVER () AS n FROM hp_suggest('runs', 'loss', uncertainty => false)) s
FULL JOIN (SELECT parameter, importance, row_number() OVER () AS n FROM hp_importance('runs', 'loss') WHERE parameter <> 'host') i USING (n);
-- runs drawn from what is kept are better than the others, and hold the best of all
SELECT count(*) BETWEEN 5 AND 200 AS some, avg(loss) FILTER (WHERE kept) < avg(loss) - 1 AS better, min(loss) FILTER (WHERE kept) = min(loss) AS best
FROM (SELECT r.loss, bool_and(coalesce(CASE WHEN s.advice = 'freeze' THEN true WHEN s.levels IS NULL THEN v BETWEEN s.low::text::jsonb AND s.high::text::jsonb
                                            ELSE v #>> '{}' = ANY (string_to_array(s.levels, ', ')) END, true)) AS kept
      FROM runs r, (SELECT parameter, advice, low, high, levels, config #> string_to_array(parameter, '.') AS v, config FROM hp_suggest('runs', 'loss', uncertainty => false), runs) s
      WHERE s.config = r.config GROUP BY r.config, r.loss) t;

--
-- The JSON: as it was, in a form to paste
--
SELECT parameter, sweep::jsonb AS sweep FROM hp_suggest('runs', 'loss', uncertainty => false) WHERE parameter NOT IN ('lr', 'width', 'opt.momentum') ORDER BY 1;
SELECT jsonb_object_agg(parameter, sweep::jsonb) ->> 'name' AS name, count(*) AS parameters FROM hp_suggest('runs', 'loss', uncertainty => false);
-- the suggestions for n made-up runs
CREATE FUNCTION pg_temp.suggest(configs text, loss text, n int DEFAULT 400)
RETURNS TABLE (parameter text, advice text, low float8, high float8, levels text, sweep text, reason text)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT s.parameter, s.advice, s.low, s.high, s.levels, s.sweep, s.reason FROM (SELECT hp_forest(hp_study_agg(%s, %s)) AS f FROM generate_series(0, %s) i) t, hp_suggest(f) s',
                                configs, loss, n - 1);
END
$$;
-- strings with anything in them, numbers, truth values, arrays and objects come back as what they were
SELECT levels, sweep FROM pg_temp.suggest($$jsonb_build_object('x', ('["it''s", "a \"b\"", "c\\d", "Ünï", "007", "true", true, null, "1e3", 5, [1, "a"], {}, "[1, 2", " 7 ", "bad", "", "e\nf"]'::jsonb) -> i % 17)$$,
    $$CASE WHEN i % 17 = 14 THEN 5 ELSE 0 END + 0.3 * pg_temp.u(i, 1)$$, 1700);
-- truth values are such, whatever they were written as; of two one is left
SELECT parameter, levels, sweep FROM pg_temp.suggest($$jsonb_build_object('json', i % 2 = 0, 'python', CASE WHEN i / 2 % 2 = 0 THEN 'True' ELSE 'False' END)$$, 'i % 2 + i / 2 % 2 * 2');
-- few numbers are values, many a range: of integers, on a log scale, of both, of none
SELECT parameter, advice, levels, regexp_replace(sweep, '"(min|max)": [^,}]+', '"\1": *', 'g') AS sweep
FROM pg_temp.suggest($$jsonb_build_object('few', 2 ^ (i % 6), 'int', i * 7 % 50 + 1, 'int_log', round(2 ^ (i * 11 % 101 / 10.0)), 'log', 10 ^ (i * 13 % 101 / -20.0), 'line', i * 17 % 101 / 50.0 - 1, 'text', (i * 19 % 101)::text)$$,
    'abs(i % 6 - 2) + abs(i * 7 % 50 - 25) / 10.0 + abs(i * 11 % 101 - 50) / 20.0 + abs(i * 13 % 101 - 50) / 20.0 + abs(i * 17 % 101 - 50) / 20.0 + abs(i * 19 % 101 - 50) / 20.0', 1500) ORDER BY 1;
-- one number of many may be all that is left; it is no range
SELECT parameter, advice, low, high, levels, sweep FROM pg_temp.suggest($$jsonb_build_object('x', CASE WHEN i % 2 = 0 THEN 0 ELSE i % 40 + 0.5 END)$$, 'CASE WHEN i % 2 = 0 THEN 0 ELSE 5 + pg_temp.u(i, 1) END', 800);

--
-- The goal
--
SELECT parameter, b.advice, a.advice = b.advice AND a.levels IS NOT DISTINCT FROM b.levels AS same, abs(a.gain - b.gain) < a.gain_stddev AS gain
FROM hp_suggest('runs', 'loss', uncertainty => false) a JOIN hp_suggest('runs', 'score', goal => 'maximize', uncertainty => false) b USING (parameter) WHERE a.importance > 0.02 ORDER BY 1;
SELECT parameter, levels FROM hp_suggest('runs', 'loss', goal => 'maximize', uncertainty => false) WHERE parameter IN ('bn', 'opt.type', 'layers') ORDER BY 1;
-- which runs are the best is part of a forest
SELECT f::text::hp_forest::text = f::text AS same FROM (SELECT hp_forest(hp_study('runs', 'loss'), goal => 'maximize', quantile => 0.3) AS f) s;
SELECT bool_and(a = b) AS same FROM (SELECT hp_suggest(hp_forest(hp_study('runs', 'loss'), uncertainty => true)) AS a) x, LATERAL (SELECT b FROM hp_suggest('runs', 'loss') b WHERE b.parameter = (x.a).parameter) y;

--
-- Gaps
--
-- unset is a value, and the best; a sweep cannot say it
SELECT parameter, advice, low, high, levels, sweep, reason FROM pg_temp.suggest($$CASE WHEN i % 3 = 0 THEN '{}' ELSE jsonb_build_object('warmup', i % 3) END$$, 'i % 3');
-- one of those that are as good; or worse than all
SELECT parameter, advice, levels, sweep, reason FROM pg_temp.suggest($$CASE WHEN i % 3 = 0 THEN '{}' ELSE jsonb_build_object('warmup', i % 3) END$$, 'CASE WHEN i % 3 = 2 THEN 1 ELSE 0 END + 0.1 * pg_temp.u(i, 1)');
SELECT parameter, advice, levels, sweep, reason FROM pg_temp.suggest($$CASE WHEN i % 3 = 0 THEN '{}' ELSE jsonb_build_object('warmup', i % 3) END$$, 'CASE WHEN i % 3 = 0 THEN 1 ELSE 0 END + 0.1 * pg_temp.u(i, 1)');
-- words among numbers: the numbers are a range unless a word is the best
SELECT parameter, advice, low, high, levels, sweep, reason FROM pg_temp.suggest($$jsonb_build_object('x', CASE i % 31 WHEN 0 THEN '"auto"' ELSE to_jsonb(i % 31) END)$$, 'CASE WHEN i % 31 = 0 THEN 0 WHEN i % 31 > 15 THEN 3 ELSE 0 END + 0.1 * pg_temp.u(i, 1)', 620);
SELECT parameter, advice, levels, sweep, reason FROM pg_temp.suggest($$jsonb_build_object('x', CASE i % 31 WHEN 0 THEN '"auto"' ELSE to_jsonb(i % 31) END)$$, 'CASE WHEN i % 31 = 0 THEN 0 ELSE 3 + i % 31 / 31.0 END + 0.1 * pg_temp.u(i, 1)', 620);

--
-- Where nothing can be said
--
-- few runs: one, two, three
SELECT parameter, advice, low, high, levels, sweep, gain, gain_stddev, importance, reason FROM hp_suggest((SELECT hp_forest(hp_study_agg('{"x": 1, "w": "a"}', 1))));
SELECT parameter, advice, low, high, sweep, gain, importance, reason FROM hp_suggest((SELECT hp_forest(hp_study_agg(jsonb_build_object('x', i), i), trees => 1) FROM generate_series(1, 2) i));
SELECT parameter, advice, sweep, reason IS NOT NULL AS reason FROM hp_suggest((SELECT hp_forest(hp_study_agg(jsonb_build_object('x', i), i)) FROM generate_series(1, 3) i));
-- a constant metric
SELECT parameter, advice, low, high, levels, sweep, importance, reason FROM hp_suggest('runs', 'same', include => '{lr, bn, opt.type, rows}', seed => 3);
-- noise
SELECT parameter, advice, levels, sweep, gain, regexp_replace(reason, '-?\d\.\d+', '*') AS reason FROM hp_suggest((SELECT hp_forest(hp_study_agg(jsonb_build_object('x', i % 5, 'w', 'w' || i % 3), pg_temp.u(i, 2))) FROM generate_series(1, 200) i));
-- no runs, no value
CREATE TABLE none (config jsonb, loss float8);
SELECT * FROM hp_suggest('none', 'loss');
SELECT * FROM hp_suggest(NULL::hp_forest);
SELECT * FROM hp_suggest(hp_forest(NULL::hp_study));
-- nothing that varies
SELECT * FROM hp_suggest((SELECT hp_forest(hp_study_agg('{"x": 1, "on": false, "l": ["a"]}', i)) FROM generate_series(1, 20) i));

--
-- Settings
--
SELECT * FROM hp_suggest('runs', 'loss', encoding => 'onehot');
SELECT * FROM hp_suggest(hp_forest(hp_study('runs', 'loss'), encoding => 'onehot', trees => 3));
SELECT * FROM hp_suggest('runs', 'loss', goal => 'best');
SELECT parameter, advice, levels FROM hp_suggest('runs', 'loss', method => 'impurity', uncertainty => false, include => '{opt.type, bn, seed}');
-- what does not see interactions freezes nothing
SELECT parameter, advice, levels FROM hp_suggest('runs', 'loss', method => 'ped_anova', uncertainty => false) WHERE parameter IN ('opt.type', 'bn', 'clip', 'note') ORDER BY 1;
-- numbers that are codes stay numbers
SELECT parameter, levels, sweep FROM hp_suggest('runs', 'loss', categorical => '{layers}', include => '{layers}', uncertainty => false);
-- the same with any number of workers, and in any order
SET hpimp.max_parallel_workers = 0;
CREATE TEMP TABLE alone AS SELECT * FROM hp_suggest('runs', 'loss', uncertainty => false);
RESET hpimp.max_parallel_workers;
CREATE TABLE turned AS SELECT * FROM runs ORDER BY loss;
SELECT count(*) AS differ FROM (TABLE alone EXCEPT SELECT * FROM hp_suggest('turned', 'loss', uncertainty => false)) d;

-- the empty level is seen, kept or not
SELECT parameter, levels, sweep, reason
FROM (SELECT hp_forest(hp_study_agg(jsonb_build_object('kept', (ARRAY['', 'a', 'b'])[1 + i % 3], 'only', (ARRAY['', 'c'])[1 + i % 2], 'worse', (ARRAY['d', ''])[1 + i / 2 % 2]), i % 3 / 2 + i % 2 + i / 2 % 2), trees => 50) AS forest FROM generate_series(0, 239) i) f, hp_suggest(f.forest);

-- curves of thousands of levels over many trees are held against hpimp.max_memory
CREATE TEMP TABLE levels AS
SELECT hp_forest(hp_study_agg(jsonb_build_object('l', 'l' || i % 2000, 'x', i % 7), i % 7 + i % 2000 / 500), trees => 1200, max_depth => 2, categorical => '{l}', method => 'impurity') AS forest FROM generate_series(1, 4000) i;
SET hpimp.max_memory = '16MB';
DO $$ BEGIN PERFORM * FROM levels, hp_suggest(forest); EXCEPTION WHEN program_limit_exceeded THEN RAISE WARNING '%', SQLERRM; END $$;
RESET hpimp.max_memory;

DROP TABLE runs, none, turned, levels;
