#!/usr/bin/python3
"""The peer in Python: scikit-learn, with its own defaults (100 trees).

    sklearn_peer.py FOLDER OUTPUT

Reads every data set of the folder (CSV, the metric is y), writes one line of CSV for each data set, contestant
and parameter: dataset,contestant,parameter,importance,p_value.  One process serves many data sets.

Categories are one-hot.  Impurity importance is that of the columns, summed per parameter; permutation
importance shuffles the parameter as it was before it was one-hot, on the training data.
"""
import os
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import csv, pathlib, sys

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def read(path):
    """Names, columns, which of them are categories (as codes), metric."""
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    columns, categories = [], []
    for j, texts in enumerate(zip(*rows)):
        try:
            columns.append(np.array(texts, float))
        except ValueError:
            columns.append(np.unique(texts, return_inverse=True)[1].astype(float))
            categories.append(j)
    y = header.index("y")
    return header[:y], np.column_stack(columns[:y]), categories, columns[y]


def ask(X, categories, y, seed):
    """Importances by contestant, in the order of the columns of X."""
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), categories), remainder="passthrough", sparse_threshold=0),
        RandomForestRegressor(random_state=seed)).fit(X, y)
    others = [j for j in range(X.shape[1]) if j not in categories]
    source = [j for j in categories for _ in np.unique(X[:, j])] + others
    impurity = np.bincount(source, model[-1].feature_importances_, X.shape[1])
    permuted = permutation_importance(model, X, y, random_state=seed)
    return {"scikit-learn MDI": impurity, "scikit-learn permutation": permuted.importances_mean}


def main():
    folder, output = sys.argv[1:]
    with open(output, "w", newline="") as file:
        lines = csv.writer(file)
        for seed, path in enumerate(sorted(pathlib.Path(folder).glob("*.csv"))):
            names, X, categories, y = read(path)
            for contestant, importances in ask(X, categories, y, seed).items():
                lines.writerows((path.stem, contestant, name, repr(float(value)), "")
                                for name, value in zip(names, importances))


if __name__ == "__main__":
    main()
