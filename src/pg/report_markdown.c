/*
 * report_markdown.c
 *		A report for chat and pull requests: a table of GitHub's Markdown.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "pg/report.h"

#define BAR				20
#define MOST_COLUMNS	80		/* of a name */

/* Characters that may mean something in a line of Markdown or in a table. */
#define SPECIAL			"\\`*_[]<>#|~$&"

/*
 * A text as it is.  Sites take @name for a person, whom they tell, #1 for an
 * issue and :name: for a picture even if it is escaped: a joiner of no width
 * keeps them apart.
 */
static void
append_escaped(StringInfo out, const char *text)
{
	for (; *text != '\0'; text += pg_mblen(text))
	{
		if (strchr(SPECIAL, *text) != NULL)
			appendStringInfoChar(out, '\\');
		appendBinaryStringInfo(out, text, pg_mblen(text));
		if (*text == '@' || *text == '#' || (*text == ':' && text[1] != ' '))
			appendStringInfoString(out, "&#8288;");
	}
}

/* Code takes everything as it is, but for its own marks and those of tables. */
static bool
can_be_code(const char *name)
{
	return strpbrk(name, "`|\\") == NULL && name[0] != ' ' &&
		name[strlen(name) - 1] != ' ';
}

static void
append_name(StringInfo out, const Report *report, const char *name)
{
	name = report_cut(name, MOST_COLUMNS,
					  report->ascii ? "..." : "\342\200\246");
	if (can_be_code(name))
		appendStringInfo(out, "`%s`", name);
	else
		append_escaped(out, name);
}

static void
append_head(StringInfo out, const Report *report)
{
	appendStringInfo(out, "| parameter | importance |%s%s  | correlation | note |\n",
					 report->has_errors ? " std. error |" : "",
					 report->has_p_values ? " p |" : "");
	appendStringInfo(out, "|:--|--:|%s%s:--|--:|:--|\n",
					 report->has_errors ? "--:|" : "",
					 report->has_p_values ? "--:|" : "");
}

static void
append_bar(StringInfo out, const Report *report, const ReportRow *row)
{
	StringInfoData bar;

	initStringInfo(&bar);
	report_bar(&bar, row->share / report->rows[0].share, BAR, report->ascii);
	while (bar.len > 0 && bar.data[bar.len - 1] == ' ')
		bar.data[--bar.len] = '\0';
	/* ASCII characters would be marks elsewhere */
	appendStringInfo(out, report->ascii ? " `%s` |" : " %s |", bar.data);
	pfree(bar.data);
}

static void
append_row(StringInfo out, const Report *report, const ReportRow *row)
{
	appendStringInfoString(out, "| ");
	append_name(out, report, row->name);
	appendStringInfo(out, " | %s |", report_share(row->share));
	if (report->has_errors)
		appendStringInfo(out, " %s |", report_share(row->error));
	if (report->has_p_values)
	{
		appendStringInfoChar(out, ' ');
		append_escaped(out, report_p_value(row->p_value));
		appendStringInfoString(out, " |");
	}
	append_bar(out, report, row);
	appendStringInfo(out, " %s | ", report_correlation(row->correlation));
	if (row->note != NULL)
		append_escaped(out, row->note);
	appendStringInfoString(out, " |\n");
}

static void
append_paragraph(StringInfo out, const char *text)
{
	appendStringInfoChar(out, '\n');
	append_escaped(out, text);
	appendStringInfoChar(out, '\n');
}

void
report_markdown(StringInfo out, const Report *report)
{
	char	   *rest = report_rest(report);

	appendStringInfoString(out, "#### ");
	append_escaped(out, report->title);
	appendStringInfoString(out, "\n\n**");
	append_escaped(out, report->verdict);
	appendStringInfoString(out, "** ");
	append_escaped(out, report->quality);
	appendStringInfoChar(out, '\n');
	if (report->n_large > 0)
	{
		appendStringInfoChar(out, '\n');
		append_head(out, report);
	}
	for (uint32 i = 0; i < report->n_large; i++)
	{
		CHECK_FOR_INTERRUPTS();
		append_row(out, report, &report->rows[i]);
	}
	if (rest != NULL)
		append_paragraph(out, psprintf("%s.", rest));
	if (report->n_large > 0)
		append_paragraph(out, report_legend(report, report->has_errors,
										report->has_p_values));
	out->data[--out->len] = '\0';
}
