#!/usr/bin/python3
"""Measure hpimp beside its peers, interleaved, and print one table.

test/bench/run calls it: bench.py CONNECTION_STRING CORE, to a server with hpimp and make_runs.sql in it;
CORE is the program of core.c.  Settings come by environment: see README.md.
"""
import json, os, pathlib, statistics, subprocess, sys, tempfile, threading, time
from dataclasses import dataclass

import psycopg2

from cost import statement_cost

HERE = pathlib.Path(__file__).parent
DSN, CORE = sys.argv[1:3]
REPEAT = int(os.environ.get("REPEAT") or 5)
PATIENCE = float(os.environ.get("PATIENCE") or 30)          # seconds after which a measure is not repeated
RANGER = os.environ.get("RANGER", "0") not in ("", "0")
TREES = 100
WORKERS = os.cpu_count() - 1                                # one process for each core


@dataclass(frozen=True)
class Size:
    name: str
    runs: int
    parameters: int
    own_trees: int = TREES                                  # fewer where 100 take too long: times are
    peer_trees: int = TREES                                 # scaled up and marked "~"
    permutations: int = 5                                   # scikit-learn's default; 0: not measured

    def __str__(self):
        return f"{self.name} {self.runs:,}x{self.parameters}"


SIZES = {size.name: size for size in (
    Size("S", 200, 8),
    Size("M", 1_000, 20),
    Size("L", 10_000, 50, permutations=1),
    Size("XL", 100_000, 50, peer_trees=3, permutations=0),
    Size("XXL", 1_000_000, 20, own_trees=11, peer_trees=1, permutations=0))}


# ---------------------------------------------------------------- the two sides

class Server:
    """A session that says what each statement has cost its backend."""
    def __init__(self):
        self.connection = psycopg2.connect(DSN)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        # one core; no just-in-time compiler, which comes and goes with the planner's estimates
        for setting in ("max_parallel_workers_per_gather = 0", "jit = off", "log_statement_stats = on",
                        "client_min_messages = log"):
            self.cursor.execute(f"SET {setting}")
        del self.connection.notices[:]

    def cost(self, sql):
        self.cursor.execute(sql)
        return statement_cost(self.connection)

    def value(self, sql):
        self.cursor.execute(sql)
        del self.connection.notices[:]
        return self.cursor.fetchone()[0]

    def make_runs(self, size):
        self.cursor.execute(f"SELECT make_runs({size.runs}, {size.parameters})")
        self.cursor.execute("VACUUM (FREEZE, ANALYZE) runs")

    def export(self, size, path):
        """The runs as core.c reads them: gaps are empty, so that its frame is the one of the database."""
        with open(path, "w") as file:
            self.cursor.copy_expert(f"COPY ({self.value(f'SELECT runs_as_columns({size.parameters})')}) "
                                    "TO STDOUT (FORMAT csv, HEADER)", file)

    def allow_workers(self, workers):
        self.cursor.execute(f"SET max_parallel_workers_per_gather = {workers}")
        del self.connection.notices[:]

    def close(self):
        self.connection.close()


class Peer:
    """A process that takes commands on its input and answers each with a line of JSON."""
    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.process.args[1]} failed at: {' '.join(map(str, words))}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Memory(threading.Thread):
    """The peak memory of a backend and its parallel workers together, as seen every few milliseconds.

    Memory of their own is added up; what they share (buffers, the runs to train on) counts once."""
    def __init__(self, server):
        super().__init__(daemon=True)
        self.backend = server.value("SELECT pg_backend_pid()")
        self.peak, self.workers, self.over = 0, 0, threading.Event()

    @staticmethod
    def status(pid):
        """kB by name; nothing of a process that is gone."""
        try:
            lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return {}
        return {name: int(value.split()[0]) for name, value in (line.split(":", 1) for line in lines)
                if name.startswith("Rss") or name == "PPid"}

    def is_worker(self, pid):
        try:
            return f"parallel worker for PID {self.backend}" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            return False

    def run(self):
        postmaster = self.status(self.backend)["PPid"]
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children")
        while not self.over.wait(0.005):
            workers = [pid for pid in children.read_text().split() if self.is_worker(pid)]
            seen = [kB for kB in map(self.status, [self.backend, *workers]) if "RssAnon" in kB]
            self.workers = max(self.workers, len(seen) - 1)
            self.peak = max(self.peak, sum(kB["RssAnon"] for kB in seen) + sum(
                max((kB[shared] for kB in seen), default=0) for shared in ("RssShmem", "RssFile")))

    def stop(self):
        self.over.set()
        self.join()


