# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a list of prices, found in JSON by JMESPath."""

from __future__ import annotations

from evsed.core.text import text
from evsed.core.user.price_list import GivenRow, PriceList
from evsed.errors import SourceError
from evsed.sources.documents import compiled, search
from evsed.sources.price_source import PriceRows


class RowReader:
    """Finds the rows in documents. Raises `SourceError` for an expression that is none."""

    def __init__(self, rows: PriceRows) -> None:
        self._rows = rows
        self._path = compiled(rows.path) if rows.path else None
        self._keys = [compiled(key) if key else None for key in (rows.start, rows.end, rows.price)]

    def read(self, document: object) -> PriceList:
        """Return the list in *document*. Raises `SourceError` where there is none."""
        found = document if self._path is None else search(self._path, document)
        where = f'"{self._rows.path}"' if self._path else text("the whole of it")
        if isinstance(found, list):
            given = [GivenRow(*self._values(row)) for row in found]
        elif isinstance(found, dict):
            given = self._columns(found)
        else:
            raise SourceError(text("{where} is no list of prices", where=where))
        try:
            return PriceList.read(
                given, self._rows.zone, scale=self._rows.scale, plus=self._rows.plus
            )
        except ValueError as error:
            raise SourceError(
                text("{where} is no list of prices: {error}", where=where, error=str(error))
            ) from None

    def _values(self, row: object) -> list[object]:
        return [None if key is None else search(key, row) for key in self._keys]

    def _columns(self, found: object) -> list[GivenRow]:
        """The rows of an object that has one list of beginnings and one of prices."""
        starts, ends, prices = self._values(found)
        if not isinstance(starts, list) or not isinstance(prices, list):
            raise SourceError(
                text(
                    'it has no lists "{start}" and "{price}", and is none itself',
                    start=self._rows.start,
                    price=self._rows.price,
                )
            )
        if not isinstance(ends, list):
            ends = [None] * len(starts)
        try:
            return [GivenRow(*row) for row in zip(starts, ends, prices, strict=True)]
        except ValueError:
            raise SourceError(
                text("its lists of beginnings and prices are not of one length")
            ) from None
