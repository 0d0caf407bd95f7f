/*
 * report_effects.c
 *		What the leading parameters do, alone and in pairs, on a page.
 *
 * Curves are those of hp_marginal, pairs those of hp_interactions.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/answers.h"
#include "pg/report_page.h"

#define CURVES			6
#define MAPPED			8		/* parameters of the map */
#define PAIRS			8
#define PAIR_SHARE		0.005	/* a smaller share is not worth a line */

/* ---- curves ---- */

static void
append_runs_in_words(StringInfo out, const Model *model)
{
	uint32		n = model->detail->n_runs;

	appendStringInfoString(out, " Grey: ");
	if (n < model->runs.used)
		appendStringInfo(out, "%u of the %llu runs, evenly chosen from the lowest metric to the highest",
						 n, (unsigned long long) model->runs.used);
	else
		appendStringInfoString(out, "the runs");
	appendStringInfoString(out, "; those beyond the scale are strokes at its edge.");
}

static void
append_curves(StringInfo out, const Report *report, const EffectCurve *curves,
			  uint32 n)
{
	PageScale	scale = page_scale(report->model, curves, n);

	appendStringInfoString(out, "<section id=\"hpr-curves\"><h2>What the leading parameters do</h2>\n<p class=\"sm\">Blue: the metric that the forest expects by the value of each, averaged over all others, with a standard deviation over the trees. All are on the same scale of the metric.");
	if (report->model->detail != NULL)
		append_runs_in_words(out, report->model);
	else
		appendStringInfoString(out, " A stored forest holds no runs to show beside it.");
	if (strcmp(page_trust(report->model), "none") == 0)
		appendStringInfoString(out, " <strong>The forest says next to nothing about the metric: so do its curves.</strong>");
	appendStringInfoString(out, "</p>\n<div class=\"curves\">\n");
	for (uint32 i = 0; i < n; i++)
		page_curve(out, report, &curves[i], &scale);
	appendStringInfoString(out, "</div></section>\n");
}

/* ---- the map of pairs ---- */

typedef struct Map
{
	uint32		n;
	const ModelRow *rows[MAPPED];
	double		share[MAPPED][MAPPED];	/* [row][column], column <= row; on the
										 * diagonal what one explains alone */
	double		most;
} Map;

/* Names of effects are those of rows, the same bytes. */
static uint32
find_mapped(const Map *map, HpText name)
{
	uint32		i = 0;

	while (i < map->n && map->rows[i]->name.bytes != name.bytes)
		i++;
	return i;
}

static Map
make_map(const Model *model, const uint32 *features, uint32 n,
		 const Effect *effects, size_t n_effects)
{
	Map			map = {.n = n};

	for (uint32 i = 0; i < n; i++)
		map.rows[i] = &model->rows[model->features[features[i]]];
	for (size_t e = 0; e < n_effects; e++)
	{
		uint32		i = find_mapped(&map, effects[e].name);
		uint32		j = effects[e].with.bytes == NULL ? i :
			find_mapped(&map, effects[e].with);

		if (i == n || j == n || isnan(effects[e].share))
			continue;
		map.share[Max(i, j)][Min(i, j)] = effects[e].share;
		map.most = Max(map.most, effects[e].share);
	}
	return map;
}

/* The darker, the larger: a root, so that pairs beside what one does show. */
static void
append_map_cell(StringInfo out, const Map *map, uint32 row, uint32 column)
{
	double		share = map->share[row][column];

	if (column > row)
	{
		appendStringInfoString(out, "<td></td>");
		return;
	}
	appendStringInfo(out, "<td class=\"ce%s\"><i style=\"opacity:%.2f\"></i><b>%s</b></td>",
					 row == column ? " al" : "",
					 map->most > 0 ? 0.75 * sqrt(share / map->most) : 0,
					 share >= 0.0005 ? psprintf("%.3f", share) : "0");
}

