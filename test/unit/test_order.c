/*
 * test_order.c
 *		The order of doubles, sorting, ranks.
 */
#include "data.h"

#include <float.h>

#include "core/order.h"

static void
test_key_ladder(void)
{
	const double ladder[] = {
		-INFINITY, -DBL_MAX, -1e300, -2, -1, -DBL_MIN, -5e-324, 0, 5e-324,
		1e-323, DBL_MIN, 0.5, 1, 1 + DBL_EPSILON, 9007199254740992.0,
		9007199254740994.0, 1e300, DBL_MAX, INFINITY, NAN
	};
	bool		ascends = true;
	uint64_t	payload = UINT64_C(0xfff8000000000123);
	double		odd_nan;

	for (uint32_t i = 1; i < LENGTH(ladder); i++)
		ascends = ascends && hp_order_key(ladder[i - 1]) < hp_order_key(ladder[i]);
	ok(ascends, "keys ascend from -Infinity over subnormals to NaN");
	ok(hp_order_key(-0.0) == hp_order_key(0.0), "-0 is 0");
	memcpy(&odd_nan, &payload, sizeof(odd_nan));
	ok(hp_order_key(odd_nan) == hp_order_key(NAN) &&
	   hp_order_key(-NAN) == hp_order_key(NAN),
	   "all NaNs are one");
}

static void
test_key_random(void)
{
	UnitRandom	random = 7;
	bool		agrees = true;

	for (int i = 0; i < 100000; i++)
	{
		uint64_t	bits[2] = {random_bits(&random), random_bits(&random)};
		double		x[2];

		if (i % 2 == 0)			/* neighbours, often of equal magnitude */
			bits[1] = bits[0] + (bits[1] & 3) - 1;
		memcpy(x, bits, sizeof(x));
		if (isnan(x[0]) || isnan(x[1]))
			continue;
		agrees = agrees &&
			(x[0] < x[1]) == (hp_order_key(x[0]) < hp_order_key(x[1])) &&
			(x[0] == x[1]) == (hp_order_key(x[0]) == hp_order_key(x[1]));
	}
	ok(agrees, "keys of random bit patterns compare as the doubles do");
}

/* ---- sorting ---- */

