# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of prices in the daemon: in the status, in the events, and in a plan."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from evsed.core.user.price_list import GivenRow, PriceList
from evsed.core.user.prices import GridPrices
from evsed.core.user.tariff import Tariff
from evsed.daemon.gate import Gate
from evsed.daemon.price_follower import PriceFollower
from evsed.link import Tick
from evsed.sources.price_source import PriceRows, PriceSourceConfig
from tests.daemon.daemon_world import NOON, World, life
from tests.daemon.test_plan import EVENING, SEVEN, Night
from tests.daemon.test_summary import CHARGING

if TYPE_CHECKING:
    from pathlib import Path

    from evsed.frontends.views import PricesView

HOUR_S = 3600.0
UNREAD = "the list of prices cannot be read: it cannot be reached"
ENDED = "the list of prices ended at 2026-11-22 12:00"
ROWS = PriceRows(path="", start="start", end="end", price="price", scale=1, plus=0, zone=UTC)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own zone is that of the tests."""
    import time  # noqa: PLC0415

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def listed(begin: datetime, *prices: float) -> PriceList:
    at = begin.timestamp()
    rows = [GivenRow(at + n * HOUR_S, at + (n + 1) * HOUR_S, p) for n, p in enumerate(prices)]
    return PriceList.read(rows, UTC)


def follower(world: World, tariff: str = "") -> PriceFollower:
    state = world.charger.state
    installation = replace(state.installation, price_list=True, currency="EUR")
    prices = GridPrices(Tariff.parse(tariff)) if tariff else GridPrices()
    world.charger.set(replace(state, installation=installation, prices=prices))
    config = PriceSourceConfig(rows=ROWS, url="http://192.0.2.1/")
    return PriceFollower(config, world.charger, world.hub, Gate(asyncio.get_running_loop()))


def shown(world: World) -> PricesView:
    """Return what is shown once the limits of a second are calculated: they need the price too."""
    world.limits(16.0).update(100.0, NOON)
    view = world.status().prices
    assert view is not None
    return view


def texts(world: World) -> list[str]:
    return [event.text for event in world.charger.state.events]


async def test_without_prices_nothing_is_shown_of_them(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        assert world.status().prices is None


async def test_the_price_of_now_is_shown_with_how_far_prices_are_known(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        prices = follower(world)
        assert shown(world).text == "The price of now is not known"
        prices.on_list(NOON.timestamp(), listed(NOON, 0.2314, 0.3))
        assert shown(world).now == 0.2314
        assert shown(world).text == "0.2314 EUR a kWh now, known until Sun 14:00"
        assert shown(world).trouble is None


async def test_a_list_that_cannot_be_read_is_named_once_until_it_is_back(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        prices = follower(world)
        now = NOON.timestamp()
        prices.on_trouble(now, "it cannot be reached (try 1)")
        prices.on_trouble(now, "it cannot be reached (try 2)")
        assert shown(world).trouble == "it cannot be reached (try 2)"
        prices.on_list(now, listed(NOON, 0.2))
        prices.on_trouble(now, "it cannot be reached (try 3)")
        assert shown(world).now == 0.2
        assert texts(world) == [
            f"{UNREAD} (try 1); without prices a plan begins as late as possible",
            "the list of prices is back",
            f"{UNREAD} (try 3); those that are known hold to their end",
        ]


async def test_a_list_that_has_ended_is_named_once_and_the_tariff_holds(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        prices = follower(world, "0.32")
        old = listed(NOON - timedelta(hours=2), 0.1, 0.2)
        for _ in range(3):
            prices.on_list(NOON.timestamp(), old)
        assert shown(world).now == 0.32
        assert shown(world).text == f"0.32 EUR a kWh now; {ENDED}"
        prices.on_trouble(NOON.timestamp(), "it is away")
        assert shown(world).trouble == f"{ENDED}: it is away"
        assert [text for text in texts(world) if "ended" in text] == [
            f"{ENDED}; prices.tariff holds instead; look at what fills the list"
        ]
        prices.on_list(NOON.timestamp(), listed(NOON, 0.1))
        prices.on_list(NOON.timestamp() + 2 * HOUR_S, listed(NOON, 0.1))
        assert len([text for text in texts(world) if "ended" in text]) == 2


async def test_what_is_charged_costs_the_price_of_its_time(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        prices = follower(world)
        prices.on_list(NOON.timestamp(), listed(NOON, 0.2, 0.4))
        world.plug_in()
        limits = world.limits(16.0)
        for at, wall in ((100.0, NOON), (101.0, NOON + timedelta(hours=1)), (102.0, NOON)):
            limits.update(at, wall)
            world.ticks.handle(Tick(replace(CHARGING, at=at, drawn_a=None)), NOON)
        status = world.status(102.0)
        assert status.session.cost == pytest.approx(status.power_w / 3.6e6 * 0.6, abs=1e-4)
        assert (status.session.savings, status.day_cost) == (0.0, status.session.cost)


async def test_a_plan_takes_the_cheapest_hours_of_the_list_as_soon_as_it_is_there(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        prices = follower(world)
        night = Night(world)
        night.plan()
        begin = EVENING + timedelta(hours=1)
        assert night.at(begin).max_a == 0.0
        cheap_first = listed(EVENING, 0.3, 0.1, 0.1, 0.1, 0.1, *(0.3,) * 6)
        prices.on_list(EVENING.timestamp(), cheap_first)
        assert night.settled(begin + timedelta(hours=1)).max_a == 32.0
        dear_then = night.settled(SEVEN - timedelta(hours=5))
        assert dear_then.max_a == 0.0
