--
-- Correlation: hp_correlation, hp_levels and the correlations beside the
-- importances, against PostgreSQL's own aggregates and against SciPy.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS hpimp;
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8 DEFAULT 1e-12) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN a IS NULL OR b IS NULL THEN a IS NULL AND b IS NULL
                ELSE abs(a - b) <= tolerance * greatest(1, abs(b)) END
$$;

-- a sweep with conditional parameters, booleans, ties, gaps, numbers as texts
CREATE TEMP TABLE sweep AS
SELECT i, jsonb_strip_nulls(jsonb_build_object(
           'lr', 0.0001 * (1 + i * 7919 % 1009),
           'optimizer', (ARRAY['adam', 'sgd', 'lion'])[1 + i * 31 % 3],
           'momentum', CASE WHEN i * 31 % 3 = 1 THEN 0.8 + 0.01 * (i % 20) END,
           'nesterov', CASE WHEN i * 31 % 3 = 1 THEN i * 17 % 5 < 2 END,
           'batch', 2 ^ (4 + i * 11 % 4),
           'dropout', CASE WHEN i % 4 > 0 THEN (i * 13 % 7) * 0.1 END,
           'amp', CASE WHEN i * 23 % 7 < 3 THEN 'True' ELSE 'False' END,
           'warmup', (i * 5 % 11)::text,
           'clip', CASE WHEN i % 9 = 0 THEN to_jsonb('off'::text) WHEN i % 9 > 1 THEN to_jsonb(i * 3 % 50 / 4.0) END,
           'width', jsonb_build_array(i * 3 % 4),
           'constant', 1)) AS config,
       CASE WHEN i % 50 = 49 THEN NULL WHEN i % 50 = 48 THEN 'NaN'
            ELSE (i * 7919 % 1009) / 1000.0 + (i * 31 % 3) * 0.5 - (i * 13 % 7) * 0.05 + (i * 101 % 89) / 100.0 END::float8 AS val_loss
FROM generate_series(1, 600) i;
CREATE TEMP TABLE used AS SELECT * FROM sweep WHERE val_loss <> 'NaN';
-- what there is of each parameter as a number
CREATE TEMP TABLE numbers AS
SELECT key AS parameter, val_loss AS y,
       CASE lower(value) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE value::float8 END AS x
FROM used, jsonb_each_text(config) WHERE key NOT IN ('optimizer', 'width', 'constant') AND value <> 'off';

-- Pearson and Spearman are corr(), of values and of mean ranks
SELECT parameter, h.runs, round(pearson::numeric, 6) AS pearson, round(spearman::numeric, 6) AS spearman,
       h.runs = n.runs AS same_runs, pg_temp.near(pearson, n.r) AS is_corr, pg_temp.near(spearman, n.rho) AS is_rank_corr
FROM hp_correlation('sweep', 'val_loss') h
     LEFT JOIN (SELECT parameter, count(*) AS runs, corr(x, y) AS r, corr(rank_x, rank_y) AS rho
                FROM (SELECT *, avg(place_x) OVER (PARTITION BY parameter, x) AS rank_x, avg(place_y) OVER (PARTITION BY parameter, y) AS rank_y
                      FROM (SELECT *, row_number() OVER (PARTITION BY parameter ORDER BY x) AS place_x,
                                   row_number() OVER (PARTITION BY parameter ORDER BY y) AS place_y FROM numbers) p) r
                GROUP BY parameter) n USING (parameter);
-- the same of a study, of a forest by any settings, and beside the importances
CREATE TEMP TABLE known AS SELECT * FROM hp_correlation('sweep', 'val_loss');
SELECT count(*) AS "all", count(*) FILTER (WHERE h.* IS NOT DISTINCT FROM k.*) AS same
FROM hp_correlation(hp_study('sweep', 'val_loss')) h FULL JOIN known k USING (parameter);
SELECT method, missing, count(*) AS "all", count(*) FILTER (WHERE correlation IS NOT DISTINCT FROM pearson) AS same
FROM unnest('{permutation,impurity}'::text[]) method, unnest('{fill,value,auto}'::text[]) missing,
     hp_importance('sweep', 'val_loss', trees => 5, method => method, missing => missing) h FULL JOIN known k USING (parameter)
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS "all", count(*) FILTER (WHERE (correlation, correlation_p_value, rank_correlation) IS NOT DISTINCT FROM (pearson, pearson_p_value, spearman)) AS same
FROM hp_parameters('sweep', 'val_loss', trees => 5) h FULL JOIN known k USING (parameter);
-- in the order of strength, then by name; what is not defined last
SELECT bool_and(coalesce(abs(pearson), -1) <= coalesce(before, 1)) AS sorted
FROM (SELECT pearson, lag(abs(pearson)) OVER () AS before FROM hp_correlation('sweep', 'val_loss')) h;

