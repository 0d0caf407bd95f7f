/*
 * flat.c
 *		Changes to flat studies and forests that know where their fields are.
 *
 * Most flips of a byte make a value that its reader refuses at once.  Here
 * counts, numbers and texts are changed as such, and what there are several of
 * (columns, values, rows, trees, nodes) is dropped or doubled together with
 * its count.  What cannot be made out is left to libFuzzer's own changes.
 */
#include "flat.h"

#include "fuzz.h"

#include "core/total_effect.h"

typedef enum FieldKind
{
	FIXED,						/* little-endian integer */
	VARINT,
	DOUBLE,
	TEXT						/* a varint and as many bytes */
} FieldKind;

typedef struct Field
{
	size_t		at;
	size_t		size;
	FieldKind	kind;
} Field;

/* Something of which there are several. */
typedef struct Element
{
	size_t		at;
	size_t		size;
	uint32_t	count;			/* number of the field that counts them */
} Element;

#define MOST_FIELDS		16384
#define MOST_ELEMENTS	1024

typedef struct Map
{
	const uint8_t *bytes;
	size_t		size;
	size_t		at;
	bool		broken;			/* nothing can be told from here on */
	uint32_t	n_fields;
	uint32_t	n_elements;
	uint32_t	shared_fields;	/* the first ones, which all parts have alike; */
	uint32_t	shared_elements;	/* 0: not known */
	Field		fields[MOST_FIELDS];
	Element		elements[MOST_ELEMENTS];
} Map;

/* ---- finding fields ---- */

static void
add_field(Map *map, size_t size, FieldKind kind)
{
	if (map->broken || size > map->size - map->at)
	{
		map->broken = true;
		return;
	}
	if (map->n_fields < MOST_FIELDS)
		map->fields[map->n_fields++] = (Field) {map->at, size, kind};
	map->at += size;
}

static uint64_t
fixed(Map *map, size_t size)
{
	uint64_t	number = 0;
	size_t		at = map->at;

	add_field(map, size, FIXED);
	for (size_t i = 0; i < size && !map->broken; i++)
		number |= (uint64_t) map->bytes[at + i] << (8 * i);
	return map->broken ? 0 : number;
}

static uint64_t
peek_varint(const Map *map, size_t *size)
{
	uint64_t	number = 0;

	for (*size = 0; *size < 9 && map->at + *size < map->size;)
	{
		uint8_t		byte = map->bytes[map->at + *size];

		number |= (uint64_t) (byte & 0x7F) << (7 * (*size)++);
		if (byte < 0x80)
			return number;
	}
	*size = map->size + 1;		/* there is none */
	return 0;
}

static uint64_t
varint(Map *map)
{
	size_t		size;
	uint64_t	number = peek_varint(map, &size);

	add_field(map, size, VARINT);
	return map->broken ? 0 : number;
}

static void
doubles(Map *map, uint64_t n)
{
	for (uint64_t i = 0; i < n && !map->broken; i++)
		add_field(map, 8, DOUBLE);
}

static void
varints(Map *map, uint64_t n)
{
	for (uint64_t i = 0; i < n && !map->broken; i++)
		varint(map);
}

static void
text(Map *map)
{
	size_t		head;
	uint64_t	length = peek_varint(map, &head);

	if (head > map->size || length > map->size)
		map->broken = true;
	else
		add_field(map, head + length, TEXT);
}

static void
add_element(Map *map, size_t from, uint32_t count)
{
	if (!map->broken && map->n_elements < MOST_ELEMENTS)
		map->elements[map->n_elements++] = (Element) {from, map->at - from, count};
}

/* ---- a study ---- */

static void
map_sum(Map *map)
{
	uint64_t	head = varint(map);

	if (head / 2 == 0)
		return;
	varint(map);
	for (uint64_t i = 0; i < head / 2 && !map->broken; i++)
		fixed(map, 4);
}

static void
map_pairs(Map *map)
{
	if (varint(map) == 0)
		return;
	doubles(map, 2);
	for (int i = 0; i < 5; i++)
		map_sum(map);
}

static void
map_value(Map *map)
{
	switch (fixed(map, 1))
	{
		case 1:
			doubles(map, 1);
			break;
		case 2:
			fixed(map, 1);
			break;
		default:
			text(map);
	}
}

