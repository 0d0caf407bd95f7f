/*
 * fingerprint.c
 *		hp_fingerprint: a hash of what a study says, to tell whether runs have
 *		come, gone or changed since it was last looked at.
 *
 * It is the same for the same runs in any order, from any plan and any
 * merging, on any machine, and does not rest on the flat format: fingerprints
 * are kept for years beside what was learned from the runs.
 *
 *	  fingerprint = two different hashes of each run, each added up modulo
 *					2^64, then mixed with what is known of all runs: how many
 *					were left out; of a sample its threshold and tallies
 *
 * A run is hashed as core/digest.h does it, but that the number 1, the string
 * "1" and the JSON text of a list are told apart: which of them it is may
 * decide what a parameter is taken for.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/rng.h"
#include "pg/sample.h"
#include "pg/study.h"

PG_FUNCTION_INFO_V1(hp_fingerprint);

/* Elements to go through between looks at pending interrupts. */
#define PER_CHECK		65536

/* Digits of roots: any odd numbers would do. */
#define SALT_FIRST		UINT64CONST(0x9b05688c2b3e6c1f)
#define SALT_SECOND		UINT64CONST(0x510e527fade682d1)
#define SALT_JSON		UINT64CONST(0x1f83d9abfb41bd6b)
#define SALT_COLUMN		UINT64CONST(0x5be0cd19137e2179)

typedef struct Fingerprint
{
	uint64		first;
	uint64		second;
} Fingerprint;

/* Adds what does not depend on an order. */
static inline void
add_digest(Fingerprint *fingerprint, uint64 digest, uint64 copies)
{
	fingerprint->first += hp_mix64(digest + SALT_FIRST) * copies;
	fingerprint->second += hp_mix64(digest ^ SALT_SECOND) * copies;
}

/* Goes on from a digest to that of one number more. */
static inline uint64
follow(uint64 digest, uint64 number)
{
	return hp_mix64(hp_mix64(digest + SALT_FIRST) ^ number);
}

static uint64
follow_double(uint64 digest, double x)
{
	uint64		bits;

	memcpy(&bits, &x, sizeof(bits));
	return follow(digest, bits);
}

/* ---------- runs ---------- */

static uint64
digest_value(uint64 name, const HpValue *value)
{
	HpText		text = {value->text, value->length};

	switch (value->tag)
	{
		case HP_TAG_NUMBER:
			return hp_digest_number(name, HP_READS_NUMBER, value->number);
		case HP_TAG_BOOLEAN:
			return hp_digest_number(name, HP_READS_BOOLEAN, value->number);
		case HP_TAG_JSON:
			return hp_digest_word(name + SALT_JSON, sample_digest_text(text));
		default:
			return hp_digest_word(name, sample_digest_text(text));
	}
}

static uint64
digest_name(const HpInput *input)
{
	return sample_digest_text((HpText) {input->name, input->name_length});
}

/* Adds the digests of a column's values to those of the runs. */
static void
digest_column(const HpInput *input, uint64 *digests)
{
	uint64		name = digest_name(input);
	uint64	   *by_code = MemoryContextAllocHuge(CurrentMemoryContext,
												 ((Size) input->n_values + 1) *
												 sizeof(uint64));

	by_code[0] = 0;
	for (uint32 i = 0; i < input->n_values; i++)
	{
		if (i % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		by_code[i + 1] = digest_value(name, &input->values[i]);
	}
	sample_add_digests(input, by_code, digests);
	pfree(by_code);
}

static void
add_runs(Fingerprint *fingerprint, const Study *study)
{
	Size		size = ((Size) study->n_runs + 1) * sizeof(uint64);
	uint64	   *digests = MemoryContextAllocHuge(CurrentMemoryContext, size);

	memset(digests, 0, size);
	for (uint32 c = 0; c < study->n_columns; c++)
		digest_column(&study->columns[c].input, digests);
	for (uint32 run = 0; run < study->n_runs; run++)
	{
		if (run % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		add_digest(fingerprint,
				   hp_digest_run(digests[run], study->metric[run]),
				   study->sample == NULL ? 1 : study->sample->copies[run]);
	}
	pfree(digests);
}

/* ---------- runs that a sample does not keep ---------- */

static uint64
follow_sum(uint64 digest, const HpExactSum *sum)
{
	HpExactDigits d;

	hp_exact_digits(sum, &d);
	digest = follow(digest, 2 * d.n + d.negative);
	if (d.n > 0)
		digest = follow(digest, d.first);
	for (int i = 0; i < d.n; i++)
		digest = follow(digest, d.digits[i]);
	return digest;
}

static uint64
follow_pairs(uint64 digest, const HpPairs *pairs)
{
	digest = follow(digest, pairs->n);
	if (pairs->n == 0)
		return digest;
	digest = follow_double(digest, pairs->minimum);
	digest = follow_double(digest, pairs->maximum);
	digest = follow_sum(digest, &pairs->sums.x);
	digest = follow_sum(digest, &pairs->sums.y);
	digest = follow_sum(digest, &pairs->sums.xx);
	digest = follow_sum(digest, &pairs->sums.xy);
	return follow_sum(digest, &pairs->sums.yy);
}

/* Nothing for a column of which all values are in runs that are kept. */
static void
add_tally(Fingerprint *fingerprint, const HpInput *input,
		  const HpTally *tally)
{
	uint64		digest;

	if (hp_tally_runs(tally) == 0)
		return;
	digest = follow(SALT_COLUMN, digest_name(input));
	digest = follow(digest, tally->words);
	digest = follow(digest, tally->not_finite);
	digest = follow_pairs(digest, &tally->numbers);
	add_digest(fingerprint, follow_pairs(digest, &tally->booleans), 1);
}

static void
add_sample(Fingerprint *fingerprint, const Study *study)
{
	const Sample *sample = study->sample;
	uint64		digest = follow(follow(0, study->limit), sample->threshold);

	for (uint32 c = 0; c < sample->n_columns; c++)
		add_tally(fingerprint, &study->columns[c].input,
				  &sample->columns[c].tally);
	digest = follow(digest, sample->metric.n);
	if (sample->metric.n > 0)
	{
		digest = follow_double(digest, sample->metric.minimum);
		digest = follow_double(digest, sample->metric.maximum);
		digest = follow_sum(digest, &sample->metric.sum);
	}
	add_digest(fingerprint, digest, 1);
}

/* ---------- all of it ---------- */

static uint64
follow_counts(uint64 digest, const Study *study)
{
	digest = follow(digest, sample_total(study));
	digest = follow(digest, study->left_out.no_metric);
	digest = follow(digest, study->left_out.nan_metric);
	return follow(digest, study->left_out.infinite_metric);
}

/* (study hp_study) -> text: 32 hexadecimal digits. */
Datum
hp_fingerprint(PG_FUNCTION_ARGS)
{
	const Study *study = study_from_datum(PG_GETARG_DATUM(0));
	Fingerprint fingerprint = {0, 0};

	add_runs(&fingerprint, study);
	if (study->sample != NULL)
		add_sample(&fingerprint, study);
	fingerprint.first = follow_counts(fingerprint.first, study);
	fingerprint.second = follow_counts(fingerprint.second, study);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%016llx%016llx",
											  (unsigned long long) fingerprint.first,
											  (unsigned long long) fingerprint.second)));
}
