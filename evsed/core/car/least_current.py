# SPDX-License-Identifier: GPL-3.0-or-later
"""Learns the least current of a car from the offers that it refuses and those that it takes."""

from __future__ import annotations

import math
from collections import deque

from evsed.core.car.least_search import MOST_A
from evsed.core.solar.car_needs import UNTAKEN_RISES_S

STOOD_S = 30.0
"""An offer has been refused when it stood for this long and a higher one was then taken ..."""

TAKEN_WITHIN_S = 10.0
"""... within this: a car that is merely slow does not wait for the rise."""

DROPPED_WITHIN_S = 10.0
"""A car that opens S2 so soon after a fall of the offer may have refused the lower one."""

TRIED_WITHIN_S = 40.0
"""A car that ends a charge so soon after it asked may have refused the offer. Reported cars try
for some seconds (dingo35/SmartEVSE-3.5#335)."""

WORKS_AFTER_S = 60.0
"""A car that has charged for this long at a current or less works at it. An offer that follows the
sun hardly ever stands that long, so its highest counts: else a car that merely rests now and then
seems to refuse what was on offer just then."""

RISES_LATER_S = 90.0
"""An untaken offer rises after this, not after `UNTAKEN_RISES_S`, once a car began at such a rise.
One that takes a minute to begin has then begun before the rise, and one that needs more has not
(CurtRod/SimpleEVSE-WiFi#35: up to 60 s)."""

BEGINS_ABOVE_A = 0.5
"""A car may go on at somewhat less than it needs to begin; this much is assumed, as nothing
published says how much, until it has begun at less."""

OBSERVATIONS = 2
"""So many refusals make a least current; a single one may be chance."""

CLOSE_A = 1.6
"""Between a refused current and one that works, no more than this is left to be found out: each
further try may cost two closings. On recorded days 1.0 costs closings, 2.0 energy."""

PROBE_A = 2.0
"""While no current has worked yet, so much more than the refused one is tried, up to `MOST_A`. A
car that refuses this one, too, stops for some other reason."""

LOW_A = 1.0
"""A short charge proves something where no more than this was on offer above the least."""

_RISE_A = 0.2  # what is less is no change: the allotment moves in steps of 0.02 A


