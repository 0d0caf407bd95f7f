/*
 * test_describe.c
 *		What is said of a parameter without a forest: by hand, by SciPy.
 */
#include "data.h"

#include "core/describe.h"
#include "core/order.h"

static HpDescription
describe(const HpFrame *frame, const char *name)
{
	return hp_describe(unit_env, frame, column_called(frame, name));
}

/* ---- by hand ---- */

static void
test_numbers(void)
{
	const double x[] = {1, 2, NAN, 3, 4, 5, NAN};
	const double metric[] = {2, 4, 100, 5, 4.001, 5.001, -100};
	HpInput		input = unit_numbers("x", x, 7);
	HpFrame    *frame = unit_frame(&input, 1, metric, 7);
	HpDescription d = describe(frame, "x");

	/* x deviates by -2 -1 0 1 2; y by -2.0004 -.0004 .9996 .0006 1.0006 from
	 * 4.0004: products 4.0008 + .0004 + 0 + .0006 + 2.0012 = 6.003; squares
	 * of y 4.00160016 + .00000016 + .99920016 + .00000036 + 1.00120036 =
	 * 6.0020012 */
	is_int(d.pairs, 5, "pairs: the runs that have a number");
	is_double(d.minimum, 1, 0, "minimum");
	is_double(d.maximum, 5, 0, "maximum");
	is_double(d.pearson, 6.003 / sqrt(10 * 6.0020012), 1e-14, "Pearson");
	/* ranks 1 .. 5 and 1 2 4 3 5: 1 - 6 * (1 + 1) / (5 * 24) = 0.9 */
	is_double(d.spearman, 0.9, 1e-15, "Spearman");
	/* r = 0.9, n = 5: SciPy 0.03738607346849863 */
	is_double(d.spearman_p_value, 0.03738607346849863, 1e-13, "its p-value");
	is_double(d.eta2, NAN, 0, "numbers have no levels");
}

static void
test_words_among_numbers(void)
{
	enum
	{
		N = 30
	};
	HpValue		cells[N];
	double		metric[N];
	HpInput		input;
	HpFrame    *frame;
	HpDescription d;
	uint32_t	n;
	HpLevelDescription *levels;

	for (uint32_t i = 0; i < N; i++)
	{
		cells[i] = i < 4 ? str("auto") : i < 6 ? gap : num(i);
		metric[i] = i < 6 ? 1000 : i;
	}
	input = unit_input("x", cells, N);
	frame = unit_frame(&input, 1, metric, N);
	d = describe(frame, "x");
	is_int(d.pairs, N - 6, "words and gaps are not correlated");
	is_double(d.pearson, 1, 1e-15, "the numbers are");
	is_double(d.minimum, 6, 0, "the smallest number");
	levels = hp_describe_levels(unit_env, frame, &frame->columns[0], &n);
	is_int(n, 2, "levels of a numeric parameter: missing and its words");
	ok(levels[0].code == 0 && levels[0].runs == 2 && levels[0].mean == 1000,
	   "missing");
	ok(levels[1].code == 1 && levels[1].runs == 4 && levels[1].stddev == 0,
	   "the word");
}

static void
test_boolean(void)
{
	HpValue		cells[] = {
		truth(true), truth(true), gap, truth(false), str("FALSE")
	};
	const double metric[] = {1, 2, 50, 3, 6};
	HpInput		input = unit_input("x", cells, 5);
	HpFrame    *frame = unit_frame(&input, 1, metric, 5);
	HpDescription d = describe(frame, "x");

	/* false false true true against 3 6 1 2, deviations -.5 -.5 .5 .5 and
	 * 0 3 -2 -1: products -1.5 - 1 - .5 = -3; squares 1 and 14 */
	is_int(d.pairs, 4, "four runs have the boolean");
	is_double(d.pearson, -3 / sqrt(14), 1e-15, "false 0, true 1");
	ok(d.minimum == 0 && d.maximum == 1, "from 0 to 1");
	/* groups missing 50; false 3 6; true 1 2; mean 12.4: between 37.6^2 + 2 *
	 * 7.9^2 + 2 * 10.9^2 = 1776.2; within 4.5 + .5 = 5 */
	is_double(d.eta2, 1776.2 / 1781.2, 1e-14, "eta^2, missing being a level");
}

