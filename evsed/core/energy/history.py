# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace: one row a minute, thinned to one row a quarter of an hour.

`MinuteAverager` makes rows of samples on monotonic time. Their place on the wall clock is computed
when they are written (`Minute.at()`), so a clock that was corrected in between is right for them as
well. `merged()` is the only place where rows become fewer. Both conserve energy: the power of a row
times the time it covers is the energy that flowed, to half a watt.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from itertools import groupby
from typing import Final

from evsed.core.energy.sessions import GAP_S

MINUTE_S: Final = 60
QUARTER_S: Final = 900

_SLIVER_S: Final = 0.5
"""A row that would be shorter belongs to the next minute; a clock that is slewed moves less."""


@dataclass(frozen=True, slots=True)
class TraceSample:
    """One moment: watts available (None: not known), offered and taken, Wh lent, pilot state."""

    available_w: float | None
    offered_w: float
    power_w: float
    battery_loan_wh: float | None
    state: str


@dataclass(frozen=True, slots=True)
class TraceRow:
    """The means of a minute or of a quarter of an hour; `state` is the last.

    `at` is its beginning in seconds since 1970 (UTC). `covered_s` is the number of its seconds with
    samples: the energy is `power_w` times that. It exceeds the length of the row where the wall
    clock was set back and had the hour twice.
    """

    at: int
    covered_s: int
    available_w: int | None
    offered_w: int
    power_w: int
    battery_loan_wh: int | None
    state: str


@dataclass(frozen=True, slots=True)
class DayTrace:
    """The rows of one local day, which begins at `start`; one row for every `every_s` seconds."""

    day: date
    start: datetime
    every_s: int
    rows: tuple[TraceRow, ...]


class By(Enum):
    """The length of a period."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class PeriodTotal:
    """Totals of the days of one period that begins on `start`; None: never known."""

    start: date
    energy_wh: float
    charge_s: float
    solar_wh: float | None
    cost: float | None = None
    savings: float | None = None


@dataclass(slots=True)
class _TimeMean:
    """A mean over time; unknown values do not count."""

    total: float = 0.0
    span_s: float = 0.0

    def add(self, value: float | None, span_s: float) -> None:
        if value is not None:
            self.total += value * span_s
            self.span_s += span_s

    def over(self, span_s: float) -> int:
        """Return the mean over *span_s*."""
        return round(self.total / span_s)

    @property
    def known(self) -> int | None:
        """The mean over the time for which it is known."""
        return self.over(self.span_s) if self.span_s > 0 else None


@dataclass(slots=True)
class Minute:
    """A row in the making; `begins_at` and `ends_at` are monotonic."""

    begins_at: float
    ends_at: float
    _available: _TimeMean = field(default_factory=_TimeMean)
    _offered: _TimeMean = field(default_factory=_TimeMean)
    _power: _TimeMean = field(default_factory=_TimeMean)
    _battery_loan: _TimeMean = field(default_factory=_TimeMean)
    _state: str = "-"

    def add(self, span_s: float, sample: TraceSample) -> None:
        """Add *sample*, which held for *span_s*."""
        self._available.add(sample.available_w, span_s)
        self._offered.add(sample.offered_w, span_s)
        self._power.add(sample.power_w, span_s)
        self._battery_loan.add(sample.battery_loan_wh, span_s)
        self._state = sample.state

    def at(self, wall_minus_monotonic_s: float) -> TraceRow:
        """Return the row, placed by the present offset of the wall clock."""
        covered_s = max(1, round(self._power.span_s))
        begins = self.begins_at + wall_minus_monotonic_s + _SLIVER_S
        return TraceRow(
            at=math.floor(begins / MINUTE_S) * MINUTE_S,
            covered_s=covered_s,
            available_w=self._available.known,
            offered_w=self._offered.over(self._offered.span_s),
            power_w=self._power.over(covered_s),
            battery_loan_wh=self._battery_loan.known,
            state=self._state,
        )


class MinuteAverager:
    """Averages samples to minutes.

    A sample holds until the next, or for `GAP_S`, as energy is counted (`core.energy.sessions`).
    """

    def __init__(self) -> None:
        self._sample: TraceSample | None = None
        self._at = 0.0
        self._open: Minute | None = None

    @property
    def open(self) -> Minute | None:
        """The minute under way; None before the first and between two."""
        return self._open

    def add(self, now: float, wall_s: float, sample: TraceSample) -> list[Minute]:
        """Add *sample*, which holds from *now* (monotonic) on; return the minutes completed by it.

        *wall_s* is the wall clock in seconds since 1970. It decides where a minute begins.
        """
        done = []
        before, at = self._sample, self._at
        self._sample, self._at = sample, now
        until = min(now, at + GAP_S)
        while before is not None and at < until:
            if self._open is not None and at >= self._open.ends_at:
                done.append(self._open)
                self._open = None
            if self._open is None:
                left_s = MINUTE_S - (wall_s - (now - at)) % MINUTE_S
                self._open = Minute(at, at + left_s + (MINUTE_S if left_s < _SLIVER_S else 0))
            to = min(until, self._open.ends_at)
            self._open.add(to - at, before)
            at = to
        if self._open is not None and now >= self._open.ends_at:
            done.append(self._open)
            self._open = None
        return done


def merged(rows: Iterable[TraceRow], every_s: int) -> list[TraceRow]:
    """Return *rows* merged to one for every *every_s* seconds, the oldest first.

    Of rows with the same beginning, the state of the last holds.
    """
    ordered = sorted(rows, key=lambda row: row.at)
    slots = groupby(ordered, lambda row: row.at // every_s * every_s)
    return [_merge(at, list(group)) for at, group in slots]


def _merge(at: int, rows: list[TraceRow]) -> TraceRow:
    available, offered, power, loan = _TimeMean(), _TimeMean(), _TimeMean(), _TimeMean()
    for row in rows:
        available.add(row.available_w, row.covered_s)
        offered.add(row.offered_w, row.covered_s)
        power.add(row.power_w, row.covered_s)
        loan.add(row.battery_loan_wh, row.covered_s)
    covered_s = sum(row.covered_s for row in rows)
    return TraceRow(
        at=at,
        covered_s=covered_s,
        available_w=available.known,
        offered_w=offered.over(covered_s),
        power_w=power.over(covered_s),
        battery_loan_wh=loan.known,
        state=rows[-1].state,
    )
