/*
 * core.c
 *		Memory helper of the core.
 */
#include "core.h"

#include <string.h>

/* Zeroed memory for count elements; the caller has bounded count * size. */
void *
hp_alloc0(const HpEnv *env, size_t count, size_t size)
{
	void	   *p = hp_alloc(env, count, size);

	memset(p, 0, (count > 0 ? count : 1) * size);
	return p;
}
