# SPDX-License-Identifier: GPL-3.0-or-later
"""The weekly window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.user.weekly_window import WeeklyRange, WeeklyWindow, day_time

VIENNA = ZoneInfo("Europe/Vienna")
NIGHTS = WeeklyWindow.parse("Mon-Fri 22:00-06:00")

windows = st.builds(
    WeeklyWindow,
    st.lists(
        st.builds(
            WeeklyRange,
            st.frozensets(st.integers(0, 6), min_size=1),
            st.integers(0, 1438).filter(lambda minute: minute % 2 == 0),
            st.integers(0, 1439).filter(lambda minute: minute % 2 == 1),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week that begins on Monday, 23 November 2026."""
    return datetime(2026, 11, 23 + day, hour, minute, tzinfo=VIENNA)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Mon-Fri 22:00-06:00", "Mon-Fri 22:00-06:00"),
        ("mon,tuesday 9:30 - 17:00", "Mon,Tue 09:30-17:00"),
        ("22:00-06:00", "Mon-Sun 22:00-06:00"),
        ("Fri-Mon 00:00-24:00", "Mon,Fri-Sun 00:00-24:00"),
        ("  Wed 10:00-11:00 ", "Wed 10:00-11:00"),
        ("Sat,Sun,Sat 10:00-18:00", "Sat,Sun 10:00-18:00"),
        (
            "Mon-Fri 22:00-06:00, Sat,Sun 10:00-16:00",
            "Mon-Fri 22:00-06:00, Sat,Sun 10:00-16:00",
        ),
    ],
)
def test_a_window_is_read_and_written_as_people_do(text: str, spoken: str) -> None:
    assert str(WeeklyWindow.parse(text)) == spoken


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("always", "it must be days and times"),
        ("Mon-Fri", "it must be days and times"),
        ("Mon 25:00-26:00", "between 00:00 and 24:00"),
        ("Mon 24:00-06:00", "between 00:00 and 24:00"),
        ("Mon 22:60-23:00", "60 minutes"),
        ("Mon 22:00-06:99", "60 minutes"),
        ("Mon 22:00-22:00", "begins when it ends"),
        ("Moon 22:00-06:00", "'Moon' is no day"),
        ("T 22:00-06:00", "'T' is no day"),
        ("Mon- 22:00-06:00", "'' is no day"),
        ("Mon 22:00-06:00,", "it must be days and times"),
        ("Mon 22:00-06:00; Tue 22:00-06:00", "it must be days and times"),
        ("Mon 22:00-06:00, Moon 10:00-12:00", "'Moon' is no day"),
    ],
)
def test_what_is_no_window_is_told_why(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        WeeklyWindow.parse(text)


def test_a_window_has_days() -> None:
    with pytest.raises(ValueError, match="days from Mon to Sun"):
        WeeklyRange(frozenset(), 0, 60)


def test_a_window_has_ranges_and_not_without_end() -> None:
    with pytest.raises(ValueError, match="1 to 14 ranges, not 0"):
        WeeklyWindow(())
    with pytest.raises(ValueError, match="1 to 14 ranges, not 15"):
        WeeklyWindow.parse(", ".join(["Mon 10:00-11:00"] * 15))


def test_a_range_without_days_has_those_of_the_one_before() -> None:
    window = WeeklyWindow.parse("Sat,Sun 06:00-08:00,22:00-24:00 , Mon 1:00-2:00")
    assert str(window) == "Sat,Sun 06:00-08:00, Sat,Sun 22:00-24:00, Mon 01:00-02:00"


def test_several_ranges_are_open_in_turn_and_the_next_to_open_is_told() -> None:
    window = WeeklyWindow.parse("Mon-Fri 22:00-06:00, Sat-Sun 10:00-16:00")
    story = [
        (at(4, 21), False, "Fri 22:00"),
        (at(4, 23), True, "Sat 10:00"),
        (at(5, 6), False, "Sat 10:00"),
        (at(5, 12), True, "Sun 10:00"),
        (at(6, 16), False, "Mon 22:00"),
    ]
    assert [(window.open_at(now), window.opens(now)[0]) for now, _, _ in story] == [
        (is_open, opens) for _, is_open, opens in story
    ]


@given(windows)
def test_what_is_written_is_read_as_the_same(window: WeeklyWindow) -> None:
    assert WeeklyWindow.parse(str(window)) == window


def test_a_window_over_midnight_belongs_to_the_day_it_begins() -> None:
    story = [
        (at(0, 5), False),  # Monday morning: Sunday has no window
        (at(0, 21, 59), False),
        (at(0, 22), True),
        (at(1, 5, 59), True),
        (at(1, 6), False),
        (at(4, 23), True),  # Friday night
        (at(5, 5, 59), True),
        (at(5, 22), False),  # Saturday
    ]
    assert [NIGHTS.open_at(moment) for moment, _ in story] == [expected for _, expected in story]


def test_a_window_within_a_day_ends_before_it() -> None:
    window = WeeklyWindow.parse("Sat,Sun 10:00-24:00")
    assert [window.open_at(at(6, hour)) for hour in (9, 10, 23)] == [False, True, True]
    assert not window.open_at(at(0, 0))


@given(windows, st.integers(0, 7 * 1440 - 1))
def test_it_opens_when_it_said_it_would_and_not_before(window: WeeklyWindow, minute: int) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minute)
    if window.open_at(now):
        return
    said, in_s = window.opens(now)
    opening = now + timedelta(seconds=in_s)
    assert opening.strftime("%a %H:%M") == said
    assert window.open_at(opening)
    assert not window.open_at(opening - timedelta(minutes=1))
    assert 0 < in_s <= 7 * 86_400


@pytest.mark.parametrize(
    ("night", "hours"),
    [
        (datetime(2026, 3, 28, 12, tzinfo=VIENNA), 7),  # forward: 22:00 to 06:00 has 7 hours
        (datetime(2026, 10, 24, 12, tzinfo=VIENNA), 9),  # back: it has 9
        (datetime(2026, 11, 21, 12, tzinfo=VIENNA), 8),
    ],
)
def test_a_night_of_the_clock_change_is_one_window_of_another_length(
    night: datetime, hours: int
) -> None:
    window = WeeklyWindow.parse("22:00-06:00")
    begin = night.astimezone(UTC)
    minutes = [
        window.open_at((begin + timedelta(minutes=n)).astimezone(VIENNA)) for n in range(24 * 60)
    ]
    assert sum(minutes) == hours * 60
    changes = sum(a != b for a, b in pairwise(minutes))
    assert changes == 2


def test_an_hour_that_the_clock_change_takes_away_is_left_out_and_the_next_day_is_right() -> None:
    """02:15 to 02:45 does not exist in the night of 29 March; nothing is stuck after it."""
    window = WeeklyWindow.parse("02:15-02:45")
    begin = datetime(2026, 3, 29, 0, 0, tzinfo=VIENNA).astimezone(UTC)
    open_at = [
        moment
        for n in range(47 * 60)
        if window.open_at(moment := (begin + timedelta(minutes=n)).astimezone(VIENNA))
    ]
    assert {moment.day for moment in open_at} == {30}
    assert len(open_at) == 30


def test_a_moment_is_named_by_its_day_and_its_time() -> None:
    assert day_time(datetime(2026, 11, 28, 7, 5, tzinfo=VIENNA)) == "Sat 07:05"
