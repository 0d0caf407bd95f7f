/*
 * test_total_effect.c
 *		Importance by the effects of a forest: the formula on numbers made by
 *		hand, which runs are looked at, and trees that are followed by a second.
 */
#define FIXTURES ""
#include "trained.h"

#include "core/total_effect.h"

static bool
nearly(double a, double b)
{
	return fabs(a - b) <= 1e-12 * (fabs(a) + fabs(b));
}

/* Of a forest with nothing beside it. */
static void
importance_of(const HpTotalEffects *effects, uint32_t n_runs,
			  const int64_t *target, const int64_t *predicted,
			  const uint32_t *trees, double *importance)
{
	HpPredictions p = {n_runs, target, predicted, trees, NULL, 0.25};

	ok(isnan(hp_predictions_weigh(&p)) && p.weight == 0,
	   "with nothing beside the forest nothing is weighed");
	hp_total_effect_importance(unit_env, effects, &p, importance);
}

/*
 * Three runs and two subjects, by hand.  Run 2 was in the bag of every tree:
 * it does not count.
 */
static void
test_formula(void)
{
	const int64_t target[] = {100, -40, 7};
	const int64_t predicted[] = {120, -90, 0};	/* 60, -30, - */
	const uint32_t trees[] = {2, 3, 0};
	HpTotalEffects *effects = hp_total_effects_create(unit_env, 3, 2);
	double		got[2];

	/* effects: 10 and -20; 5 and 30 */
	memcpy(effects->sum, (int64_t[]) {20, 10, -60, 90, 999, 999},
		   6 * sizeof(int64_t));
	importance_of(effects, 3, target, predicted, trees, got);
	/* N = (10 (40 + 10) + -20 (-10 - 20)) / 2, D = (100 + 400) / 2 */
	ok(nearly(got[0], 550.0 * 550 / 250), "N^2 / D: %g", got[0]);
	/* N = (5 (40 + 5) + 30 (-10 + 30)) / 2, D = (25 + 900) / 2 */
	ok(nearly(got[1], 412.5 * 412.5 / 462.5), "of another subject: %g", got[1]);

	/*
	 * Effects that go against the metric explain nothing: N = (-10 (40 - 10) +
	 * 20 (-70 + 20)) / 2, D = (100 + 400) / 2
	 */
	memcpy(effects->sum, (int64_t[]) {-20, 0, 60, 0, 0, 0}, 6 * sizeof(int64_t));
	importance_of(effects, 3, (int64_t[]) {100, -100, 7}, predicted, trees, got);
	ok(nearly(got[0], -650.0 * 650 / 250), "against the metric: below 0: %g", got[0]);
	ok(got[1] == 0, "none at all: 0");
	unit_free_all();
}

/* Effects of any size say the same if they go along with the metric. */
static void
test_shrinkage(void)
{
	double		got[2];
	int64_t		target[1000];
	int64_t		predicted[1000];
	uint32_t	trees[1000];
	HpTotalEffects *effects = hp_total_effects_create(unit_env, 1000, 2);

	for (uint32_t run = 0; run < 1000; run++)
	{
		int64_t		a = (int64_t) (run % 10) * 900 - 4050;
		int64_t		b = (int64_t) (run / 10 % 10) * 400 - 1800;

		trees[run] = 1;
		target[run] = a + b;
		/* the first effect is told whole, the second at a quarter */
		predicted[run] = a + b / 4;
		effects->sum[2 * run] = a;
		effects->sum[2 * run + 1] = b / 4;
	}
	importance_of(effects, 1000, target, predicted, trees, got);
	ok(nearly(got[0], 8.25 * 900 * 900) && nearly(got[1], 8.25 * 400 * 400),
	   "the variances of both, however much of them the forest tells");
	unit_free_all();
}

