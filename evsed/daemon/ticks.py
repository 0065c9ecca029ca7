# SPDX-License-Identifier: GPL-3.0-or-later
"""Each message of the control process: its events and its snapshot go where they belong, once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from evsed.errors import LinkError

if TYPE_CHECKING:
    from evsed.core.car.care import CarCare
    from evsed.daemon.box_panel import ButtonHandler
    from evsed.daemon.charger_state import Charger
    from evsed.daemon.hub import ChargerHub
    from evsed.daemon.session_recorder import SessionRecorder
    from evsed.daemon.systemd import Watchdog
    from evsed.link import DaemonLink, Tick

log = structlog.get_logger()


class TickHandler:
    """Handles one tick after the other."""

    def __init__(
        self,
        charger: Charger,
        hub: ChargerHub,
        recorder: SessionRecorder,
        care: CarCare,
        watchdog: Watchdog,
        button: ButtonHandler | None = None,
    ) -> None:
        self._charger = charger
        self._hub = hub
        self._recorder = recorder
        self._care = care
        self._watchdog = watchdog
        self._button = button

    async def run(self, link: DaemonLink) -> None:
        """Handle what comes over *link* until it ends; end the link where that makes no sense."""
        try:
            async for tick in link.ticks():
                self.handle(tick, datetime.now().astimezone())
                if self._button is not None:
                    for event in tick.events:
                        await self._button.on_event(event)
        except LinkError as error:
            log.error("the control process cannot be understood; it is ended", reason=str(error))
            link.close()

    def handle(self, tick: Tick, wall: datetime) -> None:
        """Handle *tick*, which arrived at the wall-clock time *wall*.

        The events come first: they happened before what the snapshot shows.
        """
        for event in tick.events:
            self._hub.publish(event, wall)
            self._care.on_event(event)
            for session_event in self._recorder.on_event(event, wall):
                self._hub.publish_session(session_event, wall)
        snapshot = tick.snapshot
        state = self._charger.state.with_snapshot(snapshot, wall)
        for session_event in self._recorder.on_snapshot(snapshot, state.flow(snapshot.at)):
            self._hub.publish_session(session_event, wall)
        self._recorder.trace.add_sample(snapshot.at, state.sample(snapshot.at))
        self._charger.set(state)
        self._hub.sum_up(snapshot.at, wall)
        summary = self._hub.status().summary
        if self._watchdog.on_tick(snapshot.at, snapshot.ticks, summary, board_ok=snapshot.board_ok):
            log.info("the pilot is driven", state=snapshot.state)
