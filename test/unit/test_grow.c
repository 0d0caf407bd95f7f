/*
 * test_grow.c
 *		The ways to look at a node find the same; none misses a split.
 */
#include "data.h"

#include "core/grow.h"

#define N_FEATURES	9
#define MOST_RUNS	3000

/* Features of all kinds over some runs. */
typedef struct Sweep
{
	uint32_t	n;
	HpFeature	features[N_FEATURES];
	int64_t		target[MOST_RUNS];
	uint32_t	draws[MOST_RUNS];
} Sweep;

static const uint32_t codes_of_kind[N_FEATURES] = {2, 3, 12, 32, 33, 256, 257, 5000, 60};

/* 2, 5 and 8 are categories; targets depend on 0, 2, 4 and 7, and tie often. */
static Sweep *
make_sweep(uint32_t n, UnitRandom *random)
{
	Sweep	   *s = hp_alloc0(unit_env, 1, sizeof(Sweep));

	s->n = n;
	for (uint32_t f = 0; f < N_FEATURES; f++)
	{
		uint32_t	n_codes = codes_of_kind[f];
		bool		wide = n_codes > 256;
		double	   *numbers = hp_alloc(unit_env, n_codes, sizeof(double));
		void	   *codes = hp_alloc(unit_env, n, wide ? 2 : 1);

		for (uint32_t c = 0; c < n_codes; c++)
			numbers[c] = c * (double) c;
		for (uint32_t i = 0; i < n; i++)
		{
			uint32_t	code = random_below(random, n_codes);

			if (wide)
				((uint16_t *) codes)[i] = (uint16_t) code;
			else
				((uint8_t *) codes)[i] = (uint8_t) code;
			if (f % 2 == 0 || f == 7)
				s->target[i] += (int64_t) (code * (f + 1) * 64 / n_codes) << 20;
		}
		s->features[f] = (HpFeature) {
			.codes = codes, .numbers = numbers, .n_codes = n_codes,
			.wide = wide, .categorical = f % 3 == 2
		};
	}
	for (uint32_t i = 0; i < n; i++)
	{
		s->target[i] += (int64_t) random_below(random, 4) << 22;
		s->draws[i] = random_below(random, 3);
	}
	return s;
}

/* ---- the same trees ---- */

/* Grow with limits of one's own; the tree lies in the grower. */
static const HpTree *
grow_with(const Sweep *s, uint32_t ordered, uint32_t small,
		  const HpTreeSettings *settings, double *gain)
{
	HpGrower   *g = hp_grower_create(unit_env, s->features, N_FEATURES, s->n,
									 settings);
	HpRng		rng;

	g->histograms = hp_histograms_create(unit_env, g->rows, ordered < s->n);
	/* no more than the grower has room for */
	g->ordered_samples = ordered < g->ordered_samples ? ordered :
		g->ordered_samples;
	g->small_samples = small < g->small_samples ? small : g->small_samples;
	hp_rng_init(&rng, 7, 11);
	return hp_tree_grow(g, &rng, s->target, s->draws, gain, NULL);
}

static void
test_limits(uint32_t n, uint32_t features_per_split, uint32_t min_samples_leaf)
{
	static const uint32_t limits[][2] = {
		{8192, 128}, {8192, 9}, {8192, 40}, {200, 128}, {40, 40}, {0, 0}, {1000, 64}
	};
	HpTreeSettings settings = {
		.min_samples_leaf = min_samples_leaf,
		.features_per_split = features_per_split
	};
	UnitRandom	random = 91 + n;
	Sweep	   *s = make_sweep(n, &random);
	double		gain[LENGTH(limits)][N_FEATURES] = {{0}};
	const HpTree *first = grow_with(s, limits[0][0], limits[0][1], &settings,
									gain[0]);
	bool		same = true;

	for (uint32_t l = 1; l < LENGTH(limits); l++)
	{
		same = same && same_tree(first, grow_with(s, limits[l][0], limits[l][1],
												  &settings, gain[l]));
		same = same && memcmp(gain[l], gain[0], sizeof(gain[0])) == 0;
	}
	ok(same && first->n_nodes > 1,
	   "%u runs, %u features per split, leaves of %u: the same tree (%u nodes) "
	   "whatever is sorted when", n, features_per_split, min_samples_leaf,
	   first->n_nodes);
	unit_free_all();
}

/* ---- one grower, many trees ---- */

static int64_t
predict(const Sweep *s, const HpTree *tree, uint32_t run)
{
	const HpNode *node = tree->nodes;

	while (node->left != 0)
	{
		const HpFeature *f = &s->features[node->feature];

		node = &tree->nodes[node->left +
							!hp_goes_left(node, tree->lists, f->n_codes,
										  hp_feature_code(f, run))];
	}
	return node->value;
}

