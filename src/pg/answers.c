/*
 * answers.c
 *		The rows that the questions are answered with.
 *
 * What is not defined is NULL, never NaN.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/describe.h"
#include "core/order.h"
#include "pg/answer_row.h"
#include "pg/answers.h"
#include "pg/environment.h"
#include "pg/sample.h"
#include "pg/train.h"

/* ---- order ---- */

/* Larger keys first, what is not defined last, then by name. */
typedef struct Sortable
{
	double		key;
	HpText		name;
	uint32		index;
} Sortable;

static int
compare_sortables(const void *a, const void *b)
{
	const Sortable *x = a;
	const Sortable *y = b;

	if (isnan(x->key) != isnan(y->key))
		return isnan(x->key) ? 1 : -1;
	if (x->key != y->key && !isnan(x->key))
		return x->key > y->key ? -1 : 1;
	return hp_text_compare(x->name.bytes, x->name.length,
						   y->name.bytes, y->name.length);
}

static Sortable *
allocate_sortables(uint32 n)
{
	return palloc_extended((n + 1) * sizeof(Sortable), MCXT_ALLOC_HUGE);
}

/* The findings of a row, or of a group: their indexes are behind the rows'. */
static const Findings *
findings_of(const Model *model, uint32 index)
{
	return index < model->n_rows ? &model->rows[index].findings :
		&model->groups[index - model->n_rows].findings;
}

/* The first n rows and groups, by importance. */
static Sortable *
sort_by_importance(const Model *model, uint32 n)
{
	Sortable   *order = allocate_sortables(n);

	for (uint32 i = 0; i < n; i++)
		order[i] = (Sortable) {
			findings_of(model, i)->importance[model->method],
			i < model->n_rows ? model->rows[i].name :
			model->groups[i - model->n_rows].name,
			i
		};
	qsort(order, n, sizeof(Sortable), compare_sortables);
	return order;
}

uint32 *
model_order(const Model *model)
{
	Sortable   *sorted = sort_by_importance(model, model->n_rows);
	uint32	   *order = palloc((model->n_rows + 1) * sizeof(uint32));

	for (uint32 i = 0; i < model->n_rows; i++)
		order[i] = sorted[i].index;
	pfree(sorted);
	return order;
}

/* ---- the answers of a model ---- */

/* Scale keys so that they sum to 1, if there is anything. */
static void
scale_keys(Sortable *items, uint32 n)
{
	double		sum = 0;

	for (uint32 i = 0; i < n; i++)
		sum += items[i].key;
	if (sum > 0)
		for (uint32 i = 0; i < n; i++)
			items[i].key /= sum;
}

/*
 * What hp_importance shows, by importance: parameters of no group, and groups,
 * whose indexes lie behind those of the rows.  Returns how many.
 */
static uint32
collect_shown(const Model *model, Sortable *shown)
{
	uint32		n = 0;

	for (uint32 i = 0; i < model->n_rows; i++)
	{
		const ModelRow *row = &model->rows[i];

		if (row->group == 0)
			shown[n++] = (Sortable) {
				row->findings.importance[model->method], row->name, i
			};
	}
	for (uint32 g = 0; g < model->n_groups; g++)
	{
		const ModelGroup *group = &model->groups[g];

		shown[n++] = (Sortable) {
			group->findings.importance[model->method], group->name,
			model->n_rows + g
		};
	}
	if (model->n_groups > 0)
		scale_keys(shown, n);
	qsort(shown, n, sizeof(Sortable), compare_sortables);
	return n;
}

ModelShown *
model_shown(const Model *model, uint32 *n)
{
	Sortable   *sorted = allocate_sortables(model->n_rows + model->n_groups);
	ModelShown *shown;

	*n = collect_shown(model, sorted);
	shown = palloc_extended((*n + 1) * sizeof(ModelShown), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < *n; i++)
	{
		uint32		index = sorted[i].index;
		bool		is_row = index < model->n_rows;

		shown[i] = (ModelShown) {
			.name = sorted[i].name,
			.share = sorted[i].key,
			.row = is_row ? &model->rows[index] : NULL,
			.group = is_row ? 0 : index - model->n_rows + 1
		};
	}
	pfree(sorted);
	return shown;
}

void
answer_importance(ReturnSetInfo *result, const Model *model)
{
	Sortable   *shown = allocate_sortables(model->n_rows + model->n_groups);
	uint32		n = collect_shown(model, shown);

	for (uint32 i = 0; i < n; i++)
	{
		uint32		index = shown[i].index;
		Row			out = {0};

		add_text(&out, shown[i].name);
		add_float(&out, shown[i].key);
		add_float(&out, index < model->n_rows ?
				  model->rows[index].description.pearson : NAN);
		emit(result, &out);
	}
}

static const char *
kind_name(HpKind kind)
{
	switch (kind)
	{
		case HP_NUMERIC:
			return "numeric";
		case HP_BOOLEAN:
			return "boolean";
		case HP_CATEGORICAL:
			return "categorical";
	}
	return NULL;
}

