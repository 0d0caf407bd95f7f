/*
 * test_importance.c
 *		Permutation importance of one tree, of features and of groups of them,
 *		against a naive walk of everything.
 */
#include "data.h"

#include "core/importance.h"

#define FEATURES	6
#define GROUPS		2
#define SUBJECTS	(FEATURES + GROUPS)

/* By feature; 4 stands alone. */
static uint32_t group_of[FEATURES] = {0, 0, 1, 0, HP_NO_GROUP, 1};
static const HpGroups groups = {.n = GROUPS, .of = group_of};

/* Whether a feature is (of) a subject. */
static bool
is_of(uint32_t feature, uint32_t subject)
{
	return subject == feature ||
		(subject >= FEATURES && subject - FEATURES == group_of[feature]);
}

/* A tree, the runs it has not seen, and what permuting needs. */
typedef struct Case
{
	uint32_t	n_runs;
	HpFeature	features[FEATURES];
	int64_t    *target;
	const HpTree *tree;
	HpAsked		unseen;
} Case;

/* Features 0 .. 4 drive the target, 5 is constant; odd ones are categories. */
static Case
make_case(UnitRandom *random, uint32_t n_runs, uint32_t max_depth)
{
	static const uint32_t n_codes[FEATURES] = {40, 300, 257, 6, 2, 3};
	Case		c = {.n_runs = n_runs};
	HpTreeSettings settings = {max_depth, 1, FEATURES};
	uint32_t   *draws = hp_alloc0(unit_env, n_runs, sizeof(uint32_t));
	double		gain[FEATURES];
	HpRng		rng;

	c.target = hp_alloc0(unit_env, n_runs, sizeof(int64_t));
	c.unseen.runs = hp_alloc(unit_env, n_runs + 1, sizeof(uint32_t));
	c.unseen.predicted = hp_alloc0(unit_env, n_runs + 1, sizeof(int64_t));
	for (uint32_t f = 0; f < FEATURES; f++)
	{
		bool		wide = n_codes[f] > 256;
		void	   *codes = hp_alloc0(unit_env, n_runs, wide ? 2 : 1);
		double	   *numbers = hp_alloc0(unit_env, n_codes[f], sizeof(double));

		for (uint32_t run = 0; run < n_runs; run++)
		{
			uint32_t	code = f == 5 ? 1 : random_below(random, n_codes[f]);

			if (wide)
				((uint16_t *) codes)[run] = (uint16_t) code;
			else
				((uint8_t *) codes)[run] = (uint8_t) code;
			c.target[run] += (int64_t) ((code % 8) * 1e6 * (f + 1));
		}
		for (uint32_t code = 0; code < n_codes[f]; code++)
			numbers[code] = code;
		c.features[f] = (HpFeature) {
			.codes = codes, .numbers = numbers, .n_codes = n_codes[f],
			.wide = wide, .categorical = f % 2 == 1
		};
	}
	for (uint32_t i = 0; i < n_runs; i++)
		draws[random_below(random, n_runs)]++;
	for (uint32_t run = 0; run < n_runs; run++)
		if (draws[run] == 0)
			c.unseen.runs[c.unseen.n++] = run;
	hp_rng_init(&rng, 3, n_runs);
	c.tree = hp_tree_grow(hp_grower_create(unit_env, c.features, FEATURES,
										   n_runs, &settings),
						  &rng, c.target, draws, gain, NULL);
	return c;
}

static bool
is_used(const HpTree *tree, uint32_t subject)
{
	for (uint32_t i = 0; i < tree->n_nodes; i++)
		if (tree->nodes[i].left != 0 && is_of(tree->nodes[i].feature, subject))
			return true;
	return false;
}

#define NO_SUBJECT	UINT32_MAX

/* The prediction for a run whose codes of a subject are another run's. */
static int64_t
predict(const Case *c, uint32_t run, uint32_t subject, uint32_t other)
{
	const HpNode *node = c->tree->nodes;

	while (node->left != 0)
	{
		uint32_t	f = node->feature;
		uint32_t	code = hp_feature_code(&c->features[f],
										   subject != NO_SUBJECT &&
										   is_of(f, subject) ? other : run);

		node = c->tree->nodes + node->left +
			!hp_goes_left(node, c->tree->lists, c->features[f].n_codes, code);
	}
	return node->value;
}

