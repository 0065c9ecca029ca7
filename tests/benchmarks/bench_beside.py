# SPDX-License-Identifier: GPL-3.0-or-later
"""This tree beside an earlier commit: reaction, processor, memory, HTTP and starts, in one run.

    .venv/bin/python -m tests.benchmarks beside --commit f77ea5a

The two trees take turns, each with its own benchmarks and both with this Python and its packages,
so that they meet the same moods of the machine. What counts is the ratio of the medians. Twelve
minutes for three rounds, on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

HERE = Path(__file__).parents[2]
VENDOR = "evsed/frontends/web/vendor"
STARTS = 15
NOISE = 1.1  # a median of three rounds is no nearer than this on a shared machine
NUMBER = r"([\d.]+)"
PATTERNS = {
    "usage": {
        f"{phase}: {what}": rf"{phase}, .*?{pattern}"
        for phase in ("idle", "charging")
        for what, pattern in (
            ("daemon's processor, %", rf"daemon {NUMBER}%"),
            ("control's processor, %", rf"control {NUMBER}%"),
            ("daemon's memory, MB", rf"memory: daemon {NUMBER}"),
            ("control's memory, MB", rf"memory: daemon [\d.]+ \+ control {NUMBER}"),
        )
    },
    "http": {"HTTP, share of a bare handler": rf"ratio {NUMBER}"},
    "reaction": {
        "reaction p50, ms": rf"\nall +\d+ +p50 +{NUMBER}",
        "reaction p99, ms": rf"\nall +\d+ .* p99 +{NUMBER}",
    },
}
OFF = "evsed off, ms of processor"
STARTED = {
    OFF: ["-m", "evsed", "off", "--wires"],
    "import of evsed.control, ms of processor": ["-c", "import evsed.control"],
}
USAGE = 2  # the exit code of a command that is not known
# Nothing of this machine is asked or changed by `evsed off`.
NOT_HERE = {
    "EVSED_BOARD__PIGPIO__PORT": "1",
    "EVSED_STORE__PATH": "/nonexistent/evsed.db",
    "EVSED_WEB__SOCKET": "",
}
MORE_IS_BETTER = ("HTTP",)

Figures = dict[str, list[float]]


def unpacked(commit: str, folder: Path) -> Path:
    """The tree of *commit*, in *folder*. Raises CalledProcessError where there is none."""
    packed = subprocess.run(
        ["git", "archive", commit], cwd=HERE, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    shutil.copytree(HERE / VENDOR, folder / VENDOR, dirs_exist_ok=True)  # what a build adds
    return folder


def environment(tree: Path) -> dict[str, str]:
    """The environment in which *tree* is the evsed that is found first."""
    return {**os.environ, "PYTHONPATH": str(tree)}


def measured(tree: Path, name: str, *options: str) -> Iterator[tuple[str, float]]:
    """Yield each figure that the benchmark *name* of *tree* prints."""
    command = [sys.executable, "-m", f"tests.benchmarks.bench_{name}", *options]
    run = subprocess.run(
        command, cwd=tree, env=environment(tree), check=False, capture_output=True, text=True
    )
    for what, pattern in PATTERNS[name].items():
        if found := re.search(pattern, run.stdout, re.DOTALL):
            yield what, float(found[1])
        else:
            print(f"{tree}: {name} printed no {what}: {run.stdout[-300:]}{run.stderr[-300:]}")


def started_ms(tree: Path, arguments: list[str]) -> float:
    """Milliseconds of processor, user and system, of a Python with *arguments*."""
    with Path(os.devnull).open("w") as nowhere:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd="/",
            env={**environment(tree), **NOT_HERE},
            stdout=nowhere,
            stderr=nowhere,
        )
        _, status, use = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode == USAGE:  # before `--wires`, `off` did nothing else
        return started_ms(tree, arguments[:-1])
    return (use.ru_utime + use.ru_stime) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", required=True, help="the earlier tree")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=0.5, help="idle, and charging, each")
    parser.add_argument("--trials", type=int, default=204, help="of the reaction, in each round")
    options = parser.parse_args()
    figures: dict[Path, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        earlier = unpacked(options.commit, Path(folder))
        figures = {earlier: defaultdict(list), HERE: defaultdict(list)}
        for tree in figures:
            for arguments in STARTED.values():
                started_ms(tree, arguments)  # compiles what is imported
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", flush=True)
            for what, arguments in STARTED.items():
                for _ in range(STARTS):
                    for tree, found in figures.items():
                        found[what].append(started_ms(tree, arguments))
            for name, its in (
                ("usage", ["--minutes", str(options.minutes)]),
                ("http", []),
                ("reaction", ["--trials", str(options.trials)]),
            ):
                for tree, found in figures.items():
                    for what, figure in measured(tree, name, *its):
                        found[what].append(figure)
    before, now = figures.values()
    print(f"{'':42} {options.commit[:9]:>9} {'here':>9} {'ratio':>7}")
    for what in now:
        if not before[what]:
            continue
        was, is_now = statistics.median(before[what]), statistics.median(now[what])
        ratio = is_now / was if was else 1.0
        worse = 1 / ratio if what.startswith(MORE_IS_BETTER) else ratio
        verdict = "worse" if worse > NOISE else ""
        print(f"{what:42} {was:9.2f} {is_now:9.2f} {ratio:7.2f} {verdict}")


if __name__ == "__main__":
    main()
