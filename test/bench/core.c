/*
 * core.c
 *		The forest alone, without a server: time and instructions of training.
 *
 *	core FILE.csv [QUESTION]
 *
 * Reads a table of comma-separated values without quotes, the metric last (an
 * empty field is a gap), and answers each question with a line of JSON: that of
 * its arguments, or else those of its standard input, one a line.
 *
 *	code						code the values anew, describe and correlate them; says
 *								as well how many pairs of trees are the default
 *	METHOD GAPS TREES [SEED]	train; METHOD: impurity, corrected, permutation (pairs
 *								of trees) or pairs (these, nothing permuted);
 *								GAPS: fill or value
 *
 * Times are pairs of seconds, CPU and elapsed; train is all of it, beside the part
 * of the regression that is fitted beside a forest of few runs.  A visit is one run looked at for
 * one parameter at one node that is split.  The instructions of hp_train_tree()
 * and hp_train_second() that callgrind counts are the same however busy the machine is:
 *
 *	valgrind --tool=callgrind --toggle-collect=hp_train_tree \
 *		--toggle-collect=hp_train_second core FILE.csv impurity value 3
 *
 * With SHOW in the environment the importances are printed as well.
 */
#include <time.h>

#define FIXTURES ""
#include "trained.h"

#include "core/describe.h"

/* ---- memory ---- */

/*
 * As the server gives it: as it comes, not filled with rubbish as for the unit
 * tests, which would cost time.  What one question has taken is given back.
 */
typedef union Block
{
	union Block *next;
	max_align_t align;
} Block;

static Block *blocks = NULL;

static void *
block_alloc(void *arg, size_t size)
{
	Block	   *block = malloc(sizeof(Block) + size);

	(void) arg;
	if (block == NULL)
	{
		fprintf(stderr, "core: out of memory for %zu bytes\n", size);
		exit(2);
	}
	block->next = blocks;
	blocks = block;
	return block + 1;
}

/* Give back what was allocated after a block. */
static void
free_until(const Block *kept)
{
	while (blocks != kept)
	{
		Block	   *next = blocks->next;

		free(blocks);
		blocks = next;
	}
}

static const HpEnv env = {block_alloc, unit_tick, NULL};

/* ---- time ---- */

typedef struct Clock
{
	double		cpu;
	double		wall;
} Clock;

static double
seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static Clock
now(void)
{
	return (Clock) {seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_MONOTONIC)};
}

static void
print_time(const char *name, Clock from, Clock to)
{
	printf("\"%s\": [%.6f, %.6f], ", name, to.cpu - from.cpu, to.wall - from.wall);
}

/* ---- questions ---- */

static HpFrame *
build_frame(const Fixture *table)
{
	HpFrameOptions options = {NULL, false};

	return hp_frame_build(&env, table->inputs, table->n_inputs, table->metric,
						  table->n_runs, &options);
}

static void
answer_code(const Fixture *table)
{
	Clock		clock[3];
	HpFrame    *frame;

	clock[0] = now();
	frame = build_frame(table);
	clock[1] = now();
	(void) hp_describe_metric(frame);
	for (uint32_t c = 0; c < frame->n_columns; c++)
	{
		const Block *before = blocks;

		(void) hp_describe(&env, frame, &frame->columns[c]);
		free_until(before);
	}
	clock[2] = now();
	putchar('{');
	print_time("code", clock[0], clock[1]);
	print_time("describe", clock[1], clock[2]);
	printf("\"runs\": %" PRIu32 ", \"pairs\": %" PRId64 "}\n", frame->n_runs,
		   hp_trees_for_twice(frame->n_runs, frame->n_columns));
}

/* What a tree has cost, whatever the way of growing it. */
typedef struct Work
{
	uint64_t	nodes;
	double		visits;
} Work;

static void
add_work(Work *work, const HpTree *tree, const HpTreeReport *report,
		 const HpFrame *frame, uint32_t n_features)
{
	uint64_t	draws = 0;
	double		runs_a_draw = (double) (frame->n_runs - report->n_out_of_bag) /
		tree->nodes[0].weight;

	for (uint32_t i = 0; i < tree->n_nodes; i++)
		if (tree->nodes[i].left != 0)
			draws += tree->nodes[i].weight;
	work->nodes += tree->n_nodes;
	/* a run drawn twice is looked at once */
	work->visits += (double) draws * runs_a_draw * n_features;
}

