# SPDX-License-Identifier: GPL-3.0-or-later
"""The allotment and cars that pause, begin late, refuse 6 A, or bear no change of their offer."""

from __future__ import annotations

from itertools import pairwise

import pytest

from evsed.core.solar.allotment import AllotmentConfig, AllotmentRule, CarNeeds, Mode
from tests.core.solar.solar_day import Day


def test_a_car_that_opens_s2_and_closes_it_again_finds_the_offer_it_had() -> None:
    day = Day(solar_w=3000)
    day.run(300)
    before_a = day.result.current_a
    day.plugged = False
    day.run(3)
    day.plugged = True
    assert day.run(2).current_a == before_a
    assert day.run(20).current_a == before_a


def test_a_car_that_pauses_in_a_cloud_is_still_offered_its_least_current() -> None:
    day = Day(solar_w=lambda now: 3000.0 if now < 600 else 300.0)
    day.run(650)
    day.plugged = False
    assert day.run(120).current_a == 6.0
    assert day.run(400).current_a == 0.0


def test_an_offer_that_is_not_taken_for_a_minute_rises_to_what_is_spare() -> None:
    day = Day(solar_w=3000)
    day.plugged = False
    day.run(65)
    assert day.run(55).current_a == 6.0
    assert day.run(20).current_a == pytest.approx(13.04)
    assert day.result.reason.rule is AllotmentRule.UNTAKEN
    assert "and the car does not begin" in day.result.reason.describe()


def test_an_offer_rises_later_where_a_car_may_have_begun_by_chance_at_the_last_rise() -> None:
    day = Day(solar_w=3000)
    day.plugged = False
    day.allot.set_car(CarNeeds(rises_after_s=90.0))
    day.run(65)
    assert day.run(85).current_a == 6.0
    assert day.run(20).current_a == pytest.approx(13.04)


def test_a_car_that_takes_a_risen_offer_keeps_it() -> None:
    day = Day(solar_w=3000)
    day.plugged = False
    day.run(200)
    day.plugged = True
    assert day.run(3).current_a == pytest.approx(13.04)


def test_fast_begins_at_the_least_current_and_rises_when_the_car_has_begun() -> None:
    day = Day()
    day.allot.set_mode(Mode.FAST)
    day.plugged = False
    assert day.run(30).current_a == 6.0
    day.plugged = True
    assert day.run(5).current_a == 6.0
    assert day.run(15).current_a == 32.0


def test_below_the_least_current_of_a_car_nothing_is_allotted() -> None:
    day = Day(solar_w=1400)
    day.allot.set_car(CarNeeds(least_a=8.0))
    assert day.run(300).current_a == 0.0
    assert "waiting for 1.47 kW" in day.result.reason.describe()
    day.solar_w = 2000.0
    assert day.run(300).current_a == pytest.approx(8.68)


def test_the_least_current_of_a_car_is_the_floor_of_solar_min() -> None:
    day = Day()
    day.allot.set_mode(Mode.SOLAR_MIN)
    day.allot.set_car(CarNeeds(least_a=9.0))
    assert day.run(100).current_a == 9.0


def test_an_untaken_minimum_climbs_until_the_car_begins_and_stays_there_for_a_moment() -> None:
    day = Day()
    day.allot.set_mode(Mode.SOLAR_MIN)
    day.plugged = False
    assert day.run(66).current_a == 6.0
    assert day.run(30).current_a == 7.0
    assert day.run(60).current_a == 9.0
    day.plugged = True
    assert day.run(38).current_a == 9.0
    assert day.run(10).current_a == 6.0


def test_an_offer_that_the_car_leaves_rises_above_the_sun_to_find_its_least_current() -> None:
    day = Day(solar_w=1500)
    day.plugged = False
    day.run(300)
    day.allot.set_car(CarNeeds(search_a=9.0))
    assert day.run(10).current_a == 9.0
    assert not day.result.holds
    assert day.result.reason.describe() == (
        "the car does not begin at what is spare: trying 9 A for a moment"
    )
    day.plugged = True
    assert day.run(38).current_a == 9.0
    day.allot.set_car(CarNeeds())
    assert day.run(60).current_a < 7.0


def test_a_search_goes_no_higher_than_the_feed_and_the_supply_allow() -> None:
    day = Day(AllotmentConfig(semantics="battery_power", max_current_a=10.0), solar_w=1500)
    day.plugged = False
    day.run(300)
    day.allot.set_car(CarNeeds(search_a=13.0))
    assert day.run(10).current_a == 10.0