static void
test_no_part(void)
{
	enum
	{
		N = 20
	};
	HpValue		name[N],
				same[N],
				word[N],
				gone[N],
				yes[N];
	double		metric[N];
	HpInput		inputs[5];
	HpFrame    *frame;
	HpDescription d;

	for (uint32_t i = 0; i < N; i++)
	{
		name[i] = str_numbered("n", i);
		same[i] = num(0.25);
		word[i] = str("a");
		gone[i] = gap;
		yes[i] = truth(true);
		metric[i] = i;
	}
	inputs[0] = unit_input("name", name, N);
	inputs[1] = unit_input("same", same, N);
	inputs[2] = unit_input("word", word, N);
	inputs[3] = unit_input("gone", gone, N);
	inputs[4] = unit_input("yes", yes, N);
	frame = unit_frame(inputs, 5, metric, N);
	d = describe(frame, "same");
	ok(d.minimum == 0.25 && d.maximum == 0.25 && isnan(d.pearson) &&
	   isnan(d.p_value) && isnan(d.spearman), "a constant number: what it is");
	d = describe(frame, "name");
	ok(isnan(d.minimum) && isnan(d.pearson) && isnan(d.eta2) && d.pairs == 0,
	   "an identifier: nothing");
	d = describe(frame, "word");
	ok(isnan(d.minimum) && isnan(d.eta2), "a constant word: nothing");
	d = describe(frame, "gone");
	ok(isnan(d.minimum) && d.pairs == 0, "never there: nothing");
	ok(isnan(describe(frame, "yes").pearson), "always true: no correlation");
}

/* Two numbers, one run of each kind: nothing is defined, nothing crashes. */
static void
test_edges(void)
{
	const double x[] = {1, NAN, 2};
	const double flat[] = {0.1, 0.1, 0.1};
	const double metric[] = {3, 2, 1};
	HpInput		input = unit_numbers("x", x, 3);
	HpFrame    *frame = unit_frame(&input, 1, metric, 3);
	HpDescription d = describe(frame, "x");
	HpLevelDescription *levels;
	uint32_t	n;

	is_double(d.pearson, -1, 1e-15, "two pairs: on a line");
	is_double(d.p_value, NAN, 0, "but with no p-value");
	frame = unit_frame(&input, 1, metric, 2);
	d = describe(frame, "x");
	is_double(d.pearson, NAN, 0, "one pair: no correlation");
	ok(d.minimum == 1 && d.maximum == 1, "but a minimum");
	frame = unit_frame(&input, 1, flat, 3);
	d = describe(frame, "x");
	ok(isnan(d.pearson) && isnan(d.spearman) && isnan(d.eta2),
	   "a constant metric: nothing");
	levels = hp_describe_levels(unit_env, frame, &frame->columns[0], &n);
	ok(n == 1 && isnan(levels[0].correlation) && isnan(levels[0].p_value) &&
	   isnan(levels[0].stddev) && levels[0].mean == 0.1,
	   "one run of a constant metric: a mean and no more");
}

static void
test_binned(void)
{
	enum
	{
		N = 70000
	};
	double	   *x = hp_alloc(unit_env, N, sizeof(double));
	double	   *metric = hp_alloc(unit_env, N, sizeof(double));
	HpInput		input;
	HpFrame    *frame;
	HpDescription d;

	for (uint32_t i = 0; i < N; i++)
		metric[i] = x[i] = i;
	input = unit_numbers("x", x, N);
	frame = unit_frame(&input, 1, metric, N);
	d = describe(frame, "x");
	ok(frame->columns[0].binned, "70,000 numbers are binned");
	is_double(d.pearson, 1, 1e-15, "their correlation is that of the numbers");
	is_double(d.spearman, 1, 1e-15, "the rank correlation too");
	ok(d.minimum == 0 && d.maximum == N - 1, "and their extremes");
	unit_free_all();
}

/* ---- the metric ---- */

static int
compare_falling(const void *a, const void *b)
{
	long double x = *(const long double *) a;
	long double y = *(const long double *) b;

	return x > y ? -1 : x < y;
}

/* How many of the largest squared deviations make 90 % of their sum. */
static uint32_t
count_extremes(const HpFrame *frame, long double *share)
{
	long double *squares = hp_alloc(unit_env, frame->n_runs, sizeof(long double));
	long double mean = 0,
				all = 0,
				sum = 0;
	uint32_t	n = 0;

	for (uint32_t i = 0; i < frame->n_runs; i++)
		mean += (long double) frame->metric[i] / frame->n_runs;
	for (uint32_t i = 0; i < frame->n_runs; i++)
		all += squares[i] = (frame->metric[i] - mean) * (frame->metric[i] - mean);
	qsort(squares, frame->n_runs, sizeof(long double), compare_falling);
	while (sum < 0.9L * all)
		sum += squares[n++];
	*share = sum / all;
	return n;
}

