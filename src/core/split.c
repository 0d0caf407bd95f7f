/*
 * split.c
 *		The best binary split of a node.
 *
 * The criterion is the reduction of the sum of squares, of a node of weight W
 * and mean m by a left child of weight L and target sum s:
 *
 *					   W
 *		reduction = ------- d^2		with  d = s - L m
 *					 L (W-L)
 *
 * which is the between-children sum of squares (Breiman et al. 1984, 8.4).
 * Writing it by the deviation d, not by the squared sums of both sides, keeps
 * its digits when the mean is far from zero.  s and L are exact integers.
 *
 * Levels of a category are ordered by their mean target in the node; the best
 * of all subsets of levels is then a prefix of that order (Fisher 1958;
 * Breiman et al. 1984, theorem 4.5).
 *
 * The bins hold zero between calls: walking the occupied codes clears them
 * again, so that a small node costs its own size and not that of the code
 * range.  occupied has a bit per code, summary a bit per word of occupied.
 */
#include "split.h"

#define COUNT_OF(weight)	((UINT64_C(1) << 32) + (weight))

void
hp_splitter_init(HpSplitter *splitter, const HpEnv *env,
				 const HpFeature *features, uint32_t n_features,
				 uint32_t min_samples_leaf)
{
	uint32_t	codes = 1;
	uint32_t	levels = 1;

	for (uint32_t f = 0; f < n_features; f++)
	{
		if (features[f].n_codes > codes)
			codes = features[f].n_codes;
		if (features[f].categorical && features[f].n_codes > levels)
			levels = features[f].n_codes;
	}
	splitter->env = env;
	splitter->features = features;
	splitter->min_samples_leaf = min_samples_leaf;
	splitter->bins = hp_alloc0(env, codes, sizeof(HpBin));
	/* narrow columns always have their four words walked */
	splitter->occupied = hp_alloc0(env, codes / 64 + 4, sizeof(uint64_t));
	splitter->summary = hp_alloc0(env, codes / 4096 + 1, sizeof(uint64_t));
	splitter->levels = hp_alloc(env, levels, sizeof(HpLevel));
	splitter->levels_scratch = hp_alloc(env, levels, sizeof(HpLevel));
}

/* Put one sample with the given code into the histogram. */
static inline void
add_sample(HpSplitter *splitter, uint32_t code, const HpSample *sample)
{
	HpBin	   *bin = &splitter->bins[code];

	bin->target += sample->target * (int64_t) sample->weight;
	bin->count += COUNT_OF(sample->weight);
	splitter->occupied[code / 64] |= UINT64_C(1) << (code % 64);
}

static void
fill_bins(HpSplitter *splitter, const HpFeature *feature,
		  const HpSample *samples, uint32_t n)
{
	if (feature->wide)
	{
		const uint16_t *codes = feature->codes;

		for (uint32_t i = 0; i < n; i++)
		{
			uint32_t	code = codes[samples[i].run];

			add_sample(splitter, code, &samples[i]);
			splitter->summary[code / 4096] |= UINT64_C(1) << (code / 64 % 64);
		}
	}
	else
	{
		const uint8_t *codes = feature->codes;

		for (uint32_t i = 0; i < n; i++)
			add_sample(splitter, codes[samples[i].run], &samples[i]);
		splitter->summary[0] = 15;
	}
}

/* ---- walking the occupied codes in order, clearing the bins ---- */

typedef struct Walk
{
	uint64_t	words;			/* words of this summary word still to visit */
	uint64_t	bits;			/* codes of this word still to visit */
	uint32_t	summary;
	uint32_t	n_summary;
	uint32_t	word;
} Walk;

static inline void
start_walk(Walk *walk, HpSplitter *splitter, const HpFeature *feature)
{
	walk->words = splitter->summary[0];
	walk->bits = 0;
	walk->summary = 0;
	walk->n_summary = (feature->n_codes - 1) / 4096 + 1;
	splitter->summary[0] = 0;
}

/* The next occupied code and its bin; false after the last. */
static inline bool
next_bin(Walk *walk, HpSplitter *splitter, uint32_t *code, HpBin *bin)
{
	while (walk->bits == 0)
	{
		while (walk->words == 0)
		{
			if (++walk->summary >= walk->n_summary)
				return false;
			walk->words = splitter->summary[walk->summary];
			splitter->summary[walk->summary] = 0;
		}
		walk->word = walk->summary * 64 +
			(uint32_t) __builtin_ctzll(walk->words);
		walk->words &= walk->words - 1;
		walk->bits = splitter->occupied[walk->word];
		splitter->occupied[walk->word] = 0;
	}
	*code = walk->word * 64 + (uint32_t) __builtin_ctzll(walk->bits);
	walk->bits &= walk->bits - 1;
	*bin = splitter->bins[*code];
	splitter->bins[*code] = (HpBin) {0, 0};
	return true;
}

