/*
 * study_functions.c
 *		The SQL functions of the type hp_study and its aggregates.
 *
 * The transition functions must hold wherever they are called: inside an
 * aggregate, whose state is a read/write expanded object that is changed in
 * place; on Citus, where each row comes with a new FmgrInfo, so that nothing
 * is kept in fn_extra; and from plain SQL with any value, where no argument is
 * changed and the answer is a study of its own.
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "pg/bytes.h"
#include "pg/config.h"
#include "pg/progress.h"
#include "pg/sample.h"
#include "pg/study.h"

PG_FUNCTION_INFO_V1(hp_study_in);
PG_FUNCTION_INFO_V1(hp_study_out);
PG_FUNCTION_INFO_V1(hp_study_recv);
PG_FUNCTION_INFO_V1(hp_study_send);
PG_FUNCTION_INFO_V1(hp_study_add_run);
PG_FUNCTION_INFO_V1(hp_study_merge);
PG_FUNCTION_INFO_V1(hp_study_runs);
PG_FUNCTION_INFO_V1(hp_values);
PG_FUNCTION_INFO_V1(hp_number);

/* ---------- text and binary form ---------- */

static struct varlena *
flatten(Study *study)
{
	Size		size = EOH_get_flat_size(&study->hdr);
	struct varlena *flat = palloc(size);

	EOH_flatten_into(&study->hdr, flat, size);
	return flat;
}

/* The flat form of a study that came in from outside, checked whole. */
static struct varlena *
check_study(const char *bytes, Size size)
{
	return flatten(study_read_untrusted(bytes, size, CurrentMemoryContext));
}

Datum
hp_study_in(PG_FUNCTION_ARGS)
{
	Size		size;
	char	   *bytes = bytes_from_text(PG_GETARG_CSTRING(0), &size, "hp_study");

	PG_RETURN_POINTER(check_study(bytes, size));
}

Datum
hp_study_out(PG_FUNCTION_ARGS)
{
	const Study *study = study_from_datum(PG_GETARG_DATUM(0));
	Size		size = study_flat_size(study);
	char	   *bytes = MemoryContextAllocHuge(CurrentMemoryContext, size);

	study_write(study, bytes, size);
	PG_RETURN_CSTRING(bytes_to_text(bytes, size, "hp_study"));
}

/* The buffer may be read-only (from 17 on), so it is only read. */
Datum
hp_study_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			size = buffer->len - buffer->cursor;

	PG_RETURN_POINTER(check_study(pq_getmsgbytes(buffer, size), size));
}

/* A flat study is laid out as a bytea is. */
Datum
hp_study_send(PG_FUNCTION_ARGS)
{
	Datum		value = PG_GETARG_DATUM(0);

	if (study_is_expanded(value))
		PG_RETURN_POINTER(flatten((Study *) DatumGetEOHP(value)));
	PG_RETURN_BYTEA_P(DatumGetByteaPCopy(value));
}

/* ---------- the aggregates ---------- */

/*
 * The memory context that the studies of all groups of an aggregate share.
 *
 * A context for each group would make a hash aggregate quadratic, as it walks
 * its contexts at every new group.  The executor takes an expanded object as
 * a state in place only if its context is a direct child of the aggregate's;
 * so the shared one is found among those children, by its name.  It goes when
 * the executor resets the aggregate's context.  Looking at a few children is
 * enough: ours is the first or near, unless other aggregates have made many
 * since, and then another of ours does no harm.
 */
#define CHILDREN_TO_LOOK_AT		8

#define SHARED_CONTEXT_NAME		"hpimp studies"

static MemoryContext
shared_context(MemoryContext aggregate)
{
	MemoryContext child = aggregate->firstchild;

	for (int i = 0; i < CHILDREN_TO_LOOK_AT && child != NULL; i++)
	{
		if (strcmp(child->name, SHARED_CONTEXT_NAME) == 0)
			return child;
		child = child->nextchild;
	}
	return AllocSetContextCreate(aggregate, SHARED_CONTEXT_NAME,
								 ALLOCSET_DEFAULT_SIZES);
}

/*
 * The state of a transition function, to be changed: the state itself in an
 * aggregate that has one in place, otherwise a copy or an empty study.
 */
static Study *
state_to_change(FunctionCallInfo fcinfo)
{
	MemoryContext aggregate;
	MemoryContext context;
	Study	   *study;

	if (AggCheckCallContext(fcinfo, &aggregate))
	{
		if (!PG_ARGISNULL(0) && study_is_expanded(PG_GETARG_DATUM(0)) &&
			VARATT_IS_EXTERNAL_EXPANDED_RW(PG_GETARG_POINTER(0)))
			return (Study *) DatumGetEOHP(PG_GETARG_DATUM(0));
		context = shared_context(aggregate);
	}
	else
		context = AllocSetContextCreate(CurrentMemoryContext, "hpimp study",
										ALLOCSET_DEFAULT_SIZES);
	study = study_new(context);
	if (!PG_ARGISNULL(0))
		study_merge(study, study_from_datum(PG_GETARG_DATUM(0)));
	return study;
}

