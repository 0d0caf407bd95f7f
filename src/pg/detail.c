/*
 * detail.c
 *		What a report shows of the runs themselves.
 *
 * A frame holds its runs by metric, then by content: one in so many of them, in
 * that order, is the same choice however the runs came, and spreads over good
 * and bad ones as all do.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/detail.h"
#include "pg/environment.h"

/* The i-th run of n that are shown: the first is the first, the last the last. */
static uint32
shown_run(const HpFrame *frame, uint32 i, uint32 n)
{
	if (n <= 1)
		return 0;
	return (uint64) i * (frame->n_runs - 1) / (n - 1);
}

static double
number_of(const HpColumn *column, uint32 run, uint32 code)
{
	if (column->kind != HP_NUMERIC || code <= column->n_words)
		return NAN;
	return column->exact != NULL ? column->exact[run] : column->numbers[code];
}

static void
fill_runs(FeatureDetail *detail, const HpFrame *frame, const HpColumn *column,
		  uint32 n)
{
	detail->codes = palloc((n + 1) * sizeof(uint32));
	detail->numbers = palloc((n + 1) * sizeof(double));
	for (uint32 i = 0; i < n; i++)
	{
		uint32		run = shown_run(frame, i, n);
		uint32		code = hp_column_code(column, run);

		detail->codes[i] = code;
		detail->numbers[i] = number_of(column, run, code);
	}
}

static void
fill_levels(FeatureDetail *detail, const HpFrame *frame,
			const HpColumn *column, MemoryContext scratch)
{
	MemoryContext keep = MemoryContextSwitchTo(scratch);
	HpLevelDescription *levels = hp_describe_levels(&pg_environment, frame,
													column, &detail->n_levels);
	Size		size = detail->n_levels * sizeof(HpLevelDescription);

	MemoryContextSwitchTo(keep);
	detail->levels = palloc(size + 1);
	memcpy(detail->levels, levels, size);
	MemoryContextReset(scratch);
}

static bool
has_levels(const HpColumn *column)
{
	return column->kind != HP_NUMERIC || column->n_words > 0;
}

static void
fill_features(ModelDetail *detail, const Model *model, const HpFrame *frame)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "hpimp detail",
												  ALLOCSET_DEFAULT_SIZES);

	for (uint32 f = 0; f < model->n_features; f++)
	{
		const ModelRow *row = &model->rows[model->features[f]];
		const HpColumn *column = &frame->columns[model->features[f]];

		CHECK_FOR_INTERRUPTS();
		if (!(row->findings.importance[model->method] >= DETAIL_IMPORTANCE))
			continue;
		fill_runs(&detail->features[f], frame, column, detail->n_runs);
		if (has_levels(column))
			fill_levels(&detail->features[f], frame, column, scratch);
	}
	MemoryContextDelete(scratch);
}

ModelDetail *
detail_of_frame(const Model *model, const HpFrame *frame)
{
	ModelDetail *detail = palloc(sizeof(ModelDetail));
	uint32		n = Min(frame->n_runs, DETAIL_RUNS);

	detail->n_runs = n;
	detail->metric = palloc((n + 1) * sizeof(double));
	for (uint32 i = 0; i < n; i++)
		detail->metric[i] = frame->metric[shown_run(frame, i, n)];
	detail->features = palloc0((model->n_features + 1) *
							   sizeof(FeatureDetail));
	fill_features(detail, model, frame);
	return detail;
}
