/*
 * test_exact_sum.c
 *		Sums without rounding: by hand, in any order and grouping, at the ends
 *		of the range of double; correlations made of them.
 */
#include "data.h"

#include "core/association.h"
#include "core/exact_sum.h"

#define MANY	4000

static HpExactSum
sum_of(const double *x, int n)
{
	HpExactSum	sum = {0};

	for (int i = 0; i < n; i++)
		hp_exact_add(unit_env, &sum, hp_binary(x[i]), 0);
	return sum;
}

static bool
same_sum(const HpExactSum *a, const HpExactSum *b)
{
	HpExactDigits x;
	HpExactDigits y;

	hp_exact_digits(a, &x);
	hp_exact_digits(b, &y);
	return memcmp(&x, &y, sizeof(x)) == 0;
}

static double
value_of(const HpExactSum *sum)
{
	return hp_exact_mean(sum, 1);
}

/* ---- one number, few numbers ---- */

static void
test_numbers(void)
{
	const double numbers[] = {
		0, 1, -1, 0.1, -0.1, 1e300, -1e300, 5e-324, -5e-324, 2.2250738585072014e-308,
		1.7976931348623157e308, -1.7976931348623157e308, 4294967296.0, 4294967295.0,
		9007199254740993.0, 1.0 / 3
	};
	int			n = (int) (sizeof(numbers) / sizeof(numbers[0]));

	for (int i = 0; i < n; i++)
	{
		HpExactSum	sum = sum_of(&numbers[i], 1);
		HpExactSum	back;
		HpExactDigits d;

		ok(value_of(&sum) == numbers[i], "%g alone is itself", numbers[i]);
		hp_exact_digits(&sum, &d);
		ok(hp_exact_from_digits(unit_env, &back, &d) && same_sum(&back, &sum),
		   "%g goes through its digits", numbers[i]);
		hp_exact_add(unit_env, &sum, hp_binary(-numbers[i]), 0);
		hp_exact_digits(&sum, &d);
		ok(d.n == 0 && d.first == 0 && !d.negative, "%g less itself is nothing",
		   numbers[i]);
	}
}

static void
test_cancelling(void)
{
	const double far[] = {1e308, 1, -1e308};
	const double near[] = {1, 5e-324, -1};
	const double over[] = {1.7e308, 1.7e308, 1.7e308, -1.7e308, -1.7e308};
	HpExactSum	sum = sum_of(far, 3);

	ok(value_of(&sum) == 1, "1e308 + 1 - 1e308 = 1");
	sum = sum_of(near, 3);
	ok(value_of(&sum) == 5e-324, "1 + 5e-324 - 1 = 5e-324");
	sum = sum_of(over, 5);
	ok(value_of(&sum) == 1.7e308, "a sum may be beyond double on its way");
	sum = sum_of(over, 3);
	is_double(hp_exact_mean(&sum, 3), 1.7e308, 1e-15,
			  "a mean of a sum that is beyond double");
}

static void
test_products(void)
{
	HpExactSum	sum = {0};
	double		x = 1 + ldexp(1, -52);	/* x^2 = 1 + 2^-51 + 2^-104 */

	hp_exact_add_product(unit_env, &sum, hp_binary(x), hp_binary(x), 0);
	hp_exact_add(unit_env, &sum, hp_binary(-1), 0);
	hp_exact_add(unit_env, &sum, hp_binary(-ldexp(1, -51)), 0);
	ok(value_of(&sum) == ldexp(1, -104), "a product keeps all its 106 bits");
	sum = (HpExactSum) {0};
	hp_exact_add_product(unit_env, &sum, hp_binary(5e-324), hp_binary(-5e-324), 0);
	hp_exact_add_product(unit_env, &sum, hp_binary(5e-324), hp_binary(5e-324), 1);
	hp_exact_add_product(unit_env, &sum, hp_binary(-5e-324), hp_binary(5e-324), 0);
	ok(sum.n > 0 && value_of(&sum) == 0, "products of the smallest cancel");
	hp_exact_add_product(unit_env, &sum, hp_binary(1.7e308), hp_binary(-1.7e308), 62);
	hp_exact_add_product(unit_env, &sum, hp_binary(1.7e308), hp_binary(1.7e308), 62);
	hp_exact_add(unit_env, &sum, hp_binary(3), 0);
	ok(value_of(&sum) == 3, "and so do 2^62 products of the largest");
}

