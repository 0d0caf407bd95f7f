/*
 * another_regression.h
 *		The regression of core/regression.h once more, by other ways: variances
 *		are learned from the covariance of the runs rather than that of the
 *		coefficients, and all is solved by elimination.  Slow, for few runs.
 *
 * oracle_numbers() and oracle_levels() make the terms of one feature after the
 * other; then oracle_targets(), oracle_learn_all() without products,
 * oracle_products(), and oracle_learn_all() with them.
 */
#ifndef HPIMP_ANOTHER_REGRESSION_H
#define HPIMP_ANOTHER_REGRESSION_H

#include "data.h"

#define MOST_RUNS	80
#define MOST_TERMS	160
#define MOST_PRODUCTS	96
#define MOST_FEATURES	12

#define ALONE	MOST_FEATURES

typedef struct Oracle
{
	uint32_t	n_runs;
	uint32_t	n_features;
	uint32_t	n_subjects;		/* one more, or not: see is_of() */
	uint32_t	n_alone;		/* terms; products of them follow */
	uint32_t	n_terms;
	uint32_t	feature[MOST_TERMS];
	uint32_t	other[MOST_TERMS];	/* of a product; ALONE of a term */
	bool		bow[MOST_TERMS];
	double		z[MOST_RUNS][MOST_TERMS];
	double		y[MOST_RUNS];	/* in deviations from the mean */
	double		mean_of_targets;
	double		deviation;
	bool		counts[MOST_RUNS];
	double		mean[MOST_TERMS];	/* of the runs that count */
	double		variance[MOST_FEATURES];	/* a priori */
	double		of_products;
	double		noise;
} Oracle;

/* ---- terms ---- */

/* Mean 0 over the runs that say so, 0 for others; then this variance over all. */
static void
shape(Oracle *o, uint32_t t, const bool *there, double variance)
{
	double		mean = 0;
	double		now = 0;
	uint32_t	n = 0;

	for (uint32_t i = 0; i < o->n_runs; i++)
		if (there[i])
		{
			mean += o->z[i][t];
			n++;
		}
	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		o->z[i][t] = there[i] ? o->z[i][t] - mean / n : 0;
		now += o->z[i][t] * o->z[i][t] / o->n_runs;
	}
	for (uint32_t i = 0; i < o->n_runs && variance > 0; i++)
		o->z[i][t] *= sqrt(variance / now);
}

/* All terms of a feature have variance 1 together. */
static void
share_variance(Oracle *o, uint32_t first)
{
	double		sum = 0;

	for (uint32_t i = 0; i < o->n_runs; i++)
		for (uint32_t t = first; t < o->n_terms; t++)
			sum += o->z[i][t] * o->z[i][t] / o->n_runs;
	for (uint32_t i = 0; i < o->n_runs; i++)
		for (uint32_t t = first; t < o->n_terms; t++)
			o->z[i][t] /= sqrt(sum);
}

/* NaN is missing: a level of its own, or nothing where gaps are filled. */
static void
oracle_numbers(Oracle *o, uint32_t feature, const double *x, bool bow, bool fill)
{
	uint32_t	first = o->n_terms;
	bool		there[MOST_RUNS];
	bool		all[MOST_RUNS];
	uint32_t	n = 0;

	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		all[i] = true;
		there[i] = !isnan(x[i]);
		n += there[i];
	}
	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		double		u = -1;

		for (uint32_t k = 0; k < o->n_runs && there[i]; k++)
			if (there[k])
				u += (x[k] < x[i] ? 2.0 : x[k] == x[i] ? 1.0 : 0.0) / n;
		o->z[i][first] = u;
		o->z[i][first + 1] = u * u;
	}
	o->feature[o->n_terms++] = feature;
	shape(o, first, there, 1);
	if (bow)
	{
		o->bow[o->n_terms] = true;
		o->feature[o->n_terms++] = feature;
		shape(o, first + 1, there, 0.5);
	}
	if (n < o->n_runs && !fill)
	{
		uint32_t	t = o->n_terms++;
		double		share = (o->n_runs - n) / (double) o->n_runs;

		o->feature[t] = feature;
		for (uint32_t i = 0; i < o->n_runs; i++)
			o->z[i][t] = !there[i];
		shape(o, t, all, 1 - share);
	}
	share_variance(o, first);
}

