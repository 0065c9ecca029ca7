# SPDX-License-Identifier: GPL-3.0-or-later
"""The set of phases that a closing closes: when it may change, and the rest before it."""

from __future__ import annotations

from random import Random

import pytest

from evsed.core.pilot import causes
from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.phase_set import PhaseWish, Switching, SwitchRules
from tests.core.pilot.story import Story

FOREVER = float("inf")
ONE = PhaseWish(1, FOREVER, why="the sun covers one phase")
THREE = PhaseWish(3, FOREVER, why="the sun covers three phases")


def box(
    switching: Switching, *, mirrored: bool = True, rest_s: float = 15.0, shows_f: bool = False
) -> Story:
    """An empty box with three outputs, that has read A for a second."""
    rules = SwitchRules(switching, 3, mirrored=mirrored, rest_s=rest_s, shows_f=shows_f)
    story = Story(EvseConfig(front_end_proved=True, switch=rules))
    story.answers = True
    story.run(1.0)
    return story


def charging(switching: Switching, wish: PhaseWish, *, shows_f: bool = False) -> Story:
    """A car that charges on the set of *wish*, which was chosen while the plug was empty."""
    story = box(switching, shows_f=shows_f)
    story.wish = wish
    story.run(16.0)
    story.charging()
    story.events.clear()
    return story


def test_as_shipped_all_outputs_close_together_and_a_wish_changes_nothing() -> None:
    story = box(Switching.OFF)
    story.wish = ONE

    story.run(20.0)
    story.charging()

    assert story.step.outputs.closed == 3
    assert not story.count(ev.PhasesSwitched)


def test_one_output_for_all_phases_is_never_switched() -> None:
    rules = SwitchRules(Switching.AUTO, 1, mirrored=True)

    assert not rules.active


@pytest.mark.parametrize("switching", [Switching.DOWN, Switching.AUTO])
def test_without_mirror_contacts_nothing_changes_under_a_car(switching: Switching) -> None:
    assert not SwitchRules(switching, 3, mirrored=False).active
    assert SwitchRules(Switching.UNPLUGGED, 3, mirrored=False).active


@pytest.mark.parametrize("switching", [Switching.UNPLUGGED, Switching.DOWN, Switching.AUTO])
@pytest.mark.parametrize(("wish", "closed"), [(ONE, 1), (THREE, 3), (None, 1)])
def test_the_set_is_chosen_before_the_first_closing(
    switching: Switching, wish: PhaseWish | None, closed: int
) -> None:
    story = box(switching)
    story.wish = wish
    story.run(16.0)

    story.charging()

    assert story.step.outputs.closed == closed
    assert not story.count(ev.PhasesSwitched), "nobody is plugged in: nothing to tell"


def test_a_wish_that_comes_after_the_plug_is_waited_for_before_the_first_closing() -> None:
    story = box(Switching.UNPLUGGED)
    story.car("B")
    story.run(4.0)
    assert story.duty < 1.0
    story.wish = THREE

    waited_s = story.until(lambda: story.count(ev.PhasesSwitched) == 1, within_s=20.0)
    story.run(1.0)
    story.car("C")
    story.until(lambda: story.closed, within_s=5.0)

    assert 15.0 <= waited_s < 15.1
    assert story.step.outputs.closed == 3


@pytest.mark.parametrize("wish", [ONE, THREE])
def test_unplugged_changes_nothing_once_something_was_closed(wish: PhaseWish) -> None:
    story = charging(Switching.UNPLUGGED, wish)
    story.wish = ONE if wish is THREE else THREE

    story.run(30.0)

    assert story.closed
    assert not story.count(ev.OfferWithdrawn)


def test_down_goes_down_by_the_whole_sequence() -> None:
    story = charging(Switching.DOWN, THREE)
    story.wish = ONE

    story.until(lambda: story.duty == 1.0, within_s=0.1)
    assert story.step.cause == causes.Cause.limit("phases")
    assert "switching from 3 phases to 1 phase" in story.step.blocked
    story.until(lambda: not story.closed, within_s=6.1)
    rested_s = story.until(lambda: story.count(ev.PhasesSwitched) == 1, within_s=20.0)
    assert not story.closed
    story.until(lambda: story.closed, within_s=6.0)

    assert rested_s >= 15.0
    assert story.step.outputs.closed == 1


