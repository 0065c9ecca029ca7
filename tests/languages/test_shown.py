# SPDX-License-Identifier: GPL-3.0-or-later
"""Every sentence that a charger shows can be translated, whatever happens to it."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from evsed.boards import InputsConfig
from evsed.core.box.light import LightState, describe
from evsed.core.energy.sessions import EndReason
from evsed.core.pilot.faults import Fault
from evsed.core.pilot.limits import Limit
from evsed.core.text import Text, text
from evsed.daemon.session_summary import ENDS
from evsed.link import Acknowledge, ReportedFaults, SetLimits, Tick, decode, encode
from evsed.sim.circuit import Diode
from tests.control.test_inputs import bench_with
from tests.daemon.daemon_world import NOON, life

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.daemon.daemon_world import World

SENTENCE = re.compile(r"[a-z]{2,}[ ,;:].*[a-z]{2,}")
"""A text of two words or more."""

NO_SENTENCES = {
    "controls.window": "a setting, as it was typed",
    "controls.plan": "a setting, as it was typed",
}
"""Fields that hold several words and are the same in each language, with the reason."""

NOT_YET: dict[str, str] = {}
"""Sentences of modules in which they cannot be translated yet; to become empty."""


def plain_sentences(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield each sentence in *value* that cannot be translated, with its place."""
    if isinstance(value, Text):
        for name, param in value.params.items():
            yield from plain_sentences(param, f"{at}{{{name}}}")
    elif isinstance(value, str):
        if SENTENCE.search(value) and at not in NO_SENTENCES and value not in NOT_YET:
            yield at, value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from plain_sentences(item, f"{at}[]")
    elif is_dataclass(value):
        for field in fields(value):
            name = f"{at}.{field.name}".lstrip(".")
            yield from plain_sentences(getattr(value, field.name), name)


WIRED = InputsConfig(
    ground_fault_gpio=16,
    emergency_stop_gpio=26,
    contactor_feedback_gpios=(24,),
    proximity_adc_channel=2,
)


class Stage:
    """A charger on made-up time: the bench, and the daemon's parts in front of it."""

    def __init__(self, world: World) -> None:
        self.bench = bench_with(WIRED)
        self.world = world
        self.limits = world.limits()
        self.found: dict[str, str] = {}
        self.summaries: set[str] = set()
        self._sent = 0

    def run(self, seconds: float, *, limited: bool = True) -> None:
        """Let *seconds* pass; each second is shown."""
        for _ in range(round(seconds)):
            now = self.bench.now
            wall = NOON + timedelta(seconds=now)
            if limited:
                self.bench.send(decode(encode(SetLimits(self.limits.update(now, wall)))))
            self.bench.run(1.0)
            events = tuple(each.event for each in self.bench.events[self._sent :])
            self._sent = len(self.bench.events)
            tick = decode(encode(Tick(self.bench.snapshot, events)))
            assert isinstance(tick, Tick)
            self.world.ticks.handle(tick, wall)
            status = self.world.status(self.bench.now)
            self.summaries.add(status.summary)
            self.found.update(plain_sentences(status))


def plugged(stage: Stage) -> None:
    stage.bench.plug_in()
    stage.bench.car.ask()
    stage.run(12)


def a_charge(stage: Stage) -> None:
    stage.run(2)
    stage.bench.plug_in()
    stage.run(6)
    stage.bench.car.ask()
    stage.run(8)
    stage.bench.car.stop_asking()
    stage.run(6)
    stage.bench.unplug()
    stage.run(3)


def a_daemon_that_is_silent(stage: Stage) -> None:
    plugged(stage)
    stage.run(8, limited=False)


def an_emergency_stop_and_a_leak(stage: Stage) -> None:
    plugged(stage)
    stage.bench.board.emergency_stop = True
    stage.run(3)
    stage.bench.board.emergency_stop = False
    stage.bench.board.ground_fault = True
    stage.run(3)
    stage.bench.board.ground_fault = False
    stage.bench.send(Acknowledge())
    stage.run(3)


def a_car_without_a_diode(stage: Stage) -> None:
    stage.bench.car.faults.diode = Diode.SHORTED
    plugged(stage)
    stage.bench.unplug()
    stage.run(4)


def a_car_that_wants_ventilation(stage: Stage) -> None:
    stage.bench.car.faults.wants_ventilation = True
    plugged(stage)


def a_cable_that_is_pulled_out_of_the_box(stage: Stage) -> None:
    plugged(stage)
    stage.bench.board.proximity_code = 1023
    stage.run(4)


def faults_that_the_daemon_finds(stage: Stage) -> None:
    plugged(stage)
    stage.bench.send(ReportedFaults({Fault.TEMPERATURE: text("too hot")}))
    stage.run(3)


STORIES = [
    a_charge,
    a_daemon_that_is_silent,
    an_emergency_stop_and_a_leak,
    a_car_without_a_diode,
    a_car_that_wants_ventilation,
    a_cable_that_is_pulled_out_of_the_box,
    faults_that_the_daemon_finds,
]


@pytest.mark.parametrize("story", STORIES)
async def test_a_charger_shows_no_sentence_that_cannot_be_translated(
    tmp_path: Path, story: Callable[[Stage], None]
) -> None:
    async with life(tmp_path) as world:
        stage = Stage(world)
        story(stage)
        assert stage.found == {}
        assert len(stage.summaries) > 2


def test_what_is_shown_of_each_fault_light_and_end_of_a_session_can_be_translated() -> None:
    shown = (
        [fault.kind for fault in Fault],
        [describe(state) for state in LightState],
        [ENDS[reason] for reason in EndReason if reason in ENDS],
    )
    assert dict(plain_sentences(shown)) == {}


def test_a_sentence_that_cannot_be_translated_is_found_wherever_it_stands() -> None:
    limit = Limit("feed", 9.0, why=text("{reason}; {note}", reason="no sun today", note=text("x")))
    assert dict(plain_sentences((limit, "kept it short", "C2", text("no car")))) == {
        "[].why{reason}": "no sun today",
        "[]": "kept it short",
    }