/* Levels 0 .. n - 1; those of a single run have no term. */
static void
oracle_levels(Oracle *o, uint32_t feature, const uint32_t *level, uint32_t n)
{
	uint32_t	first = o->n_terms;
	bool		all[MOST_RUNS];

	for (uint32_t l = 0; l < n; l++)
	{
		uint32_t	runs = 0;
		uint32_t	t = o->n_terms;

		for (uint32_t i = 0; i < o->n_runs; i++)
		{
			all[i] = true;
			o->z[i][t] = level[i] == l;
			runs += level[i] == l;
		}
		if (runs < 2)
			continue;
		o->feature[o->n_terms++] = feature;
		shape(o, t, all, 1 - runs / (double) o->n_runs);
	}
	share_variance(o, first);
}

/* ---- solving ---- */

/*
 * Gauss-Jordan elimination of n equations, one more number behind each row; the
 * solutions are left there.
 */
static void
eliminate(double (*a)[MOST_TERMS + 2], uint32_t n)
{
	for (uint32_t s = 0; s < n; s++)
		for (uint32_t r = 0; r < n; r++)
		{
			double		factor = r == s ? 0 : a[r][s] / a[s][s];

			for (uint32_t t = s; t <= n && factor != 0; t++)
				a[r][t] -= factor * a[s][t];
		}
	for (uint32_t s = 0; s < n; s++)
		a[s][n] /= a[s][s];
}

/*
 * Regression on the runs that count but for one, with a penalty for the square
 * of each coefficient, none for the mean; b has the mean behind the terms.
 */
static void
oracle_solve(const Oracle *o, uint32_t without, const double *penalty, double *b)
{
	static double a[MOST_TERMS + 1][MOST_TERMS + 2];
	uint32_t	n = o->n_terms + 1;

	memset(a, 0, sizeof(a));
	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		double		row[MOST_TERMS + 2];

		if (!o->counts[i] || i == without)
			continue;
		memcpy(row, o->z[i], o->n_terms * sizeof(double));
		row[n - 1] = 1;
		row[n] = o->y[i];
		for (uint32_t s = 0; s < n; s++)
			for (uint32_t t = 0; t <= n; t++)
				a[s][t] += row[s] * row[t];
	}
	for (uint32_t t = 0; t + 1 < n; t++)
		a[t][t] += penalty[t];
	eliminate(a, n);
	for (uint32_t t = 0; t < n; t++)
		b[t] = a[t][n];
}

static double
oracle_predict(const Oracle *o, const double *b, uint32_t i)
{
	double		sum = b[o->n_terms];

	for (uint32_t t = 0; t < o->n_terms; t++)
		sum += b[t] * o->z[i][t];
	return sum;
}

static uint32_t
oracle_counted(const Oracle *o)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i < o->n_runs; i++)
		n += o->counts[i];
	return n;
}

static void
oracle_means(Oracle *o)
{
	for (uint32_t t = 0; t < o->n_terms; t++)
	{
		o->mean[t] = 0;
		for (uint32_t i = 0; i < o->n_runs; i++)
			if (o->counts[i])
				o->mean[t] += o->z[i][t] / oracle_counted(o);
	}
}

static void
oracle_targets(Oracle *o, const int64_t *target)
{
	uint32_t	n = oracle_counted(o);

	o->mean_of_targets = o->deviation = 0;
	for (uint32_t i = 0; i < o->n_runs; i++)
		if (o->counts[i])
			o->mean_of_targets += (double) target[i] / n;
	for (uint32_t i = 0; i < o->n_runs; i++)
		if (o->counts[i])
			o->deviation += pow((double) target[i] - o->mean_of_targets, 2) / n;
	o->deviation = sqrt(o->deviation);
	for (uint32_t i = 0; i < o->n_runs; i++)
		o->y[i] = ((double) target[i] - o->mean_of_targets) / o->deviation;
}

/* ---- variances and products ---- */

static double
prior(const Oracle *o, uint32_t t)
{
	return o->variance[o->feature[t]] *
		(o->other[t] == ALONE ? 1 : o->of_products * o->variance[o->other[t]]);
}

