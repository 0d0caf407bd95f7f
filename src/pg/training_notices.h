/*
 * training_notices.h
 *		What there is to say about a study and what was learned from it.
 */
#ifndef HPIMP_TRAINING_NOTICES_H
#define HPIMP_TRAINING_NOTICES_H

#include "postgres.h"

#include "pg/model.h"
#include "pg/study.h"

/* What comes of a sample must not be taken for more. */
extern void notice_sample(const Study *study);

/* Why no forest was grown. */
extern void notice_unusable(const Model *model, uint32 n_parameters);

/* What may mislead in a forest that was. */
extern void notice_forest(const Model *model, bool dropped_trees);

/*
 * Whether so few runs make most of the metric's variance that they are likely
 * to stand for something else than a metric.
 */
extern bool few_runs_make_variance(const Model *model);

/* Of the best runs, which PED-ANOVA compares with all. */
extern void notice_best(const Model *model, uint32 n_best);

#endif							/* HPIMP_TRAINING_NOTICES_H */
