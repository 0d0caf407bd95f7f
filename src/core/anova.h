/*
 * anova.h
 *		How the variance of a tree's predictions divides among parameters:
 *		functional ANOVA.
 *
 * Over a product measure (measure.h) a function of many parameters is in one
 * way the sum of a constant, a function of each parameter, one of each pair,
 * and so on, each with mean 0 along each of its parameters; their variances
 * add up to that of the whole.  A tree is constant on boxes, so all of this is
 * found exactly, without sampling.
 *
 *		hp_anova_create(measure) ─▶ hp_anova_decompose(tree)
 *			─▶ hp_anova_variance, _main_effects, _marginal, _interactions
 *
 * Variances are in squared units of target.
 */
#ifndef HPIMP_ANOVA_H
#define HPIMP_ANOVA_H

#include "tree.h"

/* Scratch memory to decompose trees over one set of features in turn. */
typedef struct HpAnova HpAnova;

/*
 * Of the features only what they say of codes matters, not the codes of runs.
 * below[feature] is as hp_measure_feature() gives it.
 */
extern HpAnova *hp_anova_create(const HpEnv *env, const HpFeature *features,
								uint32_t n_features, double *const *below);

/* Bytes that trees over so many runs will make it allocate, at most. */
extern size_t hp_anova_later(uint32_t n_runs);

/* Take a tree apart: it must stay as it is while questions are asked. */
extern void hp_anova_decompose(HpAnova *anova, const HpTree *tree);

/* The variance of the tree's predictions. */
extern double hp_anova_variance(const HpAnova *anova);

/* Set variance[feature]: of the mean prediction given the feature's value. */
extern void hp_anova_main_effects(const HpAnova *anova, double *variance);

/* Set mean[code]: the mean prediction given that code of a feature. */
extern void hp_anova_marginal(const HpAnova *anova, uint32_t feature,
							  double *mean);

/* What a pair of features explains beyond what each of them does alone. */
typedef struct HpInteraction
{
	uint16_t	lower;			/* features, lower < upper */
	uint16_t	upper;
	double		variance;
} HpInteraction;

/*
 * All pairs that split one below the other somewhere in the tree, by lower
 * and upper feature; of others the variance is 0.  They lie in the scratch
 * memory until the next question.
 */
extern const HpInteraction *hp_anova_interactions(HpAnova *anova, size_t *n);

/*
 * Source: Hutter, Hoos, Leyton-Brown, An efficient approach for assessing
 * hyperparameter importance, ICML 2014; the decomposition is Hoeffding's
 * (1948).  anova.c says how it is found faster than leaf by leaf.
 */

#endif							/* HPIMP_ANOVA_H */
