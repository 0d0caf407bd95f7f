/*
 * association.c
 *		Pearson, Spearman, correlation ratio and p-values.
 *
 * Sums of squares are taken of deviations from the mean, in two passes: the
 * textbook formula n*sum(xy) - sum(x)*sum(y) loses all digits when the mean
 * is large beside the spread.  Deviations are scaled by a power of two so
 * that neither 1e300 nor 1e-300 squared leaves the range of double; such
 * scaling is exact.  The mean itself gets a second pass, which corrects the
 * rounding of the first, and what rounding it to a double still leaves (the
 * residual) is taken off the sums (Chan, Golub, LeVeque: Algorithms for
 * computing the sample variance, Am. Stat. 37, 1983).
 */
#include <math.h>

#include "association.h"

/* The smallest and the largest of some numbers. */
typedef struct Range
{
	double		low;
	double		high;
} Range;

static Range
range_of(const double *x, uint32_t n)
{
	Range		range = {x[0], x[0]};

	for (uint32_t i = 1; i < n; i++)
	{
		range.low = x[i] < range.low ? x[i] : range.low;
		range.high = x[i] > range.high ? x[i] : range.high;
	}
	return range;
}

/* Rounding keeps the order, so the furthest number is at an end. */
static double
largest_deviation(Range range, double center, double shrink)
{
	return fmax(fabs(range.low * shrink - center * shrink),
				fabs(range.high * shrink - center * shrink));
}

/* The exponent e that makes |x - center| / 2^e at most 1; 0 for all zero. */
static int
scale_exponent(Range range, double center)
{
	double		largest = largest_deviation(range, center, 1);
	int			exponent = 0;

	if (largest > 0 && isfinite(largest))
		frexp(largest, &exponent);
	else if (largest > 0)
	{
		/* the difference of two finite doubles may overflow, not half of it */
		frexp(largest_deviation(range, center, 0.5), &exponent);
		exponent++;
	}
	return exponent;
}

/*
 * How to get (x - center) / 2^exponent by multiplications that cannot
 * overflow: half of the scaling before the subtraction, half after it.
 */
typedef struct Scale
{
	double		center;			/* times before */
	double		before;			/* powers of two: exact */
	double		after;
} Scale;

static Scale
scale_for(double center, int exponent)
{
	int			before = exponent > 900 ? -200 : exponent < -900 ? 200 : 0;

	return (Scale) {
		.center = ldexp(center, before),
		.before = ldexp(1, before),
		.after = ldexp(1, -exponent - before)
	};
}

static inline double
scaled(double x, const Scale *scale)
{
	return (x * scale->before - scale->center) * scale->after;
}

static double
mean_of(const double *x, uint32_t n, Range range)
{
	int			exponent = scale_exponent(range, 0);
	Scale		scale = scale_for(0, exponent);
	double		sum = 0;
	double		mean;
	double		correction = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += scaled(x[i], &scale);
	mean = sum / n;
	for (uint32_t i = 0; i < n; i++)
		correction += scaled(x[i], &scale) - mean;
	return ldexp(mean + correction / n, exponent);
}

HpMoments
hp_moments(const double *x, uint32_t n)
{
	HpMoments	m = {.mean = NAN};
	Range		range;
	Scale		scale;

	if (n == 0)
		return m;
	range = range_of(x, n);
	m.mean = mean_of(x, n, range);
	m.exponent = scale_exponent(range, m.mean);
	scale = scale_for(m.mean, m.exponent);
	for (uint32_t i = 0; i < n; i++)
	{
		double		d = scaled(x[i], &scale);

		m.residual += d;
		m.sum_squares += d * d;
	}
	m.sum_squares -= m.residual * m.residual / n;
	return m;
}

double
hp_moments_scaled(const HpMoments *moments, double x)
{
	Scale		scale = scale_for(moments->mean, moments->exponent);

	return scaled(x, &scale);
}

double
hp_stddev(const HpMoments *moments, uint32_t n)
{
	if (n < 2)
		return NAN;
	return ldexp(sqrt(moments->sum_squares / (n - 1)), moments->exponent);
}

static bool
is_constant(const double *x, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (x[i] != x[0])
			return false;
	return true;
}

/*
 *			  sum (x - mean x)(y - mean y)
 *	 r = -----------------------------------------
 *		 sqrt(sum (x - mean x)^2) sqrt(sum (y ...)^2)
 */
