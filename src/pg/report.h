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

#include "pg/detail.h"
#include "pg/model.h"
#include "pg/report_style.h"
#include "pg/suggest.h"
#include "pg/train.h"

/*
 * The report of a model; subject says what it is about ("val_loss in runs"),
 * NULL if that is not known.
 */
extern text *report(const Model *model, const char *subject,
					const ReportStyle *style);

/* What that needs of a model. */
extern Wanted report_wants(const ReportStyle *style);

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
	uint32		group;			/* its number then, else 0 */
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
	char	   *doubt;			/* of the order; NULL if nothing is known of it */
	uint32		n_rows;
	ReportRow  *rows;			/* largest share first */
	uint32		n_large;		/* so many have a share that is worth a line */
	bool		has_errors;		/* in any row */
	bool		has_p_values;
	double		scale;			/* from an importance to a share */
	uint32	   *order;			/* of the rows of the model, by importance */
} Report;

/* A share below is next to nothing. */
#define REPORT_SMALL	DETAIL_IMPORTANCE

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
 * the names of the first that have it, which are cut to so many columns, and
 * how many more they are.
 */
extern List *report_notes(const Report *report, int columns,
						  const char *ellipsis);

/* A level of a parameter, or the parameter when it is missing. */
typedef struct ReportLevel
{
	char	   *name;
	uint32		runs;
	uint32		best;			/* of the best runs */
	double		mean;			/* of the metric; these NaN if not known */
	double		stddev;
	double		correlation;	/* of having it with the metric */
} ReportLevel;

/*
 * The levels of a parameter that runs have, those of most runs first: at most
 * so many; *all is how many there are.  Of a number, its words.
 */
extern ReportLevel *report_levels(const Model *model, const ModelRow *row,
								  uint32 most, uint32 *n, uint32 *all);

/* How many runs are the best. */
extern uint32 report_best_runs(const ModelRow *row);

/* The detail of a row's feature; NULL if there is none. */
extern const FeatureDetail *report_detail(const Model *model,
										  const ModelRow *row);

/* ---- what is said of the next sweep ---- */

typedef struct ReportNext
{
	const char *nothing;		/* why there is no advice, or NULL */
	uint32		n;				/* 0 if nothing is known */
	Suggested  *rows;
} ReportNext;

/* It goes through the trees. */
extern ReportNext report_next(const Report *report);

/* What was varied and should be again, and what need not; no constants. */
extern bool report_next_asks(const Suggested *suggested);
extern bool report_next_freezes(const Suggested *suggested);

/* Cells: values to keep, gain, why. */
extern char *report_next_kept(const Suggested *suggested,
							  const char *ellipsis);
extern char *report_next_gain(const Report *report,
							  const Suggested *suggested);
extern char *report_next_reason(const Suggested *suggested,
								const char *ellipsis);

/* ---- text from outside ---- */

/* A text from outside, as it may be shown: "" if it is empty. */
extern char *report_showable(HpText text);

/* ---- text by the columns that it takes ---- */

/* How many columns of a terminal it takes. */
extern int	report_columns(const char *text);

/* At most so many columns of it: a third of its beginning, the rest its end. */
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

/* Whether any letter is. */
extern bool report_has_right_to_left(const char *text);

/* ---- the formats ---- */

extern void report_text(StringInfo out, const Report *report);
extern void report_markdown(StringInfo out, const Report *report);
extern void report_svg(StringInfo out, const Report *report);
extern void report_html(StringInfo out, const Report *report);

#endif							/* HPIMP_REPORT_H */
