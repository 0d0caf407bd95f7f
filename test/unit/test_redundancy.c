/*
 * test_redundancy.c
 *		Parameters that were moved together; columns that are no settings.
 */
#include "data.h"

#include "core/order.h"
#include "core/disguise.h"
#include "core/redundancy.h"

/* ---- helpers ---- */

/* How the column called a goes with the one called b; strength 0 if not. */
static HpRelated
relation_of(const HpFrame *frame, const char *a, const char *b)
{
	HpRelations *all = hp_redundancy(unit_env, frame);
	HpRelations *r = &all[column_number(frame, a)];

	for (uint32_t i = 0; i < r->n; i++)
		if (r->related[i].other == column_number(frame, b))
			return r->related[i];
	return (HpRelated) {0, 0, 0};
}

static bool
is_related(const HpFrame *frame, const char *a, const char *b,
		   HpRelation relation)
{
	return relation_of(frame, a, b).relation == relation;
}

static uint32_t
count_relations(const HpFrame *frame)
{
	HpRelations *all = hp_redundancy(unit_env, frame);
	uint32_t	count = 0;

	for (uint32_t c = 0; c < frame->n_columns; c++)
		count += all[c].n;
	return count;
}

/* A study in the making: columns of cells, n runs each. */
#define MOST_INPUTS	64

typedef struct Table
{
	uint32_t	n;
	uint32_t	n_inputs;
	HpInput		inputs[MOST_INPUTS];
	double	   *metric;
} Table;

static Table
make_table(UnitRandom *random, uint32_t n)
{
	Table		t = {.n = n, .metric = hp_alloc(unit_env, n, sizeof(double))};

	for (uint32_t i = 0; i < n; i++)
		t.metric[i] = random_uniform(random);
	return t;
}

static void
add_column(Table *t, const char *name, const HpValue *cells)
{
	t->inputs[t->n_inputs++] = unit_input(name, cells, t->n);
}

static HpFrame *
frame_of(const Table *t)
{
	return unit_frame(t->inputs, t->n_inputs, t->metric, t->n);
}

static HpValue *
cells_for(uint32_t n)
{
	return hp_alloc(unit_env, n, sizeof(HpValue));
}

/* ---- together ---- */

static void
test_together(void)
{
	enum
	{
		N = 90
	};
	static const double momentum[] = {0.9, 0.95};
	UnitRandom	random = 5;
	Table		t = make_table(&random, N);
	HpValue    *name = cells_for(N),
			   *flag = cells_for(N),
			   *code = cells_for(N),
			   *setting = cells_for(N),
			   *x = cells_for(N),
			   *log_x = cells_for(N),
			   *minus_x = cells_for(N),
			   *other_x = cells_for(N);
	uint32_t   *order = random_order(&random, N);
	HpFrame    *frame;

	for (uint32_t i = 0; i < N; i++)
	{
		uint32_t	k = random_below(&random, 3);
		bool		yes = random_below(&random, 2);
		double		number = exp(5 * random_uniform(&random));

		name[i] = str_numbered("optimizer", k);
		setting[i] = k == 2 ? gap : num(momentum[k]);
		flag[i] = truth(yes);
		code[i] = str(yes ? "gpu" : "cpu");
		x[i] = num(number);
		log_x[i] = num(log(number));
		minus_x[i] = num(-number);
		other_x[i] = num(order[i]);
	}
	add_column(&t, "name", name);
	add_column(&t, "flag", flag);
	add_column(&t, "code", code);
	add_column(&t, "setting", setting);
	add_column(&t, "x", x);
	add_column(&t, "log_x", log_x);
	add_column(&t, "minus_x", minus_x);
	add_column(&t, "other_x", other_x);
	frame = frame_of(&t);
	ok(is_related(frame, "flag", "code", HP_TOGETHER) &&
	   is_related(frame, "code", "flag", HP_TOGETHER),
	   "a boolean and a category of two levels");
	ok(is_related(frame, "name", "setting", HP_TOGETHER) &&
	   is_related(frame, "setting", "name", HP_TOGETHER),
	   "a category and numbers, one of which is missing");
	ok(is_related(frame, "x", "log_x", HP_TOGETHER) &&
	   is_related(frame, "x", "minus_x", HP_TOGETHER) &&
	   is_related(frame, "log_x", "minus_x", HP_TOGETHER),
	   "numbers that rise and fall with each other");
	is_int(count_relations(frame), 2 + 2 + 6,
		   "other numbers, as different from run to run, are not meant");
}

