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

#include "rows.h"
#include "screen.h"

#define HP_NO_HISTOGRAM		UINT32_MAX

typedef struct HpHistograms HpHistograms;

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
 * Of the features of rows.  Wide features have bins only if coarse, and if they
 * are numeric.
 */
extern HpHistograms *hp_histograms_create(const HpEnv *env, HpRows *rows,
										  bool coarse);

/* The rows are used for other features now. */
extern void hp_histograms_use(HpHistograms *histograms);

/* The histogram of a node's samples.  Returns its number, to be released. */
extern uint32_t hp_histogram_fill(HpHistograms *histograms,
								  const HpMembers *members, HpExtent extent);

/* Bytes that will be allocated by the time trees have been grown, at most. */
extern size_t hp_histograms_later(const HpHistograms *histograms);

/* Take samples away from a histogram that holds them. */
extern void hp_histogram_remove(HpHistograms *histograms, uint32_t histogram,
								const HpMembers *members, HpExtent extent);

/* Take part, a histogram of some of its samples, away from whole. */
extern void hp_histogram_subtract(HpHistograms *histograms, uint32_t whole,
								  uint32_t part, HpExtent extent);

extern void hp_histogram_release(HpHistograms *histograms, uint32_t histogram);

/*
 * The bins of a narrow feature by code, those of a wide one by stretches of
 * codes; NULL if it has none.
 */
extern const HpBin *hp_histogram_bins(const HpHistograms *histograms,
									  uint32_t histogram, uint32_t feature);

#endif							/* HPIMP_HISTOGRAM_H */
