/*
 * model.c
 *		The flat hp_forest: portable, versioned, checked whole on reading.
 *
 * Bytes after the varlena header (see bytes.h for head, varint, text):
 *
 *	+------+----------+-------+---------+------+--------+------+
 *	| head | settings | runs  | quality | rows | groups | trees|
 *	+------+----------+-------+---------+------+--------+------+
 *
 * a row:
 *
 *	+-------+------------------+------+---------+--------------+-------------+
 *	| flags | name, parameter, | kind | counts, | runs, and	   | numbers and |
 *	|		| level, only value| role | doubles | best, by code| labels	     |
 *	+-------+------------------+------+---------+--------------+-------------+
 *
 * a group:
 *
 *	+------+---------+
 *	| name | doubles |
 *	+------+---------+
 *
 * trees, each:
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
 * The check of a value from outside makes walking it safe: children lie behind
 * their parents and belong to one (so each walk ends, and soon), features and
 * lists of levels exist.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/compat.h"
#include "pg/model.h"

#define LETTERS			"hpft"
#define VERSION			1
#define NODE_SIZE		24
#define WORD_SIZE		8
#define TREE_HEAD_SIZE	8

/* Flags of a row. */
#define ROW_ONEHOT		0x01
#define ROW_BINNED		0x02
#define ROW_POOLED		0x04
#define ROW_FILL		0x08
#define ROW_NUMBERS		0x10
#define ROW_LABELS		0x20
#define ROW_MISSING		0x40
#define ROW_ONLY		0x80
#define ROW_RELATED		0x100

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

static void
put_settings(Writer *writer, const Model *model)
{
	const HpForestSettings *s = &model->settings;

	put_fixed(writer, s->trees, 4);
	put_fixed(writer, s->max_depth, 8);
	put_fixed(writer, s->min_samples_leaf, 8);
	put_double(writer, s->max_features);
	put_fixed(writer, s->seed, 8);
	put_fixed(writer, s->missing, 1);
	put_fixed(writer, model->method, 1);
	put_fixed(writer, model->onehot, 1);
	put_fixed(writer, model->maximize, 1);
	put_double(writer, model->quantile);
	put_fixed(writer, model->depth, 4);
	put_fixed(writer, model->uncertainty, 1);
	put_fixed(writer, model->space, 1);
	put_fixed(writer, s->twice, 1);
}

static void
put_quality(Writer *writer, const Model *model)
{
	put_varint(writer, model->runs.all);
	put_varint(writer, model->runs.used);
	put_varint(writer, model->runs.no_metric);
	put_varint(writer, model->runs.nan_metric);
	put_varint(writer, model->runs.infinite_metric);
	put_double(writer, model->metric.minimum);
	put_double(writer, model->metric.median);
	put_double(writer, model->metric.maximum);
	put_double(writer, model->metric.mean);
	put_double(writer, model->metric.stddev);
	put_varint(writer, model->metric.extremes);
	put_double(writer, model->metric.share);
	put_double(writer, model->r2);
	put_double(writer, model->rmse);
	put_double(writer, model->p_value);
	put_double(writer, model->center);
	put_double(writer, model->unit);
}

static void
put_description(Writer *writer, const HpDescription *d)
{
	put_varint(writer, d->pairs);
	put_double(writer, d->minimum);
	put_double(writer, d->maximum);
	put_double(writer, d->pearson);
	put_double(writer, d->p_value);
	put_double(writer, d->spearman);
	put_double(writer, d->spearman_p_value);
	put_double(writer, d->eta2);
}

static void
put_findings(Writer *writer, const Findings *findings)
{
	for (Method m = FIRST_METHOD; m <= LAST_METHOD; m++)
		put_double(writer, findings->importance[m]);
	put_double(writer, findings->standard_error);
	put_double(writer, findings->p_value);
	put_double(writer, findings->p_value_adjusted);
}

static int
row_flags(const ModelRow *row)
{
	return (row->level.bytes != NULL ? ROW_ONEHOT : 0) |
		(row->level_missing ? ROW_MISSING : 0) |
		(row->only.bytes != NULL ? ROW_ONLY : 0) |
		(row->related.bytes != NULL ? ROW_RELATED : 0) |
		(row->binned ? ROW_BINNED : 0) |
		(row->pooled ? ROW_POOLED : 0) |
		(row->fill ? ROW_FILL : 0) |
		(row->numbers != NULL && row->n_codes > 0 ? ROW_NUMBERS : 0) |
		(row->labels != NULL && row->n_codes > 0 ? ROW_LABELS : 0);
}

