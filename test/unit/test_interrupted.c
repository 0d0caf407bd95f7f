/*
 * test_interrupted.c
 *		Memory that runs out, and cancels, at any call of HpEnv: every question
 *		to the core is given up at its first allocation, its second, and so on,
 *		and likewise at its ticks.
 *
 * The callback leaves by longjmp(), as the server's does.  Then the arena goes.
 * Nothing may be left in the heap, and the same question must have the same
 * answer after that, on the same data.
 */
#include "trained.h"

#include <setjmp.h>

#if defined(__SANITIZE_ADDRESS__)
#define COUNTS_HEAP
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COUNTS_HEAP
#endif
#endif
#ifdef COUNTS_HEAP
/* gcc brings no header of the sanitizer's interface along */
extern size_t __sanitizer_get_current_allocated_bytes(void);
#endif

#include "core/describe.h"
#include "core/disguise.h"
#include "core/measure.h"
#include "core/order.h"
#include "core/ped_anova.h"
#include "core/redundancy.h"
#include "core/share.h"
#include "core/significance.h"
#include "core/suggest.h"
#include "core/tally.h"

/* ---- the data: all kinds of columns, gaps that are explained or not ---- */

enum
{
	N_RUNS = 40, N_INPUTS = 6
};

typedef struct Data
{
	HpInput		inputs[N_INPUTS];
	double		metric[N_RUNS];
	HpFrame    *frame;
} Data;

static Data
make_data(void)
{
	static const char *const names[] = {"a.lr", "a.mixed", "b.momentum", "b.optimizer", "flag", "name"};
	UnitRandom	random = 239;
	HpValue		cells[N_INPUTS][N_RUNS];
	Data		data;

	for (uint32_t i = 0; i < N_RUNS; i++)
	{
		bool		sgd = random_below(&random, 2) == 0;

		cells[0][i] = num(random_below(&random, 30));
		cells[1][i] = i % 13 == 0 ? str("auto") : num(i);
		cells[2][i] = sgd ? num(i) : gap;
		cells[3][i] = str(sgd ? "sgd" : i % 3 ? "adam" : "rmsprop");
		cells[4][i] = i % 5 == 0 ? gap : truth(random_below(&random, 2) == 0);
		cells[5][i] = str_numbered("run ", i % 30);
		data.metric[i] = sgd + random_below(&random, 20) / 20.0 + cells[0][i].number / 30;
	}
	for (uint32_t c = 0; c < N_INPUTS; c++)
		data.inputs[c] = unit_input(names[c], cells[c], N_RUNS);
	data.frame = unit_frame(data.inputs, N_INPUTS, data.metric, N_RUNS);
	return data;
}

/* ---- the questions: what they answer is folded into one number ---- */

typedef uint64_t (*Question) (const HpEnv *env, const Data *data, int way);

static void
fold(uint64_t *answer, double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof(bits));
	*answer = (*answer ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
	*answer ^= *answer >> 29;
}

static void
fold_all(uint64_t *answer, const double *x, size_t n)
{
	for (size_t i = 0; x != NULL && i < n; i++)
		fold(answer, x[i]);
}

/* Ways to train; the question is asked once for each. */
static const HpForestSettings ways[] = {
	{.trees = 2, .min_samples_leaf = 1, .max_features = 1, .missing = HP_MISSING_FILL, .permutation = true},
	{.trees = 2, .min_samples_leaf = 2, .max_features = 0.5, .missing = HP_MISSING_VALUE, .permutation = true, .depth = 1},
	{.trees = 2, .min_samples_leaf = 3, .max_features = 1, .missing = HP_MISSING_FILL, .permutation = true, .twice = true, .depth = 1},
	{.trees = 2, .min_samples_leaf = 1, .max_features = 1, .missing = HP_MISSING_FILL, .corrected = true},
	{.trees = 2, .min_samples_leaf = 1, .max_features = 1, .missing = HP_MISSING_FILL, .fanova = true},
};

static HpFrame *
own_frame(const HpEnv *env, const Data *data, bool onehot)
{
	HpFrameOptions options = {NULL, onehot};

	return hp_frame_build(env, data->inputs, N_INPUTS, data->metric, N_RUNS, &options);
}

