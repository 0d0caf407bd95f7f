/*
 * association.h
 *		How strongly two columns go together: Pearson, Spearman, correlation
 *		ratio, and the p-values of the first two.
 *
 * All take n finite pairs and return NaN where the measure is not defined.
 * None depends on the order of the pairs beyond rounding; callers pass them
 * in canonical order to get the same bits.
 */
#ifndef HPIMP_ASSOCIATION_H
#define HPIMP_ASSOCIATION_H

#include "core.h"

/*
 * Mean and sum of squared deviations of x, without overflow: the true values
 * are mean and sum_squares * 4^exponent.
 */
typedef struct HpMoments
{
	double		mean;
	double		residual;		/* sum of (x - mean) / 2^exponent: what is left by
								 * rounding the mean to a double */
	double		sum_squares;	/* of (x - true mean) / 2^exponent */
	int			exponent;
} HpMoments;

extern HpMoments hp_moments(const double *x, uint32_t n);

/* (x - mean) / 2^exponent: the deviation whose squares make sum_squares. */
extern double hp_moments_scaled(const HpMoments *moments, double x);

/* Sample standard deviation (n - 1); NaN for n < 2. */
extern double hp_stddev(const HpMoments *moments, uint32_t n);

/*
 * Pearson's linear correlation, in [-1, 1].  NaN if n < 2 or either column
 * is constant.
 */
extern double hp_pearson(const double *x, const double *y, uint32_t n);

/* The same where the moments of y are known: it is correlated with many x. */
extern double hp_pearson_with(const double *x, const double *y,
							  const HpMoments *moments_y, uint32_t n);

/*
 * Spearman's rank correlation: Pearson's of the ranks (order.h), ties sharing
 * the mean of theirs.
 */
extern double hp_spearman(const double *ranks_x, const double *ranks_y,
						  uint32_t n);

/*
 * Two-sided p-value of a correlation r of n pairs against none, by Student's
 * t with n - 2 degrees of freedom (exact for bivariate normal pairs, the
 * usual approximation otherwise and for Spearman's).  NaN if n < 3 or r is
 * NaN.
 */
extern double hp_correlation_p_value(double r, uint64_t n);

/* The chance that Student's t with df > 0 degrees of freedom is above t. */
extern double hp_student_tail(double t, double df);

/*
 * Correlation ratio eta^2, in [0, 1]: the share of y's variance that lies
 * between groups.  group[i] < n_groups; moments are those of y.  NaN if n < 2
 * or y is constant.
 */
extern double hp_correlation_ratio(const HpEnv *env, const uint32_t *group,
								   uint32_t n_groups, const double *y,
								   const HpMoments *moments, uint32_t n);

#endif							/* HPIMP_ASSOCIATION_H */
