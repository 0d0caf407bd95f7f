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
check_relation_kind(char kind, const char *name)
{
	switch (kind)
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
read_columns(Source *source, TupleDesc descriptor)
{
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
}

/*
 * The query goes by name.  So the name is read under a lock, which is kept to
 * the end of the transaction as that of any query is: whoever waited for it
 * while tables changed names reads the one that was meant, under the columns
 * found here.
 */
Source
relation_source(Oid relation, Oid namespace)
{
	Source		source = {.relation = relation};
	Relation	rel = try_relation_open(relation, AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	source.name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(rel)),
											 RelationGetRelationName(rel));
	check_relation_kind(rel->rd_rel->relkind, source.name);
	source.schema = pstrdup(quote_identifier(get_namespace_name(namespace)));
	read_columns(&source, RelationGetDescr(rel));
	relation_close(rel, NoLock);
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
