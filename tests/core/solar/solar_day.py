# SPDX-License-Identifier: GPL-3.0-or-later
"""A sun, a feed of plain power and a car around an allotment, second by second, for the tests."""

from __future__ import annotations

from collections.abc import Callable

from evsed.core.solar.allotment import Allotment, AllotmentConfig, AllotmentResult, Reading

PERIOD_S = 60


class Day:
    """A car, a sun and a feed of plain power, second by second, around an allotment."""

    def __init__(
        self,
        config: AllotmentConfig | None = None,
        *,
        solar_w: Callable[[float], float] | float = 0.0,
        latency_s: int = 5,
        car_max_a: float = 32.0,
        period_s: int = PERIOD_S,
        answers_s: int = 3,
        metered: bool = False,
        meter: Callable[[float, float], float] = lambda solar_w, car_w: solar_w - car_w,
    ) -> None:
        """Begin at 0 s with a car plugged in that wants power."""
        self.config = config or AllotmentConfig(semantics="battery_power")
        self.allot = Allotment(self.config)
        self.solar_w = solar_w
        self.latency_s = latency_s
        self.car_max_a = car_max_a
        self.period_s = period_s
        self.answers_s = answers_s
        self.metered = metered
        self.meter = meter
        self.plugged = True
        self.feed_alive = True
        self.maximum_w: float | None = None
        self.minimum_w = 0.0
        self.now = 0
        self.offers = [0.0] * (answers_s + 1)
        self.drawn_a = 0.0
        self.waiting: list[tuple[float, float, Reading]] = []
        self.result: AllotmentResult = self.allot.update(0.0)

    def sun(self, now: float) -> float:
        """The surplus without the car, in watts."""
        return self.solar_w if isinstance(self.solar_w, (int, float)) else self.solar_w(now)

    def run(self, seconds: int) -> AllotmentResult:
        """Let time pass; return the last answer."""
        for _ in range(seconds):
            now = float(self.now)
            answered_a = min(self.offers[-self.answers_s], self.car_max_a) if self.plugged else 0.0
            offered = self.offers[-1] > 0 and self.plugged
            step_a = max(-4.0, min(4.0, answered_a - self.drawn_a))
            self.drawn_a = self.drawn_a + step_a if offered else 0.0
            taken_a = self.drawn_a if self.metered else self.offers[-1]
            self.allot.on_draw(
                now, taken_a if offered else 0.0, charging=offered, measured=self.metered
            )
            if self.now % self.period_s == 0 and self.feed_alive:
                excess_w = self.meter(self.sun(now), self.drawn_a * self.config.mains_v)
                reading = Reading(
                    excess_w=excess_w,
                    minimum_w=self.minimum_w,
                    maximum_w=self.maximum_w,
                    stamp=f"{self.now}",
                    age_s=self.latency_s,
                )
                self.waiting.append((now + self.latency_s, now, reading))
            while self.waiting and self.waiting[0][0] <= now:
                self.allot.on_reading(now, self.waiting.pop(0)[2])
            self.result = self.allot.update(now)
            self.offers.append(self.result.current_a)
            self.now += 1
        return self.result
