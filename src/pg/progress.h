/*
 * progress.h
 *		How far long calls have come, for the view hp_progress.
 *
 * A call stands between PROGRESS_BEGIN and PROGRESS_END, and says in between
 * what it is at; what it says outside, or in a process that only helps, costs
 * next to nothing and goes nowhere.
 */
#ifndef HPIMP_PROGRESS_H
#define HPIMP_PROGRESS_H

#include "postgres.h"

/* What a call is at, in this order; progress_view.c has the words. */
typedef enum ProgressPhase
{
	PROGRESS_READING = 1,
	PROGRESS_CODING,
	PROGRESS_DESCRIBING,
	PROGRESS_EXPLAINING,
	PROGRESS_TRAINING,
	PROGRESS_FINISHING,
	PROGRESS_RESAMPLING
} ProgressPhase;

/* The numbers a process publishes. */
enum
{
	PROGRESS_PHASE,				/* ProgressPhase */
	PROGRESS_RUNS_READ,			/* by this process */
	PROGRESS_RUNS_MERGED,		/* in the largest study merged so far, which
								 * may have been read by several */
	PROGRESS_RUNS_TOTAL,		/* -1: not known */
	PROGRESS_TREES_DONE,
	PROGRESS_TREES_TOTAL,		/* 0: not known yet */
	PROGRESS_REPLICATES_DONE,
	PROGRESS_REPLICATES_TOTAL,	/* as far as is known; 0: none yet */
	PROGRESS_STARTED,			/* TimestampTz */
	PROGRESS_LEADER_PID,		/* of a parallel worker, else 0 */
	PROGRESS_NUMBERS
};

/*
 * The server's own commands are numbered from 0 up, and its pg_stat_progress
 * views look for theirs alone.  A call is shown as a row; a parallel worker
 * that reads runs for a call adds to the row of its leader.
 */
#define PROGRESS_COMMAND_CALL	26736	/* "hp" */
#define PROGRESS_COMMAND_READER	26737

/* A call under way: on its stack, nested as calls are. */
typedef struct Progress
{
	struct Progress *outer;		/* NULL: this is the one that is shown */
	Oid			relation;		/* InvalidOid if it reads none */
	uint64		runs_before;	/* counted when it began */
	int64		numbers[PROGRESS_NUMBERS];
} Progress;

/*
 * Around the work of a call, which must not leave in between but by an error:
 * whatever ends it ends its row.
 */
#define PROGRESS_BEGIN(relation) \
	do { \
		Progress	progress_; \
		progress_begin(&progress_, (relation)); \
		PG_TRY()

#define PROGRESS_END() \
		PG_FINALLY(); \
		{ \
			progress_end(&progress_); \
		} \
		PG_END_TRY(); \
	} while (0)

extern void progress_begin(Progress *progress, Oid relation);
extern void progress_end(Progress *progress);

extern void progress_phase(ProgressPhase phase);

/* All runs are read, so many. */
extern void progress_runs(uint64 runs);

extern void progress_trees(uint64 done, uint64 total);
extern void progress_replicates(uint64 done, uint64 total);

/* A study of so many runs has been put together of several. */
extern void progress_merged(uint64 runs);

/* One more run was read, in this process: told now and then. */
#define PROGRESS_RUNS_A_TIME	1024

extern uint64 progress_runs_counted;
extern void progress_publish_runs(void);

static inline void
progress_count_run(void)
{
	if (++progress_runs_counted % PROGRESS_RUNS_A_TIME == 0)
		progress_publish_runs();
}

#endif							/* HPIMP_PROGRESS_H */
