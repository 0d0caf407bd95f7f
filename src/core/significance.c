/*
 * significance.c
 *		p-values and standard errors from replicates of the forest.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "association.h"
#include "significance.h"

/* ---- one statistic against its null distribution ---- */

/* A statistic, and what it comes to by chance. */
typedef struct Standing
{
	uint32_t	index;
	double		mean;			/* of all rows */
	double		deviation;		/* of all rows */
	double		standard;		/* (statistic - mean) / deviation */
	uint32_t	reached;		/* permuted ones as large */
	uint32_t	reached_by_any; /* permuted ones where any is as significant, of
								 * this and those less significant */
	double		t;				/* against the permuted ones alone; not finite
								 * if these do not vary */
} Standing;

static inline double
statistic(const HpNull *null, uint32_t row, uint32_t i)
{
	return null->statistics[row * null->stride + i];
}

/*
 * NaN, of an R^2 that is not defined, is as bad as can be in the metric's own row
 * and as good in another: nothing comes of it.
 */
static inline bool
as_large(double permuted, double actual)
{
	return !(permuted < actual);
}

/* Mean and standard deviation of the rows from first on. */
static void
moments(const HpNull *null, uint32_t first, uint32_t i, double *mean,
		double *deviation)
{
	uint32_t	n = null->permuted + 1 - first;
	double		sum = 0;
	double		squares = 0;

	for (uint32_t row = first; row <= null->permuted; row++)
		sum += statistic(null, row, i);
	*mean = sum / n;
	for (uint32_t row = first; row <= null->permuted; row++)
	{
		double		d = statistic(null, row, i) - *mean;

		squares += d * d;
	}
	*deviation = sqrt(squares / (n - 1));
}

static Standing
standing_of(const HpNull *null, uint32_t i)
{
	Standing	s = {.index = i};
	double		actual = statistic(null, 0, i);
	double		mean;
	double		deviation;

	for (uint32_t row = 1; row <= null->permuted; row++)
		s.reached += as_large(statistic(null, row, i), actual);
	moments(null, 0, i, &s.mean, &s.deviation);
	s.standard = s.deviation > 0 ? (actual - s.mean) / s.deviation : -INFINITY;
	moments(null, 1, i, &mean, &deviation);
	s.t = (actual - mean) / (deviation * sqrt(1 + 1.0 / null->permuted));
	return s;
}

