/*
 * test_tree.c
 *		Grown trees, every node looked at: sums, limits, greed, thresholds.
 */
#include "data.h"

#include "core/tree.h"

/* Of the problems whose every node is checked by brute force. */
#define MOST_RUNS	300

/* What a tree is grown on. */
typedef struct Problem
{
	uint32_t	n_runs;
	uint32_t	n_features;
	HpFeature  *features;
	int64_t    *target;
	uint32_t   *draws;
	double	   *gain;
	HpTreeSettings settings;
} Problem;

/* A type that sums need not fit by a hair, where there is one. */
#ifdef __SIZEOF_INT128__
typedef __int128 Wide;
#else
typedef int64_t Wide;
#endif

/* What the drawn runs say of a node. */
typedef struct Facts
{
	uint32_t	runs;
	uint32_t	weight;
	uint32_t	depth;
	Wide	sum;
	long double squares;		/* of deviations from the mean */
	uint32_t	parent;
} Facts;

static Problem
make_problem(uint32_t n_runs, uint32_t n_features)
{
	return (Problem) {
		.n_runs = n_runs, .n_features = n_features,
		.features = hp_alloc0(unit_env, n_features, sizeof(HpFeature)),
		.target = hp_alloc0(unit_env, n_runs, sizeof(int64_t)),
		.draws = hp_alloc0(unit_env, n_runs, sizeof(uint32_t)),
		.gain = hp_alloc0(unit_env, n_features, sizeof(double)),
		.settings = {0, 1, n_features}
	};
}

static void
set_code(Problem *p, uint32_t feature, uint32_t run, uint32_t code)
{
	HpFeature  *f = &p->features[feature];

	if (f->wide)
		((uint16_t *) f->codes)[run] = (uint16_t) code;
	else
		((uint8_t *) f->codes)[run] = (uint8_t) code;
}

static void
set_feature(Problem *p, uint32_t feature, uint32_t n_codes, bool categorical)
{
	double	   *numbers = hp_alloc(unit_env, n_codes, sizeof(double));
	bool		wide = n_codes > 256;

	/* unevenly spaced: halfway is not the middle code */
	for (uint32_t c = 0; c < n_codes; c++)
		numbers[c] = c == 0 ? NAN : (double) c * c;
	p->features[feature] = (HpFeature) {
		.codes = hp_alloc0(unit_env, p->n_runs, wide ? 2 : 1),
		.numbers = categorical ? NULL : numbers,
		.n_codes = n_codes, .wide = wide, .categorical = categorical
	};
}

static void
draw_randomly(Problem *p, UnitRandom *random)
{
	memset(p->draws, 0, p->n_runs * sizeof(uint32_t));
	for (uint32_t i = 0; i < p->n_runs; i++)
		p->draws[random_below(random, p->n_runs)]++;
}

/* Random codes; the target depends on the first three features and noise. */
static Problem
random_problem(UnitRandom *random, uint32_t n_runs, const uint32_t *n_codes,
			   uint32_t n_features)
{
	Problem		p = make_problem(n_runs, n_features);

	for (uint32_t f = 0; f < n_features; f++)
	{
		set_feature(&p, f, n_codes[f], f % 2 == 1);
		p.features[f].n_words = f == 2 ? 1 : 0;
		for (uint32_t run = 0; run < n_runs; run++)
			set_code(&p, f, run, random_below(random, n_codes[f]));
	}
	for (uint32_t run = 0; run < n_runs; run++)
	{
		double		y = random_normal(random);

		for (uint32_t f = 0; f < n_features && f < 3; f++)
			y += hp_feature_code(&p.features[f], run) % 7 * 0.3;
		p.target[run] = (int64_t) (y * 0x1p40);
	}
	draw_randomly(&p, random);
	return p;
}

static HpGrower *
make_grower(const Problem *p)
{
	return hp_grower_create(unit_env, p->features, p->n_features, p->n_runs,
							&p->settings);
}

