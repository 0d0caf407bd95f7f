/*
 * report.c
 *		What a report shows, whatever its format.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "pg/answers.h"
#include "pg/report.h"
#include "pg/training_notices.h"

/* Members of a group that its note names. */
#define MEMBERS_NAMED	5

/* Parameters that are named before the note that they have in common. */
#define SHARERS_NAMED	6

/* ---- text from outside ---- */

/* What turns the direction of what follows, or breaks lines. */
static bool
is_steering(pg_wchar c)
{
	return c == 0x061C || c == 0x200E || c == 0x200F ||
		(c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* The code of a character that only controls how others are shown, or 0. */
static pg_wchar
control_code(const char *at)
{
	unsigned char byte = *at;

	if (byte < 0x20 || byte == 0x7F)
		return byte;
	if (byte >= 0x80 && GetDatabaseEncoding() == PG_UTF8)
	{
		pg_wchar	c = utf8_to_unicode((const unsigned char *) at);

		if (c < 0xA0 || is_steering(c))
			return c;
	}
	return 0;
}

static void
append_control(StringInfo out, pg_wchar c)
{
	switch (c)
	{
		case '\n':
			appendStringInfoString(out, "\\n");
			break;
		case '\r':
			appendStringInfoString(out, "\\r");
			break;
		case '\t':
			appendStringInfoString(out, "\\t");
			break;
		default:
			appendStringInfo(out, "\\u%04x", (unsigned int) c);
	}
}

/* A text that can be shown in a line. */
static char *
showable(const char *bytes, size_t length)
{
	char	   *text = pnstrdup(bytes, length);
	StringInfoData out;

	initStringInfo(&out);
	for (char *at = text; *at != '\0'; at += pg_mblen(at))
	{
		pg_wchar	control = control_code(at);

		if (control != 0)
			append_control(&out, control);
		else
			appendBinaryStringInfo(&out, at, pg_mblen(at));
	}
	return out.data;
}

char *
report_showable(HpText text)
{
	return text.length == 0 ? "\"\"" : showable(text.bytes, text.length);
}

/* ---- rows ---- */

static char *
note_of_group(const Model *model, uint32 group)
{
	StringInfoData names;
	uint32		n = 0;

	initStringInfo(&names);
	for (uint32 i = 0; i < model->n_rows; i++)
	{
		if (model->rows[i].group != group)
			continue;
		if (++n <= MEMBERS_NAMED)
			appendStringInfo(&names, "%s%s", n == 1 ? "" : ", ",
							 report_showable(model->rows[i].name));
	}
	return psprintf("group of %u: %s%s", n, names.data,
					n > MEMBERS_NAMED ? " ..." : "");
}

static char *
make_note(const Model *model, const ModelShown *shown)
{
	char	   *note;

	if (shown->row == NULL)
		return note_of_group(model, shown->group);
	note = model_note(model, shown->row);
	return *note == '\0' ? NULL : showable(note, strlen(note));
}

static const Findings *
shown_findings(const Model *model, const ModelShown *shown)
{
	return shown->row != NULL ? &shown->row->findings :
		&model->groups[shown->group - 1].findings;
}

/* With groups the shares are scaled once more, and so are their errors. */
static double
scale_of_shares(const Model *model, const ModelShown *largest)
{
	double		importance;

	importance = shown_findings(model, largest)->importance[model->method];
	return importance > 0 ? largest->share / importance : 1;
}

static void
gather_rows(Report *report)
{
	const Model *model = report->model;
	ModelShown *shown = model_shown(model, &report->n_rows);
	double		scale = 1;

	if (report->n_rows > 0)
		scale = scale_of_shares(model, &shown[0]);
	report->scale = scale;
	report->rows = palloc_extended((report->n_rows + 1) * sizeof(ReportRow),
								   MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < report->n_rows; i++)
	{
		const Findings *findings = shown_findings(model, &shown[i]);
		ReportRow  *row = &report->rows[i];

		CHECK_FOR_INTERRUPTS();
		*row = (ReportRow) {
			.name = report_showable(shown[i].name),
			.note = make_note(model, &shown[i]),
			.row = shown[i].row,
			.group = shown[i].group,
			.share = shown[i].share,
			.error = findings->standard_error * scale,
			.p_value = findings->p_value_adjusted,
			.correlation = shown[i].row == NULL ? NAN :
			shown[i].row->description.pearson
		};
		if (row->share >= REPORT_SMALL)
			report->n_large++;
		report->has_errors |= !isnan(row->error);
		report->has_p_values |= !isnan(row->p_value);
	}
}

char *
report_rest(const Report *report)
{
	uint32		rest = report->n_rows - report->n_large;
	uint32		idle = 0;
	StringInfoData out;

	if (rest == 0)
		return NULL;
	for (uint32 i = report->n_large; i < report->n_rows; i++)
		if (!report_took_part(&report->rows[i]))
			idle++;
	initStringInfo(&out);
	appendStringInfo(&out, "%u %s", rest, report->n_large > 0 ? "more" :
					 rest == 1 ? "hyperparameter" : "hyperparameters");
	if (idle < rest)
		appendStringInfoString(&out, isnan(report->rows[report->n_large].share) ?
							   ", importance not known" : ", next to nothing");
	if (idle == rest)
		appendStringInfoString(&out, ", constant or identifiers");
	else if (idle > 0)
		appendStringInfo(&out, " (%u of them constant or identifiers)", idle);
	return out.data;
}

/* Whether a row above has the same note. */
static bool
is_said(const Report *report, uint32 i)
{
	for (uint32 j = 0; j < i; j++)
		if (report->rows[j].note != NULL &&
			strcmp(report->rows[j].note, report->rows[i].note) == 0)
			return true;
	return false;
}

/* "a, b, c and 4 more: note", of the row and those below that have its note. */
static char *
note_in_common(const Report *report, uint32 first, int columns,
			   const char *ellipsis)
{
	const char *note = report->rows[first].note;
	StringInfoData out;
	uint32		n = 0;

	initStringInfo(&out);
	for (uint32 i = first; i < report->n_large; i++)
	{
		const ReportRow *row = &report->rows[i];

		if (row->note == NULL || strcmp(row->note, note) != 0)
			continue;
		if (++n <= SHARERS_NAMED)
			appendStringInfo(&out, "%s%s", n == 1 ? "" : ", ",
							 report_cut(row->name, columns, ellipsis));
	}
	if (n > SHARERS_NAMED)
		appendStringInfo(&out, " and %u more", n - SHARERS_NAMED);
	appendStringInfo(&out, ": %s", note);
	return out.data;
}

/* At most a thousand rows have a line: comparing all takes no time. */
List *
report_notes(const Report *report, int columns, const char *ellipsis)
{
	List	   *notes = NIL;

	for (uint32 i = 0; i < report->n_large; i++)
	{
		if (report->rows[i].note != NULL && !is_said(report, i))
			notes = lappend(notes, note_in_common(report, i, columns,
												  ellipsis));
	}
	return notes;
}

/* ---- what stands above and below ---- */

/* "18 of 23 hyperparameters vary" */
static void
append_parameters(StringInfo out, const Report *report)
{
	uint32		varying = report->model->n_features;
	uint32		all = report->model->n_rows;

	if (all == 0)
		appendStringInfoString(out, "no hyperparameter");
	else if (varying == all)
		appendStringInfo(out, "%u hyperparameter%s", all, all == 1 ? "" : "s");
	else
		appendStringInfo(out, "%u of %u hyperparameters %s", varying, all,
						 varying == 1 ? "varies" : "vary");
}

/* " (12 left out: 10 without metric, 2 NaN)" */
static void
append_left_out(StringInfo out, const ModelRuns *runs)
{
	uint64		counts[] = {
		runs->no_metric, runs->nan_metric, runs->infinite_metric
	};
	const char *const names[] = {"without metric", "NaN", "infinite"};
	uint64		sum = model_left_out(runs);
	const char *comma = "";

	if (sum == 0)
		return;
	appendStringInfo(out, " (%llu left out: ", (unsigned long long) sum);
	for (int i = 0; i < 3; i++)
	{
		if (counts[i] == 0)
			continue;
		appendStringInfo(out, "%s%llu %s", comma,
						 (unsigned long long) counts[i], names[i]);
		comma = ", ";
	}
	appendStringInfoChar(out, ')');
}

/* What a NOTICE says as well, which is not there for who reads a report. */
static void
append_extremes(StringInfo out, const Model *model)
{
	uint32		few = model->metric.extremes;

	if (few_runs_make_variance(model))
		appendStringInfo(out, " %u of the runs make%s %.0f %% of the metric's variance: leave %s out if %s for failure.",
						 few, few == 1 ? "s" : "", 100 * model->metric.share,
						 few == 1 ? "it" : "them",
						 few == 1 ? "it stands" : "they stand");
}

static char *
make_quality(const Report *report)
{
	const Model *model = report->model;
	StringInfoData out;

	initStringInfo(&out);
	if (!isnan(model->r2))
	{
		appendStringInfo(&out, "Out-of-bag %s %.2f",
						 report->ascii ? "R2" : "R\302\262",
						 fabs(model->r2) < 0.005 ? 0.0 : model->r2);
		if (!isnan(model->p_value))
			appendStringInfo(&out, " (p %s)", report_p_value(model->p_value));
		appendStringInfoString(&out, "; ");
	}
	appendStringInfo(&out, "%llu run%s", (unsigned long long) model->runs.used,
					 model->runs.used == 1 ? "" : "s");
	append_left_out(&out, &model->runs);
	appendStringInfoString(&out, ", ");
	append_parameters(&out, report);
	appendStringInfoChar(&out, '.');
	append_extremes(&out, model);
	return out.data;
}

/*
 * How far the first is ahead of the second, in words; their errors are taken
 * as independent.
 */
static void
append_lead(StringInfo out, const Report *report)
{
	const ReportRow *first = &report->rows[0];
	const ReportRow *second = &report->rows[1];
	double		lead;
	double		error;

	if (report->n_rows < 2 || isnan(first->error) || isnan(second->error) ||
		!report_took_part(second))
		return;
	lead = first->share - second->share;
	error = sqrt(first->error * first->error + second->error * second->error);
	appendStringInfo(out, "%s first leads by %.3f, %s than two standard errors",
					 out->len > 0 ? "; the" : "The", lead,
					 lead > 2 * error ? "more" : "less");
	if (!(lead > 2 * error))
		appendStringInfoString(out, ": its place may be chance");
}

/* What can be said of the order of the rows, where it says anything at all. */
static char *
make_doubt(const Report *report)
{
	const Model *model = report->model;
	StringInfoData out;
	uint32		n = 0;
	uint32		beyond = 0;

	if (isnan(model->r2) || model->r2 < R2_NEXT_TO_NOTHING ||
		model->p_value > P_OF_CHANCE)
		return NULL;
	for (uint32 i = 0; i < report->n_rows; i++)
	{
		if (isnan(report->rows[i].p_value))
			continue;
		n++;
		if (report->rows[i].p_value <= P_OF_CHANCE)
			beyond++;
	}
	initStringInfo(&out);
	if (n > 0)
		appendStringInfo(&out, "%u of %u stand%s out from chance (adjusted p up to %.2f)",
						 beyond, n, beyond == 1 ? "s" : "", P_OF_CHANCE);
	append_lead(&out, report);
	if (out.len == 0)
		return NULL;
	appendStringInfoChar(&out, '.');
	return out.data;
}

/* The verdict of hp_quality as a sentence. */
static char *
make_verdict(const Model *model)
{
	char	   *verdict = psprintf("%s.", model_verdict(model));

	verdict[0] = pg_toupper((unsigned char) verdict[0]);
	return verdict;
}

static const char *
method_in_words(Method method)
{
	switch (method)
	{
		case METHOD_IMPURITY:
			return "impurity";
		case METHOD_PERMUTATION:
			return "permutation";
		case METHOD_CORRECTED:
			return "corrected impurity";
		case METHOD_FANOVA:
			return "functional ANOVA";
		case METHOD_PED_ANOVA:
			return "PED-ANOVA";
	}
	return NULL;
}

char *
report_legend(const Report *report, bool errors, bool p_values)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "Importance by %s, in sum 1",
					 method_in_words(report->model->method));
	if (errors)
		appendStringInfo(&out, ", %s standard error",
						 report->ascii ? "+-" : "\302\261");
	if (p_values)
		appendStringInfoString(&out, "; p: how often chance does as much, adjusted for the number of hyperparameters");
	appendStringInfoString(&out, "; correlation: linear, + where the metric rises with it, - where it falls.");
	return out.data;
}

