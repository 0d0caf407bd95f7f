/*
 * study.c
 *		The expanded hp_study: adding runs, merging.
 *
 * A study is kept column by column: a dictionary of distinct values and, for
 * each run, a small code into it.
 *
 *	  metric	  0.31	 0.29	0.35 ...			one double a run
 *	  lr		  1		 2		1	 ...			codes: 0 missing, else
 *	  optimizer	  1		 1		0	 ...			values[code - 1]
 *		values	  "adam" "sgd"
 *
 * Codes take 1, 2 or 4 bytes, as the number of values needs.  A column's codes
 * end at the last run that has it, so an absent key costs nothing when a run
 * is added; the gap is filled with zeros when the next run has it.
 *
 * Most configs of a table list the same keys in the same order, so the column
 * of a path is guessed from what followed the previous path last time; a right
 * guess costs one memcmp().  Wrong guesses are looked up: one by one while
 * there are few columns, by open addressing beyond.  Values are looked up by
 * study_values.c.
 *
 * All groups of an aggregate share one memory context (study_functions.c):
 * nothing here deletes or resets it (see study_memory.c).
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "pg/compat.h"
#include "pg/config.h"
#include "pg/sample.h"
#include "pg/study.h"
#include "pg/study_values.h"

/* Up to here columns are looked up one by one. */
#define FEW					8

#define FIRST_CODES			8
#define FIRST_RUNS			4
#define FIRST_COLUMNS		7	/* fill a 512-byte chunk */

/* Values whose slots are fetched in advance. */
#define FETCH_AHEAD			8

/* Elements to go through between looks at pending interrupts. */
#define PER_CHECK			65536

static Size study_get_flat_size(ExpandedObjectHeader *eohptr);
static void study_flatten_into(ExpandedObjectHeader *eohptr, void *result,
							   Size allocated_size);

static const ExpandedObjectMethods study_methods = {
	study_get_flat_size,
	study_flatten_into
};

/* ---------- the expanded object ---------- */

Study *
study_new(MemoryContext context)
{
	Study	   *study = MemoryContextAllocZero(context, sizeof(Study));

	EOH_init_header(&study->hdr, &study_methods, context);
	study->limit = HP_MAX_RUNS;
	return study;
}

bool
study_is_expanded(Datum value)
{
	return VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)) &&
		DatumGetEOHP(value)->eoh_methods == &study_methods;
}

const Study *
study_from_datum(Datum value)
{
	struct varlena *flat;
	const Study *study;

	if (study_is_expanded(value))
	{
		Study	   *expanded = (Study *) DatumGetEOHP(value);

		sample_settle(expanded);
		return expanded;
	}
	flat = PG_DETOAST_DATUM_PACKED(value);
	study = study_read(VARDATA_ANY(flat), VARSIZE_ANY_EXHDR(flat),
					   CurrentMemoryContext);
	if ((Pointer) flat != DatumGetPointer(value))
		pfree(flat);
	return study;
}

static Size
study_get_flat_size(ExpandedObjectHeader *eohptr)
{
	Study	   *study = (Study *) eohptr;

	sample_settle(study);
	if (study->flat_size == 0)
		study->flat_size = study_flat_size(study);
	if (study->flat_size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("study of %u runs and %u parameters is too large to be stored",
						study->n_runs, study->n_columns),
				 errdetail("It needs %zu bytes, the limit is %zu bytes.",
						   study->flat_size, (Size) MaxAllocSize - VARHDRSZ),
				 errhint("Study fewer runs, or leave keys whose values are all different out of the config.")));
	return VARHDRSZ + study->flat_size;
}

static void
study_flatten_into(ExpandedObjectHeader *eohptr, void *result,
				   Size allocated_size)
{
	SET_VARSIZE(result, allocated_size);
	study_write((const Study *) eohptr, VARDATA(result),
				allocated_size - VARHDRSZ);
}

/* ---------- columns ---------- */

static inline bool
has_name(const StudyColumn *column, const char *name, uint32 length)
{
	return column->input.name_length == length &&
		memcmp(column->input.name, name, length) == 0;
}

/* The slot that holds a column (number + 1), or where it would go. */
static uint32 *
column_slot(const Study *study, const char *name, uint32 length)
{
	uint32		mask = study->n_slots - 1;
	uint32		at = (uint32) study_hash_text(name, length) & mask;

	while (study->slots[at] != 0 &&
		   !has_name(&study->columns[study->slots[at] - 1], name, length))
		at = (at + 1) & mask;
	return &study->slots[at];
}

