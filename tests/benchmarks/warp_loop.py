# SPDX-License-Identifier: GPL-3.0-or-later
"""An event loop on simulated time, with real sockets between its own tasks.

Where no socket has anything and nothing is ready, the clock jumps to the next timer. What one end
writes to the loopback can be read at the other end at once, so no message is overtaken by a jump.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from selectors import SelectorKey


class _Selector(selectors.EpollSelector):
    """A selector that never waits: it moves the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.working = 0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(0)
        if not ready and (timeout is None or (timeout > 0 and self.working)):
            return super().select(None)  # only a thread can wake it
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
        return ready


class WarpLoop(asyncio.SelectorEventLoop):
    """The loop; its time begins at 0."""

    def __init__(self) -> None:
        self._warp = _Selector()
        super().__init__(self._warp)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[..., Any], *args: object
    ) -> asyncio.Future[Any]:
        """Run *func* in a thread; no time passes meanwhile."""
        self._warp.working += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._worked)
        return future

    def _worked(self, _: object) -> None:
        self._warp.working -= 1

    def time(self) -> float:
        """Return the simulated time, seconds."""
        return self._warp.now
