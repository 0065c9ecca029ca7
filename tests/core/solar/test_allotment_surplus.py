# SPDX-License-Identifier: GPL-3.0-or-later
"""From the feed's word to the power there is: readings, the observer, the probe, the car's draw."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from evsed.core.solar.allotment import AllotmentConfig, Reading
from evsed.core.solar.battery_loan import Loan
from evsed.core.solar.battery_probe import BatteryProbe
from evsed.core.solar.own_consumption import OwnConsumption
from evsed.core.solar.surplus import Surplus

NAN = float("nan")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("excess_w", NAN),
        ("excess_w", math.inf),
        ("age_s", NAN),
        ("age_s", -1.0),
        ("minimum_w", -1.0),
        ("maximum_w", NAN),
        ("soc", 1.2),
        ("soc", NAN),
    ],
)
def test_a_reading_that_cannot_be_is_refused_by_the_name_of_its_key(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=key):
        replace(Reading(stamp="a", excess_w=100.0, age_s=5.0), **{key: value})  # type: ignore[arg-type]  # a key of a number


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mains_v", NAN),
        ("mains_v", 24.0),
        ("phases", 4),
        ("car_min_current_a", 5.0),
        ("max_current_a", 5.9),
        ("period_s", 0.0),
        ("window_s", 61.0),
        ("loan_wh", -1.0),
        ("start_share", 1.1),
        ("up_slew_a_per_s", 0.0),
        ("semantics", "grid"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_the_name_of_its_key(
    key: str, value: object
) -> None:
    with pytest.raises(ValueError, match=key):
        AllotmentConfig(**{key: value})  # type: ignore[arg-type]


def test_three_phases_take_three_times_the_power() -> None:
    assert AllotmentConfig(phases=3).least_w == 4140


# -- the car's own draw ------------------------------------------------------------------------


def test_the_draw_of_a_moment_is_the_step_it_lies_in() -> None:
    draw = OwnConsumption(keep_s=300)
    for second, amperes in ((0, 6.0), (10, 10.0), (20, 16.0)):
        draw.on_measured(float(second), amperes)
    assert draw.mean_a(15.0, 15.0) == 10.0
    assert draw.mean_a(5.0, 15.0) == 8.0
    assert draw.mean_a(5.0, 15.0, most_a=8.0) == 7.0
    assert draw.mean_a(-10.0, -5.0) == 0.0
    assert draw.now_a == 16.0


def test_without_a_meter_the_draw_follows_the_offer_as_a_car_does() -> None:
    """Two seconds of nothing, then 4 A a second, and nothing once the contactor is open."""
    draw = OwnConsumption(keep_s=300)
    seen = []
    for second in range(8):
        draw.on_offered(float(second), 10.0)
        seen.append(draw.now_a)
    assert seen == [0.0, 0.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0]
    draw.on_offered(8.0, 0.0)
    assert draw.now_a == 0.0


def test_the_past_is_kept_no_longer_than_asked() -> None:
    draw = OwnConsumption(keep_s=60)
    for second in range(200):
        draw.on_measured(float(second), float(second % 7))
    assert draw.mean_a(0.0, 100.0) < 1.0
    assert draw.mean_a(150.0, 199.0) == pytest.approx(3.0, abs=0.3)


def test_an_opened_contactor_ends_the_draw_of_a_car_that_answers_late() -> None:
    """Within 15 s of a change the car may draw either current, but none through an open contact."""
    draw = OwnConsumption(keep_s=60)
    for second, amperes in enumerate([10.0] * 10 + [16.0] * 10 + [0.0] * 5):
        draw.on_measured(float(second), amperes)
    assert draw.bounds_a(15.0, 15.0, None, 15.0) == (10.0, 16.0)
    assert draw.bounds_a(15.0, 15.0, 12.0, 15.0) == (10.0, 12.0)
    assert draw.bounds_a(9.0, 9.0, None, 15.0) == (10.0, 10.0)
    assert draw.bounds_a(22.0, 22.0, None, 15.0) == (0.0, 0.0)
    assert draw.bounds_a(16.0, 19.0, None, 15.0) == (10.0, 16.0)


def test_the_window_of_the_feed_is_averaged_over() -> None:
    """10 s before the stamp: five at 6 A and five at 10 A are 8 A."""
    surplus = Surplus(AllotmentConfig(semantics="battery_power", window_s=10))
    surplus.on_draw(0.0, 6.0, measured=True)
    surplus.on_draw(55.0, 10.0, measured=True)
    surplus.on_reading(63.0, Reading(excess_w=500, stamp="a", age_s=3))
    assert surplus.spare.solar_w == pytest.approx(500 + 8 * 230)


# -- the probe ---------------------------------------------------------------------------------


def test_a_battery_with_room_needs_no_probe() -> None:
    probe = BatteryProbe(1380.0)
    assert probe.update(100.0, 0.0, full=False).available_w == 100.0


def test_a_full_battery_is_asked_for_enough_to_start_a_car() -> None:
    assert BatteryProbe(1380.0).update(0.0, 0.0, full=True).available_w == 1380.0


def test_the_steps_double_until_the_battery_has_to_help() -> None:
    probe = BatteryProbe(1380.0)
    own_w, steps = 1380.0, []
    for _ in range(7):
        steps.append(probe.update(0.0, own_w, full=True).bias_w)
        own_w += steps[-1]
    assert steps == pytest.approx([90, 180, 360, 720, 1440, 1504.2, 1504.2])
    assert probe.update(-200.0, 3000.0, full=True).available_w == 2800.0
    assert probe.update(0.0, 2800.0, full=True).bias_w == 90


def test_a_step_waits_until_the_feed_has_seen_the_car_answer_it() -> None:
    probe = BatteryProbe(1380.0)
    assert probe.update(0.0, 1380.0, full=True).available_w == 1470
    assert probe.update(0.0, 1380.0, full=True).available_w == 1470
    assert probe.update(0.0, 1470.0, full=True).available_w == 1470 + 180


def test_after_a_run_without_sun_the_next_try_waits() -> None:
    probe = BatteryProbe(1380.0)
    probe.update(-1380.0, 1380.0, full=True)
    waits = 0
    while probe.update(0.0, 0.0, full=True).bias_w == 0:
        waits += 1
    assert waits == 35


def test_each_run_in_vain_doubles_the_wait_for_the_next() -> None:
    probe = BatteryProbe(1380.0)
    waits = []
    for _ in range(3):
        probe.update(-1380.0, 1380.0, full=True)
        waits.append(1)
        while probe.update(0.0, 0.0, full=True).bias_w == 0:
            waits[-1] += 1
    assert waits == [36, 71, 141]


def waits_of(probe: BatteryProbe) -> int:
    """The readings without sun until a full battery is tried again."""
    waits = 0
    while probe.update(0.0, 0.0, full=True).bias_w == 0:
        waits += 1
    return waits


def test_a_run_that_ended_under_a_cloud_is_no_dark_afternoon_once_the_battery_takes_much() -> None:
    probe = BatteryProbe(1380.0)
    for _ in range(2):
        probe.update(-1380.0, 1380.0, full=True)
        assert waits_of(probe) >= 35
    probe.update(-1380.0, 1380.0, full=True)
    probe.update(1300.0, 0.0, full=False)
    assert waits_of(probe) <= 9
    probe.update(-1380.0, 1380.0, full=True)
    assert waits_of(probe) == 35


def test_a_battery_that_takes_little_after_a_run_shortens_no_wait() -> None:
    probe = BatteryProbe(1380.0)
    probe.update(-1380.0, 1380.0, full=True)
    probe.update(1000.0, 0.0, full=False)
    assert waits_of(probe) == 34


# -- the loan ----------------------------------------------------------------------------------


def test_a_loan_is_guessed_until_the_next_stamp_settles_it() -> None:
    loan = Loan()
    loan.open(0.0)
    loan.accrue(60.0, 1380.0)
    assert loan.battery_loan_wh == pytest.approx(23.0)
    loan.settle(60.0, 690.0, 5.0, 1380.0)
    assert loan.battery_loan_wh == pytest.approx(11.5 + 1.9, abs=0.1)


def test_a_stamp_from_before_the_run_settles_nothing() -> None:
    loan = Loan()
    loan.open(100.0)
    loan.accrue(10.0, 360.0)
    loan.settle(90.0, 5000.0, 20.0, 5000.0)
    assert loan.battery_loan_wh == pytest.approx(1.0)


def test_sun_taken_in_advance_is_not_kept() -> None:
    loan = Loan()
    loan.open(0.0)
    loan.accrue(600.0, -3000.0)
    assert loan.battery_loan_wh == 0.0
