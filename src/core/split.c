/*
 * split.c
 *		The best binary split of a node by one feature.
 *
 * The criterion is the reduction of the sum of squares, of a node of weight W
 * and mean m by a left child of weight L and target sum s:
 *
 *					   W
 *		reduction = ------- d^2		with  d = s - L m
 *					 L (W-L)
 *
 * which is the between-children sum of squares (Breiman et al. 1984, 8.4).
 * The deviations of both sides are of equal size and opposite sign; d^2 is
 * taken as the product of the two, which is the same to the bit whichever side
 * is the left: splits of different features into the same parts must tie, or
 * the lot between them would be loaded.  s and L are exact integers.
 *
 * Levels of a category are ordered by their mean target in the node; the best
 * of all subsets of levels is then a prefix of that order (Fisher 1958;
 * Breiman et al. 1984, theorem 4.5).
 *
 * The bins hold zero between calls: collecting the codes that occur clears
 * them again.  Where a node is small beside the range of codes, a bitmap
 * over codes (occupied) and one over its words (summary) tell which bins to
 * look at, so that the node costs its own size and not that of the range.
 */
#include "split.h"

void
hp_splitter_init(HpSplitter *splitter, const HpEnv *env,
				 const HpFeature *features, uint32_t n_features)
{
	uint32_t	codes = 1;

	for (uint32_t f = 0; f < n_features; f++)
		if (features[f].n_codes > codes)
			codes = features[f].n_codes;
	splitter->env = env;
	splitter->features = features;
	splitter->bins = hp_alloc0(env, codes, sizeof(HpBin));
	splitter->occupied = hp_alloc0(env, codes / 64 + 1, sizeof(uint64_t));
	splitter->summary = hp_alloc0(env, codes / 4096 + 1, sizeof(uint64_t));
	/* one to spare: collecting writes ahead */
	splitter->levels = hp_alloc(env, (size_t) codes + 1, sizeof(HpLevel));
	splitter->scratch = hp_alloc(env, (size_t) codes + 1, sizeof(HpLevel));
}

/* ---- the codes that occur, and their sums ---- */

static inline void
add_sample(HpBin *bin, const HpSample *sample)
{
	bin->target += sample->target * (int64_t) sample->weight;
	bin->count += HP_COUNT_OF(sample->weight);
}

static inline void
mark(HpSplitter *splitter, uint32_t code)
{
	splitter->occupied[code / 64] |= UINT64_C(1) << (code % 64);
	splitter->summary[code / 4096] |= UINT64_C(1) << (code / 64 % 64);
}

/* Many samples: fill all bins, then look at each. */
static uint32_t
collect_dense(HpSplitter *splitter, const HpFeature *feature,
			  const HpSample *samples, uint32_t n)
{
	HpBin	   *bins = splitter->bins;
	HpLevel    *levels = splitter->levels;
	uint32_t	n_levels = 0;

	if (feature->wide)
		for (uint32_t i = 0; i < n; i++)
			add_sample(&bins[((const uint16_t *) feature->codes)[samples[i].run]],
					   &samples[i]);
	else
		for (uint32_t i = 0; i < n; i++)
			add_sample(&bins[((const uint8_t *) feature->codes)[samples[i].run]],
					   &samples[i]);
	for (uint32_t code = 0; code < feature->n_codes; code++)
	{
		levels[n_levels].bin = bins[code];
		levels[n_levels].code = code;
		n_levels += bins[code].count != 0;
		bins[code] = (HpBin) {0, 0};
	}
	return n_levels;
}

