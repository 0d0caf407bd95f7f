/*
 * core_cells.c
 *		From cells made up of bytes to everything that is told of them.
 *
 * Few runs of few parameters, of all kinds of values; all methods, encodings
 * and ways with gaps.  What must hold: importances are none or shares that sum
 * to 1 or are all 0, p-values are chances, nothing is NaN that is promised not
 * to be; the runs in another order give the same bits; and the core asks for
 * attention.
 */
#include "fuzz.h"

/* the core has tables of megabytes, of which little is used here */
#define UNIT_FILLED		16384
#include "trained.h"

#include "core/anova.h"
#include "core/describe.h"
#include "core/disguise.h"
#include "core/measure.h"
#include "core/ped_anova.h"
#include "core/redundancy.h"
#include "core/share.h"
#include "core/significance.h"
#include "core/suggest.h"

#define MOST_RUNS		40
#define MOST_INPUTS		6

/* The cells as they come, and what is wanted. */
typedef struct Case
{
	uint32_t	n_runs;
	uint32_t	n_inputs;
	HpValue    *cells[MOST_INPUTS];
	double		metric[MOST_RUNS];
	bool		as_category[MOST_INPUTS];
	bool		onehot;
	bool		maximize;
	bool		uncertain;
	double		quantile;
	HpSpace		space;
	HpForestSettings settings;
} Case;

static const char *const names[MOST_INPUTS] = {"lr", "a.b", "a.c", "", "a.b.d", "\xc3\xa9"};

static const char *const words[] = {
	"adam", "sgd", "", "true", "False", "nan", "-inf", "1", " 2 ", "1e3", "007", "+1", "1e400",
	"a.b", "(other)", "\xf0\x9f\x98\x80", "0.1", "-0", "Infinity", "1.", "0x10"
};

static HpValue
take_cell(Bytes *bytes, uint32_t palette)
{
	uint32_t	how = take(bytes);

	switch (palette % 4 == 3 ? how % 8 : palette % 4)
	{
		case 0:
			return how % 16 == 15 ? gap : num(how < 200 ? how % 7 : take_double(bytes));
		case 1:
			return how % 8 == 7 ? gap : str(words[how % LENGTH(words)]);
		case 2:
			return how % 5 == 4 ? gap : truth(how % 2);
		case 3:
			return json(how % 2 ? "[1, 2]" : "{}");
		case 4:
			return str_numbered("w", take(bytes));
		case 5:
			return gap;
		default:
			return num(take_double(bytes));
	}
}

static Case
take_case(Bytes *bytes)
{
	uint8_t		what = take(bytes);
	uint8_t		how = take(bytes);
	Case		c = {
		.n_inputs = take_below(bytes, MOST_INPUTS + 1),
		.n_runs = take_below(bytes, MOST_RUNS + 1),
		.onehot = what & 1,
		.maximize = what & 2,
		.uncertain = (what & 0xfc) == 0xfc,
		.space = HP_SPACE_OBSERVED + how % 3
	};

	c.quantile = (1 + take_below(bytes, 99)) / 100.0;
	c.settings = (HpForestSettings) {
		.trees = 1 + how / 3 % 3,
		.max_depth = how / 9 % 2 ? 0 : 1 + how / 18 % 4,
		.min_samples_leaf = 1 + (what & 4 ? how % 5 : 0),
		.max_features = what & 8 ? 1 : 0.4,
		.seed = how,
		.missing = what & 16 ? HP_MISSING_FILL : HP_MISSING_VALUE,
		.permutation = what & 32,
		.corrected = what & 64,
		.twice = what & 128,
		.depth = how % 4,
		.fanova = how & 64
	};
	for (uint32_t i = 0; i < c.n_inputs; i++)
	{
		uint8_t		palette = take(bytes);

		c.as_category[i] = palette & 0x80;
		c.cells[i] = hp_alloc(unit_env, c.n_runs, sizeof(HpValue));
		for (uint32_t run = 0; run < c.n_runs; run++)
			c.cells[i][run] = take_cell(bytes, palette & 0x7f);
	}
	for (uint32_t run = 0; run < c.n_runs; run++)
		c.metric[run] = take_finite(bytes);
	return c;
}

/* ---- what is told ---- */

/* Everything that is said in numbers, one after the other. */
typedef struct Told
{
	double		numbers[8192];
	uint32_t	n;
} Told;

static void
tell(Told *told, double number)
{
	if (told->n < LENGTH(told->numbers))
		told->numbers[told->n++] = number;
}

