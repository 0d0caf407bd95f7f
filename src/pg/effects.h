/*
 * effects.h
 *		What parameters do alone and in pairs, by functional ANOVA of the trees
 *		that a forest keeps.
 */
#ifndef HPIMP_EFFECTS_H
#define HPIMP_EFFECTS_H

#include "postgres.h"

#include "funcapi.h"

#include "core/anova.h"
#include "pg/model.h"

/* Whether there are trees to be asked; an error if they were not kept. */
extern bool effects_has_trees(const Model *model);

/* What takes the trees of a model apart. */
extern HpAnova *effects_anova(const Model *model);

/*
 * Take apart the next tree that was grown on the metric itself, false at the
 * end; and the second one that follows it, false if none does.
 */
extern bool effects_next_tree(ModelTrees *trees, HpAnova *anova);
extern bool effects_next_second(ModelTrees *trees, HpAnova *anova);

/* A row of hp_interactions: a parameter, or a pair of them. */
typedef struct Effect
{
	HpText		name;
	HpText		with;			/* bytes NULL if alone */
	double		share;
	double		stddev;
} Effect;

/* A row of hp_marginal, in units of the metric. */
typedef struct EffectPoint
{
	double		number;			/* NaN: a level */
	HpText		level;
	double		mean;
	double		stddev;			/* over trees; NaN of fewer than two */
	uint32		runs;
	uint32		code;
} EffectPoint;

/* What the metric is at each value of a parameter: numbers ascending, levels. */
typedef struct EffectCurve
{
	const ModelRow *row;
	uint32		n;
	EffectPoint *points;
} EffectCurve;

/*
 * The curves of some features, and the effects of all, sorted; the trees, which
 * there must be, are gone through once.
 */
extern EffectCurve *effects_overview(const Model *model,
									 const uint32 *features, uint32 n,
									 Effect **effects, size_t *n_effects);

/* Rows of hp_interactions, sorted. */
extern void answer_interactions(ReturnSetInfo *result, const Model *model);

/* Rows of hp_marginal; an error if there is no such parameter. */
extern void answer_marginal(ReturnSetInfo *result, const Model *model,
							const char *parameter);

/*
 * Let a model be asked in another space: its importances by functional ANOVA
 * are then those of that space.
 */
extern void model_change_space(Model *model, HpSpace space);

#endif							/* HPIMP_EFFECTS_H */
