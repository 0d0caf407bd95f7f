#!/usr/bin/python3
"""Count the instructions of training, by callgrind, on the forest without a server, and print a table.

test/bench/run --instructions calls it: instructions.py CONNECTION_STRING CORE, as bench.py.  The counts
are of hp_train_tree() and hp_train_second() alone and the same in each run of one build, however busy the machine is.
"""
import json, os, subprocess, sys, tempfile

from bench import CORE, SIZES, Server, number

# so many that a size takes some ten seconds under valgrind, which is fifty times slower
TREES = {"S": 100, "M": 20, "L": 3, "XL": 1}
FORESTS = {"impurity, gaps a value": ("impurity", "value"), "permutation, gaps filled": ("permutation", "fill")}


def count(path, trees, method, gaps):
    """What a forest is, as core.c says it, and its instructions."""
    counted = path + ".callgrind"
    answer = subprocess.run(
        ("valgrind", "--quiet", "--tool=callgrind", "--toggle-collect=hp_train_tree",
         "--toggle-collect=hp_train_second",
         f"--callgrind-out-file={counted}", CORE, path, method, gaps, str(trees)),
        stdout=subprocess.PIPE, check=True, text=True).stdout
    with open(counted) as lines:
        summary = next(line for line in lines if line.startswith(("summary:", "totals:")))
    return json.loads(answer.splitlines()[0]), int(summary.split()[1])


def main():
    names = (os.environ.get("SIZES") or "S M L").split()
    unknown = [name for name in names if name not in TREES]
    if unknown:
        sys.exit(f"SIZES: there is no {unknown[0]} to count; there are {' '.join(TREES)}")
    server = Server()
    print("Instructions of hp_train_tree() and hp_train_second() alone. A visit is a run looked at for one parameter at one node.\n")
    print(f"{'':<14}{'forest':<27}{'trees':>6}{'instructions':>16}{'a tree':>14}{'nodes a tree':>14}"
          f"{'a visit':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for size in (SIZES[name] for name in names):
            trees, path = TREES[size.name], f"{folder}/{size.name}.csv"
            server.make_runs(size)
            server.export(size, path)
            for name, question in FORESTS.items():
                answer, instructions = count(path, trees, *question)
                print(f"{str(size):<14}{name:<27}{trees:>6}{instructions:>16,}{instructions // trees:>14,}"
                      f"{answer['nodes'] // trees:>14,}{number(instructions / answer['visits']):>9}", flush=True)
    server.close()


if __name__ == "__main__":
    main()
