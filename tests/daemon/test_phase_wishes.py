# SPDX-License-Identifier: GPL-3.0-or-later
"""Phases that are switched, in the daemon: wish, thresholds, power, status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from evsed.core.car.care import CarCare, CarCareConfig
from evsed.core.ocpp.ceiling import Ceiling, CeilingStep
from evsed.core.pilot.phase_set import HAZARD
from evsed.core.solar.allotment_config import AllotmentConfig, Mode
from evsed.core.solar.reading import Reading
from evsed.core.user.controls import Controls
from evsed.core.user.usual_sun import UsualSun
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.daemon.ocpp_limit import OcppLimit
from evsed.daemon.phase_wishes import LEARNT_EVERY_S, PhaseWishes
from evsed.errors import StoreError
from evsed.frontends.ocpp import OcppConfig
from evsed.link import Tick
from evsed.meters import CarReading
from tests.daemon.daemon_world import NOON, World, feed_terms, life
from tests.daemon.test_summary import CHARGING
from tests.frontends.web.web_world import skip

BOX = AllotmentConfig(phases=3, max_current_a=16.0, semantics="battery_power", period_s=10.0)
EMPTY = replace(CHARGING, state="A", plugged=False, duty=1.0, closed=0)
WAITING = replace(CHARGING, state="B1", duty=1.0, closed=0)


SunReader = Callable[[], Awaitable[UsualSun | None]]


class Switched:
    """A three-phase box whose control process has the set *outputs* in use."""

    def __init__(self, world: World, limits: LimitCalculator, phases: PhaseWishes) -> None:
        self.world, self.limits, self.phases = world, limits, phases
        self.now = 100.0
        self.snapshot = replace(EMPTY, outputs=1)
        self.most_a = 0.0

    def run(self, seconds: int, sun_w: float | None, **changed: object) -> None:
        """Let so many seconds pass with so much sun, *changed* in what the control process says."""
        self.snapshot = replace(self.snapshot, **changed)  # type: ignore[arg-type]  # each test names its own
        for second in range(seconds):
            self.now += 1.0
            self.world.ticks.handle(Tick(replace(self.snapshot, at=self.now)), NOON)
            if second % 10 == 0 and sun_w is not None:
                drawn_w = self.world.charger.state.power_w(self.now)
                reading = Reading(excess_w=sun_w - drawn_w, stamp=str(self.now), age_s=0.0)
                self.limits.on_reading(self.now, reading)
            self.most_a = self.limits.update(self.now, NOON)[-1].max_a

    @property
    def wished(self) -> int:
        """The set that the daemon asks for."""
        wish = self.limits.wish
        assert wish is not None
        assert wish.until_at == pytest.approx(self.now + 3.0)
        return wish.outputs


async def no_days() -> None:
    """Read a store that has no days yet."""


@asynccontextmanager
async def switched(
    folder: Path,
    switching: str = "down",
    fixed_a: float | None = None,
    *,
    ocpp: bool = False,
    usual_sun: SunReader = no_days,
) -> AsyncIterator[Switched]:
    async with life(folder) as world:
        state = world.charger.state
        installation = replace(state.installation, phases=3, switching=switching)
        world.charger.set(replace(state, installation=installation))
        care = CarCare(CarCareConfig(supply_phases=3))
        central = OcppConfig(url="ws://central/ocpp", path=folder)
        phases = PhaseWishes(BOX, usual_sun, rises=switching == "auto")
        limits = LimitCalculator(
            feed_terms(fixed_a, BOX),
            world.charger,
            world.recorder,
            care,
            (OcppLimit(central, world.charger, 0.0),) if ocpp else (),
            phases=phases,
        )
        yield Switched(world, limits, phases)


@pytest.mark.parametrize(
    ("switching", "sun_w", "phases"),
    [("auto", 2000.0, 1), ("auto", 5000.0, 3), ("down", 2000.0, 3), ("down", 5000.0, 3)],
)
async def test_the_surplus_of_the_moment_chooses_the_set_before_the_car_comes(
    tmp_path: Path, switching: str, sun_w: float, phases: int
) -> None:
    async with switched(tmp_path, switching) as box:
        box.run(30, sun_w)

        assert box.wished == phases


@pytest.mark.parametrize(("outputs", "begins"), [(1, True), (3, False)])
async def test_the_sun_that_is_needed_follows_the_set_in_use(
    tmp_path: Path, outputs: int, *, begins: bool
) -> None:
    """2 kW are enough for 6 A on one phase and not on three."""
    async with switched(tmp_path) as box:
        box.run(5, 2000.0, outputs=outputs)
        box.run(300, 2000.0, state="B1", plugged=True)

        assert (box.most_a >= 6.0) is begins


DULL = UsualSun(7, (2000.0,) * 96, ((2000.0,) * 96,))


@pytest.mark.parametrize(("switching", "phases"), [("unplugged", 1), ("down", 1), ("auto", 3)])
async def test_the_sun_of_the_last_days_chooses_the_set_where_phases_never_rise(
    tmp_path: Path, switching: str, phases: int
) -> None:
    async def usual_sun() -> UsualSun:
        return DULL

    async with switched(tmp_path, switching, usual_sun=usual_sun) as box:
        learning = asyncio.create_task(box.phases.learn_sun())
        await asyncio.sleep(0)
        box.run(30, 5000.0)
        learning.cancel()

        assert box.wished == phases


async def test_a_store_that_cannot_be_read_leaves_the_surplus_of_the_moment(
    tmp_path: Path,
) -> None:
    async def usual_sun() -> UsualSun:
        raise StoreError("the disk is gone")

    async with switched(tmp_path, usual_sun=usual_sun) as box:
        learning = asyncio.create_task(box.phases.learn_sun())
        await asyncio.sleep(0)
        box.run(30, 5000.0)
        assert not learning.done()
        learning.cancel()

        assert box.wished == 3


async def test_days_that_cannot_be_read_are_logged_once_until_they_can(tmp_path: Path) -> None:
    reads: asyncio.Queue[bool] = asyncio.Queue()
    fails = iter([True, True, False, True, True])

    async def usual_sun() -> None:
        failed = next(fails)
        reads.put_nowait(failed)
        if failed:
            raise StoreError("the disk is gone")

    async with switched(tmp_path, usual_sun=usual_sun) as box:
        with capture_logs() as entries:
            learning = asyncio.create_task(box.phases.learn_sun())
            for _ in range(5):
                await reads.get()
                await asyncio.sleep(0)
                skip(LEARNT_EVERY_S)
            learning.cancel()

    said = [entry["reason"] for entry in entries if entry["log_level"] == "warning"]
    assert said == ["the disk is gone"] * 2


async def test_power_and_phases_follow_the_set_in_use(tmp_path: Path) -> None:
    async with switched(tmp_path) as box:
        box.run(3, 4000.0, state="C2", plugged=True, duty=0.2, closed=1)
        assert box.world.status(box.now).phases == 1
        assert box.world.charger.state.power_w(box.now) == pytest.approx(12.0 * 230.0)

        box.run(3, 4000.0, outputs=3, closed=3)
        assert box.world.status(box.now).phases == 3
        assert box.world.charger.state.power_w(box.now) == pytest.approx(3 * 12.0 * 230.0)


async def test_on_one_phase_nothing_is_learned_of_the_phases_of_the_car(tmp_path: Path) -> None:
    async with switched(tmp_path) as box:
        for _ in range(60):
            reading = CarReading(measured_at=box.now, current_a=(12.0, 0.0, 0.0))
            box.world.charger.set(replace(box.world.charger.state, car_meter=reading))
            box.run(1, 4000.0, state="C2", plugged=True, duty=0.2, closed=1)

        care = box.world.charger.state.care
        assert care is not None
        assert care.needs.phases == 0


async def test_a_draw_before_the_change_is_not_counted_on_the_phases_after_it(
    tmp_path: Path,
) -> None:
    """Else the sun would seem to be three times what it is for one reading."""
    async with switched(tmp_path) as box:
        box.run(300, 3680.0, state="C2", plugged=True, duty=0.2667, closed=1)
        box.run(1, None, state="B1", duty=1.0, closed=0, outputs=3)

        assert box.world.status(box.now).available_w == pytest.approx(3680.0, abs=400.0)


async def test_the_set_and_its_reason_are_in_the_status(tmp_path: Path) -> None:
    async with switched(tmp_path, "auto") as box:
        box.run(60, 5000.0, state="C2", plugged=True, duty=0.2, closed=1)
        found = box.world.status(box.now).phase_set
        assert found is not None
        assert (found.closes, found.wished, found.switching, found.switching_to) == (
            1,
            1,
            "auto",
            None,
        )
        assert "all phases are used from 4.3 kW on" in found.why
        assert found.left_s is not None
        assert 100.0 < found.left_s < 150.0
        assert found.hazard == HAZARD

        box.run(150, 5000.0, switching_to=3)
        found = box.world.status(box.now).phase_set
        assert found is not None
        assert (found.wished, found.switching_to) == (3, 3)


async def test_fast_and_a_fixed_current_take_all_phases(tmp_path: Path) -> None:
    async with switched(tmp_path) as box:
        box.world.recorder.orders.set_controls(Controls(mode=Mode.FAST))
        box.run(3, 0.0, state="B1", plugged=True)
        assert box.wished == 3
    async with switched(tmp_path / "fixed", fixed_a=10.0) as box:
        box.run(3, None, state="B1", plugged=True)
        assert box.wished == 3


async def test_nothing_is_asked_for_while_the_board_is_lost(tmp_path: Path) -> None:
    async with switched(tmp_path) as box:
        box.run(3, 5000.0, board_ok=False)

        assert box.limits.wish is None
        assert box.world.status(box.now).phase_set is None


async def test_a_central_system_that_allows_one_phase_has_it_asked_for_and_less_flows_till_then(
    tmp_path: Path,
) -> None:
    async with switched(tmp_path, ocpp=True) as box:
        box.world.recorder.orders.set_controls(Controls(mode=Mode.FAST))
        box.run(3, 9000.0, state="C2", plugged=True, duty=0.2667, outputs=3, closed=3)
        assert box.wished == 3
        step = CeilingStep(0.0, 16.0, "a profile", phases=1, shared_by=1)
        state = box.world.charger.state
        box.world.charger.set(replace(state, ocpp_ceiling=Ceiling((step,))))
        box.run(1, None)
        assert box.wished == 1
        assert box.most_a == pytest.approx(16.0 / 3)
        box.run(1, None, state="B1", duty=1.0, outputs=1, closed=0)
        assert box.most_a == 16.0
