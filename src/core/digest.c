/*
 * digest.c
 *		A 64-bit hash of the content of a run.
 *
 * Each step applies a bijection of 64 bits (hp_mix64), so two texts that
 * differ collide no more often than chance has it.  Bytes are gathered by
 * shifts: the order of bytes of the machine does not matter.
 */
#include <string.h>

#include "digest.h"
#include "rng.h"

/* Digits of the golden ratio and of roots: any odd numbers would do. */
#define STEP		UINT64_C(0x9e3779b97f4a7c15)
#define SALT_TEXT	UINT64_C(0x6a09e667f3bcc909)
#define SALT_VALUE	UINT64_C(0xbb67ae8584caa73b)
#define SALT_METRIC UINT64_C(0x3c6ef372fe94f82b)

static uint64_t
gather(const char *bytes, uint32_t n)
{
	const unsigned char *b = (const unsigned char *) bytes;
	uint64_t	word = 0;

	for (uint32_t i = 0; i < n; i++)
		word |= (uint64_t) b[i] << (8 * i);
	return word;
}

uint64_t
hp_digest_text(HpText text)
{
	uint64_t	digest = SALT_TEXT + text.length;
	uint32_t	at = 0;

	for (; at + 8 <= text.length; at += 8)
		digest = hp_mix64(digest + STEP) ^ gather(text.bytes + at, 8);
	return hp_mix64(hp_mix64(digest + STEP) ^
					gather(text.bytes + at, text.length - at));
}

/* Numbers that are equal have one digest, so have all NaNs. */
static uint64_t
digest_double(double x)
{
	uint64_t	bits;

	if (x != x)
		return STEP;
	x += 0.0;					/* no -0 */
	memcpy(&bits, &x, sizeof(bits));
	return hp_mix64(bits ^ SALT_VALUE);
}

static uint64_t
digest_pair(uint64_t name, HpReading reads, uint64_t value)
{
	return hp_mix64(name + hp_mix64(value + STEP * ((uint64_t) reads + 1)));
}

uint64_t
hp_digest_number(uint64_t name, HpReading reads, double number)
{
	return digest_pair(name, reads, digest_double(number));
}

uint64_t
hp_digest_word(uint64_t name, uint64_t word)
{
	return digest_pair(name, HP_READS_WORD, word);
}

uint64_t
hp_digest_run(uint64_t sum, double metric)
{
	uint64_t	digest = hp_mix64(sum + digest_double(metric) + SALT_METRIC);

	return digest == HP_DIGEST_END ? digest - 1 : digest;
}
