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

/* All runs are looked at to pick those of a node if it has a fourth of them. */
#define PRESORT_PART	4

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

static size_t
count_wide(const HpFeature *features, uint32_t n_features)
{
	size_t		n = 0;

	for (uint32_t f = 0; f < n_features; f++)
		n += features[f].wide;
	return n;
}

/* Forget what was sorted; the memory stays. */
static void
forget_presorts(HpOrders *o)
{
	for (uint32_t f = 0; f < o->n_features; f++)
		o->presorts[f] = (HpPresort) {.order = o->presorts[f].order};
}

void
hp_orders_use(HpOrders *o, uint32_t n_features, uint32_t n_runs)
{
	size_t		size;

	o->n_features = n_features;
	o->n_runs = n_runs;
	forget_presorts(o);
	size = lay_out(o);
	if (size > o->size)
	{
		o->entries = hp_alloc(o->env, size, sizeof(uint32_t));
		o->size = size;
	}
}

HpOrders *
hp_orders_create(const HpEnv *env, const HpFeature *features,
				 uint32_t n_features, uint32_t n_runs,
				 uint32_t ordered_samples, uint32_t small_samples)
{
	HpOrders   *o = hp_alloc0(env, 1, sizeof(HpOrders));
	uint32_t	most = ordered_samples;

	o->features = features;
	o->wide_stride = ordered_samples + PADDING;
	o->narrow_stride = small_samples;
	o->env = env;
	o->first = hp_alloc(env, n_features, sizeof(size_t));
	o->presorts = hp_alloc0(env, n_features, sizeof(HpPresort));
	if (n_runs / PRESORT_PART < ordered_samples &&
		(uint64_t) count_wide(features, n_features) * n_runs *
		sizeof(uint32_t) <= HP_MOST_ORDER_BYTES)
	{
		o->most_runs = n_runs;
		o->number_of = hp_alloc(env, n_runs, sizeof(uint16_t));
		most = n_runs > most ? n_runs : most;
	}
	hp_orders_use(o, n_features, n_runs);
	o->members = hp_alloc(env, ordered_samples, sizeof(uint32_t));
	o->scratch = hp_alloc(env, most, sizeof(uint32_t));
	o->radix = hp_alloc(env, most, sizeof(uint32_t));
	o->row = hp_alloc(env, ordered_samples, sizeof(uint8_t *));
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

/* Sort n entries, which lie in scratch, by the codes of a wide feature. */
static void
sort_entries(HpOrders *o, const HpFeature *f, uint32_t n, uint32_t *order)
{
	if (n <= FEW_SAMPLES)
	{
		sort_few(o->scratch, n);
		memcpy(order, o->scratch, n * sizeof(uint32_t));
		return;
	}
	sort_by_byte(o->scratch, o->radix, n, 16, 256);
	sort_by_byte(o->radix, order, n, 24, (f->n_codes - 1) / 256 + 1);
}

/* The members of a node by a wide feature. */
static void
sort_wide(const HpGrower *g, uint32_t feature, const uint32_t *members,
		  uint32_t n, uint32_t *order)
{
	HpOrders   *o = g->orders;

	for (uint32_t i = 0; i < n; i++)
		o->scratch[i] = HP_SAMPLE(members[i]) |
			hp_row_code(g->rows, o->row[i], feature) << 16;
	sort_entries(o, &o->features[feature], n, order);
}

/* So many counts at once: see sort_narrow(). */
#define LANES	8

/* Each of eight bytes becomes the sum of those before it in memory. */
static inline uint64_t
sums_before(uint64_t counts)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (int shift = 8; shift < 64; shift *= 2)
		counts += counts >> shift;
	return counts >> 8;
#else
	return counts * UINT64_C(0x0101010101010101) << 8;
#endif
}

_Static_assert(HP_SMALL_SAMPLES <= UINT8_MAX, "a place takes a byte");

/*
 * The members of a small node by a narrow feature: codes are counted as they
 * are read, and the places where they begin added up eight at a time.
 */
static void
sort_narrow(const HpGrower *g, uint32_t feature, const uint32_t *members,
			uint32_t n, uint32_t *order)
{
	HpOrders   *o = g->orders;
	uint32_t	at = g->rows->place[feature];
	uint32_t	n_words = (o->features[feature].n_codes - 1) / LANES + 1;
	uint8_t		place[256] = {0};	/* of a code: its next entry's */
	uint8_t		before = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	code = o->row[i][at];

		o->scratch[i] = HP_SAMPLE(members[i]) | code << 16;
		place[code]++;
	}
	for (uint32_t w = 0; w < n_words; w++)
	{
		uint64_t	counts;
		uint64_t	sums;
		uint8_t		last = place[w * LANES + LANES - 1];

		memcpy(&counts, place + w * LANES, LANES);
		sums = sums_before(counts) + before * UINT64_C(0x0101010101010101);
		memcpy(place + w * LANES, &sums, LANES);
		before = (uint8_t) (place[w * LANES + LANES - 1] + last);
	}
	for (uint32_t i = 0; i < n; i++)
		order[place[HP_CODE(o->scratch[i])]++] = o->scratch[i];
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

/* ---- sorted once for all trees ---- */

/*
 * Where a subtree has many of the runs, its own are picked from all, which are
 * sorted once; the codes of features whose gaps are filled change from tree to
 * tree.
 */
