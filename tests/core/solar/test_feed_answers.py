# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a figure to the car's draw: each by itself, for the feed or against it."""

from __future__ import annotations

import pytest

from evsed.core.solar.feed_answers import JUDGED_S, FeedAnswers

LEAST_W = 1380.0  # 6 A at 230 V


def read(
    answers: FeedAnswers,
    *readings: tuple[float, float],
    asked: bool = False,
    full: bool = False,
    span_s: float = 60.0,
) -> FeedAnswers:
    """Give readings of what is spare and what the car draws, in watts, one a minute."""
    for excess_w, draw_w in readings:
        answers.add(excess_w, draw_w, span_s, asked=asked, full=full)
    return answers


def test_two_starts_that_are_answered_prove_the_feed_and_one_does_not() -> None:
    answers = read(FeedAnswers(LEAST_W), (3000.0, 0.0), (1620.0, LEAST_W))
    assert not answers.proven
    assert read(answers, (3000.0, 0.0)).proven
    assert answers.share == pytest.approx(0.0)


def test_beside_an_offer_a_start_and_the_rise_after_it_prove_the_feed() -> None:
    """One phase of three takes a third of what it is offered; nothing is no answer."""
    third, nothing = FeedAnswers(LEAST_W), FeedAnswers(LEAST_W)
    for answers, part in ((third, 1 / 3), (nothing, 0.0)):
        for draw_w in (0.0, LEAST_W, LEAST_W, 2 * LEAST_W):
            answers.add(
                4000.0 - part * draw_w, draw_w, 60.0, asked=False, full=False, least_part=1 / 3
            )
    assert third.proven
    assert third.likely
    assert not nothing.likely


def test_an_answer_to_a_step_counts_where_throttled_panels_hide_the_rest_of_it() -> None:
    answers = read(FeedAnswers(LEAST_W), (20.0, 0.0), (-900.0, LEAST_W), (20.0, 0.0), full=True)
    assert answers.proven


def test_no_answer_of_a_full_battery_is_no_evidence_against_the_feed_but_takes_proof_back() -> None:
    answers = read(FeedAnswers(LEAST_W), (20.0, 0.0), (-900.0, LEAST_W), full=True)
    for _ in range(4):
        read(answers, (20.0, 0.0), (15.0, LEAST_W), full=True)
    assert read(answers, (-900.0, 2 * LEAST_W), asked=True, full=True).proven is False
    assert answers.changes < 2


def test_a_battery_that_gives_hides_nothing_although_it_is_full() -> None:
    answers = FeedAnswers(LEAST_W)
    for _ in range(3):
        read(answers, (-700.0, LEAST_W), (-690.0, 0.0), full=True)
    assert answers.share == pytest.approx(1.0, abs=0.02)
    assert answers.changes > 2


def test_a_figure_that_rises_with_the_draw_speaks_against_the_feed_whatever_is_full() -> None:
    answers = FeedAnswers(LEAST_W)
    for _ in range(3):
        read(answers, (20.0, 0.0), (1400.0, LEAST_W), full=True)
    assert answers.share == pytest.approx(2.0)


def test_a_probe_counts_until_the_draw_follows_the_sun_again() -> None:
    """A cloud came after a probe, and the offer fell with it: that is no answer."""
    answers = read(FeedAnswers(LEAST_W), (60.0, 2 * LEAST_W))
    read(answers, (20.0, 2 * LEAST_W + 100.0), asked=True)
    assert answers.waits
    read(answers, (-1500.0, LEAST_W))
    assert not answers.waits
    assert answers.changes == 0
    assert read(answers, (-120.0, 3000.0), asked=True).changes == 1


def test_a_change_that_stays_small_is_judged_at_last_and_is_no_proof() -> None:
    answers = read(FeedAnswers(LEAST_W), (3000.0, 0.0), (2000.0, 300.0))
    assert answers.waits
    read(answers, (2700.0, 300.0), span_s=JUDGED_S)
    assert not answers.waits
    assert answers.changes == 1
    assert answers.error > 0
    read(answers, (20.0, 0.0), (10.0, 300.0), (20.0, 300.0), span_s=JUDGED_S, full=True)
    assert answers.changes < 2


def test_a_fast_feed_is_judged_once_the_car_can_have_answered() -> None:
    answers = read(FeedAnswers(LEAST_W), (3000.0, LEAST_W))
    answers.change()
    read(answers, (3000.0, 2 * LEAST_W), span_s=10.0)
    assert answers.waits
    read(answers, (1620.0, 2 * LEAST_W), span_s=10.0)
    assert not answers.waits
    assert answers.share == pytest.approx(0.0)


def test_nothing_is_judged_across_a_gap() -> None:
    answers = read(FeedAnswers(LEAST_W), (3000.0, 0.0))
    answers.interrupt()
    read(answers, (3000.0, LEAST_W))
    answers.change()
    answers.drop()
    assert read(answers, (3000.0, 2 * LEAST_W)).changes == 0
