/*
 * histogram.c
 *		Sums per code of all narrow features of a node at once.
 *
 * A sample is read once and then added to one bin after another: bins of
 * different features, so no addition waits for the one before.
 *
 *		rows:	| run 0: feature 0, feature 1, ... | run 1: ...
 *		bins:	| feature 0: code 0, code 1, ... | feature 1: ...
 *
 * Features come in the order they have in the rows.
 */
#include <string.h>

#include "grow.h"
#include "histogram.h"

/* Histograms alive at once: of the nodes that wait, and three. */
#define MOST_HISTOGRAMS		(HP_MAX_WAITING + 3)

/* A wide feature: its code, shifted, is its bin. */
typedef struct Wide
{
	uint32_t	feature;
	uint32_t	first_bin;
	int			shift;
} Wide;

#define NO_BIN	UINT32_MAX

struct HpHistograms
{
	const HpEnv *env;
	HpRows	   *rows;
	uint32_t   *first_bin;		/* by place in the rows, of narrow features */
	uint32_t   *bin_of;			/* by feature: its first bin, or NO_BIN */
	bool		coarse;
	Wide	   *wide;
	uint32_t	n_wide;			/* that have bins */
	uint32_t	n_bins[HP_COARSE + 1];	/* by extent, the last being all */
	HpBin	   *bins[MOST_HISTOGRAMS];
	uint32_t	unused[MOST_HISTOGRAMS];	/* stack of histograms not in use */
	uint32_t	n_unused;
};

HpHistograms *
hp_histograms_create(const HpEnv *env, HpRows *rows, bool coarse)
{
	HpHistograms *h = hp_alloc0(env, 1, sizeof(HpHistograms));
	uint32_t	n = rows->n_features;

	h->env = env;
	h->rows = rows;
	h->coarse = coarse;
	h->first_bin = hp_alloc(env, n, sizeof(uint32_t));
	h->bin_of = hp_alloc(env, n, sizeof(uint32_t));
	h->wide = hp_alloc(env, n, sizeof(Wide));
	hp_histograms_use(h);
	return h;
}

/* Give narrow features, of few codes or more, their bins. */
static void
lay_out_narrow(HpHistograms *h, bool few, uint32_t *n_bins)
{
	const HpRows *rows = h->rows;

	for (uint32_t f = 0; f < rows->n_features; f++)
	{
		const HpFeature *feature = &rows->features[f];

		if (feature->wide || hp_has_few_codes(feature) != few)
			continue;
		h->bin_of[f] = h->first_bin[rows->place[f]] = *n_bins;
		*n_bins += feature->n_codes;
	}
}

static int
shift_for(uint32_t n_codes)
{
	int			shift = 0;

	while ((n_codes - 1) >> shift >= HP_COARSE_BINS)
		shift++;
	return shift;
}

static void
lay_out_wide(HpHistograms *h, uint32_t *n_bins)
{
	const HpRows *rows = h->rows;

	h->n_wide = 0;
	for (uint32_t f = 0; f < rows->n_features; f++)
	{
		const HpFeature *feature = &rows->features[f];

		if (!feature->wide)
			continue;
		h->bin_of[f] = NO_BIN;
		if (!h->coarse || feature->categorical)
			continue;
		h->bin_of[f] = *n_bins;
		h->wide[h->n_wide++] = (Wide) {f, *n_bins, shift_for(feature->n_codes)};
		*n_bins += HP_COARSE_BINS;
	}
}

void
hp_histograms_use(HpHistograms *h)
{
	uint32_t	n_bins = 0;

	lay_out_narrow(h, true, &n_bins);
	h->n_bins[HP_FEW] = n_bins;
	lay_out_narrow(h, false, &n_bins);
	h->n_bins[HP_NARROW] = n_bins;
	lay_out_wide(h, &n_bins);
	h->n_bins[HP_COARSE] = n_bins;
	for (uint32_t i = 0; i < MOST_HISTOGRAMS; i++)
	{
		h->bins[i] = NULL;
		h->unused[i] = MOST_HISTOGRAMS - 1 - i;
	}
	h->n_unused = MOST_HISTOGRAMS;
}

