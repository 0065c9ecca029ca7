# SPDX-License-Identifier: GPL-3.0-or-later
"""The surplus that is expected for the rest of the day: the last days, from this time of day on.

It is no forecast of the weather. Each of the last days stands for itself, since a mean of them has
no clouds: a day on which the sun comes and goes gives three phases less than its mean would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SunAhead:
    """`days_w`: on each of some days the power until midnight, watts, a value for each `every_s`.

    Without any day nothing is expected.
    """

    days_w: tuple[tuple[float, ...], ...]
    every_s: int

    def captured_wh(self, least_w: float, most_w: float) -> float:
        """Mean of the days of what a car gets that needs *least_w* and takes up to *most_w*."""
        if not self.days_w:
            return 0.0
        taken_w = sum(
            min(sun_w, most_w) for day_w in self.days_w for sun_w in day_w if sun_w >= least_w
        )
        return taken_w * self.every_s / 3600 / len(self.days_w)


UNKNOWN: Final = SunAhead((), 900)
