/*
 * frame.c
 *		Building the coded data set.
 *
 *	  inputs ──coding──▶ codes by column ──canonical order──▶ frame
 *
 * The codes of an input are translated by a table (coding.c), so a frame
 * costs a table look-up a cell.  The canonical order sorts by the metric;
 * runs that tie there are sorted by a hash of their codes, and by the codes
 * themselves where hashes collide.
 */
#include <math.h>

#include "frame.h"
#include "order.h"
#include "rng.h"

/* What the steps of one hp_frame_build() share. */
typedef struct Builder
{
	const HpEnv *env;
	const HpInput *inputs;		/* by name */
	HpCoding   *codings;
	uint32_t	n_inputs;
	uint32_t   *varying;		/* those that may tell runs apart */
	uint32_t	n_varying;
	const double *metric;		/* in the caller's order */
	uint32_t	n_runs;
	uint32_t   *order;			/* canonical place -> caller's run */
} Builder;

/* ---- columns by name ---- */

static bool
name_before(void *arg, uint32_t a, uint32_t b)
{
	const HpInput *inputs = arg;

	return hp_text_compare(inputs[a].name, inputs[a].name_length,
						   inputs[b].name, inputs[b].name_length) < 0;
}

static uint32_t *
order_by_name(const HpEnv *env, const HpInput *inputs, uint32_t n)
{
	uint32_t   *order = hp_alloc(env, n, sizeof(uint32_t));
	uint32_t   *scratch = hp_alloc(env, n, sizeof(uint32_t));

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	hp_sort_by(env, order, scratch, n, name_before, (void *) inputs);
	return order;
}

/* ---- codes ---- */

/* How many runs have each code of the input. */
static uint32_t *
count_codes(const HpEnv *env, const HpInput *input, uint32_t n_runs)
{
	uint32_t   *runs_of = hp_alloc0(env, (size_t) input->n_values + 1,
									sizeof(uint32_t));
	uint32_t	n = input->n_codes < n_runs ? input->n_codes : n_runs;

	for (uint32_t run = 0; run < n; run++)
		runs_of[hp_input_code(input, run)]++;
	runs_of[0] += n_runs - n;
	return runs_of;
}

static bool
is_constant(const HpInput *input, const uint32_t *runs_of)
{
	uint32_t	used = 0;

	for (uint32_t code = 0; code <= input->n_values && used < 2; code++)
		used += runs_of[code] > 0;
	return used < 2;
}

static void
code_inputs(Builder *b, const HpInput *inputs, const HpFrameOptions *options)
{
	uint32_t   *by_name = order_by_name(b->env, inputs, b->n_inputs);
	HpInput    *sorted = hp_alloc(b->env, b->n_inputs, sizeof(HpInput));

	b->codings = hp_alloc(b->env, b->n_inputs, sizeof(HpCoding));
	b->varying = hp_alloc(b->env, b->n_inputs, sizeof(uint32_t));
	for (uint32_t i = 0; i < b->n_inputs; i++)
	{
		bool		as_category = options->as_category != NULL &&
			options->as_category[by_name[i]];
		uint32_t   *runs_of;

		hp_tick(b->env);
		sorted[i] = inputs[by_name[i]];
		runs_of = count_codes(b->env, &sorted[i], b->n_runs);
		if (!is_constant(&sorted[i], runs_of))
			b->varying[b->n_varying++] = i;
		b->codings[i] = hp_code_values(b->env, &sorted[i], runs_of,
									   as_category);
	}
	b->inputs = sorted;
}

/* ---- runs in canonical order ---- */

static inline uint32_t
final_code(const Builder *b, uint32_t input, uint32_t run)
{
	return b->codings[input].code_of[hp_input_code(&b->inputs[input], run)];
}

/* Tells numbers in one bin apart; 0 where codes do already. */
static inline uint64_t
exact_key(const Builder *b, uint32_t input, uint32_t run)
{
	const double *exact = b->codings[input].exact;

	return exact == NULL ? 0 :
		hp_order_key(exact[hp_input_code(&b->inputs[input], run)]);
}

/* Constants are left out, that nothing depends on whether they are there. */
static void
hash_runs(const Builder *b, uint64_t *hash)
{
	memset(hash, 0, b->n_runs * sizeof(uint64_t));
	for (uint32_t v = 0; v < b->n_varying; v++)
	{
		uint32_t	i = b->varying[v];

		hp_tick(b->env);
		for (uint32_t run = 0; run < b->n_runs; run++)
			hash[run] = hp_mix64(hash[run] * UINT64_C(0x9e3779b97f4a7c15) +
								 final_code(b, i, run) + exact_key(b, i, run));
	}
}

static bool
codes_before(void *arg, uint32_t a, uint32_t b)
{
	const Builder *builder = arg;

	for (uint32_t v = 0; v < builder->n_varying; v++)
	{
		uint32_t	i = builder->varying[v];
		uint32_t	code_a = final_code(builder, i, a);
		uint32_t	code_b = final_code(builder, i, b);
		uint64_t	exact_a = exact_key(builder, i, a);
		uint64_t	exact_b = exact_key(builder, i, b);

		if (code_a != code_b)
			return code_a < code_b;
		if (exact_a != exact_b)
			return exact_a < exact_b;
	}
	return false;
}

