# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine: offers, closings and endings, in stories on made-up time."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from evsed.core.pilot import causes
from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig, Outputs
from evsed.core.pilot.fault_rules import CHATTERS
from evsed.core.pilot.j1772 import STEADY
from evsed.core.pilot.limits import Limit
from evsed.core.pilot.phase_set import SwitchRules
from tests.core.pilot.story import Story


def offer(current_a: float) -> Limit:
    return Limit("feed", current_a, why="following the sun")


# --- a session ---------------------------------------------------


def test_without_a_car_the_pilot_stands_at_12_v_and_nothing_closes() -> None:
    story = Story()

    assert story.run(5).outputs == Outputs(STEADY, 0)
    assert story.evse.state == "A"
    assert story.step.blocked == "no car"


def test_before_two_bursts_agree_the_state_has_no_name() -> None:
    assert Story().evse.state == "-"


def test_a_car_that_is_plugged_in_gets_an_offer_of_the_lowest_limit() -> None:
    story = Story()
    story.run(3)
    story.car("B")

    story.until(lambda: story.duty < 1.0, within_s=0.5)

    assert story.duty == pytest.approx(16 / 60, abs=1e-6)
    assert story.evse.state == "B2"
    assert [type(event) for event in story.events if not isinstance(event, ev.StateChanged)] == [
        ev.CarPluggedIn,
        ev.OfferMade,
    ]


def test_a_car_that_asks_gets_the_contactor_after_half_a_second_of_c() -> None:
    story = Story()
    story.run(3)
    story.car("B")
    story.run(1)
    story.car("C")

    took_s = story.until(lambda: story.closed, within_s=3.0)

    assert 0.5 <= took_s <= 0.6
    assert story.count(ev.ContactorClosed) == story.evse.cycles == 1


def test_a_car_that_stops_asking_loses_the_contactor_within_two_ticks() -> None:
    story = Story().charging()
    story.car("B")

    assert story.until(lambda: not story.closed, within_s=0.1) <= 0.041
    assert story.count(ev.CarStopped) == 1
    assert 0.0 < story.duty < 1.0


def test_a_car_that_is_unplugged_ends_the_offer_within_two_seconds() -> None:
    story = Story().charging()
    story.car("A")
    story.until(lambda: not story.closed, within_s=0.1)

    story.until(lambda: story.duty == STEADY, within_s=2.0)

    assert story.count(ev.CarUnplugged) == 1
    assert not story.evse.plugged


def test_a_car_that_pauses_and_goes_on_keeps_its_offer() -> None:
    story = Story().charging()
    story.car("B")
    story.run(2)
    duty = story.duty
    story.car("C")

    story.until(lambda: story.closed, within_s=3.0)

    assert story.duty == duty
    assert story.count(ev.OfferWithdrawn) == 0


def test_a_car_that_comes_straight_to_c_is_asked_for_b_and_charged_then() -> None:
    story = Story()
    story.answers = True
    story.run(3)
    story.car("C")

    story.until(lambda: story.closed, within_s=6.0)

    assert story.count(ev.CarPluggedIn) == 1


def test_ten_bounces_of_the_plug_are_one_plugging_in() -> None:
    story = Story()
    story.run(1)
    for _ in range(10):
        story.car("B")
        story.run(0.02)
        story.car("A")
        story.run(0.02)
    story.car("B")
    story.run(2)

    assert story.count(ev.CarPluggedIn) == 1
    assert story.count(ev.CarUnplugged) == 0


def test_a_spike_to_a_of_100_ms_does_not_end_the_session_but_b_has_to_be_seen_again() -> None:
    story = Story().charging()
    story.car("A")
    story.run(0.1)
    story.car("C")
    story.run(3.0)
    assert not story.closed

    story.car("B")
    story.run(1.0)
    story.car("C")
    story.until(lambda: story.closed, within_s=3.0)

    assert story.count(ev.CarUnplugged) == 0


