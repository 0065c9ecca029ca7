# SPDX-License-Identifier: GPL-3.0-or-later
"""The budget of closings: never over 12 in any hour, and scarcer the longer a loop goes on."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.core.pilot.closing_budget import ClosingBudget

HOUR_S = 3600.0


def closings(budget: ClosingBudget, *, for_s: float, lasting_s: float) -> list[float]:
    """Close as soon as the budget allows it, again and again; the moments of closing."""
    now, moments = 0.0, []
    while now < for_s:
        now += budget.left_s(now) + 1.0
        budget.on_close(now)
        moments.append(now)
        now += lasting_s
        budget.on_open(now)
    return moments


def most_in_an_hour(moments: list[float]) -> int:
    return max(sum(0.0 <= at - first < HOUR_S for at in moments) for first in moments)


def test_five_closings_may_follow_each_other_and_the_sixth_waits_a_minute() -> None:
    budget = ClosingBudget()
    moments = closings(budget, for_s=10.0, lasting_s=1.0)

    assert len(moments) == 5
    assert budget.left_s(moments[-1] + 1.0) == 60.0


def test_a_loop_of_short_closings_grows_scarcer_until_there_is_one_an_hour() -> None:
    moments = closings(ClosingBudget(), for_s=8 * HOUR_S, lasting_s=5.0)
    gaps_s = [after - before for before, after in pairwise(moments)]

    assert most_in_an_hour(moments) <= 12
    assert gaps_s[4:] == sorted(gaps_s[4:])
    assert gaps_s[-1] >= HOUR_S
    assert len(moments) < 20


def test_closings_that_last_are_free_until_twelve_in_an_hour() -> None:
    moments = closings(ClosingBudget(), for_s=4 * HOUR_S, lasting_s=600.0)

    assert most_in_an_hour(moments) == 6


def test_a_car_that_pauses_every_few_minutes_is_in_no_loop() -> None:
    moments = closings(ClosingBudget(), for_s=3 * HOUR_S, lasting_s=180.0)

    assert most_in_an_hour(moments) == 12
    assert 33 <= len(moments) <= 37


def test_closings_of_a_minute_are_a_loop() -> None:
    moments = closings(ClosingBudget(), for_s=8 * HOUR_S, lasting_s=60.0)

    assert len(moments) < 20


@pytest.mark.parametrize("every_s", [300.0, 600.0, 1200.0])
def test_a_car_that_pauses_all_day_gets_sixty_closings_spread_over_it(every_s: float) -> None:
    """Two days of a car that stops and asks again at once."""
    moments = closings(ClosingBudget(), for_s=48 * HOUR_S, lasting_s=every_s)
    for first in moments:
        assert sum(0.0 <= at - first < 24 * HOUR_S for at in moments) <= 60
    gaps_s = [after - before for before, after in pairwise(moments)]
    assert max(gaps_s) < 6 * HOUR_S, "it waits again and again, not once for most of a day"
    assert all(gap_s <= every_s + 1.0 for gap_s in gaps_s[:11])


def test_the_pause_of_a_day_is_named() -> None:
    budget = ClosingBudget()
    moments = closings(budget, for_s=10 * HOUR_S, lasting_s=600.0)
    assert "times within a day" in budget.describe(moments[-1] + 601.0)


def test_another_car_begins_anew_but_not_the_hour() -> None:
    budget = ClosingBudget()
    now, moments = 0.0, []
    for _ in range(30):
        now += budget.left_s(now) + 1.0
        budget.on_close(now)
        moments.append(now)
        budget.on_open(now + 1.0)
        budget.on_unplugged()

    assert most_in_an_hour(moments) == 12
    assert "closed 12 times within an hour" in budget.describe(moments[11])


# Dense enough that a budget without its hour would be found: other cars get a new budget.
@given(
    st.lists(
        st.tuples(st.floats(0.0, 90.0), st.floats(0.1, 90.0), st.booleans()),
        min_size=30,
        max_size=90,
    )
)
def test_no_order_of_things_gets_more_than_twelve_closings_in_an_hour(
    story: list[tuple[float, float, bool]],
) -> None:
    budget = ClosingBudget()
    now, moments = 0.0, []
    for waits_s, lasts_s, unplugs in story:
        now += waits_s
        if budget.left_s(now) > 0.0:
            continue
        budget.on_close(now)
        moments.append(now)
        now += lasts_s
        budget.on_open(now)
        if unplugs:
            budget.on_unplugged()

    assert not moments or most_in_an_hour(moments) <= 12
