/*
 * forest_agg.c
 *		Merging the parts of a forest, two by call or all in the aggregate
 *		hp_forest_agg.
 *
 * Merged one after the other, what is there of a forest would be written anew
 * for every part that comes.  So the state of the aggregate is an expanded
 * object of several pieces, and two are merged when the later one is of as
 * many values as the one before, as a binary counter carries: each part is
 * written as often as their number has digits.  What is left is merged when
 * somebody looks at it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#include "pg/memory.h"
#include "pg/model.h"
#include "pg/train.h"

PG_FUNCTION_INFO_V1(hp_forest_merge);

/* Flat, and merged of so many values. */
typedef struct Piece
{
	struct varlena *forest;
	uint64		n_merged;
} Piece;

/* Each but the first is of a power of 2, and of less than the one before. */
#define MOST_PIECES		66

typedef struct ForestState
{
	ExpandedObjectHeader hdr;	/* its context is the state's own */
	int			n;
	Piece		pieces[MOST_PIECES];
} ForestState;

static Size state_get_flat_size(ExpandedObjectHeader *eohptr);
static void state_flatten_into(ExpandedObjectHeader *eohptr, void *result,
							   Size allocated_size);

static const ExpandedObjectMethods state_methods = {
	state_get_flat_size,
	state_flatten_into
};

/* ---- merging ---- */

/*
 * The parts of two forests in one that lies in `context`; the whole forest
 * when these are all.  Besides the two there are the merged one and then its
 * flat form, each as large as both but for the runs, which are the same.
 */
static struct varlena *
merge(struct varlena *a, struct varlena *b, MemoryContext context)
{
	MemoryContext work = AllocSetContextCreate(context, "hpimp merging",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext keep = MemoryContextSwitchTo(work);
	Model	   *merged;
	struct varlena *flat;

	memory_check(context, VARSIZE_ANY(a) + VARSIZE_ANY(b),
				 "merging parts of a forest");
	merged = model_merge(model_read_any(a), model_read_any(b));
	if (model_is_complete(merged))
		train_conclude(merged);
	MemoryContextSwitchTo(context);
	flat = model_write(merged);
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(work);
	return flat;
}

/* ---- the state ---- */

static ForestState *
make_state(MemoryContext aggregate)
{
	MemoryContext context = AllocSetContextCreate(aggregate, "hpimp forests",
												  ALLOCSET_DEFAULT_SIZES);
	ForestState *state = MemoryContextAllocZero(context, sizeof(ForestState));

	EOH_init_header(&state->hdr, &state_methods, context);
	return state;
}

/* The state that a datum is, or NULL if it is a flat forest. */
static ForestState *
find_state(Datum value)
{
	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(value)) &&
		DatumGetEOHP(value)->eoh_methods == &state_methods)
		return (ForestState *) DatumGetEOHP(value);
	return NULL;
}

/* Merge the last two pieces. */
static void
merge_last(ForestState *state)
{
	Piece	   *a = &state->pieces[state->n - 2];
	Piece	   *b = &state->pieces[state->n - 1];
	struct varlena *merged = merge(a->forest, b->forest,
								   state->hdr.eoh_context);

	pfree(a->forest);
	pfree(b->forest);
	a->forest = merged;
	a->n_merged += b->n_merged;
	state->n--;
}

static void
add_forest(ForestState *state, Datum forest)
{
	MemoryContext keep = MemoryContextSwitchTo(state->hdr.eoh_context);

	state->pieces[state->n++] = (Piece) {
		(struct varlena *) PG_DETOAST_DATUM_COPY(forest), 1
	};
	MemoryContextSwitchTo(keep);
	while (state->n > 1 && state->pieces[state->n - 1].n_merged >=
		   state->pieces[state->n - 2].n_merged)
		merge_last(state);
}

static Size
state_get_flat_size(ExpandedObjectHeader *eohptr)
{
	ForestState *state = (ForestState *) eohptr;

	while (state->n > 1)
		merge_last(state);
	return VARSIZE(state->pieces[0].forest);
}

/* The size has been asked for: there is one piece. */
static void
state_flatten_into(ExpandedObjectHeader *eohptr, void *result,
				   Size allocated_size)
{
	const ForestState *state = (const ForestState *) eohptr;

	memcpy(result, state->pieces[0].forest, allocated_size);
}

/* (state hp_forest, part hp_forest) -> hp_forest: the parts of both. */
Datum
hp_forest_merge(PG_FUNCTION_ARGS)
{
	MemoryContext aggregate;
	ForestState *state;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		PG_RETURN_POINTER(merge((struct varlena *) PG_GETARG_VARLENA_PP(0),
								(struct varlena *) PG_GETARG_VARLENA_PP(1),
								CurrentMemoryContext));
	state = find_state(PG_GETARG_DATUM(0));
	if (state == NULL)
	{
		state = make_state(aggregate);
		add_forest(state, PG_GETARG_DATUM(0));
	}
	add_forest(state, PG_GETARG_DATUM(1));
	PG_RETURN_DATUM(EOHPGetRWDatum(&state->hdr));
}
