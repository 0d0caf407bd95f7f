/*
 * value.h
 *		The data as it arrives: runs by parameters, a dictionary per parameter.
 *
 * An HpInput holds one parameter over all runs as small codes into the list
 * of its distinct values.  This is what a study stores and what a frame is
 * built from (frame.h).
 */
#ifndef HPIMP_VALUE_H
#define HPIMP_VALUE_H

#include "core.h"

typedef enum HpTag
{
	HP_TAG_NUMBER = 1,			/* JSON number, as the nearest double; may be
								 * infinite when beyond the range of double */
	HP_TAG_BOOLEAN = 2,			/* number is 0 or 1 */
	HP_TAG_STRING = 3,			/* text */
	HP_TAG_JSON = 4				/* array or empty object, as JSON text */
} HpTag;

/* One distinct value of a parameter. */
typedef struct HpValue
{
	const char *text;			/* STRING, JSON: not NUL-terminated */
	double		number;			/* NUMBER, BOOLEAN */
	uint32_t	length;			/* of text, in bytes */
	HpTag		tag;
} HpValue;

/* One parameter over all runs. */
typedef struct HpInput
{
	const char *name;			/* not NUL-terminated */
	uint32_t	name_length;
	uint32_t	n_values;
	const HpValue *values;		/* distinct; code c stands for values[c - 1] */
	const void *codes;			/* one per run, 0 = missing; uint8_t, uint16_t
								 * or uint32_t by code_width */
	uint32_t	n_codes;		/* runs from here on are missing */
	uint32_t	code_width;		/* bytes: 1, 2 or 4 */
} HpInput;

static inline uint32_t
hp_input_code(const HpInput *input, uint32_t run)
{
	if (run >= input->n_codes)
		return 0;
	switch (input->code_width)
	{
		case 1:
			return ((const uint8_t *) input->codes)[run];
		case 2:
			return ((const uint16_t *) input->codes)[run];
		default:
			return ((const uint32_t *) input->codes)[run];
	}
}

#endif							/* HPIMP_VALUE_H */
