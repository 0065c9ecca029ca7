# SPDX-License-Identifier: GPL-3.0-or-later
"""Age of the feed's news, and the most it allows.

Age counts from arrival: a feed that is late by up to two periods says what evsed can use, since the
car's own draw of that moment is added back. Beyond that a late figure is an old one.
"""

from __future__ import annotations

import math
from typing import Final

from evsed.core.solar.reading import Reading

HOLD_PERIODS: Final = 4.0
"""News is fresh for so many periods after it came, so that three lost in a row change nothing..."""

HOLD_S: Final = 60.0
"""... and for this long at least, in seconds: a fast feed loses more readings in a row."""

STOP_PERIODS: Final = 5.0
"""From this many periods on, news is too old to charge by..."""

STOP_S: Final = 120.0
"""... but not before this many seconds."""

LATE_PERIODS: Final = 2.0
"""A figure is late, not old, up to so many periods after its stamp..."""

LATE_S: Final = 120.0
"""... or so many seconds, whichever is more."""


class FeedNews:
    """The last news and when it came. Moments are monotonic seconds, spans seconds."""

    __slots__ = ("_arrived_at", "_late_s", "_page_at", "maximum_w", "reading")

    def __init__(self) -> None:
        self.reading: Reading | None = None
        """The last reading."""
        self.maximum_w: float | None = None
        """The most the feed allows, in watts; None: it does not say."""
        self._arrived_at = -math.inf
        self._page_at = -math.inf
        self._late_s = 0.0

    def on_reading(self, now: float, reading: Reading, period_s: float) -> bool:
        """Keep a reading; False where its stamp is that of the last."""
        self.on_page(now)
        self.maximum_w = reading.maximum_w
        if self.reading is not None and self.reading.stamp == reading.stamp:
            return False
        self.reading = reading
        self._arrived_at = now
        self._late_s = max(0.0, reading.age_s - late_s(period_s))
        return True

    def on_page(self, now: float, maximum_w: float | None = None) -> None:
        """Note that the feed answers; `maximum_w` is what it allows, where that can be read."""
        self._page_at = now
        if maximum_w is not None:
            self.maximum_w = maximum_w

    @property
    def came(self) -> bool:
        """True once the feed has answered."""
        return math.isfinite(self._page_at)

    def stale_s(self, now: float) -> float:
        """Return the seconds since something new came."""
        return now - self._arrived_at + self._late_s

    def fresh(self, now: float, period_s: float) -> bool:
        """True while the last news may be followed."""
        return self.stale_s(now) <= hold_s(period_s)

    def too_old(self, now: float, period_s: float) -> bool:
        """True when nothing may be charged by the last news any more."""
        return self.stale_s(now) > stop_s(period_s)

    def lost(self, now: float, period_s: float) -> bool:
        """True when the feed does not even answer, or answers with nothing new."""
        silent_s = now - self._page_at
        return silent_s > stop_s(period_s)


def hold_s(period_s: float) -> float:
    """For how long news is fresh."""
    return max(HOLD_S, HOLD_PERIODS * period_s)


def stop_s(period_s: float) -> float:
    """From when on news is too old to charge by."""
    return max(STOP_S, STOP_PERIODS * period_s)


def late_s(period_s: float) -> float:
    """Return the greatest age of a figure on arrival, in seconds."""
    return max(LATE_S, LATE_PERIODS * period_s)
