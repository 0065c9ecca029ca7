# SPDX-License-Identifier: GPL-3.0-or-later
"""Other rules, and another feed, in the middle of a charge: the run goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evsed.core.solar.allotment import Allotment, AllotmentConfig, AllotmentRule, Reading
from evsed.core.solar.car_needs import ORDINARY_CAR
from evsed.core.solar.phase_choice import ChargeNow, PhaseChoice
from tests.core.solar.solar_day import Day

PLAIN = AllotmentConfig(semantics="battery_power")


def test_a_reserve_that_is_set_in_a_run_lowers_the_offer_and_ends_no_run() -> None:
    day = Day(PLAIN, solar_w=3007)
    assert day.run(600).current_a == pytest.approx(13.06)
    day.allot.set_rules(replace(PLAIN, reserve_w=690.0))
    least_a = min(day.run(1).current_a for _ in range(300))
    assert least_a == day.result.current_a == pytest.approx(10.06, abs=0.05)
    assert day.result.reason.rule is AllotmentRule.FOLLOWING


def test_what_is_known_of_the_car_outlives_a_change_of_the_rules() -> None:
    day = Day(PLAIN, solar_w=3000)
    day.allot.set_car(replace(ORDINARY_CAR, least_a=10.0))
    day.run(600)
    day.allot.set_rules(replace(PLAIN, start_share=0.5))
    day.solar_w = 8.0 * 230.0
    assert day.run(30).current_a >= 10.0


@pytest.mark.parametrize("same", [True, False])
def test_a_figure_that_is_read_in_another_way_keeps_what_it_has_shown_and_said(
    same: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    allot = Allotment(PLAIN)
    allot.remember_feed(below_0=True, proven=True, forbidding_w=0.0)
    coming = allot.successor(replace(PLAIN, period_s=10.0), same_figure=same)
    assert (coming.feed_was_below_0, coming.feed_proven) == (same, same)
    assert coming.forbidding_w == (0.0 if same else None)


def test_a_battery_that_is_to_come_first_takes_the_sun_from_the_next_reading_on() -> None:
    allot = Allotment(PLAIN)
    before = allot.update(0.0)
    for minute in range(5):
        now = 60.0 * minute
        allot.on_reading(
            now, Reading(excess_w=4000.0, stamp=f"{minute}", age_s=1, soc=0.5, battery_w=-500)
        )
        before = allot.update(now + 1)
    allot.set_rules(replace(PLAIN, battery_first_below=0.8))
    allot.on_reading(300.0, Reading(excess_w=4000.0, stamp="5", age_s=1, soc=0.5, battery_w=-500))
    after = allot.update(301.0)
    assert (before.available_w or 0.0) - (after.available_w or 0.0) == pytest.approx(500.0)
    first = " after 0.5 kW for the house battery, which comes first"
    assert first not in str(before.reason)
    assert first in str(after.reason)


def test_another_feed_takes_the_run_over_once_it_knows_the_sun() -> None:
    day = Day(PLAIN, solar_w=3007)
    day.run(620)
    coming = day.allot.successor(replace(PLAIN, period_s=10.0))
    assert not coming.knows_sun
    assert not coming.has_news
    coming.on_reading(620.0, Reading(excess_w=2300.0 - 230 * day.drawn_a, stamp="a", age_s=0.0))
    assert coming.has_news
    assert coming.knows_sun
    coming.take_over(day.allot)
    day.allot, day.period_s, day.solar_w, day.waiting = coming, 10, 2300.0, []
    offers = [day.run(1).current_a for _ in range(90)]
    assert min(offers[5:]) > 9.0
    assert max(offers[5:]) <= 10.0
    day.solar_w = -5000.0
    assert day.run(3600).current_a == 0.0


def test_a_charge_by_a_fixed_current_becomes_a_run_of_the_feed() -> None:
    for solar_w, least_a, most_a in ((3000.0, 12.5, 13.1), (1000.0, 6.0, 6.0)):
        fixed = Allotment(PLAIN)
        for now in range(100):
            fixed.on_draw(float(now), 16.0, charging=True)
        coming = fixed.successor(PLAIN)
        coming.on_draw(100.0, 16.0, charging=True)
        coming.on_reading(100.0, Reading(excess_w=solar_w - 16 * 230, stamp="a", age_s=1.0))
        coming.begin_run(101.0)
        offers = []
        for now in range(101, 140):
            coming.on_draw(float(now), 16.0, charging=True)
            offers.append(coming.update(float(now)).current_a)
        assert min(offers) >= 6.0
        assert least_a <= offers[-1] <= most_a


def test_the_choice_of_phases_follows_other_rules() -> None:
    box = AllotmentConfig(semantics="battery_power", phases=3)
    day = Day(box, solar_w=0.0)
    day.run(130)
    choice = PhaseChoice(box)
    charge = ChargeNow(phases=3, plugged=True, begun=False, car_phases=3)
    wished = choice.update(130.0, day.result, charge, 60.0)
    choice.config = replace(box, phases=1)
    assert choice.update(131.0, None, charge, 60.0).phases == 1
    assert wished.phases in (1, 3)
