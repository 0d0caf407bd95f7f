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
	const uint8_t *rows[MOST_SAMPLES];	/* their codes */
	uint32_t	n;
	uint16_t   *tied;			/* places of features that share the best split */
};

typedef struct Node
{
	HpSums		sums;
	uint32_t	node;			/* of the tree */
	uint32_t	depth;
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
	t->tied = hp_alloc(g->env, n, sizeof(uint16_t));
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
	for (uint32_t i = 0; i < m.n; i++)
		t->rows[i] = hp_row(t->g->rows, t->samples[i].run);
}

static const HpFeature *
feature_at(const HpTiny *t, uint32_t place)
{
	return &t->g->features[t->list[place]];
}

static inline uint32_t
code_of(const HpTiny *t, uint32_t place, uint32_t bit)
{
	return hp_row_code(t->g->rows, t->rows[bit], t->list[place]);
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

/* The samples of a node, those of lower targets first. */
typedef struct Question
{
	uint32_t	n;
	uint32_t	n_low;
	uint8_t		bits[MOST_SAMPLES];
} Question;

static Question
make_question(Set set, uint32_t n_low)
{
	Question	q = {.n_low = n_low};
	uint32_t	bit;

	FOR_EACH_MEMBER(bit, set)
		q.bits[q.n++] = (uint8_t) bit;
	return q;
}

typedef struct Range
{
	uint32_t	lowest;
	uint32_t	highest;
} Range;

static inline Range
range_of(const uint32_t *codes, uint32_t n)
{
	Range		range = {codes[0], codes[0]};

	for (uint32_t i = 1; i < n; i++)
	{
		range.lowest = codes[i] < range.lowest ? codes[i] : range.lowest;
		range.highest = codes[i] > range.highest ? codes[i] : range.highest;
	}
	return range;
}

static Answer
ask_levels(const uint32_t *codes, const Question *q)
{
	bool		varies = false;
	bool		shared = false;

	for (uint32_t i = 0; i < q->n_low; i++)
		for (uint32_t j = q->n_low; j < q->n; j++)
		{
			varies |= codes[i] != codes[j];
			shared |= codes[i] == codes[j];
		}
	return !varies ? CONSTANT : shared ? VARIES : MAKES_IT;
}

/*
 * Whether a feature can make the division.  A numeric one that can is written
 * down in split, and whether the low targets are left of it.
 */
static Answer
ask(const HpTiny *t, uint32_t place, const Question *q, HpSplit *split,
	bool *low_left)
{
	uint32_t	codes[MOST_SAMPLES];
	Range		low,
				high;

	for (uint32_t i = 0; i < q->n; i++)
		codes[i] = code_of(t, place, q->bits[i]);
	if (feature_at(t, place)->categorical)
		return ask_levels(codes, q);
	low = range_of(codes, q->n_low);
	high = range_of(codes + q->n_low, q->n - q->n_low);
	*low_left = low.highest < high.lowest;
	if (*low_left || high.highest < low.lowest)
	{
		split->low = *low_left ? low.highest : high.highest;
		split->high = *low_left ? high.lowest : low.lowest;
		return MAKES_IT;
	}
	return low.lowest == high.highest && low.highest == high.lowest ?
		CONSTANT : VARIES;
}

/* ---- a feature's own best split ---- */

/* The node's samples, sorted by a feature, as entries of code and bit. */
static void
sort_entries(const HpTiny *t, uint32_t place, Set set, uint32_t *entries)
{
	uint32_t	unsorted[MOST_SAMPLES];
	uint32_t	n = 0;
	uint32_t	bit;

	FOR_EACH_MEMBER(bit, set)
		unsorted[n++] = code_of(t, place, bit) << 16 | bit;
	/* each goes behind all that are less: no branch to predict */
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
									 node->sums.samples,
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
	HpTotal		total = hp_total(&node->sums,
								 t->g->settings.min_samples_leaf);
	Division	division = best_division(t, node->set, &total);
	uint32_t	n;

	return ask_features(t, node, &total, &division, &n, choice) ||
		compare_features(t, node, &total, n, choice);
}

/* ---- growing ---- */

/* The samples of a node that go left. */
static Set
left_of(const HpTiny *t, const Node *node, uint32_t place)
{
	const HpTree *tree = &t->g->tree;
	const HpNode *split = &tree->nodes[node->node];
	Set			left = 0;
	uint32_t	bit;

	FOR_EACH_MEMBER(bit, node->set)
		left |= (Set) hp_goes_left(split, tree->lists, feature_at(t, place)->n_codes,
								   code_of(t, place, bit)) << bit;
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
	return hp_may_split(t->g, &node->sums, node->depth) &&
		!is_pure(t, node->set);
}

/* As end_at() of tree.c. */
static void
end_at(const HpTiny *t, uint32_t node, Set set)
{
	uint32_t	bit;

	if (t->g->residual != NULL)
		FOR_EACH_MEMBER(bit, set)
			hp_set_residual(t->g, &t->samples[bit],
							t->g->tree.nodes[node].value);
}

/*
 * Two samples are divided by any feature that tells them apart: half of all
 * nodes, and both children are leaves.
 */
static void
split_pair(HpTiny *t, const Node *node)
{
	uint32_t	bits[2] = {
		(uint32_t) __builtin_ctz(node->set),
		31 - (uint32_t) __builtin_clz(node->set)
	};

	for (uint32_t i = 0; i < t->n_features; i++)
	{
		uint32_t	place = draw_place(t, i);
		bool		categorical = feature_at(t, place)->categorical;
		uint32_t	codes[2];
		const HpSample *left;
		bool		swap;
		HpTotal		total;
		HpSplit		split;
		HpSums		right;
		HpLevel		levels[2];

		for (int k = 0; k < 2; k++)
			levels[k].code = codes[k] = code_of(t, place, bits[k]);
		if (codes[0] == codes[1])
			continue;
		/* left goes the level of the lower target, or the lower code */
		swap = !categorical && codes[1] < codes[0];
		left = &t->samples[bits[swap]];
		split = (HpSplit) {
			.feature = t->list[place],
			.low = codes[swap],
			.high = categorical ? 1 : codes[!swap],
			.left = {left->target * (int64_t) left->weight, left->weight, 1}
		};
		total = hp_total(&node->sums, 1);
		split.score = hp_score(&total, split.left.target -
							   total.mean * split.left.weight,
							   split.left.weight);
		hp_write_split(t->g, node->node, &node->sums, &split, levels, 2,
					   &right);
		if (t->g->residual != NULL)
			for (int k = 0; k < 2; k++)
				t->g->residual[t->samples[bits[k]].run] = 0;
		return;
	}
	end_at(t, node->node, node->set);
}

/* Put a node that is to be split on the stack. */
static void
go_on(const HpTiny *t, const Node *node, Node *waiting, uint32_t *n_waiting)
{
	if (goes_on(t, node))
		waiting[(*n_waiting)++] = *node;
	else
		end_at(t, node->node, node->set);
}

/* Split a node; its children that go on are put on the stack. */
static void
split_node(HpTiny *t, const Node *node, Node *waiting, uint32_t *n_waiting)
{
	Choice		choice;
	HpLevel    *levels = NULL;
	uint32_t	n_levels = 0;
	Node		left,
				right;

	if (!choose_split(t, node, &choice))
	{
		end_at(t, node->node, node->set);
		return;
	}
	if (feature_at(t, choice.place)->categorical)
		levels = levels_of(t, choice.place, node, &n_levels);
	left.node = hp_write_split(t->g, node->node, &node->sums, &choice.split,
							   levels, n_levels, &right.sums);
	left.sums = choice.split.left;
	left.depth = right.depth = node->depth + 1;
	left.set = left_of(t, node, choice.place);
	right.node = left.node + 1;
	right.set = node->set & ~left.set;
	go_on(t, &right, waiting, n_waiting);
	go_on(t, &left, waiting, n_waiting);
}

static void
begin_subtree(HpTiny *t, const HpTask *root)
{
	t->list = t->g->lists + root->list;
	t->n_features = root->n_list;
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
	waiting[0] = (Node) {root->sums, root->node, root->depth, (1u << t->n) - 1};
	hp_count_visits(g, t->n * root->n_list);
	while (n_waiting > 0)
	{
		Node		node = waiting[--n_waiting];

		if (node.sums.samples == 2)
			split_pair(t, &node);
		else
			split_node(t, &node, waiting, &n_waiting);
	}
}
