/*
 * sample_settle.c
 *		Bringing a study into its one form, with no more runs than its limit.
 *
 * Runs are sorted by digest, equal ones become one, those beyond the limit go
 * to the tallies.  What is left is copied to new arrays, columns in the order
 * of their names, with dictionaries of the values that still occur: so memory
 * is given back, and equal samples are equal to the byte.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "core/order.h"
#include "pg/environment.h"
#include "pg/sample.h"

/* Elements to go through between looks at pending interrupts. */
#define PER_CHECK		65536

/* ---------- order, equal runs ---------- */

/* What the steps of settling share; all but the study lies in its context. */
typedef struct Settler
{
	Study	   *study;
	uint32	   *by_name;		/* columns in the order of their names */
	HpSortItem *items;			/* digest and run, in order */
	uint32		n;				/* of items: different runs */
	uint32		n_keep;			/* of them, the first */
} Settler;

static bool
name_before(void *arg, uint32 a, uint32 b)
{
	const Study *study = arg;
	const HpInput *x = &study->columns[a].input;
	const HpInput *y = &study->columns[b].input;

	return hp_text_compare(x->name, x->name_length,
						   y->name, y->name_length) < 0;
}

static void
order_columns(Settler *s)
{
	uint32		n = s->study->n_columns;
	uint32	   *scratch = hp_alloc(&pg_environment, n, sizeof(uint32));

	s->by_name = hp_alloc(&pg_environment, n, sizeof(uint32));
	for (uint32 i = 0; i < n; i++)
		s->by_name[i] = i;
	hp_sort_by(&pg_environment, s->by_name, scratch, n, name_before,
			   s->study);
}

static void
order_runs(Settler *s)
{
	uint32		n = s->study->n_runs;
	HpSortItem *scratch = hp_alloc(&pg_environment, n, sizeof(HpSortItem));

	s->items = hp_alloc(&pg_environment, n, sizeof(HpSortItem));
	for (uint32 run = 0; run < n; run++)
		s->items[run] = (HpSortItem) {s->study->sample->digests[run], run};
	hp_sort(&pg_environment, s->items, scratch, n);
	pfree(scratch);
}

static int
compare_doubles(double a, double b)
{
	uint64		x = hp_order_key(a);
	uint64		y = hp_order_key(b);

	return x < y ? -1 : x > y;
}

/* How two values are written. */
static int
compare_spellings(const HpValue *a, const HpValue *b)
{
	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (a->tag == HP_TAG_STRING || a->tag == HP_TAG_JSON)
		return hp_text_compare(a->text, a->length, b->text, b->length);
	return compare_doubles(a->number, b->number);
}

/* What two values say: 0 for those that a digest cannot tell apart. */
static int
compare_readings(const HpValue *a, const HpValue *b)
{
	double		x = 0;
	double		y = 0;
	HpReading	reads_a = hp_read_value(a, &x);
	HpReading	reads_b = hp_read_value(b, &y);

	if (reads_a != reads_b)
		return reads_a < reads_b ? -1 : 1;
	if (reads_a == HP_READS_WORD)
		return hp_text_compare(a->text, a->length, b->text, b->length);
	return compare_doubles(x, y);
}

static int
compare_runs(const Settler *s, uint32 a, uint32 b,
			 int (*compare) (const HpValue *, const HpValue *))
{
	for (uint32 i = 0; i < s->study->n_columns; i++)
	{
		const HpInput *input = &s->study->columns[s->by_name[i]].input;
		uint32		code_a = hp_input_code(input, a);
		uint32		code_b = hp_input_code(input, b);
		int			order;

		if (code_a == code_b)
			continue;
		if (code_a == 0 || code_b == 0)
			return code_a == 0 ? -1 : 1;
		order = compare(&input->values[code_a - 1],
						&input->values[code_b - 1]);
		if (order != 0)
			return order;
	}
	return compare_doubles(s->study->metric[a], s->study->metric[b]);
}

static bool
run_before(void *arg, uint32 a, uint32 b)
{
	int			order = compare_runs(arg, a, b, compare_readings);

	if (order == 0)
		order = compare_runs(arg, a, b, compare_spellings);
	return order < 0;
}

/*
 * Sort by content, then by spelling, n items that have one digest, unless all
 * are the same.
 */
