/*
 * rng.h
 *		Reproducible random streams, the same on every machine.
 */
#ifndef HPIMP_RNG_H
#define HPIMP_RNG_H

#include "core.h"

typedef struct HpRng
{
	uint64_t	s[4];
} HpRng;

/*
 * Start the stream number `stream` of `seed`.  Any two (seed, stream) pairs
 * give unrelated sequences: neighbouring seeds or streams share nothing.
 */
extern void hp_rng_init(HpRng *rng, uint64_t seed, uint64_t stream);

/* The next 64 bits. */
extern uint64_t hp_rng_next(HpRng *rng);

/* A uniform integer in [0, bound); bound > 0.  Unbiased. */
extern uint32_t hp_rng_below(HpRng *rng, uint32_t bound);

/* A strong 64-bit mixing function (a bijection). */
extern uint64_t hp_mix64(uint64_t x);

#endif							/* HPIMP_RNG_H */
