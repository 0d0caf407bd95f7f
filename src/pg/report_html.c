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

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "pg/answers.h"
#include "pg/report.h"
#include "pg/report_page.h"
#include "pg/train.h"

/* From here on the verdict is that all is well. */
#define R2_WELL			0.6

#define ELLIPSIS		"..."
#define TITLE			400		/* columns of a text in full */
#define LEVELS			20		/* of a parameter */

/* ---- cells ---- */

/* Where it may be broken: behind what is between words. */
void
page_name(StringInfo out, const char *name)
{
	const char *rest = report_cut(name, PAGE_NAME, ELLIPSIS);

	appendStringInfoString(out, "<bdi>");
	while (*rest != '\0')
	{
		size_t		word = strcspn(rest, "._/-:");
		size_t		end = word + strspn(rest + word, "._/-:");

		report_escape(out, pnstrdup(rest, end));
		rest += end;
		if (*rest != '\0')
			appendStringInfoString(out, "<wbr/>");
	}
	appendStringInfoString(out, "</bdi>");
}

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
append_number_cell(StringInfo out, const char *class, double key,
				   const char *text)
{
	appendStringInfo(out, "<td class=\"%s\"", class);
	if (!isnan(key))
		appendStringInfo(out, " data-k=\"%.6f\"", key);
	appendStringInfoChar(out, '>');
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
	appendStringInfoChar(out, '>');
	page_name(out, row->name);
	if (row->note != NULL)
		append_escaped(out, "<small>", report_cut(row->note, TITLE, ELLIPSIS),
					   "</small>");
	appendStringInfoString(out, "</th>");
}

/* ---- rows of the panel ---- */

static void
append_head(StringInfo out, const Report *report)
{
	appendStringInfoString(out, "<thead><tr><th scope=\"col\">Config parameter</th><th scope=\"col\" colspan=\"2\">Importance</th>");
	if (report->has_errors)
		appendStringInfoString(out, "<th scope=\"col\" class=\"nu xt\">std. error</th>");
	if (report->has_p_values)
		appendStringInfoString(out, "<th scope=\"col\" class=\"nu xt\">p</th>");
	appendStringInfoString(out, "<th scope=\"col\" colspan=\"2\">Correlation</th></tr></thead>\n");
}

/* The cells of a row but its name. */
static void
append_numbers(StringInfo out, const Report *report, const ReportRow *row)
{
	const char *class = row->p_value > P_OF_CHANCE ? "im ch" : "im";

	append_number_cell(out, "nu", row->share, report_share(row->share));
	append_bar_cell(out, class, row->share, row->error);
	if (report->has_errors)
		append_number_cell(out, "nu xt", row->error, report_share(row->error));
	if (report->has_p_values)
		append_number_cell(out, "nu xt", row->p_value,
						   report_p_value(row->p_value));
	append_number_cell(out, "nu", row->correlation,
					   report_correlation(row->correlation));
	append_bar_cell(out, row->correlation < 0 ? "ne" : "po",
					fabs(row->correlation), NAN);
	appendStringInfoString(out, "</tr>\n");
}

/* ---- what is folded under a row ---- */

/* "212 runs, mean 0.83 (sd 0.2), 19 of the lowest 88" */
static char *
level_in_words(const Report *report, const ReportLevel *level, uint32 n_best)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "%u run%s", level->runs, level->runs == 1 ? "" : "s");
	if (!isnan(level->mean))
		appendStringInfo(&out, ", mean %.4g", level->mean);
	if (!isnan(level->stddev))
		appendStringInfo(&out, " (sd %.3g)", level->stddev);
	appendStringInfo(&out, ", %u of the %s %u", level->best,
					 report->model->maximize ? "highest" : "lowest", n_best);
	return out.data;
}

/* It takes all columns of the importance: a level has none of its own. */
static void
append_level(StringInfo out, const Report *report, const ReportLevel *level,
			 uint32 n_best)
{
	appendStringInfoString(out, "<tr class=\"lv\">");
	appendStringInfoString(out, "<th scope=\"row\">");
	page_name(out, level->name);
	appendStringInfoString(out, "</th><td class=\"fa\" colspan=\"2\">");
	append_escaped(out, "", level_in_words(report, level, n_best), "</td>");
	if (report->has_errors)
		appendStringInfoString(out, "<td class=\"xt\"></td>");
	if (report->has_p_values)
		appendStringInfoString(out, "<td class=\"xt\"></td>");
	append_number_cell(out, "nu", NAN, report_correlation(level->correlation));
	append_bar_cell(out, level->correlation < 0 ? "ne" : "po",
					fabs(level->correlation), NAN);
	appendStringInfoString(out, "</tr>\n");
}

