# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner's plan in the daemon: from the order to the limit, over restarts, and its outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from evsed.core.energy.sessions import Flow
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit, lowest
from evsed.core.solar.allotment_config import Mode
from evsed.core.solar.reading import Reading
from evsed.core.user.claims import Claim
from evsed.core.user.plan import ChargePlan
from evsed.core.user.prices import GridPrices
from evsed.core.user.tariff import Tariff
from evsed.core.user.usual_sun import UsualSun
from evsed.core.user.weekly_window import WeeklyWindow
from evsed.daemon.orders import PLAN_NOTE
from evsed.daemon.planned_goal import planned_goal
from evsed.store import Store
from tests.daemon.daemon_world import World, life
from tests.daemon.test_summary import CHARGING

if TYPE_CHECKING:
    from pathlib import Path

    from evsed.daemon.limit_calculator import LimitCalculator

EVENING = datetime(2026, 11, 27, 20, tzinfo=UTC)
SEVEN = datetime(2026, 11, 28, 7, tzinfo=UTC)
PLAN = ChargePlan.parse("20 kWh by 2026-11-28 07:00")
BEGINS = SEVEN - timedelta(hours=20 / 7.36 * 1.1, seconds=300)
"""20 kWh at 32 A and 230 V, with the reserve."""


