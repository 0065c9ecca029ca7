# SPDX-License-Identifier: GPL-3.0-or-later
"""The power is cut at every write: nothing that was promised is lost, nothing is counted twice.

The real store does the work of some charges; every write, sync and deletion of SQLite is recorded.
The log is cut at each point, with and without what was not synced yet, and read by a new store.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from evsed.core.energy.sessions import Checkpoint, DayTotal, EndReason, SessionRecord
from evsed.store import LatchedFault, Store
from tests.store import write_log

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 22)
CHARGES = 6
CUTS_LEAST = 1000


def work(path: Path, log: write_log.Log) -> None:
    """A life with charges, faults, controls and closings; each promise is marked when it holds."""
    store = Store(path)
    store.begin_life("boot", 1.0)
    total_wh = 0.0
    for n in range(CHARGES):
        started = NOON + timedelta(minutes=n)
        session = SessionRecord(id=f"s{n}", started=started)
        store.note_contactor("boot", closed=True)
        log.mark(f"closed {n}")
        for _ in range(2):
            total_wh += 100.0
            session = replace(session, energy_wh=session.energy_wh + 100.0)
            day = DayTotal(DAY, total_wh)
            store.save(Checkpoint((session,), (day,), total_wh, n + 1, 1), started)
            log.mark(f"saved {total_wh}")
        session = replace(session, ended=started, reason=EndReason.CAR)
        store.save(Checkpoint((session,), (DayTotal(DAY, total_wh),), total_wh, n + 1, 1), started)
        log.mark(f"ended {n}")
        store.note_contactor("boot", closed=False)
        log.mark(f"opened {n}")
        store.put("controls", {"mode": "off", "n": n})
        log.mark(f"off {n}")
        if n == CHARGES // 2:
            store.latch(LatchedFault("ContactorFault", "welded", NOON, "service"))
            log.mark("latched")
    store.close()


def check(folder: Path, promised: list[str]) -> None:
    """Read the files in *folder* as the next life does, and compare with what was promised."""
    store = Store(folder / "evsed.db")
    try:
        kept = store.load()
        latched = [fault.name for fault in store.latched()]
        controls = store.get("controls")
        unlogged = [session.id for session in store.unlogged()]
    finally:
        store.close()
    assert not list(folder.glob("*damaged*"))
    saved = [float(name.split()[1]) for name in promised if name.startswith("saved")]
    assert kept.total_wh >= max(saved, default=0.0)
    assert sum(day.energy_wh for day in kept.days) == kept.total_wh  # neither lost nor twice
    ended = [f"s{name.split()[1]}" for name in promised if name.startswith("ended")]
    assert set(ended) <= set(unlogged)
    assert len(unlogged) == len(set(unlogged))
    if "latched" in promised:
        assert latched == ["ContactorFault"]
    off = [int(name.split()[1]) for name in promised if name.startswith("off")]
    if off:
        assert isinstance(controls, dict)
        assert controls["mode"] == "off"
        assert isinstance(controls["n"], int)
        assert controls["n"] >= max(off)


@pytest.mark.skipif(not write_log.available(), reason="this Python has an SQLite of its own")
def test_a_power_cut_at_any_write_loses_no_promise(tmp_path: Path) -> None:
    with write_log.record() as log:
        work(tmp_path / "evsed.db", log)
    random = Random(20261127)
    cuts = 0
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path))
    for count in range(1, len(log.steps) + 1):
        promised = log.promised(count)
        for n, chance in enumerate((None, random)):
            folder = place / f"cut-{count}-{n}"
            log.cut(count, folder, chance)
            check(folder, promised)
            cuts += 1
            shutil.rmtree(folder)
    place.rmdir()
    assert cuts >= CUTS_LEAST
