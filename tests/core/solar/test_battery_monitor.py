# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's figure taken apart, by each of its formulas, with batteries of every size."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.solar.allotment import (
    Allotment,
    AllotmentConfig,
    AllotmentResult,
    AllotmentRule,
    Reading,
)
from evsed.core.solar.battery_monitor import BatteryMonitorDecoder
from evsed.core.solar.excess_formula import ExcessDecoder
from evsed.core.solar.surplus import Surplus
from evsed.sim.demand_manager import DemandManager, Formula
from tests.core.solar.solar_day import Day

LEAST_W = 1380.0


def decoded(
    solar_w: list[float], own_w: list[float], state_w: float, minutes: float = 1.0
) -> float:
    """The error of the decoder after the last reading; the car changes right after each stamp."""
    decoder = BatteryMonitorDecoder()
    before_w = solar_w[0]
    for at, (now_w, drawn_w) in enumerate(zip(solar_w, own_w, strict=True)):
        if at:
            state_w += minutes * ((before_w + now_w) / 2 - drawn_w)
        decoder.decode(state_w + now_w - drawn_w, drawn_w, drawn_w, 60.0 * minutes if at else 0.0)
        before_w = now_w
    assert decoder.settled
    assert decoder.solar_w + decoder.state_w == pytest.approx(solar_w[-1] + state_w)
    return abs(decoder.solar_w - solar_w[-1])


@given(
    state_w=st.floats(-3e6, 3e6),
    begin_w=st.floats(-2000, 9000),
    slope_w=st.floats(-300, 300),
    own_w=st.lists(st.floats(0, 11_000), min_size=8, max_size=8),
)
def test_the_sun_is_found_behind_any_error_of_charge(
    state_w: float, begin_w: float, slope_w: float, own_w: list[float]
) -> None:
    """60 kWh half empty is 1.8 MW; after eight minutes that is forgotten to within some watts."""
    solar_w = [begin_w + slope_w * minute for minute in range(8)]
    assert decoded(solar_w, own_w, state_w) < 30


@given(state_w=st.floats(-3e6, 3e6), solar_w=st.floats(-1000, 9000))
def test_two_readings_are_enough_under_steady_sun(state_w: float, solar_w: float) -> None:
    assert decoded([solar_w, solar_w], [0.0, 0.0], state_w) < 250 + 0.03 * abs(solar_w)


@pytest.mark.parametrize("period_s", [10.0, 30.0, 60.0, 120.0, 300.0])
def test_the_error_of_charge_grows_by_the_minute_whatever_the_period(period_s: float) -> None:
    count = max(6, round(400 / period_s))
    assert decoded([3000.0] * count, [0.0] * count, -500_000.0, period_s / 60) < 60


@pytest.mark.parametrize("kwh", [5.0, 13.5, 60.0])
def test_a_target_that_moves_is_no_cloud_once_it_has_been_seen_to_move(kwh: float) -> None:
    """One percent of 60 kWh is a fall of the figure by 36 kW from one minute to the next."""
    decoder = BatteryMonitorDecoder()
    step_w = 600.0 * kwh
    state_w, worst_w = 20_000.0, []
    for minute in range(41):
        if minute:
            state_w += 2000.0
        if minute % 4 == 3:
            state_w -= step_w
        decoder.decode(state_w + 2000.0, 0.0, 0.0, 60.0 if minute else 0.0)
        if minute > 20:
            worst_w.append(abs(decoder.solar_w - 2000.0))
    assert decoder.target_moves
    assert max(worst_w) < 100


def test_a_cloud_is_no_move_of_the_target() -> None:
    decoder = BatteryMonitorDecoder()
    state_w = 50_000.0
    before_w = 6000.0
    for minute, solar_w in enumerate([6000.0] * 5 + [1000.0] * 3 + [6000.0] * 3 + [1000.0] * 4):
        state_w += (before_w + solar_w) / 2 if minute else 0.0
        decoder.decode(state_w + solar_w, 0.0, 0.0, 60.0 if minute else 0.0)
        before_w = solar_w
        if minute > 3:
            assert decoder.solar_w == pytest.approx(solar_w, abs=150)
    assert not decoder.target_moves


