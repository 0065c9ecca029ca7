# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of the offer that show how many phases the car uses, where no meter tells.

An offer that follows the sun proves nothing, since it moves with the sun. So what is judged are
steps that the sun did not cause: starts and stops, every step in the mode `fast`, and, as long as
the number is not known, steps made on purpose in the sun. A start is held at the least current
until the figure has shown it, followed by one step up. Then come steps down to the least current
and up by some amperes in turn, a reading or two each, and less and less often.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from evsed.core.solar.draw_evidence import ANSWER_S, BEGIN_S, NEAR_ZERO_W, NOISE_W
from evsed.core.solar.phase_answers import CEILINGS_A, PhaseAnswers, Side
from evsed.core.solar.weather import Weather

ALIKE_A: Final = 0.3
"""Offers closer together than this are one level, in amperes."""

AVERAGED_S: Final = 15.0
"""The readings of a fast feed are averaged over so long, in seconds."""

BELOW_FULL_W: Final = 150.0
NEARLY_FULL_W: Final = 1_000.0
"""A figure that lies this far below one of the last ten minutes is not that of a full battery, in
watts, which takes no more whatever is spare; the second where the battery may be full: it takes
less and less over its last twentieth."""

FULL_S: Final = 600.0

NOW_RATE: Final = 0.3
"""The weather of the moment is a mean over about three readings."""

FIRST_W: Final = 500.0
"""Before any reading it is taken to move by so much in a minute, in watts: as under some clouds."""

ROUGH_W: Final = 1_000.0
"""A sky that moves by this within a minute (rms) is rough, in watts."""

CLEAR_STEP: Final = 0.5
"""A step is made where what is spare moves by no more than this share of an answer of one phase."""

MINUTE_S: Final = 60.0
THIN_S: Final = 20.0
"""Readings closer together than this tell nothing new of the weather, in seconds."""

TELLS: Final = 4.0
COSTS_PER_A: Final = 0.02
"""A step is as large as it takes for the numbers of phases to lie two standard errors apart, or,
under a rough sky, as far as they can; each ampere of it takes this share off."""

STEP_A: Final = 4.0
LEAST_STEP_A: Final = 1.0
"""A step is no smaller than this, in amperes: below it an answer drowns in the loads of a house."""

LENT_W: Final = -500.0
"""No step is made while more than this is lent already, in watts."""

CALM_WITHIN_S: Final = 400.0
"""Steps wait for a calm sky, but no longer than this, in seconds."""

FIRST_GAP_S: Final = 90.0
GAP_GROWS: Final = 1.3
"""The time between two pulses, in seconds, and how it grows from one to the next."""

MOST_PULSES: Final = 14
"""No more pulses are made in one stay: they cost sun."""

TRIED_PULSES: Final = 4
"""After so many the other tests of the car's draw need not wait any longer."""


@dataclass(slots=True)
class _OfferLevel:
    """Readings at one level of the offer, averaged: their moment, the figure and the amperes."""

    offered_a: float
    at: float
    excess_w: float
    seen_a: dict[float, float]
    readings: int = 1

    def add(self, at: float, excess_w: float, seen_a: dict[float, float], most: int) -> None:
        """Average another reading in; of more than *most* readings the oldest fade."""
        self.readings += 1
        share = 1 / min(self.readings, most)
        self.at += share * (at - self.at)
        self.excess_w += share * (excess_w - self.excess_w)
        for most_a, amperes in seen_a.items():
            self.seen_a[most_a] += share * (amperes - self.seen_a[most_a])


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReading:
    """A reading of the feed, and the offer that a car had at its stamp.

    `excess_w` is what is spare, None where that is not shown; `seen_a` the draw of a car with each
    ceiling as far as the figure shows it. `level_s`: for how long the offer had stood. `free`: a
    step may be made now. `fast`: the offer does not follow the sun. `full`: the house battery may
    be full.
    """

    excess_w: float | None
    seen_a: dict[float, float]
    offered_a: float
    stamp_at: float
    level_s: float
    period_s: float
    free: bool
    fast: bool
    full: bool

    @property
    def averaged(self) -> int:
        """The number of readings that are averaged at a level."""
        return max(1, round(AVERAGED_S / max(self.period_s, 1.0)))


