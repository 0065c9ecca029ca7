# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit that keeps the house within its main fuse, and within its quarter-hour peak.

A meter at the main fuse says what each phase carries, the car included. Without the car's own draw
of that moment it is the rest of the house, and what the fuse has beyond that is the car's room.
Call `on_draw()` and `update()` once a second, and `on_reading()` with each reading of the meter.

* Too much is taken back at once and in full, as soon as a reading shows it for certain.
* What is free is given back in steps, three quarters of it every 5 s: the EVSE's offer rises no
  faster.
* Where there is no room for the least current, that much is left for 15 s, which the fuse's curve
  allows, or until the next reading while the fuse is warm; then the car is stopped, and starts
  again after a minute with room enough.
* Loads that come again and again (welding) heat the fuse a little each time. Once a quarter of what
  it bears is used up, nothing is given back that the last two minutes would not allow.
* A meter that is silent for 10 s counts as full load.

The car's draw is uncertain while it changes, and the meter is late. So each reading is judged with
the most and with the least that the car may have drawn when it was made: current is taken back
only where even the most leaves too little room, and given back only where the least leaves more.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from evsed.core.supply.fuse_curve import melting_s
from evsed.core.supply.peak_power import PeakPower
from evsed.core.text import text

SILENT_S: Final = 10.0
"""A house meter without a reading for this long counts as full load. SmartEVSE waits 11 s."""

NOISE_A: Final = 0.25
"""A change this small is the meter's own: 1 % of 25 A (IEC 62053-21, class 1)."""

MARGIN_A: Final = NOISE_A
"""Kept free on each phase, so that what is not acted on stays within the fuse's rating."""

CAR_S: Final = 5.0
"""A car follows a changed duty cycle within 5 s (IEC 61851-1 Table A.6)."""

LAG_S: Final = 2.0
"""A reading may lie this long before the moment it is given for, network and meter included."""

GIVE_BACK_S: Final = 5.0
"""Between two steps up: the control process raises the duty cycle no more often."""

GIVE_BACK_SHARE: Final = 0.75
"""The share of the free current that one step gives back."""

LEAST_STEP_A: Final = 1.0
"""No step is smaller than this, unless less is free."""

RESTART_S: Final = 60.0
"""After a stop there must be room for this long: contactors wear. SmartEVSE waits as long."""

WARM: Final = 0.25
"""From this share of the fuse's curve on, the last `RECALL_S` count, not the last reading."""

COOLS_S: Final = 600.0
"""A load is forgotten with this time constant while the fuse carries its rating: a sixth of
the conventional time, after which a fuse-link is in thermal balance."""

HOLD_S: Final = 15.0
"""The least current is left to the car this long before it is stopped: an inrush, a hob or a
welder's spark must not open the contactor. While the fuse is warm it is left until the next
reading."""

RECALL_S: Final = 120.0
"""A high load is kept in mind for so long while the fuse is warm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MainFuseConfig:
    """Installation that the guard protects.

    `main_fuse_a` is the fuse's rating per phase, `peak_w` the most of any quarter of an hour over
    all phases; either may be None. `house_lost_a` is what the car may take while the house meter is
    silent. `max_current_a` is the most the EVSE offers, `least_a` the least a car can be offered.
    """

    main_fuse_a: float | None = None
    peak_w: float | None = None
    house_lost_a: float = 6.0
    mains_v: float = 230.0
    phases: int = 1
    max_current_a: float = 32.0
    least_a: float = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseReading:
    """Reading of the house meter at the monotonic moment `measured_at`.

    `current_a` is the current of each phase, with or without a sign. `power_w` is the power of each
    phase, import positive; empty where the meter does not tell, and then all current counts as
    drawn from the grid and in phase with the car's.

    Raises ValueError for what is no finite number, and for unlike numbers of phases.
    """

    measured_at: float
    current_a: tuple[float, ...]
    power_w: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no meter can mean."""
        if not self.current_a or len(self.power_w) not in (0, len(self.current_a)):
            raise ValueError(
                f"{len(self.current_a)} currents and {len(self.power_w)} powers: "
                "a house has one or more phases, and each has both or no power"
            )
        if not all(map(math.isfinite, (*self.current_a, *self.power_w, self.measured_at))):
            raise ValueError("a figure of the house meter is not a finite number")


@dataclass(frozen=True, slots=True)
class HouseLimit:
    """The guard's answer: at most `max_a` amperes on each phase, and the reason in words."""

    max_a: float
    why: str


