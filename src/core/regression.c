/*
 * regression.c
 *		A smooth regression on terms of parameters and their products.
 *
 * Sums are taken in the order of runs and terms: the same bits everywhere.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cholesky.h"
#include "regression.h"
#include "terms.h"

/*
 * Fewer runs tell nothing, and a subsample of two thirds has to be enough
 * (replicate.h); more products would take too long beside the trees.
 */
#define FEWEST_RUNS		30
#define FEWEST_COUNTED	20
#define MOST_PRODUCTS	96

/*
 * Variances, in units of the target's: of all parameters together to begin with,
 * of a parameter and of the noise at least, and of products for each unit of
 * both parameters' at least and at most.  So often they are learned anew: after
 * that importances hardly change.
 */
#define FIRST_VARIANCE	0.5
#define LEAST_VARIANCE	1e-4
#define LEAST_PRODUCTS	1e-3
#define LARGEST_PRODUCTS	20
#define ROUNDS			4

/*
 * The more parameters there are, the less each is expected to do: a priori the
 * variances have a density of v^-(1 + doubt / 2), and are learned as the most
 * likely ones on a logarithmic scale.  Without doubt as many parameters as runs
 * would follow noise; with a tenth for each of more than 20 many weak ones could
 * not matter together.
 */
#define DOUBT			0.1
#define DOUBT_OF_MORE	0.025
#define MORE			20

/* That much of a run is its own at least: less is rounding. */
#define LEAST_LEFT_OUT	1e-12

/* That much of what runs gain by an effect varies at least: less is rounding. */
#define LEAST_SPREAD	1e-9

/* That terms have no freedom at all is told but for rounding. */
#define LEAST_FREEDOM	1e-9

/*
 * What others explain of an effect is asked with hardly any penalty, by run: a
 * level of many has a small part of the variance of its category.
 */
#define PENALTY_OF_OTHERS	0.001

/* From this round on products with less freedom than this are dropped. */
#define FIRST_TO_DROP	3
#define IDLE			0.05

#define ALONE	UINT32_MAX

/* A term of a feature, or the product of terms of two. */
typedef struct Factors
{
	uint32_t	feature;
	uint32_t	other;			/* ALONE: none */
	uint32_t	terms[2];
} Factors;

typedef struct Pair
{
	uint32_t	feature;
	uint32_t	other;
	double		variance;		/* of its products, but for a factor */
} Pair;

struct HpRegression
{
	const HpEnv *env;
	const HpGroups *groups;
	const HpTerms *alone;
	uint32_t	n_features;
	uint32_t   *first;			/* term by feature, and where the last one's end */
	uint32_t	most;			/* terms and products */
	HpBeside	told;

	/* of the fit at hand */
	uint32_t	n_counted;
	uint32_t   *counted;		/* the runs */
	double		mean;			/* of their targets, */
	double		deviation;
	double	   *y;				/* and what these are in such units */
	uint32_t	n;				/* terms and products */
	Factors    *of;
	double	   *centered;		/* by run counted and term, from their mean on */
	HpTriangle	gram;			/* of the products of terms */
	double	   *moments;		/* by term: products with y */

	/* what is learned */
	double	   *variance;		/* of coefficients, by feature */
	double		of_products;	/* times those of both features */
	double		noise;
	double	   *scale;			/* by term: deviation of its coefficient, */
	double	   *whitened;		/* and the coefficient in units of that */
	HpTriangle	inverse;		/* R^-1, R'R = scale gram scale + noise */
	HpTriangle	transposed;		/* the same, its rows end at the diagonal */
	double	   *freedom_of_term;	/* to follow the runs, 0 .. 1 */
	double	   *freedom;		/* by feature, of its terms and products; */
	double	   *evidence;		/* sum of squares of what is whitened */

	/* scratch memory */
	double	   *by_term;
	double	   *halfway;		/* by term */
	double	   *smoothed;		/* by term */
	double	   *block;			/* by term and term of a subject */
	uint32_t   *members;		/* terms */
	Pair	   *pairs;
	double	   *squares;		/* by subject */
};

