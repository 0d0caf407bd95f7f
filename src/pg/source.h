/*
 * source.h
 *		From a relation and the names of columns to a study, through SPI.
 */
#ifndef HPIMP_SOURCE_H
#define HPIMP_SOURCE_H

#include "postgres.h"

#include "utils/array.h"

#include "pg/study.h"

/*
 * The runs of a relation as a study in the current memory context; NULL, with
 * a NOTICE, if it has no rows.  Reads with the caller's rights.
 *
 * metric: a column of numbers (or of text that holds numbers, or a json
 * number); else "column.path" into a json column; else a path into the json
 * column "summary".
 *
 * config: names of columns.  A json or jsonb column is flattened, any other is
 * one hyperparameter under its own name; with several json columns the paths
 * begin with the column's name.
 *
 * namespace: the schema of this extension.
 */
extern Study *source_study(Oid relation, const char *metric,
						   ArrayType *config, Oid namespace);

#endif							/* HPIMP_SOURCE_H */
