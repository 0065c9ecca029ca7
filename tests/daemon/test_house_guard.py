# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters in the daemon: the house's becomes a limit, the car's goes before the estimate."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evsed.core.car.care import CarCare, CarCareConfig
from evsed.core.pilot.limits import lowest
from evsed.core.supply.main_fuse import HouseReading, MainFuseConfig
from evsed.daemon.gate import Gate
from evsed.daemon.house_guard import HouseGuard
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.daemon.meter_follower import MeterFollower
from evsed.errors import MeterError
from evsed.link import Tick
from evsed.meters import CarReading
from tests.daemon.daemon_world import NOON, World, feed_terms, life
from tests.daemon.test_summary import CHARGING

FUSE = MainFuseConfig(main_fuse_a=25.0)


def at(world: World, now: float) -> None:
    """Let the control process report that the car is offered 12 A."""
    world.ticks.handle(Tick(replace(CHARGING, at=now)), NOON)


async def test_the_house_leaves_the_car_what_its_fuse_has_left(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        guard = HouseGuard(FUSE, world.charger)
        limits = LimitCalculator(
            feed_terms(32.0),
            world.charger,
            world.recorder,
            CarCare(CarCareConfig()),
            (guard,),
        )
        now = 100.0
        while now < 160.0:
            now += 1
            at(world, now)
            guard.on_reading(now, HouseReading(measured_at=now, current_a=(12.0 + 3.0,)))
            limits.update(now, NOON)

        at_rest = lowest(limits.update(now, NOON), now)
        assert at_rest.owner == "house"
        assert at_rest.max_a == pytest.approx(25 - 0.5 - 3, abs=0.3)
        assert "main fuse" in at_rest.why

        guard.on_reading(now + 1, HouseReading(measured_at=now + 1, current_a=(12.0 + 9.0,)))
        assert lowest(limits.update(now + 1, NOON), now + 1).max_a == pytest.approx(15.5, abs=0.3)


async def test_a_car_meter_that_is_late_does_not_make_the_guard_believe_in_more_room(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        guard = HouseGuard(FUSE, world.charger)
        now = 100.0
        while now < 160.0:
            now += 1
            at(world, now)
            guard.on_reading(now, HouseReading(measured_at=now, current_a=(12.0 + 9.0,)))
        # The car has just dropped to the 12 A it is offered; its meter still shows 20 A.
        stale = CarReading(measured_at=now - 4, current_a=(20.0,))
        world.charger.set(replace(world.charger.state, car_meter=stale))
        guard.on_reading(now + 1, HouseReading(measured_at=now + 1, current_a=(12.0 + 9.0,)))
        (limit,) = guard.limits(now + 1, now + 4)

    assert limit.max_a == pytest.approx(25 - 0.5 - 9, abs=0.3)


async def test_the_current_transformer_tells_the_guard_what_the_car_really_draws(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        guard = HouseGuard(FUSE, world.charger)
        now = 100.0
        while now < 160.0:
            now += 1
            world.ticks.handle(Tick(replace(CHARGING, at=now, drawn_a=8.0)), NOON)
            guard.on_reading(now, HouseReading(measured_at=now, current_a=(8.0 + 9.0,)))
        (limit,) = guard.limits(now, now + 3)

    assert limit.max_a == pytest.approx(25 - 0.5 - 9, abs=0.3)


async def test_a_house_meter_that_is_silent_leaves_what_the_owner_said(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        guard = HouseGuard(replace(FUSE, house_lost_a=0.0), world.charger)

        (limit,) = guard.limits(100.0, 103.0)

        assert (limit.owner, limit.max_a) == ("house", 0.0)
        assert "silent" in limit.why
        assert guard.faults(100.0) == {}


async def test_the_car_meter_goes_before_the_estimate_until_it_is_old(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.plug_in()
        reading = CarReading(
            measured_at=100.0, holds_s=15.0, current_a=(7.0,), power_w=(1580.0,), energy_wh=1234.5
        )
        world.charger.set(replace(world.charger.state, car_meter=reading))
        at(world, 101.0)
        fresh = world.status(101.0)
        at(world, 116.0)
        old = world.status(116.0)

    assert (fresh.meter_wh, old.meter_wh) == (1234.5, None)
    assert (fresh.drawn_a, fresh.power_w, fresh.drawn_measured) == (7.0, 1580.0, True)
    assert (old.drawn_a, old.power_w, old.drawn_measured) == (12.0, 12 * 230, False)


async def test_a_session_with_a_car_meter_is_measured_and_says_when_it_no_longer_was(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        world.plug_in()
        for second in range(4):
            now = 100.0 + second
            reading = CarReading(measured_at=now, current_a=(7.0,), power_w=(1600.0,))
            world.charger.set(replace(world.charger.state, car_meter=reading))
            at(world, now)
        session = world.recorder.totals.session
        assert session is not None
        assert session.measured
        assert session.energy_wh == pytest.approx(3 * 1600 / 3600)
        for second in range(30, 34):
            at(world, 100.0 + second)
        session = world.recorder.totals.session
        assert session is not None
        assert not session.measured


class Script:
    """A meter that gives these readings and errors one after another, and then waits."""

    def __init__(self, script: Iterator[float | MeterError]) -> None:
        self._script = script
        self.closed = False

    async def read(self) -> float:
        for each in self._script:
            if isinstance(each, MeterError):
                raise each
            return each
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        self.closed = True


async def test_a_meter_that_is_lost_is_said_once_and_so_is_its_return(tmp_path: Path) -> None:
    lost = MeterError("no route")
    meter = Script(iter([1.0, lost, lost, lost, 2.0, 3.0]))
    found: list[float] = []
    done = asyncio.Event()

    def on_reading(_: float, reading: float) -> None:
        found.append(reading)
        if reading == 3.0:
            done.set()

    async with life(tmp_path) as world:
        follower = MeterFollower(
            "the meter of the house",
            "its fuse counts as loaded",
            lambda: meter,
            on_reading,
            world.hub,
            Gate(asyncio.get_running_loop()),
        )
        task = asyncio.create_task(follower.run())
        await done.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        notes = [event.text for event in world.charger.state.events]

    assert found == [1.0, 2.0, 3.0]
    assert meter.closed
    assert notes == [
        "the meter of the house cannot be read: no route; its fuse counts as loaded",
        "the meter of the house is back",
    ]