/* ---- scanning candidates ---- */

/* A left child growing from candidate to candidate, and the best of them. */
typedef struct Scan
{
	const HpSums *total;
	double		mean;
	uint64_t	min_count;		/* min_samples_leaf << 32 */
	uint64_t	total_count;
	int64_t		target;
	uint64_t	count;
	double		best;
	int64_t		best_target;
	uint64_t	best_count;
	uint32_t	best_low;		/* the last code left, the first code right */
	uint32_t	best_high;
} Scan;

static Scan
start_scan(const HpSplitter *splitter, const HpSums *total)
{
	return (Scan) {
		.total = total,
		.mean = (double) total->target / total->weight,
		.min_count = (uint64_t) splitter->min_samples_leaf << 32,
		.total_count = ((uint64_t) total->samples << 32) + total->weight,
		.best = -1
	};
}

/* Try the split between what was added so far and the code high. */
static inline void
try_split(Scan *scan, uint32_t low, uint32_t high)
{
	double		left = (uint32_t) scan->count;
	double		right = scan->total->weight - left;
	double		deviation = scan->target - left * scan->mean;
	double		score = deviation * deviation / (left * right);

	if (score > scan->best &&
		scan->count >= scan->min_count &&
		scan->total_count - scan->count >= scan->min_count)
	{
		scan->best = score;
		scan->best_target = scan->target;
		scan->best_count = scan->count;
		scan->best_low = low;
		scan->best_high = high;
	}
}

static inline void
add_left(Scan *scan, int64_t target, uint64_t count)
{
	scan->target += target;
	scan->count += count;
}

static void
finish_scan(const Scan *scan, uint32_t feature, uint32_t cut, HpSplit *split)
{
	split->score = scan->best;
	split->feature = feature;
	split->cut = cut;
	split->left.target = scan->best_target;
	split->left.weight = (uint32_t) scan->best_count;
	split->left.samples = (uint32_t) (scan->best_count >> 32);
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

static bool
split_numeric(HpSplitter *splitter, uint32_t feature, const HpSums *total,
			  HpSplit *split)
{
	const HpFeature *f = &splitter->features[feature];
	Scan		scan = start_scan(splitter, total);
	Walk		walk;
	HpBin		bin = {0, 0};
	uint32_t	low = 0;
	uint32_t	code;

	start_walk(&walk, splitter, f);
	next_bin(&walk, splitter, &low, &bin);
	add_left(&scan, bin.target, bin.count);
	if (!next_bin(&walk, splitter, &code, &bin))
		return false;
	do
	{
		try_split(&scan, low, code);
		add_left(&scan, bin.target, bin.count);
		low = code;
	} while (next_bin(&walk, splitter, &code, &bin));
	finish_scan(&scan, feature, scan.best < 0 ? 0 :
				hp_halfway_code(f, scan.best_low, scan.best_high), split);
	return true;
}

/* ---- levels ---- */

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

/* The occupied levels by mean; *n is their number. */
static HpLevel *
collect_levels(HpSplitter *splitter, const HpFeature *feature, uint32_t *n)
{
	Walk		walk;
	HpBin		bin;
	uint32_t	code;

	*n = 0;
	start_walk(&walk, splitter, feature);
	while (next_bin(&walk, splitter, &code, &bin))
		splitter->levels[(*n)++] = (HpLevel) {
			.mean = (double) bin.target / (uint32_t) bin.count,
			.target = bin.target,
			.count = bin.count,
			.code = code
		};
	return hp_sort_levels(splitter->levels, splitter->levels_scratch, *n);
}

HpLevel *
hp_order_levels(HpSplitter *splitter, uint32_t feature,
				const HpSample *samples, uint32_t n, uint32_t *n_levels)
{
	const HpFeature *f = &splitter->features[feature];

	fill_bins(splitter, f, samples, n);
	return collect_levels(splitter, f, n_levels);
}

static bool
split_categorical(HpSplitter *splitter, uint32_t feature, const HpSums *total,
				  HpSplit *split)
{
	Scan		scan = start_scan(splitter, total);
	uint32_t	n;
	HpLevel    *levels = collect_levels(splitter,
										&splitter->features[feature], &n);

	for (uint32_t i = 0; i < n; i++)
	{
		if (i > 0)
			try_split(&scan, i - 1, i);
		add_left(&scan, levels[i].target, levels[i].count);
	}
	finish_scan(&scan, feature, scan.best_high, split);
	return n > 1;
}

bool
hp_best_split(HpSplitter *splitter, uint32_t feature, const HpSample *samples,
			  uint32_t n, const HpSums *total, HpSplit *split)
{
	const HpFeature *f = &splitter->features[feature];

	fill_bins(splitter, f, samples, n);
	if (f->categorical)
		return split_categorical(splitter, feature, total, split);
	return split_numeric(splitter, feature, total, split);
}
