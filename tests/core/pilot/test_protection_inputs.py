# SPDX-License-Identifier: GPL-3.0-or-later
"""Ground-fault device, cable, meter, emergency stop: from a level to a fault, limit or refusal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from evsed.core.pilot.cable import rating_a, resistance_ohm
from evsed.core.pilot.faults import Fault, Recovery
from evsed.core.pilot.over_current import OverCurrentConfig
from evsed.core.pilot.protection import NO_PROTECTION, Inputs, Moment, Protection, ProtectionResult

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_S = 0.02


class Box:
    """A protection that is looked at every 20 ms."""

    def __init__(self, *, ground_testable: bool = False) -> None:
        self.now = 0.0
        self.protection = Protection(self.now, ground_testable=ground_testable)
        self.ground_fault: bool | None = None
        self.deaf = self.stuck = False
        self.emergency_stop: bool | None = None
        self.ohm: float | None = None
        self.current_a: float | None = None
        self.closed = self.closing = False
        self.plugged = True
        self.offered_a = 10.0
        self.guard: ProtectionResult = NO_PROTECTION
        self.faults: dict[Fault, str] = {}

    def run(self, for_s: float) -> ProtectionResult:
        for _ in range(round(for_s / TICK_S)):
            self.now += TICK_S
            device = self.ground_fault
            if device is not None:
                device = device or self.stuck or (self.guard.ground_test and not self.deaf)
            inputs = Inputs(
                ground_fault=device,
                emergency_stop=self.emergency_stop,
                proximity_code=None if self.ohm is None else code(self.ohm),
            )
            moment = Moment(
                closed=self.closed,
                closing=self.closing and not self.closed,
                plugged=self.plugged,
                offered_a=self.offered_a,
                drawn_a=self.current_a,
            )
            self.guard = self.protection.update(self.now, inputs, moment)
            self.faults |= self.guard.faults
            if self.closing and self.guard.ready:
                self.closed = True
        return self.guard

    def until(self, true: Callable[[], bool], within_s: float) -> float:
        began_at = self.now
        while not true():
            assert self.now - began_at <= within_s, f"not within {within_s} s"
            self.run(TICK_S)
        return self.now - began_at


def code(ohm: float) -> int:
    """The MCP3008's reading of a plug with *ohm* behind the 1 kOhm of hw/."""
    return min(1023, round(1024 * ohm / (ohm + 1000))) if math.isfinite(ohm) else 1023


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


# --- cable ---------------------------------------------------


@pytest.mark.parametrize(
    ("ohm", "rated_a"),
    [
        (1500, 13),
        (1100, 13),
        (2460, 13),
        (680, 20),
        (400, 20),
        (936, 20),
        (220, 32),
        (164, 32),
        (308, 32),
        (100, 63),
        (80, 63),
        (140, 63),
        (1000, 13),  # between two windows: the weaker cable
        (390, 20),
        (150, 32),
        (3000, 13),
        (4501, None),
        (79, None),
        (0, None),
    ],
)
def test_a_resistor_in_the_plug_means_a_rating_and_between_two_the_lower(
    ohm: float, rated_a: float | None
) -> None:
    assert rating_a(ohm) == rated_a


@pytest.mark.parametrize("ohm", [100, 220, 680, 1500])
def test_a_code_of_the_adc_means_that_resistor(ohm: float) -> None:
    assert resistance_ohm(code(ohm)) == pytest.approx(ohm, rel=0.01)


@pytest.mark.parametrize(("ohm", "rated_a"), [(1500, 13), (680, 20), (220, 32), (100, 63)])
def test_a_cable_limits_the_current_to_its_rating_within_three_looks(
    ohm: float, rated_a: float
) -> None:
    box = Box()
    box.ohm = ohm
    box.run(TICK_S)
    assert box.guard.limits[0].max_a == 0.0
    assert "not read yet" in box.guard.limits[0].why

    box.run(2 * TICK_S)

    assert box.guard.limits[0].max_a == rated_a
    assert box.guard.limits[0].owner == "cable"
    assert not box.faults


@pytest.mark.parametrize("ohm", [math.inf, 5000, 10])
def test_a_car_without_a_cable_that_can_be_known_gets_nothing(ohm: float) -> None:
    box = Box()
    box.ohm = ohm

    assert box.run(1).limits[0].max_a == 0.0
    assert not box.faults


@pytest.mark.parametrize("late_s", [0.1, 0.4, 2.0, 30.0])
def test_a_plug_whose_proximity_contact_comes_late_is_waited_for(late_s: float) -> None:
    box = Box()
    box.ohm = math.inf
    assert box.run(late_s).limits[0].max_a == 0.0
    box.ohm = 220

    assert box.run(1).limits[0].max_a == 32
    assert not box.faults


def test_a_contact_that_is_away_before_any_charge_takes_the_rating_away_for_as_long() -> None:
    box = Box()
    box.ohm = 220
    box.run(10)
    box.ohm = math.inf
    assert box.run(0.2).limits[0].max_a == 0.0
    box.ohm = 220

    assert box.run(0.2).limits[0].max_a == 32
    assert not box.faults


def test_a_cable_that_disappears_in_a_session_is_a_fault_within_100_ms_that_opens_at_once() -> None:
    box = Box()
    box.closed = True
    box.ohm = 220
    box.run(10)
    box.closed = False
    box.run(10)
    box.ohm = math.inf

    assert box.until(lambda: Fault.PROXIMITY in box.faults, within_s=1.0) <= 0.101
    assert Fault.PROXIMITY.kind.at_once
    assert Fault.PROXIMITY.kind.recovery is Recovery.UNPLUG


def test_a_blink_of_the_contact_is_no_fault() -> None:
    box = Box()
    box.ohm = 220
    box.run(10)
    box.ohm = math.inf
    box.run(4 * TICK_S)
    box.ohm = 220
    box.run(1)

    assert not box.faults
    assert box.guard.limits[0].max_a == 32


def test_a_rating_falls_in_a_session_and_never_rises() -> None:
    box = Box()
    box.ohm = 220
    box.run(1)
    box.ohm = 680
    assert box.run(1).limits[0].max_a == 20
    box.ohm = 100

    assert box.run(1).limits[0].max_a == 20


def test_without_a_car_an_empty_socket_is_no_fault_and_the_next_cable_is_read_anew() -> None:
    box = Box()
    box.ohm = 1500
    box.run(1)
    box.plugged = False
    box.ohm = math.inf
    assert not box.run(10).faults
    box.plugged = True
    box.ohm = 220

    assert box.run(1).limits[0].max_a == 32


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
