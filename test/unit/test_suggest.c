/*
 * test_suggest.c
 *		What to keep of a parameter: by hand-made curves, and by forests on
 *		surfaces whose optimum is known.
 */
#include "trained.h"

#include "core/anova.h"
#include "core/measure.h"
#include "core/suggest.h"

/* ---- parameters by hand ---- */

/* A number parameter of n values, the same number of runs each. */
static HpTried
numbers_tried(const double *values, uint32_t n, uint32_t runs)
{
	uint32_t   *runs_of = hp_alloc0(unit_env, n + 1, sizeof(uint32_t));
	uint32_t   *best_of = hp_alloc0(unit_env, n + 1, sizeof(uint32_t));
	double	   *numbers = hp_alloc(unit_env, n + 1, sizeof(double));

	numbers[0] = NAN;
	for (uint32_t i = 0; i < n; i++)
	{
		numbers[i + 1] = values[i];
		runs_of[i + 1] = runs;
	}
	return (HpTried) {
		.kind = HP_NUMERIC, .n_codes = n + 1, .numbers = numbers,
		.minimum = values[0], .maximum = values[n - 1],
		.runs_of = runs_of, .best_of = best_of
	};
}

/* The numbers a, a + step, ... */
static HpTried
line_tried(double a, double step, uint32_t n)
{
	double	   *values = hp_alloc(unit_env, n, sizeof(double));

	for (uint32_t i = 0; i < n; i++)
		values[i] = a + i * step;
	return numbers_tried(values, n, 1);
}

static HpTried
levels_tried(const uint32_t *runs_of, const uint32_t *best_of, uint32_t n_codes)
{
	return (HpTried) {
		.kind = HP_CATEGORICAL, .n_codes = n_codes,
		.minimum = NAN, .maximum = NAN,
		.runs_of = runs_of, .best_of = best_of
	};
}

/* The best runs are those of the codes first .. last, one each. */
static void
set_best(HpTried *tried, uint32_t first, uint32_t last)
{
	uint32_t   *best_of = hp_alloc0(unit_env, tried->n_codes, sizeof(uint32_t));

	for (uint32_t c = first; c <= last; c++)
		best_of[c] = 1;
	tried->best_of = best_of;
}

/*
 * Curves of 16 trees about a mean curve: at bin b a tree is off by spread, up or
 * down as one of the four bits of its number says.  So any four bins in a row
 * are off independently, with mean 0.
 */
static HpCurves
curves_about(const double *mean, uint32_t n, double spread)
{
	enum { TREES = 16 };
	double	   *values = hp_alloc(unit_env, (size_t) TREES * n, sizeof(double));

	for (uint32_t t = 0; t < TREES; t++)
		for (uint32_t b = 0; b < n; b++)
			values[t * n + b] = mean[b] + 7 * t +
				((t >> b % 4 & 1) != 0 ? spread : -spread);
	return (HpCurves) {.n_trees = TREES, .values = values};
}

static bool
keeps(const HpSuggestion *s, const HpBins *bins, const char *want)
{
	for (uint32_t b = 0; b < bins->n; b++)
		if (s->kept[b] != (want[b] == '1'))
		{
			printf("# got ");
			for (uint32_t i = 0; i < bins->n; i++)
				putchar(s->kept[i] ? '1' : '0');
			putchar('\n');
			return false;
		}
	return strlen(want) == bins->n;
}

/* ---- bins ---- */

