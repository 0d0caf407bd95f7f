/*
 * forest.c
 *		A random forest: its trees one by one, and what they say together.
 */
#include <math.h>
#include <string.h>

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
	return NULL;
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
	return map;
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
		if (settings->permutation)
			reports[t].permutation = hp_alloc0(env, n, sizeof(double));
		if (settings->fanova)
			reports[t].fanova = hp_alloc0(env, n, sizeof(double));
	}
	return reports;
}

HpOutOfBag
hp_out_of_bag_create(const HpEnv *env, uint32_t n_runs)
{
	return (HpOutOfBag) {
		.sum = hp_alloc0(env, n_runs, sizeof(int64_t)),
		.trees = hp_alloc0(env, n_runs, sizeof(uint32_t))
	};
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
	HpAnova    *anova;			/* NULL if not asked for */
	uint32_t   *draws;			/* of the bootstrap sample, by run */
	HpUnseen	unseen;
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
										   hp_grower_rows(trainer->grower));
	if (settings->fanova)
		prepare_anova(trainer, map);
	trainer->draws = hp_alloc(env, frame->n_runs, sizeof(uint32_t));
	trainer->unseen.runs = hp_alloc(env, frame->n_runs + (size_t) 1,
									sizeof(uint32_t));
	trainer->unseen.predicted = hp_alloc(env, frame->n_runs + (size_t) 1,
										 sizeof(int64_t));
	return trainer;
}

size_t
hp_trainer_later(const HpTrainer *trainer)
{
	return hp_grower_later(trainer->grower) +
		(trainer->anova == NULL ? 0 : hp_anova_later(trainer->frame->n_runs));
}

