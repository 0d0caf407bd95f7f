/*
 * missing.c
 *		Gaps: which of them other parameters explain, and filling those.
 */
#include <string.h>

#include "missing.h"

/* At most so many runs that have a parameter are looked at, and as many that
 * have not: presence is a simple thing to learn. */
#define SIDE_RUNS		500
#define MOST_CANDIDATES	256
#define SIDE_TREES		5
#define SIDE_DEPTH		4

/* The target of a run that has the parameter; 0 of one that has not. */
#define PRESENT			(INT64_C(1) << 32)

/* Streams of their own, far from those of the trees of the forest. */
#define FIRST_STREAM	(UINT64_C(1) << 63)

/* What the questions about all columns share. */
typedef struct Explainer
{
	const HpEnv *env;
	HpFrame    *frame;
	HpGrower   *grower;
	HpFeature  *features;		/* n_columns: candidates of one question */
	uint16_t   *codes;			/* MOST_CANDIDATES x 2 SIDE_RUNS: theirs */
	uint32_t   *present;		/* runs that have the column in question */
	uint32_t   *absent;
	uint32_t	runs[2 * SIDE_RUNS];	/* the runs looked at */
	uint32_t	n_runs;
	uint32_t	n_present;		/* the first of them */
	int64_t		target[2 * SIDE_RUNS];
	uint32_t	draws[2 * SIDE_RUNS];
	double	   *gain;
} Explainer;

HpFeature
hp_column_feature(const HpColumn *column)
{
	return (HpFeature) {
		.codes = column->codes,
		.numbers = column->numbers,
		.n_codes = column->n_codes,
		.n_words = column->n_words,
		.wide = column->wide,
		.categorical = column->kind == HP_CATEGORICAL
	};
}

static bool
has_gaps(const HpFrame *frame, const HpColumn *column)
{
	return column->role == HP_PARAMETER && column->runs < frame->n_runs;
}

/* At most SIDE_RUNS of n runs, evenly spaced. */
static uint32_t
take_evenly(const uint32_t *from, uint32_t n, uint32_t *to)
{
	uint32_t	taken = n < SIDE_RUNS ? n : SIDE_RUNS;

	for (uint32_t i = 0; i < taken; i++)
		to[i] = from[(uint64_t) i * n / taken];
	return taken;
}

static void
choose_runs(Explainer *e, const HpColumn *column)
{
	uint32_t	n_present = 0;
	uint32_t	n_absent = 0;

	for (uint32_t run = 0; run < e->frame->n_runs; run++)
	{
		bool		here = hp_column_code(column, run) != 0;

		e->present[n_present] = run;
		e->absent[n_absent] = run;
		n_present += here;
		n_absent += !here;
	}
	e->n_present = take_evenly(e->present, n_present, e->runs);
	e->n_runs = e->n_present +
		take_evenly(e->absent, n_absent, e->runs + e->n_present);
	for (uint32_t i = 0; i < e->n_runs; i++)
		e->target[i] = i < e->n_present ? PRESENT : 0;
}

/*
 * A candidate is present wherever the column is, but for one in a hundred,
 * and in not too few of the runs that lack the column: one that comes and
 * goes with it (a sibling, but for a broken run or two) explains nothing.
 */
static bool
is_candidate(const Explainer *e, const HpColumn *column)
{
	uint32_t	lacking = 0;
	uint32_t	elsewhere = 0;

	if (column->runs == e->frame->n_runs)
		return true;
	/* most columns of a wide sweep are turned down after a few looks */
	for (uint32_t i = 0; i < e->n_present; i++)
	{
		lacking += hp_column_code(column, e->runs[i]) == 0;
		if (lacking * 100 > e->n_present)
			return false;
	}
	for (uint32_t i = e->n_present; i < e->n_runs; i++)
		elsewhere += hp_column_code(column, e->runs[i]) != 0;
	return elsewhere * 10 >= e->n_present ||
		elsewhere * 10 >= e->n_runs - e->n_present;
}

/* Make feature number n of a column, over the runs looked at. */
static void
add_candidate(Explainer *e, uint32_t n, const HpColumn *column)
{
	uint16_t   *codes = e->codes + (size_t) n * 2 * SIDE_RUNS;

	for (uint32_t i = 0; i < e->n_runs; i++)
		codes[i] = (uint16_t) hp_column_code(column, e->runs[i]);
	e->features[n] = hp_column_feature(column);
	e->features[n].codes = codes;
	e->features[n].wide = true;
}

/*
 * Make features of the candidates.  If there are many, categories and columns
 * of few values come first: conditions are mostly on those.
 */
static uint32_t
choose_candidates(Explainer *e, const HpColumn *asked)
{
	uint32_t	n = 0;

	for (int few = 1; few >= 0; few--)
		for (uint32_t c = 0; c < e->frame->n_columns; c++)
		{
			const HpColumn *column = &e->frame->columns[c];

			if (column == asked || column->role != HP_PARAMETER ||
				(column->n_codes <= HP_FEW_VALUES) != few ||
				!is_candidate(e, column))
				continue;
			add_candidate(e, n++, column);
			if (n == MOST_CANDIDATES)
				return n;
		}
	return n;
}

