/*
 * choose.c
 *		The best split of a node.
 *
 * Features are looked at one after the other, that of the parent's split
 * first: a good split found early spares the others a close look.
 */
#include "grow.h"

/* ---- the levels of a feature in a node ---- */

uint32_t
hp_levels_of_samples(const HpSample *samples, const uint32_t *order,
					 uint32_t n, HpLevel *levels)
{
	uint32_t	n_levels = 0;

	for (uint32_t i = 0; i < n;)
	{
		HpLevel    *level = &levels[n_levels++];
		uint32_t	code = HP_CODE(order[i]);

		*level = (HpLevel) {.code = code};
		for (; i < n && HP_CODE(order[i]) == code; i++)
		{
			const HpSample *sample = &samples[HP_SAMPLE(order[i])];

			level->bin.target += sample->target * (int64_t) sample->weight;
			level->bin.count += HP_COUNT_OF(sample->weight);
		}
	}
	return n_levels;
}

/* Ascending by code, into the splitter's levels. */
static uint32_t
collect_levels(HpGrower *g, const HpTask *task, uint32_t feature)
{
	const HpFeature *f = &g->features[feature];

	if (hp_is_sorted_by(task, f))
		return hp_levels_of_samples(g->orders->samples,
									hp_orders_of(g, task, feature),
									task->sums.samples, g->splitter.levels);
	if (f->wide)
		return hp_collect_levels(&g->splitter, feature,
								 g->samples + task->first,
								 task->sums.samples);
	return hp_levels_of_bins(&g->splitter,
							 hp_histogram_bins(g->histograms, task->histogram,
											   feature), f->n_codes);
}

HpLevel *
hp_levels_of_node(HpGrower *g, const HpTask *task, uint32_t feature,
				  uint32_t *n_levels)
{
	*n_levels = collect_levels(g, task, feature);
	return hp_levels_by_mean(g->splitter.levels, g->splitter.scratch,
							 *n_levels);
}

/* ---- the best split by one feature ---- */

/* Of the targets in a node. */
typedef struct Range
{
	int64_t		lowest;
	int64_t		highest;
} Range;

/* Of a node that is not sorted; nobody else asks. */
static Range
range_of_targets(const HpGrower *g, const HpTask *task)
{
	const HpSample *samples = g->samples + task->first;
	Range		range = {INT64_MAX, INT64_MIN};

	if (task->ordered == HP_ORDERED_NONE)
		for (uint32_t i = 0; i < task->sums.samples; i++)
		{
			int64_t		target = samples[i].target;

			range.lowest = target < range.lowest ? target : range.lowest;
			range.highest = target > range.highest ? target : range.highest;
		}
	return range;
}

void
hp_cut_order(const HpSample *samples, const uint32_t *order,
			 const HpTotal *total, double floor, HpSplit *split)
{
	uint32_t	n = total->samples;
	int64_t		target = 0;		/* about the mean */
	uint32_t	left = 0;

	for (uint32_t i = 0; i + total->min_samples_leaf < n; i++)
	{
		const HpSample *sample = &samples[HP_SAMPLE(order[i])];
		double		score;

		target += (sample->target - total->mean) * (int64_t) sample->weight;
		left += sample->weight;
		if (i + 1 < total->min_samples_leaf ||
			!hp_codes_differ(order[i], order[i + 1]))
			continue;
		if (hp_falls_short(total, target, left, floor))
			continue;
		score = hp_score(total, target, left);
		if (score < floor || score <= split->score)
			continue;
		floor = split->score = score;
		split->low = HP_CODE(order[i]);
		split->high = HP_CODE(order[i + 1]);
		split->left = (HpSums) {
			target + total->mean * left, left, i + 1
		};
	}
}

/* As split_by, of samples sorted by the feature. */
static bool
split_order(HpGrower *g, const uint32_t *order, uint32_t feature,
			const HpTotal *total, double floor, HpSplit *split)
{
	HpLevel    *levels = g->splitter.levels;
	uint32_t	n_levels;

	if (!hp_codes_differ(order[0], order[total->samples - 1]))
		return false;
	if (!g->features[feature].categorical)
	{
		if (hp_screen_order(g->screen, order))
			hp_cut_order(g->orders->samples, order, total, floor, split);
		return true;
	}
	if (!hp_screen_levels_of_order(g->screen, order))
		return true;
	n_levels = hp_levels_of_samples(g->orders->samples, order, total->samples,
									levels);
	levels = hp_levels_by_mean(levels, g->splitter.scratch, n_levels);
	hp_split_levels(&g->splitter, feature, levels, n_levels, total, floor,
					split);
	return true;
}

/* All samples have one code. */
static bool
is_constant(const HpBin *bins, uint32_t samples)
{
	while (bins->count == 0)
		bins++;
	return bins->count >> 32 == samples;
}

