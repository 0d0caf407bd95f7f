/*
 * terms.c
 *		What the values of parameters stand for in a regression.
 */
#include <math.h>

#include "terms.h"

/* A level has a term if so many runs have it, and this share of them. */
#define FEWEST_OF_LEVEL 2
#define SHARE_OF_LEVEL	(1.0 / 64)

/* What the second polynomial weighs. */
#define WEIGHT_OF_BOWS	0.5

typedef struct Builder
{
	const HpEnv *env;
	HpTerms    *terms;
	double	   *of_code[HP_MOST_TERMS]; /* what a code stands for, by term */

	/* of the column at hand */
	uint32_t	feature;
	const HpColumn *column;
	uint32_t   *runs_of;		/* by code */
} Builder;

/* A new term, 0 for all codes; NULL if there are too many. */
static double *
add_term(Builder *b)
{
	uint32_t	t = b->terms->n;

	if (t == HP_MOST_TERMS)
		return NULL;
	b->of_code[t] = hp_alloc0(b->env, b->column->n_codes, sizeof(double));
	b->terms->feature[t] = b->feature;
	b->terms->n++;
	return b->of_code[t];
}

/* The variance of a term with mean 0. */
static double
variance_of(const Builder *b, const double *of_code)
{
	double		sum = 0;

	for (uint32_t c = 0; c < b->column->n_codes; c++)
		sum += b->runs_of[c] * of_code[c] * of_code[c];
	return sum / b->terms->n_runs;
}

/*
 * Give what is told of numbers a mean of 0 over those that have one, and this
 * variance.
 */
static void
standardise(const Builder *b, double *of_code, double wanted)
{
	uint32_t	first = b->column->n_words + 1;
	uint32_t	end = b->column->n_codes;
	double		sum = 0;
	double		variance;
	uint32_t	runs = 0;

	for (uint32_t c = first; c < end; c++)
	{
		sum += b->runs_of[c] * of_code[c];
		runs += b->runs_of[c];
	}
	for (uint32_t c = first; c < end; c++)
		of_code[c] -= sum / runs;
	variance = variance_of(b, of_code);
	for (uint32_t c = first; c < end && variance > 0; c++)
		of_code[c] *= sqrt(wanted / variance);
}

/* Slope and bow of the ranks of numbers; of two a bow tells nothing new. */
static bool
add_numbers(Builder *b)
{
	uint32_t	first = b->column->n_words + 1;
	double	   *slope;
	double	   *bow;
	uint32_t	runs = 0;
	uint32_t	before = 0;
	uint32_t	distinct = 0;

	for (uint32_t c = first; c < b->column->n_codes; c++)
	{
		runs += b->runs_of[c];
		distinct += b->runs_of[c] > 0;
	}
	if (distinct < 2)
		return true;
	slope = add_term(b);
	bow = distinct < 3 ? slope : add_term(b);
	if (slope == NULL || bow == NULL)
		return false;
	for (uint32_t c = first; c < b->column->n_codes; c++)
	{
		double		u = (2.0 * before + b->runs_of[c]) / runs - 1;

		before += b->runs_of[c];
		bow[c] = (3 * u * u - 1) / 2;
		slope[c] = u;
	}
	if (bow != slope)
	{
		standardise(b, bow, WEIGHT_OF_BOWS);
		b->terms->bow[b->terms->n - 1] = true;
	}
	standardise(b, slope, 1);
	return true;
}

/*
 * A term for each level of enough runs: 1 for those of the level, 0 for others,
 * but with a mean of 0 over all that are present, and a variance of nearly 1.
 */
static bool
add_levels(Builder *b)
{
	const HpColumn *column = b->column;
	uint32_t	first = column->fill ? 1 : 0;
	uint32_t	end = column->kind == HP_CATEGORICAL ? column->n_codes :
		column->n_words + 1;
	double		present = b->terms->n_runs -
		(column->fill ? b->runs_of[0] : 0);
	double		fewest = fmax(FEWEST_OF_LEVEL,
							  SHARE_OF_LEVEL * b->terms->n_runs);

	for (uint32_t level = first; level < end; level++)
	{
		double		share = b->runs_of[level] / present;
		double	   *of_code;

		if (b->runs_of[level] < fewest || b->runs_of[level] == present)
			continue;
		of_code = add_term(b);
		if (of_code == NULL)
			return false;
		for (uint32_t c = first; c < column->n_codes; c++)
			of_code[c] = ((c == level) - share) / sqrt(share);
	}
	return true;
}

/* The terms of a column; false if there are too many. */
static bool
add_column(Builder *b)
{
	uint32_t	n_codes = b->column->n_codes;
	uint32_t	first = b->terms->n;
	double		variance = 0;

	b->runs_of = hp_alloc0(b->env, n_codes, sizeof(uint32_t));
	for (uint32_t run = 0; run < b->terms->n_runs; run++)
		b->runs_of[hp_column_code(b->column, run)]++;
	if (b->column->kind != HP_CATEGORICAL && !add_numbers(b))
		return false;
	if (!add_levels(b))
		return false;
	for (uint32_t t = first; t < b->terms->n; t++)
		variance += variance_of(b, b->of_code[t]);
	for (uint32_t t = first; t < b->terms->n && variance > 0; t++)
		for (uint32_t c = 0; c < n_codes; c++)
			b->of_code[t][c] /= sqrt(variance);
	return true;
}

static void
fill_rows(const Builder *b, const HpFrame *frame, const uint32_t *columns)
{
	HpTerms    *terms = b->terms;

	terms->rows = hp_alloc(b->env, (size_t) terms->n_runs * terms->n,
						   sizeof(double));
	for (uint32_t t = 0; t < terms->n; t++)
	{
		const HpColumn *column = &frame->columns[columns[terms->feature[t]]];

		hp_tick(b->env);
		for (uint32_t run = 0; run < terms->n_runs; run++)
			terms->rows[(size_t) run * terms->n + t] =
				b->of_code[t][hp_column_code(column, run)];
	}
}

HpTerms *
hp_terms_create(const HpEnv *env, const HpFrame *frame,
				const uint32_t *columns, uint32_t n_features)
{
	Builder		b = {.env = env};

	b.terms = hp_alloc0(env, 1, sizeof(HpTerms));
	b.terms->n_runs = frame->n_runs;
	for (b.feature = 0; b.feature < n_features; b.feature++)
	{
		hp_tick(env);
		b.column = &frame->columns[columns[b.feature]];
		if (!add_column(&b))
			return NULL;
	}
	fill_rows(&b, frame, columns);
	return b.terms;
}
