# SPDX-License-Identifier: GPL-3.0-or-later
"""News of spare power: what every feed can do, and which one is in use.

A feed fetches and believes or refuses; it decides nothing. What a reading is worth in amperes, and
how far it may be trusted as it grows old, is the business of `core.solar.allotment`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from evsed.core.solar.allotment import Reading
from evsed.core.text import text
from evsed.errors import FeedError
from evsed.feeds.fixed import FixedFeed
from evsed.sources.presets import KINDS, Device

__all__ = ["Feed", "FeedConfig", "FixedFeed", "Reading", "open_feed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """[feed], as far as fetching goes.

    `kind` is "batterymonitor", "fixed", "http", "mqtt" or "modbus"; for the last three `device`
    says where the numbers are. `url` is BatteryMonitor's page, `period_s` the seconds between two
    pieces of news. `timezone` names the zone of the feed's clock ("Europe/Vienna"); None is this
    machine's. `current_a` (amperes) belongs to "fixed" alone.
    """

    kind: str = "batterymonitor"
    url: str = ""
    period_s: float = 60.0
    timezone: str | None = None
    current_a: float | None = None
    device: Device | None = None


class Feed(Protocol):
    """A source of readings that is asked now and then.

    The caller's loop is: wait `next_poll_s()`, `poll()`, and the same again. It acts once per new
    `Reading.stamp`; a poll may well return the reading it returned before.
    """

    async def poll(self) -> Reading:
        """Fetch the news, within 5 s.

        Raises `FeedError` when it cannot be had or must not be believed; the next poll may be fine.
        """

    def next_poll_s(self) -> float:
        """Seconds to wait from now before the next poll; 0 before the first."""

    async def close(self) -> None:
        """Let go of the network."""


def open_feed(config: FeedConfig) -> Feed | FixedFeed:
    """The feed that *config* names; nothing is fetched yet.

    Raises `FeedError` when there is no such feed, or when it lacks what it needs.
    """
    match config.kind:
        case "batterymonitor":
            from evsed.feeds.batterymonitor import (  # noqa: PLC0415 - only the feed in use
                open_batterymonitor,
            )

            return open_batterymonitor(config)
        case "fixed":
            if config.current_a is None:
                raise FeedError(
                    text(
                        'feed.kind is "fixed" but feed.current_a is not set, so nothing is '
                        "allotted; set it to the amperes to offer"
                    )
                )
            return FixedFeed(config.current_a)
        case kind if kind in KINDS and config.device is not None:
            from evsed.feeds.measured import MeasuredFeed  # noqa: PLC0415 - only the feed in use

            return MeasuredFeed(config.device, period_s=config.period_s)
        case other:
            raise FeedError(
                text(
                    'feed.kind = "{other}" is not a feed evsed has, so nothing is allotted; '
                    'use "batterymonitor", "fixed", "http", "mqtt" or "modbus"',
                    other=other,
                )
            )
