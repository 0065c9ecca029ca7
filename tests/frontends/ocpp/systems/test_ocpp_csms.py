# SPDX-License-Identifier: GPL-3.0-or-later
"""Charges beside ocpp-csms, a central system of another author (`make ocpp-test`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import call
from ocpp_csms import (
    AvailabilityType,
    CentralSystem,
    MessageTrigger,
    TransactionStartedEvent,
    TransactionStoppedEvent,
)

from tests.frontends.ocpp.central import IN_TIME_S, Payload
from tests.frontends.ocpp.charger import charger
from tests.processes.test_controls import free_port

PASSWORD = "secret-secret-12"


@dataclass
class Peer:
    """The central system, and every event that it has sent."""

    system: Any
    events: list[Any] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.system.add_listener(self._on_event)

    def _on_event(self, event: object) -> None:
        self.events.append(event)
        self.changed.set()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.system.port}/ocpp"

    @property
    def point(self) -> Any:  # noqa: ANN401 - its library has no types here
        return self.system.charge_points["CP1"]

    async def seen(self, kind: type, count: int = 1) -> Any:  # noqa: ANN401
        """Wait for the *count*th event of *kind*."""
        async with asyncio.timeout(IN_TIME_S):
            while True:
                found = [event for event in self.events if isinstance(event, kind)]
                if len(found) >= count:
                    return found[count - 1]
                self.changed.clear()
                await self.changed.wait()

    async def status(self, wanted: str) -> None:
        """Wait until the connector has this status."""
        async with asyncio.timeout(IN_TIME_S):
            while True:
                points = self.system.charge_points
                connector = points["CP1"].connectors.get(1) if "CP1" in points else None
                if connector is not None and connector.status == wanted:
                    return
                self.changed.clear()
                await self.changed.wait()


async def let_in(identity: str, password: str | None) -> bool:
    return (identity, password) == ("CP1", PASSWORD)


@asynccontextmanager
async def peer(port: int = 0) -> AsyncIterator[Peer]:
    system = CentralSystem(host="127.0.0.1", port=port, authenticate=let_in)
    async with system:
        yield Peer(system)


@pytest.fixture
def password(tmp_path: Path) -> str:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    return str(tmp_path / "password")


def limit(max_a: float) -> Payload:
    period = {"startPeriod": 0, "limit": max_a}
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
    }


async def test_a_charge_by_remote_start_a_profile_and_a_remote_stop(
    tmp_path: Path, password: str
) -> None:
    async with (
        peer() as central,
        charger(central, tmp_path, password_file=password, authorize="remote") as box,
    ):
        await central.status("Available")
        configuration = await central.point.async_get_configuration()
        assert configuration.values["NumberOfConnectors"].value == "1"
        assert configuration.values["NumberOfConnectors"].readonly
        interval = ("MeterValueSampleInterval", "1")
        assert await central.point.async_change_configuration(*interval) == "Accepted"
        box.plug_in()
        await central.status("Preparing")
        assert await central.point.async_remote_start_transaction("TAG1", 1) == "Accepted"
        started = (await central.seen(TransactionStartedEvent)).transaction
        assert started.id_tag == "TAG1"
        sent = call.SetChargingProfile(1, limit(10.1))
        assert (await central.point.async_call(sent)).status == "Accepted"
        await box.until(lambda: box.max_a() == 10.1)
        box.charge(offered_a=10.1, drawn_a=10.0)
        await central.status("Charging")
        triggered = await central.point.async_trigger_message(MessageTrigger.METER_VALUES, 1)
        assert triggered == "Accepted"
        async with asyncio.timeout(IN_TIME_S):
            while (power := central.point.get_meter_reading(1, "Power.Active.Import")) is None:
                central.changed.clear()
                await central.changed.wait()
        assert power.unit == "W"
        box.count(1200.0)
        number = started.transaction_id
        assert await central.point.async_remote_stop_transaction(number) == "Accepted"
        stopped = (await central.seen(TransactionStoppedEvent)).transaction
        assert stopped.stop_reason == "Remote"
        assert stopped.transaction_id == number
        await box.until(lambda: box.max_a() == 0.0)
        box.unplug()
        await central.status("Available")
        out, again = AvailabilityType.INOPERATIVE, AvailabilityType.OPERATIVE
        assert await central.point.async_change_availability(1, out) == "Accepted"
        await central.status("Unavailable")
        assert await central.point.async_change_availability(1, again) == "Accepted"
        await central.status("Available")
        assert await central.point.async_unlock_connector(1) == "NotSupported"


async def test_an_end_while_the_central_system_was_down_reaches_it_afterwards(
    tmp_path: Path, password: str
) -> None:
    async with (
        peer(free_port()) as central,
        charger(central, tmp_path, password_file=password) as box,
    ):
        box.plug_in()
        number = (await central.seen(TransactionStartedEvent)).transaction.transaction_id
        await central.system.async_stop()
        box.count(500.0)
        box.unplug()
        await box.until(lambda: box.hub.reports[-1].view.queued > 0)
        await central.system.async_start()
        stopped = (await central.seen(TransactionStoppedEvent)).transaction
        assert stopped.transaction_id == number
        assert stopped.stop_reason == "EVDisconnected"
        assert stopped.energy_wh == 500
