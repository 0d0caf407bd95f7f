/*
 * split.h
 *		The best binary split of a node: a histogram per feature.
 *
 * A node is a stretch of samples.  For each feature the targets of the node
 * are summed per code; the occupied codes, in order, are then the candidate
 * split points, all of them.  Nothing is sorted but the levels of a category.
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

/* A run drawn into the bootstrap sample of a tree. */
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
	double		score;			/* reduction of the sum of squares / W: see
								 * split.c; < 0 if there is no split */
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

/* Scratch memory for one grower. */
typedef struct HpSplitter
{
	const HpEnv *env;
	const HpFeature *features;
	uint32_t	min_samples_leaf;
	HpBin	   *bins;			/* all zero between calls */
	uint64_t   *occupied;		/* bitmap over codes, likewise */
	uint64_t   *summary;		/* bitmap over words of occupied, likewise */
	HpLevel    *levels;			/* the codes that occur */
	HpLevel    *scratch;		/* as many more */
} HpSplitter;

extern void hp_splitter_init(HpSplitter *splitter, const HpEnv *env,
							 const HpFeature *features, uint32_t n_features,
							 uint32_t min_samples_leaf);

/*
 * Find the best split of samples[0 .. n) by feature, n >= 2.  Returns false
 * if the feature has one code in all of them.  split->score is -1 if no split
 * leaves min_samples_leaf samples on either side.
 */
extern bool hp_best_split(HpSplitter *splitter, uint32_t feature,
						  const HpSample *samples, uint32_t n,
						  const HpSums *total, HpSplit *split);

/*
 * The levels of a categorical feature in samples[0 .. n), by mean target;
 * they lie in the splitter's scratch memory.
 */
extern HpLevel *hp_order_levels(HpSplitter *splitter, uint32_t feature,
								const HpSample *samples, uint32_t n,
								uint32_t *n_levels);

/*
 * The best split of n levels that are in order, the first of them going left;
 * score -1 if there is none.
 */
extern void hp_split_levels(const HpSplitter *splitter, uint32_t feature,
							const HpLevel *levels, uint32_t n,
							const HpSums *total, HpSplit *split);

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

/*
 * The samples by code of a feature, those of one code in their order:
 * order[i] = code << 16 | index.  n <= 65536.
 */
extern void hp_order_samples(HpSplitter *splitter, uint32_t feature,
							 const HpSample *samples, uint32_t n,
							 uint32_t *order);

static inline uint32_t
hp_feature_code(const HpFeature *feature, uint32_t run)
{
	return feature->wide ? ((const uint16_t *) feature->codes)[run] :
		((const uint8_t *) feature->codes)[run];
}

#endif							/* HPIMP_SPLIT_H */
