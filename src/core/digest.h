/*
 * digest.h
 *		A 64-bit hash of the content of a run.
 *
 * It is the same for the same content on any machine, in any order of the
 * parameters, and however a number is spelled: a sample of runs is chosen by
 * it, on many servers and at many times.  So it must never change:
 * stored samples rest on it.
 *
 *	  digest of a run = mix(metric + sum over its parameters of
 *								mix(name, value))
 */
#ifndef HPIMP_DIGEST_H
#define HPIMP_DIGEST_H

#include "text.h"

extern uint64_t hp_digest_text(HpText text);

/*
 * One parameter of a run, by the digest of its name and its value as
 * hp_read_value() reads it: a number (a boolean, what is not finite), or a
 * word, by the digest of its text.
 */
extern uint64_t hp_digest_number(uint64_t name, HpReading reads,
								 double number);
extern uint64_t hp_digest_word(uint64_t name, uint64_t word);

/* A run: the sum (modulo 2^64) of the digests of its values, and its metric. */
extern uint64_t hp_digest_run(uint64_t sum, double metric);

/* Above the digest of any run. */
#define HP_DIGEST_END	UINT64_MAX

#endif							/* HPIMP_DIGEST_H */
