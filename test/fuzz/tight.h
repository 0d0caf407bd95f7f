/*
 * tight.h
 *		Included before everything else in the extension as the fuzzer builds it:
 *		memory contexts whose blocks are so small that all but the smallest
 *		pieces are malloc() blocks of their own.
 */
#include "postgres.h"
#include "utils/memutils.h"

#undef ALLOCSET_DEFAULT_SIZES
#define ALLOCSET_DEFAULT_SIZES	0, 1024, 1024
