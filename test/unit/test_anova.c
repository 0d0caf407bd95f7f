/*
 * test_anova.c
 *		Functional ANOVA of trees, against its definition: sums over the whole
 *		grid of codes.
 */
#include "trained.h"

#include "core/anova.h"
#include "core/measure.h"
#include "core/share.h"

#define PI	3.14159265358979323846

/* ---- trees over features ---- */

typedef struct Problem
{
	uint32_t	n_features;
	HpFeature  *features;
	double	  **below;
	const HpTree *tree;
} Problem;

static HpFeature
make_feature(uint32_t n_codes, bool categorical)
{
	double	   *numbers = hp_alloc(unit_env, n_codes, sizeof(double));

	for (uint32_t c = 0; c < n_codes; c++)
		numbers[c] = c == 0 ? NAN : (double) c * c;
	return (HpFeature) {
		.numbers = categorical ? NULL : numbers, .n_codes = n_codes,
		.wide = n_codes > 256, .categorical = categorical
	};
}

/* Running sums of weights by code. */
static double *
running_sums(const double *weights, uint32_t n)
{
	double	   *below = hp_alloc(unit_env, n + (size_t) 1, sizeof(double));

	below[0] = 0;
	for (uint32_t c = 0; c < n; c++)
		below[c + 1] = below[c] + weights[c];
	return below;
}

/* Random weights, some of them 0 if asked for. */
static double *
random_weights(UnitRandom *random, uint32_t n, bool zeros)
{
	double	   *weights = hp_alloc(unit_env, n, sizeof(double));

	for (uint32_t c = 0; c < n; c++)
		weights[c] = zeros && c > 0 && random_below(random, 3) == 0 ? 0 :
			0.1 + random_uniform(random);
	return running_sums(weights, n);
}

static void
set_codes(HpFeature *f, UnitRandom *random, uint32_t n_runs)
{
	void	   *codes = hp_alloc(unit_env, n_runs, f->wide ? 2 : 1);

	for (uint32_t run = 0; run < n_runs; run++)
	{
		uint32_t	code = random_below(random, f->n_codes);

		if (f->wide)
			((uint16_t *) codes)[run] = (uint16_t) code;
		else
			((uint8_t *) codes)[run] = (uint8_t) code;
	}
	f->codes = codes;
}

/* A tree on random codes; the target has interactions and noise. */
static const HpTree *
random_tree(UnitRandom *random, Problem *p, uint32_t n_runs,
			uint32_t max_depth)
{
	HpTreeSettings settings = {max_depth, 1, p->n_features};
	int64_t    *target = hp_alloc(unit_env, n_runs, sizeof(int64_t));
	uint32_t   *draws = hp_alloc0(unit_env, n_runs, sizeof(uint32_t));
	double	   *gain = hp_alloc0(unit_env, p->n_features, sizeof(double));
	HpRng		rng;

	for (uint32_t f = 0; f < p->n_features; f++)
		set_codes(&p->features[f], random, n_runs);
	for (uint32_t run = 0; run < n_runs; run++)
	{
		double		y = random_normal(random);
		double		last = 1;

		for (uint32_t f = 0; f < p->n_features; f++)
		{
			double		x = hp_feature_code(&p->features[f], run) * 7 % 5 - 2.0;

			y += x * last;
			last = x;
		}
		target[run] = (int64_t) (y * 0x1p30);
		draws[random_below(random, n_runs)]++;
	}
	hp_rng_init(&rng, random_bits(random), 0);
	return hp_tree_grow(hp_grower_create(unit_env, p->features, p->n_features,
										 n_runs, &settings),
						&rng, target, draws, gain, NULL);
}

static Problem
make_problem(UnitRandom *random, const uint32_t *n_codes, uint32_t n_features,
			 bool zeros)
{
	Problem		p = {
		.n_features = n_features,
		.features = hp_alloc(unit_env, n_features, sizeof(HpFeature)),
		.below = hp_alloc(unit_env, n_features, sizeof(double *))
	};

	for (uint32_t f = 0; f < n_features; f++)
	{
		p.features[f] = make_feature(n_codes[f], f % 2 == 1);
		p.below[f] = random_weights(random, n_codes[f], zeros);
	}
	return p;
}

