#!/usr/bin/env python3
"""Random runs and random calls, by SQL, as a user would make them.

    calls.py CONNECTION SECONDS [SEED]

Each round fills a table with configs made up (nested deep, odd keys, odd
numbers, arrays, nulls, wrappers), holds answers that must be equal against each
other, and makes calls with settings right and wrong. A finding is a lost
connection, an internal error (XX000), an answer that takes longer than
PATIENCE, importances that are no shares, or answers that differ.

A round depends on its seed alone: a finding prints it, and
"calls.py CONNECTION 0 SEED" makes that round again.
"""
import json
import random
import sys
import time

import psycopg2
import psycopg2.extras

PATIENCE = 20                     # seconds
KEYS = ['lr', 'optimizer', 'a', 'b', 'a.b', '', '.', '..', ' ', 'value', 'desc', '_wandb', '_wandb_x', 'é', '日本語', '\U0001f600', 'A', 'on',
        'k%', 'k_', 'k\\', '"', "'", '<b>', '$$', '{x}', 'n' * 300, 'null', '0', 'x\ty', 'config', 'metric', '_NAN', 'lr_NAN']
WORDS = ['adam', 'sgd', '', ' ', 'true', 'FALSE', 'nan', 'inf', '-Infinity', '1', ' 2 ', '1e3', '007', '+1', '1e400', '0.10', 'é', '\U0001f600', '(missing)', '(other)',
         '</script>', '%s', '\\', '"', 'x' * 2000]
NUMBERS = ['0', '-0', '1', '1.0', '1.00', '-1', '0.1', '1e-5', '5e-324', '1e-400', '1e400', '-1e400', '1.7976931348623157e308', '9007199254740992', '9007199254740993',
           '123456789012345678901234567890', '0.30000000000000004', '1e22', '1600000000', '1e15', '2147483648']


def scalar(r):
    kind = r.random()
    if kind < 0.35:
        return str(r.randrange(6))
    if kind < 0.5:
        return r.choice(NUMBERS)
    if kind < 0.6:
        return repr(r.uniform(0, 1))
    if kind < 0.75:
        return json.dumps(r.choice(WORDS))
    return r.choice(['true', 'false', 'null', '[]', '{}', '[1, 2]', '[{"a": [null]}]', '{"value": 3}', '{"desc": null, "value": "w"}', '{"value": {"value": {"b": 1}}}', '{"value": 1, "x": 2}'])


def config(r, depth=0):
    """JSON text: so there may be any number in it, and the same key twice."""
    pairs = []
    for _ in range(r.randrange(1, 6)):
        if depth < 4 and r.random() < 0.15:
            value = config(r, depth + 1)
        else:
            value = scalar(r)
        pairs.append('%s: %s' % (json.dumps(r.choice(KEYS[:12] if r.random() < 0.8 else KEYS)), value))
    return '{%s}' % ', '.join(pairs)


def steady_config(r, shape):
    """Most runs of a sweep have the same keys."""
    return '{%s}' % ', '.join('%s: %s' % (json.dumps(key), r.choice(values)) for key, values in shape if r.random() < 0.9)


def deep(r):
    n = r.choice([50, 500, 3000])
    return '{"d": ' * n + '1' + '}' * n


def metric(r):
    kind = r.random()
    if kind < 0.7:
        return str(r.randrange(10))
    return r.choice(['NaN', 'Infinity', '-Infinity', None, '0', '1e308', '-1e308', '5e-324', '1e-300', '0.1', '3.5'])


def runs(r):
    shape = [(key, [scalar(r) for _ in range(r.randrange(1, 7))]) for key in r.sample(KEYS, r.randrange(1, 9))]
    wild = r.random() < 0.4
    rows = []
    for _ in range(r.choice([0, 1, 2, 3, 10, 30, 60, 120])):
        rows.append((config(r) if wild else steady_config(r, shape), metric(r)))
    if rows and r.random() < 0.05:
        rows[0] = (deep(r), rows[0][1])
    return rows


SETTINGS = {
    'trees': ['1', '2', '3', '5'], 'max_depth': ['NULL', '1', '3'], 'min_samples_leaf': ['NULL', '1', '5'], 'max_features': ['1', '0.5', '0.01'],
    'seed': ['0', '-1', '9223372036854775807'], 'include': ['NULL', "'{%}'", "'{a%,lr}'", "'{}'"], 'exclude': ['NULL', "'{a}'", "'{%b}'", "'{\"\"}'"],
    'categorical': ['NULL', "'{%}'", "'{lr}'"], 'encoding': ["'native'", "'onehot'"], 'method': ["'permutation'", "'impurity'", "'corrected'", "'fanova'", "'ped_anova'"],
    'missing': ["'auto'", "'fill'", "'value'"], 'goal': ["'minimize'", "'maximize'"], 'quantile': ['0.1', '0.5', '0.999', '1e-300'], 'depth': ['NULL', '1', '2', '100'],
    'uncertainty': ['false', 'false', 'true'],
}
WRONG = ['NULL', '0', '-1', '2147483647', "''", "'NaN'", "'Infinity'", "'{NULL}'", "'{{a},{b}}'", "'x'", '1e-320', '2', "'\\'", "'{\"\\\\\\\\\"}'", "'native'", 'true', '10000']