static void
test_looked_at(void)
{
	bool		fits = true,
				all = true;

	for (uint32_t n = 0; n < 3000000; n = n * 2 + 1)
		for (uint32_t subjects = 1; subjects < 70000; subjects *= 3)
		{
			uint32_t	looked_at = hp_total_effect_runs(n, subjects);

			fits = fits && looked_at <= n && (looked_at >= 128 || looked_at == n) &&
				(looked_at <= 256 || (uint64_t) looked_at * subjects <= 1 << 20);
			all = all && ((uint64_t) n * (subjects + 1) > 1 << 20 || looked_at == n);
		}
	ok(fits, "so many runs are looked at that their effects fit");
	ok(all, "all if they fit");
}

/* ---- a regression beside the forest ---- */

enum
{
	N_BESIDE = 100
};

/*
 * A straight line and noise, and a regression fitted to it.  Of the forest's
 * predictions so much of the line is told, and so much of the noise.
 */
typedef struct Beside
{
	HpFrame    *frame;
	const HpBeside *regression;
	int64_t		sum[N_BESIDE];
	uint32_t	trees[N_BESIDE];
	HpTotalEffects *effects;
	HpPredictions predictions;
} Beside;

static Beside *
make_beside(double line, double noise)
{
	Beside	   *b = hp_alloc0(unit_env, 1, sizeof(Beside));
	HpForestSettings settings = DEFAULTS;
	UnitRandom	random = 3;
	HpFeatureMap *map;
	HpInput		input;
	double		x[N_BESIDE];
	double		metric[N_BESIDE];

	for (uint32_t i = 0; i < N_BESIDE; i++)
	{
		x[i] = i;
		metric[i] = i + 30 * random_normal(&random);
	}
	input = unit_numbers("x", x, N_BESIDE);
	b->frame = unit_frame(&input, 1, metric, N_BESIDE);
	map = hp_forest_prepare(unit_env, b->frame, &settings);
	b->effects = hp_total_effects_create(unit_env, N_BESIDE, 1);
	for (uint32_t i = 0; i < N_BESIDE; i++)
	{
		double		straight = hp_column_code(&b->frame->columns[0], i) - 50.5;
		double		target = (double) b->frame->target[i];

		b->trees[i] = 2;
		straight /= b->frame->unit;
		b->sum[i] = (int64_t) (2 * (line * straight + noise * target));
		b->effects->sum[i] = (int64_t) (2 * line * straight);
	}
	b->regression = hp_regression_fit(hp_regression_create(unit_env, b->frame, map->columns,
													   map->n_features, &map->groups),
									b->frame->target, NULL);
	ok(b->regression != NULL, "fitted");
	b->predictions = (HpPredictions) {
		N_BESIDE, b->frame->target, b->sum, b->trees, b->regression, 0
	};
	return b;
}

/* The sum of squared errors of predictions weighed so. */
static double
errors_at(const Beside *b, double weight)
{
	double		errors = 0;

	for (uint32_t i = 0; i < N_BESIDE; i++)
	{
		double		by_forest = (double) b->sum[i] / b->trees[i];
		double		error = (double) b->frame->target[i] - (1 - weight) * by_forest -
			weight * b->regression->predicted[i];

		errors += error * error;
	}
	return errors;
}

