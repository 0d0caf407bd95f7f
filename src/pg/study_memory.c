/*
 * study_memory.c
 *		Where the arrays and texts of a study lie.
 *
 * All groups of an aggregate share one memory context, so pieces are freed
 * one by one.  Small texts are packed into blocks; blocks, and large texts,
 * form a chain, by which they can all be freed when a study is made anew from
 * a part of its runs (sample.c).
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "pg/memory.h"
#include "pg/study.h"

#define FIRST_BLOCK			64
#define LAST_BLOCK			8192

/* Less is not worth asking about the limit. */
#define PIECE_TO_CHECK		32768

/* Texts of a study lie behind one of these. */
struct StudyTexts
{
	StudyTexts *next;
};

void *
study_grow(const Study *study, void *array, uint64 count, Size size)
{
	MemoryContext context = study->hdr.eoh_context;
	uint64		bytes = count * size;	/* 2^32 * 80 at most */
	Size		old = array == NULL ? 0 : GetMemoryChunkSpace(array);

	if (bytes > MaxAllocHugeSize)
		memory_refuse("the study", bytes);
	if (bytes >= PIECE_TO_CHECK && bytes > old)
		memory_check(context, bytes - old, "the study");
	if (array == NULL)
		return MemoryContextAllocHuge(context, bytes);
	return repalloc_huge(array, bytes);
}

uint32
study_next_capacity(uint32 old, uint32 first, uint64 needed)
{
	uint64		capacity = old == 0 ? first : (uint64) old * 2;

	return (uint32) Min(Max(capacity, needed), PG_UINT32_MAX);
}

/* Room for texts of so many bytes, in the chain. */
static char *
add_texts(Study *study, uint32 size)
{
	StudyTexts *texts = study_grow(study, NULL,
								   sizeof(StudyTexts) + (uint64) size, 1);

	texts->next = study->texts;
	study->texts = texts;
	return (char *) (texts + 1);
}

const char *
study_store_text(Study *study, const char *text, uint32 length)
{
	char	   *stored;

	if (study->block_size == 0)
		study->block_size = FIRST_BLOCK;
	if (length >= study->n_free)
	{
		if (length > study->block_size / 4)
		{
			stored = add_texts(study, length);
			memcpy(stored, text, length);
			return stored;
		}
		study->free_bytes = add_texts(study, study->block_size -
									  sizeof(StudyTexts));
		study->n_free = study->block_size - sizeof(StudyTexts);
		study->block_size = Min(study->block_size * 2, LAST_BLOCK);
	}
	stored = study->free_bytes;
	if (length > 0)
		memcpy(stored, text, length);
	study->free_bytes += length;
	study->n_free -= length;
	return stored;
}

StudyTexts *
study_take_texts(Study *study)
{
	StudyTexts *texts = study->texts;

	study->texts = NULL;
	study->n_free = 0;
	return texts;
}

void
study_free_texts(StudyTexts *texts)
{
	while (texts != NULL)
	{
		StudyTexts *next = texts->next;

		pfree(texts);
		texts = next;
	}
}
