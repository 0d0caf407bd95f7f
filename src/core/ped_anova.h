/*
 * ped_anova.h
 *		PED-ANOVA: how much a parameter decides whether a run is among the best.
 *
 * The values that the best runs took are compared with those of all runs, one
 * parameter at a time: what the best share with the rest does not matter, what
 * they have to themselves does.  No forest is needed.
 */
#ifndef HPIMP_PED_ANOVA_H
#define HPIMP_PED_ANOVA_H

#include "frame.h"

/*
 * How many runs are among the best: ceil(quantile * runs), and all that tie
 * with the last of them; quantile is in (0, 1).  They are the first runs of
 * the frame, or the last ones if the metric is to be maximized.
 */
extern uint32_t hp_best_runs(const HpFrame *frame, bool maximize,
							 double quantile);

/*
 * The importance of each column for being among the best; they sum to 1, or
 * are all 0 if the best runs differ from the others in nothing.  NULL if there
 * are fewer than two runs, or all are among the best.
 */
extern double *hp_ped_anova(const HpEnv *env, const HpFrame *frame,
							bool maximize, double quantile);

/*
 * Sources.  Watanabe, Bansal, Hutter: PED-ANOVA: efficiently quantifying
 * hyperparameter importance in arbitrary subspaces, IJCAI 2023 (arXiv
 * 2304.10255), with the local space as the region and all runs in it.
 * Parameters that not all runs have: Conditional PED-ANOVA: hyperparameter
 * importance in hierarchical and dynamic search spaces, 2026 (arXiv
 * 2601.20800).  Widths of kernels: Scott, Multivariate density estimation,
 * Wiley 1992.
 */

#endif							/* HPIMP_PED_ANOVA_H */
