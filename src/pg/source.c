/*
 * source.c
 *		From a relation and the names of columns to a study, through SPI.
 *
 * One query over our own aggregate, run to completion: so it has the caller's
 * rights and row-level security, the caller's snapshot, and may get a
 * parallel plan.  Every name in it is qualified; nothing is looked up in the
 * caller's search_path.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "pg/compat.h"
#include "pg/relation.h"
#include "pg/sample.h"
#include "pg/source.h"

/* The json column in which a metric without a column of its own is sought. */
#define SUMMARY		"summary"

/* jsonb_build_object takes 100 arguments. */
#define PAIRS_PER_OBJECT	50

/* So many rows are looked at to tell what a json column holds. */
#define ROWS_TO_LOOK_AT		1000

/* ---- the metric ---- */

static void
check_metric_class(const Source *source)
{
	const Column *column = source->metric_column;

	if (column->class == CLASS_OTHER)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("metric column \"%s\" of %s is not numeric",
						column->name, source->name),
				 errdetail("Its type is %s.", format_type_be(column->type)),
				 errhint("Make it a number in a view: extract(epoch from ...) for an interval or time, ...::int for a boolean.")));
}

/*
 * Find where the metric is: a column of that name, else the longest column
 * name that a dotted path begins with, else a path into the summary.
 */
static void
resolve_metric(Source *source, const char *metric)
{
	Size		length = strlen(metric);

	source->metric = metric;
	source->metric_column = relation_find_column(source, metric, length);
	if (source->metric_column != NULL)
	{
		check_metric_class(source);
		return;
	}
	while (length-- > 0)
	{
		const Column *column;

		if (metric[length] != '.')
			continue;
		column = relation_find_column(source, metric, length);
		if (column != NULL && column->class == CLASS_JSON)
		{
			source->metric_column = column;
			source->metric_path = metric + length + 1;
			return;
		}
	}
	source->metric_column = relation_find_column(source, SUMMARY, strlen(SUMMARY));
	source->metric_path = metric;
	source->in_summary = true;
	if (source->metric_column == NULL || *metric == '\0' ||
		source->metric_column->class != CLASS_JSON)
		wrong_metric(source);
}

/* The metric as an expression of type float8. */
static void
append_metric(StringInfo query, const Source *source)
{
	const Column *column = source->metric_column;
	char	   *text = relation_column_text(column);

	if (source->metric_path != NULL || column->class == CLASS_JSON)
		appendStringInfo(query,
						 "%s.hp_number(CAST(%s AS pg_catalog.jsonb), CAST(%s AS pg_catalog.text))",
						 source->schema, text,
						 quote_literal_cstr(source->metric_path != NULL ?
											source->metric_path : ""));
	else if (column->class == CLASS_NUMBER)
		appendStringInfo(query, "CAST(%s AS pg_catalog.float8)", text);
	else
		appendStringInfo(query, "%s.hp_number(pg_catalog.to_jsonb(%s), CAST('' AS pg_catalog.text))",
						 source->schema, text);
}

/* ---- the config ---- */

/* The columns of the config argument, checked. */
typedef struct Config
{
	int			n;
	const Column **columns;
	int			n_json;
} Config;

static Config
resolve_config(const Source *source, ArrayType *array)
{
	Config		config = {0};
	Datum	   *elements;
	bool	   *nulls;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &config.n);
	if (config.n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("config names no column"),
				 errhint("Name the columns that hold the hyperparameters: config => '{config}'.")));
	config.columns = palloc(config.n * sizeof(Column *));
	for (int i = 0; i < config.n; i++)
	{
		char	   *name = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
		const Column *column = nulls[i] ? NULL :
			relation_find_column(source, name, strlen(name));

		if (name == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("config must not hold null"),
					 errhint("Name the columns that hold the hyperparameters: config => '{config}'.")));
		if (column == NULL)
			wrong_config(source, name);
		for (int j = 0; j < i; j++)
			if (config.columns[j] == column)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("config names column \"%s\" twice", name)));
		if (column == source->metric_column && source->metric_path == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" cannot be both the metric and a hyperparameter",
							name),
					 errhint("Take it out of config: a metric explains itself.")));
		config.columns[i] = column;
		config.n_json += column->class == CLASS_JSON;
	}
	return config;
}

