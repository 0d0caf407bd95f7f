/*
 * forest.c
 *		A random forest: its trees one by one, and what they say together.
 */
#include <math.h>
#include <string.h>

#include "corrected.h"
#include "forest.h"
#include "importance.h"
#include "measure.h"
#include "share.h"

const char *
hp_forest_check(const HpForestSettings *s)
{
	if (s->trees < 1 || s->trees > HP_MAX_TREES)
		return "trees must be between 1 and 10000";
	if (s->max_depth < 0)
		return "max_depth must be at least 1";
	if (s->min_samples_leaf < 1 || s->min_samples_leaf > HP_MAX_RUNS)
		return "min_samples_leaf must be at least 1";
	if (!(s->max_features > 0 && s->max_features <= 1))
		return "max_features must be greater than 0 and at most 1";
	if (s->depth < 0)
		return "depth must be at least 1";
	return NULL;
}

/* Halves of fewer runs tell less than bootstrap samples. */
#define FEWEST_TO_HALVE	200

uint32_t
hp_forest_sample(const HpForestSettings *settings, uint32_t n_runs)
{
	bool		halved = settings->twice && n_runs >= FEWEST_TO_HALVE;

	return halved ? n_runs - n_runs / 2 : n_runs;
}

/*
 * The cube root of the number of runs, rounded: what a parameter does to many
 * runs is told the better, and the second tree undoes what is lost.  But a half
 * is to have room for 40 leaves, unless they hold as few as 5 runs: too few of
 * them would not tell what is steep.
 */
int64_t
hp_leaf_for_twice(uint32_t n_runs)
{
	int64_t		most = n_runs / 80 > 5 ? n_runs / 80 : 5;
	int64_t		leaf = 1;

	while ((2 * leaf + 1) * (2 * leaf + 1) * (2 * leaf + 1) <= 8 * (int64_t) n_runs)
		leaf++;
	return n_runs >= FEWEST_TO_HALVE && leaf > most ? most : leaf;
}

/* More than 50 trees report no more numbers than that. */
#define MOST_REPORTED	1000000

/*
 * Few runs are out of the bag of few trees each, and trees are cheap then; of
 * many runs the effects are averages over many, and of halves each tree tells
 * more.  An even number: see draw_half().
 */
int64_t
hp_trees_for_twice(uint32_t n_runs, uint32_t n_columns)
{
	int64_t		n = n_runs < 100 ? 100 : n_runs < 1000 ? n_runs : 1000;
	int64_t		of_halves = 50000 / n < 80 ? 50000 / n : 80;
	int64_t		trees = n < FEWEST_TO_HALVE ? 4000000 / (n * n) : of_halves;
	int64_t		most = MOST_REPORTED / ((int64_t) n_columns + 1);

	trees += trees % 2;
	most -= most % 2;
	trees = trees < most ? trees : most;
	return trees > 50 ? trees : 50;
}

HpFeatureMap *
hp_forest_prepare(const HpEnv *env, HpFrame *frame,
				  const HpForestSettings *settings)
{
	HpFeatureMap *map = hp_alloc0(env, 1, sizeof(HpFeatureMap));

	for (uint32_t c = 0; c < frame->n_columns; c++)
		frame->columns[c].fill = false;
	if (settings->missing == HP_MISSING_FILL)
		hp_missing_explain(env, frame);
	map->columns = hp_alloc(env, frame->n_columns, sizeof(uint32_t));
	for (uint32_t c = 0; c < frame->n_columns; c++)
		if (frame->columns[c].role == HP_PARAMETER)
			map->columns[map->n_features++] = c;
	map->groups = hp_groups_by_depth(env, frame, map->columns, map->n_features,
									 settings->depth);
	return map;
}

const char *
hp_forest_check_features(const HpForestSettings *settings,
						 const HpFeatureMap *map)
{
	if (settings->corrected && map->n_features > HP_MAX_CORRECTED)
		return "corrected importance is for at most 32767 parameters";
	return NULL;
}