/* ---- the definition ---- */

/* Sums over the grid of all combinations of codes. */
typedef struct Grid
{
	double		mean;
	double		variance;
	double	  **marginal;		/* by feature and code */
	double	   *main;			/* by feature */
	double	   *pair;			/* by lower * n_features + upper */
} Grid;

static double
weight_of(const Problem *p, uint32_t feature, uint32_t code)
{
	const double *below = p->below[feature];

	return (below[code + 1] - below[code]) / below[p->features[feature].n_codes];
}

static double
tree_at(const Problem *p, const uint32_t *codes)
{
	const HpNode *node = p->tree->nodes;

	while (node->left != 0)
		node = p->tree->nodes + node->left +
			!hp_goes_left(node, p->tree->lists,
						  p->features[node->feature].n_codes,
						  codes[node->feature]);
	return (double) node->value;
}

static bool
next_combination(const Problem *p, uint32_t *codes)
{
	for (uint32_t f = 0; f < p->n_features; f++)
	{
		if (++codes[f] < p->features[f].n_codes)
			return true;
		codes[f] = 0;
	}
	return false;
}

/* The share of a combination along all features but two (or one twice). */
static double
weight_without(const Problem *p, const uint32_t *codes, uint32_t a, uint32_t b)
{
	double		weight = 1;

	for (uint32_t f = 0; f < p->n_features; f++)
		if (f != a && f != b)
			weight *= weight_of(p, f, codes[f]);
	return weight;
}

/* Means given the codes of two features, a < b, or of one (a = b). */
static double *
table_of(const Problem *p, uint32_t a, uint32_t b)
{
	uint32_t	n_a = p->features[a].n_codes;
	uint32_t	n_b = p->features[b].n_codes;
	double	   *table = hp_alloc0(unit_env, (size_t) n_a * n_b, sizeof(double));
	uint32_t   *codes = hp_alloc0(unit_env, p->n_features, sizeof(uint32_t));

	do
		table[codes[a] * n_b + codes[b]] +=
			tree_at(p, codes) * weight_without(p, codes, a, b);
	while (next_combination(p, codes));
	return table;
}

static void
sum_total(const Problem *p, Grid *g)
{
	uint32_t   *codes = hp_alloc0(unit_env, p->n_features, sizeof(uint32_t));

	do
		g->mean += tree_at(p, codes) *
			weight_without(p, codes, UINT32_MAX, UINT32_MAX);
	while (next_combination(p, codes));
	do
	{
		double		d = tree_at(p, codes) - g->mean;

		g->variance += d * d * weight_without(p, codes, UINT32_MAX, UINT32_MAX);
	} while (next_combination(p, codes));
}

static void
sum_main(const Problem *p, Grid *g, uint32_t f)
{
	uint32_t	n = p->features[f].n_codes;
	double	   *table = table_of(p, f, f);

	g->marginal[f] = hp_alloc(unit_env, n, sizeof(double));
	for (uint32_t c = 0; c < n; c++)
	{
		double		d = table[c * n + c] - g->mean;

		g->marginal[f][c] = table[c * n + c];
		g->main[f] += weight_of(p, f, c) * d * d;
	}
}

static void
sum_pair(const Problem *p, Grid *g, uint32_t a, uint32_t b)
{
	uint32_t	n_b = p->features[b].n_codes;
	double	   *table = table_of(p, a, b);

	for (uint32_t i = 0; i < p->features[a].n_codes; i++)
		for (uint32_t j = 0; j < n_b; j++)
		{
			double		d = table[i * n_b + j] - g->marginal[a][i] -
				g->marginal[b][j] + g->mean;

			g->pair[a * p->n_features + b] +=
				weight_of(p, a, i) * weight_of(p, b, j) * d * d;
		}
}

