# SPDX-License-Identifier: GPL-3.0-or-later
"""What the owner wishes: mode, limits for this session, most current, weekly window.

A wish only ever takes away: each becomes a ceiling beside those of supply and feed, and the lowest
of all wins, so no wish goes round what is safe.  In JSON, as kept and as asked for::

    {"mode": "solar_min", "session_kwh": 10, "session_h": null, "max_current_a": 16,
     "window": "Mon-Fri 22:00-06:00"}

null is no such limit.  The weekly window goes by the clock on the wall: in the nights when that is
changed, an hour of it is left out or comes twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from evsed.core.knobs import Mode
from evsed.core.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS: Final = tuple(name[:3].capitalize() for name in _NAMES)
DAY_MIN: Final = 24 * 60

WINDOW_WORDS: Final = 'days and times such as "Mon-Fri 22:00-06:00" or "Sat,Sun 10:00-24:00"'
_WINDOW: Final = re.compile(r"(?:(\S+)\s+)?(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)", re.ASCII)

RANGES: Final = {
    # The largest batteries of cars hold some 200 kWh; a week is the longest that a window repeats.
    "session_kwh": (0.1, 1000.0, "kWh"),
    "session_h": (0.1, 168.0, "h"),
    # What a pilot can say: IEC 61851-1 Table A.7.
    "max_current_a": (6.0, 80.0, "A"),
}
"""Least, most and unit of each wish that is a number."""


class WishesError(ValueError):
    """A wish that cannot be granted; `problems` are (key, what is wrong with it) pairs."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """From `begin_min` to `end_min` (minutes after midnight) on each of `days` (0 is Monday).

    Where it ends before it begins, it ends on the day after.  Raises ValueError for what is none.
    """

    days: frozenset[int]
    begin_min: int
    end_min: int

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not self.days or not self.days <= set(range(7)):
            raise ValueError(f"it needs days from Mon to Sun; {WINDOW_WORDS}")
        if not (0 <= self.begin_min < DAY_MIN and 0 <= self.end_min <= DAY_MIN):
            raise ValueError(f"its times must lie between 00:00 and 24:00; {WINDOW_WORDS}")
        if self.begin_min == self.end_min:
            raise ValueError("it begins when it ends; the whole day is 00:00-24:00")

    @classmethod
    def parse(cls, text: str) -> WeeklyWindow:
        """Read "Mon-Fri 22:00-06:00"; without days it is every day.  Raises ValueError."""
        found = _WINDOW.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"it must be {WINDOW_WORDS}")
        begin_h, begin_min, end_h, end_min = (int(part) for part in found.groups()[1:])
        if begin_min > 59 or end_min > 59:  # noqa: PLR2004 - minutes
            raise ValueError(f"an hour has 60 minutes; {WINDOW_WORDS}")
        return cls(_days(found[1] or "Mon-Sun"), begin_h * 60 + begin_min, end_h * 60 + end_min)

    def __str__(self) -> str:
        """The form that `parse()` reads."""
        return f"{_days_text(self.days)} {_time(self.begin_min)}-{_time(self.end_min)}"

    def open_at(self, local: datetime) -> bool:
        """Whether the wall clock at *local* stands inside."""
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if self.begin_min < self.end_min:
            return today in self.days and self.begin_min <= minute < self.end_min
        yesterday = (today - 1) % 7
        return (today in self.days and minute >= self.begin_min) or (
            yesterday in self.days and minute < self.end_min
        )

    def opens(self, local: datetime) -> tuple[str, float]:
        """When it begins next after *local*: "Mon 22:00", and the seconds until then.

        The seconds are those of the wall clock, an hour off when that is changed in between.
        """
        minute, today = local.hour * 60 + local.minute, local.weekday()
        ahead = min(
            days * DAY_MIN + self.begin_min - minute
            for days in range(8)
            if (today + days) % 7 in self.days and days * DAY_MIN + self.begin_min > minute
        )
        day = DAYS[(today + (minute + ahead) // DAY_MIN) % 7]
        return f"{day} {_time(self.begin_min)}", ahead * 60.0 - local.second


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the owner wishes; the defaults are what an owner gets who never says anything.

    `session_kwh` and `session_h` (kilowatt-hours, hours with power) limit the session under way, or
    the next one, and are over when the car is unplugged.  `max_current_a` is per phase.  None is no
    such limit.  Raises `WishesError` for a number out of its range.
    """

    mode: Mode = Mode.SOLAR
    session_kwh: float | None = None
    session_h: float | None = None
    max_current_a: float | None = None
    window: WeeklyWindow | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _read_all({key: getattr(self, key) for key in RANGES})

    @classmethod
    def from_json(cls, told: object) -> Wishes:
        """What `to_json()` gave; a missing key has its default.  Raises `WishesError`."""
        if not isinstance(told, dict):
            raise WishesError((("", f"wishes are a JSON object, not {_shown(told)}"),))
        return cls().changed(told)

    def to_json(self) -> dict[str, str | float | None]:
        """In JSON's own kinds."""
        return {
            "mode": self.mode.value,
            "session_kwh": self.session_kwh,
            "session_h": self.session_h,
            "max_current_a": self.max_current_a,
            "window": None if self.window is None else str(self.window),
        }

    def changed(self, patch: Mapping[str, object]) -> Wishes:
        """These wishes with what *patch* names changed, all of it or nothing.

        Raises `WishesError` with everything that is wrong with it.
        """
        return replace(self, **_read_all(patch))

    def after_unplug(self) -> Wishes:
        """What is left when the car is unplugged: a limit for one session is over with it."""
        return replace(self, session_kwh=None, session_h=None)

    def news(self, before: Wishes) -> str:
        """What has changed since *before*, in words; "" when nothing has."""
        said = {
            "mode": f"mode {self.mode.value}",
            "session_kwh": _most(self.session_kwh, "kWh", " this session"),
            "session_h": _most(self.session_h, "h", " this session"),
            "max_current_a": _most(self.max_current_a, "A", ""),
            "window": f"only {self.window}" if self.window else "at any time of the week",
        }
        return ", ".join(
            text for key, text in said.items() if getattr(self, key) != getattr(before, key)
        )


