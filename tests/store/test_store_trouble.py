# SPDX-License-Identifier: GPL-3.0-or-later
"""The database in trouble: what locks, full disks, wrong calls and damage do to it."""

from __future__ import annotations

import resource
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from evsed.core.energy.sessions import (
    Checkpoint,
    DayTotal,
    SavedTotals,
)
from evsed.errors import StoreError
from evsed.store.reading import StoreReader
from tests.store.checkpoints import NOON, TODAY, checkpoint, opened, session


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "evsed.db"


# ------------------------------------------------------------------------ locks and full disks


def test_a_locked_file_is_waited_for_briefly_and_written_later(path: Path) -> None:
    with opened(path, busy_s=0.02) as store:
        store.save(checkpoint(session()), NOON)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(2):
                with pytest.raises(StoreError, match=r"could not be written .*database is locked"):
                    store.save(checkpoint(session("two")), NOON)
            assert [record.id for record in StoreReader(path).sessions()] == [
                "one"
            ]  # reading goes on
            other.execute("ROLLBACK")

        assert store.errors == 2
        store.save(checkpoint(session("two")), NOON)
        assert {record.id for record in StoreReader(path).sessions()} == {"one", "two"}


def test_a_full_disk_keeps_what_was_there_and_takes_the_rest_later(path: Path) -> None:
    records = [session(f"{n:04}", NOON) for n in range(2000)]
    with opened(path) as store:
        store.save(checkpoint(session("first")), NOON)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            with pytest.raises(StoreError, match="Make room on the disk"):
                store.save(checkpoint(*records), NOON)
            assert [record.id for record in StoreReader(path).sessions()] == ["first"]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

        store.save(checkpoint(*records), NOON)
        assert len(StoreReader(path).sessions(limit=5000)) == 2001
        assert store.moved_aside is None


def test_a_folder_that_cannot_be_is_an_error_that_passes(tmp_path: Path) -> None:
    in_the_way = tmp_path / "lib"
    in_the_way.write_text("a file where the folder should be")
    with opened(tmp_path / "lib" / "evsed.db") as store:
        with pytest.raises(StoreError, match="give evsed the right to write there"):
            store.load()

        in_the_way.unlink()
        assert store.load() == SavedTotals()


def test_a_call_that_goes_wrong_half_way_changes_nothing(path: Path) -> None:
    nowhere = DayTotal(TODAY, float("nan"))  # which SQLite takes for nothing, and refuses
    with opened(path) as store:
        store.save(checkpoint(session()), NOON)
        before = store.load()
        with pytest.raises(StoreError):
            store.save(Checkpoint((session("two"),), (nowhere,), 9.9, 9, 2), NOON)

        assert store.load() == before


def test_what_is_no_json_is_a_mistake_of_the_program_and_changes_nothing(path: Path) -> None:
    with opened(path) as store:
        store.put("key", 1)
        with pytest.raises(StoreError):
            store.put("key", object())  # type: ignore[arg-type]

        assert store.get("key") == 1


def test_a_number_that_is_none_is_an_error_and_not_a_total(path: Path) -> None:
    with opened(path) as store:
        store.save(checkpoint(session()), NOON)
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("UPDATE sessions SET energy_wh = 'much'")
        with pytest.raises(StoreError, match="'much' where a number should be"):
            StoreReader(path).sessions()


def test_many_threads_may_call(path: Path) -> None:
    with opened(path) as store, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: store.put(str(n), n), range(64)))

        assert list(threads.map(lambda n: store.get(str(n)), range(64))) == list(range(64))


def test_an_interrupted_call_lets_go_of_the_file(path: Path) -> None:
    class Stop(BaseException):
        """Like KeyboardInterrupt."""

    class Interrupting:
        def __conform__(self, _: object) -> None:
            raise Stop

    with opened(path) as store:
        store.save(checkpoint(session()), NOON)
        with pytest.raises(Stop):
            store.mark_logged(Interrupting())  # type: ignore[arg-type]

        assert store.errors == 0
        store.save(checkpoint(session("two")), NOON)
        assert len(StoreReader(path).sessions()) == 2


