/*
 * coding.h
 *		From the distinct values of a parameter to its kind and its codes.
 */
#ifndef HPIMP_CODING_H
#define HPIMP_CODING_H

#include "text.h"
#include "value.h"

typedef enum HpKind
{
	HP_NUMERIC = 1,
	HP_BOOLEAN = 2,				/* false 0, true 1 */
	HP_CATEGORICAL = 3
} HpKind;

typedef enum HpRole
{
	HP_PARAMETER = 1,			/* takes part */
	HP_CONSTANT = 2,			/* one value in every run, or none in any */
	HP_IDENTIFIER = 3			/* a name of the run: (nearly) every run has
								 * its own */
} HpRole;

/* Codes fit 16 bits: 0 is missing, n_codes <= HP_MAX_CODES. */
#define HP_MAX_CODES	65536

/* Words and numbers mixed in at most so many values are one category. */
#define HP_FEW_VALUES	20

/* Numeric parameters have at most so many different words among the numbers. */
#define HP_MAX_WORDS	1000

/* A category is an identifier from so many runs and this share of them on. */
#define HP_IDENTIFIER_RUNS	10
#define HP_IDENTIFIER_SHARE 0.9

/*
 * The codes of one parameter:
 *
 *		0				missing
 *		1 .. n_words	words among numbers (numeric only), by text
 *		the rest		numbers ascending, or levels by text
 *
 * A boolean or numeric code c stands for numbers[c], NaN for words and
 * missing.  A level or word has labels[c]; so does a boolean.
 */
typedef struct HpCoding
{
	HpKind		kind;
	HpRole		role;
	bool		binned;			/* more numbers than codes: neighbours share a
								 * code, numbers[c] is their mean */
	bool		pooled;			/* more levels than codes: the rarest share
								 * the last, "(other)" */
	uint32_t	n_codes;
	uint32_t	n_words;
	uint32_t	distinct;		/* values that differ, missing not counted */
	uint32_t	runs;			/* that have the parameter */
	HpText		only;			/* the one value, if there is just one, as text */
	double	   *numbers;		/* NULL if categorical */
	HpText	   *labels;			/* NULL if numeric without words */
	uint32_t   *code_of;		/* by code of the input, [n_values + 1] */
	double	   *exact;			/* likewise: the number itself, NaN for others;
								 * NULL unless binned */
} HpCoding;

/*
 * Decide the kind of a parameter and give its values their codes.
 *
 * runs_of[c] is the number of runs with code c of the input, n_values + 1
 * elements; values of no run do not count.  n_runs is their sum.  as_category
 * makes numbers levels too.  The result points into env's memory and into
 * the texts of the input.
 *
 * The kind:
 *	  all numbers, or texts that are JSON numbers: numeric; not-finite ones
 *		are missing;
 *	  all booleans, or texts "true"/"false" in any case: boolean;
 *	  numbers and words: a category if there are at most HP_FEW_VALUES values,
 *		more than HP_MAX_WORDS words or no more numbers than words, else numeric,
 *		each word a code of its own;
 *	  otherwise categorical.
 */
extern HpCoding hp_code_values(const HpEnv *env, const HpInput *input,
							   const uint32_t *runs_of, bool as_category);

/* What a value reads as; *number as hp_read_text() sets it. */
extern HpReading hp_read_value(const HpValue *value, double *number);

/*
 * The code of a value that need not be among those coded: its own if it is,
 * else that of the nearest number; 0 for missing and what is not finite,
 * HP_UNKNOWN_CODE for a level or word never seen.
 */
#define HP_UNKNOWN_CODE UINT32_MAX

typedef struct HpCodeBook		/* what hp_code_of() needs of a coding */
{
	HpKind		kind;
	uint32_t	n_codes;
	uint32_t	n_words;
	const double *numbers;
	const HpText *labels;
	bool		shuffled;		/* the labels are in no order */
} HpCodeBook;

extern uint32_t hp_code_of(const HpCodeBook *book, const HpValue *value);

#endif							/* HPIMP_CODING_H */
