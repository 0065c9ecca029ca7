# SPDX-License-Identifier: GPL-3.0-or-later
"""A store, and checkpoints to save in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from evsed.core.energy.sessions import (
    Checkpoint,
    DayTotal,
    EndReason,
    SessionRecord,
)
from evsed.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "evsed.db"


@contextmanager
def opened(path: Path, busy_s: float = 1.0) -> Iterator[Store]:
    store = Store(path, busy_s=busy_s, clock=lambda: NOON)
    try:
        yield store
    finally:
        store.close()


def session(name: str = "one", ended: datetime | None = None) -> SessionRecord:
    return SessionRecord(
        id=name,
        started=NOON,
        ended=ended,
        energy_wh=1234.5,
        charge_s=600.0,
        peak_a=15.7,
        solar_wh=1000.0,
        measured=True,
        reason=EndReason.CAR if ended else None,
    )


def checkpoint(*sessions: SessionRecord, total_wh: float = 1234.5) -> Checkpoint:
    return Checkpoint(sessions, (DayTotal(TODAY, total_wh, 600.0, 1000.0),), total_wh, 3, 1)