/*
 * Grow a tree on a bootstrap sample and add up, over the runs out of bag, the
 * squared errors of its predictions and of the share present.
 */
static void
ask_tree(Explainer *e, HpRng *rng, double *error, double *spread)
{
	double		share = (double) e->n_present / e->n_runs;
	const HpTree *tree;

	memset(e->draws, 0, sizeof(e->draws));
	for (uint32_t i = 0; i < e->n_runs; i++)
		e->draws[hp_rng_below(rng, e->n_runs)]++;
	tree = hp_tree_grow(e->grower, rng, e->target, e->draws, e->gain, NULL);
	for (uint32_t i = 0; i < e->n_runs; i++)
	{
		double		here = i < e->n_present;
		double		predicted;

		if (e->draws[i] > 0)
			continue;
		predicted = (double) hp_tree_leaf(tree, e->features, i)->value / PRESENT;
		*error += (here - predicted) * (here - predicted);
		*spread += (here - share) * (here - share);
	}
}

static bool
is_explained(Explainer *e, uint32_t column)
{
	const HpColumn *asked = &e->frame->columns[column];
	uint32_t	n_candidates;
	double		error = 0;
	double		spread = 0;

	choose_runs(e, asked);
	n_candidates = choose_candidates(e, asked);
	if (n_candidates == 0)
		return false;
	hp_grower_use(e->grower, n_candidates, e->n_runs);
	for (uint32_t t = 0; t < SIDE_TREES; t++)
	{
		HpRng		rng;

		hp_tick(e->env);
		hp_rng_init(&rng, column, FIRST_STREAM + t);
		ask_tree(e, &rng, &error, &spread);
	}
	return spread > 0 && error <= (1 - HP_EXPLAINED) * spread;
}

static Explainer *
make_explainer(const HpEnv *env, HpFrame *frame)
{
	Explainer  *e = hp_alloc0(env, 1, sizeof(Explainer));
	uint32_t	n_columns = frame->n_columns;
	HpTreeSettings settings = {
		.max_depth = SIDE_DEPTH,
		.min_samples_leaf = 2,
		.features_per_split = n_columns
	};

	e->env = env;
	e->frame = frame;
	e->features = hp_alloc0(env, n_columns, sizeof(HpFeature));
	for (uint32_t c = 0; c < n_columns; c++)
		e->features[c] = hp_column_feature(&frame->columns[c]);
	e->codes = hp_alloc(env, (size_t) MOST_CANDIDATES * 2 * SIDE_RUNS,
						sizeof(uint16_t));
	e->present = hp_alloc(env, (size_t) frame->n_runs + 1, sizeof(uint32_t));
	e->absent = hp_alloc(env, (size_t) frame->n_runs + 1, sizeof(uint32_t));
	e->gain = hp_alloc0(env, n_columns, sizeof(double));
	e->grower = hp_grower_create(env, e->features, n_columns, 2 * SIDE_RUNS,
								 &settings);
	return e;
}

void
hp_missing_explain(const HpEnv *env, HpFrame *frame)
{
	Explainer  *e = NULL;

	for (uint32_t c = 0; c < frame->n_columns; c++)
	{
		if (!has_gaps(frame, &frame->columns[c]))
			continue;
		if (e == NULL)
			e = make_explainer(env, frame);
		frame->columns[c].fill = is_explained(e, c);
	}
}

/* ---- hot deck ---- */

void
hp_hot_deck_init(HpHotDeck *deck, const HpEnv *env, const HpColumn *column,
				 uint32_t n_runs)
{
	size_t		width = column->wide ? sizeof(uint16_t) : sizeof(uint8_t);

	deck->column = column;
	deck->observed = hp_alloc(env, n_runs + (size_t) 1, sizeof(uint16_t));
	deck->n_observed = 0;
	deck->gaps = hp_alloc(env, n_runs + (size_t) 1, sizeof(uint32_t));
	deck->n_gaps = 0;
	for (uint32_t run = 0; run < n_runs; run++)
	{
		uint32_t	code = hp_column_code(column, run);

		/* both are written, one is kept: no branch to predict */
		deck->observed[deck->n_observed] = (uint16_t) code;
		deck->gaps[deck->n_gaps] = run;
		deck->n_observed += code != 0;
		deck->n_gaps += code == 0;
	}
	deck->codes = hp_alloc(env, n_runs, width);
	memcpy(deck->codes, column->codes, n_runs * width);
}

void
hp_hot_deck_fill(HpHotDeck *deck, const HpEnv *env, HpRng *rng)
{
	for (uint32_t i = 0; i < deck->n_gaps; i++)
	{
		uint32_t	run = deck->gaps[i];
		uint16_t	code = deck->observed[hp_rng_below(rng, deck->n_observed)];

		hp_tick_at(env, i);
		if (deck->column->wide)
			((uint16_t *) deck->codes)[run] = code;
		else
			((uint8_t *) deck->codes)[run] = (uint8_t) code;
	}
}
