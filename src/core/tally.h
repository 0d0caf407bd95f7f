/*
 * tally.h
 *		What is known of a parameter over runs that are not kept.
 *
 * Whether a parameter is numeric, boolean or a category is decided at the
 * end, over all values; so a tally counts what values read as and sums
 * numbers and booleans apart.  Counts and sums are exact: tallies may be taken
 * in any order and added up in any grouping, and come to the same bits.
 */
#ifndef HPIMP_TALLY_H
#define HPIMP_TALLY_H

#include "coding.h"
#include "exact_sum.h"

/* Pairs of a value and the metric; n = 0 is empty, all bits 0. */
typedef struct HpPairs
{
	uint64_t	n;
	double		minimum;		/* of the values; booleans are 0 and 1 */
	double		maximum;
	HpPairSums	sums;			/* x the value, y the metric */
} HpPairs;

typedef struct HpTally
{
	uint64_t	words;
	uint64_t	not_finite;
	HpPairs		numbers;
	HpPairs		booleans;
} HpTally;

/* The metric over such runs. */
typedef struct HpMetricTally
{
	uint64_t	n;
	double		minimum;
	double		maximum;
	HpExactSum	sum;
} HpMetricTally;

/*
 * Count a value that copies runs have (more than 0) with this metric; number
 * as hp_read_value() gives it.
 */
extern void hp_tally_add(const HpEnv *env, HpTally *tally, HpReading reads,
						 double number, double metric, uint64_t copies);
extern void hp_tally_add_metric(const HpEnv *env, HpMetricTally *tally,
								double metric, uint64_t copies);

extern void hp_tally_merge(const HpEnv *env, HpTally *into,
						   const HpTally *from);
extern void hp_tally_merge_metric(const HpEnv *env, HpMetricTally *into,
								  const HpMetricTally *from);

/* Sums of counts end at the largest count instead of overflowing. */
#define HP_MOST_COUNTED	((uint64_t) INT64_MAX)

static inline uint64_t
hp_add_counts(uint64_t a, uint64_t b)
{
	return a > HP_MOST_COUNTED - b ? HP_MOST_COUNTED : a + b;
}

/* How many runs have any value. */
static inline uint64_t
hp_tally_runs(const HpTally *tally)
{
	return hp_add_counts(hp_add_counts(tally->words, tally->not_finite),
						 hp_add_counts(tally->numbers.n, tally->booleans.n));
}

#endif							/* HPIMP_TALLY_H */
