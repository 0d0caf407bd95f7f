/*
 * subtree.c
 *		Grow a small subtree with its features kept sorted.
 *
 * Two thirds of the work on a tree is in nodes of a few hundred samples and
 * below, where a histogram costs more than what it counts.  So from
 * HP_SUBTREE_SAMPLES samples on down the samples are sorted once by each
 * feature, and splitting a node partitions each order stably: a node is then
 * the same stretch in all orders, a constant feature is seen by comparing its
 * ends, and a scan runs over neighbours.
 *
 *		order of feature f:  | code, sample | code, sample | ...
 *							  \_____ node ______/
 *
 * Targets are taken about the node's mean, rounded down so that sums stay exact
 * integers.  The deviations of both sides (d of split.c) are of opposite sign
 * and equal size; the square is taken as the product of the two.  Being
 * symmetric, this gives the same score to the bit whichever side is the left:
 * splits of different features into the same parts must tie, or the lot
 * between them would be loaded.
 *
 * In nodes of a few samples many features make the same parts; there the
 * score of each possible part is computed once and looked up by the set of its
 * samples.
 */
#include <string.h>

#include "grow.h"

/* Nodes of at most so many samples look up scores by set. */
#define TINY			6
#define N_SETS			(1 << TINY)

/* Reciprocals kept; a subtree of more weight divides. */
#define N_RECIPROCALS	1024

/* An entry of an order. */
#define CODE(entry)		((entry) >> 16)
#define SAMPLE(entry)	((entry) & 0xffff)

struct HpSubtree
{
	int64_t		target[HP_SUBTREE_SAMPLES];
	uint32_t	weight[HP_SUBTREE_SAMPLES];
	HpBin		about_mean[HP_SUBTREE_SAMPLES]; /* of the node looked at */
	uint8_t		left[HP_SUBTREE_SAMPLES];	/* 1 if the sample goes left */
	uint8_t		set[HP_SUBTREE_SAMPLES];	/* the sample's bit in a tiny node */
	double		score[N_SETS];	/* of the part that is this set */
	uint32_t	scratch[HP_SUBTREE_SAMPLES];
	uint32_t   *orders;			/* HP_SUBTREE_SAMPLES entries per feature */
	double		reciprocal[N_RECIPROCALS];
};

HpSubtree *
hp_subtree_create(const HpEnv *env, uint32_t n_features)
{
	HpSubtree  *s = hp_alloc0(env, 1, sizeof(HpSubtree));

	s->orders = hp_alloc(env, (size_t) n_features * HP_SUBTREE_SAMPLES,
						 sizeof(uint32_t));
	for (uint32_t i = 1; i < N_RECIPROCALS; i++)
		s->reciprocal[i] = 1.0 / i;
	return s;
}

static inline uint32_t *
order_of(HpSubtree *s, uint32_t feature, const HpTask *task)
{
	return s->orders + (size_t) feature * HP_SUBTREE_SAMPLES + task->first;
}

static inline double
reciprocal(const HpSubtree *s, uint32_t weight)
{
	return weight < N_RECIPROCALS ? s->reciprocal[weight] : 1.0 / weight;
}

/* The sums of a node about its mean. */
typedef struct Total
{
	int64_t		target;			/* what rounding the mean leaves */
	double		rest;			/* the same a draw: mean = rounded + rest */
	uint32_t	weight;
} Total;

/* d^2 / (L R); rounding must not make it negative */
static inline double
score_of(const HpSubtree *s, int64_t left_target, uint32_t left_weight,
		 const Total *total)
{
	uint32_t	right_weight = total->weight - left_weight;
	double		left = (double) left_target - left_weight * total->rest;
	double		right = (double) (left_target - total->target) +
		right_weight * total->rest;
	double		square = left * right;

	return (square > 0 ? square : 0) *
		(reciprocal(s, left_weight) * reciprocal(s, right_weight));
}

/* ---- preparing a node ---- */

/* The mean of a node, rounded down. */
static int64_t
rounded_mean(const HpSums *sums)
{
	int64_t		mean = sums->target / (int64_t) sums->weight;

	return mean - (mean * (int64_t) sums->weight > sums->target);
}