def test_down_never_goes_up_while_the_car_is_plugged_in() -> None:
    story = charging(Switching.DOWN, THREE)
    story.wish = ONE
    story.until(lambda: story.count(ev.PhasesSwitched) == 1, within_s=30.0)
    story.until(lambda: story.closed, within_s=6.0)

    story.wish = THREE
    story.run(60.0)
    assert story.step.outputs.closed == 1
    story.car("A")
    story.run(17.0)
    story.charging()

    assert story.step.outputs.closed == 3


def test_auto_goes_up_by_the_same_sequence() -> None:
    story = charging(Switching.AUTO, ONE)
    story.wish = THREE

    story.until(lambda: not story.closed, within_s=6.2)
    rested_s = story.until(lambda: story.count(ev.PhasesSwitched) == 1, within_s=20.0)
    story.until(lambda: story.closed, within_s=6.0)

    assert rested_s >= 15.0
    assert story.step.outputs.closed == 3


@pytest.mark.parametrize("switching", [Switching.UNPLUGGED, Switching.DOWN])
def test_a_start_with_a_car_plugged_in_stays_on_one_phase(switching: Switching) -> None:
    """The set that an earlier life has closed under this car is not known."""
    rules = SwitchRules(switching, 3, mirrored=True)
    story = Story(EvseConfig(front_end_proved=True, switch=rules), state="B")
    story.answers = True
    story.wish = THREE
    story.run(20.0)
    story.car("C")

    story.until(lambda: story.closed, within_s=10.0)

    assert story.step.outputs.closed == 1


def test_the_rest_lasts_as_long_as_it_is_set() -> None:
    story = box(Switching.AUTO, rest_s=40.0)
    story.car("B")
    story.run(4.0)
    story.wish = THREE

    assert 40.0 <= story.until(lambda: story.count(ev.PhasesSwitched) == 1, within_s=45.0) < 40.1


def test_f_is_shown_during_the_rest_where_that_is_set_and_then_x1() -> None:
    story = charging(Switching.DOWN, THREE, shows_f=True)
    story.wish = ONE
    story.until(lambda: not story.closed, within_s=6.2)
    story.until(lambda: story.duty == 0.0, within_s=0.1)

    shown_s = story.until(lambda: story.duty != 0.0, within_s=16.0)
    assert story.count(ev.PhasesSwitched) == 1
    offered_s = story.until(lambda: 0.0 < story.duty < 1.0, within_s=10.0)

    assert shown_s >= 14.9
    assert offered_s >= 3.0


@pytest.mark.parametrize("what", ["lost board", "dead-man", "contact"])
def test_whatever_moves_a_contactor_in_the_middle_has_the_whole_rest_begin_again(
    what: str,
) -> None:
    story = charging(Switching.DOWN, THREE)
    story.wish = ONE
    story.until(lambda: not story.closed, within_s=6.2)
    story.run(10.0)

    if what == "lost board":
        story.evse.restart(story.now)
    elif what == "dead-man":
        story.evse.opened_elsewhere(story.now, causes.LATE, "a beat came late")
    else:
        story.proved_open = False
        story.run(0.02)
        story.proved_open = True

    assert story.until(lambda: story.count(ev.PhasesSwitched) == 1, within_s=30.0) >= 15.0


def test_a_contact_that_is_never_proved_open_ends_the_second_try() -> None:
    story = charging(Switching.AUTO, ONE)
    story.wish = THREE
    story.proved_open = False

    story.until(lambda: story.count(ev.PhasesNotSwitched) == 2, within_s=200.0)
    story.proved_open = True
    story.run(100.0)

    assert story.count(ev.PhasesSwitched) == 0
    assert story.step.outputs.closed == 1


def fail(story: Story, how: str) -> None:
    """Let the change that is wished fail once."""
    before = story.count(ev.PhasesNotSwitched)
    story.answers = how != "asks"
    story.proved_open = how != "contact"
    story.until(lambda: story.count(ev.PhasesNotSwitched) > before, within_s=90.0)
    story.answers = story.proved_open = True


