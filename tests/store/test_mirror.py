# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy of the small tables: complete, current, and never in the way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

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