static void
append_note(StringInfo notes, const char *note)
{
	if (notes->len > 0)
		appendStringInfoString(notes, "; ");
	appendStringInfoString(notes, note);
}

/* Bytes of a constant's value in its note. */
#define VALUE_SHOWN		60

char *
model_note(const Model *model, const ModelRow *row)
{
	StringInfoData notes;
	bool		gaps = row->runs < model->runs.used;
	const char *of_sample = model->runs.used < model->runs.all ?
		" in the sample" : "";

	initStringInfo(&notes);
	if (row->role == HP_CONSTANT)
		append_note(&notes, row->distinct == 0 ?
					psprintf("no value in any run%s", of_sample) :
					psprintf("constant%s: %.*s", of_sample,
							 pg_mbcliplen(row->only.bytes, row->only.length,
										  VALUE_SHOWN),
							 row->only.bytes));
	else if (row->role == HP_IDENTIFIER)
		append_note(&notes, "identifier: (nearly) every run has its own value; kept out of the forest");
	else
	{
		if (row->n_words > 0)
			append_note(&notes, row->n_words == 1 ?
						"numbers and one word, a value of its own" :
						psprintf("numbers and %u words, each word a value of its own",
								 row->n_words));
		if (row->binned)
			append_note(&notes, "more distinct numbers than can be told apart: taken as quantiles");
		if (row->pooled)
			append_note(&notes, "more levels than can be told apart: the rarest taken as one");
		if (gaps && row->distinct == 1)
			append_note(&notes, psprintf("one value where there is any%s: %.*s",
										 of_sample,
										 pg_mbcliplen(row->only.bytes,
													  row->only.length,
													  VALUE_SHOWN),
										 row->only.bytes));
		if (gaps && row->fill)
			append_note(&notes, "conditional on other parameters: gaps filled by observed values");
		else if (gaps)
			append_note(&notes, "missing taken as a value");
	}
	if (row->related.bytes != NULL)
		append_note(&notes, pnstrdup(row->related.bytes, row->related.length));
	return notes.data;
}

static void
add_findings(Row *out, const Model *model, const Findings *findings)
{
	add_float(out, findings->importance[model->method]);
	add_float(out, findings->standard_error);
	add_float(out, findings->p_value);
	add_float(out, findings->p_value_adjusted);
	for (Method m = FIRST_METHOD; m <= LAST_METHOD; m++)
		add_float(out, findings->importance[m]);
}

static void
emit_parameter(ReturnSetInfo *result, const Model *model, const ModelRow *row)
{
	const HpDescription *d = &row->description;
	Row			out = {0};

	add_text(&out, row->name);
	add_string(&out, kind_name(row->kind));
	add_bigint(&out, row->all_runs);
	add_bigint(&out, model->runs.all - row->all_runs);
	add_bigint(&out, row->distinct);
	add_float(&out, d->minimum);
	add_float(&out, d->maximum);
	add_findings(&out, model, &row->findings);
	add_float(&out, d->pearson);
	add_float(&out, d->p_value);
	add_float(&out, d->spearman);
	add_float(&out, d->spearman_p_value);
	add_float(&out, d->eta2);
	add_string(&out, model_note(model, row));
	emit(result, &out);
}

/* A group has no values, and no correlation. */
static void
emit_group(ReturnSetInfo *result, const Model *model, uint32 group)
{
	uint32		n = 0;
	Row			out = {0};

	for (uint32 f = 0; f < model->n_features; f++)
		if (model->rows[model->features[f]].group == group + 1)
			n++;
	add_text(&out, model->groups[group].name);
	add_string(&out, "group");
	add_nulls(&out, 5);
	add_findings(&out, model, &model->groups[group].findings);
	add_nulls(&out, 5);
	add_string(&out, psprintf("%u %s taken together", n,
							   model->onehot ? "columns" : "parameters"));
	emit(result, &out);
}

void
answer_parameters(ReturnSetInfo *result, const Model *model)
{
	uint32		n = model->n_rows + model->n_groups;
	Sortable   *order = sort_by_importance(model, n);

	for (uint32 i = 0; i < n; i++)
	{
		uint32		index = order[i].index;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (index < model->n_rows)
			emit_parameter(result, model, &model->rows[index]);
		else
			emit_group(result, model, index - model->n_rows);
	}
}

/*
 * How far the forest can be trusted, in words; comparisons with a p-value that
 * is not known are false.
 */
