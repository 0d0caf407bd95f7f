/*
 * resample.h
 *		How far importances can be relied on: replicates of a forest, alone or
 *		in parallel workers.
 */
#ifndef HPIMP_RESAMPLE_H
#define HPIMP_RESAMPLE_H

#include "postgres.h"

#include "core/forest.h"
#include "core/replicate.h"
#include "pg/model.h"

/*
 * Fill in the standard errors and p-values of a model whose forest was trained
 * on this frame, by as many replicates as they need.  held is what the study
 * takes; scratch memory is of the current context.
 */
extern void resample(Model *model, const HpFrame *frame,
					 const HpFeatureMap *map, Size held);

/*
 * The same in parts.  What the replicates of a model's forest are: of the frame
 * it needs the targets alone.
 */
extern HpReplicatePlan resample_plan(const Model *model, const HpFrame *frame,
									 const HpFeatureMap *map);

/*
 * One of so many parts (span_of_part()) of all there may be: their reports, by
 * unit, in the current context; those of others are not set.
 */
extern double *resample_part(const Model *model, const HpFrame *frame,
							 const HpFeatureMap *map, uint32 part,
							 uint32 parts, Size held);

/* What comes of all of them. */
extern void resample_finish(Model *model, const HpFrame *frame,
							const HpFeatureMap *map, const double *reports);

#endif							/* HPIMP_RESAMPLE_H */
