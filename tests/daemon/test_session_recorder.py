# SPDX-License-Identifier: GPL-3.0-or-later
"""The books while their file is locked: nothing is lost, and nothing is taken for a crash."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio
from structlog.testing import capture_logs

from evsed.core.energy.sessions import Flow
from evsed.core.pilot import events as ev
from evsed.core.pilot.faults import Fault
from evsed.core.user.claims import Claim, Claims
from evsed.core.user.controls import Controls
from evsed.daemon.session_recorder import SessionRecorder, SessionRecorderConfig
from evsed.store import Store
from tests.daemon.daemon_world import life
from tests.daemon.test_summary import CHARGING, NO_CAR

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program has the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest_asyncio.fixture
async def books(tmp_path: Path) -> AsyncIterator[SessionRecorder]:
    """Books that could not be read at the start."""
    store = Store(tmp_path / "evsed.db")
    store.load()
    store.close()
    with locked(tmp_path / "evsed.db"), capture_logs():
        made = await SessionRecorder.open(
            SessionRecorderConfig(tmp_path / "evsed.db", tmp_path, "as built", 32.0)
        )
    yield made
    await made.close(clean=True)


async def write(books: SessionRecorder) -> None:
    """The next second, or the half minute after a failure."""
    await books.writer.write(books._write_due, patient=False)  # noqa: SLF001 - see above


async def test_a_file_locked_at_the_start_makes_no_crash_of_this_life(
    books: SessionRecorder,
) -> None:
    books.on_event(ev.ContactorClosed(1.0, 1), NOW)
    await write(books)
    assert books.hold_off_s == 0.0
    assert books.totals.cycles == 1


async def test_what_waits_for_a_locked_file_is_kept_in_its_order(
    books: SessionRecorder, tmp_path: Path
) -> None:
    await write(books)
    for fault in (Fault.PERMANENT, Fault.CONTACTOR):
        books.on_event(ev.FaultRaised(1.0, fault.value, "seen"), NOW)
    books.on_event(ev.FaultCleared(2.0, Fault.PERMANENT.value, "told"), NOW)
    with locked(tmp_path / "evsed.db"), capture_logs() as entries:
        for _ in range(2):
            await write(books)
    assert [entry["log_level"] for entry in entries] == ["error"]
    await write(books)
    kept = Store(tmp_path / "evsed.db")
    assert [item.name for item in kept.latched()] == [Fault.CONTACTOR.value]
    kept.close()


async def test_energy_that_flowed_while_the_file_was_locked_is_saved(
    books: SessionRecorder, tmp_path: Path
) -> None:
    start = time.monotonic() - 100
    books.on_event(ev.CarPluggedIn(start), NOW)
    for second in range(100):
        charging = replace(NO_CAR, at=start + second, state="C2", plugged=True, closed=1)
        books.on_snapshot(charging, Flow(power_w=3600.0, current_a=16.0))
    with locked(tmp_path / "evsed.db"), capture_logs():
        await write(books)
    await write(books)
    kept = Store(tmp_path / "evsed.db")
    assert round(kept.load().total_wh) == 99
    kept.close()


async def test_a_session_under_way_shows_its_energy_from_the_first_moment_of_the_next_life(
    tmp_path: Path,
) -> None:
    """A counter that is 0 for a second would be counted twice by whoever adds it up."""
    async with life(tmp_path, clean=False) as world:
        recorder = world.recorder
        recorder.on_event(ev.CarPluggedIn(100.0), NOW)
        for second in range(100):
            charging = replace(CHARGING, at=100.0 + second)
            recorder.on_snapshot(charging, Flow(power_w=3600.0, current_a=16.0))
        await world.write()
        before = world.status(200.0).session.energy_wh
    async with life(tmp_path, clean=False) as world:
        assert world.status(0.0).session.energy_wh == before > 0
        world.recorder.on_event(ev.CarPluggedIn(1.0), NOW)
        assert world.status(1.0).session.energy_wh == before
        assert world.status(1.0).session.active


async def test_a_car_whose_contact_is_loose_keeps_the_limits_of_its_session(tmp_path: Path) -> None:
    """Half a second of A ends a session; the same car back within 10 s has the same limits."""
    async with life(tmp_path) as world:
        recorder, limits = world.recorder, world.limits(fixed_a=16.0)
        recorder.on_event(ev.CarPluggedIn(100.0), NOW)
        recorder.orders.set_controls(Controls(session_kwh=10.0))
        charging = replace(CHARGING, at=101.0)
        recorder.on_snapshot(charging, Flow(power_w=3600.0, current_a=16.0))
        recorder.on_snapshot(replace(charging, at=104.0), Flow(power_w=3600.0, current_a=16.0))
        recorder.on_event(ev.CarUnplugged(105.0), NOW)
        assert recorder.orders.controls.session_kwh is None

        recorder.on_event(ev.CarPluggedIn(106.0), NOW)

        assert recorder.orders.controls.session_kwh == 10.0
        assert recorder.carried_wh > 2.0
        assert limits.update(106.0, NOW)
        recorder.on_event(ev.CarUnplugged(200.0), NOW)
        recorder.on_event(ev.CarPluggedIn(260.0), NOW)
        assert recorder.orders.controls.session_kwh is None
        assert recorder.carried_wh == 0.0


async def test_a_car_whose_contact_is_loose_keeps_what_a_program_asked_until_it_is_unplugged(
    tmp_path: Path,
) -> None:
    claim = Claim(max_current_a=8.0, until_unplugged=True)
    async with life(tmp_path) as world:
        recorder = world.recorder
        recorder.on_event(ev.CarPluggedIn(100.0), NOW)
        recorder.orders.set_claims(Claims({"openevse": claim}))
        recorder.on_event(ev.CarUnplugged(105.0), NOW)
        assert recorder.orders.claims == Claims()

        recorder.on_event(ev.CarPluggedIn(106.0), NOW)

        assert recorder.orders.claims == Claims({"openevse": claim})
        recorder.on_event(ev.CarUnplugged(200.0), NOW)
        recorder.on_event(ev.CarPluggedIn(260.0), NOW)
        assert recorder.orders.claims == Claims()


async def test_a_limit_that_was_set_meanwhile_is_kept(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        recorder = world.recorder
        recorder.on_event(ev.CarPluggedIn(100.0), NOW)
        recorder.orders.set_controls(Controls(session_kwh=10.0))
        recorder.on_event(ev.CarUnplugged(105.0), NOW)
        recorder.orders.set_controls(Controls(session_kwh=3.0))
        recorder.on_event(ev.CarPluggedIn(107.0), NOW)

        assert recorder.orders.controls.session_kwh == 3.0