# -------------------------------------------------------------------------------------- damage


def fill(path: Path, sessions: int = 2000) -> bytes:
    with opened(path) as store:
        store.save(checkpoint(*(session(f"{n:05}", NOON) for n in range(sessions))), NOON)
    return path.read_bytes()


def overwrite(path: Path, start: int, garbage: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(garbage)


@pytest.mark.parametrize("what", ["no database", "a page overwritten", "cut in half"])
def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(path: Path, what: str) -> None:
    whole = fill(path)
    match what:
        case "no database":
            path.write_bytes(b"\xff" * 5000)
        case "a page overwritten":
            overwrite(path, 40_960, b"\xa5" * 8192)
        case _:
            path.write_bytes(whole[: len(whole) // 8192 * 4096])
    damaged = path.read_bytes()

    with opened(path) as store:
        store.load()
        assert len(StoreReader(path).sessions(3000)) == 2000  # from the copy, or what could be read
        store.save(checkpoint(session("new")), NOON)
        notice = store.take_notice()

        aside = path.with_name("evsed.db.damaged-20261122T120000")
        assert store.moved_aside == aside
        assert aside.read_bytes() == damaged
        assert notice is not None
        assert f"{path} is damaged" in notice
        assert "moved it to evsed.db.damaged-20261122T120000" in notice
        assert "restore a backup" in notice
        assert store.take_notice() is None
        assert store.errors == 0
    with opened(path) as store:
        assert "new" in [record.id for record in StoreReader(path).sessions(3000)]


def test_a_second_damaged_file_does_not_replace_the_first(path: Path) -> None:
    path.parent.mkdir(parents=True)
    for n in range(3):
        path.write_bytes(b"no database %d" % n * 500)
        with opened(path) as store:
            store.load()

    names = sorted(kept.name for kept in path.parent.glob("*damaged*"))
    stem = "evsed.db.damaged-20261122T120000"
    assert names == [stem, f"{stem}-1", f"{stem}-2"]


def test_a_file_damaged_while_it_is_open_is_an_error_and_then_a_new_file(path: Path) -> None:
    size = len(fill(path, sessions=16_000))  # more than SQLite keeps in memory
    with opened(path) as store:
        store.load()
        overwrite(path, 4096, b"\xa5" * (size - 4096))
        with pytest.raises(StoreError):
            store.unlogged()

        assert (store.errors, store.moved_aside is not None) == (1, True)
        store.save(checkpoint(session("new")), NOON)
        found = [record.id for record in StoreReader(path).sessions(20_000)]
        assert len(found) == 16_001
        assert "new" in found


def test_a_file_of_a_newer_evsed_is_refused_and_left_alone(path: Path) -> None:
    fill(path, sessions=1)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")
    with opened(path) as store:
        with pytest.raises(StoreError, match="version 99, from a newer evsed"):
            store.load()

        assert store.moved_aside is None
    assert path.exists()


def test_a_log_cut_anywhere_by_a_power_cut_loses_the_newest_saves_and_no_others(
    path: Path, tmp_path: Path
) -> None:
    """The file and its log as they were, the log cut ever later and ending in garbage."""
    with opened(path) as store:
        for n in range(8):
            store.save(checkpoint(session(), total_wh=float(n)), NOON)
        whole, log = path.read_bytes(), path.with_name("evsed.db-wal").read_bytes()

    totals = []
    for cut in (*range(0, len(log), 1900), len(log)):
        after = tmp_path / f"cut-{cut}.db"
        after.write_bytes(whole)
        after.with_name(after.name + "-wal").write_bytes(log[:cut] + b"\xa5" * 100)
        with opened(after) as store:
            totals.append(store.load().total_wh)
            assert store.moved_aside is None

    assert totals == sorted(totals)
    assert set(totals) == {float(n) for n in range(8)}