static const HpTree *
grow(Problem *p, uint64_t stream)
{
	HpRng		rng;

	hp_rng_init(&rng, 1, stream);
	memset(p->gain, 0, p->n_features * sizeof(double));
	return hp_tree_grow(make_grower(p), &rng, p->target, p->draws, p->gain, NULL);
}

/* ---- looking at every node ---- */

static bool
goes_left(const Problem *p, const HpTree *tree, const HpNode *node, uint32_t run)
{
	const HpFeature *f = &p->features[node->feature];

	return hp_goes_left(node, tree->lists, f->n_codes, hp_feature_code(f, run));
}

/* Send all runs drawn down the tree, twice: sums first, then squares. */
static Facts *
find_facts(const Problem *p, const HpTree *tree)
{
	Facts	   *facts = hp_alloc0(unit_env, tree->n_nodes, sizeof(Facts));

	for (int round = 0; round < 2; round++)
		for (uint32_t run = 0; run < p->n_runs; run++)
		{
			uint32_t	i = 0;

			if (p->draws[run] == 0)
				continue;
			for (uint32_t depth = 0;; depth++)
			{
				Facts	   *fact = &facts[i];
				const HpNode *node = &tree->nodes[i];

				if (round == 0)
				{
					fact->runs++;
					fact->weight += p->draws[run];
					fact->sum += (Wide) p->target[run] * p->draws[run];
					fact->depth = depth;
				}
				else
				{
					long double d = p->target[run] -
						(long double) fact->sum / fact->weight;

					fact->squares += d * d * p->draws[run];
				}
				if (node->left == 0)
					break;
				i = node->left + !goes_left(p, tree, node, run);
			}
		}
	for (uint32_t i = 0; i < tree->n_nodes; i++)
		if (tree->nodes[i].left != 0)
			facts[tree->nodes[i].left].parent =
				facts[tree->nodes[i].left + 1].parent = i;
	return facts;
}

/* The mean target, rounded half away from zero, in other arithmetic. */
static int64_t
rounded_mean(const Facts *fact)
{
	Wide	twice = 2 * fact->sum;
	bool		negative = twice < 0;
	Wide	size = negative ? -twice : twice;
	Wide	mean = (size + fact->weight) / (2 * (Wide) fact->weight);

	return (int64_t) (negative ? -mean : mean);
}

static bool
nodes_right(const Problem *p, const HpTree *tree, const Facts *facts)
{
	for (uint32_t i = 0; i < tree->n_nodes; i++)
	{
		const HpNode *node = &tree->nodes[i];

		if (node->weight != facts[i].weight ||
			node->value != rounded_mean(&facts[i]) ||
			(node->left != 0 && (node->left <= i || node->left + 1 >= tree->n_nodes ||
								 node->left % 2 == 0)) ||
			(i > 0 && facts[i].runs < p->settings.min_samples_leaf) ||
			(node->left != 0 && facts[i].squares == 0) ||	/* pure */
			(p->settings.max_depth > 0 && facts[i].depth > p->settings.max_depth))
			return false;
	}
	return tree->n_nodes % 2 == 1;
}

/* By feature the gain is what its splits save, and all that leaves save. */
static bool
gains_right(const Problem *p, const HpTree *tree, const Facts *facts)
{
	long double saved[64] = {0};
	long double left_over = 0;
	long double all = 0;

	for (uint32_t i = 0; i < tree->n_nodes; i++)
	{
		const HpNode *node = &tree->nodes[i];

		if (node->left == 0)
			left_over += facts[i].squares;
		else
			saved[node->feature] += facts[i].squares -
				facts[node->left].squares - facts[node->left + 1].squares;
	}
	for (uint32_t f = 0; f < p->n_features; f++)
	{
		if (fabsl(saved[f] - p->gain[f]) > 1e-9L * facts[0].squares)
			return false;
		all += p->gain[f];
	}
	return fabsl(facts[0].squares - left_over - all) <= 1e-9L * facts[0].squares;
}

