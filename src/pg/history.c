/*
 * history.c
 *		hp_snapshot: importances of many panels into a history.
 *
 * What a history is and how one snapshot is taken is written in SQL (section
 * "History" of the install script).  The procedure is in C for one reason:
 * only so can it know whether it may commit.  Called by itself it commits
 * after each panel, so that what was done stays, whatever befalls the rest,
 * and nothing is locked for long; inside a transaction block or a function it
 * leaves that to the caller.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(hp_snapshot);

/* What hp_history_take() answers, in the order of hp_snapshot's arguments. */
static const char *const outcomes[] = {"taken", "unchanged", "failed", "busy"};

#define N_OUTCOMES		((int) lengthof(outcomes))

#define ARG_PANELS		0
#define ARG_SCHEMA		1

typedef struct Snapshots
{
	Datum		schema;			/* of the history, text */
	const char *functions;		/* schema of the extension, quoted */
	Datum	   *panels;			/* their names, text */
	int			n_panels;
	int			counts[N_OUTCOMES];
} Snapshots;

/* The one value of a query of two arguments, which may not be NULL. */
static Datum
ask_one(const char *query, Oid types[2], Datum values[2], const char *nulls)
{
	int			result = SPI_execute_with_args(query, 2, types, values, nulls,
											   false, 0);
	bool		isnull = true;
	Datum		value = 0;

	if (result == SPI_OK_SELECT && SPI_processed == 1)
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
							  &isnull);
	if (isnull)
		elog(ERROR, "no answer to \"%s\"", query);
	return value;
}

/*
 * The panels to be taken, all checked to be there.  They must outlive the
 * transaction: they go where the arguments of the procedure are.
 */
static void
find_panels(Snapshots *snapshots, Datum wanted, bool all,
			MemoryContext context)
{
	Oid			types[2] = {TEXTARRAYOID, TEXTOID};
	Datum		values[2] = {wanted, snapshots->schema};
	const char *query = psprintf("SELECT %s.hp_history_panels($1, $2)",
								 snapshots->functions);
	Datum		found = ask_one(query, types, values, all ? "n " : "  ");
	MemoryContext old = MemoryContextSwitchTo(context);

	deconstruct_array(DatumGetArrayTypePCopy(found), TEXTOID, -1, false,
					  TYPALIGN_INT, &snapshots->panels, NULL,
					  &snapshots->n_panels);
	MemoryContextSwitchTo(old);
	SPI_freetuptable(SPI_tuptable);
}

static void
count_outcome(Snapshots *snapshots, const char *outcome)
{
	for (int i = 0; i < N_OUTCOMES; i++)
		if (strcmp(outcome, outcomes[i]) == 0)
			snapshots->counts[i]++;
}

/* What one of the functions of a history says of a panel. */
static Datum
ask_about(const Snapshots *snapshots, const char *function, Datum panel)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		values[2] = {panel, snapshots->schema};
	const char *query = psprintf("SELECT %s.%s($1, $2)", snapshots->functions,
								 function);

	return ask_one(query, types, values, "  ");
}

/* Whether a panel is held, busy or gone. */
static char *
lock_panel(const Snapshots *snapshots, Datum panel)
{
	char	   *lock = TextDatumGetCString(ask_about(snapshots,
													 "hp_history_lock",
													 panel));

	SPI_freetuptable(SPI_tuptable);
	return lock;
}

/*
 * Others may have deleted the panel since all were listed; what is busy now may
 * be gone the next moment, so it is not asked for again.
 */
static void
take_panel(Snapshots *snapshots, Datum panel)
{
	const char *lock = lock_panel(snapshots, panel);

	if (strcmp(lock, "gone") == 0)
	{
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("panel \"%s\" failed: it is there no more",
						TextDatumGetCString(panel))));
		count_outcome(snapshots, "failed");
		return;
	}
	if (strcmp(lock, "busy") == 0)
	{
		count_outcome(snapshots, "busy");
		return;
	}
	count_outcome(snapshots,
				  TextDatumGetCString(ask_about(snapshots, "hp_history_take",
												panel)));
	SPI_freetuptable(SPI_tuptable);
}

static Datum
counts_row(FunctionCallInfo fcinfo, const Snapshots *snapshots)
{
	Datum		values[N_OUTCOMES];
	bool		nulls[N_OUTCOMES] = {false};
	TupleDesc	descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	for (int i = 0; i < N_OUTCOMES; i++)
		values[i] = Int32GetDatum(snapshots->counts[i]);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor),
											 values, nulls));
}

/* (panels text[], schema text, INOUT taken, unchanged, failed, busy int) */
Datum
hp_snapshot(PG_FUNCTION_ARGS)
{
	Snapshots	snapshots = {0};
	MemoryContext context = CurrentMemoryContext;
	Oid			self = fcinfo->flinfo->fn_oid;
	bool		atomic = fcinfo->context == NULL ||
		!IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic;

	if (PG_ARGISNULL(ARG_SCHEMA))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("schema must not be null")));
	/* rather than after all that training */
	PreventCommandIfReadOnly("hp_snapshot()");
	snapshots.schema = PointerGetDatum(PG_GETARG_TEXT_P_COPY(ARG_SCHEMA));
	snapshots.functions =
		quote_identifier(get_namespace_name(get_func_namespace(self)));

	SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC);
	find_panels(&snapshots, PG_GETARG_DATUM(ARG_PANELS),
				PG_ARGISNULL(ARG_PANELS), context);
	for (int i = 0; i < snapshots.n_panels; i++)
	{
		take_panel(&snapshots, snapshots.panels[i]);
		if (!atomic)
			SPI_commit();
	}
	SPI_finish();
	PG_RETURN_DATUM(counts_row(fcinfo, &snapshots));
}
