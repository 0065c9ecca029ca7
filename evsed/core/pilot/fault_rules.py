# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the faults: the finding that raises each, and the finding that ends it.

A fault of the pilot is raised here from the reading. One from outside (temperature, ground fault,
contactor) is raised as long as it is reported. The table in `faults` says what each fault does to
the wires and how it may end; `active_faults` keeps those that are active.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.pilot import causes, j1772
from evsed.core.pilot.active_faults import ActiveFaults
from evsed.core.pilot.causes import Reason
from evsed.core.pilot.faults import Fault, Recovery
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.pilot_meter import Anomaly
from evsed.core.pilot.pilot_proof import reads_steady
from evsed.core.pilot.presence import LIVE, WELL
from evsed.core.pilot.stay_doubt import StayDoubt
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evsed.core.pilot.contactor_state import ContactorState
    from evsed.core.pilot.events import Event
    from evsed.core.pilot.pilot_meter import PilotReading
    from evsed.core.pilot.pilot_output import PilotOutput
    from evsed.core.pilot.pilot_proof import PilotProof
    from evsed.core.pilot.presence import Presence

PILOT_HOLD_OFF_S = 30.0  # after E or another pilot fault
PILOT_WELL_S = 1.0  # of A or B before anything closes again
CHATTER_PAUSE_S = 60.0
INCONSISTENT_S = 0.5
DIODE_TRIES = 3  # of a car whose diode was missing, in one stay
AFTER_FAULT = Reason(causes.HOLD_OFF, text("waiting after a fault or a restart"))
# Cars do so after their charge, or on a charger of their own that fails (see `sim.cars`): it wears
# the contactor, and nothing is wrong with the box.
CHATTERS = Reason(
    causes.HOLD_OFF,
    text("the car asked and stopped five times within a minute; evsed pauses it for a minute"),
)


