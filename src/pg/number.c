/*
 * number.c
 *		Decimal numbers to doubles: numeric, and text that reads as a number.
 *
 * numeric's own cast to float8 prints the digits and parses the print, which
 * costs a few hundred nanoseconds.  Configs are full of numbers, so this is
 * most of the time of a scan.  Here the digits are gathered into an integer
 * w, the value being w * 10^e, and
 *
 *	 1. if w and 10^|e| are both exact as doubles, one IEEE multiplication or
 *		division rounds once, and so rounds correctly [1];
 *	 2. else if w < 2^64 and |e| <= 27, so that 5^|e| < 2^63, the product or
 *		the quotient is worked out in 128-bit integers.  Both are exact (the
 *		quotient with its remainder), so this rounds correctly too, and no
 *		"cannot be sure" case remains as it would with approximate powers;
 *	 3. else the server's cast does it.
 *
 * 1 takes the numbers people write, 2 the 16 and 17 digits that programs
 * print for a double.  The result has the bits of the server's cast always.
 *
 * This takes some five nanoseconds, less than looking the digits up in a
 * dictionary would.  So every occurrence of a number is decoded, and the
 * dictionaries of a study hold doubles: 1.0 and 1.00 are one value in them.
 *
 * [1] W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/numeric.h"

#include "pg/compat.h"
#include "pg/config.h"

/*
 * numeric on disk: one 16-bit header if the weight is small, else two, then
 * digits to base 10000; the first stands for digit * 10000^weight.  The server
 * keeps these to itself (numeric.c), but pg_upgrade relies on them.
 */
#define DIGIT_BASE			10000
#define DIGIT_DECIMALS		4
#define HEADER_KIND_MASK	0xC000
#define HEADER_NEGATIVE		0x4000	/* of the long kind; 0 is positive */
#define HEADER_SHORT		0x8000
#define HEADER_SPECIAL		0xC000	/* NaN and the infinities */
#define SHORT_NEGATIVE		0x2000
#define SHORT_WEIGHT_SIGN	0x0040
#define SHORT_WEIGHT_MASK	0x003F

typedef struct Decimal
{
	const int16 *digits;
	int			n_digits;
	int			weight;
	bool		negative;
} Decimal;

