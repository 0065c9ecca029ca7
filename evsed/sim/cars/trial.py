# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial: one car in front of the production rules, for hours of made-up time in a second or so.

State machine, allotment and over-current rule are those of the program; the settled pilot is
handed to the state machine directly, without a circuit. Time goes in steps of 50 ms around every
change of the pilot, of S2 or of the contactor, of a second while the allotment moves, and of 5 or
10 s while nothing does. The pilot meter's own filter of two bursts (40 ms) is left out, so a flinch
shorter than that, which the real one does not see, must not be tried here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from evsed.core.car.care import CarCare, CarCareConfig, CarNote
from evsed.core.pilot import events as ev
from evsed.core.pilot.closing_budget import DAY_S, PER_DAY
from evsed.core.pilot.evse import Evse
from evsed.core.pilot.evse_values import EvseConfig, Step
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import NOT_AVAILABLE, PilotState, current_for_duty
from evsed.core.pilot.limits import Limit, for_car
from evsed.core.pilot.over_current import OverCurrent, OverCurrentConfig
from evsed.core.pilot.pilot_meter import PilotReading
from evsed.core.solar.allotment import Allotment, AllotmentConfig, Mode, Reading
from evsed.core.solar.battery_monitor import MINUTE_S
from evsed.core.solar.draw_evidence import taken_a
from evsed.link import Snapshot
from evsed.sim.cars.car import Car
from evsed.sim.cars.habit import NEARLY_S, NOTHING, SeenPilot, Signal, TrialMoment

FINE_S: Final = 0.05
"""The step around changes, seconds ..."""

FINE_FOR_S: Final = 1.5
"""... for so long after each: longer than any timer of the state machine but those of seconds."""

SECOND_S: Final = 1.0
QUIET_S: Final = 5.0
"""The step while nothing moves ..."""

IDLE_S: Final = 10.0
"""... or this, while nothing is offered either ..."""

QUIET_AFTER_S: Final = 6.0
"""... for so long: a duty may rise 5 s after it last did."""

LATENCY_S: Final = 5.0
"""A reading of the feed arrives so long after its stamp."""

BEFORE_S: Final = 5.0
"""So long the box stands without a car before the trial begins."""

