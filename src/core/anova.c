/*
 * anova.c
 *		A tree as a sum of steps; its variance, main effects and marginals.
 *
 * Let R(N) be the box of the node N, P the measure, m(N) the mean of the
 * tree's predictions in R(N).  What the split of N into L and R adds,
 *
 *		h_N = m(L) - m(N) in R(L),  m(R) - m(N) in R(R),  0 elsewhere,
 *
 * makes the tree: f = m(root) + sum of all h_N.  As h_N has mean 0 along the
 * feature that N splits, whatever the others are,
 *
 *	- the h_N are orthogonal: the variance of f is the sum of theirs;
 *	- averaged over the other features h_N vanishes, unless N splits one of
 *	  those that are kept.
 *
 * So the main effect of a feature is the sum, over the nodes that split it, of
 * a step along its axis, weighed by the share of R(N) along all other
 * features: one addition a node, where Hutter et al. add up leaves.
 *
 * Nodes of measure 0 (a value may weigh nothing) need care only in that shares
 * are not divided by 0: reach is the product of those shares along the
 * features of the path that are not 0, nowhere the number of those that are.
 */
#include <string.h>

#include "anova_parts.h"

/* Nodes between two ticks. */
#define TICK_NODES	65536

HpAnova *
hp_anova_create(const HpEnv *env, const HpFeature *features,
				uint32_t n_features, double *const *below)
{
	HpAnova    *a = hp_alloc0(env, 1, sizeof(HpAnova));

	a->env = env;
	a->n_features = n_features;
	hp_axes_init(&a->axes, env, features, n_features, below);
	a->listed = hp_alloc(env, hp_axes_most_spans(&a->axes), sizeof(HpSpan));
	a->region_of = hp_alloc(env, n_features, sizeof(uint32_t));
	a->path = hp_alloc(env, n_features, sizeof(uint16_t));
	return a;
}

static void
reserve_nodes(HpAnova *a, uint32_t n)
{
	if (n <= a->cap_nodes)
		return;
	a->cap_nodes = n + n / 4;
	a->regions = hp_alloc(a->env, (size_t) a->cap_nodes + a->n_features,
						  sizeof(HpRegion));
	a->steps = hp_alloc(a->env, a->cap_nodes, sizeof(HpStep));
	a->mean = hp_alloc(a->env, a->cap_nodes, sizeof(double));
	a->reach = hp_alloc(a->env, a->cap_nodes, sizeof(double));
	a->nowhere = hp_alloc(a->env, a->cap_nodes, sizeof(uint32_t));
	a->way = hp_alloc(a->env, a->cap_nodes / 2 + 1, sizeof(HpAnovaStop));
}

size_t
hp_anova_later(uint32_t n_runs)
{
	/* a leaf a run at most; each split parts codes at one place or two */
	return (size_t) n_runs * 2 *
		(5 * (sizeof(HpRegion) + sizeof(HpStep) + 3 * sizeof(double)) / 4 +
		 2 * (3 * sizeof(double)));
}

/* ---- walking down the tree ---- */

HpAnovaWalk
hp_anova_walk(HpAnova *a)
{
	HpAnovaWalk walk = {.anova = a};

	for (uint32_t f = 0; f < a->n_features; f++)
		a->region_of[f] = a->tree->n_nodes + f;
	if (a->tree->nodes[0].left != 0)
		a->way[walk.n_way++] = (HpAnovaStop) {0, 0};
	return walk;
}

bool
hp_anova_walk_next(HpAnovaWalk *walk, uint32_t *node)
{
	HpAnova    *a = walk->anova;
	const HpNode *nodes = a->tree->nodes;

	if (walk->visits++ % TICK_NODES == 0)
		hp_tick(a->env);
	while (walk->n_way > 0)
	{
		HpAnovaStop *stop = &a->way[walk->n_way - 1];
		const HpNode *n = &nodes[stop->node];
		uint32_t	child = n->left + stop->children - 1;

		switch (stop->children++)
		{
			case 0:
				*node = stop->node;
				a->steps[*node].region = a->region_of[n->feature];
				return true;
			case 1:
				if (a->steps[stop->node].region >= a->tree->n_nodes)
					a->path[walk->n_path++] = n->feature;
				/* fall through */
			case 2:
				if (nodes[child].left == 0)
					break;
				a->region_of[n->feature] = child;
				a->way[walk->n_way++] = (HpAnovaStop) {child, 0};
				break;
			default:
				a->region_of[n->feature] = a->steps[stop->node].region;
				if (a->region_of[n->feature] >= a->tree->n_nodes)
					walk->n_path--;
				walk->n_way--;
		}
	}
	return false;
}

