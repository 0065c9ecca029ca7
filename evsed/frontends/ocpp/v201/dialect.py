# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the charge point in OCPP 2.0.1: boot, status, and the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evsed import __version__
from evsed.frontends.ocpp.clock import ClockStamp, iso
from evsed.frontends.ocpp.v201.handlers import Handlers201
from evsed.frontends.ocpp.v201.values import EVSE, meter_value, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.frontends.ocpp.memory import Item
    from evsed.frontends.ocpp.readings import ConnectorStatus
    from evsed.frontends.ocpp.rpc import Payload
    from evsed.frontends.ocpp.session import Call, CentralSession
    from evsed.frontends.ocpp.station import Station

STATUSES: Final = {"Available": "Available", "Unavailable": "Unavailable", "Faulted": "Faulted"}
"""The statuses that 2.0.1 shares with 1.6; every other is Occupied."""
STATES: Final = {
    "Charging": "Charging",
    "SuspendedEV": "SuspendedEV",
    "SuspendedEVSE": "SuspendedEVSE",
}
"""ChargingStateEnumType by the status; every other is EVConnected."""
STOPPED: Final = {
    "EVDisconnected": ("EVDisconnected", "EVCommunicationLost"),
    "Local": ("Local", "StopAuthorized"),
    "Remote": ("Remote", "RemoteStop"),
    "DeAuthorized": ("DeAuthorized", "Deauthorized"),
    "SoftReset": ("ImmediateReset", "ResetCommand"),
    "HardReset": ("ImmediateReset", "ResetCommand"),
    "EmergencyStop": ("EmergencyStop", "AbnormalCondition"),
    "PowerLoss": ("PowerLoss", "AbnormalCondition"),
    "Reboot": ("Reboot", "AbnormalCondition"),
}
"""stoppedReason and triggerReason for each reason of 1.6; ("Other", "AbnormalCondition") else."""


class Dialect201:
    """OCPP 2.0.1 for *station*, called *identity*, in *session*."""

    def __init__(self, station: Station, session: CentralSession, identity: str) -> None:
        self._station = station
        self._identity = identity
        self.handlers = Handlers201(station, session, self, identity).by_action

    def boot(self, reason: str) -> Call:
        """Return the BootNotification because of *reason*."""
        machine = {
            "vendorName": "evsed",
            "model": "evsed",
            "serialNumber": self._identity[:25],
            "firmwareVersion": __version__[:50],
        }
        return "BootNotification", {"reason": reason, "chargingStation": machine}

    def status(self, status: ConnectorStatus) -> list[Call]:
        """Return the StatusNotification of the connector."""
        payload = {
            "timestamp": iso(self._station.clock.epoch()),
            "connectorStatus": STATUSES.get(status.status, "Occupied"),
            "evseId": EVSE["id"],
            "connectorId": EVSE["connectorId"],
        }
        return [("StatusNotification", payload)]

    def authorize(self, id_tag: str) -> Call:
        """Return the question about *id_tag*."""
        return "Authorize", {"idToken": {"idToken": id_tag, "type": "Central"}}

    def accepted(self, answer: Payload) -> bool:
        """Return True where *answer* accepts the idToken."""
        return _status(answer) == "Accepted"

    def call_of(self, item: Item) -> Call | None:
        """Return *item* of the queue as a call; None for samples without any."""
        body = item.body
        stamp = self._station.clock.iso_of(ClockStamp(*body["at"]))
        if item.kind == "meter" and not body["tx"]:
            values = [meter_value(body["values"], body["context"], stamp)]
            return "MeterValues", {"evseId": EVSE["id"], "meterValue": values}
        event: Payload = {"timestamp": stamp, "seqNo": body["sequence"]}
        if not body["online"]:
            event["offline"] = True
        event |= getattr(self, f"_{item.kind}")(body, stamp)
        event["transactionInfo"]["transactionId"] = body["tx"]
        return "TransactionEvent", event

    def _start(self, body: Payload, stamp: str) -> Payload:
        remote = body["remote_id"]
        info: Payload = {"chargingState": "EVConnected"}
        if remote is not None:
            info["remoteStartId"] = remote
        plugged = "CablePluggedIn" if self._station.config.authorize == "free" else "Authorized"
        return {
            "eventType": "Started",
            "triggerReason": plugged if remote is None else "RemoteStart",
            "transactionInfo": info,
            "evse": dict(EVSE),
            "idToken": {
                "idToken": body["id_tag"][:36],
                "type": "Local" if remote is None else "Central",
            },
            "meterValue": [register(body["register_wh"], "Transaction.Begin", stamp)],
        }

    def _update(self, body: Payload, _: str) -> Payload:
        return {
            "eventType": "Updated",
            "triggerReason": "ChargingStateChanged",
            "transactionInfo": {"chargingState": STATES.get(body["state"], "EVConnected")},
        }

    def _meter(self, body: Payload, stamp: str) -> Payload:
        aligned = body["context"] == "Sample.Clock"
        return {
            "eventType": "Updated",
            "triggerReason": "MeterValueClock" if aligned else "MeterValuePeriodic",
            "transactionInfo": {},
            "meterValue": [meter_value(body["values"], body["context"], stamp)],
        }

    def _stop(self, body: Payload, stamp: str) -> Payload:
        reason, trigger = STOPPED.get(body["reason"], ("Other", "AbnormalCondition"))
        return {
            "eventType": "Ended",
            "triggerReason": trigger,
            "transactionInfo": {"stoppedReason": reason},
            "meterValue": [register(body["register_wh"], "Transaction.End", stamp)],
        }

    def on_answer(self, item: Item, answer: Payload) -> Mapping[str, Any]:
        """Use *answer* to *item*; there is nothing to be kept."""
        if item.kind == "start" and (status := _status(answer)) != "Accepted":
            self._station.on_id_tag_refused(item.body["tx"], status)
        return {}


def _status(answer: Payload) -> str:
    info = answer.get("idTokenInfo")
    return str(info.get("status")) if isinstance(info, dict) else "Accepted"
