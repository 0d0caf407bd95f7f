/*
 * disguise.c
 *		Columns that are no settings, by the look of their values.
 */
#include <math.h>

#include "disguise.h"

/* Fewer runs than this tell nothing of a whole column. */
#define DISGUISE_RUNS	HP_IDENTIFIER_RUNS

/* A count with gaps has each integer of a range at least half the time. */
#define COUNTER_RUNS	30
#define COUNTER_GAPS	2

/* From 2000 to 2100, ten years at most, in seconds. */
#define CLOCK_FIRST		946684800.0
#define CLOCK_LAST		4102444800.0
#define CLOCK_SPAN		315576000.0

static bool
has_integers_only(const HpFrame *frame, const HpColumn *column)
{
	uint32_t	first = column->n_words + 1;

	for (uint32_t c = first; c < column->n_codes; c++)
		if (column->numbers[c] != floor(column->numbers[c]))
		{
			if (column->exact == NULL)
				return false;
			break;				/* the mean of a bin need be none */
		}
	for (uint32_t run = 0; column->exact != NULL && run < frame->n_runs; run++)
		if (column->exact[run] != floor(column->exact[run]) &&
			hp_column_code(column, run) >= first)
			return false;
	return true;
}

/* Integers drawn at random would do so in one of 2,700 columns, at most. */
static bool
is_counter(const HpFrame *frame, const HpColumn *column,
		   const HpDescription *d)
{
	double		range = d->maximum - d->minimum + 1;

	if (column->n_words > 0 || column->distinct < column->runs ||
		!has_integers_only(frame, column))
		return false;
	return range == column->runs ||
		(column->runs >= COUNTER_RUNS &&
		 range <= COUNTER_GAPS * (double) column->runs);
}

static bool
is_clock(const HpDescription *d, double second)
{
	return d->minimum >= CLOCK_FIRST * second &&
		d->maximum <= CLOCK_LAST * second &&
		d->maximum - d->minimum <= CLOCK_SPAN * second;
}

HpDisguise
hp_disguise(const HpFrame *frame, const HpColumn *column,
			const HpDescription *description)
{
	if (column->role != HP_PARAMETER || column->kind != HP_NUMERIC ||
		description->pairs < DISGUISE_RUNS)
		return HP_SETTING;
	/* what is measured differs from run to run, what is set comes back */
	if (2 * (uint64_t) column->distinct < column->runs)
		return HP_SETTING;
	if (fabs(description->spearman) >= HP_OUTCOME_FROM)
		return HP_OUTCOME;
	if (is_counter(frame, column, description))
		return HP_COUNTER;
	if (is_clock(description, 1) || is_clock(description, 1000))
		return HP_CLOCK;
	return HP_SETTING;
}
