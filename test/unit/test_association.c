/*
 * test_association.c
 *		Correlations, correlation ratio and p-values: by hand, by SciPy, by
 *		other arithmetic, at the ends of the range of double.
 */
#include "data.h"

#include "core/association.h"
#include "core/order.h"

static double
ratio(const uint32_t *group, uint32_t n_groups, const double *y, uint32_t n)
{
	HpMoments	moments = hp_moments(y, n);

	return hp_correlation_ratio(unit_env, group, n_groups, y, &moments, n);
}

static double
spearman(const double *x, const double *y, uint32_t n)
{
	double	   *ranks_x = hp_alloc(unit_env, n, sizeof(double));
	double	   *ranks_y = hp_alloc(unit_env, n, sizeof(double));

	hp_ranks(unit_env, x, ranks_x, n);
	hp_ranks(unit_env, y, ranks_y, n);
	return hp_spearman(ranks_x, ranks_y, n);
}

/* ---- the textbook, in long double ---- */

static long double
mean_long(const double *x, uint32_t n)
{
	long double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += x[i];
	return sum / n;
}

static double
pearson_long(const double *x, const double *y, uint32_t n)
{
	long double mx = mean_long(x, n);
	long double my = mean_long(y, n);
	long double xy = 0,
				xx = 0,
				yy = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		xy += (x[i] - mx) * (y[i] - my);
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
	}
	return (double) (xy / (sqrtl(xx) * sqrtl(yy)));
}

/* ---- moments ---- */

static double
sum_squares(const HpMoments *m)
{
	return ldexp(m->sum_squares, 2 * m->exponent);
}

static void
test_moments(void)
{
	const double x[] = {1, 2, 3, 4, 10};
	const double big[] = {1e308, 1.5e308, 1.7e308, -1e308};
	const double same[] = {1e308, 1e308, 1e308};
	const double far[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};
	HpMoments	m = hp_moments(x, 5);

	/* mean 4, deviations -3 -2 -1 0 6: squares 9 + 4 + 1 + 36 = 50 */
	is_double(m.mean, 4, 0, "mean of 1 2 3 4 10");
	is_double(sum_squares(&m), 50, 1e-15, "their squared deviations");
	is_double(hp_stddev(&m, 5), sqrt(12.5), 1e-15, "their deviation, n - 1");
	m = hp_moments(x, 1);
	is_double(m.mean, 1, 0, "mean of one number");
	is_double(hp_stddev(&m, 1), NAN, 0, "one number has no deviation");
	ok(isnan(hp_moments(x, 0).mean), "no number has no mean");
	/* (1 + 1.5 + 1.7 - 1) / 4 = 0.8; deviations .2 .7 .9 -1.8: squares sum
	 * to .04 + .49 + .81 + 3.24 = 4.58; the deviation is sqrt(4.58 / 3) */
	m = hp_moments(big, 4);
	is_double(m.mean / 1e308, 0.8, 1e-15, "a mean does not overflow");
	is_double(hp_stddev(&m, 4) / 1e308, sqrt(4.58 / 3), 1e-15,
			  "nor does a deviation");
	is_double(ldexp(hp_moments_scaled(&m, -1e308) / 1e308, m.exponent), -1.8,
			  1e-14, "-1e308 lies 1.8e308 below the mean: scaled that is");
	m = hp_moments(same, 3);
	ok(m.mean == 1e308 && m.sum_squares == 0, "1e308 three times is constant");
	m = hp_moments(far, 3);
	ok(m.mean == 1e9 + 2 && sum_squares(&m) == 2,
	   "an offset of 1e9 costs no digits");
}

/* A constant column must have a sum of squares of exactly 0. */
static void
test_constant_moments(void)
{
	static const double values[] = {
		0.1, 1.0 / 3, -1e-300, 5e-324, 1e300, 2147483647, 0.30000000000000004
	};
	double	   *x = hp_alloc(unit_env, 5000, sizeof(double));
	bool		exact = true;

	for (uint32_t v = 0; v < LENGTH(values); v++)
		for (uint32_t n = 1; n <= 5000; n = n < 100 ? n + 1 : n * 2)
		{
			HpMoments	m;

			for (uint32_t i = 0; i < n; i++)
				x[i] = values[v];
			m = hp_moments(x, n);
			exact = exact && m.mean == values[v] && m.sum_squares == 0;
		}
	ok(exact, "constants of any length have exact means and no spread");
	unit_free_all();
}

