/*
 * order.h
 *		A total order on doubles, sorting by it, ranks.
 */
#ifndef HPIMP_ORDER_H
#define HPIMP_ORDER_H

#include <string.h>

#include "core.h"

/*
 * Maps a double to an integer that sorts as the double does: -Infinity first,
 * Infinity and then NaN last; -0 and 0 are one, so are all NaNs.
 */
static inline uint64_t
hp_order_key(double x)
{
	uint64_t	bits;

	if (x != x)
		return UINT64_MAX;
	x += 0.0;					/* -0 becomes 0 */
	memcpy(&bits, &x, sizeof(bits));
	return (bits >> 63) ? ~bits : bits | (UINT64_C(1) << 63);
}

typedef struct HpSortItem
{
	uint64_t	key;
	uint32_t	index;
} HpSortItem;

/*
 * Sort n items by key, stably.  scratch has room for n more items.  The time
 * is linear in n whatever the keys.
 */
extern void hp_sort(const HpEnv *env, HpSortItem *items, HpSortItem *scratch,
					uint32_t n);

/*
 * Sort n numbers by a caller's order, stably: before(arg, a, b) tells whether
 * a comes strictly before b.  scratch has room for n more.
 */
typedef bool (*HpBefore) (void *arg, uint32_t a, uint32_t b);
extern void hp_sort_by(const HpEnv *env, uint32_t *items, uint32_t *scratch,
					   uint32_t n, HpBefore before, void *arg);

/* Bytewise order of two texts; the shorter first if one begins the other. */
static inline int
hp_text_compare(const char *a, uint32_t a_length,
				const char *b, uint32_t b_length)
{
	uint32_t	common = a_length < b_length ? a_length : b_length;
	int			order = common > 0 ? memcmp(a, b, common) : 0;

	if (order != 0)
		return order;
	return a_length < b_length ? -1 : a_length > b_length;
}

/*
 * Ranks 1 .. n of x (no NaN), ties share the mean of their ranks.  ranks and
 * x have n elements.
 */
extern void hp_ranks(const HpEnv *env, const double *x, double *ranks,
					 uint32_t n);

/* The same of x that ascends. */
extern void hp_ranks_of_sorted(const double *x, double *ranks, uint32_t n);

/* The rank that places first .. end - 1, from 0 on, share. */
static inline double
hp_shared_rank(uint32_t first, uint32_t end)
{
	return ((double) first + 1 + (double) end) / 2;
}

#endif							/* HPIMP_ORDER_H */