/* ---- creation ---- */

static double *
by_term(const HpRegression *r)
{
	return hp_alloc(r->env, r->most, sizeof(double));
}

static double *
by_feature(const HpRegression *r)
{
	return hp_alloc(r->env, r->n_features, sizeof(double));
}

static HpTriangle
triangle(const HpRegression *r)
{
	return (HpTriangle) {
		.rows = hp_alloc(r->env, (size_t) r->most * r->most, sizeof(double)),
		.stride = r->most
	};
}

static void
create_scratch(HpRegression *r)
{
	size_t		runs = r->told.n_runs;
	size_t		subjects = r->told.n_subjects;

	r->counted = hp_alloc(r->env, runs, sizeof(uint32_t));
	r->y = hp_alloc(r->env, runs, sizeof(double));
	r->of = hp_alloc(r->env, r->most, sizeof(Factors));
	r->centered = hp_alloc(r->env, runs * r->most, sizeof(double));
	r->gram = triangle(r);
	r->moments = by_term(r);
	r->variance = by_feature(r);
	r->scale = by_term(r);
	r->whitened = by_term(r);
	r->inverse = triangle(r);
	r->transposed = triangle(r);
	r->freedom_of_term = by_term(r);
	r->freedom = by_feature(r);
	r->evidence = by_feature(r);
	r->by_term = by_term(r);
	r->halfway = by_term(r);
	r->smoothed = by_term(r);
	r->block = triangle(r).rows;
	r->members = hp_alloc(r->env, r->most, sizeof(uint32_t));
	r->pairs = hp_alloc(r->env, (size_t) r->n_features * r->n_features / 2,
						sizeof(Pair));
	r->squares = hp_alloc(r->env, subjects, sizeof(double));
	r->told.predicted = hp_alloc0(r->env, runs, sizeof(double));
	r->told.effects = hp_alloc0(r->env, runs * subjects, sizeof(double));
	r->told.own = hp_alloc(r->env, subjects, sizeof(double));
}

/* Terms and products of all pairs, if there is room for them. */
static void
count_terms(HpRegression *r)
{
	uint32_t	n = 0;
	uint32_t	products = 0;

	r->first = hp_alloc(r->env, r->n_features + (size_t) 1, sizeof(uint32_t));
	for (uint32_t f = 0; f < r->n_features; f++)
	{
		r->first[f] = n;
		while (n < r->alone->n && r->alone->feature[n] == f)
			n++;
		products += (n - r->first[f]) * r->first[f];
	}
	r->first[r->n_features] = n;
	r->most = n + (products < MOST_PRODUCTS ? products : MOST_PRODUCTS);
}

/* One-hot columns of a category say the same: who is to have how much of it? */
static bool
any_onehot(const HpFrame *frame, const uint32_t *columns, uint32_t n_features)
{
	for (uint32_t f = 0; f < n_features; f++)
		if (frame->columns[columns[f]].level.bytes != NULL ||
			frame->columns[columns[f]].level_missing)
			return true;
	return false;
}

HpRegression *
hp_regression_create(const HpEnv *env, const HpFrame *frame,
					 const uint32_t *columns, uint32_t n_features,
					 const HpGroups *groups)
{
	HpRegression *r;
	HpTerms    *alone;

	if (frame->n_runs < FEWEST_RUNS || frame->n_runs >= HP_RUNS_WITHOUT ||
		n_features > HP_MOST_TERMS || any_onehot(frame, columns, n_features))
		return NULL;
	alone = hp_terms_create(env, frame, columns, n_features);
	if (alone == NULL)
		return NULL;
	r = hp_alloc0(env, 1, sizeof(HpRegression));
	r->env = env;
	r->groups = groups;
	r->alone = alone;
	r->n_features = n_features;
	count_terms(r);
	r->told.n_runs = frame->n_runs;
	r->told.n_subjects = hp_count_subjects(groups, n_features);
	create_scratch(r);
	return r;
}

/* ---- the equations ---- */

