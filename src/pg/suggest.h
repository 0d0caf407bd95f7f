/*
 * suggest.h
 *		What the next sweep should keep: the rows of hp_suggest.
 */
#ifndef HPIMP_PG_SUGGEST_H
#define HPIMP_PG_SUGGEST_H

#include "postgres.h"

#include "funcapi.h"

#include "core/suggest.h"
#include "pg/model.h"

/* One parameter that took part, and what is suggested for it. */
typedef struct Asked
{
	const ModelRow *row;
	HpTried		tried;
	HpBins		bins;
	double	   *curves;			/* [tree * bins + bin], units of target */
	HpSuggestion suggestion;
} Asked;

/* An error, with a hint, for a forest whose rows are levels. */
extern void suggest_check_encoding(bool onehot);

/* What is suggested for a parameter, those that are constant among them. */
typedef struct Suggested
{
	const ModelRow *row;
	HpAdvice	advice;
	double		low;			/* of its numbers; NaN if there are none */
	double		high;
	HpText		levels;			/* bytes NULL if there are none */
	char	   *sweep;			/* JSON; NULL if there is nothing to write */
	double		gain;			/* in units of the metric; NaN if not known */
	double		gain_stddev;
	char	   *reason;
} Suggested;

/* All of them, by importance; not of a forest whose rows are levels. */
extern Suggested *suggest(const Model *model, uint32 *n);

/* Why a forest can suggest nothing, or NULL. */
extern char *suggest_nothing(const Model *model);

extern const char *suggest_advice_name(HpAdvice advice);

extern void answer_suggest(ReturnSetInfo *result, const Model *model);

/* ---- sweep.c: values as a sweep wants them ---- */

/*
 * The JSON of what is suggested, or of the only value of a constant; NULL if
 * none of it can be written: missing, or levels pooled.
 */
extern char *sweep_of_suggestion(const Asked *asked);
extern char *sweep_of_constant(const ModelRow *row);

/* Whether the numbers kept are a range; else they are listed. */
extern bool sweep_is_range(const Asked *asked);

#endif							/* HPIMP_PG_SUGGEST_H */
