# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated chargers with the real OCPP client and limit code: plugs, pilots and cars."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from evsed.core.pilot.j1772 import current_for_duty, duty_for_current
from evsed.core.pilot.limits import FOREVER, Limit, lowest
from evsed.frontends.ocpp.clock import StationClock
from evsed.frontends.ocpp.link import Link
from evsed.frontends.ocpp.memory import Memory
from evsed.frontends.ocpp.readings import View
from evsed.frontends.ocpp.station import Station

if TYPE_CHECKING:
    from collections.abc import Callable

    from evsed.core.ocpp.ceiling import Ceiling
    from evsed.frontends.ocpp import OcppConfig

FOLLOWED_S = 20.0
LIMITS_S = 1.0
"""The daemon's limits follow a report within a second."""
LEAST_A, SUPPLY_A, MAINS_V = 6.0, 32.0, 230.0
IGNORES_S = 5.0
"""A car follows a lower offer within 5 s (IEC 61851-1, sequence 6)."""
HOUR_S = 3600.0


class Charger:
    """One charger: *config*, its car's habits by *random*, and who is to know of its current."""

    def __init__(
        self,
        config: OcppConfig,
        random: Random,
        wall_error_s: float,
        on_current: Callable[[Charger], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        clock = StationClock(loop.time, lambda: 1.8e9 + loop.time() + wall_error_s, boot="b")
        self.station = Station(config, Memory(config.path), clock)
        self.link = Link(config, self.station, config.identity, random.random)
        self.offered_a = self.drawn_a = 0.0
        self._random = random
        self._ignores = random.random() < 0.5
        self._on_current = on_current
        self._plugs = sorted(random.uniform(0.0, 24 * HOUR_S) for _ in range(random.randint(1, 2)))
        self._leaves_at = 0.0
        self._wanted_wh = 0.0
        self._session = 0
        self._register_wh = 0.0
        self._counted_at = loop.time()
        self._plan: Ceiling | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.station.on_change = self._on_change
        self.charged_wh = 0.0

    async def run(self) -> None:
        """Follow plug and car for ever."""
        link = asyncio.create_task(self.link.run())
        try:
            await asyncio.sleep(self._random.uniform(0.0, FOLLOWED_S))
            while True:
                self._follow()
                await asyncio.sleep(FOLLOWED_S)
                if link.done():
                    link.result()
        finally:
            link.cancel()
            await asyncio.gather(link, return_exceptions=True)
            self.station.memory.close()

    def _on_change(self) -> None:
        self.link.wake()
        asyncio.get_running_loop().call_later(LIMITS_S, self._offer)

    def _follow(self) -> None:
        now = asyncio.get_running_loop().time()
        plugged = now < self._leaves_at
        if not plugged and self._plugs and now >= self._plugs[0]:
            self._plugs.pop(0)
            self._session += 1
            self._leaves_at = now + self._random.uniform(2.0, 10.0) * HOUR_S
            self._wanted_wh = self._random.uniform(3000.0, 20000.0)
        self._count(now)
        before = self.station.status
        self.station.update(self._view(now))
        if self.station.status != before:
            self.link.wake()
        self._offer()

    def _view(self, now: float) -> View:
        status = "Available"
        if now < self._leaves_at:
            status = "SuspendedEV" if self._wanted_wh <= 0 else "SuspendedEVSE"
            status = "Charging" if self.drawn_a > 0 else status
        return View(
            session=f"s{self._session}" if now < self._leaves_at else "",
            evse_status=status,
            offered_a=self.offered_a,
            drawn_a=self.drawn_a,
            power_w=self.drawn_a * MAINS_V,
            register_wh=self._register_wh,
        )

    def _count(self, now: float) -> None:
        energy_wh = self.drawn_a * MAINS_V * (now - self._counted_at) / HOUR_S
        self._counted_at = now
        self._register_wh += energy_wh
        self._wanted_wh -= energy_wh
        self.charged_wh += energy_wh

    def _offer(self) -> None:
        """Put the lowest limit on the pilot; the car follows, at once or as late as it may."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._plan = plan = self.station.ceiling()
        step = plan.at(now)
        limits = [Limit("supply", SUPPLY_A)]
        if step.max_a is not None:
            limits.append(Limit("ocpp", step.max_a, FOREVER, step.why))
        lowest_a = lowest(limits, now).max_a
        offered_a = current_for_duty(duty_for_current(lowest_a)) if lowest_a >= LEAST_A else 0.0
        if now >= self._leaves_at:
            offered_a = 0.0
        if self._timer is not None:
            self._timer.cancel()
        if (left_s := plan.left_s(now)) is not None:
            self._timer = loop.call_later(left_s + LIMITS_S, self._offer)
        if offered_a == self.offered_a:
            self._draw()
            return
        falls = offered_a < self.offered_a
        self.offered_a = offered_a
        self._on_current(self)
        if falls and self._ignores and now < self._leaves_at:
            loop.call_later(IGNORES_S, self._draw)
        else:
            self._draw()

    def _draw(self) -> None:
        now = asyncio.get_running_loop().time()
        self._count(now)
        wants = now < self._leaves_at and self._wanted_wh > 0
        drawn_a = self.offered_a if wants else 0.0
        if drawn_a != self.drawn_a:
            self.drawn_a = drawn_a
            self._on_current(self)
