# SPDX-License-Identifier: GPL-3.0-or-later
"""The copy of the small tables, and what can be saved of a damaged file.

Sessions, totals, latched faults, crashes and the owner's controls are a few kilobytes a year, and
safety hangs on some of them. So they are kept twice: in the database and in a copy beside it, which
is written right after it. Where the database is damaged or gone, a new one begins with what can
still be read of the old one and with the copy. The trace is in the database alone.
"""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing, suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Row = tuple[object, ...]

COLUMNS: Final = {
    "sessions": "id, started, ended, saved, energy_wh, charge_s, peak_a, solar_wh, measured, "
    "reason, logged, cost, savings",
    "days": "day, energy_wh, charge_s, solar_wh, cost, savings",
    "totals": "name, value",
    "faults": "name, detail, since, recovery",
    "crashes": "boot, at",
    "notes": "key, value",
}
"""The small tables and their columns; a column that is added to one belongs here, too."""

_FORMER: Final = {"solar_wh": "sun_wh"}
"""The names that columns had in earlier versions of the file: a damaged one is read as it is.

A column that it lacks is NULL."""

# Nothing is counted twice: of two versions of a session the one saved last is kept, of two totals
# the greater. A fault that is in either is kept: it waits for the owner, who may acknowledge it.
_ADD: Final = {
    "sessions": """
        INSERT INTO sessions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, saved = excluded.saved,
            energy_wh = excluded.energy_wh, charge_s = excluded.charge_s,
            peak_a = excluded.peak_a, solar_wh = excluded.solar_wh, measured = excluded.measured,
            reason = excluded.reason, logged = max(logged, excluded.logged),
            cost = excluded.cost, savings = excluded.savings
        WHERE excluded.saved > saved
    """,
    "days": """
        INSERT INTO days ({columns}) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (day) DO UPDATE SET energy_wh = excluded.energy_wh,
            charge_s = excluded.charge_s, solar_wh = excluded.solar_wh,
            cost = excluded.cost, savings = excluded.savings
        WHERE excluded.energy_wh > energy_wh
    """,
    "totals": """
        INSERT INTO totals ({columns}) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)
    """,
    "faults": "INSERT OR IGNORE INTO faults ({columns}) VALUES (?, ?, ?, ?)",
    "crashes": """
        INSERT INTO crashes ({columns}) SELECT ?1, ?2
        WHERE NOT EXISTS (SELECT 1 FROM crashes WHERE boot = ?1 AND at = ?2)
    """,
    "notes": "INSERT OR IGNORE INTO notes ({columns}) VALUES (?, ?)",
}


def copy_tables(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Make the small tables of *target* those of *source*; within the caller's transaction.

    Only rows that differ are written: the SD card has to last.
    """
    for table, columns in COLUMNS.items():
        query = f"SELECT {columns} FROM {table}"
        wanted, found = set(source.execute(query)), set(target.execute(query))
        names = columns.split(", ")
        keys = names if table == "crashes" else names[:1]
        where = " AND ".join(f"{key} = ?" for key in keys)
        removed = [row[: len(keys)] for row in found - wanted]
        target.executemany(f"DELETE FROM {table} WHERE {where}", removed)
        marks = ", ".join("?" * len(names))
        new = list(wanted - found)
        target.executemany(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", new)


def add_rows(target: sqlite3.Connection, sources: Iterable[Path]) -> None:
    """Add what can be read of the files *sources* to *target*, a new database; the best first."""
    target.execute("BEGIN IMMEDIATE")
    for source in sources:
        for table, row in _readable(source):
            target.execute(_ADD[table].format(columns=COLUMNS[table]), row)
    target.execute("COMMIT")


def _readable(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield every row of a small table that can be read in the file at *path* and makes sense."""
    if not path.exists():
        return
    with suppress(sqlite3.Error), closing(_open(path)) as database:
        for table in COLUMNS:
            for row in _rows(database, table):
                if _MAKES_SENSE[table](row):
                    yield table, row


def _open(path: Path) -> sqlite3.Connection:
    """Open the file at *path* without changing it."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)


def _rows(database: sqlite3.Connection, table: str) -> list[Row]:
    """Return the rows of *table* that can be read: from both ends, where the middle is damaged."""
    found: dict[Row, None] = {}
    there = {name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")}
    names = COLUMNS[table].split(", ")
    columns = ", ".join(name if name in there else _FORMER.get(name, "NULL") for name in names)
    for order in ("ASC", "DESC"):
        query = f"SELECT {columns} FROM {table} ORDER BY rowid {order}"
        with suppress(sqlite3.Error, ValueError):
            for row in database.execute(query):
                found[row] = None
    return list(found)


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return False
    with suppress(ValueError):
        return datetime.fromisoformat(value) is not None
    return False


def _is_day(value: object) -> bool:
    if not isinstance(value, str):
        return False
    with suppress(ValueError):
        return date.fromisoformat(value) is not None
    return False


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _is_money(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and math.isfinite(value))


def _session_makes_sense(row: Row) -> bool:
    started, ended, saved = row[1:4]
    moments = _is_moment(started) and _is_moment(saved) and (ended is None or _is_moment(ended))
    amounts = all(_is_amount(value) for value in (*row[4:7], row[8], row[10]))
    sun = row[7] is None or _is_amount(row[7])
    reason = row[9] is None or isinstance(row[9], str)
    money = _is_money(row[11]) and _is_money(row[12])
    return isinstance(row[0], str) and moments and amounts and sun and reason and money


_MAKES_SENSE: Final[dict[str, Callable[[Row], bool]]] = {
    "sessions": _session_makes_sense,
    "days": lambda row: (
        _is_day(row[0])
        and _is_amount(row[1])
        and _is_amount(row[2])
        and (row[3] is None or _is_amount(row[3]))
        and _is_money(row[4])
        and _is_money(row[5])
    ),
    "totals": lambda row: isinstance(row[0], str) and _is_amount(row[1]),
    "faults": lambda row: (
        isinstance(row[0], str)
        and isinstance(row[1], str)
        and _is_moment(row[2])
        and isinstance(row[3], str)
    ),
    "crashes": lambda row: isinstance(row[0], str) and _is_amount(row[1]),
    "notes": lambda row: isinstance(row[0], str) and isinstance(row[1], str),
}
