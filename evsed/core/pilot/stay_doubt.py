# SPDX-License-Identifier: GPL-3.0-or-later
"""The doubt of the receiver that only a row of stays shows.

Two parts that come loose at random (two bits of the converter, one bad joint behind both) make an
empty plug read A, B and C in turn, each for a second or for a minute. Each reading alone is a
car's. Their order is not: a car opens S2 before its plug is out, so C goes to B and then to A. A
reading that wanders goes from C or D straight to A about every second time.

A plug that is pulled in C does the same. So one such end means nothing, nor does one of a stay in
which a closing lasted two minutes. Three within an hour are a `PilotFault` that ends when A or B
was read without a break for a minute; each further one doubles that, up to an hour.
"""

from __future__ import annotations

from evsed.core.text import text

# An installer who tries an adapter pulls it in C; more than three times within an hour is borne
# where a charge of two minutes lies between.
ENDS, WITHIN_S = 3, 3600.0
FIRST_S, LONGEST_S = 60.0, 3600.0


class StayDoubt:
    """Fed with the end of each stay; `steady_s` of A or B end the doubt, 0 where there is none."""

    def __init__(self) -> None:
        self.steady_s = 0.0
        self._ends: tuple[float, ...] = ()
        self._next_s = FIRST_S

    def on_unplugged(self, now: float, *, live: bool, lasted: bool) -> None:
        """Note the end of a stay, straight from C or D where it was *live*.

        *lasted*: a closing of this stay lasted two minutes.
        """
        if lasted:
            self._ends, self._next_s = (), FIRST_S
        elif live:
            recent = (at for at in self._ends if now - at < WITHIN_S)
            self._ends = (*recent, now)[-ENDS:]
            if len(self._ends) == ENDS and not self.steady_s:
                self.steady_s = self._next_s
                self._next_s = min(2.0 * self._next_s, LONGEST_S)

    def on_steady(self) -> None:
        """End the doubt: A or B was read for `steady_s`."""
        self.steady_s = 0.0

    def describe(self) -> str:
        """Return the sentence for people while there is a doubt, else ""."""
        if not self.steady_s:
            return ""
        return text(
            "three times within an hour the pilot went from C straight to A: a "
            "contact is loose, or the sensor fails; A or B has to be read without a "
            "break for {steady_s:.0f} s",
            steady_s=self.steady_s,
        )
