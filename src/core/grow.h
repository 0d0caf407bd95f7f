/*
 * grow.h
 *		What the rooms that grow a tree share.
 *
 *		tree.c		nodes, one after the other, from the root to the leaves
 *		choose.c	the best split of a node
 *		histogram.c	sums per code, of large nodes
 *		orders.c	samples sorted by features, of small ones
 *		screen.c	which features need not be looked at closely
 *		rows.c		what is known of a run, together
 *		tiny.c		subtrees of a few samples
 *
 * A node's samples by one feature are looked at in the way that costs least,
 * by the number of codes the feature has and the samples of the node:
 *
 *				samples		> ordered_samples	> small_samples		fewer
 *		few codes			histogram			histogram			histogram
 *		narrow: one byte	histogram			histogram			sorted
 *		wide: two bytes		coarsely, then by	sorted				sorted
 *							sums per code
 *
 * down to the tiny ones.  All ways find the same splits, to the bit.
 */
#ifndef HPIMP_GROW_H
#define HPIMP_GROW_H

#include "histogram.h"
#include "tree.h"

/* Halvings of 2^31 samples, and one. */
#define HP_MAX_WAITING			32

/* Visits of (sample, feature) between two ticks: about 2 ms. */
#define HP_VISITS_PER_TICK		500000

/* Nodes of at most so many samples are sorted by narrow features as well. */
#define HP_SMALL_SAMPLES		128

/* Nodes of at most so many samples are grown with all below as sets of bits. */
#define HP_TINY_SAMPLES			8

/* What the orders of wide features may take, if there are thousands of them. */
#define HP_MOST_ORDER_BYTES		(16 * 1024 * 1024)

/* By which features a node's samples are sorted. */
typedef enum HpOrdered
{
	HP_ORDERED_NONE,
	HP_ORDERED_WIDE,
	HP_ORDERED_NARROW			/* wide and narrow ones */
} HpOrdered;

/* A node to be grown. */
typedef struct HpTask
{
	HpSums		sums;
	uint32_t	node;
	uint32_t	first;			/* its samples are a stretch of the grower's
								 * from here on; once sorted, of the orders */
	uint32_t	depth;
	uint32_t	list;			/* features to look at: where they begin */
	uint32_t	n_list;
	uint32_t	histogram;		/* its own, or HP_NO_HISTOGRAM */
	HpOrdered	ordered;
	bool		last;			/* of its siblings: the list is its own */
} HpTask;

/* All runs by a wide feature. */
typedef struct HpPresort
{
	bool		asked;			/* before: it pays from the second time on */
	bool		changes;		/* codes change from tree to tree */
	bool		sorted;
	uint32_t   *order;			/* code << 16 | run; NULL until needed */
} HpPresort;

/* Sorted samples: orders.c. */
typedef struct HpOrders
{
	const HpEnv *env;
	const HpSample *samples;	/* of the subtree, by number */
	const HpFeature *features;
	uint32_t	n_features;
	uint32_t	wide_stride;
	uint32_t	narrow_stride;
	uint32_t	small;			/* where the orders of narrow features begin */
	uint32_t   *entries;
	size_t		size;			/* of entries */
	size_t	   *first;			/* by feature: its order in entries */
	uint32_t   *members;		/* in no particular order */
	uint32_t   *scratch;
	uint32_t   *radix;			/* more of it */
	const uint8_t **row;		/* of the members of the subtree entered */
	uint8_t    *left;			/* by sample: 1 if it goes left */

	/* sorted once for all trees */
	uint32_t	n_runs;
	uint32_t	most_runs;		/* 0: there are too many */
	HpPresort  *presorts;		/* by feature */
	uint16_t   *number_of;		/* by run: of its sample in the subtree */
} HpOrders;

typedef struct HpTiny HpTiny;

struct HpGrower
{
	const HpEnv *env;
	const HpFeature *features;
	uint32_t	n_features;
	uint32_t	n_runs;
	HpTreeSettings settings;
	uint32_t	ordered_samples;	/* see above */
	uint32_t	small_samples;
	HpSplitter	splitter;
	HpRows	   *rows;
	HpHistograms *histograms;
	HpOrders   *orders;
	HpScreen   *screen;
	HpTiny	   *tiny;
	HpSample   *samples;
	HpSample   *scratch;
	uint16_t   *lists;			/* stack of feature lists */
	uint32_t	visits;			/* since the last tick */
	HpTree		tree;

	/* of the tree being grown */
	HpRng	   *rng;
	double	   *gain;
	int64_t    *residual;		/* by run drawn, or NULL */
};

/* Both children of a node that is split. */
typedef struct HpChildren
{
	HpTask		left;
	HpTask		right;
} HpChildren;

