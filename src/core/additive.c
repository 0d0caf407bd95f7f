/*
 * additive.c
 *		A smooth additive regression.
 *
 * Sums are taken in the order of runs and terms: the same bits everywhere.
 */
#include <math.h>
#include <string.h>

#include "additive.h"

/*
 * Fewer runs tell nothing, and a subsample of two thirds has to be enough
 * (replicate.h); more terms take longer than the trees.
 */
#define FEWEST_RUNS		30
#define FEWEST_COUNTED	20
#define MOST_TERMS		128

/* A level has a term if so many runs have it, and this share of them. */
#define FEWEST_OF_LEVEL 2
#define SHARE_OF_LEVEL	(1.0 / 64)

/* What the second polynomial weighs. */
#define WEIGHT_OF_BOWS	0.5

/* Penalties to choose from, by run. */
static const double penalties[] = {0.03, 0.1, 0.3, 1, 3};

#define N_PENALTIES		(sizeof(penalties) / sizeof(penalties[0]))

/*
 * What others explain of an effect is asked with hardly any: a level of many has
 * a small part of the variance of its category.
 */
#define PENALTY_OF_OTHERS	0.001

/* What the codes of a column stand for in the regression. */
typedef struct Term
{
	uint32_t	feature;
	double	   *of_code;
} Term;

struct HpAdditive
{
	const HpEnv *env;
	const HpGroups *groups;
	uint32_t	n_features;
	uint32_t	n_terms;
	Term		terms[MOST_TERMS];
	double	   *rows;			/* by run and term */

	/* of the fit at hand */
	uint32_t	n_counted;
	uint32_t   *counted;		/* the runs */
	double	   *y;				/* by run counted, from their mean on */
	double		mean;
	double	   *centered;		/* by run counted and term */
	double	   *gram;			/* upper triangles, by term and term: of the
								 * products, */
	double	   *factor;			/* and R'R = products + penalty */
	double	   *moments;		/* by term: products with y */
	double	   *coefficients;	/* by term */
	double	   *scratch;		/* by term */
	double	   *inverse;		/* R^-1 under PENALTY_OF_OTHERS, by row */
	double	   *block;			/* of it, by term and term of a subject */
	uint32_t   *members;		/* the terms of a subject */
	double		freedom_left;	/* degrees of freedom of errors, likewise */
	HpBeside	told;
};

/* ---- terms ---- */

/* A new term, 0 for all codes; NULL if there are too many. */
static double *
add_term(HpAdditive *a, uint32_t feature, const HpColumn *column)
{
	double	   *of_code;

	if (a->n_terms == MOST_TERMS)
		return NULL;
	of_code = hp_alloc0(a->env, column->n_codes, sizeof(double));
	a->terms[a->n_terms++] = (Term) {feature, of_code};
	return of_code;
}

/* The variance of a term with mean 0. */
static double
variance_of(const HpAdditive *a, const double *of_code,
			const HpColumn *column, const uint32_t *runs_of)
{
	double		sum = 0;

	for (uint32_t c = 0; c < column->n_codes; c++)
		sum += runs_of[c] * of_code[c] * of_code[c];
	return sum / a->told.n_runs;
}

/*
 * Give what is told of numbers a mean of 0 over those that have one, and this
 * variance.
 */
static void
standardise(const HpAdditive *a, double *of_code, const HpColumn *column,
			const uint32_t *runs_of, double wanted)
{
	uint32_t	first = column->n_words + 1;
	double		sum = 0;
	double		variance;
	uint32_t	runs = 0;

	for (uint32_t c = first; c < column->n_codes; c++)
	{
		sum += runs_of[c] * of_code[c];
		runs += runs_of[c];
	}
	for (uint32_t c = first; c < column->n_codes; c++)
		of_code[c] -= sum / runs;
	variance = variance_of(a, of_code, column, runs_of);
	for (uint32_t c = first; c < column->n_codes && variance > 0; c++)
		of_code[c] *= sqrt(wanted / variance);
}