/* As split_by, of a histogram. */
static bool
split_bins(HpGrower *g, const HpBin *bins, uint32_t feature,
		   const HpTotal *total, double floor, HpSplit *split)
{
	const HpFeature *f = &g->features[feature];
	HpLevel    *levels = g->splitter.levels;
	uint32_t	n_levels;

	if (is_constant(bins, total->samples))
		return false;
	if (f->categorical ?
		!hp_screen_levels_of_bins(g->screen, bins, f->n_codes) :
		!hp_screen_bins(g->screen, bins, f->n_codes))
		return true;
	n_levels = hp_levels_of_bins(&g->splitter, bins, f->n_codes);
	if (f->categorical)
		levels = hp_levels_by_mean(levels, g->splitter.scratch, n_levels);
	hp_split_levels(&g->splitter, feature, levels, n_levels, total, floor,
					split);
	return true;
}

/* Whether a wide feature may reach the floor, by a coarse histogram. */
static bool
looks_good(const HpGrower *g, const HpTask *task, uint32_t feature,
		   const HpTotal *total, const Range *targets, double floor)
{
	const HpBin *bins = hp_histogram_bins(g->histograms, task->histogram,
										  feature);

	return bins == NULL || floor < 0 ||
		hp_stretches_may_reach(bins, HP_COARSE_BINS, total, targets->lowest,
							   targets->highest, floor);
}

/* As split_by, of a wide feature by which the node is not sorted. */
static bool
split_samples(HpGrower *g, const HpTask *task, uint32_t feature,
			  const HpTotal *total, const Range *targets, double floor,
			  HpSplit *split)
{
	HpLevel    *levels = g->splitter.levels;
	uint32_t	n_levels;

	if (!looks_good(g, task, feature, total, targets, floor))
		return true;
	n_levels = hp_collect_levels(&g->splitter, feature,
								 g->samples + task->first, total->samples);
	if (n_levels < 2)
		return false;
	if (g->features[feature].categorical)
		levels = hp_levels_by_mean(levels, g->splitter.scratch, n_levels);
	hp_split_levels(&g->splitter, feature, levels, n_levels, total, floor,
					split);
	return true;
}

/*
 * The best split by a feature, if it scores at least floor; else split->score
 * stays -1.  False if the feature is constant in the node.
 */
static bool
split_by(HpGrower *g, const HpTask *task, uint32_t feature,
		 const HpTotal *total, const Range *targets, double floor,
		 HpSplit *split)
{
	const HpFeature *f = &g->features[feature];

	split->score = -1;
	split->feature = feature;
	if (hp_is_sorted_by(task, f))
		return split_order(g, hp_orders_of(g, task, feature), feature, total,
						   floor, split);
	if (f->wide)
		return split_samples(g, task, feature, total, targets, floor, split);
	return split_bins(g, hp_histogram_bins(g->histograms, task->histogram,
										   feature),
					  feature, total, floor, split);
}

/* ---- among all features ---- */

/* Keep the better of two splits, of equals either with the same chance. */
static void
keep_better(HpGrower *g, HpSplit *best, uint32_t *ties, const HpSplit *split)
{
	if (split->score < best->score || split->score < 0)
		return;
	if (split->score > best->score)
		*ties = 1;
	else if (hp_rng_below(g->rng, ++*ties) != 0)
		return;
	*best = *split;
}

static void
swap_features(uint16_t *list, uint32_t i, uint32_t j)
{
	uint16_t	feature = list[i];

	list[i] = list[j];
	list[j] = feature;
}

static void
prepare_screen(HpGrower *g, const HpTask *task, const HpTotal *total)
{
	HpMembers	members = hp_members(g, task);

	hp_screen_node(g->screen, &members, total);
}

bool
hp_choose_split(HpGrower *g, const HpTask *task, uint16_t *list,
				uint32_t *n_list, HpSplit *best)
{
	HpTotal		total = hp_total(&task->sums, g->settings.min_samples_leaf);
	Range		targets = range_of_targets(g, task);
	bool		draw = g->settings.features_per_split < g->n_features;
	uint32_t	wanted = g->settings.features_per_split;
	uint32_t	ties = 0;
	uint32_t	at = 0;			/* of the best in the list */
	uint32_t	i = 0;

	best->score = -1;
	prepare_screen(g, task, &total);
	while (i < *n_list && wanted > 0)
	{
		HpSplit		split;

		hp_count_visits(g, total.samples);
		if (draw)
			swap_features(list, i, i + hp_rng_below(g->rng, *n_list - i));
		if (!split_by(g, task, list[i], &total, &targets, best->score, &split))
		{
			list[i] = list[--*n_list];
			continue;
		}
		if (split.score >= 0)
		{
			keep_better(g, best, &ties, &split);
			if (best->feature == list[i])
				at = i;
			hp_screen_raise(g->screen, best->score);
		}
		i++;
		wanted--;
	}
	if (best->score < 0)
		return false;
	swap_features(list, 0, at);
	return true;
}
