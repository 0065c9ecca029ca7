# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: so many kWh by a time of the day, once or on days of the week.

One goal or several, such as "20 kWh by Mon-Fri 07:00, 40 kWh by Sat 10:00". A goal with neither
day nor date is for once, and gets its date when it is set (`ChargePlan.dated()`). Instead of an
energy a goal may have states of charge: "40-80 % of 58 kWh by 07:00".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from evsed.core.text import text
from evsed.core.user.weekly_window import DAY_MIN, days_text, parse_days, time_text

if TYPE_CHECKING:
    from datetime import tzinfo

LEAST_KWH: Final = 0.1
MOST_KWH: Final = 1000.0
"""As for the energy limit of a session."""

MOST_GOALS: Final = 14
"""As many as a weekly window has ranges."""

CHARGED_SHARE: Final = 0.9
"""The part of the energy that gets into the battery. ADAC has measured losses of 5 to 10 % at wall
boxes (2022); the worse is taken, so that the goal is reached."""

PLAN_WORDS: Final = text(
    'energy and time such as "20 kWh by 07:00", "20 kWh by Mon-Fri 07:00", '
    '"20 kWh by 2026-12-24 07:00" or "40-80 % of 58 kWh by 07:00"'
)
_NUMBER: Final = r"(\d{1,4}(?:\.\d+)?)"
_GOAL: Final = re.compile(
    rf"(?:{_NUMBER}\s*-\s*{_NUMBER}\s*%\s*of\s*)?{_NUMBER}\s*kWh\s+by\s+"
    r"(?:(\d{4}-\d\d-\d\d)\s+|([A-Za-z,-]+)\s+)?(\d{1,2}):(\d\d)",
    re.ASCII | re.IGNORECASE,
)
_NEXT: Final = re.compile(r"(?<=:\d\d)\s*,\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Goal:
    """`kwh` by `minute` (after midnight), on each of `days` (0 is Monday) or on the date `on`.

    With neither it is for once and has no date yet. Raises ValueError for what is none.
    """

    kwh: float
    minute: int
    days: frozenset[int] = frozenset()
    on: date | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not LEAST_KWH <= self.kwh <= MOST_KWH:
            raise ValueError(
                text(
                    "a goal must be {least_kwh:g} to {most_kwh:g} kWh",
                    least_kwh=LEAST_KWH,
                    most_kwh=MOST_KWH,
                )
            )
        if not 0 <= self.minute < DAY_MIN:
            raise ValueError(
                text(
                    "its time must lie between 00:00 and 23:59; {plan_words}", plan_words=PLAN_WORDS
                )
            )

    def __str__(self) -> str:
        """The form that `ChargePlan.parse()` reads."""
        day = str(self.on) if self.on else days_text(self.days)
        return f"{self.kwh:g} kWh by {day} {time_text(self.minute)}".replace("  ", " ")

    def due_at(self, local: datetime, zone: tzinfo) -> float | None:
        """Return the next moment after *local* by which it is due, seconds of Unix time.

        *zone* is that of the owner, whose clock may be changed in between. None where its date is
        over, or not known yet.
        """
        if self.on is not None:
            at = self._moment(self.on, zone)
            return at if at > local.timestamp() else None
        today = local.astimezone(zone).date()
        moments = (
            self._moment(day, zone)
            # The eighth is for a goal whose time of today is over.
            for day in (today + timedelta(days=ahead) for ahead in range(8))
            if day.weekday() in self.days
        )
        return next((at for at in moments if at > local.timestamp()), None)

    def _moment(self, day: date, zone: tzinfo) -> float:
        """The moment on *day*; one that the clock leaves out is an hour later on it."""
        return datetime.combine(
            day, time(self.minute // 60, self.minute % 60), tzinfo=zone
        ).timestamp()


@dataclass(frozen=True, slots=True)
class ChargePlan:
    """The goals. Raises ValueError for none, or for too many."""

    goals: tuple[Goal, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 1 <= len(self.goals) <= MOST_GOALS:
            raise ValueError(
                text(
                    "it must have 1 to {most_goals} goals, not {goals}",
                    most_goals=MOST_GOALS,
                    goals=len(self.goals),
                )
            )

    @classmethod
    def parse(cls, written: str) -> ChargePlan:
        """Read "20 kWh by Mon-Fri 07:00, 40 kWh by Sat 10:00". Raises ValueError."""
        return cls(tuple(_goal(part) for part in _NEXT.split(written.strip())))

    def __str__(self) -> str:
        """The form that `parse()` reads."""
        return ", ".join(str(goal) for goal in self.goals)

    def dated(self, local: datetime, zone: tzinfo) -> ChargePlan | None:
        """Return the plan, set at *local*, with a date for each goal that is for once.

        Goals whose date is over are left out; None where none is left.
        """
        return ChargePlan(tuple(_dated(goal, local, zone) for goal in self.goals)).after(
            local, zone
        )

    def next_goal(self, local: datetime, zone: tzinfo) -> tuple[float, Goal] | None:
        """Return the goal that is due first after *local*, with its moment in Unix time."""
        dues = [(at, goal) for goal in self.goals if (at := goal.due_at(local, zone)) is not None]
        return min(dues, key=lambda due: due[0], default=None)

    def after(self, local: datetime, zone: tzinfo) -> ChargePlan | None:
        """Return the plan without goals whose date is over at *local*; None where none is left."""
        left = tuple(goal for goal in self.goals if goal.due_at(local, zone) is not None)
        if left == self.goals:
            return self
        return ChargePlan(left) if left else None


def _goal(written: str) -> Goal:
    found = _GOAL.fullmatch(written)
    if found is None:
        raise ValueError(text("it must be {plan_words}", plan_words=PLAN_WORDS))
    low, high, kwh, on, days, hour, minute = found.groups()
    if int(minute) > 59:  # noqa: PLR2004 - minutes
        raise ValueError(text("an hour has 60 minutes; {plan_words}", plan_words=PLAN_WORDS))
    energy_kwh = float(kwh)
    if low is not None:
        share = (float(high) - float(low)) / 100
        if not 0 < share <= 1:
            raise ValueError(
                text(
                    "the states of charge must rise, from 0 to 100 %; {plan_words}",
                    plan_words=PLAN_WORDS,
                )
            )
        energy_kwh = round(energy_kwh * share / CHARGED_SHARE, 1)
    return Goal(
        energy_kwh,
        int(hour) * 60 + int(minute),
        parse_days(days) if days else frozenset(),
        _date(on) if on else None,
    )


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ValueError(
            text("{date} is no date; {plan_words}", date=written, plan_words=PLAN_WORDS)
        ) from None


def _dated(goal: Goal, local: datetime, zone: tzinfo) -> Goal:
    if goal.days or goal.on is not None:
        return goal
    today = local.astimezone(zone).date()
    first = replace(goal, on=today)
    over = first.due_at(local, zone) is None
    return replace(goal, on=today + timedelta(days=1)) if over else first
