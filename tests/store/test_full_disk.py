# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk is full at any write: what was kept stays, and the rest is kept when there is room.

The real store does the work of a charge, call by call, as the store writer does: a call that fails
is tried again, in its turn. SQLite's own writes fail from one of them on, until there is room.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from evsed.core.energy.sessions import Checkpoint, DayTotal, EndReason, SavedTotals, SessionRecord
from evsed.errors import StoreError
from evsed.store import Json, LatchedFault, PreviousRun, Store
from tests.store import write_log

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WRITES_LEAST = 60


def checkpoint(energy_wh: float, *, ended: bool = False) -> Checkpoint:
    session = SessionRecord(
        id="s",
        started=NOON,
        energy_wh=energy_wh,
        ended=NOON if ended else None,
        reason=EndReason.CAR if ended else None,
    )
    day = DayTotal(date(2026, 11, 22), energy_wh)
    return Checkpoint((session,), (day,), energy_wh, 1, 1)


def work(store: Store) -> list[Callable[[], object]]:
    """The calls of a life with a charge, a fault and the owner's `off`, in their order."""
    fault = LatchedFault("ContactorFault", "welded", NOON, "service")
    return [
        lambda: store.begin_life("boot", 1.0),
        lambda: store.note_contactor("boot", closed=True),
        lambda: store.save(checkpoint(100.0), NOON),
        lambda: store.save(checkpoint(200.0), NOON),
        lambda: store.note_contactor("boot", closed=False),
        lambda: store.save(checkpoint(200.0, ended=True), NOON),
        lambda: store.put("controls", {"mode": "off"}),
        lambda: store.latch(fault),
    ]


def kept(folder: Path) -> tuple[SavedTotals, list[str], list[float], Json, PreviousRun]:
    """All that the next life reads."""
    store = Store(folder / "evsed.db")
    try:
        history = store.load()
        latched = [fault.name for fault in store.latched()]
        ended = [session.energy_wh for session in store.past(9)]
        return history, latched, ended, store.get("controls"), store.begin_life("boot", 2.0)
    finally:
        store.close()


def done(folder: Path, log: write_log.Log, full_from: int | None) -> int:
    """Do the work; the disk is full from a write on, for two tries. The calls that fail."""
    store = Store(folder / "evsed.db")
    failed = 0
    log.writes, log.full_from = 0, full_from
    for job in work(store):
        for again in range(4):
            try:
                job()
                break
            except StoreError:
                failed += 1
                if again:
                    log.full_from = None
        else:
            raise AssertionError("it is not written although there is room")
    log.full_from = None
    assert store.moved_aside is None
    store.close()
    return failed


@pytest.mark.skipif(not write_log.available(), reason="this Python has an SQLite of its own")
def test_a_disk_that_is_full_at_any_write_loses_nothing_once_there_is_room() -> None:
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        with write_log.record() as log:
            done(place / "whole", log, None)
            writes = log.writes
            expected = kept(place / "whole")
            failed = 0
            for write in range(writes):
                folder = place / f"full-{write}"
                failed += done(folder, log, write) > 0
                assert kept(folder) == expected, f"full from write {write} on"
                shutil.rmtree(folder)
    finally:
        shutil.rmtree(place)
    assert writes >= WRITES_LEAST
    # What only folds the log into the file, or writes the copy, is done again by the next call.
    assert failed > writes // 2


@pytest.mark.skipif(not write_log.available(), reason="this Python has an SQLite of its own")
def test_a_life_that_ends_while_the_disk_is_full_has_kept_what_it_was_told_is_kept() -> None:
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        with write_log.record() as log:
            done(place / "whole", log, None)
            writes = log.writes
            for write in range(0, writes, 3):
                store = Store(place / f"cut-{write}" / "evsed.db")
                log.writes, log.full_from = 0, write
                good = []
                for number, job in enumerate(work(store)):
                    try:
                        job()
                    except StoreError:
                        break
                    good.append(number)
                store.close()
                log.full_from = None
                history, latched, ended, controls, _ = kept(place / f"cut-{write}")
                assert (2 not in good) or history.total_wh >= 100.0
                assert (5 not in good) or ended == [200.0]
                assert (6 not in good) or controls == {"mode": "off"}
                assert (7 not in good) or latched == ["ContactorFault"]
    finally:
        shutil.rmtree(place)