static void
test_weight(void)
{
	Beside	   *b = make_beside(0, 0.9);
	double		r2;
	double		got;
	double		along = 0,
				squares = 0;

	r2 = hp_predictions_weigh(&b->predictions);
	ok(b->predictions.weight == 0 && r2 > 0.9,
	   "a forest that knows more than any regression can has all the weight");
	b = make_beside(0, 0);
	hp_predictions_weigh(&b->predictions);
	ok(b->predictions.weight == 0.5, "one that knows nothing keeps half of it");
	b = make_beside(0.3, 0.2);
	r2 = hp_predictions_weigh(&b->predictions);
	ok(b->predictions.weight > 0.02 && b->predictions.weight < 0.48,
	   "else the weight lies between: %g", b->predictions.weight);
	ok(errors_at(b, b->predictions.weight) < errors_at(b, b->predictions.weight - 0.01) &&
	   errors_at(b, b->predictions.weight) < errors_at(b, b->predictions.weight + 0.01),
	   "where the squared error is least");
	ok(r2 > 1 - errors_at(b, 0) / errors_at(make_beside(0, 0), 0) - 2.0 / N_BESIDE,
	   "both predict better than the forest, but for what chance adds");

	/* by the formula, of the mean of both */
	hp_total_effect_importance(unit_env, b->effects, &b->predictions, &got);
	for (uint32_t i = 0; i < N_BESIDE; i++)
	{
		double		w = b->predictions.weight;
		double		f = (1 - w) * (double) b->sum[i] / 2 +
			w * b->regression->predicted[i];
		double		h = (1 - w) * (double) b->effects->sum[i] / 2 +
			w * hp_beside_effects(b->regression, i)[0];

		along += h * ((double) b->frame->target[i] - f + h);
		squares += h * h;
	}
	ok(fabs(got - along * along / squares / N_BESIDE) <= 1e-9 * got,
	   "the importance is of the means of both");
	unit_free_all();
}

/* A trained forest whose trees are followed by second ones. */
static void
test_twice(void)
{
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame = sweep_frame(199, 17);
	Trained		once,
				twice;
	double		sum = 0;

	settings.trees = 60;
	settings.permutation = true;
	settings.min_samples_leaf = hp_leaf_for_twice(199);
	once = train(frame, &settings);
	settings.twice = true;
	twice = train(frame, &settings);
	for (uint32_t f = 0; f < twice.map->n_features; f++)
		sum += twice.result.permutation[f];
	ok(fabs(sum - 1) < 1e-12, "importances sum to 1");
	ok(twice.result.r2 > once.result.r2, "second trees predict better: R^2 %.3f, not %.3f",
	   twice.result.r2, once.result.r2);
	ok(memcmp(once.reports[5].impurity, twice.reports[5].impurity,
			  once.map->n_features * sizeof(double)) == 0,
	   "reports are of the first trees, which are the same");
	unit_free_all();
}

/* The same where the samples are halves. */
static void
test_twice_on_halves(void)
{
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame = sweep_frame(401, 17);
	Trained		twice = {0};
	HpTrainer  *trainer;
	double		once;

	settings.trees = 60;
	settings.permutation = settings.twice = true;
	settings.min_samples_leaf = 20;
	twice = prepare(unit_env, frame, &settings);
	trainer = hp_trainer_create(unit_env, frame, twice.map, &settings);
	for (uint32_t t = 0; t < 60; t++)
		hp_train_tree(trainer, t, &twice.reports[t], &twice.out_of_bag);
	finish(unit_env, frame, &settings, &twice);
	once = twice.result.r2;
	twice = train(frame, &settings);
	ok(twice.result.r2 > once + 0.02, "on halves, too: R^2 %.3f, not %.3f",
	   twice.result.r2, once);
	for (uint32_t run = 0; run < frame->n_runs; run++)
		once = fmin(once, twice.out_of_bag.trees[run] == 30);
	ok(once > 0, "each run is predicted by half of the pairs");
	unit_free_all();
}

/* Three parameters of one group, all of which matter. */
static HpFrame *
grouped_frame(uint32_t n)
{
	UnitRandom	random = 41;
	static const char *const names[] = {"all.a", "all.b", "all.c"};
	HpInput		inputs[3];
	double	   *metric = hp_alloc0(unit_env, n, sizeof(double));

	for (int c = 0; c < 3; c++)
	{
		double	   *x = hp_alloc(unit_env, n, sizeof(double));

		for (uint32_t i = 0; i < n; i++)
		{
			x[i] = random_uniform(&random);
			metric[i] += x[i] * (c + 1);
		}
		inputs[c] = unit_numbers(names[c], x, n);
	}
	return unit_frame(inputs, 3, metric, n);
}

