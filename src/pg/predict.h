/*
 * predict.h
 *		What a forest expects of a run with a given config.
 */
#ifndef HPIMP_PREDICT_H
#define HPIMP_PREDICT_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "pg/model.h"

/* The metric; NaN if there is nothing to predict from. */
extern double predict(const Model *model, Jsonb *config);

#endif							/* HPIMP_PREDICT_H */
