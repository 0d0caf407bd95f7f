/*
 * core_numbers.c
 *		Texts as numbers, exact sums, orders, correlations and p-values.
 */
#include "fuzz.h"

#include "data.h"

#include "core/association.h"
#include "core/exact_sum.h"
#include "core/group.h"
#include "core/order.h"
#include "core/significance.h"
#include "core/tally.h"
#include "core/text.h"

#define MOST	64

/* ---- texts ---- */

/* A number that is read is what strtod() reads, and is written so as to be. */
static void
read_and_write(Bytes *bytes)
{
	char	   *copy = hp_alloc(unit_env, bytes->left + 1, 1);
	HpText		text = {(const char *) bytes->at, (uint32_t) bytes->left};
	double		number = 0;
	HpReading	reads = hp_read_text(text, &number);
	char		written[HP_NUMBER_TEXT_SIZE];
	double		again = 1;

	memcpy(copy, bytes->at, bytes->left);
	copy[bytes->left] = '\0';
	must(reads >= HP_READS_WORD && reads <= HP_READS_BOOLEAN);
	if (reads == HP_READS_NUMBER)
	{
		uint32_t	length = hp_write_number(number, written);

		must(isfinite(number) && !(number == 0 && signbit(number)));
		must(number == strtod(copy, NULL) || memchr(copy, '\0', bytes->left) != NULL);
		must(length < HP_NUMBER_TEXT_SIZE && strlen(written) == length);
		must(hp_read_text((HpText) {written, length}, &again) == HP_READS_NUMBER);
		must(same_double(number, again));
	}
	must(reads != HP_READS_NOT_FINITE || !isfinite(number));
	must(reads != HP_READS_BOOLEAN || number == 0 || number == 1);
	for (int64_t depth = 1; depth < 5; depth++)
		must(hp_first_components(text, depth).length <= text.length);
}

static void
write_and_read(Bytes *bytes)
{
	while (bytes->left > 0)
	{
		double		number = take_double(bytes);
		char		written[HP_NUMBER_TEXT_SIZE];
		uint32_t	length = hp_write_number(number, written);
		double		again = 1;

		must(length < HP_NUMBER_TEXT_SIZE);
		hp_read_text((HpText) {written, length}, &again);
		must(same_double(number, again));
	}
}

/* ---- sums ---- */

static bool
same_sum(const HpExactSum *a, const HpExactSum *b)
{
	HpExactDigits x;
	HpExactDigits y;

	hp_exact_digits(a, &x);
	hp_exact_digits(b, &y);
	return x.n == y.n && x.first == y.first && x.negative == y.negative &&
		memcmp(x.digits, y.digits, sizeof(x.digits)) == 0;
}

static void
check_again(const HpExactSum *sum)
{
	HpExactDigits d;
	HpExactSum	again;

	hp_exact_digits(sum, &d);
	must(hp_exact_from_digits(unit_env, &again, &d));
	must(same_sum(sum, &again));
}

/* Forward, backward, and in two parts that are merged either way. */
static void
sum_up(Bytes *bytes)
{
	HpExactSum	sums[5] = {{0}};
	double		x[MOST];
	double		y[MOST];
	int			shift[MOST];
	int			n = 0;
	int			part = take_below(bytes, MOST);

	for (; n < MOST && bytes->left > 0; n++)
	{
		shift[n] = take_below(bytes, 63);
		x[n] = take_finite(bytes);
		y[n] = take_finite(bytes);
	}
	for (int i = 0; i < 2 * n; i++)
	{
		int			k = i < n ? i : 2 * n - 1 - i;
		HpExactSum *to[2] = {&sums[i < n ? 0 : 1], &sums[k < part ? 2 : 3]};

		for (int j = 0; j < (i < n ? 2 : 1); j++)
			if (shift[k] % 2)
				hp_exact_add(unit_env, to[j], hp_binary(x[k]), shift[k]);
			else
				hp_exact_add_product(unit_env, to[j], hp_binary(x[k]), hp_binary(y[k]), shift[k]);
	}
	must(same_sum(&sums[0], &sums[1]));
	hp_exact_merge(unit_env, &sums[4], &sums[3]);
	hp_exact_merge(unit_env, &sums[4], &sums[2]);
	hp_exact_merge(unit_env, &sums[2], &sums[3]);
	must(same_sum(&sums[0], &sums[4]));
	must(same_sum(&sums[0], &sums[2]));
	check_again(&sums[0]);
	must(n == 0 || !isnan(hp_exact_mean(&sums[0], n)));
	/* what is taken off again leaves nothing */
	for (int i = 0; i < n; i++)
		if (shift[i] % 2)
			hp_exact_add(unit_env, &sums[0], hp_binary(-x[i]), shift[i]);
		else
			hp_exact_add_product(unit_env, &sums[0], hp_binary(-x[i]), hp_binary(y[i]), shift[i]);
	memset(&sums[1], 0, sizeof(sums[1]));
	must(same_sum(&sums[0], &sums[1]));
}

static HpExactDigits
take_digits(Bytes *bytes)
{
	HpExactDigits d = {.negative = take(bytes) & 1};

	d.first = take_below(bytes, HP_EXACT_LIMBS + 1);
	d.n = take_below(bytes, 8) == 7 ? take_below(bytes, HP_EXACT_LIMBS + 1) : take_below(bytes, 5);
	for (int i = 0; i < d.n && i < HP_EXACT_LIMBS; i++)
		d.digits[i] = take(bytes) < 128 ? UINT32_MAX : (uint32_t) take_bits(bytes);
	return d;
}

