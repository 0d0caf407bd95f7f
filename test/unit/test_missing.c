/*
 * test_missing.c
 *		Which gaps other parameters explain, and how gaps are filled.
 */
#include "data.h"

#include "core/missing.h"

#define MOST_COLUMNS	48

/* A sweep under construction: cells by column, all missing at first. */
typedef struct Sweep
{
	uint32_t	n_runs;
	uint32_t	n_columns;
	const char *names[MOST_COLUMNS];
	HpValue    *cells[MOST_COLUMNS];
	UnitRandom	random;
} Sweep;

static Sweep
make_sweep(uint32_t n_runs, UnitRandom seed)
{
	return (Sweep) {.n_runs = n_runs, .random = seed};
}

static HpValue *
add(Sweep *sweep, const char *name)
{
	uint32_t	c = sweep->n_columns++;

	sweep->names[c] = name;
	return sweep->cells[c] = hp_alloc0(unit_env, sweep->n_runs, sizeof(HpValue));
}

static HpFrame *
explain_in(const HpEnv *env, Sweep *sweep)
{
	HpInput		inputs[MOST_COLUMNS];
	double	   *metric = hp_alloc(unit_env, sweep->n_runs, sizeof(double));
	HpFrame    *frame;

	for (uint32_t c = 0; c < sweep->n_columns; c++)
		inputs[c] = unit_input(sweep->names[c], sweep->cells[c], sweep->n_runs);
	for (uint32_t i = 0; i < sweep->n_runs; i++)
		metric[i] = random_normal(&sweep->random);
	frame = unit_frame(inputs, sweep->n_columns, metric, sweep->n_runs);
	hp_missing_explain(env, frame);
	return frame;
}

/* The frame of the sweep, its gaps asked about. */
static HpFrame *
explain(Sweep *sweep)
{
	return explain_in(unit_env, sweep);
}

static bool
is_filled(const HpFrame *frame, const char *name)
{
	return column_called(frame, name)->fill;
}

static HpValue
some_number(Sweep *sweep)
{
	return num(random_uniform(&sweep->random));
}

static bool
chance(Sweep *sweep, double probability)
{
	return random_uniform(&sweep->random) < probability;
}

/* ---- explained or not ---- */

static void
test_conditional(uint32_t n_runs)
{
	static const char *const optimizers[] = {"adam", "rmsprop", "sgd"};
	Sweep		s = make_sweep(n_runs, 131 + n_runs);
	HpValue    *optimizer = add(&s, "optimizer");
	HpValue    *momentum = add(&s, "momentum");
	HpValue    *nesterov = add(&s, "nesterov");
	HpValue    *lr = add(&s, "lr");
	HpValue    *warmup = add(&s, "warmup");
	HpFrame    *frame;

	for (uint32_t i = 0; i < n_runs; i++)
	{
		uint32_t	k = random_below(&s.random, 3);

		optimizer[i] = str(optimizers[k]);
		if (k == 2)
		{
			momentum[i] = some_number(&s);
			nesterov[i] = truth(chance(&s, 0.5));
		}
		lr[i] = some_number(&s);
		if (chance(&s, 0.5))
			warmup[i] = some_number(&s);
	}
	frame = explain(&s);
	ok(is_filled(frame, "momentum"), "%u runs: momentum: explained by sgd", n_runs);
	ok(is_filled(frame, "nesterov"), "%u runs: nesterov, a boolean, too", n_runs);
	ok(!is_filled(frame, "warmup"), "%u runs: set at random: not explained", n_runs);
	ok(!is_filled(frame, "optimizer") && !is_filled(frame, "lr"),
	   "no gaps, nothing to fill");
	unit_free_all();
}

