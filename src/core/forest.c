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
			reports[t].permutation = hp_alloc0(env, hp_map_subjects(map),
											   sizeof(double));
		if (settings->corrected)
			reports[t].corrected = hp_alloc0(env, n, sizeof(double));
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
	HpCorrector *corrector;		/* NULL if not asked for */
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
										   hp_grower_rows(trainer->grower),
										   &map->groups);
	if (settings->corrected)
		trainer->corrector = hp_corrector_create(env, trainer->features,
												 map->n_features,
												 frame->n_runs,
												 &tree_settings);
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
	size_t		later = hp_grower_later(trainer->grower);

	if (trainer->corrector != NULL)
		later += hp_corrector_later(trainer->corrector);
	if (trainer->anova != NULL)
		later += hp_anova_later(trainer->frame->n_runs);
	return later;
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
		uint32_t	feature = trainer->deck_feature[d];

		hp_hot_deck_fill(deck, trainer->env, rng);
		hp_grower_reread(trainer->grower, feature, deck->gaps, deck->n_gaps);
		if (trainer->corrector != NULL)
			hp_corrector_reread(trainer->corrector, feature, deck->gaps,
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

static double
sum_of(const double *values, uint32_t n)
{
	double		sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += values[i];
	return sum;
}

/* Scale so that the sum is 1, unless it is 0. */
static void
scale_to_one(double *values, uint32_t n)
{
	double		sum = sum_of(values, n);

	if (sum > 0)
		for (uint32_t i = 0; i < n; i++)
			values[i] /= sum;
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
	if (trainer->corrector != NULL)
		hp_correct(trainer->corrector, trainer->settings->seed, t,
				   trainer->frame->target, trainer->draws, report->corrected);
	if (trainer->anova != NULL)
		ask_anova(trainer, tree, report);
	return tree;
}

/* ---- all trees ---- */

/* By subject, summed over trees: the mean but for a factor. */
typedef struct Sums
{
	const HpFeatureMap *map;
	double	   *of;
} Sums;

static Sums
begin_sums(const HpEnv *env, const HpFeatureMap *map)
{
	return (Sums) {map, hp_alloc0(env, hp_map_subjects(map), sizeof(double))};
}

/* Add what a tree reports of the first n subjects. */
static void
add_tree(Sums *sums, const double *report, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sums->of[i] += report[i];
}

/* Reductions of impurity by a group are those by its members. */
static void
add_members(Sums *sums)
{
	const HpGroups *groups = &sums->map->groups;
	uint32_t	n = sums->map->n_features;

	for (uint32_t f = 0; f < n; f++)
		if (groups->of[f] != HP_NO_GROUP)
			sums->of[n + groups->of[f]] += sums->of[f];
}

/* What rounding leaves of a sum of numbers that cancel. */
#define ROUNDING_DUST	1e-12

/* Clip sums at 0 and scale them: see HpForestResult. */
static double *
make_shares(const Sums *sums, double dust)
{
	double	   *shares = sums->of;
	uint32_t	n_features = sums->map->n_features;
	uint32_t	n = hp_map_subjects(sums->map);
	double		unit;

	for (uint32_t i = 0; i < n; i++)
		shares[i] = fmax(shares[i], 0);
	unit = sum_of(shares, n_features);
	if (unit == 0)
		unit = sum_of(shares + n_features, n - n_features);
	if (unit == 0)
		return shares;
	for (uint32_t i = 0; i < n; i++)
		shares[i] = shares[i] / unit < dust ? 0 : shares[i] / unit;
	return shares;
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

/* impurity: nothing cancels, and next to a sentinel little may be much. */
static void
share_impurity(const HpEnv *env, const HpFeatureMap *map,
			   const HpTreeReport *reports, uint32_t trees,
			   HpForestResult *result)
{
	Sums		sums = begin_sums(env, map);

	for (uint32_t t = 0; t < trees; t++)
		add_tree(&sums, reports[t].impurity, map->n_features);
	add_members(&sums);
	result->impurity = make_shares(&sums, 0);
}

static void
share_permutation(const HpEnv *env, const HpFeatureMap *map,
				  const HpTreeReport *reports, uint32_t trees,
				  HpForestResult *result)
{
	Sums		sums = begin_sums(env, map);

	for (uint32_t t = 0; t < trees; t++)
		add_tree(&sums, reports[t].permutation, hp_map_subjects(map));
	result->permutation = make_shares(&sums, ROUNDING_DUST);
}

static void
share_corrected(const HpEnv *env, const HpFeatureMap *map,
				const HpTreeReport *reports, uint32_t trees,
				HpForestResult *result)
{
	Sums		sums = begin_sums(env, map);

	for (uint32_t t = 0; t < trees; t++)
		add_tree(&sums, reports[t].corrected, map->n_features);
	add_members(&sums);
	result->corrected = make_shares(&sums, ROUNDING_DUST);
}

void
hp_fanova_finish(double *sum, uint32_t n_features)
{
	scale_to_one(sum, n_features);
	for (uint32_t f = 0; f < n_features; f++)
		sum[f] = sum[f] < ROUNDING_DUST ? 0 : sum[f];
}

/* Groups have none: what members explain together is not in their shares. */
static void
share_fanova(const HpEnv *env, const HpFeatureMap *map,
			 const HpTreeReport *reports, uint32_t trees,
			 HpForestResult *result)
{
	Sums		sums = begin_sums(env, map);

	for (uint32_t t = 0; t < trees; t++)
		add_tree(&sums, reports[t].fanova, map->n_features);
	hp_fanova_finish(sums.of, map->n_features);
	result->fanova = sums.of;
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

	if (any_reduction(reports, trees, map->n_features))
	{
		share_impurity(env, map, reports, trees, &result);
		if (settings->permutation)
			share_permutation(env, map, reports, trees, &result);
		if (settings->corrected)
			share_corrected(env, map, reports, trees, &result);
		if (settings->fanova)
			share_fanova(env, map, reports, trees, &result);
	}
	judge(frame, out_of_bag, &result);
	return result;
}
