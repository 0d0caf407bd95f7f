/*
 * suggest.c
 *		What the next sweep should keep: the rows of hp_suggest.
 *
 * The trees are gone through once: each adds its marginal curves over the
 * bins of all parameters.  What follows from the curves is decided in
 * core/suggest.c; here it is put into words.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "utils/memutils.h"

#include "pg/answer_row.h"
#include "pg/answers.h"
#include "pg/effects.h"
#include "pg/environment.h"
#include "pg/memory.h"
#include "pg/suggest.h"
#include "pg/train.h"

/*
 * Where no p-value is known a parameter matters whose share is as large; by
 * impurity, which favours parameters of many values, one that is above the
 * mean.
 */
#define SHARE			0.02

/* Levels named in a reason, and bytes of each. */
#define LEVELS_NAMED	10
#define LEVEL_SHOWN		60

void
suggest_check_encoding(bool onehot)
{
	if (onehot)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("hp_suggest cannot tell parameters from one-hot levels"),
				 errdetail("With encoding \"onehot\" each level is a parameter of its own."),
				 errhint("Train with encoding => 'native'.")));
}

/* ---- asking the forest ---- */

static Asked
make_asked(const Model *model, const ModelRow *row)
{
	Asked		asked = {.row = row};

	asked.tried = (HpTried) {
		.kind = row->kind, .fill = row->fill,
		.n_codes = row->n_codes, .n_words = row->n_words,
		.numbers = row->numbers,
		.minimum = row->description.minimum,
		.maximum = row->description.maximum,
		.runs_of = row->runs_of, .best_of = row->best_of
	};
	asked.bins = hp_tried_bins(&pg_environment, &asked.tried);
	return asked;
}

/* Add a tree's mean prediction by bin. */
static void
add_to_curve(const Asked *asked, const double *mean, double *curve)
{
	for (uint32 b = 0; b < asked->bins.n; b++)
	{
		double		sum = 0;

		for (uint32 c = asked->bins.first[b]; c <= asked->bins.last[b]; c++)
			sum += mean[c] * asked->row->runs_of[c];
		curve[b] += sum / asked->bins.runs[b];
	}
}

/* Add the tree that was taken apart last to the t-th curves. */
static void
add_to_curves(const Model *model, const HpAnova *anova, uint32 t,
			  double *mean, Asked *asked)
{
	for (uint32 f = 0; f < model->n_features; f++)
	{
		hp_anova_marginal(anova, f, mean);
		add_to_curve(&asked[f], mean,
					 asked[f].curves + (size_t) t * asked[f].bins.n);
	}
}

/* Room for the curves of all parameters, if there may be as much. */
static void
make_curves(const Model *model, Asked *asked)
{
	Size		n_trees = model->settings.trees;
	Size		size = 0;

	for (uint32 f = 0; f < model->n_features; f++)
		size = add_size(size, mul_size(n_trees * asked[f].bins.n,
									   sizeof(double)));
	memory_check(CurrentMemoryContext, size, "hp_suggest");
	for (uint32 f = 0; f < model->n_features; f++)
		asked[f].curves = hp_alloc0(&pg_environment, n_trees * asked[f].bins.n,
									sizeof(double));
}

static void
ask_trees(const Model *model, Asked *asked)
{
	ModelTrees	trees = {.model = model};
	HpAnova    *anova = effects_anova(model);
	uint32		most = 0;
	double	   *mean;

	make_curves(model, asked);
	for (uint32 f = 0; f < model->n_features; f++)
		most = Max(most, asked[f].row->n_codes);
	mean = palloc(most * sizeof(double));
	for (uint32 t = 0; effects_next_tree(&trees, anova); t++)
	{
		add_to_curves(model, anova, t, mean, asked);
		if (effects_next_second(&trees, anova))
			add_to_curves(model, anova, t, mean, asked);
	}
}

/*
 * Whether a parameter matters.  Of an importance that does not see
 * interactions a small one says nothing.
 */
static bool
matters(const Model *model, const ModelRow *row)
{
	double		share = model->method == METHOD_IMPURITY ?
		1.0 / model->n_features : SHARE;

	if (model->method == METHOD_FANOVA || model->method == METHOD_PED_ANOVA)
		return true;
	if (!isnan(row->findings.p_value_adjusted))
		return row->findings.p_value_adjusted <= P_OF_CHANCE;
	return row->findings.importance[model->method] >= share;
}

