# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts of codes as the front end of hw/ would give them, from plateaus in volts."""

from __future__ import annotations

import random

from evsed.core.pilot.pilot_meter import FrontEnd, burst_length

FRONT_END = FrontEnd()
HIGH_V = {"A": 11.92, "B": 8.95, "C": 5.97, "D": 2.92, "E": 0.0, "F": -11.94}
LOW_V = -11.94


def code(volts: float) -> int:
    """The ADC's code for *volts* at the pilot."""
    raw = (volts - FRONT_END.volts_at_code_0) / FRONT_END.volts_per_code
    return min(1023, max(0, round(raw)))


class Wire:
    """A pilot with two plateaus and noise, sampled at random phases; repeatable by *seed*."""

    def __init__(self, seed: int = 1, noise_v: float = 0.02) -> None:
        self._random = random.Random(seed)
        self._noise_v = noise_v

    def burst(
        self, state: str | float, duty: float, low_v: float = LOW_V, count: int | None = None
    ) -> list[int]:
        """A burst in *state* (a letter, or the high plateau in volts) at *duty*."""
        high_v = HIGH_V[state] if isinstance(state, str) else state
        codes = []
        for _ in range(burst_length(duty) if count is None else count):
            level_v = high_v if self._random.random() < duty else low_v
            codes.append(code(level_v + self._random.gauss(0.0, self._noise_v)))
        return codes
