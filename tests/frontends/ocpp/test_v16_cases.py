# SPDX-License-Identifier: GPL-3.0-or-later
"""Test cases of a charge point of OCPP 1.6 that no other file plays; docs/ocpp.md has the table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from evsed.core.pilot.faults import Fault
from evsed.frontends.views import FaultView
from tests.frontends.ocpp.central import CentralSystem
from tests.frontends.ocpp.charger import charger
from tests.frontends.web.web_world import NOON


@pytest.fixture
async def central() -> AsyncIterator[CentralSystem]:
    async with CentralSystem() as running:
        yield running
        assert running.invalid == []


@pytest.mark.parametrize(("kind", "reason"), [("Hard", "HardReset"), ("Soft", "SoftReset")])
@pytest.mark.parametrize("charging", [False, True])
async def test_a_reset_of_either_kind_boots_again_and_ends_what_was_under_way(
    central: CentralSystem, tmp_path: Path, kind: str, reason: str, *, charging: bool
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        if charging:
            box.plug_in()
            await central.seen("StartTransaction")
        assert await central.status_of("Reset", type=kind) == "Accepted"
        await central.seen("BootNotification", 2)
        if charging:
            assert (await central.seen("StopTransaction")).payload["reason"] == reason
        else:
            assert central.of("StopTransaction") == []


async def test_a_fault_is_shown_with_its_code_and_its_end(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        box.set_faults(FaultView(Fault.GROUND.value, "6 mA", "", "", "auto", NOON))
        seen = await central.seen("StatusNotification", connectorId=1, status="Faulted")
        assert seen.payload["errorCode"] == "GroundFailure"
        assert seen.payload["vendorErrorCode"] == Fault.GROUND.value
        await central.seen("StatusNotification", connectorId=0, status="Faulted")
        assert await central.status_of("RemoteStartTransaction", idTag="A") == "Rejected"
        box.set_faults()
        good = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        await central.seen("StatusNotification", 2, **good)


@pytest.mark.parametrize("connector", [0, 2])
async def test_a_remote_start_of_a_connector_that_is_not_there_is_rejected(
    central: CentralSystem, tmp_path: Path, connector: int
) -> None:
    async with charger(central, tmp_path, authorize="remote"):
        await central.seen("StatusNotification", 2)
        sent = {"connectorId": connector, "idTag": "A"}
        assert await central.status_of("RemoteStartTransaction", **sent) == "Rejected"


async def test_a_remote_start_that_no_car_follows_is_over_after_the_time_out(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path, authorize="remote") as box:
        await central.seen("StatusNotification", 2)
        change = {"key": "ConnectionTimeOut", "value": "0"}
        assert await central.status_of("ChangeConfiguration", **change) == "Accepted"
        assert await central.status_of("RemoteStartTransaction", idTag="A") == "Accepted"
        box.plug_in()
        await central.seen("StatusNotification", connectorId=1, status="Preparing")
        await box.until(lambda: box.max_a() == 0.0)
        assert central.of("StartTransaction") == []


@pytest.mark.parametrize(("listed", "begins"), [("Accepted", True), ("Blocked", False)])
async def test_offline_the_local_list_decides_and_the_start_is_sent_afterwards(
    central: CentralSystem, tmp_path: Path, listed: str, *, begins: bool
) -> None:
    entry = {"idTag": "mine", "idTagInfo": {"status": listed}}
    sent = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    async with charger(central, tmp_path, authorize="id", id_tag="mine") as box:
        await central.seen("StatusNotification", 2)
        assert await central.status_of("SendLocalList", **sent) == "Accepted"
        await central.stop()
        await box.until(lambda: not box.hub.reports[-1].view.connected)
        box.plug_in()
        if begins:
            await box.until(lambda: box.hub.reports[-1].view.id_tag == "mine")
        await central.start()
        if begins:
            await central.seen("StartTransaction", idTag="mine")
            return
        await central.seen("BootNotification", 2)
        await central.seen("StatusNotification", connectorId=1, status="Preparing")
        assert box.max_a() == 0.0
        assert central.of("StartTransaction") == []
