# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts that fail in time rather than in level: `make pilot-faults` prints them, too.

A receiver that lags, a converter that repeats a value or freezes, a gain, an offset or a reference
that drifts, a diode that fails, a stuck bit while something loads the line, and noise. Each begins
with no car, and in a charge; then the car is unplugged in the tick of the fault, a tenth of a
second after it, and 3 s after it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from evsed.core.pilot import events as ev
from evsed.core.pilot.pilot_meter import PERIOD_S, burst_length
from tests.core.pilot.bursts import HIGH_V, LOW_V, code
from tests.core.pilot.part_faults import PartFault, left_behind, part_faults
from tests.core.pilot.story import Story

Volts = Callable[[float, float], float]
"""The pilot in volts, and the seconds since the fault began; the volts that are read."""
Row = Callable[[list[int], float], list[int]]
"""A burst and the seconds since the fault began; the burst that is given."""

DELAYS_S = (0.0, 0.1, 3.0)
SPACING_S = 51.7e-6  # between two conversions; not locked to the pilot
DRIFTS_S = (0.01, 3.0, 30.0, 300.0)
LOADED_BITS = ("converter: bit 5", "converter: bit 7", "converter: bit 8")


def _same(volts: float, _: float) -> float:
    return volts


def _as_it_is() -> Row:
    return lambda codes, _: codes


@dataclass(frozen=True, slots=True)
class TimedFault:
    """A fault of the volts that are read, of the row of codes, of the car or of the line.

    `row` makes a new one for each story. `lag_s`: the receiver's time constant. `low_v`: the low
    plateau while a car is there. `line_v`: both plateaus of the line without a car.
    """

    name: str
    volts: Volts = _same
    row: Callable[[], Row] = _as_it_is
    lag_s: float = 0.0
    low_v: float = LOW_V
    line_v: tuple[float, float] = (HIGH_V["A"], LOW_V)
    noise_v: float = 0.02


# -- a converter ------------------------------------------------------------------------------


def _repeats(each: int) -> Callable[[], Row]:
    """Only every so many-th conversion is a new one."""

    def make() -> Row:
        last, number = 0, 0

        def repeat(codes: list[int], _: float) -> list[int]:
            nonlocal last, number
            given = []
            for value in codes:
                last = last if number % each else value
                number += 1
                given.append(last)
            return given

        return repeat

    return make


def _stands(for_s: float) -> Callable[[], Row]:
    """The last conversion, again and again."""

    def make() -> Row:
        first: list[int] = []

        def stand(codes: list[int], since_s: float) -> list[int]:
            first.append(codes[-1])
            return [first[0]] * len(codes) if since_s <= for_s else codes

        return stand

    return make


def _again(for_s: float, bursts: int = 1) -> Callable[[], Row]:
    """The last bursts, again and again, as from a buffer."""

    def make() -> Row:
        kept: list[list[int]] = []

        def again(codes: list[int], since_s: float) -> list[int]:
            if len(kept) < bursts:
                kept.append(codes)
                return codes
            kept.append(kept.pop(0))
            return kept[-1][: len(codes)] if since_s <= for_s else codes

        return again

    return make


def _bit(fault: PartFault) -> Callable[[], Row]:
    return lambda: lambda codes, _: [fault.codes(value) for value in codes]


# -- a drift ----------------------------------------------------------------------------------


def _gain(end: float, within_s: float) -> Volts:
    return lambda volts, since_s: volts * (1 + (end - 1) * min(1.0, since_s / within_s))


def _offset(end_v: float, within_s: float) -> Volts:
    return lambda volts, since_s: volts + end_v * min(1.0, since_s / within_s)


def _reference(end: float, within_s: float) -> Volts:
    """The converter's reference alone: codes grow as it falls, from 13.76 V under 0."""

    def read(volts: float, since_s: float) -> float:
        share = 1 + (end - 1) * min(1.0, since_s / within_s)
        return (volts + 13.76) / share - 13.76

    return read


def timed_faults() -> Iterator[TimedFault]:
    """Every fault of the table."""
    for lag_s in (20e-6, 50e-6, 100e-6, 300e-6, 1e-3, 5e-3):
        yield TimedFault(f"receiver lags by {lag_s * 1e6:.0f} us", lag_s=lag_s)
    yield from converter_faults()
    for within_s in DRIFTS_S:
        for end in (0.5, 0.7, 0.8, 1.3):
            yield TimedFault(f"gain to {end:g} in {within_s:g} s", _gain(end, within_s))
        for end_v in (-6.0, -4.0, -3.0, 3.0):
            yield TimedFault(f"offset to {end_v:+g} V in {within_s:g} s", _offset(end_v, within_s))
        for end in (0.8, 1.15, 1.3, 1.5):
            yield TimedFault(f"reference to {end:g} in {within_s:g} s", _reference(end, within_s))
    yield TimedFault("the car's diode shorted", low_v=-5.8)
    yield TimedFault("the car's diode leaks", low_v=-10.4)
    yield TimedFault("the car's diode leaks a little", low_v=-11.0)
    for noise_v in (0.3, 1.0, 3.0):
        yield TimedFault(f"{noise_v:g} V of noise", noise_v=noise_v)
    yield from loaded_lines()


