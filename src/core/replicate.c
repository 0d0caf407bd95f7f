/*
 * replicate.c
 *		Small forests once more on other data.
 */
#include <math.h>
#include <string.h>

#include "replicate.h"

/*
 * Trees of a replicate.  On subsamples few are enough: what they vary by is
 * known, and taken off the variance between subsamples.  Against chance more
 * tell more, if there is time for them.
 */
#define SUBSAMPLE_TREES	14
#define FEWEST_TREES	10
#define MOST_TREES		60

/*
 * So many subsamples, and what of the runs is in them: of halves, which the
 * formula is simplest for, forests of 100 or 300 runs see so little that
 * importances vary more, or less, than those of all runs would.
 */
#define SUBSAMPLES		50
#define SHARE_OF_RUNS	(2.0 / 3)

/* Permuted metrics, round by round: p-values of whole or half percents. */
static const uint32_t rounds[] = {39, 99, 199};

#define N_ROUNDS		(sizeof(rounds) / sizeof(rounds[0]))

/*
 * Trees of replicates are numbered behind those of the forest, so many for each
 * unit, and two that follow each other get complementary halves of the runs,
 * the first of them of even number (draw_half()): each unit begins with such a
 * one.
 */
_Static_assert(HP_MAX_TREES % 2 == 0 && MOST_TREES % 2 == 0,
			   "a unit would begin with the second tree of two");

/* Streams of their own, far from those of the trees and of filling gaps. */
#define FIRST_STREAM	(UINT64_C(1) << 62)

/* ---- the plan ---- */

#define MOST_RUNS		10000
#define FEWEST_RUNS		500		/* for a tree, if there are so many */

/* Of (run, feature, level): what takes about half a second. */
#define COST_TO_SPARE	250e6

static double
cost_of_samples(const HpForestSettings *settings, uint32_t sample,
				uint32_t n_features)
{
	double		levels = hp_bits_of(sample / (uint32_t) settings->min_samples_leaf + 1);
	int			each = (settings->twice ? 2 : 1) * (settings->corrected ? 2 : 1);

	if (settings->max_depth > 0 && levels > settings->max_depth)
		levels = (double) settings->max_depth;
	return levels * sample * n_features * settings->max_features *
		(double) settings->trees * each;
}

static double
cost_of_trees(const HpForestSettings *settings, uint32_t n_runs,
			  uint32_t n_features)
{
	return cost_of_samples(settings, hp_forest_sample(settings, n_runs),
						   n_features);
}

/* What a hundred pairs of trees cost on all the runs, or the forest itself. */
static double
cost_to_spend(const HpForestSettings *settings, uint32_t n_runs,
			  uint32_t n_features)
{
	HpForestSettings full = *settings;

	if (full.twice && full.trees < 100)
		full.trees = 100;
	return fmax(COST_TO_SPARE, cost_of_samples(&full, n_runs, n_features));
}

double
hp_replicate_cost(const HpReplicatePlan *plan, uint32_t first, uint32_t end)
{
	uint32_t	subsamples = 0;

	if (first < plan->n_subsamples)
		subsamples = (end < plan->n_subsamples ? end : plan->n_subsamples) -
			first;
	return subsamples *
		cost_of_trees(&plan->subsample, plan->subsample_runs,
					  plan->n_features) +
		(end - first - subsamples) *
		cost_of_trees(&plan->whole, plan->tree_runs, plan->n_features);
}

static double
cost_of_plan(const HpReplicatePlan *plan, uint32_t n_permuted)
{
	return hp_replicate_cost(plan, 0, plan->n_subsamples + 1 + n_permuted);
}

/*
 * Against chance leaves of several runs do better than of one: what a
 * parameter does to many runs is not drowned by what single ones happen to be.
 */
static int64_t
leaf_against_chance(uint32_t n_runs)
{
	uint32_t	leaf = n_runs / 64 < 50 ? n_runs / 64 : 50;

	if (leaf < 5)
		leaf = n_runs / 20 < 5 ? n_runs / 20 : 5;
	return leaf < 1 ? 1 : leaf;
}

/* The leaf that is to trees of n_runs what the forest's is to those of all. */
static int64_t
leaf_in_proportion(const HpForestSettings *settings, uint32_t all_runs,
				   uint32_t n_runs)
{
	int64_t		all = hp_forest_sample(settings, all_runs);
	int64_t		here = hp_forest_sample(settings, n_runs);
	int64_t		leaf = (settings->min_samples_leaf * here + all / 2) / all;

	return leaf < 1 ? 1 : leaf;
}