static Total
take_about_mean(HpSubtree *s, const HpTask *task, const uint32_t *order)
{
	int64_t		mean = rounded_mean(&task->sums);
	Total		total = {
		.target = task->sums.target - mean * task->sums.weight,
		.weight = task->sums.weight
	};

	for (uint32_t i = 0; i < task->sums.samples; i++)
	{
		uint32_t	sample = SAMPLE(order[i]);
		uint32_t	weight = s->weight[sample];

		s->about_mean[sample].target = (s->target[sample] - mean) * weight;
		s->about_mean[sample].count = HP_COUNT_OF(weight);
	}
	total.rest = (double) total.target / total.weight;
	return total;
}

/* The score of each part a tiny node can be split into, by set of samples. */
static void
score_sets(HpSubtree *s, const Total *total, const uint32_t *order,
		   uint32_t n)
{
	int64_t		target[N_SETS];
	uint32_t	weight[N_SETS];

	target[0] = 0;
	weight[0] = 0;
	for (uint32_t i = 0; i < n; i++)
	{
		const HpBin *bin = &s->about_mean[SAMPLE(order[i])];

		s->set[SAMPLE(order[i])] = 1 << i;
		for (uint32_t set = 0; set < 1u << i; set++)
		{
			uint32_t	with = set | 1u << i;

			target[with] = target[set] + bin->target;
			weight[with] = weight[set] + (uint32_t) bin->count;
		}
	}
	for (uint32_t set = 1; set + 1 < 1u << n; set++)
		s->score[set] = score_of(s, target[set], weight[set], total);
}

/* ---- the best split by one feature ---- */

/* Where an order is best cut: behind entry `at`. */
typedef struct Cut
{
	double		score;
	uint32_t	at;
} Cut;

static inline bool
codes_differ(uint32_t a, uint32_t b)
{
	return (a ^ b) >> 16 != 0;
}

static Cut
cut_tiny(const HpSubtree *s, const uint32_t *order, uint32_t n)
{
	Cut			best = {-1, 0};
	uint32_t	set = 0;

	for (uint32_t i = 0; i + 1 < n; i++)
	{
		double		score;

		set |= s->set[SAMPLE(order[i])];
		score = codes_differ(order[i], order[i + 1]) ? s->score[set] : -1;
		if (score > best.score)
			best = (Cut) {score, i};
	}
	return best;
}

/* Each entry is one sample, so min_samples_leaf bounds the place of the cut. */
static Cut
cut_order(const HpSubtree *s, const uint32_t *order, uint32_t n,
		  const Total *total, uint32_t min_samples_leaf)
{
	Cut			best = {-1, 0};
	int64_t		target = 0;
	uint32_t	left = 0;
	uint32_t	i = 0;

	for (; i + 1 < min_samples_leaf; i++)
	{
		target += s->about_mean[SAMPLE(order[i])].target;
		left += (uint32_t) s->about_mean[SAMPLE(order[i])].count;
	}
	for (; i + min_samples_leaf < n; i++)
	{
		double		score;

		target += s->about_mean[SAMPLE(order[i])].target;
		left += (uint32_t) s->about_mean[SAMPLE(order[i])].count;
		if (!codes_differ(order[i], order[i + 1]))
			continue;
		score = score_of(s, target, left, total);
		if (score > best.score)
			best = (Cut) {score, i};
	}
	return best;
}

/* The levels of a category in a node, by mean. */
static HpLevel *
levels_of(HpGrower *g, const uint32_t *order, uint32_t n, uint32_t *n_levels)
{
	HpSubtree  *s = g->subtree;
	HpLevel    *levels = g->splitter.levels;

	*n_levels = 0;
	for (uint32_t i = 0; i < n;)
	{
		HpLevel    *level = &levels[(*n_levels)++];
		uint32_t	code = CODE(order[i]);

		*level = (HpLevel) {.code = code};
		for (; i < n && CODE(order[i]) == code; i++)
		{
			level->bin.target += s->about_mean[SAMPLE(order[i])].target;
			level->bin.count += s->about_mean[SAMPLE(order[i])].count;
		}
	}
	return hp_levels_by_mean(levels, g->splitter.scratch, *n_levels);
}

