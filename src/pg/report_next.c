/*
 * report_next.c
 *		What a report says of the next sweep: the rows of hp_suggest.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "pg/report_page.h"

#define KEPT			60		/* columns of levels */
#define REASON			400		/* columns of a reason */
#define ELLIPSIS		"..."

ReportNext
report_next(const Report *report)
{
	const Model *model = report->model;
	ReportNext	next = {0};

	if (model->onehot || !model_can_grow(model))
		return next;
	next.nothing = suggest_nothing(model);
	if (next.nothing == NULL && model->n_trees == 0)
		return next;
	next.rows = suggest(model, &next.n);
	return next;
}

bool
report_next_asks(const Suggested *suggested)
{
	return suggested->row->role == HP_PARAMETER &&
		suggested->advice != HP_FREEZE;
}

bool
report_next_freezes(const Suggested *suggested)
{
	return suggested->row->role == HP_PARAMETER &&
		suggested->advice == HP_FREEZE;
}

char *
report_next_kept(const Suggested *suggested, const char *ellipsis)
{
	if (suggested->levels.bytes != NULL)
		return report_cut(report_showable(suggested->levels), KEPT, ellipsis);
	if (isnan(suggested->low))
		return "";
	if (suggested->low == suggested->high)
		return psprintf("%.6g", suggested->low);
	return psprintf("%.6g to %.6g", suggested->low, suggested->high);
}

char *
report_next_reason(const Suggested *suggested, const char *ellipsis)
{
	HpText		reason = {suggested->reason, strlen(suggested->reason)};

	return report_cut(report_showable(reason), REASON, ellipsis);
}

/* "0.12 +-0.03"; empty if there is none. */
char *
report_next_gain(const Report *report, const Suggested *suggested)
{
	if (isnan(suggested->gain) || suggested->gain == 0)
		return "";
	if (isnan(suggested->gain_stddev))
		return psprintf("%.3g", suggested->gain);
	return psprintf("%.3g %s%.2g", suggested->gain,
					report->ascii ? "+-" : "\302\261", suggested->gain_stddev);
}

/* ---- the page ---- */

static void
append_cell(StringInfo out, const char *class, const char *text)
{
	appendStringInfo(out, "<td%s>", class);
	report_escape(out, text);
	appendStringInfoString(out, "</td>");
}

static void
append_row(StringInfo out, const Report *report, const Suggested *suggested)
{
	const char *advice = suggest_advice_name(suggested->advice);

	appendStringInfoString(out, "<tr><th scope=\"row\">");
	page_name(out, report_showable(suggested->row->name));
	appendStringInfo(out, "</th><td><span class=\"ad %s\">%s</span></td>",
					 advice, advice);
	append_cell(out, " class=\"va\"", report_next_kept(suggested, ELLIPSIS));
	append_cell(out, " class=\"nu\"", report_next_gain(report, suggested));
	append_cell(out, " class=\"sm wy\"", report_next_reason(suggested, ELLIPSIS));
	appendStringInfoString(out, "</tr>\n");
}

static void
append_table(StringInfo out, const Report *report, const ReportNext *next,
			 bool (*wanted) (const Suggested *))
{
	appendStringInfoString(out, "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Parameter</th><th scope=\"col\">Advice</th><th scope=\"col\">Values</th><th scope=\"col\" class=\"nu\">Gain</th><th scope=\"col\">Why</th></tr></thead><tbody>\n");
	for (uint32 i = 0; i < next->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (wanted(&next->rows[i]))
			append_row(out, report, &next->rows[i]);
	}
	appendStringInfoString(out, "</tbody></table></div>\n");
}

static uint32
count(const ReportNext *next, bool (*wanted) (const Suggested *))
{
	uint32		n = 0;

	for (uint32 i = 0; i < next->n; i++)
		if (wanted(&next->rows[i]))
			n++;
	return n;
}

/*
 * A part of JSON, set apart from what surrounds it.  What steers the direction
 * of writing becomes an escape, which means the same in JSON.
 */
static void
append_json(StringInfo out, const char *json)
{
	HpText		text = {json, strlen(json)};

	appendStringInfoString(out, "<bdi>");
	report_escape(out, report_showable(text));
	appendStringInfoString(out, "</bdi>");
}

static void
append_member(StringInfo out, const Suggested *suggested)
{
	HpText		name = suggested->row->name;
	StringInfoData key;

	initStringInfo(&key);
	escape_json(&key, pnstrdup(name.bytes, name.length));
	appendStringInfoString(out, "  ");
	append_json(out, key.data);
	appendStringInfoString(out, ": ");
	append_json(out, suggested->sweep);
}

/* All of it as the parameters of a sweep are written. */
static void
append_sweep(StringInfo out, const ReportNext *next)
{
	bool		first = true;

	for (uint32 i = 0; i < next->n; i++)
	{
		if (next->rows[i].sweep == NULL)
			continue;
		appendStringInfoString(out, first ? "<details><summary>As the parameters of a sweep, in JSON</summary><pre>{\n" : ",\n");
		append_member(out, &next->rows[i]);
		first = false;
	}
	if (!first)
		appendStringInfoString(out, "\n}</pre></details>\n");
}

static void
append_next(StringInfo out, const Report *report, const ReportNext *next)
{
	uint32		asked = count(next, report_next_asks);
	uint32		frozen = count(next, report_next_freezes);

	appendStringInfo(out, "<p class=\"sm\">What to keep of what was tried; gain: by how much the metric gets %s, on average over the others, if only that is drawn, with its standard deviation over the trees. Good metrics are taken to be %s (goal =&gt; '%s' says otherwise).</p>\n",
					 report->model->maximize ? "higher" : "lower",
					 report->model->maximize ? "high" : "low",
					 report->model->maximize ? "minimize" : "maximize");
	if (asked > 0)
		append_table(out, report, next, report_next_asks);
	if (frozen > 0)
	{
		appendStringInfo(out, "<details%s><summary>%u to take one value for: no difference can be told</summary>\n",
						 asked == 0 ? " open=\"open\"" : "", frozen);
		append_table(out, report, next, report_next_freezes);
		appendStringInfoString(out, "</details>\n");
	}
	append_sweep(out, next);
}

void
page_next(StringInfo out, const Report *report)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "hpimp report",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext keep = MemoryContextSwitchTo(scratch);
	ReportNext	next = report_next(report);

	if (next.nothing != NULL)
	{
		appendStringInfoString(out, "<section id=\"hpr-next-sweep\"><h2>The next sweep</h2>\n<p class=\"sm\">No advice: ");
		report_escape(out, next.nothing);
		appendStringInfoString(out, ".</p></section>\n");
	}
	else if (next.n > 0)
	{
		appendStringInfoString(out, "<section id=\"hpr-next-sweep\"><h2>The next sweep</h2>\n");
		append_next(out, report, &next);
		appendStringInfoString(out, "</section>\n");
	}
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(scratch);
}
