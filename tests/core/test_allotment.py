# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed's allotment: when a run starts, what it follows, and what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evsed.core.allotment import Allotment, AllotmentConfig, Mode, Reading, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.core.allotment import Allotted

PERIOD_S = 60


class Day:
    """A car, a sun and a feed of plain power, second by second, around an allotment."""

    def __init__(
        self,
        config: AllotmentConfig | None = None,
        *,
        sun_w: Callable[[float], float] | float = 0.0,
        latency_s: int = 5,
        car_max_a: float = 32.0,
    ) -> None:
        """Begin at 0 s with a car plugged in that wants power."""
        self.config = config or AllotmentConfig(semantics="battery_power")
        self.allot = Allotment(self.config)
        self.sun_w = sun_w
        self.latency_s = latency_s
        self.car_max_a = car_max_a
        self.plugged = True
        self.feed_alive = True
        self.maximum_w: float | None = None
        self.minimum_w = 0.0
        self.now = 0
        self.offers = [0.0] * 4
        self.drawn_a = 0.0
        self.waiting: list[tuple[float, float, Reading]] = []
        self.says: Allotted = self.allot.current(0.0)

    def sun(self, now: float) -> float:
        """The surplus without the car, in watts."""
        return self.sun_w if isinstance(self.sun_w, (int, float)) else self.sun_w(now)

    def run(self, seconds: int) -> Allotted:
        """Let time pass; return the last answer."""
        for _ in range(seconds):
            now = float(self.now)
            heard_a = min(self.offers[-3], self.car_max_a) if self.plugged else 0.0
            offered = self.offers[-1] > 0 and self.plugged
            step_a = max(-4.0, min(4.0, heard_a - self.drawn_a))
            self.drawn_a = self.drawn_a + step_a if offered else 0.0
            self.allot.drew(now, self.offers[-1] if offered else 0.0, charging=offered)
            if self.now % PERIOD_S == 0 and self.feed_alive:
                excess_w = self.sun(now) - self.drawn_a * self.config.mains_v
                reading = Reading(
                    excess_w=excess_w,
                    minimum_w=self.minimum_w,
                    maximum_w=self.maximum_w,
                    stamp=f"{self.now}",
                    age_s=self.latency_s,
                )
                self.waiting.append((now + self.latency_s, now, reading))
            while self.waiting and self.waiting[0][0] <= now:
                self.allot.hear(now, self.waiting.pop(0)[2])
            self.says = self.allot.current(now)
            self.offers.append(self.says.current_a)
            self.now += 1
        return self.says


def test_nothing_is_allotted_before_the_first_reading() -> None:
    """Silence is not sun."""
    day = Day(sun_w=5000)
    day.feed_alive = False
    assert day.run(600).current_a == 0
    assert day.says.reason.rule is Rule.NO_NEWS_YET


def test_a_run_starts_at_6_a_on_the_second_reading_that_covers_it() -> None:
    """One sunny reading may be a hole in the clouds."""
    day = Day(sun_w=3000)
    assert day.run(60).current_a == 0
    assert day.says.reason.rule is Rule.CONFIRMING
    assert day.run(6).current_a == 6.0


def test_the_run_then_follows_the_sun_in_fine_steps_and_never_above_it() -> None:
    """3007 W at 230 V are 13.074 A, and 13.06 A are given."""
    day = Day(sun_w=3007)
    assert day.run(300).current_a == pytest.approx(13.06)
    assert day.says.reason.rule is Rule.FOLLOWING


def test_the_same_stamp_is_heard_once() -> None:
    """Polling twice must not count twice."""
    allot = Allotment(AllotmentConfig(semantics="battery_power"))
    reading = Reading(excess_w=5000, stamp="a", age_s=1)
    assert allot.hear(0.0, reading)
    assert not allot.hear(10.0, reading)
    assert allot.current(10.0).current_a == 0