/* Settings that come and go together, with no parent to tell why. */
static void
test_siblings(double broken)
{
	Sweep		s = make_sweep(600, 137);
	HpValue    *a = add(&s, "group.a");
	HpValue    *b = add(&s, "group.b");
	HpValue    *c = add(&s, "group.c");
	HpValue    *lr = add(&s, "lr");
	HpFrame    *frame;

	for (uint32_t i = 0; i < s.n_runs; i++)
	{
		bool		there = chance(&s, 0.5);
		HpValue    *group[3] = {a, b, c};

		for (int k = 0; k < 3; k++)
			if (there != chance(&s, broken))
				group[k][i] = some_number(&s);
		lr[i] = some_number(&s);
	}
	frame = explain(&s);
	ok(!is_filled(frame, "group.a") && !is_filled(frame, "group.b") &&
	   !is_filled(frame, "group.c"),
	   "siblings, %g %% broken, do not explain each other", 100 * broken);
	unit_free_all();
}

/* Few runs and many parameters: what fits by chance explains nothing. */
static void
test_chance(void)
{
	uint32_t	filled = 0;

	for (uint32_t round = 0; round < 20; round++)
	{
		Sweep		s = make_sweep(24, 179 + round);
		HpValue    *x = add(&s, "x");

		for (uint32_t k = 0; k < 30; k++)
		{
			HpValue    *bystander = add(&s, str_numbered("bystander", k).text);

			for (uint32_t i = 0; i < s.n_runs; i++)
				bystander[i] = some_number(&s);
		}
		for (uint32_t i = 0; i < s.n_runs; i++)
			if (chance(&s, 0.5))
				x[i] = some_number(&s);
		filled += is_filled(explain(&s), "x");
		unit_free_all();
	}
	is_int(filled, 0, "24 runs, 30 bystanders, 20 times: never explained");
}

static void
test_chain(void)
{
	Sweep		s = make_sweep(500, 139);
	HpValue    *augment = add(&s, "augment");
	HpValue    *method = add(&s, "augment.method");
	HpValue    *alpha = add(&s, "augment.mixup.alpha");
	HpFrame    *frame;

	for (uint32_t i = 0; i < s.n_runs; i++)
	{
		bool		on = chance(&s, 0.6);
		bool		mixup = chance(&s, 0.5);

		augment[i] = truth(on);
		if (on)
			method[i] = str(mixup ? "mixup" : "cutout");
		if (on && mixup)
			alpha[i] = some_number(&s);
	}
	frame = explain(&s);
	ok(is_filled(frame, "augment.method"), "the child of a boolean: explained");
	ok(is_filled(frame, "augment.mixup.alpha"), "the grandchild: explained");
	ok(!is_filled(frame, "augment"), "the grandparent has no gaps");
	unit_free_all();
}

/* A parent that is itself optional: its child tells where it is, not why. */
static void
test_parent(void)
{
	Sweep		s = make_sweep(600, 149);
	HpValue    *scheduler = add(&s, "scheduler");
	HpValue    *step = add(&s, "scheduler.step");
	HpValue    *lr = add(&s, "lr");
	HpFrame    *frame;

	for (uint32_t i = 0; i < s.n_runs; i++)
	{
		lr[i] = some_number(&s);
		if (chance(&s, 0.5))
			continue;
		scheduler[i] = str(i % 4 ? "step" : "cosine");
		if (i % 4)
			step[i] = some_number(&s);
	}
	frame = explain(&s);
	ok(!is_filled(frame, "scheduler"), "a parent is never explained by its child");
	ok(is_filled(frame, "scheduler.step"), "but the child by its parent");
	unit_free_all();
}

/*
 * Present with probability p where the flag is set, 1 - p where not: the flag
 * explains (2p - 1)^2 of the variance; half is asked for.
 */
