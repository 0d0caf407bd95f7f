/*
 * follows.c
 *		Parameters that another leaves next to no choice.
 *
 * How much of a column's variance another explains is measured on a sample of
 * the runs first; the few pairs that stand out there are measured on all.
 */
#include <math.h>

#include "redundancy_parts.h"

/* A measure needs so many runs. */
#define FEWEST_RUNS		20

/* What moves a column is there in so many of its runs. */
#define PRESENT_TOO		0.9

/* A pair is measured in all runs if the sample shows this much of it. */
#define PROMISING		0.8

/* A pair that is worth a look. */
typedef struct Try
{
	uint32_t	other;
	double		strength;
} Try;

/* ---- measures ---- */

/* Runs to measure a pair on: n of them, or all if runs is NULL. */
typedef struct Runs
{
	const uint32_t *runs;
	uint32_t	n;
} Runs;

static inline uint32_t
nth_run(const Runs *runs, uint32_t i)
{
	return runs->runs != NULL ? runs->runs[i] : i;
}

static inline bool
has_both(const HpSide *a, const HpSide *b, uint32_t run)
{
	return hp_side_code(a, run) >= a->first && hp_side_code(b, run) >= b->first;
}

/* A share that groups explain, less what as many would by chance. */
static double
adjust(double share, uint32_t n, uint32_t n_groups)
{
	if (n < FEWEST_RUNS || n < 2 * n_groups)
		return 0;
	return fmax(0, 1 - (1 - share) * (n - 1.0) / (n - n_groups));
}

/* What measures add up of ranks; twice their deviation, to be exact. */
static inline double
deviation(const HpSide *side, const uint32_t *rank_of, uint32_t run)
{
	return (double) rank_of[hp_side_code(side, run)] - side->n_present;
}

/* rho^2: the square of Spearman's correlation, if ranks are of these runs. */
static double
share_by_rank(const HpEnv *env, const HpSide *a, const uint32_t *rank_a,
			  const HpSide *b, const uint32_t *rank_b, const Runs *runs)
{
	double		sum_a = 0,
				sum_b = 0,
				squares_a = 0,
				squares_b = 0,
				products = 0;
	uint32_t	n = 0;
	double		spread;

	for (uint32_t i = 0; i < runs->n; i++)
	{
		uint32_t	run = nth_run(runs, i);
		double		x,
					y;

		hp_tick_at(env, i);
		if (!has_both(a, b, run))
			continue;
		x = deviation(a, rank_a, run);
		y = deviation(b, rank_b, run);
		sum_a += x;
		sum_b += y;
		squares_a += x * x;
		squares_b += y * y;
		products += x * y;
		n++;
	}
	if (n < FEWEST_RUNS)
		return 0;
	products -= sum_a * sum_b / n;
	spread = (squares_a - sum_a * sum_a / n) * (squares_b - sum_b * sum_b / n);
	return spread > 0 ? fmin(1, products * products / spread) : 0;
}

/* eta^2: the share of the variance of a's ranks between the groups of b. */
static double
share_by_group(HpFinder *f, const HpSide *a, const uint32_t *rank_a,
			   const HpSide *b, const Runs *runs)
{
	double		sum = 0;
	double		squares = 0;
	double		between = 0;
	uint32_t	n = 0;
	uint32_t	n_groups = 0;

	hp_clear_stamps(f);
	for (uint32_t i = 0; i < runs->n; i++)
	{
		uint32_t	run = nth_run(runs, i);
		uint32_t	group = hp_side_code(b, run);
		double		x;

		hp_tick_at(f->env, i);
		if (!has_both(a, b, run))
			continue;
		if (f->stamp[group] != f->now)
		{
			f->stamp[group] = f->now;
			f->sum[group] = 0;
			f->count[group] = 0;
			n_groups++;
		}
		x = deviation(a, rank_a, run);
		f->sum[group] += x;
		f->count[group]++;
		sum += x;
		squares += x * x;
		n++;
	}
	for (uint32_t c = b->first; c < b->column->n_codes; c++)
		if (f->stamp[c] == f->now)
			between += f->sum[c] * f->sum[c] / f->count[c];
	squares -= n > 0 ? sum * sum / n : 0;
	between -= n > 0 ? sum * sum / n : 0;
	return squares > 0 ? adjust(fmin(1, between / squares), n, n_groups) : 0;
}

/*
 * Goodman and Kruskal's tau: the same of categories, the variance being the
 * chance that two runs differ.
 *
 *		  sum over cells n_ab^2 / n_b  -  sum over a n_a^2 / n
 *	tau = ----------------------------------------------------
 *					  n - sum over a n_a^2 / n
 *
 * Squares grow with each run that is counted: (m + 1)^2 = m^2 + 2 m + 1.
 */
