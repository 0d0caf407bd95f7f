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

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/formatting.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "core/text.h"
#include "pg/compat.h"
#include "pg/config.h"
#include "pg/source.h"

/* The json column in which a metric without a column of its own is sought. */
#define SUMMARY		"summary"

/* jsonb_build_object takes 100 arguments. */
#define PAIRS_PER_OBJECT	50

/* So many rows are looked at to tell what a json column holds. */
#define ROWS_TO_LOOK_AT		1000

typedef enum ColumnClass
{
	CLASS_NUMBER,				/* cast to float8 */
	CLASS_NUMERIC,				/* numeric: may be out of range of float8 */
	CLASS_TEXT,
	CLASS_JSON,
	CLASS_OTHER
} ColumnClass;

typedef struct Column
{
	const char *name;
	Oid			type;
	ColumnClass class;
} Column;

/* A relation and how its parts are written in a query. */
typedef struct Source
{
	Oid			relation;
	char	   *name;			/* qualified and quoted */
	char	   *schema;			/* of the extension, quoted */
	int			n_columns;
	Column	   *columns;

	/* the metric */
	const char *metric;			/* as the caller wrote it */
	const Column *metric_column;
	const char *metric_path;	/* NULL if the column itself */
	bool		in_summary;		/* the column was not named: the summary */
} Source;

/* ---- what there is ---- */

static ColumnClass
classify(Oid type)
{
	switch (getBaseType(type))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
			return CLASS_NUMBER;
		case NUMERICOID:
			return CLASS_NUMERIC;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return CLASS_TEXT;
		case JSONOID:
		case JSONBOID:
			return CLASS_JSON;
		default:
			return CLASS_OTHER;
	}
}

/* Errors for what has no rows to read: an index, a sequence, a type. */
static void
check_relation_kind(Oid relation, const char *name)
{
	switch (get_rel_relkind(relation))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("%s cannot be read as a table of runs", name),
					 errhint("Name a table, view, materialized view, partitioned or foreign table.")));
	}
}

static void
read_columns(Source *source)
{
	Relation	rel = relation_open(source->relation, AccessShareLock);
	TupleDesc	descriptor = RelationGetDescr(rel);

	source->columns = palloc((descriptor->natts + 1) * sizeof(Column));
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (attribute->attisdropped)
			continue;
		source->columns[source->n_columns++] = (Column) {
			.name = pstrdup(NameStr(attribute->attname)),
			.type = attribute->atttypid,
			.class = classify(attribute->atttypid)
		};
	}
	relation_close(rel, AccessShareLock);
}

static Source
open_source(Oid relation, Oid namespace)
{
	Source		source = {.relation = relation};
	char	   *name = get_rel_name(relation);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	source.name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
											 name);
	check_relation_kind(relation, source.name);
	source.schema = pstrdup(quote_identifier(get_namespace_name(namespace)));
	read_columns(&source);
	return source;
}

/* ---- names that are not there ---- */

static const Column *
find_column(const Source *source, const char *name, Size length)
{
	for (int i = 0; i < source->n_columns; i++)
		if (strlen(source->columns[i].name) == length &&
			memcmp(source->columns[i].name, name, length) == 0)
			return &source->columns[i];
	return NULL;
}

/* A list of names for a message, and the one most like a wrong name. */
typedef struct Names
{
	StringInfoData list;
	int			count;
	const char *wrong;
	char	   *nearest;
	int			distance;
} Names;

#define NAMES_SHOWN		30

static void
start_names(Names *names, const char *wrong)
{
	initStringInfo(&names->list);
	names->count = 0;
	names->wrong = wrong;
	names->nearest = NULL;
	/* as for misspelt columns in queries: at most half may differ */
	names->distance = Min(Max((int) strlen(wrong) / 2, 1), 4);
}

