# SPDX-License-Identifier: GPL-3.0-or-later
"""A house's loads by the second, a car that answers as late as it may, and a meter; for the guard.

The loads are made after what such appliances are known to do: a kettle of 2.2 kW for three minutes,
an oven of 2.5 kW that a thermostat switches every minute or two, an induction hob that pulses every
few seconds, a heat pump of 2.3 kW with the inrush of its compressor, a welder of 4.6 kW in bursts
of seconds, a shower heater of 7 kW.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import sub

from evsed.core.supply.fuse_curve import melting_s
from evsed.core.supply.main_fuse import HouseReading, MainFuse, MainFuseConfig

MAINS_V = 230.0
CAR_ANSWERS_S = 5  # IEC 61851-1 Table A.6: the latest a car may follow a changed duty cycle

Load = Callable[[int, random.Random], float]


def kettle(t: int, _: random.Random) -> float:
    """2.2 kW for three minutes, every half hour."""
    return 9.6 if t % 1800 < 180 else 0.0


def oven(t: int, _: random.Random) -> float:
    """2.5 kW by a thermostat, for an hour of every three."""
    return 10.9 if t % 10800 < 3600 and t % 150 < 60 else 0.0


def hob(t: int, _: random.Random) -> float:
    """1.8 kW, 4 s of every 9 s, for twenty minutes of every two hours."""
    return 7.8 if 2400 < t % 7200 < 3600 and t % 9 < 4 else 0.0


def heat_pump(t: int, _: random.Random) -> float:
    """2.3 kW for 8 of 20 minutes, with six times that for the first fifth of a second."""
    return 28.5 if t % 1207 == 0 else 10.0 if t % 1207 < 480 else 0.0


def welder(t: int, rng: random.Random) -> float:
    """4.6 kW in bursts of seconds, for half an hour of every four."""
    return 20.0 + rng.uniform(-2, 2) if 5000 < t % 14400 < 6800 and t % 23 < 7 else 0.0


def shower(t: int, _: random.Random) -> float:
    """7 kW for six minutes, every two hours."""
    return 30.4 if 900 < t % 7200 < 1260 else 0.0


def clock(*spans: tuple[float, float]) -> Callable[[int], bool]:
    """True within *spans*, each from one hour of the day to another."""
    return lambda t: any(begin <= t / 3600 % 24 < end for begin, end in spans)


_TEA = clock((6.9, 6.95), (7.3, 7.35), (10.0, 10.05), (13.0, 13.04), (15.5, 15.55), (19.5, 19.55))
_BAKING = clock((17.8, 18.8))
_COOKING = clock((12.0, 12.4), (18.2, 18.7))
_WASHING = clock((10.1, 10.35), (10.9, 11.0))
_DRYING = clock((11.6, 12.8))
_WELDING = clock((16.2, 16.7))


def day_kitchen(t: int, rng: random.Random) -> float:
    """A day's kettle, oven and hob."""
    amperes = 9.6 if _TEA(t) else 0.0
    amperes += oven(t % 150, rng) if _BAKING(t) else 0.0
    return amperes + (7.8 if _COOKING(t) and t % 9 < 4 else 0.0)


def day_cellar(t: int, rng: random.Random) -> float:
    """A day's washing, drying, half an hour of welding, and a heat pump all day."""
    amperes = (9.0 if _WASHING(t) else 0.0) + (10.5 if _DRYING(t) and t % 600 < 480 else 0.0)
    amperes += 18.0 + rng.uniform(-2, 2) if _WELDING(t) and t % 23 < 7 else 0.0
    return amperes + heat_pump(t, rng)


def base_load(t: int, rng: random.Random) -> float:
    """The loads that are always on."""
    return 1.6 + rng.uniform(-0.2, 0.2) + (0.7 if t % 2700 < 900 else 0.0)


