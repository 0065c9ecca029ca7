# SPDX-License-Identifier: GPL-3.0-or-later
"""pigpiod killed, frozen, slow, talking nonsense, restarted, robbed: each while a car charges.

In each case the contactor is open in time, and evsed comes back by itself, with the same two
processes, through at least 3 s of steady +12 V and a full close.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from tests.processes import stories
from tests.processes.rig import Rig, wait_until
from tests.processes.timeline import Timeline

SCRIPT_S = 0.150
PUMP_S = 0.200
LONGEST_WAIT_S = 5.0
"""The longest pause between two attempts to reach it."""
X1_S = 3.0 - 0.02  # the two ticks that put it on the wire may take differently long
CLOSE_AFTER_S = 0.5


@dataclass(frozen=True, slots=True)
class Trouble:
    """pigpiod in trouble from `at` to `over`; the processes before and after it."""

    at: float
    over: float
    timeline: Timeline
    before: list[int]
    after: list[int]
    words: str
    health: str


Order = Callable[[Rig], object]


def _order(name: str, **arguments: object) -> Order:
    return lambda rig: rig.pi.order(name, **arguments)


@dataclass(frozen=True, slots=True)
class Case:
    """A trouble: how it begins and how it ends; whether pigpiod can still open meanwhile."""

    begin: Order
    end: Order
    reachable: bool


def _nothing(_: Rig) -> None:
    """It is over by itself."""


CASES = {
    "killed": Case(_order("kill"), _order("revive"), reachable=False),
    "frozen": Case(_order("freeze", scripts=True), _order("thaw"), reachable=False),
    "frozen but for its scripts": Case(
        _order("freeze", scripts=False), _order("thaw"), reachable=True
    ),
    "late with every answer": Case(
        _order("slow", by_s=0.3), _order("slow", by_s=0.0), reachable=True
    ),
    "talking nonsense": Case(
        _order("garbage", answers=300), _order("garbage", answers=0), reachable=True
    ),
    "restarted": Case(_order("restart"), _nothing, reachable=True),
    "cut off": Case(_order("reset"), _nothing, reachable=True),
    "robbed of its PWM": Case(_order("steal_pwm"), _nothing, reachable=True),
}


def trouble(name: str, rig: Rig) -> Trouble:
    case = CASES[name]
    rig.charge()
    before = sorted(pid for pid, _ in rig.running())
    at = rig.now()
    case.begin(rig)

    def opened() -> bool:
        look = rig.pi.order("state")
        return not look["contacts_closed"] and look["contactor_pin"] == 0

    def parted() -> bool:
        return not rig.pi.order("state")["contacts_closed"]

    wait_until("the contactor is open", opened if case.reachable else parted)
    words = health = ""
    if not case.reachable:

        def faulted() -> str | None:
            status = rig.status()
            return status["summary"] if status and not status["board_ok"] else None

        words = wait_until("evsed says so", faulted) or ""
        health = rig.get("/healthz")
    over = rig.now()
    case.end(rig)
    rig.until_closed(over)
    timeline = rig.pi.timeline()
    assert timeline.closed_at(at)
    after = sorted(pid for pid, _ in rig.running())
    return Trouble(at, over, timeline, before, after, words, health)


# Made once, because a story runs once for all the tests that judge it.
TROUBLES = {name: partial(trouble, name) for name in CASES}

each = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=stories.of(story), id=name) for name, story in TROUBLES.items()],
)


@each
def test_the_coil_is_without_current_in_time(name: str, outcome: Trouble) -> None:
    in_trouble = [
        span for span in outcome.timeline.energised() if span.start <= outcome.at <= span.end
    ]

    assert len(in_trouble) == 1, name
    off = in_trouble[0].end
    # A read-back finds a theft within a second; the beats go on until then, so nothing is dead.
    assert off - outcome.timeline.last_beat(off) <= PUMP_S
    assert outcome.timeline.longest_unattended_s() <= PUMP_S


@each
def test_where_pigpiod_carries_out_anything_the_pin_is_low_in_time_too(
    name: str, outcome: Trouble
) -> None:
    if CASES[name].reachable:
        opened = outcome.timeline.openings(outcome.at)[0]

        assert opened - outcome.timeline.last_beat(opened) <= SCRIPT_S
    else:
        opened = outcome.timeline.openings(outcome.over)[0]
        beats = [edge for edge in outcome.timeline.pumped if outcome.over < edge < opened]

        assert len(beats) <= 1, "the pump ran again before the contactor was opened"
        assert outcome.words == "The board cannot be reached"
        assert outcome.health.startswith("503")


@each
def test_evsed_comes_back_by_itself_within_its_longest_pause(name: str, outcome: Trouble) -> None:
    back = next(beat for beat in outcome.timeline.beats if beat > outcome.over)

    # The pause, an attempt that was under way (1 s), and the one that succeeds.
    assert back - outcome.over <= LONGEST_WAIT_S + 2.0, name
    assert outcome.before == outcome.after


@each
def test_it_comes_back_through_3_s_of_steady_pilot_and_a_full_close(
    name: str, outcome: Trouble
) -> None:
    timeline = outcome.timeline
    opened = timeline.openings(outcome.at)[0]
    offered = timeline.offers(opened)[-1]
    steady_since = max(at for at, duty in timeline.pilot if duty == 1.0 and at < offered)
    closed = timeline.closings(opened)[-1]

    assert offered - steady_since >= X1_S, name
    assert closed - offered >= CLOSE_AFTER_S
