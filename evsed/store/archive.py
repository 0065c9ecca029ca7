# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: made, checked, and put in place of what there is when evsed starts.

A backup is a ZIP file with `evsed.db`, and where there are any, `ocpp.db` and the page's
`settings.toml`; or the one SQLite file that the page gives. Beside the store::

    restore.new       what takes the place of the present files at the next start
    restore.before    what they were before the last restore: undo puts it back

A restore never forgets a fault, a crash or the owner's `off` of now.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from evsed.core.text import text
from evsed.errors import BackupError
from evsed.store.file import migrate, schema, schema_of

if TYPE_CHECKING:
    from pathlib import Path

STORE, OCPP, SETTINGS = "evsed.db", "ocpp.db", "settings.toml"
NAMES: Final = (STORE, OCPP, SETTINGS)
MOST_BYTES: Final = 64_000_000
"""Of each file: the store is 20 MB at most (docs/install.md)."""
SQLITE_HEAD: Final = b"SQLite format 3\0"
NEW, BEFORE, BEGUN = "restore.new", "restore.before", "begun"
STILL_HERE: Final = ("boot", "contactor_closed_in_boot", "front_end_proved")
"""Notes about this machine and its present life: they are never those of a backup."""

UNREAD: Final = "StoreDamagedFault"
"""As `core.pilot.faults` has it."""


def make(store: Path, settings: Path, target: Path) -> str:
    """Make a backup of *store* and of what lies beside it at *target*; return what is in it.

    evsed may run meanwhile. Raises `BackupError`.
    """
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".evsed-backup-") as name:
            work = target.parent / name
            found = _copy_present(store, settings, work)
            if STORE not in found:
                raise BackupError(
                    text("there is nothing to save yet: no {store}", store=str(store))
                )
            made = work / "backup.zip"
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
                for each in found:
                    archive.write(work / each, each)
            made.chmod(0o600)
            made.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(
            text("no backup was made at {target}: {error}", target=str(target), error=str(error))
        ) from error
    return ", ".join(found)


