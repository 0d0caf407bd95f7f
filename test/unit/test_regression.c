/*
 * test_regression.c
 *		The regression beside a forest of few runs, against another one: other
 *		terms, variances learned from the covariance of the runs rather than that
 *		of the coefficients, each run left out by solving anew without it.
 */
#define FIXTURES ""
#include "trained.h"

#include "core/regression.h"

#define MOST_RUNS	80
#define MOST_TERMS	160
#define MOST_PRODUCTS	96
#define MOST_FEATURES	12

/* Targets are up to 2^47. */
static bool
nearly(double a, double b)
{
	return fabs(a - b) <= 1e-10 * (fabs(a) + fabs(b) + 0x1p47);
}

/* ---- another implementation ---- */

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

/* ---- variances ---- */

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

/* ---- comparing ---- */

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

/* Of effects without products, whose variances have been learned. */
static uint32_t
count_wrong_own(Oracle *o, const double *own)
{
	double		penalty[MOST_TERMS];
	double		b[MOST_TERMS + 1];
	double		freedom_left;
	uint32_t	wrong = 0;

	for (uint32_t t = 0; t < o->n_terms; t++)
		penalty[t] = o->noise / prior(o, t);
	oracle_solve(o, MOST_RUNS, penalty, b);
	for (uint32_t t = 0; t < o->n_terms; t++)
		penalty[t] = 0.001 * oracle_counted(o);
	freedom_left = oracle_freedom_left(o, penalty);
	for (uint32_t f = 0; f < o->n_subjects; f++)
		wrong += !(fabs(own[f] - oracle_own(o, b, f, penalty, freedom_left)) <
				   1e-6);
	return wrong;
}

/* Predictions and effects of each run that counts, by all others. */
static uint32_t
count_wrong(const Oracle *o, const HpBeside *told)
{
	double		penalty[MOST_TERMS];
	uint32_t	wrong = 0;
	double		largest = 0;

	for (uint32_t t = 0; t < o->n_terms; t++)
		penalty[t] = o->noise / prior(o, t);
	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		double		b[MOST_TERMS + 1];

		if (!o->counts[i])
			continue;
		oracle_solve(o, i, penalty, b);
		wrong += !nearly(told->predicted[i], o->mean_of_targets +
						 o->deviation * oracle_predict(o, b, i));
		for (uint32_t s = 0; s < o->n_subjects; s++)
		{
			double		effect = 0;

			for (uint32_t t = 0; t < o->n_terms; t++)
				if (is_of(o, o->feature[t], s) || is_of(o, o->other[t], s))
					effect += b[t] * (o->z[i][t] - o->mean[t]);
			wrong += !nearly(hp_beside_effects(told, i)[s], o->deviation * effect);
			largest = fmax(largest, fabs(effect));
		}
	}
	return wrong + (largest == 0);
}

/* R^2, and the t statistics of what runs would lose without a subject. */
static void
compare_worth(const Oracle *o, const HpRegression *r, const HpBeside *told,
				 const int64_t *target, const char *what)
{
	double		worth[MOST_FEATURES + 1];
	double		errors = 0;
	double		spread = 0;
	double		r2 = hp_regression_worth(r, target, worth);
	bool		same = true;

	for (uint32_t s = 0; s < o->n_subjects; s++)
	{
		double		mean = 0;
		double		variance = 0;
		double		lost[MOST_RUNS] = {0};

		for (uint32_t i = 0; i < o->n_runs; i++)
			if (o->counts[i])
			{
				double		error = (double) target[i] - told->predicted[i];
				double		h = hp_beside_effects(told, i)[s];

				/* half by leaving the effect out, half by another's in its place */
				lost[i] = (pow(error + h, 2) - error * error + h * h) / 2;
				mean += lost[i] / oracle_counted(o);
			}
		for (uint32_t i = 0; i < o->n_runs; i++)
			if (o->counts[i])
				variance += pow(lost[i] - mean, 2) / oracle_counted(o);
		mean *= fabs(mean) * o->deviation * o->deviation / variance;
		same = same && fabs(worth[s] - mean) < 1e-6 * fabs(mean);
	}
	for (uint32_t i = 0; i < o->n_runs; i++)
		if (o->counts[i])
		{
			errors += pow((double) target[i] - told->predicted[i], 2);
			spread += pow((double) target[i] - o->mean_of_targets, 2);
		}
	ok(same && fabs(r2 - 1 + errors / spread) < 1e-9,
	   "%s: R2 %.3f, and what effects are worth", what, r2);
}

