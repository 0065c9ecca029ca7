# SPDX-License-Identifier: GPL-3.0-or-later
"""Every car of the library for an hour of steady sun: no fault, no wear, and a true sentence."""

from __future__ import annotations

import pytest

from evsed.core.solar.allotment import AllotmentConfig, Mode
from evsed.core.solar.car_activity import TAKES_LITTLE_A
from evsed.daemon.summary import describe
from evsed.sim.cars.library import LIBRARY, build_car
from evsed.sim.cars.trial import Trial, TrialConfig

HOUR_S = 3600.0
MOST_CLOSINGS = 12


@pytest.mark.parametrize("name", LIBRARY)
def test_an_hour_of_sun_costs_no_fault_and_few_closings_and_ends_in_a_true_sentence(
    name: str,
) -> None:
    rules = AllotmentConfig(semantics="battery_power", max_current_a=16.0)
    played = Trial(build_car(name), lambda _: 3000.0, TrialConfig(rules=rules, mode=Mode.SOLAR))

    outcome = played.run(HOUR_S)
    said = describe(played.snapshot(), has_charged=outcome.booked_wh > 0, note=played.note).summary

    assert not outcome.faults
    assert outcome.most_closings(HOUR_S) <= MOST_CLOSINGS
    assert said.startswith("Charging") == (played.car.drawn_a >= TAKES_LITTLE_A), said


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.FAST])
@pytest.mark.parametrize(
    ("most_a", "first_s", "rest_s"), [(10.7, 27, 79), (7.5, 10, 110), (9, 38, 65)]
)
def test_a_car_that_breaks_off_high_begins_gets_the_sun_however_long_it_rests(
    most_a: float, first_s: float, rest_s: float, mode: Mode
) -> None:
    rules = AllotmentConfig(semantics="battery_power", max_current_a=16.0)
    car = build_car("hot-zoe", most_a=most_a, first_s=first_s, rest_s=rest_s)
    config = TrialConfig(rules=rules, mode=mode)

    outcome = Trial(car, lambda _: 3000.0, config).run(2 * HOUR_S)

    ordinary = Trial(build_car("ordinary"), lambda _: 3000.0, config).run(2 * HOUR_S)
    assert outcome.car_wh > 0.9 * ordinary.car_wh