/* The number of edits between two names, case aside; large if they are long. */
static int
name_distance(const char *a, const char *b)
{
	char	   *low_a = asc_tolower(a, strlen(a));
	char	   *low_b = asc_tolower(b, strlen(b));
	int			distance = PG_INT32_MAX;

	if (strlen(a) < NAMEDATALEN * 2 && strlen(b) < NAMEDATALEN * 2)
		distance = varstr_levenshtein(low_a, strlen(low_a),
									  low_b, strlen(low_b), 1, 1, 1, true);
	pfree(low_a);
	pfree(low_b);
	return distance;
}

/* Is this name the nearest to the wrong one so far? */
static void
consider_name(Names *names, const char *name)
{
	int			distance = name_distance(name, names->wrong);

	if (distance <= names->distance &&
		(names->nearest == NULL || distance < names->distance))
	{
		names->nearest = pstrdup(name);
		names->distance = distance;
	}
}

static void
list_name(Names *names, const char *name)
{
	if (names->count++ < NAMES_SHOWN)
		appendStringInfo(&names->list, "%s\"%s\"",
						 names->count == 1 ? "" : ", ", name);
}

static const char *
shown_names(Names *names)
{
	if (names->count > NAMES_SHOWN)
		appendStringInfo(&names->list, " and %d more",
						 names->count - NAMES_SHOWN);
	return names->count == 0 ? "none" : names->list.data;
}

static void
add_columns(Names *names, const Source *source, bool metrics)
{
	for (int i = 0; i < source->n_columns; i++)
	{
		if (metrics && source->columns[i].class == CLASS_OTHER)
			continue;
		consider_name(names, source->columns[i].name);
		list_name(names, source->columns[i].name);
	}
}

static int
hint_nearest(const Names *names, const char *otherwise)
{
	if (names->nearest != NULL)
		return errhint("Perhaps you meant \"%s\".", names->nearest);
	return errhint("%s", otherwise);
}

static void
no_such_metric(const Source *source)
{
	Names		names;

	start_names(&names, source->metric);
	add_columns(&names, source, true);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("metric \"%s\" is no column of %s, nor a path into one",
					source->metric, source->name),
			 errdetail("Columns that could hold it: %s.", shown_names(&names)),
			 hint_nearest(&names,
						  "Name a column of numbers, or a dotted path that begins with a jsonb column, as in 'summary.val.loss'.")));
}

/* A hint with columns that the table has: its json if any, else some. */
static const char *
example_of_config(const Source *source)
{
	StringInfoData list;
	int			n = 0;

	initStringInfo(&list);
	for (int i = 0; i < source->n_columns && n == 0; i++)
		if (source->columns[i].class == CLASS_JSON &&
			&source->columns[i] != source->metric_column)
		{
			appendStringInfoString(&list, source->columns[i].name);
			n = 3;
		}
	for (int i = 0; i < source->n_columns && n < 3; i++)
		if (&source->columns[i] != source->metric_column)
			appendStringInfo(&list, "%s%s", n++ == 0 ? "" : ", ",
							 source->columns[i].name);
	return psprintf("Name the columns that hold the hyperparameters, as in config => '{%s}'.",
					n == 0 ? "config" : list.data);
}

static void
no_such_config(const Source *source, const char *name)
{
	Names		names;

	start_names(&names, name);
	add_columns(&names, source, false);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("config column \"%s\" of %s does not exist", name,
					source->name),
			 errdetail("Its columns are %s.", shown_names(&names)),
			 hint_nearest(&names, example_of_config(source))));
}

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
	source->metric_column = find_column(source, metric, length);
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
		column = find_column(source, metric, length);
		if (column != NULL && column->class == CLASS_JSON)
		{
			source->metric_column = column;
			source->metric_path = metric + length + 1;
			return;
		}
	}
	source->metric_column = find_column(source, SUMMARY, strlen(SUMMARY));
	source->metric_path = metric;
	source->in_summary = true;
	if (source->metric_column == NULL || *metric == '\0' ||
		source->metric_column->class != CLASS_JSON)
		no_such_metric(source);
}

static char *
column_text(const Column *column)
{
	return psprintf("r.%s", quote_identifier(column->name));
}

