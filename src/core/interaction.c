/*
 * interaction.c
 *		What pairs of features explain beyond what each of them does alone.
 *
 * Averaged over all but two features j and k, the step of a node (anova.c)
 * vanishes unless the node splits j or k.  Of a node N that splits j it is a
 * step s along j times the indicator of where N lies along k, weighed by N's
 * share along the others; without its mean along k, which belongs to the main
 * effect of j,
 *
 *		s(x_j) * ( 1[x_k in R(N)] - share of R(N) along k ),
 *
 * which is 0 unless k is split above N.  The interaction of j and k is the sum
 * of these terms, one for each node and feature of its path: of a tree of
 * thousands of leaves some hundred to a pair.
 *
 * Its variance is found by a sweep along one of the two: a row of values along
 * the other is kept, in which each term begins, turns and ends as a stretch
 * that rises or falls.
 */
#include <string.h>

#include "sweep_row.h"

/* Terms, and counts by pair, that are held at a time. */
#define MOST_TERMS	(2 * 1024 * 1024)
#define MOST_COUNTS	(1024 * 1024)

/* A node, and where it lies along a feature it does not split. */
typedef struct Term
{
	uint32_t	node;
	uint32_t	left;			/* its left child */
	uint32_t	region;
	bool		splits_upper;	/* of the two features it splits the upper */
} Term;

/* Terms are called for so many before they are needed: they lie anywhere. */
#define AHEAD	8

/* One of the features of a pair: its stretches as far as the pair parts them. */
typedef struct Side
{
	uint32_t	feature;
	uint32_t	n;
	uint64_t   *marks;			/* bitmap: a strip begins at this stretch */
	uint32_t   *strip;			/* by stretch that begins one: its number */
	double	   *share;			/* by strip: of the measure */
} Side;

/* From a strip of the one side on a span of the other rises by so much. */
typedef struct Event
{
	double		by;
	uint32_t	strip;
	HpSpan		span;
} Event;

struct HpPairer
{
	uint32_t	n_used;
	uint16_t   *used;			/* features that the tree splits */
	uint16_t   *number;			/* by feature: among those */
	uint32_t   *counts;			/* by pair of a batch: see collect() */
	size_t		cap_counts;
	Term	   *terms;
	size_t		cap_terms;
	HpInteraction *found;
	size_t		n_found;
	size_t		cap_found;

	/* of the pair at hand */
	Side		across;			/* the sweep goes along this one */
	Side		along;			/* and keeps a row of this one */
	HpSweepRow		row;
	Event	   *events;
	Event	   *sorted;
	size_t		n_events;
	size_t		cap_events;
	uint32_t   *first;			/* by strip across: of the sorted events */
	double	   *mean;			/* by strip across: what the row's rises by */
	size_t		cap_strips;
	size_t		visits;
};

/* ---- terms ---- */

static void
count_visits(HpAnova *a, size_t visits)
{
	a->pairer->visits += visits;
	if (a->pairer->visits > 1000000)
	{
		hp_tick(a->env);
		a->pairer->visits = 0;
	}
}

static void
list_used(HpAnova *a)
{
	HpPairer   *p = a->pairer;

	p->n_used = 0;
	memset(p->number, 0, a->n_features * sizeof(uint16_t));
	for (uint32_t i = 0; i < a->tree->n_nodes; i++)
		if (a->tree->nodes[i].left != 0)
			p->number[a->tree->nodes[i].feature] = 1;
	for (uint32_t f = 0; f < a->n_features; f++)
		if (p->number[f] != 0)
		{
			p->number[f] = (uint16_t) p->n_used;
			p->used[p->n_used++] = (uint16_t) f;
		}
}

/*
 * Count the terms of pairs whose lower feature is one of those used from
 * number first to end - 1; or, with terms, put them where the counts say that
 * those of a pair begin, after which they say where they end.
 */