static double
share_of_levels(HpFinder *f, const HpSide *a, const HpSide *b, const Runs *runs)
{
	uint32_t	width = a->column->n_codes;
	uint32_t	n_groups = 0;
	uint32_t	n = 0;
	double		marginal = 0;
	double		within = 0;

	if ((uint64_t) width * b->column->n_codes > HP_MOST_CELLS)
		return 0;
	memset(f->count, 0, width * sizeof(uint32_t));
	memset(f->count_other, 0, b->column->n_codes * sizeof(uint32_t));
	memset(f->sum, 0, b->column->n_codes * sizeof(double));
	for (uint32_t i = 0; i < runs->n; i++)
	{
		uint32_t	run = nth_run(runs, i);
		uint32_t	level = hp_side_code(a, run);
		uint32_t	group = hp_side_code(b, run);

		hp_tick_at(f->env, i);
		if (!has_both(a, b, run))
			continue;
		f->sum[group] += 2.0 * f->cells[group * width + level]++ + 1;
		marginal += 2.0 * f->count[level]++ + 1;
		f->count_other[group]++;
		n++;
	}
	for (uint32_t i = 0; i < runs->n; i++)	/* leave them all 0 */
	{
		uint32_t	run = nth_run(runs, i);

		f->cells[hp_side_code(b, run) * width + hp_side_code(a, run)] = 0;
	}
	for (uint32_t c = b->first; c < b->column->n_codes; c++)
		if (f->count_other[c] > 0)
		{
			within += f->sum[c] / f->count_other[c];
			n_groups++;
		}
	if (n == 0 || !(n - marginal / n > 0))
		return 0;
	return adjust((within - marginal / n) / (n - marginal / n), n, n_groups);
}

/* How much of a's variance b explains in these runs; 0 if it is not defined. */
static double
share_explained(HpFinder *f, const HpSide *a, const uint32_t *rank_a,
				const HpSide *b, const uint32_t *rank_b, const Runs *runs)
{
	double		share = 0;

	if (!a->numeric)
		return b->groups ? share_of_levels(f, a, b, runs) : 0;
	if (b->numeric)
		share = share_by_rank(f->env, a, rank_a, b, rank_b, runs);
	if (b->groups)
		share = fmax(share, share_by_group(f, a, rank_a, b, runs));
	return share;
}

/* ---- the search ---- */

/* On the sample of the column that fewer runs have. */
static double
share_in_sample(HpFinder *f, const HpSide *a, const HpSide *b)
{
	const HpSide *rarer = a->n_present <= b->n_present ? a : b;
	Runs		runs = {rarer->sample, rarer->n_sample};

	return share_explained(f, a, a->rank_of, b, b->rank_of, &runs);
}

static double
share_in_all(HpFinder *f, const HpSide *a, const HpSide *b)
{
	Runs		runs = {NULL, f->frame->n_runs};

	/* counts the runs that have both */
	if (!hp_is_hardly_accident(f, a, b) ||
		hp_rank_codes(a, f->count, f->rank) < PRESENT_TOO * a->n_present)
		return 0;
	hp_rank_codes(b, f->count_other, f->rank_other);
	hp_tick(f->env);
	return share_explained(f, a, f->rank, b, f->rank_other, &runs);
}

/* Put a pair among the best ones so far; of two as good the first stays. */
static void
keep_best(Try *tries, uint32_t *n, uint32_t other, double strength)
{
	uint32_t	place = *n;

	while (place > 0 && tries[place - 1].strength < strength)
		place--;
	if (place == HP_MOST_TRIES)
		return;
	if (*n < HP_MOST_TRIES)
		(*n)++;
	for (uint32_t i = *n - 1; i > place; i--)
		tries[i] = tries[i - 1];
	tries[place] = (Try) {other, strength};
}

static bool
is_alike_found(const HpFinder *f, const Try *found, uint32_t n, uint32_t column)
{
	for (uint32_t i = 0; i < n; i++)
		if (hp_are_alike(&f->sides[column], &f->sides[found[i].other]))
			return true;
	return false;
}

void
hp_find_followed(HpFinder *f, uint32_t column, HpRelations *relations)
{
	const HpSide *a = &f->sides[column];
	Try			promising[HP_MOST_TRIES];
	Try			found[HP_MOST_TRIES];
	uint32_t	n_promising = 0;
	uint32_t	n_found = 0;
	uint32_t	first = column > f->reach / 2 ? column - f->reach / 2 : 0;

	if (relations->n > 0)
		return;					/* what holds without exception says it all */
	for (uint32_t c = first; c < f->frame->n_columns && c - first <= f->reach;
		 c++)
	{
		const HpSide *b = &f->sides[c];
		double		share;

		if (c == column || !hp_takes_part(b) || hp_is_same_parameter(a, b) ||
			b->n_present < PRESENT_TOO * a->n_present)
			continue;
		if (c % 64 == 0)
			hp_tick(f->env);
		share = share_in_sample(f, a, b);
		if (share >= PROMISING)
			keep_best(promising, &n_promising, c, share);
	}
	for (uint32_t i = 0; i < n_promising; i++)
	{
		double		share = share_in_all(f, a, &f->sides[promising[i].other]);

		/* of others that are together one is enough */
		if (share >= HP_FOLLOWS_FROM &&
			!is_alike_found(f, found, n_found, promising[i].other))
			keep_best(found, &n_found, promising[i].other, share);
	}
	for (uint32_t i = 0; i < n_found; i++)
		hp_add_related(relations, HP_FOLLOWS, found[i].other, found[i].strength);
}