static void
test_bins(void)
{
	HpTried		tried = line_tried(0, 1, 100);
	HpBins		bins = hp_tried_bins(unit_env, &tried);
	uint32_t	runs_of[] = {3, 2, 0, 5, 1, 1, 1};
	uint32_t	best_of[] = {1, 0, 0, 2, 0, 0, 1};
	double		numbers[] = {NAN, NAN, NAN, NAN, 1, 2, 3};
	HpTried		mixed = {
		.kind = HP_NUMERIC, .n_codes = 7, .n_words = 3, .numbers = numbers,
		.minimum = 1, .maximum = 3, .runs_of = runs_of, .best_of = best_of
	};

	is_int(bins.n, 20, "a hundred numbers make 20 quantiles");
	ok(!bins.few && bins.n_levels == 0, "of more than one number each");
	ok(bins.first[0] == 1 && bins.last[0] == 5 && bins.runs[0] == 5,
	   "of five runs each");
	ok(bins.first[19] == 96 && bins.last[19] == 100, "to the last");

	tried = line_tried(0, 1, 12);
	bins = hp_tried_bins(unit_env, &tried);
	ok(bins.n == 12 && bins.few, "of 12 numbers each is a bin");

	bins = hp_tried_bins(unit_env, &mixed);
	is_int(bins.n, 6, "missing, words and numbers; a word without runs is none");
	is_int(bins.n_levels, 3, "of which three stand alone");
	ok(bins.first[0] == 0 && bins.first[2] == 3 && bins.best[2] == 2,
	   "with their runs");
	mixed.fill = true;
	bins = hp_tried_bins(unit_env, &mixed);
	ok(bins.n == 5 && bins.first[0] == 1, "where gaps were filled missing is none");
}

/* One value may have more runs than a quantile holds. */
static void
test_heavy_bins(void)
{
	HpTried		tried = line_tried(0, 1, 50);
	uint32_t   *runs_of = (uint32_t *) tried.runs_of;
	HpBins		bins;
	uint64_t	runs = 0;

	runs_of[1] = 500;
	bins = hp_tried_bins(unit_env, &tried);
	ok(bins.first[0] == 1 && bins.last[0] == 1, "a heavy value has a bin of its own");
	for (uint32_t b = 0; b < bins.n; b++)
	{
		runs += bins.runs[b];
		if (b > 0 && bins.first[b] != bins.last[b - 1] + 1)
			runs = 0;
	}
	ok(runs == 549 && bins.n < 20, "the others share what is left");
}

/* ---- numbers ---- */

/* A valley over the numbers 0 .. 99, its ground at bin `at`. */
static void
valley(double curve[20], uint32_t at)
{
	for (int b = 0; b < 20; b++)
		curve[b] = (b - (int) at) * (b - (int) at);
}

static void
test_valley(void)
{
	HpTried		tried = line_tried(0, 1, 100);
	HpBins		bins = hp_tried_bins(unit_env, &tried);
	double		curve[20];
	HpCurves	curves;
	HpSuggestion s;

	valley(curve, 8);
	curves = curves_about(curve, 20, 2);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	is_int(s.advice, HP_NARROW, "a valley is narrowed");
	ok(keeps(&s, &bins, "00000111111100000000"), "to its ground");
	is_double(s.low, 25, 0, "from the first number kept");
	is_double(s.high, 59, 0, "to the last");
	is_int(s.best, 8, "the best bin is the lowest");
	is_double(s.gain, 35.5 - 4, 1e-9, "gain: the mean before less that after");
	ok(s.gain_stddev > 0 && s.gain_stddev < 2, "its spread is that of means");

	for (int i = 0; i < 20; i++)
		curve[i] = -curve[i];
	curves = curves_about(curve, 20, 2);
	curves.maximize = true;
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(keeps(&s, &bins, "00000111111100000000") && s.gain > 0,
	   "a hill that is to be climbed is kept likewise");
	curves.maximize = false;
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(!s.kept[8] && s.kept[19], "and not when it is to be avoided");
}

/* Runs among the best widen what the curve would leave. */
static void
test_best_runs(void)
{
	HpTried		tried = line_tried(0, 1, 100);
	HpBins		bins;
	double		curve[20];
	HpCurves	curves;
	HpSuggestion s;

	valley(curve, 8);
	curves = curves_about(curve, 20, 2);
	set_best(&tried, 71, 96);
	bins = hp_tried_bins(unit_env, &tried);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(keeps(&s, &bins, "00000111111111111110"),
	   "the middle of the best runs is kept, and what lies between, but not their ends");
	set_best(&tried, 43, 43);
	bins = hp_tried_bins(unit_env, &tried);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(keeps(&s, &bins, "00000111111100000000"), "a best run where it was kept anyway changes nothing");
}

