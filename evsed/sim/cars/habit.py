# SPDX-License-Identifier: GPL-3.0-or-later
"""A habit: one way in which a car differs from the ordinary one.

A habit is asked at each step of the car, in the order in which the car thinks: is the plug's
contact there, what does the pilot offer, is S2 closed, how much is drawn. It gets what the car (or
the habit before it) would do, and returns what is done instead. So habits can be combined: a car
has a tuple of them.

A habit also states what a car with it could take at best, because a share of an ordinary car's
energy says nothing of a car that cannot take as much: its least current, the time it needs to
begin, and what it takes of a current once it has begun.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Final, Protocol

NEARLY_S: Final = 1e-6  # made-up clocks add up fractions: this early is on time


class Signal(enum.Enum):
    """Signal at the car's end of the pilot."""

    NONE = "nothing"
    """No voltage: CP is open, shorted, or the station is dead."""
    STEADY = "x1"
    """+12 V without PWM: wait."""
    PWM = "x2"
    """PWM with a legal duty: an offer."""
    NOT_AVAILABLE = "F"
    """-12 V: the station is not available."""


@dataclass(frozen=True, slots=True)
class SeenPilot:
    """Reading of the pilot by the car; `offer_a` is 0 where the signal is no offer."""

    signal: Signal
    offer_a: float = 0.0


NOTHING: Final = SeenPilot(Signal.NONE)


@dataclass(frozen=True, slots=True)
class TrialMoment:
    """A moment in the trial of an ordinary car, for which a habit states what it could take.

    Seconds since the plug went in, since this run of current began, since the first current ever;
    and the energy that the car with the habit could have taken so far.
    """

    at_s: float
    run_s: float
    first_s: float
    taken_wh: float


class CarState(Protocol):
    """State of the car as far as a habit may know it."""

    @property
    def seen(self) -> SeenPilot:
        """The pilot as it is, before any habit."""

    @property
    def s2_closed(self) -> bool:
        """S2 as it was after the last step."""

    @property
    def mains(self) -> bool:
        """There is voltage at the inlet."""

    @property
    def drawn_a(self) -> float:
        """The current after the last step, amperes per phase."""

    @property
    def charged_wh(self) -> float:
        """The energy taken since the plug went in."""

    @property
    def plugged_for_s(self) -> float:
        """Seconds since the plug went in."""


class Habit:
    """The ordinary car; a habit overrides what it changes. `restart()` is called at each plug-in.

    `least_a` (amperes) and `begins_s` (seconds from the offer to the first current, beyond the
    ordinary car's) describe what a car with this habit could take, as `most_runs` does, the charges
    that it begins in one stay (0: any number); `takes()` the rest.
    """

    least_a: float = 6.0
    begins_s: float = 0.0
    most_runs: int = 0

    def restart(self) -> None:
        """Forget everything: the plug has just gone in."""

    def on_contact(self, now: float, car: CarState, touching: bool) -> bool:  # noqa: FBT001
        """Return True where the control pilot's contact is made."""
        del now, car
        return touching

    def on_load(self, now: float, car: CarState, touching: bool) -> bool:  # noqa: FBT001
        """Return True where the car's resistors load the pilot; the car reads it all the same."""
        del now, car
        return touching

    def on_offer(self, now: float, car: CarState, offer_a: float) -> float:
        """The offer that the car acts on, amperes; 0: as if there were none."""
        del now, car
        return offer_a

    def on_s2(self, now: float, car: CarState, closed: bool) -> bool:  # noqa: FBT001
        """Return True where S2 is closed."""
        del now, car
        return closed

    def on_current(self, now: float, car: CarState, current_a: float) -> float:
        """The current that the car aims at with S2 closed and mains there, amperes."""
        del now, car
        return current_a

    def takes(self, moment: TrialMoment, current_a: float) -> float:
        """Return what such a car could take where an ordinary car takes *current_a*, amperes."""
        return current_a if moment.run_s + NEARLY_S >= self.begins_s else 0.0


class Since:
    """For how long something has been true without a break."""

    def __init__(self) -> None:
        self._since = math.nan

    def update(self, now: float, *, true: bool) -> float:
        """Seconds at *now*; 0 where it is not true, or is so only from now on."""
        if not true:
            self._since = math.nan
            return 0.0
        if math.isnan(self._since):
            self._since = now
        return now - self._since
