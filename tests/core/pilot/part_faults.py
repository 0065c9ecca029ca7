# SPDX-License-Identifier: GPL-3.0-or-later
"""One failed part of the pilot's generator or receiver after the other: `make pilot-faults`.

The real meter and the real state machine read bursts into which the fault is worked. Each fault is
tried four times: there from the start with no car, coming with no car, coming while a car charges,
and coming while a car is in B. In the last two the car is unplugged 3 s later, 20 s after that
the offer ends and comes back, so that the next closing is due. The seconds are those for which the
empty plug was live. `channel 4`: whether the generator's own channel finds it, car or not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from evsed.core.pilot import events as ev
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.self_checks import GENERATOR_TICKS, GeneratorCheck
from evsed.sim.circuit import PARTS, Parts
from tests.core.pilot.bursts import FRONT_END
from tests.core.pilot.story import Story

Codes = Callable[[int], int]
Volts = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class PartFault:
    """A failed part: what it makes of a code of the converter."""

    name: str
    codes: Codes
    at_converter: bool = False  # so that every channel of it reads as wrongly
    at_generator: bool = False


def _clipped(code: float) -> int:
    return min(1023, max(0, round(code)))


def _volts(change: Volts) -> Codes:
    """A fault in volts at the pilot, as a change of codes."""
    zero, step = FRONT_END.volts_at_code_0, FRONT_END.volts_per_code
    return lambda code: _clipped((change(zero + code * step) - zero) / step)


def _without(bits: int) -> Codes:
    def change(code: int) -> int:
        return code & ~bits

    return change


def _with(bits: int) -> Codes:
    def change(code: int) -> int:
        return code | bits

    return change


def _at_most(at_v: float) -> Volts:
    return lambda volts: min(volts, at_v)


def _at_least(at_v: float) -> Volts:
    return lambda volts: max(volts, at_v)


def _weak(at_v: float) -> Volts:
    return lambda volts: volts * at_v / 11.92 if volts > 0 else volts


def _line(gain: float, offset_v: float) -> Volts:
    return lambda volts: volts * gain + offset_v


def _weak_low(at_v: float) -> Volts:
    return lambda volts: volts * at_v / -11.94 if volts < 0 else volts


def _parts(parts: Parts) -> Codes:
    """The receiver with other *parts*, whose codes are taken for those of the right ones."""
    zero, step = parts.volts_at_code_0, parts.volts_per_code
    right, per_code = FRONT_END.volts_at_code_0, FRONT_END.volts_per_code
    return lambda code: _clipped((right + code * per_code - zero) / step)


def _leaking(leak_ohm: float) -> Parts:
    """A leak from the divider's tap to ground."""
    return replace(PARTS, to_ground_ohm=1 / (1 / PARTS.to_ground_ohm + 1 / leak_ohm))


def part_faults() -> Iterator[PartFault]:
    """Every fault of the table."""
    for bit in range(10):
        for level, codes in ((0, _without(1 << bit)), (1, _with(1 << bit))):
            yield PartFault(f"converter: bit {bit} stuck at {level}", codes, at_converter=True)
    for at_v in (10.0, 9.0, 8.0, 7.0, 6.6, 6.3, 6.0, 5.7, 5.4, 5.0, 3.0):
        yield PartFault(f"receiver clips above {at_v:g} V", _volts(_at_most(at_v)))
    for at_v in (-11.0, -9.0, -6.0):
        yield PartFault(f"receiver clips under {at_v:g} V", _volts(_at_least(at_v)))
    for at_v in (10.5, 9.0, 6.5, 6.0, 5.5):
        weak = _volts(_weak(at_v))
        yield PartFault(f"generator: + side at {at_v:g} V", weak, at_generator=True)
    for at_v in (-11.0, -9.0, -6.0, -3.0):
        weak = _volts(_weak_low(at_v))
        yield PartFault(f"generator: - side at {at_v:g} V", weak, at_generator=True)
    for leak_ohm in (20e3, 32e3, 40e3, 53e3, 100e3, 300e3):
        name = f"divider: {leak_ohm / 1e3:.0f} kohm from its tap to ground"
        yield PartFault(name, _parts(_leaking(leak_ohm)))
    for ohm in (16e3, 18e3, 20e3, 25e3, 40e3):
        name = f"divider: R303 at {ohm / 1e3:.0f} kohm"
        yield PartFault(name, _parts(replace(PARTS, to_ground_ohm=ohm)))
    # Of both: the pilot's own levels move, and with them those that its codes stand for.
    yield PartFault("reference at 2.9 V, of both", lambda code: code)
    for at_v in (2.0, 2.9, 3.1, 3.5):
        name = f"reference at {at_v:g} V, of the converter"
        yield PartFault(name, _volts(_line(PARTS.reference_v / at_v, 0.0)), at_converter=True)
    for gain in (0.3, 0.5, 0.7, 0.9, 1.1, 1.3):
        for offset_v in (-3.0, -1.0, 0.0, 1.0, 3.0):
            name = f"receiver: gain {gain:g}, offset {offset_v:+g} V"
            yield PartFault(name, _volts(_line(gain, offset_v)))


