# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries of the past, each with a connection of its own beside the writer.

The write-ahead log lets one read while another writes, so no question, however long, holds up a
save; and what is read is of one moment.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from evsed.core.energy.history import (
    MINUTE_S,
    QUARTER_S,
    By,
    DayTrace,
    PeriodTotal,
    TraceRow,
    merged,
)
from evsed.core.energy.sessions import SessionRecord
from evsed.core.text import text as sentence
from evsed.errors import StoreError
from evsed.store.rows import SESSION, beginning, begins_at, day_of, ends_at, session, text
from evsed.store.trace import rows_between

BUSY_S: Final = 1.0

COPY_WITHIN_S: Final = 120.0
"""A backup that takes longer is given up: ten years take a second here, and a Pi Zero some 20."""

ROOM_LEFT: Final = 16 * 1024 * 1024
"""Bytes that a backup leaves free on the disk: the books must be able to save."""

_STEPS: Final = 10_000
"""Of SQLite's machine, between two looks at the clock."""

_PERIOD: Final = {By.DAY: 10, By.MONTH: 7, By.YEAR: 4}
"""So many letters of a date name the period."""


class StoreReader:
    """Reads the file at *path*. Every call blocks and raises `StoreError`."""

    def __init__(self, path: Path, busy_s: float = BUSY_S) -> None:
        self._path = path
        self._busy_s = busy_s
        self._given_up = False

    def sessions(self, limit: int = 100, before: datetime | None = None) -> list[SessionRecord]:
        """The newest *limit* sessions by their start, the newest first; started before *before*."""
        where, values = ("WHERE started < ?", [text(before)]) if before else ("", [])
        with self._reading() as database:
            rows = database.execute(
                f"{SESSION} FROM sessions {where} ORDER BY started DESC, id LIMIT ?",
                (*values, limit),
            )
            return [session(row) for row in rows]

    def energy(self, by: By, first: date, last: date) -> list[PeriodTotal]:
        """Return the totals of the days from *first* to *last*, by period, the oldest first.

        A period on which nothing flowed is left out; of one that begins or ends beyond them, only
        those days are in it.
        """
        with self._reading() as database:
            rows = database.execute(
                "SELECT substr(day, 1, ?), sum(energy_wh), sum(charge_s), sum(solar_wh), "
                "sum(cost), sum(savings) FROM days "
                "WHERE day BETWEEN ? AND ? GROUP BY 1 HAVING sum(energy_wh) > 0 ORDER BY 1",
                (_PERIOD[by], first.isoformat(), last.isoformat()),
            )
            return [
                PeriodTotal(date.fromisoformat(f"{name}-01-01"[:10]), *figures)
                for name, *figures in rows
            ]

    def days(self) -> list[date]:
        """The local days of which there is a trace, the oldest first."""
        found: set[date] = set()
        with self._reading() as database:
            for table in ("quarters", "minutes"):
                at = _first_from(database, table, 0)
                while at is not None:
                    found.add(day := day_of(at))
                    at = _first_from(database, table, max(at + 1, ends_at(day)))
        return sorted(found)

    def day(self, day: date, pending: list[TraceRow]) -> DayTrace | None:
        """Return the trace of the local day *day*, with the unwritten rows in *pending*.

        None where there is none. A day of which any part is thinned to quarters of an hour is
        returned in quarters.
        """
        start, end = begins_at(day), ends_at(day)
        with self._reading() as database:
            quarters = rows_between(database, "quarters", start, end)
            minutes = rows_between(database, "minutes", start, end)
        # One that has just been written is the same in both.
        minutes = list(
            dict.fromkeys([*minutes, *(row for row in pending if start <= row.at < end)])
        )
        if not quarters and not minutes:
            return None
        every_s = QUARTER_S if quarters else MINUTE_S
        rows = merged([*quarters, *minutes], every_s)
        return DayTrace(day, beginning(day), every_s, tuple(rows))

    def backup(self, within_s: float = COPY_WITHIN_S) -> BinaryIO:
        """A copy of the whole file as it is now, which a `Store` can open.

        It is open for reading and has no name any more, so it is gone as soon as it is closed, or
        with evsed.
        """
        path: Path | None = None
        try:
            with self._reading(sentence("copied")) as database:
                self._see_room(database)
                with tempfile.NamedTemporaryFile(
                    dir=self._path.parent, prefix=self._copying, delete=False
                ) as copy:
                    path = Path(copy.name)
                ends = time.monotonic() + within_s
                database.set_progress_handler(
                    lambda: self._given_up or time.monotonic() > ends, _STEPS
                )
                database.execute("VACUUM INTO ?", (str(path),))
                return path.open("rb")
        finally:
            if path is not None:
                _remove(path)

    def give_up(self) -> None:
        """End a backup that is being made, and make no other; from any thread."""
        self._given_up = True

    def sweep(self) -> None:
        """Remove copies that an earlier life was killed over; never raises."""
        for path in self._path.parent.glob(f"{self._copying}*"):
            _remove(path)

    @property
    def _copying(self) -> str:
        return f".{self._path.name}.copying-"

    def _see_room(self, database: sqlite3.Connection) -> None:
        ((pages,),) = database.execute("PRAGMA page_count")
        ((page_bytes,),) = database.execute("PRAGMA page_size")
        wanted = pages * page_bytes + ROOM_LEFT
        free = shutil.disk_usage(self._path.parent).free
        if free < wanted:
            raise OSError(
                sentence(
                    "that takes {wanted_mb:.0f} MB on the disk, with what is left free for the "
                    "books, and {free_mb:.0f} MB are free",
                    wanted_mb=wanted / 1000000.0,
                    free_mb=free / 1000000.0,
                )
            )

    @contextmanager
    def _reading(self, done: str = "") -> Iterator[sqlite3.Connection]:
        try:
            database = sqlite3.connect(
                f"file:{quote(str(self._path))}?mode=ro",
                uri=True,
                timeout=self._busy_s,
                isolation_level=None,
            )
            try:
                yield database
            finally:
                database.close()
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            raise StoreError(
                sentence(
                    "the history in {path} could not be {done} ({error}); nothing was changed and "
                    "charging goes on. Make room on the disk if it is full, see the log for more, "
                    "and try again.",
                    path=str(self._path),
                    done=done or sentence("read"),
                    error=str(error),
                )
            ) from error


def _first_from(database: sqlite3.Connection, table: str, at: int) -> int | None:
    """The moment of the first row from *at* on."""
    ((first,),) = database.execute(f"SELECT min(at) FROM {table} WHERE at >= ?", (at,))
    return None if first is None else int(first)


def _remove(path: Path) -> None:
    for tail in ("", "-journal"):
        with suppress(OSError):
            path.with_name(path.name + tail).unlink()
