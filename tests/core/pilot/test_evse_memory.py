# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine takes over what earlier lives have kept, and faults found outside of it."""

from __future__ import annotations

import pytest

from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.j1772 import NOT_AVAILABLE
from tests.core.pilot.story import TICK_S, Story


def test_a_fault_that_is_remembered_late_blocks_the_offer_until_the_owner_acknowledges() -> None:
    story = Story()
    story.run(3)
    story.evse.remember(story.now, {Fault.GROUND: "tripped"}, front_end_proved=True, hold_off_s=0.0)
    story.car("B")
    story.run(10)
    assert story.evse.faults == {Fault.GROUND: "tripped"}
    assert not 0.0 < story.duty < 1.0
    story.evse.acknowledge(story.now)

    story.until(lambda: 0.0 < story.duty < 1.0, within_s=5)


@pytest.mark.parametrize("proved", [False, True])
def test_a_proof_of_the_front_end_that_is_remembered_late_serves_a_car_that_is_plugged_in(
    proved: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    story = Story(EvseConfig(front_end_proved=False), state="B")
    story.run(4)
    assert "unplug" in story.step.blocked
    story.evse.remember(story.now, {}, front_end_proved=proved, hold_off_s=0.0)
    story.run(5)

    assert (0.0 < story.duty < 1.0) is proved


def test_a_proof_of_this_life_outlasts_a_memory_without_one() -> None:
    story = Story(EvseConfig(front_end_proved=False))
    story.run(3)
    story.evse.remember(story.now, {}, front_end_proved=False, hold_off_s=0.0)

    assert story.evse.front_end_proved


def test_a_hold_off_that_is_remembered_late_delays_the_offer() -> None:
    story = Story()
    story.run(3)
    story.evse.remember(story.now, {}, front_end_proved=True, hold_off_s=30.0)
    story.car("B")

    assert story.until(lambda: 0.0 < story.duty < 1.0, within_s=31) == pytest.approx(30, abs=0.1)


def test_a_hold_off_that_is_shorter_than_the_one_that_stands_changes_nothing() -> None:
    story = Story(EvseConfig(front_end_proved=True, hold_off_s=30.0))
    story.run(3)
    story.evse.remember(story.now, {}, front_end_proved=True, hold_off_s=5.0)
    story.car("B")

    assert story.until(lambda: 0.0 < story.duty < 1.0, within_s=31) == pytest.approx(27, abs=0.1)


def test_a_fault_that_is_latched_from_outside_opens_the_contactor_shows_f_and_stays() -> None:
    story = Story().charging()
    raised = story.evse.latch(story.now, Fault.CONTACTOR, "current flows with the board lost")
    assert raised == (
        ev.FaultRaised(story.now, Fault.CONTACTOR.value, "current flows with the board lost"),
    )
    assert story.evse.latch(story.now, Fault.CONTACTOR, "again") == ()
    story.run(TICK_S)
    assert not story.closed
    assert story.duty == NOT_AVAILABLE
    story.car("A")
    story.run(60)

    assert story.step.faults == {Fault.CONTACTOR: "current flows with the board lost"}
