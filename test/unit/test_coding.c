/*
 * test_coding.c
 *		Kinds, roles and codes of the values of a parameter.
 */
#include "data.h"

/* What the checks look at: a coding and where it came from. */
typedef struct Coded
{
	HpCoding	coding;
	HpInput		input;
	uint32_t	n;
} Coded;

static uint32_t *
count_runs(const HpInput *input, uint32_t n)
{
	uint32_t   *runs_of = hp_alloc0(unit_env, (size_t) input->n_values + 1,
									sizeof(uint32_t));

	for (uint32_t run = 0; run < n; run++)
		runs_of[hp_input_code(input, run)]++;
	return runs_of;
}

static Coded
code_as(const HpValue *cells, uint32_t n, bool as_category)
{
	Coded		c = {.input = unit_input("x", cells, n), .n = n};

	c.coding = hp_code_values(unit_env, &c.input, count_runs(&c.input, n),
							  as_category);
	return c;
}

static Coded
code_cells(const HpValue *cells, uint32_t n)
{
	return code_as(cells, n, false);
}

#define CODE(...) \
	code_cells((HpValue[]) {__VA_ARGS__}, LENGTH(((HpValue[]) {__VA_ARGS__})))

/* The final code of a run. */
static uint32_t
code_at(const Coded *c, uint32_t run)
{
	return c->coding.code_of[hp_input_code(&c->input, run)];
}

static bool
label_is(const Coded *c, uint32_t code, const char *want)
{
	return text_is(c->coding.labels[code], want);
}

static HpCodeBook
book_of(const HpCoding *coding)
{
	return (HpCodeBook) {
		coding->kind, coding->n_codes, coding->n_words, coding->numbers,
		coding->labels, false
	};
}

static uint32_t
find(const Coded *c, HpValue value)
{
	HpCodeBook	book = book_of(&c->coding);

	return hp_code_of(&book, &value);
}

/* ---- labels in another order than that of their bytes ---- */

static void
test_shuffled(void)
{
	const HpText labels[] = {{"", 0}, {"sgd", 3}, {"adam", 4}, {"rmsprop", 7}};
	HpCodeBook	book = {
		.kind = HP_CATEGORICAL, .n_codes = 4, .labels = labels, .shuffled = true
	};
	HpValue		values[] = {str("sgd"), str("adam"), str("rmsprop"), str("lion")};

	for (uint32_t i = 0; i < 3; i++)
		is_int(hp_code_of(&book, &values[i]), i + 1, "label %u is found", i + 1);
	is_int(hp_code_of(&book, &values[3]), HP_UNKNOWN_CODE, "and no other");
}

/* ---- kinds ---- */

static void
test_numeric(void)
{
	Coded		c = CODE(num(0.5), str("0.1"), num(-3), gap, num(0.1),
						 str(" 0.50 "), str("5e-1"));

	is_int(c.coding.kind, HP_NUMERIC, "numbers and texts of numbers: numeric");
	is_int(c.coding.role, HP_PARAMETER, "a parameter");
	is_int(c.coding.distinct, 3, "0.1 and \"0.1\" are one value");
	is_int(c.coding.n_codes, 4, "three codes and missing");
	is_int(c.coding.runs, 6, "six runs have it");
	is_int(code_at(&c, 2), 1, "-3 comes first");
	ok(code_at(&c, 1) == 2 && code_at(&c, 4) == 2, "then 0.1, both");
	ok(code_at(&c, 0) == 3 && code_at(&c, 5) == 3 && code_at(&c, 6) == 3,
	   "then 0.5, as number and twice as text");
	is_int(code_at(&c, 3), 0, "a gap is 0");
	ok(isnan(c.coding.numbers[0]) && c.coding.numbers[1] == -3 &&
	   c.coding.numbers[2] == 0.1 && c.coding.numbers[3] == 0.5,
	   "the numbers of the codes");
	ok(!c.coding.binned && !c.coding.pooled && c.coding.n_words == 0,
	   "nothing binned, pooled, no words");
}

