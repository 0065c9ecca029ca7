# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's controls in the daemon: kept by the recorder, followed by the limits."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from evsed.core.energy.sessions import Flow
from evsed.core.pilot.limits import lowest
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.claims import Claim, Claims
from evsed.core.user.controls import Controls, ControlsError
from evsed.core.user.weekly_window import WeeklyWindow
from evsed.daemon.orders import CLAIMS_NOTE, CONTROLS_NOTE
from evsed.store import Store
from tests.daemon.daemon_world import NOON, life
from tests.daemon.test_summary import NO_CAR

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TONIGHT = Controls(Mode.SOLAR_MIN, 10.0, 3.0, 16.0)


async def test_controls_outlive_a_restart(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        assert world.recorder.orders.controls == Controls()
        world.recorder.orders.set_controls(TONIGHT)
    async with life(tmp_path) as world:
        assert world.recorder.orders.controls == TONIGHT


async def test_a_limit_for_a_session_ends_when_the_car_is_unplugged(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.recorder.orders.set_controls(TONIGHT)
        world.plug_in()
        assert world.recorder.orders.controls == TONIGHT
        world.unplug()
        assert world.recorder.orders.controls == TONIGHT.after_unplug()
    async with life(tmp_path) as world:
        assert world.recorder.orders.controls == TONIGHT.after_unplug()


async def test_a_limit_outlives_a_restart_in_mid_session(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.plug_in()
        world.recorder.orders.set_controls(TONIGHT)
    async with life(tmp_path) as world:
        world.plug_in()
        assert world.recorder.orders.controls == TONIGHT


@pytest.mark.parametrize("once", [True, False])
async def test_a_claim_outlives_a_restart_and_the_car_as_its_program_asked(
    tmp_path: Path,
    once: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    claim = Claim(charging=False, until_unplugged=once, kept=True)
    async with life(tmp_path) as world:
        world.plug_in()
        await world.hub.orders.place_claim("192.0.2.7", "openevse", claim)
    async with life(tmp_path) as world:
        world.plug_in()
        assert world.recorder.orders.claims == Claims({"openevse": claim})
        world.unplug()
        assert ("openevse" in world.recorder.orders.claims.of) is not once


async def test_claims_that_make_no_sense_are_dropped_and_reported(tmp_path: Path) -> None:
    store = Store(tmp_path / "evsed.db")
    store.put(CLAIMS_NOTE, {"mqtt": {"charging": "yes"}})
    store.close()
    with capture_logs() as entries:
        async with life(tmp_path) as world:
            assert world.recorder.orders.claims == Claims()
    assert any("make no sense" in entry["event"] for entry in entries)


async def test_a_charge_claim_sets_the_window_aside_but_not_the_owners_limits(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        limits = world.limits(16.0)
        closed = WeeklyWindow.parse("01:00-01:01")
        world.recorder.orders.set_controls(Controls(Mode.SOLAR, max_current_a=10.0, window=closed))
        assert lowest(limits.update(100.0, NOON), 100.0).owner == "schedule"
        await world.hub.orders.place_claim("192.0.2.7", "http", Claim(charging=True))
        found = lowest(limits.update(101.0, NOON), 101.0)
        assert (found.owner, found.max_a) == ("owner", 10.0)


async def test_a_charge_claim_goes_before_the_sun_and_ends_at_its_deadline(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        limits = world.limits(None)
        assert lowest(limits.update(100.0, NOON), 100.0).max_a == 0.0
        await world.hub.orders.place_claim("broker", "mqtt", Claim(charging=True, until_at=105.0))
        (feed,) = (item for item in limits.update(101.0, NOON) if item.owner == "feed")
        assert feed.max_a >= 6.0
        assert feed.why == "a program (MQTT) asks to charge"
        assert lowest(limits.update(105.0, NOON), 105.0).max_a == 0.0
        assert world.recorder.orders.claims == Claims()


async def test_of_several_claims_the_one_that_does_not_want_to_charge_wins(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        limits = world.limits(16.0)
        await world.hub.orders.place_claim("broker", "mqtt", Claim(charging=True))
        await world.hub.orders.place_claim("central", "http", Claim(charging=False))
        found = lowest(limits.update(100.0, NOON), 100.0)
        assert (found.owner, found.max_a) == ("http", 0.0)


async def test_no_program_switches_on_what_the_owner_has_switched_off(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        await world.hub.orders.update_controls("owner", {"mode": "off"})
        with pytest.raises(ControlsError, match="the owner has switched evsed off"):
            await world.hub.orders.place_claim("broker", "mqtt", Claim(charging=True))
        with pytest.raises(ControlsError, match="the owner has switched evsed off"):
            await world.hub.orders.update_controls("broker", {"mode": "fast"}, program="openevse")
        assert lowest(world.limits(16.0).update(1.0, NOON), 1.0).owner == "owner"


async def test_a_program_ends_an_off_of_its_own_also_after_a_restart_but_none_of_others(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        await world.hub.orders.update_controls("MQTT", {"mode": "off"}, program="mqtt")
        with pytest.raises(ControlsError):
            await world.hub.orders.update_controls("evcc", {"mode": "fast"}, program="http")
    async with life(tmp_path) as world:
        assert world.recorder.orders.controls.mode.value == "off"
        await world.hub.orders.update_controls("MQTT", {"mode": "solar"}, program="mqtt")
        assert world.recorder.orders.controls.mode.value == "solar"


async def test_an_off_of_a_program_that_the_owner_repeats_is_the_owners(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        await world.hub.orders.update_controls("MQTT", {"mode": "off"}, program="mqtt")
        await world.hub.orders.update_controls("owner", {"mode": "off"})
        await world.hub.orders.update_controls("MQTT", {"mode": "off"}, program="mqtt")
        with pytest.raises(ControlsError):
            await world.hub.orders.update_controls("MQTT", {"mode": "solar"}, program="mqtt")
        await world.hub.orders.update_controls("owner", {"mode": "solar"})
        assert world.recorder.orders.controls.mode is Mode.SOLAR


async def test_off_binds_a_claim_that_was_there_before(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        await world.hub.orders.place_claim("broker", "http", Claim(charging=True))
        await world.hub.orders.update_controls("owner", {"mode": "off"})
        found = lowest(world.limits(16.0).update(1.0, NOON), 1.0)
        assert (found.owner, found.max_a) == ("owner", 0.0)


async def test_a_mode_that_the_owner_chooses_ends_what_yields_to_it(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        await world.hub.orders.place_claim("home", "openevse", Claim(charging=False, yields=True))
        await world.hub.orders.update_controls("home", {"mode": "fast"}, program="openevse")
        assert "openevse" in world.recorder.orders.claims.of
        await world.hub.orders.update_controls("owner", {"mode": "solar"})
        assert world.recorder.orders.claims == Claims()


async def test_it_ends_too_where_the_car_left_while_nobody_looked(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.plug_in()
        world.recorder.orders.set_controls(TONIGHT)
    async with life(tmp_path) as world:
        world.recorder.on_snapshot(NO_CAR, Flow())
        assert world.recorder.orders.controls == TONIGHT.after_unplug()


@pytest.mark.parametrize("kept", ["fast", ["fast"], {"mode": "turbo"}, {"session_kwh": -1}])
async def test_controls_that_make_no_sense_are_off_and_said(tmp_path: Path, kept: Any) -> None:  # noqa: ANN401
    store = Store(tmp_path / "evsed.db")
    store.put(CONTROLS_NOTE, kept)
    store.close()
    with capture_logs() as entries:
        async with life(tmp_path) as world:
            assert world.recorder.orders.controls == Controls(mode=Mode.OFF)
    assert any("make no sense" in entry["event"] for entry in entries)


async def test_the_owner_is_the_reason_that_is_told_where_the_feed_gives_nothing_either(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        world.recorder.orders.set_controls(Controls(mode=Mode.OFF))
        limits = world.limits(16.0)
        found = lowest(limits.update(time.monotonic(), NOON), time.monotonic())
        assert (found.owner, found.max_a) == ("owner", 0.0)


async def test_no_control_lifts_what_the_feed_gives(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.recorder.orders.set_controls(Controls(mode=Mode.FAST, max_current_a=80.0))
        limits = world.limits(10.0)
        now = time.monotonic()
        assert lowest(limits.update(now, NOON), now).max_a == 10.0


async def test_a_session_that_has_had_its_energy_gets_no_more(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        limits = world.limits(16.0)
        world.plug_in()
        world.recorder.orders.set_controls(Controls(session_kwh=0.1))
        charging = replace(NO_CAR, at=100.0, state="C2", plugged=True, closed=1)
        for n in range(40):  # 40 s at 10 kW are 111 Wh
            world.recorder.on_snapshot(
                replace(charging, at=100.0 + n), Flow(power_w=10_000.0, current_a=16.0)
            )
            if n == 30:
                now = time.monotonic()
                assert lowest(limits.update(now, NOON), now).owner == "feed"
        now = time.monotonic()
        spent = lowest(limits.update(now, NOON), now)
        assert (spent.owner, spent.max_a) == ("session", 0.0)
        assert spent.why == "this session's 0.1 kWh are charged"
        world.unplug()
        assert lowest(limits.update(now, NOON), now).max_a == 16.0


async def test_what_a_sessions_limit_leaves_is_shown_without_being_a_ceiling(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        world.plug_in()
        world.recorder.orders.set_controls(Controls(session_h=2.0))
        found = world.limits(16.0).update(time.monotonic(), NOON)
        (left,) = (limit for limit in world.status().limits if limit.owner == "session")
        assert (left.max_a, left.left_s) == (32.0, None)
        assert left.reason == "this session has 2.0 of 2 h left"
        assert lowest(found, time.monotonic()).owner == "feed"
