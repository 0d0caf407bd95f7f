/*
 * training_memory.h
 *		Whether a frame and a training fit hpimp.max_memory.
 */
#ifndef HPIMP_TRAINING_MEMORY_H
#define HPIMP_TRAINING_MEMORY_H

#include "postgres.h"

#include "core/replicate.h"
#include "pg/study.h"

/* What a study takes, with all that shares its memory context. */
extern Size memory_of_study(const Study *study);

/*
 * Refuses a study whose frame would not fit beside it; held is what the study
 * takes, inputs are the n parameters that the frame is built of.
 */
extern void memory_check_frame(Size held, uint32 n_runs,
							   const HpInput *inputs, uint32 n);

/* Refuses a training whose trees would report too much; held likewise. */
extern void memory_check_reports(Size held, const HpFeatureMap *map,
								 const HpForestSettings *settings);

/*
 * How many of so many workers may train as well, so that all processes
 * together fit; an error if not even the leader alone does.  held is what the
 * study takes, the frame lies in the current memory context.
 */
extern int	memory_workers(Size held, const HpFrame *frame,
						   const HpFeatureMap *map,
						   const HpForestSettings *settings, bool keep_trees,
						   int workers);

/* The same of replicates. */
extern int	memory_replicate_workers(Size held, const HpFrame *frame,
									 const HpFeatureMap *map,
									 const HpReplicatePlan *plan, int workers);

#endif							/* HPIMP_TRAINING_MEMORY_H */
