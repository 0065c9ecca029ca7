# SPDX-License-Identifier: GPL-3.0-or-later
"""The surplus that is expected for the rest of the day, by the last days."""

from __future__ import annotations

import pytest

from evsed.core.solar.sun_ahead import UNKNOWN, SunAhead

ONE_W, ALL_W = (1380.0, 3680.0), (4140.0, 11_040.0)


@pytest.mark.parametrize(
    ("sun_w", "one_wh", "all_wh"),
    [
        (1300.0, 0.0, 0.0),
        (1380.0, 1380.0, 0.0),
        (4000.0, 3680.0, 0.0),
        (4140.0, 3680.0, 4140.0),
        (20_000.0, 3680.0, 11_040.0),
    ],
)
def test_a_car_takes_nothing_of_too_little_and_no_more_than_it_can(
    sun_w: float, one_wh: float, all_wh: float
) -> None:
    hour = SunAhead(((sun_w,) * 4,), 900)

    assert hour.captured_wh(*ONE_W) == pytest.approx(one_wh)
    assert hour.captured_wh(*ALL_W) == pytest.approx(all_wh)


def test_clouds_count_that_a_mean_of_the_days_would_not_have() -> None:
    """Their mean of 4.2 kW would be enough for three phases on every day."""
    days = SunAhead(((6400.0,), (2000.0,)), 3600)

    assert days.captured_wh(*ALL_W) == pytest.approx(3200.0)
    assert days.captured_wh(*ONE_W) == pytest.approx((3680.0 + 2000.0) / 2)


def test_without_any_day_nothing_is_expected() -> None:
    assert UNKNOWN.captured_wh(*ONE_W) == 0.0
