# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tests of mutants in a copy of the tree and judges each."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.mutants.mutant import Mutant

TIDY_S = 60.0  # a test that is cut may end what it has started, before it is killed


class Verdict(Enum):
    """Outcome of a mutant's test; the value is the word for it."""

    FOUND = "found"
    SURVIVES = "SURVIVES"
    CUT = "CUT"


class Runner:
    """Tries mutants in *tree*, which it changes and puts back; each line goes to *write*."""

    def __init__(self, tree: Path, write: Callable[[str], object]) -> None:
        self._tree = tree
        self._write = write

    def run(self, mutants: Iterable[Mutant], within_s: float) -> int:
        """Try the *mutants*, those that are cut after *within_s* twice; 1: not all are found."""
        verdicts = {mutant: self._try(mutant, within_s) for mutant in mutants}
        for mutant in [mutant for mutant in verdicts if verdicts[mutant] is Verdict.CUT]:
            verdicts[mutant] = self._try(mutant, 2.0 * within_s)
        for verdict, noun in ((Verdict.SURVIVES, "survivors"), (Verdict.CUT, "cut")):
            names = [mutant.name for mutant in verdicts if verdicts[mutant] is verdict]
            self._write(f"{len(names)} {noun} {' '.join(names)}\n")
        return any(verdict is not Verdict.FOUND for verdict in verdicts.values())

    def _try(self, mutant: Mutant, within_s: float) -> Verdict:
        began_at = time.monotonic()
        verdict = self._judge(mutant, within_s)
        took_s = time.monotonic() - began_at
        self._write(f"{verdict.value:9} {mutant.name:20} {took_s:5.1f} s  {mutant.test}\n")
        return verdict

    def _judge(self, mutant: Mutant, within_s: float) -> Verdict:
        """Return what the mutant's test says without the barrier."""
        path = self._tree / "evsed" / mutant.file
        text = path.read_text()
        path.write_text(text.replace(mutant.old, mutant.new))
        try:
            code, said = self._tested(mutant.test, within_s)
        finally:
            path.write_text(text)
        if code is None:
            return Verdict.CUT
        if code not in (0, 1):  # no such test, or a mutant that is no Python
            raise SystemExit(f"{mutant.name}: {said[-2000:]}")
        return Verdict.SURVIVES if code == 0 else Verdict.FOUND

    def _tested(self, test: str, within_s: float) -> tuple[int | None, str]:
        """Return pytest's exit code, None where it was cut, and what it said."""
        running = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"tests/{test}"],
            cwd=self._tree,
            env={**os.environ, "PYTHONPATH": str(self._tree), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with running:
            try:
                said, _ = running.communicate(timeout=within_s)
            except subprocess.TimeoutExpired:
                self._end(running)
                return None, ""
        return running.returncode, said

    @staticmethod
    def _end(running: subprocess.Popen[str]) -> None:
        """Have pytest end what its test has started; kill it where it does not."""
        running.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.communicate(timeout=TIDY_S)
        running.kill()
