# SPDX-License-Identifier: GPL-3.0-or-later
"""The column of times as a whole: which form it has, and the moment of each row.

A cell alone is often open (06/07/2026, 1781413200, 46187.25); the column settles it, or an option.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from evsed.sim.dayfiles.numbers import is_missing, to_number
from evsed.sim.dayfiles.options import AmbiguousDay, Choice, DateOrder
from evsed.sim.dayfiles.stamps import DAY_S, Stamp, date_s, parse_stamp

EPOCH: Final = (
    (1e9, 2.05e9, 1.0, "s"),
    (1e12, 2.05e12, 1e-3, "ms"),
    (1e15, 2.05e15, 1e-6, "us"),
    (1e18, 2.05e18, 1e-9, "ns"),
)
"""Unix times from 2001 to 2034, and what makes seconds of them."""

EXCEL: Final = (36_526.0, 51_000.0)
"""Excel's days since 1899-12-30: the years 2000 to 2039."""

LONGEST_S: Final = 1000 * DAY_S
"""No device counts seconds, minutes or hours from a start that is longer ago."""

_EXCEL_1970: Final = 25_569
_ELAPSED: Final = (
    (r"(^|[\s_(\[])(seconds?|secs?|sekunden?|secondes?|segundos?|s)([)\]\s_]|$)", 1.0, "seconds"),
    (r"(^|[\s_(\[])(minutes?|mins?|minuten?|minutos?|minuti)([)\]\s_]|$)", 60.0, "minutes"),
    (r"(^|[\s_(\[])(hours?|hrs?|stunden?|heures?|horas?|ore|uur|h)([)\]\s_]|$)", 3600.0, "hours"),
)  # fmt: skip
_NEARLY: Final = 1.5


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of each row (None: no time there) and what they were taken for.

    `wall` says that `seconds` are a wall clock's, not UTC; `dated` that the date is known.
    `offset_s` makes a local clock of them; None where that is not known.
    """

    seconds: list[float | None]
    words: str
    wall: bool
    dated: bool = True
    offset_s: float | None = None


def looks_like_time(text: str) -> bool:
    """Return True for a cell that is a date, a time or a Unix time."""
    if parse_stamp(text) is not None:
        return True
    return _epoch_of(text) is not None


def read_times(cells: Sequence[str], name: str, order: DateOrder | None, file: str) -> Times | None:
    """Moments of a column called `name`; None where it is no column of times.

    Raises AmbiguousDay where day and month cannot be distinguished.
    """
    filled = [text for text in cells if not is_missing(text)]
    if not filled:
        return None
    stamps = [parse_stamp(text) for text in filled[:50]]
    if not all(stamps) and _too_small(filled, name):
        return None
    numbers = None if all(stamps) else _as_numbers(filled)
    if numbers is None:
        parsed = [None if is_missing(text) else parse_stamp(text) for text in cells]
        known = sum(1 for stamp in parsed if stamp is not None)
        return _from_stamps(parsed, order, file) if known > len(filled) / 2 else None
    return _from_numbers(cells, numbers, name)


def _too_small(cells: Sequence[str], name: str) -> bool:
    """Tell numbers that are no time by a few of them: a day of seconds has 86 400."""
    numbers = _as_numbers(cells[:: 1 + len(cells) // 200])
    return (
        numbers is not None
        and max(numbers, default=0.0) < EXCEL[0]
        and not any(re.search(pattern, name.casefold()) for pattern, _, _ in _ELAPSED)
    )


def _as_numbers(cells: Sequence[str]) -> list[float] | None:
    """The column as numbers; None where a cell of the first is none."""
    numbers = []
    for text in cells:
        try:
            numbers.append(to_number(text, "," if "," in text else "."))
        except ValueError:
            if len(numbers) < min(len(cells), 20) / 2:
                return None
    return numbers


def _epoch_of(text: str) -> tuple[float, str] | None:
    """Seconds and unit of a Unix time."""
    text = text.strip()
    if not text[:1].isdigit() or len(text) > 32:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    for least, most, factor, unit in EPOCH:
        if least <= value < most:
            return value * factor, unit
    return None


def _from_numbers(cells: Sequence[str], numbers: Sequence[float], name: str) -> Times | None:
    """Unix times, Excel's days, or what has passed since the start."""
    middle = sorted(numbers)[len(numbers) // 2]
    for least, most, factor, unit in EPOCH:
        if least <= middle < most:
            return Times(
                _scaled(cells, factor, 0.0, (least, most)), f"Unix time in {unit}", wall=False
            )
    lower = name.casefold()
    if EXCEL[0] <= middle < EXCEL[1] and min(numbers) >= EXCEL[0] and max(numbers) < EXCEL[1]:
        fractions = any(number % 1 for number in numbers)
        if fractions and not re.search(r"kwh|wh|_w|power|energ", lower):
            seconds = _scaled(cells, DAY_S, -_EXCEL_1970 * DAY_S, EXCEL)
            return Times(seconds, "Excel's day numbers", wall=True, offset_s=0.0)
        return None
    for pattern, factor, words in _ELAPSED:
        if re.search(pattern, lower) and _counts_up(numbers) and numbers[-1] * factor < LONGEST_S:
            return Times(
                _scaled(cells, factor, 0.0, None),
                f"{words} since the start",
                wall=True,
                dated=False,
            )
    return None


def _counts_up(numbers: Sequence[float]) -> bool:
    """Return True for a column that only rises, from near 0."""
    return all(after > before for before, after in pairwise(numbers)) and 0 <= numbers[0] < DAY_S


def _scaled(
    cells: Sequence[str], factor: float, shift_s: float, span: tuple[float, float] | None
) -> list[float | None]:
    """Seconds of each cell; None where there is no number, or none in the `span`."""
    seconds: list[float | None] = []
    for text in cells:
        try:
            number = to_number(text, "," if "," in text else ".")
        except ValueError:
            seconds.append(None)
            continue
        inside = span is None or span[0] <= number < span[1]
        digits = 0 if span is EXCEL else 3  # a day number is written to a second at best
        exact = round(number * factor + shift_s, digits)
        seconds.append(exact if inside else None)
    return seconds


def _from_stamps(stamps: Sequence[Stamp | None], order: DateOrder | None, file: str) -> Times:
    """Dates and times that are written out."""
    known = [stamp for stamp in stamps if stamp is not None]
    if all(stamp.parts is None for stamp in known):
        return _clocks(stamps)
    settled = _settle(known, order, file)
    offsets = [stamp.offset_s is not None for stamp in known]
    aware, some = all(offsets), any(offsets)
    seconds: list[float | None] = []
    for stamp in stamps:
        if stamp is None or stamp.parts is None or (some and stamp.offset_s is None):
            seconds.append(None)
            continue
        midnight_s = date_s(stamp.parts, settled if stamp.order.startswith("?") else stamp.order)
        if midnight_s is None:
            seconds.append(None)
            continue
        seconds.append(midnight_s + (stamp.clock_s or 0.0) - (stamp.offset_s or 0))
    dated = [stamp.order for stamp in known if stamp.parts is not None]
    open_order = any(each.startswith("?") for each in dated)
    words = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year-month-day"}[
        settled if open_order else dated[0]
    ]
    halves = ", am/pm" if any(stamp.halves for stamp in known) else ""
    zone = ", with offset from UTC" if aware else ""
    return Times(seconds, f"{words}{halves}{zone}", wall=not aware, offset_s=_offset(known))


