# SPDX-License-Identifier: GPL-3.0-or-later
"""The hub: shows the status and hands out the events; `orders` changes what is wanted.

It lives in the daemon's own loop. Each frontend has a `FrontendHub` of its own in front of it,
which may be used in the frontend's thread.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from evsed.core.pilot import events as ev
from evsed.core.text import text
from evsed.daemon.charger_state import Listeners
from evsed.daemon.event_lines import EventLines
from evsed.daemon.session_summary import describe_session
from evsed.daemon.status import Now, build_status
from evsed.frontends.hub import HubEvent, SessionEnded
from evsed.frontends.status import Status
from evsed.frontends.views import EventView
from evsed.link import Acknowledge

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.core.car.care import CarCare
    from evsed.core.pilot.faults import Fault
    from evsed.core.user.controls import Controls
    from evsed.core.user.planner import PlanState
    from evsed.daemon.charger_state import Charger
    from evsed.daemon.session_recorder import SessionRecorder
    from evsed.frontends.hub import OcppReport, SessionEvent
    from evsed.link import DaemonLink
    from evsed.logs import Logs

BUILT_EVERY_S: Final = 0.5

log = structlog.get_logger()


class ChargerHub:
    """One hub for all frontends."""

    def __init__(
        self,
        charger: Charger,
        recorder: SessionRecorder,
        link: DaemonLink,
        care: CarCare,
        logs: Logs,
    ) -> None:
        self._charger = charger
        self._recorder = recorder
        self._link = link
        self._care = care
        self._logs = logs
        self._lines = EventLines()
        self.orders = recorder.orders
        self.orders.on_order.add(self.note_order)
        self.orders.on_plan.add(self.note)
        self._subscribers: Listeners[[HubEvent]] = Listeners()
        self._building = threading.Lock()
        self._status: Status | None = None
        self._built_at = float("-inf")
        self._built_for = -1

    # --- showing ------------------------------------------------------------------------------

    def status(self) -> Status:
        """Return the status now, from any thread; built at most twice a second and at events."""
        with self._building:
            now, urgent = time.monotonic(), self._charger.urgent
            status = self._status
            if status is None or urgent != self._built_for or now - self._built_at >= BUILT_EVERY_S:
                wall = datetime.now().astimezone()
                totals = self._recorder.totals
                status = build_status(self._charger.state, totals, Now(now, wall))
                self._status, self._built_at, self._built_for = status, now, urgent
            return status

    def plan(self) -> tuple[PlanState, Controls] | None:
        """Return the next goal of the plan and the controls, from any thread; None without one."""
        plan = self._charger.state.plan
        return None if plan is None else (plan, self.orders.controls)

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call *listener*, which must not wait, after each change; return what ends that."""
        return self._charger.on_change.add(listener)

    # --- events -------------------------------------------------------------------------------

    def subscribe(self, subscriber: Callable[[HubEvent], None]) -> Callable[[], None]:
        """Give each event to *subscriber*, which must not wait; return what ends that."""
        return self._subscribers.add(subscriber)

    def publish(self, event: ev.Event, at: datetime) -> None:
        """Give *event* to the subscribers, and to logs and page where it has a line of its own."""
        if self._lines.has_line(event):
            self._logs.event(event, at)
            if not isinstance(event, ev.StateChanged):
                self.note(str(event), "error" if isinstance(event, ev.FaultRaised) else "info", at)
        self._subscribers.call(HubEvent(at, event))

    def sum_up(self, now: float, at: datetime) -> None:
        """Give logs and page the line for what had none of its own, once it is due at *now*."""
        if summed := self._lines.sum_up(now):
            self._logs.event(summed, at)
            self.note(str(summed), at=at)

    def publish_session(self, event: SessionEvent, at: datetime) -> None:
        """Give the beginning or the end of a session to the subscribers; sum up one that ended."""
        if isinstance(event, SessionEnded) and (line := self._summary(event)):
            log.info(line)
            self.note(line, at=at)
        self._subscribers.call(HubEvent(at, event))

    def _summary(self, event: SessionEnded) -> str:
        return describe_session(event.session, self._charger.state.installation.currency)

    def note(self, text: str, level: str = "info", at: datetime | None = None) -> None:
        """Add a line to the recent past that is shown."""
        wall = at or datetime.now().astimezone()
        charger = self._charger
        charger.set(charger.state.with_event(EventView(wall, text, level)), urgent=True)

    def note_order(self, who: str, what: str) -> None:
        """Tell that *who* gave an order: *what*, in words."""
        self.publish(ev.OwnerAsked(time.monotonic(), who, what), datetime.now().astimezone())

    async def identity(self) -> str:
        """Return the name of this evsed; see `frontends.hub.Hub`."""
        return await self._recorder.identity()

    # --- orders -------------------------------------------------------------------------------

    async def acknowledge(self, who: str, only: tuple[Fault, ...] = ()) -> str:
        """Acknowledge latched faults, or *only* some, for *who*; return the outcome in words."""
        waiting = tuple(
            fault for fault in self._recorder.fault_memory.latched if not only or fault in only
        )
        self.note_order(who, text("acknowledge faults"))
        if not waiting:
            return text("no fault was waiting for an acknowledgement")
        # By name: one that comes at this very moment was not seen yet.
        await self._link.send(Acknowledge(waiting))
        names = ", ".join(fault.value for fault in waiting)
        return text(
            "acknowledged: {names}; a fault whose cause remains comes back at once", names=names
        )

    async def wake(self, who: str) -> str:
        """Wake the car for *who*; return the outcome in words."""
        snapshot = self._charger.state.driven(time.monotonic())
        if snapshot is None or not snapshot.plugged:
            return text("no car is plugged in")
        if snapshot.state != "B2":
            return text(
                "evsed wakes a car that leaves an offer untaken, and none is: nothing was done"
            )
        self._care.request_wake()
        self.note_order(who, text("wake the car"))
        return text("the pilot shows F for 4 s; then the offer comes back")

    async def report_ocpp(self, report: OcppReport) -> None:
        """Put what the charge point of OCPP reports in force; see `frontends.hub.Hub`."""
        charger = self._charger
        urgent = report.view != charger.state.ocpp
        charger.set(
            replace(charger.state, ocpp=report.view, ocpp_ceiling=report.ceiling), urgent=urgent
        )
