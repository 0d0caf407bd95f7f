/*
 * exact_sum.c
 *		Sums of doubles and of products of two doubles, without any rounding.
 */
#include <math.h>

#include "exact_sum.h"

/* Limbs that are made to spare at either end when a sum grows. */
#define SPARE			2

/* A limb gains less than 2^32 an addition and holds 2^63. */
#define MOST_PENDING	(UINT32_C(1) << 30)

#define DIGIT_MASK		UINT64_C(0xFFFFFFFF)

/* ---- limbs ---- */

/* Make the limbs from first up to end (not included) part of a sum. */
static void
widen(const HpEnv *env, HpExactSum *sum, int first, int end)
{
	int			old_end = sum->first + sum->n;
	int64_t    *limbs;

	first -= SPARE;
	end += SPARE;
	if (sum->n > 0)
	{
		first = first < sum->first ? first : sum->first;
		end = end > old_end ? end : old_end;
	}
	first = first > 0 ? first : 0;
	end = end < HP_EXACT_LIMBS ? end : HP_EXACT_LIMBS;
	limbs = hp_alloc0(env, (size_t) (end - first), sizeof(int64_t));
	if (sum->n > 0)
		memcpy(limbs + (sum->first - first), sum->limbs,
			   sum->n * sizeof(int64_t));
	sum->limbs = limbs;
	sum->first = (uint16_t) first;
	sum->n = (uint16_t) (end - first);
}

static inline void
reserve(const HpEnv *env, HpExactSum *sum, int first, int end)
{
	if (first < sum->first || end > sum->first + sum->n)
		widen(env, sum, first, end);
}

/* Take up the carries of n limbs: digits, but the last, which has the sign. */
static void
carry(int64_t *limbs, int n)
{
	for (int i = 0; i + 1 < n; i++)
	{
		/* division rounds towards 0, a digit is what is left above -infinity */
		int64_t		digit = (int64_t) ((uint64_t) limbs[i] & DIGIT_MASK);

		limbs[i + 1] += (limbs[i] - digit) / (INT64_C(1) << 32);
		limbs[i] = digit;
	}
}

static void
count_additions(const HpEnv *env, HpExactSum *sum, uint32_t additions)
{
	sum->pending += additions;
	if (sum->pending < MOST_PENDING)
		return;
	/* what is carried into the last limb has room if that was empty */
	if (sum->limbs[sum->n - 1] != 0 && sum->first + sum->n < HP_EXACT_LIMBS)
		widen(env, sum, sum->first, sum->first + sum->n);
	carry(sum->limbs, sum->n);
	sum->pending = 1;
}

/* Add bits * 2^(position + HP_EXACT_LOW); there is room. */
static inline void
add_bits(HpExactSum *sum, uint64_t bits, int position, bool negative)
{
	int64_t    *limb = sum->limbs + (position / 32 - sum->first);
	int			shift = position % 32;
	uint64_t	low = bits << shift;
	int64_t		parts[3] = {
		(int64_t) (low & DIGIT_MASK),
		(int64_t) (low >> 32),
		(int64_t) (bits >> 32 >> (32 - shift))
	};

	for (int i = 0; i < 3; i++)
		limb[i] += negative ? -parts[i] : parts[i];
}

void
hp_exact_add(const HpEnv *env, HpExactSum *sum, HpBinary x, int shift)
{
	int			position = x.exponent + shift - HP_EXACT_LOW;

	if (x.mantissa == 0)
		return;
	reserve(env, sum, position / 32, position / 32 + 3);
	add_bits(sum, x.mantissa, position, x.negative);
	count_additions(env, sum, 1);
}

/*
 * (a 2^32 + b)(c 2^32 + d) = ac 2^64 + (ad + bc) 2^32 + bd, where a and c have
 * 21 bits: nothing overflows.
 */
