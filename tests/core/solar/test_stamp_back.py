# SPDX-License-Identifier: GPL-3.0-or-later
"""News that is older than the news before it: a clock that was set, a page from a backup."""

import pytest

from evsed.core.solar.allotment import Allotment, Reading
from evsed.core.solar.allotment_config import AllotmentConfig


@pytest.mark.parametrize("older_s", [1.0, 60.0, 119.9, 120.0, 120.1, 300.0, 86_400.0])
def test_a_stamp_before_the_last_one_is_taken_as_of_the_same_moment(older_s: float) -> None:
    """Two periods back was a division by zero, and near it the sun came out a hundredfold."""
    allotment = Allotment(AllotmentConfig(semantics="battery_power"))
    allotment.on_reading(1000.0, Reading(excess_w=2000.0, stamp="1", age_s=0.0))
    allotment.on_reading(1001.0, Reading(excess_w=2100.0, stamp="2", age_s=1.0 + older_s))

    available_w = allotment.update(1001.0).available_w

    assert available_w is not None
    assert 900.0 <= available_w <= 2200.0
