# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy of the small tables: complete, current, and never in the way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evsed.core.energy.sessions import Checkpoint, DayTotal, EndReason, SessionRecord
from evsed.store import LatchedFault, Store
from evsed.store.mirror import COLUMNS

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_every_column_of_every_table_but_the_trace_is_copied(tmp_path: Path) -> None:
    store = Store(tmp_path / "evsed.db")
    store.load()
    store.close()
    with closing(sqlite3.connect(tmp_path / "evsed.db")) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema")}
        assert tables >= set(COLUMNS)
        for table, columns in COLUMNS.items():
            found = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            assert sorted(columns.split(", ")) == sorted(found)


@pytest.mark.parametrize("lost", ["the file", "its header"])
def test_a_damaged_file_of_an_earlier_evsed_loses_no_session(tmp_path: Path, lost: str) -> None:
    path = tmp_path / "evsed.db"
    record = SessionRecord(
        id="a",
        started=NOON,
        ended=NOON,
        energy_wh=900.0,
        charge_s=600.0,
        peak_a=8.0,
        solar_wh=450.0,
        measured=True,
        reason=EndReason.FEED,
    )
    day = DayTotal(NOON.date(), 900.0, 600.0, 450.0)
    store = Store(path)
    store.save(Checkpoint((record,), (day,), 900.0, 1, 1), NOON)
    store.close()
    for file in (path, path.with_name("evsed.db.copy")):
        with closing(sqlite3.connect(file)) as database:
            database.executescript(
                "ALTER TABLE sessions RENAME COLUMN solar_wh TO sun_wh;"
                "ALTER TABLE days RENAME COLUMN solar_wh TO sun_wh;"
                "ALTER TABLE minutes RENAME COLUMN battery_loan_wh TO lent_wh;"
                "ALTER TABLE quarters RENAME COLUMN battery_loan_wh TO lent_wh;"
                "ALTER TABLE sessions DROP COLUMN cost; ALTER TABLE sessions DROP COLUMN savings;"
                "ALTER TABLE days DROP COLUMN cost; ALTER TABLE days DROP COLUMN savings;"
                "PRAGMA user_version = 2;"
            )
    if lost == "the file":
        path.unlink()
    else:
        path.write_bytes(b"\xff" * 4096)
    store = Store(path)
    assert store.load().days == (day,)
    assert store.past(5) == [record]
    store.close()


def test_a_copy_that_cannot_be_written_costs_the_store_nothing(tmp_path: Path) -> None:
    (tmp_path / "evsed.db.copy").mkdir()
    store = Store(tmp_path / "evsed.db")
    store.latch(LatchedFault("ContactorFault", "welded", NOON, "service"))
    assert [fault.name for fault in store.latched()] == ["ContactorFault"]
    assert store.errors == 0
    store.close()


def test_the_copy_follows_each_fault_and_each_control_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "evsed.db")
    store.latch(LatchedFault("ContactorFault", "welded", NOON, "service"))
    store.put("controls", {"mode": "off"})
    with closing(sqlite3.connect(tmp_path / "evsed.db.copy")) as copy:
        assert copy.execute("SELECT name FROM faults").fetchall() == [("ContactorFault",)]
        assert copy.execute("SELECT value FROM notes").fetchall() == [('{"mode": "off"}',)]
        store.release("ContactorFault")
        assert copy.execute("SELECT count(*) FROM faults").fetchall() == [(0,)]
    store.close()
