/*
 * report_levels.c
 *		What a report knows of the levels of a parameter.
 *
 * A forest counts the runs of each level.  What their metric is, is known only
 * as long as the runs are there: see detail.h.
 */
#include "postgres.h"

#include <math.h>

#include "pg/report.h"

/* Features of a model just trained are in the order of its rows. */
const FeatureDetail *
report_detail(const Model *model, const ModelRow *row)
{
	uint32		low = 0;
	uint32		high = model->n_features;

	if (model->detail == NULL || row == NULL || row->role != HP_PARAMETER)
		return NULL;
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (model->features[middle] < row - model->rows)
			low = middle + 1;
		else
			high = middle;
	}
	return model->detail->features[low].codes == NULL ? NULL :
		&model->detail->features[low];
}

uint32
report_best_runs(const ModelRow *row)
{
	uint32		n = 0;

	for (uint32 c = 0; c < row->n_codes; c++)
		n += row->best_of[c];
	return n;
}

/* By runs, then by place: codes are in an order that the runs alone decide. */
static int
compare_levels(const void *a, const void *b, void *arg)
{
	const uint32 *runs_of = arg;
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	if (runs_of[x] != runs_of[y])
		return runs_of[x] > runs_of[y] ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* The codes of the levels that runs have; missing only if it is a value. */
static uint32 *
list_codes(const ModelRow *row, uint32 *n)
{
	uint32		end = row->kind == HP_NUMERIC ? row->n_words + 1 : row->n_codes;
	uint32	   *codes = palloc((end + 1) * sizeof(uint32));

	*n = 0;
	for (uint32 c = row->fill ? 1 : 0; c < end; c++)
		if (row->runs_of[c] > 0)
			codes[(*n)++] = c;
	qsort_arg(codes, *n, sizeof(uint32), compare_levels, row->runs_of);
	return codes;
}

static ReportLevel
make_level(const ModelRow *row, uint32 code, const FeatureDetail *detail)
{
	ReportLevel level = {
		.name = code == 0 ? "(missing)" : report_showable(row->labels[code]),
		.runs = row->runs_of[code],
		.best = row->best_of[code],
		.mean = NAN,
		.stddev = NAN,
		.correlation = NAN
	};

	for (uint32 i = 0; detail != NULL && i < detail->n_levels; i++)
		if (detail->levels[i].code == code)
		{
			level.mean = detail->levels[i].mean;
			level.stddev = detail->levels[i].stddev;
			level.correlation = detail->levels[i].correlation;
			break;
		}
	return level;
}

ReportLevel *
report_levels(const Model *model, const ModelRow *row, uint32 most, uint32 *n,
			  uint32 *all)
{
	const FeatureDetail *detail = report_detail(model, row);
	ReportLevel *levels;
	uint32	   *codes;

	*n = *all = 0;
	if (row == NULL || row->role != HP_PARAMETER || model->onehot ||
		(row->kind == HP_NUMERIC && row->n_words == 0))
		return NULL;
	codes = list_codes(row, all);
	*n = Min(*all, most);
	levels = palloc((*n + 1) * sizeof(ReportLevel));
	for (uint32 i = 0; i < *n; i++)
		levels[i] = make_level(row, codes[i], detail);
	pfree(codes);
	return levels;
}
