/*
 * report_effects.c
 *		What the leading parameters do, alone and in pairs, on a page.
 *
 * Curves are those of hp_marginal, pairs those of hp_interactions.  All curves
 * have the same scale of the metric: a flat one is one that matters little.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/answers.h"
#include "pg/effects.h"
#include "pg/report_page.h"

#define CURVES			6
#define LEVELS			10		/* of a parameter */
#define PAIRS			8
#define PAIR_SHARE		0.005	/* a smaller share is not worth a line */

/* Of a plot, in its own units. */
#define WIDTH			320
#define HEIGHT			130
#define LEFT			52
#define RIGHT			10
#define TOP				8
#define BOTTOM			18
#define LEVEL_LINE		18
#define LEVEL_LEFT		120
#define LEVEL_COLUMNS	18		/* of its name */
#define FEW				12		/* points that are marked one by one */

#define ELLIPSIS		"..."

/* The scale of the metric. */
typedef struct Scale
{
	double		low;
	double		high;
} Scale;

/* ---- scales ---- */

static double
spread_of(const EffectPoint *point)
{
	return isnan(point->stddev) ? 0 : point->stddev;
}

static Scale
common_scale(const EffectCurve *curves, uint32 n)
{
	Scale		scale = {INFINITY, -INFINITY};

	for (uint32 i = 0; i < n; i++)
		for (uint32 j = 0; j < curves[i].n; j++)
		{
			const EffectPoint *p = &curves[i].points[j];

			scale.low = Min(scale.low, p->mean - spread_of(p));
			scale.high = Max(scale.high, p->mean + spread_of(p));
		}
	return scale;
}

/* Where a number lies between two others, from 0 to 1. */
static double
part_of(double x, double low, double high)
{
	double		part = high > low ? (x / 2 - low / 2) / (high / 2 - low / 2) : 0.5;

	return Min(Max(part, 0), 1);
}

static double
plot_y(const Scale *scale, double metric)
{
	return TOP + (HEIGHT - TOP - BOTTOM) *
		(1 - part_of(metric, scale->low, scale->high));
}

static double
level_x(const Scale *scale, double metric)
{
	return LEVEL_LEFT + (WIDTH - RIGHT - LEVEL_LEFT) *
		part_of(metric, scale->low, scale->high);
}

/* Numbers of such a range are likely to be meant on a log scale. */
static bool
is_log(const EffectCurve *curve, uint32 n_numbers)
{
	return curve->points[0].number > 0 &&
		curve->points[n_numbers - 1].number / 100 >= curve->points[0].number;
}

static double
plot_x(const EffectCurve *curve, uint32 n_numbers, double number)
{
	double		low = curve->points[0].number;
	double		high = curve->points[n_numbers - 1].number;
	double		part = is_log(curve, n_numbers) ?
		part_of(log(number), log(low), log(high)) : part_of(number, low, high);

	return LEFT + (WIDTH - LEFT - RIGHT) * part;
}

/* ---- curves ---- */

static void
append_label(StringInfo out, double x, double y, const char *anchor,
			 const char *text)
{
	appendStringInfo(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
					 anchor);
	report_escape(out, text);
	appendStringInfoString(out, "</text>");
}

/* A standard deviation over the trees to both sides. */
static void
append_band(StringInfo out, const EffectCurve *curve, uint32 n,
			const Scale *scale)
{
	appendStringInfoString(out, "<path class=\"band\" d=\"");
	for (uint32 i = 0; i < 2 * n; i++)
	{
		bool		forth = i < n;
		const EffectPoint *p = &curve->points[forth ? i : 2 * n - 1 - i];
		double		metric = p->mean + (forth ? spread_of(p) : -spread_of(p));

		appendStringInfo(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
						 plot_x(curve, n, p->number), plot_y(scale, metric));
	}
	appendStringInfoString(out, "Z\"/>");
}

static void
append_line(StringInfo out, const EffectCurve *curve, uint32 n,
			const Scale *scale)
{
	appendStringInfoString(out, "<path class=\"curve\" d=\"");
	for (uint32 i = 0; i < n; i++)
		appendStringInfo(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
						 plot_x(curve, n, curve->points[i].number),
						 plot_y(scale, curve->points[i].mean));
	appendStringInfoString(out, "\"/>");
	for (uint32 i = 0; i < n && n <= FEW; i++)
		appendStringInfo(out, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>",
						 plot_x(curve, n, curve->points[i].number),
						 plot_y(scale, curve->points[i].mean));
}

