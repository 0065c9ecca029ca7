# SPDX-License-Identifier: GPL-3.0-or-later
"""Ground-fault device, meter and emergency stop: from a level to a fault or a refusal."""

from __future__ import annotations

import pytest

from evsed.core.pilot.faults import Fault, Recovery
from evsed.core.pilot.over_current import OverCurrentConfig
from evsed.core.pilot.protection import NO_PROTECTION, Protection
from tests.core.pilot.inputs_box import TICK_S, Box


def test_where_nothing_is_wired_nothing_is_said() -> None:
    assert Box().run(1) == NO_PROTECTION


# --- emergency stop ---------------------------------------------------


def test_an_emergency_stop_is_a_fault_at_once_that_waits_for_the_owner() -> None:
    box = Box()
    box.emergency_stop = False
    assert not box.run(1).faults
    box.emergency_stop = True

    assert Fault.EMERGENCY_STOP in box.run(TICK_S).faults
    assert Fault.EMERGENCY_STOP.kind.at_once
    assert Fault.EMERGENCY_STOP.kind.recovery is Recovery.ACKNOWLEDGE


# --- ground-fault device ---------------------------------------------------


def test_a_ground_fault_device_that_trips_is_a_fault_at_once_that_waits_for_the_owner() -> None:
    box = Box()
    box.ground_fault = False
    assert not box.run(1).faults
    box.ground_fault = True

    assert Fault.GROUND in box.run(TICK_S).faults
    assert Fault.GROUND.kind.at_once
    assert Fault.GROUND.kind.recovery is Recovery.ACKNOWLEDGE


def test_without_a_test_input_closing_waits_for_no_test() -> None:
    box = Box()
    box.ground_fault = False
    box.closing = True

    assert box.run(TICK_S).ready
    assert not box.guard.ground_test


def test_before_each_closing_the_device_has_to_trip_and_to_calm_down() -> None:
    box = Box(ground_testable=True)
    box.ground_fault = False
    for _ in range(2):
        box.closing = True
        box.run(TICK_S)
        assert box.guard.ground_test
        assert not box.guard.ready
        assert box.until(lambda: box.closed, within_s=0.2) > 0
        assert not box.guard.ground_test
        box.run(1)
        box.closing = box.closed = False
        assert not box.run(1).ready

    assert not box.faults


def test_a_device_that_does_not_trip_within_a_second_of_its_test_is_a_fault() -> None:
    box = Box(ground_testable=True)
    box.ground_fault = False
    box.deaf = True
    box.closing = True

    assert box.until(lambda: Fault.GROUND_TEST in box.faults, within_s=1.2) >= 1.0
    assert "did not trip" in box.faults[Fault.GROUND_TEST]
    assert not box.guard.ground_test
    assert not box.closed
    assert Fault.GROUND_TEST.kind.recovery is Recovery.ACKNOWLEDGE


def test_a_device_that_stays_tripped_after_its_test_is_a_fault() -> None:
    box = Box(ground_testable=True)
    box.ground_fault = False
    box.closing = True
    box.run(TICK_S)
    box.stuck = True

    box.until(lambda: Fault.GROUND_TEST in box.faults, within_s=1.2)

    assert "still tripped" in box.faults[Fault.GROUND_TEST]
    assert not box.closed


def test_a_car_that_leaves_during_the_test_leaves_no_fault_behind() -> None:
    box = Box(ground_testable=True)
    box.ground_fault = False
    box.closing = True
    box.run(2 * TICK_S)
    box.closing = False
    box.run(1)
    assert not box.faults
    assert not box.guard.ready
    box.deaf = box.closing = True
    box.run(0.2)
    box.closing = False
    box.run(1)

    assert not box.faults
    assert not box.guard.ground_test


def test_a_device_that_has_tripped_is_not_tested() -> None:
    box = Box(ground_testable=True)
    box.ground_fault = True
    box.closing = True

    assert not box.run(1).ground_test
    assert Fault.GROUND in box.faults


def test_a_board_that_was_lost_during_the_test_comes_back_without_it() -> None:
    box = Box(ground_testable=True)
    box.ground_fault = False
    box.deaf = box.closing = True
    box.run(0.2)
    box.closing = False
    box.protection.restart(box.now)

    assert not box.run(TICK_S).ground_test


# --- meter ---------------------------------------------------


def charging(drawn_a: float) -> Box:
    box = Box()
    box.closed = True
    box.current_a = drawn_a
    return box


def test_a_car_that_takes_5_percent_more_than_offered_is_left_alone() -> None:
    box = charging(10.5)
    box.run(60)

    assert not box.faults


def test_a_car_that_takes_30_percent_more_is_borne_for_4_s_and_stopped_in_7_to_8() -> None:
    box = charging(13.0)
    box.run(4)
    assert not box.faults
    box.current_a = 10.0
    box.run(1)
    box.current_a = 13.0

    assert box.until(lambda: Fault.OVER_CURRENT in box.faults, within_s=8.0) >= 7.0
    assert box.faults[Fault.OVER_CURRENT] == "the car takes 13.0 A, 10.0 A are offered"
    assert Fault.OVER_CURRENT.kind.recovery is Recovery.UNPLUG


@pytest.mark.parametrize(
    ("config", "drawn_a", "borne"),
    [
        (OverCurrentConfig(), 11.5, True),
        (OverCurrentConfig(), 11.6, False),
        (OverCurrentConfig(plus_a=1.5), 12.6, True),
        (OverCurrentConfig(share=1.0, plus_a=0.0), 10.1, False),
    ],
)
def test_the_owner_may_say_how_much_too_much_a_car_takes(
    config: OverCurrentConfig, drawn_a: float, *, borne: bool
) -> None:
    box = Box()
    box.protection = Protection(0.0, ground_testable=True, over_current=config)
    box.closed, box.current_a = True, drawn_a
    box.run(20)

    assert (Fault.OVER_CURRENT not in box.faults) == borne


@pytest.mark.parametrize(("late_s", "borne"), [(6.5, True), (7.5, False)])
def test_a_car_that_follows_a_fall_slowly_is_borne_for_7_s(late_s: float, *, borne: bool) -> None:
    box = charging(16.0)
    box.offered_a = 16.0
    box.run(20)
    box.offered_a = 12.0
    box.run(late_s)
    box.current_a = 12.0
    box.run(10)

    assert (Fault.OVER_CURRENT not in box.faults) == borne


def test_a_car_that_takes_more_than_half_as_much_again_is_stopped_after_a_second() -> None:
    box = charging(10.0)
    box.run(1)
    box.current_a = 15.1

    assert box.until(lambda: Fault.OVER_CURRENT in box.faults, within_s=1.1) >= 0.98


def test_a_car_gets_its_time_to_follow_a_fall_of_the_offer() -> None:
    box = charging(32.0)
    box.offered_a = 32.0
    box.run(10)
    box.offered_a = 16.0
    box.run(3)
    box.offered_a = 6.0
    box.run(2)
    box.current_a = 16.0
    box.run(3)
    box.current_a = 6.0
    box.run(60)

    assert not box.faults


def test_a_current_through_an_open_contactor_means_that_it_is_welded() -> None:
    box = Box()
    box.current_a = 2.0

    assert box.until(lambda: Fault.CONTACTOR in box.faults, within_s=1.6) >= 1.48


def test_the_noise_of_a_meter_is_no_current() -> None:
    box = Box()
    box.current_a = 0.9
    box.run(60)

    assert not box.faults