@pytest.mark.parametrize("most_a", [None, 0.0, 6.0])
def test_the_figure_by_which_the_formula_is_recognised_counts_the_whole_offer(
    most_a: float | None,
) -> None:
    """Its draw was learned from figures that were misread."""
    surplus = Surplus(AllotmentConfig(semantics="batterymonitor"))
    for minute in range(200):
        now, draw_a = 60.0 * minute, 6.0 + 4.0 * (minute // 3 % 2)
        surplus.test.verdict.most_a = most_a
        for second in range(60):
            surplus.on_draw(now - 60.0 + second, draw_a, measured=False)
        figure_w = 3000.0 - 230.0 * draw_a
        surplus.on_reading(now, Reading(excess_w=figure_w, stamp=f"{minute}", age_s=0.0))
        if any(notice.kind == "formula" for notice in surplus.notices):
            break
    assert surplus.spare.solar_w == pytest.approx(3000.0, abs=1.0)
    assert surplus.spare.bias_w <= 0
    assert surplus.car_maximum_a is None


class TaperingBattery:
    """10 kWh that take less and less from 96 % on, their target at 90 %; the panels are throttled.

    As a `meter` of `Day` it gives BatteryMonitor's figure, once a minute.
    """

    def __init__(self, charge: float) -> None:
        self.stored_wh = 10_000 * charge

    def __call__(self, solar_w: float, car_w: float) -> float:
        room = min(1.0, max(0.0, (10_000 - self.stored_wh) / 400))
        power_w = min(solar_w - car_w, 5000 * room)
        self.stored_wh += power_w / 60
        return round(power_w + 60 * (self.stored_wh - 9000))


def restless_sun(seed: int, mean_w: float, rough_w: float) -> list[float]:
    """A surplus that wanders by so many watts a minute."""
    random = Random(seed)
    watts = [mean_w]
    for _ in range(200):
        watts.append(watts[-1] + 0.15 * (mean_w - watts[-1]) + random.gauss(0.0, rough_w))
    return watts


@pytest.mark.parametrize(
    ("seed", "mean_w", "rough_w", "charge"), [(3, 8000, 300, 0.9), (4, 7000, 500, 0.93)]
)
def test_a_battery_that_takes_less_and_less_does_not_teach_that_the_car_takes_nothing(
    seed: int, mean_w: float, rough_w: float, charge: float
) -> None:
    """Behind throttled panels no step of the car is answered, though it takes what it is offered.

    It got 3.8 kWh of these two hours and a half.
    """
    watts = restless_sun(seed, mean_w, rough_w)
    day = Day(
        AllotmentConfig(semantics="batterymonitor"),
        solar_w=lambda now: watts[int(now / 60)],
        meter=TaperingBattery(charge),
    )
    taken_wh = 0.0
    for _ in range(150):
        day.run(60)
        taken_wh += day.drawn_a * 230 / 60
    assert taken_wh > 13_000
    assert day.allot.car_maximum_a is None


@pytest.mark.parametrize("period_s", [60.0, 300.0, 900.0])
def test_a_figure_that_stands_still_shows_no_power_whatever_the_period(period_s: float) -> None:
    """A car behind throttled panels was taken for one that takes nothing, the whole day."""
    decoder = ExcessDecoder(LEAST_W)
    for reading, figure_w in enumerate((10_000, 40_000, 80_000, 90_000, 90_000, 90_000, 90_000)):
        decoder.decode(figure_w, 0.0, 0.0, period_s if reading else 0.0)
    assert decoder.bare_w == pytest.approx(0.0, abs=600)
    assert period_s == 60 or decoder.bare_w == 0


class Loop:
    """A house, its BatteryMonitor and a car that takes what there is, minute by minute."""

    def __init__(self, manager: DemandManager, kwh: float, charge: float) -> None:
        self.manager = manager
        self.capacity_wh = 1000 * kwh
        self.charge_wh = charge * self.capacity_wh
        self.decoder = ExcessDecoder(LEAST_W)
        self.own_w = 0.0
        self.minute = 0

    def run(self, solar_w: float, minutes: int = 1, own_w: float | None = None) -> float:
        """Let time pass; the available power by the last figure."""
        available_w = 0.0
        for _ in range(minutes):
            room = min(1.0, max(0.0, (1 - self.charge_wh / self.capacity_wh) / 0.04))
            battery_w = min(solar_w - self.own_w, self.capacity_wh / 2 * room)
            self.charge_wh += battery_w / 60
            figure_w = self.manager.excess_w(battery_w, self.charge_wh, self.capacity_wh)
            spare = self.decoder.decode(
                round(figure_w), self.own_w, self.own_w, 60.0 if self.minute else 0.0
            )
            available_w = spare.available_w
            self.own_w = own_w if own_w is not None else max(0.0, available_w)
            self.minute += 1
        return available_w


def test_a_full_battery_behind_throttled_panels_starts_a_car_and_finds_the_sun() -> None:
    loop = Loop(DemandManager(target_share=0.8), kwh=20, charge=1.0)
    assert loop.run(4000.0, 5, own_w=0.0) == LEAST_W
    assert loop.run(4000.0, 20) == pytest.approx(4000, abs=120)


def test_a_car_behind_throttled_panels_is_no_weather() -> None:
    """The figure stands still whatever the car takes, so the sun seems to follow the car."""
    loop = Loop(DemandManager(target_share=0.8), kwh=5, charge=1.0)
    loop.run(6000.0, 5, own_w=0.0)
    for own_w in (1500.0, 4500.0, 1500.0, 4500.0, 2000.0):
        loop.run(6000.0, 1, own_w=own_w)
        assert loop.decoder.excess_w == pytest.approx(0.0, abs=30)


def test_the_battery_that_must_help_ends_the_probe_behind_throttled_panels() -> None:
    loop = Loop(DemandManager(target_share=0.8), kwh=5, charge=1.0)
    loop.run(3000.0, 5, own_w=0.0)
    loop.run(3000.0, 6, own_w=2800.0)
    loop.run(3000.0, 2, own_w=4500.0)
    loop.run(3000.0, 1, own_w=1380.0)
    assert loop.decoder.excess_w == pytest.approx(-1500.0, abs=300)


def test_a_battery_above_its_target_at_night_starts_nothing() -> None:
    loop = Loop(DemandManager(target_share=0.7), kwh=20, charge=0.95)
    for _ in range(60):
        assert loop.run(-350.0, own_w=0.0) <= 0


def test_a_battery_below_its_target_keeps_a_little_of_the_sun() -> None:
    loop = Loop(DemandManager(target_share=0.9), kwh=60, charge=0.85)
    assert loop.run(3000.0, 12, own_w=0.0) == pytest.approx(2850, abs=10)


def test_the_formula_without_the_charge_is_recognised_by_the_first_steps_of_a_car() -> None:
    """Until it is, the car gets no more than the plain figure allows, too."""
    loop = Loop(DemandManager(Formula.PLAIN), kwh=60, charge=0.6)
    loop.run(3000.0, 12, own_w=0.0)
    for own_w in (LEAST_W, 2 * LEAST_W):
        assert not loop.decoder.plain
        assert loop.run(3000.0, 4, own_w=own_w) < 3200
    assert loop.decoder.plain
    assert loop.run(3000.0, 3) == pytest.approx(3000, abs=20)


def test_the_formula_with_the_charge_is_not_mistaken_for_the_one_without() -> None:
    loop = Loop(DemandManager(), kwh=15, charge=0.95)
    for minute in range(300):
        loop.run(3000.0 + 2000.0 * math.sin(minute / 7) + 700 * (minute % 5 == 0))
        assert not loop.decoder.plain


def test_a_full_battery_of_the_formula_with_hours_is_tried_after_standing_still() -> None:
    """It shows 468 W and hides the sun: 1 x 9 Ah x 52 V above its target."""
    loop = Loop(DemandManager(Formula.HOUR, 0.95), kwh=9.36, charge=1.0)
    loop.run(4000.0, 9, own_w=0.0)
    assert loop.run(4000.0, 1, own_w=0.0) == LEAST_W


def plain_loop(formula: Formula, kwh: float, charge: float, target: float) -> Loop:
    """A house whose feed is known to be plain by the steps of its car."""
    loop = Loop(DemandManager(formula, target), kwh=kwh, charge=charge)
    for minute in range(12):  # a sky that moves: no throttled panels
        loop.run(3000.0 + 900.0 * (minute % 2), own_w=0.0)
    for own_w in (LEAST_W, 2 * LEAST_W):
        loop.run(3000.0, 4, own_w=own_w)
    assert loop.decoder.plain
    return loop


def test_the_figure_at_which_a_full_battery_stands_still_is_no_power() -> None:
    """The version of 2021 adds a watt for each Wh above the target: 300 W that are not there."""
    loop = plain_loop(Formula.HOUR, 15, 0.9, 0.98)
    loop.charge_wh = loop.capacity_wh
    loop.run(6000.0, 15, own_w=0.0)
    assert loop.decoder.excess_w == pytest.approx(0.0, abs=10)
    loop.run(6000.0, 3, own_w=LEAST_W)
    assert loop.run(6000.0, 20) == pytest.approx(6000.0, abs=400)


def test_a_plain_figure_that_stood_still_is_power_again_once_the_battery_takes_much() -> None:
    loop = plain_loop(Formula.PLAIN, 60, 0.5, 0.9)
    loop.run(500.0, 12, own_w=0.0)
    assert loop.decoder.excess_w == pytest.approx(0.0, abs=10)
    loop.run(2500.0, 1, own_w=0.0)
    assert loop.decoder.excess_w == pytest.approx(2500.0)


def test_hidden_sun_is_found_when_the_panels_are_throttled_in_the_middle_of_a_run() -> None:
    loop = plain_loop(Formula.PLAIN, 15, 0.9, 0.98)
    loop.run(2000.0, 5, own_w=2000.0)
    loop.charge_wh = loop.capacity_wh
    loop.run(5000.0, 12, own_w=2000.0)
    assert loop.run(5000.0, 20) == pytest.approx(5000.0, abs=200)


def test_a_mixed_feed_is_taken_apart_with_the_draw_of_the_whole_period() -> None:
    surplus = Surplus(AllotmentConfig(semantics="batterymonitor"))
    state_w = 0.0
    for minute in range(12):
        if minute:
            state_w += 2000.0
        surplus.on_reading(
            60.0 * minute + 5, Reading(excess_w=state_w + 2000, stamp=f"{minute}", age_s=5)
        )
    assert surplus.spare.solar_w == pytest.approx(2000, abs=5)


def minute_by_minute(count: int) -> tuple[Allotment, list[AllotmentResult]]:
    """A battery that fills with 3 kW, 20 kW above its target for one minute, and no car yet."""
    allot, results = Allotment(AllotmentConfig()), []
    for minute in range(count):
        now = 60.0 * minute + 5
        figure_w = 20_000.0 + 3000.0 * minute + 3000.0
        allot.on_reading(now, Reading(excess_w=figure_w, stamp=f"{minute}", age_s=5))
        results.append(allot.update(now))
    return allot, results


def test_one_figure_does_not_tell_power_from_charge_and_the_reason_says_so() -> None:
    _, results = minute_by_minute(2)
    assert results[0].reason.rule is AllotmentRule.SEPARATING
    assert "another figure" in results[0].reason.describe()
    assert results[0].solar_w is None
    assert results[1].reason.rule is AllotmentRule.CONFIRMING


def test_a_sun_that_is_not_known_yet_is_not_taken_for_a_dark_one() -> None:
    """So a bright day needs two figures that cover it, and not three, after evsed begins."""
    _, results = minute_by_minute(3)
    assert results[2].current_a == 6.0
