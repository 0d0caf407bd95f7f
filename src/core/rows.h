/*
 * rows.h
 *		The codes once more, run by run: what is known of a run lies together.
 */
#ifndef HPIMP_ROWS_H
#define HPIMP_ROWS_H

#include <string.h>

#include "split.h"

/*
 *		row:	| features of few codes | other narrow ones | wide ones |
 *				  a byte each							  two bytes each
 *
 * Codes are read from the features when first needed.
 */
typedef struct HpRows
{
	const HpEnv *env;
	const HpFeature *features;
	uint32_t	n_features;
	uint32_t	n_runs;
	uint32_t	n_few;			/* features of few codes come first, */
	uint32_t	n_narrow;		/* with the other narrow ones */
	uint32_t   *place;			/* by feature: its first byte in a row */
	uint32_t   *mask;			/* by feature: of two bytes its own */
	size_t		stride;			/* bytes from one row to the next */
	uint8_t    *codes;			/* NULL until read */
	uint8_t    *memory;			/* for them, had once for all uses */
	size_t		size;
} HpRows;

extern HpRows *hp_rows_create(const HpEnv *env, const HpFeature *features,
							  uint32_t n_features, uint32_t n_runs);

/* Use only the first n_features and n_runs; all of them may have changed. */
extern void hp_rows_use(HpRows *rows, uint32_t n_features, uint32_t n_runs);

/* See that the rows are read. */
extern void hp_rows_ready(HpRows *rows);

/* The codes of a feature have changed, of n runs. */
extern void hp_rows_reread(HpRows *rows, uint32_t feature,
						   const uint32_t *runs, uint32_t n);

static inline const uint8_t *
hp_row(const HpRows *rows, uint32_t run)
{
	return rows->codes + run * rows->stride;
}

/* Two bytes are read whatever the feature: no branch to predict. */
static inline uint32_t
hp_row_code(const HpRows *rows, const uint8_t *row, uint32_t feature)
{
	uint16_t	code;

	memcpy(&code, row + rows->place[feature], sizeof(code));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	if (rows->mask[feature] == UINT8_MAX)
		return code >> 8;
#endif
	return code & rows->mask[feature];
}

#endif							/* HPIMP_ROWS_H */
