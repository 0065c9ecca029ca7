# SPDX-License-Identifier: GPL-3.0-or-later
"""EnergyStats: sums of the records of energy.log over a day, 5 days, 30 days and a year.

The windows are the original's: the last N days are today and the N - 1 days before it. Its record
of 0 kWh at the end of a day without a charge counts as no day on which charging occurs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

EPOCH_YEAR: Final = 2020
"""The year from which the original numbers its days."""

YEAR_DAYS: Final = 365.25
"""The length of a year in that numbering; cut to whole days, so it slips by a day now and then."""


@dataclass(frozen=True, slots=True)
class EnergyRecord:
    """One line of energy.log: a session that ended on `day` after `hours`, having taken kWh."""

    day: date
    energy_kwh: float
    hours: float


@dataclass(frozen=True, slots=True)
class EnergyStats:
    """The figures of the file EnergyStats, kWh; each mean is over days on which charging occurs."""

    year_kwh: float
    days_30_kwh: float
    days_5_kwh: float
    today_kwh: float
    session_kwh: float
    mean_90_kwh: float
    mean_30_kwh: float
    mean_5_kwh: float


def day_number(day: date) -> int:
    """Return the number of *day* in the original's numbering: 1 is 1 January 2020."""
    return day.timetuple().tm_yday + int((day.year - EPOCH_YEAR) * YEAR_DAYS)


def day_of_record(stamped: date, number: int) -> date:
    """Return the day of a record that was stamped on *stamped* and carries the day *number*.

    The stamp, where the two agree to a day: the numbers slip at some turns of the year (31 December
    2024 and 1 January 2025 have the same). Else the number, by which the original itself went.

    Raises OverflowError where no date has such a number.
    """
    slip = number - day_number(stamped)
    return stamped if abs(slip) <= 1 else stamped + timedelta(days=slip)


def energy_stats(records: Iterable[EnergyRecord], today: date) -> EnergyStats:
    """Return the figures on *today* over *records*, the newest last; later days are left out.

    The last session is the newest record, whatever its day.
    """
    day_kwh: dict[date, float] = {}
    session_kwh = 0.0
    for record in records:
        session_kwh = record.energy_kwh
        if record.energy_kwh > 0:
            day_kwh[record.day] = day_kwh.get(record.day, 0.0) + record.energy_kwh

    def window(days: int) -> list[float]:
        return [kwh for day, kwh in day_kwh.items() if 0 <= (today - day).days < days]

    def mean(days: int) -> float:
        kwh = window(days)
        return sum(kwh) / len(kwh) if kwh else 0.0

    return EnergyStats(
        year_kwh=sum(window(365)),
        days_30_kwh=sum(window(30)),
        days_5_kwh=sum(window(5)),
        today_kwh=sum(window(1)),
        session_kwh=session_kwh,
        mean_90_kwh=mean(90),
        mean_30_kwh=mean(30),
        mean_5_kwh=mean(5),
    )
