# SPDX-License-Identifier: GPL-3.0-or-later
"""The control process: one board, `core`, and a tick every 20 ms.

It is started by the daemon, gets limits from it and tells it what happens. It does no file,
network or log work, collects no garbage while a car is charging, and runs at real-time priority
where it is granted. When the link ends, or on `LetGo`, it lets the car go and exits.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evsed.boards import drive, open_board
from evsed.core import events as ev
from evsed.core import j1772
from evsed.core.evse import SAFE, Evse, Outputs, Step
from evsed.core.faults import Fault
from evsed.core.limits import NOBODY, Limit, lowest
from evsed.core.pilot import PilotMeter, PilotReading, burst_length
from evsed.core.protection import UNGUARDED, Guard, Inputs, Moment, Protection
from evsed.errors import BoardError, LinkError
from evsed.link import (
    MAX_PACKET,
    Acknowledge,
    Configure,
    Happened,
    LetGo,
    Limits,
    Message,
    OpenNow,
    Report,
    Snapshot,
    decode,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evsed.boards import Board

TICK_S = 0.02
LATE_BEAT_S = 0.045  # a dead-man may have opened the contactor by then
READ_BACK_EVERY_S = 1.0
SNAPSHOT_EVERY_S = 0.2
DUTY_STEP = 2e-6  # what a board may round a duty by: one ppm, and the float
COLLECT_EVERY_S = 60.0  # garbage, and only while no car is there
CONFIGURED_WITHIN_S = 10.0
REAL_TIME_PRIORITY = 20


@dataclass(slots=True)
class _Tally:
    """What the ticks did since the last snapshot, and since the start."""

    ticks: int = 0
    late: int = 0
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
    _guard: Guard = UNGUARDED
    _limits: tuple[Limit, ...] = (NOBODY,)
    _reported: Mapping[Fault, str] = field(default_factory=dict)
    _last: Outputs | None = None
    _step: Step | None = None
    _reading: PilotReading | None = None
    _beat_at: float = 0.0
    _beat_was_late: bool = False
    _read_back_at: float = 0.0
    _board_why: str = "not reached yet"
    _board_lost: bool = False
    _tally: _Tally = field(default_factory=_Tally)
    _events: list[ev.Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        now = self.clock()
        self._evse = Evse(self.config.evse, now)
        self._evse.restore(self.config.latched)
        self._meter = PilotMeter(self.config.front_end)
        testable = self.config.board.inputs.ground_fault_test_gpio is not None
        self._protection = Protection(now, ground_testable=testable)

    # --- orders -----------------------------------------------------------------------

    def obey(self, message: Message) -> None:
        """Take in one message of the daemon's; `LinkError` for one that is not its to send."""
        match message:
            case Limits(limits):
                self._limits = limits or (NOBODY,)
            case Report(faults):
                self._reported = faults
            case LetGo():
                self._evse.let_go()
            case OpenNow():
                self._evse.let_go()
                self._events += self._evse.opened_elsewhere(self.clock(), "told to open at once")
            case Acknowledge():
                self._events += self._evse.acknowledge(self.clock())
            case Configure() | Snapshot() | Happened():
                raise LinkError(f"{type(message).__name__} is not the daemon's to send now")

    def abandon(self) -> None:
        """The link ended: no limit holds any more, the car is let go."""
        self._limits = (Limit("daemon", 0.0, why="the daemon is gone"),)
        self._evse.let_go()

    @property
    def gone(self) -> bool:
        """Whether the car has been let go and nothing is left to do."""
        return self._evse.gone or (self._board_lost and self._evse.leaving)

    @property
    def idle(self) -> bool:
        """Whether no car is there."""
        return not self._evse.plugged

    # --- the tick -----------------------------------------------------------------------

    def tick(self) -> None:
        """Sample, read, decide, drive, beat. Never raises for what a board does."""
        started_at = self.clock()
        try:
            if self.board.is_open or self._take_board():
                self._tick_board()
        except BoardError as error:
            self._lose_board(str(error))
        self._tally.ticks += 1
        self._tally.worst_tick_s = max(self._tally.worst_tick_s, self.clock() - started_at)

    def _take_board(self) -> bool:
        """Continue to open the board; whether it is ours now."""
        if not self.board.open():
            return False
        now = self.clock()
        self._events += self._evse.restart(now)
        self._meter.forget()
        self._protection.restart(now)
        self._guard = UNGUARDED
        self._last = None
        self._beat_at = now
        self._beat_was_late = False
        self._read_back_at = now
        self._board_why = ""
        if self._board_lost:
            self._board_lost = False
            self._events.append(
                ev.FaultCleared(now, Fault.COMMUNICATION.value, "the board answers again")
            )
        return True

    def _tick_board(self) -> None:
        last = self._last or SAFE
        if self._is_late(self.clock()):
            # Before anything is read into the wire: a dead-man that fired has set the pilot, too.
            self._check(last)
        codes = self.board.sample_pilot(burst_length(last.duty))
        inputs = self.board.read_inputs() if self.config.board.inputs.any else None
        now = self.clock()
        reading = self._reading = self._meter.read(now, codes, last.duty)
        self._is_late(now)
        guard = self._guard if inputs is None else self._heed(now, inputs, last)
        step = self._step = self._evse.step(
            now,
            reading,
            self._lowest(now),
            {**self._reported, **guard.faults} if guard.faults else self._reported,
            ready=guard.ready,
        )
        self._events += step.events
        drive(self.board, step.outputs, self._last)
        self._last = step.outputs
        self.board.beat(pump=guard.pump)
        beat_at = self.clock()
        self._beat_was_late = beat_at - self._beat_at > LATE_BEAT_S
        self._beat_at = beat_at
        if beat_at - self._read_back_at >= READ_BACK_EVERY_S:
            self._read_back_at = beat_at
            self._check(step.outputs)

    def _heed(self, now: float, inputs: Inputs, last: Outputs) -> Guard:
        """Judge the optional inputs, and do what that asks for beside the step."""
        moment = Moment(
            closed=last.closed > 0,
            closing=self._step is not None and self._step.closing,
            plugged=self._evse.plugged,
            offered_a=j1772.current_for_duty(last.duty),
        )
        guard = self._protection.look(now, inputs, moment)
        if guard.ground_test is not self._guard.ground_test:
            self.board.set_ground_fault_test(guard.ground_test)
        if guard.opened:
            self._events += self._evse.opened_elsewhere(now, guard.opened)
        self._guard = guard
        return guard

    def _lowest(self, now: float) -> Limit:
        supply = Limit("supply", self.config.supply_max_a, why="all that the supply allows")
        return lowest((*self._limits, *self._guard.limits, supply), now)

    def _is_late(self, now: float) -> bool:
        """After a late beat a dead-man may have fired: take the contactor as open, then."""
        if not self._beat_was_late and now - self._beat_at <= LATE_BEAT_S:
            return False
        self._beat_was_late = False
        self._tally.late += 1
        why = "a beat came late, a dead-man may have fired"
        self._events += self._evse.opened_elsewhere(now, why)
        return True

    def _check(self, wanted: Outputs) -> None:
        """Compare what the board reports with what was put on it. Raises `BoardError`."""
        found = self.board.read_back()
        closed = sum(found.contactors)
        if not found.dead_man_armed:
            raise BoardError("the board's own dead-man is not running: it fired or was stopped")
        if closed != wanted.closed:
            raise BoardError(
                f"{closed} contactor outputs are closed where {wanted.closed} should be"
            )
        if abs(found.duty - wanted.duty) > DUTY_STEP:
            raise BoardError(
                f"the pilot's duty is {found.duty:.4f} where {wanted.duty:.4f} was set: another "
                "program uses the pilot's pin"
            )

    def _lose_board(self, why: str) -> None:
        """The wires cannot be vouched for: leave them safe as far as they can be reached."""
        now = self.clock()
        self.board.close()
        self._board_why = why
        self._events += self._evse.opened_elsewhere(now, f"the board was lost: {why}")
        self._step = None
        self._reading = None
        if not self._board_lost:
            self._board_lost = True
            self._events.append(ev.FaultRaised(now, Fault.COMMUNICATION.value, why))

    # --- news -----------------------------------------------------------------------

    def news(self) -> tuple[ev.Event, ...]:
        """The events since the last call, oldest first."""
        events, self._events = tuple(self._events), []
        return events

    def snapshot(self) -> Snapshot:
        """How things stand; starts a new count of the worst tick."""
        now = self.clock()
        limit = self._lowest(now)
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
            duty=outputs.duty,
            closed=outputs.closed,
            limit_a=limit.max_a,
            limit_by=limit.owner,
            limit_why=limit.why,
            blocked=step.blocked if step else "the board is not reached",
            wait_s=step.wait_s if step else 0.0,
            faults=faults,
            front_end_proved=self._evse.front_end_proved,
            cycles=self._evse.cycles,
            ticks=self._tally.ticks,
            worst_tick_s=self._tally.worst_tick_s,
            late=self._tally.late,
        )
        self._tally.worst_tick_s = 0.0
        return snapshot

    def finish(self) -> None:
        """Let the board go, safe."""
        self.board.close()


