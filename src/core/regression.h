/*
 * regression.h
 *		A smooth regression beside a forest of few runs: what parameters do one
 *		by one, and two by two.
 *
 * Trees of few runs have few leaves, and what is a slope or a bow they tell in
 * coarse steps, with noise in every step.  A regression is blind to what is
 * steep, but tells slopes and bows, and products of them, with hardly any noise.
 * Each errs where the other does not, so both together, weighed by how well they
 * predict runs they have not seen, are nearer to the truth than either
 * (total_effect.h).
 *
 *		y = mean + sum of g_j(x_j) + sum of g_jk(x_j, x_k) + noise
 *
 * The g_j are sums of the terms of parameters (terms.h), the g_jk of products of
 * the terms of two.  How large coefficients may be is learned for each parameter
 * from the runs themselves: those of the terms of j are normal a priori, with
 * variance v_j, those of products of j and k with variance t v_j v_k (who does
 * nothing alone interacts little), and v, t and the variance of the noise are
 * those under which the runs are most likely (the evidence of MacKay 1992,
 * restricted maximum likelihood of variance components), v with some doubt, the
 * more parameters there are the more.  So what does nothing is told to do
 * nothing, and what matters is hardly shrunk.
 *
 * First without products; these are then made of the pairs with the largest
 * variances, as many as there may be products, slopes and levels before bows.
 * Those that would hardly follow the runs are dropped on the way.
 *
 * What is told of a run is told by the regression on all others: exactly, as
 * leaving a run out changes a linear smoother by what is known of it (Allen
 * 1974).  So predictions and effects are those of an unseen run, as a forest's
 * are out of bag.  But for the variances, and the choice of products: these have
 * seen all runs, and where there are few runs and many parameters R^2 is .05 to
 * .2 better for it than by learning all anew without the run.
 *
 * Pairs that tie for the last places are taken in the order of features.
 */
#ifndef HPIMP_REGRESSION_H
#define HPIMP_REGRESSION_H

#include "group.h"

/* From so many runs on a forest does without. */
#define HP_RUNS_WITHOUT	1000

typedef struct HpRegression HpRegression;

/*
 * What is told of the runs it was fitted to, of each by the regression on all
 * others, in units of target: the prediction, and by subject (group.h) the
 * effect, how far knowing the subject's value moves the prediction.
 *
 * Where parameters go together a regression deals out among them what any of
 * them could explain.  So it is also told, by subject, how much of its effect
 * is its own: what is left of the variance of what it does alone if a regression
 * on what all others do alone is taken off (its tolerance).
 */
typedef struct HpBeside
{
	uint32_t	n_runs;
	uint32_t	n_subjects;
	double	   *predicted;		/* by run */
	double	   *effects;		/* by run and subject */
	double	   *own;			/* by subject, 0 .. 1 */
} HpBeside;

static inline double *
hp_beside_effects(const HpBeside *beside, uint32_t run)
{
	return beside->effects + (size_t) run * beside->n_subjects;
}

/*
 * For the features of these columns; NULL if it is not worth its while: with
 * too many or too few runs, too many terms, or one-hot columns.
 */
extern HpRegression *hp_regression_create(const HpEnv *env,
										  const HpFrame *frame,
										  const uint32_t *columns,
										  uint32_t n_features,
										  const HpGroups *groups);

/*
 * Fit it to the targets of the runs for which counts[run] > 0, NULL for all;
 * others have no part.  NULL if these are too few, or their targets are equal.
 * The answer is the regression's until its next fit.
 */
extern const HpBeside *hp_regression_fit(HpRegression *r,
										 const int64_t *target,
										 const uint32_t *counts);

/*
 * How surely the effects of the last fit are of use, by subject: g |g| / v, with
 * g the mean over runs of the gain h (y - f + h), half of what the squared error
 * would grow by if the subject's values were exchanged (h its effect, f the
 * prediction), and v the variance of the gain from run to run.  So it is
 * t^2 / runs with a sign: about 1 / runs by chance; if effects are true and
 * small, their variance in units of the errors'.  It is given times the variance
 * of the targets.  What is large at few runs only, as effects are where others
 * multiply them, is worth less than it looks by g.  Returns R^2, of unseen runs
 * like all that is told.  target is that of the fit.
 */
extern double hp_regression_worth(const HpRegression *r, const int64_t *target,
								  double *worth);

/*
 * Sources.  Forests and other models together: stacking, Wolpert, Neural Networks
 * 5 (1992); Breiman, Machine Learning 24 (1996).  Functional ANOVA as a sum of
 * regressions with a variance for each: Wahba, Spline Models for Observational
 * Data (1990), chapter 10; Gu, Smoothing Spline ANOVA Models (2002).  Variances by
 * the evidence: MacKay, Neural Computation 4 (1992); Tipping, J. Mach. Learn. Res. 1
 * (2001); Patterson and Thompson, Biometrika 58 (1971).  Leaving out: Allen,
 * Technometrics 16 (1974).
 */

#endif							/* HPIMP_REGRESSION_H */
