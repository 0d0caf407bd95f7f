/*
 * redundancy.h
 *		Parameters that were moved together.
 *
 * No importance can tell parameters apart that always changed together: a user
 * has to know before reading the importances.
 */
#ifndef HPIMP_REDUNDANCY_H
#define HPIMP_REDUNDANCY_H

#include "frame.h"

typedef enum HpRelation
{
	HP_TOGETHER = 1,			/* each value of one goes with one of the other */
	HP_DETERMINED = 2,			/* a value of the other leaves no choice */
	HP_FOLLOWS = 3				/* it leaves next to none */
} HpRelation;

typedef struct HpRelated
{
	HpRelation	relation;
	uint32_t	other;			/* column */
	double		strength;		/* share of the variance that the other explains,
								 * in [HP_FOLLOWS_FROM, 1] */
} HpRelated;

/* As much is explained by a number with a rank correlation of .95. */
#define HP_FOLLOWS_FROM		0.9

/*
 * Relations told of a column: the closest kind first, then the strongest.
 * HP_FOLLOWS is told of one that has no other.
 */
#define HP_MOST_RELATED		3

typedef struct HpRelations
{
	uint32_t	n;
	HpRelated	related[HP_MOST_RELATED];
} HpRelations;

/*
 * How each column goes with others.  HP_TOGETHER and HP_DETERMINED hold for
 * every run, missing being a value; HP_FOLLOWS is measured over the runs that
 * have both, so that a parent does not seem to move what it switches on, and
 * is told of a column that hardly ever goes without the other.
 * What so few runs would show by chance is not told.  Beyond 600 columns only
 * pairs that are near by name are looked at.
 */
extern HpRelations *hp_redundancy(const HpEnv *env, const HpFrame *frame);

#endif							/* HPIMP_REDUNDANCY_H */
