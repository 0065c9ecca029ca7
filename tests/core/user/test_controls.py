# SPDX-License-Identifier: GPL-3.0-or-later
"""What the owner wishes, and the ceilings it comes to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from evsed.core.pilot.limits import Limit, lowest
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.controls import Controls, ControlsError, Override
from evsed.core.user.user_limits import Left, limits, opens_in_s, session_left
from evsed.core.user.weekly_window import WeeklyWindow

VIENNA = ZoneInfo("Europe/Vienna")
SUNDAY = datetime(2026, 11, 22, 21, 30, 15, tzinfo=VIENNA)
NIGHTS = WeeklyWindow.parse("Mon-Fri 22:00-06:00")


def ceilings(wishes: Controls, wh: float = 0.0, charge_s: float = 0.0) -> tuple[Limit, ...]:
    return limits(wishes, wh, charge_s, SUNDAY, 103.0)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the week that begins on Monday, 23 November 2026."""
    return datetime(2026, 11, 23 + day, hour, minute, tzinfo=VIENNA)


# --- the ceilings --------------------------------------------------------------------------------


def test_an_owner_who_says_nothing_limits_nothing() -> None:
    assert ceilings(Controls(), wh=1e6, charge_s=1e6) == ()


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.SOLAR_MIN, Mode.FAST])
def test_a_mode_that_charges_is_no_ceiling(mode: Mode) -> None:
    assert ceilings(Controls(mode=mode)) == ()


def test_off_is_nothing_at_all_whatever_the_most_current() -> None:
    off = Limit("owner", 0.0, 103.0, "off, as the owner wished")
    assert ceilings(Controls(mode=Mode.OFF, max_current_a=16.0)) == (off,)


def test_the_most_current_is_a_ceiling_that_never_lifts_another() -> None:
    (most,) = ceilings(Controls(max_current_a=80.0))
    assert most == Limit("owner", 80.0, 103.0, "no more than 80 A, as the owner wished")
    assert lowest((most, Limit("supply", 10.0)), 100.0).max_a == 10.0


def test_a_session_ends_with_its_energy() -> None:
    wishes = Controls(session_kwh=10.0)
    assert ceilings(wishes, wh=9999.9) == ()
    (spent,) = ceilings(wishes, wh=10_000.0)
    assert spent == Limit("session", 0.0, 103.0, "this session's 10 kWh are charged")


def test_a_session_ends_with_its_time() -> None:
    wishes = Controls(session_kwh=10.0, session_h=1.5)
    assert ceilings(wishes, charge_s=5399.0) == ()
    (spent,) = ceilings(wishes, charge_s=5400.0)
    assert spent == Limit("session", 0.0, 103.0, "this session's 1.5 h are used up")


def test_outside_the_window_nothing_is_given_and_the_reason_says_until_when() -> None:
    (closed,) = ceilings(Controls(window=NIGHTS))
    assert closed == Limit("schedule", 0.0, 103.0, "outside the weekly window until Mon 22:00")
    assert limits(Controls(window=NIGHTS), 0, 0, at(0, 23), 103.0) == ()


def test_the_time_left_is_told_while_the_window_is_closed_only() -> None:
    wishes = Controls(window=NIGHTS)
    assert opens_in_s(wishes, SUNDAY) == 24.5 * 3600 - 15
    assert opens_in_s(wishes, at(0, 22)) is None
    assert opens_in_s(Controls(), SUNDAY) is None


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        limits(Controls(), 0, 0, SUNDAY.replace(tzinfo=None), 103.0)


def test_all_ceilings_stand_side_by_side() -> None:
    wishes = Controls(Mode.OFF, session_kwh=1.0, window=NIGHTS)
    assert [one.owner for one in ceilings(wishes, wh=1000.0)] == ["owner", "session", "schedule"]


def test_unplugging_ends_the_limits_of_the_session_and_no_other() -> None:
    wishes = Controls(Mode.FAST, 10.0, 2.0, 16.0, NIGHTS)
    assert wishes.after_unplug() == Controls(Mode.FAST, None, None, 16.0, NIGHTS)


# --- another program -----------------------------------------------------------------------------


