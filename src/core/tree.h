/*
 * tree.h
 *		Grow one regression tree, and walk down it.
 */
#ifndef HPIMP_TREE_H
#define HPIMP_TREE_H

#include "rows.h"

/*
 * Nodes of a tree lie in one array; node 0 is the root and children follow
 * their parent, side by side.
 *
 * A categorical node lists the levels that go to its lighter child; all
 * others, also those the node never saw, go to the heavier one.  The list is
 * a bitmap over codes if the column has at most HP_DENSE_CODES codes, else a
 * count and the codes ascending, packed four to a word.
 */
typedef struct HpNode
{
	int64_t		value;			/* mean target, rounded */
	uint32_t	left;			/* right = left + 1; 0 = leaf */
	uint32_t	cut;			/* numeric: codes <= cut go left;
								 * categorical: first word of the list */
	uint32_t	weight;			/* draws of the sample here */
	uint16_t	feature;
	uint8_t		categorical;
	uint8_t		listed_right;	/* listed levels go right */
} HpNode;

#define HP_DENSE_CODES 256

typedef struct HpTree
{
	HpNode	   *nodes;
	uint32_t	n_nodes;
	uint64_t   *lists;
	size_t		n_list_words;
	size_t		cap_list_words;
} HpTree;

typedef struct HpTreeSettings
{
	uint32_t	max_depth;		/* 0 = no limit */
	uint32_t	min_samples_leaf;	/* >= 1; draws of one run count once */
	uint32_t	features_per_split; /* 1 .. n_features */
} HpTreeSettings;

/* Scratch memory to grow trees over one set of features, one at a time. */
typedef struct HpGrower HpGrower;

extern HpGrower *hp_grower_create(const HpEnv *env, const HpFeature *features,
								  uint32_t n_features, uint32_t n_runs,
								  const HpTreeSettings *settings);

/*
 * Use only the first n_features and n_runs of those the grower was made for:
 * scratch memory for many small questions is then had once.
 */
extern void hp_grower_use(HpGrower *grower, uint32_t n_features,
						  uint32_t n_runs);

/* The rows of the features, for others to use as well. */
extern HpRows *hp_grower_rows(HpGrower *grower);

/* Bytes that will be allocated by the time trees have been grown, at most. */
extern size_t hp_grower_later(const HpGrower *grower);

/*
 * The codes of a feature are others than when the last tree was grown, of n
 * runs.
 */
extern void hp_grower_reread(HpGrower *grower, uint32_t feature,
							 const uint32_t *runs, uint32_t n);

/*
 * Grow a tree on the runs drawn: draws[run] is how often.  The tree lies in
 * the grower's memory until the next one.  gain[feature] is increased by the
 * reduction of the sum of squares (in squared units of target) by splits on
 * the feature.  residual[run] is set to what the tree leaves of the target of
 * each run drawn; NULL if nobody asks.  rng decides among equally good splits
 * and which features are tried.
 */
extern const HpTree *hp_tree_grow(HpGrower *grower, HpRng *rng,
								  const int64_t *target, const uint32_t *draws,
								  double *gain, int64_t *residual);

/*
 * The lists of columns of more than HP_DENSE_CODES codes: entry 0 is how many
 * codes follow.
 */
static inline uint32_t
hp_sparse_list_entry(const uint64_t *list, uint32_t i)
{
	return (uint16_t) (list[i / 4] >> (i % 4 * 16));
}

/* Whether such a list has a code. */
extern bool hp_sparse_list_has(const uint64_t *list, uint32_t code);

/* Whether a categorical node lists a code. */
static inline bool
hp_node_lists(const HpNode *node, const uint64_t *lists, uint32_t n_codes,
			  uint32_t code)
{
	const uint64_t *list = lists + node->cut;

	if (code >= n_codes)
		return false;
	if (n_codes <= HP_DENSE_CODES)
		return list[code / 64] >> (code % 64) & 1;
	return hp_sparse_list_has(list, code);
}

static inline bool
hp_goes_left(const HpNode *node, const uint64_t *lists, uint32_t n_codes,
			 uint32_t code)
{
	if (!node->categorical)
		return code <= node->cut;
	return hp_node_lists(node, lists, n_codes, code) != node->listed_right;
}

/* The leaf a run falls in. */
static inline const HpNode *
hp_tree_leaf(const HpTree *tree, const HpFeature *features, uint32_t run)
{
	const HpNode *node = tree->nodes;

	while (node->left != 0)
	{
		const HpFeature *f = &features[node->feature];

		node = tree->nodes + node->left +
			!hp_goes_left(node, tree->lists, f->n_codes,
						  hp_feature_code(f, run));
	}
	return node;
}

#endif							/* HPIMP_TREE_H */
