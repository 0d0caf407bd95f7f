/*
 * test_split.c
 *		The best split of a node against brute force.
 */
#include "data.h"

#include "core/split.h"

#define MOST_SAMPLES	3000

/* A node: samples of one feature, and a splitter for it. */
typedef struct Node
{
	HpFeature	feature;
	HpSplitter	splitter;
	HpSample	samples[MOST_SAMPLES];
	uint32_t	n;
	uint32_t	min_samples_leaf;
	HpSums		total;
} Node;

static Node *
make_node(uint32_t n, uint32_t n_codes, uint32_t min_samples_leaf,
		  bool categorical)
{
	Node	   *node = hp_alloc0(unit_env, 1, sizeof(Node));
	double	   *numbers = hp_alloc(unit_env, n_codes, sizeof(double));
	bool		wide = n_codes > 256;

	for (uint32_t c = 0; c < n_codes; c++)
		numbers[c] = c == 0 ? NAN : c * (double) c;
	node->n = n;
	node->feature = (HpFeature) {
		.codes = hp_alloc0(unit_env, n, wide ? 2 : 1),
		.numbers = categorical ? NULL : numbers,
		.n_codes = n_codes, .wide = wide, .categorical = categorical
	};
	node->min_samples_leaf = min_samples_leaf;
	hp_splitter_init(&node->splitter, unit_env, &node->feature, 1);
	return node;
}

/* The levels of a node: by mean if categorical, else by code. */
static HpLevel *
levels_of(Node *node, uint32_t *n_levels)
{
	HpSplitter *s = &node->splitter;

	*n_levels = hp_collect_levels(s, 0, node->samples, node->n);
	if (!node->feature.categorical)
		return s->levels;
	return hp_levels_by_mean(s->levels, s->scratch, *n_levels);
}

/* The best split that scores at least floor; false if there is one code. */
static bool
best_split_from(Node *node, double floor, HpSplit *split)
{
	HpTotal		total = hp_total(&node->total, node->min_samples_leaf);
	uint32_t	n_levels;
	HpLevel    *levels = levels_of(node, &n_levels);

	hp_split_levels(&node->splitter, 0, levels, n_levels, &total, floor, split);
	return n_levels > 1;
}

static bool
best_split(Node *node, HpSplit *split)
{
	return best_split_from(node, -1, split);
}

static void
set_sample(Node *node, uint32_t i, uint32_t code, int64_t target,
		   uint32_t weight)
{
	if (node->feature.wide)
		((uint16_t *) node->feature.codes)[i] = (uint16_t) code;
	else
		((uint8_t *) node->feature.codes)[i] = (uint8_t) code;
	node->samples[i] = (HpSample) {target, i, weight};
	node->total.target += target * weight;
	node->total.weight += weight;
	node->total.samples++;
}

static uint32_t
code_of(const Node *node, uint32_t i)
{
	return hp_feature_code(&node->feature, node->samples[i].run);
}

/* The splitter must leave its bins as it found them. */
static bool
is_clean(const Node *node)
{
	const HpSplitter *s = &node->splitter;
	uint32_t	codes = node->feature.n_codes;

	for (uint32_t c = 0; c < codes; c++)
		if (s->bins[c].target != 0 || s->bins[c].count != 0)
			return false;
	for (uint32_t w = 0; w < codes / 64 + 1; w++)
		if (s->occupied[w] != 0)
			return false;
	for (uint32_t w = 0; w < codes / 4096 + 1; w++)
		if (s->summary[w] != 0)
			return false;
	return true;
}

/* ---- brute force: sums of squares by their definition ---- */

/* Of the samples with left[i] == side. */
static long double
squares(const Node *node, const bool *left, bool side)
{
	long double sum = 0,
				weight = 0,
				result = 0;

	for (uint32_t i = 0; i < node->n; i++)
		if (left[i] == side)
		{
			sum += (long double) node->samples[i].target * node->samples[i].weight;
			weight += node->samples[i].weight;
		}
	for (uint32_t i = 0; i < node->n; i++)
		if (left[i] == side)
		{
			long double d = node->samples[i].target - sum / weight;

			result += d * d * node->samples[i].weight;
		}
	return result;
}

