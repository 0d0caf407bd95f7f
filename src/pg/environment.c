/*
 * environment.c
 *		The environment the core runs in here: palloc and query cancel.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/environment.h"

static void *
environment_alloc(void *arg, size_t size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

static void
environment_tick(void *arg)
{
	CHECK_FOR_INTERRUPTS();
}

const HpEnv pg_environment = {environment_alloc, environment_tick, NULL};
