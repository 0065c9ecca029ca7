# SPDX-License-Identifier: GPL-3.0-or-later
"""Events as frozen values: the only way in which `core` reports what happened.

Each event carries `at`, the monotonic moment (seconds). The daemon adds the wall clock.
`str(event)` is the sentence for people.
"""

from __future__ import annotations

from dataclasses import dataclass

from evsed.core.pilot.causes import Cause
from evsed.core.text import text


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; `at` is the monotonic moment in seconds.

    An event that adds nothing to it has no decorator of its own: each takes 0.5 ms of the start
    of a process.
    """

    at: float


class CarPluggedIn(Event):
    """The pilot left A for B, C or D (IEC 61851-1 seq. 1)."""

    __slots__ = ()

    def __str__(self) -> str:
        return text("car plugged in")


class CarUnplugged(Event):
    """The pilot is back at A (seq. 2)."""

    __slots__ = ()

    def __str__(self) -> str:
        return text("car unplugged")


@dataclass(frozen=True, slots=True)
class OfferMade(Event):
    """PWM started (x1 to x2, seq. 3): the car may take `offered_a` amperes."""

    offered_a: float

    def __str__(self) -> str:
        return text("offering {offered_a:.1f} A", offered_a=self.offered_a)


@dataclass(frozen=True, slots=True)
class OfferWithdrawn(Event):
    """PWM stopped (x2 to x1, seq. 9 and 10): its `cause`, and `why` in words."""

    cause: Cause
    why: str

    def __str__(self) -> str:
        return text("offer withdrawn: {why}", why=self.why)


class CarAsked(Event):
    """The car closed S2 (B to C, seq. 4)."""

    __slots__ = ()

    def __str__(self) -> str:
        return text("car asks for power")


class CarStopped(Event):
    """The car opened S2 (C to B, seq. 8)."""

    __slots__ = ()

    def __str__(self) -> str:
        return text("car stopped asking")


class CarFlinched(Event):
    """The car opened S2 within a second of a change of the duty, as some cars do each time."""

    __slots__ = ()

    def __str__(self) -> str:
        return text("car stopped asking for a moment: the offer had just changed")


@dataclass(frozen=True, slots=True)
class CarWoken(Event):
    """State F is shown for 4 s so that a car asleep wakes (IEC 61851-1 A.5.3).

    Or the pilot's line is open for `open_s`, by the relay in it.
    """

    open_s: float = 0.0

    def __str__(self) -> str:
        if self.open_s:
            return text(
                "trying to wake the car: the pilot's line open for {open_s:.0f} s",
                open_s=self.open_s,
            )
        return text("trying to wake the car: state F for 4 s")


@dataclass(frozen=True, slots=True)
class ContactorClosed(Event):
    """The contactor was commanded to close; `cycles` counts closings since the process started."""

    cycles: int

    def __str__(self) -> str:
        return text("contactor closed, charging")


@dataclass(frozen=True, slots=True)
class ContactorOpened(Event):
    """The contactor was commanded to open: its `cause`, and `why` in words.

    Where the offer was withdrawn before, the cause is that of the withdrawal: the car let go
    because of it.
    """

    cause: Cause
    why: str

    def __str__(self) -> str:
        return text("contactor opened: {why}", why=self.why)


@dataclass(frozen=True, slots=True)
class PhasesSwitched(Event):
    """The set of phases changed `before` to `after`, everything being open; `why` in words."""

    before: int
    after: int
    why: str

    def __str__(self) -> str:
        return text(
            "phases switched from {before} to {after}: {why}",
            before=self.before,
            after=self.after,
            why=self.why,
        )


@dataclass(frozen=True, slots=True)
class PhasesNotSwitched(Event):
    """A change of the set from `before` to `after` failed and was given up; `why` in words."""

    before: int
    after: int
    why: str

    def __str__(self) -> str:
        return text(
            "phases not switched from {before} to {after}: {why}; the set stays as "
            "it is, and after a second failure until the car is unplugged",
            before=self.before,
            after=self.after,
            why=self.why,
        )


@dataclass(frozen=True, slots=True)
class FaultRaised(Event):
    """A fault began; `fault` is its name (EVerest's), `detail` what was measured."""

    fault: str
    detail: str

    def __str__(self) -> str:
        return text("{fault}: {detail}", fault=self.fault, detail=self.detail)


@dataclass(frozen=True, slots=True)
class FaultCleared(Event):
    """A fault ended; `how` is what ended it."""

    fault: str
    how: str

    def __str__(self) -> str:
        return text("{fault} cleared: {how}", fault=self.fault, how=self.how)


@dataclass(frozen=True, slots=True)
class StateChanged(Event):
    """The settled state moved; `old` and `new` are names such as "B2" and "C2"."""

    old: str
    new: str

    def __str__(self) -> str:
        return text("state {old} -> {new}", old=self.old, new=self.new)


@dataclass(frozen=True, slots=True)
class StateFShown(Event):
    """State F is put on the wire for `for_s` seconds, because of `why`; no fault."""

    for_s: float
    why: str

    def __str__(self) -> str:
        return text("state F for {for_s:.0f} s: {why}", for_s=self.for_s, why=self.why)


@dataclass(frozen=True, slots=True)
class OwnerAsked(Event):
    """The owner or a program gave an order: `who` (a user, or an address) and `what`, in words."""

    who: str
    what: str

    def __str__(self) -> str:
        return text("{what}, ordered by {who}", what=self.what, who=self.who)


@dataclass(frozen=True, slots=True)
class ButtonPressed(Event):
    """The button on the box was pressed and released; `press` is "short" or "long"."""

    press: str

    def __str__(self) -> str:
        if self.press == "long":
            return text("the button on the box was pressed, long")
        return text("the button on the box was pressed, short")


@dataclass(frozen=True, slots=True)
class BoxTrouble(Event):
    """Something is wrong with the light or the button on the box: `what`; "": both are well."""

    what: str

    def __str__(self) -> str:
        return self.what or text("light and button on the box are well again")


# By name, for those who carry events from one process to another.
KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        CarPluggedIn,
        CarUnplugged,
        OfferMade,
        OfferWithdrawn,
        CarAsked,
        CarStopped,
        CarFlinched,
        CarWoken,
        ContactorClosed,
        ContactorOpened,
        PhasesSwitched,
        PhasesNotSwitched,
        FaultRaised,
        FaultCleared,
        StateChanged,
        StateFShown,
        OwnerAsked,
        ButtonPressed,
        BoxTrouble,
    )
}
