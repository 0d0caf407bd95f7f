/*
 * unit.h
 *		What a unit test of the core needs: checks that print TAP, an arena.
 *
 * A test program is one file test_<room>.c with a main():
 *
 *		#include "unit.h"
 *
 *		int
 *		main(void)
 *		{
 *			ok(1 + 1 == 2, "numbers add up");
 *			is_double(sqrt(2.0), 1.41421356, 1e-8, "root of %d", 2);
 *			is_int(3, 3, "three");
 *			return done();
 *		}
 *
 * Every check takes a printf format as its name and returns whether it held.
 * `make unit` builds each program with the sanitizers and runs it.
 */
#ifndef HPIMP_UNIT_H
#define HPIMP_UNIT_H

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

#define UNIT_INLINE		static __attribute__((unused))
#define UNIT_NAME(n)	__attribute__((format(printf, n, n + 1)))

static int	unit_run = 0;
static int	unit_failed = 0;

UNIT_INLINE __attribute__((format(printf, 2, 0))) bool
unit_report(bool good, const char *format, va_list args)
{
	unit_run++;
	if (!good)
		unit_failed++;
	printf("%s %d - ", good ? "ok" : "not ok", unit_run);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);				/* a crash must not swallow what went before */
	return good;
}

#define UNIT_REPORT(good, name) \
	do { \
		va_list		unit_args; \
		va_start(unit_args, name); \
		unit_report(good, name, unit_args); \
		va_end(unit_args); \
	} while (0)

#define ok(good, ...) unit_ok((good), __FILE__, __LINE__, #good, __VA_ARGS__)

UNIT_INLINE UNIT_NAME(5) bool
unit_ok(bool good, const char *file, int line, const char *text,
		const char *name, ...)
{
	UNIT_REPORT(good, name);
	if (!good)
		printf("# %s:%d: %s\n", file, line, text);
	return good;
}

/* Equal within tolerance times the larger of 1 and |want|; NaN equals NaN. */
#define is_double(got, want, tolerance, ...) \
	unit_is_double((got), (want), (tolerance), __FILE__, __LINE__, __VA_ARGS__)

UNIT_INLINE UNIT_NAME(6) bool
unit_is_double(double got, double want, double tolerance,
			   const char *file, int line, const char *name, ...)
{
	bool		good;

	if (isnan(want))
		good = isnan(got);
	else if (isinf(want))
		good = got == want;
	else
		good = fabs(got - want) <= tolerance * fmax(1.0, fabs(want));
	UNIT_REPORT(good, name);
	if (!good)
		printf("# %s:%d: got %.17g, want %.17g, within %g\n",
			   file, line, got, want, tolerance);
	return good;
}

#define is_int(got, want, ...) \
	unit_is_int((got), (want), __FILE__, __LINE__, __VA_ARGS__)

UNIT_INLINE UNIT_NAME(5) bool
unit_is_int(int64_t got, int64_t want,
			const char *file, int line, const char *name, ...)
{
	bool		good = got == want;

	UNIT_REPORT(good, name);
	if (!good)
		printf("# %s:%d: got %" PRId64 ", want %" PRId64 "\n",
			   file, line, got, want);
	return good;
}

#define is_text(got, want, ...) \
	unit_is_text((got), (want), __FILE__, __LINE__, __VA_ARGS__)

UNIT_INLINE UNIT_NAME(5) bool
unit_is_text(const char *got, const char *want,
			 const char *file, int line, const char *name, ...)
{
	bool		good = got == want ||
		(got != NULL && want != NULL && strcmp(got, want) == 0);

	UNIT_REPORT(good, name);
	if (!good)
		printf("# %s:%d: got \"%s\", want \"%s\"\n", file, line,
			   got ? got : "(null)", want ? want : "(null)");
	return good;
}

/*
 * The environment of the core: every allocation is a malloc() block of its
 * own, so that the address sanitizer sees an overrun by one byte, and is
 * filled with rubbish, so that nothing relies on zeroes.  All go at once.
 */
typedef union UnitBlock
{
	union UnitBlock *next;
	max_align_t align;
} UnitBlock;

/* So many bytes of a block are filled: all, unless a million are asked for often. */
#ifndef UNIT_FILLED
#define UNIT_FILLED		SIZE_MAX
#endif

static UnitBlock *unit_blocks = NULL;
static long unit_ticks = 0;		/* how often the core called tick() */

UNIT_INLINE void *
unit_alloc(void *arg, size_t size)
{
	UnitBlock  *block = malloc(sizeof(UnitBlock) + size);

	(void) arg;
	if (block == NULL)
	{
		printf("Bail out! out of memory for %zu bytes\n", size);
		exit(2);
	}
	block->next = unit_blocks;
	unit_blocks = block;
	return memset(block + 1, 0x7e, size < UNIT_FILLED ? size : UNIT_FILLED);
}

UNIT_INLINE void
unit_tick(void *arg)
{
	(void) arg;
	unit_ticks++;
}

static __attribute__((unused)) const HpEnv unit_env_value = {unit_alloc, unit_tick, NULL};
#define unit_env (&unit_env_value)

/* Give back all memory that was allocated through unit_env. */
UNIT_INLINE void
unit_free_all(void)
{
	while (unit_blocks != NULL)
	{
		UnitBlock  *next = unit_blocks->next;

		free(unit_blocks);
		unit_blocks = next;
	}
}

/* The plan and main()'s result. */
UNIT_INLINE int
done(void)
{
	unit_free_all();
	printf("1..%d\n", unit_run);
	return unit_failed > 0 || unit_run == 0;
}

#endif							/* HPIMP_UNIT_H */
