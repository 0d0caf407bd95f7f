/*
 * test_additive.c
 *		The regression beside a forest of few runs, against one that is computed
 *		anew without each run: by other terms, another solver, no formula.
 */
#define FIXTURES ""
#include "trained.h"

#include "core/additive.h"

#define MOST_RUNS	80
#define MOST_TERMS	24

/* Targets are up to 2^47. */
static bool
nearly(double a, double b)
{
	return fabs(a - b) <= 1e-10 * (fabs(a) + fabs(b) + 0x1p47);
}

/* ---- another implementation ---- */

typedef struct Oracle
{
	uint32_t	n_runs;
	uint32_t	n_terms;
	uint32_t	feature[MOST_TERMS];
	double		z[MOST_RUNS][MOST_TERMS];
	double		y[MOST_RUNS];
	bool		counts[MOST_RUNS];
	double		mean[MOST_TERMS];	/* of the runs that count */
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
 * Ridge regression on the runs that count but for one, the mean not penalised:
 * Gaussian elimination of the normal equations, the mean being one of them.
 */
static void
oracle_solve(const Oracle *o, uint32_t without, double penalty, double *b)
{
	double		a[MOST_TERMS + 1][MOST_TERMS + 2] = {{0}};
	uint32_t	n = o->n_terms + 1;

	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		double		row[MOST_TERMS + 2];

		if (!o->counts[i] || i == without)
			continue;
		memcpy(row, o->z[i], sizeof(o->z[i]));
		row[n - 1] = 1;
		row[n] = o->y[i];
		for (uint32_t s = 0; s < n; s++)
			for (uint32_t t = 0; t <= n; t++)
				a[s][t] += row[s] * row[t];
	}
	for (uint32_t t = 0; t + 1 < n; t++)
		a[t][t] += penalty;
	for (uint32_t s = 0; s < n; s++)
		for (uint32_t r = 0; r < n; r++)
		{
			double		factor = a[r][s] / a[s][s];

			for (uint32_t t = s; t <= n && r != s; t++)
				a[r][t] -= factor * a[s][t];
		}
	for (uint32_t t = 0; t < n; t++)
		b[t] = a[t][n] / a[t][t];
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

static const double penalties[] = {0.03, 0.1, 0.3, 1, 3};

#define PENALTY_OF_OTHERS	0.001

/*
 * The penalty of least generalised cross-validation error; degrees of freedom
 * by asking what a unit more of each target adds to its own prediction.
 */
static double
oracle_freedom_left(Oracle *o, double penalty)
{
	double		b[MOST_TERMS + 1];
	double		left = oracle_counted(o);

	oracle_solve(o, MOST_RUNS, penalty, b);
	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		double		more[MOST_TERMS + 1];

		if (!o->counts[i])
			continue;
		o->y[i] += 1e14;
		oracle_solve(o, MOST_RUNS, penalty, more);
		o->y[i] -= 1e14;
		left -= (oracle_predict(o, more, i) - oracle_predict(o, b, i)) / 1e14;
	}
	return left;
}

static double
oracle_penalty(Oracle *o)
{
	uint32_t	n = oracle_counted(o);
	double		least = INFINITY;
	double		best = 0;

	for (uint32_t k = 0; k < 5; k++)
	{
		double		b[MOST_TERMS + 1];
		double		left = oracle_freedom_left(o, penalties[k] * n);
		double		errors = 0;

		oracle_solve(o, MOST_RUNS, penalties[k] * n, b);
		for (uint32_t i = 0; i < o->n_runs; i++)
			if (o->counts[i])
				errors += pow(o->y[i] - oracle_predict(o, b, i), 2);
		if (errors / (left * left) < least)
		{
			least = errors / (left * left);
			best = penalties[k] * n;
		}
	}
	return best;
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

/*
 * What is a feature's own: of its effect with the coefficients b, what a
 * regression on the terms of all others does not explain.
 */
static double
oracle_own(const Oracle *all, const double *b, uint32_t feature, double freedom_left)
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
		for (uint32_t i = 0; i < o->n_runs; i++)
			if (all->feature[t] == feature)
				o->y[i] += b[t] * (all->z[i][t] - all->mean[t]);
			else
				o->z[i][o->n_terms] = all->z[i][t];
		o->n_terms += all->feature[t] != feature;
	}
	oracle_solve(o, MOST_RUNS, PENALTY_OF_OTHERS * n, others);
	for (uint32_t i = 0; i < o->n_runs; i++)
		if (o->counts[i])
		{
			double		error = o->y[i] - oracle_predict(o, others, i);

			variance += o->y[i] * o->y[i];
			left += error * error;
		}
	for (uint32_t t = 0; t < o->n_terms; t++)
		left += PENALTY_OF_OTHERS * n * others[t] * others[t];
	return fmin(1, left / variance * (n - 1) / freedom_left);
}

