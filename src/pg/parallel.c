/*
 * parallel.c
 *		Trees shared out to parallel workers: see team.h.
 *
 * A tree depends on the data, the settings and its number alone, and its
 * report has a place of its own.  The units of the team's work are the trees of
 * the range, counted from its first.  Out-of-bag predictions are sums of
 * integers, which every process adds to the shared ones once, when it is done:
 *
 *		the team's frame | Shared | reports | importances | out-of-bag sums | effects
 *
 * Trees that are kept go through temporary files, one for each process: they
 * may be far larger than the shared memory of a container.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/buffile.h"
#include "storage/sharedfileset.h"
#include "utils/guc.h"

#include "pg/compat.h"
#include "pg/parallel.h"
#include "pg/progress.h"
#include "pg/team.h"

/* Keys of the parts in shared memory. */
enum
{
	KEY_SHARED = TEAM_KEY_WORK,
	KEY_REPORTS,
	KEY_SHARES,
	KEY_SUMS,
	KEY_COUNTS,
	KEY_EFFECTS
};

typedef struct Shared
{
	HpForestSettings settings;
	Span		range;
	uint32		n_runs;
	uint32		n_features;
	uint32		n_groups;
	bool		keep_trees;
	SharedFileSet files;		/* of the trees, if they are kept */
	pg_atomic_uint64 tree_bytes;	/* written so far */
} Shared;

/* A report, and where the tree is. */
typedef struct SharedReport
{
	uint32		n_nodes;
	uint32		n_out_of_bag;
	int			process;		/* worker number, or TEAM_LEADER */
	int			fileno;			/* place in the process's file */
	off_t		offset;
	Size		size;
} SharedReport;

/* The parts, as a process sees them. */
typedef struct Parts
{
	Shared	   *shared;
	SharedReport *reports;		/* by unit */
	double	   *shares;			/* of all units: see report_of() */
	pg_atomic_uint64 *sums;
	pg_atomic_uint32 *counts;
	pg_atomic_uint64 *effects;
	Size		n_effects;
} Parts;

PGDLLEXPORT void hpimp_train_worker(dsm_segment *segment, shm_toc *toc);

/* ---- whether, and with how many ---- */

/* Of (run, feature, level). */
#define NS_PER_VISIT		2.0

static inline uint32
count_trees(Span range)
{
	return range.end - range.first;
}

static double
estimate_ns(const HpFrame *frame, const HpFeatureMap *map,
			const HpForestSettings *settings, Span range)
{
	uint32		n_runs = hp_forest_sample(settings, frame->n_runs);
	double		levels = log2(n_runs + 2.0);

	if (settings->max_depth > 0)
		levels = fmin(levels, settings->max_depth);
	return NS_PER_VISIT * n_runs * map->n_features *
		settings->max_features * levels * count_trees(range) *
		(settings->corrected ? 2 : 1) * (settings->twice ? 2 : 1);
}

static Size
reports_size(Span range)
{
	return mul_size(count_trees(range), sizeof(SharedReport));
}

static Size
shares_size(const HpFeatureMap *map, const HpForestSettings *settings,
			Span range)
{
	return mul_size(mul_size(count_trees(range), sizeof(double)),
					hp_report_numbers(settings, map->n_features,
									  map->groups.n));
}

/* How many sums of effects there are. */
static Size
count_effects(uint32 n_runs, uint32 n_subjects,
			  const HpForestSettings *settings)
{
	return settings->permutation && settings->twice ?
		(Size) hp_total_effect_runs(n_runs, n_subjects) * n_subjects : 0;
}

static Size
sums_size(uint32 n_runs, const HpFeatureMap *map,
		  const HpForestSettings *settings)
{
	return add_size(mul_size(n_runs, sizeof(uint64) + sizeof(uint32)),
					mul_size(count_effects(n_runs, hp_map_subjects(map),
										   settings), sizeof(uint64)));
}

int
parallel_workers_for(const HpFrame *frame, const HpFeatureMap *map,
					 const HpForestSettings *settings, Span range,
					 bool keep_trees)
{
	Size		size = team_frame_size(frame, map) +
		shares_size(map, settings, range) + reports_size(range) +
		sums_size(frame->n_runs, map, settings);

	if (keep_trees && temp_file_limit >= 0)
		return 0;
	return team_workers_for(estimate_ns(frame, map, settings, range), size,
							count_trees(range));
}

/* ---- shared memory ---- */

