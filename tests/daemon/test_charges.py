# SPDX-License-Identifier: GPL-3.0-or-later
"""The last charge, the habit that is learned from past ones, and the end that is expected."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evsed.core.energy.sessions import Flow
from evsed.core.pilot import causes
from evsed.core.pilot import events as ev
from evsed.core.user.controls import ControlsError
from tests.daemon.daemon_world import NOON, World, life
from tests.daemon.test_summary import NO_CAR

POWER_W = 3600.0


def charge(world: World, day: int, seconds: int) -> None:
    """A car is plugged in on *day*, charges and stops by itself, and is unplugged later."""
    start, wall = day * 86_400.0, NOON + timedelta(days=day)
    recorder = world.recorder
    recorder.on_event(ev.CarPluggedIn(start), wall)
    for second in range(seconds + 1):
        snapshot = replace(NO_CAR, at=start + second, state="C2", plugged=True, closed=1)
        flow = Flow(power_w=POWER_W if second < seconds else 0.0)
        recorder.on_snapshot(snapshot, flow)
    if seconds:
        opened = ev.ContactorOpened(start + seconds, cause=causes.CAR, why="the car stopped")
        recorder.on_event(opened, wall)
    recorder.on_event(ev.CarUnplugged(start + seconds + 60.0), wall + timedelta(hours=1))


async def test_a_plug_in_without_energy_does_not_replace_the_last_charge(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        charge(world, 0, 600)
        charge(world, 1, 0)
        session = world.status().session
        assert (session.active, round(session.energy_wh)) == (False, 600)
    async with life(tmp_path) as world:
        assert round(world.status().session.energy_wh) == 600


async def test_a_habit_is_learned_and_kept_over_a_restart(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        for day, seconds in enumerate((1000, 1200, 1100)):
            assert world.recorder.habit_wh is None
            charge(world, day, seconds)
        assert world.recorder.habit_wh == pytest.approx(1100, abs=2)
    async with life(tmp_path) as world:
        assert world.recorder.habit_wh == pytest.approx(1100, abs=2)


async def test_the_status_has_the_expected_end_of_a_charge(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        await world.hub.orders.update_controls("page", {"session_kwh": 1})
        world.plug_in()
        now = time.monotonic()
        snapshot = replace(NO_CAR, at=now, state="C2", plugged=True, closed=1, duty=0.26666)
        world.charger.set(world.charger.state.with_snapshot(snapshot, NOON))
        world.limits().update(now, NOON)
        status = world.status(now)
        assert status.power_w == pytest.approx(3680, abs=1)
        assert status.expected_end is not None
        assert (status.expected_end - NOON).total_seconds() == pytest.approx(978, abs=1)
        assert status.expected_end_by == "session_limit"


async def test_a_most_current_beyond_the_supply_is_refused(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        with pytest.raises(ControlsError, match=r"6 to 32 A: the supply gives no more"):
            await world.hub.orders.update_controls("page", {"max_current_a": 40})
        assert world.recorder.orders.controls.max_current_a is None
        await world.hub.orders.update_controls("page", {"max_current_a": 32})
        assert world.recorder.orders.controls.max_current_a == 32.0
