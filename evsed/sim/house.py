# SPDX-License-Identifier: GPL-3.0-or-later
"""A house with sun, loads and a battery, and the page of spare power that its BatteryMonitor gives.

Two clocks run here. The server's clock, and with it stamps, clouds and loads, goes at the pace of
the clock that calls. The sun goes `speed` times as fast, and the battery fills and empties at the
sun's pace, so that a demo can show a day in minutes while the feed's news ages as it always does.

Power that goes into the battery is positive. What the sun gives beyond what the battery takes is
left in the panels, as off-grid inverters do, and shows nowhere.
"""

from __future__ import annotations

import enum
import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Final

from evsed.sim.demand_manager import DemandManager
from evsed.sim.excess_page import PageReading, render_page, render_text

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0
_FRIDGE_S, _COOLING_S = 1_800.0, 600.0
_KETTLES_APART_S, _BOILING_S = 600.0, 180.0  # one kettle in ten minutes at the most
_NEARLY_S: Final = 1e-6  # made-up clocks add up fractions: this early is on time


@dataclass(frozen=True, slots=True)
class Sun:
    """A clear day: a bell from `rises_h` to `sets_h` (hours) with its top at `peak_w`."""

    peak_w: float = 5_000.0
    rises_h: float = 6.0
    sets_h: float = 20.0

    def power_w(self, day_s: float) -> float:
        """Watts at so many seconds after midnight."""
        way = (day_s / HOUR_S - self.rises_h) / (self.sets_h - self.rises_h)
        return self.peak_w * math.sin(math.pi * way) ** 1.3 if 0.0 < way < 1.0 else 0.0


@lru_cache(maxsize=4096)
def _drawn(seed: int, cell: int) -> float:
    """A number 0-1 that belongs to this cell of time for ever."""
    return Random(f"{seed}/{cell}").random()


