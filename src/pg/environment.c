/*
 * environment.c
 *		The environment the core runs in here: palloc within hpimp.max_memory,
 *		and query cancel.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/environment.h"
#include "pg/memory.h"

/* Less is not worth asking about the limit. */
#define PIECE_TO_CHECK	65536

static void *
environment_alloc(void *arg, size_t size)
{
	if (size >= PIECE_TO_CHECK)
		memory_check(CurrentMemoryContext, size, "the analysis of the study");
	return MemoryContextAllocHuge(CurrentMemoryContext, size);
}

static void
environment_tick(void *arg)
{
	CHECK_FOR_INTERRUPTS();
}

const HpEnv pg_environment = {environment_alloc, environment_tick, NULL};