/* What no forest can tell apart: many numbers, but many runs of each. */
static void
test_numbers_as_levels(void)
{
	enum
	{
		N = 900,
		SETS = 25
	};
	UnitRandom	random = 8;
	Table		t = make_table(&random, N);
	HpValue    *rows = cells_for(N),
			   *columns = cells_for(N),
			   *name = cells_for(N);
	uint32_t   *order = random_order(&random, SETS);
	HpFrame    *frame;

	for (uint32_t i = 0; i < N; i++)
	{
		uint32_t	set = random_below(&random, SETS);

		rows[i] = num(1000 * set);
		columns[i] = num(7 * order[set]);
		name[i] = str_numbered("set", set);
	}
	add_column(&t, "rows", rows);
	add_column(&t, "columns", columns);
	add_column(&t, "name", name);
	frame = frame_of(&t);
	ok(is_related(frame, "rows", "columns", HP_TOGETHER) &&
	   is_related(frame, "columns", "name", HP_TOGETHER),
	   "properties of 25 data sets");
	is_int(count_relations(frame), 6, "each with each");
}

/* Replicates: continuous settings share their runs, and are not the same. */
static void
test_replicates(void)
{
	enum
	{
		CONFIGS = 60,
		SEEDS = 5,
		N = CONFIGS * SEEDS
	};
	UnitRandom	random = 21;
	Table		t = make_table(&random, N);
	const char *names[] = {"lr", "decay", "dropout", "width"};
	HpValue    *seed = cells_for(N);
	HpValue    *layers = cells_for(N);

	for (int k = 0; k < 4; k++)
	{
		HpValue    *cells = cells_for(N);

		for (uint32_t i = 0; i < N; i++)
			cells[i] = i % SEEDS > 0 ? cells[i - 1] :
				num(random_uniform(&random));
		add_column(&t, names[k], cells);
	}
	for (uint32_t i = 0; i < N; i++)
	{
		seed[i] = num(i % SEEDS);
		layers[i] = i % SEEDS > 0 ? layers[i - 1] :
			num(random_below(&random, 4));
	}
	add_column(&t, "seed", seed);
	add_column(&t, "layers", layers);
	is_int(count_relations(frame_of(&t)), 0, "replicates alone relate nothing");
}

/* ---- determined ---- */

static void
test_determined(void)
{
	enum
	{
		N = 600
	};
	UnitRandom	random = 13;
	Table		t = make_table(&random, N);
	HpValue    *arch = cells_for(N),
			   *deep = cells_for(N),
			   *variant = cells_for(N),
			   *finer = cells_for(N),
			   *lr = cells_for(N);
	HpFrame    *frame;

	for (uint32_t i = 0; i < N; i++)
	{
		uint32_t	k = random_below(&random, 12);

		variant[i] = str_numbered("variant", k);
		arch[i] = str_numbered("arch", k / 3);
		deep[i] = truth(k / 3 == 2);
		finer[i] = num(2 * k + random_below(&random, 2));
		lr[i] = num(random_uniform(&random));
	}
	add_column(&t, "arch", arch);
	add_column(&t, "deep", deep);
	add_column(&t, "variant", variant);
	add_column(&t, "finer", finer);
	add_column(&t, "lr", lr);
	frame = frame_of(&t);
	ok(is_related(frame, "arch", "variant", HP_DETERMINED),
	   "a variant has one architecture");
	ok(is_related(frame, "deep", "arch", HP_DETERMINED),
	   "of those that determine it, the one with the fewest values");
	ok(relation_of(frame, "variant", "arch").strength == 0,
	   "the variant has a choice of its own");
	ok(is_related(frame, "variant", "finer", HP_DETERMINED),
	   "24 numbers with many runs each");
	ok(relation_of(frame, "lr", "finer").strength == 0, "lr goes its own way");
}

