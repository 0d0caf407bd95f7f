/*
 * study_values.c
 *		The dictionary of the values of a column.
 *
 * Values are looked up one by one while there are few, by open addressing
 * beyond.  Hashes are seeded for each process, so that no input can be made to
 * collide; nothing depends on their order.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "miscadmin.h"

#include "core/rng.h"
#include "pg/study_values.h"

/* Up to here values are looked up one by one. */
#define FEW					8

#define FIRST_VALUES		2

/* Elements to go through between looks at pending interrupts. */
#define PER_CHECK			65536

/* ---------- hashing ---------- */

static uint64
hash_seed(void)
{
	static uint64 seed = 0;

	while (seed == 0)
		seed = pg_prng_uint64(&pg_global_prng_state);
	return seed;
}

uint64
study_hash_text(const char *text, uint32 length)
{
	return hash_bytes_extended((const unsigned char *) text, length,
							   hash_seed());
}

uint64
study_hash_value(const HpValue *value)
{
	uint64		bits;

	if (value->tag == HP_TAG_STRING || value->tag == HP_TAG_JSON)
		return study_hash_text(value->text, value->length) + value->tag;
	memcpy(&bits, &value->number, sizeof(bits));
	return hp_mix64(hp_mix64(bits ^ hash_seed()) + value->tag);
}

/* ---------- slots ---------- */

/*
 * A slot holds half of the value's hash above its code, so that most
 * unequal values are told apart without fetching them.  The same half says
 * where the slot is sought: more slots are made without hashing anew.
 */
static inline uint64
slot_of(uint64 hash, uint32 code)
{
	return (hash & ~(uint64) PG_UINT32_MAX) | code;
}

static inline uint32
slot_code(uint64 slot)
{
	return (uint32) slot;
}

/* The slot that holds a value, or where it would go. */
static uint64 *
value_slot(const StudyColumn *column, const HpValue *value, uint64 hash)
{
	uint64		mask = (uint64) column->cap_values * 2 - 1;
	uint64		at = study_value_place(column, hash);
	uint64		slot;

	while ((slot = column->slots[at]) != 0)
	{
		if (slot == slot_of(hash, slot_code(slot)) &&
			study_same_value(&column->input.values[slot_code(slot) - 1], value))
			break;
		at = (at + 1) & mask;
	}
	return &column->slots[at];
}

/* Makes the slots; false if a value is there twice. */
static bool
index_values(Study *study, StudyColumn *column)
{
	HpInput    *input = &column->input;
	Size		n_slots = (Size) column->cap_values * 2;
	bool		distinct = true;

	column->slots = study_grow(study, NULL, n_slots, sizeof(uint64));
	memset(column->slots, 0, n_slots * sizeof(uint64));
	for (uint32 code = 1; code <= input->n_values; code++)
	{
		const HpValue *value = &input->values[code - 1];
		uint64		hash = study_hash_value(value);
		uint64	   *slot = value_slot(column, value, hash);

		if (code % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		if (*slot != 0)
			distinct = false;
		*slot = slot_of(hash, code);
	}
	return distinct;
}

/* Moves the slots into n_slots new ones, a power of two. */
static void
move_slots(Study *study, StudyColumn *column, uint64 n_slots)
{
	Size		n_old = (Size) column->cap_values * 2;
	uint64	   *old = column->slots;
	uint64	   *slots = study_grow(study, NULL, n_slots, sizeof(uint64));

	memset(slots, 0, n_slots * sizeof(uint64));
	for (Size i = 0; i < n_old; i++)
	{
		uint64		at = old[i] >> 32 & (n_slots - 1);

		if (i % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		if (old[i] == 0)
			continue;
		while (slots[at] != 0)
			at = (at + 1) & (n_slots - 1);
		slots[at] = old[i];
	}
	column->slots = slots;
	pfree(old);
}

/* Capacities are powers of two, and there are twice as many slots. */
static void
grow_values(Study *study, StudyColumn *column)
{
	HpInput    *input = &column->input;
	uint32		capacity = study_next_capacity(column->cap_values, FIRST_VALUES,
											   0);

	input->values = study_grow(study, unconstify(HpValue *, input->values),
							   capacity, sizeof(HpValue));
	if (column->slots != NULL)
		move_slots(study, column, (uint64) capacity * 2);
	column->cap_values = capacity;
}

/* ---------- looking up and adding ---------- */

uint32
study_add_value(Study *study, StudyColumn *column, const HpValue *value)
{
	HpInput    *input = &column->input;
	HpValue    *added;

	if (input->n_values == column->cap_values)
		grow_values(study, column);
	added = unconstify(HpValue *, &input->values[input->n_values++]);
	*added = *value;
	if (value->tag == HP_TAG_STRING || value->tag == HP_TAG_JSON)
		added->text = study_store_text(study, value->text, value->length);
	column->newest_run = study->n_runs;
	return input->n_values;
}

/* The code of a value among few, 0 if it is not there. */
static uint32
find_among_few(const HpInput *input, const HpValue *value)
{
	for (uint32 i = 0; i < input->n_values; i++)
		if (study_same_value(&input->values[i], value))
			return i + 1;
	return 0;
}

static uint32
get_among_many(Study *study, StudyColumn *column, const HpValue *value,
			   uint64 hash)
{
	uint64	   *slot;
	bool		full = column->input.n_values == column->cap_values;
	uint32		code;

	if (column->slots == NULL)
		index_values(study, column);
	slot = value_slot(column, value, hash);
	if (*slot != 0)
		return slot_code(*slot);
	code = study_add_value(study, column, value);
	if (full)					/* the slots have moved */
		slot = value_slot(column, value, hash);
	*slot = slot_of(hash, code);
	return code;
}

uint32
study_find_or_add_value(Study *study, StudyColumn *column,
						const HpValue *value, uint64 hash)
{
	uint32		code;

	if (column->input.n_values > FEW)
		code = get_among_many(study, column, value,
							  hash != 0 ? hash : study_hash_value(value));
	else
	{
		code = find_among_few(&column->input, value);
		if (code == 0)
			code = study_add_value(study, column, value);
	}
	column->last_code = code;
	return code;
}

/* Its slot may simply be emptied: no other was pushed on by it. */
void
study_drop_newest_value(StudyColumn *column)
{
	HpInput    *input = &column->input;
	const HpValue *newest = &input->values[input->n_values - 1];

	if (column->slots != NULL)
		*value_slot(column, newest, study_hash_value(newest)) = 0;
	input->n_values--;
	column->last_code = 0;
}

bool
study_values_are_distinct(Study *study)
{
	for (uint32 i = 0; i < study->n_columns; i++)
	{
		StudyColumn *column = &study->columns[i];
		HpInput		few = column->input;

		if (column->input.n_values > FEW)
		{
			if (!index_values(study, column))
				return false;
		}
		else
			for (; few.n_values > 1; few.n_values--)
				if (find_among_few(&few, &few.values[few.n_values - 1]) <
					few.n_values)
					return false;
	}
	return true;
}
