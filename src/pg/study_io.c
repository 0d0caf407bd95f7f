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
 *					n					limit of a sample, 0 if it is none
 *	 of a sample	threshold			8 bytes
 *					n					runs not kept, and if there are any:
 *						range				8 + 8 bytes: of the metric there
 *						sum					of it
 *	 once a run		metric				8 bytes, a finite double
 *	 of a sample	n					copies, once a run
 *	 once a column	n, name				its length in bytes, the bytes
 *					n, values			their count, then each:
 *						tag 1				8 bytes: a number, not NaN
 *						tag 2				1 byte: a boolean, 0 or 1
 *						tag 3 or 4			n, bytes: a string, or JSON text
 *					n, codes			their count, then 1, 2 or 4 bytes each
 *	 of a sample	n n					runs not kept: words, not finite
 *					numbers, booleans	each:
 *						n					runs not kept, and if there are any:
 *						range				8 + 8 bytes
 *						five sums			of x, y, xx, xy, yy
 *
 * A sum is n = 2 * digits + 1 if negative, and if there are digits: n, the
 * number of the first, and 4 bytes each, as in core/exact_sum.h.
 *
 *	 68 70 73 74 | 01 06 | 01 01 00 00 00 00 | 00 00 00 00 00 00 f0 3f |
 *	 h	p  s  t	  v1 UTF8  1 run, 1 column		metric 1.0
 *
 *	 02 6c 72 | 01 | 01 9a 99 99 99 99 99 b9 3f | 01 | 01
 *	 2	l  r	1 value, a number: 0.1			  1 code: 1
 *
 * Codes take 1 byte if there are up to 255 values, 2 up to 65535, else 4; they
 * end at the last run that has the column.  So equal content in the same
 * order makes equal bytes; a sample has an order of its own, by which it makes
 * equal bytes however it came about.  encoding is that of the texts, by the
 * server's number; a database of another converts them.
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
#include "pg/sample.h"
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

/* ---- of a sample ---- */

static void
put_sum(Writer *writer, const HpExactSum *sum)
{
	HpExactDigits d;

	hp_exact_digits(sum, &d);
	put_varint(writer, 2 * d.n + d.negative);
	if (d.n == 0)
		return;
	put_varint(writer, d.first);
	for (int i = 0; i < d.n; i++)
		put_fixed(writer, d.digits[i], 4);
}

static void
put_pairs(Writer *writer, const HpPairs *pairs)
{
	put_varint(writer, pairs->n);
	if (pairs->n == 0)
		return;
	put_double(writer, pairs->minimum);
	put_double(writer, pairs->maximum);
	put_sum(writer, &pairs->sums.x);
	put_sum(writer, &pairs->sums.y);
	put_sum(writer, &pairs->sums.xx);
	put_sum(writer, &pairs->sums.xy);
	put_sum(writer, &pairs->sums.yy);
}

static void
put_tally(Writer *writer, const Sample *sample, uint32 column)
{
	static const HpTally none = {0};
	const HpTally *tally = column < sample->n_columns ?
		&sample->columns[column].tally : &none;

	put_varint(writer, tally->words);
	put_varint(writer, tally->not_finite);
	put_pairs(writer, &tally->numbers);
	put_pairs(writer, &tally->booleans);
}

static void
put_sample(Writer *writer, const Study *study)
{
	const HpMetricTally *metric = &study->sample->metric;

	put_fixed(writer, study->sample->threshold, 8);
	put_varint(writer, metric->n);
	if (metric->n == 0)
		return;
	put_double(writer, metric->minimum);
	put_double(writer, metric->maximum);
	put_sum(writer, &metric->sum);
}

