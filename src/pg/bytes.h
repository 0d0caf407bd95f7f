/*
 * bytes.h
 *		Writing and reading the flat formats: little-endian bytes, by value,
 *		so that they mean the same on every machine.
 *
 * A reader trusts nothing: whatever it is asked for is held against the bytes
 * that remain first.
 */
#ifndef HPIMP_BYTES_H
#define HPIMP_BYTES_H

#include "postgres.h"

#include "core/text.h"
#include "pg/compat.h"

/* ---- writing ---- */

/* Where bytes go, or only their count if at is NULL. */
typedef struct Writer
{
	char	   *at;
	Size		size;
} Writer;

static inline void
put_bytes(Writer *writer, const void *bytes, Size size)
{
	if (writer->at != NULL && size > 0)
		memcpy(writer->at + writer->size, bytes, size);
	writer->size += size;
}

static inline void
put_fixed(Writer *writer, uint64 number, int size)
{
	if (writer->at != NULL)
	{
		char	   *at = writer->at + writer->size;

		for (int i = 0; i < size; i++)
			at[i] = (char) (number >> (8 * i));
	}
	writer->size += size;
}

extern void put_varint(Writer *writer, uint64 number);
extern void put_double(Writer *writer, double number);

/* A varint length and the bytes. */
extern void put_text(Writer *writer, HpText text);

/* ---- reading ---- */

typedef struct Reader
{
	const char *at;
	const char *end;
	int			encoding;		/* of texts: a server encoding */
	const char *type;			/* for error messages: "hp_study" */
} Reader;

/* Reports that the value being read is damaged; detail is a sentence. */
pg_noreturn extern void damaged(const Reader *reader, const char *detail);

/* The next size bytes. */
static inline const char *
get_bytes(Reader *reader, uint64 size)
{
	const char *at = reader->at;

	if (size > (uint64) (reader->end - at))
		damaged(reader, "It ends too early.");
	reader->at += size;
	return at;
}

/* size little-endian bytes as a number, without a check */
static inline uint64
peek_fixed(const char *bytes, int size)
{
	const unsigned char *at = (const unsigned char *) bytes;
	uint64		number = 0;

	for (int i = 0; i < size; i++)
		number |= (uint64) at[i] << (8 * i);
	return number;
}

static inline uint64
get_fixed(Reader *reader, int size)
{
	return peek_fixed(get_bytes(reader, size), size);
}

/* A number up to a limit that fits 63 bits, in its shortest form. */
extern uint64 get_varint(Reader *reader, uint64 limit);
extern double get_double(Reader *reader);

/* A text written by put_text, converted to the encoding of this database. */
extern HpText get_text(Reader *reader);

/*
 * The head of every flat format: four letters, a version, the encoding of
 * the texts.  Reading sets the reader's encoding and refuses other letters
 * and versions.
 */
extern void put_head(Writer *writer, const char *letters, int version);
extern void get_head(Reader *reader, const char *letters, int version);

/* ---- the text form of a type: base64 of its bytes ---- */

extern char *bytes_to_text(const char *bytes, Size size, const char *type);
extern char *bytes_from_text(const char *text, Size *size, const char *type);

#endif							/* HPIMP_BYTES_H */