def converter_faults() -> Iterator[TimedFault]:
    """A converter that repeats values, and one that stands for a while or for ever."""
    for each in (2, 3, 8, 32, 100, 1000):
        yield TimedFault(f"converter: a new value in {each}", row=_repeats(each))
    for for_s in (0.1, 2.0, math.inf):
        yield TimedFault(f"converter stands for {for_s:g} s", row=_stands(for_s))
        yield TimedFault(f"the last burst for {for_s:g} s", row=_again(for_s))
        yield TimedFault(f"the last 6 bursts in turn for {for_s:g} s", row=_again(for_s, 6))


def loaded_lines() -> Iterator[TimedFault]:
    """Stuck bits, each with something on the line that is no car."""
    bits = [fault for fault in part_faults() if fault.name.startswith(LOADED_BITS)]
    for high_v, low_v in ((8.8, -8.9), (6.0, -6.1), (6.0, -11.9), (9.0, -11.9), (10.9, -11.0)):
        for fault in bits:
            name = f"{fault.name}, line {high_v:g}/{low_v:g} V"
            yield TimedFault(name, row=_bit(fault), line_v=(high_v, low_v))


def lagged(high_v: float, low_v: float, duty: float, phase_s: float, lag_s: float) -> float:
    """The settled row of a first-order lag at *phase_s* after a rising edge."""
    rise_s = duty * PERIOD_S
    after_high, after_low = math.exp(-rise_s / lag_s), math.exp((rise_s - PERIOD_S) / lag_s)
    begin_v = (low_v * (1 - after_low) + high_v * (1 - after_high) * after_low) / (
        1 - after_high * after_low
    )
    if phase_s < rise_s:
        return high_v + (begin_v - high_v) * math.exp(-phase_s / lag_s)
    fall_v = high_v + (begin_v - high_v) * after_high
    return low_v + (fall_v - low_v) * math.exp(-(phase_s - rise_s) / lag_s)


class TimedStory(Story):
    """A story in which a part fails in time."""

    def __init__(self) -> None:
        self._fault: TimedFault | None = None
        self._row: Row = _as_it_is()
        self._began_at = 0.0
        self._random = Random(11)
        super().__init__()
        self.answers = True
        well = self.wire.burst

        def burst(
            state: str | float, duty: float, low_v: float = LOW_V, count: int | None = None
        ) -> list[int]:
            fault = self._fault
            if fault is None:
                return well(state, duty, low_v, count)
            return self._failing(fault, state, duty, burst_length(duty) if count is None else count)

        self.wire.burst = burst  # type: ignore[method-assign]

    def fail(self, fault: TimedFault) -> None:
        """Let it begin."""
        self._fault, self._row, self._began_at = fault, fault.row(), self.now

    def _failing(self, fault: TimedFault, state: str | float, duty: float, count: int) -> list[int]:
        high_v = HIGH_V[state] if isinstance(state, str) else state
        low_v = fault.low_v
        if state == "A":
            high_v, low_v = fault.line_v
        draw, gauss = self._random.random, self._random.gauss
        since_s, start_s = self.now - self._began_at, draw() * PERIOD_S
        spacing_s = SPACING_S * (1 + 0.03 * draw())
        codes = []
        for number in range(count):
            phase_s = (start_s + number * spacing_s) % PERIOD_S
            if fault.lag_s and 0.0 < duty < 1.0:
                volts = lagged(high_v, low_v, duty, phase_s, fault.lag_s)
            else:
                volts = high_v if phase_s < duty * PERIOD_S or duty >= 1.0 else low_v
            codes.append(code(fault.volts(volts, since_s) + gauss(0.0, fault.noise_v)))
        return self._row(codes, since_s)


def empty(fault: TimedFault) -> bool:
    """True where an empty plug is closed after *fault* has begun."""
    story = TimedStory()
    story.run(2.0)
    story.fail(fault)
    story.run(40.0)
    return story.count(ev.ContactorClosed) > 0


def unplugged_after(fault: TimedFault, delay_s: float) -> TimedStory:
    """A charge; the fault; and *delay_s* later the plug is out."""
    story = TimedStory()
    story.charging()
    story.run(1.0)
    story.fail(fault)
    if delay_s:
        story.run(delay_s)
    story.car("A")
    return story


def main() -> int:
    """Print the table; 1 where anything closes on an empty plug."""
    bad = 0
    row = "| {:44} | {:8} |" + 3 * " {:44} |" + "\n"
    sys.stdout.write(row.format("fault", "no car", *(f"unplugged after {s:g} s" for s in DELAYS_S)))
    for fault in timed_faults():
        closes = empty(fault)
        left = [left_behind(unplugged_after(fault, delay_s)) for delay_s in DELAYS_S]
        bad += closes or any(each.closes for each in left)
        sys.stdout.write(row.format(fault.name, "CLOSES" if closes else "open", *map(str, left)))
        sys.stdout.flush()
    sys.stdout.write(f"{bad} of them close the contactor on an empty plug\n")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
