/*
 * parallel.h
 *		Trees shared out to parallel workers.
 */
#ifndef HPIMP_PARALLEL_H
#define HPIMP_PARALLEL_H

#include "postgres.h"

#include "core/forest.h"
#include "pg/model.h"

/*
 * How many workers to ask for to train these trees, 0 to do it alone: see
 * team_workers_for(); also if trees are kept while temporary files are limited.
 */
extern int	parallel_workers_for(const HpFrame *frame,
								 const HpFeatureMap *map,
								 const HpForestSettings *settings,
								 Span range, bool keep_trees);

/*
 * Train a tree, and its second if it has one; collect them in kept unless it is
 * NULL.
 */
extern void train_tree(HpTrainer *trainer, uint32 t, HpTreeReport *report,
					   HpOutOfBag *out_of_bag, TreeBytes *kept);

/*
 * Train these trees with the help of at most so many workers; with fewer, or
 * none to be had, the same reports (by number of the tree) and out_of_bag come
 * out, to the last bit.  Trees are collected, in order, in kept unless it is
 * NULL.  False, and nothing done, if there is no shared memory to be had.
 */
extern bool parallel_train(int workers, const HpFrame *frame,
						   const HpFeatureMap *map,
						   const HpForestSettings *settings, Span range,
						   HpTreeReport *reports, HpOutOfBag *out_of_bag,
						   TreeBytes *kept);

#endif							/* HPIMP_PARALLEL_H */