/* ---- Pearson ---- */

static void
test_pearson_by_hand(void)
{
	const double x[] = {1, 2, 3, 4, 5};
	const double y[] = {2, 4, 5, 4, 5};
	const double down[] = {-1, -2, -3, -4, -5};
	const double flat[] = {0.1, 0.1, 0.1, 0.1, 0.1};
	const double zeros[] = {0, -0.0, 0, -0.0, 0};

	/* deviations -2 -1 0 1 2 and -2 0 1 0 1: products 4 + 2 = 6, squares 10
	 * and 6 */
	is_double(hp_pearson(x, y, 5), 6 / sqrt(60), 1e-15, "r = 6 / sqrt(60)");
	is_double(hp_pearson(x, x, 5), 1, 1e-15, "a column with itself");
	is_double(hp_pearson(x, down, 5), -1, 1e-15, "a column with its negative");
	is_double(hp_pearson(x, y, 2), 1, 1e-15, "two rising pairs");
	is_double(hp_pearson(x, y, 1), NAN, 0, "one pair");
	is_double(hp_pearson(x, y, 0), NAN, 0, "no pair");
	is_double(hp_pearson(x, flat, 5), NAN, 0, "a constant metric");
	is_double(hp_pearson(flat, y, 5), NAN, 0, "a constant parameter");
	is_double(hp_pearson(zeros, y, 5), NAN, 0, "0 and -0 are one constant");
}

static void
test_pearson_random(void)
{
	enum
	{
		MOST = 400
	};
	UnitRandom	random = 31;
	bool		agrees = true;
	bool		bounded = true;

	for (int round = 0; round < 200; round++)
	{
		double		x[MOST],
					y[MOST],
					z[MOST];
		uint32_t	n = 2 + random_below(&random, MOST - 2);
		double		slope = random_normal(&random);
		double		offset = pow(10, round % 7);
		double		r;

		for (uint32_t i = 0; i < n; i++)
		{
			x[i] = offset + random_normal(&random);
			y[i] = slope * (x[i] - offset) + random_normal(&random);
			z[i] = slope * x[i];
		}
		agrees = agrees && fabs(hp_pearson(x, y, n) - pearson_long(x, y, n)) < 1e-12;
		r = hp_pearson(x, z, n);
		bounded = bounded && r >= -1 && r <= 1 && fabs(r) > 1 - 1e-9;
	}
	ok(agrees, "Pearson is that of long double, offsets up to 1e6 beside 1");
	ok(bounded, "linear columns: |r| is about 1 and never above");
}

/* r has no unit: any scale of x and y must give the same. */
static void
test_pearson_scales(void)
{
	const double x[] = {1, 2, 3, 4, 5};
	const double y[] = {2, 4, 5, 4, 5};
	const double scales[] = {1e-320, 1e-308, 1e-200, 1e-5, 1e5, 1e200, 3e307};
	const double wide[] = {-1.7e308, 0, 1.7e308};
	const double three[] = {1, 2, 3};

	for (uint32_t s = 0; s < LENGTH(scales); s++)
	{
		double		scaled_x[5],
					scaled_y[5];
		double		tolerance = scales[s] < 1e-310 ? 1e-3 : 1e-14;

		for (int i = 0; i < 5; i++)
		{
			scaled_x[i] = x[i] * scales[s];
			scaled_y[i] = y[i] / 5 * scales[s];
		}
		is_double(hp_pearson(scaled_x, y, 5), 6 / sqrt(60), tolerance,
				  "parameter times %g", scales[s]);
		is_double(hp_pearson(scaled_x, scaled_y, 5), 6 / sqrt(60), tolerance,
				  "both about %g", scales[s]);
	}
	is_double(hp_pearson(wide, three, 3), 1, 1e-15, "from -1.7e308 to 1.7e308");
}