static uint32_t
count_left(const Node *node, const bool *left)
{
	uint32_t	count = 0;

	for (uint32_t i = 0; i < node->n; i++)
		count += left[i];
	return count;
}

static long double
squares_of_all(const Node *node)
{
	bool		left[MOST_SAMPLES] = {false};

	return squares(node, left, false);
}

/* What the split saves: all squares less those of the sides; -1 if not valid. */
static long double
saving(const Node *node, const bool *left)
{
	uint32_t	count = count_left(node, left);
	uint32_t	least = node->min_samples_leaf;

	if (count < least || node->n - count < least)
		return -1;
	return squares_of_all(node) - squares(node, left, true) -
		squares(node, left, false);
}

/* The best saving of all thresholds on the code. */
static long double
best_threshold(const Node *node)
{
	long double best = -1;

	for (uint32_t cut = 0; cut + 1 < node->feature.n_codes; cut++)
	{
		bool		left[MOST_SAMPLES];
		bool		there = false;

		for (uint32_t i = 0; i < node->n; i++)
		{
			left[i] = code_of(node, i) <= cut;
			there = there || code_of(node, i) == cut;
		}
		if (there && count_left(node, left) < node->n)
			best = fmaxl(best, saving(node, left));
	}
	return best;
}

/* The best saving of all subsets of levels (codes 0 .. n_codes - 1). */
static long double
best_subset(const Node *node)
{
	long double best = -1;

	for (uint32_t subset = 1; subset < 1u << node->feature.n_codes; subset++)
	{
		bool		left[MOST_SAMPLES];
		uint32_t	count;

		for (uint32_t i = 0; i < node->n; i++)
			left[i] = subset >> code_of(node, i) & 1;
		count = count_left(node, left);
		if (count > 0 && count < node->n)
			best = fmaxl(best, saving(node, left));
	}
	return best;
}

/* Whether the split's left sums are those of the samples that go left. */
static bool
left_sums_right(const Node *node, const HpSplit *split, const bool *left)
{
	HpSums		sums = {0};

	for (uint32_t i = 0; i < node->n; i++)
		if (left[i])
		{
			sums.target += node->samples[i].target * node->samples[i].weight;
			sums.weight += node->samples[i].weight;
			sums.samples++;
		}
	return sums.target == split->left.target &&
		sums.weight == split->left.weight &&
		sums.samples == split->left.samples;
}

/* A mean of 2^40 is rounded to 2^-13: beside a spread of 2^20 below 1e-6. */
static bool
near(long double a, long double b, long double scale)
{
	return fabsl(a - b) <= 1e-6L * scale;
}

/* ---- numeric ---- */

/* Check a numeric split of a node; returns whether all is well. */
static bool
check_numeric(Node *node)
{
	HpSplit		split;
	bool		varies = best_split(node, &split);
	bool		constant = true;
	bool		left[MOST_SAMPLES];
	long double all = squares_of_all(node);
	long double best;

	if (!is_clean(node))
		return false;
	for (uint32_t i = 1; i < node->n; i++)
		constant = constant && code_of(node, i) == code_of(node, 0);
	if (constant)
		return !varies;
	best = best_threshold(node);
	if (!varies || best < 0)
		return varies && split.score == -1;
	for (uint32_t i = 0; i < node->n; i++)
		left[i] = code_of(node, i) <=
			hp_halfway_code(&node->feature, split.low, split.high);
	/* score * W is the saving, and no threshold saves more */
	return near((long double) split.score * node->total.weight, best, all) &&
		near(saving(node, left), best, all) && left_sums_right(node, &split, left);
}