static void
put_row(Writer *writer, const ModelRow *row)
{
	int			flags = row_flags(row);

	put_fixed(writer, flags, 2);
	put_text(writer, row->name);
	if (flags & ROW_ONEHOT)
	{
		put_text(writer, row->parameter);
		put_text(writer, row->level);
	}
	if (flags & ROW_ONLY)
		put_text(writer, row->only);
	if (flags & ROW_RELATED)
		put_text(writer, row->related);
	put_fixed(writer, row->kind, 1);
	put_fixed(writer, row->role, 1);
	put_varint(writer, row->runs);
	put_varint(writer, row->all_runs);
	put_varint(writer, row->distinct);
	put_varint(writer, row->n_codes);
	put_varint(writer, row->n_words);
	put_varint(writer, row->group);
	put_findings(writer, &row->findings);
	put_description(writer, &row->description);
	for (uint32 c = 0; c < row->n_codes; c++)
		put_varint(writer, row->runs_of[c]);
	for (uint32 c = 0; c < row->n_codes; c++)
		put_varint(writer, row->best_of[c]);
	if (flags & ROW_NUMBERS)
		for (uint32 c = row->n_words + 1; c < row->n_codes; c++)
			put_double(writer, row->numbers[c]);
	if (flags & ROW_LABELS)
		for (uint32 c = 1; c < (row->kind == HP_NUMERIC ? row->n_words + 1 :
								row->n_codes); c++)
			put_text(writer, row->labels[c]);
}

static void
put_model(Writer *writer, const Model *model)
{
	put_head(writer, LETTERS, VERSION);
	put_settings(writer, model);
	put_quality(writer, model);
	put_varint(writer, model->n_rows);
	for (uint32 i = 0; i < model->n_rows; i++)
		put_row(writer, &model->rows[i]);
	put_varint(writer, model->n_groups);
	for (uint32 i = 0; i < model->n_groups; i++)
	{
		put_text(writer, model->groups[i].name);
		put_findings(writer, &model->groups[i].findings);
	}
	put_varint(writer, model->n_trees);
	put_bytes(writer, model->trees, model->trees_end - model->trees);
}

struct varlena *
model_write(const Model *model)
{
	Writer		writer = {NULL, 0};
	struct varlena *value;
	Size		size;

	put_model(&writer, model);
	size = VARHDRSZ + writer.size;
	if (!AllocSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("forest of %u parameters is too large", model->n_rows),
				 errdetail("It needs %zu bytes, the limit is %zu bytes.",
						   size, (Size) MaxAllocSize),
				 errhint("Train fewer trees, or raise min_samples_leaf.")));
	value = palloc(size);
	SET_VARSIZE(value, size);
	writer = (Writer) {VARDATA(value), 0};
	put_model(&writer, model);
	return value;
}

/* ---- reading ---- */

static uint64
get_choice(Reader *reader, uint64 first, uint64 last)
{
	uint64		choice = get_fixed(reader, 1);

	if (choice < first || choice > last)
		damaged(reader, "A setting is out of range.");
	return choice;
}

static void
get_settings(Reader *reader, Model *model)
{
	HpForestSettings *s = &model->settings;

	s->trees = get_fixed(reader, 4);
	s->max_depth = (int64) get_fixed(reader, 8);
	s->min_samples_leaf = (int64) get_fixed(reader, 8);
	s->max_features = get_double(reader);
	s->seed = get_fixed(reader, 8);
	s->missing = get_choice(reader, HP_MISSING_VALUE, HP_MISSING_FILL);
	model->method = get_choice(reader, FIRST_METHOD, LAST_METHOD);
	model->onehot = get_choice(reader, 0, 1);
	model->maximize = get_choice(reader, 0, 1);
	model->quantile = get_double(reader);
	model->depth = (int) get_fixed(reader, 4);
	model->uncertainty = get_choice(reader, 0, 1);
	model->space = get_choice(reader, HP_SPACE_OBSERVED, HP_SPACE_LOG);
	s->twice = get_choice(reader, 0, 1);
	s->permutation = model->method == METHOD_PERMUTATION;
	s->corrected = model->method == METHOD_CORRECTED;
	s->depth = model->depth;
	s->fanova = model->method == METHOD_FANOVA;
	if (hp_forest_check(s) != NULL || model->depth < 0 ||
		!(model->quantile > 0 && model->quantile < 1))
		damaged(reader, "A setting is out of range.");
}

