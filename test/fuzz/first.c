/*
 * first.c
 *		Lets the address sanitizer start before any other library does.
 *
 * It is preloaded behind the sanitizer's runtime.  Marked as the first to be
 * initialised, it calls malloc() before the constructors of other libraries:
 * some do so while they hold a lock that the sanitizer's start needs, and the
 * server would hang.
 */
#include <stdlib.h>

__attribute__((constructor)) static void
first(void)
{
	void	   *volatile memory = malloc(1);

	free(memory);
}
