/*
 * trained.h
 *		A forest trained in one call, and a sweep to train it on.
 */
#ifndef HPIMP_TRAINED_H
#define HPIMP_TRAINED_H

#include "data.h"

static const HpForestSettings DEFAULTS __attribute__((unused)) = {
	.trees = 100, .min_samples_leaf = 1, .max_features = 1,
	.missing = HP_MISSING_FILL, .permutation = true
};

/* A trained forest and what it was made from. */
typedef struct Trained
{
	HpFeatureMap *map;
	HpTreeReport *reports;
	HpOutOfBag	out_of_bag;
	HpForestResult result;
} Trained;

UNIT_INLINE Trained
prepare(const HpEnv *env, HpFrame *frame, const HpForestSettings *settings)
{
	Trained		t = {.map = hp_forest_prepare(env, frame, settings)};

	t.reports = hp_reports_create(env, t.map, settings);
	t.out_of_bag = hp_out_of_bag_create(env, frame->n_runs, t.map, settings);
	return t;
}

UNIT_INLINE void
finish(const HpEnv *env, const HpFrame *frame, const HpForestSettings *settings,
	   Trained *t)
{
	t->result = hp_forest_finish(env, frame, t->map, settings, t->reports,
								 &t->out_of_bag,
								 hp_forest_beside(env, frame, t->map, settings));
}

UNIT_INLINE Trained
train_in(const HpEnv *env, HpFrame *frame, const HpForestSettings *settings)
{
	Trained		t = prepare(env, frame, settings);
	HpTrainer  *trainer = hp_trainer_create(env, frame, t.map, settings);

	for (uint32_t tree = 0; tree < settings->trees; tree++)
	{
		hp_train_tree(trainer, tree, &t.reports[tree], &t.out_of_bag);
		hp_train_second(trainer, &t.out_of_bag);
	}
	finish(env, frame, settings, &t);
	return t;
}

UNIT_INLINE Trained
train(HpFrame *frame, const HpForestSettings *settings)
{
	return train_in(unit_env, frame, settings);
}

/* The number of the feature of a parameter. */
UNIT_INLINE uint32_t
feature_called(const HpFrame *frame, const Trained *t, const char *name)
{
	uint32_t	column = column_number(frame, name);

	for (uint32_t f = 0; f < t->map->n_features; f++)
		if (t->map->columns[f] == column)
			return f;
	printf("Bail out! %s is no feature\n", name);
	exit(2);
}

/* ---- a sweep to train on ---- */

/*
 * lr and optimizer matter, momentum (under sgd alone) a little; notes is set
 * at random and does nothing, nor does seed.
 */
UNIT_INLINE HpFrame *
sweep_frame(uint32_t n, uint64_t seed)
{
	static const char *const optimizers[] = {"adam", "rmsprop", "sgd"};
	UnitRandom	random = seed;
	HpValue    *cells[5];
	HpInput		inputs[5];
	double	   *metric = hp_alloc(unit_env, n, sizeof(double));

	for (int c = 0; c < 5; c++)
		cells[c] = hp_alloc0(unit_env, n, sizeof(HpValue));
	for (uint32_t i = 0; i < n; i++)
	{
		double		lr = random_uniform(&random);
		double		momentum = random_uniform(&random);
		uint32_t	k = random_below(&random, 3);
		bool		noted = random_below(&random, 2) == 0;

		cells[0][i] = num(lr);
		cells[1][i] = str(optimizers[k]);
		cells[2][i] = k == 2 ? num(momentum) : gap;
		cells[3][i] = noted ? num(random_below(&random, 9)) : gap;
		cells[4][i] = num(random_below(&random, 1000));
		metric[i] = 4 * (lr - 0.5) * (lr - 0.5) + (k == 2 ? 1 + 0.2 * momentum : 0) +
			0.1 * random_normal(&random);
	}
	inputs[0] = unit_input("lr", cells[0], n);
	inputs[1] = unit_input("optimizer", cells[1], n);
	inputs[2] = unit_input("momentum", cells[2], n);
	inputs[3] = unit_input("notes", cells[3], n);
	inputs[4] = unit_input("seed", cells[4], n);
	return unit_frame(inputs, 5, metric, n);
}

#endif							/* HPIMP_TRAINED_H */
