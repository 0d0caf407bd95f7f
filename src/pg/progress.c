/*
 * progress.c
 *		How far long calls have come: published by the process at work.
 *
 * The numbers go where the server keeps those of VACUUM and the like, in the
 * entry that every process has in shared memory, under a command number of
 * our own; no preloading is needed, and nothing is written but by the process
 * itself.  There is one such place in a process, so:
 *
 * 1. The server's own commands come first: inside one that reports (COPY of a
 *	  query, ANALYZE of an index on an expression) nothing is published.
 * 2. Of calls within calls (a view that asks hp_importance is read) the
 *	  outermost is the one that is shown.
 * 3. While runs are read any SQL may run inside: a command of the server's, or
 *	  an exception block that ends every report of its session.  So what is
 *	  told is also kept here, and told whole again when the place is empty.
 *
 * A call ends its row itself, in success and error, as PROGRESS_END has it;
 * the server too empties the place when a transaction or subtransaction is
 * aborted, and when a process ends.
 *
 * With track_activities off nothing is published.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/parallel.h"
#include "catalog/pg_class.h"
#include "storage/proc.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "pg/compat.h"
#include "pg/progress.h"

uint64		progress_runs_counted;

/* The innermost call under way. */
static Progress *current;

static const int all_numbers[PROGRESS_NUMBERS] = {
	PROGRESS_PHASE,
	PROGRESS_RUNS_READ,
	PROGRESS_RUNS_MERGED,
	PROGRESS_RUNS_TOTAL,
	PROGRESS_TREES_DONE,
	PROGRESS_TREES_TOTAL,
	PROGRESS_REPLICATES_DONE,
	PROGRESS_REPLICATES_TOTAL,
	PROGRESS_STARTED,
	PROGRESS_LEADER_PID
};

/* ---- the place in shared memory ---- */

/* What is published of this process; what a reader told may be replaced. */
static int
published_command(void)
{
	int			command = MyBEEntry == NULL ? PROGRESS_COMMAND_INVALID :
		(int) MyBEEntry->st_progress_command;

	return command == PROGRESS_COMMAND_READER ? PROGRESS_COMMAND_INVALID :
		command;
}

static void
start_command(int command, Oid relation)
{
	pgstat_progress_start_command((ProgressCommandType) command, relation);
}

static void
publish_all(const Progress *progress)
{
	start_command(PROGRESS_COMMAND_CALL, progress->relation);
	pgstat_progress_update_multi_param(PROGRESS_NUMBERS, all_numbers,
									   progress->numbers);
}

/* Set a number of the call under way, and publish it if that is shown. */
static void
set_number(int number, int64 value)
{
	if (current == NULL || current->numbers[number] == value)
		return;
	current->numbers[number] = value;
	if (current->outer != NULL)
		return;
	if (published_command() == PROGRESS_COMMAND_CALL)
		pgstat_progress_update_param(number, value);
	else if (published_command() == PROGRESS_COMMAND_INVALID)
		publish_all(current);
}

/* ---- a call ---- */

/* How many rows the statistics give a relation, -1 if they do not say. */
static int64
estimate_runs(Oid relation)
{
	int64		runs = -1;
	HeapTuple	row;

	if (!OidIsValid(relation))
		return -1;
	row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(row))
		return -1;
	if (((Form_pg_class) GETSTRUCT(row))->relkind != RELKIND_VIEW)
		runs = (int64) ((Form_pg_class) GETSTRUCT(row))->reltuples;
	ReleaseSysCache(row);
	return runs;
}

static int
leader_pid(void)
{
	PGPROC	   *leader = MyProc->lockGroupLeader;

	return IsParallelWorker() && leader != NULL ? leader->pid : 0;
}

void
progress_begin(Progress *progress, Oid relation)
{
	*progress = (Progress) {
		.outer = current,
		.relation = relation,
		.runs_before = progress_runs_counted,
		.numbers = {
			[PROGRESS_PHASE] = PROGRESS_READING,
			[PROGRESS_STARTED] = GetCurrentTimestamp(),
			[PROGRESS_LEADER_PID] = leader_pid()
		}
	};
	progress->numbers[PROGRESS_RUNS_TOTAL] = estimate_runs(relation);
	current = progress;
	if (progress->outer == NULL &&
		published_command() == PROGRESS_COMMAND_INVALID)
		publish_all(progress);
}

void
progress_end(Progress *progress)
{
	current = progress->outer;
	/* what was read for the inner call does not count for the outer one */
	progress_runs_counted = progress->runs_before;
	if (current == NULL && published_command() == PROGRESS_COMMAND_CALL)
		pgstat_progress_end_command();
}

void
progress_phase(ProgressPhase phase)
{
	set_number(PROGRESS_PHASE, phase);
}

void
progress_trees(uint64 done, uint64 total)
{
	set_number(PROGRESS_TREES_TOTAL, (int64) total);
	set_number(PROGRESS_TREES_DONE, (int64) done);
}

void
progress_replicates(uint64 done, uint64 total)
{
	set_number(PROGRESS_REPLICATES_TOTAL, (int64) total);
	set_number(PROGRESS_REPLICATES_DONE, (int64) done);
}

/* ---- runs ---- */

void
progress_runs(uint64 runs)
{
	set_number(PROGRESS_RUNS_TOTAL, (int64) runs);
	set_number(PROGRESS_RUNS_MERGED, 0);
	set_number(PROGRESS_RUNS_READ, (int64) runs);
}

void
progress_merged(uint64 runs)
{
	if (current != NULL &&
		(int64) runs > current->numbers[PROGRESS_RUNS_MERGED])
		set_number(PROGRESS_RUNS_MERGED, (int64) runs);
}

/*
 * A parallel worker that reads runs cannot know for whom.  It tells how many
 * and who its leader is; if that is no call of ours nobody will ask.  Its
 * entry goes when the process ends.
 */
static void
publish_reader(void)
{
	const int	numbers[] = {PROGRESS_RUNS_READ, PROGRESS_LEADER_PID};
	const int64 values[] = {(int64) progress_runs_counted, leader_pid()};

	if (published_command() != PROGRESS_COMMAND_INVALID)
		return;
	if ((int) MyBEEntry->st_progress_command != PROGRESS_COMMAND_READER)
		start_command(PROGRESS_COMMAND_READER, InvalidOid);
	pgstat_progress_update_multi_param(lengthof(numbers), numbers, values);
}

void
progress_publish_runs(void)
{
	if (current != NULL)
		set_number(PROGRESS_RUNS_READ,
				   (int64) (progress_runs_counted - current->runs_before));
	else if (IsParallelWorker() && MyBEEntry != NULL)
		publish_reader();
}
