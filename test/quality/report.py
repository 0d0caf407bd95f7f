"""The report in Markdown, from what quality.py has measured.  The formulas are in README.md."""
import collections, os, platform, subprocess, sys
from dataclasses import dataclass

import numpy as np

from scores import SCORES, mean_and_error

OURS = "hpimp, the one-liner"
LEVEL = 0.05                                                # of significance
POWERFUL = 0.1                                              # total index from which a parameter must be significant
TITLES = {"L1": "L1 distance to the truth (less is better)", "order": "order of pairs (more is better)",
          "null": "share of parameters that do nothing (less is better)", "top": "strong ones found (more is better)"}


@dataclass
class Null:
    """Where nothing matters: shares and p-values by contestant, replicates x parameters; what hpimp says."""
    parameters: list
    share: dict
    p: dict
    verdicts: list
    whole_p: np.ndarray                                     # of hp_quality, a replicate each; nan: not in this build
    adjusted_p: np.ndarray
    warned: float


# ---------------------------------------------------------------- tables

def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def figure(mean, error, bold=False):
    if np.isnan(mean):
        return "-"
    text = f"{mean:.3f}" + ("" if np.isnan(error) else f" ± {error:.3f}")
    return f"**{text}**" if bold else text


def percent(mean, error=np.nan):
    if np.isnan(mean):
        return "-"
    return f"{100 * mean:.1f}" + ("" if np.isnan(error) else f" ± {100 * error:.1f}") + " %"


def kind(runs, r2):
    return f"n = {runs:,}, R² = {r2}"


# ---------------------------------------------------------------- known truth

class Scores:
    def __init__(self, lines):
        self.columns = list(dict.fromkeys((line["runs"], line["r2"]) for line in lines))
        self.contestants = list(dict.fromkeys(line["contestant"] for line in lines))
        self.surfaces = list(dict.fromkeys(line["surface"] for line in lines))
        self.values = collections.defaultdict(dict)         # (column, contestant, surface): {replicate: line}
        for line in lines:
            self.values[(line["runs"], line["r2"]), line["contestant"], line["surface"]][line["replicate"]] = line

    def by_replicate(self, column, contestant, score, surfaces=None):
        """Means over surfaces, one for each replicate."""
        return np.mean([[line[score] for line in self.values[column, contestant, surface].values()]
                        for surface in surfaces or self.surfaces], axis=0)

    def best(self, column, score, contestants, surfaces=None):
        mean = {c: self.by_replicate(column, c, score, surfaces).mean() for c in contestants}
        return (min if score in ("L1", "null") else max)(mean, key=mean.get)

    def whole(self):
        """Every score in every column."""
        rows = []
        for score in SCORES:
            rows.append([f"*{TITLES[score]}*"] + [""] * len(self.columns))
            best = {column: self.best(column, score, self.contestants) for column in self.columns}
            rows.extend([contestant] + [figure(*mean_and_error(self.by_replicate(column, contestant, score)),
                                               best[column] == contestant) for column in self.columns]
                        for contestant in self.contestants)
        return table([f"mean of {len(self.surfaces)} surfaces"] + [kind(*column) for column in self.columns], rows)

    def beside_best_peer(self):
        """The one-liner less the best peer of each column, replicate by replicate on the same runs."""
        peers = [c for c in self.contestants if not c.startswith("hpimp")]
        rows = []
        for score in SCORES:
            for column in self.columns:
                best = self.best(column, score, peers)
                ours, theirs = (self.by_replicate(column, c, score) for c in (OURS, best))
                rows.append([score, kind(*column), figure(*mean_and_error(ours)), best,
                             figure(*mean_and_error(theirs)), figure(*mean_and_error(ours - theirs))])
        return table(["score", "", OURS, "best peer", "its score", "difference"], rows)

    def by_surface(self, score="L1"):
        rows = []
        for column in self.columns:
            rows.append([f"*{kind(*column)}*"] + [""] * len(self.surfaces))
            best = {s: self.best(column, score, self.contestants, [s]) for s in self.surfaces}
            rows.extend([contestant] + [figure(*mean_and_error(self.by_replicate(column, contestant, score, [s])),
                                               best[s] == contestant) for s in self.surfaces]
                        for contestant in self.contestants)
        return table([score] + self.surfaces, rows)


def truth(surfaces):
    return table(["surface", "total Sobol index of its parameters"],
                 [[s.name, ", ".join(f"{name} {total:.4f}" if total else f"{name} 0"
                                     for name, total in s.total.items())] for s in surfaces])


# ---------------------------------------------------------------- nothing matters

def lopsided(shares):
    """The greatest mean share by the least; infinite if a parameter never gets any."""
    mean = shares.mean(axis=0)
    return mean.max() / mean.min() if mean.min() > 0 else np.inf


def lopsided_by_chance(shares, draws=1000, quantile=0.95):
    """What an answer that favours nobody stays below: parameters change places, replicate by replicate."""
    rng = np.random.default_rng(0)
    ratios = sorted(lopsided(rng.permuted(shares, axis=1)) for _ in range(draws))
    return ratios[int(quantile * draws)]


def false_positives(p):
    """Share of parameters that are significant, and its standard error over replicates; nan: no p-values."""
    known = ~np.isnan(p)
    if not known.any():
        return np.nan, np.nan
    each = [(row[there] < LEVEL).mean() for row, there in zip(p, known) if there.any()]
    return mean_and_error(each)


