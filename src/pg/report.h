/*
 * report.h
 *		What a forest found out, as one text for people to look at.
 *
 * report.c gathers what is shown; each format has a file of its own that
 * writes it down.
 */
#ifndef HPIMP_REPORT_H
#define HPIMP_REPORT_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "pg/model.h"

typedef enum ReportFormat
{
	REPORT_TEXT = 1,
	REPORT_MARKDOWN = 2,
	REPORT_SVG = 3,
	REPORT_HTML = 4
} ReportFormat;

/* Columns of a terminal, unless told. */
#define REPORT_WIDTH	80

typedef struct ReportStyle
{
	ReportFormat format;
	int			width;
	bool		ascii;			/* no block characters and the like */
} ReportStyle;

/*
 * The report of a model; subject says what it is about ("val_loss in runs"),
 * NULL if that is not known.
 */
extern text *report(const Model *model, const char *subject,
					const ReportStyle *style);

/* Whether that needs the trees of the model. */
extern bool report_wants_trees(const ReportStyle *style);

/* ---- what is shown ---- */

/*
 * Texts are in the encoding of the database, without control characters and
 * what turns the direction of writing: these are written as escapes.
 */
typedef struct ReportRow
{
	char	   *name;
	char	   *note;			/* NULL if there is nothing to say */
	const ModelRow *row;		/* NULL: a group of parameters */
	double		share;			/* these NaN if not known */
	double		error;			/* standard error */
	double		p_value;		/* adjusted for the number of parameters */
	double		correlation;
} ReportRow;

typedef struct Report
{
	const Model *model;
	const ReportStyle *style;
	bool		ascii;			/* wanted, or the encoding has nothing else */
	char	   *title;
	char	   *verdict;		/* a sentence */
	char	   *quality;		/* numbers behind it */
	uint32		n_rows;
	ReportRow  *rows;			/* largest share first */
	uint32		n_large;		/* so many have a share that is worth a line */
	bool		has_errors;		/* in any row */
	bool		has_p_values;
} Report;

/* A share below is next to nothing. */
#define REPORT_SMALL	0.001

/* Whether a row took part in the forest: a group, or what is not constant. */
static inline bool
report_took_part(const ReportRow *row)
{
	return row->row == NULL || row->row->role == HP_PARAMETER;
}

/* What the numbers of the rows are, errors and p-values if they are shown. */
extern char *report_legend(const Report *report, bool errors, bool p_values);

/* "13 more, next to nothing", of the rows that get no line; NULL if all do. */
extern char *report_rest(const Report *report);

/*
 * The notes of the rows that have a line: texts, the same note once, behind
 * the names of all that have it, which are cut to so many columns.
 */
extern List *report_notes(const Report *report, int columns,
						  const char *ellipsis);

/* A text from outside, as it may be shown: "" if it is empty. */
extern char *report_showable(HpText text);

/* ---- text by the columns that it takes ---- */

/* How many columns of a terminal it takes. */
extern int	report_columns(const char *text);

/* At most so many columns of it, the middle left out. */
extern char *report_cut(const char *text, int columns, const char *ellipsis);

/* Words in lines of so many columns, those after the first indented. */
extern void report_wrap(StringInfo out, const char *text, int columns,
						int indent);

/* A bar that takes a share of so many columns, filled up with blanks. */
extern void report_bar(StringInfo out, double share, int columns, bool ascii);

/* A number as it stands in a cell; empty if it is not known. */
extern char *report_share(double share);
extern char *report_p_value(double p);
extern char *report_correlation(double correlation);

/* ---- text for XML and HTML ---- */

/*
 * Append as character data, good in an attribute too: ASCII only, so that it
 * is right in whatever encoding the report is stored.
 */
extern void report_escape(StringInfo out, const char *text);

/* Whether the first letter of a text is written from right to left. */
extern bool report_right_to_left(const char *text);

/* ---- the formats ---- */

extern void report_text(StringInfo out, const Report *report);
extern void report_markdown(StringInfo out, const Report *report);
extern void report_svg(StringInfo out, const Report *report);
extern void report_html(StringInfo out, const Report *report);

#endif							/* HPIMP_REPORT_H */
