/*
 * train.c
 *		From a study to a trained model.
 *
 * Everything while training lives in one memory context that goes at the end;
 * what the model keeps is copied out.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/order.h"
#include "core/ped_anova.h"
#include "pg/detail.h"
#include "pg/environment.h"
#include "pg/parallel.h"
#include "pg/progress.h"
#include "pg/related.h"
#include "pg/resample.h"
#include "pg/sample.h"
#include "pg/train.h"
#include "pg/training_memory.h"
#include "pg/training_notices.h"

/* ---- which parameters ---- */

#define NAMES_SHOWN	20

static int
compare_names(const void *a, const void *b)
{
	const HpText *x = a;
	const HpText *y = b;

	return hp_text_compare(x->bytes, x->length, y->bytes, y->length);
}

/* The names of a study's parameters for a message: "a", "b", ... */
static char *
list_names(const Study *study)
{
	HpText	   *names = palloc((study->n_columns + 1) * sizeof(HpText));
	StringInfoData list;

	initStringInfo(&list);
	for (uint32 i = 0; i < study->n_columns; i++)
		names[i] = (HpText) {study->columns[i].input.name,
			study->columns[i].input.name_length};
	qsort(names, study->n_columns, sizeof(HpText), compare_names);
	for (uint32 i = 0; i < study->n_columns && i < NAMES_SHOWN; i++)
		appendStringInfo(&list, "%s\"%.*s\"", i == 0 ? "" : ", ",
						 (int) names[i].length, names[i].bytes);
	pfree(names);
	if (study->n_columns > NAMES_SHOWN)
		appendStringInfo(&list, " and %u more",
						 study->n_columns - NAMES_SHOWN);
	if (study->n_columns == 0)
		appendStringInfoString(&list, "none");
	return list.data;
}

static void
warn_unmatched(const Study *study, const Settings *settings)
{
	char	   *names;

	if (settings->include.n + settings->exclude.n + settings->categorical.n == 0)
		return;
	names = list_names(study);
	patterns_warn_unmatched(&settings->include, names);
	patterns_warn_unmatched(&settings->exclude, names);
	patterns_warn_unmatched(&settings->categorical, names);
	pfree(names);
}

HpFrame *
study_frame(const Study *study, Settings *settings)
{
	HpInput    *inputs = palloc_extended((study->n_columns + 1) *
										 sizeof(HpInput), MCXT_ALLOC_HUGE);
	bool	   *as_category = palloc(study->n_columns + 1);
	HpFrameOptions options = {as_category, settings->onehot};
	const Study *runs = sample_runs(study);
	HpFrame    *frame;
	uint32		n = 0;

	progress_runs(sample_runs_seen(study));
	progress_phase(PROGRESS_CODING);
	for (uint32 i = 0; i < study->n_columns; i++)
	{
		const HpInput *input = &runs->columns[i].input;
		bool		included = settings->include.patterns == NULL ||
			patterns_match(&settings->include, input->name,
						   input->name_length);
		bool		excluded = patterns_match(&settings->exclude, input->name,
											  input->name_length);

		if (!included || excluded)
			continue;
		as_category[n] = patterns_match(&settings->categorical, input->name,
										input->name_length);
		inputs[n++] = *input;
	}
	warn_unmatched(study, settings);
	notice_sample(study);
	memory_check_frame(memory_of_study(study), runs->n_runs, inputs, n);
	frame = hp_frame_build(&pg_environment, inputs, n, runs->metric,
						   runs->n_runs, &options);
	if (frame == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many levels for encoding \"onehot\""),
				 errdetail("There can be at most %d one-hot columns.",
						   HP_MAX_COLUMNS),
				 errhint("Use encoding => 'native', or exclude parameters with many levels.")));
	return frame;
}

/* ---- the trees ---- */

/* What comes of training trees. */
typedef struct Trained
{
	HpTreeReport *reports;		/* by tree */
	HpOutOfBag	out_of_bag;
	TreeBytes  *kept;			/* NULL if trees are not wanted */
} Trained;

static Trained
begin_training(const HpFrame *frame, const HpFeatureMap *map,
			   const HpForestSettings *settings, TreeBytes *kept)
{
	return (Trained) {
		.reports = hp_reports_create(&pg_environment, map, settings),
		.out_of_bag = hp_out_of_bag_create(&pg_environment, frame->n_runs, map,
										   settings),
		.kept = kept
	};
}

