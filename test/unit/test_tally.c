/*
 * test_tally.c
 *		Tallies of runs that are not kept, and the digests of runs.
 */
#include "data.h"

#include "core/digest.h"
#include "core/tally.h"

#define RUNS	500

typedef struct Run
{
	HpReading	reads;
	double		x;
	double		y;
	uint64_t	copies;
} Run;

static Run
run_number(int i)
{
	Run			run = {HP_READS_NUMBER, (i * 37 % 101) / 8.0 - 3, (i * 53 % 97) / 7.0, 1};

	if (i % 11 == 0)
		run.reads = HP_READS_WORD;
	else if (i % 13 == 0)
		run = (Run) {HP_READS_NOT_FINITE, INFINITY, 1, 1};
	else if (i % 3 == 0)
		run = (Run) {HP_READS_BOOLEAN, i % 2, run.y, 1};
	run.copies = i % 17 == 0 ? 5 : 1;
	return run;
}

static void
add_run(HpTally *tally, Run run)
{
	hp_tally_add(unit_env, tally, run.reads, run.x, run.y, run.copies);
}

static bool
same_sums(const HpPairSums *a, const HpPairSums *b)
{
	const HpExactSum *x = &a->x;
	const HpExactSum *y = &b->x;
	HpExactDigits dx;
	HpExactDigits dy;

	for (int i = 0; i < 5; i++)
	{
		hp_exact_digits(&x[i], &dx);
		hp_exact_digits(&y[i], &dy);
		if (memcmp(&dx, &dy, sizeof(dx)) != 0)
			return false;
	}
	return true;
}

static bool
same_pairs(const HpPairs *a, const HpPairs *b)
{
	return a->n == b->n && a->minimum == b->minimum &&
		a->maximum == b->maximum && same_sums(&a->sums, &b->sums);
}

static void
test_classes(void)
{
	HpTally		tally = {0};
	int			words = 0,
				not_finite = 0,
				numbers = 0,
				booleans = 0;

	for (int i = 0; i < RUNS; i++)
	{
		Run			run = run_number(i);

		add_run(&tally, run);
		words += run.reads == HP_READS_WORD ? (int) run.copies : 0;
		not_finite += run.reads == HP_READS_NOT_FINITE ? (int) run.copies : 0;
		numbers += run.reads == HP_READS_NUMBER ? (int) run.copies : 0;
		booleans += run.reads == HP_READS_BOOLEAN ? (int) run.copies : 0;
	}
	is_int((int64_t) tally.words, words, "words");
	is_int((int64_t) tally.not_finite, not_finite, "not finite");
	is_int((int64_t) tally.numbers.n, numbers, "numbers");
	is_int((int64_t) tally.booleans.n, booleans, "booleans");
	is_int((int64_t) hp_tally_runs(&tally), words + not_finite + numbers + booleans,
		   "runs that have it");
	ok(tally.booleans.minimum == 0 && tally.booleans.maximum == 1, "booleans are 0 and 1");
	ok(tally.numbers.minimum == -3 && tally.numbers.maximum == 100 / 8.0 - 3,
	   "the range of the numbers");
}

static void
test_grouping(void)
{
	HpTally		all = {0};
	HpTally		parts[3] = {{0}};
	HpTally		merged = {0};
	HpTally		copied = {0};

	for (int i = 0; i < RUNS; i++)
		add_run(&all, run_number(i));
	for (int i = RUNS; i-- > 0;)
		add_run(&parts[i % 3], run_number(i));
	for (int p = 0; p < 3; p++)
		hp_tally_merge(unit_env, &merged, &parts[p]);
	ok(same_pairs(&all.numbers, &merged.numbers) &&
	   same_pairs(&all.booleans, &merged.booleans) &&
	   all.words == merged.words && all.not_finite == merged.not_finite,
	   "in parts, backwards, merged: the same bits");
	for (int i = 0; i < RUNS; i++)
	{
		Run			run = run_number(i);
		uint64_t	copies = run.copies;

		for (run.copies = 1; copies > 0; copies--)
			add_run(&copied, run);
	}
	ok(same_pairs(&all.numbers, &copied.numbers), "copies one by one: the same bits");
	hp_tally_merge(unit_env, &merged, &(HpTally) {0});
	ok(same_pairs(&all.numbers, &merged.numbers), "an empty one adds nothing");
}

