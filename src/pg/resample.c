/*
 * resample.c
 *		Replicates of a forest, alone or in parallel workers, and what comes of
 *		them.
 *
 * A replicate is a unit of work of a team (team.h): it reports so many numbers
 * in a place of its own.  They are done in rounds, until no p-value is in
 * doubt; in parallel each round is a team of its own.  Those who do a part of
 * them do not know when that is: together they do all there may be, and what
 * comes of them is drawn from the same rounds.
 */
#include "postgres.h"

#include <math.h>

#include "access/parallel.h"
#include "miscadmin.h"
#include "storage/shm_toc.h"

#include "core/significance.h"
#include "pg/environment.h"
#include "pg/progress.h"
#include "pg/resample.h"
#include "pg/team.h"
#include "pg/training_memory.h"

/* Keys of the parts in shared memory: the plan, the reports of a round. */
enum
{
	KEY_PLAN = TEAM_KEY_WORK,
	KEY_REPORTS
};

/* What all rounds need. */
typedef struct Rounds
{
	HpReplicatePlan plan;
	HpFrame    *frame;			/* of the replicates */
	HpFeatureMap *map;
	HpReplicator *replicator;	/* of this process, once it worked alone */
	double	   *reports;
	Size		held;
} Rounds;

PGDLLEXPORT void hpimp_replicate_worker(dsm_segment *segment, shm_toc *toc);

static Size
report_size(const HpReplicatePlan *plan)
{
	return hp_replicate_size(plan) * sizeof(double);
}

static double *
report_of(const Rounds *rounds, uint32 unit)
{
	return rounds->reports + unit * hp_replicate_size(&rounds->plan);
}

/* ---- in parallel ---- */

/* Do units until there is none left; reports begin with that of unit first. */
static void
replicate_share(Team *team, const HpReplicatePlan *plan, double *reports,
				uint32 first)
{
	HpReplicator *replicator = hp_replicator_create(&team->env, team->frame,
													&team->map, plan);
	uint32		unit;

	while (team_next(team, &unit))
	{
		hp_replicate(replicator, unit,
					 reports + (unit - first) * hp_replicate_size(plan));
		team_done(team);
	}
}

/* Entry of a worker. */
void
hpimp_replicate_worker(dsm_segment *segment, shm_toc *toc)
{
	Team	   *team;

	if (team_too_late(toc))
		return;
	team = team_join(toc, ParallelWorkerNumber, progress_replicates);
	replicate_share(team, shm_toc_lookup(toc, KEY_PLAN, false),
					shm_toc_lookup(toc, KEY_REPORTS, false),
					team_first(team));
}

/* A round with workers; false, and nothing done, without shared memory. */
static bool
replicate_in_parallel(Rounds *rounds, int workers, uint32 first, uint32 end)
{
	Size		size = mul_size(end - first, report_size(&rounds->plan));
	ParallelContext *context = team_begin("hpimp_replicate_worker", workers,
										  rounds->frame, rounds->map);
	HpReplicatePlan *plan;
	double	   *reports;
	Team	   *team;

	shm_toc_estimate_chunk(&context->estimator, sizeof(HpReplicatePlan));
	shm_toc_estimate_chunk(&context->estimator, size);
	shm_toc_estimate_keys(&context->estimator, 2);
	if (!team_allocate(context))
		return false;
	team_share(context, rounds->frame, rounds->map, first, end);
	plan = team_add_part(context, KEY_PLAN, sizeof(HpReplicatePlan));
	*plan = rounds->plan;
	reports = team_add_part(context, KEY_REPORTS, size);
	LaunchParallelWorkers(context);
	team = team_join(context->toc, TEAM_LEADER, progress_replicates);
	replicate_share(team, plan, reports, first);
	team_wait(team, context);
	memcpy(report_of(rounds, first), reports, size);
	team_end(context);
	return true;
}

/* ---- alone ---- */

static void
replicate_alone(Rounds *rounds, uint32 first, uint32 end)
{
	if (rounds->replicator == NULL)
		rounds->replicator = hp_replicator_create(&pg_environment,
												  rounds->frame, rounds->map,
												  &rounds->plan);
	for (uint32 unit = first; unit < end; unit++)
	{
		CHECK_FOR_INTERRUPTS();
		hp_replicate(rounds->replicator, unit, report_of(rounds, unit));
		progress_replicates(unit + 1, end);
	}
}

/* ---- rounds ---- */

/* A (run, feature, level) of small trees takes so long. */
#define NS_PER_VISIT	2.0