class Night:
    """A car plugged in, the sun gone, and a plan; `at()` is one second of the daemon."""

    def __init__(self, world: World, *, plug_in: bool = True) -> None:
        self.world = world
        self.limits: LimitCalculator = world.limits(None)
        self.now = 100.0
        self.plugged = plug_in
        if plug_in:
            world.plug_in()

    def plan(self, plan: ChargePlan = PLAN) -> None:
        orders = self.world.recorder.orders
        orders.set_controls(replace(orders.controls, plan=plan))

    def snapshot(self, **changes: object) -> None:
        self.now += 1.0
        snapshot = replace(CHARGING, at=self.now, drawn_a=None, limits=(), **changes)  # type: ignore[arg-type]
        self.world.charger.set(replace(self.world.charger.state, snapshot=snapshot))

    def at(self, local: datetime, **changes: object) -> Limit:
        """Return the lowest limit at *local*."""
        self.snapshot(**changes)
        return lowest(self.limits.update(self.now, local), self.now)

    def settled(self, local: datetime, **changes: object) -> Limit:
        """Return the lowest limit some seconds later: an offer rises in steps."""
        for _ in range(20):
            self.at(local, **changes)
        return self.at(local, **changes)

    def charge(self, kwh: float) -> None:
        """Charge *kwh* within a second."""
        ledger = self.world.recorder._ledger  # noqa: SLF001 - the energy that ticks would count
        day = EVENING.date()
        ledger.add(self.now, day, Flow(power_w=kwh * 3_600_000, measured=True))
        self.now += 1.0
        ledger.add(self.now, day, Flow())

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.world.charger.state.events]


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own zone is that of the tests."""
    import time  # noqa: PLC0415

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


async def test_it_waits_for_the_sun_and_then_charges_without_it(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan()
        waiting = night.at(EVENING)
        assert (waiting.owner, waiting.max_a) == ("feed", 0.0)
        shown = world.status(night.now).plan
        assert shown is not None
        assert shown.begins is not None
        assert shown.begins.timestamp() == pytest.approx(BEGINS.timestamp(), abs=2)
        night.at(EVENING + timedelta(seconds=60.3))
        later = world.status(night.now).plan
        assert later is not None
        assert later.begins == shown.begins  # a moment that is the same, not a countdown
        assert "on it charges without waiting for the sun" in shown.text
        (time,) = shown.times
        assert abs((time.begin - BEGINS).total_seconds()) <= 60
        assert time.end == SEVEN
        assert night.at(BEGINS - timedelta(seconds=5)).max_a == 0.0
        charging = night.settled(BEGINS + timedelta(seconds=5))
        assert (charging.owner, charging.max_a) == ("plan", 32.0)
        assert charging.why == "the plan: 20 kWh by Sat 07:00"
        shown = world.status(night.now).plan
        assert shown is not None
        assert shown.charges


async def test_the_most_that_the_feed_allows_holds_and_the_plan_is_the_reason(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan()
        late = SEVEN - timedelta(hours=1)
        night.at(late)
        for _ in range(8):
            night.limits.on_reading(
                night.now, Reading(excess_w=0.0, maximum_w=2300.0, stamp=str(night.now), age_s=0.0)
            )
            night.settled(late)
        found = night.at(late)
        assert found.max_a == pytest.approx(10.0)
        assert found.owner == "feed"
        assert found.why.startswith("the plan: 20 kWh by Sat 07:00: the feed allows 2.3 kW")


async def test_with_a_tariff_the_cheapest_time_is_taken(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        world.charger.set(
            replace(world.charger.state, prices=GridPrices(Tariff.parse("0.32, 22:00-02:00 0.18")))
        )
        night.plan()
        two = SEVEN - timedelta(hours=5)
        assert night.at(EVENING).max_a == 0.0
        assert night.settled(two - timedelta(hours=1)).max_a == 32.0
        assert night.at(two - timedelta(seconds=5)).max_a == 32.0


async def test_it_sets_the_weekly_window_aside(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan()
        orders = world.recorder.orders
        orders.set_controls(replace(orders.controls, window=WeeklyWindow.parse("12:00-12:01")))
        assert night.at(EVENING).owner == "schedule"
        assert night.settled(SEVEN - timedelta(hours=1)).max_a == 32.0


async def test_nothing_that_holds_against_the_owner_is_overridden(tmp_path: Path) -> None:
    late = SEVEN - timedelta(hours=1)
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan()
        orders = world.recorder.orders
        before = orders.controls
        orders.set_controls(replace(before, mode=Mode.OFF))
        off = night.settled(late)
        assert (off.owner, off.max_a) == ("owner", 0.0)
        orders.set_controls(replace(before, max_current_a=10.0))
        assert night.settled(late).max_a == 10.0
        orders.set_controls(before)
        await orders.place_claim("broker", "mqtt", Claim(charging=False))
        assert (night.settled(late).owner, night.settled(late).max_a) == ("mqtt", 0.0)
        await orders.place_claim("box", "mqtt", Claim(only_sun=True))
        assert night.settled(late).max_a == 0.0
        assert world.charger.state.plan is not None
        assert world.charger.state.plan.step.trouble == "only the sun was asked for"
        await orders.withdraw_claim("broker", "mqtt")
        night.settled(late, faults={Fault.DIODE: "as the test has it"})
        assert world.charger.state.plan.step.trouble == "a fault: DiodeFault"
        fuse = Limit("house", 0.0, why="the house uses its whole fuse")
        night.snapshot()
        world.charger.set(replace(world.charger.state, limits=(fuse,)))
        night.limits.update(night.now, late)
        assert world.charger.state.plan.step.trouble == "the house uses its whole fuse"


async def test_a_goal_that_is_reached_ends_with_the_plan_as_the_reason(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan()
        late = SEVEN - timedelta(hours=2)
        night.at(EVENING)
        assert night.at(late).owner == "plan"
        night.charge(20.1)
        ended = night.at(late)
        assert (ended.owner, ended.max_a) == ("plan", 0.0)
        assert night.at(late, closed=0).owner == "feed"  # the sun decides from now on
        night.at(SEVEN)
        assert world.recorder.orders.controls.plan is None
        assert "the plan was reached: 20 kWh by Sat 07:00" in night.texts


async def test_what_the_car_had_before_the_plan_does_not_count(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.charge(5.0)
        night.plan()
        night.at(EVENING)
        night.charge(3.0)
        night.at(EVENING)
        assert world.charger.state.plan is not None
        assert world.charger.state.plan.done_wh == pytest.approx(3000)


async def test_a_missed_plan_is_reported_once_with_the_reason(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world, plug_in=False)
        night.plan(ChargePlan.parse("20 kWh by 2026-11-28 07:00, 10 kWh by Sun 07:00"))
        for minute in range(10):
            night.at(SEVEN - timedelta(minutes=15 - minute), closed=0, plugged=False)
            night.now += 60.0
        warnings = [text for text in night.texts if "will not be reached: no car" in text]
        assert len(warnings) == 1
        night.at(SEVEN)
        night.at(SEVEN + timedelta(seconds=1))
        missed = [text for text in night.texts if "was not reached" in text]
        assert len(missed) == 1
        assert missed[0].startswith("the plan was not reached: 0.0 of 20 kWh by Sat 07:00; no car")
        assert str(world.recorder.orders.controls.plan) == "10 kWh by Sun 07:00"
        night.at(SEVEN - timedelta(seconds=5))  # the clock is put back
        assert world.charger.state.plan is not None
        assert world.charger.state.plan.goal.kwh == 10


async def test_a_goal_of_the_week_is_not_due_twice_when_the_clock_is_put_back(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan(ChargePlan.parse("20 kWh by Sat 07:00"))
        night.at(SEVEN - timedelta(seconds=1))
        night.at(SEVEN + timedelta(seconds=1))
        night.at(SEVEN - timedelta(seconds=2))
        night.at(SEVEN + timedelta(seconds=1))
        assert len([text for text in night.texts if "was not reached" in text]) == 1


async def test_how_far_it_is_outlives_a_restart(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.charge(5.0)
        night.plan()
        night.at(EVENING)
        night.charge(3.0)
        night.at(EVENING)
        await world.write()
    async with life(tmp_path) as world:
        night = Night(world, plug_in=False)
        night.at(EVENING)  # before the pilot has shown the car
        world.plug_in()
        night.at(EVENING)
        assert world.charger.state.plan is not None
        assert world.charger.state.plan.done_wh == pytest.approx(3000)


async def test_a_plan_that_was_missed_while_evsed_did_not_run_is_reported(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan()
        night.at(EVENING)
    async with life(tmp_path) as world:
        night = Night(world, plug_in=False)
        assert world.recorder.orders.controls.plan == PLAN
        night.at(SEVEN + timedelta(hours=3))
        assert world.recorder.orders.controls.plan is None
        assert any("evsed was not running then" in text for text in night.texts)


async def test_progress_that_makes_no_sense_is_dropped_and_the_plan_holds(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        Night(world).plan()
    store = Store(tmp_path / "evsed.db")
    store.put(PLAN_NOTE, {"goal": 7})
    store.close()
    async with life(tmp_path) as world:
        night = Night(world)
        night.at(EVENING)
        assert world.charger.state.plan is not None
        assert world.charger.state.plan.goal == PLAN.goals[0]


async def test_a_clock_that_was_never_set_makes_no_plan(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan(ChargePlan.parse("20 kWh by Mon-Sun 07:00"))
        assert night.at(datetime(1970, 1, 1, 6, 59, tzinfo=UTC)).max_a == 0.0
        assert world.charger.state.plan is None


async def test_an_order_for_once_gets_a_date_and_one_that_is_over_is_left_out(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        orders = world.recorder.orders
        await orders.update_controls("page", {"plan": "20 kWh by 07:00"})
        assert orders.controls.plan is not None
        assert orders.controls.plan.goals[0].on is not None
        outcome = await orders.update_controls("page", {"plan": "20 kWh by 2020-01-01 07:00"})
        assert outcome == "no plan; a goal whose date is over was left out"
        await orders.update_controls("page", {"plan": "20 kWh by Mon 07:00"})
        assert await orders.update_controls("page", {"plan": None}) == "no plan"


async def test_what_is_expected_of_the_plan_goes_on_from_what_is_done_now(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        night = Night(world)
        night.plan()
        night.at(EVENING)
        plan, controls = world.charger.state.plan, world.recorder.orders.controls
        assert plan is not None
        night_hours = planned_goal(plan, controls, None, None)
        assert night_hours.at == EVENING
        assert (night_hours.due, night_hours.sun_days) == (SEVEN, 0)
        begins_s = (BEGINS - EVENING).total_seconds()
        assert night_hours.forecast.begins_s == pytest.approx(begins_s, abs=2)
        assert night_hours.forecast.energy_wh == pytest.approx(20_000, abs=2)
        sun = UsualSun(5, (2300.0,) * 96)
        bright = planned_goal(plan, controls, sun, 0.0).forecast
        assert bright.sun_wh == pytest.approx(20_000, abs=2)  # 2.3 kW for nearly nine hours
        assert bright.begins_s is None
        night.at(BEGINS + timedelta(seconds=5))
        plan = world.charger.state.plan
        assert plan is not None
        assert planned_goal(plan, controls, None, None).forecast.begins_s == 0
