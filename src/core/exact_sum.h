/*
 * exact_sum.h
 *		Sums of doubles and of products of two doubles, without any rounding:
 *		so they depend on no order and no partition, and can be taken apart
 *		and added again.
 *
 * A sum is one long integer in units of 2^HP_EXACT_LOW.  It is kept as limbs,
 * signed 64-bit integers of which each counts 2^32 of the one below:
 *
 *	  sum = 2^HP_EXACT_LOW * ( ... + limb[i] * 2^(32 i) + ... )
 *
 * An addition touches the three or five limbs where its bits lie; carries are
 * taken up only when a limb might overflow.  Only the stretch of limbs in use
 * is kept: numbers of similar size need some six of the 136.
 *
 * The idea is Kulisch's long accumulator; with carries put off: Neal, Fast
 * exact summation using small and large superaccumulators (2015).
 */
#ifndef HPIMP_EXACT_SUM_H
#define HPIMP_EXACT_SUM_H

#include <string.h>

#include "core.h"

/*
 * Products of the smallest doubles are multiples of 2^-2148, those of the
 * largest are below 2^2048, and up to 2^63 are added.  HP_EXACT_LOW is a
 * multiple of 32, so that products of two sums fall on whole limbs.
 */
#define HP_EXACT_LOW	(-2176)
#define HP_EXACT_LIMBS	136

/* All bits 0 is the empty sum. */
typedef struct HpExactSum
{
	int64_t    *limbs;			/* limb first + i is limbs[i] */
	uint16_t	first;
	uint16_t	n;
	uint32_t	pending;		/* additions since carries were taken up */
} HpExactSum;

/* A finite double as (-1)^negative * mantissa * 2^exponent. */
typedef struct HpBinary
{
	uint64_t	mantissa;		/* below 2^53 */
	int			exponent;		/* -1074 or more */
	bool		negative;
} HpBinary;

static inline HpBinary
hp_binary(double x)
{
	uint64_t	bits;
	int			biased;
	HpBinary	b;

	memcpy(&bits, &x, sizeof(bits));
	biased = (int) (bits >> 52 & 0x7FF);
	b.mantissa = bits & ((UINT64_C(1) << 52) - 1);
	b.negative = bits >> 63 != 0;
	if (biased > 0)
		b.mantissa |= UINT64_C(1) << 52;
	b.exponent = (biased > 0 ? biased : 1) - 1075;
	return b;
}

/* Add x * 2^shift, or x * y * 2^shift; 0 <= shift <= 62. */
extern void hp_exact_add(const HpEnv *env, HpExactSum *sum, HpBinary x,
						 int shift);
extern void hp_exact_add_product(const HpEnv *env, HpExactSum *sum,
								 HpBinary x, HpBinary y, int shift);

/* Add another sum. */
extern void hp_exact_merge(const HpEnv *env, HpExactSum *into,
						   const HpExactSum *from);

/*
 * A sum in the one form it has: sign and digits, neither the first nor the
 * last of which is 0; no digits and no sign for 0.
 */
typedef struct HpExactDigits
{
	uint32_t	digits[HP_EXACT_LIMBS]; /* digit first + i is digits[i] */
	int			first;
	int			n;
	bool		negative;
} HpExactDigits;

extern void hp_exact_digits(const HpExactSum *sum, HpExactDigits *digits);

/* The sum of digits; false if they are not in their one form. */
extern bool hp_exact_from_digits(const HpEnv *env, HpExactSum *sum,
								 const HpExactDigits *digits);

/* sum / n, to within two units of the last place; n > 0. */
extern double hp_exact_mean(const HpExactSum *sum, uint64_t n);

/* The sums that a correlation of n pairs is made of. */
typedef struct HpPairSums
{
	HpExactSum	x;
	HpExactSum	y;
	HpExactSum	xx;
	HpExactSum	xy;
	HpExactSum	yy;
} HpPairSums;

/*
 * Pearson's correlation from its sums, in [-1, 1]; NaN if n < 2 or x or y is
 * constant.  The textbook formula, which loses all digits in floating point,
 * is exact here up to the last division.
 */
extern double hp_exact_correlation(const HpPairSums *sums, uint64_t n);

#endif							/* HPIMP_EXACT_SUM_H */
