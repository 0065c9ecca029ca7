# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed's allotment where readings are old, late, missing or forbid: what is still allotted."""

from __future__ import annotations

import pytest

from evsed.core.solar.allotment import (
    Allotment,
    AllotmentConfig,
    AllotmentRule,
    Mode,
    Reading,
)
from tests.core.solar.solar_day import Day


def test_a_stamp_counts_once() -> None:
    """Polling twice must not count twice."""
    allot = Allotment(AllotmentConfig(semantics="battery_power"))
    reading = Reading(excess_w=5000, stamp="a", age_s=1)
    assert allot.on_reading(0.0, reading)
    assert not allot.on_reading(10.0, reading)
    assert allot.update(10.0).current_a == 0


def test_old_news_makes_it_cautious_and_then_stops_it() -> None:
    """Four periods after it came it is held, then 6 A, and nothing after five."""
    day = Day(solar_w=3000)
    day.run(301)
    day.feed_alive = False
    assert day.run(244).current_a == pytest.approx(13.04)
    assert day.run(11).current_a == 6.0
    assert str(day.result.reason) == "no news for 250 s: 6 A"
    assert day.run(49).current_a == 6.0
    assert day.run(3).current_a == 0
    assert day.result.reason.rule is AllotmentRule.TOO_OLD


def test_no_charging_is_the_last_word_of_a_lost_feed_until_the_owner_sets_another_mode() -> None:
    day = Day(AllotmentConfig(semantics="batterymonitor"), solar_w=3000)
    day.maximum_w = 0.0
    day.run(120)
    day.allot.set_mode(Mode.FAST)
    assert str(day.run(10).reason) == "the house battery comes first: the feed allows 0.0 kW"
    day.feed_alive = False
    for _ in range(20):
        assert day.run(1800).current_a == 0
    assert str(day.result.reason) == (
        "the feed is lost, and its last word was no charging (0.0 kW): "
        "set another mode to charge all the same"
    )
    day.allot.set_mode(Mode.SOLAR)
    day.run(1)
    day.allot.set_mode(Mode.FAST)
    assert day.run(60).current_a == pytest.approx(32.0)


@pytest.mark.parametrize("mode", [Mode.FAST, Mode.SOLAR, Mode.SOLAR_MIN])
def test_a_maximum_that_can_be_read_counts_even_where_the_rest_of_the_page_does_not(
    mode: Mode,
) -> None:
    day = Day(solar_w=3000)
    day.allot.set_mode(mode)
    day.run(200)
    assert day.result.current_a > 0
    day.allot.on_page(float(day.now), 0.0)
    assert day.run(1).reason.rule is AllotmentRule.FORBIDDEN
    day.feed_alive = False
    for _ in range(30):  # the page keeps coming, and is never sound as a whole
        day.run(60)
        day.allot.on_page(float(day.now))
        assert day.result.current_a == 0


def test_old_news_does_not_start_anything() -> None:
    """Cautious is for a run that is on."""
    allot = Allotment(AllotmentConfig(semantics="battery_power"))
    allot.on_reading(0.0, Reading(excess_w=3000, stamp="a", age_s=5))
    allot.on_reading(60.0, Reading(excess_w=3000, stamp="b", age_s=370))
    result = allot.update(60.0)
    assert (result.current_a, result.reason.rule) == (0.0, AllotmentRule.CAUTIOUS)


def test_a_gap_in_the_news_breaks_the_row_of_readings() -> None:
    """Two readings a quarter of an hour apart are not in a row."""
    allot = Allotment(AllotmentConfig(semantics="battery_power"))
    allot.on_reading(0.0, Reading(excess_w=3000, stamp="a", age_s=5))
    allot.on_reading(900.0, Reading(excess_w=3000, stamp="b", age_s=5))
    assert allot.update(900.0).reason.rule is AllotmentRule.CONFIRMING
    allot.on_reading(960.0, Reading(excess_w=3000, stamp="c", age_s=5))
    assert allot.update(960.0).current_a == 6.0


def test_stamps_that_go_back_with_the_clock_are_news_like_any() -> None:
    """In autumn 02:59:59 is followed by 02:00:00; ages tell the order."""
    allot = Allotment(AllotmentConfig(semantics="battery_power"))
    allot.on_reading(0.0, Reading(excess_w=3000, stamp="20261025025930", age_s=5))
    assert allot.on_reading(60.0, Reading(excess_w=3000, stamp="20261025020030", age_s=5))
    assert allot.update(60.0).current_a == 6.0


def test_nobody_knows_the_sun_without_fresh_news() -> None:
    day = Day(solar_w=3000)
    assert day.run(2).solar_w is None
    day.run(300)
    day.feed_alive = False
    day.run(220)
    assert day.result.solar_w is not None
    assert day.run(40).solar_w is None
    assert day.result.available_w is not None


@pytest.mark.parametrize("period_s", [1, 10, 20, 120, 300, 540, 900])
def test_the_period_of_the_news_is_learned_used_and_told(period_s: int) -> None:
    day = Day(solar_w=3000, period_s=period_s)
    day.run(6 * period_s + 300)
    assert day.result.current_a == pytest.approx(13.04)
    (notice,) = day.allot.notices
    assert notice.kind == "period"
    assert f"every {period_s} s, not every 60 s" in notice.text
    assert "Set feed.period_s" in notice.text


def test_lost_readings_are_no_other_period() -> None:
    day = Day(solar_w=3000)
    for minute in range(60):
        day.feed_alive = minute % 7 > 1
        day.run(60)
    assert day.allot.notices == ()
    assert day.result.current_a == pytest.approx(13.04)


def test_what_the_feed_forbade_last_holds_after_a_restart_until_it_answers() -> None:
    allot = Allotment(AllotmentConfig(semantics="battery_power"))
    allot.set_mode(Mode.FAST)
    allot.remember_feed(below_0=False, forbidding_w=0.0)
    assert allot.forbidding_w == 0.0
    assert allot.update(600.0).current_a == 0
    assert allot.update(601.0).reason.rule is AllotmentRule.LAST_FORBADE
    allot.on_page(610.0, 9000.0)
    allot.remember_feed(below_0=False, forbidding_w=0.0)
    assert allot.forbidding_w is None
