# SPDX-License-Identifier: GPL-3.0-or-later
"""When a goal makes evsed charge without regard to the sun, and what it foresees."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from evsed.core.user.planner import CarPower, PlanInputs, Planner
from evsed.core.user.prices import PriceSlot

HOUR_S = 3600.0
NIGHT = PlanInputs(goal_wh=20_000, done_wh=0, left_s=10 * HOUR_S, power_w=7_360, plugged=True)


NEEDS_S = 1.1 * 20_000 / 7_360 * HOUR_S + 300


def test_it_begins_as_late_as_the_energy_and_a_reserve_allow() -> None:
    step = Planner().step(NIGHT)
    needs_s = 20_000 / 7_360 * HOUR_S
    assert not step.charges
    assert step.begins_s == pytest.approx(10 * HOUR_S - 1.1 * needs_s - 300)
    assert (step.expected_wh, step.trouble, step.short) == (20_000, "", False)


def test_what_the_sun_has_given_makes_it_begin_later() -> None:
    before, after = Planner().step(NIGHT), Planner().step(replace(NIGHT, done_wh=5_000))
    assert before.begins_s is not None
    assert after.begins_s is not None
    assert after.begins_s > before.begins_s + 2_000


def test_once_begun_it_goes_on_to_the_end_with_one_closing() -> None:
    """Charging makes the rest smaller faster than time passes; that must be no pause."""
    planner, done_wh, begun = Planner(), 0.0, []
    for minute in range(600):
        inputs = replace(NIGHT, done_wh=done_wh, left_s=10 * HOUR_S - minute * 60)
        step = planner.step(inputs)
        begun.append(step.charges)
        done_wh += 7_360 / 60 if step.charges else 0.0
    assert sum(now and not before for before, now in itertools.pairwise(begun)) == 1
    assert done_wh >= 20_000
    assert not begun[-1]


def test_a_goal_that_is_reached_charges_no_more() -> None:
    planner = Planner()
    assert planner.step(replace(NIGHT, left_s=HOUR_S)).charges
    step = planner.step(replace(NIGHT, done_wh=20_000, left_s=HOUR_S))
    assert (step.charges, step.reached, step.begins_s) == (False, True, None)
    assert not planner.step(replace(NIGHT, done_wh=19_999)).charges


def test_too_little_time_is_foreseen_and_all_of_it_is_used() -> None:
    step = Planner().step(replace(NIGHT, left_s=HOUR_S))
    assert step.charges
    assert step.expected_wh == 7_360
    assert step.trouble == "at 7.4 kW the time left is too short by 12.6 kWh"
    assert step.short


def test_without_a_car_nothing_begins_and_that_is_said() -> None:
    step = Planner().step(replace(NIGHT, plugged=False))
    assert (step.charges, step.trouble, step.short) == (False, "no car is plugged in", False)
    late = Planner().step(replace(NIGHT, plugged=False, left_s=HOUR_S))
    assert not late.charges
    assert late.trouble.startswith("no car is plugged in, and at 7.4 kW")


def test_what_blocks_is_the_reason_and_a_plan_that_was_begun_stays_begun() -> None:
    planner = Planner()
    off = replace(NIGHT, blocked="off, as the owner set it")
    assert not planner.step(off).charges
    assert planner.step(off).trouble == "off, as the owner set it"
    planner.step(replace(NIGHT, left_s=HOUR_S))
    assert planner.step(replace(off, left_s=HOUR_S)).charges
    assert not planner.step(replace(off, left_s=HOUR_S, plugged=False)).charges


def test_a_limit_of_the_session_that_comes_first_is_named() -> None:
    step = Planner().step(replace(NIGHT, allowed_wh=5_000))
    assert step.short
    assert step.trouble == "the limit of this session leaves 5.0 kWh"
    assert step.expected_wh == 5_000


def test_the_next_goal_begins_by_itself() -> None:
    planner = Planner()
    assert planner.step(replace(NIGHT, left_s=HOUR_S)).charges
    planner.begin_goal()
    assert not planner.step(NIGHT).charges


def test_the_times_to_come_are_known_beforehand_and_while_it_is_charged() -> None:
    planner = Planner()
    (time,) = planner.step(NIGHT).times
    assert time == pytest.approx((10 * HOUR_S - NEEDS_S, 10 * HOUR_S))
    (time,) = planner.step(replace(NIGHT, left_s=HOUR_S)).times
    assert time == (0.0, HOUR_S)
    (time,) = planner.step(replace(NIGHT, left_s=HOUR_S - 60, done_wh=19_264)).times
    assert time == pytest.approx((0.0, 360 + 300))
    assert planner.step(replace(NIGHT, done_wh=20_000)).times == ()


def test_the_times_of_a_night_with_prices_follow_each_other() -> None:
    prices = (
        PriceSlot(0, 2 * HOUR_S, 0.1),
        PriceSlot(2 * HOUR_S, 8 * HOUR_S, 0.3),
        PriceSlot(8 * HOUR_S, 10 * HOUR_S, 0.2),
    )
    planner = Planner()
    first, last = planner.step(replace(NIGHT, prices=prices)).times
    assert first == (0.0, 2 * HOUR_S)
    assert last == pytest.approx((10 * HOUR_S - (NEEDS_S - 2 * HOUR_S), 10 * HOUR_S))


# --- prices --------------------------------------------------------------------------------------

CHEAP_TILL_9 = (
    PriceSlot(0, 1 * HOUR_S, 0.32),
    PriceSlot(1 * HOUR_S, 9 * HOUR_S, 0.18),
    PriceSlot(9 * HOUR_S, 10 * HOUR_S, 0.32),
)


def begins(prices: tuple[PriceSlot, ...], left_s: float = 10 * HOUR_S) -> float | None:
    return Planner().step(replace(NIGHT, prices=prices, left_s=left_s)).begins_s


def test_the_end_of_the_cheapest_time_is_taken() -> None:
    assert begins(CHEAP_TILL_9) == pytest.approx(9 * HOUR_S - NEEDS_S)


def test_where_the_cheapest_time_is_short_the_next_cheapest_comes_first() -> None:
    prices = (
        PriceSlot(0, 5 * HOUR_S, 0.25),
        PriceSlot(5 * HOUR_S, 7 * HOUR_S, 0.10),
        PriceSlot(7 * HOUR_S, 10 * HOUR_S, 0.40),
    )
    assert begins(prices) == pytest.approx(5 * HOUR_S - (NEEDS_S - 2 * HOUR_S))


def test_where_all_the_time_is_needed_prices_do_not_count() -> None:
    assert Planner().step(replace(NIGHT, prices=CHEAP_TILL_9, left_s=3 * HOUR_S)).charges


def test_prices_that_are_known_for_a_part_of_the_time_only_are_all_used() -> None:
    assert begins((PriceSlot(8 * HOUR_S, 9 * HOUR_S, 0.1),)) == 8 * HOUR_S


def test_a_night_with_two_cheap_times_is_charged_in_both_and_reaches_its_goal() -> None:
    planner, done_wh, begun = Planner(), 0.0, []
    for minute in range(600):
        at_s = minute * 60.0
        slots = ((0, 2, 0.3), (2, 4, 0.1), (4, 7, 0.3), (7, 8, 0.1), (8, 10, 0.3))
        prices = tuple(
            PriceSlot(max(0.0, begin * HOUR_S - at_s), end * HOUR_S - at_s, price)
            for begin, end, price in slots
            if end * HOUR_S > at_s
        )
        step = planner.step(
            replace(NIGHT, done_wh=done_wh, left_s=10 * HOUR_S - at_s, prices=prices)
        )
        begun.append(step.charges)
        done_wh += 7_360 / 60 if step.charges else 0.0
    assert done_wh >= 20_000
    assert sum(now and not before for before, now in itertools.pairwise(begun)) == 2
    hours = [sum(begun[60 * hour : 60 * hour + 60]) for hour in range(10)]
    assert hours[2:4] == [60, 60]
    assert hours[7] > 40
    assert hours[:2] == [0, 0]


# --- the car's own most --------------------------------------------------------------------------


def draw(car: CarPower, offered_a: float, drawn_a: float, begin: float, end: float) -> None:
    for second in range(round(end - begin)):
        car.update(begin + second, offered_a, drawn_a, measured=True)


def test_a_car_that_leaves_a_part_of_its_offer_shows_its_most() -> None:
    car = CarPower()
    draw(car, 32.0, 15.9, 0, 30)
    assert car.most_a is None
    draw(car, 32.0, 15.9, 30, 70)
    assert car.most_a == 15.9


def test_a_car_that_takes_all_shows_nothing_and_one_that_takes_more_corrects_it() -> None:
    car = CarPower()
    draw(car, 10.0, 9.8, 0, 600)
    assert car.most_a is None
    known = CarPower(8.0)
    draw(known, 10.0, 9.8, 0, 2)
    assert known.most_a == 9.8


def test_the_last_minutes_of_a_charge_are_not_its_most() -> None:
    car = CarPower()
    draw(car, 32.0, 15.9, 0, 100)
    draw(car, 32.0, 4.0, 100, 400)
    assert car.most_a == 15.9


def test_without_a_meter_or_a_current_nothing_is_learned() -> None:
    car = CarPower()
    for second in range(200):
        car.update(second, 32.0, 10.0, measured=False)
        car.update(second, 32.0, 0.0, measured=True)
    assert car.most_a is None
