# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: what it keeps, how a life begins and ends, and how little it writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
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
from evsed.store import Json, LastEnd, LatchedFault, PreviousRun, Store
from evsed.store.reading import StoreReader
from tests.store.checkpoints import NOON, TODAY, checkpoint, opened, session

KILOWATT_3_6 = Flow(power_w=3600.0, current_a=15.7)  # 1 Wh a second


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "evsed.db"


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