# --- the process -----------------------------------------------------------------------


class _Link:
    """The control process's end: never blocks, loses no event."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._unsent: list[bytes] = []
        self.closed = False

    def receive(self) -> list[Message]:
        """Every message that has arrived. Raises `LinkError` for one that cannot be read."""
        messages: list[Message] = []
        while not self.closed:
            try:
                packet = self._end.recv(MAX_PACKET)
            except BlockingIOError:
                break
            except OSError:
                packet = b""
            if not packet:
                self.closed = True
                break
            messages.append(decode(packet))
        return messages

    def send(self, message: Message, *, must_arrive: bool) -> None:
        """Send *message* now; when the daemon is slow, keep it if it must arrive, else drop it."""
        if not must_arrive and self._unsent:
            return
        self._unsent.append(encode(message))
        self.flush(keep=must_arrive)

    def flush(self, *, keep: bool = True) -> None:
        """Send what is waiting, as far as it goes."""
        while self._unsent and not self.closed:
            try:
                self._end.send(self._unsent[0])
            except BlockingIOError:
                if not keep:
                    self._unsent.pop()
                return
            except OSError:
                self.closed = True
                return
            self._unsent.pop(0)


def configured(end: socket.socket) -> Configure:
    """Wait for the first message. Raises `LinkError` when it is late or another one."""
    if not select.select([end], [], [], CONFIGURED_WITHIN_S)[0]:
        raise LinkError("the daemon sent no configuration")
    packet = end.recv(MAX_PACKET)
    message = decode(packet) if packet else None
    if not isinstance(message, Configure):
        raise LinkError("the daemon's first word was not the configuration")
    return message


def _ask_for_real_time() -> None:
    """Real-time priority where the unit grants it (LimitRTPRIO); without it, as fair as others."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REAL_TIME_PRIORITY))