/* The standard deviation of the metric in units of target; 0 if not known. */
static double
target_stddev(const Model *model)
{
	double		stddev = model->metric.stddev / model->unit;

	return isfinite(stddev) ? stddev : 0;
}

char *
suggest_nothing(const Model *model)
{
	if (model->runs.used < 2)
		return "too few runs: nothing can be said";
	if (model->unit == 0)
		return "the metric is constant: nothing can be said";
	if (isnan(model->r2))
		return "too few runs or trees to judge the forest by";
	if (model->r2 < R2_NEXT_TO_NOTHING)
		return psprintf("the forest predicts next to nothing: out-of-bag R-squared is %.2f",
						fabs(model->r2) < 0.005 ? 0.0 : model->r2);
	if (model->p_value > P_OF_CHANCE)
		return psprintf("the forest predicts no better than chance: p-value %.2f",
						model->p_value);
	return NULL;
}

/* All parameters that took part, by feature. */
static Asked *
ask_forest(const Model *model)
{
	bool		ask = suggest_nothing(model) == NULL && effects_has_trees(model);
	Asked	   *asked = palloc_extended((model->n_features + 1) * sizeof(Asked),
										MCXT_ALLOC_HUGE);

	for (uint32 f = 0; f < model->n_features; f++)
		asked[f] = make_asked(model, &model->rows[model->features[f]]);
	if (ask)
		ask_trees(model, asked);
	for (uint32 f = 0; f < model->n_features; f++)
	{
		HpCurves	curves = {
			.n_trees = ask ? model->settings.trees : 0,
			.values = asked[f].curves,
			.metric_stddev = target_stddev(model),
			.maximize = model->maximize
		};

		asked[f].suggestion = hp_suggest(&pg_environment, &asked[f].tried,
										 &asked[f].bins, &curves,
										 matters(model, asked[f].row));
	}
	return asked;
}

/* ---- values in words ---- */

static void
say(StringInfo reason, const char *what)
{
	if (reason->len > 0)
		appendStringInfoString(reason, "; ");
	appendStringInfoString(reason, what);
}

/* A value as text, cut to so many bytes if that is not 0. */
static void
append_code(StringInfo into, const ModelRow *row, uint32 code, int shown)
{
	char		number[HP_NUMBER_TEXT_SIZE];
	HpText		text;

	if (code == 0)
		text = (HpText) {"(missing)", 9};
	else if (row->kind == HP_NUMERIC && code > row->n_words)
		text = (HpText) {number, hp_write_number(row->numbers[code], number)};
	else
		text = row->labels[code];
	if (text.length == 0)
		text = (HpText) {"\"\"", 2};	/* as in a report */
	if (shown > 0)
		text.length = pg_mbcliplen(text.bytes, text.length, shown);
	appendBinaryStringInfo(into, text.bytes, text.length);
}

/* Whether a bin is a value that can be named. */
static bool
is_named(const Asked *asked, uint32 bin)
{
	return bin < asked->bins.n_levels || asked->bins.few;
}

/* The values named that are kept, missing at the end; NULL if there are none. */
static char *
list_levels(const Asked *asked)
{
	bool		missing = asked->bins.n > 0 && asked->bins.first[0] == 0 &&
		asked->suggestion.kept[0];
	StringInfoData list;

	initStringInfo(&list);
	for (uint32 b = 0; b < asked->bins.n; b++)
	{
		if (!is_named(asked, b) || !asked->suggestion.kept[b] ||
			asked->bins.first[b] == 0)
			continue;
		if (list.len > 0)
			appendStringInfoString(&list, ", ");
		append_code(&list, asked->row, asked->bins.first[b], 0);
	}
	if (missing)
		appendStringInfo(&list, "%s(missing)", list.len > 0 ? ", " : "");
	return list.len > 0 ? list.data : NULL;
}

