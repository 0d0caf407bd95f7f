#!/usr/bin/python3
"""Surfaces whose sensitivity is known, and runs on them.  Needs numpy only.

A surface is a signal over parameters that are all drawn independently.  The truth about it is the
total Sobol index of each parameter (Homma, Saltelli 1996): the share of the signal's variance that is left
when all the others are known,

    T(i) = E[ Var( f(X) | X without X(i) ) ] / Var( f(X) )

It is exact where the surface has a formula, and for "hpo" estimated by pick-freeze (Jansen 1999):
T(i) = E[ (f(A) - f(A with column i from B))^2 ] / (2 Var f), A and B independent draws.

A conditional parameter is drawn in every run like the others, but where it is not active the signal does not
look at it and its key is absent from the config.  So an inactive parameter simply has no effect, and when the
optimizer is drawn anew its momentum is one of its own distribution.

Run by itself it prints the truth, and how far pick-freeze is from the formulas.
"""
import json, sys
from dataclasses import dataclass, field

import numpy as np

SEED = 20261105
PICK_FREEZE = 1 << 21                                       # draws for surfaces without a formula


# ---------------------------------------------------------------- parameters

@dataclass(frozen=True)
class Parameter:
    """How a uniform draw becomes a value.  Categories are indexes of their levels until they are shown."""
    name: str
    kind: str                                               # uniform | log | integer | choice | boolean | category
    low: float = 0
    high: float = 1
    levels: tuple = ()
    under: tuple = ()                                       # (parameter, level): exists there only

    def draw(self, u):
        if self.kind == "uniform":
            return self.low + (self.high - self.low) * u
        if self.kind == "log":
            return self.low * (self.high / self.low) ** u
        if self.kind == "integer":
            return np.floor(self.low + (self.high - self.low + 1) * u).astype(int)
        if self.kind == "boolean":
            return u < 0.5
        index = np.floor(len(self.levels) * u).astype(int)
        return np.array(self.levels)[index] if self.kind == "choice" else index

    def show(self, values):
        """As they stand in a config: a list of Python's own numbers, booleans and strings."""
        return np.array(self.levels)[values].tolist() if self.kind == "category" else values.tolist()


def uniform(name, low=0.0, high=1.0, under=()):
    return Parameter(name, "uniform", low, high, under=under)


def log_uniform(name, low, high):
    return Parameter(name, "log", low, high)


def integer(name, low, high):
    return Parameter(name, "integer", low, high)


def choice(name, *values):
    return Parameter(name, "choice", levels=values)


def boolean(name):
    return Parameter(name, "boolean")


def category(name, *levels):
    return Parameter(name, "category", levels=levels)


# ---------------------------------------------------------------- surfaces