/* ---- brute force at a node ---- */

/* The runs drawn that come to a node. */
static uint32_t
runs_at(const Problem *p, const HpTree *tree, uint32_t wanted, uint32_t *runs)
{
	uint32_t	n = 0;

	for (uint32_t run = 0; run < p->n_runs; run++)
	{
		uint32_t	i = 0;

		if (p->draws[run] == 0)
			continue;
		while (i != wanted && tree->nodes[i].left != 0)
			i = tree->nodes[i].left + !goes_left(p, tree, &tree->nodes[i], run);
		if (i == wanted)
			runs[n++] = run;
	}
	return n;
}

/* What a runs' place in the order of a feature is: its code, or for a level
 * the mean target of the level at the node. */
static long double
place_of(const Problem *p, uint32_t feature, const uint32_t *runs, uint32_t n,
		 uint32_t run)
{
	const HpFeature *f = &p->features[feature];
	uint32_t	code = hp_feature_code(f, run);
	long double sum = 0,
				weight = 0;

	if (!f->categorical)
		return code;
	for (uint32_t i = 0; i < n; i++)
		if (hp_feature_code(f, runs[i]) == code)
		{
			sum += (long double) p->target[runs[i]] * p->draws[runs[i]];
			weight += p->draws[runs[i]];
		}
	return sum / weight;
}

/* The most that a split of these runs by a feature saves; -1 without one. */
static long double
best_by_force(const Problem *p, uint32_t feature, const uint32_t *runs, uint32_t n)
{
	long double best = -1;
	long double place[MOST_RUNS];

	for (uint32_t i = 0; i < n; i++)
		place[i] = place_of(p, feature, runs, n, runs[i]);
	for (uint32_t cut = 0; cut < n; cut++)
	{
		long double sum[2] = {0},
					weight[2] = {0};
		uint32_t	count[2] = {0};

		for (uint32_t i = 0; i < n; i++)
		{
			/* levels of one mean are apart all the same, by code */
			int			side = place[i] > place[cut] ||
				(place[i] == place[cut] &&
				 hp_feature_code(&p->features[feature], runs[i]) >
				 hp_feature_code(&p->features[feature], runs[cut]));

			sum[side] += (long double) p->target[runs[i]] * p->draws[runs[i]];
			weight[side] += p->draws[runs[i]];
			count[side]++;
		}
		if (count[0] >= p->settings.min_samples_leaf &&
			count[1] >= p->settings.min_samples_leaf)
		{
			long double d = sum[0] / weight[0] - sum[1] / weight[1];

			best = fmaxl(best, d * d * weight[0] * weight[1] /
						 (weight[0] + weight[1]));
		}
	}
	return best;
}

/* No feature splits a node better than the tree does, and leaves not at all. */
static bool
is_greedy(const Problem *p, const HpTree *tree, const Facts *facts)
{
	for (uint32_t i = 0; i < tree->n_nodes; i++)
	{
		const HpNode *node = &tree->nodes[i];
		uint32_t	runs[MOST_RUNS];
		uint32_t	n = runs_at(p, tree, i, runs);
		long double best = -1;
		long double saved = node->left == 0 ? -1 : facts[i].squares -
			facts[node->left].squares - facts[node->left + 1].squares;

		if (node->left == 0 &&
			(facts[i].squares == 0 || facts[i].depth == p->settings.max_depth))
			continue;
		for (uint32_t f = 0; f < p->n_features; f++)
			best = fmaxl(best, best_by_force(p, f, runs, n));
		if (fabsl(best - saved) > 1e-9L * facts[0].squares)
			return false;
	}
	return true;
}

/* ---- where codes go that no run at the node has ---- */