#define NOT_DRAWN		UINT16_MAX

void
hp_orders_reread(HpOrders *o, uint32_t feature)
{
	o->presorts[feature].changes = true;
}

size_t
hp_orders_later(const HpOrders *o)
{
	return count_wide(o->features, o->n_features) * o->most_runs *
		sizeof(uint32_t);
}

static void
presort(HpGrower *g, uint32_t feature)
{
	HpOrders   *o = g->orders;
	HpPresort  *p = &o->presorts[feature];

	if (p->order == NULL)
		p->order = hp_alloc(o->env, o->most_runs, sizeof(uint32_t));
	mix_members(p->order, o->n_runs);
	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		uint32_t	run = p->order[i];

		o->scratch[i] = run | hp_feature_code(&o->features[feature], run) << 16;
	}
	sort_entries(o, &o->features[feature], o->n_runs, p->order);
	p->sorted = true;
}

/* See that all runs are sorted by a feature, if that is worth it for n. */
static bool
see_presorted(HpGrower *g, uint32_t feature, uint32_t n)
{
	HpOrders   *o = g->orders;
	HpPresort  *p = &o->presorts[feature];
	bool		asked = p->asked;

	if (o->most_runs == 0 || p->changes || o->n_runs / PRESORT_PART >= n)
		return false;
	p->asked = true;
	if (asked && !p->sorted)
		presort(g, feature);
	return p->sorted;
}

static void
number_runs(HpOrders *o, uint32_t n)
{
	if (o->most_runs == 0)
		return;
	memset(o->number_of, 0xff, o->n_runs * sizeof(uint16_t));
	for (uint32_t i = 0; i < n; i++)
		o->number_of[o->samples[i].run] = (uint16_t) i;
}

/* Writes one entry ahead: orders of wide features are padded. */
static void
pick_drawn(const HpOrders *o, const uint32_t *all, uint32_t *order)
{
	uint32_t	n = 0;

	for (uint32_t i = 0; i < o->n_runs; i++)
	{
		uint32_t	number = o->number_of[HP_SAMPLE(all[i])];

		order[n] = HP_CODE(all[i]) << 16 | number;
		n += number != NOT_DRAWN;
	}
}

/* ---- entering a subtree ---- */

static void
sort_features(HpGrower *g, const HpTask *task, bool wide)
{
	HpOrders   *o = g->orders;
	uint32_t	n = task->sums.samples;
	const uint32_t *members = hp_members_of(g, task);

	for (uint32_t i = 0; i < n; i++)
		o->row[i] = hp_row(g->rows, o->samples[HP_SAMPLE(members[i])].run);
	for (uint32_t i = 0; i < task->n_list; i++)
	{
		uint32_t	feature = g->lists[task->list + i];
		uint32_t   *order;

		if (o->features[feature].wide != wide ||
			hp_has_few_codes(&o->features[feature]))
			continue;
		hp_count_visits(g, n);
		order = hp_orders_of(g, task, feature);
		if (wide && see_presorted(g, feature, n))
			pick_drawn(o, o->presorts[feature].order, order);
		else if (!wide)
			sort_narrow(g, feature, members, n, order);
		else
			sort_wide(g, feature, members, n, order);
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
		number_runs(o, n);
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

/* Those of a numeric feature's order that go left come first. */
static void
choose_first(HpOrders *o, const uint32_t *order, uint32_t n_left, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		o->left[HP_SAMPLE(order[i])] = i < n_left;
}

static void
choose_by_rows(HpGrower *g, const HpTask *task, const HpNode *node)
{
	HpOrders   *o = g->orders;
	const HpFeature *f = &g->features[node->feature];
	const HpRows *rows = g->rows;
	const uint32_t *members = hp_members_of(g, task);

	for (uint32_t i = 0; i < task->sums.samples; i++)
		o->left[members[i]] =
			hp_goes_left(node, g->tree.lists, f->n_codes,
						 hp_row_code(rows, hp_row(rows, o->samples[members[i]].run),
									 node->feature));
}

/* Whether a node is in the order of the numeric feature that splits it. */
static bool
is_divided(const HpGrower *g, const HpTask *task, const HpNode *node)
{
	return !node->categorical &&
		hp_is_sorted_by(task, &g->features[node->feature]);
}

void
hp_orders_divide(HpGrower *g, const HpTask *task, uint32_t n_left)
{
	const HpNode *node = &g->tree.nodes[task->node];

	if (is_divided(g, task, node))
		choose_first(g->orders, hp_orders_of(g, task, node->feature), n_left,
					 task->sums.samples);
	else
		choose_by_rows(g, task, node);
	keep_both(g->orders, hp_members_of(g, task), task->sums.samples);
}

void
hp_orders_hand_down(HpGrower *g, const HpTask *task, const HpChildren *children,
					bool left, bool right)
{
	const HpTask *child = &children->left;
	const HpNode *node = &g->tree.nodes[task->node];
	uint32_t	divided = is_divided(g, task, node) ? node->feature : UINT32_MAX;
	uint32_t	n = task->sums.samples;

	if (!left && !right)
		return;
	for (uint32_t i = 0; i < child->n_list; i++)
	{
		uint32_t	feature = g->lists[child->list + i];
		uint32_t   *order;

		if (!hp_is_sorted_by(task, &g->features[feature]) || feature == divided)
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
