/*
 * driver.h
 *	  What the two programs in C share: statements are read, values are shown.
 *	  See README.md.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PARAMETERS 8

typedef struct Asked
{
	char	   *name;
	char	   *mode;
	char	   *sql;
	char	   *parameters[MAX_PARAMETERS];
	int			nparameters;
} Asked;

static void
unescape_lines(char *text)
{
	char	   *to = text;

	for (; *text != '\0'; text++)
	{
		if (text[0] == '\\' && text[1] == 'n')
		{
			*to++ = '\n';
			text++;
		}
		else
			*to++ = *text;
	}
	*to = '\0';
}

/* The next statement of standard input; 0 at its end. It lasts until the next. */
static int
next_asked(Asked *asked)
{
	static char line[65536];
	char	   *at = line;

	if (fgets(line, sizeof line, stdin) == NULL)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	asked->name = strsep(&at, "\t");
	asked->mode = strsep(&at, "\t");
	asked->sql = strsep(&at, "\t");
	if (asked->sql == NULL)
	{
		fprintf(stderr, "not a statement: %s\n", line);
		exit(1);
	}
	unescape_lines(asked->sql);
	for (asked->nparameters = 0; at != NULL && asked->nparameters < MAX_PARAMETERS; asked->nparameters++)
		asked->parameters[asked->nparameters] = strsep(&at, "\t");
	return 1;
}

static inline void
show_null(void)
{
	fputs("\t\\N", stdout);
}

static inline void
show_bits(uint64_t bits)
{
	printf("\t%016llx", (unsigned long long) bits);
}

static inline void
show_double(double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof bits);
	show_bits(bits);
}

static inline void
show_bytes(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		switch (text[i])
		{
			case '\\':
				fputs("\\\\", stdout);
				break;
			case '\n':
				fputs("\\n", stdout);
				break;
			case '\t':
				fputs("\\t", stdout);
				break;
			default:
				putchar(text[i]);
		}
	}
}

static inline void
show_text(const char *text, size_t length)
{
	putchar('\t');
	show_bytes(text, length);
}

#endif							/* DRIVER_H */
