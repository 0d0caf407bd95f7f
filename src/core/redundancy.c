/*
 * redundancy.c
 *		Parameters that were moved together, and columns that are none.
 *
 *	  same partition of the runs?  one hash a column, then run by run
 *	  a function of another?	   run by run, until the first that denies it
 *	  nearly so?				   measured on a sample, then on all runs
 *
 * Pairs are many and most have nothing to do with each other, which a few runs
 * show.  Only what stands there is looked at in all runs, so 200 columns cost
 * little more than reading each of them a few times.
 */
#include <math.h>

#include "order.h"
#include "redundancy.h"
#include "rng.h"

/* Runs of a column that pairs are tried on, and those a measure needs. */
#define SAMPLE_RUNS		500
#define FEWEST_RUNS		20

/* What moves a column is there in so many of its runs. */
#define PRESENT_TOO		0.9

/* A pair is measured in all runs if the sample shows this much of it. */
#define PROMISING		0.8

/* So many pairs, the best, are looked at in all runs for each column. */
#define MOST_TRIES		4

/*
 * A column explains others by its levels if these have so many runs on
 * average; numbers are levels if they are few or have twice as many.
 */
#define RUNS_PER_LEVEL	10

/*
 * Of many columns each is tried on those next to it by name only, so that all
 * pairs together look at so many runs: a second's work.
 */
#define MOST_LOOKS		400000000

/* One false alarm in so many studies of as many columns, at most. */
#define RARELY			1000

/* What is known of a column that takes part. */
typedef struct Side
{
	const HpColumn *column;
	uint32_t	first;			/* codes from here on are values to compare */
	uint32_t	n_blocks;		/* values that runs have, missing being one */
	bool		numeric;
	bool		groups;			/* levels with many runs each */
	bool		coarse;			/* codes stand for more than one value */
	bool		many;			/* numbers, too many to be levels */
	uint64_t	partition;		/* hash of which runs share a value */
	uint64_t	order;			/* hash of the order of the values, the same for
								 * rising and falling */
	uint32_t   *rank_of;		/* by code: twice the rank that its runs share */
	uint32_t   *sample;			/* runs that have it, evenly spaced */
	uint32_t	n_sample;
	uint32_t	n_present;
} Side;

/* A pair that is worth a look. */
typedef struct Try
{
	uint32_t	other;
	double		strength;
} Try;

/* What the steps of one hp_redundancy() share. */
typedef struct Finder
{
	const HpEnv *env;
	const HpFrame *frame;
	Side	   *sides;			/* by column; column NULL if it takes no part */
	uint32_t   *groups;			/* columns that can explain, fewest blocks first */
	uint32_t	n_groups;
	uint32_t	chance;			/* ceil(log2(RARELY * pairs)) */
	uint32_t	reach;			/* columns a column is tried on */

	/* scratch of HP_MAX_CODES */
	uint32_t   *image;			/* of a code of one column in another */
	uint64_t   *mark;			/* of a code whether counted from below or above */
	uint32_t   *stamp;			/* image, mark and sum hold where this is now */
	uint32_t	now;
	uint32_t   *count;
	uint32_t   *count_other;
	double	   *sum;
	uint32_t   *rank;
	uint32_t   *rank_other;
	uint32_t   *cells;			/* MOST_CELLS, all 0 */
} Finder;

/* Cells of a table of two categories. */
#define MOST_CELLS		(1 << 18)

static inline uint32_t
code_of(const Side *side, uint32_t run)
{
	return hp_column_code(side->column, run);
}

static inline bool
takes_part(const Side *side)
{
	return side->column != NULL;
}

/* A new round: no code has an image or a sum. */
static void
clear_stamps(Finder *f)
{
	if (++f->now == 0)
	{
		memset(f->stamp, 0, HP_MAX_CODES * sizeof(uint32_t));
		f->now = 1;
	}
}

/* ---- what is known of each column ---- */

static inline uint64_t
add_to_hash(uint64_t hash, uint64_t item)
{
	return hp_mix64(hash * UINT64_C(0x9e3779b97f4a7c15) + item);
}

/* The same for a number counted from below and from above. */
static inline uint64_t
mark_of(const Side *side, uint32_t code)
{
	uint32_t	below = code - side->first;
	uint32_t	above = side->column->n_codes - 1 - code;

	return code < side->first ? code : hp_mix64(below) + hp_mix64(above);
}