static Grid
sum_over_grid(const Problem *p)
{
	uint32_t	n = p->n_features;
	Grid		g = {
		.marginal = hp_alloc(unit_env, n, sizeof(double *)),
		.main = hp_alloc0(unit_env, n, sizeof(double)),
		.pair = hp_alloc0(unit_env, n * n, sizeof(double))
	};

	sum_total(p, &g);
	for (uint32_t a = 0; a < n; a++)
		sum_main(p, &g, a);
	for (uint32_t a = 0; a < n; a++)
		for (uint32_t b = a + 1; b < n; b++)
			sum_pair(p, &g, a, b);
	return g;
}

/* ---- comparing ---- */

static bool
is_near(double got, double want, double scale)
{
	if (fabs(got - want) <= 1e-9 * scale)
		return true;
	printf("# got %.17g, want %.17g, of %g\n", got, want, scale);
	return false;
}

static bool
same_marginals(const Problem *p, const HpAnova *anova, const Grid *g)
{
	bool		same = true;

	for (uint32_t f = 0; f < p->n_features; f++)
	{
		double	   *mean = hp_alloc(unit_env, p->features[f].n_codes,
									sizeof(double));

		hp_anova_marginal(anova, f, mean);
		for (uint32_t c = 0; c < p->features[f].n_codes; c++)
			same &= is_near(mean[c], g->marginal[f][c],
							sqrt(g->variance) + fabs(g->mean) + 1);
	}
	return same;
}

static bool
same_main_effects(const Problem *p, const HpAnova *anova, const Grid *g)
{
	double	   *variance = hp_alloc(unit_env, p->n_features, sizeof(double));
	bool		same = is_near(hp_anova_variance(anova), g->variance,
							   g->variance);

	hp_anova_main_effects(anova, variance);
	for (uint32_t f = 0; f < p->n_features; f++)
		same &= is_near(variance[f], g->main[f], g->variance);
	return same;
}

/* Those not listed are 0; those listed are in order, each once. */
static bool
same_interactions(const Problem *p, HpAnova *anova, const Grid *g)
{
	size_t		n;
	const HpInteraction *found = hp_anova_interactions(anova, &n);
	size_t		i = 0;
	bool		same = true;

	for (uint32_t a = 0; a < p->n_features; a++)
		for (uint32_t b = a + 1; b < p->n_features; b++)
		{
			bool		listed = i < n && found[i].lower == a &&
				found[i].upper == b;

			same &= is_near(listed ? found[i].variance : 0,
							g->pair[a * p->n_features + b], g->variance);
			i += listed;
		}
	return same && i == n;
}

static void
check_tree(const Problem *p, HpAnova *anova, const char *name)
{
	Grid		g = sum_over_grid(p);

	hp_anova_decompose(anova, p->tree);
	ok(same_marginals(p, anova, &g), "%s: marginals", name);
	ok(same_main_effects(p, anova, &g), "%s: variance and main effects", name);
	ok(same_interactions(p, anova, &g), "%s: interactions", name);
}

static HpAnova *
make_anova(const Problem *p)
{
	return hp_anova_create(unit_env, p->features, p->n_features, p->below);
}

/* ---- grown trees ---- */

static void
test_random_trees(void)
{
	static const uint32_t n_codes[] = {6, 5, 9, 4};
	static const uint32_t depths[] = {0, 0, 1, 2, 3, 0, 5, 0};

	for (uint64_t seed = 1; seed <= 8; seed++)
	{
		UnitRandom	random = seed * 7919;
		bool		zeros = seed % 2 == 0;
		Problem		p = make_problem(&random, n_codes, 4, zeros);
		HpAnova    *anova = make_anova(&p);
		char		name[64];

		/* one scratch memory for trees of different sizes */
		for (uint32_t t = 0; t < 3; t++)
		{
			snprintf(name, sizeof(name), "seed %d, tree %d%s", (int) seed,
					 (int) t, zeros ? ", some weights 0" : "");
			p.tree = random_tree(&random, &p, 20 << t, depths[seed - 1]);
			check_tree(&p, anova, name);
		}
	}
}