/* Whether the regression says the same. */
static void
compare(const Oracle *sweep, const HpFrame *frame, HpRegression *r, const char *what)
{
	Oracle	   *o = hp_alloc(unit_env, 1, sizeof(Oracle));
	uint32_t	counts[MOST_RUNS];
	const HpBeside *told;
	uint32_t	products;
	uint32_t	wrong;

	*o = *sweep;
	o->n_alone = o->n_terms;
	for (uint32_t t = 0; t < o->n_terms; t++)
		o->other[t] = ALONE;
	for (uint32_t i = 0; i < o->n_runs; i++)
		counts[i] = o->counts[i] ? 1 + i % 3 : 0;
	oracle_targets(o, frame->target);
	told = hp_regression_fit(r, frame->target, counts);
	ok(told != NULL, "%s: fitted", what);
	compare_worth(o, r, told, frame->target, what);
	oracle_learn_all(o);
	wrong = count_wrong_own(o, told->own);
	ok(wrong == 0, "%s: what is the parameters' own: %" PRIu32 " differ", what, wrong);
	oracle_products(o);
	products = o->n_terms - o->n_alone;
	oracle_learn_all(o);
	wrong = count_wrong(o, told);
	ok(wrong == 0 && o->n_terms > o->n_alone,
	   "%s: %" PRIu32 " products, of which %" PRIu32 " stay: predictions and effects of each run by all others: %"
	   PRIu32 " differ", what, products, o->n_terms - o->n_alone, wrong);
}

/* ---- data ---- */

typedef struct Sweep
{
	HpFrame    *frame;
	HpFeatureMap *map;
	Oracle		oracle;
} Sweep;

/*
 * Features by name: a boolean, b.kind a category (with a level of one run), b.size
 * numbers with ties, d numbers that exist under one b.kind (gaps are filled), e
 * numbers with gaps for no reason.  Runs are numbered by their metric, as a
 * frame has them.
 */
static Sweep *
make_sweep(uint32_t n, uint64_t seed, HpMissing missing)
{
	UnitRandom	random = seed;
	HpForestSettings settings = DEFAULTS;
	Sweep	   *sweep = hp_alloc0(unit_env, 1, sizeof(Sweep));
	HpValue    *cells[5];
	HpInput		inputs[5];
	double		x[5][MOST_RUNS];
	uint32_t	level[MOST_RUNS];
	double	   *metric = hp_alloc(unit_env, n, sizeof(double));
	static const char *const names[] = {"a", "b.kind", "b.size", "d", "e"};

	for (int c = 0; c < 5; c++)
		cells[c] = hp_alloc0(unit_env, n, sizeof(HpValue));
	sweep->oracle.n_runs = n;
	for (uint32_t i = 0; i < n; i++)
	{
		bool		late = 2 * i > n;

		level[i] = i == 7 ? 3 : random_below(&random, 3);
		x[0][i] = random_below(&random, 4) < (late ? 3 : 1);
		x[2][i] = floor(random_uniform(&random) * 9 + (late ? 3 : 0));
		x[3][i] = level[i] == 2 ? random_uniform(&random) : NAN;
		x[4][i] = random_below(&random, 3) > 0 ? random_normal(&random) : NAN;
		cells[0][i] = truth(x[0][i] > 0);
		cells[1][i] = str_numbered("level", level[i]);
		cells[2][i] = num(x[2][i]);
		cells[3][i] = isnan(x[3][i]) ? gap : num(x[3][i]);
		cells[4][i] = isnan(x[4][i]) ? gap : num(x[4][i]);
		metric[i] = i + 0.25 * random_uniform(&random);
		sweep->oracle.counts[i] = true;
	}
	for (int c = 0; c < 5; c++)
		inputs[c] = unit_input(names[c], cells[c], n);
	sweep->frame = unit_frame(inputs, 5, metric, n);
	settings.missing = missing;
	settings.depth = 1;
	sweep->map = hp_forest_prepare(unit_env, sweep->frame, &settings);
	oracle_numbers(&sweep->oracle, 0, x[0], false, false);
	oracle_levels(&sweep->oracle, 1, level, 4);
	oracle_numbers(&sweep->oracle, 2, x[2], true, false);
	oracle_numbers(&sweep->oracle, 3, x[3], true, missing == HP_MISSING_FILL);
	oracle_numbers(&sweep->oracle, 4, x[4], true, false);
	sweep->oracle.n_features = 5;
	sweep->oracle.n_subjects = 6;
	return sweep;
}

