/*
 * share.c
 *		What the trees of a forest say together of the shares of variance that
 *		parameters and pairs of them explain.
 */
#include "share.h"

/* What rounding leaves of nothing. */
#define ROUNDING_DUST	1e-12

static double
share_of(double part, double variance)
{
	return part < ROUNDING_DUST * variance ? 0 : part / variance;
}

void
hp_shares_of_tree(const HpAnova *anova, uint32_t n_features, double *share)
{
	double		variance = hp_anova_variance(anova);

	hp_anova_main_effects(anova, share);
	for (uint32_t f = 0; f < n_features; f++)
		share[f] = variance > 0 ? share_of(share[f], variance) : 0;
}

HpShares *
hp_shares_create(const HpEnv *env, uint32_t n_features)
{
	HpShares   *shares = hp_alloc0(env, 1, sizeof(HpShares));

	shares->env = env;
	shares->n_features = n_features;
	shares->main = hp_alloc0(env, n_features, sizeof(HpSpread));
	shares->share = hp_alloc(env, n_features, sizeof(double));
	return shares;
}

static int
compare_pairs(const HpPairSpread *a, const HpInteraction *b)
{
	if (a->lower != b->lower)
		return a->lower < b->lower ? -1 : 1;
	return a->upper == b->upper ? 0 : a->upper < b->upper ? -1 : 1;
}

static void
reserve_pairs(HpShares *shares, size_t n)
{
	HpPairSpread *grown;

	if (n <= shares->cap_pairs)
		return;
	grown = hp_alloc(shares->env, 2 * n, sizeof(HpPairSpread));
	for (size_t i = 0; i < shares->n_pairs; i++)
		grown[i] = shares->pairs[i];
	shares->pairs = grown;
	shares->scratch = hp_alloc(shares->env, 2 * n, sizeof(HpPairSpread));
	shares->cap_pairs = 2 * n;
}

/* Both lists are in the order of pairs: merge them. */
static void
add_pairs(HpShares *shares, const HpInteraction *found, size_t n,
		  double variance)
{
	HpPairSpread *merged;
	size_t		n_merged = 0;
	size_t		i = 0;

	reserve_pairs(shares, shares->n_pairs + n);
	merged = shares->scratch;
	for (size_t j = 0; j < n; j++)
	{
		while (i < shares->n_pairs &&
			   compare_pairs(&shares->pairs[i], &found[j]) < 0)
			merged[n_merged++] = shares->pairs[i++];
		if (i < shares->n_pairs &&
			compare_pairs(&shares->pairs[i], &found[j]) == 0)
			merged[n_merged] = shares->pairs[i++];
		else
			merged[n_merged] = (HpPairSpread) {found[j].lower, found[j].upper,
			{0}};
		hp_spread_add(&merged[n_merged++].spread,
					  share_of(found[j].variance, variance));
	}
	while (i < shares->n_pairs)
		merged[n_merged++] = shares->pairs[i++];
	shares->scratch = shares->pairs;
	shares->pairs = merged;
	shares->n_pairs = n_merged;
}

void
hp_shares_add(HpShares *shares, HpAnova *anova)
{
	double		variance = hp_anova_variance(anova);
	const HpInteraction *found;
	size_t		n;

	if (!(variance > 0))
		return;
	shares->n_trees++;
	hp_shares_of_tree(anova, shares->n_features, shares->share);
	for (uint32_t f = 0; f < shares->n_features; f++)
		hp_spread_add(&shares->main[f], shares->share[f]);
	found = hp_anova_interactions(anova, &n);
	add_pairs(shares, found, n, variance);
}

HpSpread
hp_shares_pair(const HpShares *shares, const HpPairSpread *pair)
{
	double		mean = pair->spread.mean;
	double		seen = pair->spread.n;
	double		all = shares->n_trees;

	/* the squares about the mean of numbers that are 0 in part */
	return (HpSpread) {
		.n = shares->n_trees,
		.mean = mean * seen / all,
		.squares = pair->spread.squares + mean * mean * seen * (all - seen) / all
	};
}
