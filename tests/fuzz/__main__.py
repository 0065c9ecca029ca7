# SPDX-License-Identifier: GPL-3.0-or-later
"""Coverage-guided fuzzing of whatever strangers can feed to evsed: `make fuzz`.

    python -m tests.fuzz                       all, with the runs below
    python -m tests.fuzz pages --runs 100000   one
    python -m tests.fuzz pages --repeat FILE   an input that was found, once

Atheris turns the inputs, libFuzzer keeps those that reach something new. A failure ends it with the
traceback, and leaves the input under .fuzz/, where the log of each target is, too.
"""

from __future__ import annotations

import argparse
import atexit
import importlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

FOUND = Path(".fuzz")
LEAST_PRIORITY = 19
LARGEST = 4096  # bytes of an input
SLOWEST_S = 10  # an input that takes longer is a failure
MEMORY_MB = 1024  # ... and so is one that needs more


@dataclass(frozen=True)
class Target:
    """The number of runs of a target, and the modules whose branches guide it."""

    runs: int
    watched: tuple[str, ...]


TARGETS = {
    "pages": Target(5_000_000, ("evsed.feeds", "evsed.core")),
    "answers": Target(2_000_000, ("evsed.boards",)),
    "settings": Target(500_000, ("evsed.settings",)),
    "requests": Target(100_000, ("evsed.frontends", "aiohttp")),
    "days": Target(200_000, ("evsed.sim.dayfiles",)),
}


class Module(Protocol):
    """The contents of a `fuzz_*.py`."""

    def seeds(self) -> list[bytes]:
        """Inputs to begin with."""

    def one_input(self, data: bytes) -> None:
        """Try one; whatever it raises is a failure."""


def load(name: str) -> Module:
    """The target called *name*."""
    return cast("Module", importlib.import_module(f"tests.fuzz.fuzz_{name}"))


def fuzz(name: str, runs: int) -> None:
    """Run one target in this process, which libFuzzer ends."""
    import atheris  # noqa: PLC0415 - installed by `make fuzz` only

    os.nice(LEAST_PRIORITY)
    # Named, not all of evsed: what is counted is also what costs.
    with atheris.instrument_imports(include=list(TARGETS[name].watched)):
        module = load(name)
    corpus = Path(tempfile.mkdtemp(prefix=f"evsed-fuzz-{name}-"))
    for number, seed in enumerate(module.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = {
        "atheris_runs": runs,
        "max_len": LARGEST,
        "timeout": SLOWEST_S,
        "rss_limit_mb": MEMORY_MB,
        "artifact_prefix": f"{FOUND}/{name}-",
        "print_final_stats": 1,
    }
    flags = [f"-{key}={value}" for key, value in options.items()]
    # libFuzzer's alarm clock goes on while Python ends, and then it kills.
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0.0)
    atheris.Setup([sys.argv[0], *flags, str(corpus)], module.one_input)
    atheris.Fuzz()


def run(name: str, runs: int) -> int:
    """Run one target in a process of its own and say what came of it."""
    before = time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz", name, "--runs", str(runs), "--here"]
    unbuffered = {**os.environ, "PYTHONUNBUFFERED": "1"}  # libFuzzer flushes nothing for Python
    FOUND.mkdir(exist_ok=True)
    log = FOUND / f"{name}.log"
    with log.open("wb") as out:
        code = subprocess.call(command, stdout=out, stderr=out, env=unbuffered)
    took_s = time.monotonic() - before
    said = log.read_text(errors="replace")
    if code:
        start = max(said.rfind("=== Uncaught Python exception"), len(said) - 6000, 0)
        print(said[start:])
        print(f"{name}: FAILED after {took_s:.0f} s; the input is under {FOUND}/", flush=True)
        return 1
    tried = re.search(r"number_of_executed_units: *(\d+)", said)
    reached = re.findall(r"cov: (\d+)", said)
    print(
        f"{name}: {int(tried[1]) if tried else runs:,} inputs in {took_s:.0f} s, "
        f"{reached[-1] if reached else '?'} branches reached, nothing found",
        flush=True,
    )
    return 0


def main() -> int:
    """Run what is named, or all; 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="?", choices=TARGETS)
    parser.add_argument("--runs", type=int, help="instead of the target's own number")
    parser.add_argument("--repeat", type=Path, metavar="FILE")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.repeat and options.target:
        load(options.target).one_input(options.repeat.read_bytes())
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not here; `make fuzz` fetches it (Linux on x86_64).", file=sys.stderr)
        return 1
    if options.here:
        fuzz(options.target, options.runs)
        return 0
    names = [options.target] if options.target else list(TARGETS)
    return max([run(name, options.runs or TARGETS[name].runs) for name in names])


if __name__ == "__main__":
    sys.exit(main())