def taken(
    wishes: Controls, *, charging: bool | None, max_a: float | None = None, once: bool = False
) -> Controls:
    return wishes.taken_over(charging=charging, max_current_a=max_a, until_unplugged=once)


def test_a_program_that_lets_go_leaves_everything_as_it_was() -> None:
    wishes = Controls(Mode.SOLAR_MIN, 10.0, 2.0, 13.0, NIGHTS)
    first = taken(wishes, charging=True, max_a=16.0)
    assert (first.mode, first.max_current_a) == (Mode.FAST, 16.0)
    second = taken(first, charging=False)
    assert (second.mode, second.max_current_a) == (Mode.OFF, 13.0)
    assert second.given_back() == wishes
    assert wishes.given_back() == wishes


def test_a_program_that_names_a_current_alone_leaves_the_mode() -> None:
    assert taken(Controls(Mode.SOLAR), charging=None, max_a=8.0).mode is Mode.SOLAR
    off = taken(Controls(Mode.OFF), charging=None, max_a=8.0)
    assert (off.mode, off.max_current_a) == (Mode.OFF, 8.0)


def test_no_program_takes_back_the_owners_own_off() -> None:
    for how in (
        lambda wishes: taken(wishes, charging=True),
        lambda wishes: taken(taken(wishes, charging=None, max_a=8.0), charging=True),
        lambda wishes: wishes.diverted(Mode.SOLAR),
    ):
        with pytest.raises(ControlsError, match="owner's own word"):
            how(Controls(Mode.OFF))
    assert taken(Controls(Mode.OFF), charging=False).given_back() == Controls(Mode.OFF)


def test_a_program_takes_back_its_own_off() -> None:
    off = taken(Controls(), charging=False)
    assert taken(off, charging=True).mode is Mode.FAST


def test_the_owners_mode_ends_what_a_program_said() -> None:
    over = taken(Controls(max_current_a=13.0), charging=True, max_a=16.0)
    assert over.changed({"mode": "solar"}) == Controls(max_current_a=13.0)


def test_the_owners_most_current_is_the_last_word_and_outlives_the_program() -> None:
    over = taken(Controls(), charging=True, max_a=16.0).changed({"max_current_a": 8})
    assert (over.mode, over.max_current_a) == (Mode.FAST, 8.0)
    assert over.given_back() == Controls(max_current_a=8.0)
    assert over.changed({"session_h": 2}) == replace(over, session_h=2.0)


def test_a_program_may_end_with_the_session() -> None:
    wishes = Controls(Mode.SOLAR_MIN)
    assert taken(wishes, charging=False, once=True).after_unplug() == wishes
    assert taken(wishes, charging=False).after_unplug().mode is Mode.OFF


def test_the_choice_between_sun_and_full_waits_under_a_program_that_says_charge_or_not() -> None:
    assert Controls().diverted(Mode.FAST) == Controls(Mode.FAST)
    off = taken(Controls(), charging=False).diverted(Mode.FAST)
    assert off.mode is Mode.OFF
    assert off.given_back() == Controls(Mode.FAST)
    only_current = taken(Controls(), charging=None, max_a=8.0).diverted(Mode.FAST)
    assert only_current.mode is Mode.FAST


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        (taken(Controls(), charging=False), "off, as another program wished"),
        (taken(Controls(Mode.OFF), charging=None, max_a=8.0), "off, as the owner wished"),
        (
            taken(Controls(), charging=None, max_a=8.0),
            "no more than 8 A, as another program wished",
        ),
        (
            taken(Controls(max_current_a=9.0), charging=True),
            "no more than 9 A, as the owner wished",
        ),
    ],
)
def test_a_ceiling_says_whose_word_it_is(wishes: Controls, why: str) -> None:
    (ceiling,) = ceilings(wishes)
    assert ceiling.why == why


