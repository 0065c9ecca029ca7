# SPDX-License-Identifier: GPL-3.0-or-later
"""Every benchmark of this folder by its name, or all of them: `make bench`.

    python -m tests.benchmarks                 all, one after the other
    python -m tests.benchmarks --list          their names
    python -m tests.benchmarks fire --minutes 10

Each `bench_NAME.py` is a program of its own that prints its figures; it is started as one, so that
none meets what another left in memory.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ALSO = {"cpu": "usage", "memory": "usage", "bytes": "usage"}  # measured together


def names() -> dict[str, str]:
    """Each benchmark with what it says of itself in a line."""
    found = {}
    for path in sorted(HERE.glob("bench_*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem.removeprefix("bench_")] = said.partition("\n")[0]
    return found


def run(name: str, said: str, options: list[str]) -> int:
    """Run one; its exit code."""
    command = [sys.executable, "-m", f"tests.benchmarks.bench_{name}", *options]
    print(f"== {name}: {said}", flush=True)
    before = time.monotonic()
    code = subprocess.call(command)
    again = " ".join([".venv/bin/python -m tests.benchmarks", name, *options])
    print(f"   ({time.monotonic() - before:.0f} s; again: {again})\n", flush=True)
    return code


def main() -> int:
    """Run what is named; 0, or 1 when one of them failed, or 2 for a name that is none."""
    known = names()
    match sys.argv[1:]:
        case ["--list"]:
            width = max(map(len, known))
            for name, said in known.items():
                print(f"{name:{width}}  {said}")
            for name, where in ALSO.items():
                print(f"{name:{width}}  in {where}")
            return 0
        case []:
            return int(any([run(name, said, []) for name, said in known.items()]))  # noqa: C419 - all of them
        case [name, *options] if ALSO.get(name, name) in known:
            name = ALSO.get(name, name)
            return int(bool(run(name, known[name], options)))
        case _:
            print(f"There is no benchmark {sys.argv[1]}; see --list.", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