/* ---- conditional parameters ---- */

static void
test_conditional(void)
{
	enum
	{
		N = 300
	};
	UnitRandom	random = 34;
	Table		t = make_table(&random, N);
	HpValue    *optimizer = cells_for(N),
			   *momentum = cells_for(N),
			   *nesterov = cells_for(N),
			   *only = cells_for(N),
			   *beta = cells_for(N),
			   *twin = cells_for(N);
	HpFrame    *frame;

	for (uint32_t i = 0; i < N; i++)
	{
		bool		sgd = random_below(&random, 2);

		optimizer[i] = str(sgd ? "sgd" : "adam");
		momentum[i] = sgd ? num(random_uniform(&random)) : gap;
		nesterov[i] = sgd ? truth(random_below(&random, 2)) : gap;
		only[i] = sgd ? num(32) : gap;
		beta[i] = sgd ? gap : num(random_uniform(&random));
		twin[i] = sgd ? num(momentum[i].number *
							(1 + 0.02 * random_uniform(&random))) : gap;
	}
	add_column(&t, "optimizer", optimizer);
	add_column(&t, "momentum", momentum);
	add_column(&t, "nesterov", nesterov);
	add_column(&t, "only", only);
	add_column(&t, "beta", beta);
	frame = frame_of(&t);
	is_int(count_relations(frame), 0,
		   "presence that a parent explains makes no relation");
	add_column(&t, "twin", twin);
	frame = frame_of(&t);
	ok(is_related(frame, "momentum", "twin", HP_FOLLOWS) &&
	   is_related(frame, "twin", "momentum", HP_FOLLOWS),
	   "but values where there are some do");
	is_int(count_relations(frame), 2, "and they alone");
	for (uint32_t i = 0; i < N; i++)
		twin[i] = i % 2 ? momentum[i] : gap;
	t.inputs[t.n_inputs - 1] = unit_input("twin", twin, N);
	frame = frame_of(&t);
	ok(is_related(frame, "twin", "momentum", HP_FOLLOWS),
	   "one that is there half of the time follows the other");
	is_int(count_relations(frame), 1, "which does not follow it");
}

/* ---- follows ---- */

/* Spearman's correlation over the runs that have both, another way. */
static double
spearman_of(const HpValue *a, const HpValue *b, uint32_t n)
{
	double	   *x = hp_alloc(unit_env, n, sizeof(double));
	double	   *y = hp_alloc(unit_env, n, sizeof(double));
	double	   *rank_x = hp_alloc(unit_env, n, sizeof(double));
	double	   *rank_y = hp_alloc(unit_env, n, sizeof(double));
	uint32_t	both = 0;

	for (uint32_t i = 0; i < n; i++)
		if (a[i].tag != 0 && b[i].tag != 0)
		{
			x[both] = a[i].number;
			y[both++] = b[i].number;
		}
	hp_ranks(unit_env, x, rank_x, both);
	hp_ranks(unit_env, y, rank_y, both);
	return hp_pearson(rank_x, rank_y, both);
}

static void
test_follows_numbers(void)
{
	static const double noise[] = {0.02, 0.2, 0.35, 1};
	UnitRandom	random = 55;

	for (uint32_t n = 100; n <= 12800; n *= 8)
		for (int k = 0; k < 4; k++)
		{
			Table		t = make_table(&random, n);
			HpValue    *a = cells_for(n);
			HpValue    *b = cells_for(n);
			HpFrame    *frame;
			double		rho;
			double		strength;

			for (uint32_t i = 0; i < n; i++)
			{
				double		x = random_normal(&random);

				a[i] = num(floor(x * 50));
				b[i] = i % 11 == 0 ? gap :
					num(-x + noise[k] * random_normal(&random));
			}
			add_column(&t, "a", a);
			add_column(&t, "b", b);
			frame = frame_of(&t);
			rho = spearman_of(a, b, n);
			strength = relation_of(frame, "a", "b").strength;
			is_double(strength, rho * rho >= 0.9 ? rho * rho : 0, 1e-12,
					  "%u runs, rank correlation %.3f", n, rho);
			ok(relation_of(frame, "b", "a").strength == strength,
			   "it goes both ways");
		}
}