static HpRegression *
create(const Sweep *sweep)
{
	return hp_regression_create(unit_env, sweep->frame, sweep->map->columns,
							  sweep->map->n_features, &sweep->map->groups);
}

/* ---- tests ---- */

static void
test_oracle(void)
{
	for (uint32_t i = 0; i < 3; i++)
	{
		Sweep	   *sweep = make_sweep(40 + 20 * i, 77 + i, HP_MISSING_FILL);
		HpRegression *r = create(sweep);

		ok(sweep->frame->columns[3].fill && !sweep->frame->columns[4].fill,
		   "gaps that are explained are filled, others are not");
		compare(&sweep->oracle, sweep->frame, r, "all runs");
		for (uint32_t run = 0; run < sweep->frame->n_runs; run++)
			sweep->oracle.counts[run] = run % 3 != 1;
		compare(&sweep->oracle, sweep->frame, r, "some runs");
		sweep = make_sweep(40 + 20 * i, 177 + i, HP_MISSING_VALUE);
		compare(&sweep->oracle, sweep->frame, create(sweep),
				"missing is a value");
		unit_free_all();
	}
}

/* Run i of numbers that a product matters for: they are sorted by the metric. */
static void
put_run(double (*x)[MOST_RUNS], double *metric, uint32_t i, UnitRandom *random)
{
	double		here[MOST_FEATURES];
	double		y;

	for (uint32_t c = 0; c < MOST_FEATURES; c++)
		here[c] = random_uniform(random);
	y = here[3] + 8 * (here[7] - 0.5) * (here[9] - 0.5) + 0.1 * random_normal(random);
	for (; i > 0 && metric[i - 1] > y; i--)
	{
		metric[i] = metric[i - 1];
		for (uint32_t c = 0; c < MOST_FEATURES; c++)
			x[c][i] = x[c][i - 1];
	}
	metric[i] = y;
	for (uint32_t c = 0; c < MOST_FEATURES; c++)
		x[c][i] = here[c];
}

/* Twelve parameters have more products than there may be. */
static void
test_most_products(void)
{
	enum
	{
		N = 64
	};
	UnitRandom	random = 5;
	HpForestSettings settings = DEFAULTS;
	Oracle	   *o = hp_alloc0(unit_env, 1, sizeof(Oracle));
	HpInput		inputs[MOST_FEATURES];
	double		x[MOST_FEATURES][MOST_RUNS];
	double		metric[N];
	HpFrame    *frame;
	HpFeatureMap *map;

	o->n_runs = N;
	o->n_features = o->n_subjects = MOST_FEATURES;
	for (uint32_t i = 0; i < N; i++)
	{
		put_run(x, metric, i, &random);
		o->counts[i] = true;
	}
	for (uint32_t c = 0; c < MOST_FEATURES; c++)
	{
		char	   *name = hp_alloc(unit_env, 16, 1);

		snprintf(name, 16, "p%02" PRIu32, c);
		inputs[c] = unit_numbers(name, x[c], N);
		oracle_numbers(o, c, x[c], true, false);
	}
	frame = unit_frame(inputs, MOST_FEATURES, metric, N);
	map = hp_forest_prepare(unit_env, frame, &settings);
	compare(o, frame, hp_regression_create(unit_env, frame, map->columns,
										   map->n_features, &map->groups),
			"of twelve");
	unit_free_all();
}

