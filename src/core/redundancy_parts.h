/*
 * redundancy_parts.h
 *		What the rooms that look for redundancy share.
 *
 *		redundancy.c	what is known of each column; relations without exception
 *		follows.c		relations with a few
 */
#ifndef HPIMP_REDUNDANCY_PARTS_H
#define HPIMP_REDUNDANCY_PARTS_H

#include <string.h>

#include "redundancy.h"

/* Runs of a column that pairs are tried on. */
#define HP_SAMPLE_RUNS	500

/* So many pairs, the best, are looked at in all runs for each column. */
#define HP_MOST_TRIES	4

/* Cells of a table of two categories. */
#define HP_MOST_CELLS	(1 << 18)

/* What is known of a column that takes part. */
typedef struct HpSide
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
} HpSide;

/* What the steps of one hp_redundancy() share. */
typedef struct HpFinder
{
	const HpEnv *env;
	const HpFrame *frame;
	HpSide	   *sides;			/* by column; column NULL if it takes no part */
	uint32_t   *groups;			/* columns that can explain, fewest blocks first */
	uint32_t	n_groups;
	uint32_t	chance;			/* ceil(log2(rarely * pairs)) */
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
	uint32_t   *cells;			/* HP_MOST_CELLS, all 0 */
} HpFinder;

static inline uint32_t
hp_side_code(const HpSide *side, uint32_t run)
{
	return hp_column_code(side->column, run);
}

static inline bool
hp_takes_part(const HpSide *side)
{
	return side->column != NULL;
}

/* A new round: no code has an image or a sum. */
static inline void
hp_clear_stamps(HpFinder *f)
{
	if (++f->now == 0)
	{
		memset(f->stamp, 0, HP_MAX_CODES * sizeof(uint32_t));
		f->now = 1;
	}
}

/* ---- redundancy.c ---- */

/*
 * Twice the rank that the runs of each code share, of the runs counted by code;
 * how many these are.
 */
extern uint32_t hp_rank_codes(const HpSide *side, const uint32_t *count,
							  uint32_t *rank_of);

/*
 * Whether that b leaves next to no choice to a would be no accident, a few
 * denying it; counts the runs that have both.
 */
extern bool hp_is_hardly_accident(HpFinder *f, const HpSide *a,
								  const HpSide *b);

extern bool hp_is_same_parameter(const HpSide *a, const HpSide *b);

/*
 * Whether two columns part the runs alike, to all appearance.  Many numbers
 * tell runs apart like any other many numbers, and yet a tree tells them from
 * each other: by their order.
 */
static inline bool
hp_are_alike(const HpSide *a, const HpSide *b)
{
	return a->partition == b->partition && a->n_blocks == b->n_blocks &&
		!a->coarse && !b->coarse &&
		(!(a->many && b->many) || a->order == b->order);
}

extern void hp_add_related(HpRelations *relations, HpRelation relation,
						   uint32_t other, double strength);

/* ---- follows.c ---- */

/*
 * What a column nearly follows from, if nothing is said of it yet: measured on
 * a sample, then on all runs.
 */
extern void hp_find_followed(HpFinder *f, uint32_t column,
							 HpRelations *relations);

#endif							/* HPIMP_REDUNDANCY_PARTS_H */
