# SPDX-License-Identifier: GPL-3.0-or-later
"""Doubts about the receiver that only a row of bursts shows.

* **It jumps.** A part that fails now and then (a bit of the converter, a cold joint) makes an empty
  plug read C in most bursts or conversions, and A in the others. Two bursts of the others in a row
  open; where no two ever come in a row, three within a second do. So do six bursts within a second
  that are C and yet have a conversion far above C. In a week of bursts with 60 mV of noise, and in
  an hour with 0.3 V, hum and ringing, not one burst strayed (`make week`).
* **It repeats itself.** A driver or a buffer that gives an old answer again reads as well as the
  pilot did then. A burst begins elsewhere in the pilot's period each time (`pace`) and carries the
  converter's noise, so no two of a sound receiver are the same, code by code.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evsed.core.pilot.j1772 import PilotState

WITHIN: Final = 50  # bursts: a second
STRAYS, SPIKES = 3, 6  # of those
SPIKE_V: Final = 1.5  # above the plateau: five times the worst noise, and half of a step of state
# Without noise, as in a simulation, a burst meets one of the last four by chance in 1 of 300.
REPEATS, REPEATS_OF = 5, 4  # bursts in a row, each one of the last so many; 0.1 s


class ReceiverDoubt:
    """Fed with each burst; `jumps` and `repeats` are what is wrong after it."""

    def __init__(self) -> None:
        self.jumps = self.repeats = False
        self._live: PilotState | None = None
        self._strays: deque[bool] = deque(maxlen=WITHIN)
        self._spikes: deque[bool] = deque(maxlen=WITHIN)
        self._recent: deque[tuple[int, ...]] = deque(maxlen=REPEATS_OF)
        self._repeated = 0

    def compare(self, state: PilotState, live: PilotState | None, *, spike: bool) -> None:
        """Compare a burst that was read as *state* with the settled *live*: C, D, or None of them.

        *spike*: a conversion was `SPIKE_V` above the plateau.
        """
        if live is not self._live:
            self._live = live
            self._strays.clear()
            self._spikes.clear()
        self._strays.append(live is not None and state is not live)
        self._spikes.append(live is not None and spike)
        self.jumps = sum(self._strays) >= STRAYS or sum(self._spikes) >= SPIKES

    def recognise(self, codes: Sequence[int], *, running: bool) -> None:
        """Note the *codes* of a burst; *running*: of a modulated pilot, a steady one repeats."""
        burst = tuple(codes)
        self._repeated = self._repeated + 1 if running and burst in self._recent else 0
        self._recent.append(burst)
        self.repeats = self._repeated >= REPEATS
