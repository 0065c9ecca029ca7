# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's logs (github.com/simat/BatteryMonitor, getdata.py and batteries.py).

A line has a stamp of 14 digits and, as the years and the owner's `[logging] data` had it: the
volts of the cells (or none), the battery's volts, the spread of the cells, one or more currents,
the state of charge, from 2016 on a second one, and perhaps a dictionary of raw figures. Nothing
names the columns, so they are known by what they must be: the battery's volts are the first that
are more than a cell's; of the currents the battery's is the one that the others add up to
(discharging is positive, what comes in negative). The surplus is what goes into the battery.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.power import Points
from evsed.sim.dayfiles.timeline import read_times

_LINE: Final = re.compile(
    r"\s*(\d{14})((?:\s+-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?){3,})\s*(\{.*\})?\s*"
)
_SUMMARY: Final = re.compile(
    r"\s*\('(timestamp|power|current|state|hour|excesssolar|date|minvolts|maxvolts)'"
)
_CELL_V: Final = (1.5, 4.5)
"""A cell of any chemistry in use lies between these, in volts."""

_SAME: Final = 0.03
_MOST_SPREAD_V: Final = 2.0
_BALANCE_A: Final = 0.15
"""Currents are logged to a hundredth and rounded one by one."""

_SHOWN_MAX: Final = 10
_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Log:
    """Wall-clock seconds, watts into the battery, and what the columns were taken for."""

    wall_s: list[float]
    watts: list[float]
    words: str

    def points(self) -> Points:
        """As moments and watts."""
        return Points(self.wall_s, self.watts)


def is_log(text: str) -> bool:
    """Tell such a log from other files, by its first lines."""
    lines = [line for line in text[:20_000].splitlines()[:20] if line.strip()]
    return len(lines) >= 1 and sum(1 for line in lines if _LINE.fullmatch(line)) > len(lines) / 2


def is_summary(text: str) -> bool:
    """Tell BatteryMonitor's summaries, which hold no powers over time."""
    return _SUMMARY.match(text) is not None


def read_log(text: str, file: str) -> Log:
    """Read a log. Raises DayError that names a wrong line, or what remains unclear."""
    stamps: list[str] = []
    rows: list[list[float]] = []
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None or (rows and len(found[2].split()) != len(rows[0])):
            wrong.append(
                f"{file}, line {number}: {line.strip()[:60]!r} is no line of this BatteryMonitor "
                "log"
            )
            continue
        stamps.append(found[1])
        rows.append([float(value) for value in found[2].split()])
    if wrong:
        more = [f"... and {len(wrong) - _SHOWN_MAX} more lines"] if len(wrong) > _SHOWN_MAX else []
        raise DayError(
            "\n".join(wrong[:_SHOWN_MAX] + more) + "\nNothing was replayed. Delete these lines."
        )
    if len(rows) < _LEAST:
        raise DayError(
            f"{file} has {len(rows)} line of BatteryMonitor's log; nothing was replayed. It "
            "takes two."
        )
    volts = _volts_column(rows, file)
    battery, known = _battery_current(rows, volts + 2, file)
    times = read_times(stamps, "stamp", None, file)
    seconds = times.seconds if times is not None else []
    pairs = [
        (at_s, -row[volts] * row[battery])
        for at_s, row in zip(seconds, rows, strict=True)
        if at_s is not None
    ]
    words = (
        f"BatteryMonitor's log: volts in column {volts + 2}, the battery's current in column "
        f"{battery + 2} ({known})"
    )
    return Log([pair[0] for pair in pairs], [pair[1] for pair in pairs], words)


def _volts_column(rows: Sequence[Sequence[float]], file: str) -> int:
    """The battery's volts: the first figure above a cell's, with the spread behind it.

    With one cell there is none; its volts then stand twice.
    """
    sample = rows[:: max(1, len(rows) // 50)]
    width = len(rows[0])
    cells = next(
        (at for at in range(width) if not all(_CELL_V[0] < row[at] < _CELL_V[1] for row in sample)),
        width,
    )
    if cells < width - 2 and all(
        row[cells] > _CELL_V[1] and 0 <= row[cells + 1] < _MOST_SPREAD_V for row in sample
    ):
        return cells
    if cells == 2 and all(_near(row[0], row[1]) and abs(row[2]) < _SAME for row in sample):
        return 1
    raise DayError(
        f"{file} looks like BatteryMonitor's log, but it does not show which column has the "
        "battery's volts; "
        "nothing was replayed. Write time,surplus_w rows of it: volts times amperes, charging "
        "positive."
    )


def _near(value: float, other: float) -> bool:
    """Equal but for rounding."""
    return abs(value - other) <= _SAME * max(abs(value), abs(other))


def _battery_current(rows: Sequence[Sequence[float]], first: int, file: str) -> tuple[int, str]:
    """The column of the battery's current, and how it is known."""
    last = len(rows[0])
    end = last - _socs(rows, first)
    every = list(range(first, end))
    currents = [at for at in every if any(row[at] for row in rows)] or every[
        :1
    ]  # an input without a sensor reads 0
    if len(currents) == 1:
        return currents[0], "the only current"
    if len(currents) == 2:
        both = any(row[currents[0]] < 0 for row in rows) or len(every) == len(currents)
        if both and all(row[currents[1]] <= _BALANCE_A for row in rows):
            return currents[0], "the first of two"
    sums = [
        at
        for at in currents
        if any(
            _adds_up(rows, at, pair) for pair in combinations([c for c in currents if c != at], 2)
        )
    ]
    if len(sums) == 1:
        return sums[0], "the one that the others add up to"
    raise DayError(
        f"{file} is BatteryMonitor's log with {len(currents)} currents, and it does not show "
        "which is the battery's: "
        "none, or several, are the sum of two others. Nothing was replayed. Write time,surplus_w "
        "rows "
        "of it: volts times the battery's amperes, charging positive."
    )


def _adds_up(rows: Sequence[Sequence[float]], at: int, pair: tuple[int, int]) -> bool:
    """Return True for a current that is the sum of what comes in and what is taken."""
    low, high = (
        pair
        if sum(row[pair[0]] for row in rows) < sum(row[pair[1]] for row in rows)
        else pair[::-1]
    )
    for row in rows:
        if abs(row[at] - row[low] - row[high]) > _BALANCE_A:
            return False
        if row[low] > _BALANCE_A or row[high] < -_BALANCE_A:
            return False
    return any(abs(row[low]) > _BALANCE_A for row in rows) and any(
        abs(row[high]) > _BALANCE_A for row in rows
    )


def _socs(rows: Sequence[Sequence[float]], first: int) -> int:
    """The number of last columns that are states of charge in percent."""
    width = len(rows[0])
    count = 0
    while count < 2 and width - count - 1 > first:
        column = [row[width - count - 1] for row in rows]
        smooth = max(abs(after - before) for before, after in pairwise(column)) < 10
        if not (smooth and all(-20 <= value <= 120 for value in column)):
            break
        if count == 1 and not _like(rows, width - 1, width - 2):
            break
        count += 1
    if count == 0:
        return 1
    return count


def _like(rows: Sequence[Sequence[float]], left: int, right: int) -> bool:
    """Tell two states of charge of one battery: they never lie far apart."""
    return all(abs(row[left] - row[right]) < 25 and row[right] > 1 for row in rows)
