/*
 * ped_anova.c
 *		PED-ANOVA: how much a parameter decides whether a run is among the best.
 *
 * The runs that have a parameter are its regime: beta is their share of all
 * runs, alpha their share of the best.  With p and q the densities of its
 * values among the regime's runs and among the best of them,
 *
 *	  importance ~ alpha^2 / beta * sum over x of p(x) (q(x) / p(x) - 1)^2
 *
 * Runs without the parameter add nothing: whoever decides whether they have
 * it has the credit.
 *
 * Densities live on a grid, so values are counted by grid point first, and
 * what follows depends on the number of runs no more.  A level is a grid point
 * of its own, and so is a number of a short list; other numbers get one of at
 * most GRID_POINTS that are evenly spaced from the smallest to the largest, or
 * from the logarithm of the one to that of the other.
 */
#include <math.h>

#include "order.h"
#include "ped_anova.h"

#define GRID_POINTS		50

/* Runs that a regime needs. */
#define REGIME_RUNS		2

/* The flat kernel counts as so many runs. */
#define PRIOR_WEIGHT	1.0

/* Keeps quotients finite where nobody has been. */
#define SMALLEST_DENSITY 1e-12

/* What is less than this part of a grid step is rounding. */
#define ROUNDING		1e-9

/* How many runs there are at each grid point. */
typedef struct Counts
{
	uint32_t	n_points;
	uint32_t   *all;
	uint32_t   *best;
} Counts;

/* What the steps of one hp_ped_anova() share. */
typedef struct Comparison
{
	const HpEnv *env;
	const HpFrame *frame;
	uint32_t	n_best;
	uint32_t	first_best;
} Comparison;

uint32_t
hp_best_runs(const HpFrame *frame, bool maximize, double quantile)
{
	const double *metric = frame->metric;
	uint32_t	n = frame->n_runs;
	uint32_t	best;

	if (n == 0)
		return 0;
	/* 0.07 of 100 runs are 7, although 0.07 * 100 > 7 in doubles */
	best = (uint32_t) ceil(quantile * n * (1 - 1e-12));
	if (best == 0)
		best = 1;
	if (maximize)
		while (best < n && metric[n - best - 1] == metric[n - best])
			best++;
	else
		while (best < n && metric[best] == metric[best - 1])
			best++;
	return best;
}

static Counts
make_counts(const HpEnv *env, uint32_t n_points)
{
	return (Counts) {
		.n_points = n_points,
		.all = hp_alloc0(env, n_points, sizeof(uint32_t)),
		.best = hp_alloc0(env, n_points, sizeof(uint32_t))
	};
}

static uint32_t
sum_of(const uint32_t *counts, uint32_t n)
{
	uint32_t	sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += counts[i];
	return sum;
}

/* The runs by code. */
static Counts
count_codes(const Comparison *s, const HpColumn *column)
{
	Counts		counts = make_counts(s->env, column->n_codes);

	hp_tick(s->env);
	for (uint32_t run = 0; run < s->frame->n_runs; run++)
		counts.all[hp_column_code(column, run)]++;
	for (uint32_t i = 0; i < s->n_best; i++)
		counts.best[hp_column_code(column, s->first_best + i)]++;
	return counts;
}

/* Those of the codes first .. end - 1 that any run has. */
static Counts
used_counts(const HpEnv *env, const Counts *by_code, uint32_t first,
			uint32_t end)
{
	Counts		used = make_counts(env, end - first);

	used.n_points = 0;
	for (uint32_t c = first; c < end; c++)
	{
		if (by_code->all[c] == 0)
			continue;
		used.all[used.n_points] = by_code->all[c];
		used.best[used.n_points++] = by_code->best[c];
	}
	return used;
}

/* ---- the grid of numbers ---- */

typedef struct Grid
{
	bool		logarithmic;
	double		low;			/* position of the first point */
	double		step;
	uint32_t	n_points;
} Grid;

/* Half of the number: the difference of two must not overflow. */
static inline double
position(bool logarithmic, double number)
{
	return logarithmic ? log(number) : number / 2;
}

/* How far the numbers are from being evenly spaced, as a share of the range. */
static double
unevenness(const HpEnv *env, const double *numbers, uint32_t n,
		   bool logarithmic)
{
	double		low = position(logarithmic, numbers[0]);
	double		range = position(logarithmic, numbers[n - 1]) - low;
	double		largest = 0;

	for (uint32_t i = 1; i + 1 < n; i++)
	{
		double		place = (position(logarithmic, numbers[i]) - low) / range;

		hp_tick_at(env, i);
		largest = fmax(largest, fabs(place - (double) i / (n - 1)));
	}
	return largest;
}

