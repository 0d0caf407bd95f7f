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
