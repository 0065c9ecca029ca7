# SPDX-License-Identifier: GPL-3.0-or-later
"""BatteryMonitor's page of excess power as a feed: asked just after it has news."""

from __future__ import annotations

import os
import random
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import httpx

from evsed.core.solar.allotment import Reading
from evsed.core.solar.feed_trouble import Notice
from evsed.core.text import text
from evsed.errors import FeedError
from evsed.feeds import FeedConfig
from evsed.feeds.excess_page import ExcessPage, elapsed_s, read_page
from evsed.feeds.feed_clock import FeedClock, StampAge
from evsed.feeds.page_fetch import TIMEOUT_S, PageFetcher

__all__ = ["BatteryMonitorFeed", "elapsed_s", "find_zone", "open_batterymonitor", "parse_page"]

LEAST_POLL_S: Final = 10.0
"""Never ask more often: the battery is sampled every 10 s (BatteryMonitor's getdata.py)."""

NEWS_LAG_S: Final = 2.0
"""The page has new figures this long after the stamp they carry."""

LEARN_POLLS: Final = 7
"""A feed whose period is not known is asked every 10 s for so many polls, which is a minute."""

WHOLE_SECONDS_S: Final = 1.0
"""Stamps are whole seconds, so a span between two may be a second longer than it looks."""

GAPS: Final = 5
"""The period is the shortest of so many spans between two stamps."""


def parse_page(text: str, zone: tzinfo = UTC) -> Reading:
    """The reading of one page by itself; its times are local times of *zone*.

    Powers are watts; `Reading.age_s` is the real time between the page's two stamps, as far as two
    clocks allow. Raises `FeedError` for a page that is not whole.
    """
    page = read_page(text, zone)
    return _reading(page, FeedClock(0.0).update(0.0, page.stamp, page.behind_s))


def _reading(page: ExcessPage, age: StampAge, notice: Notice | None = None) -> Reading:
    return Reading(
        excess_w=page.excess_w,
        minimum_w=page.minimum_w,
        maximum_w=page.maximum_w,
        stamp=page.stamp,
        age_s=age.age_s,
        notice=notice,
    )


def find_zone(name: str | None) -> tzinfo:
    """The time zone called *name*; None: this machine's (TZ, else /etc/localtime, else UTC).

    Raises `FeedError` when there is no such zone here.
    """
    wanted = name if name is not None else os.environ.get("TZ", "").lstrip(":")
    local = Path("/etc/localtime")
    try:
        if wanted:
            return ZoneInfo(wanted)
        if local.exists():
            with local.open("rb") as file:
                return ZoneInfo.from_file(file)
    except (OSError, ValueError, LookupError):  # no such key, a key with ".." in it, no zone file
        raise FeedError(
            text(
                'the time zone "{zone}" is not known here, so the age of the feed\'s '
                "news is not known; set feed.timezone to a name such as "
                '"Europe/Vienna", or install tzdata (sudo apt install tzdata)',
                zone=wanted or str(local),
            )
        ) from None
    return UTC


class BatteryMonitorFeed:
    """Fetches the page just after it has news, and never more often than every 10 s.

    *clock* gives monotonic seconds and *jitter* a number from 0 to 1 that is added in seconds, so
    that several EVSEs do not ask in the same instant. *transport* stands in for the network.
    """

    def __init__(
        self,
        config: FeedConfig,
        zone: tzinfo,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._zone = zone
        self._period_s = config.period_s
        self._clock = clock
        self._jitter = jitter
        self._page = PageFetcher(config.url, transport=transport, timeout_s=timeout_s)
        self._stamps = FeedClock(config.period_s)
        self._stamp: str | None = None
        self._stamped_at = 0.0
        self._gaps_s: deque[float] = deque(maxlen=GAPS)
        self._in_vain = 0
        self._polls = 0
        self._next_at: float | None = None

    async def poll(self) -> Reading:
        """Fetch the page and return its reading, within 5 s.

        Raises `FeedError` when the page cannot be had or must not be believed.
        """
        self._polls += 1
        try:
            page = read_page(await self._page.fetch(), self._zone)
        except FeedError:
            self._wait(0.0, fresh=False)
            raise
        now = self._clock()
        age = self._stamps.update(now, page.stamp, page.behind_s)
        fresh = page.stamp != self._stamp
        if fresh and self._stamp is not None:
            self._gaps_s.append(now - age.age_s - self._stamped_at)
        if fresh:
            self._stamp, self._stamped_at = page.stamp, now - age.age_s
        self._wait(self._due_s() + NEWS_LAG_S - age.age_s, fresh=fresh)
        return _reading(page, age, self._notice(age))

    def next_poll_s(self) -> float:
        """Seconds from now to the next poll; 0 before the first."""
        return 0.0 if self._next_at is None else max(0.0, self._next_at - self._clock())

    async def close(self) -> None:
        """Let go of the network."""
        await self._page.close()

    def _due_s(self) -> float:
        """When the next stamp is due after the last: as learned, at first as often as allowed."""
        if not self._gaps_s and self._polls < LEARN_POLLS:
            return 0.0
        shortest_s = min(self._gaps_s, default=self._period_s)
        return max(LEAST_POLL_S, min(self._period_s, shortest_s + WHOLE_SECONDS_S))

    def _wait(self, news_in_s: float, *, fresh: bool) -> None:
        """Set the next poll: when there is news, and later each time that there was none.

        10, 20, 40 s ... up to one period, so that a feed which is late by seconds is met soon, and
        one that is down for a day is asked once a period.
        """
        self._in_vain = 0 if fresh else min(self._in_vain + 1, 20)
        learning = self._stamp is not None and not self._gaps_s and self._polls < LEARN_POLLS
        most_s = LEAST_POLL_S if learning else max(LEAST_POLL_S, self._period_s)
        patience_s = min(LEAST_POLL_S * 2.0 ** max(0, self._in_vain - 1), most_s)
        self._next_at = self._clock() + max(patience_s, news_in_s) + self._jitter()

    def _notice(self, age: StampAge) -> Notice | None:
        """Return what the owner should mend although evsed gets by."""
        if age.apart_s == 0:
            return None
        hours, rest_s = divmod(abs(age.apart_s), 3600)
        apart = text("{hours:.0f} h {minutes:.0f} min", hours=hours, minutes=rest_s / 60)
        if not age.zone:
            return Notice(
                "clocks",
                text(
                    "BatteryMonitor's page shows two clocks that are {apart} apart; evsed "
                    "goes by when a stamp is new. Set the clock of the web server and that "
                    "of BatteryMonitor's computer by NTP.",
                    apart=apart,
                ),
            )
        zone = getattr(self._zone, "key", None) or _machine_zone() or "Europe/Vienna"
        return Notice(
            "clocks",
            text(
                "BatteryMonitor's page shows two clocks that are {apart} apart: PHP has "
                "another time zone than its computer. evsed allows for it. Put "
                'date.timezone = "{zone}" (or the zone of that computer, if it is '
                "another) into php.ini and restart the web server.",
                apart=apart,
                zone=zone,
            ),
        )


def _machine_zone() -> str | None:
    """The name of this machine's zone, such as "Europe/Vienna", where /etc/localtime tells it."""
    _, found, name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    return name if found else None


def open_batterymonitor(config: FeedConfig) -> BatteryMonitorFeed:
    """The feed of *config*, by this machine's clock and network.

    Raises `FeedError` when the address or the time zone is not one.
    """
    return BatteryMonitorFeed(config, find_zone(config.timezone))
