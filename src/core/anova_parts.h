/*
 * anova_parts.h
 *		What the rooms of functional ANOVA share.
 *
 *		axis.c			codes in stretches that no split parts
 *		anova.c			a tree as a sum of steps; main effects, marginals
 *		interaction.c	pairs
 *		sweep_row.h		values that rise by spans, for the pairs
 */
#ifndef HPIMP_ANOVA_PARTS_H
#define HPIMP_ANOVA_PARTS_H

#include "anova.h"

/* ---- axis.c ---- */

/*
 * The codes of one feature as a tree sees them: in n stretches, the codes of
 * which go the same way at every split.
 */
typedef struct HpAxis
{
	uint32_t	n;
	double		scale;			/* from weights to shares of the measure */
	size_t		words;			/* where its codes begin, of all features' */
	size_t		place;			/* likewise its stretches and their end */
} HpAxis;

/* The axes of all features. */
typedef struct HpAxes
{
	const HpEnv *env;
	const HpFeature *features;
	uint32_t	n_features;
	double	   *const *below;	/* by feature and code */
	HpAxis	   *axis;			/* by feature */
	uint64_t   *parted;			/* bit c: the codes c - 1 and c are parted */
	uint32_t   *rank;			/* by word of parted: bits before */
	size_t		n_words;
	double	   *weight;			/* by place: of the codes below it */
	uint32_t   *start;			/* by place: the first code */
	size_t		n_places;
	size_t		cap_places;
} HpAxes;

/* Stretches lo .. hi - 1 of an axis. */
typedef struct HpSpan
{
	uint32_t	lo;
	uint32_t	hi;
} HpSpan;

extern void hp_axes_init(HpAxes *axes, const HpEnv *env,
						 const HpFeature *features, uint32_t n_features,
						 double *const *below);

/* Part codes as the splits of a tree do. */
extern void hp_axes_read(HpAxes *axes, const HpTree *tree);

/* Numeric: the number of stretches that go left. */
extern uint32_t hp_axes_cut(const HpAxes *axes, const HpNode *node);

/*
 * Categorical: the stretches a node lists, as spans, ascending and apart;
 * returns how many.  There is room for as many as hp_axes_most_spans() says.
 */
extern uint32_t hp_axes_listed(const HpAxes *axes, const HpTree *tree,
							   const HpNode *node, HpSpan *spans);
extern uint32_t hp_axes_most_spans(const HpAxes *axes);

static inline double
hp_axes_share(const HpAxes *axes, uint32_t feature, HpSpan span)
{
	const HpAxis *axis = &axes->axis[feature];
	const double *weight = axes->weight + axis->place;

	return (weight[span.hi] - weight[span.lo]) * axis->scale;
}

/* ---- anova.c ---- */

/*
 * Where a node lies along the feature that its parent splits.  Of a numeric
 * feature it is one span; of a category there may be more.
 */
typedef struct HpRegion
{
	HpSpan		span;			/* the first; lo = hi if there is nothing */
	uint32_t	more;			/* the others, of the spans of all nodes */
	uint32_t	n_more;
	double		share;			/* of the feature's measure */
} HpRegion;

/*
 * What a split adds: left to the predictions in the left child, right to those
 * in the right one, such that the mean over both is 0.  Both are weighed
 * already by the share of the node along all other features.
 */
typedef struct HpStep
{
	double		left;
	double		right;
	double		others;			/* share along features other than its own */
	double		left_of_both;	/* share of the left child in the node */
	uint32_t	region;			/* of the node along its own feature */
} HpStep;

/* A node on the way from the root to the node at hand. */
typedef struct HpAnovaStop
{
	uint32_t	node;
	uint32_t	children;		/* that were gone to */
} HpAnovaStop;

typedef struct HpPairer HpPairer;

struct HpAnova
{
	const HpEnv *env;
	HpAxes		axes;
	uint32_t	n_features;

	/* of the tree at hand */
	const HpTree *tree;
	uint32_t	cap_nodes;
	HpRegion   *regions;		/* by node; behind them by feature all of it */
	HpStep	   *steps;			/* by node that is split */
	double	   *mean;			/* by node: prediction */
	double	   *reach;			/* by node: see anova.c */
	uint32_t   *nowhere;
	HpSpan	   *spans;			/* of categories */
	size_t		n_spans;
	size_t		cap_spans;
	HpSpan	   *listed;
	double	   *effect;			/* by place: main effect of a stretch */
	size_t		cap_places;
	double		variance;

	/* of a walk */
	HpAnovaStop *way;
	uint32_t   *region_of;		/* by feature: of the node at hand */
	uint16_t   *path;			/* features split above it, each once */

	HpPairer   *pairer;			/* scratch memory of interaction.c */
};

/* Nodes that are split, from the root down, the left child first. */
typedef struct HpAnovaWalk
{
	HpAnova    *anova;
	uint32_t	n_way;
	uint32_t	n_path;
	uint32_t	visits;
} HpAnovaWalk;

extern HpAnovaWalk hp_anova_walk(HpAnova *anova);

/* The next node; region_of and path are then those of it. */
extern bool hp_anova_walk_next(HpAnovaWalk *walk, uint32_t *node);

#endif							/* HPIMP_ANOVA_PARTS_H */