static uint32_t
expected_cut(const HpFeature *f, uint32_t low, uint32_t high)
{
	uint32_t	last = low;

	if (low <= f->n_words)
		return low;
	for (uint32_t c = low + 1; c < high; c++)
		if (f->numbers[c] <= (f->numbers[low] + f->numbers[high]) / 2)
			last = c;
	return last;
}

static bool
numeric_cut_right(const Problem *p, const HpTree *tree, const HpNode *node,
				  const uint32_t *runs, uint32_t n)
{
	const HpFeature *f = &p->features[node->feature];
	uint32_t	low = 0;
	uint32_t	high = UINT32_MAX;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	code = hp_feature_code(f, runs[i]);

		if (goes_left(p, tree, node, runs[i]))
			low = code > low ? code : low;
		else
			high = code < high ? code : high;
	}
	return low < high && node->cut == expected_cut(f, low, high);
}

/* Levels left have lower means; levels no run has go with the heavier side. */
static bool
levels_right(const Problem *p, const HpTree *tree, const HpNode *node,
			 const uint32_t *runs, uint32_t n)
{
	const HpFeature *f = &p->features[node->feature];
	bool	   *seen = hp_alloc0(unit_env, f->n_codes, sizeof(bool));
	long double left = -INFINITY,
				right = INFINITY;
	bool		left_heavier = tree->nodes[node->left].weight >
		tree->nodes[node->left + 1].weight;
	bool		even = tree->nodes[node->left].weight ==
		tree->nodes[node->left + 1].weight;
	bool		unknown_left = hp_goes_left(node, tree->lists, f->n_codes, UINT32_MAX);

	for (uint32_t i = 0; i < n; i++)
	{
		long double place = place_of(p, node->feature, runs, n, runs[i]);

		seen[hp_feature_code(f, runs[i])] = true;
		if (goes_left(p, tree, node, runs[i]))
			left = fmaxl(left, place);
		else
			right = fminl(right, place);
	}
	for (uint32_t c = 0; c < f->n_codes; c++)
		if (!seen[c] && hp_goes_left(node, tree->lists, f->n_codes, c) != unknown_left)
			return false;
	return left <= right && (even || unknown_left == left_heavier);
}

static bool
cuts_right(const Problem *p, const HpTree *tree)
{
	uint32_t   *runs = hp_alloc(unit_env, p->n_runs, sizeof(uint32_t));

	for (uint32_t i = 0; i < tree->n_nodes; i++)
	{
		const HpNode *node = &tree->nodes[i];
		uint32_t	n;

		if (node->left == 0)
			continue;
		n = runs_at(p, tree, i, runs);
		if (node->categorical != p->features[node->feature].categorical)
			return false;
		if (!(node->categorical ? levels_right : numeric_cut_right)
			(p, tree, node, runs, n))
			return false;
	}
	return true;
}

/* ---- tests ---- */

/* With all the runs drawn so often more: weights far above those of a bag. */
static void
test_small_trees(uint32_t most_runs, uint32_t rounds, uint32_t often)
{
	static const uint32_t n_codes[] = {30, 6, 40, 300, 10, 12};
	UnitRandom	random = 73;
	bool		right = true,
				gains = true,
				greedy = true,
				cuts = true;

	for (uint32_t round = 0; round < rounds; round++)
	{
		uint32_t	n = most_runs / 4 + random_below(&random, most_runs * 3 / 4);
		Problem		p = random_problem(&random, n + 2, n_codes, 1 + round % 6);
		const HpTree *tree;
		Facts	   *facts;

		for (uint32_t run = 0; run < p.n_runs; run++)
		{
			p.draws[run] *= often;
			if (round % 2)		/* few different targets: pure nodes */
				p.target[run] >>= 41;
		}
		p.settings.max_depth = round % 4;
		p.settings.min_samples_leaf = 1 + round % 3 * 2;
		tree = grow(&p, round);
		facts = find_facts(&p, tree);
		right = right && nodes_right(&p, tree, facts);
		gains = gains && gains_right(&p, tree, facts);
		greedy = greedy && is_greedy(&p, tree, facts);
		cuts = cuts && cuts_right(&p, tree);
		unit_free_all();
	}
	ok(right, "up to %u runs, drawn %u times: values, weights, leaf sizes and"
	   " depths are right", most_runs, often);
	ok(gains, "gains are what the splits save");
	ok(greedy, "no feature splits any node better");
	ok(cuts, "thresholds lie halfway, unseen levels go to the heavier side");
}