static inline void
hp_count_visits(HpGrower *g, uint32_t visits)
{
	g->visits += visits;
	if (g->visits >= HP_VISITS_PER_TICK)
	{
		hp_tick(g->env);
		g->visits = 0;
	}
}

/* ---- tree.c ---- */

/* Whether a node of such sums may be split, if it is not pure. */
extern bool hp_may_split(const HpGrower *g, const HpSums *sums, uint32_t depth);

/*
 * Write down a split of a node of some sums: the node, its children, the gain.
 * levels are those of the node by mean if the split is categorical.  Returns
 * the left child, which the right one follows, and the sums of the right one.
 */
extern uint32_t hp_write_split(HpGrower *g, uint32_t node, const HpSums *sums,
							   const HpSplit *split, HpLevel *levels,
							   uint32_t n_levels, HpSums *right);

/* A sample has come to its leaf. */
static inline void
hp_set_residual(const HpGrower *g, const HpSample *sample, int64_t value)
{
	g->residual[sample->run] = sample->target - value;
}

/* ---- choose.c ---- */

/*
 * The best split among the node's features.  Those found constant are taken
 * off the list.  With features_per_split below the number of features,
 * features are drawn until so many were not constant.  False if there is no
 * split.
 */
extern bool hp_choose_split(HpGrower *g, const HpTask *task, uint16_t *list,
							uint32_t *n_list, HpSplit *best);

/* The levels of a categorical feature in a node, by mean; scratch memory. */
extern HpLevel *hp_levels_of_node(HpGrower *g, const HpTask *task,
								  uint32_t feature, uint32_t *n_levels);

/* Ascending, those of n sorted entries that name samples; returns how many. */
extern uint32_t hp_levels_of_samples(const HpSample *samples,
									 const uint32_t *order, uint32_t n,
									 HpLevel *levels);

/*
 * The best cut of sorted entries that name samples; as hp_split_levels.  Each
 * is one sample, so min_samples_leaf bounds the place of the cut.
 */
extern void hp_cut_order(const HpSample *samples, const uint32_t *order,
						 const HpTotal *total, double floor, HpSplit *split);

/* ---- orders.c ---- */

extern HpOrders *hp_orders_create(const HpEnv *env, const HpFeature *features,
								  uint32_t n_features, uint32_t n_runs,
								  uint32_t ordered_samples,
								  uint32_t small_samples);

/* Use features as they are now: narrow ones may have become wide. */
extern void hp_orders_use(HpOrders *orders, uint32_t n_features,
						  uint32_t n_runs);

/* The codes of a feature are others from tree to tree. */
extern void hp_orders_reread(HpOrders *orders, uint32_t feature);

/* Bytes that will be allocated by the time trees have been grown, at most. */
extern size_t hp_orders_later(const HpOrders *orders);

/* Sort a node's samples by the features that its size calls for. */
extern void hp_orders_enter(HpGrower *g, HpTask *task);

/* The samples of a sorted node by a feature: see screen.h. */
static inline uint32_t *
hp_orders_of(const HpGrower *g, const HpTask *task, uint32_t feature)
{
	const HpOrders *o = g->orders;

	return o->entries + o->first[feature] + task->first -
		(o->features[feature].wide ? 0 : o->small);
}

/* The samples of a sorted node in no particular order. */
static inline uint32_t *
hp_members_of(const HpGrower *g, const HpTask *task)
{
	return g->orders->members + task->first;
}

/* The samples of any node. */
static inline HpMembers
hp_members(const HpGrower *g, const HpTask *task)
{
	bool		sorted = task->ordered != HP_ORDERED_NONE;

	return (HpMembers) {
		.samples = sorted ? g->orders->samples : g->samples + task->first,
		.numbers = sorted ? hp_members_of(g, task) : NULL,
		.n = task->sums.samples
	};
}

/* Whether a node is sorted by a feature. */
static inline bool
hp_is_sorted_by(const HpTask *task, const HpFeature *feature)
{
	return !hp_has_few_codes(feature) &&
		task->ordered >= (feature->wide ? HP_ORDERED_WIDE : HP_ORDERED_NARROW);
}

/*
 * Divide a sorted node's samples among its children: the members first, n_left
 * of them to the left; then the orders, by the features of the list, for the
 * children that need them.
 */
extern void hp_orders_divide(HpGrower *g, const HpTask *task,
							 uint32_t n_left);
extern void hp_orders_hand_down(HpGrower *g, const HpTask *task,
								const HpChildren *children, bool left,
								bool right);

/* ---- tiny.c ---- */

extern HpTiny *hp_tiny_create(HpGrower *g);

/* Grow a node of at most HP_TINY_SAMPLES sorted samples with all below. */
extern void hp_tiny_grow(HpGrower *g, const HpTask *root);

#endif							/* HPIMP_GROW_H */
