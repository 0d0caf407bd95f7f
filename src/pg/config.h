/*
 * config.h
 *		One jsonb config as a sequence of (path, scalar) pairs.
 */
#ifndef HPIMP_CONFIG_H
#define HPIMP_CONFIG_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "core/value.h"

/*
 * Receives one leaf.  path is the dotted name (not NUL-terminated); value's
 * text points into the jsonb or a scratch buffer: copy what is kept.  JSON
 * null leaves are not reported: null is missing.
 */
typedef void (*ConfigLeaf) (void *arg, const char *path, uint32 path_length,
							const HpValue *value);

extern void config_walk(Jsonb *config, ConfigLeaf leaf, void *arg);

/*
 * The number a jsonb document holds at a dotted path ('' = the document
 * itself): a JSON number or a string that reads as one.  False if there is
 * none.  *found tells whether there is anything at the path, null included.
 */
extern bool config_number_at(Jsonb *document, const char *path,
							 uint32 path_length, double *number, bool *found);

/* number.c: numeric -> nearest double; infinite beyond the range of double */
extern double number_from_numeric(Numeric value);

#endif							/* HPIMP_CONFIG_H */