static void
order_equal_digests(Settler *s, HpSortItem *items, uint32 n)
{
	bool		differ = false;
	uint32	   *runs;

	for (uint32 i = 1; i < n && !differ; i++)
	{
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		differ = compare_runs(s, items[0].index, items[i].index,
							  compare_spellings) != 0;
	}
	if (!differ)
		return;
	runs = hp_alloc(&pg_environment, 2 * (Size) n, sizeof(uint32));
	for (uint32 i = 0; i < n; i++)
		runs[i] = items[i].index;
	hp_sort_by(&pg_environment, runs, runs + n, n, run_before, s);
	for (uint32 i = 0; i < n; i++)
		items[i].index = runs[i];
	pfree(runs);
}

/*
 * Make equal runs one, with the copies of all: the one whose spelling comes
 * first.
 */
static void
join_equal_runs(Settler *s)
{
	uint32		n_runs = s->study->n_runs;
	uint64	   *copies = s->study->sample->copies;
	HpSortItem *items = s->items;

	for (uint32 first = 0, end; first < n_runs; first = end)
	{
		for (end = first + 1; end < n_runs; end++)
			if (items[end].key != items[first].key)
				break;
		if (end > first + 1)
			order_equal_digests(s, items + first, end - first);
		for (uint32 i = first; i < end; i++)
		{
			uint32		run = items[i].index;
			uint32		last = s->n > 0 ? items[s->n - 1].index : 0;

			if (i % PER_CHECK == 0)
				CHECK_FOR_INTERRUPTS();
			if (i > first && compare_runs(s, last, run, compare_readings) == 0)
				copies[last] = hp_add_counts(copies[last], copies[run]);
			else
				items[s->n++] = items[i];
		}
	}
}

/* Lower the threshold to what leaves no more than the limit. */
static void
choose_runs(Settler *s)
{
	Study	   *study = s->study;
	Sample	   *sample = study->sample;
	uint32		n = 0;

	if (s->n > study->limit)
		sample->threshold = Min(sample->threshold,
								s->items[study->limit].key);
	while (n < s->n && s->items[n].key < sample->threshold)
		n++;
	s->n_keep = n;
}

/* ---------- what is not kept ---------- */