static Report *
gather(const Model *model, const char *subject, const ReportStyle *style)
{
	Report	   *report = palloc0(sizeof(Report));

	report->model = model;
	report->style = style;
	report->ascii = style->ascii || GetDatabaseEncoding() != PG_UTF8;
	/* what is escaped to ASCII in the end */
	if (style->format >= REPORT_SVG)
		report->ascii = GetDatabaseEncoding() != PG_UTF8;
	gather_rows(report);
	report->order = model_order(model);
	report->title = subject == NULL ? "Which hyperparameters matter" :
		psprintf("Which hyperparameters matter for %s",
				 showable(subject, strlen(subject)));
	report->verdict = make_verdict(model);
	report->quality = make_quality(report);
	report->doubt = make_doubt(report);
	return report;
}

Wanted
report_wants(const ReportStyle *style)
{
	switch (style->format)
	{
		case REPORT_HTML:
			return WANTED_DETAIL;
		case REPORT_MARKDOWN:
			return WANTED_TREES;
		default:
			return WANTED_FINDINGS;
	}
}

text *
report(const Model *model, const char *subject, const ReportStyle *style)
{
	const Report *report = gather(model, subject, style);
	StringInfoData out;

	initStringInfo(&out);
	switch (style->format)
	{
		case REPORT_TEXT:
			report_text(&out, report);
			break;
		case REPORT_MARKDOWN:
			report_markdown(&out, report);
			break;
		case REPORT_SVG:
			report_svg(&out, report);
			break;
		case REPORT_HTML:
			report_html(&out, report);
			break;
	}
	return cstring_to_text_with_len(out.data, out.len);
}

/* ---- numbers ---- */

char *
report_share(double share)
{
	return isnan(share) ? "" : psprintf("%.3f", share);
}

char *
report_p_value(double p)
{
	if (isnan(p))
		return "";
	return p < 0.001 ? "<0.001" : psprintf("%.3f", p);
}

char *
report_correlation(double correlation)
{
	if (isnan(correlation))
		return "";
	return fabs(correlation) < 0.005 ? "0.00" : psprintf("%+.2f", correlation);
}
