# SPDX-License-Identifier: GPL-3.0-or-later
"""Doubts about the receiver that only a row of bursts shows.

* **It jumps.** A part that fails now and then (a bit of the converter, a cold joint) makes an empty
  plug read C in most bursts or conversions, and A in the others. Two bursts of the others in a row
  open; where no two ever come in a row, three within a second do, and three of A within half a
  minute. So do six bursts within a second that are C and yet have a conversion far above C. In a
  week of bursts with 60 mV of noise, and in an hour with 0.3 V, hum and ringing, not one burst
  strayed (`make week`).
* **It repeats itself.** A driver or a buffer that gives an old answer again reads as well as the
  pilot did then. A burst begins elsewhere in the pilot's period each time (`pace`) and carries the
  converter's noise, so no two of a sound receiver are the same, code by code.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from evsed.core.pilot.j1772 import PilotState

if TYPE_CHECKING:
    from collections.abc import Sequence

WITHIN = 50  # bursts: a second
STRAYS, SPIKES = 3, 6  # of those
# A car opens S2 for a moment now and then, so a stray B may be its own. Its A is not: a car that is
# plugged in cannot show it, and one that spikes to A as S2 moves does so for several bursts.
AWAY, AWAY_WITHIN = 3, 1500  # bursts of A, within half a minute
SPIKE_V: Final = 1.5  # above the plateau: five times the worst noise, and half of a step of state
# Bursts in a row, each one of the last so many: after 0.1 s, or from a longer buffer after 0.2 s.
# Without noise, as in a simulation, a burst meets one of the last four by chance in 1 of 300.
REPEATS = ((5, 4), (10, 50))


class _Row:
    """The last *most* bursts of a kind; `full` while all of them are within *within* bursts."""

    def __init__(self, most: int, within: int) -> None:
        self._numbers: deque[int] = deque(maxlen=most)
        self._most, self._within = most, within

    def add(self, number: int) -> None:
        """Note burst *number* as one of the kind."""
        self._numbers.append(number)

    def clear(self) -> None:
        """Forget them all."""
        self._numbers.clear()

    def full(self, number: int) -> bool:
        """Return True where so many were within so many bursts up to *number*."""
        numbers = self._numbers
        return len(numbers) == self._most and number - numbers[0] < self._within


class ReceiverDoubt:
    """Fed with each burst; `jumps` and `repeats` are what is wrong after it."""

    def __init__(self) -> None:
        self.jumps = self.repeats = False
        self._live: PilotState | None = None
        self._number = 0
        self._strays = _Row(STRAYS, WITHIN)
        self._spikes = _Row(SPIKES, WITHIN)
        self._away = _Row(AWAY, AWAY_WITHIN)
        self._recent = [deque[int](maxlen=of) for _, of in REPEATS]
        self._repeated = [0 for _ in REPEATS]

    def compare(self, state: PilotState, live: PilotState | None, *, spike: bool) -> None:
        """Compare a burst that was read as *state* with the settled *live*: C, D, or None of them.

        *spike*: a conversion was `SPIKE_V` above the plateau.
        """
        strays, spikes, away = self._strays, self._spikes, self._away
        if live is not self._live:
            self._live = live
            for row in (strays, spikes, away):
                row.clear()
        self._number += 1
        number = self._number
        if live is not None:
            if state is not live:
                strays.add(number)
                if state is PilotState.A:
                    away.add(number)
            if spike:
                spikes.add(number)
        self.jumps = strays.full(number) or spikes.full(number) or away.full(number)

    def recognise(self, codes: Sequence[int], *, running: bool) -> None:
        """Note the *codes* of a burst; *running*: of a modulated pilot, a steady one repeats."""
        burst = hash(tuple(codes))
        for place, recent in enumerate(self._recent):
            again = running and burst in recent
            self._repeated[place] = self._repeated[place] + 1 if again else 0
            recent.append(burst)
        pairs = zip(self._repeated, REPEATS, strict=True)
        self.repeats = any(repeated >= enough for repeated, (enough, _) in pairs)
