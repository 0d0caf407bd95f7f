/*
 * functions.c
 *		The SQL functions on forests and tables of runs.
 *
 * Every question can be put to a value (hp_forest or hp_study) and to a table;
 * the latter makes the value first and asks the same code.  The arguments of a
 * function on a table are
 *
 *		runs, metric, [its own without default,] config, settings ...
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "pg/answers.h"
#include "pg/effects.h"
#include "pg/model.h"
#include "pg/predict.h"
#include "pg/progress.h"
#include "pg/report.h"
#include "pg/settings.h"
#include "pg/source.h"
#include "pg/study.h"
#include "pg/suggest.h"
#include "pg/train.h"

PG_FUNCTION_INFO_V1(hp_forest_in);
PG_FUNCTION_INFO_V1(hp_forest_out);
PG_FUNCTION_INFO_V1(hp_forest_recv);
PG_FUNCTION_INFO_V1(hp_forest_send);
PG_FUNCTION_INFO_V1(hp_study_of_runs);
PG_FUNCTION_INFO_V1(hp_forest_of_study);
PG_FUNCTION_INFO_V1(hp_importance_of_forest);
PG_FUNCTION_INFO_V1(hp_importance_of_runs);
PG_FUNCTION_INFO_V1(hp_parameters_of_forest);
PG_FUNCTION_INFO_V1(hp_parameters_of_runs);
PG_FUNCTION_INFO_V1(hp_quality_of_forest);
PG_FUNCTION_INFO_V1(hp_quality_of_runs);
PG_FUNCTION_INFO_V1(hp_correlation_of_study);
PG_FUNCTION_INFO_V1(hp_correlation_of_runs);
PG_FUNCTION_INFO_V1(hp_levels_of_study);
PG_FUNCTION_INFO_V1(hp_levels_of_runs);
PG_FUNCTION_INFO_V1(hp_interactions_of_forest);
PG_FUNCTION_INFO_V1(hp_interactions_of_runs);
PG_FUNCTION_INFO_V1(hp_marginal_of_forest);
PG_FUNCTION_INFO_V1(hp_marginal_of_runs);
PG_FUNCTION_INFO_V1(hp_space_of_forest);
PG_FUNCTION_INFO_V1(hp_suggest_of_forest);
PG_FUNCTION_INFO_V1(hp_suggest_of_runs);
PG_FUNCTION_INFO_V1(hp_report_of_forest);
PG_FUNCTION_INFO_V1(hp_report_of_runs);
PG_FUNCTION_INFO_V1(hp_predict_by_forest);
PG_FUNCTION_INFO_V1(hp_predict_by_runs);

/* ---- the type hp_forest ---- */

/* The flat value of bytes from outside, checked whole. */
static struct varlena *
check_forest(const char *bytes, Size size)
{
	struct varlena *value = palloc(VARHDRSZ + size);

	SET_VARSIZE(value, VARHDRSZ + size);
	memcpy(VARDATA(value), bytes, size);
	model_check(VARDATA(value), size);
	return value;
}

Datum
hp_forest_in(PG_FUNCTION_ARGS)
{
	Size		size;
	char	   *bytes = bytes_from_text(PG_GETARG_CSTRING(0), &size,
										"hp_forest");

	PG_RETURN_POINTER(check_forest(bytes, size));
}

Datum
hp_forest_out(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);

	PG_RETURN_CSTRING(bytes_to_text(VARDATA_ANY(value),
									VARSIZE_ANY_EXHDR(value), "hp_forest"));
}

/* The buffer may be read-only (from 17 on), so it is only read. */
Datum
hp_forest_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buffer = (StringInfo) PG_GETARG_POINTER(0);
	int			size = buffer->len - buffer->cursor;

	PG_RETURN_POINTER(check_forest(pq_getmsgbytes(buffer, size), size));
}

/* A flat forest is laid out as a bytea is. */
Datum
hp_forest_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(DatumGetByteaPCopy(PG_GETARG_DATUM(0)));
}

/* ---- from arguments to values ---- */

static Model *
forest_argument(FunctionCallInfo fcinfo, int argument)
{
	return model_read((struct varlena *) PG_GETARG_VARLENA_PP(argument));
}

/*
 * The study of a function on a table: arguments 0 and 1 are runs and metric,
 * `config` is the place of config.  NULL if there are no rows.
 */