size_t
hp_report_numbers(const HpForestSettings *settings, uint32_t n_features,
				  uint32_t n_groups)
{
	size_t		n = n_features;

	if (settings->permutation && !settings->twice)
		n += (size_t) n_features + n_groups;
	if (settings->corrected)
		n += n_features;
	if (settings->fanova)
		n += n_features;
	return n;
}

HpTreeReport *
hp_reports_create(const HpEnv *env, const HpFeatureMap *map,
				  const HpForestSettings *settings)
{
	size_t		trees = (size_t) settings->trees;
	uint32_t	n = map->n_features;
	HpTreeReport *reports = hp_alloc0(env, trees, sizeof(HpTreeReport));

	for (size_t t = 0; t < trees; t++)
	{
		reports[t].impurity = hp_alloc0(env, n, sizeof(double));
		if (settings->permutation && !settings->twice)
			reports[t].permutation = hp_alloc0(env, hp_map_subjects(map),
											   sizeof(double));
		if (settings->corrected)
			reports[t].corrected = hp_alloc0(env, n, sizeof(double));
		if (settings->fanova)
			reports[t].fanova = hp_alloc0(env, n, sizeof(double));
	}
	return reports;
}

/*
 * Targets are within 2^47 of 0, what the first tree leaves of them within twice
 * that.  Exchanging values changes what a tree predicts by twice as much again
 * at most, what both do by six times as much: sums over all trees fit.
 */
_Static_assert(HP_MAX_TREES < INT64_MAX / (6 * (INT64_C(1) << 47)),
			   "effects of so many trees do not fit their sums");

HpOutOfBag
hp_out_of_bag_create(const HpEnv *env, uint32_t n_runs,
					 const HpFeatureMap *map, const HpForestSettings *settings)
{
	bool		by_effects = hp_by_effects(settings);

	return (HpOutOfBag) {
		.sum = hp_alloc0(env, n_runs, sizeof(int64_t)),
		.trees = hp_alloc0(env, n_runs, sizeof(uint32_t)),
		.effects = by_effects ?
			hp_total_effects_create(env, n_runs, hp_map_subjects(map)) : NULL
	};
}

void
hp_out_of_bag_clear(HpOutOfBag *out_of_bag, uint32_t n_runs)
{
	HpTotalEffects *effects = out_of_bag->effects;

	memset(out_of_bag->sum, 0, n_runs * sizeof(int64_t));
	memset(out_of_bag->trees, 0, n_runs * sizeof(uint32_t));
	if (effects != NULL)
		memset(effects->sum, 0,
			   hp_total_effects_count(effects) * sizeof(int64_t));
}

void
hp_out_of_bag_add(const HpEnv *env, HpOutOfBag *to, const HpOutOfBag *from,
				  uint32_t n_runs)
{
	size_t		n = from->effects == NULL ? 0 :
		hp_total_effects_count(from->effects);

	hp_tick(env);
	for (uint32_t run = 0; run < n_runs; run++)
	{
		to->sum[run] += from->sum[run];
		to->trees[run] += from->trees[run];
	}
	for (size_t i = 0; i < n; i++)
	{
		if (i % (1024 * 1024) == 0)
			hp_tick(env);
		to->effects->sum[i] += from->effects->sum[i];
	}
}

/* ---- one worker ---- */

struct HpTrainer
{
	const HpEnv *env;
	const HpFrame *frame;
	const HpForestSettings *settings;
	HpFeature  *features;
	uint32_t	n_features;
	HpHotDeck  *decks;			/* of the columns to be filled */
	uint32_t   *deck_feature;
	uint32_t	n_decks;
	HpGrower   *grower;
	HpPermuter *permuter;
	HpCorrector *corrector;		/* NULL if not asked for */
	HpAnova    *anova;			/* NULL if not asked for */
	const uint32_t *runs;		/* to draw from; NULL: all */
	uint32_t	n_runs;			/* of them */

	/* of the tree at work */
	HpRng		rng;
	uint32_t   *draws;			/* of its sample, by run */
	HpAsked		unseen;			/* those not drawn: first the ones whose effects
								 * are looked at */
	uint32_t	n_permuted;		/* so many */

