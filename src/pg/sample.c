/*
 * sample.c
 *		Keeping a study from holding more runs than it may (see sample.h).
 *
 * Runs are added until there are half as many again as the limit; then those
 * beyond it go to the tallies (sample_settle.c).  From then on a run whose
 * digest is not below the threshold goes to the tallies at once: it is never
 * stored, and the more runs there have been the rarer it is that one is.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "pg/config.h"
#include "pg/sample.h"

int			sample_max_runs = SAMPLE_DEFAULT_RUNS;

/* Elements to go through between looks at pending interrupts. */
#define PER_CHECK		65536

#define FIRST_COLUMNS	8
#define FIRST_LEAVES	16
#define FIRST_RUNS		64

struct SampleLeaf
{
	uint32		column;
	HpValue		value;
	HpReading	reads;
	double		number;			/* as it reads */
	uint64		digest;
};

/* ---------- memory ---------- */

static void *
sample_alloc(void *arg, size_t size)
{
	return study_grow((const Study *) arg, NULL, size, 1);
}

static void
sample_tick(void *arg)
{
	CHECK_FOR_INTERRUPTS();
}

SampleColumn *
sample_column(Study *study, uint32 column)
{
	Sample	   *sample = study->sample;

	if (column >= sample->cap_columns)
	{
		sample->cap_columns = study_next_capacity(sample->cap_columns,
												  FIRST_COLUMNS,
												  study->n_columns);
		sample->columns = study_grow(study, sample->columns,
									 sample->cap_columns,
									 sizeof(SampleColumn));
	}
	if (column >= sample->n_columns)
	{
		memset(&sample->columns[sample->n_columns], 0,
			   (column + 1 - sample->n_columns) * sizeof(SampleColumn));
		sample->n_columns = column + 1;
	}
	return &sample->columns[column];
}

static void
reserve_runs(Study *study, uint32 n_runs)
{
	Sample	   *sample = study->sample;

	if (n_runs <= sample->cap)
		return;
	sample->cap = study_next_capacity(sample->cap, FIRST_RUNS, n_runs);
	sample->digests = study_grow(study, sample->digests, sample->cap,
								 sizeof(uint64));
	sample->copies = study_grow(study, sample->copies, sample->cap,
								sizeof(uint64));
}

/* ---------- readings ---------- */