/*
 * jsonb_build_object() over the columns that are not json, or over all; joined
 * by || in portions that the function takes.
 */
static void
append_object(StringInfo query, const Config *config, bool with_json)
{
	int			n = 0;

	for (int i = 0; i < config->n; i++)
	{
		const Column *column = config->columns[i];

		if (column->class == CLASS_JSON && !with_json)
			continue;
		if (n % PAIRS_PER_OBJECT == 0)
			appendStringInfoString(query, n == 0 ?
								   "pg_catalog.jsonb_build_object(" :
								   ") OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(");
		else
			appendStringInfoString(query, ", ");
		appendStringInfo(query, "CAST(%s AS pg_catalog.text), %s",
						 quote_literal_cstr(column->name),
						 relation_column_text(column));
		n++;
	}
	appendStringInfoChar(query, ')');
}

/* The config as an expression of type jsonb. */
static void
append_config(StringInfo query, const Config *config)
{
	const Column *json = NULL;

	for (int i = 0; i < config->n && config->n_json == 1; i++)
		if (config->columns[i]->class == CLASS_JSON)
			json = config->columns[i];
	if (json == NULL)
	{
		append_object(query, config, true);
		return;
	}
	if (config->n == 1)
	{
		appendStringInfo(query, "CAST(%s AS pg_catalog.jsonb)",
						 relation_column_text(json));
		return;
	}
	/* what is no object is passed as it is, to be refused as the user wrote it */
	appendStringInfo(query,
					 "CASE WHEN pg_catalog.jsonb_typeof(COALESCE(CAST(%s AS pg_catalog.jsonb), CAST('{}' AS pg_catalog.jsonb))) OPERATOR(pg_catalog.=) 'object' "
					 "THEN COALESCE(CAST(%s AS pg_catalog.jsonb), CAST('{}' AS pg_catalog.jsonb)) OPERATOR(pg_catalog.||) ",
					 relation_column_text(json), relation_column_text(json));
	append_object(query, config, false);
	appendStringInfo(query, " ELSE CAST(%s AS pg_catalog.jsonb) END",
					 relation_column_text(json));
}

/* ---- the relation ---- */

/*
 * How often the query has a json column in it.  Beside plain columns its kind
 * is asked for before it is joined with them.
 */
static int
count_uses(const Source *source, const Config *config, const Column *column)
{
	int			uses = column == source->metric_column;

	for (int i = 0; i < config->n; i++)
		if (config->columns[i] == column)
			uses += config->n_json == 1 && config->n > 1 ? 2 : 1;
	return uses;
}

static void
append_table(StringInfo query, const Source *source)
{
	appendStringInfo(query, "%s AS r", source->name);
}

/*
 * Every mention of a document takes it apart anew: out of the TOAST table,
 * decompressed, or parsed if it is json.  If one is mentioned twice, a
 * subquery hands it on whole: #> with an empty path is the document itself, in
 * memory.  OFFSET keeps the subquery from being merged into the query; as a
 * constant of its very type it is known to be none before planning, so that
 * workers may run it (a plain 0 is cast, and they may not).
 */
static void
append_whole_documents(StringInfo query, const Source *source,
					   const Config *config)
{
	const char *separator = "(SELECT ";

	for (int i = 0; i < source->n_columns; i++)
	{
		const Column *column = &source->columns[i];
		int			uses = count_uses(source, config, column);

		if (uses == 0)
			continue;			/* the caller may have no right to read it */
		appendStringInfoString(query, separator);
		separator = ", ";
		if (column->class == CLASS_JSON && uses > 1)
			appendStringInfo(query,
							 "CAST(%s AS pg_catalog.jsonb) OPERATOR(pg_catalog.#>) CAST('{}' AS pg_catalog.text[]) AS %s",
							 relation_column_text(column),
							 quote_identifier(column->name));
		else
			appendStringInfoString(query, relation_column_text(column));
	}
	appendStringInfoString(query, " FROM ");
	append_table(query, source);
	appendStringInfoString(query, " OFFSET CAST('0' AS pg_catalog.int8)) AS r");
}

static void
append_relation(StringInfo query, const Source *source, const Config *config)
{
	for (int i = 0; i < source->n_columns; i++)
		if (source->columns[i].class == CLASS_JSON &&
			count_uses(source, config, &source->columns[i]) > 1)
		{
			append_whole_documents(query, source, config);
			return;
		}
	append_table(query, source);
}

