/*
 * rng.c
 *		Reproducible random streams: xoshiro256** [1], its state filled by
 *		SplitMix64 [2] from a mix of seed and stream; bounded integers by
 *		multiplication with rejection [3].
 *
 * Only integer arithmetic, so a seed means the same sequence everywhere.
 *
 * [1] Blackman, Vigna: Scrambled linear pseudorandom number generators.
 *	   ACM Trans. Math. Softw. 47 (2021).
 * [2] Steele, Lea, Flood: Fast splittable pseudorandom number generators.
 *	   OOPSLA 2014.
 * [3] Lemire: Fast random integer generation in an interval.
 *	   ACM Trans. Model. Comput. Simul. 29 (2019).
 */
#include "rng.h"

#define GOLDEN_GAMMA	UINT64_C(0x9e3779b97f4a7c15)

/* The finalizer of SplitMix64. */
uint64_t
hp_mix64(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/*
 * Seed and stream are mixed one after the other, not added: seed + 1 with
 * stream t must not be seed with stream t + 1.
 */
void
hp_rng_init(HpRng *rng, uint64_t seed, uint64_t stream)
{
	uint64_t	x = hp_mix64(hp_mix64(seed + GOLDEN_GAMMA) + stream);

	for (int i = 0; i < 4; i++)
	{
		x += GOLDEN_GAMMA;
		rng->s[i] = hp_mix64(x);
	}
}

static inline uint64_t
rotate_left(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

uint64_t
hp_rng_next(HpRng *rng)
{
	uint64_t   *s = rng->s;
	uint64_t	result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t	t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint32_t
hp_rng_below(HpRng *rng, uint32_t bound)
{
	uint64_t	product = (hp_rng_next(rng) >> 32) * bound;

	if ((uint32_t) product < bound)
	{
		/* 2^32 mod bound values of the low half would be drawn too often */
		uint32_t	unfair = -bound % bound;

		while ((uint32_t) product < unfair)
			product = (hp_rng_next(rng) >> 32) * bound;
	}
	return (uint32_t) (product >> 32);
}