void
hp_exact_add_product(const HpEnv *env, HpExactSum *sum, HpBinary x,
					 HpBinary y, int shift)
{
	int			position = x.exponent + y.exponent + shift - HP_EXACT_LOW;
	bool		negative = x.negative != y.negative;
	uint64_t	a = x.mantissa >> 32;
	uint64_t	b = x.mantissa & DIGIT_MASK;
	uint64_t	c = y.mantissa >> 32;
	uint64_t	d = y.mantissa & DIGIT_MASK;
	uint64_t	middle = a * d + b * c;
	uint64_t	low = b * d;
	uint64_t	sum_low = low + (middle << 32);
	uint64_t	high = a * c + (middle >> 32) + (sum_low < low);

	if (x.mantissa == 0 || y.mantissa == 0)
		return;
	reserve(env, sum, position / 32, position / 32 + 5);
	add_bits(sum, sum_low, position, negative);
	add_bits(sum, high, position + 64, negative);
	count_additions(env, sum, 2);
}

void
hp_exact_merge(const HpEnv *env, HpExactSum *into, const HpExactSum *from)
{
	HpExactDigits d;

	hp_exact_digits(from, &d);
	if (d.n == 0)
		return;
	reserve(env, into, d.first, d.first + d.n);
	for (int i = 0; i < d.n; i++)
	{
		int64_t    *limb = &into->limbs[d.first + i - into->first];

		*limb += d.negative ? -(int64_t) d.digits[i] : (int64_t) d.digits[i];
	}
	count_additions(env, into, 1);
}

/* ---- the one form ---- */

void
hp_exact_digits(const HpExactSum *sum, HpExactDigits *d)
{
	int64_t		limbs[HP_EXACT_LIMBS] = {0};
	int			n = sum->first + sum->n + 2;

	n = (n < HP_EXACT_LIMBS ? n : HP_EXACT_LIMBS) - sum->first;
	memset(d, 0, sizeof(HpExactDigits));
	if (sum->n > 0)
		memcpy(limbs, sum->limbs, sum->n * sizeof(int64_t));
	carry(limbs, n);
	d->negative = limbs[n - 1] < 0;
	if (d->negative)
	{
		for (int i = 0; i < n; i++)
			limbs[i] = -limbs[i];
		carry(limbs, n);
	}
	while (n > 0 && limbs[n - 1] == 0)
		n--;
	while (d->first < n && limbs[d->first] == 0)
		d->first++;
	d->n = n - d->first;
	if (d->n == 0)
	{
		d->first = 0;
		return;
	}
	for (int i = 0; i < d->n; i++)
		d->digits[i] = (uint32_t) limbs[d->first + i];
	d->first += sum->first;
}

bool
hp_exact_from_digits(const HpEnv *env, HpExactSum *sum,
					 const HpExactDigits *d)
{
	memset(sum, 0, sizeof(HpExactSum));
	if (d->n == 0)
		return d->first == 0 && !d->negative;
	/* the last limb is for the carries of sums of sums */
	if (d->first < 0 || d->n < 0 || d->n >= HP_EXACT_LIMBS - d->first ||
		d->digits[0] == 0 || d->digits[d->n - 1] == 0)
		return false;
	reserve(env, sum, d->first, d->first + d->n);
	for (int i = 0; i < d->n; i++)
		sum->limbs[d->first + i - sum->first] =
			d->negative ? -(int64_t) d->digits[i] : (int64_t) d->digits[i];
	sum->pending = 1;
	return true;
}

/* ---- arithmetic on sums ---- */

/*
 * A long integer in units of 4^HP_EXACT_LOW, in two's complement: room for
 * the product of two sums, with some to spare.
 */
#define LONG_DIGITS		(2 * HP_EXACT_LIMBS + 4)

typedef struct Long
{
	uint32_t	digits[LONG_DIGITS];
} Long;

/* Add digit * 2^(32 at), or take it off. */
static void
long_add(Long *sum, uint64_t number, int at, bool negative)
{
	for (; number > 0 && at < LONG_DIGITS; at++)
	{
		uint64_t	digit = number & DIGIT_MASK;
		uint64_t	old = sum->digits[at];

		number >>= 32;
		sum->digits[at] = (uint32_t) (negative ? old - digit : old + digit);
		if (negative ? old < digit : old + digit > DIGIT_MASK)
			number++;			/* carry or borrow */
	}
}