-- minimum, maximum, counts
SELECT count(*) AS "all", count(*) FILTER (WHERE (p.minimum, p.maximum, p.distinct_values) = (n.low, n.high, n.n) OR p.parameter = 'clip' AND (p.minimum, p.maximum, p.distinct_values - 1) = (n.low, n.high, n.n)) AS same
FROM hp_parameters('sweep', 'val_loss', trees => 1) p
     JOIN (SELECT parameter, min(x) AS low, max(x) AS high, count(DISTINCT x) AS n FROM numbers GROUP BY 1) n USING (parameter);

-- the levels: avg(), stddev_samp(), corr() of "is it this level" over all runs
CREATE TEMP TABLE texts AS
SELECT i, parameter, coalesce(CASE WHEN parameter IN ('amp', 'nesterov') THEN lower(config ->> parameter)
                                   WHEN parameter = 'clip' AND config ->> parameter <> 'off' THEN '(number)'
                                   WHEN parameter = 'dropout' AND config ? parameter THEN '(number)'
                                   ELSE config ->> parameter END, '(missing)') AS level, val_loss
FROM used, unnest('{amp,clip,dropout,momentum,nesterov,optimizer,width}'::text[]) parameter
WHERE NOT (parameter = 'momentum' AND config ? parameter);
INSERT INTO texts SELECT i, 'momentum', '(number)', val_loss FROM used WHERE config ? 'momentum';
SELECT h.parameter, h.level, h.runs, round(h.mean::numeric, 6) AS mean, round(h.correlation::numeric, 6) AS correlation,
       pg_temp.near(h.mean, o.mean) AS is_avg, pg_temp.near(h.stddev, o.stddev) AS is_stddev, pg_temp.near(h.correlation, o.correlation) AS is_corr
FROM hp_levels('sweep', 'val_loss') h
     FULL JOIN (SELECT parameter, level, count(*) AS runs, avg(val_loss) AS mean, stddev_samp(val_loss) AS stddev,
                       (SELECT corr((u.level = t.level)::int, u.val_loss) FROM texts u WHERE u.parameter = t.parameter) AS correlation
                FROM texts t WHERE level <> '(number)' GROUP BY 1, 2) o USING (parameter, level, runs)
ORDER BY parameter COLLATE "C", level = '(missing)', level COLLATE "C";
-- in the order of their bytes, what is missing last
SELECT string_agg(parameter || ' ' || level, ', ' ORDER BY place) FROM hp_levels('sweep', 'val_loss') WITH ORDINALITY l (parameter, level, r, m, s, c, p, place);
SELECT count(*) AS "all", count(*) FILTER (WHERE h.* IS NOT DISTINCT FROM s.*) AS same
FROM hp_levels('sweep', 'val_loss') h FULL JOIN hp_levels(hp_study('sweep', 'val_loss')) s USING (parameter, level);
-- a level that one run has, and one that all but one have
SELECT l.level, l.runs, mean, stddev, round(correlation::numeric, 9) AS correlation
FROM (SELECT hp_study_agg(jsonb_build_object('x', CASE WHEN i = 1 THEN 'one' ELSE 'others' END), i) AS study FROM generate_series(1, 4) i) s, hp_levels(study) l;
-- the correlation ratio: the share of the variance that lies between the levels, missing being one
SELECT parameter, pg_temp.near(association, between_ss / ss) AS is_ratio
FROM hp_parameters('sweep', 'val_loss', trees => 1)
     JOIN (SELECT parameter, sum(runs * (mean - (SELECT avg(val_loss) FROM used)) ^ 2) AS between_ss, (SELECT var_pop(val_loss) * count(*) FROM used) AS ss
           FROM (SELECT parameter, level, count(*) AS runs, avg(val_loss) AS mean FROM texts
                 WHERE parameter IN ('amp', 'nesterov', 'optimizer', 'width') GROUP BY 1, 2) l GROUP BY 1) r USING (parameter) ORDER BY 1;