/* The product of a vector, by run, with the inverse of the covariance of runs. */
static void
whiten(const Oracle *o, const double *x, double *whitened)
{
	static double a[MOST_TERMS + 1][MOST_TERMS + 2];
	uint32_t	run[MOST_RUNS];
	uint32_t	n = 0;

	for (uint32_t i = 0; i < o->n_runs; i++)
		if (o->counts[i])
			run[n++] = i;
	for (uint32_t i = 0; i < n; i++)
	{
		for (uint32_t k = 0; k < n; k++)
		{
			a[i][k] = i == k ? o->noise : 0;
			for (uint32_t t = 0; t < o->n_terms; t++)
				a[i][k] += prior(o, t) * (o->z[run[i]][t] - o->mean[t]) *
					(o->z[run[k]][t] - o->mean[t]);
		}
		a[i][n] = x[run[i]];
	}
	eliminate(a, n);
	for (uint32_t i = 0; i < n; i++)
		whitened[run[i]] = a[i][n];
}

/* Of a term with what is whitened: sum of products over the runs that count. */
static double
along(const Oracle *o, uint32_t t, const double *whitened)
{
	double		sum = 0;

	for (uint32_t i = 0; i < o->n_runs; i++)
		if (o->counts[i])
			sum += (o->z[i][t] - o->mean[t]) * whitened[i];
	return sum;
}

/* One round of learning; freedom is told by term. */
static void
oracle_learn(Oracle *o, double *freedom)
{
	double		whitened[MOST_RUNS];
	double		evidence[MOST_FEATURES + 1] = {0};
	double		free[MOST_FEATURES + 1] = {0};
	double		square[MOST_TERMS];
	double		of_products = 0;
	double		by_products = 0;
	double		errors = 0;
	double		left = oracle_counted(o) - 1.0;

	whiten(o, o->y, whitened);
	for (uint32_t i = 0; i < o->n_runs; i++)
		if (o->counts[i])
			errors += pow(o->noise * whitened[i], 2);
	for (uint32_t t = 0; t < o->n_terms; t++)
	{
		double		of_term[MOST_RUNS];
		double		z[MOST_RUNS];
		double		part = o->other[t] == ALONE ? 1 : 0.5;

		for (uint32_t i = 0; i < o->n_runs; i++)
			z[i] = o->z[i][t] - o->mean[t];
		whiten(o, z, of_term);
		freedom[t] = prior(o, t) * along(o, t, of_term);
		square[t] = pow(prior(o, t) * along(o, t, whitened), 2);
		left -= freedom[t];
		evidence[o->feature[t]] += part * square[t] / prior(o, t);
		evidence[o->other[t]] += part * square[t] / prior(o, t);
		free[o->feature[t]] += part * freedom[t];
		free[o->other[t]] += part * freedom[t];
	}
	for (uint32_t f = 0; f < o->n_features; f++)
		o->variance[f] = fmax(1e-4, o->variance[f] * evidence[f] /
							  (free[f] + 0.1 * o->n_features));
	for (uint32_t t = 0; t < o->n_terms; t++)
		if (o->other[t] != ALONE)
		{
			by_products += square[t] / o->variance[o->feature[t]] /
				o->variance[o->other[t]];
			of_products += freedom[t];
		}
	if (of_products > 0)
		o->of_products = fmin(20, fmax(1e-3, by_products / of_products));
	o->noise = fmax(1e-4, errors / left);
}

/* Products with next to no freedom are gone. */
static void
oracle_drop(Oracle *o, const double *freedom)
{
	uint32_t	n = 0;

	for (uint32_t t = 0; t < o->n_terms; t++)
	{
		if (o->other[t] != ALONE && freedom[t] < 0.05)
			continue;
		for (uint32_t i = 0; i < o->n_runs; i++)
			o->z[i][n] = o->z[i][t];
		o->feature[n] = o->feature[t];
		o->other[n] = o->other[t];
		o->mean[n++] = o->mean[t];
	}
	o->n_terms = n;
}

static void
oracle_learn_all(Oracle *o)
{
	double		freedom[MOST_TERMS];

	oracle_means(o);
	for (uint32_t f = 0; f < o->n_features; f++)
		o->variance[f] = 0.5 / o->n_features;
	o->of_products = 1;
	o->noise = 0.5;
	for (int round = 1; round <= 4; round++)
	{
		oracle_learn(o, freedom);
		if (round >= 3)
			oracle_drop(o, freedom);
	}
}