static void
test_metric(void)
{
	UnitRandom	random = 173;
	double		y[201];
	bool		right = true;

	for (uint32_t round = 0; round < 30; round++)
	{
		uint32_t	n = 2 + random_below(&random, 200);
		HpFrame    *frame;
		HpMetric	m;
		long double share;

		for (uint32_t i = 0; i < n; i++)
			y[i] = pow(random_normal(&random), 1 + round % 5);
		frame = unit_frame(NULL, 0, y, n);
		m = hp_describe_metric(frame);
		right = right && m.extremes == count_extremes(frame, &share) &&
			fabsl(m.share - share) < 1e-12L && m.minimum == frame->metric[0] &&
			m.maximum == frame->metric[n - 1] &&
			m.median == (frame->metric[(n - 1) / 2] + frame->metric[n / 2]) / 2;
		unit_free_all();
	}
	ok(right, "extremes: the fewest runs that make nine tenths of the squares");
}

static void
test_metric_by_hand(void)
{
	const double sentinel[] = {0.5, 2147483647, 0.1, 0.9};
	const double huge[] = {-1.7e308, 1.7e308, 1.6e308};
	const double flat[] = {0.1, 0.1, 0.1};
	const double smallest[] = {5e-324, 5e-324};
	double		many[20];
	HpMetric	m = hp_describe_metric(unit_frame(NULL, 0, sentinel, 4));

	ok(m.minimum == 0.1 && m.maximum == 2147483647, "0.1 to 2147483647");
	is_double(m.median, 0.7, 1e-15, "the median of four");
	is_double(m.mean, (sentinel[0] + sentinel[1] + sentinel[2] + sentinel[3]) / 4, 1e-15, "their mean");
	/* deviations .75 of it, three times -.25: squares .5625 and .0625 of .75
	 * in all, 75 % and three times 8.3 % */
	is_int(m.extremes, 3, "the sentinel and two others make 91.7 %%");
	is_double(m.share, 11.0 / 12, 1e-8, "of the variance");
	for (int i = 0; i < 20; i++)
		many[i] = i == 7 ? 2147483647 : i;
	m = hp_describe_metric(unit_frame(NULL, 0, many, 20));
	is_int(m.extremes, 1, "beside nineteen runs the sentinel alone does");
	is_double(m.share, 19.0 / 20, 1e-6, "95 %%");
	is_double(m.stddev, sqrt((2147483637.3 * 2147483637.3 * 19 / 20 + 10.0 * 57) / 19), 1e-7, "its standard deviation");
	m = hp_describe_metric(unit_frame(NULL, 0, huge, 3));
	ok(isnan(m.stddev) || isfinite(m.stddev), "one that is too large is not known");
	is_double(m.median, 1.6e308, 0, "a median of three");
	ok(m.extremes >= 1 && m.extremes <= 3 && m.share >= 0.9 && m.share <= 1,
	   "+-1.7e308: a share of 0.9 to 1");
	m = hp_describe_metric(unit_frame(NULL, 0, smallest, 2));
	ok(m.median == 5e-324, "nor is the median of the smallest numbers 0");
	m = hp_describe_metric(unit_frame(NULL, 0, flat, 3));
	ok(m.extremes == 0 && m.median == 0.1 && !isnan(m.share),
	   "a constant metric has no extremes");
	m = hp_describe_metric(unit_frame(NULL, 0, flat, 1));
	ok(m.minimum == 0.1 && m.median == 0.1 && m.extremes == 0 && isnan(m.stddev), "nor has one run");
	m = hp_describe_metric(unit_frame(NULL, 0, flat, 0));
	ok(isnan(m.minimum) && isnan(m.median) && isnan(m.maximum) && isnan(m.mean) &&
	   isnan(m.stddev) && m.extremes == 0, "no runs: nothing");
}

/* ---- levels ---- */

