/*
 * group.c
 *		Parameters taken together: the leaves of a subtree of the configs.
 */
#include "group.h"
#include "order.h"

HpText
hp_first_components(HpText name, int64_t depth)
{
	for (uint32_t i = 0; i < name.length; i++)
		if (name.bytes[i] == '.' && --depth == 0)
			return (HpText) {name.bytes, i};
	return name;
}

static int
compare_texts(HpText a, HpText b)
{
	return hp_text_compare(a.bytes, a.length, b.bytes, b.length);
}

static bool
text_before(void *arg, uint32_t a, uint32_t b)
{
	const HpText *texts = arg;

	return compare_texts(texts[a], texts[b]) < 0;
}

/* Make groups of the stretches of equal texts; order is that of the texts. */
static void
group_equals(HpGroups *groups, const HpText *texts, const uint32_t *order,
			 uint32_t n)
{
	for (uint32_t first = 0, end; first < n; first = end)
	{
		for (end = first + 1; end < n; end++)
			if (compare_texts(texts[order[first]], texts[order[end]]) != 0)
				break;
		if (end - first < 2)
			continue;
		for (uint32_t i = first; i < end; i++)
			groups->of[order[i]] = groups->n;
		groups->names[groups->n++] = texts[order[first]];
	}
}

HpGroups
hp_groups_by_depth(const HpEnv *env, const HpFrame *frame,
				   const uint32_t *columns, uint32_t n_features, int64_t depth)
{
	HpGroups	groups = {
		.names = hp_alloc(env, n_features / 2, sizeof(HpText)),
		.of = hp_alloc(env, n_features, sizeof(uint32_t))
	};
	HpText	   *texts;
	uint32_t   *order;

	for (uint32_t f = 0; f < n_features; f++)
		groups.of[f] = HP_NO_GROUP;
	if (depth == 0)
		return groups;
	texts = hp_alloc(env, n_features, sizeof(HpText));
	order = hp_alloc(env, 2 * (size_t) n_features, sizeof(uint32_t));
	for (uint32_t f = 0; f < n_features; f++)
	{
		texts[f] = hp_first_components(frame->columns[columns[f]].parameter,
									   depth);
		order[f] = f;
	}
	hp_sort_by(env, order, order + n_features, n_features, text_before, texts);
	group_equals(&groups, texts, order, n_features);
	return groups;
}

uint32_t
hp_group_called(const HpGroups *groups, HpText components)
{
	uint32_t	first = 0;
	uint32_t	end = groups->n;

	while (first < end)
	{
		uint32_t	middle = first + (end - first) / 2;
		int			order = compare_texts(groups->names[middle], components);

		if (order == 0)
			return middle;
		if (order < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return HP_NO_GROUP;
}
