# SPDX-License-Identifier: GPL-3.0-or-later
"""One tick: sample, read, decide, drive, beat; and its report to the daemon."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from evsed.boards import drive
from evsed.control.ceilings import SILENT, Ceilings, found_by
from evsed.control.panel import Panel
from evsed.control.read_back import check
from evsed.core.box.light import Hint, Seen
from evsed.core.pilot import causes, j1772
from evsed.core.pilot import current_transformer as current
from evsed.core.pilot import events as ev
from evsed.core.pilot.charge_pump import ChargePump
from evsed.core.pilot.economiser import Economiser
from evsed.core.pilot.evse import Evse
from evsed.core.pilot.evse_values import SAFE, Outputs, Step
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import for_car, lowest
from evsed.core.pilot.pilot_meter import PilotMeter, PilotReading, burst_length
from evsed.core.pilot.protection import NO_PROTECTION, Inputs, Moment, Protection, ProtectionResult
from evsed.core.pilot.punctuality import CONFIRM_S, SURE_S, Punctuality
from evsed.core.text import text
from evsed.errors import BoardError, LinkError, OutputError
from evsed.link import (
    Acknowledge,
    Configure,
    Message,
    OpenNow,
    Remember,
    ReportedFaults,
    SetLimits,
    Snapshot,
    StopCharging,
    Tick,
    WakeCar,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evsed.boards import Board
    from evsed.core.pilot.limits import Limit
    from evsed.core.pilot.phase_set import PhaseWish

TICK_S = 0.02
READ_BACK_EVERY_S = 1.0
SWITCHES_OFF = ("owner", "button")  # whose limit of 0 A is an order of a person
UNTENDED = (Fault.CONTACTOR, Fault.DEAD_MAN)  # no beats of the pump while one of these is active


@dataclass(slots=True)
class _Tally:
    """Ticks since the start, and the longest since the last snapshot."""

    ticks: int = 0
    worst_tick_s: float = 0.0


@dataclass(slots=True)
class Control:
    """One tick after the other, on one board. *clock* gives monotonic seconds."""

    board: Board
    config: Configure
    clock: Callable[[], float]

    _evse: Evse = field(init=False)
    _meter: PilotMeter = field(init=False)
    _protection: Protection = field(init=False)
    _current: current.CurrentMeter | None = None
    _economiser: Economiser = field(default_factory=Economiser)
    _guard: ProtectionResult = NO_PROTECTION
    _ceilings: Ceilings = field(init=False)
    _car_least_a: float = 0.0
    _hint: Hint = Hint.NONE
    _wish: PhaseWish | None = None
    _panel: Panel = field(init=False)
    _reported: Mapping[Fault, str] = field(default_factory=dict)
    _last: Outputs | None = None
    _step: Step | None = None
    _reading: PilotReading | None = None
    _pump: ChargePump = field(init=False)
    _punctuality: Punctuality = field(default_factory=Punctuality)
    _beat_at: float = 0.0
    _gap_s: float = 0.0
    _burst_at: float | None = None
    _mismatches: int = 0
    _read_back_at: float = 0.0
    _board_why: str = text("not reached yet")
    _board_lost: bool = False
    _tally: _Tally = field(default_factory=_Tally)
    _events: list[ev.Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        now = self.clock()
        self._evse = Evse(self.config.evse, now)
        self._evse.restore(self.config.latched)
        self._ceilings = Ceilings(self.config.supply_max_a)
        self._meter = PilotMeter(self.config.front_end)
        self._panel = Panel(self.config.board.box)
        inputs = self.config.board.inputs
        testable = inputs.ground_fault_test_gpio is not None
        self._protection = Protection(
            now,
            ground_testable=testable,
            over_current=self.config.over_current,
            front_end=self.config.front_end,
        )
        self._pump = ChargePump(mirrored=bool(inputs.contactor_feedback_gpios))
        if inputs.current_adc_channel is not None:
            self._current = current.CurrentMeter(inputs.current_a_per_v)

    # --- orders -----------------------------------------------------------------------

    def handle(self, message: Message) -> None:
        """Carry out one message of the daemon. Raises `LinkError` for one that it may not send."""
        match message:
            case SetLimits(limits, car_least_a, hint, wish):
                self._ceilings.update(self.clock(), limits)
                self._car_least_a = car_least_a
                self._hint = hint
                self._wish = wish
            case WakeCar(open_s):
                self._events += self._evse.wake(self.clock(), open_s)
            case ReportedFaults(faults):
                self._reported = faults
            case Remember(latched, front_end_proved, hold_off_s):
                self._evse.remember(
                    self.clock(),
                    latched,
                    front_end_proved=front_end_proved,
                    hold_off_s=hold_off_s,
                )
            case StopCharging():
                self._evse.stop()
            case OpenNow():
                self._evse.stop()
                self._events += self._evse.opened_elsewhere(
                    self.clock(), causes.SHUTDOWN, text("asked to open at once")
                )
            case Acknowledge(faults):
                self._mismatches = 0
                self._events += self._evse.acknowledge(self.clock(), faults)
            case Configure() | Tick():
                raise LinkError(f"{type(message).__name__} is not the daemon's to send now")

    def on_link_lost(self) -> None:
        """Let the car go: the link ended, and with it every limit."""
        self._ceilings.on_link_lost()
        self._wish = None
        self._evse.stop()

    @property
    def done(self) -> bool:
        """True once the car has been let go and nothing is left to do."""
        return self._evse.stopped or (self._board_lost and self._evse.stopping)

    @property
    def tick_s(self) -> float:
        """Length of a tick: where a current is read, other than a period of the mains."""
        return TICK_S if self._current is None else current.TICK_S

    @property
    def idle(self) -> bool:
        """True while no car is there."""
        return not self._evse.plugged

    # --- the tick -----------------------------------------------------------------------

    def tick(self) -> None:
        """Sample, read, decide, drive, beat. Never raises for what a board does."""
        started_at = self.clock()
        try:
            if self.board.is_open or self._take_board():
                self._tick_board()
        except BoardError as error:
            if isinstance(error, OutputError):
                self._on_mismatch(str(error))
            self._lose_board(str(error))
        self._tally.ticks += 1
        self._tally.worst_tick_s = max(self._tally.worst_tick_s, self.clock() - started_at)

    def _take_board(self) -> bool:
        """Continue to open the board; whether it is ours now."""
        if not self.board.open():
            return False
        now = self.clock()
        self._events += self._evse.restart(now)
        self._meter.reset()
        self._protection.restart(now)
        if self._current is not None:
            self._current.reset()
        self._economiser = Economiser()
        self._guard = NO_PROTECTION
        self._last = None
        self._pump.restart()
        self._beat_at = now
        self._gap_s = 0.0
        self._burst_at = None
        self._check(SAFE)
        self._board_why = ""
        if self._board_lost:
            self._board_lost = False
            self._events.append(
                ev.FaultCleared(now, Fault.COMMUNICATION.value, text("the board answers again"))
            )
        return True

    def _tick_board(self) -> None:
        last = self._last or SAFE
        gap_s = max(self._gap_s, self.clock() - self._beat_at)
        if gap_s > SURE_S:
            # Before anything is read into the wire: a dead-man that fired has set the pilot, too,
            # and no mirror contact was read in the meantime: a rest between two sets is broken.
            self._check(last, gap_s)
        reading = self._reading = self._read_pilot(last)
        inputs = self.board.read_inputs() if self.config.board.inputs.any else None
        now = self.clock()
        guard = self._guard if inputs is None else self._update_protection(now, inputs, last)
        if last.closed and gap_s > SURE_S and not _all_closed(inputs, last.closed):
            why = text(
                "no beat for {gap_ms:.0f} ms: the charge pump may have opened the contactor",
                gap_ms=1000 * gap_s,
            )
            self._events += self._evse.opened_elsewhere(now, causes.LATE, why)
        ready = guard.ready and self._step is not None and self._step.closing
        if ready:
            # Every output is as it was driven before the pump gets its first beat.
            self._check(last)
        limits = self.limits_at(now)
        step = self._step = self._evse.step(
            now,
            reading,
            for_car(lowest(limits, now), self._car_least_a),
            {**self._reported, **guard.faults} if guard.faults else self._reported,
            ready=ready,
            wish=self._wish,
            proved_open=guard.proved_open,
        )
        self._events += step.events
        drive(self.board, step.outputs, self._last)
        self._last = step.outputs
        closed = step.outputs.closed > 0
        untended = any(fault in step.faults for fault in UNTENDED)
        pump = self._pump.update(closed=closed, withheld=untended or not guard.pump)
        if self._holds and self._economiser.update(now, closed=closed, pump=pump):
            self.board.hold_contactors()
        if self._panel.fitted:
            self._events += self._panel.update(now, self.board, self._seen(step, limits))
        self.board.beat(pump=pump)
        beat_at = self.clock()
        self._gap_s = beat_at - self._beat_at  # looked into at the begin of the next tick
        self._beat_at = beat_at
        if beat_at - self._read_back_at >= READ_BACK_EVERY_S:
            self._check(step.outputs)

    def _seen(self, step: Step, limits: tuple[Limit, ...]) -> Seen:
        """The charger as the light on the box shows it."""
        return Seen(
            plugged=self._evse.plugged,
            offering=0.0 < step.outputs.duty < 1.0,
            closed=step.outputs.closed > 0,
            faults=step.faults,
            off=any(limit.owner in SWITCHES_OFF and not limit.max_a for limit in limits),
            cause=step.cause,
            hint=Hint.NONE if SILENT in limits else self._hint,
        )

    def _read_pilot(self, last: Outputs) -> PilotReading:
        """Read a burst; where the last one was long ago, confirm at once what it shows."""
        reading = self._meter.update(*self._sample(last))
        interval_s = 0.0 if self._burst_at is None else reading.at - self._burst_at
        self._burst_at = reading.at
        self._punctuality.update(reading.at, interval_s)
        if last.closed and interval_s > CONFIRM_S and reading.suspect:
            reading = self._meter.update(*self._sample(last))
        return reading

    def _sample(self, last: Outputs) -> tuple[float, Sequence[int], float]:
        codes = self.board.sample_pilot(burst_length(last.duty))
        return self.clock(), codes, last.duty

    def _update_protection(self, now: float, inputs: Inputs, last: Outputs) -> ProtectionResult:
        """Judge the optional inputs, and do what that asks for beside the step."""
        if self._current is not None:
            self._current.update(now, inputs.current_codes)
        moment = Moment(
            closed=last.closed > 0,
            closing=self._step is not None and self._step.closing,
            plugged=self._evse.plugged,
            offered_a=j1772.current_for_duty(last.duty),
            duty=last.duty,
            drawn_a=self._drawn_a,
            outputs=last.closed or self._evse.phases.outputs,
        )
        guard = self._protection.update(now, inputs, moment)
        if self._current is not None and self._current.faults:
            guard = replace(guard, faults={**guard.faults, **self._current.faults})
        if guard.ground_test is not self._guard.ground_test:
            self.board.set_ground_fault_test(guard.ground_test)
        if guard.opened:
            self._events += self._evse.opened_elsewhere(now, causes.CONTACTOR, guard.opened)
        self._guard = guard
        return guard

    @property
    def _holds(self) -> bool:
        """Return True where contactors are held with less than what closes them."""
        return self.config.board.hold_duty < 1.0

    @property
    def _drawn_a(self) -> float | None:
        return None if self._current is None else self._current.amperes

    def limits_at(self, now: float) -> tuple[Limit, ...]:
        """Return every limit at *now*."""
        return self._ceilings.at(now, self._guard, self._punctuality.limit(now))

    def _check(self, wanted: Outputs, gap_s: float = 0.0) -> None:
        """Compare what the board reports with what was put on it; raises as `read_back.check()`."""
        found = self.board.read_back()
        self._read_back_at = self.clock()
        check(found, wanted, gap_s)

    def _on_mismatch(self, why: str) -> None:
        """Count an output that is on although it should not be; one that comes back latches."""
        self._mismatches += 1
        if self._mismatches > 1:
            self._events += self._evse.latch(self.clock(), Fault.CONTACTOR, why)

    def _lose_board(self, why: str) -> None:
        """The wires cannot be vouched for: leave them safe as far as they can be reached."""
        now = self.clock()
        self.board.close()
        self._panel.on_board_lost()
        self._board_why = why
        self._events += self._evse.opened_elsewhere(
            now, causes.BOARD_LOST, text("the board was lost: {why}", why=why)
        )
        self._step = None
        self._reading = None
        if not self._board_lost:
            self._board_lost = True
            self._events.append(ev.FaultRaised(now, Fault.COMMUNICATION.value, why))

    # --- the report -----------------------------------------------------------------------

    def drain_events(self) -> tuple[ev.Event, ...]:
        """Return the events since the last call, oldest first."""
        events, self._events = tuple(self._events), []
        return events

    def snapshot(self) -> Snapshot:
        """Return the snapshot of this moment, and start a new count of the worst tick."""
        now = self.clock()
        step, reading = self._step, self._reading
        outputs = step.outputs if step else SAFE
        faults = dict(step.faults) if step else dict(self._evse.faults)
        if self._board_lost:
            faults[Fault.COMMUNICATION] = self._board_why
        snapshot = Snapshot(
            at=now,
            board_ok=self.board.is_open,
            board_why=self._board_why,
            state=self._evse.state if self.board.is_open else "-",
            plugged=self._evse.plugged,
            high_v=reading.high_v if reading else None,
            low_v=reading.low_v if reading else None,
            drawn_a=self._drawn_a if self.board.is_open else None,
            duty=outputs.duty,
            closed=outputs.closed,
            limits=tuple(limit.at(now) for limit in (*found_by(self._evse), *self.limits_at(now))),
            blocked=step.blocked if step else text("the board is not reached"),
            wait_s=step.wait_s if step else 0.0,
            faults=faults,
            front_end_proved=self._evse.front_end_proved,
            cycles=self._evse.cycles,
            ticks=self._tally.ticks,
            worst_tick_s=self._tally.worst_tick_s,
            late=self._punctuality.late,
            light=self._panel.light,
            box_trouble=self._panel.trouble,
            outputs=self._evse.phases.outputs,
            switching_to=self._evse.phases.pending,
        )
        self._tally.worst_tick_s = 0.0
        return snapshot

    def finish(self) -> None:
        """Let the board go, safe."""
        self.board.close()


def _all_closed(inputs: Inputs | None, count: int) -> bool:
    """Return True where mirror contacts are wired and report the first *count* closed."""
    feedback = () if inputs is None else inputs.contactor_feedback[:count]
    return bool(feedback) and all(feedback)
