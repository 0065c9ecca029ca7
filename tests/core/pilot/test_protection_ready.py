# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine waits for the box: it asks for the tests, and closes when they are through."""

from __future__ import annotations

from evsed.core.pilot import events as ev
from evsed.core.pilot.evse_values import Step
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.protection import Inputs, Moment, Protection
from tests.core.pilot.story import TICK_S, Story


class GuardedStory(Story):
    """A story in a box with a mirror contact; the contact follows `contact` (None: the command)."""

    def __init__(self) -> None:
        self.protection = Protection(0.0, ground_testable=False)
        self.contact: bool | None = None
        self.pumped = True
        super().__init__()

    def run(self, for_s: float) -> Step:
        for _ in range(round(for_s / TICK_S)):
            moment = Moment(
                closed=self.closed,
                closing=self.step.closing,
                plugged=self.evse.plugged,
                offered_a=16.0,
            )
            contact = (self.closed and self.pumped) if self.contact is None else self.contact
            guard = self.protection.update(self.now, Inputs(contactor_feedback=(contact,)), moment)
            self.reported, self.ready, self.pumped = dict(guard.faults), guard.ready, guard.pump
            super().run(TICK_S)
        return self.step


def test_until_the_box_is_ready_the_state_machine_asks_and_does_not_close() -> None:
    story = Story()
    story.run(1)
    story.car("B")
    story.run(4)
    story.car("C")
    story.ready = False
    story.run(2)
    assert not story.closed
    assert story.step.closing
    assert story.evse.cycles == 0
    story.ready = True

    story.run(TICK_S)

    assert story.closed
    assert not story.step.closing


def test_a_closing_goes_through_the_test_of_the_pump() -> None:
    story = GuardedStory()
    story.charging()
    story.run(5)

    assert story.count(ev.ContactorClosed) == 1
    assert not story.step.faults


def test_contacts_that_never_open_keep_everything_off() -> None:
    story = GuardedStory()
    story.contact = True
    story.run(1)
    story.car("C")
    story.run(10)

    assert Fault.CONTACTOR in story.step.faults
    assert story.count(ev.ContactorClosed) == 0
