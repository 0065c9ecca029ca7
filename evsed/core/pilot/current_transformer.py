# SPDX-License-Identifier: GPL-3.0-or-later
"""The current transformer: conversions of a sine on half the reference to amperes.

The tick of a board that reads one lasts 18 ms instead of 20. One period of 50 Hz mains is 20 ms, so
conversions at a fixed place of a 20 ms tick would see one phase of it for minutes: a 32 A sine at
its zero crossing reads 0 A. With 18 ms the place walks through the period, by a tenth at 50 Hz and
by a twelfth at 60 Hz, and a second holds several rounds of either. The trains of a second are
weighed by a triangle, so that it does not matter where in a round it begins and ends: a sine of 50
or 60 Hz +-1 % is read to 1 %, its offset taken away as the mean of the same rounds.

What cannot be seen: a transformer that is not clamped on, or not connected, reads 0 A. Current
beyond what the converter spans reads too little, but never less than the span's end.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, NamedTuple

from evsed.core.pilot.faults import Fault
from evsed.core.text import text

TICK_S: Final = 0.018
"""The tick where a current is read."""

CONVERSIONS: Final = 8
"""In a train, one a tick: they average the converter's noise, not the phase."""

SPAN_S: Final = 1.0
GAP_S: Final = 0.1  # longer without a train, and what went before says nothing of now
REFERENCE_V: Final = 3.3  # of the converter: REF3033 of hw/
CODES: Final = 1024  # MCP3008
MOST_V: Final = REFERENCE_V / 2 / math.sqrt(2)  # RMS of the largest sine between 0 and reference
MIDDLE: Final = 512
MIDDLE_WITHIN: Final = 64
"""Codes around the middle within which the offset has to be. The parts of hw/ leave it within 10
(two 1 % resistors, an op-amp's offset, the converter's own); a wire that is open, a supply that is
missing or a converter that is stuck are far outside."""


SILENCE: Final = 1.5
"""Codes RMS that are the converter's own noise: less is read as 0 A, or energy would be counted
where nothing flows. With a 2000:1 transformer that is 0.2 A."""


class _Train(NamedTuple):
    at: float
    size: int
    total: int
    squares: int


class CurrentMeter:
    """`update()` every tick. `amperes` (RMS, None: not known) and `faults` are the result.

    *a_per_v*: amperes in the cable for one volt at the converter, which are the transformer's
    turns over the ohms of its burden.
    """

    def __init__(self, a_per_v: float) -> None:
        self._a_per_code: Final = a_per_v * REFERENCE_V / CODES
        self._trains: deque[_Train] = deque()
        self._since = 0.0
        self.amperes: float | None = None
        self.faults: dict[Fault, str] = {}

    def reset(self) -> None:
        """Forget all trains: a second has to go by before anything is known."""
        self._trains.clear()
        self.amperes = None
        self.faults = {}

    def update(self, now: float, codes: tuple[int, ...]) -> None:
        """Add a train of conversions."""
        trains = self._trains
        if trains and now - trains[-1].at > GAP_S:
            self.reset()
        if not trains:
            self._since = now
        centred = [code - MIDDLE for code in codes]
        squares = sum(code * code for code in centred)
        trains.append(_Train(now, len(centred), sum(centred), squares))
        while now - trains[0].at > SPAN_S:
            trains.popleft()
        if now - self._since >= SPAN_S:
            self._judge(now)

    def _judge(self, now: float) -> None:
        weights = mean = mean_square = 0.0
        for at, size, total, squares in self._trains:
            weight = 1.0 - abs(2.0 * (now - at) / SPAN_S - 1.0)
            weights += weight * size
            mean += weight * total
            mean_square += weight * squares
        mean /= weights
        mean_square /= weights
        if abs(mean) > MIDDLE_WITHIN:
            self.amperes = None
            self.faults = {
                Fault.METER: text(
                    "the current transformer's input stands at code {code:.0f}, not at "
                    "about {middle}",
                    code=MIDDLE + mean,
                    middle=MIDDLE,
                )
            }
        else:
            self.faults = {}
            rms = math.sqrt(max(0.0, mean_square - mean * mean))
            self.amperes = self._a_per_code * rms if rms >= SILENCE else 0.0