/*
 * Values are numbered as they first appear: columns that part the runs alike
 * have the same numbers, whatever their values are.
 */
static void
hash_column(Finder *f, Side *side)
{
	uint64_t	partition = 0;
	uint64_t	order = 0;
	uint32_t	seen = 0;

	clear_stamps(f);
	for (uint32_t run = 0; run < f->frame->n_runs; run++)
	{
		uint32_t	code = code_of(side, run);

		if (run % 65536 == 0)
			hp_tick(f->env);
		if (f->stamp[code] != f->now)
		{
			f->stamp[code] = f->now;
			f->image[code] = seen++;
			f->mark[code] = mark_of(side, code);
		}
		partition = add_to_hash(partition, f->image[code]);
		order = add_to_hash(order, f->mark[code]);
	}
	side->partition = partition;
	side->order = order;
	side->n_blocks = seen;
}

/*
 * Twice the rank that the runs of each value share, by counting: codes of
 * numbers are in order.  Returns how many runs there are.
 */
static uint32_t
rank_codes(const Side *side, const uint32_t *count, uint32_t *rank_of)
{
	uint32_t	before = 0;

	for (uint32_t c = side->first; c < side->column->n_codes; c++)
	{
		rank_of[c] = before + 1 + before + count[c];
		before += count[c];
	}
	return before;
}

static void
rank_column(Finder *f, Side *side)
{
	uint32_t	n_codes = side->column->n_codes;

	memset(f->count, 0, n_codes * sizeof(uint32_t));
	for (uint32_t run = 0; run < f->frame->n_runs; run++)
		f->count[code_of(side, run)]++;
	side->rank_of = hp_alloc(f->env, n_codes, sizeof(uint32_t));
	side->n_present = rank_codes(side, f->count, side->rank_of);
}

static void
take_sample(Finder *f, Side *side)
{
	uint32_t	n = side->n_present;
	uint32_t	taken = n < SAMPLE_RUNS ? n : SAMPLE_RUNS;
	uint32_t	at = 0;

	side->sample = hp_alloc(f->env, taken, sizeof(uint32_t));
	for (uint32_t run = 0; run < f->frame->n_runs && side->n_sample < taken; run++)
	{
		if (code_of(side, run) < side->first)
			continue;
		if (at++ == (uint64_t) side->n_sample * n / taken)
			side->sample[side->n_sample++] = run;
	}
}

static void
look_at_column(Finder *f, const HpColumn *column, Side *side)
{
	uint32_t	distinct = column->distinct - column->n_words;

	if (column->role != HP_PARAMETER)
		return;
	hp_tick(f->env);
	side->column = column;
	side->first = column->kind == HP_NUMERIC ? column->n_words + 1 : 1;
	side->numeric = column->kind == HP_NUMERIC;
	side->coarse = column->binned || column->pooled;
	side->many = side->numeric && distinct > HP_FEW_VALUES &&
		(uint64_t) distinct * RUNS_PER_LEVEL * 2 > column->runs;
	hash_column(f, side);
	hp_tick(f->env);
	rank_column(f, side);
	take_sample(f, side);
	side->groups = !side->coarse && column->n_words == 0 &&
		!side->many && (uint64_t) distinct * RUNS_PER_LEVEL <= column->runs;
}

