/*
 * replicate.h
 *		Small forests once more on other data, to tell how far the importances
 *		of the forest can be relied on.
 *
 * Two kinds of them.  On subsamples of the runs, drawn without replacement: how
 * much importances vary between them tells how much they would vary from one
 * sweep of the whole size to the next.  And on a permuted metric, which no
 * parameter has anything to do with: what importances come to by chance.
 * significance.h draws the conclusions.
 *
 * Of many runs they look at few: subsamples are smaller then, and each tree on
 * a permuted metric has a part of its own.
 *
 *		hp_replicate_plan ──▶ hp_replicate_frame
 *		each worker:		hp_replicator_create ─▶ hp_replicate(unit) ...
 *		then:				hp_doubt_wanted: more units, or enough
 *
 * Replicates are numbered units of work, each of which depends on the frame,
 * the settings and its number alone:
 *
 *		subsamples | the metric as it is | permuted: a first round | more rounds
 *
 * The metric as it is has a replicate of its own, so that it is one like those
 * of the permuted metrics in all but the metric.
 */
#ifndef HPIMP_REPLICATE_H
#define HPIMP_REPLICATE_H

#include "forest.h"

typedef struct HpReplicatePlan
{
	HpImportance importance;	/* whose standard errors are wanted */
	uint32_t	all_runs;		/* the forest was trained on */
	uint32_t	all_trees;
	uint32_t	n_runs;			/* of them in the replicates' frame, */
	uint32_t	subsample_runs; /* of these in a subsample, */
	uint32_t	tree_runs;		/* for a tree of the others */
	uint32_t	n_features;
	uint32_t	n_subjects;		/* features and groups */
	HpForestSettings subsample; /* of forests on subsamples */
	HpForestSettings whole;		/* of forests on the metric, permuted or not */
	uint32_t	n_subsamples;
	uint32_t	most_permuted;	/* replicates of a permuted metric */
	double		least_p_value;	/* one in as many ways as there are to permute
								 * the metric */
} HpReplicatePlan;

/*
 * How many replicates, how large: so that they cost no more than a hundred
 * pairs of trees on all of the runs, or the forest, or about half a second (what
 * is fitted beside them not counted).  There must be a feature.  Without an
 * importance there are no subsamples, and no standard errors.
 */
extern HpReplicatePlan hp_replicate_plan(const HpFrame *frame,
										 const HpFeatureMap *map,
										 const HpForestSettings *settings,
										 HpImportance importance);

/* The unit of the metric as it is; those of permuted ones follow. */
static inline uint32_t
hp_replicate_actual(const HpReplicatePlan *plan)
{
	return plan->n_subsamples;
}

/* What units from first to before end cost, in (run, feature, level). */
extern double hp_replicate_cost(const HpReplicatePlan *plan, uint32_t first,
								uint32_t end);

/* All units there may be. */
static inline uint32_t
hp_replicate_units(const HpReplicatePlan *plan)
{
	return plan->n_subsamples + 1 + plan->most_permuted;
}

/*
 * Replicates of a permuted metric come in rounds: how many there are after the
 * next one, if there are so many; 0 if there is none.
 */
extern uint32_t hp_replicate_next_round(const HpReplicatePlan *plan,
										uint32_t permuted);

/*
 * The frame of the replicates: of the features alone, in their order, and of a
 * random subset of the runs if there are more than n_runs.
 */
extern HpFrame *hp_replicate_frame(const HpEnv *env, const HpFrame *frame,
								   const HpFeatureMap *map,
								   const HpReplicatePlan *plan);

/* The map of that frame: all columns, the groups as they are. */
extern HpFeatureMap *hp_replicate_map(const HpEnv *env,
									  const HpFeatureMap *map);

/*
 * What a replicate reports, in so many doubles.  On a subsample: the importance
 * by subject; then, by subject, how much of its variance is that of the trees.
 * On a metric, in units of the squared error out of bag: by subject, by how
 * much it grows when the subject's values are permuted; and last of all the
 * metric's variance, 1 / (1 - R^2), NaN if not defined.  Where a regression is
 * beside the forest it adds its own: by subject what its effects are worth
 * (hp_regression_worth()), and its 1 / (1 - R^2).
 */
static inline size_t
hp_replicate_size(const HpReplicatePlan *plan)
{
	return 2 * (size_t) plan->n_subjects + 1;
}

/* One worker: scratch memory for any of the replicates. */
typedef struct HpReplicator HpReplicator;

extern HpReplicator *hp_replicator_create(const HpEnv *env,
										  const HpFrame *frame,
										  const HpFeatureMap *map,
										  const HpReplicatePlan *plan);

/* Bytes that will be allocated by the time replicates are done, at most. */
extern size_t hp_replicator_later(const HpReplicator *replicator);

extern void hp_replicate(HpReplicator *replicator, uint32_t unit,
						 double *report);

#endif							/* HPIMP_REPLICATE_H */
