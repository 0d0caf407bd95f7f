/*
 * rows.c
 *		The codes once more, run by run.
 */
#include "rows.h"

HpRows *
hp_rows_create(const HpEnv *env, const HpFeature *features,
			   uint32_t n_features, uint32_t n_runs)
{
	HpRows	   *rows = hp_alloc0(env, 1, sizeof(HpRows));

	rows->env = env;
	rows->features = features;
	rows->place = hp_alloc(env, n_features, sizeof(uint32_t));
	rows->mask = hp_alloc(env, n_features, sizeof(uint32_t));
	hp_rows_use(rows, n_features, n_runs);
	return rows;
}

/* Give narrow features, of few codes or more, their places. */
static void
place_narrow(HpRows *rows, bool few)
{
	for (uint32_t f = 0; f < rows->n_features; f++)
	{
		if (rows->features[f].wide ||
			hp_has_few_codes(&rows->features[f]) != few)
			continue;
		rows->place[f] = rows->n_narrow++;
		rows->mask[f] = UINT8_MAX;
	}
}

void
hp_rows_use(HpRows *rows, uint32_t n_features, uint32_t n_runs)
{
	rows->n_features = n_features;
	rows->n_runs = n_runs;
	rows->n_narrow = 0;
	place_narrow(rows, true);
	rows->n_few = rows->n_narrow;
	place_narrow(rows, false);
	rows->stride = (rows->n_narrow + 1) / 2 * 2;
	for (uint32_t f = 0; f < n_features; f++)
	{
		if (!rows->features[f].wide)
			continue;
		rows->place[f] = (uint32_t) rows->stride;
		rows->mask[f] = UINT16_MAX;
		rows->stride += sizeof(uint16_t);
	}
	rows->codes = NULL;
}

static inline void
copy_code(const HpRows *rows, uint32_t feature, uint32_t run)
{
	const HpFeature *f = &rows->features[feature];
	uint8_t    *to = rows->codes + run * rows->stride + rows->place[feature];

	if (f->wide)
		memcpy(to, (const uint16_t *) f->codes + run, sizeof(uint16_t));
	else
		*to = ((const uint8_t *) f->codes)[run];
}

void
hp_rows_reread(HpRows *rows, uint32_t feature, const uint32_t *runs, uint32_t n)
{
	if (rows->codes == NULL)
		return;
	hp_tick(rows->env);
	for (uint32_t i = 0; i < n; i++)
		copy_code(rows, feature, runs[i]);
}

void
hp_rows_ready(HpRows *rows)
{
	size_t		size = rows->n_runs * rows->stride + 1;

	if (rows->codes != NULL)
		return;
	if (size > rows->size)
	{
		rows->memory = hp_alloc(rows->env, size, 1);
		rows->size = size;
	}
	rows->codes = rows->memory;
	rows->codes[size - 1] = 0;	/* to spare: of the last code two are read */
	for (uint32_t f = 0; f < rows->n_features; f++)
	{
		hp_tick(rows->env);
		for (uint32_t run = 0; run < rows->n_runs; run++)
			copy_code(rows, f, run);
	}
}
