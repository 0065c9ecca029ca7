# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: what it keeps, and what locks, full disks and damage do to it."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from evsed.core.energy.history import By
from evsed.core.energy.sessions import (
    Checkpoint,
    DayTotal,
    EndReason,
    Flow,
    Ledger,
    SavedTotals,
    SessionRecord,
)
from evsed.core.text import Text, text
from evsed.errors import StoreError
from evsed.store import Json, LastEnd, LatchedFault, PreviousRun, Store
from evsed.store.reading import StoreReader

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
KILOWATT_3_6 = Flow(power_w=3600.0, current_a=15.7)  # 1 Wh a second


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


# -------------------------------------------------------------------------------- what is kept


def test_a_new_file_knows_nothing(path: Path) -> None:
    with opened(path) as store:
        assert store.load() == SavedTotals()
        assert StoreReader(path).sessions() == []
        assert store.unlogged() == []
        assert store.latched() == []
        assert store.get("mode") is None
        assert store.take_notice() is None


def test_a_checkpoint_is_there_in_the_next_life(path: Path) -> None:
    with opened(path) as store:
        store.save(checkpoint(session()), NOON + timedelta(minutes=10))
    with opened(path) as store:
        history = store.load()

    assert history.days == (DayTotal(TODAY, 1234.5, 600.0, 1000.0),)
    assert (history.total_wh, history.cycles) == (1234.5, 3)
    (left,) = history.left_open
    assert (left.record, left.saved) == (session(), NOON + timedelta(minutes=10))


def test_a_checkpoint_saved_twice_is_saved_once(path: Path) -> None:
    with opened(path) as store:
        for _ in range(2):
            store.save(checkpoint(session(ended=NOON)), NOON)

        assert store.load() == SavedTotals((DayTotal(TODAY, 1234.5, 600.0, 1000.0),), 1234.5, 3)
        assert StoreReader(path).sessions() == [session(ended=NOON)]


@pytest.mark.parametrize("reason", [None, *EndReason])
def test_a_session_comes_back_as_it_was(path: Path, reason: EndReason | None) -> None:
    record = SessionRecord(id="bare", started=NOON, ended=NOON, reason=reason)
    with opened(path) as store:
        store.save(checkpoint(record), NOON)

        assert StoreReader(path).sessions() == [record]


def test_costs_come_back_by_session_day_and_period(path: Path) -> None:
    record = SessionRecord(id="paid", started=NOON, ended=NOON, cost=-0.25, savings=1.5)
    day = DayTotal(TODAY, 1000.0, 60.0, None, 2.5, 0.5)
    with opened(path) as store:
        store.save(Checkpoint((record,), (day,), 1000.0, 1, 1), NOON)
        assert store.load().days == (day,)

    reader = StoreReader(path)
    assert reader.sessions() == [record]
    (month,) = reader.energy(By.MONTH, TODAY, TODAY)
    assert (month.cost, month.savings) == (2.5, 0.5)


def test_moments_are_kept_in_utc_whatever_the_zone(path: Path) -> None:
    vienna = NOON.astimezone(tz=None)
    with opened(path) as store:
        store.save(checkpoint(session(ended=vienna)), vienna)

        assert StoreReader(path).sessions()[0].ended == NOON


def test_sessions_are_listed_newest_first(path: Path) -> None:
    records = [
        SessionRecord(id=str(n), started=NOON + timedelta(hours=n), ended=NOON) for n in range(5)
    ]
    with opened(path) as store:
        store.save(checkpoint(*records), NOON)

        assert [record.id for record in StoreReader(path).sessions(limit=3)] == ["4", "3", "2"]


def test_a_session_waits_for_energy_log_until_it_is_there(path: Path) -> None:
    with opened(path) as store:
        store.save(checkpoint(session("open"), session("ended", NOON)), NOON)
        assert [record.id for record in store.unlogged()] == ["ended"]

        store.mark_logged("ended")
        assert store.unlogged() == []
        store.save(checkpoint(session("ended", NOON)), NOON)
        assert store.unlogged() == []


def test_the_words_of_a_latched_fault_can_still_be_translated_after_a_restart(path: Path) -> None:
    detail = text("{drawn_a:.1f} A with the contactor open", drawn_a=1.25)
    details = {"ContactorFault": detail, "Older": "an old sentence", "Odd": '{"template": 1}'}
    with closing(Store(path)) as store:
        for name, words in details.items():
            store.latch(LatchedFault(name, words, NOON, "service"))
    with closing(Store(path)) as store:
        found = {kept.name: kept.detail for kept in store.latched()}
    assert found == details
    back = found["ContactorFault"]
    assert isinstance(back, Text)
    assert (back.template, back.params) == (detail.template, detail.params)


