/*
 * significance.h
 *		How far importances can be relied on: p-values, and standard errors,
 *		from replicates of the forest.
 */
#ifndef HPIMP_SIGNIFICANCE_H
#define HPIMP_SIGNIFICANCE_H

#include "replicate.h"

/* Reports of the replicates, one behind the other; done of them are there. */
typedef struct HpReplicates
{
	const HpReplicatePlan *plan;
	const double *reports;
	uint32_t	done;			/* the first units */
} HpReplicates;

/* NaN where there is nothing to be said. */
typedef struct HpDoubt
{
	double	   *standard_error; /* by subject, of the share that is shown */
	double	   *p_value;		/* by subject: importance as large by chance */
	double	   *p_value_adjusted;	/* for the number of features, or of groups */
	double		forest_p_value; /* as much explained by chance */
} HpDoubt;

/*
 * How many units are wanted in all: more than there are as long as some
 * p-value is in doubt and may be told better.  Begins with done = 0.
 */
extern uint32_t hp_doubt_wanted(const HpEnv *env, const HpReplicates *replicates);

/* shown are the importances of the forest, by subject. */
extern HpDoubt hp_doubt(const HpEnv *env, const HpReplicates *replicates,
						const double *shown);

/*
 * Statistics with the metric as it is, in row 0, and with permuted ones, in
 * rows 1 to permuted: n of them in each row, rows being so many (stride)
 * doubles apart.
 */
typedef struct HpNull
{
	const double *statistics;
	size_t		stride;
	uint32_t	n;
	uint32_t	permuted;
	double		least;			/* p-value there can be */
} HpNull;

/*
 * p-values of the statistics in row 0, large ones being significant.  p_value
 * is that of each by itself.  adjusted is for the number of them: the chance
 * that any is as significant if none has anything to do with the metric
 * (Westfall and Young 1993, step-down maxT, of standardised statistics).
 *
 * A statistic that no permuted metric has reached is less likely than
 * 1 / (permuted + 1) to have come by chance; how much less is estimated from
 * mean and standard deviation, and adjusted by Holm (1979).  But where the
 * metric can be permuted in so few ways, it is not less than one in them.
 */
extern void hp_p_values(const HpEnv *env, const HpNull *null, double *p_value,
						double *adjusted);

/*
 * Sources.  Permuted metric: Altmann et al., Bioinformatics 26 (2010).
 * p = (1 + as large) / (1 + permuted): Phipson and Smyth, Stat. Appl. Genet.
 * Mol. Biol. 9 (2010).  Stopping when enough permuted ones were as large:
 * Besag and Clifford, Biometrika 78 (1991).  Variance from parts of the runs:
 * Shao and Wu, Ann. Statist. 17 (1989); of forests less that of their trees:
 * Sexton and Laake, Comput. Stat. Data Anal. 53 (2009).
 */

#endif							/* HPIMP_SIGNIFICANCE_H */