static void
set_tree_runs(HpReplicatePlan *plan, const HpForestSettings *settings,
			  uint32_t n_runs)
{
	bool		by_size = settings->twice &&
		settings->min_samples_leaf == hp_leaf_for_twice(plan->all_runs);
	int64_t		leaf = by_size ? 1 :
		leaf_in_proportion(settings, plan->all_runs, n_runs);

	/* large leaves that nobody asked for are of pairs of trees, not of these */
	plan->tree_runs = n_runs;
	plan->whole.min_samples_leaf = leaf_against_chance(n_runs);
	if (plan->whole.min_samples_leaf < leaf)
		plan->whole.min_samples_leaf = leaf;
	if (plan->subsample_runs > n_runs)
		plan->subsample_runs = n_runs;
	plan->subsample.min_samples_leaf =
		leaf_in_proportion(settings, plan->all_runs, plan->subsample_runs);
}

/*
 * First as many runs as the budget allows, with few trees and two rounds; then
 * trees; then more rounds.
 */
static void
spend(HpReplicatePlan *plan, const HpForestSettings *settings, double budget)
{
	plan->whole.trees = FEWEST_TREES;
	set_tree_runs(plan, settings, plan->n_runs);
	while (plan->tree_runs > FEWEST_RUNS &&
		   cost_of_plan(plan, rounds[1]) > budget)
		set_tree_runs(plan, settings, plan->tree_runs - plan->tree_runs / 8);
	do
		plan->whole.trees++;
	while (plan->whole.trees <= MOST_TREES &&
		   cost_of_plan(plan, rounds[1]) <= budget);
	plan->whole.trees--;
	plan->most_permuted = rounds[0];
	for (size_t i = 1; i < N_ROUNDS; i++)
		if (cost_of_plan(plan, rounds[i]) <= budget)
			plan->most_permuted = rounds[i];
}

/* So many ways are as good as any number. */
#define MOST_WAYS	1e100

/*
 * Few runs, or few different metrics, can be permuted in few ways.  Equal ones
 * are neighbours: a frame holds its runs by metric.
 */
static double
count_ways(const HpFrame *frame)
{
	double		ways = 1;
	uint32_t	equal = 0;

	for (uint32_t run = 0; run < frame->n_runs && ways < MOST_WAYS; run++)
	{
		if (run > 0 && frame->target[run] != frame->target[run - 1])
			equal = 0;
		ways *= (run + 1.0) / ++equal;
	}
	return ways;
}

HpReplicatePlan
hp_replicate_plan(const HpFrame *frame, const HpFeatureMap *map,
				  const HpForestSettings *settings, HpImportance importance)
{
	HpReplicatePlan plan = {
		.importance = importance,
		.all_runs = frame->n_runs,
		.all_trees = (uint32_t) settings->trees,
		.n_runs = frame->n_runs < MOST_RUNS ? frame->n_runs : MOST_RUNS,
		.n_features = map->n_features,
		.n_subjects = hp_map_subjects(map),
		.subsample = *settings,
		.whole = *settings,
		.n_subsamples = importance == HP_NO_IMPORTANCE ? 0 : SUBSAMPLES,
		.least_p_value = 1 / count_ways(frame)
	};

	plan.subsample_runs = (uint32_t) (SHARE_OF_RUNS * plan.n_runs);
	plan.subsample.permutation = importance == HP_PERMUTATION;
	plan.subsample.corrected = importance == HP_CORRECTED;
	plan.subsample.fanova = importance == HP_FANOVA;
	plan.whole.permutation = true;
	plan.whole.twice = false;
	plan.whole.corrected = plan.whole.fanova = false;
	plan.subsample.trees = SUBSAMPLE_TREES;
	spend(&plan, settings,
		  cost_to_spend(settings, frame->n_runs, map->n_features));
	return plan;
}

uint32_t
hp_replicate_next_round(const HpReplicatePlan *plan, uint32_t permuted)
{
	for (size_t i = 0; i < N_ROUNDS; i++)
		if (rounds[i] > permuted)
			return rounds[i] <= plan->most_permuted ? rounds[i] : 0;
	return 0;
}

/* ---- subsets of runs ---- */

