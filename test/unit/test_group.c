/*
 * test_group.c
 *		Which parameters make a group.
 */
#include "data.h"

/* A frame of parameters that vary, and the features they are: all of them. */
static HpFrame *
frame_of(const char *const *names, uint32_t n, uint32_t **columns)
{
	HpInput    *inputs = hp_alloc(unit_env, n, sizeof(HpInput));
	double		x[4] = {1, 2, 3, 4};
	HpFrame    *frame;

	for (uint32_t i = 0; i < n; i++)
		inputs[i] = unit_numbers(names[i], x, 4);
	frame = unit_frame(inputs, n, x, 4);
	*columns = hp_alloc(unit_env, n, sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
		(*columns)[i] = i;
	return frame;
}

/*
 * The groups, written as "name: members; ...": by columns in the order of the
 * frame, which is that of their names.
 */
static char *
describe_groups(const HpFrame *frame, const HpGroups *groups,
				const uint32_t *columns, uint32_t n)
{
	char	   *text = hp_alloc0(unit_env, 1000, 1);
	size_t		at = 0;

	for (uint32_t g = 0; g < groups->n; g++)
	{
		at += (size_t) snprintf(text + at, 1000 - at, "%s%.*s:", g > 0 ? "; " : "",
								(int) groups->names[g].length,
								groups->names[g].bytes);
		for (uint32_t f = 0; f < n; f++)
			if (groups->of[f] == g)
			{
				HpText		name = frame->columns[columns[f]].name;

				at += (size_t) snprintf(text + at, 1000 - at, " %.*s",
										(int) name.length, name.bytes);
			}
	}
	return text;
}

static void
check(const char *const *names, uint32_t n, int64_t depth, const char *want)
{
	uint32_t   *columns;
	HpFrame    *frame = frame_of(names, n, &columns);
	HpGroups	groups = hp_groups_by_depth(unit_env, frame, columns, n, depth);
	uint32_t	members = 0;
	uint32_t	alone = 0;
	bool		found = true;

	is_text(describe_groups(frame, &groups, columns, n), want,
			"depth %d: %s", (int) depth, want);
	for (uint32_t f = 0; f < n; f++)
	{
		HpText		name = frame->columns[columns[f]].name;

		members += groups.of[f] < groups.n;
		alone += groups.of[f] == HP_NO_GROUP;
		found = found && (depth == 0 || groups.of[f] ==
						  hp_group_called(&groups,
										  hp_first_components(name, depth)));
	}
	ok(found, "groups are found by the components of names");
	is_int(members + alone, n, "each feature is in one group or in none");
	unit_free_all();
}

static void
test_depths(void)
{
	static const char *const names[] = {
		"seed", "optimizer.sgd.lr", "optimizer.sgd.momentum", "optimizer.name",
		"optimizer.adam.beta", "model.width", "modelling.x", "model.depth"
	};

	check(names, 8, 0, "");
	check(names, 8, 1, "model: model.depth model.width; optimizer: "
		  "optimizer.adam.beta optimizer.name optimizer.sgd.lr optimizer.sgd.momentum");
	check(names, 8, 2, "optimizer.sgd: optimizer.sgd.lr optimizer.sgd.momentum");
	check(names, 8, 3, "");
	check(names, 8, INT64_MAX, "");
}

/* Names of fewer components count whole; those between need not belong. */
static void
test_short_names(void)
{
	static const char *const names[] = {"a", "a-b", "a.b", "a.b-c", "a.b.c", "a0"};

	check(names, 6, 1, "a: a a.b a.b-c a.b.c");
	check(names, 6, 2, "a.b: a.b a.b.c");
	check(names, 6, 3, "");
}

/* Empty keys, and dots in keys, which are dots like any. */
static void
test_odd_names(void)
{
	static const char *const names[] = {"", ".", ".x", "..", "a.", "a.x", "v1.0", "v1.5"};

	check(names, 8, 1, ":  . .. .x; a: a. a.x; v1: v1.0 v1.5");
	check(names, 8, 2, ".: . ..");
	check(names, 1, 1, "");
	check(names, 0, 1, "");
}

/* Only features count, wherever they are in the frame. */
static void
test_part_of_a_frame(void)
{
	static const char *const names[] = {"a.x", "a.y", "b.x", "b.y", "c.x", "c.y"};
	uint32_t   *columns;
	HpFrame    *frame = frame_of(names, 6, &columns);
	uint32_t	some[4] = {1, 2, 3, 4};
	HpGroups	groups = hp_groups_by_depth(unit_env, frame, some, 4, 1);

	is_text(describe_groups(frame, &groups, some, 4), "b: b.x b.y",
			"what takes no part makes no group");
	is_int(groups.of[1], 0, "by feature, not by column");
	unit_free_all();
}

/* The columns of a one-hot category belong together, dots in levels or not. */
static void
test_onehot(void)
{
	static const char *const words[4] = {"a.b", "a.c", "d", "d"};
	double		x[4] = {1, 2, 3, 4};
	HpInput		inputs[2];
	HpFrameOptions options = {NULL, true};
	HpFrame    *frame;
	uint32_t	columns[4] = {0, 1, 2, 3};
	HpGroups	groups;

	inputs[0] = unit_words("kind", words, 4);
	inputs[1] = unit_numbers("kind.x", x, 4);
	frame = hp_frame_build(unit_env, inputs, 2, x, 4, &options);
	is_int(frame->n_columns, 4, "three levels and a number");
	groups = hp_groups_by_depth(unit_env, frame, columns, 4, 2);
	is_text(describe_groups(frame, &groups, columns, 4),
			"kind: kind_a.b kind_a.c kind_d", "a category is a group of its levels");
	groups = hp_groups_by_depth(unit_env, frame, columns, 4, 1);
	is_int(groups.of[3], 0, "one level up the number is with them");
	unit_free_all();
}

int
main(void)
{
	test_depths();
	test_short_names();
	test_odd_names();
	test_part_of_a_frame();
	test_onehot();
	return done();
}
