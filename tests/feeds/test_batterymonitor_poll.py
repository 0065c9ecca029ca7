# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetching BatteryMonitor's page: when, and how often after a failure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evsed.errors import FeedError
from evsed.feeds import FeedConfig
from evsed.feeds.batterymonitor import BatteryMonitorFeed

PAGE = (Path(__file__).parents[1] / "pages" / "surplus.html").read_bytes()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class House:
    """A feed's server on made-up time: a new stamp every `period_s`, 2 s into it."""

    now_s: float = 0.0
    period_s: float = 60.0
    asked_at: list[float] = field(default_factory=list)
    down: bool = False
    frozen_at_s: float | None = None

    def answer(self, _: httpx.Request) -> httpx.Response:
        self.asked_at.append(self.now_s)
        if self.down:
            raise httpx.ConnectError("no route to host")
        running_s = self.now_s if self.frozen_at_s is None else self.frozen_at_s
        sampled_s = (running_s - 2) // self.period_s * self.period_s + 2
        lines = [
            f"Current Time {NOON + timedelta(seconds=self.now_s):%Y%m%d%H%M%S}",
            f"Timestamp {NOON + timedelta(seconds=sampled_s):%Y%m%d%H%M%S}",
            *["Excess solar power available 100W"] * 2,
            *["Minimum demand energy 0W"] * 2,
            *["Maximum demand energy 5000W"] * 2,
        ]
        return httpx.Response(200, text="\n".join(lines))

    def feed(self, jitter: float = 0.5) -> BatteryMonitorFeed:
        return BatteryMonitorFeed(
            FeedConfig(url="http://house.test/excesspwr.php", period_s=self.period_s),
            UTC,
            transport=httpx.MockTransport(self.answer),
            clock=lambda: self.now_s,
            jitter=lambda: jitter,
        )

    async def follow(self, feed: BatteryMonitorFeed, polls: int) -> list[str]:
        """Wait and poll as the daemon does; the stamps, "" for a refusal."""
        heard = []
        for _ in range(polls):
            self.now_s += feed.next_poll_s()
            try:
                heard.append((await feed.poll()).stamp)
            except FeedError:
                heard.append("")
        return heard


@given(st.floats(0, 60, exclude_max=True), st.floats(0, 1))
async def test_each_stamp_is_heard_once_just_after_the_page_has_it(
    phase_s: float, jitter: float
) -> None:
    house = House(now_s=600 + phase_s)
    feed = house.feed(jitter)

    heard = await house.follow(feed, 18)

    settled = [at for at in house.asked_at if at > house.asked_at[0] + 130]
    # 2 s after the stamp, 0-1 s of jitter, and under 1 s because the stamps are whole seconds.
    assert all(2 <= (at - 2) % 60 < 4 for at in settled)
    assert len(settled) >= 8
    assert len(set(heard[-8:])) == 8
    assert all(b - a >= 10 for a, b in zip(house.asked_at, house.asked_at[1:], strict=False))
    await feed.close()


async def test_a_period_of_ten_seconds_is_followed_too() -> None:
    house = House(now_s=603, period_s=10)
    feed = house.feed()

    heard = await house.follow(feed, 30)

    assert len(set(heard)) >= 29
    assert all(b - a >= 10 for a, b in zip(house.asked_at, house.asked_at[1:], strict=False))
    await feed.close()


async def test_the_first_poll_is_at_once() -> None:
    feed = House().feed()

    assert feed.next_poll_s() == 0
    await feed.close()


async def test_a_feed_that_is_late_is_met_within_ten_seconds_and_a_dead_one_is_left_alone() -> None:
    house = House(now_s=602.0, frozen_at_s=602.0)
    feed = house.feed(jitter=0.0)

    heard = await house.follow(feed, 9)

    assert house.asked_at == [602, 612, 622, 632, 642, 652, 662, 722, 782]
    assert len(set(heard)) == 1
    house.frozen_at_s = None
    await house.follow(feed, 2)
    assert house.asked_at[-2:] == [842, 904]  # the stamp is of 842: in step again
    await feed.close()


async def test_a_feed_that_is_down_is_asked_ever_less_and_at_least_once_a_period() -> None:
    house = House(now_s=602.0, down=True)
    feed = house.feed(jitter=0.25)

    heard = await house.follow(feed, 6)

    waits = [b - a for a, b in zip(house.asked_at, house.asked_at[1:], strict=False)]
    assert heard == [""] * 6
    assert waits == [10.25, 20.25, 40.25, 60.25, 60.25]
    house.down = False
    await house.follow(feed, 3)
    assert house.asked_at[-1] - house.asked_at[-2] == pytest.approx(60, abs=2)  # in step again
    await feed.close()


async def test_a_refused_page_waits_ten_seconds_as_well() -> None:
    now_s = 5.0
    feed = BatteryMonitorFeed(
        FeedConfig(url="http://house.test/"),
        UTC,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, text="out of order")),
        clock=lambda: now_s,
        jitter=lambda: 0.0,
    )
    with pytest.raises(FeedError, match='has no "Excess'):
        await feed.poll()

    assert feed.next_poll_s() == 10
    now_s = 12.0
    assert feed.next_poll_s() == 3
    now_s = 99.0
    assert feed.next_poll_s() == 0
    await feed.close()