	/* for the second tree */
	int64_t    *left;			/* by run drawn: what the first leaves of the
								 * target; NULL if there is no second */
	double	   *gain;			/* not asked for */
};

static void
prepare_decks(HpTrainer *trainer, const HpFeatureMap *map)
{
	const HpEnv *env = trainer->env;

	trainer->decks = hp_alloc(env, map->n_features, sizeof(HpHotDeck));
	trainer->deck_feature = hp_alloc(env, map->n_features, sizeof(uint32_t));
	for (uint32_t f = 0; f < map->n_features; f++)
	{
		const HpColumn *column = &trainer->frame->columns[map->columns[f]];

		if (!column->fill)
			continue;
		hp_tick(env);
		hp_hot_deck_init(&trainer->decks[trainer->n_decks], env, column,
						 trainer->frame->n_runs);
		trainer->features[f].codes = trainer->decks[trainer->n_decks].codes;
		trainer->deck_feature[trainer->n_decks++] = f;
	}
}

static HpAsked
make_asked(const HpEnv *env, uint32_t n_runs)
{
	return (HpAsked) {
		.runs = hp_alloc(env, n_runs + (size_t) 1, sizeof(uint32_t)),
		.predicted = hp_alloc(env, n_runs + (size_t) 1, sizeof(int64_t))
	};
}

/* What the codes of a column weigh as observed; gaps that are filled nothing. */
static double *
measure_column(const HpTrainer *trainer, const HpColumn *column,
			   const HpFeature *feature)
{
	uint32_t   *runs_of = hp_alloc0(trainer->env, column->n_codes,
									sizeof(uint32_t));

	for (uint32_t run = 0; run < trainer->frame->n_runs; run++)
		runs_of[hp_column_code(column, run)]++;
	if (column->fill)
		runs_of[0] = 0;
	return hp_measure_feature(trainer->env, HP_SPACE_OBSERVED, feature,
							  runs_of);
}

static void
prepare_anova(HpTrainer *trainer, const HpFeatureMap *map)
{
	double	  **below = hp_alloc(trainer->env, map->n_features,
								 sizeof(double *));

	for (uint32_t f = 0; f < map->n_features; f++)
		below[f] = measure_column(trainer,
								  &trainer->frame->columns[map->columns[f]],
								  &trainer->features[f]);
	trainer->anova = hp_anova_create(trainer->env, trainer->features,
									 map->n_features, below);
}

HpTrainer *
hp_trainer_create(const HpEnv *env, const HpFrame *frame,
				  const HpFeatureMap *map, const HpForestSettings *settings)
{
	HpTrainer  *trainer = hp_alloc0(env, 1, sizeof(HpTrainer));
	HpTreeSettings tree_settings = {
		.max_depth = (uint32_t) fmin((double) settings->max_depth, UINT32_MAX),
		.min_samples_leaf = (uint32_t) settings->min_samples_leaf
	};

	tree_settings.features_per_split =
		(uint32_t) fmax(1, floor(settings->max_features * map->n_features));
	trainer->env = env;
	trainer->frame = frame;
	trainer->settings = settings;
	trainer->n_features = map->n_features;
	trainer->features = hp_alloc(env, map->n_features, sizeof(HpFeature));
	for (uint32_t f = 0; f < map->n_features; f++)
		trainer->features[f] =
			hp_column_feature(&frame->columns[map->columns[f]]);
	prepare_decks(trainer, map);
	trainer->grower = hp_grower_create(env, trainer->features,
									   map->n_features, frame->n_runs,
									   &tree_settings);
	trainer->permuter = hp_permuter_create(env,
										   hp_grower_rows(trainer->grower),
										   &map->groups);
	if (settings->corrected)
		trainer->corrector = hp_corrector_create(env, trainer->features,
												 map->n_features,
												 frame->n_runs,
												 &tree_settings);
	trainer->n_runs = frame->n_runs;
	if (settings->fanova)
		prepare_anova(trainer, map);
	trainer->draws = hp_alloc(env, frame->n_runs, sizeof(uint32_t));
	trainer->unseen = make_asked(env, frame->n_runs);
	if (settings->twice)
	{
		trainer->left = hp_alloc(env, frame->n_runs, sizeof(int64_t));
		trainer->gain = hp_alloc0(env, map->n_features, sizeof(double));
	}
	return trainer;
}