static const char *
make_verdict(const Model *model)
{
	if (model->runs.used < 2)
		return "too few runs: nothing can be said";
	if (model->unit == 0)
		return "the metric is constant: nothing can be important for it";
	if (model->n_features == 0)
		return "no hyperparameter varies: nothing can be said";
	if (isnan(model->r2))
		return "too few runs or trees to judge: do not read the importances";
	if (model->p_value > P_OF_CHANCE)
		return "no better than chance: do not read the importances";
	if (model->r2 < R2_NEXT_TO_NOTHING && model->p_value <= P_OF_CHANCE)
		return "next to nothing is explained, but more than by chance: only small p-values say anything";
	if (model->r2 < R2_NEXT_TO_NOTHING)
		return "the hyperparameters explain next to nothing: the importances are a guess";
	if (model->r2 < 0.3)
		return "little is explained: only a clear leader can be believed";
	if (model->r2 < 0.6)
		return "part is explained: the leaders can be believed, the order of the rest cannot";
	return "well explained: the order of the important hyperparameters can be believed";
}

const char *
model_verdict(const Model *model)
{
	const char *verdict = make_verdict(model);

	if (model->runs.used == model->runs.all)
		return verdict;
	return psprintf("%s (by a sample of %llu of %llu runs)", verdict,
					(unsigned long long) model->runs.used,
					(unsigned long long) model->runs.all);
}

void
answer_quality(ReturnSetInfo *result, const Model *model)
{
	const ModelRuns *runs = &model->runs;
	Row			out = {0};

	add_bigint(&out, runs->used);
	add_bigint(&out, model_left_out(runs));
	add_bigint(&out, runs->no_metric);
	add_bigint(&out, runs->nan_metric);
	add_bigint(&out, runs->infinite_metric);
	add_bigint(&out, runs->all - runs->used);
	add_float(&out, model->metric.minimum);
	add_float(&out, model->metric.median);
	add_float(&out, model->metric.maximum);
	add_float(&out, model->metric.mean);
	add_int(&out, model->n_features);
	add_int(&out, model->settings.trees);
	add_float(&out, model->r2);
	add_float(&out, model->rmse);
	add_float(&out, model->p_value);
	add_string(&out, model_verdict(model));
	add_datum(&out, Int64GetDatum((int64) model->settings.seed), false);
	emit(result, &out);
}

/* ---- the answers of a frame ---- */

void
answer_correlation(ReturnSetInfo *result, const Study *study,
				   const HpFrame *frame)
{
	HpDescription *d = palloc_extended((frame->n_columns + 1) *
									   sizeof(HpDescription), MCXT_ALLOC_HUGE);
	Sortable   *order = allocate_sortables(frame->n_columns);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "hpimp correlation",
												  ALLOCSET_DEFAULT_SIZES);

	for (uint32 i = 0; i < frame->n_columns; i++)
	{
		MemoryContext keep = MemoryContextSwitchTo(scratch);
		uint64		runs;

		d[i] = hp_describe(&pg_environment, frame, &frame->columns[i]);
		sample_correct(study, &frame->columns[i], &d[i], &runs);
		MemoryContextSwitchTo(keep);
		MemoryContextReset(scratch);
		order[i] = (Sortable) {
			fabs(d[i].pearson), frame->columns[i].name, i
		};
	}
	qsort(order, frame->n_columns, sizeof(Sortable), compare_sortables);
	for (uint32 i = 0; i < frame->n_columns; i++)
	{
		uint32		c = order[i].index;
		Row			out = {0};

		add_text(&out, frame->columns[c].name);
		add_bigint(&out, d[c].pairs);
		add_float(&out, d[c].pearson);
		add_float(&out, d[c].p_value);
		add_float(&out, d[c].spearman);
		add_float(&out, d[c].spearman_p_value);
		emit(result, &out);
	}
	MemoryContextDelete(scratch);
}

static void
emit_level(ReturnSetInfo *result, const HpColumn *column,
		   const HpLevelDescription *level)
{
	Row			out = {0};

	add_text(&out, column->name);
	if (level->code == 0)
		add_string(&out, "(missing)");
	else
		add_text(&out, column->labels[level->code]);
	add_bigint(&out, level->runs);
	add_float(&out, level->mean);
	add_float(&out, level->stddev);
	add_float(&out, level->correlation);
	add_float(&out, level->p_value);
	emit(result, &out);
}

/* By parameter and level; "(missing)" comes last. */
void
answer_levels(ReturnSetInfo *result, const Study *study,
			  const HpFrame *frame)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "hpimp levels",
												  ALLOCSET_DEFAULT_SIZES);

	for (uint32 c = 0; c < frame->n_columns; c++)
	{
		const HpColumn *column = &frame->columns[c];
		MemoryContext keep = MemoryContextSwitchTo(scratch);
		HpLevelDescription *levels;
		uint32		n;

		if (column->role == HP_PARAMETER)
		{
			levels = hp_describe_levels(&pg_environment, frame, column, &n);
			for (uint32 i = 0; i < n; i++)
				if (levels[i].code != 0)
					emit_level(result, column, &levels[i]);
			if (n > 0 && levels[0].code == 0)
				emit_level(result, column, &levels[0]);
		}
		MemoryContextSwitchTo(keep);
		MemoryContextReset(scratch);
	}
	MemoryContextDelete(scratch);
}
