/*
 * suggest.c
 *		What the next sweep should keep of what was tried of a parameter.
 *
 * A bin is dropped if the trees agree that it is worse than the best one, and
 * by enough to be worth it:
 *
 *		d = mean over trees of (curve at the bin - curve at the best) >
 *			1.25 standard deviations of it over trees,
 *			a tenth of the height of the curve, and
 *			a tenth of the standard deviation of the metric
 *
 * The standard deviation is that of one tree.  Trees stand for other samples
 * of runs that might have been had; a mean of them varies less than one does,
 * so that this errs on the side of keeping.  The other two bounds keep what is
 * nearly as good where runs are so many that every difference is clear.
 *
 * A marginal curve is a mean over the other parameters: where the best value
 * of one depends on another, it may be flat or even mislead.  The best runs
 * show such values.  So whatever the curve says, the middle two thirds of the
 * best runs are kept.
 *
 * The figures were chosen on simulated surfaces, additive and interacting: one
 * standard deviation and the middle half narrow more, but lose the best values
 * about twice as often.
 */
#include <math.h>

#include "share.h"
#include "suggest.h"

/* A difference of so many standard deviations is clear; for a parameter that
 * seems not to matter it only says that this may be wrong, unless it is more. */
#define CLEAR			1.25
#define CLEAR_AGAINST	2

/* Of values that differ in nothing clear, so much is reason to choose. */
#define HINT			0.5

/* It is worth dropping a bin for so much of the curve's height, or of the
 * standard deviation of the metric. */
#define WORTH_DROPPING	0.1

/* All but one in so many of the best runs, at either end, are kept. */
#define BEST_TAIL		6

/* The slope at an end is that of so many of the runs there to as many more. */
#define END_SHARE		0.15

#define NO_BIN			UINT32_MAX

/* ---- what the curves say ---- */

typedef struct Suggester
{
	const HpEnv *env;
	const HpTried *tried;
	const HpBins *bins;
	const HpCurves *curves;
	double	   *mean;			/* by bin, small is good */
	double		clear;			/* standard deviations of a clear difference */
	double	   *weight;			/* by bin, for what is asked just now */
	HpSuggestion *suggestion;
} Suggester;

/* The curve of a tree at a bin, small being good. */
static double
curve_at(const Suggester *s, uint32_t tree, uint32_t bin)
{
	double		value = s->curves->values[(size_t) tree * s->bins->n + bin];

	return s->curves->maximize ? -value : value;
}

static void
find_best(Suggester *s)
{
	uint32_t	best = 0;

	s->mean = hp_alloc0(s->env, s->bins->n, sizeof(double));
	for (uint32_t t = 0; t < s->curves->n_trees; t++)
	{
		hp_tick(s->env);
		for (uint32_t b = 0; b < s->bins->n; b++)
			s->mean[b] += curve_at(s, t, b);
	}
	for (uint32_t b = 0; b < s->bins->n; b++)
	{
		s->mean[b] /= s->curves->n_trees;
		if (s->mean[b] < s->mean[best])
			best = b;
	}
	s->suggestion->best = best;
}

/* Over trees; infinite for a single one, which tells nothing of it. */
static double
stddev_of(const HpSpread *spread)
{
	return spread->n < 2 ? INFINITY : hp_spread_stddev(spread);
}

/*
 * Mean and standard deviation over trees of a weighted sum of each tree's
 * curve (s->weight).
 */
static double
weigh_curves(const Suggester *s, double *stddev)
{
	HpSpread	spread = {0};

	for (uint32_t t = 0; t < s->curves->n_trees; t++)
	{
		double		sum = 0;

		if (t % 64 == 0)
			hp_tick(s->env);
		for (uint32_t b = 0; b < s->bins->n; b++)
			if (s->weight[b] != 0)
				sum += s->weight[b] * curve_at(s, t, b);
		hp_spread_add(&spread, sum);
	}
	*stddev = stddev_of(&spread);
	return spread.mean;
}

/* The same of the difference of two bins: asked of each, be they many. */
static double
compare_bins(const Suggester *s, uint32_t bin, uint32_t with, double *stddev)
{
	HpSpread	spread = {0};

	hp_tick(s->env);
	for (uint32_t t = 0; t < s->curves->n_trees; t++)
		hp_spread_add(&spread, curve_at(s, t, bin) - curve_at(s, t, with));
	*stddev = stddev_of(&spread);
	return spread.mean;
}

static void
clear_weights(const Suggester *s)
{
	for (uint32_t b = 0; b < s->bins->n; b++)
		s->weight[b] = 0;
}

/* Add the bins first .. last, by their runs, with a sum of weights. */
static void
add_weights(const Suggester *s, uint32_t first, uint32_t last, double sum)
{
	double		runs = 0;

	for (uint32_t b = first; b <= last; b++)
		runs += s->bins->runs[b];
	for (uint32_t b = first; b <= last; b++)
		s->weight[b] += sum * (s->bins->runs[b] / runs);
}

