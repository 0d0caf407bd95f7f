/*
 * measure.c
 *		What each value of a parameter weighs in an average over all of them.
 *
 * Weights are in runs: those of the observed space are whole numbers, whose
 * sums are exact.
 */
#include <math.h>

#include "measure.h"

static uint64_t
count_runs(const uint32_t *runs_of, uint32_t first, uint32_t end)
{
	uint64_t	runs = 0;

	for (uint32_t c = first; c < end; c++)
		runs += runs_of[c];
	return runs;
}

static void
weigh_observed(const uint32_t *runs_of, uint32_t first, uint32_t end,
			   double *below)
{
	for (uint32_t c = first; c < end; c++)
		below[c + 1] = below[c] + runs_of[c];
}

static void
weigh_alike(double runs, uint32_t first, uint32_t end, double *below)
{
	double		start = below[first];

	for (uint32_t c = first; c < end; c++)
		below[c + 1] = start + runs * (c + 1 - first) / (end - first);
}

static double
place(const HpFeature *feature, bool logarithmic, uint32_t code)
{
	double		number = feature->numbers[code];

	/* halves: the distance of any two is finite */
	return (logarithmic ? log(number) : number) / 2;
}

static void
weigh_by_length(const HpFeature *feature, bool logarithmic, double runs,
				uint32_t first, double *below)
{
	uint32_t	last = feature->n_codes - 1;
	double		start = below[first];
	double		minimum = place(feature, logarithmic, first);
	double		range = place(feature, logarithmic, last) - minimum;

	if (!(range > 0))
	{
		weigh_alike(runs, first, last + 1, below);
		return;
	}
	for (uint32_t c = first; c < last; c++)
	{
		double		here = place(feature, logarithmic, c) - minimum;
		double		next = place(feature, logarithmic, c + 1) - minimum;

		/* up to halfway to the next */
		below[c + 1] = start + runs * ((here / 2 + next / 2) / range);
	}
	below[last + 1] = start + runs;
}

double *
hp_measure_feature(const HpEnv *env, HpSpace space, const HpFeature *feature,
				   const uint32_t *runs_of)
{
	uint32_t	n = feature->n_codes;
	uint32_t	first = feature->n_words + 1;	/* level or number */
	double	   *below = hp_alloc(env, (size_t) n + 1, sizeof(double));
	double		runs;

	hp_tick(env);
	below[0] = 0;
	if (count_runs(runs_of, 0, n) == 0)
		weigh_alike(n, 0, n, below);
	else if (space == HP_SPACE_OBSERVED || first >= n)
		weigh_observed(runs_of, 0, n, below);
	else
	{
		weigh_observed(runs_of, 0, first, below);
		runs = (double) count_runs(runs_of, first, n);
		if (feature->categorical)
			weigh_alike(runs, first, n, below);
		else
			weigh_by_length(feature, space == HP_SPACE_LOG &&
							feature->numbers[first] > 0, runs, first, below);
	}
	return below;
}
