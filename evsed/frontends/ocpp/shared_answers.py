# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the answers that is the same in OCPP 1.6 and 2.0.1."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from evsed.core.ocpp.local_list import ListEntry, ListError, ListVersionError
from evsed.core.ocpp.profiles import Purpose
from evsed.frontends.ocpp.clock import iso, read_time
from evsed.frontends.ocpp.keys import LONGEST_S
from evsed.frontends.ocpp.profiles import as_16, read_installed_profile, read_profile, schedule_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from evsed.core.ocpp.profiles import ChargingProfile
    from evsed.core.ocpp.transactions import StopReason
    from evsed.frontends.ocpp.rpc import Payload
    from evsed.frontends.ocpp.session import CentralSession, Dialect
    from evsed.frontends.ocpp.station import Station

CONNECTORS = (0, 1)  # the station itself, and its only connector

log = structlog.get_logger()


def list_entry(info: Payload | None, until_key: str) -> ListEntry | None:
    """The entry of *info*, whose end stands under *until_key*; None: the entry is to go."""
    if info is None:
        return None
    until = info.get(until_key)
    return ListEntry(info["status"], None if until is None else read_time(until))


def change_list(
    station: Station,
    version: int,
    entries: Iterable[tuple[str, ListEntry | None]],
    *,
    full: bool,
) -> tuple[str, str]:
    """Keep the local list with *entries*; return the status, and the reason of a refusal."""
    try:
        new = station.local_list.changed(version, list(entries), full=full)
    except ListVersionError:
        return "VersionMismatch", ""
    except ListError as error:
        log.warning("the central system's local list is not kept", reason=str(error))
        return "Failed", str(error)
    station.set_list(new)
    return "Accepted", ""


def place_profile(
    station: Station, sent: Payload, connector: int, key: str, *, translate: bool = False
) -> str:
    """Place the profile *sent*; return the reason of a refusal, or "".

    *key*: the transaction that it is meant for, "" where that is not the one under way.
    *translate*: it has the form of 2.0.1.
    """
    try:
        profile = as_16(sent) if translate else sent
        station.place(read_installed_profile(profile, connector, station.clock.epoch(), key))
    except ValueError as error:
        log.warning("a charging profile of the central system is refused", reason=str(error))
        return str(error)
    return ""


def start_profile(
    station: Station, sent: Payload, *, translate: bool = False
) -> ChargingProfile | None:
    """The profile of a remote start; None where it is none for a new charge.

    *translate*: it has the form of 2.0.1. Raises ValueError where it makes no sense.
    """
    profile = read_profile(as_16(sent) if translate else sent, 1, station.clock.epoch())
    return None if profile.purpose is not Purpose.TX or "transactionId" in sent else profile


def refuses_start(station: Station) -> str:
    """The reason why nothing can be started from afar, which is logged; "" where it can."""
    if refused := station.refuses_start():
        log.info("a remote start by the central system is refused", reason=refused)
    return refused


def composite_schedule(
    station: Station, connector: int, duration_s: int, unit: str
) -> tuple[str, Payload] | None:
    """The beginning, as text, and the schedule from now on; None where it cannot be asked for."""
    if connector not in CONNECTORS or not 0 < duration_s <= LONGEST_S:
        return None
    begin = station.clock.epoch()
    steps = station.stack.composite(begin, begin + duration_s, station.tx, station.supply)
    return iso(begin), schedule_json(steps, unit, station.supply, station.most_a)


def reset_after(
    station: Station, session: CentralSession, reason: StopReason
) -> Callable[[], Awaitable[None]]:
    """The work after a reset is accepted: end the charge for *reason*, and begin again."""

    async def reset() -> None:
        station.stop(reason)
        await session.reset()

    return reset


def triggered(
    message: str,
    session: CentralSession,
    dialect: Dialect,
    send_samples: Callable[[], Awaitable[object]],
) -> Callable[[], Awaitable[None]] | None:
    """The work that sends the *message* that is asked for; None where evsed sends no such one."""
    works: Mapping[str, Callable[[], Awaitable[object]]] = {
        "BootNotification": lambda: session.rpc.call(*dialect.boot("Triggered")),
        "Heartbeat": session.heartbeat,
        "MeterValues": send_samples,
        "StatusNotification": partial(session.send_status, dialect),
    }
    if (work := works.get(message)) is None:
        return None

    async def send() -> None:
        await work()

    return send