/* Slope and bow of the ranks of numbers; of two a bow tells nothing new. */
static bool
add_numbers(HpAdditive *a, uint32_t feature, const HpColumn *column,
			const uint32_t *runs_of)
{
	uint32_t	first = column->n_words + 1;
	double	   *slope;
	double	   *bow;
	uint32_t	runs = 0;
	uint32_t	before = 0;
	uint32_t	distinct = 0;

	for (uint32_t c = first; c < column->n_codes; c++)
	{
		runs += runs_of[c];
		distinct += runs_of[c] > 0;
	}
	if (distinct < 2)
		return true;
	slope = add_term(a, feature, column);
	bow = distinct < 3 ? slope : add_term(a, feature, column);
	if (slope == NULL || bow == NULL)
		return false;
	for (uint32_t c = first; c < column->n_codes; c++)
	{
		double		u = (2.0 * before + runs_of[c]) / runs - 1;

		before += runs_of[c];
		bow[c] = (3 * u * u - 1) / 2;
		slope[c] = u;
	}
	if (bow != slope)
		standardise(a, bow, column, runs_of, WEIGHT_OF_BOWS);
	standardise(a, slope, column, runs_of, 1);
	return true;
}

/*
 * A term for each level of enough runs: 1 for those of the level, 0 for others,
 * but with a mean of 0 over all that are present, and a variance of nearly 1.
 */
static bool
add_levels(HpAdditive *a, uint32_t feature, const HpColumn *column,
		   const uint32_t *runs_of)
{
	uint32_t	first = column->fill ? 1 : 0;
	uint32_t	end = column->kind == HP_CATEGORICAL ? column->n_codes :
		column->n_words + 1;
	double		present = a->told.n_runs - (column->fill ? runs_of[0] : 0);
	double		fewest = fmax(FEWEST_OF_LEVEL, SHARE_OF_LEVEL * a->told.n_runs);

	for (uint32_t level = first; level < end; level++)
	{
		double		share = runs_of[level] / present;
		double	   *of_code;

		if (runs_of[level] < fewest || runs_of[level] == present)
			continue;
		of_code = add_term(a, feature, column);
		if (of_code == NULL)
			return false;
		for (uint32_t c = first; c < column->n_codes; c++)
			of_code[c] = ((c == level) - share) / sqrt(share);
	}
	return true;
}

/* The terms of a column; false if there are too many. */
static bool
add_column(HpAdditive *a, uint32_t feature, const HpColumn *column)
{
	uint32_t   *runs_of = hp_alloc0(a->env, column->n_codes, sizeof(uint32_t));
	uint32_t	first = a->n_terms;
	double		variance = 0;

	for (uint32_t run = 0; run < a->told.n_runs; run++)
		runs_of[hp_column_code(column, run)]++;
	if (column->kind != HP_CATEGORICAL &&
		!add_numbers(a, feature, column, runs_of))
		return false;
	if (!add_levels(a, feature, column, runs_of))
		return false;
	for (uint32_t t = first; t < a->n_terms; t++)
		variance += variance_of(a, a->terms[t].of_code, column, runs_of);
	for (uint32_t t = first; t < a->n_terms && variance > 0; t++)
		for (uint32_t c = 0; c < column->n_codes; c++)
			a->terms[t].of_code[c] /= sqrt(variance);
	return true;
}

static inline double *
row_of(const HpAdditive *a, uint32_t run)
{
	return a->rows + (size_t) run * a->n_terms;
}

static void
fill_rows(HpAdditive *a, const HpFrame *frame, const uint32_t *columns)
{
	for (uint32_t t = 0; t < a->n_terms; t++)
	{
		const Term *term = &a->terms[t];
		const HpColumn *column = &frame->columns[columns[term->feature]];

		hp_tick(a->env);
		for (uint32_t run = 0; run < a->told.n_runs; run++)
			row_of(a, run)[t] = term->of_code[hp_column_code(column, run)];
	}
}