/* What is dropped: "worse: sgd, above 0.5". */
static void
say_dropped(StringInfo reason, const Asked *asked)
{
	const HpBins *bins = &asked->bins;
	const HpSuggestion *s = &asked->suggestion;
	const char *comma = "worse: ";
	uint32		more = 0;
	uint32		named = 0;

	if (reason->len > 0)
		appendStringInfoString(reason, "; ");
	for (uint32 b = 0; b < bins->n; b++)
	{
		if (!is_named(asked, b) || s->kept[b])
			continue;
		if (named++ >= LEVELS_NAMED)
		{
			more++;
			continue;
		}
		appendStringInfoString(reason, comma);
		append_code(reason, asked->row, bins->first[b], LEVEL_SHOWN);
		comma = ", ";
	}
	if (more > 0)
		appendStringInfo(reason, " and %u more", more);
	if (bins->few || bins->n == bins->n_levels)
		return;
	if (isnan(s->low))
	{
		appendStringInfo(reason, "%snumbers", comma);
		return;
	}
	if (!s->kept[bins->n_levels])
	{
		appendStringInfo(reason, "%sbelow %g", comma, s->low);
		comma = ", ";
	}
	if (!s->kept[bins->n - 1])
		appendStringInfo(reason, "%sabove %g", comma, s->high);
}

static bool
drops_any(const Asked *asked)
{
	for (uint32 b = 0; b < asked->bins.n; b++)
		if (!asked->suggestion.kept[b])
			return true;
	return false;
}

/* How far the importance says that a parameter does not matter. */
static char *
importance_in_words(const Model *model, const ModelRow *row)
{
	if (!isnan(row->findings.p_value_adjusted))
		return psprintf("p-value %.2f", row->findings.p_value_adjusted);
	return psprintf("importance %.3f",
					row->findings.importance[model->method]);
}

/* What a gap means, and how missing compares where it is a value. */
static void
say_gaps(StringInfo reason, const Asked *asked)
{
	const HpSuggestion *s = &asked->suggestion;

	if (asked->row->fill)
		say(reason, "conditional: this holds where the parameter applies");
	if (asked->bins.n == 0 || asked->bins.first[0] != 0 || s->best == UINT32_MAX)
		return;
	if (s->advice == HP_FREEZE ? s->frozen == 0 : s->best == 0)
		say(reason, "best left unset, which a sweep cannot say");
	else if (s->kept[0])
		say(reason, "may as well be left unset");
}

/* A range is of numbers alone. */
static void
say_words(StringInfo reason, const Asked *asked)
{
	const HpBins *bins = &asked->bins;
	uint32		best = asked->suggestion.best;

	if (asked->row->n_words == 0 || asked->suggestion.advice == HP_FREEZE)
		return;
	if (best < bins->n_levels && bins->first[best] > 0)
	{
		if (reason->len > 0)
			appendStringInfoString(reason, "; ");
		appendStringInfoString(reason, "best: ");
		append_code(reason, asked->row, bins->first[best], LEVEL_SHOWN);
	}
	for (uint32 b = 0; b < bins->n_levels && sweep_is_range(asked); b++)
		if (asked->suggestion.kept[b] && bins->first[b] > 0)
		{
			say(reason, "a range leaves out the words");
			break;
		}
}

static void
say_pooled(StringInfo reason, const Asked *asked)
{
	const HpBins *bins = &asked->bins;

	if (asked->row->pooled && bins->n > 0 &&
		bins->last[bins->n - 1] == asked->row->n_codes - 1 &&
		asked->suggestion.kept[bins->n - 1])
		say(reason, "the rarest levels, taken as one, are not listed");
}

static char *
make_reason(const Model *model, const Asked *asked)
{
	const HpSuggestion *s = &asked->suggestion;
	char	   *nothing = suggest_nothing(model);
	StringInfoData reason;

	if (nothing != NULL)
		return nothing;
	initStringInfo(&reason);
	switch (s->advice)
	{
		case HP_EXTEND:
			say(&reason, psprintf("the best lies at the %s end: try %s %g",
								  s->upward ? "upper" : "lower",
								  s->upward ? "above" : "below",
								  s->upward ? s->high : s->low));
			break;
		case HP_KEEP:
			say(&reason, matters(model, asked->row) ?
				"no part of it is clearly worse" :
				psprintf("little beside the others, but it may matter where they are right (%s)",
						 importance_in_words(model, asked->row)));
			break;
		case HP_FREEZE:
			say(&reason, psprintf("makes no difference that can be told (%s)",
								  importance_in_words(model, asked->row)));
			break;
		case HP_NARROW:
			break;
	}
	if (s->advice != HP_FREEZE && drops_any(asked))
		say_dropped(&reason, asked);
	if (s->advice == HP_NARROW && !matters(model, asked->row))
		say(&reason, psprintf("little beside the others, but the trees agree (%s)",
							  importance_in_words(model, asked->row)));
	say_gaps(&reason, asked);
	say_words(&reason, asked);
	say_pooled(&reason, asked);
	return reason.data;
}