/* Add the product of two numbers, or take it off. */
static void
long_add_product(Long *sum, const HpExactDigits *a, const HpExactDigits *b,
				 bool negative)
{
	if (a->negative != b->negative)
		negative = !negative;
	for (int i = 0; i < a->n; i++)
		for (int j = 0; j < b->n; j++)
			long_add(sum, (uint64_t) a->digits[i] * b->digits[j],
					 a->first + i + b->first + j, negative);
}

/* A number as fraction * 2^exponent; 0 if it is not above 0 in magnitude. */
typedef struct Scaled
{
	double		fraction;
	int			exponent;
} Scaled;

/* From digits in two's complement, the lowest worth 2^low. */
static Scaled
to_scaled(const uint32_t *digits, int n, int low)
{
	uint32_t	sign = n > 0 && digits[n - 1] >> 31 ? UINT32_MAX : 0;
	uint64_t	top;
	int			shift = 0;

	while (n > 0 && (digits[n - 1] ^ sign) == 0)
		n--;
	if (n == 0)					/* 0, or -1, which no sum here comes to */
		return (Scaled) {0, 0};
	/* the upper 64 bits are more than a double has */
	top = (uint64_t) (digits[n - 1] ^ sign) << 32;
	if (n > 1)
		top |= digits[n - 2] ^ sign;
	while (top >> 63 == 0)
	{
		top <<= 1;
		shift++;
	}
	if (n > 2 && shift > 0)
		top |= (digits[n - 3] ^ sign) >> (32 - shift);
	return (Scaled) {
		sign != 0 ? -(double) top : (double) top,
		low + 32 * (n - 2) - shift
	};
}

/* n * (a sum of products) - (a sum)(another) */
static Scaled
spread(const HpExactSum *products, const HpExactSum *a, const HpExactSum *b,
	   uint64_t n)
{
	Long		result = {.digits = {0}};
	HpExactDigits da;
	HpExactDigits db;
	HpExactDigits count = {
		.digits = {(uint32_t) n, (uint32_t) (n >> 32)},
		.first = -HP_EXACT_LOW / 32,	/* in the units of a sum */
		.n = 2
	};

	hp_exact_digits(products, &da);
	long_add_product(&result, &da, &count, false);
	hp_exact_digits(a, &da);
	hp_exact_digits(b, &db);
	long_add_product(&result, &da, &db, true);
	return to_scaled(result.digits, LONG_DIGITS, 2 * HP_EXACT_LOW);
}

/*
 *					n sum(xy) - sum(x) sum(y)
 *	 r = ---------------------------------------------------
 *		 sqrt(n sum(x^2) - sum(x)^2) sqrt(n sum(y^2) - sum(y)^2)
 */
double
hp_exact_correlation(const HpPairSums *sums, uint64_t n)
{
	Scaled		xx,
				yy,
				xy;
	int			exponent;
	double		r;

	if (n < 2)
		return NAN;
	xx = spread(&sums->xx, &sums->x, &sums->x, n);
	yy = spread(&sums->yy, &sums->y, &sums->y, n);
	xy = spread(&sums->xy, &sums->x, &sums->y, n);
	if (!(xx.fraction > 0 && yy.fraction > 0))
		return NAN;
	exponent = xx.exponent + yy.exponent;
	if (exponent % 2 != 0)
	{
		xx.fraction *= 2;
		exponent--;
	}
	r = xy.fraction / sqrt(xx.fraction * yy.fraction);
	r = ldexp(r, xy.exponent - exponent / 2);
	return fmax(-1, fmin(1, r));
}

double
hp_exact_mean(const HpExactSum *sum, uint64_t n)
{
	HpExactDigits d;
	uint32_t	digits[HP_EXACT_LIMBS + 1] = {0};
	Scaled		s;
	double		mean;

	hp_exact_digits(sum, &d);
	for (int i = 0; i < d.n; i++)
		digits[i] = d.digits[i];	/* the 0 above them keeps the sign off */
	s = to_scaled(digits, d.n + 1, HP_EXACT_LOW + 32 * d.first);
	mean = ldexp(s.fraction / (double) n, s.exponent);
	return d.negative ? -mean : mean;
}