/* Visit the bits of a word from the lowest on: each becomes `bit`. */
#define FOR_EACH_BIT(bit, word) \
	for (uint64_t bit##_left = (word); \
		 bit##_left != 0 && \
		 ((bit) = (uint32_t) __builtin_ctzll(bit##_left), true); \
		 bit##_left &= bit##_left - 1)

/* Few samples: look at the bins that the bitmaps name. */
static uint32_t
collect_sparse(HpSplitter *splitter, const HpFeature *feature,
			   const HpSample *samples, uint32_t n)
{
	HpLevel    *levels = splitter->levels;
	uint32_t	n_levels = 0;
	uint32_t	word,
				bit;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	code = hp_feature_code(feature, samples[i].run);

		add_sample(&splitter->bins[code], &samples[i]);
		mark(splitter, code);
	}
	for (uint32_t s = 0; s <= (feature->n_codes - 1) / 4096; s++)
	{
		FOR_EACH_BIT(word, splitter->summary[s])
		{
			FOR_EACH_BIT(bit, splitter->occupied[s * 64 + word])
			{
				uint32_t	code = (s * 64 + word) * 64 + bit;

				levels[n_levels].bin = splitter->bins[code];
				levels[n_levels++].code = code;
				splitter->bins[code] = (HpBin) {0, 0};
			}
			splitter->occupied[s * 64 + word] = 0;
		}
		splitter->summary[s] = 0;
	}
	return n_levels;
}

uint32_t
hp_collect_levels(HpSplitter *splitter, uint32_t feature,
				  const HpSample *samples, uint32_t n)
{
	const HpFeature *f = &splitter->features[feature];

	if (n >= f->n_codes / 2)
		return collect_dense(splitter, f, samples, n);
	return collect_sparse(splitter, f, samples, n);
}

uint32_t
hp_levels_of_bins(HpSplitter *splitter, const HpBin *bins, uint32_t n_codes)
{
	HpLevel    *levels = splitter->levels;
	uint32_t	n_levels = 0;

	for (uint32_t code = 0; code < n_codes; code++)
	{
		levels[n_levels].bin = bins[code];
		levels[n_levels].code = code;
		n_levels += bins[code].count != 0;
	}
	return n_levels;
}

/* ---- levels by mean ---- */

#define INSERTION_MAX 24

static void
sort_few_levels(HpLevel *levels, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
	{
		HpLevel		level = levels[i];
		uint32_t	j = i;

		for (; j > 0 && levels[j - 1].mean > level.mean; j--)
			levels[j] = levels[j - 1];
		levels[j] = level;
	}
}

HpLevel *
hp_sort_levels(HpLevel *levels, HpLevel *scratch, uint32_t n)
{
	HpLevel    *from = levels;
	HpLevel    *to = scratch;

	for (uint32_t first = 0; first < n; first += INSERTION_MAX)
		sort_few_levels(from + first, n - first < INSERTION_MAX ?
						n - first : INSERTION_MAX);
	for (uint32_t width = INSERTION_MAX; width < n; width *= 2)
	{
		HpLevel    *swap = from;

		for (uint32_t left = 0; left < n; left += 2 * width)
		{
			uint32_t	middle = n - left < width ? n : left + width;
			uint32_t	right = n - left < 2 * width ? n : left + 2 * width;
			uint32_t	a = left;
			uint32_t	b = middle;

			for (uint32_t i = left; i < right; i++)
				to[i] = a < middle &&
					(b >= right || from[a].mean <= from[b].mean) ?
					from[a++] : from[b++];
		}
		from = to;
		to = swap;
	}
	return from;
}

HpLevel *
hp_levels_by_mean(HpLevel *levels, HpLevel *scratch, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		levels[i].mean = (double) levels[i].bin.target /
			(uint32_t) levels[i].bin.count;
	return hp_sort_levels(levels, scratch, n);
}

/* ---- candidates ---- */

HpTotal
hp_total(const HpSums *sums, uint32_t min_samples_leaf)
{
	HpTotal		total = {
		.weight = sums->weight,
		.samples = sums->samples,
		.min_samples_leaf = min_samples_leaf
	};

	/* the nearest integer will do, or one beside it: no division of integers */
	total.mean = (int64_t) ((double) sums->target / sums->weight);
	total.target = sums->target - total.mean * sums->weight;
	total.rest = (double) total.target / total.weight;
	return total;
}

void
hp_split_levels(const HpSplitter *splitter, uint32_t feature,
				const HpLevel *levels, uint32_t n, const HpTotal *total,
				double floor, HpSplit *split)
{
	uint64_t	all = ((uint64_t) total->samples << 32) + total->weight;
	uint64_t	least = (uint64_t) total->min_samples_leaf << 32;
	HpBin		left = {0, 0};

	split->score = -1;
	split->feature = feature;
	for (uint32_t i = 0; i + 1 < n; i++)
	{
		uint32_t	left_weight;
		int64_t		about_mean;
		double		score;

		left.target += levels[i].bin.target;
		left.count += levels[i].bin.count;
		left_weight = (uint32_t) left.count;
		about_mean = left.target - total->mean * left_weight;
		if (hp_falls_short(total, about_mean, left_weight, floor) ||
			left.count < least || all - left.count < least)
			continue;
		score = hp_score(total, about_mean, left_weight);
		if (score < floor || score <= split->score)
			continue;
		*split = (HpSplit) {
			.score = score,
			.feature = feature,
			.low = levels[i].code,
			.high = splitter->features[feature].categorical ? i + 1 :
				levels[i + 1].code,
			.left = {left.target, left_weight, (uint32_t) (left.count >> 32)}
		};
		floor = score;
	}
}

/* ---- what stretches of codes tell ---- */

/* The samples left of some cut. */
typedef struct Left
{
	double		deviation;		/* d of the head of this file */
	double		weight;
} Left;

static Left
left_of(const HpTotal *total, const HpBin *left)
{
	uint32_t	weight = (uint32_t) left->count;

	return (Left) {
		(double) (left->target - total->mean * weight) - weight * total->rest,
		weight
	};
}

/*
 * Whether a cut between two may reach the floor.  Going from a to b the
 * deviation rises by at most `up` a draw and falls by at most `down`: it stays
 * below a line that rises from a and one that falls to b, and above two of the
 * other sort.  Along a line d^2 / (L (W-L)), a square over what is concave, is
 * largest at an end, so it is enough to look where the lines meet.
 */
static bool
may_reach_between(Left a, Left b, double up, double down, double weight,
				  double floor)
{
	double		draws = b.weight - a.weight;
	double		rise = b.deviation - a.deviation;
	double		to_highest = (rise + draws * down) / (up + down);
	double		to_lowest = (draws * up - rise) / (up + down);
	double		highest = a.deviation + up * to_highest;
	double		lowest = a.deviation - down * to_lowest;
	double		left_of_highest = a.weight + to_highest;
	double		left_of_lowest = a.weight + to_lowest;

	return highest * highest >=
		floor * left_of_highest * (weight - left_of_highest) ||
		lowest * lowest >= floor * left_of_lowest * (weight - left_of_lowest);
}

bool
hp_stretches_may_reach(const HpBin *bins, uint32_t n, const HpTotal *total,
					   int64_t lowest, int64_t highest, double floor)
{
	double		up = (double) (highest - total->mean) - total->rest;
	double		down = (double) (total->mean - lowest) + total->rest;
	double		lowered = floor * (1 - 1e-6);
	HpBin		sums = {0, 0};
	Left		before = {0, 0};

	if (!(up > 0 && down > 0))
		return true;
	for (uint32_t i = 0; i < n; i++)
	{
		Left		after;

		if (bins[i].count == 0)
			continue;
		if ((uint32_t) bins[i].count == total->weight)
			return true;
		sums.target += bins[i].target;
		sums.count += bins[i].count;
		after = left_of(total, &sums);
		if (after.weight < total->weight &&
			after.deviation * after.deviation >=
			lowered * after.weight * (total->weight - after.weight))
			return true;
		if (bins[i].count >> 32 > 1 &&
			may_reach_between(before, after, up, down, total->weight, lowered))
			return true;
		before = after;
	}
	return false;
}

uint32_t
hp_halfway_code(const HpFeature *feature, uint32_t low, uint32_t high)
{
	double		threshold;

	if (low <= feature->n_words)
		return low;
	threshold = feature->numbers[low] / 2 + feature->numbers[high] / 2;
	while (low + 1 < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (feature->numbers[middle] <= threshold)
			low = middle;
		else
			high = middle;
	}
	return low;
}
