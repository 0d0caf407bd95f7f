"""How near an answer is to the truth.  The formulas are in README.md; arrays are in the order of the parameters."""
import numpy as np

DIFFERENT = 0.01                                            # total indices of a pair that is truly different
STRONG = 0.05                                               # total index of a parameter that should be found


def shares(importances):
    """Clipped at 0 and scaled to sum 1; all 0 if none is above 0, as an answer of nothing is."""
    clipped = np.clip(np.nan_to_num(np.asarray(importances, float)), 0, None)
    return clipped / clipped.sum() if clipped.sum() > 0 else clipped


def distance(share, total):
    return np.abs(share - total / total.sum()).sum()


def order(share, total):
    """1: all pairs that differ are in the right order; 0 is what drawing lots gives."""
    i, j = np.triu_indices(len(total), 1)
    differ = np.abs(total[i] - total[j]) >= DIFFERENT
    return (np.sign(share[i] - share[j]) * np.sign(total[i] - total[j]))[differ].mean()


def nulls(share, total):
    return share[total == 0].sum()


def found(share, total):
    """Of the k strong ones, the part that is among the first k; of those that tie for a place, their part."""
    strong = total >= STRONG
    k = strong.sum()
    last = np.sort(share)[-k]
    above, tied = share > last, share == last
    return ((above & strong).sum() + (tied & strong).sum() * (k - above.sum()) / tied.sum()) / k


SCORES = {"L1": distance, "order": order, "null": nulls, "top": found}


def mean_and_error(values):
    """Mean, and its standard error (nan of a single value)."""
    values = np.asarray(values, float)
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
