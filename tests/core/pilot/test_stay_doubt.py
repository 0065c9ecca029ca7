# SPDX-License-Identifier: GPL-3.0-or-later
"""A row of stays that end straight from C is no car's; a few of them, or one with a charge, is."""

from __future__ import annotations

import pytest

from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.stay_doubt import ENDS, FIRST_S, LONGEST_S, WITHIN_S, StayDoubt
from tests.core.pilot.story import Story


def pulled(story: Story, *, after_s: float = 2.0) -> None:
    """A stay of a car that is pulled in C, with the contactor closed."""
    story.charging()
    story.run(after_s)
    story.car("A")
    story.run(1.0)


def test_three_plugs_pulled_in_c_within_an_hour_are_a_fault_that_names_the_sensor() -> None:
    story = Story()
    for _ in range(2):
        pulled(story)
    assert not story.step.faults
    pulled(story)

    assert "the sensor fails" in story.step.faults[Fault.PILOT]


def test_the_fault_ends_after_a_minute_of_a_without_a_break() -> None:
    story = Story()
    for _ in range(3):
        pulled(story)
    story.run(50)
    story.car("B")
    story.run(1)
    story.car("A")
    story.run(58)
    assert Fault.PILOT in story.step.faults
    story.run(3)
    assert not story.step.faults
    story.run(30)  # the hold-off after each pilot fault

    story.charging()


def test_the_next_pulled_plug_within_the_hour_is_a_fault_of_two_minutes() -> None:
    story = Story()
    for _ in range(3):
        pulled(story)
    story.run(95)
    pulled(story)
    story.run(115)
    assert Fault.PILOT in story.step.faults
    story.run(10)

    assert not story.step.faults


@pytest.mark.parametrize("between", ["B", "E"])
def test_a_plug_pulled_out_of_b_or_with_a_short_between_is_never_doubted(between: str) -> None:
    story = Story()
    for _ in range(3):
        story.charging()
        story.run(2)
        story.car(between)
        story.run(0.06)
        story.car("A")
        story.run(35)

    assert not story.step.faults
    assert story.evse.fault_rules.stays.steady_s == 0.0


def test_a_charge_of_two_minutes_starts_the_count_again() -> None:
    story = Story()
    for after_s in (2.0, 2.0, 130.0, 2.0, 2.0):
        pulled(story, after_s=after_s)

    assert not story.step.faults
    assert story.count(ev.FaultRaised) == 0


def test_a_wait_for_steadiness_doubles_up_to_an_hour_and_a_good_charge_ends_that() -> None:
    doubt, now, waits = StayDoubt(), 0.0, []
    for _ in range(ENDS + 8):
        now += 1.0
        doubt.on_unplugged(now, live=True, lasted=False)
        waits.append(doubt.steady_s)
        doubt.on_steady()
    assert waits[: ENDS - 1] == [0.0] * (ENDS - 1)
    assert waits[ENDS - 1 :][:3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]
    assert waits[-1] == LONGEST_S
    doubt.on_unplugged(now, live=True, lasted=True)
    for _ in range(ENDS):
        doubt.on_unplugged(now, live=True, lasted=False)

    assert doubt.steady_s == FIRST_S


def test_what_goes_on_during_the_doubt_does_not_lengthen_it_and_old_ends_do_not_count() -> None:
    doubt = StayDoubt()
    for at in (0.0, 10.0, WITHIN_S, WITHIN_S + 1.0):
        doubt.on_unplugged(at, live=True, lasted=False)
    assert doubt.steady_s == FIRST_S  # 10 s, and the last two
    assert "60 s" in doubt.describe()
    doubt.on_unplugged(WITHIN_S + 2.0, live=True, lasted=False)

    assert doubt.steady_s == FIRST_S
    doubt.on_steady()
    assert doubt.describe() == ""
