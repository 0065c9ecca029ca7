# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that take effect while a car charges: the limits go on, and old parts fall silent."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from evsed.core.solar.allotment import AllotmentConfig, Reading
from evsed.core.user.price_list import PriceList, PriceRow
from evsed.core.user.prices import GridPrices
from evsed.daemon.gate import Gate
from evsed.daemon.supervisor import Part, Supervisor
from evsed.feeds import FeedConfig
from evsed.link import Tick
from evsed.sources.presets import Device
from tests.daemon.daemon_world import NOON, feed_terms, life
from tests.daemon.test_settings_page import Box, live
from tests.daemon.test_summary import CHARGING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from evsed.daemon.limit_calculator import LimitCalculator
    from tests.daemon.daemon_world import World

RULES = AllotmentConfig(semantics="battery_power", period_s=10.0)
ONE, OTHER = (FeedConfig(kind="http", url=f"http://{name}/", period_s=10.0) for name in "ab")
SUN_W = 3000.0


class Charge:
    """A car that charges by a feed of 3 kW of sun, second by second from 100 s on."""

    def __init__(self, world: World, limits: LimitCalculator) -> None:
        self.world = world
        self.limits = limits
        self.now = 100.0
        self.offered_a = 0.0
        self.fed = True

    def run(self, seconds: int) -> list[float]:
        """Return what the feed allows, each second."""
        found = []
        for _ in range(seconds):
            self.now += 1.0
            duty = self.offered_a / 60 if self.offered_a else 1.0
            charging = replace(CHARGING, at=self.now, duty=duty, closed=int(self.offered_a > 0))
            self.world.ticks.handle(Tick(charging), NOON)
            if self.fed and self.now % 10 == 0:
                spare_w = SUN_W - 230.0 * self.world.charger.state.supposed_a(self.now)
                reading = Reading(excess_w=spare_w, stamp=str(self.now), age_s=0.0)
                self.limits.on_reading(self.now, reading)
            limits = self.limits.update(self.now, NOON)
            self.offered_a = next(limit.max_a for limit in limits if limit.owner == "feed")
            found.append(self.offered_a)
        return found


@pytest.mark.parametrize("silent_s", [5, 55, 110])
async def test_a_charge_goes_on_by_its_feed_until_another_one_has_news(
    tmp_path: Path, silent_s: int
) -> None:
    async with life(tmp_path) as world:
        charge = Charge(world, world.limits(None, RULES, ONE))
        charge.run(200)
        before_a = charge.offered_a
        assert before_a > 11
        charge.fed = False
        charge.limits.change(charge.now, feed_terms(None, RULES, OTHER))
        offers = charge.run(silent_s)
        assert world.charger.state.feed_awaited
        assert min(offers) >= 6.0
        assert max(offers) <= before_a
        charge.fed = True
        assert min(charge.run(120)) >= 6.0
        assert not world.charger.state.feed_awaited
        assert charge.offered_a > 11


