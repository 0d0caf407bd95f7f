/*
 * test_significance.c
 *		p-values by hand, and standard errors of replicates made up.
 */
#include "trained.h"

#include "core/significance.h"

#define is_close(got, want, ...)	is_double((got), (want), 1e-12, __VA_ARGS__)

/* ---- p-values ---- */

/* Four permuted metrics: so few that all can be counted by eye. */
static void
test_counts(void)
{
	static const double statistics[5][3] = {
		{2.0, 0.5, 0.1},
		{1.0, 0.5, 0.2},
		{0.0, 0.0, 0.1},
		{3.0, 0.1, 0.0},
		{2.5, 0.2, 0.3}
	};
	HpNull		null = {&statistics[0][0], 3, 3, 4, 0};
	double		p[3],
				adjusted[3];

	hp_p_values(unit_env, &null, p, adjusted);
	is_close(p[0], 3 / 5.0, "two of four as large");
	is_close(p[1], 2 / 5.0, "one of four equal");
	is_close(p[2], 4 / 5.0, "three of four as large");
	for (int i = 0; i < 3; i++)
		ok(adjusted[i] >= p[i], "adjusted is not less: %g, %g", p[i], adjusted[i]);
}

/*
 * Columns that are alike but for their order of rows: standardised statistics
 * compare as they are.  0 and 6 are the metric's own.
 *
 *	row			a	b	c		largest of a, b, c	of b, c		of c
 *	actual		6	4	1
 *	1			5	3	0		5					3			0
 *	2			4	0	5		5					5			5
 *	3			3	5	4		5					5			4
 *	4			1	6	3		6					6			3
 *	5			0	1	6		6					6			6
 *
 * As large as a: two; b: four of the largest of b and c; c: four.
 */
static void
test_step_down(void)
{
	static const double statistics[6][3] = {
		{6, 4, 1}, {5, 3, 0}, {4, 0, 5}, {3, 5, 4}, {1, 6, 3}, {0, 1, 6}
	};
	HpNull		null = {&statistics[0][0], 3, 3, 5, 0};
	double		p[3],
				adjusted[3];

	hp_p_values(unit_env, &null, p, adjusted);
	/* no permuted a is as large, and the estimate is less than a sixth */
	ok(p[0] > 0 && p[0] < 1 / 6.0, "beyond all: estimated, %g", p[0]);
	is_close(p[1], 3 / 6.0, "b by itself");
	is_close(p[2], 5 / 6.0, "c by itself");
	is_close(adjusted[0], 3 / 6.0, "a among three");
	is_close(adjusted[1], 5 / 6.0, "b among two");
	is_close(adjusted[2], 5 / 6.0, "c by itself, not less than b");
}

/* An adjusted p-value that steps down is never less than the one before. */
static void
test_monotone(void)
{
	enum
	{
		N = 7,
		ROWS = 40
	};
	UnitRandom	random = 211;

	for (int round = 0; round < 20; round++)
	{
		double		statistics[ROWS][N];
		double		p[N],
					adjusted[N];
		HpNull		null = {&statistics[0][0], N, N, ROWS - 1, 0};
		bool		good = true;

		for (int row = 0; row < ROWS; row++)
			for (int i = 0; i < N; i++)
				statistics[row][i] = random_normal(&random) + (row == 0 ? i : 0);
		hp_p_values(unit_env, &null, p, adjusted);
		for (int i = 0; i < N; i++)
			good = good && p[i] > 0 && p[i] <= adjusted[i] && adjusted[i] <= 1;
		ok(good, "round %d: 0 < p <= adjusted <= 1", round);
		unit_free_all();
	}
}

/*
 * Nulls of mean 0 and variance 1: 20 of each of -1 and 1 make it 40/39.  A
 * statistic of t standard deviations is as rare as Student's t of 4 degrees.
 */
static void
test_beyond(void)
{
	double		statistics[41][2];
	HpNull		null = {&statistics[0][0], 2, 2, 40, 0};
	double		deviation = sqrt(40 / 39.0 * (1 + 1 / 40.0));
	double		p[2],
				adjusted[2];

	for (int row = 1; row <= 40; row++)
		statistics[row][0] = statistics[row][1] = row % 2 ? 1 : -1;
	/* one-sided critical values of tables: 3.747 of 0.01, 7.173 of 0.001 */
	statistics[0][0] = 3.7469474 * deviation;
	statistics[0][1] = 7.1731822 * deviation;
	hp_p_values(unit_env, &null, p, adjusted);
	is_double(p[0], 0.01, 1e-8, "one in a hundred");
	is_double(p[1], 0.001, 1e-8, "one in a thousand");
	is_double(adjusted[1], 0.002, 1e-8, "Holm: the first of two counts twice");
	is_double(adjusted[0], 0.01, 1e-8, "the second once");
	statistics[0][0] = 1.5;
	hp_p_values(unit_env, &null, p, adjusted);
	is_close(p[0], 1 / 41.0, "never more than counted");
}

