/*
 * settings.c
 *		The settings of hp_forest, as the SQL functions take them.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "pg/settings.h"

/* The settings in the order of the SQL functions. */
enum
{
	ARG_TREES,
	ARG_MAX_DEPTH,
	ARG_MIN_SAMPLES_LEAF,
	ARG_MAX_FEATURES,
	ARG_SEED,
	ARG_INCLUDE,				/* these three in a row: settings_patterns */
	ARG_EXCLUDE,
	ARG_CATEGORICAL,
	ARG_ENCODING,
	ARG_METHOD,
	ARG_MISSING,
	ARG_GOAL,
	ARG_QUANTILE,
	ARG_DEPTH,
	ARG_UNCERTAINTY
};

/* Where the method has no other mind. */
#define DEFAULT_TREES	100

/* A word that an argument may be. */
typedef struct Choice
{
	const char *word;
	int			value;
} Choice;

static const Choice methods[] = {
	{"impurity", METHOD_IMPURITY},
	{"permutation", METHOD_PERMUTATION},
	{"corrected", METHOD_CORRECTED},
	{"fanova", METHOD_FANOVA},
	{"ped_anova", METHOD_PED_ANOVA},
	{NULL, 0}
};

static const Choice encodings[] = {
	{"native", false},
	{"onehot", true},
	{NULL, 0}
};

static const Choice goals[] = {
	{"minimize", false},
	{"maximize", true},
	{NULL, 0}
};

static const Choice spaces[] = {
	{"observed", HP_SPACE_OBSERVED},
	{"uniform", HP_SPACE_UNIFORM},
	{"log", HP_SPACE_LOG},
	{NULL, 0}
};

static const Choice formats[] = {
	{"text", REPORT_TEXT},
	{"markdown", REPORT_MARKDOWN},
	{"svg", REPORT_SVG},
	{"html", REPORT_HTML},
	{NULL, 0}
};

/* 0: by the method */
static const Choice missings[] = {
	{"auto", 0},
	{"fill", HP_MISSING_FILL},
	{"value", HP_MISSING_VALUE},
	{NULL, 0}
};

static void
require_not_null(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name),
				 errhint("Leave the argument out to get its default.")));
}

static int
get_choice(FunctionCallInfo fcinfo, int argument, const char *name,
		   const Choice *choices)
{
	StringInfoData list;
	char	   *word;

	require_not_null(fcinfo, argument, name);
	word = text_to_cstring(PG_GETARG_TEXT_PP(argument));
	initStringInfo(&list);
	for (const Choice *c = choices; c->word != NULL; c++)
	{
		if (pg_strcasecmp(c->word, word) == 0)
			return c->value;
		appendStringInfo(&list, "%s\"%s\"", c == choices ? "" : ", ", c->word);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown value of %s: \"%s\"", name, word),
			 errhint("Valid values of %s are %s.", name, list.data)));
}

static Patterns
get_patterns(FunctionCallInfo fcinfo, int argument, const char *name)
{
	Patterns	patterns = {.argument = name};
	Datum	   *elements;
	bool	   *nulls;

	if (PG_ARGISNULL(argument))
		return patterns;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, &patterns.n);
	patterns.patterns = palloc(patterns.n * sizeof(text *));
	patterns.matched = palloc0(patterns.n * sizeof(bool));
	for (int i = 0; i < patterns.n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not hold null", name),
					 errhint("Give LIKE patterns on names of parameters, as in '{optimizer.%%}'.")));
		patterns.patterns[i] = DatumGetTextPP(elements[i]);
	}
	return patterns;
}

/* What the core does not allow, said in SQL's words. */
static void
check_forest(const HpForestSettings *settings, const char *depth)
{
	const char *reason = hp_forest_check(settings);

	if (reason != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s", reason),
				 errdetail("Got trees %lld, max_depth %s, min_samples_leaf %lld, max_features %g.",
						   (long long) settings->trees, depth,
						   (long long) settings->min_samples_leaf,
						   settings->max_features),
				 strncmp(reason, "max_features", 12) == 0 ?
				 errhint("It is a share of the parameters: to try 5 of 20 at each split, give 0.25.") :
				 errhint("Leave the argument out to get its default.")));
}