void
study_index_columns(Study *study)
{
	if (study->slots != NULL)
		pfree(study->slots);
	study->slots = NULL;
	if (study->n_columns <= FEW)
		return;
	study->n_slots = 4 * pg_nextpower2_32(study->n_columns);
	study->slots = study_grow(study, NULL, study->n_slots, sizeof(uint32));
	memset(study->slots, 0, study->n_slots * sizeof(uint32));
	for (uint32 i = 0; i < study->n_columns; i++)
		*column_slot(study, study->columns[i].input.name,
					 study->columns[i].input.name_length) = i + 1;
}

StudyColumn *
study_find_column(const Study *study, const char *name, uint32 length)
{
	if (study->slots != NULL)
	{
		uint32		found = *column_slot(study, name, length);

		return found == 0 ? NULL : &study->columns[found - 1];
	}
	for (uint32 i = 0; i < study->n_columns; i++)
		if (has_name(&study->columns[i], name, length))
			return &study->columns[i];
	return NULL;
}

static void
too_many_columns(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("configs have more than %d different keys",
					HP_MAX_COLUMNS),
			 errhint("Keys that hold data, such as names or dates, make parameters without end: leave them out of the config.")));
}

/* Adds a column; NULL if there is one of that name. */
StudyColumn *
study_add_column(Study *study, const char *name, uint32 length)
{
	StudyColumn *column;

	if (study_find_column(study, name, length) != NULL)
		return NULL;
	if (study->n_columns >= HP_MAX_COLUMNS)
		too_many_columns();
	if (study->n_columns == study->cap_columns)
	{
		study->cap_columns = study_next_capacity(study->cap_columns,
												 FIRST_COLUMNS, 0);
		study->columns = study_grow(study, study->columns,
									study->cap_columns, sizeof(StudyColumn));
	}
	column = &study->columns[study->n_columns++];
	memset(column, 0, sizeof(StudyColumn));
	column->input.name = study_store_text(study, name, length);
	column->input.name_length = length;
	column->input.code_width = 1;

	if (study->slots != NULL && study->n_columns * 2 <= study->n_slots)
		*column_slot(study, name, length) = study->n_columns;
	else if (study->n_columns > FEW)
		study_index_columns(study);
	return column;
}

/* The column of a name, made if need be; guess is the one to look at first. */
static inline StudyColumn *
get_column(Study *study, const char *name, uint32 length, uint32 guess)
{
	StudyColumn *column;

	if (guess < study->n_columns &&
		has_name(&study->columns[guess], name, length))
		return &study->columns[guess];
	column = study_find_column(study, name, length);
	if (column == NULL)
		column = study_add_column(study, name, length);
	return column;
}

StudyColumn *
study_get_column(Study *study, const char *name, uint32 length, uint32 guess)
{
	return get_column(study, name, length, guess);
}

/* ---------- codes ---------- */

uint32
study_code_width(uint32 n_values)
{
	return n_values <= PG_UINT8_MAX ? 1 : n_values <= PG_UINT16_MAX ? 2 : 4;
}

