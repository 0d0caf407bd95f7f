/*
 * suggest.h
 *		What the next sweep should keep of what was tried of a parameter.
 *
 * The values of a parameter are put into bins, and each tree of a forest says
 * what metric it expects of a bin when the other parameters are drawn as they
 * were in the runs: its marginal curve.  (A tree and its second are one here:
 * their curves add up.)  Trees are grown on samples, bootstrap ones or
 * halves, so that the spread of a difference over trees tells how far the data
 * determine it.
 *
 *		hp_tried_bins(tried) ──▶ curves, by the caller ──▶ hp_suggest()
 */
#ifndef HPIMP_SUGGEST_H
#define HPIMP_SUGGEST_H

#include "coding.h"

/* What was tried of a parameter; codes are those of coding.h. */
typedef struct HpTried
{
	HpKind		kind;
	bool		fill;			/* gaps were filled: missing is no value */
	uint32_t	n_codes;
	uint32_t	n_words;
	const double *numbers;		/* by code; NULL if categorical */
	double		minimum;		/* of the numbers */
	double		maximum;
	const uint32_t *runs_of;	/* by code */
	const uint32_t *best_of;	/* by code: the best runs among them */
} HpTried;

/* ---- tried.c ---- */

/* Whether a code stands for itself alone, not for a number among others. */
extern bool hp_tried_is_level(const HpTried *tried, uint32_t code);

/* Whether all numbers are whole, and written exactly by a double. */
extern bool hp_tried_integers(const HpTried *tried);

/* Whether numbers of such a range are likely to be meant on a log scale. */
static inline bool
hp_tried_log_scale(const HpTried *tried)
{
	return tried->minimum > 0 && tried->maximum / 100 >= tried->minimum;
}

/*
 * Round a bound outwards to as few digits as move it by little: by the range
 * that it bounds, and on a log scale by itself.
 */
extern double hp_tried_round(const HpTried *tried, double x, double range,
							 bool upward);

/* Numbers of more distinct values are taken as so many quantiles. */
#define HP_FEW_NUMBERS	12
#define HP_MOST_BINS	20

/*
 * Bins of values that runs have.  First come the levels, a code each and in no
 * order: missing where it is a value, words, truth values.  The rest are
 * stretches of numbers, ascending.
 */
typedef struct HpBins
{
	uint32_t	n;
	uint32_t	n_levels;
	bool		few;			/* each bin of numbers is one value */
	uint32_t   *first;			/* by bin: its codes */
	uint32_t   *last;
	uint32_t   *runs;			/* > 0 */
	uint32_t   *best;			/* the best runs among them */
} HpBins;

extern HpBins hp_tried_bins(const HpEnv *env, const HpTried *tried);

/* ---- suggest.c ---- */

typedef enum HpAdvice
{
	HP_NARROW = 1,				/* some of it can be dropped */
	HP_EXTEND = 2,				/* the best lies at an end: try beyond it */
	HP_KEEP = 3,				/* nothing can be dropped */
	HP_FREEZE = 4				/* it does not matter: take one value */
} HpAdvice;

/* What the trees say, in units of the caller's. */
typedef struct HpCurves
{
	uint32_t	n_trees;		/* 0 if nothing is known */
	const double *values;		/* [tree * bins + bin]: the metric expected */
	double		metric_stddev;	/* of the runs */
	bool		maximize;		/* large metrics are good */
} HpCurves;

typedef struct HpSuggestion
{
	HpAdvice	advice;
	bool	   *kept;			/* by bin; when frozen, that of the one value */
	uint32_t	best;			/* the bin of the best mean; UINT32_MAX without
								 * trees */
	uint32_t	frozen;			/* the code to freeze at, observed */
	bool		upward;			/* of HP_EXTEND: beyond the largest number */
	double		low;			/* of the numbers kept, rounded outwards if they */
	double		high;			/* are a range; NaN if there are none */
	double		gain;			/* by how much the mean of the metric gets
								 * better when only what is kept is drawn; NaN
								 * without trees */
	double		gain_stddev;	/* over trees; NaN for fewer than two */
} HpSuggestion;

/*
 * Suggest.  matters is what is known from importances.  A parameter that does
 * not matter is frozen if the trees agree on no difference either: one that
 * spoils everything hides what others do where it does not.
 */
extern HpSuggestion hp_suggest(const HpEnv *env, const HpTried *tried,
							   const HpBins *bins, const HpCurves *curves,
							   bool matters);

#endif							/* HPIMP_SUGGEST_H */
