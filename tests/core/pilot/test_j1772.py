# SPDX-License-Identifier: GPL-3.0-or-later
"""The standard in numbers: duty tables in both directions, and the states' thresholds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.pilot.j1772 import (
    STEADY,
    PilotState,
    current_for_duty,
    duty_for_current,
    state_of,
)


@pytest.mark.parametrize(
    ("current_a", "duty"),
    [
        (6.0, 0.10),
        (9.4, 0.156666),
        (16.0, 0.266666),
        (32.0, 0.533333),
        (51.0, 0.85),
        (51.7, 0.85),
        (52.5, 0.85),
        (63.0, 0.892),
        (80.0, 0.96),
        (500.0, 0.96),
    ],
)
def test_each_region_of_the_table_gives_its_duty(current_a: float, duty: float) -> None:
    assert duty_for_current(current_a) == pytest.approx(duty, abs=1e-9)


@pytest.mark.parametrize("current_a", [5.999, 5.0, 0.0, -16.0, math.nan, -math.inf])
def test_what_is_under_6_a_or_no_number_is_steady_12_v(current_a: float) -> None:
    assert duty_for_current(current_a) == STEADY


@pytest.mark.parametrize(
    ("duty", "current_a"),
    [
        (0.0, 0.0),
        (0.02, 0.0),
        (0.05, 0.0),
        (0.075, 0.0),
        (0.08, 6.0),
        (0.09, 6.0),
        (0.1, 6.0),
        (0.11, 6.6),
        (0.5333, 31.998),
        (0.85, 51.0),
        (0.86, 55.0),
        (0.96, 80.0),
        (0.965, 80.0),
        (0.975, 0.0),
        (1.0, 0.0),
        (-0.1, 0.0),
        (1.1, 0.0),
        (math.nan, 0.0),
    ],
)
def test_a_car_reads_each_region_as_table_a8_says(duty: float, current_a: float) -> None:
    assert current_for_duty(duty) == pytest.approx(current_a, abs=1e-9)


@given(st.floats(min_value=6.0, max_value=80.0))
def test_the_car_never_reads_more_than_was_meant(current_a: float) -> None:
    assert current_for_duty(duty_for_current(current_a)) <= current_a


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_no_current_at_all_gives_a_duty_under_10_percent_or_over_96(current_a: float) -> None:
    duty = duty_for_current(current_a)

    assert duty == STEADY or 0.10 <= duty <= 0.96


def test_every_tenth_of_an_ampere_arrives_within_a_tenth() -> None:
    tenths = [n / 10 for n in (*range(60, 511), *range(526, 801))]

    for current_a in tenths:
        assert 0 <= current_a - current_for_duty(duty_for_current(current_a)) < 0.001


@pytest.mark.parametrize(
    ("high_v", "state"),
    [
        (12.0, PilotState.A),
        (10.51, PilotState.A),
        (10.0, PilotState.B),
        (9.0, PilotState.B),
        (8.06, PilotState.B),
        (7.3, PilotState.C),
        (6.0, PilotState.C),
        (4.99, PilotState.C),
        (4.0, PilotState.D),
        (2.93, PilotState.D),
        (0.9, PilotState.E),
        (-1.0, PilotState.E),
    ],
)
def test_a_plateau_means_the_state_whose_window_it_lies_nearest(
    high_v: float, state: PilotState
) -> None:
    assert state_of(high_v) is state


@pytest.mark.parametrize(
    ("before", "just_short_v", "enough_v", "after"),
    [
        (PilotState.A, 10.4, 10.2, PilotState.B),
        (PilotState.B, 7.4, 7.2, PilotState.C),
        (PilotState.D, 4.6, 4.8, PilotState.C),
        (PilotState.E, 1.6, 1.8, PilotState.D),
    ],
)
def test_a_step_towards_power_has_to_pass_its_threshold_by_a_quarter_volt(
    before: PilotState, just_short_v: float, enough_v: float, after: PilotState
) -> None:
    assert state_of(just_short_v, before) is before
    assert state_of(enough_v, before) is after


@pytest.mark.parametrize(("high_v", "state"), [(7.51, PilotState.B), (4.49, PilotState.D)])
def test_a_step_out_of_c_passes_at_the_threshold_itself(high_v: float, state: PilotState) -> None:
    assert state_of(high_v, PilotState.C) is state
