# SPDX-License-Identifier: GPL-3.0-or-later
"""A week of charging at 10 % duty, drawn burst by burst: `make week`.

What is drawn: every burst of every tick (30.24 million in a week of 20 ms), 128 conversions at the
moments of a rhythm, on the circuit of `sim.circuit` with a car in C and 60 mV of noise; each goes
through the real `PilotMeter` and the real `Evse`. One tick in a hundred is late, by up to 24 ms: a
beat more than 60 ms after the last one may be an opening by design, and is no false one. An hour
takes about 7 CPU-seconds, half of them in `PilotMeter` (`week_bursts` says how a burst is drawn).

What is not: noise comes from a table of 8191 normal variates, another for each hour; so nothing
beyond four standard deviations occurs in the drawing (`test_week` is about more than that).

Two rhythms: the bench's (spacings of 48-57 us, none locked to the pilot), and what pigpiod makes of
the patterns of `boards.pigpio.burst`, for bus clocks and overheads as Pis have them.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Final

from evsed.boards.pigpio.burst import patterns
from evsed.core.pilot.evse import Evse
from evsed.core.pilot.evse_values import SAFE, EvseConfig
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.pilot_meter import LONG_BURST, PERIOD_S, FrontEnd, PilotMeter
from evsed.sim.circuit import CAR_B_OHM, CAR_C_OHM, NO_CAR, Circuit, Load
from tests.core.pilot.week_bursts import Places, Rhythm, SteadyBursts
from tests.sim.bench_board import JITTER_S, SPACING_S

TICK_S: Final = 0.02
DUTY: Final = 0.1
NOISE_V: Final = 0.06
LATE_SHARE: Final = 0.01
LATE_S: Final = 0.024
HOUR_S: Final = 3600
BITS: Final = 8
# Of a bus asked for 650 kHz: what pigpiod makes of it on Pis of 250, 400 and 500 MHz core clock.
CLOCKS_HZ: Final = (651_000.0, 1_042_000.0, 1_302_000.0)
OVERHEAD_S: Final = (8e-6, 30e-6)  # of a transfer beside its clocks
TICK_COST_S: Final = (15e-6, 40e-6)  # of a request that converts nothing


def bench_rhythms(rng: Random, count: int = 61) -> list[Rhythm]:
    """Rhythms as `BenchBoard` draws them: each a spacing of its own, wandering a bit."""
    rhythms = []
    for _ in range(count):
        spacing_s = rng.uniform(*SPACING_S)
        wander = [spacing_s + JITTER_S * rng.random() for _ in range(LONG_BURST)]
        rhythms.append(tuple(accumulate(wander)))
    return rhythms


def pigpio_rhythms(rng: Random) -> list[Rhythm]:
    """The answer of one Pi to the patterns that evsed sends: clock and costs drawn once for all."""
    clock_hz = rng.choice(CLOCKS_HZ)
    overhead_s, tick_s = rng.uniform(*OVERHEAD_S), rng.uniform(*TICK_COST_S)
    rhythms = []
    for burst in patterns(0, 0, LONG_BURST):
        at_s = 0.0
        moments = []
        for ask in burst.asks:
            if ask.data:  # a conversion of so many bytes
                at_s += overhead_s + BITS * ask.data / clock_hz + 1e-6 * rng.random()
                moments.append(at_s)
            else:
                at_s += tick_s
        rhythms.append(tuple(moments))
    return rhythms


@dataclass(slots=True)
class Tally:
    """The bursts that were seen: `unread` gave nothing, `strays` another state than C."""

    bursts: int = 0
    late: int = 0
    unread: int = 0
    strays: int = 0
    anomalies: int = 0
    openings: int = 0

    def add(self, other: Tally) -> None:
        """Count *other* in, too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Line:
    """A pilot at 10 %, a car that charges, meter and state machine; `tick()` is one of 20 ms."""

    def __init__(self, seed: int, noise_v: float = NOISE_V) -> None:
        self.circuit = Circuit(noise_v=noise_v, seed=seed)
        self.meter = PilotMeter(FrontEnd())
        self.evse = Evse(EvseConfig(front_end_proved=True), 0.0)
        self.tally = Tally()
        self.now = 0.0
        self.outputs = SAFE
        self._limit = Limit("owner", 6.0)
        self._charge(Random(seed))

    def _charge(self, rng: Random) -> None:
        """Plug in, offer, ask, close."""
        rhythms = bench_rhythms(rng)
        for load, ticks in (
            (NO_CAR, 50),
            (Load(car_ohm=CAR_B_OHM), 200),
            (Load(car_ohm=CAR_C_OHM), 40),
        ):
            self.circuit.load = load
            for _ in range(ticks):
                self.tick(TICK_S, rng.choice(rhythms), rng.random() * PERIOD_S)
        if not self.outputs.closed:
            raise RuntimeError("a car in C was not served")
        self.tally = Tally()

    def take_at_phase(self, wait_s: float, rhythm: Rhythm, phase_s: float) -> None:
        """A tick whose burst begins so long after a rising edge of the pilot."""
        since_s = (self.now + wait_s - self.circuit.generator.origin_s) % PERIOD_S
        self.tick(wait_s, rhythm, (phase_s - since_s) % PERIOD_S)

    def tick(self, wait_s: float, rhythm: Rhythm, start_s: float) -> None:
        """The next tick, *wait_s* after the last; the burst begins *start_s* into it."""
        self.now += wait_s
        origin_s = self.now + start_s
        codes = self.circuit.codes([origin_s + moment_s for moment_s in rhythm])
        self._update(origin_s + rhythm[-1], codes)

    def run(self, seconds: float, rhythms: Sequence[Rhythm], rng: Random) -> None:
        """So many seconds of ticks with bursts of `SteadyBursts`, a hundredth of them late."""
        random, tally, places = rng.random, self.tally, [Places(rhythm) for rhythm in rhythms]
        bursts = SteadyBursts(self.circuit, rng.getrandbits(32))
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            if random() < LATE_SHARE:
                self.now += random() * LATE_S
                tally.late += 1
            rhythm = places[int(random() * len(places))]
            start_s = self.now + random() * PERIOD_S
            codes = bursts.codes(rhythm, start_s)
            if self._update(start_s + rhythm.last_s, codes):
                bursts = SteadyBursts(self.circuit, rng.getrandbits(32))

    def _update(self, now: float, codes: list[int]) -> bool:
        """Meter, state machine and tally after a burst; return True where the duty has changed."""
        outputs = self.outputs
        reading = self.meter.update(now, codes, outputs.duty)
        step = self.evse.step(now, reading, self._limit)
        tally = self.tally
        tally.bursts += 1
        if reading.state is not reading.settled:
            tally.unread += reading.state is None
            tally.strays += reading.state is not None
        if reading.anomaly is not None:
            tally.anomalies += 1
        self.outputs = step.outputs
        tally.openings += outputs.closed > step.outputs.closed
        if step.outputs.duty == outputs.duty:
            return False
        self.circuit.drive(step.outputs.duty, now)
        return True


