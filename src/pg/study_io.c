/*
 * study_io.c
 *		The flat hp_study: portable, versioned, checked whole on reading.
 *
 * After the varlena header, in this order, all integers little-endian and "n"
 * a varint (LEB128: seven bits a byte, lowest first, top bit set if more
 * follow):
 *
 *	 once			"hpst"				4 bytes
 *					version, encoding	1 byte each
 *					n					runs
 *					n					columns
 *					n n n				runs left out: NULL, NaN, infinite
 *	 once a run		metric				8 bytes, a finite double
 *	 once a column	n, name				its length in bytes, the bytes
 *					n, values			their count, then each:
 *						tag 1				8 bytes: a number, not NaN
 *						tag 2				1 byte: a boolean, 0 or 1
 *						tag 3 or 4			n, bytes: a string, or JSON text
 *					n, codes			their count, then 1, 2 or 4 bytes each
 *
 *	 68 70 73 74 | 01 06 | 01 01 00 00 00 | 00 00 00 00 00 00 f0 3f |
 *	 h	p  s  t	  v1 UTF8  1 run, 1 column		metric 1.0
 *
 *	 02 6c 72 | 01 | 01 9a 99 99 99 99 99 b9 3f | 01 | 01
 *	 2	l  r	1 value, a number: 0.1			  1 code: 1
 *
 * Codes take 1 byte if there are up to 255 values, 2 up to 65535, else 4; they
 * end at the last run that has the column.  So equal content in the same
 * order makes equal bytes.  encoding is that of the texts, by the server's
 * number; a database of another converts them.
 *
 * A study may come from anywhere (text input, binary input, another server),
 * so the reader trusts nothing: each length is held against the bytes that
 * remain before anything is allocated, and what a study promises (finite
 * metrics, distinct names, distinct values, codes in range ...) is checked.
 * The writer runs twice over the same steps, first to count.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/bytes.h"
#include "pg/study.h"

#define LETTERS			"hpst"
#define VERSION			1

/* Elements to go through between looks at pending interrupts. */
#define PER_CHECK		65536

/* ---------- writing ---------- */

static void
put_value(Writer *writer, const HpValue *value)
{
	put_fixed(writer, value->tag, 1);
	switch (value->tag)
	{
		case HP_TAG_NUMBER:
			put_double(writer, value->number);
			break;
		case HP_TAG_BOOLEAN:
			put_fixed(writer, value->number != 0, 1);
			break;
		case HP_TAG_STRING:
		case HP_TAG_JSON:
			put_text(writer, (HpText) {value->text, value->length});
			break;
	}
}

static void
put_codes(Writer *writer, const HpInput *input)
{
	uint32		width = study_code_width(input->n_values);

	put_varint(writer, input->n_codes);
	if (writer->at == NULL)
		writer->size += (Size) input->n_codes * width;
	else if (width == 1 && input->code_width == 1)
		put_bytes(writer, input->codes, input->n_codes);
	else
		for (uint32 run = 0; run < input->n_codes; run++)
		{
			if (run % PER_CHECK == 0)
				CHECK_FOR_INTERRUPTS();
			put_fixed(writer, hp_input_code(input, run), width);
		}
}

static void
put_study(Writer *writer, const Study *study)
{
	put_head(writer, LETTERS, VERSION);
	put_varint(writer, study->n_runs);
	put_varint(writer, study->n_columns);
	put_varint(writer, study->left_out.no_metric);
	put_varint(writer, study->left_out.nan_metric);
	put_varint(writer, study->left_out.infinite_metric);

	if (writer->at == NULL)
		writer->size += study->n_runs * sizeof(double);
	else
		for (uint32 run = 0; run < study->n_runs; run++)
		{
			if (run % PER_CHECK == 0)
				CHECK_FOR_INTERRUPTS();
			put_double(writer, study->metric[run]);
		}

	for (uint32 i = 0; i < study->n_columns; i++)
	{
		const HpInput *input = &study->columns[i].input;

		CHECK_FOR_INTERRUPTS();
		put_text(writer, (HpText) {input->name, input->name_length});
		put_varint(writer, input->n_values);
		for (uint32 j = 0; j < input->n_values; j++)
			put_value(writer, &input->values[j]);
		put_codes(writer, input);
	}
}

Size
study_flat_size(const Study *study)
{
	Writer		writer = {NULL, 0};

	put_study(&writer, study);
	return writer.size;
}

/* size is what study_flat_size() said. */
void
study_write(const Study *study, char *into, Size size)
{
	Writer		writer = {into, 0};

	put_study(&writer, study);
	if (writer.size != size)
		elog(ERROR, "study has %zu bytes, expected %zu", writer.size, size);
}

/* ---------- reading ---------- */

