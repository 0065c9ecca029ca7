# SPDX-License-Identifier: GPL-3.0-or-later
"""Without a meter, a car that takes less than it is offered is known by its answers to steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from evsed.core.solar.allotment import Allotment, AllotmentConfig, AllotmentRule, Mode, Reading
from evsed.core.solar.allotment_config import Semantics
from evsed.core.solar.car_needs import CarNeeds
from evsed.core.solar.draw_test import DrawTest

SEMANTICS: tuple[Semantics, ...] = ("battery_power", "batterymonitor")
PERIOD_S = 60


class House:
    """A sun, a battery, a feed of either semantics, and a car that takes what `car_a` says."""

    def __init__(
        self,
        semantics: Semantics,
        solar_w: Callable[[int], float],
        car_a: Callable[[int], float],
        mode: Mode = Mode.SOLAR,
        *,
        proven: bool = True,
    ) -> None:
        """`proven`: its feed has answered another car before."""
        config = AllotmentConfig(semantics=semantics, max_current_a=16.0)
        self.allotment = Allotment(config, mode)
        self.allotment.remember_feed(below_0=False, proven=proven, forbidding_w=None)
        self.semantics, self.solar_w, self.car_a = semantics, solar_w, car_a
        self.now = 0
        self.offers = [0.0] * 3
        self.drawn_a = self.error_w = 0.0
        self.real_wh = self.counted_wh = 0.0
        self.highest_spare_w = 0.0

    def run(self, seconds: int) -> Allotment:
        """Let time pass: a car answers after 2 s, at 4 A/s."""
        for _ in range(seconds):
            offered_a, aim_a = self.offers[-1], min(self.offers[-3], self.car_a(self.now))
            step_a = max(-4.0, min(4.0, aim_a - self.drawn_a))
            self.drawn_a = self.drawn_a + step_a if offered_a > 0 else 0.0
            spare_w = self.solar_w(self.now) - 230 * self.drawn_a
            self.error_w += spare_w / 60
            allotment = self.allotment
            allotment.on_draw(float(self.now), offered_a, charging=offered_a > 0)
            if self.now % PERIOD_S == 0:
                error_w = self.error_w if self.semantics == "batterymonitor" else 0.0
                figure_w = round(spare_w + error_w)
                reading = Reading(excess_w=figure_w, stamp=str(self.now), age_s=0)
                allotment.on_reading(self.now, reading)
            result = allotment.update(float(self.now))
            self.offers.append(result.current_a)
            most_a = result.car_most_a
            counted_a = offered_a if most_a is None else min(offered_a, most_a)
            self.real_wh += self.drawn_a * 230 / 3600
            self.counted_wh += counted_a * 230 / 3600
            self.highest_spare_w = max(self.highest_spare_w, result.available_w or 0.0)
            self.now += 1
        return self.allotment


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_a_car_that_takes_nothing_is_known_within_a_few_readings(semantics: Semantics) -> None:
    house = House(semantics, lambda now: 2000.0 if now < 3600 else 200.0, lambda _: 0.0)
    assert house.run(15 * 60).takes_little
    assert house.allotment.update(float(house.now)).available_w == pytest.approx(2000, abs=60)
    assert house.counted_wh < 200
    house.run(3600)
    assert house.offers[-1] == 0.0, "0.2 kW of sun hold no contactor for a car that takes nothing"


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_a_car_that_sleeps_at_an_ampere_or_so_takes_nothing(semantics: Semantics) -> None:
    """evcc-io/evcc#14210: 1.3 A without end; what heats is true power, and shows in the figure."""
    house = House(semantics, lambda _: 2000.0, lambda _: 1.3)
    assert house.run(15 * 60).takes_little
    assert house.counted_wh < 200