--
-- Constants of SciPy 1.10: pearsonr and spearmanr of stats, with their p-values
--
CREATE TEMP TABLE constants (name, x, y, r, p, rho, rank_p) AS VALUES
    ('strong', '{1, 2, 3, 4, 5, 6, 7, 8}'::float8[], '{2.1, 3.9, 6.2, 7.8, 10.1, 12.2, 13.8, 16.1}'::float8[], 0.999419474795813, 4.888933612558556e-10, 1.0, 0.0),
    ('weak', '{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}', '{3, 1, 4, 1, 5, 9, 2, 6, 5, 3}', 0.33432539901899483, 0.34507104773311176, 0.3914537831560393, 0.2632875529923414),
    ('negative', '{0.1, 0.01, 0.001, 0.0001, 0.03, 0.003}', '{0.9, 0.5, 0.7, 0.8, 0.4, 0.45}', 0.4803190456542603, 0.334927767001853, -0.08571428571428573, 0.8717434402332361),
    ('ties', '{1, 1, 2, 2, 3, 3, 3, 4}', '{1, 2, 2, 2, 5, 1, 5, 7}', 0.7618140840390578, 0.028034869508513367, 0.6474358974358975, 0.08263300738714029),
    ('three', '{1, 2, 3}', '{1, 3, 2}', 0.4999999999999999, 0.6666666666666667, 0.5, 0.6666666666666667),
    ('binary', '{0, 1, 1, 0, 1, 0, 1}', '{1, 2.5, 2, 1.5, 3, 0.5, 1.75}', 0.821583836257749, 0.02339994281488973, 0.8660254037844388, 0.011724811003954599),
    ('outlier', '{1, 2, 3, 4, 5, 100}', '{5, 3, 4, 1, 2, 1000}', 0.9992576867037043, 8.263390266985851e-07, -0.028571428571428574, 0.9571545189504373),
    ('many', ARRAY(SELECT i FROM generate_series(1, 300) i), ARRAY(SELECT i + (i * 37 % 101) * 0.5 FROM generate_series(1, 300) i), 0.9861890344855021, 9.309258420286231e-235, 0.9867842976033067, 1.371231364464097e-237),
    ('noise', ARRAY(SELECT i FROM generate_series(1, 1000) i), ARRAY(SELECT i * 379 % 997 FROM generate_series(1, 1000) i), -0.0026254914451109826, 0.9339138542593273, NULL, 0.9337972983914129);
SELECT name, h.runs, pg_temp.near(h.pearson, r) AS pearson, abs(h.pearson_p_value / p - 1) < 1e-9 AS p_value,
       rho IS NULL OR pg_temp.near(h.spearman, rho) AS spearman,
       CASE WHEN rank_p = 0 THEN h.spearman_p_value = 0 ELSE abs(h.spearman_p_value / rank_p - 1) < 1e-9 END AS rank_p_value
FROM (SELECT name, r, p, rho, rank_p, hp_study_agg(jsonb_build_object('x', u.x), u.y) AS study
      FROM constants c, unnest(c.x, c.y) u (x, y) GROUP BY 1, 2, 3, 4, 5) s, hp_correlation(study) h ORDER BY name COLLATE "C";
-- point-biserial, of levels
SELECT l.level, pg_temp.near(correlation, r) AS correlation, abs(p_value / p - 1) < 1e-9 AS p_value
FROM (SELECT hp_study_agg(jsonb_build_object('g', g), y) AS study
      FROM unnest('{a,b,c,a,b,c,a,a}'::text[], '{1,2,4,1.5,2.5,3.5,1.25,1}'::float8[]) d (g, y)) s, hp_levels(study) l
     JOIN (VALUES ('a', -0.8431515167128915, 0.008547539141993086), ('b', 0.08392995778307397, 0.8433687956174329),
                  ('c', 0.8896575525005845, 0.0030868547381302275)) v (level, r, p) USING (level) ORDER BY 1;

--
-- Where it is not defined
--
CREATE FUNCTION pg_temp.correlation(x float8[], y float8[], OUT runs bigint, OUT pearson numeric, OUT p numeric, OUT spearman numeric, OUT rank_p numeric)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT h.runs, round(h.pearson::numeric, 9), round(h.pearson_p_value::numeric, 6), round(h.spearman::numeric, 9), round(h.spearman_p_value::numeric, 6)
    FROM (SELECT hp_study_agg(jsonb_strip_nulls(jsonb_build_object('x', u.x)), u.y) AS study FROM unnest(x, y) u (x, y)) s, hp_correlation(study) h
