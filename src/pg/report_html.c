/*
 * report_html.c
 *		A report as a page: the panel as a table to sort, search and page
 *		through, what the leading parameters do, and which go together.
 *
 * The page is well-formed XML of ASCII characters and asks for nothing from
 * elsewhere.  Its script works on the table that stands there, so that no text
 * from outside is ever part of a script; without one the table is whole.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "pg/answers.h"
#include "pg/report.h"
#include "pg/report_page.h"
#include "pg/train.h"

/* From here on the verdict is that all is well. */
#define R2_WELL			0.6

#define ELLIPSIS		"..."
#define TITLE			400		/* columns of a text in full */

/* ---- cells ---- */

static void
append_escaped(StringInfo out, const char *before, const char *text,
			   const char *after)
{
	appendStringInfoString(out, before);
	report_escape(out, text);
	appendStringInfoString(out, after);
}

/* The key that a cell is sorted by; what is not known sorts last. */
static void
append_number_cell(StringInfo out, double key, const char *text)
{
	if (isnan(key))
		appendStringInfoString(out, "<td class=\"nu\">");
	else
		appendStringInfo(out, "<td class=\"nu\" data-k=\"%.6f\">", key);
	append_escaped(out, "", text, "</td>");
}

/* A bar on a track from 0 to 1. */
void
page_bar(StringInfo out, const char *class, double share, double error)
{
	if (isnan(share))
		return;
	appendStringInfo(out, "<div class=\"tr\"><div class=\"%s\" style=\"width:%.1f%%\"></div>",
					 class, 100 * Min(share, 1));
	if (error > 0)
	{
		double		low = Max(share - error, 0);
		double		high = Min(share + error, 1);

		appendStringInfo(out, "<div class=\"er\" style=\"left:%.1f%%;width:%.1f%%\"></div>",
						 100 * low, 100 * (high - low));
	}
	appendStringInfoString(out, "</div>");
}

static void
append_bar_cell(StringInfo out, const char *class, double share, double error)
{
	appendStringInfoString(out, "<td class=\"ba\">");
	page_bar(out, class, share, error);
	appendStringInfoString(out, "</td>");
}

static void
append_name_cell(StringInfo out, const ReportRow *row)
{
	appendStringInfoString(out, "<th scope=\"row\"");
	if (report_columns(row->name) > PAGE_NAME)
		append_escaped(out, " title=\"",
					   report_cut(row->name, TITLE, ELLIPSIS), "\"");
	append_escaped(out, "><bdi>", report_cut(row->name, PAGE_NAME, ELLIPSIS),
				   "</bdi>");
	if (row->note != NULL)
		append_escaped(out, "<small>", report_cut(row->note, TITLE, ELLIPSIS),
					   "</small>");
	appendStringInfoString(out, "</th>");
}

/* ---- the panel ---- */

static void
append_head(StringInfo out, const Report *report)
{
	appendStringInfoString(out, "<thead><tr><th scope=\"col\">Config parameter</th><th scope=\"col\" colspan=\"2\">Importance</th>");
	if (report->has_errors)
		appendStringInfoString(out, "<th scope=\"col\" class=\"nu\">std. error</th>");
	if (report->has_p_values)
		appendStringInfoString(out, "<th scope=\"col\" class=\"nu\">p</th>");
	appendStringInfoString(out, "<th scope=\"col\" colspan=\"2\">Correlation</th></tr></thead>\n");
}

static void
append_row(StringInfo out, const Report *report, const ReportRow *row)
{
	const char *class = row->p_value > P_OF_CHANCE ? "im ch" : "im";

	appendStringInfoString(out, report_took_part(row) ? "<tr>" :
						   "<tr class=\"idle\">");
	append_name_cell(out, row);
	append_number_cell(out, row->share, report_share(row->share));
	append_bar_cell(out, class, row->share, row->error);
	if (report->has_errors)
		append_number_cell(out, row->error, report_share(row->error));
	if (report->has_p_values)
		append_number_cell(out, row->p_value, report_p_value(row->p_value));
	append_number_cell(out, row->correlation,
					   report_correlation(row->correlation));
	append_bar_cell(out, row->correlation < 0 ? "ne" : "po",
					fabs(row->correlation), NAN);
	appendStringInfoString(out, "</tr>\n");
}

static void
append_panel(StringInfo out, const Report *report)
{
	if (report->n_rows == 0)
		return;
	appendStringInfoString(out, page_controls);
	appendStringInfoString(out, "<div class=\"wide\"><table id=\"hpr-panel\">\n");
	append_head(out, report);
	appendStringInfoString(out, "<tbody>\n");
	for (uint32 i = 0; i < report->n_rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		append_row(out, report, &report->rows[i]);
	}
	appendStringInfoString(out, "</tbody></table></div>\n");
	appendStringInfoString(out, page_pager);
	append_escaped(out, "<p class=\"sm\">",
				   report_legend(report, report->has_errors,
								 report->has_p_values), "");
	if (report->has_p_values)
		appendStringInfo(out, " Pale bars may be chance (p above %.2f).",
						 P_OF_CHANCE);
	appendStringInfoString(out, "</p>\n");
}

/* ---- the page ---- */

/* How far to trust it, for the colour of the verdict. */
static const char *
trust_class(const Model *model)
{
	if (isnan(model->r2) || model->p_value > P_OF_CHANCE ||
		model->r2 < R2_NEXT_TO_NOTHING)
		return "none";
	return model->r2 < R2_WELL ? "part" : "good";
}

void
report_html(StringInfo out, const Report *report)
{
	append_escaped(out, page_head, report->title, page_style);
	append_escaped(out, "<h1>", report->title, "</h1>\n");
	appendStringInfo(out, "<div class=\"verdict %s\">",
					 trust_class(report->model));
	append_escaped(out, "<p><strong>", report->verdict, "</strong></p>");
	append_escaped(out, "<p>", report->quality, "</p></div>\n");
	append_panel(out, report);
	page_effects(out, report);
	appendStringInfoString(out, page_foot);
	appendStringInfoString(out, page_script);
	appendStringInfoString(out, "</body></html>");
}
