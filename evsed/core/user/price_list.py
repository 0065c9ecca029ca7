# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of prices that somebody else gives: from `start` to `end` a kWh of the grid costs `price`.

A moment is Unix seconds, Unix milliseconds, or ISO 8601. One without a zone is by the owner's
clock: the hour that the clock has twice in autumn is known by the order of the rows, and the
hour that it leaves out in spring has no length.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from evsed.core.text import text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

MOST_ROWS: Final = 1000
"""A week of quarters of an hour has 672 of them."""
HOUR_S: Final = 3600.0
MOST_PRICE: Final = 1e5
"""As much as five digits of a tariff can say."""
LONGEST_S: Final = 366 * 86_400.0
"""A price that holds for a year is a tariff's; one that holds for longer is a wrong unit."""
_MILLISECONDS: Final = 1e11
"""Unix seconds reach this in the year 5138, milliseconds had it in 1973."""
_LAST_AT: Final = 4.1e9
"""The year 2099."""
_MOST: Final = 1e15
"""Milliseconds have 13 digits; what has more is no figure of a price list."""
_NUMERIC: Final = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)
_SHOWN_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class PriceRow:
    """From `begin` to `end` (Unix time) a kWh costs `price`."""

    begin: float
    end: float
    price: float


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One row as it was found: `end` is None where a row holds until the next."""

    start: object
    end: object
    price: object


@dataclass(frozen=True, slots=True)
class PriceList:
    """The rows by their beginning, none overlapping another; at least one."""

    rows: tuple[PriceRow, ...]

    @classmethod
    def read(
        cls, given: Iterable[GivenRow], zone: tzinfo, *, scale: float = 1.0, plus: float = 0.0
    ) -> PriceList:
        """Read *given*; a price is multiplied by *scale*, then *plus* is added.

        Of rows that overlap, the one that begins later counts from its beginning. Raises ValueError
        for what is no such list, with the row that is wrong.
        """
        clock = _Clock(zone)
        found: dict[float, tuple[float | None, float]] = {}
        for number, row in enumerate(given, 1):
            if number > MOST_ROWS:
                raise ValueError(text("it has more than {most_rows} rows", most_rows=MOST_ROWS))
            try:
                begin = clock.begin(row.start)
                end = None if row.end is None else clock.end(row.end, begin)
                price = _number(row.price) * scale + plus
            except ValueError as error:
                raise ValueError(
                    text("row {number} has {error}", number=number, error=str(error))
                ) from None
            if abs(price) > MOST_PRICE:
                raise ValueError(
                    text(
                        "row {number} has a price of {price:g}: its scale is wrong",
                        number=number,
                        price=price,
                    )
                )
            found[begin] = end, price
        rows = _in_order(found)
        if not rows:
            raise ValueError(text("it has no rows"))
        return cls(rows)

    @property
    def until(self) -> float:
        """The end of the last row, Unix time."""
        return self.rows[-1].end

    def price_at(self, at: float) -> float | None:
        """Return the price at *at* (Unix time); None where no row has it."""
        index = bisect_right(self.rows, at, key=lambda row: row.begin) - 1
        if index < 0 or at >= self.rows[index].end:
            return None
        return self.rows[index].price

    def hourly(self) -> PriceList:
        """Return the means of the hours: each pause of a charge costs a closing."""
        if all(row.end - row.begin >= HOUR_S for row in self.rows):
            return self
        hours: dict[float, list[PriceRow]] = {}
        for row in self.rows:
            begin = row.begin
            while begin < row.end:
                hour = begin // HOUR_S
                end = min(row.end, (hour + 1) * HOUR_S)
                hours.setdefault(hour, []).append(PriceRow(begin, end, row.price))
                begin = end
        return PriceList(tuple(_mean(parts) for parts in hours.values()))


def _mean(parts: list[PriceRow]) -> PriceRow:
    covered_s = sum(part.end - part.begin for part in parts)
    price = sum(part.price * (part.end - part.begin) for part in parts) / covered_s
    return PriceRow(parts[0].begin, parts[-1].end, price)


def _in_order(found: dict[float, tuple[float | None, float]]) -> tuple[PriceRow, ...]:
    """Return the rows in order, each cut where the next begins; one without a length is left out.

    A last row without an end is as long as the one before it, an hour at most.
    """
    begins = sorted(found)
    rows: list[PriceRow] = []
    for begin, following in zip(begins, (*begins[1:], math.inf), strict=False):
        end, price = found[begin]
        if end is None and following == math.inf:
            end = begin + min(HOUR_S, begin - rows[-1].begin if rows else HOUR_S)
        end = following if end is None else min(end, following)
        if end > begin:
            rows.append(PriceRow(begin, end, price))
    return tuple(rows)


class _Clock:
    """Reads the moments of one list, in its order."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._before = -math.inf

    def begin(self, given: object) -> float:
        """Return the beginning of the next row. Raises ValueError."""
        self._before = self._after(self._before, given)
        return self._before

    def end(self, given: object, begin: float) -> float:
        """Return the end of the row that begins at *begin*. Raises ValueError."""
        end = self._after(begin, given)
        if not begin <= end <= begin + LONGEST_S:
            raise ValueError(
                text("the end {given}, which does not follow its beginning", given=_shown(given))
            )
        return end

    def _after(self, before: float, given: object) -> float:
        """Return the moment *given*: of two by the owner's clock, the one after *before*."""
        moment = _moment(given)
        if isinstance(moment, float):
            return _checked(moment, given)
        local = moment if moment.tzinfo else moment.replace(tzinfo=self._zone)
        at = _checked(local.timestamp(), given)
        return at if at > before else local.replace(fold=1).timestamp()


def _moment(given: object) -> float | datetime:
    if isinstance(given, str) and not _NUMERIC.fullmatch(given):
        try:
            return datetime.fromisoformat(given.strip())
        except ValueError:
            raise ValueError(text("{given}, which is no moment", given=_shown(given))) from None
    moment = _number(given)
    return moment / 1000 if moment > _MILLISECONDS else moment


def _checked(at: float, given: object) -> float:
    if not 0 <= at <= _LAST_AT:
        raise ValueError(text("{given}, which is no moment of this century", given=_shown(given)))
    return at


def _number(given: object) -> float:
    value = math.nan
    if isinstance(given, int | float) and not isinstance(given, bool):
        value = float(given) if abs(given) < _MOST else math.nan
    elif isinstance(given, str) and len(given) <= _SHOWN_MAX and _NUMERIC.fullmatch(given):
        value = float(given)
    if not math.isfinite(value):
        raise ValueError(text("{given}, which is no number", given=_shown(given)))
    return value


def _shown(given: object) -> str:
    shown = repr(given)
    return shown if len(shown) <= _SHOWN_MAX else f"{shown[:_SHOWN_MAX]}..."
