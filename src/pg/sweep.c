/*
 * sweep.c
 *		What is suggested, as the parameter of a sweep in JSON.
 *
 * The words are those of Weights & Biases:
 *
 *		{"value": 32}							one value
 *		{"values": [16, 32]}					one of these
 *		{"distribution": "uniform", "min": 0.1, "max": 0.5}
 *			"log_uniform_values"				the same on a log scale
 *			"int_uniform"						integers
 *			"q_log_uniform_values", "q": 1		integers on a log scale
 *
 * A level reads as JSON where it is: what was a number, a truth value, an
 * array or an object comes back as one, anything else as a string.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/json.h"

#include "core/text.h"
#include "pg/compat.h"
#include "pg/suggest.h"

/* ---- one value ---- */

static void
write_number(StringInfo into, double number)
{
	char		text[HP_NUMBER_TEXT_SIZE];

	appendBinaryStringInfo(into, text, hp_write_number(number, text));
}

static bool
is_literal(HpText text)
{
	if (text.length == 0)
		return false;
	if (text.bytes[0] == '[' || text.bytes[0] == '{')
		return compat_is_json(text.bytes, text.length);
	return (text.length == 4 && memcmp(text.bytes, "true", 4) == 0) ||
		(text.length == 5 && memcmp(text.bytes, "false", 5) == 0);
}

static void
write_text(StringInfo into, HpText text)
{
	double		number;

	if (hp_read_text(text, &number) == HP_READS_NUMBER)
		write_number(into, number);
	else if (is_literal(text))
		appendBinaryStringInfo(into, text.bytes, text.length);
	else
		escape_json(into, pnstrdup(text.bytes, text.length));
}

static void
write_code(StringInfo into, const ModelRow *row, uint32 code)
{
	if (row->kind == HP_NUMERIC && code > row->n_words)
		write_number(into, row->numbers[code]);
	else
		write_text(into, row->labels[code]);
}

/* Missing values are left out, and levels pooled have no value in common. */
static bool
can_be_written(const ModelRow *row, uint32 code)
{
	return code > 0 && !(row->pooled && code == row->n_codes - 1);
}

/* ---- a parameter ---- */

bool
sweep_is_range(const Asked *asked)
{
	return !asked->bins.few && asked->suggestion.low < asked->suggestion.high &&
		(asked->suggestion.best == UINT32_MAX ||
		 asked->suggestion.best >= asked->bins.n_levels ||
		 asked->bins.first[asked->suggestion.best] == 0);
}

static void
write_range(StringInfo into, const Asked *asked)
{
	bool		integers = hp_tried_integers(&asked->tried);
	bool		log_scale = hp_tried_log_scale(&asked->tried);

	appendStringInfo(into, "{\"distribution\": \"%s\", \"min\": ",
					 integers ? log_scale ? "q_log_uniform_values" : "int_uniform" :
					 log_scale ? "log_uniform_values" : "uniform");
	write_number(into, asked->suggestion.low);
	appendStringInfoString(into, ", \"max\": ");
	write_number(into, asked->suggestion.high);
	appendStringInfoString(into, integers && log_scale ? ", \"q\": 1}" : "}");
}

/* A stretch of one number, among many others. */
static bool
is_one_number(const Asked *asked)
{
	return !asked->bins.few && asked->suggestion.low == asked->suggestion.high;
}

/* The codes kept that can be written, one a bin; returns how many. */
static uint32
list_codes(const Asked *asked, uint32 *codes)
{
	uint32		n = 0;

	for (uint32 b = 0; b < asked->bins.n; b++)
		if (asked->suggestion.kept[b] &&
			(b < asked->bins.n_levels || asked->bins.few ||
			 is_one_number(asked)) &&
			can_be_written(asked->row, asked->bins.first[b]))
			codes[n++] = asked->bins.first[b];
	return n;
}

static char *
write_codes(const ModelRow *row, const uint32 *codes, uint32 n)
{
	StringInfoData json;

	if (n == 0)
		return NULL;
	initStringInfo(&json);
	appendStringInfoString(&json, n == 1 ? "{\"value\": " : "{\"values\": [");
	for (uint32 i = 0; i < n; i++)
	{
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoString(&json, ", ");
		write_code(&json, row, codes[i]);
	}
	appendStringInfoString(&json, n == 1 ? "}" : "]}");
	return json.data;
}

char *
sweep_of_suggestion(const Asked *asked)
{
	StringInfoData json;
	uint32	   *codes;

	if (asked->suggestion.advice == HP_FREEZE)
		return write_codes(asked->row, &asked->suggestion.frozen,
						   can_be_written(asked->row, asked->suggestion.frozen));
	if (sweep_is_range(asked))
	{
		initStringInfo(&json);
		write_range(&json, asked);
		return json.data;
	}
	codes = palloc((asked->bins.n + 1) * sizeof(uint32));
	return write_codes(asked->row, codes, list_codes(asked, codes));
}

char *
sweep_of_constant(const ModelRow *row)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"value\": ");
	write_text(&json, row->only);
	appendStringInfoChar(&json, '}');
	return json.data;
}
