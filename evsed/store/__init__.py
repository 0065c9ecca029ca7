# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions, totals, latched faults, the owner's controls and the trace, in one SQLite file.

::

    __init__.py   `Store`: what the books save and read again
    trace.py      what is kept of each minute, and how it gets less with the years
    reading.py    what people ask of the past, beside the books and never in their way
    file.py       the file itself: opened, checked, brought to the newest form
    mirror.py     the copy of the small tables, and what can be saved of a damaged file
    rows.py       rows as values, days as moments

Every call of `Store` is short, blocks for about a second at most, and may come from any thread.
What fails raises `StoreError`, and the next call tries from the beginning: a disk that is full or a
file that is locked today costs nothing but the calls that failed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Final

from evsed.core.energy.sessions import (
    Checkpoint,
    DayTotal,
    OpenSession,
    SavedTotals,
    SessionRecord,
)
from evsed.store.file import DatabaseFile
from evsed.store.rows import SESSION, kept_sentence, moment, sentence, session, text
from evsed.store.trace import TraceTables

BUSY_S: Final = 1.0
"""A call waits for so long for another program to let go of the file."""

CRASHES_WITHIN_S: Final = 3600.0
"""Crashes with the contactor closed count for an hour."""

_SAVE_SESSION: Final = """
    INSERT INTO sessions (id, started, ended, saved, energy_wh, charge_s, peak_a, solar_wh,
        measured, reason, cost, savings)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, saved = excluded.saved,
        energy_wh = excluded.energy_wh, charge_s = excluded.charge_s, peak_a = excluded.peak_a,
        solar_wh = excluded.solar_wh, measured = excluded.measured, reason = excluded.reason,
        cost = excluded.cost, savings = excluded.savings
"""
_SAVE_DAY: Final = """
    INSERT INTO days (day, energy_wh, charge_s, solar_wh, cost, savings) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (day) DO UPDATE SET energy_wh = excluded.energy_wh, charge_s = excluded.charge_s,
        solar_wh = excluded.solar_wh, cost = excluded.cost, savings = excluded.savings
"""
_SAVE_TOTAL: Final = """
    INSERT INTO totals (name, value) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value
"""
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class LatchedFault:
    """A fault that outlives a restart: its name, what was seen, since when, and what ends it.

    `recovery` is the recovery class ("acknowledge" or "service").
    """

    name: str
    detail: str
    since: datetime
    recovery: str


class LastEnd(Enum):
    """The way in which the previous run of evsed ended."""

    CLEAN = "clean"  # contactor open
    CRASH = "crash"  # contactor closed, and the machine has run on since
    POWER_CUT = "power cut"  # contactor closed, and the machine has started again


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """The end of the previous run, and the crashes within an hour.

    `crashes` counts those with the contactor closed, on this boot of the machine.
    """

    last_end: LastEnd
    crashes: int