static void
create_scratch(HpAdditive *a)
{
	size_t		runs = a->told.n_runs;
	size_t		terms = a->n_terms;

	a->rows = hp_alloc(a->env, runs * terms, sizeof(double));
	a->centered = hp_alloc(a->env, runs * terms, sizeof(double));
	a->counted = hp_alloc(a->env, runs, sizeof(uint32_t));
	a->y = hp_alloc(a->env, runs, sizeof(double));
	a->gram = hp_alloc(a->env, terms * terms, sizeof(double));
	a->factor = hp_alloc(a->env, terms * terms, sizeof(double));
	a->moments = hp_alloc(a->env, terms, sizeof(double));
	a->coefficients = hp_alloc(a->env, terms, sizeof(double));
	a->scratch = hp_alloc(a->env, terms, sizeof(double));
	a->inverse = hp_alloc(a->env, terms * terms, sizeof(double));
	a->block = hp_alloc(a->env, terms * terms, sizeof(double));
	a->members = hp_alloc(a->env, terms, sizeof(uint32_t));
	a->told.predicted = hp_alloc0(a->env, runs, sizeof(double));
	a->told.effects = hp_alloc0(a->env, runs * a->told.n_subjects,
								sizeof(double));
	a->told.own = hp_alloc(a->env, a->told.n_subjects, sizeof(double));
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

HpAdditive *
hp_additive_create(const HpEnv *env, const HpFrame *frame,
				   const uint32_t *columns, uint32_t n_features,
				   const HpGroups *groups)
{
	HpAdditive *a;

	if (frame->n_runs < FEWEST_RUNS || frame->n_runs >= HP_RUNS_WITHOUT ||
		n_features > MOST_TERMS || any_onehot(frame, columns, n_features))
		return NULL;
	a = hp_alloc0(env, 1, sizeof(HpAdditive));
	a->env = env;
	a->groups = groups;
	a->told.n_runs = frame->n_runs;
	a->n_features = n_features;
	a->told.n_subjects = hp_count_subjects(groups, n_features);
	for (uint32_t f = 0; f < n_features; f++)
	{
		hp_tick(env);
		if (!add_column(a, f, &frame->columns[columns[f]]))
			return NULL;
	}
	create_scratch(a);
	fill_rows(a, frame, columns);
	return a;
}

/* ---- linear algebra ---- */

/* to += factor * from, n of them. */
static inline void
add_times(double *restrict to, double factor, const double *restrict from,
		  uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		to[i] += factor * from[i];
}

static inline double
product(const double *x, const double *y, uint32_t n)
{
	double		sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/* Cholesky: the upper triangle of m, n by n, becomes R, R'R = m. */
static void
factorise(const HpEnv *env, double *m, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
	{
		double	   *row = m + (size_t) i * n;
		double		root = sqrt(row[i]);

		hp_tick(env);
		for (uint32_t k = i; k < n; k++)
			row[k] /= root;
		for (uint32_t k = i + 1; k < n; k++)
			add_times(m + (size_t) k * n + k, -row[k], row + k, n - k);
	}
}

/* Solve R'x = x, whose first elements are 0. */
static void
solve_forward(const double *factor, uint32_t n, double *x, uint32_t first)
{
	for (uint32_t i = first; i < n; i++)
	{
		const double *row = factor + (size_t) i * n;

		x[i] /= row[i];
		add_times(x + i + 1, -x[i], row + i + 1, n - i - 1);
	}
}

/* Solve Rx = x. */
static void
solve_backward(const double *factor, uint32_t n, double *x)
{
	for (uint32_t i = n; i-- > 0;)
	{
		const double *row = factor + (size_t) i * n;

		x[i] = (x[i] - product(row + i + 1, x + i + 1, n - i - 1)) / row[i];
	}
}

/*
 * The trace of the inverse of R'R.  rows has room for the inverse of R, which
 * is made row by row, or is NULL.
 */
static double
trace_of_inverse(HpAdditive *a, double *rows)
{
	uint32_t	n = a->n_terms;
	double		trace = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		double	   *row = rows == NULL ? a->scratch : rows + (size_t) i * n;

		hp_tick(a->env);
		memset(row, 0, n * sizeof(double));
		row[i] = 1;
		solve_forward(a->factor, n, row, i);
		trace += product(row + i, row + i, n - i);
	}
	return trace;
}

/* ---- a fit ---- */

/* Take the runs that count; false if they are too few. */
static bool
take_runs(HpAdditive *a, const uint32_t *counts)
{
	a->n_counted = 0;
	for (uint32_t run = 0; run < a->told.n_runs; run++)
		if (counts == NULL || counts[run] > 0)
			a->counted[a->n_counted++] = run;
	return a->n_counted >= FEWEST_COUNTED;
}

/* Targets and terms from their means on. */
static void
center(HpAdditive *a, const int64_t *target)
{
	uint32_t	n = a->n_terms;
	double	   *mean = a->scratch;

	a->mean = 0;
	memset(mean, 0, n * sizeof(double));
	for (uint32_t i = 0; i < a->n_counted; i++)
	{
		a->mean += (double) target[a->counted[i]] / a->n_counted;
		add_times(mean, 1.0 / a->n_counted, row_of(a, a->counted[i]), n);
	}
	for (uint32_t i = 0; i < a->n_counted; i++)
	{
		const double *row = row_of(a, a->counted[i]);
		double	   *centered = a->centered + (size_t) i * n;

		a->y[i] = (double) target[a->counted[i]] - a->mean;
		for (uint32_t t = 0; t < n; t++)
			centered[t] = row[t] - mean[t];
	}
}

static void
multiply(HpAdditive *a)
{
	uint32_t	n = a->n_terms;

	memset(a->gram, 0, (size_t) n * n * sizeof(double));
	memset(a->moments, 0, n * sizeof(double));
	for (uint32_t i = 0; i < a->n_counted; i++)
	{
		const double *row = a->centered + (size_t) i * n;

		hp_tick(a->env);
		add_times(a->moments, a->y[i], row, n);
		for (uint32_t t = 0; t < n; t++)
			add_times(a->gram + (size_t) t * n + t, row[t], row + t, n - t);
	}
}

/* The coefficients under a penalty; returns the sum of squared errors. */
static double
solve(HpAdditive *a, double penalty)
{
	uint32_t	n = a->n_terms;
	double		errors = 0;

	memcpy(a->factor, a->gram, (size_t) n * n * sizeof(double));
	for (uint32_t t = 0; t < n; t++)
		a->factor[(size_t) t * n + t] += penalty * a->n_counted;
	factorise(a->env, a->factor, n);
	memcpy(a->coefficients, a->moments, n * sizeof(double));
	solve_forward(a->factor, n, a->coefficients, 0);
	solve_backward(a->factor, n, a->coefficients);
	for (uint32_t i = 0; i < a->n_counted; i++)
	{
		double		error = a->y[i] -
			product(a->centered + (size_t) i * n, a->coefficients, n);

		errors += error * error;
	}
	return errors;
}

/* The degrees of freedom of the errors, with the factor under a penalty. */
static double
freedom_left(HpAdditive *a, double penalty, double *rows_of_inverse)
{
	return (double) a->n_counted - 1 - a->n_terms +
		penalty * a->n_counted * trace_of_inverse(a, rows_of_inverse);
}

/* Solve with the penalty of the least generalised cross-validation error. */
static void
choose_penalty(HpAdditive *a)
{
	double		best = 0;
	double		least = INFINITY;

	for (size_t i = 0; i < N_PENALTIES; i++)
	{
		double		errors = solve(a, penalties[i]);
		double		left = freedom_left(a, penalties[i], NULL);

		if (errors / (left * left) < least)
		{
			least = errors / (left * left);
			best = penalties[i];
		}
	}
	if (best != penalties[N_PENALTIES - 1])
		(void) solve(a, best);
}

/*
 * Without run i the coefficients are b - S e / (1 - h): S is what the solver
 * makes of the run's terms, e its error and h its leverage, what a unit more of
 * its target would add to its prediction.
 */
static void
leave_out(HpAdditive *a, uint32_t i)
{
	uint32_t	n = a->n_terms;
	uint32_t	run = a->counted[i];
	const double *row = a->centered + (size_t) i * n;
	double	   *effects = hp_beside_effects(&a->told, run);
	double	   *s = a->scratch;
	double		error = a->y[i] - product(row, a->coefficients, n);
	double		leverage;
	double		left_out;

	memcpy(s, row, n * sizeof(double));
	solve_forward(a->factor, n, s, 0);
	leverage = product(s, s, n) + 1.0 / a->n_counted;
	solve_backward(a->factor, n, s);
	left_out = error / (1 - leverage);
	a->told.predicted[run] = a->mean + a->y[i] - left_out;
	memset(effects, 0, a->told.n_subjects * sizeof(double));
	for (uint32_t t = 0; t < n; t++)
	{
		uint32_t	feature = a->terms[t].feature;
		double		effect = row[t] * (a->coefficients[t] - s[t] * left_out);

		effects[feature] += effect;
		if (a->groups->of[feature] != HP_NO_GROUP)
			effects[a->n_features + a->groups->of[feature]] += effect;
	}
}

/* ---- what is a subject's own ---- */

static bool
is_of(const HpAdditive *a, uint32_t term, uint32_t subject)
{
	uint32_t	feature = a->terms[term].feature;

	return feature == subject ||
		(a->groups->of[feature] != HP_NO_GROUP &&
		 a->n_features + a->groups->of[feature] == subject);
}

/* The variance of the effect of members, times the number of runs. */
static double
variance_of_members(const HpAdditive *a, uint32_t n_members)
{
	double		sum = 0;

	for (uint32_t i = 0; i < n_members; i++)
		for (uint32_t k = i; k < n_members; k++)
		{
			uint32_t	s = a->members[i];
			uint32_t	t = a->members[k];

			sum += (i == k ? 1 : 2) * a->gram[(size_t) s * a->n_terms + t] *
				a->coefficients[s] * a->coefficients[t];
		}
	return sum;
}

/*
 * What a regression on all other terms leaves of it.  With b the coefficients and B the members' block of the inverse of
 * products + penalty that is b'B^-1 b (Schur complement), the penalty of b
 * itself not counted.
 */
static double
left_of_members(HpAdditive *a, uint32_t n_members)
{
	uint32_t	n = a->n_terms;
	double		left = 0;

	for (uint32_t i = 0; i < n_members; i++)
	{
		double		coefficient = a->coefficients[a->members[i]];

		for (uint32_t k = i; k < n_members; k++)
			a->block[(size_t) i * n_members + k] =
				product(a->inverse + (size_t) a->members[i] * n,
						a->inverse + (size_t) a->members[k] * n, n);
		a->scratch[i] = coefficient;
		left -= PENALTY_OF_OTHERS * a->n_counted * coefficient * coefficient;
	}
	factorise(a->env, a->block, n_members);
	solve_forward(a->block, n_members, a->scratch, 0);
	return left + product(a->scratch, a->scratch, n_members);
}

/* Chance explains a part of it as well, by as many terms as there are. */
static void
find_own(HpAdditive *a)
{
	double		by_chance = a->freedom_left / (a->n_counted - 1.0);

	for (uint32_t subject = 0; subject < a->told.n_subjects; subject++)
	{
		uint32_t	n_members = 0;
		double		variance;

		for (uint32_t t = 0; t < a->n_terms; t++)
			if (is_of(a, t, subject))
				a->members[n_members++] = t;
		variance = variance_of_members(a, n_members) * by_chance;
		a->told.own[subject] = !(variance > 0) ? 1 :
			fmax(0, fmin(1, left_of_members(a, n_members) / variance));
	}
}

const HpBeside *
hp_additive_fit(HpAdditive *a, const int64_t *target, const uint32_t *counts)
{
	if (!take_runs(a, counts))
		return NULL;
	center(a, target);
	multiply(a);
	(void) solve(a, PENALTY_OF_OTHERS);
	a->freedom_left = freedom_left(a, PENALTY_OF_OTHERS, a->inverse);
	choose_penalty(a);
	find_own(a);
	for (uint32_t i = 0; i < a->n_counted; i++)
	{
		hp_tick(a->env);
		leave_out(a, i);
	}
	return &a->told;
}