@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.FAST])
def test_a_car_that_tapers_off_under_a_steady_offer_is_known(
    semantics: Semantics, mode: Mode
) -> None:
    def tapers(now: int) -> float:
        return max(0.0, 16 * (1 - max(0, now - 600) / 1800))

    house = House(semantics, lambda _: 3000.0, tapers, mode)
    house.run(3600)
    assert house.allotment.car_maximum_a == 0.0
    assert house.counted_wh - house.real_wh < (400 if mode is Mode.SOLAR else 1400)
    before_wh = house.counted_wh
    house.run(1800)
    assert house.counted_wh == before_wh


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_a_car_that_is_full_at_once_is_known_under_a_restless_sun(semantics: Semantics) -> None:
    noise = [Random(minute).uniform(-250, 250) for minute in range(300)]
    house = House(
        semantics,
        lambda now: max(-400.0, 3000.0 - max(0, now - 3600) * 0.3) + noise[now // 60],
        lambda now: 16.0 if now < 1800 else 0.0,
    )
    house.run(4 * 3600)
    assert house.counted_wh - house.real_wh < 400
    assert house.offers[-1] == 0.0


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_a_car_that_wakes_after_an_hour_is_followed_again(semantics: Semantics) -> None:
    house = House(semantics, lambda now: 1500 + now / 7, lambda now: 0.0 if now < 4000 else 16.0)
    house.run(3900)
    assert house.allotment.takes_little
    house.run(900)
    assert not house.allotment.takes_little
    house.run(600)
    assert house.drawn_a * 230 == pytest.approx(house.solar_w(house.now), abs=300)


@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("most_a", [8.0, 10.0])
def test_a_car_that_takes_a_part_is_known_by_it(semantics: Semantics, most_a: float) -> None:
    house = House(semantics, lambda _: 3600.0, lambda _: most_a)
    house.run(3600)
    assert house.allotment.car_maximum_a == pytest.approx(most_a, abs=1)


@pytest.mark.untraced
@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("seed", range(3))
def test_an_ordinary_car_is_not_taken_for_another_and_loses_little(
    semantics: Semantics, seed: int
) -> None:
    random = Random(seed)
    minutes = [2800 + random.gauss(0, 200) for _ in range(400)]
    house = House(semantics, lambda now: minutes[now // 60], lambda _: 32.0)
    house.run(5 * 3600)
    assert house.counted_wh == pytest.approx(house.real_wh, rel=0.03)
    assert house.real_wh > 0.95 * 5 * 2800


def rough(seed: int) -> Callable[[int], float]:
    """A sun well above the circuit, with loads of 2 kW that come and go."""
    random = Random(seed)
    minutes = [5500.0 - random.choice((0.0, 0.0, 2000.0)) for _ in range(400)]
    return lambda now: minutes[now // 60]


@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("seed", range(2))
def test_an_ordinary_car_loses_little_under_a_rough_sky(semantics: Semantics, seed: int) -> None:
    house = House(semantics, rough(seed), lambda _: 32.0)
    house.run(5 * 3600)
    assert house.real_wh > 0.95 * 5 * 16 * 230
    assert house.counted_wh == pytest.approx(house.real_wh, rel=0.02)


@pytest.mark.parametrize("semantics", SEMANTICS)
@pytest.mark.parametrize("seed", range(2))
def test_a_car_that_takes_nothing_under_a_rough_sky_is_known(
    semantics: Semantics, seed: int
) -> None:
    random = Random(seed)
    minutes = [2600.0 - random.choice((0.0, 0.0, 2000.0)) for _ in range(400)]
    house = House(semantics, lambda now: minutes[now // 60], lambda _: 0.0)
    house.run(3 * 3600)
    assert house.allotment.car_maximum_a in (0.0, 6.0)
    assert house.counted_wh < 4500, "the offer of three hours is above 10 kWh"


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_a_pause_tells_a_full_car_from_one_that_takes_its_least_current(
    semantics: Semantics,
) -> None:
    """A car that was never offered more than 7 A while it took something."""
    house = House(
        semantics,
        lambda now: 1500.0 if now < 3600 else 3500.0,
        lambda now: 16.0 if now < 3000 else 0.0,
    )
    house.run(2 * 3600)
    assert house.allotment.car_maximum_a == 0.0
    assert house.counted_wh - house.real_wh < 800


def pauses(house: House, hours: int) -> int:
    """Count how often the offer ends while the house runs."""
    from_s = len(house.offers)
    house.run(hours * 3600)
    offers = house.offers[from_s:]
    return sum(before > 0 >= after for before, after in pairwise(offers))


@pytest.mark.untraced
@pytest.mark.parametrize("semantics", SEMANTICS)
def test_a_car_that_takes_its_least_current_is_paused_seldom(semantics: Semantics) -> None:
    house = House(semantics, lambda _: 3000.0, lambda _: 6.0)
    house.run(600)
    assert 1 <= pauses(house, 8) <= 4
    assert house.allotment.car_maximum_a == 6.0
    assert house.counted_wh == pytest.approx(house.real_wh, rel=0.1)


def test_a_car_that_bears_no_interruption_is_not_paused_for_a_test() -> None:
    house = House("battery_power", lambda _: 3000.0, lambda _: 6.0)
    house.allotment.set_car(CarNeeds(uninterrupted=True))
    house.run(600)
    assert pauses(house, 3) == 0


@pytest.mark.untraced
def test_no_clear_morning_makes_a_feed_reversed() -> None:
    for semantics in SEMANTICS:
        house = House(semantics, lambda now: 600 + now / 4, lambda _: 0.0)
        house.run(4 * 3600)
        assert not [notice for notice in house.allotment.notices if "REVERSED" in notice.kind]


def test_a_feed_that_never_answered_is_doubted_in_words_and_held_to_the_least_current() -> None:
    """A car that takes nothing and a meter that does not see it look alike."""
    house = House("battery_power", lambda _: 3000.0, lambda _: 0.0, proven=False)
    house.run(2400)
    result = house.allotment.update(float(house.now))
    assert result.reason.rule is AllotmentRule.UNANSWERED
    assert result.current_a == 6.0
    assert "either the car takes nothing" in str(result.reason)


def test_another_car_is_believed_to_take_what_it_is_offered() -> None:
    house = House("battery_power", lambda _: 2000.0, lambda _: 0.0)
    allotment = house.run(15 * 60)
    assert allotment.car_maximum_a is not None
    allotment.on_unplugged()
    assert allotment.car_maximum_a is None


def test_with_a_meter_a_car_that_takes_little_for_a_minute_is_known() -> None:
    allotment = Allotment(AllotmentConfig(semantics="battery_power"))
    for second in range(200):
        allotment.on_draw(float(second), 0.2, charging=True, measured=True)
    assert allotment.takes_little
    allotment.on_draw(200.0, 6.0, charging=True, measured=True)
    assert not allotment.takes_little


def test_with_a_meter_a_start_without_an_answer_is_followed_by_steps_on_purpose() -> None:
    allotment = Allotment(AllotmentConfig(semantics="battery_power"))
    offer_a, rules = 0.0, set()
    for second in range(3600):
        allotment.on_draw(float(second), offer_a, charging=offer_a > 0, measured=True)
        if second % PERIOD_S == 0:
            excess_w = 3000.0 + second / 100
            allotment.on_reading(second, Reading(excess_w=excess_w, stamp=str(second), age_s=0))
        result = allotment.update(float(second))
        offer_a = result.current_a
        rules.add(result.reason.rule)
    assert {AllotmentRule.TESTING, AllotmentRule.DOUBTED} <= rules


def test_nothing_is_tested_while_what_is_spare_is_not_known() -> None:
    test = DrawTest(230.0, 1380.0)
    for minute in range(90):
        test.add(60.0 * minute, math.nan, 10.0, level_s=60.0, span_s=60.0, may_test=True)
        assert test.plan_a(6.0, 16.0) is None


def test_a_step_that_is_not_made_within_ten_minutes_is_tried_the_other_way() -> None:
    """The offer stays, as where another limit holds it; nothing is learned from that."""
    test = DrawTest(230.0, 1380.0)
    plans = []
    for minute in range(60):
        spare_w = 500.0 + 10.0 * (minute % 3)
        test.add(60.0 * minute, spare_w, 10.0, level_s=600.0, span_s=60.0, may_test=True)
        plans.append(test.plan_a(6.0, 16.0) or 10.0)
    assert min(plans) < 10.0 < max(plans)
    assert test.most_a is None


def answers(test: DrawTest, signs: list[float], sun_w: float = 2000.0) -> bool:
    """Play an answer of each sign to the steps of *test*; True where it found a reversed one."""
    offered_a, now, found = 6.0, 0.0, False
    for sign in signs:
        waits = 0
        while test.plan_a(6.0, 32.0) is None and waits < 600:
            now, waits = now + 60.0, waits + 1
            excess_w = sun_w - 230.0 * offered_a
            test.add(now, excess_w, offered_a, level_s=60.0, span_s=60.0, may_test=True)
        stepped_a = test.plan_a(6.0, 32.0) or offered_a
        now += 60.0
        moved_w = -sign * 230.0 * (stepped_a - offered_a)
        excess_w = sun_w - 230.0 * offered_a + moved_w
        test.add(now, excess_w, stepped_a, level_s=60.0, span_s=60.0, may_test=True)
        found = found or test.pop_reversal()
    return found


def test_a_meter_that_answered_right_is_not_turned_round_by_a_few_odd_answers() -> None:
    """Broken clouds can answer three steps the wrong way; a false verdict costs half a day."""
    assert answers(DrawTest(230.0, 1380.0), [-1.0] * 6)
    assert not answers(DrawTest(230.0, 1380.0), [1.0] * 3 + [-1.0] * 3)


def test_a_late_figure_of_before_a_step_is_not_its_answer() -> None:
    """The offer has followed the sun meanwhile, so such a figure looks as if nothing were drawn."""
    test, now = DrawTest(230.0, 1380.0), 0.0
    while test.plan_a(6.0, 16.0) is None and now < 1e6:
        now += 60.0
        test.add(now, 500.0, 10.0, level_s=60.0, span_s=60.0, may_test=True, age_s=45.0)
    stepped_a = test.plan_a(6.0, 16.0)
    assert stepped_a is not None
    now += 30.0
    test.add(now, 500.0, 14.0, level_s=60.0, span_s=30.0, may_test=True, age_s=45.0)
    assert test.plan_a(6.0, 16.0) == stepped_a
    now += 60.0
    answer_w = 500.0 - 230.0 * (stepped_a - 14.0)
    test.add(now, answer_w, stepped_a, level_s=60.0, span_s=60.0, may_test=True, age_s=45.0)
    assert not test.runs
    assert test.most_a is None


def test_a_start_that_a_rough_sky_hides_is_followed_by_a_large_step() -> None:
    """It proves neither a car that takes its offer nor a car that takes nothing."""
    test = DrawTest(230.0, 1380.0)
    figures_w = [3000.0 + 1500.0 * (-1) ** minute for minute in range(40)]
    offers_a = [0.0] * 37 + [6.0] * 3
    for minute, (figure_w, offered_a) in enumerate(zip(figures_w, offers_a, strict=True)):
        if test.runs:
            break
        spare_w = figure_w if offered_a == 0 else figures_w[36] - 600.0
        now = 60.0 * minute
        test.add(now, spare_w, offered_a, level_s=60.0, span_s=60.0, may_test=True)
    assert test.runs
    assert test.plan_a(6.0, 16.0) == 16.0
    assert test.most_a is None
    assert not test.answered
