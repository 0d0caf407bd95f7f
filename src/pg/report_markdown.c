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

static const char *
ellipsis(const Report *report)
{
	return report->ascii ? "..." : "\342\200\246";
}

static void
append_name(StringInfo out, const Report *report, const char *name)
{
	name = report_cut(name, MOST_COLUMNS, ellipsis(report));
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

/* ---- the next sweep ---- */

#define NEXT			12		/* parameters of the table at most */
#define FROZEN			20		/* named at most */

static void
append_next_row(StringInfo out, const Report *report,
				const Suggested *suggested)
{
	appendStringInfoString(out, "| ");
	append_name(out, report, report_showable(suggested->row->name));
	appendStringInfo(out, " | %s | ", suggest_advice_name(suggested->advice));
	append_escaped(out, report_next_kept(suggested, ellipsis(report)));
	appendStringInfo(out, " | %s | ", report_next_gain(report, suggested));
	append_escaped(out, report_next_reason(suggested, ellipsis(report)));
	appendStringInfoString(out, " |\n");
}

/* What makes no difference that can be told, by name. */
static void
append_frozen(StringInfo out, const Report *report, const ReportNext *next)
{
	uint32		n = 0;

	for (uint32 i = 0; i < next->n; i++)
	{
		if (!report_next_freezes(&next->rows[i]) || n++ >= FROZEN)
			continue;
		appendStringInfoString(out, n == 1 ? "\nNo difference can be told, take one value for: " : ", ");
		append_name(out, report, report_showable(next->rows[i].row->name));
		appendStringInfoString(out, " = ");
		append_escaped(out, report_next_kept(&next->rows[i], ellipsis(report)));
	}
	if (n > FROZEN)
		appendStringInfo(out, " and %u more", n - FROZEN);
	if (n > 0)
		appendStringInfoString(out, ".\n");
}

static void
append_next(StringInfo out, const Report *report)
{
	ReportNext	next = report_next(report);
	uint32		n = 0;

	if (next.nothing != NULL || next.n == 0)
		return;
	appendStringInfo(out, "\n**The next sweep**, where %s metrics are good (`goal => '%s'` says otherwise); gain: by how much the metric %s, on average over the others, if only these values are drawn.\n",
					 report->model->maximize ? "high" : "low",
					 report->model->maximize ? "minimize" : "maximize",
					 report->model->maximize ? "rises" : "falls");
	for (uint32 i = 0; i < next.n; i++)
	{
		if (!report_next_asks(&next.rows[i]) || n++ >= NEXT)
			continue;
		if (n == 1)
			appendStringInfoString(out, "\n| parameter | advice | values | gain | why |\n|:--|:--|:--|--:|:--|\n");
		append_next_row(out, report, &next.rows[i]);
	}
	if (n > NEXT)
		appendStringInfo(out, "\n%u more: see hp_suggest.\n", n - NEXT);
	append_frozen(out, report, &next);
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
	if (report->doubt != NULL)
	{
		appendStringInfoChar(out, ' ');
		append_escaped(out, report->doubt);
	}
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
	append_next(out, report);
	out->data[--out->len] = '\0';
}
