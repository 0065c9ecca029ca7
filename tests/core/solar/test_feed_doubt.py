# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds that contradict the car's own draw are named and not followed; honest ones are not."""

from __future__ import annotations

from random import Random

import pytest

from evsed.core.solar.allotment import AllotmentConfig, AllotmentRule, Mode
from evsed.core.solar.feed_doubt import RETRY_S, Doubt, FeedDoubt, SeenReading
from tests.core.solar.solar_day import Day


def weather(seed: int, solar_w: float, rough_w: float = 60.0) -> list[float]:
    """A sun that wanders by so many watts a minute."""
    random = Random(seed)
    watts = [solar_w]
    for _ in range(2000):
        watts.append(watts[-1] + 0.3 * (solar_w - watts[-1]) + random.gauss(0.0, rough_w))
    return watts


def night_with_a_kettle(now: float) -> float:
    return -400.0 - (2000.0 if 1200 <= now < 1400 else 0.0)


def test_a_reversed_sign_is_named_within_minutes_and_nothing_runs_away() -> None:
    day = Day(solar_w=night_with_a_kettle, meter=lambda solar_w, car_w: car_w - solar_w)
    taken_wh = 0.0
    for _ in range(7200):
        day.run(1)
        taken_wh += day.drawn_a * 230 / 3600
    assert day.result.reason.rule is AllotmentRule.DOUBTED
    assert "its sign is reversed" in str(day.result.reason)
    assert taken_wh < 700
    assert [notice.kind for notice in day.allot.notices] == ["doubt REVERSED"]


