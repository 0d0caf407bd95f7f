-- What csv.sql and json_lines.sql are told by -v, and what else holds where nothing
-- was said: see their heads. usage: how to call the one that includes this.

\set ON_ERROR_STOP on
\set was_quiet :QUIET
\set QUIET on
\if :{?table}
\else
\set table runs
\endif
\if :{?metrics}
\else
\set metrics ''
\endif
\if :{?about}
\else
\set about ''
\endif
\if :{?file}
\else
\warn 'Which file? ' :usage
DO $$ BEGIN RAISE EXCEPTION 'no file was named'; END $$;
\endif
SET client_min_messages = warning;
