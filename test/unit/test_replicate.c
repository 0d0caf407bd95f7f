/*
 * test_replicate.c
 *		Replicates of a forest: the same whoever makes them, and what they say
 *		of noise and of a sweep.
 */
#include "trained.h"

#include "core/significance.h"

/* A frame's replicates and all that is needed to make them. */
typedef struct Made
{
	HpReplicatePlan plan;
	HpFrame    *frame;			/* of the replicates */
	HpFeatureMap *map;
	double	   *reports;
	uint32_t	done;
	double	   *shown;			/* 0: less than in any replicate */
	HpDoubt		doubt;
} Made;

static Made
plan_made(HpFrame *frame, const HpForestSettings *settings)
{
	HpFeatureMap *map = hp_forest_prepare(unit_env, frame, settings);
	Made		m = {
		.plan = hp_replicate_plan(frame, map, settings, HP_PERMUTATION)
	};

	m.frame = hp_replicate_frame(unit_env, frame, map, &m.plan);
	m.map = hp_replicate_map(unit_env, map);
	m.reports = hp_alloc(unit_env, hp_replicate_units(&m.plan),
						 hp_replicate_size(&m.plan) * sizeof(double));
	return m;
}

static double *
report_of(const Made *m, uint32_t unit)
{
	return m->reports + unit * hp_replicate_size(&m->plan);
}

/* As many as are wanted, one after the other. */
static void
make_all(Made *m)
{
	HpReplicator *r = hp_replicator_create(unit_env, m->frame, m->map, &m->plan);
	HpReplicates replicates = {&m->plan, m->reports, 0};
	uint32_t	wanted;

	while ((wanted = hp_doubt_wanted(unit_env, &replicates)) > replicates.done)
		for (; replicates.done < wanted; replicates.done++)
			hp_replicate(r, replicates.done, report_of(m, replicates.done));
	m->done = replicates.done;
	m->shown = hp_alloc0(unit_env, m->plan.n_subjects, sizeof(double));
	m->doubt = hp_doubt(unit_env, &replicates, m->shown);
}

/* Smaller than by plan: what holds does not depend on how many trees. */
static void
make_quick(Made *m)
{
	m->plan.n_subsamples = 4;
	m->plan.subsample.trees = 2;
	m->plan.whole.trees = 3;
	m->plan.most_permuted = 39;
}

static bool
same_report(const Made *m, uint32_t unit, const double *report)
{
	return memcmp(report_of(m, unit), report,
				  hp_replicate_size(&m->plan) * sizeof(double)) == 0;
}

/* Whoever makes a replicate, after whatever others: the same bits. */
static void
test_same(void)
{
	HpFrame    *frame = sweep_frame(80, 5);
	Made		m = plan_made(frame, &DEFAULTS);
	size_t		size = hp_replicate_size(&m.plan);
	double	   *report = hp_alloc(unit_env, size, sizeof(double));
	int64_t    *before = hp_alloc(unit_env, 80, sizeof(int64_t));
	HpReplicator *other;
	bool		same = true;

	memcpy(before, frame->target, 80 * sizeof(int64_t));
	make_quick(&m);
	make_all(&m);
	other = hp_replicator_create(unit_env, m.frame, m.map, &m.plan);
	for (uint32_t unit = m.done; unit-- > 0;)
	{
		hp_replicate(other, unit, report);
		same = same && same_report(&m, unit, report);
	}
	ok(same, "%u replicates, made in another order by another", m.done);
	ok(memcmp(before, frame->target, 80 * sizeof(int64_t)) == 0,
	   "the frame's own metric stays as it is");
	ok(!same_report(&m, m.done - 1, report_of(&m, m.done - 2)),
	   "permuted metrics differ");
	ok(!same_report(&m, 0, report_of(&m, 1)), "subsamples differ");
	unit_free_all();
}

