/*
 * report_curves.c
 *		What a parameter does, as a plot: the metric that the forest expects by
 *		its value, and runs as points.
 *
 * All plots of a page have the same scale of the metric: a flat curve is one
 * that matters little.  A few runs far off would flatten all of them: the
 * scale leaves out those beyond the whiskers of a box plot (Tukey 1977), which
 * stand at its edge.
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"

#include "pg/report_page.h"

#define LEVELS			10		/* of a parameter */

/* Of a plot, in its own units. */
#define WIDTH			320
#define HEIGHT			150
#define LEFT			46
#define RIGHT			12
#define TOP				8
#define BOTTOM			20
#define LEVEL_LINE		20
#define LEVEL_LEFT		120
#define LEVEL_COLUMNS	18		/* of its name */
#define FEW				12		/* points that are marked one by one */
#define TICKS			5		/* at most */
#define WHISKER			1.5		/* times the range of the middle half */

#define ELLIPSIS		"..."

/* ---- scales ---- */

static double
spread_of(const EffectPoint *point)
{
	return isnan(point->stddev) ? 0 : point->stddev;
}

/* As far as runs go, but not farther than the whiskers of a box plot. */
static void
widen_by_runs(PageScale *scale, const ModelDetail *detail)
{
	uint32		last = detail->n_runs - 1;
	double		low = detail->metric[last / 4];
	double		high = detail->metric[last - last / 4];
	double		whisker = WHISKER * (high - low);

	/* of numbers too large for a difference, the middle half */
	if (!isfinite(whisker))
		whisker = 0;
	scale->low = Min(scale->low, Max(detail->metric[0], low - whisker));
	scale->high = Max(scale->high, Min(detail->metric[last], high + whisker));
}