static Study *
runs_argument(FunctionCallInfo fcinfo, int config)
{
	static const char *const names[] = {"runs", "metric", "config"};
	int			places[3] = {0, 1, config};

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(places[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", names[i]),
					 errhint("Call it as in hp_importance('runs', 'val_loss', '{config}').")));
	return source_study(PG_GETARG_OID(0),
						text_to_cstring(PG_GETARG_TEXT_PP(1)),
						PG_GETARG_ARRAYTYPE_P(config),
						get_func_namespace(fcinfo->flinfo->fn_oid));
}

/*
 * The model of a function on a table whose settings are right behind config.
 * NULL if there are no rows.  Settings are looked at first: a wrong one should
 * not take a scan to be told.
 */
static Model *
runs_model(FunctionCallInfo fcinfo, Wanted wanted)
{
	Settings	settings = settings_from_arguments(fcinfo, 3);
	Study	   *study = runs_argument(fcinfo, 2);

	return study == NULL ? NULL : train(study, &settings, wanted);
}

/*
 * A forest with its trees, without an importance: of a function on a table
 * that has no answer to give of those.
 */
static Model *
runs_trees(FunctionCallInfo fcinfo, int config, int first_setting)
{
	Settings	settings = settings_from_arguments(fcinfo, first_setting);
	Study	   *study = runs_argument(fcinfo, config);

	settings.forest.permutation = settings.forest.corrected = false;
	settings.forest.fanova = settings.uncertainty = false;
	return study == NULL ? NULL : train(study, &settings, WANTED_TREES);
}

/* (runs regclass, metric text, config text[]) -> hp_study */
Datum
hp_study_of_runs(PG_FUNCTION_ARGS)
{
	Study	   *volatile study;

	PROGRESS_BEGIN(PG_GETARG_OID(0));
	{
		study = runs_argument(fcinfo, 2);
	}
	PROGRESS_END();
	if (study == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(StudyGetRWDatum(study));
}

/* (study hp_study, settings ..., part int, parts int) -> hp_forest */
Datum
hp_forest_of_study(PG_FUNCTION_ARGS)
{
	struct varlena *volatile forest;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PROGRESS_BEGIN(InvalidOid);
	{
		Settings	settings = settings_from_arguments(fcinfo, 1);
		const Study *study = study_from_datum(PG_GETARG_DATUM(0));

		settings_part(fcinfo, 1 + SETTINGS_COUNT, &settings);
		forest = model_write(train(study, &settings, WANTED_TREES));
	}
	PROGRESS_END();
	PG_RETURN_POINTER(forest);
}

/* ---- questions to a forest ---- */

typedef void (*ModelAnswer) (ReturnSetInfo *result, const Model *model);

static Datum
ask_forest(FunctionCallInfo fcinfo, ModelAnswer answer)
{
	InitMaterializedSRF(fcinfo, 0);
	answer((ReturnSetInfo *) fcinfo->resultinfo, forest_argument(fcinfo, 0));
	return (Datum) 0;
}

static Datum
ask_runs(FunctionCallInfo fcinfo, ModelAnswer answer, Wanted wanted)
{
	InitMaterializedSRF(fcinfo, 0);
	PROGRESS_BEGIN(PG_GETARG_OID(0));
	{
		Model	   *model = runs_model(fcinfo, wanted);

		if (model != NULL)
			answer((ReturnSetInfo *) fcinfo->resultinfo, model);
	}
	PROGRESS_END();
	return (Datum) 0;
}

Datum
hp_importance_of_forest(PG_FUNCTION_ARGS)
{
	return ask_forest(fcinfo, answer_importance);
}

Datum
hp_importance_of_runs(PG_FUNCTION_ARGS)
{
	return ask_runs(fcinfo, answer_importance, WANTED_IMPORTANCE);
}

Datum
hp_parameters_of_forest(PG_FUNCTION_ARGS)
{
	return ask_forest(fcinfo, answer_parameters);
}

Datum
hp_parameters_of_runs(PG_FUNCTION_ARGS)
{
	return ask_runs(fcinfo, answer_parameters, WANTED_FINDINGS);
}

Datum
hp_quality_of_forest(PG_FUNCTION_ARGS)
{
	return ask_forest(fcinfo, answer_quality);
}

Datum
hp_quality_of_runs(PG_FUNCTION_ARGS)
{
	return ask_runs(fcinfo, answer_quality, WANTED_FINDINGS);
}

/* ---- the next sweep ---- */

Datum
hp_suggest_of_forest(PG_FUNCTION_ARGS)
{
	return ask_forest(fcinfo, answer_suggest);
}

/* (runs, metric, config, settings ...): it needs the trees */
Datum
hp_suggest_of_runs(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	PROGRESS_BEGIN(PG_GETARG_OID(0));
	{
		Settings	settings = settings_from_arguments(fcinfo, 3);
		Study	   *study;

		suggest_check_encoding(settings.onehot);
		study = runs_argument(fcinfo, 2);
		if (study != NULL)
			answer_suggest((ReturnSetInfo *) fcinfo->resultinfo,
						   train(study, &settings, WANTED_TREES));
	}
	PROGRESS_END();
	return (Datum) 0;
}

/* ---- effects of parameters, alone and in pairs ---- */

/* To be asked in a space, which stands between config and the settings. */
static Model *
runs_effects(FunctionCallInfo fcinfo, int config)
{
	HpSpace		space = settings_space(fcinfo, config + 1);
	Model	   *model = runs_trees(fcinfo, config, config + 2);

	if (model != NULL)
		model->space = space;
	return model;
}

Datum
hp_interactions_of_forest(PG_FUNCTION_ARGS)
{
	return ask_forest(fcinfo, answer_interactions);
}

/* (runs, metric, config, space, settings ...) */
Datum
hp_interactions_of_runs(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	PROGRESS_BEGIN(PG_GETARG_OID(0));
	{
		Model	   *model = runs_effects(fcinfo, 2);

		if (model != NULL)
			answer_interactions((ReturnSetInfo *) fcinfo->resultinfo, model);
	}
	PROGRESS_END();
	return (Datum) 0;
}

/* (forest hp_forest, parameter text) */
Datum
hp_marginal_of_forest(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	answer_marginal((ReturnSetInfo *) fcinfo->resultinfo,
					forest_argument(fcinfo, 0),
					text_to_cstring(PG_GETARG_TEXT_PP(1)));
	return (Datum) 0;
}

/* (runs, metric, parameter, config, space, settings ...) */
Datum
hp_marginal_of_runs(PG_FUNCTION_ARGS)
{
	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(2))
		return (Datum) 0;
	PROGRESS_BEGIN(PG_GETARG_OID(0));
	{
		Model	   *model = runs_effects(fcinfo, 3);

		if (model != NULL)
			answer_marginal((ReturnSetInfo *) fcinfo->resultinfo, model,
							text_to_cstring(PG_GETARG_TEXT_PP(2)));
	}
	PROGRESS_END();
	return (Datum) 0;
}

