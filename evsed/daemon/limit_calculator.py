# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits: what owner and feed permit, asked once a second; and the feed itself, followed."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from evsed.core.pilot.limits import Limit
from evsed.core.solar.allotment import Allotment, AllotmentConfig
from evsed.core.user import user_limits as ceilings
from evsed.errors import FeedError
from evsed.feeds import FixedFeed
from evsed.link import LIMIT_HOLDS_S

if TYPE_CHECKING:
    from evsed.daemon.hub import Desk
    from evsed.daemon.session_recorder import SessionRecorder
    from evsed.feeds import Feed

log = structlog.get_logger()


class LimitCalculator:
    """Turns readings of the feed and wishes of the owner into the control process's limits."""

    def __init__(
        self, config: AllotmentConfig, feed: Feed | FixedFeed, desk: Desk, books: SessionRecorder
    ) -> None:
        self._allotment = Allotment(config)
        self._fixed_a = feed.current_a if isinstance(feed, FixedFeed) else None
        self._desk = desk
        self._books = books
        self._limits: tuple[Limit, ...] = ()

    def limits(self, now: float) -> tuple[Limit, ...]:
        """Every limit at *now*; each holds 3 s, so one that is not repeated ends by itself."""
        until_at = now + LIMIT_HOLDS_S
        # The owner's first: of equal limits the first is the reason that is told.
        self._limits = (*self._owners(until_at), self._feeds(now, until_at))
        return self._limits

    def _owners(self, until_at: float) -> tuple[Limit, ...]:
        wishes = self._books.wishes
        session = self._books.session if self._books.session_active else None
        local = datetime.now().astimezone()
        self._desk.window_opens_in_s = ceilings.opens_in_s(wishes, local)
        energy_wh, charge_s = (session.energy_wh, session.charge_s) if session else (0.0, 0.0)
        self._desk.session_left = ceilings.session_left(
            wishes, energy_wh, charge_s, self._desk.power_w
        )
        return ceilings.limits(wishes, energy_wh, charge_s, local, until_at)

    def _feeds(self, now: float, until_at: float) -> Limit:
        if self._fixed_a is not None:
            return Limit("feed", self._fixed_a, until_at, "a fixed current, as set")
        self._allotment.set_mode(self._books.wishes.mode)
        desk = self._desk
        self._allotment.on_draw(
            now, desk.drawn_a, charging=desk.charging, measured=desk.drawn_measured
        )
        allotted = self._desk.allotted = self._allotment.update(now)
        return Limit("feed", allotted.current_a, until_at, allotted.reason.describe())

    async def follow(self, feed: Feed) -> None:
        """Poll *feed* for ever, each time just after it has news."""
        while True:
            await asyncio.sleep(feed.next_poll_s())
            try:
                reading = await feed.poll()
            except FeedError as error:
                self._trouble(str(error))
                continue
            self._trouble(None)
            if self._allotment.on_reading(time.monotonic(), reading):
                log.debug(
                    "reading",
                    excess_w=reading.excess_w,
                    maximum_w=reading.maximum_w,
                    age_s=reading.age_s,
                )
                self._desk.touch()

    def _trouble(self, error: str | None) -> None:
        """Say that the feed is lost or back, once each."""
        if error == self._desk.feed_error:
            return
        if error is not None:
            log.warning(error)
            self._desk.note(f"feed: {error}", "warning")
        else:
            log.info("the feed is back")
            self._desk.note("the feed is back")
        self._desk.feed_error = error
