# SPDX-License-Identifier: GPL-3.0-or-later
"""The trace recorder: minutes, made on monotonic time, written a quarter of an hour at once.

That is what a power cut costs of the trace: the SD card has to last. Energy is not in question,
sessions and totals are kept by the ledger within a minute.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from evsed.core.energy.history import Minute, MinuteAverager, TraceRow, TraceSample
from evsed.daemon.store_writer import AGAIN_AFTER_S, StoreWriter
from evsed.errors import StoreError

BATCH_S = 900.0
THIN_EVERY_S = 86_400.0
WAITING_MOST = 360  # minutes in memory while the disk takes none, or the clock is wrong
CLOCK_NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""A wall clock that is before this has not been set yet: evsed is younger. So what it would date
waits until it is, and is dated right then."""

log = structlog.get_logger()


class TraceRecorder:
    """Makes and holds minutes; *wall* and *monotonic* are the clocks, in seconds."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()  # frontends ask in threads of their own
        self._minutes = MinuteAverager()
        self._waiting: deque[Minute] = deque(maxlen=WAITING_MOST)
        self._again_at = float("-inf")
        self._thin_at = float("-inf")
        self._failed = False

    def add_sample(self, at: float, sample: TraceSample) -> None:
        """Add *sample*, which holds from the monotonic moment *at* on."""
        with self._lock:
            self._waiting.extend(self._minutes.add(at, at + self._offset_s(), sample))

    def pending(self) -> list[TraceRow]:
        """Return what is not written yet, the minute under way included; from any thread."""
        with self._lock:
            return self._dated([*self._waiting, *self._under_way()])

    async def write(self, writer: StoreWriter, *, all_of_it: bool = False) -> None:
        """Have *writer* write what is due; *all_of_it*: whatever there is, at the end.

        A failure is logged once and tried again in half a minute; it holds up nothing else.
        """
        now = self._monotonic()
        minutes = self._due(now, all_of_it=all_of_it)
        if not minutes:
            return
        rows, trace = self._dated(minutes), writer.store.trace
        try:
            await writer.run(lambda: trace.add(rows))
            self._written(minutes)
            if now >= self._thin_at and not await writer.run(trace.thin):
                self._thin_at = now + THIN_EVERY_S
        except StoreError as error:
            self._again_at = now + AGAIN_AFTER_S
            if not self._failed:
                log.error(
                    "the history could not be written; its minutes wait in memory, six hours of "
                    "them at most, and nothing else does; mend what the reason names",
                    reason=str(error),
                )
            self._failed = True
            return
        if self._failed:
            log.info("the history is written again")
        self._failed = False

    def _due(self, now: float, *, all_of_it: bool) -> list[Minute]:
        if self._wall() < CLOCK_NOT_BEFORE:
            return []
        with self._lock:
            if all_of_it:
                return [*self._waiting, *self._under_way()]
            old = self._waiting and now - self._waiting[0].begins_at >= BATCH_S
            return list(self._waiting) if old and now >= self._again_at else []

    def _written(self, minutes: list[Minute]) -> None:
        safe = {id(minute) for minute in minutes}
        with self._lock:
            self._keep([minute for minute in self._waiting if id(minute) not in safe])

    def forget(self, before_at: int) -> None:
        """Forget what was before *before_at*, in seconds since 1970; from any thread."""
        offset_s = self._offset_s()
        with self._lock:
            later = [minute for minute in self._waiting if minute.at(offset_s).at >= before_at]
            self._keep(later)

    def _keep(self, minutes: list[Minute]) -> None:
        self._waiting = deque(minutes, maxlen=WAITING_MOST)

    def _under_way(self) -> list[Minute]:
        return [self._minutes.open] if self._minutes.open else []

    def _dated(self, minutes: list[Minute]) -> list[TraceRow]:
        offset_s = self._offset_s()
        return [minute.at(offset_s) for minute in minutes]

    def _offset_s(self) -> float:
        """Wall clock minus monotonic time, as of now."""
        return self._wall() - self._monotonic()