def serve(end: socket.socket) -> None:
    """Run until the car has been let go, on `LetGo`, `OpenNow` or the end of the link."""
    config = configured(end)
    control = Control(open_board(config.board), config, time.monotonic)
    link = _Link(end)
    gc.collect()
    gc.freeze()
    gc.disable()
    next_at = told_at = collected_at = time.monotonic()
    try:
        while not control.gone:
            for message in link.receive():
                control.obey(message)
            if link.closed:
                control.abandon()
            control.tick()
            events = control.news()
            now = time.monotonic()
            if events:
                link.send(Happened(events), must_arrive=True)
            if events or now - told_at >= SNAPSHOT_EVERY_S:
                told_at = now
                link.send(control.snapshot(), must_arrive=False)
            if control.idle and now - collected_at >= COLLECT_EVERY_S:
                collected_at = now
                gc.collect()
            # A tick that was missed is missed: catching up would only bunch the bursts.
            next_at = max(next_at + TICK_S, time.monotonic())
            time.sleep(max(0.0, next_at - time.monotonic()))
    finally:
        control.finish()
        link.send(control.snapshot(), must_arrive=False)


def main() -> int:
    """`python -m evsed.control FD`: FD is the link's end. 0, or 1 when the link is unsound."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the daemon counts them and passes them on
    end = socket.socket(fileno=int(sys.argv[1]))
    end.setblocking(False)  # noqa: FBT003 - the name of a standard call
    _ask_for_real_time()
    try:
        serve(end)
    except (LinkError, BoardError) as error:
        sys.stderr.write(f"evsed control: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
