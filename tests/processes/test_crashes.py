# SPDX-License-Identifier: GPL-3.0-or-later
"""After a crash the contactor stays open for a while; after three within an hour, for good."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evsed.store import Store
from tests.processes import stories
from tests.processes.rig import Rig, wait_until
from tests.processes.timeline import Timeline

OPEN_AFTER_CRASH_S = 10.0
BEATS_OF_A_CHARGE = 350
"""7 s of ticks: a life without a fault has closed the contactor after 4 of them."""


def boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def noted_closed(rig: Rig) -> bool:
    """True where the database says that the contactor is closed."""
    store = Store(rig.folder / "evsed.db")
    try:
        return store.get("contactor_closed_in_boot") == boot()
    finally:
        store.close()


def crash(rig: Rig) -> None:
    """SIGKILL to daemon and control process while the contactor is closed."""
    daemon = rig.life()
    control = daemon.control_pid()
    wait_until("it is noted that the contactor is closed", lambda: noted_closed(rig))
    at = rig.now()
    for pid in (daemon.pid, control):
        os.kill(pid, signal.SIGKILL)
    daemon.ended()
    rig.until_nothing_runs()
    assert rig.pi.timeline().closed_at(at)


def crashed_twice_before(rig: Rig) -> None:
    """The traces of two crashes earlier in this hour in the database."""
    store = Store(rig.folder / "evsed.db")
    try:
        for _ in range(2):
            store.note_contactor(boot(), closed=True)
            store.begin_life(boot(), time.monotonic())
    finally:
        store.close()


def stop_in_peace(rig: Rig) -> int:
    rig.life().signal(signal.SIGTERM)
    return rig.life().ended()


@dataclass(frozen=True, slots=True)
class AfterCrash:
    """A life that began at `started` after a crash, and closed the contactor at `closed`."""

    started: float
    closed: float
    timeline: Timeline


def one_crash(rig: Rig) -> AfterCrash:
    rig.charge()
    crash(rig)
    started = rig.start().started_at
    closed = rig.until_closed(started)
    return AfterCrash(started, closed, rig.pi.timeline())


@pytest.mark.long
@stories.of(one_crash)
def test_after_a_crash_while_charging_the_contactor_stays_open_for_ten_seconds(
    outcome: AfterCrash,
) -> None:
    first_beat = outcome.timeline.beats_since(outcome.started)[0]

    assert outcome.closed - outcome.started >= OPEN_AFTER_CRASH_S
    offered = outcome.timeline.offers(outcome.started)[0]
    assert offered - first_beat >= 3.0
    assert outcome.closed - offered >= 0.5


@dataclass(frozen=True, slots=True)
class Off:
    """The report of a life that stays off."""

    faults: list[str]
    words: str
    classic: str


@dataclass(frozen=True, slots=True)
class StayedOff:
    """Three crashes, a clean restart, an acknowledgement, another restart."""

    off: Off
    off_again: Off
    faults_at_last: list[str]
    closings_before: list[float]
    acknowledged: str
    ack_code: int
    acknowledged_at: float
    closed: float
    codes: list[int]
    errors_log: str


def seen(rig: Rig) -> dict[str, Any] | None:
    """The status, once the car is seen."""
    status = rig.status()
    return status if status and status["state"][:1] in ("B", "C") else None


def faults_of(status: dict[str, Any] | None) -> list[str]:
    return [fault["name"] for fault in (status or {})["faults"]]


def stays_off(rig: Rig) -> Off:
    """A new life, watched for as long as a charge takes to begin."""
    daemon = rig.start()
    wait_until("the car is seen", lambda: seen(rig))
    rig.until_beats(BEATS_OF_A_CHARGE, daemon.started_at)
    status = rig.status() or {}
    return Off(faults_of(status), status["summary"], rig.get("/"))


def three_crashes(rig: Rig) -> StayedOff:
    crashed_twice_before(rig)
    rig.charge()
    crash(rig)
    third_at = rig.now()
    off = stays_off(rig)
    codes = [stop_in_peace(rig)]
    off_again = stays_off(rig)
    closings_before = rig.pi.timeline().closings(third_at)
    acknowledged_at = rig.now()
    ack = rig.evsed("ack")
    closed = rig.until_closed(acknowledged_at)
    codes.append(stop_in_peace(rig))
    rig.start()
    return StayedOff(
        off,
        off_again,
        faults_of(wait_until("the car is seen", lambda: seen(rig))),
        closings_before,
        ack.said(),
        ack.code,
        acknowledged_at,
        closed,
        codes,
        (rig.folder / "log" / "errors.log").read_text(),
    )


@pytest.mark.long
@stories.of(three_crashes)
def test_three_crashes_within_an_hour_keep_it_off_after_a_restart_too(outcome: StayedOff) -> None:
    assert outcome.closings_before == []
    for off in (outcome.off, outcome.off_again):
        assert off.faults == ["PermanentFault"]
        assert off.words.startswith("Off after three crashes")
        assert "State=4" in off.classic


@stories.of(three_crashes)
def test_an_acknowledgement_ends_that_for_this_life_and_for_the_next(outcome: StayedOff) -> None:
    assert outcome.ack_code == 0
    assert "PermanentFault" in outcome.acknowledged
    assert outcome.closed > outcome.acknowledged_at
    assert outcome.faults_at_last == []
    assert outcome.codes == [0, 0]


@stories.of(three_crashes)
def test_the_reason_is_in_errors_log(outcome: StayedOff) -> None:
    assert "3 crashes within an hour" in outcome.errors_log
