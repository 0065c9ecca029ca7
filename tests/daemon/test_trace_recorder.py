# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder on made-up time: when minutes are written, and what a disk or a clock costs."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from evsed.core.energy.history import TraceRow, TraceSample
from evsed.daemon.store_writer import AGAIN_AFTER_S, StoreWriter
from evsed.daemon.trace_recorder import THIN_EVERY_S, WAITING_MOST, TraceRecorder
from evsed.store import Store, trace
from evsed.store.trace import COLUMNS

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
CHARGING = TraceSample(2000.0, 2300.0, 1800.0, 12.0, "C2")


class Life:
    """A recorder and its clocks, and the store that its writer writes into."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 5000.0
        self.offset_s = NOON - 5000.0
        self.recorder = TraceRecorder(lambda: self.now + self.offset_s, lambda: self.now)
        self.writer = StoreWriter(Store(path, busy_s=0.01))

    async def live(self, seconds: int) -> None:
        """A sample a second, and a look each second whether anything is due."""
        for _ in range(seconds):
            self.recorder.add_sample(self.now, CHARGING)
            await self.recorder.write(self.writer)
            self.now += 1.0

    def kept(self, table: str = "minutes") -> list[TraceRow]:
        with closing(sqlite3.connect(self.path)) as database:
            rows = database.execute(f"SELECT {COLUMNS} FROM {table} ORDER BY at")
            return [TraceRow(*row) for row in rows]


@pytest_asyncio.fixture
async def life(tmp_path: Path) -> AsyncIterator[Life]:
    made = Life(tmp_path / "evsed.db")
    await made.writer.run(made.writer.store.load)
    yield made
    await made.writer.close()


async def test_minutes_are_written_a_quarter_of_an_hour_at_once(life: Life) -> None:
    await life.live(900)
    assert life.kept() == []
    await life.live(900)
    assert [row.at - NOON for row in life.kept()] == [60 * n for n in range(15)]
    assert {row.covered_s for row in life.kept()} == {60}


async def test_what_is_not_written_yet_can_be_seen_to_the_second(life: Life) -> None:
    await life.live(90)
    assert [(row.at - NOON, row.covered_s) for row in life.recorder.pending()] == [
        (0, 60),
        (60, 29),
    ]


async def test_the_end_writes_all_there_is_and_a_new_life_goes_on_in_the_same_minute(
    life: Life,
) -> None:
    await life.live(90)
    await life.recorder.write(life.writer, all_of_it=True)
    assert [row.covered_s for row in life.kept()] == [60, 29]

    life.recorder = TraceRecorder(lambda: life.now + life.offset_s, lambda: life.now)
    await life.live(60)
    await life.recorder.write(life.writer, all_of_it=True)
    assert [row.covered_s for row in life.kept()] == [60, 59, 29]


async def test_a_locked_disk_is_said_once_and_costs_nothing_within_six_hours(life: Life) -> None:
    await life.live(600)
    with capture_logs() as entries:
        with closing(sqlite3.connect(life.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await life.live(3600)
            other.execute("ROLLBACK")
        await life.live(1200)
    assert life.kept()[0].at == NOON
    assert len(life.kept()) >= 75
    said = [(entry["log_level"], entry["event"]) for entry in entries]
    assert [level for level, _ in said] == ["error", "info"]
    assert said[0][1].startswith("the history could not be written; its minutes wait in memory")
    assert life.writer.store.errors <= 3600 / AGAIN_AFTER_S


async def test_what_waits_is_bounded_and_the_newest_stays(life: Life) -> None:
    for _ in range(WAITING_MOST + 100):
        life.recorder.add_sample(life.now, CHARGING)
        life.now += 60.0
    pending = life.recorder.pending()
    assert len(pending) <= WAITING_MOST + 1
    await life.recorder.write(life.writer, all_of_it=True)
    assert life.kept() == pending


async def test_a_clock_that_is_not_set_yet_dates_nothing_and_is_right_once_it_is(
    life: Life,
) -> None:
    life.offset_s = -life.now  # 1970
    await life.live(2000)
    assert life.kept() == []
    life.offset_s = NOON - 5000.0
    await life.live(1)
    assert life.kept()[0].at == NOON // 60 * 60
    assert sum(row.covered_s for row in life.kept()) == pytest.approx(2000, abs=60)


async def test_a_clock_set_while_minutes_wait_is_right_for_all_of_them(life: Life) -> None:
    life.offset_s -= 86_400 * 30
    await life.live(600)
    life.offset_s += 86_400 * 30
    await life.live(600)
    assert [row.at - NOON for row in life.kept()] == [60 * n for n in range(len(life.kept()))]


async def test_a_clock_set_back_an_hour_has_it_twice_and_loses_no_energy(life: Life) -> None:
    await life.live(3600)
    life.offset_s -= 3600
    await life.live(3600)
    await life.recorder.write(life.writer, all_of_it=True)
    assert sum(row.power_w * row.covered_s for row in life.kept()) == 1800 * 7199
    assert len(life.kept()) <= 3600 / 60 + 16  # those that waited moved along with the clock


async def test_what_is_forgotten_is_not_written_later(life: Life) -> None:
    await life.live(300)
    life.recorder.forget(int(NOON) + 120)
    assert [row.at - NOON for row in life.recorder.pending()] == [120, 180, 240]


async def test_thinning_is_done_once_a_day(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MINUTES_KEPT", 60)
    await life.live(2 * 3600)
    assert len(life.kept()) > 60
    life.now += THIN_EVERY_S
    await life.live(1)
    assert 60 - 15 < len(life.kept()) <= 60  # a quarter of an hour is made whole
    assert life.kept("quarters")


async def test_a_disk_that_fails_while_it_is_written_writes_no_minute_twice(life: Life) -> None:
    await life.live(901)
    with closing(sqlite3.connect(life.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await life.live(60)
        other.execute("ROLLBACK")
    await life.live(2000)
    assert {row.covered_s for row in life.kept()} == {60}
