/*
 * importance.c
 *		What a tree says of the runs it has not seen: predictions, permutation
 *		importance (Breiman 2001), and what exchanged values do to the
 *		predictions.
 *
 * A run whose value of one feature is exchanged for another's goes the way it
 * would have gone, until it meets a split on that feature where the two values
 * part.  Only from there on does it have a way of its own: a detour.  So a run
 * is walked down the tree once, looking at both values at each split, and the
 * detours that begin on the way are walked from where they begin.  Where values
 * of several features are exchanged together, the detour begins at the first
 * split on any of them where the two part.
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
	uint32_t	subject;		/* that is permuted, of a detour */
} Walk;

#define NO_SUBJECT	UINT32_MAX

struct HpPermuter
{
	const HpEnv *env;
	HpRows	   *rows;
	uint32_t	n_subjects;		/* features, then groups */
	uint32_t   *together;		/* by feature: the subject of its group, or
								 * NO_SUBJECT */
	uint32_t   *partners;		/* by unseen run: whose values it gets */

	/* of the question at work: one of the two */
	double	   *increase;		/* by subject, of the squared error against */
	const int64_t *target;
	HpTotalEffects *effects;

	/* of the block at work */
	uint32_t	n_before;		/* blocks, for a tick now and then */
	const uint32_t *runs;
	const uint8_t *row[BLOCK];
	const uint8_t *partner[BLOCK];
	Walk		walks[BLOCK];
	Walk	   *detours;		/* at most one for each run and subject */
	uint32_t	n_detours;
	bool	   *parted;			/* by place and subject: a detour has begun */
};

HpPermuter *
hp_permuter_create(const HpEnv *env, HpRows *rows, const HpGroups *groups)
{
	uint32_t	n_features = rows->n_features;
	HpPermuter *p = hp_alloc0(env, 1, sizeof(HpPermuter));

	p->env = env;
	p->rows = rows;
	p->n_subjects = hp_count_subjects(groups, n_features);
	p->together = hp_alloc(env, n_features, sizeof(uint32_t));
	for (uint32_t f = 0; f < n_features; f++)
		p->together[f] = groups->of[f] == HP_NO_GROUP ? NO_SUBJECT :
			n_features + groups->of[f];
	p->partners = hp_alloc(env, (size_t) rows->n_runs + 1, sizeof(uint32_t));
	p->detours = hp_alloc(env, (size_t) BLOCK * p->n_subjects, sizeof(Walk));
	p->parted = hp_alloc0(env, (size_t) BLOCK * p->n_subjects, sizeof(bool));
	return p;
}

/* ---- a step ---- */

static inline uint32_t
goes_right(const HpRows *rows, const HpTree *tree, const HpNode *node,
		   const uint8_t *row)
{
	return !hp_goes_left(node, tree->lists,
						 rows->features[node->feature].n_codes,
						 hp_row_code(rows, row, node->feature));
}

static inline bool *
parted_by(const HpPermuter *p, uint32_t place, uint32_t subject)
{
	return &p->parted[(size_t) place * p->n_subjects + subject];
}

/* Begin a detour at a node if it is the first of the run and the subject. */
static inline void
begin_detour(HpPermuter *p, uint32_t node, uint32_t place, uint32_t subject)
{
	bool	   *parted = parted_by(p, place, subject);

	if (*parted)
		return;
	*parted = true;
	p->detours[p->n_detours++] = (Walk) {node, place, subject};
}

/* Begin detours if the run and its partner part here. */
static inline void
look_at_partner(HpPermuter *p, const HpRows *rows, const HpTree *tree,
				const HpNode *node, uint32_t place, uint32_t right)
{
	uint32_t	other = goes_right(rows, tree, node, p->partner[place]);
	uint32_t	together;

	if (other == right)
		return;
	begin_detour(p, node->left + other, place, node->feature);
	together = p->together[node->feature];
	if (together != NO_SUBJECT)
		begin_detour(p, node->left + other, place, together);
}

/* The row whose value of the feature counts on a detour. */
static inline const uint8_t *
row_on_detour(const HpPermuter *p, const Walk *walk, uint32_t feature)
{
	/* both are compared: no branch to predict */
	bool		exchanged = (feature == walk->subject) |
		(p->together[feature] == walk->subject);

	return exchanged ? p->partner[walk->place] : p->row[walk->place];
}

/* ---- walking a block ---- */

/* Walk n runs to their leaves; permuting tells whether detours are wanted. */
static inline void
walk_runs(HpPermuter *p, const HpTree *grown, uint32_t n, bool permuting,
		  int64_t *predicted)
{
	/* copies, so that it is seen that nothing below changes them */
	const HpRows rows = *p->rows;
	const HpTree tree = *grown;

	for (uint32_t i = 0; i < n; i++)
		p->walks[i] = (Walk) {.place = i};
	while (n > 0)
	{
		uint32_t	on_the_way = 0;

		for (uint32_t i = 0; i < n; i++)
		{
			Walk		walk = p->walks[i];
			const HpNode *node = &tree.nodes[walk.node];
			uint32_t	right;

			if (node->left == 0)
			{
				predicted[walk.place] = node->value;
				continue;
			}
			right = goes_right(&rows, &tree, node, p->row[walk.place]);
			if (permuting)
				look_at_partner(p, &rows, &tree, node, walk.place, right);
			walk.node = node->left + right;
			p->walks[on_the_way++] = walk;
		}
		n = on_the_way;
	}
}