/* What a stream of random numbers is for; those of 0 are of shadows. */
typedef enum Purpose
{
	FOR_UNIT = 1,
	FOR_FRAME
} Purpose;

static HpRng
start_stream(const HpReplicatePlan *plan, Purpose purpose, uint32_t unit)
{
	HpRng		rng;

	hp_rng_init(&rng, plan->subsample.seed,
				FIRST_STREAM + ((uint64_t) purpose << 32) + unit);
	return rng;
}

/*
 * Choose wanted of n runs, ascending: each with the chance that those still
 * wanted have among those still to come (Fan, Muller and Rezucha 1962).
 */
static void
choose_runs(const HpEnv *env, HpRng *rng, uint32_t n, uint32_t wanted,
			uint32_t *runs)
{
	uint32_t	chosen = 0;

	for (uint32_t run = 0; chosen < wanted; run++)
	{
		hp_tick_at(env, run);
		if (hp_rng_below(rng, n - run) < wanted - chosen)
			runs[chosen++] = run;
	}
}

static void *
choose_codes(const HpEnv *env, const HpColumn *column, const uint32_t *runs,
			 uint32_t n)
{
	void	   *codes = hp_alloc(env, n, column->wide ? 2 : 1);

	for (uint32_t i = 0; i < n; i++)
		if (column->wide)
			((uint16_t *) codes)[i] = (uint16_t) hp_column_code(column, runs[i]);
		else
			((uint8_t *) codes)[i] = (uint8_t) hp_column_code(column, runs[i]);
	return codes;
}

static void
choose_subset(const HpEnv *env, const HpReplicatePlan *plan, HpFrame *frame)
{
	HpRng		rng = start_stream(plan, FOR_FRAME, 0);
	uint32_t   *runs = hp_alloc(env, plan->n_runs, sizeof(uint32_t));
	int64_t    *target = hp_alloc(env, plan->n_runs, sizeof(int64_t));

	choose_runs(env, &rng, frame->n_runs, plan->n_runs, runs);
	for (uint32_t i = 0; i < plan->n_runs; i++)
		target[i] = frame->target[runs[i]];
	for (uint32_t c = 0; c < frame->n_columns; c++)
	{
		hp_tick(env);
		frame->columns[c].codes = choose_codes(env, &frame->columns[c], runs,
											   plan->n_runs);
	}
	frame->target = target;
	frame->n_runs = plan->n_runs;
}

HpFrame *
hp_replicate_frame(const HpEnv *env, const HpFrame *frame,
				   const HpFeatureMap *map, const HpReplicatePlan *plan)
{
	HpFrame    *mine = hp_alloc(env, 1, sizeof(HpFrame));

	*mine = *frame;
	mine->metric = NULL;		/* targets are enough */
	mine->n_columns = map->n_features;
	mine->columns = hp_alloc(env, map->n_features, sizeof(HpColumn));
	for (uint32_t f = 0; f < map->n_features; f++)
	{
		mine->columns[f] = frame->columns[map->columns[f]];
		mine->columns[f].exact = NULL;
	}
	if (plan->n_runs < frame->n_runs)
		choose_subset(env, plan, mine);
	return mine;
}

HpFeatureMap *
hp_replicate_map(const HpEnv *env, const HpFeatureMap *map)
{
	HpFeatureMap *all = hp_alloc(env, 1, sizeof(HpFeatureMap));

	*all = *map;
	all->columns = hp_alloc(env, map->n_features, sizeof(uint32_t));
	for (uint32_t f = 0; f < map->n_features; f++)
		all->columns[f] = f;
	return all;
}

/* ---- one worker ---- */

struct HpReplicator
{
	const HpEnv *env;
	const HpReplicatePlan *plan;
	const HpFrame *actual;
	const HpFeatureMap *map;
	HpFrame		frame;			/* with targets of its own, maybe permuted */
	HpTrainer  *of_subsample;
	HpTrainer  *whole;
	HpTreeReport *reports;		/* of one replicate */
	HpOutOfBag	halves[2];		/* of the trees on a subsample, */
	HpOutOfBag	out_of_bag;		/* and all of them */
	HpOutOfBag	of_whole;		/* of trees on a metric */
	HpRegression *regression;	/* beside the forests, or NULL */
	uint32_t   *runs;			/* the subsample at work, or those of a tree */
	double	   *shares;			/* by half of the trees, of each subject */
	double	   *worth;			/* by subject: of the regression's effects */
};

