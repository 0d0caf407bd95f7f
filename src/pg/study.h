/*
 * study.h
 *		The hp_study value: runs, column by column.
 *
 * Life of a study:
 *
 *	  add a run ──▶ Study (expanded object, in memory) ──flatten──▶ varlena
 *	  merge    ──▶                                     ◀──expand──
 *
 * study.c owns the expanded object, study_values.c the dictionaries in it,
 * study_memory.c its arrays and texts; sample.c keeps it from holding more runs
 * than it may; study_io.c has the flat format and its checks; config.c turns
 * one jsonb config into (path, scalar) pairs.
 */
#ifndef HPIMP_STUDY_H
#define HPIMP_STUDY_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/expandeddatum.h"
#include "utils/jsonb.h"

#include "core/tally.h"

/* One hyperparameter of a study in the making. */
typedef struct StudyColumn
{
	HpInput		input;			/* what the core sees; name, values and codes
								 * point to memory of the study's context, and
								 * may be written to by the study alone */
	uint32		cap_values;		/* allocated length of input.values */
	uint32		cap_codes;		/* allocated length of input.codes, in runs */
	uint64	   *slots;			/* open addressing: hash and code of a value,
								 * twice as long as cap_values; NULL if not
								 * made yet */
	uint32		last_code;		/* the latest value: runs often repeat it */
	uint32		newest_run;		/* the run that brought the newest value */
	uint32		next_column;	/* what came after this one last time */
	uint32		waiting_run;	/* the latest run of which a number had to wait
								 * to be recorded */
} StudyColumn;

/* Why runs were left out: counts over everything the study has seen. */
typedef struct StudyLeftOut
{
	uint64		no_metric;		/* metric NULL */
	uint64		nan_metric;
	uint64		infinite_metric;
} StudyLeftOut;

/* All of them; counts from outside may be as large as counts get. */
static inline uint64
study_left_out(const StudyLeftOut *left_out)
{
	return hp_add_counts(hp_add_counts(left_out->no_metric,
									   left_out->nan_metric),
						 left_out->infinite_metric);
}

/* Texts of names and values (study_memory.c). */
typedef struct StudyTexts StudyTexts;

/* What makes a study a sample of the runs it has seen (sample.h). */
typedef struct Sample Sample;

/*
 * The expanded object.  It lives in hdr.eoh_context, which may be shared by
 * all groups of an aggregate: never delete or reset that context on behalf of
 * one study.
 */
typedef struct Study
{
	ExpandedObjectHeader hdr;
	StudyLeftOut left_out;
	uint32		limit;			/* of runs to keep: hpimp.max_runs when the
								 * study was last added to */
	Sample	   *sample;			/* NULL as long as all runs are kept */
	uint32		n_runs;			/* runs kept, all with a finite metric; of a
								 * sample: different ones */
	uint32		cap_runs;
	double	   *metric;			/* n_runs */
	uint32		n_columns;
	uint32		cap_columns;
	StudyColumn *columns;		/* in order of first appearance */
	uint32	   *slots;			/* open addressing: name -> column; NULL while
								 * there are few columns */
	uint32		n_slots;		/* power of two */
	uint32		first_column;	/* where the first path of a config is
								 * expected: configs of one table mostly list
								 * theirs in one order (see StudyColumn) */
	uint32		n_free;			/* bytes left at free_bytes */
	uint32		block_size;		/* of the next block of small texts */
	char	   *free_bytes;		/* where names and texts of values go */
	StudyTexts *texts;			/* all blocks and large texts, chained */
	Size		flat_size;		/* of the flat form, 0 = not known */
} Study;

/* study.c */
extern Study *study_new(MemoryContext context);
extern bool study_is_expanded(Datum value);
extern void study_add_run(Study *study, Jsonb *config, bool metric_isnull,
						  double metric);
extern void study_merge(Study *into, const Study *from);

/*
 * Any form of hp_study to a Study for reading, not holding more runs than its
 * limit: an expanded one is returned as it is, a flat one is decoded into the
 * current memory context.
 */
extern const Study *study_from_datum(Datum value);

/* The read/write (or read-only) expanded datum of a study. */
#define StudyGetRWDatum(s)	EOHPGetRWDatum(&(s)->hdr)
#define StudyGetRODatum(s)	EOHPGetRODatum(&(s)->hdr)

/* For sample.c */
extern StudyColumn *study_find_column(const Study *study, const char *name,
									  uint32 length);
extern StudyColumn *study_get_column(Study *study, const char *name,
									 uint32 length, uint32 guess);
extern void study_index_columns(Study *study);
extern void study_record_value(Study *study, StudyColumn *column,
							   const HpValue *value);

/* For the reader of study_io.c, and sample.c */
extern StudyColumn *study_add_column(Study *study, const char *name,
									 uint32 length);
extern uint32 study_code_width(uint32 n_values);
extern void study_reserve_runs(Study *study, uint32 n_runs);
extern void study_reserve_codes(Study *study, StudyColumn *column,
								uint32 n_codes, uint32 width);

/* Sets the code of a run for which there is room. */
static inline void
study_put_code(HpInput *input, uint32 run, uint32 code)
{
	void	   *codes = unconstify(void *, input->codes);

	switch (input->code_width)
	{
		case 1:
			((uint8 *) codes)[run] = (uint8) code;
			break;
		case 2:
			((uint16 *) codes)[run] = (uint16) code;
			break;
		default:
			((uint32 *) codes)[run] = code;
	}
}

/*
 * study_values.c: add_value adds one that the column does not have and returns
 * its code.
 */
extern uint32 study_add_value(Study *study, StudyColumn *column,
							  const HpValue *value);
extern bool study_values_are_distinct(Study *study);

/*
 * study_memory.c: grow makes an array (NULL = none yet) hold count elements of
 * size bytes; next_capacity is the next one from old that holds needed;
 * store_text keeps a text for as long as the study lives.  take_texts makes
 * the study forget the texts it has, for free_texts to free them later.
 */
extern void *study_grow(const Study *study, void *array, uint64 count,
						Size size);
extern uint32 study_next_capacity(uint32 old, uint32 first, uint64 needed);
extern const char *study_store_text(Study *study, const char *text,
									uint32 length);
extern StudyTexts *study_take_texts(Study *study);
extern void study_free_texts(StudyTexts *texts);

/* study_io.c: the flat, portable, versioned format, without varlena header */
extern Size study_flat_size(const Study *study);
extern void study_write(const Study *study, char *into, Size size);
extern Study *study_read(const char *bytes, Size size, MemoryContext context);
extern Study *study_read_untrusted(const char *bytes, Size size,
								   MemoryContext context);

#endif							/* HPIMP_STUDY_H */
