/*
 * compat.h
 *		Every difference between the server versions this builds against.
 *
 * No other file asks for PG_VERSION_NUM.  Supported are 15 to 18.
 */
#ifndef HPIMP_COMPAT_H
#define HPIMP_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "hpimp needs PostgreSQL 15 or newer"
#endif

/* The varlena macros left postgres.h in 16. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* pg_noreturn came in 18 and took the place of pg_attribute_noreturn(). */
#if PG_VERSION_NUM < 180000
#define pg_noreturn _Noreturn
#endif

#include "common/base64.h"
#include "common/jsonapi.h"
#include "mb/pg_wchar.h"
#include "storage/buffile.h"
#include "utils/backend_status.h"

/* Base64 works on bytes since 18, on char before. */
#if PG_VERSION_NUM >= 180000
typedef uint8 Base64Byte;
#else
typedef char Base64Byte;
#endif

static inline int
compat_base64_encode(const void *from, int size, char *into, int into_size)
{
	return pg_b64_encode((const Base64Byte *) from, size, into, into_size);
}

static inline int
compat_base64_decode(const char *from, int size, void *into, int into_size)
{
	return pg_b64_decode(from, size, (Base64Byte *) into, into_size);
}

/* Whether a text is JSON; the lexer lies in the caller's memory since 17. */
static inline bool
compat_is_json(const char *text, int length)
{
#if PG_VERSION_NUM >= 170000
	JsonLexContext *lex = makeJsonLexContextCstringLen(NULL, text, length,
													   GetDatabaseEncoding(),
													   false);
#else
	JsonLexContext *lex = makeJsonLexContextCstringLen(unconstify(char *, text),
													   length,
													   GetDatabaseEncoding(),
													   false);
#endif

	return pg_parse_json(lex, &nullSemAction) == JSON_SUCCESS;
}

/* Reading all or raising an error has a function of its own since 16. */
static inline void
compat_buffile_read(BufFile *file, void *into, size_t size)
{
#if PG_VERSION_NUM >= 160000
	BufFileReadExact(file, into, size);
#else
	if (BufFileRead(file, into, size) != size)
		elog(ERROR, "could not read %zu bytes of a temporary file", size);
#endif
}

/* An entry of the snapshot of all processes, from 1; renamed in 16. */
static inline const PgBackendStatus *
compat_backend_status(int index)
{
#if PG_VERSION_NUM >= 160000
	return &pgstat_get_local_beentry_by_index(index)->backendStatus;
#else
	return &pgstat_fetch_stat_local_beentry(index)->backendStatus;
#endif
}

#endif							/* HPIMP_COMPAT_H */
