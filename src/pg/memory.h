/*
 * memory.h
 *		The limit on memory, hpimp.max_memory, and where it is asked for.
 */
#ifndef HPIMP_MEMORY_H
#define HPIMP_MEMORY_H

#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"
#include "utils/palloc.h"

/* hpimp.max_memory, in kB */
extern PGDLLIMPORT int memory_max_kb;

/*
 * A study of a million runs with twenty parameters takes 0.5 GB while it is
 * read, or 2 GB if all values differ, and another half to train on: the default
 * lets those pass and stops what has lost its bounds.
 */
#define MEMORY_DEFAULT_KB	Min(4 * 1024 * 1024, MAX_KILOBYTES)
#define MEMORY_LEAST_KB		(16 * 1024)

static inline Size
memory_limit(void)
{
	return (Size) memory_max_kb * 1024;
}

/*
 * Raises the error that something needs more than the limit: what is "a
 * study" or so.
 */
extern void memory_refuse(const char *what, Size needed);

/* Checks that a context and those below it may grow by so many bytes. */
extern void memory_check(MemoryContext context, Size more, const char *what);

#endif							/* HPIMP_MEMORY_H */
