/*
 * describe.c
 *		What can be said of a parameter without a forest.
 *
 * All sums run over the canonical order of the frame.
 */
#include <math.h>

#include "describe.h"
#include "order.h"

static bool
has_number(const HpColumn *column, uint32_t code)
{
	return code > column->n_words;
}

/* The numbers of a column and the metric beside them. */
typedef struct Pairs
{
	uint32_t	n;
	double	   *x;
	double	   *y;				/* ascends, as the frame's metric does */
	HpMoments	moments;		/* of y */
} Pairs;

static Pairs
collect_pairs(const HpEnv *env, const HpFrame *frame, const HpColumn *column)
{
	Pairs		pairs = {
		.x = hp_alloc(env, frame->n_runs, sizeof(double)),
		.y = hp_alloc(env, frame->n_runs, sizeof(double))
	};
	uint32_t	n = 0;

	for (uint32_t run = 0; run < frame->n_runs; run++)
	{
		uint32_t	code = hp_column_code(column, run);

		if (!has_number(column, code))
			continue;
		pairs.x[n] = column->exact != NULL ? column->exact[run] :
			column->numbers[code];
		pairs.y[n++] = frame->metric[run];
	}
	pairs.n = n;
	/* most parameters are in every run */
	pairs.moments = n == frame->n_runs ? frame->moments :
		hp_moments(pairs.y, n);
	return pairs;
}

/* The ranks of the numbers of a column, by counting: codes are in order. */
static void
rank_by_code(const HpEnv *env, const HpFrame *frame, const HpColumn *column,
			 double *ranks)
{
	uint32_t   *count = hp_alloc0(env, column->n_codes, sizeof(uint32_t));
	double	   *rank_of = hp_alloc(env, column->n_codes, sizeof(double));
	uint32_t	before = 0;
	uint32_t	n = 0;

	for (uint32_t run = 0; run < frame->n_runs; run++)
		count[hp_column_code(column, run)]++;
	for (uint32_t c = column->n_words + 1; c < column->n_codes; c++)
	{
		rank_of[c] = hp_shared_rank(before, before + count[c]);
		before += count[c];
	}
	for (uint32_t run = 0; run < frame->n_runs; run++)
	{
		uint32_t	code = hp_column_code(column, run);

		if (has_number(column, code))
			ranks[n++] = rank_of[code];
	}
}

static double
spearman_of(const HpEnv *env, const HpFrame *frame, const HpColumn *column,
			const Pairs *pairs)
{
	double	   *ranks_x = hp_alloc(env, pairs->n, sizeof(double));
	double	   *ranks_y = hp_alloc(env, pairs->n, sizeof(double));

	if (column->exact != NULL)	/* codes stand for more than one number */
		hp_ranks(env, pairs->x, ranks_x, pairs->n);
	else
		rank_by_code(env, frame, column, ranks_x);
	hp_tick(env);
	hp_ranks_of_sorted(pairs->y, ranks_y, pairs->n);
	return hp_spearman(ranks_x, ranks_y, pairs->n);
}

/* Both NaN if there are no pairs. */
static void
find_range(HpDescription *d, const Pairs *pairs)
{
	if (pairs->n == 0)
		return;
	d->minimum = d->maximum = pairs->x[0];
	for (uint32_t i = 1; i < pairs->n; i++)
	{
		if (pairs->x[i] < d->minimum)
			d->minimum = pairs->x[i];
		if (pairs->x[i] > d->maximum)
			d->maximum = pairs->x[i];
	}
}

static double
ratio_of(const HpEnv *env, const HpFrame *frame, const HpColumn *column)
{
	uint32_t   *group = hp_alloc(env, frame->n_runs, sizeof(uint32_t));

	for (uint32_t run = 0; run < frame->n_runs; run++)
		group[run] = hp_column_code(column, run);
	return hp_correlation_ratio(env, group, column->n_codes, frame->metric,
								&frame->moments, frame->n_runs);
}

HpDescription
hp_describe(const HpEnv *env, const HpFrame *frame, const HpColumn *column)
{
	HpDescription d = {
		.minimum = NAN, .maximum = NAN, .pearson = NAN, .p_value = NAN,
		.spearman = NAN, .spearman_p_value = NAN, .eta2 = NAN
	};
	Pairs		pairs;
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
	pairs = collect_pairs(env, frame, column);
	d.pairs = pairs.n;
	find_range(&d, &pairs);
	hp_tick(env);
	d.pearson = hp_pearson_with(pairs.x, pairs.y, &pairs.moments, pairs.n);
	d.p_value = hp_correlation_p_value(d.pearson, d.pairs);
	hp_tick(env);
	d.spearman = spearman_of(env, frame, column, &pairs);
	d.spearman_p_value = hp_correlation_p_value(d.spearman, d.pairs);
	return d;
}

/* ---- the metric ---- */

#define MOST_OF_VARIANCE	0.9

/* The metric is sorted: the furthest from the mean are at either end. */
static void
find_extremes(const HpFrame *frame, HpMetric *m)
{
	const HpMoments *moments = &frame->moments;
	uint32_t	first = 0;
	uint32_t	end = frame->n_runs;
	double		sum = 0;

	m->mean = moments->mean;
	while (first < end && sum < MOST_OF_VARIANCE * moments->sum_squares)
	{
		double		low = hp_moments_scaled(moments, frame->metric[first]);
		double		high = hp_moments_scaled(moments, frame->metric[end - 1]);

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
	m->share = fmin(1, sum / moments->sum_squares);
}

/* Halves first would lose the last bit of the smallest numbers. */
static double
middle(double a, double b)
{
	double		sum = a + b;

	return isinf(sum) ? a / 2 + b / 2 : sum / 2;
}

HpMetric
hp_describe_metric(const HpFrame *frame)
{
	HpMetric	m = {
		.minimum = NAN, .median = NAN, .maximum = NAN, .mean = NAN,
		.stddev = NAN
	};
	uint32_t	n = frame->n_runs;
	const double *y = frame->metric;

	if (n == 0)
		return m;
	m.minimum = y[0];
	m.maximum = y[n - 1];
	m.median = middle(y[(n - 1) / 2], y[n / 2]);
	m.stddev = hp_stddev(&frame->moments, n);
	if (isinf(m.stddev))
		m.stddev = NAN;
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
describe_level(const HpFrame *frame, uint32_t code, const double *metric,
			   uint32_t runs)
{
	const HpMoments *all = &frame->moments;
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
	ByCode		by = group_by_code(env, frame, column);

	*n = 0;
	for (uint32_t c = 0; c < n_levels; c++)
	{
		uint32_t	runs = by.start[c + 1] - by.start[c];

		if (c % 256 == 0)
			hp_tick(env);
		if (runs > 0)
			levels[(*n)++] = describe_level(frame, c,
											by.metric + by.start[c], runs);
	}
	return levels;
}