static void
collect(HpAnova *a, uint32_t first, uint32_t end, Term *terms)
{
	HpPairer   *p = a->pairer;
	HpAnovaWalk walk = hp_anova_walk(a);
	uint32_t	node;

	while (hp_anova_walk_next(&walk, &node))
	{
		uint32_t	feature = a->tree->nodes[node].feature;
		uint32_t	split = p->number[feature];

		if (!(a->steps[node].others > 0))
			continue;
		for (uint32_t i = 0; i < walk.n_path; i++)
		{
			uint32_t	other = p->number[a->path[i]];
			uint32_t	lower = split < other ? split : other;
			uint32_t	upper = split < other ? other : split;
			uint32_t   *count;

			if (a->path[i] == feature || lower < first || lower >= end)
				continue;
			count = &p->counts[(size_t) (lower - first) * p->n_used + upper];
			if (terms != NULL)
				terms[*count] = (Term) {
					node, a->tree->nodes[node].left,
					a->region_of[a->path[i]], split > other
				};
			++*count;
		}
	}
}

/* ---- strips ---- */

static inline HpSpan
span_of(const HpAnova *a, const HpRegion *region, uint32_t i)
{
	return i == 0 ? region->span : a->spans[region->more + i - 1];
}

static void
clear_marks(const HpAnova *a, Side *side, uint32_t feature)
{
	side->feature = feature;
	memset(side->marks, 0, (a->axes.axis[feature].n / 64 + 1) *
		   sizeof(uint64_t));
}

static inline void
mark(Side *side, uint32_t stretch)
{
	side->marks[stretch / 64] |= UINT64_C(1) << stretch % 64;
}

static inline void
mark_region(const HpAnova *a, Side *side, const HpRegion *region)
{
	mark(side, region->span.lo);
	mark(side, region->span.hi);
	for (uint32_t i = 1; i <= region->n_more; i++)
	{
		mark(side, span_of(a, region, i).lo);
		mark(side, span_of(a, region, i).hi);
	}
}

/* Number the strips between marks. */
static void
number_strips(const HpAnova *a, Side *side)
{
	uint32_t	last = a->axes.axis[side->feature].n;
	uint32_t	before = 0;

	mark(side, 0);
	mark(side, last);
	side->n = 0;
	for (uint32_t i = 0; i <= last / 64; i++)
		for (uint64_t rest = side->marks[i]; rest != 0; rest &= rest - 1)
		{
			uint32_t	stretch = 64 * i + (uint32_t) __builtin_ctzll(rest);

			if (stretch > 0)
				side->share[side->n++] =
					hp_axes_share(&a->axes, side->feature,
								  (HpSpan) {before, stretch});
			side->strip[stretch] = side->n;
			before = stretch;
		}
}

static inline HpSpan
strips_of(const Side *side, HpSpan span)
{
	return (HpSpan) {side->strip[span.lo], side->strip[span.hi]};
}

/*
 * The row is of the feature that fewer nodes split: it is then the shorter
 * one, and the steps in it are the dearer ones.
 */
static void
choose_sides(HpAnova *a, uint32_t lower, uint32_t upper, const Term *terms,
			 size_t n)
{
	size_t		upper_splits = 0;

	for (size_t i = 0; i < n; i++)
		upper_splits += terms[i].splits_upper;
	clear_marks(a, &a->pairer->across, 2 * upper_splits > n ? upper : lower);
	clear_marks(a, &a->pairer->along, 2 * upper_splits > n ? lower : upper);
}

static inline void
call_for(const HpAnova *a, const Term *terms, size_t i, size_t n)
{
	const Term *term = &terms[i + AHEAD < n ? i + AHEAD : i];

	__builtin_prefetch(&a->regions[term->left]);
	__builtin_prefetch(&a->regions[term->region]);
	__builtin_prefetch(&a->steps[term->node]);
}

/* Whether a term splits the feature of the row. */
static inline bool
splits_row(const HpPairer *p, const Term *term)
{
	return term->splits_upper == (p->along.feature > p->across.feature);
}

