/*
 * test_text.c
 *		What texts read as, and how numbers are written.
 */
#include "data.h"

#include "core/text.h"

/*
 * Read from a block of exactly the text's size, without a NUL behind it: the
 * address sanitizer sees a step beyond.
 */
static HpReading
read_exactly(const char *text, uint32_t length, double *number)
{
	char	   *bytes = hp_alloc(unit_env, length, 1);

	memcpy(bytes, text, length);
	*number = 12345;
	return hp_read_text((HpText) {bytes, length}, number);
}

typedef struct Reads
{
	const char *text;
	HpReading	reads;
	double		number;
} Reads;

static void
check_readings(const Reads *table, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
	{
		double		number;
		HpReading	reads = read_exactly(table[i].text,
										 (uint32_t) strlen(table[i].text),
										 &number);

		is_int(reads, table[i].reads, "what \"%s\" reads as", table[i].text);
		if (table[i].reads != HP_READS_WORD)
			is_double(number, table[i].number, 0, "the number of \"%s\"",
					  table[i].text);
	}
}

static void
test_numbers(void)
{
	static const Reads table[] = {
		{"0", HP_READS_NUMBER, 0},
		{"0.001", HP_READS_NUMBER, 0.001},
		{"16", HP_READS_NUMBER, 16},
		{"-1.5", HP_READS_NUMBER, -1.5},
		{"1e5", HP_READS_NUMBER, 100000},
		{"1E+5", HP_READS_NUMBER, 100000},
		{"25e-1", HP_READS_NUMBER, 2.5},
		{"0e0", HP_READS_NUMBER, 0},
		{"  3 ", HP_READS_NUMBER, 3},
		/* halfway between 2^53 and 2^53 + 2: to even */
		{"9007199254740993", HP_READS_NUMBER, 9007199254740992.0},
		{"9007199254740995", HP_READS_NUMBER, 9007199254740996.0},
		{"1.7976931348623157e308", HP_READS_NUMBER, 1.7976931348623157e308},
		{"4.9e-324", HP_READS_NUMBER, 5e-324},
		{"1e-400", HP_READS_NUMBER, 0},
	};
	double		number;

	check_readings(table, LENGTH(table));
	is_int(read_exactly("\t3\n\r\v\f", 6, &number), HP_READS_NUMBER,
		   "white space of any kind is ignored");
	read_exactly("-0", 2, &number);
	ok(number == 0 && !signbit(number), "\"-0\" is 0");
	read_exactly("-0.0e-7", 7, &number);
	ok(number == 0 && !signbit(number), "\"-0.0e-7\" is 0");
}

static void
test_not_finite(void)
{
	static const Reads table[] = {
		{"nan", HP_READS_NOT_FINITE, NAN},
		{"NaN", HP_READS_NOT_FINITE, NAN},
		{"-NAN", HP_READS_NOT_FINITE, NAN},
		{"inf", HP_READS_NOT_FINITE, INFINITY},
		{"+Inf", HP_READS_NOT_FINITE, INFINITY},
		{"-inf", HP_READS_NOT_FINITE, -INFINITY},
		{" Infinity ", HP_READS_NOT_FINITE, INFINITY},
		{"-INFINITY", HP_READS_NOT_FINITE, -INFINITY},
		{"1e309", HP_READS_NOT_FINITE, INFINITY},
		{"-1e400", HP_READS_NOT_FINITE, -INFINITY},
	};

	check_readings(table, LENGTH(table));
}

static void
test_booleans_and_words(void)
{
	static const Reads table[] = {
		{"true", HP_READS_BOOLEAN, 1},
		{"True", HP_READS_BOOLEAN, 1},
		{" FALSE ", HP_READS_BOOLEAN, 0},
		{"", HP_READS_WORD, 0}, {"  ", HP_READS_WORD, 0},
		{"adam", HP_READS_WORD, 0}, {"None", HP_READS_WORD, 0},
		{"tru", HP_READS_WORD, 0}, {"truee", HP_READS_WORD, 0},
		{"yes", HP_READS_WORD, 0}, {"007", HP_READS_WORD, 0},
		{"00", HP_READS_WORD, 0}, {"-01", HP_READS_WORD, 0},
		{"+1", HP_READS_WORD, 0}, {"1.", HP_READS_WORD, 0},
		{".5", HP_READS_WORD, 0}, {"-", HP_READS_WORD, 0},
		{"+", HP_READS_WORD, 0}, {"--1", HP_READS_WORD, 0},
		{"1e", HP_READS_WORD, 0}, {"1e+", HP_READS_WORD, 0},
		{"1e1.5", HP_READS_WORD, 0}, {"1 2", HP_READS_WORD, 0},
		{"1,5", HP_READS_WORD, 0}, {"1_000", HP_READS_WORD, 0},
		{"0x10", HP_READS_WORD, 0}, {"1e5f", HP_READS_WORD, 0},
		{"nano", HP_READS_WORD, 0}, {"infinite", HP_READS_WORD, 0},
		{"+-inf", HP_READS_WORD, 0}, {"- 1", HP_READS_WORD, 0},
		{"\xc2\xa0" "1", HP_READS_WORD, 0},	/* a no-break space */
	};
	double		number;

	check_readings(table, LENGTH(table));
	is_int(read_exactly("1\0", 2, &number), HP_READS_WORD, "a NUL is no digit");
	is_int(hp_read_text((HpText) {NULL, 0}, &number), HP_READS_WORD,
		   "no bytes at all are a word");
}

