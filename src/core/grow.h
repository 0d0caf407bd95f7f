/*
 * grow.h
 *		What growing large nodes (tree.c) and small subtrees (subtree.c) share.
 */
#ifndef HPIMP_GROW_H
#define HPIMP_GROW_H

#include "tree.h"

/* Halvings of 2^31 samples, and one. */
#define HP_MAX_WAITING			32

/* Visits of (sample, feature) between two ticks: about 2 ms. */
#define HP_VISITS_PER_TICK		500000

/*
 * A node to be grown.  Its samples are a stretch of the grower's; within a
 * small subtree, of the subtree's order.
 */
typedef struct HpTask
{
	HpSums		sums;
	uint32_t	node;
	uint32_t	first;			/* first .. first + sums.samples */
	uint32_t	depth;
	uint32_t	list;			/* features to look at: where they begin */
	uint32_t	n_list;
	bool		last;			/* of its siblings: the list is its own */
} HpTask;

typedef struct HpSubtree HpSubtree;

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
	HpSubtree  *subtree;
	uint32_t	visits;			/* since the last tick */
	HpTree		tree;

	/* of the tree being grown */
	HpRng	   *rng;
	double	   *gain;
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

/* tree.c */

/* Whether a node of such sums may be split, if it is not pure. */
extern bool hp_may_split(const HpGrower *g, const HpSums *sums, uint32_t depth);

/*
 * The place of the node's own list of features: that of its parent if it is
 * the last to use it, else a copy behind.
 */
extern uint32_t hp_own_list(HpGrower *g, const HpTask *task);

/* Keep the better of two splits, of equals either with the same chance. */
extern void hp_keep_better(HpGrower *g, HpSplit *best, uint32_t *ties,
						const HpSplit *split);

/*
 * Write down a split: the node, its children, the gain.  levels are those of
 * the node by mean if the split is categorical.
 */
extern HpChildren hp_split_node(HpGrower *g, const HpTask *task,
						   const HpSplit *split, HpLevel *levels,
						   uint32_t n_levels, uint32_t list, uint32_t n_list);

/* Put children on a stack, the smaller on top. */
extern void hp_push_children(HpTask *waiting, uint32_t *n_waiting,
						  const HpChildren *children);

/* subtree.c */

/* Nodes of at most so many samples are grown with their whole subtree. */
#define HP_SUBTREE_SAMPLES		128

extern HpSubtree *hp_subtree_create(const HpEnv *env, uint32_t n_features);
extern void hp_subtree_grow(HpGrower *g, const HpTask *root);

#endif							/* HPIMP_GROW_H */
