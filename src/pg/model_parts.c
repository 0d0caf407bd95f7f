/*
 * model_parts.c
 *		A forest that is trained in parts: what is kept of them until all are
 *		there.
 *
 * What a forest says is made of what its trees report, in their order, and of
 * integer sums over all trees.  So parts keep the reports and their own sums,
 * and whatever the order they are merged in, the whole is made of the same
 * numbers as if one had trained it.  Behind the groups (see model.c):
 *
 *	+---------+--------+---------+-------------+------+---------+------------+
 *	| n parts | n here | numbers | fingerprint | runs | reports | replicates |
 *	+---------+--------+---------+-------------+------+---------+------------+
 *
 * of which the last three are there if trees can be grown.  runs:
 *
 *	+--------------------+----------------------------+-----------------------+
 *	| target, 8 bytes by | sum of predictions, number | sums of effects, if   |
 *	| run                | of trees, by run           | any: 8 bytes each     |
 *	+--------------------+----------------------------+-----------------------+
 *
 * If there are effects and the first part is here, one byte behind them tells
 * whether there is a regression beside the forest (core/regression.h), and if so
 * what it says follows: predictions by run, effects by run and subject, and what
 * is its own by subject.
 *
 * Reports are doubles by tree, replicates by unit, of the parts that are here.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "pg/environment.h"
#include "pg/model.h"
#include "pg/resample.h"

/* ---- what there is to keep ---- */

/* A tree, or that and its second. */
static inline uint32
trees_each(const HpForestSettings *settings)
{
	return settings->twice ? 2 : 1;
}

uint32
model_trees_here(const Model *model)
{
	uint32		n = 0;

	if (!model_can_grow(model))
		return 0;
	for (uint32 i = 0; i < model->parts->n; i++)
	{
		Span		trees = part_trees(model, model->parts->numbers[i]);

		n += trees.end - trees.first;
	}
	return n * trees_each(&model->settings);
}

HpFeatureMap
model_map(const Model *model)
{
	HpFeatureMap map = {
		.n_features = model->n_features,
		.groups.n = model->n_groups,
		.groups.of = palloc((model->n_features + 1) * sizeof(uint32))
	};

	for (uint32 f = 0; f < model->n_features; f++)
	{
		uint32		group = model->rows[model->features[f]].group;

		map.groups.of[f] = group == 0 ? HP_NO_GROUP : group - 1;
	}
	return map;
}

HpFrame
model_frame(const Model *model)
{
	return (HpFrame) {
		.n_runs = (uint32) model->runs.used,
		.target = model->parts->target,
		.center = model->center,
		.unit = model->unit
	};
}

/* The numbers of a tree's report, those that are asked for, in a row. */
typedef struct Reported
{
	int			n;
	double	  **values[4];
	uint32		count[4];
} Reported;

static void
add_reported(Reported *reported, double **values, uint32 count)
{
	reported->values[reported->n] = values;
	reported->count[reported->n++] = count;
}

static Reported
reported_by(const Model *model, HpTreeReport *report)
{
	const HpForestSettings *s = &model->settings;
	Reported	reported = {0};

	add_reported(&reported, &report->impurity, model->n_features);
	if (s->permutation && !s->twice)
		add_reported(&reported, &report->permutation,
					 model->n_features + model->n_groups);
	if (s->corrected)
		add_reported(&reported, &report->corrected, model->n_features);
	if (s->fanova)
		add_reported(&reported, &report->fanova, model->n_features);
	return reported;
}

static HpReplicatePlan
plan_of(const Model *model)
{
	HpFrame		frame = model_frame(model);
	HpFeatureMap map = model_map(model);
	HpReplicatePlan plan = resample_plan(model, &frame, &map);

	pfree(map.groups.of);		/* the plan keeps only counts */
	return plan;
}

/* ---- writing ---- */

static void
put_doubles(Writer *writer, const double *numbers, Size n)
{
	for (Size i = 0; i < n; i++)
		put_double(writer, numbers[i]);
}