/* "missing" is a value to scikit-learn, whose number impurity is. */
static HpMissing
missing_by_method(Method method)
{
	return method == METHOD_IMPURITY ? HP_MISSING_VALUE : HP_MISSING_FILL;
}

Settings
settings_patterns(FunctionCallInfo fcinfo, int first)
{
	return (Settings) {
		.include = get_patterns(fcinfo, first, "include"),
		.exclude = get_patterns(fcinfo, first + 1, "exclude"),
		.categorical = get_patterns(fcinfo, first + 2, "categorical")
	};
}

HpSpace
settings_space(FunctionCallInfo fcinfo, int argument)
{
	return get_choice(fcinfo, argument, "space", spaces);
}

static const char *
method_name(Method method)
{
	const Choice *c = methods;

	while (c->value != (int) method)
		c++;
	return c->word;
}

/* Columns of a terminal that a report is made for. */
#define LEAST_WIDTH	40
#define MOST_WIDTH	1000

ReportStyle
settings_report(FunctionCallInfo fcinfo, int first)
{
	ReportStyle style = {
		.format = get_choice(fcinfo, first, "format", formats)
	};

	require_not_null(fcinfo, first + 1, "width");
	require_not_null(fcinfo, first + 2, "ascii");
	style.width = PG_GETARG_INT32(first + 1);
	style.ascii = PG_GETARG_BOOL(first + 2);
	if (style.width < LEAST_WIDTH || style.width > MOST_WIDTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("width must be between %d and %d", LEAST_WIDTH, MOST_WIDTH),
				 errdetail("Got width %d.", style.width),
				 errhint("It is the number of columns of the terminal.")));
	return style;
}

static bool
method_has_groups(Method method)
{
	return method == METHOD_PERMUTATION || method == METHOD_IMPURITY ||
		method == METHOD_CORRECTED;
}

/* The settings that the trees do not depend on. */
static void
get_what_to_ask(FunctionCallInfo fcinfo, int first, Settings *s)
{
	s->maximize = get_choice(fcinfo, first + ARG_GOAL, "goal", goals);
	require_not_null(fcinfo, first + ARG_QUANTILE, "quantile");
	s->quantile = PG_GETARG_FLOAT8(first + ARG_QUANTILE);
	if (!(s->quantile > 0 && s->quantile < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantile must be greater than 0 and less than 1"),
				 errdetail("Got quantile %g.", s->quantile),
				 errhint("It is the share of the runs that count as the best: 0.1 is the best tenth.")));
	if (!PG_ARGISNULL(first + ARG_DEPTH))
	{
		s->depth = PG_GETARG_INT32(first + ARG_DEPTH);
		if (s->depth < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("depth must be at least 1"),
					 errdetail("Got depth %d.", s->depth),
					 errhint("1 makes a group of all parameters below one top-level key; null keeps each parameter by itself.")));
		if (!method_has_groups(s->method))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("method \"%s\" has no importance of groups",
							method_name(s->method)),
					 errdetail("What a group explains is not known from what its parameters explain each by itself."),
					 errhint("Give depth with method \"permutation\", \"impurity\" or \"corrected\".")));
	}
	require_not_null(fcinfo, first + ARG_UNCERTAINTY, "uncertainty");
	s->uncertainty = PG_GETARG_BOOL(first + ARG_UNCERTAINTY);
}

