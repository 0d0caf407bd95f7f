/*
 * importance.c
 *		What a tree says of the runs it has not seen: predictions, and
 *		permutation importance (Breiman 2001).
 *
 * A run whose value of one feature is exchanged for another's goes the way it
 * would have gone, until it meets a split on that feature where the two values
 * part.  Only from there on does it have a way of its own: a detour.  So a run
 * is walked down the tree once, looking at both values at each split, and the
 * detours that begin on the way are walked from where they begin.
 *
 * A step down a tree waits for memory three times over.  Therefore many runs
 * are walked side by side, a step each in turn: while one waits, the others go
 * on.
 */
#include <string.h>

#include "importance.h"

/* Runs that are walked side by side. */
#define BLOCK	32

/* A run on its way, or a detour of it. */
typedef struct Walk
{
	uint32_t	node;
	uint32_t	place;			/* of the run in the block */
	uint32_t	feature;		/* that is permuted, of a detour */
} Walk;

struct HpPermuter
{
	const HpEnv *env;
	HpRows	   *rows;
	uint32_t	n_features;
	uint32_t   *partners;		/* by unseen run: whose values it gets */

	/* of the block at work */
	const uint32_t *runs;
	const uint8_t *row[BLOCK];
	const uint8_t *partner[BLOCK];
	Walk		walks[BLOCK];
	Walk	   *detours;		/* at most one for each run and feature */
	uint32_t	n_detours;
	bool	   *parted;			/* by place and feature: a detour has begun */
};

HpPermuter *
hp_permuter_create(const HpEnv *env, HpRows *rows)
{
	uint32_t	n_features = rows->n_features;
	HpPermuter *p = hp_alloc0(env, 1, sizeof(HpPermuter));

	p->env = env;
	p->rows = rows;
	p->n_features = n_features;
	p->partners = hp_alloc(env, (size_t) rows->n_runs + 1, sizeof(uint32_t));
	p->detours = hp_alloc(env, (size_t) BLOCK * n_features, sizeof(Walk));
	p->parted = hp_alloc0(env, (size_t) BLOCK * n_features, sizeof(bool));
	return p;
}

/* ---- a step ---- */

static inline uint32_t
goes_right(const HpPermuter *p, const HpTree *tree, const HpNode *node,
		   const uint8_t *row)
{
	return !hp_goes_left(node, tree->lists,
						 p->rows->features[node->feature].n_codes,
						 hp_row_code(p->rows, row, node->feature));
}

/* Begin a detour if the run and its partner part here for the first time. */
static inline void
look_at_partner(HpPermuter *p, const HpTree *tree, const HpNode *node,
				uint32_t place, uint32_t right)
{
	uint32_t	other = goes_right(p, tree, node, p->partner[place]);
	bool	   *parted = &p->parted[(size_t) place * p->n_features +
								   node->feature];

	if (other == right || *parted)
		return;
	*parted = true;
	p->detours[p->n_detours++] = (Walk) {
		node->left + other, place, node->feature
	};
}

/* ---- walking a block ---- */

/* Walk n runs to their leaves; permuting tells whether detours are wanted. */
static void
walk_runs(HpPermuter *p, const HpTree *tree, uint32_t n, bool permuting,
		  int64_t *predicted)
{
	for (uint32_t i = 0; i < n; i++)
		p->walks[i] = (Walk) {.place = i};
	while (n > 0)
	{
		uint32_t	on_the_way = 0;

		for (uint32_t i = 0; i < n; i++)
		{
			Walk		walk = p->walks[i];
			const HpNode *node = &tree->nodes[walk.node];
			uint32_t	right;

			if (node->left == 0)
			{
				predicted[walk.place] = node->value;
				continue;
			}
			right = goes_right(p, tree, node, p->row[walk.place]);
			if (permuting)
				look_at_partner(p, tree, node, walk.place, right);
			walk.node = node->left + right;
			p->walks[on_the_way++] = walk;
		}
		n = on_the_way;
	}
}

/* Walk the detours to their leaves and add up what they change. */
static void
walk_detours(HpPermuter *p, const HpTree *tree, const int64_t *predicted,
			 const int64_t *target, double *increase)
{
	uint32_t	n = p->n_detours;

	while (n > 0)
	{
		uint32_t	on_the_way = 0;

		for (uint32_t i = 0; i < n; i++)
		{
			Walk		walk = p->detours[i];
			const HpNode *node = &tree->nodes[walk.node];

			if (node->left == 0)
			{
				int64_t		wanted = target[p->runs[walk.place]];
				double		error = (double) (predicted[walk.place] - wanted);
				double		changed = (double) (node->value - wanted);

				increase[walk.feature] += changed * changed - error * error;
				p->parted[(size_t) walk.place * p->n_features +
						  walk.feature] = false;
				continue;
			}
			walk.node = node->left +
				goes_right(p, tree, node, node->feature == walk.feature ?
						   p->partner[walk.place] : p->row[walk.place]);
			p->detours[on_the_way++] = walk;
		}
		n = on_the_way;
	}
	p->n_detours = 0;
}

/* Take the next block of unseen runs, with partners if they are drawn. */
static uint32_t
begin_block(HpPermuter *p, const HpUnseen *unseen, uint32_t first,
			bool permuting)
{
	uint32_t	n = unseen->n - first < BLOCK ? unseen->n - first : BLOCK;

	p->runs = unseen->runs + first;
	for (uint32_t i = 0; i < n; i++)
	{
		p->row[i] = hp_row(p->rows, p->runs[i]);
		if (permuting)
		{
			p->partner[i] = hp_row(p->rows, p->partners[first + i]);
			__builtin_prefetch(p->partner[i]);
		}
	}
	if (first % (32 * BLOCK) == 0)
		hp_tick(p->env);
	return n;
}

void
hp_predict_unseen(HpPermuter *p, const HpTree *tree, HpUnseen *unseen)
{
	hp_rows_ready(p->rows);
	for (uint32_t i = 0; i < unseen->n; i += BLOCK)
	{
		uint32_t	n = begin_block(p, unseen, i, false);

		walk_runs(p, tree, n, false, unseen->predicted + i);
	}
}

/* Fisher-Yates, built from the front ("inside out"). */
static void
draw_partners(HpPermuter *p, HpRng *rng, const HpUnseen *unseen)
{
	for (uint32_t i = 0; i < unseen->n; i++)
	{
		uint32_t	j = hp_rng_below(rng, i + 1);

		if (i % 65536 == 0)
			hp_tick(p->env);
		p->partners[i] = p->partners[j];
		p->partners[j] = unseen->runs[i];
	}
}

void
hp_permute(HpPermuter *p, HpRng *rng, const HpTree *tree, HpUnseen *unseen,
		   const int64_t *target, double *increase)
{
	for (uint32_t f = 0; f < p->n_features; f++)
		increase[f] = 0;
	draw_partners(p, rng, unseen);
	hp_rows_ready(p->rows);
	for (uint32_t i = 0; i < unseen->n; i += BLOCK)
	{
		uint32_t	n = begin_block(p, unseen, i, true);

		walk_runs(p, tree, n, true, unseen->predicted + i);
		walk_detours(p, tree, unseen->predicted + i, target, increase);
	}
	if (unseen->n > 0)
		for (uint32_t f = 0; f < p->n_features; f++)
			increase[f] /= unseen->n;
}