/* Lists of levels as bitmaps of several words, and as codes. */
static void
test_many_levels(void)
{
	static const uint32_t n_codes[] = {7, 130, 3, 300};
	UnitRandom	random = 4711;

	for (uint32_t zeros = 0; zeros < 2; zeros++)
	{
		uint32_t	dense[] = {n_codes[0], n_codes[1], n_codes[2]};
		uint32_t	sparse[] = {n_codes[0], n_codes[3], n_codes[2]};
		Problem		p = make_problem(&random, dense, 3, zeros);
		Problem		q = make_problem(&random, sparse, 3, zeros);

		p.tree = random_tree(&random, &p, 400, 0);
		check_tree(&p, make_anova(&p), zeros ? "130 levels, weights 0" :
				   "130 levels");
		q.tree = random_tree(&random, &q, 400, 0);
		check_tree(&q, make_anova(&q), zeros ? "300 levels, weights 0" :
				   "300 levels");
	}
}

static void
test_many_features(void)
{
	static const uint32_t n_codes[] = {2, 3, 2, 3, 2, 3, 4, 2};
	UnitRandom	random = 99;
	Problem		p = make_problem(&random, n_codes, 8, false);

	p.tree = random_tree(&random, &p, 200, 0);
	check_tree(&p, make_anova(&p), "eight features");
}

/* Rows of a sweep that are kept in blocks. */
static void
test_many_codes(void)
{
	static const uint32_t n_codes[] = {400, 2, 330};
	UnitRandom	random = 1234;
	Problem		p = make_problem(&random, n_codes, 3, true);

	p.tree = random_tree(&random, &p, 4000, 0);
	check_tree(&p, make_anova(&p), "many codes");
}

/* ---- trees by hand ---- */

#define LEAF(v)	((HpNode) {.value = (v), .weight = 1})

static Problem
hand_problem(uint32_t n_codes, uint32_t n_features, HpTree *tree)
{
	static double sums[] = {0, 1, 2, 3, 4};
	Problem		p = {
		.n_features = n_features,
		.features = hp_alloc(unit_env, n_features, sizeof(HpFeature)),
		.below = hp_alloc(unit_env, n_features, sizeof(double *)),
		.tree = tree
	};

	for (uint32_t f = 0; f < n_features; f++)
	{
		p.features[f] = make_feature(n_codes, false);
		p.below[f] = sums;
	}
	return p;
}

static void
test_no_split(void)
{
	HpNode		nodes[] = {LEAF(42)};
	HpTree		tree = {.nodes = nodes, .n_nodes = 1};
	Problem		p = hand_problem(4, 2, &tree);
	HpAnova    *anova = make_anova(&p);
	double		values[4];
	size_t		n;

	hp_anova_decompose(anova, &tree);
	is_double(hp_anova_variance(anova), 0, 0, "no split: no variance");
	hp_anova_main_effects(anova, values);
	is_double(values[0] + values[1], 0, 0, "no split: no effects");
	hp_anova_marginal(anova, 1, values);
	is_double(values[0] + values[3], 84, 0, "no split: the mean");
	(void) hp_anova_interactions(anova, &n);
	is_int((int64_t) n, 0, "no split: no pairs");
}

/* A quarter of four goes left. */
static void
test_stump(void)
{
	HpNode		nodes[] = {
		{.left = 1, .cut = 0, .feature = 1, .weight = 2}, LEAF(0), LEAF(4)
	};
	HpTree		tree = {.nodes = nodes, .n_nodes = 3};
	Problem		p = hand_problem(4, 2, &tree);
	HpAnova    *anova = make_anova(&p);
	double		values[4];
	size_t		n;

	hp_anova_decompose(anova, &tree);
	is_double(hp_anova_variance(anova), 3, 1e-15, "stump: 1/4 * 3/4 * 4^2");
	hp_anova_main_effects(anova, values);
	is_double(values[0], 0, 0, "stump: nothing of the other");
	is_double(values[1], 3, 1e-15, "stump: all of the one");
	hp_anova_marginal(anova, 1, values);
	is_double(values[0], 0, 1e-15, "stump: left");
	is_double(values[3], 4, 1e-15, "stump: right");
	(void) hp_anova_interactions(anova, &n);
	is_int((int64_t) n, 0, "stump: no pairs");
}