# ---------------------------------------------------------------- measuring

def interleave(measures, repeat=REPEAT):
    """Call each measure in turn, round after round: whatever disturbs the machine disturbs all.

    Each is called so many times; more often if it takes next to no time, less often if that would try
    one's PATIENCE."""
    spent, calls = dict.fromkeys(measures, 0.0), dict.fromkeys(measures, 0)

    def wanted(name):
        return calls[name] == 0 or (spent[name] < PATIENCE and (
            calls[name] < repeat or (spent[name] < 0.5 and calls[name] < 5 * repeat)))

    while any(map(wanted, measures)):
        for name in filter(wanted, measures):
            began = time.perf_counter()
            measures[name](calls[name])
            calls[name] += 1
            spent[name] += time.perf_counter() - began


class Times:
    """Medians of [CPU, elapsed] seconds by name."""
    def __init__(self):
        self.samples, self.scaled = {}, set()

    def add(self, name, cost, scale=1):
        self.samples.setdefault(name, []).append([seconds * scale for seconds in cost[:2]])
        if scale != 1:
            self.scaled.add(name)

    def cpu(self, name):
        return self.median(name, 0)

    def wall(self, name):
        return self.median(name, 1)

    def median(self, name, which):
        return statistics.median(s[which] for s in self.samples[name]) if name in self.samples else None


def forest(trees, settings):
    return f"SELECT i.* FROM studies, hp_importance(hp_forest(study, trees => {trees}, {settings})) i"


# what a one-liner does, step by step
STATEMENTS = {
    "scan": "SELECT sum(jsonb_hash(config)) FROM runs",
    "study": "SELECT count(*) FROM (SELECT hp_study_agg(config, val_loss) AS study FROM runs OFFSET 0) s "
             "WHERE study IS NOT NULL",
    "one tree": forest(1, "method => 'impurity'"),
    "permutation": forest("{trees}", "method => 'permutation'"),
    "impurity": forest("{trees}", "method => 'impurity'"),
    "one-liner": "SELECT * FROM hp_importance('runs', 'val_loss')",
    "one-liner impurity": "SELECT * FROM hp_importance('runs', 'val_loss', method => 'impurity')",
}
# what else there is to ask; where 100 trees take too long it is not asked
QUESTIONS = {
    "corrected": "SELECT * FROM hp_importance('runs', 'val_loss', method => 'corrected')",
    "fanova": "SELECT * FROM hp_importance('runs', 'val_loss', method => 'fanova')",
    "interactions": "SELECT * FROM hp_interactions('runs', 'val_loss')",
    "ped_anova": "SELECT * FROM hp_importance('runs', 'val_loss', method => 'ped_anova')",
    "parameters": "SELECT * FROM hp_parameters('runs', 'val_loss')",
    "suggest": "SELECT * FROM hp_suggest('runs', 'val_loss')",
}
PEER_STEPS = ("read", "encode", "fit", "correlate")