_HIGH_V: Final = {"A": 12.0, "B": 9.0, "C": 6.0, "D": 3.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialConfig:
    """Surroundings of the car. `metered`: the station measures what the car takes.

    `most_a` is a second ceiling, the owner's; `least_pause_s` the pause after an interruption;
    `pause_f`: state F in it.
    """

    rules: AllotmentConfig = field(
        default_factory=lambda: AllotmentConfig(semantics="battery_power", max_current_a=16.0)
    )
    mode: Mode = Mode.SOLAR
    metered: bool = False
    most_a: float = 80.0
    least_pause_s: float = 60.0
    pause_f: bool = False
    car: CarCareConfig = field(default_factory=CarCareConfig)
    over_current: OverCurrentConfig = field(default_factory=OverCurrentConfig)


@dataclass(slots=True)
class TrialResult:
    """Outcome of a trial; `taken` is the car's current at each step: (moment, length, A)."""

    car_wh: float = 0.0
    booked_wh: float = 0.0
    closings: list[float] = field(default_factory=list)
    under_load: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    taken: list[tuple[float, float, float]] = field(default_factory=list)

    def most_closings(self, within_s: float) -> int:
        """The most closings in any span of so many seconds."""
        closings, most, first = self.closings, 0, 0
        for last, at in enumerate(closings):
            while at - closings[first] >= within_s:
                first += 1
            most = max(most, last - first + 1)
        return most


class Trial:
    """One car, one sky, one mode. *sun* gives the watts to spare at a second since plug-in."""

    def __init__(self, car: Car, sun: Callable[[float], float], config: TrialConfig) -> None:
        self.car: Final = car
        self.config: Final = config
        self.outcome: Final = TrialResult()
        self.events: Final[list[ev.Event]] = []
        self._sun = sun
        self.allotment = Allotment(config.rules, config.mode)
        self.care = CarCare(config.car)
        self.note: CarNote | None = None
        self._holds = True
        evse = EvseConfig(
            least_pause_s=config.least_pause_s,
            pause_f=config.pause_f,
            cp_relay=config.car.cp_relay,
        )
        self.evse = Evse(evse, -BEFORE_S)
        self._over_current = OverCurrent(config.over_current) if config.metered else None
        self.now = -BEFORE_S
        self.last: Step | None = None
        self._duty = 1.0
        self._closed = self._line_open = False
        self._live_at: float | None = None
        self._limit = Limit("feed", 0.0, why="no car yet")
        self._second_at = 0.0
        self._reading_at = 0.0
        self._readings = 0
        self._power_at_stamp_w: float | None = None
        self._charge_w = 0.0  # the error of charge in BatteryMonitor's figure
        self._changed_at = self._moved_at = -BEFORE_S
        self._before: tuple[object, ...] = ()
        while self.now < -NEARLY_S:
            self._step(0.5)
        car.plug_in(self.now)
        car.ask()

    @property
    def offered_a(self) -> float:
        """Current that the pilot offers, amperes; 0: nothing."""
        return current_for_duty(self._duty)

    @property
    def closed(self) -> bool:
        """True while the contactor is closed."""
        return self._closed

    def run(self, seconds: float) -> TrialResult:
        """Let so many seconds pass; the outcome of all so far."""
        end = self.now + seconds
        while self.now < end - NEARLY_S:
            if self.now + NEARLY_S >= self._second_at:
                self._second()
            if self.now - self._changed_at < FINE_FOR_S:
                step_s = FINE_S
            else:
                step_s = max(FINE_S, self._second_at - self.now)
            self._step(step_s)
        return self.outcome

    def snapshot(self) -> Snapshot:
        """Return the state as the control process reports it."""
        step = self.last
        return Snapshot(
            at=self.now,
            board_ok=True,
            board_why="",
            state=self.evse.state,
            plugged=self.evse.plugged,
            high_v=_HIGH_V.get(self.car.shows),
            low_v=-12.0 if 0.0 < self._duty < 1.0 else None,
            drawn_a=self.car.drawn_a if self.config.metered else None,
            duty=self._duty,
            closed=int(self._closed),
            limits=(self._limit,),
            blocked=step.blocked if step else "",
            wait_s=step.wait_s if step else 0.0,
            faults=dict(step.faults) if step else {},
            front_end_proved=True,
            cycles=self.evse.cycles,
            ticks=0,
            worst_tick_s=0.0,
            late=0,
        )

    # -- a second of the daemon's ------------------------------------------------------------------

    def _second(self) -> None:
        now, rules, allotment = self.now, self.config.rules, self.allotment
        if now + NEARLY_S >= self._reading_at:
            if self._power_at_stamp_w is None:
                self._power_at_stamp_w = self._sun(now) - self.car.drawn_w + self._charge_w
                self._reading_at = now + LATENCY_S
            else:
                allotment.on_reading(
                    now,
                    Reading(
                        excess_w=self._power_at_stamp_w, stamp=str(self._readings), age_s=LATENCY_S
                    ),
                )
                self._readings += 1
                self._power_at_stamp_w = None
                self._reading_at = now - LATENCY_S + rules.period_s
                self._moved_at = now
        offered_a, metered = self.offered_a, self.config.metered
        drawn_a = (self.car.drawn_a if metered else offered_a) if self._closed else 0.0
        allotment.on_draw(now, drawn_a, charging=self._closed and offered_a > 0, measured=metered)
        asks = self.evse.state[:1] in ("C", "D")
        plugged = self.evse.plugged
        care = self.care.update(
            now,
            offered_a,
            plugged=plugged,
            asks=asks,
            holds=self._holds,
            takes_nothing=allotment.takes_little,
        )
        allotment.set_car(care.needs)
        self.note = care.note
        if care.wake:
            self._changed_at = now
            for event in self.evse.wake(now, care.open_s):
                self._count(event, was_drawing=False)
        allotted = allotment.update(now)
        self._holds = allotted.holds
        before_a = self._limit.max_a
        self._limit = Limit("feed", allotted.current_a, why=allotted.reason.describe())
        if self.config.most_a < self._limit.max_a:
            self._limit = Limit("owner", self.config.most_a, why="the owner's most current")
        self._limit = for_car(self._limit, max(rules.car_min_current_a, care.needs.least_a))
        if self._limit.max_a != before_a:
            self._moved_at = now
        quiet = min(now - self._moved_at, now - self._changed_at) >= QUIET_AFTER_S
        step_s = SECOND_S
        if quiet:
            step_s = QUIET_S if self._closed or offered_a > 0 else IDLE_S
        self._second_at = min(now + step_s, max(self._reading_at, now + SECOND_S))
        if self._closed:
            most_a = allotted.car_most_a
            watts = taken_a(most_a, drawn_a) * rules.watts_per_ampere
            self.outcome.booked_wh += watts * (self._second_at - now) / 3600

    # -- a step of the state machine and of the car ------------------------------------------------

    def _step(self, step_s: float) -> None:
        now, car = self.now, self.car
        phases = min(car.model.phases, self.config.rules.phases) if self._closed else 0
        car.move(now, self._seen(), phases, self.config.rules.mains_v)
        reported: Mapping[Fault, str] = {}
        if self._over_current is not None:
            self._over_current.update(
                now, car.drawn_a, offered_a=self.offered_a, closed=self._closed
            )
            reported = self._over_current.faults
        was_drawing = car.drawn_a > 0
        step = self.last = self.evse.step(now, self._reading(now), self._limit, reported)
        self._duty, self._closed = step.outputs.duty, step.outputs.closed > 0
        self._line_open = step.outputs.cp_open
        for event in step.events:
            self._count(event, was_drawing=was_drawing)
        state = (self._duty, self._closed, self._line_open, car.shows, self.evse.state)
        if state != self._before or (car.touching and car.s2_closed != (car.shows in "CD")):
            self._before, self._changed_at = state, now
            step_s = min(step_s, FINE_S)
        if self.config.rules.semantics == "batterymonitor":
            self._charge_w += (self._sun(now) - car.drawn_w) * step_s / MINUTE_S
        if now >= 0:
            self.outcome.taken.append((now, step_s, car.drawn_a))
            self.outcome.car_wh += car.drawn_w * step_s / 3600
        self.now = round(now + step_s, 6)

    def _seen(self) -> SeenPilot:
        if self._line_open:
            return NOTHING
        if self._duty == NOT_AVAILABLE:
            return SeenPilot(Signal.NOT_AVAILABLE)
        offered_a = self.offered_a
        return SeenPilot(Signal.PWM, offered_a) if offered_a > 0 else SeenPilot(Signal.STEADY)

    def _reading(self, now: float) -> PilotReading:
        """The settled pilot, as the pilot meter would have it."""
        pwm = 0.0 < self._duty < 1.0
        shows = "A" if self._line_open else self.car.shows
        state = PilotState.F if self._duty == NOT_AVAILABLE else PilotState(shows)
        live = pwm and state in (PilotState.C, PilotState.D)
        self._live_at = (now if self._live_at is None else self._live_at) if live else None
        return PilotReading(
            at=now,
            state=state,
            settled=state,
            high_v=_HIGH_V.get(state.value),
            low_v=-12.0 if pwm else None,
            live_for_s=0.0 if self._live_at is None else now - self._live_at,
            anomaly=None,
            lost=False,
        )

    def _count(self, event: ev.Event, *, was_drawing: bool) -> None:
        self.events.append(event)
        self.care.on_event(event)
        outcome = self.outcome
        match event:
            case ev.ContactorClosed():
                outcome.closings.append(event.at)
            case ev.ContactorOpened():
                outcome.under_load += was_drawing
            case ev.FaultRaised():
                outcome.faults[event.fault] += 1
            case _:
                pass
        if not isinstance(event, ev.StateChanged):
            outcome.lines += 1


def could_take_wh(ordinary: TrialResult, car: Car, watts_per_ampere: float) -> float:
    """The energy that *car* could have taken where an *ordinary* one, well tended, took its own.

    *ordinary* is the trial of an ordinary car under the same sun, with a station that knows the
    least current of *car*. From each of its runs, the time that *car* needs to begin is taken off,
    and whatever *car* takes less. Of a car that begins so many charges in one stay, the best count.
    So they do of one that pauses by itself: each pause costs a closing, and the contactor closes 60
    times a day at most.
    """
    total_wh, begun_at, first_at, was, took = 0.0, 0.0, math.nan, False, False
    runs_wh: list[float] = []
    for at, step_s, amperes in ordinary.taken:
        if amperes > 0 and not was:
            begun_at = at
            first_at = at if math.isnan(first_at) else first_at
        was = amperes > 0
        if not was:
            took = False
            continue
        moment = TrialMoment(at, at - begun_at, at - first_at, total_wh)
        for habit in car.habits:
            amperes = habit.takes(moment, amperes)  # noqa: PLW2901 - each takes off a part
        amperes = min(amperes, car.model.max_a)  # noqa: PLW2901 - the same
        if amperes > 0 and not took:
            runs_wh.append(0.0)
        took = amperes > 0
        if took:
            step_wh = amperes * watts_per_ampere * step_s / 3600
            total_wh, runs_wh[-1] = total_wh + step_wh, runs_wh[-1] + step_wh
    span_s = ordinary.taken[-1][0] - ordinary.taken[0][0] if ordinary.taken else 0.0
    most_runs = PER_DAY * max(1, math.ceil(span_s / DAY_S))
    most_runs = min([most_runs, *(habit.most_runs for habit in car.habits if habit.most_runs)])
    return sum(sorted(runs_wh, reverse=True)[:most_runs])


def least_current_a(car: Car) -> float:
    """The least current of *car*, amperes."""
    return max((habit.least_a for habit in car.habits), default=6.0)