/* Whether a bin is as good as the best, as far as the trees can tell. */
static bool
is_as_good(const Suggester *s, uint32_t bin, double height)
{
	double		stddev;
	double		worse = compare_bins(s, bin, s->suggestion->best, &stddev);

	return bin == s->suggestion->best || worse <= s->clear * stddev ||
		worse <= WORTH_DROPPING * height ||
		worse <= WORTH_DROPPING * s->curves->metric_stddev;
}

static double
curve_height(const Suggester *s)
{
	double		lowest = s->mean[s->suggestion->best];
	double		highest = lowest;

	for (uint32_t b = 0; b < s->bins->n; b++)
		if (s->mean[b] > highest)
			highest = s->mean[b];
	return highest - lowest;
}

/* Keep the numbers around the best of them that are as good. */
static void
keep_stretch(const Suggester *s, const bool *good)
{
	uint32_t	best = s->bins->n_levels;

	for (uint32_t b = best; b < s->bins->n; b++)
		if (s->mean[b] < s->mean[best])
			best = b;
	for (uint32_t b = best; b < s->bins->n && good[b]; b++)
		s->suggestion->kept[b] = true;
	for (uint32_t b = best; b > s->bins->n_levels && good[b - 1] && good[best]; b--)
		s->suggestion->kept[b - 1] = true;
}

static void
keep_by_curves(const Suggester *s)
{
	double		height = curve_height(s);
	bool	   *good = hp_alloc(s->env, s->bins->n, sizeof(bool));

	for (uint32_t b = 0; b < s->bins->n; b++)
		good[b] = is_as_good(s, b, height);
	for (uint32_t b = 0; b < s->bins->n_levels; b++)
		s->suggestion->kept[b] = good[b];
	if (s->bins->n > s->bins->n_levels)
		keep_stretch(s, good);
}

/* ---- what the best runs have ---- */

/* The best runs that have a number. */
static uint64_t
best_with_number(const HpBins *bins)
{
	uint64_t	n = 0;

	for (uint32_t b = bins->n_levels; b < bins->n; b++)
		n += bins->best[b];
	return n;
}

/* The bin of the best run number `rank` (from 0) by its number. */
static uint32_t
bin_of_rank(const HpBins *bins, uint64_t rank)
{
	uint64_t	before = 0;

	for (uint32_t b = bins->n_levels; b < bins->n; b++)
	{
		before += bins->best[b];
		if (rank < before)
			return b;
	}
	return NO_BIN;
}

/* Keep the middle of the numbers of the best runs, and all between. */
static void
keep_middle(const Suggester *s, uint64_t n)
{
	uint32_t	first = bin_of_rank(s->bins, (n - 1) / BEST_TAIL);
	uint32_t	last = bin_of_rank(s->bins, n - 1 - (n - 1) / BEST_TAIL);
	bool	   *kept = s->suggestion->kept;

	for (uint32_t b = s->bins->n_levels; b < s->bins->n; b++)
		if (kept[b])
		{
			first = b < first ? b : first;
			last = b > last ? b : last;
		}
	for (uint32_t b = first; b <= last; b++)
		kept[b] = true;
}

/*
 * Keep the fewest levels that hold two thirds of the best runs; the numbers
 * together count as one of them.
 */
static void
keep_best_runs(const Suggester *s)
{
	const HpBins *bins = s->bins;
	uint64_t	numbers = best_with_number(bins);
	uint64_t	all = numbers;
	uint64_t	held = 0;
	bool	   *taken = hp_alloc0(s->env, bins->n_levels + 1, sizeof(bool));

	for (uint32_t b = 0; b < bins->n_levels; b++)
		all += bins->best[b];
	while (BEST_TAIL * held < (BEST_TAIL - 2) * all)
	{
		uint32_t	most = bins->n_levels;	/* the numbers */
		uint64_t	n = taken[most] ? 0 : numbers;

		for (uint32_t b = 0; b < bins->n_levels; b++)
			if (!taken[b] && (bins->best[b] > n ||
							  (bins->best[b] == n && n > 0 &&
							   most < bins->n_levels &&
							   s->mean[b] < s->mean[most])))
			{
				most = b;
				n = bins->best[b];
			}
		taken[most] = true;
		held += n;
		if (most == bins->n_levels)
			keep_middle(s, numbers);
		else
			s->suggestion->kept[most] = true;
		hp_tick(s->env);
	}
}

/* ---- beyond the ends ---- */

