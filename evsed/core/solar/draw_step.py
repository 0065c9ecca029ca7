# SPDX-License-Identifier: GPL-3.0-or-later
"""The step of the offer that is under way: its kind, its current, and how long it waits.

The first step of a test is small. The further ones are large, and so is the first one under a rough
sky, where a small step is lost in the noise: that costs sun, and nothing of the battery, since it
goes down there.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Final

from evsed.core.solar.step_noise import SMALL_A, Shown, StepNoise

LARGE_A: Final = 3.0
"""A large step goes down to the least current where that is so much or more, in amperes; else up,
by this or more."""


class StepKind(enum.Enum):
    """The size of a step."""

    NONE = "none"
    SMALL = "small"
    LARGE = "large"
    PAUSE = "pause"
    """To nothing at all: no other step tells a car that takes its least current from a full one."""


@dataclass(frozen=True, slots=True)
class JudgedStep:
    """A step whose answer is there: the readings before and after it."""

    before: Shown
    after: Shown
    risen: bool
    """True where the test was due because what is spare had risen."""

    @property
    def high_a(self) -> float:
        """The higher one of its currents."""
        return max(self.after.offered_a, self.before.offered_a)

    @property
    def low_a(self) -> float:
        """The lower one of its currents."""
        return min(self.before.offered_a, self.after.offered_a)


def falls_far(offered_a: float, least_a: float) -> bool:
    """Return True where a large step from *offered_a* goes down: upwards the battery pays."""
    return offered_a - least_a >= LARGE_A


class DrawStep:
    """At most one step at a time, in a row of steps that make a test."""

    def __init__(self, noise: StepNoise, lag: int) -> None:
        """Begin without a step; *lag* readings after its first an answer shows whole."""
        self._noise = noise
        self._lag = lag
        self._begun_at = -math.inf
        self._up = False
        self.risen = False
        """True where the test was due because what is spare had risen."""
        self.end()

    def end(self) -> None:
        """End the test."""
        self.before: Shown | None = None
        """The reading before the step; None where no step is under way."""
        self.kind = StepKind.NONE
        self.since_s = 0.0
        """Seconds since that reading."""
        self.judged = 0
        """Steps of this test that were judged."""
        self.disturbed = False
        """True where the sky or a load moved during the last one."""
        self._level_a: float | None = None
        self._high_a = 0.0
        self._wait = 0

    def begin_test(self, now: float, last: Shown, *, large: bool, risen: bool) -> None:
        """Begin the first step of a test, upwards and downwards in turn."""
        self._up, self.risen = not self._up, risen
        self.begin(now, last, StepKind.LARGE if large else StepKind.SMALL)

    def begin(self, now: float, last: Shown, kind: StepKind) -> None:
        """Begin a step from the reading *last*."""
        self.kind, self._level_a, self._begun_at = kind, None, now
        self.before, self._wait, self.since_s = last, self._lag, 0.0

    def on_start_or_stop(self, last: Shown, offered_a: float) -> None:
        """Make a step of a start of the charge after *last*, or of the stop that a pause asks for.

        Any other stop ends the test.
        """
        kind = self.kind
        self.end()
        if offered_a > 0 or kind is StepKind.PAUSE:
            self.before, self._wait = last, self._lag
            self.kind = kind if offered_a <= 0 else StepKind.NONE

    def on_late_reading(self, shown: Shown, stamp_at: float) -> bool:
        """Begin the step from *shown* instead, where that reading is older than the step.

        The feed is late, and the offer has followed the sun since. Return True where it is so.
        """
        late = self.kind is not StepKind.NONE and stamp_at <= self._begun_at
        if late:
            self.before = shown
        return late

    def waits(self) -> bool:
        """Count a reading; return True where it may not show the whole answer yet."""
        waits = self._wait > 0
        self._wait -= waits
        return waits

    def end_judged(self) -> None:
        """End a step that was judged; the test may go on."""
        self.before = None
        self._level_a = None

    def end_answered(self) -> None:
        """End a test whose answer is known."""
        self.kind, self.judged, self._high_a = StepKind.NONE, 0, 0.0

    def plan_a(self, least_a: float, cap_a: float) -> float | None:
        """Return the current of the step, between *least_a* and *cap_a*; None where there is none.

        It stays the same for the whole step.
        """
        if self.kind in (StepKind.NONE, StepKind.PAUSE) or self.before is None:
            return None
        if self._level_a is None:
            self._level_a = self._choose_a(self.before.offered_a, least_a, cap_a)
        return min(self._level_a, cap_a)

    def _choose_a(self, offered_a: float, least_a: float, cap_a: float) -> float:
        """Return the current of a step from *offered_a*."""
        noise_a = self._noise.rms_w() / self._noise.watts_per_ampere
        if self.kind is StepKind.LARGE:
            if falls_far(offered_a, least_a):
                self._high_a = offered_a
                return least_a
            return min(cap_a, max(self._high_a, offered_a + max(LARGE_A, 4 * noise_a)))
        step_a = max(SMALL_A, 3 * noise_a)
        up_a, down_a = min(cap_a, offered_a + step_a), max(least_a, offered_a - step_a)
        if min(up_a - offered_a, offered_a - down_a) < step_a:
            return up_a if up_a - offered_a > offered_a - down_a else down_a
        return up_a if self._up else down_a