/* Pairs of trees, of which one run in stride is looked at. */
static HpOutOfBag
out_of_bag_at(HpFrame *frame, uint32_t stride)
{
	HpForestSettings settings = DEFAULTS;
	HpTrainer  *trainer;
	Trained		t;

	settings.trees = 20;
	settings.depth = 1;
	settings.twice = true;
	t = prepare(unit_env, frame, &settings);
	/* so few runs are all looked at, unless the test wants it otherwise */
	t.out_of_bag.effects->stride = stride;
	t.out_of_bag.effects->n_runs = (frame->n_runs - 1) / stride + 1;
	trainer = hp_trainer_create(unit_env, frame, t.map, &settings);
	for (uint32_t tree = 0; tree < settings.trees; tree++)
	{
		hp_train_tree(trainer, tree, &t.reports[tree], &t.out_of_bag);
		hp_train_second(trainer, &t.out_of_bag);
	}
	return t.out_of_bag;
}

/*
 * Where all values are exchanged for a partner's the forest predicts what it
 * predicts of the partner.  Within a tree each run is partner once: over all
 * runs nothing is left of the effects, to the last bit, of two trees as of one.
 */
static void
test_all_exchanged(void)
{
	enum
	{
		N = 300
	};
	HpFrame    *frame = grouped_frame(N);
	HpOutOfBag	all = out_of_bag_at(frame, 1);

	for (uint32_t stride = 1; stride <= 3; stride++)
	{
		HpOutOfBag	some = out_of_bag_at(frame, stride);
		int64_t		sum[4] = {0};
		int64_t		size = 0;

		for (uint32_t run = 0; run < N; run += stride)
			for (uint32_t s = 0; s < 4; s++)
			{
				int64_t		effect = hp_total_effects_of(some.effects, run)[s];

				sum[s] += effect;
				size += s == 3 ? llabs(effect) : 0;
			}
		ok(size > 0 && sum[3] == 0,
		   "one run in %u: of all parameters together nothing is left", stride);
		ok(sum[0] != 0 && sum[1] != 0 && sum[2] != 0, "of one something is");
		ok(memcmp(some.trees, all.trees, N * sizeof(uint32_t)) == 0 &&
		   memcmp(some.sum, all.sum, N * sizeof(int64_t)) == 0,
		   "all runs are predicted, however few are looked at");
	}
	unit_free_all();
}

/* Next to nothing explained: nearly equal shares, in the order they came. */
static void
test_nothing(void)
{
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame = sweep_frame(200, 23);
	Trained		t;
	UnitRandom	random = 5;
	double		least = 1,
				most = 0;

	for (uint32_t i = frame->n_runs - 1; i > 0; i--)
	{
		uint32_t	j = random_below(&random, i + 1);
		int64_t		swap = frame->target[i];

		frame->target[i] = frame->target[j];
		frame->target[j] = swap;
	}
	settings.trees = 50;
	settings.permutation = settings.twice = true;
	settings.min_samples_leaf = 6;
	t = train(frame, &settings);
	for (uint32_t f = 0; f < t.map->n_features; f++)
	{
		least = fmin(least, t.result.permutation[f]);
		most = fmax(most, t.result.permutation[f]);
	}
	ok(t.result.r2 < HP_R2_TO_TELL / 10, "a metric that was shuffled: R^2 %.3f", t.result.r2);
	ok(least >= 0.9 / t.map->n_features && most <= 0.1 + 0.9 / t.map->n_features &&
	   most > least, "shares from %.3f to %.3f of %u features", least, most,
	   t.map->n_features);
	unit_free_all();
}