def test_what_a_program_said_is_kept_and_told() -> None:
    over = taken(Controls(Mode.FAST), charging=False, max_a=16.0, once=True)
    assert Controls.from_json(json.loads(json.dumps(over.to_json()))) == over
    assert over.news(Controls(Mode.FAST)) == (
        "mode off, at most 16 A, taken over until the car is unplugged"
    )
    assert taken(Controls(), charging=True).news(Controls()) == "mode fast, taken over"
    assert over.given_back().news(over) == "mode fast, no limit in A, given back"
    assert over.override == Override(
        charging=False, until_unplugged=True, mode=Mode.FAST, max_current_a=None
    )


@pytest.mark.parametrize(
    "kept",
    [
        "off",
        {},
        {"charging": 1, "until_unplugged": True, "mode": "solar", "max_current_a": None},
        {"charging": True, "until_unplugged": True, "mode": "turbo", "max_current_a": None},
        {"charging": True, "until_unplugged": True, "mode": "solar", "max_current_a": 5},
    ],
)
def test_what_is_kept_and_is_no_override_is_refused(kept: object) -> None:
    with pytest.raises(ControlsError):
        Controls.from_json({"override": kept})


def test_nobody_asks_for_an_override_by_hand() -> None:
    with pytest.raises(ControlsError, match="there is no 'override'"):
        Controls().changed({"override": None})


# --- what a session's limits leave ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "power_w", "left"),
    [
        (Controls(), 2000.0, None),
        (Controls(session_kwh=10), 2000.0, Left("this session has 6.00 of 10 kWh left", 10_800.0)),
        (Controls(session_kwh=10), 0.0, Left("this session has 6.00 of 10 kWh left", None)),
        (Controls(session_h=2.5), 2000.0, Left("this session has 1.5 of 2.5 h left", 5400.0)),
        (Controls(session_h=2.5), 0.0, Left("this session has 1.5 of 2.5 h left", None)),
        (
            Controls(session_kwh=10, session_h=2.5),
            6000.0,
            Left("this session has 6.00 of 10 kWh and 1.5 of 2.5 h left", 3600.0),
        ),
        (Controls(session_kwh=4), 2000.0, None),
        (Controls(session_kwh=10, session_h=1), 2000.0, None),
    ],
)
def test_what_a_sessions_limits_leave_is_told_until_one_is_reached(
    wishes: Controls, power_w: float, left: Left | None
) -> None:
    assert session_left(wishes, 4000.0, 3600.0, power_w) == left


# --- as JSON -------------------------------------------------------------------------------------


def test_wishes_survive_being_kept() -> None:
    wishes = Controls(Mode.SOLAR_MIN, 10.0, 1.5, 16.0, NIGHTS)
    assert Controls.from_json(json.loads(json.dumps(wishes.to_json()))) == wishes
    assert Controls.from_json(json.loads(json.dumps(Controls().to_json()))) == Controls()


def test_a_missing_key_has_its_default_and_a_patch_leaves_the_rest() -> None:
    assert Controls.from_json({"mode": "fast"}) == Controls(mode=Mode.FAST)
    wishes = Controls(Mode.FAST, 10.0, window=NIGHTS)
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
    with pytest.raises(ControlsError, match=wrong) as caught:
        Controls().changed(patch)
    assert [name for name, _ in caught.value.problems] == [key]


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_done() -> None:
    with pytest.raises(ControlsError) as caught:
        Controls().changed({"mode": "fast", "session_h": -1, "window": ""})
    assert [key for key, _ in caught.value.problems] == ["session_h", "window"]


def test_what_is_no_object_is_no_wish() -> None:
    with pytest.raises(ControlsError, match="JSON object"):
        Controls.from_json(["fast"])


def test_made_by_hand_they_are_checked_too() -> None:
    with pytest.raises(ControlsError, match="max_current_a"):
        Controls(max_current_a=3.0)


def test_news_are_told_in_words() -> None:
    wishes = Controls(Mode.FAST, 10.0, 1.5, 16.0, NIGHTS)
    assert wishes.news(Controls()) == (
        "mode fast, at most 10 kWh this session, at most 1.5 h this session, "
        "at most 16 A, only Mon-Fri 22:00-06:00"
    )
    assert Controls().news(wishes) == (
        "mode solar, no limit in kWh this session, no limit in h this session, "
        "no limit in A, at any time of the week"
    )
    assert wishes.news(wishes) == ""