static inline double *
centered_of(const HpRegression *r, uint32_t i)
{
	return r->centered + (size_t) i * r->most;
}

/*
 * Take the runs that count, and their targets; false if they tell nothing.
 * Differences of targets are exact, their sums are not.
 */
static bool
take_runs(HpRegression *r, const int64_t *target, const uint32_t *counts)
{
	uint32_t	n = 0;
	double		off = 0;
	double		squares = 0;

	for (uint32_t run = 0; run < r->told.n_runs; run++)
		if (counts == NULL || counts[run] > 0)
			r->counted[n++] = run;
	r->n_counted = n;
	for (uint32_t i = 0; i < n; i++)
	{
		r->y[i] = (double) (target[r->counted[i]] - target[r->counted[0]]);
		off += r->y[i] / n;
	}
	for (uint32_t i = 0; i < n; i++)
	{
		r->y[i] -= off;
		squares += r->y[i] * r->y[i];
	}
	if (n < FEWEST_COUNTED || !(squares > 0))
		return false;
	r->mean = (double) target[r->counted[0]] + off;
	r->deviation = sqrt(squares / n);
	for (uint32_t i = 0; i < n; i++)
		r->y[i] /= r->deviation;
	return true;
}

static void
take_terms(HpRegression *r)
{
	r->n = r->alone->n;
	for (uint32_t t = 0; t < r->n; t++)
		r->of[t] = (Factors) {r->alone->feature[t], ALONE, {t, t}};
	for (uint32_t i = 0; i < r->n_counted; i++)
		memcpy(centered_of(r, i), hp_terms_of(r->alone, r->counted[i]),
			   r->n * sizeof(double));
}

/* The values of the products, those from first on. */
static void
multiply_terms(HpRegression *r, uint32_t first)
{
	for (uint32_t i = 0; i < r->n_counted; i++)
	{
		const double *terms = hp_terms_of(r->alone, r->counted[i]);
		double	   *row = centered_of(r, i);

		for (uint32_t t = first; t < r->n; t++)
			row[t] = terms[r->of[t].terms[0]] * terms[r->of[t].terms[1]];
	}
}

/* Take the mean off all terms from first on. */
static void
center(HpRegression *r, uint32_t first)
{
	double	   *mean = r->by_term;
	uint32_t	n = r->n - first;

	memset(mean, 0, n * sizeof(double));
	for (uint32_t i = 0; i < r->n_counted; i++)
		hp_add_times(mean, 1.0 / r->n_counted, centered_of(r, i) + first, n);
	for (uint32_t i = 0; i < r->n_counted; i++)
		hp_add_times(centered_of(r, i) + first, -1, mean, n);
}

/* Add four runs to the products of all terms with those from first on. */
static void
add_four_runs(HpRegression *r, uint32_t i, uint32_t first)
{
	const double *a = centered_of(r, i);
	const double *b = centered_of(r, i + 1);
	const double *c = centered_of(r, i + 2);
	const double *d = centered_of(r, i + 3);

	for (uint32_t t = 0; t < r->n; t++)
	{
		uint32_t	from = t < first ? first : t;

		hp_add_four(hp_triangle_row(&r->gram, t) + from,
					(double[4]) {a[t], b[t], c[t], d[t]},
					a + from, b + from, c + from, d + from, r->n - from);
	}
}

static void
add_run(HpRegression *r, uint32_t i, uint32_t first)
{
	const double *row = centered_of(r, i);

	for (uint32_t t = 0; t < r->n; t++)
	{
		uint32_t	from = t < first ? first : t;

		hp_add_times(hp_triangle_row(&r->gram, t) + from, row[t], row + from,
					 r->n - from);
	}
}