static void
make_strips(HpAnova *a, const Term *terms, size_t n)
{
	HpPairer   *p = a->pairer;

	for (size_t i = 0; i < n; i++)
	{
		bool		in_row = splits_row(p, &terms[i]);
		Side	   *split = in_row ? &p->along : &p->across;
		Side	   *other = in_row ? &p->across : &p->along;

		call_for(a, terms, i, n);
		mark_region(a, split, &a->regions[terms[i].left]);
		mark_region(a, split, &a->regions[terms[i].left + 1]);
		mark_region(a, other, &a->regions[terms[i].region]);
	}
	number_strips(a, &p->across);
	number_strips(a, &p->along);
}

/* ---- events ---- */

static inline void
add_event(HpPairer *p, uint32_t strip, HpSpan span, double by)
{
	if (by != 0 && strip < p->across.n && span.lo < span.hi)
		p->events[p->n_events++] = (Event) {by, strip, span};
}

/*
 * From a strip on the row rises by left in low and by right in high, which
 * begins where low ends; mean is that of both over all of the row.  What it
 * rises by in more than half of the row is left to the mean: the rest falls.
 */
static void
turn(HpPairer *p, uint32_t strip, HpSpan low, HpSpan high, double left,
	 double right, double mean)
{
	uint32_t	n = p->along.n;
	double		most = 2 * (low.hi - low.lo) > n ? left :
		2 * (high.hi - high.lo) > n ? right : 0;

	add_event(p, strip, (HpSpan) {0, low.lo}, -most);
	add_event(p, strip, low, left - most);
	add_event(p, strip, high, right - most);
	add_event(p, strip, (HpSpan) {high.hi, n}, -most);
	p->mean[strip] += mean - most;
}

/* The same where low and high may be in pieces. */
static void
turn_regions(const HpAnova *a, uint32_t strip, const HpRegion *low,
			 const HpRegion *high, double left, double right, double mean)
{
	HpPairer   *p = a->pairer;
	HpSpan		first = strips_of(&p->along, low->span);
	HpSpan		second = strips_of(&p->along, high->span);

	if (low->n_more + high->n_more == 0 && first.hi == second.lo)
	{
		turn(p, strip, first, second, left, right, mean);
		return;
	}
	for (uint32_t i = 0; i <= low->n_more; i++)
		add_event(p, strip, strips_of(&p->along, span_of(a, low, i)), left);
	for (uint32_t i = 0; i <= high->n_more; i++)
		add_event(p, strip, strips_of(&p->along, span_of(a, high, i)), right);
	p->mean[strip] += mean;
}

/* From a strip on the region of a term rises. */
static inline void
turn_region(const HpAnova *a, uint32_t stretch, const HpRegion *region,
			double by)
{
	HpRegion	nothing = {.span = {region->span.hi, region->span.hi}};

	turn_regions(a, a->pairer->across.strip[stretch], region, &nothing, by, 0,
				 by * region->share);
}

/* A term whose step lies along the sweep. */
static void
add_step_across(const HpAnova *a, const HpRegion *children,
				const HpRegion *region, double left, double right)
{
	HpSpan		low = children[0].span;
	HpSpan		high = children[1].span;

	if (children[0].n_more + children[1].n_more == 0 && low.hi == high.lo)
	{
		turn_region(a, low.lo, region, left);
		turn_region(a, low.hi, region, right - left);
		turn_region(a, high.hi, region, -right);
		return;
	}
	for (uint32_t side = 0; side < 2; side++)
		for (uint32_t i = 0; i <= children[side].n_more; i++)
		{
			HpSpan		span = span_of(a, &children[side], i);
			double		by = side == 0 ? left : right;

			turn_region(a, span.lo, region, by);
			turn_region(a, span.hi, region, -by);
		}
}

/* A term whose step lies along the row, where it has mean 0. */
static void
add_step_in_row(const HpAnova *a, const HpRegion *children,
				const HpRegion *region, double left, double right)
{
	HpPairer   *p = a->pairer;

	for (uint32_t i = 0; i <= region->n_more; i++)
	{
		HpSpan		across = strips_of(&p->across, span_of(a, region, i));

		turn_regions(a, across.lo, &children[0], &children[1], left, right, 0);
		turn_regions(a, across.hi, &children[0], &children[1], -left, -right,
					 0);
	}
	/* averaged over the sweep it is the main effect of the row */
	turn_regions(a, 0, &children[0], &children[1], -left * region->share,
				 -right * region->share, 0);
}