/* From the inputs to the importances. */
static uint64_t
ask_forest(const HpEnv *env, const Data *data, int way)
{
	HpFrame    *frame = own_frame(env, data, way == 1);
	Trained		t = train_in(env, frame, &ways[way]);
	uint32_t	n = t.map->n_features;
	uint64_t	answer = 0;

	fold_all(&answer, t.result.impurity, n);
	fold_all(&answer, t.result.permutation, hp_map_subjects(t.map));
	fold_all(&answer, t.result.corrected, n);
	fold_all(&answer, t.result.fanova, n);
	fold(&answer, t.result.r2);
	return answer;
}

/* As workers do: each its own trees and sums, which are added. */
static uint64_t
ask_workers(const HpEnv *env, const Data *data, int way)
{
	const HpForestSettings *settings = &ways[way];
	HpFrame    *frame = own_frame(env, data, false);
	Trained		t = prepare(env, frame, settings);
	uint64_t	answer = 0;

	for (uint32_t tree = 0; tree < settings->trees; tree++)
	{
		HpTrainer  *trainer = hp_trainer_create(env, frame, t.map, settings);
		HpOutOfBag	own = hp_out_of_bag_create(env, N_RUNS, t.map, settings);

		hp_train_tree(trainer, tree, &t.reports[tree], &own);
		hp_train_second(trainer, &own);
		hp_out_of_bag_add(env, &t.out_of_bag, &own, N_RUNS);
	}
	finish(env, frame, settings, &t);
	fold_all(&answer, t.result.permutation, hp_map_subjects(t.map));
	return answer;
}

static uint64_t
ask_replicates(const HpEnv *env, const Data *data, int way)
{
	HpFrame    *frame = own_frame(env, data, false);
	HpFeatureMap *all = hp_forest_prepare(env, frame, &ways[way]);
	HpReplicatePlan plan = hp_replicate_plan(frame, all, &ways[way],
											 ways[way].corrected ? HP_CORRECTED : HP_PERMUTATION);
	HpFrame    *mine;
	HpFeatureMap *map;
	HpReplicator *replicator;
	HpReplicates replicates;
	double	   *reports;
	double	   *shown = hp_alloc0(env, plan.n_subjects, sizeof(double));
	HpDoubt		doubt;
	uint64_t	answer = 0;

	plan.n_subsamples = 2;
	plan.subsample.trees = plan.whole.trees = 1;
	plan.most_permuted = 3;
	mine = hp_replicate_frame(env, frame, all, &plan);
	map = hp_replicate_map(env, all);
	replicator = hp_replicator_create(env, mine, map, &plan);
	reports = hp_alloc(env, hp_replicate_units(&plan), hp_replicate_size(&plan) * sizeof(double));
	replicates = (HpReplicates) {&plan, reports, 0};
	for (uint32_t unit = 0; unit < hp_replicate_units(&plan); unit++)
		hp_replicate(replicator, unit, reports + unit * hp_replicate_size(&plan));
	replicates.done = hp_replicate_units(&plan);
	fold(&answer, hp_doubt_wanted(env, &replicates));
	doubt = hp_doubt(env, &replicates, shown);
	fold_all(&answer, doubt.standard_error, plan.n_subjects);
	fold_all(&answer, doubt.p_value_adjusted, plan.n_subjects);
	return answer;
}

static uint64_t
ask_description(const HpEnv *env, const Data *data, int way)
{
	HpRelations *relations = hp_redundancy(env, data->frame);
	uint64_t	answer = 0;

	(void) way;
	for (uint32_t c = 0; c < data->frame->n_columns; c++)
	{
		const HpColumn *column = &data->frame->columns[c];
		HpDescription d = hp_describe(env, data->frame, column);
		uint32_t	n = 0;

		if (column->role == HP_PARAMETER)
		{
			HpLevelDescription *levels = hp_describe_levels(env, data->frame, column, &n);

			for (uint32_t i = 0; i < n; i++)
				fold(&answer, levels[i].correlation);
		}
		fold(&answer, d.pearson);
		fold(&answer, hp_disguise(data->frame, column, &d));
		fold(&answer, relations[c].n);
	}
	return answer;
}

