# SPDX-License-Identifier: GPL-3.0-or-later
"""A car that stays in C after a disturbance of its pilot is shown F once."""

from __future__ import annotations

import pytest

from evsed.core.pilot import events as ev
from evsed.core.pilot.car_probe import CALM_AFTER_SHORT_S, CALM_S, CarRelease
from evsed.core.pilot.faults import Fault
from tests.core.pilot.story import Story


def shown(story: Story) -> list[str]:
    """The reasons of each F that was shown and is no fault."""
    return [event.why for event in story.events if isinstance(event, ev.StateFShown)]


@pytest.mark.parametrize(("shorted", "calm_s"), [(False, CALM_S), (True, CALM_AFTER_SHORT_S)])
def test_f_is_asked_for_once_after_a_calm_that_a_short_makes_longer(
    *, shorted: bool, calm_s: float
) -> None:
    release = CarRelease()

    asked = [
        release.update(float(second), disturbed=True, calm=True, shorted=shorted)
        for second in range(200)
    ]

    assert asked.index(True) == calm_s
    assert sum(asked) == 1


def test_a_reading_that_is_not_calm_begins_the_wait_again() -> None:
    release = CarRelease()

    for second in range(9):
        assert not release.update(float(second), disturbed=True, calm=True, shorted=False)
    assert not release.update(9.0, disturbed=True, calm=False, shorted=False)
    for second in range(10, 20):
        assert not release.update(float(second), disturbed=True, calm=True, shorted=False)
    assert release.update(20.0, disturbed=True, calm=True, shorted=False)


def test_the_next_disturbance_is_answered_as_the_first_was() -> None:
    release = CarRelease()
    for first_s in (0.0, 100.0):
        assert not release.update(first_s, disturbed=True, calm=True, shorted=False)
        assert release.update(first_s + CALM_S, disturbed=True, calm=True, shorted=False)
        assert not release.update(first_s + 50.0, disturbed=False, calm=True, shorted=False)


def test_a_car_that_stays_in_c_after_a_short_of_its_pilot_is_shown_f_and_charges_again() -> None:
    story = Story().charging()
    story.car("E")
    story.run(0.5)
    assert Fault.PILOT in story.evse.faults
    story.car("C")
    story.run(CALM_AFTER_SHORT_S - 1.0)
    assert not shown(story)
    story.run(2.0)
    assert shown(story) == ["the car stays in C after a disturbance of the pilot"]
    assert story.duty == 0.0

    story.car("B")
    story.run(45.0)
    story.car("C")
    story.until(lambda: story.closed, within_s=3.0)
