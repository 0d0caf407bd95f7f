/*
 * order.c
 *		Sorting by 64-bit keys, and ranks.
 *
 * Few items are sorted by insertion, many by a radix sort of eight byte-wide
 * passes, least significant first.  Passes in which all keys have the same
 * byte (the high bytes of small integers, the low bytes of round numbers)
 * are skipped, so typical data take two to six.
 */
#include "order.h"

#define INSERTION_MAX	32

static void
insertion_sort(HpSortItem *items, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
	{
		HpSortItem	item = items[i];
		uint32_t	j = i;

		for (; j > 0 && items[j - 1].key > item.key; j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

/* One stable pass by byte number `byte`; false if all keys share that byte. */
static bool
radix_pass(const HpSortItem *from, HpSortItem *to, uint32_t n, int byte)
{
	uint32_t	place[256] = {0};
	int			shift = byte * 8;
	uint32_t	sum = 0;

	for (uint32_t i = 0; i < n; i++)
		place[(from[i].key >> shift) & 255]++;
	if (place[(from[0].key >> shift) & 255] == n)
		return false;
	for (int b = 0; b < 256; b++)
	{
		uint32_t	count = place[b];

		place[b] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		to[place[(from[i].key >> shift) & 255]++] = from[i];
	return true;
}

void
hp_sort(const HpEnv *env, HpSortItem *items, HpSortItem *scratch, uint32_t n)
{
	HpSortItem *from = items;
	HpSortItem *to = scratch;

	if (n <= INSERTION_MAX)
	{
		insertion_sort(items, n);
		return;
	}
	for (int byte = 0; byte < 8; byte++)
	{
		hp_tick(env);
		if (radix_pass(from, to, n, byte))
		{
			HpSortItem *swap = from;

			from = to;
			to = swap;
		}
	}
	if (from != items)
		memcpy(items, from, n * sizeof(HpSortItem));
}

/* Merge the sorted from[left..middle) and from[middle..right) into to. */
static void
merge(const HpEnv *env, const uint32_t *from, uint32_t *to, uint32_t left,
	  uint32_t middle, uint32_t right, HpBefore before, void *arg)
{
	uint32_t	a = left;
	uint32_t	b = middle;

	for (uint32_t i = left; i < right; i++)
	{
		hp_tick_at(env, i);
		if (a < middle && (b >= right || !before(arg, from[b], from[a])))
			to[i] = from[a++];
		else
			to[i] = from[b++];
	}
}

/* Bottom-up merge sort: few callers, any order, no worst case. */
void
hp_sort_by(const HpEnv *env, uint32_t *items, uint32_t *scratch, uint32_t n,
		   HpBefore before, void *arg)
{
	uint32_t   *from = items;
	uint32_t   *to = scratch;

	for (uint64_t width = 1; width < n; width *= 2)
	{
		uint32_t   *swap = from;

		for (uint64_t left = 0; left < n; left += 2 * width)
		{
			uint64_t	middle = left + width < n ? left + width : n;
			uint64_t	right = left + 2 * width < n ? left + 2 * width : n;

			merge(env, from, to, (uint32_t) left, (uint32_t) middle,
				  (uint32_t) right, before, arg);
		}
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof(uint32_t));
}

void
hp_ranks(const HpEnv *env, const double *x, double *ranks, uint32_t n)
{
	HpSortItem *items = hp_alloc(env, n, sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(env, n, sizeof(HpSortItem));

	for (uint32_t i = 0; i < n; i++)
		items[i] = (HpSortItem) {.key = hp_order_key(x[i]), .index = i};
	hp_sort(env, items, scratch, n);
	for (uint32_t first = 0, end; first < n; first = end)
	{
		for (end = first + 1; end < n; end++)
			if (items[end].key != items[first].key)
				break;
		for (uint32_t i = first; i < end; i++)
			ranks[items[i].index] = hp_shared_rank(first, end);
	}
}

void
hp_ranks_of_sorted(const double *x, double *ranks, uint32_t n)
{
	for (uint32_t first = 0, end; first < n; first = end)
	{
		for (end = first + 1; end < n; end++)
			if (x[end] != x[first])
				break;
		for (uint32_t i = first; i < end; i++)
			ranks[i] = hp_shared_rank(first, end);
	}
}
