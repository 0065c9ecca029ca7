# SPDX-License-Identifier: GPL-3.0-or-later
"""The OCPP frontend: evsed as a charge point of a central system, OCPP 1.6J or 2.0.1.

::

    frontend.py    follows the status, keeps the connection, reports the ceiling
    connection.py  address, TLS, credentials, pauses between attempts
    rpc.py         OCPP-J: calls, answers, errors over one WebSocket
    session.py     one connection: boot, heartbeat, status, the queue
    station.py     the charge point itself, in the terms of neither version
    readings.py    what the meters read, and the samples of it
    memory.py      what outlives a restart, and the queue, on the disk
    clock.py       the central system's clock, for stamps and schedules
    profiles.py    charging profiles as values, and back
    v16/, v201/    the messages of each version

The decisions are in `evsed.core.ocpp`. All of it is imported only where `[ocpp] url` is set.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class OcppConfig:
    """[ocpp]: the central system, who may charge, and what holds without it.

    `authorize`: "free" starts a transaction for `id_tag` whenever a car is plugged in, "id" does so
    once the central system or the local list accepts `id_tag`, "remote" waits for a remote start.
    `path` is the file of the queue, `most_a` the supply's current, amperes. `phases_fall`: the box
    may go from three phases to one in a transaction.
    """

    url: str
    path: Path
    identity: str = ""
    password_file: str = ""
    ca_file: str = ""
    client_certificate: str = ""
    version: str = "auto"
    authorize: str = "free"
    id_tag: str = "evsed"
    offline_keep_s: float = 300.0
    offline_max_a: float = 6.0
    most_a: float = 32.0
    phases_fall: bool = False