/* Train trees, one after the other. */
static void
train_alone(const HpFrame *frame, const HpFeatureMap *map,
			const HpForestSettings *settings, Span span, Trained *trained)
{
	HpTrainer  *trainer = hp_trainer_create(&pg_environment, frame, map,
											settings);

	for (uint32 t = span.first; t < span.end; t++)
	{
		CHECK_FOR_INTERRUPTS();
		train_tree(trainer, t, &trained->reports[t], &trained->out_of_bag,
				   trained->kept);
		progress_trees(t + 1 - span.first, span.end - span.first);
	}
}

/*
 * Train trees, in parallel workers or alone: each fills a report of its own and
 * depends on its number alone.
 */
static void
train_trees(const HpFrame *frame, const HpFeatureMap *map,
			const HpForestSettings *settings, Span span, Trained *trained,
			Size held)
{
	bool		keep = trained->kept != NULL;
	int			workers = parallel_workers_for(frame, map, settings, span,
											   keep);

	workers = memory_workers(held, frame, map, settings, keep, workers);
	progress_trees(0, span.end - span.first);
	progress_phase(PROGRESS_TRAINING);
	if (workers == 0 ||
		!parallel_train(workers, frame, map, settings, span, trained->reports,
						&trained->out_of_bag, trained->kept))
		train_alone(frame, map, settings, span, trained);
	progress_phase(PROGRESS_FINISHING);
}

/* ---- the model ---- */

static HpText
copy_text(HpText from)
{
	char	   *bytes = palloc(from.length + 1);

	memcpy(bytes, from.bytes, from.length);
	return (HpText) {bytes, from.length};
}

static const Findings no_findings = {
	.importance = {NAN, NAN, NAN, NAN, NAN, NAN},
	.standard_error = NAN, .p_value = NAN, .p_value_adjusted = NAN
};

StaticAssertDecl(LAST_METHOD == 5, "no_findings must name all methods");

/* Runs of a frame, from first to end - 1. */
typedef struct RunRange
{
	uint32		first;
	uint32		end;
} RunRange;

/* The frame holds its runs by metric, ascending. */
static RunRange
best_runs(const HpFrame *frame, const Settings *settings)
{
	uint32		n = hp_best_runs(frame, settings->maximize,
								 settings->quantile);

	return settings->maximize ?
		(RunRange) {frame->n_runs - n, frame->n_runs} : (RunRange) {0, n};
}

/* By code, how many of the runs have it. */
static uint32 *
count_codes(const HpColumn *column, RunRange runs)
{
	uint32	   *count = palloc0(column->n_codes * sizeof(uint32));

	for (uint32 run = runs.first; run < runs.end; run++)
		count[hp_column_code(column, run)]++;
	return count;
}

/* Copy what a row keeps of its column out of the training's memory. */
static void
fill_row(ModelRow *row, const HpColumn *column, RunRange all, RunRange best)
{
	*row = (ModelRow) {
		.name = copy_text(column->name),
		.kind = column->kind,
		.role = column->role,
		.binned = column->binned,
		.pooled = column->pooled,
		.fill = column->fill,
		.n_codes = column->n_codes,
		.n_words = column->n_words,
		.runs = column->runs,
		.distinct = column->distinct,
		.findings = no_findings
	};
	row->parameter = row->name;
	if (column->role == HP_PARAMETER)
	{
		row->runs_of = count_codes(column, all);
		row->best_of = count_codes(column, best);
	}
	if (column->only.bytes != NULL)
		row->only = copy_text(column->only);
	if (column->level.bytes != NULL)
	{
		row->parameter = copy_text(column->parameter);
		row->level = copy_text(column->level);
		row->level_missing = column->level_missing;
	}
	if (column->n_codes > 0 && column->numbers != NULL)
	{
		row->numbers = palloc(column->n_codes * sizeof(double));
		memcpy(row->numbers, column->numbers, column->n_codes * sizeof(double));
	}
	if (column->n_codes > 0 && column->labels != NULL)
	{
		uint32		n = column->kind == HP_NUMERIC ?
			column->n_words + 1 : column->n_codes;

		row->labels = palloc0(n * sizeof(HpText));
		for (uint32 c = 1; c < n; c++)
			row->labels[c] = copy_text(column->labels[c]);
	}
}

