/*
 * data.h
 *		Data for the unit tests: cells, inputs, frames, fixtures, random draws.
 *
 * A test writes its data as cells (num(0.1), str("adam"), gap); unit_input()
 * makes the dictionary and the codes of an HpInput of them, as a study does.
 * All memory comes from unit_env and goes with unit_free_all().
 */
#ifndef HPIMP_UNIT_DATA_H
#define HPIMP_UNIT_DATA_H

#include "unit.h"

#include "core/forest.h"

#define LENGTH(array)	((uint32_t) (sizeof(array) / sizeof((array)[0])))

/* ---- random draws: a generator of the tests' own ---- */

typedef uint64_t UnitRandom;

/* Marsaglia's xorshift64; the state must not be 0. */
UNIT_INLINE uint64_t
random_bits(UnitRandom *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* In [0, 1). */
UNIT_INLINE double
random_uniform(UnitRandom *state)
{
	return (double) (random_bits(state) >> 11) / 9007199254740992.0;
}

UNIT_INLINE uint32_t
random_below(UnitRandom *state, uint32_t bound)
{
	return (uint32_t) (random_uniform(state) * bound);
}

/* About normal: the sum of twelve uniform ones. */
UNIT_INLINE double
random_normal(UnitRandom *state)
{
	double		sum = -6;

	for (int i = 0; i < 12; i++)
		sum += random_uniform(state);
	return sum;
}

/* The numbers 0 .. n - 1 in random order. */
UNIT_INLINE uint32_t *
random_order(UnitRandom *state, uint32_t n)
{
	uint32_t   *order = hp_alloc(unit_env, n, sizeof(uint32_t));

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n; i > 1; i--)
	{
		uint32_t	j = random_below(state, i);
		uint32_t	swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	return order;
}

/* ---- cells and inputs ---- */

static __attribute__((unused)) const HpValue gap;	/* a missing cell: tag 0 */

UNIT_INLINE HpValue
num(double number)
{
	return (HpValue) {.number = number, .tag = HP_TAG_NUMBER};
}

UNIT_INLINE HpValue
truth(bool value)
{
	return (HpValue) {.number = value, .tag = HP_TAG_BOOLEAN};
}

UNIT_INLINE HpValue
str(const char *text)
{
	return (HpValue) {
		.text = text, .length = (uint32_t) strlen(text), .tag = HP_TAG_STRING
	};
}

UNIT_INLINE HpValue
json(const char *text)
{
	HpValue		value = str(text);

	value.tag = HP_TAG_JSON;
	return value;
}

/* A string "prefix<i>". */
UNIT_INLINE HpValue
str_numbered(const char *prefix, uint32_t i)
{
	char	   *text = hp_alloc(unit_env, 32, 1);

	snprintf(text, 32, "%s%" PRIu32, prefix, i);
	return str(text);
}

UNIT_INLINE bool
same_value(const HpValue *a, const HpValue *b)
{
	return a->tag == b->tag && a->length == b->length &&
		memcmp(&a->number, &b->number, sizeof(double)) == 0 &&
		(a->length == 0 || memcmp(a->text, b->text, a->length) == 0);
}

UNIT_INLINE uint64_t
hash_value(const HpValue *value)
{
	uint64_t	hash;

	memcpy(&hash, &value->number, sizeof(hash));
	hash += value->tag;
	for (uint32_t i = 0; i < value->length; i++)
		hash = hash * 31 + (unsigned char) value->text[i];
	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/*
 * Make an input of n cells.  Codes are given in the order of appearance and
 * are as narrow as they can be, in blocks of exactly their size, so that the
 * address sanitizer sees any step beyond.
 */
UNIT_INLINE HpInput
unit_input(const char *name, const HpValue *cells, uint32_t n)
{
	uint32_t	size = 1;
	uint32_t	n_values = 0;
	uint32_t   *slots;
	uint32_t   *wide = hp_alloc(unit_env, n, sizeof(uint32_t));
	HpValue    *values = hp_alloc(unit_env, n, sizeof(HpValue));
	uint32_t	width;
	unsigned char *codes;

	while (size < 2 * n + 1)
		size *= 2;
	slots = hp_alloc0(unit_env, size, sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	slot = (uint32_t) hash_value(&cells[i]) & (size - 1);

		wide[i] = 0;
		if (cells[i].tag == 0)
			continue;
		while (slots[slot] != 0 && !same_value(&values[slots[slot] - 1], &cells[i]))
			slot = (slot + 1) & (size - 1);
		if (slots[slot] == 0)
		{
			values[n_values] = cells[i];
			slots[slot] = ++n_values;
		}
		wide[i] = slots[slot];
	}
	width = n_values < 256 ? 1 : n_values < 65536 ? 2 : 4;
	codes = hp_alloc(unit_env, n, width);
	for (uint32_t i = 0; i < n; i++)
		switch (width)
		{
			case 1:
				codes[i] = (uint8_t) wide[i];
				break;
			case 2:
				((uint16_t *) codes)[i] = (uint16_t) wide[i];
				break;
			default:
				((uint32_t *) codes)[i] = wide[i];
		}
	return (HpInput) {
		.name = name, .name_length = (uint32_t) strlen(name),
		.n_values = n_values, .values = values,
		.codes = codes, .n_codes = n, .code_width = width
	};
}

/* An input of numbers; NaN is missing. */
UNIT_INLINE HpInput
unit_numbers(const char *name, const double *x, uint32_t n)
{
	HpValue    *cells = hp_alloc(unit_env, n, sizeof(HpValue));

	for (uint32_t i = 0; i < n; i++)
		cells[i] = isnan(x[i]) ? gap : num(x[i]);
	return unit_input(name, cells, n);
}

/* An input of words; NULL is missing. */
UNIT_INLINE HpInput
unit_words(const char *name, const char *const *words, uint32_t n)
{
	HpValue    *cells = hp_alloc(unit_env, n, sizeof(HpValue));

	for (uint32_t i = 0; i < n; i++)
		cells[i] = words[i] == NULL ? gap : str(words[i]);
	return unit_input(name, cells, n);
}

/* ---- frames ---- */

UNIT_INLINE HpFrame *
unit_frame(const HpInput *inputs, uint32_t n_inputs, const double *metric,
		   uint32_t n_runs)
{
	HpFrameOptions options = {NULL, false};

	return hp_frame_build(unit_env, inputs, n_inputs, metric, n_runs, &options);
}

UNIT_INLINE bool
text_is(HpText text, const char *want)
{
	return text.length == strlen(want) &&
		(text.length == 0 || memcmp(text.bytes, want, text.length) == 0);
}

/* The number of the column called so; ends the test program without one. */
UNIT_INLINE uint32_t
column_number(const HpFrame *frame, const char *name)
{
	for (uint32_t c = 0; c < frame->n_columns; c++)
		if (text_is(frame->columns[c].name, name))
			return c;
	printf("Bail out! no column %s\n", name);
	exit(2);
}

UNIT_INLINE HpColumn *
column_called(const HpFrame *frame, const char *name)
{
	return &frame->columns[column_number(frame, name)];
}

/* A target in units of the metric. */
UNIT_INLINE double
metric_of(const HpFrame *frame, int64_t target)
{
	return frame->center + frame->unit * (double) target;
}

/* ---- trees ---- */

UNIT_INLINE bool
same_tree(const HpTree *a, const HpTree *b)
{
	if (a->n_nodes != b->n_nodes || a->n_list_words != b->n_list_words)
		return false;
	for (uint32_t i = 0; i < a->n_nodes; i++)
	{
		const HpNode *x = &a->nodes[i];
		const HpNode *y = &b->nodes[i];

		if (x->value != y->value || x->left != y->left || x->cut != y->cut ||
			x->weight != y->weight || x->feature != y->feature ||
			x->categorical != y->categorical || x->listed_right != y->listed_right)
			return false;
	}
	return a->n_list_words == 0 ||
		memcmp(a->lists, b->lists, a->n_list_words * sizeof(uint64_t)) == 0;
}

/* ---- fixtures ---- */

/* The tests run in test/unit. */
#ifndef FIXTURES
#define FIXTURES "../fixtures/"
#endif

/* All of a file, NUL-terminated. */
UNIT_INLINE char *
fixture_text(const char *name)
{
	char		path[256];
	FILE	   *file;
	long		size;
	char	   *text;

	snprintf(path, sizeof(path), "%s%s", FIXTURES, name);
	file = fopen(path, "rb");
	if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
		(size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0)
	{
		printf("Bail out! cannot read %s\n", path);
		exit(2);
	}
	text = hp_alloc(unit_env, (size_t) size + 1, 1);
	text[fread(text, 1, (size_t) size, file)] = '\0';
	fclose(file);
	return text;
}

/* A table of comma-separated values without quotes; the metric comes last. */
typedef struct Fixture
{
	uint32_t	n_runs;
	uint32_t	n_inputs;
	HpInput    *inputs;
	double	   *metric;
} Fixture;

/* Cut the next field off, ending it with NUL; *line_ends tells of the last. */
UNIT_INLINE char *
fixture_field(char **at, bool *line_ends)
{
	char	   *field = *at;
	size_t		length = strcspn(field, ",\r\n");

	*at = field + length;
	*line_ends = **at != ',';
	if (**at == '\r')
		*(*at)++ = '\0';
	if (**at != '\0')
		*(*at)++ = '\0';
	return field;
}

/* A cell of a table: a number, a word, a truth value, or nothing. */
UNIT_INLINE HpValue
fixture_cell(const char *field)
{
	char	   *end;
	double		number = strtod(field, &end);

	if (*field == '\0')
		return gap;
	if (*end == '\0')
		return num(number);
	if (strcmp(field, "true") == 0 || strcmp(field, "false") == 0)
		return truth(*field == 't');
	return str(field);
}

UNIT_INLINE size_t
fixture_count(const char *text, char what)
{
	size_t		count = 0;

	for (; (text = strchr(text, what)) != NULL; text++)
		count++;
	return count;
}

UNIT_INLINE Fixture
fixture_table(const char *name)
{
	char	   *at = fixture_text(name);
	Fixture		table = {0};
	size_t		lines = fixture_count(at, '\n') + 1;
	size_t		columns = fixture_count(at, ',') / lines + 2;
	HpValue   **cells = hp_alloc(unit_env, columns, sizeof(HpValue *));
	char	  **names = hp_alloc(unit_env, columns, sizeof(char *));
	uint32_t	n = 0;
	bool		line_ends = false;

	while (!line_ends && n < columns)
	{
		cells[n] = hp_alloc(unit_env, lines, sizeof(HpValue));
		names[n++] = fixture_field(&at, &line_ends);
	}
	while (*at != '\0')
	{
		for (uint32_t c = 0; c < n; c++)
			cells[c][table.n_runs] = fixture_cell(fixture_field(&at, &line_ends));
		table.n_runs++;
	}
	table.n_inputs = n - 1;
	table.inputs = hp_alloc(unit_env, n, sizeof(HpInput));
	for (uint32_t c = 0; c < table.n_inputs; c++)
		table.inputs[c] = unit_input(names[c], cells[c], table.n_runs);
	table.metric = hp_alloc(unit_env, table.n_runs, sizeof(double));
	for (uint32_t i = 0; i < table.n_runs; i++)
		table.metric[i] = cells[n - 1][i].number;
	return table;
}

/*
 * A number of a reference file: text["section"]["key"]["field"], the first
 * two of which may be NULL.  These files hold no key twice on the way.
 */
UNIT_INLINE double
reference(const char *text, const char *section, const char *key,
		  const char *field)
{
	const char *steps[3] = {section, key, field};

	for (int i = 0; i < 3; i++)
	{
		char		quoted[64];

		if (steps[i] == NULL)
			continue;
		snprintf(quoted, sizeof(quoted), "\"%s\":", steps[i]);
		text = strstr(text, quoted);
		if (text == NULL)
		{
			printf("Bail out! no %s in the reference\n", quoted);
			exit(2);
		}
		text += strlen(quoted);
	}
	return strtod(text, NULL);
}

#endif							/* HPIMP_UNIT_DATA_H */
