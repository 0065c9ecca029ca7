# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of the allotment: which currents are expected to last."""

from __future__ import annotations

import pytest

from evsed.core.solar.allotment_result import AllotmentReason, AllotmentResult, AllotmentRule


@pytest.mark.parametrize("rule", [AllotmentRule.STARTING, AllotmentRule.UNTAKEN])
@pytest.mark.parametrize(("spare_w", "holds"), [(1400.0, True), (1353.0, True), (1300.0, False)])
def test_a_start_lasts_where_the_sun_covers_what_it_needs(
    rule: AllotmentRule,
    spare_w: float,
    holds: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """6 A at 230 V are 1380 W, and 98 % of them 1352.4 W."""
    result = AllotmentResult(6.0, AllotmentReason(rule, need_w=1380.0, spare_w=spare_w))
    assert result.holds is holds


@pytest.mark.parametrize(("current_a", "holds"), [(6.0, True), (0.0, False)])
def test_any_other_current_lasts_and_no_current_does_not(
    current_a: float,
    holds: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    reason = AllotmentReason(AllotmentRule.CLOUD, need_w=1380.0, spare_w=0.0)
    assert AllotmentResult(current_a, reason).holds is holds
