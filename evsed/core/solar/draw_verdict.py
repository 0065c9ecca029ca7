# SPDX-License-Identifier: GPL-3.0-or-later
"""The conclusion from the answers to steps of the offer: the most that the car takes.

Each answer is compared with what a car would give that takes all, or no more than so many amperes,
and with what a feed would give whose sign is reversed. Two answers at least have to agree against
an ordinary car.
"""

from __future__ import annotations

import enum
import math
from typing import Final

from evsed.core.solar.draw_evidence import LEVELS_A, MOST_EVIDENCE, DrawEvidence, StepAnswer
from evsed.core.solar.draw_step import JudgedStep
from evsed.core.solar.step_noise import SMALL_A, StepNoise

SURE: Final = 4.5
"""An explanation is adopted where it is better than the present one by this: 1 in 90."""

SURE_PART: Final = 5.3
"""... a car that takes a part of its offer, by this ..."""

SURE_REVERSED: Final = 8.0
"""... and a reversed sign by this, which takes three answers; a false one costs half a day."""

SUSPICIOUS: Final = 1.5
"""From this on one more step is made to find out."""

NATURAL: Final = 2.5
"""An offer that follows the sun and is answered by this much needs no test."""

ALIKE: Final = 2.0
"""Levels closer than so many standard errors are alike."""

LOW_A: Final = 2.0
"""Levels up to this much above the least current look like nothing in a step down to it."""

UNANSWERED_A: Final = 1.3
"""A step to the least current that is answered by less than this, in amperes, is not answered: a
car that tapers off changes by so much meanwhile."""

LATELY_S: Final = 3_600.0
"""A level that was learned within so long before the panels were throttled is doubtful, in seconds:
a battery takes less and less over its last twentieth, which is an hour at a twentieth of its
capacity."""


class Conclusion(enum.Enum):
    """The gain of one more answer."""

    OPEN = "open"
    """More answers are needed to adopt another explanation."""
    UNCLEAR = "unclear"
    """It fits a car that takes its offer as well as one that takes nothing."""
    KNOWN = "known"
    """It is known what the car takes."""