def stage(source: Path, folder: Path, only: tuple[str, ...] = NAMES) -> tuple[str, ...]:
    """Check the backup at *source*, and put *only* these files of it ready in *folder*.

    Return their names. `apply()` puts them in place when evsed starts. Raises `BackupError`, and
    leaves everything as it is.
    """
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".evsed-restore-") as name:
            work = folder / name / NEW
            work.mkdir()
            _unpack(source, work, only)
            _check_store(work / STORE)
            if (work / OCPP).exists():
                _check_sound(work / OCPP)
            names = tuple(each for each in NAMES if (work / each).exists())
            _own(work, folder)
            shutil.rmtree(folder / NEW, ignore_errors=True)
            work.rename(folder / NEW)
    except (OSError, sqlite3.Error, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise BackupError(
            text(
                "this is no copy that evsed has saved, or a damaged one ({error}); nothing was "
                "changed. Choose another file",
                error=str(error),
            )
        ) from error
    return names


def stage_undo(folder: Path) -> None:
    """Put ready in *folder* what there was before the last restore. Raises `BackupError`."""
    if not (folder / BEFORE).is_dir():
        raise BackupError(text("nothing was restored here, so there is nothing to undo"))
    shutil.rmtree(folder / NEW, ignore_errors=True)
    (folder / BEFORE).rename(folder / NEW)


def staged_settings(folder: Path) -> str | None:
    """Return the text of the settings that are put ready; None where none are."""
    file = folder / NEW / SETTINGS
    return file.read_text(encoding="utf-8") if file.exists() else None


def unstage(folder: Path) -> None:
    """Give up what was put ready."""
    shutil.rmtree(folder / NEW, ignore_errors=True)


def apply(store: Path, settings: Path) -> str:
    """Put in place what was put ready; return what was done, "" where nothing was.

    Nothing else may have the files open. What a power cut interrupts goes on at the next start.
    Raises `BackupError`.
    """
    folder = store.parent
    new = folder / NEW
    if not new.is_dir():
        return ""
    places = {STORE: store, OCPP: store.with_name(OCPP), SETTINGS: settings}
    try:
        if not (new / BEGUN).exists():
            fresh = folder / f"{BEFORE}.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            _copy_present(store, settings, fresh, damaged=True)
            shutil.rmtree(folder / BEFORE, ignore_errors=True)
            fresh.rename(folder / BEFORE)
            _carry_over(new / STORE, store)
            (new / BEGUN).touch()
        done = [name for name in NAMES if (new / name).exists()]
        for name in done:
            for tail in ("-wal", "-shm"):
                places[name].with_name(places[name].name + tail).unlink(missing_ok=True)
            (new / name).replace(places[name])
        shutil.rmtree(new)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(
            f"the backup could not be put in place ({error}); it is tried again at the next "
            f"start. To give it up, remove {new}"
        ) from error
    return (
        f"restored from a backup: {', '.join(done)}. What there was before is in "
        f"{folder / BEFORE}; `sudo evsed restore --undo` puts it back"
    )


def _copy_present(
    store: Path, settings: Path, into: Path, *, damaged: bool = False
) -> tuple[str, ...]:
    """Copy the present files into a folder; return the names of those that there are.

    *damaged*: a database that cannot be read is copied as it is.
    """
    for path, name in ((store, STORE), (store.with_name(OCPP), OCPP)):
        if path.exists():
            _copy_database(path, into / name, damaged=damaged)
    if settings.exists():
        shutil.copyfile(settings, into / SETTINGS)
    return tuple(name for name in NAMES if (into / name).exists())


def _copy_database(path: Path, to: Path, *, damaged: bool) -> None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
            base.execute("VACUUM INTO ?", (str(to),))
    except sqlite3.DatabaseError:
        if not damaged:
            raise
        to.unlink(missing_ok=True)
        shutil.copyfile(path, to)


def _unpack(source: Path, work: Path, only: tuple[str, ...]) -> None:
    with source.open("rb") as file:
        head = file.read(len(SQLITE_HEAD))
    if head == SQLITE_HEAD:
        if source.stat().st_size > MOST_BYTES:
            raise BackupError(
                text(
                    "it is larger than {most_mb} MB; nothing was changed",
                    most_mb=MOST_BYTES // 1000000,
                )
            )
        shutil.copyfile(source, work / STORE)
        return
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            if info.filename not in NAMES or info.file_size > MOST_BYTES:
                raise BackupError(
                    text(
                        "it has a file that no backup of evsed has, or one that is too large: "
                        "{filename}; nothing was changed",
                        filename=repr(info.filename[:40]),
                    )
                )
            if info.filename in only:
                with archive.open(info) as packed, (work / info.filename).open("wb") as file:
                    shutil.copyfileobj(packed, file)
    if not (work / STORE).exists():
        raise BackupError(text("there is no {store} in it; nothing was changed", store=STORE))


def _check_store(path: Path) -> None:
    """Raise where the file is no sound store of a version that this evsed knows."""
    _check_sound(path)
    with closing(sqlite3.connect(path)) as base:
        ((version,),) = base.execute("PRAGMA user_version")
        if schema(base) != schema_of(version):
            raise BackupError(
                text(
                    "its {store} is of version {version} or none of evsed's, and this evsed "
                    "does not know that; nothing was changed. Install the newer evsed first",
                    store=STORE,
                    version=version,
                )
            )


def _check_sound(path: Path) -> None:
    with closing(sqlite3.connect(path)) as base:
        ((verdict, *_), *_) = base.execute("PRAGMA integrity_check(1)").fetchall()
    if verdict != "ok":
        raise BackupError(
            text(
                "its {name} is damaged ({verdict}); nothing was changed",
                name=path.name,
                verdict=verdict,
            )
        )


def _carry_over(new: Path, present: Path) -> None:
    """Bring *new* to the newest form, with the faults, crashes and notes that are of now."""
    with closing(sqlite3.connect(new, isolation_level=None)) as base:
        migrate(base)
        base.execute("UPDATE sessions SET ended = saved, logged = 1 WHERE ended IS NULL")
        marks = ", ".join("?" * len(STILL_HERE))
        base.execute(f"DELETE FROM notes WHERE key = 'plan' OR key IN ({marks})", STILL_HERE)
        base.execute("DELETE FROM crashes")
        if not present.exists():
            return
        for path in (present, present.with_name(f"{present.name}.copy")):
            if _carried(base, path):
                return
        # What was latched cannot be known, so the owner has to look.
        base.execute(
            "INSERT OR IGNORE INTO faults VALUES (?, ?, ?, 'acknowledge')",
            (
                UNREAD,
                "the database before the restore could not be read",
                datetime.now(UTC).isoformat(),
            ),
        )


def _carried(base: sqlite3.Connection, present: Path) -> bool:
    """Carry over what is of now from *present*; return False where it cannot be read."""
    marks = ", ".join("?" * len(STILL_HERE))
    if not present.exists():
        return False
    try:
        base.execute("ATTACH ? AS present", (str(present),))
    except sqlite3.Error:
        return False
    try:
        base.execute("BEGIN")
        base.execute("INSERT OR IGNORE INTO faults SELECT * FROM present.faults")
        base.execute("INSERT INTO crashes SELECT * FROM present.crashes")
        base.execute(
            f"INSERT INTO notes SELECT * FROM present.notes WHERE key IN ({marks})",
            STILL_HERE,
        )
        if _controls(base, "present").get("mode") == "off":
            controls = {**_controls(base, "main"), "mode": "off"}
            base.execute(
                "INSERT OR REPLACE INTO notes VALUES ('controls', ?)", (json.dumps(controls),)
            )
        base.execute("COMMIT")
    except (sqlite3.Error, ValueError):
        base.execute("ROLLBACK")
        return False
    finally:
        base.execute("DETACH present")
    return True


def _controls(base: sqlite3.Connection, name: str) -> dict[str, object]:
    rows = base.execute(f"SELECT value FROM {name}.notes WHERE key = 'controls'").fetchall()
    found = json.loads(rows[0][0]) if rows else {}
    return found if isinstance(found, dict) else {}


def _own(work: Path, folder: Path) -> None:
    """Give what root has put there to the owner of the *folder*, and make it last."""
    owner = folder.stat()
    for path in (work, *work.iterdir()):
        if os.geteuid() == 0:
            os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o700 if path == work else 0o640)
