# SPDX-License-Identifier: GPL-3.0-or-later
"""The sun as it usually is: the power that the car could have had, by the quarter of an hour.

It is the median of the last days. evsed asks no weather service, and the mean of a few days tells
less of the next one where one of them was bright. What is to choose between one phase and all needs
the clouds as well; so the days themselves are kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING, Final

from evsed.core.energy.history import QUARTER_S, merged
from evsed.core.solar.sun_ahead import SunAhead

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from evsed.core.energy.history import DayTrace

DAYS_MOST: Final = 7
"""Of a week the season changes little, and each day of the week is in it once."""
DAYS_LEAST: Final = 3
"""The median of fewer is that of one day."""
QUARTERS: Final = 24 * 3600 // QUARTER_S


@dataclass(frozen=True, slots=True)
class UsualSun:
    """The usual power of each quarter of an hour of a day, watts, of `days` days.

    `days_w`: the same for each of the days by itself.
    """

    days: int
    quarters_w: tuple[float, ...]
    days_w: tuple[tuple[float, ...], ...] = ()

    def at(self, local: datetime) -> float:
        """Return the power at *local*, a time on the wall."""
        return self.quarters_w[_quarter(local)]

    def ahead(self, local: datetime) -> SunAhead:
        """Return what the days gave from *local*, a time on the wall, until midnight."""
        begin = _quarter(local)
        return SunAhead(tuple(day_w[begin:] for day_w in self.days_w), QUARTER_S)


def usual_sun(days: Iterable[DayTrace], zone: tzinfo) -> UsualSun | None:
    """Return the usual sun of *days* by the clock of *zone*; None where too few of them know it.

    A quarter of an hour that fewer than `DAYS_LEAST` of them know counts as dark.
    """
    known: list[list[float]] = [[] for _ in range(QUARTERS)]
    each_w: list[tuple[float, ...]] = []
    for day in days:
        rows = [row for row in merged(day.rows, QUARTER_S) if row.available_w is not None]
        day_w = [0.0] * QUARTERS
        for row in rows:
            quarter = _quarter(datetime.fromtimestamp(row.at, zone))
            day_w[quarter] = float(row.available_w or 0)
            known[quarter].append(day_w[quarter])
        if rows:
            each_w.append(tuple(day_w))
    if len(each_w) < DAYS_LEAST:
        return None
    return UsualSun(
        len(each_w),
        tuple(median(each) if len(each) >= DAYS_LEAST else 0.0 for each in known),
        tuple(each_w),
    )


def _quarter(local: datetime) -> int:
    return (local.hour * 3600 + local.minute * 60) // QUARTER_S
