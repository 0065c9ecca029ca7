# SPDX-License-Identifier: GPL-3.0-or-later
"""A reading that wanders between B and C on an empty plug, and never shows A.

A receiver whose tap leaks now and then, or a joint whose resistance changes, may read an empty plug
at any level of B and C. It must close nothing. One that flips between a B and a C that a car might
have is no single part; its closings are few, and it is found.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest

from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit
from tests.core.pilot.story import TICK_S, Story

Reading = Callable[[float], float]
"""The volts of a reading, so many seconds after it began to fail."""


def swing(high_v: float, low_v: float, period_s: float) -> Reading:
    middle_v, half_v = (high_v + low_v) / 2, (high_v - low_v) / 2
    return lambda since_s: middle_v + half_v * math.cos(2 * math.pi * since_s / period_s)


def sink(high_v: float, low_v: float, period_s: float) -> Reading:
    return lambda since_s: high_v - (high_v - low_v) * (since_s / period_s % 1.0)


def flip(high_v: float, low_v: float, period_s: float) -> Reading:
    return lambda since_s: high_v if since_s / period_s % 1.0 < 0.5 else low_v


def stray(levels_v: tuple[float, float], dwell_s: float, seed: int) -> Reading:
    """Any level between the two, each for about so long."""
    rng, until_s, level_v = Random(seed), 0.0, levels_v[1]

    def read(since_s: float) -> float:
        nonlocal until_s, level_v
        if since_s >= until_s:
            until_s, level_v = since_s + rng.expovariate(1 / dwell_s), rng.uniform(*levels_v)
        return level_v

    return read


def wander(story: Story, reading: Reading, for_s: float) -> None:
    """Let the empty plug read as *reading* says."""
    began_at = story.now
    while story.now - began_at < for_s:
        story.car(reading(story.now - began_at))
        story.run(TICK_S)


WANDERING = {
    f"{kind.__name__} from {high_v} to {low_v} V in {period_s} s": kind(high_v, low_v, period_s)
    for kind in (swing, sink, flip)
    for high_v, low_v, period_s in ((8.2, 6.8, 4.0), (8.4, 7.1, 12.0))
} | {
    "swing from 9.0 to 6.0 V in 0.5 s": swing(9.0, 6.0, 0.5),
    "swing from 9.0 to 6.0 V in 20.0 s": swing(9.0, 6.0, 20.0),
    "sink from 9.9 to 5.0 V in 40.0 s": sink(9.9, 5.0, 40.0),
}


@pytest.mark.parametrize("name", WANDERING)
def test_a_reading_that_drifts_or_flickers_between_b_and_c_closes_nothing(name: str) -> None:
    story = Story()
    story.run(2.0)
    wander(story, WANDERING[name], 40.0)

    assert story.count(ev.ContactorClosed) == 0


@pytest.mark.parametrize("name", list(WANDERING)[::2])
def test_after_a_car_that_was_pulled_it_opens_with_the_first_b_and_closes_nothing(
    name: str,
) -> None:
    reading = WANDERING[name]
    story = Story()
    story.charging(6.0)
    wander(story, reading, 0.1)
    assert not story.closed
    wander(story, reading, 40.0)

    assert story.count(ev.ContactorClosed) == 1


@pytest.mark.parametrize(("dwell_s", "seed"), [(0.3, 1), (3.0, 2), (15.0, 3)])
def test_levels_at_random_close_next_to_nothing(dwell_s: float, seed: int) -> None:
    story = Story()
    story.run(2.0)
    wander(story, stray((5.0, 9.9), dwell_s, seed), 120.0)

    assert story.count(ev.ContactorClosed) <= 1


@pytest.mark.untraced
@pytest.mark.parametrize("dwell_s", [3.0, 20.0])
def test_two_levels_of_a_car_at_random_are_found_where_they_ask_without_an_offer(
    dwell_s: float,
) -> None:
    """The wear limits pause it, the sun may go; either shows that it asks whatever is offered."""
    rng, until_at, level_v = Random(5), 0.0, 9.0
    story = Story()

    def read(_: float) -> float:
        nonlocal until_at, level_v
        if story.now >= until_at:
            until_at, level_v = story.now + rng.expovariate(1 / dwell_s), 15.0 - level_v
        return level_v

    story.run(2.0)
    wander(story, read, 60.0)
    story.limit = Limit("feed", 0.0)
    wander(story, read, 10 * dwell_s + 20.0)
    assert "without an offer" in story.step.faults[Fault.PILOT]
    before = story.count(ev.ContactorClosed)
    story.limit = Limit("feed", 16.0)
    wander(story, read, 120.0)

    assert story.count(ev.ContactorClosed) == before <= 5


def test_a_car_that_still_asks_as_the_offer_ends_is_never_doubted() -> None:
    """Some seconds late, three times, and then it charges."""
    story = Story()
    story.run(1.0)
    story.car("B")
    for _ in range(4):
        story.limit = Limit("feed", 16.0)
        story.run(4.0)
        story.limit = Limit("feed", 0.0)
        story.run(8.0)
        story.car("C")
        story.run(1.0)
        story.car("B")
        story.run(5.0)

    assert story.count(ev.FaultRaised) == 0


@pytest.mark.parametrize(
    ("b_ohm_v", "c_ohm_v"), [(8.06, 6.04), (8.06, 4.99), (9.99, 6.99), (9.99, 5.58), (7.99, 6.0)]
)
def test_every_car_of_the_standard_makes_the_step(b_ohm_v: float, c_ohm_v: float) -> None:
    """The corners of IEC 61851-1 Table A.3, and a code under the lowest B."""
    story = Story()
    story.wire = type(story.wire)(seed=4, noise_v=0.1)
    story.run(1.0)
    story.car(max(b_ohm_v, 8.02))
    story.run(6.0)
    story.car(c_ohm_v)
    story.run(1.5)

    assert story.closed