/*
 * Nobody tells us on what scale a parameter was chosen, but its values do: if
 * they are all positive, differ tenfold and are more evenly spread by their
 * logarithms, these are the scale.  A look at the range alone would take every
 * uniform draw from 0 to 1 for a logarithmic one.
 */
#define LOGARITHMIC_RATIO	10

static bool
is_logarithmic(const HpEnv *env, const double *numbers, uint32_t n,
			   double least_ratio)
{
	if (!(numbers[0] > 0) ||
		numbers[n - 1] / least_ratio < numbers[0] * (1 - ROUNDING))
		return false;
	return unevenness(env, numbers, n, true) <
		unevenness(env, numbers, n, false) - ROUNDING;
}

static bool
are_integers(const double *numbers, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (floor(numbers[i]) != numbers[i])
			return false;
	return true;
}

/* Integers have no more points than there are integers, or powers of two. */
static uint32_t
integer_points(const double *numbers, uint32_t n, bool logarithmic)
{
	double		between = numbers[n - 1] / 2 - numbers[0] / 2 + 0.5;
	int			exponent;

	if (!logarithmic)
		return between < GRID_POINTS / 2 ?
			(uint32_t) (2 * between) : GRID_POINTS;
	/* ceil(log2(2 * between)) + 1, without a logarithm */
	if (frexp(between, &exponent) > 0.5)
		exponent++;
	return exponent + 1 < GRID_POINTS ? (uint32_t) exponent + 1 : GRID_POINTS;
}

/* The grid for ascending numbers, n > 1. */
static Grid
choose_grid(const HpEnv *env, const double *numbers, uint32_t n)
{
	bool		logarithmic = is_logarithmic(env, numbers, n, LOGARITHMIC_RATIO);
	Grid		grid = {
		.logarithmic = logarithmic,
		.low = position(logarithmic, numbers[0]),
		.n_points = are_integers(numbers, n) ?
			integer_points(numbers, n, logarithmic) : GRID_POINTS
	};

	grid.step = (position(logarithmic, numbers[n - 1]) - grid.low) /
		(grid.n_points - 1);
	return grid;
}

/* The nearest point; of two as near the lower, whatever the rounding. */
static inline uint32_t
nearest_point(const Grid *grid, double number)
{
	double		point = ceil((position(grid->logarithmic, number) - grid->low) /
							 grid->step - 0.5 - ROUNDING);

	if (!(point > 0))
		return 0;
	return point < grid->n_points ? (uint32_t) point : grid->n_points - 1;
}

/*
 * Few numbers that come back were chosen from a list: as values of a list they
 * are a point each, whatever lies between.
 */
#define RUNS_OF_LISTED	2

static bool
is_list(const Counts *by_code, uint32_t first)
{
	uint32_t	n = by_code->n_points - first;

	return n <= GRID_POINTS &&
		sum_of(by_code->all + first, n) >= RUNS_OF_LISTED * n;
}

/*
 * A zero below numbers on a logarithmic scale, which has none, was chosen in
 * another way than they: a weight decay that is off.  Those that are on differ
 * a hundredfold, or zero is just the first of them.
 */
#define ZERO_APART_RATIO	100

static bool
has_zero_apart(const Comparison *s, const HpColumn *column, uint32_t first)
{
	return first + 2 < column->n_codes && column->numbers[first] == 0 &&
		is_logarithmic(s->env, column->numbers + first + 1,
					   column->n_codes - first - 1, ZERO_APART_RATIO);
}

/* The numbers from code `first` on; codes stand for one number each. */
static Counts
count_numbers(const Comparison *s, const HpColumn *column,
			  const Counts *by_code, uint32_t first)
{
	Grid		grid = choose_grid(s->env, column->numbers + first,
								   column->n_codes - first);
	Counts		counts = make_counts(s->env, grid.n_points);

	for (uint32_t c = first; c < column->n_codes; c++)
	{
		uint32_t	point = nearest_point(&grid, column->numbers[c]);

		hp_tick_at(s->env, c);
		counts.all[point] += by_code->all[c];
		counts.best[point] += by_code->best[c];
	}
	return counts;
}

/*
 * Codes stand for bins: the means of these tell the scale, but what lies
 * where is told by the numbers themselves.
 */
