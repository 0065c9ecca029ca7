# SPDX-License-Identifier: GPL-3.0-or-later
"""The store writer: one thread in which everything is written, one thing after the other.

So a slow, locked or full disk delays nothing but the writing. A failure is reported once, and tried
again every three seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import structlog

from evsed.errors import StoreError, StoreLockedError
from evsed.store import Store

WRITE_EVERY_S = 1.0
AGAIN_AFTER_S = 30.0  # after a trace that could not be written
RETRY_AFTER_S = (
    3.0  # after any other write that failed; the control process may wait for what is stored
)
TROUBLE_AFTER_S = 30.0  # a write that fails for so long, by a full disk and the like, is a fault

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trouble:
    """The failure that goes on now: `text` ("": none), and whether it `lasts` too long.

    A file that another program holds is waited for; it never lasts too long.
    """

    text: str = ""
    lasts: bool = False


class StoreWriter:
    """Writes into *store*."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._jobs: list[Callable[[], object]] = []
        self._urgent = asyncio.Event()
        self._again_at = float("-inf")
        self._failed = False
        self._failing_since = 0.0
        self.trouble = Trouble()

    async def run(self, job: Callable[[], T]) -> T:
        """Run *job* in its turn and return its result. Raises what *job* raises."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, job)

    def submit(self, job: Callable[[], object], *, urgent: bool = False) -> None:
        """Have *job* run within a second, at the next `flush()`; *urgent*: at once."""
        self._jobs.append(job)
        if urgent:
            self._urgent.set()

    async def flush(self) -> None:
        """Run the submitted jobs in their order; one that fails stays first, and raises."""
        while self._jobs:
            await self.run(self._jobs[0])
            self._jobs.pop(0)

    def report(self, error: StoreError) -> None:
        """Report *error* once, and wait a while before the next try."""
        now = time.monotonic()
        self._again_at = now + RETRY_AFTER_S
        if not self._failed:
            log.error(str(error))
            self._failing_since = now
        self._failed = True
        waits = isinstance(error, StoreLockedError)
        lasts = not waits and now - self._failing_since >= TROUBLE_AFTER_S
        self.trouble = Trouble(str(error), lasts)

    async def run_forever(self, write_due: Callable[[], Awaitable[None]]) -> None:
        """Write what is due, every second, at once where it is urgent, without end."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WRITE_EVERY_S):
                    await self._urgent.wait()
            self._urgent.clear()
            await self.write(write_due)

    async def write(
        self, write_due: Callable[[], Awaitable[None]], *, patient: bool = True
    ) -> None:
        """Have *write_due* write; *patient*: not within three seconds of a failure."""
        if patient and time.monotonic() < self._again_at:
            return
        try:
            await write_due()
        except StoreError as error:
            self.report(error)
        else:
            if self._failed:
                log.info("sessions and totals are written again")
            self._failed = False
            self.trouble = Trouble()
        if (notice := self.store.take_notice()) is not None:
            log.error(notice)

    async def close(self) -> None:
        """Close the store."""
        await self.run(self.store.close)
        self._worker.shutdown(wait=False)