/* Three runs can be put in six orders: one is one in six, however clear. */
static void
test_least(void)
{
	double		statistics[41][1];
	HpNull		null = {&statistics[0][0], 1, 1, 40, 1 / 6.0};
	double		p,
				adjusted;

	for (int row = 1; row <= 40; row++)
		statistics[row][0] = row % 2 ? 1 : -1;
	statistics[0][0] = 100;
	hp_p_values(unit_env, &null, &p, &adjusted);
	is_close(p, 1 / 6.0, "not less than there can be");
	is_close(adjusted, 1 / 6.0, "nor adjusted");
	statistics[0][0] = 0;
	hp_p_values(unit_env, &null, &p, &adjusted);
	is_close(p, 21 / 41.0, "more as it is");
}

static void
test_constant(void)
{
	double		statistics[21][3];
	HpNull		null = {&statistics[0][0], 3, 3, 20, 0};
	double		p[3],
				adjusted[3];

	for (int row = 0; row <= 20; row++)
	{
		statistics[row][0] = 0;	/* never used by any tree */
		statistics[row][1] = row == 0;	/* only with the metric as it is */
		statistics[row][2] = row;
	}
	hp_p_values(unit_env, &null, p, adjusted);
	is_close(p[0], 1, "never used: nothing to be said for it");
	is_close(adjusted[0], 1, "and nothing adjusted");
	is_close(p[1], 1 / 21.0, "nothing to estimate the tail from: counted");
	is_close(p[2], 1, "the least of all");
}

/* ---- how many are wanted ---- */

/* A plan of one feature and no trees. */
static HpReplicatePlan
plan_of(uint32_t n_features)
{
	return (HpReplicatePlan) {
		.all_runs = 100, .n_runs = 100, .subsample_runs = 50, .tree_runs = 100,
		.all_trees = 100, .subsample = {.trees = 10}, .n_features = n_features,
		.n_subjects = n_features,
		.n_subsamples = 20, .most_permuted = 199
	};
}

/* Reports of plan_of(1): R^2 and statistic by row, the subsamples all 0. */
static double *
reports_of(const HpReplicatePlan *plan, UnitRandom *random, double actual)
{
	double	   *reports = hp_alloc0(unit_env, hp_replicate_units(plan),
									hp_replicate_size(plan) * sizeof(double));

	for (uint32_t unit = plan->n_subsamples; unit < hp_replicate_units(plan); unit++)
	{
		double	   *report = reports + unit * hp_replicate_size(plan);

		report[0] = unit == plan->n_subsamples ? actual : random_normal(random);
		report[2] = report[0];
	}
	return reports;
}

/* Nothing by chance in any permuted metric, something in the metric's own. */
static double *
reports_that_stay(const HpReplicatePlan *plan)
{
	double	   *reports = hp_alloc0(unit_env, hp_replicate_units(plan),
									hp_replicate_size(plan) * sizeof(double));
	double	   *actual = reports + plan->n_subsamples * hp_replicate_size(plan);

	actual[0] = actual[2] = 1;
	return reports;
}

static void
test_wanted(void)
{
	UnitRandom	random = 223;
	HpReplicatePlan plan = plan_of(1);
	HpReplicates r = {&plan, NULL, 0};

	is_int(hp_doubt_wanted(unit_env, &r), 20 + 1 + 39, "to begin with");
	r.done = 60;
	r.reports = reports_of(&plan, &random, 50);
	is_int(hp_doubt_wanted(unit_env, &r), 60, "clearly above: enough");
	r.reports = reports_of(&plan, &random, -1);
	is_int(hp_doubt_wanted(unit_env, &r), 60, "clearly among them: enough");
	r.reports = reports_of(&plan, &random, 2);
	is_int(hp_doubt_wanted(unit_env, &r), 20 + 1 + 99, "in between: more");
	r.done = 120;
	is_int(hp_doubt_wanted(unit_env, &r), 20 + 1 + 199, "still: more");
	r.done = 220;
	is_int(hp_doubt_wanted(unit_env, &r), 220, "no more than the plan has");
	plan.most_permuted = 99;
	r.done = 120;
	is_int(hp_doubt_wanted(unit_env, &r), 120, "nor than a lesser plan has");
	r.done = 60;
	r.reports = reports_that_stay(&plan);
	is_int(hp_doubt_wanted(unit_env, &r), 20 + 1 + 99,
		   "above permuted ones that are all the same: only more tell more");
	unit_free_all();
}

