/*
 * fuzz.h
 *		What the fuzz targets share: bytes taken one after the other, checks.
 *
 * A target turns the bytes that libFuzzer makes up into data of its own; when
 * they are used up there are only zeroes, so that each input means something.
 */
#ifndef HPIMP_FUZZ_H
#define HPIMP_FUZZ_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_INLINE		static inline __attribute__((unused))

typedef struct Bytes
{
	const uint8_t *at;
	size_t		left;
} Bytes;

FUZZ_INLINE uint8_t
take(Bytes *bytes)
{
	if (bytes->left == 0)
		return 0;
	bytes->left--;
	return *bytes->at++;
}

/* A number below bound, which is 256 at most. */
FUZZ_INLINE uint32_t
take_below(Bytes *bytes, uint32_t bound)
{
	return take(bytes) % bound;
}

FUZZ_INLINE uint64_t
take_bits(Bytes *bytes)
{
	uint64_t	bits = 0;

	for (int i = 0; i < 8; i++)
		bits = bits << 8 | take(bytes);
	return bits;
}

/* Numbers at which something changes. */
static const double odd_numbers[] __attribute__((unused)) = {
	0, 1, -1, 2, 0.1, 0.5, 3, 10, 100, 1e-3, 1e-300, 5e-324, -5e-324,
	2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
	9007199254740992, 9007199254740994, 4503599627370496.5, 1e22, 1e23, 1e15,
	2147483647, 2147483648, 4294967296, 1.5e9, 1.6e12, 0.30000000000000004,
	1e100, -1e100, 1e154, 1e-154
};

#define N_ODD	(sizeof(odd_numbers) / sizeof(odd_numbers[0]))

/* Any double but NaN and -0; odd ones and small integers are frequent. */
FUZZ_INLINE double
take_double(Bytes *bytes)
{
	uint8_t		how = take(bytes);
	uint64_t	bits;
	double		number;

	if (how < 128)
		return how;
	if (how < 128 + N_ODD)
		return odd_numbers[how - 128];
	bits = take_bits(bytes);
	memcpy(&number, &bits, sizeof(number));
	return isnan(number) ? 0 : number + 0.0;
}

FUZZ_INLINE double
take_finite(Bytes *bytes)
{
	double		number = take_double(bytes);

	return isinf(number) ? 0 : number;
}

/* What must hold, or the input is a finding. */
#define must(good) \
	do { \
		if (!(good)) \
		{ \
			fprintf(stderr, "%s:%d: does not hold: %s\n", \
					__FILE__, __LINE__, #good); \
			abort(); \
		} \
	} while (0)

/* The same bits, NaN being NaN. */
FUZZ_INLINE bool
same_double(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

FUZZ_INLINE bool
same_doubles(const double *a, const double *b, size_t n)
{
	if ((a == NULL) != (b == NULL))
		return false;
	for (size_t i = 0; a != NULL && i < n; i++)
		if (!same_double(a[i], b[i]))
			return false;
	return true;
}

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif							/* HPIMP_FUZZ_H */
