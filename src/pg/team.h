/*
 * team.h
 *		Numbered units of work shared out to the leader and parallel workers.
 *
 * What all of them need is the frame, which the leader lays out in shared
 * memory, and the number of the next unit, which they take from one counter
 * until there is none left:
 *
 *		leader:	team_begin ─▶ estimate parts ─▶ team_allocate ─▶ team_share
 *				─▶ add parts ─▶ LaunchParallelWorkers
 *		all:	team_join ─▶ while team_next(unit): do it, team_done
 *		leader:	team_wait ─▶ read what came of it ─▶ team_end
 *
 * A unit must depend on the frame and its number alone, and put what comes of
 * it in a place of its own (or add integers): then it makes no difference who
 * did which, or whether any worker came at all.
 *
 * Sharing: the frame, and whatever else the leader writes before the launch,
 * is only read after.  Counters are atomic.  What comes of a unit is written by
 * the one process that drew its number, and read by the leader when all workers
 * have ended.
 */
#ifndef HPIMP_TEAM_H
#define HPIMP_TEAM_H

#include "postgres.h"

#include "access/parallel.h"
#include "storage/shm_toc.h"

#include "core/forest.h"

/* hpimp.max_parallel_workers; -1: as max_parallel_workers_per_gather */
extern int	team_max_workers;

/*
 * How many workers to ask for to do so many units, which take a process some
 * nanoseconds (ns) and as much shared memory (size); 0 to do them alone: in a
 * worker, if parallelism is off, for little work, or if shared memory is short.
 */
extern int	team_workers_for(double ns, Size size, uint32 units);

/* The shared memory that a frame takes. */
extern Size team_frame_size(const HpFrame *frame, const HpFeatureMap *map);

/* Keys of the parts in shared memory; those of a kind of work follow. */
enum
{
	TEAM_KEY_UNITS = 1,
	TEAM_KEY_FEATURES,
	TEAM_KEY_FRAME,
	TEAM_KEY_WORK
};

/* ---- the leader ---- */

/*
 * Begin with at most so many workers, which will run a function of this
 * library, on a frame.  Parts of one's own are estimated after.
 */
extern ParallelContext *team_begin(const char *function, int workers,
								   const HpFrame *frame,
								   const HpFeatureMap *map);

/* False, and all is ended, if there is no shared memory to be had. */
extern bool team_allocate(ParallelContext *context);

/* Add a part, which was estimated. */
extern void *team_add_part(ParallelContext *context, int key, Size size);

/* Share the frame, and the units from first to before end. */
extern void team_share(ParallelContext *context, const HpFrame *frame,
					   const HpFeatureMap *map, uint32 first, uint32 end);

extern void team_end(ParallelContext *context);

/* ---- all processes ---- */

#define TEAM_LEADER		(-1)

typedef struct TeamUnits TeamUnits;

/* Told of as many units as are done, of how many. */
typedef void (*TeamProgress) (uint64 done, uint64 total);

/* What one process knows of the work. */
typedef struct Team
{
	int			process;		/* worker number, or TEAM_LEADER */
	TeamUnits  *units;
	TeamProgress progress;		/* for the leader to tell */
	HpEnv		env;			/* to work in: tells how far all have come */
	HpFrame    *frame;			/* its arrays lie in shared memory */
	HpFeatureMap map;			/* every column is a feature */
} Team;

/* Whether one who joins now comes too late. */
extern bool team_too_late(shm_toc *toc);

extern Team *team_join(shm_toc *toc, int process, TeamProgress progress);

/* The first of the units. */
extern uint32 team_first(const Team *team);

/* Take a unit; false if there is none left. */
extern bool team_next(Team *team, uint32 *unit);

/* The unit taken is done. */
extern void team_done(Team *team);

/*
 * The leader waits for the workers, which may be long at their last units.
 * Their errors are raised here; none can leave a unit undone without one.
 */
extern void team_wait(const Team *team, ParallelContext *context);

#endif							/* HPIMP_TEAM_H */