static void
test_share(void)
{
	static const double shares[] = {0.30, 0.64, 0.90};

	for (uint32_t k = 0; k < LENGTH(shares); k++)
	{
		Sweep		s = make_sweep(3000, 151);
		HpValue    *flag = add(&s, "flag");
		HpValue    *x = add(&s, "x");
		double		p = (1 + sqrt(shares[k])) / 2;

		for (uint32_t i = 0; i < s.n_runs; i++)
		{
			bool		set = chance(&s, 0.5);

			flag[i] = truth(set);
			if (chance(&s, set ? p : 1 - p))
				x[i] = some_number(&s);
		}
		is_int(is_filled(explain(&s), "x"), shares[k] >= HP_EXPLAINED,
			   "%g of the variance explained: filled?", shares[k]);
		unit_free_all();
	}
}

/*
 * Explained by 0.4, but with bystanders enough that trees fit the runs they
 * have seen far better: only those not seen may count.
 */
static void
test_unseen(void)
{
	uint32_t	filled = 0;

	for (uint32_t round = 0; round < 20; round++)
	{
		Sweep		s = make_sweep(100, 191 + round);
		HpValue    *flag = add(&s, "flag");
		HpValue    *x = add(&s, "x");
		double		p = (1 + sqrt(0.4)) / 2;

		for (uint32_t k = 0; k < 40; k++)
		{
			HpValue    *bystander = add(&s, str_numbered("bystander", k).text);

			for (uint32_t i = 0; i < s.n_runs; i++)
				bystander[i] = some_number(&s);
		}
		for (uint32_t i = 0; i < s.n_runs; i++)
		{
			bool		set = chance(&s, 0.5);

			flag[i] = truth(set);
			if (chance(&s, set ? p : 1 - p))
				x[i] = some_number(&s);
		}
		filled += is_filled(explain(&s), "x");
		unit_free_all();
	}
	ok(filled <= 4, "40 %% explained, 40 bystanders: filled %u of 20 times", filled);
}

/* Numbers explain as well; many bystanders and few cases do not hinder. */
static void
test_needles(void)
{
	Sweep		s = make_sweep(4000, 157);
	HpValue    *depth = add(&s, "depth");
	HpValue    *rare = add(&s, "rare");
	HpValue    *deep = add(&s, "deep");
	HpValue    *name = add(&s, "name");
	HpFrame    *frame;

	for (uint32_t k = 0; k < 40; k++)
	{
		HpValue    *bystander = add(&s, str_numbered("bystander", k).text);

		for (uint32_t i = 0; i < s.n_runs; i++)
			bystander[i] = some_number(&s);
	}
	for (uint32_t i = 0; i < s.n_runs; i++)
	{
		uint32_t	value = random_below(&s.random, 1000);

		depth[i] = num(value);
		name[i] = str_numbered("run", i);
		if (value < 10)
			rare[i] = some_number(&s);
		if (value >= 400)
			deep[i] = some_number(&s);
	}
	frame = explain(&s);
	ok(is_filled(frame, "deep"), "set from depth 400 on: explained");
	ok(is_filled(frame, "rare"), "set in one run of a hundred: explained");
	ok(!is_filled(frame, "name"), "identifiers are left alone");
	unit_free_all();
}

/* Of a sweep wider than the question, few-valued parameters are asked first. */
static void
test_wide(void)
{
	enum
	{
		N = 80, BYSTANDERS = 300
	};
	UnitRandom	random = 193;
	HpInput    *inputs = hp_alloc(unit_env, BYSTANDERS + 2, sizeof(HpInput));
	HpValue		cells[N];
	HpValue		child[N];
	double		metric[N];
	HpFrame    *frame;

	for (uint32_t c = 0; c < BYSTANDERS; c++)
	{
		for (uint32_t i = 0; i < N; i++)
			cells[i] = num(random_uniform(&random));
		inputs[c] = unit_input(str_numbered("bystander", c).text, cells, N);
	}
	for (uint32_t i = 0; i < N; i++)
	{
		bool		on = random_below(&random, 2) == 0;

		metric[i] = i;
		cells[i] = str(on ? "on" : "off");
		child[i] = on ? num(i) : gap;
	}
	inputs[BYSTANDERS] = unit_input("parent", cells, N);
	inputs[BYSTANDERS + 1] = unit_input("child", child, N);
	frame = unit_frame(inputs, BYSTANDERS + 2, metric, N);
	hp_missing_explain(unit_env, frame);
	ok(is_filled(frame, "child"), "the parent is found behind 300 bystanders");
	unit_free_all();
}

