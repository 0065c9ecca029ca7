# SPDX-License-Identifier: GPL-3.0-or-later
"""The pace of the ticks, watched in milliseconds, and the pauses that late ticks cost.

A car that leaves C is owed open contacts within 100 ms (IEC 61851-1 seq. 2.2 and 8). Of these a
contactor may take 50. Two bursts of 7 ms at most have to agree, which a tick of 20 ms leaves time
for. Where the bursts come further apart than `CONFIRM_S`, the second is taken in the same tick; so
the promise holds up to `LATE_S`:

    30 ms between bursts, 2 x 7 ms of bursts, 3 ms to drive, 50 ms of the contactor: 97 ms

Ticks that come later than that are counted. One alone costs nothing unless the car leaves C in that
very moment. Many withdraw the offer, because the charger cannot keep what it promises: the car lets
go without load, and the pause before the next offer doubles each time.
"""

from __future__ import annotations

from collections import deque

from evsed.core.pilot.limits import Limit
from evsed.core.text import text

CONFIRM_S = 0.0215
LATE_S = 0.030
# The pump holds for at least 67 ms after the last edge (hw/results.toml), the dead-man of either
# board for 100: after a gap of 60 ms between beats one of them may have opened the contactor.
SURE_S = 0.060
BUDGETS = ((8, 10.0), (20, 60.0))  # so many late ticks within so many seconds are too many
FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 3600.0
FORGOTTEN_AFTER_S = 4 * 3600.0


class Punctuality:
    """`update()` with the time between two bursts of the pilot."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=max(count for count, _ in BUDGETS))
        self._worst_s = 0.0
        self._pauses = 0
        self._pause_at = 0.0
        self._until_at = 0.0
        self._why = ""
        self.late = 0

    def update(self, now: float, interval_s: float) -> None:
        """Count a tick whose burst came *interval_s* after the one before."""
        if interval_s <= LATE_S:
            return
        self.late += 1
        self._late.append(now)
        self._worst_s = max(self._worst_s, interval_s)
        for count, within_s in BUDGETS:
            if len(self._late) >= count and now - self._late[-count] <= within_s:
                self._pause(now, count, now - self._late[-count])
                return

    def limit(self, now: float) -> Limit | None:
        """Return the ceiling of 0 A during a pause; None where the ticks are punctual."""
        if now >= self._until_at:
            return None
        return Limit("self_test", 0.0, self._until_at, self._why)

    def _pause(self, now: float, count: int, within_s: float) -> None:
        if now - self._pause_at > FORGOTTEN_AFTER_S:
            self._pauses = 0
        if now >= self._until_at:  # within a pause it only lasts on
            self._pauses += 1
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(self._pauses - 1, 12), LONGEST_PAUSE_S)
        self._pause_at = now
        self._until_at = now + pause_s
        self._why = text(
            "the Pi is too busy: {count} ticks came late within {within_s:.0f} s, "
            "the latest after {worst_ms:.0f} ms, so evsed cannot promise to open "
            "within 100 ms; it pauses until {pause_min:.0f} min went by without that; "
            "see what loads the Pi (top), or give evsed real-time priority (its "
            "systemd unit does)",
            count=count,
            within_s=max(within_s, 1.0),
            worst_ms=1000 * self._worst_s,
            pause_min=pause_s / 60,
        )
        self._late.clear()
        self._worst_s = 0.0
