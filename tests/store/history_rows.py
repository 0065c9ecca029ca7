# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the trace, and sessions, for the tests of a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from evsed.core.energy.history import TraceRow
from evsed.core.energy.sessions import Checkpoint, SessionRecord
from evsed.store import Store, trace

DAY = date(2026, 11, 24)
ROW = TraceRow(0, 60, 2000, 2300, 1800, 12, "C2")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "evsed.db"


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    store = Store(path)
    store.load()
    try:
        yield store
    finally:
        store.close()


def minutes(start: int, count: int, of: TraceRow = ROW) -> list[TraceRow]:
    return [replace(of, at=start + 60 * n) for n in range(count)]


def kept(path: Path, table: str = "minutes") -> list[TraceRow]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(f"SELECT {trace.COLUMNS} FROM {table} ORDER BY at")
        return [TraceRow(*row) for row in rows]


def session(name: str, started: datetime, ended: datetime | None) -> SessionRecord:
    return SessionRecord(id=name, started=started, ended=ended)


def save(store: Store, *sessions: SessionRecord, logged: bool = True) -> None:
    store.save(Checkpoint(sessions, (), 0.0, 0, 1), datetime(2026, 11, 24, tzinfo=UTC))
    for item in sessions:
        if logged:
            store.mark_logged(item.id)
