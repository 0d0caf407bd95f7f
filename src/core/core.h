/*
 * core.h
 *		What every room of the numeric core stands on.
 *
 * The core is plain C11: no PostgreSQL, no I/O, no global state.  It gets
 * memory and attention from its caller through HpEnv.  Either callback may
 * leave by longjmp() (an out-of-memory error, a cancelled query), so nothing
 * here owns anything that would need freeing: all memory belongs to the
 * caller's arena and goes with it.
 *
 * Settings and inputs are checked by one function each that returns NULL or
 * the reason; after that the core cannot fail.
 */
#ifndef HPIMP_CORE_H
#define HPIMP_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run is one row; runs and distinct values are numbered in 32 bits. */
#define HP_MAX_RUNS		INT32_MAX

/* Columns are numbered in 16 bits inside a tree. */
#define HP_MAX_COLUMNS	65535

typedef struct HpEnv
{
	void	   *(*alloc) (void *arg, size_t size);	/* never returns NULL */
	void		(*tick) (void *arg);	/* called at least every 10 ms */
	void	   *arg;
} HpEnv;

static inline void *
hp_alloc(const HpEnv *env, size_t count, size_t size)
{
	if (count > SIZE_MAX / size)
		return env->alloc(env->arg, SIZE_MAX);	/* which is refused */
	return env->alloc(env->arg, (count > 0 ? count : 1) * size);
}

extern void *hp_alloc0(const HpEnv *env, size_t count, size_t size);

/* How many binary digits a number has; 0 has none. */
static inline int
hp_bits_of(uint64_t n)
{
	int			bits = 0;

	for (; n > 0; n >>= 1)
		bits++;
	return bits;
}

static inline void
hp_tick(const HpEnv *env)
{
	env->tick(env->arg);
}

/* The same in a loop whose steps take some nanoseconds, at its i-th step. */
static inline void
hp_tick_at(const HpEnv *env, uint32_t i)
{
	if (i % 65536 == 0)
		hp_tick(env);
}

#endif							/* HPIMP_CORE_H */
