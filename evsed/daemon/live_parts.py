# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the daemon that end and begin with the settings, while evsed runs.

Each is made of a configuration of its own, and another is made where that has changed. Frontends
are imported in their own threads: it takes a Pi seconds, in which the limits would lapse.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from evsed import __version__
from evsed.core.text import text
from evsed.daemon.announcing import announce
from evsed.daemon.feed_follower import FeedFollower
from evsed.daemon.gate import Gate
from evsed.daemon.local_zone import LocalZone
from evsed.daemon.meter_follower import MeterFollower
from evsed.daemon.price_follower import PriceFollower
from evsed.daemon.supervisor import Part
from evsed.frontends import other_frontends
from evsed.meters import CarReading, open_car, open_house

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evsed.daemon.charger_state import Charger
    from evsed.daemon.frontend_hub import FrontendHub
    from evsed.daemon.house_guard import HouseGuard
    from evsed.daemon.hub import ChargerHub
    from evsed.daemon.limit_calculator import LimitCalculator
    from evsed.frontends import OtherFrontend
    from evsed.frontends.frontend import Frontend
    from evsed.settings import Settings


class LiveParts:
    """Makes the parts that belong to settings. *its_hub* makes a hub for one frontend.

    *page* is the address and the TCP port of the page, "" and 0: none.
    """

    def __init__(
        self,
        charger: Charger,
        hub: ChargerHub,
        limits: LimitCalculator,
        guards: tuple[HouseGuard, ...],
        its_hub: Callable[[], FrontendHub],
        page: tuple[str, int],
    ) -> None:
        self._charger = charger
        self._hub = hub
        self._limits = limits
        self._guards = guards
        self._its_hub = its_hub
        self._page = page
        self._main = asyncio.get_running_loop()
        self._zone = LocalZone()

    def of(self, settings: Settings) -> Iterator[Part]:
        """Yield the parts of *settings*; nothing is opened before they run."""
        yield from self._frontends(settings)
        if settings.feed.kind != "fixed":
            feed, gate = settings.feed_config(), Gate(self._main)
            follower = FeedFollower(feed, self._limits, self._charger, self._hub, gate)
            yield Part("feed", follower.run, config=feed, close=gate.close)
        if (listed := settings.prices.source(self._zone)) is not None:
            gate = Gate(self._main)
            prices = PriceFollower(listed, self._charger, self._hub, gate)
            yield Part("prices", prices.run, config=listed, close=gate.close)
        yield from self._meters(settings)
        if self._limits.phases is not None:
            yield Part("usual sun", self._limits.phases.learn_sun)
        (host, port), openevse = self._page, settings.openevse
        if openevse.enabled and openevse.announce and port:
            yield Part("mdns", partial(announce, host, port, __version__), config=self._page)

    def _frontends(self, settings: Settings) -> Iterator[Part]:
        for found in other_frontends(settings.other_configs(), __version__, self._page[1]):
            yield self._frontend(found)

    def _frontend(self, found: OtherFrontend) -> Part:
        """Make the part of a frontend, which is made once and may run several times."""
        its_hub = self._its_hub()
        made: list[Frontend] = []

        async def run() -> None:
            if not made:
                made.append(found.make())
            await made[0].run(its_hub)

        return Part(found.name, run, lambda: its_hub.refused, config=found.config)

    def _meters(self, settings: Settings) -> Iterator[Part]:
        """Make what reads the meter of the car, and for each guard that of the house."""
        car, house = settings.car_meter_config(), settings.house_meter_config()
        charger = self._charger
        if car is not None:

            def on_car(_: float, reading: CarReading) -> None:
                charger.set(replace(charger.state, car_meter=reading))

            gate = Gate(self._main)
            follower = MeterFollower(
                text("the meter of the car"),
                text("what it draws is estimated until it is back"),
                partial(open_car, car),
                on_car,
                self._hub,
                gate,
            )
            yield Part("car meter", follower.run, config=car, close=gate.close)
        for guard in self._guards:
            if house is None:  # the settings refuse a fuse without a meter
                continue
            gate = Gate(self._main)
            watcher = MeterFollower(
                text("the meter of the house"),
                text(
                    "after 10 s its fuse counts as loaded: {house_lost_a:g} A for the car",
                    house_lost_a=settings.supply.house_lost_a,
                ),
                partial(open_house, house),
                guard.on_reading,
                self._hub,
                gate,
            )
            yield Part("house meter", watcher.run, config=house, close=gate.close)
