/*
 * test_regression.c
 *		The regression beside a forest of few runs, against another one
 *		(another_regression.h), each run left out by solving anew without it; and
 *		where it has no part.
 */
#define FIXTURES ""
#include "trained.h"
#include "another_regression.h"

#include "core/regression.h"

/* Targets are up to 2^47. */
static bool
nearly(double a, double b)
{
	return fabs(a - b) <= 1e-10 * (fabs(a) + fabs(b) + 0x1p47);
}

/* ---- comparing ---- */

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
