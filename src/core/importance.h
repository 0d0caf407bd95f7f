/*
 * importance.h
 *		What a tree says of the runs it has not seen: predictions, and
 *		permutation importance.
 */
#ifndef HPIMP_IMPORTANCE_H
#define HPIMP_IMPORTANCE_H

#include "group.h"
#include "tree.h"

/* The runs a tree has not seen. */
typedef struct HpUnseen
{
	uint32_t	n;
	uint32_t   *runs;
	int64_t    *predicted;		/* the tree's predictions for them */
} HpUnseen;

/* Scratch memory for one worker. */
typedef struct HpPermuter HpPermuter;

/* groups are of the rows' features. */
extern HpPermuter *hp_permuter_create(const HpEnv *env, HpRows *rows,
									  const HpGroups *groups);

/* Predict the unseen runs. */
extern void hp_predict_unseen(HpPermuter *permuter, const HpTree *tree,
							  HpUnseen *unseen);

/*
 * Predict the unseen runs, and set increase[subject]: how much the mean squared
 * error of the tree over them grows when the values of the subject (a feature,
 * or all features of a group together: see group.h) are permuted among them
 * (squared units of target).  0 for what the tree does not use.  One random
 * permutation serves all subjects, each permuted by itself.
 */
extern void hp_permute(HpPermuter *permuter, HpRng *rng, const HpTree *tree,
					   HpUnseen *unseen, const int64_t *target,
					   double *increase);

#endif							/* HPIMP_IMPORTANCE_H */