/* Wide and narrow, dense and sparse lists, subsets of features per split. */
static void
test_large_trees(void)
{
	static const uint32_t n_codes[] = {256, 256, 257, 257, 65536, 4097, 2, 3000};
	UnitRandom	random = 79;

	for (uint32_t per_split = 1; per_split <= 8; per_split += 7)
		for (uint32_t least = 1; least <= 7; least += 6)
		{
			Problem		p = random_problem(&random, 1500, n_codes, 8);
			const HpTree *tree;
			Facts	   *facts;
			uint32_t	sparse = 0;

			p.settings.min_samples_leaf = least;
			p.settings.features_per_split = per_split;
			tree = grow(&p, per_split);
			facts = find_facts(&p, tree);
			for (uint32_t i = 0; i < tree->n_nodes; i++)
				sparse += tree->nodes[i].categorical &&
					p.features[tree->nodes[i].feature].n_codes > HP_DENSE_CODES;
			ok(nodes_right(&p, tree, facts), "leaves of %u, %u features a split:"
			   " the nodes", least, per_split);
			ok(gains_right(&p, tree, facts), "the gains");
			ok(cuts_right(&p, tree), "the thresholds and lists");
			ok(sparse > 0, "%u lists are sparse", sparse);
			unit_free_all();
		}
}

/*
 * Targets four times as large each: a split takes off the largest, y, alone,
 * as y^2 is more than (5/4 y)^2 / 2 for two.
 */
static void
test_chain(void)
{
	Problem		p = make_problem(23, 1);
	const HpTree *tree;
	Facts	   *facts;
	uint32_t	deepest = 0;

	set_feature(&p, 0, 24, false);
	for (uint32_t run = 0; run < 23; run++)
	{
		set_code(&p, 0, run, run + 1);
		p.target[run] = INT64_C(4) << 2 * run;
		p.draws[run] = 1;
	}
	tree = grow(&p, 0);
	facts = find_facts(&p, tree);
	for (uint32_t i = 0; i < tree->n_nodes; i++)
		deepest = facts[i].depth > deepest ? facts[i].depth : deepest;
	is_int(tree->n_nodes, 45, "23 leaves");
	is_int(deepest, 22, "in a chain");
	ok(nodes_right(&p, tree, facts) && gains_right(&p, tree, facts), "all right");
	p.settings.max_depth = 10;
	is_int(grow(&p, 0)->n_nodes, 21, "cut at depth 10: eleven leaves");
	p.settings.max_depth = 1;
	is_int(grow(&p, 0)->n_nodes, 3, "a stump");
	unit_free_all();
}

/* Nothing to split: a root that is a leaf, with the mean, rounded. */
static void
test_no_split(void)
{
	Problem		p = make_problem(4, 2);
	const HpTree *tree;

	set_feature(&p, 0, 3, false);
	set_feature(&p, 1, 3, true);
	for (uint32_t run = 0; run < 4; run++)
	{
		p.target[run] = run == 3 ? -8 : -7;
		p.draws[run] = 1;
	}
	p.draws[1] = 0;
	tree = grow(&p, 0);
	/* (-7 - 7 - 8) / 3 = -7.33 */
	ok(tree->n_nodes == 1 && tree->nodes[0].value == -7 &&
	   tree->nodes[0].weight == 3, "constant features: the root is the mean");
	p.draws[1] = 3;				/* (-42 - 8) / 6 = -8.33 without run 0, 2 */
	p.draws[0] = p.draws[2] = 0;
	p.draws[3] = 3;				/* (-21 - 24) / 6 = -7.5, away from zero */
	is_int(grow(&p, 0)->nodes[0].value, -8, "halves are rounded away from zero");
	set_code(&p, 0, 3, 1);
	is_int(grow(&p, 0)->n_nodes, 3, "a code that differs is split on");
	p.target[3] = -7;
	is_int(grow(&p, 0)->n_nodes, 1, "not if the targets are one");
	p.n_features = 0;
	is_int(grow(&p, 0)->n_nodes, 1, "no features, no split");
	unit_free_all();
}

