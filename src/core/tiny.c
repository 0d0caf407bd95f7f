/*
 * tiny.c
 *		Subtrees of a few samples, as sets of bits.
 *
 * A fully grown tree has most of its nodes here, and there are few ways to
 * divide a few samples.  The best of all ways, whatever the features, is to
 * cut the samples in the order of their targets (Fisher 1958).  So features
 * are asked whether they can make that division, in random order: the first
 * that can is as good as any other, and as likely to be asked first as any
 * other that can.  Two or three questions do where there were as many as
 * features.
 *
 * Only where no feature can, or where two divisions are the best, are the
 * features compared by their own best splits.  Nothing is partitioned any
 * more: a node is the set of its samples.
 */
#include "grow.h"

#define MOST_SAMPLES	HP_TINY_SAMPLES

/* A set of samples: bit k is the sample with the k-th lowest target. */
typedef uint32_t Set;

struct HpTiny
{
	HpGrower   *g;
	const uint16_t *list;		/* features of the root of the subtree */
	uint32_t	n_features;
	uint16_t   *places;			/* in the list, all of them, in random order */
	HpSample	samples[MOST_SAMPLES];	/* by target */
	uint32_t	n;
	uint64_t	serial;			/* of the subtree */

	/* by place */
	uint64_t   *taken;			/* serial of the subtree codes were taken for */
	uint16_t  (*codes)[MOST_SAMPLES];
	uint32_t   *tied;			/* features that share the best split */
};

typedef struct Node
{
	HpTask		task;
	Set			set;
} Node;

/* A split, and the place of its feature. */
typedef struct Choice
{
	HpSplit		split;
	uint32_t	place;
} Choice;

