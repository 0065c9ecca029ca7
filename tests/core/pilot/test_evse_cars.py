# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine and cars that flinch, sleep, or need a long pause."""

from __future__ import annotations

import pytest

from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig, Outputs
from evsed.core.pilot.fault_rules import CHATTERS
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import NOT_AVAILABLE, STEADY
from evsed.core.pilot.limits import Limit, for_car
from evsed.core.pilot.pilot_proof import NO_B
from tests.core.pilot.story import Story


def offer(current_a: float) -> Limit:
    return Limit("feed", current_a, why="following the sun")


def plugged(config: EvseConfig | None = None) -> Story:
    """A car in B that is offered 16 A."""
    story = Story(config)
    story.run(1.0)
    story.car("B")
    story.run(5.0)
    return story


def charging(config: EvseConfig | None = None) -> Story:
    story = plugged(config)
    story.car("C")
    story.until(lambda: story.closed, within_s=3.0)
    return story


def flinch(story: Story, after_s: float = 0.45, for_s: float = 0.1) -> None:
    """Open S2 for a moment, *after_s* from now on."""
    story.run(after_s)
    story.car("B")
    story.run(for_s)
    story.car("C")
    story.run(6.0)


def test_a_flinch_opens_within_100_ms_like_any_other_end() -> None:
    story = charging()
    story.run(6.0)
    story.limit = offer(10.0)
    story.run(0.45)
    story.car("B")

    assert story.until(lambda: not story.closed, within_s=0.1) <= 0.06


def test_flinches_after_changes_of_the_duty_are_no_chatter() -> None:
    story = charging()
    for step in range(8):
        story.limit = offer(10.0 if step % 2 else 14.0)
        flinch(story)

    assert story.step.blocked != CHATTERS.why
    assert sum(isinstance(event, ev.CarFlinched) for event in story.events) == 8
    assert story.closed


def test_a_car_that_lets_go_when_its_offer_ends_does_not_flinch() -> None:
    story = charging()
    story.run(6.0)
    story.limit = offer(0.0)
    story.run(1.0)
    story.car("B")
    story.run(1.0)

    assert any(isinstance(event, ev.CarStopped) for event in story.events)
    assert not any(isinstance(event, ev.CarFlinched) for event in story.events)


def test_the_same_openings_without_a_change_of_the_duty_are_chatter() -> None:
    story = charging()
    for _ in range(4):
        flinch(story)

    assert story.step.blocked == CHATTERS.why


def test_a_car_that_leaves_its_offer_untaken_is_shown_f_for_4_s_and_then_the_offer_again() -> None:
    story = plugged()
    events = story.evse.wake(story.now)
    assert [type(event) for event in events] == [ev.CarWoken]
    story.run(0.1)
    assert story.duty == NOT_AVAILABLE
    assert story.step.blocked == "the pilot shows F for 4 s to wake the car"
    assert story.until(lambda: story.duty == STEADY, within_s=5.0) == pytest.approx(3.9, abs=0.05)
    offered_s = story.until(lambda: 0.0 < story.duty < 1.0, within_s=5.0)
    assert offered_s == pytest.approx(3.0, abs=0.05)
    assert not story.step.faults


@pytest.mark.parametrize("state", ["A", "C"])
def test_only_a_car_in_b_is_woken(state: str) -> None:
    story = plugged()
    story.car(state)
    story.run(3.0)

    assert story.evse.wake(story.now) == ()


def test_no_car_is_woken_without_an_offer() -> None:
    story = plugged()
    story.limit = offer(0.0)
    story.run(5.0)

    assert story.evse.wake(story.now) == ()


def test_a_car_that_is_unplugged_while_f_is_shown_is_noticed_when_it_ends() -> None:
    story = plugged()
    story.evse.wake(story.now)
    story.run(1.0)
    story.car("A")
    story.run(4.0)

    assert isinstance(story.events[-1], (ev.CarUnplugged, ev.StateChanged))
    assert not story.evse.plugged