static void
estimate(ParallelContext *context, const HpFeatureMap *map, uint32 n_runs,
		 const HpForestSettings *settings, Span range)
{
	shm_toc_estimator *e = &context->estimator;

	shm_toc_estimate_chunk(e, sizeof(Shared));
	shm_toc_estimate_chunk(e, reports_size(range));
	shm_toc_estimate_chunk(e, shares_size(map, settings, range));
	shm_toc_estimate_chunk(e, mul_size(n_runs, sizeof(pg_atomic_uint64)));
	shm_toc_estimate_chunk(e, mul_size(n_runs, sizeof(pg_atomic_uint32)));
	shm_toc_estimate_chunk(e, mul_size(count_effects(n_runs,
													 hp_map_subjects(map),
													 settings),
									   sizeof(pg_atomic_uint64)));
	shm_toc_estimate_keys(e, KEY_EFFECTS - KEY_SHARED + 1);
}

/* Allocate and fill the parts. */
static Parts
share(ParallelContext *context, const HpFeatureMap *map, uint32 n,
	  const HpForestSettings *settings, Span range, bool keep_trees)
{
	Size		n_effects = count_effects(n, hp_map_subjects(map), settings);
	Parts		parts = {
		.n_effects = n_effects,
		.effects = team_add_part(context, KEY_EFFECTS,
								 n_effects * sizeof(pg_atomic_uint64)),
		.shared = team_add_part(context, KEY_SHARED, sizeof(Shared)),
		.reports = team_add_part(context, KEY_REPORTS, reports_size(range)),
		.shares = team_add_part(context, KEY_SHARES,
								shares_size(map, settings, range)),
		.sums = team_add_part(context, KEY_SUMS, n * sizeof(pg_atomic_uint64)),
		.counts = team_add_part(context, KEY_COUNTS,
								n * sizeof(pg_atomic_uint32))
	};

	parts.shared->settings = *settings;
	parts.shared->range = range;
	parts.shared->n_runs = n;
	parts.shared->n_features = map->n_features;
	parts.shared->n_groups = map->groups.n;
	parts.shared->keep_trees = keep_trees;
	pg_atomic_init_u64(&parts.shared->tree_bytes, 0);
	if (keep_trees)
		SharedFileSetInit(&parts.shared->files, context->seg);
	memset(parts.shares, 0, shares_size(map, settings, range));
	for (uint32 i = 0; i < n; i++)
	{
		pg_atomic_init_u64(&parts.sums[i], 0);
		pg_atomic_init_u32(&parts.counts[i], 0);
	}
	for (Size i = 0; i < n_effects; i++)
		pg_atomic_init_u64(&parts.effects[i], 0);
	return parts;
}

static Parts
find_parts(shm_toc *toc)
{
	Shared	   *shared = shm_toc_lookup(toc, KEY_SHARED, false);

	return (Parts) {
		.shared = shared,
		.n_effects = count_effects(shared->n_runs,
								   shared->n_features + shared->n_groups,
								   &shared->settings),
		.effects = shm_toc_lookup(toc, KEY_EFFECTS, false),
		.reports = shm_toc_lookup(toc, KEY_REPORTS, false),
		.shares = shm_toc_lookup(toc, KEY_SHARES, false),
		.sums = shm_toc_lookup(toc, KEY_SUMS, false),
		.counts = shm_toc_lookup(toc, KEY_COUNTS, false)
	};
}

/* ---- what each process does ---- */

/*
 * The report of a unit's tree with its importances where they lie: one kind
 * after the other, those that are asked for.
 */