/* Effects of one tree over what was observed, or uniform. */
static uint64_t
ask_effects(const HpEnv *env, const Data *data, int way)
{
	uint32_t	n = data->frame->n_columns;
	HpFeature  *features = hp_alloc(env, n, sizeof(HpFeature));
	double	  **below = hp_alloc(env, n, sizeof(double *));
	double	   *mean;
	HpTreeSettings settings = {0, 1, n};
	uint32_t   *draws = hp_alloc(env, N_RUNS, sizeof(uint32_t));
	double	   *gain = hp_alloc0(env, n, sizeof(double));
	HpShares   *shares;
	HpAnova    *anova;
	HpRng		rng;
	size_t		n_pairs;
	uint64_t	answer = 0;

	for (uint32_t f = 0; f < n; f++)
	{
		uint32_t   *runs_of = hp_alloc0(env, data->frame->columns[f].n_codes, sizeof(uint32_t));

		for (uint32_t run = 0; run < N_RUNS; run++)
			runs_of[hp_column_code(&data->frame->columns[f], run)]++;
		features[f] = hp_column_feature(&data->frame->columns[f]);
		below[f] = hp_measure_feature(env, way == 0 ? HP_SPACE_OBSERVED : HP_SPACE_LOG, &features[f], runs_of);
	}
	for (uint32_t run = 0; run < N_RUNS; run++)
		draws[run] = 1;
	hp_rng_init(&rng, 17, 0);
	anova = hp_anova_create(env, features, n, below);
	shares = hp_shares_create(env, n);
	hp_anova_decompose(anova, hp_tree_grow(hp_grower_create(env, features, n, N_RUNS, &settings),
										   &rng, data->frame->target, draws, gain, NULL));
	hp_shares_add(shares, anova);
	mean = hp_alloc(env, features[0].n_codes, sizeof(double));
	hp_anova_marginal(anova, 0, mean);
	fold_all(&answer, mean, features[0].n_codes);
	for (const HpInteraction *pair = hp_anova_interactions(anova, &n_pairs); n_pairs > 0; n_pairs--)
		fold(&answer, pair++->variance);
	for (uint32_t f = 0; f < n; f++)
		fold(&answer, shares->main[f].mean);
	return answer;
}

static uint64_t
ask_ped_anova(const HpEnv *env, const Data *data, int way)
{
	uint64_t	answer = 0;

	fold_all(&answer, hp_ped_anova(env, data->frame, way == 1, 0.3), data->frame->n_columns);
	return answer;
}

/* What to keep of the first column, by curves that favour its middle. */
static uint64_t
ask_suggestion(const HpEnv *env, const Data *data, int way)
{
	const HpColumn *column = &data->frame->columns[0];
	uint32_t   *runs_of = hp_alloc0(env, column->n_codes, sizeof(uint32_t));
	uint32_t   *best_of = hp_alloc0(env, column->n_codes, sizeof(uint32_t));
	HpTried		tried = {
		.kind = column->kind, .n_codes = column->n_codes, .n_words = column->n_words,
		.numbers = column->numbers, .minimum = 0, .maximum = 29,
		.runs_of = runs_of, .best_of = best_of
	};
	HpCurves	curves = {.n_trees = 5, .metric_stddev = 1};
	HpSuggestion suggestion;
	HpBins		bins;
	double	   *values;
	uint64_t	answer = 0;

	for (uint32_t run = 0; run < N_RUNS; run++)
		runs_of[hp_column_code(column, run)]++;
	best_of[column->n_codes / 2] = 1;
	bins = hp_tried_bins(env, &tried);
	curves.values = values = hp_alloc(env, (size_t) curves.n_trees * bins.n, sizeof(double));
	for (uint32_t i = 0; i < curves.n_trees * bins.n; i++)
		values[i] = fabs((double) (i % bins.n) - bins.n / 2.0) + i / bins.n * 0.01;
	suggestion = hp_suggest(env, &tried, &bins, &curves, way == 1);
	fold(&answer, suggestion.advice);
	fold(&answer, suggestion.best);
	return answer;
}

/* Exact sums, of parts that are merged. */
static uint64_t
ask_tallies(const HpEnv *env, const Data *data, int way)
{
	HpTally		parts[2] = {{0}, {0}};
	HpMetricTally metrics[2] = {{0}, {0}};
	HpExactDigits digits;
	HpExactSum	read = {0};
	uint64_t	answer = 0;

	(void) way;
	for (uint32_t i = 0; i < N_RUNS; i++)
	{
		double		x = ldexp(data->metric[i], (int) i * 40 - 800);

		hp_tally_add(env, &parts[i % 2], HP_READS_NUMBER, x, data->metric[i], i + 1);
		hp_tally_add_metric(env, &metrics[i % 2], x, i + 1);
	}
	hp_tally_merge(env, &parts[0], &parts[1]);
	hp_tally_merge_metric(env, &metrics[0], &metrics[1]);
	hp_exact_digits(&metrics[0].sum, &digits);
	fold(&answer, hp_exact_from_digits(env, &read, &digits));
	fold(&answer, hp_exact_mean(&read, metrics[0].n));
	fold(&answer, hp_exact_correlation(&parts[0].numbers.sums, parts[0].numbers.n));
	return answer;
}