class LeastCurrent:
    """`least_a` is the least current by the evidence of this stay; None while there is none."""

    def __init__(self) -> None:
        self._refusals: list[float] = []
        self._works_a = self._begins_a = math.inf
        self._level_a = self._before_a = 0.0
        self._level_at = -math.inf
        self._stood_a, self._left_at = 0.0, -math.inf
        """The last level that stood, and the moment at which the offer left it."""
        self._asks = False
        self._asked_at = -math.inf
        self._began_a = 0.0
        self._offers: deque[tuple[float, float]] = deque()
        """The levels of the last minute of charging, each with its beginning."""
        self._by_itself_a = math.inf
        """The lowest offer at which it began without a rise, and charged for a minute."""
        self._rose = False

    @property
    def least_a(self) -> float | None:
        """Two thirds of the way from the current that was refused twice to the lowest that works.

        Where none has worked yet, the one at which the car began once the offer rose, or somewhat
        more than the highest refused one.
        """
        # What it begins at without a rise, and charges, it has not refused either.
        works_a = min(self._works_a, self._by_itself_a - _RISE_A)
        refused = [amperes for amperes in self._refusals if amperes < works_a]
        if len(refused) < OBSERVATIONS:
            return None
        if math.isinf(self._works_a):
            most_a = max(refused)
            if most_a + _RISE_A < self._begins_a <= most_a + PROBE_A:
                return self._begins_a
            return min(most_a + PROBE_A, MOST_A) if most_a < MOST_A - _RISE_A else None
        refused_a = sorted(refused)[-OBSERVATIONS]  # a single refusal may be chance
        if self._works_a - refused_a <= CLOSE_A:
            return self._works_a
        return (refused_a + 2 * self._works_a) / 3

    @property
    def begun(self) -> bool:
        """True once the car has charged above what it refuses, or begun when the offer rose."""
        began = math.isfinite(self._begins_a) and self._begins_a > max(self._refusals)
        return math.isfinite(self._works_a) or began

    @property
    def refuses_all(self) -> bool:
        """True where the car has refused every current that was tried."""
        tried = len(self._refusals) >= OBSERVATIONS and not self.begun
        return tried and self.least_a is None

    @property
    def works_a(self) -> float:
        """The lowest current at which the car is known to begin; infinite while none is."""
        return self._works_a

    @property
    def rises_after_s(self) -> float:
        """For so long an untaken offer stays before it rises, in seconds."""
        return RISES_LATER_S if len(self._refusals) == 1 else UNTAKEN_RISES_S

    def forget_wait(self) -> None:
        """Restart the watch: the car was woken, so what it refused before proves nothing."""
        self._left_at = -math.inf

    def update(self, now: float, offered_a: float, *, asks: bool) -> None:
        """Watch the car at *now*: it is offered *offered_a* (0: nothing), and asks or does not."""
        if offered_a <= 0.0:
            self._level_a = self._before_a = 0.0
            self._left_at = -math.inf
            self._asks = False
            return
        if abs(offered_a - self._level_a) >= _RISE_A:
            if self._level_a > 0 and now - self._level_at >= STOOD_S:
                self._stood_a, self._left_at = self._level_a, now
            self._before_a, self._level_a, self._level_at = self._level_a, offered_a, now
        level_s = now - self._level_at
        if asks and not self._asks:
            self._on_begin(now, offered_a)
        elif self._asks and not asks:
            fell = self._before_a > self._level_a and level_s <= DROPPED_WITHIN_S
            low = self._level_a <= (self.least_a or 6.0) + LOW_A
            tried = low and now - self._asked_at < TRIED_WITHIN_S
            if fell or tried or self._slid():
                self._refusals.append(self._level_a)
        elif asks and now - self._asked_at >= WORKS_AFTER_S:
            charged_a = self._highest_a(now)
            begins_a = max(charged_a, min(charged_a + BEGINS_ABOVE_A, self._began_a))
            self._works_a = min(self._works_a, begins_a)
            if not self._rose:
                self._by_itself_a = min(self._by_itself_a, self._began_a)
        if not asks:
            self._offers.clear()
        elif not self._offers or self._offers[-1][1] != self._level_a:
            self._offers.append((now, self._level_a))
        self._asks = asks

    def _on_begin(self, now: float, offered_a: float) -> None:
        """Note that the car asks from *now* on, and what it left before the offer rose."""
        level_s = now - self._level_at
        self._rose = 0.0 < self._before_a < self._level_a and level_s <= TAKEN_WITHIN_S
        # A rise of some amperes takes a second or two, and so passes other levels.
        left = self._stood_a < self._level_a and now - self._left_at <= TAKEN_WITHIN_S
        chance = self._stood_a >= self._by_itself_a - _RISE_A  # a car that rests now and then
        if left and not chance:
            self._refusals.append(self._stood_a)
            self._begins_a = offered_a
            if self._stood_a >= self._works_a - _RISE_A:  # it goes on at that, and begins not
                self._works_a = offered_a
        self._asked_at, self._began_a = now, offered_a

    def _highest_a(self, now: float) -> float:
        """Return the highest level of the last minute, in amperes."""
        while len(self._offers) > 1 and self._offers[1][0] <= now - WORKS_AFTER_S:
            self._offers.popleft()
        return max(self._level_a, *(amperes for _, amperes in self._offers))

    def _slid(self) -> bool:
        """Return True where the offer came down slowly to about what the car refused before.

        One that merely ends its charge does so at a current at which it works.
        """
        below_a = min(self._works_a, self._begins_a) - _RISE_A
        return any(self._level_a <= min(below_a, amperes + CLOSE_A) for amperes in self._refusals)