/* residual of what was drawn, and of nothing else, which is -1. */
static bool
residual_right(const Sweep *s, const HpTree *tree, const int64_t *residual)
{
	for (uint32_t run = 0; run < s->n; run++)
		if (residual[run] != (s->draws[run] == 0 ? -1 :
							  s->target[run] - predict(s, tree, run)))
			return false;
	return true;
}

/* Other draws; and some runs get another code of a wide feature. */
static void
change(Sweep *s, HpGrower *g, bool codes, UnitRandom *random)
{
	uint32_t	runs[2] = {random_below(random, s->n), random_below(random, s->n)};

	for (uint32_t i = 0; i < s->n; i++)
		s->draws[i] = random_below(random, 3);
	s->draws[runs[0]] = s->draws[runs[1]] = 1;
	if (!codes)
		return;
	for (int k = 0; k < 2; k++)
		((uint16_t *) s->features[7].codes)[runs[k]] =
			(uint16_t) random_below(random, codes_of_kind[7]);
	hp_grower_reread(g, 7, runs, 2);
}

/* What a grower keeps from tree to tree must not show. */
static void
test_many_trees(uint32_t n, HpTreeSettings settings, bool codes)
{
	UnitRandom	random = 151 + n;
	Sweep	   *s = make_sweep(n, &random);
	HpGrower   *g = hp_grower_create(unit_env, s->features, N_FEATURES, n,
									 &settings);
	bool		same = true;
	bool		left = true;
	uint32_t	nodes = 0;

	for (uint64_t t = 0; t < 6; t++)
	{
		int64_t    *residual = hp_alloc(unit_env, n, sizeof(int64_t));
		double		gain[2][N_FEATURES] = {{0}};
		const HpTree *tree;
		HpRng		rng;

		change(s, g, codes, &random);
		for (uint32_t i = 0; i < n; i++)
			residual[i] = -1;
		hp_rng_init(&rng, 7, 11);
		tree = hp_tree_grow(g, &rng, s->target, s->draws, gain[0], residual);
		same = same && same_tree(tree, grow_with(s, UINT32_MAX, UINT32_MAX,
												 &settings, gain[1])) &&
			memcmp(gain[0], gain[1], sizeof(gain[0])) == 0;
		left = left && residual_right(s, tree, residual);
		nodes += tree->n_nodes;
	}
	ok(same, "%u runs, %s: six trees of one grower are as of six (%u nodes)", n,
	   codes ? "codes that change" : "the same codes", nodes);
	ok(left, "what they leave of the runs drawn");
	unit_free_all();
}

/* An environment that counts what it gives. */
static void *
counting_alloc(void *arg, size_t size)
{
	*(size_t *) arg += size;
	return unit_env->alloc(unit_env->arg, size);
}

static void
test_memory(uint32_t n)
{
	UnitRandom	random = 173;
	Sweep	   *s = make_sweep(n, &random);
	HpTreeSettings settings = {0, 1, N_FEATURES};
	size_t		bytes = 0;
	HpEnv		env = {counting_alloc, unit_env->tick, &bytes};
	double		gain[N_FEATURES] = {0};
	HpGrower   *g;
	size_t		before;
	HpRng		rng;

	/* lists of levels are the trees' own affair */
	for (uint32_t f = 0; f < N_FEATURES; f++)
		s->features[f].categorical = false;
	g = hp_grower_create(&env, s->features, N_FEATURES, n, &settings);
	before = bytes;

	hp_rng_init(&rng, 7, 11);
	for (int t = 0; t < 3; t++)
		hp_tree_grow(g, &rng, s->target, s->draws, gain, NULL);
	ok(bytes > before && bytes <= before + hp_grower_later(g),
	   "%u runs: %zu bytes were allocated while growing, %zu expected at most", n,
	   bytes - before, hp_grower_later(g));
	unit_free_all();
}

/* ---- histograms ---- */

/* Bins of a wide feature hold stretches of so many codes. */
static bool
counted_coarsely(const HpFeature *feature, const HpBin *bins,
				 const HpSample *samples, uint32_t n)
{
	uint32_t	codes = 1;

	while ((feature->n_codes - 1) / codes >= HP_COARSE_BINS)
		codes *= 2;
	for (uint32_t b = 0; b < HP_COARSE_BINS; b++)
	{
		HpBin		want = {0, 0};

		for (uint32_t i = 0; i < n; i++)
			if (hp_feature_code(feature, samples[i].run) / codes == b)
			{
				want.target += samples[i].target * samples[i].weight;
				want.count += HP_COUNT_OF(samples[i].weight);
			}
		if (bins[b].target != want.target || bins[b].count != want.count)
			return false;
	}
	return true;
}