class PhaseTest:
    """Finds the number of phases by the answers to steps. Moments are the feed's stamps, seconds.

    `wanted` is False where the number is known otherwise, or not all phases are closed.
    """

    def __init__(self, mains_v: float, most: int) -> None:
        self.answers = PhaseAnswers(mains_v, most)
        self.wanted = True
        self._mains_v = mains_v
        self._most = most
        self._weather = Weather(NOISE_W)
        self._now_variance = FIRST_W**2
        self._moved_w = 0.0
        self._last: tuple[float, float, float] | None = None  # stamp, figure, amperes seen
        self._highest: deque[tuple[float, float]] = deque()  # stamp, figure
        self.begin_stay()

    def begin_stay(self) -> None:
        """Forget the car: another one may be plugged in now."""
        self.answers.begin_stay()
        self._pulses = 0
        self._due_at = -math.inf
        self._end()
        self._plateau: _OfferLevel | None = None

    def _end(self) -> None:
        """End the steps that are under way."""
        self._stages: list[float | None] = []
        self._stage: _OfferLevel | None = None
        self._stage_at = -math.inf

    @property
    def undecided(self) -> bool:
        """True where the number of phases is to be found and not known."""
        return self.wanted and not self.answers.phases

    @property
    def busy(self) -> bool:
        """True while other tests of the draw have to wait for this one."""
        if not self.undecided or self.answers.takes_nothing:
            return False
        return bool(self._stages) or self._pulses < TRIED_PULSES

    def plan_a(self, least_a: float, cap_a: float) -> float | None:
        """Return the offer that a step needs now, between *least_a* and *cap_a*; None: no step."""
        if not self._stages:
            return None
        level_a = self._stages[0]
        if level_a is None:
            level_a = self._choose_a(least_a, cap_a)
        self._stages[0] = min(cap_a, max(least_a, level_a))
        return self._stages[0]

    def _choose_a(self, least_a: float, cap_a: float) -> float:
        """Return the level of a step from the plateau: the nearest that tells enough."""
        before_a = self._plateau.offered_a if self._plateau is not None else least_a
        before_a = max(before_a, least_a)
        levels = [least_a, *(float(level_a) for level_a in range(math.ceil(least_a), 33))]
        noise_w = self._noise_w(MINUTE_S)
        telling = [
            (
                min(TELLS, self.answers.telling(before_a, level_a, noise_w))
                * (1 - COSTS_PER_A * abs(level_a - before_a)),
                level_a,
            )
            for level_a in levels
            if level_a <= cap_a and abs(level_a - before_a) >= LEAST_STEP_A
        ]
        return max(telling)[1] if telling else least_a

    def add(self, now: float, reading: StepReading) -> None:
        """Add a reading, and plan what comes next."""
        excess_w, offered_a = reading.excess_w, reading.offered_a
        if excess_w is None or not self.wanted:
            self._last = self._plateau = None
            self._end()
            return
        self._watch(reading.stamp_at, excess_w, reading.seen_a[math.inf])
        plateau = self._plateau
        begins = plateau is not None and (offered_a <= 0) is not (plateau.offered_a <= 0)
        settled = reading.level_s >= (BEGIN_S if begins and offered_a > 0 else ANSWER_S)
        left = len(self._stages)
        if settled:
            self._settle(reading, excess_w, judged=begins or reading.fast)
        if len(self._stages) != left:
            self._stage_at = now
        if offered_a <= 0:
            self._arm(now)
        elif self._stages and now - self._stage_at > 3 * reading.period_s + 2 * MINUTE_S:
            self._end()
        elif not self._stages and reading.free and self._due(now, excess_w, fast=reading.fast):
            self._begin_pulse(now, offered_a, settled=settled and reading.averaged == 1)

    # -- evidence ------------------------------------------------------------------------------

    def _noise_w(self, span_s: float) -> float:
        """Change of what is spare by itself within so many seconds (rms), in watts."""
        spans = max(span_s, THIN_S) / MINUTE_S
        return math.sqrt(NOISE_W**2 + self._now_variance * spans)

    def _load_share(self) -> float:
        """Return how likely a minute has a load or a cloud that moves the figure out of the usual.

        A twentieth, and more where the sky was rough of late.
        """
        return 0.05 + 0.25 * min(1.0, self._weather.variance / ROUGH_W**2)

    def _watch(self, stamp_at: float, excess_w: float, seen_a: float) -> None:
        """Learn the weather."""
        self._highest.append((stamp_at, excess_w))
        while self._highest[0][0] < stamp_at - FULL_S:
            self._highest.popleft()
        last = self._last
        if last is not None and stamp_at - last[0] < THIN_S:
            return
        self._last, self._moved_w = (stamp_at, excess_w, seen_a), 0.0
        if last is None:
            return
        before_at, before_w, before_a = last
        # Any part of what all phases would take may be the car's.
        most_w = -self._most * self._mains_v * (seen_a - before_a)
        risen_w = excess_w - before_w
        own_w = min(max(risen_w, min(0.0, most_w)), max(0.0, most_w))
        self._moved_w = abs(risen_w - own_w)
        if not self._stages or abs(seen_a - before_a) < ALIKE_A:
            self._add_noise(self._moved_w, stamp_at - before_at)

    def _add_noise(self, moved_w: float, span_s: float) -> None:
        """Add a change by itself, in watts, within so many seconds."""
        moved_w *= math.sqrt(MINUTE_S / max(span_s, THIN_S))
        self._weather.add(moved_w)
        self._now_variance += NOW_RATE * (moved_w**2 - self._now_variance)

    def _settle(self, reading: StepReading, excess_w: float, *, judged: bool) -> None:
        """Add a reading at which every car has answered the offer."""
        offered_a, averaged = reading.offered_a, reading.averaged
        here = self._stage or self._plateau
        if here is not None and abs(here.offered_a - offered_a) < ALIKE_A:
            here.add(reading.stamp_at, excess_w, reading.seen_a, averaged)
        else:
            here = _OfferLevel(offered_a, reading.stamp_at, excess_w, dict(reading.seen_a))
        if self._stages:
            level_a = self._stages[0]
            if level_a is None or abs(level_a - offered_a) >= ALIKE_A:
                return
            judged = True
        if judged and here.readings < averaged:
            self._stage = here
            return
        before, self._plateau, self._stage = self._plateau, here, None
        if before is not None and before is not here and judged:
            self._judge(before, here, full=reading.full)
        if self._stages:
            self._stages.pop(0)

    def _judge(self, before: _OfferLevel, after: _OfferLevel, *, full: bool) -> None:
        """Weigh the answer to a step of the offer."""
        rises_a = {most_a: after.seen_a[most_a] - before.seen_a[most_a] for most_a in CEILINGS_A}
        begins = min(before.offered_a, after.offered_a) <= 0
        if abs(after.offered_a - before.offered_a) < LEAST_STEP_A:
            return
        span_s, answer_w = after.at - before.at, before.excess_w - after.excess_w
        self.answers.add(
            answer_w,
            rises_a,
            self._noise_w(span_s),
            load_share=min(0.5, self._load_share() * max(1.0, span_s / MINUTE_S)),
            side=self._side(before.excess_w, after.excess_w, full=full),
            begins=begins,
        )
        self._add_noise(self.answers.missed_w(answer_w, rises_a), span_s)

    def _side(self, before_w: float, after_w: float, *, full: bool) -> Side:
        """Return the side of 0 on which a part of an answer may be hidden, if so."""
        low_w, high_w = min(before_w, after_w), max(before_w, after_w)
        if high_w < -NEAR_ZERO_W:
            return Side.SOUND
        highest_w = max(figure_w for _, figure_w in self._highest)
        below_w = NEARLY_FULL_W if full else BELOW_FULL_W
        if low_w > NEAR_ZERO_W and highest_w - high_w > below_w:
            return Side.SOUND
        return Side.ABOVE if low_w + high_w > 0 else Side.BELOW

    # -- the steps -----------------------------------------------------------------------------

    def _arm(self, now: float) -> None:
        """Be ready for a start: the least current until it is judged, then a step up and back."""
        self._stages = []
        if self.undecided and self._pulses < MOST_PULSES:
            self._stages, self._stage_at = [0.0, None, 0.0], now

    def _due(self, now: float, excess_w: float, *, fast: bool) -> bool:
        """Return True at a reading that suits a pulse, once it is due."""
        if not self.undecided or self._pulses >= MOST_PULSES:
            return False
        if not math.isfinite(self._due_at):
            self._due_at = now
        if now < self._due_at or (excess_w < LENT_W and not fast):
            return False
        calm_w = CLEAR_STEP * STEP_A * self._mains_v
        calm = max(self._moved_w, self._noise_w(MINUTE_S)) <= calm_w
        return calm or now >= self._due_at + CALM_WITHIN_S

    def _begin_pulse(self, now: float, offered_a: float, *, settled: bool) -> None:
        """Begin a pulse: the offer as it is, unless it was *settled*, another level, and back."""
        self._stages = [None, offered_a] if settled else [offered_a, None, offered_a]
        self._stage_at = now
        self._due_at = now + FIRST_GAP_S * GAP_GROWS**self._pulses
        self._pulses += 1
