/*
 * model_trees.c
 *		The trees of a flat hp_forest, which stay where they lie.
 *
 * One after the other, each:
 *
 *	+---------+---------+---------------------+------------------+
 *	| n nodes | n words | nodes, 24 bytes each| words, 8 bytes   |
 *	| 4 bytes | 4 bytes |					  | each (levels)	 |
 *	+---------+---------+---------------------+------------------+
 *
 * a node:
 *
 *	+-------+------+-----+--------+---------+-------------+--------------+
 *	| value | left | cut | weight | feature | categorical | listed_right |
 *	+-------+------+-----+--------+---------+-------------+--------------+
 *	 8		 4		4	  4		   2		 1			   1
 *
 * which is HpNode (core/tree.h), byte for byte, on a little-endian machine.
 *
 * The check of trees from outside makes walking them safe: children lie behind
 * their parents and belong to one (so each walk ends, and soon), features and
 * lists of levels exist.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/model.h"

#define NODE_SIZE		24
#define WORD_SIZE		8
#define TREE_HEAD_SIZE	8

/* ---- writing ---- */

static void
put_node(Writer *writer, const HpNode *node)
{
	put_fixed(writer, (uint64) node->value, 8);
	put_fixed(writer, node->left, 4);
	put_fixed(writer, node->cut, 4);
	put_fixed(writer, node->weight, 4);
	put_fixed(writer, node->feature, 2);
	put_fixed(writer, node->categorical, 1);
	put_fixed(writer, node->listed_right, 1);
}

char *
tree_bytes_extend(TreeBytes *trees, Size size)
{
	Size		cap = trees->cap;
	char	   *place;

	if (trees->overflow || trees->size + size > MODEL_MAX_TREE_BYTES)
	{
		trees->overflow = true;
		if (trees->bytes != NULL)
			pfree(trees->bytes);
		trees->bytes = NULL;
		trees->size = trees->cap = 0;
		return NULL;
	}
	if (trees->size + size > cap)
	{
		cap = Min(Max(2 * cap, trees->size + size), MODEL_MAX_TREE_BYTES);
		if (trees->bytes == NULL)
			trees->bytes = MemoryContextAllocHuge(CurrentMemoryContext, cap);
		else
			trees->bytes = repalloc_huge(trees->bytes, cap);
		trees->cap = cap;
	}
	place = trees->bytes + trees->size;
	trees->size += size;
	return place;
}

void
tree_bytes_add(TreeBytes *trees, const HpTree *tree)
{
	Size		size = TREE_HEAD_SIZE + (Size) tree->n_nodes * NODE_SIZE +
		tree->n_list_words * WORD_SIZE;
	Writer		writer = {tree_bytes_extend(trees, size), 0};

	if (writer.at == NULL)
		return;
	put_fixed(&writer, tree->n_nodes, 4);
	put_fixed(&writer, tree->n_list_words, 4);
	for (uint32 i = 0; i < tree->n_nodes; i++)
		put_node(&writer, &tree->nodes[i]);
	for (size_t i = 0; i < tree->n_list_words; i++)
		put_fixed(&writer, tree->lists[i], WORD_SIZE);
}

/* ---- reading ---- */

/* A tree where it lies. */
typedef struct FlatTree
{
	const char *nodes;
	const char *words;
	uint32		n_nodes;
	uint32		n_words;
} FlatTree;

static FlatTree
get_tree(Reader *reader)
{
	FlatTree	tree;

	tree.n_nodes = get_fixed(reader, 4);
	tree.n_words = get_fixed(reader, 4);
	tree.nodes = get_bytes(reader, (uint64) tree.n_nodes * NODE_SIZE);
	tree.words = get_bytes(reader, (uint64) tree.n_words * WORD_SIZE);
	return tree;
}

static inline HpNode
node_at(const FlatTree *tree, uint32 i)
{
	const char *at = tree->nodes + (Size) i * NODE_SIZE;

	return (HpNode) {
		.value = (int64) peek_fixed(at, 8),
		.left = peek_fixed(at + 8, 4),
		.cut = peek_fixed(at + 12, 4),
		.weight = peek_fixed(at + 16, 4),
		.feature = peek_fixed(at + 20, 2),
		.categorical = peek_fixed(at + 22, 1),
		.listed_right = peek_fixed(at + 23, 1)
	};
}

/* The list of levels of a node, as words of this machine. */
static bool
node_lists(const FlatTree *tree, const HpNode *node, uint32 n_codes,
		   uint32 code)
{
	const char *words = tree->words + (Size) node->cut * WORD_SIZE;
	uint32		first = 1;
	uint32		end;

	if (code >= n_codes)
		return false;
	if (n_codes <= HP_DENSE_CODES)
		return peek_fixed(words + code / 64 * WORD_SIZE, WORD_SIZE) >>
			(code % 64) & 1;
	/* quarters of little-endian words are 16-bit numbers in a row */
	end = peek_fixed(words, 2) + 1;
	while (first < end)
	{
		uint32		middle = first + (end - first) / 2;
		uint32		found = peek_fixed(words + 2 * middle, 2);

		if (found == code)
			return true;
		if (found < code)
			first = middle + 1;
		else
			end = middle;
	}
	return false;
}

static bool
goes_left(const Model *model, const FlatTree *tree, const HpNode *node,
		  uint32 code)
{
	const ModelRow *row = &model->rows[model->features[node->feature]];

	if (node->categorical)
		return node_lists(tree, node, row->n_codes, code) != node->listed_right;
	return code <= node->cut;
}

