/*
 * config.c
 *		One jsonb config as a sequence of (path, scalar) pairs.
 *
 * The rules, cited below by number:
 *
 *	1. A config is a JSON object; anything else is an error.
 *	2. Nested objects are flattened, to any depth: the name of a leaf is the
 *		keys that lead to it, joined by dots.  Keys may hold any character.
 *	3. An object whose only keys are "value", or "desc" and "value", stands for
 *		its value, except as the config itself: so Weights & Biases stores
 *		configs.  Keys that begin with _wandb are its bookkeeping and left out
 *		at the top level and in the objects there (several config columns
 *		arrive as {"column": {...}}).
 *	4. An array is one value, and so is an empty object: their JSON text.
 *	5. A null is as if the key were not there.
 *	6. Minus zero is zero, and a number beyond the range of double infinite.
 *
 * Every row of a scan comes through here, so the jsonb is read where it lies,
 * without an iterator.  A jsonb object of n pairs is an array of 2n JEntry
 * words, first those of the keys, then those of the values, followed by the
 * bytes that they measure: walking keys and values side by side takes two
 * running offsets.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "pg/compat.h"
#include "core/text.h"
#include "pg/config.h"

/* How much of a wrong config an error message shows, in bytes. */
#define SHOWN_CONFIG	60

/* A value inside a jsonb container. */
typedef struct JsonNode
{
	JEntry		entry;
	const char *base;			/* where the container's bytes begin */
	uint32		start;
	uint32		end;			/* offsets from base */
} JsonNode;

typedef struct ConfigWalk
{
	ConfigLeaf	leaf;
	void	   *arg;
	const char *name;			/* of the leaf at hand: at the top its key where
								 * it lies, else the path */
	uint32		name_length;
	char	   *path;			/* of the node at hand */
	uint32		path_length;
	uint32		path_capacity;
	StringInfo	json;			/* text of the latest array, or NULL */
	char		fixed[256];		/* path begins here: few are longer */
} ConfigWalk;

static void walk_object(ConfigWalk *walk, const JsonbContainer *object,
						int depth);

static inline const JsonbContainer *
node_container(const JsonNode *node)
{
	return (const JsonbContainer *) (node->base + INTALIGN(node->start));
}

/* Appends a key to the path. */
static void
path_push(ConfigWalk *walk, const char *key, uint32 length, bool dot)
{
	uint32		needed = walk->path_length + dot + length;

	if (needed > walk->path_capacity)
	{
		uint32		capacity = 2 * needed;
		char	   *path = palloc(capacity);

		memcpy(path, walk->path, walk->path_length);
		if (walk->path != walk->fixed)
			pfree(walk->path);
		walk->path = path;
		walk->path_capacity = capacity;
	}
	if (dot)
		walk->path[walk->path_length++] = '.';
	memcpy(walk->path + walk->path_length, key, length);
	walk->path_length = needed;
}

/* Rule 3: makes node its own "value" if it is a wrapper. */
static bool
unwrap(JsonNode *node)
{
	const JsonbContainer *object = node_container(node);
	uint32		n_pairs = JsonContainerSize(object);
	const char *base = (const char *) (object->children + 2 * n_pairs);

	/* keys are stored shorter first */
	if (!(n_pairs == 1 && JBE_OFFLENFLD(object->children[0]) == 5 &&
		  memcmp(base, "value", 5) == 0) &&
		!(n_pairs == 2 && JBE_OFFLENFLD(object->children[0]) == 4 &&
		  JBE_OFFLENFLD(object->children[1]) == 5 &&
		  memcmp(base, "descvalue", 9) == 0))
		return false;
	node->entry = object->children[2 * n_pairs - 1];
	node->base = base;
	node->start = getJsonbOffset(object, 2 * n_pairs - 1);
	node->end = node->start;
	JBE_ADVANCE_OFFSET(node->end, node->entry);
	return true;
}

/* Rule 4: reports an array or an empty object. */
static void
report_json(ConfigWalk *walk, const JsonNode *node)
{
	JsonbContainer *container = (JsonbContainer *) node_container(node);
	HpValue		value = {.tag = HP_TAG_JSON};

	if (walk->json == NULL)
		walk->json = makeStringInfo();
	resetStringInfo(walk->json);
	value.text = JsonbToCString(walk->json, container,
								node->end - node->start);
	value.length = walk->json->len;
	walk->leaf(walk->arg, walk->name, walk->name_length, &value);
}

/* Whatever lies at the path at hand: reports a leaf, descends otherwise. */
static void
walk_value(ConfigWalk *walk, JsonNode node, int depth)
{
	HpValue		value = {0};

	while (JBE_ISCONTAINER(node.entry))
	{
		const JsonbContainer *container = node_container(&node);

		if (!JsonContainerIsObject(container) ||
			JsonContainerSize(container) == 0)
			report_json(walk, &node);
		else if (unwrap(&node))
			continue;
		else
			walk_object(walk, container, depth + 1);
		return;
	}

	if (JBE_ISNUMERIC(node.entry))
	{
		value.tag = HP_TAG_NUMBER;
		value.number = number_from_numeric((Numeric) (node.base +
													  INTALIGN(node.start)));
		if (value.number == 0)
			value.number = 0;	/* rule 6 */
	}
	else if (JBE_ISSTRING(node.entry))
	{
		value.tag = HP_TAG_STRING;
		value.text = node.base + node.start;
		value.length = node.end - node.start;
	}
	else if (JBE_ISBOOL(node.entry))
	{
		value.tag = HP_TAG_BOOLEAN;
		value.number = JBE_ISBOOL_TRUE(node.entry) ? 1 : 0;
	}
	else
		return;					/* null: rule 5 */
	walk->leaf(walk->arg, walk->name, walk->name_length, &value);
}

