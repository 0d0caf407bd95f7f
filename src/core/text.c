/*
 * text.c
 *		Numbers written as text, and text written for numbers.
 *
 * strtod() and snprintf() are the C library's: correctly rounded both ways
 * in every library this runs on.  They follow LC_NUMERIC, which PostgreSQL
 * keeps at "C".
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Longer texts are not numbers: 1,100 digits pin down any double. */
#define LONGEST_NUMBER	1100

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static HpText
trim(HpText text)
{
	while (text.length > 0 && is_space(text.bytes[0]))
	{
		text.bytes++;
		text.length--;
	}
	while (text.length > 0 && is_space(text.bytes[text.length - 1]))
		text.length--;
	return text;
}

static const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool
is_json_number(HpText text)
{
	const char *p = text.bytes;
	const char *end = p + text.length;
	const char *digits;

	if (p < end && *p == '-')
		p++;
	digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p > digits + 1))
		return false;
	if (p < end && *p == '.')
	{
		digits = ++p;
		p = skip_digits(p, end);
		if (p == digits)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		digits = p;
		p = skip_digits(p, end);
		if (p == digits)
			return false;
	}
	return p == end;
}

/* Whether text is the given lower-case word, in any case. */
static bool
is_word(HpText text, const char *word)
{
	if (text.length != strlen(word))
		return false;
	for (uint32_t i = 0; i < text.length; i++)
	{
		char		c = text.bytes[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c != word[i])
			return false;
	}
	return true;
}

static bool
is_not_finite(HpText text, double *number)
{
	bool		negative = text.length > 0 && text.bytes[0] == '-';

	if (text.length > 0 && (negative || text.bytes[0] == '+'))
	{
		text.bytes++;
		text.length--;
	}
	if (is_word(text, "nan"))
		*number = NAN;
	else if (is_word(text, "inf") || is_word(text, "infinity"))
		*number = negative ? -INFINITY : INFINITY;
	else
		return false;
	return true;
}

HpReading
hp_read_text(HpText text, double *number)
{
	char		buffer[LONGEST_NUMBER + 1];

	text = trim(text);
	if (text.length == 0 || text.length > LONGEST_NUMBER)
		return HP_READS_WORD;
	if (is_json_number(text))
	{
		memcpy(buffer, text.bytes, text.length);
		buffer[text.length] = '\0';
		*number = strtod(buffer, NULL) + 0.0;	/* no -0 */
		return isfinite(*number) ? HP_READS_NUMBER : HP_READS_NOT_FINITE;
	}
	if (is_not_finite(text, number))
		return HP_READS_NOT_FINITE;
	if (is_word(text, "true") || is_word(text, "false"))
	{
		*number = text.length == 4;
		return HP_READS_BOOLEAN;
	}
	return HP_READS_WORD;
}

uint32_t
hp_write_number(double number, char into[HP_NUMBER_TEXT_SIZE])
{
	if (isnan(number))
		return (uint32_t) snprintf(into, HP_NUMBER_TEXT_SIZE, "NaN");
	if (isinf(number))
		return (uint32_t) snprintf(into, HP_NUMBER_TEXT_SIZE,
								   number > 0 ? "Infinity" : "-Infinity");
	/* normal numbers of up to 15 digits read back; subnormals have fewer */
	for (int digits = fabs(number) < DBL_MIN ? 1 : 15;; digits++)
	{
		int			length = snprintf(into, HP_NUMBER_TEXT_SIZE, "%.*g",
									  digits, number);

		if (digits == 17 || strtod(into, NULL) == number)
			return (uint32_t) length;
	}
}