/* The equations of the terms from first on. */
static void
add_equations(HpRegression *r, uint32_t first)
{
	uint32_t	n = r->n;
	uint32_t	i = 0;

	for (uint32_t t = 0; t < n; t++)
	{
		uint32_t	from = t < first ? first : t;

		memset(hp_triangle_row(&r->gram, t) + from, 0,
			   (n - from) * sizeof(double));
	}
	memset(r->moments + first, 0, (n - first) * sizeof(double));
	for (; r->n_counted - i >= 4; i += 4)
	{
		hp_tick(r->env);
		add_four_runs(r, i, first);
	}
	for (; i < r->n_counted; i++)
		add_run(r, i, first);
	for (i = 0; i < r->n_counted; i++)
		hp_add_times(r->moments + first, r->y[i], centered_of(r, i) + first,
					 n - first);
}

/* ---- learning ---- */

static void
set_scale(HpRegression *r)
{
	for (uint32_t t = 0; t < r->n; t++)
	{
		const Factors *of = &r->of[t];
		double		variance = r->variance[of->feature];

		if (of->other != ALONE)
			variance *= r->of_products * r->variance[of->other];
		r->scale[t] = sqrt(variance);
	}
}

/* The coefficients that are most likely, given the variances. */
static void
solve(HpRegression *r)
{
	uint32_t	n = r->n;

	set_scale(r);
	r->inverse.n = n;
	for (uint32_t t = 0; t < n; t++)
	{
		double	   *row = hp_triangle_row(&r->inverse, t);
		const double *gram = hp_triangle_row(&r->gram, t);

		for (uint32_t k = t; k < n; k++)
			row[k] = r->scale[t] * r->scale[k] * gram[k];
		row[t] += r->noise;
		r->whitened[t] = r->scale[t] * r->moments[t];
	}
	hp_cholesky(r->env, &r->inverse);
	hp_cholesky_solve(&r->inverse, r->whitened);
	hp_cholesky_invert(r->env, &r->inverse, r->by_term);
}

/* The sum of squared errors. */
static double
sum_errors(const HpRegression *r)
{
	double		sum = r->n_counted;

	for (uint32_t t = 0; t < r->n; t++)
		sum -= r->whitened[t] *
			(r->scale[t] * r->moments[t] + r->noise * r->whitened[t]);
	return sum;
}

/*
 * What a term has of freedom to follow the runs, 0 .. 1, is what its coefficient
 * is certain by; its square, in units of the variance it may have, would on
 * average be as much (MacKay 1992).  A product counts half for each of its two
 * features.  Returns the sum of freedom.
 */
static double
sum_evidence(HpRegression *r)
{
	double		sum = 0;

	memset(r->freedom, 0, r->n_features * sizeof(double));
	memset(r->evidence, 0, r->n_features * sizeof(double));
	for (uint32_t t = 0; t < r->n; t++)
	{
		const Factors *of = &r->of[t];
		double		here = 1 - r->noise * hp_inverse_at(&r->inverse, t, t);
		double		part = of->other == ALONE ? 1 : 0.5;
		double		square = part * r->whitened[t] * r->whitened[t];

		sum += here;
		r->freedom_of_term[t] = here;
		r->freedom[of->feature] += part * here;
		r->evidence[of->feature] += square;
		if (of->other == ALONE)
			continue;
		r->freedom[of->other] += part * here;
		r->evidence[of->other] += square;
	}
	return sum;
}

/*
 * With the variances of the features as they are now: products have all three as
 * factors, and learned at once each would go all of the way.
 */
static void
learn_products(HpRegression *r)
{
	double		freedom = 0;
	double		squares = 0;

	for (uint32_t t = 0; t < r->n; t++)
	{
		const Factors *of = &r->of[t];
		double		coefficient = r->scale[t] * r->whitened[t];

		if (of->other == ALONE)
			continue;
		freedom += r->freedom_of_term[t];
		squares += coefficient * coefficient /
			(r->variance[of->feature] * r->variance[of->other]);
	}
	if (freedom > LEAST_FREEDOM)
		r->of_products = fmin(fmax(squares / freedom, LEAST_PRODUCTS),
							  LARGEST_PRODUCTS);
}

static double
doubt_of(uint32_t n_features)
{
	return n_features <= MORE ? DOUBT * n_features :
		DOUBT * MORE + DOUBT_OF_MORE * (n_features - MORE);
}