static int64_t
random_target(UnitRandom *random, int shape)
{
	switch (shape)
	{
		case 0:					/* small, many ties */
			return (int64_t) random_below(random, 5) - 2;
		case 1:					/* the whole range of the fixed point */
			return (int64_t) ((random_uniform(random) - 0.5) * 0x1p49);
		default:				/* far from 0, little spread */
			return (INT64_C(1) << 40) + random_below(random, 1 << 20);
	}
}

static void
test_numeric(uint32_t n_codes, uint32_t most, uint32_t rounds)
{
	UnitRandom	random = 53 + n_codes;
	bool		good = true;

	for (uint32_t round = 0; round < rounds; round++)
	{
		uint32_t	n = 2 + random_below(&random, most - 1);
		uint32_t	used = 1 + random_below(&random, n_codes);
		Node	   *node = make_node(n, n_codes, 1 + round % 4, false);

		for (uint32_t i = 0; i < n; i++)
			set_sample(node, i, n_codes - 1 - random_below(&random, used),
					   random_target(&random, (int) (round % 3)),
					   1 + random_below(&random, 4));
		good = good && check_numeric(node);
	}
	ok(good, "%u codes, up to %u samples: no threshold is better", n_codes, most);
	unit_free_all();
}

/*
 * Codes 1 1 2 2, targets 0 2 10 12: means 1 and 11, all around 6: the split
 * saves 4 * 5^2 = 100; score = 100 / W = 25.
 */
static void
test_by_hand(void)
{
	Node	   *node = make_node(4, 3, 1, false);
	HpSplit		split;

	set_sample(node, 0, 1, 0, 1);
	set_sample(node, 1, 2, 12, 1);
	set_sample(node, 2, 1, 2, 1);
	set_sample(node, 3, 2, 10, 1);
	ok(best_split(node, &split),
	   "two codes can be split");
	is_double(split.score, 25, 0, "the score is what it saves over W");
	is_int(hp_halfway_code(&node->feature, split.low, split.high), 1,
		   "between 1 and 2");
	ok(split.left.target == 2 && split.left.weight == 2 &&
	   split.left.samples == 2, "two runs go left");
	node->min_samples_leaf = 2;
	best_split(node, &split);
	is_double(split.score, 25, 0, "leaves of two are allowed");
	node->min_samples_leaf = 3;
	ok(best_split(node, &split),
	   "leaves of three are not, though the codes differ");
	is_double(split.score, -1, 0, "the score says so");
	ok(is_clean(node), "and the bins are clean");
}

/* min_samples_leaf counts runs, not draws. */
static void
test_weights(void)
{
	Node	   *node = make_node(3, 4, 2, false);
	HpSplit		split;

	set_sample(node, 0, 1, 0, 9);
	set_sample(node, 1, 2, 100, 1);
	set_sample(node, 2, 3, 100, 1);
	best_split(node, &split);
	is_double(split.score, -1, 0, "one run drawn nine times is one run");
	node->min_samples_leaf = 1;
	best_split(node, &split);
	/* 9 at 0 and 2 at 100: between-squares 9 * 2 / 11 * 100^2; over W = 11 */
	is_double(split.score, 18.0 / 11 * 10000 / 11, 1e-14, "weights count");
}

/* ---- where the threshold falls ---- */

static uint32_t
halfway_by_walking(const HpFeature *f, uint32_t low, uint32_t high)
{
	double		threshold = f->numbers[low] / 2 + f->numbers[high] / 2;
	uint32_t	last = low;

	for (uint32_t c = low + 1; c < high; c++)
		if (f->numbers[c] <= threshold)
			last = c;
	return last;
}