/*
 * The state when it was changed.  An aggregate's is settled when somebody
 * looks at it.  One that may be kept in a variable must not be changed there,
 * as an error on the way would leave it broken: it is settled at once.
 */
static Datum
changed_state(FunctionCallInfo fcinfo, Study *study)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		sample_settle(study);
	return StudyGetRWDatum(study);
}

/* (state hp_study, config jsonb, metric float8) -> hp_study */
Datum
hp_study_add_run(PG_FUNCTION_ARGS)
{
	Study	   *study = state_to_change(fcinfo);
	Jsonb	   *config = NULL;
	bool		metric_isnull = PG_ARGISNULL(2);
	double		metric = metric_isnull ? 0 : PG_GETARG_FLOAT8(2);

	/* a run that is left out need not be fetched */
	if (!PG_ARGISNULL(1) && !metric_isnull && isfinite(metric))
		config = PG_GETARG_JSONB_P(1);
	study_add_run(study, config, metric_isnull, metric);
	progress_count_run();
	return changed_state(fcinfo, study);
}

/* (state hp_study, study hp_study) -> hp_study; a NULL study adds nothing */
Datum
hp_study_merge(PG_FUNCTION_ARGS)
{
	Study	   *study;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	study = state_to_change(fcinfo);
	if (!PG_ARGISNULL(1))
		study_merge(study, study_from_datum(PG_GETARG_DATUM(1)));
	progress_merged(sample_runs_seen(study));
	return changed_state(fcinfo, study);
}

/* ---------- questions ---------- */

/*
 * One row: how many runs there are, how many were left out and why, and how
 * many are used for what is not said of all runs.
 */
Datum
hp_study_runs(PG_FUNCTION_ARGS)
{
	const Study *study = study_from_datum(PG_GETARG_DATUM(0));
	Datum		values[5];
	bool		nulls[5] = {false};
	TupleDesc	descriptor;
	HeapTuple	row;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(sample_total(study));
	values[1] = Int64GetDatum(study->left_out.no_metric);
	values[2] = Int64GetDatum(study->left_out.nan_metric);
	values[3] = Int64GetDatum(study->left_out.infinite_metric);
	values[4] = Int64GetDatum(sample_size(study));
	row = heap_form_tuple(BlessTupleDesc(descriptor), values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(row));
}

/* How many runs have each value of a column; [0] is for missing. */
static int64 *
count_values(const HpInput *input)
{
	int64	   *counts;

	counts = MemoryContextAllocHuge(CurrentMemoryContext,
									((Size) input->n_values + 1) *
									sizeof(int64));
	memset(counts, 0, ((Size) input->n_values + 1) * sizeof(int64));
	for (uint32 run = 0; run < input->n_codes; run++)
	{
		if (run % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		counts[hp_input_code(input, run)]++;
	}
	return counts;
}

static text *
value_as_text(const HpValue *value)
{
	switch (value->tag)
	{
		case HP_TAG_NUMBER:
			return cstring_to_text(float8out_internal(value->number));
		case HP_TAG_BOOLEAN:
			return cstring_to_text(value->number != 0 ? "true" : "false");
		default:
			return cstring_to_text_with_len(value->text, value->length);
	}
}

static void
report_values(ReturnSetInfo *result, const HpInput *input)
{
	int64	   *counts = count_values(input);
	text	   *name = cstring_to_text_with_len(input->name,
												input->name_length);

	for (uint32 i = 0; i < input->n_values; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false};

		CHECK_FOR_INTERRUPTS();
		if (counts[i + 1] == 0)
			continue;
		values[0] = PointerGetDatum(name);
		values[1] = PointerGetDatum(value_as_text(&input->values[i]));
		values[2] = Int64GetDatum(counts[i + 1]);
		tuplestore_putvalues(result->setResult, result->setDesc,
							 values, nulls);
		pfree(DatumGetPointer(values[1]));
	}
	pfree(name);
	pfree(counts);
}

/*
 * One row for each distinct value of each parameter, as it was read; of a
 * sample for those that occur in it.
 */
Datum
hp_values(PG_FUNCTION_ARGS)
{
	const Study *study = sample_runs(study_from_datum(PG_GETARG_DATUM(0)));

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < study->n_columns; i++)
		report_values((ReturnSetInfo *) fcinfo->resultinfo,
					  &study->columns[i].input);
	return (Datum) 0;
}

/* (document jsonb, path text) -> float8: the number there, or NULL. */
Datum
hp_number(PG_FUNCTION_ARGS)
{
	Jsonb	   *document = PG_GETARG_JSONB_P(0);
	text	   *path = PG_GETARG_TEXT_PP(1);
	double		number;
	bool		found;

	if (!config_number_at(document, VARDATA_ANY(path),
						  VARSIZE_ANY_EXHDR(path), &number, &found))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(number);
}
