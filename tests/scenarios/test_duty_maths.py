# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios 16-22: amperes to duty and back, at the wire and as properties.

The reader is `sim.car.offer_from_duty`, which was written apart from `core.pilot.j1772`: the
two check each other.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.pilot.j1772 import STEADY, current_for_duty, duty_for_current
from evsed.sim.cars.car import Car, CarModel, offer_from_duty
from tests.scenarios.stage import charging, closings, configured, connected, empty, never

FIVE_MICROSECONDS = 0.005  # of the period: what IEC 61851-1 Table A.2 lets the wire be wrong


def on_the_wire(amperes: float) -> float:
    """The duty, in percent, that a car in B finds when so much is granted by an 80 A supply."""
    bench = connected(empty(config=configured(supply_max_a=80.0)), amperes)
    return 100 * bench.duty


def test_a_grant_of_6_a_is_a_tenth() -> None:
    """#16 (Table A.7): 10.0 % +-0.1 points."""
    assert on_the_wire(6.0) == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("amperes", [5.9, 5.0, 0.0, -1.0, math.nan])
def test_less_than_6_a_is_no_offer_at_all(amperes: float) -> None:
    """#17: x1, no PWM, no closing, whatever the car wants."""
    bench = empty()
    bench.offer(amperes)
    bench.plug_in()
    bench.car.ask()

    assert never(bench, lambda: bench.duty != STEADY or bench.commanded, 20)


@pytest.mark.parametrize("amperes", [5.9, 0.0, -1.0, math.nan])
def test_less_than_6_a_while_charging_ends_the_offer(amperes: float) -> None:
    """#17: the same from a running charge: x1 at once, then the car lets go."""
    bench = charging()
    bench.offer(amperes)

    assert bench.run_until(lambda: bench.duty == STEADY, within=0.1) <= 0.04
    bench.run_until(lambda: not bench.contactor_closed, within=6.5)
    assert closings(bench) == 1


@pytest.mark.parametrize("amperes", [51.0, 51.1, 52.0, 52.49])
def test_where_the_table_has_a_gap_51_a_are_offered(amperes: float) -> None:
    """#18: 51 A are 85 %; between 51 and 52.5 A nothing is defined."""
    assert on_the_wire(amperes) == pytest.approx(85.0, abs=0.001)


@pytest.mark.parametrize(("amperes", "percent"), [(63.0, 89.2), (80.0, 96.0)])
def test_the_second_slope_reaches_80_a(amperes: float, percent: float) -> None:
    """#19: I / 2.5 + 64 percent."""
    assert on_the_wire(amperes) == pytest.approx(percent, abs=0.1)


@pytest.mark.parametrize("amperes", [80.1, 100.0, math.inf])
def test_more_than_80_a_is_80_a(amperes: float) -> None:
    """#20: never over 96 %."""
    assert on_the_wire(amperes) == pytest.approx(96.0, abs=0.001)


def test_more_than_the_supply_gives_is_what_the_supply_gives() -> None:
    """#20: the supply's ceiling holds against every grant."""
    bench = connected(empty(config=configured(supply_max_a=10.0)), 32.0)

    bench.run(10)

    assert bench.offered_a == pytest.approx(10.0, abs=0.001)


@given(st.integers(60, 510) | st.integers(526, 800))
def test_what_the_car_reads_is_never_more_and_hardly_less_than_the_grant(tenths: int) -> None:
    """#21: every 0.1 A of 6-51 and over 52.5 to 80 A; under the grant by no more than 0.1 A.

    52.5 A itself is 85 %, which the first slope reads as 51 A: under the grant, too.
    """
    granted_a = tenths / 10

    read_a = offer_from_duty(duty_for_current(granted_a))

    assert granted_a - 0.1 <= read_a <= granted_a + 1e-9  # what floats add


@given(st.floats(6.0, 80.0))
def test_a_wire_that_is_5_microseconds_off_errs_by_what_the_table_allows(granted_a: float) -> None:
    """#21: 5 us are 0.3 A on the first slope and 1.25 A on the second, and no more.

    Whoever crosses from one to the other at 85 % also crosses the gap of 51 to 52.5 A.
    """
    duty = duty_for_current(granted_a)
    gap_a = 52.5 - 51.0

    for wrong in (-FIVE_MICROSECONDS, FIVE_MICROSECONDS):
        read = duty + wrong
        slope_a = 60.0 if read <= 0.85 else 250.0
        crossed_a = gap_a if duty <= 0.85 < read else 0.0
        allowed_a = slope_a * FIVE_MICROSECONDS + crossed_a
        assert offer_from_duty(read) <= granted_a + allowed_a + 1e-6


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_grant_whatsoever_gives_a_duty_that_a_car_reads_as_more(granted_a: float) -> None:
    """#17, #20 and #21 for every number there is."""
    duty = duty_for_current(granted_a)

    assert duty == STEADY or 0.1 <= duty <= 0.96
    # The car's own decoder is floating point: its last bit is not evsed's.
    assert duty == STEADY or offer_from_duty(duty) <= granted_a + 1e-9


@pytest.mark.parametrize(
    ("percent", "amperes"),
    [(2.0, 0.0), (5.0, 0.0), (7.5, 0.0), (8.0, 6.0), (9.0, 6.0), (97.5, 0.0)],
)
def test_a_duty_is_read_as_the_table_says(percent: float, amperes: float) -> None:
    """#22 (Table A.8): 5 % asks for a digital link, which gives nothing without one."""
    assert current_for_duty(percent / 100) == offer_from_duty(percent / 100) == amperes


def test_a_car_takes_no_more_than_it_reads() -> None:
    """#21 at the contacts: a car that could take 32 A takes the 10.0 A it is granted."""
    bench = charging(10.0, car=Car(CarModel(max_a=32.0)), for_s=10)

    assert bench.car.drawn_a == pytest.approx(10.0, abs=0.01)
    assert bench.car.drawn_a <= 10.0
