# SPDX-License-Identifier: GPL-3.0-or-later
"""The OCPP frontend: follows the status, keeps the connection, reports the ceiling."""

from __future__ import annotations

import asyncio
import importlib
import random
import time
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from evsed.errors import StoreError
from evsed.frontends.hub import OcppReport, SessionEnded
from evsed.frontends.ocpp.clock import StationClock
from evsed.frontends.ocpp.memory import Memory
from evsed.frontends.ocpp.readings import view_of
from evsed.frontends.ocpp.station import Station

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.core.energy.sessions import EndReason
    from evsed.core.ocpp.profiles import Supply
    from evsed.frontends.hub import Hub
    from evsed.frontends.ocpp import OcppConfig
    from evsed.frontends.ocpp.link import Link
    from evsed.frontends.status import Status
    from evsed.frontends.views import OcppView

LOOKED_EVERY_S: Final = 1.0
"""The status is followed once a second: meter values and status changes are no faster."""
REPORT_EVERY_S: Final = 10.0
"""The ceiling is renewed so often although nothing has changed."""
ENDS_KEPT: Final = 20
IDENTITY_AGAIN_S: Final = 5.0


class OcppFrontend:
    """The charge point of *config*, as a part of the daemon."""

    name = "ocpp"

    def __init__(
        self,
        config: OcppConfig,
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
        every_s: float = LOOKED_EVERY_S,
    ) -> None:
        self._config = config
        self._clock = clock
        self._draw = draw
        self._every_s = every_s
        self._view: OcppView | None = None
        self._supply: Supply | None = None
        self._report_at = float("-inf")
        self._ends: OrderedDict[str, EndReason | None] = OrderedDict()

    async def run(self, hub: Hub) -> None:
        """Be a charge point until cancelled."""
        # First of all, because the session of an earlier life may end at the first reading.
        events = asyncio.create_task(self._events(hub), name="ocpp events")
        memory = Memory(self._config.path)
        try:
            following = asyncio.create_task(self._follow(hub, memory), name="ocpp status")
            tasks = (events, following)
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()
        finally:
            memory.close()

    def close(self) -> None:
        """Nothing is open between two runs."""

    async def _identity(self, hub: Hub) -> str:
        if self._config.identity:
            return self._config.identity
        while True:
            try:
                return f"evsed-{await hub.identity()}"
            except StoreError:  # the store itself reports it
                await asyncio.sleep(IDENTITY_AGAIN_S)

    async def _events(self, hub: Hub) -> None:
        """Note the reason of each session's end."""
        async for event in hub.events():
            if isinstance(event.event, SessionEnded):
                session = event.event.session
                self._ends[session.id] = session.reason
                if len(self._ends) > ENDS_KEPT:
                    self._ends.popitem(last=False)

    async def _follow(self, hub: Hub, memory: Memory) -> None:
        """Follow the status, and keep the connection, once the pilot has been read.

        Before that it is not known whether the car of a transaction under way is still there.
        """
        station = Station(self._config, memory, StationClock(self._clock))
        # In a thread: the library takes a second, and several on a small Pi.
        module = await asyncio.to_thread(importlib.import_module, "evsed.frontends.ocpp.link")
        link: Link = module.Link(self._config, station, await self._identity(hub), self._draw)
        async for status in hub.changes():
            if status.state != "-":
                break
        changed = asyncio.Event()

        def on_change() -> None:
            changed.set()
            link.wake()

        station.on_change = on_change
        connecting = asyncio.create_task(link.run(), name="ocpp link")
        try:
            while not connecting.done():
                await self._report(hub, station, link)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._every_s):
                        await changed.wait()
                if changed.is_set():
                    self._report_at = self._clock()
                    changed.clear()
            connecting.result()
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)

    async def _report(self, hub: Hub, station: Station, link: Link) -> None:
        """Give the status to *station*, and what follows to the daemon, where it is new or due."""
        status = hub.status()
        before = station.status
        station.update(view_of(status), self._end_of(status, station))
        if station.status != before:
            link.wake()
        view, supply, now = link.view(), station.supply, self._clock()
        if (view, supply) != (self._view, self._supply) or now >= self._report_at:
            await hub.report_ocpp(OcppReport(station.ceiling(), view))
            self._view, self._supply, self._report_at = view, supply, now + REPORT_EVERY_S

    def _end_of(self, status: Status, station: Station) -> EndReason | None:
        """Return why the current of the session stopped whose transaction is under way."""
        running = station.transactions.transaction
        if running is None or status.session.id == running.session:
            return None
        return self._ends.get(running.session)
