# SPDX-License-Identifier: GPL-3.0-or-later
"""A car that uses fewer phases than the box has: energy, power, thresholds and ceilings follow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from evsed.core.car.care import CarCare, CarCareConfig
from evsed.core.solar.allotment import AllotmentConfig
from evsed.core.solar.reading import Reading
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.link import Tick
from evsed.meters import CarReading
from tests.daemon.daemon_world import NOON, World, feed_terms, life
from tests.daemon.test_summary import CHARGING

BOX = AllotmentConfig(phases=3, semantics="battery_power", period_s=10.0)
WAITING = replace(CHARGING, state="B1", duty=1.0, closed=0)


@asynccontextmanager
async def three_phases(
    folder: Path, phases: int = 0
) -> AsyncIterator[tuple[World, LimitCalculator]]:
    """A three-phase box; its feed has answered a car; the owner has set *phases*, 0: not."""
    async with life(folder) as world:
        state = world.charger.state
        world.charger.set(replace(state, installation=replace(state.installation, phases=3)))
        care = CarCare(CarCareConfig(phases=phases, supply_phases=3))
        limits = LimitCalculator(feed_terms(None, BOX), world.charger, world.recorder, care)
        limits.feed.allotment.remember_feed(below_0=False, proven=True, forbidding_w=None)
        yield world, limits


def feed(limits: LimitCalculator, now: float, excess_w: float) -> None:
    limits.on_reading(now, Reading(excess_w=excess_w, stamp=str(now), age_s=0.0))


def charge(
    world: World, limits: LimitCalculator, seconds: int, currents_a: tuple[float, ...]
) -> float:
    """Charge with 3 kW of sun; return what the feed allows after so many seconds."""
    most_a = 0.0
    for second in range(seconds):
        now = 100.0 + second
        world.ticks.handle(Tick(replace(CHARGING, at=now)), NOON)
        reading = CarReading(measured_at=now, current_a=currents_a)
        world.charger.set(replace(world.charger.state, car_meter=reading))
        if second % 10 == 0:
            feed(limits, now, 3000.0 - 230.0 * sum(currents_a))
        most_a = limits.update(now, NOON)[-1].max_a
    return most_a


@pytest.mark.parametrize(
    ("currents_a", "phases", "most_a"),
    [((12.0, 0.1, 0.0), 1, 13.0), ((6.4, 6.4, 0.0), 2, 6.5)],
)
async def test_what_the_sun_allows_follows_the_phases_that_the_car_uses(
    tmp_path: Path, currents_a: tuple[float, ...], phases: int, most_a: float
) -> None:
    async with three_phases(tmp_path) as (world, limits):
        found_a = charge(world, limits, 90, currents_a)

        assert world.status(190.0).phases == phases
        assert found_a == pytest.approx(most_a, abs=0.5)
        assert world.charger.state.watts(10.0) == 2300.0 * phases


async def test_a_car_on_all_phases_is_unchanged(tmp_path: Path) -> None:
    async with three_phases(tmp_path) as (world, limits):
        charge(world, limits, 90, (12.0, 12.0, 12.0))

        assert world.status(190.0).phases == 3


@pytest.mark.parametrize(("phases", "begins"), [(0, False), (1, True), (2, False)])
async def test_a_car_whose_owner_has_set_its_phases_begins_with_the_sun_that_it_needs(
    tmp_path: Path, phases: int, *, begins: bool
) -> None:
    """2 kW of sun are enough for 6 A on one phase, and not on two or three."""
    async with three_phases(tmp_path, phases) as (world, limits):
        most_a = 0.0
        for second in range(400):
            now = 100.0 + second
            world.ticks.handle(Tick(replace(WAITING, at=now)), NOON)
            if second % 10 == 0:
                feed(limits, now, 2000.0)
            most_a = max(most_a, limits.update(now, NOON)[-1].max_a)

        assert (most_a >= 6.0) is begins


async def test_energy_without_a_meter_follows_the_owners_number(tmp_path: Path) -> None:
    async with three_phases(tmp_path, phases=1) as (world, limits):
        world.plug_in()
        for second in range(11):
            now = 100.0 + second
            world.ticks.handle(Tick(replace(CHARGING, at=now)), NOON)
            limits.update(now, NOON)
        session = world.recorder.totals.session
        assert session is not None

        # A duty of 20 % offers 12 A; the first second is counted before the car is known.
        one_phase_wh = 12.0 * 230.0 * 10 / 3600
        assert session.energy_wh == pytest.approx(one_phase_wh, rel=0.25)


@pytest.mark.parametrize("phases", [1, 2, 3])
async def test_without_a_meter_energy_power_and_what_the_sun_allows_follow_the_feeds_answers(
    tmp_path: Path, phases: int
) -> None:
    """Nine kilowatts of sun: the car takes what a duty offers it, a second later."""
    async with three_phases(tmp_path) as (world, limits):
        world.plug_in()
        found_at, offered_a, known_wh = 0.0, 0.0, 0.0
        for second in range(1800):
            now = 100.0 + second
            duty = offered_a / 60 if offered_a else 1.0
            tick = CHARGING if offered_a else WAITING
            world.ticks.handle(Tick(replace(tick, at=now, duty=duty)), NOON)
            if second % 10 == 0:
                feed(limits, now, 9000.0 - 230.0 * phases * offered_a)
            offered_a = min(16.0, limits.update(now, NOON)[-1].max_a)
            session = world.recorder.totals.session
            if session is not None and world.charger.state.care is not None:
                known = world.charger.state.care.needs.phases
                if known == phases and not found_at:
                    found_at, known_wh = now, session.energy_wh
        now = 100.0 + 1799
        status, session = world.status(now), world.recorder.totals.session

        assert found_at
        assert status.phases == phases
        assert world.charger.state.watts(10.0) == 2300.0 * phases
        assert offered_a == pytest.approx(min(16.0, 9000.0 / 230.0 / phases), abs=0.6)
        assert session is not None
        drawn_wh = offered_a * 230.0 * phases * (now - found_at) / 3600
        assert session.energy_wh - known_wh == pytest.approx(drawn_wh, rel=0.2)
