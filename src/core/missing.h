/*
 * missing.h
 *		Gaps: which of them other parameters explain, and filling those.
 *
 * Momentum is set only under sgd, so "momentum is missing" tells the
 * optimizer.  Taken as a value of momentum it would give momentum the credit
 * of the optimizer.  Gaps that other parameters explain are therefore filled
 * by random observed values of the same parameter, drawn afresh for each tree
 * and kept for its second (hot deck): what is left is what the value does where
 * there is one.  Where nothing else explains a gap, its presence is information
 * of the parameter itself, and "missing" stays a value.
 */
#ifndef HPIMP_MISSING_H
#define HPIMP_MISSING_H

#include "tree.h"

/*
 * Decide for each column with gaps whether they are to be filled: sets
 * column->fill.  A column's gaps are explained if five small trees on other
 * columns (at most 256) predict, out of bag, at least HP_EXPLAINED of the
 * variance of its presence.  Columns asked are those present (nearly) wherever this one is
 * and elsewhere too: so a parameter can be explained by its parent but
 * neither by siblings that come and go with it nor by its own children.
 */
#define HP_EXPLAINED	0.5
extern void hp_missing_explain(const HpEnv *env, HpFrame *frame);

/* The values to fill one column's gaps from, and room for the result. */
typedef struct HpHotDeck
{
	const HpColumn *column;
	uint16_t   *observed;		/* codes of the runs that have a value */
	uint32_t	n_observed;
	uint32_t   *gaps;			/* the runs that have none */
	uint32_t	n_gaps;
	void	   *codes;			/* filled, as wide as the column's */
} HpHotDeck;

extern void hp_hot_deck_init(HpHotDeck *deck, const HpEnv *env,
							 const HpColumn *column, uint32_t n_runs);

/* Fill the gaps anew: deck->codes. */
extern void hp_hot_deck_fill(HpHotDeck *deck, const HpEnv *env, HpRng *rng);

/* The feature of a column as it is, gaps being a value. */
extern HpFeature hp_column_feature(const HpColumn *column);

#endif							/* HPIMP_MISSING_H */
