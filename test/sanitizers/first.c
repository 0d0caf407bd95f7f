/*
 * first.c
 *		Starts the address sanitizer before any other library has begun.
 *
 * The sanitizer begins work in the first call of malloc().  In a server with
 * many libraries that call may come out of another one's start, with locks
 * held that the sanitizer's own start needs, and the server never comes up.
 * This object is linked with -z initfirst: its constructor goes before all.
 */
#include <stdlib.h>

static __attribute__((constructor)) void
begin(void)
{
	void	   *volatile block = malloc(1);

	free(block);
}