size_t
hp_trainer_later(const HpTrainer *trainer)
{
	size_t		later = hp_grower_later(trainer->grower);

	if (trainer->corrector != NULL)
		later += hp_corrector_later(trainer->corrector);
	if (trainer->anova != NULL)
		later += hp_anova_later(trainer->frame->n_runs);
	return later;
}

void
hp_trainer_draw_from(HpTrainer *trainer, const uint32_t *runs, uint32_t n)
{
	trainer->runs = runs;
	trainer->n_runs = runs == NULL ? trainer->frame->n_runs : n;
}

static inline uint32_t
run_to_draw(const HpTrainer *trainer, uint32_t i)
{
	return trainer->runs == NULL ? i : trainer->runs[i];
}

/* Draw as many runs as there are to draw from, with replacement. */
static void
draw_bootstrap(HpTrainer *trainer, HpRng *rng)
{
	uint32_t	n = trainer->n_runs;

	for (uint32_t i = 0; i < n; i++)
	{
		hp_tick_at(trainer->env, i);
		trainer->draws[run_to_draw(trainer, hp_rng_below(rng, n))]++;
	}
}

/*
 * Streams of their own, far from those of the trees (from 0 on), of shadows and
 * replicates (from 2^62 on, little more than 2^33) and of gaps (from 2^63 on).
 */
#define FIRST_STREAM	(UINT64_C(3) << 61)

/*
 * Draw half of the runs, without replacement, for a tree of even number; the
 * next one gets the other half.  So each run is out of the bag of one of the
 * two, and with any even number of trees each is of as many.
 */
static void
draw_half(HpTrainer *trainer, uint32_t t)
{
	uint32_t	n = trainer->n_runs;
	uint32_t	wanted = n / 2;
	uint32_t	left_out = t % 2;
	HpRng		rng;

	hp_rng_init(&rng, trainer->settings->seed, FIRST_STREAM + t / 2);
	for (uint32_t i = 0; i < n; i++)
	{
		bool		chosen;

		hp_tick_at(trainer->env, i);
		chosen = hp_rng_below(&rng, n - i) < wanted;
		wanted -= chosen;
		trainer->draws[run_to_draw(trainer, i)] = chosen != left_out;
	}
}

static void
draw_sample(HpTrainer *trainer, uint32_t t)
{
	memset(trainer->draws, 0, trainer->frame->n_runs * sizeof(uint32_t));
	if (hp_forest_sample(trainer->settings, trainer->n_runs) < trainer->n_runs)
		draw_half(trainer, t);
	else
		draw_bootstrap(trainer, &trainer->rng);
}

/* The runs that were not drawn. */
static void
list_unseen(HpTrainer *trainer)
{
	HpAsked    *unseen = &trainer->unseen;

	unseen->n = 0;
	for (uint32_t i = 0; i < trainer->n_runs; i++)
	{
		uint32_t	run = run_to_draw(trainer, i);

		unseen->runs[unseen->n] = run;
		unseen->n += trainer->draws[run] == 0;
	}
}

/* Bring the runs whose effects are looked at to the front; returns how many. */
static uint32_t
looked_at_first(HpAsked *asked, uint32_t stride)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i < asked->n; i++)
	{
		uint32_t	run = asked->runs[i];

		if (run % stride != 0)
			continue;
		asked->runs[i] = asked->runs[n];
		asked->runs[n++] = run;
	}
	return n;
}

static void
fill_gaps(HpTrainer *trainer, HpRng *rng)
{
	for (uint32_t d = 0; d < trainer->n_decks; d++)
	{
		HpHotDeck  *deck = &trainer->decks[d];
		uint32_t	feature = trainer->deck_feature[d];

		hp_hot_deck_fill(deck, trainer->env, rng);
		hp_grower_reread(trainer->grower, feature, deck->gaps, deck->n_gaps);
		if (trainer->corrector != NULL)
			hp_corrector_reread(trainer->corrector, feature, deck->gaps,
								deck->n_gaps);
	}
}

