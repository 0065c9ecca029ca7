# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings in effect, and the change from one to the next while evsed runs.

What says that it applies at once (`evsed.settings.common.Applies`) is put into effect here, also in
the middle of a charge: solar rules and the feed in the limits, the parts under the supervisor, what
is shown. Nothing of it is known to the control process, which goes on by the limits that it gets
each second.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from evsed.core.user.prices import GridPrices
from evsed.daemon.feed_in_force import FeedTerms
from evsed.daemon.ocpp_limit import OcppLimit
from evsed.settings.live import at_once, differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from evsed.daemon.charger_state import Charger
    from evsed.daemon.limit_calculator import LimitCalculator
    from evsed.daemon.supervisor import Part, Supervisor
    from evsed.logs import Logs
    from evsed.settings import Settings

log = structlog.get_logger()


def feed_terms(settings: Settings) -> FeedTerms:
    """Return solar rules and feed of *settings*."""
    return FeedTerms(settings.allotment_config(), settings.feed_config())


class LiveSettings:
    """Puts settings into effect, beginning with *settings*; in the daemon's loop.

    *parts* returns the parts that belong to settings. `running` are those in effect.
    """

    def __init__(
        self,
        settings: Settings,
        charger: Charger,
        limits: LimitCalculator,
        supervisor: Supervisor,
        parts: Callable[[Settings], Iterable[Part]],
        logs: Logs,
    ) -> None:
        self.running = settings
        self._charger = charger
        self._limits = limits
        self._supervisor = supervisor
        self._parts = parts
        self._logs = logs
        self._changing = asyncio.Lock()

    async def begin(self) -> None:
        """Begin with the settings that evsed began with."""
        self._set_network(self.running)
        await self._supervisor.follow(self._parts(self.running))

    def waiting(self, wanted: Settings) -> tuple[str, ...]:
        """Return the keys of *wanted* that are not in effect."""
        return differences(self.running, wanted)

    async def take_over(self, wanted: Settings) -> tuple[str, ...]:
        """Put what of *wanted* applies at once into effect; return its keys."""
        async with self._changing:
            before, after = self.running, at_once(self.running, wanted)
            keys = differences(before, after)
            if not keys:
                return ()
            self.running = after
            self._limits.change(time.monotonic(), feed_terms(after))
            self._show(before, after)
            if before.ocpp_config() != after.ocpp_config():
                self._set_network(after)
            if before.logs.level != after.logs.level:
                self._logs.set_level(after.logs.level)
            await self._supervisor.follow(self._parts(after))
            log.info("settings in effect without a restart", keys=", ".join(keys))
            return keys

    def _set_network(self, settings: Settings) -> None:
        """Follow the central system of OCPP, where there is one."""
        config = settings.ocpp_config()
        if config is None:
            self._limits.set_network(())
            self._charger.set(replace(self._charger.state, ocpp=None, ocpp_ceiling=None))
            return
        # The ceiling of before holds on, to its own end, until the charge point reports another.
        self._limits.set_network((OcppLimit(config, self._charger, time.monotonic()),))

    def _show(self, before: Settings, after: Settings) -> None:
        """Change what is shown and known of feed, prices and the meter of the car."""
        state, prices = self._charger.state, after.prices
        if before.feed_config() != after.feed_config():
            state = replace(state, feed_error=None)
        if before.meters.car != after.meters.car:
            state = replace(state, car_meter=None)
        same_list = before.prices.model_copy(
            update={"tariff": prices.tariff, "currency": prices.currency}
        )
        if same_list == prices:
            listed, error = state.prices.listed, state.price_error
        else:
            listed, error = None, ""
        installation = replace(
            state.installation,
            feed_kind=after.feed.kind,
            price_list=bool(prices.kind),
            currency=prices.currency,
        )
        state = replace(
            state,
            installation=installation,
            prices=GridPrices(prices.parsed, listed),
            price_error=error,
            feed_awaited=self._limits.feed.awaited,
        )
        self._charger.set(state, urgent=True)