def settings(r, wrong):
    chosen = {name: r.choice(values) for name, values in SETTINGS.items() if r.random() < 0.4}
    chosen.setdefault('trees', '2')
    if wrong:
        chosen[r.choice(list(SETTINGS))] = r.choice(WRONG)
    if chosen['trees'] in ('10000', '2147483647') and not wrong:
        chosen['trees'] = '2'
    return ', '.join('%s => %s' % item for item in chosen.items())


def literal(text):
    return psycopg2.extensions.adapt(text).getquoted().decode('utf8', 'replace') if text.isascii() else "'%s'" % text.replace("'", "''")


OF_RUNS = ['hp_importance', 'hp_parameters', 'hp_quality', 'hp_interactions', 'hp_suggest', 'hp_report']
RELATIONS = ['runs', 'runs_json', 'runs_view', 'nothing_here', 'pg_class', 'runs_summary']
METRICS = ['metric', 'metrik', 'summary.m', 'm', 'config.lr', '', 'summary', 'metric.x', 'Metric', 'metric\x01']
CONFIGS = ["'{config}'", "'{config,summary}'", "'{config,k}'", "'{nope}'", 'NULL', "'{k,t}'", "'{}'"]


def call(r):
    wrong = r.random() < 0.3
    relation = r.choice(RELATIONS) if wrong else r.choice(RELATIONS[:3])
    name = r.choice(METRICS) if wrong else 'metric'
    where = "'%s', %s" % (relation, literal(name))
    columns = 'config => ' + (r.choice(CONFIGS) if wrong else r.choice(CONFIGS[:3] + CONFIGS[:1] * 3))
    forest = 'hp_forest(hp_study(%s, %s), %s)' % (where, columns, settings(r, wrong))
    parameter = literal(r.choice(KEYS[:16]))
    kind = r.randrange(10)
    if kind < 3:
        return 'SELECT * FROM %s(%s, %s, %s)' % (r.choice(OF_RUNS), where, columns, settings(r, wrong))
    if kind == 3:
        return 'SELECT * FROM hp_marginal(%s, %s, %s, space => %s, %s)' % (where, parameter, columns, r.choice(["'uniform'", "'log'", "'observed'", 'NULL', "'x'"]), settings(r, wrong))
    if kind == 4:
        return 'SELECT hp_predict(%s, %s::jsonb)' % (forest, literal(config(r)))
    if kind == 5:
        return 'SELECT hp_report_as(%s, %s, %s, %s)' % (forest, r.choice(["'html'", "'svg'", "'markdown'", "'text'", "'pdf'", 'NULL']), r.choice(['80', '20', '1', '0', '-5', '100000', 'NULL']), r.choice(['true', 'false', 'NULL']))
    if kind == 6:
        return 'SELECT * FROM hp_interactions(hp_space(%s, %s))' % (forest, r.choice(["'uniform'", "'log'", "'observed'", 'NULL', "''"]))
    if kind == 7:
        return 'SELECT * FROM %s(%s, %s)' % (r.choice(['hp_correlation', 'hp_levels']), where, columns)
    if kind == 8:
        return 'SELECT * FROM %s(hp_study(%s, %s))' % (r.choice(['hp_values', 'hp_study_runs', 'hp_levels', 'hp_correlation']), where, columns)
    return 'SELECT hp_number(%s::jsonb, %s)' % (literal(config(r)), parameter)


class Finding(Exception):
    pass