/* The metric as an expression of type float8. */
static void
append_metric(StringInfo query, const Source *source)
{
	const Column *column = source->metric_column;
	char	   *text = column_text(column);

	if (source->metric_path != NULL || column->class == CLASS_JSON)
		appendStringInfo(query,
						 "%s.hp_number(CAST(%s AS pg_catalog.jsonb), %s)",
						 source->schema, text,
						 quote_literal_cstr(source->metric_path != NULL ?
											source->metric_path : ""));
	else if (column->class == CLASS_NUMBER)
		appendStringInfo(query, "CAST(%s AS pg_catalog.float8)", text);
	else
		appendStringInfo(query, "%s.hp_number(pg_catalog.to_jsonb(%s), '')",
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
			find_column(source, name, strlen(name));

		if (name == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("config must not hold null"),
					 errhint("Name the columns that hold the hyperparameters: config => '{config}'.")));
		if (column == NULL)
			no_such_config(source, name);
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
						 column_text(column));
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
						 column_text(json));
		return;
	}
	/* what is no object is passed as it is, to be refused as the user wrote it */
	appendStringInfo(query,
					 "CASE WHEN pg_catalog.jsonb_typeof(COALESCE(CAST(%s AS pg_catalog.jsonb), CAST('{}' AS pg_catalog.jsonb))) OPERATOR(pg_catalog.=) 'object' "
					 "THEN COALESCE(CAST(%s AS pg_catalog.jsonb), CAST('{}' AS pg_catalog.jsonb)) OPERATOR(pg_catalog.||) ",
					 column_text(json), column_text(json));
	append_object(query, config, false);
	appendStringInfo(query, " ELSE CAST(%s AS pg_catalog.jsonb) END",
					 column_text(json));
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
	return receiver.study;
}

/* ---- metrics that are not there ---- */

/* What documents of a json column hold. */
typedef struct Documents
{
	bool		filled;			/* there are any, not all null */
	bool		found;			/* anything at the metric's path, even null */
	Study	   *study;			/* their leaves, as if they were configs */
} Documents;

static bool
is_json_null(Jsonb *document)
{
	JsonbValue	value;

	return JB_ROOT_IS_SCALAR(document) &&
		JsonbExtractScalar(&document->root, &value) && value.type == jbvNull;
}

static Documents
look_at_documents(const Source *source)
{
	Documents	documents = {.study = study_new(CurrentMemoryContext)};
	const char *path = source->metric_path != NULL ? source->metric_path : "";
	char	   *text = column_text(source->metric_column);

	SPI_execute(psprintf("SELECT pg_catalog.to_jsonb(%s) FROM %s AS r WHERE %s IS NOT NULL",
						 text, source->name, text),
				true, ROWS_TO_LOOK_AT);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		bool		found;
		double		number;
		Jsonb	   *document = DatumGetJsonbP(SPI_getbinval(SPI_tuptable->vals[i],
															SPI_tuptable->tupdesc,
															1, &isnull));

		documents.filled |= !is_json_null(document);
		config_number_at(document, path, strlen(path), &number, &found);
		documents.found |= found;
		if (JB_ROOT_IS_OBJECT(document))
			study_add_run(documents.study, document, false, 0);
	}
	return documents;
}

/* What a json column holds beside the metric's path. */
typedef struct Surroundings
{
	Names		names;
	const char *first;			/* name, NULL if there is none */
	bool		leaf;			/* the path is that of a value */
	bool		inside;			/* the path is that of an object */
} Surroundings;

static bool
holds_numbers(const HpInput *input)
{
	const HpValue *value = &input->values[0];
	double		number;

	return value->tag == HP_TAG_NUMBER ||
		(value->tag == HP_TAG_STRING &&
		 hp_read_text((HpText) {value->text, value->length},
					  &number) == HP_READS_NUMBER);
}

/*
 * List the paths of numbers in the documents; the nearest to what the caller wrote may
 * also be a column, if the caller named none.
 */