static HpRegression *
of_numbers(uint32_t n_runs, uint32_t n_columns, bool onehot)
{
	UnitRandom	random = 12;
	HpForestSettings settings = DEFAULTS;
	HpInput    *inputs = hp_alloc(unit_env, n_columns + 1, sizeof(HpInput));
	double	   *metric = hp_alloc(unit_env, n_runs, sizeof(double));
	HpFrame    *frame;
	HpFeatureMap *map;
	HpValue    *words = hp_alloc(unit_env, n_runs, sizeof(HpValue));

	for (uint32_t i = 0; i < n_runs; i++)
	{
		metric[i] = random_uniform(&random);
		words[i] = str_numbered("w", i % 2);
	}
	for (uint32_t c = 0; c < n_columns; c++)
	{
		double	   *x = hp_alloc(unit_env, n_runs, sizeof(double));
		char	   *name = hp_alloc(unit_env, 16, 1);

		for (uint32_t i = 0; i < n_runs; i++)
			x[i] = random_uniform(&random);
		snprintf(name, 16, "p%05" PRIu32, c);
		inputs[c] = unit_numbers(name, x, n_runs);
	}
	inputs[n_columns] = unit_input("words", words, n_runs);
	frame = hp_frame_build(unit_env, inputs, n_columns + 1, metric, n_runs,
						   &(HpFrameOptions) {.onehot = onehot});
	map = hp_forest_prepare(unit_env, frame, &settings);
	return hp_regression_create(unit_env, frame, map->columns, map->n_features,
							  &map->groups);
}

static void
test_not_worth_it(void)
{
	uint32_t	counts[30] = {0};
	int64_t		target[30] = {0};
	HpRegression *a = of_numbers(30, 3, false);
	const HpBeside *told;

	ok(a != NULL, "from 30 runs on");
	ok(of_numbers(29, 3, false) == NULL, "not of 29");
	ok(of_numbers(999, 3, false) != NULL && of_numbers(1000, 3, false) == NULL,
	   "below 1,000 runs");
	ok(of_numbers(50, 63, false) != NULL && of_numbers(50, 64, false) == NULL,
	   "with at most 128 terms");
	ok(of_numbers(50, 500, false) == NULL, "with at most 128 features");
	ok(of_numbers(50, 3, true) == NULL, "not with one-hot columns");
	ok(hp_regression_fit(a, target, counts) == NULL, "not if no run counts");
	for (int i = 0; i < 19; i++)
		counts[i] = 1;
	ok(hp_regression_fit(a, target, counts) == NULL, "not if 19 count");
	counts[19] = 1;
	told = hp_regression_fit(a, target, counts);
	ok(told == NULL, "not of a constant metric");
	target[7] = 1;
	told = hp_regression_fit(a, target, counts);
	ok(told != NULL, "of 20 that differ");
	ok(hp_regression_fit(a, target, NULL) == told, "all may count");
	unit_free_all();
}

/*
 * More terms than runs, and noise: it is not followed, and each parameter's effect
 * is no less its own for what others explain by chance.
 */
static void
test_more_terms_than_runs(void)
{
	HpRegression *a = of_numbers(30, 40, false);
	UnitRandom	random = 8;
	int64_t		target[30];
	const HpBeside *told;
	double		mean = 0,
				errors = 0,
				squares = 0;
	double		own = 0;

	for (int i = 0; i < 30; i++)
	{
		target[i] = (int64_t) (1e9 * random_normal(&random));
		mean += (double) target[i] / 30;
	}
	told = hp_regression_fit(a, target, NULL);
	for (int i = 0; i < 30; i++)
	{
		double		error = (double) target[i] - told->predicted[i];

		errors += error * error;
		squares += ((double) target[i] - mean) * ((double) target[i] - mean);
	}
	for (uint32_t f = 0; f < told->n_subjects; f++)
		own += told->own[f] / told->n_subjects;
	ok(errors < 1.5 * squares && errors > 0.9 * squares,
	   "80 terms of 30 runs: errors of noise %.2f of its variance", errors / squares);
	ok(own > 0.5, "%.2f of effects are their own", own);
	unit_free_all();
}

