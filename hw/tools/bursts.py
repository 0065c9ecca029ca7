# SPDX-License-Identifier: GPL-3.0-or-later
"""Bursts of codes as the software would take them from simulated plateaus, and its verdict.

The verdict is the software's own: `evsed.core.pilot.pilot_meter.PilotMeter`, which is pure and
needs nothing but Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from evsed.core.pilot.pilot_meter import Anomaly, FrontEnd, PilotMeter, burst_length

Converter = Callable[[int], int]  # the code that is read, of the right one

PERIOD_S = 1e-3
TICK_S = 0.02
SETTLE_S = 9e-6  # the slower of the two poles (cable, filter), with both at their largest


@dataclass(frozen=True, slots=True)
class Plateaus:
    """The codes of the two plateaus."""

    high: float
    low: float


def as_it_is(code: int) -> int:
    """What a converter that is well gives for *code*."""
    return code


def burst(
    plateaus: Plateaus, duty: float, rng: Random, converter: Converter = as_it_is
) -> list[int]:
    """A burst at moments that are not locked to the pilot, edges and one code of noise included."""
    codes = []
    for _ in range(burst_length(duty)):
        phase = rng.random()
        here, before, since = plateaus.high, plateaus.low, phase
        if phase >= duty:
            here, before, since = plateaus.low, plateaus.high, phase - duty
        value = here + (before - here) * math.exp(-since * PERIOD_S / SETTLE_S)
        if duty in (0.0, 1.0):
            value = here
        codes.append(converter(min(1023, max(0, math.floor(value + rng.gauss(0.0, 0.7))))))
    return codes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the software made of a row of bursts.

    `reading`: the last anomaly that it named in any of them, else the state it settled on. `close`:
    whether any reading was one on which, held, the contactor could close.
    """

    reading: str
    close: bool


def verdict(
    plateaus: Plateaus,
    duty: float,
    front_end: FrontEnd,
    *,
    bursts: int = 30,
    seed: int = 1,
    converter: Converter = as_it_is,
) -> Verdict:
    """The software's verdict on *bursts* bursts, one each tick."""
    rng = Random(seed)
    meter = PilotMeter(front_end)
    settled = "unknown"
    named = ""
    close = False
    for tick in range(bursts):
        reading = meter.update(tick * TICK_S, burst(plateaus, duty, rng, converter), duty)
        settled = "unknown" if reading.settled is None else reading.settled.value
        named = named if reading.anomaly is None else reading.anomaly.name
        close = close or (reading.live_for_s > 0.0 and reading.anomaly is None)
    return Verdict(named or settled, close)


EXPECTED: dict[str, str] = {
    # instance in pilot.cir -> what the software must say of it with PWM on
    "a": "A",
    "b": "B",
    "c": "C",
    "d": "D",
    "e": Anomaly.SHORTED.name,
    "k": Anomaly.SHORTED.name,
    "bn": Anomaly.NO_DIODE.name,
    "cn": Anomaly.NO_DIODE.name,
    "dn": Anomaly.NO_DIODE.name,
}
