# SPDX-License-Identifier: GPL-3.0-or-later
"""The period of the feed's news is learned from even spans, and an uneven feed changes no mind."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from evsed.core.solar.feed_period import FeedPeriod


def learned(set_s: float, *spans_s: float) -> list[float]:
    """The periods gone by after each span."""
    period = FeedPeriod(set_s)
    periods = []
    for span_s in spans_s:
        period.add(span_s)
        periods.append(period.period_s)
    return periods


@pytest.mark.parametrize("period_s", [1.0, 5.0, 20.0, 120.0, 900.0])
def test_two_equal_spans_are_a_period(period_s: float) -> None:
    assert learned(60.0, period_s, period_s) == [60.0, period_s]


def test_a_feed_that_changes_its_period_is_followed_after_two_spans() -> None:
    periods = learned(60.0, *[300.0] * 20, *[60.0] * 2, *[300.0] * 2)
    assert periods[19:] == [300.0, 300.0, 60.0, 60.0, 300.0]


def test_lost_news_is_no_period() -> None:
    assert set(learned(60.0, *[60.0, 60.0, 120.0] * 10)) == {60.0}


@pytest.mark.parametrize("mean_s", [10.0, 60.0, 300.0])
def test_an_uneven_feed_changes_its_period_twice_at_the_most(mean_s: float) -> None:
    random = Random(1)
    spans_s = [mean_s * random.uniform(0.6, 1.4) for _ in range(600)]
    periods = learned(mean_s, *spans_s)
    changes = sum((a == mean_s) is not (b == mean_s) for a, b in pairwise(periods))
    assert changes <= 2


def test_an_uneven_feed_that_is_slower_than_set_is_learned_by_its_median() -> None:
    random = Random(2)
    periods = learned(60.0, *[120.0, 60.0, 130.0], *[random.uniform(90, 150) for _ in range(40)])
    assert 100 <= periods[-1] <= 140


def test_stamps_of_the_same_second_are_no_period() -> None:
    assert learned(60.0, 0.0, 0.2, 0.0) == [60.0] * 3


def test_the_owner_is_told_the_period_to_set() -> None:
    period = FeedPeriod(60.0)
    assert period.notice is None
    for _ in range(2):
        period.add(5.0)
    assert period.notice is not None
    assert period.notice.text.endswith("Set feed.period_s = 5.")
