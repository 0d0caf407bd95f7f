/*
 * environment.h
 *		The environment the core runs in here: palloc and query cancel.
 */
#ifndef HPIMP_ENVIRONMENT_H
#define HPIMP_ENVIRONMENT_H

#include "postgres.h"

#include "core/core.h"

/*
 * Memory from the memory context that is current when it is asked for; ticks
 * answer cancel, statement_timeout and shutdown.
 */
extern const HpEnv pg_environment;

#endif							/* HPIMP_ENVIRONMENT_H */