static void
test_seed(void)
{
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame = sweep_frame(60, 5);
	Made		a = plan_made(frame, &settings);
	Made		b;

	settings.seed = 1;
	b = plan_made(frame, &settings);
	make_quick(&a);
	make_quick(&b);
	make_all(&a);
	make_all(&b);
	ok(!same_report(&a, 0, report_of(&b, 0)), "another seed, other replicates");
	unit_free_all();
}

/* What the regression says is a part of what is reported of the metric as it is. */
static void
both_are_in(const Made *m, const double *report, uint32_t strong)
{
	HpFeatureMap *map = hp_replicate_map(unit_env, m->map);
	HpRegression *regression = hp_regression_create(unit_env, m->frame, map->columns,
													map->n_features, &map->groups);
	double	   *worth = hp_alloc(unit_env, m->plan.n_subjects, sizeof(double));
	double		spread;
	double		part;

	ok(hp_regression_fit(regression, m->frame->target, NULL) != NULL, "fitted");
	spread = 1 / (1 - hp_regression_worth(regression, m->frame->target, worth));
	ok(spread > 2 && report[2 * m->plan.n_subjects] - spread > 2,
	   "the variance is in units of the errors of both: %.2f of the regression's, %.2f of the forest's",
	   spread, report[2 * m->plan.n_subjects] - spread);
	part = 2 * (double) m->plan.whole.trees * worth[strong] / report[strong];
	ok(part > 0.05 && part < 0.95, "so is what matters: %.2f is the regression's", part);
}

/* What is reported of a sweep where lr and optimizer matter, seed does not. */
static void
test_sweep(void)
{
	HpFrame    *frame = sweep_frame(150, 7);
	Made		m = plan_made(frame, &DEFAULTS);
	uint32_t	n = m.plan.n_features;
	uint32_t	lr,
				optimizer,
				seed;
	bool		good = true;

	make_quick(&m);
	m.plan.n_subsamples = 20;
	make_all(&m);
	lr = column_number(m.frame, "lr");
	optimizer = column_number(m.frame, "optimizer");
	seed = column_number(m.frame, "seed");
	for (uint32_t i = 0; i < m.plan.n_subsamples; i++)
	{
		double		sum = 0;

		for (uint32_t f = 0; f < n; f++)
		{
			sum += report_of(&m, i)[f];
			good = good && report_of(&m, i)[f] >= 0 &&
				report_of(&m, i)[n + f] >= 0;
		}
		good = good && fabs(sum - 1) < 1e-9;
	}
	ok(good, "on subsamples: shares, and variances");
	ok(report_of(&m, hp_replicate_actual(&m.plan))[2 * n] > 4,
	   "the errors of forest and regression are less than half of the metric's variance");
	ok(report_of(&m, m.done - 1)[2 * n] < 2.6, "not of a permuted metric");
	both_are_in(&m, report_of(&m, hp_replicate_actual(&m.plan)), optimizer);
	ok(m.doubt.p_value[optimizer] < 0.025 && m.doubt.p_value[lr] < 0.025,
	   "lr and optimizer matter: %g, %g", m.doubt.p_value[lr],
	   m.doubt.p_value[optimizer]);
	ok(m.doubt.p_value[seed] > 0.05, "seed does not: %g", m.doubt.p_value[seed]);
	ok(m.doubt.forest_p_value < 0.025, "nor is the forest chance: %g",
	   m.doubt.forest_p_value);
	ok(m.doubt.standard_error[optimizer] > 0 &&
	   m.doubt.standard_error[optimizer] < 0.2, "a standard error: %g",
	   m.doubt.standard_error[optimizer]);
	unit_free_all();
}