static void
test_not_finite(void)
{
	Coded		c = CODE(num(1), str("nan"), str("inf"), num(INFINITY),
						 num(2), str("1e999"), str("-Infinity"));

	is_int(c.coding.kind, HP_NUMERIC, "numbers and nan and inf: numeric");
	is_int(c.coding.runs, 2, "what is not finite is missing");
	is_int(c.coding.distinct, 2, "and no value");
	for (uint32_t run = 1; run < 7; run += run == 3 ? 2 : 1)
		is_int(code_at(&c, run), 0, "run %u is a gap", run);
	c = CODE(str("nan"), str("NaN"), gap);
	is_int(c.coding.role, HP_CONSTANT, "nothing but nan: constant");
	is_int(c.coding.runs, 0, "that no run has");
	is_int(c.coding.n_codes, 1, "with no code but missing");
}

static void
test_zeros_and_large(void)
{
	Coded		c = CODE(num(0.0), num(-0.0), str("-0"), num(1));

	is_int(c.coding.distinct, 2, "0, -0 and \"-0\" are one value");
	ok(code_at(&c, 0) == 1 && code_at(&c, 1) == 1 && code_at(&c, 2) == 1,
	   "with one code");
	/* 2^53 + 1 has no double: it reads as 2^53 */
	c = CODE(str("9007199254740992"), str("9007199254740993"),
			 str("9007199254740994"), num(-1e308), num(1e308), num(5e-324));
	is_int(c.coding.distinct, 5, "beyond 2^53 neighbours are one value");
	ok(code_at(&c, 0) == code_at(&c, 1) && code_at(&c, 2) == code_at(&c, 1) + 1,
	   "and the next double is the next code");
	ok(code_at(&c, 3) == 1 && code_at(&c, 5) == 2 && code_at(&c, 4) == 5,
	   "-1e308, 5e-324, ..., 1e308 in order");
}

static void
test_boolean(void)
{
	Coded		c = CODE(truth(true), str("False"), str("TRUE"), gap,
						 truth(false));

	is_int(c.coding.kind, HP_BOOLEAN, "booleans and their texts: boolean");
	is_int(c.coding.n_codes, 3, "false, true, missing");
	is_int(c.coding.distinct, 2, "two values");
	ok(code_at(&c, 0) == 2 && code_at(&c, 2) == 2, "true is 2");
	ok(code_at(&c, 1) == 1 && code_at(&c, 4) == 1, "false is 1");
	is_int(code_at(&c, 3), 0, "missing is 0");
	ok(c.coding.numbers[1] == 0 && c.coding.numbers[2] == 1 &&
	   isnan(c.coding.numbers[0]), "they count as 0 and 1");
	ok(label_is(&c, 1, "false") && label_is(&c, 2, "true"), "labels");
	is_int(CODE(truth(true), truth(true)).coding.role, HP_CONSTANT,
		   "always true: constant");
	c = CODE(truth(true), gap);
	is_int(c.coding.role, HP_PARAMETER, "true or missing: a parameter");
	is_int(c.coding.distinct, 1, "of one value");
}

/* "nan" among numbers is a gap; among booleans it cannot be true. */
static void
test_boolean_not_finite(void)
{
	Coded		c = CODE(truth(true), truth(false), str("nan"), str("-inf"));

	is_int(c.coding.kind, HP_BOOLEAN, "booleans and nan: boolean");
	is_int(code_at(&c, 2), 0, "nan among booleans is missing, not true");
	is_int(code_at(&c, 3), 0, "so is -inf");
	is_int(c.coding.runs, 2, "two runs have a value");
	is_int(find(&c, str("nan")), 0, "nan looked up is missing too");
	c = CODE(truth(false), str("nan"));
	is_int(c.coding.distinct, 1, "false and nan: one value");
}

