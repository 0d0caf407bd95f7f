/*
 * model.h
 *		The hp_forest value: a trained model and what was found out about it.
 *
 * A Model is the value in memory.  model.c reads and writes the flat format;
 * its trees stay in the flat bytes, and model_trees.c is who knows them there.
 * model_parts.c is about forests that are not whole yet.
 */
#ifndef HPIMP_MODEL_H
#define HPIMP_MODEL_H

#include "postgres.h"

#include "core/describe.h"
#include "core/forest.h"
#include "core/measure.h"
#include "core/tally.h"
#include "pg/bytes.h"

/* The importance that hp_importance reports. */
typedef enum Method
{
	METHOD_IMPURITY = 1,
	METHOD_PERMUTATION = 2,
	METHOD_CORRECTED = 3,
	METHOD_FANOVA = 4,
	METHOD_PED_ANOVA = 5
} Method;

#define FIRST_METHOD	METHOD_IMPURITY
#define LAST_METHOD		METHOD_PED_ANOVA

/* What is found out about a parameter or a group of them; NaN if it is not. */
typedef struct Findings
{
	double		importance[LAST_METHOD + 1];	/* by method; [0] not used */

	/* of the importance by the method of the forest */
	double		standard_error;
	double		p_value;
	double		p_value_adjusted;	/* for the number of parameters */
} Findings;

/* Parameters whose names begin alike, taken together. */
typedef struct ModelGroup
{
	HpText		name;			/* what their names have in common */
	Findings	findings;
} ModelGroup;

/* One row of the answer: a parameter, or one level of it when one-hot. */
typedef struct ModelRow
{
	HpText		name;
	HpText		parameter;
	HpText		level;			/* bytes NULL unless one-hot */
	bool		level_missing;	/* the one-hot row of missing values */
	HpKind		kind;
	HpRole		role;
	bool		binned;
	bool		pooled;
	bool		fill;			/* gaps were filled by observed values */
	uint32		n_codes;		/* of a parameter that took part, else 0 */
	uint32		n_words;
	uint32		runs;			/* that have it, of those used */
	uint64		all_runs;		/* that have it, of all */
	uint32		distinct;
	HpText		only;			/* the one value, if there is just one */
	uint32		group;			/* the number of its group, from 1; 0 = none */
	uint32	   *runs_of;		/* by code: runs that have it, of those used;
								 * NULL if it took no part */
	uint32	   *best_of;		/* the best runs among them; likewise */
	HpText		related;		/* how it goes with others, for the note; bytes
								 * NULL if there is nothing to say */
	Findings	findings;
	HpDescription description;
	double	   *numbers;		/* by code; NULL if categorical */
	HpText	   *labels;			/* by code; NULL if numeric without words */
	bool		shuffled;		/* the labels are in no order: they come from
								 * an encoding that has another */
} ModelRow;

/* Counts of runs, used and left out; those beyond a sample are neither. */
typedef struct ModelRuns
{
	uint64		all;			/* with a finite metric */
	uint64		used;			/* of them */
	uint64		no_metric;
	uint64		nan_metric;
	uint64		infinite_metric;
} ModelRuns;

/* Runs left out; counts from outside may be as large as counts get. */
static inline uint64
model_left_out(const ModelRuns *runs)
{
	return hp_add_counts(hp_add_counts(runs->no_metric, runs->nan_metric),
						 runs->infinite_metric);
}

/* Numbers from first to before end. */
typedef struct Span
{
	uint32		first;
	uint32		end;
} Span;

/*
 * What is kept of a forest that is trained in parts as long as some are
 * missing: what its trees have reported, for the whole to be made of.
 */
typedef struct ModelParts
{
	uint32		n_all;			/* parts make the forest; at least 2 */
	uint32		n;				/* of them are here, */
	uint32	   *numbers;		/* these: ascending, the first of all is 0 */
	uint64		fingerprint;	/* of the data trained on */

	/* if trees can be grown */
	int64	   *target;			/* by run: see HpFrame */
	HpTreeReport *reports;		/* by tree; those that are not here are empty */
	HpOutOfBag	out_of_bag;
	const HpBeside *beside;		/* the forest, if the first part is here and
								 * there is any; else NULL */
	double	   *replicates;		/* reports by unit (core/replicate.h), likewise;
								 * NULL without uncertainty */
} ModelParts;

typedef struct Model
{
	HpForestSettings settings;
	Method		method;
	bool		onehot;
	bool		maximize;		/* large metrics are good */
	double		quantile;		/* so many of the runs are the best */
	int			depth;			/* of names that makes a group; 0 = none */
	bool		uncertainty;	/* standard errors and p-values are wanted */
	HpSpace		space;			/* what functional ANOVA averages over */
	ModelRuns	runs;
	HpMetric	metric;
	double		r2;				/* out-of-bag, NaN if not defined */
	double		rmse;
	double		p_value;		/* of the forest against chance; NaN if not known */
	double		center;			/* metric = center + unit * value of a node */
	double		unit;
	uint32		n_rows;
	ModelRow   *rows;			/* rows that took part are the features of the
								 * trees, in this order */
	uint32		n_groups;
	ModelGroup *groups;
	uint32		n_features;
	uint32	   *features;		/* index of the row of each feature */
	bool		shuffled;		/* parameters are not in the order of names */
	uint32		n_trees;		/* kept: all, each followed by its second if it
								 * has one; or none if too large or never grown */
	const char *trees;			/* flat: see model_trees.c */
	const char *trees_end;
	const struct ModelDetail *detail;	/* of the runs; NULL unless wanted when
										 * it was trained (detail.h) */
	ModelParts *parts;			/* NULL: the forest is whole */
} Model;

