# SPDX-License-Identifier: GPL-3.0-or-later
"""A story fails for what evsed did, and is played again where the machine stood still in it."""

from __future__ import annotations

import pytest

from tests.processes.rig import Rig
from tests.processes.stories import ATTEMPTS, StalledError, Stories
from tests.processes.timeline import STALL_S, STARTING_S, Timeline


def beats(*gaps_s: float) -> Timeline:
    """A timeline of beats so far apart."""
    at = 0.0
    happened = [(at, "script", -1, 0.0)]
    for gap_s in gaps_s:
        at += gap_s
        happened.append((at, "script", -1, 0.0))
    return Timeline(tuple(happened), at)


def test_a_machine_that_runs_beats_every_20_ms_and_rests_between_two_lives() -> None:
    assert beats(0.020, 0.025, STARTING_S + 0.1, 0.020).stalls() == []


def test_a_late_beat_says_that_the_machine_stood_still() -> None:
    assert beats(0.020, STALL_S + 0.001, 0.020).stalls() == [0.020 + STALL_S + 0.001]


def test_a_late_step_of_the_simulator_says_that_the_machine_stood_still() -> None:
    assert Timeline(((0.5, "stall", -1, 0.1),), 1.0).stalls() == [0.5]


def test_evsed_answers_for_all_that_is_not_beside_a_stall() -> None:
    timeline = Timeline(((5.0, "stall", -1, 0.1),), 9.0)
    assert timeline.of_evsed([4.4, 4.6, 5.4, 5.6]) == [4.4, 5.6]


def test_a_story_in_which_the_machine_stood_still_is_played_again() -> None:
    attempts: list[Rig] = []

    def story(rig: Rig) -> int:
        attempts.append(rig)
        if len(attempts) == 1:
            raise StalledError("as the test has it")
        return len(attempts)

    stories = Stories([story])
    with pytest.raises(StalledError):
        stories.outcome(story)
    assert stories.again(story)
    assert stories.outcome(story) == 2
    stories.close()


def test_a_story_that_fails_in_every_attempt_has_failed() -> None:
    def story(_: Rig) -> None:
        raise StalledError("as the test has it")

    stories = Stories([story])
    with pytest.raises(StalledError):
        stories.outcome(story)
    assert [stories.again(story) for _ in range(ATTEMPTS)] == [True] * (ATTEMPTS - 1) + [False]
    stories.close()