def drawn(seed: int, seconds: float, make: Callable[[Random], Sequence[Rhythm]]) -> Tally:
    """So many seconds of charging, every burst of them."""
    rng = Random(seed)
    line = Line(seed)
    line.run(seconds, make(rng), rng)
    return line.tally


def _hour(number: int) -> Tally:
    return drawn(number, HOUR_S, bench_rhythms if number % 2 else pigpio_rhythms)


def hum(at_s: float) -> float:
    """Mains hum of 0.5 V, and the ringing of a long cable after each edge of a 1 kHz pilot."""
    since_s = at_s % PERIOD_S
    ringing = 0.5 * math.exp(-since_s / 8e-6) * math.cos(2 * math.pi * 250e3 * since_s)
    return 0.5 * math.sin(2 * math.pi * 50.0 * at_s) + ringing


def noisy_hour() -> Tally:
    """Scenario 56: an hour with 0.3 V of noise, hum and ringing."""
    rng = Random(56)
    line = Line(56, noise_v=0.3)
    line.circuit.disturbance = hum
    rhythms = bench_rhythms(rng)
    for _ in range(round(HOUR_S / TICK_S)):
        line.tick(TICK_S, rng.choice(rhythms), rng.random() * PERIOD_S)
    return line.tally


def main() -> int:
    """Draw hours of charging, and the noisy hour; 1 when the contactor opened in any."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.core.pilot.week", description=main.__doc__
    )
    parser.add_argument("--hours", type=int, default=7 * 24)
    parser.add_argument("--processes", type=int, default=None, help="as many as there are cores")
    arguments = parser.parse_args()
    began_at = time.monotonic()
    total = Tally()
    with ProcessPoolExecutor(arguments.processes) as pool:
        noisy = pool.submit(noisy_hour)
        for hour, tally in enumerate(pool.map(_hour, range(arguments.hours)), start=1):
            total.add(tally)
            if hour % 24 == 0 or hour == arguments.hours:
                minutes = (time.monotonic() - began_at) / 60
                sys.stdout.write(f"{hour} h in {minutes:.1f} min: {total}\n")
                sys.stdout.flush()
        sys.stdout.write(f"an hour of 0.3 V of noise, hum and ringing: {noisy.result()}\n")
        openings = total.openings + noisy.result().openings
    return 1 if openings else 0


if __name__ == "__main__":
    sys.exit(main())
