# SPDX-License-Identifier: GPL-3.0-or-later
"""A part that has failed in a charge, and then an event that a process meets."""

from __future__ import annotations

from itertools import product

import pytest

from tests.boards.single_parts.stories import EVENTS, LIVE_WITHIN_S, PARTS, event_outcome

FAILED = [part for part in PARTS if part != "weld"]
# pigpiod killed, and the pump stuck: see "What is left" in SAFETY.md.
BOTH_GONE = ("pigpio", "pump", "struck as it is pulled")
STORIES = [
    story
    for story in (
        *product(["pigpio"], FAILED, EVENTS),
        ("kernel", "pump", "struck as it is pulled"),
        ("kernel", "pump", "killed as it is pulled"),
    )
    if story != BOTH_GONE
]


@pytest.mark.parametrize(("pi", "part", "event"), STORIES)
def test_a_part_that_has_failed_and_an_event_leave_no_empty_plug_live_for_300_ms(
    pi: str, part: str, event: str
) -> None:
    story = event_outcome(pi, part, event, mirror=pi == "kernel")

    assert story.live_s <= LIVE_WITHIN_S
    assert not story.live_at_end


def test_a_stuck_pump_and_a_dead_pigpiod_end_when_pigpiod_is_back() -> None:
    assert not event_outcome(*BOTH_GONE, mirror=False).live_at_end