static void
put_copies(Writer *writer, const Study *study)
{
	for (uint32 run = 0; run < study->n_runs; run++)
	{
		if (run % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		put_varint(writer, study->sample->copies[run]);
	}
}

/* ---- all of it ---- */

/* The study is settled: what it is must not depend on how it came about. */
static void
put_study(Writer *writer, const Study *study)
{
	bool		sampled = study->sample != NULL;

	put_head(writer, LETTERS, VERSION);
	put_varint(writer, study->n_runs);
	put_varint(writer, study->n_columns);
	put_varint(writer, study->left_out.no_metric);
	put_varint(writer, study->left_out.nan_metric);
	put_varint(writer, study->left_out.infinite_metric);
	put_varint(writer, sampled ? study->limit : 0);
	if (sampled)
		put_sample(writer, study);

	if (writer->at == NULL)
		writer->size += study->n_runs * sizeof(double);
	else
		for (uint32 run = 0; run < study->n_runs; run++)
		{
			if (run % PER_CHECK == 0)
				CHECK_FOR_INTERRUPTS();
			put_double(writer, study->metric[run]);
		}
	if (sampled)
		put_copies(writer, study);

	for (uint32 i = 0; i < study->n_columns; i++)
	{
		const HpInput *input = &study->columns[i].input;

		CHECK_FOR_INTERRUPTS();
		put_text(writer, (HpText) {input->name, input->name_length});
		put_varint(writer, input->n_values);
		for (uint32 j = 0; j < input->n_values; j++)
			put_value(writer, &input->values[j]);
		put_codes(writer, input);
		if (sampled)
			put_tally(writer, study->sample, i);
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

	/* that of a sample may occur only in runs that are not kept */
	if (input->n_values > n_codes ||
		(input->n_values < 1 && (study->sample == NULL || n_codes > 0)))
		damaged(reader, "A parameter has more values than runs, or none.");
	if (n_codes == 0)
		return;
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

/* ---- of a sample ---- */

static void
get_sum(Reader *reader, Study *study, HpExactSum *sum)
{
	HpExactDigits d = {.n = 0};
	uint32		head = get_varint(reader, 2 * HP_EXACT_LIMBS + 1);

	d.n = Min(head / 2, HP_EXACT_LIMBS);
	d.negative = head % 2 != 0;
	if (d.n > 0)
		d.first = get_varint(reader, HP_EXACT_LIMBS);
	for (int i = 0; i < d.n; i++)
		d.digits[i] = get_fixed(reader, 4);
	if (!hp_exact_from_digits(&study->sample->env, sum, &d))
		damaged(reader, "A sum is out of range.");
}

/* A sum of squares. */
static void
get_square_sum(Reader *reader, Study *study, HpExactSum *sum)
{
	HpExactDigits d;

	get_sum(reader, study, sum);
	hp_exact_digits(sum, &d);
	if (d.negative)
		damaged(reader, "A sum of squares is negative.");
}

static void
get_range(Reader *reader, double *minimum, double *maximum)
{
	*minimum = get_double(reader);
	*maximum = get_double(reader);
	if (!isfinite(*minimum) || !isfinite(*maximum) || *minimum > *maximum ||
		(*minimum == 0 && signbit(*minimum)) ||
		(*maximum == 0 && signbit(*maximum)))
		damaged(reader, "A range is none.");
}

static void
get_pairs(Reader *reader, Study *study, HpPairs *pairs)
{
	pairs->n = get_varint(reader, HP_MOST_COUNTED);
	if (pairs->n == 0)
		return;
	get_range(reader, &pairs->minimum, &pairs->maximum);
	get_sum(reader, study, &pairs->sums.x);
	get_sum(reader, study, &pairs->sums.y);
	get_square_sum(reader, study, &pairs->sums.xx);
	get_sum(reader, study, &pairs->sums.xy);
	get_square_sum(reader, study, &pairs->sums.yy);
}

static void
get_tally(Reader *reader, Study *study, uint32 column)
{
	SampleColumn *beside = sample_column(study, column);
	HpTally    *tally = &beside->tally;

	tally->words = get_varint(reader, HP_MOST_COUNTED);
	tally->not_finite = get_varint(reader, HP_MOST_COUNTED);
	get_pairs(reader, study, &tally->numbers);
	get_pairs(reader, study, &tally->booleans);
	if (hp_tally_runs(tally) > study->sample->metric.n)
		damaged(reader, "More runs have a parameter than there are.");
	if (tally->booleans.n > 0 && (tally->booleans.minimum < 0 ||
								  tally->booleans.maximum > 1))
		damaged(reader, "A boolean is neither true nor false.");
	if (study->columns[column].input.n_values == 0 &&
		hp_tally_runs(tally) == 0)
		damaged(reader, "A parameter has more values than runs, or none.");
}

static void
get_sample(Reader *reader, Study *study, uint32 n_runs)
{
	HpMetricTally *metric;

	sample_start(study);
	study->sample->threshold = get_fixed(reader, 8);
	metric = &study->sample->metric;
	metric->n = get_varint(reader, HP_MOST_COUNTED);
	if (n_runs > study->limit)
		damaged(reader, "A sample has more runs than its limit.");
	if (metric->n == 0)
		return;
	get_range(reader, &metric->minimum, &metric->maximum);
	get_sum(reader, study, &metric->sum);
}

static void
get_copies(Reader *reader, Study *study, uint32 n_runs)
{
	Sample	   *sample = study->sample;

	/* digests are computed where they are needed */
	sample->copies = study_grow(study, NULL, (uint64) n_runs + 1,
								sizeof(uint64));
	for (uint32 run = 0; run < n_runs; run++)
	{
		if (run % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		sample->copies[run] = get_varint(reader, HP_MOST_COUNTED);
		if (sample->copies[run] == 0)
			damaged(reader, "A run is there no times.");
		sample->n_kept = hp_add_counts(sample->n_kept, sample->copies[run]);
	}
	sample->settled = true;
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
	if (study->sample != NULL)
		get_tally(reader, study, column - study->columns);
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
	uint32		limit;

	get_head(&reader, LETTERS, VERSION);
	n_runs = get_varint(&reader, HP_MAX_RUNS);
	n_columns = get_varint(&reader, HP_MAX_COLUMNS);
	study->left_out.no_metric = get_varint(&reader, PG_INT64_MAX);
	study->left_out.nan_metric = get_varint(&reader, PG_INT64_MAX);
	study->left_out.infinite_metric = get_varint(&reader, PG_INT64_MAX);
	limit = get_varint(&reader, SAMPLE_MOST_RUNS);
	if (limit > 0)
	{
		study->limit = limit;
		get_sample(&reader, study, n_runs);
	}
	get_metric(&reader, study, n_runs);
	if (limit > 0)
		get_copies(&reader, study, n_runs);
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

/*
 * Whether the runs of a sample are those that it keeps, in order.  Runs that
 * have one digest need no order: merging makes of them what they ought to be.
 */
static bool
sample_is_true(const Study *study)
{
	uint64	   *digests = MemoryContextAllocHuge(CurrentMemoryContext,
												 ((Size) study->n_runs + 1) *
												 sizeof(uint64));
	bool		good = true;

	sample_digest_runs(study, digests);
	for (uint32 run = 0; run < study->n_runs && good; run++)
		good = digests[run] < study->sample->threshold &&
			(run == 0 || digests[run] >= digests[run - 1]);
	pfree(digests);
	return good;
}

/* The same for bytes from outside: all that makes a study is checked. */
Study *
study_read_untrusted(const char *bytes, Size size, MemoryContext context)
{
	Study	   *study = study_read(bytes, size, context);
	Reader		reader = {.type = "hp_study"};

	if (!study_values_are_distinct(study))
		damaged(&reader, "A parameter has the same value twice.");
	if (study->sample != NULL && !sample_is_true(study))
		damaged(&reader, "A run does not belong to the sample.");
	return study;
}