/* Draw as many runs as there are, with replacement. */
static void
draw_bootstrap(HpTrainer *trainer, HpRng *rng)
{
	uint32_t	n = trainer->frame->n_runs;
	HpUnseen   *unseen = &trainer->unseen;

	memset(trainer->draws, 0, n * sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
	{
		if (i % 65536 == 0)
			hp_tick(trainer->env);
		trainer->draws[hp_rng_below(rng, n)]++;
	}
	unseen->n = 0;
	for (uint32_t run = 0; run < n; run++)
	{
		unseen->runs[unseen->n] = run;
		unseen->n += trainer->draws[run] == 0;
	}
}

static void
fill_gaps(HpTrainer *trainer, HpRng *rng)
{
	for (uint32_t d = 0; d < trainer->n_decks; d++)
	{
		HpHotDeck  *deck = &trainer->decks[d];

		hp_hot_deck_fill(deck, trainer->env, rng);
		hp_grower_reread(trainer->grower, trainer->deck_feature[d], deck->gaps,
						 deck->n_gaps);
	}
}

/* Ask the tree about the runs it has not seen. */
static void
ask_unseen(HpTrainer *trainer, HpRng *rng, const HpTree *tree,
		   HpTreeReport *report, HpOutOfBag *out_of_bag)
{
	HpUnseen   *unseen = &trainer->unseen;

	if (trainer->settings->permutation)
		hp_permute(trainer->permuter, rng, tree, unseen,
				   trainer->frame->target, report->permutation);
	else
		hp_predict_unseen(trainer->permuter, tree, unseen);
	report->n_out_of_bag = unseen->n;
	for (uint32_t i = 0; i < unseen->n; i++)
	{
		out_of_bag->sum[unseen->runs[i]] += unseen->predicted[i];
		out_of_bag->trees[unseen->runs[i]]++;
	}
}

/* Ask for the shares of the main effects. */
static void
ask_anova(HpTrainer *trainer, const HpTree *tree, HpTreeReport *report)
{
	hp_anova_decompose(trainer->anova, tree);
	hp_shares_of_tree(trainer->anova, trainer->n_features, report->fanova);
}

/* Scale so that the sum is 1; false if there is nothing to scale. */
static bool
scale_to_one(double *values, uint32_t n)
{
	double		sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += values[i];
	if (sum <= 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		values[i] /= sum;
	return true;
}

const HpTree *
hp_train_tree(HpTrainer *trainer, uint32_t t, HpTreeReport *report,
			  HpOutOfBag *out_of_bag)
{
	HpRng		rng;
	const HpTree *tree;

	hp_rng_init(&rng, trainer->settings->seed, t);
	draw_bootstrap(trainer, &rng);
	fill_gaps(trainer, &rng);
	tree = hp_tree_grow(trainer->grower, &rng, trainer->frame->target,
						trainer->draws, report->impurity);
	scale_to_one(report->impurity, trainer->n_features);
	report->n_nodes = tree->n_nodes;
	ask_unseen(trainer, &rng, tree, report, out_of_bag);
	if (trainer->anova != NULL)
		ask_anova(trainer, tree, report);
	return tree;
}

/* ---- all trees ---- */

/* Mean over the trees that split, scaled to sum 1; NULL if none did. */
static double *
mean_impurity(const HpEnv *env, const HpTreeReport *reports, uint32_t trees,
			  uint32_t n_features)
{
	double	   *mean = hp_alloc0(env, n_features, sizeof(double));

	for (uint32_t t = 0; t < trees; t++)
		for (uint32_t f = 0; f < n_features; f++)
			mean[f] += reports[t].impurity[f];
	return scale_to_one(mean, n_features) ? mean : NULL;
}

/* What rounding leaves of a sum of squares that cancel. */
#define ROUNDING_DUST	1e-12

/* Mean over trees with runs out of bag, clipped at 0, scaled to sum 1. */
static double *
mean_permutation(const HpEnv *env, const HpTreeReport *reports,
				 uint32_t trees, uint32_t n_features)
{
	double	   *mean = hp_alloc0(env, n_features, sizeof(double));

	for (uint32_t t = 0; t < trees; t++)
		for (uint32_t f = 0; f < n_features; f++)
			mean[f] += reports[t].permutation[f];
	for (uint32_t f = 0; f < n_features; f++)
		mean[f] = fmax(mean[f], 0);
	if (scale_to_one(mean, n_features))
		for (uint32_t f = 0; f < n_features; f++)
			mean[f] = mean[f] < ROUNDING_DUST ? 0 : mean[f];
	return mean;
}

void
hp_fanova_finish(double *sum, uint32_t n_features)
{
	if (scale_to_one(sum, n_features))
		for (uint32_t f = 0; f < n_features; f++)
			sum[f] = sum[f] < ROUNDING_DUST ? 0 : sum[f];
}

static double *
mean_fanova(const HpEnv *env, const HpTreeReport *reports, uint32_t trees,
			uint32_t n_features)
{
	double	   *mean = hp_alloc0(env, n_features, sizeof(double));

	for (uint32_t t = 0; t < trees; t++)
		for (uint32_t f = 0; f < n_features; f++)
			mean[f] += reports[t].fanova[f];
	hp_fanova_finish(mean, n_features);
	return mean;
}

/* Out-of-bag R^2 and root mean squared error. */
static void
judge(const HpFrame *frame, const HpOutOfBag *out_of_bag,
	  HpForestResult *result)
{
	double		mean = 0;
	double		errors = 0;
	double		spread = 0;
	uint32_t	n = 0;

	for (uint32_t run = 0; run < frame->n_runs; run++)
		if (out_of_bag->trees[run] > 0)
		{
			mean += (double) frame->target[run];
			n++;
		}
	result->n_out_of_bag = n;
	result->r2 = result->rmse = NAN;
	if (n == 0)
		return;
	mean /= n;
	for (uint32_t run = 0; run < frame->n_runs; run++)
	{
		double		y = (double) frame->target[run];
		double		error;

		if (out_of_bag->trees[run] == 0)
			continue;
		error = y - (double) out_of_bag->sum[run] / out_of_bag->trees[run];
		errors += error * error;
		spread += (y - mean) * (y - mean);
	}
	result->rmse = sqrt(errors / n) * frame->unit;
	if (!isfinite(result->rmse))
		result->rmse = NAN;
	if (n > 1 && spread > 0)
		result->r2 = 1 - errors / spread;
}

HpForestResult
hp_forest_finish(const HpEnv *env, const HpFrame *frame,
				 const HpFeatureMap *map, const HpForestSettings *settings,
				 const HpTreeReport *reports, const HpOutOfBag *out_of_bag)
{
	HpForestResult result = {0};
	uint32_t	trees = (uint32_t) settings->trees;

	result.impurity = mean_impurity(env, reports, trees, map->n_features);
	if (settings->permutation && result.impurity != NULL)
		result.permutation = mean_permutation(env, reports, trees,
											  map->n_features);
	if (settings->fanova && result.impurity != NULL)
		result.fanova = mean_fanova(env, reports, trees, map->n_features);
	judge(frame, out_of_bag, &result);
	return result;
}
