/*
 * wrong_name.c
 *		What to say of a metric, column or parameter that is not there: what
 *		there is, and the nearest to what was written.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/varlena.h"

#include "core/text.h"
#include "pg/compat.h"
#include "pg/config.h"
#include "pg/relation.h"
#include "pg/study.h"

/* So many rows are looked at to tell what a json column holds. */
#define ROWS_TO_LOOK_AT		1000

/* ---- names and the nearest of them ---- */

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

void
wrong_metric(const Source *source)
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

void
wrong_config(const Source *source, const char *name)
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

void
wrong_parameter(const char *const *parameters, uint32 n, const char *wrong)
{
	Names		names;

	start_names(&names, wrong);
	for (uint32 i = 0; i < n; i++)
	{
		consider_name(&names, parameters[i]);
		list_name(&names, parameters[i]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no parameter \"%s\"", wrong),
			 errdetail("The parameters are %s.", shown_names(&names)),
			 hint_nearest(&names,
						  "Nested keys are written with dots, as in 'optimizer.lr'.")));
}

/* ---- a metric without numbers ---- */

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
	char	   *text = relation_column_text(source->metric_column);

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
is_number(const HpValue *value)
{
	double		number;

	return value->tag == HP_TAG_NUMBER ||
		(value->tag == HP_TAG_STRING &&
		 hp_read_text((HpText) {value->text, value->length},
					  &number) == HP_READS_NUMBER);
}

/* A number at all: runs that diverged have words where others have numbers. */
static bool
holds_numbers(const HpInput *input)
{
	for (uint32_t i = 0; i < input->n_values; i++)
		if (is_number(&input->values[i]))
			return true;
	return false;
}

/*
 * List the paths of numbers in the documents; the nearest to what the caller
 * wrote may also be a column, if the caller named none.
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

void
wrong_metric_values(const Source *source)
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
			 s.names.count == 0 ? errdetail("There are no numbers in it.") :
			 errdetail("Numbers are at %s.", shown_names(&s.names)),
			 s.leaf ? errhint("Choose another key, or make it a number in a view.") :
			 s.inside ? errhint("Write nested keys with dots, as in 'val.loss'.") :
			 hint_nearest(&s.names,
						  s.first == NULL ?
						  "Name a column of numbers, or a dotted path into a jsonb column." :
						  strchr(s.first, '.') == NULL ?
						  "Name one of these keys, or a column of numbers." :
						  psprintf("Write nested keys with dots, as in '%s'.",
								   s.first))));
}
