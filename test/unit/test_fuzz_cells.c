/*
 * test_fuzz_cells.c
 *		What test/fuzz/core_cells.c found, and its seeds.
 */
#define _POSIX_C_SOURCE 200809L	/* folders */

#include "../fuzz/core_cells.c"
#include "replay.h"

int
main(void)
{
	replay("cells", LLVMFuzzerTestOneInput);
	return done();
}
