# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive: the past as frontends ask for it, beside the books."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from evsed.core.energy.history import By, TraceRow, TraceSample
from evsed.core.energy.sessions import Flow
from evsed.core.pilot import events as ev
from evsed.daemon.history import WAITING_MOST, HistoryService
from evsed.daemon.session_recorder import SessionRecorder, SessionRecorderConfig
from evsed.errors import StoreError
from evsed.store import trace
from evsed.store.reading import StoreReader
from evsed.store.rows import begins_at
from tests.daemon.test_summary import NO_CAR

CHARGING = TraceSample(2000.0, 2300.0, 1800.0, 12.0, "C2")


def today() -> date:
    return datetime.now().astimezone().date()


class Life:
    """Books and their archive."""

    def __init__(self, folder: Path, books: SessionRecorder) -> None:
        self.path = folder / "evsed.db"
        self.books = books
        self.told: list[tuple[str, str]] = []
        self.archive = HistoryService(
            self.path, books, lambda who, what: self.told.append((who, what))
        )

    async def add(self, day: date, count: int) -> None:
        """Rows of *day*, one for each minute."""
        rows = [
            TraceRow(begins_at(day) + 60 * n, 60, 2000, 2300, 1800, 12, "C2") for n in range(count)
        ]
        await self.books.writer.run(lambda: self.books.writer.store.trace.add(rows))

    def charge(self, seconds: int) -> None:
        """A car that has charged at 3.6 kW until now."""
        now, start = datetime.now().astimezone(), time.monotonic() - seconds
        self.books.on_event(ev.CarPluggedIn(start), now)
        for second in range(seconds):
            at = start + second
            snapshot = replace(NO_CAR, at=at, state="C2", plugged=True, closed=1)
            self.books.on_snapshot(snapshot, Flow(power_w=3600.0, current_a=16.0, solar_w=900.0))
            self.books.trace.add_sample(at, CHARGING)


@pytest_asyncio.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    books = await SessionRecorder.open(
        SessionRecorderConfig(tmp_path / "evsed.db", tmp_path, "as built", 32.0)
    )
    made = Life(tmp_path, books)
    yield made
    made.archive.close()
    await books.close(clean=True)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "AT_ONCE", 10)


async def test_today_is_told_up_to_this_moment_before_any_of_it_is_written(life: Life) -> None:
    assert await life.archive.days() == []
    began = today()
    assert await life.archive.day(began) is None
    life.charge(61)
    days = await life.archive.days()
    traces = [await life.archive.day(day) for day in days]
    assert began <= days[-1] <= today()
    covered_s = sum(row.covered_s for item in traces if item is not None for row in item.rows)
    assert covered_s == pytest.approx(60, abs=1)


async def test_a_session_and_its_day_are_there_once_they_are_saved(life: Life) -> None:
    life.charge(3600)
    life.books.on_event(ev.CarUnplugged(time.monotonic()), datetime.now().astimezone())
    await life.books.writer.write(life.books._write_due)  # noqa: SLF001 - the next second
    (session,) = await life.archive.sessions(10)
    assert session.energy_wh == pytest.approx(3599)
    assert session.solar_wh == pytest.approx(3599 / 4)
    assert await life.archive.sessions(10, session.started) == []
    (year,) = await life.archive.energy(By.YEAR, date.min, date.max)
    assert (year.energy_wh, year.solar_wh) == pytest.approx((3599, 3599 / 4))


async def test_a_life_that_ends_writes_its_last_minutes(tmp_path: Path) -> None:
    books = await SessionRecorder.open(
        SessionRecorderConfig(tmp_path / "evsed.db", tmp_path, "as built", 32.0)
    )
    life = Life(tmp_path, books)
    life.charge(100)
    life.archive.close()
    await books.close(clean=True)

    reader = StoreReader(life.path)
    traces = [reader.day(day, []) for day in reader.days()]
    covered_s = sum(row.covered_s for item in traces if item is not None for row in item.rows)
    assert covered_s == pytest.approx(99, abs=1)