static void
test_categorical(void)
{
	Coded		c = CODE(str("sgd"), str("adam"), gap, str("Adam"), str(""),
						 json("[1, 2]"), str("adam"), json("{}"));

	is_int(c.coding.kind, HP_CATEGORICAL, "words: categorical");
	is_int(c.coding.distinct, 6, "six levels");
	ok(label_is(&c, 1, "") && label_is(&c, 2, "Adam") &&
	   label_is(&c, 3, "[1, 2]") && label_is(&c, 4, "adam") &&
	   label_is(&c, 5, "sgd") && label_is(&c, 6, "{}"),
	   "levels by bytes: \"\" Adam [1, 2] adam sgd {}");
	ok(code_at(&c, 0) == 5 && code_at(&c, 1) == 4 && code_at(&c, 2) == 0 &&
	   code_at(&c, 3) == 2 && code_at(&c, 4) == 1 && code_at(&c, 5) == 3 &&
	   code_at(&c, 6) == 4 && code_at(&c, 7) == 6, "runs have their codes");
	ok(c.coding.numbers == NULL, "levels are no numbers");
	c = CODE(str("None"), str("true"), str("nan"), num(0.1), str("0.1"));
	is_int(c.coding.kind, HP_CATEGORICAL, "words and little else: categorical");
	is_int(code_at(&c, 3), code_at(&c, 4), "0.1 and \"0.1\" are one level");
	is_int(c.coding.distinct, 4, "of four");
	ok(label_is(&c, code_at(&c, 2), "nan"), "nan is a word among words");
}

/* ---- numbers and words mixed ---- */

/* n different numbers and w words, each in a run. */
static Coded
code_mixed(uint32_t n, uint32_t w)
{
	HpValue    *cells = hp_alloc(unit_env, n + w, sizeof(HpValue));

	for (uint32_t i = 0; i < n; i++)
		cells[i] = num(1000.0 - i);
	for (uint32_t i = 0; i < w; i++)
		cells[n + i] = str_numbered("w", i);
	return code_cells(cells, n + w);
}

static void
test_mixed(void)
{
	Coded		c = code_mixed(19, 1);

	is_int(c.coding.kind, HP_CATEGORICAL, "19 numbers, a word: categorical");
	c = code_mixed(20, 1);
	is_int(c.coding.kind, HP_NUMERIC, "20 numbers, a word: numeric");
	is_int(c.coding.n_words, 1, "one word");
	is_int(code_at(&c, 20), 1, "the word comes before the numbers");
	ok(label_is(&c, 1, "w0") && isnan(c.coding.numbers[1]), "it is no number");
	ok(code_at(&c, 19) == 2 && c.coding.numbers[2] == 981, "then the smallest");
	ok(code_at(&c, 0) == 21 && c.coding.numbers[21] == 1000, "to the largest");
	is_int(c.coding.distinct, 21, "21 values");
	is_int(c.coding.n_codes, 22, "22 codes");
	is_int(c.coding.role, HP_PARAMETER, "numbers are never identifiers");
	is_int(code_mixed(100, 101).coding.kind, HP_CATEGORICAL,
		   "fewer numbers than words: categorical");
	is_int(code_mixed(102, 101).coding.kind, HP_NUMERIC,
		   "more numbers than words: numeric");
	c = CODE(truth(true), num(0), num(1));
	is_int(c.coding.kind, HP_CATEGORICAL, "a boolean among numbers is a word");
	ok(label_is(&c, 3, "true") && label_is(&c, 1, "0"), "levels 0, 1, true");
	unit_free_all();
}

/* So many words among numbers have codes of their own; more make a category. */
static void
test_most_words(void)
{
	Coded		c = code_mixed(3000, HP_MAX_WORDS);

	is_int(c.coding.kind, HP_NUMERIC, "HP_MAX_WORDS words: numeric");
	ok(c.coding.n_words == HP_MAX_WORDS && code_at(&c, 2999) == HP_MAX_WORDS + 1,
	   "numbers begin behind them");
	is_int(code_mixed(3000, HP_MAX_WORDS + 1).coding.kind, HP_CATEGORICAL,
		   "one more: categorical");
	unit_free_all();
}