/* Where no single split helps (XOR) the tree must split all the same. */
static void
test_xor(void)
{
	Problem		p = make_problem(4, 2);
	const HpTree *tree;

	set_feature(&p, 0, 3, false);
	set_feature(&p, 1, 3, false);
	for (uint32_t run = 0; run < 4; run++)
	{
		set_code(&p, 0, run, 1 + run / 2);
		set_code(&p, 1, run, 1 + run % 2);
		p.target[run] = run == 0 || run == 3 ? 100 : 0;
		p.draws[run] = 1;
	}
	tree = grow(&p, 0);
	is_int(tree->n_nodes, 7, "XOR is learned though its first split saves nothing");
	is_double(p.gain[0] + p.gain[1], 10000, 1e-12, "all squares are saved");
	unit_free_all();
}

/*
 * Both sides have the node's mean, 1/49, which no double is: a saving of 0
 * must not become less by rounding, else the node could not be split.
 */
static void
test_saves_nothing(void)
{
	Problem		p = make_problem(4, 1);

	set_feature(&p, 0, 3, false);
	for (uint32_t run = 0; run < 4; run++)
	{
		set_code(&p, 0, run, 1 + run / 2);
		p.target[run] = run % 2;
		p.draws[run] = run % 2 ? 1 : 48;
	}
	is_int(grow(&p, 0)->n_nodes, 3, "a split that saves nothing is a split");
	is_double(p.gain[0], 0, 1e-15, "and saves nothing");
	unit_free_all();
}

/*
 * Copies of a feature, one of them falling as the others rise: the lot
 * decides, fairly, and not rounding, which differs with the side that is left.
 */
static void
test_ties(uint32_t n)
{
	UnitRandom	random = 83;
	Problem		p = make_problem(n, 4);
	uint32_t	count[4] = {0};

	p.settings.max_depth = 1;
	for (uint32_t f = 0; f < 4; f++)
		set_feature(&p, f, n + 1, false);
	for (uint32_t stream = 0; stream < 900; stream++)
	{
		for (uint32_t run = 0; run < n; run++)
		{
			p.target[run] = run * run + random_below(&random, 1000);
			p.draws[run] = 1 + random_below(&random, 3);
			set_code(&p, 0, run, run + 1);
			set_code(&p, 1, run, run + 1);
			set_code(&p, 2, run, n - run);
			set_code(&p, 3, run, n < 40 ? 0 : random_below(&random, n + 1));
		}
		count[grow(&p, stream)->nodes[0].feature]++;
	}
	unit_free_all();
	is_int(count[3], 0, "%u runs: noise never wins", n);
	/* 900 / 3 = 300, sd sqrt(900 * 1/3 * 2/3) = 14.1 */
	for (uint32_t f = 0; f < 3; f++)
		ok(abs((int) count[f] - 300) < 5 * 14,
		   "copy %u is the root of a third of the trees: %u", f, count[f]);
}

