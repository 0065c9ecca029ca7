# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace in the store: what is kept, how it gets less; reading and deleting."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from evsed.core.energy.history import By, PeriodTotal, TraceRow
from evsed.core.energy.sessions import Checkpoint, DayTotal
from evsed.errors import StoreError
from evsed.store import trace
from evsed.store.reading import StoreReader
from evsed.store.rows import begins_at, day_of, ends_at
from tests.store.history_rows import DAY, ROW, kept, minutes, opened, save, session

pytestmark = pytest.mark.usefixtures("vienna")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lib" / "evsed.db"


def energy_ws(rows: list[TraceRow]) -> int:
    return sum(row.power_w * row.covered_s for row in rows)


# --------------------------------------------------------------------------------- what is kept


def test_rows_come_back_as_they_were(path: Path) -> None:
    start = begins_at(DAY)
    rows = [*minutes(start, 3), TraceRow(start + 180, 7, None, 0, 0, None, "-")]
    with opened(path) as store:
        store.trace.add(rows[:2])
        store.trace.add(rows[2:])
        store.trace.add([])

        found = StoreReader(path).day(DAY, [])
    assert found is not None
    assert (found.every_s, found.rows) == (60, tuple(rows))


def test_a_minute_that_is_there_already_is_joined_and_no_energy_is_lost(path: Path) -> None:
    first = replace(ROW, at=60, covered_s=20)
    with opened(path) as store:
        store.trace.add([first])
        store.trace.add([replace(first, covered_s=40, power_w=900, state="B1"), *minutes(120, 1)])

    assert kept(path) == [replace(ROW, at=60, power_w=1200, state="B1"), *minutes(120, 1)]


def test_a_file_of_an_earlier_evsed_keeps_what_it_had(path: Path) -> None:
    with opened(path) as store:
        save(store, session("one", datetime(2026, 1, 1, tzinfo=UTC), None))
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "DROP TABLE minutes; DROP TABLE quarters; DROP TABLE days; CREATE TABLE days (day TEXT "
            "PRIMARY KEY, energy_wh REAL NOT NULL, charge_s REAL NOT NULL, sun_wh REAL NOT NULL);"
            "ALTER TABLE sessions RENAME COLUMN solar_wh TO sun_wh;"
            "ALTER TABLE sessions DROP COLUMN cost; ALTER TABLE sessions DROP COLUMN savings;"
            "INSERT INTO days VALUES ('2026-11-23', 9.0, 8.0, 7.0); PRAGMA user_version = 1;"
        )
    with opened(path) as store:
        assert store.load().days == (DayTotal(date(2026, 11, 23), 9.0, 8.0, 7.0),)
        store.save(Checkpoint((), (DayTotal(DAY, 1.0, 2.0, None),), 0.0, 0, 1), datetime.now(UTC))
        assert store.load().days[-1] == DayTotal(DAY, 1.0, 2.0, None)
        assert [item.id for item in StoreReader(path).sessions()] == ["one"]


# ------------------------------------------------------------------------------ getting less