/* Lowest member first: */
#define FOR_EACH_MEMBER(bit, set) \
	for (Set bit##_left = (set); \
		 bit##_left != 0 && \
		 ((bit) = (uint32_t) __builtin_ctz(bit##_left), true); \
		 bit##_left &= bit##_left - 1)

HpTiny *
hp_tiny_create(HpGrower *g)
{
	HpTiny	   *t = hp_alloc0(g->env, 1, sizeof(HpTiny));
	uint32_t	n = g->n_features;

	t->g = g;
	t->places = hp_alloc(g->env, n, sizeof(uint16_t));
	t->taken = hp_alloc0(g->env, n, sizeof(uint64_t));
	t->codes = hp_alloc0(g->env, n, sizeof(*t->codes));
	t->tied = hp_alloc(g->env, n, sizeof(uint32_t));
	return t;
}

/* ---- the samples of the subtree ---- */

static void
take_samples(HpTiny *t, const HpTask *root)
{
	HpMembers	m = hp_members(t->g, root);

	t->n = m.n;
	for (uint32_t i = 0; i < m.n; i++)
	{
		HpSample	sample = m.samples[hp_member(&m, i)];
		uint32_t	j = i;

		for (; j > 0 && t->samples[j - 1].target > sample.target; j--)
			t->samples[j] = t->samples[j - 1];
		t->samples[j] = sample;
	}
}

static const HpFeature *
feature_at(const HpTiny *t, uint32_t place)
{
	return &t->g->features[t->list[place]];
}

/* The codes of all samples of the subtree. */
static const uint16_t *
codes_at(HpTiny *t, uint32_t place)
{
	const HpGrower *g = t->g;
	const HpRows *rows = hp_histograms_rows(g->histograms);
	uint16_t   *codes = t->codes[place];

	if (t->taken[place] == t->serial)
		return codes;
	t->taken[place] = t->serial;
	for (uint32_t i = 0; i < t->n; i++)
		codes[i] = (uint16_t) hp_row_code(rows, g->features, t->list[place],
										  t->samples[i].run);
	return codes;
}

/* ---- the best division, whatever the features ---- */

typedef struct Division
{
	uint32_t	n_low;			/* so many samples of the lowest targets */
	double		score;
	bool		unique;			/* no other scores the same */
} Division;

static Division
best_division(const HpTiny *t, Set set, const HpTotal *total)
{
	Division	best = {.score = -1};
	int64_t		target = 0;
	uint32_t	weight = 0;
	uint32_t	n = 0;
	uint32_t	bit;

	FOR_EACH_MEMBER(bit, set)
	{
		double		score;

		target += (t->samples[bit].target - total->mean) *
			(int64_t) t->samples[bit].weight;
		weight += t->samples[bit].weight;
		if (++n == total->samples)
			break;
		score = hp_score(total, target, weight);
		best.unique &= score != best.score;
		if (score > best.score)
			best = (Division) {n, score, true};
	}
	return best;
}

/* ---- asking features for it ---- */

/* What a feature says. */
typedef enum Answer
{
	MAKES_IT,
	VARIES,
	CONSTANT
} Answer;

/* The samples of a small node by target, and the division asked for. */
typedef struct Question
{
	uint32_t	n_low;
	uint8_t		bits[MOST_SAMPLES];
	int16_t		is_low[MOST_SAMPLES];	/* -1 or 0 */
	int16_t		is_high[MOST_SAMPLES];
} Question;

static Question
make_question(Set set, uint32_t n_low)
{
	Question	q = {.n_low = n_low};
	uint32_t	n = 0;
	uint32_t	bit;

	FOR_EACH_MEMBER(bit, set)
		q.bits[n++] = (uint8_t) bit;
	for (uint32_t k = 0; k < MOST_SAMPLES; k++)
	{
		q.is_low[k] = (int16_t) -(k < n_low);
		q.is_high[k] = (int16_t) -(k >= n_low && k < n);
	}
	return q;
}

/* Codes of the node, less 32768 to be signed. */
typedef struct Codes
{
	int16_t		code[MOST_SAMPLES];
} Codes;

typedef struct Range
{
	int16_t		lowest;
	int16_t		highest;
} Range;

/* A loop over all places that has no branches and can be vectorised. */
static inline Range
range_of(const Codes *codes, const int16_t *member)
{
	Range		range = {INT16_MAX, INT16_MIN};

	for (uint32_t k = 0; k < MOST_SAMPLES; k++)
	{
		int16_t		code = codes->code[k];
		int16_t		low = (int16_t) ((code & member[k]) |
									 (INT16_MAX & ~member[k]));
		int16_t		high = (int16_t) ((code & member[k]) |
									  (INT16_MIN & ~member[k]));

		range.lowest = low < range.lowest ? low : range.lowest;
		range.highest = high > range.highest ? high : range.highest;
	}
	return range;
}

static inline uint32_t
to_code(int16_t code)
{
	return (uint32_t) (code + 32768);
}

static Answer
ask_levels(const Codes *codes, const Question *q)
{
	int16_t		same[MOST_SAMPLES] = {0};
	int16_t		others[MOST_SAMPLES] = {0};
	int			shared = 0;
	int			varies = 0;

	for (uint32_t i = 0; i < q->n_low; i++)
		for (uint32_t j = 0; j < MOST_SAMPLES; j++)
		{
			int16_t		equal = (int16_t) -(codes->code[i] == codes->code[j]);

			same[j] = (int16_t) (same[j] | equal);
			others[j] = (int16_t) (others[j] | ~equal);
		}
	for (uint32_t j = 0; j < MOST_SAMPLES; j++)
	{
		shared |= same[j] & q->is_high[j];
		varies |= others[j] & q->is_high[j];
	}
	return !varies ? CONSTANT : shared ? VARIES : MAKES_IT;
}

/*
 * Whether a feature can make the division.  A numeric one that can is written
 * down in split, and whether the low targets are left of it.
 */
static Answer
ask(HpTiny *t, uint32_t place, const Question *q, HpSplit *split,
	bool *low_left)
{
	const uint16_t *codes = codes_at(t, place);
	Codes		c;
	Range		low,
				high;

	for (uint32_t k = 0; k < MOST_SAMPLES; k++)
		c.code[k] = (int16_t) (codes[q->bits[k]] - 32768);
	if (feature_at(t, place)->categorical)
		return ask_levels(&c, q);
	low = range_of(&c, q->is_low);
	high = range_of(&c, q->is_high);
	*low_left = low.highest < high.lowest;
	if (*low_left)
	{
		split->low = to_code(low.highest);
		split->high = to_code(high.lowest);
		return MAKES_IT;
	}
	if (high.highest < low.lowest)
	{
		split->low = to_code(high.highest);
		split->high = to_code(low.lowest);
		return MAKES_IT;
	}
	return low.lowest == low.highest && high.lowest == high.highest ?
		CONSTANT : VARIES;
}

/* ---- a feature's own best split ---- */

/*
 * The node's samples, sorted by a feature, as entries of code and bit.
 */
static void
sort_entries(HpTiny *t, uint32_t place, Set set, uint32_t *entries)
{
	const uint16_t *codes = codes_at(t, place);
	uint32_t	unsorted[MOST_SAMPLES];
	uint32_t	n = 0;
	uint32_t	bit;

	/* each goes behind all that are less */
	FOR_EACH_MEMBER(bit, set)
		unsorted[n++] = (uint32_t) codes[bit] << 16 | bit;
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	less = 0;

		for (uint32_t j = 0; j < n; j++)
			less += unsorted[j] < unsorted[i];
		entries[less] = unsorted[i];
	}
}

/* The levels of a category in a node, by mean. */
static HpLevel *
levels_of(HpTiny *t, uint32_t place, const Node *node, uint32_t *n_levels)
{
	HpSplitter *splitter = &t->g->splitter;
	uint32_t	entries[MOST_SAMPLES];

	sort_entries(t, place, node->set, entries);
	*n_levels = hp_levels_of_samples(t->samples, entries,
									 node->task.sums.samples,
									 splitter->levels);
	return hp_levels_by_mean(splitter->levels, splitter->scratch, *n_levels);
}

/* The best split by a feature that scores at least floor, or a score of -1. */
static void
split_by(HpTiny *t, const Node *node, uint32_t place, const HpTotal *total,
		 double floor, HpSplit *split)
{
	uint32_t	entries[MOST_SAMPLES];

	*split = (HpSplit) {.score = -1, .feature = t->list[place]};
	if (feature_at(t, place)->categorical)
	{
		uint32_t	n_levels;
		HpLevel    *levels = levels_of(t, place, node, &n_levels);

		hp_split_levels(&t->g->splitter, split->feature, levels, n_levels,
						total, floor, split);
		return;
	}
	sort_entries(t, place, node->set, entries);
	hp_cut_order(t->samples, entries, total, floor, split);
}

/* ---- comparing features ---- */

/* The best of the first n places; of those that tie, each with the same chance. */
static bool
compare_features(HpTiny *t, const Node *node, const HpTotal *total, uint32_t n,
				 Choice *choice)
{
	uint32_t	n_tied = 0;

	choice->split.score = -1;
	for (uint32_t i = 0; i < n; i++)
	{
		HpSplit		split;

		split_by(t, node, t->places[i], total, choice->split.score, &split);
		if (split.score < 0 || split.score < choice->split.score)
			continue;
		if (split.score > choice->split.score)
		{
			*choice = (Choice) {split, t->places[i]};
			n_tied = 0;
		}
		t->tied[n_tied++] = t->places[i];
	}
	if (n_tied > 1)
	{
		choice->place = t->tied[hp_rng_below(t->g->rng, n_tied)];
		split_by(t, node, choice->place, total, choice->split.score,
				 &choice->split);
	}
	return n_tied > 0;
}

/* ---- choosing ---- */

/* Draw the next place at random: the i-th. */
static uint32_t
draw_place(HpTiny *t, uint32_t i)
{
	uint32_t	j = i + hp_rng_below(t->g->rng, t->n_features - i);
	uint16_t	place = t->places[j];

	t->places[j] = t->places[i];
	t->places[i] = place;
	return place;
}

/* The split of a feature that makes the division. */
static void
take_division(HpTiny *t, const Node *node, const HpTotal *total,
			  const Division *division, bool low_left, Choice *choice)
{
	HpSplit    *split = &choice->split;
	uint32_t	n = low_left ? division->n_low :
		total->samples - division->n_low;
	uint32_t	skip = low_left ? 0 : division->n_low;
	uint32_t	bit;

	if (feature_at(t, choice->place)->categorical)
	{
		split_by(t, node, choice->place, total, division->score, split);
		return;
	}
	split->score = division->score;
	split->left = (HpSums) {.samples = n};
	FOR_EACH_MEMBER(bit, node->set)
	{
		uint32_t	weight = t->samples[bit].weight;

		if (skip > 0)
		{
			skip--;
			continue;
		}
		if (n-- == 0)
			break;
		split->left.target += t->samples[bit].target * (int64_t) weight;
		split->left.weight += weight;
	}
}

/*
 * Ask features for the best division, in random order; n is how many were
 * asked until one made it, or enough of them varied.
 */
static bool
ask_features(HpTiny *t, const Node *node, const HpTotal *total,
			 const Division *division, uint32_t *n, Choice *choice)
{
	Question	question = make_question(node->set, division->n_low);
	uint32_t	wanted = t->g->settings.features_per_split;
	bool		unbeatable = division->unique && total->min_samples_leaf == 1;

	for (*n = 0; *n < t->n_features && wanted > 0;)
	{
		bool		low_left = false;
		Answer		answer;

		choice->place = draw_place(t, (*n)++);
		choice->split.feature = t->list[choice->place];
		answer = ask(t, choice->place, &question, &choice->split, &low_left);
		if (answer == MAKES_IT && unbeatable)
		{
			take_division(t, node, total, division, low_left, choice);
			return true;
		}
		wanted -= answer != CONSTANT;
	}
	return false;
}

static bool
choose_split(HpTiny *t, const Node *node, Choice *choice)
{
	HpTotal		total = hp_total(&node->task.sums,
								 t->g->settings.min_samples_leaf);
	Division	division = best_division(t, node->set, &total);
	uint32_t	n;

	return ask_features(t, node, &total, &division, &n, choice) ||
		compare_features(t, node, &total, n, choice);
}

/* ---- growing ---- */

/* The samples of a node that go left. */
static Set
left_of(HpTiny *t, const Node *node, uint32_t place)
{
	HpGrower   *g = t->g;
	const uint16_t *codes = codes_at(t, place);
	Set			left = 0;
	uint32_t	bit;

	FOR_EACH_MEMBER(bit, node->set)
		left |= (Set) hp_goes_left(&g->tree.nodes[node->task.node],
								   g->tree.lists,
								   feature_at(t, place)->n_codes,
								   codes[bit]) << bit;
	return left;
}

static bool
is_pure(const HpTiny *t, Set set)
{
	uint32_t	lowest = (uint32_t) __builtin_ctz(set);
	uint32_t	highest = 31 - (uint32_t) __builtin_clz(set);

	return t->samples[lowest].target == t->samples[highest].target;
}

/* Whether a node is to be split. */
static bool
goes_on(const HpTiny *t, const Node *node)
{
	return hp_may_split(t->g, &node->task.sums, node->task.depth) &&
		!is_pure(t, node->set);
}

/*
 * Two samples are divided by any feature that tells them apart: half of all
 * nodes, and both children are leaves.
 */
static void
split_pair(HpTiny *t, const Node *node)
{
	const HpGrower *g = t->g;
	const HpRows *rows = hp_histograms_rows(g->histograms);
	uint32_t	lower = (uint32_t) __builtin_ctz(node->set);
	uint32_t	higher = 31 - (uint32_t) __builtin_clz(node->set);
	HpSample   *pair[2] = {&t->samples[lower], &t->samples[higher]};

	for (uint32_t i = 0; i < t->n_features; i++)
	{
		uint32_t	feature = t->list[draw_place(t, i)];
		uint32_t	code[2];
		bool		swap;
		HpTotal		total;
		HpSplit		split;
		HpLevel		levels[2];

		code[0] = hp_row_code(rows, g->features, feature, pair[0]->run);
		code[1] = hp_row_code(rows, g->features, feature, pair[1]->run);
		if (code[0] == code[1])
			continue;
		/* left goes the lower level by mean, or the lower code */
		swap = !g->features[feature].categorical && code[1] < code[0];
		split = (HpSplit) {
			.feature = feature,
			.low = code[swap],
			.high = g->features[feature].categorical ? 1 : code[!swap],
			.left = {
				pair[swap]->target * (int64_t) pair[swap]->weight,
				pair[swap]->weight, 1
			}
		};
		for (int k = 0; k < 2; k++)
			levels[k].code = code[k];
		total = hp_total(&node->task.sums, 1);
		split.score = hp_score(&total, split.left.target -
							   total.mean * split.left.weight,
							   split.left.weight);
		hp_split_node(t->g, &node->task, &split, levels, 2);
		return;
	}
}

/* Split a node; its children that go on are put on the stack. */
static void
split_node(HpTiny *t, const Node *node, Node *waiting, uint32_t *n_waiting)
{
	Choice		choice;
	HpLevel    *levels = NULL;
	uint32_t	n_levels = 0;
	HpChildren	children;
	Node		left,
				right;

	if (!choose_split(t, node, &choice))
		return;
	if (feature_at(t, choice.place)->categorical)
		levels = levels_of(t, choice.place, node, &n_levels);
	children = hp_split_node(t->g, &node->task, &choice.split, levels,
							 n_levels);
	left = (Node) {children.left, left_of(t, node, choice.place)};
	right = (Node) {children.right, node->set & ~left.set};
	if (goes_on(t, &right))
		waiting[(*n_waiting)++] = right;
	if (goes_on(t, &left))
		waiting[(*n_waiting)++] = left;
}

static void
begin_subtree(HpTiny *t, const HpTask *root)
{
	t->list = t->g->lists + root->list;
	t->n_features = root->n_list;
	t->serial++;
	for (uint32_t i = 0; i < t->n_features; i++)
		t->places[i] = (uint16_t) i;
	take_samples(t, root);
}

void
hp_tiny_grow(HpGrower *g, const HpTask *root)
{
	HpTiny	   *t = g->tiny;
	Node		waiting[MOST_SAMPLES];
	uint32_t	n_waiting = 1;

	begin_subtree(t, root);
	waiting[0] = (Node) {*root, (1u << t->n) - 1};
	hp_count_visits(g, t->n * root->n_list);
	while (n_waiting > 0)
	{
		Node		node = waiting[--n_waiting];

		if (node.task.sums.samples == 2)
			split_pair(t, &node);
		else
			split_node(t, &node, waiting, &n_waiting);
	}
}
