/*
 * test_corrected.c
 *		Corrected importance: what features earn more than their shadows.
 */
#include "trained.h"

#include "core/corrected.h"

/* ---- a tree against one grown by hand ---- */

#define FEATURES	4
#define RUNS		300

typedef struct Case
{
	HpFeature	features[FEATURES];
	uint16_t	wide[RUNS];
	uint8_t		narrow[FEATURES][RUNS];
	double	   *numbers;
	int64_t		target[RUNS];
	uint32_t	draws[RUNS];
} Case;

static const HpTreeSettings half = {0, 1, FEATURES};

/* Feature 0 drives the target; 0 is wide, 2 a category. */
static Case *
make_case(UnitRandom *random)
{
	static const uint32_t n_codes[FEATURES] = {290, 200, 12, 3};
	Case	   *c = hp_alloc0(unit_env, 1, sizeof(Case));

	c->numbers = hp_alloc(unit_env, RUNS, sizeof(double));
	for (uint32_t i = 0; i < RUNS; i++)
	{
		c->numbers[i] = i;
		c->wide[i] = (uint16_t) random_below(random, n_codes[0]);
		for (uint32_t f = 1; f < FEATURES; f++)
			c->narrow[f][i] = (uint8_t) random_below(random, n_codes[f]);
		c->target[i] = c->wide[i] * 100 + random_below(random, 10000);
		c->draws[random_below(random, RUNS)]++;
	}
	for (uint32_t f = 0; f < FEATURES; f++)
		c->features[f] = (HpFeature) {
			.codes = f == 0 ? (void *) c->wide : c->narrow[f],
			.numbers = c->numbers, .n_codes = n_codes[f],
			.wide = f == 0, .categorical = f == 2
		};
	return c;
}

/* Features and shadows by hand: run i's shadow has the codes of other[i]. */
static void
cast_shadows(const Case *c, const uint32_t *other, HpFeature *features)
{
	for (uint32_t f = 0; f < FEATURES; f++)
	{
		bool		wide = c->features[f].wide;
		void	   *codes = hp_alloc(unit_env, RUNS, wide ? 2 : 1);

		for (uint32_t i = 0; i < RUNS; i++)
			if (wide)
				((uint16_t *) codes)[i] = c->wide[other[i]];
			else
				((uint8_t *) codes)[i] = c->narrow[f][other[i]];
		features[f] = features[FEATURES + f] = c->features[f];
		features[FEATURES + f].codes = codes;
	}
}

/* The tree of a seed, grown by hand; its permutation is drawn "inside out". */
static void
correct_by_hand(const Case *c, uint64_t seed, uint32_t t, double *corrected)
{
	HpFeature	features[2 * FEATURES];
	uint32_t	other[RUNS] = {0};
	double		gain[2 * FEATURES] = {0};
	double		sum = 0;
	HpRng		rng;

	hp_rng_init(&rng, seed, (UINT64_C(1) << 62) + t);
	for (uint32_t i = 0; i < RUNS; i++)
	{
		uint32_t	j = hp_rng_below(&rng, i + 1);

		other[i] = other[j];
		other[j] = i;
	}
	cast_shadows(c, other, features);
	hp_tree_grow(hp_grower_create(unit_env, features, 2 * FEATURES, RUNS, &half),
				 &rng, c->target, c->draws, gain, NULL);
	for (uint32_t f = 0; f < 2 * FEATURES; f++)
		sum += gain[f];
	for (uint32_t f = 0; f < FEATURES; f++)
		corrected[f] = (gain[f] - gain[FEATURES + f]) / sum;
}

