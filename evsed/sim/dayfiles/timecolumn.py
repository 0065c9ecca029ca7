# SPDX-License-Identifier: GPL-3.0-or-later
"""The column that holds the times, or the two where date and clock are apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from evsed.errors import DayError
from evsed.sim.dayfiles.numbers import is_missing
from evsed.sim.dayfiles.options import DateOrder
from evsed.sim.dayfiles.sheet import Sheet
from evsed.sim.dayfiles.stamps import parse_stamp
from evsed.sim.dayfiles.timeline import Times, looks_like_time, read_times
from evsed.sim.dayfiles.words import plain

_SAMPLE: Final = 60
_MOST: Final = 0.6

_TIME_WORD: Final = re.compile(
    r"time|date\b|datum|zeit|\bdata\b|fecha|hora|heure|horodat|\bora\b|tijd|\btid|\bdato\b|czas|godzin|"
    r"\bcas\b|paiva|aika|\bts\b|stamp|moment|\bstart\b|interval|changed|updated|created|period|时间|日期|日時|時刻"
)
_LESS: Final = re.compile(
    r"\bend\b|\bende\b|\bstop|finish|\bbis\b|hasta|\bfin\b|until|\bto\b|updated|\bexport|reset|einde"
)
_HOUR_WORD: Final = re.compile(r"\b(hour|stunde|hora|heure|uur|ora|time|he|hr)\b")


class _Sort(IntEnum):
    """Sorts of columns that hold times, the best first."""

    MOMENT = 0
    DATE = 1
    CLOCK = 2
    ELAPSED = 3


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """The columns that are used up for the time, and what they give."""

    used: frozenset[int]
    name: str
    times: Times


def find_times(sheet: Sheet, wanted: int | None, order: DateOrder | None, file: str) -> TimeColumns:
    """The times of the rows. `wanted` is the column that the owner names. Raises DayError."""
    if wanted is not None:
        times = read_times(sheet.column(wanted), sheet.names[wanted], order, file)
        if times is None:
            raise DayError(
                f"{file}: column {sheet.names[wanted]!r} holds no times; nothing was replayed. "
                "Correct --time."
            )
        return TimeColumns(frozenset((wanted,)), sheet.names[wanted], times)
    sorts = {at: sort for at in range(len(sheet.names)) if (sort := _sort(sheet, at)) is not None}
    found = _pair(sheet, sorts, order, file) or _single(sheet, sorts, order, file)
    if found is None:
        raise DayError(
            f"{file} has no column of times among {_listed(sheet.names)}; nothing was replayed. "
            "evsed reads dates with a time of day, times of day, Unix time, and what has passed "
            "since the start, in a column whose name says the unit: t_s, minute or hour. Rename "
            "it, or give --time COLUMN."
        )
    return found


def _sort(sheet: Sheet, at: int) -> _Sort | None:
    """The sort of a column by its first cells; None where it holds no times."""
    cells = [cell for cell in sheet.column(at)[: 4 * _SAMPLE] if not is_missing(cell)][:_SAMPLE]
    if not cells:
        return None
    likely = [cell for cell in cells if looks_like_time(cell)]
    if len(likely) < _MOST * len(cells):
        times = read_times(sheet.column(at), sheet.names[at], None, "") if _numeric(cells) else None
        if times is None:
            return None
        return _Sort.ELAPSED if not times.dated else _Sort.MOMENT
    stamp = parse_stamp(likely[0])
    if stamp is None:
        return _Sort.MOMENT
    if stamp.parts is None:
        return _Sort.CLOCK
    stamps = [parse_stamp(cell) for cell in likely]
    clocks = {stamp.clock_s for stamp in stamps if stamp is not None}
    if clocks == {None}:
        return _Sort.DATE
    return _Sort.DATE if clocks == {0.0} and len(likely) > 1 else _Sort.MOMENT


def _numeric(cells: Sequence[str]) -> bool:
    """Tell cells that can be numbers."""
    return all(cell[:1].isdigit() or cell[:1] in "+-.," for cell in cells)


def _single(
    sheet: Sheet, sorts: dict[int, _Sort], order: DateOrder | None, file: str
) -> TimeColumns | None:
    """The best column that is a time by itself."""
    ranked = sorted(
        sorts, key=lambda at: (sorts[at], _stands(sheet, at), _rank(sheet.names[at]), at)
    )
    ranked = [at for at in ranked if sorts[at] is sorts[ranked[0]]]
    best: TimeColumns | None = None
    for at in ranked[:3]:
        times = read_times(sheet.column(at), sheet.names[at], order, file)
        if times is None:
            continue
        found = TimeColumns(frozenset((at,)), sheet.names[at], times)
        if best is None:
            best = found
        elif best.times.wall and not times.wall and not _LESS.search(plain(sheet.names[at])):
            best = found  # the one that no change of clocks can make doubtful
    if best is None:
        return None
    return TimeColumns(
        frozenset(at for at in sorts if _is_clock(sorts[at])) | best.used, best.name, best.times
    )


def _stands(sheet: Sheet, at: int) -> bool:
    """Return True for a time that is the same in all rows, such as the start of a query."""
    return (
        len(sheet.rows) > 2
        and len({row.cells[at] for row in sheet.rows if at < len(row.cells)}) == 1
    )


def _is_clock(sort: _Sort) -> bool:
    """Tell columns that are times in any case and hold no figures."""
    return sort is not _Sort.ELAPSED


def _rank(name: str) -> int:
    """The better the name, the smaller."""
    text = plain(name)
    if _LESS.search(text):
        return 2
    return 0 if _TIME_WORD.search(text) or not text else 1


def _pair(
    sheet: Sheet, sorts: dict[int, _Sort], order: DateOrder | None, file: str
) -> TimeColumns | None:
    """Date and clock in two columns."""
    dates = sorted(
        (at for at in sorts if sorts[at] is _Sort.DATE), key=lambda at: (_rank(sheet.names[at]), at)
    )
    clocks = sorted(
        (at for at in sorts if sorts[at] is _Sort.CLOCK),
        key=lambda at: (_rank(sheet.names[at]), at),
    )
    if not dates or any(sort is _Sort.MOMENT for sort in sorts.values()):
        return None
    date = dates[0]
    days = [_date_only(cell) for cell in sheet.column(date)]
    if clocks:
        clock_cells = sheet.column(clocks[0])
        used, name = {*dates, *clocks}, f"{sheet.names[date]} + {sheet.names[clocks[0]]}"
    else:
        hour = next(
            (
                at
                for at, name in enumerate(sheet.names)
                if _HOUR_WORD.search(plain(name)) and _hours(sheet, at)
            ),
            None,
        )
        if hour is None:
            return None
        clock_cells = _hours(sheet, hour) or []
        used, name = {*dates, hour}, f"{sheet.names[date]} + {sheet.names[hour]}"
    joined = [
        f"{day} {clock}" if day and clock and not is_missing(clock) else ""
        for day, clock in zip(days, clock_cells, strict=True)
    ]
    times = read_times(joined, name, order, file)
    return TimeColumns(frozenset(used), name, times) if times is not None else None


def _date_only(cell: str) -> str:
    """A date without the midnight that some programs add."""
    return re.sub(
        r"[T ]\s*0?0:00(:00(\.0+)?)?\s*(AM|am)?$|[T ]\s*12:00(:00)?\s*(AM|am)$", "", cell.strip()
    )


def _hours(sheet: Sheet, at: int) -> list[str] | None:
    """Clocks of a column with the number of the hour; 1 to 24 are hours that end then."""
    cells = sheet.column(at)
    numbers = []
    for cell in cells:
        if not re.fullmatch(r"\d{1,2}", cell):
            return None
        numbers.append(int(cell))
    shift = 1 if max(numbers) == 24 and min(numbers) >= 1 else 0
    if max(numbers) > 23 + shift:
        return None
    return [f"{number - shift:02d}:00" for number in numbers]


def _listed(names: Sequence[str]) -> str:
    """Names for a message."""
    listed = ", ".join(repr(name) for name in names[:8])
    return listed + (", ..." if len(names) > 8 else "")
