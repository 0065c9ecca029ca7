# SPDX-License-Identifier: GPL-3.0-or-later
"""The temperature in the box: a ceiling that falls, a stop, and a sensor that is lost."""

from __future__ import annotations

import math

import pytest

from evsed.core.pilot.faults import Fault
from evsed.core.pilot.thermal import Thermal


def at(celsius: float, max_a: float = 32.0) -> Thermal:
    thermal = Thermal(max_a, 0.0)
    thermal.on_reading(0.0, celsius)
    return thermal


@pytest.mark.parametrize(
    ("celsius", "most_a"),
    [(-20, 32), (54, 32), (55, 32), (60, 6 + 26 * 10 / 15), (70, 6), (74.9, 6), (75, 0), (125, 0)],
)
def test_from_55_degrees_on_the_current_falls_to_6_a_at_70_and_ends_at_75(
    celsius: float, most_a: float
) -> None:
    limit = at(celsius).limit(3.0)

    assert limit.max_a == pytest.approx(most_a)
    assert (limit.owner, limit.until_at) == ("temperature", 3.0)
    assert limit.why == f"{celsius:.0f} degrees in the box"


def test_what_was_stopped_at_75_begins_again_below_60() -> None:
    thermal = at(54.0)
    story = []
    for second, celsius in enumerate((60.0, 74.0, 75.0, 61.0, 60.0, 59.0)):
        thermal.on_reading(second, celsius)
        story.append((celsius, Fault.TEMPERATURE in thermal.faults(second)))

    assert story == [
        (60.0, False),
        (74.0, False),
        (75.0, True),
        (61.0, True),
        (60.0, True),
        (59.0, False),
    ]
    assert thermal.celsius == 59.0


def test_a_box_that_is_too_hot_says_how_hot() -> None:
    assert at(76.0).faults(0.0) == {Fault.TEMPERATURE: "76 degrees in the box"}


def test_before_the_first_reading_nothing_is_offered() -> None:
    thermal = Thermal(32.0, 0.0)

    assert thermal.limit(3.0).max_a == 0.0
    assert thermal.limit(3.0).why == "the temperature was not read yet"
    assert not thermal.faults(1.0)


@pytest.mark.parametrize("nonsense", [None, math.nan, 85.0, -127.0, 200.0])
def test_a_sensor_that_says_nothing_or_nonsense_is_lost_after_two_and_a_half_seconds(
    nonsense: float | None,
) -> None:
    thermal = at(20.0)
    for second in (1.0, 2.0):
        thermal.on_reading(second, nonsense)
        assert not thermal.faults(second)
    thermal.on_reading(3.0, nonsense)

    assert thermal.faults(3.0) == {Fault.TEMPERATURE: "the sensor gave no reading for 3 s"}
    thermal.on_reading(4.0, 20.0)
    assert not thermal.faults(4.0)


def test_one_reading_that_fails_is_borne() -> None:
    thermal = at(20.0)
    thermal.on_reading(1.0, None)

    assert not thermal.faults(2.0)
    assert thermal.limit(5.0).max_a == 32.0