def false_alarms(null):
    """Replicates in which something was called significant; nothing if the build has no such p-values."""
    if not np.isnan(null.whole_p).all():
        yield f"`hp_quality.p_value` below {LEVEL}: {percent(*mean_and_error(null.whole_p < LEVEL))} of the replicates."
    if not np.isnan(null.adjusted_p).all():
        any_of_them = (null.adjusted_p < LEVEL).any(axis=1)
        yield f"Some `p_value_adjusted` below {LEVEL}: {percent(*mean_and_error(any_of_them))} of the replicates."


def nothing_matters(runs, null):
    rows = [[name] + [figure(*mean_and_error(column)) for column in share.T]
            + [f"{lopsided(share):.2f}", f"{lopsided_by_chance(share):.2f}", percent(*false_positives(null.p[name]))]
            for name, share in null.share.items()]
    verdicts = collections.Counter(null.verdicts).most_common()
    return "\n".join([
        f"### n = {runs:,}\n",
        table(["mean share"] + null.parameters + ["max / min", "by chance", "p < .05"], rows),
        *(f"{line}\n" for line in false_alarms(null)),
        f"A NOTICE came with {percent(null.warned)} of the one-liner's answers. Verdicts of `hp_quality`:\n",
        *(f"* {percent(count / len(null.verdicts))}: {verdict}" for verdict, count in verdicts), ""])


# ---------------------------------------------------------------- standard errors and p-values

def coverage(importance, error):
    """Whether the mean importance lies in importance -+ 1.96 standard errors: 0 or 1, replicates x parameters."""
    return (np.abs(importance - importance.mean(axis=0)) <= 1.96 * error).astype(float)


def doubts(hpimp, doubt):
    if not (hpimp.has_errors or hpimp.has_p_values):
        return "This build of hpimp gives no standard errors and no p-values.\n"
    parts = []
    if hpimp.has_errors:
        rows = []
        for (surface, r2), (importance, error, _) in doubt.items():
            names, total = list(surface.total), np.array(list(surface.total.values()))
            cover, spread = coverage(importance, error), importance.std(axis=0, ddof=1)
            each = cover.mean(axis=0)
            worst = min(np.flatnonzero(total), key=each.__getitem__)
            rows.append([surface.name, str(r2), percent(*mean_and_error(cover[:, total > 0].mean(axis=1))),
                         f"{percent(each[worst])} ({names[worst]})", percent(each[total == 0].mean()),
                         f"{(error.mean(axis=0)[total > 0] / spread[total > 0]).mean():.2f}"])
        parts.append(table(["surface", "R²", "95 % intervals that cover", "worst parameter", "those that do nothing",
                            "standard error / spread"], rows))
    if hpimp.has_p_values:
        rows = []
        for (surface, r2), (_, _, p) in doubt.items():
            total = np.array(list(surface.total.values()))
            significant = (p < LEVEL).mean(axis=0)
            strong = [f"{name} {percent(significant[i])}" for i, name in enumerate(surface.total)
                      if total[i] >= POWERFUL]
            rows.append([surface.name, str(r2), percent(significant[total >= POWERFUL].mean()), ", ".join(strong),
                         percent(significant[total == 0].mean())])
        parts.append(table(["surface", "R²", f"index ≥ {POWERFUL}: p < .05", "each",
                            "doing nothing: p < .05"], rows))
    return "\n".join(parts)


# ---------------------------------------------------------------- the whole

def write(hpimp, peers, surfaces, scored, warned, null, doubt, settings):
    scores = Scores(scored)
    return "\n".join([
        "# hpimp and its peers against known truth\n",
        f"{machine()}; {hpimp.version()}; {versions(peers)}. hpimp's methods: {', '.join(hpimp.methods) or 'one'}; "
        f"the one-liner's is {hpimp.default_method or 'not named'}. {settings['replicates']} replicates, ± standard errors over them; "
        f"it took {settings['minutes']:.0f} min. What is measured and how: test/quality/README.md.\n",
        "## The truth\n", truth(surfaces),
        "## How near to it\n", scores.whole(),
        "## The one-liner beside the best peer of each column\n",
        "Differences are between answers to the same runs.\n", scores.beside_best_peer() if peers else "No peers.\n",
        "## Surface by surface\n", scores.by_surface(),
        "## Warnings\n", "Share of the one-liner's answers that came with a NOTICE.\n",
        table([kind(*column) for column in warned], [[percent(share) for share in warned.values()]]),
        "## Nothing matters\n", f"{settings['null']} replicates.\n",
        *(nothing_matters(runs, one) for runs, one in null.items()),
        "## Standard errors and p-values\n",
        f"n = {settings['coverage runs']}, {settings['coverage']} replicates.\n",
        doubts(hpimp, doubt)])


def machine():
    try:
        with open("/proc/cpuinfo") as file:
            model = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.machine()
    return f"{model}, {os.cpu_count()} cores"


def versions(peers):
    """Of the peers that took part, asked of themselves."""
    found = [f"numpy {np.__version__}"]
    for name in peers:
        ask = [sys.executable, "-c", "import sklearn; print(sklearn.__version__)"] if name == "sklearn" else \
            ["Rscript", "-e", f"cat(as.character(packageVersion('{name}')))"]
        found.append(f"{name} {subprocess.run(ask, capture_output=True, text=True).stdout.strip()}")
    return ", ".join(found)