static void
test_halfway(void)
{
	double		numbers[300];
	HpFeature	f = {.numbers = numbers, .n_codes = 300, .n_words = 4, .wide = true};
	UnitRandom	random = 59;
	double		x = -1e6;
	bool		good = true;

	for (uint32_t c = 0; c < 300; c++)
		numbers[c] = c <= 4 ? NAN : (x += pow(10, 6 * random_uniform(&random)));
	for (uint32_t low = 5; low < 300; low += 7)
		for (uint32_t high = low + 1; high < 300; high++)
			good = good && hp_halfway_code(&f, low, high) ==
				halfway_by_walking(&f, low, high);
	ok(good, "the last code below a threshold halfway");
	for (uint32_t low = 0; low <= 4; low++)
		is_int(hp_halfway_code(&f, low, 200), low,
			   "behind word %u nothing is halfway", low);
	/* 1 and 9: halfway is 5, which goes left as in scikit-learn (<=) */
	for (uint32_t c = 5; c < 15; c++)
		numbers[c] = c - 4;
	is_int(hp_halfway_code(&f, 5, 13), 9, "5 itself lies left of 5");
	numbers[5] = -1.7e308;
	numbers[6] = 1.6e308;
	numbers[7] = 1.7e308;
	is_int(hp_halfway_code(&f, 5, 7), 5, "halfway between +-1.7e308 is 0");
	numbers[7] = INFINITY;
	numbers[5] = 1.5e308;
	numbers[7] = 1.7e308;
	is_int(hp_halfway_code(&f, 5, 7), 6, "between 1.5e308 and 1.7e308: 1.6e308");
}

/* ---- categorical ---- */

/* Check a categorical split; the list of levels must tell what it is. */
static bool
check_categorical(Node *node)
{
	HpSplit		split;
	HpLevel    *levels;
	uint32_t	n_levels;
	bool		goes_left[8] = {false};
	bool		left[MOST_SAMPLES];
	bool		varies = best_split(node, &split);
	long double all = squares_of_all(node);

	if (!is_clean(node))
		return false;
	levels = levels_of(node, &n_levels);
	if (!is_clean(node) || varies != (n_levels > 1))
		return false;
	if (!varies)
		return true;
	for (uint32_t i = 0; i < split.high; i++)
		goes_left[levels[i].code] = true;
	for (uint32_t i = 0; i < node->n; i++)
		left[i] = goes_left[code_of(node, i)];
	return near((long double) split.score * node->total.weight,
				best_subset(node), all) &&
		near(saving(node, left), best_subset(node), all) &&
		left_sums_right(node, &split, left);
}

/* Fisher: the best of all subsets of levels is a prefix by mean. */
static void
test_fisher(void)
{
	UnitRandom	random = 61;
	bool		good = true;

	for (uint32_t round = 0; round < 300; round++)
	{
		uint32_t	n = 2 + random_below(&random, 30);
		uint32_t	n_codes = 2 + random_below(&random, 7);
		Node	   *node = make_node(n, n_codes, 1, true);

		for (uint32_t i = 0; i < n; i++)
			set_sample(node, i, random_below(&random, n_codes),
					   random_target(&random, (int) (round % 3)),
					   1 + random_below(&random, 4));
		good = good && check_categorical(node);
		unit_free_all();
	}
	ok(good, "up to 8 levels: no subset of them splits better");
}

/* By mean, of equal means by code; with the sums of their samples. */
static bool
levels_right(const Node *node, const HpLevel *levels, uint32_t n)
{
	uint64_t	samples = 0;

	for (uint32_t l = 0; l < n; l++)
	{
		int64_t		target = 0;
		uint64_t	count = 0;

		for (uint32_t i = 0; i < node->n; i++)
			if (code_of(node, i) == levels[l].code)
			{
				target += node->samples[i].target * node->samples[i].weight;
				count += (UINT64_C(1) << 32) + node->samples[i].weight;
			}
		if (count == 0 || target != levels[l].bin.target || count != levels[l].bin.count)
			return false;
		if (l > 0 && (levels[l].mean < levels[l - 1].mean ||
					  (levels[l].mean == levels[l - 1].mean &&
					   levels[l].code <= levels[l - 1].code)))
			return false;
		samples += count >> 32;
	}
	return samples == node->n;
}

