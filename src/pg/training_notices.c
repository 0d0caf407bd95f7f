/*
 * training_notices.c
 *		What there is to say about a study and what was learned from it.
 */
#include "postgres.h"

#include <math.h>

#include "pg/sample.h"
#include "pg/train.h"
#include "pg/training_notices.h"

void
notice_sample(const Study *study)
{
	uint64		all = sample_total(study);
	uint64		used = sample_size(study);

	if (used < all)
		ereport(NOTICE,
				(errmsg("a sample is used: %llu of %llu runs",
						(unsigned long long) used, (unsigned long long) all),
				 errdetail("Counts of runs, ranges, means and linear correlations are of all runs, everything else of the sample."),
				 errhint("Raise hpimp.max_runs, and read the runs again, for a larger sample.")));
}

void
notice_unusable(const Model *model, uint32 n_parameters)
{
	if (model->runs.used < 2)
		ereport(NOTICE,
				(errmsg("too few runs to tell what matters: %llu",
						(unsigned long long) model->runs.used),
				 errdetail_plural("%llu run was left out because its metric is null or not finite.",
								  "%llu runs were left out because their metric is null or not finite.",
								  (unsigned long) model_left_out(&model->runs),
								  (unsigned long long) model_left_out(&model->runs)),
				 errhint("Importances need at least two runs with a finite metric, and are worth reading from some fifty on.")));
	else if (model->n_rows == 0 && n_parameters > 0)
		ereport(NOTICE,
				(errmsg("include and exclude leave none of %u parameters",
						n_parameters),
				 errhint("They are LIKE patterns that match whole names: %% stands for anything, _ for one character.")));
	else if (model->unit == 0)
		ereport(NOTICE,
				(errmsg("the metric has the same value in all %llu runs",
						(unsigned long long) model->runs.used),
				 errhint("Nothing can be important for a constant metric: choose another one.")));
	else
		ereport(NOTICE,
				(errmsg("no hyperparameter that could matter varies over the %llu runs",
						(unsigned long long) model->runs.used),
				 errhint("See hp_parameters for what each of them holds.")));
}

/* So few runs that make most of the variance are likely to be no metrics. */
#define FEW_RUNS_OF		100		/* one in so many */

bool
few_runs_make_variance(const Model *model)
{
	return model->metric.extremes > 0 &&
		model->metric.extremes <= model->runs.used / FEW_RUNS_OF;
}

static void
notice_extremes(const Model *model)
{
	const HpMetric *m = &model->metric;
	bool		low = m->median - m->minimum > m->maximum - m->median;

	if (!few_runs_make_variance(model))
		return;
	ereport(NOTICE,
			(errmsg("%u of %llu runs make %.0f %% of the metric's variance",
					m->extremes, (unsigned long long) model->runs.used,
					100 * m->share),
			 errdetail("The most extreme metric is %g, the median %g.",
					   low ? m->minimum : m->maximum, m->median),
			 errhint("If it stands for failure, leave such runs out: by a view, or WHERE over hp_study_agg.")));
}

static void
notice_weak(const Model *model)
{
	if (isnan(model->r2) || model->r2 >= R2_NEXT_TO_NOTHING)
		return;
	ereport(NOTICE,
			(errmsg("the hyperparameters predict next to nothing of the metric: out-of-bag R-squared is %.2f",
					fabs(model->r2) < 0.005 ? 0.0 : model->r2),
			 errhint("Read the importances as a guess; hp_quality says more.")));
}

static void
notice_dropped_trees(bool dropped)
{
	if (dropped)
		ereport(NOTICE,
				(errmsg("the trees are too large to keep in the forest"),
				 errdetail("They take more than %zu MB; the importances are not affected.",
						   MODEL_MAX_TREE_BYTES / (1024 * 1024)),
				 errhint("hp_predict, hp_marginal, hp_interactions and hp_suggest need a forest with fewer trees or a larger min_samples_leaf.")));
}

void
notice_forest(const Model *model, bool dropped_trees)
{
	notice_extremes(model);
	notice_weak(model);
	notice_dropped_trees(dropped_trees);
}

/* So few of the best runs say little of what they have in common. */
#define FEW_BEST		5

void
notice_best(const Model *model, uint32 n_best)
{
	if (n_best == model->runs.used)
		ereport(NOTICE,
				(errmsg("all %u runs are among the best: so many have the same metric",
						n_best),
				 errhint("Give a smaller quantile, or the other goal.")));
	else if (n_best < FEW_BEST)
		ereport(NOTICE,
				(errmsg("%u of %llu runs are the best: too few to tell what they have in common",
						n_best, (unsigned long long) model->runs.used),
				 errhint("Give a larger quantile, or more runs.")));
}
