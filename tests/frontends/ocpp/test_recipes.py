# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls with which Home Assistant and evcc set a charge point up, replayed; a small fleet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from evsed.frontends.ocpp.readings import MEASURANDS
from tests.benchmarks.bench_fleet import SUPPLY_A, day
from tests.benchmarks.warp_loop import WarpLoop
from tests.frontends.ocpp.central import CentralSystem
from tests.frontends.ocpp.charger import Box, charger
from tests.frontends.ocpp.test_v16_profiles import profile, put


@pytest.fixture
async def central() -> AsyncIterator[CentralSystem]:
    async with CentralSystem() as running:
        yield running
        assert running.invalid == []


def offers(box: Box, limit_a: float) -> bool:
    return box.max_a() == limit_a


async def value_of(central: CentralSystem, key: str) -> str:
    answer = await central.call("GetConfiguration", key=[key])
    return str(answer["configurationKey"][0]["value"])


async def change(central: CentralSystem, key: str, value: str) -> str:
    return await central.status_of("ChangeConfiguration", key=key, value=value)


async def test_home_assistant_sets_up_limits_and_switches(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        assert "SmartCharging" in await value_of(central, "SupportedFeatureProfiles")
        assert await value_of(central, "NumberOfConnectors") == "1"
        assert await value_of(central, "HeartbeatInterval") == "300"
        # All that it knows at once is refused, so that it finds out one by one.
        everything = ",".join([*MEASURANDS, "Voltage", "SoC", "Temperature"])
        assert await change(central, "MeterValuesSampledData", everything) == "Rejected"
        for name in MEASURANDS:
            assert await change(central, "MeterValuesSampledData", name) == "Accepted"
        known = ",".join(MEASURANDS)
        assert await change(central, "MeterValuesSampledData", known) == "Accepted"
        assert await change(central, "MeterValueSampleInterval", "60") == "Accepted"
        assert await change(central, "ClockAlignedDataInterval", "900") == "Accepted"
        trigger = {"requestedMessage": "StatusNotification"}
        assert await central.status_of("TriggerMessage", **trigger) == "Accepted"
        box.plug_in()
        await central.seen("StartTransaction")
        assert await value_of(central, "ChargingScheduleAllowedChargingRateUnit") == "Current,Power"
        slider = profile(
            (0, 12.0),
            chargingProfileId=1000,
            stackLevel=int(await value_of(central, "ChargeProfileMaxStackLevel")),
            chargingProfilePurpose="ChargePointMaxProfile",
        )
        assert await put(central, slider, connector=0) == "Accepted"
        await box.until(lambda: box.max_a() == 12.0)
        assert await central.status_of("RemoteStopTransaction", transactionId=7) == "Accepted"
        await box.until(lambda: box.max_a() == 0.0)
        start = {"connectorId": 1, "idTag": "0123456789abcdef"}
        assert await central.status_of("RemoteStartTransaction", **start) == "Accepted"
        await box.until(lambda: box.max_a() == 12.0)


async def test_evcc_sets_up_and_follows_the_sun_in_amperes(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        assert "SmartCharging" in await value_of(central, "SupportedFeatureProfiles")
        assert await value_of(central, "ConnectorSwitch3to1PhaseSupported") == "false"
        assert await change(central, "WebSocketPingInterval", "30") == "Accepted"
        assert await change(central, "MeterValueSampleInterval", "10") == "Accepted"
        box.plug_in()
        await central.seen("StartTransaction")
        for limit in (0.0, 6.0, 8.3, 16.0):
            sent = profile((0, limit), schedule={"startSchedule": "2026-01-01T00:00:00Z"})
            assert await put(central, sent | {"chargingProfileKind": "Absolute"}) == "Accepted"
            await box.until(partial(offers, box, limit))


async def test_meter_values_come_sampled_and_aligned(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        assert await change(central, "MeterValueSampleInterval", "1") == "Accepted"
        assert await change(central, "ClockAlignedDataInterval", "1") == "Accepted"
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
