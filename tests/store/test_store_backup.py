# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the store: a backup, and all that may come between."""

from __future__ import annotations

import os
import resource
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evsed.core.energy.sessions import Checkpoint, DayTotal
from evsed.errors import StoreError
from evsed.store import Store, reading
from evsed.store.reading import StoreReader
from evsed.store.rows import begins_at
from tests.store.history_rows import DAY, ROW, kept, minutes, opened, save, session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "evsed.db"


# ---------------------------------------------------------------------------------- backups


def test_a_backup_opens_as_a_store_and_leaves_nothing_behind(path: Path, tmp_path: Path) -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with opened(path) as store:
        store.trace.add(minutes(begins_at(DAY), 100))
        save(store, session("one", noon, noon))
        store.put("wishes", {"mode": "solar"})
        with StoreReader(path).backup() as copy:
            names = {item.name for item in path.parent.iterdir()}
            own = {"evsed.db", "evsed.db-wal", "evsed.db-shm"}
            assert names == own | {name.replace("db", "db.copy") for name in own}
            (tmp_path / "copy.db").write_bytes(copy.read())
        history = store.load()

    with opened(tmp_path / "copy.db") as restored:
        assert restored.load() == history
        assert restored.get("wishes") == {"mode": "solar"}
        assert restored.moved_aside is None
        assert kept(tmp_path / "copy.db") == minutes(begins_at(DAY), 100)
        assert [item.id for item in StoreReader(tmp_path / "copy.db").sessions()] == ["one"]
        restored.trace.add(minutes(begins_at(DAY) + 6000, 1))


def test_a_backup_made_while_much_is_written_is_of_one_moment(path: Path, tmp_path: Path) -> None:
    over, written = threading.Event(), 0

    def write_on(store: Store) -> None:
        nonlocal written
        while not over.is_set():
            written += 1
            total = DayTotal(DAY, float(written))
            store.save(Checkpoint((), (total,), float(written), written, 1), datetime.now(UTC))
            store.trace.add([replace(ROW, at=60 * written)])

    with opened(path) as store:
        writer = threading.Thread(target=write_on, args=(store,))
        writer.start()
        try:
            for number in range(5):
                while written < 20 * (number + 1):
                    time.sleep(0.001)
                with StoreReader(path).backup() as copy:
                    (tmp_path / f"{number}.db").write_bytes(copy.read())
        finally:
            over.set()
            writer.join()

    for number in range(5):
        with opened(tmp_path / f"{number}.db") as restored:
            history = restored.load()
            assert restored.moved_aside is None
        (total,) = history.days
        assert total.energy_wh == history.total_wh == history.cycles
        assert len(kept(tmp_path / f"{number}.db")) in (history.cycles, history.cycles - 1)
        assert history.cycles >= 20 * number


@pytest.mark.parametrize("room", [0, 10_000])
def test_a_backup_on_a_full_disk_says_three_things_and_leaves_nothing(
    path: Path, room: int
) -> None:
    with opened(path) as store:
        store.trace.add(minutes(begins_at(DAY), 2000))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            with pytest.raises(
                StoreError, match=r"could not be copied .* nothing was changed .* Make room"
            ):
                StoreReader(path).backup()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not [item for item in path.parent.iterdir() if "copying" in item.name]
        store.trace.add(minutes(0, 1))
        StoreReader(path).backup().close()


def test_a_backup_leaves_room_for_the_books(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path):
        stat = os.statvfs(path.parent)
        monkeypatch.setattr(reading, "ROOM_LEFT", stat.f_bavail * stat.f_frsize + 10**9)
        with pytest.raises(StoreError, match=r"that takes \d+ MB on the disk.*Make room"):
            StoreReader(path).backup()
        assert not [item for item in path.parent.iterdir() if "copying" in item.name]


def test_a_backup_that_takes_too_long_or_is_given_up_leaves_nothing(path: Path) -> None:
    with opened(path) as store:
        store.trace.add(minutes(begins_at(DAY), 20_000))
        with pytest.raises(StoreError, match="interrupted"):
            StoreReader(path).backup(within_s=0.0)
        ended = StoreReader(path)
        ended.give_up()
        with pytest.raises(StoreError, match="interrupted"):
            ended.backup()
        assert not [item for item in path.parent.iterdir() if "copying" in item.name]


def test_copies_of_a_life_that_was_killed_are_swept_and_nothing_else(path: Path) -> None:
    with opened(path):
        mine = path.with_name("evsed.db.backup-of-mine")
        for left in (mine, path.with_name(".evsed.db.copying-x"), path.with_name("other.db")):
            left.write_text("")
        StoreReader(path).sweep()
        names = {item.name for item in path.parent.iterdir()}
    assert ".evsed.db.copying-x" not in names
    assert {mine.name, "other.db", "evsed.db"} <= names
    StoreReader(path.parent / "nowhere" / "evsed.db").sweep()