static void
test_ends(void)
{
	HpTried		tried = line_tried(5, 1, 100);
	HpBins		bins = hp_tried_bins(unit_env, &tried);
	double		slope[20];
	double		flat[20];
	HpCurves	curves;
	HpSuggestion s;

	for (int b = 0; b < 20; b++)
	{
		slope[b] = -b;
		flat[b] = b < 10 ? 10 - b : 0;
	}
	curves = curves_about(slope, 20, 0.5);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.advice == HP_EXTEND && s.upward, "what falls to the end is to be extended upward");
	is_double(s.high, 104, 0, "and reaches the end");
	ok(!s.kept[0] && s.kept[19], "the other side is dropped");
	curves.maximize = true;
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.advice == HP_EXTEND && !s.upward && s.low == 5, "and downward");

	curves = curves_about(flat, 20, 0.5);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.advice == HP_NARROW && s.kept[19], "a plateau at the end is not");
	curves = curves_about(slope, 20, 8);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.advice != HP_EXTEND, "nor is a slope that the trees do not agree on");

	tried = line_tried(0, 1, 100);
	curves = curves_about(slope, 20, 0.5);
	curves.maximize = true;
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	is_int(s.advice, HP_NARROW, "numbers end at 0");
	tried = line_tried(1.0 / 128, 1.0 / 128, 128);
	bins = hp_tried_bins(unit_env, &tried);
	curves = curves_about(slope, 20, 0.5);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	is_int(s.advice, HP_NARROW, "shares end at 1");
}

static void
test_keep_and_freeze(void)
{
	HpTried		tried = line_tried(0, 1, 100);
	HpBins		bins;
	double		curve[20] = {0};
	HpCurves	curves = curves_about(curve, 20, 1);
	HpSuggestion s;

	set_best(&tried, 31, 41);
	bins = hp_tried_bins(unit_env, &tried);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.advice == HP_KEEP && keeps(&s, &bins, "11111111111111111111"),
	   "a flat curve keeps all");
	is_double(s.gain, 0, 1e-12, "without gain");
	ok(s.low == 0 && s.high == 99, "from end to end");
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	is_int(s.advice, HP_FREEZE, "and is frozen if it does not matter");
	is_double(s.low, 35, 0, "at the median of the best runs");
	ok(s.high == s.low && tried.numbers[s.frozen] == s.low, "which is a number that was tried");
	set_best(&tried, 1, 0);
	bins = hp_tried_bins(unit_env, &tried);
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	is_double(s.low, 49, 0, "of all runs if none of the best has any");

	valley(curve, 8);
	curves = curves_about(curve, 20, 2);
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	is_int(s.advice, HP_NARROW, "a clear curve is narrowed even where another parameter hides it");
	for (int b = 0; b < 20; b++)
		curve[b] = b == 0 ? 4 : 0;
	curves = curves_about(curve, 20, 2);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.advice == HP_NARROW && !s.kept[0] && s.kept[1], "what is worse by more than its doubt is dropped");
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	ok(s.advice == HP_KEEP && s.kept[0], "where it does not seem to matter it is kept, but not frozen");
	valley(curve, 8);
	curves = curves_about(curve, 20, 2);
	curves.metric_stddev = 1e4;
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	is_int(s.advice, HP_KEEP, "but not if all of it is small beside the metric");
	curves.n_trees = 1;
	curves.metric_stddev = 0;
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.advice == HP_KEEP && isnan(s.gain_stddev), "one tree tells nothing of its doubt");
	curves.n_trees = 0;
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	ok(s.advice == HP_KEEP && isnan(s.gain) && s.high == 99, "without trees all is kept");
}

