/*
 * answers.h
 *		The rows that the questions are answered with.
 */
#ifndef HPIMP_ANSWERS_H
#define HPIMP_ANSWERS_H

#include "postgres.h"

#include "funcapi.h"

#include "pg/model.h"
#include "pg/study.h"

/* The numbers of the rows of a model, larger importances first, then by name. */
extern uint32 *model_order(const Model *model);

/* A row of hp_importance: a parameter of no group, or a group. */
typedef struct ModelShown
{
	HpText		name;
	double		share;			/* NaN if it is not known */
	const ModelRow *row;		/* NULL: a group */
	uint32		group;			/* its number, from 1; 0 = a parameter */
} ModelShown;

/* All of them, sorted. */
extern ModelShown *model_shown(const Model *model, uint32 *n);

/* What may mislead about a parameter, in words; empty if nothing does. */
extern char *model_note(const Model *model, const ModelRow *row);

/*
 * How far the forest can be trusted, in words, that say so if they are about a
 * sample.
 */
extern const char *model_verdict(const Model *model);

/*
 * Each adds its rows, sorted, to a materialised set (InitMaterializedSRF).  A
 * frame comes with the study that it was built from.
 */
extern void answer_importance(ReturnSetInfo *result, const Model *model);
extern void answer_parameters(ReturnSetInfo *result, const Model *model);
extern void answer_quality(ReturnSetInfo *result, const Model *model);
extern void answer_correlation(ReturnSetInfo *result, const Study *study,
							   const HpFrame *frame);
extern void answer_levels(ReturnSetInfo *result, const Study *study,
						  const HpFrame *frame);

#endif							/* HPIMP_ANSWERS_H */
