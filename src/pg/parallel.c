/*
 * parallel.c
 *		Trees shared out to parallel workers.
 *
 * The leader lays the coded data out in dynamic shared memory and launches
 * workers; all of them, the leader too, then take the number of the next tree
 * from one counter until there is none left:
 *
 *		 Shared | data: targets, codes, numbers | reports | out-of-bag sums
 *
 * A tree depends on the data, the settings and its number alone, and its
 * report has a place of its own.  Out-of-bag predictions are sums of integers,
 * which every process adds to the shared ones once, when it is done.  So it
 * makes no difference who grew which tree, or whether any worker came at all.
 *
 * Sharing: everything but the counters, the out-of-bag sums and the reports
 * is written by the leader before the launch and read-only after.  Counters
 * and sums are atomic.  A report is written by the one process that drew its
 * number, and read by the leader when all workers have ended.
 *
 * Trees that are kept go through temporary files, one for each process: they
 * may be far larger than the shared memory of a container.
 */
#include "postgres.h"

#include <math.h>
#include <sys/statvfs.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "port/atomics.h"
#include "postmaster/bgworker.h"
#include "storage/buffile.h"
#include "storage/dsm_impl.h"
#include "storage/latch.h"
#include "storage/sharedfileset.h"
#include "storage/shm_toc.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "pg/compat.h"
#include "pg/environment.h"
#include "pg/parallel.h"
#include "pg/progress.h"

int			parallel_max_workers = -1;

/* Keys of the parts in shared memory. */
enum
{
	KEY_SHARED = 1,
	KEY_FEATURES,
	KEY_DATA,
	KEY_REPORTS,
	KEY_SHARES,
	KEY_SUMS,
	KEY_COUNTS
};

typedef struct Shared
{
	HpForestSettings settings;
	uint32		n_runs;
	uint32		n_features;
	uint32		n_groups;
	bool		keep_trees;
	SharedFileSet files;		/* of the trees, if they are kept */
	pg_atomic_uint64 tree_bytes;	/* written so far */
	pg_atomic_uint32 next_tree;
	pg_atomic_uint32 trees_done;
} Shared;

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

#define LEADER	(-1)

/* A report, and where the tree is. */
typedef struct SharedReport
{
	uint32		n_nodes;
	uint32		n_out_of_bag;
	int			process;		/* worker number, or LEADER */
	int			fileno;			/* place in the process's file */
	off_t		offset;
	Size		size;
} SharedReport;

/* The parts, as a process sees them. */
typedef struct Parts
{
	Shared	   *shared;
	SharedFeature *features;
	char	   *data;
	SharedReport *reports;
	double	   *shares;			/* of all trees: see report_of() */
	pg_atomic_uint64 *sums;
	pg_atomic_uint32 *counts;
} Parts;

PGDLLEXPORT void hpimp_train_worker(dsm_segment *segment, shm_toc *toc);

/* ---- whether, and with how many ---- */

/*
 * Launching takes 12 to 17 ms and each worker a copy of the scratch memory;
 * a visit of (run, feature, level) takes some 2 ns.
 */
#define NS_PER_VISIT		2.0
#define WORTH_A_WORKER_NS	30e6

static double
estimate_ns(const HpFrame *frame, const HpFeatureMap *map,
			const HpForestSettings *settings)
{
	double		levels = log2(frame->n_runs + 2.0);

	if (settings->max_depth > 0)
		levels = fmin(levels, settings->max_depth);
	return NS_PER_VISIT * frame->n_runs * map->n_features *
		settings->max_features * levels * settings->trees *
		(settings->corrected ? 2 : 1);
}

/* Targets, then codes and numbers of each feature, each aligned. */
static Size
data_size(const HpFrame *frame, const HpFeatureMap *map)
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

static Size
reports_size(const HpForestSettings *settings)
{
	return mul_size(settings->trees, sizeof(SharedReport));
}

/* How many importances a tree reports. */
static Size
count_shares(const HpForestSettings *settings, uint32 n_features,
			 uint32 n_groups)
{
	Size		n = n_features;

	if (settings->permutation)
		n += (Size) n_features + n_groups;
	if (settings->corrected)
		n += n_features;
	if (settings->fanova)
		n += n_features;
	return n;
}

