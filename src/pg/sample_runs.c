/*
 * sample_runs.c
 *		A sample for those who ask it: its runs one by one, and what is known
 *		of all runs.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/association.h"
#include "pg/environment.h"
#include "pg/sample.h"

/* Elements to go through between looks at pending interrupts. */
#define PER_CHECK		65536

/* ---------- runs one by one ---------- */

uint64
sample_size(const Study *study)
{
	if (study->sample == NULL)
		return study->n_runs;
	return Min(study->sample->n_kept, study->limit);
}

/*
 * Which run each of n places takes, if all copies lie side by side in the
 * order of the runs and places are spread evenly over them:
 *
 *		copy of place j = floor(j * copies / n)
 *
 * computed from quotient and remainder, which does not overflow: n and j are
 * below 2^31.
 */
static uint32 *
spread_places(const Sample *sample, uint32 n)
{
	uint32	   *run_of = MemoryContextAllocHuge(CurrentMemoryContext,
												(Size) n * sizeof(uint32));
	uint64		quotient = sample->n_kept / n;
	uint64		remainder = sample->n_kept % n;
	uint64		end = sample->copies[0];	/* of the copies of run */
	uint32		run = 0;

	for (uint32 j = 0; j < n; j++)
	{
		uint64		copy = j * quotient + j * remainder / n;

		if (j % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		while (copy >= end)
			end += sample->copies[++run];
		run_of[j] = run;
	}
	return run_of;
}

static HpInput
spread_codes(const HpInput *from, const uint32 *run_of, uint32 n)
{
	HpInput		input = *from;

	input.n_codes = n;
	input.codes = MemoryContextAllocHuge(CurrentMemoryContext,
										 (Size) n * input.code_width);
	for (uint32 j = 0; j < n; j++)
	{
		if (j % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		study_put_code(&input, j, hp_input_code(from, run_of[j]));
	}
	return input;
}

const Study *
sample_runs(const Study *study)
{
	uint32		n = sample_size(study);
	Study	   *runs;
	uint32	   *run_of;

	/* without copies they are one by one */
	if (study->sample == NULL || study->sample->n_kept == study->n_runs)
		return study;
	runs = palloc0(sizeof(Study));
	runs->left_out = study->left_out;
	runs->limit = study->limit;
	runs->n_runs = n;
	runs->n_columns = study->n_columns;
	runs->columns = palloc_extended((Size) (study->n_columns + 1) *
									sizeof(StudyColumn),
									MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	runs->metric = MemoryContextAllocHuge(CurrentMemoryContext,
										  ((Size) n + 1) * sizeof(double));
	run_of = spread_places(study->sample, n);
	for (uint32 j = 0; j < n; j++)
		runs->metric[j] = study->metric[run_of[j]];
	for (uint32 c = 0; c < study->n_columns; c++)
		runs->columns[c].input = spread_codes(&study->columns[c].input,
											  run_of, n);
	pfree(run_of);
	return runs;
}

/* ---------- what is known of all runs ---------- */

/* Add the runs kept to a tally of the others. */
static void
tally_kept(const Study *study, const HpInput *input, HpTally *tally)
{
	SampleReading *readings = sample_read_values(input);

	for (uint32 run = 0; run < input->n_codes; run++)
	{
		uint32		code = hp_input_code(input, run);

		if (run % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		if (code > 0)
			hp_tally_add(&pg_environment, tally, readings[code - 1].reads,
						 readings[code - 1].number, study->metric[run],
						 study->sample->copies[run]);
	}
	pfree(readings);
}

static HpTally
tally_column(const Study *study, HpText name)
{
	HpTally		tally = {0};
	const StudyColumn *column = study_find_column(study, name.bytes,
												  name.length);
	uint32		c = column - study->columns;

	if (c < study->sample->n_columns)
		hp_tally_merge(&pg_environment, &tally,
					   &study->sample->columns[c].tally);
	tally_kept(study, &column->input, &tally);
	return tally;
}

/*
 * A category's runs are those with any value; of a number or boolean what is
 * not finite is missing.  Ranks, levels and the association of a category
 * stay those of the sample; so does a one-hot column, which is a level.
 */
void
sample_correct(const Study *study, const HpColumn *column,
			   HpDescription *description, uint64 *runs)
{
	HpTally		tally;
	const HpPairs *pairs;

	*runs = column->runs;
	if (study->sample == NULL)
		return;
	if (column->level.bytes != NULL)
	{
		*runs = sample_total(study);
		return;
	}
	tally = tally_column(study, column->parameter);
	*runs = hp_tally_runs(&tally);
	if (column->kind == HP_CATEGORICAL)
		return;
	*runs -= tally.not_finite;
	pairs = column->kind == HP_BOOLEAN ? &tally.booleans : &tally.numbers;
	description->pairs = pairs->n;
	description->minimum = pairs->n > 0 ? pairs->minimum : NAN;
	description->maximum = pairs->n > 0 ? pairs->maximum : NAN;
	description->pearson = hp_exact_correlation(&pairs->sums, pairs->n);
	description->p_value = hp_correlation_p_value(description->pearson,
												  pairs->n);
}

void
sample_correct_metric(const Study *study, HpMetric *metric)
{
	const Sample *sample = study->sample;
	HpMetricTally tally = {0};

	if (sample == NULL)
		return;
	hp_tally_merge_metric(&pg_environment, &tally, &sample->metric);
	for (uint32 run = 0; run < study->n_runs; run++)
		hp_tally_add_metric(&pg_environment, &tally, study->metric[run],
							sample->copies[run]);
	if (tally.n == 0)
		return;
	metric->minimum = tally.minimum;
	metric->maximum = tally.maximum;
	metric->mean = hp_exact_mean(&tally.sum, tally.n);
	if (!isfinite(metric->mean))
		metric->mean = NAN;		/* forged */
}
