# SPDX-License-Identifier: GPL-3.0-or-later
"""The tariff: what a kWh of the grid costs, by the clock on the wall.

One price, and others for ranges of the week: "0.32, Mon-Fri 22:00-06:00 0.18, Sat,Sun
00:00-24:00 0.25". Of ranges that overlap the first counts. Any currency will do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evsed.core.text import text
from evsed.core.user.weekly_window import WeeklyWindow

if TYPE_CHECKING:
    from datetime import datetime

TARIFF_WORDS: Final = text(
    'a price, and others for days and times, such as "0.32, Mon-Fri 22:00-06:00 0.18"'
)
_PRICE: Final = r"(-?\d{1,5}(?:\.\d+)?)"
_BASE: Final = re.compile(_PRICE, re.ASCII)
_RANGE: Final = re.compile(rf"(.*:\d\d)\s+{_PRICE}", re.ASCII)
_NEXT: Final = re.compile(r"(?<=\d)\s*,\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tariff:
    """`base` is the price where none of `ranges` is open."""

    base: float
    ranges: tuple[tuple[WeeklyWindow, float], ...] = ()

    @classmethod
    def parse(cls, written: str) -> Tariff:
        """Read "0.32, Mon-Fri 22:00-06:00 0.18". Raises ValueError."""
        first, *others = _NEXT.split(written.strip())
        if _BASE.fullmatch(first) is None:
            raise ValueError(text("it must be {tariff_words}", tariff_words=TARIFF_WORDS))
        ranges = []
        for part in others:
            found = _RANGE.fullmatch(part)
            if found is None:
                raise ValueError(
                    text(
                        "{part} is no range with a price; it must be {tariff_words}",
                        part=repr(part[:40]),
                        tariff_words=TARIFF_WORDS,
                    )
                )
            ranges.append((WeeklyWindow.parse(found[1]), float(found[2])))
        return cls(float(first), tuple(ranges))

    def price_at(self, local: datetime) -> float:
        """Return the price of a kWh at *local*."""
        return next((price for window, price in self.ranges if window.open_at(local)), self.base)
