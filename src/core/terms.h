/*
 * terms.h
 *		What the values of parameters stand for in a regression.
 *
 * Of numbers the first two Legendre polynomials of their ranks, a slope and a
 * bow, the second with half of the variance; of levels, words among numbers and
 * "missing" one for each that enough runs have.  A gap that is filled in trees
 * counts as nothing in particular: 0.  The terms of a parameter have mean 0, and
 * variance 1 together, whatever their number.
 */
#ifndef HPIMP_TERMS_H
#define HPIMP_TERMS_H

#include "frame.h"

/* More of them would take longer than the trees. */
#define HP_MOST_TERMS	128

typedef struct HpTerms
{
	uint32_t	n_runs;
	uint32_t	n;
	uint32_t	feature[HP_MOST_TERMS]; /* by term, ascending */
	bool		bow[HP_MOST_TERMS];	/* the second polynomial of numbers */
	double	   *rows;			/* by run and term */
} HpTerms;

/* For the features of these columns; NULL if there are too many terms. */
extern HpTerms *hp_terms_create(const HpEnv *env, const HpFrame *frame,
								const uint32_t *columns, uint32_t n_features);

static inline const double *
hp_terms_of(const HpTerms *terms, uint32_t run)
{
	return terms->rows + (size_t) run * terms->n;
}

#endif							/* HPIMP_TERMS_H */
