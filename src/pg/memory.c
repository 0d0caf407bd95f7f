/*
 * memory.c
 *		The limit on memory, hpimp.max_memory.
 *
 * What grows with the runs is held against the limit: a study while it is
 * read, a training, what is asked of its trees, and merging the parts of a
 * forest.  It is asked when large pieces are allocated, by what the memory
 * contexts have taken from the system, so it costs nothing to speak of and
 * counts what is there, not what ought to be.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "pg/memory.h"

int			memory_max_kb = MEMORY_DEFAULT_KB;

/*
 * A limit of ours, and one that may be raised: so it is not "out of memory",
 * which tells of the machine.
 */
void
memory_refuse(const char *what, Size needed)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s needs more memory than hpimp.max_memory allows", what),
			 errdetail("It needs at least %zu kB, the limit is %d kB.",
					   needed / 1024 + (needed % 1024 != 0), memory_max_kb),
			 errhint("Lower hpimp.max_runs to study a smaller sample, leave out parameters whose values are all different, or raise hpimp.max_memory.")));
}

void
memory_check(MemoryContext context, Size more, const char *what)
{
	Size		held = MemoryContextMemAllocated(context, true);

	if (more > memory_limit() || held > memory_limit() - more)
		memory_refuse(what, held > SIZE_MAX - more ? SIZE_MAX : held + more);
}