def test_a_latched_fault_outlives_a_restart_and_keeps_its_first_moment(path: Path) -> None:
    fault = LatchedFault("ContactorFault", "welded", NOON, "service")
    with opened(path) as store:
        store.latch(fault)
        store.latch(LatchedFault("ContactorFault", "again", NOON + timedelta(1), "service"))
        store.latch(LatchedFault("PermanentFault", "", NOON - timedelta(1), "acknowledge"))
    with opened(path) as store:
        assert [kept.name for kept in store.latched()] == ["PermanentFault", "ContactorFault"]
        assert store.latched()[1] == fault

        store.release("ContactorFault")
        assert [kept.name for kept in store.latched()] == ["PermanentFault"]


@pytest.mark.parametrize("value", ["solar", 7.5, 0, True, None, [1, "a"], {"mon": ["07:00", None]}])
def test_the_owners_wishes_come_back_as_they_were(path: Path, value: Json) -> None:
    with opened(path) as store:
        store.put("wish", "another")
        store.put("wish", value)
    with opened(path) as store:
        assert store.get("wish") == value


def test_a_wish_put_again_writes_nothing(path: Path) -> None:
    with opened(path) as store:
        store.put("mode", "solar")
        with closing(sqlite3.connect(path)) as other:
            before = other.execute("PRAGMA data_version").fetchall()
            store.put("mode", "solar")
            assert other.execute("PRAGMA data_version").fetchall() == before
            store.put("mode", "fast")
            assert other.execute("PRAGMA data_version").fetchall() != before


# ------------------------------------------------------------------------------------- crashes


def test_a_life_that_ended_with_the_contactor_open_ended_well(path: Path) -> None:
    with opened(path) as store:
        store.note_contactor("boot", closed=True)
        store.note_contactor("boot", closed=False)

        assert store.begin_life("boot", 100.0) == PreviousRun(LastEnd.CLEAN, 0)


def test_crashes_with_the_contactor_closed_are_counted_for_an_hour(path: Path) -> None:
    counted = []
    for now in (1000.0, 2000.0, 4599.0, 4600.0, 9000.0):
        with opened(path) as store:
            counted.append(store.begin_life("boot", now).crashes)
            store.note_contactor("boot", closed=True)

    assert counted == [0, 1, 2, 3, 1]


def test_a_crash_counts_once_and_is_forgotten_when_the_owner_says_so(path: Path) -> None:
    with opened(path) as store:
        store.note_contactor("boot", closed=True)
        assert store.begin_life("boot", 10.0) == PreviousRun(LastEnd.CRASH, 1)
        assert store.begin_life("boot", 20.0) == PreviousRun(LastEnd.CLEAN, 1)

        store.forget_crashes()
        assert store.begin_life("boot", 30.0) == PreviousRun(LastEnd.CLEAN, 0)


def test_a_power_cut_is_no_crash_and_ends_the_count(path: Path) -> None:
    with opened(path) as store:
        store.note_contactor("boot", closed=True)
        store.begin_life("boot", 5000.0)
        store.note_contactor("boot", closed=True)

        assert store.begin_life("next boot", 10.0) == PreviousRun(LastEnd.POWER_CUT, 0)


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


# ------------------------------------------------------------------------------- bytes written


def test_an_idle_day_writes_nothing_and_an_hour_of_charging_ninety_small_saves(path: Path) -> None:
    """The whole way of the bytes: ledger, store, file. Every byte goes through the log first."""
    log = path.with_name("evsed.db-wal")
    written: list[int] = []

    def run(store: Store, ledger: Ledger, start: int, seconds: int, flow: Flow) -> None:
        for now in range(start, start + seconds):
            ledger.add(now, TODAY, flow)
            if ledger.save_due(now):
                taken = ledger.checkpoint()
                before = log.stat().st_size
                store.save(taken, NOON)
                ledger.saved(taken, now)
                written.append(log.stat().st_size - before)

    with opened(path) as store:
        ledger = Ledger()
        ledger.load(store.load())
        ledger.plug_in("one", NOON)
        run(store, ledger, 0, 1, Flow())
        written.clear()
        run(store, ledger, 1, 86_400, Flow())
        assert written == []

        run(store, ledger, 86_401, 3600, KILOWATT_3_6)
        run(store, ledger, 90_001, 86_400, Flow())

    assert len(written) == 90
    assert max(written) <= 16_500  # three pages with their headers; once there is a fourth


def test_the_log_is_folded_into_the_file_before_it_grows_large(path: Path) -> None:
    with opened(path) as store:
        for n in range(200):
            store.save(checkpoint(session(), total_wh=float(n)), NOON)

        assert path.with_name("evsed.db-wal").stat().st_size < 1_100_000
    assert path.stat().st_size < 100_000