$$;
SELECT * FROM pg_temp.correlation('{1, 2}', '{1, 2}');
SELECT * FROM pg_temp.correlation('{1, 2}', '{2, 1}');
SELECT * FROM pg_temp.correlation('{1, 2, NULL}', '{1, 2, 3}');
SELECT * FROM pg_temp.correlation('{1}', '{1}');
SELECT * FROM pg_temp.correlation('{1, NULL}', '{1, 2}');
SELECT * FROM pg_temp.correlation('{1, 1, 1}', '{1, 2, 3}');
SELECT * FROM pg_temp.correlation('{1, 1, NULL}', '{1, 2, 3}');
SELECT * FROM pg_temp.correlation('{1, 2, 3}', '{1, 1, 1}');
SELECT * FROM pg_temp.correlation('{1, 2, 3}', '{2, 4, 6}');
SELECT * FROM pg_temp.correlation('{1, 2, 3, 4}', '{NULL, NaN, Infinity, -Infinity}');
SELECT h.* FROM (SELECT hp_study_agg('{}', 1) AS study) s, hp_correlation(study) h;
SELECT h.* FROM (SELECT hp_study_agg('{}', 1) AS study) s, hp_levels(study) h;
SELECT * FROM hp_correlation(NULL::hp_study);
SELECT * FROM hp_levels(NULL::hp_study);

--
-- Any magnitude: the correlation of what was scaled or shifted is the same
-- (nearly, where the mean is no double: PostgreSQL's corr() is off by 0.07 there)
--
CREATE TEMP TABLE plain AS
SELECT i, (i * 37 % 101)::float8 AS x, (i + i * 37 % 101)::float8 AS y FROM generate_series(1, 200) i;
SELECT what, pg_temp.near(pearson, r, tolerance) AS pearson, pg_temp.near(spearman, rho, tolerance) AS spearman
FROM (SELECT pearson AS r, spearman AS rho FROM hp_correlation('plain', 'y', '{x}')) p,
     (VALUES ('1e300', 1e-12, 1e300, 0.0, 1e300, 0.0), ('-1e305', 1e-12, -1e306, 0.0, -4e305, 0.0), ('1e-300', 1e-12, 1e-300, 0, 1e-300, 0),
             ('denormal', 1e-4, 5e-324, 0, 5e-324, 0), ('one of each', 1e-12, 1e-300, 0, 1e300, 0),
             ('shifted by 2^52', 1e-4, 1, 4503599627370496, 1, -4503599627370496),
             ('shifted by 1e9', 1e-5, 0.001, 1e9, 0.001, -1e9)) v (what, tolerance, xs, x0, ys, y0),
     LATERAL (SELECT hp_study_agg(jsonb_build_object('x', xs::float8 * x + x0::float8), ys::float8 * y + y0::float8) AS study FROM plain) s,
     hp_correlation(study);
-- numbers shifted by 1e9 lose digits themselves: against corr() of what is left of them
SELECT pg_temp.near(pearson, (SELECT corr(0.001 * x + 1e9 - 1e9, 0.001 * y - 1e9 + 1e9) FROM plain)) AS pearson
FROM (SELECT hp_study_agg(jsonb_build_object('x', 0.001::float8 * x + 1e9::float8), 0.001::float8 * y - 1e9::float8) AS study FROM plain) s, hp_correlation(study);
-- from end to end of double
SELECT pearson, spearman FROM pg_temp.correlation('{-1.7976931348623157e308, 0, 1.7976931348623157e308}', '{-1.7976931348623157e308, 1.7976931348623157e308, 1.7976931348623157e308}');
SELECT level, mean, round(stddev / 1e300) AS stddev, round(correlation::numeric, 9) AS correlation
FROM (SELECT hp_study_agg(jsonb_build_object('x', 'level ' || i % 2), (i / 2 % 2 + i % 2) * 1e300) AS study FROM generate_series(0, 7) i) s, hp_levels(study);
SELECT level, mean, stddev, round(correlation::numeric, 9) AS correlation
FROM (SELECT hp_study_agg(jsonb_build_object('x', 'level ' || i % 2), CASE i % 2 WHEN 0 THEN 1.7976931348623157e308 ELSE -1.7976931348623157e308 END) AS study FROM generate_series(0, 7) i) s, hp_levels(study);
-- a perfect correlation is 1, not a bit more
SELECT min(pearson) >= 1 - 1e-15 AND max(pearson) <= 1 AS one, max(pearson_p_value) < 1e-7 AS certain
FROM generate_series(3, 40) n, LATERAL (SELECT hp_study_agg(jsonb_build_object('x', i * 0.1), i * 0.7 + 0.3) AS study FROM generate_series(1, n) i) s, hp_correlation(study);
-- nor does the order of the rows change a bit
SELECT count(DISTINCT (pearson, pearson_p_value, spearman)) AS answers
FROM generate_series(1, 10) k, LATERAL (SELECT hp_study_agg(config, val_loss ORDER BY i * 389 * k % 601) AS study FROM sweep) s, hp_correlation(study) WHERE parameter = 'lr';
