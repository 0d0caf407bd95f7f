/*
 * train.h
 *		From a study to a trained model.
 */
#ifndef HPIMP_TRAIN_H
#define HPIMP_TRAIN_H

#include "postgres.h"

#include "pg/model.h"
#include "pg/settings.h"
#include "pg/study.h"

/* What a model is wanted for: the less, the sooner it is there. */
typedef enum Wanted
{
	WANTED_IMPORTANCE,			/* by the method of the settings */
	WANTED_FINDINGS,			/* all that is found out */
	WANTED_TREES,				/* the trees as well */
	WANTED_DETAIL				/* and some of the runs, to be looked at */
} Wanted;

/*
 * Train a forest on a study, if what is wanted takes one.  The model lies in
 * the current memory context, the scratch memory is gone; it holds its trees
 * if they are wanted and not too large.  A study of no use (fewer than two
 * runs, no parameter, a constant metric) gives a model without importances;
 * that, and a forest that predicts next to nothing, are said in a NOTICE.  If
 * the settings are of a part, that is trained, and nothing is found out by it.
 */
extern Model *train(const Study *study, Settings *settings, Wanted wanted);

/*
 * Make what a forest of all parts says of what its trees have reported: it is
 * whole then, as if trained at once, notices included.
 */
extern void train_conclude(Model *model);

/* The frame of a study with the parameters that settings choose. */
extern HpFrame *study_frame(const Study *study, Settings *settings);

/* An out-of-bag R^2 below this says that importances are a guess. */
#define R2_NEXT_TO_NOTHING	0.1

/* A p-value above this says that there may be nothing but chance. */
#define P_OF_CHANCE			0.05

#endif							/* HPIMP_TRAIN_H */