static void
put_runs(Writer *writer, const Model *model)
{
	const ModelParts *parts = model->parts;
	const HpTotalEffects *effects = parts->out_of_bag.effects;

	for (uint64 run = 0; run < model->runs.used; run++)
		put_fixed(writer, (uint64) parts->target[run], 8);
	for (uint64 run = 0; run < model->runs.used; run++)
	{
		if (run % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		put_fixed(writer, (uint64) parts->out_of_bag.sum[run], 8);
		put_varint(writer, parts->out_of_bag.trees[run]);
	}
	if (effects != NULL)
		for (Size i = 0; i < hp_total_effects_count(effects); i++)
			put_fixed(writer, (uint64) effects->sum[i], 8);
}

/* The first part has what does not depend on trees. */
static bool
is_with_beside(const Model *model)
{
	return model->parts->numbers[0] == 0 && model->settings.permutation &&
		model->settings.twice;
}

static void
put_beside(Writer *writer, const Model *model)
{
	const HpBeside *beside = model->parts->beside;
	Size		n = model->runs.used;

	put_varint(writer, beside != NULL);
	if (beside == NULL)
		return;
	put_doubles(writer, beside->predicted, n);
	put_doubles(writer, beside->effects, n * beside->n_subjects);
	put_doubles(writer, beside->own, beside->n_subjects);
}

static void
put_reports(Writer *writer, const Model *model)
{
	for (uint32 i = 0; i < model->parts->n; i++)
	{
		Span		trees = part_trees(model, model->parts->numbers[i]);

		for (uint32 t = trees.first; t < trees.end; t++)
		{
			Reported	reported = reported_by(model,
											   &model->parts->reports[t]);

			for (int k = 0; k < reported.n; k++)
				put_doubles(writer, *reported.values[k], reported.count[k]);
		}
	}
}

static void
put_replicates(Writer *writer, const Model *model)
{
	HpReplicatePlan plan = plan_of(model);
	Size		size = hp_replicate_size(&plan);

	for (uint32 i = 0; i < model->parts->n; i++)
	{
		Span		units = span_of_part(hp_replicate_units(&plan),
									model->parts->numbers[i],
									model->parts->n_all);

		put_doubles(writer, model->parts->replicates + units.first * size,
					(units.end - units.first) * size);
	}
}

void
put_parts(Writer *writer, const Model *model)
{
	const ModelParts *parts = model->parts;

	put_varint(writer, parts->n_all);
	put_varint(writer, parts->n);
	for (uint32 i = 0; i < parts->n; i++)
		put_varint(writer, parts->numbers[i]);
	put_fixed(writer, parts->fingerprint, 8);
	if (!model_can_grow(model))
		return;
	put_runs(writer, model);
	if (is_with_beside(model))
		put_beside(writer, model);
	put_reports(writer, model);
	if (model->uncertainty)
		put_replicates(writer, model);
}

/* ---- reading ---- */

/* Targets are within this of 0, effects within six times as much by tree. */
#define MOST_TARGET		(INT64CONST(1) << 47)
#define MOST_BY_TREE	(6 * MOST_TARGET)

/* Far above what comes of such targets, far below what would overflow. */
#define MOST_REPORTED	1e100

static int64
get_within(Reader *reader, int64 most)
{
	int64		number = (int64) get_fixed(reader, 8);

	if (number > most || number < -most)
		damaged(reader, "A number is out of range.");
	return number;
}

/* That many bytes are there is known before there is memory taken for them. */
static void
require_bytes(Reader *reader, uint64 count, uint64 size)
{
	if (count > (uint64) (reader->end - reader->at) / size)
		damaged(reader, "It ends too early.");
}

static void
get_doubles(Reader *reader, double *numbers, Size n)
{
	for (Size i = 0; i < n; i++)
	{
		numbers[i] = get_double(reader);
		if (!(fabs(numbers[i]) < MOST_REPORTED))
			damaged(reader, "A number is out of range.");
	}
}

static void
get_effects(Reader *reader, const Model *model, int64 most)
{
	HpOutOfBag *out_of_bag = &model->parts->out_of_bag;
	uint32		n_runs = (uint32) model->runs.used;
	uint32		n = model->n_features + model->n_groups;
	Size		count;

	require_bytes(reader, (uint64) hp_total_effect_runs(n_runs, n) * n, 8);
	out_of_bag->effects = hp_total_effects_create(&pg_environment, n_runs, n);
	count = hp_total_effects_count(out_of_bag->effects);
	for (Size i = 0; i < count; i++)
		out_of_bag->effects->sum[i] = get_within(reader, most);
}

static void
get_runs(Reader *reader, const Model *model)
{
	ModelParts *parts = model->parts;
	uint32		n = (uint32) model->runs.used;
	uint32		trees = model_trees_here(model) / trees_each(&model->settings);
	int64		most = trees * MOST_BY_TREE;

	require_bytes(reader, n, 8 + 8 + 1);
	parts->target = hp_alloc(&pg_environment, n, sizeof(int64));
	parts->out_of_bag.sum = hp_alloc(&pg_environment, n, sizeof(int64));
	parts->out_of_bag.trees = hp_alloc(&pg_environment, n, sizeof(uint32));
	for (uint32 run = 0; run < n; run++)
		parts->target[run] = get_within(reader, MOST_TARGET);
	for (uint32 run = 0; run < n; run++)
	{
		if (run % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		parts->out_of_bag.sum[run] = get_within(reader, most);
		parts->out_of_bag.trees[run] = get_varint(reader, trees);
	}
	CHECK_FOR_INTERRUPTS();
	if (model->settings.permutation && model->settings.twice)
		get_effects(reader, model, most);
}

static void
get_beside(Reader *reader, const Model *model)
{
	HpBeside   *beside = palloc(sizeof(HpBeside));
	Size		n = model->runs.used;

	beside->n_runs = (uint32) n;
	beside->n_subjects = model->n_features + model->n_groups;
	if (get_varint(reader, 1) == 0)
		return;
	if (n >= HP_RUNS_WITHOUT)
		damaged(reader, "It has too many runs for a regression.");
	require_bytes(reader, n + (n + 1) * (uint64) beside->n_subjects, 8);
	beside->predicted = palloc(n * sizeof(double));
	beside->effects = hp_alloc(&pg_environment, n,
							   beside->n_subjects * sizeof(double));
	get_doubles(reader, beside->predicted, n);
	get_doubles(reader, beside->effects, n * beside->n_subjects);
	beside->own = palloc(beside->n_subjects * sizeof(double));
	get_doubles(reader, beside->own, beside->n_subjects);
	for (uint32 i = 0; i < beside->n_subjects; i++)
		if (!(beside->own[i] >= 0 && beside->own[i] <= 1))
			damaged(reader, "A number is out of range.");
	model->parts->beside = beside;
}

static void
get_report(Reader *reader, const Model *model, uint32 tree)
{
	Reported	reported = reported_by(model, &model->parts->reports[tree]);

	for (int k = 0; k < reported.n; k++)
	{
		require_bytes(reader, reported.count[k], 8);
		*reported.values[k] = palloc_extended(reported.count[k] *
											  sizeof(double), MCXT_ALLOC_HUGE);
		get_doubles(reader, *reported.values[k], reported.count[k]);
	}
}

static void
get_reports(Reader *reader, const Model *model)
{
	ModelParts *parts = model->parts;

	parts->reports = palloc0(model->settings.trees * sizeof(HpTreeReport));
	for (uint32 i = 0; i < parts->n; i++)
	{
		Span		trees = part_trees(model, parts->numbers[i]);

		CHECK_FOR_INTERRUPTS();
		for (uint32 t = trees.first; t < trees.end; t++)
			get_report(reader, model, t);
	}
}

/* The last number of a replicate may be that of an R^2 that is not defined. */
static void
get_replicate(Reader *reader, double *report, Size size)
{
	get_doubles(reader, report, size - 1);
	report[size - 1] = get_double(reader);
	if (fabs(report[size - 1]) >= MOST_REPORTED)
		damaged(reader, "A number is out of range.");
}

static void
get_replicates(Reader *reader, const Model *model)
{
	ModelParts *parts = model->parts;
	HpReplicatePlan plan = plan_of(model);
	Size		size = hp_replicate_size(&plan);
	uint32		n = hp_replicate_units(&plan);

	parts->replicates = hp_alloc(&pg_environment, n, size * sizeof(double));
	for (uint32 i = 0; i < parts->n; i++)
	{
		Span		units = span_of_part(n, parts->numbers[i], parts->n_all);

		CHECK_FOR_INTERRUPTS();
		for (uint32 unit = units.first; unit < units.end; unit++)
			get_replicate(reader, parts->replicates + unit * size, size);
	}
}

static void
get_numbers(Reader *reader, ModelParts *parts)
{
	parts->n_all = get_varint(reader, MODEL_MAX_PARTS);
	parts->n = get_varint(reader, MODEL_MAX_PARTS);
	if (parts->n == 0 || parts->n >= parts->n_all)
		damaged(reader, "It has a wrong number of parts.");
	parts->numbers = palloc(parts->n * sizeof(uint32));
	for (uint32 i = 0; i < parts->n; i++)
	{
		parts->numbers[i] = get_varint(reader, parts->n_all - 1);
		if (i > 0 && parts->numbers[i] <= parts->numbers[i - 1])
			damaged(reader, "Its parts are not in order.");
	}
}

void
get_parts(Reader *reader, Model *model)
{
	const HpForestSettings *s = &model->settings;

	model->parts = palloc0(sizeof(ModelParts));
	get_numbers(reader, model->parts);
	model->parts->fingerprint = get_fixed(reader, 8);
	if (!model_can_grow(model))
		return;
	/* as SQL gives them: there is arithmetic to come */
	if (s->min_samples_leaf > PG_INT32_MAX || s->max_depth > PG_INT32_MAX)
		damaged(reader, "A setting is out of range.");
	get_runs(reader, model);
	if (is_with_beside(model))
		get_beside(reader, model);
	get_reports(reader, model);
	if (model->uncertainty)
		get_replicates(reader, model);
}

/* ---- merging ---- */

/* Missing parts that are named. */
#define PARTS_SHOWN		10

void
model_not_whole(const Model *model)
{
	const ModelParts *parts = model->parts;
	uint32		missing = parts->n_all - parts->n;
	uint32		shown = 0;
	StringInfoData list;

	initStringInfo(&list);
	for (uint32 number = 0, i = 0; shown < Min(missing, PARTS_SHOWN); number++)
		if (i < parts->n && parts->numbers[i] == number)
			i++;
		else
			appendStringInfo(&list, "%s%u", shown++ == 0 ? "" : ", ",
							 number + 1);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("forest is not whole: %u of %u parts are missing",
					missing, parts->n_all),
			 errdetail("Missing: %s%s.", list.data,
					   missing > shown ? ", and others" : ""),
			 errhint("Train all parts, and merge them by the aggregate hp_forest_agg.")));
}

