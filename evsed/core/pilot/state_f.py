# SPDX-License-Identifier: GPL-3.0-or-later
"""State F shown to a car: to ask it for B, after a disturbance, and in a pause.

It opens S2 then, as some cars do only on F. What a person or the daemon asks for (`Evse.wake`), and
the F of a fault, are not decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.pilot import causes, j1772
from evsed.core.pilot import events as ev
from evsed.core.pilot.car_probe import F_S, CarProbe, CarRelease, Probe
from evsed.core.pilot.causes import Reason
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.pilot_meter import Anomaly
from evsed.core.pilot.pilot_proof import B_MOVED, NO_B
from evsed.core.pilot.presence import WELL
from evsed.core.text import text

if TYPE_CHECKING:
    from evsed.core.pilot.contactor_state import ContactorState
    from evsed.core.pilot.fault_rules import FaultRules
    from evsed.core.pilot.limits import Limit
    from evsed.core.pilot.pilot_meter import PilotReading
    from evsed.core.pilot.pilot_output import PilotOutput
    from evsed.core.pilot.pilot_proof import PilotProof
    from evsed.core.pilot.presence import Presence


class StateF:
    """Decides when F is shown; `update()` every tick. *in_pauses*: the car wants F in a pause."""

    def __init__(
        self,
        presence: Presence,
        output: PilotOutput,
        contactor: ContactorState,
        proof: PilotProof,
        fault_rules: FaultRules,
        *,
        in_pauses: bool,
    ) -> None:
        self._presence = presence
        self._output = output
        self._contactor = contactor
        self._proof = proof
        self._fault_rules = fault_rules
        self._in_pauses = in_pauses
        self.probe = CarProbe()
        self.release = CarRelease()

    def update(
        self,
        now: float,
        pilot: PilotReading,
        limit: Limit,
        blocked: Reason | None,
        *,
        stopping: bool,
    ) -> list[ev.Event]:
        """Show F where it is due at *now*. *blocked*: the reason why nothing may be offered."""
        events = self._update_probe(now, blocked)
        events += self._update_release(now, pilot)
        if self._in_pauses:
            self._update_pause(now, limit, blocked, stopping=stopping)
        return events

    def _update_probe(self, now: float, blocked: Reason | None) -> list[ev.Event]:
        """Ask a car that stays in C for B, where that is all that is missing."""
        if self._presence.settled in WELL:
            self.probe.reset()
        if blocked is None or blocked.why != NO_B:
            return []
        action = self.probe.update(now, self._output.x1_for_s(now))
        if action is Probe.SHOW_F:
            why = text("the car has to show B before the contactor closes")
            return self._show(now, why)
        if action is Probe.FAILED:
            why = B_MOVED if self._proof.b_moved else text("the car asks and shows no B")
            return self._fault_rules.add(now, Fault.PILOT_NOT_PROVED, why)
        return []

    def _update_release(self, now: float, pilot: PilotReading) -> list[ev.Event]:
        """Show F to a car that stays in C although the disturbance of its pilot is over."""
        active = self._fault_rules.active
        faults = set(active)
        due = self.release.update(
            now,
            disturbed=bool(faults) and faults <= {Fault.PILOT, Fault.VENTILATION},
            calm=self._presence.settled is PilotState.C and not (pilot.anomaly or pilot.lost),
            shorted=Fault.PILOT in faults and active[Fault.PILOT] == Anomaly.SHORTED.value,
        )
        if not due:
            return []
        return self._show(now, text("the car stays in C after a disturbance of the pilot"))

    def _show(self, now: float, why: str) -> list[ev.Event]:
        self._output.show_f(now, F_S, Reason(causes.NOT_PROVED, NO_B))
        return [ev.StateFShown(now, F_S, why)]

    def _update_pause(
        self, now: float, limit: Limit, blocked: Reason | None, *, stopping: bool
    ) -> None:
        """Show F in a pause, in turns with x1, in which the car is seen.

        The contactor is open then. F hides the car, so it has to show B again before anything
        closes.
        """
        allowed = limit.max_a >= j1772.MIN_A
        if self._output.pauses:
            over = self._output.pause_s - self._output.x1_for_s(now) <= j1772.X1_MIN_S
            seen = self._output.paused_for_s(now) >= j1772.WAKE_S
            if (
                (allowed and over and seen)
                or stopping
                or self._fault_rules.active.first is not None
            ):
                self._output.end_pause(now)
            return
        if allowed or blocked is None or blocked.cause.kind is not causes.CauseKind.LIMIT:
            return
        rests = not self._contactor.closed and self._presence.settled is PilotState.B
        stood = self._output.x1_for_s(now) >= j1772.X1_MIN_S and self._proof.complete
        if rests and stood:
            self._output.pause(now, blocked)
            self._proof.on_unseen()