static void
append_map(StringInfo out, const Map *map)
{
	appendStringInfoString(out, "<div class=\"wide\"><table class=\"map\" id=\"hpr-map\">\n<thead><tr><th scope=\"col\">Share alone (framed), with another</th>");
	for (uint32 i = 0; i < map->n; i++)
		appendStringInfo(out, "<th scope=\"col\">%u</th>", i + 1);
	appendStringInfoString(out, "</tr></thead><tbody>\n");
	for (uint32 i = 0; i < map->n; i++)
	{
		appendStringInfo(out, "<tr><th scope=\"row\"><small>%u</small> ", i + 1);
		page_name(out, report_showable(map->rows[i]->name));
		appendStringInfoString(out, "</th>");
		for (uint32 j = 0; j < map->n; j++)
			append_map_cell(out, map, i, j);
		appendStringInfoString(out, "</tr>\n");
	}
	appendStringInfoString(out, "</tbody></table></div>\n");
}

/* ---- the leading pairs ---- */

static bool
is_shown(const Effect *effect)
{
	return effect->with.bytes != NULL && effect->share >= PAIR_SHARE;
}

static void
append_pair(StringInfo out, const Effect *effect)
{
	appendStringInfoString(out, "<tr><th scope=\"row\">");
	page_name(out, report_showable(effect->name));
	appendStringInfoString(out, " &#215; ");
	page_name(out, report_showable(effect->with));
	appendStringInfo(out, "</th><td class=\"nu\">%s</td><td class=\"ba\">",
					 report_share(effect->share));
	page_bar(out, "im", effect->share, effect->stddev);
	appendStringInfo(out, "</td><td class=\"nu xt\">%s</td></tr>\n",
					 report_share(effect->stddev));
}

static void
append_pairs(StringInfo out, const Effect *effects, size_t n)
{
	uint32		shown = 0;

	for (size_t i = 0; i < n && shown < PAIRS; i++)
	{
		if (!is_shown(&effects[i]))
			continue;
		if (shown++ == 0)
			appendStringInfoString(out, "<div class=\"wide\"><table id=\"hpr-pairs\">\n<thead><tr><th scope=\"col\">Pair</th><th scope=\"col\" colspan=\"2\">Share</th><th scope=\"col\" class=\"nu xt\">std. deviation</th></tr></thead><tbody>\n");
		append_pair(out, &effects[i]);
	}
	if (shown > 0)
		appendStringInfoString(out, "</tbody></table></div>\n");
	else
		appendStringInfo(out, "<p class=\"sm\">No pair explains as much as %.3f.</p>\n",
						 PAIR_SHARE);
}

static void
append_together(StringInfo out, const Map *map, const Effect *effects,
				size_t n)
{
	if (map->n < 2)
		return;
	appendStringInfoString(out, "<section id=\"hpr-together\"><h2>Which go together</h2>\n<p class=\"sm\">Share of the variance of what the forest predicts that each explains alone, and that a pair explains beyond what each of the two does alone.</p>\n");
	append_map(out, map);
	append_pairs(out, effects, n);
	appendStringInfoString(out, "</section>\n");
}

/* ---- both ---- */

static uint32
feature_of_row(const Model *model, uint32 row)
{
	uint32		f = 0;

	while (model->features[f] != row)
		f++;
	return f;
}

/* The features that matter most, at most so many. */
static uint32
choose_features(const Report *report, uint32 *features, uint32 most)
{
	const Model *model = report->model;
	uint32		n = 0;

	for (uint32 i = 0; i < model->n_rows && n < most; i++)
	{
		const ModelRow *row = &model->rows[report->order[i]];

		if (row->role == HP_PARAMETER &&
			row->findings.importance[model->method] >= REPORT_SMALL)
			features[n++] = feature_of_row(model, report->order[i]);
	}
	return n;
}

void
page_effects(StringInfo out, const Report *report)
{
	const Model *model = report->model;
	MemoryContext scratch;
	MemoryContext keep;
	uint32		features[MAPPED];
	uint32		n = choose_features(report, features, MAPPED);
	EffectCurve *curves;
	Effect	   *effects;
	size_t		n_effects;
	Map			map;

	if (n == 0 || !model_can_grow(model) || model->n_trees == 0)
		return;
	scratch = AllocSetContextCreate(CurrentMemoryContext, "hpimp report",
									ALLOCSET_DEFAULT_SIZES);
	keep = MemoryContextSwitchTo(scratch);
	curves = effects_overview(model, features, Min(n, CURVES), &effects,
							  &n_effects);
	append_curves(out, report, curves, Min(n, CURVES));
	map = make_map(model, features, n, effects, n_effects);
	append_together(out, &map, effects, n_effects);
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(scratch);
}
