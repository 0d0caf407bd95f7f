/*
 * test_scikit_learn.c
 *		Forests against those of scikit-learn, on the data of test/fixtures.
 */
#include "trained.h"

#define SEEDS		20
#define MOST_NUMBERS	40

/* Means and sums of squares of what the forests of all seeds say. */
typedef struct Spread
{
	uint32_t	n;
	double		mean[MOST_NUMBERS];
	double		squares[MOST_NUMBERS];
} Spread;

static void
add_number(Spread *spread, uint32_t k, double x)
{
	double		d = x - spread->mean[k];

	spread->mean[k] += d / spread->n;
	spread->squares[k] += d * (x - spread->mean[k]);
}

/* By feature: impurity, then permutation in units of the metric; then R^2. */
static Spread
spread_of_forests(HpFrame *frame, HpForestSettings settings)
{
	Spread		spread = {0};
	uint32_t	n = frame->n_columns;

	for (settings.seed = 0; settings.seed < SEEDS; settings.seed++)
	{
		Trained		t = train(frame, &settings);
		uint32_t	k = 0;

		spread.n++;
		for (uint32_t f = 0; f < n; f++)
			add_number(&spread, k++, t.result.impurity[f]);
		for (uint32_t f = 0; f < n; f++)
		{
			double		sum = 0;

			for (uint32_t tree = 0; tree < settings.trees; tree++)
				sum += t.reports[tree].permutation[f];
			add_number(&spread, k++, sum / (double) settings.trees *
					   frame->unit * frame->unit);
		}
		add_number(&spread, k++, t.result.r2);
	}
	return spread;
}

/* How many standard errors two means are apart. */
static double
distance(const Spread *spread, uint32_t k, const char *text,
		 const char *section, const char *key, const char *seeds)
{
	double		ours = spread->squares[k] / (spread->n - 1) / spread->n;
	double		sd = reference(text, section, key, "sd");
	double		theirs = sd * sd / reference(text, NULL, NULL, seeds);

	return (spread->mean[k] - reference(text, section, key, "mean")) /
		sqrt(ours + theirs);
}

/*
 * Seeds are fixed, so a result is one draw, for good.  Of m comparisons of
 * two means of the same forests about 5 % lie beyond 2 standard errors, and
 * one beyond `bound` in a case of twenty (Bonferroni: m * P(|z| > bound) =
 * 0.05): no distance may exceed that bound, nor more than a fifth exceed 2.
 */
static void
judge_distances(const double *distances, uint32_t m, double bound,
				const char *what)
{
	uint32_t	beyond = 0;
	double		worst = 0;

	for (uint32_t i = 0; i < m; i++)
	{
		beyond += fabs(distances[i]) > 2;
		worst = fmax(worst, fabs(distances[i]));
	}
	ok(worst <= bound, "%s: of %u distances none exceeds %.1f standard errors: %.2f",
	   what, m, bound, worst);
	ok(5 * beyond <= m, "%s: %u exceed 2", what, beyond);
}

static void
compare_with_scikit_learn(const char *data, const char *says, bool onehot,
						  double bound)
{
	HpFrameOptions options = {NULL, onehot};
	Fixture		table = fixture_table(data);
	char	   *text = fixture_text(says);
	HpFrame    *frame = hp_frame_build(unit_env, table.inputs, table.n_inputs,
									   table.metric, table.n_runs, &options);
	HpForestSettings settings = DEFAULTS;
	Spread		spread;
	double		distances[MOST_NUMBERS];
	uint32_t	n = frame->n_columns;

	settings.missing = HP_MISSING_VALUE;	/* as scikit-learn was given them */
	spread = spread_of_forests(frame, settings);
	for (uint32_t f = 0; f < n; f++)
	{
		char		name[64];

		snprintf(name, sizeof(name), "%.*s", (int) frame->columns[f].name.length,
				 frame->columns[f].name.bytes);
		distances[f] = distance(&spread, f, text, "importance", name, "seeds");
		distances[n + f] = distance(&spread, n + f, text,
									"permutation_mse_increase", name,
									"permutation_seeds");
		printf("# %s: impurity %+.2f, permutation %+.2f standard errors\n", name,
			   distances[f], distances[n + f]);
	}
	distances[2 * n] = distance(&spread, 2 * n, text, "oob_r2", NULL, "seeds");
	printf("# R^2 %+.2f standard errors\n", distances[2 * n]);
	judge_distances(distances, 2 * n + 1, bound, data);
	unit_free_all();
}

static void
test_scikit_learn(void)
{
	/* 13 comparisons: P(|z| > 2.89) = 0.05 / 13; 25: P(|z| > 3.09) */
	compare_with_scikit_learn("numeric.csv", "numeric_reference.json", false, 2.89);
	compare_with_scikit_learn("mixed.csv", "mixed_reference.json", true, 3.09);
}

int
main(void)
{
	test_scikit_learn();
	return done();
}
