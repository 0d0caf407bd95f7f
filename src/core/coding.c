/*
 * coding.c
 *		From the distinct values of a parameter to its kind and its codes.
 *
 * Users write numbers as numbers, as texts, and as both in one sweep; the
 * kind is decided over all values of a parameter, so that one run more can
 * change it but the order of the runs cannot.  Values that come to the same
 * (0.1, "0.1", 1.0 and "1") share a code.
 */
#include <math.h>
#include <string.h>

#include "coding.h"
#include "order.h"

/* A distinct value as it reads. */
typedef struct Reading
{
	HpReading	reads;
	double		number;			/* NUMBER, NOT_FINITE, BOOLEAN */
} Reading;

/* How many of the distinct values in use read as what. */
typedef struct Tally
{
	uint32_t	words;
	uint32_t	numbers;
	uint32_t	not_finite;
	uint32_t	booleans;
} Tally;

/* What the steps of one hp_code_values() share. */
typedef struct Coder
{
	const HpEnv *env;
	const HpInput *input;
	const uint32_t *runs_of;
	Reading    *readings;		/* by value index */
	uint32_t   *used;			/* indexes of the values in use */
	uint32_t	n_used;
	HpText	   *texts;			/* by value index, of words and levels */
	Tally		tally;
} Coder;

HpReading
hp_read_value(const HpValue *value, double *number)
{
	switch (value->tag)
	{
		case HP_TAG_NUMBER:
			*number = value->number;
			return isfinite(*number) ? HP_READS_NUMBER : HP_READS_NOT_FINITE;
		case HP_TAG_BOOLEAN:
			*number = value->number;
			return HP_READS_BOOLEAN;
		case HP_TAG_STRING:
			return hp_read_text((HpText) {value->text, value->length}, number);
		case HP_TAG_JSON:
			break;
	}
	return HP_READS_WORD;
}

static Reading
read_value(const HpValue *value)
{
	Reading		r = {HP_READS_WORD, 0};

	r.reads = hp_read_value(value, &r.number);
	return r;
}

/* A value as a level: its text, that of a number the shortest. */
static HpText
text_of(const HpEnv *env, const HpValue *value)
{
	if (value->tag == HP_TAG_NUMBER)
	{
		char	   *text = hp_alloc(env, HP_NUMBER_TEXT_SIZE, 1);

		return (HpText) {text, hp_write_number(value->number, text)};
	}
	if (value->tag == HP_TAG_BOOLEAN)
		return value->number != 0 ? (HpText) {"true", 4} : (HpText) {"false", 5};
	return (HpText) {value->text, value->length};
}

static void
read_values(Coder *coder)
{
	const HpInput *input = coder->input;

	coder->readings = hp_alloc(coder->env, input->n_values, sizeof(Reading));
	coder->used = hp_alloc(coder->env, input->n_values, sizeof(uint32_t));
	for (uint32_t v = 0; v < input->n_values; v++)
	{
		if (v % 4096 == 0)
			hp_tick(coder->env);
		if (coder->runs_of[v + 1] == 0)
			continue;
		coder->used[coder->n_used++] = v;
		coder->readings[v] = read_value(&input->values[v]);
		switch (coder->readings[v].reads)
		{
			case HP_READS_WORD:
				coder->tally.words++;
				break;
			case HP_READS_NUMBER:
				coder->tally.numbers++;
				break;
			case HP_READS_NOT_FINITE:
				coder->tally.not_finite++;
				break;
			case HP_READS_BOOLEAN:
				coder->tally.booleans++;
				break;
		}
	}
}

static HpKind
decide_kind(const Tally *t)
{
	uint32_t	words = t->words + t->booleans;

	if (words == 0)
		return HP_NUMERIC;
	if (t->words == 0 && t->numbers == 0)
		return HP_BOOLEAN;
	if (t->numbers > words && t->numbers + words > HP_FEW_VALUES &&
		words <= HP_MAX_WORDS)
		return HP_NUMERIC;
	return HP_CATEGORICAL;
}

/* ---- levels and words ---- */

static bool
text_before(void *arg, uint32_t a, uint32_t b)
{
	const HpText *texts = ((Coder *) arg)->texts;

	return hp_text_compare(texts[a].bytes, texts[a].length,
						   texts[b].bytes, texts[b].length) < 0;
}

/* Sort values by text; returns how many texts differ. */
static uint32_t
sort_by_text(Coder *coder, uint32_t *values, uint32_t n)
{
	uint32_t   *scratch = hp_alloc(coder->env, n, sizeof(uint32_t));
	uint32_t	distinct = n > 0;

	hp_sort_by(coder->env, values, scratch, n, text_before, coder);
	for (uint32_t i = 1; i < n; i++)
		if (text_before(coder, values[i - 1], values[i]))
			distinct++;
	return distinct;
}