def test_after_an_interruption_the_next_offer_waits_for_as_long_as_the_car_needs() -> None:
    story = charging(EvseConfig(front_end_proved=True, least_pause_s=60.0))
    story.limit = offer(0.0)
    story.run(2.0)
    story.car("B")
    story.run(1.0)
    story.limit = offer(16.0)
    story.run(1.0)
    assert story.step.blocked == "the car gets a pause of 60 s after each interruption"
    assert story.step.wait_s == pytest.approx(56.0, abs=0.1)

    assert story.until(lambda: 0.0 < story.duty < 1.0, within_s=60.0) == pytest.approx(56, abs=0.1)


def test_an_offer_that_nobody_took_may_come_back_after_3_s() -> None:
    story = plugged(EvseConfig(front_end_proved=True, least_pause_s=60.0))
    story.limit = offer(0.0)
    story.run(1.0)
    story.limit = offer(16.0)

    assert story.until(lambda: 0.0 < story.duty < 1.0, within_s=5.0) <= 2.1


def paused_by_f() -> Story:
    """A car that wants F in a pause, in the first F of it."""
    story = charging(EvseConfig(front_end_proved=True, pause_f=True, least_pause_s=60.0))
    story.limit = offer(0.0)
    story.run(1.0)
    assert story.closed
    assert story.duty == STEADY, "the car lets go under +12 V"
    story.car("B")
    story.until(lambda: story.duty == NOT_AVAILABLE, within_s=3.0)
    return story


def test_a_car_that_wants_f_in_a_pause_gets_it_once_the_contactor_is_open() -> None:
    story = paused_by_f()
    assert not story.closed
    assert story.step.blocked == story.limit.why
    assert story.evse.state == "B1"

    story.run(59.0)
    assert story.duty == NOT_AVAILABLE
    story.until(lambda: story.duty == STEADY, within_s=1.5)
    assert story.until(lambda: story.duty == NOT_AVAILABLE, within_s=3.5) == pytest.approx(
        3, abs=0.1
    )


def test_after_a_pause_by_f_a_limit_is_offered_after_the_least_pause() -> None:
    story = paused_by_f()
    story.run(20.0)
    story.limit = offer(16.0)
    assert story.until(lambda: story.duty == STEADY, within_s=60.0) == pytest.approx(33, abs=1)
    assert story.until(lambda: 0.0 < story.duty < 1.0, within_s=5.0) == pytest.approx(3, abs=0.1)
    story.car("C")
    story.until(lambda: story.closed, within_s=3.0)


def test_f_in_a_pause_lasts_long_enough_to_be_seen() -> None:
    story = paused_by_f()
    story.run(120.0)
    story.until(lambda: story.duty == NOT_AVAILABLE, within_s=70.0)
    story.until(lambda: story.duty == STEADY, within_s=70.0)
    story.until(lambda: story.duty == NOT_AVAILABLE, within_s=70.0)
    story.limit = offer(16.0)
    assert story.until(lambda: story.duty == STEADY, within_s=5.0) == pytest.approx(4, abs=0.1)


def test_a_car_that_leaves_during_f_is_noticed_within_a_minute() -> None:
    story = paused_by_f()
    story.car("A")
    story.until(lambda: not story.evse.plugged, within_s=62.0)
    story.run(70.0)
    assert story.duty == STEADY


def test_whoever_comes_during_f_has_to_show_b_before_anything_closes() -> None:
    story = paused_by_f()
    story.car("C")
    story.limit = offer(16.0)
    story.until(lambda: story.duty == STEADY, within_s=60.0)
    story.run(1.0)
    assert not story.closed
    assert story.step.blocked == NO_B
    assert not story.evse.proof.complete


def test_f_in_a_pause_ends_with_the_service_and_for_a_fault() -> None:
    story = paused_by_f()
    story.evse.stop()
    story.run(0.1)
    assert story.duty == STEADY
    story = paused_by_f()
    story.reported[Fault.TEMPERATURE] = "80 degrees"
    story.run(0.1)
    assert story.duty == STEADY