def measure(size):
    """All that is known of one size, as a dict of numbers; None where not measured."""
    server = Server()
    server.make_runs(size)
    # stored as it is: decompressing is no part of training
    server.cursor.execute("DROP TABLE IF EXISTS studies; CREATE UNLOGGED TABLE studies (study hp_study);"
                          "ALTER TABLE studies ALTER study SET STORAGE external;"
                          "INSERT INTO studies SELECT hp_study_agg(config, val_loss) FROM runs")
    result = {"pairs": server.value("SELECT sum(cardinality(ARRAY(SELECT jsonb_object_keys(config)))) FROM runs")}

    # memory: of sessions that do one thing only; these runs warm the caches up as well
    for name in ("scan", "one-liner"):
        fresh = Server()
        first = fresh.cost(STATEMENTS[name])
        result[f"memory {name}"] = first.memory / 1024
        fresh.close()
    if WORKERS > 0 and size.runs >= 1000:                   # what is over at once is not seen
        result["memory workers"] = memory_with_workers()

    times = Times()
    measures = {}
    for name, sql in STATEMENTS.items():
        if size.own_trees != TREES and name == "one-liner":
            times.add(name, first)                          # once is enough
        elif size.own_trees == TREES or name != "one-liner impurity":
            sql = sql.format(trees=size.own_trees)
            measures[name] = lambda _, name=name, sql=sql: times.add(name, server.cost(sql))

    if size.own_trees == TREES:
        for name, sql in QUESTIONS.items():
            measures[name] = lambda _, name=name, sql=sql: times.add(name, server.cost(sql))

    began = time.time()
    sklearn = Peer(sys.executable, str(HERE / "sklearn_peer.py"), DSN, str(began))
    result["start"] = sklearn.ask("start")["cost"]

    def end_to_end(seed):
        answer = sklearn.ask("end_to_end", size.peer_trees, seed)
        result["columns"] = answer["columns"]
        result.setdefault("memory sklearn", answer["memory"] / 1024)
        for step in PEER_STEPS:
            times.add(step, answer[step], TREES / size.peer_trees if step == "fit" else 1)

    measures["scikit-learn"] = end_to_end
    if size.permutations:
        measures["scikit-learn permutation"] = lambda _: times.add(
            "permuting", sklearn.ask("permutation", size.permutations)["cost"], 5 / size.permutations)

    folder = tempfile.TemporaryDirectory()
    server.export(size, f"{folder.name}/coded.csv")
    core = Peer(CORE, f"{folder.name}/coded.csv")

    def run_core(name, trees, *question):
        answer = core.ask(*question)
        for step in {"code", "describe", "train"} & answer.keys():
            times.add(f"core {name or step}", answer[step], TREES / trees)
        if name == "permutation":                           # whatever the number of trees
            times.add("core beside", answer["beside"])
        return answer

    def run_code(_):
        result["default pairs"] = run_core("", TREES, "code")["pairs"]

    measures["core code"] = run_code
    for method, gaps in (("impurity", "value"), ("pairs", "fill"), ("permutation", "fill")):
        measures[f"core {method}"] = lambda seed, method=method, gaps=gaps: run_core(
            method, size.own_trees, method, gaps, size.own_trees, seed)

    if RANGER:
        sklearn.ask("export", f"{folder.name}/runs.csv")
        ranger = Peer("Rscript", "--vanilla", str(HERE / "ranger_peer.R"), f"{folder.name}/runs.csv")

        def run_ranger(importance, seed):
            answer = ranger.ask(importance, size.peer_trees, seed)
            times.add(f"ranger {importance}", answer["cost"], TREES / size.peer_trees)
            result["ranger r2"] = answer["r2"]
            result["ranger version"] = answer["version"]

        for importance in ("impurity", "permutation"):
            measures[f"ranger {importance}"] = lambda seed, importance=importance: run_ranger(importance, seed)

    interleave(measures)

    # few trees have a lower R2: then there is nothing to compare
    if size.own_trees == TREES:
        for method, gaps, name in (("impurity", "value", "r2"), ("permutation", "fill", "r2 pairs")):
            result[name] = server.value("SELECT q.oob_r2 FROM studies, hp_quality(hp_forest(study, "
                                        f"trees => {TREES}, method => '{method}')) q")
            same = core.ask(method, gaps, TREES)["r2"]
            if abs(same - result[name]) > 1e-6:
                sys.exit(f"{size}: the forest without a server has R2 {same}, that in the database {result[name]}")
    if size.peer_trees == TREES:
        result["sklearn r2"] = sklearn.ask("quality")["r2"]
    else:
        result.pop("ranger r2", None)
    sklearn.close()
    core.close()
    if RANGER:
        ranger.close()
    folder.cleanup()
    server.close()
    return finish(size, times, result)


def memory_with_workers():
    """MB of all processes of the one-liner when it may use all cores; None if no worker came."""
    server = Server()
    server.allow_workers(WORKERS)
    memory = Memory(server)
    memory.start()
    server.cursor.execute(STATEMENTS["one-liner"])
    memory.stop()
    server.close()
    return memory.peak / 1024 if memory.workers > 0 else None


def plus(*parts):
    return None if None in parts else sum(parts)


def ratio(numerator, denominator):
    return numerator / denominator if numerator is not None and denominator else None


