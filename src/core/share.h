/*
 * share.h
 *		What the trees of a forest say together of the shares of variance that
 *		parameters and pairs of them explain.
 *
 * A share is that of each tree's own variance; what is told is the mean and
 * the standard deviation over the trees that have any (Hutter et al. 2014).
 * Trees are added one after the other: sums of doubles depend on their order.
 */
#ifndef HPIMP_SHARE_H
#define HPIMP_SHARE_H

#include <math.h>

#include "anova.h"

/* Numbers so far: how many, their mean, the sum of squares about it (Welford). */
typedef struct HpSpread
{
	uint32_t	n;
	double		mean;
	double		squares;
} HpSpread;

static inline void
hp_spread_add(HpSpread *spread, double number)
{
	double		deviation = number - spread->mean;

	spread->mean += deviation / ++spread->n;
	spread->squares += deviation * (number - spread->mean);
}

/* As stddev() of SQL: NaN of fewer than two. */
static inline double
hp_spread_stddev(const HpSpread *spread)
{
	return spread->n < 2 ? NAN : sqrt(spread->squares / (spread->n - 1));
}

typedef struct HpPairSpread
{
	uint16_t	lower;			/* features, lower < upper */
	uint16_t	upper;
	HpSpread	spread;
} HpPairSpread;

typedef struct HpShares
{
	const HpEnv *env;
	uint32_t	n_features;
	HpSpread   *main;			/* by feature, over the trees of any variance */
	HpPairSpread *pairs;		/* by lower and upper feature; others are 0 in
								 * all trees */
	size_t		n_pairs;
	size_t		cap_pairs;
	HpPairSpread *scratch;		/* as many */
	double	   *share;			/* of the tree at hand, by feature */
	uint32_t	n_trees;		/* of any variance */
} HpShares;

/*
 * Set share[feature] of the tree that was decomposed last: of its main effects;
 * all 0 if it has no variance.
 */
extern void hp_shares_of_tree(const HpAnova *anova, uint32_t n_features,
							  double *share);

extern HpShares *hp_shares_create(const HpEnv *env, uint32_t n_features);

/* Add the tree that was decomposed last. */
extern void hp_shares_add(HpShares *shares, HpAnova *anova);

/* Of a pair over all trees, those that do not have it counting 0. */
extern HpSpread hp_shares_pair(const HpShares *shares,
							   const HpPairSpread *pair);

#endif							/* HPIMP_SHARE_H */