/* Whether the regression says the same of every run that counts. */
static void
compare(Oracle *o, const HpFrame *frame, const HpFeatureMap *map, HpAdditive *a,
		const char *what)
{
	uint32_t	counts[MOST_RUNS];
	const HpBeside *told;
	double		penalty;
	double		freedom_left;
	double		coefficients[MOST_TERMS + 1];
	uint32_t	wrong = 0;
	double		largest = 0;

	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		counts[i] = o->counts[i] ? 1 + i % 3 : 0;
		o->y[i] = (double) frame->target[i];
	}
	oracle_means(o);
	penalty = oracle_penalty(o);
	freedom_left = oracle_freedom_left(o, PENALTY_OF_OTHERS * oracle_counted(o));
	told = hp_additive_fit(a, frame->target, counts);
	ok(told != NULL, "%s: fitted", what);
	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		double		b[MOST_TERMS + 1];
		double		effect[8] = {0};

		if (!o->counts[i])
			continue;
		oracle_solve(o, i, penalty, b);
		for (uint32_t t = 0; t < o->n_terms; t++)
			effect[o->feature[t]] += b[t] * (o->z[i][t] - o->mean[t]);
		wrong += !nearly(told->predicted[i], oracle_predict(o, b, i));
		for (uint32_t f = 0; f < map->n_features; f++)
		{
			wrong += !nearly(hp_beside_effects(told, i)[f], effect[f]);
			largest = fmax(largest, fabs(effect[f]));
		}
	}
	ok(wrong == 0 && largest > 0, "%s: predictions and effects of each run by all others: %"
	   PRIu32 " differ", what, wrong);
	oracle_solve(o, MOST_RUNS, penalty, coefficients);
	for (uint32_t f = 0; f < map->n_features; f++)
		wrong += !(fabs(told->own[f] -
						oracle_own(o, coefficients, f, freedom_left)) < 1e-6);
	ok(wrong == 0, "%s: what is the parameters' own", what);
}

/* ---- data ---- */

typedef struct Sweep
{
	HpFrame    *frame;
	HpFeatureMap *map;
	Oracle		oracle;
} Sweep;

/*
 * Features by name: a boolean, b category (with a level of one run), c numbers
 * with ties, d numbers that exist under one level of b (gaps are filled), e
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
	static const char *const names[] = {"a", "b", "c", "d", "e"};

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
	sweep->map = hp_forest_prepare(unit_env, sweep->frame, &settings);
	oracle_numbers(&sweep->oracle, 0, x[0], false, false);
	oracle_levels(&sweep->oracle, 1, level, 4);
	oracle_numbers(&sweep->oracle, 2, x[2], true, false);
	oracle_numbers(&sweep->oracle, 3, x[3], true, missing == HP_MISSING_FILL);
	oracle_numbers(&sweep->oracle, 4, x[4], true, false);
	return sweep;
}

static HpAdditive *
create(const Sweep *sweep)
{
	return hp_additive_create(unit_env, sweep->frame, sweep->map->columns,
							  sweep->map->n_features, &sweep->map->groups);
}

/* ---- tests ---- */

