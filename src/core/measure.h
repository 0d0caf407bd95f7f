/*
 * measure.h
 *		What each value of a parameter weighs in an average over all of them.
 *
 * Averages over parameters that are taken to be independent: a measure is a
 * weight for each code of each feature, here as running sums, so that a
 * stretch of codes weighs the difference of two.
 */
#ifndef HPIMP_MEASURE_H
#define HPIMP_MEASURE_H

#include "split.h"

typedef enum HpSpace
{
	HP_SPACE_OBSERVED = 1,		/* as often as it occurs among the runs */
	HP_SPACE_UNIFORM = 2,		/* numbers by the length of the line they stand
								 * for, levels alike */
	HP_SPACE_LOG = 3			/* the same on a logarithmic axis where all
								 * numbers are greater than 0 */
} HpSpace;

/*
 * The running sums of a feature whose codes occur in so many runs each: weight
 * of the codes below, n_codes + 1 elements, the last of which is the sum of
 * all, greater than 0.
 *
 * In the uniform space a number stands for what lies nearer to it than to
 * another, from the least to the greatest observed; missing and words weigh
 * as often as they occur in any space.  Where gaps are filled from observed
 * values, runs_of[0] should be 0.
 */
extern double *hp_measure_feature(const HpEnv *env, HpSpace space,
								  const HpFeature *feature,
								  const uint32_t *runs_of);

#endif							/* HPIMP_MEASURE_H */