static void
create_subsampler(HpReplicator *r)
{
	const HpReplicatePlan *plan = r->plan;

	r->of_subsample = hp_trainer_create(r->env, r->actual, r->map,
										&plan->subsample);
	r->out_of_bag = hp_out_of_bag_create(r->env, plan->n_runs, r->map,
										 &plan->subsample);
	for (int i = 0; i < 2; i++)
		r->halves[i] = hp_out_of_bag_create(r->env, plan->n_runs, r->map,
											&plan->subsample);
}

HpReplicator *
hp_replicator_create(const HpEnv *env, const HpFrame *frame,
					 const HpFeatureMap *map, const HpReplicatePlan *plan)
{
	HpReplicator *r = hp_alloc0(env, 1, sizeof(HpReplicator));
	HpForestSettings most = plan->subsample;

	most.trees = MOST_TREES;
	most.permutation = true;	/* of the others, by trees */
	most.twice = false;
	r->env = env;
	r->plan = plan;
	r->actual = frame;
	r->map = map;
	r->frame = *frame;
	r->frame.target = hp_alloc(env, plan->n_runs, sizeof(int64_t));
	if (plan->n_subsamples > 0)
		create_subsampler(r);
	r->whole = hp_trainer_create(env, &r->frame, map, &plan->whole);
	r->reports = hp_reports_create(env, map, &most);
	r->regression = hp_regression_create(env, frame, map->columns,
										 map->n_features, &map->groups);
	r->of_whole = hp_out_of_bag_create(env, plan->n_runs, map, &plan->whole);
	r->runs = hp_alloc(env, plan->n_runs, sizeof(uint32_t));
	r->shares = hp_alloc(env, 2 * (size_t) plan->n_subjects, sizeof(double));
	r->worth = hp_alloc(env, plan->n_subjects, sizeof(double));
	return r;
}

size_t
hp_replicator_later(const HpReplicator *r)
{
	return hp_trainer_later(r->whole) +
		(r->of_subsample == NULL ? 0 : hp_trainer_later(r->of_subsample));
}

/* Train tree t of a unit; trees are numbered on from those of the forest. */
static void
train_tree(HpReplicator *r, HpTrainer *trainer, uint32_t unit, uint32_t t,
		   HpOutOfBag *out_of_bag)
{
	hp_tick(r->env);
	memset(r->reports[t].impurity, 0, r->plan->n_features * sizeof(double));
	hp_train_tree(trainer, HP_MAX_TREES + unit * MOST_TREES + t, &r->reports[t],
				  out_of_bag);
	hp_train_second(trainer, out_of_bag);
}

/* ---- on subsamples ---- */

/*
 * (The last tree of one half and the first of the other may have complementary
 * samples of the runs.  That is one pair of seven: what the halves have to do
 * with each other by it does not show.)
 */
static void
train_both_halves(HpReplicator *r, uint32_t unit)
{
	const HpReplicatePlan *plan = r->plan;
	uint32_t	trees = (uint32_t) plan->subsample.trees;

	hp_out_of_bag_clear(&r->out_of_bag, plan->n_runs);
	for (uint32_t i = 0; i < 2; i++)
	{
		hp_out_of_bag_clear(&r->halves[i], plan->n_runs);
		for (uint32_t t = i * (trees / 2); t < (i + 1) * (trees / 2); t++)
			train_tree(r, r->of_subsample, unit, t, &r->halves[i]);
		hp_out_of_bag_add(r->env, &r->out_of_bag, &r->halves[i], plan->n_runs);
	}
}

/*
 * One half of the trees against the other tells how much of the variance is
 * theirs: with a and b of half the trees each, (a - b)^2 / 4 estimates the
 * variance of what all of them say.
 */