/* The rows, and a histogram for each halving that may wait, and three. */
size_t
hp_histograms_later(const HpHistograms *h)
{
	size_t		histograms = 3;

	for (uint32_t n = h->rows->n_runs; n > HP_TINY_SAMPLES; n /= 2)
		histograms++;
	return h->rows->n_runs * h->rows->stride +
		histograms * h->n_bins[HP_COARSE] * sizeof(HpBin);
}

/* Both sums of a bin at once. */
typedef int64_t Pair __attribute__((vector_size(16), aligned(8), may_alias));

/* Rows are called for so many samples before they are needed. */
#define AHEAD	8

/* Add one sample to the bins of wide features. */
static inline void
add_coarsely(const HpHistograms *h, HpBin *bins, const uint8_t *row, Pair both)
{
	for (uint32_t w = 0; w < h->n_wide; w++)
	{
		const Wide *wide = &h->wide[w];
		uint32_t	code = hp_row_code(h->rows, row, wide->feature);

		*(Pair *) &bins[wide->first_bin + (code >> wide->shift)] += both;
	}
}

/* Add samples to bins; with sign -1 take them away. */
static void
add_samples(const HpHistograms *h, HpBin *bins, const HpMembers *m,
			HpExtent extent, int64_t sign)
{
	const uint32_t *first_bin = h->first_bin;
	uint32_t	n_features = extent == HP_FEW ? h->rows->n_few :
		h->rows->n_narrow;
	uint32_t	per_tick = HP_VISITS_PER_TICK / (n_features + 1) + 1;

	for (uint32_t i = 0; i < m->n; i++)
	{
		const HpSample *sample = &m->samples[hp_member(m, i)];
		const uint8_t *row = hp_row(h->rows, sample->run);
		uint32_t	ahead = i + AHEAD < m->n ? i + AHEAD : i;
		Pair		both = {
			sign * sample->target * (int64_t) sample->weight,
			sign * (int64_t) HP_COUNT_OF(sample->weight)
		};

		if (i % per_tick == 0)
			hp_tick(h->env);
		__builtin_prefetch(hp_row(h->rows, m->samples[hp_member(m, ahead)].run));
		for (uint32_t p = 0; p < n_features; p++)
			*(Pair *) &bins[first_bin[p] + row[p]] += both;
		if (extent == HP_COARSE)
			add_coarsely(h, bins, row, both);
	}
}

uint32_t
hp_histogram_fill(HpHistograms *h, const HpMembers *members, HpExtent extent)
{
	uint32_t	number;
	HpBin	   *bins;

	hp_rows_ready(h->rows);
	number = h->unused[--h->n_unused];
	bins = h->bins[number];
	if (bins == NULL)
		bins = h->bins[number] = hp_alloc(h->env, h->n_bins[HP_COARSE],
										  sizeof(HpBin));
	memset(bins, 0, h->n_bins[extent] * sizeof(HpBin));
	add_samples(h, bins, members, extent, 1);
	return number;
}

void
hp_histogram_remove(HpHistograms *h, uint32_t histogram,
					const HpMembers *members, HpExtent extent)
{
	add_samples(h, h->bins[histogram], members, extent, -1);
}

void
hp_histogram_subtract(HpHistograms *h, uint32_t whole, uint32_t part,
					  HpExtent extent)
{
	Pair	   *from = (Pair *) h->bins[whole];
	const Pair *less = (const Pair *) h->bins[part];

	for (uint32_t i = 0; i < h->n_bins[extent]; i++)
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
	return h->bin_of[feature] == NO_BIN ? NULL :
		h->bins[histogram] + h->bin_of[feature];
}