/* An upper bound of the events of a term. */
static size_t
events_of(const HpAnova *a, const Term *term)
{
	return 3 * ((size_t) a->regions[term->left].n_more +
				a->regions[term->left + 1].n_more + 4) *
		(a->regions[term->region].n_more + 2);
}

static void
reserve_events(HpAnova *a, const Term *terms, size_t n)
{
	HpPairer   *p = a->pairer;
	size_t		events = 0;

	for (size_t i = 0; i < n; i++)
	{
		call_for(a, terms, i, n);
		events += events_of(a, &terms[i]);
	}
	if (events <= p->cap_events)
		return;
	p->cap_events = 2 * events;
	p->events = hp_alloc(a->env, p->cap_events, sizeof(Event));
	p->sorted = hp_alloc(a->env, p->cap_events, sizeof(Event));
}

static void
make_events(HpAnova *a, const Term *terms, size_t n)
{
	HpPairer   *p = a->pairer;

	reserve_events(a, terms, n);
	p->n_events = 0;
	hp_sweep_start(&p->row, p->along.share, p->along.n);
	memset(p->mean, 0, (p->across.n + 1) * sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		const HpStep *step = &a->steps[terms[i].node];
		const HpRegion *children = &a->regions[terms[i].left];
		const HpRegion *region = &a->regions[terms[i].region];
		double		left = step->left / region->share;
		double		right = step->right / region->share;

		call_for(a, terms, i, n);
		if (splits_row(p, &terms[i]))
			add_step_in_row(a, children, region, left, right);
		else
			add_step_across(a, children, region, left, right);
	}
}