/* Parameters of a group matter together; p-values are of groups as well. */
static void
test_groups(void)
{
	enum
	{
		N = 120
	};
	UnitRandom	random = 239;
	HpForestSettings settings = DEFAULTS;
	static const char *const names[] = {"data.a", "data.b", "opt.a", "opt.b"};
	HpInput		inputs[4];
	double	   *metric = hp_alloc0(unit_env, N, sizeof(double));
	Made		m;

	for (int c = 0; c < 4; c++)
	{
		double	   *x = hp_alloc(unit_env, N, sizeof(double));

		for (int i = 0; i < N; i++)
		{
			x[i] = random_uniform(&random);
			metric[i] += c < 2 ? 0 : x[i];
		}
		inputs[c] = unit_numbers(names[c], x, N);
	}
	settings.depth = 1;
	m = plan_made(unit_frame(inputs, 4, metric, N), &settings);
	make_quick(&m);
	m.plan.n_subsamples = 10;
	make_all(&m);
	is_int(m.plan.n_subjects, 6, "four parameters, two groups");
	ok(m.doubt.p_value[4] > 0.05 && m.doubt.p_value[5] < 0.025,
	   "one of them matters: %g, %g", m.doubt.p_value[4], m.doubt.p_value[5]);
	ok(m.doubt.p_value_adjusted[5] >= m.doubt.p_value[5] &&
	   m.doubt.p_value_adjusted[5] < 0.05, "adjusted: %g",
	   m.doubt.p_value_adjusted[5]);
	ok(m.doubt.standard_error[5] > 0, "a standard error: %g",
	   m.doubt.standard_error[5]);
	unit_free_all();
}

/* Of each importance that a tree reports, and of none. */
static void
test_importances(void)
{
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame = sweep_frame(60, 3);

	for (HpImportance i = HP_NO_IMPORTANCE; i <= HP_CORRECTED; i++)
	{
		HpFeatureMap *map;
		Made		m;

		settings.permutation = i == HP_PERMUTATION;
		settings.corrected = i == HP_CORRECTED;
		map = hp_forest_prepare(unit_env, frame, &settings);
		m = (Made) {.plan = hp_replicate_plan(frame, map, &settings, i)};
		m.frame = hp_replicate_frame(unit_env, frame, map, &m.plan);
		m.map = hp_replicate_map(unit_env, map);
		m.reports = hp_alloc(unit_env, hp_replicate_units(&m.plan),
							 hp_replicate_size(&m.plan) * sizeof(double));
		is_int(m.plan.n_subsamples > 0, i != HP_NO_IMPORTANCE, "%d: subsamples", i);
		m.plan.n_subsamples = i == HP_NO_IMPORTANCE ? 0 : 4;
		m.plan.whole.trees = 3;
		m.plan.most_permuted = 39;
		make_all(&m);
		ok(isnan(m.doubt.standard_error[0]) == (i == HP_NO_IMPORTANCE),
		   "%d: standard error %g", i, m.doubt.standard_error[0]);
		ok(m.doubt.p_value[0] > 0, "%d: p = %g", i, m.doubt.p_value[0]);
	}
	unit_free_all();
}

/* ---- many runs ---- */

static void
test_subset(void)
{
	enum
	{
		N = 12000
	};
	UnitRandom	random = 229;
	HpValue    *cells = hp_alloc(unit_env, N, sizeof(HpValue));
	double	   *metric = hp_alloc(unit_env, N, sizeof(double));
	HpInput		input;
	HpFrame    *frame;
	Made		m;
	uint32_t	at = 0;
	bool		good = true;

	for (uint32_t i = 0; i < N; i++)
	{
		cells[i] = num(i);
		metric[i] = random_normal(&random);
	}
	input = unit_input("x", cells, N);
	frame = unit_frame(&input, 1, metric, N);
	m = plan_made(frame, &DEFAULTS);
	is_int(m.frame->n_runs, 10000, "at most so many runs");
	for (uint32_t i = 0; i < m.frame->n_runs; i++)
	{
		while (at < N && (frame->target[at] != m.frame->target[i] ||
						  hp_column_code(&frame->columns[0], at) !=
						  hp_column_code(&m.frame->columns[0], i)))
			at++;
		good = good && at++ < N;
	}
	ok(good, "each is a run of the frame, in its order");
	ok(m.plan.subsample_runs <= 6667 && m.plan.subsample_runs <= m.plan.tree_runs && m.plan.tree_runs <= 10000, "a part of them");
	/* trees on parts of their own */
	make_quick(&m);
	m.plan.n_subsamples = 2;
	m.plan.most_permuted = 39;
	m.plan.tree_runs = 100;
	m.plan.subsample_runs = 50;
	make_all(&m);
	ok(m.doubt.p_value[0] > 0 && m.doubt.p_value[0] <= 1 &&
	   m.doubt.standard_error[0] >= 0, "p = %g", m.doubt.p_value[0]);
	unit_free_all();
}

