# SPDX-License-Identifier: GPL-3.0-or-later
"""A charge beside ocpp-rpc in strict mode: another library and language (`make ocpp-test`)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.frontends.ocpp.central import IN_TIME_S, Payload
from tests.frontends.ocpp.charger import Box, charger

HERE = Path(__file__).parent
PACKAGE = os.environ.get("OCPP_RPC", str(HERE))
"""The folder in which npm has put ocpp-rpc."""


@dataclass
class Peer:
    """The central system: `lines` is what it has printed."""

    process: asyncio.subprocess.Process
    url: str = ""
    lines: list[Payload] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(json.loads(line))
            self.changed.set()

    async def seen(self, count: int = 1, **wanted: Any) -> Payload:  # noqa: ANN401 - JSON
        """Wait for the *count*th line that has all of *wanted*."""
        async with asyncio.timeout(IN_TIME_S):
            while True:
                found = [x for x in self.lines if all(x.get(k) == v for k, v in wanted.items())]
                if len(found) >= count:
                    return found[count - 1]
                self.changed.clear()
                await self.changed.wait()

    async def call(self, action: str, **payload: Any) -> Payload:  # noqa: ANN401 - JSON
        """Have it send a call; return the answer."""
        assert self.process.stdin is not None
        before = len([line for line in self.lines if "answer" in line])
        self.process.stdin.write(
            json.dumps({"action": action, "payload": payload}).encode() + b"\n"
        )
        async with asyncio.timeout(IN_TIME_S):
            while len(found := [line for line in self.lines if "answer" in line]) <= before:
                self.changed.clear()
                await self.changed.wait()
        answer: Payload = found[before]["answer"]
        return answer


@asynccontextmanager
async def peer(subprotocol: str) -> AsyncIterator[Peer]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "node", str(HERE / "server.mjs"), PACKAGE, subprotocol, stdin=pipe, stdout=pipe
    )
    made = Peer(process)
    reading = asyncio.create_task(made.read())
    try:
        async with asyncio.timeout(IN_TIME_S):
            while not made.lines:
                made.changed.clear()
                await made.changed.wait()
        made.url = f"ws://127.0.0.1:{made.lines[0]['port']}"
        yield made
    finally:
        process.kill()
        await process.wait()
        await reading
    assert [line for line in made.lines if "invalid" in line] == []
    assert [line for line in made.lines if "error" in line.get("answer", {})] == []


@pytest.fixture
def password(tmp_path: Path) -> str:
    (tmp_path / "password").write_text("secret-secret-12\n")
    return str(tmp_path / "password")


async def charge(central: Peer, box: Box, ended: str) -> None:
    box.charge()
    box.count(1200.0)
    await asyncio.sleep(0.2)  # the charge point follows the status fifty times a second
    box.unplug()
    await central.seen(call=ended)


async def test_a_charge_by_ocpp_16(tmp_path: Path, password: str) -> None:
    async with (
        peer("ocpp1.6") as central,
        charger(central, tmp_path, password_file=password) as box,
    ):
        assert (await central.seen(identity="CP1"))["password"] == "secret-secret-12"
        await central.seen(2, call="StatusNotification")
        answer = await central.call("GetConfiguration")
        assert len(answer["configurationKey"]) > 30
        box.plug_in()
        await central.seen(call="StartTransaction")
        schedule = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.1}],
        }
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": schedule,
        }
        sent = {"connectorId": 1, "csChargingProfiles": profile}
        assert await central.call("SetChargingProfile", **sent) == {"status": "Accepted"}
        await box.until(lambda: box.max_a() == 10.1)
        composite = await central.call("GetCompositeSchedule", connectorId=1, duration=600)
        assert composite["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 10.1
        await central.call("TriggerMessage", requestedMessage="MeterValues")
        await central.seen(call="MeterValues")
        await charge(central, box, "StopTransaction")


async def test_a_charge_by_ocpp_201(tmp_path: Path) -> None:
    async with peer("ocpp2.0.1") as central, charger(central, tmp_path) as box:
        await central.seen(call="StatusNotification")
        base = {"requestId": 1, "reportBase": "FullInventory"}
        assert await central.call("GetBaseReport", **base) == {"status": "Accepted"}
        await central.seen(call="NotifyReport")
        box.plug_in()
        await central.seen(call="TransactionEvent")
        schedule = {
            "id": 1,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 2300.0}],
        }
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }
        sent = {"evseId": 1, "chargingProfile": profile}
        assert await central.call("SetChargingProfile", **sent) == {"status": "Accepted"}
        await box.until(lambda: box.max_a() == 10.0)
        composite = await central.call("GetCompositeSchedule", evseId=1, duration=600)
        assert composite["schedule"]["chargingSchedulePeriod"][0]["limit"] == 10.0
        await charge(central, box, "TransactionEvent")