static void
refuse_merge(const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("forests are not parts of one forest"),
			 errdetail_internal("%s", detail), errhint("%s", hint)));
}

/* A fingerprint from outside says nothing of the metrics behind it. */
static bool
same_targets(const Model *a, const Model *b)
{
	return !model_can_grow(a) ||
		memcmp(a->parts->target, b->parts->target,
			   a->runs.used * sizeof(int64)) == 0;
}

static void
check_same_origin(const Model *a, const Model *b)
{
	if (a->parts == NULL || b->parts == NULL)
		refuse_merge("One of them is whole.",
					 "Train parts, as in hp_forest(study, part => 1, parts => 4); averages of whole forests are not another forest.");
	if (a->parts->n_all != b->parts->n_all)
		refuse_merge(psprintf("One is of %u parts, the other of %u.",
							  a->parts->n_all, b->parts->n_all),
					 "Give the same number of parts to all.");
	/* first, as defaults of settings depend on the number of runs */
	if (a->parts->fingerprint != b->parts->fingerprint)
		refuse_merge("They were trained on different runs or parameters.",
					 "Train all parts on the same study, with the same include, exclude, categorical and encoding.");
	if (!model_same_settings(a, b))
		refuse_merge("They were trained with different settings.",
					 "Give the same settings to all parts.");
	if (!model_same_but_trees(a, b))
		refuse_merge("They were trained on different parameters.",
					 "Train all parts on the same study, with the same include and exclude.");
	if (!same_targets(a, b))
		refuse_merge("They were trained on different metrics.",
					 "Train all parts on the same study.");
}

