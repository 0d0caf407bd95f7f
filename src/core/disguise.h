/*
 * disguise.h
 *		Columns that are no settings, by the look of their values.
 *
 * A column that repeats the metric leaves nothing to the others, and numbers of
 * runs and times of day go along with whatever else changed in time: a user has
 * to know before reading the importances.
 */
#ifndef HPIMP_DISGUISE_H
#define HPIMP_DISGUISE_H

#include "describe.h"

/* What a numeric column may be instead of a setting. */
typedef enum HpDisguise
{
	HP_SETTING = 0,				/* nothing speaks against it */
	HP_OUTCOME = 1,				/* has (nearly) the order of the metric */
	HP_COUNTER = 2,				/* integers (nearly) without gaps, each once */
	HP_CLOCK = 3				/* times of day as seconds or milliseconds */
} HpDisguise;

/* An outcome has at least this rank correlation with the metric. */
#define HP_OUTCOME_FROM		0.98

extern HpDisguise hp_disguise(const HpFrame *frame, const HpColumn *column,
							  const HpDescription *description);

#endif							/* HPIMP_DISGUISE_H */
