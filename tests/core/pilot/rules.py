# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of every step of the state machine, whoever drives it: the walk, or chance.

The numbers stand here as they stand in the standard and in the design, not as the machine has them:
a machine with another one is found out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evsed.core.pilot import events as ev
from evsed.core.pilot import j1772
from evsed.core.pilot.fault_rules import CHATTERS
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import PilotState
from evsed.core.pilot.phase_set import Switching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evsed.core.pilot.evse_values import EvseConfig, Outputs, Step
    from evsed.core.pilot.pilot_meter import PilotReading

CONNECTED = (PilotState.B, PilotState.C, PilotState.D)
LONG_AGO = -1e9
NEARLY_S = 1e-9  # what sums of floats take away from a second


@dataclass(frozen=True, slots=True)
class Wires:
    """The state of the wires, and its age: kept by the observer, not by the machine."""

    duty: float = 1.0
    closed: bool = False
    pwm_ended_at: float = 0.0
    rose_at: float = LONG_AGO
    opened_at: float = LONG_AGO
    faulted_at: float = LONG_AGO  # by a fault that F is to tell the car of
    closings: tuple[float, ...] = ()  # the last twelve
    woken_at: float = LONG_AGO  # by the order to wake the car
    f_until: float = LONG_AGO  # by a probe for B
    moved: bool = False  # B, or A as it should be, was read since the last closing
    confirmed: bool = False  # by the owner, since the car came
    held_until: float = LONG_AGO  # by a pause after a crash, a pilot's fault, or too many askings
    outputs: int = 0  # how many contactors are closed
    set_outputs: int = 1  # ... and were at the last closing; where phases are switched only
    least_outputs: int = 1  # of this stay; 0: nothing was closed since the plug was seen empty
    rest_at: float | None = None  # since when all rests as a change of the set needs it
    rested: bool = False  # for 15 s without a break, since the last closing
    empty_at: float | None = None  # since when the pilot reads A
    f_at: float = LONG_AGO  # since when F is on the wire
    hidden_until: float = LONG_AGO  # the pilot's line is open, by the order to wake the car

    @property
    def pwm(self) -> bool:
        """True while an offer stands."""
        return 0.0 < self.duty < 1.0

    def thresholds(self) -> tuple[tuple[float, float], ...]:
        """The moments that the rules below still count from here, each with its seconds."""
        opened = () if self.closed else ((self.opened_at, 1.0),)
        if self.pwm:
            return (*opened, (self.rose_at, 5.0))
        kept = ((self.pwm_ended_at, 6.0),) if self.closed else ()
        paused = ((self.f_at, 60.0),) if self.duty == 0.0 else ()
        shows = ((self.faulted_at, 0.3), (self.woken_at, 4.0), *paused)
        return (*opened, *kept, (self.pwm_ended_at, 3.0), *shows, (self.held_until, 0.0))

    def at(
        self,
        now: float,
        outputs: Outputs,
        events: Sequence[ev.Event] = (),
        reading: PilotReading | None = None,
    ) -> Wires:
        """The wires after *outputs* were put on them, *events* happened, *reading* was read."""
        duty, closed = outputs.duty, outputs.closed > 0
        moved = self.moved or (now >= self.hidden_until and _out_of_c(reading))
        # Most steps change nothing of this, and the walk takes millions. Under F x1 begins again.
        same = duty == self.duty > 0.0 and outputs.closed == self.outputs and moved == self.moved
        if same and not events:
            return self
        pwm = 0.0 < duty < 1.0
        rose = pwm and (not self.pwm or duty > self.duty)
        return Wires(
            duty=duty,
            closed=closed,
            pwm_ended_at=now if self.duty < 1.0 and not pwm else self.pwm_ended_at,
            rose_at=now if rose else self.rose_at,
            opened_at=now if self.closed and not closed else self.opened_at,
            faulted_at=now if any(map(_shows_f, events)) else self.faulted_at,
            closings=(*self.closings[-11:], now) if closed and not self.closed else self.closings,
            woken_at=self.woken_at,
            f_until=max(self.f_until, *(now + _probe_s(event) for event in events), LONG_AGO),
            moved=moved and not (closed and not self.closed),
            confirmed=self.confirmed and not any(isinstance(e, ev.CarUnplugged) for e in events),
            held_until=max(self.held_until, *(now + _pause_s(event) for event in events), LONG_AGO),
            outputs=outputs.closed,
            set_outputs=self.set_outputs,
            least_outputs=self.least_outputs,
            rest_at=self.rest_at,
            rested=self.rested,
            empty_at=self.empty_at,
            f_at=self.f_at if self.duty == duty == 0.0 else now,
            hidden_until=self.hidden_until,
        )

    def with_phases(
        self, now: float, was: Wires, reading: PilotReading, *, proved_open: bool
    ) -> Wires:
        """These wires with what the rules of the phases count, where phases are switched.

        *was*: the wires until now. *proved_open*: every mirror contact reports open.
        """
        asks = reading.settled in (None, PilotState.C, PilotState.D)
        rests = proved_open and not (was.closed or was.pwm or asks)
        rest_at = (now if self.rest_at is None else self.rest_at) if rests else None
        rested = self.rested or (rest_at is not None and now - rest_at >= 15.0 - NEARLY_S)
        empty = reading.settled is PilotState.A
        empty_at = (now if self.empty_at is None else self.empty_at) if empty else None
        least = self.least_outputs
        if empty_at is not None and now - empty_at >= 0.5 - NEARLY_S:
            least = 0
        closes = self.closed and not was.closed
        if closes:
            least = min(least, self.outputs) if least else self.outputs
        return replace(
            self,
            set_outputs=self.outputs if closes else self.set_outputs,
            least_outputs=least,
            rest_at=None if closes else rest_at,
            rested=rested and not closes,
            empty_at=empty_at,
        )