Settings
settings_from_arguments(FunctionCallInfo fcinfo, int first)
{
	Settings	s = settings_patterns(fcinfo, first + ARG_INCLUDE);
	const char *depth = "null";
	int			missing;

	require_not_null(fcinfo, first + ARG_MAX_FEATURES, "max_features");
	require_not_null(fcinfo, first + ARG_SEED, "seed");
	s.forest.trees = DEFAULT_TREES;
	if (!PG_ARGISNULL(first + ARG_TREES))
		s.forest.trees = PG_GETARG_INT32(first + ARG_TREES);
	if (!PG_ARGISNULL(first + ARG_MAX_DEPTH))
	{
		s.forest.max_depth = PG_GETARG_INT32(first + ARG_MAX_DEPTH);
		depth = psprintf("%lld", (long long) s.forest.max_depth);
		if (s.forest.max_depth == 0)
			s.forest.max_depth = -1;	/* 0 is no limit only inside */
	}
	s.forest.min_samples_leaf = 1;
	if (!PG_ARGISNULL(first + ARG_MIN_SAMPLES_LEAF))
		s.forest.min_samples_leaf = PG_GETARG_INT32(first + ARG_MIN_SAMPLES_LEAF);
	s.forest.max_features = PG_GETARG_FLOAT8(first + ARG_MAX_FEATURES);
	s.forest.seed = (uint64) PG_GETARG_INT64(first + ARG_SEED);
	s.onehot = get_choice(fcinfo, first + ARG_ENCODING, "encoding", encodings);
	s.method = get_choice(fcinfo, first + ARG_METHOD, "method", methods);
	missing = get_choice(fcinfo, first + ARG_MISSING, "missing", missings);
	s.forest.missing = missing_by_method(s.method);
	if (missing != 0)
		s.forest.missing = missing;
	s.forest.permutation = s.forest.twice = s.method == METHOD_PERMUTATION;
	s.trees_by_method = PG_ARGISNULL(first + ARG_TREES);
	s.leaf_by_method = PG_ARGISNULL(first + ARG_MIN_SAMPLES_LEAF);
	s.forest.corrected = s.method == METHOD_CORRECTED;
	s.forest.fanova = s.method == METHOD_FANOVA;
	s.forest.depth = 0;
	check_forest(&s.forest, depth);
	get_what_to_ask(fcinfo, first, &s);
	s.forest.depth = s.depth;
	return s;
}

void
settings_part(FunctionCallInfo fcinfo, int first, Settings *settings)
{
	int			part;
	int			parts;

	if (PG_ARGISNULL(first) && PG_ARGISNULL(first + 1))
		return;
	if (PG_ARGISNULL(first) || PG_ARGISNULL(first + 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("part and parts go together"),
				 errhint("part => 2, parts => 8 trains the second eighth of the trees; without both all are trained.")));
	part = PG_GETARG_INT32(first);
	parts = PG_GETARG_INT32(first + 1);
	if (parts < 1 || parts > MODEL_MAX_PARTS || part < 1 || part > parts)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("part must be between 1 and parts, and parts at most %d",
						MODEL_MAX_PARTS),
				 errdetail("Got part %d, parts %d.", part, parts),
				 errhint("Train parts 1, 2, ... up to parts, and merge them by hp_forest_agg.")));
	/* the only part is the whole */
	if (parts == 1)
		return;
	settings->part = part - 1;
	settings->parts = parts;
}

void
settings_complete(Settings *settings, uint32 n_runs, uint32 n_columns)
{
	bool		twice = settings->forest.twice;

	if (settings->trees_by_method)
		settings->forest.trees = twice ?
			hp_trees_for_twice(n_runs, n_columns) : DEFAULT_TREES;
	if (settings->leaf_by_method)
		settings->forest.min_samples_leaf = twice ? hp_leaf_for_twice(n_runs) : 1;
}

bool
patterns_match(Patterns *patterns, const char *name, uint32 length)
{
	bool		match = false;
	text	   *name_text;

	if (patterns->n == 0)
		return false;
	name_text = cstring_to_text_with_len(name, length);
	/* all of them, so that those without any match are known in the end */
	for (int i = 0; i < patterns->n; i++)
		if (DatumGetBool(DirectFunctionCall2Coll(textlike, C_COLLATION_OID,
												 PointerGetDatum(name_text),
												 PointerGetDatum(patterns->patterns[i]))))
			match = patterns->matched[i] = true;
	pfree(name_text);
	return match;
}

void
patterns_warn_unmatched(const Patterns *patterns, const char *names)
{
	for (int i = 0; i < patterns->n; i++)
		if (!patterns->matched[i])
			ereport(WARNING,
					(errcode(ERRCODE_WARNING),
					 errmsg("pattern \"%s\" of %s matches no parameter",
							text_to_cstring(patterns->patterns[i]),
							patterns->argument),
					 errdetail("The parameters are %s.", names),
					 errhint("A LIKE pattern must match the whole name, case included: '%%.lr' finds optimizer.lr.")));
}
