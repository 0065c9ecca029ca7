# SPDX-License-Identifier: GPL-3.0-or-later
"""The `Frontend` protocol: one more way to show evsed, and to give it orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from evsed.frontends.hub import Hub


class Frontend(Protocol):
    """One more way to show evsed, and to give it orders.

    The daemon runs it in a thread and a loop of its own, so it may take its time. When `run()` ends
    or raises, when its loop does not turn for seconds, or when its tasks grow without end, it is
    logged and started again after a pause. A charge never depends on it.
    """

    @property
    def name(self) -> str:
        """The name under which it is logged and shown: "web", "mqtt", ..."""

    async def run(self, hub: Hub) -> None:
        """Serve until cancelled. It may be called again after it has ended."""

    def close(self) -> None:
        """Close what `open_web()` opened; `run()` is not called again."""
