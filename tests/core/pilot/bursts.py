# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts of codes as the front end of hw/ would give them, from plateaus in volts."""

from __future__ import annotations

import random
from functools import lru_cache

from evsed.core.pilot.pilot_meter import LONG_BURST, FrontEnd, burst_length

FRONT_END = FrontEnd()
HIGH_V = {"A": 11.92, "B": 8.95, "C": 5.97, "D": 2.92, "E": 0.0, "F": -11.94}
LOW_V = -11.94
CODE_MAX = 1023


def code(volts: float) -> int:
    """The ADC's code for *volts* at the pilot."""
    raw = (volts - FRONT_END.volts_at_code_0) / FRONT_END.volts_per_code
    return min(CODE_MAX, max(0, round(raw)))


POOL = 4096


@lru_cache(maxsize=8)
def _normal(seed: int) -> tuple[float, ...]:
    """Draw the noise of standard deviation 1 that bursts take their stretches of."""
    source = random.Random(seed)
    return tuple(source.gauss(0.0, 1.0) for _ in range(POOL + LONG_BURST))


class Wire:
    """A pilot with two plateaus and noise, sampled at random phases; repeatable by *seed*.

    The noise of a burst is a stretch of a pool, from a place drawn at random: most of the time of
    a story of hours would go into drawing it else.
    """

    def __init__(self, seed: int = 1, noise_v: float = 0.02) -> None:
        self._random = random.Random(seed)
        self._noise = [volts * noise_v / FRONT_END.volts_per_code for volts in _normal(seed)]

    def burst(
        self, state: str | float, duty: float, low_v: float = LOW_V, count: int | None = None
    ) -> list[int]:
        """A burst in *state* (a letter, or the high plateau in volts) at *duty*."""
        high_v = HIGH_V[state] if isinstance(state, str) else state
        count = burst_length(duty) if count is None else count
        high, low = (
            (v - FRONT_END.volts_at_code_0) / FRONT_END.volts_per_code for v in (high_v, low_v)
        )
        draw = self._random.random
        start = int(draw() * POOL)
        noise = self._noise[start : start + count]
        if duty >= 1.0:
            codes = [round(high + each) for each in noise]
        else:
            codes = [round((high if draw() < duty else low) + each) for each in noise]
        if min(codes) < 0 or max(codes) > CODE_MAX:
            codes = [min(CODE_MAX, max(0, each)) for each in codes]
        return codes