/* All products of one pair, with bows or without, if there is room for them. */
static void
oracle_multiply(Oracle *o, uint32_t feature, uint32_t other, bool bows)
{
	uint32_t	n = o->n_terms;

	for (uint32_t s = 0; s < o->n_alone; s++)
		for (uint32_t t = 0; t < o->n_alone; t++)
		{
			if (o->feature[s] != feature || o->feature[t] != other ||
				(o->bow[s] || o->bow[t]) != bows)
				continue;
			if (n == o->n_alone + MOST_PRODUCTS)
				return;
			for (uint32_t i = 0; i < o->n_runs; i++)
				o->z[i][n] = o->z[i][s] * o->z[i][t];
			o->feature[n] = feature;
			o->other[n++] = other;
		}
	o->n_terms = n;
}

/* The pair with the next smaller product of variances; false if there is none. */
static bool
next_pair(const Oracle *o, double *variance, uint32_t *feature, uint32_t *other)
{
	double		largest = -1;

	for (uint32_t f = 0; f < o->n_features; f++)
		for (uint32_t g = f + 1; g < o->n_features; g++)
		{
			double		here = o->variance[f] * o->variance[g];
			bool		later = f > *feature || (f == *feature && g > *other);

			if (here > largest && (here < *variance || (here == *variance && later)))
				largest = here;
		}
	for (uint32_t f = 0; f < o->n_features && largest >= 0; f++)
		for (uint32_t g = f + 1; g < o->n_features; g++)
			if (o->variance[f] * o->variance[g] == largest &&
				(largest < *variance || f > *feature || (f == *feature && g > *other)))
			{
				*variance = largest;
				*feature = f;
				*other = g;
				return true;
			}
	return false;
}

static void
oracle_products(Oracle *o)
{
	for (int bows = 0; bows < 2; bows++)
	{
		double		variance = INFINITY;
		uint32_t	f = 0;
		uint32_t	g = 0;

		while (next_pair(o, &variance, &f, &g))
			oracle_multiply(o, f, g, bows);
	}
}

/* ---- what is its own ---- */

/* The second and the third feature are a group: the one more subject. */
static bool
is_of(const Oracle *o, uint32_t feature, uint32_t subject)
{
	return feature == subject ||
		(subject == o->n_features && (feature == 1 || feature == 2));
}

/*
 * What is a subject's own: of its effect with the coefficients b, what a
 * regression on the terms of all others does not explain.
 */
static double
oracle_own(const Oracle *all, const double *b, uint32_t subject,
		   const double *penalty, double freedom_left)
{
	Oracle	   *o = hp_alloc(unit_env, 1, sizeof(Oracle));
	uint32_t	n = oracle_counted(all);
	double		others[MOST_TERMS + 1];
	double		variance = 0;
	double		left = 0;

	*o = *all;
	o->n_terms = 0;
	memset(o->y, 0, sizeof(o->y));
	for (uint32_t t = 0; t < all->n_terms; t++)
	{
		bool		member = is_of(all, all->feature[t], subject);

		for (uint32_t i = 0; i < o->n_runs; i++)
			if (member)
				o->y[i] += b[t] * (all->z[i][t] - all->mean[t]);
			else
				o->z[i][o->n_terms] = all->z[i][t];
		o->n_terms += !member;
	}
	oracle_solve(o, MOST_RUNS, penalty, others);
	for (uint32_t i = 0; i < o->n_runs; i++)
		if (o->counts[i])
		{
			double		error = o->y[i] - oracle_predict(o, others, i);

			variance += o->y[i] * o->y[i];
			left += error * error;
		}
	for (uint32_t t = 0; t < o->n_terms; t++)
		left += penalty[t] * others[t] * others[t];
	return fmin(1, left / variance * (n - 1) / freedom_left);
}

/* Degrees of freedom: what a unit more of each target adds to its prediction. */
static double
oracle_freedom_left(Oracle *o, const double *penalty)
{
	double		b[MOST_TERMS + 1];
	double		left = oracle_counted(o);

	oracle_solve(o, MOST_RUNS, penalty, b);
	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		double		more[MOST_TERMS + 1];

		if (!o->counts[i])
			continue;
		o->y[i] += 1;
		oracle_solve(o, MOST_RUNS, penalty, more);
		o->y[i] -= 1;
		left -= oracle_predict(o, more, i) - oracle_predict(o, b, i);
	}
	return left;
}

#endif							/* HPIMP_ANOTHER_REGRESSION_H */
