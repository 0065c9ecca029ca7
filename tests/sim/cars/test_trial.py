# SPDX-License-Identifier: GPL-3.0-or-later
"""A trial agrees with the bench, which computes every tick and the whole pilot."""

from __future__ import annotations

import pytest

from evsed.core.solar.allotment import AllotmentConfig, Mode
from evsed.sim.cars.library import build_car
from evsed.sim.cars.trial import Trial, TrialConfig, could_take_wh, least_current_a


def steady(watts: float, name: str, **settings: Mode | bool) -> Trial:
    """One car in a steady sun."""
    rules = AllotmentConfig(semantics="battery_power", max_current_a=16.0)
    config = TrialConfig(
        rules=rules,
        mode=Mode(settings.get("mode", Mode.SOLAR)),
        metered=bool(settings.get("metered", False)),
    )
    return Trial(build_car(name), lambda _: watts, config)


def test_an_ordinary_car_takes_what_the_sun_gives() -> None:
    played = steady(3000.0, "ordinary")
    outcome = played.run(3600.0)
    assert outcome.car_wh == pytest.approx(2950, abs=60)
    assert outcome.booked_wh == pytest.approx(outcome.car_wh, rel=0.01)
    assert len(outcome.closings) == 1
    assert not outcome.faults


def test_nothing_flows_without_sun() -> None:
    assert steady(500.0, "ordinary").run(3600.0).car_wh == 0.0


def test_the_snapshot_is_that_of_a_charge() -> None:
    played = steady(3000.0, "ordinary", metered=True)
    played.run(600.0)
    snapshot = played.snapshot()
    assert snapshot.state == "C2"
    assert snapshot.closed == 1
    assert snapshot.drawn_a == pytest.approx(3000 / 230, abs=0.3)


def test_closings_are_counted_in_the_worst_hour() -> None:
    outcome = steady(3000.0, "ordinary").outcome
    outcome.closings += [0.0, 10.0, 3500.0, 3605.0, 3609.0, 9000.0]
    assert outcome.most_closings(3600.0) == 4
    assert outcome.most_closings(86_400.0) == 6


def test_what_a_car_could_take_leaves_out_the_time_it_needs_to_begin() -> None:
    outcome = steady(3000.0, "ordinary").run(3600.0)
    late = could_take_wh(outcome, build_car("late-60s", after_s=600.0), 230.0)
    assert outcome.car_wh - late == pytest.approx(10 * 3000 / 60, abs=30)


def test_what_a_car_could_take_ends_with_the_last_charge_that_it_begins() -> None:
    config = TrialConfig(rules=AllotmentConfig(semantics="battery_power", max_current_a=16.0))
    played = Trial(build_car("ordinary"), lambda at: 3000.0 if at % 7200 < 3600 else 0.0, config)
    outcome = played.run(4 * 7200.0)
    whole_wh = could_take_wh(outcome, build_car("ordinary"), 230.0)
    half_wh = could_take_wh(outcome, build_car("gives-up-2"), 230.0)
    assert half_wh == pytest.approx(whole_wh / 2, rel=0.05)


def test_what_a_car_could_take_is_no_more_than_it_takes_at_most() -> None:
    outcome = steady(3000.0, "ordinary").run(3600.0)
    assert could_take_wh(outcome, build_car("at-most-10"), 230.0) == pytest.approx(
        2300 * outcome.car_wh / 3000, rel=0.05
    )


def test_what_a_car_that_pauses_by_itself_could_take_is_what_60_closings_a_day_allow() -> None:
    """Half a minute in ten: 60 runs of 9.5 minutes in the twelve hours that have 72."""
    outcome = steady(3000.0, "ordinary").run(12 * 3600.0)
    assert could_take_wh(outcome, build_car("cools"), 230.0) == pytest.approx(
        outcome.car_wh * 60 * 9.5 / (12 * 60), rel=0.03
    )


def test_the_least_current_of_a_car_is_that_of_its_habits() -> None:
    assert least_current_a(build_car("ordinary")) == 6.0
    assert least_current_a(build_car("min-8", least_a=9.0)) == 9.0


@pytest.mark.parametrize("after_s", [61.0, 62.5, 64.0, 66.0])
def test_a_car_that_begins_just_after_the_offer_rises_is_not_taken_for_one_that_needs_more(
    after_s: float,
) -> None:
    config = TrialConfig(rules=AllotmentConfig(semantics="battery_power", max_current_a=16.0))
    car = build_car("late-60s", after_s=after_s)
    played = Trial(car, lambda at: 2900.0 if at % 2400 < 1200 else 200.0, config)
    played.run(3 * 2400.0)
    assert played.care.least.least_a is None


@pytest.mark.parametrize("least_a", [7.5, 8.5, 9.5])
def test_a_car_that_needs_more_is_known_after_three_offers(least_a: float) -> None:
    config = TrialConfig(rules=AllotmentConfig(semantics="battery_power", max_current_a=16.0))
    car = build_car("min-8", least_a=least_a)
    played = Trial(car, lambda at: 2900.0 if at % 2400 < 1200 else 200.0, config)
    played.run(3 * 2400.0)
    assert played.care.least.least_a == pytest.approx(least_a, abs=1.3)
