# SPDX-License-Identifier: GPL-3.0-or-later
"""Age of the news of a page when its two clocks may differ.

BatteryMonitor writes the stamp, PHP writes the current time. PHP's clock is UTC until php.ini says
otherwise (`date.timezone`, shipped empty), so the two differ by whole quarters of an hour; a clock
may also be set between the two, or start in 1970. A clock that is wrong cannot make stamps that
keep coming, so a stamp that is new since the last poll is news, and its age is at most the time
since that poll; from its arrival on it is counted by this machine's steady clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ZONE_S: Final = 900.0
"""Time zones differ by whole quarters of an hour (Nepal's is UTC + 5:45)."""

AHEAD_S: Final = 3.0
"""Whole seconds are written: a stamp may seem to lie so far ahead of the page's time."""

LATE_PERIODS: Final = 2.0
"""News that is so many periods old is late, but not wrong; ..."""

LATE_S: Final = 120.0
"""... or so many seconds, whichever is more."""

SAME_S: Final = 60.0
"""Two differences of the clocks are alike within this, in seconds."""

FRESH_S: Final = 2.0
"""A page has new figures about so long after their stamp (measured on BatteryMonitor's pages)."""


@dataclass(frozen=True, slots=True)
class StampAge:
    """The age of a stamp, in seconds."""

    age_s: float
    apart_s: float = 0.0
    """Distance of the page's two clocks, once two stamps in a row have shown it; else 0."""
    zone: bool = False
    """True where `apart_s` is what a time zone can be."""


class FeedClock:
    """Follows the stamps of one feed. Moments are monotonic seconds."""

    def __init__(self, period_s: float) -> None:
        """`period_s` is how often the feed has news."""
        self._late_s = max(LATE_S, LATE_PERIODS * period_s)
        self._stamp: str | None = None
        self._polled_at: float | None = None
        self._stamped_at = 0.0
        self._apart_s = 0.0
        self._age = StampAge(0.0)

    def update(self, now: float, stamp: str, behind_s: float) -> StampAge:
        """Add a page: its stamp, and by how much that lies behind the page's current time."""
        if stamp == self._stamp:
            self._polled_at = now
            return StampAge(now - self._stamped_at, self._age.apart_s, self._age.zone)
        since_s = None if self._polled_at is None else now - self._polled_at
        found = self._first(behind_s) if since_s is None else self._next(behind_s, since_s)
        self._stamp, self._polled_at = stamp, now
        self._stamped_at = now - found.age_s
        self._age = found
        return found

    def _first(self, behind_s: float) -> StampAge:
        """A page that nothing is known about: old, unless it lies in its own future."""
        if behind_s >= 0:
            return StampAge(behind_s)
        apart_s = self._zone(behind_s, self._late_s)
        self._apart_s = behind_s if apart_s is None else apart_s
        return StampAge(0.0 if apart_s is None else max(0.0, behind_s - apart_s))

    def _next(self, behind_s: float, since_s: float) -> StampAge:
        """A stamp that was not there at the last poll, `since_s` ago."""
        late_s = max(self._late_s, since_s)
        if -AHEAD_S <= behind_s <= late_s + AHEAD_S:
            self._apart_s = 0.0
            return StampAge(max(0.0, behind_s))
        zone_s = self._zone(behind_s, late_s)
        apart_s = behind_s if zone_s is None else zone_s
        # A difference that changes, as with summer time, is still one.
        known = abs(apart_s - self._apart_s) <= SAME_S or self._age.apart_s != 0
        if zone_s is not None:
            age_s = max(0.0, behind_s - zone_s)
        else:
            # The smallest difference seen belongs to the freshest page.
            same = abs(apart_s - self._apart_s) <= SAME_S
            apart_s = min(apart_s, self._apart_s) if same else apart_s
            age_s = min(since_s, behind_s - apart_s + FRESH_S)
        self._apart_s = apart_s
        return StampAge(age_s, apart_s if known else 0.0, known and zone_s is not None)

    def _zone(self, behind_s: float, late_s: float) -> float | None:
        """The difference of two time zones that leaves a likely age, preferring the last one's."""
        nearest_s = ZONE_S * round(behind_s / ZONE_S)
        for apart_s in (self._apart_s, nearest_s, nearest_s - ZONE_S):
            if apart_s % ZONE_S == 0 != apart_s and -AHEAD_S <= behind_s - apart_s <= late_s:
                return apart_s if abs(apart_s) <= 26 * 3600 else None
        return None