static double
squared_error(const Case *c, uint32_t run, uint32_t subject, uint32_t other)
{
	double		error = (double) (predict(c, run, subject, other) - c->target[run]);

	return error * error;
}

static double
error_unpermuted(const Case *c)
{
	double		sum = 0;

	for (uint32_t i = 0; i < c->unseen.n; i++)
		sum += squared_error(c, c->unseen.runs[i], NO_SUBJECT, 0);
	return sum / c->unseen.n;
}

/*
 * The same permutation, drawn "inside out", and then every unseen run walked
 * for every subject.
 */
static void
permute_naively(const Case *c, HpRng *rng, double *increase)
{
	uint32_t   *from = hp_alloc(unit_env, c->unseen.n + 1, sizeof(uint32_t));

	for (uint32_t i = 0; i < c->unseen.n; i++)
	{
		uint32_t	j = hp_rng_below(rng, i + 1);

		from[i] = from[j];
		from[j] = c->unseen.runs[i];
	}
	for (uint32_t s = 0; s < SUBJECTS; s++)
	{
		double		sum = 0;

		for (uint32_t i = 0; i < c->unseen.n; i++)
			sum += squared_error(c, c->unseen.runs[i], s, from[i]);
		increase[s] = sum / c->unseen.n - error_unpermuted(c);
	}
}

/* Whether what was predicted for the unseen runs is right. */
static bool
predictions_right(const Case *c)
{
	for (uint32_t i = 0; i < c->unseen.n; i++)
		if (c->unseen.predicted[i] !=
			predict(c, c->unseen.runs[i], NO_SUBJECT, 0))
			return false;
	return true;
}

static HpPermuter *
permuter_of(const Case *c)
{
	return hp_permuter_create(unit_env,
							  hp_rows_create(unit_env, c->features, FEATURES,
											 c->n_runs),
							  &groups);
}

static void
permute(Case *c, HpRng *rng, double *increase)
{
	HpPermuter *permuter = permuter_of(c);

	hp_permute(permuter, rng, c->tree, &c->unseen, c->target, increase);
}

static void
test_naive(void)
{
	UnitRandom	random = 107;
	bool		same = true,
				zero = true,
				predicted = true;
	uint32_t	unused = 0;
	uint32_t	apart = 0;

	for (uint32_t round = 0; round < 40; round++)
	{
		Case		c = make_case(&random, 20 + 20 * round, round % 5);
		double		scale = error_unpermuted(&c);
		double		got[SUBJECTS],
					want[SUBJECTS];
		HpRng		a,
					b;

		hp_rng_init(&a, 9, round);
		b = a;
		permute(&c, &a, got);
		permute_naively(&c, &b, want);
		for (uint32_t s = 0; s < SUBJECTS; s++)
		{
			same = same && fabs(got[s] - want[s]) <=
				1e-9 * (fabs(want[s]) + scale);
			unused += !is_used(c.tree, s);
			zero = zero && (is_used(c.tree, s) || got[s] == 0);
		}
		apart += round > 10 && round % 5 > 1 &&
			fabs(got[FEATURES] - got[0] - got[1] - got[3]) > 0.1 * scale;
		predicted = predicted && predictions_right(&c);
		memset(c.unseen.predicted, 0, c.unseen.n * sizeof(int64_t));
		hp_predict_runs(permuter_of(&c), c.tree, &c.unseen);
		predicted = predicted && predictions_right(&c);
		same = same && memcmp(&a, &b, sizeof(a)) == 0;
		unit_free_all();
	}
	ok(same, "increases are those of walking every run for every feature and group");
	ok(unused > 40 && zero, "what is not used: exactly 0 (%u of them)", unused);
	ok(apart > 0, "a group is not the sum of its members, %u times of 18", apart);
	ok(predicted, "unseen runs are predicted, with permuting and without");
}

/*
 * Effects of the first n_permuted unseen runs, looked at one run in stride, by
 * walking each for every subject with the values of its partner.
 */