/* eta^2 and tau, adjusted, as they are written down. */
static double
adjusted(double share, uint32_t n, uint32_t n_groups)
{
	return 1 - (1 - share) * (n - 1) / (n - n_groups);
}

static double
tau_of(const uint32_t *a, const uint32_t *b, uint32_t n, uint32_t levels,
	   uint32_t groups)
{
	double		within = 0;
	double		all = 0;

	for (uint32_t l = 0; l < levels; l++)
	{
		uint32_t	of_level = 0;

		for (uint32_t g = 0; g < groups; g++)
		{
			uint32_t	cell = 0;
			uint32_t	of_group = 0;

			for (uint32_t i = 0; i < n; i++)
			{
				cell += a[i] == l && b[i] == g;
				of_group += b[i] == g;
			}
			within += (double) cell * cell / of_group / n;
			of_level += cell;
		}
		all += pow((double) of_level / n, 2);
	}
	return (within - all) / (1 - all);
}

static double
eta2_of_ranks(const HpValue *cells, const uint32_t *group, uint32_t n,
			  uint32_t n_groups)
{
	double	   *x = hp_alloc(unit_env, n, sizeof(double));
	double	   *ranks = hp_alloc(unit_env, n, sizeof(double));
	HpMoments	moments;

	for (uint32_t i = 0; i < n; i++)
		x[i] = cells[i].number;
	hp_ranks(unit_env, x, ranks, n);
	moments = hp_moments(ranks, n);
	return hp_correlation_ratio(unit_env, group, n_groups, ranks, &moments, n);
}

static void
test_follows_levels(void)
{
	enum
	{
		N = 450,
		GROUPS = 6,
		LEVELS = 3
	};
	UnitRandom	random = 89;

	for (uint32_t odd = 0; odd <= 40; odd += 8)
	{
		Table		t = make_table(&random, N);
		uint32_t   *a = hp_alloc(unit_env, N, sizeof(uint32_t));
		uint32_t   *b = hp_alloc(unit_env, N, sizeof(uint32_t));
		HpValue    *level = cells_for(N),
				   *group = cells_for(N),
				   *number = cells_for(N);
		HpFrame    *frame;
		double		share;
		HpRelated	found;

		for (uint32_t i = 0; i < N; i++)
		{
			b[i] = random_below(&random, GROUPS);
			a[i] = i < odd ? random_below(&random, LEVELS) : b[i] % LEVELS;
			level[i] = str_numbered("l", a[i]);
			group[i] = str_numbered("g", b[i]);
			number[i] = num(a[i] * 10 + b[i] + random_uniform(&random) / 2);
		}
		add_column(&t, "level", level);
		add_column(&t, "group", group);
		frame = frame_of(&t);
		share = adjusted(tau_of(a, b, N, LEVELS, GROUPS), N, GROUPS);
		found = relation_of(frame, "level", "group");
		if (odd == 0)
			ok(found.relation == HP_DETERMINED && found.strength == 1,
			   "no exception: determined");
		else
			is_double(found.strength, share >= 0.9 ? share : 0, 1e-12,
					  "%u exceptions, tau %.3f", odd, share);
		ok(relation_of(frame, "group", "level").strength == 0,
		   "six are not told by three");
		add_column(&t, "number", number);
		frame = frame_of(&t);
		share = adjusted(eta2_of_ranks(number, b, N, GROUPS), N, GROUPS);
		is_double(relation_of(frame, "number", "group").strength,
				  share >= 0.9 ? share : 0, 1e-12, "numbers by group, %.3f",
				  share);
	}
}