/* Either or: +1 where both are low or both high, else -1. */
static void
test_pure_interaction(void)
{
	HpNode		nodes[] = {
		{.left = 1, .cut = 1, .feature = 0, .weight = 4},
		{.left = 3, .cut = 1, .feature = 1, .weight = 2},
		{.left = 5, .cut = 1, .feature = 1, .weight = 2},
		LEAF(1), LEAF(-1), LEAF(-1), LEAF(1)
	};
	HpTree		tree = {.nodes = nodes, .n_nodes = 7};
	Problem		p = hand_problem(4, 3, &tree);
	HpAnova    *anova = make_anova(&p);
	double		values[3];
	const HpInteraction *found;
	size_t		n;

	hp_anova_decompose(anova, &tree);
	is_double(hp_anova_variance(anova), 1, 1e-15, "either or: variance");
	hp_anova_main_effects(anova, values);
	is_double(values[0] + values[1] + values[2], 0, 1e-15,
			  "either or: no main effects");
	found = hp_anova_interactions(anova, &n);
	ok(n == 1 && found[0].lower == 0 && found[0].upper == 1,
	   "either or: one pair");
	is_double(found[0].variance, 1, 1e-15, "either or: all of it");
}

/*
 * A chain: 1 if every one of so many features is high, else 0.  As a product of
 * indicators of share p all effects of one order are alike.
 */
static void
test_chain(void)
{
	enum
	{
		N = 1100
	};
	static double sums[] = {0, 1, 2000};
	HpTree		tree = {.n_nodes = 2 * N + 1};
	Problem		p = hand_problem(2, N, &tree);
	double		share = 1999.0 / 2000;
	double		one = share * (1 - share) / (share * share);
	double		all = pow(share, 2 * N);
	double	   *variance = hp_alloc(unit_env, N, sizeof(double));
	const HpInteraction *found;
	HpAnova    *anova;
	size_t		n;
	bool		alike = true;

	tree.nodes = hp_alloc0(unit_env, tree.n_nodes, sizeof(HpNode));
	tree.nodes[2 * N].value = 1;
	for (uint32_t f = 0; f < N; f++)
	{
		p.below[f] = sums;
		tree.nodes[2 * f].left = 2 * f + 1;
		tree.nodes[2 * f].feature = (uint16_t) f;
	}
	anova = make_anova(&p);
	hp_anova_decompose(anova, &tree);
	is_double(hp_anova_variance(anova), pow(share, N) - all, 1e-12,
			  "chain: variance");
	hp_anova_main_effects(anova, variance);
	for (uint32_t f = 0; f < N; f++)
		alike &= is_near(variance[f], all * one, all * one);
	ok(alike, "chain: main effects");
	found = hp_anova_interactions(anova, &n);
	is_int((int64_t) n, N * (N - 1) / 2, "chain: all pairs");
	for (size_t i = 0; i < n; i++)
		alike &= is_near(found[i].variance, all * one * one, all * one * one);
	ok(alike, "chain: interactions");
	for (size_t i = 1; i < n; i++)
		alike &= found[i - 1].lower < found[i].lower ||
			(found[i - 1].lower == found[i].lower &&
			 found[i - 1].upper < found[i].upper);
	ok(alike, "chain: pairs in order");
}

