# SPDX-License-Identifier: GPL-3.0-or-later
"""Take each barrier away in a copy of the tree and run the test that has to go red.

`python -m tests.mutants [NAME ...]`: all of them, or those whose names begin so. A test that is
green without its barrier is a survivor. Ends with 1 where there is one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mutants.claims import CLAIMS
from tests.mutants.table import MUTANTS

if TYPE_CHECKING:
    from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]
WITHIN_S = 600.0


def survives(tree: Path, mutant: Mutant) -> bool:
    """True where the test stays green in *tree* without the barrier."""
    path = tree / "evsed" / mutant.file
    text = path.read_text()
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
             f"tests/{mutant.test}"],
            cwd=tree, capture_output=True, timeout=WITHIN_S, check=False,
            env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    finally:
        path.write_text(text)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{mutant.name}: {done.stdout.decode()[-2000:]}")
    return done.returncode == 0


def main(names: list[str]) -> int:
    """Try the mutants; 1 where one survives."""
    survivors = []
    with tempfile.TemporaryDirectory(prefix="evsed-mutants-") as folder:
        tree = Path(folder)
        for name in ("evsed", "tests"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in ROOT.iterdir():
            if path.name not in ("evsed", "tests", ".git"):
                (tree / path.name).symlink_to(path)
        for mutant in (*MUTANTS, *CLAIMS):
            if names and not any(mutant.name.startswith(name) for name in names):
                continue
            began_at = time.monotonic()
            alive = survives(tree, mutant)
            survivors += [mutant.name] * alive
            sys.stdout.write(
                f"{'SURVIVES' if alive else 'found':9} {mutant.name:20} "
                f"{time.monotonic() - began_at:5.1f} s  {mutant.test}\n"
            )
            sys.stdout.flush()
    sys.stdout.write(f"{len(survivors)} survivors {' '.join(survivors)}\n")
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
