/*
 * report_text.c
 *		A report for the terminal: bars that align.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "pg/report.h"

/* psql writes a blank before a column, and a sign of continuation behind. */
#define MARGINS		2

#define GUTTER		2
#define LEAST_NAME	12
#define LEAST_BAR	8
#define MOST_BAR	60

/* Columns of each cell; 0 if there is none. */
typedef struct Layout
{
	int			line;
	int			name;
	int			share;
	int			error;
	int			p_value;
	int			bar;
	int			correlation;
} Layout;

static const char *
ellipsis(const Report *report)
{
	return report->ascii ? "..." : "\342\200\246";
}

/*
 * A mark of no width keeps the numbers behind a name that is written from right
 * to left out of its run, where the terminal knows of directions.
 */
static bool
needs_mark(const Report *report, const char *name)
{
	return !report->ascii && report_has_right_to_left(name);
}

/* psql counts such a mark as a column. */
static int
columns_of_mark(const Report *report)
{
	for (uint32 i = 0; i < report->n_large; i++)
		if (needs_mark(report, report->rows[i].name))
			return 1;
	return 0;
}

/* What is left of a line for the name and the bar. */
static int
columns_left(const Layout *l)
{
	int			left = l->line - l->share - l->correlation - 3 * GUTTER;

	if (l->error > 0)
		left -= l->error + 1;
	if (l->p_value > 0)
		left -= l->p_value + GUTTER;
	return left;
}

/* The name has two thirds of what is left at most, and the bar the rest. */
static Layout
make_layout(const Report *report)
{
	Layout		l = {
		.line = report->style->width - MARGINS - columns_of_mark(report),
		.name = strlen("parameter"),
		.share = strlen(report->has_errors ? "0.123" : "importance"),
		.error = report->has_errors ? strlen("+-0.123") : 0,
		.p_value = report->has_p_values ? strlen("<0.001") : 0,
		.correlation = strlen("corr.")
	};
	int			left = columns_left(&l);

	/* a narrow terminal has no room for everything */
	if (left < LEAST_NAME + LEAST_BAR && l.error > 0)
	{
		l.error = 0;
		l.share = strlen("importance");
		left = columns_left(&l);
	}
	if (left < LEAST_NAME + LEAST_BAR)
	{
		l.p_value = 0;
		left = columns_left(&l);
	}
	for (uint32 i = 0; i < report->n_large; i++)
		l.name = Max(l.name, report_columns(report->rows[i].name));
	l.name = Min(l.name, left - Max(left / 3, LEAST_BAR));
	l.bar = Min(left - l.name, MOST_BAR);
	return l;
}

/* A text at the left or right of so many columns. */
static void
append_left(StringInfo out, const char *text, int columns)
{
	appendStringInfoString(out, text);
	appendStringInfoSpaces(out, columns - report_columns(text));
}

static void
append_right(StringInfo out, const char *text, int columns)
{
	appendStringInfoSpaces(out, columns - report_columns(text));
	appendStringInfoString(out, text);
}

static void
end_line(StringInfo out)
{
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	appendStringInfoChar(out, '\n');
}

/* Where there are errors, "importance" stands above them as well. */
static void
append_head(StringInfo out, const Layout *l)
{
	append_left(out, report_cut("parameter", l->name, "..."), l->name);
	appendStringInfoSpaces(out, GUTTER);
	append_left(out, "importance", l->share + (l->error > 0 ? l->error + 1 : 0));
	if (l->p_value > 0)
	{
		appendStringInfoSpaces(out, GUTTER);
		append_right(out, "p", l->p_value);
	}
	appendStringInfoSpaces(out, GUTTER + l->bar + GUTTER);
	append_right(out, "corr.", l->correlation);
	end_line(out);
}

static void
append_name(StringInfo out, const Report *report, const Layout *l,
			const char *name)
{
	char	   *shown = report_cut(name, l->name, ellipsis(report));

	appendStringInfoString(out, shown);
	if (needs_mark(report, shown))
		appendStringInfoString(out, "\342\200\216");
	appendStringInfoSpaces(out, l->name - report_columns(shown));
}

static void
append_row(StringInfo out, const Report *report, const Layout *l,
		   const ReportRow *row)
{
	append_name(out, report, l, row->name);
	appendStringInfoSpaces(out, GUTTER);
	append_right(out, report_share(row->share), l->share);
	if (l->error > 0)
	{
		appendStringInfoChar(out, ' ');
		append_left(out, isnan(row->error) ? "" :
					psprintf("%s%s", report->ascii ? "+-" : "\302\261",
							 report_share(row->error)), l->error);
	}
	if (l->p_value > 0)
	{
		appendStringInfoSpaces(out, GUTTER);
		append_right(out, report_p_value(row->p_value), l->p_value);
	}
	appendStringInfoSpaces(out, GUTTER);
	report_bar(out, row->share / report->rows[0].share, l->bar, report->ascii);
	appendStringInfoSpaces(out, GUTTER);
	append_right(out, report_correlation(row->correlation), l->correlation);
	end_line(out);
}

static void
append_rows(StringInfo out, const Report *report, const Layout *l)
{
	char	   *rest = report_rest(report);

	if (report->n_rows == 0)
		return;
	appendStringInfoChar(out, '\n');
	if (report->n_large > 0)
		append_head(out, l);
	for (uint32 i = 0; i < report->n_large; i++)
	{
		CHECK_FOR_INTERRUPTS();
		append_row(out, report, l, &report->rows[i]);
	}
	if (rest != NULL)
		report_wrap(out, rest, l->line, 0);
}

void
report_text(StringInfo out, const Report *report)
{
	Layout		l = make_layout(report);
	List	   *notes;
	ListCell   *cell;

	report_wrap(out, report->title, l.line, 0);
	report_wrap(out, report->verdict, l.line, 0);
	report_wrap(out, report->quality, l.line, 0);
	if (report->doubt != NULL)
		report_wrap(out, report->doubt, l.line, 0);
	append_rows(out, report, &l);
	notes = report_notes(report, l.line / 2, ellipsis(report));
	if (notes != NIL)
		appendStringInfoChar(out, '\n');
	foreach(cell, notes)
		report_wrap(out, lfirst(cell), l.line, 2);
	if (report->n_large > 0)
	{
		appendStringInfoChar(out, '\n');
		report_wrap(out, report_legend(report, l.error > 0, l.p_value > 0),
					l.line, 0);
	}
	/* the last line is ended by whoever prints it */
	out->data[--out->len] = '\0';
}