static void
widen_codes(Study *study, StudyColumn *column, uint32 width)
{
	HpInput		wider = column->input;

	wider.code_width = width;
	wider.codes = study_grow(study, NULL, column->cap_codes, width);
	for (uint32 run = 0; run < wider.n_codes; run++)
	{
		if (run % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		study_put_code(&wider, run, hp_input_code(&column->input, run));
	}
	if (column->input.codes != NULL)
		pfree(unconstify(void *, column->input.codes));
	column->input = wider;
}

/* Makes room for the codes of n_codes runs at no less than a width. */
void
study_reserve_codes(Study *study, StudyColumn *column, uint32 n_codes,
					uint32 width)
{
	HpInput    *input = &column->input;

	if (n_codes > column->cap_codes)
	{
		column->cap_codes = study_next_capacity(column->cap_codes, FIRST_CODES,
												n_codes);
		input->codes = study_grow(study, unconstify(void *, input->codes),
								  column->cap_codes, input->code_width);
	}
	if (width > input->code_width)
		widen_codes(study, column, width);
}

/* Marks the runs from the last that has the column up to run as missing. */
static void
pad_codes(HpInput *input, uint32 run)
{
	char	   *codes = unconstify(void *, input->codes);

	if (run > input->n_codes)
		memset(codes + (Size) input->n_codes * input->code_width, 0,
			   (Size) (run - input->n_codes) * input->code_width);
	input->n_codes = run;
}

/* ---------- runs ---------- */

void
study_reserve_runs(Study *study, uint32 n_runs)
{
	if (n_runs <= study->cap_runs)
		return;
	study->cap_runs = study_next_capacity(study->cap_runs, FIRST_RUNS, n_runs);
	study->metric = study_grow(study, study->metric, study->cap_runs,
							   sizeof(double));
}

/* A number that is yet to be recorded. */
typedef struct WaitingNumber
{
	uint32		column;
	HpValue		value;
	uint64		hash;
} WaitingNumber;

/*
 * Carried from leaf to leaf of one config.  Numbers to be found among many
 * wait in a ring until some more have come, while their slots are fetched.
 */
typedef struct RunInProgress
{
	Study	   *study;
	uint32		previous;		/* column of the leaf before, or NO_COLUMN */
	uint32		first_waiting;
	uint32		n_waiting;
	WaitingNumber waiting[FETCH_AHEAD];
} RunInProgress;

#define NO_COLUMN	PG_UINT32_MAX

/* The run at hand has a value. */
static void
record_value(Study *study, StudyColumn *column, const HpValue *value,
			 uint64 hash)
{
	HpInput    *input = &column->input;
	uint32		run = study->n_runs;
	uint32		code;

	/* Of two leaves with one path the later counts: forget the earlier. */
	if (input->n_codes > run &&
		hp_input_code(input, run) == input->n_values &&
		column->newest_run == run)
		study_drop_newest_value(column);

	code = study_get_value(study, column, value, hash);
	study_reserve_codes(study, column, run + 1, study_code_width(code));
	if (input->n_codes <= run)
		pad_codes(input, run);
	study_put_code(input, run, code);
	input->n_codes = run + 1;
}

void
study_record_value(Study *study, StudyColumn *column, const HpValue *value)
{
	record_value(study, column, value, 0);
}

/* Records the number that has waited longest. */
static void
record_waiting(RunInProgress *progress)
{
	Study	   *study = progress->study;
	WaitingNumber *oldest = &progress->waiting[progress->first_waiting];

	record_value(study, &study->columns[oldest->column], &oldest->value,
				 oldest->hash);
	progress->first_waiting = (progress->first_waiting + 1) % FETCH_AHEAD;
	progress->n_waiting--;
}

static void
record_all_waiting(RunInProgress *progress)
{
	while (progress->n_waiting > 0)
		record_waiting(progress);
}

static void
let_wait(RunInProgress *progress, StudyColumn *column, const HpValue *value)
{
	WaitingNumber *newest;

	if (progress->n_waiting == FETCH_AHEAD)
		record_waiting(progress);
	newest = &progress->waiting[(progress->first_waiting +
								 progress->n_waiting++) % FETCH_AHEAD];
	newest->column = column - progress->study->columns;
	newest->value = *value;
	newest->hash = study_hash_value(value);
	column->waiting_run = progress->study->n_runs;
	study_fetch_value(column, newest->hash);
}

static void
add_leaf(void *arg, const char *path, uint32 path_length,
		 const HpValue *value)
{
	RunInProgress *progress = arg;
	Study	   *study = progress->study;
	uint32		guess;
	StudyColumn *column;

	guess = progress->previous == NO_COLUMN ? study->first_column :
		study->columns[progress->previous].next_column;
	column = get_column(study, path, path_length, guess);

	/* learn the order of keys */
	if (progress->previous == NO_COLUMN)
		study->first_column = column - study->columns;
	else
		study->columns[progress->previous].next_column =
			column - study->columns;
	progress->previous = column - study->columns;

	if (value->tag == HP_TAG_NUMBER && column->slots != NULL)
	{
		let_wait(progress, column, value);
		return;
	}
	/* two leaves may have one path: they are recorded in their order */
	if (column->waiting_run == study->n_runs)
		record_all_waiting(progress);
	record_value(study, column, value, 0);
}

static void
add_run(Study *study, Jsonb *config, double metric)
{
	RunInProgress progress;

	study_reserve_runs(study, study->n_runs + 1);
	study->metric[study->n_runs] = metric;
	progress.study = study;
	progress.previous = NO_COLUMN;
	progress.first_waiting = progress.n_waiting = 0;
	if (config != NULL)
		config_walk(config, add_leaf, &progress);
	record_all_waiting(&progress);
	study->n_runs++;
}

/* A count may have come from outside: it ends at the largest there is. */
static inline void
count_one(uint64 *count)
{
	*count = hp_add_counts(*count, 1);
}

/*
 * Adds a run; one without a usable metric is counted, and its config is not
 * looked at.  A NULL config has no parameters.
 */
void
study_add_run(Study *study, Jsonb *config, bool metric_isnull, double metric)
{
	study->flat_size = 0;
	if (metric_isnull)
		count_one(&study->left_out.no_metric);
	else if (isnan(metric))
		count_one(&study->left_out.nan_metric);
	else if (isinf(metric))
		count_one(&study->left_out.infinite_metric);
	else
	{
		study->limit = sample_max_runs;
		metric = metric == 0 ? 0 : metric;
		if (study->sample != NULL)
			sample_add_run(study, config, metric);
		else
			add_run(study, config, metric);
		if (study->n_runs >= sample_room(study))
			sample_settle(study);
	}
}

/* ---------- merging ---------- */

static void
too_many_runs(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("study has more than %d runs", HP_MAX_RUNS),
			 errhint("Lower hpimp.max_runs to study a sample of the runs.")));
}

