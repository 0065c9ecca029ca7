# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory of the charge point across restarts, and its queue, in one file.

An SQLite database beside evsed's own. One commit holds a change together with the message about it,
so that a cut of the power at any moment leaves both or neither: the transaction is not under way
without its start in the queue, and nothing is sent twice under two ids.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

from evsed.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MOST_SAMPLES: Final = 5000
"""Meter values that wait at most: three and a half days of one a minute. Then the oldest go."""
MOST_ITEMS: Final = 10_000
"""Messages that wait at most; some 3 MB. Beyond it the oldest transaction goes."""
BUSY_S: Final = 1.0

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS queue (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0
    );
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Item:
    """A message about a transaction: its place in the queue, the id it is sent under, its contents.

    `kind` is "start", "meter", "update" or "stop".
    """

    seq: int
    message_id: str
    kind: str
    body: dict[str, Any]
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class NewItem:
    """A message to be put into the queue."""

    message_id: str
    kind: str
    body: Mapping[str, Any]


class Memory:
    """The file at *path*; made where it is not there. Every call raises `StoreError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None
        self._count: int | None = None

    def get(self, key: str) -> Any:  # noqa: ANN401 - JSON
        """Return what is kept under *key*; None where there is nothing."""
        rows = self._all("SELECT value FROM kept WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else None

    def first(self) -> Item | None:
        """Return the oldest message; None where none waits."""
        rows = self._all(
            "SELECT seq, message_id, kind, body, attempts FROM queue ORDER BY seq LIMIT 1"
        )
        if not rows:
            return None
        seq, message_id, kind, body, attempts = rows[0]
        return Item(seq, message_id, kind, json.loads(body), attempts)

    def count(self, transaction: str | None = None) -> int:
        """Return the number of messages that wait; of one *transaction*, where it is given."""
        if transaction is None:
            if self._count is None:  # asked every second, changed once a minute
                self._count = int(self._all("SELECT count(*) FROM queue")[0][0])
            return self._count
        where = "WHERE json_extract(body, '$.tx') = ?"
        return int(self._all(f"SELECT count(*) FROM queue {where}", (transaction,))[0][0])  # noqa: S608 - bound

    def commit(
        self,
        kept: Mapping[str, Any] | None = None,
        add: Iterable[NewItem] = (),
        done: Item | None = None,
    ) -> None:
        """Keep *kept*, put *add* into the queue and take *done* out of it: all of it or nothing."""
        self._count = None
        try:
            with self._open() as database:
                database.execute("BEGIN IMMEDIATE")
                for key, value in (kept or {}).items():
                    database.execute(
                        "INSERT OR REPLACE INTO kept (key, value) VALUES (?, ?)",
                        (key, json.dumps(value)),
                    )
                for item in add:
                    database.execute(
                        "INSERT INTO queue (message_id, kind, body) VALUES (?, ?, ?)",
                        (item.message_id, item.kind, json.dumps(item.body)),
                    )
                    self._bound(database)
                if done is not None:
                    database.execute("DELETE FROM queue WHERE seq = ?", (done.seq,))
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def attempted(self, item: Item) -> None:
        """Count one more attempt for *item*."""
        try:
            with self._open() as database:
                database.execute(
                    "UPDATE queue SET attempts = attempts + 1 WHERE seq = ?", (item.seq,)
                )
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Close the file."""
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def _bound(self, database: sqlite3.Connection) -> None:
        """Make room: samples go first, because the stop has the register, too."""
        ((count, samples),) = database.execute(
            "SELECT count(*), coalesce(sum(kind IN ('meter', 'update')), 0) FROM queue"
        )
        if samples > MOST_SAMPLES:
            database.execute(
                "DELETE FROM queue WHERE seq = "
                "(SELECT min(seq) FROM queue WHERE kind IN ('meter', 'update'))"
            )
        elif count > MOST_ITEMS:
            ((body,),) = database.execute("SELECT body FROM queue ORDER BY seq LIMIT 1")
            log.error(
                "the queue for the central system (OCPP) is full: the oldest transaction is "
                "dropped; evsed charges on, its history has all sessions; look for what keeps "
                "the central system away",
                transaction=json.loads(body).get("tx"),
            )
            database.execute(
                "DELETE FROM queue WHERE json_extract(body, '$.tx') = json_extract(?, '$.tx')",
                (body,),
            )

    def _all(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        try:
            with self._open() as database:
                return database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            try:
                self._database = self._connect()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise  # locked, or the disk is full: nothing is wrong with the file
                self._move_aside(error)
                self._database = self._connect()
        return self._database

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(
            self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            database.execute("PRAGMA journal_mode = WAL")
            # As the store: what a power cut may cost is what the commit promises, nothing.
            database.execute("PRAGMA synchronous = FULL")
            database.execute("PRAGMA wal_autocheckpoint = 250")
            database.executescript(_SCHEMA)
            with closing(database.execute("PRAGMA quick_check")) as check:
                if (found := check.fetchone()[0]) != "ok":
                    raise sqlite3.DatabaseError(found)
        except BaseException:
            database.close()
            raise
        return database

    def _move_aside(self, error: sqlite3.Error) -> None:
        """Move a damaged file aside; the newest such file is kept."""
        aside = self._path.with_name(f"{self._path.name}.damaged")
        log.error(
            "what was kept for the central system (OCPP) is damaged: the file is moved aside and a "
            "new one begun; profiles, local list and messages that waited are lost; the central "
            "system has to send its profiles again",
            file=str(aside),
            reason=str(error),
        )
        for suffix in ("", "-wal", "-shm"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.replace(aside.with_name(aside.name + suffix))

    def _failed(self, error: sqlite3.Error) -> StoreError:
        self.close()
        return StoreError(
            f"{self._path} cannot be read or written ({error}); evsed tries again by itself; make "
            "room on the disk, and give evsed the right to write there"
        )