class DrawVerdict:
    """The most that the car takes, by all answers so far."""

    def __init__(self, noise: StepNoise) -> None:
        """Begin with a car that takes what it is offered."""
        self._noise = noise
        self._evidence = DrawEvidence()
        self.answered = False
        """True once a car has answered as this feed should show it."""
        self._reverses = False
        self.begin_stay()

    def begin_stay(self) -> None:
        """Forget the car."""
        self.most_a: float | None = None
        """The most that the car takes; None where it takes what it is offered."""
        self._learned_at = -math.inf
        self._evidence.forget()
        self.proved_a = 0.0
        """The highest offer that the car was seen to follow, in amperes."""
        self._started = 0.0  # evidence of the starts for a car that takes something

    def begin_feed(self) -> None:
        """Forget the feed, too: its figures were misread until now."""
        self._evidence = DrawEvidence()
        self.answered = self._reverses = False
        self.begin_stay()

    def forget_levels(self) -> None:
        """Forget what the car takes, as the watts of an ampere were wrong."""
        self.most_a = None
        self._evidence.forget()

    def pop_reversal(self) -> bool:
        """Return whether the figure has answered the wrong way since this was asked last."""
        found, self._reverses = self._reverses, False
        return found

    def learned_lately(self, now: float) -> bool:
        """Return True where it was found within the last hour that the car takes less."""
        return self.most_a is not None and now - self._learned_at < LATELY_S

    @property
    def may_take_least(self) -> bool:
        """True where the car seems to take its least current and no more, which may be nothing."""
        return self.most_a is not None and 0.0 < self.most_a <= self._noise.least_a + LOW_A

    @property
    def suspicious(self) -> bool:
        """True where another explanation is better, though not by enough to adopt it."""
        return self._evidence.against(self.most_a) >= SUSPICIOUS

    def on_followed(self, offered_a: float) -> None:
        """Note that the car was seen to follow an offer of so much."""
        self.proved_a = max(self.proved_a, offered_a)

    def add(
        self,
        now: float,
        step: JudgedStep,
        answer: StepAnswer,
        passed_s: float,
        *,
        repeats: bool,
        pause_tells: bool,
    ) -> Conclusion:
        """Add the answer to a step; adopt another explanation where it is clearly better.

        *passed_s*: since the reading before. *repeats*: one more step may be made if this one is
        not clear. *pause_tells*: a pause may still be made.
        """
        self._evidence.add(now, answer, passed_s)
        if step.low_a <= 0.0:
            begun = answer.misfit[0.0] - answer.misfit[LEVELS_A[1]]
            self._started += max(-MOST_EVIDENCE, min(MOST_EVIDENCE, begun))
        before_a = self.most_a
        conclusion = self._conclude(step, repeats=repeats, pause_tells=pause_tells)
        if self.most_a != before_a:
            self._learned_at = now
        return conclusion

    def _conclude(self, step: JudgedStep, *, repeats: bool, pause_tells: bool) -> Conclusion:
        """Adopt another explanation where it is clearly better than the present one."""
        evidence = self._evidence
        best_a, wrong = self._best_a(pause_tells=pause_tells), evidence.reversed
        best, follows = evidence.misfit[best_a], evidence.misfit[None]
        present = evidence.misfit[self.most_a]
        follows_best = follows - min(best, wrong) < SUSPICIOUS
        if wrong < best and evidence.trust <= -SURE_REVERSED:
            self._reverses, evidence.trust = True, 0.0
            evidence.forget()
        elif self.most_a is None and (follows_best or self._alike(best_a, step)):
            unclear = evidence.misfit[0.0] - follows < SUSPICIOUS
            if unclear and (self.proved_a <= 0.0 or repeats):
                return Conclusion.UNCLEAR
            self.answered = True
            self.on_followed(step.high_a)
        elif self.most_a is None and (wrong < best or follows - best < self._sure(best_a)):
            return Conclusion.OPEN
        elif self._dropped(step):
            self.most_a = 0.0
        elif follows_best and present - follows >= SURE:
            self.most_a, self.answered = None, True
        elif follows_best and present - follows >= SUSPICIOUS:
            return Conclusion.OPEN
        elif self.most_a is None or present - best >= (
            SUSPICIOUS if best_a < self.most_a else SURE
        ):
            self.most_a = best_a
            self.answered = self.answered or (best_a > 0 and not self.may_take_least)
        return Conclusion.KNOWN

    def _best_a(self, *, pause_tells: bool) -> float:
        """Return the level that fits best; nothing, where that fits as well as the least current.

        Steps down to the least current cannot tell the two apart. A car that was seen to take more
        than that, or whose starts were not clearly seen, is rather full or asleep than limited to
        it.
        """
        misfit, best_a = self._evidence.misfit, self._evidence.best_a
        low_a = self._noise.least_a + LOW_A
        if best_a > low_a:
            return best_a
        low_a = min((a for a in LEVELS_A if 0.0 < a <= low_a), key=lambda level_a: misfit[level_a])
        limited = self._started >= NATURAL and self.proved_a <= low_a + SMALL_A
        if pause_tells:
            limited = misfit[low_a] - misfit[0.0] < SUSPICIOUS
        return low_a if limited or misfit[0.0] - misfit[low_a] >= SUSPICIOUS else 0.0

    def _alike(self, level_a: float, step: JudgedStep) -> bool:
        """Return True where a level is too close to the offer to be distinguished in this noise."""
        noise_w = ALIKE * self._noise.rms_w()
        return self._evidence.reversed >= self._evidence.misfit[level_a] and (
            abs(step.high_a - level_a) * self._noise.watts_per_ampere < noise_w
        )

    def _sure(self, level_a: float) -> float:
        """The evidence that it takes to adopt a level; some noise looks like a part of a step."""
        low = level_a * self._noise.watts_per_ampere <= self._noise.least_w
        return SURE if low else SURE_PART

    def _dropped(self, step: JudgedStep) -> bool:
        """Return True where a fall to the least current shows nothing, and the car took more.

        A step to 6 A cannot tell 6 A from nothing. A car that took more before and does not even
        take 6 A is on its way to nothing.
        """
        least_w = UNANSWERED_A * self._noise.watts_per_ampere
        moved_w = abs(step.after.excess_w - step.before.excess_w)
        unanswered = moved_w < max(least_w, self._noise.rms_w())
        fell = step.after.offered_a <= self._noise.least_a + SMALL_A < step.before.offered_a
        return fell and unanswered and step.risen
