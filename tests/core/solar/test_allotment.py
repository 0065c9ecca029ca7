# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed's allotment: when a run starts, what it follows, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from evsed.core.solar.allotment import (
    Allotment,
    AllotmentConfig,
    AllotmentReason,
    AllotmentRule,
    Mode,
    Reading,
)
from tests.core.solar.solar_day import Day


def test_nothing_is_allotted_before_the_first_reading() -> None:
    """Silence is not sun."""
    day = Day(solar_w=5000)
    day.feed_alive = False
    assert day.run(600).current_a == 0
    assert day.result.reason.rule is AllotmentRule.NO_NEWS_YET


def test_a_run_starts_at_6_a_on_the_second_reading_that_covers_it() -> None:
    """One sunny reading may be a hole in the clouds."""
    day = Day(solar_w=3000)
    assert day.run(60).current_a == 0
    assert day.result.reason.rule is AllotmentRule.CONFIRMING
    assert day.run(6).current_a == 6.0


def test_the_run_then_follows_the_sun_in_fine_steps_and_never_above_it() -> None:
    """3007 W at 230 V are 13.074 A, and 13.06 A are given."""
    day = Day(solar_w=3007)
    assert day.run(300).current_a == pytest.approx(13.06)
    assert day.result.reason.rule is AllotmentRule.FOLLOWING


@pytest.mark.untraced
@pytest.mark.parametrize("latency_s", range(60))
def test_the_loop_settles_for_every_latency(latency_s: int) -> None:
    """The old draw cancels out, so there is nothing to swing."""
    day = Day(solar_w=lambda now: 3000.0 if now < 420 else 5000.0, latency_s=latency_s)
    day.run(420)
    seen = set()
    for _ in range(240):
        if day.run(1).reason.rule is not AllotmentRule.TESTING:
            seen.add(round(day.result.current_a, 1))
    assert day.run(420).current_a == pytest.approx(21.72)
    assert max(seen) <= 21.74
    assert min(seen) >= 13.0


@pytest.mark.untraced
@pytest.mark.parametrize("answers_s", [3, 6, 11, 14])
@pytest.mark.parametrize(("period_s", "latency_s"), [(1, 1), (5, 10), (10, 5), (10, 20), (60, 55)])
def test_a_car_that_answers_late_is_not_taken_for_a_change_of_the_sun(
    period_s: int, latency_s: int, answers_s: int
) -> None:
    """A figure from before the car's answer fits many suns; the offer stays at the known one."""
    config = AllotmentConfig(semantics="battery_power", period_s=period_s)
    day = Day(
        config,
        solar_w=lambda now: 3000.0 if now < 900 else 5000.0,
        period_s=period_s,
        latency_s=latency_s,
        answers_s=answers_s,
    )
    day.run(880)
    results = [day.run(1) for _ in range(300)]
    seen = [
        round(result.current_a, 2)
        for result in results
        if result.reason.rule is not AllotmentRule.TESTING
    ]
    assert min(seen) >= 12.8
    assert max(seen) <= 21.74
    assert seen[-1] == 21.72
    assert sum(before != after for before, after in pairwise(seen)) <= 6


def test_a_car_that_takes_less_does_not_wind_the_offer_up() -> None:
    """A 16 A car under 7 kW of sun: when a cloud leaves 2.3 kW, 10 A are offered within 70 s."""
    day = Day(solar_w=lambda now: 7000.0 if now < 3600 else 2300.0, car_max_a=16)
    day.run(3600)
    assert day.allot.car_maximum_a == 16.0
    assert day.run(70).current_a == pytest.approx(10.0)


@pytest.mark.untraced
@pytest.mark.parametrize("latency_s", [0, 17, 30, 45, 53, 56, 59])
def test_such_a_car_leaves_the_loop_calm_at_every_latency(latency_s: int) -> None:
    """Once the cloud is there, the offer finds its place and stays."""
    day = Day(
        solar_w=lambda now: 7000.0 if now < 1200 else 2300.0, latency_s=latency_s, car_max_a=16
    )
    day.run(1200 + 180)
    seen = {
        day.result.current_a
        for _ in range(900)
        if day.run(1).reason.rule is not AllotmentRule.TESTING
    }
    assert min(seen) == pytest.approx(10.0, abs=0.3)
    assert max(seen) == pytest.approx(10.0, abs=0.3)


