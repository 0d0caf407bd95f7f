/*
 * training_memory.c
 *		Whether a frame and a training fit hpimp.max_memory.
 *
 * Asked before the work begins: it would be a pity to be refused after an
 * hour.  What can be is measured rather than computed: the scratch memory of a
 * process by making it, in a context that goes at once (its pages are hardly
 * touched).
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "core/order.h"
#include "pg/environment.h"
#include "pg/memory.h"
#include "pg/model.h"
#include "pg/training_memory.h"

Size
memory_of_study(const Study *study)
{
	return MemoryContextMemAllocated(study->hdr.eoh_context, false);
}

/*
 * In bytes: a run has its metric, target and place, and two items of a sort; a
 * cell a code of one or two bytes; a value its reading, its codes, and if it
 * is a number two items of a sort, the number and its code.
 */
#define BYTES_A_RUN		(2 * sizeof(double) + 2 * sizeof(HpSortItem) + 4)
#define BYTES_A_VALUE	(16 + 3 * 4 + 2 * sizeof(HpSortItem) + 8)

void
memory_check_frame(Size held, uint32 n_runs, const HpInput *inputs, uint32 n)
{
	Size		needed = held + (Size) n_runs * BYTES_A_RUN;

	for (uint32 i = 0; i < n; i++)
		needed += (Size) n_runs * (inputs[i].n_values > 255 ? 2 : 1) +
			(Size) inputs[i].n_values * BYTES_A_VALUE;
	if (needed > memory_limit())
		memory_refuse("the study with its frame", needed);
}

/* What a process needs to train trees, its share of the results included. */
static Size
measure_process(const HpFrame *frame, const HpFeatureMap *map,
				const HpForestSettings *settings)
{
	MemoryContext probe = AllocSetContextCreate(CurrentMemoryContext,
												"hpimp measuring",
												ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(probe);
	Size		size;
	Size		later;

	later = hp_trainer_later(hp_trainer_create(&pg_environment, frame, map,
											   settings));
	(void) hp_out_of_bag_create(&pg_environment, frame->n_runs, map, settings);
	(void) hp_forest_regression(&pg_environment, frame, map, settings);
	MemoryContextSwitchTo(old);
	size = MemoryContextMemAllocated(probe, true);
	MemoryContextDelete(probe);
	return size + later;
}

/*
 * A tree has one leaf at most for each run of its sample, which holds 63 % of
 * the runs if it is a bootstrap one, or for so many draws as a leaf must hold.
 */
static Size
estimate_trees(const HpFrame *frame, const HpForestSettings *settings)
{
	double		leaves = Min(0.632 * frame->n_runs,
							 (double) hp_forest_sample(settings, frame->n_runs) /
							 settings->min_samples_leaf);
	double		bytes = 2 * leaves * sizeof(HpNode) * model_trees(settings);

	return (Size) Min(bytes, (double) MODEL_MAX_TREE_BYTES);
}

/* What the trees report. */
static Size
reports_bytes(const HpFeatureMap *map, const HpForestSettings *settings)
{
	double		bytes = (double) settings->trees * sizeof(double) *
		hp_report_numbers(settings, map->n_features, map->groups.n);

	return (Size) Min(bytes, (double) (SIZE_MAX / 4));
}

void
memory_check_reports(Size held, const HpFeatureMap *map,
					 const HpForestSettings *settings)
{
	memory_check(CurrentMemoryContext, held + reports_bytes(map, settings),
				 "training");
}

/* The frame once more, in shared memory. */
static Size
estimate_shared(const HpFrame *frame, const HpFeatureMap *map)
{
	Size		size = (Size) frame->n_runs * (2 * sizeof(uint64) +
											   sizeof(uint32));

	for (uint32 f = 0; f < map->n_features; f++)
		size += (Size) frame->n_runs *
			(frame->columns[map->columns[f]].wide ? 2 : 1);
	return size;
}

/* What a frame of so many runs takes a process at most, nearly always. */
static Size
estimate_process(const HpFrame *frame, const HpFeatureMap *map,
				 const HpForestSettings *settings)
{
	/* what grows with the runs, and histograms */
	Size		size = (Size) frame->n_runs * (map->n_features * 12 + 512) +
		(Size) map->n_features * 65536;

	if (settings->permutation && settings->twice)
		size += (Size) hp_total_effect_runs(frame->n_runs,
											hp_map_subjects(map)) *
			hp_map_subjects(map) * sizeof(int64);

	if (settings->corrected)
		size *= 4;				/* trees on twice the features, and shadows */
	if (settings->fanova)
		size *= 2;				/* weights by code, steps by node */
	return size;
}

/* How many of so many workers fit beside what the leader has (alone). */
static int
workers_that_fit(Size alone, Size shared, Size process, int workers)
{
	while (workers > 0 &&
		   alone + shared + process * (workers + 1) > memory_limit())
		workers--;
	return workers;
}

int
memory_workers(Size held, const HpFrame *frame, const HpFeatureMap *map,
			   const HpForestSettings *settings, bool keep_trees, int workers)
{
	Size		alone = held +
		MemoryContextMemAllocated(CurrentMemoryContext, true);
	Size		shared = estimate_shared(frame, map) +
		reports_bytes(map, settings);
	Size		process = estimate_process(frame, map, settings);

	if (keep_trees)
		alone += estimate_trees(frame, settings);
	if (alone + shared + process * (workers + 1) <= memory_limit())
		return workers;
	process = measure_process(frame, map, settings);
	if (alone + process > memory_limit())
		memory_refuse("training", alone + process);
	return workers_that_fit(alone, shared, process, workers);
}

/* What a process needs for replicates. */
static Size
measure_replicator(const HpFrame *frame, const HpFeatureMap *map,
				   const HpReplicatePlan *plan)
{
	MemoryContext probe = AllocSetContextCreate(CurrentMemoryContext,
												"hpimp measuring",
												ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(probe);
	Size		size;

	size = hp_replicator_later(hp_replicator_create(&pg_environment, frame, map,
													plan));
	MemoryContextSwitchTo(old);
	size += MemoryContextMemAllocated(probe, true);
	MemoryContextDelete(probe);
	return size;
}

int
memory_replicate_workers(Size held, const HpFrame *frame,
						 const HpFeatureMap *map, const HpReplicatePlan *plan,
						 int workers)
{
	Size		alone = held +
		MemoryContextMemAllocated(CurrentMemoryContext, true);
	Size		shared = estimate_shared(frame, map);
	/* a trainer for subsamples and one for wholes */
	Size		process = estimate_process(frame, map, &plan->subsample) +
		estimate_process(frame, map, &plan->whole);

	if (alone + shared + process * (workers + 1) <= memory_limit())
		return workers;
	process = measure_replicator(frame, map, plan);
	if (alone + process > memory_limit())
		memory_refuse("resampling", alone + process);
	return workers_that_fit(alone, shared, process, workers);
}