static double
get_defined(Reader *reader)
{
	double		number = get_double(reader);

	if (isinf(number))
		damaged(reader, "A number is infinite.");
	return number;
}

static void
get_quality(Reader *reader, Model *model)
{
	model->runs.all = get_varint(reader, PG_INT64_MAX);
	model->runs.used = get_varint(reader, HP_MAX_RUNS);
	model->runs.no_metric = get_varint(reader, PG_INT64_MAX);
	model->runs.nan_metric = get_varint(reader, PG_INT64_MAX);
	model->runs.infinite_metric = get_varint(reader, PG_INT64_MAX);
	model->metric.minimum = get_defined(reader);
	model->metric.median = get_defined(reader);
	model->metric.maximum = get_defined(reader);
	model->metric.mean = get_defined(reader);
	model->metric.stddev = get_defined(reader);
	model->metric.extremes = get_varint(reader, HP_MAX_RUNS);
	model->metric.share = get_defined(reader);
	model->r2 = get_defined(reader);
	model->rmse = get_defined(reader);
	model->p_value = get_defined(reader);
	model->center = get_defined(reader);
	model->unit = get_defined(reader);
	if (model->runs.used > model->runs.all)
		damaged(reader, "More runs are used than there are.");
}

static void
get_description(Reader *reader, HpDescription *d)
{
	d->pairs = get_varint(reader, PG_INT64_MAX);
	d->minimum = get_defined(reader);
	d->maximum = get_defined(reader);
	d->pearson = get_defined(reader);
	d->p_value = get_defined(reader);
	d->spearman = get_defined(reader);
	d->spearman_p_value = get_defined(reader);
	d->eta2 = get_defined(reader);
}

static void
get_findings(Reader *reader, Findings *findings)
{
	findings->importance[0] = NAN;
	for (Method m = FIRST_METHOD; m <= LAST_METHOD; m++)
		findings->importance[m] = get_defined(reader);
	findings->standard_error = get_defined(reader);
	findings->p_value = get_defined(reader);
	findings->p_value_adjusted = get_defined(reader);
}

/*
 * The runs by code, and the best among them; each takes a byte, which bounds
 * n_codes.
 */
static void
get_runs_of(Reader *reader, ModelRow *row)
{
	if (row->n_codes == 0)
		return;
	row->runs_of = palloc(row->n_codes * sizeof(uint32));
	row->best_of = palloc(row->n_codes * sizeof(uint32));
	for (uint32 c = 0; c < row->n_codes; c++)
		row->runs_of[c] = get_varint(reader, HP_MAX_RUNS);
	for (uint32 c = 0; c < row->n_codes; c++)
		row->best_of[c] = get_varint(reader, row->runs_of[c]);
}

/* The numbers and labels by code. */
static void
get_codes(Reader *reader, ModelRow *row, int flags)
{
	if (flags & ROW_NUMBERS)
	{
		row->numbers = palloc(row->n_codes * sizeof(double));
		for (uint32 c = 0; c < row->n_codes; c++)
		{
			row->numbers[c] = c <= row->n_words ? NAN : get_defined(reader);
			if (c > row->n_words && isnan(row->numbers[c]))
				damaged(reader, "A value of a parameter is not a number.");
		}
	}
	if (flags & ROW_LABELS)
	{
		uint32		n = row->kind == HP_NUMERIC ? row->n_words + 1 : row->n_codes;

		row->labels = palloc0(n * sizeof(HpText));
		for (uint32 c = 1; c < n; c++)
			row->labels[c] = get_text(reader);
	}
}

