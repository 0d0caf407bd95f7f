#!/usr/bin/python3
"""Run a real hyperparameter sweep and write it to digits_sweep.jsonl.gz.

The story: a small neural network learns handwritten digits (scikit-learn's own 8x8 images) from 600 of
them and is judged on the other 1,197.  Every line of the output is one network that was really trained.

  wide     random search over a space as wide as one would first dare
  narrow   random search around the good region that 'wide' had shown
  repeat   the best configuration of both again and again: nothing but the seed changes

Everything but the measured durations follows from SEED.  Needs scikit-learn 1.2; takes minutes.
"""
import os
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import gzip, json, math, multiprocessing, pathlib, random, time, warnings
from datetime import datetime, timedelta

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

SEED = 20261005
RUNS = {"wide": 680, "narrow": 240, "repeat": 30}
HOPELESS = 5                                                # a validation loss; guessing scores log(10) = 2.3
PROCESSES = 2
OUT = pathlib.Path(__file__).with_name("digits_sweep.jsonl.gz")

images, digits = load_digits(return_X_y=True)
X_TRAIN, X_VAL, Y_TRAIN, Y_VAL = train_test_split(images, digits, train_size=600, stratify=digits, random_state=0)


# ---- the search spaces -------------------------------------------------------------------------------

def log_uniform(rng, low, high):
    return float("%.6g" % math.exp(rng.uniform(math.log(low), math.log(high))))


def sample(sweep, number, rng):
    """One random configuration.  A key that means nothing to a run is absent from it."""
    wide = sweep == "wide"
    kind = rng.choices(["sgd", "adam", "lbfgs"], [35, 50, 15] if wide else [40, 60, 0])[0]

    optimizer = {"type": kind}
    if kind == "sgd":
        optimizer["lr"] = log_uniform(rng, 1e-4, 3) if wide else log_uniform(rng, 1e-2, 3e-1)
        optimizer["momentum"] = rng.choice([0.0, 0.5, 0.9, 0.95] if wide else [0.5, 0.8, 0.9])
        optimizer["nesterov"] = rng.random() < 0.5
        optimizer["schedule"] = rng.choice(["constant", "invscaling", "adaptive"])
    elif kind == "adam":
        optimizer["lr"] = log_uniform(rng, 1e-5, 1) if wide else log_uniform(rng, 1e-3, 3e-2)
        optimizer["beta1"] = round(rng.uniform(0.5, 0.99), 3)

    config = {
        "data": {
            "name": "digits",
            "rows": len(X_TRAIN),
            "scaler": rng.choices(["none", "standard", "minmax"], [10, 45, 45] if wide else [0, 1, 1])[0],
            "pca": rng.choice(["off", "off", "mle", round(rng.uniform(0.5, 0.99), 3)]),
            "augment": rng.choice([[], [], ["shift"], ["noise"], ["shift", "noise"]]),
        },
        "model": {
            "hidden": round(log_uniform(rng, 8, 128)) if wide else rng.choice([48, 64, 96, 128]),
            "layers": rng.choice([1, 2, 3]) if wide else rng.choice([1, 2]),
            "activation": rng.choice(["relu", "tanh", "logistic", "identity"] if wide else ["relu", "tanh"]),
        },
        "optimizer": optimizer,
        "epochs": rng.choice([10, 20, 40]) if wide else rng.choice([20, 30, 40]),
        "weight_decay": 0 if rng.random() < 0.3 else log_uniform(rng, 1e-6, 1 if wide else 1e-1),
        "seed": str(rng.randrange(30)),                     # the launcher passed it on as a word
        "output": f"runs/{sweep}-{number:03d}",
        "library": {"name": "scikit-learn", "version": sklearn.__version__},
    }
    if kind != "lbfgs":                                     # lbfgs works on the whole data, without epochs to stop at
        config["batch_size"] = 2 ** rng.randint(3, 8)
        config["early_stopping"] = rng.random() < 0.5
        if config["early_stopping"]:
            config["patience"] = rng.choice([2, 4, 8])
        elif not wide:                                      # a later version of the launcher
            config["patience"] = None
    return config


# ---- one run -----------------------------------------------------------------------------------------

def augment(x, y, steps, rng):
    """Append changed copies: moved by one pixel, or with noise on the ink (0 to 16)."""
    xs, ys = [x], [y]
    if "shift" in steps:
        moved = [np.roll(image, rng.choice([-1, 1]), axis=rng.integers(2)) for image in x.reshape(-1, 8, 8)]
        xs.append(np.reshape(moved, x.shape))
        ys.append(y)
    if "noise" in steps:
        xs.append(np.clip(x + rng.normal(0, 2, x.shape), 0, 16))
        ys.append(y)
    return np.concatenate(xs), np.concatenate(ys)


