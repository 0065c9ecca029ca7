# SPDX-License-Identifier: GPL-3.0-or-later
"""The causes that make `make hw` fail."""

from __future__ import annotations

import math

from hw.tools.figures import Figure, table
from hw.tools.values import engineering


def figure(least: float, most: float, low: float | None, high: float | None) -> Figure:
    return Figure("block", "name", least, most, "V", low, high, "why")


def test_a_figure_inside_both_limits_is_good_and_says_how_far() -> None:
    inside = figure(11.9, 12.1, 11.4, 12.6)
    assert inside.good
    assert math.isclose(inside.margin, 0.5 / 0.6)


def test_a_figure_beyond_either_limit_fails() -> None:
    assert not figure(11.3, 12.0, 11.4, 12.6).good
    assert not figure(12.0, 12.7, 11.4, 12.6).good


def test_a_figure_that_was_not_found_fails() -> None:
    assert not figure(math.nan, math.nan, None, 12.6).good


def test_a_figure_without_a_limit_proves_nothing_and_fails() -> None:
    assert not figure(1.0, 1.0, None, None).good


def test_a_dead_man_that_never_lets_go_fails() -> None:
    assert not figure(0.1, math.inf, None, 0.2).good


def test_the_table_names_what_fails() -> None:
    assert "**FAILS**" in table([figure(13.0, 13.0, None, 12.6)])


def test_values_are_shown_as_people_write_them() -> None:
    shown = [engineering(v) for v in (47.5e3, 330e-12, 1e6, 953.0, 4.7e-6)]
    assert shown == ["47.5k", "330p", "1M", "953", "4.7u"]