def _offset(stamps: Sequence[Stamp]) -> float | None:
    """Offset of the local clock: 0 for times without one, else as written; UTC says nothing."""
    offset_s = stamps[0].offset_s
    if offset_s is None:
        return 0.0
    return float(offset_s) if offset_s != 0 else None


def _clocks(stamps: Sequence[Stamp | None]) -> Times:
    """Times of a day that is not named; past midnight the next day begins."""
    seconds: list[float | None] = []
    shift_s, last_s = 0.0, None
    for stamp in stamps:
        if stamp is None or stamp.clock_s is None:
            seconds.append(None)
            continue
        now_s = stamp.clock_s + shift_s
        if last_s is not None and now_s < last_s - DAY_S / 2:
            shift_s += DAY_S
            now_s += DAY_S
        seconds.append(now_s)
        last_s = now_s
    return Times(seconds, "times of a day without its date", wall=True, dated=False, offset_s=0.0)


def _settle(stamps: Sequence[Stamp], order: DateOrder | None, file: str) -> DateOrder:
    """The order of the dates: by what is possible, by days in a row, or by the owner."""
    doubtful = [stamp for stamp in stamps if stamp.order.startswith("?")]
    if not doubtful:
        return order or "ymd"
    short = any(stamp.order == "??" for stamp in doubtful)
    candidates: list[DateOrder] = ["dmy", "mdy", "ymd"] if short else ["dmy", "mdy"]
    dates = list(dict.fromkeys(stamp.parts for stamp in doubtful if stamp.parts is not None))
    possible = [
        name for name in candidates if all(date_s(parts, name) is not None for parts in dates)
    ]
    if order is not None:
        if order in possible:
            return order
        raise AmbiguousDay(
            f"{file}: {_written(dates[0])} is no date as {order}; nothing was replayed. "
            f"Correct --date-order."
        )
    possible = _distinct(possible, dates)
    if len(possible) > 1:
        possible = _in_a_row(possible, dates)
    if len(possible) == 1:
        return possible[0]
    if not possible:
        raise AmbiguousDay(
            f"{file}: {_written(dates[0])} and the other dates are none in any order of day, "
            "month and "
            "year; nothing was replayed. Correct them."
        )
    raise AmbiguousDay(
        f"{file}: the date {_written(dates[0])} can be read in several ways; nothing was replayed. "
        "Give the order of day, month and year:",
        [Choice(_spelled(dates[0], name), (("date_order", name),)) for name in possible],
    )


def _distinct(possible: list[DateOrder], dates: Sequence[tuple[int, int, int]]) -> list[DateOrder]:
    """Orders that give different days: 06/06 is the 6th of June either way."""
    orders: dict[tuple[int | None, ...], DateOrder] = {}
    for name in possible:
        orders.setdefault(tuple(date_s(parts, name) for parts in dates), name)
    return list(orders.values())


def _in_a_row(possible: list[DateOrder], dates: Sequence[tuple[int, int, int]]) -> list[DateOrder]:
    """Orders by which several dates are days in a row, where others have holes of weeks."""
    if len(dates) < 2:
        return possible
    widest = {}
    for name in possible:
        days = [(date_s(parts, name) or 0) / DAY_S for parts in dates]
        widest[name] = max(abs(after - before) for before, after in pairwise(days))
    close = [name for name in possible if widest[name] <= _NEARLY]
    return close or possible


def _written(parts: tuple[int, int, int]) -> str:
    """A date as in the file, about."""
    return "/".join(f"{part:02d}" for part in parts)


def _spelled(parts: tuple[int, int, int], order: str) -> str:
    """A date that cannot be mistaken."""
    by_name = dict(zip(order, parts, strict=True))
    year = by_name["y"] + (2000 if by_name["y"] < 100 else 0)
    names = "January February March April May June July August September October November December"
    return f"{by_name['d']} {names.split()[by_name['m'] - 1]} {year}"
