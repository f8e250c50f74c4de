"""A table of 10,000,000 x 20 within a memory budget: memory and time.

Makes the table (NPY 0.8 GB, CSV 1.9 GB) in a folder that is removed again, has
`anomaly compare` fit and score it, and prints a Markdown table with the most anonymous
memory of the process, sampled every 20 ms: pages of mapped files do not count.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

PROGRAM = Path(__file__).resolve().parent.parent / ".build/release/anomaly"
DETECTORS = ["iforest", "hbos", "ecod", "gaussian", "pca", "ensemble"]
BLOCK = 100_000


def blocks(rows, columns):
    """Correlated columns; a thousandth of the rows far out."""
    generator = np.random.default_rng(0)
    turn = generator.normal(size=(columns, columns)) / columns ** 0.5
    for start in range(0, rows, BLOCK):
        count = min(BLOCK, rows - start)
        values = generator.normal(size=(count, columns)) @ turn
        values[::1_000] *= 5
        yield start, values.astype(np.float32)


def make_array(path, rows, columns):
    array = np.lib.format.open_memmap(path, "w+", np.float32, (rows, columns))
    for start, values in blocks(rows, columns):
        array[start:start + len(values)] = values


def make_table(path, rows, columns):
    with open(path, "w") as file:
        file.write(",".join(f"c{column}" for column in range(columns)) + "\n")
        line = ",".join(["%.6f"] * columns) + "\n"
        for _, values in blocks(rows, columns):
            file.write(line * len(values) % tuple(values.ravel().tolist()))


def run(arguments):
    """Seconds, and the most anonymous memory in gigabytes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [PROGRAM, *arguments], stdout=subprocess.DEVNULL)
    status = Path(f"/proc/{process.pid}/status")
    most = 0
    while process.poll() is None:
        found = [line for line in status.read_text().splitlines()
                 if line.startswith("RssAnon:")]
        if found:
            most = max(most, int(found[0].split()[1]))
        time.sleep(0.02)
    if process.returncode != 0:
        return f"status {process.returncode}", ""
    return f"{time.perf_counter() - start:.0f}", f"{most * 1024 / 1e9:.2f}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--budget", default="2G")
    parser.add_argument("--detectors", default=",".join(DETECTORS))
    parser.add_argument("--formats", default="npy,csv")
    arguments = parser.parse_args()
    print("| detector | file | seconds | GB |")
    print("|---|---|---:|---:|")
    for suffix in arguments.formats.split(","):
        with tempfile.TemporaryDirectory(prefix="anomaly-large-") as folder:
            table = Path(folder) / f"table.{suffix}"
            make = {"npy": make_array, "csv": make_table}[suffix]
            make(table, arguments.rows, arguments.columns)
            for detector in arguments.detectors.split(","):
                cells = [f"`{detector}`", suffix, *run(
                    ["compare", table, "--detectors", detector,
                     "--memory-budget", arguments.budget])]
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