/* The most significant first. */
static int
compare_standings(const void *a, const void *b)
{
	const Standing *x = a;
	const Standing *y = b;

	if (x->standard != y->standard)
		return x->standard > y->standard ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static double
standard_of(const HpNull *null, uint32_t row, const Standing *s)
{
	if (!(s->deviation > 0))
		return -INFINITY;
	return (statistic(null, row, s->index) - s->mean) / s->deviation;
}

/*
 * Step down from the most significant: each is compared with the largest of
 * itself and those behind it, in each row.
 */
static void
count_any(const HpEnv *env, const HpNull *null, Standing *standings)
{
	double	   *largest = hp_alloc(env, null->permuted + (size_t) 1,
								   sizeof(double));

	for (uint32_t row = 1; row <= null->permuted; row++)
		largest[row] = -INFINITY;
	for (uint32_t k = null->n; k-- > 0;)
	{
		Standing   *s = &standings[k];

		hp_tick(env);
		for (uint32_t row = 1; row <= null->permuted; row++)
		{
			largest[row] = fmax(largest[row], standard_of(null, row, s));
			s->reached_by_any += largest[row] >= s->standard;
		}
	}
}

/* All statistics, the most significant first. */
static Standing *
rank_statistics(const HpEnv *env, const HpNull *null)
{
	Standing   *standings = hp_alloc(env, null->n, sizeof(Standing));

	for (uint32_t i = 0; i < null->n; i++)
	{
		hp_tick(env);
		standings[i] = standing_of(null, i);
	}
	qsort(standings, null->n, sizeof(Standing), compare_standings);
	count_any(env, null, standings);
	return standings;
}

/* ---- p-values ---- */

/*
 * What counting says; if no permuted one was as large, the less likely one, but
 * not less than there can be.
 */
static double
p_value_of(const HpNull *null, uint32_t reached, double estimate)
{
	double		counted = (reached + 1.0) / (null->permuted + 1.0);

	return fmax(null->least,
				reached == 0 && estimate < counted ? estimate : counted);
}

/*
 * Importances by chance have a long tail: exponential in standard deviations
 * if the metric is normal, longer if it has a long tail itself.  That of
 * Student's t with so few degrees of freedom is not shorter than either.
 */
#define TAIL_FREEDOM	4

/* 1 if the permuted ones do not vary. */
static double
estimate_p_value(const Standing *s)
{
	return isfinite(s->t) ? hp_student_tail(s->t, TAIL_FREEDOM) : 1;
}

void
hp_p_values(const HpEnv *env, const HpNull *null, double *p_value,
			double *adjusted)
{
	Standing   *standings = rank_statistics(env, null);
	double		holm = 0;
	double		least = 0;

	for (uint32_t k = 0; k < null->n; k++)
	{
		const Standing *s = &standings[k];
		double		estimate = estimate_p_value(s);

		p_value[s->index] = p_value_of(null, s->reached, estimate);
		holm = fmax(holm, fmin(1, estimate * (null->n - k)));
		least = fmax(least, p_value_of(null, s->reached_by_any, holm));
		adjusted[s->index] = least;
	}
}

/* ---- what the replicates say ---- */

/* n of the numbers reported, from first on, of the metrics. */
static HpNull
null_of(const HpReplicates *replicates, size_t first, uint32_t n)
{
	uint32_t	actual = hp_replicate_actual(replicates->plan);
	size_t		size = hp_replicate_size(replicates->plan);

	return (HpNull) {
		.statistics = replicates->reports + actual * size + first,
		.stride = size,
		.n = n,
		.permuted = replicates->done - actual - 1,
		.least = replicates->plan->least_p_value
	};
}

static HpNull
null_of_features(const HpReplicates *replicates)
{
	return null_of(replicates, 0, replicates->plan->n_features);
}

static HpNull
null_of_groups(const HpReplicates *replicates)
{
	const HpReplicatePlan *plan = replicates->plan;

	return null_of(replicates, plan->n_features,
				   plan->n_subjects - plan->n_features);
}

/* The last number tells of R^2. */
static HpNull
null_of_forest(const HpReplicates *replicates)
{
	return null_of(replicates, hp_replicate_size(replicates->plan) - 1, 1);
}

/* So many permuted ones as large: it could well be chance. */
#define ENOUGH_REACHED	10

/*
 * So many standard deviations above them: it could not.  Where they do not vary
 * there is none to be told by, and only more of them tell more.
 */
#define CLEARLY_ABOVE	10

static bool
is_decided(const Standing *s, uint32_t reached)
{
	return reached >= ENOUGH_REACHED ||
		(reached == 0 && isfinite(s->t) && s->t >= CLEARLY_ABOVE);
}

static bool
all_decided(const HpEnv *env, HpNull null)
{
	const Standing *standings = rank_statistics(env, &null);

	for (uint32_t k = 0; k < null.n; k++)
		if (!is_decided(&standings[k], standings[k].reached) ||
			!is_decided(&standings[k], standings[k].reached_by_any))
			return false;
	return true;
}

uint32_t
hp_doubt_wanted(const HpEnv *env, const HpReplicates *replicates)
{
	const HpReplicatePlan *plan = replicates->plan;
	uint32_t	before = hp_replicate_actual(plan) + 1;
	uint32_t	permuted;

	if (replicates->done < before)
		return before + hp_replicate_next_round(plan, 0);
	permuted = hp_replicate_next_round(plan, replicates->done - before);
	if (permuted == 0 ||
		(all_decided(env, null_of_features(replicates)) &&
		 all_decided(env, null_of_groups(replicates)) &&
		 all_decided(env, null_of_forest(replicates))))
		return replicates->done;
	return before + permuted;
}

/* ---- standard errors ---- */

/* Subsamples of fewer runs than this say nothing. */
#define FEWEST_IN_SUBSAMPLE	6

/* What of the variance between subsamples is left at least: both are estimates. */
#define LEAST_LEFT	(1.0 / 6)

/*
 * Forests of fewer runs see less of what matters little, and their importances
 * vary the less for it: as those of shares do, the variance is taken to be in
 * proportion to share and remainder.
 */
static double
scale_of_variance(double mean, double shown)
{
	double		here = shown * (1 - shown);
	double		there = mean * (1 - mean);

	return there > 0 && here > there ? here / there : 1;
}

/*
 * The variance between subsamples is that of the share, and that of the few
 * trees of a replicate.  The latter is taken off, but for what the trees of the
 * forest leave of it: they are more, and grown on more runs.
 *
 * Subsamples of h of m runs vary as sweeps of h runs would but for a factor
 * 1 - h / m, by what they have in common; sweeps of n runs vary h / n as much.
 */
static double
standard_error(const HpReplicates *replicates, uint32_t subject, double shown)
{
	const HpReplicatePlan *plan = replicates->plan;
	size_t		size = hp_replicate_size(plan);
	double		part = (double) plan->subsample_runs / plan->n_runs;
	double		trees = (1 - part) * (double) plan->subsample.trees /
		plan->all_trees;
	HpNull		subsamples = {
		.statistics = replicates->reports, .stride = size,
		.n = plan->n_subjects, .permuted = plan->n_subsamples - 1
	};
	double		of_trees = 0;
	double		mean;
	double		deviation;
	double		variance;

	if (plan->n_subsamples == 0 || plan->subsample_runs < FEWEST_IN_SUBSAMPLE)
		return NAN;
	for (uint32_t i = 0; i < plan->n_subsamples; i++)
		of_trees += replicates->reports[i * size + plan->n_subjects +
										subject] / plan->n_subsamples;
	moments(&subsamples, 0, subject, &mean, &deviation);
	variance = deviation * deviation;
	variance = fmax(variance - of_trees * (1 - trees), LEAST_LEFT * variance);
	variance *= plan->subsample_runs / (double) plan->all_runs / (1 - part);
	return sqrt(variance * scale_of_variance(mean, shown));
}

HpDoubt
hp_doubt(const HpEnv *env, const HpReplicates *replicates, const double *shown)
{
	uint32_t	n = replicates->plan->n_subjects;
	HpNull		features = null_of_features(replicates);
	HpNull		groups = null_of_groups(replicates);
	HpNull		forest = null_of_forest(replicates);
	double		adjusted;
	HpDoubt		doubt = {
		.standard_error = hp_alloc(env, n, sizeof(double)),
		.p_value = hp_alloc(env, n, sizeof(double)),
		.p_value_adjusted = hp_alloc(env, n, sizeof(double)),
		.forest_p_value = NAN
	};

	for (uint32_t i = 0; i < n; i++)
		doubt.standard_error[i] = standard_error(replicates, i, shown[i]);
	hp_p_values(env, &features, doubt.p_value, doubt.p_value_adjusted);
	hp_p_values(env, &groups, doubt.p_value + features.n,
				doubt.p_value_adjusted + features.n);
	if (!isnan(statistic(&forest, 0, 0)))
		hp_p_values(env, &forest, &doubt.forest_p_value, &adjusted);
	return doubt;
}
