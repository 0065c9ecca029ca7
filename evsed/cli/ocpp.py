# SPDX-License-Identifier: GPL-3.0-or-later
"""`evsed check --ocpp`: try the central system's address, certificate, password and version."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evsed.cli.client import NotAnswered, status_json
from evsed.errors import SourceError

if TYPE_CHECKING:
    from evsed.frontends.ocpp import OcppConfig

TRIAL: Final = "evsed-trial"
"""The identity of the trial where the settings name none. A trial under that of a running evsed
would end its connection."""


def show(config: OcppConfig | None, socket_path: str, write: Callable[[str], None] = print) -> bool:
    """Show by *write* whether the central system of *config* can be used; True where it can.

    A running evsed, behind *socket_path*, is asked first.
    """
    if config is None:
        write("[ocpp] url is empty: OCPP is off")
        return True
    running = _running(socket_path)
    if running and running["url"] == config.url and running["connected"]:
        write(
            f"{config.url}: the running evsed is connected as {running['identity']}, by OCPP "
            f"{running['version']}; {running['queued']} messages wait"
        )
        return True
    return asyncio.run(_try(config, write))


def _running(socket_path: str) -> dict[str, Any] | None:
    """Return what a running evsed shows of OCPP; None where there is none."""
    if not socket_path or not Path(socket_path).exists():
        return None
    try:
        found: dict[str, Any] | None = status_json("http://evsed", socket_path).get("ocpp")
    except NotAnswered:
        return None
    return found


async def _try(config: OcppConfig, write: Callable[[str], None]) -> bool:
    from evsed.frontends.ocpp.connection import address, connected
    from evsed.frontends.ocpp.rpc import LostError

    identity = config.identity or TRIAL
    place = address(config.url, identity)
    try:
        async with connected(config, identity) as (_, version):
            write(f"{place}: it speaks OCPP {version}")
            return True
    except (LostError, SourceError) as error:
        write(f"{place} cannot be used: {error}")
    write(
        "check the address and the password, and that the central system knows this charger by "
        "this name"
    )
    return False
