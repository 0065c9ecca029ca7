# SPDX-License-Identifier: GPL-3.0-or-later
"""The cable: from the resistor in its plug to a limit, a refusal or a fault."""

from __future__ import annotations

import math

import pytest

from evsed.core.pilot.cable import rating_a, resistance_ohm
from evsed.core.pilot.faults import Fault, Recovery
from tests.core.pilot.inputs_box import TICK_S, Box, code

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
