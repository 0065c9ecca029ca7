# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated pigpiod beside blocking code: its own event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from evsed.sim.pigpiod.server import SimulatedPigpiod, precise_event_loop

_T = TypeVar("_T")


class PigpiodThread:
    """A simulated daemon in a thread of its own, as a context manager, for blocking callers."""

    def __init__(self, pigpiod: SimulatedPigpiod) -> None:
        self.pigpiod = pigpiod
        self.port = 0
        self._loop = precise_event_loop()
        self._thread = threading.Thread(target=self._run, name="simulated-pigpiod", daemon=True)

    def __enter__(self) -> Self:
        """Start it; the port is known from here on."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> int:
        """Start thread and daemon; the port is returned. Raises OSError when it is taken."""
        self._thread.start()
        try:
            self.port = self.run(self.pigpiod.start())
        except OSError:
            self.stop()
            raise
        return self.port

    def stop(self) -> None:
        """Kill the daemon and end the thread; a second call does nothing."""
        if self._thread.is_alive():
            self.run(self.pigpiod.stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine in the daemon's loop and wait for what it gives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def call(self, work: Callable[..., _T], *args: object, **options: object) -> _T:
        """Call a function in the daemon's loop and wait for what it gives."""

        async def inside() -> _T:
            return work(*args, **options)

        return self.run(inside())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with contextlib.closing(self._loop):
            self._loop.run_forever()
            # Connections accepted in the last moment are refused before the loop closes.
            while accepting := asyncio.all_tasks(self._loop):
                self._loop.run_until_complete(asyncio.wait(accepting))
            for _ in range(3):
                self._loop.run_until_complete(asyncio.sleep(0))
