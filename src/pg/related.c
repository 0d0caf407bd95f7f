/*
 * related.c
 *		How parameters go with each other and the metric, in words.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "core/disguise.h"
#include "core/redundancy.h"
#include "pg/environment.h"
#include "pg/related.h"

/* Bytes of a parameter's name in the note of another. */
#define NAME_SHOWN		60

static void
append_name(StringInfo text, HpText name)
{
	int			shown = pg_mbcliplen(name.bytes, name.length, NAME_SHOWN);

	appendBinaryStringInfo(text, name.bytes, shown);
	if (shown < (int) name.length)
		appendStringInfoString(text, "...");
}

/* "optimizer.name, scheduler", with what each explains if it is not all. */
static void
append_names(StringInfo text, const HpFrame *frame,
			 const HpRelations *relations, HpRelation relation)
{
	const char *between = "";

	for (uint32 i = 0; i < relations->n; i++)
	{
		const HpRelated *related = &relations->related[i];

		if (related->relation != relation)
			continue;
		appendStringInfoString(text, between);
		append_name(text, frame->columns[related->other].name);
		/* all of it but for rounding is not all of it */
		if (relation == HP_FOLLOWS)
			appendStringInfo(text, " (%.0f %%)",
							 Min(99, 100 * related->strength));
		between = ", ";
	}
}

static bool
has_relation(const HpRelations *relations, HpRelation relation)
{
	for (uint32 i = 0; i < relations->n; i++)
		if (relations->related[i].relation == relation)
			return true;
	return false;
}

static void
append_relations(StringInfo text, const HpFrame *frame,
				 const HpRelations *relations)
{
	if (has_relation(relations, HP_TOGETHER))
	{
		appendStringInfoString(text, "always moved together with ");
		append_names(text, frame, relations, HP_TOGETHER);
		appendStringInfoString(text, ": no importance can tell them apart");
	}
	if (has_relation(relations, HP_DETERMINED))
	{
		if (text->len > 0)
			appendStringInfoString(text, "; ");
		appendStringInfoString(text, "determined by ");
		append_names(text, frame, relations, HP_DETERMINED);
	}
	if (has_relation(relations, HP_FOLLOWS))
	{
		appendStringInfoString(text, "nearly always moved with ");
		append_names(text, frame, relations, HP_FOLLOWS);
		appendStringInfoString(text, ": hard to tell apart");
	}
}

static void
append_disguise(StringInfo text, HpDisguise disguise)
{
	static const char *const words[] = {
		[HP_SETTING] = NULL,
		[HP_OUTCOME] = "goes with the metric almost perfectly: an outcome rather than a setting?",
		[HP_COUNTER] = "a different integer in every run, hardly one left out: a number of the run rather than a setting?",
		[HP_CLOCK] = "reads as a time of day: when a run was made rather than a setting?"
	};

	if (words[disguise] == NULL)
		return;
	if (text->len > 0)
		appendStringInfoString(text, "; ");
	appendStringInfoString(text, words[disguise]);
}

void
find_related(Model *model, const HpFrame *frame)
{
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(keep, "hpimp relations",
												  ALLOCSET_DEFAULT_SIZES);
	HpRelations *relations;
	StringInfoData text;

	MemoryContextSwitchTo(scratch);
	relations = hp_redundancy(&pg_environment, frame);
	initStringInfo(&text);
	for (uint32 i = 0; i < model->n_rows; i++)
	{
		ModelRow   *row = &model->rows[i];

		resetStringInfo(&text);
		append_relations(&text, frame, &relations[i]);
		append_disguise(&text, hp_disguise(frame, &frame->columns[i],
										   &row->description));
		if (text.len > 0)
			row->related = (HpText) {
				MemoryContextStrdup(keep, text.data), text.len
			};
	}
	MemoryContextSwitchTo(keep);
	MemoryContextDelete(scratch);
}