/* The best prefix of the levels; `at` is its last. */
static Cut
cut_levels(const HpSubtree *s, const HpLevel *levels, uint32_t n,
		   const HpTask *task, const Total *total, uint32_t min_samples_leaf)
{
	Cut			best = {-1, 0};
	HpBin		left = {0, 0};

	for (uint32_t i = 0; i + 1 < n; i++)
	{
		uint32_t	samples;
		double		score;

		left.target += levels[i].bin.target;
		left.count += levels[i].bin.count;
		samples = (uint32_t) (left.count >> 32);
		score = score_of(s, left.target, (uint32_t) left.count, total);
		if (score > best.score && samples >= min_samples_leaf &&
			task->sums.samples - samples >= min_samples_leaf)
			best = (Cut) {score, i};
	}
	return best;
}

/* ---- the best split of a node ---- */

/* The best split by one feature that varies in the node. */
static Cut
cut_feature(HpGrower *g, const HpTask *task, uint32_t feature,
			const uint32_t *order, const Total *total, bool tiny)
{
	uint32_t	n = task->sums.samples;

	if (g->features[feature].categorical)
	{
		uint32_t	n_levels;
		HpLevel    *levels = levels_of(g, order, n, &n_levels);

		return cut_levels(g->subtree, levels, n_levels, task, total,
						  g->settings.min_samples_leaf);
	}
	if (tiny)
		return cut_tiny(g->subtree, order, n);
	return cut_order(g->subtree, order, n, total,
					 g->settings.min_samples_leaf);
}

/*
 * The best of the node's features: score, feature and, in low, the place of
 * the cut.  Constant ones are taken off the list.
 */
static bool
choose_feature(HpGrower *g, const HpTask *task, uint16_t *list,
			   uint32_t *n_list, HpSplit *best)
{
	HpSubtree  *s = g->subtree;
	uint32_t	n = task->sums.samples;
	const uint32_t *any = order_of(s, list[0], task);
	Total		total = take_about_mean(s, task, any);
	bool		tiny = n <= TINY && g->settings.min_samples_leaf == 1;
	uint32_t	ties = 0;
	uint32_t	i = 0;

	if (tiny)
		score_sets(s, &total, any, n);
	while (i < *n_list)
	{
		uint16_t	feature = list[i];
		const uint32_t *order = order_of(s, feature, task);
		HpSplit		split = {.feature = feature};
		Cut			cut;

		if (!codes_differ(order[0], order[n - 1]))
		{
			list[i] = list[--*n_list];
			continue;
		}
		cut = cut_feature(g, task, feature, order, &total, tiny);
		split.score = cut.score;
		split.low = cut.at;
		hp_keep_better(g, best, &ties, &split);
		i++;
	}
	return best->score >= 0;
}

/* The sums of some samples. */
static void
add_samples(const HpSubtree *s, const uint32_t *order, uint32_t n,
			HpSums *sums)
{
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	sample = SAMPLE(order[i]);

		sums->target += s->target[sample] * (int64_t) s->weight[sample];
		sums->weight += s->weight[sample];
		sums->samples++;
	}
}

/* Complete a split of which the place is known. */
static void
complete_numeric(const HpSubtree *s, const uint32_t *order, HpSplit *split)
{
	uint32_t	at = split->low;

	split->low = CODE(order[at]);
	split->high = CODE(order[at + 1]);
	add_samples(s, order, at + 1, &split->left);
}

static void
complete_categorical(const HpLevel *levels, int64_t mean, HpSplit *split)
{
	split->high = split->low + 1;
	for (uint32_t i = 0; i < split->high; i++)
	{
		uint32_t	weight = (uint32_t) levels[i].bin.count;

		split->left.target += levels[i].bin.target + mean * weight;
		split->left.weight += weight;
		split->left.samples += (uint32_t) (levels[i].bin.count >> 32);
	}
}

/* ---- partitioning ---- */

/* The samples of one side to the front: left is 1 or 0. */
static void
keep_side(uint32_t *order, uint32_t n, const uint8_t *left, uint8_t side)
{
	uint32_t	kept = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	entry = order[i];

		order[kept] = entry;
		kept += left[SAMPLE(entry)] == side;
	}
}

static void
keep_both(uint32_t *order, uint32_t n, const uint8_t *left, uint32_t *scratch)
{
	uint32_t	n_left = 0;
	uint32_t	n_right = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	entry = order[i];
		uint32_t	goes_left = left[SAMPLE(entry)];

		order[n_left] = entry;
		scratch[n_right] = entry;
		n_left += goes_left;
		n_right += !goes_left;
	}
	for (uint32_t i = 0; i < n_right; i++)
		order[n_left + i] = scratch[i];
}

