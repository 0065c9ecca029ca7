# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to GetVariables, SetVariables and GetBaseReport."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.frontends.ocpp.clock import iso
from evsed.frontends.ocpp.keys import KeyRefusedError, changed, facts
from evsed.frontends.ocpp.rpc import CallAnswer
from evsed.frontends.ocpp.v201 import variables
from evsed.frontends.ocpp.v201.values import reason, status_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.frontends.ocpp.rpc import Payload
    from evsed.frontends.ocpp.session import CentralSession
    from evsed.frontends.ocpp.station import Station

ECHOED = ("component", "variable", "attributeType")


class VariableCalls:
    """The device model of *station*, as the central system asks for it."""

    def __init__(self, station: Station, session: CentralSession, identity: str) -> None:
        self._station = station
        self._session = session
        self._identity = identity

    def get(self, payload: Payload) -> CallAnswer:
        """Answer GetVariables."""
        known = self._known()
        return CallAnswer(
            {"getVariableResult": [_found(known, asked) for asked in payload["getVariableData"]]}
        )

    def set(self, payload: Payload) -> CallAnswer:
        """Answer SetVariables."""
        return CallAnswer(
            {"setVariableResult": [self._set(asked) for asked in payload["setVariableData"]]}
        )

    def base_report(self, payload: Payload) -> CallAnswer:
        """Answer GetBaseReport; the report follows in parts."""
        if payload["reportBase"] == "SummaryInventory":
            return status_answer("NotSupported")

        async def report() -> None:
            items = [variables.report_item(*item) for item in sorted(self._known().items())]
            most = variables.MOST_ITEMS
            parts = [items[at : at + most] for at in range(0, len(items), most)]
            for number, part in enumerate(parts):
                await self._session.rpc.call(
                    "NotifyReport",
                    {
                        "requestId": payload["requestId"],
                        "generatedAt": iso(self._station.clock.epoch()),
                        "seqNo": number,
                        "tbc": number < len(parts) - 1,
                        "reportData": part,
                    },
                )

        return CallAnswer({"status": "Accepted"}, report)

    def _known(self) -> dict[variables.Name, str]:
        station = self._station
        known_facts = facts(station.config)
        more = {
            ("ClockCtrlr", "DateTime"): iso(station.clock.epoch()),
            ("LocalAuthListCtrlr", "Entries"): str(len(station.local_list.entries)),
            ("SecurityCtrlr", "Identity"): self._identity,
            ("SecurityCtrlr", "SecurityProfile"): known_facts["SecurityProfile"],
            ("SmartChargingCtrlr", "Phases3to1"): known_facts["ConnectorSwitch3to1PhaseSupported"],
        }
        known = variables.all_of(station.values, more)
        known["OCPPCommCtrlr", "HeartbeatInterval"] = f"{self._session.heartbeat_s:.0f}"
        return known

    def _set(self, asked: Payload) -> Payload:
        known, name = self._known(), _name(asked)
        result: Payload = _echo(asked)
        status = _missing(known, name, asked.get("attributeType", "Actual"))
        if not status:
            status, key = "Rejected", variables.KEYS.get(name)
            if key is not None:
                try:
                    values = changed(self._station.values, key, asked["attributeValue"])
                    self._station.set_values(values)
                    status = "Accepted"
                except KeyRefusedError as error:
                    result["attributeStatusInfo"] = reason("InvalidValue", str(error))
        elif name == ("SecurityCtrlr", "BasicAuthPassword"):
            status = "Rejected"  # it is in a file of the owner
        return result | {"attributeStatus": status}


def _name(asked: Payload) -> variables.Name:
    return asked["component"]["name"], asked["variable"]["name"]


def _echo(asked: Payload) -> Payload:
    return {key: asked[key] for key in ECHOED if key in asked}


def _missing(known: Mapping[variables.Name, str], name: variables.Name, attribute: str) -> str:
    """Return the status of a variable that is not there; "" where it is."""
    if name in known:
        return "" if attribute == "Actual" else "NotSupportedAttributeType"
    there = name[0] in {component for component, _ in known}
    return "UnknownVariable" if there else "UnknownComponent"


def _found(known: Mapping[variables.Name, str], asked: Payload) -> Payload:
    name = _name(asked)
    result: Payload = _echo(asked)
    if status := _missing(known, name, asked.get("attributeType", "Actual")):
        return result | {"attributeStatus": status}
    return result | {"attributeStatus": "Accepted", "attributeValue": known[name]}