/* The numbers of both, ascending. */
static void
merge_numbers(ModelParts *merged, const ModelParts *a, const ModelParts *b)
{
	uint32		i = 0;
	uint32		j = 0;

	merged->n = a->n + b->n;
	merged->numbers = palloc(merged->n * sizeof(uint32));
	for (uint32 k = 0; k < merged->n; k++)
	{
		if (i < a->n && j < b->n && a->numbers[i] == b->numbers[j])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("part %u of the forest is there twice",
							a->numbers[i] + 1),
					 errhint("Merge each part once.")));
		if (j == b->n || (i < a->n && a->numbers[i] < b->numbers[j]))
			merged->numbers[k] = a->numbers[i++];
		else
			merged->numbers[k] = b->numbers[j++];
	}
}

/* Add what the trees of one have reported to the other's. */
static void
add_reports_of(ModelParts *to, const Model *from)
{
	const ModelParts *parts = from->parts;

	for (uint32 i = 0; i < parts->n; i++)
	{
		Span		trees = part_trees(from, parts->numbers[i]);

		for (uint32 t = trees.first; t < trees.end; t++)
			to->reports[t] = parts->reports[t];
	}
	hp_out_of_bag_add(&pg_environment, &to->out_of_bag, &parts->out_of_bag,
					  (uint32) from->runs.used);
}

