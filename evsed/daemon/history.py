# SPDX-License-Identifier: GPL-3.0-or-later
"""The history that frontends ask for (`frontends.hub.History`), answered beside the loop.

Questions wait for each other in a thread of their own, which reads with its own connection; what is
deleted goes through the store writer, some rows at a time, so that a save never waits for long.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TypeVar

from evsed.core.energy.history import By, DayTrace, PeriodTotal
from evsed.core.energy.sessions import SessionRecord
from evsed.core.text import text
from evsed.core.user.usual_sun import DAYS_MOST, UsualSun, usual_sun
from evsed.daemon.local_zone import LocalZone
from evsed.daemon.session_recorder import SessionRecorder
from evsed.errors import StoreError
from evsed.store import archive
from evsed.store.reading import StoreReader
from evsed.store.rows import begins_at, day_of

WAITING_MOST = 8
"""So many questions may wait at once; a page asks two or three."""

BEGINS_AGAIN = text(
    "checked and ready; evsed begins again with it, which takes some "
    "seconds, or when the car that charges now is unplugged"
)

T = TypeVar("T")


class HistoryService:
    """The past in the store at *path*, and the minutes that *recorder* has not written yet.

    Its methods may be called in any thread. *on_order* is called with who ordered what, for orders
    that change something. `on_restored` makes evsed begin again, at once or when no car charges.
    """

    def __init__(
        self, path: Path, recorder: SessionRecorder, on_order: Callable[[str, str], None]
    ) -> None:
        self._path = path
        self._reader = StoreReader(path)
        self._recorder = recorder
        self._on_order = on_order
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._waiting = 0
        self._sun: UsualSun | None = None
        self._sun_of: date | None = None
        self.on_restored: Callable[[bool], None] = lambda _: None
        self._worker.submit(self._reader.sweep)

    async def sessions(self, limit: int, before: datetime | None = None) -> list[SessionRecord]:
        """The newest *limit* sessions, the newest first; started before *before*, if given."""
        return await self._ask(lambda: self._reader.sessions(limit, before))

    async def energy(self, by: By, first: date, last: date) -> list[PeriodTotal]:
        """Return the energy charged from *first* to *last*, by period, the oldest first."""
        return await self._ask(lambda: self._reader.energy(by, first, last))

    async def days(self) -> list[date]:
        """The local days of which there is a trace, the oldest first."""
        pending = {day_of(row.at) for row in self._recorder.trace.pending()}
        return sorted(pending.union(await self._ask(self._reader.days)))

    async def day(self, day: date) -> DayTrace | None:
        """The trace of the local day *day*, up to this moment; None where there is nothing."""
        pending = self._recorder.trace.pending()
        return await self._ask(lambda: self._reader.day(day, pending))

    async def usual_sun(self) -> UsualSun | None:
        """The usual sun of the days before today; read once a day."""
        today = datetime.now().astimezone().date()
        if self._sun_of != today:
            self._sun = await self._ask(lambda: self._usual_sun(today))
            self._sun_of = today
        return self._sun

    def _usual_sun(self, today: date) -> UsualSun | None:
        days = (today - timedelta(days=ago) for ago in range(1, DAYS_MOST + 1))
        pending = self._recorder.trace.pending()
        found = (self._reader.day(day, pending) for day in days)
        return usual_sun((day for day in found if day), LocalZone())

    async def delete(self, who: str, before: date) -> str:
        """Delete traces and sessions older than the day *before*, for *who*; return the outcome."""
        self._recorder.trace.forget(begins_at(before))
        writer, rows, sessions = self._recorder.writer, 0, 0
        trace = writer.store.trace
        try:
            while any(deleted := await writer.run(lambda: trace.delete(before))):
                rows += deleted[0]
                sessions += deleted[1]
        finally:
            self._on_order(
                who,
                text(
                    "delete the history before {before}: sessions {sessions}, rows {rows}",
                    before=str(before),
                    sessions=sessions,
                    rows=rows,
                ),
            )
        return text(
            "deleted from the history before {before}: sessions {sessions}, rows {rows}; the "
            "totals of days and of the lifetime stay",
            before=str(before),
            sessions=sessions,
            rows=rows,
        )

    async def backup(self, who: str) -> BinaryIO:
        """A copy of the whole store, open for reading; it is gone when it is closed."""
        self._on_order(who, text("make a backup"))
        return await self._ask(self._reader.backup)

    async def restore(self, who: str, backup: BinaryIO) -> str:
        """Put *backup* in place as evsed begins again; see `frontends.hub.History`."""
        names = await self._ask(lambda: self._stage(backup))
        self._on_order(who, text("restore {names} from a backup", names=", ".join(names)))
        self.on_restored(False)  # noqa: FBT003 - not in the middle of a charge
        return BEGINS_AGAIN

    async def undo_restore(self, who: str) -> str:
        """Put back what there was before the last restore; see `frontends.hub.History`."""
        await self._ask(lambda: archive.stage_undo(self._path.parent))
        self._on_order(who, text("undo the last restore"))
        self.on_restored(False)  # noqa: FBT003
        return BEGINS_AGAIN

    def _stage(self, backup: BinaryIO) -> tuple[str, ...]:
        """Put *backup* ready, without its settings: those have their own rules."""
        folder = self._path.parent
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".evsed-restore-") as file:
            shutil.copyfileobj(backup, file)
            file.flush()
            return archive.stage(Path(file.name), folder, (archive.STORE, archive.OCPP))

    def close(self) -> None:
        """Abandon what is being read, and answer no more."""
        self._reader.give_up()
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, question: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MOST:
            raise StoreError(
                text(
                    "many ask of the history at once, and it answers one after the other; "
                    "this question was not answered. Try again in some seconds."
                )
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, question)
        finally:
            self._waiting -= 1
