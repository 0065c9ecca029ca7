# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of prices as a part of the daemon: read in a thread of its own, then handed over."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from evsed.core.text import text
from evsed.errors import SourceError
from evsed.sources.price_opening import open_prices

if TYPE_CHECKING:
    from evsed.core.user.price_list import PriceList
    from evsed.daemon.charger_state import Charger
    from evsed.daemon.gate import Gate
    from evsed.daemon.hub import ChargerHub
    from evsed.sources.price_source import PriceSourceConfig

log = structlog.get_logger()


class PriceFollower:
    """Reads the list of *config*, and puts it into the state of *charger* through *main*."""

    def __init__(
        self,
        config: PriceSourceConfig,
        charger: Charger,
        hub: ChargerHub,
        main: Gate,
    ) -> None:
        self._config = config
        self._charger = charger
        self._hub = hub
        self._main = main
        self._ended = False

    async def run(self) -> None:
        """Read without end."""
        source = open_prices(self._config)
        try:
            while True:
                try:
                    listed = await source.read()
                except SourceError as error:
                    self._main.call_soon_threadsafe(self.on_trouble, time.time(), str(error))
                else:
                    self._main.call_soon_threadsafe(self.on_list, time.time(), listed)
        finally:
            await source.close()

    # --- in the daemon's own loop -------------------------------------------------------------

    def on_list(self, wall: float, listed: PriceList) -> None:
        """Use *listed*, which came at *wall* (Unix time)."""
        state = self._charger.state
        if state.price_error:
            self._report(text("the list of prices is back"), "info")
        if state.price_error or listed != state.prices.listed:
            prices = replace(state.prices, listed=listed)
            self._charger.set(replace(self._charger.state, prices=prices, price_error=""))
        self._look_at_its_end(wall)

    def on_trouble(self, wall: float, error: str) -> None:
        """Report once that the list cannot be read, until it is back."""
        state = self._charger.state
        if not state.price_error:
            left = (
                text("those that are known hold to their end")
                if state.prices.listed
                else self._else
            )
            self._report(
                text(
                    "the list of prices cannot be read: {error}; {left}",
                    error=str(error),
                    left=left,
                ),
                "warning",
            )
        if state.price_error != error:
            self._charger.set(replace(self._charger.state, price_error=error))
        self._look_at_its_end(wall)

    def _look_at_its_end(self, wall: float) -> None:
        """Report once that the last price is over, until there is a later one."""
        listed = self._charger.state.prices.listed
        ended = listed is not None and listed.until <= wall
        if listed is not None and ended and not self._ended:
            end = datetime.fromtimestamp(listed.until).astimezone()
            self._report(
                text(
                    "the list of prices ended at {end}; {meanwhile}; look at what fills the list",
                    end=f"{end:%Y-%m-%d %H:%M}",
                    meanwhile=self._else,
                ),
                "warning",
            )
        self._ended = ended

    @property
    def _else(self) -> str:
        if self._charger.state.prices.tariff is not None:
            return text("prices.tariff holds instead")
        return text("without prices a plan begins as late as possible")

    def _report(self, what: str, level: str) -> None:
        (log.warning if level == "warning" else log.info)(what)
        self._hub.note(what, level)