/* Runs of a category of 40 levels and two reals; the metric as it is asked for. */
static HpFrame *
wide_category_frame(UnitRandom *random, uint32_t n, double of_category)
{
	HpInput		inputs[3];
	HpValue    *levels = hp_alloc(unit_env, n, sizeof(HpValue));
	double	   *x = hp_alloc(unit_env, n, sizeof(double));
	double	   *y = hp_alloc(unit_env, n, sizeof(double));
	double	   *metric = hp_alloc(unit_env, n, sizeof(double));

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	level = random_below(random, 40);

		levels[i] = str_numbered("level", level);
		/* a number that the level determines, and one that it does not */
		x[i] = of_category > 0 ? (level * 11 % 40) / 8 : random_uniform(random);
		y[i] = random_uniform(random);
		metric[i] = of_category * (level * 11 % 40) / 40 + random_normal(random);
	}
	inputs[0] = unit_input("category", levels, n);
	inputs[1] = unit_numbers("x", x, n);
	inputs[2] = unit_numbers("y", y, n);
	return unit_frame(inputs, 3, metric, n);
}

/*
 * With a regression beside it, too, no parameter is a leader by chance, however
 * many levels it has.
 */
static void
test_noise(void)
{
	enum
	{
		SETS = 40
	};
	HpForestSettings settings = DEFAULTS;
	UnitRandom	random = 321;
	int			leaders = 0;
	double		mean[3] = {0};

	settings.trees = 40;
	settings.permutation = settings.twice = true;
	settings.min_samples_leaf = hp_leaf_for_twice(120);
	for (int i = 0; i < SETS; i++)
	{
		Trained		t = train(wide_category_frame(&random, 120, 0), &settings);

		for (uint32_t f = 0; f < 3; f++)
		{
			leaders += t.result.permutation[f] > 2.0 / 3;
			mean[f] += t.result.permutation[f] / SETS;
		}
		unit_free_all();
	}
	ok(leaders <= 1, "%d of %d sets of noise have a leader", leaders, SETS);
	for (uint32_t f = 0; f < 3; f++)
		ok(mean[f] > 0.2 && mean[f] < 0.5, "parameter %" PRIu32 " has %.2f on average", f, mean[f]);
}

/*
 * What determines another parameter keeps what it has by the forest alone: a
 * regression would deal it out among both.
 */
static void
test_determined(void)
{
	HpForestSettings settings = DEFAULTS;
	UnitRandom	random = 654;
	HpFrame    *frame = wide_category_frame(&random, 300, 8);
	Trained		t = {0};
	double		alone;

	settings.trees = 60;
	settings.permutation = settings.twice = true;
	settings.min_samples_leaf = hp_leaf_for_twice(300);
	t = train(frame, &settings);
	alone = hp_forest_finish(unit_env, frame, t.map, &settings, t.reports,
							 &t.out_of_bag, NULL).permutation[0];
	ok(alone > 0.5 && t.result.permutation[0] > alone - 0.1,
	   "%.3f, by the forest alone %.3f", t.result.permutation[0], alone);
	unit_free_all();
}

/*
 * Shares of a forest of one run, by effects made by hand: what is below 0 has
 * next to nothing, in the order of how far below.
 */
static void
test_below(void)
{
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame = sweep_frame(60, 31);
	HpTrees		trees = {.frame = frame};
	HpOutOfBag	out_of_bag;
	double		shares[5];
	double		sum = 0;

	settings.twice = true;
	trees.map = hp_forest_prepare(unit_env, frame, &settings);
	out_of_bag = hp_out_of_bag_create(unit_env, frame->n_runs, trees.map, &settings);
	trees.out_of_bag = &out_of_bag;
	frame->target[0] = 1000;
	out_of_bag.trees[0] = 1;
	/* of one run the importance is (1000 + effect)^2, with the effect's sign */
	memcpy(out_of_bag.effects->sum, (int64_t[]) {-200, 0, 3000, -100, 1000},
		   5 * sizeof(int64_t));
	hp_forest_shares(unit_env, &trees, HP_PERMUTATION, 1, shares);
	for (uint32_t f = 0; f < 5; f++)
		sum += shares[f];
	ok(fabs(sum - 1) < 1e-12, "they sum to 1");
	ok(fabs(shares[2] - 0.8) < 1e-6 && fabs(shares[4] - 0.2) < 1e-6,
	   "what is above 0 shares nearly all: %g and %g", shares[2], shares[4]);
	ok(shares[0] > shares[3] && shares[3] > 0 && shares[0] < 1e-6,
	   "what is below 0 hardly anything, the farther the less: %g, %g", shares[0], shares[3]);
	ok(shares[1] == 0, "what has no effect has nothing");

	/* nothing is above 0 */
	memcpy(out_of_bag.effects->sum, (int64_t[]) {-200, 0, -300, -100, -150},
		   5 * sizeof(int64_t));
	hp_forest_shares(unit_env, &trees, HP_PERMUTATION, 1, shares);
	ok(shares[0] == 0 && shares[1] == 0 && shares[2] == 0 && shares[3] == 0 &&
	   shares[4] == 0, "all 0 if none is above 0");
	unit_free_all();
}

