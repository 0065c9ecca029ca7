# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole day on the bench: sun, battery and feed on one side, the car on the other.

A day has 4.3 million control ticks, far too many to compute in a minute, and in nearly all of them
nothing moves. So the day runs at two rates. Every tick is computed for 30 s before anything that
is scheduled, for 30 s after any event (plug, S2, contactor, fault, an offer made or withdrawn),
while a timer of the state machine runs, and for 6 s after a change of the feed's limit (the car
follows in 5 s). In between, one real tick is computed each second, or each ten seconds while no
car is there.

What the coarse part leaves out: 49 of 50 bursts (or more), and with them their chance of reading
wrong; the control process's clock stands still for the rest of each second, so that its
deadlines, 45 ms for a beat among them, are not what is tested there; and a change that comes from
the car itself (a full battery) is seen up to a second late. The feed, the allotment and the
energies always run on the world's clock, once a second.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from evsed.core.pilot.limits import Limit
from evsed.core.solar.allotment import Allotment, Reading
from evsed.link import SetLimits
from tests.sim.bench import TICK_S

if TYPE_CHECKING:
    from evsed.core.solar.allotment import AllotmentResult
    from evsed.sim.house import House
    from tests.sim.bench import Bench

AROUND_S: Final = 30.0
FOLLOWS_S: Final = 6.0  # full rate after a change of the limit: IEC 61851-1 Table A.6 seq. 6 is 5 s
SECOND_S: Final = 1.0
EMPTY_S: Final = 10  # with no car there, a tick this often is enough


class Second(NamedTuple):
    """The state at one second: surplus in watts, amperes, battery."""

    at: float
    spare_w: float
    allotted_a: float
    drawn_a: float
    battery_w: float


@dataclass(slots=True)
class DaySummary:
    """The result of a day; energies in Wh, `took_s` is processor time."""

    simulated_s: float = 0.0
    fine_s: float = 0.0
    ticks: int = 0
    car_wh: float = 0.0
    spare_wh: float = 0.0
    battery_out_wh: float = 0.0
    contactor_cycles: int = 0
    took_s: float = 0.0


@dataclass(slots=True)
class Day:
    """A bench in front of a house. `poll_lag_s` is how late the page is read after it has news.

    `limits` are ceilings beside the feed's; `history` has a line for each second.
    `around_s` is how long every tick is computed around whatever happens.
    """

    bench: Bench
    house: House
    allotment: Allotment
    limits: tuple[Limit, ...] = ()
    poll_lag_s: float = 1.0
    around_s: float = AROUND_S
    history: list[Second] = field(default_factory=list, init=False)
    summary: DaySummary = field(default_factory=DaySummary, init=False)
    allotted: AllotmentResult | None = field(default=None, init=False)
    _fine_until: float = field(default=0.0, init=False)
    _events: int = field(default=0, init=False)
    _allotted_a: float = field(default=0.0, init=False)
    _news_at: float | None = field(default=None, init=False)
    _stamp: str = field(default="", init=False)

    def run(self, seconds: float) -> DaySummary:
        """Let *seconds* pass at the two rates; the sums of this and all runs before."""
        bench, summary = self.bench, self.summary
        began_s = time.process_time()
        began_wh, cycles, ticks = bench.car.charge_wh, *self._counts()
        end_at = bench.now + seconds
        self._fine_until = max(self._fine_until, bench.now + self.around_s)
        while bench.now < end_at - TICK_S:
            self._feed()
            if self._moving():
                bench.run(SECOND_S)
                summary.fine_s += SECOND_S
            elif bench.car.plugged or len(self.history) % EMPTY_S == 0:
                bench.skip(SECOND_S - TICK_S)
                bench.run(TICK_S)
            else:
                bench.skip(SECOND_S)
        summary.simulated_s += seconds
        summary.car_wh += bench.car.charge_wh - began_wh
        cycles_now, ticks_now = self._counts()
        summary.contactor_cycles += cycles_now - cycles
        summary.ticks += ticks_now - ticks
        summary.took_s += time.process_time() - began_s
        return summary

    def _counts(self) -> tuple[int, int]:
        snapshot = self.bench.snapshot
        return snapshot.cycles, snapshot.ticks

    def _feed(self) -> None:
        """One second of what the daemon does: poll, allot, limit."""
        bench, house, now = self.bench, self.house, self.bench.now
        house.step(now, bench.car.drawn_w)
        self.summary.spare_wh += max(0.0, house.solar_w - house.load_w) / 3600
        self.summary.battery_out_wh += max(0.0, -house.battery_w) / 3600
        self._poll(now)
        charging = bench.commanded
        self.allotment.on_draw(now, bench.offered_a if charging else 0.0, charging=charging)
        self.allotted = self.allotment.update(now)
        allotted_a = self.allotted.current_a
        if allotted_a != self._allotted_a:
            self._allotted_a = allotted_a
            self._fine_until = max(self._fine_until, now + FOLLOWS_S)
        bench.send(SetLimits((Limit("feed", allotted_a), *self.limits)))
        spare_w = house.solar_w - house.load_w
        self.history.append(Second(now, spare_w, allotted_a, bench.car.drawn_a, house.battery_w))

    def _poll(self, now: float) -> None:
        published = self.house.published
        stamp = f"{published.stamp:%Y%m%d%H%M%S}"
        if stamp == self._stamp:
            return
        self._news_at = now if self._news_at is None else self._news_at
        if now - self._news_at < self.poll_lag_s:
            return
        self._stamp, self._news_at = stamp, None
        age_s = (self.house.server_now(now) - published.stamp).total_seconds()
        self.allotment.on_reading(
            now,
            Reading(
                excess_w=float(round(published.excess_w)),
                minimum_w=published.minimum_w,
                maximum_w=published.maximum_w,
                stamp=stamp,
                age_s=age_s,
            ),
        )

    def _moving(self) -> bool:
        """Return True where the next second needs every tick."""
        bench = self.bench
        if len(bench.events) != self._events:
            self._events = len(bench.events)
            self._fine_until = bench.now + self.around_s
        return (
            bench.now < self._fine_until
            or bench.next_action_in_s() <= self.around_s
            or bench.snapshot.wait_s > 0.0
        )