static void
test_levels_by_hand(void)
{
	const char *const words[] = {"b", "a", NULL, "b", "c", "b"};
	const double metric[] = {1, 4, 10, 3, 7, 5};
	HpInput		input = unit_words("x", words, 6);
	HpFrame    *frame = unit_frame(&input, 1, metric, 6);
	uint32_t	n;
	HpLevelDescription *l = hp_describe_levels(unit_env, frame,
											   &frame->columns[0], &n);

	is_int(n, 4, "missing, a, b, c");
	ok(l[0].code == 0 && l[0].runs == 1 && l[0].mean == 10 &&
	   isnan(l[0].stddev), "missing: one run, of no deviation");
	ok(l[1].runs == 1 && l[1].mean == 4, "a");
	ok(l[2].code == 2 && l[2].runs == 3 && l[2].mean == 3, "b: 1, 3, 5");
	is_double(l[2].stddev, 2, 1e-15, "deviation: (4 + 0 + 4) / 2 = 4");
	ok(l[3].runs == 1 && l[3].mean == 7, "c");

	/*
	 * "is b" 1 0 0 1 0 1 against 1 4 10 3 7 5 of mean 5: sum of products
	 * -4 - 2 + 0 = -6 (times 1, less 0.5 * 0); squares 1.5 and 16 + 1 + 25 +
	 * 4 + 4 + 0 = 50
	 */
	is_double(l[2].correlation, -6 / sqrt(75), 1e-15, "correlation of \"is b\"");
}

static void
test_levels_huge(void)
{
	const char *const words[] = {"a", "a", "b", "b"};
	const double metric[] = {1.7e308, 1.5e308, -1.7e308, -1.5e308};
	HpInput		input = unit_words("x", words, 4);
	HpFrame    *frame = unit_frame(&input, 1, metric, 4);
	uint32_t	n;
	HpLevelDescription *l = hp_describe_levels(unit_env, frame,
											   &frame->columns[0], &n);

	is_double(l[0].mean / 1e308, 1.6, 1e-15, "a mean of 1.6e308");
	/* between 4 * 1.6^2 = 10.24, within 4 * .1^2 = .04: r^2 = 10.24 / 10.28 */
	is_double(l[0].correlation, sqrt(10.24 / 10.28), 1e-14, "a correlation");
	is_double(l[1].correlation, -sqrt(10.24 / 10.28), 1e-14, "and its opposite");
}

/* Against means and deviations taken plainly, and r with the 0/1 column. */
static void
test_levels_random(void)
{
	enum
	{
		N = 400
	};
	UnitRandom	random = 179;
	HpValue		cells[N];
	double		metric[N];
	HpInput		input;
	HpFrame    *frame;
	HpLevelDescription *l;
	uint32_t	n;
	bool		right = true;

	for (uint32_t i = 0; i < N; i++)
	{
		uint32_t	k = random_below(&random, 30);

		cells[i] = k == 0 ? gap : str_numbered("level ", k);
		metric[i] = 1000 + random_normal(&random) + k * 0.1;
	}
	input = unit_input("x", cells, N);
	frame = unit_frame(&input, 1, metric, N);
	l = hp_describe_levels(unit_env, frame, &frame->columns[0], &n);
	for (uint32_t k = 0; k < n; k++)
	{
		long double sum = 0,
					all = 0,
					squares = 0,
					all_squares = 0;

		for (uint32_t run = 0; run < N; run++)
		{
			all += frame->metric[run] / N;
			if (hp_column_code(&frame->columns[0], run) == l[k].code)
				sum += frame->metric[run];
		}
		sum /= l[k].runs;
		for (uint32_t run = 0; run < N; run++)
		{
			all_squares += (frame->metric[run] - all) * (frame->metric[run] - all);
			if (hp_column_code(&frame->columns[0], run) == l[k].code)
				squares += (frame->metric[run] - sum) * (frame->metric[run] - sum);
		}
		/* r^2 = n_k (mean_k - mean)^2 / (1 - n_k / n) / all squares */
		right = right && fabsl(l[k].mean - sum) < 1e-12L &&
			fabsl(l[k].stddev - sqrtl(squares / (l[k].runs - 1))) < 1e-12L &&
			fabsl(l[k].correlation - (sum - all) *
				  sqrtl(l[k].runs / (1 - (long double) l[k].runs / N) /
						all_squares)) < 1e-12L;
	}
	is_int(n, 30, "29 levels and missing");
	ok(right, "their means, deviations and correlations");
	unit_free_all();
}

/* ---- ranks by codes ---- */

/* Spearman of the pairs as they are, in any order. */
static double
spearman_by_sorting(const double *x, const double *y, uint32_t n)
{
	double	   *ranks_x = hp_alloc(unit_env, n, sizeof(double));
	double	   *ranks_y = hp_alloc(unit_env, n, sizeof(double));

	hp_ranks(unit_env, x, ranks_x, n);
	hp_ranks(unit_env, y, ranks_y, n);
	return hp_spearman(ranks_x, ranks_y, n);
}

/*
 * Numbers with ties, gaps and words, of few values and of so many that codes
 * stand for bins: Spearman is that of the numbers, to the bit.
 */