static Counts
count_exact(const Comparison *s, const HpColumn *column, uint32_t first)
{
	uint32_t	n = column->n_codes - first;
	double	   *numbers = hp_alloc(s->env, n, sizeof(double));
	Counts		counts;
	Grid		grid;

	memcpy(numbers, column->numbers + first, n * sizeof(double));
	for (uint32_t run = 0; run < s->frame->n_runs; run++)
	{
		if (hp_column_code(column, run) < first)
			continue;
		numbers[0] = fmin(numbers[0], column->exact[run]);
		numbers[n - 1] = fmax(numbers[n - 1], column->exact[run]);
	}
	grid = choose_grid(s->env, numbers, n);
	counts = make_counts(s->env, grid.n_points);
	for (uint32_t run = 0; run < s->frame->n_runs; run++)
	{
		uint32_t	point;

		hp_tick_at(s->env, run);
		if (hp_column_code(column, run) < first)
			continue;
		point = nearest_point(&grid, column->exact[run]);
		counts.all[point]++;
		counts.best[point] += run - s->first_best < s->n_best;
	}
	return counts;
}

/* ---- densities ---- */

/*
 * Of levels: each level that n runs have is a kernel of weight n with a bit
 * of all other levels, beside the flat one.
 */
static void
density_of_levels(const uint32_t *counts, uint32_t n_points, double *density)
{
	double		total = sum_of(counts, n_points) + PRIOR_WEIGHT;
	uint32_t	n_kernels = 1;
	double		elsewhere,
				whole,
				everywhere;

	for (uint32_t i = 0; i < n_points; i++)
		n_kernels += counts[i] > 0;
	elsewhere = PRIOR_WEIGHT / n_kernels;
	whole = 1 + elsewhere * n_points;
	everywhere = ((total - PRIOR_WEIGHT) * elsewhere / whole +
				  PRIOR_WEIGHT / n_points) / total;
	for (uint32_t i = 0; i < n_points; i++)
		density[i] = everywhere + counts[i] / whole / total;
}

/* The first grid point up to which there are at least, or more than, so many. */
static uint32_t
point_of_rank(const uint32_t *counts, uint32_t n_points, uint64_t rank,
			  bool more)
{
	uint64_t	up_to = 0;
	uint32_t	last = 0;

	for (uint32_t i = 0; i < n_points; i++)
	{
		up_to += counts[i];
		if (counts[i] == 0)
			continue;
		last = i;
		if (more ? up_to > rank : up_to >= rank)
			break;
	}
	return last;
}

/* Scott's rule, in grid steps; not so narrow that it falls between points. */
static double
kernel_width(const uint32_t *counts, uint32_t n_points)
{
	uint64_t	n = sum_of(counts, n_points);
	double		mean = 0;
	double		squares = 0;
	double		quartiles;

	for (uint32_t i = 0; i < n_points; i++)
		mean += (double) i * counts[i] / n;
	for (uint32_t i = 0; i < n_points; i++)
		squares += (i - mean) * (i - mean) * counts[i];
	quartiles = (double) point_of_rank(counts, n_points, n * 3 / 4, true) -
		point_of_rank(counts, n_points, n / 4, false);
	return fmax(1.059 * fmin(quartiles / 1.34,
							 sqrt(squares / (n > 2 ? n - 1.0 : 1.0))) *
				pow((double) n, -0.2),
				0.5 / 1.64);
}

/* The part of a standard normal above x. */
static double
upper_tail(double x)
{
	return 0.5 * erfc(x / sqrt(2));
}

/* Add a flat kernel: normal, centered, as wide as the grid, cut off there. */
static void
add_prior(double *density, uint32_t n_points, double weight)
{
	double		tail[GRID_POINTS + 1];
	double		center = (n_points - 1) / 2.0;

	for (uint32_t i = 0; i <= n_points; i++)
		tail[i] = upper_tail((i - 0.5 - center) / n_points);
	for (uint32_t i = 0; i < n_points; i++)
		density[i] += weight * (tail[i] - tail[i + 1]) /
			(tail[0] - tail[n_points]);
}

/*
 * Of numbers: a normal kernel at each grid point that any run has, cut off at
 * the ends of the grid.  All are of one shape: what a kernel has at distance d
 * is computed once.
 */
static void
density_of_numbers(const uint32_t *counts, uint32_t n_points, double *density)
{
	double		kernel[GRID_POINTS];
	double		width = kernel_width(counts, n_points);
	double		total = sum_of(counts, n_points) + PRIOR_WEIGHT;

	kernel[0] = 1 - 2 * upper_tail(0.5 / width);
	for (uint32_t d = 1; d < n_points; d++)
		kernel[d] = upper_tail((d - 0.5) / width) -
			upper_tail((d + 0.5) / width);
	for (uint32_t i = 0; i < n_points; i++)
		density[i] = 0;
	for (uint32_t center = 0; center < n_points; center++)
	{
		double		inside = 0;

		if (counts[center] == 0)
			continue;
		for (uint32_t i = 0; i < n_points; i++)
			inside += kernel[i < center ? center - i : i - center];
		for (uint32_t i = 0; i < n_points; i++)
			density[i] += counts[center] / total / inside *
				kernel[i < center ? center - i : i - center];
	}
	add_prior(density, n_points, PRIOR_WEIGHT / total);
}

