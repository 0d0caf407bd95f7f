"""ask.py - runs statements through psycopg2; see README.md

psycopg2 puts parameters into the text itself and knows the simple protocol only.
"""

import os
import re
import struct
import sys

import psycopg2


def shown(value):
    if value is None:
        return "\\N"
    if isinstance(value, float):
        return struct.pack(">d", value).hex()
    return str(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def rows_of(connection, mode, sql, parameters):
    if mode == "cursor":
        # a named cursor is one of the server, and that needs a transaction
        connection.autocommit = False
        with connection, connection.cursor("by_two") as cursor:
            cursor.itersize = 2
            cursor.execute(sql)
            rows = list(cursor)
        connection.autocommit = True
        return rows
    with connection.cursor() as cursor:
        if mode == "untyped":
            cursor.execute(re.sub(r"\$\d", "%s", sql.replace("%", "%%")), parameters)
        elif mode in ("exec", "simple"):
            cursor.execute(sql)
        else:
            raise ValueError("there is no mode " + mode)
        return [] if mode == "exec" else cursor.fetchall()


def main():
    connection = psycopg2.connect(
        host=os.environ["PGHOST"], port=os.environ["PGPORT"], dbname=os.environ["PGDATABASE"], user=os.environ["PGUSER"]
    )
    connection.autocommit = True
    for line in sys.stdin:
        name, mode, sql, *parameters = line.rstrip("\n").split("\t")
        for row in rows_of(connection, mode, sql.replace("\\n", "\n"), parameters):
            print("\t".join([name] + [shown(value) for value in row]))
    connection.close()


main()