static Surroundings
look_around(const Source *source, const Study *study)
{
	Surroundings s = {0};
	const char *path = source->metric_path != NULL ? source->metric_path : "";
	Size		length = strlen(path);

	start_names(&s.names, source->metric);
	for (int i = 0; i < source->n_columns && source->in_summary; i++)
		if (source->columns[i].class != CLASS_OTHER)
			consider_name(&s.names, source->columns[i].name);
	for (uint32 i = 0; i < study->n_columns; i++)
	{
		const HpInput *input = &study->columns[i].input;
		char	   *name = pnstrdup(input->name, input->name_length);

		s.leaf |= strcmp(name, path) == 0;
		s.inside |= length == 0 ||
			(strncmp(name, path, length) == 0 && name[length] == '.');
		if (!holds_numbers(input))
			continue;
		list_name(&s.names, name);
		consider_name(&s.names, source->in_summary ? name :
					  psprintf("%s.%s", source->metric_column->name, name));
		if (s.first == NULL)
			s.first = name;
	}
	return s;
}

/* No run has a number in the metric's json column itself. */
static void
no_number_in_column(const Source *source, Surroundings *s)
{
	const char *column = source->metric_column->name;

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("no run has a number in column \"%s\" of %s", column,
					source->name),
			 s->inside && s->first != NULL ?
			 errdetail("Numbers are at %s.", shown_names(&s->names)) :
			 errdetail("What is there does not read as a number."),
			 s->inside && s->first != NULL ?
			 errhint("Name a key in it, as in '%s.%s'.", column, s->first) :
			 errhint("Choose another column, or make it a number in a view.")));
}

/*
 * No run has a number where the metric is.  If nothing is there in any of the
 * documents looked at, or what is there is no number, the metric is wrong and
 * an error; if there are nulls, the runs just have no metric yet.
 */
static void
check_metric_values(const Source *source)
{
	Documents	documents = look_at_documents(source);
	Surroundings s = look_around(source, documents.study);
	const char *path = source->metric_path;

	if (path == NULL || *path == '\0')
	{
		if (documents.filled)
			no_number_in_column(source, &s);
		return;
	}
	if (documents.found && !s.leaf && !s.inside)
		return;
	ereport(ERROR,
			(errcode(documents.found ? ERRCODE_DATATYPE_MISMATCH :
					 ERRCODE_UNDEFINED_COLUMN),
			 source->in_summary && !documents.found ?
			 errmsg("metric \"%s\" is no column of %s, and its column \"%s\" has no such key",
					path, source->name, source->metric_column->name) :
			 errmsg("no run has a number at \"%s\" in column \"%s\" of %s",
					path, source->metric_column->name, source->name),
			 s.leaf ? errdetail("What is there does not read as a number.") :
			 errdetail("Numbers are at %s.", shown_names(&s.names)),
			 s.leaf ? errhint("Choose another key, or make it a number in a view.") :
			 s.inside ? errhint("Write nested keys with dots, as in 'val.loss'.") :
			 hint_nearest(&s.names,
						  s.first == NULL ?
						  "Name a column of numbers, or a dotted path into a jsonb column." :
						  psprintf("Write nested keys with dots, as in '%s'.",
								   s.first))));
}

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
	return study->n_runs == 0 && study->left_out.nan_metric == 0 &&
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
	source = open_source(relation, namespace);
	resolve_metric(&source, metric);
	config = resolve_config(&source, config_array);
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s.hp_study_agg(", source.schema);
	append_config(&query, &config);
	appendStringInfoString(&query, ", ");
	append_metric(&query, &source);
	appendStringInfo(&query, ") FROM %s AS r", source.name);
	study = run_query(query.data, keep);
	if (study == NULL)
		ereport(NOTICE,
				(errmsg("%s has no rows to read", source.name),
				 errhint("Importances need runs; row-level security may hide those there are.")));
	else if (has_no_number(study))
		check_metric_values(&source);
	else
		notice_metric_in_config(&source, &config);
	SPI_finish();
	return study;
}