def finish(size, times, result):
    """Medians, sums, differences and ratios."""
    cpu, wall = times.cpu, times.wall
    own_scale = (TREES - 1) / (size.own_trees - 1)

    def of_100(median, name):
        """Seconds of a forest of 100 trees, on the line through one tree and own_trees."""
        return median("one tree") + (median(name) - median("one tree")) * own_scale

    if size.own_trees != TREES:
        times.scaled.update(("impurity", "permutation"))
    start = dict(zip(("", " wall"), result["start"]))
    for which, median in (("", cpu), (" wall", wall)):
        result["impurity" + which] = of_100(median, "impurity")
        result["permutation" + which] = of_100(median, "permutation")
        result["one-liner" + which] = median("one-liner")
        result["one-liner impurity" + which] = median("one-liner impurity")
        result["fit" + which] = median("fit")
        result["fit permuting" + which] = plus(median("fit"), median("permuting"))
        result["peer" + which] = plus(*map(median, PEER_STEPS))
        result["peer started" + which] = result["peer" + which] + start[which]
        for name in ("impurity", "pairs", "permutation", "code", "describe", "beside"):
            result[f"core {name}{which}"] = median(f"core {name}")
        for importance in ("impurity", "permutation"):
            result[f"ranger {importance}{which}"] = median(f"ranger {importance}")
    for name in PEER_STEPS + tuple(QUESTIONS):
        result[name] = cpu(name)

    per_tree = (cpu("impurity") - cpu("one tree")) / (size.own_trees - 1)
    result["scan"] = cpu("scan")
    result["study"] = cpu("study")
    # differences of next to nothing may come out below it
    result["flatten"] = max(0.0, cpu("study") - cpu("scan"))
    result["fixed"] = cpu("one tree") - per_tree
    share = result["default pairs"] / TREES
    result["training"] = result["core pairs"] * share
    result["on top"] = (result["core permutation"] - result["core beside"] - result["core pairs"]) * share
    result["sum"] = plus(result["study"], result["fixed"], result["training"], result["on top"], result["core beside"])
    result["ns scan"] = result["scan"] / result["pairs"] * 1e9
    result["ns study"] = result["study"] / result["pairs"] * 1e9
    result["study / scan"] = ratio(result["study"], result["scan"])
    result["on top / training"] = ratio(result["on top"], result["training"])
    result["scaled"] = {
        "fit": "fit" in times.scaled, "peer": "fit" in times.scaled,
        "fit permuting": bool({"fit", "permuting"} & times.scaled),
        "impurity": "impurity" in times.scaled, "permutation": "permutation" in times.scaled,
        "core impurity": "core impurity" in times.scaled, "core permutation": "core permutation" in times.scaled,
        "ranger impurity": "fit" in times.scaled, "ranger permutation": "fit" in times.scaled}
    return result


# ---------------------------------------------------------------- other checks

def grouped(runs=200_000, groups=50_000):
    """Many small groups: hp_study_agg beside jsonb_agg of the same, by both strategies of the planner."""
    server = Server()
    server.make_runs(Size("", runs, 8))
    server.cursor.execute("SET work_mem = '1GB'")
    times, measures = Times(), {}
    for strategy, forbidden in (("HashAggregate", "enable_sort"), ("GroupAggregate", "enable_hashagg")):
        for aggregate in ("hp_study_agg(config, val_loss)", "jsonb_agg(config)"):
            def once(_, name=f"{strategy} {aggregate[:5]}", forbidden=forbidden, aggregate=aggregate):
                server.cursor.execute(f"SET {forbidden} = off")
                del server.connection.notices[:]
                times.add(name, server.cost("SELECT count(*) FROM "
                    f"(SELECT {aggregate} AS a FROM runs GROUP BY id % {groups} OFFSET 0) g WHERE a IS NOT NULL"))
                server.cursor.execute(f"RESET {forbidden}")
            measures[f"{strategy} {aggregate}"] = once
    interleave(measures)
    server.close()
    return [(strategy, times.cpu(f"{strategy} hp_st"), times.cpu(f"{strategy} jsonb"))
            for strategy in ("HashAggregate", "GroupAggregate")]


