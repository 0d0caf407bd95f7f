/*
 * axis.c
 *		The codes of a feature in stretches that no split of a tree parts.
 *
 * A tree splits a feature of thousands of codes at some hundred places.  All
 * that follows counts in stretches between them, which fit the nearest caches.
 */
#include <string.h>

#include "anova_parts.h"

static inline uint32_t
count_bits(uint64_t word)
{
	return (uint32_t) __builtin_popcountll(word);
}

static size_t
words_of(uint32_t n_codes)
{
	return (n_codes + 63) / 64;
}

void
hp_axes_init(HpAxes *axes, const HpEnv *env, const HpFeature *features,
			 uint32_t n_features, double *const *below)
{
	size_t		words = 0;

	*axes = (HpAxes) {
		.env = env, .features = features, .n_features = n_features,
		.below = below,
		.axis = hp_alloc(env, n_features, sizeof(HpAxis))
	};
	for (uint32_t f = 0; f < n_features; f++)
	{
		axes->axis[f] = (HpAxis) {
			.words = words, .scale = 1 / below[f][features[f].n_codes]
		};
		words += words_of(features[f].n_codes);
	}
	axes->n_words = words;
	axes->parted = hp_alloc(env, words, sizeof(uint64_t));
	axes->rank = hp_alloc(env, words, sizeof(uint32_t));
}

uint32_t
hp_axes_most_spans(const HpAxes *axes)
{
	uint32_t	most = 0;

	for (uint32_t f = 0; f < axes->n_features; f++)
		if (axes->features[f].categorical && axes->features[f].n_codes > most)
			most = axes->features[f].n_codes;
	return most / 2 + 1;
}

/* ---- where splits part codes ---- */

static inline void
part_before(uint64_t *parted, uint32_t code)
{
	parted[code / 64] |= UINT64_C(1) << code % 64;
}

/* A word of a bitmap of levels, without what lies behind the last. */
static inline uint64_t
dense_word(const uint64_t *list, uint32_t n_codes, uint32_t i)
{
	uint32_t	behind = 64 * (i + 1);

	return behind <= n_codes ? list[i] : list[i] << (behind - n_codes) >>
		(behind - n_codes);
}

static void
part_dense(uint64_t *parted, const uint64_t *list, uint32_t n_codes)
{
	uint64_t	last = list[0] & 1;

	for (uint32_t i = 0; i < words_of(n_codes); i++)
	{
		/* each bit against the one before it */
		parted[i] |= list[i] ^ (list[i] << 1 | last);
		last = list[i] >> 63;
	}
	if (n_codes % 64 != 0)
		parted[n_codes / 64] &= (UINT64_C(1) << n_codes % 64) - 1;
}

static void
part_sparse(uint64_t *parted, const uint64_t *list, uint32_t n_codes)
{
	uint32_t	n = hp_sparse_list_entry(list, 0);

	for (uint32_t i = 1; i <= n; i++)
	{
		uint32_t	code = hp_sparse_list_entry(list, i);

		if (code > 0 && code < n_codes)
			part_before(parted, code);
		if (code + 1 < n_codes)
			part_before(parted, code + 1);
	}
}

static void
part_node(HpAxes *axes, const HpTree *tree, const HpNode *node)
{
	uint32_t	n_codes = axes->features[node->feature].n_codes;
	uint64_t   *parted = axes->parted + axes->axis[node->feature].words;

	if (!node->categorical)
	{
		if (node->cut < n_codes - 1)
			part_before(parted, node->cut + 1);
	}
	else if (n_codes <= HP_DENSE_CODES)
		part_dense(parted, tree->lists + node->cut, n_codes);
	else
		part_sparse(parted, tree->lists + node->cut, n_codes);
}

/* ---- axes of a tree ---- */

/* Room for the stretches of the splits of a tree. */
static void
reserve_places(HpAxes *axes, size_t n)
{
	if (n <= axes->cap_places)
		return;
	axes->cap_places = 2 * n;
	axes->weight = hp_alloc(axes->env, axes->cap_places, sizeof(double));
	axes->start = hp_alloc(axes->env, axes->cap_places, sizeof(uint32_t));
}

static size_t
count_places(HpAxes *axes)
{
	size_t		n = 0;

	for (uint32_t f = 0; f < axes->n_features; f++)
	{
		const uint64_t *parted = axes->parted + axes->axis[f].words;
		uint32_t   *rank = axes->rank + axes->axis[f].words;
		uint32_t	before = 0;

		for (size_t i = 0; i < words_of(axes->features[f].n_codes); i++)
		{
			rank[i] = before;
			before += count_bits(parted[i]);
		}
		axes->axis[f].n = before + 1;
		axes->axis[f].place = n;
		n += before + 2;		/* and the end */
	}
	return n;
}