static void
add_effects_naively(const Case *c, HpRng *rng, uint32_t n_permuted,
					HpTotalEffects *effects)
{
	uint32_t   *from = hp_alloc(unit_env, n_permuted + 1, sizeof(uint32_t));

	for (uint32_t i = 0; i < n_permuted; i++)
	{
		uint32_t	j = hp_rng_below(rng, i + 1);

		from[i] = from[j];
		from[j] = c->unseen.runs[i];
	}
	for (uint32_t i = 0; i < n_permuted; i++)
		for (uint32_t s = 0; s < SUBJECTS; s++)
		{
			uint32_t	run = c->unseen.runs[i];

			effects->sum[run / effects->stride * SUBJECTS + s] +=
				predict(c, run, NO_SUBJECT, 0) - predict(c, run, s, from[i]);
		}
}

/* Bring the unseen runs that are multiples of stride to the front. */
static uint32_t
bring_to_front(HpAsked *asked, uint32_t stride)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i < asked->n; i++)
		if (asked->runs[i] % stride == 0)
		{
			uint32_t	run = asked->runs[i];

			asked->runs[i] = asked->runs[n];
			asked->runs[n++] = run;
		}
	return n;
}

static HpTotalEffects *
make_effects(uint32_t n_runs, uint32_t stride)
{
	HpTotalEffects *effects = hp_total_effects_create(unit_env, n_runs, SUBJECTS);

	/* so few runs are all looked at, unless the test wants it otherwise */
	effects->stride = stride;
	effects->n_runs = (n_runs - 1) / stride + 1;
	return effects;
}

/* Two trees, the same partners: what they say of a run adds up. */
static void
test_effects(void)
{
	UnitRandom	random = 211;
	bool		same = true,
				predicted = true;
	int64_t		not_zero = 0;

	for (uint32_t round = 0; round < 24; round++)
	{
		uint32_t	stride = round % 3 + 1;
		uint32_t	n_runs = 20 + 30 * round;
		Case		c = make_case(&random, n_runs, round % 4);
		uint32_t	n = bring_to_front(&c.unseen, stride);
		HpTotalEffects *got = make_effects(n_runs, stride);
		HpTotalEffects *want = make_effects(n_runs, stride);
		HpPermuter *permuter = permuter_of(&c);
		HpRng		a,
					b;

		hp_rng_init(&a, 31, round);
		b = a;
		hp_draw_partners(permuter, &a, &c.unseen, n);
		for (int tree = 0; tree < 2; tree++)
		{
			HpRng		again = b;

			hp_add_total_effects(permuter, c.tree, &c.unseen, n, got);
			predicted = predicted && predictions_right(&c);
			add_effects_naively(&c, &again, n, want);
		}
		same = same && memcmp(got->sum, want->sum, hp_total_effects_count(got) *
							  sizeof(int64_t)) == 0;
		for (size_t i = 0; i < hp_total_effects_count(got); i++)
			not_zero += got->sum[i] != 0;
		unit_free_all();
	}
	ok(same && not_zero > 1000, "effects are those of walking every run for every subject (%lld of them)",
	   (long long) not_zero);
	ok(predicted, "and all unseen runs are predicted");
}

/* Groups change nothing for the features: the same to the bit without any. */
static void
test_without_groups(void)
{
	UnitRandom	random = 151;
	Case		c = make_case(&random, 200, 0);
	uint32_t	of[FEATURES];
	HpGroups	none = {.of = of};
	HpRows	   *rows = hp_rows_create(unit_env, c.features, FEATURES, c.n_runs);
	double		with[SUBJECTS],
				without[FEATURES];
	HpRng		a,
				b;

	for (uint32_t f = 0; f < FEATURES; f++)
		of[f] = HP_NO_GROUP;
	hp_rng_init(&a, 12, 0);
	b = a;
	permute(&c, &a, with);
	hp_permute(hp_permuter_create(unit_env, rows, &none), &b, c.tree, &c.unseen,
			   c.target, without);
	ok(memcmp(with, without, sizeof(without)) == 0,
	   "features are permuted alike, with groups and without");
	unit_free_all();
}

/*
 * Over all permutations a run gets every unseen run's code as often:
 * the mean increase is a mean over all pairs of unseen runs.
 */