/* Choose the runs a tree and its second are asked about, and their partners. */
static void
prepare_to_ask(HpTrainer *trainer, const HpOutOfBag *out_of_bag)
{
	HpAsked    *unseen = &trainer->unseen;

	list_unseen(trainer);
	if (out_of_bag->effects == NULL)
		return;
	trainer->n_permuted = looked_at_first(unseen, out_of_bag->effects->stride);
	hp_draw_partners(trainer->permuter, &trainer->rng, unseen,
					 trainer->n_permuted);
}

/*
 * Ask the tree about the runs it has not seen.  There may be no room for
 * permutation (NULL), or room that is for others.
 */
static void
ask_unseen(HpTrainer *trainer, const HpTree *tree, double *permutation,
		   HpOutOfBag *out_of_bag)
{
	HpAsked    *unseen = &trainer->unseen;

	if (out_of_bag->effects != NULL)
		hp_add_total_effects(trainer->permuter, tree, unseen,
							 trainer->n_permuted, out_of_bag->effects);
	else if (permutation != NULL && trainer->settings->permutation)
		hp_permute(trainer->permuter, &trainer->rng, tree, unseen,
				   trainer->frame->target, permutation);
	else
		hp_predict_runs(trainer->permuter, tree, unseen);
	for (uint32_t i = 0; i < unseen->n; i++)
		out_of_bag->sum[unseen->runs[i]] += unseen->predicted[i];
}

/* Ask for the shares of the main effects. */
static void
ask_anova(HpTrainer *trainer, const HpTree *tree, HpTreeReport *report)
{
	hp_anova_decompose(trainer->anova, tree);
	hp_shares_of_tree(trainer->anova, trainer->n_features, report->fanova);
}

static double
sum_of(const double *values, uint32_t n)
{
	double		sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += values[i];
	return sum;
}

/* Divide sums by their unit, if there is any; what is below dust is nothing. */
static void
divide(double *sums, uint32_t n, double unit, double dust)
{
	for (uint32_t i = 0; i < n && unit > 0; i++)
		sums[i] = sums[i] / unit < dust ? 0 : sums[i] / unit;
}

const HpTree *
hp_train_tree(HpTrainer *trainer, uint32_t t, HpTreeReport *report,
			  HpOutOfBag *out_of_bag)
{
	const HpTree *tree;

	hp_rng_init(&trainer->rng, trainer->settings->seed, t);
	draw_sample(trainer, t);
	fill_gaps(trainer, &trainer->rng);
	tree = hp_tree_grow(trainer->grower, &trainer->rng, trainer->frame->target,
						trainer->draws, report->impurity, trainer->left);
	divide(report->impurity, trainer->n_features,
		   sum_of(report->impurity, trainer->n_features), 0);
	report->n_nodes = tree->n_nodes;
	prepare_to_ask(trainer, out_of_bag);
	ask_unseen(trainer, tree, report->permutation, out_of_bag);
	report->n_out_of_bag = trainer->unseen.n;
	for (uint32_t i = 0; i < trainer->unseen.n; i++)
		out_of_bag->trees[trainer->unseen.runs[i]]++;
	if (trainer->corrector != NULL)
		hp_correct(trainer->corrector, trainer->settings->seed, t,
				   trainer->frame->target, trainer->draws, report->corrected);
	if (trainer->anova != NULL)
		ask_anova(trainer, tree, report);
	return tree;
}

const HpTree *
hp_train_second(HpTrainer *trainer, HpOutOfBag *out_of_bag)
{
	const HpTree *tree;

	if (!trainer->settings->twice)
		return NULL;
	tree = hp_tree_grow(trainer->grower, &trainer->rng, trainer->left,
						trainer->draws, trainer->gain, NULL);
	ask_unseen(trainer, tree, NULL, out_of_bag);
	return tree;
}

/* ---- all trees ---- */

/* Reductions of impurity by a group are those by its members. */
static void
add_members(const HpFeatureMap *map, double *sums)
{
	const HpGroups *groups = &map->groups;

	for (uint32_t f = 0; f < map->n_features; f++)
		if (groups->of[f] != HP_NO_GROUP)
			sums[map->n_features + groups->of[f]] += sums[f];
}