static void
test_order_levels(void)
{
	static const uint32_t counts[] = {2, 24, 25, 100, 256, 257, 5000, 65536};
	UnitRandom	random = 67;

	for (uint32_t k = 0; k < LENGTH(counts); k++)
	{
		uint32_t	n = counts[k] < 1500 ? 2 * counts[k] : MOST_SAMPLES;
		Node	   *node = make_node(n, counts[k], 1, true);
		HpLevel    *levels;
		uint32_t	n_levels;

		for (uint32_t i = 0; i < n; i++)
			set_sample(node, i, i == 0 ? counts[k] - 1 :
					   random_below(&random, counts[k]),
					   random_target(&random, 0), 1 + i % 3);
		levels = levels_of(node, &n_levels);
		ok(levels_right(node, levels, n_levels) && is_clean(node),
		   "%u levels: in order of their means", counts[k]);
		unit_free_all();
	}
}

static void
test_sort_levels(void)
{
	enum
	{
		MOST = 1500
	};
	UnitRandom	random = 71;
	HpLevel    *levels = hp_alloc(unit_env, MOST, sizeof(HpLevel));
	HpLevel    *scratch = hp_alloc(unit_env, MOST, sizeof(HpLevel));
	bool		good = true;

	for (uint32_t n = 0; n < MOST; n = n < 110 ? n + 1 : n + 97)
	{
		HpLevel    *sorted;
		uint64_t	codes = 0;

		for (uint32_t i = 0; i < n; i++)
			levels[i] = (HpLevel) {.mean = random_below(&random, n), .code = i};
		sorted = hp_sort_levels(levels, scratch, n);
		for (uint32_t i = 0; i < n; i++)
		{
			codes += sorted[i].code;
			good = good && (i == 0 || sorted[i - 1].mean < sorted[i].mean ||
							(sorted[i - 1].mean == sorted[i].mean &&
							 sorted[i - 1].code < sorted[i].code));
		}
		good = good && (n == 0 || codes == (uint64_t) n * (n - 1) / 2);
	}
	ok(good, "0 to 1,500 levels are sorted stably");
	unit_free_all();
}

/* A floor hides what scores less, and nothing else. */
static void
test_floor(void)
{
	UnitRandom	random = 73;
	bool		good = true;

	for (uint32_t round = 0; round < 300; round++)
	{
		uint32_t	n = 2 + random_below(&random, 30);
		uint32_t	n_codes = 2 + random_below(&random, 7);
		Node	   *node = make_node(n, n_codes, 1 + round % 3, round % 2);
		HpSplit		free,
					floored;

		for (uint32_t i = 0; i < n; i++)
			set_sample(node, i, random_below(&random, n_codes),
					   random_target(&random, (int) (round % 3)),
					   1 + random_below(&random, 4));
		if (best_split(node, &free) && free.score >= 0)
		{
			best_split_from(node, free.score, &floored);
			good = good && floored.score == free.score &&
				floored.low == free.low && floored.high == free.high &&
				floored.left.target == free.left.target;
			best_split_from(node, nextafter(free.score, INFINITY), &floored);
			good = good && floored.score == -1;
		}
		unit_free_all();
	}
	ok(good, "a floor hides what scores less, and nothing else");
}

/*
 * Stretches of codes must not rule out what reaches the floor; where the
 * targets follow the code they should rule out what is well above.
 */
