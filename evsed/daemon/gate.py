# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a part into the daemon's loop, which can be closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Gate:
    """Calls callbacks in the loop *main*, as long as it is open.

    A part that was ended may have something on its way, and one that hangs may wake up much later:
    a reading of the feed of before must not be taken for one of the feed that is in its place.
    """

    def __init__(self, main: asyncio.AbstractEventLoop) -> None:
        self._main = main
        self._open = True

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> None:
        """Call *callback* in the loop, from any thread."""
        self._main.call_soon_threadsafe(self._call, callback, args)

    def close(self) -> None:
        """Call nothing any more; in the loop's own thread."""
        self._open = False

    def _call(self, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        if self._open:
            callback(*args)
