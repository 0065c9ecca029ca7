# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of the feed's own past: is it time to start, is a cloud worth waiting for.

The last reading is the best forecast of the next one; on recorded days a fit of the change to
slope, mean, highest and lowest of the last quarter of an hour takes 2 % off the error. The past
does show what kind of day it is. Two readings between clouds are a hole while it was dark before,
and a cloud is worth waiting for while the sun was strong before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

READINGS: Final = 2
"""A run starts on this many readings in a row that cover it..."""

READINGS_IN_THE_DARK: Final = 3
"""... or on this many where it was dark before."""

CONFIRM_S: Final = 20.0
"""... and, where readings come fast, once they have covered it for so long; in the dark for twice
as long. In seconds."""

SLOW_S: Final = 90.0
"""A feed with news less often than this, in seconds, needs one reading that covers a start. To
wait for the next cost 2 points of the sun on a feed once in 5 minutes and 6 on one in 15, and lent
0.1 and 0.3 kWh a day less; on a feed once a minute neither is better (docs/solar.md)."""

DARK_SHARE: Final = 0.6
"""Dark: the mean of late is below this share of the least power."""

DARK_S: Final = 350.0
"""The time constant of that mean, in seconds."""

STEADY_SHARE: Final = 0.8
"""After a stop for lack of sun, a short mean has to reach this share of the least power too."""

STEADY_S: Final = 200.0
"""The time constant of that mean, in seconds."""

DOUBT_S: Final = 3600.0
"""For this long after such a stop, in seconds."""

SUNNY_S: Final = 750.0
"""The time constant of the mean that the loan goes by, in seconds."""

LOAN_NONE_AT: Final = 0.37
"""With the mean of late at this share of the least power the loan would be nothing..."""

LOAN_WHOLE_AT: Final = 2.0
"""... and whole at this; in between it is in proportion."""

LOAN_LEAST: Final = 0.1
"""But never below this share, so that a meter's noise around the least power ends no run."""


@dataclass(slots=True)
class _FadingMean:
    """A mean that forgets with a time constant of `span_s` seconds, from its first value on."""

    span_s: float
    watts: float | None = None

    def add(self, watts: float, passed_s: float) -> None:
        """Take in a value after so many seconds."""
        if self.watts is None:
            self.watts = watts
        self.watts += (watts - self.watts) * -math.expm1(-passed_s / self.span_s)

    def reaches(self, watts: float) -> bool:
        """Return True where the mean is at least `watts`."""
        return self.watts is not None and self.watts >= watts


class StartConditions:
    """Counts covering readings and keeps the means of late."""

    def __init__(self, least_w: float) -> None:
        """`least_w` is the power of the least current, in watts."""
        self.least_w = least_w
        self._dark = _FadingMean(DARK_S)
        self._steady = _FadingMean(STEADY_S)
        self._sunny = _FadingMean(SUNNY_S)
        self._covering = 0
        self._covering_s = self._period_s = 0.0

    @property
    def covering(self) -> int:
        """Number of readings in a row that covered the start, up to the last."""
        return self._covering

    @property
    def confirmed(self) -> bool:
        """True once they are enough for a start, as bright as it was before."""
        if self._period_s > SLOW_S:
            return self._covering > 0
        if self._dark.reaches(DARK_SHARE * self.least_w):
            return self._covering >= READINGS and self._covering_s >= CONFIRM_S
        return self._covering >= READINGS_IN_THE_DARK and self._covering_s >= 2 * CONFIRM_S

    @property
    def late_w(self) -> float:
        """The mean of the last minutes, in watts; 0 before any reading."""
        return self._steady.watts or 0.0

    @property
    def loan_share(self) -> float:
        """The share of the owner's loan that waiting for the sun is worth, 0 to 1."""
        ratio = (self._sunny.watts or 0.0) / self.least_w
        share = (ratio - LOAN_NONE_AT) / (LOAN_WHOLE_AT - LOAN_NONE_AT)
        return min(1.0, max(LOAN_LEAST, share))

    def add(self, available_w: float, passed_s: float, *, covers: bool, period_s: float) -> None:
        """Add a reading, `passed_s` seconds after the last; one comes every `period_s`."""
        self._period_s = period_s
        known_s = min(max(passed_s, 0.0), 1e5)
        for mean in (self._dark, self._steady, self._sunny):
            mean.add(available_w, known_s)
        self._covering_s = self._covering_s + known_s if covers and self._covering else 0.0
        self._covering = self._covering + 1 if covers else 0

    def reset(self) -> None:
        """Break the row: a start needs readings from after this."""
        self._covering = 0
        self._covering_s = 0.0

    def steady(self, stopped_ago_s: float) -> bool:
        """Return True where the sun came back to stay, so long after a stop for lack of it."""
        doubt = stopped_ago_s < DOUBT_S
        return not doubt or self._steady.reaches(STEADY_SHARE * self.least_w)