/* The bin where runs from the end (last or first) make a share of those. */
static uint32_t
bin_from_end(const HpBins *bins, bool upward, uint32_t from, double share)
{
	double		all = 0;
	double		sum = 0;
	uint32_t	b = from;

	for (uint32_t i = bins->n_levels; i < bins->n; i++)
		all += bins->runs[i];
	for (;;)
	{
		sum += bins->runs[b];
		if (sum >= share * all || b == (upward ? bins->n_levels : bins->n - 1))
			return b;
		b = upward ? b - 1 : b + 1;
	}
}

/* Numbers end at 0 by nature if none is below, and shares at 1. */
static bool
ends_by_nature(const HpTried *tried, bool upward)
{
	if (upward)
		return tried->maximum == 1 && tried->minimum >= 0 &&
			!hp_tried_integers(tried);
	return tried->minimum == 0;
}

/* Whether the metric still gets better where the numbers end. */
static bool
improves_at_end(const Suggester *s, bool upward)
{
	const HpBins *bins = s->bins;
	uint32_t	end = upward ? bins->n - 1 : bins->n_levels;
	uint32_t	inner = bin_from_end(bins, upward, end, END_SHARE);
	uint32_t	next;
	uint32_t	far;
	double		stddev;
	double		worse;

	if (inner == (upward ? bins->n_levels : bins->n - 1) ||
		(upward ? s->suggestion->best < inner : s->suggestion->best > inner))
		return false;
	next = upward ? inner - 1 : inner + 1;
	far = bin_from_end(bins, upward, next, END_SHARE);
	clear_weights(s);
	if (upward)
	{
		add_weights(s, far, next, 1);
		add_weights(s, inner, end, -1);
	}
	else
	{
		add_weights(s, next, far, 1);
		add_weights(s, end, inner, -1);
	}
	worse = weigh_curves(s, &stddev);
	return worse > s->clear * stddev;
}

static bool
is_to_extend(const Suggester *s)
{
	const HpBins *bins = s->bins;

	/* of two numbers one is the better, and it lies at an end */
	if (bins->n - bins->n_levels < 3 || s->suggestion->best < bins->n_levels)
		return false;
	for (int upward = 0; upward < 2; upward++)
		if (!ends_by_nature(s->tried, upward) && improves_at_end(s, upward))
		{
			s->suggestion->upward = upward;
			return true;
		}
	return false;
}

/* ---- one value ---- */

/* The median code of bins first .. last, by counts of runs; they have some. */
static uint32_t
median_code(const HpBins *bins, uint32_t first, uint32_t last,
			const uint32_t *counts)
{
	uint64_t	all = 0;
	uint64_t	before = 0;
	uint32_t	c = bins->first[first];

	for (uint32_t i = c; i <= bins->last[last]; i++)
		all += counts[i];
	for (;; c++)
	{
		before += counts[c];
		if (2 * before >= all)
			return c;
	}
}

static uint32_t
bin_of_code(const HpBins *bins, uint32_t code)
{
	uint32_t	b = 0;

	while (code > bins->last[b])
		b++;
	return b;
}

/*
 * The level that most of the best runs have, or the median of their numbers if
 * more of them have a number.  Where none of them has any, of all runs.
 */
static uint32_t
most_common(const Suggester *s)
{
	const HpBins *bins = s->bins;
	uint64_t	best = 0;
	uint64_t	most = 0;
	uint64_t	numbers = 0;
	const uint32_t *counts;
	const uint32_t *of_bins;
	uint32_t	code = 0;

	for (uint32_t b = 0; b < bins->n; b++)
		best += bins->best[b];
	counts = best > 0 ? s->tried->best_of : s->tried->runs_of;
	of_bins = best > 0 ? bins->best : bins->runs;
	for (uint32_t b = 0; b < bins->n; b++)
		if (b >= bins->n_levels)
			numbers += of_bins[b];
		else if (of_bins[b] > most)
		{
			most = of_bins[b];
			code = bins->first[b];
		}
	return numbers > most ?
		median_code(bins, bins->n_levels, bins->n - 1, counts) : code;
}

/*
 * The value to freeze at: what is most common among the best runs, unless the
 * curve prefers another in their middle by more than a hint.
 */
static uint32_t
find_frozen(const Suggester *s)
{
	const HpBins *bins = s->bins;
	uint32_t	common = most_common(s);
	uint32_t	bin = bin_of_code(bins, common);
	uint32_t	better = bin;
	double		stddev;

	for (uint32_t b = 0; b < bins->n; b++)
		s->suggestion->kept[b] = false;
	keep_best_runs(s);
	for (uint32_t b = 0; b < bins->n; b++)
		if (s->suggestion->kept[b] && s->mean[b] < s->mean[better])
			better = b;
	if (!(compare_bins(s, bin, better, &stddev) > HINT * stddev))
		return common;
	return median_code(bins, better, better,
					   bins->best[better] > 0 ? s->tried->best_of : s->tried->runs_of);
}

