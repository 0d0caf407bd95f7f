/*
 * relation.h
 *		The relation that runs are read from, its columns, and what to say of
 *		names that are not among them.
 */
#ifndef HPIMP_RELATION_H
#define HPIMP_RELATION_H

#include "postgres.h"

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

/* relation.c */

/* namespace: the schema of this extension. */
extern Source relation_source(Oid relation, Oid namespace);
extern const Column *relation_find_column(const Source *source,
										  const char *name, Size length);

/* A column in a query over the relation AS r. */
extern char *relation_column_text(const Column *column);

/* wrong_name.c: errors that list what there is and hint at the nearest */
extern void wrong_metric(const Source *source);
extern void wrong_config(const Source *source, const char *name);

/* names are those of the n parameters that there are. */
extern void wrong_parameter(const char *const *names, uint32 n,
							const char *wrong);

/*
 * No run has a number where the metric is.  If nothing is there in any of the
 * documents looked at, or what is there is no number, the metric is wrong and
 * an error; if there are nulls, the runs just have no metric yet.
 */
extern void wrong_metric_values(const Source *source);

#endif							/* HPIMP_RELATION_H */