static const double exact_power[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
	1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

/* False for NaN and the infinities. */
static bool
decimal_from_numeric(Numeric value, Decimal *decimal)
{
	const char *data = VARDATA_ANY(value);
	int			size = VARSIZE_ANY_EXHDR(value);
	const uint16 *header = (const uint16 *) data;

	if ((header[0] & HEADER_KIND_MASK) == HEADER_SPECIAL)
		return false;
	if (header[0] & HEADER_SHORT)
	{
		decimal->negative = (header[0] & SHORT_NEGATIVE) != 0;
		decimal->weight = header[0] & SHORT_WEIGHT_MASK;
		if (header[0] & SHORT_WEIGHT_SIGN)
			decimal->weight |= ~SHORT_WEIGHT_MASK;
		decimal->digits = (const int16 *) (header + 1);
		decimal->n_digits = (size - (int) sizeof(uint16)) / 2;
	}
	else
	{
		decimal->negative = (header[0] & HEADER_NEGATIVE) != 0;
		decimal->weight = (int16) header[1];
		decimal->digits = (const int16 *) (header + 2);
		decimal->n_digits = (size - 2 * (int) sizeof(uint16)) / 2;
	}
	return true;
}

/*
 * Gathers the digits into w * 10^e; false if they do not fit 64 bits.  Beyond
 * 16 decimals the zeros that fill up the last digit are worth taking away.
 */
static bool
decimal_to_integer(const Decimal *decimal, uint64 *w, int *e)
{
	uint64		sum = 0;
	int			n = decimal->n_digits;
	unsigned int last;
	unsigned int power = DIGIT_BASE;

	*e = (decimal->weight - n + 1) * DIGIT_DECIMALS;
	for (int i = 0; i < Min(n, 4); i++)
		sum = sum * DIGIT_BASE + decimal->digits[i];
	if (n > 4)
	{
		if (n > 6)
			return false;
		if (n == 6)
		{
			if (sum > (PG_UINT64_MAX - DIGIT_BASE) / DIGIT_BASE)
				return false;
			sum = sum * DIGIT_BASE + decimal->digits[4];
		}
		last = decimal->digits[n - 1];
		while (last % 10 == 0 && power > 1)
		{
			last /= 10;
			power /= 10;
			(*e)++;
		}
		if (sum > (PG_UINT64_MAX - DIGIT_BASE) / power)
			return false;
		sum = sum * power + last;
	}
	*w = sum;
	return true;
}

#ifdef HAVE_INT128

static const uint64 power_of_five[] = {
	UINT64CONST(1), UINT64CONST(5), UINT64CONST(25), UINT64CONST(125),
	UINT64CONST(625), UINT64CONST(3125), UINT64CONST(15625),
	UINT64CONST(78125), UINT64CONST(390625), UINT64CONST(1953125),
	UINT64CONST(9765625), UINT64CONST(48828125), UINT64CONST(244140625),
	UINT64CONST(1220703125), UINT64CONST(6103515625),
	UINT64CONST(30517578125), UINT64CONST(152587890625),
	UINT64CONST(762939453125), UINT64CONST(3814697265625),
	UINT64CONST(19073486328125), UINT64CONST(95367431640625),
	UINT64CONST(476837158203125), UINT64CONST(2384185791015625),
	UINT64CONST(11920928955078125), UINT64CONST(59604644775390625),
	UINT64CONST(298023223876953125), UINT64CONST(1490116119384765625),
	UINT64CONST(7450580596923828125)
};

/*
 * m * 2^e to the nearest double, ties to even; m's top bit is set and beyond
 * tells whether the true value is a little more.  Within the range of normal
 * doubles only.
 */
static double
round_to_double(uint64 m, int e, bool beyond)
{
	uint64		kept = m >> 11;
	uint64		rest = m & 0x7FF;
	uint64		half = 0x400;

	if (rest > half || (rest == half && (beyond || (kept & 1))))
		kept++;					/* 2^53 at most: still exact */
	return ldexp((double) kept, e + 11);
}

/* w * 10^e for w > 0 and |e| <= 27. */
static double
scale_exactly(uint64 w, int e)
{
	uint64		five = power_of_five[abs(e)];
	int			shift = 63 - pg_leftmost_one_pos64(w);
	uint128		wide;

	w <<= shift;
	if (e >= 0)
	{
		int			up;
		uint64		high;

		wide = (uint128) w * five;
		high = (uint64) (wide >> 64);
		up = high == 0 ? 64 : 63 - pg_leftmost_one_pos64(high);
		wide <<= up;
		return round_to_double((uint64) (wide >> 64), 64 - up - shift + e,
							   (uint64) wide != 0);
	}
	else
	{
		/*
		 * Both have their top bit set, so the quotient of w * 2^63 has 63 or
		 * 64 bits: more than the 54 that rounding looks at.
		 */
		int			five_shift = 63 - pg_leftmost_one_pos64(five);
		uint64		quotient;
		bool		beyond;
		int			up;

		five <<= five_shift;
		wide = (uint128) w << 63;
		quotient = (uint64) (wide / five);
		beyond = (uint128) quotient * five != wide;
		up = 63 - pg_leftmost_one_pos64(quotient);
		return round_to_double(quotient << up,
							   five_shift - shift - 63 - up + e, beyond);
	}
}

#endif							/* HAVE_INT128 */

/* w * 10^e by way 1 or 2 of the head of this file; false if by neither. */
static inline bool
scale(uint64 w, int e, double *number)
{
	/* where doubles are computed wider, a second rounding would follow */
	if (FLT_EVAL_METHOD == 0 && w <= UINT64CONST(1) << DBL_MANT_DIG &&
		abs(e) < (int) lengthof(exact_power))
		*number = e < 0 ? (double) w / exact_power[-e] :
			(double) w * exact_power[e];
	else if (w == 0)
		*number = 0;
#ifdef HAVE_INT128
	else if (abs(e) < (int) lengthof(power_of_five))
		*number = scale_exactly(w, e);
#endif
	else
		return false;
	return true;
}

double
number_from_numeric(Numeric value)
{
	Decimal		decimal;
	uint64		w;
	int			e;
	double		number;

	if (decimal_from_numeric(value, &decimal) &&
		decimal_to_integer(&decimal, &w, &e) &&
		scale(w, e, &number))
		return decimal.negative ? -number : number;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											  NumericGetDatum(value)));
}
