# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the daemon knows now: one frozen value, replaced as a whole.

The tasks of the daemon replace it (`Charger.set`), all of them in one thread. A reader, in any
thread, has a value that does not change any more.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Generic, ParamSpec

from evsed.core.energy.history import TraceSample
from evsed.core.energy.sessions import Flow
from evsed.core.pilot import j1772
from evsed.core.user.prices import GridPrices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from evsed.core.car.care import Care
    from evsed.core.ocpp.ceiling import Ceiling
    from evsed.core.pilot.faults import Fault
    from evsed.core.pilot.limits import Limit
    from evsed.core.solar.allotment import AllotmentResult
    from evsed.core.solar.phase_choice import PreferredSet
    from evsed.core.user.controls import Remaining
    from evsed.core.user.expected_end import ExpectedEnd
    from evsed.core.user.planner import PlanState
    from evsed.frontends.views import EventView, OcppView, PartView
    from evsed.link import Snapshot
    from evsed.meters import CarReading

SILENT_AFTER_S: Final = 1.0  # ticks come five times a second; older ones mean that nothing ticks
EVENTS_KEPT: Final = 50
WORST_OF_S: Final = 60.0  # the worst tick that is shown is of the last minute


P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The facts that change with the settings alone: `mains_v` volts, the supply's `max_a`, ...

    `switching` is when the set of phases may change, in the setting's words; "off" as shipped.
    `price_list`: a list of prices is set. `currency` is that of all prices, "" where it is not set.
    """

    version: str
    mains_v: float
    phases: int
    feed_kind: str
    max_a: float
    started_at: float
    switching: str = "off"
    price_list: bool = False
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerState:
    """The charger at one moment.

    `snapshot` is the control process's last one, None before the first. `care` is what the car
    needs, None where nothing is known of it. `feed_awaited`: another feed was set, and nothing has
    come of it yet. `limits` are those of the
    daemon as they were sent last; `left_s` gives the seconds left of a limit, by its owner.
    `session_left` is what the session's own limit still leaves. `fault_since` has the wall-clock
    time at which each active fault began, `worst_ticks` (moment, seconds) of the last minute.
    `car_meter` is the last reading of the car's own meter, where there is one. `ocpp` is what the
    charge point of OCPP has reported last, and `ocpp_ceiling` the ceiling that it sets.
    `phase_choice` is the set of phases that the daemon asks for, None where none is switched.
    `plan` is the next goal of the owner's plan, None without one. `prices` are those of the grid,
    `price` is that of this second, and `price_error` says why the list of them cannot be read, ""
    where it can.
    """

    installation: Installation
    snapshot: Snapshot | None = None
    allotment: AllotmentResult | None = None
    care: Care | None = None
    feed_error: str | None = None
    feed_awaited: bool = False
    car_meter: CarReading | None = None
    limits: tuple[Limit, ...] = ()
    left_s: Mapping[str, float] = field(default_factory=dict)
    session_left: Remaining | None = None
    expected_end: ExpectedEnd | None = None
    fault_since: Mapping[Fault, datetime] = field(default_factory=dict)
    worst_ticks: tuple[tuple[float, float], ...] = ()
    events: tuple[EventView, ...] = ()
    parts: tuple[PartView, ...] = ()
    ocpp: OcppView | None = None
    ocpp_ceiling: Ceiling | None = None
    phase_choice: PreferredSet | None = None
    plan: PlanState | None = None
    prices: GridPrices = field(default_factory=GridPrices)
    price: float | None = None
    price_error: str = ""

    # --- changes ------------------------------------------------------------------------------

    def with_snapshot(self, snapshot: Snapshot, wall: datetime) -> ChargerState:
        """Return the state after *snapshot*, which arrived at the wall-clock time *wall*."""
        recent = (worst for worst in self.worst_ticks if snapshot.at - worst[0] <= WORST_OF_S)
        return replace(
            self,
            snapshot=snapshot,
            fault_since={fault: self.fault_since.get(fault, wall) for fault in snapshot.faults},
            worst_ticks=(*recent, (snapshot.at, snapshot.worst_tick_s)),
        )

    def with_event(self, event: EventView) -> ChargerState:
        """Return the state with *event* in the recent past."""
        return replace(self, events=(*self.events, event)[-EVENTS_KEPT:])

    # --- what follows from it -----------------------------------------------------------------

    def ticking(self, now: float) -> bool:
        """Return True where the control process has reported within the last second."""
        return self.snapshot is not None and now - self.snapshot.at < SILENT_AFTER_S

    def driven(self, now: float) -> Snapshot | None:
        """The snapshot of this moment; None where nothing ticks or the board does not answer."""
        snapshot = self.snapshot
        good = snapshot is not None and snapshot.board_ok and self.ticking(now)
        return snapshot if good else None

    def charging(self, now: float) -> bool:
        """Return True where the contactor is closed and current is offered."""
        snapshot = self.snapshot if self.ticking(now) else None
        closed = snapshot is not None and snapshot.closed > 0
        return closed and snapshot is not None and j1772.current_for_duty(snapshot.duty) > 0

    def drawn_a(self, now: float) -> float:
        """Amperes per phase that the car draws.

        Without a meter that is what it is offered, or the most that it takes where the feed has
        shown that this is less.
        """
        most_a = self.allotment.car_most_a if self.allotment else None
        offered_a = self.supposed_a(now)
        if most_a is None or self.drawn_measured(now):
            return offered_a
        return min(offered_a, most_a)

    def supposed_a(self, now: float) -> float:
        """Amperes per phase that a meter reads, or without one, that are offered to the car."""
        snapshot = self.snapshot if self.ticking(now) else None
        if snapshot is None or not snapshot.closed:
            return 0.0
        if (measured := self._measured(now)) is not None:
            return measured.most_a(self.installation.mains_v, self.phases)
        if snapshot.drawn_a is not None:
            return snapshot.drawn_a
        return j1772.current_for_duty(snapshot.duty)

    def drawn_measured(self, now: float) -> bool:
        """Return True where a meter gives `drawn_a`."""
        snapshot = self.snapshot if self.ticking(now) else None
        if snapshot is None:
            return False
        return snapshot.drawn_a is not None or self._measured(now) is not None

    def power_w(self, now: float) -> float:
        """The power that the car draws on all phases, watts: measured, or as `drawn_a` says."""
        drawn_a = self.drawn_a(now)
        measured = self._measured(now)
        if drawn_a <= 0 or measured is None:
            return self.watts(drawn_a)
        return measured.total_w(self.installation.mains_v)

    def meter_wh(self, now: float) -> float | None:
        """The counter of the car's meter; None without one, and while its reading is not fresh."""
        measured = self._measured(now)
        return None if measured is None else measured.energy_wh

    def _measured(self, now: float) -> CarReading | None:
        """The car meter's reading, as long as it is fresh."""
        reading = self.car_meter
        fresh = reading is not None and now - reading.measured_at <= reading.holds_s
        return reading if fresh else None

    def watts(self, current_a: float) -> float:
        """The power of *current_a* on all phases, watts."""
        return current_a * self.installation.mains_v * self.phases

    @property
    def phases(self) -> int:
        """The phases that the car uses, as far as that is known; else those that are closed."""
        used = self.care.needs.phases if self.care is not None else 0
        most = self.set_phases or self.installation.phases
        return min(used or most, most)

    @property
    def set_phases(self) -> int:
        """The set of phases that a closing closes; 0 where phases are not switched, or unknown."""
        if self.installation.switching == "off" or self.snapshot is None:
            return 0
        return self.snapshot.outputs

    @property
    def all_phases(self) -> bool:
        """True while a closing closes all phases: only then the car shows how many it uses."""
        return self.set_phases in (0, self.installation.phases)

    def currents_a(self, now: float) -> tuple[float, ...]:
        """The current on each phase by a meter that reads each of them; () where none does."""
        measured = self._measured(now) if self.charging(now) else None
        return () if measured is None else measured.phases_a(self.installation.mains_v)

    def flow(self, now: float) -> Flow:
        """The power and current to the car, and as far as the feed tells, its solar part.

        Solar is what the surplus in the feed's last reading covers, as long as that is fresh; where
        the rest is from is not known.
        """
        solar_w = self.allotment.solar_w if self.allotment else None
        power_w = self.power_w(now)
        return Flow(
            power_w=power_w,
            current_a=self.drawn_a(now),
            measured=self.drawn_measured(now),
            solar_w=None if solar_w is None else min(solar_w, power_w),
            price=self.price,
        )

    def sample(self, now: float) -> TraceSample:
        """The trace's sample of this moment; a reading that is no longer fresh counts as none."""
        driven, allotment = self.driven(now), self.allotment
        known = allotment is not None and allotment.solar_w is not None
        return TraceSample(
            available_w=allotment.available_w if allotment and known else None,
            offered_w=self.watts(j1772.current_for_duty(driven.duty)) if driven else 0.0,
            power_w=self.power_w(now),
            battery_loan_wh=allotment.battery_loan_wh if allotment else None,
            state=driven.state if driven else "-",
        )

    @property
    def worst_tick_s(self) -> float:
        """The longest tick of the last minute, seconds."""
        return max((worst for _, worst in self.worst_ticks), default=0.0)


class Listeners(Generic[P]):
    """Callbacks that any thread may add and end, and that one thread calls; none of them waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: tuple[Callable[P, None], ...] = ()

    def add(self, callback: Callable[P, None]) -> Callable[[], None]:
        """Add *callback*; return what ends it."""
        with self._lock:
            self._callbacks = (*self._callbacks, callback)

        def end() -> None:
            with self._lock:
                self._callbacks = tuple(other for other in self._callbacks if other is not callback)

        return end

    def call(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call each of them."""
        for callback in self._callbacks:
            callback(*args, **kwargs)


class Charger:
    """The holder of the current `ChargerState`, and of those who have to know that it changed.

    `urgent` counts the changes that are to be shown at once.
    """

    def __init__(self, state: ChargerState) -> None:
        self.state = state
        self.urgent = 0
        self.on_change: Listeners[[]] = Listeners()

    def set(self, state: ChargerState, *, urgent: bool = False) -> None:
        """Replace the state and call the listeners."""
        self.state = state
        self.urgent += urgent
        self.on_change.call()
