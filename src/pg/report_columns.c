/*
 * report_columns.c
 *		Text by the columns that it takes on a terminal, and text for XML.
 *
 * Columns are those of the server's tables: 2 for the wide characters of East
 * Asia and pictures, 0 for those that combine with the one before.
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "pg/report.h"

/* ---- columns ---- */

static int
character_columns(const char *at)
{
	return Max(pg_dsplen(at), 0);
}

int
report_columns(const char *text)
{
	int			columns = 0;

	for (; *text != '\0'; text += pg_mblen(text))
		columns += character_columns(text);
	return columns;
}

/* Behind as many characters as fit, with what combines with the last. */
static const char *
skip_columns(const char *text, int columns)
{
	for (; *text != '\0'; text += pg_mblen(text))
	{
		columns -= character_columns(text);
		if (columns < 0)
			break;
	}
	return text;
}

char *
report_cut(const char *text, int columns, const char *ellipsis)
{
	int			all = report_columns(text);
	int			kept = columns - report_columns(ellipsis);
	const char *head;
	const char *tail;

	if (all <= columns)
		return pstrdup(text);
	/* names that have the beginning in common differ towards the end */
	head = skip_columns(text, (kept + 2) / 3);
	kept -= (kept + 2) / 3;
	/* leave out as much as takes at least the rest, all of a character */
	tail = head;
	for (int left = all - report_columns(pnstrdup(text, head - text));
		 *tail != '\0' && (left > kept || character_columns(tail) == 0);
		 tail += pg_mblen(tail))
		left -= character_columns(tail);
	return psprintf("%.*s%s%s", (int) (head - text), text, ellipsis, tail);
}

/* ---- lines ---- */

static void
break_line(StringInfo out, int indent, int *column)
{
	appendStringInfo(out, "\n%*s", indent, "");
	*column = indent;
}

/* A word, in pieces if it is longer than a line. */
static void
append_word(StringInfo out, const char *word, int columns, int indent,
			int *column)
{
	while (*column + report_columns(word) > columns)
	{
		const char *end = skip_columns(word, columns - *column);

		/* a line takes a character at least */
		if (end == word && *column <= indent)
			end = word + pg_mblen(word);
		appendBinaryStringInfo(out, word, end - word);
		word = end;
		break_line(out, indent, column);
	}
	appendStringInfoString(out, word);
	*column += report_columns(word);
}

void
report_wrap(StringInfo out, const char *text, int columns, int indent)
{
	int			column = 0;

	for (bool first = true; *text != '\0'; first = false)
	{
		size_t		length = strcspn(text, " ");
		char	   *word = pnstrdup(text, length);
		int			needed = report_columns(word);

		if (!first && column + 1 + needed > columns && needed <= columns - indent)
			break_line(out, indent, &column);
		else if (!first)
		{
			appendStringInfoChar(out, ' ');
			column++;
		}
		append_word(out, word, columns, indent, &column);
		text += length;
		if (*text == ' ')
			text++;
	}
	appendStringInfoChar(out, '\n');
}

/* ---- bars ---- */

void
report_bar(StringInfo out, double share, int columns, bool ascii)
{
	int			steps = ascii ? 1 : 8;
	int			length = (int) floor(share * columns * steps + 0.5);
	int			full;

	/* what is there is seen, but for what is next to nothing */
	length = Min(Max(length, 0), columns * steps);
	if (length == 0 && share > HP_FAINT && !ascii)
		length = 1;
	full = length / steps;
	for (int i = 0; i < full; i++)
		appendStringInfoString(out, ascii ? "#" : "\342\226\210");
	if (length == 0 && share > HP_FAINT)
		appendStringInfoChar(out, '.');
	else if (length % steps > 0)
		appendStringInfo(out, "\342\226%c", 0x90 - length % steps);
	else
		full--;
	appendStringInfoSpaces(out, columns - full - 1);
}

/* ---- XML ---- */

/* What cannot be shown there. */
#define REPLACEMENT		0xFFFD

static const unsigned char *
as_utf8(const char *text)
{
	int			length = strlen(text);
	char	   *copy;

	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		return (const unsigned char *) pg_server_to_any(text, length, PG_UTF8);
	/* bytes of an encoding that is not known: most likely this one */
	if (pg_verify_mbstr(PG_UTF8, text, length, true))
		return (const unsigned char *) text;
	copy = pstrdup(text);
	for (char *at = copy; *at != '\0'; at++)
		if (IS_HIGHBIT_SET(*at))
			*at = '?';
	return (const unsigned char *) copy;
}

static void
escape_ascii(StringInfo out, char c)
{
	switch (c)
	{
		case '&':
			appendStringInfoString(out, "&amp;");
			break;
		case '<':
			appendStringInfoString(out, "&lt;");
			break;
		case '>':
			appendStringInfoString(out, "&gt;");
			break;
		case '"':
			appendStringInfoString(out, "&quot;");
			break;
		case '\'':
			appendStringInfoString(out, "&#39;");
			break;
		default:
			if (c >= 0x20 && c != 0x7F)
				appendStringInfoChar(out, c);
			else
				appendStringInfo(out, "&#%d;", REPLACEMENT);
	}
}

void
report_escape(StringInfo out, const char *text)
{
	const unsigned char *at = as_utf8(text);

	while (*at != '\0')
	{
		if (IS_HIGHBIT_SET(*at))
		{
			pg_wchar	c = utf8_to_unicode(at);

			/* no characters, and no part of XML */
			if (c < 0xA0 || (c & 0xFFFE) == 0xFFFE)
				c = REPLACEMENT;
			appendStringInfo(out, "&#%u;", (unsigned int) c);
		}
		else
			escape_ascii(out, *at);
		at += pg_encoding_mblen(PG_UTF8, (const char *) at);
	}
}

/* Hebrew, Arabic and the scripts beside them. */
static bool
is_right_to_left(pg_wchar c)
{
	return (c >= 0x0590 && c <= 0x08FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
		(c >= 0xFE70 && c <= 0xFEFC) || (c >= 0x10800 && c <= 0x10FFF) ||
		(c >= 0x1E800 && c <= 0x1EFFF);
}

bool
report_right_to_left(const char *text)
{
	const unsigned char *at = as_utf8(text);

	for (; *at != '\0'; at += pg_encoding_mblen(PG_UTF8, (const char *) at))
	{
		if (IS_HIGHBIT_SET(*at))
			return is_right_to_left(utf8_to_unicode(at));
		if ((*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z'))
			return false;
	}
	return false;
}

bool
report_has_right_to_left(const char *text)
{
	const unsigned char *at = as_utf8(text);

	for (; *at != '\0'; at += pg_encoding_mblen(PG_UTF8, (const char *) at))
		if (IS_HIGHBIT_SET(*at) && is_right_to_left(utf8_to_unicode(at)))
			return true;
	return false;
}
