/*
 * frame.h
 *		The coded data set a forest is trained on.
 *
 * A frame holds the runs column by column as small integer codes, in an
 * order that depends on their content alone: columns by name, runs by metric
 * and then by their codes.  Two studies with the same runs, however ordered
 * or merged, give the same frame, bit for bit.
 */
#ifndef HPIMP_FRAME_H
#define HPIMP_FRAME_H

#include "association.h"
#include "coding.h"

/* What becomes of a run that does not have a parameter. */
typedef enum HpMissing
{
	HP_MISSING_VALUE = 1,		/* "missing" is a value of its own, below all
								 * numbers; a level of its own */
	HP_MISSING_FILL = 2			/* gaps that other parameters explain are
								 * filled by random observed values, afresh in
								 * each tree; others are a value of their own */
} HpMissing;

typedef struct HpColumn
{
	HpText		name;
	HpText		parameter;		/* name, but of one-hot rows the parameter */
	HpText		level;			/* of a one-hot row; bytes NULL otherwise */
	bool		level_missing;	/* the one-hot row of missing values */
	HpKind		kind;
	HpRole		role;
	bool		binned;
	bool		pooled;
	bool		fill;			/* gaps are explained by other parameters */
	bool		wide;			/* codes are uint16_t, else uint8_t */
	uint32_t	runs;			/* that have the parameter */
	uint32_t	distinct;		/* values that differ, missing not counted */
	HpText		only;			/* the one value, if there is just one */
	uint32_t	n_codes;		/* see HpCoding; 0 unless role is PARAMETER */
	uint32_t	n_words;
	double	   *numbers;
	HpText	   *labels;
	void	   *codes;			/* one per run; NULL unless role is PARAMETER */
	double	   *exact;			/* the numbers one per run where codes stand for
								 * bins, else NULL */
} HpColumn;

typedef struct HpFrame
{
	uint32_t	n_runs;
	uint32_t	n_columns;
	HpColumn   *columns;
	double	   *metric;			/* n_runs, ascending */
	HpMoments	moments;		/* of the metric */

	/*
	 * The metric in fixed point: metric = center + unit * target, up to
	 * rounding, with |target| <= 2^47, or less for more than 16,384 runs, so
	 * that sums over as many draws as there are runs fit int64, those of
	 * differences of two targets too.  Integer sums are exact, so they
	 * depend on no order and differences of sums lose nothing.
	 */
	int64_t    *target;
	double		center;
	double		unit;			/* 0 if the metric is constant */
} HpFrame;

typedef struct HpFrameOptions
{
	const bool *as_category;	/* by input: numbers are levels; NULL = none */
	bool		onehot;			/* a 0/1 column per level, named parameter_level,
								 * and parameter_NAN */
} HpFrameOptions;

/*
 * Build a frame from n_inputs parameters over n_runs runs with finite
 * metrics.  Names of inputs must differ.  The frame points to texts of the
 * inputs.  n_runs <= HP_MAX_RUNS; the columns that result (more than inputs
 * when one-hot) must not exceed HP_MAX_COLUMNS, else NULL is returned.
 */
extern HpFrame *hp_frame_build(const HpEnv *env, const HpInput *inputs,
							   uint32_t n_inputs, const double *metric,
							   uint32_t n_runs,
							   const HpFrameOptions *options);

static inline uint32_t
hp_column_code(const HpColumn *column, uint32_t run)
{
	return column->wide ? ((const uint16_t *) column->codes)[run] :
		((const uint8_t *) column->codes)[run];
}

#endif							/* HPIMP_FRAME_H */