static void
learn(HpRegression *r)
{
	double		doubt = doubt_of(r->n_features);
	double		freedom = sum_evidence(r);
	double		errors = sum_errors(r);

	for (uint32_t f = 0; f < r->n_features; f++)
		if (r->freedom[f] > LEAST_FREEDOM)
			r->variance[f] = fmax(r->variance[f] * r->evidence[f] /
								  (r->freedom[f] + doubt), LEAST_VARIANCE);
	learn_products(r);
	r->noise = fmax(errors / fmax(r->n_counted - 1 - freedom, 1),
					LEAST_VARIANCE);
}

/* Go on without the products that would follow the runs by next to nothing. */
static void
drop_idle(HpRegression *r)
{
	uint32_t   *kept = r->members;
	uint32_t	n = 0;

	for (uint32_t t = 0; t < r->n; t++)
		if (r->of[t].other == ALONE || r->freedom_of_term[t] >= IDLE)
			kept[n++] = t;
	for (uint32_t i = 0; i < r->n_counted; i++)
		for (uint32_t t = 0; t < n; t++)
			centered_of(r, i)[t] = centered_of(r, i)[kept[t]];
	for (uint32_t t = 0; t < n; t++)
	{
		r->of[t] = r->of[kept[t]];
		r->moments[t] = r->moments[kept[t]];
		for (uint32_t k = t; k < n; k++)
			hp_triangle_row(&r->gram, t)[k] =
				hp_triangle_row(&r->gram, kept[t])[kept[k]];
	}
	r->n = n;
}

/* Begin as if all parameters mattered alike. */
static void
fit(HpRegression *r)
{
	for (uint32_t f = 0; f < r->n_features; f++)
		r->variance[f] = FIRST_VARIANCE / r->n_features;
	r->of_products = 1;
	r->noise = 1 - FIRST_VARIANCE;
	solve(r);
	for (int i = 1; i <= ROUNDS; i++)
	{
		learn(r);
		if (i >= FIRST_TO_DROP)
			drop_idle(r);
		solve(r);
	}
}

/* ---- products ---- */

/* The larger the variances, the larger products may be. */
static int
compare_pairs(const void *a, const void *b)
{
	const Pair *x = a;
	const Pair *y = b;

	if (x->variance != y->variance)
		return x->variance > y->variance ? -1 : 1;
	if (x->feature != y->feature)
		return x->feature < y->feature ? -1 : 1;
	return x->other < y->other ? -1 : 1;
}

static uint32_t
sort_pairs(HpRegression *r)
{
	uint32_t	n = 0;

	for (uint32_t f = 0; f < r->n_features; f++)
		for (uint32_t other = f + 1; other < r->n_features; other++)
			r->pairs[n++] = (Pair) {
			f, other, r->variance[f] * r->variance[other]
		};
	qsort(r->pairs, n, sizeof(Pair), compare_pairs);
	return n;
}

/*
 * Products of a pair for which there is room: those without a bow, or those
 * with one.
 */
static void
add_products(HpRegression *r, const Pair *pair, bool bows)
{
	const HpTerms *alone = r->alone;
	uint32_t	before = r->n;

	for (uint32_t s = r->first[pair->feature];
		 s < r->first[pair->feature + 1]; s++)
		for (uint32_t t = r->first[pair->other];
			 t < r->first[pair->other + 1]; t++)
		{
			if ((alone->bow[s] || alone->bow[t]) != bows)
				continue;
			if (r->n == r->most)
			{
				r->n = before;
				return;
			}
			r->of[r->n++] = (Factors) {pair->feature, pair->other, {s, t}};
		}
}

/* Products of the pairs with the largest variances; first those of slopes. */
static void
choose_products(HpRegression *r)
{
	uint32_t	n_pairs = sort_pairs(r);

	for (uint32_t i = 0; i < n_pairs; i++)
		add_products(r, &r->pairs[i], false);
	for (uint32_t i = 0; i < n_pairs; i++)
		add_products(r, &r->pairs[i], true);
}

/* ---- what is a subject's own ---- */