class FaultRules:
    """Raises and ends faults, and keeps the pauses of the pilot; `update()` every tick.

    `active` are the active faults, `stays` the doubt of the receiver. Nothing may be offered until
    `hold_until_at`, because of `hold_reason`. *allow_ventilated*: D is no fault.
    """

    def __init__(
        self,
        presence: Presence,
        output: PilotOutput,
        contactor: ContactorState,
        proof: PilotProof,
        *,
        hold_until_at: float,
        allow_ventilated: bool,
    ) -> None:
        self._presence = presence
        self._output = output
        self._contactor = contactor
        self._proof = proof
        self._allow_ventilated = allow_ventilated
        self.active = ActiveFaults()
        self.stays = StayDoubt()
        self.hold_until_at = hold_until_at
        self.hold_reason = AFTER_FAULT
        self._inconsistent_at: float | None = None
        self._diode_faults = 0  # in this stay

    def hold(self, now: float, for_s: float, reason: Reason = AFTER_FAULT) -> None:
        """Let nothing be offered for *for_s* seconds because of *reason*; the longest counts."""
        if now + for_s > self.hold_until_at:
            self.hold_until_at, self.hold_reason = now + for_s, reason

    def on_unplugged(self, now: float) -> None:
        """Note the end of a stay."""
        lasted = self._contactor.budget.lasted
        self.stays.on_unplugged(now, live=self._presence.left_live, lasted=lasted)
        self._diode_faults = 0

    def update(self, now: float, pilot: PilotReading, reported: Mapping[Fault, str]) -> list[Event]:
        """Raise what *pilot* and *reported* show, and end what is over."""
        events: list[Event] = []
        steady = self._output.duty == j1772.STEADY
        if misread := self._proof.update(now, pilot, self._presence, steady=steady):
            events += self.add(now, Fault.PILOT, misread)
        events += self._compare_plateaus(now, pilot)
        anomaly, settled = pilot.anomaly, self._presence.settled
        if anomaly is Anomaly.NO_DIODE:
            if settled is not PilotState.A:
                raised = self.add(now, Fault.DIODE, pilot.trouble)
                self._diode_faults += len(raised)
                events += raised
        elif anomaly is not None and not self._output.shows_f(now):
            events += self.add(now, Fault.PILOT, pilot.trouble)
        if doubt := self._doubt(now):
            events += self.add(now, Fault.PILOT, doubt)
        if settled is PilotState.D and not self._allow_ventilated:
            self._presence.needs_b = True
            if Fault.PILOT not in self.active:  # a reading that jumps is no car's wish
                events += self.add(now, Fault.VENTILATION, text("the car asks for ventilation"))
        if self._presence.chatters(now):
            self.hold(now, CHATTER_PAUSE_S, CHATTERS)
        for fault, detail in reported.items():
            events += self.add(now, fault, detail)
        for fault in self.active:
            if fault not in reported and (how := self._ended_by(now, fault, pilot)):
                events += self.active.clear(now, fault, how)
        return events

    def add(self, now: float, fault: Fault, detail: str) -> list[Event]:
        """Raise *fault* unless it is active already, and show F to the car where its kind does."""
        events = self.active.add(now, fault, detail)
        if events and fault.kind.shows_f:
            self._output.show_f(now)
        return events

    def _doubt(self, now: float) -> str:
        """Return the doubt of the order of the readings up to *now*; "" where there is none."""
        presence = self._presence
        if presence.settled in LIVE and presence.from_b and presence.settled_at == now:
            self.stays.on_asked(now, unoffered_s=self._output.x1_for_s(now))
        return self.stays.describe()

    def _compare_plateaus(self, now: float, pilot: PilotReading) -> list[Event]:
        """Raise a fault where the plateaus did not belong together for half a second."""
        why = "" if self._contactor.closed else self._proof.inconsistent(pilot.low_v)
        if not why or not self._presence.present:
            self._inconsistent_at = None
            return []
        if self._inconsistent_at is None:
            self._inconsistent_at = now
        if now - self._inconsistent_at < INCONSISTENT_S:
            return []
        return self.add(now, Fault.PILOT, why)

    def _ended_by(self, now: float, fault: Fault, pilot: PilotReading) -> str:
        """The cause that ends *fault* at *now*; "" where it goes on."""
        recovery = fault.kind.recovery
        if fault is Fault.PILOT_NOT_PROVED:
            return text("the pilot left C") if self._presence.settled in WELL else ""
        if recovery is Recovery.UNPLUG:
            if not self._presence.plugged and self._presence.settled is PilotState.A:
                return text("unplugged")
            # Without an offer the diode cannot be seen. The next offer looks for it, and closes
            # nothing before it was seen for half a second.
            tries = fault is Fault.DIODE and self._diode_faults <= DIODE_TRIES
            if not tries or not self._pilot_is_well(now, pilot):
                return ""
            self.hold(now, PILOT_HOLD_OFF_S)
            return text("the pilot is well, and the next offer looks for the diode")
        if recovery is not Recovery.AUTO:
            return ""
        if fault is Fault.PILOT:
            steady_s = min(self._presence.well_for_s(now), self._presence.settled_for_s(now))
            if not self._pilot_is_well(now, pilot) or steady_s < self.stays.steady_s:
                return ""
            self.stays.on_steady()
            self.hold(now, PILOT_HOLD_OFF_S)
            return text("the pilot is well")
        if fault is Fault.VENTILATION:
            return "" if self._presence.needs_b else text("the car stopped asking")
        return text("its cause is gone")

    def _pilot_is_well(self, now: float, pilot: PilotReading) -> bool:
        """Return True where A or B lasted a second without an anomaly, and A with 11.4-12.6 V."""
        if self._presence.well_for_s(now) < PILOT_WELL_S:
            return False
        if self._presence.settled is not PilotState.A:
            return True
        return pilot.high_v is not None and reads_steady(pilot.high_v)
