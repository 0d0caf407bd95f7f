/*
 * report_svg.c
 *		A report as a picture: importance and correlation as bars from 0 to 1.
 *
 * Fonts differ from place to place: names have as much room as letters of a
 * generous width take, and are clipped where that is not enough.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "pg/report.h"
#include "pg/train.h"

#define MARGIN			16
#define LINE			18		/* of the text above and below */
#define HEAD			30		/* of the names of columns */
#define ROW				26
#define BAR				10
#define INDENT			4		/* of the first column */
#define GAP				20		/* between columns */
#define NUMBER			46		/* a number before its bar */
#define TRACK			190		/* a bar from 0 to 1 */
#define COLUMN			8.4		/* a letter of a name */
#define LEAST_NAME		16		/* columns of the longest name */
#define MOST_NAME		64
#define NOTED_NAME		40		/* the same in a note */
#define TEXT_COLUMN		6.6		/* a letter of the text above and below */
#define ELLIPSIS		"..."
#define MOST_NOTES		10
#define TOOLTIP			400		/* columns of a text in full */

/* Where things stand. */
typedef struct Picture
{
	const Report *report;
	StringInfo	out;
	int			name;			/* width of the names */
	int			importance;		/* left ends of columns */
	int			correlation;
	int			width;
	int			y;				/* top of what comes next */
} Picture;

static const char style_sheet[] =
"<style>\n"
".hpr{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;max-width:100%;height:auto}\n"
".hpr .bg{fill:#fff}.hpr .hd{fill:#f9f9f9}.hpr .ln{stroke:#dbdbdb}\n"
".hpr text{fill:#24262b;white-space:pre}.hpr .ti{font-size:15px;font-weight:600}\n"
".hpr .vd{font-weight:600}.hpr .sm{font-size:12px;fill:#6a6e76}\n"
".hpr .nu{font-size:12px;text-anchor:end;font-variant-numeric:tabular-nums}\n"
".hpr .tr{fill:#ececee}.hpr .im{fill:#4a8cd2}.hpr .po{fill:#5fc290}.hpr .ne{fill:#ed6050}\n"
".hpr .ch{opacity:.4}.hpr .er{stroke:#1d3f66;fill:none}\n"
"@media (prefers-color-scheme:dark){\n"
".hpr .bg{fill:#1b1c20}.hpr .hd{fill:#26282d}.hpr .ln{stroke:#3e4148}\n"
".hpr text{fill:#e4e5e8}.hpr .sm{fill:#a3a7af}\n"
".hpr .tr{fill:#33363c}.hpr .er{stroke:#cfe2f7}\n"
"}\n"
"</style>\n";

/* ---- parts ---- */

