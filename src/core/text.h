/*
 * text.h
 *		Numbers written as text, and text written for numbers.
 */
#ifndef HPIMP_TEXT_H
#define HPIMP_TEXT_H

#include "core.h"

/* A text of known length, not NUL-terminated. */
typedef struct HpText
{
	const char *bytes;
	uint32_t	length;
} HpText;

typedef enum HpReading
{
	HP_READS_WORD,				/* none of the below */
	HP_READS_NUMBER,			/* a JSON number */
	HP_READS_NOT_FINITE,		/* nan, inf, infinity in any case, signed or
								 * not; a number beyond the range of double */
	HP_READS_BOOLEAN			/* true or false in any case */
} HpReading;

/*
 * What a text reads as.  *number is set for a number (the nearest double), a
 * boolean (0 or 1), and what is not finite (NaN or an infinity); spaces
 * around are ignored.  "007" and "+1" are words: JSON knows no such numbers,
 * and who writes them means a name.
 */
extern HpReading hp_read_text(HpText text, double *number);

#define HP_NUMBER_TEXT_SIZE 32

/*
 * The shortest decimal text that reads back as the same double; "Infinity",
 * "-Infinity", "NaN".  Returns its length.
 */
extern uint32_t hp_write_number(double number, char into[HP_NUMBER_TEXT_SIZE]);

#endif							/* HPIMP_TEXT_H */
