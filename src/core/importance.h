/*
 * importance.h
 *		What a tree says of the runs it has not seen: predictions, permutation
 *		importance, and what exchanged values do to the predictions.
 */
#ifndef HPIMP_IMPORTANCE_H
#define HPIMP_IMPORTANCE_H

#include "total_effect.h"
#include "tree.h"

/* The runs a tree is asked about. */
typedef struct HpAsked
{
	uint32_t	n;
	uint32_t   *runs;
	int64_t    *predicted;		/* the tree's predictions for them */
} HpAsked;

/* Scratch memory for one worker. */
typedef struct HpPermuter HpPermuter;

/* groups are of the rows' features. */
extern HpPermuter *hp_permuter_create(const HpEnv *env, HpRows *rows,
									  const HpGroups *groups);

/* Predict runs. */
extern void hp_predict_runs(HpPermuter *permuter, const HpTree *tree,
							HpAsked *asked);

/*
 * Predict the unseen runs, and set increase[subject]: how much the mean squared
 * error of the tree over them grows when the values of the subject (a feature,
 * or all features of a group together: see group.h) are permuted among them
 * (squared units of target).  0 for what the tree does not use.  One random
 * permutation serves all subjects, each permuted by itself.
 */
extern void hp_permute(HpPermuter *permuter, HpRng *rng, const HpTree *tree,
					   HpAsked *unseen, const int64_t *target,
					   double *increase);

/*
 * The same for the effects of subjects (total_effect.h), of those of the unseen
 * runs that are looked at; these must come first, n_permuted of them.  Partners
 * are drawn first and serve any number of trees: what the trees say of a run
 * together has effects that are the sums of theirs.
 */
extern void hp_draw_partners(HpPermuter *permuter, HpRng *rng,
							 const HpAsked *unseen, uint32_t n_permuted);
extern void hp_add_total_effects(HpPermuter *permuter, const HpTree *tree,
								 HpAsked *unseen, uint32_t n_permuted,
								 HpTotalEffects *effects);

#endif							/* HPIMP_IMPORTANCE_H */