def test_an_offer_ends_at_once_where_the_car_was_found_to_need_more_sun() -> None:
    day = Day(solar_w=1500)
    day.run(300)
    day.plugged = False
    day.run(5)
    day.allot.set_car(CarNeeds(least_a=11.0))
    assert day.run(2).current_a == 0.0
    assert "waiting for" in day.result.reason.describe()


def test_a_setting_above_the_learned_least_current_holds() -> None:
    day = Day(AllotmentConfig(semantics="battery_power", car_min_current_a=10.0), solar_w=1700)
    day.allot.set_car(CarNeeds(least_a=7.0))
    assert day.run(300).current_a == 0.0


def test_a_learned_least_current_above_the_supply_is_cut_to_it() -> None:
    day = Day(AllotmentConfig(semantics="battery_power", max_current_a=10.0), solar_w=4000)
    day.allot.set_car(CarNeeds(least_a=13.0))
    assert day.run(300).current_a == 10.0


def test_a_soft_start_stays_at_the_least_current_after_each_begin() -> None:
    day = Day(solar_w=3000)
    day.allot.set_car(CarNeeds(soft_start_s=60.0))
    assert day.run(120).current_a == 6.0
    assert day.run(30).current_a == pytest.approx(13.04)
    day.plugged = False
    assert day.run(10).current_a == 6.0
    day.plugged = True
    assert day.run(55).current_a == 6.0
    assert day.run(20).current_a == pytest.approx(13.04)


def test_a_car_that_begins_low_may_rest_for_five_minutes_before_its_offer_rises() -> None:
    day = Day(solar_w=3000)
    day.allot.set_car(CarNeeds(soft_start_s=60.0))
    day.run(200)
    day.plugged = False
    assert day.run(290).current_a == 6.0
    assert day.run(60).current_a == pytest.approx(13.04)


def test_a_car_that_flinches_sees_few_and_large_changes() -> None:
    day = Day(solar_w=lambda now: 2500.0 + 800.0 * (int(now // 60) % 3))
    day.run(200)
    day.allot.set_car(CarNeeds(change_by_a=2.0, change_every_s=300.0))
    day.run(10)
    before = len(day.offers)
    day.run(1800)
    offers = day.offers[before:]
    changes_a = [abs(new - old) for old, new in pairwise(offers) if new != old]
    assert 1 <= len(changes_a) <= 7
    assert min(changes_a) >= 1.9


def test_a_welcome_charge_needs_no_sun() -> None:
    day = Day()
    day.allot.set_car(CarNeeds(welcome=True))
    assert day.run(100).current_a == 6.0
    day.allot.set_car(CarNeeds())
    assert day.run(1200).current_a == 0.0


def test_a_car_that_bears_no_interruption_is_lent_more_on_a_dull_day_too() -> None:
    day = Day(solar_w=lambda now: 3000.0 if now < 1200 else 0.0)
    day.run(1200)
    day.allot.set_car(CarNeeds(uninterrupted=True))
    assert day.allot.loan_limit_wh == pytest.approx(5 * day.config.loan_wh)
    assert day.run(3000).current_a == 6.0
    assert day.run(3600).current_a == 0.0


def test_a_minimum_that_has_climbed_in_vain_goes_back_and_climbs_again_later() -> None:
    day = Day(AllotmentConfig(semantics="battery_power", max_current_a=16.0))
    day.allot.set_mode(Mode.SOLAR_MIN)
    day.plugged = False
    assert day.run(375).current_a == 16.0
    assert day.run(120).current_a == 6.0
    assert day.run(700).current_a == 6.0
    assert day.run(150).current_a == 9.0


def test_a_car_that_takes_nothing_at_dawn_is_not_taken_for_a_battery_that_holds_the_grid() -> None:
    day = Day(solar_w=lambda now: 20.0 if now < 3600 else 1500.0, car_max_a=0.0)
    day.allot.set_mode(Mode.SOLAR_MIN)
    day.run(3600)
    assert any(notice.kind == "held" for notice in day.allot.notices)
    day.run(3600)
    assert day.allot.takes_little
    assert not any(notice.kind == "held" for notice in day.allot.notices)


def test_a_car_that_wakes_up_at_the_top_of_a_climb_is_found_out() -> None:
    day = Day(AllotmentConfig(semantics="battery_power", max_current_a=16.0), car_max_a=0.0)
    day.solar_w = lambda now: 20.0 if now < 3600 else 1500.0
    day.allot.set_mode(Mode.SOLAR_MIN)
    day.run(7200)
    assert day.allot.takes_little
    day.car_max_a = 32.0
    day.run(3600)
    assert not day.allot.takes_little
    assert day.result.current_a < 8.0