static void
test_few_numbers(void)
{
	const double sizes[] = {8, 16, 32, 64, 128, 256};
	const double curve[] = {5, 3, 0.2, 0, 4, 6};
	HpTried		tried = numbers_tried(sizes, 6, 10);
	HpBins		bins = hp_tried_bins(unit_env, &tried);
	HpCurves	curves = curves_about(curve, 6, 0.3);
	HpSuggestion s = hp_suggest(unit_env, &tried, &bins, &curves, true);

	ok(keeps(&s, &bins, "001100"), "few numbers are kept one by one");
	ok(s.low == 32 && s.high == 64, "and not rounded");
	curves = curves_about(curve, 6, 2.5);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(keeps(&s, &bins, "011110"), "more of them where the trees differ more");
	ok(hp_tried_integers(&tried), "they are integers");
	ok(!hp_tried_log_scale(&tried), "a range of 32 is none for a logarithm");
	tried = numbers_tried((const double[]) {0.5, 49, 50}, 3, 1);
	ok(hp_tried_log_scale(&tried) && !hp_tried_integers(&tried),
	   "one of 100 is; halves are no integers");
	tried.minimum = 0;
	ok(!hp_tried_log_scale(&tried), "0 has no logarithm");
	tried = numbers_tried((const double[]) {1, 1e300}, 2, 1);
	ok(!hp_tried_integers(&tried), "nor are numbers that stand for their neighbours too");
}

/* ---- levels ---- */

static void
test_levels(void)
{
	const uint32_t runs_of[] = {0, 10, 20, 30, 40};
	const uint32_t best_of[] = {0, 0, 5, 5, 0};
	const uint32_t others[] = {0, 9, 0, 0, 1};
	const double curve[] = {9, 0, 0.3, 8};
	HpTried		tried = levels_tried(runs_of, best_of, 5);
	HpBins		bins = hp_tried_bins(unit_env, &tried);
	HpCurves	curves = curves_about(curve, 4, 0.3);
	HpSuggestion s = hp_suggest(unit_env, &tried, &bins, &curves, true);

	ok(s.advice == HP_NARROW && keeps(&s, &bins, "0110"), "levels that are clearly worse are dropped");
	is_double(s.gain, (90 + 0 + 9 + 320) / 100.0 - (0 + 9) / 50.0, 0.3, "gain weighs them by their runs");
	ok(isnan(s.low) && isnan(s.high), "levels have no bounds");
	tried.best_of = others;
	bins = hp_tried_bins(unit_env, &tried);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(keeps(&s, &bins, "1110"), "but not the one that most of the best runs have");
	curves = curves_about((const double[]) {0, 0, 0, 0}, 4, 1);
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	ok(s.advice == HP_FREEZE && s.frozen == 1 && keeps(&s, &bins, "1000"),
	   "and if it does not matter that one is taken");
	tried.best_of = (const uint32_t[]) {0, 0, 0, 0, 0};
	bins = hp_tried_bins(unit_env, &tried);
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	is_int(s.frozen, 4, "or the one that most runs have");
}

/* Numbers beside a word and missing values. */
static void
test_mixed(void)
{
	const uint32_t runs_of[] = {10, 10, 10, 10, 10};
	const uint32_t best_of[] = {0, 0, 0, 3, 0};
	const double numbers[] = {NAN, NAN, 1, 2, 3};
	HpTried		tried = {
		.kind = HP_NUMERIC, .n_codes = 5, .n_words = 1, .numbers = numbers,
		.minimum = 1, .maximum = 3, .runs_of = runs_of, .best_of = best_of
	};
	HpBins		bins = hp_tried_bins(unit_env, &tried);
	HpCurves	curves = curves_about((const double[]) {0, 5, 6, 7, 8}, 5, 0.3);
	HpSuggestion s = hp_suggest(unit_env, &tried, &bins, &curves, true);

	ok(keeps(&s, &bins, "10010") && s.best == 0, "missing is best; the best runs keep a number");
	ok(s.low == 2 && s.high == 2, "with its bounds");
	curves = curves_about((const double[]) {5, 5, 9, 0, 8}, 5, 0.3);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(keeps(&s, &bins, "00010"), "a number may be best of all");
	s = hp_suggest(unit_env, &tried, &bins, &(HpCurves) {0}, true);
	ok(keeps(&s, &bins, "11111"), "all is all");
	curves = curves_about((const double[]) {0, 0, 0, 0, 0}, 5, 0.3);
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	ok(s.frozen == 3 && s.low == 2, "frozen at a number if the best runs have one");
	tried.best_of = (const uint32_t[]) {3, 0, 1, 1, 0};
	bins = hp_tried_bins(unit_env, &tried);
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	ok(s.frozen == 0 && isnan(s.low), "or left out if they have none");
}