/* A report may have room for what is not asked for: replicates share theirs. */
static void
test_not_asked_for(void)
{
	HpForestSettings settings = DEFAULTS;
	HpFrame    *frame = sweep_frame(60, 29);
	Trained		t = prepare(unit_env, frame, &settings);
	bool		untouched = true;

	settings.permutation = false;
	for (uint32_t f = 0; f < t.map->n_features; f++)
		t.reports[0].permutation[f] = 7;
	hp_train_tree(hp_trainer_create(unit_env, frame, t.map, &settings), 0,
				  &t.reports[0], &t.out_of_bag);
	for (uint32_t f = 0; f < t.map->n_features; f++)
		untouched = untouched && t.reports[0].permutation[f] == 7;
	ok(untouched && t.out_of_bag.effects == NULL, "nothing is permuted");
	unit_free_all();
}

static void
test_trees(void)
{
	static const int64_t wanted[][2] = {
		{0, 400}, {1, 400}, {100, 400}, {101, 392}, {150, 178}, {199, 102},
		{200, 80}, {400, 80}, {625, 80}, {700, 72}, {1000, 50},
		{2147483647, 50}
	};
	bool		right = true;

	for (uint32_t i = 0; i < LENGTH(wanted); i++)
		right = right &&
			hp_trees_for_twice((uint32_t) wanted[i][0], 20) == wanted[i][1];
	for (uint32_t n = 0; n < 1300; n++)
		for (uint32_t columns = 1; columns < 20000; columns += 1234)
		{
			int64_t		trees = hp_trees_for_twice(n, columns);

			right = right && trees % 2 == 0 && trees >= 50 &&
				(trees == 50 || trees * (columns + 1) <= 1000000);
		}
	ok(right, "trees: 400 for 100 runs, 80 for 200 to 625, 50 from 1,000 on, an even number");
	is_int(hp_trees_for_twice(100, 4999), 200, "with 5,000 columns fewer");
	is_int(hp_trees_for_twice(100, 2599), 384, "... an even number that is not more");
	is_int(hp_trees_for_twice(450, 9000), 80, "with 9,000 as many as ever of 450 runs");
	is_int(hp_trees_for_twice(100, 65535), 50, "but 50");
}

static void
test_leaves(void)
{
	static const int64_t wanted[][2] = {
		{0, 1}, {1, 1}, {3, 1}, {4, 2}, {15, 2}, {16, 3}, {100, 5}, {199, 6},
		{200, 5}, {400, 5}, {500, 6}, {640, 8}, {719, 8}, {720, 9}, {1000, 10},
		{10000, 22}, {100000, 46}, {1000000, 100}, {2147483647, 1290}
	};
	bool		right = true;

	for (uint32_t i = 0; i < LENGTH(wanted); i++)
		right = right &&
			hp_leaf_for_twice((uint32_t) wanted[i][0]) == wanted[i][1];
	ok(right, "leaves of the cube root of the runs, of few of which there are not too few");
}

int
main(void)
{
	test_formula();
	test_shrinkage();
	test_looked_at();
	test_weight();
	test_twice();
	test_twice_on_halves();
	test_all_exchanged();
	test_nothing();
	test_noise();
	test_determined();
	test_below();
	test_not_asked_for();
	test_trees();
	test_leaves();
	return done();
}