static int
compare_items(const void *a, const void *b)
{
	const HpSortItem *x = a;
	const HpSortItem *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Keys of shape 0 .. 5: random, few, one, small, high bytes only, doubles. */
static uint64_t
key_of_shape(UnitRandom *random, int shape)
{
	uint64_t	bits = random_bits(random);

	switch (shape)
	{
		case 0:
			return bits;
		case 1:
			return bits % 5;
		case 2:
			return 77;
		case 3:
			return bits % 1000;
		case 4:
			return bits << 56;
		default:
			return hp_order_key(random_normal(random));
	}
}

/* The index is the place: sorting by both is what a stable sort gives. */
static void
test_sort(void)
{
	static const uint32_t sizes[] = {
		0, 1, 2, 3, 31, 32, 33, 34, 255, 256, 257, 1000, 5000
	};
	UnitRandom	random = 11;

	for (uint32_t s = 0; s < LENGTH(sizes); s++)
	{
		uint32_t	n = sizes[s];
		bool		good = true;

		for (int shape = 0; shape < 6; shape++)
		{
			HpSortItem *items = hp_alloc(unit_env, n, sizeof(HpSortItem));
			HpSortItem *scratch = hp_alloc(unit_env, n, sizeof(HpSortItem));
			HpSortItem *want = hp_alloc(unit_env, n, sizeof(HpSortItem));

			for (uint32_t i = 0; i < n; i++)
				want[i] = items[i] =
					(HpSortItem) {key_of_shape(&random, shape), i};
			qsort(want, n, sizeof(HpSortItem), compare_items);
			hp_sort(unit_env, items, scratch, n);
			for (uint32_t i = 0; i < n; i++)
				good = good && items[i].key == want[i].key &&
					items[i].index == want[i].index;
		}
		ok(good, "%u items of six shapes are sorted stably", n);
		unit_free_all();
	}
}

static bool
digit_before(void *arg, uint32_t a, uint32_t b)
{
	const uint32_t *digit = arg;

	return digit[a] < digit[b];
}

static void
test_sort_by(void)
{
	UnitRandom	random = 13;
	bool		good = true;

	for (uint32_t n = 0; n < 1100; n = n < 40 ? n + 1 : n * 2 + 1)
	{
		uint32_t   *digit = hp_alloc(unit_env, n, sizeof(uint32_t));
		uint32_t   *items = hp_alloc(unit_env, n, sizeof(uint32_t));
		uint32_t   *scratch = hp_alloc(unit_env, n, sizeof(uint32_t));

		for (uint32_t i = 0; i < n; i++)
		{
			digit[i] = random_below(&random, 10);
			items[i] = i;
		}
		hp_sort_by(unit_env, items, scratch, n, digit_before, digit);
		for (uint32_t i = 1; i < n; i++)
			good = good && (digit[items[i - 1]] < digit[items[i]] ||
							(digit[items[i - 1]] == digit[items[i]] &&
							 items[i - 1] < items[i]));
		/* ascending pairs of (digit, item) leave no item out: each differs */
	}
	ok(good, "sort_by: 0 to 1,000 items are sorted stably");
	unit_free_all();
}

static void
test_text_compare(void)
{
	static const char *const ladder[] = {"", "A", "B", "a", "aa", "ab", "b", "\xc3\xa9"};
	bool		good = true;

	for (uint32_t i = 0; i < LENGTH(ladder); i++)
		for (uint32_t j = 0; j < LENGTH(ladder); j++)
		{
			int			order = hp_text_compare(ladder[i],
												(uint32_t) strlen(ladder[i]),
												ladder[j],
												(uint32_t) strlen(ladder[j]));

			good = good && (order < 0) == (i < j) && (order > 0) == (i > j);
		}
	ok(good, "texts compare by bytes, a beginning comes first");
	ok(hp_text_compare("a\0b", 3, "a\0c", 3) < 0, "bytes behind a NUL count");
	is_int(hp_text_compare(NULL, 0, NULL, 0), 0, "two empty texts are equal");
}

/* ---- ranks ---- */

static void
test_ranks_by_hand(void)
{
	/* in order: -1 (1), 0 and -0 (2, 3 -> 2.5), 2 three times (4, 5, 6 -> 5),
	 * Infinity (7) */
	const double x[] = {2, 0, INFINITY, 2, -1, -0.0, 2};
	const double want[] = {5, 2.5, 7, 5, 1, 2.5, 5};
	double		ranks[7];

	hp_ranks(unit_env, x, ranks, 7);
	for (int i = 0; i < 7; i++)
		is_double(ranks[i], want[i], 0, "rank of %g", x[i]);
	hp_ranks(unit_env, x, ranks, 1);
	is_double(ranks[0], 1, 0, "the rank of one number is 1");
	hp_ranks(unit_env, x, ranks, 0);
}

/* A rank is the number of those below, and the middle of those as large. */
static void
test_ranks_by_counting(void)
{
	UnitRandom	random = 17;

	for (uint32_t n = 2; n <= 512; n *= 4)
	{
		double	   *x = hp_alloc(unit_env, n, sizeof(double));
		double	   *ranks = hp_alloc(unit_env, n, sizeof(double));
		bool		good = true;

		for (uint32_t i = 0; i < n; i++)
			x[i] = random_below(&random, n) - n / 2.0;
		hp_ranks(unit_env, x, ranks, n);
		for (uint32_t i = 0; i < n; i++)
		{
			uint32_t	below = 0;
			uint32_t	equal = 0;

			for (uint32_t j = 0; j < n; j++)
			{
				below += x[j] < x[i];
				equal += x[j] == x[i];
			}
			good = good && ranks[i] == below + (equal + 1) / 2.0;
		}
		ok(good, "ranks of %u numbers with ties", n);
	}
	unit_free_all();
}

/* Numbers that ascend need no sorting. */
static void
test_ranks_of_sorted(void)
{
	const double x[] = {-1, -0.0, 0, 2, 2, 2, INFINITY};
	double		want[7];
	double		ranks[7];

	hp_ranks(unit_env, x, want, 7);
	hp_ranks_of_sorted(x, ranks, 7);
	ok(memcmp(ranks, want, sizeof(want)) == 0, "ranks of sorted numbers");
	hp_ranks_of_sorted(x, ranks, 0);
	unit_free_all();
}

static void
test_ticks(void)
{
	enum
	{
		MANY = 200000
	};
	HpSortItem *items = hp_alloc(unit_env, MANY, sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(unit_env, MANY, sizeof(HpSortItem));
	UnitRandom	random = 19;
	long		before;

	for (uint32_t i = 0; i < MANY; i++)
		items[i] = (HpSortItem) {random_bits(&random), i};
	before = unit_ticks;
	hp_sort(unit_env, items, scratch, MANY);
	ok(unit_ticks - before >= 8, "a tick for each pass of a long sort");
	unit_free_all();
}

/* How often the order was asked for since the last tick, and at most. */
typedef struct Patience
{
	long		asked;
	long		most;
	long		ticks;
	const uint64_t *keys;
} Patience;

static bool
patient_before(void *arg, uint32_t a, uint32_t b)
{
	Patience   *p = arg;

	if (p->ticks != unit_ticks)
		p->asked = 0;
	p->ticks = unit_ticks;
	if (++p->asked > p->most)
		p->most = p->asked;
	return p->keys[a] < p->keys[b];
}

/* Comparing two texts takes up to 100 ns: 140,000 of them some 10 ms. */
static void
test_ticks_sort_by(void)
{
	enum
	{
		MANY = 500000
	};
	uint64_t   *keys = hp_alloc(unit_env, MANY, sizeof(uint64_t));
	uint32_t   *items = hp_alloc(unit_env, MANY, sizeof(uint32_t));
	uint32_t   *scratch = hp_alloc(unit_env, MANY, sizeof(uint32_t));
	UnitRandom	random = 29;
	Patience	patience = {.keys = keys};

	for (uint32_t i = 0; i < MANY; i++)
	{
		keys[i] = random_bits(&random);
		items[i] = i;
	}
	hp_sort_by(unit_env, items, scratch, MANY, patient_before, &patience);
	ok(patience.most <= 140000, "sort_by: %ld comparisons between two ticks",
	   patience.most);
	unit_free_all();
}

int
main(void)
{
	test_key_ladder();
	test_key_random();
	test_sort();
	test_sort_by();
	test_text_compare();
	test_ranks_by_hand();
	test_ranks_by_counting();
	test_ranks_of_sorted();
	test_ticks();
	test_ticks_sort_by();
	return done();
}