static void
test_plan(void)
{
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame = sweep_frame(100, 3);
	HpFeatureMap *map = hp_forest_prepare(unit_env, frame, &settings);
	HpFrame		huge = *frame;
	HpReplicatePlan plan;

	plan = hp_replicate_plan(frame, map, &settings, HP_PERMUTATION);
	ok(plan.n_runs == 100 && plan.subsample_runs == 66 && plan.tree_runs == 100,
	   "few runs: two thirds and wholes");
	is_int(plan.most_permuted, 199, "and all rounds");
	is_int(hp_replicate_next_round(&plan, 0), 39, "the first");
	is_int(hp_replicate_next_round(&plan, 39), 99, "the second");
	is_int(hp_replicate_next_round(&plan, 199), 0, "no more");
	ok(plan.subsample.min_samples_leaf == 1 && plan.whole.min_samples_leaf == 5,
	   "leaves as they are on subsamples, larger ones against chance");
	settings.min_samples_leaf = 9;
	plan = hp_replicate_plan(frame, map, &settings, HP_IMPURITY);
	ok(plan.subsample.min_samples_leaf == 6 && plan.whole.min_samples_leaf == 9,
	   "in proportion to the runs: two thirds of 9; and 9");
	ok(!plan.subsample.permutation && plan.whole.permutation,
	   "only what is needed is permuted");
	settings = DEFAULTS;
	huge.n_runs = HP_MAX_RUNS;
	plan = hp_replicate_plan(&huge, map, &settings, HP_PERMUTATION);
	ok(plan.n_runs == 10000 && plan.tree_runs <= 10000, "many runs: a subset");
	unit_free_all();
}

/* ---- edges ---- */

static void
test_edges(void)
{
	static const double metric[] = {1, 2, 3};
	static const double x[] = {5, 6, 7};

	for (uint32_t n = 2; n <= 3; n++)
	{
		HpInput		input = unit_numbers("x", x, n);
		Made		m = plan_made(unit_frame(&input, 1, metric, n), &DEFAULTS);

		make_all(&m);
		ok(isnan(m.doubt.standard_error[0]), "%u runs: no standard error", n);
		ok(m.doubt.p_value[0] >= 0.005 && m.doubt.p_value[0] <= 1 &&
		   m.doubt.p_value_adjusted[0] == m.doubt.p_value[0],
		   "%u runs: p = %g", n, m.doubt.p_value[0]);
		unit_free_all();
	}
}

/* p-values are not less than one in the ways to permute the metric. */
static void
test_ways(void)
{
	static const double metric[] = {3, 1, 2, 6, 5, 4};
	static const double failed[] = {0, 0, 1, 0, 0, 0};
	HpInput		input = unit_numbers("x", metric, 6);
	Made		m = plan_made(unit_frame(&input, 1, metric, 6), &DEFAULTS);

	is_double(m.plan.least_p_value, 1 / 720.0, 1e-15, "six metrics");
	make_all(&m);
	ok(m.doubt.p_value[0] >= 1 / 720.0 && m.doubt.forest_p_value >= 1 / 720.0,
	   "p = %g, of R^2 %g", m.doubt.p_value[0], m.doubt.forest_p_value);
	m = plan_made(unit_frame(&input, 1, failed, 6), &DEFAULTS);
	is_double(m.plan.least_p_value, 1 / 6.0, 1e-15, "one that differs from five");
	m = plan_made(sweep_frame(1000, 3), &DEFAULTS);
	ok(m.plan.least_p_value < 1e-99, "of many runs: none to speak of");
	unit_free_all();
}