static size_t bytes_allocated;

static void *
count_and_alloc(void *arg, size_t size)
{
	bytes_allocated += size;
	return unit_alloc(arg, size);
}

/* What explaining allocates where so many of all columns have gaps. */
static size_t
bytes_to_explain(uint32_t gaps)
{
	HpEnv		env = {count_and_alloc, unit_tick, NULL};
	Sweep		s = make_sweep(400, 197);

	for (uint32_t c = 0; c < MOST_COLUMNS; c++)
	{
		HpValue    *cells = add(&s, str_numbered("parameter", c).text);

		for (uint32_t i = 0; i < s.n_runs; i++)
			if (c >= gaps || random_below(&s.random, 3) > 0)
				cells[i] = some_number(&s);
	}
	bytes_allocated = 0;
	explain_in(&env, &s);
	unit_free_all();
	return bytes_allocated;
}

static void
test_memory(void)
{
	size_t		few = bytes_to_explain(4);
	size_t		many = bytes_to_explain(32);

	ok(many <= few + few / 20,
	   "32 questions take no more memory than 4: %zu bytes, %zu", many, few);
}

/* Few runs and odd shapes: whatever the answer, no harm. */
static void
test_few_runs(void)
{
	for (uint32_t n = 0; n <= 4; n++)
	{
		Sweep		s = make_sweep(n, 163);
		HpValue    *half = add(&s, "half");
		HpValue    *full = add(&s, "full");
		HpValue    *gone = add(&s, "gone");

		(void) gone;
		for (uint32_t i = 0; i < n; i++)
		{
			if (i % 2)
				half[i] = num(i);
			full[i] = num(i);
		}
		ok(!is_filled(explain(&s), "gone"), "%u runs", n);
	}
	unit_free_all();
}

/* The only parameter there is: nothing to explain it by. */
static void
test_alone(void)
{
	Sweep		s = make_sweep(100, 167);
	HpValue    *x = add(&s, "x");

	for (uint32_t i = 0; i < 50; i++)
		x[i] = num(i);
	ok(!is_filled(explain(&s), "x"), "a parameter alone is not explained");
	unit_free_all();
}

/* ---- hot deck ---- */

/* n runs: a fifth missing, value v in proportion to v. */
static HpFrame *
deck_frame(uint32_t n, uint32_t values, double *metric)
{
	Sweep		s = make_sweep(n, 173);
	HpValue    *x = add(&s, "x");
	HpInput		input;

	for (uint32_t i = 0; i < n; i++)
	{
		double		u = random_uniform(&s.random);

		metric[i] = i;
		if (!chance(&s, 0.2))
			x[i] = num(1 + floor(sqrt(u) * values));
	}
	input = unit_input("x", x, n);
	return unit_frame(&input, 1, metric, n);
}

static uint32_t
deck_code(const HpHotDeck *deck, uint32_t run)
{
	return deck->column->wide ? ((uint16_t *) deck->codes)[run] :
		((uint8_t *) deck->codes)[run];
}

