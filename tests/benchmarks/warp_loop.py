# SPDX-License-Identifier: GPL-3.0-or-later
"""An event loop on simulated time, with real sockets between its own tasks.

Where no socket has anything and nothing is ready, the clock jumps to the next timer. What one end
writes to the loopback can be read at the other end at once, so no message is overtaken by a jump.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectors import SelectorKey


class _Selector(selectors.EpollSelector):
    """A selector that never waits: it moves the clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            return super().select(None)  # only a thread can wake it
        if not ready and timeout is not None and timeout > 0:
            self.now += timeout
        return ready


class WarpLoop(asyncio.SelectorEventLoop):
    """The loop; its time begins at 0."""

    def __init__(self) -> None:
        self._warp = _Selector()
        super().__init__(self._warp)

    def time(self) -> float:
        """Return the simulated time, seconds."""
        return self._warp.now