static void
walk_object(ConfigWalk *walk, const JsonbContainer *object, int depth)
{
	uint32		n_pairs = JsonContainerSize(object);
	const JEntry *keys = object->children;
	const JEntry *values = object->children + n_pairs;
	uint32		key_end = 0;
	uint32		path_length = walk->path_length;
	JsonNode	node;

	check_stack_depth();
	node.base = (const char *) (values + n_pairs);
	node.end = getJsonbOffset(object, n_pairs);
	for (uint32 i = 0; i < n_pairs; i++)
	{
		uint32		key_start = key_end;
		const char *key = node.base + key_start;
		uint32		length;

		CHECK_FOR_INTERRUPTS();
		JBE_ADVANCE_OFFSET(key_end, keys[i]);
		length = key_end - key_start;
		node.entry = values[i];
		node.start = node.end;
		JBE_ADVANCE_OFFSET(node.end, node.entry);

		if (depth <= 1 && length >= 6 && memcmp(key, "_wandb", 6) == 0)
			continue;			/* rule 3 */
		walk->name = key;
		walk->name_length = length;
		if (depth > 0 || JBE_ISCONTAINER(node.entry))
		{
			path_push(walk, key, length, depth > 0);
			walk->name = walk->path;
			walk->name_length = walk->path_length;
		}
		walk_value(walk, node, depth);
		walk->path_length = path_length;
	}
}

/* Rule 1. */
static void
refuse_config(Jsonb *config)
{
	JsonbContainer *root = &config->root;
	char	   *text = JsonbToCString(NULL, root, VARSIZE(config));
	int			length = strlen(text);
	JsonbValue	scalar;
	const char *kind = "an array";
	bool		is_string = false;

	if (JB_ROOT_IS_SCALAR(config) && JsonbExtractScalar(root, &scalar))
	{
		is_string = scalar.type == jbvString;
		kind = scalar.type == jbvString ? "a string" :
			scalar.type == jbvNumeric ? "a number" :
			scalar.type == jbvBool ? "a boolean" : "a JSON null";
	}
	if (length > SHOWN_CONFIG)
		strcpy(text + pg_mbcliplen(text, length, SHOWN_CONFIG - 3), "...");
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("config is not a JSON object"),
			 errdetail("It is %s: %s", kind, text),
			 is_string ?
			 errhint("If the string holds JSON text, pass (config #>> '{}')::jsonb.") :
			 errhint("Pass objects like {\"lr\": 0.1}, or leave the other rows out by WHERE jsonb_typeof(config) = 'object'.")));
}

void
config_walk(Jsonb *config, ConfigLeaf leaf, void *arg)
{
	ConfigWalk	walk;

	if (!JB_ROOT_IS_OBJECT(config))
		refuse_config(config);
	walk.leaf = leaf;
	walk.arg = arg;
	walk.path = walk.fixed;
	walk.path_length = 0;
	walk.path_capacity = sizeof(walk.fixed);
	walk.json = NULL;
	walk_object(&walk, &config->root, 0);
	if (walk.path != walk.fixed)
		pfree(walk.path);
}

/* The number that a scalar is or reads as. */
static bool
scalar_number(const JsonbValue *value, double *number)
{
	if (value->type == jbvString)
	{
		HpText		text = {value->val.string.val, value->val.string.len};
		HpReading	reads = hp_read_text(text, number);

		return reads == HP_READS_NUMBER || reads == HP_READS_NOT_FINITE;
	}
	if (value->type != jbvNumeric)
		return false;
	*number = number_from_numeric(value->val.numeric);
	return true;
}

/*
 * Looks path up in an object.  Keys may hold dots themselves, so every split
 * of the path at a dot is tried, the longest key first.  However many there
 * are, no object is entered twice: the keys above it spell one prefix of path.
 */
static bool
find_path(JsonbContainer *object, const char *path, uint32 length,
		  JsonbValue *value)
{
	uint32		split = length;

	check_stack_depth();
	for (;;)
	{
		if (getKeyJsonValueFromContainer(object, path, split, value))
		{
			if (split == length)
				return true;
			if (value->type == jbvBinary &&
				JsonContainerIsObject(value->val.binary.data) &&
				find_path(value->val.binary.data, path + split + 1,
						  length - split - 1, value))
				return true;
		}
		do
		{
			if (split == 0)
				return false;
		} while (path[--split] != '.');
	}
}

bool
config_number_at(Jsonb *document, const char *path, uint32 path_length,
				 double *number, bool *found)
{
	JsonbValue	value;

	if (path_length == 0)
	{
		*found = true;
		return JB_ROOT_IS_SCALAR(document) &&
			JsonbExtractScalar(&document->root, &value) &&
			scalar_number(&value, number);
	}
	*found = JB_ROOT_IS_OBJECT(document) &&
		find_path(&document->root, path, path_length, &value);
	return *found && scalar_number(&value, number);
}