static void
test_metric(void)
{
	HpMetricTally a = {0};
	HpMetricTally b = {0};

	hp_tally_add_metric(unit_env, &a, 4, 1);
	hp_tally_add_metric(unit_env, &a, -2, 3);
	hp_tally_add_metric(unit_env, &b, 10, 2);
	hp_tally_merge_metric(unit_env, &a, &b);
	is_int((int64_t) a.n, 6, "six runs");
	ok(a.minimum == -2 && a.maximum == 10, "their range");
	is_double(hp_exact_mean(&a.sum, a.n), 3, 0, "their mean: (4 - 6 + 20) / 6");
	ok(hp_add_counts(HP_MOST_COUNTED - 1, 1) == HP_MOST_COUNTED &&
	   hp_add_counts(HP_MOST_COUNTED, HP_MOST_COUNTED) == HP_MOST_COUNTED,
	   "counts end where they end");
}

/* ---- digests ---- */

static uint64_t
text_digest(const char *text)
{
	return hp_digest_text((HpText) {text, (uint32_t) strlen(text)});
}

/* Stored samples rest on these: a change here would break them. */
static void
test_digests_never_change(void)
{
	uint64_t	lr = text_digest("lr");
	uint64_t	name = text_digest("optimizer.name");
	uint64_t	sum = hp_digest_number(lr, HP_READS_NUMBER, 0.1) +
		hp_digest_word(name, text_digest("adam"));

	ok(text_digest("") == UINT64_C(0xf70ef0765a5e6c9), "of no text: %" PRIx64, text_digest(""));
	ok(lr == UINT64_C(0x6eb33e542bc64116), "of \"lr\": %" PRIx64, lr);
	ok(name == UINT64_C(0x24e9f882e2443e5e), "of a text of more than eight bytes: %" PRIx64, name);
	ok(hp_digest_run(sum, 0.5) == UINT64_C(0x902d25cb966f6c1e), "of a run: %" PRIx64, hp_digest_run(sum, 0.5));
}

static void
test_digests_differ(void)
{
	const char *texts[] = {"", "a", "b", "ab", "ba", "aaaaaaaa", "aaaaaaaab", "baaaaaaaa",
	"aaaaaaaaaaaaaaaa", "\x01", "\x01\x01"};
	int			n = (int) (sizeof(texts) / sizeof(texts[0]));
	int			equal = 0;
	uint64_t	lr = text_digest("lr");

	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			equal += text_digest(texts[i]) == text_digest(texts[j]);
	is_int(equal, 0, "different texts have different digests");
	ok(hp_digest_text((HpText) {"\0\0", 1}) != hp_digest_text((HpText) {"\0\0", 2}),
	   "zero bytes count");
	ok(hp_digest_number(lr, HP_READS_NUMBER, 0.0) == hp_digest_number(lr, HP_READS_NUMBER, -0.0),
	   "zero has no sign");
	ok(hp_digest_number(lr, HP_READS_NUMBER, 1) != hp_digest_number(lr, HP_READS_BOOLEAN, 1),
	   "1 is not true");
	ok(hp_digest_number(lr, HP_READS_NUMBER, 1) != hp_digest_number(text_digest("wd"), HP_READS_NUMBER, 1),
	   "the name counts");
	ok(hp_digest_run(0, 1) != hp_digest_run(0, 2), "the metric counts");
	ok(hp_digest_run(lr, 1) < HP_DIGEST_END, "a digest is below the end");
}

/* Digests of 20,000 runs that differ little spread evenly: chi squared. */
static void
test_digests_spread(void)
{
	int			count[64] = {0};
	int			low[64] = {0};
	double		chi2 = 0,
				chi2_low = 0;
	uint64_t	lr = text_digest("lr");

	for (int i = 0; i < 20000; i++)
	{
		uint64_t	digest = hp_digest_run(hp_digest_number(lr, HP_READS_NUMBER, i), i % 10);

		count[digest >> 58]++;
		low[digest & 63]++;
	}
	for (int b = 0; b < 64; b++)
	{
		chi2 += pow(count[b] - 312.5, 2) / 312.5;
		chi2_low += pow(low[b] - 312.5, 2) / 312.5;
	}
	/* 63 degrees of freedom: 63 +- 11.2 */
	ok(chi2 > 25 && chi2 < 110, "their upper bits: chi squared %g", chi2);
	ok(chi2_low > 25 && chi2_low < 110, "their lower bits: chi squared %g", chi2_low);
}

int
main(void)
{
	test_classes();
	test_grouping();
	test_metric();
	test_digests_never_change();
	test_digests_differ();
	test_digests_spread();
	return done();
}
