/*
 * study_values.h
 *		The dictionary of the values of a column, for study.c.
 */
#ifndef HPIMP_STUDY_VALUES_H
#define HPIMP_STUDY_VALUES_H

#include "pg/study.h"

extern uint64 study_hash_text(const char *text, uint32 length);
extern uint64 study_hash_value(const HpValue *value);

/* Of study_get_value(), for a value that is not the latest. */
extern uint32 study_find_or_add_value(Study *study, StudyColumn *column,
									  const HpValue *value, uint64 hash);

/* Takes back the newest value, which was the last to be added. */
extern void study_drop_newest_value(StudyColumn *column);

/* Numbers are never NaN or minus zero, so == tells whether bits are equal. */
static inline bool
study_same_value(const HpValue *a, const HpValue *b)
{
	if (a->tag != b->tag)
		return false;
	if (a->tag == HP_TAG_STRING || a->tag == HP_TAG_JSON)
		return a->length == b->length &&
			memcmp(a->text, b->text, a->length) == 0;
	return a->number == b->number;
}

/* The code of a value, added if need be; hash is 0 if not known yet. */
static inline uint32
study_get_value(Study *study, StudyColumn *column, const HpValue *value,
				uint64 hash)
{
	uint32		code = column->last_code;

	if (code > 0 && study_same_value(&column->input.values[code - 1], value))
		return code;
	return study_find_or_add_value(study, column, value, hash);
}

/*
 * Where the slot of a value is sought.  Of very many it is mostly far from
 * the processor: whoever knows a value in advance fetches its place early.
 */
static inline uint64
study_value_place(const StudyColumn *column, uint64 hash)
{
	return hash >> 32 & ((uint64) column->cap_values * 2 - 1);
}

static inline void
study_fetch_value(const StudyColumn *column, uint64 hash)
{
	__builtin_prefetch(&column->slots[study_value_place(column, hash)]);
}

#endif							/* HPIMP_STUDY_VALUES_H */
