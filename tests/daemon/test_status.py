# SPDX-License-Identifier: GPL-3.0-or-later
"""The status, built from a state: a table of states and what each of them shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from evsed.core.energy.history import TraceSample
from evsed.core.energy.sessions import DayTotal, SessionRecord
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import FOREVER, Limit
from evsed.core.solar.allotment import AllotmentReason, AllotmentResult, AllotmentRule
from evsed.core.user.claims import Claims
from evsed.core.user.controls import Controls, Remaining
from evsed.daemon.charger_state import ChargerState
from evsed.daemon.status import Now, SessionTotals, build_status
from evsed.frontends.views import LimitView
from tests.daemon.daemon_world import INSTALLATION
from tests.daemon.test_summary import CHARGING as SNAPSHOT

WALL = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = Now(100.0, WALL)
CHARGING = replace(SNAPSHOT, at=100.0, duty=0.2)  # 12 A: 0.6 A for each percent
SUNNY = AllotmentResult(
    12.0,
    AllotmentReason(AllotmentRule.FOLLOWING),
    available_w=2500.0,
    excess_w=0.0,
    solar_w=2900.0,
    battery_loan_wh=17.0,
)
STATE = ChargerState(installation=INSTALLATION, snapshot=CHARGING, allotment=SUNNY)
SESSION = SessionRecord(id="s", started=WALL, energy_wh=500.0, charge_s=60.0, peak_a=12.0)
TOTALS = SessionTotals(
    session=SESSION,
    active=True,
    day=DayTotal(date(2026, 11, 22), 700.0),
    total_wh=9000.0,
    cycles=3,
    controls=Controls(),
    claims=Claims(),
)
CABLE = Limit("cable", 13.0, FOREVER, "the cable bears 13 A")
FEED = Limit("feed", 20.0, 103.0, "following the sun")
SUPPLY = Limit("supply", 32.0, FOREVER, "all that the supply allows")


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (STATE, {"state": "C2", "evse_status": "Charging", "drawn_a": 12.0, "power_w": 2760.0}),
        (STATE, {"solar_w": 2760.0, "battery_loan_wh": 17.0, "board_ok": True, "ticking": True}),
        (replace(STATE, allotment=replace(SUNNY, solar_w=700.0)), {"solar_w": 700.0}),
        (STATE, {"available_w": 2500.0, "excess_counts_charge": False}),
        (
            replace(STATE, allotment=replace(SUNNY, counts_charge=True)),
            {"excess_counts_charge": True},
        ),
        # A figure that is too old to use: the last one stays, and counts as no power now.
        (
            replace(STATE, allotment=replace(SUNNY, solar_w=None)),
            {"solar_w": None, "available_w": None, "excess_w": 0.0},
        ),
        (replace(STATE, allotment=None), {"solar_w": None, "available_w": None}),
        (
            replace(STATE, snapshot=replace(CHARGING, at=98.0)),
            {"ticking": False, "state": "-", "evse_status": "Unavailable", "drawn_a": 0.0},
        ),
        (
            replace(STATE, snapshot=replace(CHARGING, board_ok=False, closed=0)),
            {"board_ok": False, "state": "-", "evse_status": "Faulted", "offered_a": 0.0},
        ),
        (replace(STATE, snapshot=None), {"ticking": False, "limited_by": "daemon"}),
        (replace(STATE, feed_error="no answer"), {"feed_error": "no answer"}),
        (STATE, {"day_wh": 700.0, "total_wh": 9000.0, "contactor_cycles": 3}),
        (replace(STATE, worst_ticks=((99.0, 0.004), (100.0, 0.002))), {}),
    ],
)
def test_what_is_known_is_shown(state: ChargerState, shown: dict[str, Any]) -> None:
    status = build_status(state, TOTALS, NOW)
    for name, value in shown.items():
        assert getattr(status, name) == pytest.approx(value), name


def test_every_limit_of_the_control_process_is_shown_with_the_lowest_named() -> None:
    snapshot = replace(CHARGING, limits=(FEED, CABLE, SUPPLY))
    status = build_status(replace(STATE, snapshot=snapshot, left_s={"feed": 40.0}), TOTALS, NOW)
    assert status.limits == (
        LimitView("feed", 20.0, "following the sun", 40.0),
        LimitView("cable", 13.0, "the cable bears 13 A"),
        LimitView("supply", 32.0, "all that the supply allows"),
    )
    assert status.limited_by == "cable"


def test_a_sessions_limit_that_is_not_reached_is_shown_with_the_time_left() -> None:
    left = Remaining("this session has 2.0 of 2 h left", 7200.0)
    status = build_status(replace(STATE, session_left=left), TOTALS, NOW)
    assert status.limits[-1] == LimitView("session", 32.0, left.why, 7200.0)


def test_a_fault_is_shown_since_it_began() -> None:
    snapshot = replace(CHARGING, faults={Fault.DIODE: "no -12 V"})
    began = datetime(2026, 11, 22, 11, tzinfo=UTC)
    state = STATE.with_snapshot(snapshot, began).with_snapshot(snapshot, WALL)
    (fault,) = build_status(state, TOTALS, NOW).faults
    assert (fault.name, fault.what, fault.since) == ("DiodeFault", "no -12 V", began)


def test_the_worst_tick_is_that_of_the_last_minute() -> None:
    state = STATE.with_snapshot(replace(CHARGING, at=30.0, worst_tick_s=0.009), WALL)
    state = state.with_snapshot(replace(CHARGING, at=60.0, worst_tick_s=0.005), WALL)
    assert state.worst_tick_s == 0.009
    state = state.with_snapshot(replace(CHARGING, at=100.0, worst_tick_s=0.002), WALL)
    assert build_status(state, TOTALS, NOW).tick.worst_ms == 5.0


def test_the_trace_keeps_watts_lent_energy_and_state() -> None:
    sample = STATE.sample(100.0)
    assert replace(sample, offered_w=0.0, power_w=0.0) == TraceSample(2500.0, 0.0, 0.0, 17.0, "C2")
    assert (sample.offered_w, sample.power_w) == pytest.approx((2760, 2760))


@pytest.mark.parametrize(
    "snapshot", [None, replace(CHARGING, at=0.0), replace(CHARGING, board_ok=False, closed=0)]
)
def test_the_trace_shows_that_nothing_is_driven(snapshot: Any) -> None:  # noqa: ANN401
    sample = replace(STATE, snapshot=snapshot).sample(100.0)
    assert (sample.state, sample.offered_w, sample.power_w) == ("-", 0.0, 0.0)