/* (forest hp_forest, space text) -> hp_forest */
Datum
hp_space_of_forest(PG_FUNCTION_ARGS)
{
	Model	   *model = forest_argument(fcinfo, 0);

	model_change_space(model, settings_space(fcinfo, 1));
	PG_RETURN_POINTER(model_write(model));
}

/* ---- reports ---- */

/* (forest hp_forest), or that and (format, width, ascii) -> text */
Datum
hp_report_of_forest(PG_FUNCTION_ARGS)
{
	ReportStyle style = {.format = REPORT_TEXT, .width = REPORT_WIDTH};

	if (PG_NARGS() > 1)
		style = settings_report(fcinfo, 1);
	PG_RETURN_TEXT_P(report(forest_argument(fcinfo, 0), NULL, &style));
}

/* What the report is about: "val_loss in runs". */
static char *
runs_subject(FunctionCallInfo fcinfo)
{
	char	   *metric = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *name = get_rel_name(PG_GETARG_OID(0));

	return name == NULL ? metric : psprintf("%s in %s", metric, name);
}

/* (runs, metric, config, format, width, ascii, settings ...) -> text */
Datum
hp_report_of_runs(PG_FUNCTION_ARGS)
{
	text	   *volatile answer = NULL;

	PROGRESS_BEGIN(PG_GETARG_OID(0));
	{
		ReportStyle style = settings_report(fcinfo, 3);
		Settings	settings = settings_from_arguments(fcinfo, 6);
		Study	   *study = runs_argument(fcinfo, 2);

		if (study != NULL)
			answer = report(train(study, &settings, report_wants(&style)),
							runs_subject(fcinfo), &style);
	}
	PROGRESS_END();
	if (answer == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(answer);
}

/* ---- questions to a study ---- */

typedef void (*FrameAnswer) (ReturnSetInfo *result, const Study *study,
							 const HpFrame *frame);

static void
answer_study(FunctionCallInfo fcinfo, FrameAnswer answer, const Study *study,
			 Settings *settings)
{
	HpFrame    *frame = study_frame(study, settings);

	progress_phase(PROGRESS_DESCRIBING);
	answer((ReturnSetInfo *) fcinfo->resultinfo, study, frame);
}

/* (study hp_study): all of its parameters */
static Datum
ask_study(FunctionCallInfo fcinfo, FrameAnswer answer)
{
	InitMaterializedSRF(fcinfo, 0);
	PROGRESS_BEGIN(InvalidOid);
	{
		Settings	settings = {0};

		answer_study(fcinfo, answer, study_from_datum(PG_GETARG_DATUM(0)),
					 &settings);
	}
	PROGRESS_END();
	return (Datum) 0;
}

/* (runs, metric, config, include, exclude, categorical) */
static Datum
ask_runs_study(FunctionCallInfo fcinfo, FrameAnswer answer)
{
	InitMaterializedSRF(fcinfo, 0);
	PROGRESS_BEGIN(PG_GETARG_OID(0));
	{
		Settings	settings = settings_patterns(fcinfo, 3);
		Study	   *study = runs_argument(fcinfo, 2);

		if (study != NULL)
			answer_study(fcinfo, answer, study, &settings);
	}
	PROGRESS_END();
	return (Datum) 0;
}

Datum
hp_correlation_of_study(PG_FUNCTION_ARGS)
{
	return ask_study(fcinfo, answer_correlation);
}

Datum
hp_correlation_of_runs(PG_FUNCTION_ARGS)
{
	return ask_runs_study(fcinfo, answer_correlation);
}

Datum
hp_levels_of_study(PG_FUNCTION_ARGS)
{
	return ask_study(fcinfo, answer_levels);
}

Datum
hp_levels_of_runs(PG_FUNCTION_ARGS)
{
	return ask_runs_study(fcinfo, answer_levels);
}

/* ---- prediction ---- */

/*
 * The model of a forest that lies in a TOAST table, kept from call to call:
 * predictions for many configs should not fetch it again for each.
 */
typedef struct CachedModel
{
	Oid			toast_relation;
	Oid			toast_value;
	MemoryContext context;
	Model	   *model;
} CachedModel;

static Model *
read_cached(FunctionCallInfo fcinfo, struct varlena *value)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	CachedModel *cached = flinfo->fn_extra;
	struct varatt_external pointer;
	MemoryContext old;

	VARATT_EXTERNAL_GET_POINTER(pointer, value);
	if (cached == NULL)
	{
		cached = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CachedModel));
		cached->context = AllocSetContextCreate(flinfo->fn_mcxt,
												"hpimp forest",
												ALLOCSET_DEFAULT_SIZES);
		flinfo->fn_extra = cached;
	}
	if (cached->model != NULL &&
		cached->toast_relation == pointer.va_toastrelid &&
		cached->toast_value == pointer.va_valueid)
		return cached->model;
	cached->model = NULL;
	MemoryContextReset(cached->context);
	old = MemoryContextSwitchTo(cached->context);
	cached->model = model_read(PG_DETOAST_DATUM(PointerGetDatum(value)));
	MemoryContextSwitchTo(old);
	cached->toast_relation = pointer.va_toastrelid;
	cached->toast_value = pointer.va_valueid;
	return cached->model;
}

static Datum
float_or_null(FunctionCallInfo fcinfo, double value)
{
	if (!isfinite(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

/* (forest hp_forest, config jsonb) -> float8 */
Datum
hp_predict_by_forest(PG_FUNCTION_ARGS)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(0);
	Model	   *model = VARATT_IS_EXTERNAL_ONDISK(value) ?
		read_cached(fcinfo, value) : forest_argument(fcinfo, 0);

	return float_or_null(fcinfo, predict(model, PG_GETARG_JSONB_P(1)));
}

/* (runs, metric, candidate jsonb, config, settings ...) -> float8 */
Datum
hp_predict_by_runs(PG_FUNCTION_ARGS)
{
	Model	   *volatile model;

	if (PG_ARGISNULL(2))
		PG_RETURN_NULL();
	PROGRESS_BEGIN(PG_GETARG_OID(0));
	{
		model = runs_trees(fcinfo, 3, 4);
	}
	PROGRESS_END();
	if (model == NULL)
		PG_RETURN_NULL();
	return float_or_null(fcinfo, predict(model, PG_GETARG_JSONB_P(2)));
}
