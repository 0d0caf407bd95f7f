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
	effects->by_both = hp_alloc(env, n_subjects, sizeof(double));
	return effects;
}

/* The most that a regression beside the forest may weigh. */
#define MOST_WEIGHT	0.5

static inline double
predicted_by_forest(const HpPredictions *p, uint32_t run)
{
	return (double) p->sum[run] / p->trees[run];
}

static inline double
predicted(const HpPredictions *p, uint32_t run)
{
	double		by_forest = predicted_by_forest(p, run);

	return p->weight == 0 ? by_forest : by_forest +
		p->weight * (p->beside->predicted[run] - by_forest);
}

HpErrors
hp_predictions_errors(const HpPredictions *p)
{
	HpErrors	e = {0};
	double		mean = 0;

	for (uint32_t run = 0; run < p->n_runs; run++)
		if (p->trees[run] > 0)
		{
			mean += (double) p->target[run];
			e.n++;
		}
	if (e.n > 0)
		mean /= e.n;
	for (uint32_t run = 0; run < p->n_runs; run++)
		if (p->trees[run] > 0)
		{
			double		y = (double) p->target[run];
			double		error = y - predicted(p, run);

			e.errors += error * error;
			e.spread += (y - mean) * (y - mean);
		}
	return e;
}

/* The weight of least squared error: a regression of f's errors on g - f. */
double
hp_predictions_weigh(HpPredictions *p)
{
	double		along = 0;
	double		squares = 0;
	HpErrors	e;

	p->weight = 0;
	if (p->beside == NULL)
		return NAN;
	for (uint32_t run = 0; run < p->n_runs; run++)
	{
		double		by_forest;
		double		apart;

		if (p->trees[run] == 0)
			continue;
		by_forest = predicted_by_forest(p, run);
		apart = p->beside->predicted[run] - by_forest;
		along += apart * ((double) p->target[run] - by_forest);
		squares += apart * apart;
	}
	if (along > 0)
		p->weight = fmin(along / squares, MOST_WEIGHT);
	e = hp_predictions_errors(p);
	return e.spread > 0 ? 1 - e.errors / e.spread - 2.0 / e.n : NAN;
}

/* Add what a run tells of the subjects: h (y - f + h) and h^2. */
static void
add_run(const HpTotalEffects *effects, const HpPredictions *p, uint32_t run,
		double *along)
{
	const int64_t *sum = hp_total_effects_of(effects, run);
	double		error = (double) p->target[run] - predicted_by_forest(p, run);

	for (uint32_t s = 0; s < effects->n_subjects; s++)
	{
		double		effect = (double) sum[s] / p->trees[run];

		along[s] += effect * (error + effect);
		effects->spread[s] += effect * effect;
	}
}

/* The same of the means of both. */
static void
add_run_of_both(const HpTotalEffects *effects, const HpPredictions *p,
				uint32_t run, double *along)
{
	const int64_t *sum = hp_total_effects_of(effects, run);
	const double *beside = hp_beside_effects(p->beside, run);
	double		error = (double) p->target[run] - predicted(p, run);

	for (uint32_t s = 0; s < effects->n_subjects; s++)
	{
		double		effect = (double) sum[s] / p->trees[run];

		effect += p->weight * (beside[s] - effect);
		along[s] += effect * (error + effect);
		effects->spread[s] += effect * effect;
	}
}

/* N^2 / D by the forest, or by both. */
static void
importance_by(const HpEnv *env, const HpTotalEffects *effects,
			  const HpPredictions *p, bool both, double *importance)
{
	uint32_t	n = effects->n_subjects;
	double	   *spread = effects->spread;
	uint32_t	runs = 0;

	for (uint32_t s = 0; s < n; s++)
		importance[s] = spread[s] = 0;
	for (uint32_t i = 0; i < effects->n_runs; i++)
	{
		uint32_t	run = i * effects->stride;

		if (i % 16 == 0)
			hp_tick(env);
		if (p->trees[run] == 0)
			continue;
		runs++;
		if (both)
			add_run_of_both(effects, p, run, importance);
		else
			add_run(effects, p, run, importance);
	}
	for (uint32_t s = 0; s < n; s++)
		if (spread[s] > 0)
			importance[s] = importance[s] / spread[s] *
				fabs(importance[s]) / runs;
}

void
hp_total_effect_importance(const HpEnv *env, const HpTotalEffects *effects,
						   const HpPredictions *p, double *importance)
{
	double	   *by_both = effects->by_both;

	importance_by(env, effects, p, false, importance);
	if (p->weight == 0)
		return;
	importance_by(env, effects, p, true, by_both);
	for (uint32_t s = 0; s < effects->n_subjects; s++)
		importance[s] += p->beside->own[s] * (by_both[s] - importance[s]);
}