static void
append_text(const Picture *p, const char *class, int x, int y,
			const char *text)
{
	appendStringInfo(p->out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	report_escape(p->out, text);
	appendStringInfoString(p->out, "</text>\n");
}

/* A bar of a share of its track. */
static void
append_bar(const Picture *p, const char *class, int x, double share)
{
	int			y = p->y + (ROW - BAR) / 2;

	appendStringInfo(p->out, "<rect class=\"tr\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>",
					 x, y, TRACK, BAR);
	if (share > HP_FAINT)
		appendStringInfo(p->out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"%d\"/>",
						 class, x, y, Max(Min(share, 1) * TRACK, 1), BAR,
						 share * TRACK >= 4 ? 2 : 0);
	appendStringInfoChar(p->out, '\n');
}

/* From a standard error below to one above, within the track. */
static void
append_error(const Picture *p, int x, const ReportRow *row)
{
	double		low = x + TRACK * Max(row->share - row->error, 0);
	double		high = x + TRACK * Min(row->share + row->error, 1);
	int			y = p->y + ROW / 2;

	if (isnan(row->share) || isnan(row->error) || high - low < 3)
		return;
	appendStringInfo(p->out, "<path class=\"er\" d=\"M%.1f %dH%.1fM%.1f %dv6M%.1f %dv6\"/>\n",
					 low, y, high, low, y - 3, high, y - 3);
}

static void
append_name(const Picture *p, const ReportRow *row)
{
	bool		turned = report_right_to_left(row->name);

	/* what does not fit is clipped by the picture within */
	appendStringInfo(p->out, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><title>",
					 MARGIN, p->y, p->name, ROW);
	report_escape(p->out, report_cut(row->name, TOOLTIP, ELLIPSIS));
	if (row->note != NULL)
	{
		appendStringInfoString(p->out, ": ");
		report_escape(p->out, report_cut(row->note, TOOLTIP, ELLIPSIS));
	}
	/* at the left side in both directions: that is the end of one */
	appendStringInfo(p->out, "</title><text x=\"%d\" y=\"%d\"%s>", INDENT, ROW / 2 + 4,
					 turned ? " direction=\"rtl\" text-anchor=\"end\"" : "");
	report_escape(p->out, report_cut(row->name, MOST_NAME, ELLIPSIS));
	appendStringInfoString(p->out, "</text></svg>\n");
}

/* The number says by its sign what the bar says by its colour. */
static void
append_correlation(const Picture *p, double correlation, int baseline)
{
	int			x = p->correlation + NUMBER;

	/* a dash would read as a sign */
	if (isnan(correlation))
		return;
	append_text(p, "nu", x - 8, baseline, report_correlation(correlation));
	append_bar(p, correlation < 0 ? "ne" : "po", x, fabs(correlation));
}

static void
append_row(const Picture *p, const ReportRow *row)
{
	const char *chance = row->p_value > P_OF_CHANCE ? " ch" : "";
	int			baseline = p->y + ROW / 2 + 4;

	append_name(p, row);
	append_text(p, "nu", p->importance + NUMBER - 8, baseline,
				isnan(row->share) ? "-" : report_share(row->share));
	if (!isnan(row->share))
		append_bar(p, psprintf("im%s", chance), p->importance + NUMBER,
				   row->share);
	append_error(p, p->importance + NUMBER, row);
	append_correlation(p, row->correlation, baseline);
	appendStringInfo(p->out, "<path class=\"ln\" d=\"M%d %d.5H%d\"/>\n",
					 MARGIN, p->y + ROW - 1, p->width - MARGIN);
}

/* A paragraph in lines as long as the picture is wide. */
static void
append_paragraph(Picture *p, const char *class, const char *text)
{
	StringInfoData lines;
	char	   *line;
	char	   *next;

	initStringInfo(&lines);
	report_wrap(&lines, text, (p->width - 2 * MARGIN) / TEXT_COLUMN, 0);
	lines.data[lines.len - 1] = '\0';
	for (line = lines.data; line != NULL; line = next)
	{
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		append_text(p, class, MARGIN, p->y + LINE - 5, line);
		p->y += LINE;
	}
}

static void
append_head(Picture *p)
{
	int			baseline = p->y + HEAD / 2 + 4;

	appendStringInfo(p->out, "<rect class=\"hd\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
					 MARGIN, p->y, p->width - 2 * MARGIN, HEAD);
	append_text(p, "sm", MARGIN + INDENT, baseline, "Config parameter");
	append_text(p, "sm", p->importance, baseline, "Importance");
	append_text(p, "sm", p->correlation, baseline, "Correlation");
	p->y += HEAD;
}

/* The first notes; all of them are the titles of the names. */
static void
append_notes(Picture *p)
{
	List	   *notes = report_notes(p->report, NOTED_NAME, ELLIPSIS);
	ListCell   *cell;
	int			n = 0;

	foreach(cell, notes)
	{
		if (n++ == MOST_NOTES)
			break;
		append_paragraph(p, "sm", report_cut(lfirst(cell), TOOLTIP, ELLIPSIS));
	}
	if (n > 0)
		p->y += 6;
}

static void
append_foot(Picture *p, uint32 idle)
{
	const Report *report = p->report;

	p->y += 6;
	if (idle > 0)
		append_paragraph(p, "sm", psprintf("%u more take no part: constant or identifiers.",
										   idle));
	if (report->n_large == 0)
		return;
	append_notes(p);
	append_paragraph(p, "sm", report_legend(report, report->has_errors, false));
	if (report->has_p_values)
		append_paragraph(p, "sm", psprintf("Pale: may be chance (adjusted p above %.2f).",
										   P_OF_CHANCE));
}

/* ---- the picture ---- */

static Picture
make_picture(StringInfo out, const Report *report)
{
	Picture		p = {.report = report, .out = out};
	int			columns = LEAST_NAME;

	for (uint32 i = 0; i < report->n_rows; i++)
		if (report_took_part(&report->rows[i]))
			columns = Max(columns, report_columns(report->rows[i].name));
	p.name = INDENT + Min(columns, MOST_NAME) * COLUMN;
	p.importance = MARGIN + p.name + GAP;
	p.correlation = p.importance + NUMBER + TRACK + GAP;
	p.width = p.correlation + NUMBER + TRACK + MARGIN;
	return p;
}

static void
append_body(Picture *p)
{
	const Report *report = p->report;
	uint32		idle = 0;

	p->y = MARGIN;
	append_paragraph(p, "ti", report->title);
	p->y += 4;
	append_paragraph(p, "vd", report->verdict);
	append_paragraph(p, "sm", report->quality);
	if (report->doubt != NULL)
		append_paragraph(p, "sm", report->doubt);
	p->y += 8;
	append_head(p);
	for (uint32 i = 0; i < report->n_rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!report_took_part(&report->rows[i]))
		{
			idle++;
			continue;
		}
		append_row(p, &report->rows[i]);
		p->y += ROW;
	}
	append_foot(p, idle);
	p->y += MARGIN - 4;
}

void
report_svg(StringInfo out, const Report *report)
{
	StringInfoData body;
	Picture		p;

	initStringInfo(&body);
	p = make_picture(&body, report);
	append_body(&p);
	appendStringInfo(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"hpr\" role=\"img\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n<title>",
					 p.width, p.y, p.width, p.y);
	report_escape(out, report->title);
	appendStringInfo(out, "</title>\n%s<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n",
					 style_sheet, p.width, p.y);
	appendBinaryStringInfo(out, body.data, body.len);
	appendStringInfoString(out, "</svg>");
}
