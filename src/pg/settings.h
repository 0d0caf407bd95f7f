/*
 * settings.h
 *		The settings of hp_forest, as the SQL functions take them.
 */
#ifndef HPIMP_SETTINGS_H
#define HPIMP_SETTINGS_H

#include "postgres.h"

#include "fmgr.h"

#include "core/forest.h"
#include "pg/model.h"
#include "pg/report_style.h"

/* LIKE patterns on names of parameters. */
typedef struct Patterns
{
	const char *argument;		/* "include" */
	int			n;
	text	  **patterns;		/* NULL if the argument was NULL */
	bool	   *matched;		/* some parameter so far */
} Patterns;

typedef struct Settings
{
	HpForestSettings forest;
	bool		trees_by_method;	/* not given */
	bool		leaf_by_method;
	Method		method;
	bool		onehot;
	bool		maximize;		/* goal: large metrics are good */
	double		quantile;		/* so many of the runs are the best, (0, 1) */
	int			depth;			/* of names that makes a group; 0 = none */
	bool		uncertainty;	/* standard errors and p-values */
	uint32		part;			/* train this part of the trees, from 0, */
	uint32		parts;			/* of so many; 0: all trees */
	Patterns	include;
	Patterns	exclude;
	Patterns	categorical;
} Settings;

/*
 * The settings from the arguments of a function, of which they are the
 * SETTINGS_COUNT from `first` on.  Raises an error for one that is not valid.
 */
#define SETTINGS_COUNT	15
extern Settings settings_from_arguments(FunctionCallInfo fcinfo, int first);

/* part and parts, from `first` on: which trees to train. */
extern void settings_part(FunctionCallInfo fcinfo, int first,
						  Settings *settings);

/* The space to average over, an argument of some questions. */
extern HpSpace settings_space(FunctionCallInfo fcinfo, int argument);

/* How a report is to look: format, width and ascii, from `first` on. */
extern ReportStyle settings_report(FunctionCallInfo fcinfo, int first);

/* The settings when none are given but include, exclude and categorical. */
extern Settings settings_patterns(FunctionCallInfo fcinfo, int first);

/* Set what is not given and depends on the number of runs and columns. */
extern void settings_complete(Settings *settings, uint32 n_runs,
							  uint32 n_columns);

/* Whether a name matches one of the patterns. */
extern bool patterns_match(Patterns *patterns, const char *name,
						   uint32 length);

/*
 * Warn of patterns that no parameter has matched; names lists what there is.
 */
extern void patterns_warn_unmatched(const Patterns *patterns,
									const char *names);

#endif							/* HPIMP_SETTINGS_H */