/* The one value of a constant is kept as text. */
static void
test_only(void)
{
	Coded		c = CODE(num(0.25), str("0.250"));

	ok(text_is(c.coding.only, "0.25"), "a number twice: 0.25");
	c = CODE(str(" 2 "), str("2e0"), num(2), str("2.0"));
	ok(text_is(c.coding.only, "2"), "of several ways to write it the shortest");
	c = CODE(str("2e0"), str("2.0"), str(" 2 "));
	ok(text_is(c.coding.only, " 2 "), "of those as short the first by bytes");
	c = CODE(str("2.0"), str(" 2 "), str("2e0"));
	ok(text_is(c.coding.only, " 2 "), "whichever comes first");
	c = CODE(str("adam"), str("adam"));
	ok(text_is(c.coding.only, "adam"), "a word");
	c = CODE(truth(false), str("FALSE"));
	ok(text_is(c.coding.only, "false"), "a boolean");
	is_int(CODE(num(1), num(2)).coding.only.length, 0, "of two values none is it");
	is_int(CODE(gap).coding.only.length, 0, "nor is a gap");
}

/* ---- roles ---- */

/* n runs, the first `same` of which share a value. */
static HpRole
role_of_names(uint32_t n, uint32_t same, bool as_category)
{
	HpValue    *cells = hp_alloc(unit_env, n, sizeof(HpValue));

	for (uint32_t i = 0; i < n; i++)
		cells[i] = str_numbered("run", i < same ? 0 : i);
	return code_as(cells, n, as_category).coding.role;
}

static void
test_roles(void)
{
	is_int(CODE(num(1), str("1"), num(1.0)).coding.role, HP_CONSTANT,
		   "1 and \"1\": constant");
	is_int(CODE(num(1), gap).coding.role, HP_PARAMETER,
		   "1 or missing is no constant");
	is_int(CODE(gap, gap).coding.role, HP_CONSTANT, "never there: constant");
	is_int(code_cells(NULL, 0).coding.role, HP_CONSTANT, "no runs: constant");
	is_int(role_of_names(9, 1, false), HP_PARAMETER, "9 names of 9 runs");
	is_int(role_of_names(10, 1, false), HP_IDENTIFIER, "10 names of 10 runs");
	is_int(role_of_names(10, 2, false), HP_IDENTIFIER, "9 names of 10 runs");
	is_int(role_of_names(10, 3, false), HP_PARAMETER, "8 names of 10 runs");
	is_int(role_of_names(100, 1, true), HP_PARAMETER,
		   "names declared a category");
	unit_free_all();
}

static void
test_as_category(void)
{
	HpValue		cells[] = {num(10), num(2), str("10"), gap, truth(true), num(0.1)};
	Coded		c = code_as(cells, 6, true);

	is_int(c.coding.kind, HP_CATEGORICAL, "numbers as levels");
	is_int(c.coding.distinct, 4, "four of them");
	ok(label_is(&c, 1, "0.1") && label_is(&c, 2, "10") &&
	   label_is(&c, 3, "2") && label_is(&c, 4, "true"), "ordered by text");
	ok(code_at(&c, 0) == 2 && code_at(&c, 2) == 2, "10 and \"10\" are one");
}

/* Values of the dictionary that no run has must leave no trace. */
static void
test_unused_values(void)
{
	HpValue		values[] = {str("word"), num(3), num(7), str("other")};
	uint8_t		codes[] = {2, 3, 2};
	HpInput		input = {
		.name = "x", .name_length = 1, .n_values = 4, .values = values,
		.codes = codes, .n_codes = 3, .code_width = 1
	};
	HpCoding	coding = hp_code_values(unit_env, &input,
										count_runs(&input, 3), false);

	is_int(coding.kind, HP_NUMERIC, "words that no run has do not count");
	is_int(coding.distinct, 2, "two numbers in use");
	ok(coding.code_of[1] == 0 && coding.code_of[4] == 0, "unused: no code");
}

/* ---- more values than codes ---- */

static Coded
code_range(uint32_t n)
{
	HpValue    *cells = hp_alloc(unit_env, n, sizeof(HpValue));

	for (uint32_t i = 0; i < n; i++)
		cells[i] = num(n - i);
	return code_cells(cells, n);
}

