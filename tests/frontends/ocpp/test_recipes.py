# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes of docs/fleet.md, played with the calls that evcc and Home Assistant send."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from evsed.settings.ocpp import OcppSettings
from tests.benchmarks.bench_fleet import SUPPLY_A, day
from tests.benchmarks.warp_loop import WarpLoop
from tests.frontends.ocpp.central import CentralSystem
from tests.frontends.ocpp.charger import Box, charger
from tests.frontends.ocpp.peers import Circuit, Evcc, HomeAssistant

DOCS = Path(__file__).parents[3] / "docs"
SITE_A = 25.0
"""The supply of both chargers in the recipes."""


@pytest.fixture
async def central() -> AsyncIterator[CentralSystem]:
    async with CentralSystem() as running:
        yield running
        assert running.invalid == []


@pytest.fixture
async def other() -> AsyncIterator[CentralSystem]:
    async with CentralSystem() as running:
        yield running
        assert running.invalid == []


def offers(box: Box, limit_a: float) -> bool:
    return box.max_a() == limit_a


async def follows(box: Box, limit_a: float) -> None:
    await box.until(partial(offers, box, limit_a))


def recipe(name: str) -> dict[str, Any]:
    """Return [ocpp] as the recipe called *name* has it, without the address and the identity."""
    text = (DOCS / "fleet.md").read_text().split(f"**{name}.**")[1]
    lines = text.split("    [ocpp]\n")[1].splitlines()
    block = [line for line in lines[: lines.index("")] if line.startswith("    ")]
    settings = tomllib.loads("\n".join(line.strip() for line in block))
    known = OcppSettings(**settings)
    return {key: getattr(known, key) for key in settings if key not in ("url", "identity")}


async def test_home_assistant_sets_up_limits_and_switches(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        home = HomeAssistant(central)
        await home.set_up()
        box.plug_in()
        await central.seen("StartTransaction")
        assert await home.slide(12.0) == "Accepted"
        await follows(box, 12.0)
        assert await home.switch_off(7) == "Accepted"
        await follows(box, 0.0)
        assert await home.switch_on() == "Accepted"
        await follows(box, 12.0)


async def test_evcc_sets_up_and_follows_the_sun_in_amperes(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        evcc = Evcc(central)
        await evcc.set_up()
        assert not evcc.switches_phases
        box.plug_in()
        await central.seen("StartTransaction")
        for limit_a in (0.0, 6.0, 8.3, 16.0):
            assert await evcc.set_current(limit_a) == "Accepted"
            await follows(box, limit_a)


async def test_evcc_asks_for_one_phase_where_phases_are_switched(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path, phases_fall=True) as box:
        box.set_phases(3)
        await central.seen("StatusNotification", 2)
        evcc = Evcc(central)
        await evcc.set_up()
        box.plug_in()
        await central.seen("StartTransaction")
        assert await evcc.set_current(10.0) == "Accepted"
        await follows(box, 10.0)
        assert box.phases == 0
        assert await evcc.set_phases(1) == "Accepted"
        await box.until(lambda: box.phases == 1)
        box.set_phases(1)  # the box has switched
        await follows(box, 10.0)
        assert await evcc.set_phases(3) == "Accepted"
        await box.until(lambda: box.phases == 3)


@pytest.mark.source
async def test_two_chargers_share_a_supply_by_the_circuit_of_evcc(
    central: CentralSystem, other: CentralSystem, tmp_path: Path
) -> None:
    set_as = recipe("evcc")
    (tmp_path / "left").mkdir()
    (tmp_path / "right").mkdir()
    async with (
        charger(central, tmp_path / "left", **set_as) as left,
        charger(other, tmp_path / "right", **set_as) as right,
    ):
        boxes = ((Evcc(central), left), (Evcc(other), right))
        for evcc, box in boxes:
            await evcc.central.seen("StatusNotification", 2)
            await evcc.set_up()
            assert await evcc.set_current(0.0) == "Accepted"
            box.plug_in()
            await evcc.central.seen("StartTransaction")
        circuit = Circuit(SITE_A)
        wishes = ((16.0, 0.0), (16.0, 16.0), (6.0, 16.0), (6.0, 16.0), (16.0, 6.0), (16.0, 6.0))
        shares = []
        for wished in wishes:
            for (evcc, box), wished_a in zip(boxes, wished, strict=True):
                flows_a = sum(each.max_a for each, _ in boxes)
                share_a = circuit.validate(evcc.max_a, wished_a, flows_a)
                assert await evcc.set_current(share_a) == "Accepted"
                await follows(box, share_a)
                assert (left.max_a() or 0.0) + (right.max_a() or 0.0) <= SITE_A
            shares.append((left.max_a(), right.max_a()))
        assert shares == [(16, 0), (16, 9), (6, 16), (6, 16), (9, 6), (16, 6)]
        assert offline_a(left) + offline_a(right) <= SITE_A


@pytest.mark.source
async def test_two_chargers_share_a_supply_by_the_sliders_of_home_assistant(
    central: CentralSystem, other: CentralSystem, tmp_path: Path
) -> None:
    set_as = recipe("Home Assistant")
    (tmp_path / "left").mkdir()
    (tmp_path / "right").mkdir()
    async with (
        charger(central, tmp_path / "left", **set_as) as left,
        charger(other, tmp_path / "right", **set_as) as right,
    ):
        homes = (HomeAssistant(central), HomeAssistant(other))
        boxes = (left, right)
        for home, box in zip(homes, boxes, strict=True):
            await home.central.seen("StatusNotification", 2)
            await home.set_up()
            assert await home.slide(6.0) == "Accepted"
            box.plug_in()
            await home.central.seen("StartTransaction")
            await follows(box, 6.0)
        # The left car leaves; it comes back; the right one leaves; both are gone.
        for shares in ((6.0, 19.0), (12.5, 12.5), (19.0, 6.0), (6.0, 6.0)):
            for place, max_a in ((0, 6.0), (1, 6.0), *enumerate(shares)):
                assert await homes[place].slide(max_a) == "Accepted"
                await follows(boxes[place], max_a)
                assert (left.max_a() or 0.0) + (right.max_a() or 0.0) <= SITE_A
        assert offline_a(left) + offline_a(right) <= SITE_A


def offline_a(box: Box) -> float:
    """The ceiling of *box* when the central system has been away for twice the keep time."""
    limit_a = box.max_a(in_s=2 * OcppSettings().offline_keep_s + 1.0)
    assert limit_a is not None
    return limit_a


async def test_meter_values_come_sampled_and_aligned(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        evcc = Evcc(central)
        assert await evcc.change("MeterValueSampleInterval", "1") == "Accepted"
        assert await evcc.change("ClockAlignedDataInterval", "1") == "Accepted"
        box.plug_in()
        await central.seen("StartTransaction")
        box.charge()
        await central.seen("MeterValues", 4, transactionId=7)
        contexts = {
            sample["context"]
            for came in central.of("MeterValues")
            for value in came.payload["meterValue"]
            for sample in value["sampledValue"]
        }
        assert contexts == {"Sample.Periodic", "Sample.Clock"}


def test_a_small_fleet_never_offers_more_than_its_supply(tmp_path: Path) -> None:
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        supply = runner.run(day(12, 4.0, tmp_path))
    assert 12.0 <= supply.most_offered_a <= SUPPLY_A
