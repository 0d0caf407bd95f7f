-- The tour that `make demo` shows, on the table that load.sql makes.
\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset border 1
\pset linestyle unicode
\pset footer off
-- four digits are plenty to read; without this float8 shows all it has
SET extra_float_digits = -11;

\echo
\echo '1. What was loaded: a hyperparameter sweep, every run with its config and its'
\echo '   metric as they were logged (a small neural network that learns to read'
\echo '   handwritten digits, trained for real).'
\echo
SELECT count(*) AS runs, count(*) FILTER (WHERE state = 'finished') AS finished,
	count(*) FILTER (WHERE state = 'diverged') AS diverged,
	count(*) FILTER (WHERE state = 'failed') AS failed
FROM runs;
SELECT id, val_loss, left((config->'optimizer')::text, 54) || ' …' AS "config, a part of it"
FROM runs ORDER BY created LIMIT 3;

\echo
\echo '2. Which hyperparameters matter for val_loss? That is the whole question:'
\echo
\echo '      SELECT * FROM hp_importance(''runs'', ''val_loss'');'
\echo
SELECT * FROM hp_importance('runs', 'val_loss');

\echo
\echo '3. The same as a chart, drawn in SQL; + means that the loss rises with the'
\echo '   parameter, - that it falls, blank that there is no single direction (a'
\echo '   category, a valley, next to nothing).'
\echo
SELECT parameter,
	repeat('█', round(40 * importance / max(importance) OVER ())::int) AS chart,
	to_char(100 * importance, '990.0%') AS share,
	CASE WHEN least(correlation, rank_correlation) > 0.1 THEN '+'
		WHEN greatest(correlation, rank_correlation) < -0.1 THEN '-' END AS "±"
FROM hp_parameters('runs', 'val_loss')
WHERE importance >= 0.01
ORDER BY importance DESC;

\echo
\echo '4. How far to trust it: how well these hyperparameters predict runs that the'
\echo '   forest has not seen (out-of-bag R², 1 at best), and which runs were left out.'
\echo
SELECT * FROM hp_quality('runs', 'val_loss')
\gx

\echo
\echo '5. A category has no correlation of its own, but each of its levels has. Here'
\echo '   are those of the category that matters most:'
\echo
WITH levels AS (
	SELECT * FROM hp_levels('runs', 'val_loss')
)
SELECT * FROM levels
WHERE parameter = (SELECT parameter FROM hp_importance('runs', 'val_loss')
	WHERE correlation IS NULL AND parameter IN (SELECT parameter FROM levels)
	ORDER BY importance DESC LIMIT 1);

\echo
\echo '6. How sure is it? What another sweep of as many runs would change (standard'
\echo '   error), and whether a parameter that does nothing would have come as far by'
\echo '   chance (p-value, adjusted for having looked at all of them).'
\echo
SELECT parameter, importance, standard_error, p_value_adjusted
FROM hp_parameters('runs', 'val_loss')
ORDER BY importance DESC LIMIT 8;

\echo
\echo '7. What to try next: drop what clearly costs, freeze what makes no difference.'
\echo '   gain is by how much the loss should fall on average for it.'
\echo
SELECT parameter, advice, low, high, levels, gain, gain_stddev
FROM hp_suggest('runs', 'val_loss')
LIMIT 8;
