/*
 * core.c
 *		Memory helper of the core, and what it expects of a machine.
 */
#include "core.h"

#include <float.h>
#include <string.h>

/* Wider registers (x87) would round to numbers that no other machine has. */
_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1,
			   "doubles are computed as doubles");

/* Zeroed memory for count elements; the caller has bounded count * size. */
void *
hp_alloc0(const HpEnv *env, size_t count, size_t size)
{
	void	   *p = hp_alloc(env, count, size);

	memset(p, 0, (count > 0 ? count : 1) * size);
	return p;
}
