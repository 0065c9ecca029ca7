# SPDX-License-Identifier: GPL-3.0-or-later
"""Ceilings with owners: the lowest wins, and each ends in time."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from evsed.core.pilot.limits import NO_LIMIT, Limit, lowest


def test_the_lowest_limit_wins_and_keeps_its_owner_and_reason() -> None:
    sun = Limit("feed", 9.4, why="following the sun")

    assert lowest([Limit("supply", 32.0), sun], now=0.0) is sun


def test_without_any_limit_nothing_is_allowed() -> None:
    assert lowest([], now=0.0) is NO_LIMIT
    assert NO_LIMIT.max_a == 0.0


def test_a_limit_whose_time_is_up_is_zero_and_says_so() -> None:
    late = lowest([Limit("feed", 9.4, until_at=10.0)], now=10.0)

    assert late.max_a == 0.0
    assert late.why == "the feed's word ran out"


def test_a_limit_holds_until_its_time() -> None:
    assert lowest([Limit("feed", 9.4, until_at=10.0)], now=9.999).max_a == 9.4


def test_what_is_no_number_or_negative_is_zero() -> None:
    assert lowest([Limit("feed", math.nan)], now=0.0).max_a == 0.0
    assert lowest([Limit("feed", -3.0)], now=0.0).max_a == 0.0


@given(
    st.lists(
        st.builds(
            Limit,
            st.sampled_from(["supply", "feed", "owner"]),
            st.floats(),
            st.floats(allow_nan=True),
        )
    ),
    st.floats(min_value=0, max_value=1e9),
)
def test_no_limit_is_ever_exceeded(limits: list[Limit], now: float) -> None:
    allowed = lowest(limits, now).max_a

    assert allowed >= 0.0
    assert all(allowed <= limit.at(now).max_a for limit in limits)