/* ---- where nodes lie ---- */

static void
add_span(HpAnova *a, HpRegion *region, HpSpan span)
{
	if (region->span.lo == region->span.hi)
	{
		region->span = span;
		return;
	}
	if (a->n_spans == a->cap_spans)
	{
		size_t		cap = 2 * a->cap_spans + 1024;
		HpSpan	   *grown = hp_alloc(a->env, cap, sizeof(HpSpan));

		if (a->n_spans > 0)
			memcpy(grown, a->spans, a->n_spans * sizeof(HpSpan));
		a->spans = grown;
		a->cap_spans = cap;
	}
	a->spans[a->n_spans++] = span;
	region->n_more++;
}

/* What of a region is listed, or is not; its spans lie behind all others. */
static HpRegion
part_of_region(HpAnova *a, const HpRegion *whole, uint32_t n_listed,
			   bool listed)
{
	HpRegion	part = {.more = (uint32_t) a->n_spans};
	uint32_t	i = 0;

	for (uint32_t w = 0; w <= whole->n_more; w++)
	{
		HpSpan		rest = w == 0 ? whole->span : a->spans[whole->more + w - 1];

		/* those that end before it */
		while (i < n_listed && a->listed[i].hi <= rest.lo)
			i++;
		while (rest.lo < rest.hi)
		{
			bool		inside = i < n_listed && a->listed[i].lo <= rest.lo;
			uint32_t	end = i == n_listed ? rest.hi :
				inside ? a->listed[i].hi : a->listed[i].lo;
			bool		beyond = end > rest.hi;

			if (beyond)
				end = rest.hi;
			if (inside == listed)
				add_span(a, &part, (HpSpan) {rest.lo, end});
			rest.lo = end;
			if (inside && !beyond)
				i++;
		}
	}
	return part;
}

static void
weigh_region(const HpAnova *a, uint32_t feature, HpRegion *region)
{
	region->share = hp_axes_share(&a->axes, feature, region->span);
	for (uint32_t i = 0; i < region->n_more; i++)
		region->share += hp_axes_share(&a->axes, feature,
									   a->spans[region->more + i]);
	if (!(region->share > 0))
		region->share = 0;
}

/* Where the children of a node lie along the feature it splits. */
static void
divide_region(HpAnova *a, const HpNode *node, const HpRegion *whole)
{
	HpRegion   *left = &a->regions[node->left];
	HpRegion   *right = left + 1;

	if (node->categorical)
	{
		uint32_t	n = hp_axes_listed(&a->axes, a->tree, node, a->listed);

		*left = part_of_region(a, whole, n, !node->listed_right);
		*right = part_of_region(a, whole, n, node->listed_right);
	}
	else
	{
		uint32_t	cut = hp_axes_cut(&a->axes, node);

		/* a cut from outside may lie beyond the region */
		if (cut < whole->span.lo)
			cut = whole->span.lo;
		if (cut > whole->span.hi)
			cut = whole->span.hi;
		*left = (HpRegion) {.span = {whole->span.lo, cut}};
		*right = (HpRegion) {.span = {cut, whole->span.hi}};
	}
	weigh_region(a, node->feature, left);
	weigh_region(a, node->feature, right);
}

/* The share of a child, from that of its parent along the other features. */
static void
reach_child(HpAnova *a, uint32_t child, double others, uint32_t nowhere)
{
	double		share = a->regions[child].share;

	a->reach[child] = share > 0 ? others * share : others;
	a->nowhere[child] = share > 0 ? nowhere : nowhere + 1;
}

static void
place_children(HpAnova *a, uint32_t number)
{
	const HpNode *node = &a->tree->nodes[number];
	HpStep	   *step = &a->steps[number];
	double		share = a->regions[step->region].share;
	double		others = a->reach[number] / (share > 0 ? share : 1);
	uint32_t	nowhere = a->nowhere[number] - (share > 0 ? 0 : 1);
	double		left,
				both;

	divide_region(a, node, &a->regions[step->region]);
	reach_child(a, node->left, others, nowhere);
	reach_child(a, node->left + 1, others, nowhere);
	left = a->regions[node->left].share;
	both = left + a->regions[node->left + 1].share;
	step->left_of_both = both > 0 ? left / both : 0.5;
	step->others = nowhere == 0 ? others : 0;
}