static Size
shares_size(const HpFeatureMap *map, const HpForestSettings *settings)
{
	return mul_size(mul_size(settings->trees, sizeof(double)),
					count_shares(settings, map->n_features, map->groups.n));
}

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
parallel_workers_for(const HpFrame *frame, const HpFeatureMap *map,
					 const HpForestSettings *settings, bool keep_trees)
{
	int			workers = parallel_max_workers >= 0 ? parallel_max_workers :
		max_parallel_workers_per_gather;
	double		worth = estimate_ns(frame, map, settings) / WORTH_A_WORKER_NS;
	Size		size = data_size(frame, map) + shares_size(map, settings) +
		reports_size(settings) +
		frame->n_runs * (sizeof(uint64) + sizeof(uint32));

	/* workers start with the snapshot in use, so there must be one */
	if (max_parallel_workers_per_gather == 0 || IsParallelWorker() ||
		!ActiveSnapshotSet() || (keep_trees && temp_file_limit >= 0))
		return 0;
	workers = Min(workers, max_parallel_workers);
	workers = Min(workers, settings->trees - 1);
	if (worth < workers)
		workers = (int) worth;
	return workers > 0 && fits_shared_memory(size) ? workers : 0;
}

/* ---- shared memory ---- */

static void
estimate(ParallelContext *context, const HpFrame *frame,
		 const HpFeatureMap *map, const HpForestSettings *settings)
{
	shm_toc_estimator *e = &context->estimator;

	shm_toc_estimate_chunk(e, sizeof(Shared));
	shm_toc_estimate_chunk(e, mul_size(map->n_features, sizeof(SharedFeature)));
	shm_toc_estimate_chunk(e, data_size(frame, map));
	shm_toc_estimate_chunk(e, reports_size(settings));
	shm_toc_estimate_chunk(e, shares_size(map, settings));
	shm_toc_estimate_chunk(e, mul_size(frame->n_runs, sizeof(pg_atomic_uint64)));
	shm_toc_estimate_chunk(e, mul_size(frame->n_runs, sizeof(pg_atomic_uint32)));
	shm_toc_estimate_keys(e, KEY_COUNTS);
}

