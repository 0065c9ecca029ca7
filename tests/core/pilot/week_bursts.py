# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts of a pilot that does not change, drawn several times as fast as `Circuit.codes` alone.

While a car charges at one duty, a conversion depends on nothing but its place in the pilot's
period and its noise. So the places of each rhythm are sorted once, and a burst is four ranges of
them: rising edge, high plateau, falling edge, low plateau. Each has a table of codes that the
circuit made, with its noise. A plateau takes a slice of its table from anywhere; an edge takes, for
each conversion, the code of that moment (to 0.8 ns, a twelfth of a code).

The codes come in another order than they would be converted in. Their noise is drawn apart, and no
part of `PilotMeter` looks at the order of a burst except to find one that repeats.
`test_week_bursts` compares the result with the circuit, code by code.
"""

from __future__ import annotations

from bisect import bisect_left
from random import Random
from typing import Final

from evsed.core.pilot.pilot_meter import PERIOD_S
from evsed.sim.circuit import Circuit

Rhythm = tuple[float, ...]  # seconds from the start of a burst to each of its conversions

EDGE_S: Final = 50e-6  # after an edge; twelve time constants of the front end's filter are 48 us
TABLE: Final = 65_536  # codes of each table
ALMOST_S: Final = 1e-6  # before the end of a plateau
CHUNK: Final = 64
RUN: Final = 96
STEP_S: Final = EDGE_S / TABLE


class Places:
    """The conversions of a *rhythm* by their place in the pilot's period."""

    def __init__(self, rhythm: Rhythm) -> None:
        self.count = len(rhythm)
        self.last_s = rhythm[-1]
        places = sorted(moment_s % PERIOD_S for moment_s in rhythm)
        # Twice, so that a range that passes the end of the period is one range.
        self.places_s = (*places, *(place_s + PERIOD_S for place_s in places))


class SteadyBursts:
    """Bursts of *circuit* as it is now: its duty, its load, its noise."""

    def __init__(self, circuit: Circuit, seed: int) -> None:
        generator = circuit.generator
        self._circuit = circuit
        self._origin_s = generator.origin_s
        self._falls_s = generator.duty * PERIOD_S
        if not EDGE_S + ALMOST_S < self._falls_s < PERIOD_S - EDGE_S - ALMOST_S:
            raise ValueError("a plateau is shorter than an edge")
        self._random = Random(seed).random
        self._rise = self._table(0.0, STEP_S)
        self._high = self._table(self._falls_s - ALMOST_S)
        self._fall = self._table(self._falls_s, STEP_S)
        self._low = self._table(PERIOD_S - ALMOST_S)
        # Sorting is a tenth of a tick, and quick where most is sorted.
        low2 = self._table(PERIOD_S - ALMOST_S)
        self._runs = [sorted(low2[at : at + RUN]) for at in range(0, TABLE - RUN, RUN)]

    def _table(self, phase_s: float, step_s: float = 0.0) -> list[int]:
        """Codes from *phase_s* of the period on, each *step_s* after the one before."""
        from_s = self._origin_s + phase_s + step_s / 2
        codes: list[int] = []
        while len(codes) < TABLE:  # each round has noise of its own
            begin = len(codes)
            codes += self._circuit.codes(
                [from_s + step_s * number for number in range(begin, begin + CHUNK)]
            )
        return codes

    def codes(self, places: Places, at_s: float) -> list[int]:
        """A burst that starts at this moment, part by part."""
        places_s, count = places.places_s, places.count
        # A conversion at this place meets the rising edge.
        rise_s = (self._origin_s - at_s) % PERIOD_S
        fall_s = rise_s + self._falls_s
        rise = bisect_left(places_s, rise_s)
        high = bisect_left(places_s, rise_s + EDGE_S, rise)
        fall = bisect_left(places_s, fall_s, high)
        low = bisect_left(places_s, fall_s + EDGE_S, fall)
        draw = int(self._random() * (TABLE - 2 * count))
        lows = count - (low - rise)
        codes = self._runs[draw % len(self._runs)][:lows]
        codes += self._low[draw : draw + lows - len(codes)]
        draw += count
        codes += self._high[draw : draw + fall - high]
        table = self._rise
        codes += [table[int((place_s - rise_s) / STEP_S)] for place_s in places_s[rise:high]]
        table = self._fall
        codes += [table[int((place_s - fall_s) / STEP_S)] for place_s in places_s[fall:low]]
        return codes
