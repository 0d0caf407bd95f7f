/*
 * forest.h
 *		A random forest: its settings, its trees one by one, and what they
 *		say together.
 *
 * Trees are grown apart and report into slots of their own, so that any
 * number of workers may share them out; whatever is added up over trees is
 * either a sum of integers or is summed in the order of the trees.
 *
 *		settings ──check──▶ hp_forest_prepare(frame)
 *		each worker:		hp_trainer_create ─▶ hp_train_tree(t) ...
 *		then:				hp_forest_finish(slots) ─▶ HpForestResult
 */
#ifndef HPIMP_FOREST_H
#define HPIMP_FOREST_H

#include "missing.h"
#include "total_effect.h"

#define HP_MAX_TREES 10000

typedef struct HpForestSettings
{
	int64_t		trees;			/* 1 .. HP_MAX_TREES */
	int64_t		max_depth;		/* >= 1, or 0 for no limit */
	int64_t		min_samples_leaf;	/* >= 1 */
	double		max_features;	/* share of features per split, (0, 1] */
	uint64_t	seed;
	HpMissing	missing;
	bool		permutation;	/* compute permutation importance */
	bool		corrected;		/* compute corrected importance */
	int64_t		depth;			/* >= 1: group by so many components of the
								 * names; 0: no groups */
	bool		twice;			/* each tree is followed by a second one, grown on
								 * what it leaves of the metric in the same
								 * sample: the two add up.  Samples are then
								 * halves (hp_forest_sample()), and permutation is
								 * by the effects of the forest (total_effect.h),
								 * not by the errors of each tree */
	bool		fanova;			/* decompose the variance of each tree */
} HpForestSettings;

/*
 * How many of n_runs are drawn for a tree: all, with replacement; of 200 or more
 * half, without, if trees are followed by a second one (of an odd number this
 * is the larger half, which trees of odd number get).
 */
extern uint32_t hp_forest_sample(const HpForestSettings *settings,
								 uint32_t n_runs);

/*
 * What min_samples_leaf and how many trees are best where trees are followed by
 * a second one; with thousands of columns fewer trees, but 50.
 */
extern int64_t hp_leaf_for_twice(uint32_t n_runs);
extern int64_t hp_trees_for_twice(uint32_t n_runs, uint32_t n_columns);

/* NULL if the settings are valid, else why not, naming the setting. */
extern const char *hp_forest_check(const HpForestSettings *settings);

/* The columns of a frame that take part, as features of the trees. */
typedef struct HpFeatureMap
{
	uint32_t	n_features;
	uint32_t   *columns;		/* by feature */
	HpGroups	groups;
} HpFeatureMap;

/*
 * Decide which gaps are filled (if settings say so), which columns take part,
 * and in which groups.
 */
extern HpFeatureMap *hp_forest_prepare(const HpEnv *env, HpFrame *frame,
									   const HpForestSettings *settings);

/*
 * NULL if a forest can be trained on the features with these settings, else
 * why not.
 */
extern const char *hp_forest_check_features(const HpForestSettings *settings,
											const HpFeatureMap *map);

/* Features and groups: see group.h. */
static inline uint32_t
hp_map_subjects(const HpFeatureMap *map)
{
	return hp_count_subjects(&map->groups, map->n_features);
}

/* What one tree reports. */
typedef struct HpTreeReport
{
	uint32_t	n_nodes;
	uint32_t	n_out_of_bag;
	double	   *impurity;		/* by feature: share of the tree's reduction of
								 * the sum of squares, sums to 1; all 0 if the
								 * tree has no split */
	double	   *permutation;	/* by subject: increase of the mean squared
								 * error out of bag, squared units of target;
								 * NULL if not asked for, or if by effects */
	double	   *corrected;		/* by feature: see hp_correct(); NULL if not
								 * asked for */
	double	   *fanova;			/* by feature: share of the variance of the
								 * tree's predictions that its main effect has;
								 * NULL if not asked for */
} HpTreeReport;

/* How many numbers a tree reports. */
extern size_t hp_report_numbers(const HpForestSettings *settings,
								uint32_t n_features, uint32_t n_groups);

extern HpTreeReport *hp_reports_create(const HpEnv *env,
									   const HpFeatureMap *map,
									   const HpForestSettings *settings);

/* Sums of out-of-bag predictions by run: exact, so workers' can be added. */
typedef struct HpOutOfBag
{
	int64_t    *sum;			/* of predicted targets */
	uint32_t   *trees;			/* that had the run out of bag; a tree and its
								 * second count as one */
	HpTotalEffects *effects;	/* NULL unless permutation is by them */
} HpOutOfBag;

extern HpOutOfBag hp_out_of_bag_create(const HpEnv *env, uint32_t n_runs,
									   const HpFeatureMap *map,
									   const HpForestSettings *settings);

/* Set all sums to 0 again; add others to them. */
extern void hp_out_of_bag_clear(HpOutOfBag *out_of_bag, uint32_t n_runs);
extern void hp_out_of_bag_add(const HpEnv *env, HpOutOfBag *to,
							  const HpOutOfBag *from, uint32_t n_runs);

/* One worker: scratch memory to train any trees of the forest. */
typedef struct HpTrainer HpTrainer;

extern HpTrainer *hp_trainer_create(const HpEnv *env, const HpFrame *frame,
									const HpFeatureMap *map,
									const HpForestSettings *settings);

/* Bytes that will be allocated by the time trees have been trained, at most. */
extern size_t hp_trainer_later(const HpTrainer *trainer);

/*
 * Draw the samples of the trees to come from these n runs alone, and
 * let the others of them be out of bag; ascending, NULL for all runs.
 */