@pytest.mark.parametrize(("share", "tested"), [(0.4, False), (0.56, True), (0.9, True)])
def test_a_start_that_did_not_clear_the_feed_is_followed_by_steps(
    share: float,
    tested: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A load that switched with the start left a reversed feed half answered: 53 kWh were lent."""
    doubt, least_w = FeedDoubt(1380.0), 1380.0
    doubt.proven = True  # by an earlier run
    doubt.add_measured(0.0, SeenReading(power_w=1000.0, draw_w=0.0, span_s=60.0))
    after_w = 1000.0 + (share - 1) * least_w
    doubt.add_measured(60.0, SeenReading(power_w=after_w, draw_w=least_w, span_s=60.0))
    assert (doubt.test_w is not None) is tested


@pytest.mark.parametrize("seed", range(5))
def test_a_car_that_the_meter_does_not_see_is_named(seed: int) -> None:
    """Without a meter at the box only starts and amperes tell, and both are unanswered."""
    solar_w = weather(seed, 3000)
    day = Day(
        solar_w=lambda now: solar_w[int(now / 60)],
        meter=lambda solar_w, _: solar_w,
    )
    for _ in range(60):
        day.run(60)
        if day.result.reason.rule is AllotmentRule.DOUBTED:
            break
    assert "does not see the car" in str(day.result.reason)


def test_a_meter_that_ends_at_zero_is_named_after_sunset() -> None:
    day = Day(
        solar_w=lambda now: 3000.0 if now < 3600 else -300.0,
        meter=lambda solar_w, car_w: round(max(0.0, solar_w - car_w)),
    )
    taken_wh = 0.0
    for _ in range(600):
        day.run(60)
        taken_wh += day.drawn_a * 230 / 60 if day.now > 3600 else 0.0
    assert [notice.kind for notice in day.allot.notices] == ["held"]
    assert "the meter shows export alone" in day.allot.notices[0].text
    assert taken_wh < 700


SHIPPED = AllotmentConfig(semantics="batterymonitor")


def test_a_reversed_sign_does_not_run_away_while_the_formula_is_not_known() -> None:
    day = Day(SHIPPED, solar_w=-400.0, meter=lambda solar_w, car_w: car_w - solar_w)
    taken_wh = 0.0
    for _ in range(36_000):
        day.run(1)
        taken_wh += day.drawn_a * 230 / 3600
    assert [notice.kind for notice in day.allot.notices if notice.wrong] == ["doubt REVERSED"]
    assert taken_wh < 3000


def fall(now: float) -> float:
    """A sun that sets."""
    return max(-350.0, 2500.0 - now / 4)


def test_a_sensor_that_is_never_below_0_is_named_after_sunset_and_believed_once_it_is() -> None:
    day = Day(SHIPPED, solar_w=fall, meter=lambda solar_w, car_w: max(0.0, solar_w - car_w))
    lent_wh = 0.0
    for _ in range(36_000):
        day.run(1)
        lent_wh += max(0.0, day.drawn_a * 230 - max(0.0, day.sun(day.now))) / 3600
    assert "never below 0" in str(day.result.reason)
    assert lent_wh < 1500
    day.meter = lambda solar_w, car_w: solar_w - car_w
    day.run(180)
    assert day.result.reason.rule is not AllotmentRule.DOUBTED


def test_a_full_battery_whose_sensor_has_noise_is_not_doubted() -> None:
    """Throttled panels hold the figure at 0 for whatever the car draws."""
    noise = Random(2)
    day = Day(SHIPPED, solar_w=9000.0, meter=lambda _solar_w, _car_w: noise.gauss(0.0, 3.0))
    day.allot.remember_feed(below_0=False, proven=True, forbidding_w=None)
    for _ in range(120):
        day.run(60)
        assert day.result.reason.rule is not AllotmentRule.DOUBTED
    assert day.result.current_a == 32.0


@pytest.mark.parametrize("hidden_w", [3300.0, 4500.0, 6200.0])
def test_a_first_day_behind_a_full_battery_is_not_held_at_the_least_current(
    hidden_w: float,
) -> None:
    """A step to 12 A is answered by the panels; a higher one has to be answered by the battery."""
    noise = Random(2)
    day = Day(
        SHIPPED,
        solar_w=hidden_w,
        meter=lambda solar_w, car_w: min(0.0, solar_w - car_w) + noise.gauss(0.0, 3.0),
    )
    day.run(2 * 3600)
    assert day.allot.feed_proven
    assert day.result.current_a >= 0.9 * hidden_w / 230


def test_exact_zeros_are_no_floor_of_a_feed_that_was_below_0_before_a_restart() -> None:
    """Behind a battery that hides more sun than the car takes the figure proves nothing."""
    ended, day = (Day(SHIPPED, solar_w=9000.0, meter=lambda _solar_w, _car_w: 0.0) for _ in "12")
    day.allot.remember_feed(below_0=True, proven=True, forbidding_w=None)
    for each in (ended, day):
        each.run(7200)
        assert not each.allot.feed_was_below_0 or each is day
    assert ended.result.reason.rule is AllotmentRule.DOUBTED
    assert day.result.current_a == 32.0


def test_a_doubted_feed_gets_another_chance_when_the_owner_sets_the_mode() -> None:
    day = Day(solar_w=night_with_a_kettle, meter=lambda solar_w, car_w: car_w - solar_w)
    day.run(3000)
    assert day.result.reason.rule is AllotmentRule.DOUBTED
    day.meter = lambda solar_w, car_w: solar_w - car_w
    day.solar_w = 3000.0
    day.run(3600)
    assert day.result.current_a == 0
    day.allot.set_mode(Mode.FAST)
    day.run(60)
    day.allot.set_mode(Mode.SOLAR)
    assert day.run(400).current_a == pytest.approx(13.04, abs=0.1)


def test_a_battery_that_holds_the_grid_at_zero_is_not_judged() -> None:
    """Grid alone reads about 0 whatever the car takes; that is no contradiction."""
    noise = Random(1)
    day = Day(
        solar_w=lambda now: 3000.0 if now % 4000 < 2000 else 500.0,
        meter=lambda solar_w, car_w: (
            (solar_w - car_w - 2500 if solar_w - car_w > 2500 else 0.0) + noise.gauss(0, 20)
        ),
    )
    for _ in range(300):
        day.run(60)
        assert day.result.reason.rule is not AllotmentRule.DOUBTED


LEAST_W = 1380.0  # 6 A at 230 V


class Feed:
    """A doubt that is fed a reading a minute, of a draw that a meter measures."""

    def __init__(self) -> None:
        self.doubt = FeedDoubt(LEAST_W)
        self.now = 0.0

    def read(self, excess_w: float, draw_w: float) -> Doubt | None:
        self.now += 60.0
        seen = SeenReading(power_w=excess_w, draw_w=draw_w, span_s=60.0)
        self.doubt.add_measured(self.now, seen)
        return self.doubt.found

    def start_three_times(self, idle_w: float, charging_w: float) -> Doubt | None:
        for _ in range(3):
            self.read(idle_w, 0.0)
            self.read(charging_w, LEAST_W)
        return self.doubt.found


def test_a_doubted_feed_is_believed_again_after_half_a_day() -> None:
    feed = Feed()
    while feed.doubt.found is None:
        feed.read(3000.0, 0.0 if feed.now % 120 else LEAST_W)
    found_at = feed.now
    feed.now += RETRY_S - 120.0
    assert feed.read(3000.0, 0.0) is Doubt.UNSEEN
    assert feed.read(3000.0, 0.0) is None
    assert feed.now == found_at + RETRY_S


def offer(
    doubt: FeedDoubt,
    now: float,
    seen: SeenReading,
    *,
    reverses: bool = False,
    takes_nothing: bool = False,
    answered: bool = False,
    settled: bool = True,
    may_test: bool = False,
) -> Doubt | None:
    """Add a reading beside an offer; return what is found."""
    doubt.add_offered(
        now,
        seen,
        reverses=reverses,
        takes_nothing=takes_nothing,
        answered=answered,
        settled=settled,
        may_test=may_test,
    )
    return doubt.found


@pytest.mark.parametrize("metered", [False, True])
def test_a_car_that_was_never_answered_clears_the_feed_with_an_answer_or_a_meter(
    metered: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    doubt = FeedDoubt(LEAST_W)
    offered = SeenReading(power_w=3000.0, draw_w=LEAST_W, span_s=60.0)
    for minute in range(20):
        offer(doubt, 60.0 * minute, offered, takes_nothing=True)
    assert doubt.found is Doubt.UNANSWERED
    if metered:
        doubt.add_measured(1200.0, offered)
    else:
        for at, draw_w in ((1200.0, 0.0), (1260.0, LEAST_W), (1320.0, 0.0), (1380.0, LEAST_W)):
            seen = SeenReading(power_w=3000.0 - draw_w, draw_w=draw_w, span_s=60.0)
            offer(doubt, at, seen)
        assert doubt.proven
    assert doubt.found is None


def start_and_stop(doubt: FeedDoubt, part: float) -> Doubt | None:
    """Offer the least current and nothing in turn; the figure answers by this part of it."""
    for minute in range(8):
        draw_w = LEAST_W if minute % 2 else 0.0
        seen = SeenReading(power_w=3000.0 - part * draw_w, draw_w=draw_w, span_s=60.0)
        offer(doubt, 60.0 * minute, seen)
    return doubt.found


def test_starts_that_are_not_answered_or_answered_the_wrong_way_are_named_without_a_meter() -> None:
    assert start_and_stop(FeedDoubt(LEAST_W), 0.0) is Doubt.UNANSWERED
    assert start_and_stop(FeedDoubt(LEAST_W), -1.0) is Doubt.REVERSED
    assert start_and_stop(FeedDoubt(LEAST_W), 1.0) is None


def test_a_car_that_was_never_answered_is_believed_again_after_half_a_day() -> None:
    doubt = FeedDoubt(LEAST_W)
    assert start_and_stop(doubt, 0.0) is Doubt.UNANSWERED
    seen = SeenReading(power_w=3000.0, draw_w=0.0, span_s=60.0)
    assert offer(doubt, RETRY_S - 60.0, seen) is Doubt.UNANSWERED
    assert offer(doubt, RETRY_S + 600.0, seen) is None


def test_a_figure_that_tests_of_the_car_find_reversed_is_named_behind_a_full_battery() -> None:
    doubt = FeedDoubt(LEAST_W)
    seen = SeenReading(power_w=20.0, draw_w=LEAST_W, span_s=60.0, full=True)
    offer(doubt, 0.0, seen, reverses=True)
    assert doubt.found is Doubt.REVERSED


def test_a_car_that_begins_to_take_something_clears_the_feed() -> None:
    doubt = FeedDoubt(LEAST_W)
    assert start_and_stop(doubt, 0.0) is Doubt.UNANSWERED
    seen = SeenReading(power_w=1600.0, draw_w=LEAST_W, span_s=60.0)
    assert offer(doubt, 600.0, seen, answered=True) is None


def test_an_offer_that_a_car_may_not_have_answered_yet_shows_nothing() -> None:
    doubt = FeedDoubt(LEAST_W)
    for minute in range(8):
        seen = SeenReading(power_w=3000.0, draw_w=LEAST_W * (minute % 2), span_s=60.0)
        offer(doubt, 60.0 * minute, seen, settled=minute % 2 == 0)
    assert doubt.found is None


def test_another_car_is_believed_to_charge() -> None:
    day = Day(SHIPPED, solar_w=dawn, meter=lambda solar_w, _: solar_w)
    day.run(18_000)
    assert [notice.kind for notice in day.allot.notices if notice.wrong] == ["doubt UNANSWERED"]
    assert day.result.current_a <= 6.0
    day.allot.on_unplugged()
    assert not any(notice.wrong for notice in day.allot.notices)


@pytest.mark.parametrize("latency_s", [5, 30, 55])
@pytest.mark.parametrize("answers_s", [3, 10, 30])
def test_no_right_feed_of_a_slow_car_is_doubted(latency_s: int, answers_s: int) -> None:
    solar_w = weather(answers_s, 4000.0)
    day = Day(
        SHIPPED,
        solar_w=lambda now: solar_w[int(now / 60)],
        latency_s=latency_s,
        answers_s=answers_s,
    )
    for _ in range(90):
        day.run(60)
        assert not any(notice.wrong for notice in day.allot.notices)
    assert day.allot.feed_proven
    assert day.result.current_a > 10.0


def test_starts_near_0_prove_nothing_and_the_same_starts_far_from_0_do() -> None:
    """A battery that holds the grid at zero hides the car."""
    assert Feed().start_three_times(20.0, 10.0) is None
    assert Feed().start_three_times(520.0, 510.0) is Doubt.UNSEEN


def test_with_a_meter_a_figure_that_rises_as_the_car_draws_is_reversed() -> None:
    assert Feed().start_three_times(500.0, 500.0 + LEAST_W) is Doubt.REVERSED


def test_a_start_that_rises_slowly_is_judged_once_it_is_large_enough() -> None:
    """2 A are too little to judge by; the 6 A after them are compared with the time before."""
    late, blind = Feed(), Feed()
    for _ in range(4):
        for feed in (late, blind):
            feed.read(3000.0, 0.0)
            feed.read(3000.0, LEAST_W / 3)
            assert feed is blind or feed.doubt.test_w is None
        late.read(3000.0 - LEAST_W, LEAST_W)
        blind.read(3000.0, LEAST_W)
    assert late.doubt.found is None
    assert blind.doubt.found is Doubt.UNSEEN


def test_steps_on_purpose_end_once_they_have_cleared_the_feed() -> None:
    """A cloud left as the car started; the steps after it are answered in full."""
    feed = Feed()
    feed.read(1500.0, 0.0)
    feed.read(1500.0, LEAST_W)
    assert feed.doubt.test_w == 2 * LEAST_W
    solar_w = 1500.0 + LEAST_W
    draw_w = feed.doubt.test_w
    assert feed.read(solar_w - draw_w, draw_w) is None
    draw_w = feed.doubt.test_w or 0.0
    assert draw_w == LEAST_W, "not cleared by so little"
    feed.read(solar_w - draw_w, draw_w)
    draw_w = feed.doubt.test_w or 0.0
    assert draw_w == 2 * LEAST_W, "one answer against one that was none"
    feed.read(solar_w - draw_w, draw_w)
    draw_w = feed.doubt.test_w or draw_w
    feed.read(solar_w - draw_w, draw_w)
    assert feed.doubt.proven
    assert feed.doubt.test_w is None
    assert feed.read(solar_w - draw_w, draw_w) is None
    assert feed.doubt.test_w is None


def dawn(now: float) -> float:
    """A clear morning: 30 W more each minute, as of a battery that is full and takes 30 W."""
    return min(3000.0, now / 2 - 400.0) + (150.0 if int(now / 420) % 3 == 0 else 0.0)


@pytest.mark.parametrize("metered", [False, True])
def test_a_morning_that_looks_like_a_full_battery_does_not_run_away(
    metered: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Read as BatteryMonitor's newest formula, the plain figure stood still: 32 A were given."""
    day = Day(SHIPPED, solar_w=dawn, metered=metered, meter=lambda solar_w, _: solar_w)
    lent_wh = 0.0
    for _ in range(18_000):
        day.run(1)
        lent_wh += max(0.0, day.drawn_a * 230 - max(0.0, dawn(day.now))) / 3600
    assert lent_wh < 1500
    assert "meter does not see the car" in day.allot.notices[0].text


@pytest.mark.parametrize("metered", [False, True])
def test_a_feed_that_never_answered_says_so_and_gives_the_least_current(
    metered: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    noise = Random(2)

    def blind(_solar_w: float, _car_w: float) -> float:
        return noise.gauss(0.0, 3.0)

    day, known = (Day(SHIPPED, solar_w=9000.0, metered=metered, meter=blind) for _ in "12")
    known.allot.remember_feed(below_0=False, proven=True, forbidding_w=None)
    for each in (day, known):
        each.run(6900)
    assert day.result.current_a == 6.0
    assert "has not yet answered the car" in str(day.result.reason)
    assert not day.allot.feed_proven
    assert known.result.current_a == 32.0

    def hidden(_solar_w: float, car_w: float) -> float:
        return noise.gauss(min(0.0, 2000.0 - car_w), 3.0)

    seen = Day(SHIPPED, solar_w=9000.0, metered=metered, meter=hidden)
    seen.run(7200)
    assert seen.allot.feed_proven
    assert seen.result.current_a > 8.0


def test_a_charge_whose_sign_is_reversed_does_not_run_away() -> None:
    """Half empty, it looks like a battery far above its target, whose panels may be throttled."""
    charge = {"ws": 0.0}

    def meter(solar_w: float, car_w: float) -> float:
        charge["ws"] += 60 * (solar_w - car_w)
        return 300_000.0 - (solar_w - car_w) - charge["ws"] / 60

    day = Day(SHIPPED, solar_w=lambda now: now / 4 - 50.0, metered=True, meter=meter)
    taken_wh = 0.0
    for _ in range(14_400):
        day.run(1)
        taken_wh += day.drawn_a * 230 / 3600
    assert [notice.kind for notice in day.allot.notices if notice.wrong] == ["doubt REVERSED"]
    assert taken_wh < 1000
