/*
 * test_fuzz_numbers.c
 *		What test/fuzz/core_numbers.c found, and its seeds.
 */
#define _POSIX_C_SOURCE 200809L	/* folders */

#include "../fuzz/core_numbers.c"
#include "replay.h"

int
main(void)
{
	replay("numbers", LLVMFuzzerTestOneInput);
	return done();
}
