/*
 * detail.c
 *		What a report shows of the runs themselves.
 *
 * A frame holds its runs by metric, then by content: one in so many of them, in that order,
 * is the same choice however the runs came, and spreads over good and bad ones
 * as all do.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

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
			const HpColumn *column, MemoryContext work)
{
	MemoryContext keep = MemoryContextSwitchTo(work);
	HpLevelDescription *levels = hp_describe_levels(&pg_environment, frame,
													column, &detail->n_levels);
	Size		size = detail->n_levels * sizeof(HpLevelDescription);

	MemoryContextSwitchTo(keep);
	detail->levels = palloc(size + 1);
	memcpy(detail->levels, levels, size);
}

ModelDetail *
detail_of_frame(const Model *model, const HpFrame *frame, MemoryContext work)
{
	ModelDetail *detail = palloc(sizeof(ModelDetail));
	uint32		n = Min(frame->n_runs, DETAIL_RUNS);

	detail->n_runs = n;
	detail->metric = palloc((n + 1) * sizeof(double));
	for (uint32 i = 0; i < n; i++)
		detail->metric[i] = frame->metric[shown_run(frame, i, n)];
	detail->features = palloc0((model->n_features + 1) *
							   sizeof(FeatureDetail));
	for (uint32 f = 0; f < model->n_features; f++)
	{
		uint32		i = model->features[f];

		CHECK_FOR_INTERRUPTS();
		if (!(model->rows[i].findings.importance[model->method] >=
			  DETAIL_IMPORTANCE))
			continue;
		fill_runs(&detail->features[f], frame, &frame->columns[i], n);
		fill_levels(&detail->features[f], frame, &frame->columns[i], work);
	}
	return detail;
}
