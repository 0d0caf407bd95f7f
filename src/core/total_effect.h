/*
 * total_effect.h
 *		What the values of a parameter do to the forest's predictions of runs
 *		that its trees have not seen, and the importance that follows.
 *
 * The effect of a subject (a feature, or a group of them: group.h) on a run is
 * how much its prediction changes when the subject's values are exchanged for
 * those of another run, on average over the trees that have the run out of
 * bag: the subject is averaged out.  That is its total effect, with whatever it
 * does together with others; what it does alone is the business of anova.h.
 *
 * A forest tells effects too small, some more than others, and tells a little
 * of an effect where there is none.  Therefore effects are held against the
 * metric itself: the importance is the variance of the metric that a regression
 * on the effects explains,
 *
 *		N^2 / D,  N = mean of h (y - f + h),  D = mean of h^2
 *
 * over the runs, with h the effect, f the forest's prediction and f - h that
 * without the subject.  If the effects are the true ones but for a factor, this
 * is the total sensitivity index times the metric's variance, whatever the
 * factor: a forest's shrinkage cancels.  Where N is negative nothing is
 * explained, and the importance is -N^2 / D: how far it is from that.
 *
 * Of few runs a smooth regression tells effects and predictions as well
 * (regression.h): f and h are then means of both, weighed as predicts the runs
 * best that neither has seen, but at most half of the weight is the
 * regression's, as it is blind to what is steep.  Of a parameter that goes
 * together with others so much of the importance is by both as of the
 * regression's effect is its own, and the rest by the forest alone: less weight
 * would not do, as the importance does not depend on how large effects are.
 */
#ifndef HPIMP_TOTAL_EFFECT_H
#define HPIMP_TOTAL_EFFECT_H

#include "regression.h"

/*
 * Sums of effects over trees: exact, so workers' can be added.  Of many runs
 * every stride-th is looked at, the first among them.
 */
typedef struct HpTotalEffects
{
	uint32_t	stride;
	uint32_t	n_runs;			/* that are looked at */
	uint32_t	n_subjects;
	int64_t    *sum;			/* by run looked at and subject */
	double	   *spread;			/* scratch memory, by subject */
	double	   *by_both;		/* likewise */
} HpTotalEffects;

extern HpTotalEffects *hp_total_effects_create(const HpEnv *env,
											   uint32_t n_runs,
											   uint32_t n_subjects);

/* Of how many runs the effects are looked at. */
extern uint32_t hp_total_effect_runs(uint32_t n_runs, uint32_t n_subjects);

static inline size_t
hp_total_effects_count(const HpTotalEffects *effects)
{
	return (size_t) effects->n_runs * effects->n_subjects;
}

/* The sums of a run that is looked at, by subject. */
static inline int64_t *
hp_total_effects_of(const HpTotalEffects *effects, uint32_t run)
{
	return effects->sum + (size_t) (run / effects->stride) *
		effects->n_subjects;
}

/* What is predicted of the runs. */
typedef struct HpPredictions
{
	uint32_t	n_runs;
	const int64_t *target;		/* by run */
	const int64_t *sum;			/* of the forest's predictions, of */
	const uint32_t *trees;		/* so many trees; runs of none do not count */
	const HpBeside *beside;		/* what a regression says of them, or NULL */
	double		weight;			/* of that, 0 .. 0.5 */
} HpPredictions;

/* How far they are from the targets of the runs that count. */
typedef struct HpErrors
{
	uint32_t	n;				/* runs that count */
	double		errors;			/* sum of squared errors, units of target */
	double		spread;			/* the same of the mean */
} HpErrors;

extern HpErrors hp_predictions_errors(const HpPredictions *predictions);

/*
 * Weigh the regression, if there is one beside the forest.  Returns R^2 of both
 * together, NaN if there is none or it is not defined; less 2 / runs, as the
 * weight is chosen on the same runs, and where nothing matters a nearly constant
 * regression always lifts a forest that is worse than that.  (What the variances
 * of the regression gain by having seen the runs is not taken off: regression.h.)
 */
extern double hp_predictions_weigh(HpPredictions *predictions);

/*
 * The importance by subject, in squared units of target; 0 if the predictions do
 * not depend on it, below 0 if its effects go against the metric.
 */
extern void hp_total_effect_importance(const HpEnv *env,
									   const HpTotalEffects *effects,
									   const HpPredictions *predictions,
									   double *importance);

/*
 * Sources.  Total effects: Homma and Saltelli, Reliab. Eng. Syst. Saf. 52
 * (1996).  Their index by permuting: Saltelli et al., Comput. Phys. Commun. 181
 * (2010), and Gregorutti, Michel and Saint-Pierre, Stat. Comput. 27 (2017) for
 * forests.  Permuting out of bag: Breiman 2001.  Weights by what is predicted
 * of unseen runs: Wolpert, Neural Networks 5 (1992); Breiman, Machine Learning
 * 24 (1996).
 */

#endif							/* HPIMP_TOTAL_EFFECT_H */
