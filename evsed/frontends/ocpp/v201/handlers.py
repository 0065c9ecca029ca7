# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to the calls of the central system in OCPP 2.0.1."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from evsed.core.ocpp.local_list import ListEntry, ListError, ListVersionError
from evsed.core.ocpp.profiles import Purpose
from evsed.core.ocpp.transactions import StopReason
from evsed.frontends.ocpp.clock import iso, read_time
from evsed.frontends.ocpp.keys import LONGEST_S
from evsed.frontends.ocpp.profiles import (
    PURPOSES_201,
    as_16,
    as_201,
    read_installed_profile,
    read_profile,
    schedule_json,
)
from evsed.frontends.ocpp.rpc import CallAnswer
from evsed.frontends.ocpp.v201.values import EVSE, meter_value, status_answer
from evsed.frontends.ocpp.v201.variable_calls import VariableCalls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from evsed.core.ocpp.profiles import ChargingProfile
    from evsed.frontends.ocpp.rpc import Handler, Payload
    from evsed.frontends.ocpp.session import CentralSession, Dialect
    from evsed.frontends.ocpp.station import Station

log = structlog.get_logger()


class Handlers201:
    """The answers of *station*; *session* and *dialect* send what follows from some."""

    def __init__(
        self, station: Station, session: CentralSession, dialect: Dialect, identity: str
    ) -> None:
        self._station = station
        self._session = session
        self._dialect = dialect
        variable_calls = VariableCalls(station, session, identity)
        self.by_action: Mapping[str, Handler] = {
            "CancelReservation": lambda _: status_answer("Rejected"),
            "ChangeAvailability": self._change_availability,
            "ClearCache": lambda _: status_answer("Rejected"),  # there is no cache
            "ClearChargingProfile": self._clear_profile,
            "DataTransfer": lambda _: status_answer("UnknownVendorId"),
            "GetBaseReport": variable_calls.base_report,
            "GetChargingProfiles": self._get_profiles,
            "GetCompositeSchedule": self._composite_schedule,
            "GetLocalListVersion": self._list_version,
            "GetLog": lambda _: status_answer("Rejected"),
            "GetReport": lambda _: status_answer("NotSupported"),
            "GetTransactionStatus": self._transaction_status,
            "GetVariables": variable_calls.get,
            "RequestStartTransaction": self._request_start,
            "RequestStopTransaction": self._request_stop,
            "ReserveNow": lambda _: status_answer("Rejected"),
            "Reset": self._reset,
            "SendLocalList": self._send_list,
            "SetChargingProfile": self._set_profile,
            "SetNetworkProfile": lambda _: status_answer("Rejected"),  # the address is the owner's
            "SetVariables": variable_calls.set,
            "TriggerMessage": self._trigger,
            "UnlockConnector": self._unlock,
            "UpdateFirmware": lambda _: status_answer("Rejected"),
        }

    # --- Provisioning -------------------------------------------------------------------------

    def _reset(self, payload: Payload) -> CallAnswer:
        if payload.get("evseId") is not None:
            return status_answer("Rejected")
        if payload["type"] == "OnIdle" and self._station.transactions.transaction is not None:
            self._session.reset_when_idle = True
            return status_answer("Scheduled")

        async def reset() -> None:
            self._station.stop(StopReason.HARD_RESET)
            await self._session.reset()

        return CallAnswer({"status": "Accepted"}, reset)

    # --- Authorization and transactions -------------------------------------------------------

    def _request_start(self, payload: Payload) -> CallAnswer:
        station, id_token = self._station, payload["idToken"]["idToken"]
        if payload.get("evseId", EVSE["id"]) != EVSE["id"]:
            return status_answer("Rejected", "UnknownEvse")
        profile: ChargingProfile | None = None
        if (sent := payload.get("chargingProfile")) is not None:
            profile = read_profile(as_16(sent), EVSE["id"], station.clock.epoch())
            if profile.purpose is not Purpose.TX or "transactionId" in sent:
                return status_answer("Rejected", "InvalidProfile")
        if refused := station.refuses_start():
            log.info("a remote start by the central system is refused", reason=refused)
            return status_answer("Rejected", "NotAllowed", refused)
        start = partial(station.remote_start, id_token, profile, payload["remoteStartId"])
        if not station.values.authorize_remote:
            start()
            running = station.transactions.transaction
            answer: Payload = {"status": "Accepted"}
            if running is not None:
                answer["transactionId"] = running.key
            return CallAnswer(answer)

        async def ask() -> None:
            if await self._session.ask(self._dialect, id_token):
                start()

        return CallAnswer({"status": "Accepted"}, ask)

    def _request_stop(self, payload: Payload) -> CallAnswer:
        running = self._station.transactions.transaction
        if running is None or running.key != payload["transactionId"]:
            return status_answer("Rejected", "UnknownTx")
        self._station.stop(StopReason.REMOTE)
        return status_answer("Accepted")

    def _transaction_status(self, payload: Payload) -> CallAnswer:
        station, asked = self._station, payload.get("transactionId")
        running = station.transactions.transaction
        answer: Payload = {"messagesInQueue": station.memory.count(asked) > 0}
        if asked is not None:
            answer["ongoingIndicator"] = running is not None and running.key == asked
        return CallAnswer(answer)

    def _change_availability(self, payload: Payload) -> CallAnswer:
        if payload.get("evse", EVSE)["id"] != EVSE["id"]:
            return status_answer("Rejected", "UnknownEvse")
        operative = payload["operationalStatus"] == "Operative"
        at_once = self._station.set_operative(operative=operative)
        return status_answer("Accepted" if at_once else "Scheduled")

    def _unlock(self, payload: Payload) -> CallAnswer:
        there = payload["evseId"] == EVSE["id"] and payload["connectorId"] == EVSE["connectorId"]
        return status_answer("UnlockFailed" if there else "UnknownConnector", "NoLock")

    # --- Local list ---------------------------------------------------------------------------

    def _list_version(self, _: Payload) -> CallAnswer:
        return CallAnswer({"versionNumber": self._station.local_list.version})

    def _send_list(self, payload: Payload) -> CallAnswer:
        station, version = self._station, payload["versionNumber"]
        sent = [
            (entry["idToken"]["idToken"], _entry(entry.get("idTokenInfo")))
            for entry in payload.get("localAuthorizationList", ())
        ]
        try:
            new = station.local_list.changed(version, sent, full=payload["updateType"] == "Full")
        except ListVersionError:
            return status_answer("VersionMismatch")
        except ListError as error:
            return status_answer("Failed", "InvalidList", str(error))
        station.set_list(new)
        return status_answer("Accepted")

    # --- Smart Charging -----------------------------------------------------------------------

    def _set_profile(self, payload: Payload) -> CallAnswer:
        station, sent, evse = self._station, payload["chargingProfile"], payload["evseId"]
        try:
            running = station.transactions.transaction
            meant = running is not None and sent.get("transactionId") == running.key
            key = running.key if running is not None and meant else ""
            station.place(read_installed_profile(as_16(sent), evse, station.clock.epoch(), key))
        except ValueError as error:
            log.warning("a charging profile of the central system is refused", reason=str(error))
            return status_answer("Rejected", "InvalidProfile", str(error))
        return status_answer("Accepted")

    def _matching(
        self,
        criteria: Payload,
        ids: tuple[int, ...] | None,
    ) -> tuple[ChargingProfile, ...]:
        purpose = criteria.get("chargingProfilePurpose")
        wanted = None if purpose is None else PURPOSES_201.get(purpose, "none")
        return tuple(
            profile
            for profile in self._station.stack.profiles
            if (ids is None or profile.id in ids)
            and wanted in (None, profile.purpose)
            and criteria.get("stackLevel") in (None, profile.level)
            and criteria.get("evseId") in (None, profile.connector)
        )

    def _clear_profile(self, payload: Payload) -> CallAnswer:
        station, number = self._station, payload.get("chargingProfileId")
        criteria = payload.get("chargingProfileCriteria", {})
        gone = self._matching({} if number is not None else criteria, number and (number,))
        if not gone:
            return status_answer("Unknown")
        stack = station.stack
        for profile in gone:
            stack = stack.cleared(profile_id=profile.id)
        station.set_stack(stack)
        return status_answer("Accepted")

    def _get_profiles(self, payload: Payload) -> CallAnswer:
        asked = payload["chargingProfile"]
        ids = tuple(asked["chargingProfileId"]) if "chargingProfileId" in asked else None
        criteria = asked | ({"evseId": payload["evseId"]} if "evseId" in payload else {})
        found = self._matching(criteria, ids)
        if not found or "CSO" not in asked.get("chargingLimitSource", ["CSO"]):
            return status_answer("NoProfiles")

        async def report() -> None:
            for number, profile in enumerate(found):
                await self._session.rpc.call(
                    "ReportChargingProfiles",
                    {
                        "requestId": payload["requestId"],
                        "chargingLimitSource": "CSO",
                        "evseId": profile.connector,
                        "tbc": number < len(found) - 1,
                        "chargingProfile": [as_201(profile)],
                    },
                )

        return CallAnswer({"status": "Accepted"}, report)

    def _composite_schedule(self, payload: Payload) -> CallAnswer:
        station, evse, duration_s = self._station, payload["evseId"], payload["duration"]
        if evse not in (0, EVSE["id"]) or not 0 < duration_s <= LONGEST_S:
            return status_answer("Rejected")
        begin = station.clock.epoch()
        steps = station.stack.composite(begin, begin + duration_s, station.tx, station.supply)
        unit = payload.get("chargingRateUnit", "A")
        schedule = schedule_json(steps, unit, station.supply, station.most_a)
        schedule |= {"evseId": evse, "duration": duration_s, "scheduleStart": iso(begin)}
        return CallAnswer({"status": "Accepted", "schedule": schedule})

    # --- Remote Trigger -----------------------------------------------------------------------

    def _trigger(self, payload: Payload) -> CallAnswer:
        session, dialect = self._session, self._dialect
        if payload.get("evse", EVSE)["id"] != EVSE["id"]:
            return status_answer("Rejected", "UnknownEvse")
        after: Mapping[str, Callable[[], Awaitable[Any]]] = {
            "BootNotification": lambda: session.rpc.call(*dialect.boot("Triggered")),
            "Heartbeat": session.heartbeat,
            "MeterValues": self._send_samples,
            "StatusNotification": partial(session.send_status, dialect),
        }
        if (work := after.get(payload["requestedMessage"])) is None:
            return status_answer("NotImplemented")
        return CallAnswer({"status": "Accepted"}, work)

    async def _send_samples(self) -> None:
        station = self._station
        stamp = iso(station.clock.epoch())
        value = meter_value(station.sample_now(), "Trigger", stamp)
        payload = {"evseId": EVSE["id"], "meterValue": [value]}
        await self._session.rpc.call("MeterValues", payload)


def _entry(info: Payload | None) -> ListEntry | None:
    if info is None:
        return None
    until = info.get("cacheExpiryDateTime")
    return ListEntry(info["status"], None if until is None else read_time(until))
