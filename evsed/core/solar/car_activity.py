# SPDX-License-Identifier: GPL-3.0-or-later
"""Doings of the plugged car: since when it charges, pauses, or takes next to nothing.

Moments are monotonic seconds, spans seconds, currents amperes.
"""

from __future__ import annotations

import math
from typing import Final

from evsed.core.solar.car_needs import UNTAKEN_RISES_S

SETTLE_S: Final = 5.0
"""A run stays at the least current for this long after current began to flow, in seconds."""

SOFT_RISES_S: Final = 300.0
"""An untaken offer to a car that has to begin low rises after this: it may rest for longer
before it tries again. After that the search for its least current begins, too
(`core/car/least_search.py`)."""

UNTAKEN_CLIMBS_S: Final = 30.0
"""An untaken offer climbs on by an ampere in this time, in seconds, where current is to be given
without sun, too, until the car begins; it goes back a minute after it has reached the top ..."""

CLIMBS_AGAIN_S: Final = 1_200.0
"""... and climbs again in so long, in seconds. A car that wakes up where nothing measures what it
takes is not to find the whole current there for hours."""

BEGUN_HOLDS_S: Final = 40.0
"""The current at which a car began stays on offer for this long, in seconds: longer than it takes
to see that the car works at it."""

TAKES_LITTLE_A: Final = 2.0
"""A car that takes less than this with its contactor closed does not charge: reported cars sleep at
up to 1.3 A (evcc-io/evcc#14210)."""


class CarActivity:
    """Moments at which the car began, paused, or was seen to take next to nothing."""

    __slots__ = (
        "_begun_a",
        "_begun_until_at",
        "_drew_at",
        "_idle_at",
        "_little_at",
        "_soft_until_at",
        "charging",
        "flowing_at",
    )

    def __init__(self) -> None:
        self.charging = False
        """True while the contactor is closed and the car asks for power."""
        self.flowing_at: float | None = None
        """The moment at which the run's first current began to flow."""
        self._soft_until_at = -math.inf
        self._begun_a, self._begun_until_at = 0.0, -math.inf
        self._idle_at = -math.inf
        self._drew_at = -math.inf
        self._little_at: float | None = None

    @property
    def takes_little(self) -> bool:
        """True while the contactor is closed and the car is known to take next to nothing."""
        return self._little_at is not None

    @property
    def takes_power(self) -> bool:
        """True while a run is on and the car draws what a car that charges does."""
        return self.flowing_at is not None and self.charging and not self.takes_little

    def untaken_s(self, now: float) -> float:
        """Return for how long the car has left its offer, in seconds; 0 while it takes it."""
        if self._little_at is not None:
            return now - self._little_at
        return 0.0 if self.charging else now - self._idle_at

    def begun_a(self, now: float) -> float:
        """Return the current at which the car has just begun, or 0."""
        return self._begun_a if now < self._begun_until_at else 0.0

    def offer(self, now: float) -> None:
        """Note that an offer begins."""
        self._idle_at = now

    def end_run(self) -> None:
        """Note that nothing is offered any more."""
        self._soft_until_at = -math.inf
        self.flowing_at = None

    def begin_charge(self, now: float, offered_a: float, least_a: float, soft_s: float) -> bool:
        """Note that current flows from now on; True where a run begins, False where it goes on."""
        self._begun_a, self._begun_until_at = offered_a, now + BEGUN_HOLDS_S
        begins = self.flowing_at is None
        if begins:
            self.flowing_at = now
            if offered_a <= least_a:
                soft_s = max(soft_s, SETTLE_S)
        self._soft_until_at = now + soft_s
        return begins

    def set_charging(self, now: float, *, charging: bool) -> None:
        """Note whether the contactor is closed and the car asks for power."""
        if self.charging and not charging:
            self._idle_at = now
        self.charging = charging

    def on_draw(
        self, now: float, drawn_a: float, offered_a: float, most_a: float | None, *, measured: bool
    ) -> None:
        """Note since when the car takes next to nothing, and the offer at which it began.

        `most_a` is the most that it takes, where that is known.
        """
        if not (measured and self.charging and drawn_a < TAKES_LITTLE_A):
            self._drew_at = now
        little = self.charging and most_a is not None and most_a < TAKES_LITTLE_A
        little = little or now - self._drew_at >= UNTAKEN_RISES_S
        if little and self._little_at is None:
            self._little_at = now
        elif not little and self._little_at is not None:
            self._little_at = None
            self._begun_a, self._begun_until_at = offered_a, now + BEGUN_HOLDS_S

    def softly(self, now: float, soft_start_s: float, rises_after_s: float) -> bool:
        """Return True where the offer stays at the least current: hardly any current flows yet."""
        if self.charging:
            return now < self._soft_until_at
        if soft_start_s > 0:
            return now - self._idle_at < SOFT_RISES_S
        return self.flowing_at is None and now - self._idle_at < rises_after_s


def climbed_a(floor_a: float, cap_a: float, untaken_s: float) -> float:
    """The least that is to be given without sun to a car that left less untaken, amperes."""
    climbs_s = math.fmod(untaken_s, CLIMBS_AGAIN_S) - UNTAKEN_RISES_S
    if floor_a <= 0 or climbs_s <= 0:
        return floor_a
    climbed_a = floor_a + math.ceil(climbs_s / UNTAKEN_CLIMBS_S)
    stays_a = UNTAKEN_RISES_S / UNTAKEN_CLIMBS_S
    return min(climbed_a, cap_a) if climbed_a <= cap_a + stays_a else floor_a
