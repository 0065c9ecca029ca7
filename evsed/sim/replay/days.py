# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded days, from evsed, OpenEVSE or BatteryMonitor, to one value a second.

==============================  ================================================================
`time,surplus_w`                ISO 8601 or Unix seconds; watts spare before the car takes anything
OpenEVSE's files                time, solar watts and perhaps grid watts (import positive); with a
                                column named after the grid the surplus is what is exported; `,` or
                                `;`; times as 2018-06-14 08:21:00, 14/06/2018 08:21:00 or Unix
BatteryMonitor's day logs       no header; a stamp of 14 digits, the cells' volts, the battery's
                                volts, the spread, its amperes (discharging positive), the incoming
                                amperes, and the state of charge, with blanks between; the surplus
                                is what goes into the battery
==============================  ================================================================

Rows without a value (empty or `null`) are left out. A row that is wrong is an error that names its
line. Between rows the surplus is a straight line.
"""

from __future__ import annotations

import csv
import gzip
import math
import re
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evsed.errors import DayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_S: Final = 7 * 86_400
"""More than a week between the first row and the last is a wrong date rather than a day."""

SHOWN: Final = 10
"""So many wrong rows are named; of the others only how many there are."""

_MOMENTS: Final = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")
_LOG_LINE: Final = re.compile(r"\d{14}(\s+-?\d+(\.\d*)?){6,}\s*")


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """One day: its `name`, when it `started`, and the surplus of each second from then on, in W."""

    name: str
    started: datetime
    surplus_w: array[float]


def read_day(path: Path) -> RecordedDay:
    """Read a file, plain or gzip. Raises DayError."""
    try:
        packed = path.read_bytes()
        text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DayError(
            f"{path} cannot be read ({error}); nothing was replayed. Give the path of a CSV file."
        ) from error
    return RecordedDay(path.name.removesuffix(".gz").removesuffix(".csv"), *_day(path, text))


def _day(path: Path, text: str) -> tuple[datetime, array[float]]:
    """The start and the seconds of a day."""
    moments: list[tuple[float, float]] = []
    wrong: list[str] = []
    for number, row in _rows(text):
        try:
            if (read := row()) is None:
                continue
            if moments and read[0] <= moments[-1][0]:
                raise ValueError("its time is not later than that of the row before")
            moments.append(read)
        except ValueError as error:
            wrong.append(f"{path}, line {number}: {error}")
    if wrong:
        more = [f"... and {len(wrong) - SHOWN} more rows"] if len(wrong) > SHOWN else []
        lines = "\n".join(wrong[:SHOWN] + more)
        raise DayError(f"{lines}\nNothing was replayed. Correct these rows, or delete them.")
    if len(moments) < 2:  # noqa: PLR2004 - a line has two ends
        raise DayError(
            f"{path} has {len(moments)} rows with time and watts; nothing was replayed. "
            "A day needs two at least, under a header such as time,surplus_w."
        )
    if moments[-1][0] - moments[0][0] > LONGEST_S:
        raise DayError(
            f"{path} spans more than a week; nothing was replayed. Split it, or correct the dates."
        )
    return datetime.fromtimestamp(moments[0][0], tz=UTC), _seconds(moments)


def _rows(text: str) -> Iterator[tuple[int, Callable[[], tuple[float, float] | None]]]:
    """Each row's line number, and what reads it: a moment and watts, or None to leave it out."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    if _LOG_LINE.fullmatch(first):
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, partial(_from_log, line)
        return
    reader = csv.reader(lines, delimiter=";" if first.count(";") > first.count(",") else ",")
    column, factor = 1, 1.0
    headed = False
    for row in reader:
        cells = [cell.strip().strip('"') for cell in row]
        if not any(cells):
            continue
        if not headed:
            headed = True
            if not _is_moment(cells[0]):
                column, factor = _columns(cells)
                continue
        yield reader.line_num, partial(_from_cells, cells, column, factor)


def _columns(header: list[str]) -> tuple[int, float]:
    """Which column holds the watts, and what makes them watts and export positive."""
    names = [name.casefold() for name in header]
    column = next((at for at, name in enumerate(names) if "surplus" in name), None)
    sign = 1.0
    if column is None:
        column = next((at for at, name in enumerate(names) if "grid" in name), None)
        sign = -1.0 if column is not None else 1.0
    column = 1 if column is None else column
    scale = 1000.0 if column < len(names) and "kw" in names[column] else 1.0
    return column, sign * scale


def _from_cells(cells: list[str], column: int, factor: float) -> tuple[float, float] | None:
    """Read one row of a CSV file. Raises ValueError."""
    moment_s = _moment(cells[0])
    if len(cells) <= column:
        raise ValueError(f"it has {len(cells)} column(s); the watts belong in column {column + 1}")
    if cells[column].casefold() in ("", "null", "nan"):
        return None
    return moment_s, factor * _number(cells[column], "watts")


def _from_log(line: str) -> tuple[float, float]:
    """Read one line of BatteryMonitor's log. Raises ValueError."""
    if not _LOG_LINE.fullmatch(line):
        raise ValueError(f"{line.strip()!r} is no line of BatteryMonitor's log")
    stamp, *values = line.split()
    volts, amperes = float(values[-5]), float(values[-3])
    moment = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return moment.timestamp(), 0.0 - volts * amperes


def _moment(text: str) -> float:
    """Unix seconds of a time in any of the forms. Raises ValueError."""
    try:
        return _number(text, "seconds")
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for form in _MOMENTS:
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - made UTC below
                break
            except ValueError:
                continue
        else:
            raise ValueError(f"{text!r} is no time; ISO 8601 or Unix seconds are") from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _is_moment(text: str) -> bool:
    """Whether a cell is a time, and the row so no header."""
    try:
        _moment(text)
    except ValueError:
        return False
    return True


def _number(text: str, what: str) -> float:
    """A finite number. Raises ValueError."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number of {what}") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no finite number of {what}")
    return value


def _seconds(moments: list[tuple[float, float]]) -> array[float]:
    """A value a second from the first row to the last, on straight lines between the rows."""
    start_s, end_s = moments[0][0], moments[-1][0]
    seconds = array("d")
    after = 1
    for second in range(math.floor(end_s - start_s) + 1):
        now_s = start_s + second
        while moments[after][0] < now_s:
            after += 1
        (from_s, from_w), (to_s, to_w) = moments[after - 1], moments[after]
        seconds.append(from_w + (to_w - from_w) * (now_s - from_s) / (to_s - from_s))
    return seconds