def _shows_f(event: ev.Event) -> bool:
    return isinstance(event, ev.FaultRaised) and Fault(event.fault).kind.shows_f


def _out_of_c(reading: PilotReading | None) -> bool:
    if reading is None or reading.high_v is None or reading.state is not reading.settled:
        return False
    return 8.0 <= reading.high_v <= 10.05 or 11.4 <= reading.high_v <= 12.6


def _probe_s(event: ev.Event) -> float:
    return event.for_s if isinstance(event, ev.StateFShown) else LONG_AGO


def _pause_s(event: ev.Event) -> float:
    match event:
        case ev.FaultCleared(fault=Fault.PILOT.value):
            return 30.0
        case ev.OfferWithdrawn(why=CHATTERS.why):
            return 60.0
        case _:
            return LONG_AGO


def _broken_phases(config: EvseConfig, was: Wires, wires: Wires) -> str:
    """The first rule of the set of phases that a step broke; "" when all hold."""
    switch = config.switch
    if was.outputs and wires.outputs not in (0, was.outputs):
        return "phases: never another set while something is closed"
    if not wires.outputs or was.outputs:
        return ""
    if not switch.active:
        return "" if wires.outputs == switch.outputs else "phases: all close together"
    if wires.outputs not in (1, switch.outputs):
        return "phases: L1, or all"
    if wires.outputs != was.set_outputs and not was.rested:
        return "phases: another set only after 15 s of x1 or F with all proved open"
    if wires.outputs > was.least_outputs > 0 and switch.switching is not Switching.AUTO:
        return "phases: more of them under a car only where that is named"
    if 0 < was.least_outputs != wires.outputs and switch.switching is Switching.UNPLUGGED:
        return "phases: one set a stay"
    return ""


def broken(  # noqa: C901, PLR0911, PLR0912 - one rule after the other
    config: EvseConfig, was: Wires, wires: Wires, reading: PilotReading, limit_a: float, step: Step
) -> str:
    """The first rule that a step broke, in words; "" when all hold.

    *was* and *wires* are the wires before and after it, *limit_a* the lowest limit.
    """
    now, settled = reading.at, reading.settled
    allowed = settled is PilotState.C or (settled is PilotState.D and config.allow_ventilated)
    if wires.closed:
        if not allowed:
            return "closed: the pilot is a settled C, or a D that is allowed"
        if reading.lost:
            return "closed: the pilot can be read"
        if any(fault.kind.at_once for fault in step.faults):
            return "closed: no fault that opens at once"
        if not wires.pwm and now - wires.pwm_ended_at >= 6.0 + NEARLY_S:
            return "closed without an offer: for 6 s at most"
    if wires.closed and not was.closed:
        if reading.live_for_s < 0.5 - NEARLY_S or reading.low_v is None or reading.low_v > -10.8:
            return "closes: after half a second of C, the diode seen"
        if reading.state is not settled:
            return "closes: this very burst says C"
        if not (wires.pwm and was.pwm):
            return "closes: under PWM"
        if step.faults or step.blocked:
            return "closes: with no fault, and nothing that blocks"
        if config.needs_b and not (was.moved or was.confirmed or _out_of_c(reading)):
            return "closes: after the reading was out of C since the last closing"
        if now - was.opened_at < 1.0 - NEARLY_S:
            return "closes: a second after it opened"
        if len(was.closings) == 12 and now - was.closings[0] < 3600.0 - NEARLY_S:
            return "closes: at most twelve times in an hour"
    if step.outputs.cp_open and (wires.closed or was.closed or wires.duty != 1.0 or step.faults):
        return "the pilot's line: opened under steady +12 V, the contactor open, with no fault"
    if step.outputs.cp_open and now > wires.hidden_until + NEARLY_S:
        return "the pilot's line: open for as long as was ordered"
    if rule := _broken_phases(config, was, wires):
        return rule
    if wires.pwm:
        if not wires.duty >= 0.1:
            return "PWM: never under 10 %"
        if not j1772.current_for_duty(wires.duty) <= limit_a:
            return "PWM: never over the lowest limit"
        if step.faults:
            return "PWM: never with a fault"
        if not was.pwm and settled not in CONNECTED:
            return "PWM: offered to a car that is connected"
        if not was.pwm and now < was.held_until - NEARLY_S:
            return "PWM: not during a pause"
        if not was.pwm and now - was.pwm_ended_at < 3.0 - NEARLY_S:
            return "PWM: 3 s of x1 before a new offer"
        if was.pwm and wires.duty > was.duty and now - was.rose_at < 5.0 - NEARLY_S:
            return "PWM: rises are 5 s apart"
    elif wires.duty == 0.0:
        paused = config.pause_f and not was.closed and now - wires.f_at <= 60.0 + NEARLY_S
        shown = now - wires.faulted_at <= 0.3 + NEARLY_S or now <= wires.f_until + NEARLY_S
        if not (shown or paused or now - wires.woken_at <= 4.0 + NEARLY_S):
            return "F: for 300 ms and a fault, for 4 s to wake a car or see B, or for its pause"
    elif wires.duty != 1.0:
        return "the pilot is steady, F, or PWM"
    elif not step.blocked:
        return "x1: for a reason that is told"
    return ""
