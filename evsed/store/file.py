# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite file: opened when needed, checked, brought to the newest form, moved aside if damaged.

Made for an SD card and for power cuts:

* Write-ahead log with `synchronous = FULL`: a save appends a few pages and syncs once, where a
  rollback journal writes every page twice and syncs three times. FULL, because with NORMAL a save
  may sit in memory for half a minute, and those are the saves that bound what a power cut costs.
* Sessions and totals are written when something happened; while charging, one save in 40 s
  (`core.energy.sessions`). What is kept of each minute waits for a quarter of an hour in memory.
* A file that is damaged is moved aside under the date, never repaired and never deleted. The new
  one begins with what can be read of it, and with the copy (`mirror.py`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final

from evsed.core.text import text
from evsed.errors import StoreError, StoreLockedError
from evsed.store.mirror import add_rows, copy_tables

_WAL_PAGES: Final = 250
"""The log is folded into the file from this size on (1 MB), so that it stays small."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

# One script for each step; a file of version N runs those from N on. Never edit one: add one.
_MIGRATIONS: Final = (
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY,
        started TEXT NOT NULL,      -- UTC, ISO 8601, as all moments here
        ended TEXT,                 -- NULL: under way, and this row is its last checkpoint
        saved TEXT NOT NULL,
        energy_wh REAL NOT NULL,
        charge_s REAL NOT NULL,
        peak_a REAL NOT NULL,
        sun_wh REAL,                -- NULL: nobody knew
        measured INTEGER NOT NULL,
        reason TEXT,
        logged INTEGER NOT NULL DEFAULT 0   -- 1: energy.log has it
    );
    -- No index on what a checkpoint changes: each would be one more page to write.
    CREATE INDEX sessions_started ON sessions (started);
    CREATE TABLE days (
        day TEXT PRIMARY KEY,       -- local date
        energy_wh REAL NOT NULL,
        charge_s REAL NOT NULL,
        sun_wh REAL NOT NULL
    );
    CREATE TABLE totals (name TEXT PRIMARY KEY, value REAL NOT NULL);
    CREATE TABLE faults (
        name TEXT PRIMARY KEY,
        detail TEXT NOT NULL,
        since TEXT NOT NULL,
        recovery TEXT NOT NULL
    );
    CREATE TABLE crashes (boot TEXT NOT NULL, at REAL NOT NULL);
    CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL);     -- JSON
    """,
    """
    -- The trace: whole numbers, because SQLite keeps a small one in a byte or two.
    CREATE TABLE minutes (
        at INTEGER PRIMARY KEY,     -- seconds since 1970, UTC
        covered_s INTEGER NOT NULL,
        available_w INTEGER,        -- NULL: nobody knew
        offered_w INTEGER NOT NULL,
        power_w INTEGER NOT NULL,
        lent_wh INTEGER,            -- NULL: nobody counted
        state TEXT NOT NULL
    );
    CREATE TABLE quarters (
        at INTEGER PRIMARY KEY,
        covered_s INTEGER NOT NULL,
        available_w INTEGER,
        offered_w INTEGER NOT NULL,
        power_w INTEGER NOT NULL,
        lent_wh INTEGER,
        state TEXT NOT NULL
    );
    -- The same, but what of a day came from the sun may be unknown.
    CREATE TABLE days_2 (
        day TEXT PRIMARY KEY,
        energy_wh REAL NOT NULL,
        charge_s REAL NOT NULL,
        sun_wh REAL                 -- NULL: nobody knew
    );
    INSERT INTO days_2 SELECT day, energy_wh, charge_s, sun_wh FROM days;
    DROP TABLE days;
    ALTER TABLE days_2 RENAME TO days;
    """,
    """
    -- The names of the API. `mirror` knows the former ones, for damaged files.
    ALTER TABLE sessions RENAME COLUMN sun_wh TO solar_wh;
    ALTER TABLE days RENAME COLUMN sun_wh TO solar_wh;
    ALTER TABLE minutes RENAME COLUMN lent_wh TO battery_loan_wh;
    ALTER TABLE quarters RENAME COLUMN lent_wh TO battery_loan_wh;
    """,
    """
    -- What imported energy cost, and what the solar part would have cost; NULL: no price was known.
    ALTER TABLE sessions ADD COLUMN cost REAL;
    ALTER TABLE sessions ADD COLUMN savings REAL;
    ALTER TABLE days ADD COLUMN cost REAL;
    ALTER TABLE days ADD COLUMN savings REAL;
    """,
)


