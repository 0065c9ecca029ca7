# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of prices over HTTP or from a broker: rows with a start, an end and a price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from evsed.core.user.price_list import PriceList
from evsed.sources.terms import BrokerAccess, HttpAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRows:
    """JMESPath expressions that find the rows in a document; `path` is "" for all of it.

    `start`, `end` and `price` are looked up in each row, or in one object with a list of each.
    `end` is "" where a row holds until the next. A price is multiplied by `scale`, then `plus` is
    added. `zone` is that of moments without one.
    """

    path: str
    start: str
    end: str
    price: str
    scale: float
    plus: float
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSourceConfig:
    """A source of prices: `url` with `http`, or a `topic` of `broker`; asked every `period_s`."""

    rows: PriceRows
    url: str = ""
    http: HttpAccess | None = None
    broker: BrokerAccess | None = None
    topic: str = ""
    period_s: float = 900.0


class PriceSource(Protocol):
    """One source of a list of prices."""

    async def read(self) -> PriceList:
        """Return the list, at most once a period, or as it comes. Raises `SourceError`."""

    async def close(self) -> None:
        """Let go of the network."""
