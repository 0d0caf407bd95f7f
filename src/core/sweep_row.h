/*
 * sweep_row.h
 *		The row of a sweep (interaction.c): values of strips, of which spans rise,
 *		and their mean square.
 *
 * A long row is kept in blocks.  What rises over a whole block is noted with
 * it, as its sums of values and squares follow by formula; only the blocks at
 * the ends of a span are gone through.
 */
#ifndef HPIMP_SWEEP_ROW_H
#define HPIMP_SWEEP_ROW_H

#include <string.h>

#include "anova_parts.h"

/* Strips of a block; rows of fewer than so many are not kept in blocks. */
#define HP_SWEEP_BLOCK	64
#define HP_LONG_ROW		256

typedef struct HpRowBlock
{
	double		rise;			/* of all values, not yet in them */
	double		share;			/* sum of shares */
	double		sum;			/* of share * value */
	double		squares;		/* of share * value^2 */
	bool		changed;		/* the last two are out of date */
} HpRowBlock;

typedef struct HpSweepRow
{
	uint32_t	n;				/* even: of share 0 at the end if need be */
	const double *share;		/* by strip */
	double	   *value;
	HpRowBlock *blocks;
	uint32_t	n_blocks;		/* 0 if the row is short */
} HpSweepRow;

/*
 * Two strips at a time, always the same two: else processors would wait for a
 * pair to be put together from two written before.
 */
typedef double HpTwo __attribute__((vector_size(16), aligned(8), may_alias));

static inline HpTwo *
hp_two(double *values, uint32_t i)
{
	return (HpTwo *) (values + i);
}

static inline const HpTwo *
hp_two_const(const double *values, uint32_t i)
{
	return (const HpTwo *) (values + i);
}

static inline void
hp_sweep_raise_values(double *value, uint32_t lo, uint32_t hi, double by)
{
	HpTwo		both = {by, by};
	uint32_t	i = lo;

	if (i % 2 != 0)
		value[i++] += by;
	for (; i + 2 <= hi; i += 2)
		*hp_two(value, i) += both;
	if (i < hi)
		value[i] += by;
}

static inline void
hp_sweep_raise_part(HpSweepRow *row, uint32_t lo, uint32_t hi, double by)
{
	hp_sweep_raise_values(row->value, lo, hi, by);
	row->blocks[lo / HP_SWEEP_BLOCK].changed = true;
}

static inline void
hp_sweep_raise_block(HpRowBlock *block, double by)
{
	block->rise += by;
	block->squares += by * (2 * block->sum + by * block->share);
	block->sum += by * block->share;
}

/* Let a span, not empty, rise. */
static inline void
hp_sweep_raise(HpSweepRow *row, HpSpan span, double by)
{
	uint32_t	first = span.lo / HP_SWEEP_BLOCK;
	uint32_t	last = span.hi / HP_SWEEP_BLOCK;

	if (row->n_blocks == 0)
	{
		hp_sweep_raise_values(row->value, span.lo, span.hi, by);
		return;
	}
	if (first == last)
	{
		hp_sweep_raise_part(row, span.lo, span.hi, by);
		return;
	}
	if (span.lo % HP_SWEEP_BLOCK != 0)
		hp_sweep_raise_part(row, span.lo, ++first * HP_SWEEP_BLOCK, by);
	for (uint32_t b = first; b < last; b++)
		hp_sweep_raise_block(&row->blocks[b], by);
	if (span.hi % HP_SWEEP_BLOCK != 0)
		hp_sweep_raise_part(row, last * HP_SWEEP_BLOCK, span.hi, by);
}

/* Sums of values that rise (or not), of an even number of strips. */
static inline void
hp_sweep_sums(const double *value, const double *share, uint32_t n, double rise,
			double *sum, double *squares)
{
	HpTwo		rises = {rise, rise};
	HpTwo		sums = {0, 0};
	HpTwo		odd_sums = {0, 0};
	HpTwo		even = {0, 0};
	HpTwo		odd = {0, 0};
	uint32_t	i = 0;

	for (; i + 4 <= n; i += 4)
	{
		HpTwo		a = *hp_two_const(value, i) + rises;
		HpTwo		b = *hp_two_const(value, i + 2) + rises;
		HpTwo		shared_a = *hp_two_const(share, i) * a;
		HpTwo		shared_b = *hp_two_const(share, i + 2) * b;

		sums += shared_a;
		odd_sums += shared_b;
		even += shared_a * a;
		odd += shared_b * b;
	}
	if (i < n)
	{
		HpTwo		a = *hp_two_const(value, i) + rises;
		HpTwo		shared_a = *hp_two_const(share, i) * a;

		sums += shared_a;
		even += shared_a * a;
	}
	sums += odd_sums;
	even += odd;
	*sum = sums[0] + sums[1];
	*squares = even[0] + even[1];
}

static inline void
hp_sweep_settle_block(HpSweepRow *row, uint32_t number)
{
	HpRowBlock *block = &row->blocks[number];
	uint32_t	first = number * HP_SWEEP_BLOCK;
	uint32_t	n = row->n - first < HP_SWEEP_BLOCK ? row->n - first :
		HP_SWEEP_BLOCK;

	hp_sweep_sums(row->value + first, row->share + first, n, block->rise,
				&block->sum, &block->squares);
	block->changed = false;
}

/* The mean square of the values about a mean. */
static inline double
hp_sweep_mean_square(HpSweepRow *row, double mean)
{
	double		squares;
	double		sum;

	if (row->n_blocks == 0)
	{
		hp_sweep_sums(row->value, row->share, row->n, -mean, &sum, &squares);
		return squares;
	}
	squares = 0;
	for (uint32_t b = 0; b < row->n_blocks; b++)
	{
		HpRowBlock *block = &row->blocks[b];

		if (block->changed)
			hp_sweep_settle_block(row, b);
		squares += block->squares - mean * (2 * block->sum -
											mean * block->share);
	}
	/* rounding must not make it negative */
	return squares > 0 ? squares : 0;
}

/* All values 0; n strips, with room for one more, whose share is set to 0. */
static inline void
hp_sweep_start(HpSweepRow *row, double *share, uint32_t n)
{
	share[n] = 0;
	row->n = (n + 1) / 2 * 2;
	row->share = share;
	memset(row->value, 0, row->n * sizeof(double));
	row->n_blocks = n < HP_LONG_ROW ? 0 :
		(row->n + HP_SWEEP_BLOCK - 1) / HP_SWEEP_BLOCK;
	for (uint32_t b = 0; b < row->n_blocks; b++)
	{
		uint32_t	end = (b + 1) * HP_SWEEP_BLOCK;

		row->blocks[b] = (HpRowBlock) {0};
		for (uint32_t i = b * HP_SWEEP_BLOCK; i < end && i < n; i++)
			row->blocks[b].share += share[i];
	}
}

#endif							/* HPIMP_SWEEP_ROW_H */
