# SPDX-License-Identifier: GPL-3.0-or-later
"""The matrix: each part of the contactor's drive that fails, when it fails, and what finds it.

`python -m tests.boards.single_parts` tells every story on both boards and prints the table that
stands in SAFETY.md; `--write` puts it there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from evsed.core.pilot.faults import Fault
from evsed.errors import BoardError
from evsed.sim.circuit import NO_CAR
from tests.boards.single_parts.converter_faults import FAULTS
from tests.boards.single_parts.pis import PIS
from tests.boards.single_parts.plug import IN_C, Plug

LIVE_WITHIN_S: Final = 0.3
"""Detection (40 ms), the trail of beats (60 ms), the slowest pump (147.3 ms) and contactor (50)."""


def short_q401(plug: Plug) -> None:
    """The transistor that GPIO 23 drives, shorted from drain to source."""
    plug.drive.short_drive(plug.clock.now)


def stick_high(plug: Plug) -> None:
    """GPIO 23 stays high: its driver, or a bridge to 3.3 V."""
    plug.stick_high()


def stick_pump(plug: Plug) -> None:
    """The charge pump never lets go: Q402 shorted."""
    plug.drive.pump_stuck = True


def weld(plug: Plug) -> None:
    """The contacts do not open any more once they have closed."""
    plug.drive.contactors[0].welded = True


class Part(NamedTuple):
    """A part that fails: what finds it with and without a mirror contact; None: nothing can."""

    words: str
    fail: Callable[[Plug], None]
    with_mirror: Fault
    without: Fault | None
    named: str
    """The words by which `evsed check` names it where the mirror contact is missing."""


PARTS: Final = {
    "q401": Part("Q401 shorted", short_q401, Fault.CONTACTOR, None, "a shorted Q401 or Q402"),
    "gpio": Part("GPIO 23 stuck high", stick_high, Fault.CONTACTOR, Fault.CONTACTOR, ""),
    "pump": Part(
        "charge pump stuck, Q402 shorted",
        stick_pump,
        Fault.DEAD_MAN,
        None,
        "a charge pump that is stuck",
    ),
    "weld": Part("contacts welded", weld, Fault.CONTACTOR, None, "a welded contactor"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a story; `live_s`: the longest time for which an empty plug was live."""

    live_s: float
    faults: dict[Fault, str]
    live_at_end: bool


def before_a_charge(plug: Plug, fail: Callable[[Plug], None]) -> None:
    """It fails with no car; then two cars come."""
    fail(plug)
    plug.run(4.0, NO_CAR)
    plug.charge()
    plug.pull()
    plug.charge()
    plug.pull()


def during_a_charge(plug: Plug, fail: Callable[[Plug], None]) -> None:
    """It fails while a car charges, which is pulled out under load; then another car comes."""
    plug.charge()
    if not plug.live:
        raise AssertionError("a car in C was not charged")
    fail(plug)
    plug.run(0.5, IN_C)
    plug.pull()
    plug.charge()
    plug.pull()


def after_a_charge(plug: Plug, fail: Callable[[Plug], None]) -> None:
    """It fails when a car has been charged and has gone; then another one comes."""
    plug.charge()
    plug.stop()
    plug.pull(1.0)
    fail(plug)
    plug.run(4.0, NO_CAR)
    plug.charge()
    plug.stop()
    plug.pull()


def killed_as_it_is_pulled(plug: Plug) -> None:
    """The control process is killed as the plug is pulled, and starts again."""
    plug.crash(NO_CAR)


def killed_with_the_car(plug: Plug) -> None:
    """The control process is killed and starts again while the car stays; then it is pulled."""
    plug.crash(IN_C)
    plug.run(6.0, IN_C)


def switched_off_as_it_is_pulled(plug: Plug) -> None:
    """`evsed off` runs as the plug is pulled."""
    plug.circuit.load = NO_CAR
    with suppress(BoardError):  # it says that an output stays on, where one does
        plug.pi.switch_off()
    plug.follow()


def struck_as_it_is_pulled(plug: Plug) -> None:
    """Pigpiod, or the dead-man's process, is killed as the plug is pulled."""
    plug.circuit.load = NO_CAR
    plug.pi.strike()
    plug.follow()


EVENTS: Final = {
    "killed as it is pulled": killed_as_it_is_pulled,
    "killed with the car": killed_with_the_car,
    "switched off as it is pulled": switched_off_as_it_is_pulled,
    "struck as it is pulled": struck_as_it_is_pulled,
}


@cache
def event_outcome(pi: str, part: str, event: str, *, mirror: bool) -> Outcome:
    """Play a part that fails in a charge, an event after it, and the next car."""
    with PIS[pi](mirror=mirror) as plug:
        plug.run(2.0, NO_CAR)
        plug.charge()
        assert plug.live
        PARTS[part].fail(plug)
        plug.run(0.1, IN_C)
        EVENTS[event](plug)
        plug.pull(3.0)
        plug.pi.mend()
        plug.pull(8.0)
        plug.charge()
        plug.pull(2.0)
        return Outcome(plug.longest_s, dict(plug.snapshot.faults), plug.live)


MOMENTS: Final = {
    "before": before_a_charge,
    "during": during_a_charge,
    "after": after_a_charge,
}


@cache
def outcome(pi: str, part: str, moment: str, *, mirror: bool) -> Outcome:
    """Play one story."""
    with PIS[pi](mirror=mirror) as plug:
        plug.run(2.0, NO_CAR)
        MOMENTS[moment](plug, PARTS[part].fail)
        return Outcome(plug.longest_s, dict(plug.snapshot.faults), plug.live)


@cache
def converter_outcome(pi: str, name: str, moment: str, *, channels: bool) -> Outcome:
    """Play a converter that fails; *channels*: those that check are wired, too."""

    def fail(plug: Plug) -> None:
        plug.converter.fault = FAULTS[name](plug)

    with PIS[pi](mirror=False, channels=channels) as plug:
        plug.run(2.0, NO_CAR)
        MOMENTS[moment](plug, fail)
        return Outcome(plug.longest_s, dict(plug.snapshot.faults), plug.live)


def limit_s(part: str) -> float:
    """The longest time that an empty plug may be live; a weld is opened by the breaker alone."""
    return float("inf") if part == "weld" else LIVE_WITHIN_S


def table() -> str:
    """Return the table of SAFETY.md: the worst of both boards and all moments."""
    lines = [
        "| what fails | mirror contact | empty plug live, at most | found as |",
        "|---|---|---|---|",
    ]
    for key, part in PARTS.items():
        for mirror in (False, True):
            live_s = max(
                outcome(pi, key, moment, mirror=mirror).live_s for pi in PIS for moment in MOMENTS
            )
            fault = part.with_mirror if mirror else part.without
            lines.append(
                f"| {part.words} | {'yes' if mirror else 'no'} | "
                f"{'until the breaker is off' if key == 'weld' else f'{1000 * live_s:.0f} ms'} | "
                + (f"`{fault.value}` |" if fault else "not found |")
            )
    return "\n".join(lines)
