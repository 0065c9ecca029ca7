# SPDX-License-Identifier: GPL-3.0-or-later
"""The hub as one frontend has it: usable in the frontend's own thread, and bounded.

A frontend that orders without end waits for its turn, and then is refused; a frontend that does not
read its events loses the oldest. Neither costs the daemon more than a few microseconds.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from evsed.core.text import text
from evsed.daemon.planned_goal import planned_goal
from evsed.errors import HubBusyError
from evsed.frontends.hub import HubEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Mapping
    from typing import Any

    from evsed.core.user.claims import Claim
    from evsed.daemon.hub import ChargerHub
    from evsed.frontends.hub import History, OcppReport, PlannedGoal
    from evsed.frontends.settings import SettingsService
    from evsed.frontends.status import Status

CHANGES_EVERY_S: Final = 0.5
EVENTS_KEPT: Final = 1000
ORDERS_PER_S: Final = 20.0
ORDERS_BURST: Final = 100.0
"""People and programs give a few orders a minute; a hundred at once leave room for a restored
Home Assistant."""

T = TypeVar("T")


class FrontendHub:
    """*hub*, which lives in the loop *main*, for one frontend."""

    def __init__(
        self,
        hub: ChargerHub,
        history: History,
        settings: SettingsService,
        main: asyncio.AbstractEventLoop,
    ) -> None:
        self._hub = hub
        self._history = history
        self._settings = settings
        self._main = main
        self._orders_left = ORDERS_BURST
        self._ordered_at = time.monotonic()
        self.refused = 0

    @property
    def history(self) -> History:
        """The past."""
        return self._history

    @property
    def settings(self) -> SettingsService:
        """The settings."""
        return self._settings

    def status(self) -> Status:
        """Return the status now."""
        return self._hub.status()

    async def forecast(self) -> PlannedGoal | None:
        """Return what is expected of the owner's plan; see `frontends.hub.Hub`."""
        found = self._hub.plan()
        if found is None:
            return None
        plan, controls = found
        sun, status = await self._history.usual_sun(), self.status()
        now_w = None if status.solar_w is None else status.available_w
        return await asyncio.to_thread(planned_goal, plan, controls, sun, now_w)

    async def changes(self) -> AsyncIterator[Status]:
        """Yield the status now and after each change, at most twice a second, without end."""
        wake = _Wake()
        end = self._hub.on_change(wake.from_any_thread)
        try:
            while True:
                yield self.status()
                wake.event.clear()
                await asyncio.sleep(CHANGES_EVERY_S)
                await wake.event.wait()
        finally:
            end()

    async def events(self) -> AsyncIterator[HubEvent]:
        """Yield each event from now on; a reader that falls behind by 1,000 loses the oldest."""
        wake, waiting = _Wake(), deque[HubEvent](maxlen=EVENTS_KEPT)

        def on_event(event: HubEvent) -> None:
            waiting.append(event)
            wake.from_any_thread()

        end = self._hub.subscribe(on_event)
        try:
            while True:
                await wake.event.wait()
                wake.event.clear()
                while waiting:
                    yield waiting.popleft()
        finally:
            end()

    async def identity(self) -> str:
        """Return the name of this evsed; see `frontends.hub.Hub`."""
        return await self._in_main(self._hub.identity())

    async def acknowledge(self, who: str) -> str:
        """Acknowledge latched faults for *who*."""
        return await self._order(self._hub.acknowledge(who))

    async def wake(self, who: str) -> str:
        """Wake a car that leaves its offer untaken, for *who*."""
        return await self._order(self._hub.wake(who))

    async def update_controls(
        self, who: str, patch: Mapping[str, object], *, program: str = ""
    ) -> str:
        """Change the owner's controls that *patch* names, for *who*."""
        return await self._order(self._hub.orders.update_controls(who, patch, program=program))

    async def place_claim(self, who: str, program: str, claim: Claim) -> str:
        """Put *claim* in place of what *program* claimed before, for *who*."""
        return await self._order(self._hub.orders.place_claim(who, program, claim))

    async def withdraw_claim(self, who: str, program: str) -> str:
        """Withdraw the claim of *program*, for *who*."""
        return await self._order(self._hub.orders.withdraw_claim(who, program))

    async def report_ocpp(self, report: OcppReport) -> None:
        """Put what the charge point of OCPP reports in force."""
        await self._order(self._hub.report_ocpp(report))

    async def _order(self, order: Coroutine[Any, Any, T]) -> T:
        """Carry *order* out in the daemon's loop. Raises `HubBusyError` for one too many."""
        now = time.monotonic()
        gained = (now - self._ordered_at) * ORDERS_PER_S
        self._orders_left = min(self._orders_left + gained, ORDERS_BURST) - 1.0
        self._ordered_at = now
        if self._orders_left < 0.0:
            self._orders_left = 0.0
            self.refused += 1
            order.close()
            raise HubBusyError(
                text(
                    "more than {orders_per_s:.0f} orders a second came; this one was not "
                    "carried out. Try again in a second.",
                    orders_per_s=ORDERS_PER_S,
                )
            )
        return await self._in_main(order)

    async def _in_main(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* in the daemon's loop."""
        if asyncio.get_running_loop() is self._main:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._main))


class _Wake:
    """An event of the running loop that any thread may set."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def from_any_thread(self) -> None:
        """Set the event; nothing where its loop has ended."""
        if not self.event.is_set():
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.event.set)
