# SPDX-License-Identifier: GPL-3.0-or-later
"""The one rule for how often a contactor may close, for whatever reason it is asked to.

Contactors are rated for some 100,000 switchings under load (IEC 60947-4-1 AC-1 durability of
25-40 A types), which is 13 years at 20 a day and two days at 2,200 an hour. Three rules:

* At most 12 closings in any hour and 60 in any 24 hours, cars and sessions counted together. From
  the 49th of a day on, the rest is spread over what is left of it.
* Within the stay of a car they grow scarcer: five closings may follow each other freely; after
  that each one that did not last two minutes doubles the pause before the next, from 1 minute to
  1 hour. A closing that lasts two minutes, or another car, restarts the count.

Time is monotonic seconds. The count is kept for the life of the process.
"""

from __future__ import annotations

from collections import deque

from evsed.core.pilot.frequency import left_s
from evsed.core.text import text

PER_HOUR, HOUR_S = 12, 3600.0
PER_DAY, DAY_S = 60, 86_400.0
SPREAD_FROM = 48  # a car that pauses every ten minutes has a day of sun until here
FREE = 5  # short closings in a row before the pauses begin
FIRST_PAUSE_S, LONGEST_PAUSE_S = 60.0, 3600.0
# A closing that held for so long was worth it. Cars that cool their battery pause every few minutes
# (CurtRod/SimpleEVSE-WiFi#35); reported loops hold for up to a minute
# (OpenEVSE/openevse_esp32_firmware#591).
LASTING_S = 120.0


class ClosingBudget:
    """Closings so far, and the pause before the next one.

    `lasted`: a closing of this stay lasted two minutes.
    """

    def __init__(self) -> None:
        self.lasted = False
        self._closings: deque[float] = deque(maxlen=PER_DAY)
        self._short = 0
        self._opened_at = 0.0

    def on_close(self, now: float) -> None:
        """Count a closing."""
        self._closings.append(now)

    def on_open(self, now: float, *, excused: bool = False) -> None:
        """Note the end of the last closing.

        It is *excused* from being short where the car opened S2 because the offer had just changed.
        """
        self._opened_at = now
        lasted_s = now - self._closings[-1] if self._closings else 0.0
        if lasted_s >= LASTING_S:
            self._short = 0
            self.lasted = True
        elif not excused:
            self._short += 1

    def on_unplugged(self) -> None:
        """Restart the count of short closings: the next car has done nothing yet."""
        self._short = 0
        self.lasted = False

    def closed_within(self, span_s: float, now: float) -> int:
        """Return how often the contactor closed within the last *span_s* seconds."""
        return sum(0.0 <= now - at < span_s for at in self._closings)

    def left_s(self, now: float) -> float:
        """Return the seconds until the next closing is allowed; 0 where it is allowed now."""
        pause_s = 0.0
        if self._short >= FREE:
            doubled_s = FIRST_PAUSE_S * 2.0 ** min(self._short - FREE, 12)
            pause_s = self._opened_at + min(doubled_s, LONGEST_PAUSE_S) - now
        hour_s = left_s(self._closings, PER_HOUR, HOUR_S, now)
        day_s = left_s(self._closings, PER_DAY, DAY_S, now)
        return max(0.0, hour_s, day_s, pause_s, self._spread_s(now))

    def _spread_s(self, now: float) -> float:
        """Return the seconds that spread the rest of a day's budget over the rest of the day."""
        today = self.closed_within(DAY_S, now)
        if today < SPREAD_FROM:
            return 0.0
        ends_at = self._closings[-today] + DAY_S  # the oldest of them leaves the day
        last_at = self._closings[-1]
        return last_at + (ends_at - last_at) / (PER_DAY - today + 1) - now

    def describe(self, now: float) -> str:
        """Return the sentence for people about a pause."""
        if self._spread_s(now) > 0.0:
            return text(
                "the contactor closed {times} times within a day; evsed pauses to spare it",
                times=self.closed_within(DAY_S, now),
            )
        return text(
            "the contactor closed {times} times within an hour; evsed pauses to spare it",
            times=self.closed_within(HOUR_S, now),
        )
