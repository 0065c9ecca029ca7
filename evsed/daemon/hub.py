# SPDX-License-Identifier: GPL-3.0-or-later
"""The hub: shows the status, hands out the events, and carries out the orders.

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
from evsed.core.solar.allotment_config import Mode
from evsed.core.user.controls import OFF_STAYS, RANGES, ControlsError
from evsed.daemon.charger_state import Listeners
from evsed.daemon.session_summary import describe_session
from evsed.daemon.status import Now, build_status
from evsed.frontends.hub import HubEvent, SessionEnded
from evsed.frontends.status import EventView, Status
from evsed.link import Acknowledge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evsed.core.car.care import CarCare
    from evsed.core.pilot.faults import Fault
    from evsed.core.user.claims import Claim
    from evsed.daemon.charger_state import Charger
    from evsed.daemon.session_recorder import SessionRecorder
    from evsed.frontends.hub import OcppReport, SessionEvent
    from evsed.link import DaemonLink
    from evsed.logs import Logs

BUILT_EVERY_S: Final = 0.5
LEAST_A: Final = RANGES["max_current_a"][0]

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

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call *listener*, which must not wait, after each change; return what ends that."""
        return self._charger.on_change.add(listener)

    # --- events -------------------------------------------------------------------------------

    def subscribe(self, subscriber: Callable[[HubEvent], None]) -> Callable[[], None]:
        """Give each event to *subscriber*, which must not wait; return what ends that."""
        return self._subscribers.add(subscriber)

    def publish(self, event: ev.Event, at: datetime) -> None:
        """Give *event* to the logs, the page and the subscribers, each once."""
        self._logs.event(event, at)
        if not isinstance(event, ev.StateChanged):
            self.note(str(event), "error" if isinstance(event, ev.FaultRaised) else "info", at)
        self._subscribers.call(HubEvent(at, event))

    def publish_session(self, event: SessionEvent, at: datetime) -> None:
        """Give the beginning or the end of a session to the subscribers; sum up one that ended."""
        if isinstance(event, SessionEnded) and (line := describe_session(event.session)):
            log.info(line)
            self.note(line, at=at)
        self._subscribers.call(HubEvent(at, event))

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
        waiting = tuple(fault for fault in self._recorder.latched if not only or fault in only)
        await self._link.send(Acknowledge(only))
        self.note_order(who, "acknowledge faults")
        if not waiting:
            return "no fault was waiting for an acknowledgement"
        names = ", ".join(fault.value for fault in waiting)
        return f"acknowledged: {names}; a fault whose cause remains comes back at once"

    async def wake(self, who: str) -> str:
        """Wake the car for *who*; return the outcome in words."""
        snapshot = self._charger.state.driven(time.monotonic())
        if snapshot is None or not snapshot.plugged:
            return "no car is plugged in"
        if snapshot.state != "B2":
            return "evsed wakes a car that leaves an offer untaken, and none is: nothing was done"
        self._care.request_wake()
        self.note_order(who, "wake the car")
        return "the pilot shows F for 4 s; then the offer comes back"

    async def update_controls(
        self, who: str, patch: Mapping[str, object], *, program: str = ""
    ) -> str:
        """Change the owner's controls that *patch* names; see `frontends.hub.Hub`."""
        before = self._recorder.controls
        controls = before.updated(patch)
        # An off of its own a program may end.
        others_off = before.mode is Mode.OFF and self._recorder.off_by != program
        if program and others_off and controls.mode is not Mode.OFF:
            raise ControlsError((("mode", OFF_STAYS),))
        max_a = self._charger.state.installation.max_a
        if "max_current_a" in patch and (controls.max_current_a or 0.0) > max_a:
            text = f"max_current_a must be {LEAST_A:g} to {max_a:g} A: the supply gives no more"
            raise ControlsError((("max_current_a", text),))
        if "mode" in patch and not program:
            self._recorder.set_claims(self._recorder.claims.after_mode())
        changes = controls.changes_since(before)
        if controls.mode is Mode.OFF and "mode" in patch and not (program and others_off):
            self._recorder.set_off_by(program)
        if not changes:
            return "nothing changed: it was so already"
        self._recorder.set_controls(controls)
        self.note_order(who, changes)
        return changes

    async def place_claim(self, who: str, program: str, claim: Claim) -> str:
        """Put *claim* in place of what *program* claimed before; see `frontends.hub.Hub`."""
        if claim.charging and self._recorder.controls.mode is Mode.OFF:
            raise ControlsError((("mode", OFF_STAYS),))
        before = self._recorder.claims
        self._recorder.set_claims(before.placed(program, claim))
        outcome = claim.describe()
        previous = before.of.get(program)
        if (
            previous is None or previous.describe() != outcome
        ):  # a claim that is only renewed is no news
            self.note_order(who, f"{outcome} (claim of {program})")
        return outcome

    async def withdraw_claim(self, who: str, program: str) -> str:
        """Withdraw the claim of *program*; see `frontends.hub.Hub`."""
        before = self._recorder.claims
        if program not in before.of:
            return "nothing changed: there was no claim"
        self._recorder.set_claims(before.withdrawn(program))
        self.note_order(who, f"the claim of {program} is withdrawn")
        return "withdrawn"

    async def report_ocpp(self, report: OcppReport) -> None:
        """Put what the charge point of OCPP reports in force; see `frontends.hub.Hub`."""
        charger = self._charger
        urgent = report.view != charger.state.ocpp
        charger.set(
            replace(charger.state, ocpp=report.view, ocpp_ceiling=report.ceiling), urgent=urgent
        )
