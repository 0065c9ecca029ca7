# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the charge point in OCPP 1.6: boot, status, and the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evsed import __version__
from evsed.frontends.ocpp.clock import ClockStamp, iso
from evsed.frontends.ocpp.readings import ConnectorStatus, error_code
from evsed.frontends.ocpp.v16.handlers import Handlers
from evsed.frontends.ocpp.v16.meter_values import meter_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.frontends.ocpp.memory import Item
    from evsed.frontends.ocpp.rpc import Payload
    from evsed.frontends.ocpp.session import Call, CentralSession
    from evsed.frontends.ocpp.station import Station

CONNECTOR: Final = 1
UNKNOWN: Final = -1
"""The number of a transaction whose start the central system did not take."""


class Dialect16:
    """OCPP 1.6 for *station*, called *identity*, in *session*."""

    version = "1.6"

    def __init__(self, station: Station, session: CentralSession, identity: str) -> None:
        self._station = station
        self._identity = identity
        self.handlers = Handlers(station, session, self).by_action

    def boot(self, reason: str) -> Call:
        """Return the BootNotification; 1.6 has no place for *reason*."""
        del reason
        return "BootNotification", {
            "chargePointVendor": "evsed",
            "chargePointModel": "evsed",
            "chargeBoxSerialNumber": self._identity[:25],
            "firmwareVersion": __version__[:50],
        }

    def status(self, status: ConnectorStatus) -> list[Call]:
        """Return the StatusNotifications of the charge point and of its connector."""
        whole = status.status if status.status in ("Faulted", "Unavailable") else "Available"
        return [
            ("StatusNotification", self.status_of(connector, text, status))
            for connector, text in ((0, whole), (CONNECTOR, status.status))
        ]

    def status_of(self, connector: int, text: str, status: ConnectorStatus) -> Payload:
        """Return the payload that says *text* of *connector*."""
        payload: Payload = {
            "connectorId": connector,
            "status": text,
            "errorCode": error_code(status.fault) if status.fault else "NoError",
            "timestamp": iso(self._station.clock.epoch()),
        }
        if status.fault:
            payload |= {"vendorId": "evsed", "vendorErrorCode": status.fault[:50]}
        if status.note:
            payload["info"] = status.note[:50]
        return payload

    def authorize(self, id_tag: str) -> Call:
        """Return the question about *id_tag*."""
        return "Authorize", {"idTag": id_tag[:20]}

    def accepted(self, answer: Payload) -> bool:
        """Return True where *answer* accepts the idTag."""
        return _status(answer) == "Accepted"

    def call_of(self, item: Item) -> Call | None:
        """Return *item* of the queue as a call; None where 1.6 has no such message."""
        body = item.body
        stamp = self._station.clock.iso_of(ClockStamp(*body["at"]))
        match item.kind:
            case "start":
                return "StartTransaction", {
                    "connectorId": CONNECTOR,
                    "idTag": body["id_tag"][:20],
                    "meterStart": body["register_wh"],
                    "timestamp": stamp,
                }
            case "stop":
                return "StopTransaction", {
                    "transactionId": self._station.ids.get(body["tx"], UNKNOWN),
                    "meterStop": body["register_wh"],
                    "timestamp": stamp,
                    "reason": body["reason"],
                }
            case "meter":
                number = self._station.ids.get(body["tx"])
                return "MeterValues", meter_values(
                    body["values"], body["context"], stamp, number, CONNECTOR
                )
            case _:
                return None

    def on_answer(self, item: Item, answer: Payload) -> Mapping[str, Any]:
        """Use *answer* to *item*; return what is to be kept: the numbers of transactions."""
        station, key = self._station, item.body["tx"]
        if item.kind == "start":
            number = answer.get("transactionId")
            if isinstance(number, int) and not isinstance(number, bool):
                station.ids[key] = number
            if (status := _status(answer)) != "Accepted":
                station.on_id_tag_refused(key, status)
        elif item.kind == "stop":
            station.ids.pop(key, None)
        else:
            return {}
        return {"ids": station.ids}


def _status(answer: Payload) -> str:
    info = answer.get("idTagInfo")
    return str(info.get("status")) if isinstance(info, dict) else "Accepted"