# --- the offer ---------------------------------------------------


@pytest.mark.parametrize("current_a", [5.9, 0.0, -1.0, math.nan])
def test_under_6_a_nothing_is_offered_and_nothing_closes(current_a: float) -> None:
    story = Story()
    story.limit = Limit("feed", current_a, why="waiting for 1.38 kW")
    story.run(3)
    story.car("C")

    assert story.run(60).outputs == Outputs(STEADY, 0)
    assert story.step.blocked == "waiting for 1.38 kW"


def test_a_limit_without_words_is_explained_by_its_owner() -> None:
    story = Story(state="B")
    story.limit = Limit("session", 0.0)

    assert story.run(1).blocked == "the session allows less than 6 A"


def test_the_duty_falls_at_once() -> None:
    story = Story().charging()
    story.limit = offer(6.0)

    story.run(0.02)

    assert story.duty == 0.1


def test_the_duty_rises_at_most_once_in_five_seconds() -> None:
    story = Story().charging()
    story.run(5)
    rises = []
    for tick in range(1000):
        story.limit = offer(10 + tick / 100)
        before = story.duty
        story.run(0.02)
        if story.duty > before:
            rises.append(story.now)

    assert len(rises) == 4
    assert all(after - before >= 5.0 - 1e-9 for before, after in pairwise(rises))


def test_an_offer_withdrawn_keeps_the_contactor_until_the_car_lets_go() -> None:
    story = Story().charging()
    story.limit = offer(0.0)
    story.run(2)
    assert story.closed
    assert story.duty == STEADY
    assert story.evse.state == "C1"
    story.car("B")

    story.until(lambda: not story.closed, within_s=0.1)


def test_a_car_that_ignores_the_end_of_the_offer_is_cut_off_after_six_seconds() -> None:
    story = Story().charging()
    story.limit = offer(0.0)

    assert 6.0 <= story.until(lambda: not story.closed, within_s=6.5) <= 6.1


def test_an_offer_that_comes_back_in_time_keeps_the_contactor_closed() -> None:
    story = Story().charging()
    story.limit = offer(0.0)
    story.run(2)
    story.limit = offer(10.0)

    story.run(10)

    assert story.closed
    assert story.count(ev.ContactorOpened) == 0
    assert 0.0 < story.duty < 1.0


def test_after_the_end_of_an_offer_three_seconds_pass_before_the_next() -> None:
    story = Story().charging()
    story.car("B")
    story.run(1)
    story.limit = offer(0.0)
    story.run(0.02)
    story.limit = offer(10.0)
    story.run(0.02)
    assert "time to see" in story.step.blocked

    assert story.until(lambda: story.duty < 1.0, within_s=3.1) >= 2.9


def test_between_two_closings_the_contactor_is_open_for_a_second() -> None:
    story = Story().charging()
    story.car("B")
    story.until(lambda: not story.closed, within_s=0.1)
    story.car("C")

    assert story.until(lambda: story.closed, within_s=2.0) >= 0.98


def test_three_contactors_close_together() -> None:
    story = Story(EvseConfig(switch=SwitchRules(outputs=3), front_end_proved=True)).charging()

    assert story.step.outputs.closed == 3


# --- faults ---------------------------------------------------


def test_five_askings_within_a_minute_are_answered_with_a_pause_of_a_minute() -> None:
    story = Story().charging()
    for _ in range(4):
        story.car("B")
        story.run(1.5)
        story.car("C")
        story.run(1.5)
    assert story.step.blocked == CHATTERS.why
    assert not story.step.faults, "nothing is wrong with the box"
    story.car("B")
    story.run(50)
    assert story.duty == STEADY

    story.until(lambda: not story.step.blocked, within_s=12)


def test_askings_that_are_far_apart_are_no_chatter() -> None:
    story = Story().charging()
    for _ in range(6):
        story.car("B")
        story.run(10)
        story.car("C")
        story.run(10)

    assert story.step.blocked != CHATTERS.why


