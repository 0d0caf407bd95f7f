/*
 * test_frame.c
 *		The frame: canonical order, code widths, fixed-point target, one-hot
 *		columns, edges.
 */
#include "data.h"

#include <float.h>

#include "core/rng.h"

static HpFrame *
onehot_frame(const HpInput *inputs, uint32_t n_inputs, const double *metric,
			 uint32_t n_runs)
{
	HpFrameOptions options = {NULL, true};

	return hp_frame_build(unit_env, inputs, n_inputs, metric, n_runs, &options);
}

/* ---- are two frames the same, bit for bit? ---- */

static bool
same_text(HpText a, HpText b)
{
	return a.length == b.length && (a.bytes == NULL) == (b.bytes == NULL) &&
		(a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static bool
same_bytes(const void *a, const void *b, size_t size)
{
	if (a == NULL || b == NULL)
		return a == b;
	return memcmp(a, b, size) == 0;
}

static bool
same_column(const HpColumn *a, const HpColumn *b, uint32_t n_runs)
{
	uint32_t	n_labels = a->kind == HP_NUMERIC ? a->n_words + 1 : a->n_codes;

	if (!same_text(a->name, b->name) || !same_text(a->parameter, b->parameter) ||
		!same_text(a->level, b->level) || a->level_missing != b->level_missing ||
		a->kind != b->kind || a->role != b->role || a->binned != b->binned ||
		a->pooled != b->pooled || a->wide != b->wide || a->runs != b->runs ||
		a->distinct != b->distinct || a->n_codes != b->n_codes ||
		a->n_words != b->n_words)
		return false;
	if (a->role != HP_PARAMETER)
		return true;
	if (a->labels != NULL)
		for (uint32_t c = 1; c < n_labels; c++)
			if (!same_text(a->labels[c], b->labels[c]))
				return false;
	return same_bytes(a->numbers, b->numbers, a->n_codes * sizeof(double)) &&
		same_bytes(a->codes, b->codes, (size_t) n_runs * (a->wide ? 2 : 1)) &&
		same_bytes(a->exact, b->exact, n_runs * sizeof(double));
}

static bool
same_frame(const HpFrame *a, const HpFrame *b)
{
	if (a->n_runs != b->n_runs || a->n_columns != b->n_columns ||
		!same_bytes(&a->center, &b->center, sizeof(double)) ||
		!same_bytes(&a->unit, &b->unit, sizeof(double)) ||
		!same_bytes(a->metric, b->metric, a->n_runs * sizeof(double)) ||
		!same_bytes(a->target, b->target, a->n_runs * sizeof(int64_t)))
		return false;
	for (uint32_t c = 0; c < a->n_columns; c++)
		if (!same_column(&a->columns[c], &b->columns[c], a->n_runs))
			return false;
	return true;
}

/* ---- any order of runs and columns ---- */

/* A table of cells by column, its rows and columns to be shuffled. */
typedef struct Table
{
	uint32_t	n_runs;
	uint32_t	n_columns;
	const char *names[16];
	HpValue    *cells[16];
	bool		as_category[16];
	double	   *metric;
} Table;

static HpValue *
add_table_column(Table *table, const char *name)
{
	uint32_t	c = table->n_columns++;

	table->names[c] = name;
	table->cells[c] = hp_alloc0(unit_env, table->n_runs, sizeof(HpValue));
	return table->cells[c];
}

static HpFrame *
build_shuffled(const Table *table, const uint32_t *runs,
			   const uint32_t *columns, bool onehot)
{
	HpInput    *inputs = hp_alloc(unit_env, table->n_columns, sizeof(HpInput));
	HpValue    *cells = hp_alloc(unit_env, table->n_runs, sizeof(HpValue));
	double	   *metric = hp_alloc(unit_env, table->n_runs, sizeof(double));
	bool	   *as_category = hp_alloc(unit_env, table->n_columns, sizeof(bool));
	HpFrameOptions options = {as_category, onehot};

	for (uint32_t i = 0; i < table->n_runs; i++)
		metric[i] = table->metric[runs[i]];
	for (uint32_t c = 0; c < table->n_columns; c++)
	{
		uint32_t	from = columns[c];

		for (uint32_t i = 0; i < table->n_runs; i++)
			cells[i] = table->cells[from][runs[i]];
		inputs[c] = unit_input(table->names[from], cells, table->n_runs);
		/* missing runs at the end need not be stored */
		while (inputs[c].n_codes > 0 && cells[inputs[c].n_codes - 1].tag == 0)
			inputs[c].n_codes--;
		as_category[c] = table->as_category[from];
	}
	return hp_frame_build(unit_env, inputs, table->n_columns, metric,
						  table->n_runs, &options);
}

static void
check_shuffles(const Table *table, int shuffles, bool onehot, const char *what)
{
	UnitRandom	random = 41;
	HpFrame    *first = NULL;
	bool		same = true;

	for (int s = 0; s < shuffles; s++)
	{
		HpFrame    *frame = build_shuffled(table,
										   random_order(&random, table->n_runs),
										   random_order(&random, table->n_columns),
										   onehot);

		if (first == NULL)
			first = frame;
		same = same && same_frame(first, frame);
	}
	ok(same, "%s: the frame is the same in any order", what);
}

/* Columns of all kinds, each run three times, the metric full of ties. */
static Table
make_table(UnitRandom *random, uint32_t thirds)
{
	static const char *const words[] = {"sgd", "adam", "", "rmsprop"};
	Table		table = {.n_runs = 3 * thirds};
	HpValue    *lr = add_table_column(&table, "lr");
	HpValue    *text = add_table_column(&table, "lr text");
	HpValue    *optimizer = add_table_column(&table, "optimizer");
	HpValue    *flag = add_table_column(&table, "flag");
	HpValue    *mixed = add_table_column(&table, "mixed");
	HpValue    *many = add_table_column(&table, "many");
	HpValue    *task = add_table_column(&table, "task");
	HpValue    *name = add_table_column(&table, "name");
	HpValue    *constant = add_table_column(&table, "a constant");

	table.as_category[6] = true;
	table.metric = hp_alloc(unit_env, table.n_runs, sizeof(double));
	for (uint32_t i = 0; i < table.n_runs; i++)
	{
		bool		again = i >= thirds;	/* a replicate */
		uint32_t	k = random_below(random, 40);

		lr[i] = again ? lr[i - thirds] : num(0.1 * k);
		text[i] = again ? text[i - thirds] : k % 2 ? num(k) : str_numbered("", k);
		optimizer[i] = again ? optimizer[i - thirds] :
			k % 5 == 4 ? gap : str(words[k % 5]);
		flag[i] = again ? flag[i - thirds] : k % 3 == 0 ? gap : truth(k % 3 == 1);
		mixed[i] = again ? mixed[i - thirds] :
			k % 7 == 0 ? str("auto") : num(k / 4.0);
		many[i] = again ? many[i - thirds] : num(random_below(random, 300));
		task[i] = again ? task[i - thirds] : num(k % 6);
		name[i] = str_numbered("run ", i);
		constant[i] = num(3);
		table.metric[i] = again ? table.metric[i - thirds] :
			random_below(random, 10) / 10.0 - 0.3;
	}
	return table;
}

static void
test_any_order(void)
{
	UnitRandom	random = 43;
	Table		table = make_table(&random, 100);

	check_shuffles(&table, 20, false, "300 runs, replicates and ties");
	check_shuffles(&table, 5, true, "the same one-hot");
	for (uint32_t i = 0; i < table.n_runs; i++)
		table.metric[i] = i % 2 ? 0.0 : -0.0;
	check_shuffles(&table, 10, false, "all tied at 0 and -0");
	unit_free_all();
	table = make_table(&random, 400);
	check_shuffles(&table, 5, false, "1,200 runs");
	unit_free_all();
	for (uint32_t n = 1; n <= 2; n++)
	{
		table = make_table(&random, n);
		check_shuffles(&table, 5, false, "a few runs");
	}
	unit_free_all();
}

/*
 * Binned: runs of one metric may differ though their codes, which are of
 * bins, do not; and a number may come as text too.
 */
static void
test_any_order_binned(void)
{
	enum
	{
		N = 100000
	};
	Table		table = {.n_runs = N};
	HpValue    *x = add_table_column(&table, "x");

	table.metric = hp_alloc0(unit_env, N, sizeof(double));
	for (uint32_t i = 0; i < N; i++)
		x[i] = i % 10 == 9 ? str_numbered("", i - 1) :
			i % 10 == 8 ? num(i) : num(i + 0.3);
	ok(build_shuffled(&table, random_order((UnitRandom[]) {1}, N),
					  (uint32_t[]) {0}, false)->columns[0].binned,
	   "90,000 numbers are binned");
	check_shuffles(&table, 2, false, "binned, one metric");
	for (uint32_t i = 0; i < N; i++)
		table.metric[i] = i / 100;
	check_shuffles(&table, 2, false, "binned, 1,000 metrics");
	for (uint32_t i = 0; i < N; i++)
		table.metric[i] = i;
	check_shuffles(&table, 2, false, "binned, no ties");
	unit_free_all();
}

/*
 * Two runs of one metric and, by an unlucky hash, of one hash: found by search
 * over h = mix(mix(mix(a) G + b) G + c).  The codes themselves must decide.
 */
static void
test_hash_collision(void)
{
	enum
	{
		A = 5526, B = 693, C = 4054, N = A + 2
	};
	const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
	double		a[N],
				b[N],
				c[N],
				metric[N];

	ok(hp_mix64(hp_mix64(A) * golden + B) * golden + C ==
	   hp_mix64(hp_mix64(446) * golden + 557) * golden + 1,
	   "the hashes do collide");
	for (int swapped = 0; swapped < 2; swapped++)
	{
		HpInput		inputs[3];
		HpFrame    *frame;

		for (int i = 0; i < A; i++)	/* all codes are in use: code = value */
		{
			a[i] = i + 1;
			b[i] = i % B + 1;
			c[i] = i % C + 1;
			metric[i] = i;
		}
		a[A + swapped] = A, b[A + swapped] = B, c[A + swapped] = C;
		a[A + !swapped] = 446, b[A + !swapped] = 557, c[A + !swapped] = 1;
		metric[A] = metric[A + 1] = -1;
		inputs[0] = unit_numbers("a", a, N);
		inputs[1] = unit_numbers("b", b, N);
		inputs[2] = unit_numbers("c", c, N);
		frame = unit_frame(inputs, 3, metric, N);
		is_int(hp_column_code(&frame->columns[0], 0), 446, "the smaller code first");
		is_int(hp_column_code(&frame->columns[0], 1), A, "the larger behind");
		unit_free_all();
	}
}

static void
test_canonical_order(void)
{
	const double metric[] = {0.5, -1, 3, 2};
	const double x[] = {10, 20, NAN, 40};
	const double y[] = {1, 2, 3, 4};
	HpInput		inputs[] = {
		unit_numbers("beta", x, 4), unit_numbers("alpha", y, 4),
		unit_numbers("alph", y, 4)
	};
	HpFrame    *frame = unit_frame(inputs, 3, metric, 4);
	const HpColumn *beta = &frame->columns[2];

	ok(text_is(frame->columns[0].name, "alph") &&
	   text_is(frame->columns[1].name, "alpha") && text_is(beta->name, "beta"),
	   "columns by name");
	ok(frame->metric[0] == -1 && frame->metric[1] == 0.5 &&
	   frame->metric[2] == 2 && frame->metric[3] == 3, "runs by metric");
	/* by metric: -1 (20), 0.5 (10), 2 (40), 3 (missing) */
	ok(hp_column_code(beta, 0) == 2 && hp_column_code(beta, 1) == 1 &&
	   hp_column_code(beta, 2) == 3 && hp_column_code(beta, 3) == 0,
	   "codes go with their runs");
}

/* ---- widths ---- */

static void
test_widths(void)
{
	static const uint32_t counts[] = {2, 255, 256, 257, 65535, 65536, 70000};

	for (uint32_t k = 0; k < LENGTH(counts); k++)
	{
		uint32_t	n = counts[k];
		double	   *x = hp_alloc(unit_env, n, sizeof(double));
		double	   *metric = hp_alloc(unit_env, n, sizeof(double));
		HpInput		input;
		HpFrame    *frame;
		const HpColumn *column;
		bool		good = true;

		for (uint32_t i = 0; i < n; i++)
		{
			x[i] = 3.0 * i;
			metric[i] = n - i;	/* run i comes to n - 1 - i */
		}
		input = unit_numbers("x", x, n);
		frame = unit_frame(&input, 1, metric, n);
		column = &frame->columns[0];
		is_int(column->wide, n >= 256, "%u values: two bytes?", n);
		is_int(column->distinct, n, "%u values: distinct", n);
		is_int(column->n_codes, n < 65536 ? n + 1 : 65536, "%u values: codes", n);
		for (uint32_t i = 0; i < n; i++)
		{
			uint32_t	code = hp_column_code(column, n - 1 - i);

			/* a code of its own; a bin of two has a mean 1.5 off */
			good = good && (n < 65536 ? code == i + 1 : code > 0) &&
				fabs(column->numbers[code] - x[i]) <= (n < 65536 ? 0 : 1.5) &&
				(column->exact == NULL || column->exact[n - 1 - i] == x[i]);
		}
		ok(good, "%u values: codes stand for the numbers of their runs", n);
		ok((column->exact != NULL) == (n > 65535),
		   "%u values: numbers kept beside only if binned", n);
		unit_free_all();
	}
}

/* ---- the target ---- */

/* metric = center + unit * target, to half a unit and the metric's own ulp. */
static bool
target_fits(const HpFrame *frame)
{
	long double worst = 0;
	long double largest = 0;

	for (uint32_t i = 0; i < frame->n_runs; i++)
	{
		long double real = frame->center + frame->unit * (long double) frame->target[i];
		long double off = fabsl(frame->metric[i] - real) -
			2 * fabsl((long double) frame->metric[i]) * DBL_EPSILON;

		worst = fmaxl(worst, off);
		largest = fmaxl(largest, fabsl((long double) frame->target[i]));
		if (i > 0 && frame->target[i] < frame->target[i - 1])
			return false;
	}
	return worst <= 0.5001L * frame->unit &&
		largest * frame->n_runs <= 0x1p62L;
}

static HpFrame *
frame_of_metric(const double *metric, uint32_t n)
{
	return unit_frame(NULL, 0, metric, n);
}

static void
test_targets(void)
{
	const double plain[] = {0.1, 0.2, 0.7, 0.9};
	const double sentinel[] = {0.1, 0.5, 0.9, 2147483647};
	const double huge[] = {-1.7e308, 1e308, 1.7e308, 0};
	const double same_side[] = {1.7e308, 1.6e308, 1.79e308};
	const double tiny[] = {0, 5e-324, 1e-323, 1e-322};
	const double offset[] = {1e15, 1e15 + 0.125, 1e15 + 1};
	HpFrame    *frame = frame_of_metric(plain, 4);

	ok(target_fits(frame), "0.1 to 0.9");
	ok(frame->unit > 0 && frame->unit < 1e-14, "resolved to 1e-14 or better");
	is_double(metric_of(frame, frame->target[2]), 0.7, 1e-14,
			  "and back");
	frame = frame_of_metric(sentinel, 4);
	ok(target_fits(frame), "0.1 to 0.9 beside 2147483647");
	ok(frame->target[0] < frame->target[1] && frame->target[1] < frame->target[2],
	   "which leaves them apart");
	ok(target_fits(frame_of_metric(huge, 4)), "-1.7e308 to 1.7e308");
	ok(target_fits(frame_of_metric(same_side, 3)), "1.6e308 to 1.79e308");
	frame = frame_of_metric(tiny, 4);
	ok(target_fits(frame), "subnormal");
	ok(frame->target[0] < frame->target[1], "0 and 5e-324 differ");
	frame = frame_of_metric(offset, 3);
	ok(target_fits(frame), "1e15 and a little");
	/* 0.125 of 1: an eighth of the way, exactly */
	is_double((double) (frame->target[1] - frame->target[0]) /
			  (double) (frame->target[2] - frame->target[0]), 0.125, 0,
			  "differences of it are exact");
}

static void
test_targets_many(void)
{
	static const uint32_t counts[] = {16383, 16384, 40000, 300000};
	UnitRandom	random = 47;

	for (uint32_t k = 0; k < LENGTH(counts); k++)
	{
		double	   *metric = hp_alloc(unit_env, counts[k], sizeof(double));

		for (uint32_t i = 0; i < counts[k]; i++)
			metric[i] = random_normal(&random);
		ok(target_fits(frame_of_metric(metric, counts[k])),
		   "%u runs: any sum of so many draws fits", counts[k]);
		unit_free_all();
	}
}

static void
test_few_runs(void)
{
	const double metric[] = {0.1, 0.1, -0.0, 0};
	const double x[] = {1, 2, 3, 4};
	HpInput		input = unit_numbers("x", x, 4);
	HpFrame    *frame = unit_frame(&input, 1, metric, 0);

	is_int(frame->n_runs, 0, "no runs");
	is_int(frame->columns[0].role, HP_CONSTANT, "and no values");
	frame = unit_frame(&input, 1, metric, 1);
	ok(frame->unit == 0 && frame->target[0] == 0 && frame->center == 0.1,
	   "one run: the metric is constant");
	is_int(frame->columns[0].role, HP_CONSTANT, "and so is the parameter");
	frame = unit_frame(&input, 1, metric, 2);
	ok(frame->unit == 0 && frame->target[0] == 0 && frame->target[1] == 0,
	   "two runs of one metric: constant");
	is_int(frame->columns[0].role, HP_PARAMETER, "two values: a parameter");
	frame = unit_frame(&input, 1, metric + 2, 2);
	ok(frame->unit == 0 && !signbit(frame->metric[0]) &&
	   !signbit(frame->metric[1]), "-0 and 0: constant, and 0");
	frame = unit_frame(&input, 1, metric + 1, 2);
	/* center 0.05, half 0.05: the targets are as far from 0 */
	ok(frame->target[0] == -frame->target[1] && frame->target[1] > 0,
	   "two metrics: as far from the center");
	is_int(unit_frame(NULL, 0, metric, 4)->n_columns, 0, "no parameters");
}

/* ---- kinds and roles as they come to the frame ---- */

static void
test_roles(void)
{
	enum
	{
		N = 20
	};
	HpValue		name[N],
				same[N],
				gone[N],
				half[N];
	double		metric[N];
	HpInput		inputs[4];
	HpFrame    *frame;

	for (uint32_t i = 0; i < N; i++)
	{
		name[i] = str_numbered("n", i);
		same[i] = i % 2 ? num(1) : str("1.0");
		gone[i] = gap;
		half[i] = i % 2 ? num(1) : gap;
		metric[i] = i;
	}
	inputs[0] = unit_input("name", name, N);
	inputs[1] = unit_input("same", same, N);
	inputs[2] = unit_input("gone", gone, N);
	inputs[3] = unit_input("half", half, N);
	inputs[3].n_codes = 2;		/* all behind are missing */
	frame = unit_frame(inputs, 4, metric, N);
	is_int(column_called(frame, "name")->role, HP_IDENTIFIER, "an identifier");
	is_int(column_called(frame, "same")->role, HP_CONSTANT, "a constant");
	is_int(column_called(frame, "gone")->role, HP_CONSTANT, "never there");
	is_int(column_called(frame, "gone")->runs, 0, "in no run");
	ok(column_called(frame, "name")->codes == NULL &&
	   column_called(frame, "name")->n_codes == 0 &&
	   column_called(frame, "same")->codes == NULL, "they have no codes");
	is_int(column_called(frame, "half")->role, HP_PARAMETER,
		   "there or not: a parameter");
	is_int(column_called(frame, "half")->runs, 1,
		   "runs behind the codes do not have it");
	is_int(hp_column_code(column_called(frame, "half"), 1), 1, "one run has");
}

/* ---- one-hot ---- */

static void
test_onehot(void)
{
	const char *const words[] = {"b", NULL, "a", "b"};
	const char *const no_gap[] = {"x", "y", "x", "y"};
	const double x[] = {1, NAN, 3, 4};
	const double metric[] = {1, 2, 3, 4};
	HpInput		inputs[] = {
		unit_words("opt", words, 4), unit_numbers("lr", x, 4),
		unit_words("act", no_gap, 4)
	};
	HpFrame    *frame = onehot_frame(inputs, 3, metric, 4);
	static const char *const names[] = {
		"act_x", "act_y", "lr", "opt_NAN", "opt_a", "opt_b"
	};
	static const int opt[3][4] = {{1, 2, 1, 1}, {1, 1, 2, 1}, {2, 1, 1, 2}};

	is_int(frame->n_columns, 6, "a column per level, one for missing");
	for (uint32_t c = 0; c < 6; c++)
		ok(text_is(frame->columns[c].name, names[c]), "column %s", names[c]);
	for (uint32_t c = 3; c < 6; c++)
	{
		const HpColumn *column = &frame->columns[c];
		bool		good = column->kind == HP_BOOLEAN && column->runs == 4 &&
			column->role == HP_PARAMETER && column->n_codes == 3 &&
			column->numbers[1] == 0 && column->numbers[2] == 1 &&
			text_is(column->parameter, "opt") &&
			column->level_missing == (c == 3);

		for (uint32_t run = 0; run < 4; run++)
			good = good && (int) hp_column_code(column, run) == opt[c - 3][run];
		ok(good, "%s: false and true where they belong", names[c]);
	}
	ok(text_is(frame->columns[4].level, "a"), "the level of opt_a");
	ok(frame->columns[2].kind == HP_NUMERIC && frame->columns[2].runs == 3 &&
	   frame->columns[2].level.bytes == NULL, "numbers stay as they are");
}

static void
test_onehot_too_many(void)
{
	enum
	{
		N = 80000, LEVELS = 40000
	};
	HpValue    *cells = hp_alloc(unit_env, N, sizeof(HpValue));
	double	   *metric = hp_alloc(unit_env, N, sizeof(double));
	HpInput		inputs[2];

	for (uint32_t i = 0; i < N; i++)
	{
		cells[i] = str_numbered("l", i % LEVELS);
		metric[i] = i;
	}
	inputs[0] = unit_input("a", cells, N);
	inputs[1] = unit_input("b", cells, N);
	ok(onehot_frame(inputs, 2, metric, N) == NULL,
	   "80,000 one-hot columns are too many");
	ok(unit_frame(inputs, 2, metric, N) != NULL, "natively two are not");
	unit_free_all();
}

int
main(void)
{
	test_any_order();
	test_any_order_binned();
	test_hash_collision();
	test_canonical_order();
	test_widths();
	test_targets();
	test_targets_many();
	test_few_runs();
	test_roles();
	test_onehot();
	test_onehot_too_many();
	return done();
}
