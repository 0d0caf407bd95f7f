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
 * and the trees one after the other, as in model_trees.c.  A forest that is not
 * whole begins with letters and a version of its own and has its parts, as in
 * model_parts.c, between groups and trees.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/order.h"
#include "pg/model.h"

#define LETTERS			"hpft"
#define LETTERS_OF_PARTS "hpfp"
#define VERSION			1

/*
 * Another one whenever trees or replicates report something else, or there are
 * more of them or fewer: parts of both would make a forest that is neither.
 *
 *		1	hpimp 1.0 and 1.1, which differ in that all the same
 *		2	hpimp 1.2
 *		3	since 1.3
 */
#define VERSION_OF_PARTS 3

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

/* All but trees and parts. */
static void
put_findings_of(Writer *writer, const Model *model)
{
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
}

static void
put_model(Writer *writer, const Model *model)
{
	bool		in_parts = model->parts != NULL;

	put_head(writer, in_parts ? LETTERS_OF_PARTS : LETTERS,
			 in_parts ? VERSION_OF_PARTS : VERSION);
	put_findings_of(writer, model);
	if (in_parts)
		put_parts(writer, model);
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

typedef void (*PutPart) (Writer *writer, const Model *model);

static bool
written_the_same(PutPart put, const Model *a, const Model *b)
{
	const Model *models[2] = {a, b};
	Writer		writers[2];
	bool		same;

	for (int i = 0; i < 2; i++)
	{
		writers[i] = (Writer) {NULL, 0};
		put(&writers[i], models[i]);
		writers[i] = (Writer) {
			palloc_extended(writers[i].size, MCXT_ALLOC_HUGE), 0
		};
		put(&writers[i], models[i]);
	}
	same = writers[0].size == writers[1].size &&
		memcmp(writers[0].at, writers[1].at, writers[0].size) == 0;
	pfree(writers[0].at);
	pfree(writers[1].at);
	return same;
}

bool
model_same_settings(const Model *a, const Model *b)
{
	return written_the_same(put_settings, a, b);
}

bool
model_same_but_trees(const Model *a, const Model *b)
{
	return written_the_same(put_findings_of, a, b);
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

/* What cannot be below 0. */
static double
get_amount(Reader *reader)
{
	double		number = get_defined(reader);

	if (number < 0)
		damaged(reader, "An importance, its error or a p-value is negative.");
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
		findings->importance[m] = get_amount(reader);
	findings->standard_error = get_amount(reader);
	findings->p_value = get_amount(reader);
	findings->p_value_adjusted = get_amount(reader);
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

static bool
in_order(HpText a, HpText b)
{
	return hp_text_compare(a.bytes, a.length, b.bytes, b.length) <= 0;
}

/* Labels from 1 to before end, the last of which may stand for others. */
static bool
are_shuffled(const ModelRow *row, uint32 end)
{
	for (uint32 c = 2; c < end - row->pooled; c++)
		if (!in_order(row->labels[c - 1], row->labels[c]))
			return true;
	return false;
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
		row->shuffled = are_shuffled(row, n);
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
		if (model->rows[i].all_runs > model->runs.all ||
			model->rows[i].runs > model->runs.used)
			damaged(reader, "More runs have a parameter than there are.");
		if (i > 0 && !in_order(model->rows[i - 1].parameter,
							   model->rows[i].parameter))
			model->shuffled = true;
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

/* Those were made to be merged soon, so there is no reader for them. */
static void
refuse_older_parts(const char *bytes, Size size)
{
	int			found = size > strlen(LETTERS_OF_PARTS) ?
		(uint8) bytes[strlen(LETTERS_OF_PARTS)] : VERSION_OF_PARTS;

	if (found < VERSION_OF_PARTS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("part of a forest was trained by an earlier version of hpimp"),
				 errdetail("It has format version %d; this version of hpimp reads and merges parts of format version %d.",
						   found, VERSION_OF_PARTS),
				 errhint("Train all parts anew, by the same version of hpimp on all servers.")));
}

static Model *
get_model(const char *bytes, Size size)
{
	Reader		reader = {bytes, bytes + size, 0, "hp_forest"};
	Model	   *model = palloc0(sizeof(Model));
	bool		in_parts = size >= strlen(LETTERS_OF_PARTS) &&
		memcmp(bytes, LETTERS_OF_PARTS, strlen(LETTERS_OF_PARTS)) == 0;

	if (in_parts)
		refuse_older_parts(bytes, size);
	get_head(&reader, in_parts ? LETTERS_OF_PARTS : LETTERS,
			 in_parts ? VERSION_OF_PARTS : VERSION);
	get_settings(&reader, model);
	get_quality(&reader, model);
	get_rows(&reader, model);
	get_groups(&reader, model);
	if (in_parts)
		get_parts(&reader, model);
	model->n_trees = get_varint(&reader, 2 * HP_MAX_TREES);
	model->trees = reader.at;
	model->trees_end = reader.end;
	return model;
}

Model *
model_read_any(struct varlena *value)
{
	return get_model(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

Model *
model_read(struct varlena *value)
{
	Model	   *model = model_read_any(value);

	if (model->parts != NULL)
		model_not_whole(model);
	return model;
}

Model *
model_check(const char *bytes, Size size)
{
	Model	   *model = get_model(bytes, size);

	model_check_trees(model);
	return model;
}
