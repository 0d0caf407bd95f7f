/*
 * group.h
 *		Parameters taken together: the leaves of a subtree of the configs.
 *
 * What stands under one key belongs together: optimizer.lr, optimizer.beta1
 * and optimizer.type.  How much the optimizer matters is not the sum of what
 * its parts do alone: they interact, and stand in for one another.
 */
#ifndef HPIMP_GROUP_H
#define HPIMP_GROUP_H

#include "frame.h"

#define HP_NO_GROUP		UINT32_MAX

/* Features in groups of two or more. */
typedef struct HpGroups
{
	uint32_t	n;
	HpText	   *names;			/* by group, ascending: what its parameters'
								 * names share */
	uint32_t   *of;				/* by feature: its group, or HP_NO_GROUP */
} HpGroups;

/*
 * Group the features whose parameters' names agree in the first `depth` of
 * the components that dots divide them into; 0 makes no groups.  A name of
 * fewer components counts whole; the one-hot columns of a parameter agree.
 * columns are those of the features.
 */
extern HpGroups hp_groups_by_depth(const HpEnv *env, const HpFrame *frame,
								   const uint32_t *columns,
								   uint32_t n_features, int64_t depth);

/* The first `depth` components of a name. */
extern HpText hp_first_components(HpText name, int64_t depth);

/*
 * The group of a name that begins with these components, or HP_NO_GROUP:
 * also of parameters that take no part.
 */
extern uint32_t hp_group_called(const HpGroups *groups, HpText components);

/*
 * The subjects whose importance is asked for: each feature, then each group.
 */
static inline uint32_t
hp_count_subjects(const HpGroups *groups, uint32_t n_features)
{
	return n_features + groups->n;
}

#endif							/* HPIMP_GROUP_H */
