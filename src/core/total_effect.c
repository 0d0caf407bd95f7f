/*
 * total_effect.c
 *		What the values of a parameter do to the forest's predictions.
 */
#include <math.h>

#include "total_effect.h"

/*
 * So many sums are kept, for so many runs at least: the importance of what
 * matters is known to a percent from some ten thousand runs.
 */
#define MOST_SUMS	(1024 * 1024)
#define FEWEST_RUNS	256

static uint32_t
stride_of(uint32_t n_runs, uint32_t n_subjects)
{
	uint32_t	most = (uint32_t) (MOST_SUMS / ((uint64_t) n_subjects + 1));

	if (most < FEWEST_RUNS)
		most = FEWEST_RUNS;
	return n_runs == 0 ? 1 : (n_runs - 1) / most + 1;
}

uint32_t
hp_total_effect_runs(uint32_t n_runs, uint32_t n_subjects)
{
	uint32_t	stride = stride_of(n_runs, n_subjects);

	return n_runs / stride + (n_runs % stride != 0);
}

HpTotalEffects *
hp_total_effects_create(const HpEnv *env, uint32_t n_runs,
						uint32_t n_subjects)
{
	HpTotalEffects *effects = hp_alloc(env, 1, sizeof(HpTotalEffects));

	effects->stride = stride_of(n_runs, n_subjects);
	effects->n_runs = hp_total_effect_runs(n_runs, n_subjects);
	effects->n_subjects = n_subjects;
	effects->sum = hp_alloc0(env, hp_total_effects_count(effects),
							 sizeof(int64_t));
	effects->spread = hp_alloc(env, n_subjects, sizeof(double));
	return effects;
}

void
hp_total_effect_importance(const HpEnv *env, const HpTotalEffects *effects,
						   const int64_t *target, const int64_t *predicted,
						   const uint32_t *trees, double *importance)
{
	uint32_t	n = effects->n_subjects;
	double	   *spread = effects->spread;
	uint32_t	runs = 0;

	for (uint32_t s = 0; s < n; s++)
		importance[s] = spread[s] = 0;
	for (uint32_t i = 0; i < effects->n_runs; i++)
	{
		uint32_t	run = i * effects->stride;
		const int64_t *sum = effects->sum + (size_t) i * n;
		double		error;

		if (i % 16 == 0)
			hp_tick(env);
		if (trees[run] == 0)
			continue;
		runs++;
		error = (double) target[run] - (double) predicted[run] / trees[run];
		for (uint32_t s = 0; s < n; s++)
		{
			double		effect = (double) sum[s] / trees[run];

			importance[s] += effect * (error + effect);
			spread[s] += effect * effect;
		}
	}
	for (uint32_t s = 0; s < n; s++)
		if (spread[s] > 0)
			importance[s] = importance[s] / spread[s] *
				fabs(importance[s]) / runs;
}
