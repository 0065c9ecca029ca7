# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognises how many phases the plugged car uses, by a meter that reads each, or by the feed.

A one-phase car on a three-phase box takes a third of what its current on three phases would be. Its
power, the sun that it needs and the current that the sun allows all follow from the true number.
"""

from __future__ import annotations

FLOWS_A = 3.0
"""Judged from this current on: below it a car that begins, ends or only keeps itself awake loads
its phases unequally."""

USED_SHARE = 1 / 3
"""A phase is used that carries this share of the highest. Chargers load their phases evenly; what
leaks to an unused phase is an ampere at most."""

MORE_FOR_S, FEWER_FOR_S = 5.0, 20.0
"""For so long the meter has to show it. To believe in too few phases costs the house battery up to
three times what the sun gives; to believe in too many costs sun, and a car that begins on one phase
and takes the others after some seconds is to be waited for."""


class PhasesUsed:
    """One stay of a car. `phases` is the number it uses, 0 while nothing is known.

    *most* is how many the box has, *known* what the owner has set (0: nothing). A meter goes before
    both that and the feed, the owner before the feed.
    """

    def __init__(self, most: int, known: int = 0) -> None:
        self._most = most
        self.phases = self._known = min(known, most)
        self._metered = False
        self._seen = self.phases
        self._seen_at = 0.0

    def update(self, now: float, currents_a: tuple[float, ...]) -> None:
        """Add the current on each phase, in amperes; () where no meter reads each of them."""
        if self._most == 1 or len(currents_a) < self._most:
            return
        self._metered = True
        highest_a = max(currents_a)
        if highest_a < FLOWS_A:
            self._seen = 0
            return
        used = sum(current_a >= USED_SHARE * highest_a for current_a in currents_a)
        if used != self._seen:
            self._seen, self._seen_at = used, now
        for_s = FEWER_FOR_S if used < (self.phases or self._most) else MORE_FOR_S
        if now - self._seen_at >= for_s:
            self.phases = min(used, self._most)

    @property
    def settled(self) -> bool:
        """True where the owner or a meter gives the number: the feed need not show it."""
        return self._most == 1 or self._known > 0 or self._metered

    def on_feed(self, phases: int) -> None:
        """Add what the feed's answers show; 0: nothing, or nothing any more."""
        if not self.settled:
            self.phases = min(phases, self._most)
