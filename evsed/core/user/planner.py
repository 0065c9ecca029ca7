# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner: when the car has to be charged without regard to the sun, so that a goal is reached.

Until the planner begins, the owner's mode holds, and what the sun gives counts. It begins as late
as possible, and once begun it goes on until the goal is reached or due: each pause would cost a
closing of the contactor. With prices it takes the cheapest times, of equal ones the latest, and
once begun goes on to the end of that time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

from evsed.core.text import text

if TYPE_CHECKING:
    from evsed.core.user.plan import Goal
    from evsed.core.user.prices import PriceSlot

SPARE_SHARE: Final = 0.1
"""The charge is begun so much earlier, as a share of its length: cars take less towards the end of
a charge, and the mains voltage may be below what is set (EN 50160 allows 10 %)."""

SPARE_S: Final = 300.0
"""And so much earlier in any case: proving the pilot, waking the car, a first soft start."""

SHORT_LEAST_WH: Final = 100.0
"""A goal that is missed by less counts as reached as well as can be foreseen."""

TAKES_LESS_A: Final = 1.0
"""A car that leaves so much of its offer takes its own most; meters and cars are good to half."""

TAKES_LESS_FOR_S: Final = 60.0
"""For so long: cars need up to a minute for a change of their current."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInputs:
    """All that one step needs. Energies in Wh, `left_s` seconds until the goal is due.

    `power_w`, more than 0, is what the car takes where nothing but its limits holds it. `blocked`
    is the reason why nothing may flow, "" where it may. `allowed_wh` is what a limit of the session
    leaves. `prices` are those until the goal is due; () where there is one.
    """

    goal_wh: float
    done_wh: float
    left_s: float
    power_w: float
    plugged: bool
    blocked: str = ""
    allowed_wh: float = inf
    prices: tuple[PriceSlot, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a plan.

    `charges`: charge now, whatever the sun gives. `begins_s`: seconds until that begins, None
    where it does not. `expected_wh` is what the car will have had when the goal is due, without
    the sun; `trouble` the reason why that is too little, "" where it is enough. `short`: with the
    car as it is now the goal will not be reached. `times` are those in which it is to be charged
    without the sun, as beginning and end in seconds from now, the first one first.
    """

    charges: bool
    begins_s: float | None
    expected_wh: float
    reached: bool
    trouble: str
    short: bool = False
    times: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """The next goal, the moment `due` (Unix time), `done_wh` of it charged, and the step of now.

    `power_w` is what is reckoned with, `least_w` what the car takes at least. `inputs` are those of
    the step, `begun_until_left_s` is the planner's after it: a forecast goes on from both.
    `why` is the goal in words, as the reason of a current.
    `begins_at` (Unix time, whole seconds) is when charging for it begins at the latest; None where
    it has begun, or does not. `times` are those of the step by the clock, to the minute.
    """

    goal: Goal
    due: float
    done_wh: float
    power_w: float
    least_w: float
    inputs: PlanInputs
    begun_until_left_s: float | None
    step: PlanStep
    why: str
    begins_at: int | None = None
    times: tuple[tuple[int, int], ...] = ()


