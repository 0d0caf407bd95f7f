/*
 * screen.h
 *		Which features of a node cannot hold its best split: told cheaply.
 */
#ifndef HPIMP_SCREEN_H
#define HPIMP_SCREEN_H

#include "split.h"

/*
 * A sorted sample of a node by some feature: code << 16 | number.  Samples
 * are numbered within a subtree of at most HP_ORDERED_SAMPLES.
 */
#define HP_ORDERED_SAMPLES	8192

#define HP_CODE(entry)		((entry) >> 16)
#define HP_SAMPLE(entry)	((entry) & 0xffff)

static inline bool
hp_codes_differ(uint32_t a, uint32_t b)
{
	return (a ^ b) >> 16 != 0;
}

typedef struct HpScreen HpScreen;

/* For samples numbered below n_samples. */
extern HpScreen *hp_screen_create(const HpEnv *env, uint32_t n_samples);

/* Samples of a node. */
typedef struct HpMembers
{
	const HpSample *samples;
	const uint32_t *numbers;	/* theirs (HP_SAMPLE), or NULL: all */
	uint32_t	n;
} HpMembers;

/* The number of the i-th. */
static inline uint32_t
hp_member(const HpMembers *members, uint32_t i)
{
	return members->numbers == NULL ? i : HP_SAMPLE(members->numbers[i]);
}

/*
 * Prepare for a node.  Nodes of more than n_samples have no sorted samples, and
 * those of great weight are not screened.
 */
extern void hp_screen_node(HpScreen *screen, const HpMembers *members,
						   const HpTotal *total);

/* From now on only splits that score at least so much are looked for. */
extern void hp_screen_raise(HpScreen *screen, double floor);

/*
 * Whether a split of the node by a feature may score that much: true if in
 * doubt.  false is always right, so what comes after does not depend on how
 * this is computed.  The feature is given by the node's samples sorted by it,
 * or by their sums per code; the latter two are for categories.
 */
extern bool hp_screen_order(HpScreen *screen, const uint32_t *order);
extern bool hp_screen_bins(HpScreen *screen, const HpBin *bins,
						   uint32_t n_codes);
extern bool hp_screen_levels_of_order(HpScreen *screen, const uint32_t *order);
extern bool hp_screen_levels_of_bins(HpScreen *screen, const HpBin *bins,
									 uint32_t n_codes);

#endif							/* HPIMP_SCREEN_H */
