# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed as a part of the daemon: polled in a thread of its own, its readings handed over."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from evsed.errors import FeedError
from evsed.feeds import FixedFeed, open_feed

if TYPE_CHECKING:
    from evsed.daemon.charger_state import Charger
    from evsed.daemon.hub import Hub
    from evsed.daemon.limit_calculator import LimitCalculator
    from evsed.feeds import FeedConfig, Reading

log = structlog.get_logger()


class FeedFollower:
    """Polls the feed of *config*, each time just after it has a new reading.

    What arrives is handed to *limits* in the loop *main*.
    """

    def __init__(
        self,
        config: FeedConfig,
        limits: LimitCalculator,
        charger: Charger,
        hub: Hub,
        main: asyncio.AbstractEventLoop,
    ) -> None:
        self._config = config
        self._limits = limits
        self._charger = charger
        self._hub = hub
        self._main = main

    async def run(self) -> None:
        """Poll without end."""
        feed = open_feed(self._config)
        if isinstance(feed, FixedFeed):
            return
        try:
            while True:
                await asyncio.sleep(feed.next_poll_s())
                try:
                    reading = await feed.poll()
                except FeedError as error:
                    self._main.call_soon_threadsafe(self._on_trouble, str(error))
                else:
                    self._main.call_soon_threadsafe(self._on_reading, time.monotonic(), reading)
        finally:
            await feed.close()

    # --- in the daemon's own loop -------------------------------------------------------------

    def _on_reading(self, now: float, reading: Reading) -> None:
        self._on_trouble(None)
        self._limits.on_reading(now, reading)

    def _on_trouble(self, error: str | None) -> None:
        """Report that the feed is lost or back, once each."""
        state = self._charger.state
        if error == state.feed_error:
            return
        self._charger.set(replace(state, feed_error=error))
        if error is not None:
            log.warning(error)
            self._hub.note(f"feed: {error}", "warning")
        else:
            log.info("the feed is back")
            self._hub.note("the feed is back")
