/*
 * describe.h
 *		What can be said of a parameter without a forest.
 */
#ifndef HPIMP_DESCRIBE_H
#define HPIMP_DESCRIBE_H

#include "frame.h"

/* Numbers that are not defined are NaN. */
typedef struct HpDescription
{
	uint64_t	pairs;			/* runs with a number: those correlated */
	double		minimum;		/* of the numbers */
	double		maximum;
	double		pearson;		/* value against metric; false 0, true 1 */
	double		p_value;		/* of pearson, two-sided */
	double		spearman;
	double		spearman_p_value;
	double		eta2;			/* of a category or boolean: correlation ratio of
								 * the metric over its levels, missing being
								 * one; in [0, 1] */
} HpDescription;

/*
 * Describe a column; one that takes no part (constant, identifier) has
 * nothing but NaN, a constant number excepted: minimum and maximum.
 */
extern HpDescription hp_describe(const HpEnv *env, const HpFrame *frame,
								 const HpColumn *column);

/* The metric as a whole. */
typedef struct HpMetric
{
	double		minimum;		/* NaN if there are no runs */
	double		median;
	double		maximum;
	double		mean;
	double		stddev;			/* sample; NaN for one run, or if too large */
	uint32_t	extremes;		/* so few runs make ... */
	double		share;			/* ... this share of its variance, >= 0.9 */
} HpMetric;

/*
 * Describe the metric.  extremes is the smallest number of runs, those
 * furthest from the mean, that make 90 % of its sum of squares.
 */
extern HpMetric hp_describe_metric(const HpFrame *frame);

/* One level of a category or boolean, or "missing", or a word. */
typedef struct HpLevelDescription
{
	uint32_t	code;			/* 0 = missing */
	uint32_t	runs;			/* > 0 */
	double		mean;			/* of the metric */
	double		stddev;			/* sample; NaN for one run */
	double		correlation;	/* of "is this level" with the metric, over all
								 * runs; NaN if all runs have it */
	double		p_value;
} HpLevelDescription;

/*
 * The levels of a column that runs have, by code; *n of them.  For a numeric
 * column these are its words and "missing".
 */
extern HpLevelDescription *hp_describe_levels(const HpEnv *env,
											  const HpFrame *frame,
											  const HpColumn *column,
											  uint32_t *n);

#endif							/* HPIMP_DESCRIBE_H */
