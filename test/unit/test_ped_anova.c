/*
 * test_ped_anova.c
 *		PED-ANOVA: against Optuna's, against the formula written down plainly,
 *		by hand, at the edges.
 */
#include "data.h"

#include "core/ped_anova.h"

/* ---- against Optuna, on the data of test/fixtures ---- */

static void
compare_with_reference(const char *file, const char *section, bool maximize,
					   double quantile)
{
	Fixture		table = fixture_table(file);
	HpFrame    *frame = unit_frame(table.inputs, table.n_inputs, table.metric,
								   table.n_runs);
	double	   *found = hp_ped_anova(unit_env, frame, maximize, quantile);
	const char *text = fixture_text("ped_anova_reference.json");

	for (uint32_t c = 0; c < frame->n_columns; c++)
	{
		char		name[16];

		snprintf(name, sizeof(name), "%.*s",
				 (int) frame->columns[c].name.length,
				 frame->columns[c].name.bytes);
		is_double(found[c], reference(text, section, NULL, name), 1e-13,
				  "%s: %s", section, name);
	}
}

static void
test_optuna(void)
{
	compare_with_reference("numeric.csv", "numeric_minimize", false, 0.1);
	compare_with_reference("numeric.csv", "numeric_maximize", true, 0.1);
	compare_with_reference("mixed.csv", "mixed_minimize", false, 0.1);
	compare_with_reference("mixed.csv", "mixed_maximize", true, 0.1);
	compare_with_reference("mixed.csv", "mixed_half", false, 0.5);
	compare_with_reference("mixed.csv", "mixed_few", true, 0.02);
}

/* ---- the formula, a kernel for every run ---- */

#define MOST_RUNS	400

/* Values as places on a grid of n_points; -1 is a gap. */
typedef struct Plain
{
	bool		numeric;
	int			n_points;
	int			place[MOST_RUNS];
} Plain;

static double
normal_between(double mean, double width, double low, double high)
{
	return (erf((high - mean) / width / sqrt(2)) -
			erf((low - mean) / width / sqrt(2))) / 2;
}

