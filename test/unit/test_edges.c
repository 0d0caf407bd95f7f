/*
 * test_edges.c
 *		Forests at the edges of what there can be.
 */
#include "trained.h"

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

int
main(void)
{
	test_few_runs();
	test_odd_metrics();
	test_many_values();
	test_no_runs();
	return done();
}
