# SPDX-License-Identifier: GPL-3.0-or-later
"""The response of a feed's figure to the car's draw."""

from __future__ import annotations

import math

import pytest

from evsed.core.solar.draw_response import DrawResponse

LEAST_W = 1380.0


def seen(share: float, span_s: float) -> DrawResponse:
    """A quantity that follows a draw of 0 and 2 kW by *share*, read 20 times."""
    response = DrawResponse(LEAST_W)
    for reading in range(20):
        draw_w = 2000.0 * (reading // 2 % 2)
        response.add(3000.0 + share * draw_w, draw_w, span_s)
    return response


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, -1.0])
def test_the_share_that_follows_the_draw_is_found(share: float) -> None:
    assert seen(share, 60.0).share == pytest.approx(share, abs=0.05)


def test_readings_that_are_too_close_together_are_thinned() -> None:
    """20 readings within 38 s count as one, which is no evidence."""
    assert seen(1.0, 2.0).error == math.inf
    assert seen(1.0, 2.0).share == 0.0
    assert seen(1.0, 40.0).error < math.inf


def test_a_reading_after_a_gap_is_not_compared_with_the_one_before() -> None:
    response = DrawResponse(LEAST_W)
    response.add(3000.0, 0.0, 60.0)
    response.reset()
    response.add(5000.0, 2000.0, 60.0)
    assert response.error == math.inf
    response.add(3000.0, 0.0, 60.0)
    assert response.share == pytest.approx(1.0)
