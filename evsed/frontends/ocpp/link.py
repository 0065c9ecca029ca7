# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection of the charge point: made, and made again after each loss.

This file brings in the library of OCPP, which is large; it is imported once a charge point runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.ocpp.ceiling import describe
from evsed.core.text import text
from evsed.errors import SourceError
from evsed.frontends.ocpp.connection import address, connected, pause_s
from evsed.frontends.ocpp.rpc import LostError, Rpc
from evsed.frontends.ocpp.session import CentralSession, Dialect
from evsed.frontends.ocpp.station import Station
from evsed.frontends.ocpp.v16.dialect import Dialect16
from evsed.frontends.ocpp.v201.dialect import Dialect201
from evsed.frontends.views import OcppView

if TYPE_CHECKING:
    from evsed.frontends.ocpp import OcppConfig

GOOD_AFTER_S: Final = 60.0
"""A connection that lasted so long counts as a success."""

DIALECTS: Final[dict[str, Callable[[Station, CentralSession, str], Dialect]]] = {
    "1.6": Dialect16,
    "2.0.1": Dialect201,
}

log = structlog.get_logger()


class Link:
    """The connection of *station*, called *identity*: made, and made again after each loss."""

    def __init__(
        self, config: OcppConfig, station: Station, identity: str, draw: Callable[[], float]
    ) -> None:
        self._config = config
        self._station = station
        self._identity = identity
        self._draw = draw
        self._session: CentralSession | None = None
        self._trouble: str = text("it was not reached yet")
        self._reported = ""

    def wake(self) -> None:
        """Have the connection attend to what has changed."""
        if self._session is not None:
            self._session.wake.set()

    async def run(self) -> None:
        """Be connected until cancelled. Raises `StoreError`."""
        failures, boot_reason = 0, "PowerUp"
        while True:
            began_at, reset = self._station.clock.now(), False
            try:
                reset = await self._serve(boot_reason)
                self._trouble = text("it has ended the connection")
            except (LostError, SourceError) as error:
                self._report(str(error))
            lasted = self._station.clock.now() - began_at >= GOOD_AFTER_S
            failures = 0 if lasted or reset else failures + 1
            boot_reason = "RemoteReset" if reset else "Unknown"
            await asyncio.sleep(0.0 if reset else pause_s(max(0, failures - 1), self._draw()))

    async def _serve(self, boot_reason: str) -> bool:
        """Serve one connection to its end; return True where a reset was asked for."""
        station = self._station
        async with connected(self._config, self._identity) as (socket, version):
            rpc = Rpc(socket, version, station.clock, station.on_contact)
            self._session = session = CentralSession(station, rpc)
            station.version = version
            session.on_accepted = self._on_accepted
            dialect = DIALECTS[version](station, session, self._identity)
            try:
                await session.run(dialect, boot_reason)
            finally:
                self._session = None
                station.on_change()
            return session.reset_asked

    def _on_accepted(self) -> None:
        self._trouble = ""
        if self._reported:
            log.info("the central system is back", url=self._config.url)
            self._reported = ""

    def _report(self, trouble: str) -> None:
        """Log that the central system is lost, once for each cause."""
        self._trouble = trouble
        if trouble != self._reported:
            self._reported = trouble
            log.warning(
                "the central system (OCPP) is not connected; its profiles hold for a while, then "
                "the offline limit does; evsed tries again by itself; `evsed check --ocpp` shows "
                "what is wrong",
                url=address(self._config.url, self._identity),
                reason=trouble,
            )

    def view(self) -> OcppView:
        """Return what is shown of the connection."""
        station = self._station
        bound = station.stack.bound(station.clock.epoch(), station.tx, station.supply)
        running = station.transactions.transaction
        return OcppView(
            url=self._config.url,
            identity=self._identity,
            connected=station.online,
            version=station.version,
            trouble="" if station.online else self._trouble,
            id_tag=running.id_tag if running else None,
            profile=describe(bound),
            profiles=len(station.stack.profiles),
            queued=station.memory.count(),
        )