static HpTreeReport
report_of(const Parts *parts, uint32 unit)
{
	const HpForestSettings *settings = &parts->shared->settings;
	uint32		n_features = parts->shared->n_features;
	uint32		n_groups = parts->shared->n_groups;
	HpTreeReport report = {
		.n_nodes = parts->reports[unit].n_nodes,
		.n_out_of_bag = parts->reports[unit].n_out_of_bag
	};
	double	   *next = parts->shares +
		unit * hp_report_numbers(settings, n_features, n_groups);

	report.impurity = next;
	next += n_features;
	if (settings->permutation && !settings->twice)
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
 * Append trees to this process's file.  When all processes have written more
 * than will be kept, nothing is written any more.
 */
static void
write_trees(Shared *shared, BufFile *file, TreeBytes *trees,
			SharedReport *report)
{
	report->size = 0;
	if (trees->size > 0 &&
		pg_atomic_fetch_add_u64(&shared->tree_bytes, trees->size) <=
		MODEL_MAX_TREE_BYTES)
	{
		BufFileTell(file, &report->fileno, &report->offset);
		report->size = trees->size;
		BufFileWrite(file, trees->bytes, trees->size);
	}
	if (trees->bytes != NULL)
		pfree(trees->bytes);
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
	for (Size i = 0; i < parts->n_effects; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		pg_atomic_fetch_add_u64(&parts->effects[i],
								out_of_bag->effects->sum[i]);
	}
}

void
train_tree(HpTrainer *trainer, uint32 t, HpTreeReport *report,
		   HpOutOfBag *out_of_bag, TreeBytes *kept)
{
	const HpTree *tree = hp_train_tree(trainer, t, report, out_of_bag);

	if (kept != NULL)
		tree_bytes_add(kept, tree);
	tree = hp_train_second(trainer, out_of_bag);
	if (kept != NULL && tree != NULL)
		tree_bytes_add(kept, tree);
}

/* Train trees until there is none left. */
static void
train_share(const Parts *parts, Team *team)
{
	HpTrainer  *trainer = hp_trainer_create(&team->env, team->frame, &team->map,
											&parts->shared->settings);
	HpOutOfBag	out_of_bag = hp_out_of_bag_create(&team->env,
												  team->frame->n_runs,
												  &team->map,
												  &parts->shared->settings);
	BufFile    *file = NULL;
	char		name[FILE_NAME_SIZE];
	uint32		unit;

	if (parts->shared->keep_trees)
	{
		name_file(name, team->process);
		file = BufFileCreateFileSet(&parts->shared->files.fs, name);
	}
	while (team_next(team, &unit))
	{
		HpTreeReport report = report_of(parts, unit);
		SharedReport *shared = &parts->reports[unit];
		TreeBytes	trees = {0};

		train_tree(trainer, parts->shared->range.first + unit, &report,
				   &out_of_bag, file == NULL ? NULL : &trees);
		shared->n_nodes = report.n_nodes;
		shared->n_out_of_bag = report.n_out_of_bag;
		shared->process = team->process;
		if (file != NULL)
			write_trees(parts->shared, file, &trees, shared);
		team_done(team);
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

	if (team_too_late(toc))
		return;
	if (parts.shared->keep_trees)
		SharedFileSetAttach(&parts.shared->files, segment);
	train_share(&parts, team_join(toc, ParallelWorkerNumber, progress_trees));
}

/* ---- what the leader does after ---- */

static void
copy_reports(const Parts *parts, const HpForestSettings *settings,
			 HpTreeReport *reports)
{
	Span		range = parts->shared->range;
	uint32		n = parts->shared->n_features;
	uint32		n_groups = parts->shared->n_groups;

	for (uint32 t = range.first; t < range.end; t++)
	{
		HpTreeReport report = report_of(parts, t - range.first);

		reports[t].n_nodes = report.n_nodes;
		reports[t].n_out_of_bag = report.n_out_of_bag;
		memcpy(reports[t].impurity, report.impurity, n * sizeof(double));
		if (report.permutation != NULL)
			memcpy(reports[t].permutation, report.permutation,
				   (n + n_groups) * sizeof(double));
		if (report.corrected != NULL)
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
	for (Size i = 0; i < parts->n_effects; i++)
		out_of_bag->effects->sum[i] =
			(int64) pg_atomic_read_u64(&parts->effects[i]);
}

/* Collect the trees from the files of all processes, in order. */
static void
read_trees(const Parts *parts, int workers, TreeBytes *kept)
{
	BufFile   **files = palloc0((workers + 1) * sizeof(BufFile *));

	for (uint32 unit = 0; unit < count_trees(parts->shared->range); unit++)
	{
		const SharedReport *report = &parts->reports[unit];
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
			   const HpForestSettings *settings, Span range,
			   HpTreeReport *reports, HpOutOfBag *out_of_bag, TreeBytes *kept)
{
	ParallelContext *context = team_begin("hpimp_train_worker", workers, frame,
										  map);
	Parts		parts;
	Team	   *team;

	estimate(context, map, frame->n_runs, settings, range);
	if (!team_allocate(context))
		return false;
	team_share(context, frame, map, 0, count_trees(range));
	parts = share(context, map, frame->n_runs, settings, range, kept != NULL);
	LaunchParallelWorkers(context);
	team = team_join(context->toc, TEAM_LEADER, progress_trees);
	train_share(&parts, team);
	team_wait(team, context);
	progress_phase(PROGRESS_FINISHING);
	copy_reports(&parts, settings, reports);
	copy_out_of_bag(&parts, out_of_bag);
	if (kept != NULL)
		read_trees(&parts, workers, kept);
	team_end(context);
	return true;
}