/* ---- chance ---- */

/*
 * Studies of independent columns of all kinds, with few runs each.  One in a
 * thousand may have a relation.
 */
static void
test_false_alarms(void)
{
	static const uint32_t runs[] = {2, 5, 10, 20, 40, 80, 200};
	UnitRandom	random = 144;
	uint32_t	alarms = 0;
	uint32_t	studies = 0;

	for (uint32_t s = 0; s < 280; s++)
	{
		Table		t = make_table(&random, runs[s % LENGTH(runs)]);

		for (uint32_t c = 0; c < 30; c++)
		{
			HpValue    *cells = cells_for(t.n);
			double		rare = c % 3 == 0 ? 0.5 : 0.1;
			HpValue		name = str_numbered("column", 100 + c);

			for (uint32_t i = 0; i < t.n; i++)
			{
				double		u = random_uniform(&random);

				switch (c % 6)
				{
					case 0:
					case 1:
						cells[i] = truth(u < rare);
						break;
					case 2:
						cells[i] = str_numbered("l", random_below(&random, 3 + c));
						break;
					case 3:
						cells[i] = num(u);
						break;
					case 4:
						cells[i] = num(floor(u * 6));
						break;
					default:
						cells[i] = u < 0.7 ? gap : num(u);
				}
			}
			add_column(&t, name.text, cells);
		}
		alarms += count_relations(frame_of(&t)) > 0;
		studies++;
		unit_free_all();
	}
	ok(alarms <= 2, "%u of %u studies have an accidental relation", alarms,
	   studies);
}

/* Few runs that agree are no proof, more of them are. */
static void
test_evidence(void)
{
	UnitRandom	random = 233;
	uint32_t	first = 0;

	for (uint32_t n = 4; n <= 60; n += 2)
	{
		Table		t = make_table(&random, n);
		HpValue    *a = cells_for(n);
		HpValue    *b = cells_for(n);

		for (uint32_t i = 0; i < n; i++)
		{
			a[i] = truth(i % 2);
			b[i] = str(i % 2 ? "yes" : "no");
		}
		add_column(&t, "a", a);
		add_column(&t, "b", b);
		if (first == 0 && is_related(frame_of(&t), "a", "b", HP_TOGETHER))
			first = n;
		if (first > 0)
			ok(is_related(frame_of(&t), "a", "b", HP_TOGETHER),
			   "from %u runs on: %u", first, n);
	}
	/* C(18, 9) = 48,620; a limit of 2^12 for 4 pairs, 2^4 for functions */
	is_int(first, 20, "halves are believed from so many runs on");
}

/* Ten numbers in one order are no accident, if there is one run of each. */
static void
test_order(void)
{
	for (uint32_t n = 4; n <= 30; n++)
	{
		UnitRandom	random = 4181;
		Table		t = make_table(&random, n);
		HpValue    *a = cells_for(n);
		HpValue    *b = cells_for(n);

		for (uint32_t i = 0; i < n; i++)
		{
			a[i] = num(i * i);
			b[i] = num(1.0 / (i + 1));
		}
		add_column(&t, "a", a);
		add_column(&t, "b", b);
		/* 2^12 for 4 pairs; 7! / 2 = 2,520 and 8! / 2 = 20,160 */
		is_int(is_related(frame_of(&t), "a", "b", HP_TOGETHER), n >= 8,
			   "%u numbers that fall as others rise", n);
	}
}

/* ---- by brute force ---- */

/* Whether a is a function of b, run by run; codes, missing being one. */
static bool
plain_function(const HpFrame *frame, uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < frame->n_runs; i++)
		for (uint32_t j = 0; j < i; j++)
			if (hp_column_code(&frame->columns[b], i) ==
				hp_column_code(&frame->columns[b], j) &&
				hp_column_code(&frame->columns[a], i) !=
				hp_column_code(&frame->columns[a], j))
				return false;
	return true;
}