/* Add up what a detour changes that has come to a leaf. */
static inline void
end_detour(HpPermuter *p, const Walk *walk, int64_t predicted, int64_t changed)
{
	uint32_t	run = p->runs[walk->place];

	if (p->effects != NULL)
		hp_total_effects_of(p->effects, run)[walk->subject] +=
			predicted - changed;
	else
	{
		double		error = (double) (predicted - p->target[run]);
		double		worse = (double) (changed - p->target[run]);

		p->increase[walk->subject] += worse * worse - error * error;
	}
	*parted_by(p, walk->place, walk->subject) = false;
}

/* Walk the detours to their leaves. */
static void
walk_detours(HpPermuter *p, const HpTree *grown, const int64_t *predicted)
{
	const HpRows rows = *p->rows;
	const HpTree tree = *grown;
	uint32_t	n = p->n_detours;

	while (n > 0)
	{
		uint32_t	on_the_way = 0;

		for (uint32_t i = 0; i < n; i++)
		{
			Walk		walk = p->detours[i];
			const HpNode *node = &tree.nodes[walk.node];

			if (node->left == 0)
			{
				end_detour(p, &walk, predicted[walk.place], node->value);
				continue;
			}
			walk.node = node->left +
				goes_right(&rows, &tree, node,
						   row_on_detour(p, &walk, node->feature));
			p->detours[on_the_way++] = walk;
		}
		n = on_the_way;
	}
	p->n_detours = 0;
}

/* Take the next block of runs before end, with partners if they are drawn. */
static uint32_t
begin_block(HpPermuter *p, const HpAsked *asked, uint32_t first, uint32_t end,
			bool permuting)
{
	uint32_t	n = end - first < BLOCK ? end - first : BLOCK;

	p->runs = asked->runs + first;
	for (uint32_t i = 0; i < n; i++)
	{
		p->row[i] = hp_row(p->rows, p->runs[i]);
		if (permuting)
		{
			p->partner[i] = hp_row(p->rows, p->partners[first + i]);
			__builtin_prefetch(p->partner[i]);
		}
	}
	if (p->n_before++ % 32 == 0)
		hp_tick(p->env);
	return n;
}

/* Predict the runs from first on. */
static void
predict_from(HpPermuter *p, const HpTree *tree, HpAsked *asked, uint32_t first)
{
	for (uint32_t i = first; i < asked->n; i += BLOCK)
	{
		uint32_t	n = begin_block(p, asked, i, asked->n, false);

		walk_runs(p, tree, n, false, asked->predicted + i);
	}
}

void
hp_predict_runs(HpPermuter *p, const HpTree *tree, HpAsked *asked)
{
	hp_rows_ready(p->rows);
	predict_from(p, tree, asked, 0);
}

/* Fisher-Yates, built from the front ("inside out"). */
void
hp_draw_partners(HpPermuter *p, HpRng *rng, const HpAsked *unseen,
				 uint32_t n_permuted)
{
	for (uint32_t i = 0; i < n_permuted; i++)
	{
		uint32_t	j = hp_rng_below(rng, i + 1);

		hp_tick_at(p->env, i);
		p->partners[i] = p->partners[j];
		p->partners[j] = unseen->runs[i];
	}
}

/* Walk the first runs and the detours that their partners make. */
static void
permute_first(HpPermuter *p, const HpTree *tree, HpAsked *unseen,
			  uint32_t n_permuted)
{
	hp_rows_ready(p->rows);
	for (uint32_t i = 0; i < n_permuted; i += BLOCK)
	{
		uint32_t	n = begin_block(p, unseen, i, n_permuted, true);

		walk_runs(p, tree, n, true, unseen->predicted + i);
		walk_detours(p, tree, unseen->predicted + i);
	}
}

void
hp_add_total_effects(HpPermuter *p, const HpTree *tree, HpAsked *unseen,
					 uint32_t n_permuted, HpTotalEffects *effects)
{
	p->effects = effects;
	permute_first(p, tree, unseen, n_permuted);
	predict_from(p, tree, unseen, n_permuted);
}

void
hp_permute(HpPermuter *p, HpRng *rng, const HpTree *tree, HpAsked *unseen,
		   const int64_t *target, double *increase)
{
	for (uint32_t i = 0; i < p->n_subjects; i++)
		increase[i] = 0;
	hp_draw_partners(p, rng, unseen, unseen->n);
	p->effects = NULL;
	p->increase = increase;
	p->target = target;
	permute_first(p, tree, unseen, unseen->n);
	if (unseen->n > 0)
		for (uint32_t i = 0; i < p->n_subjects; i++)
			increase[i] /= unseen->n;
}
