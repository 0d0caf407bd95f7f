/*
 * relation.c
 *		The relation that runs are read from, and its columns.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "pg/relation.h"

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

Source
relation_source(Oid relation, Oid namespace)
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

const Column *
relation_find_column(const Source *source, const char *name, Size length)
{
	for (int i = 0; i < source->n_columns; i++)
		if (strlen(source->columns[i].name) == length &&
			memcmp(source->columns[i].name, name, length) == 0)
			return &source->columns[i];
	return NULL;
}

char *
relation_column_text(const Column *column)
{
	return psprintf("r.%s", quote_identifier(column->name));
}
