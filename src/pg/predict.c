/*
 * predict.c
 *		What a forest expects of a run with a given config.
 */
#include "postgres.h"

#include <math.h>

#include "core/coding.h"
#include "core/order.h"
#include "pg/config.h"
#include "pg/predict.h"

/* A config on its way to codes by feature. */
typedef struct Candidate
{
	const Model *model;
	uint32	   *codes;
} Candidate;

static uint32
code_of_value(const ModelRow *row, const HpValue *value)
{
	HpText		level[2] = {{"", 0}, row->level};
	HpCodeBook	book = {
		.kind = row->kind,
		.n_codes = row->n_codes,
		.n_words = row->n_words,
		.numbers = row->numbers,
		.labels = row->labels,
		.shuffled = row->shuffled
	};
	uint32		code;

	if (row->level_missing)
		return 1;				/* false: it is not missing */
	if (row->level.bytes != NULL)
	{
		book = (HpCodeBook) {
			.kind = HP_CATEGORICAL, .n_codes = 2, .labels = level
		};
		return hp_code_of(&book, value) == 1 ? 2 : 1;
	}
	code = hp_code_of(&book, value);
	if (code == HP_UNKNOWN_CODE && row->pooled)
		return row->n_codes - 1;
	return code;
}

static int
compare_parameter(const Model *model, uint32 feature, HpText name)
{
	HpText		parameter = model->rows[model->features[feature]].parameter;

	return hp_text_compare(parameter.bytes, parameter.length,
						   name.bytes, name.length);
}

/* The first feature of a parameter, or n_features. */
static uint32
find_feature(const Model *model, HpText name)
{
	uint32		first = 0;
	uint32		end = model->n_features;

	while (model->shuffled && first < end &&
		   compare_parameter(model, first, name) != 0)
		first++;
	while (!model->shuffled && first < end)
	{
		uint32		middle = first + (end - first) / 2;

		if (compare_parameter(model, middle, name) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

/* Those of a parameter, one-hot levels of it, stand together. */
static void
candidate_leaf(void *arg, const char *path, uint32 path_length,
			   const HpValue *value)
{
	Candidate  *candidate = arg;
	const Model *model = candidate->model;
	HpText		name = {path, path_length};

	for (uint32 f = find_feature(model, name); f < model->n_features &&
		 compare_parameter(model, f, name) == 0; f++)
		candidate->codes[f] =
			code_of_value(&model->rows[model->features[f]], value);
}

double
predict(const Model *model, Jsonb *config)
{
	Candidate	candidate = {model, palloc((model->n_features + 1) *
										   sizeof(uint32))};

	if (!model_can_grow(model))
		return NAN;
	if (model->n_trees == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the forest holds no trees to predict with"),
				 errdetail("They were too large to keep."),
				 errhint("Train with fewer trees or a larger min_samples_leaf.")));
	for (uint32 f = 0; f < model->n_features; f++)
	{
		const ModelRow *row = &model->rows[model->features[f]];

		candidate.codes[f] = row->level.bytes == NULL ? 0 :
			row->level_missing ? 2 : 1;
	}
	config_walk(config, candidate_leaf, &candidate);
	return model_predict(model, candidate.codes);
}
