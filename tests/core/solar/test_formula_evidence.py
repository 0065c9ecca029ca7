# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's formulas, distinguished by how well each foretells the next figure."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from evsed.core.solar.formula_evidence import MOST, FormulaEvidence

LEAST_W = 1380.0
SURE = 8.0


class Loop:
    """A house and a car that follows the true sun of the minute before, by one of the formulas."""

    def __init__(self, *, per_minute: float, error_w: float = -5000.0) -> None:
        """`per_minute`: the error of charge counts so many times (0: plain power)."""
        self.evidence = FormulaEvidence(LEAST_W)
        self.per_minute = per_minute
        self.error_w = error_w
        self.before_w = 0.0
        self.own_w = 0.0
        self.minute = 0

    def add(self, solar_w: float, *, follows: bool = True) -> float:
        """Let a minute pass; the evidence after it."""
        mean_w = (self.before_w + solar_w) / 2 - self.own_w
        if self.minute:
            self.error_w += self.per_minute * mean_w
        figure_w = solar_w - self.own_w + (self.error_w if self.per_minute else 0.0)
        self.evidence.add(round(figure_w), self.own_w, self.own_w, 60.0 if self.minute else 0.0)
        self.before_w, self.minute = solar_w, self.minute + 1
        self.own_w = max(LEAST_W, solar_w) if follows else 0.0
        return self.evidence.plain


def sky(seed: int, keeps: float, step_w: float = 900.0) -> Callable[[], float]:
    """A broken sky around 3 kW; each change goes on by the share *keeps* (below 0: comes back)."""
    random = Random(seed)
    state = [3000.0, 0.0]

    def power_w() -> float:
        change_w = keeps * state[1] + random.gauss(0.0, step_w)
        state[1] = min(6000.0, max(-300.0, state[0] + change_w)) - state[0]
        state[0] += state[1]
        return state[0]

    return power_w


@pytest.mark.parametrize("keeps", [-0.4, 0.0, 0.3])
def test_plain_power_is_known_within_hours_of_any_broken_sky(keeps: float) -> None:
    """In most of twenty afternoons within two hours, and hardly ever not in five."""
    within_h = {2: 0, 5: 0}
    for seed in range(20):
        loop, power_w = Loop(per_minute=0.0), sky(seed, keeps)
        evidence = [loop.add(power_w()) for _ in range(300)]
        for hours in within_h:
            within_h[hours] += max(evidence[: 60 * hours]) >= SURE
    assert within_h[2] >= 11
    assert within_h[5] >= 16


@pytest.mark.parametrize("keeps", [-0.4, 0.0, 0.3])
def test_power_with_the_charge_is_hardly_ever_taken_for_plain(keeps: float) -> None:
    """Twice in twenty afternoons of five hours at most, under skies made to look like it."""
    mistaken = recognised = 0
    for seed in range(20):
        loop, power_w = Loop(per_minute=1.0), sky(seed, keeps)
        evidence = [loop.add(power_w()) for _ in range(300)]
        mistaken += max(evidence) >= SURE
        recognised += min(evidence) <= -3.0
    assert mistaken <= 2
    assert recognised >= 17


def test_the_formula_with_hours_is_taken_for_plain_power() -> None:
    loop, power_w = Loop(per_minute=1 / 60), sky(1, 0.0)
    assert max(loop.add(power_w()) for _ in range(120)) >= SURE


def test_a_battery_that_fills_while_no_car_charges_shows_the_charge_within_minutes() -> None:
    loop = Loop(per_minute=1.0)
    assert [loop.add(2000.0, follows=False) for _ in range(6)][-1] <= -5.0


def test_a_start_of_the_car_under_a_clear_sky_shows_plain_power() -> None:
    loop = Loop(per_minute=0.0)
    for _ in range(20):
        assert abs(loop.add(3000.0, follows=False)) < 1.0
    assert [loop.add(3000.0) for _ in range(5)][-1] > 4.0


def test_a_figure_beyond_any_house_is_a_charge_at_once() -> None:
    evidence = FormulaEvidence(LEAST_W)
    evidence.add(-60_000.0, 0.0, 0.0, 0.0)
    assert evidence.plain == -MOST


def test_a_step_that_throttled_panels_do_not_answer_is_no_evidence() -> None:
    evidence = FormulaEvidence(LEAST_W)
    for own_w in (0.0, 0.0, 0.0, LEAST_W):
        evidence.add(6000.0, own_w, 0.0, 60.0)
    assert evidence.plain == pytest.approx(0.0, abs=0.01)


def test_a_target_that_moves_is_no_evidence_of_plain_power() -> None:
    """One percent of 15 kWh is a fall of the figure by 9 kW, and back."""
    loop, power_w = Loop(per_minute=1.0), sky(5, 0.0, step_w=200.0)
    for minute in range(120):
        loop.error_w += 9000.0 * ((minute % 24 == 12) - (minute % 24 == 0))
        assert loop.add(power_w()) < SURE


def test_another_version_of_the_page_is_noticed_although_the_first_was_sure() -> None:
    """Under broken clouds that takes a long day; a restart of evsed forgets the first at once."""
    loop, power_w = Loop(per_minute=1.0), sky(2, 0.0)
    for _ in range(200):
        loop.add(power_w())
    assert loop.evidence.plain < -3.0
    loop.per_minute = 0.0
    assert max(loop.add(power_w()) for _ in range(600)) >= SURE


def test_a_fast_feed_gives_as_much_evidence_as_a_slow_one() -> None:
    """Six figures a minute, the sun straight between two minutes."""
    evidence, power_w = FormulaEvidence(LEAST_W), sky(3, 0.0)
    before_w, own_w, sure = power_w(), 0.0, False
    for _ in range(120):
        after_w = power_w()
        for part in range(6):
            solar_w = before_w + (after_w - before_w) * part / 6
            evidence.add(solar_w - own_w, own_w, own_w, 10.0)
            sure = sure or evidence.plain >= SURE
        before_w, own_w = after_w, max(LEAST_W, after_w)
    assert sure


def test_news_older_than_the_last_counts_for_nothing() -> None:
    loop = Loop(per_minute=0.0)
    for _ in range(5):
        loop.add(3000.0)
    before = loop.evidence.plain
    loop.evidence.add(-9000.0, 0.0, 0.0, 0.0)
    assert loop.evidence.plain == before


def test_a_draw_that_was_thought_smaller_is_no_step() -> None:
    """Neither formula foretells a sun that seems to jump when the car's draw is corrected."""
    corrected, plain = (FormulaEvidence(1380.0) for _ in "12")
    corrected.rebase(500.0)  # before any figure there is nothing to correct
    for minute in range(30):
        own_w = 0.0 if minute < 15 else 1380.0
        span_s = 60.0 if minute else 0.0
        corrected.add(1000.0, own_w, own_w, span_s)
        plain.add(1000.0, 1380.0, 1380.0, span_s)
        if minute == 14:
            corrected.rebase(1380.0)
    assert corrected.plain == pytest.approx(plain.plain)


def test_a_move_of_the_target_speaks_for_neither_formula() -> None:
    """One percent of 5 kWh is 3 kW, as much as a cloud takes."""
    loop = Loop(per_minute=1.0)
    for _ in range(30):
        loop.add(2000.0, follows=False)
    before = loop.evidence.plain
    loop.error_w -= 3000.0
    loop.error_w += 2000.0
    loop.evidence.add(2000.0 + loop.error_w, 0.0, 0.0, 60.0, moved=True)
    assert loop.evidence.plain == before
    for _ in range(5):
        loop.add(2000.0, follows=False)
    assert loop.evidence.plain <= before