static void
tally_column(Settler *s, uint32 column)
{
	Study	   *study = s->study;
	const HpInput *input = &study->columns[column].input;
	HpTally    *tally = &sample_column(study, column)->tally;
	SampleReading *readings = sample_read_values(input);

	for (uint32 i = s->n_keep; i < s->n; i++)
	{
		uint32		run = s->items[i].index;
		uint32		code = hp_input_code(input, run);

		if (i % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		if (code > 0)
			hp_tally_add(&study->sample->env, tally, readings[code - 1].reads,
						 readings[code - 1].number, study->metric[run],
						 study->sample->copies[run]);
	}
	pfree(readings);
}

static void
tally_the_rest(Settler *s)
{
	Study	   *study = s->study;
	Sample	   *sample = study->sample;

	if (s->n_keep == s->n)
		return;
	for (uint32 c = 0; c < study->n_columns; c++)
		tally_column(s, c);
	for (uint32 i = s->n_keep; i < s->n; i++)
		hp_tally_add_metric(&sample->env, &sample->metric,
							study->metric[s->items[i].index],
							sample->copies[s->items[i].index]);
}

/* ---------- new arrays ---------- */

/* The values that runs kept have, in the order of the runs. */
static void
gather_values(Settler *s, const HpInput *old, StudyColumn *column,
			  uint32 *code_of)
{
	HpInput    *input = &column->input;
	HpValue    *values;

	for (uint32 i = 0; i < s->n_keep; i++)
	{
		uint32		code = hp_input_code(old, s->items[i].index);

		if (i % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		if (code == 0)
			continue;
		input->n_codes = i + 1;
		if (code_of[code] == 0)
			code_of[code] = ++input->n_values;
	}
	if (input->n_values == 0)
		return;
	column->cap_values = Max(2, pg_nextpower2_32(input->n_values));
	values = study_grow(s->study, NULL, column->cap_values, sizeof(HpValue));
	for (uint32 v = 0; v < old->n_values; v++)
	{
		HpValue    *value = &values[code_of[v + 1] - 1];

		if (code_of[v + 1] == 0)
			continue;
		*value = old->values[v];
		if (value->tag == HP_TAG_STRING || value->tag == HP_TAG_JSON)
			value->text = study_store_text(s->study, value->text,
										   value->length);
	}
	input->values = values;
}

static void
gather_codes(Settler *s, const HpInput *old, StudyColumn *column,
			 const uint32 *code_of)
{
	HpInput    *input = &column->input;

	input->code_width = study_code_width(input->n_values);
	column->cap_codes = input->n_codes;
	if (input->n_codes == 0)
		return;
	input->codes = study_grow(s->study, NULL, input->n_codes,
							  input->code_width);
	for (uint32 i = 0; i < input->n_codes; i++)
	{
		if (i % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		study_put_code(input, i,
					   code_of[hp_input_code(old, s->items[i].index)]);
	}
}

/* A column made anew; what the old one took, but texts, is freed. */
static StudyColumn
gather_column(Settler *s, StudyColumn *old)
{
	StudyColumn column = {0};
	uint32	   *code_of = hp_alloc0(&pg_environment,
									(Size) old->input.n_values + 1,
									sizeof(uint32));

	column.input.name_length = old->input.name_length;
	column.input.name = study_store_text(s->study, old->input.name,
										 old->input.name_length);
	gather_values(s, &old->input, &column, code_of);
	if (old->slots != NULL)
		pfree(old->slots);
	gather_codes(s, &old->input, &column, code_of);
	if (old->input.values != NULL)
		pfree(unconstify(HpValue *, old->input.values));
	if (old->input.codes != NULL)
		pfree(unconstify(void *, old->input.codes));
	pfree(code_of);
	return column;
}

static void
gather_columns(Settler *s)
{
	Study	   *study = s->study;
	Sample	   *sample = study->sample;
	uint32		n = study->n_columns;
	StudyColumn *columns;
	SampleColumn *beside;

	if (n == 0)
		return;
	sample_column(study, n - 1);	/* there is one for each */
	columns = study_grow(study, NULL, study->cap_columns,
						 sizeof(StudyColumn));
	beside = study_grow(study, NULL, n, sizeof(SampleColumn));
	for (uint32 i = 0; i < n; i++)
	{
		columns[i] = gather_column(s, &study->columns[s->by_name[i]]);
		beside[i] = sample->columns[s->by_name[i]];
	}
	pfree(study->columns);
	pfree(sample->columns);
	study->columns = columns;
	study->first_column = 0;
	study_index_columns(study);
	sample->columns = beside;
	sample->n_columns = sample->cap_columns = n;
}

static void
gather_runs(Settler *s)
{
	Study	   *study = s->study;
	Sample	   *sample = study->sample;
	uint32		n = s->n_keep;
	double	   *metric = study_grow(study, NULL, n + 1, sizeof(double));
	uint64	   *copies = study_grow(study, NULL, n + 1, sizeof(uint64));

	sample->n_kept = 0;
	for (uint32 i = 0; i < n; i++)
	{
		uint32		run = s->items[i].index;

		metric[i] = study->metric[run];
		copies[i] = sample->copies[run];
		sample->n_kept = hp_add_counts(sample->n_kept, copies[i]);
	}
	if (study->metric != NULL)
		pfree(study->metric);
	if (sample->copies != NULL)
		pfree(sample->copies);
	if (sample->digests != NULL)
		pfree(sample->digests);
	study->metric = metric;
	sample->copies = copies;
	sample->digests = study_grow(study, NULL, n + 1, sizeof(uint64));
	for (uint32 i = 0; i < n; i++)
		sample->digests[i] = s->items[i].key;
	study->n_runs = n;
	study->cap_runs = sample->cap = n + 1;
}

/* ---------- all of it ---------- */

/*
 * An error on the way (a cancelled query) leaves arrays that do not belong
 * together, but then the aggregate whose state this is has ended too.
 */
static void
settle(Study *study)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext,
											   "hpimp sampling",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	Settler		s = {.study = study};
	StudyTexts *texts;

	order_columns(&s);
	order_runs(&s);
	join_equal_runs(&s);
	choose_runs(&s);
	tally_the_rest(&s);
	texts = study_take_texts(study);
	gather_columns(&s);
	gather_runs(&s);
	study_free_texts(texts);
	study->flat_size = 0;
	study->sample->settled = true;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
}

void
sample_settle(Study *study)
{
	if (study->sample == NULL && study->n_runs <= study->limit)
		return;
	sample_start(study);
	if (!study->sample->settled)
		settle(study);
}