def test_after_a_hundred_days_minutes_become_quarters_and_no_energy_is_lost(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MINUTES_KEPT", 100)
    rows = [replace(row, power_w=n) for n, row in enumerate(minutes(0, 1000))]
    with opened(path) as store:
        store.trace.add(rows)
        assert not store.trace.thin()

        assert len(kept(path)) == 100
        assert energy_ws(kept(path)) + energy_ws(kept(path, "quarters")) == energy_ws(rows)
        assert kept(path, "quarters")[0] == replace(ROW, covered_s=900, power_w=7)
        assert kept(path)[-1] == rows[-1]
        assert not store.trace.thin()
        assert len(kept(path)) == 100


def test_a_quarter_of_which_the_second_half_comes_later_is_still_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MINUTES_KEPT", 0)
    rows = [replace(row, power_w=100 * n) for n, row in enumerate(minutes(0, 15))]
    with opened(path) as store:
        for part in (rows[:6], rows[6:]):
            store.trace.add(part)
            store.trace.thin()

    assert kept(path, "quarters") == [replace(ROW, covered_s=900, power_w=700)]


def test_what_one_transaction_should_not_do_is_left_for_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MINUTES_KEPT", 0)
    monkeypatch.setattr(trace, "AT_ONCE", 60)
    with opened(path) as store:
        store.trace.add(minutes(0, 150))
        assert store.trace.thin()
        assert len(kept(path)) == 90
        assert store.trace.thin()
        assert not store.trace.thin()
        assert (kept(path), len(kept(path, "quarters"))) == ([], 10)


def test_after_ten_years_the_oldest_quarters_are_forgotten(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MINUTES_KEPT", 0)
    monkeypatch.setattr(trace, "QUARTERS_KEPT", 4)
    with opened(path) as store:
        store.trace.add(minutes(0, 90))
        store.trace.thin()

    assert [row.at for row in kept(path, "quarters")] == [1800, 2700, 3600, 4500]


def test_the_oldest_sessions_make_room_once_energy_log_has_them(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "SESSIONS_KEPT", 2)
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with opened(path) as store:
        save(store, session("unlogged", noon, noon), logged=False)
        save(store, *(session(f"{n}", noon + timedelta(hours=n), noon) for n in range(1, 4)))
        store.trace.thin()

        assert [item.id for item in StoreReader(path).sessions()] == ["3", "unlogged"]


def test_a_clock_in_1970_and_in_2038_costs_nothing_and_lets_nothing_grow(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MINUTES_KEPT", 200)
    start = begins_at(DAY)
    with opened(path) as store:
        store.trace.add(minutes(start, 100))
        for _ in range(50):  # so many starts without a clock, each for an hour
            for wrong in (0, 2**31 + 8):
                store.trace.add(minutes(wrong // 60 * 60, 60))
                store.trace.thin()
        store.trace.add(minutes(start + 6000, 100))
        store.trace.thin()

        there = kept(path)
        assert len(there) + 15 * len(kept(path, "quarters")) < 200 + 15 * (4 + 5 + 8)
        found = StoreReader(path).day(DAY, [])
        assert found is not None
        assert found.rows[-1].at // 900 == (start + 6000 + 99 * 60) // 900
        assert sum(row.covered_s for row in found.rows) == 200 * 60
        assert StoreReader(path).days() == [date(1970, 1, 1), DAY, date(2038, 1, 19)]


# ---------------------------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)]
)
def test_a_day_is_as_long_as_the_clocks_make_it(path: Path, day: date, hours: int) -> None:
    start = begins_at(day)
    with opened(path) as store:
        store.trace.add(minutes(start - 60, hours * 60 + 2))

        found = StoreReader(path).day(day, [])
        assert found is not None
        assert len(found.rows) == hours * 60
        assert (found.rows[0].at, found.rows[-1].at) == (start, start + hours * 3600 - 60)
        assert found.start.isoformat()[:19] == f"{day}T00:00:00"
        around = [day - timedelta(days=1), day, day + timedelta(days=1)]
        assert StoreReader(path).days() == around


def test_a_day_begins_at_midnight_in_every_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("Asia/Kathmandu", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        for number in range(400):
            day = date(2026, 1, 1) + timedelta(days=number)
            assert day_of(begins_at(day)) == day
            assert day_of(begins_at(day) - 1) == day - timedelta(days=1)
            assert begins_at(day + timedelta(days=1)) == ends_at(day)
            assert begins_at(day) % 900 == 0, "a quarter of an hour lies in one day"


@pytest.mark.parametrize("day", [date.min, date(1969, 12, 31), date(2200, 1, 1), date.max])
def test_days_that_no_charger_has_seen_are_asked_for_in_vain(path: Path, day: date) -> None:
    with opened(path) as store:
        store.trace.add(minutes(begins_at(DAY), 5))
        assert StoreReader(path).day(day, []) is None
        assert ends_at(day) > begins_at(day)


def test_a_day_of_which_some_is_coarse_is_told_in_quarters(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MINUTES_KEPT", 30)
    start = begins_at(DAY)
    with opened(path) as store:
        store.trace.add(minutes(start, 60))
        store.trace.thin()
        found = StoreReader(path).day(DAY, minutes(start + 3600, 3))
    assert found is not None
    assert found.every_s == 900
    assert [row.at - start for row in found.rows] == [0, 900, 1800, 2700, 3600]
    assert [row.covered_s for row in found.rows] == [900, 900, 900, 900, 180]


def test_what_is_not_written_yet_belongs_to_its_day(path: Path) -> None:
    start = begins_at(DAY)
    with opened(path) as store:
        store.trace.add([replace(ROW, at=start, covered_s=30)])
        pending = [replace(ROW, at=start, covered_s=30, power_w=0), *minutes(start - 60, 1)]
        found = StoreReader(path).day(DAY, pending)
    assert found is not None
    assert found.rows == (replace(ROW, at=start, power_w=900),)


def test_what_has_just_been_written_counts_once(path: Path) -> None:
    rows = minutes(begins_at(DAY), 15)
    with opened(path) as store:
        store.trace.add(rows)
        found = StoreReader(path).day(DAY, rows)
    assert found is not None
    assert found.rows == tuple(rows)


# -------------------------------------------------------------------------------- questions


def test_energy_adds_up_by_day_month_and_year(path: Path) -> None:
    days = (
        DayTotal(date(2025, 12, 31), 100.0, 10.0, 50.0),
        DayTotal(date(2026, 1, 1), 200.0, 20.0, None),
        DayTotal(date(2026, 1, 2), 0.0, 0.0, 0.0),
        DayTotal(date(2026, 1, 31), 300.0, 30.0, 30.0),
        DayTotal(date(2026, 2, 1), 400.0, 40.0, None),
    )
    with opened(path) as store:
        store.save(Checkpoint((), days, 0.0, 0, 1), datetime.now(UTC))
        ask = StoreReader(path).energy
        assert ask(By.DAY, date(2026, 1, 1), date(2026, 1, 31)) == [
            PeriodTotal(date(2026, 1, 1), 200.0, 20.0, None),
            PeriodTotal(date(2026, 1, 31), 300.0, 30.0, 30.0),
        ]
        assert ask(By.MONTH, date.min, date.max) == [
            PeriodTotal(date(2025, 12, 1), 100.0, 10.0, 50.0),
            PeriodTotal(date(2026, 1, 1), 500.0, 50.0, 30.0),
            PeriodTotal(date(2026, 2, 1), 400.0, 40.0, None),
        ]
        assert ask(By.YEAR, date(2026, 1, 1), date.max) == [
            PeriodTotal(date(2026, 1, 1), 900.0, 90.0, 30.0)
        ]
        assert ask(By.DAY, date(2027, 1, 1), date.max) == []


def test_sessions_are_told_a_page_at_a_time(path: Path) -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with opened(path) as store:
        save(store, *(session(f"{n}", noon + timedelta(hours=n), None) for n in range(5)))
        first = StoreReader(path).sessions(2)
        second = StoreReader(path).sessions(2, first[-1].started)
    assert [item.id for item in (*first, *second)] == ["4", "3", "2", "1"]


def test_a_question_is_answered_while_a_save_is_under_way_and_holds_up_none(path: Path) -> None:
    with opened(path) as store:
        store.trace.add(minutes(begins_at(DAY), 10))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert StoreReader(path).days() == [DAY]
        reader = StoreReader(path)
        with reader._reading() as database:  # noqa: SLF001 - a question in mid-air
            assert database.execute("SELECT count(*) FROM minutes").fetchone() == (10,)
            store.trace.add(minutes(begins_at(DAY) + 600, 10))
        assert len(kept(path)) == 20


def test_where_there_is_no_file_the_error_says_three_things(path: Path) -> None:
    with pytest.raises(StoreError, match=r"could not be read .* nothing was changed .* try again"):
        StoreReader(path).days()
    assert not path.exists()


def test_damage_in_the_history_is_found_when_that_is_written_and_costs_nothing_new(
    path: Path,
) -> None:
    with opened(path) as store:
        save(store, session("one", datetime(2026, 11, 24, tzinfo=UTC), None))
        store.trace.add(minutes(begins_at(DAY), 20_000))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * (size - size // 2))

    with opened(path) as store:
        assert [item.id for item in StoreReader(path).sessions()] == ["one"]
        with pytest.raises(StoreError, match="could not be read"):
            StoreReader(path).day(DAY + timedelta(days=13), [])
        with pytest.raises(StoreError, match="could not be written"):
            store.trace.add(minutes(begins_at(DAY) + 60 * 20_000, 15))
        assert store.moved_aside is not None
        store.trace.add(minutes(begins_at(DAY), 15))
        assert len(kept(path)) == 15


# --------------------------------------------------------------------------------- deleting


def test_what_is_older_than_a_day_is_deleted_and_totals_stay(path: Path) -> None:
    start = begins_at(DAY)
    midnight = datetime.fromtimestamp(start, tz=UTC)
    with opened(path) as store:
        store.trace.add(minutes(start - 600, 20))
        save(
            store,
            session("old", midnight - timedelta(hours=2), midnight - timedelta(seconds=1)),
            session("over midnight", midnight - timedelta(hours=2), midnight),
            session("under way", midnight - timedelta(days=9), None),
        )
        save(store, session("unlogged", midnight, midnight - timedelta(days=1)), logged=False)
        total = DayTotal(DAY - timedelta(days=1), 5.0, 6.0, 7.0)
        store.save(Checkpoint((), (total,), 1234.0, 5, 1), midnight)

        assert store.trace.delete(DAY) == (10, 1)
        assert store.trace.delete(DAY) == (0, 0)
        assert [row.at for row in kept(path)] == [start + 60 * n for n in range(10)]
        left = {item.id for item in StoreReader(path).sessions()}
        assert left == {"over midnight", "under way", "unlogged"}
        assert store.load().days == (total,)
        assert store.load().total_wh == 1234.0


def test_much_is_deleted_in_pieces(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "AT_ONCE", 40)
    monkeypatch.setattr(trace, "MINUTES_KEPT", 100)
    with opened(path) as store:
        store.trace.add(minutes(begins_at(DAY), 400))
        while store.trace.thin():
            pass
        pieces = []
        while any(gone := store.trace.delete(date.max)):
            pieces.append(gone[0])
    assert pieces == [60, 40, 20]
    assert kept(path) == kept(path, "quarters") == []