static void
map_column(Map *map, bool sampled)
{
	uint32_t	count;
	uint64_t	n;
	size_t		width;

	text(map);
	count = map->n_fields;
	n = varint(map);
	for (uint64_t i = 0; i < n && !map->broken; i++)
	{
		size_t		from = map->at;

		map_value(map);
		add_element(map, from, count);
	}
	width = n <= 255 ? 1 : n <= 65535 ? 2 : 4;
	count = map->n_fields;
	n = varint(map);
	for (uint64_t i = 0; i < n && !map->broken; i++)
	{
		size_t		from = map->at;

		fixed(map, width);
		add_element(map, from, count);
	}
	if (!sampled)
		return;
	varints(map, 2);
	map_pairs(map);
	map_pairs(map);
}

static void
map_study(Map *map)
{
	uint64_t	runs;
	uint32_t	count;
	uint64_t	columns;
	bool		sampled;

	for (int i = 0; i < 6; i++)
		fixed(map, 1);
	runs = varint(map);
	count = map->n_fields;
	columns = varint(map);
	varints(map, 3);
	sampled = varint(map) > 0;
	if (sampled)
	{
		fixed(map, 8);
		if (varint(map) > 0)
		{
			doubles(map, 2);
			map_sum(map);
		}
	}
	doubles(map, runs);
	if (sampled)
		varints(map, runs);
	for (uint64_t i = 0; i < columns && !map->broken; i++)
	{
		size_t		from = map->at;

		map_column(map, sampled);
		add_element(map, from, count);
	}
}

/* ---- a forest ---- */

#define N_FINDINGS	8

#define PARAMETER		1		/* a role */

/* Returns its role. */
static uint64_t
map_row(Map *map)
{
	uint64_t	flags = fixed(map, 2);
	uint64_t	kind;
	uint64_t	role;
	uint64_t	n_codes;
	uint64_t	n_words;

	text(map);
	if (flags & 0x01)
	{
		text(map);
		text(map);
	}
	if (flags & 0x80)
		text(map);
	if (flags & 0x100)
		text(map);
	kind = fixed(map, 1);
	role = fixed(map, 1);
	varints(map, 3);
	n_codes = varint(map);
	n_words = varint(map);
	varint(map);
	doubles(map, N_FINDINGS);
	varint(map);
	doubles(map, 7);
	varints(map, 2 * n_codes);
	if (flags & 0x10)
		doubles(map, n_codes > n_words ? n_codes - n_words - 1 : 0);
	if (flags & 0x20)
		for (uint64_t i = 1; i < (kind == 1 ? n_words + 1 : n_codes) && !map->broken; i++)
			text(map);
	return role;
}

static void
map_tree(Map *map)
{
	uint32_t	count = map->n_fields;
	uint64_t	nodes = fixed(map, 4);
	uint64_t	words = fixed(map, 4);

	for (uint64_t i = 0; i < nodes && !map->broken; i++)
	{
		static const size_t sizes[] = {8, 4, 4, 4, 2, 1, 1};
		size_t		from = map->at;

		for (int k = 0; k < 7; k++)
			fixed(map, sizes[k]);
		add_element(map, from, count);
	}
	for (uint64_t i = 0; i < words && !map->broken; i++)
		fixed(map, 8);
}

/* What the trees of a part reported is laid out by. */
typedef struct Layout
{
	uint64_t	method;
	uint64_t	twice;
	uint64_t	runs;
	double		unit;
	uint32_t	features;
	uint32_t	groups;
} Layout;

#define PERMUTATION		2		/* a method */

/* Whether all bytes that are left are trees and their number. */
static bool
are_trees(const Map *map)
{
	size_t		size;
	uint64_t	n = peek_varint(map, &size);
	size_t		at = map->at + size;

	if (at > map->size)
		return false;
	for (; n > 0; n--)
	{
		uint32_t	nodes;
		uint32_t	words;
		uint64_t	bytes;

		if (map->size - at < 8)
			return false;
		memcpy(&nodes, map->bytes + at, 4);
		memcpy(&words, map->bytes + at + 4, 4);
		at += 8;
		bytes = (uint64_t) nodes * 24 + (uint64_t) words * 8;
		if (bytes > map->size - at)
			return false;
		at += bytes;
	}
	return at == map->size;
}