static void
test_stretches(void)
{
	UnitRandom	random = 79;
	bool		never_missed = true;
	uint32_t	ruled_out = 0;
	uint32_t	tried = 0;

	for (uint32_t round = 0; round < 300; round++)
	{
		uint32_t	n_codes = 300 + random_below(&random, 3000);
		uint32_t	n = 2 + random_below(&random, MOST_SAMPLES - 2);
		uint32_t	stretch = 1 + random_below(&random, 64);
		bool		follows = round % 2 == 0;
		Node	   *node = make_node(n, n_codes, 1, false);
		HpBin	   *bins = hp_alloc0(unit_env, n_codes, sizeof(HpBin));
		int64_t		lowest = INT64_MAX;
		int64_t		highest = INT64_MIN;
		HpTotal		total;
		HpSplit		best;

		for (uint32_t i = 0; i < n; i++)
		{
			uint32_t	code = random_below(&random, n_codes);
			int64_t		target = random_target(&random, (int) (round % 3)) +
				(follows && code > n_codes / 3 ? INT64_C(1) << (round % 49) : 0);

			set_sample(node, i, code, target, 1 + random_below(&random, 4));
			bins[code / stretch].target += target * node->samples[i].weight;
			bins[code / stretch].count += HP_COUNT_OF(node->samples[i].weight);
			lowest = target < lowest ? target : lowest;
			highest = target > highest ? target : highest;
		}
		total = hp_total(&node->total, 1);
		if (best_split(node, &best) && best.score >= 0)
		{
			never_missed = never_missed &&
				hp_stretches_may_reach(bins, n_codes, &total, lowest, highest,
									   best.score);
			if (follows && stretch < 8 && n > 500)
			{
				tried++;
				ruled_out += !hp_stretches_may_reach(bins, n_codes, &total,
													 lowest, highest,
													 2 * best.score);
			}
		}
		unit_free_all();
	}
	ok(never_missed, "stretches of codes never rule out what reaches the floor");
	ok(ruled_out * 2 > tried && tried > 5,
	   "they do what reaches half of it (%u of %u)", ruled_out, tried);
}

/* One splitter serves narrow and wide features in turn. */
static void
test_features_in_turn(void)
{
	enum
	{
		N = 200
	};
	uint8_t		narrow[N];
	uint16_t	wide[N];
	double	   *numbers = hp_alloc(unit_env, 65536, sizeof(double));
	HpFeature	features[2] = {
		{.codes = narrow, .numbers = numbers, .n_codes = 256},
		{.codes = wide, .numbers = numbers, .n_codes = 65536, .wide = true}
	};
	HpSplitter	splitter;
	HpSample	samples[N];
	HpSums		total = {0};
	HpTotal		about;
	HpSplit		splits[3],
				first,
				second,
				again;

	for (uint32_t c = 0; c < 65536; c++)
		numbers[c] = c;
	for (uint32_t i = 0; i < N; i++)
	{
		narrow[i] = (uint8_t) (i + 56);	/* to 255 */
		wide[i] = (uint16_t) (i * 329 + 64);	/* to 65,535 */
		samples[i] = (HpSample) {i * i, i, 1};
		total.target += samples[i].target;
		total.weight++;
		total.samples++;
	}
	about = hp_total(&total, 1);
	hp_splitter_init(&splitter, unit_env, features, 2);
	for (int i = 0; i < 3; i++)
		hp_split_levels(&splitter, i % 2, splitter.levels,
						hp_collect_levels(&splitter, i % 2, samples, N),
						&about, -1, &splits[i]);
	first = splits[0];
	second = splits[1];
	again = splits[2];
	ok(first.score == second.score && first.left.samples == second.left.samples,
	   "the same order in 256 and in 65,536 codes: the same split");
	ok(first.score == again.score && first.low == again.low &&
	   first.high == again.high,
	   "neither leaves anything to the other");
	is_int(second.feature, 1, "the split names its feature");
	unit_free_all();
}

int
main(void)
{
	test_by_hand();
	test_weights();
	test_numeric(2, 10, 60);
	test_numeric(5, 30, 300);
	test_numeric(64, 60, 100);
	test_numeric(256, 40, 100);
	test_numeric(257, 40, 60);
	test_numeric(4097, 12, 20);
	test_numeric(65536, 6, 4);
	test_halfway();
	test_fisher();
	test_order_levels();
	test_sort_levels();
	test_floor();
	test_stretches();
	test_features_in_turn();
	return done();
}