class Store:
    """The database in the file at *path*, which need not exist.

    *busy_s* is how long a call waits for another program to let go of the file; *clock* is the wall
    clock, by which a damaged file gets its new name. `trace` has the minutes.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_s: float = BUSY_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        copy = DatabaseFile(path.with_name(f"{path.name}.copy"), busy_s, clock)
        self._file = DatabaseFile(path, busy_s, clock, copy)
        self.trace = TraceTables(self._file)
        self._copied: set[str] = set()

    @property
    def errors(self) -> int:
        """The number of calls that have failed."""
        return self._file.errors

    @property
    def moved_aside(self) -> Path | None:
        """The new place of a damaged file, if one was found; `take_notice()` describes it."""
        return self._file.moved_aside

    def take_notice(self) -> str | None:
        """Return a notice about the file for the owner, once; None if there is none."""
        return self._file.take_notice()

    def close(self) -> None:
        """Let go of the file; never raises."""
        self._file.close()

    # ---------------------------------------------------------------------- sessions and totals

    def past(self, limit: int) -> list[SessionRecord]:
        """Return the newest *limit* sessions that have ended, the newest first.

        Raises `StoreError`.
        """
        with self._file.read() as database:
            rows = database.execute(
                f"{SESSION} FROM sessions WHERE ended IS NOT NULL"
                " ORDER BY started DESC, id LIMIT ?",
                (limit,),
            )
            return [session(row) for row in rows]

    def load(self) -> SavedTotals:
        """Load the totals and open sessions of earlier runs. Raises `StoreError`."""
        with self._file.read() as database:
            days = [
                DayTotal(date.fromisoformat(day), *figures)
                for day, *figures in database.execute("SELECT * FROM days ORDER BY day")
            ]
            totals = dict(database.execute("SELECT name, value FROM totals"))
            left_open = tuple(
                OpenSession(session(row), moment(saved))
                for *row, saved in database.execute(
                    f"{SESSION}, saved FROM sessions WHERE ended IS NULL ORDER BY saved, started"
                )
            )
        return SavedTotals(
            days=tuple(days),
            total_wh=totals.get("energy_wh", 0.0),
            cycles=int(totals.get("cycles", 0)),
            left_open=left_open,
        )

    def save(self, checkpoint: Checkpoint, saved: datetime) -> None:
        """Keep *checkpoint*, all of it or none; *saved* is the wall-clock time.

        Raises `StoreError`.
        """
        # The session under way is copied when it begins and when it ends, not every 40 s.
        copied = any(session.ended for session in checkpoint.sessions) or self._uncopied(checkpoint)
        with self._file.write(copied=copied) as database:
            database.executemany(
                _SAVE_SESSION,
                [
                    (
                        session.id,
                        text(session.started),
                        text(session.ended) if session.ended else None,
                        text(saved),
                        session.energy_wh,
                        session.charge_s,
                        session.peak_a,
                        session.solar_wh,
                        session.measured,
                        session.reason.value if session.reason else None,
                        session.cost,
                        session.savings,
                    )
                    for session in checkpoint.sessions
                ],
            )
            database.executemany(
                _SAVE_DAY,
                [
                    (
                        total.day.isoformat(),
                        total.energy_wh,
                        total.charge_s,
                        total.solar_wh,
                        total.cost,
                        total.savings,
                    )
                    for total in checkpoint.days
                ],
            )
            totals = [("energy_wh", checkpoint.total_wh), ("cycles", float(checkpoint.cycles))]
            database.executemany(_SAVE_TOTAL, totals)

    def _uncopied(self, checkpoint: Checkpoint) -> bool:
        """Return True where a session of *checkpoint* is saved for the first time in this life."""
        new = {session.id for session in checkpoint.sessions} - self._copied
        self._copied |= new
        return bool(new)

    def unlogged(self) -> list[SessionRecord]:
        """Sessions that have ended and are not in energy.log yet, the oldest first.

        Raises `StoreError`.
        """
        with self._file.read() as database:
            rows = database.execute(
                f"{SESSION} FROM sessions WHERE ended IS NOT NULL AND logged = 0 ORDER BY ended"
            )
            return [session(row) for row in rows]

    def mark_logged(self, session_id: str) -> None:
        """energy.log has the session called *session_id*. Raises `StoreError`."""
        with self._file.write(copied=True) as database:
            database.execute("UPDATE sessions SET logged = 1 WHERE id = ?", (session_id,))

    # ------------------------------------------------------------------------ faults and crashes

    def latch(self, fault: LatchedFault) -> None:
        """Keep *fault* until it is released; one that is kept already stays as it is.

        Raises `StoreError`.
        """
        with self._file.write(copied=True) as database:
            database.execute(
                "INSERT OR IGNORE INTO faults (name, detail, since, recovery) VALUES (?, ?, ?, ?)",
                (fault.name, kept_sentence(fault.detail), text(fault.since), fault.recovery),
            )

    def release(self, name: str) -> None:
        """The fault called *name* is over. Raises `StoreError`."""
        with self._file.write(copied=True) as database:
            database.execute("DELETE FROM faults WHERE name = ?", (name,))

    def latched(self) -> list[LatchedFault]:
        """The faults that are kept, the oldest first. Raises `StoreError`."""
        with self._file.read() as database:
            rows = database.execute(
                "SELECT name, detail, since, recovery FROM faults ORDER BY since, name"
            )
            return [
                LatchedFault(name, sentence(detail), moment(since), recovery)
                for name, detail, since, recovery in rows
            ]

    def begin_life(self, boot: str, now: float) -> PreviousRun:
        """Begin a new run at *now* (monotonic seconds) in the boot of the machine called *boot*.

        A life that left the contactor closed crashed, unless the machine itself has started again.
        Monotonic time is the same for all lives of one boot, so crashes are counted by it, whatever
        the clock on the wall did. Raises `StoreError`.
        """
        with self._file.write(copied=True) as database:
            left = _note(database, "contactor_closed_in_boot")
            last_end = LastEnd.CLEAN
            if left is not None:
                last_end = LastEnd.CRASH if left == boot else LastEnd.POWER_CUT
                database.execute("DELETE FROM notes WHERE key = 'contactor_closed_in_boot'")
            database.execute(
                "DELETE FROM crashes WHERE boot <> ? OR at <= ?", (boot, now - CRASHES_WITHIN_S)
            )
            if last_end is LastEnd.CRASH:
                database.execute("INSERT INTO crashes (boot, at) VALUES (?, ?)", (boot, now))
            ((crashes,),) = database.execute("SELECT count(*) FROM crashes")
        return PreviousRun(last_end, crashes)

    def note_contactor(self, boot: str, *, closed: bool) -> None:
        """The contactor is *closed* or open now, so that the next life knows.

        Raises `StoreError`.
        """
        with self._file.write(copied=True) as database:
            if closed:
                _put(database, "contactor_closed_in_boot", boot)
            else:
                database.execute("DELETE FROM notes WHERE key = 'contactor_closed_in_boot'")

    def forget_crashes(self) -> None:
        """The owner has acknowledged the crashes. Raises `StoreError`."""
        with self._file.write(copied=True) as database:
            database.execute("DELETE FROM crashes")

    # ----------------------------------------------------------------------------------- notes

    def get(self, key: str) -> Json:
        """Return the value under *key* (controls, boot id, ...), None if there is none.

        Raises `StoreError`.
        """
        with self._file.read() as database:
            return _note(database, key)

    def put(self, key: str, value: Json) -> None:
        """Keep *value* under *key*; nothing is written where it is there already.

        Raises `StoreError`.
        """
        with self._file.write(copied=True) as database:
            if _note(database, key) != value:
                _put(database, key, value)


def _note(database: sqlite3.Connection, key: str) -> Json:
    rows = database.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchall()
    value: Json = json.loads(rows[0][0]) if rows else None
    return value


def _put(database: sqlite3.Connection, key: str, value: Json) -> None:
    database.execute(
        "INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", (key, json.dumps(value))
    )
