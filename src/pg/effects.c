/*
 * effects.c
 *		What parameters do alone and in pairs, by functional ANOVA of the trees
 *		that a forest keeps.
 *
 * All scratch memory lives in one context for as long as the trees are gone
 * through.  What it may hold is asked tree by tree: how many pairs there are
 * is not known before.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/measure.h"
#include "core/order.h"
#include "core/share.h"
#include "pg/answer_row.h"
#include "pg/effects.h"
#include "pg/environment.h"
#include "pg/memory.h"
#include "pg/relation.h"

/* ---- the trees of a model ---- */

bool
effects_has_trees(const Model *model)
{
	if (!model_can_grow(model))
		return false;
	if (model->n_trees == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the forest holds no trees to decompose"),
				 errdetail("They were too large to keep."),
				 errhint("Train with fewer trees or a larger min_samples_leaf.")));
	return true;
}

static HpFeature
row_feature(const ModelRow *row)
{
	return (HpFeature) {
		.numbers = row->numbers,
		.n_codes = row->n_codes,
		.n_words = row->n_words,
		.categorical = row->kind == HP_CATEGORICAL
	};
}

/* What the codes of a row weigh; gaps that were filled nothing. */
static double *
measure_row(const Model *model, const ModelRow *row, const HpFeature *feature)
{
	uint32	   *runs_of = palloc(row->n_codes * sizeof(uint32));

	memcpy(runs_of, row->runs_of, row->n_codes * sizeof(uint32));
	if (row->fill)
		runs_of[0] = 0;
	return hp_measure_feature(&pg_environment, model->space, feature, runs_of);
}

HpAnova *
effects_anova(const Model *model)
{
	uint32		n = model->n_features;
	HpFeature  *features = palloc(n * sizeof(HpFeature));
	double	  **below = palloc(n * sizeof(double *));

	for (uint32 f = 0; f < n; f++)
	{
		const ModelRow *row = &model->rows[model->features[f]];

		features[f] = row_feature(row);
		below[f] = measure_row(model, row, &features[f]);
	}
	return hp_anova_create(&pg_environment, features, n, below);
}

static bool
decompose(HpAnova *anova, const HpTree *tree)
{
	CHECK_FOR_INTERRUPTS();
	memory_check(CurrentMemoryContext, 0, "taking the trees apart");
	if (tree == NULL)
		return false;
	hp_anova_decompose(anova, tree);
	return true;
}

bool
effects_next_tree(ModelTrees *trees, HpAnova *anova)
{
	if (model_is_second(trees))
		(void) model_next_tree(trees);
	return decompose(anova, model_next_tree(trees));
}

bool
effects_next_second(ModelTrees *trees, HpAnova *anova)
{
	return model_is_second(trees) && decompose(anova, model_next_tree(trees));
}

static MemoryContext
make_scratch(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "hpimp effects",
								 ALLOCSET_DEFAULT_SIZES);
}

/* ---- another space ---- */

void
model_change_space(Model *model, HpSpace space)
{
	uint32		n = model->n_features;
	MemoryContext scratch;
	MemoryContext keep;
	ModelTrees	trees = {.model = model};
	HpAnova    *anova;
	double	   *sum;
	double	   *share;

	model->space = space;
	if (!effects_has_trees(model) || model->method != METHOD_FANOVA ||
		isnan(model->rows[model->features[0]].findings.importance[METHOD_FANOVA]))
		return;
	scratch = make_scratch();
	keep = MemoryContextSwitchTo(scratch);
	anova = effects_anova(model);
	sum = palloc0(n * sizeof(double));
	share = palloc(n * sizeof(double));
	while (effects_next_tree(&trees, anova))
	{
		hp_shares_of_tree(anova, n, share);
		for (uint32 f = 0; f < n; f++)
			sum[f] += share[f];
	}
	hp_fanova_finish(sum, n);
	for (uint32 f = 0; f < n; f++)
		model->rows[model->features[f]].findings.importance[METHOD_FANOVA] =
			sum[f];
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(scratch);
}

/* ---- interactions ---- */