/* Pairs, too, must fall to copies fairly. */
static void
test_pair_ties(void)
{
	Problem		p = make_problem(2, 3);
	uint32_t	count[3] = {0};
	bool		right = true;

	for (uint32_t f = 0; f < 3; f++)
	{
		set_feature(&p, f, 9, f == 2);
		set_code(&p, f, 0, f == 1 ? 8 : 2);	/* the second falls, the first rises */
		set_code(&p, f, 1, f == 1 ? 2 : 8);
	}
	p.target[0] = 5;
	p.target[1] = -4;
	p.draws[0] = 3;
	p.draws[1] = 1;
	for (uint64_t stream = 0; stream < 900; stream++)
	{
		const HpTree *tree = grow(&p, stream);
		Facts	   *facts = find_facts(&p, tree);

		count[tree->nodes[0].feature]++;
		right = right && tree->n_nodes == 3 && nodes_right(&p, tree, facts) &&
			gains_right(&p, tree, facts) && cuts_right(&p, tree);
	}
	ok(right, "pairs: nodes, gains and cuts are right");
	for (uint32_t f = 0; f < 3; f++)
		ok(abs((int) count[f] - 300) < 5 * 14,
		   "feature %u splits a third of the pairs: %u", f, count[f]);
	unit_free_all();
}

/*
 * One of eight features matters.  Drawing m of them a split, the root finds
 * it with probability m / 8; constant ones do not use up the draws.
 */
static void
test_features_per_split(void)
{
	UnitRandom	random = 89;
	Problem		p = make_problem(60, 16);

	for (uint32_t f = 0; f < 16; f++)
	{
		set_feature(&p, f, 61, false);
		for (uint32_t run = 0; run < 60; run++)
			set_code(&p, f, run, f == 5 ? run + 1 : f < 8 ?
					 random_below(&random, 61) : 7);
	}
	for (uint32_t run = 0; run < 60; run++)
	{
		p.target[run] = run;
		p.draws[run] = 1;
	}
	for (uint32_t m = 1; m <= 8; m *= 2)
	{
		uint32_t	found = 0;
		double		expected = 800 * m / 8.0;

		p.settings.features_per_split = m;
		p.settings.max_depth = 1;
		for (uint64_t stream = 0; stream < 800; stream++)
			found += grow(&p, stream)->nodes[0].feature == 5;
		ok(fabs(found - expected) <= 5 * sqrt(expected * (1 - m / 8.0)),
		   "%u of 8 features a split: the best is found %u of 800 times", m, found);
	}
	p.settings = (HpTreeSettings) {0, 1, 1};
	ok(gains_right(&p, grow(&p, 1), find_facts(&p, grow(&p, 1))), "gains");
	is_int(grow(&p, 1)->n_nodes, 119, "one a split: leaves are pure all the same");
	unit_free_all();
}

/* ---- one grower, many trees ---- */

static void
test_reuse(void)
{
	static const uint32_t n_codes[] = {50, 300, 20, 8};
	UnitRandom	random = 97;
	Problem		p = random_problem(&random, 300, n_codes, 4);
	HpGrower   *grower = make_grower(&p);
	bool		same = true;
	double		twice[4];

	for (uint64_t stream = 0; stream < 10; stream++)
	{
		HpRng		rng;
		const HpTree *tree;

		draw_randomly(&p, &random);
		hp_rng_init(&rng, 1, stream);
		memset(twice, 0, sizeof(twice));
		tree = hp_tree_grow(grower, &rng, p.target, p.draws, twice, NULL);
		same = same && same_tree(tree, grow(&p, stream)) &&
			memcmp(twice, p.gain, sizeof(twice)) == 0;
		hp_rng_init(&rng, 1, stream);
		hp_tree_grow(grower, &rng, p.target, p.draws, twice, NULL);
	}
	ok(same, "a grower used again grows the same trees");
	is_double(twice[0], 2 * p.gain[0], 1e-9, "gains are added to what is there");
	unit_free_all();
}

