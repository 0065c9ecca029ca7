# SPDX-License-Identifier: GPL-3.0-or-later
"""evsed in OpenEVSE's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evsed.core.pilot.faults import Fault
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.claims import Claim
from evsed.core.user.controls import Controls
from evsed.frontends import openevse
from evsed.frontends.status import Status
from evsed.frontends.views import ClaimView, ControlsView, FaultView, LimitView, PhaseSetView
from tests.frontends.web.web_world import CHARGING, NOON

WAITING = replace(
    CHARGING,
    state="C1",
    contactor_closed=False,
    offered_a=0.0,
    drawn_a=0.0,
    power_w=0.0,
    limits=(LimitView("supply", 10.0, ""), LimitView("feed", 0.0, "no sun")),
)
NO_CAR = replace(WAITING, state="A", limits=CHARGING.limits)
NO_BOARD = replace(NO_CAR, state="-", board_ok=False)


def faulted(*faults: Fault) -> Status:
    views = tuple(FaultView(fault.value, "", "", "", "auto", NOON) for fault in faults)
    return replace(WAITING, faults=views)


def overridden(controls: Controls, claimed: Claim) -> Status:
    view = ClaimView(
        "openevse",
        claimed.charging,
        claimed.max_current_a,
        claimed.until_unplugged,
        client=claimed.client,
    )
    return replace(CHARGING, controls=ControlsView.of(controls), claims=(view,))


def claim(**told: Any) -> Claim:  # noqa: ANN401 - whatever a program may say
    return openevse.read_claim(told, openevse.MANUAL, until_unplugged=True)


def test_a_charge_is_told_in_openevses_names_and_units() -> None:
    told = openevse.status(CHARGING)
    expected = {
        "state": 3, "status": "active", "vehicle": 1, "amp": 9400, "voltage": 230, "power": 2162,
        "pilot": 9, "elapsed": 7421, "session_elapsed": 7421, "session_energy": 4620.5,
        "total_energy": 1234.567, "total_day": 6.12, "manual_override": 0, "divertmode": 2,
        "time": "2026-11-22T12:00:03Z", "available_current": 9.61, "divert_update": 61,
        "total_switches": 431, "max_current": 10,
    }  # fmt: skip
    assert {key: told[key] for key in expected} == expected


def test_what_is_not_known_is_not_told() -> None:
    told = openevse.status(replace(CHARGING, available_w=None, feed_age_s=None))
    assert not {"available_current", "divert_update", "temp", "srssi", "ipaddress"} & set(told)


@pytest.mark.parametrize(
    ("now", "state", "status", "vehicle"),
    [
        (CHARGING, 3, "active", 1),
        (WAITING, 254, "disabled", 1),
        (replace(WAITING, limits=CHARGING.limits), 2, "active", 1),
        (NO_CAR, 1, "active", 0),
        (replace(NO_CAR, limits=WAITING.limits), 254, "disabled", 0),
        (NO_BOARD, 0, "disabled", 0),
        (replace(WAITING, limits=()), 254, "disabled", 1),
        (faulted(Fault.DIODE), 5, "disabled", 1),
        (faulted(Fault.VENTILATION), 4, "disabled", 1),
        (faulted(Fault.CONTACTOR), 8, "disabled", 1),
        (faulted(Fault.TEMPERATURE), 10, "disabled", 1),
        (faulted(Fault.EMERGENCY_STOP), 0, "disabled", 1),
        (faulted(Fault.EMERGENCY_STOP, Fault.GROUND), 6, "disabled", 1),
    ],
)
def test_each_state_has_openevses_number(
    now: Status, state: int, status: str, vehicle: int
) -> None:
    told = openevse.status(now)
    assert (told["state"], told["status"], told["vehicle"]) == (state, status, vehicle)


def test_it_says_that_it_is_evsed_and_whose_interface_it_speaks() -> None:
    told = openevse.config(CHARGING, "02aabbccddee", "garage")
    assert told["buildenv"] == "evsed"
    assert told["firmware"] == "evsed 0.1.0"
    assert told["version"] == "4.2.2+evsed.0.1.0"
    assert (told["wifi_serial"], told["hostname"]) == ("02aabbccddee", "garage")


@pytest.mark.parametrize(("wished_a", "soft_a"), [(None, 10), (8.0, 8), (8.6, 8), (16.0, 10)])
def test_the_current_that_can_be_set_stays_within_the_supply(
    wished_a: float | None, soft_a: int
) -> None:
    told = openevse.config(replace(CHARGING, controls=ControlsView(max_current_a=wished_a)), "", "")
    limits = (told["min_current_hard"], told["max_current_soft"], told["max_current_hard"])
    assert limits == (6, soft_a, 10)


@pytest.mark.parametrize(
    ("mode", "number", "word"),
    [("solar", 2, "eco"), ("solar_min", 2, "eco"), ("fast", 1, "fast"), ("off", 1, "fast")],
)
def test_a_mode_that_follows_the_sun_is_eco(mode: str, number: int, word: str) -> None:
    now = replace(CHARGING, controls=ControlsView(mode=mode))
    assert openevse.status(now)["divertmode"] == number
    assert openevse.config(now, "", "")["charge_mode"] == word


def test_under_an_override_eco_is_what_comes_back() -> None:
    now = overridden(Controls(Mode.SOLAR), claim(state="disabled"))
    assert openevse.status(now)["divertmode"] == 2
    assert openevse.status(now)["manual_override"] == 1


def test_what_the_pilot_offers_is_the_pilot_and_not_the_lowest_limit() -> None:
    offered = [
        (replace(CHARGING, offered_a=9.98), 10),
        (replace(CHARGING, offered_a=16.2, limits=(LimitView("supply", 32.0, ""),)), 16),
        (WAITING, 0),
        (NO_CAR, 9),  # what a car would be offered
        (faulted(Fault.DIODE), 0),
    ]
    for now, pilot_a in offered:
        assert openevse.status(now)["pilot"] == pilot_a


def test_the_sun_decides_where_no_program_has_set_it_aside() -> None:
    def diverts(now: Status) -> bool:
        return bool(openevse.config(now, "", "")["divert_enabled"])

    assert diverts(CHARGING)
    assert not diverts(overridden(Controls(Mode.SOLAR), claim(state="active")))
    assert not diverts(overridden(Controls(Mode.FAST), claim(charge_current=8)))
    assert not diverts(replace(CHARGING, feed_kind="fixed"))


def test_a_claim_of_another_client_is_no_manual_override() -> None:
    now = overridden(
        Controls(), openevse.read_claim({"state": "active"}, "262145", until_unplugged=False)
    )
    assert openevse.status(now)["manual_override"] == 0
    assert openevse.override(now) == {}
    assert [made["client"] for made in openevse.claims(now)] == [262145]
    toggled = openevse.toggle(now)
    assert toggled is not None
    assert toggled.client == openevse.MANUAL


def test_an_override_is_read_back_as_it_was_said() -> None:
    assert openevse.override(CHARGING) == {}
    assert openevse.override(overridden(Controls(), claim(charge_current=8))) == {
        "charge_current": 8, "auto_release": True,
    }  # fmt: skip
    stop = claim(state="disabled", auto_release=False)
    assert openevse.override(overridden(Controls(), stop)) == {
        "state": "disabled", "auto_release": False,
    }  # fmt: skip
    go = overridden(Controls(max_current_a=13.0), claim(state="active", max_current=10))
    assert openevse.override(go) == {
        "state": "active", "charge_current": 10, "auto_release": True,
    }  # fmt: skip


def test_what_is_in_force_is_told_as_the_target_of_all_claims() -> None:
    now = overridden(Controls(), claim(state="active", charge_current=8))
    assert openevse.target(now)["properties"] == {
        "state": "active", "charge_current": 8, "auto_release": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, (None, None)),
        ({"state": "active"}, (True, None)),
        ({"state": "disabled", "charge_current": 0}, (False, 6.0)),
        ({"charge_current": 16, "max_current": 10}, (None, 10.0)),
        ({"charge_current": 3.5}, (None, 6.0)),
        ({"state": None, "max_current": None}, (None, None)),
        ({"charge_current": 10.5}, (None, 10.5)),
    ],
)
def test_a_claim_says_charge_or_not_and_amperes(
    told: dict[str, Any], expected: tuple[bool | None, float | None]
) -> None:
    found = claim(**told)
    assert (found.charging, found.max_current_a) == expected


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"state": "on"}, '"active" or "disabled"'),
        ({"charge_current": "7"}, "charge_current must be 0 to 80"),
        ({"charge_current": True}, "charge_current must be"),
        ({"charge_current": -1}, "charge_current must be"),
        ({"max_current": float("nan")}, "max_current must be"),
        ({"max_current": 81}, "max_current must be"),
        ({"auto_release": 1}, "auto_release must be"),
        ({"shaper": 5000}, "knows no 'shaper'"),
    ],
)
def test_what_is_no_claim_is_refused(told: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        claim(**told)


def test_a_toggle_is_the_opposite_of_what_happens_now_and_then_the_end_of_it() -> None:
    for now, charging in ((CHARGING, False), (WAITING, True)):
        made = openevse.toggle(now)
        assert made is not None
        assert (made.charging, made.until_unplugged) == (charging, True)
    assert openevse.toggle(overridden(Controls(), claim(state="disabled"))) is None


def test_a_divert_mode_is_the_choice_between_the_sun_and_all_that_may_be() -> None:
    def now(mode: Mode) -> Status:
        return replace(CHARGING, controls=ControlsView(mode=mode.value))

    assert openevse.divert("divertmode=1", now(Mode.SOLAR)) is Mode.FAST
    assert openevse.divert("divertmode=2", now(Mode.FAST)) is Mode.SOLAR
    assert openevse.divert("divertmode=2", now(Mode.SOLAR_MIN)) is Mode.SOLAR_MIN
    for text in ("divertmode=3", "divertmode", "mode=1", ""):
        with pytest.raises(ValueError, match="divertmode=1"):
            openevse.divert(text, CHARGING)


def test_a_serial_is_always_the_same_and_nobodys_address() -> None:
    first, other = openevse.serial_of("a" * 32), openevse.serial_of("b" * 32)
    assert first == openevse.serial_of("a" * 32) != other
    for serial in (first, other):
        assert len(serial) == 12
        assert int(serial[:2], 16) & 0b11 == 0b10


def test_a_claim_that_runs_down_is_no_other_one() -> None:
    claimed = ClaimView("http", None, 8.0, until_unplugged=False, left_s=60.0)
    now = replace(CHARGING, claims=(claimed,))
    later = replace(CHARGING, claims=(replace(claimed, left_s=30.0),))
    assert openevse.status(now) == openevse.status(later)


def test_other_wishes_have_another_version() -> None:
    now = openevse.status(CHARGING)
    then = openevse.status(overridden(Controls(), claim(charge_current=8)))
    assert (
        openevse.status(replace(CHARGING, drawn_a=7.0))["config_version"] == (now["config_version"])
    )
    for key in ("config_version", "override_version", "claims_version"):
        assert now[key] != then[key]


def test_the_set_of_phases_is_shown_where_it_may_change() -> None:
    assert "phase_set" not in openevse.status(CHARGING)
    view = PhaseSetView(
        closes=1,
        wished=3,
        why="5.0 kW spare, all phases are used from 4.3 kW on",
        switching_to=3,
        left_s=12.4,
        switching="auto",
        hazard="",
    )
    shown = openevse.status(replace(CHARGING, phase_set=view))["phase_set"]
    assert shown == {
        "closes": 1,
        "why": "5.0 kW spare, all phases are used from 4.3 kW on",
        "switching": "auto",
        "switching_to": 3,
        "left": 12,
    }


def test_a_client_reads_the_configuration_again_when_the_phases_have_changed() -> None:
    single, three = (
        openevse.status(replace(CHARGING, phases=phases))["config_version"] for phases in (1, 3)
    )
    assert single != three