def test_a_cloud_is_ridden_through_on_the_loan() -> None:
    """Five minutes of 6 A without sun are 115 Wh, less than what a sunny hour is lent."""
    day = Day(solar_w=lambda now: 3000.0 if not 1200 <= now < 1500 else 0.0)
    day.run(1480)
    assert day.result.current_a == 6.0
    assert day.result.reason.rule is AllotmentRule.LENDING
    assert "the battery lends" in str(day.result.reason)
    assert day.run(200).current_a == pytest.approx(13.04)


def test_a_run_ends_when_the_loan_is_spent_and_pauses_before_the_next() -> None:
    """A sunny hour is lent 300 Wh at the most, and less the longer it stays dark."""
    day = Day(solar_w=lambda now: 3000.0 if now < 3600 else 0.0)
    day.run(3600 + 5 * 60)
    assert day.result.current_a == 6.0
    while day.result.current_a > 0:
        day.run(1)
    stopped = day.now
    assert 3600 + 6 * 60 < stopped < 3600 + 13 * 60
    day.solar_w = 3000.0
    day.run(240)
    assert day.result.reason.rule is AllotmentRule.PAUSE
    assert day.result.until_s == pytest.approx(stopped + 300 - day.now, abs=1)
    while day.result.current_a == 0:
        day.run(1)
    assert day.now - stopped >= 300


def test_maximum_0_ends_a_run_at_once() -> None:
    """The feed protects its battery."""
    day = Day(solar_w=3000)
    day.run(300)
    day.maximum_w = 0.0
    assert day.run(66).current_a == 0
    assert day.result.reason.rule is AllotmentRule.FORBIDDEN


def test_a_maximum_caps() -> None:
    """2300 W are 10 A."""
    day = Day(solar_w=5000)
    day.maximum_w = 2300.0
    assert day.run(300).current_a == pytest.approx(10.0)
    assert day.result.reason.rule is AllotmentRule.FEED_CAPPED


def test_a_minimum_starts_a_charge_without_sun() -> None:
    """2300 W are asked for, so 10 A are given on the first reading."""
    day = Day()
    day.minimum_w = 2300.0
    assert day.run(30).current_a == pytest.approx(10.0)
    assert day.result.reason.rule is AllotmentRule.MINIMUM
    day.minimum_w = 100.0
    assert day.run(60).current_a == 6.0


def test_the_owner_rules() -> None:
    """Off stops at once and fast gives everything, with no news and with no sun."""
    day = Day(solar_w=3000)
    day.run(300)
    day.allot.set_mode(Mode.OFF)
    assert day.run(1).current_a == 0
    day.allot.set_mode(Mode.FAST)
    assert day.run(60).current_a == pytest.approx(32.0)
    day.allot.set_mode(Mode.SOLAR_MIN)
    assert day.allot.mode is Mode.SOLAR_MIN
    day.solar_w = 0.0
    assert day.run(120).current_a == 6.0


def test_fast_follows_a_maximum_of_the_feed_as_long_as_the_feed_answers() -> None:
    day = Day(solar_w=3000)
    day.maximum_w = 5000.0
    day.run(120)
    day.allot.set_mode(Mode.FAST)
    assert day.allot.mode is Mode.FAST
    assert day.run(60).current_a == pytest.approx(5000 / 230, abs=0.02)
    assert str(day.result.reason) == "fast, as the owner wished: the feed allows 5.0 kW, 21.7 A"
    day.feed_alive = False
    assert day.run(400).current_a == pytest.approx(32.0)
    assert str(day.result.reason) == "fast, as the owner wished: 32 A"


def test_a_run_that_finds_the_contactor_still_closed_begins_with_that() -> None:
    """Off and on again within the second: the car never let go."""
    day = Day(solar_w=3000)
    day.run(200)
    day.allot.set_mode(Mode.OFF)
    assert day.allot.update(float(day.now)).current_a == 0
    day.allot.set_mode(Mode.SOLAR_MIN)
    assert day.allot.update(float(day.now)).current_a == 6.0
    assert day.run(10).current_a == pytest.approx(13.04)


def test_an_offer_that_no_car_takes_outlives_a_cloud_and_starts_no_pause() -> None:
    """Some cars take four minutes to begin; timers begin with current, not with an offer."""
    day = Day(solar_w=3000)
    day.plugged = False
    assert day.run(70).current_a == 6.0
    assert day.result.reason.rule is AllotmentRule.STARTING
    day.solar_w = 0.0
    assert day.run(270).current_a == 6.0
    assert day.run(90).current_a == 0
    day.solar_w = 3000.0
    assert day.run(180).current_a >= 6.0