/* By strip, those of one strip as they came. */
static void
sort_events(HpPairer *p)
{
	uint32_t	sum = 0;

	memset(p->first, 0, (p->across.n + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < p->n_events; i++)
		p->first[p->events[i].strip]++;
	for (uint32_t x = 0; x <= p->across.n; x++)
	{
		sum += p->first[x];
		p->first[x] = sum - p->first[x];
	}
	for (size_t i = 0; i < p->n_events; i++)
		p->sorted[p->first[p->events[i].strip]++] = p->events[i];
}

/* ---- the sweep ---- */

static double
sweep(HpAnova *a)
{
	HpPairer   *p = a->pairer;
	double		variance = 0;
	double		mean = 0;
	size_t		event = 0;

	for (uint32_t x = 0; x < p->across.n; x++)
	{
		for (; event < p->first[x]; event++)
			hp_sweep_raise(&p->row, p->sorted[event].span, p->sorted[event].by);
		mean += p->mean[x];
		variance += p->across.share[x] * hp_sweep_mean_square(&p->row, mean);
		count_visits(a, p->along.n);
	}
	return variance;
}

static void
find_pair(HpAnova *a, uint32_t lower, uint32_t upper, const Term *terms,
		  size_t n)
{
	HpPairer   *p = a->pairer;

	choose_sides(a, lower, upper, terms, n);
	make_strips(a, terms, n);
	make_events(a, terms, n);
	sort_events(p);
	if (p->n_found == p->cap_found)
	{
		size_t		cap = 2 * p->cap_found + 64;
		HpInteraction *grown = hp_alloc(a->env, cap, sizeof(HpInteraction));

		if (p->n_found > 0)
			memcpy(grown, p->found, p->n_found * sizeof(HpInteraction));
		p->found = grown;
		p->cap_found = cap;
	}
	p->found[p->n_found++] = (HpInteraction) {
		(uint16_t) lower, (uint16_t) upper, sweep(a)
	};
	count_visits(a, n);
}

/* ---- all pairs ---- */

/*
 * Turn counts into where terms begin, until there are too many; returns how
 * far.
 */
static uint32_t
limit_batch(HpPairer *p, uint32_t first, uint32_t end, size_t *n_terms)
{
	size_t		sum = 0;

	for (uint32_t lower = first; lower < end; lower++)
	{
		uint32_t   *counts = p->counts + (size_t) (lower - first) * p->n_used;
		size_t		before = sum;

		for (uint32_t upper = lower + 1; upper < p->n_used; upper++)
			sum += counts[upper];
		if (sum > MOST_TERMS && lower > first)
		{
			*n_terms = before;
			return lower;
		}
		for (uint32_t upper = lower + 1; upper < p->n_used; upper++)
		{
			uint32_t	count = counts[upper];

			counts[upper] = (uint32_t) before;
			before += count;
		}
	}
	*n_terms = sum;
	return end;
}

/* The pairs whose lower feature is one of those used from number first on. */
static uint32_t
find_batch(HpAnova *a, uint32_t first)
{
	HpPairer   *p = a->pairer;
	uint32_t	rows = MOST_COUNTS / p->n_used + 1;
	uint32_t	end = p->n_used - first < rows ? p->n_used : first + rows;
	size_t		n_terms;
	size_t		place = 0;

	memset(p->counts, 0, (size_t) (end - first) * p->n_used *
		   sizeof(uint32_t));
	collect(a, first, end, NULL);
	end = limit_batch(p, first, end, &n_terms);
	if (n_terms > p->cap_terms)
	{
		p->cap_terms = n_terms + n_terms / 2;
		p->terms = hp_alloc(a->env, p->cap_terms, sizeof(Term));
	}
	collect(a, first, end, p->terms);
	for (uint32_t lower = first; lower < end; lower++)
		for (uint32_t upper = lower + 1; upper < p->n_used; upper++)
		{
			size_t		next = p->counts[(size_t) (lower - first) * p->n_used +
										 upper];

			if (next > place)
				find_pair(a, p->used[lower], p->used[upper],
						  p->terms + place, next - place);
			place = next;
		}
	return end;
}

static void
reserve_sides(HpAnova *a)
{
	HpPairer   *p = a->pairer;
	size_t		most = 0;
	Side	   *sides[2] = {&p->across, &p->along};

	for (uint32_t f = 0; f < a->n_features; f++)
		if (a->axes.axis[f].n > most)
			most = a->axes.axis[f].n;
	if (most < p->cap_strips)
		return;
	p->cap_strips = 2 * most + 1;
	for (int i = 0; i < 2; i++)
	{
		sides[i]->marks = hp_alloc(a->env, p->cap_strips / 64 + 1,
								   sizeof(uint64_t));
		sides[i]->strip = hp_alloc(a->env, p->cap_strips, sizeof(uint32_t));
		sides[i]->share = hp_alloc(a->env, p->cap_strips, sizeof(double));
	}
	p->first = hp_alloc(a->env, p->cap_strips, sizeof(uint32_t));
	p->mean = hp_alloc(a->env, p->cap_strips, sizeof(double));
	p->row.value = hp_alloc(a->env, p->cap_strips + 1, sizeof(double));
	p->row.blocks = hp_alloc(a->env, p->cap_strips / HP_SWEEP_BLOCK + 1,
							 sizeof(HpRowBlock));
}

static void
reserve_counts(HpAnova *a)
{
	HpPairer   *p = a->pairer;
	size_t		rows = MOST_COUNTS / p->n_used + 1;

	if (rows > p->n_used)
		rows = p->n_used;
	if (rows * p->n_used <= p->cap_counts)
		return;
	p->cap_counts = rows * p->n_used;
	p->counts = hp_alloc(a->env, p->cap_counts, sizeof(uint32_t));
}

const HpInteraction *
hp_anova_interactions(HpAnova *a, size_t *n)
{
	HpPairer   *p = a->pairer;

	if (p == NULL)
	{
		p = a->pairer = hp_alloc0(a->env, 1, sizeof(HpPairer));
		p->used = hp_alloc(a->env, a->n_features, sizeof(uint16_t));
		p->number = hp_alloc(a->env, a->n_features, sizeof(uint16_t));
	}
	p->n_found = 0;
	list_used(a);
	if (p->n_used > 1)
	{
		reserve_sides(a);
		reserve_counts(a);
		for (uint32_t first = 0; first < p->n_used;)
			first = find_batch(a, first);
	}
	*n = p->n_found;
	return p->found;
}
