/*
 * hpimp.c
 *		The module: magic and resource settings.
 *
 * Statistical settings are arguments, so that the same call gives the same
 * answer; what can be set here changes how fast it comes, not what it is.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "pg/parallel.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	DefineCustomIntVariable("hpimp.max_parallel_workers",
							"Sets the maximum number of parallel workers that train one forest.",
							"-1 takes max_parallel_workers_per_gather; if that is 0, none are used at all.",
							&parallel_max_workers,
							-1, -1, 1024,
							PGC_USERSET, 0,
							NULL, NULL, NULL);
	MarkGUCPrefixReserved("hpimp");
}
