# SPDX-License-Identifier: GPL-3.0-or-later
"""Learns the least current of a car from the offers that it refuses and those that it takes."""

from __future__ import annotations

import math

STOOD_S = 30.0
"""An offer has been refused when it stood for this long and a higher one was then taken ..."""

TAKEN_WITHIN_S = 10.0
"""... within this: a car that is merely slow does not wait for the rise."""

DROPPED_WITHIN_S = 10.0
"""A car that opens S2 so soon after a fall of the offer, or after it closed it under an offer that
had stood, may have refused that one. Reported cars try for some seconds
(dingo35/SmartEVSE-3.5#335)."""

WORKS_AFTER_S = 30.0
"""A car that has charged for this long at a current works at it."""

OBSERVATIONS = 2
"""So many refusals make a least current; a single one may be chance."""

CLOSE_A = 1.0
"""Between a refused current and one that works, no more than this is left to be found out."""

PROBE_A, MOST_A = 2.0, 14.0
"""While no current has worked yet, so much more than the refused one is tried, up to this: reported
least currents go up to 11 A (evcc-io/evcc#11097)."""

_RISE_A = 0.2  # what is less is no change: the allotment moves in steps of 0.02 A


class LeastCurrent:
    """`least_a` is the least current by the evidence of this stay; None while there is none."""

    def __init__(self) -> None:
        self._refusals: list[float] = []
        self._works_a = math.inf
        self._level_a = self._before_a = 0.0
        self._level_at = -math.inf
        self._stood_s = 0.0
        self._asks = False
        self._asked_at = -math.inf

    @property
    def least_a(self) -> float | None:
        """Halfway between the highest refused current and the lowest that works.

        Where none has worked yet, somewhat more than the highest refused one.
        """
        refused = [amperes for amperes in self._refusals if amperes < self._works_a]
        if len(refused) < OBSERVATIONS:
            return None
        refused_a = max(refused)
        if math.isinf(self._works_a):
            return min(refused_a + PROBE_A, MOST_A)
        if self._works_a - refused_a <= CLOSE_A:
            return self._works_a
        return (refused_a + self._works_a) / 2

    def forget_wait(self) -> None:
        """Restart the watch: the car was woken, so what it refused before proves nothing."""
        self._stood_s = 0.0

    def update(self, now: float, offered_a: float, *, asks: bool) -> None:
        """Watch the car at *now*: it is offered *offered_a* (0: nothing), and asks or does not."""
        if offered_a <= 0.0:
            self._level_a = self._before_a = 0.0
            self._asks = False
            return
        if abs(offered_a - self._level_a) >= _RISE_A:
            self._stood_s = now - self._level_at if self._level_a > 0 else 0.0
            self._before_a, self._level_a, self._level_at = self._level_a, offered_a, now
        level_s = now - self._level_at
        if asks and not self._asks:
            rose = 0.0 < self._before_a < self._level_a
            if rose and self._stood_s >= STOOD_S and level_s <= TAKEN_WITHIN_S:
                self._refusals.append(self._before_a)
            self._asked_at = now
        elif self._asks and not asks:
            fell = self._before_a > self._level_a and level_s <= DROPPED_WITHIN_S
            low = self._level_a <= (self.least_a or 6.0) + CLOSE_A
            tried = low and now - self._asked_at <= DROPPED_WITHIN_S < level_s
            if fell or tried:
                self._refusals.append(self._level_a)
        elif asks and min(level_s, now - self._asked_at) >= WORKS_AFTER_S:
            self._works_a = min(self._works_a, self._level_a)
        self._asks = asks
