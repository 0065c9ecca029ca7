# SPDX-License-Identifier: GPL-3.0-or-later
"""A house battery that holds the grid at zero never runs the car beyond the loan."""

from __future__ import annotations

import math
from array import array
from random import Random

import pytest

from evsed.core.solar.allotment import Allotment, AllotmentConfig, AllotmentRule, Reading
from evsed.core.solar.feed_doubt import RETRY_S
from evsed.core.solar.held_grid import BATTERY_S, HELD, KEPT_W, HeldGrid
from evsed.core.solar.own_consumption import OwnConsumption
from tests.benchmarks.solar_house import Battery, House, play_house

RULES = AllotmentConfig(semantics="battery_power")
LEAST_W = 1380.0


def hours(*watts: float) -> array[float]:
    """Hours of surplus, each with as much, and a load that comes and goes by some watts."""
    random = Random(1)
    minutes = [power_w + random.gauss(0, 30) for power_w in watts for _ in range(60)]
    return array("d", (minutes[second // 60] for second in range(3600 * len(watts))))


@pytest.mark.parametrize(("soc", "answers_s"), [(0.5, 1.0), (1.0, 10.0), (1.0, 30.0)])
def test_the_house_battery_lends_no_more_than_the_loan_when_the_sun_goes(
    soc: float, answers_s: float
) -> None:
    """The grid alone is measured; for six hours the battery could pay for the car unseen."""
    battery = Battery(soc=soc, charge_w=2000.0, answers_s=answers_s)
    house = House(battery=battery, feed="grid")
    day = play_house(hours(5000, 5000, 300, 300, 300, 300, 300, 300), house, RULES)
    assert day.captured_kwh > 4.0
    assert day.from_battery_kwh < 2 * RULES.loan_wh / 1000
    assert day.starts <= 2


def test_the_car_gets_what_a_full_battery_cannot_take() -> None:
    battery = Battery(soc=1.0)
    day = play_house(hours(3000, 3000, 3000, 3000), House(battery=battery, feed="grid"), RULES)
    assert day.captured_kwh > 0.85 * day.surplus_kwh
    assert day.from_battery_kwh < 0.1


def test_where_the_battery_is_measured_too_the_car_comes_first() -> None:
    house = House(battery=Battery(soc=0.3), feed="both")
    day = play_house(hours(3000, 3000, 300, 300), house, RULES)
    assert day.captured_kwh > 0.9 * 6
    assert day.from_battery_kwh < 0.4


@pytest.mark.untraced
def test_an_honest_house_is_not_taken_for_held() -> None:
    allotment = Allotment(RULES)
    random = Random(2)
    drawn_a = 0.0
    for minute in range(480):
        now = 60.0 * minute
        sun_w = 3000.0 + random.gauss(0, 20)
        reading = Reading(excess_w=sun_w - 230 * drawn_a, stamp=str(minute), age_s=0.0)
        allotment.on_reading(now, reading)
        for second in range(60):
            allotment.on_draw(now + second, drawn_a, charging=drawn_a > 0)
            drawn_a = allotment.update(now + second).current_a
        assert allotment.notices == ()


class Grid:
    """A figure for a held grid, a reading a minute."""

    def __init__(self) -> None:
        self.held = HeldGrid(LEAST_W)
        self.own_w = 3000.0

    def read(self, figure_w: float, times: int = 1) -> None:
        for _ in range(times):
            self.held.add(figure_w, self.own_w, 60.0, level_s=50.0, judged=True)
            self.own_w = self.held.test_w or self.own_w


def test_a_figure_that_answers_no_step_is_held_and_one_that_answers_is_not() -> None:
    held, honest = Grid(), Grid()
    held.read(0.0, 8)
    assert held.held.found
    assert held.held.notice is HELD
    sun_w = honest.own_w
    for _ in range(60):
        honest.read(sun_w - honest.own_w)
        if honest.held.test_w is None:
            honest.own_w = sun_w
    assert not honest.held.found


def test_what_is_exported_is_proof_and_nothing_else_is() -> None:
    held = Grid().held
    held.known = True
    assert held.spare(500.0, 2000.0, 2000.0).available_w == 2500.0 - KEPT_W
    assert held.spare(50.0, 2000.0, 2000.0).available_w == 0.0
    assert held.spare(-500.0, 2000.0, 2000.0).available_w == 0.0
    assert held.spare(1500.0, 0.0, 0.0).available_w == 1500.0


def test_export_right_after_the_car_took_less_is_the_batterys_delay() -> None:
    held = Grid().held
    held.known = True
    assert held.spare(1400.0, 1380.0, 3000.0).available_w == 0.0


def test_a_held_figure_is_believed_again_after_half_a_day() -> None:
    grid = Grid()
    grid.read(0.0, 8)
    assert grid.held.found
    grid.read(0.0, math.ceil(RETRY_S / 60))
    assert not grid.held.found


def test_a_loan_is_paid_back_by_several_proofs_only() -> None:
    held = Grid().held
    held.known = True
    assert not held.proven
    for _ in range(3):
        held.spare(500.0, 2000.0, 2000.0)
    assert held.proven
    held.spare(0.0, 2000.0, 2000.0)
    assert not held.proven


def test_below_the_chosen_charge_the_battery_comes_first() -> None:
    """3 kW into the battery and nothing exported: no sun for the car, until half is reached."""
    allotment = Allotment(AllotmentConfig(semantics="battery_power", battery_first_below=0.5))

    def news(minute: int, soc: float) -> AllotmentRule:
        reading = Reading(
            excess_w=3000.0, grid_w=0.0, battery_w=-3000.0, soc=soc, stamp=str(minute), age_s=0.0
        )
        allotment.on_reading(60.0 * minute, reading)
        return allotment.update(60.0 * minute).reason.rule

    assert {news(minute, 0.49) for minute in range(5)} == {AllotmentRule.WAITING}
    assert news(5, 0.5) is AllotmentRule.CONFIRMING
    assert news(6, 0.49) is AllotmentRule.STARTING


def test_a_battery_that_exports_throttles_no_panels() -> None:
    """Full, on the grid, and giving to it: what is seen is all there is."""
    for grid_w, battery_w, starts in ((-500.0, 0.0, False), (0.0, None, False), (0.0, 0.0, True)):
        allotment, current_a = Allotment(RULES), 0.0
        for minute in range(5):
            reading = Reading(
                excess_w=-grid_w,
                grid_w=grid_w,
                battery_w=battery_w,
                soc=1.0,
                stamp=str(minute),
                age_s=0.0,
            )
            allotment.on_reading(60.0 * minute, reading)
            current_a = allotment.update(60.0 * minute).current_a
        assert (current_a > 0) is starts


def test_the_delay_of_a_battery_is_shorter_than_a_minute() -> None:
    """Else a feed once a minute could never prove anything."""
    assert BATTERY_S < 60


def test_a_step_that_the_car_does_not_make_ends_the_test_and_the_next_goes_the_other_way() -> None:
    grid = Grid()
    for up in (True, False):
        while grid.held.test_w is None:
            grid.held.add(0.0, 3000.0, 60.0, level_s=50.0, judged=True)
        assert (grid.held.test_w > 3000.0) is up
        for _ in range(5):
            grid.held.add(0.0, 3000.0, 60.0, level_s=50.0, judged=True)
        assert grid.held.test_w is None
    assert not grid.held.found


def test_a_draw_that_has_not_settled_is_no_answer() -> None:
    """At a fast feed the next reading comes before the car has moved."""
    grid = Grid()
    while grid.held.test_w is None:
        grid.read(0.0)
    for _ in range(20):
        grid.held.add(0.0, grid.held.test_w or 0.0, 1.0, level_s=3.0, judged=True)
    assert not grid.held.found


def test_before_the_first_note_the_car_drew_nothing() -> None:
    draw = OwnConsumption(keep_s=60.0)
    assert draw.most_a(0.0, 10.0) == 0.0
    draw.on_measured(5.0, 8.0)
    assert draw.most_a(0.0, 10.0) == 8.0
    assert draw.most_a(0.0, 4.0) == 0.0


@pytest.mark.parametrize("figures", [{"grid_w": math.nan}, {"battery_w": math.inf}])
def test_flows_that_are_no_numbers_are_refused(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be a finite number of watts"):
        Reading(
            excess_w=0.0,
            stamp="1",
            age_s=0.0,
            grid_w=figures.get("grid_w"),
            battery_w=figures.get("battery_w"),
        )
