# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as people and programs write them: decimal point or comma, thousands, a unit behind.

`1,504` is 1504 in one file and 1.504 in another. The style is settled for all columns together by
the numbers that can be read in one way only; where there is none, by column, or not at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

MISSING: Final = frozenset(
    (
        "", "-", "--", "---", "n/a", "n.a.", "na", "nan", "null", "none", "nil", "undefined",
        "unavailable", "unknown", "#n/a", "#na", "#value!", "missing", "no data", "k.a.", "*",
    )
)  # fmt: skip
"""Cells that stand for no value: Home Assistant's, Emoncms', pandas', InfluxDB's and Excel's."""

_SPACES: Final = re.compile(r"[\s\u00a0\u202f\u2009']|\u2019")
_PLAIN: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
_CELL: Final = re.compile(
    r"(?P<number>[-+\u2212]?[\d.,][\d.,\s\u00a0\u202f\u2009'\u2019]*([eE][-+]?\d{1,3})?-?)"
    r"\s*(?P<unit>[^\d\s.,+\-][^\d]*)?"
)
_GROUPED: Final = re.compile(r"[-+]?[1-9]\d{0,2}([.,])\d{3}")
_GROUPS: Final = re.compile(r"[-+]?[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})+")

_ENOUGH: Final = 44
"""One in ten numbers with three decimals ends in a zero, which a program that leaves out
zeros would leave out. So many numbers with three digits behind the sign and none with
fewer (0.9 to the power of 44 is 1 %), beside whole numbers below 1000, are thousands."""

_SAMPLE: Final = 20_000


def is_missing(text: str) -> bool:
    """Return True for a cell without a value."""
    if "0" <= text[:1] <= "9":
        return False  # nearly every cell: the rest takes three times as long
    return text.strip().casefold() in MISSING


def split_unit(text: str) -> tuple[str, str] | None:
    """The number and the unit of a cell, e.g. ("0.4", "kW"); None where it is no number."""
    found = _CELL.fullmatch(text.strip())
    if found is None:
        return None
    number = _SPACES.sub("", found["number"]).replace("\u2212", "-")
    if number.endswith("-"):  # the sign behind, as SAP writes it
        number = "-" + number[:-1]
    if not any(letter.isdigit() for letter in number):
        return None
    return number, (found["unit"] or "").strip()


def to_number(text: str, decimal: str) -> float:
    """The number of a cell in which `decimal` is the decimal sign. Raises ValueError."""
    if _PLAIN.fullmatch(text) and decimal == ".":
        return _finite(float(text), text)
    parts = split_unit(text)
    if parts is None:
        raise ValueError(f"{text!r} is no number")
    return _finite(_plain(parts[0], decimal), text)


def _plain(number: str, decimal: str) -> float:
    """Read a number without unit. Raises ValueError."""
    group = "," if decimal == "." else "."
    if group in number:
        whole, _, rest = number.partition(decimal)
        if group in rest or not re.fullmatch(rf"[-+]?\d{{1,3}}(\{group}\d{{3}})+", whole):
            raise ValueError(f"{number!r} is no number with the decimal sign {decimal!r}")
        number = number.replace(group, "")
    number = number.replace(decimal, ".")
    if not _PLAIN.fullmatch(number):
        raise ValueError(f"{number!r} is no number")
    return float(number)


def _finite(value: float, text: str) -> float:
    """The number itself. Raises ValueError where it is none."""
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no finite number")
    return value


def sure_decimals(cells: Iterable[str]) -> dict[str, str]:
    """Decimal signs that are certain, each with a cell that shows it."""
    found: dict[str, str] = {}
    for text in cells:
        if ("," not in text and "." not in text) or (
            "." in found and text.count(".") == 1 and "," not in text
        ):
            continue  # it proves nothing, or nothing new
        parts = split_unit(text)
        if parts is None:
            continue
        sign = _sure(parts[0])
        if sign is not None and sign not in found:
            found[sign] = text.strip()
    return found


def _sure(number: str) -> str | None:
    """The decimal sign that a number proves; None where it has several readings."""
    signs = [letter for letter in number if letter in ".,"]
    if not signs or _GROUPED.fullmatch(number):
        return None
    groups = _GROUPS.fullmatch(number)
    if groups is not None:
        return "," if groups[1] == "." else "."
    return signs[-1] if len(set(signs)) > 1 or len(signs) == 1 else None


def column_decimals(cells: Sequence[str]) -> tuple[str, ...]:
    """Decimal signs with which a column can be read, where no cell of the file is certain.

    Numbers such as 4.518 beside 998 and no 1504 are thousands where there are many of them.
    """
    numbers = [parts[0] for text in cells[:_SAMPLE] if (parts := split_unit(text)) is not None]
    grouped = [number for number in numbers if _GROUPED.fullmatch(number)]
    if not grouped:
        return (".",)
    sign = next(letter for letter in grouped[0] if letter in ".,")
    other = "," if sign == "." else "."
    plain = [
        abs(float(number)) for number in numbers if _PLAIN.fullmatch(number) and sign not in number
    ]
    if not plain:
        return (sign, other)
    if max(plain) >= 1000:
        return (sign,)
    return (other,) if len(grouped) >= _ENOUGH else (sign, other)
