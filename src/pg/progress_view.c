/*
 * progress_view.c
 *		The view hp_progress: what the calls under way have published.
 *
 * As in the server's own views of progress, everybody sees that there is a
 * call and whose; the rest only who may read the session's statistics: its
 * own role, members of that role and of pg_read_all_stats, superusers.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/compat.h"
#include "pg/progress.h"

PG_FUNCTION_INFO_V1(hp_progress);

static const char *const phases[] = {
	[PROGRESS_READING] = "reading runs",
	[PROGRESS_CODING] = "coding values",
	[PROGRESS_DESCRIBING] = "describing parameters",
	[PROGRESS_EXPLAINING] = "explaining gaps",
	[PROGRESS_TRAINING] = "training trees",
	[PROGRESS_FINISHING] = "finishing",
	[PROGRESS_RESAMPLING] = "resampling"
};

/* The columns; those from the relation on are not for everybody. */
enum
{
	COLUMN_PID,
	COLUMN_LEADER_PID,
	COLUMN_DATNAME,
	COLUMN_USENAME,
	COLUMN_RELATION,
	COLUMN_PHASE,
	COLUMN_RUNS_READ,
	COLUMN_RUNS_TOTAL,
	COLUMN_TREES_DONE,
	COLUMN_TREES_TOTAL,
	COLUMN_REPLICATES_DONE,
	COLUMN_REPLICATES_TOTAL,
	COLUMN_SECONDS,
	COLUMNS
};

typedef struct Row
{
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS];
} Row;

static void
set_value(Row *row, int column, Datum value)
{
	row->values[column] = value;
	row->nulls[column] = false;
}

static void
set_text(Row *row, int column, const char *value)
{
	if (value != NULL)
		set_value(row, column, CStringGetTextDatum(value));
}

/* How many are done and the total, two columns, if that is known. */
static void
set_count(Row *row, int column, const int64 *done_and_total)
{
	if (done_and_total[1] == 0)
		return;
	set_value(row, column, Int32GetDatum((int32) done_and_total[0]));
	set_value(row, column + 1, Int32GetDatum((int32) done_and_total[1]));
}

static bool
may_read(const PgBackendStatus *entry)
{
	return has_privs_of_role(GetUserId(), entry->st_userid) ||
		has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/*
 * Whether the entry is of a call under way.  A session that waits for its
 * next command is at no call, whatever it may have failed to take back (it
 * cannot once track_activities is off).
 */
static bool
is_call(const PgBackendStatus *entry)
{
	return entry->st_procpid > 0 &&
		(int) entry->st_progress_command == PROGRESS_COMMAND_CALL &&
		entry->st_state != STATE_IDLE &&
		entry->st_state != STATE_IDLEINTRANSACTION &&
		entry->st_state != STATE_IDLEINTRANSACTION_ABORTED &&
		entry->st_state != STATE_DISABLED;
}

/* What the parallel workers of a leader have read. */
static int64
runs_read_by_workers(int leader_pid)
{
	int			n = pgstat_fetch_stat_numbackends();
	int64		runs = 0;

	for (int i = 1; i <= n; i++)
	{
		const PgBackendStatus *entry = compat_backend_status(i);

		if (entry->st_procpid > 0 &&
			(int) entry->st_progress_command == PROGRESS_COMMAND_READER &&
			entry->st_progress_param[PROGRESS_LEADER_PID] == leader_pid)
			runs += entry->st_progress_param[PROGRESS_RUNS_READ];
	}
	return runs;
}

/*
 * Workers take what they have read along when they end, until the leader has
 * it merged: then the study that has come of it so far tells more.
 */
static int64
runs_read(const PgBackendStatus *entry)
{
	const int64 *numbers = entry->st_progress_param;
	int64		runs = numbers[PROGRESS_RUNS_READ];

	if (numbers[PROGRESS_PHASE] == PROGRESS_READING)
		runs += runs_read_by_workers(entry->st_procpid);
	return Max(runs, numbers[PROGRESS_RUNS_MERGED]);
}

/* Names are known in their own database only. */
static char *
relation_name(const PgBackendStatus *entry)
{
	Oid			relation = entry->st_progress_command_target;

	if (!OidIsValid(relation))
		return NULL;
	if (entry->st_databaseid != MyDatabaseId)
		return psprintf("%u", relation);
	return DatumGetCString(DirectFunctionCall1(regclassout,
											   ObjectIdGetDatum(relation)));
}

static void
set_details(Row *row, const PgBackendStatus *entry)
{
	const int64 *numbers = entry->st_progress_param;
	int64		phase = numbers[PROGRESS_PHASE];

	set_text(row, COLUMN_RELATION, relation_name(entry));
	if (phase > 0 && phase < (int64) lengthof(phases))
		set_text(row, COLUMN_PHASE, phases[phase]);
	set_value(row, COLUMN_RUNS_READ, Int64GetDatum(runs_read(entry)));
	if (numbers[PROGRESS_RUNS_TOTAL] >= 0)
		set_value(row, COLUMN_RUNS_TOTAL,
				  Int64GetDatum(numbers[PROGRESS_RUNS_TOTAL]));
	set_count(row, COLUMN_TREES_DONE, &numbers[PROGRESS_TREES_DONE]);
	set_count(row, COLUMN_REPLICATES_DONE, &numbers[PROGRESS_REPLICATES_DONE]);
	set_value(row, COLUMN_SECONDS,
			  Float8GetDatum(Max(0, GetCurrentTimestamp() -
								 numbers[PROGRESS_STARTED]) / 1e6));
}

static Row
make_row(const PgBackendStatus *entry)
{
	int64		leader = entry->st_progress_param[PROGRESS_LEADER_PID];
	Row			row;

	memset(row.nulls, true, sizeof(row.nulls));
	set_value(&row, COLUMN_PID, Int32GetDatum(entry->st_procpid));
	if (leader != 0)
		set_value(&row, COLUMN_LEADER_PID, Int32GetDatum((int32) leader));
	set_text(&row, COLUMN_DATNAME, get_database_name(entry->st_databaseid));
	set_text(&row, COLUMN_USENAME, GetUserNameFromId(entry->st_userid, true));
	if (may_read(entry))
		set_details(&row, entry);
	return row;
}

/* () -> the rows of the view */
Datum
hp_progress(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			n = pgstat_fetch_stat_numbackends();

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 1; i <= n; i++)
	{
		const PgBackendStatus *entry = compat_backend_status(i);
		Row			row;

		if (!is_call(entry))
			continue;
		row = make_row(entry);
		tuplestore_putvalues(result->setResult, result->setDesc,
							 row.values, row.nulls);
	}
	return (Datum) 0;
}
