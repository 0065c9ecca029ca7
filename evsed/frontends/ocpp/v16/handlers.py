# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to the calls of the central system in OCPP 1.6.

A payload has passed the published schema. What still makes no sense raises ValueError, which
becomes an error that names it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from ocpp.exceptions import NotSupportedError

from evsed.core.ocpp.profiles import Purpose
from evsed.core.ocpp.transactions import StopReason
from evsed.frontends.ocpp.clock import iso
from evsed.frontends.ocpp.keys import CHANGEABLE, KeyRefusedError, changed, facts, shown
from evsed.frontends.ocpp.rpc import CallAnswer
from evsed.frontends.ocpp.shared_answers import (
    CONNECTORS,
    change_list,
    composite_schedule,
    list_entry,
    place_profile,
    refuses_start,
    reset_after,
    start_profile,
    triggered,
)
from evsed.frontends.ocpp.v16.meter_values import meter_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.frontends.ocpp.rpc import Handler, Payload
    from evsed.frontends.ocpp.session import CentralSession, Dialect
    from evsed.frontends.ocpp.station import Station

_NOT_SUPPORTED: Final = ("UpdateFirmware", "GetDiagnostics")

log = structlog.get_logger()


class Handlers:
    """The answers of *station*; *session* and *dialect* send what follows from some."""

    def __init__(self, station: Station, session: CentralSession, dialect: Dialect) -> None:
        self._station = station
        self._session = session
        self._dialect = dialect
        self.by_action: Mapping[str, Handler] = {
            "CancelReservation": lambda _: _status("Rejected"),
            "ChangeAvailability": self._change_availability,
            "ChangeConfiguration": self._change_configuration,
            "ClearCache": lambda _: _status("Rejected"),  # there is no cache
            "ClearChargingProfile": self._clear_profile,
            "DataTransfer": lambda _: _status("UnknownVendorId"),
            "GetCompositeSchedule": self._composite_schedule,
            "GetConfiguration": self._get_configuration,
            "GetLocalListVersion": self._list_version,
            "RemoteStartTransaction": self._remote_start,
            "RemoteStopTransaction": self._remote_stop,
            "ReserveNow": lambda _: _status("Rejected"),
            "Reset": self._reset,
            "SendLocalList": self._send_list,
            "SetChargingProfile": self._set_profile,
            "TriggerMessage": self._trigger,
            "UnlockConnector": lambda _: _status("NotSupported"),  # there is no lock
            **dict.fromkeys(_NOT_SUPPORTED, _not_supported),
        }

    # --- Core ---------------------------------------------------------------------------------

    def _change_availability(self, payload: Payload) -> CallAnswer:
        if payload["connectorId"] not in CONNECTORS:
            return _status("Rejected")
        at_once = self._station.set_operative(operative=payload["type"] == "Operative")
        return _status("Accepted" if at_once else "Scheduled")

    def _change_configuration(self, payload: Payload) -> CallAnswer:
        key, station = payload["key"], self._station
        name = next((known for known in CHANGEABLE if known.lower() == key.lower()), None)
        if name is None:
            fixed = key.lower() in {known.lower() for known in facts(station.config)}
            # The password is in a file of the owner, not in the central system's hand.
            return _status("Rejected" if fixed or key == "AuthorizationKey" else "NotSupported")
        try:
            station.set_values(changed(station.values, name, payload["value"]))
        except KeyRefusedError as error:
            log.info("the central system set a key in vain", key=name, reason=str(error))
            return _status("Rejected")
        return _status("Accepted")

    def _get_configuration(self, payload: Payload) -> CallAnswer:
        values = shown(self._station.values)
        if not self._station.values.heartbeat_set:
            values["HeartbeatInterval"] = f"{self._session.heartbeat_s:.0f}"
        known = values | facts(self._station.config)
        asked = payload.get("key") or list(known)
        by_lower = {key.lower(): key for key in known}
        found = [by_lower[key.lower()] for key in asked if key.lower() in by_lower]
        answer: Payload = {
            "configurationKey": [
                {"key": key, "readonly": key not in CHANGEABLE, "value": known[key]}
                for key in dict.fromkeys(found)
            ]
        }
        if unknown := [key for key in asked if key.lower() not in by_lower]:
            answer["unknownKey"] = unknown
        return CallAnswer(answer)

    def _remote_start(self, payload: Payload) -> CallAnswer:
        station, id_tag = self._station, payload["idTag"]
        if payload.get("connectorId", 1) != 1:
            return _status("Rejected")
        profile = None
        if (sent := payload.get("chargingProfile")) is not None:
            profile = start_profile(station, sent)
            if profile is None:
                return _status("Rejected")
        if refuses_start(station):
            return _status("Rejected")
        entry = station.local_list.find(id_tag)
        listed = station.values.list_enabled and entry is not None
        if not station.values.authorize_remote or (
            listed and entry is not None and entry.accepted(station.clock.epoch())
        ):
            station.remote_start(id_tag, profile)
            return _status("Accepted")

        async def ask() -> None:
            if await self._session.ask(self._dialect, id_tag):
                station.remote_start(id_tag, profile)

        return CallAnswer({"status": "Accepted"}, ask)

    def _remote_stop(self, payload: Payload) -> CallAnswer:
        station = self._station
        running = station.transactions.transaction
        number = None if running is None else station.ids.get(running.key)
        if number is None or number != payload["transactionId"]:
            return _status("Rejected")
        station.stop(StopReason.REMOTE)
        return _status("Accepted")

    def _reset(self, payload: Payload) -> CallAnswer:
        reason = StopReason.HARD_RESET if payload["type"] == "Hard" else StopReason.SOFT_RESET
        return CallAnswer({"status": "Accepted"}, reset_after(self._station, self._session, reason))

    # --- Local Auth List Management -----------------------------------------------------------

    def _list_version(self, _: Payload) -> CallAnswer:
        return CallAnswer({"listVersion": self._station.local_list.version})

    def _send_list(self, payload: Payload) -> CallAnswer:
        sent = [
            (entry["idTag"], list_entry(entry.get("idTagInfo"), "expiryDate"))
            for entry in payload.get("localAuthorizationList", ())
        ]
        full = payload["updateType"] == "Full"
        status, _ = change_list(self._station, payload["listVersion"], sent, full=full)
        return _status(status)

    # --- Smart Charging -----------------------------------------------------------------------

    def _set_profile(self, payload: Payload) -> CallAnswer:
        station, sent = self._station, payload["csChargingProfiles"]
        running = station.transactions.transaction
        number = sent.get("transactionId")
        meant = running is not None and number in (None, station.ids.get(running.key))
        key = running.key if running is not None and meant else ""
        refused = place_profile(station, sent, payload["connectorId"], key)
        return _status("Rejected" if refused else "Accepted")

    def _clear_profile(self, payload: Payload) -> CallAnswer:
        station, purpose = self._station, payload.get("chargingProfilePurpose")
        left = station.stack.cleared(
            profile_id=payload.get("id"),
            connector=payload.get("connectorId"),
            purpose=None if purpose is None else Purpose(purpose),
            level=payload.get("stackLevel"),
        )
        if left is station.stack:
            return _status("Unknown")
        station.set_stack(left)
        return _status("Accepted")

    def _composite_schedule(self, payload: Payload) -> CallAnswer:
        connector, duration_s = payload["connectorId"], payload["duration"]
        unit = payload.get("chargingRateUnit", "A")
        found = composite_schedule(self._station, connector, duration_s, unit)
        if found is None:
            return _status("Rejected")
        begin, schedule = found
        return CallAnswer(
            {
                "status": "Accepted",
                "connectorId": connector,
                "scheduleStart": begin,
                "chargingSchedule": schedule | {"duration": duration_s, "startSchedule": begin},
            }
        )

    # --- Remote Trigger -----------------------------------------------------------------------

    def _trigger(self, payload: Payload) -> CallAnswer:
        connector = payload.get("connectorId", 1)
        if connector not in CONNECTORS:
            return _status("Rejected")
        message, samples = payload["requestedMessage"], partial(self._send_samples, connector)
        work = triggered(message, self._session, self._dialect, samples)
        if work is None:
            return _status("NotImplemented")
        return CallAnswer({"status": "Accepted"}, work)

    async def _send_samples(self, connector: int) -> None:
        station = self._station
        running = station.transactions.transaction
        number = station.ids.get(running.key) if running else None
        payload = meter_values(
            station.sample_now(), "Trigger", iso(station.clock.epoch()), number, connector
        )
        await self._session.rpc.call("MeterValues", payload)


def _status(status: str) -> CallAnswer:
    return CallAnswer({"status": status})


def _not_supported(_: Payload) -> CallAnswer:
    raise NotSupportedError
