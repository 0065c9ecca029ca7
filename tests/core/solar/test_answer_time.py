# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer time of a car without a meter, learned from a fast feed."""

from __future__ import annotations

import math

import pytest

from evsed.core.solar.allotment import AllotmentConfig, AllotmentRule
from evsed.core.solar.answer_time import LATER_S, SLOW_S, AnswerTime
from tests.core.solar.solar_day import Day


def restless_w(now: float) -> float:
    """A sun between 2.4 and 5.6 kW that no two minutes repeat."""
    return 4000.0 + 900.0 * math.sin(now / 17) + 700.0 * math.sin(now / 41)


def learn(answers_s: float, *, seconds: int = 1800, moves_w: float = 800.0) -> AnswerTime:
    """A feed every 5 s, and a car that follows an offer of its own rhythm so much later."""
    learned = AnswerTime()

    def drawn_w(at: float) -> float:
        return 3000.0 + moves_w * math.sin(at / 23) + moves_w / 2 * math.sin(at / 9)

    for now in range(0, seconds, 5):
        excess_w = 5000.0 + 50.0 * math.sin(now / 31) - drawn_w(now - answers_s)
        learned.add(now, excess_w, [drawn_w(now - later_s) for later_s in LATER_S])
    return learned


@pytest.mark.parametrize("answers_s", [0, 3, 8, 12])
def test_an_ordinary_car_stays_one(answers_s: float) -> None:
    assert learn(answers_s).slow_s == SLOW_S


@pytest.mark.parametrize("answers_s", [18, 24, 30, 45, 50])
def test_a_slow_car_is_reckoned_with(answers_s: float) -> None:
    assert answers_s <= learn(answers_s).slow_s <= answers_s + 20


def test_nothing_is_learned_from_an_offer_that_hardly_moves() -> None:
    assert learn(30, moves_w=30.0).slow_s == SLOW_S


def test_a_car_that_answers_quickly_again_is_ordinary_again() -> None:
    learned = learn(30)
    for now in range(1800, 7200, 5):
        own_w = [3000.0 + 800.0 * math.sin((now - later_s) / 23) for later_s in LATER_S]
        learned.add(now, 5000.0 - own_w[0], own_w)
    assert learned.slow_s == SLOW_S


def test_readings_come_thinned_and_an_opened_contactor_is_left_out() -> None:
    learned = AnswerTime()
    closed = [1000.0] * len(LATER_S)
    assert learned.due(0.0)
    learned.add(0.0, 0.0, closed)
    assert not learned.due(4.0)
    assert learned.due(5.0)
    learned.add(5.0, 9000.0, [*closed[1:], 0.0])
    learned.add(10.0, 9000.0, closed)
    learned.add(5000.0, -9000.0, closed)
    assert learned.slow_s == SLOW_S
    assert learned.due(4000.0), "a clock that was set back"


@pytest.mark.parametrize(("period_s", "answers_s"), [(1, 25), (1, 32), (5, 25), (10, 32)])
def test_the_offer_does_not_run_after_the_echo_of_a_slow_car(period_s: int, answers_s: int) -> None:
    """After half an hour of a restless sky the offer stands still under a steady one."""
    config = AllotmentConfig(semantics="battery_power", period_s=period_s)
    day = Day(
        config,
        solar_w=lambda now: restless_w(now) if now < 3600 else 4000.0,
        period_s=period_s,
        latency_s=1,
        answers_s=answers_s,
    )
    day.run(4200)
    results = [day.run(1) for _ in range(600)]
    offers_a = [r.current_a for r in results if r.reason.rule is AllotmentRule.FOLLOWING]
    assert len(offers_a) > 300
    assert max(offers_a) - min(offers_a) <= 2.0