/* Sort by codes the runs of items whose key (the hash) is one. */
static void
sort_collisions(const Builder *b, HpSortItem *items, uint32_t n)
{
	bool		differ = false;
	uint32_t   *runs;

	for (uint32_t i = 1; i < n && !differ; i++)
	{
		if (i % 1024 == 0)
			hp_tick(b->env);
		differ = codes_before((void *) b, items[0].index, items[i].index) ||
			codes_before((void *) b, items[i].index, items[0].index);
	}
	if (!differ)
		return;					/* replicates: any order is the same order */
	runs = hp_alloc(b->env, 2 * (size_t) n, sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
		runs[i] = items[i].index;
	hp_sort_by(b->env, runs, runs + n, n, codes_before, (void *) b);
	for (uint32_t i = 0; i < n; i++)
		items[i].index = runs[i];
}

/* The end of the stretch of equal keys that begins at first. */
static uint32_t
end_of_equals(const HpSortItem *items, uint32_t first, uint32_t n)
{
	uint32_t	end = first + 1;

	while (end < n && items[end].key == items[first].key)
		end++;
	return end;
}

/* Sort runs that tie in the metric by their content. */
static void
sort_ties(const Builder *b, HpSortItem *items, HpSortItem *scratch,
		  uint32_t n)
{
	uint64_t   *hash = NULL;

	for (uint32_t first = 0, end; first < n; first = end)
	{
		end = end_of_equals(items, first, n);
		if (end == first + 1)
			continue;
		if (hash == NULL)
		{
			hash = hp_alloc(b->env, n, sizeof(uint64_t));
			hash_runs(b, hash);
		}
		for (uint32_t i = first; i < end; i++)
			items[i].key = hash[items[i].index];
		hp_sort(b->env, items + first, scratch, end - first);
		for (uint32_t same = first, stop; same < end; same = stop)
		{
			stop = end_of_equals(items, same, end);
			if (stop > same + 1)
				sort_collisions(b, items + same, stop - same);
		}
	}
}

static void
order_runs(Builder *b)
{
	uint32_t	n = b->n_runs;
	HpSortItem *items = hp_alloc(b->env, n, sizeof(HpSortItem));
	HpSortItem *scratch = hp_alloc(b->env, n, sizeof(HpSortItem));

	for (uint32_t run = 0; run < n; run++)
		items[run] = (HpSortItem) {hp_order_key(b->metric[run]), run};
	hp_sort(b->env, items, scratch, n);
	sort_ties(b, items, scratch, n);
	b->order = hp_alloc(b->env, n, sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
		b->order[i] = items[i].index;
}

/* ---- the target ---- */

/*
 * 47 bits resolve 7e-15 of the spread; beyond 16,384 runs a bit is given up
 * for each doubling so that n draws still sum within 61 bits, and differences
 * of targets within 62.
 */
static void
make_target(const Builder *b, HpFrame *frame)
{
	uint32_t	n = frame->n_runs;
	int			bits = hp_bits_of(n) <= 14 ? 47 : 61 - hp_bits_of(n);
	double		low,
				range,
				shrink;
	int			exponent;

	frame->metric = hp_alloc(b->env, n, sizeof(double));
	frame->target = hp_alloc0(b->env, n, sizeof(int64_t));
	if (n == 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		frame->metric[i] = b->metric[b->order[i]] + 0.0;
	frame->moments = hp_moments(frame->metric, n);
	/* from end to end of double the range would overflow */
	shrink = isfinite(frame->metric[n - 1] - frame->metric[0]) ? 1 : 0.5;
	low = frame->metric[0] * shrink;
	range = frame->metric[n - 1] * shrink - low;
	frame->center = (low + range / 2) / shrink;
	if (range <= 0)
		return;
	frexp(range, &exponent);	/* range / 2 <= 2^(exponent - 1) */
	frame->unit = fmax(ldexp(1, exponent - 1 - bits), ldexp(1, -1074)) / shrink;
	for (uint32_t i = 0; i < n; i++)
	{
		double		y = frame->metric[i] * shrink - frame->center * shrink;

		frame->target[i] = (int64_t) floor(y / (frame->unit * shrink) + 0.5);
	}
}

/* ---- assembling ---- */

/*
 * The codes of an input in canonical order, narrowed; translate maps a final
 * code to the column's.
 */
static void
place_codes(const Builder *b, HpColumn *column, uint32_t input,
			const uint32_t *translate)
{
	const HpInput *in = &b->inputs[input];
	uint32_t	n = b->n_runs;

	hp_tick(b->env);
	column->wide = column->n_codes > 256;
	column->codes = hp_alloc(b->env, n, column->wide ? 2 : 1);
	if (column->wide)
		for (uint32_t i = 0; i < n; i++)
			((uint16_t *) column->codes)[i] =
				(uint16_t) translate[hp_input_code(in, b->order[i])];
	else
		for (uint32_t i = 0; i < n; i++)
			((uint8_t *) column->codes)[i] =
				(uint8_t) translate[hp_input_code(in, b->order[i])];
}

static void
place_exact(const Builder *b, HpColumn *column, uint32_t input,
			const double *exact)
{
	const HpInput *in = &b->inputs[input];

	hp_tick(b->env);
	column->exact = hp_alloc(b->env, b->n_runs, sizeof(double));
	for (uint32_t i = 0; i < b->n_runs; i++)
		column->exact[i] = exact[hp_input_code(in, b->order[i])];
}

static void
add_column(const Builder *b, HpFrame *frame, uint32_t input)
{
	const HpCoding *coding = &b->codings[input];
	HpColumn   *column = &frame->columns[frame->n_columns++];
	HpText		name = {b->inputs[input].name, b->inputs[input].name_length};

	*column = (HpColumn) {
		.name = name,
		.parameter = name,
		.kind = coding->kind,
		.role = coding->role,
		.binned = coding->binned,
		.pooled = coding->pooled,
		.runs = coding->runs,
		.distinct = coding->distinct,
		.only = coding->only,
		.n_codes = coding->n_codes,
		.n_words = coding->n_words,
		.numbers = coding->numbers,
		.labels = coding->labels
	};
	if (coding->role != HP_PARAMETER)
		column->n_codes = 0;
	else
		place_codes(b, column, input, coding->code_of);
	if (coding->exact != NULL)
		place_exact(b, column, input, coding->exact);
}

/* "parameter_level" */
static HpText
join_name(const HpEnv *env, HpText parameter, HpText level)
{
	char	   *name = hp_alloc(env, (size_t) parameter.length + 1 +
								level.length, 1);

	memcpy(name, parameter.bytes, parameter.length);
	name[parameter.length] = '_';
	memcpy(name + parameter.length + 1, level.bytes, level.length);
	return (HpText) {name, parameter.length + 1 + level.length};
}

/* The 0/1 column "is this code"; code 0 is the column of missing values. */
static void
add_indicator(const Builder *b, HpFrame *frame, uint32_t input, uint32_t code)
{
	static const HpText boolean_labels[3] = {
		{"", 0}, {"false", 5}, {"true", 4}
	};
	static const double boolean_numbers[3] = {0, 0, 1};
	const HpCoding *coding = &b->codings[input];
	uint32_t	n_values = b->inputs[input].n_values;
	uint32_t   *translate = hp_alloc(b->env, (size_t) n_values + 1,
									 sizeof(uint32_t));
	HpColumn   *column = &frame->columns[frame->n_columns];

	add_column(b, frame, input);
	column->level_missing = code == 0;
	column->level = code == 0 ? (HpText) {"NAN", 3} : coding->labels[code];
	column->name = join_name(b->env, column->parameter, column->level);
	column->kind = HP_BOOLEAN;
	column->runs = b->n_runs;
	column->distinct = 2;
	column->only = (HpText) {NULL, 0};
	column->n_codes = 3;
	column->pooled = false;
	column->numbers = (double *) boolean_numbers;
	column->labels = (HpText *) boolean_labels;
	for (uint32_t v = 0; v <= n_values; v++)
		translate[v] = 1 + (coding->code_of[v] == code);
	place_codes(b, column, input, translate);
}

static bool
is_onehot(const HpCoding *coding, const HpFrameOptions *options)
{
	return options->onehot && coding->kind == HP_CATEGORICAL &&
		coding->role == HP_PARAMETER;
}

static bool
has_missing(const Builder *b, uint32_t input)
{
	return b->codings[input].runs < b->n_runs;
}

static uint64_t
count_columns(const Builder *b, const HpFrameOptions *options)
{
	uint64_t	count = 0;

	for (uint32_t i = 0; i < b->n_inputs; i++)
		count += is_onehot(&b->codings[i], options) ?
			b->codings[i].n_codes - 1 + has_missing(b, i) : 1;
	return count;
}

HpFrame *
hp_frame_build(const HpEnv *env, const HpInput *inputs, uint32_t n_inputs,
			   const double *metric, uint32_t n_runs,
			   const HpFrameOptions *options)
{
	HpFrame    *frame = hp_alloc0(env, 1, sizeof(HpFrame));
	Builder		b = {
		.env = env, .n_inputs = n_inputs, .metric = metric, .n_runs = n_runs
	};
	uint64_t	n_columns;

	code_inputs(&b, inputs, options);
	n_columns = count_columns(&b, options);
	if (n_columns > HP_MAX_COLUMNS)
		return NULL;
	order_runs(&b);
	frame->n_runs = n_runs;
	make_target(&b, frame);
	frame->columns = hp_alloc(env, n_columns, sizeof(HpColumn));
	for (uint32_t i = 0; i < n_inputs; i++)
	{
		if (!is_onehot(&b.codings[i], options))
		{
			add_column(&b, frame, i);
			continue;
		}
		for (uint32_t code = has_missing(&b, i) ? 0 : 1;
			 code < b.codings[i].n_codes; code++)
			add_indicator(&b, frame, i, code);
	}
	return frame;
}
