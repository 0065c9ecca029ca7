# SPDX-License-Identifier: GPL-3.0-or-later
"""OCPP 1.6 against a real central system: Core, with every message checked by its schema."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ocpp.exceptions import InternalError

from evsed.core.energy.sessions import EndReason
from evsed.frontends.ocpp.keys import CHANGEABLE, facts
from tests.frontends.ocpp.central import CentralSystem, Payload, Refused
from tests.frontends.ocpp.charger import charger, config


@pytest.fixture
async def central() -> AsyncIterator[CentralSystem]:
    async with CentralSystem() as running:
        yield running
        assert running.invalid == []


async def test_a_charge_is_told_from_plug_to_unplug(central: CentralSystem, tmp_path: Path) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", connectorId=1, status="Available")
        box.plug_in()
        start = await central.seen("StartTransaction")
        box.charge()
        await central.seen("StatusNotification", connectorId=1, status="Charging")
        box.suspend("SuspendedEV")
        await central.seen("StatusNotification", connectorId=1, status="SuspendedEV")
        box.suspend("SuspendedEVSE")
        await central.seen("StatusNotification", connectorId=1, status="SuspendedEVSE")
        box.count(2500.4)
        box.unplug()
        stop = await central.seen("StopTransaction")
        await central.seen("StatusNotification", 2, connectorId=1, status="Available")

    boot = central.of("BootNotification")
    assert len(boot) == 1
    assert boot[0].payload["chargePointVendor"] == "evsed"
    assert start.payload["meterStart"] == 1000
    assert start.payload["idTag"] == "evsed"
    assert stop.payload["transactionId"] == 7
    assert stop.payload["meterStop"] == 3500
    assert stop.payload["reason"] == "EVDisconnected"


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (EndReason.POWER_CUT, "PowerLoss"),
        (EndReason.SHUTDOWN, "Reboot"),
        (EndReason.BOARD_LOST, "Other"),
        (EndReason.FEED, "EVDisconnected"),
    ],
)
async def test_a_transaction_that_ended_with_its_session_has_the_sessions_reason(
    central: CentralSystem, tmp_path: Path, end: EndReason, reason: str
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        box.unplug(end)
        assert (await central.seen("StopTransaction")).payload["reason"] == reason


async def test_the_owners_off_stops_the_transaction_and_rejects_a_remote_start(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        box.set_mode("off")
        assert (await central.seen("StopTransaction")).payload["reason"] == "Local"
        status = await central.seen("StatusNotification", connectorId=1, status="Preparing")
        assert status.payload["info"] == "switched off by the owner"
        assert await central.status_of("RemoteStartTransaction", idTag="A") == "Rejected"
        box.set_mode("solar")
        await central.seen("StartTransaction", 2)


async def test_a_remote_stop_holds_until_a_remote_start(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        box.charge()
        assert await central.status_of("RemoteStopTransaction", transactionId=99) == "Rejected"
        assert await central.status_of("RemoteStopTransaction", transactionId=7) == "Accepted"
        assert (await central.seen("StopTransaction")).payload["reason"] == "Remote"
        await central.seen("StatusNotification", connectorId=1, status="Finishing")
        await box.until(lambda: box.max_a() == 0.0)
        assert "remote start" in box.why
        tag = "a-random-tag-16c"
        assert await central.status_of("RemoteStartTransaction", idTag=tag) == "Accepted"
        assert (await central.seen("StartTransaction", 2)).payload["idTag"] == tag
        await box.until(lambda: box.max_a(in_s=61.0) is None)


async def test_with_remote_authorisation_nothing_flows_before_a_remote_start(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path, authorize="remote") as box:
        box.plug_in()
        await central.seen("StatusNotification", connectorId=1, status="Preparing")
        await box.until(lambda: box.max_a() == 0.0)
        assert "not authorised" in box.why
        answer = await central.status_of("RemoteStartTransaction", connectorId=1, idTag="A")
        assert answer == "Accepted"
        await central.seen("StartTransaction", idTag="A")
        await box.until(lambda: box.max_a(in_s=61.0) is None)


async def test_an_id_that_the_central_system_refuses_gets_nothing(
    central: CentralSystem, tmp_path: Path
) -> None:
    central.answers["Authorize"] = lambda _: {"idTagInfo": {"status": "Blocked"}}
    async with charger(central, tmp_path, authorize="id", id_tag="mine") as box:
        box.plug_in()
        await central.seen("Authorize", idTag="mine")
        await box.until(lambda: box.max_a() == 0.0)
        box.unplug()
        await central.seen("StatusNotification", connectorId=1, status="Available")
        central.answers["Authorize"] = lambda _: {"idTagInfo": {"status": "Accepted"}}
        box.plug_in()
        await central.seen("StartTransaction", idTag="mine")


async def test_an_id_that_turns_out_to_be_invalid_stops_the_transaction(
    central: CentralSystem, tmp_path: Path
) -> None:
    central.answers["StartTransaction"] = lambda _: {
        "transactionId": 12,
        "idTagInfo": {"status": "Invalid"},
    }
    async with charger(central, tmp_path, authorize="id") as box:
        box.plug_in()
        stop = await central.seen("StopTransaction")
        assert (stop.payload["transactionId"], stop.payload["reason"]) == (12, "DeAuthorized")
        assert box.max_a() == 0.0


async def test_out_of_use_waits_for_the_transaction_and_outlives_a_restart(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        change = {"connectorId": 0, "type": "Inoperative"}
        assert await central.status_of("ChangeAvailability", **change) == "Scheduled"
        box.unplug()
        await central.seen("StatusNotification", connectorId=1, status="Unavailable")
        box.plug_in()
        await box.until(lambda: box.max_a() == 0.0)
        assert "out of use" in box.why
    async with charger(central, tmp_path, box) as box:
        await central.seen("StatusNotification", 2, connectorId=1, status="Unavailable")
        assert await central.status_of("RemoteStartTransaction", idTag="A") == "Rejected"
        change["type"] = "Operative"
        assert await central.status_of("ChangeAvailability", **change) == "Accepted"
        await central.seen("StartTransaction", 2)


async def test_every_key_is_answered_and_what_cannot_be_is_refused(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path):
        await central.seen("StatusNotification", 2)
        answer = await central.call("GetConfiguration")
        values = {entry["key"]: entry for entry in answer["configurationKey"]}
        assert values.keys() == {*CHANGEABLE, *facts(config(central, tmp_path))}
        assert values["HeartbeatInterval"]["value"] == "300"
        assert values["NumberOfConnectors"] == {
            "key": "NumberOfConnectors",
            "readonly": True,
            "value": "1",
        }
        asked = await central.call("GetConfiguration", key=["Nonsense", "websocketpinginterval"])
        assert asked["unknownKey"] == ["Nonsense"]
        assert asked["configurationKey"][0]["value"] == "20"

        async def change(key: str, value: str) -> str:
            return await central.status_of("ChangeConfiguration", key=key, value=value)

        assert await change("MeterValueSampleInterval", "30") == "Accepted"
        assert await change("MeterValueSampleInterval", "-1") == "Rejected"
        assert await change("MeterValueSampleInterval", "many") == "Rejected"
        assert await change("LocalPreAuthorize", "maybe") == "Rejected"
        assert await change("MeterValuesSampledData", "Current.Import,SoC") == "Rejected"
        assert await change("MeterValuesSampledData", "Current.Import") == "Accepted"
        assert await change("NumberOfConnectors", "2") == "Rejected"
        assert await change("AuthorizationKey", "0123456789abcdef") == "Rejected"
        assert await change("Nonsense", "1") == "NotSupported"
        answer = await central.call("GetConfiguration", key=["MeterValuesSampledData"])
        assert answer["configurationKey"][0]["value"] == "Current.Import"


async def test_what_evsed_has_not_is_declined(central: CentralSystem, tmp_path: Path) -> None:
    async with charger(central, tmp_path):
        await central.seen("StatusNotification", 2)
        assert await central.status_of("UnlockConnector", connectorId=1) == "NotSupported"
        assert await central.status_of("ClearCache") == "Rejected"
        assert await central.status_of("DataTransfer", vendorId="acme") == "UnknownVendorId"
        assert await central.status_of("CancelReservation", reservationId=1) == "Rejected"
        reservation = {"connectorId": 1, "expiryDate": "2030-01-01T00:00:00Z", "idTag": "A"}
        assert await central.status_of("ReserveNow", reservationId=1, **reservation) == "Rejected"
        for action, payload in (
            ("UpdateFirmware", {"location": "http://x", "retrieveDate": "2030-01-01T00:00:00Z"}),
            ("GetDiagnostics", {"location": "ftp://x"}),
            ("SignedUpdateFirmware", {"requestId": 1}),
        ):
            with pytest.raises(Refused, match="NotSupported"):
                await central.call(action, **payload)
        with pytest.raises(Refused, match="NotImplemented"):
            await central.call("MakeCoffee", cups=2)


async def test_messages_are_sent_when_they_are_triggered(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        for message in ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification"):
            before = len(central.of(message))
            asked = await central.status_of("TriggerMessage", requestedMessage=message)
            assert asked == "Accepted"
            await central.seen(message, before + 1)
        asked = await central.status_of(
            "TriggerMessage", requestedMessage="FirmwareStatusNotification"
        )
        assert asked == "NotImplemented"
        values = central.of("MeterValues")[-1].payload
        assert values["transactionId"] == 7
        sampled = {v["measurand"]: v for v in values["meterValue"][0]["sampledValue"]}
        assert sampled["Energy.Active.Import.Register"]["value"] == "1000"
        assert sampled["Energy.Active.Import.Register"]["context"] == "Trigger"


async def test_a_reset_ends_the_transaction_and_boots_again(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await central.seen("StartTransaction")
        assert await central.status_of("Reset", type="Soft") == "Accepted"
        assert (await central.seen("StopTransaction")).payload["reason"] == "SoftReset"
        await central.seen("BootNotification", 2)
        assert central.connections == 2


async def test_until_the_boot_is_accepted_nothing_else_is_sent(
    central: CentralSystem, tmp_path: Path
) -> None:
    accepted = central.answers["BootNotification"]
    statuses = iter(["Pending", "Rejected"])

    def boot(payload: Payload) -> Payload:
        status = next(statuses, "Accepted")
        return {**accepted(payload), "status": status, "interval": 1}

    central.answers["BootNotification"] = boot
    async with charger(central, tmp_path):
        await central.seen("StatusNotification")
    actions = [came.action for came in central.came]
    assert actions[:3] == ["BootNotification"] * 3


async def test_a_message_that_is_refused_is_tried_again_and_then_dropped(
    central: CentralSystem, tmp_path: Path
) -> None:
    def fail(_: Payload) -> Payload:
        raise InternalError

    good = central.answers["StartTransaction"]
    central.answers["StartTransaction"] = fail
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification", 2)
        for key, value in (
            ("TransactionMessageRetryInterval", "0"),
            ("TransactionMessageAttempts", "2"),
        ):
            await central.call("ChangeConfiguration", key=key, value=value)
        box.plug_in()
        second = await central.seen("StartTransaction", 2)
        assert second.message_id == central.of("StartTransaction")[0].message_id
        central.answers["StartTransaction"] = good
        box.unplug()
        assert (await central.seen("StopTransaction")).payload["transactionId"] == -1
    assert len(central.of("StartTransaction")) == 2