static void
append_axes(StringInfo out, const EffectCurve *curve, uint32 n,
			const Scale *scale)
{
	int			bottom = HEIGHT - BOTTOM;

	appendStringInfo(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\" fill=\"none\"/>",
					 LEFT, TOP, bottom, WIDTH - RIGHT);
	append_label(out, LEFT - 5, TOP + 7, "end", psprintf("%.4g", scale->high));
	append_label(out, LEFT - 5, bottom, "end", psprintf("%.4g", scale->low));
	append_label(out, LEFT, HEIGHT - 5, "start",
				 psprintf("%.5g", curve->points[0].number));
	append_label(out, WIDTH - RIGHT, HEIGHT - 5, "end",
				 psprintf("%.5g", curve->points[n - 1].number));
	if (is_log(curve, n))
		append_label(out, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 5, "middle",
					 "log scale");
}

static void
append_plot(StringInfo out, const EffectCurve *curve, uint32 n_numbers,
			const Scale *scale)
{
	appendStringInfo(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"curve\">",
					 WIDTH, HEIGHT);
	append_axes(out, curve, n_numbers, scale);
	append_band(out, curve, n_numbers, scale);
	append_line(out, curve, n_numbers, scale);
	appendStringInfoString(out, "</svg>\n");
}

/* ---- levels ---- */

static char *
point_name(const EffectPoint *point)
{
	if (isnan(point->number))
		return report_showable(point->level);
	return psprintf("%.6g", point->number);
}

static void
append_level(StringInfo out, const EffectPoint *point, const Scale *scale,
			 int y)
{
	char	   *name = point_name(point);
	bool		turned = report_right_to_left(name);

	appendStringInfo(out, "<svg y=\"%d\" width=\"%d\" height=\"%d\"><title>", y,
					 LEVEL_LEFT - 6, LEVEL_LINE);
	report_escape(out, psprintf("%s: %.4g, %u runs", report_cut(name, 200, ELLIPSIS),
								point->mean, point->runs));
	appendStringInfo(out, "</title><text class=\"name\" y=\"%d\"%s>",
					 LEVEL_LINE / 2 + 4,
					 turned ? " direction=\"rtl\" text-anchor=\"end\"" : "");
	report_escape(out, report_cut(name, LEVEL_COLUMNS, ELLIPSIS));
	appendStringInfo(out, "</text></svg><path class=\"whisker\" d=\"M%.1f %dH%.1f\"/><circle class=\"dot\" cx=\"%.1f\" cy=\"%d\" r=\"3.2\"/>\n",
					 level_x(scale, point->mean - spread_of(point)),
					 y + LEVEL_LINE / 2,
					 level_x(scale, point->mean + spread_of(point)),
					 level_x(scale, point->mean), y + LEVEL_LINE / 2);
}

static int
compare_by_runs(const void *a, const void *b)
{
	const EffectPoint *x = *(const EffectPoint *const *) a;
	const EffectPoint *y = *(const EffectPoint *const *) b;

	if (x->runs != y->runs)
		return x->runs > y->runs ? -1 : 1;
	return x < y ? -1 : x > y;
}

static int
compare_by_place(const void *a, const void *b)
{
	const EffectPoint *x = *(const EffectPoint *const *) a;
	const EffectPoint *y = *(const EffectPoint *const *) b;

	return x < y ? -1 : x > y;
}

/* Those that most runs have, in their order. */
static void
append_levels(StringInfo out, const EffectPoint *points, uint32 n,
			  const Scale *scale)
{
	const EffectPoint **levels = palloc((n + 1) * sizeof(EffectPoint *));
	uint32		shown = Min(n, LEVELS);
	int			bottom = shown * LEVEL_LINE;

	for (uint32 i = 0; i < n; i++)
		levels[i] = &points[i];
	qsort(levels, n, sizeof(EffectPoint *), compare_by_runs);
	qsort(levels, shown, sizeof(EffectPoint *), compare_by_place);
	appendStringInfo(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"levels\"><path class=\"axis\" d=\"M%d 0V%dH%d\" fill=\"none\"/>",
					 WIDTH, bottom + BOTTOM, LEVEL_LEFT, bottom, WIDTH - RIGHT);
	for (uint32 i = 0; i < shown; i++)
		append_level(out, levels[i], scale, i * LEVEL_LINE);
	append_label(out, LEVEL_LEFT, bottom + BOTTOM - 5, "start",
				 psprintf("%.4g", scale->low));
	append_label(out, WIDTH - RIGHT, bottom + BOTTOM - 5, "end",
				 psprintf("%.4g", scale->high));
	if (shown < n)
		append_label(out, 0, bottom + BOTTOM - 5, "start",
					 psprintf("%u more", n - shown));
	appendStringInfoString(out, "</svg>\n");
}