/* How many trees there are, the second ones too. */
static inline uint32
model_trees(const HpForestSettings *settings)
{
	return (uint32) settings->trees * (settings->twice ? 2 : 1);
}

/* A forest that is larger is kept without its trees. */
#define MODEL_MAX_TREE_BYTES	((Size) 900 * 1024 * 1024)

/* Whether there are runs, parameters and a varying metric to grow trees on. */
static inline bool
model_can_grow(const Model *model)
{
	return model->runs.used >= 2 && model->unit > 0 && model->n_features > 0;
}

/* ---- model.c ---- */

/* The flat varlena of a model. */
extern struct varlena *model_write(const Model *model);

/*
 * The model of a detoasted flat value.  Texts are copied only if the encoding
 * differs; the trees stay in the value.  It is an error if it is not whole.
 */
extern Model *model_read(struct varlena *value);

/* The same, whole or not. */
extern Model *model_read_any(struct varlena *value);

/* The same, of bytes from outside: checked whole, or an error. */
extern Model *model_check(const char *bytes, Size size);

/* Whether two models are of forests with the same settings. */
extern bool model_same_settings(const Model *a, const Model *b);

/* Whether they are the same in all but trees and what those report. */
extern bool model_same_but_trees(const Model *a, const Model *b);

/* ---- model_parts.c ---- */

#define MODEL_MAX_PARTS		HP_MAX_TREES

/* What one of so many parts, counted from 0, has of n numbers. */
static inline Span
span_of_part(uint32 n, uint32 part, uint32 parts)
{
	return (Span) {
		(uint32) ((uint64) n * part / parts),
		(uint32) ((uint64) n * (part + 1) / parts)
	};
}

/* The trees that a part has. */
static inline Span
part_trees(const Model *model, uint32 part)
{
	return span_of_part((uint32) model->settings.trees, part,
						model->parts->n_all);
}

/* How many trees a model that is not whole should have, the second ones too. */
extern uint32 model_trees_here(const Model *model);

/* What the core needs to know of the parameters to make something of trees. */
extern HpFeatureMap model_map(const Model *model);

/* What it needs to know of the data, of a model in parts. */
extern HpFrame model_frame(const Model *model);

extern void put_parts(Writer *writer, const Model *model);

/* Read the parts, of a model that is read so far. */
extern void get_parts(Reader *reader, Model *model);

/*
 * The parts of two models in one, which shares memory with both; an error if
 * they do not belong together, or have a part in common.
 */
extern Model *model_merge(const Model *a, const Model *b);

/* Whether all parts are there. */
static inline bool
model_is_complete(const Model *model)
{
	return model->parts->n == model->parts->n_all;
}

/* An error: it is not whole, and these parts are missing. */
pg_noreturn extern void model_not_whole(const Model *model);

/* ---- model_trees.c ---- */

/* Collects trees in their flat form. */
typedef struct TreeBytes
{
	char	   *bytes;
	Size		size;
	Size		cap;
	bool		overflow;		/* more than MODEL_MAX_TREE_BYTES: none kept */
} TreeBytes;

extern void tree_bytes_add(TreeBytes *trees, const HpTree *tree);

/*
 * Room for size more bytes of trees in their flat form, to be filled by the
 * caller; NULL, and none kept, if that is too much.
 */
extern char *tree_bytes_extend(TreeBytes *trees, Size size);

/* Where n more trees end that begin here. */
extern const char *model_skip_trees(const Model *model, const char *at,
									uint32 n);

/* Trees from outside: safe to be walked, or an error. */
extern void model_check_trees(const Model *model);

/* The trees one after the other; all bits 0 but model before the first. */
typedef struct ModelTrees
{
	const Model *model;
	uint32		number;			/* of the next */
	const char *at;
	uint32		cap_nodes;
	uint32		cap_words;
	HpTree		tree;			/* the last one */
} ModelTrees;

/* The next tree, in memory of its own until the one after; NULL at the end. */
extern const HpTree *model_next_tree(ModelTrees *trees);

/* Whether the next is a second one, that follows another. */
static inline bool
model_is_second(const ModelTrees *trees)
{
	return trees->model->settings.twice && trees->number % 2 == 1;
}

/*
 * The prediction of the forest, in the metric's unit, for a run with the
 * given codes by feature.  HP_UNKNOWN_CODE, for a level never seen, asks for
 * the mean over what the parameter might have been; so does 0, for missing,
 * where training saw no missing value or filled them.
 */
extern double model_predict(const Model *model, const uint32 *codes);

#endif							/* HPIMP_MODEL_H */