/* What rounding leaves of a sum of numbers that cancel. */
#define ROUNDING_DUST	1e-12

/*
 * Lift what is below 0 just above it, where anything is above 0: the farther
 * below the less, so that its order stays.  It is all of it by chance, but what
 * matters a little is seldom as far below as what does nothing.  0 is what the
 * predictions do not depend on.
 */
static void
lift(const HpFeatureMap *map, double *sums)
{
	uint32_t	n = hp_map_subjects(map);
	double		unit = 0;

	for (uint32_t f = 0; f < map->n_features; f++)
		unit += fmax(sums[f], 0);
	for (uint32_t i = 0; i < n && unit > 0; i++)
	{
		double		share = sums[i] / unit;
		double		faint = HP_FAINT / map->n_features;

		sums[i] = fabs(share) < ROUNDING_DUST ? 0 :
			share > 0 ? share + faint : faint / (1 - share);
	}
}

/* Clip sums at 0 and scale them: see HpForestResult. */
static void
make_shares(const HpFeatureMap *map, double dust, double *shares)
{
	uint32_t	n_features = map->n_features;
	uint32_t	n = hp_map_subjects(map);
	double		unit;

	for (uint32_t i = 0; i < n; i++)
		shares[i] = fmax(shares[i], 0);
	unit = sum_of(shares, n_features);
	if (unit == 0)
		unit = sum_of(shares + n_features, n - n_features);
	divide(shares, n, unit, dust);
}

static const double *
reported(const HpTreeReport *report, HpImportance importance)
{
	return importance == HP_IMPURITY ? report->impurity :
		importance == HP_PERMUTATION ? report->permutation :
		importance == HP_CORRECTED ? report->corrected : report->fanova;
}

/* Add up by subject what the trees report. */
static void
add_reports(const HpEnv *env, const HpTrees *trees, HpImportance importance,
			double *sums)
{
	bool		with_groups = importance == HP_PERMUTATION;
	uint32_t	n = with_groups ? hp_map_subjects(trees->map) :
		trees->map->n_features;

	memset(sums, 0, hp_map_subjects(trees->map) * sizeof(double));
	for (uint32_t t = 0; t < trees->n; t++)
	{
		const double *of_tree = reported(&trees->reports[t], importance);

		hp_tick(env);
		for (uint32_t i = 0; i < n; i++)
			sums[i] += of_tree[i];
	}
	if (!with_groups)
		add_members(trees->map, sums);
}

/* Of the shares of a forest that explains next to nothing so much is kept. */
#define LEAST_WEIGHT	0.1

/* Draw shares towards equal ones: see HpForestResult. */
static void
draw_to_equal(const HpFeatureMap *map, double r2, double *shares)
{
	uint32_t	n = map->n_features;
	double		weight = r2 > LEAST_WEIGHT * HP_R2_TO_TELL ?
		fmin(r2 / HP_R2_TO_TELL, 1) : LEAST_WEIGHT;
	double		equal = (1 - weight) / n;

	if (weight == 1 || sum_of(shares, n) == 0)
		return;
	for (uint32_t f = 0; f < n; f++)
	{
		shares[f] = weight * shares[f] + equal;
		if (map->groups.of[f] != HP_NO_GROUP)
			shares[n + map->groups.of[f]] += equal / weight;
	}
	for (uint32_t g = 0; g < map->groups.n; g++)
		shares[n + g] *= weight;
}

HpRegression *
hp_forest_regression(const HpEnv *env, const HpFrame *frame,
					 const HpFeatureMap *map, const HpForestSettings *settings)
{
	if (!hp_by_effects(settings))
		return NULL;
	return hp_regression_create(env, frame, map->columns, map->n_features,
								&map->groups);
}

const HpBeside *
hp_forest_beside(const HpEnv *env, const HpFrame *frame,
				 const HpFeatureMap *map, const HpForestSettings *settings)
{
	HpRegression *r = hp_forest_regression(env, frame, map, settings);

	return r == NULL ? NULL : hp_regression_fit(r, frame->target, NULL);
}

