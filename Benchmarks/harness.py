"""Runs our work and the peers' in turn and prints one Markdown table."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import rows

HERE = Path(__file__).resolve().parent


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/run", description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        "rows", nargs="*", metavar="ROW",
        help=f"what to measure; all by default: {', '.join(rows.ALL)}")
    parser.add_argument(
        "--quick", action="store_true",
        help="small inputs and one run each, to try the harness")
    parser.add_argument(
        "--repeats", type=int,
        help="pairs of runs of every row (default: the row's own number)")
    parser.add_argument(
        "--fashion-mnist", type=Path, metavar="FOLDER",
        default=Path("/usr/share/datasets/fashion-mnist"),
        help="the IDX.gz files of Debian's dataset-fashion-mnist")
    parser.add_argument(
        "--mvtec", type=Path, metavar="ROOT", default=HERE.parent / "data/inspection",
        help="the MVTec-like folder that `compare` runs over")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - set(rows.ALL)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return arguments


def install(requirements):
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "-r",
         HERE / requirements], check=True, stdout=sys.stderr)


def run(command, reports):
    """A process's report, or for a whole program its time, memory, output."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = PeakMemory(process.pid)
    output, _ = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed with status {process.returncode}")
    if reports:
        return json.loads(output)
    return {
        "seconds": {"whole process": seconds},
        "peakBytes": peak.read(),
        "figures": json.loads(output),
    }


class PeakMemory:
    """The most memory that a running process has held.

    Asked for again and again while it runs: what the system tells of an ended
    child (`ru_maxrss`) includes the memory of this process before the fork.
    """

    def __init__(self, process):
        self.status = f"/proc/{process}/status"
        self.peak = 0
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while True:
            try:
                lines = Path(self.status).read_text().splitlines()
            except OSError:
                return
            found = [line for line in lines if line.startswith("VmHWM:")]
            if not found:
                return
            self.peak = int(found[0].split()[1]) * 1024
            time.sleep(0.01)

    def read(self):
        self.thread.join()
        return self.peak


def measure(row, repeats, inputs):
    """The runs of our side and the peer's, for every peer of the row."""
    runs = {peer: [] for peer in row.peers}
    for index in range(repeats):
        for peer in row.peers:
            pair = {}
            sides = ["ours", peer]
            # Neither side always has the cache warmed by the other.
            for side in sides if index % 2 == 0 else reversed(sides):
                command, scores = row.command(side, inputs)
                print(f"{row.name}: {side}, {index + 1} of {repeats}",
                      file=sys.stderr, flush=True)
                report = run(command, reports=scores is not None)
                report["scores"] = scores and rows.read_scores(scores)
                pair["ours" if side == "ours" else "theirs"] = report
            runs[peer].append((pair["ours"], pair["theirs"]))
    return runs


def table_lines(row, runs, inputs):
    for peer, pairs in runs.items():
        for part, target in row.peers[peer].items():
            names = part.split(" + ")
            ours, theirs = (
                [sum(pair[side]["seconds"][name] for name in names)
                 for pair in pairs]
                for side in (0, 1))
            ratios = [b / a for a, b in zip(ours, theirs)]
            our_peak, their_peak = (
                statistics.median(pair[side]["peakBytes"] for pair in pairs)
                for side in (0, 1))
            title = row.title if part == "whole process" else (
                f"{row.title}: {part}")
            yield [
                title, peer,
                f"**{statistics.median(ratios):.2f}x**",
                f"{min(ratios):.2f}–{max(ratios):.2f}",
                f"{target}x" if target else "",
                f"{statistics.median(ours):.3g}",
                f"{statistics.median(theirs):.3g}",
                f"{our_peak / 1e6:.0f}", f"{their_peak / 1e6:.0f}",
                row.agreement(pairs[0][0], pairs[0][1], inputs),
            ]


HEADINGS = [
    "Work", "Peer", "Ratio", "Spread", "To reach", "Ours, s", "Peer, s",
    "Ours, MB", "Peer, MB", "Agreement",
]


def main():
    arguments = parse_arguments()
    lines = [HEADINGS, ["---"] * 2 + ["---:"] * 7 + ["---"]]
    with tempfile.TemporaryDirectory(prefix="anomaly-benchmarks-") as folder:
        inputs = rows.Inputs(
            Path(folder), arguments.fashion_mnist, arguments.mvtec,
            arguments.quick)
        chosen = [rows.ALL[name] for name in arguments.rows or rows.ALL]
        for requirements in {row.requirements for row in chosen} - {None}:
            install(requirements)
        for row in chosen:
            repeats = 1 if arguments.quick else row.repeats
            runs = measure(row, arguments.repeats or repeats, inputs)
            lines += table_lines(row, runs, inputs)
    for line in lines:
        print(f"| {' | '.join(line)} |")
    if arguments.quick:
        print("\nA quick run: the inputs are smaller than the titles say.")
    print(f"\nMedian ratio of alternating runs (peer's time over ours) on "
          f"{os.cpu_count()} processors; the spread is the least and the "
          f"greatest. Times are of the work alone, but for whole processes; "
          f"memory is the peak of the process with its input.")


if __name__ == "__main__":
    main()