/* A forest from outside may say anything of a parameter. */
static void
test_forged(void)
{
	HpTried		tried = line_tried(0, 1, 100);
	HpBins		bins;
	double		curve[20];
	HpCurves	curves;
	HpSuggestion s;

	valley(curve, 8);
	curves = curves_about(curve, 20, 2);
	bins = hp_tried_bins(unit_env, &tried);
	for (int i = 1; i <= 100; i++)
		((double *) tried.numbers)[i] = NAN;
	tried.maximum = NAN;
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(isnan(s.low) && isnan(s.high), "numbers that are none have no bounds");
	memset((uint32_t *) tried.runs_of, 0, tried.n_codes * sizeof(uint32_t));
	bins = hp_tried_bins(unit_env, &tried);
	s = hp_suggest(unit_env, &tried, &bins, &curves, false);
	ok(bins.n == 0 && s.advice == HP_KEEP && isnan(s.gain), "of what no run has nothing is said");
}

/* ---- bounds ---- */

static void
test_rounding(void)
{
	double		values[100];
	double		curve[20];
	HpTried		tried;
	HpBins		bins;
	HpCurves	curves;
	HpSuggestion s;

	for (int i = 0; i < 100; i++)
		values[i] = exp(log(1.23456789e-5) + i * 0.1);
	tried = numbers_tried(values, 100, 1);
	bins = hp_tried_bins(unit_env, &tried);
	valley(curve, 8);
	curves = curves_about(curve, 20, 2);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(hp_tried_log_scale(&tried), "a log scale");
	is_double(s.low, 0.00015, 1e-12, "its bounds are rounded outwards, down");
	is_double(s.high, 0.00451, 1e-12, "and up");
	ok(s.low <= values[25] && s.low > values[24] * 0.99 && s.high >= values[59] && s.high < values[60],
	   "by a hundredth at most");

	for (int i = 0; i < 100; i++)
		values[i] = -12.3456789 + i * 0.123456;
	tried = numbers_tried(values, 100, 1);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	is_double(s.low, -9.3, 1e-12, "below 0 likewise");
	is_double(s.high, -5.06, 1e-12, "and up");
	valley(curve, 0);
	curves = curves_about(curve, 20, 2);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.low == values[0], "where they end they stay");
	for (int i = 0; i < 100; i++)
		values[i] = 1e300 + i * 1e298;
	tried = numbers_tried(values, 100, 1);
	valley(curve, 8);
	curves = curves_about(curve, 20, 2);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.low <= values[25] && s.low > values[24] && s.high >= values[59] && s.high < values[60],
	   "large numbers");
	for (int i = 0; i < 100; i++)
		values[i] = 2000 + i;
	tried = numbers_tried(values, 100, 1);
	s = hp_suggest(unit_env, &tried, &bins, &curves, true);
	ok(s.low == 2025 && s.high == 2059, "not by more than the range allows");
}

/* ---- by a forest ---- */

/* What a forest suggests for a parameter of a frame. */
typedef struct Asked
{
	const HpColumn *column;
	HpTried		tried;
	HpBins		bins;
	HpSuggestion suggestion;
} Asked;

static HpTried
column_tried(const HpFrame *frame, const HpColumn *column)
{
	uint32_t   *runs_of = hp_alloc0(unit_env, column->n_codes, sizeof(uint32_t));
	uint32_t   *best_of = hp_alloc0(unit_env, column->n_codes, sizeof(uint32_t));

	for (uint32_t run = 0; run < frame->n_runs; run++)
	{
		runs_of[hp_column_code(column, run)]++;
		best_of[hp_column_code(column, run)] += run < frame->n_runs / 10;
	}
	if (column->fill)
		runs_of[0] = best_of[0] = 0;
	return (HpTried) {
		.kind = column->kind, .fill = column->fill,
		.n_codes = column->n_codes, .n_words = column->n_words,
		.numbers = column->numbers,
		.minimum = column->kind == HP_NUMERIC ? column->numbers[column->n_words + 1] : NAN,
		.maximum = column->kind == HP_NUMERIC ? column->numbers[column->n_codes - 1] : NAN,
		.runs_of = runs_of, .best_of = best_of
	};
}

