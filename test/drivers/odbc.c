/*
 * odbc.c
 *	  Runs statements through ODBC, by the driver that PGODBC names. See README.md.
 *
 * psqlODBC is told by the connection how to go about it, so there are three:
 * text in the simple protocol, statements that the server prepares, and a
 * cursor of the server that is fetched from two rows at a time.
 */
#include <sql.h>
#include <sqlext.h>

#include "driver.h"

typedef enum
{
	PLAIN, PREPARED, BY_TWO, CONNECTIONS
} Way;

static const char *const options[CONNECTIONS] = {
	"UseServerSidePrepare=0;UseDeclareFetch=0",
	"UseServerSidePrepare=1;UseDeclareFetch=0",
	"UseServerSidePrepare=1;UseDeclareFetch=1;Fetch=2"
};

static void
check(SQLRETURN status, SQLSMALLINT kind, SQLHANDLE handle)
{
	SQLCHAR		state[6];
	SQLCHAR		message[2048];
	SQLINTEGER	code;
	SQLSMALLINT length;

	if (SQL_SUCCEEDED(status) || status == SQL_NO_DATA)
		return;
	if (SQL_SUCCEEDED(SQLGetDiagRec(kind, handle, 1, state, &code, message, sizeof message, &length)))
		fprintf(stderr, "%s %s\n", state, message);
	exit(1);
}

static SQLHDBC
connect_by(SQLHENV environment, Way way)
{
	SQLHDBC		connection;
	char		text[1024];

	snprintf(text, sizeof text, "Driver={%s};Server=%s;Port=%s;Database=%s;Uid=%s;%s",
			 getenv("PGODBC"), getenv("PGHOST"), getenv("PGPORT"), getenv("PGDATABASE"), getenv("PGUSER"), options[way]);
	check(SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection), SQL_HANDLE_ENV, environment);
	check(SQLDriverConnect(connection, NULL, (SQLCHAR *) text, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT),
		  SQL_HANDLE_DBC, connection);
	return connection;
}

static void
show_column(SQLHSTMT statement, SQLUSMALLINT column, SQLSMALLINT type)
{
	SQLLEN		length;
	SQLRETURN	status;
	double		number;
	char		piece[4096];
	int			first = 1;

	if (type == SQL_DOUBLE || type == SQL_FLOAT)
	{
		check(SQLGetData(statement, column, SQL_C_DOUBLE, &number, sizeof number, &length), SQL_HANDLE_STMT, statement);
		if (length == SQL_NULL_DATA)
			show_null();
		else
			show_double(number);
		return;
	}
	/* a long text comes piece by piece, each with a zero at its end */
	while ((status = SQLGetData(statement, column, SQL_C_CHAR, piece, sizeof piece, &length)) != SQL_NO_DATA)
	{
		check(status, SQL_HANDLE_STMT, statement);
		if (length == SQL_NULL_DATA)
		{
			show_null();
			break;
		}
		if (first)
			putchar('\t');
		first = 0;
		show_bytes(piece, strlen(piece));
	}
}

static void
show(const char *name, SQLHSTMT statement)
{
	SQLSMALLINT columns;
	SQLRETURN	status;

	check(SQLNumResultCols(statement, &columns), SQL_HANDLE_STMT, statement);
	while ((status = SQLFetch(statement)) != SQL_NO_DATA)
	{
		check(status, SQL_HANDLE_STMT, statement);
		fputs(name, stdout);
		for (SQLUSMALLINT column = 1; column <= columns; column++)
		{
			SQLSMALLINT type;

			check(SQLDescribeCol(statement, column, NULL, 0, NULL, &type, NULL, NULL, NULL), SQL_HANDLE_STMT, statement);
			show_column(statement, column, type);
		}
		putchar('\n');
	}
}

/* ODBC writes ? for a parameter. */
static void
question_marks(char *sql)
{
	char	   *to = sql;

	for (; *sql != '\0'; sql++)
	{
		if (sql[0] == '$' && sql[1] >= '1' && sql[1] <= '9')
		{
			*to++ = '?';
			sql++;
		}
		else
			*to++ = *sql;
	}
	*to = '\0';
}

static void
ask_by(SQLHDBC connection, const Asked *asked, SQLSMALLINT type)
{
	SQLHSTMT	statement;
	SQLLEN		lengths[MAX_PARAMETERS];

	check(SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement), SQL_HANDLE_DBC, connection);
	if (asked->nparameters > 0)
		question_marks(asked->sql);
	for (int i = 0; i < asked->nparameters; i++)
	{
		lengths[i] = SQL_NTS;
		check(SQLBindParameter(statement, (SQLUSMALLINT) (i + 1), SQL_PARAM_INPUT, SQL_C_CHAR, type, 200, 0,
							   asked->parameters[i], 0, &lengths[i]), SQL_HANDLE_STMT, statement);
	}
	if (asked->nparameters > 0)
	{
		check(SQLPrepare(statement, (SQLCHAR *) asked->sql, SQL_NTS), SQL_HANDLE_STMT, statement);
		check(SQLExecute(statement), SQL_HANDLE_STMT, statement);
	}
	else
		check(SQLExecDirect(statement, (SQLCHAR *) asked->sql, SQL_NTS), SQL_HANDLE_STMT, statement);
	if (strcmp(asked->mode, "exec") != 0)
		show(asked->name, statement);
	SQLFreeHandle(SQL_HANDLE_STMT, statement);
}

static void
ask(SQLHDBC *connections, const Asked *asked)
{
	if (strcmp(asked->mode, "exec") == 0)
		for (int way = 0; way < CONNECTIONS; way++)
			ask_by(connections[way], asked, 0);
	else if (strcmp(asked->mode, "simple") == 0)
		ask_by(connections[PLAIN], asked, 0);
	else if (strcmp(asked->mode, "cursor") == 0)
		ask_by(connections[BY_TWO], asked, 0);
	else if (strcmp(asked->mode, "varchar") == 0)
		ask_by(connections[PREPARED], asked, SQL_VARCHAR);
	else if (strcmp(asked->mode, "text") == 0)
		ask_by(connections[PREPARED], asked, SQL_LONGVARCHAR);
	else
	{
		fprintf(stderr, "there is no mode %s\n", asked->mode);
		exit(1);
	}
}

int
main(void)
{
	SQLHENV		environment;
	SQLHDBC		connections[CONNECTIONS];
	Asked		asked;

	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment)))
		return 1;
	check(SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER) SQL_OV_ODBC3, 0), SQL_HANDLE_ENV, environment);
	for (int way = 0; way < CONNECTIONS; way++)
		connections[way] = connect_by(environment, (Way) way);
	while (next_asked(&asked))
		ask(connections, &asked);
	for (int way = 0; way < CONNECTIONS; way++)
	{
		SQLDisconnect(connections[way]);
		SQLFreeHandle(SQL_HANDLE_DBC, connections[way]);
	}
	SQLFreeHandle(SQL_HANDLE_ENV, environment);
	return 0;
}