/* ---- rows ---- */

const char *
suggest_advice_name(HpAdvice advice)
{
	switch (advice)
	{
		case HP_NARROW:
			return "narrow";
		case HP_EXTEND:
			return "extend";
		case HP_KEEP:
			return "keep";
		case HP_FREEZE:
			return "freeze";
	}
	return NULL;
}

static Suggested
suggested_of_asked(const Model *model, const Asked *asked)
{
	const HpSuggestion *s = &asked->suggestion;
	bool		frozen = s->advice == HP_FREEZE;
	bool		one_number = frozen && !isnan(s->low);
	char	   *levels = one_number ? NULL : list_levels(asked);

	return (Suggested) {
		.row = asked->row,
		.advice = s->advice,
		.low = s->low,
		.high = s->high,
		.levels = levels == NULL ? (HpText) {NULL, 0} :
		(HpText) {levels, strlen(levels)},
		.sweep = sweep_of_suggestion(asked),
		.gain = model->unit * s->gain,
		.gain_stddev = model->unit * s->gain_stddev,
		.reason = make_reason(model, asked)
	};
}

/* A constant is what the sweep was run with: the next one needs it too. */
static Suggested
suggested_of_constant(const ModelRow *row)
{
	bool		numeric = row->kind == HP_NUMERIC;

	return (Suggested) {
		.row = row,
		.advice = HP_FREEZE,
		.low = numeric ? row->description.minimum : NAN,
		.high = numeric ? row->description.maximum : NAN,
		.levels = numeric ? (HpText) {NULL, 0} : row->only,
		.sweep = sweep_of_constant(row),
		.gain = NAN,
		.gain_stddev = NAN,
		.reason = "nothing else was tried"
	};
}

Suggested *
suggest(const Model *model, uint32 *n)
{
	uint32	   *order = model_order(model);
	uint32	   *feature_of = palloc((model->n_rows + 1) * sizeof(uint32));
	Asked	   *asked = ask_forest(model);
	Suggested  *rows = palloc_extended((model->n_rows + 1) * sizeof(Suggested),
									   MCXT_ALLOC_HUGE);

	for (uint32 f = 0; f < model->n_features; f++)
		feature_of[model->features[f]] = f;
	*n = 0;
	for (uint32 i = 0; i < model->n_rows; i++)
	{
		const ModelRow *row = &model->rows[order[i]];

		CHECK_FOR_INTERRUPTS();
		if (row->role == HP_PARAMETER)
			rows[(*n)++] = suggested_of_asked(model,
											  &asked[feature_of[order[i]]]);
		else if (row->role == HP_CONSTANT && row->only.bytes != NULL)
			rows[(*n)++] = suggested_of_constant(row);
	}
	return rows;
}

static void
emit_suggested(ReturnSetInfo *result, const Model *model,
			   const Suggested *suggested)
{
	Row			out = {0};

	add_text(&out, suggested->row->name);
	add_string(&out, suggest_advice_name(suggested->advice));
	add_float(&out, suggested->low);
	add_float(&out, suggested->high);
	if (suggested->levels.bytes == NULL)
		add_string(&out, NULL);
	else
		add_text(&out, suggested->levels);
	add_string(&out, suggested->sweep);
	add_float(&out, suggested->gain);
	add_float(&out, suggested->gain_stddev);
	add_float(&out, suggested->row->findings.importance[model->method]);
	add_string(&out, suggested->reason);
	emit(result, &out);
}

void
answer_suggest(ReturnSetInfo *result, const Model *model)
{
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext scratch;
	Suggested  *rows;
	uint32		n;

	suggest_check_encoding(model->onehot);
	scratch = AllocSetContextCreate(keep, "hpimp suggestions",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(scratch);
	rows = suggest(model, &n);
	for (uint32 i = 0; i < n; i++)
		emit_suggested(result, model, &rows[i]);
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(scratch);
}