static void
test_deck(uint32_t values)
{
	enum
	{
		N = 5000, TIMES = 40
	};
	double	   *metric = hp_alloc(unit_env, N, sizeof(double));
	HpFrame    *frame = deck_frame(N, values, metric);
	const HpColumn *column = &frame->columns[0];
	HpHotDeck	deck;
	double	   *observed = hp_alloc0(unit_env, column->n_codes, sizeof(double));
	double	   *filled = hp_alloc0(unit_env, column->n_codes, sizeof(double));
	double		fills = 0;
	double		chi_square = 0;
	uint32_t	df = 0;
	bool		kept = true;
	HpRng		rng;

	hp_rng_init(&rng, 1, values);
	hp_hot_deck_init(&deck, unit_env, column, N);
	for (int t = 0; t < TIMES; t++)
	{
		hp_hot_deck_fill(&deck, unit_env, &rng);
		for (uint32_t run = 0; run < N; run++)
		{
			uint32_t	own = hp_column_code(column, run);

			kept = kept && (own == 0 || deck_code(&deck, run) == own);
			observed[own] += t == 0;
			if (own == 0)
				filled[deck_code(&deck, run)]++;
			fills += own == 0;
		}
	}
	ok(kept, "%u values: what is there stays", values);
	is_double(filled[0], 0, 0, "all gaps are filled");
	for (uint32_t c = 1; c < column->n_codes; c++)
	{
		double		expected = fills * observed[c] / column->runs;

		if (expected == 0)
			ok(filled[c] == 0, "from values that occur");
		else
			df++;
		if (expected > 0)
			chi_square += (filled[c] - expected) * (filled[c] - expected) / expected;
	}
	/* mean df - 1, sd sqrt(2 df): five of these are less than one in 10^5 */
	ok(chi_square < df + 5 * sqrt(2.0 * df) && chi_square > df - 6 * sqrt(2.0 * df),
	   "as often as they occur: chi-square %.0f of %u", chi_square, df);
	ok(column->wide == (values > 255), "%u values: the width is the column's", values);
	unit_free_all();
}

static void
test_deck_afresh(void)
{
	double		metric[200];
	HpFrame    *frame = deck_frame(200, 50, metric);
	HpHotDeck	deck;
	uint32_t	first[200];
	uint32_t	same = 0,
				differ = 0;

	hp_hot_deck_init(&deck, unit_env, &frame->columns[0], 200);
	for (uint64_t stream = 0; stream < 3; stream++)
	{
		HpRng		rng;

		hp_rng_init(&rng, 1, stream % 2);
		hp_hot_deck_fill(&deck, unit_env, &rng);
		for (uint32_t run = 0; run < 200; run++)
		{
			if (stream == 0)
				first[run] = deck_code(&deck, run);
			else if (stream == 1)
				differ += first[run] != deck_code(&deck, run);
			else
				same += first[run] == deck_code(&deck, run);
		}
	}
	ok(differ > 20, "another stream fills otherwise");
	is_int(same, 200, "the same stream fills the same");
	unit_free_all();
}

static void
test_feature(void)
{
	const double x[] = {1, NAN, 3};
	const char *const words[] = {"a", "b", NULL};
	const double metric[] = {1, 2, 3};
	HpInput		inputs[] = {unit_numbers("x", x, 3), unit_words("y", words, 3)};
	HpFrame    *frame = unit_frame(inputs, 2, metric, 3);
	HpFeature	number = hp_column_feature(&frame->columns[0]);
	HpFeature	level = hp_column_feature(&frame->columns[1]);

	ok(!number.categorical && !number.wide && number.n_codes == 3 &&
	   number.numbers == frame->columns[0].numbers, "a number is a number");
	ok(level.categorical && level.n_codes == 3, "a category is a category");
	for (uint32_t run = 0; run < 3; run++)
		ok(hp_feature_code(&number, run) ==
		   hp_column_code(&frame->columns[0], run), "run %u: its code", run);
}

int
main(void)
{
	test_conditional(60);
	test_conditional(300);
	test_conditional(3000);
	test_siblings(0);
	test_siblings(0.004);
	test_siblings(0.06);
	test_chance();
	test_chain();
	test_parent();
	test_share();
	test_unseen();
	test_needles();
	test_wide();
	test_memory();
	test_few_runs();
	test_alone();
	test_deck(20);
	test_deck(255);
	test_deck(600);
	test_deck_afresh();
	test_feature();
	return done();
}