static void
place_nodes(HpAnova *a)
{
	HpAnovaWalk walk;
	uint32_t	node;

	a->n_spans = 0;
	for (uint32_t f = 0; f < a->n_features; f++)
		a->regions[a->tree->n_nodes + f] = (HpRegion) {
			.span = {0, a->axes.axis[f].n}, .share = 1
		};
	a->reach[0] = 1;
	a->nowhere[0] = 0;
	walk = hp_anova_walk(a);
	while (hp_anova_walk_next(&walk, &node))
		place_children(a, node);
}

/* ---- steps ---- */

/* Means from the leaves up, and what the splits add. */
static void
find_steps(HpAnova *a)
{
	const HpNode *nodes = a->tree->nodes;

	a->variance = 0;
	for (uint32_t i = a->tree->n_nodes; i-- > 0;)
	{
		HpStep	   *step = &a->steps[i];
		double		difference;
		double		right_of_both;

		if (i % TICK_NODES == 0)
			hp_tick(a->env);
		if (nodes[i].left == 0)
		{
			a->mean[i] = (double) nodes[i].value;
			continue;
		}
		difference = a->mean[nodes[i].left] - a->mean[nodes[i].left + 1];
		right_of_both = 1 - step->left_of_both;
		a->mean[i] = a->mean[nodes[i].left + 1] +
			step->left_of_both * difference;
		a->variance += step->others * a->regions[step->region].share *
			step->left_of_both * right_of_both * difference * difference;
		step->left = step->others * right_of_both * difference;
		step->right = -step->others * step->left_of_both * difference;
	}
}

/* Let a function of stretches rise by so much in a region. */
static inline void
raise(const HpAnova *a, double *change, const HpRegion *region, double by)
{
	change[region->span.lo] += by;
	change[region->span.hi] -= by;
	for (uint32_t i = 0; i < region->n_more; i++)
	{
		change[a->spans[region->more + i].lo] += by;
		change[a->spans[region->more + i].hi] -= by;
	}
}

/* Main effects by stretch: changes from one to the next first, then sums. */
static void
find_effects(HpAnova *a)
{
	const HpNode *nodes = a->tree->nodes;

	if (a->axes.n_places > a->cap_places)
	{
		a->cap_places = 2 * a->axes.n_places;
		a->effect = hp_alloc(a->env, a->cap_places, sizeof(double));
	}
	memset(a->effect, 0, a->axes.n_places * sizeof(double));
	for (uint32_t i = 0; i < a->tree->n_nodes; i++)
	{
		const HpStep *step = &a->steps[i];
		double	   *change;

		if (i % TICK_NODES == 0)
			hp_tick(a->env);
		if (nodes[i].left == 0 || step->others == 0)
			continue;
		change = a->effect + a->axes.axis[nodes[i].feature].place;
		raise(a, change, &a->regions[nodes[i].left], step->left);
		raise(a, change, &a->regions[nodes[i].left + 1], step->right);
	}
	for (uint32_t f = 0; f < a->n_features; f++)
	{
		double	   *effect = a->effect + a->axes.axis[f].place;

		for (uint32_t i = 1; i < a->axes.axis[f].n; i++)
			effect[i] += effect[i - 1];
	}
}

void
hp_anova_decompose(HpAnova *a, const HpTree *tree)
{
	a->tree = tree;
	hp_axes_read(&a->axes, tree);
	reserve_nodes(a, tree->n_nodes);
	place_nodes(a);
	find_steps(a);
	find_effects(a);
}

/* ---- answers ---- */

double
hp_anova_variance(const HpAnova *a)
{
	return a->variance;
}

void
hp_anova_main_effects(const HpAnova *a, double *variance)
{
	for (uint32_t f = 0; f < a->n_features; f++)
	{
		const HpAxis *axis = &a->axes.axis[f];
		const double *effect = a->effect + axis->place;
		const double *weight = a->axes.weight + axis->place;
		double		sum = 0;

		for (uint32_t i = 0; i < axis->n; i++)
			sum += (weight[i + 1] - weight[i]) * effect[i] * effect[i];
		variance[f] = sum * axis->scale;
	}
}

void
hp_anova_marginal(const HpAnova *a, uint32_t feature, double *mean)
{
	const HpAxis *axis = &a->axes.axis[feature];
	const double *effect = a->effect + axis->place;
	const uint32_t *start = a->axes.start + axis->place;

	for (uint32_t i = 0; i < axis->n; i++)
		for (uint32_t code = start[i]; code < start[i + 1]; code++)
			mean[code] = a->mean[0] + effect[i];
}
