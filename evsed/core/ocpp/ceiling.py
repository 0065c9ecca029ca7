# SPDX-License-Identifier: GPL-3.0-or-later
"""The ceiling that the central system sets, now and for as long as it may hold without it.

The ceiling is a plan on monotonic time. The daemon follows it to its end although the part that
speaks OCPP hangs, is started again or is gone: after the keep time comes the offline limit.

The keep time counts from the moment at which the last question was *sent* that the central system
answered. It was there then or later, so that it never lends this charger's share to another while
that is still in use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from evsed.core.ocpp.profiles import Purpose, Supply
from evsed.core.ocpp.stack import Bound, ProfileStack, Tx
from evsed.core.text import text

WORDS: Final = {
    Purpose.MAX: text("for this charger"),
    Purpose.TX_DEFAULT: text("for every charge"),
    Purpose.TX: text("for this charge"),
}


@dataclass(frozen=True, slots=True)
class CeilingStep:
    """From the monotonic moment `at` on `max_a` amperes, because of `why`; None: no limit.

    `phases` is how many may be used, 0: any. `max_a` is for `shared_by` phases; 0: for each.
    """

    at: float
    max_a: float | None
    why: str = ""
    phases: int = 0
    shared_by: int = 0

    def on(self, phases: int) -> float | None:
        """Return the amperes for each of *phases*; more than are known of leave less for each."""
        if self.max_a is None or not 0 < self.shared_by < phases:
            return self.max_a
        return self.max_a * self.shared_by / phases


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Steps in the order of their moments; the first holds before it, too, the last for ever."""

    steps: tuple[CeilingStep, ...]

    def at(self, now: float) -> CeilingStep:
        """Return the step at *now*."""
        found = self.steps[0]
        for step in self.steps[1:]:
            if step.at > now:
                break
            found = step
        return found

    def left_s(self, now: float) -> float | None:
        """Return the seconds until the next step; None where there is none."""
        return next((step.at - now for step in self.steps[1:] if step.at > now), None)


@dataclass(frozen=True, slots=True)
class Offline:
    """The rule without the central system: profiles for `keep_s`, then at most `max_a`."""

    keep_s: float
    max_a: float

    @property
    def why(self) -> str:
        """The reason as the owner reads it."""
        return text(
            "the central system (OCPP) cannot be reached: {max_a:g} A, as set", max_a=self.max_a
        )


@dataclass(frozen=True, slots=True)
class CentralMoment:
    """This moment: monotonic `now`, and the central system's clock then, seconds since 1970."""

    now: float
    epoch: float


def closed(why: str) -> Ceiling:
    """Return the ceiling of a charger that may give nothing, because of *why*."""
    return Ceiling((CeilingStep(0.0, 0.0, why),))


def starting(until_at: float, offline: Offline | None) -> Ceiling:
    """Return the ceiling before the part that speaks OCPP has reported for the first time.

    Where that does not come until *until_at*, *offline* holds; None: nothing may flow even then,
    because no charge is authorised.
    """
    first = CeilingStep(0.0, 0.0, text("what the charging network (OCPP) allows is not known yet"))
    if offline is None:
        return Ceiling((first,))
    return Ceiling((first, CeilingStep(until_at, offline.max_a, offline.why)))


def open_ceiling(
    stack: ProfileStack,
    tx: Tx | None,
    supply: Supply,
    offline: Offline,
    contact_at: float,
    moment: CentralMoment,
) -> Ceiling:
    """Return the ceiling of a charge that is authorised.

    *contact_at* is the monotonic moment at which the central system was last known to be there.
    Offline, every charger falls first and rises later: after the keep time it offers no more than
    profile and offline limit, and only after a second keep time the offline limit where a profile
    is lower. So where a network dies for all, none rises before all have fallen, although each has
    noticed at another moment. The limit of the whole charge point holds to the end, because that
    is a fact of the place.
    """
    lost_at = contact_at + offline.keep_s
    steps = []
    if lost_at > moment.now:
        last = moment.epoch + (lost_at - moment.now)
        for step in stack.composite(moment.epoch, last, tx, supply):
            at = moment.now + (step.at - moment.epoch)
            steps.append(_step(at, step.bound))
    for at, profiles_too in ((lost_at, True), (lost_at + offline.keep_s, False)):
        start_at = max(at, moment.now)
        epoch = moment.epoch + (start_at - moment.now)
        find = stack.bound if profiles_too else stack.most
        bound = find(epoch, tx, supply)
        if bound.max_a is not None and bound.max_a < offline.max_a:
            steps.append(_step(start_at, bound))
        else:
            steps.append(CeilingStep(start_at, offline.max_a, offline.why, bound.phases))
    return Ceiling(tuple(steps))


def _step(at: float, bound: Bound) -> CeilingStep:
    return CeilingStep(at, bound.max_a, describe(bound), bound.phases, bound.shared_by)


def returning(ceiling: Ceiling, until_at: float, now: float, offline: Offline) -> Ceiling:
    """Return *ceiling* with at most the offline limit until *until_at*; *now* is this moment.

    The central system may have lent this charger's share to others when the keep time was over. It
    is given the time to send other profiles before those that it sent earlier are in force again.
    """
    why = text(
        "the central system (OCPP) is back and may send other limits: {max_a:g} A so far",
        max_a=offline.max_a,
    )
    held = CeilingStep(now, offline.max_a, why)
    steps = []
    for step in (*ceiling.steps, replace(ceiling.at(until_at), at=until_at)):
        high = step.max_a is None or step.max_a > offline.max_a
        low = replace(held, at=step.at, phases=step.phases)
        steps.append(low if high and step.at < until_at else step)
    return Ceiling(tuple(sorted(steps, key=lambda step: step.at)))


def describe(bound: Bound) -> str:
    """Describe *bound* as the owner reads it; "" without one."""
    if bound.profile is None or bound.max_a is None:
        return ""
    words = text(
        "{max_a:.3g} A {purpose}, by the central system (OCPP)",
        max_a=bound.max_a,
        purpose=WORDS[bound.profile.purpose],
    )
    if not bound.phases:
        return words
    if bound.phases == 1:
        return text("{limit}, which allows 1 phase", limit=words)
    return text("{limit}, which allows {phases} phases", limit=words, phases=bound.phases)