/*
 * Columns of three to six levels that are all made of three hidden ones: they
 * are together, determined or free, as a look at all pairs of runs tells.
 */
static void
test_brute_force(void)
{
	enum
	{
		N = 120,
		COLUMNS = 14
	};
	UnitRandom	random = 377;
	uint32_t	wrong = 0;
	uint32_t	together = 0;
	uint32_t	determined = 0;

	for (int s = 0; s < 30; s++)
	{
		Table		t = make_table(&random, N);
		uint32_t	hidden[3][N];
		HpFrame    *frame;
		HpRelations *found;

		for (int h = 0; h < 3; h++)
			for (uint32_t i = 0; i < N; i++)
				hidden[h][i] = random_below(&random, 6);
		for (uint32_t c = 0; c < COLUMNS; c++)
		{
			HpValue    *cells = cells_for(N);
			uint32_t	map[6];
			uint32_t	h = random_below(&random, 3);
			bool		words = random_below(&random, 2);

			for (int k = 0; k < 6; k++)
				map[k] = random_below(&random, 4);
			for (uint32_t i = 0; i < N; i++)
			{
				uint32_t	k = c % 2 == 0 ? map[hidden[h][i]] :
					(hidden[h][i] * 5 + c) % 6;

				cells[i] = k == 0 && c % 4 == 0 ? gap :
					words ? str_numbered("v", k) : num(k * (k + 1.5));
			}
			add_column(&t, str_numbered("c", 10 + c).text, cells);
		}
		frame = frame_of(&t);
		found = hp_redundancy(unit_env, frame);
		for (uint32_t a = 0; a < frame->n_columns; a++)
		{
			uint32_t	partners = 0;
			bool		is_determined = false;
			uint32_t	told = 0;
			bool		told_determined = false;

			/* with one value there is nothing to go by */
			if (frame->columns[a].role != HP_PARAMETER ||
				frame->columns[a].distinct < 2)
				continue;
			for (uint32_t b = 0; b < frame->n_columns; b++)
				if (b != a && frame->columns[b].role == HP_PARAMETER &&
					frame->columns[b].distinct > 1 &&
					plain_function(frame, a, b))
				{
					if (plain_function(frame, b, a))
						partners++;
					else
						is_determined = true;
				}
			for (uint32_t i = 0; i < found[a].n; i++)
			{
				HpRelated	r = found[a].related[i];
				bool		forth = plain_function(frame, a, r.other);
				bool		back = plain_function(frame, r.other, a);

				told += r.relation == HP_TOGETHER;
				told_determined |= r.relation == HP_DETERMINED;
				wrong += r.relation == HP_TOGETHER ? !forth || !back :
					r.relation == HP_DETERMINED ? !forth || back : forth;
			}
			together += told;
			determined += told_determined;
			wrong += told != (partners < HP_MOST_RELATED ? partners :
							  HP_MOST_RELATED);
			wrong += partners < HP_MOST_RELATED &&
				told_determined != is_determined;
		}
		unit_free_all();
	}
	is_int(wrong, 0, "%u together and %u determined, all of them",
		   together, determined);
	ok(together > 100 && determined > 50, "the test has something to find");
}

/* ---- edges ---- */

static void
test_edges(void)
{
	enum
	{
		N = 40
	};
	UnitRandom	random = 610;
	Table		t = make_table(&random, N);
	HpFrameOptions onehot = {NULL, true};
	HpValue    *level = cells_for(N);
	HpValue    *name = cells_for(N);
	HpValue    *same = cells_for(N);

	is_int(count_relations(unit_frame(NULL, 0, t.metric, N)), 0, "no columns");
	for (uint32_t i = 0; i < N; i++)
	{
		level[i] = str_numbered("l", i % 2);
		name[i] = str_numbered("n", i);
		same[i] = num(1);
	}
	add_column(&t, "level", level);
	add_column(&t, "name", name);
	add_column(&t, "name2", name);
	add_column(&t, "same", same);
	add_column(&t, "same2", same);
	is_int(count_relations(frame_of(&t)), 0,
		   "identifiers and constants take no part");
	is_int(count_relations(hp_frame_build(unit_env, t.inputs, 1, t.metric, N,
										  &onehot)), 0,
		   "the levels of one parameter, one-hot");
	is_int(count_relations(unit_frame(t.inputs, t.n_inputs, t.metric, 1)), 0,
		   "one run");
	is_int(count_relations(unit_frame(t.inputs, t.n_inputs, t.metric, 0)), 0,
		   "no run");
}

