# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence of the number of phases that the car uses: the figure's answers to steps of the offer.

Without a meter a car that uses one phase of three looks like a car that takes a third of what it is
offered, at every offer. A start tells the phases apart from each other, since no car takes less
than 6 A of a phase that it uses: 1.4, 2.8 or 4.1 kW. A car that is nearly full may begin like that,
too, and one that takes no more than so many amperes answers a part of a step. So each number of
phases is judged together with each such ceiling, and it takes steps beside the start.

A battery that holds the figure at 0, or panels that are throttled, hide a part of an answer, never
add to it. They hide what lies above the figure of a full battery, or on one side of 0. A car then
seems to use fewer phases, or to take fewer amperes of more phases. So:

* Fewer phases than others are believed where answers that cannot be hidden show them, or answers on
  both sides of 0, or many above it that agree. Below 0 a battery at rest hides of each step what it
  can, which agrees as well.
* More phases than others are believed where they are shown by what cannot be hidden, too: an answer
  that may be hidden counts against those alone that explain less than it.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Collection, Mapping
from typing import Final

LOADS_W: Final = 6_000.0
"""A load or a cloud that coincides may move the figure by anything within this range, in watts: the
3 kW of a large kettle or of a cloud, up or down. So no answer proves more than that."""

SURE: Final = 4.5
"""A number is believed where it is better than every other by this: two answers at least ..."""

SURE_STEP: Final = 1.5
"""... the steps alone being better by this than a car that answers none. Fewer phases than the box
has are believed where they are better by this, too, without what lies above 0, and without what
lies below: to believe in too few has the house battery pay up to three times what the sun gives."""

MANY: Final = 6
ALIKE: Final = 7.0
"""So many answers above 0 are enough where the number is better by this: what a full battery hides
is a part of some steps and none of others, so that they do not agree."""

CONTRADICTED: Final = 1.0
"""Rises and falls of the offer both have to be seen, and neither may speak against the number by
more than this: the edge of a cloud makes all rises look greater, and all falls smaller."""

DOUBTED: Final = 1.5
"""A number that was believed is given up where another is better by this."""

MOST_MISFIT: Final = 8.0
"""Old evidence weighs no more than this, so that a few answers can turn it."""

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


