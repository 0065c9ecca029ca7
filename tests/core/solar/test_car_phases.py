# SPDX-License-Identifier: GPL-3.0-or-later
"""A car that uses fewer phases than the box has, under a feed and without a meter."""

from __future__ import annotations

import pytest

from evsed.core.solar.allotment import Allotment, AllotmentConfig
from evsed.core.solar.allotment_config import Semantics
from evsed.core.solar.car_needs import CarNeeds
from evsed.core.solar.reading import Reading
from evsed.core.solar.surplus import Surplus

HOUR_S = 3600


class OnePhaseCar:
    """A car on one phase of a three-phase box, which draws what it is offered."""

    def __init__(self, known: int, *, semantics: Semantics = "battery_power") -> None:
        self.allotment = Allotment(AllotmentConfig(phases=3, period_s=10.0, semantics=semantics))
        self.allotment.set_car(CarNeeds(phases=known))
        self.offered_a = 0.0
        self.now = 0

    def run(self, seconds: int, solar_w: float, *, sign: float = 1.0) -> float:
        """Run under so much sun, the feed's *sign* right or wrong; return the share taken."""
        taken_ws = 0.0
        for _ in range(seconds):
            self.now += 1
            drawn_w = 230.0 * self.offered_a
            taken_ws += drawn_w
            if self.now % 10 == 0:
                excess_w = solar_w - sign * drawn_w
                reading = Reading(excess_w=excess_w, stamp=str(self.now), age_s=0.5)
                self.allotment.on_reading(self.now, reading)
            self.allotment.on_draw(self.now, self.offered_a, charging=self.offered_a >= 6.0)
            self.offered_a = self.allotment.update(self.now).current_a
        return taken_ws / (solar_w * seconds)


@pytest.mark.parametrize(("known", "least", "most"), [(1, 0.93, 1.05), (0, 0.0, 0.0)])
def test_a_car_whose_phases_are_known_takes_the_sun_that_is_too_little_for_three(
    known: int, least: float, most: float
) -> None:
    share = OnePhaseCar(known).run(2 * HOUR_S, 3000.0)

    assert least <= share <= most


def test_the_thresholds_of_a_known_car_are_those_of_one_phase() -> None:
    car = OnePhaseCar(1)
    car.run(600, 500.0)

    assert car.allotment.update(600).reason.need_w < 1400.0


@pytest.mark.parametrize("sign", [0.0, -1.0])
def test_a_feed_that_contradicts_a_one_phase_car_is_doubted(sign: float) -> None:
    car = OnePhaseCar(1)
    car.run(HOUR_S, 3000.0, sign=sign)

    assert [notice.kind.split()[0] for notice in car.allotment.notices] == ["doubt"]


def test_everything_that_goes_by_the_least_power_goes_by_that_of_the_car() -> None:
    surplus = Surplus(AllotmentConfig(phases=3))
    surplus.set_phases(1)

    assert surplus.doubt.least_w == 1380.0
    assert surplus.test.noise.watts_per_ampere == 230.0
    assert surplus.test.noise.least_a == 6.0


def test_the_sun_of_the_last_reading_is_corrected_when_the_phases_are_recognised() -> None:
    """A kilowatt to spare beside 10 A: on three phases that is 7.9 kW of sun, on one 3.3 kW."""
    surplus = Surplus(AllotmentConfig(phases=3, semantics="battery_power"))
    surplus.on_draw(0.0, 10.0, measured=True)
    surplus.on_reading(10.0, Reading(excess_w=1000.0, stamp="1", age_s=0.0))
    assert surplus.spare.solar_w == pytest.approx(7900.0)
    surplus.set_phases(1)

    assert surplus.spare.solar_w == pytest.approx(3300.0)
    assert surplus.own_w == pytest.approx(2300.0)


def test_the_sun_of_the_last_reading_stays_when_the_phases_are_switched() -> None:
    """A draw on one phase stays a draw on one, also for a reading that comes after."""
    surplus = Surplus(AllotmentConfig(phases=3, semantics="battery_power", window_s=20.0))
    surplus.set_phases(1)
    surplus.on_draw(0.0, 10.0, measured=True)
    surplus.on_reading(30.0, Reading(excess_w=1000.0, stamp="1", age_s=0.0))
    surplus.set_phases(3, switched=True)

    assert surplus.spare.solar_w == pytest.approx(3300.0)
    assert surplus.own_w == pytest.approx(2300.0)
    surplus.on_draw(35.0, 0.0, measured=True)
    surplus.on_reading(40.0, Reading(excess_w=1500.0, stamp="2", age_s=0.0))
    assert surplus.spare.solar_w == pytest.approx(1500.0 + 2300.0 * 15 / 20)


@pytest.mark.parametrize(("outputs", "least_w"), [(1, 1380.0), (3, 4140.0), (0, 4140.0)])
def test_the_thresholds_are_those_of_the_set_in_use(outputs: int, least_w: float) -> None:
    config = AllotmentConfig(phases=3, period_s=10.0, semantics="battery_power", start_share=1.0)
    allotment = Allotment(config)
    allotment.set_car(CarNeeds(set_phases=outputs))
    allotment.on_reading(10.0, Reading(excess_w=500.0, stamp="1", age_s=0.0))

    assert allotment.update(11.0).reason.need_w == pytest.approx(least_w)
    assert allotment.period_s == 10.0