/* What the trees, and what is beside them, predict of the unseen runs. */
static HpPredictions
predictions_of(const HpTrees *trees, const HpBeside *beside)
{
	return (HpPredictions) {
		.n_runs = trees->frame->n_runs,
		.target = trees->frame->target,
		.sum = trees->out_of_bag->sum,
		.trees = trees->out_of_bag->trees,
		.beside = beside
	};
}

/* Importances by effects; returns R^2 as hp_predictions_weigh(). */
static double
shares_by_effects(const HpEnv *env, const HpTrees *trees, double *shares)
{
	HpPredictions predictions = predictions_of(trees, trees->beside);
	double		r2 = hp_predictions_weigh(&predictions);

	hp_total_effect_importance(env, trees->out_of_bag->effects, &predictions,
							   shares);
	lift(trees->map, shares);
	return r2;
}

void
hp_forest_shares(const HpEnv *env, const HpTrees *trees,
				 HpImportance importance, double r2, double *shares)
{
	/* of impurity nothing cancels, and next to a sentinel little may be much */
	double		dust = importance == HP_IMPURITY ? 0 : ROUNDING_DUST;

	if (importance == HP_PERMUTATION && trees->out_of_bag->effects != NULL)
	{
		r2 = fmax(r2, shares_by_effects(env, trees, shares));
		dust = 0;				/* swept already */
	}
	else
		add_reports(env, trees, importance, shares);
	make_shares(trees->map, dust, shares);
	if (importance == HP_PERMUTATION || importance == HP_CORRECTED)
		draw_to_equal(trees->map, r2, shares);
}

/* Whether any tree has a split, one that is worth something. */
static bool
any_reduction(const HpTreeReport *reports, uint32_t trees, uint32_t n_features)
{
	for (uint32_t t = 0; t < trees; t++)
		for (uint32_t f = 0; f < n_features; f++)
			if (reports[t].impurity[f] > 0)
				return true;
	return false;
}

void
hp_fanova_finish(double *sum, uint32_t n_features)
{
	divide(sum, n_features, sum_of(sum, n_features), ROUNDING_DUST);
}

/* Out-of-bag R^2 and root mean squared error. */
void
hp_forest_judge(const HpTrees *trees, HpForestResult *result)
{
	HpPredictions predictions = predictions_of(trees, NULL);
	HpErrors	e = hp_predictions_errors(&predictions);

	result->n_out_of_bag = e.n;
	result->r2 = result->rmse = NAN;
	if (e.n == 0)
		return;
	result->rmse = sqrt(e.errors / e.n) * trees->frame->unit;
	if (!isfinite(result->rmse))
		result->rmse = NAN;
	if (e.n > 1 && e.spread > 0)
		result->r2 = 1 - e.errors / e.spread;
}

static double *
make_importance(const HpEnv *env, const HpTrees *trees,
				HpImportance importance, double r2)
{
	double	   *shares = hp_alloc(env, hp_map_subjects(trees->map),
								  sizeof(double));

	hp_forest_shares(env, trees, importance, r2, shares);
	return shares;
}

HpForestResult
hp_forest_finish(const HpEnv *env, const HpFrame *frame,
				 const HpFeatureMap *map, const HpForestSettings *settings,
				 const HpTreeReport *reports, const HpOutOfBag *out_of_bag,
				 const HpBeside *beside)
{
	HpTrees		trees = {frame, map, reports, (uint32_t) settings->trees,
		out_of_bag, beside
	};
	HpForestResult result = {0};

	hp_forest_judge(&trees, &result);
	if (!any_reduction(reports, trees.n, map->n_features))
		return result;
	result.impurity = make_importance(env, &trees, HP_IMPURITY, result.r2);
	if (settings->permutation)
		result.permutation = make_importance(env, &trees, HP_PERMUTATION,
											 result.r2);
	if (settings->corrected)
		result.corrected = make_importance(env, &trees, HP_CORRECTED,
										   result.r2);
	if (settings->fanova)
		result.fanova = make_importance(env, &trees, HP_FANOVA, result.r2);
	return result;
}
