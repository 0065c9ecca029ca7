# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's other limits: so much energy or time a session, and the hours of the week.

Each is a ceiling with an owner of its own (`session`, `owner`), beside the feed's and the supply's;
the lowest wins. They are functions of what is known now, so there is nothing to keep: what has to
outlive a restart is the session, and that is in the books.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from evsed.core.limits import Limit

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_WINDOW: Final = re.compile(
    r"(?:(?P<days>[a-z,\- ]+?)\s+)?(?P<begin>\d\d:\d\d)\s*-\s*(?P<end>\d\d:\d\d)"
)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some weekdays (0 is Monday) in which charging is allowed, by local time.

    An `end` not after `begin` is on the next morning, which then belongs to the day it began on.
    """

    days: frozenset[int]
    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read "22:00-06:00", "mon-fri 22:00-06:00" or "sat,sun 00:00-00:00" (all day).

        Raises ValueError that says what is wrong.
        """
        found = _WINDOW.fullmatch(text.strip().casefold())
        if found is None:
            raise ValueError(f'{text!r} is no window; write it as in "mon-fri 22:00-06:00"')
        days = _weekdays(found["days"], text) if found["days"] else frozenset(range(7))
        try:
            return cls(days, time.fromisoformat(found["begin"]), time.fromisoformat(found["end"]))
        except ValueError:
            raise ValueError(f"{text!r} has a time that no day has") from None

    def closes_at(self, now: datetime) -> datetime | None:
        """When the window that is open at `now` closes; None while none is."""
        for back in (0, 1):
            day = (now - timedelta(days=back)).date()
            if day.weekday() not in self.days:
                continue
            begin = datetime.combine(day, self.begin, now.tzinfo)
            end = datetime.combine(day, self.end, now.tzinfo)
            if end <= begin:
                end += timedelta(days=1)
            if begin <= now < end:
                return end
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerLimits:
    """What the owner wants besides the mode. `session_kwh` and `session_h` 0: no limit.

    Raises ValueError naming the key that is impossible.
    """

    session_kwh: float = 0.0
    """A session ends after so much energy, in kWh; 0 sets no limit."""
    session_h: float = 0.0
    """A session ends after charging for so long, in hours; 0 sets no limit."""
    windows: tuple[Window, ...] = ()
    """Charging is allowed in these hours only; none: always."""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name, most in (("session_kwh", 1000.0), ("session_h", 1000.0)):
            value: float = getattr(self, name)
            if not 0 <= value <= most:
                raise ValueError(f"{name} is {value}; it must lie between 0 and {most:g}")


def session_limit(limits: OwnerLimits, energy_wh: float, charge_s: float) -> Limit:
    """The ceiling of the session that took so much energy over so long a time of charging."""
    if limits.session_kwh > 0 and energy_wh >= 1000 * limits.session_kwh:
        return Limit("session", 0.0, why=f"the {limits.session_kwh:g} kWh of this session are in")
    if limits.session_h > 0 and charge_s >= 3600 * limits.session_h:
        return Limit("session", 0.0, why=f"the {limits.session_h:g} h of this session are over")
    return Limit("session", math.inf)


def window_limit(limits: OwnerLimits, now: datetime) -> Limit:
    """The ceiling of the weekly windows at `now`, local time."""
    if not limits.windows or any(window.closes_at(now) for window in limits.windows):
        return Limit("owner", math.inf)
    return Limit("owner", 0.0, why="outside the hours that the owner allows")


def _weekdays(text: str, whole: str) -> frozenset[int]:
    """Read "mon-fri", "sat,sun" or "fri-mon". Raises ValueError."""
    days: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        try:
            begin = WEEKDAYS.index(first)
            length = (WEEKDAYS.index(last or first) - begin) % 7 + 1
        except ValueError:
            raise ValueError(f"{whole!r} has a day that is none of {', '.join(WEEKDAYS)}") from None
        days.update((begin + step) % 7 for step in range(length))
    return frozenset(days)