/* ---- bounds ---- */

static void
find_bounds(const Suggester *s)
{
	const HpBins *bins = s->bins;
	const HpTried *tried = s->tried;
	HpSuggestion *suggestion = s->suggestion;
	uint32_t	first = NO_BIN;
	uint32_t	last = NO_BIN;
	double		range;

	for (uint32_t b = bins->n_levels; b < bins->n; b++)
		if (suggestion->kept[b])
		{
			first = first == NO_BIN ? b : first;
			last = b;
		}
	if (first == NO_BIN)
		return;
	suggestion->low = first == bins->n_levels ? tried->minimum :
		tried->numbers[bins->first[first]];
	suggestion->high = last == bins->n - 1 ? tried->maximum :
		tried->numbers[bins->last[last]];
	range = suggestion->high - suggestion->low;
	if (bins->few)
		return;					/* the values themselves are taken */
	if (first > bins->n_levels)
		suggestion->low = hp_tried_round(tried, suggestion->low, range, false);
	if (last < bins->n - 1)
		suggestion->high = hp_tried_round(tried, suggestion->high, range, true);
}

/* ---- all of it ---- */

static bool
keeps_all(const Suggester *s)
{
	for (uint32_t b = 0; b < s->bins->n; b++)
		if (!s->suggestion->kept[b])
			return false;
	return true;
}

static void
keep_all(const Suggester *s)
{
	for (uint32_t b = 0; b < s->bins->n; b++)
		s->suggestion->kept[b] = true;
}

/* The mean of the curves over all bins less that over those kept. */
static void
find_gain(const Suggester *s)
{
	double		all = 0;
	double		kept = 0;

	for (uint32_t b = 0; b < s->bins->n; b++)
	{
		all += s->bins->runs[b];
		kept += s->suggestion->kept[b] ? s->bins->runs[b] : 0;
	}
	for (uint32_t b = 0; b < s->bins->n; b++)
		s->weight[b] = s->bins->runs[b] / all -
			(s->suggestion->kept[b] ? s->bins->runs[b] / kept : 0);
	s->suggestion->gain = weigh_curves(s, &s->suggestion->gain_stddev);
	if (isinf(s->suggestion->gain_stddev))
		s->suggestion->gain_stddev = NAN;
}

/*
 * Narrow by the curves and the best runs; whether anything can be dropped.
 * Differences are clear from so many standard deviations on.
 */
static bool
narrow(Suggester *s, double clear)
{
	s->clear = clear;
	for (uint32_t b = 0; b < s->bins->n; b++)
		s->suggestion->kept[b] = false;
	keep_by_curves(s);
	keep_best_runs(s);
	find_gain(s);
	return !keeps_all(s) && s->suggestion->gain > 0;
}

/* Keep one code alone. */
static void
freeze(const Suggester *s)
{
	uint32_t	code = find_frozen(s);

	s->suggestion->frozen = code;
	for (uint32_t b = 0; b < s->bins->n; b++)
		s->suggestion->kept[b] = s->bins->first[b] <= code &&
			code <= s->bins->last[b];
	find_gain(s);
	if (!hp_tried_is_level(s->tried, code))
		s->suggestion->low = s->suggestion->high = s->tried->numbers[code];
}

static void
suggest_by_curves(Suggester *s, bool matters)
{
	bool		narrower;
	bool		flat;

	find_best(s);
	narrower = narrow(s, CLEAR);
	flat = !narrower && !matters;
	if (narrower && !matters)
		narrower = narrow(s, CLEAR_AGAINST);
	if (!narrower)
		keep_all(s);
	s->suggestion->advice = flat ? HP_FREEZE :
		matters && is_to_extend(s) ? HP_EXTEND :
		narrower ? HP_NARROW : HP_KEEP;
	if (s->suggestion->advice == HP_FREEZE)
		freeze(s);
	else
	{
		find_gain(s);
		find_bounds(s);
	}
}

HpSuggestion
hp_suggest(const HpEnv *env, const HpTried *tried, const HpBins *bins,
		   const HpCurves *curves, bool matters)
{
	HpSuggestion suggestion = {
		.advice = HP_KEEP,
		.kept = hp_alloc(env, bins->n, sizeof(bool)),
		.best = NO_BIN, .low = NAN, .high = NAN,
		.gain = NAN, .gain_stddev = NAN
	};
	Suggester	s = {
		.env = env, .tried = tried, .bins = bins, .curves = curves,
		.weight = hp_alloc(env, bins->n, sizeof(double)),
		.suggestion = &suggestion
	};

	keep_all(&s);
	if (curves->n_trees > 0 && bins->n > 0)
		suggest_by_curves(&s, matters);
	else
		find_bounds(&s);
	return suggestion;
}