static void
show(const HpFrame *frame, const Trained *t)
{
	const HpForestResult *r = &t->result;

	for (uint32_t f = 0; f < t->map->n_features; f++)
	{
		HpText		name = frame->columns[t->map->columns[f]].name;

		printf("%-30.*s %.17g %.17g %.17g\n", (int) name.length, name.bytes,
			   r->impurity[f], r->permutation != NULL ? r->permutation[f] : 0,
			   r->corrected != NULL ? r->corrected[f] : 0);
	}
}

static void
answer_train(HpFrame *frame, const HpForestSettings *settings)
{
	Clock		clock[4];
	HpTrainer  *trainer;
	Trained		t;
	const HpBeside *beside;
	Work		work = {0, 0};

	clock[0] = now();
	t = prepare(&env, frame, settings);
	clock[1] = now();
	trainer = hp_trainer_create(&env, frame, t.map, settings);
	for (uint32_t tree = 0; tree < settings->trees; tree++)
	{
		HpTreeReport *report = &t.reports[tree];
		const HpTree *grown = hp_train_tree(trainer, tree, report,
											&t.out_of_bag);

		add_work(&work, grown, report, frame, t.map->n_features);
		grown = hp_train_second(trainer, &t.out_of_bag);
		if (grown != NULL)
			add_work(&work, grown, report, frame, t.map->n_features);
	}
	clock[2] = now();
	beside = hp_forest_beside(&env, frame, t.map, settings);
	clock[3] = now();
	t.result = hp_forest_finish(&env, frame, t.map, settings, t.reports,
								&t.out_of_bag, beside);
	putchar('{');
	print_time("explain", clock[0], clock[1]);
	print_time("train", clock[1], now());
	print_time("beside", clock[2], clock[3]);
	printf("\"r2\": %.6f, \"nodes\": %" PRIu64 ", \"visits\": %.0f}\n",
		   t.result.r2, work.nodes, work.visits);
	if (getenv("SHOW") != NULL && t.result.impurity != NULL)
		show(frame, &t);
}

static bool
read_settings(const char *question, HpForestSettings *settings)
{
	char		method[16];
	char		gaps[8];

	*settings = DEFAULTS;
	if (sscanf(question, "%15s %7s %" SCNd64 " %" SCNu64, method, gaps,
			   &settings->trees, &settings->seed) < 3)
		return false;
	settings->permutation = strcmp(method, "permutation") == 0;
	settings->twice = settings->permutation || strcmp(method, "pairs") == 0;
	settings->corrected = strcmp(method, "corrected") == 0;
	settings->missing = strcmp(gaps, "value") == 0 ? HP_MISSING_VALUE :
		HP_MISSING_FILL;
	return (settings->twice || settings->corrected ||
			strcmp(method, "impurity") == 0) &&
		(settings->missing == HP_MISSING_VALUE || strcmp(gaps, "fill") == 0) &&
		hp_forest_check(settings) == NULL;
}

static void
answer(const Fixture *table, HpFrame *frame, const char *question)
{
	const Block *before = blocks;
	HpForestSettings settings;

	if (strncmp(question, "code", 4) == 0)
		answer_code(table);
	else if (read_settings(question, &settings))
	{
		if (settings.twice)
			settings.min_samples_leaf = hp_leaf_for_twice(frame->n_runs);
		answer_train(frame, &settings);
	}
	else
	{
		fprintf(stderr, "core: this is no question: %s\n", question);
		exit(2);
	}
	fflush(stdout);
	free_until(before);
}

/* The arguments from the third on as a line. */
static const char *
join_arguments(int argc, char **argv)
{
	static char line[128];

	for (int i = 2; i < argc; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s ", argv[i]);
	return line;
}

int
main(int argc, char **argv)
{
	char		line[128];
	Fixture		table;
	HpFrame    *frame;

	if (argc < 2)
	{
		fputs("usage: core FILE.csv [code | METHOD GAPS TREES [SEED]]\n", stderr);
		return 2;
	}
	table = fixture_table(argv[1]);
	frame = build_frame(&table);
	if (argc > 2)
		answer(&table, frame, join_arguments(argc, argv));
	else
		while (fgets(line, sizeof(line), stdin) != NULL)
			answer(&table, frame, line);
	free_until(NULL);
	unit_free_all();
	return 0;
}
