# SPDX-License-Identifier: GPL-3.0-or-later
"""A past for the tests of the web: the daemon's own archive over a store with something in it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from evsed.core.energy.history import TraceRow, TraceSample
from evsed.core.energy.sessions import Flow
from evsed.core.pilot import events as ev
from evsed.daemon.history import HistoryService
from evsed.daemon.session_recorder import SessionRecorder, SessionRecorderConfig
from evsed.store.rows import begins_at
from tests.daemon.test_summary import NO_CAR

A_DAY = date(2000, 1, 1)
"""A day of which a trace is kept: the one with which hypothesis begins."""
CHARGED_S = 90


@asynccontextmanager
async def past(folder: Path) -> AsyncIterator[HistoryService]:
    """An archive with a session and a day's trace of an earlier life, and minutes of this one."""
    config = SessionRecorderConfig(folder / "evsed.db", folder, "as built", 32.0)
    earlier = await SessionRecorder.open(config)
    rows = [
        TraceRow(begins_at(A_DAY) + 60 * n, 60, 2000 if n % 2 else None, 2300, 1800, 12, "C2")
        for n in range(5)
    ]
    await earlier.writer.run(lambda: earlier.writer.store.trace.add(rows))
    _charge(earlier)
    await earlier.close(clean=True)
    books = await SessionRecorder.open(config)
    _charge(books)
    archive = HistoryService(config.path, books, lambda _who, _what: None)
    try:
        yield archive
    finally:
        archive.close()
        await books.close(clean=True)


def _charge(books: SessionRecorder) -> None:
    """A car that has charged until now, and is unplugged."""
    now, start = datetime.now().astimezone(), time.monotonic() - CHARGED_S
    books.on_event(ev.CarPluggedIn(start), now)
    for second in range(CHARGED_S):
        snapshot = replace(NO_CAR, at=start + second, state="C2", plugged=True, closed=1)
        books.on_snapshot(snapshot, Flow(power_w=3600.0, current_a=16.0, solar_w=900.0))
        books.trace.add_sample(start + second, TraceSample(2000.0, 2300.0, 1800.0, 12.0, "C2"))
    books.on_event(ev.CarUnplugged(start + CHARGED_S), now)