/* One corrector for tree after tree, as a worker has it. */
static void
test_by_hand(void)
{
	UnitRandom	random = 311;
	Case	   *c = make_case(&random);
	HpCorrector *corrector = hp_corrector_create(unit_env, c->features,
												 FEATURES, RUNS, &half);
	uint32_t	changed[RUNS / 3];
	bool		same = true,
				differ = true;
	double		before = 0;

	for (uint32_t i = 0; i < RUNS / 3; i++)
		changed[i] = 3 * i;
	for (uint32_t t = 0; t < 12; t++)
	{
		double		got[FEATURES],
					want[FEATURES];

		/* as filled gaps do: codes change between trees */
		for (uint32_t i = 0; i < RUNS / 3; i++)
			c->narrow[1][changed[i]] = (uint8_t) random_below(&random, 200);
		hp_corrector_reread(corrector, 1, changed, RUNS / 3);
		hp_correct(corrector, 17, t, c->target, c->draws, got);
		correct_by_hand(c, 17, t, want);
		same = same && memcmp(got, want, sizeof(got)) == 0;
		differ = differ && got[0] != before && got[0] > 0.5;
		before = got[0];
	}
	ok(same, "trees on features and shadows are those grown by hand");
	ok(differ, "each on shadows of its own; what drives the target earns");
	unit_free_all();
}

static void
test_edges(void)
{
	UnitRandom	random = 313;
	Case	   *c = make_case(&random);
	HpTreeSettings settings = {0, RUNS, FEATURES};
	double		corrected[FEATURES] = {1, 1, 1, 1};
	double		sum = 0;

	hp_correct(hp_corrector_create(unit_env, c->features, FEATURES, RUNS,
								   &settings),
			   1, 1, c->target, c->draws, corrected);
	for (uint32_t f = 0; f < FEATURES; f++)
		sum += fabs(corrected[f]);
	is_double(sum, 0, 0, "a tree without splits: 0");
	unit_free_all();
}

/* ---- forests ---- */

static HpForestSettings
corrected_settings(int64_t trees, uint64_t seed)
{
	HpForestSettings settings = DEFAULTS;

	settings.trees = trees;
	settings.seed = seed;
	settings.permutation = false;
	settings.corrected = true;
	return settings;
}

/* The forest itself is none the wiser. */
static void
test_beside_the_forest(void)
{
	HpFrame    *frame = sweep_frame(150, 317);
	HpForestSettings settings = corrected_settings(20, 3);
	Trained		with = train(frame, &settings);
	Trained		without;

	settings.corrected = false;
	without = train(frame, &settings);
	ok(memcmp(with.result.impurity, without.result.impurity,
			  5 * sizeof(double)) == 0 &&
	   memcmp(with.out_of_bag.sum, without.out_of_bag.sum,
			  150 * sizeof(int64_t)) == 0 &&
	   with.result.r2 == without.result.r2, "the forest is the same");
	ok(without.result.corrected == NULL && without.reports[0].corrected == NULL,
	   "corrected importance only if asked for");
	unit_free_all();
}

/* Means over trees, clipped and scaled. */
static void
test_result(void)
{
	HpFrame    *frame = sweep_frame(150, 331);
	HpForestSettings settings = corrected_settings(20, 5);
	Trained		t = train(frame, &settings);
	long double sums[5] = {0};
	long double total = 0;
	uint32_t	clipped = 0;

	for (uint32_t f = 0; f < 5; f++)
	{
		for (int tree = 0; tree < 20; tree++)
			sums[f] += t.reports[tree].corrected[f];
		total += fmaxl(sums[f], 0);
		clipped += sums[f] < 0;
	}
	for (uint32_t f = 0; f < 5; f++)
		is_double(t.result.corrected[f], (double) (fmaxl(sums[f], 0) / total),
				  1e-12, "feature %u: clipped and scaled", f);
	ok(clipped > 0, "%u features earn less than their shadows", clipped);
	unit_free_all();
}

/* Features that do nothing earn impurity, but no more than their shadows. */
static void
test_credit(void)
{
	HpFrame    *frame = sweep_frame(300, 337);
	HpForestSettings settings = corrected_settings(100, 7);
	Trained		t = train(frame, &settings);
	uint32_t	lr = feature_called(frame, &t, "lr");
	uint32_t	optimizer = feature_called(frame, &t, "optimizer");
	uint32_t	seed = feature_called(frame, &t, "seed");
	uint32_t	momentum = feature_called(frame, &t, "momentum");
	const double *c = t.result.corrected;

	ok(t.result.impurity[seed] > 0.003 && c[seed] < 0.001,
	   "a seed: impurity %.3f, corrected %.3f", t.result.impurity[seed], c[seed]);
	ok(c[optimizer] > 0.5 && c[lr] > 0.1, "optimizer %.3f, lr %.3f",
	   c[optimizer], c[lr]);
	ok(column_called(frame, "momentum")->fill && c[momentum] < 0.05,
	   "filled gaps earn no credit: momentum %.3f", c[momentum]);
	unit_free_all();
}

