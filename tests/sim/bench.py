# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole EVSE on made-up time: circuit, car, contactor, and the real control tick.

Nothing here decides: the class that ticks is handed in (`Bench(Control)`), together with all of
`core` behind it. Scenarios read as sentences::

    bench = Bench(Control)
    bench.plug_in()
    bench.offer(16)
    bench.car.ask()
    bench.run_until(lambda: bench.contactor_closed, within=10)
    bench.unplug()

Time passes only in `run()`, `run_until()` and `stall()`. The car, the dead-men and the contactor
move at every tick and at every scheduled moment; within a burst, too, when something is scheduled
there with `after()`.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from evsed.boards import BoardConfig
from evsed.core.pilot.events import StateChanged
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.limits import FOREVER, Limit
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.link import Configure, Message, SetLimits, Snapshot
from evsed.sim.cars.car import Car, offer_from_duty
from evsed.sim.circuit import Circuit
from evsed.sim.contactor_drive import Contactor
from tests.sim.bench_board import BenchBoard, MadeUpTime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evsed.boards import Board
    from evsed.core.pilot.events import Event

TICK_S: Final = 0.02
_STALLED_S: Final = 0.005  # steps of the world while nothing ticks
_NEARLY_S: Final = 1e-9
REPEATED_S: Final = 1.0  # how often the daemon tells its limits


CONFIG: Final = Configure(BoardConfig(), FrontEnd(), EvseConfig(), supply_max_a=32.0)


class Ticks(Protocol):
    """The part of the control process that a bench calls (`evsed.control.Control`)."""

    @property
    def tick_s(self) -> float:
        """The length of a tick, seconds."""

    def tick(self) -> None:
        """Sample, read, decide, drive, beat."""

    def handle(self, message: Message) -> None:
        """Take in one message of the daemon's."""

    def drain_events(self) -> tuple[Event, ...]:
        """The events since the last call."""

    def snapshot(self) -> Snapshot:
        """Return the snapshot of the moment."""


class Mark(NamedTuple):
    """One line of the trace: how the wires are from `at` on, until the next line.

    `high_v` and `low_v` are the pilot's true plateaus (volts, no noise), `duty` what drives it,
    `commanded` how many contactor outputs are on, `live_phases` what the contacts pass, `state`
    the settled state with its suffix.
    """

    at: float
    high_v: float
    low_v: float
    duty: float
    commanded: int
    live_phases: int
    state: str


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """An event and the moment of the world's clock at which it was reported."""

    at: float
    event: Event


