"""hpimp, asked through SQL on one connection.  What the build offers is asked of the server, never assumed."""
import csv, io, re

import psycopg2

# One table for all data sets; a view shows the one that is asked about, so that hp_importance() is called as
# everybody calls it: on a relation, by name.
PREPARE = """
SET max_parallel_workers_per_gather = 0; SET jit = off; SET quality.dataset = '';
CREATE UNLOGGED TABLE IF NOT EXISTS all_runs (dataset text, config jsonb, val_loss float8);
CREATE INDEX IF NOT EXISTS all_runs_dataset ON all_runs (dataset);
CREATE OR REPLACE VIEW runs AS SELECT config, val_loss FROM all_runs WHERE dataset = current_setting('quality.dataset')
"""

# some runs to try things on
TRIAL = """
TRUNCATE all_runs;
INSERT INTO all_runs SELECT '', jsonb_build_object('x', i, 'y', i % 7), i + i % 3 FROM generate_series(1, 60) i
"""

FUNCTION = """
SELECT proargnames, coalesce(proargmodes::text[], array_fill('i'::text, ARRAY[cardinality(proargnames)])),
	pg_get_function_arguments(oid)
FROM pg_proc WHERE proname = %s AND proargtypes[0] = 'regclass'::regtype
"""


class Hpimp:
    def __init__(self, dsn):
        self.connection = psycopg2.connect(dsn)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute(PREPARE)
        self.cursor.execute(TRIAL)
        self.takes, self.gives, self.default_method = {}, {}, None
        for function in ("hp_importance", "hp_parameters", "hp_quality"):
            self.learn(function)
        self.methods = self.learn_methods()
        self.has_errors, self.has_p_values = map(self.is_given, ("standard_error", "p_value"))

    def version(self):
        self.cursor.execute("SELECT extversion, current_setting('server_version') FROM pg_extension "
                            "WHERE extname = 'hpimp'")
        extension, server = self.cursor.fetchone()
        return f"hpimp {extension}, PostgreSQL {server.split()[0]}"

    # ------------------------------------------------------------ what there is

    def learn(self, function):
        """Arguments and result columns of a function on a table of runs."""
        self.cursor.execute(FUNCTION, (function,))
        names, modes, text = self.cursor.fetchone()
        self.takes[function] = [name for name, mode in zip(names, modes) if mode == "i"]
        self.gives[function] = [name for name, mode in zip(names, modes) if mode in "to"]
        default = re.search(r"\bmethod text DEFAULT '([^']*)'", text)
        if function == "hp_importance" and default:
            self.default_method = default[1]

    def learn_methods(self):
        """The importances that can be asked for: the hint of a refusal lists them."""
        if "method" in self.takes["hp_importance"]:
            try:
                self.cursor.execute("SELECT FROM hp_importance('runs', 'val_loss', method => '?')")
            except psycopg2.Error as refusal:
                return re.findall(r'"([^"]+)"', refusal.diag.message_hint or "")
        return []

    def is_given(self, column):
        """Whether hp_parameters has such a column, and something in it."""
        return any(value is not None for value, in self.parameters("", column).values())

    # ------------------------------------------------------------ asking

    def load(self, datasets):
        self.cursor.execute("TRUNCATE all_runs")
        for runs in datasets:
            text = io.StringIO()
            csv.writer(text).writerows((runs.name, *row) for row in runs.rows())
            text.seek(0)
            self.cursor.copy_expert("COPY all_runs FROM STDIN (FORMAT csv)", text)
        self.cursor.execute("ANALYZE all_runs")

    def ask(self, dataset, sql):
        """Rows; the notices that came with them are then in connection.notices."""
        self.cursor.execute("SELECT set_config('quality.dataset', %s, false)", (dataset,))
        del self.connection.notices[:]
        self.cursor.execute(sql)
        return self.cursor.fetchall()

    def importances(self, dataset, settings=""):
        """{parameter: importance}; without settings the one-liner, as it stands in the README."""
        arguments = ", ".join(["'runs'", "'val_loss'"] + ([settings] if settings else []))
        return dict(self.ask(dataset, f"SELECT parameter, importance FROM hp_importance({arguments})"))

    def warned(self):
        """Whether a notice came with the last answer."""
        return any(notice.startswith(("NOTICE", "WARNING")) for notice in self.connection.notices)

    def answer(self, function, dataset, columns):
        """These columns of a function on the runs, standard errors and p-values asked for; NULL for a column
        that this build does not have."""
        there = [column if column in self.gives[function] else "NULL" for column in columns]
        doubt = ", uncertainty => true" if "uncertainty" in self.takes[function] else ""
        return self.ask(dataset, f"SELECT {', '.join(there)} FROM {function}('runs', 'val_loss'{doubt})")

    def parameters(self, dataset, *columns):
        """{parameter: values of these columns of hp_parameters}"""
        return {row[0]: row[1:] for row in self.answer("hp_parameters", dataset, ["parameter", *columns])}

    def quality(self, dataset, *columns):
        """Values of these columns of hp_quality."""
        return self.answer("hp_quality", dataset, columns)[0]