double
hp_pearson_with(const double *x, const double *y, const HpMoments *my,
				uint32_t n)
{
	HpMoments	mx;
	Scale		sx,
				sy;
	double		products = 0;
	double		r;

	if (n < 2 || is_constant(x, n) || is_constant(y, n))
		return NAN;
	mx = hp_moments(x, n);
	sx = scale_for(mx.mean, mx.exponent);
	sy = scale_for(my->mean, my->exponent);
	for (uint32_t i = 0; i < n; i++)
		products += scaled(x[i], &sx) * scaled(y[i], &sy);
	products -= mx.residual * my->residual / n;
	/* both sums lie between about 1 and n: their product is safe */
	r = products / sqrt(mx.sum_squares * my->sum_squares);
	return isnan(r) ? r : fmax(-1, fmin(1, r));
}

double
hp_pearson(const double *x, const double *y, uint32_t n)
{
	HpMoments	my = hp_moments(y, n);

	return hp_pearson_with(x, y, &my, n);
}

/*
 * The same formula, but of ranks the mean is known, (n + 1) / 2 whatever the
 * ties, and deviations are multiples of 1/2: up to some 300,000 pairs all of
 * it is exact.
 */
double
hp_spearman(const double *ranks_x, const double *ranks_y, uint32_t n)
{
	double		mean = ((double) n + 1) / 2;
	double		squares_x = 0;
	double		squares_y = 0;
	double		products = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		double		dx = ranks_x[i] - mean;
		double		dy = ranks_y[i] - mean;

		squares_x += dx * dx;
		squares_y += dy * dy;
		products += dx * dy;
	}
	if (!(squares_x > 0 && squares_y > 0))
		return NAN;
	return fmax(-1, fmin(1, products / sqrt(squares_x * squares_y)));
}

/*
 * The continued fraction of the incomplete beta function, evaluated by
 * Lentz's method: Abramowitz and Stegun 26.5.8; Numerical Recipes 6.4.
 */
static double
beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double		c = 1;
	double		d = 1 - (a + b) * x / (a + 1);
	double		f;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	f = d;
	for (int m = 1; m <= 10000; m++)
	{
		double		even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double		odd = -(a + m) * (a + b + m) * x /
			((a + 2 * m) * (a + 2 * m + 1));
		double		step;

		d = 1 + even * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + even / c;
		c = fabs(c) < tiny ? tiny : c;
		f *= d * c;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + odd / c;
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		f *= step;
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return f;
}

/*
 * The regularized incomplete beta function I_x(a, b), 0 <= x <= 1, with
 * 1 - x given as y: near 1 the difference would have lost its digits.
 */
static double
incomplete_beta(double a, double b, double x, double y)
{
	double		front;

	if (x <= 0)
		return 0;
	if (y <= 0)
		return 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) +
				a * log(x) + b * log(y));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, y) / b;
}

/* With t = r sqrt(df / (1 - r^2)):  p = I_{df/(df+t^2)}(df/2, 1/2). */
double
hp_correlation_p_value(double r, uint64_t n)
{
	double		df = (double) n - 2;

	if (n < 3 || isnan(r))
		return NAN;
	return incomplete_beta(df / 2, 0.5, (1 - r) * (1 + r), r * r);
}

double
hp_student_tail(double t, double df)
{
	double		both = incomplete_beta(df / 2, 0.5, df / (df + t * t),
									   t * t / (df + t * t));

	return t > 0 ? both / 2 : 1 - both / 2;
}

/*
 *			 sum over groups n_g (mean_g - mean)^2
 *	eta^2 = ---------------------------------------
 *				 sum over runs (y - mean)^2
 */
double
hp_correlation_ratio(const HpEnv *env, const uint32_t *group,
					 uint32_t n_groups, const double *y,
					 const HpMoments *moments, uint32_t n)
{
	double	   *sum = hp_alloc0(env, n_groups, sizeof(double));
	uint32_t   *count = hp_alloc0(env, n_groups, sizeof(uint32_t));
	Scale		scale;
	double		between = 0;

	if (n < 2 || is_constant(y, n))
		return NAN;
	scale = scale_for(moments->mean, moments->exponent);
	for (uint32_t i = 0; i < n; i++)
	{
		sum[group[i]] += scaled(y[i], &scale);
		count[group[i]]++;
	}
	for (uint32_t g = 0; g < n_groups; g++)
		if (count[g] > 0)
		{
			double		d = sum[g] - moments->residual * count[g] / n;

			between += d * d / count[g];
		}
	if (!(moments->sum_squares > 0))
		return NAN;
	return fmax(0, fmin(1, between / moments->sum_squares));
}