static void *
add_part(ParallelContext *context, int key, Size size)
{
	void	   *part = shm_toc_allocate(context->toc, size);

	shm_toc_insert(context->toc, key, part);
	return part;
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
share_features(Parts *parts, const HpFrame *frame, const HpFeatureMap *map)
{
	Size		end = 0;

	append_data(parts->data, &end, frame->target,
				frame->n_runs * sizeof(int64));
	for (uint32 f = 0; f < map->n_features; f++)
	{
		const HpColumn *column = &frame->columns[map->columns[f]];
		SharedFeature *feature = &parts->features[f];

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
		feature->codes = append_data(parts->data, &end, column->codes,
									 (Size) frame->n_runs *
									 (column->wide ? 2 : 1));
		if (feature->has_numbers)
			feature->numbers = append_data(parts->data, &end, column->numbers,
										   column->n_codes * sizeof(double));
	}
}

/* Allocate and fill the parts. */
static Parts
share(ParallelContext *context, const HpFrame *frame, const HpFeatureMap *map,
	  const HpForestSettings *settings, bool keep_trees)
{
	uint32		n = frame->n_runs;
	Parts		parts = {
		.shared = add_part(context, KEY_SHARED, sizeof(Shared)),
		.features = add_part(context, KEY_FEATURES,
							 map->n_features * sizeof(SharedFeature)),
		.data = add_part(context, KEY_DATA, data_size(frame, map)),
		.reports = add_part(context, KEY_REPORTS, reports_size(settings)),
		.shares = add_part(context, KEY_SHARES, shares_size(map, settings)),
		.sums = add_part(context, KEY_SUMS, n * sizeof(pg_atomic_uint64)),
		.counts = add_part(context, KEY_COUNTS, n * sizeof(pg_atomic_uint32))
	};

	parts.shared->settings = *settings;
	parts.shared->n_runs = n;
	parts.shared->n_features = map->n_features;
	parts.shared->n_groups = map->groups.n;
	parts.shared->keep_trees = keep_trees;
	pg_atomic_init_u32(&parts.shared->next_tree, 0);
	pg_atomic_init_u32(&parts.shared->trees_done, 0);
	pg_atomic_init_u64(&parts.shared->tree_bytes, 0);
	if (keep_trees)
		SharedFileSetInit(&parts.shared->files, context->seg);
	share_features(&parts, frame, map);
	memset(parts.shares, 0, shares_size(map, settings));
	for (uint32 i = 0; i < n; i++)
	{
		pg_atomic_init_u64(&parts.sums[i], 0);
		pg_atomic_init_u32(&parts.counts[i], 0);
	}
	return parts;
}

static Parts
find_parts(shm_toc *toc)
{
	return (Parts) {
		.shared = shm_toc_lookup(toc, KEY_SHARED, false),
		.features = shm_toc_lookup(toc, KEY_FEATURES, false),
		.data = shm_toc_lookup(toc, KEY_DATA, false),
		.reports = shm_toc_lookup(toc, KEY_REPORTS, false),
		.shares = shm_toc_lookup(toc, KEY_SHARES, false),
		.sums = shm_toc_lookup(toc, KEY_SUMS, false),
		.counts = shm_toc_lookup(toc, KEY_COUNTS, false)
	};
}

/* ---- what each process does ---- */

/* A frame whose arrays lie in shared memory; every column is a feature. */
static HpFrame *
shared_frame(const Parts *parts, HpFeatureMap *map)
{
	uint32		n = parts->shared->n_features;
	HpFrame    *frame = palloc0(sizeof(HpFrame));

	frame->n_runs = parts->shared->n_runs;
	frame->n_columns = n;
	frame->columns = palloc0(n * sizeof(HpColumn));
	frame->target = (int64 *) parts->data;
	map->n_features = n;
	map->columns = palloc(n * sizeof(uint32));
	map->groups = (HpGroups) {
		.n = parts->shared->n_groups, .of = palloc(n * sizeof(uint32))
	};
	for (uint32 f = 0; f < n; f++)
	{
		const SharedFeature *feature = &parts->features[f];

		map->columns[f] = f;
		map->groups.of[f] = feature->group;
		frame->columns[f] = (HpColumn) {
			.kind = feature->kind,
			.role = HP_PARAMETER,
			.fill = feature->fill,
			.wide = feature->wide,
			.runs = feature->runs,
			.n_codes = feature->n_codes,
			.n_words = feature->n_words,
			.numbers = feature->has_numbers ?
				(double *) (parts->data + feature->numbers) : NULL,
			.codes = parts->data + feature->codes
		};
	}
	return frame;
}

/*
 * The report of a tree with its importances where they lie: one kind after the
 * other, those that are asked for.
 */
static HpTreeReport
report_of(const Parts *parts, uint32 t)
{
	const HpForestSettings *settings = &parts->shared->settings;
	uint32		n_features = parts->shared->n_features;
	uint32		n_groups = parts->shared->n_groups;
	HpTreeReport report = {
		.n_nodes = parts->reports[t].n_nodes,
		.n_out_of_bag = parts->reports[t].n_out_of_bag
	};
	double	   *next = parts->shares +
		t * count_shares(settings, n_features, n_groups);

	report.impurity = next;
	next += n_features;
	if (settings->permutation)
	{
		report.permutation = next;
		next += n_features + n_groups;
	}
	if (settings->corrected)
	{
		report.corrected = next;
		next += n_features;
	}
	if (settings->fanova)
		report.fanova = next;
	return report;
}

#define FILE_NAME_SIZE	32

static void
name_file(char name[FILE_NAME_SIZE], int process)
{
	snprintf(name, FILE_NAME_SIZE, "trees.%d", process);
}

/*
 * Append a tree to this process's file.  When all processes have written more
 * than will be kept, nothing is written any more.
 */
static void
write_tree(Shared *shared, BufFile *file, const HpTree *tree,
		   SharedReport *report)
{
	TreeBytes	bytes = {0};

	report->size = 0;
	if (pg_atomic_read_u64(&shared->tree_bytes) > MODEL_MAX_TREE_BYTES)
		return;
	tree_bytes_add(&bytes, tree);
	pg_atomic_fetch_add_u64(&shared->tree_bytes, bytes.size);
	BufFileTell(file, &report->fileno, &report->offset);
	report->size = bytes.size;
	if (bytes.size > 0)
		BufFileWrite(file, bytes.bytes, bytes.size);
	if (bytes.bytes != NULL)
		pfree(bytes.bytes);
}

/* Add what this process has summed up to the shared sums. */
static void
add_out_of_bag(const Parts *parts, const HpOutOfBag *out_of_bag)
{
	for (uint32 run = 0; run < parts->shared->n_runs; run++)
	{
		if (run % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (out_of_bag->trees[run] == 0)
			continue;
		pg_atomic_fetch_add_u64(&parts->sums[run], out_of_bag->sum[run]);
		pg_atomic_fetch_add_u32(&parts->counts[run], out_of_bag->trees[run]);
	}
}

/* The trees that all processes have finished, told of by the leader. */
static uint32
report_trees(const Shared *shared)
{
	uint32		done = pg_atomic_read_u32(unconstify(pg_atomic_uint32 *,
													 &shared->trees_done));

	progress_trees(done, shared->settings.trees);
	return done;
}

static void
leader_tick(void *shared)
{
	pg_environment.tick(NULL);
	report_trees(shared);
}

/* The environment to train in: the leader's tells how far all have come. */
static HpEnv
environment_of(const Parts *parts, int process)
{
	HpEnv		env = pg_environment;

	if (process == LEADER)
	{
		env.tick = leader_tick;
		env.arg = parts->shared;
	}
	return env;
}

/* Train trees until there is none left. */
static void
train_share(const Parts *parts, int process)
{
	const HpForestSettings *settings = &parts->shared->settings;
	HpEnv		env = environment_of(parts, process);
	HpFeatureMap map;
	HpFrame    *frame = shared_frame(parts, &map);
	HpTrainer  *trainer = hp_trainer_create(&env, frame, &map, settings);
	HpOutOfBag	out_of_bag = hp_out_of_bag_create(&env, frame->n_runs);
	BufFile    *file = NULL;
	char		name[FILE_NAME_SIZE];
	uint32		t;

	if (parts->shared->keep_trees)
	{
		name_file(name, process);
		file = BufFileCreateFileSet(&parts->shared->files.fs, name);
	}
	while ((t = pg_atomic_fetch_add_u32(&parts->shared->next_tree, 1)) <
		   settings->trees)
	{
		HpTreeReport report = report_of(parts, t);
		const HpTree *tree;

		hp_tick(&env);
		tree = hp_train_tree(trainer, t, &report, &out_of_bag);
		parts->reports[t].n_nodes = report.n_nodes;
		parts->reports[t].n_out_of_bag = report.n_out_of_bag;
		parts->reports[t].process = process;
		if (file != NULL)
			write_tree(parts->shared, file, tree, &parts->reports[t]);
		pg_atomic_fetch_add_u32(&parts->shared->trees_done, 1);
	}
	if (file != NULL)
	{
		BufFileExportFileSet(file);
		BufFileClose(file);
	}
	add_out_of_bag(parts, &out_of_bag);
}

/* Entry of a worker; one that comes too late has nothing to prepare for. */
void
hpimp_train_worker(dsm_segment *segment, shm_toc *toc)
{
	Parts		parts = find_parts(toc);

	if (pg_atomic_read_u32(&parts.shared->next_tree) >=
		parts.shared->settings.trees)
		return;
	if (parts.shared->keep_trees)
		SharedFileSetAttach(&parts.shared->files, segment);
	train_share(&parts, ParallelWorkerNumber);
}

/* ---- what the leader does after ---- */

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

/*
 * Wait for the workers, which may be long at their last trees, and report
 * what they finish.  Their errors are raised here; none can leave a tree
 * undone without one.
 */
static void
wait_for_workers(ParallelContext *context, const Shared *shared)
{
	while (report_trees(shared) < shared->settings.trees &&
		   any_worker_runs(context))
	{
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 REPORT_EVERY_MS, WAIT_EVENT_PARALLEL_FINISH);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	WaitForParallelWorkersToFinish(context);
	if (report_trees(shared) < shared->settings.trees)
		elog(ERROR, "parallel workers left without their trees");
}

static void
copy_reports(const Parts *parts, const HpForestSettings *settings,
			 HpTreeReport *reports)
{
	uint32		n = parts->shared->n_features;
	uint32		n_groups = parts->shared->n_groups;

	for (uint32 t = 0; t < settings->trees; t++)
	{
		HpTreeReport report = report_of(parts, t);

		reports[t].n_nodes = report.n_nodes;
		reports[t].n_out_of_bag = report.n_out_of_bag;
		memcpy(reports[t].impurity, report.impurity, n * sizeof(double));
		if (settings->permutation)
			memcpy(reports[t].permutation, report.permutation,
				   (n + n_groups) * sizeof(double));
		if (settings->corrected)
			memcpy(reports[t].corrected, report.corrected, n * sizeof(double));
		if (settings->fanova)
			memcpy(reports[t].fanova, report.fanova, n * sizeof(double));
	}
}

static void
copy_out_of_bag(const Parts *parts, HpOutOfBag *out_of_bag)
{
	for (uint32 run = 0; run < parts->shared->n_runs; run++)
	{
		out_of_bag->sum[run] = (int64) pg_atomic_read_u64(&parts->sums[run]);
		out_of_bag->trees[run] = pg_atomic_read_u32(&parts->counts[run]);
	}
}

/* Collect the trees from the files of all processes, in order. */
static void
read_trees(const Parts *parts, const HpForestSettings *settings, int workers,
		   TreeBytes *kept)
{
	BufFile   **files = palloc0((workers + 1) * sizeof(BufFile *));

	for (uint32 t = 0; t < settings->trees; t++)
	{
		const SharedReport *report = &parts->reports[t];
		BufFile   **file = &files[report->process + 1];
		char		name[FILE_NAME_SIZE];
		char	   *at;

		CHECK_FOR_INTERRUPTS();
		if (report->size == 0)
			kept->overflow = true;	/* too large to have been written */
		at = tree_bytes_extend(kept, report->size);
		if (at == NULL)
			break;
		if (*file == NULL)
		{
			name_file(name, report->process);
			*file = BufFileOpenFileSet(&parts->shared->files.fs, name,
									   O_RDONLY, false);
		}
		if (BufFileSeek(*file, report->fileno, report->offset, SEEK_SET) != 0)
			elog(ERROR, "could not seek in a file of trees");
		compat_buffile_read(*file, at, report->size);
	}
	for (int i = 0; i <= workers; i++)
		if (files[i] != NULL)
			BufFileClose(files[i]);
}

bool
parallel_train(int workers, const HpFrame *frame, const HpFeatureMap *map,
			   const HpForestSettings *settings, HpTreeReport *reports,
			   HpOutOfBag *out_of_bag, TreeBytes *kept)
{
	ParallelContext *context;
	Parts		parts;

	EnterParallelMode();
	context = CreateParallelContext("hpimp", "hpimp_train_worker", workers);
	estimate(context, frame, map, settings);
	InitializeParallelDSM(context);
	if (context->seg == NULL)
	{
		/* no segment to be had: nobody would clean up the files */
		DestroyParallelContext(context);
		ExitParallelMode();
		return false;
	}
	parts = share(context, frame, map, settings, kept != NULL);
	LaunchParallelWorkers(context);
	train_share(&parts, LEADER);
	wait_for_workers(context, parts.shared);
	progress_phase(PROGRESS_FINISHING);
	copy_reports(&parts, settings, reports);
	copy_out_of_bag(&parts, out_of_bag);
	if (kept != NULL)
		read_trees(&parts, settings, workers, kept);
	DestroyParallelContext(context);
	ExitParallelMode();
	return true;
}