static void
fill_importances(Model *model, const HpForestResult *result)
{
	const double *by_method[LAST_METHOD + 1] = {
		[METHOD_IMPURITY] = result->impurity,
		[METHOD_PERMUTATION] = result->permutation,
		[METHOD_CORRECTED] = result->corrected,
		[METHOD_FANOVA] = result->fanova
	};

	for (Method m = FIRST_METHOD; m <= LAST_METHOD; m++)
	{
		if (by_method[m] == NULL)
			continue;
		/* what takes no part explains nothing */
		for (uint32 i = 0; i < model->n_rows; i++)
			model->rows[i].findings.importance[m] = 0;
		for (uint32 f = 0; f < model->n_features; f++)
			model->rows[model->features[f]].findings.importance[m] =
				by_method[m][f];
		for (uint32 g = 0; g < model->n_groups; g++)
			model->groups[g].findings.importance[m] =
				by_method[m][model->n_features + g];
	}
}

static void
check_features(const HpForestSettings *settings, const HpFeatureMap *map)
{
	const char *reason = hp_forest_check_features(settings, map);

	if (reason != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s", reason),
				 errdetail("There are %u.", map->n_features),
				 errhint("Exclude some, or take method \"permutation\".")));
}

/*
 * The groups, as hp_forest_prepare() makes them, and which rows are of them:
 * constants as well, which take no part but stand under the same key.
 */
static void
fill_groups(Model *model, const HpFrame *frame)
{
	HpGroups	groups = hp_groups_by_depth(&pg_environment, frame,
											model->features,
											model->n_features, model->depth);

	model->n_groups = groups.n;
	model->groups = palloc_extended((groups.n + 1) * sizeof(ModelGroup),
									MCXT_ALLOC_HUGE);
	for (uint32 g = 0; g < groups.n; g++)
		model->groups[g] = (ModelGroup) {
			.name = copy_text(groups.names[g]),
			.findings = no_findings
		};
	for (uint32 i = 0; i < model->n_rows; i++)
	{
		ModelRow   *row = &model->rows[i];
		uint32		group =
			hp_group_called(&groups, hp_first_components(row->parameter,
														 model->depth));

		row->group = group == HP_NO_GROUP ? 0 : group + 1;
	}
}

static Model *
make_model(const Study *study, const Settings *settings, const HpFrame *frame)
{
	Model	   *model = palloc0(sizeof(Model));
	RunRange	all = {0, frame->n_runs};
	RunRange	best = best_runs(frame, settings);

	model->settings = settings->forest;
	model->method = settings->method;
	model->onehot = settings->onehot;
	model->maximize = settings->maximize;
	model->quantile = settings->quantile;
	model->depth = settings->depth;
	model->uncertainty = settings->uncertainty;
	model->space = HP_SPACE_OBSERVED;
	model->runs.all = sample_total(study);
	model->runs.used = frame->n_runs;
	model->runs.no_metric = study->left_out.no_metric;
	model->runs.nan_metric = study->left_out.nan_metric;
	model->runs.infinite_metric = study->left_out.infinite_metric;
	model->metric = hp_describe_metric(frame);
	sample_correct_metric(study, &model->metric);
	model->r2 = model->rmse = model->p_value = NAN;
	model->center = frame->center;
	model->unit = frame->unit;
	model->n_rows = frame->n_columns;
	model->rows = palloc_extended((frame->n_columns + 1) * sizeof(ModelRow),
								  MCXT_ALLOC_HUGE);
	model->features = palloc((frame->n_columns + 1) * sizeof(uint32));
	for (uint32 i = 0; i < frame->n_columns; i++)
	{
		fill_row(&model->rows[i], &frame->columns[i], all, best);
		if (frame->columns[i].role == HP_PARAMETER)
			model->features[model->n_features++] = i;
	}
	fill_groups(model, frame);
	return model;
}

/* ---- the forest ---- */

/* Put what all trees say together into the model. */
static void
fill_result(Model *model, const HpFrame *frame, const HpFeatureMap *map,
			const HpTreeReport *reports, const HpOutOfBag *out_of_bag,
			const HpBeside *beside)
{
	HpForestResult result = hp_forest_finish(&pg_environment, frame, map,
											 &model->settings, reports,
											 out_of_bag, beside);

	fill_importances(model, &result);
	model->r2 = result.r2;
	model->rmse = result.rmse;
}

