# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pi's wall clock in 1970, in 2038, and back and forth while a car charges.

The whole process has the wrong clock (`wrong_clock/sitecustomize.py`); monotonic time goes on.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evsed.core.energy.history import TraceRow
from evsed.store import Store
from evsed.store.reading import StoreReader
from tests.processes import stories
from tests.processes.rig import ROOT, Rig, wait_until
from tests.processes.timeline import Timeline

WRONG = ROOT / "tests" / "processes" / "wrong_clock"
HOUR_S = 3600.0
BEATS = 40  # between two jumps: four fifths of a second
A_SECOND_WH = 16 * 230 / 3600


@dataclass(frozen=True, slots=True)
class Jumped:
    """A charge under a wrong clock that jumped between `at` and `until`, and its records."""

    at: float
    until: float
    timeline: Timeline
    shown: list[int]
    flowed_wh: float
    total_wh: float
    sessions: list[tuple[float, bool]]
    energy_log: list[str]
    traced: list[TraceRow]
    code: int


def seconds_to(year: int, month: int = 1) -> float:
    return (datetime(year, month, 1, tzinfo=UTC) - datetime.now(UTC)).total_seconds()


def clock_jumps(rig: Rig) -> Jumped:
    clock = rig.folder / "clock"
    set_clock(clock, seconds_to(1970) + HOUR_S)
    rig.charge(PYTHONPATH=str(WRONG), WRONG_CLOCK=str(clock))
    at = rig.now()
    shown = []
    offsets = [
        seconds_to(2038, 2),  # after the last second that 32 bits can count
        0.0,
        HOUR_S,
        0.0,
        seconds_to(1970),
        seconds_to(2038, 2),
    ]
    for offset_s in offsets:
        set_clock(clock, offset_s)
        rig.until_beats(BEATS, rig.now())
        status = rig.status() or {}
        shown.append(int(str(status["at"])[:4]))
    until = rig.now()
    rig.pi.order("unplug")
    wait_until("it is noticed", lambda: not (rig.status() or {})["session"]["active"])
    timeline = rig.pi.timeline()
    assert timeline.closed_at(at)
    flowed = timeline.flowed_wh()
    rig.life().signal(signal.SIGTERM)
    code = rig.life().ended()
    store = Store(rig.folder / "evsed.db")
    try:
        reader = StoreReader(rig.folder / "evsed.db")
        sessions = [(session.energy_wh, session.ended is not None) for session in reader.sessions()]
        days = [reader.day(day, []) for day in reader.days()]
        traced = [row for day in days if day is not None for row in day.rows]
        total_wh = store.load().total_wh
    finally:
        store.close()
    log = (rig.folder / "log" / "energy.log").read_text().splitlines()
    return Jumped(at, until, timeline, shown, flowed, total_wh, sessions, log, traced, code)


def set_clock(path: Path, offset_s: float) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(str(offset_s))
    fresh.replace(path)


@stories.of(clock_jumps)
def test_a_clock_that_jumps_while_charging_moves_nothing_on_the_wires(outcome: Jumped) -> None:
    now = time.gmtime().tm_year

    assert outcome.shown == [2038, now, now, now, 1970, 2038], "the clock was not wrong at all"
    assert [at for at in outcome.timeline.openings(outcome.at) if at < outcome.until] == []
    assert [at for at, _ in outcome.timeline.pilot if outcome.at < at < outcome.until] == []


@stories.of(clock_jumps)
def test_a_clock_that_jumps_loses_no_energy_and_no_record(outcome: Jumped) -> None:
    assert abs(outcome.total_wh - outcome.flowed_wh) <= A_SECOND_WH
    ((energy_wh, ended),) = outcome.sessions
    assert abs(energy_wh - outcome.flowed_wh) <= A_SECOND_WH
    assert ended
    assert len(outcome.energy_log) == 1
    assert outcome.code == 0


@stories.of(clock_jumps)
def test_a_clock_that_jumps_leaves_a_history_of_as_much_time_and_energy_as_there_was(
    outcome: Jumped,
) -> None:
    covered_s = sum(row.covered_s for row in outcome.traced)
    energy_wh = sum(row.power_w * row.covered_s for row in outcome.traced) / HOUR_S

    assert covered_s >= outcome.until - outcome.at - 1
    assert len(outcome.traced) <= covered_s / 60 + 2
    assert abs(energy_wh - outcome.flowed_wh) <= 2 * A_SECOND_WH
