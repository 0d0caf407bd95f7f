/*
 * screen.c
 *		Which features of a node cannot hold its best split: told cheaply.
 *
 * Of the features of a node but one or two fall short of the best split found
 * so far, B.  To see that, no score need be computed: a cut of weight L with
 * the deviation d (split.c) reaches B only if
 *
 *		|d| >= sqrt(B) sqrt(L (W-L)) =: threshold[L]
 *
 * which is a running sum, a look-up and a comparison of small integers for
 * each sample or bin.  Within samples of the same code there is no cut, but
 * that is asked only where the threshold is reached: orders.c sees to it that
 * samples of one code come so mixed that they rarely reach it.
 *
 * Deviations are shifted right until their sum fits 31 bits; thresholds are
 * lowered by what that may lose, a unit for each sample, and by the rounding of
 * single-precision square roots.
 */
#include <math.h>

#include "screen.h"

/* Nodes of more weight are not screened. */
#define MOST_WEIGHT		(4 * HP_ORDERED_SAMPLES)

/* Categories of more levels are not screened. */
#define MOST_LEVELS		64

/* A floor may rise by this share before the thresholds are made anew. */
#define STALE			1.25

/* No deviation is larger. */
#define LARGEST_BITS	30
#define LARGEST			(INT32_C(1) << LARGEST_BITS)

/* What is lost to single precision, at the most. */
#define ROUNDING		1e-5

/* A sample: its deviation times its weight. */
typedef struct Share
{
	int32_t		target;
	uint32_t	weight;
} Share;

struct HpScreen
{
	Share	   *shares;			/* by sample */
	uint32_t	n_shares;
	int32_t    *most;			/* by weight left: the largest deviation that
								 * falls short, INT32_MIN if none does */
	float	   *root;			/* square roots */
	uint32_t	n;				/* samples of the node */
	uint32_t	weight;			/* of the node */
	uint32_t	least;			/* min_samples_leaf */
	int64_t		mean;			/* of the node, rounded */
	int			shift;
	float		slack;			/* what a sum may be wrong by */
	double		floor;			/* to be reached; < 0: none yet */
	double		made_for;		/* the floor of the thresholds, likewise */
	float		least_root;		/* of scores of levels that may reach it */
};

HpScreen *
hp_screen_create(const HpEnv *env, uint32_t n_samples)
{
	HpScreen   *s = hp_alloc0(env, 1, sizeof(HpScreen));

	s->shares = hp_alloc(env, n_samples, sizeof(Share));
	s->n_shares = n_samples;
	s->most = hp_alloc(env, MOST_WEIGHT + 1, sizeof(int32_t));
	s->root = hp_alloc(env, MOST_WEIGHT + 1, sizeof(float));
	for (uint32_t i = 0; i <= MOST_WEIGHT; i++)
		s->root[i] = sqrtf((float) i);
	return s;
}

/* ---- preparing ---- */

static inline int64_t
deviation(const HpScreen *s, const HpSample *sample)
{
	return (sample->target - s->mean) * (int64_t) sample->weight;
}

/* So many bits must go that any sum of deviations is below LARGEST. */
static int
choose_shift(const HpScreen *s, const HpMembers *m)
{
	uint64_t	spread = 0;
	int			bits;

	for (uint32_t i = 0; i < m->n; i++)
	{
		int64_t		d = deviation(s, &m->samples[hp_member(m, i)]);

		spread += (uint64_t) (d < 0 ? -d : d) + 1;
	}
	/* half of LARGEST is left for the n that rounding down may add */
	bits = 64 - __builtin_clzll(spread);
	return bits > LARGEST_BITS - 1 ? bits - (LARGEST_BITS - 1) : 0;
}

void
hp_screen_node(HpScreen *s, const HpMembers *m, const HpTotal *total)
{
	s->n = total->samples;
	s->weight = total->weight;
	s->least = total->min_samples_leaf;
	s->mean = total->mean;
	s->floor = s->made_for = -1;
	if (s->weight > MOST_WEIGHT)
		return;
	s->shift = choose_shift(s, m);

	/*
	 * What may be lost: a unit by the shift of each sample or bin, and for
	 * each draw what rounding has taken off the mean.
	 */
	s->slack = (float) s->n + 2 + (float)
		(fabs((double) total->target) / (double) (UINT64_C(1) << s->shift));
	if (m->n > s->n_shares)
		return;
	for (uint32_t i = 0; i < m->n; i++)
	{
		uint32_t	number = hp_member(m, i);
		const HpSample *sample = &m->samples[number];

		s->shares[number] = (Share) {
			(int32_t) (deviation(s, sample) >> s->shift), sample->weight
		};
	}
}

void
hp_screen_raise(HpScreen *s, double floor)
{
	s->floor = floor;
}

/*
 * Make the thresholds anew if they are stale; they are the same from either
 * side.  Nothing here decides more than whether to look closer.
 */
static void
make_thresholds(HpScreen *s)
{
	float		scale = (float) (sqrt(s->floor) * (1 - ROUNDING) /
								 (double) (UINT64_C(1) << s->shift));
	float		slack = s->slack;
	uint32_t	weight = s->weight;

	s->made_for = s->floor;
	s->least_root = scale - slack / s->root[weight - 1];
	for (uint32_t left = 0; left <= weight / 2; left++)
	{
		float		t = scale * (s->root[left] * s->root[weight - left]) - slack;

		t = t < (float) LARGEST ? t : (float) LARGEST;
		s->most[left] = s->most[weight - left] =
			t < 1 ? INT32_MIN : (int32_t) t - 1;
	}
	/* all on one side is no split */
	s->most[0] = s->most[weight] = LARGEST;
}

