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

from evsed.core.ocpp.local_list import ListEntry, ListError, ListVersionError
from evsed.core.ocpp.profiles import Purpose
from evsed.core.ocpp.transactions import StopReason
from evsed.frontends.ocpp.clock import iso, read_time
from evsed.frontends.ocpp.keys import (
    CHANGEABLE,
    LONGEST_S,
    KeyRefusedError,
    changed,
    facts,
    shown,
)
from evsed.frontends.ocpp.profiles import read_installed_profile, read_profile, schedule_json
from evsed.frontends.ocpp.rpc import CallAnswer
from evsed.frontends.ocpp.v16.meter_values import meter_values

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

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
        if payload["connectorId"] not in (0, 1):
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
            profile = read_profile(sent, 1, station.clock.epoch())
            if profile.purpose is not Purpose.TX or "transactionId" in sent:
                return _status("Rejected")
        if refused := station.refuses_start():
            log.info("a remote start by the central system is refused", reason=refused)
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
        hard = payload["type"] == "Hard"

        async def reset() -> None:
            self._station.stop(StopReason.HARD_RESET if hard else StopReason.SOFT_RESET)
            await self._session.reset()

        return CallAnswer({"status": "Accepted"}, reset)

    # --- Local Auth List Management -----------------------------------------------------------

    def _list_version(self, _: Payload) -> CallAnswer:
        return CallAnswer({"listVersion": self._station.local_list.version})

    def _send_list(self, payload: Payload) -> CallAnswer:
        station, version = self._station, payload["listVersion"]
        sent = [
            (entry["idTag"], _entry(entry.get("idTagInfo")))
            for entry in payload.get("localAuthorizationList", ())
        ]
        try:
            new = station.local_list.changed(version, sent, full=payload["updateType"] == "Full")
        except ListVersionError:
            return _status("VersionMismatch")
        except ListError as error:
            log.warning("the central system's local list is not kept", reason=str(error))
            return _status("Failed")
        station.set_list(new)
        return _status("Accepted")

    # --- Smart Charging -----------------------------------------------------------------------

    def _set_profile(self, payload: Payload) -> CallAnswer:
        station, connector = self._station, payload["connectorId"]
        sent = payload["csChargingProfiles"]
        try:
            running = station.transactions.transaction
            number = sent.get("transactionId")
            meant = running is not None and number in (None, station.ids.get(running.key))
            key = running.key if running is not None and meant else ""
            station.place(read_installed_profile(sent, connector, station.clock.epoch(), key))
        except ValueError as error:
            log.warning("a charging profile of the central system is refused", reason=str(error))
            return _status("Rejected")
        return _status("Accepted")

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
        station, connector, duration_s = self._station, payload["connectorId"], payload["duration"]
        if connector not in (0, 1) or not 0 < duration_s <= LONGEST_S:
            return _status("Rejected")
        begin = station.clock.epoch()
        steps = station.stack.composite(begin, begin + duration_s, station.tx, station.supply)
        unit = payload.get("chargingRateUnit", "A")
        schedule = schedule_json(steps, unit, station.supply, station.most_a)
        schedule |= {"duration": duration_s, "startSchedule": iso(begin)}
        return CallAnswer(
            {
                "status": "Accepted",
                "connectorId": connector,
                "scheduleStart": iso(begin),
                "chargingSchedule": schedule,
            }
        )

    # --- Remote Trigger -----------------------------------------------------------------------

    def _trigger(self, payload: Payload) -> CallAnswer:
        session, dialect = self._session, self._dialect
        if payload.get("connectorId", 1) not in (0, 1):
            return _status("Rejected")
        after: Mapping[str, Callable[[], Awaitable[object]]] = {
            "BootNotification": lambda: session.rpc.call(*dialect.boot("Triggered")),
            "Heartbeat": session.heartbeat,
            "MeterValues": partial(self._send_samples, payload.get("connectorId", 1)),
            "StatusNotification": partial(session.send_status, dialect),
        }
        if (work := after.get(payload["requestedMessage"])) is None:
            return _status("NotImplemented")

        async def send() -> None:
            await work()

        return CallAnswer({"status": "Accepted"}, send)

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


def _entry(info: Payload | None) -> ListEntry | None:
    if info is None:
        return None
    until = info.get("expiryDate")
    return ListEntry(info["status"], None if until is None else read_time(until))
