# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's orders, and the ceilings that follow from them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from evsed.core.pilot.limits import Limit, lowest
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.controls import Controls, ControlsError, Remaining
from evsed.core.user.weekly_window import WeeklyWindow

VIENNA = ZoneInfo("Europe/Vienna")
SUNDAY = datetime(2026, 11, 22, 21, 30, 15, tzinfo=VIENNA)
NIGHTS = WeeklyWindow.parse("Mon-Fri 22:00-06:00")


def ceilings(wishes: Controls, wh: float = 0.0, charge_s: float = 0.0) -> tuple[Limit, ...]:
    return wishes.limits(wh, charge_s, SUNDAY, 103.0)


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
    off = Limit("owner", 0.0, 103.0, "off, as the owner set it")
    assert ceilings(Controls(mode=Mode.OFF, max_current_a=16.0)) == (off,)


def test_the_most_current_is_a_ceiling_that_never_lifts_another() -> None:
    (most,) = ceilings(Controls(max_current_a=80.0))
    assert most == Limit("owner", 80.0, 103.0, "no more than 80 A, as the owner set it")
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
    assert Controls(window=NIGHTS).limits(0, 0, at(0, 23), 103.0) == ()


def test_the_time_left_is_told_while_the_window_is_closed_only() -> None:
    wishes = Controls(window=NIGHTS)
    assert wishes.opens_in_s(SUNDAY) == 24.5 * 3600 - 15
    assert wishes.opens_in_s(at(0, 22)) is None
    assert Controls().opens_in_s(SUNDAY) is None


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Controls().limits(0, 0, SUNDAY.replace(tzinfo=None), 103.0)


def test_all_ceilings_stand_side_by_side() -> None:
    wishes = Controls(Mode.OFF, session_kwh=1.0, window=NIGHTS)
    assert [ceiling.owner for ceiling in ceilings(wishes, wh=1000.0)] == [
        "owner",
        "session",
        "schedule",
    ]


def test_unplugging_ends_the_limits_of_the_session_and_no_other() -> None:
    wishes = Controls(Mode.FAST, 10.0, 2.0, 16.0, NIGHTS)
    assert wishes.after_unplug() == Controls(Mode.FAST, None, None, 16.0, NIGHTS)


# --- what a session's limits leave ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "power_w", "left"),
    [
        (Controls(), 2000.0, None),
        (
            Controls(session_kwh=10),
            2000.0,
            Remaining("this session has 6.00 of 10 kWh left", 10_800.0),
        ),
        (Controls(session_kwh=10), 0.0, Remaining("this session has 6.00 of 10 kWh left", None)),
        (Controls(session_h=2.5), 2000.0, Remaining("this session has 1.5 of 2.5 h left", 5400.0)),
        (Controls(session_h=2.5), 0.0, Remaining("this session has 1.5 of 2.5 h left", None)),
        (
            Controls(session_kwh=10, session_h=2.5),
            6000.0,
            Remaining("this session has 6.00 of 10 kWh and 1.5 of 2.5 h left", 3600.0),
        ),
        (Controls(session_kwh=4), 2000.0, None),
        (Controls(session_kwh=10, session_h=1), 2000.0, None),
    ],
)
def test_what_a_sessions_limits_leave_is_told_until_one_is_reached(
    wishes: Controls, power_w: float, left: Remaining | None
) -> None:
    assert wishes.session_left(4000.0, 3600.0, power_w) == left


# --- as JSON -------------------------------------------------------------------------------------


def test_wishes_survive_being_kept() -> None:
    wishes = Controls(Mode.SOLAR_MIN, 10.0, 1.5, 16.0, NIGHTS)
    assert Controls.from_json(json.loads(json.dumps(wishes.to_json()))) == wishes
    assert Controls.from_json(json.loads(json.dumps(Controls().to_json()))) == Controls()


def test_a_missing_key_has_its_default_and_a_patch_leaves_the_rest() -> None:
    assert Controls.from_json({"mode": "fast"}) == Controls(mode=Mode.FAST)
    wishes = Controls(Mode.FAST, 10.0, window=NIGHTS)
    patched = wishes.updated({"session_kwh": None, "session_h": 2, "window": NIGHTS})
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
        Controls().updated(patch)
    assert [name for name, _ in caught.value.problems] == [key]


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_done() -> None:
    with pytest.raises(ControlsError) as caught:
        Controls().updated({"mode": "fast", "session_h": -1, "window": ""})
    assert [key for key, _ in caught.value.problems] == ["session_h", "window"]


def test_what_is_no_object_is_no_wish() -> None:
    with pytest.raises(ControlsError, match="JSON object"):
        Controls.from_json(["fast"])


def test_made_by_hand_they_are_checked_too() -> None:
    with pytest.raises(ControlsError, match="max_current_a"):
        Controls(max_current_a=3.0)


def test_news_are_told_in_words() -> None:
    wishes = Controls(Mode.FAST, 10.0, 1.5, 16.0, NIGHTS)
    assert wishes.changes_since(Controls()) == (
        "mode fast, at most 10 kWh this session, at most 1.5 h this session, "
        "at most 16 A, only Mon-Fri 22:00-06:00"
    )
    assert Controls().changes_since(wishes) == (
        "mode solar, no limit in kWh this session, no limit in h this session, "
        "no limit in A, at any time of the week"
    )
    assert wishes.changes_since(wishes) == ""


def test_a_plan_is_a_control_that_is_kept_and_no_ceiling() -> None:
    wishes = Controls().updated({"plan": "20 kWh by Mon-Fri 7:00"})
    assert wishes.to_json()["plan"] == "20 kWh by Mon-Fri 07:00"
    assert Controls.from_json(wishes.to_json()) == wishes.after_unplug() == wishes
    assert wishes.changes_since(Controls()) == "ready with 20 kWh by Mon-Fri 07:00"
    assert Controls().changes_since(wishes) == "no plan"
    assert ceilings(wishes) == ()
    assert wishes.updated({"plan": wishes.plan}) == wishes
    for wrong in ("soon", 7):
        with pytest.raises(ControlsError, match=r"plan is .*kWh by"):
            wishes.updated({"plan": wrong})