@dataclass(kw_only=True)
class House:
    """A house with one car behind its fuse; each phase has its own loads."""

    loads: tuple[tuple[Load, ...], ...]
    fuse_a: float = 25.0
    period_s: int = 2
    latency_s: int = 1
    car_phases: tuple[int, ...] = (0,)
    car_most_a: float = 32.0
    car_answers_s: int = CAR_ANSWERS_S
    car_metered: bool = True
    house_lost_a: float = 6.0
    meter_lives: Callable[[int], bool] = lambda _: True
    seed: int = 1
    total_a: list[list[float]] = field(default_factory=list)
    drawn_a: list[float] = field(default_factory=list)
    limits_a: list[float] = field(default_factory=list)
    perfect_as: float = 0.0

    def run(self, seconds: int) -> House:
        """Live so many seconds, a second at a time."""
        rng = random.Random(self.seed)
        guard = MainFuse(
            MainFuseConfig(
                main_fuse_a=self.fuse_a,
                house_lost_a=self.house_lost_a,
                phases=len(self.car_phases),
            )
        )
        under_way: deque[tuple[int, HouseReading]] = deque()
        offers: deque[float] = deque([0.0] * self.car_answers_s, maxlen=self.car_answers_s)
        offer_a, raised_at, car_a = 0.0, -99, 0.0
        for t in range(seconds):
            rest_a = [
                base_load(t, rng) + sum(load(t, rng) for load in loads) for loads in self.loads
            ]
            total_a = [
                rest + (car_a if phase in self.car_phases else 0.0)
                for phase, rest in enumerate(rest_a)
            ]
            room_a = min(self.fuse_a - rest_a[phase] for phase in self.car_phases)
            self.perfect_as += min(room_a, self.car_most_a) if room_a >= 6 else 0.0
            self.total_a.append(total_a)
            self.drawn_a.append(car_a)
            if t % self.period_s == 0 and self.meter_lives(t):
                # The meter has no clock: what it says is taken for the moment it arrives.
                at = t + self.latency_s
                under_way.append((at, HouseReading(measured_at=at, current_a=tuple(total_a))))
            while under_way and under_way[0][0] <= t:
                guard.on_reading(under_way.popleft()[1])
            guard.on_draw(t, car_a if self.car_metered else offer_a, measured=self.car_metered)
            limit_a = guard.update(t).max_a
            self.limits_a.append(limit_a)
            if limit_a < offer_a or (limit_a > offer_a and t - raised_at >= 5):
                raised_at = t if limit_a > offer_a else raised_at
                offer_a = limit_a
            late_a = offers[0]
            offers.append(offer_a)
            # The car keeps to what it was offered five seconds ago, but no current passes an
            # opened contactor: an offer withdrawn is waited for a little longer than that.
            car_a = min(late_a, self.car_most_a)
        return self

    @property
    def lost_share(self) -> float:
        """The energy that the car got less than from a regulator that knows all at once."""
        return 1 - sum(self.drawn_a) / self.perfect_as

    @property
    def nearest(self) -> float:
        """The nearest that the fuse of any phase came to its curve: 1 melts it.

        For each span of time from 1 s to an hour the mean square of the current counts as a steady
        current of that length.
        """
        worst = 0.0
        for phase in range(len(self.loads)):
            squares = [0.0]
            for total_a in self.total_a:
                squares.append(squares[-1] + total_a[phase] ** 2)
            for span_s in (1, 2, 3, 5, 8, 12, 20, 30, 45, 60, 120, 300, 600, 1200, 3600):
                if span_s >= len(squares):
                    continue
                mean_square = max(map(sub, squares[span_s:], squares))
                current_a = (mean_square / span_s) ** 0.5
                worst = max(worst, span_s / melting_s(self.fuse_a, current_a))
            hours = [0.0]  # and each second its share of the time it would take, hour by hour
            for total_a in self.total_a:
                hours.append(hours[-1] + 1 / melting_s(self.fuse_a, total_a[phase]))
            worst = max(worst, max(map(sub, hours[3600:], hours), default=hours[-1]))
        return worst