class DatabaseFile:
    """The file at *path*; opened by the first transaction, and again after each that failed.

    `errors` counts transactions that failed, `moved_aside` is where a damaged file went. A lock
    lets threads in one by one. *busy_s* is how long one waits for other programs, *clock* the wall
    clock that gives a damaged file its new name, and *copy* the file with the copy of the small
    tables, if there is one.
    """

    def __init__(
        self,
        path: Path,
        busy_s: float,
        clock: Callable[[], datetime],
        copy: DatabaseFile | None = None,
    ) -> None:
        self._path = path
        self._copy = copy
        self._busy_s = busy_s
        self._clock = clock
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._notice: str | None = None
        self._lost = False  # the file was moved aside, and the new one is not complete yet
        self.errors = 0
        self.moved_aside: Path | None = None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The database as it is at this moment, for the block. Raises `StoreError`."""
        with self._transaction("BEGIN", text("read")) as database:
            yield database

    @contextmanager
    def write(self, *, copied: bool = False) -> Iterator[sqlite3.Connection]:
        """The database; what the block changes is kept at its end, all of it or nothing.

        *copied*: the copy of the small tables follows at once. Raises `StoreError`.
        """
        with self._transaction("BEGIN IMMEDIATE", text("written"), copied=copied) as database:
            yield database

    def take_notice(self) -> str | None:
        """Return a notice about the file for the owner, once; None if there is none."""
        notice, self._notice = self._notice, None
        return notice

    def close(self) -> None:
        """Let go of the file; never raises."""
        with self._lock:
            self._let_go()
        if self._copy is not None:
            self._copy.close()

    @contextmanager
    def _transaction(
        self, begin: str, done: str, *, copied: bool = False
    ) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._database is None:
                    self._database = self._open()
                self._database.execute(begin)
                yield self._database
                self._database.execute("COMMIT")
                if copied:
                    self._refresh_copy(self._database)
            except (sqlite3.Error, OSError, ValueError, TypeError) as error:
                self.errors += 1
                self._let_go()  # which also takes back what was begun
                if _is_damage(error):
                    self._move_aside(error)
                kind = StoreLockedError if _is_lock(error) else StoreError
                raise kind(
                    text(
                        "the database {path} could not be {done} ({error}); sessions and "
                        "totals go on in memory and are saved as soon as it can be. Make room on "
                        "the disk, give evsed the right to write there, and close other programs "
                        "that have the file open.",
                        path=str(self._path),
                        done=done,
                        error=str(error),
                    )
                ) from error
            except BaseException:
                self._let_go()
                raise

    def _open(self) -> sqlite3.Connection:
        """The file, checked and of the newest form; a damaged one is moved aside first."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        copied = self._copy is not None and self._copy.exists
        if copied and not self._lost and not (self.exists and self._path.stat().st_size):
            self._move_aside(FileNotFoundError("it is gone, or empty"))
        if self._lost:
            return self._begin_again()
        try:
            database = self._connect()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._move_aside(error)
            return self._begin_again()
        self._refresh_copy(database)
        return database

    def _begin_again(self) -> sqlite3.Connection:
        """Make a new file of what can be read of the damaged one, and of the copy."""
        database = self._connect()
        try:
            sources = [path for path in (self.moved_aside, self._copy and self._copy.path) if path]
            add_rows(database, sources)
        except BaseException:
            database.close()  # half of it must not pass for the whole: the next try starts afresh
            for tail in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + tail).unlink(missing_ok=True)
            raise
        self._lost = False
        self._refresh_copy(database)
        return database

    def _refresh_copy(self, database: sqlite3.Connection) -> None:
        """Make the copy what *database* is; a copy that cannot be written costs nothing else."""
        if self._copy is not None:
            with suppress(StoreError), self._copy.write() as target:
                copy_tables(database, target)

    @property
    def path(self) -> Path:
        """The place of the file."""
        return self._path

    @property
    def exists(self) -> bool:
        """Return True where there is a file."""
        return self._path.exists()

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(
            self._path, timeout=self._busy_s, isolation_level=None, check_same_thread=False
        )
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
            _check(database)
            migrate(database)
        except BaseException:
            database.close()
            raise
        return database

    def _let_go(self) -> None:
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def _move_aside(self, error: Exception) -> None:
        """Put a damaged file, and the log that belongs to it, out of the way under the date."""
        stem = f"{self._path.name}.damaged-{self._clock():%Y%m%dT%H%M%S}"
        aside, count = self._path.with_name(stem), 1
        while aside.exists():
            aside, count = self._path.with_name(f"{stem}-{count}"), count + 1
        for tail in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + tail).rename(
                    aside.with_name(aside.name + tail)
                )
        self.moved_aside = aside
        self._lost = True
        self._notice = (
            f"the database {self._path} is damaged ({error}); evsed moved it to {aside.name} and "
            "began a new one with the sessions, totals, controls and latched faults that could be "
            "read of it and of its copy. The charts of earlier days are lost: restore a backup if "
            "there is one; if this happens again, replace the SD card."
        )


class _DamageError(sqlite3.DatabaseError):
    """SQLite opened the file, and its check finds it damaged."""


def _is_damage(error: Exception) -> bool:
    # The low byte is the kind of the error, the rest what kind of that kind.
    code = getattr(error, "sqlite_errorcode", 0)
    return isinstance(error, _DamageError) or code & 0xFF in _DAMAGED


def _is_lock(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _check(database: sqlite3.Connection) -> None:
    """Look through all but the trace, which is nearly all of an old file: a start must not wait."""
    names = database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN "
        "('minutes', 'quarters')"
    ).fetchall()
    for (name,) in names:
        (verdict, *_), *_ = database.execute(f"PRAGMA quick_check('{name}')").fetchall()
        if verdict != "ok":
            raise _DamageError(verdict)


def schema(database: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Return everything that *database* defines; data apart, two of one version are the same."""
    return database.execute(
        "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name"
    ).fetchall()


def schema_of(version: int) -> list[tuple[str, ...]] | None:
    """Return the schema of a file of *version*; None where this evsed does not know it."""
    if not 1 <= version <= len(_MIGRATIONS):
        return None
    database = sqlite3.connect(":memory:", isolation_level=None)
    for script in _MIGRATIONS[:version]:
        database.executescript(script)
    found = schema(database)
    database.close()
    return found


def migrate(database: sqlite3.Connection) -> None:
    """Bring the file to the newest form, each step whole or not at all."""
    ((version,),) = database.execute("PRAGMA user_version")
    if version > len(_MIGRATIONS):
        raise sqlite3.DatabaseError(
            f"it is of version {version}, from a newer evsed; this one knows {len(_MIGRATIONS)}"
        )
    for number, script in enumerate(_MIGRATIONS[version:], start=version + 1):
        database.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