/* The columns that can explain others, those with the fewest blocks first. */
static void
list_groups(Finder *f)
{
	uint32_t	n = 0;
	HpSortItem *items = hp_alloc(f->env, f->frame->n_columns,
								 sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(f->env, f->frame->n_columns,
								   sizeof(HpSortItem));

	for (uint32_t c = 0; c < f->frame->n_columns; c++)
		if (takes_part(&f->sides[c]) && f->sides[c].groups)
			items[n++] = (HpSortItem) {f->sides[c].n_blocks, c};
	hp_sort(f->env, items, scratch, n);
	f->groups = hp_alloc(f->env, n, sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
		f->groups[i] = items[i].index;
	f->n_groups = n;
}

/* ---- chance ---- */

/*
 * Whether runs can be given values with these counts in more than 2^limit
 * ways: the product of the binomial coefficients that choose the runs of each
 * value among those left.
 */
static bool
has_more_ways(const uint32_t *count, uint32_t n_codes, uint32_t first,
			  uint64_t limit)
{
	const double large = 0x1p512;
	uint64_t	left = 0;
	uint64_t	exponent = 0;
	double		ways = 1;

	for (uint32_t c = first; c < n_codes; c++)
		left += count[c];
	for (uint32_t c = first; c < n_codes; c++)
	{
		uint64_t	chosen = count[c] < left - count[c] ?
			count[c] : left - count[c];

		/* every factor is at least 1 */
		for (uint64_t i = 1; i <= chosen; i++)
		{
			ways *= (double) (left - i + 1) / (double) i;
			if (ways >= large)
			{
				ways /= large;
				exponent += 512;
			}
			if (exponent > limit ||
				(limit - exponent < 512 &&
				 ways > ldexp(1, (int) (limit - exponent))))
				return true;
		}
		left -= count[c];
	}
	return false;
}

/* Runs by code of either column, over the runs that have both. */
static void
count_both(Finder *f, const Side *a, const Side *b)
{
	memset(f->count, 0, a->column->n_codes * sizeof(uint32_t));
	memset(f->count_other, 0, b->column->n_codes * sizeof(uint32_t));
	hp_tick(f->env);
	for (uint32_t run = 0; run < f->frame->n_runs; run++)
	{
		uint32_t	code_a = code_of(a, run);
		uint32_t	code_b = code_of(b, run);

		if (code_a < a->first || code_b < b->first)
			continue;
		f->count[code_a]++;
		f->count_other[code_b]++;
	}
}

static uint32_t
count_used(const uint32_t *count, uint32_t n_codes)
{
	uint32_t	used = 0;

	for (uint32_t c = 0; c < n_codes; c++)
		used += count[c] > 0;
	return used;
}

/*
 * Whether it is no accident that a is a function of b.  Were its values dealt
 * out at random, each way being as likely, at most levels(a)^levels(b) of them
 * would be functions.
 */
static bool
is_no_accident(Finder *f, const Side *a, const Side *b)
{
	uint64_t	functions;

	count_both(f, a, b);
	functions = (uint64_t) hp_bits_of(count_used(f->count, a->column->n_codes)) *
		count_used(f->count_other, b->column->n_codes);
	return has_more_ways(f->count, a->column->n_codes, a->first,
						 f->chance + functions);
}

/* The same if a few runs deny it; twice the bits make up for these. */
static bool
is_hardly_accident(Finder *f, const Side *a, const Side *b)
{
	count_both(f, a, b);
	return has_more_ways(f->count, a->column->n_codes, a->first,
						 2 * (uint64_t) f->chance) &&
		has_more_ways(f->count_other, b->column->n_codes, b->first,
					  2 * (uint64_t) f->chance);
}

/* Whether so many values in one order, or its reverse, are no accident. */
static bool
is_no_accidental_order(const Finder *f, uint32_t values)
{
	double		orders = 0.5;

	for (uint32_t i = 2; i <= values; i++)
	{
		orders *= i;
		if (orders > ldexp(1, (int) f->chance))
			return true;
	}
	return false;
}

/* ---- together: the same partition ---- */

/* Whether a's values are a function of b's in the runs given (NULL: in all). */
static bool
is_function(Finder *f, const Side *a, const Side *b, const uint32_t *runs,
			uint32_t n)
{
	clear_stamps(f);
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	run = runs != NULL ? runs[i] : i;
		uint32_t	code_a = code_of(a, run);
		uint32_t	code_b = code_of(b, run);

		if (f->stamp[code_b] != f->now)
		{
			f->stamp[code_b] = f->now;
			f->image[code_b] = code_a;
		}
		else if (f->image[code_b] != code_a)
			return false;
	}
	return true;
}

/* Whether the numbers of a rise or fall with those of b, all else the same. */
static bool
is_monotone(const Finder *f, const Side *a, const Side *b)
{
	uint32_t	last = a->column->n_codes - 1;
	bool		same = true;
	bool		reverse = true;

	if (a->column->n_codes != b->column->n_codes || a->first != b->first)
		return false;
	for (uint32_t run = 0; run < f->frame->n_runs && (same || reverse); run++)
	{
		uint32_t	code_a = code_of(a, run);
		uint32_t	code_b = code_of(b, run);

		same &= code_a == code_b;
		reverse &= code_a < a->first ? code_a == code_b :
			code_a - a->first == last - code_b;
	}
	return same || reverse;
}

static bool
is_same_parameter(const Side *a, const Side *b)
{
	HpText		x = a->column->parameter;
	HpText		y = b->column->parameter;

	return hp_text_compare(x.bytes, x.length, y.bytes, y.length) == 0;
}

/*
 * Whether two columns part the runs alike, to all appearance.  Many numbers
 * tell runs apart like any other many numbers, and yet a tree tells them from
 * each other: by their order.
 */
static inline bool
are_alike(const Side *a, const Side *b)
{
	return a->partition == b->partition && a->n_blocks == b->n_blocks &&
		!a->coarse && !b->coarse &&
		(!(a->many && b->many) || a->order == b->order);
}

static bool
is_together(Finder *f, const Side *a, const Side *b)
{
	if (!are_alike(a, b) || is_same_parameter(a, b))
		return false;
	hp_tick(f->env);
	if (a->numeric && b->numeric && is_monotone(f, a, b) &&
		is_no_accidental_order(f, a->column->n_codes - a->first))
		return true;
	return !(a->many && b->many) &&
		is_function(f, a, b, NULL, f->frame->n_runs) &&
		is_no_accident(f, a, b);
}

static void
add_related(HpRelations *relations, HpRelation relation, uint32_t other,
			double strength)
{
	if (relations->n < HP_MOST_RELATED)
		relations->related[relations->n++] =
			(HpRelated) {relation, other, strength};
}

/* The columns of one partition, by number. */
static void
relate_partition(Finder *f, const HpSortItem *items, uint32_t n,
				 HpRelations *relations)
{
	for (uint32_t i = 0; i < n; i++)
	{
		HpRelations *mine = &relations[items[i].index];

		uint32_t	first = i > f->reach / 2 ? i - f->reach / 2 : 0;

		hp_tick(f->env);
		for (uint32_t j = first; j < n && j - first <= f->reach &&
			 mine->n < HP_MOST_RELATED; j++)
			if (j != i && is_together(f, &f->sides[items[i].index],
									  &f->sides[items[j].index]))
				add_related(mine, HP_TOGETHER, items[j].index, 1);
	}
}

static void
find_together(Finder *f, HpRelations *relations)
{
	uint32_t	n = 0;
	HpSortItem *items = hp_alloc(f->env, f->frame->n_columns,
								 sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(f->env, f->frame->n_columns,
								   sizeof(HpSortItem));

	for (uint32_t c = 0; c < f->frame->n_columns; c++)
		if (takes_part(&f->sides[c]))
			items[n++] = (HpSortItem) {f->sides[c].partition, c};
	hp_sort(f->env, items, scratch, n);
	for (uint32_t first = 0, end; first < n; first = end)
	{
		for (end = first + 1; end < n; end++)
			if (items[end].key != items[first].key)
				break;
		relate_partition(f, items + first, end - first, relations);
	}
}

/* ---- determined: a function of another ---- */

/* The column with the fewest values that leaves this one no choice. */
static void
find_determining(Finder *f, uint32_t column, HpRelations *relations)
{
	const Side *a = &f->sides[column];
	uint32_t	tries = 0;

	if (a->coarse || a->column->distinct < 2)
		return;
	for (uint32_t i = 0; i < f->n_groups && i < f->reach &&
		 tries < MOST_TRIES; i++)
	{
		const Side *b = &f->sides[f->groups[i]];

		if (i % 256 == 0)
			hp_tick(f->env);
		if (b->n_blocks <= a->n_blocks || is_same_parameter(a, b) ||
			!is_function(f, a, b, a->sample, a->n_sample) ||
			!is_function(f, a, b, b->sample, b->n_sample))
			continue;
		tries++;
		if (is_function(f, a, b, NULL, f->frame->n_runs) &&
			is_no_accident(f, a, b))
		{
			add_related(relations, HP_DETERMINED, f->groups[i], 1);
			return;
		}
	}
}

/* ---- follows: measures ---- */

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
has_both(const Side *a, const Side *b, uint32_t run)
{
	return code_of(a, run) >= a->first && code_of(b, run) >= b->first;
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
deviation(const Side *side, const uint32_t *rank_of, uint32_t run)
{
	return (double) rank_of[code_of(side, run)] - side->n_present;
}

/* rho^2: the square of Spearman's correlation, if ranks are of these runs. */
static double
share_by_rank(const Side *a, const uint32_t *rank_a, const Side *b,
			  const uint32_t *rank_b, const Runs *runs)
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
share_by_group(Finder *f, const Side *a, const uint32_t *rank_a,
			   const Side *b, const Runs *runs)
{
	double		sum = 0;
	double		squares = 0;
	double		between = 0;
	uint32_t	n = 0;
	uint32_t	n_groups = 0;

	clear_stamps(f);
	for (uint32_t i = 0; i < runs->n; i++)
	{
		uint32_t	run = nth_run(runs, i);
		uint32_t	group = code_of(b, run);
		double		x;

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
share_of_levels(Finder *f, const Side *a, const Side *b, const Runs *runs)
{
	uint32_t	width = a->column->n_codes;
	uint32_t	n_groups = 0;
	uint32_t	n = 0;
	double		marginal = 0;
	double		within = 0;

	if ((uint64_t) width * b->column->n_codes > MOST_CELLS)
		return 0;
	memset(f->count, 0, width * sizeof(uint32_t));
	memset(f->count_other, 0, b->column->n_codes * sizeof(uint32_t));
	memset(f->sum, 0, b->column->n_codes * sizeof(double));
	for (uint32_t i = 0; i < runs->n; i++)
	{
		uint32_t	run = nth_run(runs, i);
		uint32_t	level = code_of(a, run);
		uint32_t	group = code_of(b, run);

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

		f->cells[code_of(b, run) * width + code_of(a, run)] = 0;
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
share_explained(Finder *f, const Side *a, const uint32_t *rank_a,
				const Side *b, const uint32_t *rank_b, const Runs *runs)
{
	double		share = 0;

	if (!a->numeric)
		return b->groups ? share_of_levels(f, a, b, runs) : 0;
	if (b->numeric)
		share = share_by_rank(a, rank_a, b, rank_b, runs);
	if (b->groups)
		share = fmax(share, share_by_group(f, a, rank_a, b, runs));
	return share;
}

/* ---- follows: the search ---- */

/* On the sample of the column that fewer runs have. */
static double
share_in_sample(Finder *f, const Side *a, const Side *b)
{
	const Side *rarer = a->n_present <= b->n_present ? a : b;
	Runs		runs = {rarer->sample, rarer->n_sample};

	return share_explained(f, a, a->rank_of, b, b->rank_of, &runs);
}

static double
share_in_all(Finder *f, const Side *a, const Side *b)
{
	Runs		runs = {NULL, f->frame->n_runs};

	/* counts the runs that have both */
	if (!is_hardly_accident(f, a, b) ||
		rank_codes(a, f->count, f->rank) < PRESENT_TOO * a->n_present)
		return 0;
	rank_codes(b, f->count_other, f->rank_other);
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
	if (place == MOST_TRIES)
		return;
	if (*n < MOST_TRIES)
		(*n)++;
	for (uint32_t i = *n - 1; i > place; i--)
		tries[i] = tries[i - 1];
	tries[place] = (Try) {other, strength};
}

static bool
is_alike_found(const Finder *f, const Try *found, uint32_t n, uint32_t column)
{
	for (uint32_t i = 0; i < n; i++)
		if (are_alike(&f->sides[column], &f->sides[found[i].other]))
			return true;
	return false;
}

static void
find_followed(Finder *f, uint32_t column, HpRelations *relations)
{
	const Side *a = &f->sides[column];
	Try			promising[MOST_TRIES];
	Try			found[MOST_TRIES];
	uint32_t	n_promising = 0;
	uint32_t	n_found = 0;
	uint32_t	first = column > f->reach / 2 ? column - f->reach / 2 : 0;

	if (relations->n > 0)
		return;					/* what holds without exception says it all */
	for (uint32_t c = first; c < f->frame->n_columns && c - first <= f->reach;
		 c++)
	{
		const Side *b = &f->sides[c];
		double		share;

		if (c == column || !takes_part(b) || is_same_parameter(a, b) ||
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
		add_related(relations, HP_FOLLOWS, found[i].other, found[i].strength);
}

/* ---- all of it ---- */

static Finder *
make_finder(const HpEnv *env, const HpFrame *frame)
{
	Finder	   *f = hp_alloc0(env, 1, sizeof(Finder));
	uint64_t	n = 0;

	f->env = env;
	f->frame = frame;
	f->image = hp_alloc(env, HP_MAX_CODES, sizeof(uint32_t));
	f->mark = hp_alloc(env, HP_MAX_CODES, sizeof(uint64_t));
	f->stamp = hp_alloc0(env, HP_MAX_CODES, sizeof(uint32_t));
	f->count = hp_alloc(env, HP_MAX_CODES, sizeof(uint32_t));
	f->count_other = hp_alloc(env, HP_MAX_CODES, sizeof(uint32_t));
	f->sum = hp_alloc(env, HP_MAX_CODES, sizeof(double));
	f->rank = hp_alloc(env, HP_MAX_CODES, sizeof(uint32_t));
	f->rank_other = hp_alloc(env, HP_MAX_CODES, sizeof(uint32_t));
	f->cells = hp_alloc0(env, MOST_CELLS, sizeof(uint32_t));
	f->sides = hp_alloc0(env, frame->n_columns, sizeof(Side));
	for (uint32_t c = 0; c < frame->n_columns; c++)
	{
		look_at_column(f, &frame->columns[c], &f->sides[c]);
		n += takes_part(&f->sides[c]);
	}
	f->chance = hp_bits_of(RARELY * n * n);
	f->reach = (uint32_t) (MOST_LOOKS / SAMPLE_RUNS / (n > 0 ? n : 1));
	list_groups(f);
	return f;
}

HpRelations *
hp_redundancy(const HpEnv *env, const HpFrame *frame)
{
	HpRelations *relations = hp_alloc0(env, frame->n_columns,
									   sizeof(HpRelations));
	Finder	   *f = make_finder(env, frame);

	find_together(f, relations);
	for (uint32_t c = 0; c < frame->n_columns; c++)
		if (takes_part(&f->sides[c]))
		{
			find_determining(f, c, &relations[c]);
			find_followed(f, c, &relations[c]);
		}
	return relations;
}

/* ---- no settings ---- */

/* Fewer runs than this tell nothing of a whole column. */
#define DISGUISE_RUNS	HP_IDENTIFIER_RUNS

/* A count with gaps has each integer of a range at least half the time. */
#define COUNTER_RUNS	30
#define COUNTER_GAPS	2

/* From 2000 to 2100, ten years at most, in seconds. */
#define CLOCK_FIRST		946684800.0
#define CLOCK_LAST		4102444800.0
#define CLOCK_SPAN		315576000.0

static bool
has_integers_only(const HpFrame *frame, const HpColumn *column)
{
	uint32_t	first = column->n_words + 1;

	for (uint32_t c = first; c < column->n_codes; c++)
		if (column->numbers[c] != floor(column->numbers[c]))
		{
			if (column->exact == NULL)
				return false;
			break;				/* the mean of a bin need be none */
		}
	for (uint32_t run = 0; column->exact != NULL && run < frame->n_runs; run++)
		if (column->exact[run] != floor(column->exact[run]) &&
			hp_column_code(column, run) >= first)
			return false;
	return true;
}

/* Integers drawn at random would do so in one of 2,700 columns, at most. */
static bool
is_counter(const HpFrame *frame, const HpColumn *column,
		   const HpDescription *d)
{
	double		range = d->maximum - d->minimum + 1;

	if (column->n_words > 0 || column->distinct < column->runs ||
		!has_integers_only(frame, column))
		return false;
	return range == column->runs ||
		(column->runs >= COUNTER_RUNS &&
		 range <= COUNTER_GAPS * (double) column->runs);
}

static bool
is_clock(const HpDescription *d, double second)
{
	return d->minimum >= CLOCK_FIRST * second &&
		d->maximum <= CLOCK_LAST * second &&
		d->maximum - d->minimum <= CLOCK_SPAN * second;
}

HpDisguise
hp_disguise(const HpFrame *frame, const HpColumn *column,
			const HpDescription *description)
{
	if (column->role != HP_PARAMETER || column->kind != HP_NUMERIC ||
		description->pairs < DISGUISE_RUNS)
		return HP_SETTING;
	/* what is measured differs from run to run, what is set comes back */
	if (2 * (uint64_t) column->distinct < column->runs)
		return HP_SETTING;
	if (fabs(description->spearman) >= HP_OUTCOME_FROM)
		return HP_OUTCOME;
	if (is_counter(frame, column, description))
		return HP_COUNTER;
	if (is_clock(description, 1) || is_clock(description, 1000))
		return HP_CLOCK;
	return HP_SETTING;
}
