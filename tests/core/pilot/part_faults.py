# SPDX-License-Identifier: GPL-3.0-or-later
"""One failed part of the pilot's generator or receiver after the other: `make pilot-faults`.

The real meter and the real state machine read bursts into which the fault is worked. Each fault is
tried four times: there from the start with no car, coming with no car, coming while a car charges,
and coming while a car is in B. In the last two the car then stops and is unplugged, and 10 s later
the offer ends and comes back, so that the next closing is due.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evsed.core.pilot import events as ev
from evsed.core.pilot.limits import Limit
from tests.core.pilot.bursts import FRONT_END
from tests.core.pilot.story import Story

Codes = Callable[[int], int]
Volts = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class PartFault:
    """A failed part: what it makes of a code of the converter."""

    name: str
    codes: Codes


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


def part_faults() -> Iterator[PartFault]:
    """Every fault of the table."""
    for bit in range(10):
        yield PartFault(f"converter: bit {bit} stuck at 0", _without(1 << bit))
        yield PartFault(f"converter: bit {bit} stuck at 1", _with(1 << bit))
    for at_v in (10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 3.0):
        yield PartFault(f"receiver clips above {at_v:g} V", _volts(_at_most(at_v)))
    for at_v in (-11.0, -9.0, -6.0):
        yield PartFault(f"receiver clips under {at_v:g} V", _volts(_at_least(at_v)))
    for at_v in (9.0, 6.5, 6.0, 5.5):
        yield PartFault(f"generator: + side at {at_v:g} V", _volts(_weak(at_v)))
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
class Outcome:
    """What came of one fault."""

    name: str
    from_start: str
    no_car: str
    in_charge: str
    in_b: str

    @property
    def closes_on_an_empty_plug(self) -> bool:
        """Whether anything closed where there was no car."""
        return "CLOSES" in (self.from_start + self.no_car)

    @property
    def unnoticed(self) -> bool:
        """Whether the closing after the car left went on as if nothing were wrong."""
        return "CLOSES" in (self.in_charge + self.in_b)


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
    return "CLOSES" if story.told(ev.ContactorClosed) else _shown(story)


def _left(fault: Codes, *, charging: bool) -> str:
    story = FailingStory()
    if charging:
        story.charging()
    else:
        story.run(1.0)
        story.car("B")
        story.run(5.0)
    story.fault = fault
    story.run(3.0)
    story.car("A")
    before = story.told(ev.ContactorClosed)
    story.run(2.0)
    live = story.closed
    for limit_a in (0.0, 16.0):  # the sun goes and comes back: the next closing
        story.limit = Limit("feed", limit_a)
        story.run(25.0)
    if story.told(ev.ContactorClosed) > before:
        return "CLOSES"
    return ("held until the offer ended, then " if live else "") + _shown(story)


def outcome(fault: PartFault) -> Outcome:
    """Try one fault in the four ways."""
    return Outcome(
        fault.name,
        _empty(fault.codes, at_once=True),
        _empty(fault.codes, at_once=False),
        _left(fault.codes, charging=True),
        _left(fault.codes, charging=False),
    )


def main() -> int:
    """Print the table; 1 where anything closes on an empty plug."""
    bad = 0
    row = "| {:38} | {:28} | {:28} | {:58} | {:58} |\n"
    sys.stdout.write(
        row.format("part", "no car, from the start", "no car, then it fails",
                   "fails in a charge, car leaves", "fails in B, car leaves")
    )  # fmt: skip
    for fault in part_faults():
        found = outcome(fault)
        bad += found.closes_on_an_empty_plug or found.unnoticed
        sys.stdout.write(
            row.format(found.name, found.from_start, found.no_car, found.in_charge, found.in_b)
        )
    sys.stdout.write(f"{bad} of them close the contactor on an empty plug\n")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
