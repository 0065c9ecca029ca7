# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule of the tests of what the car takes.

A test is due when what is spare has risen much, or when nothing was shown for an hour. An offer
that follows the sun and is clearly answered needs no test.
"""

from __future__ import annotations

import math
from typing import Final

from evsed.core.solar.draw_evidence import MEMORY_S, MOST_EVIDENCE, NEAR_ZERO_W
from evsed.core.solar.draw_step import falls_far
from evsed.core.solar.draw_verdict import NATURAL, DrawVerdict
from evsed.core.solar.step_noise import SMALL_A, Shown, StepNoise

RISE_SHARE: Final = 0.5
"""A test is due once what is spare has risen by this share of the least power since the last
answer; where the car is known to take less than its least current, once it has fallen by it."""

FAR_READINGS: Final = 5
"""... for so many readings, and as long left something spare although the offer rose ..."""

UNANSWERED: Final = -2.25
"""... or once an offer that followed was clearly not answered ..."""

EVERY_S: Final = 3_600.0
"""... and after so long without an answer, in seconds."""

MOST_DOUBLED: Final = 2
"""... twice as long with each answer that confirms the last, but not more than so often."""

AGAIN_S: Final = 600.0
"""After a test that showed nothing the next is made no sooner than this, in seconds."""

MEAN_RATE: Final = 0.2
"""Under a rough sky a test is due by a mean of what is spare, in which the newest reading counts so
much, where the figure itself covers a start: beside an ordinary car it seldom does, and without
that condition those steps cost it 0.2 to 0.3 points of the sun."""

CALM_W: Final = 150.0
"""An ordinary car is tested at a reading that moved by no more than this, in watts, ..."""

CALM_SHARE: Final = 0.5
"""... or by this share of the usual: the offer does not follow the sun during a step, so a step in
a moving sky costs sun."""

MOST_PAUSES: Final = 2
"""A car that seems to take its least current and no more is paused at once, and again after one
hour, two, and so on, twice as long each time but not more than so often doubled: each costs a
closing."""


class DrawSchedule:
    """The moments of the answers, and what was spare at the last one."""

    def __init__(self, noise: StepNoise, verdict: DrawVerdict) -> None:
        """Begin without an answer."""
        self._noise = noise
        self._verdict = verdict
        self._least_mean_w = math.nan
        self._far_readings = 0
        self.begin_stay()

    def begin_stay(self) -> None:
        """Forget the answers of the car."""
        self.answer_at = -math.inf
        """The last answer, a natural one included."""
        self._tested_at = -math.inf
        self._spare_w = self._mean_w = math.nan
        self._natural = 0.0
        self._confirmed = 0
        self._every_s = EVERY_S
        self._pauses, self._paused_at = 0, -math.inf

    def forget_spare(self) -> None:
        """Forget what was spare at the last answer."""
        self._spare_w, self._natural = math.nan, 0.0

    @property
    def paused(self) -> bool:
        """True once a pause was made for this car."""
        return self._pauses > 0

    # -- what was seen ---------------------------------------------------------------------------

    def watch(self, now: float, last: Shown, shown: Shown, passed_s: float, *, stood: bool) -> bool:
        """Add a reading outside a step; return True where the car answered the sun's own steps.

        *stood*: any car had answered at both figures.
        """
        spare_w = self._noise.spare_w(shown, self._verdict.most_a)
        answered = self._weigh_natural(last, shown, passed_s, stood=stood)
        if answered:
            self._verdict.on_followed(shown.offered_a)
            self._on_answer(now, spare_w)
        if math.isnan(self._mean_w):
            self._mean_w = spare_w
        self._mean_w += MEAN_RATE * (spare_w - self._mean_w)
        if math.isnan(self._spare_w) and shown.offered_a > 0:
            self._spare_w, self._least_mean_w = spare_w, self._mean_w
        self._least_mean_w = min(self._least_mean_w, self._mean_w)
        return answered

    def _weigh_natural(self, last: Shown, shown: Shown, passed_s: float, *, stood: bool) -> bool:
        """Weigh an offer that follows the sun; return True where it is clearly answered."""
        per_a = self._noise.watts_per_ampere
        step_w = per_a * (shown.offered_a - last.offered_a)
        self._natural *= math.exp(-passed_s / MEMORY_S)
        if self._verdict.most_a is not None or abs(step_w) < SMALL_A * per_a:
            return False
        unanswered_w = shown.excess_w - last.excess_w
        answered_w = unanswered_w + step_w
        found = (unanswered_w**2 - answered_w**2) / (2 * self._noise.rms_w() ** 2)
        least = -MOST_EVIDENCE if stood else 0.0
        self._natural += max(least, min(MOST_EVIDENCE, found))
        return self._natural >= NATURAL

    def _on_answer(self, now: float, spare_w: float) -> None:
        """Note that it is known at *now* what the car takes."""
        self.answer_at, self._spare_w, self._natural = now, spare_w, 0.0
        self._least_mean_w = self._mean_w

    def on_tested(self, now: float, shown: Shown, *, confirmed: bool) -> None:
        """Note that a test has shown what the car takes; *confirmed*: what was known before."""
        spare_w = self._noise.spare_w(shown, self._verdict.most_a)
        self._confirmed = self._confirmed + 1 if confirmed else 0
        if not confirmed:
            self._mean_w = spare_w
        self._every_s = EVERY_S * 2 ** min(MOST_DOUBLED, self._confirmed)
        self._tested_at = now
        self._on_answer(now, spare_w)

    def on_test_without_answer(self, now: float) -> None:
        """Note that a test was given up."""
        self.answer_at = self._tested_at = now
        self._every_s = AGAIN_S
        self._spare_w = math.nan

    # -- what is due -----------------------------------------------------------------------------

    def pause_is_due(self, now: float) -> bool:
        """Return True where only a pause shows whether the car takes its least current."""
        if not self._verdict.may_take_least:
            return False
        if not self._pauses:
            return True
        every_s: float = EVERY_S * 2 ** min(MOST_PAUSES, self._pauses - 1)
        return now - self._paused_at >= every_s

    def on_pause(self, now: float) -> None:
        """Note that a pause begins."""
        self._pauses, self._paused_at = self._pauses + 1, now

    def due_and_calm(self, now: float, last: Shown) -> bool:
        """Return True at a reading that suits a test, once one is due."""
        calm_w = max(CALM_W, CALM_SHARE * self._noise.rms_w())
        calm = self._verdict.most_a is not None or self._noise.moved_w <= calm_w
        return self._due(now, last) and calm

    def _due(self, now: float, last: Shown) -> bool:
        """Return True where what the car takes should be tested."""
        if math.isnan(self._spare_w):
            return False
        most_a, every_s = self._verdict.most_a, self._every_s
        if most_a and last.offered_a > most_a + SMALL_A:
            every_s = min(every_s, AGAIN_S * 2**self._confirmed)
        far = self.moved_far(last) and (last.excess_w > 0 or most_a is not None)
        self._far_readings = self._far_readings + 1 if far else 0
        since_s = now - max(self._tested_at, self.answer_at)  # an offer that follows answers, too
        if most_a is not None or self._natural <= UNANSWERED:
            return far or since_s >= every_s
        if not self._noise.rough:
            return since_s >= (AGAIN_S if self._far_readings >= FAR_READINGS else every_s)
        if not falls_far(last.offered_a, self._noise.least_a) or last.excess_w < NEAR_ZERO_W:
            return False
        far_w = max(RISE_SHARE * self._noise.least_w, self._noise.rms_w())
        far = self._mean_w - self._least_mean_w >= far_w and last.excess_w >= self._noise.least_w
        return since_s >= (AGAIN_S if far else every_s)

    def moved_far(self, last: Shown) -> bool:
        """Return True where what is spare has moved as if the car took something else by now."""
        most_a = self._verdict.most_a
        spare_w = self._noise.spare_w(last, most_a)
        if most_a is None:
            self._spare_w = min(self._spare_w, spare_w)
        moved_w = spare_w - self._spare_w
        if most_a is not None and most_a < self._noise.least_a:
            moved_w = -moved_w
        return moved_w >= RISE_SHARE * self._noise.least_w