/* What is beside the forest, reports and replicates are doubles, up to where the trees begin. */
static void
map_parts(Map *map, const Layout *layout)
{
	uint32_t	count;
	uint64_t	n;
	bool		first_is_here = false;

	varint(map);
	map->shared_fields = map->n_fields;
	map->shared_elements = map->n_elements;
	count = map->n_fields;
	n = varint(map);
	for (uint64_t i = 0; i < n && !map->broken; i++)
	{
		size_t		from = map->at;
		uint64_t	number = varint(map);

		first_is_here = first_is_here || number == 0;
		add_element(map, from, count);
	}
	fixed(map, 8);
	if (layout->runs < 2 || !(layout->unit > 0) || layout->features == 0)
		return;
	for (uint64_t i = 0; i < layout->runs && !map->broken; i++)
		fixed(map, 8);
	for (uint64_t i = 0; i < layout->runs && !map->broken; i++)
	{
		fixed(map, 8);
		varint(map);
	}
	if (layout->method == PERMUTATION && layout->twice && layout->runs <= map->size)
	{
		uint32_t	n_effects = layout->features + layout->groups;

		n = (uint64_t) hp_total_effect_runs((uint32_t) layout->runs, n_effects) * n_effects;
		for (uint64_t i = 0; i < n && !map->broken; i++)
			fixed(map, 8);
		if (first_is_here)		/* what is beside the forest, if anything */
			varint(map);
	}
	while (!map->broken && !are_trees(map))
		doubles(map, 1);
}

static void
map_rows(Map *map, Layout *layout)
{
	uint32_t	count = map->n_fields;
	uint64_t	n = varint(map);

	for (uint64_t i = 0; i < n && !map->broken; i++)
	{
		size_t		from = map->at;

		layout->features += map_row(map) == PARAMETER;
		add_element(map, from, count);
	}
	count = map->n_fields;
	n = varint(map);
	layout->groups = (uint32_t) n;
	for (uint64_t i = 0; i < n && !map->broken; i++)
	{
		size_t		from = map->at;

		text(map);
		doubles(map, N_FINDINGS);
		add_element(map, from, count);
	}
}

static void
map_forest(Map *map, bool in_parts)
{
	static const int settings[] = {1, 1, 1, 1, 1, 1, 4, 8, 8, 8, 8, 1, 1, 1, 1, 8, 4, 1, 1, 1};
	Layout		layout = {0};
	uint32_t	count;
	uint64_t	n;

	for (int i = 0; i < 20; i++)
	{
		uint64_t	setting = fixed(map, settings[i]);

		if (i == 12)
			layout.method = setting;
		layout.twice = setting;	/* the last one */
	}
	varint(map);
	layout.runs = varint(map);
	varints(map, 3);
	doubles(map, 5);
	varint(map);
	doubles(map, 6);
	if (!map->broken)
		memcpy(&layout.unit, map->bytes + map->at - 8, 8);
	map_rows(map, &layout);
	if (in_parts)
		map_parts(map, &layout);
	count = map->n_fields;
	n = varint(map);
	for (uint64_t i = 0; i < n && !map->broken; i++)
	{
		size_t		from = map->at;

		map_tree(map);
		add_element(map, from, count);
	}
}

/* ---- changing them ---- */

typedef struct Dice
{
	uint64_t	state;
} Dice;

/* Marsaglia's xorshift64. */
static uint64_t
roll(Dice *dice, uint64_t bound)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return (dice->state >> 11) % bound;
}

static size_t
put_varint(uint8_t *to, uint64_t number)
{
	size_t		size = 0;

	for (; number >= 0x80; number >>= 7)
		to[size++] = (uint8_t) (number | 0x80);
	to[size++] = (uint8_t) number;
	return size;
}

/* Put other bytes in the place of some; the new size, or the old if too large. */
static size_t
replace(uint8_t *data, size_t size, size_t most, size_t at, size_t old,
		const uint8_t *bytes, size_t new)
{
	if (size - old + new > most)
		return size;
	memmove(data + at + new, data + at + old, size - at - old);
	memmove(data + at, bytes, new);
	return size - old + new;
}

