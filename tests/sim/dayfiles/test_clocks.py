# SPDX-License-Identifier: GPL-3.0-or-later
"""Nights in which the clocks change: in local time, with a zone, newest first, and in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from evsed.errors import DayError
from evsed.sim.dayfiles import ReadOptions, RecordedDay
from tests.sim.dayfiles.text_days import days_of

VIENNA = ZoneInfo("Europe/Vienna")
BACK, FORWARD = datetime(2026, 10, 25, tzinfo=VIENNA), datetime(2026, 3, 29, tzinfo=VIENNA)
HOURS = {BACK: 25, FORWARD: 23}


def rows(begin: datetime, form: Callable[[datetime], str], *, turned: bool = False) -> str:
    """A row every 5 minutes, all with another figure."""
    first = begin.astimezone(UTC)
    lines = [
        f"{form((first + timedelta(minutes=5 * at)).astimezone(VIENNA))},{at}"
        for at in range(12 * HOURS[begin])
    ]
    return "time,surplus_w\n" + "\n".join(reversed(lines) if turned else lines) + "\n"


def local(at: datetime) -> str:
    """A wall clock's time."""
    return f"{at:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("begin", [BACK, FORWARD])
@pytest.mark.parametrize("turned", [False, True])
def test_a_zone_makes_the_night_as_long_as_it_was(begin: datetime, *, turned: bool) -> None:
    day = days_of(
        rows(begin, local, turned=turned), "day.csv", ReadOptions(timezone="Europe/Vienna")
    )[0]
    assert isinstance(day, RecordedDay)
    assert len(day.surplus_w) == HOURS[begin] * 3600 - 299
    assert list(day.surplus_w[::300]) == [float(at) for at in range(12 * HOURS[begin])]
    assert day.started == begin


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("begin", "words"), [(BACK, "the times step back by an hour"), (FORWARD, "no rows from")]
)
def test_without_a_zone_it_is_asked_for(begin: datetime, words: str, *, turned: bool) -> None:
    with pytest.raises(DayError, match=f"(?s){words}.*--timezone"):
        days_of(rows(begin, local, turned=turned), "day.csv", ReadOptions())


@pytest.mark.parametrize("begin", [BACK, FORWARD])
@pytest.mark.parametrize("form", [datetime.isoformat, lambda at: f"{at:%Y-%m-%d %H:%M %Z}"])
def test_times_with_their_offset_need_no_zone(
    begin: datetime, form: Callable[[datetime], str]
) -> None:
    day = days_of(rows(begin, form), "day.csv", ReadOptions())[0]
    assert isinstance(day, RecordedDay)
    assert len(day.surplus_w) == HOURS[begin] * 3600 - 299


@pytest.mark.parametrize("zone", ["Europe/Wien", "../etc/passwd", "Vienna", "+02:00x", ""])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    text = "time,surplus_w\n2026-03-29 03:30,5\n2026-03-29 03:35,500\n"
    if not zone:
        assert days_of(text, "day.csv", ReadOptions(timezone=zone))
        return
    with pytest.raises(DayError, match="no time zone is called"):
        days_of(text, "day.csv", ReadOptions(timezone=zone))


def test_a_time_that_the_zone_does_not_have_says_that_the_zone_is_wrong() -> None:
    text = "time,surplus_w\n2026-03-29 02:30,5\n2026-03-29 02:35,500\n"
    with pytest.raises(DayError, match="does not exist in Europe/Vienna"):
        days_of(text, "day.csv", ReadOptions(timezone="Europe/Vienna"))


def test_midnight_is_the_zones_own() -> None:
    begin = datetime(2026, 6, 20, 12, tzinfo=UTC)
    lines = [f"{begin + timedelta(minutes=15 * at):%Y-%m-%dT%H:%M:%SZ},100" for at in range(200)]
    text = "time,surplus_w\n" + "\n".join(lines)
    days = days_of(text, "day.csv", ReadOptions(timezone="Europe/Vienna"))
    starts = [day.started for day in days if isinstance(day, RecordedDay)]
    assert [f"{start:%d %H:%M}" for start in starts] == ["20 14:00", "21 00:00", "22 00:00"]
