/*
 * tree.c
 *		Grow one regression tree (CART: Breiman, Friedman, Olshen, Stone 1984).
 *
 * A node is a stretch of the samples; splitting it partitions the stretch in
 * place, so that both children are stretches again.  Of two children the
 * smaller is grown first: what waits on the stack is then at most one node
 * for each halving, whatever the shape of the tree.
 *
 * Features found constant in a node are constant below it and left out there.
 * The list of features a node has to look at is kept in a stack as well: the
 * child grown last shortens its parent's list in place.
 *
 * Equally good splits of different features are decided by lot, so that
 * copies of a parameter share the credit.
 */
#include <string.h>

#include "tree.h"

/* Visits of (sample, feature) between two ticks: about 2 ms. */
#define VISITS_PER_TICK		500000

/* Halvings of 2^31 samples, and one. */
#define MAX_WAITING			32

/* A node to be grown. */
typedef struct Task
{
	HpSums		sums;
	uint32_t	node;
	uint32_t	first;			/* samples[first .. first + sums.samples) */
	uint32_t	depth;
	uint32_t	list;			/* features to look at: where they begin */
	uint32_t	n_list;
	bool		last;			/* of its siblings: the list is its own */
} Task;

struct HpGrower
{
	const HpEnv *env;
	const HpFeature *features;
	uint32_t	n_features;
	uint32_t	n_runs;
	HpTreeSettings settings;
	HpSplitter	splitter;
	HpSample   *samples;
	HpSample   *scratch;
	uint16_t   *lists;			/* stack of feature lists */
	Task		waiting[MAX_WAITING];
	uint32_t	n_waiting;
	uint32_t	visits;			/* since the last tick */
	HpTree		tree;

	/* of the tree being grown */
	HpRng	   *rng;
	double	   *gain;
};

HpGrower *
hp_grower_create(const HpEnv *env, const HpFeature *features,
				 uint32_t n_features, uint32_t n_runs,
				 const HpTreeSettings *settings)
{
	HpGrower   *g = hp_alloc0(env, 1, sizeof(HpGrower));

	g->env = env;
	g->features = features;
	g->n_features = n_features;
	g->n_runs = n_runs;
	g->settings = *settings;
	hp_splitter_init(&g->splitter, env, features, n_features,
					 settings->min_samples_leaf);
	g->samples = hp_alloc(env, n_runs, sizeof(HpSample));
	g->scratch = hp_alloc(env, n_runs, sizeof(HpSample));
	g->lists = hp_alloc(env, (size_t) (MAX_WAITING + 2) * n_features,
						sizeof(uint16_t));
	g->tree.nodes = hp_alloc(env, 2 * (size_t) n_runs, sizeof(HpNode));
	return g;
}

/* ---- lists of levels ---- */

static uint32_t
list_words(uint32_t n_codes, uint32_t n_listed)
{
	if (n_codes <= HP_DENSE_CODES)
		return (n_codes + 63) / 64;
	return (n_listed + 1 + 3) / 4;	/* the count takes the first quarter */
}

/* Room for a list of words, zeroed; returns its place. */
static size_t
reserve_list(HpGrower *g, uint32_t words)
{
	HpTree	   *tree = &g->tree;
	size_t		place = tree->n_list_words;

	if (place + words > tree->cap_list_words)
	{
		size_t		cap = 2 * (place + words) + 1024;
		uint64_t   *grown = hp_alloc(g->env, cap, sizeof(uint64_t));

		if (place > 0)
			memcpy(grown, tree->lists, place * sizeof(uint64_t));
		tree->lists = grown;
		tree->cap_list_words = cap;
	}
	memset(tree->lists + place, 0, words * sizeof(uint64_t));
	tree->n_list_words += words;
	return place;
}

static inline uint32_t
quarter(const uint64_t *words, uint32_t i)
{
	return (uint16_t) (words[i / 4] >> (i % 4 * 16));
}

static inline void
set_quarter(uint64_t *words, uint32_t i, uint32_t code)
{
	words[i / 4] |= (uint64_t) code << (i % 4 * 16);
}

bool
hp_node_lists(const HpNode *node, const uint64_t *lists, uint32_t n_codes,
			  uint32_t code)
{
	const uint64_t *words = lists + node->cut;
	uint32_t	first = 1;
	uint32_t	end;

	if (code >= n_codes)
		return false;
	if (n_codes <= HP_DENSE_CODES)
		return words[code / 64] >> (code % 64) & 1;
	end = quarter(words, 0) + 1;
	while (first < end)
	{
		uint32_t	middle = first + (end - first) / 2;
		uint32_t	found = quarter(words, middle);

		if (found == code)
			return true;
		if (found < code)
			first = middle + 1;
		else
			end = middle;
	}
	return false;
}

/* The listed levels by code, in the splitter's memory. */
static HpLevel *
sort_by_code(HpSplitter *splitter, HpLevel *listed, uint32_t n)
{
	HpLevel    *levels = splitter->levels;

	memmove(levels, listed, n * sizeof(HpLevel));
	for (uint32_t i = 0; i < n; i++)
		levels[i].mean = levels[i].code;
	return hp_sort_levels(levels, splitter->levels_scratch, n);
}