@dataclass(eq=False)
class Surface:
    name: str
    parameters: list
    signal: object                                          # of a dict of arrays; None: nothing matters
    formula: object = None                                  # () -> (variance, {parameter: total index})
    number: int = 0                                         # of its random streams
    variance: float = field(default=0, init=False)
    total: dict = field(default=None, init=False)           # of every parameter; 0 if it does nothing

    def learn_truth(self):
        if self.total is None:
            self.variance, known = self.formula() if self.formula else self.pick_freeze()[:2]
            self.total = {p.name: known.get(p.name, 0.0) for p in self.parameters}
        return self

    def used(self):
        """The parameters that the signal looks at."""
        seen = set()

        class Watched(dict):
            def __getitem__(self, name):
                seen.add(name)
                return dict.__getitem__(self, name)

        self.signal(Watched({p.name: p.draw(np.array([0.3, 0.7])) for p in self.parameters}))
        return [p.name for p in self.parameters if p.name in seen]

    def pick_freeze(self, draws=PICK_FREEZE, part=1 << 16):
        """(variance, {parameter: total index}, {parameter: its standard error})"""
        rng = np.random.default_rng([SEED, self.number])
        names, values, squares = self.used(), [], {}
        for _ in range(draws // part):
            a = {p.name: p.draw(rng.random(part)) for p in self.parameters}
            f = self.signal(a)
            values.append(f)
            for p in self.parameters:
                if p.name in names:
                    changed = self.signal({**a, p.name: p.draw(rng.random(part))})
                    squares.setdefault(p.name, []).append((f - changed) ** 2 / 2)
        variance = np.concatenate(values).var()
        means = {name: np.mean(s) / variance for name, s in squares.items()}
        errors = {name: np.std(s) / np.sqrt(draws) / variance for name, s in squares.items()}
        return variance, means, errors

    def sample(self, runs, r2, replicate):
        """Runs of which the signal makes the share r2 of the metric's variance; noise is Gaussian.

        Everything follows from uniform draws of one stream."""
        rng = np.random.default_rng([SEED, self.number, runs, round(1000 * r2), replicate])
        x = {p.name: p.draw(rng.random(runs)) for p in self.parameters}
        noise = np.sqrt(-2 * np.log(1 - rng.random(runs))) * np.cos(2 * np.pi * rng.random(runs))
        if self.signal is None:
            return Runs(self, replicate, x, noise)
        self.learn_truth()
        return Runs(self, replicate, x, self.signal(x) + noise * np.sqrt(self.variance * (1 - r2) / r2))


class Runs:
    """A data set: what the parameters of each run were, and its metric."""
    def __init__(self, surface, replicate, values, metric):
        self.surface, self.replicate, self.values, self.metric = surface, replicate, values, metric
        self.name = f"{surface.name}-{replicate}"

    def present(self, parameter):
        if not parameter.under:
            return np.ones(len(self.metric), bool)
        parent, level = next(p for p in self.surface.parameters if p.name == parameter.under[0]), parameter.under[1]
        return self.values[parent.name] == parent.levels.index(level)

    def configs(self):
        """A dict a run; the key of what is not active is absent."""
        configs = [{} for _ in self.metric]
        for p in self.surface.parameters:
            for config, value, there in zip(configs, p.show(self.values[p.name]), self.present(p)):
                if there:
                    config[p.name] = value
        return configs

    def rows(self):
        """(config as JSON, metric) as texts, for COPY."""
        return [(json.dumps(config), repr(y)) for config, y in zip(self.configs(), self.metric.tolist())]

    def filled(self):
        """Columns as users of R and scikit-learn make them: booleans 0 and 1, gaps filled by the median."""
        columns = {}
        for p in self.surface.parameters:
            values, there = self.values[p.name], self.present(p)
            if not there.all():
                values = np.where(there, values, np.median(values[there]) if there.any() else 0.0)
            columns[p.name] = p.show(values.astype(int) if p.kind == "boolean" else values)
        return columns


# Ishigami, Homma (1990), with the usual constants 7 and 0.1.

def ishigami(x):
    return np.sin(x["x1"]) + 7 * np.sin(x["x2"]) ** 2 + 0.1 * x["x3"] ** 4 * np.sin(x["x1"])


def ishigami_truth():
    a, b = 7, 0.1
    alone = (1 + b * np.pi ** 4 / 5) ** 2 / 2
    together = b ** 2 * np.pi ** 8 * (1 / 18 - 1 / 50)
    variance = alone + a ** 2 / 8 + together
    return variance, {"x1": (alone + together) / variance, "x2": a ** 2 / 8 / variance, "x3": together / variance}


# Sobol's g (Sobol 1993; Saltelli, Sobol 1995): a product, so all interact; the last two do next to nothing.

SOBOL_A = (0, 1, 4.5, 9, 99, 99)


def sobol_g(x):
    return np.prod([(np.abs(4 * x[f"x{i}"] - 2) + a) / (1 + a) for i, a in enumerate(SOBOL_A, 1)], axis=0)


def sobol_g_truth():
    part = np.array([1 / (3 * (1 + a) ** 2) for a in SOBOL_A])
    whole = np.prod(1 + part)
    return whole - 1, {f"x{i}": p * whole / (1 + p) / (whole - 1) for i, p in enumerate(part, 1)}


# Friedman (1991), the first of his functions.

def friedman(x):
    return (10 * np.sin(np.pi * x["x1"] * x["x2"]) + 20 * (x["x3"] - 0.5) ** 2 + 10 * x["x4"] + 5 * x["x5"])


def friedman_truth():
    """Integrals of the product term over one variable have formulas, those over the other are by quadrature."""
    node, weight = np.polynomial.legendre.leggauss(200)
    x, weight = (node + 1) / 2, weight / 2
    mean = 10 * (1 - np.cos(np.pi * x)) / (np.pi * x)       # of the term, given one of its variables
    square = 100 * (0.5 - np.sin(2 * np.pi * x) / (4 * np.pi * x))
    term = weight @ square - (weight @ mean) ** 2
    either = weight @ square - weight @ mean ** 2           # E Var(term | the other one)
    parts = {"x1": either, "x2": either, "x3": 400 / 180, "x4": 100 / 12, "x5": 25 / 12}
    variance = term + parts["x3"] + parts["x4"] + parts["x5"]
    return variance, {name: part / variance for name, part in parts.items()}


# A line, with one interaction: e matters only together with a.

def linear(x):
    return 4 * x["a"] + 3 * x["b"] + 2 * x["c"] + x["d"] + 10 * (x["a"] - 0.5) * (x["e"] - 0.5)


def linear_truth():
    together = 100 / 144
    parts = {"a": 16 / 12 + together, "b": 9 / 12, "c": 4 / 12, "d": 1 / 4, "e": together}
    variance = sum(parts.values()) - together
    return variance, {name: part / variance for name, part in parts.items()}


# A sweep: a valley over the logarithm of the learning rate, flat where training fails, whose place depends on
# the optimizer and a little on the batch size; momentum exists under sgd only.

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop", "lion")
BEST_LR = np.array([-1.7, -3.0, -2.8, -3.3, -3.9])          # log10, by optimizer
BEST_LOSS = np.array([0.10, 0.05, 0.00, 0.15, 0.05])


def hpo(x):
    optimizer, lr = x["optimizer"], np.log10(x["lr"])
    batch = np.log2(x["batch_size"]) - 6.5
    off = (lr - BEST_LR[optimizer] - 0.15 * batch) / 1.1
    return (2.0 * (1 - np.exp(-off ** 2 / 2)) + BEST_LOSS[optimizer]
            + np.where(optimizer == 0, 1.6 * (0.9 - x["momentum"]) ** 2, 0)
            + 0.06 * (np.log10(x["weight_decay"]) + 4) ** 2
            + 4.0 * (x["dropout"] - 0.2) ** 2 + 0.08 * batch)


NOTHING = [uniform("n_real"), integer("n_integer", 1, 20), boolean("n_boolean"),
           category("n_category", *"abcdef")]

SURFACES = [
    Surface("ishigami", [uniform(f"x{i}", -np.pi, np.pi) for i in (1, 2, 3)] + NOTHING, ishigami, ishigami_truth),
    Surface("sobol_g", [uniform(f"x{i}") for i in range(1, 7)] + NOTHING, sobol_g, sobol_g_truth),
    Surface("friedman1", [uniform(f"x{i}") for i in range(1, 6)] + NOTHING, friedman, friedman_truth),
    Surface("linear", [uniform("a"), uniform("b"), uniform("c"), boolean("d"), uniform("e")] + NOTHING,
            linear, linear_truth),
    Surface("hpo", [log_uniform("lr", 1e-5, 1e-1), category("optimizer", *OPTIMIZERS),
                    uniform("momentum", 0, 0.99, under=("optimizer", "sgd")), log_uniform("weight_decay", 1e-7, 1e-1),
                    choice("batch_size", 16, 32, 64, 128, 256, 512), uniform("dropout", 0, 0.6),
                    integer("seed", 1, 20), uniform("label_smoothing", 0, 0.2), integer("warmup_steps", 0, 2000),
                    boolean("ema"), category("tokenizer", *(f"bpe-{k}k" for k in (4, 8, 16, 24, 32, 48, 64, 96)))],
            hpo)]

# Strobl, Boulesteix, Zeileis, Hothorn (2007): nothing matters, and the parameters differ in how many values they have.
NULL = Surface("null", [boolean("binary"), category("four_levels", *"abcd"), choice("ten_values", *range(1, 11)),
                        integer("integers", 1, 100), uniform("continuous")], None)

for number, surface in enumerate(SURFACES + [NULL]):
    surface.number = number


def main():
    for surface in SURFACES:
        surface.learn_truth()
        _, estimate, error = surface.pick_freeze(1 << 20 if surface.formula else PICK_FREEZE)
        print(f"{surface.name}: variance {surface.variance:.6g}")
        for name, total in surface.total.items():
            beside = f"  pick-freeze {estimate[name]:.5f} +- {error[name]:.5f}" if name in estimate else ""
            print(f"  {name:<16}{total:.5f}{beside}")
            if name in estimate and surface.formula and abs(total - estimate[name]) > 5 * error[name] + 0.002:
                sys.exit(f"{surface.name}, {name}: the formula and pick-freeze differ")


if __name__ == "__main__":
    main()