class Session:
    def __init__(self, connection):
        self.db = psycopg2.connect(connection)
        self.db.autocommit = True
        self.calls = self.refused = 0
        self.run("SET client_min_messages = error; SET statement_timeout = '%ds'; SET hpimp.max_memory = '500MB'" % PATIENCE)

    def run(self, sql, values=None):
        """The rows; None if it was refused."""
        self.calls += 1
        try:
            with self.db.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall() if cursor.description else None
        except psycopg2.Error as error:
            self.refused += 1
            if self.db.closed or error.pgcode is None:
                raise Finding('the connection is lost by\n%s' % sql)
            if error.pgcode.startswith('XX') or error.pgcode == '57014':
                raise Finding('%s %s by\n%s' % (error.pgcode, error, sql))
            return error.pgcode

    def prepare(self):
        self.run('DROP TABLE IF EXISTS runs, runs_json, runs_summary CASCADE')
        self.run('''CREATE TABLE runs (id int, config jsonb, metric float8, summary jsonb, k numeric, t text);
                    CREATE TABLE runs_json (config json, metric numeric, summary json, k bool, t text);
                    CREATE TABLE runs_summary (summary jsonb, config text);
                    CREATE VIEW runs_view AS SELECT id, config, metric, summary, k, t FROM runs''')

    def fill(self, rows):
        self.run('TRUNCATE runs, runs_json')
        n = 0
        for text, value in rows:
            if self.run("INSERT INTO runs SELECT %s, c, %s::float8, jsonb_build_object('m', %s), %s, c ->> 'lr' FROM (SELECT %s::jsonb) v (c)", (n, value, value if value not in ('NaN', 'Infinity', '-Infinity') else None, n % 3, text)) is None:
                n += 1
        self.run('INSERT INTO runs_json SELECT config, CASE WHEN metric::text NOT LIKE %s THEN metric END, summary, k = 1, t FROM runs', ('%nfinity',))
        return n


FORCED = "SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET max_parallel_workers_per_gather = 2; SET hpimp.max_parallel_workers = 2"
ALONE = 'SET max_parallel_workers_per_gather = 0; SET hpimp.max_parallel_workers = 0'


def differences(session, r):
    """The same runs in another order, in parts, by workers: the same bits."""
    how = settings(r, False)
    study = '(SELECT hp_study_agg(config, metric) FROM runs)'
    ways = {
        'as they come': study,
        'backwards': '(SELECT hp_study_agg(config, metric ORDER BY id DESC) FROM runs)',
        'shuffled': '(SELECT hp_study_agg(config, metric ORDER BY md5(id::text)) FROM runs)',
        'in parts': '(SELECT hp_study_agg(s ORDER BY part) FROM (SELECT id %% 3 AS part, hp_study_agg(config, metric) AS s FROM runs GROUP BY 1) q)'.replace('%%', '%'),
        'by hand': "(SELECT hp_study_merge(a, b) FROM (SELECT (SELECT hp_study_agg(config, metric) FROM runs WHERE id % 2 = 0) AS a, (SELECT hp_study_agg(config, metric) FROM runs WHERE id % 2 = 1) AS b) q)",
        'as text': '(SELECT hp_study_agg(config, metric)::text::hp_study FROM runs)',
        'of the table': "hp_study('runs', 'metric')",
    }
    forests = {name: 'hp_forest(%s, %s)' % (expression, how) for name, expression in ways.items()}
    parts = r.choice([2, 3, 7])
    forests['trained in parts'] = '(SELECT hp_forest_agg(hp_forest(%s, %s, part => n, parts => %d) ORDER BY md5(n::text)) FROM generate_series(1, %d) n)' % (study, how, parts, parts)
    answers = {}
    for name, forest in forests.items():
        session.run(FORCED if r.random() < 0.3 else ALONE)
        answers[name] = session.run("SELECT md5(f::text), (SELECT jsonb_agg(i ORDER BY i.parameter COLLATE \"C\") FROM hp_importance(f) i)::text FROM (SELECT %s AS f OFFSET 0) q" % forest)
    first = answers['as they come']
    for name, answer in answers.items():
        if answer != first:
            raise Finding('%s it is another forest:\n%s\n%s\n%s' % (name, how, first, answer))
    if isinstance(first, list) and first[0][1] is not None:
        shares = [row['importance'] for row in json.loads(first[0][1])]
        known = [share for share in shares if share is not None]
        if any(share < 0 for share in known) or ('depth' not in how and known and sum(known) != 0 and abs(sum(known) - 1) > 1e-9):
            raise Finding('these are no shares: %s\n%s' % (shares, how))
    session.run(ALONE)


def one_round(session, seed):
    r = random.Random(seed)
    n = session.fill(runs(r))
    if n > 0:
        differences(session, r)
    for _ in range(12):
        session.run(call(r))


def main():
    connection, seconds = sys.argv[1], float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time())
    session = Session(connection)
    session.prepare()
    end = time.time() + seconds
    rounds = findings = 0
    while rounds == 0 or time.time() < end:
        try:
            one_round(session, seed)
        except Finding as finding:
            findings += 1
            print('FINDING (seed %d): %s' % (seed, finding), flush=True)
            for _ in range(30):
                try:
                    session = Session(connection)
                    break
                except psycopg2.OperationalError:
                    time.sleep(1)
        rounds += 1
        seed += 1
    print('%d rounds, %d calls (%d refused), %d findings' % (rounds, session.calls, session.refused, findings))
    sys.exit(findings > 0)


main()