/* hp_grower_use(): as if made for the first features and runs only. */
static void
test_use(void)
{
	static const uint32_t n_codes[] = {50, 300, 20, 8};
	UnitRandom	random = 101;
	Problem		p = random_problem(&random, 300, n_codes, 4);
	HpGrower   *grower = make_grower(&p);
	HpRng		rng;
	const HpTree *tree;

	hp_grower_use(grower, 2, 100);
	hp_rng_init(&rng, 1, 0);
	tree = hp_tree_grow(grower, &rng, p.target, p.draws, p.gain, NULL);
	p.n_features = p.settings.features_per_split = 2;
	p.n_runs = 100;
	ok(same_tree(tree, grow(&p, 0)), "two of four features, 100 of 300 runs");
	unit_free_all();
}

/* ---- lists of levels, written by hand ---- */

static void
test_lists(void)
{
	/* before the list lies another's word */
	uint64_t	dense[5] = {~UINT64_C(0), UINT64_C(1) << 63 | 2, 0, 1, 0};
	/* the count 5, then 3 64 300 | 4096 65535 */
	uint64_t	sparse[3] = {
		~UINT64_C(0),
		5 | UINT64_C(3) << 16 | UINT64_C(64) << 32 | UINT64_C(300) << 48,
		4096 | UINT64_C(65535) << 16
	};
	HpNode		node = {.cut = 1, .categorical = true, .left = 1};
	bool		good = true;

	for (uint32_t c = 0; c < 300; c++)
		good = good && hp_node_lists(&node, dense, 256, c) ==
			(c == 1 || c == 63 || c == 128);
	ok(good, "a bitmap over 256 codes lists 1, 63, 128 and none beyond");
	good = true;
	for (uint32_t c = 0; c < 70000; c++)
		good = good && hp_node_lists(&node, sparse, 65536, c) ==
			(c == 3 || c == 64 || c == 300 || c == 4096 || c == 65535);
	ok(good, "a list over 65,536 codes holds its five and no others");
	ok(!hp_node_lists(&node, sparse, 300, 300), "codes beyond the column are unknown");
	ok(!hp_node_lists(&node, sparse, 65536, UINT32_MAX), "and so is unknown");
	ok(hp_goes_left(&node, sparse, 65536, 3) && !hp_goes_left(&node, sparse, 65536, 4),
	   "listed levels go left");
	node.listed_right = 1;
	ok(!hp_goes_left(&node, sparse, 65536, 3) && hp_goes_left(&node, sparse, 65536, 4),
	   "or right");
}

/* ---- attention ---- */

static void
test_ticks(void)
{
	static const uint32_t n_codes[] = {256, 30, 5000, 40, 256, 30, 256, 30};
	UnitRandom	random = 103;
	Problem		p = random_problem(&random, 60000, n_codes, 8);
	const HpTree *tree;
	Facts	   *facts;
	long		before = unit_ticks;
	double		visits = 0;

	p.settings.max_depth = 5;	/* nodes are large all the way */
	tree = grow(&p, 0);
	before = unit_ticks - before;
	facts = find_facts(&p, tree);
	/* in a large node no feature is constant: each looks at every run */
	for (uint32_t i = 0; i < tree->n_nodes; i++)
		if (tree->nodes[i].left != 0 && facts[i].runs >= 1000)
			visits += 8.0 * facts[i].runs;
	ok(visits > 1e6 && before >= visits / 1e6,
	   "%ld ticks in over %.0f visits: one in a million", before, visits);
	unit_free_all();
}

int
main(void)
{
	test_small_trees(10, 60, 1);
	test_small_trees(100, 60, 1);
	test_small_trees(100, 20, 200);
	test_small_trees(298, 12, 1);
	test_large_trees();
	test_chain();
	test_no_split();
	test_xor();
	test_saves_nothing();
	test_ties(6);
	test_ties(40);
	test_ties(400);
	test_pair_ties();
	test_features_per_split();
	test_reuse();
	test_use();
	test_lists();
	test_ticks();
	return done();
}