@pytest.mark.parametrize("latency_s", range(60))
def test_the_loop_settles_for_every_latency(latency_s: int) -> None:
    """The old draw cancels out, so there is nothing to swing."""
    day = Day(sun_w=lambda now: 3000.0 if now < 900 else 5000.0, latency_s=latency_s)
    day.run(900)
    seen = set()
    for _ in range(300):
        seen.add(round(day.run(1).current_a, 1))
    assert day.run(200).current_a == pytest.approx(21.72)
    assert max(seen) <= 21.74
    assert min(seen) >= 13.0


def test_a_car_that_takes_less_does_not_wind_the_offer_up() -> None:
    """A 16 A car under 7 kW of sun: when a cloud leaves 2.3 kW, 10 A are offered within 70 s."""
    day = Day(sun_w=lambda now: 7000.0 if now < 3600 else 2300.0, car_max_a=16)
    day.run(3600)
    assert day.allot.car_maximum_a == 16.0
    assert day.run(70).current_a == pytest.approx(10.0)


def test_a_cloud_is_ridden_through_on_the_loan() -> None:
    """Five minutes of 6 A without sun are 115 Wh, less than what a sunny hour is lent."""
    day = Day(sun_w=lambda now: 3000.0 if not 1200 <= now < 1500 else 0.0)
    day.run(1480)
    assert day.says.current_a == 6.0
    assert day.says.reason.rule is Rule.CLOUD
    assert "Wh lent" in str(day.says.reason)
    assert day.run(200).current_a == pytest.approx(13.04)


def test_a_run_ends_when_the_loan_is_spent_and_pauses_before_the_next() -> None:
    """A sunny hour is lent 300 Wh at the most, and less the longer it stays dark."""
    day = Day(sun_w=lambda now: 3000.0 if now < 3600 else 0.0)
    day.run(3600 + 5 * 60)
    assert day.says.current_a == 6.0
    while day.says.current_a > 0:
        day.run(1)
    stopped = day.now
    assert 3600 + 6 * 60 < stopped < 3600 + 13 * 60
    day.sun_w = 3000.0
    day.run(240)
    assert day.says.reason.rule is Rule.PAUSE
    assert day.says.until_s == pytest.approx(stopped + 300 - day.now, abs=1)
    while day.says.current_a == 0:
        day.run(1)
    assert day.now - stopped >= 300


def test_maximum_0_ends_a_run_at_once() -> None:
    """The feed protects its battery."""
    day = Day(sun_w=3000)
    day.run(300)
    day.maximum_w = 0.0
    assert day.run(66).current_a == 0
    assert day.says.reason.rule is Rule.FORBIDDEN


def test_a_maximum_caps() -> None:
    """2300 W are 10 A."""
    day = Day(sun_w=5000)
    day.maximum_w = 2300.0
    assert day.run(300).current_a == pytest.approx(10.0)
    assert day.says.reason.rule is Rule.CAPPED


def test_a_minimum_starts_a_charge_without_sun() -> None:
    """2300 W are asked for, so 10 A are given on the first reading."""
    day = Day()
    day.minimum_w = 2300.0
    assert day.run(30).current_a == pytest.approx(10.0)
    assert day.says.reason.rule is Rule.MINIMUM
    day.minimum_w = 100.0
    assert day.run(60).current_a == 6.0


def test_old_news_makes_it_cautious_and_then_stops_it() -> None:
    """Two periods are held, then 6 A, and nothing after five."""
    day = Day(sun_w=3000)
    day.run(301)
    day.feed_alive = False
    assert day.run(119).current_a == pytest.approx(13.04)
    assert day.run(11).current_a == 6.0
    assert str(day.says.reason) == "no news for 130 s: 6 A"
    assert day.run(169).current_a == 6.0
    assert day.run(3).current_a == 0
    assert day.says.reason.rule is Rule.TOO_OLD


def test_the_owner_rules() -> None:
    """Off stops at once and fast gives everything, with no news and with no sun."""
    day = Day(sun_w=3000)
    day.run(300)
    day.allot.set_mode(Mode.OFF)
    assert day.run(1).current_a == 0
    day.allot.set_mode(Mode.FAST)
    assert day.run(60).current_a == pytest.approx(32.0)
    day.allot.set_mode(Mode.SOLAR_MIN)
    day.sun_w = 0.0
    assert day.run(120).current_a == 6.0
