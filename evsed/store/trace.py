# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace: a row for each minute, after a hundred days for each quarter of an hour.

What is kept is counted in rows, never in years by the wall clock: that may be in 1970 or in 2038
for a while, and must then neither cost what is there nor let the file grow. So a hundred days are
days on which evsed ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from evsed.core.energy.history import MINUTE_S, QUARTER_S, TraceRow, merged
from evsed.store.rows import beginning, begins_at, text

if TYPE_CHECKING:
    import sqlite3

    from evsed.store.file import DatabaseFile

MINUTES_KEPT: Final = 100 * 1440
"""Rows for each minute: a hundred days."""

QUARTERS_KEPT: Final = 3653 * 96
"""Rows for each quarter of an hour: ten years."""

SESSIONS_KEPT: Final = 20_000
"""Five a day for ten years; then the oldest goes when a new one has come."""

AT_ONCE: Final = 2880
"""Rows that one transaction changes at most: two days of minutes, some 100 kB."""

COLUMNS: Final = "at, covered_s, available_w, offered_w, power_w, battery_loan_wh, state"


class TraceTables:
    """The trace in *file*, for the one who writes it.

    Each call is one short transaction, and raises `StoreError`.
    """

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file

    def add(self, rows: Sequence[TraceRow]) -> None:
        """Keep *rows*, which are minutes; one that is there already is joined with the new one."""
        with self._file.write() as database:
            _join(database, "minutes", MINUTE_S, rows)

    def thin(self) -> bool:
        """Make quarters of the oldest minutes, forget the oldest quarters and sessions.

        What one transaction should not do is left for the next call; whether there is any.
        """
        with self._file.write() as database:
            over = _count(database, "minutes") - MINUTES_KEPT
            if over > 0:
                oldest = _oldest(database, "minutes", min(over, AT_ONCE))
                # A quarter is made whole: the last one's other minutes come along.
                end = oldest[-1].at // QUARTER_S * QUARTER_S + QUARTER_S
                oldest = rows_between(database, "minutes", oldest[0].at, end)
                _join(database, "quarters", QUARTER_S, oldest)
                database.execute("DELETE FROM minutes WHERE at < ?", (end,))
            forgotten = _count(database, "quarters") - QUARTERS_KEPT
            if forgotten > 0:
                last = _oldest(database, "quarters", min(forgotten, AT_ONCE))[-1]
                database.execute("DELETE FROM quarters WHERE at <= ?", (last.at,))
            sessions = _count(database, "sessions") - SESSIONS_KEPT
            if sessions > 0:
                database.execute(
                    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE logged = 1 "
                    "ORDER BY started LIMIT ?)",
                    (min(sessions, AT_ONCE),),
                )
        return max(over, forgotten) > AT_ONCE

    def delete(self, before: date) -> tuple[int, int]:
        """Delete rows and ended sessions older than the local day *before*, some at a time.

        How many rows and sessions; both 0 when nothing is left. A session that energy.log does not
        have yet stays, as do the totals of days and of the lifetime.
        """
        with self._file.write() as database:
            rows = sum(
                database.execute(
                    f"DELETE FROM {table} WHERE at IN "
                    f"(SELECT at FROM {table} WHERE at < ? ORDER BY at LIMIT ?)",
                    (begins_at(before), AT_ONCE),
                ).rowcount
                for table in ("minutes", "quarters")
            )
            sessions = database.execute(
                "DELETE FROM sessions WHERE id IN "
                "(SELECT id FROM sessions WHERE ended < ? AND logged = 1 LIMIT ?)",
                (text(beginning(before)), AT_ONCE),
            ).rowcount
        return rows, sessions


def rows_between(database: sqlite3.Connection, table: str, start: int, end: int) -> list[TraceRow]:
    """The rows of *table* from *start* to before *end*, the oldest first."""
    found = database.execute(
        f"SELECT {COLUMNS} FROM {table} WHERE at >= ? AND at < ? ORDER BY at", (start, end)
    )
    return [TraceRow(*row) for row in found]


def _oldest(database: sqlite3.Connection, table: str, count: int) -> list[TraceRow]:
    found = database.execute(f"SELECT {COLUMNS} FROM {table} ORDER BY at LIMIT ?", (count,))
    return [TraceRow(*row) for row in found]


def _count(database: sqlite3.Connection, table: str) -> int:
    ((count,),) = database.execute(f"SELECT count(*) FROM {table}")
    return int(count)


def _join(database: sqlite3.Connection, table: str, every_s: int, rows: Iterable[TraceRow]) -> None:
    """Put *rows*, with what *table* has of the same moments, into it: one for each *every_s*."""
    new = merged(rows, every_s)
    there = [old for row in new for old in rows_between(database, table, row.at, row.at + every_s)]
    database.executemany(
        f"INSERT OR REPLACE INTO {table} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row.at,
                row.covered_s,
                row.available_w,
                row.offered_w,
                row.power_w,
                row.battery_loan_wh,
                row.state,
            )
            for row in merged([*there, *new], every_s)
        ],
    )
