/*
 * test_edges.c
 *		Forests at the edges of what there can be, and when interrupted.
 */
#include "trained.h"

#include <setjmp.h>

#include "core/describe.h"

static void
test_few_runs(void)
{
	const double metric[] = {1, 2, 3, 4, 5};
	const double x[] = {1, 2, 3, 4, 5};
	HpInput		input = unit_numbers("x", x, 5);
	HpForestSettings settings = DEFAULTS;
	Trained		t;

	for (uint32_t n = 1; n <= 5; n++)
	{
		t = train(unit_frame(&input, 1, metric, n), &settings);
		if (n == 1)
			ok(t.result.impurity == NULL && t.result.permutation == NULL &&
			   t.result.n_out_of_bag == 0 && isnan(t.result.r2) &&
			   isnan(t.result.rmse), "one run says nothing");
		else
			ok(t.result.impurity[0] == 1 && isfinite(t.result.rmse) &&
			   t.result.n_out_of_bag == n, "%u runs: one parameter, all credit", n);
	}
	/* two runs: out of bag of one is the prediction of the other, error 1;
	 * the mean is 0.5 off: R^2 = 1 - 2 / 0.5 = -3 */
	t = train(unit_frame(&input, 1, metric, 2), &settings);
	is_double(t.result.r2, -3, 1e-12, "two runs: R^2 of -3");
	is_double(t.result.rmse, 1, 1e-12, "and an RMSE of 1");
	t = train(unit_frame(NULL, 0, metric, 5), &settings);
	ok(t.result.impurity == NULL && isfinite(t.result.r2), "no parameters");
	unit_free_all();
}

static void
test_no_runs(void)
{
	HpInput		input = unit_numbers("x", NULL, 0);
	HpForestSettings settings = DEFAULTS;
	Trained		t;

	t = train(unit_frame(&input, 1, NULL, 0), &settings);
	ok(t.result.impurity == NULL && t.result.n_out_of_bag == 0 &&
	   isnan(t.result.r2), "no runs say nothing");
	unit_free_all();
}