def test_a_limit_below_what_the_car_works_at_is_none() -> None:
    assert for_car(offer(7.0), 8.0).max_a == 0.0
    assert for_car(offer(7.0), 8.0).why == "following the sun, and this car works from 8.0 A on"
    assert for_car(offer(8.0), 8.0) == offer(8.0)
    assert for_car(Limit("owner", 0.0, why="off"), 8.0).why == "off"
    assert for_car(Limit("house", 7.0), 8.0).why.startswith("the house allows 7.0 A, and")


WITH_RELAY = EvseConfig(front_end_proved=True, cp_relay=True)


def woken_by_relay(open_s: float = 4.0) -> Story:
    """A car that leaves its offer untaken, a second after the pilot's line was opened."""
    story = plugged(WITH_RELAY)
    assert story.evse.wake(story.now, open_s) == (ev.CarWoken(story.now, min(open_s, 30.0)),)
    story.run(0.02)
    story.car("A")
    story.run(1.0)
    return story


def test_the_relay_opens_the_line_for_as_long_as_asked_and_the_car_still_counts_as_there() -> None:
    story = woken_by_relay()
    assert story.step.outputs == Outputs(STEADY, 0, cp_open=True)
    assert story.step.blocked == "the pilot's line is open for a moment to wake the car"
    left_s = story.until(lambda: not story.step.outputs.cp_open, within_s=4.0)
    assert left_s == pytest.approx(3.0, abs=0.05)
    story.car("B")
    offered_s = story.until(lambda: 0.0 < story.duty < 1.0, within_s=4.0)
    assert offered_s == pytest.approx(3.0, abs=0.05)
    story.run(0.5)
    story.car("C")
    story.until(lambda: story.closed, within_s=2.0)

    assert story.count(ev.CarUnplugged) == 0
    assert not story.step.faults


def test_no_order_opens_the_line_for_more_than_30_s() -> None:
    story = woken_by_relay(3600.0)

    assert story.until(lambda: not story.step.outputs.cp_open, within_s=30.0) > 28.0


def test_a_box_without_the_relay_shows_f_where_the_line_was_to_be_opened() -> None:
    story = plugged()

    assert story.evse.wake(story.now, 4.0) == (ev.CarWoken(story.now),)
    story.run(0.1)
    assert story.step.outputs == Outputs(NOT_AVAILABLE, 0)


def test_a_line_that_stays_open_is_a_car_that_is_gone() -> None:
    story = woken_by_relay()
    story.run(5.0)

    assert not story.evse.plugged
    assert story.step.outputs == Outputs(STEADY, 0)


def test_a_car_that_asks_at_once_behind_the_relay_has_to_show_b_first() -> None:
    """Another car may have come while the line was open, or a part may have failed."""
    story = woken_by_relay()
    story.car("C")
    story.run(8.0)
    assert not story.closed
    story.car("B")
    story.run(4.0)
    story.car("C")
    story.until(lambda: story.closed, within_s=2.0)


@pytest.mark.parametrize("ends", ["a fault", "a lost board", "a stop"])
def test_whatever_goes_wrong_closes_the_line_at_once(ends: str) -> None:
    story = woken_by_relay(30.0)
    if ends == "a fault":
        story.reported = {Fault.TEMPERATURE: "81 degrees"}
    elif ends == "a lost board":
        story.evse.restart(story.now)
    else:
        story.evse.stop()
    story.run(0.02)

    assert not story.step.outputs.cp_open


def test_the_line_is_never_open_with_the_contactor_closed_whenever_it_is_ordered() -> None:
    story, opened = charging(WITH_RELAY), 0
    for state in "CBCB":
        story.car(state)
        for _ in range(200):
            before = story.closed
            story.evse.wake(story.now, 4.0)
            story.run(0.02)
            opened += story.step.outputs.cp_open
            assert not (story.step.outputs.cp_open and (before or story.closed))
    assert opened