/*
 * Tell which samples go left, and whether each side has targets that differ.
 */
static void
choose_sides(HpGrower *g, const HpTask *task, const uint32_t *order,
			 bool *left_differs, bool *right_differs)
{
	HpSubtree  *s = g->subtree;
	const HpNode *node = &g->tree.nodes[task->node];
	uint32_t	n_codes = g->features[node->feature].n_codes;
	const int64_t *first[2] = {NULL, NULL};
	bool		differs[2] = {false, false};

	for (uint32_t i = 0; i < task->sums.samples; i++)
	{
		uint32_t	sample = SAMPLE(order[i]);
		bool		left = hp_goes_left(node, g->tree.lists, n_codes,
										CODE(order[i]));

		s->left[sample] = left;
		if (first[left] == NULL)
			first[left] = &s->target[sample];
		else
			differs[left] |= s->target[sample] != *first[left];
	}
	*left_differs = differs[true];
	*right_differs = differs[false];
}

/* Partition the orders for the children that go on. */
static void
partition_orders(HpGrower *g, const HpTask *task, const uint16_t *list,
				 uint32_t n_list, bool left, bool right)
{
	HpSubtree  *s = g->subtree;
	uint32_t	n = task->sums.samples;

	for (uint32_t i = 0; i < n_list; i++)
	{
		uint32_t   *order = order_of(s, list[i], task);

		if (left && right)
			keep_both(order, n, s->left, s->scratch);
		else
			keep_side(order, n, s->left, left);
	}
}

/* ---- growing ---- */

/* Grow one node; the children that go on are put on the stack. */
static void
grow_node(HpGrower *g, const HpTask *task, HpTask *waiting, uint32_t *n_waiting)
{
	HpSubtree  *s = g->subtree;
	uint32_t	list = hp_own_list(g, task);
	uint32_t	n_list = task->n_list;
	HpSplit		split = {.score = -1};
	HpLevel    *levels = NULL;
	uint32_t	n_levels = 0;
	const uint32_t *order;
	HpChildren	children;
	bool		left,
				right;

	if (!choose_feature(g, task, g->lists + list, &n_list, &split))
		return;
	order = order_of(s, split.feature, task);
	if (g->features[split.feature].categorical)
	{
		levels = levels_of(g, order, task->sums.samples, &n_levels);
		complete_categorical(levels, rounded_mean(&task->sums), &split);
	}
	else
		complete_numeric(s, order, &split);
	children = hp_split_node(g, task, &split, levels, n_levels, list, n_list);
	choose_sides(g, task, order, &left, &right);
	left = left && hp_may_split(g, &children.left.sums, children.left.depth);
	right = right && hp_may_split(g, &children.right.sums, children.right.depth);
	if (!left && !right)
		return;
	partition_orders(g, task, g->lists + list, n_list, left, right);
	if (left && right)
	{
		hp_push_children(waiting, n_waiting, &children);
		return;
	}
	waiting[*n_waiting] = left ? children.left : children.right;
	waiting[*n_waiting].first = task->first;
	waiting[(*n_waiting)++].last = true;
}

void
hp_subtree_grow(HpGrower *g, const HpTask *root)
{
	HpSubtree  *s = g->subtree;
	const HpSample *samples = g->samples + root->first;
	uint32_t	n = root->sums.samples;
	HpTask		waiting[HP_MAX_WAITING];
	uint32_t	n_waiting = 1;

	waiting[0] = *root;
	waiting[0].first = 0;
	for (uint32_t i = 0; i < n; i++)
	{
		s->target[i] = samples[i].target;
		s->weight[i] = samples[i].weight;
	}
	for (uint32_t i = 0; i < root->n_list; i++)
	{
		uint16_t	feature = g->lists[root->list + i];

		hp_order_samples(&g->splitter, feature, samples, n,
						 order_of(s, feature, &waiting[0]));
	}
	while (n_waiting > 0)
	{
		HpTask		task = waiting[--n_waiting];

		hp_count_visits(g, task.sums.samples * task.n_list);
		grow_node(g, &task, waiting, &n_waiting);
	}
}
