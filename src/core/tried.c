/*
 * tried.c
 *		What was tried of a parameter: its values in bins, its numbers.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

/* A bound is rounded by at most this share of the range. */
#define ROUNDED_SHARE	0.01

/* ---- bins ---- */

bool
hp_tried_is_level(const HpTried *tried, uint32_t code)
{
	return tried->kind != HP_NUMERIC || code <= tried->n_words;
}

static bool
is_tried(const HpTried *tried, uint32_t code)
{
	return tried->runs_of[code] > 0 && (code > 0 || !tried->fill);
}

static void
start_bin(HpBins *bins, uint32_t code)
{
	bins->first[bins->n] = code;
	bins->runs[bins->n] = 0;
	bins->best[bins->n] = 0;
	bins->n++;
}

static void
add_code(HpBins *bins, const HpTried *tried, uint32_t code)
{
	bins->last[bins->n - 1] = code;
	bins->runs[bins->n - 1] += tried->runs_of[code];
	bins->best[bins->n - 1] += tried->best_of[code];
}

/* Count the numbers that differ, and the runs that have one. */
static uint32_t
count_numbers(const HpTried *tried, uint64_t *runs)
{
	uint32_t	distinct = 0;

	*runs = 0;
	for (uint32_t c = 0; c < tried->n_codes; c++)
		if (!hp_tried_is_level(tried, c) && is_tried(tried, c))
		{
			distinct++;
			*runs += tried->runs_of[c];
		}
	return distinct;
}

HpBins
hp_tried_bins(const HpEnv *env, const HpTried *tried)
{
	uint64_t	runs;
	uint64_t	before = 0;
	uint32_t	distinct = count_numbers(tried, &runs);
	HpBins		bins = {
		.few = distinct <= HP_FEW_NUMBERS,
		.first = hp_alloc(env, tried->n_codes, sizeof(uint32_t)),
		.last = hp_alloc(env, tried->n_codes, sizeof(uint32_t)),
		.runs = hp_alloc(env, tried->n_codes, sizeof(uint32_t)),
		.best = hp_alloc(env, tried->n_codes, sizeof(uint32_t))
	};
	uint64_t	filled = 0;		/* quantiles so far */

	for (uint32_t c = 0; c < tried->n_codes; c++)
	{
		if (!is_tried(tried, c))
			continue;
		if (hp_tried_is_level(tried, c))
		{
			start_bin(&bins, c);
			bins.n_levels = bins.n;
		}
		else
		{
			/* a bin ends with the number that fills it */
			if (before == 0 || bins.few ||
				before * HP_MOST_BINS / runs > filled)
			{
				filled = before * HP_MOST_BINS / runs;
				start_bin(&bins, c);
			}
			before += tried->runs_of[c];
		}
		add_code(&bins, tried, c);
	}
	return bins;
}

/* ---- numbers ---- */

bool
hp_tried_integers(const HpTried *tried)
{
	for (uint32_t c = tried->n_words + 1; c < tried->n_codes; c++)
		if (tried->runs_of[c] > 0 &&
			(tried->numbers[c] != floor(tried->numbers[c]) ||
			 fabs(tried->numbers[c]) > 1 / DBL_EPSILON))
			return false;
	return true;
}

/* The number of so many digits next to x that is not beyond it. */
static double
round_to(double x, int digits, bool upward)
{
	char		text[HP_NUMBER_TEXT_SIZE];
	double		rounded;
	int			exponent;
	double		step;

	snprintf(text, sizeof(text), "%.*e", digits - 1, x);
	rounded = strtod(text, NULL);
	if (upward ? rounded >= x : rounded <= x)
		return rounded;
	exponent = atoi(strchr(text, 'e') + 1) - (digits - 1);
	snprintf(text, sizeof(text), "1e%d", exponent);
	step = strtod(text, NULL);
	snprintf(text, sizeof(text), "%.*e", digits - 1,
			 upward ? rounded + step : rounded - step);
	return strtod(text, NULL);
}

double
hp_tried_round(const HpTried *tried, double x, double range, bool upward)
{
	double		most = ROUNDED_SHARE * range;

	if (!isfinite(x))			/* of a forest from outside */
		return x;
	if (hp_tried_log_scale(tried) && ROUNDED_SHARE * x < most)
		most = ROUNDED_SHARE * x;
	for (int digits = 1; digits < 17; digits++)
	{
		double		rounded = round_to(x, digits, upward);

		if (fabs(rounded - x) <= most &&
			rounded >= tried->minimum && rounded <= tried->maximum)
			return rounded;
	}
	return x;
}
