# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of the allotment: which currents are expected to last."""

from __future__ import annotations

import pytest

from evsed.core.solar.allotment_result import AllotmentReason, AllotmentResult, AllotmentRule


@pytest.mark.parametrize(("spare_w", "holds"), [(1400.0, True), (1353.0, True), (1300.0, False)])
def test_an_untaken_offer_lasts_where_the_sun_covers_what_it_needs(
    spare_w: float,
    holds: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """6 A at 230 V are 1380 W, and 98 % of them 1352.4 W."""
    reason = AllotmentReason(AllotmentRule.UNTAKEN, need_w=1380.0, spare_w=spare_w)
    assert AllotmentResult(6.0, reason).holds is holds


def test_a_start_that_the_battery_lends_a_part_of_lasts() -> None:
    reason = AllotmentReason(AllotmentRule.STARTING, need_w=1380.0, spare_w=1200.0)
    assert AllotmentResult(6.0, reason).holds


@pytest.mark.parametrize(("current_a", "holds"), [(6.0, True), (0.0, False)])
def test_any_other_current_lasts_and_no_current_does_not(
    current_a: float,
    holds: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    reason = AllotmentReason(AllotmentRule.LENDING, need_w=1380.0, spare_w=0.0)
    assert AllotmentResult(current_a, reason).holds is holds


@pytest.mark.parametrize(
    ("reserve_w", "words"),
    [
        (0.0, "waiting for 1.10 kW: 0.8 kW spare"),
        (300.0, "waiting for 1.10 kW: 0.8 kW spare beside the reserve of 300 W"),
        (-100.0, "waiting for 1.10 kW: 0.8 kW spare, 100 W more than the feed shows"),
    ],
)
def test_the_reserve_is_named_where_it_counts(reserve_w: float, words: str) -> None:
    reason = AllotmentReason(
        AllotmentRule.WAITING, need_w=1104.0, spare_w=800.0, reserve_w=reserve_w
    )
    assert reason.describe() == words


@pytest.mark.parametrize(
    ("need_w", "spare_w", "words"),
    [
        (1380.0, 1372.0, "waiting for 1.38 kW: 1.37 kW spare"),
        (1380.0, 1379.9, "waiting for 1.38 kW: 1.37 kW spare"),
        (1104.0, 1102.0, "waiting for 1.10 kW: 1.09 kW spare"),
        (1380.0, 1349.0, "waiting for 1.38 kW: 1.3 kW spare"),
        (1380.0, 1400.0, "waiting for 1.38 kW: 1.4 kW spare"),
        (4140.0, -40.0, "waiting for 4.14 kW: 0.0 kW spare"),
    ],
)
def test_what_is_too_little_never_looks_like_enough(
    need_w: float, spare_w: float, words: str
) -> None:
    reason = AllotmentReason(AllotmentRule.WAITING, need_w=need_w, spare_w=spare_w)
    assert reason.describe() == words


def test_the_feeds_maximum_is_named_with_its_watts() -> None:
    reason = AllotmentReason(
        AllotmentRule.FEED_CAPPED, spare_w=6200.0, most_w=5000.0, current_a=21.74
    )
    assert reason.describe() == "6.2 kW spare: the feed allows 5.0 kW, 21.7 A"
