/*
 * histogram.h
 *		Sums per code of all narrow features of a node at once.
 *
 * A narrow feature has at most 256 codes.  The sums of the larger of two
 * children are those of the parent less those of the smaller (as LightGBM
 * does).  Histograms of small nodes hold but the features of few codes; those
 * of the largest nodes wide ones as well, coarsely: neighbouring codes share one
 * of 256 bins, which tells whether they are worth a closer look.
 */
#ifndef HPIMP_HISTOGRAM_H
#define HPIMP_HISTOGRAM_H

#include "screen.h"

#define HP_NO_HISTOGRAM		UINT32_MAX

typedef struct HpHistograms HpHistograms;

/*
 * The codes once more, run by run: what is known of one run lies together.
 * Those of wide features take two bytes.
 */
typedef struct HpRows
{
	uint8_t    *codes;			/* NULL until they are needed */
	size_t		stride;			/* bytes from one run to the next */
	uint32_t   *place;			/* by feature: byte in the row */
} HpRows;

static inline const uint8_t *
hp_row(const HpRows *rows, uint32_t run)
{
	return rows->codes + run * rows->stride;
}

static inline uint32_t
hp_code_in_row(const uint8_t *at, bool wide)
{
	return wide ? *(const uint16_t *) at : *at;
}

static inline uint32_t
hp_row_code(const HpRows *rows, const HpFeature *features, uint32_t feature,
			uint32_t run)
{
	return hp_code_in_row(hp_row(rows, run) + rows->place[feature],
						  features[feature].wide);
}

/* What a histogram holds. */
typedef enum HpExtent
{
	HP_FEW,						/* features of few codes */
	HP_NARROW,					/* all narrow ones */
	HP_COARSE					/* wide ones as well */
} HpExtent;

/* So many bins has a wide feature, or fewer. */
#define HP_COARSE_BINS	256

/*
 * The features' codes are read when first needed.  Wide features have bins
 * only if coarse, and if they are numeric.
 */
extern HpHistograms *hp_histograms_create(const HpEnv *env,
										  const HpFeature *features,
										  uint32_t n_features, uint32_t n_runs,
										  bool coarse);

/* The codes of a feature have changed. */
extern void hp_histograms_read(HpHistograms *histograms, uint32_t feature);

/* Use only the first n_features and n_runs; all of them may have changed. */
extern void hp_histograms_use(HpHistograms *histograms, uint32_t n_features,
							  uint32_t n_runs);

/* The histogram of a node's samples.  Returns its number, to be released. */
extern uint32_t hp_histogram_fill(HpHistograms *histograms,
								  const HpMembers *members, HpExtent extent);

/* Bytes that will be allocated by the time trees have been grown, at most. */
extern size_t hp_histograms_later(HpHistograms *histograms);

/* Take samples away from a histogram that holds them. */
extern void hp_histogram_remove(HpHistograms *histograms, uint32_t histogram,
								const HpMembers *members, HpExtent extent);

/* Take part, a histogram of some of its samples, away from whole. */
extern void hp_histogram_subtract(HpHistograms *histograms, uint32_t whole,
								  uint32_t part, HpExtent extent);

extern void hp_histogram_release(HpHistograms *histograms, uint32_t histogram);

/* Read when the first histogram is filled. */
extern const HpRows *hp_histograms_rows(const HpHistograms *histograms);

/*
 * The bins of a narrow feature by code, those of a wide one by stretches of
 * codes; NULL if it has none.
 */
extern const HpBin *hp_histogram_bins(const HpHistograms *histograms,
									  uint32_t histogram, uint32_t feature);

#endif							/* HPIMP_HISTOGRAM_H */