def limits(
    wishes: Wishes, session_wh: float, session_charge_s: float, local: datetime, until_at: float
) -> tuple[Limit, ...]:
    """The ceilings that *wishes* come to, each holding until the monotonic moment *until_at*.

    *session_wh* and *session_charge_s* are what the session under way has had, watt-hours and
    seconds with power, 0 without one.  *local* is the wall-clock time, with its zone; ValueError
    without.
    """
    if local.tzinfo is None:
        raise ValueError("local is without a zone; a weekly window needs the owner's own time")
    found = []
    if wishes.mode is Mode.OFF:
        found.append(Limit("owner", 0.0, until_at, "off, as the owner wished"))
    elif wishes.max_current_a is not None:
        why = f"no more than {wishes.max_current_a:g} A, as the owner wished"
        found.append(Limit("owner", wishes.max_current_a, until_at, why))
    if wishes.session_kwh is not None and session_wh >= wishes.session_kwh * 1000:
        why = f"this session's {wishes.session_kwh:g} kWh are charged"
        found.append(Limit("session", 0.0, until_at, why))
    elif wishes.session_h is not None and session_charge_s >= wishes.session_h * 3600:
        why = f"this session's {wishes.session_h:g} h are used up"
        found.append(Limit("session", 0.0, until_at, why))
    if wishes.window is not None and not wishes.window.open_at(local):
        why = f"outside the weekly window until {wishes.window.opens(local)[0]}"
        found.append(Limit("schedule", 0.0, until_at, why))
    return tuple(found)


def opens_in_s(wishes: Wishes, local: datetime) -> float | None:
    """Seconds until the weekly window opens; None where it is open or there is none."""
    if wishes.window is None or wishes.window.open_at(local):
        return None
    return wishes.window.opens(local)[1]


# --- reading what the owner wrote ----------------------------------------------------------------


def _read_all(patch: Mapping[str, object]) -> dict[str, Any]:
    values: dict[str, object] = {}
    problems = []
    for key, value in patch.items():
        try:
            values[key] = _READERS.get(key, _no_such)(key, value)
        except ValueError as error:
            problems.append((key, str(error)))
    if problems:
        raise WishesError(tuple(problems))
    return values


def _mode(key: str, value: object) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        choices = ", ".join(mode.value for mode in Mode)
        raise ValueError(f"{key} is {_shown(value)}; it must be one of {choices}") from None


def _number(key: str, value: object) -> float | None:
    if value is None:
        return None
    least, most, unit = RANGES[key]
    # bool is an int to Python; NaN lies in no range.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(
            f"{key} is {_shown(value)}; it must be {least:g} to {most:g} {unit}, or none"
        )
    return float(value)


def _window(key: str, value: object) -> WeeklyWindow | None:
    if value is None or isinstance(value, WeeklyWindow):
        return value
    try:
        return WeeklyWindow.parse(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(f"{key} is {_shown(value)}: {error}, or none") from None


def _no_such(key: str, _value: object) -> None:
    near = get_close_matches(key, _READERS, 1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(_READERS)}"
    raise ValueError(f"there is no {_shown(key)}; {meant}")


_READERS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "mode": _mode,
    **dict.fromkeys(RANGES, _number),
    "window": _window,
}


def _days(text: str) -> frozenset[int]:
    """The days of "Mon-Fri", "Sat,Sun", "Fri-Mon".  Raises ValueError."""
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin = _day(first)
        end = _day(last) if dash else begin
        days |= {(begin + n) % 7 for n in range((end - begin) % 7 + 1)}
    return frozenset(days)


def _day(text: str) -> int:
    found = [day for day, name in enumerate(_NAMES) if name.startswith(text.lower())]
    if len(found) != 1:
        raise ValueError(f"{_shown(text)} is no day; {WINDOW_WORDS}")
    return found[0]


def _days_text(days: frozenset[int]) -> str:
    """The shortest way to say *days*: runs of three and more with a dash."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(
        f"{DAYS[run[0]]}-{DAYS[run[-1]]}"
        if len(run) > 2  # noqa: PLR2004 - a dash for two days says no less
        else ",".join(DAYS[day] for day in run)
        for run in runs
    )


def _time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _most(value: float | None, unit: str, of: str) -> str:
    return f"no limit in {unit}{of}" if value is None else f"at most {value:g} {unit}{of}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004 - a line stays a line