class FailingStory(Story):
    """A story in which a part fails."""

    fault: Codes | None = None

    def __init__(self) -> None:
        super().__init__()
        burst = self.wire.burst

        def failing(
            state: str | float, duty: float, low_v: float = -11.94, count: int | None = None
        ) -> list[int]:
            codes = burst(state, duty, low_v, count)
            fault = self.fault
            return codes if fault is None else [fault(code) for code in codes]

        self.wire.burst = failing  # type: ignore[method-assign]
        self.answers = True


@dataclass(frozen=True, slots=True)
class Left:
    """The outcome of a fault after which a car was unplugged: the plug was `live_s` live."""

    shown: str
    live_s: float
    closes: bool

    def __str__(self) -> str:
        held = "until the offer ends" if self.live_s >= HELD_S else f"{self.live_s:.2f} s"
        return f"{held}, then {'CLOSES' if self.closes else self.shown}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one fault."""

    name: str
    from_start: str
    no_car: str
    in_charge: Left
    in_b: Left
    channel_4: bool

    @property
    def closes_on_an_empty_plug(self) -> bool:
        """True where anything closed without a car."""
        return "CLOSES" in (self.from_start + self.no_car)

    @property
    def unnoticed(self) -> bool:
        """True where the closing after the car left went on as if nothing were wrong."""
        return self.in_charge.closes or self.in_b.closes


HELD_S = 20.0  # how long the offer stands on after the car was unplugged


def _shown(story: Story) -> str:
    faults = ", ".join(fault.value for fault in story.step.faults)
    return faults or (f"open, {story.step.blocked}"[:28] if story.step.blocked else "open")


def _empty(fault: Codes, *, at_once: bool) -> str:
    story = FailingStory()
    if at_once:
        story.fault = fault
    story.run(2.0)
    story.fault = fault
    story.run(45.0)
    return "CLOSES" if story.count(ev.ContactorClosed) else _shown(story)


def unplugged(fault: PartFault, *, charging: bool = True, level: str | float = "C") -> FailingStory:
    """A charge (of a car with its C at *level*), or B; the fault; and 3 s later the plug is out."""
    story = FailingStory()
    if charging:
        story.charging(level)
    else:
        story.run(1.0)
        story.car("B")
        story.run(5.0)
    story.fault = fault.codes
    story.run(3.0)
    story.car("A")
    return story


def live_s(story: Story) -> float:
    """Seconds for which the plug that was just pulled is live, `HELD_S` at most."""
    unplugged_at = story.now
    while story.closed and story.now - unplugged_at < HELD_S:
        story.run(0.02)
    return story.now - unplugged_at


def next_closing(story: Story) -> bool:
    """True where the contactor closes again when the sun goes and comes back."""
    before = story.count(ev.ContactorClosed)
    for limit_a in (0.0, 16.0):
        story.run(8.0)
        story.limit = Limit("feed", limit_a)
    story.run(18.0)
    return story.count(ev.ContactorClosed) > before


def left(fault: PartFault, *, charging: bool) -> Left:
    """Try *fault* in a charge, or in B, and unplug the car 3 s later."""
    return left_behind(unplugged(fault, charging=charging))


def left_behind(story: Story) -> Left:
    """The outcome for a plug that was just pulled, up to the next closing that is due."""
    seconds = live_s(story)
    closes = next_closing(story)
    return Left(_shown(story), seconds, closes)


def found_by_channel_4(fault: PartFault) -> bool:
    """True where the generator's own channel, behind the same converter, shows the fault."""
    check = GeneratorCheck(FRONT_END.volts_at_code_0, FRONT_END.volts_per_code)
    levels = [_clipped((volts - FRONT_END.volts_at_code_0) / FRONT_END.volts_per_code)
              for volts in (12.0, -12.05)]  # fmt: skip
    if fault.at_converter or fault.at_generator:
        levels = [fault.codes(level) for level in levels]
    for _ in range(GENERATOR_TICKS + 1):
        check.update(4 * levels, 0.5)
    return bool(check.faults)


def outcome(fault: PartFault) -> Outcome:
    """Try one fault in the four ways."""
    return Outcome(
        fault.name,
        _empty(fault.codes, at_once=True),
        _empty(fault.codes, at_once=False),
        left(fault, charging=True),
        left(fault, charging=False),
        found_by_channel_4(fault),
    )


def main() -> int:
    """Print the table; 1 where anything closes on an empty plug."""
    bad = 0
    row = "| {:38} | {:28} | {:28} | {:46} | {:34} | {:9} |\n"
    sys.stdout.write(
        row.format("part", "no car, from the start", "no car, then it fails",
                   "fails in a charge, car leaves: live", "fails in B, car leaves", "channel 4")
    )  # fmt: skip
    held = []
    for fault in part_faults():
        found = outcome(fault)
        bad += found.closes_on_an_empty_plug or found.unnoticed
        if found.in_charge.live_s >= HELD_S:
            held.append(found.name)
        sys.stdout.write(
            row.format(found.name, found.from_start, found.no_car, str(found.in_charge),
                       str(found.in_b), "finds it" if found.channel_4 else "")
        )  # fmt: skip
    sys.stdout.write(
        f"{bad} of them close the contactor on an empty plug; {len(held)} keep it closed until the "
        f"offer ends: {', '.join(held)}\n"
    )
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
