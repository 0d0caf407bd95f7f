/*
 * importance.c
 *		Out-of-bag permutation importance of one tree (Breiman 2001).
 *
 * A permuted feature can change the prediction of a run only where the run's
 * path meets a split on that feature, so the walk with the permuted value
 * starts at the first such node; features not on the path cost nothing.
 */
#include "importance.h"

struct HpPermuter
{
	const HpEnv *env;
	const HpFeature *features;
	uint32_t	n_features;
	uint32_t	n_runs;
	bool	   *used;			/* by feature: the tree splits on it */
	uint16_t  **permuted;		/* by feature: codes of the unseen runs */
	uint32_t   *met;			/* by feature: 1 + the unseen run whose path
								 * has met it */
};

HpPermuter *
hp_permuter_create(const HpEnv *env, const HpFeature *features,
				   uint32_t n_features, uint32_t n_runs)
{
	HpPermuter *p = hp_alloc0(env, 1, sizeof(HpPermuter));

	p->env = env;
	p->features = features;
	p->n_features = n_features;
	p->n_runs = n_runs;
	p->used = hp_alloc(env, n_features, sizeof(bool));
	p->permuted = hp_alloc0(env, n_features, sizeof(uint16_t *));
	p->met = hp_alloc(env, n_features, sizeof(uint32_t));
	return p;
}

static void
find_used(HpPermuter *p, const HpTree *tree)
{
	for (uint32_t f = 0; f < p->n_features; f++)
	{
		p->used[f] = false;
		p->met[f] = 0;
	}
	for (uint32_t i = 0; i < tree->n_nodes; i++)
		if (tree->nodes[i].left != 0)
			p->used[tree->nodes[i].feature] = true;
}

/* Fisher-Yates, built from the front ("inside out"). */
static void
permute_codes(HpPermuter *p, HpRng *rng, uint32_t feature,
			  const HpUnseen *unseen)
{
	uint16_t   *codes = p->permuted[feature];

	if (codes == NULL)
		codes = p->permuted[feature] = hp_alloc(p->env, p->n_runs,
												sizeof(uint16_t));
	for (uint32_t i = 0; i < unseen->n; i++)
	{
		uint32_t	j = hp_rng_below(rng, i + 1);

		if (i % 65536 == 0)
			hp_tick(p->env);
		codes[i] = codes[j];
		codes[j] = (uint16_t) hp_feature_code(&p->features[feature],
											  unseen->runs[i]);
	}
}

/*
 * The prediction for an unseen run from a node on down, with the feature
 * `permuted` taken from the permuted codes.
 */
static int64_t
predict_permuted(const HpPermuter *p, const HpTree *tree, const HpNode *node,
				 const HpUnseen *unseen, uint32_t i, uint32_t permuted)
{
	while (node->left != 0)
	{
		const HpFeature *f = &p->features[node->feature];
		uint32_t	code = node->feature == permuted ?
			p->permuted[permuted][i] : hp_feature_code(f, unseen->runs[i]);

		node = tree->nodes + node->left +
			!hp_goes_left(node, tree->lists, f->n_codes, code);
	}
	return node->value;
}

/* Walk an unseen run's path; where it first meets a feature, try without. */
static void
permute_run(HpPermuter *p, const HpTree *tree, const HpUnseen *unseen,
			uint32_t i, const int64_t *target, double *increase)
{
	uint32_t	run = unseen->runs[i];
	int64_t		predicted = hp_tree_leaf(tree, p->features, run)->value;
	double		error = (double) (predicted - target[run]);
	const HpNode *node = tree->nodes;

	while (node->left != 0)
	{
		uint32_t	feature = node->feature;
		const HpFeature *f = &p->features[feature];
		uint32_t	code = hp_feature_code(f, run);

		if (p->met[feature] != i + 1)
		{
			p->met[feature] = i + 1;
			if (p->permuted[feature][i] != code)
			{
				int64_t		other = predict_permuted(p, tree, node, unseen,
													 i, feature);
				double		changed = (double) (other - target[run]);

				if (other != predicted)
					increase[feature] += changed * changed - error * error;
			}
		}
		node = tree->nodes + node->left +
			!hp_goes_left(node, tree->lists, f->n_codes, code);
	}
}

void
hp_permute(HpPermuter *p, HpRng *rng, const HpTree *tree,
		   const HpUnseen *unseen, const int64_t *target, double *increase)
{
	find_used(p, tree);
	for (uint32_t f = 0; f < p->n_features; f++)
	{
		increase[f] = 0;
		if (p->used[f])
			permute_codes(p, rng, f, unseen);
	}
	for (uint32_t i = 0; i < unseen->n; i++)
	{
		if (i % 1024 == 0)
			hp_tick(p->env);
		permute_run(p, tree, unseen, i, target, increase);
	}
	if (unseen->n > 0)
		for (uint32_t f = 0; f < p->n_features; f++)
			increase[f] /= unseen->n;
}