static void
tell_all(Told *told, const double *numbers, size_t n)
{
	for (size_t i = 0; numbers != NULL && i < n; i++)
		tell(told, numbers[i]);
}

static bool
is_chance(double p)
{
	return isnan(p) || (p >= 0 && p <= 1);
}

static bool
is_correlation(double r)
{
	return isnan(r) || (r >= -1 && r <= 1);
}

/* n of features, which sum to 1 or are all 0, and more of groups. */
static void
check_shares(const double *shares, uint32_t n, uint32_t all)
{
	double		sum = 0;

	for (uint32_t i = 0; shares != NULL && i < all; i++)
	{
		must(shares[i] >= 0 && isfinite(shares[i]));
		sum += i < n ? shares[i] : 0;
	}
	must(sum == 0 || fabs(sum - 1) < 1e-9);
}

static void
describe(const HpFrame *frame, const Case *c, Told *told)
{
	HpMetric	metric = hp_describe_metric(frame);
	HpRelations *relations = NULL;

	must(frame->n_runs == 0 || metric.minimum <= metric.median);
	must(frame->n_runs == 0 || metric.median <= metric.maximum);
	must(metric.extremes <= frame->n_runs);
	if (c->settings.seed % 8 == 7)	/* its tables take long to be cleared */
		relations = hp_redundancy(unit_env, frame);
	tell(told, metric.mean);
	tell(told, metric.stddev);
	for (uint32_t i = 0; i < frame->n_columns; i++)
	{
		const HpColumn *column = &frame->columns[i];
		HpDescription d = hp_describe(unit_env, frame, column);
		HpLevelDescription *levels;
		uint32_t	n = 0;

		must(is_correlation(d.pearson) && is_correlation(d.spearman));
		must(is_chance(d.p_value) && is_chance(d.spearman_p_value));
		must(is_chance(d.eta2));
		tell(told, d.pearson);
		tell(told, d.spearman);
		tell(told, d.eta2);
		tell(told, hp_disguise(frame, column, &d));
		must(relations == NULL || relations[i].n <= HP_MOST_RELATED);
		for (uint32_t r = 0; relations != NULL && r < relations[i].n; r++)
		{
			must(relations[i].related[r].other < frame->n_columns);
			tell(told, relations[i].related[r].other);
			tell(told, relations[i].related[r].strength);
		}
		if (column->role != HP_PARAMETER)
			continue;
		levels = hp_describe_levels(unit_env, frame, column, &n);
		for (uint32_t l = 0; l < n; l++)
		{
			must(levels[l].code < column->n_codes && levels[l].runs > 0);
			must(is_correlation(levels[l].correlation));
			must(isfinite(levels[l].mean));
			tell(told, levels[l].correlation);
		}
	}
}

/* A value that was coded is looked up as what it was coded as. */
static void
check_codes(const Case *c, const HpFrame *frame, const HpInput *inputs)
{
	for (uint32_t i = 0; i < c->n_inputs && !c->onehot; i++)
	{
		HpColumn   *column = column_called(frame, names[i]);
		HpCodeBook	book = {
			column->kind, column->n_codes, column->n_words, column->numbers,
			column->labels, false
		};

		if (column->role != HP_PARAMETER || column->binned || column->pooled)
			continue;
		for (uint32_t v = 0; v < inputs[i].n_values; v++)
		{
			uint32_t	code = hp_code_of(&book, &inputs[i].values[v]);

			must(code < column->n_codes);
		}
	}
}

/* ---- trees, and what follows from them ---- */

static void
ask_tree(const HpTree *tree, const HpFrame *frame, HpAnova *anova,
		 const HpFeatureMap *map, HpShares *shares, Told *told)
{
	double	   *variance = hp_alloc(unit_env, map->n_features, sizeof(double));
	double		sum = 0;
	double		whole;

	hp_anova_decompose(anova, tree);
	whole = hp_anova_variance(anova);
	must(whole >= 0 && isfinite(whole));
	hp_anova_main_effects(anova, variance);
	for (uint32_t f = 0; f < map->n_features; f++)
	{
		const HpColumn *column = &frame->columns[map->columns[f]];
		double	   *mean = hp_alloc(unit_env, column->n_codes, sizeof(double));

		must(variance[f] >= 0);
		sum += variance[f];
		hp_anova_marginal(anova, f, mean);
		for (uint32_t code = 0; code < column->n_codes; code++)
			must(isfinite(mean[code]));
		tell_all(told, mean, column->n_codes);
	}
	must(sum <= whole * (1 + 1e-6) + 1e-6);
	hp_shares_add(shares, anova);
	for (size_t i = 0; i < shares->n_pairs; i++)
	{
		HpSpread	spread = hp_shares_pair(shares, &shares->pairs[i]);

		must(spread.mean >= 0 && spread.mean <= 1 + 1e-6);
		tell(told, spread.mean);
	}
}

