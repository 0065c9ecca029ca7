# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of phases that the car uses, from the feed's answers to a start and to steps.

Without a meter a car that uses one phase of three looks like a car that takes a third of what it is
offered, at every offer. A start tells the phases apart from each other, since no car takes less
than 6 A of a phase that it uses: 1.4, 2.8 or 4.1 kW. A car that is nearly full may begin like that,
too, and one that takes no more than so many amperes answers a part of a step. So each number of
phases is judged together with each such ceiling, and fewer phases are believed only where a start
and a step agree.
"""

from __future__ import annotations

import math
from typing import Final

MOST_EVIDENCE: Final = 3.0
"""No single answer counts for more than this (a log-likelihood): a kettle may coincide."""

DISTURBED: Final = 4.0
"""An answer that no car gives, by this (2.8 standard errors), is left out."""

SURE_FEWER: Final = 4.0
"""Fewer phases are believed where they are better by this, which takes a start and a step: to
believe in too few has the house battery pay up to three times what the sun gives ..."""

SURE_STEP: Final = 1.5
"""... the steps alone being better by this than a car that answers none."""

SURE_MORE: Final = 1.5
"""More phases are believed where they are better by this: half an answer."""

MOST_MISFIT: Final = 8.0
"""Old evidence weighs no more than this, so that three answers can turn it."""

CEILINGS_A: Final = (*(float(amperes) for amperes in range(6, 33)), math.inf)
"""The most that a car may take of each phase, in amperes: IEC 61851-1 has no offer below 6 A, and a
type 2 plug of a house bears 32 A."""

RARE_BELOW_A: Final = 10.0
RARE: Final = 1.5
"""A car that takes no more than a current below 10 A is held against it as half an answer: none is
reported (the VW e-Up takes 10 A, warp-more-hardware/esp32-firmware#51), and one that tapers off is
there for minutes."""

_Kind = tuple[int, float]
_NOTHING: Final = (0, 0.0)  # a car that answers nothing


class PhaseAnswers:
    """One stay of a car on a box of *most* phases of *mains_v* volts each.

    `phases` is the number it uses, 0 while nothing is known.
    """

    def __init__(self, mains_v: float, most: int) -> None:
        self._mains_v = mains_v
        self._most = most
        self._kinds: tuple[_Kind, ...] = (
            _NOTHING,
            *((phases, most_a) for phases in range(1, most + 1) for most_a in CEILINGS_A),
        )
        self.begin_stay()

    def begin_stay(self) -> None:
        """Forget the car: another one may be plugged in now."""
        self.phases = 0
        self._misfit: dict[_Kind, float] = {
            kind: RARE if kind[1] < RARE_BELOW_A else 0.0 for kind in self._kinds
        }
        self._steps: dict[_Kind, float] = dict.fromkeys(self._kinds, 0.0)

    def add(self, answer_w: float, before_a: float, after_a: float, scale: float) -> None:
        """Add an answer: the draw rose by *answer_w* with the offer, from *before_a* to *after_a*.

        *scale* is twice the variance of the answer by itself, in watts squared.
        """
        misfit = {}
        for phases, most_a in self._kinds:
            rose_a = min(most_a, after_a) - min(most_a, before_a)
            misfit[phases, most_a] = (answer_w - phases * self._mains_v * rose_a) ** 2 / scale
        best = min(misfit.values())
        if best > DISTURBED:
            return
        known = (self._misfit,) if before_a <= 0.0 else (self._misfit, self._steps)
        for evidence in known:
            for kind, value in misfit.items():
                evidence[kind] += min(MOST_EVIDENCE, value - best)
            least = min(evidence.values())
            for kind, value in evidence.items():
                evidence[kind] = min(MOST_MISFIT, value - least)
        self._conclude()

    def _conclude(self) -> None:
        """Adopt another number where it is clearly better than the present one."""
        best = {
            phases: min(CEILINGS_A, key=lambda most_a: self._misfit[phases, most_a])
            for phases in range(1, self._most + 1)
        }
        misfit = {phases: self._misfit[phases, most_a] for phases, most_a in best.items()}
        found = min(misfit, key=misfit.__getitem__)
        present = self.phases or self._most
        better = misfit[present] - misfit[found]
        if found > present:
            sure = better >= SURE_MORE
        else:
            follows = self._steps[_NOTHING] - self._steps[found, best[found]]
            sure = better >= SURE_FEWER and follows >= SURE_STEP
        if sure:
            self.phases = found