@pytest.mark.usefixtures("small_pieces")
async def test_deleting_says_who_and_what_and_lets_the_books_save_in_between(life: Life) -> None:
    before = today()
    day = before - timedelta(days=3)
    await life.add(day, 200)
    life.charge(20)
    saved: list[int] = []

    async def save_often() -> None:
        while True:
            await life.books.writer.run(lambda: life.books.writer.store.put("n", len(saved)))
            saved.append(1)

    saving = asyncio.create_task(save_often())
    outcome = await life.archive.delete("192.168.1.9", before)
    saving.cancel()
    assert outcome.startswith("deleted from the history before")
    assert "sessions 0, rows 200" in outcome
    assert len(saved) >= 20, "a save waits for one piece, not for all of them"
    ((who, what),) = life.told
    assert who == "192.168.1.9"
    assert what == f"delete the history before {before}: sessions 0, rows 200"
    assert day not in await life.archive.days()
    assert life.books.trace.pending()


async def test_deleting_takes_what_is_not_written_yet_along(life: Life) -> None:
    life.charge(200)
    await life.archive.delete("somebody", date.max)
    assert len(life.books.trace.pending()) <= 1  # the minute under way


async def test_deleting_that_fails_is_told_all_the_same(life: Life) -> None:
    await life.add(today() - timedelta(days=3), 20)
    with closing(sqlite3.connect(life.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="could not be written"):
            await life.archive.delete("somebody", today())
    assert "sessions 0, rows 0" in life.told[0][1]


async def test_a_backup_is_told_and_complete(life: Life, tmp_path: Path) -> None:
    day = today()
    await life.add(day, 5)
    with await life.archive.backup("somebody") as copy:
        (tmp_path / "copy.db").write_bytes(copy.read())
    assert life.told == [("somebody", "make a backup")]
    found = StoreReader(tmp_path / "copy.db").day(day, [])
    assert found is not None
    assert len(found.rows) == 5


async def test_so_many_questions_at_once_and_no_more(life: Life) -> None:
    hold = threading.Event()
    life.archive._worker.submit(hold.wait)  # noqa: SLF001 - a disk that takes its time
    asked = [asyncio.create_task(life.archive.days()) for _ in range(WAITING_MOST)]
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="many ask of the history at once"):
        await life.archive.days()
    hold.set()
    assert await asyncio.gather(*asked) == [[]] * WAITING_MOST
    assert await life.archive.days() == []


async def test_a_disk_that_is_gone_costs_an_answer_and_no_energy(life: Life) -> None:
    life.charge(50)
    life.path.unlink()
    with pytest.raises(StoreError, match="could not be read"):
        await life.archive.days()
    assert life.books.totals.day.energy_wh > 40


async def test_a_locked_trace_holds_up_no_save(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_rows: object) -> None:
        raise StoreError("the disk takes no minutes")

    monkeypatch.setattr(life.books.writer.store.trace, "add", refuse)
    life.charge(1000)
    with capture_logs() as entries:
        for _ in range(3):
            life.charge(50)
            await life.books.writer.write(life.books._write_due)  # noqa: SLF001 - the next second
    assert [entry["reason"] for entry in entries] == ["the disk takes no minutes"]
    assert StoreReader(life.path).energy(By.DAY, date.min, date.max)[-1].energy_wh > 1000


KILLED = """
import sys
from pathlib import Path
from evsed.core.energy.history import TraceRow
from evsed.store import Store
store, n = Store(Path(sys.argv[1])), 0
while True:
    store.trace.add([TraceRow(60 * (n + m), 60, 2000, 2300, 1800, 12, "C2") for m in range(15)])
    n += 15
    store.trace.thin()
    print(n, flush=True)
"""


def test_a_power_cut_leaves_a_file_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "evsed.db"
    for number in range(1, 8):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        ) as life:
            assert life.stdout is not None
            reached = [int(life.stdout.readline()) for _ in range(7 * number)][-1]
            life.send_signal(signal.SIGKILL)
            told = life.stdout.read().split()
        reached = int(told[-1]) if told else reached

        reader = StoreReader(path)
        rows = [row for day in reader.days() if (item := reader.day(day, [])) for row in item.rows]
        assert len(rows) >= reached, "a batch that was told is there"
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_the_usual_sun_is_that_of_the_days_before_today_and_read_once_a_day(
    life: Life,
) -> None:
    assert await life.archive.usual_sun() is None
    for ago in (0, 1, 2, 3):
        await life.add(today() - timedelta(days=ago), 30)
    later = HistoryService(life.path, life.books, lambda _, __: None)
    sun = await later.usual_sun()
    assert sun is not None
    assert (sun.days, sun.quarters_w[:3]) == (3, (2000.0, 2000.0, 0.0))
    assert await later.usual_sun() is sun
    later.close()