/* Twice either or, of different pairs; a step of the one; and nothing. */
static void
test_shares(void)
{
	HpNode		nodes[][7] = {
		{
			{.left = 1, .cut = 1, .feature = 1, .weight = 4},
			{.left = 3, .cut = 1, .feature = 2, .weight = 2},
			{.left = 5, .cut = 1, .feature = 2, .weight = 2},
			LEAF(1), LEAF(-1), LEAF(-1), LEAF(1)
		},
		{
			{.left = 1, .cut = 1, .feature = 1, .weight = 4},
			{.left = 3, .cut = 1, .feature = 0, .weight = 2},
			{.left = 5, .cut = 1, .feature = 0, .weight = 2},
			LEAF(5), LEAF(-5), LEAF(-5), LEAF(5)
		},
		{{.left = 1, .cut = 0, .feature = 2, .weight = 2}, LEAF(7), LEAF(8)},
		{LEAF(9)}
	};
	HpTree		trees[] = {
		{.nodes = nodes[0], .n_nodes = 7}, {.nodes = nodes[1], .n_nodes = 7},
		{.nodes = nodes[2], .n_nodes = 3}, {.nodes = nodes[3], .n_nodes = 1}
	};
	Problem		p = hand_problem(4, 3, &trees[0]);
	HpAnova    *anova = make_anova(&p);
	HpShares   *shares = hp_shares_create(unit_env, 3);
	HpSpread	pair;

	for (uint32_t t = 0; t < 4; t++)
	{
		hp_anova_decompose(anova, &trees[t]);
		hp_shares_add(shares, anova);
	}
	is_int(shares->n_trees, 3, "shares: of trees of any variance");
	is_double(shares->main[2].mean, 1.0 / 3, 1e-15, "shares: mean");
	is_double(hp_spread_stddev(&shares->main[2]), sqrt(1.0 / 3), 1e-15,
			  "shares: standard deviation");
	ok(shares->n_pairs == 2 && shares->pairs[0].lower == 0 &&
	   shares->pairs[0].upper == 1 && shares->pairs[1].lower == 1 &&
	   shares->pairs[1].upper == 2, "shares: pairs in order");
	for (uint32_t i = 0; i < 2; i++)
	{
		pair = hp_shares_pair(shares, &shares->pairs[i]);
		is_double(pair.mean, 1.0 / 3, 1e-15, "shares: mean of pair %d", (int) i);
		is_double(hp_spread_stddev(&pair), sqrt(1.0 / 3), 1e-15,
				  "shares: standard deviation of pair %d", (int) i);
	}
}

/* Cuts and lists from outside may lie where there are no codes. */
static void
test_cuts_beyond(void)
{
	uint64_t	lists[] = {UINT64_MAX};
	HpNode		nodes[] = {
		{.left = 1, .cut = 0, .feature = 0, .categorical = 1, .weight = 6},
		{.left = 3, .cut = UINT32_MAX, .feature = 1, .weight = 3},
		{.left = 5, .cut = 2, .feature = 1, .weight = 3},
		{.left = 7, .cut = 3, .feature = 2, .weight = 2},
		LEAF(7), LEAF(8), LEAF(9), LEAF(10), LEAF(20)
	};
	HpTree		tree = {
		.nodes = nodes, .n_nodes = 9, .lists = lists, .n_list_words = 1
	};
	Problem		p = hand_problem(4, 3, &tree);

	p.features[0].categorical = true;
	check_tree(&p, make_anova(&p), "cuts beyond the codes");
}

/* A list of levels as one from outside may be: any bits, codes there are not. */
static uint32_t
random_list(UnitRandom *random, HpTree *tree, uint32_t n_codes)
{
	uint64_t   *list = tree->lists + tree->n_list_words;
	uint32_t	place = (uint32_t) tree->n_list_words;
	uint32_t	n = random_below(random, 20);
	uint32_t	code = 0;

	if (n_codes <= HP_DENSE_CODES)
	{
		for (uint32_t i = 0; i < (n_codes + 63) / 64; i++)
			list[i] = random_bits(random);
		tree->n_list_words += (n_codes + 63) / 64;
		return place;
	}
	memset(list, 0, 5 * sizeof(uint64_t));
	list[0] = n;
	for (uint32_t i = 1; i <= n; i++)
	{
		code += 1 + random_below(random, n_codes / 9);
		list[i / 4] |= (uint64_t) code << i % 4 * 16;
	}
	tree->n_list_words += 5;
	return place;
}

/* Splits that no training makes: beyond the codes, of nothing, of all. */
static HpTree
wild_tree(UnitRandom *random, const Problem *p, uint32_t n_nodes)
{
	HpTree		tree = {
		.nodes = hp_alloc0(unit_env, n_nodes, sizeof(HpNode)),
		.n_nodes = 1,
		.lists = hp_alloc(unit_env, n_nodes * (size_t) 5, sizeof(uint64_t))
	};

	for (uint32_t i = 0; i < n_nodes; i++)
	{
		HpNode	   *node = &tree.nodes[i];
		const HpFeature *f;

		node->value = (int64_t) (random_bits(random) >> 30);
		if (tree.n_nodes + 2 > n_nodes)
			continue;
		node->left = tree.n_nodes;
		tree.n_nodes += 2;
		node->feature = (uint16_t) random_below(random, p->n_features);
		f = &p->features[node->feature];
		node->categorical = f->categorical;
		node->listed_right = random_below(random, 2) == 1;
		node->cut = f->categorical ? random_list(random, &tree, f->n_codes) :
			random_below(random, f->n_codes + 2);
	}
	return tree;
}