static int
compare_ints(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

static double
plain_width(int *sorted, int n)
{
	double		mean = 0;
	double		squares = 0;
	int			upper;
	double		width;

	qsort(sorted, (size_t) n, sizeof(int), compare_ints);
	for (int i = 0; i < n; i++)
		mean += sorted[i] / (double) n;
	for (int i = 0; i < n; i++)
		squares += (sorted[i] - mean) * (sorted[i] - mean);
	/* quartiles as values of the sample: the first past 3 n / 4 runs */
	upper = sorted[n * 3 / 4 < n ? n * 3 / 4 : n - 1];
	width = fmin((upper - sorted[n / 4 > 0 ? n / 4 - 1 : 0]) / 1.34,
				 sqrt(squares / (n > 2 ? n - 1 : 1)));
	return fmax(1.059 * width * pow(n, -0.2), 0.5 / 1.64);
}

/* The density at x of the runs listed, and of a flat kernel. */
static double
plain_density(const Plain *p, const int *runs, int n, int x)
{
	int			sorted[MOST_RUNS];
	int			kernels = 1;
	double		width;
	double		sum;

	for (int i = 0; i < n; i++)
		sorted[i] = p->place[runs[i]];
	width = plain_width(sorted, n);
	for (int i = 0; i < n; i++)
		kernels += i == 0 || sorted[i] != sorted[i - 1];
	if (p->numeric)
		sum = normal_between((p->n_points - 1) / 2.0, p->n_points,
							 x - 0.5, x + 0.5) /
			normal_between((p->n_points - 1) / 2.0, p->n_points, -0.5,
						   p->n_points - 0.5);
	else
		sum = 1.0 / p->n_points;
	for (int i = 0; i < n; i++)
		if (p->numeric)
			sum += normal_between(sorted[i], width, x - 0.5, x + 0.5) /
				normal_between(sorted[i], width, -0.5, p->n_points - 0.5);
		else
			sum += ((sorted[i] == x) + 1.0 / kernels) /
				(1 + (double) p->n_points / kernels);
	return sum / (n + 1) + 1e-12;
}

/* The runs are sorted by metric, the first n_best the best. */
static double
plain_importance(const Plain *p, int n_runs, int n_best)
{
	int			all[MOST_RUNS];
	int			n_all = 0;
	int			n_top = 0;
	double		divergence = 0;

	for (int i = 0; i < n_runs; i++)
		if (p->place[i] >= 0)
		{
			all[n_all++] = i;
			n_top += i < n_best;
		}
	if (n_all < 2 || n_top == 0 || p->n_points < 2)
		return 0;
	for (int x = 0; x < p->n_points; x++)
	{
		double		local = plain_density(p, all, n_all, x);
		double		top = plain_density(p, all, n_top, x);

		divergence += local * pow(top / local - 1, 2);
	}
	return pow((double) n_top / n_best, 2) / ((double) n_all / n_runs) *
		divergence;
}

/*
 * Columns of all kinds, each beside its places on the grid.  Numbers are made
 * of the places, so that the grid is known; both ends are always there.
 */
#define PLAINS	6

static void
make_plains(UnitRandom *random, Plain *plains, HpInput *inputs, int n)
{
	static const char *names[PLAINS] = {
		"category", "cond", "integer", "list", "log", "uniform"
	};

	for (int k = 0; k < PLAINS; k++)
	{
		HpValue    *cells = hp_alloc(unit_env, (size_t) n, sizeof(HpValue));
		Plain	   *p = &plains[k];
		int			grid[PLAINS] = {5, 50, 30, 4, 50, 50};

		p->numeric = k > 0;
		p->n_points = grid[k];
		for (int i = 0; i < n; i++)
		{
			/* the better, the lower, more or less */
			int			place = (int) random_below(random, (uint32_t) grid[k]);

			if (random_below(random, (uint32_t) n) > (uint32_t) i)
				place = place * k / PLAINS;
			if (i >= n - 2 * grid[k])
				place = i % grid[k];
			p->place[i] = place;
			cells[i] = k == 0 ? str_numbered("v", (uint32_t) place) :
				k == 2 ? num(place - 7) :
				k == 3 ? num(place * place * 0.3) :
				k == 4 ? num(pow(10, -6 + place * 5 / 49.0)) :
				num(place * 0.02);
			/* so that numbers of a wide range are not a list */
			if (k == 1 || k >= 4)
				cells[i].number *= 1 + 1e-9 * random_uniform(random) *
					(place > 0 && place < grid[k] - 1);
			if (k == 1 && random_below(random, 3) > 0 && i < n - grid[k])
			{
				p->place[i] = -1;
				cells[i] = gap;
			}
		}
		inputs[k] = unit_input(names[k], cells, (uint32_t) n);
	}
}

static void
test_formula(void)
{
	static const double quantiles[] = {0.05, 0.1, 0.35, 0.6};
	UnitRandom	random = 20230423;

	for (int t = 0; t < 8; t++)
	{
		int			n = 200 + 25 * t;
		Plain		plains[PLAINS];
		HpInput		inputs[PLAINS];
		double		metric[MOST_RUNS];
		double		want[PLAINS];
		double		sum = 0;
		double	   *found;
		uint32_t	n_best;
		HpFrame    *frame;

		make_plains(&random, plains, inputs, n);
		for (int i = 0; i < n; i++)
			metric[i] = i;
		frame = unit_frame(inputs, PLAINS, metric, (uint32_t) n);
		n_best = hp_best_runs(frame, false, quantiles[t % 4]);
		found = hp_ped_anova(unit_env, frame, false, quantiles[t % 4]);
		for (int k = 0; k < PLAINS; k++)
		{
			want[k] = plain_importance(&plains[k], n, (int) n_best);
			sum += want[k];
		}
		for (int k = 0; k < PLAINS; k++)
			is_double(found[k], want[k] / sum, 1e-9, "%d runs: %.*s", n,
					  (int) frame->columns[k].name.length,
					  frame->columns[k].name.bytes);
	}
}

/* ---- the best runs ---- */

static HpFrame *
frame_of_metric(const double *metric, uint32_t n)
{
	double	   *x = hp_alloc(unit_env, n, sizeof(double));
	HpInput		input;

	for (uint32_t i = 0; i < n; i++)
		x[i] = i % 2;
	input = unit_numbers("x", x, n);
	return unit_frame(&input, 1, metric, n);
}

static void
test_best_runs(void)
{
	double		metric[1000];
	const double ties[] = {1, 1, 1, 2, 3, 4, 5, 5, 5, 5};
	HpFrame    *frame;

	for (uint32_t i = 0; i < 1000; i++)
		metric[i] = i;
	frame = frame_of_metric(metric, 100);
	is_int(hp_best_runs(frame, false, 0.1), 10, "a tenth of 100");
	is_int(hp_best_runs(frame, false, 0.07), 7, "0.07 of 100, not more");
	is_int(hp_best_runs(frame, false, 0.001), 1, "at least one");
	is_int(hp_best_runs(frame, true, 0.101), 11, "rounded up");
	for (uint32_t k = 1; k < 1000; k++)
		if (hp_best_runs(frame_of_metric(metric, 1000), false, k / 1000.0) != k)
			ok(false, "%u of 1000", k);
	frame = frame_of_metric(ties, 10);
	is_int(hp_best_runs(frame, false, 0.1), 3, "ties of the smallest");
	is_int(hp_best_runs(frame, true, 0.1), 4, "ties of the largest");
	is_int(hp_best_runs(frame, false, 0.4), 4, "no tie there");
	is_int(hp_best_runs(frame, true, 0.7), 7, "none there either");
	is_int(hp_best_runs(frame, true, 0.8), 10, "ties at the other end");
}

/* ---- by hand ---- */

static double
importance_of(const HpFrame *frame, bool maximize, const char *name)
{
	return hp_ped_anova(unit_env, frame, maximize, 0.1)
		[column_number(frame, name)];
}

/*
 * What the best have in common matters; what they share with all others does
 * not, nor does what only tells the rest apart.
 */
static void
test_meaning(void)
{
	enum
	{
		N = 400
	};
	UnitRandom	random = 7;
	double		wanted[N],
				rest[N],
				nothing[N],
				metric[N];
	HpInput		inputs[3];
	HpFrame    *frame;

	for (uint32_t i = 0; i < N; i++)
	{
		wanted[i] = random_uniform(&random);
		rest[i] = random_uniform(&random);
		nothing[i] = random_uniform(&random);
		/* good only where wanted < 0.1; elsewhere rest decides */
		metric[i] = wanted[i] < 0.1 ? random_uniform(&random) :
			10 + 5 * rest[i];
	}
	inputs[0] = unit_numbers("wanted", wanted, N);
	inputs[1] = unit_numbers("rest", rest, N);
	inputs[2] = unit_numbers("nothing", nothing, N);
	frame = unit_frame(inputs, 3, metric, N);
	ok(importance_of(frame, false, "wanted") > 0.9, "what makes the best");
	ok(importance_of(frame, true, "rest") > 0.8, "what makes the largest");
}

/* Words among numbers: the choice of a word counts, by itself. */
static void
test_words(void)
{
	enum
	{
		N = 200
	};
	UnitRandom	random = 11;
	HpValue		cells[N];
	double		noise[N],
				metric[N];
	HpInput		inputs[2];
	HpFrame    *frame;

	for (uint32_t i = 0; i < N; i++)
	{
		cells[i] = i % 4 == 0 ? str("auto") : num(random_uniform(&random));
		noise[i] = random_uniform(&random);
		metric[i] = (i % 4 != 0) + random_uniform(&random);
	}
	inputs[0] = unit_input("x", cells, N);
	inputs[1] = unit_numbers("noise", noise, N);
	frame = unit_frame(inputs, 2, metric, N);
	is_int(frame->columns[1].n_words, 1, "a word among numbers");
	/* all of the best have the word: levels 50 and 150, of the best 20 and 0:
	 * p = (51 + ...) leaves no doubt beside noise of 20 runs */
	ok(importance_of(frame, false, "x") > 0.7, "the word makes the best");
	for (uint32_t i = 0; i < N; i++)
		metric[i] = (i % 4 == 0) * 9 + (cells[i].tag == HP_TAG_NUMBER ?
										cells[i].number : 0);
	frame = unit_frame(inputs, 2, metric, N);
	ok(importance_of(frame, false, "x") > 0.9, "small numbers make the best");
}

/*
 * A zero below a logarithmic scale: whether it is off is one choice, how much
 * of it another.  On an even scale small values and none would be one.
 */
static void
test_zero_apart(void)
{
	enum
	{
		N = 400
	};
	UnitRandom	random = 17;
	double		decay[N],
				word[N],
				noise[N],
				metric[N];
	HpValue		cells[N];
	HpInput		inputs[3];
	HpFrame    *frame;
	double	   *found;

	for (uint32_t i = 0; i < N; i++)
	{
		decay[i] = i % 3 == 0 ? 0 : pow(10, -6 + 6 * random_uniform(&random));
		word[i] = decay[i];
		cells[i] = i % 3 == 0 ? str("off") : num(decay[i]);
		noise[i] = random_uniform(&random);
		metric[i] = i % 3 == 0 || decay[i] > 1e-4 ? 1 + noise[i] : noise[i];
	}
	inputs[0] = unit_numbers("decay", decay, N);
	inputs[1] = unit_numbers("noise", noise, N);
	inputs[2] = unit_input("word", cells, N);
	frame = unit_frame(inputs, 3, metric, N);
	found = hp_ped_anova(unit_env, frame, false, 0.1);
	is_double(found[0], found[2], 1e-15, "zero or \"off\", it is the same");
	ok(found[0] > 0.2, "small ones are the best, none and large ones are not");
	for (uint32_t i = 0; i < N; i++)
		decay[i] = floor(10 * word[i]);
	inputs[0] = unit_numbers("decay", decay, N);
	frame = unit_frame(inputs, 1, metric, N);
	is_double(hp_ped_anova(unit_env, frame, false, 0.1)[0], 1, 0,
			  "ten numbers from zero on are a list");
}

/* A parameter with one value where there is any, or with gaps alone. */
static void
test_single_values(void)
{
	enum
	{
		N = 60
	};
	double		only[N],
				x[N],
				metric[N];
	HpInput		inputs[2];
	HpFrame    *frame;
	double	   *found;

	for (uint32_t i = 0; i < N; i++)
	{
		only[i] = i < 30 ? 0.5 : NAN;
		x[i] = i;
		metric[i] = i;
	}
	inputs[0] = unit_numbers("only", only, N);
	inputs[1] = unit_numbers("x", x, N);
	frame = unit_frame(inputs, 2, metric, N);
	found = hp_ped_anova(unit_env, frame, false, 0.1);
	is_double(found[0], 0, 0, "presence is not the parameter's own doing");
	is_double(found[1], 1, 0, "all goes to the other");
	frame = unit_frame(inputs, 1, metric, N);
	found = hp_ped_anova(unit_env, frame, false, 0.1);
	is_double(found[0], 0, 0, "nothing to choose, nothing to share out");
}

/* More distinct numbers than codes: the numbers themselves are counted. */
static void
test_binned(void)
{
	enum
	{
		N = 70000
	};
	UnitRandom	random = 3;
	double	   *x = hp_alloc(unit_env, N, sizeof(double));
	double	   *coarse = hp_alloc(unit_env, N, sizeof(double));
	double	   *metric = hp_alloc(unit_env, N, sizeof(double));
	HpInput		inputs[2];
	HpFrame    *frame;
	double	   *found;

	for (uint32_t i = 0; i < N; i++)
	{
		x[i] = i + 0.5;
		x[i] = i == 0 || i == N - 1 ? x[i] : x[i] + random_uniform(&random) / 9;
		/* the same, to the middle of the cell */
		coarse[i] = 0.5 + (N - 1.0) / 49 * ceil((x[i] - 0.5) / (N - 1.0) * 49 - 0.5);
		coarse[i] += i == 0 || i == N - 1 ? 0 : 1e-6 * (i % 1000);
		metric[i] = fabs(x[i] - 9000) + 9000 * random_uniform(&random);
	}
	inputs[0] = unit_numbers("coarse", coarse, N);
	inputs[1] = unit_numbers("x", x, N);
	frame = unit_frame(inputs, 2, metric, N);
	ok(frame->columns[1].exact != NULL && frame->columns[0].exact == NULL,
	   "one of the columns is binned");
	found = hp_ped_anova(unit_env, frame, false, 0.1);
	is_double(found[0], found[1], 1e-12, "binned or not, the same");
}

/* ---- edges ---- */

static void
test_edges(void)
{
	const double flat[] = {1, 1, 1, 1};
	const double two[] = {1, 2};
	const double huge[] = {-1.7e308, 1.7e308, -1e308, 1e308, 5e307, 0};
	const double tiny[] = {5e-324, 1e-323, 1.5e-323, 2e-323, 2.5e-323, 1};
	const double metric[] = {1, 2, 3, 4, 5, 6};
	HpInput		inputs[2] = {
		unit_numbers("huge", huge, 6), unit_numbers("tiny", tiny, 6)
	};
	HpFrame    *frame;
	double	   *found;

	ok(hp_ped_anova(unit_env, frame_of_metric(flat, 4), false, 0.1) == NULL,
	   "all are the best: not defined");
	ok(hp_ped_anova(unit_env, frame_of_metric(two, 1), false, 0.1) == NULL,
	   "one run: not defined");
	ok(hp_ped_anova(unit_env, frame_of_metric(two, 0), true, 0.1) == NULL,
	   "no run: not defined");
	found = hp_ped_anova(unit_env, frame_of_metric(two, 2), true, 0.1);
	is_double(found[0], 1, 0, "two runs: one parameter has it all");
	frame = unit_frame(inputs, 2, metric, 6);
	found = hp_ped_anova(unit_env, frame, false, 0.3);
	ok(found[0] >= 0 && found[1] >= 0, "neither overflow nor underflow");
	is_double(found[0] + found[1], 1, 1e-15, "they sum to 1");
}

int
main(void)
{
	test_optuna();
	test_formula();
	test_best_runs();
	test_meaning();
	test_words();
	test_zero_apart();
	test_single_values();
	test_binned();
	test_edges();
	return done();
}
