# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine: pilot, lowest limit and now in; duty, contactor, events and faults out.

States are the car's (A-F, from `pilot_meter`) with the EVSE's suffix: 1 steady +12 V (x1), 2 with
PWM (x2). The rules, with their place in IEC 61851-1:

* The contactor closes in C2 only (D2 where ventilation is allowed): half a second of it with the
  diode seen, a live limit, no fault, at least 1 s open (seq. 4).
* It opens in the same step when the settled state is no longer live (seq. 2.2, 8), when the
  pilot is lost, or on a fault; and 6 s after the offer ended if the car goes on (seq. 10.2).
* x1 lasts at least 3 s before a new x2; rises of the duty are 5 s apart; falls are immediate.
* Nothing closes before it is proved that C comes from a car (see `pilot_proof`).

What it remembers lies in its parts: `presence` (the car), `output` (the pilot), `contactor`,
`fault_rules` (the faults, and the pause after them), `proof` (of the pilot's reading), `state_f`
(the cars that F is shown to), `phases` (the set that closes). This file holds the decisions about
offer and contactor.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from evsed.core.pilot import causes, j1772
from evsed.core.pilot import events as ev
from evsed.core.pilot.causes import Cause, Reason
from evsed.core.pilot.contactor_state import ContactorState
from evsed.core.pilot.evse_values import EvseConfig, Outputs, Step
from evsed.core.pilot.fault_rules import FaultRules
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.limits import owner_name
from evsed.core.pilot.phase_set import PhaseSet, PhaseWish, Rest
from evsed.core.pilot.pilot_output import SHOWS_F, PilotOutput
from evsed.core.pilot.pilot_proof import B_NOT_STEADY, NO_B, NOT_PROVED, STRAYED, PilotProof
from evsed.core.pilot.presence import LIVE, Presence
from evsed.core.pilot.state_f import StateF
from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from evsed.core.pilot.active_faults import ActiveFaults
    from evsed.core.pilot.limits import Limit
    from evsed.core.pilot.pilot_meter import PilotReading

CLOSE_AFTER_S = 0.5  # of C with the diode seen
# F is shown for 300 ms; the fault that it shows may have ended within them.
WAKES = Reason(causes.HOLD_OFF, text("the pilot shows F for 4 s to wake the car"))
CP_OPEN = Reason(causes.HOLD_OFF, text("the pilot's line is open for a moment to wake the car"))


class Evse:
    """One connector. `step()` is called every tick with what is known then."""

    def __init__(self, config: EvseConfig, now: float) -> None:
        self._config = config
        self.presence = Presence(now)
        self.output = PilotOutput(now)
        self.contactor = ContactorState(now)
        self.proof = PilotProof(proved=config.front_end_proved, needs_b=config.needs_b)
        self.phases = PhaseSet(config.switch, now)
        self.fault_rules = FaultRules(
            self.presence,
            self.output,
            self.contactor,
            self.proof,
            hold_until_at=now + config.hold_off_s,
            allow_ventilated=config.allow_ventilated,
        )
        self.state_f = StateF(
            self.presence,
            self.output,
            self.contactor,
            self.proof,
            self.fault_rules,
            in_pauses=config.pause_f,
        )
        self._stopping = False
        self._state_label = ""

    # --- state ----------------------------------------------------------------------------------

    @property
    def plugged(self) -> bool:
        """True while a car is plugged in, by the settled state."""
        return self.presence.plugged

    @property
    def active(self) -> ActiveFaults:
        """The active faults."""
        return self.fault_rules.active

    @property
    def faults(self) -> Mapping[Fault, str]:
        """The active faults, with what was measured."""
        return self.active.as_dict()

    @property
    def front_end_proved(self) -> bool:
        """True once the front end has read 11.4-12.6 V in A."""
        return self.proof.proved

    @property
    def cycles(self) -> int:
        """Closings since the process started."""
        return self.contactor.cycles

    @property
    def state(self) -> str:
        """The settled state with its suffix, such as "B1"; "-" before anything is settled."""
        return self._state_label or "-"

    @property
    def stopping(self) -> bool:
        """True once the offer was withdrawn for good."""
        return self._stopping

    @property
    def stopped(self) -> bool:
        """True once `stop()` was called and nothing is closed or offered any more."""
        at_rest = not self.contactor.closed and self.output.duty == j1772.STEADY
        return self._stopping and at_rest

    # --- orders ---------------------------------------------------------------------------------

    def stop(self) -> None:
        """Withdraw the offer for good: steady +12 V, up to 6 s for the car, then open (SIGTERM)."""
        self._stopping = True

    def acknowledge(self, now: float, only: Collection[Fault] = ()) -> tuple[ev.Event, ...]:
        """End the faults that wait for the owner, or *only* some; what has a cause comes back."""
        if Fault.PILOT_NOT_PROVED in self.active and (not only or Fault.PILOT_NOT_PROVED in only):
            self.proof.confirm()
        return tuple(self.active.acknowledge(now, only))

    def restore(self, faults: Mapping[Fault, str]) -> None:
        """Take over latched faults of an earlier life."""
        self.active.restore(faults)

    def remember(
        self, now: float, faults: Mapping[Fault, str], *, front_end_proved: bool, hold_off_s: float
    ) -> None:
        """Take over what earlier lives have kept, where it could be read only later."""
        self.active.restore(faults)
        self.proof.proved = self.proof.proved or front_end_proved
        self.fault_rules.hold(now, hold_off_s)

    def latch(self, now: float, fault: Fault, detail: str) -> tuple[ev.Event, ...]:
        """Raise *fault* at once, whatever the board does; it ends as its recovery class says."""
        return tuple(self.fault_rules.add(now, fault, detail))

    def wake(self, now: float, open_s: float = 0.0) -> tuple[ev.Event, ...]:
        """Show F for 4 s to a car that leaves its offer untaken; then x1, then the offer again.

        Where *open_s* is given and the box has the relay, the pilot's line is opened for so long
        instead; the car has to show B again after it, because another may come meanwhile. Nothing
        happens where no offer is untaken, or a fault is active.
        """
        untaken = self.presence.plugged and self.presence.settled is PilotState.B
        if not (untaken and self.output.offering) or self.active.first or self._stopping:
            return ()
        if open_s > 0.0 and self._config.cp_relay:
            open_s = min(open_s, j1772.CP_OPEN_MOST_S)
            self.output.open_cp(now, open_s)
            self.proof.on_unseen()
            return (ev.CarWoken(now, open_s),)
        self.output.show_f(now, j1772.WAKE_S, WAKES)
        return (ev.CarWoken(now),)

    def opened_elsewhere(self, now: float, cause: Cause, why: str) -> tuple[ev.Event, ...]:
        """Treat the contactor as open, because a dead-man may have opened it; close in full."""
        if cause is causes.CONTACTOR:
            self.proof.on_not_closed()
        self.phases.on_break()
        return tuple(self.contactor.open(now, cause, why))

    def restart(self, now: float) -> tuple[ev.Event, ...]:
        """Start again on a lost board: open, at least 3 s of steady +12 V, then a full close."""
        events = self.contactor.open(now, causes.BOARD_LOST, text("the board was lost"))
        self.output.restart(now)
        self.output.close_cp(now)
        self.presence.restart(now)
        self.phases.on_break()
        return tuple(events)

    # --- the step -------------------------------------------------------------------------------

    def step(
        self,
        now: float,
        pilot: PilotReading,
        limit: Limit,
        reported: Mapping[Fault, str] | None = None,
        *,
        ready: bool = True,
        wish: PhaseWish | None = None,
        proved_open: bool = False,
    ) -> Step:
        """Decide for *now* from *pilot*, the lowest *limit* and the faults *reported* from outside.

        Faults in *reported* (temperature, ground fault, ...) are active as long as they are
        reported; their recovery class decides when they end. While the box is not *ready* (its
        self-tests are under way) nothing closes; `Step.closing` asks for them. *wish*: the set of
        phases that the daemon asks for. *proved_open*: every mirror contact reports open.
        """
        was_plugged = self.presence.plugged
        # While the line is open the box reads A, whoever hangs on the cable: the car counts as it
        # was, in B. Nothing closes on B, and it has to show a new one.
        hidden = self.output.cp_hides(now)
        events = [] if hidden else self.presence.update(now, pilot)
        if was_plugged and not self.presence.plugged:
            self.fault_rules.on_unplugged(now)
            self.contactor.budget.on_unplugged()
            self.proof.on_unplugged()
        events += self.fault_rules.update(now, pilot, reported or {})
        if self._stopping or self.active.first is not None:
            self.output.close_cp(now)
        events += self._update_phases(now, wish, proved_open=proved_open)
        blocked = self._blocked(now, limit)
        events += self.state_f.update(now, pilot, limit, blocked, stopping=self._stopping)
        offered_a = 0.0 if blocked else limit.max_a
        before, offering = self.output.duty, self.output.offering
        events += self.output.update(now, offered_a, blocked or self.output.f_reason)
        if before != self.output.duty and offering and self.output.offering:
            self.presence.on_duty_changed(now)
        if offering and not self.output.offering:
            self.output.lengthen_pause(self._least_pause_s())
        closing = False
        if opens := self._opens(now, pilot):
            excused = self.presence.flinched
            events += self.contactor.open(now, opens.cause, opens.why, excused=excused)
        elif not blocked and self._may_close(now, pilot):
            closing = not ready
            if ready:
                events += self.contactor.close(now)
                self.proof.on_close()
                self.phases.on_close()
        events += self._update_state(now)
        return Step(
            outputs=Outputs(
                self.output.duty,
                self.phases.outputs if self.contactor.closed else 0,
                cp_open=self.output.cp_open(now),
            ),
            events=tuple(events),
            faults=self.active.as_dict(),
            blocked=blocked.why if blocked else "",
            wait_s=blocked.left_s if blocked else 0.0,
            closing=closing,
            cause=blocked.cause if blocked else None,
        )

    # --- the contactor --------------------------------------------------------------------------

    def _opens(self, now: float, pilot: PilotReading) -> Reason | None:
        """The reason to open a contactor that is closed; None where there is none."""
        fault = self.active.first_at_once
        if not self.contactor.closed:
            return None
        if fault is not None:
            return Reason(
                Cause.fault(fault.value),
                text("{fault}, {detail}", fault=fault.value, detail=self.active[fault]),
            )
        if pilot.lost:
            return Reason(causes.PILOT_LOST, text("the pilot could not be read for 60 ms"))
        # The car lets go because the offer was withdrawn, where it was.
        unplugged = self.presence.settled is PilotState.A
        cause = self.output.withdrawn or (causes.UNPLUGGED if unplugged else causes.CAR)
        if not self._live:
            return Reason(cause, text("the car no longer asks"))
        if self.output.x1_for_s(now) >= j1772.C1_S:
            return Reason(cause, text("the car went on for 6 s after the offer ended"))
        return None

    def _may_close(self, now: float, pilot: PilotReading) -> bool:
        """Return True where an open contactor may close at *now*; nothing blocks the offer."""
        return (
            not self.contactor.closed
            and self._live
            and self.output.offering
            and self.proof.complete
            and not self.presence.needs_b
            and not pilot.lost
            and pilot.state is self.presence.settled
            and pilot.live_for_s >= CLOSE_AFTER_S
            and self.contactor.rested(now)
        )

    @property
    def _live(self) -> bool:
        """Return True where the car asks for power in a way that this box serves."""
        settled = self.presence.settled
        ventilated = settled is PilotState.D and self._config.allow_ventilated
        return settled is PilotState.C or ventilated

    # --- the offer ------------------------------------------------------------------------------

    def _blocked(self, now: float, limit: Limit) -> Reason | None:
        """The reason why nothing may be offered; None where nothing blocks."""
        return self._not_ready(now) or self._not_allowed(now, limit)

    def _not_ready(self, now: float) -> Reason | None:
        """The reason in evsed, the box or the car why nothing may be offered; or None."""
        hold_left_s = self.fault_rules.hold_until_at - now
        if self._stopping:
            return Reason(causes.SHUTDOWN, text("evsed is stopping"))
        if self.active.first is not None:
            name = self.active.first.value
            return Reason(Cause.fault(name), name, max(0.0, hold_left_s))
        if self.output.shows_f(now):
            return self.output.f_reason
        if self.output.cp_hides(now):
            return CP_OPEN
        # A car that is just leaving keeps the offer it has for half a second, but gets no new one.
        if not self.presence.plugged or not (self.output.offering or self.presence.present):
            return Reason(causes.UNPLUGGED, text("no car"))
        if not self.proof.proved:
            return Reason(causes.NOT_PROVED, NOT_PROVED)
        if hold_left_s > 0.0:
            return replace(self.fault_rules.hold_reason, left_s=hold_left_s)
        return None

    def _not_allowed(self, now: float, limit: Limit) -> Reason | None:
        """The reason in the *limit*, the wear or the last offer; or None."""
        if not limit.max_a >= j1772.MIN_A:
            why = limit.why or text(
                "the {owner} allows less than 6 A", owner=owner_name(limit.owner)
            )
            return Reason(Cause.limit(limit.owner), why)
        if (switching := self.phases.reason(now)) is not None:
            return switching
        if self.contactor.closed and self.proof.strayed:
            return Reason(causes.NOT_PROVED, STRAYED)
        if not self.contactor.closed and not self.proof.complete:
            if self._live:
                return Reason(causes.NOT_PROVED, NO_B)
            unproved = not (self.proof.car_proved or self.proof.b_moved)
            if unproved and self.presence.settled is PilotState.B:
                return Reason(causes.NOT_PROVED, B_NOT_STEADY)
        budget = self.contactor.budget
        if not self.contactor.closed and (pause_s := budget.left_s(now)) > 0.0:
            return Reason(Cause.limit("wear"), budget.describe(now), pause_s)
        if (x1_left_s := self.output.x1_left_s(now)) > 0.0:
            why = text("the car is given time to see that the offer ended")
            if self.output.pause_s > j1772.X1_MIN_S:
                why = text(
                    "the car gets a pause of {pause_s:.0f} s after each interruption",
                    pause_s=self.output.pause_s,
                )
            return Reason(self.output.withdrawn or causes.HOLD_OFF, why, x1_left_s)
        return None

    def _least_pause_s(self) -> float:
        """Seconds without an offer that the car needs after the end of this one."""
        least_s = self._config.least_pause_s if self.contactor.closed else 0.0
        return max(least_s, self.phases.least_pause_s)

    # --- the set of phases ----------------------------------------------------------------------

    def _update_phases(
        self, now: float, wish: PhaseWish | None, *, proved_open: bool
    ) -> list[ev.Event]:
        """Let the set of phases follow the *wish*, in its sequence."""
        settled, plugged = self.presence.settled, self.presence.plugged
        if self.presence.gone(now):
            self.phases.on_empty()
        silent = not (self.contactor.closed or self.output.offering)
        box = Rest(
            silent=silent and settled is not None and settled not in LIVE,
            proved_open=proved_open,
            faulty=self.active.first is not None,
            plugged=plugged,
        )
        events = self.phases.update(now, wish, box)
        if plugged and (for_s := self.phases.f_for_s(now)) > 0.0 and not self.output.shows_f(now):
            self.output.show_f(now, for_s, self.phases.reason(now) or SHOWS_F)
        return events

    # --- the state's name -----------------------------------------------------------------------

    def _update_state(self, now: float) -> list[ev.Event]:
        settled = self.presence.settled
        label = "" if settled is None else settled.value
        if self.output.pauses:
            return []  # F hides the car, which was in B
        if self.presence.present:
            label += "2" if 0.0 < self.output.duty < 1.0 else "1"
        if label == self._state_label:
            return []
        old, self._state_label = self._state_label, label
        return [ev.StateChanged(now, old or "-", label or "-")]
