# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the netlists of hw/spice: parameters in, measurements out.

A netlist is run as it lies there, with some of its `.param` values replaced; the results of a run
are kept in hw/.cache by what went in, so a second `make hw` runs nothing that has not changed.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hw.tools.values import HW, Values

SPICE = HW / "spice"
CACHE = HW / ".cache" / "runs"

_PARAM = re.compile(r"(\w+)=(\{[^}]*\}|\S+)")
_RESULT = re.compile(r"^(\w+)\s+=\s+(\S+)", re.MULTILINE)

Waves = dict[str, list[float]]


class SpiceError(Exception):
    """A netlist did not run, or did not measure what it should."""


class Deck:
    """One netlist, its includes pulled in, ready to be run with other parameters."""

    def __init__(self, name: str, values: Values) -> None:
        """Read hw/spice/*name*.cir; the parameters of *values* are its nominal ones."""
        self.name = name
        lines: list[str] = []
        for line in (SPICE / f"{name}.cir").read_text().splitlines():
            if line == ".include values.inc":
                continue
            if line.startswith(".include "):
                lines += (SPICE / line.split()[1]).read_text().splitlines()
            else:
                lines.append(line)
        lines = [line for line in lines if not line.startswith("*")]
        # only the values that this netlist uses, so that a run is kept while others change
        words = {word.lower() for line in lines for word in re.findall(r"\w+", line)}
        given = [x for x in values.spice.splitlines() if x.startswith(".param")]
        self._lines = [x for x in given if x.split()[1].split("=")[0].lower() in words] + lines

    def lines(self, subckt: str) -> list[str]:
        """The parts of one sub-circuit, a line each, continuation lines joined."""
        out: list[str] = []
        inside = False
        for line in self._lines:
            if line.startswith(".subckt "):
                inside = line.split()[1] == subckt
            elif line.startswith(".ends"):
                inside = False
            elif inside and line.startswith("+"):
                out[-1] += line[1:]
            elif inside:
                out.append(line)
        return out

    def replaced(self, element: str, lines: Sequence[str]) -> Deck:
        """The same netlist with *lines* in the place of *element*.

        Raises KeyError unless there is just one element of that name.
        """
        at = [n for n, line in enumerate(self._lines) if line.split()[:1] == [element]]
        if len(at) != 1:
            raise KeyError(f"{self.name}.cir has {len(at)} elements {element}")
        end = at[0] + 1
        while self._lines[end].startswith("+"):
            end += 1
        other = copy.copy(self)
        other._lines = [*self._lines[: at[0]], *lines, *self._lines[end:]]  # noqa: SLF001 - its own
        return other

    def text(self, params: Mapping[str, float]) -> str:
        """The whole netlist with *params* in place.  Raises KeyError for one it does not have."""
        left = {key.lower(): value for key, value in params.items()}
        out = [f"* {self.name}"]
        for line in self._lines:
            if line.lower().startswith(".param"):
                names = [name.lower() for name, _ in _PARAM.findall(line)]
                for name in names:
                    if name in left:
                        line = re.sub(  # noqa: PLW2901 - the line is rewritten on its way through
                            rf"(?i)\b({name})=(\{{[^}}]*\}}|\S+)",
                            rf"\1={left.pop(name):.9g}",
                            line,
                        )
            out.append(line)
        if left:
            raise KeyError(f"{self.name}.cir has no parameter {', '.join(sorted(left))}")
        return "\n".join(out) + "\n"

    def run(self, params: Mapping[str, float] | None = None) -> dict[str, float]:
        """Run it and give its measurements by name.

        A measurement that found nothing (a level never crossed) is missing. Raises SpiceError when
        ngspice could not run the netlist to its end.
        """
        text = self.text(params or {})
        key = CACHE / self.name / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
        if key.exists():
            kept: dict[str, float] = json.loads(key.read_text())
            return kept
        found = parse(_ngspice(text, self.name))
        key.parent.mkdir(parents=True, exist_ok=True)
        key.write_text(json.dumps(found))
        return found

    def waves(self, names: list[str], params: Mapping[str, float] | None = None) -> Waves:
        """Run it and give whole curves: "time" in seconds and each of *names* (v(a), i(Lc))."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "waves.txt"
            control = f".control\nset wr_singlescale\nrun\nwrdata {file} {' '.join(names)}\n.endc\n"
            text = self.text(params or {}).replace("\n.end\n", f"\n{control}.end\n")
            _ngspice(text, self.name)
            if not file.exists():
                raise SpiceError(f"{self.name}.cir gave no curves")
            rows = [[float(x) for x in row.split()] for row in file.read_text().splitlines()]
        columns = list(zip(*rows, strict=True))
        return {n: list(c) for n, c in zip(["time", *names], columns, strict=True)}


def parse(output: str) -> dict[str, float]:
    """The measurements in what ngspice printed."""
    found: dict[str, float] = {}
    for name, value in _RESULT.findall(output):
        try:
            found[name.lower()] = float(value)
        except ValueError:
            continue
    return found


def _ngspice(text: str, name: str) -> str:
    program = shutil.which("ngspice")
    if program is None:
        raise SpiceError("ngspice is missing: run `make hw`, or install it (Debian: ngspice)")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "deck.cir"
        file.write_text(text)
        done = subprocess.run(
            [program, "-b", str(file)], capture_output=True, text=True, check=False, timeout=120
        )
    output = done.stdout + done.stderr
    if (
        "Simulation interrupted" in output
        or "simulation(s) aborted" in output
        or ("Error on line" in output)
    ):
        raise SpiceError(f"{name}.cir did not run:\n{output[-2000:]}")
    return output