static uint64_t
ask_order(const HpEnv *env, const Data *data, int way)
{
	double	   *ranks = hp_alloc(env, N_RUNS, sizeof(double));
	uint32_t   *group = hp_alloc(env, N_RUNS, sizeof(uint32_t));
	HpMoments	moments = hp_moments(data->metric, N_RUNS);
	uint64_t	answer = 0;

	(void) way;
	hp_ranks(env, data->metric, ranks, N_RUNS);
	fold_all(&answer, ranks, N_RUNS);
	for (uint32_t i = 0; i < N_RUNS; i++)
		group[i] = i % 3;
	fold(&answer, hp_correlation_ratio(env, group, 3, data->metric, &moments, N_RUNS));
	return answer;
}

/* ---- given up ---- */

/* An environment that gives up at the count-th call of either callback. */
typedef struct Fragile
{
	jmp_buf		out;
	long		allocs;			/* left until it gives up; < 0: never */
	long		ticks;
} Fragile;

static void *
fragile_alloc(void *arg, size_t size)
{
	Fragile    *fragile = arg;

	if (fragile->allocs-- == 0)
		longjmp(fragile->out, 1);
	return unit_alloc(NULL, size);
}

static void
fragile_tick(void *arg)
{
	Fragile    *fragile = arg;

	if (fragile->ticks-- == 0)
		longjmp(fragile->out, 1);
}

/* Bytes in the heap, where the sanitizer counts them. */
static size_t
heap(void)
{
#ifdef COUNTS_HEAP
	return __sanitizer_get_current_allocated_bytes();
#else
	return 0;
#endif
}

static void
free_down_to(UnitBlock *keep)
{
	while (unit_blocks != keep)
	{
		UnitBlock  *next = unit_blocks->next;

		free(unit_blocks);
		unit_blocks = next;
	}
}

/* The answer, or false if it was given up. */
static bool
try_to_ask(Question question, const Data *data, int way, long allocs, long ticks,
		   uint64_t *answer)
{
	UnitBlock  *volatile keep = unit_blocks;
	Fragile		fragile = {.allocs = allocs, .ticks = ticks};
	HpEnv		env = {fragile_alloc, fragile_tick, &fragile};
	volatile bool answered = false;

	if (setjmp(fragile.out) == 0)
	{
		*answer = question(&env, data, way);
		answered = true;
	}
	free_down_to(keep);
	return answered;
}

/* Of so many ticks each is tried; of those that follow every 7th. */
#define MOST_TICKS	60

static void
check(const char *name, Question question, const Data *data, int way, bool ticks)
{
	uint64_t	want = 0;
	uint64_t	got = 0;
	size_t		before;
	long		k = 0;
	long		failures = 0;
	bool		whole = try_to_ask(question, data, way, -1, -1, &want);

	before = heap();
	while (!try_to_ask(question, data, way, ticks ? -1 : k, ticks ? k : -1, &got))
	{
		failures++;
		k += ticks && k > MOST_TICKS ? 7 : 1;
	}
	ok(whole && failures > 0 && got == want, "%s: given up at %ld %s, and the answer is the same",
	   name, failures, ticks ? "ticks" : "allocations");
	ok(heap() == before, "%s: nothing is left in the heap", name);
}

int
main(void)
{
	static const struct
	{
		const char *name;
		Question	question;
		int			n_ways;
		bool		ticks;		/* whether it is long enough to have any */
	}			questions[] = {
		{"forest", ask_forest, 5, true},
		{"workers", ask_workers, 4, true},
		{"replicates", ask_replicates, 4, true},
		{"description", ask_description, 1, true},
		{"effects", ask_effects, 2, true},
		{"ped_anova", ask_ped_anova, 2, true},
		{"suggestion", ask_suggestion, 2, false},
		{"tallies", ask_tallies, 1, false},
		{"order", ask_order, 1, true},
	};
	Data		data = make_data();

	setvbuf(stdout, NULL, _IONBF, 0);	/* its buffer would be on the heap */
	for (uint32_t q = 0; q < LENGTH(questions); q++)
		for (int way = 0; way < questions[q].n_ways; way++)
		{
			char		name[64];

			snprintf(name, sizeof(name), "%s, way %d", questions[q].name, way);
			check(name, questions[q].question, &data, way, false);
			if (questions[q].ticks)
				check(name, questions[q].question, &data, way, true);
		}
	return done();
}