/*
 * Give values, sorted by text, the codes from `code` on, equal texts the same
 * code; returns the next free code.
 */
static uint32_t
code_texts(Coder *coder, HpCoding *coding, const uint32_t *values, uint32_t n,
		   uint32_t code)
{
	for (uint32_t i = 0; i < n; i++)
	{
		if (i > 0 && text_before(coder, values[i - 1], values[i]))
			code++;
		coding->labels[code] = coder->texts[values[i]];
		coding->code_of[values[i] + 1] = code;
	}
	return code + (n > 0);
}

static void
make_texts(Coder *coder, const uint32_t *values, uint32_t n)
{
	coder->texts = hp_alloc(coder->env, coder->input->n_values, sizeof(HpText));
	for (uint32_t i = 0; i < n; i++)
	{
		if (i % 4096 == 0)
			hp_tick(coder->env);	/* writing a number takes a microsecond */
		coder->texts[values[i]] =
			text_of(coder->env, &coder->input->values[values[i]]);
	}
}

/* Keep the codes of the most frequent levels, pool the others in the last. */
static void
pool_rare_levels(Coder *coder, HpCoding *coding)
{
	uint32_t	n = coding->distinct;
	uint64_t   *runs = hp_alloc0(coder->env, n + 1, sizeof(uint64_t));
	HpSortItem *items = hp_alloc(coder->env, n, sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(coder->env, n, sizeof(HpSortItem));
	uint32_t   *new_code = hp_alloc0(coder->env, n + 1, sizeof(uint32_t));
	uint32_t	code = 0;

	for (uint32_t i = 0; i < coder->n_used; i++)
		runs[coding->code_of[coder->used[i] + 1]] +=
			coder->runs_of[coder->used[i] + 1];
	for (uint32_t c = 1; c <= n; c++)
		items[c - 1] = (HpSortItem) {.key = UINT64_MAX - runs[c], .index = c};
	hp_sort(coder->env, items, scratch, n);
	for (uint32_t i = 0; i < HP_MAX_CODES - 2; i++)
		new_code[items[i].index] = 1;
	for (uint32_t c = 1; c <= n; c++)
	{
		if (new_code[c] == 0)
		{
			new_code[c] = HP_MAX_CODES - 1;
			continue;
		}
		new_code[c] = ++code;
		coding->labels[code] = coding->labels[c];
	}
	coding->labels[HP_MAX_CODES - 1] = (HpText) {"(other)", 7};
	for (uint32_t v = 0; v < coder->input->n_values; v++)
		coding->code_of[v + 1] = new_code[coding->code_of[v + 1]];
	coding->n_codes = HP_MAX_CODES;
	coding->pooled = true;
}

static void
code_categorical(Coder *coder, HpCoding *coding)
{
	make_texts(coder, coder->used, coder->n_used);
	coding->distinct = sort_by_text(coder, coder->used, coder->n_used);
	coding->labels = hp_alloc0(coder->env, coding->distinct + 1, sizeof(HpText));
	coding->n_codes = code_texts(coder, coding, coder->used, coder->n_used, 1);
	if (coding->n_codes > HP_MAX_CODES)
		pool_rare_levels(coder, coding);
}

static void
code_boolean(Coder *coder, HpCoding *coding)
{
	bool		seen[2] = {false, false};

	coding->numbers = hp_alloc(coder->env, 3, sizeof(double));
	coding->labels = hp_alloc(coder->env, 3, sizeof(HpText));
	for (uint32_t i = 0; i < coder->n_used; i++)
	{
		uint32_t	v = coder->used[i];
		bool		value = coder->readings[v].number != 0;

		if (coder->readings[v].reads == HP_READS_NOT_FINITE)
			continue;			/* missing */
		seen[value] = true;
		coding->code_of[v + 1] = 1 + value;
	}
	coding->numbers[0] = NAN;
	coding->numbers[1] = 0;
	coding->numbers[2] = 1;
	coding->labels[0] = (HpText) {"", 0};
	coding->labels[1] = (HpText) {"false", 5};
	coding->labels[2] = (HpText) {"true", 4};
	coding->n_codes = 3;
	coding->distinct = seen[0] + seen[1];
}

/* ---- numbers ---- */

/*
 * Give the sorted numbers the codes from `code` on.  With more distinct
 * numbers than codes left, each code takes the numbers of an equal share of
 * the runs (quantile bins) and stands for their mean over the runs.
 */
static void
code_sorted_numbers(Coder *coder, HpCoding *coding, const HpSortItem *items,
					uint32_t n, uint32_t distinct, uint32_t code)
{
	uint32_t	room = HP_MAX_CODES - code;
	uint32_t	first_code = code;
	uint64_t	total = 0;
	uint64_t	before = 0;
	double		in_code = 0;

	coding->n_codes = code;
	if (n == 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		total += coder->runs_of[items[i].index + 1];
	coding->binned = distinct > room;
	for (uint32_t i = 0, end; i < n; i = end)
	{
		double		number = coder->readings[items[i].index].number;
		uint64_t	these = 0;

		if (i % 4096 == 0)
			hp_tick(coder->env);
		/* all spellings of one number at once: their order must not matter */
		for (end = i; end < n && items[end].key == items[i].key; end++)
			these += coder->runs_of[items[end].index + 1];
		if (i > 0 && (!coding->binned ||
					  before * room / total > code - first_code))
		{
			code++;
			in_code = 0;
		}
		in_code += these;
		/* by shares: a difference of two numbers might overflow */
		coding->numbers[code] = in_code == these ? number :
			coding->numbers[code] * (1 - these / in_code) +
			number * (these / in_code);
		for (uint32_t j = i; j < end; j++)
			coding->code_of[items[j].index + 1] = code;
		before += these;
	}
	coding->n_codes = code + 1;
}

/* Where codes stand for bins, keep the numbers beside. */
static void
keep_exact(Coder *coder, HpCoding *coding)
{
	uint32_t	n = coder->input->n_values;

	coding->exact = hp_alloc(coder->env, (size_t) n + 1, sizeof(double));
	for (uint32_t v = 0; v <= n; v++)
		coding->exact[v] = NAN;
	for (uint32_t i = 0; i < coder->n_used; i++)
		if (coder->readings[coder->used[i]].reads == HP_READS_NUMBER)
			coding->exact[coder->used[i] + 1] =
				coder->readings[coder->used[i]].number;
}

static void
code_numeric(Coder *coder, HpCoding *coding)
{
	uint32_t	n_words = coder->tally.words + coder->tally.booleans;
	uint32_t	n_numbers = coder->tally.numbers;
	uint32_t   *words = hp_alloc(coder->env, n_words, sizeof(uint32_t));
	HpSortItem *items = hp_alloc(coder->env, n_numbers, sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(coder->env, n_numbers, sizeof(HpSortItem));
	uint32_t	distinct = 0;
	uint32_t	w = 0,
				k = 0;

	for (uint32_t i = 0; i < coder->n_used; i++)
	{
		uint32_t	v = coder->used[i];
		const Reading *r = &coder->readings[v];

		if (r->reads == HP_READS_NUMBER)
			items[k++] = (HpSortItem) {hp_order_key(r->number), v};
		else if (r->reads != HP_READS_NOT_FINITE)
			words[w++] = v;
	}
	if (w > 0)
	{
		make_texts(coder, words, w);
		coding->n_words = sort_by_text(coder, words, w);
		coding->labels = hp_alloc0(coder->env, coding->n_words + 1,
								   sizeof(HpText));
		code_texts(coder, coding, words, w, 1);
	}
	hp_sort(coder->env, items, scratch, k);
	for (uint32_t i = 0; i < k; i++)
		distinct += i == 0 || items[i].key != items[i - 1].key;
	coding->distinct = coding->n_words + distinct;
	coding->numbers = hp_alloc(coder->env, coding->distinct + 1,
							   sizeof(double));
	for (uint32_t c = 0; c <= coding->n_words; c++)
		coding->numbers[c] = NAN;
	code_sorted_numbers(coder, coding, items, k, distinct, coding->n_words + 1);
	if (coding->binned)
		keep_exact(coder, coding);
}

static bool
is_plainer(HpText a, HpText b)
{
	return a.length != b.length ? a.length < b.length :
		memcmp(a.bytes, b.bytes, a.length) < 0;
}

/*
 * The text of the one value a parameter has: of several ways to write it (2,
 * " 2 ") the shortest, whichever comes first.
 */
static HpText
find_only(const Coder *coder, const HpCoding *coding)
{
	HpText		only = {NULL, 0};

	for (uint32_t i = 0; i < coder->n_used; i++)
	{
		uint32_t	v = coder->used[i];
		HpText		text;

		if (coding->code_of[v + 1] == 0)
			continue;
		if (coding->kind == HP_BOOLEAN)
			return coding->labels[coding->code_of[v + 1]];
		text = text_of(coder->env, &coder->input->values[v]);
		if (only.bytes == NULL || is_plainer(text, only))
			only = text;
	}
	return only;
}

static HpRole
decide_role(const HpCoding *coding, uint32_t missing, bool as_category)
{
	if (coding->distinct == 0 || (coding->distinct == 1 && missing == 0))
		return HP_CONSTANT;
	if (coding->kind == HP_CATEGORICAL && !as_category &&
		coding->runs >= HP_IDENTIFIER_RUNS &&
		coding->distinct >= HP_IDENTIFIER_SHARE * coding->runs)
		return HP_IDENTIFIER;
	return HP_PARAMETER;
}

HpCoding
hp_code_values(const HpEnv *env, const HpInput *input,
			   const uint32_t *runs_of, bool as_category)
{
	HpCoding	coding = {0};
	Coder		coder = {.env = env, .input = input, .runs_of = runs_of};
	uint32_t	missing = runs_of[0];

	coding.code_of = hp_alloc0(env, (size_t) input->n_values + 1,
							   sizeof(uint32_t));
	read_values(&coder);
	coding.kind = as_category ? HP_CATEGORICAL : decide_kind(&coder.tally);
	if (coding.kind == HP_CATEGORICAL)
		code_categorical(&coder, &coding);
	else if (coding.kind == HP_BOOLEAN)
		code_boolean(&coder, &coding);
	else
		code_numeric(&coder, &coding);
	for (uint32_t i = 0; i < coder.n_used; i++)
	{
		uint32_t	runs = runs_of[coder.used[i] + 1];

		if (coding.code_of[coder.used[i] + 1] == 0)
			missing += runs;
		else
			coding.runs += runs;
	}
	coding.role = decide_role(&coding, missing, as_category);
	if (coding.distinct == 1)
		coding.only = find_only(&coder, &coding);
	return coding;
}

/* ---- values seen later ---- */

/* The code of the number nearest to x; the smaller of two as near. */
static uint32_t
nearest_number(const HpCodeBook *book, double x)
{
	uint32_t	low = book->n_words + 1;
	uint32_t	high = book->n_codes - 1;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (book->numbers[middle] / 2 + book->numbers[middle + 1] / 2 < x)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
is_label(const HpCodeBook *book, uint32_t code, HpText text)
{
	return hp_text_compare(book->labels[code].bytes, book->labels[code].length,
						   text.bytes, text.length) == 0;
}

/* The code in [first, end) whose label is text. */
static uint32_t
find_label(const HpCodeBook *book, HpText text, uint32_t first, uint32_t end)
{
	uint32_t	stop = end;

	while (book->shuffled && first < end && !is_label(book, first, text))
		first++;
	while (!book->shuffled && first < end)
	{
		uint32_t	middle = first + (end - first) / 2;
		const HpText *label = &book->labels[middle];

		if (hp_text_compare(label->bytes, label->length,
							text.bytes, text.length) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	if (first < stop && is_label(book, first, text))
		return first;
	return HP_UNKNOWN_CODE;
}

static uint32_t
find_text(const HpCodeBook *book, const HpValue *value, uint32_t end)
{
	char		buffer[HP_NUMBER_TEXT_SIZE];
	HpText		text = {value->text, value->length};

	if (value->tag == HP_TAG_NUMBER)
		text = (HpText) {buffer, hp_write_number(value->number, buffer)};
	else if (value->tag == HP_TAG_BOOLEAN)
		text = value->number != 0 ? (HpText) {"true", 4} : (HpText) {"false", 5};
	return find_label(book, text, 1, end);
}

uint32_t
hp_code_of(const HpCodeBook *book, const HpValue *value)
{
	Reading		r = read_value(value);

	switch (book->kind)
	{
		case HP_CATEGORICAL:
			return find_text(book, value, book->n_codes);
		case HP_BOOLEAN:
			if (r.reads == HP_READS_BOOLEAN ||
				(r.reads == HP_READS_NUMBER &&
				 (r.number == 0 || r.number == 1)))
				return 1 + (r.number != 0);
			return r.reads == HP_READS_NOT_FINITE ? 0 : HP_UNKNOWN_CODE;
		case HP_NUMERIC:
			if (r.reads == HP_READS_NOT_FINITE ||
				book->n_codes == book->n_words + 1)
				return 0;
			if (r.reads == HP_READS_NUMBER)
				return nearest_number(book, r.number);
			return find_text(book, value, book->n_words + 1);
	}
	return HP_UNKNOWN_CODE;
}
