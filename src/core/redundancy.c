/*
 * redundancy.c
 *		Parameters that were moved together.
 *
 *	  same partition of the runs?  one hash a column, then run by run
 *	  a function of another?	   run by run, until the first that denies it
 *	  nearly so?				   follows.c
 *
 * Pairs are many and most have nothing to do with each other, which a few runs
 * show.  Only what stands there is looked at in all runs, so 200 columns cost
 * little more than reading each of them a few times.
 */
#include <math.h>

#include "order.h"
#include "redundancy_parts.h"
#include "rng.h"

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

/* ---- what is known of each column ---- */

static inline uint64_t
add_to_hash(uint64_t hash, uint64_t item)
{
	return hp_mix64(hash * UINT64_C(0x9e3779b97f4a7c15) + item);
}

/* The same for a number counted from below and from above. */
static inline uint64_t
mark_of(const HpSide *side, uint32_t code)
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
hash_column(HpFinder *f, HpSide *side)
{
	uint64_t	partition = 0;
	uint64_t	order = 0;
	uint32_t	seen = 0;

	hp_clear_stamps(f);
	for (uint32_t run = 0; run < f->frame->n_runs; run++)
	{
		uint32_t	code = hp_side_code(side, run);

		hp_tick_at(f->env, run);
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
uint32_t
hp_rank_codes(const HpSide *side, const uint32_t *count, uint32_t *rank_of)
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
rank_column(HpFinder *f, HpSide *side)
{
	uint32_t	n_codes = side->column->n_codes;

	memset(f->count, 0, n_codes * sizeof(uint32_t));
	for (uint32_t run = 0; run < f->frame->n_runs; run++)
	{
		hp_tick_at(f->env, run);
		f->count[hp_side_code(side, run)]++;
	}
	side->rank_of = hp_alloc(f->env, n_codes, sizeof(uint32_t));
	side->n_present = hp_rank_codes(side, f->count, side->rank_of);
}

static void
take_sample(HpFinder *f, HpSide *side)
{
	uint32_t	n = side->n_present;
	uint32_t	taken = n < HP_SAMPLE_RUNS ? n : HP_SAMPLE_RUNS;
	uint32_t	at = 0;

	side->sample = hp_alloc(f->env, taken, sizeof(uint32_t));
	for (uint32_t run = 0;
		 run < f->frame->n_runs && side->n_sample < taken; run++)
	{
		hp_tick_at(f->env, run);
		if (hp_side_code(side, run) < side->first)
			continue;
		if (at++ == (uint64_t) side->n_sample * n / taken)
			side->sample[side->n_sample++] = run;
	}
}

static void
look_at_column(HpFinder *f, const HpColumn *column, HpSide *side)
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
list_groups(HpFinder *f)
{
	uint32_t	n = 0;
	HpSortItem *items = hp_alloc(f->env, f->frame->n_columns,
								 sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(f->env, f->frame->n_columns,
								   sizeof(HpSortItem));

	for (uint32_t c = 0; c < f->frame->n_columns; c++)
		if (hp_takes_part(&f->sides[c]) && f->sides[c].groups)
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
count_both(HpFinder *f, const HpSide *a, const HpSide *b)
{
	memset(f->count, 0, a->column->n_codes * sizeof(uint32_t));
	memset(f->count_other, 0, b->column->n_codes * sizeof(uint32_t));
	hp_tick(f->env);
	for (uint32_t run = 0; run < f->frame->n_runs; run++)
	{
		uint32_t	code_a = hp_side_code(a, run);
		uint32_t	code_b = hp_side_code(b, run);

		hp_tick_at(f->env, run);
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
is_no_accident(HpFinder *f, const HpSide *a, const HpSide *b)
{
	uint64_t	functions;

	count_both(f, a, b);
	functions = (uint64_t) hp_bits_of(count_used(f->count, a->column->n_codes)) *
		count_used(f->count_other, b->column->n_codes);
	return has_more_ways(f->count, a->column->n_codes, a->first,
						 f->chance + functions);
}

/* The same if a few runs deny it; twice the bits make up for these. */
bool
hp_is_hardly_accident(HpFinder *f, const HpSide *a, const HpSide *b)
{
	count_both(f, a, b);
	return has_more_ways(f->count, a->column->n_codes, a->first,
						 2 * (uint64_t) f->chance) &&
		has_more_ways(f->count_other, b->column->n_codes, b->first,
					  2 * (uint64_t) f->chance);
}

/* Whether so many values in one order, or its reverse, are no accident. */
static bool
is_no_accidental_order(const HpFinder *f, uint32_t values)
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
is_function(HpFinder *f, const HpSide *a, const HpSide *b, const uint32_t *runs,
			uint32_t n)
{
	hp_clear_stamps(f);
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	run = runs != NULL ? runs[i] : i;
		uint32_t	code_a = hp_side_code(a, run);
		uint32_t	code_b = hp_side_code(b, run);

		hp_tick_at(f->env, i);
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
is_monotone(const HpFinder *f, const HpSide *a, const HpSide *b)
{
	uint32_t	last = a->column->n_codes - 1;
	bool		same = true;
	bool		reverse = true;

	if (a->column->n_codes != b->column->n_codes || a->first != b->first)
		return false;
	for (uint32_t run = 0; run < f->frame->n_runs && (same || reverse); run++)
	{
		uint32_t	code_a = hp_side_code(a, run);
		uint32_t	code_b = hp_side_code(b, run);

		hp_tick_at(f->env, run);
		same &= code_a == code_b;
		reverse &= code_a < a->first ? code_a == code_b :
			code_a - a->first == last - code_b;
	}
	return same || reverse;
}

bool
hp_is_same_parameter(const HpSide *a, const HpSide *b)
{
	HpText		x = a->column->parameter;
	HpText		y = b->column->parameter;

	return hp_text_compare(x.bytes, x.length, y.bytes, y.length) == 0;
}

static bool
is_together(HpFinder *f, const HpSide *a, const HpSide *b)
{
	if (!hp_are_alike(a, b) || hp_is_same_parameter(a, b))
		return false;
	hp_tick(f->env);
	if (a->numeric && b->numeric && is_monotone(f, a, b) &&
		is_no_accidental_order(f, a->column->n_codes - a->first))
		return true;
	return !(a->many && b->many) &&
		is_function(f, a, b, NULL, f->frame->n_runs) &&
		is_no_accident(f, a, b);
}

void
hp_add_related(HpRelations *relations, HpRelation relation, uint32_t other,
			double strength)
{
	if (relations->n < HP_MOST_RELATED)
		relations->related[relations->n++] =
			(HpRelated) {relation, other, strength};
}

/* The columns of one partition, by number. */
static void
relate_partition(HpFinder *f, const HpSortItem *items, uint32_t n,
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
				hp_add_related(mine, HP_TOGETHER, items[j].index, 1);
	}
}

static void
find_together(HpFinder *f, HpRelations *relations)
{
	uint32_t	n = 0;
	HpSortItem *items = hp_alloc(f->env, f->frame->n_columns,
								 sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(f->env, f->frame->n_columns,
								   sizeof(HpSortItem));

	for (uint32_t c = 0; c < f->frame->n_columns; c++)
		if (hp_takes_part(&f->sides[c]))
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
find_determining(HpFinder *f, uint32_t column, HpRelations *relations)
{
	const HpSide *a = &f->sides[column];
	uint32_t	tries = 0;

	if (a->coarse || a->column->distinct < 2)
		return;
	for (uint32_t i = 0; i < f->n_groups && i < f->reach &&
		 tries < HP_MOST_TRIES; i++)
	{
		const HpSide *b = &f->sides[f->groups[i]];

		if (i % 256 == 0)
			hp_tick(f->env);
		if (b->n_blocks <= a->n_blocks || hp_is_same_parameter(a, b) ||
			!is_function(f, a, b, a->sample, a->n_sample) ||
			!is_function(f, a, b, b->sample, b->n_sample))
			continue;
		tries++;
		if (is_function(f, a, b, NULL, f->frame->n_runs) &&
			is_no_accident(f, a, b))
		{
			hp_add_related(relations, HP_DETERMINED, f->groups[i], 1);
			return;
		}
	}
}

/* ---- all of it ---- */

static HpFinder *
make_finder(const HpEnv *env, const HpFrame *frame)
{
	HpFinder	   *f = hp_alloc0(env, 1, sizeof(HpFinder));
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
	f->cells = hp_alloc0(env, HP_MOST_CELLS, sizeof(uint32_t));
	f->sides = hp_alloc0(env, frame->n_columns, sizeof(HpSide));
	for (uint32_t c = 0; c < frame->n_columns; c++)
	{
		look_at_column(f, &frame->columns[c], &f->sides[c]);
		n += hp_takes_part(&f->sides[c]);
	}
	f->chance = hp_bits_of(RARELY * n * n);
	f->reach = (uint32_t) (MOST_LOOKS / HP_SAMPLE_RUNS / (n > 0 ? n : 1));
	list_groups(f);
	return f;
}

HpRelations *
hp_redundancy(const HpEnv *env, const HpFrame *frame)
{
	HpRelations *relations = hp_alloc0(env, frame->n_columns,
									   sizeof(HpRelations));
	HpFinder	   *f = make_finder(env, frame);

	find_together(f, relations);
	for (uint32_t c = 0; c < frame->n_columns; c++)
		if (hp_takes_part(&f->sides[c]))
		{
			find_determining(f, c, &relations[c]);
			hp_find_followed(f, c, &relations[c]);
		}
	return relations;
}