@dataclass(frozen=True, slots=True)
class Clouds:
    """Passing clouds, the same for the same *seed*: `cover` 0-1 of the time, each `depth` 0-1 dark.

    A cloud lasts about `length_s` seconds and comes and goes within some tenths of that.
    """

    cover: float = 0.0
    depth: float = 0.8
    length_s: float = 240.0
    seed: int = 0

    def light(self, at_s: float) -> float:
        """The share of the sun that gets through, 0-1."""
        cell, way = divmod(at_s / self.length_s, 1.0)
        before, after = _drawn(self.seed, int(cell)), _drawn(self.seed, int(cell) + 1)
        sky = before + (after - before) * way * way * (3 - 2 * way)
        return 1.0 - self.depth * min(max((self.cover - sky) / 0.1, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Loads:
    """Loads of the house itself: a base, a fridge that cycles, now and then a kettle."""

    base_w: float = 250.0
    fridge_w: float = 120.0
    kettle_w: float = 2_000.0
    kettles_per_hour: float = 0.5
    seed: int = 0

    def power_w(self, at_s: float) -> float:
        """Watts at so many seconds after the start."""
        watts = self.base_w + (self.fridge_w if at_s % _FRIDGE_S < _COOLING_S else 0.0)
        spell, into_s = divmod(at_s, _KETTLES_APART_S)
        chance = self.kettles_per_hour * _KETTLES_APART_S / HOUR_S
        if into_s < _BOILING_S and _drawn(self.seed + 1, int(spell)) < chance:
            watts += self.kettle_w
        return watts


@dataclass(slots=True)
class Battery:
    """The house's battery: `charge_wh` of `capacity_wh`, at most `max_w` either way.

    Above `taper_share` of its capacity it takes less and less; `target_share` is where
    BatteryMonitor wants it.
    """

    capacity_wh: float = 15_000.0
    charge_wh: float = 9_000.0
    max_w: float = 5_000.0
    taper_share: float = 0.96
    target_share: float = 0.9

    def exchange(self, spare_w: float, hours: float) -> float:
        """Charge with *spare_w* (negative: discharge) for *hours*; return the watts that flowed."""
        left = (1.0 - self.charge_wh / self.capacity_wh) / (1.0 - self.taper_share)
        most_w = self.max_w * min(max(left, 0.0), 1.0)
        least_w = -self.max_w if self.charge_wh > 0.0 else 0.0
        flow_w = min(max(spare_w, least_w), most_w)
        self.charge_wh = min(max(self.charge_wh + flow_w * hours, 0.0), self.capacity_wh)
        return flow_w


class FeedFault(enum.Enum):
    """Fault of the feed; the value is for the garage page's buttons."""

    NONE = "none"
    PULLED = "pulled"  # the server is gone
    STALE = "stale"  # it answers, but nothing new is published
    TORN = "torn"  # the two copies of a power differ
    GARBAGE = "garbage"
    ERROR = "error"  # status 500
    SLOW = "slow"  # an answer later than anyone waits
    HUGE = "huge"  # a megabyte before the values


@dataclass(slots=True)
class House:
    """Sun, loads and battery in time; `step()` lets it pass, `page()` is what its server says.

    *wall* is what the server's clock showed at the moment *started_at* of the calling clock;
    `sun_h` is the sun's hour then. A reading is taken every `period_s`, `stamp_s` after the full
    minute at first; its value is the mean over `window_s` before the stamp (0: the last moment),
    on the page `lag_s` later. `demand` is BatteryMonitor's formula (None: the power into the
    battery alone, and no gate below the target). `shade` 0-1 darkens the sun by hand;
    `extra_load_w` switches something on; `clock_shift_s` is a jump of the server's clock (an hour
    back in autumn).
    """

    started_at: float
    wall: datetime
    sun_h: float = 10.0
    speed: float = 1.0
    period_s: float = 60.0
    stamp_s: float = 2.0
    window_s: float = 10.0
    lag_s: float = 1.0
    demand: DemandManager | None = None
    sun: Callable[[float], float] = field(default_factory=lambda: Sun().power_w)
    clouds: Clouds = Clouds()
    loads: Callable[[float], float] = field(default_factory=lambda: Loads().power_w)
    battery: Battery = field(default_factory=Battery)
    shade: float = 0.0
    extra_load_w: float = 0.0
    minimum_w: float = 0.0
    maximum_w: float = 5_000.0
    clock_shift_s: float = 0.0
    fault: FeedFault = FeedFault.NONE
    php_error: bool = True
    plain_text: bool = False
    solar_w: float = field(default=0.0, init=False)
    load_w: float = field(default=0.0, init=False)
    battery_w: float = field(default=0.0, init=False)
    published: PageReading = field(init=False)
    _now: float = field(init=False)
    _stamp_at: float = field(init=False)
    _waiting: deque[tuple[float, PageReading]] = field(default_factory=deque, init=False)
    _flows: deque[tuple[float, float]] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        self._now = self.started_at
        into_minute_s = self.wall.second + self.wall.microsecond / 1e6
        self._stamp_at = self.started_at + (self.stamp_s - into_minute_s) % min(self.period_s, 60.0)
        # The page that stood there before: nothing spare, one period old.
        before = self._clock(self._stamp_at - self.period_s)
        self.published = PageReading(before, 0.0, self.minimum_w, self.maximum_w)

    def day_s(self, now: float) -> float:
        """The sun's time of day, seconds after midnight."""
        return (self.sun_h * HOUR_S + (now - self.started_at) * self.speed) % DAY_S

    def server_now(self, now: float) -> datetime:
        """Return the time of the server's clock."""
        return self._clock(now)

    def spare_w(self, now: float, car_w: float = 0.0) -> float:
        """Return the sun's power less the loads and a car of *car_w*."""
        at_s = now - self.started_at
        light = self.clouds.light(at_s) * (1.0 - self.shade)
        self.solar_w = self.sun(self.day_s(now)) * light
        self.load_w = self.loads(at_s) + self.extra_load_w
        return self.solar_w - self.load_w - car_w

    def step(self, now: float, car_w: float) -> None:
        """Let the time pass until *now*, the car having taken *car_w* watts since the last step."""
        hours = (now - self._now) * self.speed / HOUR_S
        self._now = now
        self.battery_w = self.battery.exchange(self.spare_w(now, car_w), hours)
        self._flows.append((now, self.battery_w))
        while now + _NEARLY_S >= self._stamp_at:
            self._waiting.append((self._stamp_at + self.lag_s, self._read(self._stamp_at)))
            self._stamp_at += self.period_s
        if self.fault is not FeedFault.STALE:
            while self._waiting and now + _NEARLY_S >= self._waiting[0][0]:
                self.published = self._waiting.popleft()[1]
        while len(self._flows) > 1 and self._flows[1][0] < now - self.window_s - 1.0:
            self._flows.popleft()

    def page(self, now: float) -> str:
        """The body of the server's answer at this moment, faults of content included."""
        render = render_text if self.plain_text else render_page
        body = render(self.published, self.server_now(now), php_error=self.php_error)
        if self.fault is FeedFault.TORN:
            head, label, tail = body.rpartition("Excess solar power available ")
            watts, _, rest = tail.partition("W")
            return f"{head}{label}{int(watts) + 100}W{rest}"
        if self.fault is FeedFault.GARBAGE:
            return "\N{REPLACEMENT CHARACTER}PNG IHDR; DROP TABLE summary; NaNW -- <<<p>Excess"
        if self.fault is FeedFault.HUGE:
            return "<!-- padding -->\n" * 65_536 + body
        return body

    def _clock(self, at: float) -> datetime:
        return self.wall + timedelta(seconds=at - self.started_at + self.clock_shift_s)

    def _read(self, stamp_at: float) -> PageReading:
        """The reading that BatteryMonitor takes at *stamp_at*."""
        excess_w, maximum_w = self._mean_w(stamp_at), self.maximum_w
        if self.demand is not None:
            battery = self.battery
            excess_w = self.demand.excess_w(excess_w, battery.charge_wh, battery.capacity_wh)
            maximum_w = min(maximum_w, self.demand.allowed_w())
        return PageReading(self._clock(stamp_at), excess_w, self.minimum_w, maximum_w)

    def _mean_w(self, end_at: float) -> float:
        """The mean power into the battery over the window that ends at *end_at*."""
        start_at = end_at - self.window_s
        total_ws = covered_s = 0.0
        before_at: float | None = None
        for at, watts in self._flows:
            if before_at is not None:
                span_s = min(at, end_at) - max(before_at, start_at)
                if span_s > 0.0:
                    total_ws += watts * span_s
                    covered_s += span_s
            before_at = at
        return total_ws / covered_s if covered_s > 0.0 else self.battery_w
