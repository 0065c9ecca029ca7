# SPDX-License-Identifier: GPL-3.0-or-later
"""A day in seconds: sun, a feed that publishes once a minute, a car, and a battery for the rest.

The plant asks a `ReplayCharger` once a second what it offers; evsed's own is in `charger`, others
(the peers of the benchmarks) need two methods. Everything is arithmetic: the same day gives the
same figures everywhere.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

from evsed.core.solar.allotment_config import Semantics
from evsed.sim.demand_manager import DemandManager, Formula

PERIOD_S: Final = 60
"""The feed publishes once a minute where nothing else is set, in seconds."""

CAR_DEAD_TIME_S: Final = 2
"""The car answers a changed offer after this long, in seconds."""

CAR_SLEW_A_PER_S: Final = 4.0
"""... and then at this rate, in amperes a second."""

CHARGE_RATE_PER_H: Final = 0.5
"""A battery takes at most this share of its capacity in an hour ..."""

TAPER_FROM_SOC: Final = 0.96
"""... and from here on less and less, until it takes nothing when it is full."""


class FeedValue(NamedTuple):
    """A publication of the feed: `stamp_s` is its own clock in seconds of the day."""

    stamp_s: int
    value_w: float
    maximum_w: float | None
    soc: float | None


class ReplayCharger(Protocol):
    """The part between feed and car."""

    def on_reading(self, now_s: int, value: FeedValue) -> None:
        """Note news that has just arrived."""

    def update(self, now_s: int, drawn_a: float) -> tuple[float, bool]:
        """One second: the offer in amperes (0: none), and whether the contactor is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantConfig:
    """Settings of a simulated day.

    `feed_period_s` from one stamp to the next, `feed_latency_s` from stamp to arrival;
    `feed_window_s` averaged before the stamp, 0 is the moment. The car draws on `phases` at
    `mains_v` to neutral. With `battery_kwh` the house is off the grid: the panels are throttled
    when nothing takes their power; without it the surplus that the car leaves flows off, and what
    the car lacks flows in. `soc` is the state of charge at the start, `target_soc` what
    BatteryMonitor aims at. `formula` and `tracking` are BatteryMonitor's (demand_manager.py), for
    its semantics alone; `car_most_a` is the most the car takes.
    """

    feed_period_s: int = PERIOD_S
    feed_latency_s: int = 5
    feed_window_s: int = 0
    mains_v: float = 230.0
    phases: int = 1
    semantics: Semantics = "battery_power"
    formula: Formula = Formula.MINUTE
    tracking: bool = False
    battery_kwh: float | None = None
    soc: float = 0.9
    target_soc: float = 0.97
    car_most_a: float = 80.0


@dataclass(slots=True)
class DayCourse:
    """The course of a day, one value a second.

    `feed_*` is the news last published, `offered_a` the offer from this second on; `drawn_a` and
    `drawn_w`, on so many `phases`, `battery_w` (into it) and `contactor` are what this second was
    like. `least_phases` is how few a charge may have.
    """

    surplus_w: array[float]
    mains_v: float
    least_phases: int
    feed_stamp_s: array[int] = field(default_factory=lambda: array("l"))
    feed_w: array[float] = field(default_factory=lambda: array("d"))
    offered_a: array[float] = field(default_factory=lambda: array("d"))
    drawn_a: array[float] = field(default_factory=lambda: array("d"))
    drawn_w: array[float] = field(default_factory=lambda: array("d"))
    phases: array[int] = field(default_factory=lambda: array("b"))
    contactor: array[int] = field(default_factory=lambda: array("b"))
    battery_w: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class PlantBattery:
    """Battery that takes the power that the car does not take; charging is positive."""

    config: PlantConfig
    stored_wh: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin at the state of charge that was asked for; without a size at the target."""
        size_wh = 1000 * (self.config.battery_kwh or 0.0)
        self.stored_wh = (self.config.soc - self.config.target_soc) * size_wh

    @property
    def soc(self) -> float | None:
        """The state of charge, 0 to 1; None where there is no battery of a known size."""
        if self.config.battery_kwh is None:
            return None
        return self.config.target_soc + self.stored_wh / (1000 * self.config.battery_kwh)

    def charge(self, surplus_w: float, for_s: float = 1.0) -> float:
        """Store what is left over, as far as it fits; give what is missing. Return the watts."""
        soc = self.soc
        if soc is not None and self.config.battery_kwh is not None:
            room = min(1.0, max(0.0, (1.0 - soc) / (1.0 - TAPER_FROM_SOC)))
            most_w = 1000 * self.config.battery_kwh * CHARGE_RATE_PER_H * room
            surplus_w = min(surplus_w, most_w)
        self.stored_wh += surplus_w * for_s / 3600
        return surplus_w


class _Page:
    """BatteryMonitor's figure and gate over such a battery."""

    def __init__(self, config: PlantConfig) -> None:
        self._capacity_wh = 1000 * config.battery_kwh if config.battery_kwh is not None else None
        self._manager = DemandManager(config.formula, config.target_soc, tracking=config.tracking)

    def read(self, power_w: float, battery: PlantBattery) -> tuple[float, float | None]:
        """The excess and the maximum (None: not limited), in watts."""
        manager, soc = self._manager, battery.soc
        if soc is None or self._capacity_wh is None:
            return manager.figure_w(power_w, battery.stored_wh), None
        excess_w = manager.excess_w(power_w, soc * self._capacity_wh, self._capacity_wh)
        return excess_w, None if manager.gate_open else 0.0


