/*
 * detail.h
 *		What a report shows of the runs themselves.
 *
 * A forest does not hold its runs.  Who trains one only to look at it may ask
 * for these beside it; they go with the model and are never part of its flat
 * value.
 */
#ifndef HPIMP_DETAIL_H
#define HPIMP_DETAIL_H

#include "postgres.h"

#include "core/describe.h"
#include "core/frame.h"
#include "pg/model.h"

/* So many runs are shown at most, evenly chosen from the best to the worst. */
#define DETAIL_RUNS		500

/* A smaller importance is next to nothing: its feature has no detail. */
#define DETAIL_IMPORTANCE	0.001

/* Of one feature; all NULL if it has none. */
typedef struct FeatureDetail
{
	uint32		n_levels;		/* that runs have, words of numbers too, by
								 * code; see describe.h */
	HpLevelDescription *levels;
	uint32	   *codes;			/* by run shown */
	double	   *numbers;		/* likewise, NaN if it has none */
} FeatureDetail;

typedef struct ModelDetail
{
	uint32		n_runs;			/* that are shown */
	double	   *metric;			/* of each, ascending */
	FeatureDetail *features;
} ModelDetail;

/*
 * The detail of a model whose importances are known, of the frame that it was
 * trained on, in the current memory context.
 */
extern ModelDetail *detail_of_frame(const Model *model, const HpFrame *frame);

#endif							/* HPIMP_DETAIL_H */
