/*
 * describe.c
 *		What can be said of a parameter without a forest.
 *
 * All sums run over the canonical order of the frame.
 */
#include <math.h>

#include "association.h"
#include "describe.h"

static bool
has_number(const HpColumn *column, uint32_t code)
{
	return code > column->n_words;
}

/* The numbers of a column and the metric beside them; returns how many. */
static uint32_t
collect_pairs(const HpEnv *env, const HpFrame *frame, const HpColumn *column,
			  double **x, double **y)
{
	uint32_t	n = 0;

	*x = hp_alloc(env, frame->n_runs, sizeof(double));
	*y = hp_alloc(env, frame->n_runs, sizeof(double));
	for (uint32_t run = 0; run < frame->n_runs; run++)
	{
		uint32_t	code = hp_column_code(column, run);

		if (!has_number(column, code))
			continue;
		(*x)[n] = column->exact != NULL ? column->exact[run] :
			column->numbers[code];
		(*y)[n++] = frame->metric[run];
	}
	return n;
}

static double
ratio_of(const HpEnv *env, const HpFrame *frame, const HpColumn *column)
{
	uint32_t   *group = hp_alloc(env, frame->n_runs, sizeof(uint32_t));

	for (uint32_t run = 0; run < frame->n_runs; run++)
		group[run] = hp_column_code(column, run);
	return hp_correlation_ratio(env, group, column->n_codes, frame->metric,
								frame->n_runs);
}

HpDescription
hp_describe(const HpEnv *env, const HpFrame *frame, const HpColumn *column)
{
	HpDescription d = {
		.minimum = NAN, .maximum = NAN, .pearson = NAN, .p_value = NAN,
		.spearman = NAN, .spearman_p_value = NAN, .eta2 = NAN
	};
	double	   *x;
	double	   *y;
	uint32_t	n;
	double		only;

	if (column->role == HP_CONSTANT && column->distinct == 1 &&
		hp_read_text(column->only, &only) != HP_READS_WORD &&
		column->kind != HP_CATEGORICAL)
	{
		d.minimum = d.maximum = only;
		d.pairs = column->runs;
	}
	if (column->role != HP_PARAMETER)
		return d;
	hp_tick(env);
	if (column->kind != HP_NUMERIC)
		d.eta2 = ratio_of(env, frame, column);
	if (column->kind == HP_CATEGORICAL)
		return d;
	d.pairs = n = collect_pairs(env, frame, column, &x, &y);
	for (uint32_t i = 0; i < n; i++)
	{
		d.minimum = fmin(d.minimum, x[i]);	/* of a NaN and a number fmin */
		d.maximum = fmax(d.maximum, x[i]);	/* takes the number */
	}
	hp_tick(env);
	d.pearson = hp_pearson(x, y, n);
	d.p_value = hp_correlation_p_value(d.pearson, d.pairs);
	hp_tick(env);
	d.spearman = hp_spearman(env, x, y, n);
	d.spearman_p_value = hp_correlation_p_value(d.spearman, d.pairs);
	return d;
}

/* ---- the metric ---- */

#define MOST_OF_VARIANCE	0.9

/* The metric is sorted: the furthest from the mean are at either end. */
static void
find_extremes(const HpFrame *frame, HpMetric *m)
{
	HpMoments	moments = hp_moments(frame->metric, frame->n_runs);
	uint32_t	first = 0;
	uint32_t	end = frame->n_runs;
	double		sum = 0;

	m->mean = moments.mean;
	while (first < end && sum < MOST_OF_VARIANCE * moments.sum_squares)
	{
		double		low = hp_moments_scaled(&moments, frame->metric[first]);
		double		high = hp_moments_scaled(&moments, frame->metric[end - 1]);

		if (-low > high)
		{
			sum += low * low;
			first++;
		}
		else
		{
			sum += high * high;
			end--;
		}
		m->extremes++;
	}
	m->share = fmin(1, sum / moments.sum_squares);
}

HpMetric
hp_describe_metric(const HpFrame *frame)
{
	HpMetric	m = {
		.minimum = NAN, .median = NAN, .maximum = NAN, .mean = NAN
	};
	uint32_t	n = frame->n_runs;
	const double *y = frame->metric;

	if (n == 0)
		return m;
	m.minimum = y[0];
	m.maximum = y[n - 1];
	m.median = y[(n - 1) / 2] / 2 + y[n / 2] / 2;
	find_extremes(frame, &m);
	return m;
}

/* ---- levels ---- */

/* Runs sorted by code: start[c] .. start[c + 1] are the metrics of code c. */
typedef struct ByCode
{
	uint32_t   *start;			/* n_codes + 1 */
	double	   *metric;
} ByCode;

static ByCode
group_by_code(const HpEnv *env, const HpFrame *frame, const HpColumn *column)
{
	ByCode		by = {
		.start = hp_alloc0(env, (size_t) column->n_codes + 2,
						   sizeof(uint32_t)),
		.metric = hp_alloc(env, frame->n_runs, sizeof(double))
	};
	uint32_t   *place = by.start + 1;

	for (uint32_t run = 0; run < frame->n_runs; run++)
		place[hp_column_code(column, run) + 1]++;
	for (uint32_t c = 0; c < column->n_codes; c++)
		place[c + 1] += place[c];
	/* filling moves place[c], the start of c, to its end: start[c + 1] */
	for (uint32_t run = 0; run < frame->n_runs; run++)
		by.metric[place[hp_column_code(column, run)]++] = frame->metric[run];
	return by;
}

/*
 * Pearson's correlation of a 0/1 indicator with n1 ones is, by sums alone,
 *
 *	  r = (mean1 - mean) / sd * sqrt(n1 / (n - n1))
 *
 * with the population standard deviation of the metric over all n runs.
 */
static HpLevelDescription
describe_level(const HpFrame *frame, const HpMoments *all, uint32_t code,
			   const double *metric, uint32_t runs)
{
	HpMoments	m = hp_moments(metric, runs);
	uint32_t	n = frame->n_runs;
	HpLevelDescription d = {
		.code = code,
		.runs = runs,
		.mean = m.mean,
		.stddev = hp_stddev(&m, runs),
		.correlation = NAN,
		.p_value = NAN
	};

	if (runs < n && all->sum_squares > 0)
	{
		double		difference = ldexp(m.mean / 2 - all->mean / 2,
									   1 - all->exponent);
		double		r = difference / sqrt(all->sum_squares / n) *
			sqrt(runs / (double) (n - runs));

		d.correlation = fmax(-1, fmin(1, r));
		d.p_value = hp_correlation_p_value(d.correlation, n);
	}
	return d;
}

HpLevelDescription *
hp_describe_levels(const HpEnv *env, const HpFrame *frame,
				   const HpColumn *column, uint32_t *n)
{
	uint32_t	n_levels = column->kind == HP_NUMERIC ?
		column->n_words + 1 : column->n_codes;
	HpLevelDescription *levels = hp_alloc(env, n_levels,
										  sizeof(HpLevelDescription));
	HpMoments	all = hp_moments(frame->metric, frame->n_runs);
	ByCode		by = group_by_code(env, frame, column);

	*n = 0;
	for (uint32_t c = 0; c < n_levels; c++)
	{
		uint32_t	runs = by.start[c + 1] - by.start[c];

		if (c % 256 == 0)
			hp_tick(env);
		if (runs > 0)
			levels[(*n)++] = describe_level(frame, &all, c,
											by.metric + by.start[c], runs);
	}
	return levels;
}