async def test_another_feed_that_never_comes_ends_the_charge_as_a_lost_one_does(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        charge = Charge(world, world.limits(None, RULES, ONE))
        charge.run(200)
        charge.fed = False
        charge.limits.change(charge.now, feed_terms(None, RULES, OTHER))
        assert charge.run(130)[-1] == 0.0
        charge.limits.change(charge.now, feed_terms(None, RULES, ONE))  # it falls back
        charge.fed = True
        assert not charge.limits.feed.awaited
        assert charge.run(600)[-1] > 11


async def test_what_a_figure_has_shown_is_known_of_it_read_in_another_way_and_of_no_other(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        charge = Charge(world, world.limits(None, RULES, ONE))
        charge.run(20)
        charge.limits.on_reading(
            charge.now, Reading(excess_w=-9.0, maximum_w=0.0, stamp="no", age_s=0.0)
        )
        newest = charge.limits.feed.newest
        newest.remember_feed(below_0=True, proven=True, forbidding_w=None)
        charge.fed = False
        slower = replace(ONE, period_s=20.0)
        charge.limits.change(charge.now, feed_terms(None, replace(RULES, period_s=20.0), slower))
        newest = charge.limits.feed.newest
        assert (newest.feed_was_below_0, newest.feed_proven) == (True, True)
        assert newest.forbidding_w == 0.0
        turned = replace(slower, device=Device(kind="http", given={"scale": -1}))
        for other in (OTHER, turned):
            charge.limits.change(charge.now, feed_terms(None, RULES, other))
            newest = charge.limits.feed.newest
            assert (newest.feed_was_below_0, newest.feed_proven) == (False, False)
            assert newest.forbidding_w is None


async def test_a_fixed_current_holds_until_the_feed_in_its_place_has_news_or_its_time_is_over(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        charge = Charge(world, world.limits(16.0))
        charge.fed = False
        charge.run(10)
        charge.limits.change(charge.now, feed_terms(None, RULES, ONE))
        assert set(charge.run(30)) == {16.0}
        charge.limits.change(charge.now, feed_terms(None, replace(RULES, reserve_w=100.0), ONE))
        assert set(charge.run(40)) == {16.0}
        charge.fed = True
        assert min(charge.run(60)) >= 6.0
        assert 11 < charge.offered_a < 13
        charge.limits.change(charge.now, feed_terms(10.0))
        charge.fed = False
        assert set(charge.run(5)) == {10.0}
        charge.limits.change(charge.now, feed_terms(None, RULES, OTHER))
        assert set(charge.run(79)) == {10.0}
        assert charge.run(3)[-1] == 0.0


async def test_a_reserve_counts_from_the_next_second_on(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        charge = Charge(world, world.limits(None, RULES, ONE))
        charge.run(200)
        rules = replace(RULES, reserve_w=1000.0)
        charge.limits.change(charge.now, feed_terms(None, rules, ONE))
        assert min(charge.run(60)) >= 6.0
        assert 7 < charge.offered_a < 9


async def test_what_is_shown_of_feed_and_prices_changes_with_the_settings(tmp_path: Path) -> None:
    box = Box(tmp_path, '[prices]\nkind = "http"\nurl = "http://a/"\ntariff = "0.3"\n')
    (tmp_path / "life").mkdir()
    async with life(tmp_path / "life") as world:
        running, _ = live(world, box)
        listed = PriceList((PriceRow(0.0, 9e9, 0.2),))
        state = world.charger.state
        prices = GridPrices(running.running.prices.parsed, listed)
        world.charger.set(replace(state, prices=prices, feed_error="lost", price_error="old"))

        async def take_over(**changes: object) -> tuple[str, ...]:
            dotted = {key.replace("__", "."): value for key, value in changes.items()}
            await box.service.change("me", dotted)
            return await running.take_over(box.read().settings())

        assert await take_over(prices__currency="EUR") == ("prices.currency",)
        assert world.charger.state.prices.listed is listed
        assert world.charger.state.installation.currency == "EUR"
        assert world.charger.state.feed_error == "lost"
        await take_over(prices__url="http://b/")
        assert world.charger.state.prices == GridPrices(running.running.prices.parsed)
        assert world.charger.state.price_error == ""
        await take_over(feed__url="http://b/", logs__level="error", supply__max_current_a=10.0)
        assert world.charger.state.feed_error is None
        assert world.charger.state.feed_awaited
        assert running.running.supply.max_current_a == 16.0
        assert running.waiting(box.read().settings()) == ("supply.max_current_a",)
        assert await running.take_over(box.read().settings()) == ()


async def test_through_a_closed_gate_nothing_is_heard() -> None:
    heard: list[str] = []
    gate = Gate(asyncio.get_running_loop())
    gate.call_soon_threadsafe(heard.append, "open")
    await asyncio.sleep(0)
    gate.call_soon_threadsafe(heard.append, "on its way")
    gate.close()
    gate.call_soon_threadsafe(heard.append, "late")
    await asyncio.sleep(0)
    assert heard == ["open"]


async def test_only_the_parts_that_change_are_ended_and_made_anew(tmp_path: Path) -> None:
    async with life(tmp_path) as world:
        begun: list[str] = []
        ended: list[str] = []

        def part(name: str, config: str) -> Part:
            async def run() -> None:
                begun.append(f"{name} {config}")
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.append(f"{name} {config}")

            return Part(name, run, config=config, close=lambda: ended.append(f"close {name}"))

        supervisor = Supervisor(world.charger)
        await supervisor.follow([part("feed", "1"), part("mqtt", "1"), part("notify", "1")])
        await until(lambda: len(begun) == 3)
        await supervisor.follow([part("feed", "2"), part("mqtt", "1")])
        await until(lambda: len(begun) == 4)
        assert begun[3] == "feed 2"
        assert sorted(ended) == ["close feed", "close notify", "feed 1", "notify 1"]
        assert ended.index("close feed") < ended.index("feed 1")
        await supervisor.stop()
        assert set(ended) >= {"feed 2", "mqtt 1"}


async def test_a_part_that_does_not_end_is_left_behind_and_the_next_one_runs(
    tmp_path: Path,
) -> None:
    async with life(tmp_path) as world:
        hangs, runs, go_on = threading.Event(), threading.Event(), threading.Event()

        def part(run: Callable[[], Coroutine[None, None, None]], config: int) -> Part:
            return Part("feed", run, config=config)

        async def hanging() -> None:
            hangs.set()
            go_on.wait()

        async def running() -> None:
            runs.set()
            await asyncio.Event().wait()

        supervisor = Supervisor(world.charger)
        await supervisor.follow([part(hanging, 1)])
        await until(hangs.is_set)
        await supervisor.follow([part(running, 2)])
        await until(runs.is_set)
        go_on.set()
        await supervisor.stop()


async def until(look: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    give_up_at = time.monotonic() + 300
    while not look():
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.01)
