/*
 * orders.c
 *		The samples of a subtree, sorted by each feature.
 *
 * Most of the work on a tree is in nodes of some hundred samples and below,
 * where a histogram costs more than what it counts.  So below some size the
 * samples are sorted once by each feature, and splitting a node partitions
 * each order stably: a node is then the same stretch in all orders, a constant
 * feature is seen by comparing its ends, and a scan runs over neighbours.
 *
 *		order of feature f:  | code, sample | code, sample | ...
 *							  \_____ node ______/
 *
 * The samples themselves stay where they were and are named by number.
 */
#include <string.h>

#include "grow.h"

/* ---- memory ---- */

/*
 * Orders a power of two apart would share a set of the processor's cache.
 */
#define PADDING		80

static size_t
lay_out(HpOrders *o)
{
	size_t		size = 0;

	for (uint32_t f = 0; f < o->n_features; f++)
	{
		o->first[f] = size;
		if (!hp_has_few_codes(&o->features[f]))
			size += o->features[f].wide ? o->wide_stride : o->narrow_stride;
	}
	return size;
}

void
hp_orders_use(HpOrders *o, uint32_t n_features)
{
	size_t		size;

	o->n_features = n_features;
	size = lay_out(o);
	if (size > o->size)
	{
		o->entries = hp_alloc(o->env, size, sizeof(uint32_t));
		o->size = size;
	}
}

HpOrders *
hp_orders_create(const HpEnv *env, const HpFeature *features,
				 uint32_t n_features, uint32_t ordered_samples,
				 uint32_t small_samples)
{
	HpOrders   *o = hp_alloc0(env, 1, sizeof(HpOrders));

	o->features = features;
	o->wide_stride = ordered_samples + PADDING;
	o->narrow_stride = small_samples;
	o->env = env;
	o->first = hp_alloc(env, n_features, sizeof(size_t));
	hp_orders_use(o, n_features);
	o->members = hp_alloc(env, ordered_samples, sizeof(uint32_t));
	o->scratch = hp_alloc(env, ordered_samples, sizeof(uint32_t));
	o->left = hp_alloc(env, ordered_samples, sizeof(uint8_t));
	return o;
}

/* ---- sorting ---- */

#define FEW_SAMPLES	12

static void
sort_few(uint32_t *order, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
	{
		uint32_t	entry = order[i];
		uint32_t	j = i;

		for (; j > 0 && order[j - 1] > entry; j--)
			order[j] = order[j - 1];
		order[j] = entry;
	}
}

/*
 * One pass of a stable radix sort, by the eight bits from shift on, whose values
 * are below n_values.
 */
static void
sort_by_byte(const uint32_t *from, uint32_t *to, uint32_t n, int shift,
			 uint32_t n_values)
{
	uint32_t	place[256];
	uint32_t	sum = 0;

	memset(place, 0, n_values * sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
		place[from[i] >> shift & 255]++;
	for (uint32_t b = 0; b < n_values; b++)
	{
		uint32_t	count = place[b];

		place[b] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < n; i++)
		to[place[from[i] >> shift & 255]++] = from[i];
}

/* The members of a node by a feature. */
static void
sort_members(const HpGrower *g, uint32_t feature, const uint32_t *members,
			 uint32_t n, uint32_t *order)
{
	HpOrders   *o = g->orders;
	const HpFeature *f = &o->features[feature];
	const HpRows *rows = g->rows;
	uint32_t   *entries = o->scratch;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	number = HP_SAMPLE(members[i]);

		entries[i] = number |
			hp_row_code(rows, hp_row(rows, o->samples[number].run), feature) << 16;
	}
	if (n <= FEW_SAMPLES)
	{
		sort_few(entries, n);
		memcpy(order, entries, n * sizeof(uint32_t));
	}
	else if (f->n_codes <= 256)
		sort_by_byte(entries, order, n, 16, f->n_codes);
	else
	{
		sort_by_byte(entries, order, n, 16, 256);
		memcpy(entries, order, n * sizeof(uint32_t));
		sort_by_byte(entries, order, n, 24, (f->n_codes - 1) / 256 + 1);
	}
}