def test_an_offer_waits_for_the_car_with_a_little_less_than_the_least() -> None:
    """Between the start share and the least power an untaken offer stays."""
    day = Day(solar_w=1370)
    day.plugged = False
    assert day.run(70).current_a == 6.0
    assert day.result.reason.rule is AllotmentRule.STARTING


def test_a_dull_day_lends_less_and_runs_on_for_its_ten_minutes() -> None:
    """The loan of a dull day is soon spent; the run ends when it is ten minutes old."""
    day = Day(solar_w=lambda now: 1400.0 if now < 120 else 0.0)
    day.run(400)
    assert day.result.reason.rule is AllotmentRule.MIN_ON
    assert day.result.until_s == pytest.approx(270, abs=10)
    assert day.run(290).current_a == 0


def test_two_readings_after_the_dark_are_a_hole_in_the_clouds() -> None:
    """After an hour at 0.3 kW it takes a third reading."""
    day = Day(solar_w=lambda now: 300.0 if now < 3600 else 2000.0)
    day.run(3600 + 66)
    assert day.result.current_a == 0
    assert day.result.reason.rule is AllotmentRule.CONFIRMING
    assert day.run(60).current_a == 6.0


@pytest.mark.parametrize("period_s", [120, 300, 900])
def test_the_next_reading_of_a_slow_feed_is_not_waited_for(period_s: int) -> None:
    """After an hour at 0.3 kW: what the reading before showed is long ago."""
    config = AllotmentConfig(semantics="battery_power", period_s=period_s)
    day = Day(config, solar_w=lambda now: 300.0 if now < 3600 else 2000.0, period_s=period_s)
    assert day.run(3600).current_a == 0.0
    assert day.run(7).current_a == 6.0


def test_after_a_stop_for_lack_of_sun_it_waits_for_steadier_sun() -> None:
    """Short holes in a thick sky start nothing in the hour after a stop."""
    day = Day(solar_w=lambda now: 2000.0 if now < 600 else 1500.0 if now % 720 < 180 else 0.0)
    said = set()
    for _ in range(3600):
        day.run(1)
        if day.result.reason.rule is AllotmentRule.STEADYING:
            said.add(str(day.result.reason))
    assert any("of late: waiting for steadier sun" in words for words in said)


def test_a_minimum_waits_for_the_pause_of_a_stop() -> None:
    """The contactor rests whoever asks."""
    day = Day(solar_w=lambda now: 3000.0 if now < 600 else 0.0)
    while day.run(1).current_a > 0 or day.now < 600:
        pass
    day.minimum_w = 2000.0
    assert day.run(120).reason.rule is AllotmentRule.PAUSE
    assert day.run(240).current_a == pytest.approx(8.68)


def test_a_meter_is_believed_and_nothing_is_learned() -> None:
    """A measured 9 A of 20 A offered counts as 9 A."""
    allot = Allotment(AllotmentConfig(semantics="battery_power"))
    for second in range(61):
        allot.on_draw(float(second), 9.0, charging=True, measured=True)
    allot.on_reading(65.0, Reading(excess_w=1000, stamp="a", age_s=5))
    assert allot.update(65.0).available_w == pytest.approx(1000 + 9 * 230)
    assert allot.car_maximum_a is None


@pytest.mark.parametrize("current_a", [float("nan"), -1.0, float("inf")])
def test_a_current_that_is_none_is_refused(current_a: float) -> None:
    """NaN never passes."""
    with pytest.raises(ValueError, match="current_a"):
        Allotment(AllotmentConfig()).on_draw(0.0, current_a, charging=True)


def test_every_rule_has_words() -> None:
    """Each is one line without a placeholder left over."""
    for rule in AllotmentRule:
        words = AllotmentReason(rule, spare_w=-20.0, current_a=7.5).describe()
        assert "{" not in words
        assert "-0" not in words
    assert (
        str(AllotmentReason(AllotmentRule.WAITING, need_w=1380, spare_w=900))
        == "waiting for 1.38 kW: 0.9 kW spare"
    )
    lending = AllotmentReason(
        AllotmentRule.LENDING, need_w=1380, spare_w=900, battery_loan_wh=80, loan_limit_wh=200
    )
    assert str(lending) == "0.9 kW spare, less than 1.38 kW: the battery lends, 80 of 200 Wh"
    assert str(replace(lending, dull=True)).endswith(", 80 of 200 Wh under a weak sun")