static void
add_replicates_of(ModelParts *to, const Model *from,
				  const HpReplicatePlan *plan)
{
	const ModelParts *parts = from->parts;
	Size		size = hp_replicate_size(plan);

	for (uint32 i = 0; i < parts->n; i++)
	{
		Span		units = span_of_part(hp_replicate_units(plan),
									parts->numbers[i], parts->n_all);

		memcpy(to->replicates + units.first * size,
			   parts->replicates + units.first * size,
			   (units.end - units.first) * size * sizeof(double));
	}
}

static bool
lost_its_trees(const Model *model)
{
	return model->n_trees == 0 && model_trees_here(model) > 0;
}

/* The trees of both in their order; none if those of either are too large. */
static void
merge_trees(Model *merged, const Model *a, const Model *b)
{
	const char *at_a = a->trees;
	const char *at_b = b->trees;
	uint32		i = 0;
	TreeBytes	trees = {.overflow = lost_its_trees(a) || lost_its_trees(b)};

	for (uint32 k = 0; k < merged->parts->n && !trees.overflow; k++)
	{
		uint32		number = merged->parts->numbers[k];
		bool		of_a = i < a->parts->n && a->parts->numbers[i] == number;
		const char **at = of_a ? &at_a : &at_b;
		Span		span = part_trees(merged, number);
		const char *end = model_skip_trees(of_a ? a : b, *at,
										   (span.end - span.first) *
										   trees_each(&merged->settings));
		char	   *place = tree_bytes_extend(&trees, end - *at);

		if (place != NULL)
			memcpy(place, *at, end - *at);
		*at = end;
		i += of_a;
	}
	merged->trees = trees.bytes;
	merged->trees_end = trees.bytes == NULL ? NULL : trees.bytes + trees.size;
	merged->n_trees = trees.overflow ? 0 : model_trees_here(merged);
}

Model *
model_merge(const Model *a, const Model *b)
{
	Model	   *merged = palloc(sizeof(Model));
	ModelParts *parts = palloc(sizeof(ModelParts));
	HpFeatureMap map = model_map(a);

	check_same_origin(a, b);
	*merged = *a;
	*parts = *a->parts;
	merged->parts = parts;
	merge_numbers(parts, a->parts, b->parts);
	if (!model_can_grow(a))
		return merged;
	if (b->parts->beside != NULL)
		parts->beside = b->parts->beside;
	parts->reports = palloc0(a->settings.trees * sizeof(HpTreeReport));
	parts->out_of_bag = hp_out_of_bag_create(&pg_environment,
											 (uint32) a->runs.used, &map,
											 &a->settings);
	add_reports_of(parts, a);
	add_reports_of(parts, b);
	if (a->uncertainty)
	{
		HpReplicatePlan plan = plan_of(a);

		parts->replicates = hp_alloc(&pg_environment,
									 hp_replicate_units(&plan),
									 hp_replicate_size(&plan) * sizeof(double));
		add_replicates_of(parts, a, &plan);
		add_replicates_of(parts, b, &plan);
	}
	merge_trees(merged, a, b);
	return merged;
}
