# SPDX-License-Identifier: GPL-3.0-or-later
"""The price of a kWh of the grid: by a list where it has the moment, else by the tariff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import tzinfo

    from evsed.core.user.price_list import PriceList
    from evsed.core.user.tariff import Tariff

STEP_S: Final = 300.0
"""Prices are looked up every five minutes: they change on the hour or its quarters."""


@dataclass(frozen=True, slots=True)
class PriceSlot:
    """From `begin_s` to `end_s`, seconds from now, a kWh costs `price`."""

    begin_s: float
    end_s: float
    price: float


@dataclass(frozen=True, slots=True)
class GridPrices:
    """`listed` goes before `tariff`; either may be None."""

    tariff: Tariff | None = None
    listed: PriceList | None = None

    def price_at(self, at: float, zone: tzinfo) -> float | None:
        """Return the price at *at* (Unix time) by the clock of *zone*; None where there is none."""
        price = self.listed.price_at(at) if self.listed else None
        if price is None and self.tariff is not None:
            return self.tariff.price_at(datetime.fromtimestamp(at, zone))
        return price

    def slots(self, at: float, until: float, zone: tzinfo) -> tuple[PriceSlot, ...]:
        """Return the prices from *at* to *until*, of which neighbours differ; () without prices.

        A list's are the means of its hours. A time without a price counts as the mean of the
        others: the prices of tomorrow may be lower or higher than today's.
        """
        hourly = GridPrices(self.tariff, self.listed.hourly() if self.listed else None)
        steps: list[tuple[float, float, float | None]] = []
        moment = at
        while moment < until:
            following = min(until, (moment // STEP_S + 1) * STEP_S)
            steps.append((moment - at, following - at, hourly.price_at(moment, zone)))
            moment = following
        known = [(end_s - begin_s, price) for begin_s, end_s, price in steps if price is not None]
        if not known:
            return ()
        mean = sum(length_s * price for length_s, price in known) / sum(s for s, _ in known)
        found: list[PriceSlot] = []
        for begin_s, end_s, given in steps:
            price = mean if given is None else given
            begins_s = begin_s
            if found and found[-1].price == price:
                begins_s = found.pop().begin_s
            found.append(PriceSlot(begins_s, end_s, price))
        return tuple(found)
