# SPDX-License-Identifier: GPL-3.0-or-later
"""What the owner wishes, and the ceilings it comes to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.knobs import Mode
from evsed.core.limits import Limit, lowest
from evsed.core.owner import WeeklyWindow, Wishes, WishesError, limits, opens_in_s

VIENNA = ZoneInfo("Europe/Vienna")
SUNDAY = datetime(2026, 11, 22, 21, 30, 15, tzinfo=VIENNA)
NIGHTS = WeeklyWindow.parse("Mon-Fri 22:00-06:00")

windows = st.builds(
    WeeklyWindow,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1438).filter(lambda minute: minute % 2 == 0),
    st.integers(0, 1439).filter(lambda minute: minute % 2 == 1),
)


def ceilings(wishes: Wishes, wh: float = 0.0, charge_s: float = 0.0) -> tuple[Limit, ...]:
    return limits(wishes, wh, charge_s, SUNDAY, 103.0)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week that begins on Monday, 23 November 2026."""
    return datetime(2026, 11, 23 + day, hour, minute, tzinfo=VIENNA)


# --- the ceilings --------------------------------------------------------------------------------


def test_an_owner_who_says_nothing_limits_nothing() -> None:
    assert ceilings(Wishes(), wh=1e6, charge_s=1e6) == ()


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.SOLAR_MIN, Mode.FAST])
def test_a_mode_that_charges_is_no_ceiling(mode: Mode) -> None:
    assert ceilings(Wishes(mode=mode)) == ()


def test_off_is_nothing_at_all_whatever_the_most_current() -> None:
    off = Limit("owner", 0.0, 103.0, "off, as the owner wished")
    assert ceilings(Wishes(mode=Mode.OFF, max_current_a=16.0)) == (off,)


def test_the_most_current_is_a_ceiling_that_never_lifts_another() -> None:
    (most,) = ceilings(Wishes(max_current_a=80.0))
    assert most == Limit("owner", 80.0, 103.0, "no more than 80 A, as the owner wished")
    assert lowest((most, Limit("supply", 10.0)), 100.0).max_a == 10.0


def test_a_session_ends_with_its_energy() -> None:
    wishes = Wishes(session_kwh=10.0)
    assert ceilings(wishes, wh=9999.9) == ()
    (spent,) = ceilings(wishes, wh=10_000.0)
    assert spent == Limit("session", 0.0, 103.0, "this session's 10 kWh are charged")


def test_a_session_ends_with_its_time() -> None:
    wishes = Wishes(session_kwh=10.0, session_h=1.5)
    assert ceilings(wishes, charge_s=5399.0) == ()
    (spent,) = ceilings(wishes, charge_s=5400.0)
    assert spent == Limit("session", 0.0, 103.0, "this session's 1.5 h are used up")


def test_outside_the_window_nothing_is_given_and_the_reason_says_until_when() -> None:
    (closed,) = ceilings(Wishes(window=NIGHTS))
    assert closed == Limit("schedule", 0.0, 103.0, "outside the weekly window until Mon 22:00")
    assert limits(Wishes(window=NIGHTS), 0, 0, at(0, 23), 103.0) == ()


def test_the_time_left_is_told_while_the_window_is_closed_only() -> None:
    wishes = Wishes(window=NIGHTS)
    assert opens_in_s(wishes, SUNDAY) == 24.5 * 3600 - 15
    assert opens_in_s(wishes, at(0, 22)) is None
    assert opens_in_s(Wishes(), SUNDAY) is None


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        limits(Wishes(), 0, 0, SUNDAY.replace(tzinfo=None), 103.0)


def test_all_ceilings_stand_side_by_side() -> None:
    wishes = Wishes(Mode.OFF, session_kwh=1.0, window=NIGHTS)
    assert [one.owner for one in ceilings(wishes, wh=1000.0)] == ["owner", "session", "schedule"]


def test_unplugging_ends_the_limits_of_the_session_and_no_other() -> None:
    wishes = Wishes(Mode.FAST, 10.0, 2.0, 16.0, NIGHTS)
    assert wishes.after_unplug() == Wishes(Mode.FAST, None, None, 16.0, NIGHTS)