/* Whether there is a floor yet, and thresholds for it. */
static inline bool
is_ready(HpScreen *s)
{
	if (s->floor < 0 || s->weight > MOST_WEIGHT)
		return false;
	if (s->made_for < 0 || s->floor > STALE * s->made_for)
		make_thresholds(s);
	return true;
}

/* Whether a deviation is not within -most .. most; in two's complement. */
static inline bool
may_reach(uint32_t deviation, int32_t most)
{
	return deviation + (uint32_t) most > 2 * (uint32_t) most;
}

/* ---- numbers ---- */

bool
hp_screen_order(HpScreen *s, const uint32_t *order)
{
	const Share *shares = s->shares;
	const int32_t *most = s->most;
	uint32_t	target = 0;
	uint32_t	left = 0;
	uint32_t	i = 0;
	uint32_t	end = s->n - s->least;

	if (!is_ready(s))
		return true;
	for (; i + 1 < s->least; i++)
	{
		target += (uint32_t) shares[HP_SAMPLE(order[i])].target;
		left += shares[HP_SAMPLE(order[i])].weight;
	}
	for (; i < end; i++)
	{
		const Share *share = &shares[HP_SAMPLE(order[i])];

		target += (uint32_t) share->target;
		left += share->weight;
		if (may_reach(target, most[left]) &&
			hp_codes_differ(order[i], order[i + 1]))
			return true;
	}
	return false;
}

bool
hp_screen_bins(HpScreen *s, const HpBin *bins, uint32_t n_codes)
{
	const int32_t *most = s->most;
	int64_t		target = 0;
	uint32_t	left = 0;

	if (!is_ready(s))
		return true;
	for (uint32_t code = 0; code < n_codes; code++)
	{
		target += bins[code].target;
		left += (uint32_t) bins[code].count;
		if (may_reach((uint32_t) ((target - s->mean * left) >> s->shift),
					  most[left]))
			return true;
	}
	return false;
}

/* ---- categories ---- */

/* The levels of a category in the node. */
typedef struct Levels
{
	uint32_t	n;
	float		target[MOST_LEVELS + 1];
	float		weight[MOST_LEVELS + 1];
} Levels;

static inline void
add_level(Levels *levels, int32_t target, uint32_t weight)
{
	levels->target[levels->n] = (float) target;
	levels->weight[levels->n] = (float) weight;
	levels->n += weight > 0;
}

/* No subset explains more than all levels apart. */
static bool
all_reach(const HpScreen *s, const Levels *levels)
{
	float		between = 0;

	for (uint32_t i = 0; i < levels->n; i++)
		between += levels->target[i] * levels->target[i] / levels->weight[i];
	return sqrtf(between / (float) s->weight) >= s->least_root;
}

/* The best prefix of the levels by mean. */
static bool
prefix_reaches(const HpScreen *s, const Levels *levels)
{
	float		mean[MOST_LEVELS];
	uint32_t	order[MOST_LEVELS];
	float		target = 0;
	float		left = 0;
	float		best = 0;

	for (uint32_t i = 0; i < levels->n; i++)
	{
		uint32_t	j = i;

		mean[i] = levels->target[i] / levels->weight[i];
		for (; j > 0 && mean[order[j - 1]] > mean[i]; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (uint32_t i = 0; i + 1 < levels->n; i++)
	{
		float		score;

		target += levels->target[order[i]];
		left += levels->weight[order[i]];
		score = target * target / (left * ((float) s->weight - left));
		best = score > best ? score : best;
	}
	return sqrtf(best) >= s->least_root;
}

/*
 * By deviations that may each be a unit wrong, no subset of the levels scores
 * more than the best prefix by mean; least_root allows for the units.
 */
static bool
levels_may_reach(const HpScreen *s, const Levels *levels)
{
	return all_reach(s, levels) && prefix_reaches(s, levels);
}

bool
hp_screen_levels_of_order(HpScreen *s, const uint32_t *order)
{
	Levels		levels;

	if (!is_ready(s))
		return true;
	levels.n = 0;
	for (uint32_t i = 0; i < s->n;)
	{
		uint32_t	code = HP_CODE(order[i]);
		int32_t		target = 0;
		uint32_t	weight = 0;

		if (levels.n == MOST_LEVELS)
			return true;
		for (; i < s->n && HP_CODE(order[i]) == code; i++)
		{
			target += s->shares[HP_SAMPLE(order[i])].target;
			weight += s->shares[HP_SAMPLE(order[i])].weight;
		}
		add_level(&levels, target, weight);
	}
	return levels_may_reach(s, &levels);
}

bool
hp_screen_levels_of_bins(HpScreen *s, const HpBin *bins, uint32_t n_codes)
{
	Levels		levels;

	if (!is_ready(s) || n_codes > MOST_LEVELS)
		return true;
	levels.n = 0;
	for (uint32_t code = 0; code < n_codes; code++)
	{
		uint32_t	weight = (uint32_t) bins[code].count;

		add_level(&levels, (int32_t)
				  ((bins[code].target - s->mean * weight) >> s->shift), weight);
	}
	return levels_may_reach(s, &levels);
}
