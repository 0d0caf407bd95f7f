/*
 * tally.c
 *		What is known of a parameter over runs that are not kept.
 */
#include <math.h>

#include "tally.h"

static void
widen_range(double *minimum, double *maximum, bool first, double low,
			double high)
{
	*minimum = first ? low : fmin(*minimum, low);
	*maximum = first ? high : fmax(*maximum, high);
}

/* As many copies of a pair: by the bits of their number. */
static void
add_pair(const HpEnv *env, HpPairs *pairs, double x, double y,
		 uint64_t copies)
{
	HpPairSums *s = &pairs->sums;
	HpBinary	bx = hp_binary(x);
	HpBinary	by = hp_binary(y);

	widen_range(&pairs->minimum, &pairs->maximum, pairs->n == 0, x, x);
	pairs->n = hp_add_counts(pairs->n, copies);
	for (int bit = 0; copies >> bit > 0; bit++)
	{
		if ((copies >> bit & 1) == 0)
			continue;
		hp_exact_add(env, &s->x, bx, bit);
		hp_exact_add(env, &s->y, by, bit);
		hp_exact_add_product(env, &s->xx, bx, bx, bit);
		hp_exact_add_product(env, &s->xy, bx, by, bit);
		hp_exact_add_product(env, &s->yy, by, by, bit);
	}
}

void
hp_tally_add(const HpEnv *env, HpTally *tally, HpReading reads, double number,
			 double metric, uint64_t copies)
{
	switch (reads)
	{
		case HP_READS_WORD:
			tally->words = hp_add_counts(tally->words, copies);
			break;
		case HP_READS_NOT_FINITE:
			tally->not_finite = hp_add_counts(tally->not_finite, copies);
			break;
		case HP_READS_NUMBER:
			add_pair(env, &tally->numbers, number, metric, copies);
			break;
		case HP_READS_BOOLEAN:
			add_pair(env, &tally->booleans, number, metric, copies);
			break;
	}
}

void
hp_tally_add_metric(const HpEnv *env, HpMetricTally *tally, double metric,
					uint64_t copies)
{
	HpBinary	y = hp_binary(metric);

	widen_range(&tally->minimum, &tally->maximum, tally->n == 0, metric,
				metric);
	tally->n = hp_add_counts(tally->n, copies);
	for (int bit = 0; copies >> bit > 0; bit++)
		if (copies >> bit & 1)
			hp_exact_add(env, &tally->sum, y, bit);
}

static void
merge_pairs(const HpEnv *env, HpPairs *into, const HpPairs *from)
{
	if (from->n == 0)
		return;
	widen_range(&into->minimum, &into->maximum, into->n == 0, from->minimum,
				from->maximum);
	into->n = hp_add_counts(into->n, from->n);
	hp_exact_merge(env, &into->sums.x, &from->sums.x);
	hp_exact_merge(env, &into->sums.y, &from->sums.y);
	hp_exact_merge(env, &into->sums.xx, &from->sums.xx);
	hp_exact_merge(env, &into->sums.xy, &from->sums.xy);
	hp_exact_merge(env, &into->sums.yy, &from->sums.yy);
}

void
hp_tally_merge(const HpEnv *env, HpTally *into, const HpTally *from)
{
	into->words = hp_add_counts(into->words, from->words);
	into->not_finite = hp_add_counts(into->not_finite, from->not_finite);
	merge_pairs(env, &into->numbers, &from->numbers);
	merge_pairs(env, &into->booleans, &from->booleans);
}

void
hp_tally_merge_metric(const HpEnv *env, HpMetricTally *into,
					  const HpMetricTally *from)
{
	if (from->n == 0)
		return;
	widen_range(&into->minimum, &into->maximum, into->n == 0, from->minimum,
				from->maximum);
	into->n = hp_add_counts(into->n, from->n);
	hp_exact_merge(env, &into->sum, &from->sum);
}