static void
append_curve(StringInfo out, const EffectCurve *curve, const Scale *scale)
{
	uint32		n_numbers = 0;

	while (n_numbers < curve->n && !isnan(curve->points[n_numbers].number))
		n_numbers++;
	/* one number is a level among others */
	if (n_numbers == 1)
		n_numbers = 0;
	appendStringInfoString(out, "<figure><figcaption><bdi>");
	report_escape(out, report_cut(report_showable(curve->row->name), PAGE_NAME,
								  ELLIPSIS));
	appendStringInfoString(out, "</bdi></figcaption>\n");
	if (n_numbers > 0)
		append_plot(out, curve, n_numbers, scale);
	if (n_numbers < curve->n)
		append_levels(out, curve->points + n_numbers, curve->n - n_numbers,
					  scale);
	appendStringInfoString(out, "</figure>\n");
}

static void
append_curves(StringInfo out, const EffectCurve *curves, uint32 n)
{
	Scale		scale = common_scale(curves, n);

	appendStringInfoString(out, "<h2>What the leading parameters do</h2>\n<p class=\"sm\">The metric that the forest expects by the value of each, averaged over all others; shaded or as a line: a standard deviation over the trees. All on the same scale of the metric.</p>\n<div class=\"curves\">\n");
	for (uint32 i = 0; i < n; i++)
		append_curve(out, &curves[i], &scale);
	appendStringInfoString(out, "</div>\n");
}

/* ---- pairs ---- */

static void
append_pair_name(StringInfo out, HpText name)
{
	appendStringInfoString(out, "<bdi>");
	report_escape(out, report_cut(report_showable(name), PAGE_NAME, ELLIPSIS));
	appendStringInfoString(out, "</bdi>");
}

static void
append_pairs(StringInfo out, const Effect *effects, size_t n)
{
	uint32		shown = 0;

	for (size_t i = 0; i < n && shown < PAIRS; i++)
	{
		if (effects[i].with.bytes == NULL || !(effects[i].share >= PAIR_SHARE))
			continue;
		if (shown++ == 0)
			appendStringInfoString(out, "<h2>Which go together</h2>\n<p class=\"sm\">Share of the variance of what the forest predicts that a pair explains beyond what each of the two explains alone.</p>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Pair</th><th scope=\"col\" colspan=\"2\">Share</th><th scope=\"col\" class=\"nu\">std. deviation</th></tr></thead><tbody>\n");
		appendStringInfoString(out, "<tr><th scope=\"row\">");
		append_pair_name(out, effects[i].name);
		appendStringInfoString(out, " &#215; ");
		append_pair_name(out, effects[i].with);
		appendStringInfo(out, "</th><td class=\"nu\">%s</td><td class=\"ba\">",
						 report_share(effects[i].share));
		page_bar(out, "im", effects[i].share, NAN);
		appendStringInfo(out, "</td><td class=\"nu\">%s</td></tr>\n",
						 report_share(effects[i].stddev));
	}
	if (shown > 0)
		appendStringInfoString(out, "</tbody></table></div>\n");
}

/* ---- both ---- */

/* The features that matter most, at most CURVES. */
static uint32
choose_features(const Model *model, uint32 *features)
{
	uint32	   *order = model_order(model);
	uint32		n = 0;

	for (uint32 i = 0; i < model->n_rows && n < CURVES; i++)
	{
		const ModelRow *row = &model->rows[order[i]];
		uint32		f = 0;

		if (row->role != HP_PARAMETER ||
			!(row->findings.importance[model->method] >= REPORT_SMALL))
			continue;
		while (model->features[f] != order[i])
			f++;
		features[n++] = f;
	}
	return n;
}

void
page_effects(StringInfo out, const Report *report)
{
	const Model *model = report->model;
	MemoryContext scratch;
	MemoryContext keep;
	uint32		features[CURVES];
	uint32		n = choose_features(model, features);
	EffectCurve *curves;
	Effect	   *effects;
	size_t		n_effects;

	if (n == 0 || !model_can_grow(model) || model->n_trees == 0)
		return;
	scratch = AllocSetContextCreate(CurrentMemoryContext, "hpimp report",
									ALLOCSET_DEFAULT_SIZES);
	keep = MemoryContextSwitchTo(scratch);
	curves = effects_overview(model, features, n, &effects, &n_effects);
	append_curves(out, curves, n);
	append_pairs(out, effects, n_effects);
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(scratch);
}
