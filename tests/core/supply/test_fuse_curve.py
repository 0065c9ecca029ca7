# SPDX-License-Identifier: GPL-3.0-or-later
"""The curve of a gG fuse goes through the points of IEC 60269-1, Tables 2 and 3."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.supply.fuse_curve import melting_s


@pytest.mark.parametrize(
    ("rated_a", "ten_s_a", "tenth_s_a"),
    [(16, 33, 85), (25, 52, 150), (35, 82.03, 218.75), (63, 160, 450), (100, 290, 820)],
)
def test_the_curve_goes_through_both_gates(
    rated_a: float, ten_s_a: float, tenth_s_a: float
) -> None:
    assert melting_s(rated_a, ten_s_a) == pytest.approx(10, rel=1e-3)
    assert melting_s(rated_a, tenth_s_a) == pytest.approx(0.1, rel=1e-3)


def test_a_quarter_more_than_its_rating_is_borne_for_an_hour_and_more() -> None:
    assert melting_s(25, 31.25) == math.inf
    assert melting_s(25, 31.26) == pytest.approx(3600, rel=0.01)


def test_beyond_the_last_gate_the_energy_is_constant() -> None:
    assert melting_s(25, 300) == pytest.approx(0.1 / 4)


def test_a_small_fuse_has_the_relative_curve_of_the_smallest_in_the_table() -> None:
    assert melting_s(8, 16.5) == pytest.approx(10)


@given(st.floats(10, 400), st.floats(1.3, 20), st.floats(1.01, 2))
def test_more_current_never_lasts_longer(rated_a: float, times: float, more: float) -> None:
    assert melting_s(rated_a, rated_a * times * more) < melting_s(rated_a, rated_a * times)
