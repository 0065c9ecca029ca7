# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of a car's answers to steps of the offer: for each level that it may take at the most.

Each explanation has a misfit, the sum of the squares of what it leaves unexplained, in standard
errors, halved (a negative log-likelihood). It fades, since cars change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

ANSWER_S: Final = 15.0
"""An answer is judged by a reading so long after the change, in seconds: the slowest reported cars
follow within 10 s ..."""

BEGIN_S: Final = 45.0
"""... and begin to draw within 40 s of closing S2 (SmartEVSE/SmartEVSE-3#19)."""

NEAR_ZERO_W: Final = 250.0
"""A figure closer to 0 than this may be throttled or held there, in watts: two house loads."""

NOISE_W: Final = 100.0
"""A car leaves some tenths of an ampere, and house loads switch; in watts, besides the weather."""

LEVELS_A: Final = (0.0, *(float(amperes) for amperes in range(6, 41)))
"""The most that a car may take, in amperes, as far as levels are distinguished. What is less than
6 A counts as nothing."""

IDLE_A: Final = 1.5
"""A car that takes next to nothing may take so much, in amperes: one is reported that sleeps at
1.3 A, which were 5 W there (evcc-io/evcc#14210); heating and fans are true power."""

MOST_EVIDENCE: Final = 3.0
"""No single answer counts for more than this (a log-likelihood): a kettle may coincide."""

MOST_TRUST: Final = 8.0
"""Answers with the right sign count against a reversed one up to this, and never fade: no meter is
turned round in the middle of a charge."""

MEMORY_S: Final = 600.0
"""Evidence fades with this time constant, in seconds, or in three readings: cars change."""


def taken_a(most_a: float | None, offered_a: float) -> float:
    """Return what a car takes that takes *most_a* at the most; None: what it is offered."""
    return offered_a if most_a is None else min(most_a, offered_a)


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """Misfit of one answer with each level, and with a sign that is `reversed`."""

    misfit: dict[float | None, float]
    reversed: float

    @property
    def best(self) -> float:
        """The least misfit of all."""
        return min(self.reversed, *self.misfit.values())


def weigh(moved_w: float, from_a: float, to_a: float, per_a: float, scale: float) -> StepAnswer:
    """Compare a change of the figure by *moved_w* with a step of the offer, *from_a* to *to_a*.

    An ampere is *per_a* watts; *scale* is twice the variance of the figure by itself, in W².
    """
    answer_w: dict[float | None, float] = {
        most_a: per_a * (taken_a(most_a, to_a) - taken_a(most_a, from_a))
        for most_a in (None, *LEVELS_A)
    }
    idle_w = per_a * (taken_a(IDLE_A, to_a) - taken_a(IDLE_A, from_a))
    answer_w[0.0] = max(min(0.0, idle_w), min(max(0.0, idle_w), -moved_w))
    misfit = {most_a: (moved_w + watts) ** 2 / scale for most_a, watts in answer_w.items()}
    return StepAnswer(misfit, (moved_w - answer_w[None]) ** 2 / scale)


class DrawEvidence:
    """The sum of the answers of one car, by one feed."""

    def __init__(self) -> None:
        """Begin without an answer."""
        self.trust = 0.0
        """Evidence that the sign is right; below 0: that it is reversed."""
        self._judged_at = -math.inf
        self.forget()

    def forget(self) -> None:
        """Forget the car's levels, not the feed's sign."""
        self.misfit: dict[float | None, float] = dict.fromkeys((None, *LEVELS_A), 0.0)
        """Misfit of each level that a car may take; None: it takes what it is offered."""
        self.reversed = 0.0
        """Misfit of a reversed sign."""

    def add(self, now: float, answer: StepAnswer, passed_s: float) -> None:
        """Add an answer, *passed_s* seconds after the reading before it."""
        fade = math.exp(-(now - self._judged_at) / max(MEMORY_S, 3 * passed_s))
        self._judged_at = now
        best = answer.best
        for most_a, value in answer.misfit.items():
            self.misfit[most_a] = fade * self.misfit[most_a] + min(MOST_EVIDENCE, value - best)
        self.reversed = fade * self.reversed + min(MOST_EVIDENCE, answer.reversed - best)
        more = answer.reversed - min(answer.misfit.values())
        self.trust += max(-MOST_EVIDENCE, min(MOST_EVIDENCE, more))
        self.trust = min(MOST_TRUST, self.trust)

    def against(self, most_a: float | None) -> float:
        """Return by how much another explanation is better than a level."""
        return self.misfit[most_a] - min(self.reversed, *self.misfit.values())

    @property
    def best_a(self) -> float:
        """The level that fits best, of those that a car may have."""
        return min(LEVELS_A, key=lambda level_a: self.misfit[level_a])