def play(
    surplus_w: array[float],
    config: PlantConfig,
    charger: ReplayCharger,
    switched: Callable[[], int] | None = None,
) -> DayCourse:
    """Play a day, given as watts of surplus for each second, against `charger`.

    *switched* gives the phases in use where they are switched; without it they are the plant's.
    """
    trace = DayCourse(surplus_w, config.mains_v, 1 if switched is not None else config.phases)
    battery, page = PlantBattery(config), _Page(config)
    on_its_way: deque[tuple[int, FeedValue]] = deque()
    left_w: deque[float] = deque([0.0], maxlen=max(1, config.feed_window_s))
    offers: deque[float] = deque([0.0] * CAR_DEAD_TIME_S, maxlen=CAR_DEAD_TIME_S)
    stamp_s, value_w, drawn_a, closed = 0, 0.0, 0.0, False
    phases, mixed = config.phases, config.semantics == "batterymonitor"
    for now_s, solar_w in enumerate(surplus_w):
        known_a = min(offers[0], config.car_most_a)
        step_a = min(CAR_SLEW_A_PER_S, max(-CAR_SLEW_A_PER_S, known_a - drawn_a))
        drawn_a = drawn_a + step_a if closed else 0.0
        if switched is not None:
            phases = switched()
        drawn_w = drawn_a * config.mains_v * phases
        power_w = battery.charge(solar_w - drawn_w)
        left_w.append(power_w)
        if now_s % config.feed_period_s == 0:
            stamp_s, value_w = now_s, sum(left_w) / len(left_w)
            maximum_w = None
            if mixed:
                value_w, maximum_w = page.read(value_w, battery)
            value = FeedValue(stamp_s, value_w, maximum_w, battery.soc)
            on_its_way.append((now_s + config.feed_latency_s, value))
        while on_its_way and on_its_way[0][0] <= now_s:
            charger.on_reading(now_s, on_its_way.popleft()[1])
        trace.contactor.append(closed)
        offered_a, closed = charger.update(now_s, drawn_a)
        offers.append(offered_a)
        trace.feed_stamp_s.append(stamp_s)
        trace.feed_w.append(value_w)
        trace.offered_a.append(offered_a)
        trace.drawn_a.append(drawn_a)
        trace.drawn_w.append(drawn_w)
        trace.phases.append(phases)
        trace.battery_w.append(power_w)
    return trace


class Figures(NamedTuple):
    """Figures of a day. Energies in kWh, shares in percent, times in seconds (None: no such)."""

    surplus_kwh: float
    feasible_kwh: float
    ev_kwh: float
    captured_kwh: float
    captured_pct: float
    captured_feasible_pct: float
    battery_kwh: float
    starts: int
    min_on_s: int | None
    min_off_s: int | None
    setpoint_changes: int
    phase_changes: int


def measure(trace: DayCourse, least_a: float = 6.0) -> Figures:
    """Add a day up. Feasible is the surplus while it covers `least_a`.

    A change of phases counts once a charge has begun.
    """
    least_w = least_a * trace.mains_v * trace.least_phases
    surplus_ws = feasible_ws = ev_ws = captured_ws = captured_feasible_ws = 0.0
    for solar_w, drawn_w in zip(trace.surplus_w, trace.drawn_w, strict=True):
        solar_w = max(0.0, solar_w)  # noqa: PLW2901 - below 0 the house takes more than the sun gives
        surplus_ws += solar_w
        ev_ws += drawn_w
        captured_ws += min(solar_w, drawn_w)
        if solar_w >= least_w:
            feasible_ws += solar_w
            captured_feasible_ws += min(solar_w, drawn_w)
    switches = [
        now_s
        for now_s, (before, after) in enumerate(
            zip([0, *trace.contactor], trace.contactor, strict=False)
        )
        if before != after
    ]
    spans = [end_s - start_s for start_s, end_s in pairwise(switches)]
    changes = sum(
        1
        for before, after in pairwise(trace.offered_a)
        if before > 0 and after > 0 and before != after
    )
    begun_s = next(iter(switches), len(trace.phases))
    sets = trace.phases[begun_s:]
    return Figures(
        surplus_kwh=surplus_ws / 3.6e6,
        feasible_kwh=feasible_ws / 3.6e6,
        ev_kwh=ev_ws / 3.6e6,
        captured_kwh=captured_ws / 3.6e6,
        captured_pct=_percent(captured_ws, surplus_ws),
        captured_feasible_pct=_percent(captured_feasible_ws, feasible_ws),
        battery_kwh=(ev_ws - captured_ws) / 3.6e6,
        starts=(len(switches) + 1) // 2,
        min_on_s=min(spans[0::2], default=None),
        min_off_s=min(spans[1::2], default=None),
        setpoint_changes=changes,
        phase_changes=sum(1 for before, after in pairwise(sets) if before != after),
    )


def _percent(part: float, whole: float) -> float:
    """The share in percent; 0 of nothing."""
    return 100 * part / whole if whole > 0 else 0.0
