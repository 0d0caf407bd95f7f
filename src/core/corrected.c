/*
 * corrected.c
 *		Impurity importance freed of its bias: actual impurity reduction.
 *
 *		features:	| 0 .. p - 1: as they are | p .. 2 p - 1: their shadows |
 *
 * One permutation of the runs, drawn for each tree, makes all its shadows: the
 * shadow of a run is all of another run, and what parameters have to do with
 * each other stays.
 */
#include "corrected.h"

/* Streams of their own, far from those of the trees of the forest. */
#define FIRST_STREAM	(UINT64_C(1) << 62)

struct HpCorrector
{
	const HpEnv *env;
	uint32_t	n_features;		/* without shadows */
	uint32_t	n_runs;
	HpFeature  *features;		/* with shadows */
	uint32_t   *runs;			/* all of them, in order */
	uint32_t   *shadows;		/* by run: whose codes its shadow has */
	HpGrower   *grower;
	double	   *gain;			/* by feature and shadow */
};

static size_t
code_width(const HpFeature *feature)
{
	return feature->wide ? sizeof(uint16_t) : sizeof(uint8_t);
}

HpCorrector *
hp_corrector_create(const HpEnv *env, const HpFeature *features,
					uint32_t n_features, uint32_t n_runs,
					const HpTreeSettings *settings)
{
	HpCorrector *c = hp_alloc0(env, 1, sizeof(HpCorrector));

	c->env = env;
	c->n_features = n_features;
	c->n_runs = n_runs;
	c->features = hp_alloc(env, 2 * (size_t) n_features, sizeof(HpFeature));
	for (uint32_t f = 0; f < n_features; f++)
	{
		c->features[f] = c->features[n_features + f] = features[f];
		c->features[n_features + f].codes =
			hp_alloc0(env, n_runs, code_width(&features[f]));
	}
	c->runs = hp_alloc(env, n_runs, sizeof(uint32_t));
	for (uint32_t run = 0; run < n_runs; run++)
		c->runs[run] = run;
	c->shadows = hp_alloc(env, n_runs, sizeof(uint32_t));
	c->grower = hp_grower_create(env, c->features, 2 * n_features, n_runs,
								 settings);
	c->gain = hp_alloc(env, 2 * (size_t) n_features, sizeof(double));
	return c;
}

size_t
hp_corrector_later(const HpCorrector *c)
{
	return hp_grower_later(c->grower);
}

void
hp_corrector_reread(HpCorrector *c, uint32_t feature, const uint32_t *runs,
					uint32_t n)
{
	hp_grower_reread(c->grower, feature, runs, n);
}

/* Fisher-Yates, built from the front ("inside out"). */
static void
draw_shadows(HpCorrector *c, HpRng *rng)
{
	for (uint32_t run = 0; run < c->n_runs; run++)
	{
		uint32_t	other = hp_rng_below(rng, run + 1);

		hp_tick_at(c->env, run);
		c->shadows[run] = c->shadows[other];
		c->shadows[other] = run;
	}
}

static void
cast_shadow(HpCorrector *c, uint32_t feature)
{
	const HpFeature *from = &c->features[feature];
	uint32_t	shadow = c->n_features + feature;
	void	   *to = (void *) c->features[shadow].codes;

	hp_tick(c->env);
	if (from->wide)
		for (uint32_t run = 0; run < c->n_runs; run++)
			((uint16_t *) to)[run] =
				((const uint16_t *) from->codes)[c->shadows[run]];
	else
		for (uint32_t run = 0; run < c->n_runs; run++)
			((uint8_t *) to)[run] =
				((const uint8_t *) from->codes)[c->shadows[run]];
	hp_grower_reread(c->grower, shadow, c->runs, c->n_runs);
}

void
hp_correct(HpCorrector *c, uint64_t seed, uint32_t t, const int64_t *target,
		   const uint32_t *draws, double *corrected)
{
	uint32_t	n = c->n_features;
	double		sum = 0;
	HpRng		rng;

	hp_rng_init(&rng, seed, FIRST_STREAM + t);
	draw_shadows(c, &rng);
	for (uint32_t f = 0; f < n; f++)
		cast_shadow(c, f);
	for (uint32_t f = 0; f < 2 * n; f++)
		c->gain[f] = 0;
	hp_tree_grow(c->grower, &rng, target, draws, c->gain, NULL);
	for (uint32_t f = 0; f < 2 * n; f++)
		sum += c->gain[f];
	for (uint32_t f = 0; f < n; f++)
		corrected[f] = sum > 0 ? (c->gain[f] - c->gain[n + f]) / sum : 0;
}
