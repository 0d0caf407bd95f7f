/*
 * answer_row.h
 *		Building the rows of an answer.
 *
 * What is not defined is NULL, never NaN; so is what is too large for a number.
 */
#ifndef HPIMP_ANSWER_ROW_H
#define HPIMP_ANSWER_ROW_H

#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"

#include "core/text.h"

#define MAX_COLUMNS 24

typedef struct Row
{
	int			n;
	Datum		values[MAX_COLUMNS];
	bool		nulls[MAX_COLUMNS];
} Row;

static inline void
add_datum(Row *row, Datum value, bool isnull)
{
	Assert(row->n < MAX_COLUMNS);
	row->values[row->n] = value;
	row->nulls[row->n++] = isnull;
}

static inline void
add_nulls(Row *row, int n)
{
	while (n-- > 0)
		add_datum(row, (Datum) 0, true);
}

static inline void
add_float(Row *row, double value)
{
	add_datum(row, Float8GetDatum(value), !isfinite(value));
}

static inline void
add_bigint(Row *row, uint64 value)
{
	add_datum(row, Int64GetDatum((int64) value), false);
}

static inline void
add_int(Row *row, int32 value)
{
	add_datum(row, Int32GetDatum(value), false);
}

static inline void
add_text(Row *row, HpText text)
{
	add_datum(row, PointerGetDatum(cstring_to_text_with_len(text.bytes,
															text.length)),
			  false);
}

/* A C string; NULL or empty gives NULL. */
static inline void
add_string(Row *row, const char *string)
{
	if (string == NULL || *string == '\0')
		add_datum(row, (Datum) 0, true);
	else
		add_datum(row, CStringGetTextDatum(string), false);
}

static inline void
emit(ReturnSetInfo *result, const Row *row)
{
	Assert(row->n == result->setDesc->natts);
	tuplestore_putvalues(result->setResult, result->setDesc,
						 (Datum *) row->values, (bool *) row->nulls);
}

#endif							/* HPIMP_ANSWER_ROW_H */
