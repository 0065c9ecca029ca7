# SPDX-License-Identifier: GPL-3.0-or-later
"""The weekly window: when charging is allowed, by the clock on the wall.

One or several ranges, such as "Mon-Fri 22:00-06:00, Sat,Sun 10:00-16:00"; it is open while any of
them is.  In the nights when the clock is changed, an hour of it is left out or comes twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from evsed.core.text import text

if TYPE_CHECKING:
    from datetime import datetime

_NAMES: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS: Final = (
    text("Mon"),
    text("Tue"),
    text("Wed"),
    text("Thu"),
    text("Fri"),
    text("Sat"),
    text("Sun"),
)
DAY_MIN: Final = 24 * 60

MOST_RANGES: Final = 14
"""Two a day, each day another: more is a slip or a joke."""

WINDOW_WORDS: Final = text(
    'days and times such as "Mon-Fri 22:00-06:00" or "Mon-Fri 22:00-06:00, Sat,Sun 10:00-24:00"'
)
_RANGE: Final = re.compile(r"(?:(\S+)\s+)?(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)", re.ASCII)
_NEXT: Final = re.compile(r"(?<=:\d\d)\s*,\s*", re.ASCII)
"""The comma between two ranges comes after a time, that between two days after a day."""


@dataclass(frozen=True, slots=True)
class WeeklyRange:
    """From `begin_min` to `end_min` (minutes after midnight) on each of `days` (0 is Monday).

    Where it ends before it begins, it ends on the day after.  Raises ValueError for what is none.
    """

    days: frozenset[int]
    begin_min: int
    end_min: int

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not self.days or not self.days <= set(range(7)):
            raise ValueError(
                text("it needs days from Mon to Sun; {window_words}", window_words=WINDOW_WORDS)
            )
        if not (0 <= self.begin_min < DAY_MIN and 0 <= self.end_min <= DAY_MIN):
            raise ValueError(
                text(
                    "its times must lie between 00:00 and 24:00; {window_words}",
                    window_words=WINDOW_WORDS,
                )
            )
        if self.begin_min == self.end_min:
            raise ValueError(text("it begins when it ends; the whole day is 00:00-24:00"))

    def __str__(self) -> str:
        """The form that `WeeklyWindow.parse()` reads."""
        return f"{days_text(self.days)} {time_text(self.begin_min)}-{time_text(self.end_min)}"

    def open_at(self, local: datetime) -> bool:
        """Return True where the wall clock at *local* is inside."""
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if self.begin_min < self.end_min:
            return today in self.days and self.begin_min <= minute < self.end_min
        yesterday = (today - 1) % 7
        return (today in self.days and minute >= self.begin_min) or (
            yesterday in self.days and minute < self.end_min
        )

    def ahead_min(self, local: datetime) -> int:
        """Minutes from that of *local* to the next beginning, 1 to a week."""
        minute, today = local.hour * 60 + local.minute, local.weekday()
        return min(
            days * DAY_MIN + self.begin_min - minute
            for days in range(8)
            if (today + days) % 7 in self.days and days * DAY_MIN + self.begin_min > minute
        )

    def left_min(self, local: datetime) -> int:
        """Minutes from that of *local* to the end of the range; 0 outside of it."""
        if not self.open_at(local):
            return 0
        minute = local.hour * 60 + local.minute
        return (self.end_min - minute - 1) % DAY_MIN + 1


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """Open while one of its ranges is.  Raises ValueError for none, or for too many."""

    ranges: tuple[WeeklyRange, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 1 <= len(self.ranges) <= MOST_RANGES:
            raise ValueError(
                text(
                    "it must have 1 to {most_ranges} ranges, not {ranges}",
                    most_ranges=MOST_RANGES,
                    ranges=len(self.ranges),
                )
            )

    @classmethod
    def parse(cls, written: str) -> WeeklyWindow:
        """Read "Mon-Fri 22:00-06:00, Sat,Sun 10:00-16:00".  Raises ValueError.

        A range without days has those of the one before it; the first one every day.
        """
        ranges = []
        days = "Mon-Sun"
        for part in _NEXT.split(written.strip()):
            found = _RANGE.fullmatch(part)
            if found is None:
                raise ValueError(text("it must be {window_words}", window_words=WINDOW_WORDS))
            begin_h, begin_min, end_h, end_min = (int(number) for number in found.groups()[1:])
            if begin_min > 59 or end_min > 59:  # noqa: PLR2004 - minutes
                raise ValueError(
                    text("an hour has 60 minutes; {window_words}", window_words=WINDOW_WORDS)
                )
            days = found[1] or days
            ranges.append(
                WeeklyRange(parse_days(days), begin_h * 60 + begin_min, end_h * 60 + end_min)
            )
        return cls(tuple(ranges))

    def __str__(self) -> str:
        """The form that `parse()` reads."""
        return ", ".join(str(part) for part in self.ranges)

    def open_at(self, local: datetime) -> bool:
        """Return True where the wall clock at *local* is inside."""
        return any(part.open_at(local) for part in self.ranges)

    def opens(self, local: datetime) -> tuple[str, float]:
        """When a range begins next after *local*: "Mon 22:00", and the seconds until then.

        The seconds are those of the wall clock, an hour off when that is changed in between.
        """
        ahead_min = min(part.ahead_min(local) for part in self.ranges)
        minute = local.hour * 60 + local.minute + ahead_min
        day = (local.weekday() + minute // DAY_MIN) % 7
        return _day_time(day, minute % DAY_MIN), ahead_min * 60.0 - local.second

    def closes_in_s(self, local: datetime) -> float | None:
        """Seconds until the window closes; None where it is closed, or open for a week and more.

        They are those of the wall clock, an hour off when that is changed in between.
        """
        ahead_min = 0
        while ahead_min <= 7 * DAY_MIN:
            moment = local + timedelta(minutes=ahead_min)
            left_min = max(each.left_min(moment) for each in self.ranges)
            if left_min == 0:
                return ahead_min * 60.0 - local.second if ahead_min else None
            ahead_min += left_min
        return None


def parse_days(written: str) -> frozenset[int]:
    """The days of "Mon-Fri", "Sat,Sun", "Fri-Mon".  Raises ValueError."""
    days: set[int] = set()
    for part in written.split(","):
        first, dash, last = part.partition("-")
        begin = _day(first)
        end = _day(last) if dash else begin
        days |= {(begin + n) % 7 for n in range((end - begin) % 7 + 1)}
    return frozenset(days)


def _day(written: str) -> int:
    found = [day for day, name in enumerate(_NAMES) if name.startswith(written.lower())]
    if len(found) != 1:
        raise ValueError(
            text(
                "{day} is no day; {window_words}", day=repr(written[:20]), window_words=WINDOW_WORDS
            )
        )
    return found[0]


def days_text(days: frozenset[int]) -> str:
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


def day_time(local: datetime) -> str:
    """Return the day and the time of *local*: "Mon 07:00"."""
    return _day_time(local.weekday(), local.hour * 60 + local.minute)


def _day_time(day: int, minute: int) -> str:
    """Return *minute* after midnight of *day* (0 is Monday): "Mon 07:00"."""
    return text("{day} {time}", day=DAYS[day], time=time_text(minute))


def time_text(minutes: int) -> str:
    """Return *minutes* after midnight as "07:00"."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
