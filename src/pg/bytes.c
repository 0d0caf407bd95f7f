/*
 * bytes.c
 *		Writing and reading the flat formats.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "pg/bytes.h"
#include "pg/compat.h"

void
put_varint(Writer *writer, uint64 number)
{
	for (; number >= 0x80; number >>= 7)
		put_fixed(writer, number | 0x80, 1);
	put_fixed(writer, number, 1);
}

void
put_double(Writer *writer, double number)
{
	uint64		bits;

	memcpy(&bits, &number, sizeof(bits));
	put_fixed(writer, bits, sizeof(bits));
}

void
put_text(Writer *writer, HpText text)
{
	put_varint(writer, text.length);
	put_bytes(writer, text.bytes, text.length);
}

void
damaged(const Reader *reader, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid %s value", reader->type),
			 errdetail_internal("%s", detail),
			 errhint("Pass a value that hpimp made, whole and unchanged.")));
}

uint64
get_varint(Reader *reader, uint64 limit)
{
	uint64		number = 0;

	for (int shift = 0; shift < 63; shift += 7)
	{
		uint64		byte = get_fixed(reader, 1);

		number |= (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			if (number > limit || (byte == 0 && shift > 0))
				break;
			return number;
		}
	}
	damaged(reader, "A count is out of range.");
}

double
get_double(Reader *reader)
{
	uint64		bits = get_fixed(reader, sizeof(uint64));
	double		number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

HpText
get_text(Reader *reader)
{
	HpText		text;
	char	   *converted;

	text.length = get_varint(reader, MaxAllocSize);
	text.bytes = get_bytes(reader, text.length);
	converted = pg_any_to_server(text.bytes, text.length, reader->encoding);
	if (converted != text.bytes)
		text = (HpText) {converted, strlen(converted)};
	return text;
}

void
put_head(Writer *writer, const char *letters, int version)
{
	put_bytes(writer, letters, 4);
	put_fixed(writer, version, 1);
	put_fixed(writer, GetDatabaseEncoding(), 1);
}

void
get_head(Reader *reader, const char *letters, int version)
{
	int			found;

	if (memcmp(get_bytes(reader, 4), letters, 4) != 0)
		damaged(reader, "It does not begin as such a value does.");
	found = get_fixed(reader, 1);
	if (found != version)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("%s value has unknown format version %d",
						reader->type, found),
				 errdetail("This version of hpimp reads format version %d.",
						   version),
				 errhint("Update hpimp on this server.")));
	reader->encoding = get_fixed(reader, 1);
	if (!PG_VALID_BE_ENCODING(reader->encoding))
		damaged(reader, "Its encoding is unknown.");
}

char *
bytes_to_text(const char *bytes, Size size, const char *type)
{
	Size		length = (size + 2) / 3 * 4;
	char	   *text;

	if (length >= MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s value is too large for its text form", type),
				 errdetail("Its text needs %zu bytes, the limit is %zu bytes.",
						   length, (Size) MaxAllocSize - 1),
				 errhint("Use the binary form (COPY BINARY), or fewer runs.")));
	text = palloc(length + 1);
	text[compat_base64_encode(bytes, size, text, length)] = '\0';
	return text;
}

char *
bytes_from_text(const char *text, Size *size, const char *type)
{
	Size		length = strlen(text);
	Size		room = length / 4 * 3 + 3;
	char	   *bytes = palloc(room);
	int			decoded = compat_base64_decode(text, length, bytes, room);

	if (decoded < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", type),
				 errdetail("It is not base64 text."),
				 errhint("Pass a value that hpimp made, whole and unchanged; the name of a table goes with that of a metric, as in hp_importance('runs', 'val_loss').")));
	*size = decoded;
	return bytes;
}