/* The smallest differences there are: -1 must not become 1. */
static void
test_pearson_subnormal(void)
{
	const double up[] = {0, 5e-324};
	const double down[] = {1, 0};
	const double four[] = {0, 5e-324, 0, 5e-324};
	const double other[] = {1, 1, 0, 0};
	const uint32_t group[] = {0, 0, 1, 1};

	is_double(hp_pearson(up, down, 2), -1, 1e-12, "0 and 5e-324 falling");
	is_double(hp_pearson(up, up, 2), 1, 1e-12, "0 and 5e-324 rising");
	is_double(hp_pearson(four, other, 4), 0, 1e-12, "and neither");
	is_double(ratio(group, 2, four, 4), 0, 1e-12,
			  "groups of the same mean, 0 or 5e-324 each");
}

/* ---- Spearman ---- */

static void
test_spearman(void)
{
	const double x[] = {1, 2, 2, 3, 5, 8};
	const double y[] = {4, 1, 6, 6, 9, 7};
	const double curve[] = {1, 1e3, 1e6, 1e9, 1e12, 1e300};
	const double flat[] = {3, 3, 3, 3, 3, 3};

	/* ranks 1 2.5 2.5 4 5 6 and 2 1 3.5 3.5 6 5, means 3.5: products 3.75 +
	 * 2.5 + 0 + 0 + 3.75 + 3.75 = 13.75, squares 17 and 17: r = 13.75 / 17 */
	is_double(spearman(x, y, 6), 13.75 / 17, 1e-15,
			  "with ties: SciPy's spearmanr says 0.8088235294117647");
	is_double(spearman(y, curve, 6),
			  spearman(y, (double[]) {1, 2, 3, 4, 5, 6}, 6), 0,
			  "only the order counts");
	is_double(spearman(curve, curve, 6), 1, 1e-15, "with itself");
	is_double(spearman(x, flat, 6), NAN, 0, "with a constant");
	is_double(spearman(x, y, 1), NAN, 0, "one pair");
	is_double(spearman(x, y, 0), NAN, 0, "no pair");
}

/* ---- p-values ---- */

typedef struct PValue
{
	double		r;
	uint32_t	n;
	double		p;
	double		relative;		/* tolerance */
} PValue;

static void
test_p_values(void)
{
	/*
	 * mpmath 1.3, 50 digits: betainc((n-2)/2, 1/2, 0, (1-r)(1+r),
	 * regularized=True); SciPy 1.10's 2*t.sf agrees.  For n in the millions
	 * lgamma() itself costs digits.
	 */
	static const PValue table[] = {
		{0.5, 3, 0.66666666666666667, 1e-14},
		{0.5, 4, 0.5, 1e-14},
		{0.9, 5, 0.037386073468498633, 1e-13},
		{-0.9, 5, 0.037386073468498633, 1e-13},
		{0.1, 10, 0.78342440624999999, 1e-13},
		{0.3, 30, 0.10724594805795436, 1e-13},
		{0.632, 10, 0.049951112184977159, 1e-13},
		{0.05, 1000, 0.11407259555107295, 1e-11},
		{0.2, 1000, 1.7567862371789441e-10, 1e-11},
		{0.5, 200, 4.7738117806692453e-14, 1e-11},
		{0.9, 100, 4.0634052774905981e-37, 1e-11},
		{-0.99, 50, 1.7207592265010956e-42, 1e-11},
		{0.999999, 10, 4.3749947505054109e-24, 1e-11},
		{1e-9, 20, 0.99999999666152954, 1e-14},
		{0.001, 1000000, 0.31731099180502855, 1e-8},
		{0.01, 1000000, 1.5203198039927248e-23, 1e-8},
		{0.002, 10000000, 2.5395375809856397e-10, 1e-7},
		{0.00001, 1000000000, 0.75182963433985881, 1e-5},
	};

	for (uint32_t i = 0; i < LENGTH(table); i++)
		is_double(hp_correlation_p_value(table[i].r, table[i].n) / table[i].p,
				  1, table[i].relative, "p of r = %g, n = %u",
				  table[i].r, table[i].n);
	is_double(hp_correlation_p_value(0, 10), 1, 0, "p of r = 0 is 1");
	is_double(hp_correlation_p_value(1, 10), 0, 0, "p of r = 1 is 0");
	is_double(hp_correlation_p_value(-1, 3), 0, 0, "p of r = -1 is 0");
	is_double(hp_correlation_p_value(0.5, 2), NAN, 0, "two pairs have no p");
	is_double(hp_correlation_p_value(0.5, 0), NAN, 0, "nor have none");
	is_double(hp_correlation_p_value(NAN, 10), NAN, 0, "no r, no p");
}