/* ---- importance ---- */

/* What a regime adds: 0 without a choice or without any of the best. */
static double
importance_of_regime(const Comparison *s, const Counts *counts, bool numeric)
{
	uint32_t	n = counts->n_points;
	uint32_t	runs = sum_of(counts->all, n);
	uint32_t	best = sum_of(counts->best, n);
	void		(*density_of) (const uint32_t *, uint32_t, double *) =
		numeric ? density_of_numbers : density_of_levels;
	double	   *p,
			   *q;
	double		alpha = (double) best / s->n_best;
	double		beta = (double) runs / s->frame->n_runs;
	double		divergence = 0;

	if (runs < REGIME_RUNS || best == 0 || n < 2)
		return 0;
	p = hp_alloc(s->env, 2 * (size_t) n, sizeof(double));
	q = p + n;
	density_of(counts->all, n, p);
	density_of(counts->best, n, q);
	for (uint32_t i = 0; i < n; i++)
	{
		double		ratio = (q[i] + SMALLEST_DENSITY) / (p[i] + SMALLEST_DENSITY);

		divergence += (p[i] + SMALLEST_DENSITY) * (ratio - 1) * (ratio - 1);
	}
	return alpha * alpha / beta * divergence;
}

/*
 * Words among numbers: the choice of one of the codes below `first` or of a
 * number, which is one more level; that of the number comes on top.
 */
static double
importance_of_words(const Comparison *s, const Counts *by_code, uint32_t first)
{
	uint32_t	n_words = first - 1;
	uint32_t	n_numbers = by_code->n_points - first;
	Counts		levels = make_counts(s->env, first);

	for (uint32_t w = 0; w < n_words; w++)
	{
		levels.all[w] = by_code->all[w + 1];
		levels.best[w] = by_code->best[w + 1];
	}
	levels.all[n_words] = sum_of(by_code->all + first, n_numbers);
	levels.best[n_words] = sum_of(by_code->best + first, n_numbers);
	return importance_of_regime(s, &levels, false);
}

static double
importance_of_numbers(const Comparison *s, const HpColumn *column,
					  const Counts *by_code)
{
	uint32_t	first = column->n_words + 1;
	bool		list = is_list(by_code, first);
	double		importance = 0;
	Counts		counts;

	if (!list && has_zero_apart(s, column, first))
		first++;
	if (first > 1)
		importance = importance_of_words(s, by_code, first);
	if (column->n_codes - first < 2)
		return importance;
	if (list)
		counts = used_counts(s->env, by_code, first, column->n_codes);
	else if (column->exact != NULL)
		counts = count_exact(s, column, first);
	else
		counts = count_numbers(s, column, by_code, first);
	return importance + importance_of_regime(s, &counts, true);
}

static double
importance_of_column(const Comparison *s, const HpColumn *column)
{
	Counts		by_code = count_codes(s, column);
	Counts		levels;

	if (column->kind == HP_NUMERIC)
		return importance_of_numbers(s, column, &by_code);
	levels = used_counts(s->env, &by_code, 1, column->n_codes);
	return importance_of_regime(s, &levels, false);
}

double *
hp_ped_anova(const HpEnv *env, const HpFrame *frame, bool maximize,
			 double quantile)
{
	uint32_t	n_best = hp_best_runs(frame, maximize, quantile);
	Comparison		s = {
		.env = env,
		.frame = frame,
		.n_best = n_best,
		.first_best = maximize ? frame->n_runs - n_best : 0
	};
	double	   *importance;
	double		sum = 0;

	if (frame->n_runs < 2 || n_best == frame->n_runs)
		return NULL;
	importance = hp_alloc0(env, frame->n_columns, sizeof(double));
	for (uint32_t c = 0; c < frame->n_columns; c++)
		if (frame->columns[c].role == HP_PARAMETER)
		{
			importance[c] = importance_of_column(&s, &frame->columns[c]);
			sum += importance[c];
		}
	for (uint32_t c = 0; c < frame->n_columns && sum > 0; c++)
		importance[c] /= sum;
	return importance;
}