static void
get_value(Reader *reader, HpValue *value)
{
	HpText		text;

	memset(value, 0, sizeof(HpValue));
	value->tag = get_fixed(reader, 1);
	switch (value->tag)
	{
		case HP_TAG_NUMBER:
			value->number = get_double(reader);
			if (isnan(value->number) ||
				(value->number == 0 && signbit(value->number)))
				damaged(reader, "A number is not a number of JSON.");
			break;
		case HP_TAG_BOOLEAN:
			value->number = get_fixed(reader, 1);
			if (value->number > 1)
				damaged(reader, "A boolean is neither true nor false.");
			break;
		case HP_TAG_STRING:
		case HP_TAG_JSON:
			text = get_text(reader);
			value->text = text.bytes;
			value->length = text.length;
			break;
		default:
			damaged(reader, "A value is of an unknown kind.");
	}
}

/*
 * Values come before codes, and there are no more values than runs that have
 * them: a forged count of values is bounded by the bytes they take.
 */
static void
get_values(Reader *reader, Study *study, StudyColumn *column)
{
	uint32		n_values = get_varint(reader, HP_MAX_RUNS);

	for (uint32 i = 0; i < n_values; i++)
	{
		HpValue		value;

		if (i % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		get_value(reader, &value);
		study_add_value(study, column, &value);
	}
}

static void
get_codes(Reader *reader, Study *study, StudyColumn *column, uint32 n_runs)
{
	HpInput    *input = &column->input;
	uint32		width = study_code_width(input->n_values);
	uint32		n_codes = get_varint(reader, n_runs);
	uint32		code = 0;
	Reader		codes;

	if (input->n_values < 1 || input->n_values > n_codes)
		damaged(reader, "A parameter has more values than runs, or none.");
	codes = *reader;
	get_bytes(reader, (uint64) n_codes * width);
	study_reserve_codes(study, column, n_codes, width);
	for (uint32 run = 0; run < n_codes; run++)
	{
		if (run % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		code = get_fixed(&codes, width);
		if (code > input->n_values)
			damaged(reader, "A run has a value that is not listed.");
		study_put_code(input, run, code);
	}
	if (code == 0)
		damaged(reader, "A parameter ends with a run that does not have it.");
	input->n_codes = n_codes;
}

static void
get_column(Reader *reader, Study *study, uint32 n_runs)
{
	HpText		name = get_text(reader);
	StudyColumn *column = study_add_column(study, name.bytes, name.length);

	if (column == NULL)
		damaged(reader, "Two parameters have the same name.");
	get_values(reader, study, column);
	get_codes(reader, study, column, n_runs);
}

static void
get_metric(Reader *reader, Study *study, uint32 n_runs)
{
	Reader		metrics = *reader;

	get_bytes(reader, (uint64) n_runs * sizeof(double));
	study_reserve_runs(study, n_runs);
	for (uint32 run = 0; run < n_runs; run++)
	{
		double		metric = get_double(&metrics);

		if (run % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		if (!isfinite(metric) || (metric == 0 && signbit(metric)))
			damaged(reader, "A metric is not finite.");
		study->metric[run] = metric;
	}
}

/*
 * The study of a flat form, or an error.  It does not point into bytes.
 *
 * Whether values are distinct is left to study_read_untrusted(): it takes as
 * long as all the rest, and nothing goes wrong if it is not so but the answers
 * about this study.
 */
Study *
study_read(const char *bytes, Size size, MemoryContext context)
{
	Reader		reader = {bytes, bytes + size, 0, "hp_study"};
	Study	   *study = study_new(context);
	uint32		n_runs;
	uint32		n_columns;

	get_head(&reader, LETTERS, VERSION);
	n_runs = get_varint(&reader, HP_MAX_RUNS);
	n_columns = get_varint(&reader, HP_MAX_COLUMNS);
	study->left_out.no_metric = get_varint(&reader, PG_INT64_MAX);
	study->left_out.nan_metric = get_varint(&reader, PG_INT64_MAX);
	study->left_out.infinite_metric = get_varint(&reader, PG_INT64_MAX);
	get_metric(&reader, study, n_runs);
	for (uint32 i = 0; i < n_columns; i++)
	{
		CHECK_FOR_INTERRUPTS();
		get_column(&reader, study, n_runs);
	}
	if (reader.at != reader.end)
		damaged(&reader, "There are bytes behind its end.");

	/* last: until here there was no run for add_value() to remember */
	study->n_runs = n_runs;
	return study;
}

/* The same for bytes from outside: all that makes a study is checked. */
Study *
study_read_untrusted(const char *bytes, Size size, MemoryContext context)
{
	Study	   *study = study_read(bytes, size, context);
	Reader		reader = {.type = "hp_study"};

	if (!study_values_are_distinct(study))
		damaged(&reader, "A parameter has the same value twice.");
	return study;
}
