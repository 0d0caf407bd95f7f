/*
 * core.c
 *		The forest alone, without a server: time and instructions of training.
 *
 *	core FILE.csv [TREES [impurity|permutation [fill|value]]]
 *
 * Reads a table of comma-separated values without quotes, the metric last, and
 * trains a forest on the coded columns.  Prints one line of CPU seconds: of
 * coding the values, of deciding which gaps are filled, of training (with
 * permutation importance if asked for), and the out-of-bag R-squared.  Between
 * runs of one binary the instructions of hp_train_tree() that callgrind counts
 * are the same, however busy the machine is:
 *
 *	valgrind --tool=callgrind --toggle-collect=hp_train_tree ./core ...
 */
#include <time.h>

#define FIXTURES ""
#include "trained.h"

static double
cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

int
main(int argc, char **argv)
{
	HpForestSettings settings = DEFAULTS;
	Fixture		table;
	HpFrame    *frame;
	HpTrainer  *trainer;
	Trained		t;
	double		clock[4];

	if (argc < 2)
	{
		fputs("usage: core FILE.csv [TREES [impurity|permutation [fill|value]]]\n",
			  stderr);
		return 2;
	}
	if (argc > 2)
		settings.trees = atoi(argv[2]);
	settings.permutation = argc <= 3 || strcmp(argv[3], "impurity") != 0;
	if (argc > 4 ? strcmp(argv[4], "value") == 0 : !settings.permutation)
		settings.missing = HP_MISSING_VALUE;
	table = fixture_table(argv[1]);
	clock[0] = cpu_seconds();
	frame = unit_frame(table.inputs, table.n_inputs, table.metric,
					   table.n_runs);
	clock[1] = cpu_seconds();
	t = prepare(unit_env, frame, &settings);
	clock[2] = cpu_seconds();
	trainer = hp_trainer_create(unit_env, frame, t.map, &settings);
	for (uint32_t tree = 0; tree < settings.trees; tree++)
		hp_train_tree(trainer, tree, &t.reports[tree], &t.out_of_bag);
	clock[3] = cpu_seconds();
	finish(unit_env, frame, &settings, &t);
	printf("code %.6f  explain %.6f  train %.6f  R2 %.6f\n", clock[1] - clock[0],
		   clock[2] - clock[1], clock[3] - clock[2], t.result.r2);
	if (getenv("SHOW") != NULL)
		for (uint32_t f = 0; f < t.map->n_features; f++)
		{
			HpText		name = frame->columns[t.map->columns[f]].name;

			printf("%-30.*s %.17g %.17g\n", (int) name.length, name.bytes,
				   t.result.impurity[f],
				   settings.permutation ? t.result.permutation[f] : 0);
		}
	unit_free_all();
	return 0;
}