/* An interaction and nothing else, of the first two of n parameters. */
static void
test_pure_interaction(uint32_t n)
{
	enum
	{
		N = 150
	};
	UnitRandom	random = 77 + n;
	HpForestSettings settings = DEFAULTS;
	HpInput		inputs[MOST_FEATURES];
	double		metric[N];
	double		worth[MOST_FEATURES];
	HpFrame    *frame;
	HpFeatureMap *map;
	HpRegression *r;
	double		r2;
	bool		least = true;

	for (uint32_t c = 0; c < n; c++)
	{
		double	   *x = hp_alloc(unit_env, N, sizeof(double));
		char	   *name = hp_alloc(unit_env, 16, 1);

		for (uint32_t i = 0; i < N; i++)
		{
			x[i] = random_uniform(&random);
			metric[i] = c == 0 ? 12 * (x[i] - 0.5) : c == 1 ? metric[i] * (x[i] - 0.5) :
				metric[i];
		}
		snprintf(name, 16, "p%02" PRIu32, c);
		inputs[c] = unit_numbers(name, x, N);
	}
	for (uint32_t i = 0; i < N; i++)
		metric[i] += 0.3 * random_normal(&random);
	frame = unit_frame(inputs, n, metric, N);
	map = hp_forest_prepare(unit_env, frame, &settings);
	r = hp_regression_create(unit_env, frame, map->columns, map->n_features,
							 &map->groups);
	ok(hp_regression_fit(r, frame->target, NULL) != NULL, "fitted");
	r2 = hp_regression_worth(r, frame->target, worth);
	for (uint32_t c = 2; c < n; c++)
		least = least && worth[c] < 0.2 * fmin(worth[0], worth[1]);
	ok(r2 > 0.85 && least, "a pure interaction of two of %" PRIu32 ": R2 %.2f", n, r2);
	unit_free_all();
}

/* Sums of large targets are rounded, their differences are not. */
static void
test_large_targets(void)
{
	HpRegression *r = of_numbers(30, 3, false);
	int64_t		target[30];
	const HpBeside *told;
	double		predicted[30];
	bool		same = true;

	for (int i = 0; i < 30; i++)
		target[i] = (INT64_C(1) << 47) - 1;
	ok(hp_regression_fit(r, target, NULL) == NULL, "not of a constant metric, however large");
	for (int i = 0; i < 30; i++)
		target[i] -= i % 7;
	memcpy(predicted, hp_regression_fit(r, target, NULL)->predicted, sizeof(predicted));
	for (int i = 0; i < 30; i++)
		target[i] -= (INT64_C(1) << 47) - 1;
	told = hp_regression_fit(r, target, NULL);
	for (int i = 0; i < 30; i++)
		same = same && fabs(predicted[i] - 0x1p47 + 1 - told->predicted[i]) < 0.1;
	ok(same, "far from 0 the same is told as near it");
	unit_free_all();
}

/* Copies share what they do. */
static void
test_copies(void)
{
	enum
	{
		N = 60
	};
	UnitRandom	random = 99;
	HpForestSettings settings = DEFAULTS;
	HpInput		inputs[3];
	double		x[N],
				other[N];
	double		metric[N];
	uint32_t	counts[N];
	HpFrame    *frame;
	HpFeatureMap *map;
	HpRegression *r;
	const HpBeside *told;
	bool		alike = true;
	double		size = 0;

	for (uint32_t i = 0; i < N; i++)
	{
		x[i] = random_uniform(&random);
		other[i] = random_uniform(&random);
		metric[i] = x[i] + other[i];
		counts[i] = 1;
	}
	inputs[0] = unit_numbers("g.x", x, N);
	inputs[1] = unit_numbers("g.y", other, N);
	inputs[2] = unit_numbers("x", x, N);
	frame = unit_frame(inputs, 3, metric, N);
	settings.depth = 1;
	map = hp_forest_prepare(unit_env, frame, &settings);
	r = hp_regression_create(unit_env, frame, map->columns, map->n_features,
							 &map->groups);
	told = hp_regression_fit(r, frame->target, counts);
	ok(hp_map_subjects(map) == 4 && told != NULL, "fitted to two copies, one in a group");
	for (uint32_t i = 0; i < N; i++)
	{
		const double *effect = hp_beside_effects(told, i);

		alike = alike && nearly(effect[0], effect[2]);
		size = fmax(size, fabs(effect[0]));
	}
	ok(alike && size > 0, "copies have the same effects");
	ok(told->own[0] < 0.1 && told->own[2] < 0.1 && told->own[1] > 0.7,
	   "little of which is their own, but that of another: %g, %g, %g", told->own[0],
	   told->own[2], told->own[1]);
	unit_free_all();
}

int
main(void)
{
	test_oracle();
	test_most_products();
	test_not_worth_it();
	test_more_terms_than_runs();
	test_pure_interaction(2);
	test_pure_interaction(5);
	test_pure_interaction(9);
	test_large_targets();
	test_copies();
	return done();
}