class Side(enum.Enum):
    """The side of 0 on which an answer lies, where a part of it may be hidden; or neither."""

    SOUND = "sound"
    ABOVE = "above"
    BELOW = "below"


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
        self._bounds: dict[_Kind, float] = dict.fromkeys(self._kinds, 0.0)
        self._without = {side: dict.fromkeys(self._kinds, 0.0) for side in (Side.ABOVE, Side.BELOW)}
        self._above = 0
        self._ways = {rises: dict.fromkeys(self._kinds, 0.0) for rises in (True, False)}
        self._begins: dict[_Kind, float] = dict.fromkeys(self._kinds, 0.0)
        self._both: frozenset[bool] = frozenset()

    @property
    def takes_nothing(self) -> bool:
        """True where a car that answers nothing is the best explanation by an answer."""
        best = min(value for kind, value in self._misfit.items() if kind != _NOTHING)
        return best - self._misfit[_NOTHING] >= SURE_STEP

    def add(
        self,
        answer_w: float,
        rises_a: Mapping[float, float],
        noise_w: float,
        *,
        load_share: float,
        side: Side,
        begins: bool,
    ) -> None:
        """Add an answer: the draw rose by *answer_w*.

        A car with one of `CEILINGS_A` would have taken so many amperes more of each phase,
        *rises_a*. *noise_w* is the usual change by itself meanwhile (rms), in watts, *load_share*
        how likely another load or a cloud has moved the figure. *begins*: the step was a start or a
        stop of the charge.
        """
        floor = load_share * math.sqrt(2 * math.pi) * noise_w / LOADS_W
        missed_w = {_NOTHING: answer_w}
        for phases in range(1, self._most + 1):
            for most_a, rise_a in rises_a.items():
                missed_w[phases, most_a] = answer_w - phases * self._mains_v * rise_a
        misfit = {kind: _misfit(missed, noise_w, floor) for kind, missed in missed_w.items()}
        rises = rises_a[math.inf] > 0
        least_misfit = _misfit(0.0, noise_w, floor)
        bounds = {
            kind: misfit[kind] if side is Side.SOUND or (missed > 0) is rises else least_misfit
            for kind, missed in missed_w.items()
        }
        known = [self._misfit, self._ways[rises], self._begins if begins else self._steps]
        known += [evidence for hides, evidence in self._without.items() if hides is not side]
        self._above += side is Side.ABOVE
        self._both = self._both | {rises}
        for evidence in known:
            _add(evidence, misfit)
        _add(self._bounds, bounds)
        self._conclude()

    def _conclude(self) -> None:
        """Believe in the number that is clearly the best, or in none."""
        least = dict.fromkeys(range(1, self._most + 1), math.inf)
        for (phases, _), value in self._misfit.items():
            if phases:
                least[phases] = min(least[phases], value)
        found = min(least, key=least.__getitem__)
        others = min(value for phases, value in least.items() if phases != found)
        if others - least[found] >= SURE and self._shown(found):
            self.phases = found
        elif self.phases and least[self.phases] - least[found] >= DOUBTED:
            self.phases = 0

    def _shown(self, phases: int) -> bool:
        """Return True where steps show a number of *phases*, and nothing hidden can explain it."""
        if self._lead(self._steps, phases, (0,)) < SURE_STEP or len(self._both) < len(self._ways):
            return False
        others = [other for other in range(1, self._most + 1) if other != phases]
        steps, begins, *ways = (
            self._lead(evidence, phases, others)
            for evidence in (self._steps, self._begins, *self._ways.values())
        )
        if min(ways) < -CONTRADICTED:
            return False
        if steps < SURE_STEP and begins < SURE:
            return False
        if self._lead(self._bounds, phases, range(1, phases)) < SURE_STEP:
            return False
        more = range(phases + 1, self._most + 1)
        agree = self._above >= MANY and self._lead(self._misfit, phases, more) >= ALIKE
        without_above, without_below = (
            self._lead(self._without[side], phases, more) for side in (Side.ABOVE, Side.BELOW)
        )
        return without_below >= SURE_STEP and without_above >= (
            -CONTRADICTED if agree else SURE_STEP
        )

    def missed_w(self, answer_w: float, rises_a: Mapping[float, float]) -> float:
        """Return how far an answer lies from what the best explanation gives, in watts."""
        phases, most_a = min(self._kinds, key=self._misfit.__getitem__)
        return answer_w - phases * self._mains_v * rises_a.get(most_a, 0.0)

    def telling(self, from_a: float, to_a: float, noise_w: float) -> float:
        """Return how far the numbers of phases lie apart in their answers to such a step.

        It is the variance between them, in units of that within each and of the noise.
        """
        shares: dict[int, list[tuple[float, float]]] = {}
        for kind, misfit in self._misfit.items():
            if kind != _NOTHING:
                answer_w = self._answer_w(kind, from_a, to_a)
                shares.setdefault(kind[0], []).append((math.exp(-misfit), answer_w))
        whole = sum(share for answers in shares.values() for share, _ in answers)
        means = [
            (_mean(answers), sum(share for share, _ in answers) / whole)
            for answers in shares.values()
        ]
        middle_w = sum(share * mean_w for mean_w, share in means)
        between = sum(share * (mean_w - middle_w) ** 2 for mean_w, share in means)
        within = sum(
            share * (answer_w - _mean(answers)) ** 2 / whole
            for answers in shares.values()
            for share, answer_w in answers
        )
        return between / (noise_w**2 + within)

    def _answer_w(self, kind: _Kind, from_a: float, to_a: float) -> float:
        phases, most_a = kind
        return phases * self._mains_v * (min(most_a, to_a) - min(most_a, from_a))

    def _lead(self, evidence: dict[_Kind, float], phases: int, others: Collection[int]) -> float:
        """Return by how much *phases*, as they explain all answers best, are better than *others*.

        That is infinite where there are no others.
        """
        own = min((kind for kind in self._kinds if kind[0] == phases), key=self._misfit.__getitem__)
        found = (value for kind, value in evidence.items() if kind[0] in others)
        return min(found, default=math.inf) - evidence[own]


def _add(evidence: dict[_Kind, float], misfit: Mapping[_Kind, float]) -> None:
    """Add the *misfit* of one answer to *evidence*, of which the best has 0."""
    for kind, value in misfit.items():
        evidence[kind] += value
    least = min(evidence.values())
    for kind, value in evidence.items():
        evidence[kind] = min(MOST_MISFIT, value - least)


def _misfit(missed_w: float, noise_w: float, floor: float) -> float:
    """Return the misfit of an answer that missed by so much, where *floor* is a chance anyway."""
    return math.log((1 + floor) / (math.exp(-(missed_w**2) / (2 * noise_w**2)) + floor))


def _mean(answers: list[tuple[float, float]]) -> float:
    """Return the mean of shares and what each of them answers."""
    return sum(share * answer_w for share, answer_w in answers) / sum(share for share, _ in answers)