static void
test_expectation(void)
{
	enum
	{
		TIMES = 2000
	};
	UnitRandom	random = 109;
	Case		c = make_case(&random, 60, 0);
	HpPermuter *permuter = permuter_of(&c);
	double		sum[SUBJECTS] = {0};
	double		squares[SUBJECTS] = {0};

	for (uint64_t t = 0; t < TIMES; t++)
	{
		double		increase[SUBJECTS];
		HpRng		rng;

		hp_rng_init(&rng, 10, t);
		hp_permute(permuter, &rng, c.tree, &c.unseen, c.target, increase);
		for (uint32_t s = 0; s < SUBJECTS; s++)
		{
			sum[s] += increase[s];
			squares[s] += increase[s] * increase[s];
		}
	}
	for (uint32_t s = 0; s < SUBJECTS; s++)
	{
		double		mean = sum[s] / TIMES;
		double		error = sqrt((squares[s] / TIMES - mean * mean) / TIMES);
		double		pairs = 0;

		for (uint32_t i = 0; i < c.unseen.n; i++)
			for (uint32_t j = 0; j < c.unseen.n; j++)
				pairs += squared_error(&c, c.unseen.runs[i], s,
									   c.unseen.runs[j]);
		pairs = pairs / c.unseen.n / c.unseen.n - error_unpermuted(&c);
		ok(fabs(mean - pairs) <= 4.5 * error + 1e-9 * fabs(pairs),
		   "subject %u: the mean over permutations is that over pairs", s);
	}
	unit_free_all();
}

static void
test_edges(void)
{
	UnitRandom	random = 113;
	Case		c = make_case(&random, 80, 0);
	double		increase[SUBJECTS] = {1, 1, 1, 1, 1, 1, 1, 1};
	bool		zero = true;
	HpRng		rng;

	hp_rng_init(&rng, 1, 1);
	for (uint32_t n = 0; n <= 1; n++)
	{
		c.unseen.n = n;
		permute(&c, &rng, increase);
		for (uint32_t s = 0; s < SUBJECTS; s++)
			zero = zero && increase[s] == 0;
		ok(zero, "%u unseen runs: nothing to permute, no increase", n);
	}
	unit_free_all();
}

/* One permuter for tree after tree, as a worker has it. */
static void
test_reuse(void)
{
	UnitRandom	random = 127;
	Case		c = make_case(&random, 100, 0);
	HpPermuter *permuter = permuter_of(&c);
	bool		same = true;
	uint32_t	n = c.unseen.n;

	for (uint64_t round = 0; round < 6; round++)
	{
		double		again[SUBJECTS],
					fresh[SUBJECTS];
		HpRng		a,
					b;

		c.unseen.n = round % 2 ? n / 2 : n;
		hp_rng_init(&a, 11, round);
		b = a;
		hp_permute(permuter, &a, c.tree, &c.unseen, c.target, again);
		permute(&c, &b, fresh);
		same = same && memcmp(again, fresh, sizeof(fresh)) == 0;
	}
	ok(same, "a permuter used again gives the same");
	unit_free_all();
}

static void
test_ticks(void)
{
	UnitRandom	random = 131;
	Case		c = make_case(&random, 60000, 2);
	HpPermuter *permuter;
	double		increase[SUBJECTS];
	long		before = unit_ticks;
	HpRng		rng;

	hp_rng_init(&rng, 1, 1);
	permute(&c, &rng, increase);
	ok(c.unseen.n > 20000 && unit_ticks - before >= (long) c.unseen.n / 5000,
	   "%ld ticks over %u unseen runs", unit_ticks - before, c.unseen.n);

	/* of few the effects are looked at: the others are predicted all the same */
	permuter = permuter_of(&c);
	hp_predict_runs(permuter, c.tree, &c.unseen);	/* its rows are made */
	hp_draw_partners(permuter, &rng, &c.unseen, 7);
	before = unit_ticks;
	hp_add_total_effects(permuter, c.tree, &c.unseen, 7,
						 hp_total_effects_create(unit_env, c.n_runs, SUBJECTS));
	ok(unit_ticks - before >= (long) c.unseen.n / 5000,
	   "%ld ticks where few are permuted", unit_ticks - before);
	unit_free_all();
}

int
main(void)
{
	test_naive();
	test_effects();
	test_without_groups();
	test_expectation();
	test_edges();
	test_reuse();
	test_ticks();
	return done();
}
