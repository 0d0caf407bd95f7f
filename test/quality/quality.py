#!/usr/bin/python3
"""Measure hpimp and its peers against known truth, and print one report in Markdown.

test/quality/run calls it: quality.py CONNECTION_STRING FOLDER_FOR_RESULTS, to a server with hpimp in it.
Settings come by environment: see README.md.
"""
import csv, hashlib, os, pathlib, resource, signal, subprocess, sys, tempfile, time
from dataclasses import dataclass

import numpy as np

import report
from hpimp import Hpimp
from scores import SCORES, shares
from surfaces import NULL, SURFACES

HERE = pathlib.Path(__file__).parent
DSN, OUTPUT = sys.argv[1], pathlib.Path(sys.argv[2])
QUICK = os.environ.get("QUICK", "0") not in ("", "0")
KEEP_PEERS = os.environ.get("KEEP_PEERS", "0") not in ("", "0")


def setting(name, quick, full):
    return [int(word) for word in (os.environ.get(name) or (quick if QUICK else full)).split()]


RUNS = setting("RUNS", "100 300", "100 300 1000 3000")
NULL_RUNS = setting("NULL_RUNS", "120", "120 1000")
REPLICATES, = setting("REPLICATES", "3", "15")
NULL_REPLICATES, = setting("NULL_REPLICATES", "20", "200")
COVERAGE_REPLICATES, = setting("COVERAGE_REPLICATES", "20", "100")
ALSO = [words.strip() for words in os.environ.get("ALSO", "").split(";") if words.strip()]
R2 = (0.9, 0.5)
COVERAGE_RUNS, COVERAGE_SURFACES = 300, ("friedman1", "hpo")


def in_r(package):
    return (["Rscript", "-e", f"library({package})"],
            lambda folder, output: ["Rscript", "--vanilla", str(HERE / "r_peer.R"), folder, output, package])


# a process each for all data sets of a column: whether it is there, and how it is called
PEERS = {"sklearn": ([sys.executable, "-c", "import sklearn"],
                     lambda folder, output: [sys.executable, str(HERE / "sklearn_peer.py"), folder, output]),
         "ranger": in_r("ranger"), "randomForest": in_r("randomForest")}


@dataclass
class Answer:
    """What a contestant says of one data set: numbers in the order of the surface's parameters; nan: no word."""
    contestant: str
    importance: np.ndarray
    p: np.ndarray

    @property
    def share(self):
        return shares(self.importance)


@dataclass
class Column:
    """Data sets of one kind, and the answers to each: {name of the data set: [Answer]}."""
    name: str
    runs: int
    r2: float
    datasets: list
    answers: dict

    @classmethod
    def make(cls, surfaces, runs, r2, replicates):
        datasets = [surface.sample(runs, r2, replicate) for surface in surfaces for replicate in range(replicates)]
        name = f"null-n{runs}" if surfaces == [NULL] else f"n{runs}-r{round(100 * r2)}"
        return cls(name, runs, r2, datasets, {d.name: [] for d in datasets})


def in_order(dataset, values):
    """{parameter: number or None} as an array; an answer must speak of every parameter, and of no other."""
    if values.keys() != {p.name for p in dataset.surface.parameters}:
        sys.exit(f"{dataset.name}: an answer about {', '.join(values)}")
    return np.array([np.nan if values.get(p.name) is None else float(values[p.name])
                     for p in dataset.surface.parameters])


# ---------------------------------------------------------------- the contestants