/* Appends a column's runs, which begin at run at of the study. */
static void
merge_column(Study *into, StudyColumn *column, const HpInput *from, uint32 at)
{
	uint32	   *code_of;
	uint32		highest = 0;

	if (from->n_codes == 0)
		return;
	code_of = MemoryContextAllocHuge(CurrentMemoryContext,
									 ((Size) from->n_values + 1) *
									 sizeof(uint32));
	code_of[0] = 0;
	for (uint32 i = 0; i < from->n_values; i++)
	{
		if (i % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		if (column->slots != NULL && i + FETCH_AHEAD < from->n_values)
			study_fetch_value(column,
							  study_hash_value(&from->values[i + FETCH_AHEAD]));
		code_of[i + 1] = study_get_value(into, column, &from->values[i], 0);
		highest = Max(highest, code_of[i + 1]);
	}
	study_reserve_codes(into, column, at + from->n_codes,
						study_code_width(highest));
	pad_codes(&column->input, at);
	for (uint32 run = 0; run < from->n_codes; run++)
	{
		if (run % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		study_put_code(&column->input, at + run,
					   code_of[hp_input_code(from, run)]);
	}
	column->input.n_codes = at + from->n_codes;
	pfree(code_of);
}

static void
merge_left_out(StudyLeftOut *into, const StudyLeftOut *from)
{
	into->no_metric = hp_add_counts(into->no_metric, from->no_metric);
	into->nan_metric = hp_add_counts(into->nan_metric, from->nan_metric);
	into->infinite_metric = hp_add_counts(into->infinite_metric,
										  from->infinite_metric);
}

/* Appends the runs of another study. */
void
study_merge(Study *into, const Study *from)
{
	uint32		guess = into->first_column;
	uint32		at = into->n_runs;

	Assert(into != from);
	into->flat_size = 0;
	into->limit = sample_max_runs;
	if (from->n_runs > HP_MAX_RUNS - at)
		too_many_runs();
	if (from->sample != NULL)
		sample_start(into);
	study_reserve_runs(into, at + from->n_runs);
	if (from->n_runs > 0)
		memcpy(into->metric + at, from->metric,
			   from->n_runs * sizeof(double));

	for (uint32 i = 0; i < from->n_columns; i++)
	{
		const HpInput *input = &from->columns[i].input;
		StudyColumn *column;

		CHECK_FOR_INTERRUPTS();
		column = get_column(into, input->name, input->name_length, guess);
		merge_column(into, column, input, at);
		guess = column - into->columns + 1;
		if (from->sample != NULL)
			sample_merge_column(into, column - into->columns, from, i);
	}
	into->n_runs += from->n_runs;
	merge_left_out(&into->left_out, &from->left_out);
	if (into->sample != NULL)
		sample_merge(into, from, at);
	if (into->n_runs >= sample_room(into))
		sample_settle(into);
}
