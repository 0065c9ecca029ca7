# SPDX-License-Identifier: GPL-3.0-or-later
"""From a snapshot with a meter's amperes to the status, the sessions and the allotment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evsed.core.solar.allotment import AllotmentConfig
from evsed.core.solar.reading import Reading
from evsed.link import Tick
from tests.daemon.daemon_world import NOON, life
from tests.daemon.test_summary import CHARGING

OFFERED_A = 12.0  # the duty of 20 % that CHARGING has
METERED = replace(CHARGING, drawn_a=7.5)


async def test_a_meters_current_goes_before_what_is_offered(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.ticks.handle(Tick(replace(CHARGING, at=100.0)), NOON)
        assert world.status(100.0).drawn_a == pytest.approx(OFFERED_A)
        assert not world.status(100.0).drawn_measured
        world.ticks.handle(Tick(replace(METERED, at=100.2)), NOON)
        status = world.status(100.2)
        assert (status.drawn_a, status.power_w, status.drawn_measured) == (7.5, 7.5 * 230, True)


async def test_with_the_contactor_open_nothing_is_drawn_whatever_a_meter_reads(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        world.ticks.handle(Tick(replace(METERED, at=100.0, closed=0)), NOON)
        assert world.charger.state.drawn_a(100.0) == 0.0
        assert not world.charger.state.charging(100.0)


async def test_a_session_is_measured_as_long_as_every_part_of_it_was(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        world.plug_in()
        for second in range(3):
            world.ticks.handle(Tick(replace(METERED, at=100.0 + second)), NOON)
        session = world.recorder.totals.session
        assert session is not None
        assert session.measured
        assert session.energy_wh == pytest.approx(2 * 7.5 * 230 / 3600)
        for second in (3, 4):
            world.ticks.handle(Tick(replace(CHARGING, at=100.0 + second)), NOON)
        session = world.recorder.totals.session
        assert session is not None
        assert not session.measured


async def test_the_allotment_counts_on_what_the_meter_reads(tmp_path: Path) -> None:
    given = {}
    for name, snapshot in (("metered", METERED), ("offered", CHARGING)):
        (tmp_path / name).mkdir()
        async with life(tmp_path / name) as world:
            config = AllotmentConfig(semantics="battery_power", window_s=0.0)
            limits = world.limits(None, config)
            for second in range(20):
                at = 80.0 + second
                world.ticks.handle(Tick(replace(snapshot, at=at)), NOON)
                limits.update(at, NOON)
            limits.on_reading(100.0, Reading(excess_w=0.0, stamp="1", age_s=0.0))
            world.ticks.handle(Tick(replace(snapshot, at=100.0)), NOON)
            limits.update(100.0, NOON)
            assert world.charger.state.allotment is not None
            given[name] = world.charger.state.allotment.available_w
    assert given["metered"] == pytest.approx(7.5 * 230, abs=1)
    assert given["offered"] == pytest.approx(12.0 * 230, abs=1)
