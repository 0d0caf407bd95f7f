/*
 * split.h
 *		What a binary split of a node is worth, and the best one by one feature.
 */
#ifndef HPIMP_SPLIT_H
#define HPIMP_SPLIT_H

#include "frame.h"
#include "rng.h"

/* A column as trees see it: in one tree its gaps may be filled. */
typedef struct HpFeature
{
	const void *codes;			/* one per run */
	const double *numbers;		/* by code, for the threshold between two */
	uint32_t	n_codes;
	uint32_t	n_words;		/* codes up to here are no numbers */
	bool		wide;
	bool		categorical;
} HpFeature;

/*
 * Features of so few codes are looked at by a histogram however few samples
 * there are.
 */
#define HP_FEW_CODES	32

static inline bool
hp_has_few_codes(const HpFeature *feature)
{
	return !feature->wide && feature->n_codes <= HP_FEW_CODES;
}

/* A run drawn into the sample of a tree. */
typedef struct HpSample
{
	int64_t		target;
	uint32_t	run;
	uint32_t	weight;			/* how often it was drawn, > 0 */
} HpSample;

/* Sums over a set of samples. */
typedef struct HpSums
{
	int64_t		target;			/* of weight * target */
	uint32_t	weight;
	uint32_t	samples;
} HpSums;

typedef struct HpSplit
{
	double		score;			/* hp_score(); < 0 if there is no split */
	uint32_t	feature;
	uint32_t	low;			/* numeric: the last code of the node left, */
	uint32_t	high;			/* the first right; categorical: so many
								 * levels, by mean, go left */
	HpSums		left;
} HpSplit;

typedef struct HpBin
{
	int64_t		target;			/* sum of weight * target */
	uint64_t	count;			/* samples << 32 | weight */
} HpBin;

#define HP_COUNT_OF(weight)	((UINT64_C(1) << 32) + (weight))

/* A code that occurs in the node, and the sums of its samples. */
typedef struct HpLevel
{
	HpBin		bin;
	double		mean;			/* of the target; categories only */
	uint32_t	code;
} HpLevel;

/*
 * A node as scores see it: targets are taken about the mean, rounded to an
 * integer so that sums stay exact.
 */
typedef struct HpTotal
{
	int64_t		mean;
	int64_t		target;			/* what rounding leaves */
	double		rest;			/* the same a draw: mean + rest is exact */
	uint32_t	weight;
	uint32_t	samples;
	uint32_t	min_samples_leaf;
} HpTotal;

extern HpTotal hp_total(const HpSums *sums, uint32_t min_samples_leaf);

/*
 * The score of a split: the reduction of the sum of squares without the
 * factor weight, which is the same for all splits of a node.  left_target is
 * the sum of weight * (target - mean) that goes left.  The same to the bit
 * whichever side is the left.
 */
static inline double
hp_score(const HpTotal *total, int64_t left_target, uint32_t left_weight)
{
	uint32_t	right_weight = total->weight - left_weight;
	double		left = (double) left_target - left_weight * total->rest;
	double		right = (double) (left_target - total->target) +
		right_weight * total->rest;
	double		square = left * right;

	/* rounding must not make it negative */
	return (square > 0 ? square : 0) / ((double) left_weight * right_weight);
}

/*
 * Whether a split scores less than floor, told without a division: false if
 * that is less sure than rounding allows.
 */
static inline bool
hp_falls_short(const HpTotal *total, int64_t left_target, uint32_t left_weight,
			   double floor)
{
	double		d = (double) left_target - left_weight * total->rest;

	return d * d < floor * (1 - 1e-9) *
		((double) left_weight * (total->weight - left_weight));
}

/* Scratch memory for one grower. */
typedef struct HpSplitter
{
	const HpEnv *env;
	const HpFeature *features;
	HpBin	   *bins;			/* all zero between calls */
	uint64_t   *occupied;		/* bitmap over codes, likewise */
	uint64_t   *summary;		/* bitmap over words of occupied, likewise */
	HpLevel    *levels;			/* the codes that occur */
	HpLevel    *scratch;		/* as many more */
} HpSplitter;

extern void hp_splitter_init(HpSplitter *splitter, const HpEnv *env,
							 const HpFeature *features, uint32_t n_features);

/*
 * The codes of a feature that occur in samples[0 .. n), ascending, and their
 * sums, into splitter->levels; returns how many.
 */
extern uint32_t hp_collect_levels(HpSplitter *splitter, uint32_t feature,
								  const HpSample *samples, uint32_t n);

/* The same from bins by code that hold the sums already. */
extern uint32_t hp_levels_of_bins(HpSplitter *splitter, const HpBin *bins,
								  uint32_t n_codes);

/*
 * The best split of a node by a feature that occurs with n >= 2 levels in
 * it: numeric levels ascending, categorical ones by mean, the first of them
 * going left.  Only splits that score at least floor are looked for: if there
 * is none, or none that leaves min_samples_leaf samples on either side,
 * split->score is -1.  Of equal ones the first is taken.
 */
extern void hp_split_levels(const HpSplitter *splitter, uint32_t feature,
							const HpLevel *levels, uint32_t n,
							const HpTotal *total, double floor,
							HpSplit *split);

/*
 * Whether some cut of a numeric feature may score at least floor, by its sums
 * over stretches of codes: true if in doubt, or if all lies in one stretch.
 * lowest and highest are the targets that occur in the node.
 */
extern bool hp_stretches_may_reach(const HpBin *bins, uint32_t n,
								   const HpTotal *total, int64_t lowest,
								   int64_t highest, double floor);

/* Set the means of levels and sort by them: hp_sort_levels. */
extern HpLevel *hp_levels_by_mean(HpLevel *levels, HpLevel *scratch,
								  uint32_t n);

/*
 * Sort levels by mean, stably: those that tie stay as they are.  The result
 * lies in levels or in scratch.
 */
extern HpLevel *hp_sort_levels(HpLevel *levels, HpLevel *scratch, uint32_t n);

/*
 * The last code that lies left of a threshold halfway between the codes low
 * and high of the node.  A split after a word or missing falls right behind
 * it.
 */
extern uint32_t hp_halfway_code(const HpFeature *feature, uint32_t low,
								uint32_t high);

static inline uint32_t
hp_feature_code(const HpFeature *feature, uint32_t run)
{
	return feature->wide ? ((const uint16_t *) feature->codes)[run] :
		((const uint8_t *) feature->codes)[run];
}

#endif							/* HPIMP_SPLIT_H */