static void
do_round(Rounds *rounds, uint32 first, uint32 end)
{
	Size		size = team_frame_size(rounds->frame, rounds->map) +
		mul_size(end - first, report_size(&rounds->plan));
	double		ns = NS_PER_VISIT * hp_replicate_cost(&rounds->plan, first, end);
	int			workers = team_workers_for(ns, size, end - first);

	workers = memory_replicate_workers(rounds->held, rounds->frame, rounds->map,
									   &rounds->plan, workers);
	progress_replicates(first, end);
	if (workers == 0 || !replicate_in_parallel(rounds, workers, first, end))
		replicate_alone(rounds, first, end);
}

static Rounds
begin_rounds(const Model *model, const HpFrame *frame,
			 const HpFeatureMap *map, Size held)
{
	Rounds		rounds = {
		.plan = resample_plan(model, frame, map),
		.held = held
	};

	progress_phase(PROGRESS_RESAMPLING);
	rounds.frame = hp_replicate_frame(&pg_environment, frame, map, &rounds.plan);
	rounds.map = hp_replicate_map(&pg_environment, map);
	rounds.reports = hp_alloc(&pg_environment, hp_replicate_units(&rounds.plan),
							  report_size(&rounds.plan));
	return rounds;
}

/* ---- what comes of them ---- */

/* The importance whose standard errors are to be had from trees alone. */
static HpImportance
importance_of(Method method)
{
	switch (method)
	{
		case METHOD_IMPURITY:
			return HP_IMPURITY;
		case METHOD_PERMUTATION:
			return HP_PERMUTATION;
		case METHOD_CORRECTED:
			return HP_CORRECTED;
		case METHOD_FANOVA:
			return HP_FANOVA;
		default:
			return HP_NO_IMPORTANCE;
	}
}

/* The importances by the method of the forest, of parameters and groups. */
static double *
importances_shown(const Model *model)
{
	double	   *shown = palloc_extended(((Size) model->n_features +
										 model->n_groups) * sizeof(double),
										MCXT_ALLOC_HUGE);

	for (uint32 f = 0; f < model->n_features; f++)
		shown[f] =
			model->rows[model->features[f]].findings.importance[model->method];
	for (uint32 g = 0; g < model->n_groups; g++)
		shown[model->n_features + g] =
			model->groups[g].findings.importance[model->method];
	return shown;
}

/* What is not known has no error either. */
static void
fill_findings(Findings *findings, Method method, const HpDoubt *doubt,
			  uint32 subject)
{
	findings->standard_error = isnan(findings->importance[method]) ? NAN :
		doubt->standard_error[subject];
	findings->p_value = doubt->p_value[subject];
	findings->p_value_adjusted = doubt->p_value_adjusted[subject];
}

static void
fill_doubt(Model *model, const HpReplicates *replicates)
{
	HpDoubt		doubt = hp_doubt(&pg_environment, replicates,
								 importances_shown(model));

	for (uint32 f = 0; f < model->n_features; f++)
		fill_findings(&model->rows[model->features[f]].findings,
					  model->method, &doubt, f);
	for (uint32 g = 0; g < model->n_groups; g++)
		fill_findings(&model->groups[g].findings, model->method, &doubt,
					  model->n_features + g);
	model->p_value = doubt.forest_p_value;
}

void
resample(Model *model, const HpFrame *frame, const HpFeatureMap *map,
		 Size held)
{
	Rounds		rounds = begin_rounds(model, frame, map, held);
	HpReplicates replicates = {&rounds.plan, rounds.reports, 0};
	uint32		wanted;

	while ((wanted = hp_doubt_wanted(&pg_environment, &replicates)) >
		   replicates.done)
	{
		do_round(&rounds, replicates.done, wanted);
		replicates.done = wanted;
	}
	fill_doubt(model, &replicates);
}

/* ---- in parts ---- */

HpReplicatePlan
resample_plan(const Model *model, const HpFrame *frame,
			  const HpFeatureMap *map)
{
	return hp_replicate_plan(frame, map, &model->settings,
							 importance_of(model->method));
}

double *
resample_part(const Model *model, const HpFrame *frame,
			  const HpFeatureMap *map, uint32 part, uint32 parts, Size held)
{
	Rounds		rounds = begin_rounds(model, frame, map, held);
	Span		units = span_of_part(hp_replicate_units(&rounds.plan), part,
									 parts);

	if (units.first < units.end)
		do_round(&rounds, units.first, units.end);
	return rounds.reports;
}

void
resample_finish(Model *model, const HpFrame *frame, const HpFeatureMap *map,
				const double *reports)
{
	HpReplicatePlan plan = resample_plan(model, frame, map);
	HpReplicates replicates = {&plan, reports, 0};
	uint32		wanted;

	while ((wanted = hp_doubt_wanted(&pg_environment, &replicates)) >
		   replicates.done)
		replicates.done = wanted;
	fill_doubt(model, &replicates);
}