/* More distinct numbers than codes: measured, not called the same. */
static void
test_binned(void)
{
	enum
	{
		N = 70000
	};
	UnitRandom	random = 987;
	Table		t = make_table(&random, N);
	HpValue    *x = cells_for(N);
	HpValue    *y = cells_for(N);
	HpFrame    *frame;

	for (uint32_t i = 0; i < N; i++)
	{
		x[i] = num(random_uniform(&random));
		y[i] = num(-sqrt(x[i].number));
	}
	add_column(&t, "x", x);
	add_column(&t, "y", y);
	frame = frame_of(&t);
	ok(frame->columns[0].binned, "binned");
	ok(is_related(frame, "x", "y", HP_FOLLOWS) &&
	   relation_of(frame, "x", "y").strength > 0.999999, "they go together");
}

/* ---- no settings ---- */

static HpDisguise
disguise_of(const Table *t, const char *name)
{
	HpFrame    *frame = frame_of(t);
	HpColumn   *column = column_called(frame, name);
	HpDescription d = hp_describe(unit_env, frame, column);

	return hp_disguise(frame, column, &d);
}

static void
test_disguise(void)
{
	enum
	{
		N = 100
	};
	UnitRandom	random = 1597;
	Table		t = make_table(&random, N);
	HpValue    *cells[9];
	const char *names[] = {
		"accuracy", "counter", "deleted", "seed", "started", "started_ms",
		"setting", "coarse", "word"
	};
	const HpDisguise want[] = {
		HP_OUTCOME, HP_COUNTER, HP_COUNTER, HP_SETTING, HP_CLOCK, HP_CLOCK,
		HP_SETTING, HP_SETTING, HP_SETTING
	};
	uint32_t   *order = random_order(&random, N);

	for (int k = 0; k < 9; k++)
		cells[k] = cells_for(N);
	for (uint32_t i = 0; i < N; i++)
	{
		cells[0][i] = num(-exp(t.metric[i]) +
						  0.02 * random_uniform(&random));
		cells[1][i] = num(order[i] + 1);
		cells[2][i] = num(order[i] + order[i] / 2);
		cells[3][i] = num(random_below(&random, 10000));
		cells[4][i] = num(1.7e9 + 86400 * random_uniform(&random));
		cells[5][i] = num(1.7e12 + floor(1e9 * random_uniform(&random)));
		cells[6][i] = num(random_uniform(&random));
		cells[7][i] = num(floor(t.metric[i] * 20));
		cells[8][i] = str(random_below(&random, 2) ? "a" : "b");
	}
	for (int k = 0; k < 9; k++)
		add_column(&t, names[k], cells[k]);
	for (int k = 0; k < 9; k++)
		is_int(disguise_of(&t, names[k]), want[k], "%s", names[k]);
	t.n = 9;
	for (int k = 0; k < 9; k++)
		t.inputs[k] = unit_input(names[k], cells[k], 9);
	is_int(disguise_of(&t, "accuracy"), HP_SETTING, "nine runs show nothing");
}

int
main(void)
{
	test_together();
	test_numbers_as_levels();
	test_replicates();
	test_determined();
	test_conditional();
	test_follows_numbers();
	test_follows_levels();
	test_evidence();
	test_order();
	test_edges();
	test_binned();
	test_disguise();
	test_brute_force();
	test_false_alarms();
	return done();
}