static void
test_long(void)
{
	char		digits[1102];
	double		number;

	memset(digits, '1', sizeof(digits));
	digits[1] = '.';
	is_int(read_exactly(digits, 1100, &number), HP_READS_NUMBER,
		   "1,100 characters are a number");
	is_double(number, 10.0 / 9.0, 1e-15, "1.111... is 10/9");
	is_int(read_exactly(digits, 1101, &number), HP_READS_WORD,
		   "1,101 characters are a word");
	unit_free_all();
}

/* ---- writing ---- */

static void
check_written(double number, const char *want)
{
	char		text[HP_NUMBER_TEXT_SIZE];
	uint32_t	length = hp_write_number(number, text);

	is_text(text, want, "%s is written so", want);
	is_int(length, (int64_t) strlen(want), "the length of %s", want);
}

static void
test_write(void)
{
	check_written(0, "0");
	check_written(1, "1");
	check_written(-16, "-16");
	check_written(0.1, "0.1");
	check_written(0.001, "0.001");
	check_written(100000, "100000");
	check_written(1e22, "1e+22");
	check_written(1e-7, "1e-07");
	/* neither has a text of fewer digits that reads back */
	check_written(0.1 + 0.2, "0.30000000000000004");
	check_written(1.0 / 3, "0.3333333333333333");
	check_written(9007199254740993.0, "9007199254740992");
	check_written(-1.7976931348623157e308, "-1.7976931348623157e+308");
	check_written(INFINITY, "Infinity");
	check_written(-INFINITY, "-Infinity");
	check_written(NAN, "NaN");
}

/* Significant digits of a decimal text. */
static int
count_digits(const char *text)
{
	int			digits = 0;
	int			zeros = 0;		/* that count only if another digit follows */

	for (; *text != '\0' && *text != 'e'; text++)
	{
		if (*text == '0')
			zeros += digits > 0;
		else if (*text >= '1' && *text <= '9')
		{
			digits += zeros + 1;
			zeros = 0;
		}
	}
	return digits;
}

/* The fewest significant digits that read back, by trying all. */
static int
fewest_digits(double number)
{
	for (int digits = 1;; digits++)
	{
		char		text[64];

		snprintf(text, sizeof(text), "%.*e", digits - 1, number);
		if (strtod(text, NULL) == number)
			return count_digits(text);
	}
}

static void
test_write_random(void)
{
	UnitRandom	random = 23;
	bool		reads_back = true;
	bool		shortest = true;

	for (int i = 0; i < 20000; i++)
	{
		uint64_t	bits = random_bits(&random);
		char		text[HP_NUMBER_TEXT_SIZE];
		uint32_t	length;
		double		x;

		memcpy(&x, &bits, sizeof(x));
		if (i % 4 == 0)
			x = (int) (bits % 2000000 - 1000000) / 1000.0;	/* as people write */
		if (!isfinite(x))
			continue;
		length = hp_write_number(x, text);
		reads_back = reads_back && strtod(text, NULL) == x &&
			length == strlen(text);
		shortest = shortest && count_digits(text) == fewest_digits(x);
	}
	ok(reads_back, "random doubles read back");
	ok(shortest, "random doubles are written in the fewest digits");
	for (uint64_t bits = 1; bits < 100; bits++)
	{
		char		text[HP_NUMBER_TEXT_SIZE];
		double		x;

		memcpy(&x, &bits, sizeof(x));
		hp_write_number(x, text);
		reads_back = reads_back && strtod(text, NULL) == x;
	}
	ok(reads_back, "so do subnormal ones");
	check_written(5e-324, "5e-324");
}

int
main(void)
{
	test_numbers();
	test_not_finite();
	test_booleans_and_words();
	test_long();
	test_write();
	test_write_random();
	return done();
}
