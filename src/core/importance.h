/*
 * importance.h
 *		Out-of-bag permutation importance of one tree.
 */
#ifndef HPIMP_IMPORTANCE_H
#define HPIMP_IMPORTANCE_H

#include "tree.h"

/* The runs a tree has not seen. */
typedef struct HpUnseen
{
	uint32_t	n;
	uint32_t   *runs;
} HpUnseen;

/* Scratch memory for one worker. */
typedef struct HpPermuter HpPermuter;

extern HpPermuter *hp_permuter_create(const HpEnv *env,
									  const HpFeature *features,
									  uint32_t n_features, uint32_t n_runs);

/*
 * increase[feature]: how much the mean squared error of the tree over unseen
 * runs grows when the feature's values are permuted among them (squared units
 * of target).  0 for features the tree does not use.
 */
extern void hp_permute(HpPermuter *permuter, HpRng *rng, const HpTree *tree,
					   const HpUnseen *unseen, const int64_t *target,
					   double *increase);

#endif							/* HPIMP_IMPORTANCE_H */
