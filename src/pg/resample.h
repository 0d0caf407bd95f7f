/*
 * resample.h
 *		How far importances can be relied on: replicates of a forest, alone or
 *		in parallel workers.
 */
#ifndef HPIMP_RESAMPLE_H
#define HPIMP_RESAMPLE_H

#include "postgres.h"

#include "core/forest.h"
#include "pg/model.h"
#include "pg/settings.h"

/*
 * Fill in the standard errors and p-values of a model whose forest was trained
 * on this frame, by as many replicates as they need.  held is what the study
 * takes; scratch memory is of the current context.
 */
extern void resample(Model *model, const HpFrame *frame,
					 const HpFeatureMap *map, const Settings *settings,
					 Size held);

#endif							/* HPIMP_RESAMPLE_H */