static int
compare_names(HpText a, HpText b)
{
	if (a.bytes == NULL || b.bytes == NULL)
		return (a.bytes != NULL) - (b.bytes != NULL);
	return hp_text_compare(a.bytes, a.length, b.bytes, b.length);
}

/* Larger shares first, what is not defined last, then by names. */
static int
compare_effects(const void *a, const void *b)
{
	const Effect *x = a;
	const Effect *y = b;
	int			order;

	if (isnan(x->share) != isnan(y->share))
		return isnan(x->share) ? 1 : -1;
	if (x->share != y->share && !isnan(x->share))
		return x->share > y->share ? -1 : 1;
	order = compare_names(x->name, y->name);
	return order != 0 ? order : compare_names(x->with, y->with);
}

/* All trees of a model; without any variance the shares stay undefined. */
static const HpShares *
sum_shares(const Model *model)
{
	HpShares   *shares = hp_shares_create(&pg_environment, model->n_features);
	ModelTrees	trees = {.model = model};
	HpAnova    *anova;

	if (!effects_has_trees(model))
		return shares;
	anova = effects_anova(model);
	while (effects_next_tree(&trees, anova))
		hp_shares_add(shares, anova);
	return shares;
}

static void
set_share(Effect *effect, const HpSpread *spread)
{
	effect->share = spread->mean;
	effect->stddev = hp_spread_stddev(spread);
}

/* Those of all parameters, and of the pairs that any tree has together. */
static Effect *
list_effects(const Model *model, const HpShares *shares, size_t *n)
{
	size_t		most = model->n_rows + shares->n_pairs;
	Effect	   *effects = palloc_extended((most + 1) * sizeof(Effect),
										  MCXT_ALLOC_HUGE);
	bool		known = shares->n_trees > 0;

	/* what takes no part explains nothing */
	for (uint32 i = 0; i < model->n_rows; i++)
		effects[i] = (Effect) {
			.name = model->rows[i].name,
			.share = known ? 0 : NAN,
			.stddev = shares->n_trees > 1 ? 0 : NAN
		};
	for (uint32 f = 0; f < model->n_features && known; f++)
		set_share(&effects[model->features[f]], &shares->main[f]);
	for (size_t i = 0; i < shares->n_pairs; i++)
	{
		const HpPairSpread *pair = &shares->pairs[i];
		HpSpread	spread = hp_shares_pair(shares, pair);
		Effect	   *effect = &effects[model->n_rows + i];

		effect->name = model->rows[model->features[pair->lower]].name;
		effect->with = model->rows[model->features[pair->upper]].name;
		set_share(effect, &spread);
	}
	*n = most;
	return effects;
}

void
answer_interactions(ReturnSetInfo *result, const Model *model)
{
	MemoryContext scratch = make_scratch();
	MemoryContext keep = MemoryContextSwitchTo(scratch);
	size_t		n;
	Effect	   *effects = list_effects(model, sum_shares(model), &n);

	qsort(effects, n, sizeof(Effect), compare_effects);
	MemoryContextSwitchTo(keep);
	for (size_t i = 0; i < n; i++)
	{
		Row			out = {0};

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		add_text(&out, effects[i].name);
		if (effects[i].with.bytes == NULL)
			add_string(&out, NULL);
		else
			add_text(&out, effects[i].with);
		add_float(&out, effects[i].share);
		add_float(&out, effects[i].stddev);
		emit(result, &out);
	}
	MemoryContextDelete(scratch);
}

/* ---- marginals ---- */

/* Numbers that are shown of one parameter. */
#define MOST_NUMBERS	200

/*
 * Which numbers are shown: all, or the quantiles of the runs, the first and
 * the last among them.
 */
static bool *
choose_numbers(const ModelRow *row)
{
	uint32		first = row->n_words + 1;
	bool	   *chosen = palloc0(row->n_codes);
	uint64		runs = 0;
	uint64		before = 0;
	uint32		taken = 0;

	for (uint32 c = first; c < row->n_codes; c++)
		runs += row->runs_of[c];
	for (uint32 c = first; c < row->n_codes; c++)
	{
		before += row->runs_of[c];
		chosen[c] = row->n_codes - first <= MOST_NUMBERS ||
			c == row->n_codes - 1;
		/* those whose quantile lies among the runs of this number */
		while (taken < MOST_NUMBERS - 1 &&
			   (runs - 1) * taken / (MOST_NUMBERS - 1) < before)
		{
			chosen[c] = true;
			taken++;
		}
	}
	return chosen;
}

