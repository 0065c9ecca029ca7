# SPDX-License-Identifier: GPL-3.0-or-later
"""The original's interfaces, for scripts written for it: its line, energy.log and EnergyStats.

energy.log and EnergyStats continue files that the original wrote.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Final

from evsed.core.energy.energy_stats import (
    EnergyRecord,
    EnergyStats,
    day_number,
    day_of_record,
    energy_stats,
)
from evsed.core.energy.sessions import SessionRecord
from evsed.errors import StoreError
from evsed.frontends.status import Status

CHARGING: Final = 3
"""The original's State while the contactor is closed."""

STEADY_DUTY: Final = 1023
"""The original's duty for steady +12 V."""

CP_AT_12_V: Final = 248
CP_AT_9_V: Final = 155
CP_AT_6_V: Final = 85
"""Readings of the original's ADC at the three plateaus (its EVnoconnect, EVready, EVcharging)."""

MOST_KWH: Final = 999.999
MOST_HOURS: Final = 99.9
"""The largest values that fit the columns of energy.log."""

NEWEST_BYTES: Final = 1 << 20
"""Bytes of energy.log that are read, from its end: 20,000 sessions, decades of charging."""

_RECORD: Final = re.compile(
    r"([0-9]{14}) +(-?[0-9]{1,7}) +([0-9]{1,6}\.[0-9]{1,6})kWh Charge Time +(-?[0-9]{1,4}\.[0-9])hr"
)


def classic_line(status: Status) -> str:
    """Return *status* as the line of the original, without an end of line."""
    state = status.classic_state
    charging = state == CHARGING
    cp_duty = round(STEADY_DUTY * status.duty) if status.board_ok else 0
    return (
        f"Timestamp {status.at:%Y%m%d%H%M%S}"
        f" CP value={cp_value(status)}"
        f" CP duty={cp_duty}"
        f" ChargeI={status.drawn_a if charging else 0.0:.1f}"
        f" Power={status.power_w / 1000 if charging else 0.0:.1f}"
        f" Delta={round(status.excess_w or 0.0)}"
        f" State={state}"
        f" Energy={status.session.energy_wh / 1000:.3f}"
        f" DayEnergy={status.day_wh / 1000:.1f}"
    )


def cp_value(status: Status) -> int:
    """Return the high plateau on the original's scale: straight lines through its three values.

    0 where it is not known.
    """
    if not status.board_ok or status.high_v is None:
        return 0
    above_9_v = status.high_v - 9
    per_volt = (CP_AT_12_V - CP_AT_9_V if above_9_v >= 0 else CP_AT_9_V - CP_AT_6_V) / 3
    return max(0, round(CP_AT_9_V + above_9_v * per_volt))


def format_record(session: SessionRecord, ended: datetime) -> str:
    """Return the line of energy.log for *session*, which ended at *ended* local time: 50 bytes."""
    kwh = min(session.energy_wh / 1000, MOST_KWH)
    hours = min(session.charge_s / 3600, MOST_HOURS)
    return (
        f"{ended:%Y%m%d%H%M%S} {day_number(ended.date()):4d} {kwh:7.3f}kWh"
        f" Charge Time {hours:4.1f}hr\n"
    )


def parse_record(line: str) -> EnergyRecord | None:
    """Return the record in *line*, by its fields and not its columns; None where it is none."""
    fields = _RECORD.fullmatch(line)
    if fields is None:
        return None
    try:
        stamped = datetime.strptime(fields[1], "%Y%m%d%H%M%S").date()  # noqa: DTZ007 - local
        day = day_of_record(stamped, int(fields[2]))
    except (ValueError, OverflowError):
        return None
    return EnergyRecord(day, float(fields[3]), float(fields[4]))


def format_stats(stats: EnergyStats, local_now: datetime) -> str:
    """Return the content of EnergyStats as of *local_now*."""
    return (
        f"Last Update Time {local_now:%Y-%m-%d %H:%M:%S}\n"
        f"{'Last Year':13}{stats.year_kwh:7.1f}kWh\n"
        f"{'Last 30 Days':13}{stats.days_30_kwh:7.1f}kWh\n"
        f"{'Last 5 Days':13}{stats.days_5_kwh:7.1f}kWh\n"
        f"{'Current Day':13}{stats.today_kwh:7.1f}kWh\n"
        f"{'Last Session':13}{stats.session_kwh:7.1f}kWh\n"
        f"Av. per day charging occurs over 90 days {stats.mean_90_kwh:.4f}kWh\n"
        f"Av. per day charging occurs over 30 days {stats.mean_30_kwh:.4f}kWh\n"
        f"Av. per day charging occurs over 5 days  {stats.mean_5_kwh:.4f}kWh\n"
    )


class EnergyFiles:
    """energy.log and EnergyStats in one folder.

    Every call is short and blocks. A call that raises has done nothing, so it can be repeated later
    with the same arguments.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / "energy.log"
        self._stats = folder / "EnergyStats"

    def append(self, session: SessionRecord, ended: datetime) -> None:
        """Add the record of *session*, which ended at *ended* local time, to energy.log.

        The same record twice is one record. Raises `StoreError` when it cannot be written, and
        leaves the file unchanged.
        """
        line = format_record(session, ended).encode()
        with _as_store_error(self._log, "the session is kept in the database and is written later"):
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("ab+", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - NEWEST_BYTES))
                known = file.read(NEWEST_BYTES)  # less where the file is short
                if line in known.splitlines(keepends=True):
                    return
                # A power cut in the middle of a line leaves it without an end.
                torn = known != b"" and not known.endswith(b"\n")
                try:
                    _write(file, b"\n" + line if torn else line)
                except OSError:
                    with suppress(OSError):
                        file.truncate(size)
                    raise

    def write_stats(self, local_now: datetime) -> EnergyStats:
        """Rewrite EnergyStats from energy.log as of *local_now*, atomically; return its figures.

        Raises `StoreError` when that fails; the file is then unchanged.
        """
        with _as_store_error(self._stats, "it is unchanged and is rewritten later"):
            self._stats.parent.mkdir(parents=True, exist_ok=True)
            stats = energy_stats(self._records(), local_now.date())
            _replace(self._stats, format_stats(stats, local_now).encode())
        return stats

    def _records(self) -> list[EnergyRecord]:
        """Return the newest records of energy.log in their order; other lines are skipped."""
        try:
            with self._log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                cut = max(0, size - NEWEST_BYTES)
                file.seek(cut)
                if cut:
                    file.readline()
                lines = file.read(NEWEST_BYTES).decode(errors="replace").split("\n")
        except FileNotFoundError:
            lines = []
        records = [parse_record(line.rstrip("\r")) for line in lines if line]
        return [record for record in records if record is not None]


def _write(file: FileIO, content: bytes) -> None:
    """Write all of *content* at the position of *file*, and to the disk."""
    if file.write(content) != len(content):  # a full disk writes a part
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file.fileno())


def _replace(path: Path, content: bytes) -> None:
    """Replace *path* by *content* atomically, whenever the power fails."""
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb", buffering=0) as file:
            _write(file, content)
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


@contextmanager
def _as_store_error(path: Path, meanwhile: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror or error}); {meanwhile}. "
            "Make room on the disk, or give evsed the right to write there."
        ) from error
