/*
 * related.h
 *		How parameters go with each other and the metric, in words.
 */
#ifndef HPIMP_RELATED_H
#define HPIMP_RELATED_H

#include "postgres.h"

#include "pg/model.h"

/*
 * Write into the rows of a model, which are the columns of its frame, what a
 * note has to say of their relations; the rows have their descriptions.
 */
extern void find_related(Model *model, const HpFrame *frame);

#endif							/* HPIMP_RELATED_H */