def prepare(data, rng):
    """Training and validation inputs as the configuration wants them."""
    x, y = augment(X_TRAIN, Y_TRAIN, data["augment"], rng)
    steps = []
    if data["scaler"] != "none":
        steps.append({"standard": StandardScaler, "minmax": MinMaxScaler}[data["scaler"]]())
    if data["pca"] != "off":
        steps.append(PCA(n_components=data["pca"], svd_solver="full"))
    if not steps:
        return x, y, X_VAL
    pipeline = make_pipeline(*steps).fit(x)
    return pipeline.transform(x), y, pipeline.transform(X_VAL)


def evaluate(net, x):
    p = net.predict_proba(x)
    loss = -np.mean(np.log(np.clip(p[np.arange(len(x)), Y_VAL], 1e-15, 1)))     # NaN stays NaN
    return float(loss), float(np.mean(p.argmax(axis=1) == Y_VAL))


def train(config):
    """Train as told.  Returns (state, summary): what the run had logged when it ended, however it ended."""
    model, optimizer = config["model"], config["optimizer"]
    seed = int(config["seed"])
    summary = {}
    try:
        x, y, x_val = prepare(config["data"], np.random.default_rng(seed))
        net = MLPClassifier(
            hidden_layer_sizes=(model["hidden"],) * model["layers"], activation=model["activation"],
            solver=optimizer["type"], learning_rate_init=optimizer.get("lr", 0.001),
            learning_rate=optimizer.get("schedule", "constant"), momentum=optimizer.get("momentum", 0.9),
            nesterovs_momentum=optimizer.get("nesterov", False), beta_1=optimizer.get("beta1", 0.9),
            alpha=config["weight_decay"], batch_size=config.get("batch_size", "auto"),
            max_iter=config["epochs"], random_state=seed)

        best, best_epoch = math.inf, 0
        for epoch in range(1, config["epochs"] + 1):
            if optimizer["type"] == "lbfgs":
                epoch = net.fit(x, y).n_iter_               # all its iterations at once
            else:
                net.partial_fit(x, y, classes=range(10))    # one epoch
            loss, accuracy = evaluate(net, x_val)
            summary = {"val": {"loss": loss, "accuracy": accuracy}, "train": {"loss": float(net.loss_)},
                       "epochs": epoch}
            if not loss <= HOPELESS:                        # the guard: stop and log NaN
                summary["val"] = {"loss": math.nan, "accuracy": accuracy}
                return "diverged", summary
            if loss < best:
                best, best_epoch = loss, epoch
            elif config.get("early_stopping") and epoch - best_epoch >= config["patience"]:
                break
            if optimizer["type"] == "lbfgs":
                break
        return "finished", summary
    except Exception as error:
        return "failed", {**summary, "error": f"{type(error).__name__}: {error}".split(".")[0]}


def words(value):
    """Round to 8 digits; NaN and infinity, which JSON does not have, become words."""
    if isinstance(value, dict):
        return {key: words(inner) for key, inner in value.items()}
    if isinstance(value, float):
        return float("%.8g" % value) if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity"
    return value


def run(job):
    sweep, number, config = job
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    start = time.perf_counter()
    state, summary = train(config)
    duration = time.perf_counter() - start

    order = sum(list(RUNS.values())[:list(RUNS).index(sweep)]) + number
    rng = random.Random(f"{SEED} {sweep} {number} row")
    created = datetime(2026, 10, 5, 8) + timedelta(seconds=61 * order + rng.randrange(60))
    summary = words(summary)
    val = summary.get("val", {})
    return {"id": "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8)),
            "sweep": sweep, "state": state, "created": created.isoformat() + "Z", "duration": round(duration, 3),
            "val_loss": val.get("loss"), "val_accuracy": val.get("accuracy"),
            "config": config, "summary": summary}


# ---- all of them -------------------------------------------------------------------------------------

def main():
    jobs = [(sweep, number, sample(sweep, number, random.Random(f"{SEED} {sweep} {number}")))
            for sweep in ("wide", "narrow") for number in range(RUNS[sweep])]
    with multiprocessing.Pool(PROCESSES) as pool:
        rows = pool.map(run, jobs, chunksize=1)
        best = min((row for row in rows if row["state"] == "finished"), key=lambda row: row["val_loss"])
        rows += pool.map(run, [("repeat", number, {**best["config"], "seed": str(number),
                                                   "output": f"runs/repeat-{number:03d}"})
                               for number in range(RUNS["repeat"])], chunksize=1)

    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    with open(OUT, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped:
        zipped.write(text.encode())


if __name__ == "__main__":
    main()
