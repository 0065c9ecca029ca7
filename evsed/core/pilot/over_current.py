# SPDX-License-Identifier: GPL-3.0-or-later
"""The measured current against the offer; nothing where there is no meter.

The numbers are EVerest's and Tinkerforge's: a car has 5 s to follow a change of the pilot (IEC
61851-1 seq. 6), 10 % and half an ampere are allowed for its and the meter's errors.
"""

from __future__ import annotations

from collections import deque

from evsed.core.pilot.faults import Fault

SHARE, PLUS_A, FOR_S = 1.1, 0.5, 6.0  # over this for so long, and over what was offered then
GROSS_SHARE, GROSS_FOR_S = 1.5, 1.0  # or over this much of the highest offer of the last 6 s
# With the contactor open. A meter's second of RMS comes on top, which has to be over before: what
# flowed until the opening is no leak.
OPEN_A, OPEN_FOR_S = 1.0, 1.5


class _Lasting:
    """Duration of a condition without a break."""

    def __init__(self) -> None:
        self._since: float | None = None

    def of(self, now: float, *, true: bool) -> float:
        """Return the seconds for which *true* has held without a break."""
        if not true:
            self._since = None
            return 0.0
        if self._since is None:
            self._since = now
        return now - self._since


class OverCurrent:
    """`update()` every tick; `faults` are those of now."""

    def __init__(self) -> None:
        self._offers: deque[tuple[float, float]] = deque()
        self._over = _Lasting()
        self._gross = _Lasting()
        self._leak = _Lasting()
        self.faults: dict[Fault, str] = {}

    def update(self, now: float, drawn_a: float, *, offered_a: float, closed: bool) -> None:
        """Judge the current *drawn_a*, the largest of the phases."""
        self.faults = {}
        while self._offers and self._offers[-1][1] <= offered_a:
            self._offers.pop()
        self._offers.append((now, offered_a))
        while now - self._offers[0][0] > FOR_S:
            self._offers.popleft()
        highest_a = self._offers[0][1]
        over_s = self._over.of(now, true=closed and drawn_a > offered_a * SHARE + PLUS_A)
        # A car has its time after each fall of the offer, and no more by another fall after it.
        over_all = drawn_a > highest_a * SHARE + PLUS_A
        gross_s = self._gross.of(now, true=closed and drawn_a > highest_a * GROSS_SHARE)
        leak_s = self._leak.of(now, true=not closed and drawn_a > OPEN_A)
        if (over_s > FOR_S and over_all) or gross_s >= GROSS_FOR_S:
            self.faults[Fault.OVER_CURRENT] = (
                f"the car takes {drawn_a:.1f} A, {offered_a:.1f} A are offered"
            )
        if leak_s >= OPEN_FOR_S:
            self.faults[Fault.CONTACTOR] = f"{drawn_a:.1f} A flow with the contactor open"