/* ---- running the query ---- */

/*
 * Receives the one row of the query.  From 16 on the study in it is the very
 * object of the aggregate, in a context that ends with the query: it is moved,
 * not copied, as nothing else will look at it.  On 15, and where another
 * server did the aggregate, it comes flat and is read, into a context of its
 * own: whoever gets the study may dispose of its context.
 */
typedef struct StudyReceiver
{
	DestReceiver pub;
	MemoryContext keep;			/* where the study is to live */
	Study	   *study;			/* NULL if the result was null */
} StudyReceiver;

static bool
receive_study(TupleTableSlot *slot, DestReceiver *self)
{
	StudyReceiver *receiver = (StudyReceiver *) self;
	MemoryContext old;
	bool		isnull;
	Datum		value = slot_getattr(slot, 1, &isnull);

	if (isnull)
		return true;
	if (study_is_expanded(value))
	{
		receiver->study = (Study *) DatumGetEOHP(value);
		MemoryContextSetParent(receiver->study->hdr.eoh_context,
							   receiver->keep);
		return true;
	}
	old = MemoryContextSwitchTo(AllocSetContextCreate(receiver->keep,
													  "hpimp study",
													  ALLOCSET_DEFAULT_SIZES));
	receiver->study = unconstify(Study *, study_from_datum(value));
	MemoryContextSwitchTo(old);
	return true;
}

static void
receiver_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static void
receiver_done(DestReceiver *self)
{
}

/* Run a query whose result is one study. */
static Study *
run_query(const char *query, MemoryContext keep)
{
	StudyReceiver receiver = {
		.pub = {
			.receiveSlot = receive_study,
			.rStartup = receiver_startup,
			.rShutdown = receiver_done,
			.rDestroy = receiver_done,
			.mydest = DestTuplestore
		},
		.keep = keep
	};
	SPIExecuteOptions options = {
		.read_only = true,
		.dest = &receiver.pub
	};
	int			nest_level = NewGUCNestLevel();
	int			result;

	/* floats become jsonb by way of text: it must tell them all apart */
	if (extra_float_digits < 1)
		(void) set_config_option("extra_float_digits", "1", PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
								 false);
	result = SPI_execute_extended(query, &options);
	AtEOXact_GUC(true, nest_level);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not read the runs: %s",
			 SPI_result_code_string(result));
	if (receiver.study != NULL)
		sample_settle(receiver.study);
	return receiver.study;
}

/* ---- the study ---- */

/* A metric from inside a config column is one of the hyperparameters too. */
static void
notice_metric_in_config(const Source *source, const Config *config)
{
	for (int i = 0; i < config->n; i++)
		if (config->columns[i] == source->metric_column)
			ereport(NOTICE,
					(errmsg("the metric is also a hyperparameter: \"%s\" in column \"%s\"",
							source->metric_path, source->metric_column->name),
					 errhint("It explains itself: leave it out by exclude => '{%s}'.",
							 source->metric_path)));
}

static bool
has_no_number(const Study *study)
{
	return sample_total(study) == 0 && study->left_out.nan_metric == 0 &&
		study->left_out.infinite_metric == 0;
}

Study *
source_study(Oid relation, const char *metric, ArrayType *config_array,
			 Oid namespace)
{
	MemoryContext keep = CurrentMemoryContext;
	StringInfoData query;
	Source		source;
	Config		config;
	Study	   *study;

	SPI_connect();
	source = relation_source(relation, namespace);
	resolve_metric(&source, metric);
	config = resolve_config(&source, config_array);
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s.hp_study_agg(", source.schema);
	append_config(&query, &config);
	appendStringInfoString(&query, ", ");
	append_metric(&query, &source);
	appendStringInfoString(&query, ") FROM ");
	append_relation(&query, &source, &config);
	study = run_query(query.data, keep);
	if (study == NULL)
		ereport(NOTICE,
				(errmsg("%s has no rows to read", source.name),
				 errhint("Importances need runs; row-level security may hide those there are.")));
	else if (has_no_number(study))
		wrong_metric_values(&source);
	else
		notice_metric_in_config(&source, &config);
	SPI_finish();
	return study;
}