/* Codes must ascend with the numbers, each standing for the mean of its own. */
static bool
codes_ascend(const Coded *c, uint32_t most_runs)
{
	double	   *sum = hp_alloc0(unit_env, HP_MAX_CODES, sizeof(double));
	uint32_t   *count = hp_alloc0(unit_env, HP_MAX_CODES, sizeof(uint32_t));
	uint32_t	last = UINT32_MAX;

	for (uint32_t run = 0; run < c->n; run++)	/* numbers descend */
	{
		uint32_t	code = code_at(c, run);

		if (code < 1 || code >= c->coding.n_codes || code > last)
			return false;
		last = code;
		sum[code] += c->n - run;
		count[code]++;
	}
	for (uint32_t code = 1; code < c->coding.n_codes; code++)
		if (count[code] < 1 || count[code] > most_runs ||
			fabs(c->coding.numbers[code] - sum[code] / count[code]) > 1e-9)
			return false;
	return true;
}

static void
test_binning(void)
{
	static const uint32_t sizes[] = {65535, 65536, 70000, 200000};

	for (uint32_t s = 0; s < LENGTH(sizes); s++)
	{
		uint32_t	n = sizes[s];
		Coded		c = code_range(n);

		is_int(c.coding.binned, n > 65535, "%u numbers: binned?", n);
		is_int(c.coding.distinct, n, "%u distinct", n);
		is_int(c.coding.n_codes, 65536, "all codes are in use");
		ok(codes_ascend(&c, (n + 65534) / 65535),
		   "codes ascend, shares are equal, numbers are means");
		unit_free_all();
	}
}

/* A value of many runs has a code of its own; the others fare no worse. */
static void
test_binning_heavy(void)
{
	enum
	{
		N = 70000, HEAVY = 30000
	};
	HpValue    *cells = hp_alloc(unit_env, N + HEAVY, sizeof(HpValue));
	Coded		c;
	uint32_t	alone;
	bool		shared = false;

	for (uint32_t i = 0; i < N; i++)
		cells[i] = num(i);
	for (uint32_t i = 0; i < HEAVY; i++)
		cells[N + i] = num(20000);
	c = code_cells(cells, N + HEAVY);
	alone = code_at(&c, 20000);
	for (uint32_t i = 20001; i < N; i++)
		shared = shared || code_at(&c, i) == alone;
	ok(!shared, "nothing joins a value that has filled its bin");
	ok(c.coding.n_codes > 60000, "codes are not wasted");
	ok(code_at(&c, N - 1) == c.coding.n_codes - 1, "the largest comes last");
	unit_free_all();
}

/* Spellings of one number share its code, binned or not. */
static void
test_binning_spellings(void)
{
	enum
	{
		N = 70000
	};
	HpValue    *cells = hp_alloc(unit_env, 2 * N, sizeof(HpValue));
	Coded		c;
	bool		same = true;

	for (uint32_t i = 0; i < N; i++)
	{
		cells[i] = num(i);
		cells[2 * N - 1 - i] = str_numbered("", i);
	}
	c = code_cells(cells, 2 * N);
	for (uint32_t i = 0; i < N; i++)
		same = same && code_at(&c, i) == code_at(&c, 2 * N - 1 - i);
	ok(c.coding.binned && c.coding.distinct == N, "70,000 numbers, each twice");
	ok(same, "a number and its text share a bin");
	unit_free_all();
}

static void
test_binning_far(void)
{
	enum
	{
		N = 70000
	};
	HpValue    *cells = hp_alloc(unit_env, N, sizeof(HpValue));
	Coded		c;
	bool		finite = true;

	/* 65,535 codes for 70,000: the two smallest share the first */
	cells[0] = num(-1.7e308);
	for (uint32_t i = 1; i < N; i++)
		cells[i] = num(1.7e308 * (1 - i * 1e-9));
	c = code_cells(cells, N);
	is_int(code_at(&c, N - 1), code_at(&c, 0), "a bin from -1.7e308 to 1.7e308");
	for (uint32_t code = 1; code < c.coding.n_codes; code++)
		finite = finite && isfinite(c.coding.numbers[code]);
	ok(finite, "the mean of a bin does not overflow");
	unit_free_all();
}

