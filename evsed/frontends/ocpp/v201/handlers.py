# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to the calls of the central system in OCPP 2.0.1."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from evsed.core.ocpp.transactions import StopReason
from evsed.frontends.ocpp.clock import iso
from evsed.frontends.ocpp.profiles import PURPOSES_201, as_201
from evsed.frontends.ocpp.rpc import CallAnswer
from evsed.frontends.ocpp.shared_answers import (
    change_list,
    composite_schedule,
    list_entry,
    place_profile,
    refuses_start,
    reset_after,
    start_profile,
    triggered,
)
from evsed.frontends.ocpp.v201.values import EVSE, meter_value, status_answer
from evsed.frontends.ocpp.v201.variable_calls import VariableCalls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.ocpp.profiles import ChargingProfile
    from evsed.frontends.ocpp.rpc import Handler, Payload
    from evsed.frontends.ocpp.session import CentralSession, Dialect
    from evsed.frontends.ocpp.station import Station


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
        work = reset_after(self._station, self._session, StopReason.HARD_RESET)
        return CallAnswer({"status": "Accepted"}, work)

    # --- Authorization and transactions -------------------------------------------------------

    def _request_start(self, payload: Payload) -> CallAnswer:
        station, id_token = self._station, payload["idToken"]["idToken"]
        if payload.get("evseId", EVSE["id"]) != EVSE["id"]:
            return status_answer("Rejected", "UnknownEvse")
        profile: ChargingProfile | None = None
        if (sent := payload.get("chargingProfile")) is not None:
            profile = start_profile(station, sent, translate=True)
            if profile is None:
                return status_answer("Rejected", "InvalidProfile")
        if refused := refuses_start(station):
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
        sent = [
            (
                entry["idToken"]["idToken"],
                list_entry(entry.get("idTokenInfo"), "cacheExpiryDateTime"),
            )
            for entry in payload.get("localAuthorizationList", ())
        ]
        full = payload["updateType"] == "Full"
        status, why = change_list(self._station, payload["versionNumber"], sent, full=full)
        return status_answer(status, "InvalidList" if why else "", why)

    # --- Smart Charging -----------------------------------------------------------------------

    def _set_profile(self, payload: Payload) -> CallAnswer:
        station, sent = self._station, payload["chargingProfile"]
        running = station.transactions.transaction
        meant = running is not None and sent.get("transactionId") == running.key
        key = running.key if running is not None and meant else ""
        if refused := place_profile(station, sent, payload["evseId"], key, translate=True):
            return status_answer("Rejected", "InvalidProfile", refused)
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
        evse, duration_s = payload["evseId"], payload["duration"]
        unit = payload.get("chargingRateUnit", "A")
        found = composite_schedule(self._station, evse, duration_s, unit)
        if found is None:
            return status_answer("Rejected")
        begin, schedule = found
        schedule |= {"evseId": evse, "duration": duration_s, "scheduleStart": begin}
        return CallAnswer({"status": "Accepted", "schedule": schedule})

    # --- Remote Trigger -----------------------------------------------------------------------

    def _trigger(self, payload: Payload) -> CallAnswer:
        if payload.get("evse", EVSE)["id"] != EVSE["id"]:
            return status_answer("Rejected", "UnknownEvse")
        message, samples = payload["requestedMessage"], self._send_samples
        work = triggered(message, self._session, self._dialect, samples)
        if work is None:
            return status_answer("NotImplemented")
        return CallAnswer({"status": "Accepted"}, work)

    async def _send_samples(self) -> None:
        station = self._station
        stamp = iso(station.clock.epoch())
        value = meter_value(station.sample_now(), "Trigger", stamp)
        payload = {"evseId": EVSE["id"], "meterValue": [value]}
        await self._session.rpc.call("MeterValues", payload)
