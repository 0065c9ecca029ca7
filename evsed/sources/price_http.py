# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of prices at an address."""

from __future__ import annotations

import asyncio
from typing import Final

from evsed.core.text import text
from evsed.core.user.price_list import PriceList
from evsed.errors import SourceError
from evsed.sources.http_page import HttpPage
from evsed.sources.price_rows import RowReader
from evsed.sources.price_source import PriceSourceConfig
from evsed.sources.terms import HttpAccess

AGAIN_S: Final = 30.0
"""After a first failure; doubled with each. Prices are known hours before they count."""


class HttpPrices:
    """A list at one address, fetched once a period."""

    def __init__(self, config: PriceSourceConfig) -> None:
        self._reader = RowReader(config.rows)
        self._page = HttpPage(config.url, config.http or HttpAccess())
        self._period_s = config.period_s
        self.wait_s = 0.0
        self._failures = 0

    async def read(self) -> PriceList:
        """Fetch the list when its time has come; sooner again after a failure."""
        await asyncio.sleep(self.wait_s)
        self.wait_s = min(self._period_s, AGAIN_S * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        document, _ = await self._page.fetch()
        try:
            found = self._reader.read(document)
        except SourceError as error:
            raise SourceError(
                text("{where}: {error}", where=self._page.where, error=str(error))
            ) from None
        self._failures, self.wait_s = 0, self._period_s
        return found

    async def close(self) -> None:
        """Let go of the network."""
        await self._page.close()