/* FNV-1a (Fowler, Noll and Vo), by 64 bits at a time. */
static inline uint64
mix(uint64 hash, uint64 number)
{
	return (hash ^ number) * UINT64CONST(0x100000001B3);
}

/* A number for the data that a forest is trained on. */
static uint64
fingerprint(const HpFrame *frame)
{
	uint64		hash = UINT64CONST(0xCBF29CE484222325);

	for (uint32 run = 0; run < frame->n_runs; run++)
	{
		if (run % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		hash = mix(hash, (uint64) frame->target[run]);
		for (uint32 c = 0; c < frame->n_columns; c++)
			if (frame->columns[c].role == HP_PARAMETER)
				hash = mix(hash, hp_column_code(&frame->columns[c], run));
	}
	return hash;
}

/* The part to be trained, still empty. */
static ModelParts *
begin_part(const HpFrame *frame, const Settings *settings)
{
	ModelParts *parts = palloc0(sizeof(ModelParts));

	parts->n_all = settings->parts;
	parts->n = 1;
	parts->numbers = palloc(sizeof(uint32));
	parts->numbers[0] = settings->part;
	parts->fingerprint = fingerprint(frame);
	return parts;
}

/* What is beside the forest goes with its first part; made in `work`. */
static const HpBeside *
keep_beside(const Model *model, const HpFrame *frame, const HpFeatureMap *map,
			MemoryContext work)
{
	MemoryContext keep = MemoryContextSwitchTo(work);
	const HpBeside *made = hp_forest_beside(&pg_environment, frame, map,
											&model->settings);
	HpBeside   *kept;
	Size		n;

	MemoryContextSwitchTo(keep);
	if (made == NULL)
		return NULL;
	n = frame->n_runs * sizeof(double);
	kept = palloc(sizeof(HpBeside));
	*kept = *made;
	kept->predicted = memcpy(palloc(n), made->predicted, n);
	n *= made->n_subjects;
	kept->effects = memcpy(palloc(n), made->effects, n);
	n = made->n_subjects * sizeof(double);
	kept->own = memcpy(palloc(n), made->own, n);
	return kept;
}

/*
 * Keep what a part has found for the whole to be made of.  What was trained
 * lies in the current context, scratch memory is taken from `work`.
 */
static void
keep_part(Model *model, const HpFrame *frame, const HpFeatureMap *map,
		  const Trained *trained, Size held, MemoryContext work)
{
	ModelParts *parts = model->parts;
	Size		size = frame->n_runs * sizeof(int64);

	parts->target = MemoryContextAllocHuge(CurrentMemoryContext, size);
	memcpy(parts->target, frame->target, size);
	parts->reports = trained->reports;
	parts->out_of_bag = trained->out_of_bag;
	if (parts->numbers[0] == 0)
		parts->beside = keep_beside(model, frame, map, work);
	if (model->uncertainty)
	{
		HpReplicatePlan plan = resample_plan(model, frame, map);
		MemoryContext keep = MemoryContextSwitchTo(work);
		double	   *reports = resample_part(model, frame, map,
											parts->numbers[0], parts->n_all,
											held);

		MemoryContextSwitchTo(keep);
		size = hp_replicate_units(&plan) * hp_replicate_size(&plan) *
			sizeof(double);
		parts->replicates = MemoryContextAllocHuge(keep, size);
		memcpy(parts->replicates, reports, size);
	}
}

static void
keep_trees(Model *model, const TreeBytes *kept)
{
	char	   *trees;

	if (kept->bytes == NULL)
		return;
	trees = MemoryContextAllocHuge(CurrentMemoryContext, kept->size);
	memcpy(trees, kept->bytes, kept->size);
	model->trees = trees;
	model->trees_end = trees + kept->size;
	model->n_trees = model->parts == NULL ? model_trees(&model->settings) :
		model_trees_here(model);
}

/*
 * Grow the forest in `work` and put what it says into the model, which lies
 * in the current context; of a part, what it has to say to the others.  The
 * study takes so many bytes (held).
 */
static void
grow_forest(Model *model, HpFrame *frame, const Settings *settings,
			Wanted wanted, Size held, MemoryContext work)
{
	MemoryContext keep = MemoryContextSwitchTo(work);
	Span		span = {0, (uint32) settings->forest.trees};
	TreeBytes	kept = {0};
	Trained		trained;
	HpFeatureMap *map;

	progress_phase(PROGRESS_EXPLAINING);
	map = hp_forest_prepare(&pg_environment, frame, &settings->forest);
	check_features(&settings->forest, map);
	if (model->parts != NULL)
	{
		span = part_trees(model, settings->part);
		MemoryContextSwitchTo(keep);	/* the part keeps what is reported */
	}
	memory_check_reports(held, map, &settings->forest);
	trained = begin_training(frame, map, &settings->forest,
							 wanted >= WANTED_TREES ? &kept : NULL);
	MemoryContextSwitchTo(work);
	train_trees(frame, map, &settings->forest, span, &trained, held);

	/* only now is known which gaps were filled */
	for (uint32 i = 0; i < frame->n_columns; i++)
		model->rows[i].fill = frame->columns[i].fill;
	if (model->parts == NULL)
	{
		fill_result(model, frame, map, trained.reports, &trained.out_of_bag,
					hp_forest_beside(&pg_environment, frame, map,
									 &settings->forest));
		if (settings->uncertainty && wanted > WANTED_IMPORTANCE)
			resample(model, frame, map, held);
		notice_forest(model, kept.overflow);
	}
	MemoryContextSwitchTo(keep);
	if (model->parts != NULL)
		keep_part(model, frame, map, &trained, held, work);
	keep_trees(model, &kept);
}

void
train_conclude(Model *model)
{
	ModelParts *parts = model->parts;

	if (model_can_grow(model))
	{
		HpFrame		frame = model_frame(model);
		HpFeatureMap map = model_map(model);

		fill_result(model, &frame, &map, parts->reports, &parts->out_of_bag,
					parts->beside);
		if (model->uncertainty)
			resample_finish(model, &frame, &map, parts->replicates);
		notice_forest(model, model->n_trees == 0);
	}
	model->parts = NULL;
}

/* ---- what takes no forest ---- */

/* The importances by PED-ANOVA; scratch memory is taken from `work`. */
static void
compare_best(Model *model, const HpFrame *frame, MemoryContext work)
{
	MemoryContext keep = MemoryContextSwitchTo(work);
	double	   *importance = hp_ped_anova(&pg_environment, frame,
										  model->maximize, model->quantile);

	MemoryContextSwitchTo(keep);
	if (importance != NULL)
		for (uint32 i = 0; i < model->n_rows; i++)
			model->rows[i].findings.importance[METHOD_PED_ANOVA] = importance[i];
	if (model->method == METHOD_PED_ANOVA)
		notice_best(model, hp_best_runs(frame, model->maximize,
										model->quantile));
}

/* The descriptions of the rows; their scratch memory goes row by row. */
static void
describe_rows(Model *model, const Study *study, const HpFrame *frame)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "hpimp description",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext keep = MemoryContextSwitchTo(scratch);

	for (uint32 i = 0; i < frame->n_columns; i++)
	{
		ModelRow   *row = &model->rows[i];

		row->description = hp_describe(&pg_environment, frame,
									   &frame->columns[i]);
		sample_correct(study, &frame->columns[i], &row->description,
					   &row->all_runs);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(scratch);
}

Model *
train(const Study *study, Settings *settings, Wanted wanted)
{
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(keep, "hpimp training",
											   ALLOCSET_DEFAULT_SIZES);
	bool		by_forest = settings->method != METHOD_PED_ANOVA ||
		wanted > WANTED_IMPORTANCE;
	HpFrame    *frame;
	Model	   *model;

	MemoryContextSwitchTo(work);
	frame = study_frame(study, settings);
	MemoryContextSwitchTo(keep);
	settings_complete(settings, frame->n_runs, frame->n_columns);
	progress_phase(PROGRESS_DESCRIBING);
	model = make_model(study, settings, frame);
	if (settings->parts > 0)
		model->parts = begin_part(frame, settings);
	describe_rows(model, study, frame);
	if (!model_can_grow(model))
		notice_unusable(model, study->n_columns);
	else
	{
		compare_best(model, frame, work);
		if (wanted > WANTED_IMPORTANCE)
			find_related(model, frame);
		if (by_forest)
			grow_forest(model, frame, settings, wanted,
						memory_of_study(study), work);
		if (wanted == WANTED_DETAIL)
			model->detail = detail_of_frame(model, frame);
	}
	MemoryContextDelete(work);
	return model;
}
