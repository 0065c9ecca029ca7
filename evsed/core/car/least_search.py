# SPDX-License-Identifier: GPL-3.0-or-later
"""Search for the current at which a car begins that leaves a smaller offer untaken.

Nothing is risked while nothing is drawn: an untaken offer may rise above what the sun gives, step
by step, until the car begins. The battery lends what it then takes for less than a minute.
"""

from __future__ import annotations

AFTER_S = 300.0
"""An offer is left untaken for this long before the search: longer than the four minutes that
reported cars take to begin (evcc-io/evcc#11958), and than it takes to call a sleeping car once."""

RESUMES_S = 60.0
"""A search that an end of the offer has broken off begins again so long after the next offer."""

CALLED_S = 30.0
"""A gap in the offer that is no longer than this is no end: the car is called with state F."""

STEP_A, STEP_S = 1.0, 40.0
"""The offer rises by so much in so long: longer than an offer has to stand to be refused."""

MOST_A = 14.0
"""The search ends here. Reported least currents go up to 11 A (evcc-io/evcc#11097); a little is
added for those that are not reported."""

AGAIN_S = 3600.0
"""It is made again after so long, for a car that slept through it."""

HELD_S = 5.0
"""The offer at which the car begins stands for so long: until current flows."""

KNOWN_A = 0.5
"""A car that is known to charge at so much more than its offer, or at less, needs no search."""


class LeastSearch:
    """`update()` about once a second; `offer_a` is what to offer at least, 0 where nothing is."""

    def __init__(self) -> None:
        self.offer_a = 0.0
        self._left_s = 0.0
        self._from_a: float | None = None
        self._at: float | None = None
        self._asked_at: float | None = None
        self._gap_s = 0.0

    def on_woken(self) -> None:
        """Search soon once more: the car was called, and may have slept through the last search."""
        if self._left_s < 0.0:
            self._left_s = AFTER_S - RESUMES_S

    def update(self, now: float, offered_a: float, *, asks: bool, works_a: float) -> None:
        """Watch the car at *now*: it is offered *offered_a* (0: nothing), and asks or does not.

        *works_a* is the least current at which it is known to charge.
        """
        passed_s = 0.0 if self._at is None else now - self._at
        self._at = now
        self._asked_at = (self._asked_at or now) if asks else None
        if self._asked_at is not None and now - self._asked_at < HELD_S:
            return
        known = works_a <= offered_a + KNOWN_A and self._from_a is None
        if asks or known:
            self._left_s, self._from_a, self.offer_a = 0.0, None, 0.0
            return
        if offered_a <= 0.0:
            self._gap_s += passed_s
            if self._gap_s > CALLED_S and self._from_a is not None:
                self._left_s, self._from_a, self.offer_a = AFTER_S - RESUMES_S, None, 0.0
            return
        self._gap_s = 0.0
        self._left_s += passed_s
        if self._left_s < AFTER_S:
            return
        if self._from_a is None:
            self._from_a = offered_a
        self.offer_a = self._from_a + STEP_A * (1 + (self._left_s - AFTER_S) // STEP_S)
        if self.offer_a > MOST_A:
            self.offer_a, self._from_a = 0.0, None
            self._left_s = AFTER_S - AGAIN_S