static bool
is_member(const HpRegression *r, uint32_t feature, uint32_t subject)
{
	return feature == subject ||
		(r->groups->of[feature] != HP_NO_GROUP &&
		 r->n_features + r->groups->of[feature] == subject);
}

/* The variance of the effect of members, times the number of runs. */
static double
variance_of_members(const HpRegression *r, const double *coefficients,
					uint32_t n_members)
{
	double		sum = 0;

	for (uint32_t i = 0; i < n_members; i++)
		for (uint32_t k = i; k < n_members; k++)
		{
			uint32_t	s = r->members[i];
			uint32_t	t = r->members[k];

			sum += (i == k ? 1 : 2) * hp_triangle_row(&r->gram, s)[t] *
				coefficients[s] * coefficients[t];
		}
	return sum;
}

/*
 * What a regression on all other terms leaves of it.  With b the coefficients
 * and B the members' block of the inverse of products + penalty that is b'B^-1 b
 * (Schur complement), the penalty of b itself not counted.
 */
static double
left_of_members(HpRegression *r, const double *coefficients,
				uint32_t n_members)
{
	HpTriangle	block = {r->block, n_members, n_members};
	double		left = 0;
	double		explained = 0;

	for (uint32_t i = 0; i < n_members; i++)
	{
		double		coefficient = coefficients[r->members[i]];

		for (uint32_t k = i; k < n_members; k++)
			hp_triangle_row(&block, i)[k] =
				hp_inverse_at(&r->inverse, r->members[i], r->members[k]);
		r->by_term[i] = coefficient;
		left -= PENALTY_OF_OTHERS * r->n_counted * coefficient * coefficient;
	}
	hp_cholesky(r->env, &block);
	hp_cholesky_solve(&block, r->by_term);
	for (uint32_t i = 0; i < n_members; i++)
		explained += coefficients[r->members[i]] * r->by_term[i];
	return left + explained;
}

/* R^-1 of products + penalty; returns the degrees of freedom of errors. */
static double
penalise(HpRegression *r)
{
	double		penalty = PENALTY_OF_OTHERS * r->n_counted;
	double		trace = 0;

	for (uint32_t t = 0; t < r->n; t++)
	{
		double	   *row = hp_triangle_row(&r->inverse, t);

		memcpy(row + t, hp_triangle_row(&r->gram, t) + t,
			   (r->n - t) * sizeof(double));
		row[t] += penalty;
	}
	hp_cholesky(r->env, &r->inverse);
	hp_cholesky_invert(r->env, &r->inverse, r->by_term);
	for (uint32_t t = 0; t < r->n; t++)
		trace += hp_inverse_at(&r->inverse, t, t);
	return (double) r->n_counted - 1 - r->n + penalty * trace;
}

/*
 * Of effects without products.  Chance explains a part of an effect as well, by
 * as many terms as there are.
 */
static void
find_own(HpRegression *r)
{
	double	   *coefficients = r->whitened;
	double		by_chance;

	for (uint32_t t = 0; t < r->n; t++)
		coefficients[t] *= r->scale[t];
	by_chance = penalise(r) / (r->n_counted - 1.0);
	for (uint32_t subject = 0; subject < r->told.n_subjects; subject++)
	{
		uint32_t	n_members = 0;
		double		variance;

		for (uint32_t t = 0; t < r->n; t++)
			if (is_member(r, r->of[t].feature, subject))
				r->members[n_members++] = t;
		variance = variance_of_members(r, coefficients, n_members) * by_chance;
		r->told.own[subject] = !(variance > 0) ? 1 :
			fmax(0, fmin(1, left_of_members(r, coefficients, n_members) /
						 variance));
	}
}

/* ---- leaving out ---- */

static void
transpose(HpRegression *r)
{
	for (uint32_t t = 0; t < r->n; t++)
		for (uint32_t k = t; k < r->n; k++)
			hp_triangle_row(&r->transposed, k)[t] =
				hp_triangle_row(&r->inverse, t)[k];
}