static bool
counted(const Sweep *s, const HpHistograms *h, uint32_t histogram, HpExtent extent,
		const HpSample *samples, uint32_t n)
{
	for (uint32_t f = 0; f < N_FEATURES; f++)
	{
		const HpFeature *feature = &s->features[f];
		const HpBin *bins;

		if (feature->wide && extent == HP_COARSE && !feature->categorical &&
			!counted_coarsely(feature, hp_histogram_bins(h, histogram, f),
							  samples, n))
			return false;
		if (feature->wide || (extent == HP_FEW && !hp_has_few_codes(feature)))
			continue;
		bins = hp_histogram_bins(h, histogram, f);
		for (uint32_t c = 0; c < feature->n_codes; c++)
		{
			HpBin		want = {0, 0};

			for (uint32_t i = 0; i < n; i++)
				if (hp_feature_code(feature, samples[i].run) == c)
				{
					want.target += samples[i].target * samples[i].weight;
					want.count += HP_COUNT_OF(samples[i].weight);
				}
			if (bins[c].target != want.target || bins[c].count != want.count)
				return false;
		}
	}
	return true;
}

static void
test_histograms(void)
{
	UnitRandom	random = 101;
	Sweep	   *s = make_sweep(300, &random);
	HpRows	   *rows = hp_rows_create(unit_env, s->features, N_FEATURES, 300);
	HpHistograms *h = hp_histograms_create(unit_env, rows, true);
	HpSample	samples[300];
	uint32_t	numbers[100];
	HpMembers	all = {samples, NULL, 300};
	HpMembers	part = {samples, numbers, 100};
	HpSample	taken[100];
	uint32_t	whole,
				less,
				few;

	for (uint32_t i = 0; i < 300; i++)
		samples[i] = (HpSample) {s->target[i] - 12345, i, 1 + i % 3};
	for (uint32_t i = 0; i < 100; i++)
	{
		numbers[i] = 77 << 16 | (299 - i);	/* codes are not looked at */
		taken[i] = samples[299 - i];
	}
	whole = hp_histogram_fill(h, &all, HP_COARSE);
	ok(counted(s, h, whole, HP_COARSE, samples, 300), "all samples are counted");
	less = hp_histogram_fill(h, &part, HP_COARSE);
	ok(counted(s, h, less, HP_COARSE, taken, 100), "so are some, named by number");
	hp_histogram_subtract(h, whole, less, HP_COARSE);
	ok(counted(s, h, whole, HP_COARSE, samples, 200), "less those, the others are left");
	hp_histogram_release(h, less);
	few = hp_histogram_fill(h, &all, HP_FEW);
	ok(counted(s, h, few, HP_FEW, samples, 300), "features of few codes alone");
	hp_histogram_remove(h, few, &part, HP_FEW);
	ok(counted(s, h, few, HP_FEW, samples, 200), "samples are taken away");
	((uint8_t *) s->features[1].codes)[5] ^= 1;
	hp_rows_reread(rows, 1, (uint32_t[]) {5}, 1);
	hp_histogram_release(h, few);
	few = hp_histogram_fill(h, &all, HP_FEW);
	ok(counted(s, h, few, HP_FEW, samples, 300), "codes that changed are read again");
	unit_free_all();
}

/* ---- rows ---- */

static void
test_rows(void)
{
	UnitRandom	random = 107;
	Sweep	   *s = make_sweep(50, &random);
	HpRows	   *rows = hp_rows_create(unit_env, s->features, N_FEATURES, 50);
	bool		same = true;

	hp_rows_ready(rows);
	for (uint32_t run = 0; run < 50; run++)
		for (uint32_t f = 0; f < N_FEATURES; f++)
			same = same && hp_row_code(rows, hp_row(rows, run), f) ==
				hp_feature_code(&s->features[f], run);
	ok(same, "rows hold the codes of all features");
	hp_rows_use(rows, 3, 40);
	hp_rows_ready(rows);
	for (uint32_t f = 0; f < 3; f++)
		same = same && hp_row_code(rows, hp_row(rows, 39), f) ==
			hp_feature_code(&s->features[f], 39);
	ok(same, "of fewer features and runs, too");
	unit_free_all();
}

/* ---- screening ---- */

/* A node of n samples with targets of some shape. */
static void
make_samples(HpSample *samples, uint32_t n, int shape, UnitRandom *random)
{
	for (uint32_t i = 0; i < n; i++)
	{
		double		x = random_normal(random);

		samples[i] = (HpSample) {
			.run = i, .weight = 1 + random_below(random, 4)
		};
		switch (shape)
		{
			case 0:
				samples[i].target = (int64_t) (x * 0x1p40);
				break;
			case 1:				/* one far out */
				samples[i].target = (int64_t) (x * 0x1p20) +
					(i == n / 2 ? INT64_C(1) << 47 : 0);
				break;
			case 2:				/* units of the fixed point */
				samples[i].target = random_below(random, 4);
				break;
			default:			/* far from 0 */
				samples[i].target = (INT64_C(1) << 46) + (int64_t) (x * 0x1p10);
		}
	}
}

