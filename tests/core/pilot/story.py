# SPDX-License-Identifier: GPL-3.0-or-later
"""A state machine with a meter and a wire on made-up time: tests tell it what the car does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evsed.core.pilot.evse import Evse
from evsed.core.pilot.evse_values import EvseConfig, Step
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.pilot_meter import PilotMeter
from tests.core.pilot.bursts import FRONT_END, LOW_V, Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.core.pilot.events import Event
    from evsed.core.pilot.phase_set import PhaseWish
    from evsed.core.pilot.pilot_meter import PilotReading

TICK_S = 0.02


class Story:
    """The car shows a state, the owner a limit; time passes in ticks of 20 ms."""

    def __init__(self, config: EvseConfig | None = None, *, state: str | float = "A") -> None:
        self.now = 0.0
        self.evse = Evse(config or EvseConfig(front_end_proved=True), self.now)
        self.meter = PilotMeter(FRONT_END)
        self.wire = Wire()
        self.state: str | float = state
        self.low_v = LOW_V
        self.stuck_v: float | None = None
        self.reported: dict[Fault, str] = {}
        self.limit = Limit("feed", 16.0, why="following the sun")
        self.events: list[Event] = []
        self.answers = False  # a car in C shows B a second after the end of the offer
        self._unoffered_s = 0.0
        self.blind = False
        self.ready = True
        self.wish: PhaseWish | None = None
        self.proved_open = True
        self.step: Step = self.evse.step(self.now, self._read(1.0), self.limit)

    def _read(self, duty: float) -> PilotReading:
        if self.blind:
            codes: list[int] = []
        elif self.stuck_v is not None:
            codes = self.wire.burst(self.stuck_v, 1.0, count=64)
        else:
            self._unoffered_s = 0.0 if 0.0 < duty < 1.0 else self._unoffered_s + TICK_S
            lets_go = self.answers and self.state == "C" and self._unoffered_s > 1.0
            codes = self.wire.burst("B" if lets_go else self.state, duty, self.low_v)
        return self.meter.update(self.now, codes, duty)

    def run(self, for_s: float) -> Step:
        """Let *for_s* seconds pass."""
        for _ in range(round(for_s / TICK_S)):
            self.now += TICK_S
            reading = self._read(self.step.outputs.duty)
            self.step = self.evse.step(
                self.now,
                reading,
                self.limit,
                self.reported,
                ready=self.ready,
                wish=self.wish,
                proved_open=self.proved_open and not self.closed,
            )
            self.events += self.step.events
        return self.step

    def until(self, true: Callable[[], bool], within_s: float) -> float:
        """Run until *true*; the seconds it took. Fails when it takes longer than *within_s*."""
        began_at = self.now
        while not true():
            assert self.now - began_at <= within_s, f"not within {within_s} s"
            self.run(TICK_S)
        return self.now - began_at

    def car(self, state: str | float, low_v: float = LOW_V) -> None:
        """The car (or a fault) puts the pilot at *state*."""
        self.state, self.low_v = state, low_v

    @property
    def closed(self) -> bool:
        return self.step.outputs.closed > 0

    @property
    def duty(self) -> float:
        return self.step.outputs.duty

    def count(self, kind: type[Event]) -> int:
        """The number of events of *kind*."""
        return sum(isinstance(event, kind) for event in self.events)

    def charging(self, level: str | float = "C") -> Story:
        """Plug in and wait until the contactor closes; the car's C is at *level*."""
        self.run(0.6)
        self.car("B")
        self.until(lambda: 0.0 < self.duty < 1.0, within_s=5.0)
        self.run(0.5)
        self.car(level)
        self.until(lambda: self.closed, within_s=3.0)
        return self
