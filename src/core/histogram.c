/*
 * histogram.c
 *		Sums per code of all narrow features of a node at once.
 *
 * Codes are kept a second time here, run by run, so that a sample is read once
 * and then added to one bin after another: bins of different features, so no
 * addition waits for the one before.
 *
 *		rows:	| run 0: feature 0, feature 1, ... | run 1: ...
 *		bins:	| feature 0: code 0, code 1, ... | feature 1: ...
 *
 * Features of few codes come first, then the other narrow ones; wide ones have
 * a place in the rows but no bins.
 */
#include <string.h>

#include "grow.h"
#include "histogram.h"

/* Histograms alive at once: of the nodes that wait, and three. */
#define MOST_HISTOGRAMS		(HP_MAX_WAITING + 3)

struct HpHistograms
{
	const HpEnv *env;
	const HpFeature *features;
	uint32_t	n_features;
	uint32_t	n_runs;
	HpRows		rows;
	uint32_t	n_narrow;		/* the first in a row */
	uint32_t	n_few;			/* the first of them */
	uint32_t   *first_bin;		/* by place */
	uint32_t	n_bins;
	uint32_t	n_few_bins;
	HpBin	   *bins[MOST_HISTOGRAMS];
	uint32_t	unused[MOST_HISTOGRAMS];	/* stack of histograms not in use */
	uint32_t	n_unused;
};

HpHistograms *
hp_histograms_create(const HpEnv *env, const HpFeature *features,
					 uint32_t n_features, uint32_t n_runs)
{
	HpHistograms *h = hp_alloc0(env, 1, sizeof(HpHistograms));

	h->env = env;
	h->features = features;
	h->rows.place = hp_alloc(env, n_features, sizeof(uint32_t));
	h->first_bin = hp_alloc(env, n_features, sizeof(uint32_t));
	hp_histograms_use(h, n_features, n_runs);
	return h;
}

void
hp_histograms_use(HpHistograms *h, uint32_t n_features, uint32_t n_runs)
{
	h->n_features = n_features;
	h->n_runs = n_runs;
	h->rows.codes = NULL;
}

/* Give narrow features, of few codes or more, their places and bins. */
static void
lay_out_features(HpHistograms *h, bool few)
{
	for (uint32_t f = 0; f < h->n_features; f++)
	{
		if (h->features[f].wide || hp_has_few_codes(&h->features[f]) != few)
			continue;
		h->rows.place[f] = h->n_narrow;
		h->first_bin[h->n_narrow++] = h->n_bins;
		h->n_bins += h->features[f].n_codes;
	}
}

static void
lay_out(HpHistograms *h)
{
	h->n_narrow = 0;
	h->n_bins = 0;
	lay_out_features(h, true);
	h->n_few = h->n_narrow;
	h->n_few_bins = h->n_bins;
	lay_out_features(h, false);
	h->rows.stride = (h->n_narrow + 1) / 2 * 2;
	for (uint32_t f = 0; f < h->n_features; f++)
		if (h->features[f].wide)
		{
			h->rows.place[f] = (uint32_t) h->rows.stride;
			h->rows.stride += sizeof(uint16_t);
		}
	for (uint32_t i = 0; i < MOST_HISTOGRAMS; i++)
	{
		h->bins[i] = NULL;
		h->unused[i] = MOST_HISTOGRAMS - 1 - i;
	}
	h->n_unused = MOST_HISTOGRAMS;
}

void
hp_histograms_read(HpHistograms *h, uint32_t feature)
{
	const HpFeature *f = &h->features[feature];
	size_t		stride = h->rows.stride;
	uint8_t    *to;

	if (h->rows.codes == NULL)
		return;
	hp_tick(h->env);
	to = h->rows.codes + h->rows.place[feature];
	if (f->wide)
		for (uint32_t run = 0; run < h->n_runs; run++)
			*(uint16_t *) (to + run * stride) = ((const uint16_t *) f->codes)[run];
	else
		for (uint32_t run = 0; run < h->n_runs; run++)
			to[run * stride] = ((const uint8_t *) f->codes)[run];
}

static void
read_all(HpHistograms *h)
{
	lay_out(h);
	h->rows.codes = hp_alloc(h->env, h->n_runs, h->rows.stride + 2);
	for (uint32_t f = 0; f < h->n_features; f++)
		hp_histograms_read(h, f);
}

const HpRows *
hp_histograms_rows(const HpHistograms *h)
{
	return &h->rows;
}

/* Both sums of a bin at once. */
typedef int64_t Pair __attribute__((vector_size(16), aligned(8), may_alias));

/* Rows are called for so many samples before they are needed. */
#define AHEAD	8

/* Add samples to bins; with sign -1 take them away. */
static void
add_samples(const HpHistograms *h, HpBin *bins, const HpMembers *m, bool few,
			int64_t sign)
{
	const uint32_t *first_bin = h->first_bin;
	uint32_t	n_features = few ? h->n_few : h->n_narrow;

	for (uint32_t i = 0; i < m->n; i++)
	{
		const HpSample *sample = &m->samples[hp_member(m, i)];
		const uint8_t *codes = h->rows.codes + sample->run * h->rows.stride;
		uint32_t	ahead = i + AHEAD < m->n ? i + AHEAD : i;
		Pair		both = {
			sign * sample->target * (int64_t) sample->weight,
			sign * (int64_t) HP_COUNT_OF(sample->weight)
		};

		__builtin_prefetch(h->rows.codes +
						   m->samples[hp_member(m, ahead)].run * h->rows.stride);
		for (uint32_t p = 0; p < n_features; p++)
			*(Pair *) &bins[first_bin[p] + codes[p]] += both;
	}
}

uint32_t
hp_histogram_fill(HpHistograms *h, const HpMembers *members, bool few)
{
	uint32_t	number;
	HpBin	   *bins;

	if (h->rows.codes == NULL)
		read_all(h);
	number = h->unused[--h->n_unused];
	bins = h->bins[number];
	if (bins == NULL)
		bins = h->bins[number] = hp_alloc(h->env, h->n_bins, sizeof(HpBin));
	memset(bins, 0, (few ? h->n_few_bins : h->n_bins) * sizeof(HpBin));
	add_samples(h, bins, members, few, 1);
	return number;
}

void
hp_histogram_remove(HpHistograms *h, uint32_t histogram,
					const HpMembers *members, bool few)
{
	add_samples(h, h->bins[histogram], members, few, -1);
}

void
hp_histogram_subtract(HpHistograms *h, uint32_t whole, uint32_t part, bool few)
{
	Pair	   *from = (Pair *) h->bins[whole];
	const Pair *less = (const Pair *) h->bins[part];
	uint32_t	n = few ? h->n_few_bins : h->n_bins;

	for (uint32_t i = 0; i < n; i++)
		from[i] -= less[i];
}

void
hp_histogram_release(HpHistograms *h, uint32_t histogram)
{
	if (histogram != HP_NO_HISTOGRAM)
		h->unused[h->n_unused++] = histogram;
}

const HpBin *
hp_histogram_bins(const HpHistograms *h, uint32_t histogram, uint32_t feature)
{
	return h->bins[histogram] + h->first_bin[h->rows.place[feature]];
}