static void
test_pooling(void)
{
	enum
	{
		N = 65537, OFTEN = 100
	};
	HpValue    *cells = hp_alloc(unit_env, N + OFTEN, sizeof(HpValue));
	Coded		c;
	uint32_t	others = 0;
	bool		kept = true;

	for (uint32_t i = 0; i < N; i++)
		cells[i] = str_numbered("", 100000 + i);
	for (uint32_t i = 0; i < OFTEN; i++)	/* the last ones come twice */
		cells[N + i] = cells[N - 1 - i];
	c = code_as(cells, N + OFTEN, true);
	ok(c.coding.pooled, "65,537 levels are pooled");
	is_int(c.coding.distinct, N, "all are counted");
	is_int(c.coding.n_codes, HP_MAX_CODES, "codes to the last");
	ok(label_is(&c, HP_MAX_CODES - 1, "(other)"), "which is the others'");
	/* 65,534 have codes of their own: three of 65,537 do not */
	for (uint32_t run = 0; run < N; run++)
	{
		uint32_t	code = code_at(&c, run);

		others += code == HP_MAX_CODES - 1;
		if (code != HP_MAX_CODES - 1)
			kept = kept && c.coding.labels[code].length == 6 &&
				memcmp(c.coding.labels[code].bytes, cells[run].text, 6) == 0;
	}
	is_int(others, 3, "three levels share it");
	ok(code_at(&c, N - 1) == HP_MAX_CODES - 2, "frequent ones do not");
	ok(kept, "the others keep their labels");
	is_int(find(&c, cells[0]), 1, "the first is found");
	is_int(find(&c, cells[N - 1]), HP_MAX_CODES - 2, "so is the last");
	c = code_as(cells, 65535, true);
	ok(!c.coding.pooled && c.coding.n_codes == HP_MAX_CODES,
	   "65,535 levels are not pooled");
	unit_free_all();
}

/* Words have codes of their own; so many leave the numbers none. */
static void
test_many_words(void)
{
	Coded		c = code_mixed(80000, 70000);
	bool		fits = true;
	uint32_t	numbers = 0;

	for (uint32_t run = 0; run < c.n; run++)
		fits = fits && code_at(&c, run) > 0 && code_at(&c, run) < HP_MAX_CODES;
	ok(fits && c.coding.n_codes <= HP_MAX_CODES,
	   "70,000 words and 80,000 numbers: codes fit 16 bits");
	if (fits && c.coding.kind == HP_NUMERIC)
		for (uint32_t code = 0; code < c.coding.n_codes; code++)
			numbers += isfinite(c.coding.numbers[code]);
	ok(fits && (c.coding.kind != HP_NUMERIC || numbers > 1),
	   "and the numbers still differ");
	unit_free_all();
}

/* ---- looking up ---- */

static void
test_find_numbers(void)
{
	Coded		c = CODE(num(1), num(2), num(4), num(8));

	is_int(find(&c, num(1)), 1, "1 is found");
	is_int(find(&c, str("4.0")), 3, "\"4.0\" is found");
	is_int(find(&c, num(2.9)), 2, "2.9 is nearest to 2");
	is_int(find(&c, num(3.1)), 3, "3.1 to 4");
	is_int(find(&c, num(3)), 2, "of two as near the smaller");
	is_int(find(&c, num(-1e308)), 1, "far below: the smallest");
	is_int(find(&c, num(1e308)), 4, "far above: the largest");
	is_int(find(&c, num(INFINITY)), 0, "Infinity is missing");
	is_int(find(&c, str("nan")), 0, "so is nan");
	is_int(find(&c, str("big")), HP_UNKNOWN_CODE, "a word is unknown");
	is_int(find(&c, truth(true)), HP_UNKNOWN_CODE, "so is a boolean");
	c = code_mixed(30, 2);
	is_int(find(&c, str("w1")), 2, "a word among numbers is found");
	is_int(find(&c, str("w")), HP_UNKNOWN_CODE, "its beginning is not");
	is_int(find(&c, num(-5)), 3, "numbers begin behind the words");
	is_int(find(&c, num(2000)), 32, "and go to the last code");
	/* halves: the mean of these must not overflow */
	c = CODE(num(-1.7e308), num(1.6e308), num(1.7e308));
	is_int(find(&c, num(1.64e308)), 2, "1.64e308 is nearest to 1.6e308");
}