/* List the levels of the lighter side of a categorical split. */
static void
list_levels(HpGrower *g, HpNode *node, const Task *task, const HpSplit *split)
{
	uint32_t	n_codes = g->features[split->feature].n_codes;
	uint32_t	n_levels;
	HpLevel    *listed = hp_order_levels(&g->splitter, split->feature,
										 g->samples + task->first,
										 task->sums.samples, &n_levels);
	uint32_t	n_listed = split->cut;
	uint64_t   *words;

	node->listed_right =
		task->sums.weight - split->left.weight < split->left.weight;
	if (node->listed_right)
	{
		listed += split->cut;
		n_listed = n_levels - split->cut;
	}
	node->cut = (uint32_t) reserve_list(g, list_words(n_codes, n_listed));
	words = g->tree.lists + node->cut;
	if (n_codes <= HP_DENSE_CODES)
	{
		for (uint32_t i = 0; i < n_listed; i++)
			words[listed[i].code / 64] |= UINT64_C(1) << listed[i].code % 64;
		return;
	}
	listed = sort_by_code(&g->splitter, listed, n_listed);
	set_quarter(words, 0, n_listed);
	for (uint32_t i = 0; i < n_listed; i++)
		set_quarter(words, i + 1, listed[i].code);
}

/* ---- choosing a split ---- */

static bool
is_pure(const HpSample *samples, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (samples[i].target != samples[0].target)
			return false;
	return true;
}

static inline void
count_visits(HpGrower *g, uint32_t visits)
{
	g->visits += visits;
	if (g->visits >= VISITS_PER_TICK)
	{
		hp_tick(g->env);
		g->visits = 0;
	}
}

/* Keep the better of two splits, of equals either with the same chance. */
static void
keep_better(HpGrower *g, HpSplit *best, uint32_t *ties, const HpSplit *split)
{
	if (split->score < best->score || split->score < 0)
		return;
	if (split->score > best->score)
		*ties = 1;
	else if (hp_rng_below(g->rng, ++*ties) != 0)
		return;
	*best = *split;
}

/*
 * Two samples of different target: any feature that tells them apart splits
 * as well as any other, no sums needed.
 */
static bool
split_pair(HpGrower *g, const Task *task, uint32_t feature, HpSplit *split)
{
	const HpFeature *f = &g->features[feature];
	const HpSample *a = &g->samples[task->first];
	const HpSample *b = a + 1;
	uint32_t	code_a = hp_feature_code(f, a->run);
	uint32_t	code_b = hp_feature_code(f, b->run);
	double		weight = task->sums.weight;
	double		deviation = (double) (a->target - b->target) *
		a->weight * b->weight / weight;
	bool		a_left;

	if (code_a == code_b)
		return false;
	/* levels are ordered by mean */
	a_left = f->categorical ? a->target < b->target : code_a < code_b;
	split->score = deviation * deviation / ((double) a->weight * b->weight);
	split->feature = feature;
	split->left.target = a_left ? a->target * a->weight : b->target * b->weight;
	split->left.weight = a_left ? a->weight : b->weight;
	split->left.samples = 1;
	if (f->categorical)
		split->cut = 1;
	else
		split->cut = a_left ? hp_halfway_code(f, code_a, code_b) :
			hp_halfway_code(f, code_b, code_a);
	return true;
}

/*
 * Look for the best split among the node's features.  Those found constant
 * are taken off the list.  With features_per_split below the number of
 * features, features are drawn until so many were not constant.
 */
static bool
choose_split(HpGrower *g, const Task *task, uint16_t *list, uint32_t *n_list,
			 HpSplit *best)
{
	uint32_t	n = task->sums.samples;
	bool		draw = g->settings.features_per_split < g->n_features;
	uint32_t	wanted = g->settings.features_per_split;
	uint32_t	ties = 0;
	uint32_t	i = 0;

	while (i < *n_list && wanted > 0)
	{
		HpSplit		split = {.score = -1};
		uint16_t	feature;
		bool		varies;

		if (draw)
		{
			uint32_t	j = i + hp_rng_below(g->rng, *n_list - i);

			feature = list[j];
			list[j] = list[i];
			list[i] = feature;
		}
		feature = list[i];
		count_visits(g, n);
		if (n == 2 && g->settings.min_samples_leaf == 1)
			varies = split_pair(g, task, feature, &split);
		else
			varies = hp_best_split(&g->splitter, feature,
								   g->samples + task->first, n, &task->sums,
								   &split);
		if (!varies)
		{
			list[i] = list[--*n_list];
			continue;
		}
		keep_better(g, best, &ties, &split);
		i++;
		wanted--;
	}
	return best->score >= 0;
}

/* ---- growing ---- */

