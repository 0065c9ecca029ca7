# SPDX-License-Identifier: GPL-3.0-or-later
"""Phases are switched by the real daemon and control process, and either is killed in the middle.

What is asserted is in the stamps of the simulated Pi: when each contactor's pin was high.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from evsed.core.pilot.phase_set import REST_S
from evsed.sim.world import THREE_PHASES
from tests.frontends.ocpp.central import CentralSystem
from tests.processes import stories
from tests.processes.rig import Rig, wait_until
from tests.sources.devices import served

if TYPE_CHECKING:
    from tests.processes.timeline import Span, Timeline

RICH_W, POOR_W = 12_000.0, 2_500.0  # enough for three phases, and for one alone
FEED = """
[feed]
kind = "http"
url = "{url}/grid"
period_s = 1.0
grid_w = {{ path = "power" }}
[surplus]
loan_wh = 3.0
[contactor]
switching = "auto"
[inputs]
contactor_feedback_gpios = {feedbacks}
"""
TOGETHER_S = 0.01  # one command of pigpiod for each contactor, one after the other
NEARLY_S = 0.1
"""The rest is counted in ticks and on another clock than the simulator's stamps."""


@dataclass
class House:
    """A meter at the grid: what the car takes less than the sun flows out."""

    rig: Rig
    sun_w: float
    drawn_w: float = 0.0

    async def answer(self, _: web.Request) -> web.Response:
        """Answer as the meter does."""
        return web.json_response({"power": self.drawn_w - self.sun_w})

    def until(self, what: str, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until the status meets *condition*, with the meter following the car."""

        def seen() -> dict[str, Any] | None:
            self.drawn_w = self.rig.pi.order("state")["drawn_w"]
            status = self.rig.status()
            return status if status and status["phase_set"] and condition(status) else None

        return wait_until(what, seen) or {}


@contextmanager
def house(rig: Rig, sun_w: float) -> Iterator[House]:
    """Three contactors with mirror contacts, a car with three phases, and this sun."""
    house = House(rig, sun_w)
    rig.pi.order("model", phases=3)
    with served(house.answer) as url:
        settings = rig.settings.read_text().replace("[supply]", "[supply]\nphases = 3")
        settings = settings.replace(
            "[board.pigpio]", f"[board.pigpio]\ncontactor_gpios = {list(THREE_PHASES.contactors)}"
        )
        fixed = '[feed]\nkind = "fixed"\ncurrent_a = 16.0\n'
        assert fixed in settings
        feed = FEED.format(url=url, feedbacks=list(THREE_PHASES.feedbacks))
        rig.settings.write_text(settings.replace(fixed, feed))
        yield house


def charges_on(phases: int) -> Callable[[dict[str, Any]], bool]:
    """A condition: the car takes current on so many phases."""
    return lambda now: (
        now["contactor_closed"]
        and now["phase_set"]["closes"] == phases
        and now["phase_set"]["switching_to"] is None
        and now["drawn_a"] > 0
    )


def running(now: dict[str, Any]) -> set[str]:
    """The parts that run under the supervisor."""
    return {part["name"] for part in now["parts"] if part["state"] == "running"}


def rests(now: dict[str, Any]) -> bool:
    """A condition: all is open for a change of the set."""
    return now["phase_set"]["switching_to"] is not None and not now["contactor_closed"]


def kill_both(rig: Rig) -> float:
    """SIGKILL to daemon and control process; the moment."""
    control = rig.life().control_pid()
    at = rig.now()
    for pid in (rig.life().pid, control):
        os.kill(pid, signal.SIGKILL)
    rig.life().ended()
    rig.until_nothing_runs()
    return at


def nothing_driven(timeline: Timeline, at: float) -> bool:
    """True where no contactor was driven at *at*."""
    return not any(
        span.start <= at < span.end for spans in timeline.phase_spans() for span in spans
    )


def closings(timeline: Timeline) -> list[tuple[Span, int]]:
    """Each closing, and how many phases closed at once.

    A machine that stalls opens the contactors as it should, and closes the same set again.
    """
    single, *others = timeline.phase_spans()
    found = [
        (span, 1 + sum(any(together(span, other) for other in spans) for spans in others))
        for span in single
    ]
    for spans in others:
        assert all(any(together(first, span) for first in single) for span in spans)
    return found


def together(span: Span, other: Span) -> bool:
    """True where both began at once."""
    return abs(span.start - other.start) < TOGETHER_S


@dataclass(frozen=True)
class Story:
    """The wires' events; `killed_at` and `again_at` are the crash and the next life's start."""

    timeline: Timeline
    killed_at: float
    again_at: float


def charge_on_three(rig: Rig, home: House) -> None:
    """A car that charges on three phases."""
    rig.start()
    home.until("all phases are chosen", lambda now: now["phase_set"]["closes"] == 3)
    rig.pi.order("plug")
    home.until("it charges on three phases", charges_on(3))


def charge_on_three_then_shade(rig: Rig, home: House) -> None:
    """A car that charges on three phases, and then less sun."""
    charge_on_three(rig, home)
    home.sun_w = POOR_W


def killed_on_the_way_down_then_up(rig: Rig) -> Story:
    """A crash while all is open for one phase; another life with the same car, and `fast`."""
    with house(rig, RICH_W) as home:
        charge_on_three_then_shade(rig, home)
        home.until("all is open", rests)
        killed_at = kill_both(rig)
        again_at = rig.now()
        rig.start()
        home.until("it charges on one phase", charges_on(1))
        assert rig.evsed("set", "mode=fast").code == 0
        home.until("it charges on three phases", charges_on(3))
        return Story(rig.pi.timeline(), killed_at, again_at)


def down_then_killed_on_the_way_up(rig: Rig) -> Story:
    """One phase for three, a restart, `fast`, a crash while all is open, and another life."""
    with house(rig, RICH_W) as home:
        charge_on_three_then_shade(rig, home)
        home.until("it charges on one phase", charges_on(1))
        rig.life().signal(signal.SIGTERM)
        rig.life().ended()
        rig.until_nothing_runs()
        rig.start()
        home.until("it charges on one phase again", charges_on(1))
        assert rig.evsed("set", "mode=fast").code == 0
        home.until("all is open", rests)
        killed_at = kill_both(rig)
        again_at = rig.now()
        rig.start()
        status = home.until("it charges on three phases", charges_on(3))
        assert not status["faults"]
        return Story(rig.pi.timeline(), killed_at, again_at)


@pytest.mark.long
@stories.of(killed_on_the_way_down_then_up)
def test_a_crash_on_the_way_down_leaves_all_open_and_the_next_life_begins_on_one_phase(
    outcome: Story,
) -> None:
    timeline = outcome.timeline
    single, two, _ = timeline.phase_spans()

    assert nothing_driven(timeline, outcome.killed_at)
    assert nothing_driven(timeline, outcome.again_at)
    first = min(span.start for span in single if span.start > outcome.again_at)
    assert min(span.start for span in two if span.start > outcome.again_at) - first > REST_S


@pytest.mark.long
@stories.of(down_then_killed_on_the_way_up)
def test_a_crash_on_the_way_up_leaves_all_open_and_the_next_life_rests_in_full(
    outcome: Story,
) -> None:
    timeline = outcome.timeline
    _, two, _ = timeline.phase_spans()

    assert nothing_driven(timeline, outcome.killed_at)
    assert nothing_driven(timeline, outcome.again_at)
    assert two[-1].start - outcome.again_at >= REST_S - NEARLY_S


@pytest.mark.parametrize(
    "told_of",
    [
        pytest.param(story, marks=stories.of(story), id=story.__name__)
        for story in (killed_on_the_way_down_then_up, down_then_killed_on_the_way_up)
    ],
)
def test_between_two_sets_all_is_open_for_fifteen_seconds_and_each_closes_at_once(
    outcome: Story, told_of: object
) -> None:
    del told_of
    timeline = outcome.timeline
    found = closings(timeline)

    assert [phases for phases, _ in groupby(phases for _, phases in found)] == [3, 1, 3]
    for (before, were), (after, phases) in pairwise(found):
        if were != phases:
            assert after.start - before.end >= REST_S - NEARLY_S
    assert all(0.0 < timeline.duty_at(span.start) < 1.0 for span, _ in found)


def test_the_last_days_are_read_by_a_part_of_their_own_that_cannot_end_a_charge(rig: Rig) -> None:
    with house(rig, RICH_W) as home:
        rig.start()
        home.until("the last days are read", lambda now: "usual sun" in running(now))


@pytest.mark.long
def test_a_central_system_that_allows_one_phase_has_it_by_the_whole_sequence(rig: Rig) -> None:
    period = {"startPeriod": 0, "limit": 16.0, "numberPhases": 1}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
    }

    async def story(home: House) -> None:
        async with CentralSystem() as central:
            settings = rig.settings.read_text()
            rig.settings.write_text(f'{settings}\n[ocpp]\nurl = "{central.url}"\n')
            await asyncio.to_thread(charge_on_three, rig, home)
            key = "ConnectorSwitch3to1PhaseSupported"
            answer = await central.call("GetConfiguration", key=[key])
            assert answer["configurationKey"][0]["value"] == "true"
            sent = {"connectorId": 1, "csChargingProfiles": profile}
            assert await central.status_of("SetChargingProfile", **sent) == "Accepted"
            await asyncio.to_thread(home.until, "it charges on one phase", charges_on(1))
            await asyncio.to_thread(
                home.until, "16 A on it", lambda now: now["offered_a"] > 15.5 and not now["faults"]
            )
            assert central.invalid == []

    with house(rig, RICH_W) as home:
        asyncio.run(story(home))
    found = closings(rig.pi.timeline())
    assert [phases for phases, _ in groupby(phases for _, phases in found)] == [3, 1]
    for (before, were), (after, phases) in pairwise(found):
        if were != phases:
            assert after.start - before.end >= REST_S - NEARLY_S