static void
suggest(const HpFrame *frame, const HpColumn *column, const Case *c, Told *told)
{
	uint32_t   *runs_of = hp_alloc0(unit_env, column->n_codes, sizeof(uint32_t));
	uint32_t   *best_of = hp_alloc0(unit_env, column->n_codes, sizeof(uint32_t));
	uint32_t	n_best = hp_best_runs(frame, c->maximize, c->quantile);
	HpTried		tried = {
		.kind = column->kind, .fill = column->fill, .n_codes = column->n_codes,
		.n_words = column->n_words, .numbers = column->numbers,
		.runs_of = runs_of, .best_of = best_of
	};
	HpDescription d = hp_describe(unit_env, frame, column);
	double		curves[3 * 256];
	HpBins		bins;
	HpCurves	all = {3, curves, 1, c->maximize};

	for (uint32_t run = 0; run < frame->n_runs; run++)
	{
		uint32_t	code = hp_column_code(column, run);

		runs_of[code]++;
		best_of[code] += c->maximize ? run >= frame->n_runs - n_best : run < n_best;
	}
	tried.minimum = d.minimum;
	tried.maximum = d.maximum;
	bins = hp_tried_bins(unit_env, &tried);
	if (bins.n == 0 || bins.n > 256)
		return;
	for (uint32_t i = 0; i < 3 * bins.n; i++)
		curves[i] = frame->metric[i * 7 % frame->n_runs] / 2;
	for (int k = 0; k < 4; k++)
	{
		HpSuggestion s;

		all.n_trees = k % 2 ? 3 : 0;
		s = hp_suggest(unit_env, &tried, &bins, &all, k / 2);
		must(s.advice >= HP_NARROW && s.advice <= HP_FREEZE);
		must(isnan(s.low) == isnan(s.high));
		must(isnan(s.low) || s.low <= s.high);
		must(s.best < bins.n || s.best == UINT32_MAX);
		must(s.advice != HP_FREEZE || s.frozen < column->n_codes);
		tell(told, s.advice);
		tell(told, s.low);
		tell(told, s.high);
		tell(told, s.gain);
	}
}

static void
doubt(HpFrame *frame, const HpFeatureMap *map, const HpForestSettings *settings,
	  const double *shown, Told *told)
{
	HpReplicatePlan plan = hp_replicate_plan(frame, map, settings, HP_PERMUTATION);
	HpFrame    *small = hp_replicate_frame(unit_env, frame, map, &plan);
	HpFeatureMap *its = hp_replicate_map(unit_env, map);
	HpReplicates replicates;
	HpReplicator *replicator;
	HpDoubt		d;
	double	   *reports;

	plan.n_subsamples = 4;
	plan.subsample.trees = plan.whole.trees = 2;
	plan.most_permuted = 39;
	reports = hp_alloc(unit_env, hp_replicate_units(&plan),
					   hp_replicate_size(&plan) * sizeof(double));
	replicator = hp_replicator_create(unit_env, small, its, &plan);
	replicates = (HpReplicates) {&plan, reports, 0};
	for (uint32_t wanted; (wanted = hp_doubt_wanted(unit_env, &replicates)) > replicates.done;)
		for (; replicates.done < wanted; replicates.done++)
			hp_replicate(replicator, replicates.done,
						 reports + replicates.done * hp_replicate_size(&plan));
	d = hp_doubt(unit_env, &replicates, shown);
	must(is_chance(d.forest_p_value));
	for (uint32_t s = 0; s < plan.n_subjects; s++)
	{
		must(is_chance(d.p_value[s]) && is_chance(d.p_value_adjusted[s]));
		must(isnan(d.p_value[s]) || isnan(d.p_value_adjusted[s]) ||
			 d.p_value_adjusted[s] >= d.p_value[s] * (1 - 1e-9));
		must(isnan(d.standard_error[s]) || d.standard_error[s] >= 0);
		tell(told, d.p_value[s]);
		tell(told, d.standard_error[s]);
	}
}

