/*
 * hpimp.c
 *		The module: magic and resource settings.
 *
 * Statistical settings are arguments, so that the same call gives the same
 * answer; what can be set here is what it may take.  hpimp.max_runs changes an
 * answer too, for more runs than that: each study carries the limit it was
 * made under, so that what is asked of a study does not depend on settings.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "pg/memory.h"
#include "pg/team.h"
#include "pg/sample.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	DefineCustomIntVariable("hpimp.max_parallel_workers",
							"Sets the maximum number of parallel workers that train one forest.",
							"-1 takes max_parallel_workers_per_gather; if that is 0, none are used at all.",
							&team_max_workers,
							-1, -1, 1024,
							PGC_USERSET, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("hpimp.max_runs",
							"Sets the maximum number of runs that a study keeps.",
							"Of more runs a uniform sample is kept; counts, ranges and linear correlations remain those of all runs.",
							&sample_max_runs,
							SAMPLE_DEFAULT_RUNS, SAMPLE_LEAST_RUNS,
							SAMPLE_MOST_RUNS,
							PGC_USERSET, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("hpimp.max_memory",
							"Sets the maximum memory for reading a study and for training a forest.",
							"What needs more is refused. It holds for each process that reads, and for all processes together that train one forest.",
							&memory_max_kb,
							MEMORY_DEFAULT_KB, MEMORY_LEAST_KB, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	MarkGUCPrefixReserved("hpimp");
}
