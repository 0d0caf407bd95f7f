/*
 * team.c
 *		Numbered units of work shared out to the leader and parallel workers.
 */
#include "postgres.h"

#include <sys/statvfs.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "port/atomics.h"
#include "postmaster/bgworker.h"
#include "storage/dsm_impl.h"
#include "storage/latch.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "pg/environment.h"
#include "pg/progress.h"
#include "pg/team.h"

int			team_max_workers = -1;

struct TeamUnits
{
	uint32		first;
	uint32		end;
	uint32		n_runs;			/* of the frame */
	uint32		n_features;
	uint32		n_groups;
	pg_atomic_uint32 next;
	pg_atomic_uint32 done;
};

/* A column of the frame; its arrays lie in the data, targets come first. */
typedef struct SharedFeature
{
	HpKind		kind;
	bool		fill;
	bool		wide;
	uint32		runs;
	uint32		n_codes;
	uint32		n_words;
	bool		has_numbers;
	uint32		group;			/* or HP_NO_GROUP */
	Size		codes;			/* offsets */
	Size		numbers;
} SharedFeature;

/* ---- whether, and with how many ---- */

/* Launching takes 12 to 17 ms and each worker a copy of the scratch memory. */
#define WORTH_A_WORKER_NS	30e6

/*
 * Shared memory that does not fit is an error, in a container with 64 MB of
 * it as well: ask first where it comes from a file system.
 */
static bool
fits_shared_memory(Size size)
{
	const char *path = dynamic_shared_memory_type == DSM_IMPL_POSIX ?
		"/dev/shm" : PG_DYNSHMEM_DIR;
	struct statvfs fs;

	if ((dynamic_shared_memory_type != DSM_IMPL_POSIX &&
		 dynamic_shared_memory_type != DSM_IMPL_MMAP) ||
		statvfs(path, &fs) != 0)
		return true;
	return (double) fs.f_bavail * fs.f_frsize > 1.1 * size + 1024 * 1024;
}

int
team_workers_for(double ns, Size size, uint32 units)
{
	int			workers = team_max_workers >= 0 ? team_max_workers :
		max_parallel_workers_per_gather;
	double		worth = ns / WORTH_A_WORKER_NS;

	/* workers start with the snapshot in use, so there must be one */
	if (max_parallel_workers_per_gather == 0 || IsParallelWorker() ||
		!ActiveSnapshotSet())
		return 0;
	workers = Min(workers, max_parallel_workers);
	workers = Min(workers, (int) units - 1);
	if (worth < workers)
		workers = (int) worth;
	return workers > 0 && fits_shared_memory(size) ? workers : 0;
}

/* ---- the frame in shared memory ---- */

/* Targets, then codes and numbers of each feature, each aligned. */
Size
team_frame_size(const HpFrame *frame, const HpFeatureMap *map)
{
	Size		size = MAXALIGN(mul_size(frame->n_runs, sizeof(int64)));

	for (uint32 f = 0; f < map->n_features; f++)
	{
		const HpColumn *column = &frame->columns[map->columns[f]];

		size = add_size(size, MAXALIGN(mul_size(frame->n_runs,
												column->wide ? 2 : 1)));
		size = add_size(size, MAXALIGN(column->n_codes * sizeof(double)));
	}
	return size;
}

/* Copy size bytes behind what is there; returns where. */
static Size
append_data(char *data, Size *end, const void *from, Size size)
{
	Size		at = *end;

	memcpy(data + at, from, size);
	*end += MAXALIGN(size);
	return at;
}

static void
share_features(SharedFeature *features, char *data, const HpFrame *frame,
			   const HpFeatureMap *map)
{
	Size		end = 0;

	append_data(data, &end, frame->target, frame->n_runs * sizeof(int64));
	for (uint32 f = 0; f < map->n_features; f++)
	{
		const HpColumn *column = &frame->columns[map->columns[f]];
		SharedFeature *feature = &features[f];

		*feature = (SharedFeature) {
			.kind = column->kind,
			.fill = column->fill,
			.wide = column->wide,
			.runs = column->runs,
			.n_codes = column->n_codes,
			.n_words = column->n_words,
			.has_numbers = column->numbers != NULL,
			.group = map->groups.of[f]
		};
		feature->codes = append_data(data, &end, column->codes,
									 (Size) frame->n_runs *
									 (column->wide ? 2 : 1));
		if (feature->has_numbers)
			feature->numbers = append_data(data, &end, column->numbers,
										   column->n_codes * sizeof(double));
	}
}

static HpColumn
shared_column(const SharedFeature *feature, char *data)
{
	return (HpColumn) {
		.kind = feature->kind,
		.role = HP_PARAMETER,
		.fill = feature->fill,
		.wide = feature->wide,
		.runs = feature->runs,
		.n_codes = feature->n_codes,
		.n_words = feature->n_words,
		.numbers = feature->has_numbers ?
			(double *) (data + feature->numbers) : NULL,
		.codes = data + feature->codes
	};
}

