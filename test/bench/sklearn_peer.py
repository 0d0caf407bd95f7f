#!/usr/bin/python3
"""The peer: what one writes today with pandas and scikit-learn, on one core.

bench.py starts it with the connection string, writes commands to its standard input, one a line, and
reads one line of JSON for each.  Times are pairs of seconds: [CPU, elapsed].

  start                 times from the start of this process until all libraries are loaded
  end_to_end TREES SEED times from the table to importances and correlations, step by step
  permutation REPEATS   time of permutation_importance on the forest of the last end_to_end
  quality               out-of-bag R2 of that forest
  export FILE           the data as CSV, not one-hot, for peers that take categories
"""
import os
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import json, resource, sys, time, warnings

STARTED = float(sys.argv[2])

import numpy as np
import pandas as pd
import psycopg2
import sklearn
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance

from cost import statement_cost

LOADED = [time.process_time(), time.time() - STARTED]
warnings.simplefilter("ignore")                             # pandas would like SQLAlchemy better


class Laps:
    """CPU and elapsed seconds from one call to the next."""
    def __init__(self):
        self.last = (time.process_time(), time.perf_counter())

    def __call__(self):
        before, self.last = self.last, (time.process_time(), time.perf_counter())
        return [now - then for now, then in zip(self.last, before)]


def read(connection):
    """The table, in the client; the server's CPU seconds for sending it count as well."""
    lap = Laps()
    runs = pd.read_sql("SELECT config, val_loss FROM runs", connection)
    cpu, wall = lap()
    return runs, [cpu + statement_cost(connection).cpu, wall]


def encode(configs):
    """One-hot, as float32: what RandomForestRegressor would convert its input to."""
    columns = pd.get_dummies(configs)
    return columns.fillna(columns.median())


class Peer:
    def __init__(self, dsn):
        self.connection = psycopg2.connect(dsn)
        with self.connection.cursor() as cursor:
            cursor.execute("SET log_statement_stats = on; SET client_min_messages = log")

    def start(self):
        return {"cost": LOADED, "versions": f"Python {sys.version.split()[0]}, scikit-learn {sklearn.__version__}, "
                                            f"pandas {pd.__version__}"}

    def end_to_end(self, trees, seed):
        runs, reading = read(self.connection)
        lap = Laps()
        columns = encode(pd.json_normalize(runs["config"].tolist()))
        self.X, self.y = columns.to_numpy(np.float32), runs["val_loss"].to_numpy()
        encoding = lap()
        self.forest = RandomForestRegressor(int(trees), n_jobs=1, random_state=int(seed)).fit(self.X, self.y)
        self.forest.feature_importances_
        fitting = lap()
        columns.corrwith(runs["val_loss"])
        return {"read": reading, "encode": encoding, "fit": fitting, "correlate": lap(),
                "columns": self.X.shape[1],
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}

    def permutation(self, repeats):
        lap = Laps()
        permutation_importance(self.forest, self.X, self.y, n_repeats=int(repeats), n_jobs=1, random_state=0)
        return {"cost": lap()}

    def quality(self):
        # one tree more makes scikit-learn compute the out-of-bag score of all, without growing them anew
        self.forest.set_params(oob_score=True, warm_start=True, n_estimators=self.forest.n_estimators + 1)
        return {"r2": self.forest.fit(self.X, self.y).oob_score_}

    def export(self, path):
        runs, _ = read(self.connection)
        data = pd.json_normalize(runs["config"].tolist())
        numeric = data.select_dtypes("number").columns
        data[numeric] = data[numeric].fillna(data[numeric].median())
        data.fillna("missing").assign(val_loss=runs["val_loss"]).to_csv(path, index=False)
        return {}


peer = Peer(sys.argv[1])
for line in sys.stdin:
    command, *arguments = line.split()
    print(json.dumps(getattr(peer, command)(*arguments)), flush=True)