static void
check_row(Reader *reader, const ModelRow *row, int flags)
{
	bool		numbers = flags & ROW_NUMBERS;
	bool		labels = flags & ROW_LABELS;

	if (row->role == HP_PARAMETER ?
		row->n_codes < row->n_words + 1 || row->n_codes < 2 :
		row->n_codes != 0)
		damaged(reader, "A parameter has a wrong number of values.");
	if (row->n_codes == 0 ? numbers || labels :
		numbers != (row->kind != HP_CATEGORICAL) ||
		labels != (row->kind != HP_NUMERIC || row->n_words > 0) ||
		(row->n_words > 0 && row->kind != HP_NUMERIC))
		damaged(reader, "A parameter lacks the values of its kind.");
}

static void
get_row(Reader *reader, ModelRow *row)
{
	int			flags = get_fixed(reader, 2);

	memset(row, 0, sizeof(ModelRow));
	row->name = row->parameter = get_text(reader);
	if (flags & ROW_ONEHOT)
	{
		row->parameter = get_text(reader);
		row->level = get_text(reader);
	}
	if (flags & ROW_ONLY)
		row->only = get_text(reader);
	if (flags & ROW_RELATED)
		row->related = get_text(reader);
	row->kind = get_choice(reader, HP_NUMERIC, HP_CATEGORICAL);
	row->role = get_choice(reader, HP_PARAMETER, HP_IDENTIFIER);
	row->level_missing = flags & ROW_MISSING;
	row->binned = flags & ROW_BINNED;
	row->pooled = flags & ROW_POOLED;
	row->fill = flags & ROW_FILL;
	row->runs = get_varint(reader, HP_MAX_RUNS);
	row->all_runs = get_varint(reader, PG_INT64_MAX);
	row->distinct = get_varint(reader, HP_MAX_RUNS);
	row->n_codes = get_varint(reader, HP_MAX_CODES);
	row->n_words = get_varint(reader, HP_MAX_CODES);
	row->group = get_varint(reader, HP_MAX_COLUMNS);
	get_findings(reader, &row->findings);
	get_description(reader, &row->description);
	check_row(reader, row, flags);
	get_runs_of(reader, row);
	get_codes(reader, row, flags);
}

static void
get_rows(Reader *reader, Model *model)
{
	uint32		n = get_varint(reader, HP_MAX_COLUMNS);

	/* a row takes far more bytes than one */
	if (n > (uint64) (reader->end - reader->at))
		damaged(reader, "It ends too early.");
	model->n_rows = n;
	model->rows = palloc_extended(n * sizeof(ModelRow), MCXT_ALLOC_HUGE);
	model->features = palloc(n * sizeof(uint32));
	for (uint32 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		get_row(reader, &model->rows[i]);
		if (model->rows[i].role == HP_PARAMETER)
			model->features[model->n_features++] = i;
	}
}

static void
get_groups(Reader *reader, Model *model)
{
	uint32		n = get_varint(reader, model->n_rows);

	model->n_groups = n;
	model->groups = palloc((n + 1) * sizeof(ModelGroup));
	for (uint32 i = 0; i < n; i++)
	{
		model->groups[i].name = get_text(reader);
		get_findings(reader, &model->groups[i].findings);
	}
	for (uint32 i = 0; i < model->n_rows; i++)
		if (model->rows[i].group > n)
			damaged(reader, "A parameter is in no group.");
}

static Model *
get_model(const char *bytes, Size size)
{
	Reader		reader = {bytes, bytes + size, 0, "hp_forest"};
	Model	   *model = palloc0(sizeof(Model));

	get_head(&reader, LETTERS, VERSION);
	get_settings(&reader, model);
	get_quality(&reader, model);
	get_rows(&reader, model);
	get_groups(&reader, model);
	model->n_trees = get_varint(&reader, 2 * HP_MAX_TREES);
	model->trees = reader.at;
	model->trees_end = reader.end;
	return model;
}

Model *
model_read(struct varlena *value)
{
	return get_model(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/* ---- trees in their flat form ---- */

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

Model *
model_check(const char *bytes, Size size)
{
	Model	   *model = get_model(bytes, size);
	Reader		reader = {model->trees, model->trees_end, 0, "hp_forest"};

	if (model->n_trees != 0 && model->n_trees != model_trees(&model->settings))
		damaged(&reader, "It has another number of trees than it says.");
	for (uint32 t = 0; t < model->n_trees; t++)
		check_tree(&reader, model);
	if (reader.at != reader.end)
		damaged(&reader, "There are bytes behind its end.");
	return model;
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