def on_all_cores(size):
    """Elapsed seconds of the default forest and of the one-liner, in one process, and with a worker for
    each further core."""
    server = Server()
    server.make_runs(size)
    server.cursor.execute("TRUNCATE studies; INSERT INTO studies SELECT hp_study_agg(config, val_loss) FROM runs")
    times, measures = Times(), {}
    for name, sql in ("forest", forest(TREES, "method => 'permutation'")), ("one-liner", STATEMENTS["one-liner"]):
        for workers in (0, WORKERS):
            def once(_, name=name, sql=sql, workers=workers):
                server.allow_workers(workers)
                times.add(f"{name} {workers}", server.cost(sql))
            measures[f"{name} {workers}"] = once
    interleave(measures, min(3, REPEAT))
    server.close()
    return [(name, times.wall(f"{name} 0"), times.wall(f"{name} {WORKERS}")) for name in ("forest", "one-liner")]


# ---------------------------------------------------------------- the table

LABEL, COLUMN = 45, 11                                      # characters: five sizes fit into 100


def number(value):
    """Three digits are plenty; below a tenth four decimals."""
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4}f}"


class Table:
    def __init__(self, results):
        self.results = results

    def heading(self, text):
        print(f"\n{text}")

    def sizes(self):
        print("\n" + " " * LABEL + "".join(f"{size.name:>{COLUMN}}" for size in self.results))
        for label, field in ("runs", "runs"), ("hyperparameters", "parameters"):
            print(f"  {label:<{LABEL - 2}}" + "".join(f"{getattr(size, field):>{COLUMN},}" for size in self.results))
        self.row("columns that scikit-learn sees, one-hot", "columns")

    def row(self, label, key, unit="{}"):
        """key: of the results, or a function of them. Rows without a number are left out."""
        values = [key(r) if callable(key) else r.get(key) for r in self.results.values()]
        marks = ["~" if not callable(key) and r["scaled"].get(key) else "" for r in self.results.values()]
        if any(value is not None for value in values):
            print(f"  {label:<{LABEL - 2}}" + "".join(
                f"{'-' if value is None else mark + unit.format(number(value)):>{COLUMN}}"
                for value, mark in zip(values, marks)))

    def times_faster(self, label, peer, own):
        self.row(f"= {label}", lambda r: ratio(r[peer], r[own]), "{} x")
        self.row("    by elapsed time", lambda r: ratio(r[peer + " wall"], r[own + " wall"]), "{} x")


def machine(results):
    server = Server()
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                 os.uname().machine)
    postgres = server.value("SELECT current_setting('server_version')").split()[0]
    extension = server.value("SELECT extversion FROM pg_extension WHERE extname = 'hpimp'")
    server.close()
    peer = Peer(sys.executable, str(HERE / "sklearn_peer.py"), DSN, str(time.time()))
    versions = peer.ask("start")["versions"]
    peer.close()
    ranger = next((f", ranger {r['ranger version']}" for r in results.values() if "ranger version" in r), "")
    print(f"{model}, {os.cpu_count()} cores, of which one is used; hpimp {extension}, PostgreSQL {postgres},")
    print(f"{versions}{ranger}")