def test_a_board_that_is_lost_again_and_again_is_no_chatter_of_the_car() -> None:
    story = Story().charging()
    asked = len([event for event in story.events if isinstance(event, ev.CarAsked)])
    for _ in range(6):
        story.evse.restart(story.now)
        story.meter.reset()
        story.run(5)

    assert story.step.blocked != CHATTERS.why
    assert len([event for event in story.events if isinstance(event, ev.CarAsked)]) == asked


def test_a_car_that_stopped_while_the_board_was_lost_has_stopped() -> None:
    story = Story().charging()
    story.evse.restart(story.now)
    story.meter.reset()
    story.car("B")
    story.run(1)

    assert any(isinstance(event, ev.CarStopped) for event in story.events)


def test_unplugging_forgives_the_askings_before_it() -> None:
    story = Story().charging()
    for _ in range(3):
        story.car("B")
        story.run(1.5)
        story.car("C")
        story.run(1.5)
    story.car("A")
    story.run(1)
    story.charging()

    assert not story.step.faults


# --- endings ---------------------------------------------------


def test_letting_go_waits_for_the_car_and_then_is_through() -> None:
    story = Story().charging()
    story.evse.stop()
    story.run(1)
    assert story.evse.stopping
    assert not story.evse.stopped
    story.car("B")

    story.until(lambda: story.evse.stopped, within_s=0.2)


def test_letting_go_of_a_deaf_car_takes_six_seconds() -> None:
    story = Story().charging()
    story.evse.stop()

    assert story.until(lambda: story.evse.stopped, within_s=6.5) >= 6.0


def test_a_contactor_that_a_dead_man_may_have_opened_goes_through_a_full_close() -> None:
    story = Story().charging()
    story.answers = True

    opened = story.evse.opened_elsewhere(story.now, causes.LATE, "a beat came late")

    assert [str(event) for event in opened] == ["contactor opened: a beat came late"]
    assert story.evse.opened_elsewhere(story.now, causes.LATE, "again") == ()
    story.run(0.02)
    assert story.until(lambda: story.closed, within_s=6) >= 3.0


def test_a_board_that_was_lost_comes_back_through_x1_and_a_full_close() -> None:
    story = Story().charging()
    story.answers = True
    story.evse.restart(story.now)
    story.meter.reset()
    story.step = story.step.__class__(Outputs(STEADY, 0), (), {}, "", 0.0)
    story.run(0.02)
    assert story.step.outputs == Outputs(STEADY, 0)

    assert story.until(lambda: story.closed, within_s=6) >= 3.0


def test_a_board_that_was_lost_while_nothing_was_closed_tells_of_no_opening() -> None:
    assert Story().evse.restart(0.0) == ()


def test_after_a_crash_nothing_closes_for_ten_seconds() -> None:
    story = Story(EvseConfig(front_end_proved=True, hold_off_s=10.0), state="C")
    story.answers = True

    assert story.until(lambda: story.closed, within_s=15) >= 10.0


def test_a_clock_that_jumps_cannot_matter_because_there_is_none() -> None:
    first, second = Story(), Story()
    second.now = 1e9
    second.evse.restart(second.now)
    second.meter.reset()

    assert first.charging().evse.state == second.charging().evse.state == "C2"


# --- the budget of closings -----------------------------------------------------------------------


def test_a_car_that_asks_again_and_again_is_paused_with_a_sentence_and_the_offer_is_withdrawn() -> (
    None
):
    story = Story().charging()
    for _ in range(4):
        story.car("B")
        story.run(30.0)
        story.car("C")
        story.until(lambda: story.closed, within_s=3.0)
    story.car("B")
    story.run(0.2)

    assert story.duty == STEADY
    assert story.step.blocked == (
        "the contactor closed 5 times within an hour; evsed pauses to spare it"
    )
    assert 59.0 < story.step.wait_s <= 60.0
    story.run(60.0)
    assert 0.0 < story.duty < 1.0