static void
test_odd_metrics(void)
{
	const double x[] = {1, 2, 3, 4, 5, 6};
	const double flat[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
	const double huge[] = {-1.7e308, -1e308, 0, 1e308, 1.5e308, 1.7e308};
	const double tiny[] = {0, 5e-324, 1e-323, 1.5e-323, 2e-323, 2.5e-323};
	HpInput		input = unit_numbers("x", x, 6);
	HpForestSettings settings = DEFAULTS;
	Trained		t = train(unit_frame(&input, 1, flat, 6), &settings);

	ok(t.result.impurity == NULL && t.result.permutation == NULL &&
	   isnan(t.result.r2) && t.result.rmse == 0, "a constant metric");
	t = train(unit_frame(&input, 1, huge, 6), &settings);
	ok(t.result.impurity[0] == 1 && t.result.permutation[0] == 1 &&
	   isfinite(t.result.r2) && t.result.rmse > 1e307, "+-1.7e308");
	t = train(unit_frame(&input, 1, tiny, 6), &settings);
	ok(t.result.impurity[0] == 1 && isfinite(t.result.r2), "subnormal");
	unit_free_all();
}

/* Of 70,000 numbers binned and 65,536 levels trees are grown like of any. */
static void
test_many_values(void)
{
	enum
	{
		N = 70000
	};
	HpValue    *cells = hp_alloc(unit_env, N, sizeof(HpValue));
	double	   *x = hp_alloc(unit_env, N, sizeof(double));
	double	   *metric = hp_alloc(unit_env, N, sizeof(double));
	HpInput		inputs[2];
	HpFrameOptions options = {(bool[]) {false, true}, false};
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame;
	Trained		t;

	for (uint32_t i = 0; i < N; i++)
	{
		x[i] = i;
		cells[i] = num(i * UINT64_C(7919) % N);
		metric[i] = i < N / 2 ? i * 1e-9 : 1 + i * 1e-9;
	}
	inputs[0] = unit_numbers("x", x, N);
	inputs[1] = unit_input("task", cells, N);
	frame = hp_frame_build(unit_env, inputs, 2, metric, N, &options);
	settings.trees = 1;
	settings.max_depth = 3;
	t = train(frame, &settings);
	ok(column_called(frame, "x")->binned && column_called(frame, "task")->pooled,
	   "binned and pooled");
	ok(isfinite(t.result.impurity[0]) && t.reports[0].n_nodes > 3, "trees grow");
	ok(t.result.permutation[feature_called(frame, &t, "task")] <
	   t.result.permutation[feature_called(frame, &t, "x")],
	   "70,000 names explain nothing out of bag, the number all");
	unit_free_all();
}

/* ---- interrupted ---- */

/* An environment that gives up at the count-th call of either callback. */
typedef struct Fragile
{
	jmp_buf		out;
	long		allocs;			/* left until it gives up; < 0: never */
	long		ticks;
} Fragile;

static void *
fragile_alloc(void *arg, size_t size)
{
	Fragile    *fragile = arg;

	if (fragile->allocs-- == 0)
		longjmp(fragile->out, 1);
	return unit_alloc(NULL, size);
}

static void
fragile_tick(void *arg)
{
	Fragile    *fragile = arg;

	if (fragile->ticks-- == 0)
		longjmp(fragile->out, 1);
}

/* All that a question does, from the inputs on. */
static double
do_everything(const HpEnv *env, const HpInput *inputs, uint32_t n_inputs,
			  const double *metric, uint32_t n_runs)
{
	HpForestSettings settings = DEFAULTS;
	HpFrameOptions options = {NULL, false};
	HpFrame    *frame = hp_frame_build(env, inputs, n_inputs, metric, n_runs,
									   &options);
	double		sum = 0;
	Trained		t;

	settings.trees = 2;
	t = train_in(env, frame, &settings);
	for (uint32_t c = 0; c < frame->n_columns; c++)
	{
		uint32_t	n = 0;

		sum += hp_describe(env, frame, &frame->columns[c]).pairs;
		if (frame->columns[c].role == HP_PARAMETER)
			hp_describe_levels(env, frame, &frame->columns[c], &n);
		sum += n;
	}
	for (uint32_t f = 0; f < t.map->n_features; f++)
		sum += (f + 1) * t.result.permutation[f] + t.result.impurity[f];
	return sum + t.result.r2;
}

/*
 * Fail at call number k of alloc (or tick), for k = 1, 2, ... until all went
 * through; whatever was left behind, the next attempt must come out the same.
 */
static void
check_interrupted(bool ticks, const HpInput *inputs, uint32_t n_inputs,
				  const double *metric, uint32_t n_runs)
{
	double		want = do_everything(unit_env, inputs, n_inputs, metric, n_runs);
	volatile long k = 0;
	volatile long failures = 0;
	volatile bool finished = false;
	volatile double got = NAN;
	UnitBlock  *volatile keep = unit_blocks;

	while (!finished)
	{
		Fragile		fragile = {.allocs = ticks ? -1 : k, .ticks = ticks ? k : -1};
		HpEnv		env = {fragile_alloc, fragile_tick, &fragile};

		if (setjmp(fragile.out) == 0)
		{
			got = do_everything(&env, inputs, n_inputs, metric, n_runs);
			finished = true;
		}
		else
			failures++;
		while (unit_blocks != keep)	/* the arena goes, whatever was in it */
		{
			UnitBlock  *next = unit_blocks->next;

			free(unit_blocks);
			unit_blocks = next;
		}
		k++;
	}
	ok(failures > (ticks ? 20 : 100), "%s failed %ld times",
	   ticks ? "tick" : "alloc", failures);
	ok(got == want, "and did no damage");
}

static void
test_interrupted(void)
{
	enum
	{
		N = 40
	};
	UnitRandom	random = 239;
	HpValue		cells[4][N];
	double		metric[N];
	HpInput		inputs[4];
	static const char *const names[] = {"lr", "mixed", "momentum", "optimizer"};

	for (uint32_t i = 0; i < N; i++)
	{
		bool		sgd = random_below(&random, 2) == 0;

		cells[0][i] = num(random_below(&random, 30));
		cells[1][i] = i % 13 == 0 ? str("auto") : num(i);
		cells[2][i] = sgd ? num(i) : gap;
		cells[3][i] = str(sgd ? "sgd" : i % 3 ? "adam" : "rmsprop");
		metric[i] = sgd + random_below(&random, 20) / 20.0;
	}
	for (uint32_t c = 0; c < 4; c++)
		inputs[c] = unit_input(names[c], cells[c], N);
	check_interrupted(false, inputs, 4, metric, N);
	check_interrupted(true, inputs, 4, metric, N);
	unit_free_all();
}

int
main(void)
{
	test_few_runs();
	test_odd_metrics();
	test_many_values();
	test_interrupted();
	test_no_runs();
	return done();
}