def tried_no_more(story: Story, closed: int) -> None:
    """Expect that nothing is tried until the plug is empty, and that all is possible then."""
    story.until(lambda: story.closed, within_s=10.0)
    story.events.clear()
    story.run(200.0)
    assert story.step.outputs.closed == closed
    assert not story.events
    story.car("A")
    story.run(17.0)
    story.charging()
    assert story.step.outputs.closed == (1 if closed == 3 else 3)


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("first", "second"), [("contact", "contact"), ("asks", "contact"), ("contact", "asks")]
)
def test_there_is_no_third_try_whatever_ended_the_two(first: str, second: str) -> None:
    story = charging(Switching.AUTO, ONE)
    story.wish = THREE

    fail(story, first)
    fail(story, second)

    tried_no_more(story, closed=1)


def test_a_contact_that_fails_only_at_the_second_proof_ends_the_stays_changes_all_the_same() -> (
    None
):
    """A change that was made in between does not forget the failure before it."""
    story = charging(Switching.AUTO, ONE)
    story.wish = THREE
    fail(story, "asks")
    story.until(lambda: story.count(ev.PhasesSwitched) == 1, within_s=40.0)
    story.until(lambda: story.closed, within_s=6.0)
    story.wish = ONE

    fail(story, "contact")

    tried_no_more(story, closed=3)


@pytest.mark.parametrize("shows_f", [False, True])
@pytest.mark.parametrize("after_s", [0.5, 3.0, 8.0, 14.0])
def test_a_change_that_is_taken_back_leaves_the_car_as_long_without_an_offer(
    after_s: float, *, shows_f: bool
) -> None:
    story = charging(Switching.DOWN, THREE, shows_f=shows_f)
    story.wish = ONE
    story.until(lambda: story.duty == 1.0, within_s=0.1)
    ended_at = story.now
    story.run(after_s)

    story.wish = THREE
    story.until(lambda: 0.0 < story.duty < 1.0, within_s=25.0)

    assert story.now - ended_at >= 15.0
    story.until(lambda: story.closed, within_s=6.0)
    assert story.step.outputs.closed == 3
    assert not story.count(ev.PhasesSwitched)


@pytest.mark.untraced
@pytest.mark.parametrize("seed", range(3))
def test_no_tick_has_two_sets_whatever_is_wished_and_however_often_the_board_is_lost(
    seed: int,
) -> None:
    random = Random(seed)
    story = charging(Switching.AUTO, THREE)
    closings = set()
    for _ in range(30):
        story.wish = random.choice([ONE, THREE, None])
        if random.random() < 0.2:
            story.evse.restart(story.now)
        for _ in range(random.choice([1, 20, 300, 1500])):
            before = story.step.outputs.closed
            story.run(0.02)
            after = story.step.outputs.closed
            assert after == before or 0 in (before, after)
            closings.add(after)

    assert closings == {0, 1, 3}


def test_a_car_that_goes_on_asking_keeps_the_set() -> None:
    story = charging(Switching.DOWN, THREE)
    story.answers = False
    story.wish = ONE

    story.run(70.0)

    assert story.count(ev.PhasesSwitched) == story.count(ev.PhasesNotSwitched) == 0
    story.until(lambda: story.count(ev.PhasesNotSwitched) == 1, within_s=10.0)


def test_a_fault_in_the_middle_ends_the_change() -> None:
    story = charging(Switching.DOWN, THREE)
    story.wish = ONE
    story.until(lambda: not story.closed, within_s=6.2)
    story.reported = {Fault.TEMPERATURE: "71 degrees"}

    story.run(20.0)

    assert story.count(ev.PhasesNotSwitched) == 1
    assert story.count(ev.PhasesSwitched) == 0


def test_a_wish_that_is_not_repeated_in_time_changes_nothing() -> None:
    story = charging(Switching.DOWN, THREE)
    story.wish = PhaseWish(1, story.now + 3.0)

    story.run(60.0)

    assert story.count(ev.PhasesSwitched) == 0
    assert story.step.outputs.closed == 3


@pytest.mark.parametrize("outputs", [-1, 0, 2, 4])
def test_a_set_that_is_none_of_the_two_is_refused(outputs: int) -> None:
    story = charging(Switching.AUTO, THREE)
    story.wish = PhaseWish(outputs, FOREVER)

    story.run(60.0)

    assert story.step.outputs.closed == 3
    assert not story.count(ev.PhasesSwitched)