def test_it_tells_the_sun_that_there_is_whatever_is_allotted() -> None:
    day = Day(AllotmentConfig(semantics="battery_power", reserve_w=500), solar_w=3000)
    day.run(300)
    assert day.result.solar_w == pytest.approx(3000, abs=1)
    assert day.result.available_w == pytest.approx(2500, abs=1)
    day.solar_w = -800.0  # the house takes more than there is
    day.run(120)
    assert day.result.solar_w == 0.0


def test_the_battery_s_wish_is_no_sun() -> None:
    allot = Allotment(AllotmentConfig())
    for minute in range(20):  # full: it neither gives nor takes, and the panels are throttled
        allot.on_reading(60.0 * minute, Reading(excess_w=3000, stamp=f"{minute}", age_s=0))
    result = allot.update(1140.0)
    assert result.solar_w == pytest.approx(0, abs=5)
    assert result.available_w == pytest.approx(6 * 230)


def test_it_tells_what_is_lent_to_a_run_and_nothing_without_one() -> None:
    day = Day(solar_w=lambda now: 3000.0 if now < 1200 else 0.0)
    assert day.run(60).battery_loan_wh == 0.0
    assert day.run(1140).battery_loan_wh == 0.0
    assert 20 < (day.run(240).battery_loan_wh or 0.0) < 300
    day.run(1800)
    assert day.result.current_a == 0
    assert day.result.battery_loan_wh == 0.0


def test_what_is_lent_is_not_counted_in_a_fast_charge() -> None:
    day = Day(solar_w=1000)
    day.allot.set_mode(Mode.FAST)
    assert day.run(600).battery_loan_wh is None


# -- news -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("latency_s", [25, 65, 110])
@pytest.mark.parametrize("period_s", [10, 30, 60])
def test_late_is_not_old(period_s: int, latency_s: int) -> None:
    """A feed that is later than two of its periods charges all the same."""
    config = AllotmentConfig(semantics="battery_power", period_s=period_s)
    day = Day(config, solar_w=3000, latency_s=latency_s, period_s=period_s)
    assert day.run(900).current_a == pytest.approx(13.04)


def test_the_reserve_is_kept_in_a_run_too() -> None:
    """With 2 kW of sun and 2 kW of reserve there is nothing to run on."""
    config = AllotmentConfig(semantics="battery_power", reserve_w=2000)
    day = Day(config, solar_w=lambda now: 4000.0 if now < 1800 else 2000.0)
    assert day.run(1800).current_a > 8
    assert day.run(1800).current_a == 0


def test_a_reserve_below_zero_corrects_a_feed_that_reads_low() -> None:
    day = Day(AllotmentConfig(semantics="battery_power", reserve_w=-200), solar_w=3000)
    assert day.run(400).current_a == pytest.approx(3200 / 230, abs=0.02)


# -- prices ---------------------------------------------------------------------------------------
def test_prices_say_how_much_of_a_run_the_sun_has_to_cover() -> None:
    """0.15 lost for 0.12 earned is 1.25 kWh of sun: 5/9 of the least power, 767 W."""
    config = AllotmentConfig(
        semantics="battery_power",
        start_share=1.0,
        import_price=0.35,
        feed_in_price=0.08,
        later_price=0.20,
    )
    day = Day(config, solar_w=740)
    assert day.run(600).current_a == 0
    assert "waiting for 0.77 kW" in str(day.result.reason)
    day = Day(config, solar_w=900)
    assert day.run(600).current_a == 6.0
    assert day.result.reason.rule is AllotmentRule.PRICED
    assert "importing the rest pays" in str(day.result.reason)
    day.solar_w = 500.0
    assert day.run(1800).current_a == 0


def test_cheap_nights_and_a_good_feed_in_make_the_sun_a_loss() -> None:
    config = AllotmentConfig(
        semantics="battery_power", import_price=0.35, feed_in_price=0.12, later_price=0.10
    )
    day = Day(config, solar_w=3000)
    day.run(300)
    (notice,) = day.allot.notices
    assert "loses money" in notice.text


def test_a_single_price_is_refused() -> None:
    with pytest.raises(ValueError, match="go together"):
        AllotmentConfig(import_price=0.3)
