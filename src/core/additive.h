/*
 * additive.h
 *		What parameters do one by one: a smooth regression beside a forest of
 *		few runs.
 *
 * Trees of few runs have few leaves, and what is a slope or a bow they tell in
 * coarse steps, with noise in every step.  A regression on slopes, bows and
 * levels is blind to interactions and to what is steep, but tells those with
 * hardly any noise.  Each errs where the other does not, so both together,
 * weighed by how well they predict runs they have not seen, are nearer to the
 * truth than either (total_effect.h).
 *
 *		y = mean + sum over the parameters of g_j(x_j)
 *
 * g_j is a sum of terms: of numbers the first two Legendre polynomials of
 * their ranks, the second with half of the variance; of levels, words among
 * numbers and "missing" one for each that enough runs have.  A gap that is
 * filled in trees counts as nothing in particular: 0.  The terms of a parameter
 * have variance 1 together, whatever their number, so none is favoured for
 * having many by the ridge penalty, which generalised cross-validation chooses
 * (Hoerl and Kennard 1970; Golub, Heath and Wahba 1979).
 *
 * What is told of a run is told by the regression on all others: exactly, as
 * leaving a run out changes a linear smoother by what is known of it (Allen
 * 1974).  So predictions and effects are those of an unseen run, as a forest's
 * are out of bag.
 */
#ifndef HPIMP_ADDITIVE_H
#define HPIMP_ADDITIVE_H

#include "group.h"

/* From so many runs on a forest does without. */
#define HP_RUNS_WITHOUT	1000

typedef struct HpAdditive HpAdditive;

/*
 * What is told of the runs it was fitted to, of each by the regression on all
 * others, in units of target: the prediction, and by subject (group.h) the
 * effect, how much of it is owed to the subject's value not being unknown.
 *
 * Where parameters go together a regression deals out among them what any of
 * them could explain.  So it is also told, by subject, how much of its effect
 * is its own: what is left of the variance of the effect if a regression on all
 * other parameters is taken off (its tolerance).
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
extern HpAdditive *hp_additive_create(const HpEnv *env, const HpFrame *frame,
									  const uint32_t *columns,
									  uint32_t n_features,
									  const HpGroups *groups);

/*
 * Fit it to the targets of the runs for which counts[run] > 0, NULL for all;
 * others have no part.  NULL if these are too few.  The answer is the
 * regression's until its next fit.
 */
extern const HpBeside *hp_additive_fit(HpAdditive *a, const int64_t *target,
									   const uint32_t *counts);

/*
 * Sources.  Forests and additive models together: stacking, Wolpert, Neural
 * Networks 5 (1992); Breiman, Machine Learning 24 (1996).  Ridge: Hoerl and
 * Kennard, Technometrics 12 (1970).  Its penalty: Golub, Heath and Wahba,
 * Technometrics 21 (1979).  Leaving out: Allen, Technometrics 16 (1974).
 */

#endif							/* HPIMP_ADDITIVE_H */