/* The marginal curves of a feature over its bins, by functional ANOVA. */
static HpCurves
forest_curves(HpFrame *frame, const Trained *t, uint32_t feature, const Asked *asked)
{
	uint32_t	n = t->map->n_features;
	HpFeature  *features = hp_alloc(unit_env, n, sizeof(HpFeature));
	double	  **below = hp_alloc(unit_env, n, sizeof(double *));
	HpTrainer  *trainer = hp_trainer_create(unit_env, frame, t->map, &DEFAULTS);
	double	   *values = hp_alloc0(unit_env, (size_t) DEFAULTS.trees * asked->bins.n,
								   sizeof(double));
	double	   *mean = hp_alloc(unit_env, asked->tried.n_codes, sizeof(double));
	double		squares = 0;
	HpAnova    *anova;

	for (uint32_t f = 0; f < n; f++)
	{
		HpColumn   *column = &frame->columns[t->map->columns[f]];

		features[f] = hp_column_feature(column);
		below[f] = hp_measure_feature(unit_env, HP_SPACE_OBSERVED, &features[f],
									  column_tried(frame, column).runs_of);
	}
	anova = hp_anova_create(unit_env, features, n, below);
	for (uint32_t tree = 0; tree < DEFAULTS.trees; tree++)
	{
		HpTreeReport report = t->reports[tree];
		HpOutOfBag	ignored = hp_out_of_bag_create(unit_env, frame->n_runs,
													  t->map, &DEFAULTS);

		hp_anova_decompose(anova, hp_train_tree(trainer, tree, &report, &ignored));
		hp_anova_marginal(anova, feature, mean);
		for (uint32_t b = 0; b < asked->bins.n; b++)
			for (uint32_t c = asked->bins.first[b]; c <= asked->bins.last[b]; c++)
				values[tree * asked->bins.n + b] +=
					mean[c] * asked->tried.runs_of[c] / asked->bins.runs[b];
	}
	for (uint32_t run = 0; run < frame->n_runs; run++)
		squares += (double) frame->target[run] * (double) frame->target[run];
	return (HpCurves) {
		.n_trees = DEFAULTS.trees, .values = values,
		.metric_stddev = sqrt(squares / frame->n_runs)
	};
}

static Asked
ask(HpFrame *frame, const Trained *t, const char *name)
{
	uint32_t	feature = feature_called(frame, t, name);
	Asked		asked = {.column = column_called(frame, name)};
	HpCurves	curves;

	asked.tried = column_tried(frame, asked.column);
	asked.bins = hp_tried_bins(unit_env, &asked.tried);
	curves = forest_curves(frame, t, feature, &asked);
	asked.suggestion = hp_suggest(unit_env, &asked.tried, &asked.bins, &curves,
								  t->result.permutation[feature] >= 0.02);
	return asked;
}

static bool
keeps_level(const Asked *asked, const char *level)
{
	for (uint32_t b = 0; b < asked->bins.n_levels; b++)
		if (asked->bins.first[b] > 0 &&
			text_is(asked->column->labels[asked->bins.first[b]], level))
			return asked->suggestion.kept[b];
	return false;
}

