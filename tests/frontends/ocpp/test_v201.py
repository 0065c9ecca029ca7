# SPDX-License-Identifier: GPL-3.0-or-later
"""OCPP 2.0.1 against a real central system, with every message checked by its schema."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from evsed.frontends.ocpp.v201.variables import FACTS, KEYS
from tests.frontends.ocpp.central import CentralSystem, Payload, Refused
from tests.frontends.ocpp.charger import Box, charger

TOKEN = {"idToken": "somebody", "type": "Central"}


@pytest.fixture
async def central() -> AsyncIterator[CentralSystem]:
    async with CentralSystem(protocols=("ocpp2.0.1", "ocpp1.6")) as running:
        yield running
        assert running.invalid == []


def profile(limit: float, purpose: str = "TxDefaultProfile", **more: Any) -> Payload:  # noqa: ANN401
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    plain = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    }
    return plain | more


async def events(central: CentralSystem, kind: str, count: int = 1) -> Payload:
    return (await central.seen("TransactionEvent", count, eventType=kind)).payload


async def test_a_charge_is_a_transaction_with_events_in_their_order(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        boot = await central.seen("BootNotification")
        assert boot.payload["reason"] == "PowerUp"
        await central.seen("StatusNotification", connectorStatus="Available")
        box.plug_in()
        started = await events(central, "Started")
        await central.seen("StatusNotification", connectorStatus="Occupied")
        box.charge()
        await box.until(lambda: len(central.of("TransactionEvent", eventType="Updated")) > 1)
        box.count(1500.0)
        box.unplug()
        ended = await events(central, "Ended")
        shown = box.hub.shown.ocpp
        assert shown is not None
        assert shown.version == "2.0.1"
    told = [came.payload for came in central.of("TransactionEvent")]
    assert [event["seqNo"] for event in told] == list(range(len(told)))
    assert len({event["transactionInfo"]["transactionId"] for event in told}) == 1
    states = [event["transactionInfo"].get("chargingState") for event in told]
    assert "Charging" in states
    assert ended["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    first, last = (event["meterValue"][0]["sampledValue"][0] for event in (started, ended))
    assert last["value"] - first["value"] == 1500
    assert (first["context"], last["context"]) == ("Transaction.Begin", "Transaction.End")


async def test_a_version_that_is_set_is_the_only_one_offered(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path, version="1.6"):
        await central.seen("BootNotification")
        assert central.version == "1.6"


async def test_remote_start_and_stop(central: CentralSystem, tmp_path: Path) -> None:
    async with charger(central, tmp_path, authorize="remote") as box:
        box.set_mode("off")
        box.plug_in()
        await central.seen("StatusNotification", connectorStatus="Occupied")
        start: Payload = {"idToken": TOKEN, "remoteStartId": 5, "evseId": 1}
        refused = await central.call("RequestStartTransaction", **start)
        assert refused["status"] == "Rejected"
        assert "owner" in refused["statusInfo"]["additionalInfo"]
        start["evseId"] = 2
        assert await central.status_of("RequestStartTransaction", **start) == "Rejected"
        start["evseId"] = 1
        box.set_mode("solar")
        own = profile(7.0, "TxProfile")
        await central.seen("StatusNotification", 2, connectorStatus="Occupied")
        for strange in (own | {"transactionId": "x"}, profile(7.0, "TxDefaultProfile")):
            start["chargingProfile"] = strange
            assert await central.status_of("RequestStartTransaction", **start) == "Rejected"
        start["chargingProfile"] = own
        answer = await central.call("RequestStartTransaction", **start)
        assert answer["status"] == "Accepted"
        started = await events(central, "Started")
        assert started["triggerReason"] == "RemoteStart"
        assert started["transactionInfo"]["remoteStartId"] == 5
        assert started["idToken"] == TOKEN
        await box.until(lambda: box.max_a() == 7.0)
        key = answer["transactionId"]
        status = await central.call("GetTransactionStatus", transactionId=key)
        assert status["ongoingIndicator"]
        assert await central.status_of("RequestStopTransaction", transactionId="x") == "Rejected"
        assert await central.status_of("RequestStopTransaction", transactionId=key) == "Accepted"
        ended = await events(central, "Ended")
        assert ended["transactionInfo"]["stoppedReason"] == "Remote"
        assert ended["triggerReason"] == "RemoteStop"


async def test_profiles_are_set_reported_composed_and_cleared(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        key = (await events(central, "Started"))["transactionInfo"]["transactionId"]

        async def put(sent: Payload, evse: int = 1) -> str:
            return await central.status_of("SetChargingProfile", evseId=evse, chargingProfile=sent)

        assert await put(profile(9.0)) == "Accepted"
        await box.until(lambda: box.max_a() == 9.0)
        most = profile(8.5, "ChargingStationMaxProfile", id=2)
        assert await put(most, 0) == "Accepted"
        await box.until(lambda: box.max_a() == 8.5)
        assert await put(profile(6.0, "TxProfile", id=3)) == "Rejected"
        assert await put(profile(6.0, "TxProfile", id=3, transactionId=key)) == "Accepted"
        await box.until(lambda: box.max_a() == 6.0)
        external = profile(6.0, "ChargingStationExternalConstraints", id=4)
        assert await put(external, 0) == "Rejected"
        answer = await central.call("GetCompositeSchedule", evseId=1, duration=60)
        assert answer["schedule"]["chargingSchedulePeriod"][0]["limit"] == 6.0
        asked = {"chargingProfilePurpose": "TxProfile"}
        found = await central.status_of("GetChargingProfiles", requestId=7, chargingProfile=asked)
        assert found == "Accepted"
        report = (await central.seen("ReportChargingProfiles")).payload
        assert report["chargingProfile"][0]["transactionId"] == key
        nothing = {"chargingProfileId": [77]}
        assert (
            await central.status_of("GetChargingProfiles", requestId=8, chargingProfile=nothing)
            == "NoProfiles"
        )
        assert await central.status_of("ClearChargingProfile", chargingProfileId=3) == "Accepted"
        criteria = {"chargingProfilePurpose": "ChargingStationMaxProfile"}
        cleared = await central.status_of("ClearChargingProfile", chargingProfileCriteria=criteria)
        assert cleared == "Accepted"
        await box.until(lambda: box.max_a() == 9.0)
        assert await central.status_of("ClearChargingProfile", chargingProfileId=3) == "Unknown"


async def test_variables_are_read_set_and_reported(central: CentralSystem, tmp_path: Path) -> None:
    def asked(component: str, variable: str, **more: str) -> Payload:
        return {"component": {"name": component}, "variable": {"name": variable}, **more}

    async with charger(central, tmp_path):
        await central.seen("StatusNotification")
        answer = await central.call(
            "GetVariables",
            getVariableData=[
                asked("OCPPCommCtrlr", "HeartbeatInterval"),
                asked("OCPPCommCtrlr", "Nonsense"),
                asked("Nonsense", "Nonsense"),
                asked("OCPPCommCtrlr", "HeartbeatInterval", attributeType="MaxSet"),
            ],
        )
        results = answer["getVariableResult"]
        assert [result["attributeStatus"] for result in results] == [
            "Accepted",
            "UnknownVariable",
            "UnknownComponent",
            "NotSupportedAttributeType",
        ]
        assert results[0]["attributeValue"] == "300"
        answer = await central.call(
            "SetVariables",
            setVariableData=[
                asked("SampledDataCtrlr", "TxUpdatedInterval", attributeValue="30"),
                asked("SampledDataCtrlr", "TxUpdatedInterval", attributeValue="often"),
                asked("TxCtrlr", "TxStartPoint", attributeValue="EVConnected"),
                asked("SecurityCtrlr", "BasicAuthPassword", attributeValue="0123456789abcdef"),
            ],
        )
        statuses = [result["attributeStatus"] for result in answer["setVariableResult"]]
        assert statuses == ["Accepted", "Rejected", "Rejected", "Rejected"]
        base = {"requestId": 3, "reportBase": "FullInventory"}
        assert await central.status_of("GetBaseReport", **base) == "Accepted"
        report = (await central.seen("NotifyReport", tbc=False)).payload
        names = {
            (item["component"]["name"], item["variable"]["name"]) for item in report["reportData"]
        }
        assert names >= KEYS.keys() | FACTS.keys()
        base["reportBase"] = "SummaryInventory"
        assert await central.status_of("GetBaseReport", **base) == "NotSupported"


async def test_a_reset_when_idle_waits_for_the_end_of_the_transaction(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        box.plug_in()
        await events(central, "Started")
        assert await central.status_of("Reset", type="OnIdle") == "Scheduled"
        box.unplug()
        await events(central, "Ended")
        assert (await central.seen("BootNotification", 2)).payload["reason"] == "RemoteReset"
        box.plug_in()
        await events(central, "Started", 2)
        assert await central.status_of("Reset", type="Immediate") == "Accepted"
        ended = await events(central, "Ended", 2)
        assert ended["transactionInfo"]["stoppedReason"] == "ImmediateReset"
        await central.seen("BootNotification", 3)


async def test_the_list_availability_triggers_and_what_is_declined(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path, authorize="id", id_tag="mine") as box:
        await central.seen("StatusNotification")
        entry = {
            "idToken": {"idToken": "MINE", "type": "Central"},
            "idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": "2099-01-01T00:00:00Z"},
        }
        sent = {"versionNumber": 2, "updateType": "Full", "localAuthorizationList": [entry]}
        assert await central.status_of("SendLocalList", **sent) == "Accepted"
        sent["updateType"] = "Differential"
        assert await central.status_of("SendLocalList", **sent) == "VersionMismatch"
        assert (await central.call("GetLocalListVersion"))["versionNumber"] == 2
        change = {"operationalStatus": "Inoperative"}
        assert await central.status_of("ChangeAvailability", **change) == "Accepted"
        await central.seen("StatusNotification", connectorStatus="Unavailable")
        change["operationalStatus"] = "Operative"
        assert await central.status_of("ChangeAvailability", **change) == "Accepted"
        for message in ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification"):
            before = len(central.of(message))
            trigger = await central.status_of("TriggerMessage", requestedMessage=message)
            assert trigger == "Accepted"
            await central.seen(message, before + 1)
        trigger = await central.status_of("TriggerMessage", requestedMessage="SignV2GCertificate")
        assert trigger == "NotImplemented"
        box.plug_in()
        assert (await events(central, "Started"))["idToken"]["idToken"] == "mine"
        assert central.of("Authorize") == []
        unlock = {"evseId": 1, "connectorId": 1}
        assert await central.status_of("UnlockConnector", **unlock) == "UnlockFailed"
        assert await central.status_of("ClearCache") == "Rejected"
        with pytest.raises(Refused, match="NotSupported"):
            await central.call("CostUpdated", totalCost=1.0, transactionId="x")


async def test_a_transaction_that_began_offline_says_so(
    central: CentralSystem, tmp_path: Path
) -> None:
    async with charger(central, tmp_path) as box:
        await central.seen("StatusNotification")
        await central.stop()
        await box.until(lambda: box.hub.shown.ocpp is not None and not _connected(box))
        box.plug_in()
        await box.until(lambda: _queued(box) > 0)
    async with charger(central, tmp_path, box):
        await central.start()
        assert (await events(central, "Started"))["offline"] is True


def _connected(box: Box) -> bool:
    return box.hub.shown.ocpp is not None and box.hub.shown.ocpp.connected


def _queued(box: Box) -> int:
    return 0 if box.hub.shown.ocpp is None else box.hub.shown.ocpp.queued


async def test_a_profile_names_its_phases_and_the_one_that_is_used_alone_is_the_first(
    central: CentralSystem, tmp_path: Path
) -> None:
    def sent(**more: int) -> Payload:
        period = {"startPeriod": 0, "limit": 12.0, **more}
        schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        return {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": [schedule],
        }

    async def put(**more: int) -> str:
        return await central.status_of("SetChargingProfile", evseId=1, chargingProfile=sent(**more))

    asked = {
        "component": {"name": "SmartChargingCtrlr"},
        "variable": {"name": "Phases3to1"},
    }
    async with charger(central, tmp_path, phases_fall=True) as box:
        box.plug_in()
        await central.seen("TransactionEvent")
        answer = await central.call("GetVariables", getVariableData=[asked])
        assert answer["getVariableResult"][0]["attributeValue"] == "true"
        for wrong in ({"phaseToUse": 1}, {"numberPhases": 1, "phaseToUse": 2}):
            assert await put(**wrong) == "Rejected"
        assert await put(numberPhases=1, phaseToUse=1) == "Accepted"
        await box.until(lambda: (box.max_a(), box.phases) == (12.0, 1))
        everything = {"chargingProfileId": [1]}
        await central.call("GetChargingProfiles", requestId=1, chargingProfile=everything)
        report = (await central.seen("ReportChargingProfiles")).payload["chargingProfile"][0]
        found = report["chargingSchedule"][0]["chargingSchedulePeriod"]
        assert found == [{"startPeriod": 0, "limit": 12.0, "numberPhases": 1}]
