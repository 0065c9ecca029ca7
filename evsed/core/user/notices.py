# SPDX-License-Identifier: GPL-3.0-or-later
"""Notices for the owner who is away: which of what happens is worth a message, each once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

CHARGED_LEAST_WH: Final = 100.0
"""A car that took less has only topped up what it used while it stood."""
LIMITED_FOR_S: Final = 60.0
"""The current falls to 0 for a moment also where a limit only changes."""
FAULT_FOR_S: Final = 10.0
"""A fault that is over sooner has not needed a person."""
FAULT_AGAIN_S: Final = 3600.0
"""A fault that comes and goes is reported once while it was not away for so long."""
ASLEEP_FOR_S: Final = 900.0
"""The car has been called twice by then (core.car.wake_up: after 3 and 13 minutes)."""
DANGER_FOR_S: Final = 300.0
"""A shortage that lasts is worth a message: a car that starts has less power for a moment."""
BEGINS_WITHIN_S: Final = 1800.0
"""Half an hour before a plan begins, the owner can still plug in."""
LATE_MOST_MIN: Final = 60
"""An evening is over so long after its time: evsed that starts at night sends no reminder."""


class NoticeKind(Enum):
    """The kinds of notices; the value is the title of the message."""

    DONE = text("Charge done")
    FAULT = text("Fault")
    NOT_PLUGGED = text("Not plugged in")
    PLAN = text("Plan in danger")
    ASLEEP = text("Car does not charge")


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    kind: NoticeKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSeen:
    """The next goal, due at `due` (Unix time): reached, short, or beginning in `begins_s`."""

    due: float
    text: str
    reached: bool
    short: bool
    begins_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The charger at one moment, as far as notices need it.

    `plugged` is None where the pilot is not read. `finished`: the car has ended its charge by
    itself; `idle`: it leaves its offer untaken. `state` describes that, `limited_by` is the owner
    of the lowest limit, `charge` the energy of the session in words, `faults` the sentence on each
    fault.
    """

    plugged: bool | None
    closed: bool = False
    session_wh: float = 0.0
    charge: str = ""
    finished: bool = False
    idle: bool = False
    state: str = ""
    limited_by: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    plan: PlanSeen | None = None


class _Persisting:
    """Something that has to last for a while."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._since_at = math.inf

    def update(self, now: float, *, true: bool) -> bool:
        """Return True once it has lasted."""
        self._since_at = min(self._since_at, now) if true else math.inf
        return now - self._since_at >= self._for_s


class Notices:
    """Finds the notices; *remind_min* is the minute of the day of the evening's, None for none."""

    def __init__(self, remind_min: int | None) -> None:
        self._remind_min = remind_min
        self._reminded: object = None  # the day
        self._from_wh: float | None = None  # the charge that is not done yet began here
        self._limited = _Persisting(LIMITED_FOR_S)
        self._asleep = _Persisting(ASLEEP_FOR_S)
        self._slept = False
        self._faults: dict[str, _Persisting] = {}
        self._seen_at: dict[str, float] = {}  # reported faults, and when each was there last
        self._danger = _Persisting(DANGER_FOR_S)
        self._plans: dict[str, float] = {}  # by what was reported of it: the goal's moment

    def update(self, now: float, local: datetime, seen: Situation) -> tuple[Message, ...]:
        """Return what is to be sent at *now* (monotonic), which is *local* on the wall."""
        return (
            *self._done(now, seen),
            *self._fault(now, seen),
            *self._evening(local, seen),
            *self._plan(now, seen),
            *self._sleep(now, seen),
        )

    def _done(self, now: float, seen: Situation) -> tuple[Message, ...]:
        if seen.closed:
            if self._from_wh is None or seen.session_wh < self._from_wh:
                self._from_wh = seen.session_wh
        elif seen.plugged is False:
            self._from_wh = None
        took = self._from_wh is not None and seen.session_wh - self._from_wh >= CHARGED_LEAST_WH
        open_after = took and not seen.closed
        limited = self._limited.update(now, true=open_after and seen.limited_by == "session")
        reached = seen.plan is not None and seen.plan.reached and self._once("reached", seen.plan)
        finished = open_after and seen.finished
        if not (limited or finished or (reached and took)):
            return ()
        why: str = text("the car has finished")
        if limited:
            why = text("the limit of this session is reached")
        if reached and seen.plan is not None:
            why = seen.plan.text
        if not seen.closed:
            self._from_wh = None
        return (Message(NoticeKind.DONE, text("{charge}; {why}", charge=seen.charge, why=why)),)

    def _fault(self, now: float, seen: Situation) -> tuple[Message, ...]:
        found = []
        for name, words in seen.faults.items():
            lasts = self._faults.setdefault(name, _Persisting(FAULT_FOR_S)).update(now, true=True)
            if lasts and now - self._seen_at.get(name, -math.inf) > FAULT_AGAIN_S:
                found.append(Message(NoticeKind.FAULT, words))
            if lasts:
                self._seen_at[name] = now
        for name in self._faults.keys() - seen.faults.keys():
            del self._faults[name]
        return tuple(found)

    def _evening(self, local: datetime, seen: Situation) -> tuple[Message, ...]:
        if self._remind_min is None or seen.plugged is None:
            return ()
        late_min = local.hour * 60 + local.minute - self._remind_min
        if not 0 <= late_min < LATE_MOST_MIN or self._reminded == local.date():
            return ()
        self._reminded = local.date()
        if seen.plugged:
            return ()
        words = text("no car is plugged in at {time}", time=f"{local:%H:%M}")
        return (Message(NoticeKind.NOT_PLUGGED, words),)

    def _plan(self, now: float, seen: Situation) -> tuple[Message, ...]:
        plan = seen.plan
        danger = self._danger.update(now, true=plan is not None and plan.short)
        if plan is None:
            return ()
        soon = plan.begins_s is not None and plan.begins_s <= BEGINS_WITHIN_S
        waits = seen.plugged is False and soon and not plan.reached
        if (danger or waits) and self._once("danger", plan):
            return (Message(NoticeKind.PLAN, plan.text),)
        return ()

    def _once(self, what: str, plan: PlanSeen) -> bool:
        """Return True the first time that *what* is found of the goal of *plan*."""
        before = self._plans.get(what)
        self._plans[what] = plan.due
        return before != plan.due

    def _sleep(self, now: float, seen: Situation) -> tuple[Message, ...]:
        sleeps = self._asleep.update(now, true=seen.idle)
        if seen.closed or not seen.plugged:
            self._slept = False
        if not sleeps or self._slept:
            return ()
        self._slept = True
        return (Message(NoticeKind.ASLEEP, seen.state),)
