# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: what is in them, what is refused, and what a restore never forgets."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from evsed.core.energy.sessions import Checkpoint, DayTotal, SessionRecord
from evsed.errors import BackupError
from evsed.store import LatchedFault, Store, archive
from evsed.store.reading import StoreReader

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAULT = LatchedFault("GroundFault", "as the test has it", NOON, "acknowledge")


class Box:
    """A folder as a Pi has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.store = folder / "evsed.db"
        self.settings = folder / "settings.toml"

    def life(self, kwh: float, mode: str = "solar", faults: tuple[LatchedFault, ...] = ()) -> None:
        """One life, with a session under way at its end."""
        store = Store(self.store)
        store.begin_life("a boot", 1.0)
        session = SessionRecord(id=f"session {kwh:g}", started=NOON, energy_wh=kwh * 1000)
        day = DayTotal(date(2026, 11, 22), kwh * 1000)
        store.save(
            Checkpoint(sessions=(session,), days=(day,), total_wh=kwh * 1000, cycles=3, revision=1),
            NOON,
        )
        store.put("controls", {"mode": mode, "max_current_a": kwh})
        store.put("plan", {"goal": "x"})
        store.put("front_end_proved", f"calibration {kwh:g}")
        for fault in faults:
            store.latch(fault)
        store.close()

    def backup(self, to: Path) -> Path:
        archive.make(self.store, self.settings, to)
        return to

    def restore(self, source: Path) -> str:
        archive.stage(source, self.folder)
        return archive.apply(self.store, self.settings)

    @property
    def total_kwh(self) -> float:
        store = Store(self.store)
        total = store.load().total_wh / 1000
        store.close()
        return total


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A backup with 7 kWh and settings."""
    box = Box(tmp_path / "old")
    box.life(7.0, "fast")
    box.settings.write_text("[supply]\nmax_current_a = 16.0\n")
    sqlite3.connect(box.folder / "ocpp.db").execute("CREATE TABLE queue (at REAL)")
    return box.backup(tmp_path / "evsed.zip")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A box that has had 2 kWh since."""
    made = Box(tmp_path / "box")
    made.life(2.0, faults=(FAULT,))
    return made


def test_everything_comes_back_and_undo_puts_back_what_there_was(old: Path, box: Box) -> None:
    done = box.restore(old)
    assert "evsed.db, ocpp.db, settings.toml" in done
    assert box.total_kwh == 7.0
    assert box.settings.read_text() == "[supply]\nmax_current_a = 16.0\n"
    assert (box.folder / "ocpp.db").exists()
    assert archive.apply(box.store, box.settings) == ""  # once
    archive.stage_undo(box.folder)
    archive.apply(box.store, box.settings)
    assert box.total_kwh == 2.0
    archive.stage_undo(box.folder)  # and back again
    archive.apply(box.store, box.settings)
    assert box.total_kwh == 7.0


def test_no_fault_of_now_is_forgotten_and_nothing_about_this_machine(old: Path, box: Box) -> None:
    box.restore(old)
    store = Store(box.store)
    assert [fault.name for fault in store.latched()] == ["GroundFault"]
    assert store.get("front_end_proved") == "calibration 2"
    assert store.get("boot") is None
    assert store.get("plan") is None
    assert store.load().left_open == ()
    store.close()


def test_a_restore_never_switches_on(old: Path, box: Box) -> None:
    box.life(3.0, "off")
    box.restore(old)
    store = Store(box.store)
    assert store.get("controls") == {"mode": "off", "max_current_a": 7.0}
    store.close()


@pytest.mark.usefixtures("old")
def test_the_file_that_the_page_gives_is_a_backup_too(tmp_path: Path, box: Box) -> None:
    source = Box(tmp_path / "old")
    page = tmp_path / "evsed-2026-11-22.db"
    with StoreReader(source.store).backup() as file, page.open("wb") as to:
        shutil.copyfileobj(file, to)
    assert archive.stage(page, box.folder) == ("evsed.db",)
    archive.apply(box.store, box.settings)
    assert box.total_kwh == 7.0


def test_only_what_was_asked_for_is_taken(old: Path, box: Box) -> None:
    names = archive.stage(old, box.folder, ("evsed.db", "ocpp.db"))
    assert names == ("evsed.db", "ocpp.db")
    assert archive.staged_settings(box.folder) is None


def test_a_damaged_database_can_be_replaced_and_its_copy_is_used(old: Path, box: Box) -> None:
    box.store.write_bytes(b"no database at all" * 500)
    box.restore(old)
    store = Store(box.store)
    assert [fault.name for fault in store.latched()] == ["GroundFault"]
    store.close()


def test_where_nothing_can_be_read_the_owner_has_to_look(old: Path, box: Box) -> None:
    for path in (box.store, box.folder / "evsed.db.copy"):
        path.write_bytes(b"no database at all" * 500)
    box.restore(old)
    store = Store(box.store)
    assert [fault.name for fault in store.latched()] == ["StoreDamagedFault"]
    store.close()


def test_an_empty_box_takes_a_backup(tmp_path: Path, old: Path) -> None:
    box = Box(tmp_path / "new card")
    box.restore(old)
    assert box.total_kwh == 7.0


@pytest.mark.parametrize("kind", ["text", "cut", "foreign", "bits", "name", "newer", "trigger"])
def test_what_is_no_sound_backup_is_refused_and_nothing_changes(
    tmp_path: Path, old: Path, box: Box, kind: str
) -> None:
    wrong = tmp_path / "wrong"
    whole = old.read_bytes()
    with zipfile.ZipFile(old) as packed:
        base = packed.read("evsed.db")
    if kind == "text":
        wrong.write_text("hello")
    elif kind == "cut":
        wrong.write_bytes(whole[: len(whole) // 2])
    elif kind == "bits":
        wrong.write_bytes(base[:4096] + b"\xff" * 4096 + base[8192:])
    elif kind == "name":
        with zipfile.ZipFile(wrong, "w") as made:
            made.writestr("../evsed.toml", "x")
    else:
        wrong.write_bytes(base)
        statement = {
            "foreign": "DROP TABLE faults",
            "newer": "PRAGMA user_version = 99",
            "trigger": "CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM faults; END",
        }[kind]
        with sqlite3.connect(wrong) as database:
            database.execute(statement)
    with pytest.raises(BackupError):
        archive.stage(wrong, box.folder)
    assert sorted(path.name for path in box.folder.iterdir()) == ["evsed.db", "evsed.db.copy"]
    assert archive.apply(box.store, box.settings) == ""
    assert box.total_kwh == 2.0


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_restore_that_a_power_cut_interrupts_goes_on_at_the_next_start(
    old: Path, box: Box, left: int
) -> None:
    """As if the power had failed when *left* of three files were still to be put in place."""
    archive.stage(old, box.folder)
    new = box.folder / "restore.new"
    (box.folder / "restore.before").mkdir()
    (new / "begun").touch()
    for name in archive.NAMES[: 3 - left]:
        (new / name).replace(box.folder / name)
    archive.apply(box.store, box.settings)
    assert box.total_kwh == 7.0
    assert box.settings.exists()
    assert not new.exists()


def test_there_is_nothing_to_save_or_to_undo_at_first(tmp_path: Path) -> None:
    box = Box(tmp_path / "new card")
    with pytest.raises(BackupError, match="nothing to save"):
        box.backup(tmp_path / "evsed.zip")
    with pytest.raises(BackupError, match="nothing was restored"):
        archive.stage_undo(box.folder)