/* Make a frame whose arrays lie in shared memory, and its map. */
static void
find_frame(shm_toc *toc, Team *team)
{
	const SharedFeature *features = shm_toc_lookup(toc, TEAM_KEY_FEATURES,
												   false);
	char	   *data = shm_toc_lookup(toc, TEAM_KEY_FRAME, false);
	uint32		n = team->units->n_features;
	HpFrame    *frame = palloc0(sizeof(HpFrame));
	HpFeatureMap *map = &team->map;

	frame->n_runs = team->units->n_runs;
	frame->n_columns = n;
	frame->columns = palloc0(n * sizeof(HpColumn));
	frame->target = (int64 *) data;
	map->n_features = n;
	map->columns = palloc(n * sizeof(uint32));
	map->groups = (HpGroups) {
		.n = team->units->n_groups, .of = palloc(n * sizeof(uint32))
	};
	for (uint32 f = 0; f < n; f++)
	{
		map->columns[f] = f;
		map->groups.of[f] = features[f].group;
		frame->columns[f] = shared_column(&features[f], data);
	}
	team->frame = frame;
}

/* ---- the leader ---- */

ParallelContext *
team_begin(const char *function, int workers, const HpFrame *frame,
		   const HpFeatureMap *map)
{
	ParallelContext *context;

	EnterParallelMode();
	context = CreateParallelContext("hpimp", function, workers);
	shm_toc_estimate_chunk(&context->estimator, sizeof(TeamUnits));
	shm_toc_estimate_chunk(&context->estimator,
						   mul_size(map->n_features, sizeof(SharedFeature)));
	shm_toc_estimate_chunk(&context->estimator, team_frame_size(frame, map));
	shm_toc_estimate_keys(&context->estimator, 3);
	return context;
}

bool
team_allocate(ParallelContext *context)
{
	InitializeParallelDSM(context);
	if (context->seg != NULL)
		return true;
	team_end(context);			/* nobody would clean up files */
	return false;
}

void *
team_add_part(ParallelContext *context, int key, Size size)
{
	void	   *part = shm_toc_allocate(context->toc, size);

	shm_toc_insert(context->toc, key, part);
	return part;
}

void
team_share(ParallelContext *context, const HpFrame *frame,
		   const HpFeatureMap *map, uint32 first, uint32 end)
{
	TeamUnits  *units = team_add_part(context, TEAM_KEY_UNITS,
									  sizeof(TeamUnits));
	SharedFeature *features = team_add_part(context, TEAM_KEY_FEATURES,
											map->n_features *
											sizeof(SharedFeature));
	char	   *data = team_add_part(context, TEAM_KEY_FRAME,
									 team_frame_size(frame, map));

	units->first = first;
	units->end = end;
	units->n_runs = frame->n_runs;
	units->n_features = map->n_features;
	units->n_groups = map->groups.n;
	pg_atomic_init_u32(&units->next, first);
	pg_atomic_init_u32(&units->done, 0);
	share_features(features, data, frame, map);
}

void
team_end(ParallelContext *context)
{
	DestroyParallelContext(context);
	ExitParallelMode();
}

/* ---- all processes ---- */

/* The units that all processes have done, told of by the leader. */
static uint32
tell_progress(const Team *team)
{
	uint32		done = team->units->first +
		pg_atomic_read_u32(&team->units->done);

	team->progress(done, team->units->end);
	return done;
}

static void
leader_tick(void *team)
{
	pg_environment.tick(NULL);
	(void) tell_progress(team);
}

bool
team_too_late(shm_toc *toc)
{
	TeamUnits  *units = shm_toc_lookup(toc, TEAM_KEY_UNITS, false);

	return pg_atomic_read_u32(&units->next) >= units->end;
}

Team *
team_join(shm_toc *toc, int process, TeamProgress progress)
{
	Team	   *team = palloc0(sizeof(Team));

	team->process = process;
	team->units = shm_toc_lookup(toc, TEAM_KEY_UNITS, false);
	team->progress = progress;
	team->env = pg_environment;
	if (process == TEAM_LEADER)
	{
		team->env.tick = leader_tick;
		team->env.arg = team;
	}
	find_frame(toc, team);
	return team;
}

uint32
team_first(const Team *team)
{
	return team->units->first;
}

bool
team_next(Team *team, uint32 *unit)
{
	hp_tick(&team->env);
	*unit = pg_atomic_fetch_add_u32(&team->units->next, 1);
	return *unit < team->units->end;
}

void
team_done(Team *team)
{
	pg_atomic_fetch_add_u32(&team->units->done, 1);
}

#define REPORT_EVERY_MS		100

static bool
any_worker_runs(const ParallelContext *context)
{
	for (int i = 0; i < context->nworkers_launched; i++)
	{
		BackgroundWorkerHandle *handle = context->worker[i].bgwhandle;
		pid_t		pid;

		if (handle != NULL &&
			GetBackgroundWorkerPid(handle, &pid) != BGWH_STOPPED)
			return true;
	}
	return false;
}

void
team_wait(const Team *team, ParallelContext *context)
{
	while (tell_progress(team) < team->units->end && any_worker_runs(context))
	{
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 REPORT_EVERY_MS, WAIT_EVENT_PARALLEL_FINISH);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	WaitForParallelWorkersToFinish(context);
	if (tell_progress(team) < team->units->end)
		elog(ERROR, "parallel workers left without their work");
}