static void
add_effect(const HpRegression *r, double *effects, const Factors *of,
		   double effect)
{
	uint32_t	group = r->groups->of[of->feature];

	effects[of->feature] += effect;
	if (group != HP_NO_GROUP)
		effects[r->n_features + group] += effect;
	if (of->other == ALONE)
		return;
	effects[of->other] += effect;
	if (r->groups->of[of->other] != HP_NO_GROUP &&
		r->groups->of[of->other] != group)
		effects[r->n_features + r->groups->of[of->other]] += effect;
}

/*
 * Without run i the coefficients are b - S e / (1 - h): S is what the solver
 * makes of the run's terms, e its error and h its leverage, what a unit more of
 * its target would add to its prediction.  The solver is R^-1 R^-T, by rows of
 * R^-1 and then by rows of R^-T.
 */
static void
leave_out(HpRegression *r, uint32_t i)
{
	uint32_t	n = r->n;
	uint32_t	run = r->counted[i];
	double	   *effects = hp_beside_effects(&r->told, run);
	double	   *terms = r->by_term;
	double	   *half = r->halfway;
	double	   *s = r->smoothed;
	double		error;
	double		left_out;

	memset(half, 0, n * sizeof(double));
	memset(s, 0, n * sizeof(double));
	for (uint32_t t = 0; t < n; t++)
	{
		terms[t] = centered_of(r, i)[t] * r->scale[t];
		hp_add_times(half + t, terms[t], hp_triangle_row(&r->inverse, t) + t,
					 n - t);
	}
	for (uint32_t t = 0; t < n; t++)
		hp_add_times(s, half[t], hp_triangle_row(&r->transposed, t), t + 1);
	error = r->y[i] - hp_product(terms, r->whitened, n);
	left_out = error / fmax(1 - 1.0 / r->n_counted - hp_product(half, half, n),
							LEAST_LEFT_OUT);
	r->told.predicted[run] = r->mean + (r->y[i] - left_out) * r->deviation;
	memset(effects, 0, r->told.n_subjects * sizeof(double));
	for (uint32_t t = 0; t < n; t++)
		add_effect(r, effects, &r->of[t], r->deviation * terms[t] *
				   (r->whitened[t] - s[t] * left_out));
}

/* ---- a fit ---- */

const HpBeside *
hp_regression_fit(HpRegression *r, const int64_t *target,
				  const uint32_t *counts)
{
	uint32_t	alone = r->alone->n;

	if (!take_runs(r, target, counts))
		return NULL;
	take_terms(r);
	center(r, 0);
	add_equations(r, 0);
	fit(r);
	find_own(r);
	choose_products(r);
	multiply_terms(r, alone);
	center(r, alone);
	add_equations(r, alone);
	fit(r);
	transpose(r);
	for (uint32_t i = 0; i < r->n_counted; i++)
	{
		hp_tick(r->env);
		leave_out(r, i);
	}
	return &r->told;
}

double
hp_regression_worth(const HpRegression *r, const int64_t *target,
					double *worth)
{
	uint32_t	n = r->told.n_subjects;
	double	   *mean = worth;
	double	   *squares = r->squares;
	double		variance = r->deviation * r->deviation;
	double		errors = 0;

	memset(mean, 0, n * sizeof(double));
	memset(squares, 0, n * sizeof(double));
	for (uint32_t i = 0; i < r->n_counted; i++)
	{
		uint32_t	run = r->counted[i];
		const double *effects = hp_beside_effects(&r->told, run);
		double		error = (double) target[run] - r->told.predicted[run];

		errors += error * error / r->n_counted;
		for (uint32_t s = 0; s < n; s++)
		{
			double		gain = effects[s] * (error + effects[s]);

			mean[s] += gain / r->n_counted;
			squares[s] += gain * gain / r->n_counted;
		}
	}
	for (uint32_t s = 0; s < n; s++)
	{
		double		spread = fmax(squares[s] - mean[s] * mean[s],
								  LEAST_SPREAD * squares[s]);

		worth[s] = spread > 0 ? variance * mean[s] * fabs(mean[s]) / spread : 0;
	}
	return 1 - errors / variance;
}