static void
replicate_subsample(HpReplicator *r, uint32_t unit, double *report)
{
	const HpReplicatePlan *plan = r->plan;
	uint32_t	half = (uint32_t) plan->subsample.trees / 2;
	uint32_t	n = plan->n_subjects;
	HpTrees		all = {r->actual, r->map, r->reports, 2 * half,
		&r->out_of_bag, NULL
	};
	HpForestResult judged;
	HpRng		rng = start_stream(plan, FOR_UNIT, unit);

	choose_runs(r->env, &rng, plan->n_runs, plan->subsample_runs, r->runs);
	hp_trainer_draw_from(r->of_subsample, r->runs, plan->subsample_runs);
	train_both_halves(r, unit);
	if (r->regression != NULL && hp_by_effects(&plan->subsample))
		all.beside = hp_regression_fit(r->regression, r->actual->target,
									   r->out_of_bag.trees);
	hp_forest_judge(&all, &judged);
	hp_forest_shares(r->env, &all, plan->importance, judged.r2, report);
	for (uint32_t i = 0; i < 2; i++)
	{
		HpTrees		of = {r->actual, r->map, r->reports + i * half, half,
			&r->halves[i], all.beside
		};

		hp_forest_shares(r->env, &of, plan->importance, judged.r2,
						 r->shares + i * n);
	}
	for (uint32_t i = 0; i < n; i++)
	{
		double		difference = r->shares[i] - r->shares[n + i];

		report[n + i] = difference * difference / 4;
	}
}

/* ---- on a metric ---- */

/* Fisher-Yates, built from the front ("inside out"). */
static void
permute_target(HpReplicator *r, HpRng *rng)
{
	int64_t    *target = r->frame.target;

	for (uint32_t i = 0; i < r->plan->n_runs; i++)
	{
		uint32_t	j = hp_rng_below(rng, i + 1);

		target[i] = target[j];
		target[j] = r->actual->target[i];
	}
}

/* An error that is less, of the metric's variance, is taken for this. */
#define LEAST_ERROR		1e-12

static double
in_units_of_error(double r2)
{
	return 1 / fmax(1 - r2, LEAST_ERROR);
}

/*
 * Add what the regression beside the forest says of the metric at hand, as if
 * all trees had said it: exchanging values makes twice the variance of an effect.
 */
static void
add_regression(HpReplicator *r, double *report)
{
	uint32_t	n = r->plan->n_subjects;
	double		trees = (double) r->plan->whole.trees;

	if (r->regression == NULL ||
		hp_regression_fit(r->regression, r->frame.target, NULL) == NULL)
		return;
	report[2 * n] +=
		in_units_of_error(hp_regression_worth(r->regression, r->frame.target,
											  r->worth));
	for (uint32_t i = 0; i < n; i++)
		report[i] += 2 * trees * r->worth[i];
}

/*
 * The increase of the forest's squared error by permuting a subject, and the
 * metric's variance, in units of the squared error there is, as F statistics
 * have it: parameters that do little are then not drowned by what others do,
 * which permuting the metric turns into noise.  The regression adds its part.
 */
static void
replicate_whole(HpReplicator *r, uint32_t unit, double *report)
{
	const HpReplicatePlan *plan = r->plan;
	uint32_t	trees = (uint32_t) plan->whole.trees;
	uint32_t	n = plan->n_subjects;
	HpRng		rng = start_stream(plan, FOR_UNIT, unit);
	HpTrees		all = {&r->frame, r->map, r->reports, trees, &r->of_whole, NULL};
	HpForestResult judged;
	double		spread;

	if (unit == hp_replicate_actual(plan))
		memcpy(r->frame.target, r->actual->target,
			   plan->n_runs * sizeof(int64_t));
	else
		permute_target(r, &rng);
	hp_out_of_bag_clear(&r->of_whole, plan->n_runs);
	for (uint32_t t = 0; t < trees; t++)
	{
		if (plan->tree_runs < plan->n_runs)
		{
			choose_runs(r->env, &rng, plan->n_runs, plan->tree_runs, r->runs);
			hp_trainer_draw_from(r->whole, r->runs, plan->tree_runs);
		}
		train_tree(r, r->whole, unit, t, &r->of_whole);
		for (uint32_t i = 0; i < n; i++)
			report[i] += r->reports[t].permutation[i];
	}
	hp_forest_judge(&all, &judged);
	spread = in_units_of_error(judged.r2);
	for (uint32_t i = 0; i < n; i++)
		report[i] *= isnan(judged.r2) ? 0 : spread;
	report[2 * n] = isnan(judged.r2) ? NAN : spread;
	if (!isnan(judged.r2))
		add_regression(r, report);
}

void
hp_replicate(HpReplicator *r, uint32_t unit, double *report)
{
	memset(report, 0, hp_replicate_size(r->plan) * sizeof(double));
	if (unit < r->plan->n_subsamples)
		replicate_subsample(r, unit, report);
	else
		replicate_whole(r, unit, report);
}
