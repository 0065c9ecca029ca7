# SPDX-License-Identifier: GPL-3.0-or-later
"""The tariff: what a kWh of the grid costs, by the clock on the wall.

One price, and others for ranges of the week: "0.32, Mon-Fri 22:00-06:00 0.18, Sat,Sun
00:00-24:00 0.25". Of ranges that overlap the first counts. Any currency will do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from evsed.core.user.weekly_window import WeeklyWindow

if TYPE_CHECKING:
    from datetime import tzinfo

STEP_S: Final = 300.0
"""Prices are looked up every five minutes: tariffs change on the hour or its quarters."""
TARIFF_WORDS: Final = (
    'a price, and others for days and times, such as "0.32, Mon-Fri 22:00-06:00 0.18"'
)
_PRICE: Final = r"(-?\d{1,5}(?:\.\d+)?)"
_BASE: Final = re.compile(_PRICE, re.ASCII)
_RANGE: Final = re.compile(rf"(.*:\d\d)\s+{_PRICE}", re.ASCII)
_NEXT: Final = re.compile(r"(?<=\d)\s*,\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class PriceSlot:
    """From `begin_s` to `end_s`, seconds from now, a kWh costs `price`."""

    begin_s: float
    end_s: float
    price: float


@dataclass(frozen=True, slots=True)
class Tariff:
    """`base` is the price where none of `ranges` is open."""

    base: float
    ranges: tuple[tuple[WeeklyWindow, float], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Tariff:
        """Read "0.32, Mon-Fri 22:00-06:00 0.18". Raises ValueError."""
        first, *others = _NEXT.split(text.strip())
        if _BASE.fullmatch(first) is None:
            raise ValueError(f"it must be {TARIFF_WORDS}")
        ranges = []
        for part in others:
            found = _RANGE.fullmatch(part)
            if found is None:
                raise ValueError(
                    f"{part[:40]!r} is no range with a price; it must be {TARIFF_WORDS}"
                )
            ranges.append((WeeklyWindow.parse(found[1]), float(found[2])))
        return cls(float(first), tuple(ranges))

    def price_at(self, local: datetime) -> float:
        """Return the price of a kWh at *local*."""
        return next((price for window, price in self.ranges if window.open_at(local)), self.base)

    def slots(self, at: float, until: float, zone: tzinfo) -> tuple[PriceSlot, ...]:
        """Return the prices from *at* to *until* (Unix time) by the clock of *zone*.

        Neighbours differ in their price.
        """
        found: list[PriceSlot] = []
        moment = at
        while moment < until:
            following = min(until, (moment // STEP_S + 1) * STEP_S)
            price = self.price_at(datetime.fromtimestamp(moment, zone))
            begin_s, end_s = moment - at, following - at
            if found and found[-1].price == price:
                begin_s = found.pop().begin_s
            found.append(PriceSlot(begin_s, end_s, price))
            moment = following
        return tuple(found)