const char *
model_skip_trees(const Model *model, const char *at, uint32 n)
{
	Reader		reader = {at, model->trees_end, 0, "hp_forest"};

	while (n-- > 0)
		(void) get_tree(&reader);
	return reader.at;
}

/* ---- checking trees from outside ---- */

static void
check_list(Reader *reader, const FlatTree *tree, const HpNode *node,
		   uint32 n_codes)
{
	uint64		left = (uint64) tree->n_words - node->cut;

	if (node->cut >= tree->n_words)
		damaged(reader, "A node has no list of levels.");
	if (n_codes <= HP_DENSE_CODES ? left * 64 < n_codes :
		left * 4 < peek_fixed(tree->words + (Size) node->cut * WORD_SIZE, 2) +
		(uint64) 1)
		damaged(reader, "A list of levels ends too early.");
}

static void
check_tree(Reader *reader, const Model *model)
{
	FlatTree	tree = get_tree(reader);
	uint64		reached = 1;
	bool	   *is_child;

	if (tree.n_nodes == 0)
		damaged(reader, "A tree has no node.");
	is_child = MemoryContextAllocExtended(CurrentMemoryContext, tree.n_nodes,
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < tree.n_nodes; i++)
	{
		HpNode		node = node_at(&tree, i);
		const ModelRow *row;

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (node.weight == 0 || node.categorical > 1 || node.listed_right > 1)
			damaged(reader, "A node is not one.");
		if (node.left == 0)
			continue;
		if (node.left <= i || node.left >= tree.n_nodes - 1 ||
			is_child[node.left] || is_child[node.left + 1] ||
			node.feature >= model->n_features)
			damaged(reader, "A node leads nowhere.");
		is_child[node.left] = is_child[node.left + 1] = true;
		reached += 2;
		row = &model->rows[model->features[node.feature]];
		if (node.categorical != (row->kind == HP_CATEGORICAL))
			damaged(reader, "A node is of another kind than its parameter.");
		if (node.categorical)
			check_list(reader, &tree, &node, row->n_codes);
	}
	if (reached != tree.n_nodes)
		damaged(reader, "Nothing leads to a node.");
	pfree(is_child);
}

void
model_check_trees(const Model *model)
{
	Reader		reader = {model->trees, model->trees_end, 0, "hp_forest"};

	uint32		expected = model->parts == NULL ?
		model_trees(&model->settings) : model_trees_here(model);

	if (model->n_trees != 0 && model->n_trees != expected)
		damaged(&reader, "It has another number of trees than it says.");
	for (uint32 t = 0; t < model->n_trees; t++)
		check_tree(&reader, model);
	if (reader.at != reader.end)
		damaged(&reader, "There are bytes behind its end.");
}

/* ---- trees as the core knows them ---- */

static void
reserve_tree(ModelTrees *trees, const FlatTree *flat)
{
	if (flat->n_nodes > trees->cap_nodes)
	{
		trees->cap_nodes = flat->n_nodes + flat->n_nodes / 4;
		trees->tree.nodes = palloc_extended(trees->cap_nodes * sizeof(HpNode),
											MCXT_ALLOC_HUGE);
	}
	if (flat->n_words > trees->cap_words)
	{
		trees->cap_words = flat->n_words + flat->n_words / 4;
		trees->tree.lists = palloc_extended(trees->cap_words * sizeof(uint64),
											MCXT_ALLOC_HUGE);
	}
}

const HpTree *
model_next_tree(ModelTrees *trees)
{
	const Model *model = trees->model;
	Reader		reader = {trees->number == 0 ? model->trees : trees->at,
	model->trees_end, 0, "hp_forest"};
	FlatTree	flat;

	if (trees->number++ >= model->n_trees)
		return NULL;
	flat = get_tree(&reader);
	reserve_tree(trees, &flat);
	trees->at = reader.at;
	trees->tree.n_nodes = flat.n_nodes;
	trees->tree.n_list_words = flat.n_words;
	for (uint32 i = 0; i < flat.n_nodes; i++)
		trees->tree.nodes[i] = node_at(&flat, i);
	for (uint32 i = 0; i < flat.n_words; i++)
		trees->tree.lists[i] = peek_fixed(flat.words + (Size) i * WORD_SIZE,
										  WORD_SIZE);
	return &trees->tree;
}

/* ---- prediction ---- */

/* Which way a run goes where nothing tells: by the weight of the children. */
static double
predict_below(const Model *model, const FlatTree *tree, uint32 at,
			  const uint32 *codes)
{
	HpNode		node = node_at(tree, at);

	while (node.left != 0)
	{
		const ModelRow *row = &model->rows[model->features[node.feature]];
		uint32		code = codes[node.feature];

		if (code == HP_UNKNOWN_CODE ||
			(code == 0 && (row->fill || row->runs == model->runs.used)))
		{
			double		left = node_at(tree, node.left).weight;
			double		right = node_at(tree, node.left + 1).weight;

			check_stack_depth();
			CHECK_FOR_INTERRUPTS();
			return (left * predict_below(model, tree, node.left, codes) +
					right * predict_below(model, tree, node.left + 1, codes)) /
				(left + right);
		}
		node = node_at(tree, node.left +
					   !goes_left(model, tree, &node, code));
	}
	return (double) node.value;
}

double
model_predict(const Model *model, const uint32 *codes)
{
	Reader		reader = {model->trees, model->trees_end, 0, "hp_forest"};
	double		sum = 0;

	for (uint32 t = 0; t < model->n_trees; t++)
	{
		FlatTree	tree = get_tree(&reader);

		sum += predict_below(model, &tree, 0, codes);
	}
	return model->center + model->unit * (sum / model->settings.trees);
}
