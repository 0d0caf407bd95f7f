/*
 * corrected.h
 *		Impurity importance freed of its bias: actual impurity reduction.
 *
 * A feature of many codes offers more splits, and some of those fit the noise:
 * it earns impurity reductions even if it does nothing.  So each feature gets
 * a shadow, with the same codes in other runs, which can earn nothing else.
 * Trees are grown on features and shadows; what the shadow has earned is taken
 * from what the feature has.
 *
 * These trees tell importances and nothing else: predictions by splits on
 * shadows would be worse than they need be.  They are grown beside those of the
 * forest, each on the same runs and filled gaps, from random numbers of their
 * own: the forest is the same with them and without.
 */
#ifndef HPIMP_CORRECTED_H
#define HPIMP_CORRECTED_H

#include "tree.h"

/* Shadows are numbered as features are, behind them. */
#define HP_MAX_CORRECTED	(HP_MAX_COLUMNS / 2)

/* Scratch memory for one worker. */
typedef struct HpCorrector HpCorrector;

/*
 * n_features must not exceed HP_MAX_CORRECTED.  At each split features_per_split
 * of all features and shadows are tried.
 */
extern HpCorrector *hp_corrector_create(const HpEnv *env,
										const HpFeature *features,
										uint32_t n_features, uint32_t n_runs,
										const HpTreeSettings *settings);

/* Bytes that will be allocated by the time trees have been grown, at most. */
extern size_t hp_corrector_later(const HpCorrector *corrector);

/*
 * The codes of a feature are others than when the last tree was grown, of n
 * runs.
 */
extern void hp_corrector_reread(HpCorrector *corrector, uint32_t feature,
								const uint32_t *runs, uint32_t n);

/*
 * Grow tree number t of a seed on the runs drawn (see hp_tree_grow()) and set
 * corrected[feature]: its share of the tree's reduction of the sum of squares
 * less that of its shadow; all 0 if the tree has no split.
 */
extern void hp_correct(HpCorrector *corrector, uint64_t seed, uint32_t t,
					   const int64_t *target, const uint32_t *draws,
					   double *corrected);

/*
 * Source: Nembrini, Koenig, Wright, The revival of the Gini importance?,
 * Bioinformatics 34 (2018).
 */

#endif							/* HPIMP_CORRECTED_H */