/* ---- standard errors ---- */

/* Shares of subsamples, alternating between two; a variance of trees. */
static HpReplicates
subsamples_of(HpReplicatePlan *plan, double low, double high, double of_trees)
{
	double	   *reports = hp_alloc0(unit_env, hp_replicate_units(plan),
									hp_replicate_size(plan) * sizeof(double));

	for (uint32_t i = 0; i < plan->n_subsamples; i++)
	{
		double	   *report = reports + i * hp_replicate_size(plan);

		report[0] = i % 2 ? low : high;
		report[plan->n_features] = of_trees;
	}
	return (HpReplicates) {plan, reports, plan->n_subsamples + 1 + 39};
}

static void
test_standard_error(void)
{
	double		shown[1] = {0.5};
	HpReplicatePlan plan = plan_of(1);
	HpReplicates r = subsamples_of(&plan, 0.4, 0.6, 0);
	double		deviation = 0.1 * sqrt(20 / 19.0);

	is_close(hp_doubt(unit_env, &r, shown).standard_error[0], deviation,
			 "halves vary as wholes would");
	r = subsamples_of(&plan, 0.4, 0.6, 0.004);
	/* ten trees of a half leave a twentieth to a hundred of the whole */
	is_close(hp_doubt(unit_env, &r, shown).standard_error[0],
			 sqrt(deviation * deviation - 0.004 * 0.95),
			 "less what their trees vary by");
	r = subsamples_of(&plan, 0.4, 0.6, 1);
	is_close(hp_doubt(unit_env, &r, shown).standard_error[0],
			 deviation / sqrt(6), "but a sixth of it is left");
	plan.n_runs = plan.all_runs = 75;
	r = subsamples_of(&plan, 0.4, 0.6, 0.003);
	/* of two thirds: half as much, and a thirtieth of the trees' variance */
	is_close(hp_doubt(unit_env, &r, shown).standard_error[0],
			 sqrt(2 * (deviation * deviation - 0.003 * 29 / 30)),
			 "two thirds vary half as much as wholes would");
	plan.all_runs = 10000;
	plan.n_runs = 1000;
	plan.subsample_runs = 100;
	r = subsamples_of(&plan, 0.4, 0.6, 0);
	is_close(hp_doubt(unit_env, &r, shown).standard_error[0],
			 deviation * sqrt(0.01 / 0.9), "of small parts: scaled");
	/* of 0.2 of which the subsamples see half as much, or more */
	r = subsamples_of(&plan, 0.05, 0.15, 0);
	shown[0] = 0.2;
	is_close(hp_doubt(unit_env, &r, shown).standard_error[0],
			 deviation / 2 * sqrt(0.01 / 0.9 * 0.16 / 0.09), "more is shown");
	shown[0] = 0.01;
	is_close(hp_doubt(unit_env, &r, shown).standard_error[0],
			 deviation / 2 * sqrt(0.01 / 0.9), "less is shown");
	r = subsamples_of(&plan, 0.5, 0.5, 0);
	is_close(hp_doubt(unit_env, &r, shown).standard_error[0], 0, "no variance");
	plan.subsample_runs = 4;
	ok(isnan(hp_doubt(unit_env, &r, shown).standard_error[0]), "subsamples of four runs: none");
	unit_free_all();
}

static void
test_forest(void)
{
	double		shown[1] = {0.5};
	UnitRandom	random = 227;
	HpReplicatePlan plan = plan_of(1);
	HpReplicates r = {&plan, reports_of(&plan, &random, 50), 60};
	double	   *reports = reports_of(&plan, &random, NAN);

	ok(hp_doubt(unit_env, &r, shown).forest_p_value < 0.001, "R^2 far above chance");
	reports[plan.n_subsamples * hp_replicate_size(&plan)] = 0;
	r.reports = reports;
	ok(isnan(hp_doubt(unit_env, &r, shown).forest_p_value), "no R^2, no p-value");
	unit_free_all();
}

int
main(void)
{
	test_counts();
	test_step_down();
	test_monotone();
	test_beyond();
	test_least();
	test_constant();
	test_wanted();
	test_standard_error();
	test_forest();
	return done();
}