static void
test_oracle(void)
{
	for (uint32_t i = 0; i < 3; i++)
	{
		Sweep	   *sweep = make_sweep(40 + 20 * i, 77 + i, HP_MISSING_FILL);
		HpAdditive *a = create(sweep);

		ok(sweep->frame->columns[3].fill && !sweep->frame->columns[4].fill,
		   "gaps that are explained are filled, others are not");
		compare(&sweep->oracle, sweep->frame, sweep->map, a, "all runs");
		for (uint32_t run = 0; run < sweep->frame->n_runs; run++)
			sweep->oracle.counts[run] = run % 3 != 1;
		compare(&sweep->oracle, sweep->frame, sweep->map, a, "some runs");
		sweep = make_sweep(40 + 20 * i, 177 + i, HP_MISSING_VALUE);
		compare(&sweep->oracle, sweep->frame, sweep->map, create(sweep),
				"missing is a value");
		unit_free_all();
	}
}

static HpAdditive *
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
	return hp_additive_create(unit_env, frame, map->columns, map->n_features,
							  &map->groups);
}

static void
test_not_worth_it(void)
{
	uint32_t	counts[30] = {0};
	int64_t		target[30] = {0};
	HpAdditive *a = of_numbers(30, 3, false);
	const HpBeside *told;

	ok(a != NULL, "from 30 runs on");
	ok(of_numbers(29, 3, false) == NULL, "not of 29");
	ok(of_numbers(999, 3, false) != NULL && of_numbers(1000, 3, false) == NULL,
	   "below 1,000 runs");
	ok(of_numbers(50, 63, false) != NULL && of_numbers(50, 64, false) == NULL,
	   "with at most 128 terms");
	ok(of_numbers(50, 500, false) == NULL, "with at most 128 features");
	ok(of_numbers(50, 3, true) == NULL, "not with one-hot columns");
	ok(hp_additive_fit(a, target, counts) == NULL, "not if no run counts");
	for (int i = 0; i < 19; i++)
		counts[i] = 1;
	ok(hp_additive_fit(a, target, counts) == NULL, "not if 19 count");
	counts[19] = 1;
	told = hp_additive_fit(a, target, counts);
	ok(told != NULL && told->predicted[7] == 0 && hp_beside_effects(told, 7)[0] == 0,
	   "of a constant metric nothing is told");
	ok(hp_additive_fit(a, target, NULL) == told, "all may count");
	unit_free_all();
}

/*
 * More terms than runs, and noise: the largest penalty is the best, and each
 * parameter's effect is no less its own for what others explain by chance.
 */
static void
test_more_terms_than_runs(void)
{
	HpAdditive *a = of_numbers(30, 40, false);
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
	told = hp_additive_fit(a, target, NULL);
	for (int i = 0; i < 30; i++)
	{
		double		error = (double) target[i] - told->predicted[i];

		errors += error * error;
		squares += ((double) target[i] - mean) * ((double) target[i] - mean);
	}
	for (uint32_t f = 0; f < told->n_subjects; f++)
		own += told->own[f] / told->n_subjects;
	ok(errors < 1.5 * squares, "80 terms of 30 runs: errors of noise %.2f of its variance",
	   errors / squares);
	ok(own > 0.5, "%.2f of effects are their own", own);
	unit_free_all();
}

/* Copies share what they do; a group has the effects of its members. */
static void
test_copies_and_groups(void)
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
	HpAdditive *a;
	const HpBeside *told;
	bool		alike = true,
				sums = true;
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
	a = hp_additive_create(unit_env, frame, map->columns, map->n_features,
						   &map->groups);
	told = hp_additive_fit(a, frame->target, counts);
	ok(hp_map_subjects(map) == 4 && told != NULL, "fitted to two copies, one in a group");
	for (uint32_t i = 0; i < N; i++)
	{
		const double *effect = hp_beside_effects(told, i);

		alike = alike && nearly(effect[0], effect[2]);
		sums = sums && nearly(effect[3], effect[0] + effect[1]);
		size = fmax(size, fabs(effect[0]));
	}
	ok(alike && size > 0, "copies have the same effects");
	ok(told->own[0] < 0.1 && told->own[2] < 0.1 && told->own[1] > 0.7,
	   "little of which is their own, but that of another: %g, %g, %g", told->own[0],
	   told->own[2], told->own[1]);
	ok(sums, "a group has those of its members");
	unit_free_all();
}

int
main(void)
{
	test_oracle();
	test_not_worth_it();
	test_more_terms_than_runs();
	test_copies_and_groups();
	return done();
}