/* A sweep: the best lr is 0.5, sgd is bad, seed does nothing, width is too small. */
static void
test_forest(void)
{
	static const char *const optimizers[] = {"adam", "rmsprop", "sgd"};
	enum { RUNS = 400 };
	HpValue    *cells[5];
	HpInput		inputs[5];
	double		metric[RUNS];
	UnitRandom	random = 99;
	HpFrame    *frame;
	Trained		t;
	Asked		lr,
				optimizer,
				width,
				seed,
				momentum;

	for (int c = 0; c < 5; c++)
		cells[c] = hp_alloc0(unit_env, RUNS, sizeof(HpValue));
	for (uint32_t i = 0; i < RUNS; i++)
	{
		double		x = random_uniform(&random);
		double		w = 10 + random_below(&random, 90);
		double		m = random_uniform(&random);
		uint32_t	k = random_below(&random, 3);

		cells[0][i] = num(x);
		cells[1][i] = str(optimizers[k]);
		cells[2][i] = num(w);
		cells[3][i] = num(random_below(&random, 1000));
		cells[4][i] = k == 1 ? num(m) : gap;
		metric[i] = 4 * (x - 0.5) * (x - 0.5) + (k == 2 ? 1 : k * 2 * (m - 0.5)) - w / 100 +
			0.05 * random_normal(&random);
	}
	inputs[0] = unit_input("lr", cells[0], RUNS);
	inputs[1] = unit_input("optimizer", cells[1], RUNS);
	inputs[2] = unit_input("width", cells[2], RUNS);
	inputs[3] = unit_input("seed", cells[3], RUNS);
	inputs[4] = unit_input("momentum", cells[4], RUNS);
	frame = unit_frame(inputs, 5, metric, RUNS);
	t = train(frame, &DEFAULTS);
	lr = ask(frame, &t, "lr");
	optimizer = ask(frame, &t, "optimizer");
	width = ask(frame, &t, "width");
	seed = ask(frame, &t, "seed");
	momentum = ask(frame, &t, "momentum");

	is_int(lr.suggestion.advice, HP_NARROW, "forest: the learning rate is narrowed");
	ok(lr.suggestion.low > 0.02 && lr.suggestion.low < 0.42 &&
	   lr.suggestion.high > 0.58 && lr.suggestion.high < 0.98,
	   "around its optimum: %g to %g", lr.suggestion.low, lr.suggestion.high);
	ok(lr.suggestion.gain > 2 * lr.suggestion.gain_stddev, "with a gain that is clear");
	ok(!keeps_level(&optimizer, "sgd") && keeps_level(&optimizer, "adam") &&
	   keeps_level(&optimizer, "rmsprop"), "the bad optimizer is dropped, and no other");
	is_double(optimizer.suggestion.gain * frame->unit, 1.0 / 3, 0.1, "for a third of what it costs");
	ok(width.suggestion.advice == HP_EXTEND && width.suggestion.upward && width.suggestion.high == 99,
	   "what is best at its end is to be extended");
	is_int(seed.suggestion.advice, HP_FREEZE, "the seed is frozen");
	ok(momentum.column->fill && momentum.bins.first[0] > 0,
	   "a conditional parameter is asked for where it applies");
	ok(momentum.suggestion.low == momentum.tried.minimum && momentum.suggestion.high < 0.95,
	   "and the worse end of it is dropped");
}

/* The best of one parameter depends on another: both its ends must stay. */
static void
test_interaction(void)
{
	enum { RUNS = 400 };
	double		a[RUNS],
				b[RUNS],
				metric[RUNS];
	HpInput		inputs[2];
	UnitRandom	random = 5;
	HpFrame    *frame;
	Trained		t;
	Asked		asked;

	for (uint32_t i = 0; i < RUNS; i++)
	{
		a[i] = random_uniform(&random);
		b[i] = random_below(&random, 2);
		metric[i] = (b[i] != 0 ? a[i] : 1 - a[i]) + 0.1 * random_normal(&random);
	}
	inputs[0] = unit_numbers("a", a, RUNS);
	inputs[1] = unit_numbers("b", b, RUNS);
	frame = unit_frame(inputs, 2, metric, RUNS);
	t = train(frame, &DEFAULTS);
	asked = ask(frame, &t, "a");
	ok(asked.suggestion.low < 0.1 && asked.suggestion.high > 0.9,
	   "interaction: both ends are kept (%g to %g)", asked.suggestion.low, asked.suggestion.high);
	asked = ask(frame, &t, "b");
	ok(asked.suggestion.kept[0] && asked.suggestion.kept[1], "and both values of the other");
}

int
main(void)
{
	test_bins();
	test_heavy_bins();
	test_valley();
	test_best_runs();
	test_ends();
	test_keep_and_freeze();
	test_few_numbers();
	test_levels();
	test_mixed();
	test_forged();
	test_rounding();
	test_forest();
	test_interaction();
	return done();
}