@dataclass(frozen=True, slots=True)
class _PhaseCurrent:
    """One phase of a reading: its current in phase with the car's, and across it, in amperes."""

    active_a: float
    reactive_a: float

    @property
    def total_a(self) -> float:
        return math.hypot(self.active_a, self.reactive_a)

    def room_a(self, fuse_a: float, car_a: float) -> float:
        """The most the car may draw where it drew *car_a* of this reading."""
        if abs(self.reactive_a) >= fuse_a:
            return 0.0
        return math.sqrt(fuse_a**2 - self.reactive_a**2) - (self.active_a - car_a)


class MainFuse:
    """Turns readings of the house meter into the current that is left for the car."""

    def __init__(self, config: MainFuseConfig) -> None:
        """Begin without a reading, which counts as full load."""
        self._config = config
        self._draws: deque[tuple[float, float]] = deque([(-math.inf, 0.0)])
        self._draw_measured = False
        self._reading: HouseReading | None = None
        self._period_s = LAG_S
        self._rooms: deque[tuple[float, float]] = deque()
        self._seen_at = math.inf
        self._peak = None if config.peak_w is None else PeakPower(config.peak_w)
        self._allowed_a = self._startable(config.house_lost_a)
        self._moved_at = -math.inf
        self._answer_at = -math.inf
        self._overs = 0
        self._over_a = 0.0
        self._short_at = math.inf
        self._warmth = 0.0
        self._why = ""

    @property
    def warmth(self) -> float:
        """Share used up of what the fuse bears, 0 to 1."""
        return self._warmth

    def on_draw(self, now: float, current_a: float, *, measured: bool) -> None:
        """Note what the car draws on each phase: measured at *now*, or else the offer."""
        self._draw_measured = measured
        if self._draws[-1][1] != current_a:
            self._draws.append((now, current_a))
        while len(self._draws) > 1 and self._draws[1][0] <= now - RESTART_S:
            self._draws.popleft()

    def on_reading(self, reading: HouseReading) -> None:
        """Judge a reading; one that is no later than the last is passed over."""
        last, at = self._reading, reading.measured_at
        if last is not None and at <= last.measured_at:
            return
        span_s = min(at - last.measured_at, SILENT_S) if last is not None else 0.0
        self._reading = reading
        self._period_s = max(LAG_S, min(span_s, CAR_S))
        phases = self._phases(reading)
        self._heat(phases, span_s)
        power_w = self._power_w(reading)
        if self._peak is not None:
            self._peak.add(power_w, span_s)
        least_a, most_a = self._drawn(at)
        self._remember(at, self._room_a(phases, power_w, least_a))
        self._take_back(at, self._room_a(phases, power_w, most_a))
        self._give_back(at)

    def update(self, now: float) -> HouseLimit:
        """The limit at *now*."""
        reading = self._reading
        if reading is None or now - reading.measured_at > SILENT_S:
            self._rooms.clear()
            self._allowed_a = min(self._allowed_a, self._startable(self._config.house_lost_a))
            why = text(
                "the house meter is silent, so its fuse counts as loaded: {allowed_a:g} A",
                allowed_a=self._allowed_a,
            )
            return HouseLimit(self._allowed_a, why)
        return HouseLimit(self._allowed_a, self._why)

    # -- the two rules -----------------------------------------------------------------------

    def _take_back(self, at: float, room_a: float) -> None:
        """Lower the limit to *room_a* at once where that is less."""
        answered = at >= self._answer_at
        over_a = self._allowed_a - room_a
        if over_a <= NOISE_A:
            self._overs = 0 if answered else self._overs
            self._short_at = math.inf
            return
        if answered:
            in_vain = self._overs > 0 and over_a > max(MARGIN_A, self._over_a / 2)
            self._overs = self._overs + 1 if in_vain else 1
            self._over_a = over_a
            self._answer_at = at + CAR_S + self._period_s
        if not self._draw_measured and self._overs > 1:
            # What was taken back did not come: this car takes less than it is offered, so lowering
            # the offer in full was not enough.
            room_a = min(room_a, self._config.least_a if self._overs == 2 else 0.0)  # noqa: PLR2004
        if room_a < self._config.least_a:
            self._short_at = min(self._short_at, at)
            held_s = HOLD_S if self._warmth < WARM else 0.0
            if at - self._short_at <= held_s:
                room_a = min(self._allowed_a, self._config.least_a)
        self._allowed_a = self._startable(room_a)
        self._moved_at = at

    def _give_back(self, at: float) -> None:
        """Raise the limit by one step, where the time has come and there is room."""
        config = self._config
        stopped = self._allowed_a < config.least_a
        recall_s = RECALL_S if self._warmth >= WARM else RESTART_S if stopped else 0.0
        room_a = min(room for seen_at, room in self._rooms if seen_at >= at - recall_s)
        room_a = min(room_a, config.max_current_a)
        if stopped:
            if room_a >= config.least_a and at - self._seen_at >= RESTART_S:
                self._allowed_a, self._moved_at = config.least_a, at
        elif room_a > self._allowed_a + NOISE_A and at - self._moved_at >= GIVE_BACK_S:
            step_a = max(LEAST_STEP_A, GIVE_BACK_SHARE * (room_a - self._allowed_a))
            self._allowed_a, self._moved_at = min(room_a, self._allowed_a + step_a), at

    # -- the numbers behind them -------------------------------------------------------------

    def _phases(self, reading: HouseReading) -> tuple[_PhaseCurrent, ...]:
        """Each phase of *reading*; where the meter's two figures disagree, the larger current."""
        if not reading.power_w:
            return tuple(_PhaseCurrent(abs(current_a), 0.0) for current_a in reading.current_a)
        phases = []
        for current_a, power_w in zip(reading.current_a, reading.power_w, strict=True):
            active_a = power_w / self._config.mains_v
            reactive_a = math.sqrt(max(0.0, current_a**2 - active_a**2))
            phases.append(_PhaseCurrent(active_a, reactive_a))
        return tuple(phases)

    def _power_w(self, reading: HouseReading) -> float:
        """Return the power that the house takes from the grid, over all phases."""
        if reading.power_w:
            return sum(reading.power_w)
        return self._config.mains_v * sum(map(abs, reading.current_a))

    def _drawn(self, at: float) -> tuple[float, float]:
        """The least and the most that the car may have drawn in a reading made at *at*."""
        since_at = at - self._period_s - (0.0 if self._draw_measured else CAR_S)
        found = [self._draws[0][1]]
        for began_at, current_a in self._draws:
            if began_at <= since_at:
                found = [current_a]
            elif began_at <= at:
                found.append(current_a)
        return min(found), max(found)

    def _room_a(self, phases: tuple[_PhaseCurrent, ...], power_w: float, car_a: float) -> float:
        """The most the car may draw on each phase, had it drawn *car_a* in this reading."""
        config = self._config
        room_a = math.inf
        if config.main_fuse_a is not None:
            fuse_a = config.main_fuse_a - MARGIN_A
            number, room_a = min(
                enumerate((phase.room_a(fuse_a, car_a) for phase in phases), start=1),
                key=lambda found: found[1],
            )
            left_a = max(0.0, room_a)
            self._why = text("the house leaves {left_a:.1f} A of its main fuse", left_a=left_a)
            if len(phases) > 1:
                self._why = text(
                    "the house leaves {left_a:.1f} A of its main fuse on L{number}",
                    left_a=left_a,
                    number=number,
                )
        if self._peak is not None:
            watts_per_a = config.mains_v * config.phases
            peak_a = (self._peak.allowed_w - power_w) / watts_per_a + car_a
            if self._peak.in_credit:
                peak_a = max(peak_a, config.least_a)
            if peak_a < room_a:
                room_a = peak_a
                self._why = text(
                    "{left_a:.1f} A are left of the quarter hour's peak", left_a=max(0.0, peak_a)
                )
        return room_a

    def _heat(self, phases: tuple[_PhaseCurrent, ...], span_s: float) -> None:
        """Book how near its curve the fuse has been; let it cool while it carries its rating."""
        if (fuse_a := self._config.main_fuse_a) is None:
            return
        worst_a = max(phase.total_a for phase in phases)
        if worst_a <= fuse_a:
            self._warmth *= math.exp(-span_s / COOLS_S)
        self._warmth = min(1.0, self._warmth + span_s / melting_s(fuse_a, worst_a))

    def _remember(self, at: float, room_a: float) -> None:
        """Keep the room of one reading for as long as it may count."""
        if not self._rooms:
            self._seen_at = at
        self._rooms.append((at, room_a))
        while self._rooms[0][0] < at - RECALL_S:
            self._rooms.popleft()

    def _startable(self, current_a: float) -> float:
        """*current_a*, or 0 where no car can be offered so little."""
        return current_a if current_a >= self._config.least_a else 0.0
