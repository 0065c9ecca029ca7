# SPDX-License-Identifier: GPL-3.0-or-later
"""A feed of measured numbers: what is spare by them, how old it is, and when it is asked again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from evsed.errors import FeedError, SourceError
from evsed.feeds import Feed, FeedConfig, FixedFeed, open_feed
from evsed.feeds.excess import excess_of, feed_numbers, reading_of
from evsed.feeds.measured import MeasuredFeed
from evsed.sources.presets import Device
from evsed.sources.reader import Figure, Figures
from tests.sources.devices import web_device


def figures(at: float = 100.0, **numbers: float) -> Figures:
    return {name: (Figure(value, at),) for name, value in numbers.items()}


@pytest.mark.parametrize(
    ("numbers", "excess_w", "why"),
    [
        ({"excess_w": 900.0}, 900, "as the source says itself"),
        ({"grid_w": -1500.0}, 1500, "1500 W into the grid"),
        ({"grid_w": 400.0}, -400, "400 W from the grid"),
        ({"grid_w": 0.0, "battery_w": -2000.0}, 2000, "0 W into the grid, 2000 W into the battery"),
        ({"grid_w": 10.0, "battery_w": 700.0}, -710, "10 W from the grid, 700 W from the battery"),
    ],
)
def test_what_flows_to_the_grid_and_into_the_battery_is_spare(
    numbers: dict[str, float], excess_w: float, why: str
) -> None:
    excess = excess_of(figures(**numbers))

    assert excess.excess_w == excess_w
    assert excess.why == why


def test_without_excess_and_grid_nobody_knows_what_is_spare() -> None:
    with pytest.raises(SourceError, match="neither excess_w nor grid_w"):
        excess_of(figures(soc=0.5))


def test_a_reading_is_as_old_as_its_oldest_power_and_the_state_of_charge_may_be_older() -> None:
    mixed = {
        **figures(95.0, grid_w=-1.0),
        **figures(90.0, battery_w=-1.0),
        **figures(10.0, soc=0.5),
    }

    reading = reading_of(mixed, 100.0)

    assert reading.age_s == 10.0
    assert reading.soc == 0.5


def test_the_same_measurement_is_the_same_news_and_the_next_is_not() -> None:
    first = reading_of(figures(100.0, grid_w=-1.0), 101.0)
    again = reading_of(figures(100.0, grid_w=-1.0), 102.0)
    after = reading_of(figures(105.0, grid_w=-1.0), 105.0)

    assert first.stamp == again.stamp != after.stamp


def test_a_maximum_below_0_forbids_and_contradicting_bounds_are_refused() -> None:
    assert reading_of(figures(excess_w=1.0, maximum_w=-5.0), 100.0).maximum_w == 0.0
    with pytest.raises(SourceError, match="cannot both hold"):
        reading_of(figures(excess_w=1.0, minimum_w=5.0, maximum_w=4.0), 100.0)


@dataclass
class Meter:
    """A meter that is asked over HTTP, on made-up time."""

    now_s: float = 1000.0
    power_w: object = -1500.0
    asked: int = 0
    waits_s: list[float] = field(default_factory=list)

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(text=json.dumps({"power": self.power_w}))

    @asynccontextmanager
    async def feed(self, period_s: float) -> AsyncIterator[Feed]:
        async with web_device(self.answer) as url:
            device = Device(kind="http", given={"url": url}, numbers={"grid_w": {"path": "power"}})
            feed = MeasuredFeed(device, period_s=period_s, clock=lambda: self.now_s)
            try:
                yield feed
            finally:
                await feed.close()


@pytest.mark.parametrize("period_s", [1.0, 5.0, 60.0, 900.0])
async def test_a_feed_is_asked_once_a_period_from_a_second_to_a_quarter_of_an_hour(
    period_s: float,
) -> None:
    meter = Meter()
    async with meter.feed(period_s) as feed:
        assert feed.next_poll_s() == 0
        for _ in range(3):
            meter.now_s += feed.next_poll_s()
            assert (await feed.poll()).excess_w == 1500
            meter.waits_s.append(feed.next_poll_s())

    assert meter.waits_s == [period_s] * 3


async def test_a_feed_that_fails_says_why_and_is_asked_less_and_less_often() -> None:
    meter = Meter(power_w=None)
    async with meter.feed(1.0) as feed:
        for _ in range(5):
            meter.now_s += feed.next_poll_s()
            with pytest.raises(
                FeedError, match="evsed goes by the last news until that is too old"
            ):
                await feed.poll()
            meter.waits_s.append(feed.next_poll_s())
        meter.power_w = -20.0
        meter.now_s += feed.next_poll_s()
        assert (await feed.poll()).excess_w == 20
        meter.waits_s.append(feed.next_poll_s())

    assert meter.waits_s == [2.0, 5.0, 10.0, 30.0, 30.0, 1.0]


@pytest.mark.parametrize(
    ("device", "words"),
    [
        (Device(preset="shelly3em", given={"url": "http://h"}), "did you mean shelly-3em"),
        (Device(preset="home-assistant", given={"url": "http://h"}), "needs an id"),
        (Device(kind="http", given={"url": "http://h"}), "say where it is"),
        (Device(preset="sma", given={"url": "tcp://h"}), "neither excess_w nor grid_w"),
        (Device(preset="shelly-3em"), "url is missing"),
        (Device(kind="mqtt", preset="shelly-3em"), 'is of kind "http", not "mqtt"'),
        (
            Device(kind="mqtt", given={"url": "mqtt://h"}, numbers={"grid_w": {"path": "x"}}),
            "topic is missing",
        ),
        (
            Device(kind="modbus", given={"url": "tcp://h"}, numbers={"grid_w": {"type": "int16"}}),
            "register is missing",
        ),
        (
            Device(
                kind="modbus",
                given={"url": "tcp://h"},
                numbers={"grid_w": {"register": 1, "type": "int12"}},
            ),
            'type "int12" is not one of int16',
        ),
    ],
)
def test_what_cannot_be_a_feed_is_refused_with_what_is_missing(device: Device, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        open_feed(FeedConfig(kind=device.kind or "http", device=device))


def test_an_excess_of_the_owners_own_goes_before_the_presets_grid() -> None:
    given = {"url": "http://h", "id": "x"}
    mine = feed_numbers(Device(preset="emoncms", given=given, numbers={"excess_w": {"id": 4}}))

    assert "excess_w" in mine
    assert "grid_w" not in mine


async def test_a_feed_of_numbers_is_opened_by_its_device() -> None:
    device = Device(kind="http", given={"url": "http://h"}, numbers={"grid_w": {"path": "p"}})

    feed = open_feed(FeedConfig(kind="http", device=device, period_s=5.0))

    assert not isinstance(feed, FixedFeed)
    await feed.close()
