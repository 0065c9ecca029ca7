# SPDX-License-Identifier: GPL-3.0-or-later
"""The `Frontend` protocol: one more way to show evsed, and to give it orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from evsed.frontends.hub import Hub


class Frontend(Protocol):
    """One more way to show evsed; the daemon runs it for as long as it lives."""

    async def run(self, hub: Hub) -> None:
        """Serve until cancelled."""
