/*
 * test_rng.c
 *		The generator against its authors' reference, and its bounds.
 */
#include "data.h"

#include "core/rng.h"

/* SplitMix64 as Vigna published it (https://prng.di.unimi.it/splitmix64.c). */
static uint64_t
splitmix64(uint64_t *x)
{
	uint64_t	z = (*x += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void
test_splitmix(void)
{
	/* seed 1234567: the vector of rosettacode.org/wiki/.../Splitmix64 */
	static const uint64_t want[] = {
		UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821)
	};
	uint64_t	x = 1234567;

	for (uint32_t i = 0; i < LENGTH(want); i++)
	{
		x += UINT64_C(0x9e3779b97f4a7c15);
		ok(hp_mix64(x) == want[i], "mix64 gives output %u of SplitMix64", i);
	}
}

static void
test_xoshiro(void)
{
	/* state 1, 2, 3, 4: the vector in the tests of Rust's rand_xoshiro, made
	 * by the authors' C code; the first: rotl(2 * 5, 7) * 9 = 1280 * 9 */
	static const uint64_t want[] = {
		11520, 0, 1509978240, UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360), UINT64_C(607988272756665600),
		UINT64_C(16172922978634559625), UINT64_C(8476171486693032832),
		UINT64_C(10595114339597558777), UINT64_C(2904607092377533576)
	};
	HpRng		rng = {{1, 2, 3, 4}};

	for (uint32_t i = 0; i < LENGTH(want); i++)
		ok(hp_rng_next(&rng) == want[i], "output %u of xoshiro256**", i);
}

/* The state must be a stretch of SplitMix64, whatever mix it begins from. */
static void
test_init(void)
{
	for (uint64_t seed = 0; seed < 3; seed++)
	{
		HpRng		rng;
		uint64_t	x = seed;
		uint64_t	start;
		bool		same = true;

		hp_rng_init(&rng, seed, 7);
		start = splitmix64(&x) + 7;
		x = start - 0x9e3779b97f4a7c15;
		x = splitmix64(&x);		/* the mix of seed and stream */
		for (int i = 0; i < 4; i++)
			same = same && rng.s[i] == splitmix64(&x);
		ok(same, "seed %d, stream 7: the state is SplitMix64's", (int) seed);
	}
}

static int
compare_bits(const void *a, const void *b)
{
	uint64_t	x = *(const uint64_t *) a;
	uint64_t	y = *(const uint64_t *) b;

	return x < y ? -1 : x > y;
}

static uint32_t
count_repeats(uint64_t *values, uint32_t n)
{
	uint32_t	repeats = 0;

	qsort(values, n, sizeof(uint64_t), compare_bits);
	for (uint32_t i = 1; i < n; i++)
		repeats += values[i] == values[i - 1];
	return repeats;
}

/*
 * Of 64-bit outputs no two are equal by chance (160,000^2 / 2^65 < 1e-9): a
 * repeat means that two streams are one, or one a shift of the other.
 */
static void
test_streams_apart(void)
{
	enum
	{
		SIDE = 50, DRAWS = 64
	};
	uint64_t   *values = hp_alloc(unit_env, SIDE * SIDE * DRAWS,
								  sizeof(uint64_t));
	uint32_t	n = 0;
	HpRng		rng;

	for (uint64_t seed = 0; seed < SIDE; seed++)
		for (uint64_t stream = 0; stream < SIDE; stream++)
		{
			hp_rng_init(&rng, seed, stream);
			for (int i = 0; i < DRAWS; i++)
				values[n++] = hp_rng_next(&rng);
		}
	is_int(count_repeats(values, n), 0,
		   "50 seeds x 50 streams: no output comes twice");
	/* the streams of the gaps begin at 2^63; seeds may be any 64 bits */
	n = 0;
	for (uint64_t i = 0; i < 100; i++)
	{
		hp_rng_init(&rng, -i, i << 63);
		values[n++] = hp_rng_next(&rng);
		hp_rng_init(&rng, i + 1, (UINT64_C(1) << 63) + i);
		values[n++] = hp_rng_next(&rng);
	}
	is_int(count_repeats(values, n), 0, "far seeds and streams differ");
	unit_free_all();
}

static void
test_same_again(void)
{
	HpRng		a,
				b;
	bool		same = true;

	hp_rng_init(&a, 42, 3);
	hp_rng_init(&b, 42, 3);
	for (int i = 0; i < 1000; i++)
		same = same && hp_rng_next(&a) == hp_rng_next(&b);
	ok(same, "a seed and stream mean one sequence");
}