/* Closed forms of 1, 2 and 4 degrees of freedom; the tail of 4 is 3 / t^4. */
static void
test_student_tail(void)
{
	is_double(hp_student_tail(0, 4), 0.5, 1e-15, "half is above 0");
	is_double(hp_student_tail(1, 1), 0.25, 1e-14, "Cauchy's: a quarter above 1");
	is_double(hp_student_tail(-1, 1), 0.75, 1e-14, "three quarters above -1");
	is_double(hp_student_tail(sqrt(2), 2), 0.5 - sqrt(0.125), 1e-14, "two degrees");
	is_double(hp_student_tail(2, 4), 0.5 - 0.3125 * sqrt(2), 1e-14, "four degrees");
	is_double(hp_student_tail(1e8, 4) / 3e-32, 1, 1e-10, "far out");
}

static void
test_p_values_fall(void)
{
	bool		falls = true;
	bool		bounded = true;

	for (uint32_t n = 3; n < 3000; n = n * 2 + 1)
		for (int i = 0; i < 1000; i++)
		{
			double		p = hp_correlation_p_value(i / 1000.0, n);
			double		next = hp_correlation_p_value((i + 1) / 1000.0, n);

			bounded = bounded && p >= 0 && p <= 1;
			falls = falls && next <= p;
		}
	ok(bounded, "p lies in [0, 1]");
	ok(falls, "p falls as |r| grows");
}

/* ---- correlation ratio ---- */

static void
test_correlation_ratio(void)
{
	const double y[] = {1, 2, 3, 4, 5, 9};
	const uint32_t group[] = {0, 0, 0, 2, 2, 2};
	const uint32_t one[] = {1, 1, 1, 1, 1, 1};
	const uint32_t each[] = {0, 1, 2, 3, 4, 5};
	const double flat[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
	double		huge[6];

	/* means 2 and 6 of 4: between 3 * 4 + 3 * 4 = 24; all: 9 + 4 + 1 + 0 + 1
	 * + 25 = 40 */
	is_double(ratio(group, 4, y, 6), 24.0 / 40, 1e-15,
			  "two of four groups: 24 / 40");
	is_double(ratio(one, 2, y, 6), 0, 1e-30,
			  "one group explains nothing");
	is_double(ratio(each, 6, y, 6), 1, 1e-15,
			  "a group for each explains all");
	is_double(ratio(group, 4, flat, 6), NAN, 0,
			  "a constant metric");
	is_double(ratio(group, 4, y, 1), NAN, 0, "one run");
	is_double(ratio(group, 0, y, 0), NAN, 0, "no run");
	for (int i = 0; i < 6; i++)
		huge[i] = y[i] / 9 * 1.7e308;
	is_double(ratio(group, 4, huge, 6), 24.0 / 40,
			  1e-14, "a metric of 1e308");
}

/* With two groups eta^2 is the square of Pearson's r with the indicator. */
static void
test_ratio_is_r_squared(void)
{
	UnitRandom	random = 37;
	bool		agrees = true;

	for (int round = 0; round < 100; round++)
	{
		double		x[60],
					y[60];
		uint32_t	group[60];
		double		r;

		for (int i = 0; i < 60; i++)
		{
			group[i] = i < 2 ? (uint32_t) i : random_below(&random, 2);
			x[i] = group[i];
			y[i] = random_normal(&random) + 0.5 * x[i];
		}
		r = pearson_long(x, y, 60);
		agrees = agrees &&
			fabs(ratio(group, 2, y, 60) - r * r) < 1e-13;
	}
	ok(agrees, "of two groups eta^2 is r^2");
}

int
main(void)
{
	test_moments();
	test_constant_moments();
	test_pearson_by_hand();
	test_pearson_random();
	test_pearson_scales();
	test_pearson_subnormal();
	test_spearman();
	test_p_values();
	test_student_tail();
	test_p_values_fall();
	test_correlation_ratio();
	test_ratio_is_r_squared();
	return done();
}
