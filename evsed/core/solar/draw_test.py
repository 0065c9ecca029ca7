# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of what the car really takes, where no meter tells: a step of the offer, and its answer.

An offer that follows the sun proves nothing, since it moves with the sun: a car that tapers off
looks like a sky that clears. So what counts here are steps that the sun did not cause: the start of
a charge, and small steps made on purpose. The figure of the feed answers such a step by as much as
the car does.

Nothing is judged where the figure is near 0, since throttled panels, or a battery that holds the
grid at zero, hide the answer there.

This file takes the readings in and hands them on: `draw_schedule` knows when a test is due,
`draw_step` is the step under way, `draw_verdict` concludes from its answer, and `step_noise` says
how clearly a step shows.
"""

from __future__ import annotations

import math
from typing import Final

from evsed.core.solar.draw_evidence import ANSWER_S, BEGIN_S, NEAR_ZERO_W, weigh
from evsed.core.solar.draw_schedule import AGAIN_S, DrawSchedule
from evsed.core.solar.draw_step import DrawStep, JudgedStep, StepKind, falls_far
from evsed.core.solar.draw_verdict import Conclusion, DrawVerdict
from evsed.core.solar.own_consumption import FAST_S
from evsed.core.solar.step_noise import SMALL_A, Shown, StepNoise

FOLLOWS_S: Final = 10.0
"""An offer that follows the sun on a fast feed counts as unanswered only where both figures are so
much later than its change, in seconds: those cars may not have answered yet."""

UNSETTLED_S: Final = 120.0
"""A start after which the offer never stands that long is judged after this, in seconds."""

THIN_S: Final = 20.0
"""Readings closer together than this are left out, in seconds: cars need some of it to answer."""

DISTURBED: Final = 4.0
"""An answer that no car gives, by this log-likelihood (2.8 standard errors), is left out."""

MOST_TESTS: Final = 6
"""No more steps than this are made in a row."""

ROUGH_TESTS: Final = 2
"""Under a rough sky a large step is repeated so often at the most where a car that was seen to
answer before may as well take nothing by now."""


class DrawTest:
    """Finds what the car takes by its answers. Moments are monotonic seconds, currents in amperes.

    *lag*: how many readings after the answer's first show it whole.
    """

    def __init__(self, watts_per_ampere: float, least_w: float, *, lag: int = 0) -> None:
        """Begin with a car that takes what it is offered."""
        self.noise = StepNoise(watts_per_ampere, least_w)
        """The scale of its steps, and the noise."""
        self.verdict = DrawVerdict(self.noise)
        """The conclusion from the answers."""
        self._schedule = DrawSchedule(self.noise, self.verdict)
        self._step = DrawStep(self.noise, lag)
        self._stood = False
        self._begin_readings()

    def _begin_readings(self) -> None:
        self._last: Shown | None = None
        self._passed_s = 0.0
        self._may_pause = False
        self._unclear = False

    def begin_stay(self) -> None:
        """Forget the car: another one may be plugged in now."""
        self.verdict.begin_stay()
        self._schedule.begin_stay()
        self._step.end()
        self._begin_readings()

    def begin_feed(self) -> None:
        """Forget the feed, too: its figures were misread until now."""
        self.verdict.begin_feed()
        self.begin_stay()

    def set_watts(
        self, watts_per_ampere: float, least_w: float, *, same_draw: bool = False
    ) -> None:
        """Count an ampere as so many watts from now on.

        What was learned with others is forgotten, unless the *same_draw* stays, in watts. The
        readings stay in any case: the offer is in amperes.
        """
        self.noise.watts_per_ampere = watts_per_ampere
        self.noise.least_w = least_w
        if not same_draw:
            self.verdict.forget_levels()
            self._schedule.forget_spare()

    # -- what it found -------------------------------------------------------------------------

    @property
    def most_a(self) -> float | None:
        """The most that the car takes; None where it takes what it is offered."""
        return self.verdict.most_a

    @property
    def answered(self) -> bool:
        """True once a car has answered as this feed should show it."""
        return self.verdict.answered

    def pop_reversal(self) -> bool:
        """Return whether the figure has answered the wrong way since this was asked last."""
        return self.verdict.pop_reversal()

    def learned_lately(self, now: float) -> bool:
        """Return True where it was found within the last hour that the car takes less."""
        return self.verdict.learned_lately(now)

    # -- what it asks for ----------------------------------------------------------------------

    @property
    def runs(self) -> bool:
        """True while a step is made or judged."""
        return self._step.kind is not StepKind.NONE

    @property
    def pauses(self) -> bool:
        """True while nothing is to be offered, to see whether the car took anything."""
        return self._step.kind is StepKind.PAUSE

    def idle_s(self, now: float) -> float:
        """Return the seconds since an answer; infinite during a test, and before any answer."""
        return math.inf if self._step.judged or self.runs else now - self._schedule.answer_at

    def plan_a(self, least_a: float, cap_a: float) -> float | None:
        """Return the current of the step that is due, between *least_a* and *cap_a*; or None."""
        return self._step.plan_a(least_a, cap_a)

    # -- the readings --------------------------------------------------------------------------

    def add(
        self,
        now: float,
        excess_w: float | None,
        offered_a: float,
        *,
        level_s: float,
        span_s: float,
        may_test: bool,
        may_pause: bool = False,
        age_s: float = 0.0,
    ) -> None:
        """Add a reading: what is spare, and the offer that a car had at its stamp.

        `level_s`: for how long that offer had stood, in seconds. `span_s` passed since the reading
        before, `age_s` since its stamp. None is a reading that shows nothing. `may_test`: a step
        may be made now; `may_pause`: one to nothing, too.
        """
        self._passed_s += span_s
        self._may_pause = may_pause
        if excess_w is None:
            self._last = None
            self._step.end()
            return
        if self._last is not None and self._passed_s < THIN_S:
            return
        passed_s, self._passed_s = self._passed_s, 0.0
        stood, self._stood = self._stood, span_s >= FAST_S or level_s >= FOLLOWS_S
        last, shown = self._last, Shown(excess_w, offered_a)
        self._last = shown
        if last is None:
            return
        if (offered_a <= 0) is not (last.offered_a <= 0):
            self._step.on_start_or_stop(last, offered_a)
        if self._step.before is None:
            self.noise.add(last, shown, self.most_a)
            if self._schedule.watch(now, last, shown, passed_s, stood=stood and self._stood):
                self._step.end_answered()
        elif not self._step.on_late_reading(shown, now - age_s):
            self._follow_step(now, self._step.before, shown, passed_s, level_s)
        self._plan(now, shown, may_test=may_test and offered_a > 0)

    def _follow_step(
        self, now: float, before: Shown, shown: Shown, passed_s: float, level_s: float
    ) -> None:
        """Judge the step once a car had the time to answer; end a step that is not made."""
        step = self._step
        step.since_s += passed_s
        answer_s = BEGIN_S if before.offered_a <= 0 else ANSWER_S
        moved = abs(shown.offered_a - before.offered_a) >= SMALL_A / 2
        if moved and (level_s >= answer_s or step.since_s >= UNSETTLED_S):
            if not step.waits():
                self._judge(now, JudgedStep(before, shown, step.risen), passed_s)
        elif not moved and step.since_s > AGAIN_S:
            step.end()

    def _judge(self, now: float, judged: JudgedStep, passed_s: float) -> None:
        """Compare the answer to the step with what each kind of car would give."""
        before, shown, step = judged.before, judged.after, self._step
        per_a, spans = self.noise.watts_per_ampere, max(1.0, step.since_s / max(passed_s, 1.0))
        scale = 2 * self.noise.rms_w(spans) ** 2
        moved_w = shown.excess_w - before.excess_w - self.noise.trend_w * spans
        answer = weigh(moved_w, before.offered_a, shown.offered_a, per_a, scale)
        near_zero = min(abs(shown.excess_w), abs(before.excess_w)) < NEAR_ZERO_W
        step.judged += 1
        step.disturbed = answer.best > DISTURBED
        if step.disturbed:
            pass  # the sky or a load moved meanwhile
        elif not near_zero or answer.misfit[None] - answer.best < 1.0:
            known_a = self.most_a
            rough = self.noise.rough and step.judged < ROUGH_TESTS
            conclusion = self.verdict.add(
                now,
                judged,
                answer,
                passed_s,
                repeats=rough and falls_far(shown.offered_a, self.noise.least_a),
                pause_tells=self._may_pause and not self._schedule.paused,
            )
            self._unclear = conclusion is Conclusion.UNCLEAR
            if conclusion is Conclusion.KNOWN:
                self._schedule.on_tested(now, shown, confirmed=self.most_a == known_a)
                step.end_answered()
        else:
            step.judged = MOST_TESTS
        step.end_judged()

    def _plan(self, now: float, last: Shown, *, may_test: bool) -> None:
        """Begin the next step where one is due."""
        step, schedule = self._step, self._schedule
        if step.before is not None:
            return
        if not may_test:
            step.end()
        elif step.judged >= MOST_TESTS:
            step.end()
            schedule.on_test_without_answer(now)
        elif step.judged and (step.disturbed or self._unclear or self.verdict.suspicious):
            step.begin(now, last, StepKind.LARGE)
        elif self._may_pause and schedule.pause_is_due(now):
            schedule.on_pause(now)
            step.begin(now, last, StepKind.PAUSE)
        elif not self.runs and schedule.due_and_calm(now, last):
            far_down = falls_far(last.offered_a, self.noise.least_a)
            large = self.most_a is not None or (self.noise.rough and far_down)
            step.begin_test(now, last, large=large, risen=schedule.moved_far(last))
