# SPDX-License-Identifier: GPL-3.0-or-later
"""The inputs of the walk through the state machine, and the worlds that it walks in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from evsed.core.pilot import (
    j1772,
    presence,
)
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.limits import FOREVER, Limit
from evsed.core.pilot.pilot_meter import Anomaly

if TYPE_CHECKING:
    from collections.abc import Iterator


Memory = dict[str, Any]  # the machine's fields

A, B, C, D, E, F = PilotState
HIGH_V: Final = {A: 11.92, B: 8.95, C: 5.97, D: 2.92}


@dataclass(frozen=True, slots=True)
class Pilot:
    """A reading that the meter may give. `state` is the burst's own word, None: unreadable.

    `good`: in the window for closing, with the diode seen, if PWM is on the wire.
    """

    name: str
    settled: PilotState | None
    state: PilotState | None
    anomaly: Anomaly | None = None
    high_v: float | None = None
    lost: bool = False
    good: bool = False

    def __str__(self) -> str:
        return self.name


def _clear(state: PilotState) -> Pilot:
    return Pilot(state.value, state, state, high_v=HIGH_V[state], good=state in presence.LIVE)


IN_A, IN_B, IN_C, IN_D = (_clear(state) for state in (A, B, C, D))
MISREAD = Pilot("12 V misread", A, A, high_v=11.2)
STRAY = Pilot("C with a burst of B", C, B, high_v=8.95)
UNREAD = Pilot("C with a burst unread", C, None, high_v=5.97, good=True)
LOST = Pilot("C, lost", C, None, high_v=5.97, lost=True)
NO_DIODE = Pilot("C without diode", C, C, Anomaly.NO_DIODE, 5.62)
SHORT = Pilot("a short", E, E, Anomaly.SHORTED, 0.0)
STEPPED = Pilot("C at another level", C, C, high_v=6.6, good=True)
PILOTS: Final = (
    IN_A,
    IN_B,
    IN_C,
    IN_D,
    MISREAD,
    Pilot("C at its edge", C, C, high_v=7.4),
    STRAY,
    UNREAD,
    LOST,
    Pilot("B without diode", B, B, Anomaly.NO_DIODE, 8.79),
    NO_DIODE,
    SHORT,
    Pilot("stuck low", F, F, Anomaly.STUCK_LOW),
)
SHOWN_F: Final = Pilot("F", F, F)  # where F is on the wire nothing else can be read
UNSETTLED: Final = Pilot("nothing settled", None, C, high_v=5.97)


class WatchedLimit(Limit):
    """A limit of the feed that notes whether its amperes were read."""

    __slots__ = ("_amperes", "was_read")

    _amperes: float
    was_read: bool

    def __init__(
        self, owner: str = "feed", max_a: float = 0.0, until_at: float = FOREVER, why: str = ""
    ) -> None:
        for field, value in (("owner", owner), ("until_at", until_at), ("why", why)):
            object.__setattr__(self, field, value)
        self.set(max_a)

    def set(self, max_a: float) -> None:
        """Make it another limit, which was not read yet."""
        object.__setattr__(self, "_amperes", max_a)
        object.__setattr__(self, "was_read", False)

    @property
    def max_a(self) -> float:
        """The amperes."""
        object.__setattr__(self, "was_read", True)
        return self._amperes


class Given(NamedTuple):
    """The input of a step beside the time: the reading, the limit, the report."""

    pilot: Pilot
    limit_a: float
    reported: Fault | None = None
    wish: int = 0  # the set of phases that is asked for
    proved_open: bool = True  # by every mirror contact, where all are commanded open

    def __str__(self) -> str:
        report = f", {self.reported.value}" if self.reported else ""
        wish = f", {self.wish} phases" if self.wish else ""
        contact = "" if self.proved_open else ", a contact reads closed"
        return f"{self.pilot}, {self.limit_a:g} A{report}{wish}{contact}"


# Where B is not needed there are a tenth of the states; one world needs it.
PROVED: Final = EvseConfig(front_end_proved=True, needs_b=False)
ACKNOWLEDGE, OPENED, LOST_BOARD, LET_GO = "acknowledge", "opened elsewhere", "board lost", "let go"
WAKE = "wake"


@dataclass(frozen=True, slots=True)
class World:
    """The inputs of a walk: the machine's configuration, readings, limits, reports, orders."""

    config: EvseConfig = PROVED
    pilots: tuple[Pilot, ...] = PILOTS
    limits: tuple[float, ...] = (0.0, 6.0, 16.0)
    reports: tuple[Fault | None, ...] = (None,)
    orders: tuple[str, ...] = (OPENED, LOST_BOARD, WAKE)
    restored: tuple[Fault, ...] = ()
    wishes: tuple[int, ...] = (0,)
    proofs: tuple[bool, ...] = (True,)

    def inputs(self, memory: Memory) -> Iterator[list[Given]]:
        """Every input that is possible, and of interest, where the machine remembers *memory*.

        Those that differ only in the limit come together, the lowest first.
        """
        pilots = self.pilots
        if memory["duty"] == j1772.NOT_AVAILABLE:
            pilots = (SHOWN_F, *(pilot for pilot in pilots if pilot.anomaly is None))
        elif memory["settled"] is None:
            pilots = (UNSETTLED, *pilots)
        # With a fault nothing is offered: only the limit that would allow most is of interest.
        limits = self.limits[-1:] if memory["_details"] else self.limits
        # A rest has no offer and nothing closed: elsewhere the proof is of no interest.
        proofs = self.proofs[: 1 if memory["closed"] or 0.0 < memory["duty"] < 1.0 else None]
        for pilot in pilots:
            for report in self.reports:
                for wish in self.wishes:
                    for proved_open in proofs:
                        yield [
                            Given(pilot, limit_a, report, wish, proved_open) for limit_a in limits
                        ]