/* One feature has all the importance, however the runs are chosen. */
static void
test_single(void)
{
	enum
	{
		N = 60
	};
	double		x[N];
	HpInput		input;
	Made		m;

	for (int i = 0; i < N; i++)
		x[i] = i;
	input = unit_numbers("x", x, N);
	m = plan_made(unit_frame(&input, 1, x, N), &DEFAULTS);
	make_all(&m);
	is_double(m.doubt.standard_error[0], 0, 1e-12, "a share of 1, always");
	ok(m.doubt.p_value[0] < 0.01, "p = %g", m.doubt.p_value[0]);
	is_int(m.done, 50 + 1 + 39, "clear at once");
	unit_free_all();
}

static void
test_ticks(void)
{
	Made		m = plan_made(sweep_frame(100, 3), &DEFAULTS);
	long		before = unit_ticks;

	make_quick(&m);
	make_all(&m);
	ok(unit_ticks - before >= 40 * 3, "a tick for every tree at least: %ld",
	   unit_ticks - before);
	unit_free_all();
}

/* ---- chance ---- */

/* Parameters of different cardinality that have nothing to do with the metric. */
static HpFrame *
noise_frame(UnitRandom *random, uint32_t n)
{
	HpValue    *cells[4];
	HpInput		inputs[4];
	double	   *metric = hp_alloc(unit_env, n, sizeof(double));

	for (int c = 0; c < 4; c++)
		cells[c] = hp_alloc(unit_env, n, sizeof(HpValue));
	for (uint32_t i = 0; i < n; i++)
	{
		cells[0][i] = truth(random_below(random, 2) == 0);
		cells[1][i] = num(random_below(random, 5));
		cells[2][i] = num(random_uniform(random));
		cells[3][i] = str_numbered("level", random_below(random, 6));
		metric[i] = random_normal(random);
	}
	inputs[0] = unit_input("binary", cells[0], n);
	inputs[1] = unit_input("few", cells[1], n);
	inputs[2] = unit_input("continuous", cells[2], n);
	inputs[3] = unit_input("levels", cells[3], n);
	return unit_frame(inputs, 4, metric, n);
}

/*
 * One in five is below 0.2 by chance: of 100 sweeps of noise 20, give or take
 * three standard deviations of 4; of 400 p-values, which are not independent,
 * 80 plus or minus 30.
 */
static void
test_chance(void)
{
	enum
	{
		SWEEPS = 100
	};
	UnitRandom	random = 233;
	int			low = 0,
				any = 0,
				forest = 0;

	for (int i = 0; i < SWEEPS; i++)
	{
		HpForestSettings settings = DEFAULTS;
		Made		m;
		double		least = 1;

		/* of the same seed all sweeps would have the same three bags */
		settings.seed = (uint64_t) i;
		m = plan_made(noise_frame(&random, 40), &settings);
		make_quick(&m);
		make_all(&m);
		for (uint32_t f = 0; f < 4; f++)
		{
			low += m.doubt.p_value[f] <= 0.2;
			least = fmin(least, m.doubt.p_value_adjusted[f]);
		}
		any += least <= 0.2;
		forest += m.doubt.forest_p_value <= 0.2;
		unit_free_all();
	}
	ok(low >= 50 && low <= 110, "of 400 p-values %d are at most 0.2", low);
	ok(any >= 8 && any <= 32, "of 100 sweeps %d have one adjusted so low", any);
	ok(forest >= 8 && forest <= 32, "of 100 forests %d", forest);
}

int
main(void)
{
	test_same();
	test_seed();
	test_sweep();
	test_groups();
	test_importances();
	test_subset();
	test_plan();
	test_edges();
	test_ways();
	test_single();
	test_ticks();
	test_chance();
	return done();
}