/* ---- any order, any grouping ---- */

static void
test_order(void)
{
	double	   *x = malloc(MANY * sizeof(double));
	uint64_t	state = 20261127;
	HpExactSum	forth,
				back = {0},
				merged = {0};
	HpExactSum	parts[7] = {{0}};

	for (int i = 0; i < MANY; i++)
	{
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		x[i] = ldexp((double) (int64_t) state, (int) (state >> 33) % 1900 - 950 - 63);
	}
	forth = sum_of(x, MANY);
	for (int i = MANY; i-- > 0;)
		hp_exact_add(unit_env, &back, hp_binary(x[i]), 0);
	ok(same_sum(&forth, &back), "numbers from 1e-286 to 1e286 in either order");
	for (int i = 0; i < MANY; i++)
		hp_exact_add(unit_env, &parts[i % 7], hp_binary(x[i]), 0);
	for (int p = 7; p-- > 0;)
		hp_exact_merge(unit_env, &merged, &parts[p]);
	ok(same_sum(&forth, &merged), "and in seven parts, merged");
	for (int i = 0; i < MANY; i++)
		hp_exact_add(unit_env, &merged, hp_binary(-x[i]), 0);
	ok(value_of(&merged) == 0, "and taken off again nothing is left");
	free(x);
}

static void
test_copies(void)
{
	HpExactSum	one_by_one = {0};
	HpExactSum	at_once = {0};

	for (int i = 0; i < 13; i++)
		hp_exact_add(unit_env, &one_by_one, hp_binary(-0.1), 0);
	for (int bit = 0; bit < 4; bit++)
		if (13 >> bit & 1)
			hp_exact_add(unit_env, &at_once, hp_binary(-0.1), bit);
	ok(same_sum(&one_by_one, &at_once), "13 copies by the bits of 13");
}

/* Carries are put off for 2^30 additions: have them come sooner. */
static void
test_carries(void)
{
	HpExactSum	sum = {0};
	HpExactSum	small = {0};
	int64_t		want = 0;

	for (int i = 0; i < 100000; i++)
	{
		double		x = i % 3 == 0 ? -4294967295.0 : 4294967295.0 * 1048576;

		hp_exact_add(unit_env, &sum, hp_binary(x), 0);
		want += (int64_t) x / 4294967295;
		if (i % 100 == 0)
			sum.pending = (UINT32_C(1) << 30) - 1;
	}
	ok(value_of(&sum) == (double) want * 4294967295.0,
	   "carries on the way change nothing");
	ok(sum.pending < 1000, "they were taken up");
	for (int i = 0; i < 1000; i++)
	{
		small.pending = (UINT32_C(1) << 30) - 1;
		hp_exact_add(unit_env, &small, hp_binary(-1e-300), 62);
	}
	is_double(value_of(&small) / ldexp(-1e-297, 62), 1, 1e-15,
			  "a negative sum that grows to the next limbs");
}

/* ---- digits from outside ---- */