/* ---- bounded integers ---- */

/*
 * Lemire's method by its definition: of the 2^32 values of u those are
 * rejected whose u * bound mod 2^32 is below 2^32 mod bound.
 */
static uint32_t
below_by_definition(HpRng *rng, uint64_t bound)
{
	for (;;)
	{
		uint64_t	u = hp_rng_next(rng) >> 32;

		if (u * bound % (UINT64_C(1) << 32) >= (UINT64_C(1) << 32) % bound)
			return (uint32_t) (u * bound / (UINT64_C(1) << 32));
	}
}

static void
test_below_exact(void)
{
	static const uint32_t bounds[] = {
		1, 2, 3, 7, 10, 255, 256, 1000, 65537, 0x55555556, 0x80000000,
		0x80000001, 0xc0000000, 0xfffffffe, 0xffffffff
	};

	for (uint32_t b = 0; b < LENGTH(bounds); b++)
	{
		HpRng		rng,
					other;
		bool		same = true;
		bool		inside = true;

		hp_rng_init(&rng, bounds[b], 0);
		other = rng;
		for (int i = 0; i < 2000; i++)
		{
			uint32_t	drawn = hp_rng_below(&rng, bounds[b]);

			same = same && drawn == below_by_definition(&other, bounds[b]);
			inside = inside && drawn < bounds[b];
		}
		ok(same && inside, "below %u: as defined, in range", bounds[b]);
	}
}

/* Chi-square of `draws` draws below bound against all being as likely. */
static double
chi_square(uint32_t bound, uint32_t draws)
{
	uint32_t	count[64] = {0};
	double		expected = (double) draws / bound;
	double		sum = 0;
	HpRng		rng;

	hp_rng_init(&rng, 5, bound);
	for (uint32_t i = 0; i < draws; i++)
		count[hp_rng_below(&rng, bound)]++;
	for (uint32_t v = 0; v < bound; v++)
		sum += (count[v] - expected) * (count[v] - expected) / expected;
	return sum;
}

static void
test_below_uniform(void)
{
	HpRng		rng;
	uint32_t	multiples = 0;

	/* mean df, sd sqrt(2 df): six of these above are one in 1e5 or rarer */
	for (uint32_t bound = 2; bound <= 64; bound *= 2)
	{
		double		df = bound - 2;

		ok(chi_square(bound - (bound > 2), 20000) < 20 + df + 6 * sqrt(2 * df),
		   "below %u: all values as often", bound - (bound > 2));
	}

	/*
	 * Without rejection 3 * 2^30 values would share 2^32: the multiples of
	 * three would come twice as often as the others, half of the time.  sd is
	 * sqrt(1/3 2/3 30000) = 82.
	 */
	hp_rng_init(&rng, 6, 0);
	for (int i = 0; i < 30000; i++)
		multiples += hp_rng_below(&rng, 3u << 30) % 3 == 0;
	ok(abs((int) multiples - 10000) < 5 * 82,
	   "large bounds are fair: a third are multiples of three");
}

/* ---- mixing ---- */

/* Undo x ^= x >> shift. */
static uint64_t
unshift(uint64_t y, int shift)
{
	uint64_t	x = y;

	for (int i = 0; i < 64; i += shift)
		x = y ^ (x >> shift);
	return x;
}

/* The inverse of an odd factor modulo 2^64, by Newton's iteration. */
static uint64_t
inverse(uint64_t odd)
{
	uint64_t	x = odd;

	for (int i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

static void
test_bijection(void)
{
	UnitRandom	random = 99;
	bool		undone = true;

	for (int i = 0; i < 10000; i++)
	{
		uint64_t	x = i < 100 ? (uint64_t) i : random_bits(&random);
		uint64_t	y = unshift(hp_mix64(x), 31);

		y = unshift(y * inverse(UINT64_C(0x94d049bb133111eb)), 27);
		y = unshift(y * inverse(UINT64_C(0xbf58476d1ce4e5b9)), 30);
		undone = undone && y == x;
	}
	ok(undone, "mix64 can be undone: a bijection");
}

int
main(void)
{
	test_splitmix();
	test_xoshiro();
	test_init();
	test_streams_apart();
	test_same_again();
	test_below_exact();
	test_below_uniform();
	test_bijection();
	return done();
}