static void
append_levels(StringInfo out, const Report *report, const ReportRow *row,
			  const ReportLevel *levels, uint32 n, uint32 all)
{
	uint32		n_best = n > 0 ? report_best_runs(row->row) : 0;

	for (uint32 i = 0; i < n; i++)
		append_level(out, report, &levels[i], n_best);
	if (n < all)
		appendStringInfo(out, "<tr class=\"lv\"><th scope=\"row\" colspan=\"%d\">%u more, of fewer runs</th></tr>\n",
						 5 + report->has_errors + report->has_p_values,
						 all - n);
}

/* The parameters of a group, by importance. */
static void
append_members(StringInfo out, const Report *report, uint32 group)
{
	const Model *model = report->model;

	for (uint32 i = 0; i < model->n_rows; i++)
	{
		const ModelRow *member = &model->rows[report->order[i]];
		ReportRow	row = {
			.row = member,
			.share = member->findings.importance[model->method] * report->scale,
			.error = member->findings.standard_error * report->scale,
			.p_value = member->findings.p_value_adjusted,
			.correlation = member->description.pearson
		};

		if (member->group != group)
			continue;
		row.name = report_showable(member->name);
		appendStringInfoString(out, "<tr class=\"lv\">");
		append_name_cell(out, &row);
		append_numbers(out, report, &row);
	}
}

/* At most a thousand groups have such a share. */
static bool
lists_members(const ReportRow *row)
{
	return row->row == NULL && row->share >= REPORT_SMALL;
}

static uint32
count_members(const Model *model, uint32 group)
{
	uint32		n = 0;

	for (uint32 i = 0; i < model->n_rows; i++)
		if (model->rows[i].group == group)
			n++;
	return n;
}

/* A row, and behind it those that the script folds under it. */
static void
append_row(StringInfo out, const Report *report, const ReportRow *row)
{
	uint32		n;
	uint32		all;
	ReportLevel *levels = report_levels(report->model, row->row, LEVELS, &n,
										&all);

	appendStringInfoString(out, report_took_part(row) ? "<tr" :
						   "<tr class=\"idle\"");
	if (lists_members(row))
		appendStringInfo(out, " data-sub=\"%u parameters\"",
						 count_members(report->model, row->group));
	else if (all > 0)
		appendStringInfo(out, " data-sub=\"%u %s%s\"", all,
						 row->row->kind == HP_NUMERIC ? "word" : "level",
						 all == 1 ? "" : "s");
	appendStringInfoChar(out, '>');
	append_name_cell(out, row);
	append_numbers(out, report, row);
	append_levels(out, report, row, levels, n, all);
	if (lists_members(row))
		append_members(out, report, row->group);
}

/* ---- the panel ---- */

static void
append_panel(StringInfo out, const Report *report)
{
	if (report->n_rows == 0)
		return;
	appendStringInfoString(out, page_controls);
	appendStringInfoString(out, "<div class=\"wide\"><table id=\"hpr-panel\" aria-label=\"Hyperparameters by importance\">\n");
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

const char *
page_trust(const Model *model)
{
	if (isnan(model->r2) || model->p_value > P_OF_CHANCE ||
		model->r2 < R2_NEXT_TO_NOTHING)
		return "none";
	return model->r2 < R2_WELL ? "part" : "good";
}

/* As a page names a script that may run. */
static void
append_digest(StringInfo out, const char *script)
{
	Datum		bytes = CStringGetTextDatum(script);	/* laid out as a bytea is */
	Datum		digest = DirectFunctionCall1(sha256_bytea, bytes);
	Datum		base64 = DirectFunctionCall2(binary_encode, digest,
											 CStringGetTextDatum("base64"));

	appendStringInfoString(out, TextDatumGetCString(base64));
}

void
report_html(StringInfo out, const Report *report)
{
	appendStringInfoString(out, page_head);
	append_digest(out, page_script);
	append_escaped(out, page_head_rest, report->title, page_style);
	append_escaped(out, "<h1>", report->title, "</h1>\n");
	appendStringInfo(out, "<div class=\"verdict %s\">",
					 page_trust(report->model));
	append_escaped(out, "<p><strong>", report->verdict, "</strong></p>");
	append_escaped(out, "<p>", report->quality, "</p>");
	if (report->doubt != NULL)
		append_escaped(out, "<p>", report->doubt, "</p>");
	appendStringInfoString(out, "</div>\n");
	append_panel(out, report);
	page_effects(out, report);
	page_next(out, report);
	appendStringInfoString(out, page_foot);
	appendStringInfo(out, "<script>%s</script>\n", page_script);
	appendStringInfoString(out, "</body></html>");
}
