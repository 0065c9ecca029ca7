# SPDX-License-Identifier: GPL-3.0-or-later
"""The doubt of the receiver that only a row of stays shows.

Two parts that come loose at random (two bits of the converter, one bad joint behind both) make an
empty plug read A, B and C in turn, each for a second or for a minute. Each reading alone is a
car's. Their order is not: a car opens S2 before its plug is out, so C goes to B and then to A. A
reading that wanders goes from C or D straight to A about every second time.

A plug that is pulled in C does the same. So one such end means nothing, nor does one of a stay in
which a closing lasted two minutes. Three within an hour are a `PilotFault`.

A reading that wanders between B and C alone never shows A. But it asks whether it is offered
something or not, and a car that showed B at the end of an offer does not ask before the next one
(IEC 61851-1 Table A.6, seq. 3 and 4). So three times from B to C within an hour, each ten seconds
or more after an offer ended, are a `PilotFault`, too.

It ends when A or B was read without a break for a minute; each further one doubles that, up to an
hour.
"""

from __future__ import annotations

from evsed.core.text import text

# An installer who tries an adapter pulls it in C; more than three times within an hour is borne
# where a charge of two minutes lies between.
ENDS, WITHIN_S = 3, 3600.0
# A car that was about to ask as the offer ended may still do so some seconds later.
UNOFFERED, UNOFFERED_S = 3, 10.0
FIRST_S, LONGEST_S = 60.0, 3600.0


class StayDoubt:
    """Fed with the order of readings; `steady_s` of A or B end the doubt, 0 where there is none."""

    def __init__(self) -> None:
        self.steady_s = 0.0
        self._ends: tuple[float, ...] = ()
        self._unoffered: tuple[float, ...] = ()
        self._of_offers = False
        self._next_s = FIRST_S

    def on_unplugged(self, now: float, *, live: bool, lasted: bool) -> None:
        """Note the end of a stay, straight from C or D where it was *live*.

        *lasted*: a closing of this stay lasted two minutes.
        """
        if lasted:
            self._ends, self._next_s = (), FIRST_S
        elif live:
            self._ends = self._count(now, self._ends, ENDS)

    def on_asked(self, now: float, *, unoffered_s: float) -> None:
        """Note a step from B to C or D, so many seconds after the end of the offer."""
        if unoffered_s >= UNOFFERED_S:
            doubted = self.steady_s > 0.0
            self._unoffered = self._count(now, self._unoffered, UNOFFERED)
            if not doubted:
                self._of_offers = self.steady_s > 0.0

    def _count(self, now: float, before: tuple[float, ...], most: int) -> tuple[float, ...]:
        """Return the moments *before* with *now*; begin the doubt with the last of so many."""
        recent = (at for at in before if now - at < WITHIN_S)
        moments = (*recent, now)[-most:]
        if len(moments) == most and not self.steady_s:
            self.steady_s = self._next_s
            self._next_s = min(2.0 * self._next_s, LONGEST_S)
        return moments

    def on_steady(self) -> None:
        """End the doubt: A or B was read for `steady_s`."""
        self.steady_s, self._of_offers = 0.0, False

    def describe(self) -> str:
        """Return the sentence for people while there is a doubt, else ""."""
        if not self.steady_s:
            return ""
        if self._of_offers:
            return text(
                "three times within an hour the pilot went from B to C without an offer: a "
                "contact is loose, or the sensor fails; A or B has to be read without a "
                "break for {steady_s:.0f} s",
                steady_s=self.steady_s,
            )
        return text(
            "three times within an hour the pilot went from C straight to A: a "
            "contact is loose, or the sensor fails; A or B has to be read without a "
            "break for {steady_s:.0f} s",
            steady_s=self.steady_s,
        )