class Bench:
    """One EVSE with a car in front of it; *make* is `evsed.control.Control` or its like."""

    def __init__(
        self,
        make: Callable[[Board, Configure, Callable[[], float]], Ticks],
        *,
        car: Car | None = None,
        circuit: Circuit | None = None,
        config: Configure = CONFIG,
        contactors: Sequence[Contactor] = (),
        mains_v: float = 230.0,
        seed: int = 0,
    ) -> None:
        self.time: Final = MadeUpTime()
        self.car: Final = car or Car()
        self.circuit: Final = circuit or Circuit(seed=seed)
        self.mains_v = mains_v
        self.trace: Final[list[Mark]] = []
        self.events: Final[list[TimedEvent]] = []
        self._agenda: Final[list[tuple[float, int, Callable[[], None]]]] = []
        self._order: Final = itertools.count()
        self.board: Final = BenchBoard(
            self.circuit,
            self.time,
            contactors or (Contactor(),),
            advance=self._advance,
            next_change_at=self._next_change_at,
            hold_duty=config.board.hold_duty,
            seed=seed,
        )
        self._make: Final = make
        self.control = make(self.board, config, self.time.control)
        self._next_tick_at = self.time.now
        self._state_label = "-"
        self._limits: SetLimits | None = None
        self._repeat_at = 0.0

    # -- what a person sees ----------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The world's clock, seconds."""
        return self.time.now

    @property
    def contactor_closed(self) -> bool:
        """True while the contacts of any contactor are really closed."""
        return self.board.box.live_phases > 0

    @property
    def commanded(self) -> bool:
        """True while any contactor is commanded to close."""
        return self.board.commanded > 0

    @property
    def commanded_at(self) -> float:
        """When that last changed, on the world's clock."""
        return self.board.commanded_at + self.time.skipped

    @property
    def contactor_changed_at(self) -> float:
        """When the contacts of a contactor last moved, on the world's clock."""
        return self.board.box.changed_at + self.time.skipped

    @property
    def duty(self) -> float:
        """The duty that drives the pilot, 0-1."""
        return self.circuit.generator.duty

    @property
    def offered_a(self) -> float:
        """The current that the pilot offers a car, amperes."""
        return offer_from_duty(self.duty)

    @property
    def snapshot(self) -> Snapshot:
        """The control process's snapshot."""
        return self.control.snapshot()

    @property
    def state(self) -> str:
        """The settled state with its suffix, such as "C2"; "-" before any."""
        return self.control.snapshot().state

    def events_of(self, kind: type[Event]) -> list[TimedEvent]:
        """Every event of a *kind*, oldest first."""
        return [timed for timed in self.events if isinstance(timed.event, kind)]

    def since(self, kind: type[Event]) -> float:
        """Seconds since the last event of a *kind*; infinite when there was none."""
        return self.now - max((event.at for event in self.events_of(kind)), default=-math.inf)

    # -- what a person does ----------------------------------------------------------------------

    def plug_in(self, bounces: int = 0) -> None:
        """Put the car's plug in, now."""
        self.car.plug_in(self.now, bounces)
        self._world()

    def unplug(self) -> None:
        """Pull the car's plug, now."""
        self.car.unplug()
        self._world()

    def offer(self, current_a: float, *, owner: str = "owner", for_s: float = FOREVER) -> None:
        """Limit the current; the only limit beside the supply's."""
        self.send(SetLimits((Limit(owner, current_a, self.time.control() + for_s),)))

    def send(self, message: Message) -> None:
        """Send the control process a message of the daemon's.

        Limits are sent again each second, as the daemon does, each with the end that it has.
        """
        if isinstance(message, SetLimits):
            self._limits = message
            self._repeat_at = self.time.control() + REPEATED_S
        self.control.handle(message)

    def silence(self) -> None:
        """Let the daemon say nothing more by itself."""
        self._limits = None

    def cut_power(self, config: Configure) -> None:
        """Take the mains away for a moment; another control process starts, with *config*."""
        self.board.close()
        self.control = self._make(self.board, config, self.time.control)

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something that much later, between two conversions of a burst if it falls there."""
        heapq.heappush(self._agenda, (self.now + seconds, next(self._order), action))

    # -- time ------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let *seconds* pass, a tick every 20 ms; one that is under way at the end is finished."""
        end_at = self.now + seconds
        while self._next_tick_at < end_at - _NEARLY_S:
            self._tick()
        self._advance(end_at)

    def run_until(self, condition: Callable[[], bool], *, within: float) -> float:
        """Run until *condition* holds after a tick; the seconds it took.

        Raises TimeoutError, with how things stand, when it does not hold *within* so many.
        """
        start = self.now
        while not condition():
            if self._next_tick_at > start + within:
                last = [str(timed.event) for timed in self.events[-5:]]
                raise TimeoutError(
                    f"not within {within:g} s: state {self.state}, duty {self.duty:.4f}, "
                    f"{self.board.commanded} commanded, {self.board.box.live_phases} phases live, "
                    f"blocked by {self.snapshot.blocked!r}; last: {'; '.join(last)}"
                )
            self._tick()
        return self.now - start

    def stall(self, seconds: float) -> None:
        """Let *seconds* pass without a tick: the control process hangs, or is gone."""
        end_at = self.now + seconds
        while self.now < end_at - _NEARLY_S:
            self._advance(min(self.now + _STALLED_S, end_at))
        self._next_tick_at = self.now

    def skip(self, seconds: float) -> None:
        """Let *seconds* pass for the world alone; the control process does not notice.

        For long stretches in which nothing happens (see `sim.day`).
        """
        self._advance(self.now + seconds, skipped_s=seconds)
        self._next_tick_at += seconds

    def next_action_in_s(self) -> float:
        """Seconds until the next scheduled action; infinite when there is none."""
        return self._next_change_at() - self.now

    def _tick(self) -> None:
        self._advance(self._next_tick_at)
        if self._limits is not None and self.time.control() >= self._repeat_at:
            self.send(self._limits)
        self.control.tick()
        self._next_tick_at = max(self._next_tick_at + self.control.tick_s, self.now)
        for event in self.control.drain_events():
            self.events.append(TimedEvent(event.at + self.time.skipped, event))
            if isinstance(event, StateChanged):
                self._state_label = event.new
        self._note()

    def _next_change_at(self) -> float:
        return self._agenda[0][0] if self._agenda else math.inf

    def _advance(self, to: float, *, skipped_s: float = 0.0) -> None:
        """Let the world's time pass, doing what is due on the way."""
        while self._agenda and self._agenda[0][0] <= to:
            at, _, action = heapq.heappop(self._agenda)
            self.time.now = max(self.time.now, at)
            action()
            self._world()
        self.time.skipped += skipped_s
        self.time.now = max(self.time.now, to)
        self._world()

    def _world(self) -> None:
        """Dead-men, contactors and the car at this moment."""
        self.board.step()
        self.car.step(self.time.now, self.circuit, self.board.box.live_phases, self.mains_v)

    def _note(self) -> None:
        """Write a line of the trace when it differs from the last."""
        circuit, board = self.circuit, self.board
        mark = Mark(
            self.time.now,
            circuit.high_v,
            circuit.low_v,
            circuit.generator.duty,
            board.commanded,
            board.box.live_phases,
            self._state_label,
        )
        if not self.trace or mark[1:] != self.trace[-1][1:]:
            self.trace.append(mark)