static void
test_wild_trees(void)
{
	static const uint32_t n_codes[] = {7, 5, 4, 70};
	static const uint32_t sparse[] = {3, 300, 5};
	UnitRandom	random = 31;

	for (uint32_t round = 0; round < 6; round++)
	{
		Problem		p = round < 4 ?
			make_problem(&random, n_codes, 4, round % 2 == 1) :
			make_problem(&random, sparse, 3, round % 2 == 1);
		HpTree		tree = wild_tree(&random, &p, 101);

		p.tree = &tree;
		check_tree(&p, make_anova(&p), "wild tree");
	}
}

/* ---- measures ---- */

static void
is_measure(const double *below, const double *want, uint32_t n,
		   const char *name)
{
	bool		same = true;

	for (uint32_t c = 0; c <= n; c++)
		same &= is_near(below[c], want[c], want[n]);
	ok(same, "measure: %s", name);
}

static void
test_measures(void)
{
	static const uint32_t runs[] = {2, 3, 5, 1, 1};
	static const double observed[] = {0, 2, 5, 10, 11, 12};
	static const double uniform[] = {0, 2, 2 + 10 * 0.5 / 99,
	2 + 10 * 5 / 99.0, 2 + 10 * 54.0 / 99, 12};
	static const double logarithmic[] = {0, 2, 2 + 10 * 0.15051499783199060,
	2 + 10 * 0.5, 2 + 10 * 0.84948500216800940, 12};
	static const double word[] = {0, 2, 5, 5 + 7 * 4 / 98.0,
	5 + 7 * 53 / 98.0, 12};
	static const double levels[] = {0, 2, 4.5, 7, 9.5, 12};
	static const double alike[] = {0, 1, 2, 3, 4, 5};
	static const uint32_t nobody[5];
	double		numbers[] = {NAN, 1, 2, 10, 100};
	double		powers[] = {NAN, 1, 2, 5, 10};
	double		negative[] = {NAN, -1, 0, 8, 98};
	double		words[] = {NAN, NAN, 2, 10, 100};
	double		extreme[] = {NAN, -1.5e308, 0, 1e308, 1.5e308};
	static const double wide[] = {0, 2, 4.5, 2 + 10 * 2.0 / 3, 2 + 10 * 2.75 / 3,
	12};
	HpFeature	f = {.n_codes = 5, .numbers = numbers};

	is_measure(hp_measure_feature(unit_env, HP_SPACE_OBSERVED, &f, runs),
			   observed, 5, "observed");
	is_measure(hp_measure_feature(unit_env, HP_SPACE_UNIFORM, &f, runs),
			   uniform, 5, "uniform");
	f.numbers = powers;
	is_measure(hp_measure_feature(unit_env, HP_SPACE_LOG, &f, runs),
			   logarithmic, 5, "logarithmic");
	f.numbers = negative;
	is_measure(hp_measure_feature(unit_env, HP_SPACE_LOG, &f, runs),
			   uniform, 5, "logarithmic where numbers are not positive");
	f.numbers = extreme;
	is_measure(hp_measure_feature(unit_env, HP_SPACE_UNIFORM, &f, runs),
			   wide, 5, "the widest range there is");
	f.numbers = words;
	f.n_words = 1;
	is_measure(hp_measure_feature(unit_env, HP_SPACE_UNIFORM, &f, runs),
			   word, 5, "words as often as they occur");
	f = (HpFeature) {.n_codes = 5, .categorical = true};
	is_measure(hp_measure_feature(unit_env, HP_SPACE_UNIFORM, &f, runs),
			   levels, 5, "levels alike, missing as often as it occurs");
	is_measure(hp_measure_feature(unit_env, HP_SPACE_OBSERVED, &f, nobody),
			   alike, 5, "no runs at all");
}

