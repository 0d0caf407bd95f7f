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

#include "grow.h"

static uint32_t
choose_ordered_samples(const HpGrower *g)
{
	uint64_t	samples = HP_MOST_ORDER_BYTES / sizeof(uint32_t) / (g->n_features + 1);

	if (samples > HP_ORDERED_SAMPLES)
		samples = HP_ORDERED_SAMPLES;
	if (samples > g->n_runs)
		samples = g->n_runs;
	if (samples < g->small_samples)
		samples = g->small_samples;
	return (uint32_t) samples;
}

/*
 * Whether there are nodes to be looked at coarsely; not at thousands of
 * features, whose histograms would take too much.
 */
#define MOST_COARSE_FEATURES	1000

static bool
choose_coarse(const HpGrower *g)
{
	return g->n_runs > g->ordered_samples &&
		g->n_features <= MOST_COARSE_FEATURES;
}

static HpExtent
extent_of(const HpGrower *g, const HpTask *task)
{
	return task->sums.samples > g->ordered_samples ? HP_COARSE :
		task->sums.samples > g->small_samples ? HP_NARROW : HP_FEW;
}

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
	g->small_samples = HP_SMALL_SAMPLES;
	g->ordered_samples = choose_ordered_samples(g);
	hp_splitter_init(&g->splitter, env, features, n_features);
	g->rows = hp_rows_create(env, features, n_features, n_runs);
	g->histograms = hp_histograms_create(env, g->rows, choose_coarse(g));
	g->orders = hp_orders_create(env, features, n_features, n_runs,
								 g->ordered_samples, g->small_samples);
	g->screen = hp_screen_create(env, g->ordered_samples);
	g->tiny = hp_tiny_create(g);
	g->samples = hp_alloc(env, n_runs, sizeof(HpSample));
	g->scratch = hp_alloc(env, n_runs, sizeof(HpSample));
	g->lists = hp_alloc(env, (size_t) (HP_MAX_WAITING + 2) * n_features,
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

static inline void
set_entry(uint64_t *words, uint32_t i, uint32_t code)
{
	words[i / 4] |= (uint64_t) code << (i % 4 * 16);
}

bool
hp_sparse_list_has(const uint64_t *list, uint32_t code)
{
	uint32_t	first = 1;
	uint32_t	end = hp_sparse_list_entry(list, 0) + 1;

	while (first < end)
	{
		uint32_t	middle = first + (end - first) / 2;
		uint32_t	found = hp_sparse_list_entry(list, middle);

		if (found == code)
			return true;
		if (found < code)
			first = middle + 1;
		else
			end = middle;
	}
	return false;
}

/* Levels by code: sorted as if the code were their mean. */
static HpLevel *
sort_by_code(HpSplitter *splitter, HpLevel *listed, uint32_t n)
{
	HpLevel    *levels = splitter->levels;

	memmove(levels, listed, n * sizeof(HpLevel));
	for (uint32_t i = 0; i < n; i++)
		levels[i].mean = levels[i].code;
	return hp_sort_levels(levels, splitter->scratch, n);
}

/* List the levels of the lighter side of a categorical split. */
static void
list_levels(HpGrower *g, HpNode *node, const HpSplit *split, bool right_lighter,
			HpLevel *levels, uint32_t n_levels)
{
	uint32_t	n_codes = g->features[split->feature].n_codes;
	HpLevel    *listed = levels;
	uint32_t	n_listed = split->high;
	uint64_t   *words;

	node->listed_right = right_lighter;
	if (right_lighter)
	{
		listed += split->high;
		n_listed = n_levels - split->high;
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
	set_entry(words, 0, n_listed);
	for (uint32_t i = 0; i < n_listed; i++)
		set_entry(words, i + 1, listed[i].code);
}

/* ---- growing ---- */

bool
hp_may_split(const HpGrower *g, const HpSums *sums, uint32_t depth)
{
	return sums->samples >= 2 &&
		sums->samples / 2 >= g->settings.min_samples_leaf &&
		(g->settings.max_depth == 0 || depth < g->settings.max_depth);
}

/*
 * The place of the node's own list of features: that of its parent if it is
 * the last to use it, else a copy behind.
 */
static uint32_t
own_list(HpGrower *g, const HpTask *task)
{
	uint32_t	list = task->list;

	if (!task->last)
	{
		list += task->n_list;
		memcpy(g->lists + list, g->lists + task->list,
			   task->n_list * sizeof(uint16_t));
	}
	return list;
}

/* Stable: the order of samples within a child is that of the parent. */
static void
partition(HpGrower *g, const HpTask *task, const HpNode *node)
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
	hp_count_visits(g, task->sums.samples);
}

static int64_t
mean_target(const HpSums *sums)
{
	/* the sum is exact, so is the mean to a unit of the fixed point */
	int64_t		half = sums->weight / 2;

	if (sums->weight == 0)
		return 0;				/* the root of no runs */
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

uint32_t
hp_write_split(HpGrower *g, uint32_t number, const HpSums *sums,
			   const HpSplit *split, HpLevel *levels, uint32_t n_levels,
			   HpSums *right)
{
	const HpFeature *f = &g->features[split->feature];
	HpNode	   *node = &g->tree.nodes[number];

	right->target = sums->target - split->left.target;
	right->weight = sums->weight - split->left.weight;
	right->samples = sums->samples - split->left.samples;
	node->feature = (uint16_t) split->feature;
	node->categorical = f->categorical;
	if (f->categorical)
		list_levels(g, node, split, right->weight < split->left.weight, levels,
					n_levels);
	else
		node->cut = hp_halfway_code(f, split->low, split->high);
	node->left = g->tree.n_nodes;
	g->tree.n_nodes += 2;
	g->gain[split->feature] += split->score * sums->weight;
	make_node(g, node->left, &split->left);
	make_node(g, node->left + 1, right);
	return node->left;
}

/* The children of a node that is split; they have its list. */
static HpChildren
split_node(HpGrower *g, const HpTask *task, const HpSplit *split,
		   HpLevel *levels, uint32_t n_levels)
{
	HpChildren	c = {*task, *task};

	c.left.sums = split->left;
	c.left.node = hp_write_split(g, task->node, &task->sums, split, levels,
								 n_levels, &c.right.sums);
	c.left.depth = task->depth + 1;
	c.left.histogram = HP_NO_HISTOGRAM;
	c.left.last = false;
	c.right.node = c.left.node + 1;
	c.right.first = task->first + split->left.samples;
	c.right.depth = c.left.depth;
	c.right.histogram = HP_NO_HISTOGRAM;
	c.right.last = false;
	return c;
}

/* Whether a child is to be split: not if nothing varies, as far as is known. */
static bool
goes_on(const HpGrower *g, const HpTask *task)
{
	HpMembers	m = hp_members(g, task);
	int64_t		target;

	if (task->n_list == 0 || !hp_may_split(g, &task->sums, task->depth))
		return false;
	target = m.samples[hp_member(&m, 0)].target;
	for (uint32_t i = 1; i < m.n; i++)
		if (m.samples[hp_member(&m, i)].target != target)
			return true;
	return false;
}

/* A node that stays a leaf: what it leaves of its samples' targets. */
static void
end_at(const HpGrower *g, const HpTask *leaf)
{
	HpMembers	m = hp_members(g, leaf);

	if (g->residual == NULL)
		return;
	for (uint32_t i = 0; i < m.n; i++)
		hp_set_residual(g, &m.samples[hp_member(&m, i)],
						g->tree.nodes[leaf->node].value);
}

/*
 * Make the histograms of the children that go on: the smaller's is counted,
 * the larger's is what that leaves of the parent's.
 */
static void
divide_histogram(HpGrower *g, const HpTask *task, HpChildren *children,
				 bool left, bool right)
{
	bool		left_smaller =
		children->left.sums.samples < children->right.sums.samples;
	HpTask	   *small = left_smaller ? &children->left : &children->right;
	HpTask	   *large = left_smaller ? &children->right : &children->left;
	bool		for_small = (left_smaller ? left : right) &&
		small->sums.samples > HP_TINY_SAMPLES;
	bool		for_large = (left_smaller ? right : left) &&
		large->sums.samples > HP_TINY_SAMPLES;
	HpExtent	extent = extent_of(g, large);
	HpMembers	members = hp_members(g, small);

	if (for_small)
		small->histogram = hp_histogram_fill(g->histograms, &members, extent);
	if (!for_large)
		hp_histogram_release(g->histograms, task->histogram);
	else
	{
		large->histogram = task->histogram;
		if (for_small)
			hp_histogram_subtract(g->histograms, large->histogram,
								  small->histogram, extent);
		else
			hp_histogram_remove(g->histograms, large->histogram, &members,
								extent);
	}
}

/* Put the children that go on on the stack, the smaller on top. */
static void
push_children(const HpChildren *children, bool left, bool right,
			  HpTask *waiting, uint32_t *n_waiting)
{
	bool		left_first =
		children->left.sums.samples < children->right.sums.samples;
	const HpTask *first = left_first ? &children->left : &children->right;
	const HpTask *later = left_first ? &children->right : &children->left;
	uint32_t	before = *n_waiting;

	if (left_first ? right : left)
		waiting[(*n_waiting)++] = *later;
	if (left_first ? left : right)
		waiting[(*n_waiting)++] = *first;
	if (*n_waiting > before)
		waiting[before].last = true;
}

/* Grow one node; the children that go on are put on the stack. */
static void
grow_node(HpGrower *g, const HpTask *waited, HpTask *waiting,
		  uint32_t *n_waiting)
{
	HpTask		task = *waited;
	HpSplit		split;
	HpLevel    *levels = NULL;
	uint32_t	n_levels = 0;
	HpChildren	children;
	bool		left,
				right;

	task.list = own_list(g, waited);
	if (!hp_choose_split(g, &task, g->lists + task.list, &task.n_list, &split))
	{
		hp_histogram_release(g->histograms, task.histogram);
		end_at(g, &task);
		return;
	}
	if (g->features[split.feature].categorical)
		levels = hp_levels_of_node(g, &task, split.feature, &n_levels);
	children = split_node(g, &task, &split, levels, n_levels);
	if (task.ordered == HP_ORDERED_NONE)
		partition(g, &task, &g->tree.nodes[task.node]);
	else
		hp_orders_divide(g, &task, children.left.sums.samples);
	left = goes_on(g, &children.left);
	right = goes_on(g, &children.right);
	if (!left)
		end_at(g, &children.left);
	if (!right)
		end_at(g, &children.right);
	divide_histogram(g, &task, &children, left, right);
	if (task.ordered != HP_ORDERED_NONE)
		hp_orders_hand_down(g, &task, &children,
							left && children.left.sums.samples > HP_TINY_SAMPLES,
							right && children.right.sums.samples > HP_TINY_SAMPLES);
	push_children(&children, left, right, waiting, n_waiting);
}

static void
grow(HpGrower *g, const HpTask *root)
{
	HpTask		waiting[HP_MAX_WAITING];
	uint32_t	n_waiting = 1;

	waiting[0] = *root;
	while (n_waiting > 0)
	{
		HpTask		task = waiting[--n_waiting];

		hp_orders_enter(g, &task);
		if (task.sums.samples <= HP_TINY_SAMPLES)
		{
			hp_histogram_release(g->histograms, task.histogram);
			hp_tiny_grow(g, &task);
		}
		else
			grow_node(g, &task, waiting, &n_waiting);
	}
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
	hp_rows_use(g->rows, n_features, n_runs);
	hp_histograms_use(g->histograms);
	hp_orders_use(g->orders, n_features, n_runs);
}

HpRows *
hp_grower_rows(HpGrower *g)
{
	return g->rows;
}

size_t
hp_grower_later(const HpGrower *g)
{
	return hp_histograms_later(g->histograms) + hp_orders_later(g->orders);
}

void
hp_grower_reread(HpGrower *g, uint32_t feature, const uint32_t *runs,
				 uint32_t n)
{
	hp_rows_reread(g->rows, feature, runs, n);
	hp_orders_reread(g->orders, feature);
}

/*
 * All features, those looked at in histograms first: what they find spares
 * the sorted ones a close look.
 */
static void
list_features(HpGrower *g)
{
	uint32_t	n = 0;

	for (uint32_t f = 0; f < g->n_features; f++)
		if (hp_has_few_codes(&g->features[f]))
			g->lists[n++] = (uint16_t) f;
	for (uint32_t f = 0; f < g->n_features; f++)
		if (!hp_has_few_codes(&g->features[f]))
			g->lists[n++] = (uint16_t) f;
}

const HpTree *
hp_tree_grow(HpGrower *g, HpRng *rng, const int64_t *target,
			 const uint32_t *draws, double *gain, int64_t *residual)
{
	HpTask		root = {.last = true, .n_list = g->n_features};

	g->rng = rng;
	g->gain = gain;
	g->residual = residual;
	g->tree.n_nodes = 1;
	g->tree.n_list_words = 0;
	list_features(g);
	root.sums = draw_samples(g, target, draws);
	make_node(g, 0, &root.sums);
	if (!goes_on(g, &root))
		end_at(g, &root);
	else
	{
		HpMembers	members = hp_members(g, &root);

		root.histogram = hp_histogram_fill(g->histograms, &members,
										   extent_of(g, &root));
		grow(g, &root);
	}
	return &g->tree;
}
