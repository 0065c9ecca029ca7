# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of what the car really takes, where no meter tells: a step of the offer, and its answer.

An offer that follows the sun proves nothing, since it moves with the sun: a car that tapers off
looks like a sky that clears. So what counts here are steps that the sun did not cause: the start of
a charge, and small steps made on purpose when what is spare has risen much, or when nothing was
shown for an hour. The figure of the feed answers such a step by as much as the car does. Each
answer is compared with what a car would give that takes all, or no more than so many amperes, and
with what a feed would give whose sign is reversed. Two answers at least have to agree against an
ordinary car.

Nothing is judged where the figure is near 0, since throttled panels, or a battery that holds the
grid at zero, hide the answer there.
"""

from __future__ import annotations

import enum
import math
from typing import Final

from evsed.core.solar.draw_evidence import (
    ANSWER_S,
    BEGIN_S,
    LEVELS_A,
    MEMORY_S,
    MOST_EVIDENCE,
    NEAR_ZERO_W,
    NOISE_W,
    DrawEvidence,
    taken_a,
    weigh,
)
from evsed.core.solar.own_consumption import FAST_S
from evsed.core.solar.weather import Weather

FOLLOWS_S: Final = 10.0
"""An offer that follows the sun on a fast feed counts as unanswered only where both figures are so
much later than its change, in seconds: those cars may not have answered yet."""

UNSETTLED_S: Final = 120.0
"""A start after which the offer never stands that long is judged after this, in seconds."""

THIN_S: Final = 20.0
"""Readings closer together than this are left out, in seconds: cars need some of it to answer."""

DRIFT_RATE: Final = 0.2
"""The mean change of what is spare from reading to reading is over about five of them."""

STEADY_DRIFT: Final = 0.6
"""It is a trend, and no chance, where it is this share of the changes (rms)."""

DISTURBED: Final = 4.0
"""An answer that no car gives, by this log-likelihood (2.8 standard errors), is left out."""

NATURAL: Final = 2.5
"""An offer that follows the sun and is answered by this much needs no test."""

SURE: Final = 4.5
"""An explanation is adopted where it is better than the present one by this: 1 in 90."""

SURE_PART: Final = 5.3
"""... a car that takes a part of its offer, by this ..."""

ALIKE: Final = 2.0
"""Levels closer than so many standard errors are alike."""

SURE_REVERSED: Final = 8.0
"""... and a reversed sign by this, which takes three answers; a false one costs half a day."""

SUSPICIOUS: Final = 1.5
"""From this on one more step is made to find out."""

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

SMALL_A: Final = 1.2
"""The first step is at least so large, in amperes ..."""

MOST_A: Final = 3.0
"""... and not larger. Under a rough sky, where a small step is lost in the noise, a large one is
made, and only where the offer stands far enough above the least current for it: that costs sun, and
nothing of the battery ..."""

MEAN_RATE: Final = 0.2
"""... It is due by a mean of what is spare, in which the newest reading counts so much, where the
figure itself covers a start: beside an ordinary car it seldom does, and without that condition
those steps cost it 0.2 to 0.3 points of the sun ..."""

ROUGH_TESTS: Final = 2
"""... and repeated so often at the most where a car that was seen to answer before may as well take
nothing by now."""

CALM_W: Final = 150.0
"""An ordinary car is tested at a reading that moved by no more than this, in watts, ..."""

CALM_SHARE: Final = 0.5
"""... or by this share of the usual: the offer does not follow the sun during a step, so a step in
a moving sky costs sun."""

LARGE_A: Final = 3.0
"""... and the further ones, which go down to the least current where that is more."""

LOW_A: Final = 2.0
"""Levels up to this much above the least current look like nothing in a step down to it."""

UNANSWERED_A: Final = 1.3
"""A step to the least current that is answered by less than this, in amperes, is not answered: a
car that tapers off changes by so much meanwhile."""

LATELY_S: Final = 3_600.0
"""What was learned within so long before the panels were throttled is doubtful, in seconds: a
battery takes less and less over its last twentieth, which is an hour at a twentieth of its
capacity."""

MOST_TESTS: Final = 6
"""No more steps than this are made in a row."""

MOST_PAUSES: Final = 2
"""A car that seems to take its least current and no more is paused at once, and again after one
hour, two, and so on, twice as long each time but not more than so often doubled: each costs a
closing."""


class _Step(enum.Enum):
    NONE = "none"
    SMALL = "small"
    LARGE = "large"
    PAUSE = "pause"
    """To nothing at all: no other step tells a car that takes its least current from a full one."""


class DrawTest:
    """Finds what the car takes by its answers. Moments are monotonic seconds, currents in amperes.

    *lag*: how many readings after the answer's first show it whole.
    """

    def __init__(
        self,
        watts_per_ampere: float,
        least_w: float,
        *,
        lag: int = 0,
    ) -> None:
        """Begin with a car that takes what it is offered."""
        self.watts_per_ampere = watts_per_ampere
        self.least_w = least_w
        self._lag = lag
        self._weather = Weather(NOISE_W)
        self._moved_w = 0.0
        self._up = self._risen = self._stood = False
        self._step = _Step.NONE
        self._level_a: float | None = None
        self._tests = self._wait = 0
        self._since_s = 0.0
        self._drift_w = 0.0
        self._far_readings = self._confirmed = 0
        self._mean_w = self._least_mean_w = math.nan
        self._evidence = DrawEvidence()
        self._begun_at = -math.inf
        self.answered = False
        """True once a car has answered as this feed should show it."""
        self._reverses = False
        self.begin_stay()

    def begin_stay(self) -> None:
        """Forget the car: another one may be plugged in now."""
        self.most_a: float | None = None
        """The most that the car takes; None where it takes what it is offered."""
        self._learned_at = -math.inf
        self._evidence.forget()
        self._last: tuple[float, float] | None = None  # excess in watts, offer in amperes
        self._before: tuple[float, float] | None = None  # ... before the step
        self._end()
        self._answer_at = self._tested_at = -math.inf
        self._spare_w = self._mean_w = math.nan
        self._natural = 0.0
        self._passed_s = 0.0
        self._confirmed = 0
        self._every_s = EVERY_S
        self._pauses, self._paused_at = 0, -math.inf
        self._may_pause = False
        self._proved_a = 0.0  # the car was seen to follow an offer of so much
        self._started = 0.0  # evidence of the starts for a car that takes something
        self._unclear = False

    def begin_feed(self) -> None:
        """Forget the feed, too: its figures were misread until now."""
        self._evidence = DrawEvidence()
        self.answered = self._reverses = False
        self.begin_stay()

    def set_watts(self, watts_per_ampere: float) -> None:
        """Count an ampere as so many watts from now on; what was learned with others is forgotten.

        The readings stay: the offer is in amperes.
        """
        self.watts_per_ampere = watts_per_ampere
        self.most_a = None
        self._spare_w, self._natural = math.nan, 0.0
        self._evidence.forget()

    def pop_reversal(self) -> bool:
        """Return whether the figure has answered the wrong way since this was asked last."""
        found, self._reverses = self._reverses, False
        return found

    @property
    def runs(self) -> bool:
        """True while a step is made or judged."""
        return self._step is not _Step.NONE

    @property
    def pauses(self) -> bool:
        """True while nothing is to be offered, to see whether the car took anything."""
        return self._step is _Step.PAUSE

    def learned_lately(self, now: float) -> bool:
        """Return True where it was found within the last hour that the car takes less."""
        return self.most_a is not None and now - self._learned_at < LATELY_S

    def idle_s(self, now: float) -> float:
        """Return the seconds since an answer; infinite during a test, and before any answer."""
        return math.inf if self._tests or self._step is not _Step.NONE else now - self._answer_at

    def plan_a(self, least_a: float, cap_a: float) -> float | None:
        """Return the current of the step that is due, between *least_a* and *cap_a*; or None."""
        if self._step in (_Step.NONE, _Step.PAUSE) or self._before is None:
            return None
        if self._level_a is None:
            self._level_a = self._choose_a(self._before[1], least_a, cap_a)
        return min(self._level_a, cap_a)

    def _choose_a(self, offered_a: float, least_a: float, cap_a: float) -> float:
        """Return the current of a step from *offered_a*."""
        noise_a = self._noise_w(1.0) / self.watts_per_ampere
        if self._step is _Step.LARGE:
            if offered_a - least_a >= LARGE_A:
                self._high_a = offered_a
                return least_a
            return min(cap_a, max(self._high_a, offered_a + max(LARGE_A, 4 * noise_a)))
        step_a = max(SMALL_A, 3 * noise_a)
        up_a, down_a = min(cap_a, offered_a + step_a), max(least_a, offered_a - step_a)
        if min(up_a - offered_a, offered_a - down_a) < step_a:
            return up_a if up_a - offered_a > offered_a - down_a else down_a
        return up_a if self._up else down_a

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
            self._last = self._before = None
            self._end()
            return
        if self._last is not None and self._passed_s < THIN_S:
            return
        passed_s, self._passed_s = self._passed_s, 0.0
        seen = (excess_w, offered_a)
        stood, self._stood = self._stood, span_s >= FAST_S or level_s >= FOLLOWS_S
        last = self._last
        self._last = seen
        if last is None:
            return
        if (offered_a <= 0) is not (last[1] <= 0):
            step = self._step
            self._end()
            if offered_a > 0 or step is _Step.PAUSE:
                self._before, self._wait = last, self._lag
                self._step = step if offered_a <= 0 else _Step.NONE
        if self._before is None:
            self._watch(now, last, seen, passed_s, stood=stood and self._stood)
        elif self.runs and now - age_s <= self._begun_at:
            # A late feed: the offer has followed the sun since, so the step begins from here.
            self._before = seen
        else:
            self._since_s += passed_s
            answer_s = BEGIN_S if self._before[1] <= 0 else ANSWER_S
            moved = abs(offered_a - self._before[1]) >= SMALL_A / 2
            if moved and (level_s >= answer_s or self._since_s >= UNSETTLED_S):
                if self._wait > 0:
                    self._wait -= 1
                else:
                    self._judge(now, seen, passed_s)
            elif not moved and self._since_s > AGAIN_S:
                self._end()
        self._plan(now, may_test=may_test and offered_a > 0)

    # -- evidence ------------------------------------------------------------------------------

    def _noise_w(self, spans: float) -> float:
        """Change of what is spare by itself over so many spans (rms), in watts."""
        return math.sqrt(NOISE_W**2 + self._weather.variance * spans)

    @property
    def _trend_w(self) -> float:
        """Change of what is spare in each reading, in watts, as of a car that tapers off; or 0."""
        steady = abs(self._drift_w) > STEADY_DRIFT * math.sqrt(self._weather.variance)
        return self._drift_w if steady else 0.0

    def _watch(
        self,
        now: float,
        last: tuple[float, float],
        seen: tuple[float, float],
        passed_s: float,
        *,
        stood: bool,
    ) -> None:
        """Learn the weather, and whether an offer that follows the sun is answered.

        *stood*: any car had answered at both figures.
        """
        takes_a = [taken_a(self.most_a, offered_a) for _, offered_a in (last, seen)]
        spare_w = seen[0] + self.watts_per_ampere * takes_a[1]
        moved_w = spare_w - last[0] - self.watts_per_ampere * takes_a[0]
        self._moved_w = min(abs(moved_w), abs(seen[0] - last[0]))
        self._drift_w += DRIFT_RATE * (self._weather.add(moved_w) - self._drift_w)
        step_w = self.watts_per_ampere * (seen[1] - last[1])
        self._natural *= math.exp(-passed_s / MEMORY_S)
        if self.most_a is None and abs(step_w) >= SMALL_A * self.watts_per_ampere:
            answered_w, unanswered_w = seen[0] - last[0] + step_w, seen[0] - last[0]
            scale = 2 * self._noise_w(1.0) ** 2
            found = (unanswered_w**2 - answered_w**2) / scale
            least = -MOST_EVIDENCE if stood else 0.0
            self._natural += max(least, min(MOST_EVIDENCE, found))
            if self._natural >= NATURAL:
                self._proved_a = max(self._proved_a, seen[1])
                self._on_answer(now, spare_w)
        if math.isnan(self._mean_w):
            self._mean_w = spare_w
        self._mean_w += MEAN_RATE * (spare_w - self._mean_w)
        if math.isnan(self._spare_w) and seen[1] > 0:
            self._spare_w, self._least_mean_w = spare_w, self._mean_w
        self._least_mean_w = min(self._least_mean_w, self._mean_w)

    def _judge(self, now: float, seen: tuple[float, float], passed_s: float) -> None:
        """Compare the answer to the step with what each kind of car would give."""
        before = self._before
        assert before is not None  # noqa: S101 - for the type checker: add() has seen to it
        per_a, spans = self.watts_per_ampere, max(1.0, self._since_s / max(passed_s, 1.0))
        scale = 2 * self._noise_w(spans) ** 2
        moved_w = seen[0] - before[0] - self._trend_w * spans
        answer = weigh(moved_w, before[1], seen[1], per_a, scale)
        near_zero = min(abs(seen[0]), abs(before[0])) < NEAR_ZERO_W
        self._tests += 1
        self._disturbed = answer.best > DISTURBED
        if self._disturbed:
            pass  # the sky or a load moved meanwhile
        elif not near_zero or answer.misfit[None] - answer.best < 1.0:
            self._evidence.add(now, answer, passed_s)
            if min(before[1], seen[1]) <= 0.0:
                begun = answer.misfit[0.0] - answer.misfit[LEVELS_A[1]]
                self._started += max(-MOST_EVIDENCE, min(MOST_EVIDENCE, begun))
            self._conclude(now, seen)
        else:
            self._tests = MOST_TESTS
        self._before = None
        self._level_a = None

    def _conclude(self, now: float, seen: tuple[float, float]) -> None:
        """Adopt another explanation where it is clearly better than the present one."""
        evidence = self._evidence
        best_a, wrong = self._best_a(), evidence.reversed
        best, follows = evidence.misfit[best_a], evidence.misfit[None]
        present = evidence.misfit[self.most_a]
        follows_best = follows - min(best, wrong) < SUSPICIOUS
        before_a = self.most_a
        self._unclear = False
        if wrong < best and evidence.trust <= -SURE_REVERSED:
            self._reverses, evidence.trust = True, 0.0
            evidence.forget()
        elif self.most_a is None and (follows_best or self._alike(best_a, seen)):
            unclear = evidence.misfit[0.0] - follows < SUSPICIOUS
            again = self._rough and self._tests < ROUGH_TESTS and self._falls_far(seen[1])
            if unclear and (self._proved_a <= 0.0 or again):
                self._unclear = True
                return
            self.answered = True
            self._proved_a = max(self._proved_a, self._step_high_a(seen))
        elif self.most_a is None and (wrong < best or follows - best < self._sure(best_a)):
            return
        elif self._dropped(seen):
            self.most_a = 0.0
        elif follows_best and present - follows >= SURE:
            self.most_a, self.answered = None, True
        elif follows_best and present - follows >= SUSPICIOUS:
            return
        elif self.most_a is None or present - best >= (
            SUSPICIOUS if best_a < self.most_a else SURE
        ):
            self.most_a = best_a
            self.answered = self.answered or best_a > 0
        self._confirmed = self._confirmed + 1 if self.most_a == before_a else 0
        if self.most_a != before_a:
            self._learned_at = now
            self._mean_w = seen[0] + self.watts_per_ampere * taken_a(self.most_a, seen[1])
        self._every_s = EVERY_S * 2 ** min(MOST_DOUBLED, self._confirmed)
        self._tested_at = now
        self._on_answer(now, seen[0] + self.watts_per_ampere * taken_a(self.most_a, seen[1]))

    def _best_a(self) -> float:
        """Return the level that fits best; nothing, where that fits as well as the least current.

        Steps down to the least current cannot tell the two apart. A car that was seen to take more
        than that, or whose starts were not clearly seen, is rather full or asleep than limited to
        it.
        """
        misfit, best_a = self._evidence.misfit, self._evidence.best_a
        low_a = self.least_w / self.watts_per_ampere + LOW_A
        if best_a > low_a:
            return best_a
        low_a = min((a for a in LEVELS_A if 0.0 < a <= low_a), key=lambda level_a: misfit[level_a])
        limited = self._started >= NATURAL and self._proved_a <= low_a + SMALL_A
        if self._may_pause and not self._pauses:
            limited = misfit[low_a] - misfit[0.0] < SUSPICIOUS  # a pause will tell
        return low_a if limited or misfit[0.0] - misfit[low_a] >= SUSPICIOUS else 0.0

    def _step_high_a(self, seen: tuple[float, float]) -> float:
        """Return the higher one of the currents of a step that is judged."""
        return max(seen[1], self._before[1] if self._before is not None else 0.0)

    def _alike(self, level_a: float, seen: tuple[float, float]) -> bool:
        """Return True where a level is too close to the offer to be distinguished in this noise."""
        high_a = self._step_high_a(seen)
        noise_w = ALIKE * self._noise_w(1.0)
        return self._evidence.reversed >= self._evidence.misfit[level_a] and (
            abs(high_a - level_a) * self.watts_per_ampere < noise_w
        )

    def _sure(self, level_a: float) -> float:
        """The evidence that it takes to adopt a level; some noise looks like a part of a step."""
        return SURE if level_a * self.watts_per_ampere <= self.least_w else SURE_PART

    def _dropped(self, seen: tuple[float, float]) -> bool:
        """Return True where a fall to the least current shows nothing, and the car took more.

        A step to 6 A cannot tell 6 A from nothing. A car that took more before and does not even
        take 6 A is on its way to nothing.
        """
        before = self._before
        assert before is not None  # noqa: S101 - for the type checker: add() has seen to it
        least_w = UNANSWERED_A * self.watts_per_ampere
        unanswered = abs(seen[0] - before[0]) < max(least_w, self._noise_w(1.0))
        least_a = self.least_w / self.watts_per_ampere
        fell = seen[1] <= least_a + SMALL_A < before[1]
        return fell and unanswered and self._risen

    def _on_answer(self, now: float, spare_w: float) -> None:
        """Note that it is known at *now* what the car takes."""
        self._answer_at, self._spare_w, self._natural = now, spare_w, 0.0
        self._least_mean_w = self._mean_w
        self._step, self._tests, self._high_a = _Step.NONE, 0, 0.0

    # -- the steps -----------------------------------------------------------------------------

    def _end(self) -> None:
        """End a step that is under way."""
        self._before = None
        self._step, self._level_a = _Step.NONE, None
        self._tests = self._wait = 0
        self._since_s = self._high_a = 0.0
        self._disturbed = False

    def _plan(self, now: float, *, may_test: bool) -> None:
        """Begin the next step where one is due."""
        if self._before is not None or self._last is None:
            return
        if not may_test:
            self._end()
            return
        against = self._evidence.against(self.most_a)
        if self._tests >= MOST_TESTS:
            self._end()
            self._answer_at = self._tested_at = now
            self._every_s = AGAIN_S
            self._spare_w = math.nan
        elif self._tests and (self._disturbed or self._unclear or against >= SUSPICIOUS):
            self._begin(now, _Step.LARGE)
        elif self._may_pause and self._pause_is_due(now):
            self._pauses, self._paused_at = self._pauses + 1, now
            self._begin(now, _Step.PAUSE)
        elif self._step is _Step.NONE and self._due_and_calm(now):
            self._up, self._risen = not self._up, self._far(self._last)
            large = self.most_a is not None or (self._rough and self._falls_far(self._last[1]))
            self._begin(now, _Step.LARGE if large else _Step.SMALL)

    def _begin(self, now: float, step: _Step) -> None:
        self._step, self._level_a, self._begun_at = step, None, now
        self._before, self._wait, self._since_s = self._last, self._lag, 0.0

    def _pause_is_due(self, now: float) -> bool:
        """Return True where only a pause shows whether the car takes its least current."""
        if not self.most_a or self.most_a > self.least_w / self.watts_per_ampere + LOW_A:
            return False
        if not self._pauses:
            return True
        every_s: float = EVERY_S * 2 ** min(MOST_PAUSES, self._pauses - 1)
        return now - self._paused_at >= every_s

    def _due_and_calm(self, now: float) -> bool:
        """Return True at a reading that suits a test, once one is due."""
        calm_w = max(CALM_W, CALM_SHARE * self._noise_w(1.0))
        calm = self.most_a is not None or self._moved_w <= calm_w
        return self._due(now) and calm

    def _due(self, now: float) -> bool:
        """Return True where what the car takes should be tested."""
        if self._last is None or math.isnan(self._spare_w):
            return False
        every_s = self._every_s
        if self.most_a and self._last[1] > self.most_a + SMALL_A:
            every_s = min(every_s, AGAIN_S * 2**self._confirmed)
        far = self._far(self._last) and (self._last[0] > 0 or self.most_a is not None)
        self._far_readings = self._far_readings + 1 if far else 0
        since_s = now - max(self._tested_at, self._answer_at)  # an offer that follows answers, too
        if self.most_a is not None or self._natural <= UNANSWERED:
            return far or since_s >= every_s
        if not self._rough:
            return since_s >= (AGAIN_S if self._far_readings >= FAR_READINGS else every_s)
        if not self._falls_far(self._last[1]) or self._last[0] < NEAR_ZERO_W:
            return False
        far_w = max(RISE_SHARE * self.least_w, self._noise_w(1.0))
        far = self._mean_w - self._least_mean_w >= far_w and self._last[0] >= self.least_w
        return since_s >= (AGAIN_S if far else every_s)

    def _falls_far(self, offered_a: float) -> bool:
        """Return True where a large step from *offered_a* goes down: upwards the battery pays."""
        return offered_a - self.least_w / self.watts_per_ampere >= LARGE_A

    @property
    def _rough(self) -> bool:
        """True while a small step would be lost in the noise."""
        return 3 * self._noise_w(1.0) > MOST_A * self.watts_per_ampere

    def _far(self, last: tuple[float, float]) -> bool:
        """Return True where what is spare has moved as if the car took something else by now."""
        excess_w, offered_a = last
        spare_w = excess_w + self.watts_per_ampere * taken_a(self.most_a, offered_a)
        if self.most_a is None:
            self._spare_w = min(self._spare_w, spare_w)
        moved_w = spare_w - self._spare_w
        if self.most_a is not None and self.most_a < self.least_w / self.watts_per_ampere:
            moved_w = -moved_w
        return moved_w >= RISE_SHARE * self.least_w
