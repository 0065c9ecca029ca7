# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of the central system in the daemon, followed to its end by itself."""

from __future__ import annotations

from pathlib import Path

from evsed.core.car.care import CarCare, CarCareConfig
from evsed.core.ocpp.ceiling import Ceiling, CeilingStep
from evsed.core.pilot.limits import lowest
from evsed.daemon.limit_calculator import LimitCalculator
from evsed.daemon.ocpp_limit import STARTS_WITHIN_S, OcppLimit
from evsed.frontends.hub import OcppReport
from evsed.frontends.ocpp import OcppConfig
from evsed.frontends.views import OcppView
from tests.daemon.daemon_world import NOON, World, feed_terms, life

CONFIG = OcppConfig(url="ws://central/ocpp", path=Path("unused"))
VIEW = OcppView(
    url="ws://central/ocpp",
    identity="CP1",
    connected=True,
    version="1.6",
    trouble="",
    id_tag=None,
    profile="",
    profiles=0,
    queued=0,
)


def limits(world: World, config: OcppConfig = CONFIG) -> LimitCalculator:
    guard = OcppLimit(config, world.charger, started_at=100.0)
    care = CarCare(CarCareConfig())
    return LimitCalculator(feed_terms(16.0), world.charger, world.recorder, care, (guard,))


async def test_the_plan_is_followed_although_the_part_that_made_it_is_gone(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        made = limits(world)
        plan = Ceiling((CeilingStep(0.0, 12.0, "a profile"), CeilingStep(150.0, 6.0, "offline")))
        await world.hub.report_ocpp(OcppReport(plan, VIEW))
        found = [lowest(made.update(now, NOON), now) for now in (110.0, 149.0, 150.0, 9e9)]
        assert [(limit.owner, limit.max_a) for limit in found] == [
            ("ocpp", 12.0),
            ("ocpp", 12.0),
            ("ocpp", 6.0),
            ("ocpp", 6.0),
        ]
        assert world.status().ocpp == VIEW


async def test_a_ceiling_raises_nothing(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        made = limits(world)
        await world.hub.report_ocpp(OcppReport(Ceiling((CeilingStep(0.0, 80.0),)), VIEW))
        assert lowest(made.update(110.0, NOON), 110.0).max_a == 16.0
        await world.hub.report_ocpp(OcppReport(Ceiling((CeilingStep(0.0, None),)), VIEW))
        found = made.update(111.0, NOON)
        assert lowest(found, 111.0).max_a == 16.0
        assert all(limit.owner != "ocpp" for limit in found)


async def test_before_the_first_report_nothing_flows_and_then_only_where_all_may_charge(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        to_all = limits(world)
        after = 100.0 + STARTS_WITHIN_S
        assert lowest(to_all.update(101.0, NOON), 101.0).max_a == 0.0
        assert lowest(to_all.update(after, NOON), after).max_a == 6.0
        remote = OcppConfig(url="ws://central/ocpp", path=Path("unused"), authorize="remote")
        assert lowest(limits(world, remote).update(9e6, NOON), 9e6).max_a == 0.0