PageScale
page_scale(const Model *model, const EffectCurve *curves, uint32 n)
{
	PageScale	scale = {INFINITY, -INFINITY};

	for (uint32 i = 0; i < n; i++)
		for (uint32 j = 0; j < curves[i].n; j++)
		{
			const EffectPoint *p = &curves[i].points[j];

			scale.low = Min(scale.low, p->mean - spread_of(p));
			scale.high = Max(scale.high, p->mean + spread_of(p));
		}
	if (model->detail != NULL && model->detail->n_runs > 0)
		widen_by_runs(&scale, model->detail);
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
plot_y(const PageScale *scale, double metric)
{
	return TOP + (HEIGHT - TOP - BOTTOM) *
		(1 - part_of(metric, scale->low, scale->high));
}

static double
level_x(const PageScale *scale, double metric)
{
	return LEVEL_LEFT + (WIDTH - RIGHT - LEVEL_LEFT) *
		part_of(metric, scale->low, scale->high);
}

/* The numbers of a curve, and how they are laid out. */
typedef struct Axis
{
	double		low;
	double		high;
	bool		log;
} Axis;

/*
 * Numbers over such a range of which a third lies in its lowest tenth are
 * likely to be meant on a log scale.
 */
static Axis
make_axis(const EffectCurve *curve, uint32 n)
{
	Axis		axis = {curve->points[0].number, curve->points[n - 1].number, false};
	uint64		low = 0;
	uint64		all = 0;

	for (uint32 i = 0; i < n; i++)
	{
		if (part_of(curve->points[i].number, axis.low, axis.high) < 0.1)
			low += curve->points[i].runs;
		all += curve->points[i].runs;
	}
	axis.log = axis.low > 0 && axis.high / 100 >= axis.low && low >= all / 3;
	return axis;
}

static double
plot_x(const Axis *axis, double number)
{
	double		part = axis->log ?
		part_of(log(number), log(axis->low), log(axis->high)) :
		part_of(number, axis->low, axis->high);

	return LEFT + (WIDTH - LEFT - RIGHT) * part;
}

/* ---- ticks ---- */

/* Multiples of 1, 2 or 5 by a power of ten; none of what has no such few. */
static int
round_ticks(double low, double high, double *ticks)
{
	double		span = high - low;
	double		step = 1;
	int			n = 0;

	if (!(span > 0) || !isfinite(span) || span < 1e-300 ||
		Max(fabs(low), fabs(high)) / span > 1e6)
		return 0;
	while (step > span)
		step /= 10;
	while (step * 10 <= span)
		step *= 10;
	if (span / step >= TICKS)
		step *= 2;
	else if (span / step < 2)
		step /= 2;
	for (double i = ceil(low / step); i * step <= high && n < TICKS; i++)
		ticks[n++] = i == 0 ? 0 : i * step;
	return n;
}

/* Powers of ten, one in so many of them. */
static int
decade_ticks(double low, double high, double *ticks)
{
	double		factor = 10;
	double		first = 1;
	int			n;

	while (first > low)
		first /= 10;
	while (first < low)
		first *= 10;
	for (;; factor *= 10)
	{
		n = 0;
		for (double at = first; at <= high * (1 + 1e-9) && n <= TICKS; at *= factor)
		{
			if (n < TICKS)
				ticks[n] = at;
			n++;
		}
		if (n <= TICKS)
			return n;
	}
}

static int
axis_ticks(const Axis *axis, double *ticks)
{
	int			n = axis->log && axis->low > 1e-300 && axis->high < 1e300 ?
		decade_ticks(axis->low, axis->high, ticks) :
		round_ticks(axis->low, axis->high, ticks);

	if (n >= 2)
		return n;
	ticks[0] = axis->low;
	ticks[1] = axis->high;
	return axis->low < axis->high ? 2 : 1;
}

#define TICK_LETTERS	7		/* of its number */

/* The text of a tick; what reads as the first one does is told from there. */
static char *
tick_text(const double *ticks, int i)
{
	char	   *text = psprintf("%.4g", ticks[i]);

	if (strlen(text) > TICK_LETTERS)
		text = psprintf("%.2g", ticks[i]);
	if (i > 0 && strcmp(text, tick_text(ticks, 0)) == 0)
		text = psprintf("+%.2g", ticks[i] - ticks[0]);
	return text;
}

/* ---- parts of a plot ---- */

static void
append_label(StringInfo out, double x, double y, const char *anchor,
			 const char *text)
{
	appendStringInfo(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
					 anchor);
	report_escape(out, text);
	appendStringInfoString(out, "</text>");
}

/* What is at the end of an axis stays within the plot. */
static const char *
anchor_at(double x, double left)
{
	return x > WIDTH - RIGHT - 12 ? "end" : x < left + 12 ? "start" : "middle";
}

static void
append_axes(StringInfo out, const Axis *axis, const PageScale *scale)
{
	int			bottom = HEIGHT - BOTTOM;
	double		ticks[TICKS];
	int			n = axis_ticks(&(Axis) {scale->low, scale->high, false}, ticks);

	for (int i = 0; i < n; i++)
	{
		double		y = plot_y(scale, ticks[i]);

		appendStringInfo(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT,
						 y, WIDTH - RIGHT);
		append_label(out, LEFT - 5, y + 3.5, "end", tick_text(ticks, i));
	}
	n = axis_ticks(axis, ticks);
	for (int i = 0; i < n; i++)
	{
		double		x = plot_x(axis, ticks[i]);

		appendStringInfo(out, "<path class=\"grid\" d=\"M%.1f %dV%d\"/>", x, TOP,
						 bottom + 3);
		append_label(out, x, HEIGHT - 5, anchor_at(x, LEFT),
					 tick_text(ticks, i));
	}
	appendStringInfo(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n",
					 LEFT, TOP, bottom, WIDTH - RIGHT);
}

/* A standard deviation over the trees to both sides. */
static void
append_band(StringInfo out, const EffectCurve *curve, uint32 n,
			const Axis *axis, const PageScale *scale)
{
	appendStringInfoString(out, "<path class=\"band\" d=\"");
	for (uint32 i = 0; i < 2 * n; i++)
	{
		bool		forth = i < n;
		const EffectPoint *p = &curve->points[forth ? i : 2 * n - 1 - i];
		double		metric = p->mean + (forth ? spread_of(p) : -spread_of(p));

		appendStringInfo(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
						 plot_x(axis, p->number), plot_y(scale, metric));
	}
	appendStringInfoString(out, "Z\"/>");
}

static void
append_line(StringInfo out, const EffectCurve *curve, uint32 n,
			const Axis *axis, const PageScale *scale)
{
	appendStringInfoString(out, "<path class=\"curve\" d=\"");
	for (uint32 i = 0; i < n; i++)
		appendStringInfo(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
						 plot_x(axis, curve->points[i].number),
						 plot_y(scale, curve->points[i].mean));
	appendStringInfoString(out, "\"/>");
	for (uint32 i = 0; i < n && n <= FEW; i++)
		appendStringInfo(out, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.8\"/>",
						 plot_x(axis, curve->points[i].number),
						 plot_y(scale, curve->points[i].mean));
}

/* ---- runs ---- */

/* So that runs of the same value do not lie upon each other, within 1 of 0. */
static double
scatter(uint32 run)
{
	return murmurhash32(run) / (double) PG_UINT32_MAX * 2 - 1;
}

static bool
is_far_off(const PageScale *scale, double metric)
{
	return metric < scale->low || metric > scale->high;
}

/* Runs within the scale as points, or those beyond it as strokes. */
static void
append_runs(StringInfo out, const ModelDetail *detail,
			const FeatureDetail *feature, bool few, const Axis *axis,
			const PageScale *scale, bool far_off)
{
	appendStringInfo(out, "<path class=\"run\" d=\"");
	for (uint32 i = 0; i < detail->n_runs; i++)
	{
		double		metric = detail->metric[i];
		double		x;

		if (isnan(feature->numbers[i]) || is_far_off(scale, metric) != far_off)
			continue;
		x = plot_x(axis, feature->numbers[i]) + (few ? 5 * scatter(i) : 0);
		appendStringInfo(out, "M%.1f %.1f%s",
						 Min(Max(x, LEFT), WIDTH - RIGHT),
						 plot_y(scale, metric), far_off ?
						 metric > scale->high ? "v5" : "v-5" : "h0");
	}
	appendStringInfoString(out, "\"/>");
}

static void
append_runs_of_level(StringInfo out, const ModelDetail *detail,
					 const FeatureDetail *feature, uint32 code, int y,
					 const PageScale *scale)
{
	appendStringInfo(out, "<path class=\"run\" d=\"");
	for (uint32 i = 0; i < detail->n_runs; i++)
	{
		double		metric = detail->metric[i];

		if (feature->codes[i] == code)
			appendStringInfo(out, "M%.1f %.1f%s", level_x(scale, metric),
							 y + 0.28 * LEVEL_LINE * scatter(i),
							 !is_far_off(scale, metric) ? "h0" :
							 metric > scale->high ? "h-5" : "h5");
	}
	appendStringInfoString(out, "\"/>");
}

/* ---- numbers ---- */

static void
append_plot(StringInfo out, const Report *report, const EffectCurve *curve,
			uint32 n, Axis axis, const PageScale *scale)
{
	const FeatureDetail *feature = report_detail(report->model, curve->row);

	appendStringInfo(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
					 WIDTH, HEIGHT);
	report_escape(out, psprintf("the metric expected from %.4g at %.4g to %.4g at %.4g",
								curve->points[0].mean, axis.low,
								curve->points[n - 1].mean, axis.high));
	appendStringInfoString(out, "\">");
	append_axes(out, &axis, scale);
	if (feature != NULL)
	{
		append_runs(out, report->model->detail, feature, n <= FEW, &axis,
					scale, false);
		append_runs(out, report->model->detail, feature, n <= FEW, &axis,
					scale, true);
	}
	append_band(out, curve, n, &axis, scale);
	append_line(out, curve, n, &axis, scale);
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
append_level(StringInfo out, const EffectPoint *point, const PageScale *scale,
			 int y)
{
	char	   *name = point_name(point);
	bool		turned = report_right_to_left(name);

	appendStringInfo(out, "<svg y=\"%d\" width=\"%d\" height=\"%d\"><title>", y,
					 LEVEL_LEFT - 6, LEVEL_LINE);
	report_escape(out, psprintf("%s: %.4g, %u run%s",
								report_cut(name, 200, ELLIPSIS), point->mean,
								point->runs, point->runs == 1 ? "" : "s"));
	appendStringInfo(out, "</title><text class=\"name\" y=\"%d\"%s>",
					 LEVEL_LINE / 2 + 4,
					 turned ? " direction=\"rtl\" text-anchor=\"end\"" : "");
	report_escape(out, report_cut(name, LEVEL_COLUMNS, ELLIPSIS));
	appendStringInfo(out, "</text></svg><path class=\"whisker\" d=\"M%.1f %dH%.1f\"/><circle class=\"dot\" cx=\"%.1f\" cy=\"%d\" r=\"3.6\"/>\n",
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

/* Those that most runs have, in their order; returns how many. */
static uint32
choose_levels(const EffectPoint *points, uint32 n, const EffectPoint **levels)
{
	uint32		shown = Min(n, LEVELS);

	for (uint32 i = 0; i < n; i++)
		levels[i] = &points[i];
	qsort(levels, n, sizeof(EffectPoint *), compare_by_runs);
	qsort(levels, shown, sizeof(EffectPoint *), compare_by_place);
	return shown;
}

static void
append_level_axis(StringInfo out, int bottom, const PageScale *scale)
{
	double		ticks[TICKS];
	int			n = axis_ticks(&(Axis) {scale->low, scale->high, false}, ticks);

	for (int i = 0; i < n; i++)
	{
		double		x = level_x(scale, ticks[i]);

		appendStringInfo(out, "<path class=\"grid\" d=\"M%.1f 0V%d\"/>", x,
						 bottom + 3);
		append_label(out, x, bottom + BOTTOM - 5, anchor_at(x, LEVEL_LEFT),
					 tick_text(ticks, i));
	}
	appendStringInfo(out, "<path class=\"axis\" d=\"M%d 0V%dH%d\"/>\n",
					 LEVEL_LEFT, bottom, WIDTH - RIGHT);
}

static void
append_levels(StringInfo out, const Report *report, const ModelRow *row,
			  const EffectPoint *points, uint32 n, const PageScale *scale)
{
	const EffectPoint **levels = palloc((n + 1) * sizeof(EffectPoint *));
	const FeatureDetail *feature = report_detail(report->model, row);
	uint32		shown = choose_levels(points, n, levels);
	int			bottom = shown * LEVEL_LINE;

	appendStringInfo(out, "<svg viewBox=\"0 0 %d %d\" role=\"group\" aria-label=\"the metric expected by level\">",
					 WIDTH, bottom + BOTTOM);
	append_level_axis(out, bottom, scale);
	for (uint32 i = 0; i < shown; i++)
	{
		if (feature != NULL)
			append_runs_of_level(out, report->model->detail, feature,
								 levels[i]->code,
								 i * LEVEL_LINE + LEVEL_LINE / 2, scale);
		append_level(out, levels[i], scale, i * LEVEL_LINE);
	}
	if (shown < n)
		append_label(out, 0, bottom + BOTTOM - 5, "start",
					 psprintf("%u more", n - shown));
	appendStringInfoString(out, "</svg>\n");
}

void
page_curve(StringInfo out, const Report *report, const EffectCurve *curve,
		   const PageScale *scale)
{
	uint32		n_numbers = 0;
	Axis		axis = {0};

	while (n_numbers < curve->n && !isnan(curve->points[n_numbers].number))
		n_numbers++;
	/* one number is a level among others */
	if (n_numbers == 1)
		n_numbers = 0;
	if (n_numbers > 0)
		axis = make_axis(curve, n_numbers);
	appendStringInfoString(out, "<figure><figcaption>");
	page_name(out, report_showable(curve->row->name));
	appendStringInfo(out, "%s</figcaption>\n",
					 axis.log ? " <small>log scale</small>" : "");
	if (n_numbers > 0)
		append_plot(out, report, curve, n_numbers, axis, scale);
	if (n_numbers < curve->n)
		append_levels(out, report, curve->row, curve->points + n_numbers,
					  curve->n - n_numbers, scale);
	appendStringInfoString(out, "</figure>\n");
}