static void
test_find_others(void)
{
	Coded		c = CODE(str("b"), str("d"), str("bb"), num(0.1), json("[]"));

	for (uint32_t run = 0; run < 5; run++)
		is_int(find(&c, c.input.values[run]), code_at(&c, run),
			   "level %u is found", run);
	is_int(find(&c, str("0.1")), code_at(&c, 3), "\"0.1\" is the level of 0.1");
	is_int(find(&c, str("a")), HP_UNKNOWN_CODE, "before all: unknown");
	is_int(find(&c, str("c")), HP_UNKNOWN_CODE, "between: unknown");
	is_int(find(&c, str("z")), HP_UNKNOWN_CODE, "behind all: unknown");
	is_int(find(&c, str("")), HP_UNKNOWN_CODE, "no text: unknown");
	c = CODE(truth(true), truth(false));
	is_int(find(&c, str("FALSE")), 1, "FALSE is false");
	is_int(find(&c, truth(true)), 2, "true is true");
	is_int(find(&c, str("nan")), 0, "nan is missing");
	is_int(find(&c, str("maybe")), HP_UNKNOWN_CODE, "maybe is unknown");
	is_int(find(&c, num(0)), 1, "0 is false");
	is_int(find(&c, str("1")), 2, "\"1\" is true");
	is_int(find(&c, num(2)), HP_UNKNOWN_CODE, "2 is neither");
	c = code_cells(NULL, 0);
	is_int(find(&c, num(1)), 0, "a parameter without values knows none");
}

/* Every value in use is found under the code it was given. */
static void
test_find_all(void)
{
	Coded		kinds[] = {
		CODE(num(0.3), str("0.1"), num(5), str("1e3"), num(-2)),
		CODE(truth(true), str("false")),
		CODE(str("x"), num(2), str("yy"), truth(false), json("[3]")),
		code_mixed(40, 5)
	};

	for (uint32_t k = 0; k < LENGTH(kinds); k++)
	{
		bool		found = true;

		for (uint32_t v = 0; v < kinds[k].input.n_values; v++)
			found = found && find(&kinds[k], kinds[k].input.values[v]) ==
				kinds[k].coding.code_of[v + 1];
		ok(found, "kind %u: all values are found again", k);
	}
	unit_free_all();
}

/* ---- attention ---- */

/* Counts how many texts were written (each allocates) since the last tick. */
typedef struct Patience
{
	long		allocs;
	long		most;
} Patience;

static void *
patient_alloc(void *arg, size_t size)
{
	Patience   *p = arg;

	if (++p->allocs > p->most)
		p->most = p->allocs;
	return unit_alloc(NULL, size);
}

static void
patient_tick(void *arg)
{
	((Patience *) arg)->allocs = 0;
}

/* Writing a number takes up to a microsecond: 10,000 of them some 10 ms. */
static void
test_ticks(void)
{
	enum
	{
		N = 40000
	};
	HpValue    *cells = hp_alloc(unit_env, N, sizeof(HpValue));
	Patience	patience = {0, 0};
	HpEnv		env = {patient_alloc, patient_tick, &patience};
	HpInput		input;

	for (uint32_t i = 0; i < N; i++)
		cells[i] = num(i / 7.0);
	input = unit_input("x", cells, N);
	hp_code_values(&env, &input, count_runs(&input, N), true);
	ok(patience.most <= 10000, "numbers as levels: %ld written between two ticks",
	   patience.most);
	unit_free_all();
}

int
main(void)
{
	test_shuffled();
	test_numeric();
	test_not_finite();
	test_zeros_and_large();
	test_boolean();
	test_boolean_not_finite();
	test_categorical();
	test_mixed();
	test_most_words();
	test_only();
	test_roles();
	test_as_category();
	test_unused_values();
	test_binning();
	test_binning_heavy();
	test_binning_spellings();
	test_binning_far();
	test_pooling();
	test_many_words();
	test_find_numbers();
	test_find_others();
	test_find_all();
	test_ticks();
	return done();
}