/* ---- nothing matters ---- */

#define REPLICATES	60
#define KINDS		5

/* From two values to as many as runs, and a category; none does anything. */
static HpFrame *
noise_frame(UnitRandom *random, uint32_t n)
{
	static const char *const names[KINDS] = {"a", "b", "c", "d", "e"};
	HpInput		inputs[KINDS];
	HpValue    *cells[KINDS];
	double	   *metric = hp_alloc(unit_env, n, sizeof(double));

	for (int k = 0; k < KINDS; k++)
		cells[k] = hp_alloc0(unit_env, n, sizeof(HpValue));
	for (uint32_t i = 0; i < n; i++)
	{
		cells[0][i] = truth(random_below(random, 2));
		cells[1][i] = num(random_below(random, 5));
		cells[2][i] = str_numbered("level", random_below(random, 12));
		cells[3][i] = num(random_below(random, 40));
		cells[4][i] = num(random_uniform(random));
		metric[i] = random_normal(random);
	}
	for (int k = 0; k < KINDS; k++)
		inputs[k] = unit_input(names[k], cells[k], n);
	return unit_frame(inputs, KINDS, metric, n);
}

/*
 * Over many sets of noise the mean is 0, whatever the number of values: that
 * is what impurity fails.
 */
static void
test_noise(void)
{
	UnitRandom	random = 347;
	double		sum[KINDS] = {0},
				squares[KINDS] = {0},
				impurity[KINDS] = {0};

	for (uint32_t r = 0; r < REPLICATES; r++)
	{
		HpFrame    *frame = noise_frame(&random, 100);
		HpForestSettings settings = corrected_settings(20, r);
		Trained		t = train(frame, &settings);

		for (uint32_t k = 0; k < KINDS; k++)
		{
			double		mean = 0;

			for (int tree = 0; tree < 20; tree++)
				mean += t.reports[tree].corrected[k] / 20;
			sum[k] += mean;
			squares[k] += mean * mean;
			impurity[k] += t.result.impurity[k] / REPLICATES;
		}
		unit_free_all();
	}
	for (uint32_t k = 0; k < KINDS; k++)
	{
		double		mean = sum[k] / REPLICATES;
		double		error = sqrt((squares[k] / REPLICATES - mean * mean) /
								 REPLICATES);

		ok(fabs(mean) < 4 * error && fabs(mean) < 0.015,
		   "noise %u: impurity %.3f, corrected %.4f +- %.4f", k, impurity[k],
		   mean, error);
	}
	ok(impurity[4] > 5 * impurity[0], "impurity is biased on the same data");
}

static void
test_ticks(void)
{
	enum
	{
		N = 40000
	};
	uint8_t    *codes = hp_alloc0(unit_env, N, 1);
	int64_t    *target = hp_alloc0(unit_env, N, sizeof(int64_t));
	uint32_t   *draws = hp_alloc0(unit_env, N, sizeof(uint32_t));
	double		numbers[2] = {0, 1};
	HpFeature	feature = {.codes = codes, .numbers = numbers, .n_codes = 2};
	HpFeature	features[30];
	double		corrected[30];
	HpCorrector *corrector;
	long		before;

	for (int f = 0; f < 30; f++)
		features[f] = feature;
	corrector = hp_corrector_create(unit_env, features, 30, N,
									&(HpTreeSettings) {1, 1, 30});
	draws[0] = 1;
	before = unit_ticks;
	hp_correct(corrector, 1, 1, target, draws, corrected);
	ok(unit_ticks - before >= 30, "%ld ticks casting 30 shadows",
	   unit_ticks - before);
	unit_free_all();
}

int
main(void)
{
	test_by_hand();
	test_edges();
	test_beside_the_forest();
	test_result();
	test_credit();
	test_noise();
	test_ticks();
	return done();
}
