# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed as a part of the daemon: polled in a thread of its own, its readings handed over."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from evsed.core.solar.feed_trouble import FeedReport, FeedTroubles, Notice
from evsed.errors import FeedError
from evsed.feeds import FixedFeed, open_feed

if TYPE_CHECKING:
    from evsed.daemon.charger_state import Charger
    from evsed.daemon.gate import Gate
    from evsed.daemon.hub import ChargerHub
    from evsed.daemon.limit_calculator import LimitCalculator
    from evsed.feeds import FeedConfig, Reading

log = structlog.get_logger()


class FeedFollower:
    """Polls the feed of *config*, each time just after it has a new reading.

    What arrives is handed to *limits* through *main*.
    """

    def __init__(
        self,
        config: FeedConfig,
        limits: LimitCalculator,
        charger: Charger,
        hub: ChargerHub,
        main: Gate,
    ) -> None:
        self._config = config
        self._limits = limits
        self._charger = charger
        self._hub = hub
        self._main = main
        self._troubles = FeedTroubles()

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
                    self._main.call_soon_threadsafe(self._on_error, time.monotonic(), error)
                else:
                    self._main.call_soon_threadsafe(self._on_reading, time.monotonic(), reading)
        finally:
            await feed.close()

    # --- in the daemon's own loop -------------------------------------------------------------

    def _on_reading(self, now: float, reading: Reading) -> None:
        self._limits.on_reading(now, reading)
        self._report(self._troubles.on_poll(now, reading.notice))
        found = self._limits.feed_notices
        self._report(self._troubles.on_notices(now, found))
        wrong = next((notice.text for notice in found if notice.wrong), None)
        self._show(wrong)

    def _on_error(self, now: float, error: FeedError) -> None:
        if error.page_came:
            self._limits.on_page(now, error.maximum_w)
        self._report(self._troubles.on_poll(now, Notice(error.kind, str(error))))
        self._show(str(error))

    def _report(self, reports: list[FeedReport]) -> None:
        """Write lines to the log and to the page's last events."""
        for report in reports:
            if report.warning:
                log.warning(report.text)
                self._hub.note(report.text, "warning")
            else:
                log.info(report.text)
                self._hub.note(report.text)

    def _show(self, error: str | None) -> None:
        """Show what is wrong now, by its newest words."""
        state = self._charger.state
        if error != state.feed_error:
            self._charger.set(replace(state, feed_error=error))