/* Add the marginal of the tree that was taken apart last. */
static void
add_marginal(const HpAnova *anova, uint32 feature, uint32 n_codes,
			 double *mean, double *sum)
{
	hp_anova_marginal(anova, feature, mean);
	for (uint32 c = 0; c < n_codes; c++)
		sum[c] += mean[c];
}

/*
 * Over the trees, with their second ones, the mean predictions by code of some
 * features; the shares of variance too, unless they are NULL.
 */
static HpSpread **
sum_marginals(const Model *model, const uint32 *features, uint32 n,
			  HpShares *shares)
{
	HpSpread  **spreads = palloc((n + 1) * sizeof(HpSpread *));
	uint32	   *n_codes = palloc((n + 1) * sizeof(uint32));
	uint32		most = 1;
	ModelTrees	trees = {.model = model};
	HpAnova    *anova = effects_anova(model);
	double	   *mean;
	double	   *sum;

	for (uint32 i = 0; i < n; i++)
	{
		n_codes[i] = model->rows[model->features[features[i]]].n_codes;
		spreads[i] = palloc0(n_codes[i] * sizeof(HpSpread));
		most = Max(most, n_codes[i]);
	}
	mean = palloc(most * sizeof(double));
	sum = palloc_extended((Size) most * (n + 1) * sizeof(double),
						  MCXT_ALLOC_HUGE);
	while (effects_next_tree(&trees, anova))
	{
		if (shares != NULL)
			hp_shares_add(shares, anova);
		memset(sum, 0, (Size) most * n * sizeof(double));
		for (uint32 i = 0; i < n; i++)
			add_marginal(anova, features[i], n_codes[i], mean,
						 sum + (Size) most * i);
		if (effects_next_second(&trees, anova))
			for (uint32 i = 0; i < n; i++)
				add_marginal(anova, features[i], n_codes[i], mean,
							 sum + (Size) most * i);
		for (uint32 i = 0; i < n; i++)
			for (uint32 c = 0; c < n_codes[i]; c++)
				hp_spread_add(&spreads[i][c], sum[(Size) most * i + c]);
	}
	return spreads;
}

/* Which codes of a row are shown: numbers ascending, then levels, missing last. */
static uint32 *
shown_codes(const ModelRow *row, uint32 *n)
{
	uint32		first = row->kind == HP_CATEGORICAL ? row->n_codes :
		row->n_words + 1;
	bool	   *chosen = choose_numbers(row);
	uint32	   *codes = palloc((row->n_codes + 1) * sizeof(uint32));

	*n = 0;
	for (uint32 c = first; c < row->n_codes; c++)
		if (chosen[c])
			codes[(*n)++] = c;
	for (uint32 c = 1; c < first; c++)
		codes[(*n)++] = c;
	/* trees have seen no gap of those that were filled */
	if (row->runs_of[0] > 0 && !row->fill)
		codes[(*n)++] = 0;
	return codes;
}

static void
emit_value(ReturnSetInfo *result, const Model *model, const ModelRow *row,
		   uint32 code, const HpSpread *spread)
{
	bool		is_number = row->kind != HP_CATEGORICAL && code > row->n_words;
	Row			out = {0};

	add_float(&out, is_number ? row->numbers[code] : NAN);
	if (code == 0)
		add_string(&out, "(missing)");
	else if (row->kind == HP_NUMERIC && is_number)
		add_string(&out, NULL);
	else
		add_text(&out, row->labels[code]);
	add_float(&out, model->center + model->unit * spread->mean);
	add_float(&out, model->unit * hp_spread_stddev(spread));
	add_bigint(&out, row->runs_of[code]);
	emit(result, &out);
}

static bool
is_called(HpText name, const char *parameter)
{
	return hp_text_compare(name.bytes, name.length,
						   parameter, strlen(parameter)) == 0;
}