# --- the weekly window ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Mon-Fri 22:00-06:00", "Mon-Fri 22:00-06:00"),
        ("mon,tuesday 9:30 - 17:00", "Mon,Tue 09:30-17:00"),
        ("22:00-06:00", "Mon-Sun 22:00-06:00"),
        ("Fri-Mon 00:00-24:00", "Mon,Fri-Sun 00:00-24:00"),
        ("  Wed 10:00-11:00 ", "Wed 10:00-11:00"),
        ("Sat,Sun,Sat 10:00-18:00", "Sat,Sun 10:00-18:00"),
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
    ],
)
def test_what_is_no_window_is_told_why(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        WeeklyWindow.parse(text)


def test_a_window_has_days() -> None:
    with pytest.raises(ValueError, match="days from Mon to Sun"):
        WeeklyWindow(frozenset(), 0, 60)


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


# --- as JSON -------------------------------------------------------------------------------------


def test_wishes_survive_being_kept() -> None:
    wishes = Wishes(Mode.SOLAR_MIN, 10.0, 1.5, 16.0, NIGHTS)
    assert Wishes.from_json(json.loads(json.dumps(wishes.to_json()))) == wishes
    assert Wishes.from_json(json.loads(json.dumps(Wishes().to_json()))) == Wishes()


def test_a_missing_key_has_its_default_and_a_patch_leaves_the_rest() -> None:
    assert Wishes.from_json({"mode": "fast"}) == Wishes(mode=Mode.FAST)
    wishes = Wishes(Mode.FAST, 10.0, window=NIGHTS)
    patched = wishes.changed({"session_kwh": None, "session_h": 2, "window": NIGHTS})
    assert patched == replace(wishes, session_kwh=None, session_h=2.0)


@pytest.mark.parametrize(
    ("patch", "key", "wrong"),
    [
        ({"mode": "turbo"}, "mode", "one of off, solar, solar_min, fast"),
        ({"mode": None}, "mode", "one of off"),
        ({"mode": []}, "mode", "one of off"),
        ({"session_kwh": 0}, "session_kwh", "0.1 to 1000 kWh, or none"),
        ({"session_kwh": True}, "session_kwh", "session_kwh is True"),
        ({"session_kwh": "ten"}, "session_kwh", "session_kwh is 'ten'"),
        ({"session_h": float("nan")}, "session_h", "0.1 to 168 h"),
        ({"session_h": float("inf")}, "session_h", "0.1 to 168 h"),
        ({"max_current_a": 5.9}, "max_current_a", "6 to 80 A"),
        ({"max_current_a": 81}, "max_current_a", "6 to 80 A"),
        ({"window": 7}, "window", "window is 7: it must be days and times"),
        ({"window": "Mon"}, "window", "or none"),
        ({"window": "x" * 100}, "window", r"xxx\.\.\."),
        ({"max_curent_a": 10}, "max_curent_a", "did you mean max_current_a"),
        ({"colour": "red"}, "colour", "there are mode, session_kwh"),
    ],
)
def test_a_wish_that_cannot_be_granted_is_told_why(
    patch: dict[str, Any], key: str, wrong: str
) -> None:
    with pytest.raises(WishesError, match=wrong) as caught:
        Wishes().changed(patch)
    assert [name for name, _ in caught.value.problems] == [key]


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_done() -> None:
    with pytest.raises(WishesError) as caught:
        Wishes().changed({"mode": "fast", "session_h": -1, "window": ""})
    assert [key for key, _ in caught.value.problems] == ["session_h", "window"]


def test_what_is_no_object_is_no_wish() -> None:
    with pytest.raises(WishesError, match="JSON object"):
        Wishes.from_json(["fast"])


def test_made_by_hand_they_are_checked_too() -> None:
    with pytest.raises(WishesError, match="max_current_a"):
        Wishes(max_current_a=3.0)


def test_news_are_told_in_words() -> None:
    wishes = Wishes(Mode.FAST, 10.0, 1.5, 16.0, NIGHTS)
    assert wishes.news(Wishes()) == (
        "mode fast, at most 10 kWh this session, at most 1.5 h this session, "
        "at most 16 A, only Mon-Fri 22:00-06:00"
    )
    assert Wishes().news(wishes) == (
        "mode solar, no limit in kWh this session, no limit in h this session, "
        "no limit in A, at any time of the week"
    )
    assert wishes.news(wishes) == ""
