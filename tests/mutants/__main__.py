# SPDX-License-Identifier: GPL-3.0-or-later
"""Take each barrier away in a copy of the tree and run the test that has to go red.

`python -m tests.mutants [NAME ...]`: all of them, or those whose names begin so. A test that is
green without its barrier is a survivor. One that does not end has found nothing: it is cut, run
again with twice the time when the others are through, and listed if it is cut again. Ends with 1
where a mutant survives or is cut twice.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.mutants.claims import CLAIMS
from tests.mutants.runner import Runner
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).parents[2]
WITHIN_S = 600.0


def main(names: list[str]) -> int:
    """Try the mutants; 1 where one is not found."""
    chosen = [
        mutant
        for mutant in (*MUTANTS, *CLAIMS)
        if not names or any(mutant.name.startswith(name) for name in names)
    ]
    with tempfile.TemporaryDirectory(prefix="evsed-mutants-") as folder:
        tree = Path(folder)
        for name in ("evsed", "tests"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in ROOT.iterdir():
            if path.name not in ("evsed", "tests", ".git"):
                (tree / path.name).symlink_to(path)
        return Runner(tree, sys.stdout.write).run(chosen, WITHIN_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