/* Stable: the order of samples within a child is that of the parent. */
static void
partition(HpGrower *g, const Task *task, const HpNode *node)
{
	const HpFeature *f = &g->features[node->feature];
	HpSample   *samples = g->samples + task->first;
	uint32_t	left = 0;
	uint32_t	right = 0;

	for (uint32_t i = 0; i < task->sums.samples; i++)
	{
		HpSample	sample = samples[i];
		bool		goes_left = hp_goes_left(node, g->tree.lists, f->n_codes,
											 hp_feature_code(f, sample.run));

		/* both are written, one is kept: no branch to predict */
		samples[left] = sample;
		g->scratch[right] = sample;
		left += goes_left;
		right += !goes_left;
	}
	memcpy(samples + left, g->scratch, right * sizeof(HpSample));
	count_visits(g, task->sums.samples);
}

static int64_t
mean_target(const HpSums *sums)
{
	/* the sum is exact, so is the mean to a unit of the fixed point */
	int64_t		half = sums->weight / 2;

	return (sums->target + (sums->target < 0 ? -half : half)) /
		(int64_t) sums->weight;
}

static void
make_node(HpGrower *g, uint32_t node, const HpSums *sums)
{
	g->tree.nodes[node] = (HpNode) {
		.value = mean_target(sums),
		.weight = sums->weight
	};
}

/* Put both children on the stack, the smaller on top. */
static void
push_children(HpGrower *g, const Task *task, const HpNode *node,
			  const HpSplit *split, uint32_t list, uint32_t n_list)
{
	Task		left = {
		.sums = split->left,
		.node = node->left,
		.first = task->first,
		.depth = task->depth + 1,
		.list = list,
		.n_list = n_list
	};
	Task		right = left;

	right.node = node->left + 1;
	right.first = task->first + split->left.samples;
	right.sums.target = task->sums.target - split->left.target;
	right.sums.weight = task->sums.weight - split->left.weight;
	right.sums.samples = task->sums.samples - split->left.samples;
	make_node(g, left.node, &left.sums);
	make_node(g, right.node, &right.sums);
	if (left.sums.samples < right.sums.samples)
	{
		right.last = true;
		g->waiting[g->n_waiting++] = right;
		g->waiting[g->n_waiting++] = left;
	}
	else
	{
		left.last = true;
		g->waiting[g->n_waiting++] = left;
		g->waiting[g->n_waiting++] = right;
	}
}

static void
grow_node(HpGrower *g, Task *task)
{
	HpNode	   *node = &g->tree.nodes[task->node];
	uint32_t	list = task->list;
	uint32_t	n_list = task->n_list;
	HpSplit		split = {.score = -1};

	if (task->sums.samples < 2 ||
		task->sums.samples / 2 < g->settings.min_samples_leaf ||
		(g->settings.max_depth > 0 && task->depth >= g->settings.max_depth) ||
		is_pure(g->samples + task->first, task->sums.samples))
		return;
	if (!task->last)
	{
		/* the sibling still needs the list: shorten a copy behind it */
		list += n_list;
		memcpy(g->lists + list, g->lists + task->list,
			   n_list * sizeof(uint16_t));
	}
	if (!choose_split(g, task, g->lists + list, &n_list, &split))
		return;
	node->feature = (uint16_t) split.feature;
	node->categorical = g->features[split.feature].categorical;
	node->cut = split.cut;
	if (node->categorical)
		list_levels(g, node, task, &split);
	node->left = g->tree.n_nodes;
	g->tree.n_nodes += 2;
	g->gain[split.feature] += split.score * task->sums.weight;
	partition(g, task, node);
	push_children(g, task, node, &split, list, n_list);
}

/* Collect the runs drawn; returns their sums. */
static HpSums
draw_samples(HpGrower *g, const int64_t *target, const uint32_t *draws)
{
	HpSums		sums = {0};

	for (uint32_t run = 0; run < g->n_runs; run++)
	{
		if (draws[run] == 0)
			continue;
		g->samples[sums.samples++] = (HpSample) {
			.target = target[run], .run = run, .weight = draws[run]
		};
		sums.target += target[run] * (int64_t) draws[run];
		sums.weight += draws[run];
	}
	return sums;
}

void
hp_grower_use(HpGrower *g, uint32_t n_features, uint32_t n_runs)
{
	g->n_features = n_features;
	g->n_runs = n_runs;
}

const HpTree *
hp_tree_grow(HpGrower *g, HpRng *rng, const int64_t *target,
			 const uint32_t *draws, double *gain)
{
	Task		root = {.last = true, .n_list = g->n_features};

	g->rng = rng;
	g->gain = gain;
	g->tree.n_nodes = 1;
	g->tree.n_list_words = 0;
	for (uint32_t f = 0; f < g->n_features; f++)
		g->lists[f] = (uint16_t) f;
	root.sums = draw_samples(g, target, draws);
	make_node(g, 0, &root.sums);
	g->waiting[0] = root;
	g->n_waiting = 1;
	while (g->n_waiting > 0)
	{
		Task		task = g->waiting[--g->n_waiting];

		grow_node(g, &task);
	}
	return &g->tree;
}