def print_table(results):
    table = Table(results)
    machine(results)
    print(f"CPU seconds unless it says otherwise, medians of interleaved runs. Forests: {TREES} trees, leaves of")
    print(f"one run, all features tried at each split; of hpimp's permutation {TREES} pairs of trees on halves")
    print("of the runs, leaves of their cube root (one-liner: as many pairs as by default).")
    print("~ scaled up from fewer trees or repeats.")
    table.sizes()

    table.heading("Fit alone, from coded data in memory: impurity")
    table.row("hpimp, training alone", "core impurity")
    table.row("scikit-learn, fit", "fit")
    table.row("ranger, impurity", "ranger impurity")
    table.times_faster("times faster than scikit-learn", "fit", "core impurity")
    table.times_faster("times faster than ranger", "ranger impurity", "core impurity")
    table.row("hpimp, from a stored study", "impurity")
    table.row("out-of-bag R2: hpimp", "r2")
    table.row("out-of-bag R2: scikit-learn", "sklearn r2")
    table.row("out-of-bag R2: ranger", "ranger r2")

    table.heading("Fit and permutation importance (hpimp, ranger: out of bag; scikit-learn: 5 repeats on all runs)")
    table.row("hpimp, training and permuting alone", "core permutation")
    table.row("scikit-learn, fit + permutation_importance", "fit permuting")
    table.row("scikit-learn, fit", "fit")
    table.row("ranger, permutation", "ranger permutation")
    table.times_faster("times faster than scikit-learn", "fit permuting", "core permutation")
    table.times_faster("times faster than scikit-learn's fit", "fit", "core permutation")
    table.times_faster("times faster than ranger", "ranger permutation", "core permutation")
    table.row("hpimp, from a stored study", "permutation")
    table.row("out-of-bag R2: hpimp", "r2 pairs")

    table.heading("End to end, from the table to importances and correlations")
    table.row("hp_importance('runs', 'val_loss')", "one-liner")
    table.row("the same with method => 'impurity'", "one-liner impurity")
    table.row("pandas + scikit-learn, impurity", "peer")
    table.row("  read the table (client + server)", "read")
    table.row("  json_normalize, get_dummies, fillna", "encode")
    table.row("  fit, feature_importances_", "fit")
    table.row("  corrwith", "correlate")
    table.times_faster("times faster, default (permutation)", "peer", "one-liner")
    table.times_faster("times faster, impurity", "peer", "one-liner impurity")
    table.row("start of Python's libraries, not in these", lambda r: r["start"][0])
    table.times_faster("times faster, start counted, default", "peer started", "one-liner")
    table.times_faster("times faster, start counted, impurity", "peer started", "one-liner impurity")
    table.row("peak memory, MB: hpimp's backend", "memory one-liner")
    table.row("  of which a bare scan has", "memory scan")
    table.row(f"  with {WORKERS} worker(s), all processes together", "memory workers")
    table.row("peak memory, MB: Python (without its server)", "memory sklearn")

    table.heading("Other questions, from the table (beside the above)")
    table.row("method => 'corrected'", "corrected")
    table.row("method => 'fanova': main effects", "fanova")
    table.row("hp_interactions: main effects and all pairs", "interactions")
    table.row("  on top of the forest, / a forest (impurity)",
              lambda r: ratio(plus(r["interactions"], -r["one-liner impurity"]), r["core impurity"])
              if r["interactions"] else None, "{} x")
    table.row("method => 'ped_anova', no forest", "ped_anova")
    table.row("hp_parameters: standard errors, p-values", "parameters")
    table.row("  / scikit-learn, fit", lambda r: ratio(r["parameters"], r["fit"]), "{} x")
    table.row("hp_suggest: the same, and curves", "suggest")

    table.heading("Where the time of hp_importance('runs', 'val_loss') goes")
    table.row("scan: read every key and value of the table", "scan")
    table.row("flatten and dictionary, on top of it", "flatten")
    table.row("code, describe, correlate, keep", "fixed")
    table.row("  of which coding the values", "core code")
    table.row("  of which describing and correlating", "core describe")
    table.row("pairs of trees", "default pairs")
    table.row("train them (without a server)", "training")
    table.row("permute, on top of it", "on top")
    table.row("the regression beside them, of few runs", "core beside")
    table.row("sum (beside it: end to end, above)", "sum")
    table.row("study / scan", "study / scan", "{} x")
    table.row("permute / train", "on top / training", "{} x")
    table.row("nanoseconds a key and value: scan", "ns scan")
    table.row("nanoseconds a key and value: study", "ns study")


def main():
    names = (os.environ.get("SIZES") or "S M L").split()
    unknown = [name for name in names if name not in SIZES]
    if unknown:
        sys.exit(f"SIZES: there is no {unknown[0]}; there are {' '.join(SIZES)}")
    results = {}
    for name in names:
        size = SIZES[name]
        print(f"measuring {size} ...", file=sys.stderr)
        results[name] = measure(size)
    print_table({SIZES[name]: result for name, result in results.items()})

    print("measuring groups and cores ...", file=sys.stderr)
    print("\nOther checks")
    for strategy, own, reference in grouped():
        print(f"  50,000 groups of 4 runs, {strategy:<15} hp_study_agg {number(own)} / jsonb_agg {number(reference)}"
              f" = {number(own / reference)}")
    # where it matters: L and XL, or the largest that was asked for
    shared = [name for name in names if name in ("L", "XL")] or [name for name in names if name != "XXL"][-1:]
    for size in [SIZES[name] for name in shared if WORKERS > 0]:
        for name, alone, together in on_all_cores(size):
            print(f"  {size}, {name}, elapsed: one process {number(alone)} / with {WORKERS} "
                  f"worker(s) allowed {number(together)} = {number(alone / together)}")


if __name__ == "__main__":
    main()
