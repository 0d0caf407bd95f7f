/* hpimp 1.1 to 1.2: parts of a forest have a format number of their own */

-- complain if script is sourced in psql, rather than via ALTER EXTENSION
\echo Use "ALTER EXTENSION hpimp UPDATE TO '1.2'" to load this file. \quit

-- what changes is in the library alone
