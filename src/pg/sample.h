/*
 * sample.h
 *		A study that has seen more runs than it may keep: a sample of them,
 *		and exact tallies of the others.
 *
 * Every run has a digest, a hash of its content (core/digest.h).  A sample
 * keeps the runs whose digest is below a threshold, which is lowered whenever
 * there are too many.  So what is kept depends on the runs alone, not on their
 * order or on how they were shared out and merged:
 *
 *	 - Equal runs have equal digests.  They are kept as one, with the number
 *	   of copies, and counted exactly: whoever keeps one keeps all.  Runs are
 *	   equal if they say the same, however a number is spelled: told apart
 *	   they would share a digest, and no threshold could keep some of them.
 *	   The spelling that comes first stands for all.
 *	 - The threshold is the digest of run number limit + 1 of the different
 *	   runs in the order of their digests.  No part of the runs can have a
 *	   lower one than all of them, so each part has kept whatever is kept in
 *	   the end.  Of two samples that are merged the lower threshold counts.
 *	 - Runs that are not kept go to tallies of exact sums (core/tally.h),
 *	   which add up to the same in any order.
 *
 * What is learned from the runs kept (importances, levels ...) takes limit of
 * them, copies counting: sample_runs() draws these in equal steps through the
 * copies in the order of the digests.
 *
 * All of this begins when a study has seen more than limit runs; until then it
 * has no sample and costs nothing.
 */
#ifndef HPIMP_SAMPLE_H
#define HPIMP_SAMPLE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "core/describe.h"
#include "core/digest.h"
#include "core/tally.h"
#include "pg/study.h"

/* hpimp.max_runs */
extern PGDLLIMPORT int sample_max_runs;

#define SAMPLE_DEFAULT_RUNS	1000000
#define SAMPLE_LEAST_RUNS	1000
#define SAMPLE_MOST_RUNS	(HP_MAX_RUNS / 2)	/* there is room for half as
												 * many more */

/* Beside a StudyColumn of the same number. */
typedef struct SampleColumn
{
	HpTally		tally;			/* over the runs not kept */
	uint64		name;			/* digest of the name, 0 = not known yet */
	uint32		leaf;			/* where the run in the making has it */
} SampleColumn;

/* One value of the run in the making. */
typedef struct SampleLeaf SampleLeaf;

struct Sample
{
	uint64		threshold;		/* digests of runs kept are below */
	uint64	   *digests;		/* of runs kept; NULL in a study that is only
								 * read */
	uint64	   *copies;			/* how many runs each stands for, > 0 */
	uint32		cap;			/* allocated length of these */
	uint64		n_kept;			/* sum of copies, while settled */
	bool		settled;		/* in the one form that these runs have */
	HpMetricTally metric;		/* over the runs not kept */
	SampleColumn *columns;
	uint32		n_columns;		/* may be fewer than the study's */
	uint32		cap_columns;
	SampleLeaf *leaves;			/* of the run in the making */
	uint32		n_leaves;
	uint32		cap_leaves;
	HpEnv		env;			/* memory of the study */
};

/* So many runs are held before they are looked through. */
static inline uint32
sample_room(const Study *study)
{
	return study->limit + study->limit / 2;
}

/* Runs with a finite metric that a settled study has seen. */
static inline uint64
sample_total(const Study *study)
{
	return study->sample == NULL ? study->n_runs :
		hp_add_counts(study->sample->n_kept, study->sample->metric.n);
}

/*
 * Every run that was added, with a finite metric or not; an estimate while a
 * study is not settled.
 */
static inline uint64
sample_runs_seen(const Study *study)
{
	return hp_add_counts(sample_total(study), study_left_out(&study->left_out));
}

/* sample.c */

/* Make a study a sample, of all its runs so far. */
extern void sample_start(Study *study);

/* study_add_run() to a study with a sample. */
extern void sample_add_run(Study *study, Jsonb *config, double metric);

/*
 * Of study_merge() into a study with a sample: for each column of another
 * sample, then once for all runs from number at on.
 */
extern void sample_merge_column(Study *into, uint32 column, const Study *from,
								uint32 from_column);
extern void sample_merge(Study *into, const Study *from, uint32 at);

/* For study_io.c and sample_settle.c: what lies beside a column; digests. */
extern SampleColumn *sample_column(Study *study, uint32 column);
extern void sample_digest_runs(const Study *study, uint64 *digests);

/*
 * For fingerprint.c: the digest of a text of the database, whatever its
 * encoding; digests of values, by code, added to those of the runs.
 */
extern uint64 sample_digest_text(HpText text);
extern void sample_add_digests(const HpInput *input, const uint64 *by_code,
							   uint64 *digests);

/* A value as it reads. */
typedef struct SampleReading
{
	double		number;
	HpReading	reads;
} SampleReading;

/* For the same and sample_runs.c: of all values of a column, palloc'd. */
extern SampleReading *sample_read_values(const HpInput *input);

/* sample_settle.c */

/*
 * Bring a study into its one form: with no more runs than its limit, and if
 * it has seen more, in canonical order.  What it stands for does not change.
 */
extern void sample_settle(Study *study);

/* sample_runs.c: a settled study for those who ask it */

/* How many runs sample_runs() has. */
extern uint64 sample_size(const Study *study);

/*
 * The study with its runs one by one, copies as runs of their own, and no
 * more than its limit: the study itself if it is so.  In the current memory
 * context; it points into the study.
 */
extern const Study *sample_runs(const Study *study);

/*
 * Correct what was found of a sample by what is known of all runs: of a
 * column its description, and *runs that have it; of the metric its range and
 * mean.
 */
extern void sample_correct(const Study *study, const HpColumn *column,
						   HpDescription *description, uint64 *runs);
extern void sample_correct_metric(const Study *study, HpMetric *metric);

#endif							/* HPIMP_SAMPLE_H */
