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
from evsed.core.user.controls import Controls
from evsed.daemon.session_recorder import CONTROLS_NOTE
from evsed.store import Store
from tests.daemon.daemon_world import NOON, life
from tests.daemon.test_summary import NO_CAR

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TONIGHT = Controls(Mode.SOLAR_MIN, 10.0, 3.0, 16.0)


async def test_wishes_outlive_a_restart(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        assert world.recorder.controls == Controls()
        world.recorder.set_controls(TONIGHT)
    async with life(tmp_path) as world:
        assert world.recorder.controls == TONIGHT


async def test_a_limit_for_a_session_ends_when_the_car_is_unplugged(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.recorder.set_controls(TONIGHT)
        world.plug_in()
        assert world.recorder.controls == TONIGHT
        world.unplug()
        assert world.recorder.controls == TONIGHT.after_unplug()
    async with life(tmp_path) as world:
        assert world.recorder.controls == TONIGHT.after_unplug()


async def test_a_limit_outlives_a_restart_in_mid_session(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.plug_in()
        world.recorder.set_controls(TONIGHT)
    async with life(tmp_path) as world:
        world.plug_in()
        assert world.recorder.controls == TONIGHT


@pytest.mark.parametrize("once", [True, False])
async def test_what_another_program_said_outlives_a_restart_and_the_car_as_it_asked(
    tmp_path: Path,
    once: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    said = TONIGHT.taken_over(charging=False, max_current_a=None, until_unplugged=once)
    async with life(tmp_path) as world:
        world.plug_in()
        world.recorder.set_controls(said)
    async with life(tmp_path) as world:
        world.plug_in()
        assert world.recorder.controls == said
        world.unplug()
        assert world.recorder.controls.mode is (Mode.SOLAR_MIN if once else Mode.OFF)


async def test_it_ends_too_where_the_car_left_while_nobody_looked(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.plug_in()
        world.recorder.set_controls(TONIGHT)
    async with life(tmp_path) as world:
        world.recorder.on_snapshot(NO_CAR, Flow())
        assert world.recorder.controls == TONIGHT.after_unplug()


@pytest.mark.parametrize("kept", ["fast", ["fast"], {"mode": "turbo"}, {"session_kwh": -1}])
async def test_wishes_that_make_no_sense_are_off_and_said(tmp_path: Path, kept: Any) -> None:  # noqa: ANN401
    store = Store(tmp_path / "evsed.db")
    store.put(CONTROLS_NOTE, kept)
    store.close()
    with capture_logs() as entries:
        async with life(tmp_path) as world:
            assert world.recorder.controls == Controls(mode=Mode.OFF)
    assert any("make no sense" in entry["event"] for entry in entries)


async def test_the_owner_is_the_reason_that_is_told_where_the_feed_gives_nothing_either(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        world.recorder.set_controls(Controls(mode=Mode.OFF))
        limits = world.limits(16.0)
        found = lowest(limits.update(time.monotonic(), NOON), time.monotonic())
        assert (found.owner, found.max_a) == ("owner", 0.0)


async def test_no_wish_lifts_what_the_feed_gives(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.recorder.set_controls(Controls(mode=Mode.FAST, max_current_a=80.0))
        limits = world.limits(10.0)
        now = time.monotonic()
        assert lowest(limits.update(now, NOON), now).max_a == 10.0


async def test_a_session_that_has_had_its_energy_gets_no_more(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        limits = world.limits(16.0)
        world.plug_in()
        world.recorder.set_controls(Controls(session_kwh=0.1))
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
        world.recorder.set_controls(Controls(session_h=2.0))
        found = world.limits(16.0).update(time.monotonic(), NOON)
        (left,) = (limit for limit in world.status().limits if limit.owner == "session")
        assert (left.max_a, left.left_s) == (32.0, None)
        assert left.reason == "this session has 2.0 of 2 h left"
        assert lowest(found, time.monotonic()).owner == "feed"
