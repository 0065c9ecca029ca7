# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of the offer that show how many phases the car uses, under a feed without a meter."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest

from evsed.core.solar.allotment import Allotment, AllotmentConfig, Mode, Reading
from evsed.core.solar.allotment_config import Semantics
from evsed.core.solar.car_needs import CarNeeds
from evsed.core.solar.phase_answers import CEILINGS_A
from evsed.core.solar.phase_test import MOST_PULSES, PhaseTest, StepReading
from tests.core.solar.solar_day import Day

HOUR_S = 3600


class Car(Day):
    """A car on so many phases of a box with three, under a sky that moves by itself."""

    def __init__(
        self,
        phases: int,
        *,
        semantics: Semantics = "battery_power",
        period_s: int = 60,
        latency_s: int = 5,
        car_max_a: float = 16.0,
        rough_w: float = 60.0,
        solar_w: float = 6500.0,
        hides: bool = False,
    ) -> None:
        noise = Random(1)
        config = AllotmentConfig(
            phases=3, max_current_a=16.0, semantics=semantics, period_s=float(period_s)
        )
        self.error_w = 20_000.0
        self.phases = phases

        def meter(sun_w: float, car_w: float) -> float:
            spare_w = sun_w - car_w * phases + noise.gauss(0.0, rough_w)
            if semantics == "battery_power":
                return max(-50.0, min(50.0, spare_w)) if hides else spare_w
            return spare_w + self.error_w

        super().__init__(
            config,
            solar_w=lambda now: solar_w + 400.0 * math.sin(now / 900),
            latency_s=latency_s,
            car_max_a=car_max_a,
            period_s=period_s,
            meter=meter,
        )

    def go(self, seconds: int, **needs: Any) -> int:  # noqa: ANN401 - those of CarNeeds
        """Let time pass as the daemon does; return the phases that were found."""
        for _ in range(seconds // 10):
            for _ in range(10):
                self.run(1)
                drawn_w = 230.0 * self.phases * self.drawn_a
                self.error_w += (self.sun(self.now) - drawn_w) / 60
            self.allot.set_car(CarNeeds(phases=self.allot.car_phases, **needs))
        return self.allot.car_phases


@pytest.mark.parametrize("semantics", ["battery_power", "batterymonitor"])
@pytest.mark.parametrize(
    "period_s", [*(pytest.param(fast_s, marks=pytest.mark.untraced) for fast_s in (5, 10, 45)), 60]
)
@pytest.mark.parametrize("phases", [1, 2, 3])
def test_the_phases_are_found_within_an_hour_of_sun(
    phases: int, period_s: int, semantics: Semantics
) -> None:
    assert Car(phases, period_s=period_s, semantics=semantics).go(HOUR_S) == phases


@pytest.mark.untraced
@pytest.mark.parametrize("phases", [1, 2, 3])
@pytest.mark.parametrize(
    "how",
    [
        {"latency_s": 45},
        {"car_max_a": 10.0},
        {"car_max_a": 8.0},
        {"rough_w": 200.0},
        {"solar_w": 12_000.0},
    ],
)
def test_a_late_feed_a_small_car_or_a_rough_sky_shows_no_wrong_number(
    phases: int, how: dict[str, float]
) -> None:
    car = Car(phases, **how)  # type: ignore[arg-type]  # each row names its own

    assert car.go(2 * HOUR_S) in (0, phases)


@pytest.mark.parametrize("phases", [1, 3])
def test_a_figure_that_a_battery_holds_at_0_shows_nothing(phases: int) -> None:
    assert Car(phases, hides=True).go(HOUR_S) == 0


def test_in_the_mode_fast_the_sun_is_not_needed() -> None:
    car = Car(1, solar_w=-300.0)
    car.allot.set_mode(Mode.FAST)

    assert car.go(HOUR_S // 2) == 1


def test_on_one_phase_of_a_box_that_switches_nothing_is_learned() -> None:
    assert Car(1).go(HOUR_S, set_phases=1) == 0


def test_where_the_number_is_known_otherwise_no_step_is_made() -> None:
    car = Car(1)
    car.run(300)
    car.allot.set_car(CarNeeds(phases=1, phases_known=True))
    for _ in range(60):
        car.run(60)

        assert car.result.reason.rule.value != "testing"


def test_a_car_that_flinches_at_changes_is_spared_the_steps() -> None:
    car = Car(1)

    assert car.go(HOUR_S, change_by_a=2.0, change_every_s=660.0) == 0


def test_an_unplugged_car_is_forgotten() -> None:
    car = Car(1)
    assert car.go(HOUR_S) == 1
    car.allot.on_unplugged()

    assert car.allot.car_phases == 0


def test_a_box_with_one_phase_has_nothing_to_find() -> None:
    allotment = Allotment(AllotmentConfig())
    allotment.on_reading(10.0, Reading(excess_w=500.0, stamp="1", age_s=0.0))
    allotment.on_unplugged()

    assert allotment.car_phases == 0


class Bench:
    """A test of the phases by itself, with a figure that answers *phases* in a given way."""

    def __init__(
        self, phases: float = 1.0, *, sun_w: float = 9000.0, offered_a: float = 0.0
    ) -> None:
        self.test = PhaseTest(230.0, 3)
        self.phases, self.sun_w = phases, sun_w
        self.now = 0.0
        self.offered_a, self.changed_at = offered_a, -1000.0

    def add(self, *, charging: bool = True, cap_a: float = 16.0, **how: Any) -> float:  # noqa: ANN401
        """Add a reading of a minute feed; return the offer after it."""
        self.now += 60.0
        seen_a = {most_a: min(most_a, self.offered_a) for most_a in CEILINGS_A}
        excess_w = self.sun_w - 230.0 * self.phases * self.offered_a
        given: dict[str, Any] = {"free": charging, "fast": False, "full": False, **how}
        reading = StepReading(
            excess_w=excess_w,
            seen_a=seen_a,
            offered_a=self.offered_a,
            stamp_at=self.now,
            level_s=self.now - self.changed_at,
            period_s=60.0,
            **given,
        )
        self.test.add(self.now, reading)
        wanted_a = (self.test.plan_a(6.0, cap_a) or 12.0) if charging else 0.0
        if wanted_a != self.offered_a:
            self.offered_a, self.changed_at = wanted_a, self.now
        return self.offered_a


def test_a_start_is_held_at_the_least_current_and_followed_by_a_step_up_and_one_back() -> None:
    bench = Bench()
    bench.add(charging=False)
    offers = [bench.add() for _ in range(4)]

    assert offers[0] == offers[2] == 6.0
    assert offers[1] >= 7.0


def test_once_the_number_is_known_a_start_is_not_held() -> None:
    bench = Bench()
    for _ in range(2):
        bench.add(charging=False)
        for _ in range(12):
            bench.add()
    assert bench.test.answers.phases == 1
    bench.add(charging=False)
    bench.add(charging=False)

    assert bench.add() == 12.0


def test_in_fast_an_offer_that_hardly_moves_shows_nothing() -> None:
    bench = Bench(offered_a=12.0)
    for offered_a in (12.0, 12.5, 12.0, 12.5):
        bench.offered_a, bench.changed_at = offered_a, bench.now
        bench.add(free=False, fast=True)

    assert not bench.test.answers.takes_nothing
    assert bench.test.answers.phases == 0


def test_no_step_is_made_while_much_is_lent() -> None:
    bench = Bench(phases=1.5, sun_w=1000.0, offered_a=12.0)

    assert {bench.add() for _ in range(60)} == {12.0}


def test_a_step_that_does_not_come_about_is_given_up() -> None:
    bench = Bench()
    for _ in range(3):
        bench.add()
    assert bench.test.plan_a(6.0, 16.0) is not None
    for _ in range(8):
        bench.offered_a = 14.0  # another limit holds
        bench.add(free=False)

    assert bench.test.plan_a(6.0, 16.0) is None


def test_where_no_other_level_is_allowed_the_least_current_is_kept() -> None:
    bench = Bench()
    bench.add(charging=False, cap_a=6.0)
    offers = [bench.add(cap_a=6.0) for _ in range(3)]

    assert set(offers) == {6.0}


def test_a_rough_sky_is_waited_out_and_tried_less_and_less_often() -> None:
    bench = Bench(phases=1.5, offered_a=12.0)
    noise = Random(3)
    offers = []
    for _ in range(900):
        bench.sun_w = 9000.0 + noise.choice((-2500.0, 2500.0))
        offers.append(bench.add())
    steps = [at for at, offer in enumerate(offers) if abs(offer - 12.0) > 3.0]

    assert 1 <= len(steps) <= MOST_PULSES
    assert steps[0] >= 1
    assert steps[-1] - steps[-2] > 4 * (steps[1] - steps[0])
    assert steps[-1] < 800


def test_a_car_that_takes_nothing_leaves_the_offer_to_other_tests() -> None:
    bench = Bench(phases=0.0)
    bench.add(charging=False)
    assert bench.test.busy
    for _ in range(6):
        bench.add()

    assert not bench.test.busy