/* The row of that name, or NULL. */
static const ModelRow *
find_row(const Model *model, const char *parameter)
{
	for (uint32 i = 0; i < model->n_rows; i++)
		if (is_called(model->rows[i].name, parameter))
			return &model->rows[i];
	return NULL;
}

/* What is no parameter may be a group of them; else it is an error. */
static void
notice_no_row(const Model *model, const char *parameter)
{
	const char **names = palloc((model->n_rows + 1) * sizeof(char *));

	for (uint32 g = 0; g < model->n_groups; g++)
		if (is_called(model->groups[g].name, parameter))
		{
			ereport(NOTICE,
					(errmsg("\"%s\" is a group of parameters", parameter),
					 errhint("Ask for one of them: each has values of its own.")));
			return;
		}
	for (uint32 i = 0; i < model->n_rows; i++)
		names[i] = pnstrdup(model->rows[i].name.bytes,
							model->rows[i].name.length);
	wrong_parameter(names, model->n_rows, parameter);
}

static void
notice_no_part(const ModelRow *row, const char *parameter)
{
	ereport(NOTICE,
			(errmsg("parameter \"%s\" takes no part in the forest: it is %s",
					parameter, row->role == HP_CONSTANT ?
					"constant" : "an identifier"),
			 errhint("See the notes of hp_parameters.")));
}

void
answer_marginal(ReturnSetInfo *result, const Model *model,
				const char *parameter)
{
	const ModelRow *row = find_row(model, parameter);
	MemoryContext scratch;
	MemoryContext keep;
	uint32		feature = 0;
	const HpSpread *spreads;
	const uint32 *codes;
	uint32		n;

	if (row == NULL)
		notice_no_row(model, parameter);
	else if (row->role != HP_PARAMETER)
		notice_no_part(row, parameter);
	if (row == NULL || row->role != HP_PARAMETER || !effects_has_trees(model))
		return;
	while (&model->rows[model->features[feature]] != row)
		feature++;
	scratch = make_scratch();
	keep = MemoryContextSwitchTo(scratch);
	spreads = sum_marginals(model, &feature, 1, NULL)[0];
	codes = shown_codes(row, &n);
	for (uint32 i = 0; i < n; i++)
		emit_value(result, model, row, codes[i], &spreads[codes[i]]);
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(scratch);
}

/* ---- both at once ---- */

static EffectPoint
make_point(const Model *model, const ModelRow *row, uint32 code,
		   const HpSpread *spread)
{
	EffectPoint point = {
		.number = NAN,
		.mean = model->center + model->unit * spread->mean,
		.stddev = model->unit * hp_spread_stddev(spread),
		.runs = row->runs_of[code],
		.code = code
	};

	if (code == 0)
		point.level = (HpText) {"(missing)", 9};
	else if (row->kind == HP_NUMERIC && code > row->n_words)
		point.number = row->numbers[code];
	else
		point.level = row->labels[code];
	return point;
}

static EffectCurve
make_curve(const Model *model, const ModelRow *row, const HpSpread *spreads)
{
	EffectCurve curve = {.row = row};
	uint32	   *codes = shown_codes(row, &curve.n);

	curve.points = palloc((curve.n + 1) * sizeof(EffectPoint));
	for (uint32 i = 0; i < curve.n; i++)
		curve.points[i] = make_point(model, row, codes[i], &spreads[codes[i]]);
	return curve;
}

EffectCurve *
effects_overview(const Model *model, const uint32 *features, uint32 n,
				 Effect **effects, size_t *n_effects)
{
	HpShares   *shares = hp_shares_create(&pg_environment, model->n_features);
	EffectCurve *curves = palloc((n + 1) * sizeof(EffectCurve));
	HpSpread  **spreads = sum_marginals(model, features, n, shares);

	for (uint32 i = 0; i < n; i++)
		curves[i] = make_curve(model, &model->rows[model->features[features[i]]],
							   spreads[i]);
	*effects = list_effects(model, shares, n_effects);
	qsort(*effects, *n_effects, sizeof(Effect), compare_effects);
	return curves;
}