static uint32_t
greatest_common_divisor(uint32_t a, uint32_t b)
{
	while (b != 0)
	{
		uint32_t	rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/*
 * The samples come sorted by target, or may: number them in steps of the
 * golden section, so that any stretch is a mixture of all.
 */
static void
mix_members(uint32_t *members, uint32_t n)
{
	uint32_t	step = (uint32_t) (n * 0.6180339887498949);
	uint32_t	number = 0;

	while (step > 1 && greatest_common_divisor(step, n) > 1)
		step--;
	for (uint32_t i = 0; i < n; i++)
	{
		members[i] = number;
		number += step;
		number -= number >= n ? n : 0;
	}
}

static void
sort_features(HpGrower *g, const HpTask *task, bool wide)
{
	HpOrders   *o = g->orders;
	uint32_t	n = task->sums.samples;

	for (uint32_t i = 0; i < task->n_list; i++)
	{
		uint32_t	feature = g->lists[task->list + i];

		if (o->features[feature].wide != wide ||
			hp_has_few_codes(&o->features[feature]))
			continue;
		hp_count_visits(g, n);
		sort_members(g, feature, hp_members_of(g, task), n,
					 hp_orders_of(g, task, feature));
	}
}

void
hp_orders_enter(HpGrower *g, HpTask *task)
{
	HpOrders   *o = g->orders;
	uint32_t	n = task->sums.samples;

	if (task->ordered == HP_ORDERED_NONE && n <= g->ordered_samples)
	{
		o->samples = g->samples + task->first;
		mix_members(o->members, n);
		task->first = 0;
		task->ordered = HP_ORDERED_WIDE;
		sort_features(g, task, true);
	}
	if (task->ordered == HP_ORDERED_WIDE && n <= g->small_samples)
	{
		o->small = task->first;
		sort_features(g, task, false);
		task->ordered = HP_ORDERED_NARROW;
	}
}

/* ---- dividing ---- */

static void
keep_both(HpOrders *o, uint32_t *order, uint32_t n)
{
	const uint8_t *left = o->left;
	uint32_t   *scratch = o->scratch;
	uint32_t	n_left = 0;

	/* both are written, one is kept: no branch to predict */
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	entry = order[i];

		order[n_left] = entry;
		scratch[i - n_left] = entry;
		n_left += left[HP_SAMPLE(entry)];
	}
	memcpy(order + n_left, scratch, (n - n_left) * sizeof(uint32_t));
}

/* The entries that go left to the front. */
static void
keep_left(HpOrders *o, uint32_t *order, uint32_t n)
{
	uint32_t	kept = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	entry = order[i];

		order[kept] = entry;
		kept += o->left[HP_SAMPLE(entry)];
	}
}

/* The others to the end. */
static void
keep_right(HpOrders *o, uint32_t *order, uint32_t n)
{
	uint32_t	end = n - 1;

	for (uint32_t i = n; i-- > 0;)
	{
		uint32_t	entry = order[i];

		order[end] = entry;
		end -= !o->left[HP_SAMPLE(entry)];
	}
}

/* Tell which members go left. */
static void
choose_sides(HpGrower *g, const HpTask *task)
{
	HpOrders   *o = g->orders;
	const HpNode *node = &g->tree.nodes[task->node];
	const HpFeature *f = &g->features[node->feature];
	const HpRows *rows = g->rows;
	const uint32_t *members = hp_members_of(g, task);

	for (uint32_t i = 0; i < task->sums.samples; i++)
		o->left[members[i]] =
			hp_goes_left(node, g->tree.lists, f->n_codes,
						 hp_row_code(rows, hp_row(rows, o->samples[members[i]].run),
									 node->feature));
}

void
hp_orders_divide(HpGrower *g, const HpTask *task)
{
	choose_sides(g, task);
	keep_both(g->orders, hp_members_of(g, task), task->sums.samples);
}

void
hp_orders_hand_down(HpGrower *g, const HpTask *task, const HpChildren *children,
					bool left, bool right)
{
	const HpTask *child = &children->left;
	uint32_t	n = task->sums.samples;

	if (!left && !right)
		return;
	for (uint32_t i = 0; i < child->n_list; i++)
	{
		uint32_t	feature = g->lists[child->list + i];
		uint32_t   *order;

		if (!hp_is_sorted_by(task, &g->features[feature]))
			continue;
		order = hp_orders_of(g, task, feature);
		if (!right)
			keep_left(g->orders, order, n);
		else if (!left)
			keep_right(g->orders, order, n);
		else
			keep_both(g->orders, order, n);
	}
}