static void
test_forged_digits(void)
{
	HpExactSum	sum;
	HpExactDigits d = {.n = 0};

	ok(hp_exact_from_digits(unit_env, &sum, &d), "no digits are 0");
	d.negative = true;
	ok(!hp_exact_from_digits(unit_env, &sum, &d), "but not -0");
	d = (HpExactDigits) {.digits = {0, 1}, .first = 1, .n = 2};
	ok(!hp_exact_from_digits(unit_env, &sum, &d), "the first is not 0");
	d = (HpExactDigits) {.digits = {1, 0}, .first = 1, .n = 2};
	ok(!hp_exact_from_digits(unit_env, &sum, &d), "the last is not 0");
	d = (HpExactDigits) {.digits = {1}, .first = HP_EXACT_LIMBS - 1, .n = 1};
	ok(!hp_exact_from_digits(unit_env, &sum, &d), "the uppermost limb is kept free");
	memset(&d, 0xff, sizeof(d));
	d.first = 0;
	d.n = HP_EXACT_LIMBS - 1;
	d.negative = true;
	ok(hp_exact_from_digits(unit_env, &sum, &d), "all others may be full");
	for (int i = 0; i < 1000; i++)
	{
		HpExactSum	copy = sum;

		copy.limbs = hp_alloc(unit_env, sum.n, sizeof(int64_t));
		memcpy(copy.limbs, sum.limbs, sum.n * sizeof(int64_t));
		hp_exact_merge(unit_env, &sum, &copy);
		if (i < 31)
			continue;
		hp_exact_digits(&sum, &d);
		if (d.first + d.n > HP_EXACT_LIMBS)
			break;
	}
	ok(d.first + d.n <= HP_EXACT_LIMBS, "doubling them stays inside");
}

/* ---- correlations ---- */

static double
correlate(const double *x, const double *y, uint32_t n)
{
	HpPairSums	s = {.x = {0}};

	for (uint32_t i = 0; i < n; i++)
	{
		HpBinary	bx = hp_binary(x[i]);
		HpBinary	by = hp_binary(y[i]);

		hp_exact_add(unit_env, &s.x, bx, 0);
		hp_exact_add(unit_env, &s.y, by, 0);
		hp_exact_add_product(unit_env, &s.xx, bx, bx, 0);
		hp_exact_add_product(unit_env, &s.xy, bx, by, 0);
		hp_exact_add_product(unit_env, &s.yy, by, by, 0);
	}
	return hp_exact_correlation(&s, n);
}

static void
test_correlation(void)
{
	/* deviations -1 0 1 and 1 -2 1: 0; and -1 -1 2: r = 3 / sqrt(2 * 6) */
	const double x[] = {1, 2, 3};
	const double y[] = {3, 0, 3};
	const double z[] = {5, 5, 8};
	const double same[] = {7, 7, 7};
	const double huge[] = {1e308, -1e308, 1.5e308};
	const double tiny[] = {1e-310, -1e-310, 1.5e-310};
	const double far[] = {1e15 + 1, 1e15 + 2, 1e15 + 3};

	is_double(correlate(x, y, 3), 0, 0, "no correlation");
	is_double(correlate(x, z, 3), 3 / sqrt(12), 1e-15, "3 / sqrt(2 * 6)");
	is_double(correlate(x, x, 3), 1, 0, "with itself");
	ok(isnan(correlate(x, same, 3)) && isnan(correlate(same, x, 3)),
	   "none with a constant");
	ok(isnan(correlate(x, y, 1)) && isnan(correlate(x, y, 0)),
	   "none of one pair");
	is_double(correlate(x, y, 2), -1, 1e-15, "of two pairs");
	is_double(correlate(huge, tiny, 3), 1, 1e-15, "huge with tiny");
	is_double(correlate(far, z, 3), 3 / sqrt(12), 1e-15,
			  "an offset of 1e15 costs no digits");
}

static void
test_against_pearson(void)
{
	const double offsets[] = {0, 1, -1e6, 1e12};

	for (int o = 0; o < 4; o++)
	{
		double	   *x = malloc(MANY * sizeof(double));
		double	   *y = malloc(MANY * sizeof(double));
		uint64_t	state = 7;

		for (int i = 0; i < MANY; i++)
		{
			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			x[i] = offsets[o] + (double) (state >> 40) / 1e7;
			y[i] = 0.01 * (double) (state >> 40) / 1e7 + (double) (state >> 20 & 0xFFFFF) / 1e5;
		}
		is_double(correlate(x, y, MANY), hp_pearson(x, y, MANY), 1e-12,
				  "as in two passes, with an offset of %g", offsets[o]);
		free(x);
		free(y);
	}
}

int
main(void)
{
	test_numbers();
	test_cancelling();
	test_products();
	test_order();
	test_copies();
	test_carries();
	test_forged_digits();
	test_correlation();
	test_against_pearson();
	return done();
}