static void
measure_axis(HpAxes *axes, uint32_t feature)
{
	const uint64_t *parted = axes->parted + axes->axis[feature].words;
	const double *below = axes->below[feature];
	uint32_t	n_codes = axes->features[feature].n_codes;
	double	   *weight = axes->weight + axes->axis[feature].place;
	uint32_t   *start = axes->start + axes->axis[feature].place;
	uint32_t	n = 0;

	weight[n] = 0;
	start[n++] = 0;
	for (uint32_t i = 0; i < words_of(n_codes); i++)
		for (uint64_t rest = parted[i]; rest != 0; rest &= rest - 1)
		{
			uint32_t	code = 64 * i + (uint32_t) __builtin_ctzll(rest);

			weight[n] = below[code];
			start[n++] = code;
		}
	weight[n] = below[n_codes];
	start[n] = n_codes;
}

void
hp_axes_read(HpAxes *axes, const HpTree *tree)
{
	memset(axes->parted, 0, axes->n_words * sizeof(uint64_t));
	for (uint32_t i = 0; i < tree->n_nodes; i++)
	{
		hp_tick_at(axes->env, i);
		if (tree->nodes[i].left != 0)
			part_node(axes, tree, &tree->nodes[i]);
	}
	axes->n_places = count_places(axes);
	reserve_places(axes, axes->n_places);
	for (uint32_t f = 0; f < axes->n_features; f++)
		measure_axis(axes, f);
}

/* ---- splits in stretches ---- */

/* The stretch that begins with a code at which codes are parted. */
static inline uint32_t
stretch_at(const HpAxes *axes, uint32_t feature, uint32_t code)
{
	size_t		word = axes->axis[feature].words + code / 64;

	if (code == 0)
		return 0;
	return axes->rank[word] + 1 +
		count_bits(axes->parted[word] & ((UINT64_C(1) << code % 64) - 1));
}

/* The same of a code just behind others, which may be the last. */
static inline uint32_t
stretch_behind(const HpAxes *axes, uint32_t feature, uint32_t code)
{
	return code < axes->features[feature].n_codes ?
		stretch_at(axes, feature, code) : axes->axis[feature].n;
}

uint32_t
hp_axes_cut(const HpAxes *axes, const HpNode *node)
{
	/* a cut from outside may lie behind all codes */
	if (node->cut >= axes->features[node->feature].n_codes - 1)
		return axes->axis[node->feature].n;
	return stretch_at(axes, node->feature, node->cut + 1);
}

static uint32_t
dense_spans(const HpAxes *axes, uint32_t feature, const uint64_t *list,
			HpSpan *spans)
{
	uint32_t	n_codes = axes->features[feature].n_codes;
	uint32_t	n = 0;
	bool		inside = false;

	for (uint32_t i = 0; i < words_of(n_codes); i++)
	{
		uint64_t	word = dense_word(list, n_codes, i);
		uint64_t	turns = word ^ (word << 1 | inside);

		for (; turns != 0; turns &= turns - 1)
		{
			uint32_t	code = 64 * i + (uint32_t) __builtin_ctzll(turns);

			if (inside)
				spans[n++].hi = stretch_behind(axes, feature, code);
			else
				spans[n].lo = stretch_at(axes, feature, code);
			inside = !inside;
		}
	}
	if (inside)
		spans[n++].hi = axes->axis[feature].n;
	return n;
}

static uint32_t
sparse_spans(const HpAxes *axes, uint32_t feature, const uint64_t *list,
			 HpSpan *spans)
{
	uint32_t	n_codes = axes->features[feature].n_codes;
	uint32_t	n_listed = hp_sparse_list_entry(list, 0);
	uint32_t	n = 0;
	uint32_t	behind = 0;		/* the last code listed */

	for (uint32_t i = 1; i <= n_listed; i++)
	{
		uint32_t	code = hp_sparse_list_entry(list, i);
		bool		goes_on = n > 0 && code == behind;

		/* a list from outside may be in disorder */
		if (code >= n_codes || code < behind)
			continue;
		behind = code + 1;
		if (!goes_on)
			spans[n++].lo = stretch_at(axes, feature, code);
		spans[n - 1].hi = stretch_behind(axes, feature, behind);
	}
	return n;
}

uint32_t
hp_axes_listed(const HpAxes *axes, const HpTree *tree, const HpNode *node,
			   HpSpan *spans)
{
	const uint64_t *list = tree->lists + node->cut;

	if (axes->features[node->feature].n_codes <= HP_DENSE_CODES)
		return dense_spans(axes, node->feature, list, spans);
	return sparse_spans(axes, node->feature, list, spans);
}