static void
test_one_number(void)
{
	static const uint32_t runs[] = {1, 3};
	static const double want[] = {0, 1, 4};
	double		numbers[] = {NAN, 5};
	HpFeature	f = {.n_codes = 2, .numbers = numbers};

	is_measure(hp_measure_feature(unit_env, HP_SPACE_UNIFORM, &f, runs), want,
			   2, "one number");
	is_measure(hp_measure_feature(unit_env, HP_SPACE_LOG, &f, runs), want, 2,
			   "the logarithm of one number");
}

/* ---- a function of known indices ---- */

/* sin(x) + 7 sin^2(y) + 0.1 z^4 sin(x) */
static HpFrame *
ishigami_frame(uint32_t n)
{
	UnitRandom	random = 20;
	double	   *x[3];
	double	   *y = hp_alloc(unit_env, n, sizeof(double));
	HpInput		inputs[3];
	static const char *const names[] = {"x", "y", "z"};

	for (int f = 0; f < 3; f++)
	{
		x[f] = hp_alloc(unit_env, n, sizeof(double));
		for (uint32_t i = 0; i < n; i++)
			x[f][i] = PI * (2 * random_uniform(&random) - 1);
		inputs[f] = unit_numbers(names[f], x[f], n);
	}
	for (uint32_t i = 0; i < n; i++)
		y[i] = sin(x[0][i]) + 7 * sin(x[1][i]) * sin(x[1][i]) +
			0.1 * pow(x[2][i], 4) * sin(x[0][i]);
	return unit_frame(inputs, 3, y, n);
}

/* Each number occurs once. */
static double **
uniform_measure(const HpFrame *frame, HpFeature *features)
{
	double	  **below = hp_alloc(unit_env, 3, sizeof(double *));
	uint32_t   *runs = hp_alloc(unit_env, frame->n_runs + (size_t) 1,
								sizeof(uint32_t));

	for (uint32_t c = 0; c <= frame->n_runs; c++)
		runs[c] = c > 0;
	for (uint32_t f = 0; f < 3; f++)
	{
		features[f] = hp_column_feature(&frame->columns[f]);
		below[f] = hp_measure_feature(unit_env, HP_SPACE_UNIFORM, &features[f],
									  runs);
	}
	return below;
}

static void
test_ishigami(void)
{
	HpFrame    *frame = ishigami_frame(10000);
	HpForestSettings settings = DEFAULTS;
	HpFeature	features[3];
	HpAnova    *anova = hp_anova_create(unit_env, features, 3,
										uniform_measure(frame, features));
	HpShares   *shares = hp_shares_create(unit_env, 3);
	Trained		t = prepare(unit_env, frame, &settings);
	HpTrainer  *trainer = hp_trainer_create(unit_env, frame, t.map, &settings);

	for (uint32_t tree = 0; tree < 5; tree++)
	{
		hp_anova_decompose(anova, hp_train_tree(trainer, tree, &t.reports[tree],
												&t.out_of_bag));
		hp_shares_add(shares, anova);
	}
	is_double(shares->main[0].mean, 0.314, 0.04, "Ishigami: x");
	is_double(shares->main[1].mean, 0.442, 0.04, "Ishigami: y");
	is_double(shares->main[2].mean, 0, 0.02, "Ishigami: z");
	is_double(shares->pairs[1].spread.mean, 0.244, 0.04, "Ishigami: x and z");
	is_double(shares->pairs[0].spread.mean, 0, 0.02, "Ishigami: x and y");
	is_double(shares->pairs[2].spread.mean, 0, 0.02, "Ishigami: y and z");
}

int
main(void)
{
	test_random_trees();
	test_many_levels();
	test_many_features();
	test_many_codes();
	test_no_split();
	test_stump();
	test_pure_interaction();
	test_chain();
	test_shares();
	test_cuts_beyond();
	test_wild_trees();
	test_measures();
	test_one_number();
	test_ishigami();
	return done();
}