class Planner:
    """One goal after the other. `step()` about once a second, `begin_goal()` before each goal.

    *begun_until_left_s* is that of another planner which is continued.
    """

    def __init__(self, begun_until_left_s: float | None = None) -> None:
        self._begun = begun_until_left_s is not None
        self._until_left_s = begun_until_left_s or 0.0  # to the end of the time that was begun

    @property
    def begun_until_left_s(self) -> float | None:
        """The seconds that are left for the goal when the time that has begun ends.

        None where none has begun.
        """
        return self._until_left_s if self._begun else None

    def begin_goal(self) -> None:
        """Forget the goal before."""
        self._begun = False

    def step(self, inputs: PlanInputs) -> PlanStep:
        """Return what is to be done now."""
        left_wh = inputs.goal_wh - inputs.done_wh
        if left_wh <= 0:
            self._begun = False
            return PlanStep(
                charges=False, begins_s=None, expected_wh=inputs.done_wh, reached=True, trouble=""
            )
        power_w = inputs.power_w
        possible_wh = min(power_w * inputs.left_s / 3600, inputs.allowed_wh)
        if inputs.blocked:
            self._begun = self._begun and inputs.plugged
            return PlanStep(
                charges=self._begun,
                begins_s=None,
                expected_wh=inputs.done_wh,
                reached=False,
                trouble=inputs.blocked,
                short=True,
            )
        needs_s = left_wh / power_w * 3600
        times = _times(inputs, needs_s * (1 + SPARE_SHARE) + SPARE_S)
        begins_s, ends_s = times[0]
        goes_on = self._begun and inputs.left_s > self._until_left_s
        if begins_s <= 0 and not goes_on:
            self._until_left_s = inputs.left_s - ends_s
        self._begun = inputs.plugged and (goes_on or begins_s <= 0)
        if self._begun:
            ends_s = min(inputs.left_s - self._until_left_s, needs_s + SPARE_S)
            times = ((0.0, ends_s), *(each for each in times[1:] if each[0] >= ends_s))
        short_wh = left_wh - possible_wh
        return PlanStep(
            charges=self._begun,
            begins_s=None if self._begun else max(0.0, begins_s),
            expected_wh=inputs.done_wh + min(possible_wh, left_wh),
            reached=False,
            trouble=_trouble(inputs, short_wh),
            short=short_wh > SHORT_LEAST_WH,
            times=tuple((max(0.0, begin_s), end_s) for begin_s, end_s in times),
        )


def _times(inputs: PlanInputs, needs_s: float) -> tuple[tuple[float, float], ...]:
    """Return when the times to charge begin and end, seconds from now, in their order.

    *needs_s* is how long the charge takes. Of the last of the times that are needed the end is
    used, so that what the sun gives before still counts.
    """
    if not inputs.prices or needs_s >= inputs.left_s:
        return ((inputs.left_s - needs_s, inputs.left_s),)
    times = []
    for slot in sorted(inputs.prices, key=lambda slot: (slot.price, -slot.begin_s)):
        taken_s = min(needs_s, slot.end_s - slot.begin_s)
        times.append((slot.end_s - taken_s, slot.end_s))
        needs_s -= taken_s
        if needs_s <= 0:
            break
    return tuple(sorted(times))


def _trouble(inputs: PlanInputs, short_wh: float) -> str:
    if short_wh <= SHORT_LEAST_WH:
        return "" if inputs.plugged else text("no car is plugged in")
    if inputs.allowed_wh < inputs.power_w * inputs.left_s / 3600:
        return text(
            "the limit of this session leaves {left_kwh:.1f} kWh",
            left_kwh=max(inputs.allowed_wh, 0.0) / 1000,
        )
    short = text(
        "at {power_kw:.1f} kW the time left is too short by {short_kwh:.1f} kWh",
        power_kw=inputs.power_w / 1000,
        short_kwh=short_wh / 1000,
    )
    return short if inputs.plugged else text("no car is plugged in, and {short}", short=short)


class CarPower:
    """The most current that the car takes, learned where it leaves a part of its offer."""

    def __init__(self, most_a: float | None = None) -> None:
        self.most_a = most_a
        self._peak_a = 0.0
        self._less_since_at: float | None = None

    def update(self, now: float, offered_a: float, drawn_a: float, *, measured: bool) -> None:
        """Note that the car is offered *offered_a* and takes *drawn_a*, amperes a phase.

        Without a meter nothing can be learned.
        """
        if not measured or drawn_a <= 0:
            self._less_since_at = None
            if drawn_a <= 0:
                self._peak_a = 0.0
            return
        self._peak_a = max(self._peak_a, drawn_a)
        if self.most_a is not None:
            self.most_a = max(self.most_a, drawn_a)
        # Towards the end of a charge it takes less than it can.
        full = drawn_a >= self._peak_a - TAKES_LESS_A / 2
        if not full or offered_a - drawn_a < TAKES_LESS_A:
            self._less_since_at = None
        elif self._less_since_at is None:
            self._less_since_at = now
        elif now - self._less_since_at >= TAKES_LESS_FOR_S:
            self.most_a = self._peak_a