SampleReading *
sample_read_values(const HpInput *input)
{
	SampleReading *readings;

	readings = MemoryContextAllocHuge(CurrentMemoryContext,
									  ((Size) input->n_values + 1) *
									  sizeof(SampleReading));
	for (uint32 i = 0; i < input->n_values; i++)
	{
		if (i % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		readings[i].number = 0;
		readings[i].reads = hp_read_value(&input->values[i],
										  &readings[i].number);
	}
	return readings;
}

/* ---------- digests ---------- */

/*
 * The digest of a text must not depend on the encoding of the database, or
 * else a study could not move to another.
 */
uint64
sample_digest_text(HpText text)
{
	int			encoding = GetDatabaseEncoding();
	char	   *converted;
	uint64		digest;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return hp_digest_text(text);
	converted = pg_server_to_any(text.bytes, text.length, PG_UTF8);
	if (converted == text.bytes)
		return hp_digest_text(text);
	digest = hp_digest_text((HpText) {converted, strlen(converted)});
	pfree(converted);
	return digest;
}

static uint64
digest_name(const HpInput *input)
{
	return sample_digest_text((HpText) {input->name, input->name_length});
}

static uint64
digest_value(uint64 name, const HpValue *value, HpReading reads,
			 double number)
{
	HpText		text = {value->text, value->length};

	if (reads == HP_READS_WORD)
		return hp_digest_word(name, sample_digest_text(text));
	return hp_digest_number(name, reads, number);
}

void
sample_add_digests(const HpInput *input, const uint64 *by_code,
				   uint64 *digests)
{
	for (uint32 run = 0; run < input->n_codes; run++)
	{
		if (run % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		digests[run] += by_code[hp_input_code(input, run)];
	}
}

/* Adds the digests of a column's values to those of the runs. */
static void
digest_column(const HpInput *input, uint64 *digests)
{
	uint64		name = digest_name(input);
	SampleReading *readings = sample_read_values(input);
	uint64	   *by_code = MemoryContextAllocHuge(CurrentMemoryContext,
												 ((Size) input->n_values + 1) *
												 sizeof(uint64));

	by_code[0] = 0;
	for (uint32 i = 0; i < input->n_values; i++)
	{
		if (i % PER_CHECK == 0)
			CHECK_FOR_INTERRUPTS();
		by_code[i + 1] = digest_value(name, &input->values[i],
									  readings[i].reads, readings[i].number);
	}
	sample_add_digests(input, by_code, digests);
	pfree(by_code);
	pfree(readings);
}

void
sample_digest_runs(const Study *study, uint64 *digests)
{
	if (study->n_runs == 0)
		return;
	memset(digests, 0, study->n_runs * sizeof(uint64));
	for (uint32 c = 0; c < study->n_columns; c++)
		digest_column(&study->columns[c].input, digests);
	for (uint32 run = 0; run < study->n_runs; run++)
		digests[run] = hp_digest_run(digests[run], study->metric[run]);
}

void
sample_start(Study *study)
{
	Sample	   *sample;

	if (study->sample != NULL)
		return;
	sample = study_grow(study, NULL, 1, sizeof(Sample));
	memset(sample, 0, sizeof(Sample));
	sample->threshold = HP_DIGEST_END;
	sample->env = (HpEnv) {sample_alloc, sample_tick, study};
	study->sample = sample;
	reserve_runs(study, study->n_runs);
	sample_digest_runs(study, sample->digests);
	for (uint32 run = 0; run < study->n_runs; run++)
		sample->copies[run] = 1;
}

/* ---------- adding a run ---------- */

typedef struct RunInProgress
{
	Study	   *study;
	uint32		previous;		/* column of the leaf before, or NO_COLUMN */
} RunInProgress;

#define NO_COLUMN	PG_UINT32_MAX

/* The place for a leaf of a column; of two leaves with one path the later. */
static SampleLeaf *
leaf_of(Study *study, uint32 column)
{
	Sample	   *sample = study->sample;
	SampleColumn *beside = sample_column(study, column);

	if (beside->leaf < sample->n_leaves &&
		sample->leaves[beside->leaf].column == column)
		return &sample->leaves[beside->leaf];
	if (sample->n_leaves == sample->cap_leaves)
	{
		sample->cap_leaves = study_next_capacity(sample->cap_leaves,
												 FIRST_LEAVES, 0);
		sample->leaves = study_grow(study, sample->leaves,
									sample->cap_leaves, sizeof(SampleLeaf));
	}
	beside->leaf = sample->n_leaves++;
	return &sample->leaves[beside->leaf];
}

static void
note_leaf(void *arg, const char *path, uint32 path_length,
		  const HpValue *value)
{
	RunInProgress *progress = arg;
	Study	   *study = progress->study;
	uint32		guess = progress->previous == NO_COLUMN ?
		study->first_column : study->columns[progress->previous].next_column;
	uint32		column = study_get_column(study, path, path_length, guess) -
		study->columns;
	SampleLeaf *leaf = leaf_of(study, column);
	SampleColumn *beside = sample_column(study, column);

	leaf->column = column;
	leaf->value = *value;
	/* the text of an array lies in a buffer that the next will be written to */
	if (value->tag == HP_TAG_JSON)
		leaf->value.text = pnstrdup(value->text, value->length);
	leaf->number = 0;
	leaf->reads = hp_read_value(value, &leaf->number);
	if (beside->name == 0)
		beside->name = digest_name(&study->columns[column].input);
	leaf->digest = digest_value(beside->name, value, leaf->reads,
								leaf->number);

	if (progress->previous == NO_COLUMN)
		study->first_column = column;
	else
		study->columns[progress->previous].next_column = column;
	progress->previous = column;
}

/* The run in the making is not kept. */
static void
tally_run(Study *study, double metric)
{
	Sample	   *sample = study->sample;

	for (uint32 i = 0; i < sample->n_leaves; i++)
	{
		const SampleLeaf *leaf = &sample->leaves[i];

		hp_tally_add(&sample->env, &sample->columns[leaf->column].tally,
					 leaf->reads, leaf->number, metric, 1);
	}
	hp_tally_add_metric(&sample->env, &sample->metric, metric, 1);
}

static void
keep_run(Study *study, double metric, uint64 digest)
{
	Sample	   *sample = study->sample;
	uint32		run = study->n_runs;

	study_reserve_runs(study, run + 1);
	reserve_runs(study, run + 1);
	for (uint32 i = 0; i < sample->n_leaves; i++)
		study_record_value(study,
						   &study->columns[sample->leaves[i].column],
						   &sample->leaves[i].value);
	study->metric[run] = metric;
	sample->digests[run] = digest;
	sample->copies[run] = 1;
	study->n_runs++;
}

void
sample_add_run(Study *study, Jsonb *config, double metric)
{
	RunInProgress progress = {.study = study, .previous = NO_COLUMN};
	Sample	   *sample = study->sample;
	uint64		digest = 0;

	sample->settled = false;
	sample->n_leaves = 0;
	if (config != NULL)
		config_walk(config, note_leaf, &progress);
	for (uint32 i = 0; i < sample->n_leaves; i++)
		digest += sample->leaves[i].digest;
	digest = hp_digest_run(digest, metric);
	if (digest < sample->threshold)
		keep_run(study, metric, digest);
	else
		tally_run(study, metric);
}

/* ---------- merging ---------- */

void
sample_merge_column(Study *into, uint32 column, const Study *from,
					uint32 from_column)
{
	if (from_column < from->sample->n_columns)
		hp_tally_merge(&into->sample->env,
					   &sample_column(into, column)->tally,
					   &from->sample->columns[from_column].tally);
}

/*
 * The digests are those of the other study, where it has them: to hash all
 * values of this one whenever a small study is merged would take too long.
 */
void
sample_merge(Study *into, const Study *from, uint32 at)
{
	Sample	   *sample = into->sample;
	const Sample *other = from->sample;

	sample->settled = false;
	reserve_runs(into, into->n_runs);
	if (other == NULL || other->digests == NULL)
		sample_digest_runs(from, sample->digests + at);
	else if (from->n_runs > 0)
		memcpy(sample->digests + at, other->digests,
			   from->n_runs * sizeof(uint64));
	for (uint32 run = 0; run < from->n_runs; run++)
		sample->copies[at + run] = other == NULL ? 1 : other->copies[run];
	if (other == NULL)
		return;
	sample->threshold = Min(sample->threshold, other->threshold);
	hp_tally_merge_metric(&sample->env, &sample->metric, &other->metric);
}