static void
test_ranks_by_code(uint32_t n, uint32_t n_values, const char *name)
{
	UnitRandom	random = 5 + n;
	HpValue    *cells = hp_alloc(unit_env, n, sizeof(HpValue));
	double	   *metric = hp_alloc(unit_env, n, sizeof(double));
	double	   *x = hp_alloc(unit_env, n, sizeof(double));
	double	   *y = hp_alloc(unit_env, n, sizeof(double));
	uint32_t	pairs = 0;
	HpInput		input;
	HpDescription d;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	which = random_below(&random, 10);

		cells[i] = which == 0 ? gap : which == 1 ? str("auto") :
			num(random_below(&random, n_values) * 0.1);
		metric[i] = random_below(&random, n) + cells[i].number;
		if (which < 2)
			continue;
		x[pairs] = cells[i].number;
		y[pairs++] = metric[i];
	}
	input = unit_input("x", cells, n);
	d = describe(unit_frame(&input, 1, metric, n), "x");
	is_int(d.pairs, pairs, "%s: pairs", name);
	is_double(d.spearman, spearman_by_sorting(x, y, pairs), 0,
			  "%s: Spearman", name);
	unit_free_all();
}

/* ---- by SciPy ---- */

static void
check_against_scipy(const HpFrame *frame, const char *text)
{
	for (uint32_t c = 0; c < frame->n_columns; c++)
	{
		const HpColumn *column = &frame->columns[c];
		HpDescription d = hp_describe(unit_env, frame, column);
		char		name[64];

		snprintf(name, sizeof(name), "%.*s", (int) column->name.length,
				 column->name.bytes);
		is_int(d.pairs, (int64_t) reference(text, "correlation", name, "runs"),
			   "%s: pairs", name);
		is_double(d.pearson, reference(text, "correlation", name, "pearson"),
				  1e-13, "%s: Pearson", name);
		is_double(d.p_value / reference(text, "correlation", name, "pearson_p"),
				  1, 1e-10, "%s: p-value", name);
		is_double(d.spearman, reference(text, "correlation", name, "spearman"),
				  1e-13, "%s: Spearman", name);
		is_double(d.spearman_p_value /
				  reference(text, "correlation", name, "spearman_p"), 1, 1e-10,
				  "%s: its p-value", name);
	}
}

static void
test_scipy(void)
{
	Fixture		numeric = fixture_table("numeric.csv");
	Fixture		mixed = fixture_table("mixed.csv");
	HpFrameOptions onehot = {NULL, true};

	check_against_scipy(unit_frame(numeric.inputs, numeric.n_inputs,
								   numeric.metric, numeric.n_runs),
						fixture_text("numeric_reference.json"));
	check_against_scipy(hp_frame_build(unit_env, mixed.inputs, mixed.n_inputs,
									   mixed.metric, mixed.n_runs, &onehot),
						fixture_text("mixed_reference.json"));
}

/* Levels of a native category: the correlations of its one-hot columns. */
static void
test_scipy_levels(void)
{
	static const char *const names[] = {
		"optimizer_NAN", "optimizer_adam", "optimizer_rmsprop", "optimizer_sgd"
	};
	Fixture		mixed = fixture_table("mixed.csv");
	char	   *text = fixture_text("mixed_reference.json");
	HpFrame    *frame = unit_frame(mixed.inputs, mixed.n_inputs, mixed.metric,
								   mixed.n_runs);
	uint32_t	n;
	HpLevelDescription *l = hp_describe_levels(unit_env, frame,
											   column_called(frame, "optimizer"),
											   &n);

	is_int(n, 4, "three optimizers and none");
	for (uint32_t k = 0; k < n; k++)
	{
		is_double(l[k].correlation,
				  reference(text, "correlation", names[k], "pearson"), 1e-13,
				  "%s: correlation", names[k]);
		is_double(l[k].p_value /
				  reference(text, "correlation", names[k], "pearson_p"), 1, 1e-10,
				  "%s: p-value", names[k]);
	}
}

int
main(void)
{
	test_numbers();
	test_words_among_numbers();
	test_boolean();
	test_no_part();
	test_edges();
	test_binned();
	test_metric();
	test_metric_by_hand();
	test_levels_by_hand();
	test_levels_huge();
	test_levels_random();
	test_ranks_by_code(500, 40, "some numbers");
	test_ranks_by_code(90000, 1000000, "numbers in bins");
	test_scipy();
	test_scipy_levels();
	return done();
}
