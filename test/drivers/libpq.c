/*
 * libpq.c
 *	  Runs statements through libpq: results are asked for in binary, but those
 *	  of the simple protocol, which has text only. See README.md.
 */
#include <libpq-fe.h>

#include "driver.h"

/* what pg_type calls them; types of results that are told apart */
enum
{
	OID_INT8 = 20,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_FLOAT8 = 701,
	OID_VARCHAR = 1043
};

static void
fail(PGconn *connection)
{
	fputs(PQerrorMessage(connection), stderr);
	exit(1);
}

static uint64_t
big_endian(const char *bytes, int length)
{
	uint64_t	value = 0;

	for (int i = 0; i < length; i++)
		value = value << 8 | (unsigned char) bytes[i];
	return value;
}

static void
show_binary(Oid type, const char *bytes, int length)
{
	char		number[32];

	switch (type)
	{
		case OID_FLOAT8:
			show_bits(big_endian(bytes, length));
			break;
		case OID_INT8:
		case OID_INT4:
			snprintf(number, sizeof number, "%lld", length == 4
					 ? (long long) (int32_t) big_endian(bytes, length)
					 : (long long) big_endian(bytes, length));
			show_text(number, strlen(number));
			break;
		default:
			show_text(bytes, (size_t) length);
	}
}

static void
show(const char *name, const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++)
	{
		fputs(name, stdout);
		for (int column = 0; column < PQnfields(result); column++)
		{
			const char *value = PQgetvalue(result, row, column);
			int			length = PQgetlength(result, row, column);

			if (PQgetisnull(result, row, column))
				show_null();
			else if (PQfformat(result, column) == 1)
				show_binary(PQftype(result, column), value, length);
			else if (PQftype(result, column) == OID_FLOAT8)
				show_double(strtod(value, NULL));
			else
				show_text(value, (size_t) length);
		}
		putchar('\n');
	}
}

static PGresult *
done(PGconn *connection, PGresult *result)
{
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		fail(connection);
	return result;
}

static PGresult *
prepared(PGconn *connection, const Asked *asked, Oid type)
{
	Oid			types[MAX_PARAMETERS];

	for (int i = 0; i < asked->nparameters; i++)
		types[i] = type;
	PQclear(done(connection, PQprepare(connection, "", asked->sql, asked->nparameters, types)));
	return done(connection, PQexecPrepared(connection, "", asked->nparameters,
										   (const char *const *) asked->parameters, NULL, NULL, 1));
}

static void
fetched_by_two(PGconn *connection, const Asked *asked)
{
	size_t		size = strlen(asked->sql) + 100;
	char	   *declare = malloc(size);
	int			rows;

	if (declare == NULL)
		abort();
	snprintf(declare, size, "DECLARE by_two BINARY CURSOR FOR %s", asked->sql);
	PQclear(done(connection, PQexec(connection, "BEGIN")));
	PQclear(done(connection, PQexec(connection, declare)));
	do
	{
		PGresult   *result = done(connection, PQexec(connection, "FETCH 2 FROM by_two"));

		rows = PQntuples(result);
		show(asked->name, result);
		PQclear(result);
	} while (rows > 0);
	PQclear(done(connection, PQexec(connection, "COMMIT")));
	free(declare);
}

static void
ask(PGconn *connection, const Asked *asked)
{
	PGresult   *result = NULL;

	if (strcmp(asked->mode, "cursor") == 0)
		fetched_by_two(connection, asked);
	else if (strcmp(asked->mode, "exec") == 0)
		PQclear(done(connection, PQexec(connection, asked->sql)));
	else if (strcmp(asked->mode, "simple") == 0)
		result = done(connection, PQexec(connection, asked->sql));
	else if (strcmp(asked->mode, "text") == 0)
		result = prepared(connection, asked, OID_TEXT);
	else if (strcmp(asked->mode, "varchar") == 0)
		result = prepared(connection, asked, OID_VARCHAR);
	else if (strcmp(asked->mode, "untyped") == 0 || strcmp(asked->mode, "binary") == 0)
		result = prepared(connection, asked, 0);
	else
	{
		fprintf(stderr, "there is no mode %s\n", asked->mode);
		exit(1);
	}
	if (result != NULL)
		show(asked->name, result);
	PQclear(result);
}

int
main(void)
{
	PGconn	   *connection = PQconnectdb("");
	Asked		asked;

	if (PQstatus(connection) != CONNECTION_OK)
		fail(connection);
	while (next_asked(&asked))
		ask(connection, &asked);
	PQfinish(connection);
	return 0;
}