/* Sums as they might come from outside: refused, or sums like any other. */
static void
read_sums(Bytes *bytes)
{
	HpPairSums	pairs;
	HpExactSum *of[5] = {&pairs.x, &pairs.y, &pairs.xx, &pairs.xy, &pairs.yy};
	HpExactSum	twice = {0};
	HpExactSum	other = {0};
	uint64_t	n = take_bits(bytes) >> take_below(bytes, 64);

	for (int i = 0; i < 5; i++)
	{
		HpExactDigits d = take_digits(bytes);

		if (!hp_exact_from_digits(unit_env, of[i], &d))
			return;
		check_again(of[i]);
		must(isfinite(hp_exact_mean(of[i], n > 0 ? n : 1)) || d.first + d.n > 99);
	}
	must(isnan(hp_exact_correlation(&pairs, n)) ||
		 fabs(hp_exact_correlation(&pairs, n)) <= 1);
	for (int i = 0; i < 200; i++)
	{
		hp_exact_merge(unit_env, &twice, of[i % 5]);
		hp_exact_merge(unit_env, &other, of[4 - i % 5]);
	}
	must(same_sum(&twice, &other));
}

/* ---- orders ---- */

static void
sort(Bytes *bytes)
{
	uint32_t	n = (uint32_t) bytes->left;
	HpSortItem *items = hp_alloc(unit_env, n, sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(unit_env, n, sizeof(HpSortItem));
	double	   *x = hp_alloc(unit_env, n, sizeof(double));
	double	   *ranks = hp_alloc(unit_env, n, sizeof(double));
	double		sum = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		x[i] = take_double(bytes);
		items[i] = (HpSortItem) {hp_order_key(x[i]), i};
	}
	hp_sort(unit_env, items, scratch, n);
	for (uint32_t i = 1; i < n; i++)
	{
		double		before = x[items[i - 1].index];
		double		here = x[items[i].index];

		must(before < here || (before == here && items[i - 1].index < items[i].index));
	}
	hp_ranks(unit_env, x, ranks, n);
	for (uint32_t i = 0; i < n; i++)
		sum += ranks[i];
	must(sum == (double) n * (n + 1) / 2);
}

/* ---- statistics ---- */

static void
correlate(Bytes *bytes)
{
	double		x[MOST];
	double		y[MOST];
	uint32_t	n = 0;
	HpTally		tally = {0};
	HpTally		backward = {0};
	HpTally		both = {0};
	HpMoments	moments;
	double		r;

	for (; n < MOST && bytes->left > 0; n++)
	{
		x[n] = take_finite(bytes);
		y[n] = take_finite(bytes);
	}
	r = hp_pearson(x, y, n);
	must(isnan(r) || fabs(r) <= 1);
	must(isnan(hp_correlation_p_value(r, n)) ||
		 (hp_correlation_p_value(r, n) >= 0 && hp_correlation_p_value(r, n) <= 1));
	moments = hp_moments(x, n);
	must(n == 0 || (isfinite(moments.mean) && moments.sum_squares >= 0));
	for (uint32_t i = 0; i < n; i++)
	{
		hp_tally_add(unit_env, &tally, HP_READS_NUMBER, x[i], y[i], 1 + i % 3);
		hp_tally_add(unit_env, &backward, HP_READS_NUMBER, x[n - 1 - i], y[n - 1 - i],
					 1 + (n - 1 - i) % 3);
	}
	hp_tally_merge(unit_env, &both, &tally);
	hp_tally_merge(unit_env, &both, &backward);
	must(both.numbers.n == 2 * tally.numbers.n);
	must(same_sum(&tally.numbers.sums.xy, &backward.numbers.sums.xy));
	r = hp_exact_correlation(&tally.numbers.sums, tally.numbers.n);
	must(isnan(r) || fabs(r) <= 1);
	must(same_double(r, hp_exact_correlation(&backward.numbers.sums, backward.numbers.n)));
}

static void
judge(Bytes *bytes)
{
	uint32_t	n = 1 + take_below(bytes, 6);
	uint32_t	permuted = 1 + take_below(bytes, 40);
	double	   *statistics = hp_alloc(unit_env, (size_t) n * (permuted + 1), sizeof(double));
	HpNull		null = {statistics, n, n, permuted, 1.0 / (2 + take(bytes))};
	double		p[6];
	double		adjusted[6];

	for (uint32_t i = 0; i < n * (permuted + 1); i++)
		statistics[i] = take_finite(bytes);
	hp_p_values(unit_env, &null, p, adjusted);
	for (uint32_t i = 0; i < n; i++)
	{
		must(p[i] >= 0 && p[i] <= 1);
		must(adjusted[i] >= 0 && adjusted[i] <= 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[]) (Bytes *) = {
		read_and_write, write_and_read, sum_up, read_sums, sort, correlate, judge
	};
	Bytes		bytes = {data, size};

	if (size > 4096)
		return 0;
	parts[take_below(&bytes, LENGTH(parts))] (&bytes);
	unit_free_all();
	return 0;
}