extern void hp_trainer_draw_from(HpTrainer *trainer, const uint32_t *runs,
								 uint32_t n);

/*
 * Train tree number t: fills its report and adds to out_of_bag.  The result
 * depends on the frame, the settings and t alone.  The tree is the trainer's
 * until its next one.
 */
extern const HpTree *hp_train_tree(HpTrainer *trainer, uint32_t t,
								   HpTreeReport *report,
								   HpOutOfBag *out_of_bag);

/*
 * The second tree to the one just trained, if settings say twice; NULL if not.
 * The report is of the first alone.
 */
extern const HpTree *hp_train_second(HpTrainer *trainer,
									 HpOutOfBag *out_of_bag);

/* Whether importances are by effects (total_effect.h). */
static inline bool
hp_by_effects(const HpForestSettings *settings)
{
	return settings->permutation && settings->twice;
}

/*
 * The regression beside the forest, to be fitted; NULL if there is none: only
 * importances by effects use it, and only of few runs.
 */
extern HpRegression *hp_forest_regression(const HpEnv *env,
										  const HpFrame *frame,
										  const HpFeatureMap *map,
										  const HpForestSettings *settings);

/* What it says, fitted to all runs; NULL likewise. */
extern const HpBeside *hp_forest_beside(const HpEnv *env,
										const HpFrame *frame,
										const HpFeatureMap *map,
										const HpForestSettings *settings);

/*
 * What the forest says.  Importances are by subject: those of the features sum
 * to 1; those of groups are in the same unit, or sum to 1 themselves if
 * features have none.
 *
 * permutation and corrected are there to tell what matters from what does not.
 * Where the forest explains next to nothing, which feature seems to matter is
 * luck: below HP_R2_TO_TELL they are drawn towards equal shares, the more the
 * less R^2 is, but for a tenth that keeps their order.  (Of the forest and the
 * regression beside it together, if there is one: total_effect.h.)
 */
#define HP_R2_TO_TELL	0.05

/* What is below 0 by effects may have so much of all importance, together. */
#define HP_FAINT		1e-6

typedef struct HpForestResult
{
	double	   *impurity;		/* NULL if no tree has a split */
	double	   *permutation;	/* all 0 if permuting harms nowhere; by effects,
								 * next to nothing if it harms elsewhere only;
								 * NULL if not asked for or no tree has a
								 * split */
	double	   *corrected;		/* all 0 if nothing earns more than its shadow;
								 * NULL as permutation */
	double	   *fanova;			/* main effects over the observed distribution
								 * of each parameter; all 0 if there are
								 * interactions only; NULL as permutation;
								 * groups have none */
	uint32_t	n_out_of_bag;	/* runs that were so in any tree */
	double		r2;				/* out-of-bag R^2, NaN if not defined */
	double		rmse;			/* units of the metric, NaN if not defined */
} HpForestResult;

extern HpForestResult hp_forest_finish(const HpEnv *env, const HpFrame *frame,
									   const HpFeatureMap *map,
									   const HpForestSettings *settings,
									   const HpTreeReport *reports,
									   const HpOutOfBag *out_of_bag,
									   const HpBeside *beside);

typedef enum HpImportance
{
	HP_NO_IMPORTANCE,			/* none of these */
	HP_IMPURITY,
	HP_PERMUTATION,
	HP_CORRECTED,
	HP_FANOVA
} HpImportance;

/* Trees and what they said together. */
typedef struct HpTrees
{
	const HpFrame *frame;
	const HpFeatureMap *map;
	const HpTreeReport *reports;
	uint32_t	n;
	const HpOutOfBag *out_of_bag;
	const HpBeside *beside;		/* of the same runs, or NULL */
} HpTrees;

/* The parts of it: R^2 and RMSE, and how many runs they rest on. */
extern void hp_forest_judge(const HpTrees *trees, HpForestResult *result);

/*
 * One importance that the reports or the effects hold: by subject, in memory
 * of the caller; all 0 if no tree has a split.  r2 is that of the forest.
 */
extern void hp_forest_shares(const HpEnv *env, const HpTrees *trees,
							 HpImportance importance, double r2,
							 double *shares);

/*
 * From the sums of main effects' shares over the trees, in their order, to the
 * importances: scaled to sum 1; all 0 if there are interactions only.
 */
extern void hp_fanova_finish(double *sum, uint32_t n_features);

/*
 * Sources.  The forest: Breiman, Random forests, Machine Learning 45 (2001).
 * impurity: Breiman et al. 1984; normalised per tree and over trees as
 * scikit-learn's feature_importances_.  permutation: by effects see
 * total_effect.h; by trees Breiman 2001, section 10: per tree over its own
 * out-of-bag runs, not divided by a standard error; means over trees below 0
 * are set to 0, then scaled to sum 1.  A second tree on the errors of the first: twicing (Tukey,
 * Exploratory Data Analysis, 1977; Buhlmann and Yu, J. Am. Stat. Assoc. 98
 * (2003)) within each bag (Pavlov, Gorodilov and Brunk, BagBoo, CIKM 2010).
 * Halves: Friedman and Hall, J. Stat. Plan. Inference 137 (2007); that come in
 * complementary pairs: Shah and Samworth, J. R. Stat. Soc. B 75 (2013).
 * corrected: see corrected.h; means as for permutation.  Groups: for
 * permutation the members are permuted together (Gregorutti, Michel,
 * Saint-Pierre, Grouped variable importance with random forests, Computational
 * Statistics & Data Analysis 90 (2015)); reductions of impurity are those of
 * the members' splits in sum.  fanova: see anova.h; means over trees.
 */

#endif							/* HPIMP_FOREST_H */