static void
grow(HpFrame *frame, const Case *c, Told *told)
{
	const HpForestSettings *settings = &c->settings;
	Trained		t = prepare(unit_env, frame, settings);
	uint32_t	subjects = hp_map_subjects(t.map);
	HpTrainer  *trainer;
	HpShares   *shares;
	double	  **below = hp_alloc(unit_env, t.map->n_features, sizeof(double *));
	HpFeature  *features = hp_alloc(unit_env, t.map->n_features, sizeof(HpFeature));
	HpAnova    *anova;

	if (t.map->n_features == 0 || hp_forest_check_features(settings, t.map) != NULL)
		return;
	for (uint32_t f = 0; f < t.map->n_features; f++)
	{
		const HpColumn *column = &frame->columns[t.map->columns[f]];
		uint32_t   *runs_of = hp_alloc0(unit_env, column->n_codes, sizeof(uint32_t));

		for (uint32_t run = 0; run < frame->n_runs; run++)
			runs_of[hp_column_code(column, run)]++;
		if (column->fill)
			runs_of[0] = 0;
		features[f] = hp_column_feature(column);
		below[f] = hp_measure_feature(unit_env, c->space, &features[f], runs_of);
	}
	anova = hp_anova_create(unit_env, features, t.map->n_features, below);
	shares = hp_shares_create(unit_env, t.map->n_features);
	trainer = hp_trainer_create(unit_env, frame, t.map, settings);
	for (uint32_t i = 0; i < settings->trees; i++)
	{
		ask_tree(hp_train_tree(trainer, i, &t.reports[i], &t.out_of_bag), frame,
				 anova, t.map, shares, told);
		hp_train_second(trainer, &t.out_of_bag);
	}
	finish(unit_env, frame, settings, &t);
	check_shares(t.result.impurity, t.map->n_features, subjects);
	check_shares(t.result.permutation, t.map->n_features, subjects);
	check_shares(t.result.corrected, t.map->n_features, t.map->n_features);
	check_shares(t.result.fanova, t.map->n_features, t.map->n_features);
	must(isnan(t.result.r2) || t.result.r2 <= 1);
	must(!isinf(t.result.rmse));
	tell_all(told, t.result.impurity, subjects);
	tell_all(told, t.result.permutation, subjects);
	tell_all(told, t.result.corrected, t.map->n_features);
	tell_all(told, t.result.fanova, t.map->n_features);
	tell(told, t.result.r2);
	tell(told, t.result.rmse);
	for (uint32_t f = 0; f < t.map->n_features; f++)
		suggest(frame, &frame->columns[t.map->columns[f]], c, told);
	if (c->uncertain && t.result.permutation != NULL)
		doubt(frame, t.map, settings, t.result.permutation, told);
}

/* ---- one order of the runs, or another ---- */

static void
tell_case(const Case *c, const uint32_t *order, Told *told)
{
	HpInput		inputs[MOST_INPUTS];
	HpFrameOptions options = {c->as_category, c->onehot};
	HpFrame    *frame;
	HpValue    *cells = hp_alloc(unit_env, c->n_runs, sizeof(HpValue));
	double	   *metric = hp_alloc(unit_env, c->n_runs, sizeof(double));
	double	   *best;

	told->n = 0;
	for (uint32_t i = 0; i < c->n_inputs; i++)
	{
		for (uint32_t run = 0; run < c->n_runs; run++)
			cells[run] = c->cells[i][order[run]];
		inputs[i] = unit_input(names[i], cells, c->n_runs);
	}
	for (uint32_t run = 0; run < c->n_runs; run++)
		metric[run] = c->metric[order[run]];
	frame = hp_frame_build(unit_env, inputs, c->n_inputs, metric, c->n_runs, &options);
	must(frame != NULL);
	check_codes(c, frame, inputs);
	describe(frame, c, told);
	best = hp_ped_anova(unit_env, frame, c->maximize, c->quantile);
	check_shares(best, frame->n_columns, frame->n_columns);
	tell_all(told, best, frame->n_columns);
	if (frame->n_runs >= 2 && frame->unit > 0)
		grow(frame, c, told);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static Told told[2];
	Bytes		bytes = {data, size};
	Case		c = take_case(&bytes);
	uint32_t	order[MOST_RUNS];
	UnitRandom	random = 1 + take(&bytes);
	uint32_t   *other = random_order(&random, c.n_runs);

	for (uint32_t i = 0; i < c.n_runs; i++)
		order[i] = i;
	if (hp_forest_check(&c.settings) == NULL)
	{
		unit_ticks = 0;
		tell_case(&c, order, &told[0]);
		must(unit_ticks > 0 || c.n_runs == 0 || c.n_inputs == 0);
		tell_case(&c, other, &told[1]);
		must(told[0].n == told[1].n);
		must(same_doubles(told[0].numbers, told[1].numbers, told[0].n));
	}
	unit_free_all();
	return 0;
}