class Peers:
    """The peers' processes for one column, at work beside hpimp."""
    def __init__(self, column, peers):
        self.column, self.folder = column, tempfile.TemporaryDirectory()
        self.processes, self.outputs = {}, {}
        for name in peers:
            self.outputs[name] = OUTPUT / "peers" / f"{column.name}-{name}.csv"
            if not (KEEP_PEERS and self.answers_all(self.outputs[name])):
                self.start(name)

    def answers_all(self, path):
        """Whether a file of an earlier run has every data set of this column."""
        return path.exists() and {d.name for d in self.column.datasets} <= {line[0] for line in self.lines(path)}

    @staticmethod
    def lines(path):
        with open(path, newline="") as file:
            return list(csv.reader(file))

    def start(self, name):
        if not os.listdir(self.folder.name):
            for dataset in self.column.datasets:
                columns = {**dataset.filled(), "y": dataset.metric.tolist()}
                with open(f"{self.folder.name}/{dataset.name}.csv", "w", newline="") as file:
                    csv.writer(file).writerows([columns, *zip(*columns.values())])
        self.outputs[name].unlink(missing_ok=True)
        self.processes[name] = subprocess.Popen(PEERS[name][1](self.folder.name, f"{self.outputs[name]}.part"),
                                                env={**os.environ, "TMPDIR": self.folder.name})

    def collect(self):
        """Adds their answers to the column; their CPU seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for name, process in self.processes.items():
            if process.wait() != 0:
                sys.exit(f"{' '.join(process.args)} failed")
            os.replace(f"{self.outputs[name]}.part", self.outputs[name])
        for path in self.outputs.values():
            self.add(path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def stop(self):
        """Ends what still runs, should hpimp have failed."""
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.folder.cleanup()

    def add(self, path):
        found = {}
        for dataset, contestant, parameter, importance, p in self.lines(path):
            values = found.setdefault((dataset, contestant), ({}, {}))
            values[0][parameter] = importance
            values[1][parameter] = p or None
        for dataset in self.column.datasets:
            for (name, contestant), (importance, p) in found.items():
                if name == dataset.name:
                    self.column.answers[name].append(
                        Answer(contestant, in_order(dataset, importance), in_order(dataset, p)))


def correlations(dataset):
    """Absolute Pearson correlation over the runs that have the parameter; of a category that of its best level."""
    def r(x, y):
        return abs(np.corrcoef(x, y)[0, 1]) if x.std() > 0 else 0.0

    result = []
    for p in dataset.surface.parameters:
        x, there = dataset.values[p.name], dataset.present(p)
        columns = [x == level for level in range(len(p.levels))] if p.kind == "category" else [x]
        result.append(max(r(column[there].astype(float), dataset.metric[there]) for column in columns))
    return np.array(result)


def ask_hpimp(hpimp, column):
    """The default as it stands in the README, then every other method and setting; correlations beside it."""
    hpimp.load(column.datasets)
    warnings = {}
    others = [(f"hpimp {method}", f"method => '{method}'") for method in hpimp.methods
              if method != hpimp.default_method]
    others += [(f"hpimp, {settings}", settings) for settings in ALSO]
    for dataset in column.datasets:
        nothing = np.full(len(dataset.surface.parameters), np.nan)
        answers = column.answers[dataset.name]
        answers.append(Answer(report.OURS, in_order(dataset, hpimp.importances(dataset.name)), nothing))
        warnings[dataset.name] = hpimp.warned()
        for name, settings in others:
            answers.append(Answer(name, in_order(dataset, hpimp.importances(dataset.name, settings)), nothing))
        answers.append(Answer("absolute correlation", correlations(dataset), nothing))
    return warnings


def measure(hpimp, column, peers):
    """All answers to a column; {data set: whether hpimp warned}."""
    began = time.time()
    others = Peers(column, peers)
    try:
        warnings = ask_hpimp(hpimp, column)
        own = time.time() - began
        cpu = others.collect()
    finally:
        others.stop()
    print(f"{column.name}: {len(column.datasets)} data sets; hpimp {own:.0f} s, peers {max(cpu, 0):.0f} s of CPU, "
          f"all {time.time() - began:.0f} s",
          file=sys.stderr, flush=True)
    return warnings


# ---------------------------------------------------------------- the experiments

def measure_surfaces(hpimp, peers):
    """Scores of everybody: a list of dicts, a line a data set and contestant; the share of answers that warn."""
    scored, warned = [], {}
    for runs in RUNS:
        for r2 in R2:
            column = Column.make(SURFACES, runs, r2, REPLICATES)
            warnings = measure(hpimp, column, peers)
            warned[runs, r2] = np.mean(list(warnings.values()))
            for dataset in column.datasets:
                total = np.array(list(dataset.surface.total.values()))
                for answer in column.answers[dataset.name]:
                    scored.append({
                        "runs": runs, "r2": r2, "surface": dataset.surface.name, "replicate": dataset.replicate,
                        "contestant": answer.contestant,
                        **{name: float(score(answer.share, total)) for name, score in SCORES.items()}})
            keep_importances(column)
    return scored, warned


def measure_null(hpimp, peers):
    """By number of runs: shares and p-values by contestant (replicates x parameters), verdicts, warnings."""
    result = {}
    for runs in NULL_RUNS if NULL_REPLICATES > 0 else []:
        column = Column.make([NULL], runs, 0, NULL_REPLICATES)
        warnings = measure(hpimp, column, peers)
        quality, adjusted = [], []
        for dataset in column.datasets:
            quality.append(hpimp.quality(dataset.name, "verdict", "p_value"))
            found = hpimp.parameters(dataset.name, "p_value", "p_value_adjusted", "correlation_p_value")
            p, p_adjusted, p_correlation = (in_order(dataset, {k: v[i] for k, v in found.items()}) for i in range(3))
            adjusted.append(p_adjusted)
            for answer in column.answers[dataset.name]:
                if answer.contestant == report.OURS:
                    answer.p = p
                elif answer.contestant == "absolute correlation":
                    answer.p = p_correlation
        answers = [column.answers[d.name] for d in column.datasets]
        names = [answer.contestant for answer in answers[0]]
        result[runs] = report.Null(
            [p.name for p in NULL.parameters],
            {name: np.array([a[i].share for a in answers]) for i, name in enumerate(names)},
            {name: np.array([a[i].p for a in answers]) for i, name in enumerate(names)},
            [verdict for verdict, _ in quality], np.array([p for _, p in quality], float), np.array(adjusted),
            np.mean(list(warnings.values())))
        keep_importances(column)
    return result


def measure_doubt(hpimp):
    """By surface and R2: importances, standard errors and p-values (replicates x parameters)."""
    result, lines = {}, []
    if COVERAGE_REPLICATES == 0 or not (hpimp.has_errors or hpimp.has_p_values):
        return result
    for surface in (s for s in SURFACES if s.name in COVERAGE_SURFACES):
        for r2 in R2:
            began = time.time()
            datasets = [surface.sample(COVERAGE_RUNS, r2, replicate) for replicate in range(COVERAGE_REPLICATES)]
            hpimp.load(datasets)
            values = []
            for dataset in datasets:
                found = hpimp.parameters(dataset.name, "importance", "standard_error", "p_value")
                values.append([in_order(dataset, {k: v[i] for k, v in found.items()}) for i in range(3)])
                lines.extend([COVERAGE_RUNS, r2, surface.name, dataset.replicate, name, total, *numbers]
                             for (name, total), *numbers in zip(surface.total.items(), *values[-1]))
            result[surface, r2] = np.array(values).swapaxes(0, 1)
            print(f"standard errors and p-values, {surface.name}, R2 {r2}: {time.time() - began:.0f} s",
                  file=sys.stderr, flush=True)
    write("doubt.csv", "runs r2 surface replicate parameter total_index importance standard_error p_value", lines)
    return result


# ---------------------------------------------------------------- files

def write(name, header, lines):
    with open(OUTPUT / name, "w", newline="") as file:
        csv.writer(file).writerows([header.split(), *lines])


def keep_importances(column):
    lines = []
    for dataset in column.datasets:
        total = dataset.surface.total or {}
        for answer in column.answers[dataset.name]:
            lines.extend([dataset.name, answer.contestant, p.name, total.get(p.name, ""), *numbers] for p, *numbers
                         in zip(dataset.surface.parameters, answer.importance, answer.share, answer.p))
    write(f"importances-{column.name}.csv", "dataset contestant parameter total_index importance share p_value", lines)


def known_peers():
    """Those that are there; a word about those that are not."""
    peers = []
    for name in os.environ.get("PEERS", " ".join(PEERS)).split():
        try:
            there = subprocess.run(PEERS[name][0], capture_output=True).returncode == 0
        except OSError:
            there = False
        if there:
            peers.append(name)
        else:
            print(f"{name} is not installed and left out", file=sys.stderr)
    return peers


def forget_other_peers():
    """Answers of peers are kept for KEEP_PEERS=1; only to the data sets and by the programs of now."""
    kept, sources = OUTPUT / "peers", ("surfaces.py", "sklearn_peer.py", "r_peer.R")
    kept.mkdir(parents=True, exist_ok=True)
    now = hashlib.sha256(b"".join((HERE / source).read_bytes() for source in sources)).hexdigest()
    if not (kept / "made_by").exists() or (kept / "made_by").read_text() != now:
        for path in kept.glob("*.csv"):
            path.unlink()
        (kept / "made_by").write_text(now)


def main():
    began = time.time()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # so that the peers end as well
    forget_other_peers()
    peers = known_peers()
    hpimp = Hpimp(DSN)
    for surface in SURFACES:
        surface.learn_truth()
    scored, warned = measure_surfaces(hpimp, peers)
    write("scores.csv", " ".join(scored[0]), (line.values() for line in scored))
    null = measure_null(hpimp, peers)
    doubt = measure_doubt(hpimp)
    text = report.write(hpimp, peers, SURFACES, scored, warned, null, doubt,
                        {"replicates": REPLICATES, "null": NULL_REPLICATES, "coverage": COVERAGE_REPLICATES,
                         "coverage runs": COVERAGE_RUNS, "minutes": (time.time() - began) / 60})
    (OUTPUT / "report.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