/*
 * The score of the best split by a feature in a node must not be screened out
 * as a floor; a floor well above should mostly be.
 */
static void
test_screen(bool categorical)
{
	UnitRandom	random = 113;
	HpScreen   *screen = hp_screen_create(unit_env, 600);
	bool		never_missed = true;
	uint32_t	ruled_out = 0;
	uint32_t	tried = 0;

	for (uint32_t round = 0; round < 4000; round++)
	{
		uint32_t	n = 2 + random_below(&random, round % 10 ? 60 : 500);
		uint32_t	n_codes = 2 + random_below(&random, 20);
		HpSample	samples[600];
		uint32_t	order[600];
		HpBin		bins[32] = {{0}};
		HpSums		sums = {0};
		HpTotal		total;
		HpMembers	members = {samples, NULL, n};
		HpSplitter	splitter;
		HpFeature	feature = {.n_codes = n_codes, .categorical = categorical};
		uint32_t	n_levels;
		HpLevel    *levels;
		HpSplit		best;
		uint32_t	k = 0;

		make_samples(samples, n, (int) (round % 4), &random);
		for (uint32_t i = 0; i < n; i++)
		{
			uint32_t	code = random_below(&random, n_codes);

			bins[code].target += samples[i].target * samples[i].weight;
			bins[code].count += HP_COUNT_OF(samples[i].weight);
			order[i] = code << 16 | i;
			sums.target += samples[i].target * samples[i].weight;
			sums.weight += samples[i].weight;
			sums.samples++;
		}
		for (uint32_t i = 1; i < n; i++)	/* sort */
			for (k = i; k > 0 && order[k - 1] > order[k]; k--)
			{
				uint32_t	swap = order[k];

				order[k] = order[k - 1];
				order[k - 1] = swap;
			}
		total = hp_total(&sums, 1 + round % 3);
		hp_splitter_init(&splitter, unit_env, &feature, 1);
		n_levels = hp_levels_of_bins(&splitter, bins, n_codes);
		levels = categorical ? hp_levels_by_mean(splitter.levels,
												 splitter.scratch, n_levels) :
			splitter.levels;
		hp_split_levels(&splitter, 0, levels, n_levels, &total, -1, &best);
		if (best.score < 0)
			continue;
		hp_screen_node(screen, &members, &total);
		hp_screen_raise(screen, best.score);
		never_missed = never_missed &&
			(categorical ? hp_screen_levels_of_bins(screen, bins, n_codes) &&
			 hp_screen_levels_of_order(screen, order) :
			 hp_screen_bins(screen, bins, n_codes) &&
			 hp_screen_order(screen, order));
		hp_screen_raise(screen, best.score * 2);
		tried += best.score > 0 && round % 4 == 0;
		ruled_out += best.score > 0 && round % 4 == 0 &&
			(categorical ? !hp_screen_levels_of_bins(screen, bins, n_codes) &&
			 !hp_screen_levels_of_order(screen, order) :
			 !hp_screen_bins(screen, bins, n_codes) &&
			 !hp_screen_order(screen, order));
	}
	ok(never_missed, "%s: what reaches the floor is never ruled out",
	   categorical ? "categories" : "numbers");
	ok(ruled_out > tried * 9 / 10, "what reaches half of it mostly is (%u of %u)",
	   ruled_out, tried);
	unit_free_all();
}

int
main(void)
{
	test_limits(3000, N_FEATURES, 1);
	test_limits(3000, 3, 1);
	test_limits(700, N_FEATURES, 3);
	test_limits(60, N_FEATURES, 1);
	test_limits(10, N_FEATURES, 1);
	for (int codes = 0; codes < 2; codes++)
	{
		test_many_trees(3000, (HpTreeSettings) {0, 1, N_FEATURES}, codes);
		test_many_trees(3000, (HpTreeSettings) {0, 14, N_FEATURES}, codes);
		test_many_trees(300, (HpTreeSettings) {3, 1, 4}, codes);
		test_many_trees(7, (HpTreeSettings) {0, 1, N_FEATURES}, codes);
		test_many_trees(2, (HpTreeSettings) {0, 2, N_FEATURES}, codes);
	}
	test_memory(2);
	test_memory(300);
	test_memory(3000);
	test_histograms();
	test_rows();
	test_screen(false);
	test_screen(true);
	return done();
}