static uint64_t
odd_integer(Dice *dice, uint64_t old)
{
	static const uint64_t odd[] = {
		0, 1, 2, 3, 63, 64, 65, 127, 128, 255, 256, 65534, 65535, 65536, INT32_MAX,
		UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_MAX, 20, 12, 1024
	};

	switch (roll(dice, 4))
	{
		case 0:
			return old + 1;
		case 1:
			return old - 1;
		case 2:
			return roll(dice, 16);
		default:
			return odd[roll(dice, sizeof(odd) / sizeof(odd[0]))];
	}
}

static uint64_t
read_varint(const uint8_t *bytes, size_t size)
{
	uint64_t	number = 0;

	for (size_t i = 0; i < size; i++)
		number |= (uint64_t) (bytes[i] & 0x7F) << (7 * i);
	return number;
}

static size_t
change_integer(uint8_t *data, size_t size, size_t most, const Field *field,
			   uint64_t number)
{
	uint8_t		bytes[10];
	size_t		n = field->size;

	if (field->kind == VARINT)
		n = put_varint(bytes, number & INT64_MAX);
	else
		memcpy(bytes, &number, n);
	return replace(data, size, most, field->at, field->size, bytes, n);
}

static uint64_t
old_integer(const uint8_t *data, const Field *field)
{
	uint64_t	number = 0;

	if (field->kind == VARINT)
		return read_varint(data + field->at, field->size);
	memcpy(&number, data + field->at, field->size < 8 ? field->size : 8);
	return number;
}

static double
odd_double(Dice *dice)
{
	switch (roll(dice, 8))
	{
		case 0:
			return NAN;
		case 1:
			return INFINITY;
		case 2:
			return -0.0;
		case 3:
			return (double) roll(dice, 10);
		default:
			return odd_numbers[roll(dice, N_ODD)];
	}
}

static size_t
change_text(uint8_t *data, size_t size, size_t most, const Field *field,
			Dice *dice)
{
	static const char *const texts[] = {
		"", "a", "b", "lr", "a.b", "a.", ".", "value", "nan", "true", "007", "1e400", "\xc3\xa9",
		"\xff\xfe", "\xf0\x9f\x98\x80", "</script>", "<b>&\"'", "%s%n", "\t\r\n", "(missing)", "(other)", "_NAN"
	};
	const char *text = texts[roll(dice, sizeof(texts) / sizeof(texts[0]))];
	uint8_t		bytes[64];
	size_t		n;

	if (roll(dice, 8) == 0)		/* with a NUL inside */
		n = put_varint(bytes, 3), memcpy(bytes + n, "a\0b", 3), n += 3;
	else
	{
		n = put_varint(bytes, strlen(text));
		memcpy(bytes + n, text, strlen(text));
		n += strlen(text);
	}
	return replace(data, size, most, field->at, field->size, bytes, n);
}

static size_t
change_field(uint8_t *data, size_t size, size_t most, const Map *map,
			 Dice *dice)
{
	const Field *field = &map->fields[roll(dice, map->n_fields)];
	const Field *other = &map->fields[roll(dice, map->n_fields)];
	double		number;

	/* copy another one now and then */
	if (other->kind == field->kind && roll(dice, 3) == 0)
	{
		uint8_t		copy[256];

		if (other->size > sizeof(copy))
			return size;
		memcpy(copy, data + other->at, other->size);
		return replace(data, size, most, field->at, field->size, copy, other->size);
	}
	switch (field->kind)
	{
		case TEXT:
			return change_text(data, size, most, field, dice);
		case DOUBLE:
			number = odd_double(dice);
			return replace(data, size, most, field->at, field->size,
						   (const uint8_t *) &number, sizeof(number));
		default:
			return change_integer(data, size, most, field,
								  odd_integer(dice, old_integer(data, field)));
	}
}

