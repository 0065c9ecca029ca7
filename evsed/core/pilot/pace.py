# SPDX-License-Identifier: GPL-3.0-or-later
"""The moments of the ticks: evenly spaced, and never in step with the pilot.

Twenty milliseconds are twenty periods of the pilot, and on a Pi both are counted by one crystal. A
punctual tick would so begin at the same place of the pilot's period for minutes. A burst covers two
or three periods and a part of one, and that part would always be the same: the share of samples on
the high plateau would be wrong by up to 9 points (by simulation of both boards' patterns), which
looks like a duty that is not the commanded one. So each tick is put off by another part of the
period. Multiples of the golden ratio spread those parts as evenly as any sequence does, over few
ticks and over many; what is left of the error is half a point.
"""

from __future__ import annotations

from typing import Final

from evsed.core.pilot.pilot_meter import PERIOD_S

GOLDEN: Final = 0.6180339887498949  # (sqrt(5) - 1) / 2


class Pace:
    """`next_at()` is the moment of the next tick, monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._even_at = now
        self._part = 0.0

    def next_at(self, now: float, tick_s: float) -> float:
        """Return when the next tick begins; *now* is the end of the last one.

        A missed tick is not made up for: that would only bunch the bursts.
        """
        self._even_at = max(self._even_at + tick_s, now)
        self._part = (self._part + GOLDEN) % 1.0
        return self._even_at + self._part * PERIOD_S