/* Drop or double an element, and mostly count it; the count lies before it. */
static size_t
change_elements(uint8_t *data, size_t size, size_t most, const Map *map,
				Dice *dice)
{
	const Element *element = &map->elements[roll(dice, map->n_elements)];
	const Field *count;
	bool		drop = roll(dice, 2) == 0;
	uint8_t    *copy;
	size_t		changed;

	if (element->count >= map->n_fields)
		return size;
	count = &map->fields[element->count];
	copy = malloc(element->size + 1);
	memcpy(copy, data + element->at, element->size);
	changed = drop ? replace(data, size, most, element->at, element->size, copy, 0) :
		replace(data, size, most, element->at, 0, copy, element->size);
	free(copy);
	if (changed == size || roll(dice, 8) == 0)
		return changed;
	return change_integer(data, changed, most, count,
						  old_integer(data, count) + (drop ? -1 : 1));
}

static void
map_value_of(Map *map, const uint8_t *data, size_t size)
{
	memset(map, 0, offsetof(Map, fields));
	map->bytes = data;
	map->size = size;
	if (size > 4 && memcmp(data, "hpft", 4) == 0)
		map_forest(map, false);
	else if (size > 4 && memcmp(data, "hpfp", 4) == 0)
		map_forest(map, true);
	else
		map_study(map);
}

/* One change: to anything, or to what all parts have alike. */
static size_t
change_once(uint8_t *data, size_t size, size_t most, bool shared, Dice *dice)
{
	static Map	map;

	map_value_of(&map, data, size);
	if (shared)
	{
		map.n_fields = map.shared_fields;
		map.n_elements = map.shared_elements;
	}
	if (map.n_fields == 0)
		return size;
	return map.n_elements > 0 && roll(dice, 4) == 0 ?
		change_elements(data, size, most, &map, dice) :
		change_field(data, size, most, &map, dice);
}

static Dice
dice_of(uint64_t seed)
{
	return (Dice) {seed * UINT64_C(0x9e3779b97f4a7c15) | 1};
}

size_t
flat_change(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	Dice		dice = dice_of(seed);
	uint64_t	n = 1 + roll(&dice, 3);

	while (n-- > 0)
		size = change_once(data, size, most, false, &dice);
	return size;
}

/* ---- parts, one behind the other ---- */

#define MOST_PARTS		4
#define MOST_PART		((size_t) UINT16_MAX)

typedef struct Part
{
	size_t		size;
	uint8_t	   *bytes;			/* as many as a part may have */
} Part;

static int
split(const uint8_t *data, size_t size, Part *parts)
{
	int			n = 0;

	while (n < MOST_PARTS && size >= 2)
	{
		size_t		length = data[0] | (size_t) data[1] << 8;

		data += 2;
		size -= 2;
		length = length < size ? length : size;
		parts[n].size = length;
		parts[n].bytes = malloc(MOST_PART);
		memcpy(parts[n++].bytes, data, length);
		data += length;
		size -= length;
	}
	return n;
}

/* Write one of them behind the others, if there is room. */
static size_t
append(uint8_t *data, size_t size, size_t most, const Part *part)
{
	if (size + 2 + part->size > most)
		return size;
	data[size] = (uint8_t) part->size;
	data[size + 1] = (uint8_t) (part->size >> 8);
	memcpy(data + size + 2, part->bytes, part->size);
	return size + 2 + part->size;
}

/*
 * A change of one of them; or the same one to all, so that they still belong
 * together; or now and then one is dropped, or comes again in another's place.
 */
size_t
flat_change_parts(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	Dice		dice = dice_of(seed);
	Part		parts[MOST_PARTS];
	int			n = split(data, size, parts);
	int			one = n == 0 ? 0 : (int) roll(&dice, n);
	int			dropped = -1;
	uint64_t	how = roll(&dice, 32);

	if (n == 0)
		return flat_change(data, size, most, seed);
	if (how == 0)
		dropped = one;
	else if (how == 1 && n < MOST_PARTS)
		dropped = n;			/* none; the one comes again below */
	for (int i = 0; i < n && how > 1; i++)
	{
		Dice		same = dice;

		if (how < 16 || i == one)
			parts[i].size = change_once(parts[i].bytes, parts[i].size, MOST_PART,
										how < 16, &same);
	}
	size = 0;
	for (int i = 0; i < n; i++)
		if (i != dropped)
			size = append(data, size, most, &parts[i]);
	if (dropped == n)
		size = append(data, size, most, &parts[one]);
	for (int i = 0; i < n; i++)
		free(parts[i].bytes);
	return size;
}
